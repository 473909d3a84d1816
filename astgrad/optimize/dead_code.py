"""Dead code: what nobody reads goes, unless dropping it would drop an error of the primal (S9).

In comes a function, out goes the same without the pure statements that no result needs, and the
equalities of dimensions that the dropped statements of the primal would have checked and that no kept
statement implies: a guard tests those at entry.

    t = add(x, y); bx = ones_like(x); return bx    ->    bx = ones_like(x); return bx    and  x0 == y0
"""

from __future__ import annotations

import operator
from typing import Any

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.raising import constraints
from astgrad.analyses.specs import Dimension, Spec
from astgrad.ir import Call, Const, Function, Tree, Var
from astgrad.optimize.needs import Needs
from astgrad.records import replace
from astgrad.transform.builder import Builder

Equality = tuple[Dimension, Dimension]


def dead_code(
    function: Function, specs: dict[Var, Spec], *, primal: bool = True
) -> tuple[Function, tuple[Equality, ...]]:
    """The function without dead statements; with `primal` False only backward ones are dropped."""
    sweep = _Sweep(Builder(specs=specs), Needs(function), primal)
    return sweep.run(function)


class _Sweep:
    """The statements from the last to the first: what is kept, and what dropping the others owes."""

    def __init__(self, known: Builder, needs: Needs, primal: bool) -> None:
        self.known, self.needs, self.primal = known, needs, primal
        self.kept: list[Call] = []
        self.owed: list[Equality] = []  # by dropped statements
        self.scattered: set[Any] = (
            set()
        )  # (shape of x, index) of kept scatters: they raise what x[index] raises

    def run(self, function: Function) -> tuple[Function, tuple[Equality, ...]]:
        self.roots(function.body, top=True)
        body = replace(function.body, body=self.needs.swept(function.body))
        checked = [pair for s in self.kept for pair in _equalities(s, self.known) or ()] if self.owed else []
        return replace(function, body=body), _not_implied(self.owed, checked)

    def roots(self, block: ir.Block, top: bool = False) -> None:
        """Keep what may raise and is not needed; inside of regions nothing can be owed."""
        for statement in reversed(block.body):
            if not isinstance(statement, Call):
                for inner in ir.blocks(statement):
                    self.roots(inner)
                continue
            if not self.needs.has(statement):
                if statement.origin.backward:
                    continue
                equalities = _equalities(statement, self.known)
                if top and ((self.primal and equalities is not None) or self.reads_scattered(statement)):
                    self.owed += equalities or ()
                    continue
                if self.primal and equalities == []:
                    continue
                self.needs.keep(statement)
            if top:
                self.kept.append(statement)
                _note_scatter(statement, self.known, self.scattered)

    def reads_scattered(self, statement: Call) -> bool:
        return _reads_scattered(statement, self.known, self.scattered)


def _equalities(statement: Call, known: Builder) -> list[Equality] | None:
    """The equalities under which a statement cannot raise; None where it may raise otherwise."""
    if not isinstance(statement.op, Const):
        return None
    args = tuple(known.spec(arg) for arg in statement.args)
    kwargs = {name: known.spec(value) for name, value in statement.kwargs}
    return constraints(statement.op.value, args, kwargs)


def _index_key(shape: Any, index: ir.Atom) -> Any:
    if isinstance(index, Tree):
        return (shape, index.kind, tuple(_index_key(None, item) for item in index.items))
    return (shape, repr(index.value)) if isinstance(index, Const) else (shape, index)


SCATTERS: dict[Any, tuple[int, int]] = {  # the positions of x and of the index
    runtime.scatter: (2, 1),
    **dict.fromkeys((runtime.iadd_at, runtime.add_at, operator.getitem), (0, 1)),
}


def _note_scatter(statement: ir.Statement, known: Builder, scattered: set[Any]) -> None:
    if not isinstance(statement, Call) or not isinstance(statement.op, Const):
        return
    op, args = statement.op.value, statement.args
    at = SCATTERS.get(op) if _plain(op) else None
    if at:
        scattered.add(_index_key(sp.shape_of(known.spec(args[at[0]])), args[at[1]]))


def _plain(op: Any) -> bool:
    return getattr(type(op), "__hash__", None) is not None


def _reads_scattered(statement: ir.Statement, known: Builder, scattered: set[Any]) -> bool:
    if not isinstance(statement, Call) or not isinstance(statement.op, Const):
        return False
    if statement.op.value is not operator.getitem:
        return False
    shape = sp.shape_of(known.spec(statement.args[0]))
    if shape is None or any(dim is None for dim in shape):
        return False
    return _index_key(shape, statement.args[1]) in scattered


def _not_implied(owed: list[Equality], checked: list[Equality]) -> tuple[Equality, ...]:
    """The owed equalities that do not follow from the checked ones."""
    classes: dict[Dimension, Dimension] = {}

    def find(dim: Dimension) -> Dimension:
        while dim in classes:
            dim = classes[dim]
        return dim

    def join(a: Dimension, b: Dimension) -> bool:
        first, second = find(a), find(b)
        if first == second:
            return False
        classes[first] = second
        return True

    for a, b in checked:
        join(a, b)
    return tuple((a, b) for a, b in owed if join(a, b))
