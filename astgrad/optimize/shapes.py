"""Shapes: a shape of an intermediate value, said by the arguments whose axes it is made of.

In comes a Var with a known shape, out goes an atom for its shape, size or length that does not read it,
so that dead code can drop the statement that made it.

    t = f[arange(len(y)), y]: f8[y0]        t.size  ->  len(y)        t.shape  ->  y.shape
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from astgrad.analyses import specs as sp
from astgrad.analyses.specs import Dim, Dimension
from astgrad.ir import Atom, Const, Tree, Var

if TYPE_CHECKING:
    from astgrad.transform.builder import Builder


def shape_atom(b: Builder, x: Var, what: str) -> Atom | None:
    """x.shape, x.size or len(x) (`what` "shape", "size", "len") without x; None where it has to be x."""
    shape = sp.shape_of(b.spec(x))
    if not shape or any(dim is None for dim in shape):
        return None
    if what == "len":
        return dimension(b, shape[0], x)
    source = whole(shape, b)
    if source is x:
        return None
    if source is not None and (what == "shape" or len(shape) > 1):
        return b.call(getattr, source, what)
    sizes = [dimension(b, dim, x) for dim in shape]
    if any(size is None for size in sizes):
        return None
    if what == "shape":
        return Tree(tuple, tuple(size for size in sizes if size is not None))
    result = sizes[0]
    for size in sizes[1:]:
        result = b.call(operator.mul, result, size)
    return result


def whole(shape: tuple[Dimension, ...], b: Builder) -> Var | None:
    """The argument that has exactly this shape, where one has."""
    source = next((dim.source for dim in shape if isinstance(dim, Dim)), None)
    if source is None:
        return None
    return source if sp.shape_of(b.specs.get(source, sp.UNKNOWN)) == shape else None


def dimension(b: Builder, dim: Dimension, x: Var) -> Atom | None:
    """One dimension as an atom that does not read x."""
    if isinstance(dim, int):
        return Const(dim)
    if dim is None or dim.offset or dim.source is x:
        return None
    if dim.axis == 0:
        return b.call(len, dim.source)
    return b.call(operator.getitem, b.call(getattr, dim.source, "shape"), dim.axis)
