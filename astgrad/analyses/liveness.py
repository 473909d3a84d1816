"""Liveness: from where to where each value is needed, as ranges (linear in the size of the function).

In comes a function, out come the ranges of each Var in which its name may not be taken by another one.
Position 2n is the reading and 2n + 1 the binding of the nth statement, counted through all regions; the
arms of an `if` exclude each other, so a value that one of them reads is not live in the other.

    0: a = f(x)   1: b = g(a)   2: c = h(a, b)         a: [1, 4]   b: [3, 4]

What a loop reads from outside is live throughout it. A carried value is bound where the loop starts and
at the end of each step; in between its name is free behind its last use, so that the next value can
have it. What a handler reads is live throughout the body of its `try`.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator

from astgrad import ir
from astgrad.ir import Atom, Block, Call, If, Loop, Statement, Tape, Try, Var, With
from astgrad.records import record

Range = tuple[int, int]

IN_PLACE = frozenset(
    getattr(operator, name)
    for name in (
        *("iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow", "imatmul"),
        *("iand", "ior", "ixor", "ilshift", "irshift"),
    )
)


def liveness(function: ir.Function, folded: dict[Var, Call]) -> tuple[dict[Var, list[Range]], set[Var]]:
    """The ranges of each Var, in ascending order; those of `folded` are printed where they are used.

    And the phis that nothing reads: they need no name, nor the values that become them.
    """
    walk = _Liveness(folded)
    walk.number(function.body)
    live = Live()
    walk.block(function.body, live)
    for param in function.body.params:
        walk.close(live, param, 0)
    return {var: sorted(ranges) for var, ranges in walk.ranges.items()}, walk.dead


@record
class Record:
    """Where a loop records: these atoms on that tape."""

    tape: Tape
    atoms: tuple[Atom, ...]


Records = dict[int, dict[int, list[Record]]]  # by block (its id) and statement (its index): behind that


def recorded(loop: Loop) -> Records:
    """Where a loop records its tapes: behind the last statement that gives an atom, or at the start (-1).

    Where that is the `if` that ends the loop, each of its arms records what it gives itself.
    """
    found: Records = {}
    for tape in loop.tapes:
        if not tape.reads:
            _place(loop.body, loop.stop, Record(tape, tape.atoms), found)
    return found


def _place(block: Block, stop: Atom | None, record: Record, found: Records) -> None:
    read = {var for atom in record.atoms for var in ir.variables(atom)}
    index = len(block.body) - 1
    while index >= 0 and read.isdisjoint((*ir.targets(block.body[index]), *lists(block.body[index]))):
        index -= 1
    last = block.body[-1] if block.body else None
    if index < 0 or index < len(block.body) - 1 or not (isinstance(last, If) and stop in last.targets):
        found.setdefault(id(block), {}).setdefault(index, []).append(record)
        return
    for arm in (last.then, last.orelse):
        given: dict[Var, Atom] = dict(zip(last.targets, arm.results))
        atoms = tuple(ir.substitute(atom, given) for atom in record.atoms)
        inner = given[stop]  # type: ignore[index]
        _place(arm, inner, Record(record.tape, atoms), found)


def lists(statement: Statement) -> tuple[Var, ...]:
    """The lists on which a loop records: it binds them beside its targets."""
    tapes = statement.tapes if isinstance(statement, Loop) else ()
    return tuple(dict.fromkeys(tape.list for tape in tapes if not tape.reads))


def read(loop: Loop) -> tuple[Var, ...]:
    """What a loop binds at each step: its items, and what it reads from tapes."""
    atoms = (atom for tape in loop.tapes if tape.reads for atom in tape.atoms)
    return (*loop.items, *(atom for atom in atoms if isinstance(atom, Var)))


def entered(loop: Loop) -> dict[Var, Var]:
    """The carried value that has the value of an initial one where the iterables are read."""
    pairs = zip(reversed(loop.initial), reversed(loop.params))
    return {first: param for first, param in pairs if isinstance(first, Var)}


class Live(dict[Var, int]):
    """The ends of the open ranges: those opened in this arm, over the ones that are open behind it."""

    def __init__(self, outer: Live | None = None) -> None:
        super().__init__()
        self.outer = outer

    def __contains__(self, var: object) -> bool:
        return super().__contains__(var) or (self.outer is not None and var in self.outer)


class _Liveness:
    def __init__(self, folded: dict[Var, Call]) -> None:
        self.folded = folded
        self.position = 0
        self.start: dict[int, int] = {}  # of statements, blocks and tapes, by id
        self.head: dict[int, int] = {}  # of loops: where they take their next step
        self.end: dict[int, int] = {}  # of blocks: where the results are read; of regions: their end
        self.records: Records = {}
        self.dead: set[Var] = set()
        self.ranges: dict[Var, list[Range]] = {}

    # --- positions, in the order of the text

    def number(self, block: Block) -> None:
        self.start[id(block)] = self.step()
        records = self.records.get(id(block), {})
        self.tapes(records, -1)
        for index, statement in enumerate(block.body):
            self.start[id(statement)] = self.step()
            if not isinstance(statement, Call):
                self.regions(statement)
            self.tapes(records, index)
        self.end[id(block)] = self.step()

    def regions(self, statement: Statement) -> None:
        if isinstance(statement, Loop):
            self.head[id(statement)] = self.step()
            self.records.update(recorded(statement))
        for arm in ir.blocks(statement):
            self.number(arm)
        self.end[id(statement)] = self.step()

    def tapes(self, records: dict[int, list[Record]], index: int) -> None:
        for each in records.get(index, ()):
            self.start[id(each)] = self.step()

    def step(self) -> int:
        self.position += 1
        return self.position

    # --- ranges

    def behind(self, var: Var) -> Iterator[Var]:
        """The Vars that are read where a Var is printed."""
        call = self.folded.get(var)
        if call is None:
            yield var
            return
        for atom in ir.operands(call):
            for inner in ir.variables(atom):
                yield from self.behind(inner)

    def read(self, live: Live, atoms: Iterable[Atom], end: int, same: dict[Var, Var] | None = None) -> None:
        """Open the range of what is read; `same` maps Vars to others that have their value."""
        for atom in atoms:
            for var in ir.variables(atom):
                for inner in self.behind(var):
                    self.open(live, (same or {}).get(inner, inner), end)

    def open(self, live: Live, var: Var, end: int) -> None:
        if var not in live:
            live[var] = end

    def close(self, live: Live, var: Var, start: int) -> None:
        self.add(var, start, live.pop(var, start))

    def add(self, var: Var, start: int, end: int) -> None:
        self.ranges.setdefault(var, []).append((start, end))

    def block(self, block: Block, live: Live, results: Iterable[Atom] | None = None) -> None:
        """Walk backward; `live` holds the ends of the open ranges, and keeps those open at the start."""
        records = self.records.get(id(block), {})
        self.read(live, block.results if results is None else results, 2 * self.end[id(block)])
        for index in reversed(range(-1, len(block.body))):
            for each in records.get(index, ()):
                self.read(live, each.atoms, 2 * self.start[id(each)])
            if index >= 0:
                self.statement(block.body[index], live)

    def statement(self, statement: Statement, live: Live) -> None:
        position = self.start[id(statement)]
        if any(target in self.folded for target in ir.targets(statement)):
            return
        if isinstance(statement, Call):
            for target in ir.targets(statement):
                self.close(live, target, 2 * position + 1)
            if _augments(statement):  # `t = first; t += second`, where the names differ
                self.read(live, statement.args[1:], 2 * position + 1)
            self.read(live, ir.operands(statement), 2 * position)
            return
        if isinstance(statement, If):
            self.note(statement, live)
        for target in statement.targets:
            self.close(live, target, 2 * self.end[id(statement)] + 1)
        if isinstance(statement, If):
            self.arms((statement.orelse, statement.then), live, 2 * position, statement.targets)
            self.read(live, (statement.test,), 2 * position)
        elif isinstance(statement, Loop):
            self.loop(statement, live)
        elif isinstance(statement, With):
            self.with_(statement, live)
        else:
            self.try_(statement, live)

    def note(self, statement: If, live: Live) -> None:
        """Note the phis that nothing reads, and that nothing is evaluated for."""
        for target, *values in zip(statement.targets, statement.then.results, statement.orelse.results):
            if target not in live and not any(var in self.folded for v in values for var in ir.variables(v)):
                self.dead.add(target)

    def arms(self, arms: tuple[Block, ...], live: Live, end: int, targets: tuple[Var, ...] = ()) -> None:
        """Each arm on its own: what only one of them reads is not live in the other."""
        exposed: set[Var] = set()
        for arm in arms:
            inside = Live(live)
            needed = [r for t, r in zip(targets, arm.results) if t not in self.dead]
            self.block(arm, inside, needed if targets else None)
            for param in arm.params:
                self.close(inside, param, 2 * self.start[id(arm)])
            exposed.update(inside)
            for var, last in inside.items():
                self.add(var, 2 * self.start[id(arm)], last)
        for var in exposed:
            live[var] = end

    def loop(self, loop: Loop, live: Live) -> None:
        start, head, end = self.start[id(loop)], self.head[id(loop)], self.end[id(loop)]
        inside = Live(live)
        self.block(loop.body, inside)
        if loop.test:
            self.block(loop.test, inside)
        for var in read(loop):
            self.close(inside, var, 2 * head + 1)
        tested = self.end[id(loop.test)] if loop.test else head
        for param in loop.params:
            self.open(inside, param, 2 * tested)
        params = {param: inside.pop(param) for param in loop.params}
        for var in inside:  # what comes from outside
            live[var] = 2 * end
        live.update(params)
        self.read(live, (*loop.iters, *(t.list for t in loop.tapes if t.reads)), 2 * head, entered(loop))
        for param in loop.params:
            self.close(live, param, 2 * start + 1)
            self.add(param, 2 * self.end[id(loop.body)] + 1, 2 * end)
        for list_ in lists(loop):
            self.open(live, list_, 2 * end)
            self.close(live, list_, 2 * start + 1)
        self.read(live, loop.initial, 2 * start)

    def with_(self, statement: With, live: Live) -> None:
        position = self.start[id(statement)]
        self.block(statement.block, live)
        if statement.name:
            self.close(live, statement.name, 2 * position + 1)
        self.read(live, (statement.context,), 2 * position)

    def try_(self, statement: Try, live: Live) -> None:
        last, end = statement.finalbody, 2 * self.end[id(statement)]
        arms = tuple(h.block for h in statement.handlers) + ((statement.orelse,) if statement.orelse else ())
        if last:
            self.block(last, live)
            for param in last.params:
                self.close(live, param, 2 * self.start[id(last)])
            carried = statement.targets[: len(statement.targets) - len(last.results)]
            for target in carried:
                self.add(target, 2 * self.start[id(last)], end)
        for handler in statement.handlers:  # Python unbinds the name where the handler ends
            if handler.name:
                self.add(handler.name, 2 * self.start[id(handler.block)], end + 1)
        self.arms(arms, live, 2 * self.end[id(statement.body)])
        for handler in statement.handlers:
            if handler.name:
                live.pop(handler.name, None)
        for arm in (statement.body, *arms):  # where the values are bound
            bound = statement.targets[: len(arm.results)]
            if arm is statement.body and statement.orelse:
                bound = statement.orelse.params
            for var in bound:
                self.add(var, 2 * self.end[id(arm)] + 1, 2 * self.end[id(arm)] + 1)
        self.block(statement.body, live)
        types = (h.types for h in statement.handlers if h.types)
        self.read(live, types, 2 * self.end[id(statement.body)])


def _augments(call: Call) -> bool:
    """Whether a call is iadd or its like, of two different values."""
    op = call.op.value if isinstance(call.op, ir.Const) else None
    module = getattr(op, "__module__", "")
    return module == "_operator" and op in IN_PLACE and call.args[0] is not call.args[1]
