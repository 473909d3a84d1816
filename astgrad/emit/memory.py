"""Memory: which values may live in the same memory, for what is moved past a write (S8).

In comes a block with the effects of its calls, out comes the set of allocations that a Var may be a view of.

    u = zeros(3); v = u[1:]; w = f(u)     ->     u: {u}   v: {u}   w: anything, where f is not known

A value that regions hand on may be in the memory of any that becomes it, around loops until nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from astgrad import ir
from astgrad.analyses.specs import Array, Known, Number, Spec
from astgrad.emit.calls import is_append
from astgrad.emit.flow import passed
from astgrad.ir import Atom, Block, Call, Loop, Statement, Tape, Try, Var
from astgrad.records import fresh, state

Roots = frozenset[object] | None  # allocations; None: any
MANY = 64
OUTSIDE = object()  # all memory that the call did not make


def overlap(a: Roots, b: Roots) -> bool:
    """Whether two values may share memory."""
    return a is None or b is None or not a.isdisjoint(b)


def union(found: Iterable[Roots]) -> Roots:
    """The roots of several values together; any, where there are too many to keep apart."""
    every: set[object] = set()
    for roots in found:
        if roots is None:
            return None
        every |= roots
    return frozenset(every) if len(every) <= MANY else None


@state
class Memory:
    """The roots of each Var; numbers have none."""

    specs: dict[Var, Spec]
    roots: dict[Var, Roots] = fresh(factory=dict)
    tapes: dict[Var, Tape] = fresh(factory=dict)  # by their list

    def of(self, *atoms: Atom) -> Roots:
        """The memory behind some operands."""
        found = (v for atom in atoms for v in ir.variables(atom))
        return union(self.roots.get(v) for v in found if not isinstance(self.specs.get(v), (Number, Known)))

    def operands(self, call: Call, positions: tuple[int, ...] | None) -> Roots:
        """The memory behind some arguments of a call; None as positions stands for all of them."""
        if positions is None:
            return self.of(*call.args, *(value for _, value in call.kwargs))
        return (
            None
            if any(p >= len(call.args) for p in positions)
            else self.of(*(call.args[p] for p in positions))
        )

    def read(self, call: Call) -> Roots:
        return self.operands(call, call.effects.reads)

    def written(self, call: Call) -> Roots:
        return None if call.effects.writes is None else self.operands(call, call.effects.writes)

    # --- where values live

    def learn(self, block: Block) -> None:
        """Find the roots of everything that is bound in a block: the least that agree."""
        sources: dict[Var, list[Atom]] = {}
        every = list(ir.statements(block))
        loops = [statement for statement in every if isinstance(statement, Loop)]
        self.tapes = {tape.list: tape for loop in loops for tape in loop.tapes if not tape.reads}
        for statement in every:
            for target, *atoms in self.sources(statement):
                sources.setdefault(target, []).extend(atoms)
        readers: dict[Var, list[Var]] = {}
        for target, atoms in sources.items():
            for var in (v for atom in atoms for v in ir.variables(atom)):
                readers.setdefault(var, []).append(target)
            self.roots.setdefault(target, frozenset())
        todo = list(reversed(sources))
        while todo:
            target = todo.pop()
            found = union((self.roots[target], self.of(*sources[target])))
            if found != self.roots[target]:
                self.roots[target] = found
                todo += readers.get(target, ())

    def sources(self, statement: Statement) -> Iterator[tuple[Any, ...]]:
        """In whose memory a Var may live; where that is not known its roots are set here."""
        if isinstance(statement, Call):
            if statement.target:
                yield from self.of_call(statement, statement.target)
            return
        yield from passed(statement)
        if isinstance(statement, Loop):
            for item, iterable in zip(statement.items, statement.iters):
                if isinstance(iterable, Var) and isinstance(self.specs.get(iterable), Array):
                    yield item, iterable
            for tape in (t for t in statement.tapes if t.reads and t.list in self.tapes):
                yield from zip(tape.atoms, self.tapes[tape.list].atoms)
        elif isinstance(statement, Try) and statement.finalbody:
            last = statement.finalbody
            yield from zip(statement.targets, last.params)
            yield from zip(last.params, statement.targets)
            yield from zip(statement.targets[len(statement.targets) - len(last.results) :], last.results)

    def of_call(self, call: Call, target: Var) -> Iterator[tuple[Any, ...]]:
        kind = call.effects.result
        if is_append(call):  # a new list, of what may be anywhere
            self.roots[target] = frozenset((target,))
            yield target, *call.args
        elif kind == "fresh":
            self.roots[target] = frozenset((target,))
        elif kind == "view":  # of the array that was written, or of any of the operands
            first = call.args[0] if call.effects.writes == (0,) else None
            in_place = isinstance(first, Var) and isinstance(self.specs.get(first), Array)
            yield target, *(call.args[:1] if in_place else (*call.args, *(value for _, value in call.kwargs)))
