"""Names: parameters first, then the user's names by first appearance, then names for what is left.

In comes what is live where, out comes a name for each value that has a statement. Two values share a name
only if they are never live at once, so that

    bx_1 = zeros_like(x); bx_2 = add(bx_1, c)     ->     bx = np.zeros_like(x); bx = bx + c

and a suffix appears where they are: x, x_2. What is written in place keeps its name: both are one object.
"""

from __future__ import annotations

import builtins
import keyword
from bisect import bisect_left
from collections.abc import Iterable

from astgrad import ir
from astgrad.analyses.liveness import Range
from astgrad.analyses.specs import Number, Spec
from astgrad.emit.describe import Describe
from astgrad.emit.fold import IN_PLACE, operator_of
from astgrad.emit.spelling import identifier
from astgrad.ir import Call, Var
from astgrad.records import fresh, state

HARD = frozenset((*keyword.kwlist, "__class__"))
BUILTINS = frozenset(vars(builtins))


@state
class _Taken:
    """The disjoint ranges, in order, in which a name is taken, and whether by a value of the user's."""

    starts: list[int] = fresh(factory=list)
    ends: list[int] = fresh(factory=list)
    named: bool = False

    def free(self, ranges: Iterable[Range]) -> bool:
        for start, end in ranges:
            index = bisect_left(self.ends, start)
            if index < len(self.starts) and self.starts[index] <= end:
                return False
        return True

    def add(self, ranges: Iterable[Range]) -> None:
        for start, end in ranges:
            index = bisect_left(self.starts, start)
            self.starts.insert(index, start)
            self.ends.insert(index, end)


def same_object(statement: ir.Statement, specs: dict[Var, Spec]) -> bool:
    """Whether the target of an operator such as iadd is its first operand: not for numbers."""
    return (
        isinstance(statement, Call)
        and operator_of(statement) in IN_PLACE
        and statement.target is not None
        and isinstance(statement.args[0], Var)
        and not isinstance(specs.get(statement.args[0]), Number)
    )


def names(
    function: ir.Function,
    printed: list[ir.Statement],
    ranges: dict[Var, list[Range]],
    folded: dict[Var, Call],
    specs: dict[Var, Spec],
    reserved: frozenset[str],
    adjoint_of: dict[Var, Var],
) -> dict[Var, str]:
    """The name of each parameter and of each target of the printed statements."""
    naming = _Naming(ranges, reserved, frozenset(p.var.name for p in function.params), adjoint_of)
    for statement in printed:
        if same_object(statement, specs):
            naming.join(statement.args[0], statement.target)  # type: ignore[union-attr, arg-type]
    for param in function.params:
        naming.take(param.var, param.var.name)
    bound = [(statement, var) for statement in printed for var in ir.targets(statement)]
    for _, var in bound:
        if var.name:
            naming.name(var, var.name, named=True)
    describe = Describe(naming.result.get, folded)
    wishes = _wishes(printed)
    for statement, var in bound:
        if var not in naming.result:
            wish = naming.result.get(wishes.get(var, var))
            if wish and naming.free(var, wish):
                naming.take(var, wish)
            else:
                text = _text(statement, var, describe, adjoint_of)
                naming.name(var, identifier(text) or "value", named=False)
    return naming.result


def _wishes(printed: list[ir.Statement]) -> dict[Var, Var]:
    """The phi that a value becomes at the end of an arm."""
    wishes: dict[Var, Var] = {}
    for statement in printed:
        if isinstance(statement, ir.If):
            for arm in (statement.then, statement.orelse):
                wishes.update((r, t) for t, r in zip(statement.targets, arm.results) if isinstance(r, Var))
    return wishes


def _text(statement: ir.Statement, var: Var, describe: Describe, adjoint_of: dict[Var, Var]) -> str:
    primal = adjoint_of.get(var)
    if primal is not None:
        of = describe.atom(primal, 2)
        if of:
            return f"b{of}"
    return describe.call(statement) if isinstance(statement, Call) else _of_arms(statement, var, describe)


def _of_arms(statement: ir.Statement, var: Var, describe: Describe) -> str:
    if not isinstance(statement, ir.If):
        return "value"
    index = statement.targets.index(var)
    found = [describe.atom(arm.results[index], 2) for arm in (statement.then, statement.orelse)]
    return next((text for text in found if text and not text[0].isdigit()), "value")


class _Naming:
    def __init__(
        self,
        ranges: dict[Var, list[Range]],
        reserved: frozenset[str],
        params: frozenset[str],
        adjoint_of: dict[Var, Var],
    ) -> None:
        self.ranges, self.reserved = ranges, reserved
        self.params, self.adjoint_of = params, adjoint_of
        self.result: dict[Var, str] = {}
        self.taken: dict[str, _Taken] = {}
        self.suffix: dict[str, int] = {}
        self.group: dict[Var, list[Var]] = {}

    def join(self, a: Var, b: Var) -> None:
        """Make two values share their name, and so all those that they were joined with."""
        first, second = self.group.get(a, [a]), self.group.get(b, [b])
        if first is second:
            return
        if len(first) < len(second):
            first, second = second, first
        first.extend(second)
        self.group.update(dict.fromkeys((*second, *first[:1]), first))

    def live(self, var: Var) -> list[Range]:
        """The ranges of all values that share the name, merged."""
        merged: list[Range] = []
        for start, end in sorted(r for v in self.group.get(var, [var]) for r in self.ranges.get(v, ())):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    def free(self, var: Var, text: str) -> bool:
        return text not in self.taken or self.taken[text].free(self.live(var))

    def take(self, var: Var, text: str, named: bool = True) -> None:
        for member in self.group.get(var, [var]):
            self.result[member] = text
        taken = self.taken.setdefault(text, _Taken())
        taken.named = taken.named or named
        taken.add(self.live(var))

    def name(self, var: Var, text: str, named: bool) -> None:
        """The text as it is, or with the first suffix that makes it free."""
        if var in self.result:
            return
        members = self.group.get(var, [var])
        text = next((v.name for v in members if v.name), text)
        named = named or any(v.name for v in members)
        unique = text
        while not self.allowed(var, unique, named):
            number = self.suffix[text] = self.suffix.get(text, 1) + 1
            unique = f"{text}_{number}"
        if unique != text:
            self.suffix[text] -= 1  # it may be free again for the next value
        self.take(var, unique, named)

    def allowed(self, var: Var, text: str, named: bool) -> bool:
        if text in self.reserved or text in HARD or (not named and text in BUILTINS):
            return False
        if text in self.params and var in self.adjoint_of:
            return False  # an adjoint does not rebind an argument's name
        if not named and text in self.taken and self.taken[text].named:
            return False
        return self.free(var, text)
