"""Webs: the values that share one name, because a branch or a loop hands one on as the other.

In comes what is live where, out comes for each Var the web that it belongs to:

    s_1 = loop s=s_0: s_2 = add(s, x); yield s_2        s_0, s, s_1, s_2: one web, no copy is printed
    u_1, v_1 = loop u=a, v=b: yield v, u                {u, u_1}, {v, v_1}: the swap is printed

Webs are merged class against class: where no two values of both are ever needed at once, and the user's
names agree or are missing. Always one are a carried value and what leaves the loop, and what is written in
place with its result, which is the same object.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from astgrad import ir
from astgrad.analyses.liveness import Range
from astgrad.analyses.specs import Array, Spec
from astgrad.emit.calls import IN_PLACE, is_alias, is_append, operator_of
from astgrad.ir import Atom, Call, If, Loop, Statement, Try, Var, With
from astgrad.records import fresh, state

Pair = tuple[Var, Atom]


@state
class Taken:
    """Disjoint ranges, in order."""

    starts: list[int] = fresh(factory=list)
    ends: list[int] = fresh(factory=list)

    def free(self, ranges: Iterable[Range]) -> bool:
        for start, end in ranges:
            index = bisect_left(self.ends, start)
            if index < len(self.starts) and self.starts[index] <= end:
                return False
        return True

    def add(self, ranges: Iterable[Range]) -> None:
        """Take these ranges too; those that touch others become one with them."""
        for start, end in ranges:
            first = bisect_left(self.ends, start)
            last = first
            while last < len(self.starts) and self.starts[last] <= end:
                last += 1
            if first < last:
                start, end = min(start, self.starts[first]), max(end, self.ends[last - 1])
            self.starts[first:last], self.ends[first:last] = [start], [end]

    def __iter__(self) -> Iterator[Range]:
        return zip(self.starts, self.ends)

    def __len__(self) -> int:
        return len(self.starts)


@state
class Web:
    """Values with one name, and where it is taken by them."""

    members: list[Var]
    live: Taken
    name: str = ""  # the user's
    param: bool = False  # one is a parameter of the function
    adjoint: bool = False  # one is an unnamed adjoint


def same_object(statement: Statement, specs: dict[Var, Spec]) -> bool:
    """Whether the target of an operator such as iadd is known to be its first operand: an array."""
    return in_place(statement) and isinstance(specs.get(statement.args[0]), Array)  # type: ignore


def in_place(statement: Statement) -> bool:
    """Whether a statement calls iadd or its like."""
    return (
        isinstance(statement, Call)
        and operator_of(statement) in IN_PLACE
        and statement.target is not None
        and isinstance(statement.args[0], Var)
    )


def webs(
    function: ir.Function,
    printed: list[Statement],
    ranges: dict[Var, list[Range]],
    specs: dict[Var, Spec],
    adjoint_of: dict[Var, Var],
    dead: set[Var],
) -> dict[Var, Web]:
    """The web of each Var that one of the printed statements binds, and of each parameter."""
    captured = dict(function.captures)
    ranges = {var: found for var, found in ranges.items() if var not in captured}
    made = _Webs(ranges, frozenset(p.var for p in function.params), adjoint_of)
    for statement in printed:
        for target, same in _always(statement, specs):
            made.join(target, same)
    for statement in printed:
        for target, other in _wanted(statement):
            if target not in dead and other not in dead:
                made.merge(target, other, in_place(statement))
    return made.found


def _always(statement: Statement, specs: dict[Var, Spec]) -> Iterator[tuple[Var, Var]]:
    """Pairs that are one value, or one object."""
    if same_object(statement, specs):
        yield statement.args[0], statement.target  # type: ignore[union-attr, misc]
    elif isinstance(statement, Loop):
        yield from zip(statement.targets, statement.params)
    elif isinstance(statement, Try) and statement.finalbody:
        yield from zip(statement.targets, statement.finalbody.params)


def _wanted(statement: Statement) -> Iterator[Pair]:
    """Pairs of which one becomes the other: a copy is printed where they are not one web."""
    if isinstance(statement, Loop):
        for target, result, first in zip(statement.targets, statement.body.results, statement.initial):
            yield target, result
            yield target, first
    elif isinstance(statement, If):
        for target, *arms in zip(statement.targets, statement.then.results, statement.orelse.results):
            yield from ((target, arm) for arm in arms)
    elif isinstance(statement, With):
        yield from zip(statement.targets, statement.block.results)
    elif isinstance(statement, Try):
        yield from _of_try(statement)
    elif (
        isinstance(statement, Call)
        and statement.target
        and (is_append(statement) or is_alias(statement) or in_place(statement))
    ):
        yield statement.target, statement.args[0]


def _of_try(statement: Try) -> Iterator[Pair]:
    names = {handler.name for handler in statement.handlers}
    arms = [(statement.targets, handler.block.results) for handler in statement.handlers]
    if statement.orelse:
        arms.append((statement.orelse.params, statement.body.results))
        arms.append((statement.targets, statement.orelse.results))
    else:
        arms.append((statement.targets, statement.body.results))
    if statement.finalbody:
        last = statement.finalbody.results
        arms.append((statement.targets[len(statement.targets) - len(last) :], last))
    for targets, results in arms:
        yield from (pair for pair in zip(targets, results) if pair[1] not in names)


class _Webs:
    def __init__(
        self, ranges: dict[Var, list[Range]], params: frozenset[Var], adjoint_of: dict[Var, Var]
    ) -> None:
        self.ranges, self.params, self.adjoint_of = ranges, params, adjoint_of
        self.found: dict[Var, Web] = {}

    def web(self, var: Var) -> Web:
        if var not in self.found:
            live = Taken()
            live.add(self.ranges.get(var, ()))
            adjoint = var in self.adjoint_of and not var.name
            self.found[var] = Web([var], live, var.name, var in self.params, adjoint)
        return self.found[var]

    def join(self, a: Var, b: Var) -> None:
        """Make one web of two; the first name stays."""
        first, second = self.web(a), self.web(b)
        if first is second:
            return
        name = first.name or second.name
        name = second.name if second.param else name
        if len(first.members) < len(second.members):
            first, second = second, first
        first.members += second.members
        first.live.add(second.live)
        first.name = name
        first.param, first.adjoint = first.param or second.param, first.adjoint or second.adjoint
        self.found.update(dict.fromkeys(second.members, first))

    def merge(self, target: Var, other: Atom, renamed: bool = False) -> None:
        """Make one web of two where that does no harm; of two names only where one may be renamed."""
        if not isinstance(other, Var) or other not in self.ranges:
            return
        a, b = self.web(target), self.web(other)
        if a is b or (a.name and b.name and a.name != b.name and not renamed):
            return
        if (a.param and b.adjoint) or (b.param and a.adjoint):
            return  # an adjoint does not rebind an argument's name
        small, large = sorted((a.live, b.live), key=len)
        if large.free(small):
            self.join(other, target)
