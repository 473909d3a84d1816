"""Rows: a loop over the positions of a sequence that only takes the elements steps through the sequence.

In comes a function, just before it is printed; out goes one in which

    for i in range(len(X)): x = X[i]; ...                       for x in X: ...
    for i in range(len(X)): x = X[i]; ... i ...          ->     for i, x in enumerate(X): ...
    for i in range(min(len(X), len(Y))): x = X[i]; y = Y[i]     for x, y in zip(X, Y): ...
    for i in reversed(range(len(X))): x = X[i]; ...             for x in reversed(X): ...

where the user has not named the position, and the loop writes none of these sequences.
"""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from collections.abc import Iterator

from astgrad import ir
from astgrad.analyses.aliasing import Memory
from astgrad.ir import PURE, Atom, Block, Call, Const, Function, If, Loop, Statement, Try, Var, With
from astgrad.optimize.accumulators import substituted
from astgrad.records import fresh, replace, state

COUNTS = (range, len, min, reversed)


def rows(function: Function) -> Function:
    """The function with its loops over positions turned into loops over elements."""
    every = list(ir.statements(function.body))
    if not any(isinstance(statement, Loop) and statement.iters for statement in every):
        return function
    calls = {s.target: s for s in every if isinstance(s, Call) and s.target}
    rewriter = _Rows(calls, Memory(function.body.body), Counter(_uses(function.body)))
    body = rewriter.block(function.body)
    return replace(function, body=_without(body, rewriter.dead())) if rewriter.changed else function


def _uses(block: Block) -> Iterator[Var]:
    for statement in block.body:
        for atom in _atoms(statement):
            yield from ir.variables(atom)
        for inner in ir.blocks(statement):
            yield from _uses(inner)
    for result in block.results:
        yield from ir.variables(result)


def _atoms(statement: Statement) -> Iterator[Atom]:
    yield from ir.operands(statement)
    if isinstance(statement, Loop):
        yield from (atom for tape in statement.tapes if not tape.reads for atom in tape.atoms)
        yield from () if statement.stop is None else (statement.stop,)


@state
class _Rows:
    calls: dict[Var, Call]
    memory: Memory
    uses: Counter[Var]
    changed: bool = False
    removed: Counter[Var] = fresh(factory=Counter)  # uses that are gone

    def block(self, block: Block) -> Block:
        body: list[Statement] = []
        for statement in block.body:
            if isinstance(statement, Loop):
                body += self.loop(statement)
            elif isinstance(statement, If):
                then, orelse = self.block(statement.then), self.block(statement.orelse)
                body.append(replace(statement, then=then, orelse=orelse))
            elif isinstance(statement, With):
                body.append(replace(statement, block=self.block(statement.block)))
            else:
                body.append(self.try_(statement) if isinstance(statement, Try) else statement)
        return replace(block, body=tuple(body))

    def try_(self, statement: Try) -> Try:
        handlers = tuple(replace(h, block=self.block(h.block)) for h in statement.handlers)
        orelse = self.block(statement.orelse) if statement.orelse else None
        last = self.block(statement.finalbody) if statement.finalbody else None
        body = self.block(statement.body)
        return replace(statement, body=body, handlers=handlers, orelse=orelse, finalbody=last)

    def loop(self, loop: Loop) -> list[Statement]:
        """The loop, and what its header needs before it."""
        before: list[Statement] = []
        for item in loop.items:
            found = self.sources(loop, item)
            if found is not None:
                made, loop = self.rewritten(loop, item, *found)
                before += made
                self.changed = True
        test = self.block(loop.test) if loop.test else None
        return [*before, replace(loop, test=test, body=self.block(loop.body))]

    def sources(self, loop: Loop, index: Var) -> tuple[list[Var], bool] | None:
        """The sequences whose positions the index counts, and whether from the last one."""
        iterable = loop.iters[loop.items.index(index)]
        call, backward = self.called(iterable, range), False
        if call is None:
            outer = self.called(iterable, reversed)
            call, backward = self.called(outer.args[0], range) if outer else None, True
        if call is None or index.name or len(call.args) != 1 or call.kwargs:
            return None
        sequences = self.lengths(call.args[0])
        if not sequences or (backward and len(sequences) > 1) or self.writes(loop, sequences):
            return None
        elements = [self.elements(loop, sequence, index) for sequence in sequences]
        others = self.uses[index] - sum(map(len, elements))
        return (sequences, backward) if all(elements) and not (backward and others) else None

    def called(self, atom: Atom, function: object) -> Call | None:
        call = self.calls.get(atom) if isinstance(atom, Var) and not atom.name else None
        return call if call and isinstance(call.op, Const) and call.op.value is function else None

    def lengths(self, atom: Atom) -> list[Var]:
        """The sequences whose length, or shortest length, this is."""
        shortest = self.called(atom, min)
        atoms = shortest.args if shortest and not shortest.kwargs else (atom,)
        calls = [self.called(each, len) for each in atoms]
        found = [call.args[0] for call in calls if call and isinstance(call.args[0], Var)]
        return [*dict.fromkeys(found)] if len(found) == len(atoms) else []  # type: ignore[list-item]

    def elements(self, loop: Loop, sequence: Var, index: Var) -> list[Call]:
        """The calls in the body's own block that take the element at hand."""
        calls = (s for s in loop.body.body if isinstance(s, Call) and s.target)
        taken = (c for c in calls if isinstance(c.op, Const) and c.op.value is operator.getitem)
        return [call for call in taken if call.args[0] is sequence and call.args[1] is index]

    def writes(self, loop: Loop, sequences: list[Var]) -> bool:
        """Whether a step may write one of the sequences."""
        for call in (s for s in ir.statements(loop.body) if isinstance(s, Call)):
            if call.effects.writes is None:
                return True
            for position in call.effects.writes:
                for var in ir.variables(call.args[position]):
                    if any(self.share(var, sequence) for sequence in sequences):
                        return True
        return False

    def share(self, a: Var, b: Var) -> bool:
        """Whether two values may share memory."""
        own = self.memory.is_own(a) or self.memory.is_own(b)
        return self.memory.of(a) is self.memory.of(b) or not own

    def rewritten(
        self, loop: Loop, index: Var, sequences: list[Var], backward: bool
    ) -> tuple[list[Statement], Loop]:
        env: dict[Var, Atom] = {}
        items: list[Var] = []
        dropped: set[Statement] = set()
        for sequence in sequences:
            first, *others = self.elements(loop, sequence, index)
            item = first.target
            assert item is not None
            items.append(item)
            env.update((call.target, item) for call in others if call.target)
            dropped.update((first, *others))
        body = replace(loop.body, body=tuple(s for s in loop.body.body if s not in dropped))
        body = substituted(body, env) if env else body
        before: list[Statement] = []
        iters: list[Atom] = [*sequences]
        if backward:
            whole = Call(Var(), Const(reversed), (sequences[0],), effects=PURE, origin=loop.origin)
            before.append(whole)
            iters = [whole.target]  # type: ignore[list-item]
        if self.uses[index] > len(dropped):
            count = Call(Var(), Const(itertools.count), (Const(0),), effects=PURE, origin=loop.origin)
            before.append(count)
            iters, items = [count.target, *iters], [index, *items]  # type: ignore[list-item]
        place = loop.items.index(index)
        self.removed.update(ir.variables(loop.iters[place]))
        iters = [*loop.iters[:place], *iters, *loop.iters[place + 1 :]]
        items = [*loop.items[:place], *items, *loop.items[place + 1 :]]
        return before, replace(loop, iters=tuple(iters), items=tuple(items), body=body)

    def dead(self) -> set[Var]:
        """The counts that nothing reads any more."""
        found: set[Var] = set()
        todo = list(self.removed)
        while todo:
            var = todo.pop()
            call = self.calls.get(var)
            known = call and isinstance(call.op, Const) and any(call.op.value is each for each in COUNTS)
            if call and known and var not in found and self.uses[var] == self.removed[var]:
                found.add(var)
                inner = [v for atom in call.args for v in ir.variables(atom)]
                self.removed.update(inner)
                todo += inner
        return found


def _without(block: Block, dead: set[Var]) -> Block:
    """The block without the calls of these targets."""

    def inside(statement: Statement) -> Statement:
        if isinstance(statement, If):
            then, orelse = (_without(arm, dead) for arm in (statement.then, statement.orelse))
            return replace(statement, then=then, orelse=orelse)
        if isinstance(statement, Loop):
            return replace(statement, body=_without(statement.body, dead))
        if isinstance(statement, With):
            return replace(statement, block=_without(statement.block, dead))
        return statement

    kept = (s for s in block.body if not (isinstance(s, Call) and s.target in dead))
    return replace(block, body=tuple(map(inside, kept)))
