"""Fold: which values are written as expressions where they are used, instead of being named.

In comes a function, out comes the set of calls without a statement of their own:

    t1 = exp(f); t2 = sum(t1); s = log(t2)     ->     s = np.log(np.sum(np.exp(f)))

Folded are unnamed values with one use in the same block. A folded call is evaluated where it is printed:
never later than a write to memory that it reads, never across another effect (S8). A call of the primal that
may raise is not moved into the backward sweep past another that may (S9). Depth and length are bounded (S30).
Views, lengths and small integer arithmetic are repeated at each use.
"""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable

import numpy as np

from astgrad import ir
from astgrad.analyses.liveness import Records, recorded
from astgrad.analyses.raising import constraints
from astgrad.analyses.specs import Number, Spec
from astgrad.emit import uses
from astgrad.emit.calls import in_order, is_alias, is_append, operator_of, writes_first
from astgrad.emit.logic import logical
from astgrad.emit.memory import OUTSIDE, Memory, Roots, overlap, union
from astgrad.ir import Atom, Call, Const, Loop, Method, Tree, Var
from astgrad.records import fresh, state
from astgrad.transform.builder import Builder

DEPTH = 12
LENGTH = 70  # of an expression that is folded together
NAME = 7  # the length that an unnamed value's name is taken to have
NEAR = 32  # effects that are looked at one by one
CHEAP_LENGTH = 20
RANGE_LENGTH = 40
APPEND = 15  # what is printed around the values that are recorded
CHEAP_ATTRIBUTES = ("T", "shape", "ndim", "size", "dtype")
INTEGER_OPERATORS = (operator.add, operator.sub, operator.mul, operator.floordiv, operator.neg)


def fold(
    function: ir.Function, specs: dict[Var, Spec], kept: Iterable[Var] = ()
) -> tuple[dict[Var, Call], dict[Var, Call]]:
    """The calls that are printed where their target is used (those of `kept` never), and what is logic."""
    counts = Counter(use for block in uses.blocks(function.body) for use in uses.uses(block))
    counts.subtract(s.test for s in ir.statements(function.body) if logical(s))  # type: ignore
    fixed = frozenset((*kept, *uses.in_place(function.body, is_append)))
    written = uses.written(function.body, writes_first)
    folder = _Folder(specs, counts, written, fixed, uses.repeated(function.body), Memory(specs))
    folder.memory.roots.update(dict.fromkeys(function.body.params, frozenset((OUTSIDE,))))
    folder.memory.learn(function.body)
    folder.block(function.body)
    return folder.folded, folder.logical


@state
class _Expression:
    """A call that may be folded, with what is folded into it."""

    call: Call
    length: int
    depth: int
    chain: int = 0  # attributes behind brackets
    events: tuple[int, ...] = ()  # positions of effects among its calls
    reads: tuple[tuple[int, Roots], ...] = ()  # positions of reads of memory, and of which
    calls: tuple[int, ...] = ()  # positions of all its calls

    @property
    def first(self) -> int:
        return min((*self.events, *(position for position, _ in self.reads)))


@state
class _Block:
    """The block at hand: the effects so far, and the calls not yet printed."""

    events: list[int] = fresh(factory=list)
    writes: list[Roots] = fresh(factory=list)
    readers: list[int] = fresh(factory=list)
    reads: list[Roots] = fresh(factory=list)
    pending: dict[Var, _Expression] = fresh(factory=dict)
    read_next: set[Var] = fresh(factory=set)  # aliases that are read before anything else happens
    calls: dict[int, ir.Statement] = fresh(factory=dict)  # by position
    backward: bool = False  # whether the backward sweep has begun


@state
class _Folder:
    """What may be folded so far."""

    specs: dict[Var, Spec]
    counts: Counter[Var]
    written: set[Var]
    kept: frozenset[Var]
    repeated: set[Var]  # in a loop
    memory: Memory
    folded: dict[Var, Call] = fresh(factory=dict)
    cheap: dict[Var, _Expression] = fresh(factory=dict)  # printed at several places
    logical: dict[Var, Call] = fresh(factory=dict)  # branches that are `and` or `or`
    records: Records = fresh(factory=dict)
    light: set[Var] = fresh(factory=set)  # might be
    raising: dict[Call, bool] = fresh(factory=dict)  # whether a call may raise

    def block(self, block: ir.Block, results: bool = True) -> None:
        here, records = _Block(), self.records.get(id(block), {})
        here.read_next = _read_next(block)
        for index, statement in enumerate(block.body):
            if isinstance(statement, Call):
                self.call(here, 2 * index, statement)
            else:
                self.region(here, 2 * index, statement)
            for record in records.get(index, ()):
                self.operands(here, 2 * index + 1, record.atoms, APPEND)
        if results:
            self.operands(here, 2 * len(block.body), block.results, 7)

    def region(self, here: _Block, position: int, statement: ir.Statement) -> None:
        """A statement with blocks: what is folded stays in its own."""
        if isinstance(statement, Loop):
            lists = tuple(tape.list for tape in statement.tapes if tape.reads)
            self.operands(here, position, (*statement.iters, *lists), 12)
            if statement.test:
                self.block(statement.test)
            self.records.update(recorded(statement))
            self.block(statement.body, False)
        elif logical(statement):
            self.logic(here, position, statement)
        else:
            if not isinstance(statement, ir.Try):
                self.operands(here, position, ir.operands(statement), 4)
            for inner in ir.blocks(statement):
                self.block(inner, isinstance(statement, ir.If))
        self.effects(here, position, statement)
        here.backward = here.backward or statement.origin.backward
        here.calls[position] = statement

    def logic(self, here: _Block, position: int, statement: ir.Statement) -> None:
        """a and b, a or b: an expression, where nothing of b needs a statement."""
        call, arm = logical(statement)  # type: ignore[misc]
        test, value = call.args
        self.block(arm)
        if not all(self.is_folded(inner) for inner in arm.body):
            here.pending.pop(test, None)  # type: ignore[arg-type]
            return
        taken = self.operands(here, position, (test,), 4 + self.length(value))
        calls = [s for s in ir.statements(arm) if isinstance(s, Call)]
        event = any(c.effects.impure or c.effects.writes != () for c in calls)
        read = union(self.memory.read(c) for c in calls)
        reads = ((position, read),) if read != frozenset() else ()
        inside = sum(map(self.length, (c.target for c in calls if c.target)))
        length = 4 + sum(e.length for e in taken) + max(inside, self.length(value))
        expression = _Expression(
            call,
            length,
            2 + max((e.depth for e in taken), default=0),
            0,
            (*(p for e in taken for p in e.events), *((position,) if event else ())),
            (*(r for e in taken for r in e.reads), *reads),
            (*(p for e in taken for p in e.calls), position),
        )
        assert call.target is not None
        self.logical[call.target] = call
        if self.counts[call.target] == 1 and not call.target.name and call.target not in self.kept:
            here.pending[call.target] = expression

    def is_folded(self, statement: ir.Statement) -> bool:
        return any(target in self.folded for target in ir.targets(statement))

    def call(self, here: _Block, position: int, call: Call) -> None:
        atoms = in_order(call)
        writes = writes_first(call)
        chain = self.chain(here, call)
        kept = set(ir.variables(call.args[0])) if writes or chain > 1 else set()
        length = _overhead(call) + sum(map(self.length, atoms[1:]))
        taken = self.operands(here, position, atoms, length, kept)
        event = call.effects.impure or call.effects.writes != ()
        if event:
            here.events.append(position)
            here.writes.append(self.memory.written(call))
        read = self.memory.read(call)
        if read != frozenset():
            here.readers.append(position)
            here.reads.append(read)
        if is_alias(call) and call.target in here.read_next and call.target not in self.kept and not taken:
            self.folded[call.target] = call
            self.light.add(call.target)
        elif call.target and not (call.target.name or writes or call.target in self.kept):
            expression = _Expression(
                call,
                length + sum(e.length - NAME for e in taken),
                1 + max((e.depth for e in taken), default=0),
                0 if kept else chain,
                (*(p for e in taken for p in e.events), *((position,) if event else ())),
                (*(r for e in taken for r in e.reads), *(((position, read),) if read != frozenset() else ())),
                (*(p for e in taken for p in e.calls), position),
            )
            self.offer(here, call.target, expression)
        here.backward = here.backward or call.origin.backward
        here.calls[position] = call

    def offer(self, here: _Block, target: Var, expression: _Expression) -> None:
        """Remember a call that may be folded into a later one."""
        light = self.is_light(expression.call, expression)
        if light:
            self.light.add(target)
        if self.counts[target] == 1:
            here.pending[target] = expression
        elif self.counts[target] > 1 and light:
            self.cheap[target] = expression
            self.folded[target] = expression.call

    def chain(self, here: _Block, call: Call) -> int:
        """How many attributes stand behind brackets: x.sum(0).mean().T has two (ruff breaks before those)."""
        first = here.pending.get(call.args[0]) if call.args and isinstance(call.args[0], Var) else None
        op = call.op.value if isinstance(call.op, Const) else None
        if first is None or not (op is getattr or isinstance(op, Method) or op is operator.getitem):
            return 0
        attribute = isinstance(first.call.op, Const) and first.call.op.value is getattr
        return first.chain + (op is not operator.getitem and not attribute)

    def operands(
        self, here: _Block, position: int, atoms: Iterable[Atom], length: int, kept: Iterable[Var] = ()
    ) -> list[_Expression]:
        """Fold what may be folded into the statement at `position`; its operands are in order."""
        found = [v for atom in atoms for v in ir.variables(atom) if v in here.pending]
        if not found:
            return []
        wanted = {v: here.pending.pop(v) for v in found}
        self.shorten(wanted, length, set(kept))
        later: set[int] = set()  # positions of what is evaluated after the expression at hand
        taken: list[_Expression] = []
        for var in reversed(found):
            expression = wanted.get(var)
            if (
                expression
                and self.may_move(here, expression, later)
                and self.may_raise_late(here, expression, taken)
            ):
                later.update(expression.events, (position for position, _ in expression.reads))
                taken.append(expression)
                self.folded[var] = expression.call
        return taken

    def shorten(self, wanted: dict[Var, _Expression], length: int, kept: set[Var]) -> None:
        """Leave out what must keep its name, and the longest while the whole is too long or too deep."""
        for var in [v for v, e in wanted.items() if v in kept or e.depth >= DEPTH]:
            del wanted[var]
        total = length + sum(e.length - NAME for e in wanted.values())
        for var in sorted(wanted, key=lambda v: -wanted[v].length):
            if total <= LENGTH:
                break
            total -= wanted.pop(var).length - NAME

    def may_move(self, here: _Block, expression: _Expression, later: set[int]) -> bool:
        """Whether the calls of an expression may be evaluated as late as now; `later` still follow."""
        if not expression.events and not expression.reads:
            return True
        index = bisect_right(here.events, expression.first)
        if len(here.events) - index > NEAR:
            return False
        for event, written in zip(here.events[index:], here.writes[index:]):
            if event in later or event in expression.events:
                continue
            if expression.events and expression.events[0] < event:
                return False
            if any(p < event and overlap(roots, written) for p, roots in expression.reads):
                return False
        return not expression.events or self.may_pass_reads(here, expression, later)

    def may_pass_reads(self, here: _Block, expression: _Expression, later: set[int]) -> bool:
        """Whether no value in between reads what the effects of the expression write."""
        index = bisect_right(here.readers, expression.events[0])
        own = {position for position, _ in expression.reads} | later
        written = [here.writes[bisect_left(here.events, event)] for event in expression.events]
        between = zip(here.readers[index : index + NEAR], here.reads[index:])
        read = [roots for position, roots in between if position not in own]
        return len(here.readers) - index <= NEAR and not any(overlap(r, w) for r in read for w in written)

    def may_raise_late(self, here: _Block, expression: _Expression, later: list[_Expression]) -> bool:
        """Whether the errors of the primal in an expression still come in their order, and first (S9)."""
        if not here.backward:
            return True
        calls = here.calls
        own = [p for p in expression.calls if not calls[p].origin.backward and self.raises(calls[p])]
        if not own:
            return True
        behind = {p for e in (expression, *later) for p in e.calls}
        passed = (call for p, call in calls.items() if p > min(own) and p not in behind)
        return not any(map(self.raises, passed))

    def raises(self, call: ir.Statement) -> bool:
        """Whether a call may raise; arithmetic of numbers in the backward sweep does not (S12)."""
        if not isinstance(call, Call):
            return True
        if call not in self.raising:
            known = Builder(specs=self.specs)
            args = tuple(map(known.spec, call.args))
            op = call.op.value if isinstance(call.op, Const) else None
            if call.origin.backward and operator_of(call) and all(isinstance(arg, Number) for arg in args):
                self.raising[call] = False
            else:
                found = constraints(op, args, {name: known.spec(value) for name, value in call.kwargs})
                self.raising[call] = found != []
        return self.raising[call]

    def effects(self, here: _Block, position: int, statement: ir.Statement) -> None:
        """What is read and written inside a statement with blocks."""
        every = [statement, *(s for b in ir.blocks(statement) for s in ir.statements(b))]
        calls = [s for s in every if isinstance(s, Call)]
        foreign = any(isinstance(s, ir.With) for s in every)
        impure = foreign or any(call.effects.impure for call in calls)
        written = None if foreign else union(self.memory.written(call) for call in calls)
        if impure or written != frozenset():
            here.events.append(position)
            here.writes.append(None if impure else written)
        here.readers.append(position)
        here.reads.append(None)

    # --- cheap values, and lengths

    def is_light(self, call: Call, expression: _Expression) -> bool:
        """Whether the call may be printed, and evaluated, several times."""
        op = call.op.value if isinstance(call.op, Const) else None
        if (
            expression.length > (RANGE_LENGTH if op is range else CHEAP_LENGTH)
            or expression.events
            or call.kwargs
            or call.target in self.written
            or call.target in self.repeated
        ):
            return False
        operands = [v for atom in call.args for v in ir.variables(atom)]
        if any(v in self.folded and v not in self.light for v in operands):
            return False
        if op is getattr:
            return isinstance(call.args[1], Const) and call.args[1].value in CHEAP_ATTRIBUTES
        if op is operator.getitem:
            return call.effects.result == "view" and call.effects.reads == () and _slices(call.args[1])
        if op is np.arange or op is len:
            return len(call.args) == 1
        if op is range:
            return True
        return any(op is known for known in INTEGER_OPERATORS) and self.integers((call.target, *operands))

    def integers(self, found: Iterable[Var | None]) -> bool:
        specs = [self.specs.get(v) for v in found if v]
        return all(isinstance(s, Number) and issubclass(s.type, (int, np.integer)) for s in specs)

    def length(self, atom: Atom) -> int:
        if isinstance(atom, Var):
            if atom in self.cheap:
                return self.cheap[atom].length
            return len(atom.name) or NAME
        if isinstance(atom, Tree):
            some = [item for item in atom.items if not (isinstance(item, Const) and item.value is None)]
            return 2 * len(atom.items) + sum(map(self.length, some))
        return len(repr(atom))


def _read_next(block: ir.Block) -> set[Var]:
    """The aliases that the block reads before another call with effects: they need no statement (S13)."""
    found: set[Var] = set()
    waiting: set[Var] = set()
    for statement in block.body:
        read = {v for atom in uses.atoms(statement) for v in ir.variables(atom)}
        found |= waiting & read
        if isinstance(statement, Call) and is_alias(statement) and statement.target:
            waiting.add(statement.target)
        elif not isinstance(statement, Call) or statement.effects.impure or statement.effects.writes != ():
            waiting = set()
    return found | (waiting & {v for atom in block.results for v in ir.variables(atom)})


def _slices(index: Atom) -> bool:
    """Whether an index is a slice, or a tuple with one, of things that take no time."""
    if isinstance(index, Tree) and index.kind is tuple:
        return any(map(_slices, index.items))
    return isinstance(index, Tree) and index.kind is slice


def _overhead(call: Call) -> int:
    """The length of what is printed beside the operands."""
    if isinstance(call.op, Const) and getattr(call.op.value, "__module__", "") == "_operator":
        return 4
    name = call.op.text or getattr(call.op.value, "__name__", "") if isinstance(call.op, Const) else ""
    module = 0 if "." in name else 3
    return (
        len(name)
        + module
        + 2 * max(len(call.args) + len(call.kwargs), 1)
        + sum(len(k) for k, _ in call.kwargs)
    )
