"""Fold: which values are written as expressions where they are used, instead of being named.

In comes a function, out comes the set of calls without a statement of their own:

    t1 = exp(f); t2 = sum(t1); s = log(t2)     ->     s = np.log(np.sum(np.exp(f)))

Folded are unnamed values with one use in the same block. A folded call is evaluated where it is printed:
never later than a write to memory that it reads, never across another effect (S8). Depth and length are
bounded (S30). Views, lengths and small integer arithmetic are repeated at each use.
"""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from astgrad import ir
from astgrad.analyses.specs import Number, Spec
from astgrad.emit.memory import OUTSIDE, Memory, Roots, overlap
from astgrad.ir import Atom, Call, Const, Method, Tree, Var
from astgrad.records import fresh, state

DEPTH = 12
LENGTH = 70  # of an expression that is folded together
NAME = 7  # the length that an unnamed value's name is taken to have
NEAR = 32  # effects that are looked at one by one
CHEAP_LENGTH = 20
CHEAP_ATTRIBUTES = ("T", "shape", "ndim", "size", "dtype")
INTEGER_OPERATORS = (operator.add, operator.sub, operator.mul, operator.floordiv, operator.neg)

IN_PLACE = frozenset(
    getattr(operator, name)
    for name in (
        *("iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow", "imatmul"),
        *("iand", "ior", "ixor", "ilshift", "irshift"),
    )
)


def operator_of(call: Call) -> object:
    """The function of module `operator` that is called, None for all other calls."""
    value = call.op.value if isinstance(call.op, Const) else None
    return value if getattr(value, "__module__", "") == "_operator" else None


def runtime_name(call: Call) -> str:
    """The name of the runtime function that is called, "" for all other calls."""
    if not isinstance(call.op, Const) or getattr(call.op.value, "__module__", "") != "astgrad.runtime":
        return ""
    return str(getattr(call.op.value, "__name__", ""))


def writes_first(call: Call) -> bool:
    """Whether the first operand is printed as what is written to: it needs a name."""
    op = operator_of(call)
    if op is not None:
        return op is operator.setitem or op in IN_PLACE
    return runtime_name(call) in ("iadd_at", "add_at")


def in_order(call: Call) -> tuple[Atom, ...]:
    """The operands in the order in which Python evaluates the printed text."""
    atoms = ir.operands(call)
    if operator_of(call) is operator.setitem:
        return (atoms[0], *atoms[3:], *atoms[1:3])
    if operator_of(call) is operator.contains:
        return (atoms[0], *reversed(atoms[1:]))
    return atoms


def fold(function: ir.Function, specs: dict[Var, Spec], kept: Iterable[Var] = ()) -> dict[Var, Call]:
    """The calls that are printed where their target is used; those of `kept` never."""
    uses = Counter(use for block in _blocks(function.body) for use in _uses(block))
    folder = _Folder(specs, uses, _written(function.body), frozenset(kept), Memory(specs))
    folder.memory.roots.update(dict.fromkeys(function.body.params, frozenset((OUTSIDE,))))
    folder.block(function.body)
    return folder.folded


def _blocks(block: ir.Block) -> Iterator[ir.Block]:
    yield block
    for statement in block.body:
        for inner in ir.blocks(statement):
            yield from _blocks(inner)


def _uses(block: ir.Block) -> Iterator[Var]:
    for statement in block.body:
        for atom in ir.operands(statement):
            yield from ir.variables(atom)
    for result in block.results:
        yield from ir.variables(result)


def _written(block: ir.Block) -> set[Var]:
    """The Vars whose memory is written, or leaves the function: it is made once."""
    found = {v for atom in block.results for v in ir.variables(atom)}
    for call in ir.statements(block):
        if isinstance(call, Call):
            atoms = call.args if call.effects.writes is None else [call.args[p] for p in call.effects.writes]
            found.update(
                v for atom in (*atoms, *call.args[:1] * writes_first(call)) for v in ir.variables(atom)
            )
    return found


@state
class _Expression:
    """A call that may be folded, with what is folded into it."""

    call: Call
    length: int
    depth: int
    chain: int = 0  # attributes behind brackets
    events: tuple[int, ...] = ()  # positions of effects among its calls
    reads: tuple[tuple[int, Roots], ...] = ()  # positions of reads of memory, and of which

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


@state
class _Folder:
    """What may be folded so far."""

    specs: dict[Var, Spec]
    uses: Counter[Var]
    written: set[Var]
    kept: frozenset[Var]
    memory: Memory
    folded: dict[Var, Call] = fresh(factory=dict)
    cheap: dict[Var, _Expression] = fresh(factory=dict)  # printed at several places
    light: set[Var] = fresh(factory=set)  # might be

    def block(self, block: ir.Block) -> None:
        here = _Block()
        for position, statement in enumerate(block.body):
            if isinstance(statement, Call):
                self.call(here, position, statement)
                continue
            self.operands(here, position, ir.operands(statement), 4)
            for inner in ir.blocks(statement):
                self.block(inner)
            self.memory.bind(statement)
            self.effects(here, position, statement)
        self.operands(here, len(block.body), block.results, 7)

    def call(self, here: _Block, position: int, call: Call) -> None:
        atoms = in_order(call)
        writes = writes_first(call)
        chain = self.chain(here, call)
        kept = set(ir.variables(call.args[0])) if writes or chain > 1 else set()
        length = _overhead(call) + sum(map(self.length, atoms[1:]))
        taken = self.operands(here, position, atoms, length, kept)
        self.memory.bind(call)
        event = call.effects.impure or call.effects.writes != ()
        if event:
            here.events.append(position)
            here.writes.append(self.memory.written(call))
        read = self.memory.read(call)
        if read != frozenset():
            here.readers.append(position)
            here.reads.append(read)
        if call.target and not (call.target.name or writes or call.target in self.kept):
            expression = _Expression(
                call,
                length + sum(e.length - NAME for e in taken),
                1 + max((e.depth for e in taken), default=0),
                0 if kept else chain,
                (*(p for e in taken for p in e.events), *((position,) if event else ())),
                (*(r for e in taken for r in e.reads), *(((position, read),) if read != frozenset() else ())),
            )
            self.offer(here, call.target, expression)

    def offer(self, here: _Block, target: Var, expression: _Expression) -> None:
        """Remember a call that may be folded into a later one."""
        light = self.is_light(expression.call, expression)
        if light:
            self.light.add(target)
        if self.uses[target] == 1:
            here.pending[target] = expression
        elif self.uses[target] > 1 and light:
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
        taken = []
        for var in reversed(found):
            expression = wanted.get(var)
            if expression and self.may_move(here, expression, later):
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

    def effects(self, here: _Block, position: int, statement: ir.Statement) -> None:
        calls = [s for b in ir.blocks(statement) for s in ir.statements(b) if isinstance(s, Call)]
        if not isinstance(statement, ir.If) or any(c.effects.impure or c.effects.writes != () for c in calls):
            here.events.append(position)
            here.writes.append(None)
        here.readers.append(position)
        here.reads.append(None)

    # --- cheap values, and lengths

    def is_light(self, call: Call, expression: _Expression) -> bool:
        """Whether the call may be printed, and evaluated, several times."""
        op = call.op.value if isinstance(call.op, Const) else None
        if (
            expression.length > CHEAP_LENGTH
            or expression.events
            or call.kwargs
            or call.target in self.written
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
