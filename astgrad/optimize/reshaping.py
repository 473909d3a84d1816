"""Rewrites of shapes: of values that were spread, sums, new axes, transposes, lengths and conversions.

In come the operands of one call, out comes the atom of an equal and simpler value, or None.

    broadcast_to(1.0, (n,))[:, None] -> broadcast_to(1.0, (n, 1))       sum(neg(x)) -> neg(sum(x))
    transpose(matmul(A, B)) -> matmul(B.T, A.T)                         f.shape of c + V @ h -> c.shape
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from astgrad.analyses import specs as sp
from astgrad.ir import Atom, Const, Tree, Var
from astgrad.optimize.shapes import shape_atom
from astgrad.rules import registry

if TYPE_CHECKING:
    from astgrad.optimize.algebra import Algebra

Rewrite = Callable[..., "Atom | None"]


def conjugate(b: Algebra, x: Atom) -> Atom | None:
    return x if b.real(x) else None


def broadcast_to(b: Algebra, x: Atom, shape: Atom) -> Atom | None:
    """Nothing where the value has the shape already."""
    want = b.spec(shape)
    have = b.shape(x)
    if isinstance(want, sp.Struct) and have is not None and len(have) == len(want.items):
        dims = [item.dimension if isinstance(item, sp.Number) else None for item in want.items]
        if have and all(sp.same(a, d) for a, d in zip(have, dims)):
            return x
    return None


def total(b: Algebra, x: Atom, axis: Atom | None = None, keepdims: Atom | None = None) -> Atom | None:
    """The sum of a product of two arrays of one shape is their inner product."""
    negated = b.match(x, operator.neg, np.negative)
    if negated:
        given = {"axis": axis, "keepdims": keepdims}
        keywords = tuple((key, value) for key, value in given.items() if value is not None)
        return b.call(operator.neg, b.emit(Const(np.sum), (negated[0],), keywords))
    product = b.match(x, operator.mul, np.multiply)
    if axis is not None or keepdims is not None or not product or not b.real(*product):
        return None
    shapes = [b.shape(factor) for factor in product]
    if None in shapes or shapes[0] != shapes[1] or any(dim is None for dim in shapes[0]) or not shapes[0]:
        return None
    if sp.dtype_of(b.spec(product[0])) != sp.dtype_of(b.spec(product[1])):
        return None
    return b.call(operator.matmul if len(shapes[0]) == 1 else np.vdot, *product)


def getitem(b: Algebra, x: Atom, index: Atom) -> Atom | None:
    """New axes are added to the one array of a product or quotient of scalars with it."""
    if isinstance(x, Tree):
        return None
    spread = b.match(x, np.broadcast_to)
    if spread and b.scalar(spread[0]):
        return spread_number(b, x, spread[0], index)
    items = index.items if isinstance(index, Tree) and index.kind is tuple else (index,)
    if not any(isinstance(i, Const) and i.value is None for i in items) or not all(map(only_axes, items)):
        return None
    for op, names in (
        (operator.truediv, (operator.truediv, np.divide)),
        (operator.mul, (operator.mul, np.multiply)),
    ):
        parts = b.match(x, *names)
        if parts and sum(not b.scalar(part) for part in parts) == 1:
            moved = [part if b.scalar(part) else b.call(operator.getitem, part, index) for part in parts]
            return b.call(op, *moved)
    return None


def spread_number(b: Algebra, x: Atom, value: Atom, index: Atom) -> Atom | None:
    """New axes of a number spread over a shape: that number spread over the shape with them."""
    items = list(index.items) if isinstance(index, Tree) and index.kind is tuple else [index]
    if not isinstance(x, Var) or not all(map(only_axes, items)) or any(is_ellipsis(item) for item in items):
        return None
    full = len(b.shape(x) or ())
    items += [Tree(slice, (Const(None),) * 3)] * (full - sum(isinstance(item, Tree) for item in items))
    axes = iter(range(full))
    shape = b.call(getattr, x, "shape")
    sizes = [b.call(operator.getitem, shape, next(axes)) if isinstance(i, Tree) else Const(1) for i in items]
    return b.call(np.broadcast_to, value, Tree(tuple, tuple(sizes)))


def is_ellipsis(item: Atom) -> bool:
    return isinstance(item, Const) and item.value is ...


def only_axes(item: Atom) -> bool:
    """Whether an index item is None, `...` or a full slice."""
    if isinstance(item, Tree) and item.kind is slice:
        return all(isinstance(part, Const) and part.value is None for part in item.items)
    return isinstance(item, Const) and (item.value is None or item.value is ...)


def attribute(b: Algebra, x: Atom, name: Atom) -> Atom | None:
    """The shape of an intermediate value, said by an argument that has it, so that the value may go."""
    assert isinstance(name, Const)
    if name.value in ("shape", "size") and isinstance(x, Var):
        return shape_atom(b, x, name.value)
    return transposed(b, x) if name.value == "T" else None


def length(b: Algebra, x: Atom) -> Atom | None:
    return shape_atom(b, x, "len") if isinstance(x, Var) else None


def scalar_type(kind: type) -> Rewrite:
    """A conversion of what is of that type already."""

    def convert(b: Algebra, x: Atom) -> Atom | None:
        spec = b.spec(x)
        return x if isinstance(spec, sp.Number) and spec.exact and spec.type is kind else None

    return convert


def where(b: Algebra, condition: Atom, x: Atom, y: Atom) -> Atom | None:
    """An arm that was spread over the shape of the condition or of the other arm stays small."""
    specs = [b.spec(atom) for atom in (condition, x, y)]
    before = registry.result_spec(np.where, tuple(specs), {})
    for position, arm in ((1, x), (2, y)):
        spread = b.spread(arm)
        if spread is None:
            continue
        arms = [x, y]
        arms[position - 1] = spread[0]
        after = registry.result_spec(np.where, tuple(b.spec(atom) for atom in (condition, *arms)), {})
        if after == before and isinstance(before, sp.Array) and before.shape is not None:
            return b.call(np.where, condition, *arms)
    return None


def compare(op: Any) -> Rewrite:
    """A comparison broadcasts by itself."""

    def comparison(b: Algebra, x: Atom, y: Atom) -> Atom | None:
        for one, other in ((x, y), (y, x)):
            spread = b.spread(one)
            if spread and b.fills(other, one) and sp.dtype_of(b.spec(spread[0])) == sp.dtype_of(b.spec(one)):
                return b.call(op, *((spread[0], other) if one is x else (other, spread[0])))
        return None

    return comparison


def astype(b: Algebra, x: Atom, dtype: Atom) -> Atom | None:
    have = sp.dtype_of(b.spec(x))
    same = isinstance(b.spec(x), sp.Array) and isinstance(dtype, Const) and have == np.dtype(dtype.value)
    return x if same else None


def transposed(b: Algebra, x: Atom) -> Atom | None:
    """The transpose of a transpose, of a vector, and of a product of matrices."""
    if sp.rank(b.spec(x)) in (0, 1):
        return x
    inner = b.match(x, getattr)
    if inner and isinstance(inner[1], Const) and inner[1].value == "T":
        return inner[0]
    vectors = b.match(x, np.outer)
    if vectors and all(sp.rank(b.spec(vector)) == 1 for vector in vectors):
        return b.call(np.outer, vectors[1], vectors[0])
    factors = b.match(x, operator.matmul, np.matmul)
    if factors and all(sp.rank(b.spec(factor)) == 2 for factor in factors):
        turned = [b.call(getattr, factor, "T") for factor in reversed(factors)]
        return b.call(operator.matmul, *turned)
    return None
