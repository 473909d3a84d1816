"""Memory: which values may live in the same memory, for what is moved past a write (S8).

In come the calls in order with their effects, out comes the set of allocations that a Var may be a view of.

    u = zeros(3); v = u[1:]; w = f(u)     ->     u: {u}   v: {u}   w: anything, where f is not known
"""

from __future__ import annotations

from collections.abc import Iterable

from astgrad import ir
from astgrad.analyses.specs import Array, Known, Number, Spec
from astgrad.ir import Atom, Call, Var
from astgrad.records import fresh, state

Roots = frozenset[object] | None  # allocations; None: any
OUTSIDE = object()  # all memory that the call did not make


def overlap(a: Roots, b: Roots) -> bool:
    """Whether two values may share memory."""
    return a is None or b is None or not a.isdisjoint(b)


def union(found: Iterable[Roots]) -> Roots:
    """The roots of several values together."""
    every: set[object] = set()
    for roots in found:
        if roots is None:
            return None
        every |= roots
    return frozenset(every)


@state
class Memory:
    """The roots of each Var so far; numbers have none."""

    specs: dict[Var, Spec]
    roots: dict[Var, Roots] = fresh(factory=dict)

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

    def bind(self, statement: ir.Statement) -> None:
        """Learn where the targets of a statement live."""
        for target in ir.targets(statement):
            self.roots[target] = None
        if isinstance(statement, ir.If):
            for target, *arms in zip(statement.targets, statement.then.results, statement.orelse.results):
                self.roots[target] = self.of(*arms)
        elif isinstance(statement, Call) and statement.target:
            kind = statement.effects.result
            fresh = frozenset((statement.target,)) if kind == "fresh" else None
            self.roots[statement.target] = self.viewed(statement) if kind == "view" else fresh

    def viewed(self, call: Call) -> Roots:
        """What a view is a view of: the array that was written, or any of the operands."""
        first = call.args[0] if call.effects.writes == (0,) else None
        in_place = isinstance(first, Var) and isinstance(self.specs.get(first), Array)
        return self.operands(call, (0,) if in_place else None)
