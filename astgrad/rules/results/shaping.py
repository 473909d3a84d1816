"""The results of what moves elements: the same dtype in another shape.

transposed((x0, x1))   ->   (x1, x0)
concatenate((f8[x0], f8[3]))   ->   f8[x0 + 3]
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from astgrad.analyses import specs as sp
from astgrad.analyses.specs import Array, Dimension, Number, Spec, Struct, Undecided
from astgrad.rules.results.operands import (
    Shape,
    added,
    axes_of,
    common_shape,
    dimension,
    dimensions,
    known,
    np_array,
    numeric,
    sample,
    shape_known,
    shift,
    size_of,
)

# --- shaping


def of_shape(change: Callable[..., Shape], *, keeps: bool = False) -> Callable[..., Spec]:
    """A function that changes the shape alone: the result is an array, of rank 0 too.

    `keeps`: NumPy's scalars stay what they are.
    """

    def spec(a: Spec, **config: Any) -> Spec:
        operand = numeric(a)
        dtype = sp.dtype_of(operand)
        assert dtype is not None
        shape = change(shape_known(operand), **config)
        scalar = isinstance(operand, Number) and operand.type not in sp.NUMBERS and not shape
        return operand if scalar and keeps else Array(dtype, shape)

    return spec


def transposed(shape: Shape, axes: Any = None) -> Shape:
    axes = known(axes)
    return shape[::-1] if axes is None else tuple(shape[i] for i in axes_of(axes, len(shape)))


def matrix_transposed(shape: Shape) -> Shape:
    if len(shape) < 2:
        raise Undecided
    return (*shape[:-2], shape[-1], shape[-2])


def swapped(shape: Shape, axis1: Any, axis2: Any) -> Shape:
    i, j = axes_of((known(axis1), known(axis2)), len(shape))
    result = list(shape)
    result[i], result[j] = shape[j], shape[i]
    return tuple(result)


def moved(shape: Shape, source: Any, destination: Any) -> Shape:
    sources, places = axes_of(known(source), len(shape)), axes_of(known(destination), len(shape))
    rest = [dim for i, dim in enumerate(shape) if i not in sources]
    for place, origin in sorted(zip(places, sources)):
        rest.insert(place, shape[origin])
    return tuple(rest)


def reshaped(a_shape: Shape, shape: Any) -> Shape:
    wanted = dimensions(shape)
    if -1 not in wanted:
        return wanted
    have, rest = [d for d in a_shape if d != 1], [d for d in wanted if d not in (1, -1)]
    for dim in list(rest):
        if dim is not None and dim in have:
            have.remove(dim)
            rest.remove(dim)
    size, divisor = size_of(tuple(have)), size_of(tuple(rest))
    if isinstance(size, int) and isinstance(divisor, int) and divisor:
        length: Dimension = size // divisor
    else:
        length = size if divisor == 1 and 0 not in a_shape else None
    return tuple(length if dim == -1 else dim for dim in wanted)


def squeezed(shape: Shape, axis: Any = None) -> Shape:
    axis = known(axis)
    if axis is not None:
        axes = axes_of(axis, len(shape))
        return tuple(dim for i, dim in enumerate(shape) if i not in axes)
    if not all(dim == 1 or sp.not_unit(dim) for dim in shape):
        raise Undecided
    return tuple(dim for dim in shape if dim != 1)


def expanded(shape: Shape, axis: Any) -> Shape:
    axis = known(axis)
    several = axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = axes_of(several, len(shape) + len(several))
    dims = iter(shape)
    return tuple(1 if i in axes else next(dims) for i in range(len(shape) + len(several)))


def triangle(m: Spec, k: Any = 0) -> Spec:
    """np.tril and np.triu: a vector becomes the rows of a square."""
    array = np_array(m)
    shape = shape_known(array)
    return Array(array.dtype, shape * 2 if len(shape) == 1 else shape)


def flipped(m: Spec, axis: Any = None) -> Spec:
    """np.flip reads by index, which gives a scalar of rank 0."""
    array = np_array(m)
    return Number(array.dtype.type) if array.shape == () else array


def at_least(ndim: int) -> Callable[[Shape], Shape]:
    def change(shape: Shape) -> Shape:
        if ndim == 3 and len(shape) in (1, 2):
            return (1, *shape, 1) if len(shape) == 1 else (*shape, 1)
        return (1,) * (ndim - len(shape)) + shape

    return change


def diag(v: Spec, k: Any = 0) -> Spec:
    operand = numeric(v)
    dtype, dims, offset = sp.dtype_of(operand), shape_known(operand), known(k)
    assert dtype is not None
    if len(dims) == 1:
        return Array(dtype, (shift(dims[0], abs(offset)),) * 2)
    if len(dims) != 2:
        raise Undecided
    return Array(dtype, diagonal_of(dims, offset))


def diagonal_of(shape: Shape, offset: Any = 0) -> Shape:
    offset = known(offset)
    rows, columns, *rest = shape
    length: Dimension = None
    if isinstance(rows, int) and isinstance(columns, int):
        length = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    elif sp.same(rows, columns):
        length = shift(rows, -abs(offset))
    return (*rest, length)


def broadcast_to(array: Spec, shape: Any) -> Spec:
    dtype = sp.dtype_of(numeric(array))
    assert dtype is not None
    return Array(dtype, dimensions(shape))


def pieces(arrays: Spec) -> list[Array | Number]:
    """The operands of concatenate and its like."""
    if not (isinstance(arrays, Struct) and arrays.kind in (tuple, list) and arrays.items):
        raise Undecided
    return [numeric(item) for item in arrays.items]


def joined(items: Sequence[Array | Number], shapes: Sequence[Shape], axis: int) -> Array:
    ndim = len(shapes[0])
    (axis,) = axes_of(axis, ndim)
    length = added([shape[axis] for shape in shapes])
    others = common_shape([(*shape[:axis], 1, *shape[axis + 1 :]) for shape in shapes])
    dtype = np.concatenate([np.atleast_1d(sample(item)).ravel() for item in items]).dtype
    return Array(dtype, (*others[:axis], length, *others[axis + 1 :]))


def concatenate(arrays: Spec, axis: Any = 0) -> Spec:
    items = pieces(arrays)
    shapes = [shape_known(item) for item in items]
    if known(axis) is None:
        return joined(items, [(size_of(shape),) for shape in shapes], 0)
    return joined(items, shapes, known(axis))


def stack(arrays: Spec, axis: Any = 0) -> Spec:
    items = pieces(arrays)
    return joined(items, [expanded(shape_known(item), known(axis)) for item in items], known(axis))


def stacked(ndim: int, axis: int) -> Callable[..., Spec]:
    """vstack, hstack, dstack."""

    def spec(tup: Spec) -> Spec:
        items = pieces(tup)
        shapes = [at_least(ndim)(shape_known(item)) for item in items]
        return joined(items, shapes, min(axis, len(shapes[0]) - 1))

    return spec


def append(arr: Spec, values: Spec, axis: Any = None) -> Spec:
    return concatenate(Struct(tuple, (arr, values)), axis)


def column_stack(tup: Spec) -> Spec:
    items = pieces(tup)
    shapes = [shape_known(item) for item in items]
    return joined(items, [(*shape, 1) if len(shape) == 1 else shape for shape in shapes], 1)


def astype(a: Spec, dtype: Spec) -> Spec:
    operand = numeric(a)
    wanted = np.dtype(known(dtype))
    return Number(wanted.type) if isinstance(operand, Number) else Array(wanted, operand.shape)


def same_shape_m(m: Spec) -> Spec:
    return np_array(m)


def part(function: Any, val: Spec) -> Spec:
    """np.real and np.imag: Python and NumPy scalars keep their kind."""
    operand = numeric(val)
    if isinstance(operand, Number):
        result = type(function(operand.type(1)))
        return Number(result) if result is not np.ndarray else Array(np.dtype(operand.type), ())
    return Array(function(np.empty(0, operand.dtype)).dtype, operand.shape)


def at_least_1d(a: Array) -> Array:
    return Array(a.dtype, a.shape or (1,)) if a.shape is not None else a


def repeat(a: Spec, repeats: Spec, axis: Any = None) -> Spec:
    operand = numeric(a)
    dims, at = shape_known(operand), known(axis)
    times = None if isinstance(repeats, Array) else dimension(repeats)
    if at is None or not dims:
        dims = (size_of(dims),)
    (at,) = axes_of(0 if at is None else at, len(dims))
    length = dims[at] * times if isinstance(dims[at], int) and isinstance(times, int) else None  # type: ignore[operator]
    dtype = sp.dtype_of(operand)
    assert dtype is not None
    return Array(dtype, (*dims[:at], dims[at] if times == 1 else length, *dims[at + 1 :]))


def tile(A: Spec, reps: Spec) -> Spec:
    """Each axis as often as `reps` says, axes of length 1 in front where there are too few."""
    array = np_array(A)
    shape = shape_known(array)
    times = [dimension(part) for part in (reps.items if isinstance(reps, Struct) else (reps,))]
    rank = max(len(shape), len(times))
    dims = (1,) * (rank - len(shape)) + shape
    ones: list[Dimension] = [1] * (rank - len(times))
    return Array(array.dtype, tuple(_times(dim, each) for dim, each in zip(dims, [*ones, *times])))


def _times(dim: Dimension, times: Dimension) -> Dimension:
    if times == 1 or dim == 1:
        return dim if times == 1 else times
    return dim * times if isinstance(dim, int) and isinstance(times, int) else None


def same_as(a: Spec, **_: Spec) -> Spec:
    """A new array like the operand."""
    operand = numeric(a)
    dtype = sp.dtype_of(operand)
    assert dtype is not None
    return Array(dtype, sp.shape_of(operand))


def cast_to(kind: type) -> Callable[[Spec], Spec]:
    """np.float64(x) and its like: a scalar of a number, an array of an array."""

    def spec(x: Spec) -> Spec:
        operand = numeric(x)
        if isinstance(operand, Number) or operand.shape == ():
            return Number(kind)
        if operand.shape is None:
            raise Undecided
        if unpacks_one(kind) and not any(map(sp.not_unit, operand.shape)):
            if any(dim != 1 for dim in operand.shape):
                raise Undecided
            return Number(kind)
        return Array(np.dtype(kind), operand.shape)

    return spec


@functools.cache
def unpacks_one(kind: type) -> bool:
    """Whether this NumPy makes a scalar of an array of one element (before 2.3, of float64)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return not isinstance(kind(np.ones(1)), np.ndarray)


# --- taking apart


def split(*, exact: bool) -> Callable[..., Spec]:
    """np.split and np.array_split: a list of pieces."""

    def spec(ary: Spec, indices_or_sections: Spec, axis: Any = 0) -> Spec:
        array = np_array(ary)
        shape = shape_known(array)
        (at,) = axes_of(known(axis), len(shape))
        pieces = _pieces(shape[at], known(indices_or_sections), exact)
        return Struct(list, tuple(Array(array.dtype, (*shape[:at], dim, *shape[at + 1 :])) for dim in pieces))

    return spec


def _pieces(dim: Dimension, where: Any, exact: bool) -> list[Dimension]:
    """The lengths of the pieces of an axis, as far as they are known."""
    if isinstance(dim, int):
        return [len(piece) for piece in (np.split if exact else np.array_split)(np.zeros(dim), where)]
    several = isinstance(where, (tuple, list))
    if where == 1:
        return [dim]
    return [None] * (len(where) + 1 if several else where)


def split_along(axis: int) -> Callable[..., Spec]:
    """np.hsplit and np.vsplit."""

    def spec(ary: Spec, indices_or_sections: Spec) -> Spec:
        at = 0 if sp.rank(numeric(ary)) == 1 else axis
        return split(exact=True)(ary, indices_or_sections, at)

    return spec
