"""Dead code: what nobody reads goes, unless dropping it would drop an error of the primal (S9).

In comes a function, out goes the same without the pure statements that no result needs, and the
equalities of dimensions that the dropped statements of the primal would have checked and that no kept
statement implies: a guard tests those at entry.

    t = add(x, y); bx = ones_like(x); return bx    ->    bx = ones_like(x); return bx    and  x0 == y0
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.raising import constraints
from astgrad.analyses.specs import Dimension, Spec
from astgrad.ir import Call, Const, Function, Tree, Var
from astgrad.records import replace
from astgrad.transform.builder import Builder

Equality = tuple[Dimension, Dimension]


def dead_code(
    function: Function, specs: dict[Var, Spec], *, primal: bool = True
) -> tuple[Function, tuple[Equality, ...]]:
    """The function without dead statements; with `primal` False only backward ones are dropped."""
    known = Builder(specs=specs)
    needed = {var for result in function.body.results for var in ir.variables(result)}
    kept: list[ir.Statement] = []
    owed: list[Equality] = []  # by dropped statements
    scattered: set[Any] = set()  # (shape of x, index) of kept scatters: they raise what x[index] raises
    for statement in reversed(function.body.body):
        if not _is_needed(statement, needed):
            if statement.origin.backward:
                continue
            equalities = _equalities(statement, known)
            if (primal and equalities is not None) or _reads_scattered(statement, known, scattered):
                owed += equalities or ()
                continue
        kept.append(statement)
        needed.update(_read(statement))
        _note_scatter(statement, known, scattered)
    body = ir.Block(function.body.params, tuple(reversed(kept)), function.body.results)
    result = replace(function, body=body)
    checked = [pair for s in kept for pair in _equalities(s, known) or ()] if owed else []
    return result, _not_implied(owed, checked)


def _is_needed(statement: ir.Statement, needed: set[Var]) -> bool:
    if not isinstance(statement, Call) or statement.target in needed or statement.effects.impure:
        return True
    writes = statement.effects.writes
    if writes is None:
        return True
    return any(var in needed for index in writes for var in ir.variables(statement.args[index]))


def _read(statement: ir.Statement) -> Iterable[Var]:
    for atom in ir.operands(statement):
        yield from ir.variables(atom)
    for block in ir.blocks(statement):
        for inner in block.body:
            yield from _read(inner)
        for result in block.results:
            yield from ir.variables(result)


def _equalities(statement: ir.Statement, known: Builder) -> list[Equality] | None:
    """The equalities under which a statement cannot raise; None where it may raise otherwise."""
    if not isinstance(statement, Call) or not isinstance(statement.op, Const):
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
