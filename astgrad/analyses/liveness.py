"""Liveness: from where to where each value is needed, as ranges (linear in the size of the function).

In comes a function, out come the ranges of each Var in which its name may not be taken by another one.
Position 2n is the reading and 2n + 1 the binding of the nth statement, counted through all regions; the
arms of an `if` exclude each other, so a value that one of them reads is not live in the other.

    0: a = f(x)   1: b = g(a)   2: c = h(a, b)         a: [1, 4]   b: [3, 4]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from astgrad import ir
from astgrad.errors import InternalError
from astgrad.ir import Var

Range = tuple[int, int]


def liveness(
    function: ir.Function,
    operands: Callable[[ir.Statement], Iterable[Var]],
    folded: Callable[[Var], Iterable[Var]],
) -> dict[Var, list[Range]]:
    """The ranges of each Var, in ascending order.

    `operands` gives the Vars that a statement reads itself, none where it is not printed; `folded` the
    Vars behind one that is printed as an expression.
    """
    walk = _Liveness(operands, folded)
    walk.number(function.body)
    live = Live()
    walk.block(function.body, live)
    for param in function.body.params:
        walk.close(live, param, 0)
    return {var: sorted(ranges) for var, ranges in walk.ranges.items()}


class Live(dict[Var, int]):
    """The ends of the open ranges: those opened in this arm, over the ones that are open behind it."""

    def __init__(self, outer: Live | None = None) -> None:
        super().__init__()
        self.outer = outer

    def __contains__(self, var: object) -> bool:
        return super().__contains__(var) or (self.outer is not None and var in self.outer)


class _Liveness:
    def __init__(
        self, operands: Callable[[ir.Statement], Iterable[Var]], folded: Callable[[Var], Iterable[Var]]
    ) -> None:
        self.operands, self.folded = operands, folded
        self.position = 0
        self.start: dict[int, int] = {}  # of statements and blocks, by id
        self.end: dict[int, int] = {}  # of blocks: where the results are read
        self.ranges: dict[Var, list[Range]] = {}

    def number(self, block: ir.Block) -> None:
        """Give every statement its position, in the order of the text."""
        self.start[id(block)] = self.step()
        for statement in block.body:
            self.start[id(statement)] = self.step()
            if not isinstance(statement, (ir.Call, ir.If)):
                raise InternalError(f"{type(statement).__name__} is not emitted yet")
            for arm in ir.blocks(statement):
                self.number(arm)
        self.end[id(block)] = self.step()

    def step(self) -> int:
        self.position += 1
        return self.position

    def open(self, live: Live, var: Var, end: int) -> None:
        for inner in self.folded(var):
            if inner not in live:
                live[inner] = end

    def close(self, live: Live, var: Var, start: int) -> None:
        self.ranges.setdefault(var, []).append((start, live.pop(var, start)))

    def block(self, block: ir.Block, live: Live) -> None:
        """Walk backward; `live` holds the ends of the open ranges, and keeps those open at the start."""
        for result in block.results:
            for var in ir.variables(result):
                self.open(live, var, 2 * self.end[id(block)])
        for statement in reversed(block.body):
            position = self.start[id(statement)]
            bound = self.end[id(statement.orelse)] if isinstance(statement, ir.If) else position
            for target in ir.targets(statement):
                self.close(live, target, 2 * bound + 1)
            if isinstance(statement, ir.If):
                self.arms(statement, live)
            for var in self.operands(statement):
                self.open(live, var, 2 * position)

    def arms(self, statement: ir.If, live: Live) -> None:
        """Each arm on its own: what only one of them reads is not live in the other."""
        exposed: set[Var] = set()
        for arm in (statement.orelse, statement.then):
            inside = Live(live)
            self.block(arm, inside)
            exposed.update(inside)
            for var, end in inside.items():
                self.ranges.setdefault(var, []).append((2 * self.start[id(arm)], end))
        for var in exposed:
            live[var] = 2 * self.start[id(statement)]
