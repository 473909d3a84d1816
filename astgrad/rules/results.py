"""The spec of a call's result, family by family.

In come the specs of the operands by NumPy's parameter names, out comes the result's; `Undecided` is
raised where they do not decide it (`registry.result_spec` makes it UNKNOWN). Dtypes are not tabulated:
ufuncs are asked, other functions are tried once on arrays of one element.

    reduction(np.sum)(a=f4[x0, x1], axis=0)   ->   f4[x1]
    getitem(a=f8[x0, x1], b=(slice(1, None), 0))   ->   f8[x0 - 1]
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.specs import (
    BOOL,
    FLOAT,
    INT,
    NUMBERS,
    UNKNOWN,
    Array,
    Dim,
    Dimension,
    Known,
    Number,
    Spec,
    Struct,
    Undecided,
    Unknown,
    literal,
    static,
)
from astgrad.ir import Effects

Shape = tuple[Dimension, ...]
NUMERIC = "biufc"
UFUNC = np.ufunc


# --- operands


def known(value: Any) -> Any:
    """The value of an operand that has to be known; a default is a value already."""
    return static(value) if isinstance(value, (Unknown, Array, Number, Known, Struct)) else value


def numeric(spec: Any) -> Array | Number:
    """The operand of a numerical function: a bool is a number, a list an array."""
    if isinstance(spec, Known) and type(spec.value) in (bool, np.bool_):
        return Number(type(spec.value))
    if isinstance(spec, Struct) and spec.kind in (list, tuple):
        return np_array(spec)
    if isinstance(spec, Array) and spec.dtype.kind in NUMERIC:
        return spec
    if isinstance(spec, Number):
        return spec
    if isinstance(spec, (bool, int, float, complex)):
        return Number(type(spec))
    raise Undecided


def shape_known(spec: Array | Number) -> Shape:
    shape = sp.shape_of(spec)
    if shape is None:
        raise Undecided
    return shape


def scalar_or_array(dtype: np.dtype[Any], shape: Shape) -> Array | Number:
    """What computing functions give: a NumPy scalar for rank 0 (S19)."""
    return Array(dtype, shape) if shape else Number(dtype.type)


def sample(spec: Spec) -> Any:
    """A value of this spec in which every dimension is 1."""
    if isinstance(spec, Struct):
        return spec.kind(sample(item) for item in spec.items)
    operand = numeric(spec)
    if isinstance(operand, Number):
        return operand.type(1)
    return np.ones((1,) * (1 if operand.shape is None else len(operand.shape)), operand.dtype)


@lru_cache(maxsize=4096)
def _tried(function: Callable[..., Any], kinds: tuple[Any, ...]) -> np.dtype[Any]:
    values = [np.ones((1,), kind) if isinstance(kind, np.dtype) else kind(1) for kind in kinds]
    return np.asarray(function(*values)).dtype


def dtype_by(function: Callable[..., Any], *operands: Array | Number) -> np.dtype[Any]:
    """The dtype that a function gives for such operands, tried on one element."""
    return _tried(function, tuple(o.dtype if isinstance(o, Array) else o.type for o in operands))


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """One axis or several, counted from the front."""
    several = axis if isinstance(axis, (tuple, list)) else (axis,)
    if any(not -ndim <= operator.index(each) < ndim for each in several):
        raise Undecided
    return tuple(operator.index(each) % ndim for each in several)


def dimension(spec: Any) -> Dimension:
    """An operand that is a length."""
    if isinstance(spec, Number) and isinstance(spec.value, (int, Dim)):
        return spec.value
    if isinstance(spec, Number) and (spec.type is int or issubclass(spec.type, np.integer)):
        return None
    if isinstance(spec, int):
        return spec
    raise Undecided


def dimensions(spec: Any) -> Shape:
    """An operand that is a shape: a length or a tuple of them."""
    if isinstance(spec, Struct) and spec.kind in (tuple, list):
        return tuple(dimension(item) for item in spec.items)
    return (dimension(spec),)


def number_of(dim: Dimension) -> Number:
    return Number(int, dim)


def shift(dim: Dimension, by: int) -> Dimension:
    """dim + by, as far as that is a dimension again."""
    if isinstance(dim, int):
        return dim + by
    if isinstance(dim, Dim) and (by <= 0 or dim.offset <= 0):  # max(n - 1, 0) + 1 is not n
        return Dim(dim.source, dim.axis, dim.offset - by)
    return dim if by == 0 else None


def size_of(shape: Shape) -> Dimension:
    """The product of dimensions."""
    factors = [dim for dim in shape if dim != 1]
    if any(dim == 0 for dim in factors):
        return 0
    if len(factors) <= 1:
        return factors[0] if factors else 1
    size = 1
    for dim in factors:
        if not isinstance(dim, int):
            return None
        size *= dim
    return size


def added(dims: Sequence[Dimension]) -> Dimension:
    """The sum of dimensions."""
    total: Dimension = 0
    for dim in dims:
        if isinstance(dim, int):
            total = shift(total, dim)
        elif total == 0:
            total = dim
        elif isinstance(total, int):
            total = shift(dim, total)
        else:
            return None
    return total


# --- elementwise


@lru_cache(maxsize=4096)
def _resolved(ufunc: np.ufunc, kinds: tuple[Any, ...]) -> np.dtype[Any]:
    return ufunc.resolve_dtypes((*kinds, *(None,) * ufunc.nout))[-1]


def ufunc(function: Any, *specs: Spec) -> Spec:
    """The result of a ufunc: dtypes as NumPy promotes (NEP 50: Python numbers are weak)."""
    operands = [numeric(spec) for spec in specs]
    kinds = tuple(
        o.type if isinstance(o, Number) and o.type in (int, float, complex) else sp.dtype_of(o)
        for o in operands
    )
    return broadcasted(_resolved(function, kinds), operands)


def broadcasted(dtype: np.dtype[Any], operands: Sequence[Array | Number]) -> Spec:
    shape = sp.broadcast(*map(sp.shape_of, operands))
    if shape is None:  # of unknown rank, and a scalar if that is 0
        if any(sp.rank(o) for o in operands):
            return Array(dtype, None)
        raise Undecided
    return scalar_or_array(dtype, shape)


def like_ufunc(function: Any) -> Callable[..., Spec]:
    """A function that broadcasts as ufuncs do: all operands given."""

    def spec(**operands: Spec) -> Spec:
        given = [numeric(o) for o in operands.values() if not (isinstance(o, Known) and o.value is None)]
        return broadcasted(dtype_by(function, *given), given)

    return spec


def of_ufunc(function: Any) -> Callable[..., Spec]:
    return lambda *args, **operands: ufunc(function, *args, *operands.values())


def np_where(condition: Spec, x: Spec, y: Spec) -> Spec:
    operands = [numeric(o) for o in (condition, x, y)]
    shape = sp.broadcast(*map(sp.shape_of, operands))
    return Array(dtype_by(np.where, *operands), shape)


# --- reductions


def reduced(shape: Shape | None, axis: Any, keepdims: Any) -> Shape:
    """The shape that is left when axes are reduced."""
    axis, keepdims = known(axis), bool(known(keepdims))
    if axis is None and not keepdims:
        return ()
    if shape is None:
        raise Undecided
    axes = range(len(shape)) if axis is None else axes_of(axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape) if keepdims or i not in axes)


def reduction(function: Any) -> Callable[..., Spec]:
    def spec(
        a: Spec = UNKNOWN, axis: Any = None, keepdims: Any = False, x: Spec | None = None, **_: Spec
    ) -> Spec:
        operand = numeric(a if x is None else x)
        return scalar_or_array(dtype_by(function, operand), reduced(sp.shape_of(operand), axis, keepdims))

    return spec


def cumulative(function: Any) -> Callable[..., Spec]:
    def spec(a: Spec, axis: Any = None) -> Spec:
        operand = numeric(a)
        shape = shape_known(operand)
        return Array(dtype_by(function, operand), (size_of(shape),) if known(axis) is None else shape or (1,))

    return spec


def trace(a: Spec) -> Spec:
    operand = numeric(a)
    if len(shape_known(operand)) != 2:
        raise Undecided
    return Number(dtype_by(np.sum, operand).type)


# --- products


def matmul(x1: Spec, x2: Spec) -> Spec:
    a, b = numeric(x1), numeric(x2)
    left, right = shape_known(a), shape_known(b)
    if not left or not right:
        raise Undecided
    batch = sp.broadcast(left[:-2], right[:-2])
    assert batch is not None
    shape = (*batch, *left[-2:-1], *(right[-1:] if len(right) > 1 else ()))
    return scalar_or_array(_product_dtype(a, b), shape)


def _product_dtype(a: Array | Number, b: Array | Number) -> np.dtype[Any]:
    return np.result_type(*(dt for dt in (sp.dtype_of(a), sp.dtype_of(b)) if dt is not None))


def dot(a: Spec, b: Spec) -> Spec:
    left, right = numeric(a), numeric(b)
    if isinstance(left, Number) or isinstance(right, Number):
        result = broadcasted(dtype_by(np.dot, left, right), [left, right])
        return result
    m, n = shape_known(left), shape_known(right)
    if not m or not n:
        raise Undecided
    return scalar_or_array(_product_dtype(left, right), (*m[:-1], *n[:-2], *(n[-1:] if len(n) > 1 else ())))


def vdot(a: Spec, b: Spec) -> Spec:
    return Number(dtype_by(np.vdot, numeric(a), numeric(b)).type)


def inner(a: Spec, b: Spec) -> Spec:
    left, right = numeric(a), numeric(b)
    m, n = shape_known(left), shape_known(right)
    if not m or not n:
        raise Undecided
    return scalar_or_array(_product_dtype(left, right), (*m[:-1], *n[:-1]))


def outer(a: Spec, b: Spec) -> Spec:
    left, right = numeric(a), numeric(b)
    return Array(dtype_by(np.outer, left, right), (size_of(shape_known(left)), size_of(shape_known(right))))


def tensordot(a: Spec, b: Spec, axes: Any = 2) -> Spec:
    left, right = numeric(a), numeric(b)
    m, n, axes = shape_known(left), shape_known(right), known(axes)
    if isinstance(axes, int):
        first, second = tuple(range(len(m) - axes, len(m))), tuple(range(axes))
    else:
        first, second = axes_of(axes[0], len(m)), axes_of(axes[1], len(n))
    kept = [d for i, d in enumerate(m) if i not in first] + [d for i, d in enumerate(n) if i not in second]
    return Array(_product_dtype(left, right), tuple(kept))


# --- shaping


def of_shape(change: Callable[..., Shape]) -> Callable[..., Spec]:
    """A function that changes the shape alone: the result is an array, of rank 0 too."""

    def spec(a: Spec, **config: Any) -> Spec:
        operand = numeric(a)
        dtype = sp.dtype_of(operand)
        assert dtype is not None
        return Array(dtype, change(shape_known(operand), **config))

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


def as_array(a: Spec) -> Spec:
    """asarray, copy and their like: of arrays an array like it, of trees what np.array makes."""
    return np_array(a)


def np_array(object: Spec, dtype: Any = None) -> Array:
    """np.array of nested lists and tuples of numbers and arrays."""
    wanted = known(dtype)
    if isinstance(object, Known) and isinstance(object.value, (range, bool, np.bool_)):
        if not isinstance(object.value, range):
            return Array(np.dtype(wanted or bool), ())
        return Array(np.dtype(wanted or int), (len(object.value),))
    if isinstance(object, Struct):
        shape = _tree_shape(object)
        found = np.array(sample(object)).dtype
        return Array(np.dtype(wanted) if wanted is not None else found, shape)
    if not isinstance(object, (Array, Number)):
        raise Undecided
    found_dtype = sp.dtype_of(object)
    assert found_dtype is not None
    return Array(np.dtype(wanted) if wanted is not None else found_dtype, sp.shape_of(object))


def _tree_shape(spec: Spec) -> Shape:
    if isinstance(spec, Struct) and spec.kind in (list, tuple):
        if not spec.items:
            return (0,)
        return (len(spec.items), *_common([_tree_shape(item) for item in spec.items]))
    return shape_known(numeric(spec))


def _common(shapes: Sequence[Shape]) -> Shape:
    """The shape of operands that have to agree: each dimension from whoever knows it."""
    if len({len(shape) for shape in shapes}) != 1:
        raise Undecided
    return tuple(next((dim for dim in dims if dim is not None), None) for dims in zip(*shapes))


def pieces(arrays: Spec) -> list[Array | Number]:
    """The operands of concatenate and its like."""
    if not (isinstance(arrays, Struct) and arrays.kind in (tuple, list) and arrays.items):
        raise Undecided
    return [numeric(item) for item in arrays.items]


def joined(items: Sequence[Array | Number], shapes: Sequence[Shape], axis: int) -> Array:
    ndim = len(shapes[0])
    (axis,) = axes_of(axis, ndim)
    length = added([shape[axis] for shape in shapes])
    others = _common([(*shape[:axis], 1, *shape[axis + 1 :]) for shape in shapes])
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
    dims, times, at = shape_known(operand), dimension(repeats), known(axis)
    dims, at = ((size_of(dims),), 0) if at is None else (dims, *axes_of(at, len(dims)))
    length = dims[at] * times if isinstance(dims[at], int) and isinstance(times, int) else None  # type: ignore[operator]
    dtype = sp.dtype_of(operand)
    assert dtype is not None
    return Array(dtype, (*dims[:at], dims[at] if times == 1 else length, *dims[at + 1 :]))


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
        return Array(np.dtype(kind), operand.shape)

    return spec


# --- indexing


def getitem(a: Spec, b: Spec) -> Spec:
    """a[b]: of containers the item, of arrays what basic and advanced indexing give."""
    if isinstance(a, Struct):
        return _item(a, b)
    if not isinstance(a, Array):
        raise Undecided
    return _indexed(a, b.items if isinstance(b, Struct) and b.kind is tuple else (b,))


def _item(a: Struct, index: Spec) -> Spec:
    key = static(index)
    if a.keys and a.kind is dict:
        return a.items[a.keys.index(key)]
    chosen = a.items[key]
    return Struct(a.kind, chosen) if isinstance(key, slice) else chosen  # type: ignore[arg-type]


def _is_int(part: Spec) -> bool:
    return isinstance(part, Number) and (part.type is int or issubclass(part.type, np.integer))


def _indexed(a: Array, parts: Sequence[Spec]) -> Spec:
    shape = shape_known(a)
    parts = [np_array(part) if isinstance(part, Struct) and part.kind is list else part for part in parts]
    used = sum(_consumed(part) for part in parts)
    if used > len(shape):
        raise Undecided
    whole: Spec = Struct(slice, (Known(None),) * 3)
    ellipses = [i for i, part in enumerate(parts) if part == Known(...)]
    place = ellipses[0] if ellipses else len(parts)
    rest = [whole] * (len(shape) - used)
    parts = [*parts[:place], *rest, *parts[place + 1 :]]
    dims, advanced, places = iter(shape), [], []
    result: list[Dimension] = []
    fancy = any(isinstance(part, Array) for part in parts)
    for position, part in enumerate(parts):
        if part == Known(None):
            result.append(1)
        elif isinstance(part, Struct):
            result.append(sliced(next(dims), *part.items))
        elif isinstance(part, Array):
            mask = part.dtype.kind == "b"
            for _ in range(_consumed(part)):
                next(dims)
            advanced.append((None,) if mask else shape_known(part))
            places.append((position, len(result)))
        else:
            next(dims)
            if fancy:
                advanced.append(())
                places.append((position, len(result)))
    if fancy:
        together = all(p + 1 == q for (p, _), (q, _) in itertools.pairwise(places))
        at = places[0][1] if together else 0
        result[at:at] = sp.broadcast(*advanced) or ()
    if not result and not ellipses:
        return Number(a.dtype.type)
    return Array(a.dtype, tuple(result))


def _consumed(part: Spec) -> int:
    """How many dimensions of an array one part of an index takes."""
    if part in (Known(None), Known(...)):
        return 0
    if isinstance(part, Array):
        if part.dtype.kind not in "biu":
            raise Undecided
        return len(shape_known(part)) if part.dtype.kind == "b" else 1
    if _is_int(part) or (isinstance(part, Struct) and part.kind is slice):
        return 1
    raise Undecided


def sliced(dim: Dimension, start: Spec, stop: Spec, step: Spec) -> Dimension:
    """The length of a slice of a dimension."""
    first, last, stride = _bound(start), _bound(stop), _bound(step)
    if isinstance(dim, int) and all(part is None or isinstance(part, int) for part in (first, last, stride)):
        return len(range(*slice(first, last, stride).indices(dim)))
    if stride == -1 and first is None and last is None:
        return dim
    if stride not in (None, 1):
        return None
    first = 0 if first is None else first
    if last == 0:
        return 0
    if not isinstance(first, int) or first < 0 or not isinstance(dim, Dim):
        return None
    if last is None:
        return shift(dim, -first)
    if isinstance(last, int):
        return shift(dim, last - first) if last < 0 else None
    if (
        isinstance(last, Dim)
        and (last.source, last.axis) == (dim.source, dim.axis)
        and last.offset >= dim.offset
    ):
        return shift(last, -first)
    return None


def _bound(spec: Spec) -> Any:
    if spec == Known(None):
        return None
    if isinstance(spec, Number) and spec.type is int and spec.value is not None:
        return spec.value
    return "unknown"


def take(a: Spec, indices: Spec, axis: Any = None) -> Spec:
    operand, index = numeric(a), numeric(indices)
    dtype, places = sp.dtype_of(operand), shape_known(index)
    assert dtype is not None
    if known(axis) is None:
        return scalar_or_array(dtype, places)
    shape = shape_known(operand)
    (at,) = axes_of(known(axis), len(shape))
    return scalar_or_array(dtype, (*shape[:at], *places, *shape[at + 1 :]))


def take_along_axis(arr: Spec, indices: Spec, axis: Any) -> Spec:
    operand, index = numeric(arr), numeric(indices)
    dtype, shape = sp.dtype_of(operand), shape_known(index)
    assert dtype is not None
    if known(axis) is not None:
        (at,) = axes_of(known(axis), len(shape))
        rest = sp.broadcast(
            tuple(1 if i == at else dim for i, dim in enumerate(shape_known(operand))),
            tuple(1 if i == at else dim for i, dim in enumerate(shape)),
        )
        assert rest is not None
        shape = tuple(dim if i == at else rest[i] for i, dim in enumerate(shape))
    return Array(dtype, shape)


def sorted_like(a: Spec, axis: Any = -1) -> Spec:
    array = np_array(a)
    dims = shape_known(array)
    return Array(array.dtype, (size_of(dims),) if known(axis) is None else dims)


# --- constants


def shape(a: Spec) -> Spec:
    return Struct(tuple, tuple(number_of(dim) for dim in shape_known(numeric(a))))


def ndim(a: Spec) -> Spec:
    return number_of(len(shape_known(numeric(a))))


def size(a: Spec, axis: Any = None) -> Spec:
    dims = shape_known(numeric(a))
    axis = known(axis)
    if axis is not None:
        dims = tuple(dims[i] for i in axes_of(axis, len(dims)))
    return number_of(size_of(dims))


def dtype_of_one(a: Spec) -> Spec:
    """The dtype of an array or NumPy scalar."""
    if isinstance(a, Array) or (isinstance(a, Number) and a.type not in NUMBERS):
        return Known(sp.dtype_of(a))
    raise Undecided


def is_complex(x: Spec) -> Spec:
    found = sp.dtype_of(numeric(x))
    assert found is not None
    return Known(found.kind == "c")


def rounded(a: Spec) -> Spec:
    operand = numeric(a)
    return broadcasted(dtype_by(np.round, operand), [operand])


def item(a: Spec) -> Spec:
    found = sp.dtype_of(numeric(a))
    assert found is not None
    return Number(type(found.type(0).item()))


def filled(shape: Spec, dtype: Any = float) -> Spec:
    wanted = known(dtype)
    return Array(np.dtype(float if wanted is None else wanted), dimensions(shape))


def full(shape: Spec, fill_value: Spec, dtype: Any = None) -> Spec:
    wanted = known(dtype)
    value = sp.dtype_of(numeric(fill_value)) if wanted is None else np.dtype(wanted)
    assert value is not None
    return Array(value, dimensions(shape))


def filled_like(a: Spec, dtype: Any = None, shape: Any = None) -> Spec:
    operand = numeric(a)
    wanted = known(dtype)
    result = sp.dtype_of(operand) if wanted is None else np.dtype(wanted)
    assert result is not None
    dims = shape_known(operand) if shape is None or shape == Known(None) else dimensions(shape)
    return Array(result, dims)


def full_like(a: Spec, fill_value: Spec, dtype: Any = None, shape: Any = None) -> Spec:
    return filled_like(a, dtype, shape)


def arange(start: Spec, stop: Any = None, step: Any = None, dtype: Any = None) -> Spec:
    ends = [numeric(part) for part in (start, stop, step) if not (part is None or part == Known(None))]
    wanted = known(dtype)
    found = np.dtype(wanted) if wanted is not None else np.arange(*(end.type(1) for end in ends)).dtype  # type: ignore[union-attr]
    return Array(found, (_arange_length(ends) if wanted is None and found.kind == "i" else None,))


def _arange_length(ends: Sequence[Array | Number]) -> Dimension:
    values = [end.value if isinstance(end, Number) else None for end in ends]
    if all(isinstance(value, int) for value in values):
        return len(range(*values))  # type: ignore[arg-type]
    if len(values) == 1 and isinstance(values[0], Dim):
        return values[0]
    if len(values) == 2 and isinstance(values[1], Dim) and isinstance(values[0], int) and values[0] >= 0:
        return shift(values[1], -values[0])
    return None


def linspace(start: Spec, stop: Spec, num: Any = 50) -> Spec:
    a, b = numeric(start), numeric(stop)
    if sp.shape_of(a) != () or sp.shape_of(b) != ():
        raise Undecided
    return Array(np.linspace(sample(a), sample(b), 1).dtype, (dimension(num),))


def eye(N: Spec, M: Any = None, k: Any = 0, dtype: Any = float) -> Spec:
    columns = N if M is None or Known(None) == M else M
    return Array(np.dtype(known(dtype)), (dimension(N), dimension(columns)))


def index_reduction(a: Spec, axis: Any = None, keepdims: Any = False) -> Spec:
    return scalar_or_array(np.dtype(np.intp), reduced(sp.shape_of(numeric(a)), axis, keepdims))


def bool_reduction(a: Spec, axis: Any = None, keepdims: Any = False) -> Spec:
    return scalar_or_array(np.dtype(bool), reduced(sp.shape_of(numeric(a)), axis, keepdims))


def sorting(a: Spec, axis: Any = -1, kind: Any = None) -> Spec:
    operand = numeric(a)
    dims = shape_known(operand)
    return Array(np.dtype(np.intp), (size_of(dims),) if known(axis) is None else dims)


# --- runtime


def like_second(by: Spec, x: Spec, **_: Spec) -> Spec:
    """A value in the kind, shape and dtype of x."""
    return runtime_like(x)


def runtime_like(x: Spec) -> Spec:
    if isinstance(x, Number):
        return FLOAT if x.type in (bool, int, float) else Number(x.type)
    if isinstance(x, Array) and x.dtype.kind in "fc":
        return x
    raise Undecided


def tree_of(tree: Spec) -> Spec:
    """The adjoint of a container: the list of what its items have."""
    if isinstance(tree, Struct) and tree.kind in (list, tuple):
        return Struct(list, tuple(tree_of(item) for item in tree.items))
    return runtime_like(tree)


def accumulated(a: Spec, b: Spec) -> Spec:
    if isinstance(a, Known) or isinstance(b, Known):
        return b if isinstance(a, Known) else a
    return ufunc(np.add, a, b)


def lowered(exponent: Spec) -> Spec:
    operand = numeric(exponent)
    return Number(operand.type) if isinstance(operand, Number) else ufunc(np.subtract, operand, INT)


# --- Python's own operators and functions


def _arithmetic(op: Any) -> Callable[..., Spec | None]:
    """An operator on Python numbers and on sequences; None: NumPy's rules apply."""

    def spec(*args: Spec) -> Spec | None:
        if all(isinstance(a, Struct) and a.kind in (list, tuple) for a in args) and op is operator.add:
            first, second = args
            if first.kind is not second.kind:  # type: ignore[union-attr]
                raise Undecided
            return Struct(first.kind, (*first.items, *second.items))  # type: ignore[union-attr]
        if any(isinstance(a, Struct) for a in args):
            if op is operator.mul and not any(isinstance(a, Array) for a in args):
                raise Undecided  # a repetition
            return None
        numbers = [numeric(a) for a in args]
        if not all(isinstance(a, Number) and a.type in NUMBERS for a in numbers):
            return None
        if op in (operator.add, operator.sub):
            length = _length(op, *numbers)
            if length is not None:
                return number_of(length)
        return Number(_python_type(op, *numbers))

    return spec


def _length(op: Any, a: Any, b: Any) -> Dimension:
    """Sums of a length and an int that are a length again."""
    if a.type is not int or b.type is not int:
        return None
    if isinstance(a.value, Dim) and isinstance(b.value, int):
        return shift(a.value, b.value if op is operator.add else -b.value)
    if isinstance(b.value, Dim) and isinstance(a.value, int) and op is operator.add:
        return shift(b.value, a.value)
    return None


def _python_type(op: Any, *numbers: Any) -> type:
    order = max(NUMBERS.index(number.type) for number in numbers)
    if op is operator.pow:
        return _power_type(*numbers)
    if op is operator.truediv:
        return NUMBERS[max(order, 2)]
    if order == 3 and op in (operator.floordiv, operator.mod):
        raise Undecided
    return NUMBERS[max(order, 1)]


def _power_type(base: Number, exponent: Number) -> type:
    """A power of a negative float is complex unless the exponent is an integer."""
    if complex in (base.type, exponent.type):
        return complex
    value = exponent.value
    if exponent.type in (bool, int):
        if base.type is float:
            return float
        if isinstance(value, int):
            return int if value >= 0 else float
        if exponent.type is bool or isinstance(value, Dim):
            return int
    whole = isinstance(value, float) and value.is_integer()
    if whole or (isinstance(base.value, (int, float)) and base.value > 0):
        return float
    raise Undecided


def _comparison(*args: Spec) -> Spec | None:
    numbers = [numeric(a) for a in args]
    return BOOL if all(isinstance(a, Number) and a.type in NUMBERS for a in numbers) else None


def _identity(op: Any) -> Callable[[Spec, Spec], Spec]:
    def spec(a: Spec, b: Spec) -> Spec:
        if isinstance(a, Known) and isinstance(b, Known):
            return Known(op(a.value, b.value))
        singletons = (None, True, False, ...)
        for one, other in ((a, b), (b, a)):
            single = isinstance(one, Known) and (
                any(one.value is s for s in singletons) or isinstance(one.value, type)
            )
            if single and isinstance(other, (Array, Struct, Number)):
                if isinstance(other, Number) and other.type is bool:
                    raise Undecided
                return Known(op is operator.is_not)
        raise Undecided

    return spec


def _not(a: Spec) -> Spec:
    if isinstance(a, Struct):
        return Known(not a.items)
    if isinstance(a, Known) and (a.value is None or callable(a.value)):
        return Known(a.value is None)
    numeric(a)
    return BOOL


def _len(a: Spec) -> Spec:
    if isinstance(a, Struct):
        return number_of(len(a.items))
    if isinstance(a, Known):
        return number_of(len(a.value))
    dims = shape_known(a) if isinstance(a, Array) else ()
    if not dims:
        raise Undecided
    return number_of(dims[0])


def _getattr(a: Spec, name: Spec) -> Spec:
    from astgrad.rules import registry

    attribute = static(name)
    if isinstance(a, (Array, Number)) and attribute in registry.ATTRIBUTES:
        if isinstance(a, Number) and a.type in NUMBERS and attribute not in ("real", "imag"):
            raise Undecided
        if isinstance(a, Number) and a.type in NUMBERS:
            return Number(float if a.type is complex else a.type if a.type is not bool else int)
        if isinstance(a, Number) and attribute == "T":
            return a
        if isinstance(a, Array) and attribute in ("real", "imag"):
            return Array(np.empty(0, a.dtype).real.dtype, a.shape)
        return registry.result_spec(registry.ATTRIBUTES[attribute], (a,), {})
    if isinstance(a, Known) and isinstance(a.value, (np.dtype, np.finfo)):
        return literal(getattr(a.value, attribute))
    raise Undecided


def _isinstance(a: Spec, kinds: Spec) -> Spec:
    wanted = static(kinds)
    if isinstance(a, Array):
        return Known(issubclass(np.ndarray, wanted))
    if isinstance(a, Number):
        return Known(issubclass(a.type, wanted))
    if isinstance(a, Struct):
        return Known(issubclass(a.kind, wanted))
    return Known(isinstance(static(a), wanted))


def _type(a: Spec) -> Spec:
    if isinstance(a, (Number, Struct)):
        return Known(a.type if isinstance(a, Number) else a.kind)
    return Known(type(static(a)))


def _convert(kind: type) -> Callable[[Spec], Spec]:
    def spec(a: Spec) -> Spec:
        operand = numeric(a)
        if kind is int and isinstance(operand, Number) and operand.type is int:
            return operand
        return Number(kind)

    return spec


def _sequence(kind: type) -> Callable[[Spec], Spec]:
    def spec(a: Spec) -> Spec:
        if isinstance(a, Struct) and a.kind in (tuple, list):
            return Struct(kind, a.items)
        if isinstance(a, Known) and isinstance(a.value, range):
            return literal(kind(a.value))
        raise Undecided

    return spec


def _slice(*parts: Spec) -> Spec:
    none: Spec = Known(None)
    return Struct(slice, (none, parts[0], none) if len(parts) == 1 else (*parts, none)[:3])


def _pick(*args: Spec) -> Spec:
    items = args[0].items if len(args) == 1 and isinstance(args[0], Struct) else args
    kinds = {numeric(item) for item in items}
    if len({item.type if isinstance(item, Number) else item for item in kinds}) == 1:
        first = next(iter(kinds))
        return Number(first.type) if isinstance(first, Number) else first
    raise Undecided


def _sum(items: Spec, start: Spec = INT) -> Spec:
    from astgrad.rules import registry

    if not isinstance(items, Struct):
        raise Undecided
    total = start
    for item in items.items:
        total = registry.result_spec(operator.add, (total, item), {})
    return total


def _abs(a: Spec) -> Spec | None:
    operand = numeric(a)
    if isinstance(operand, Number) and operand.type in NUMBERS:
        return Number({bool: int, complex: float}.get(operand.type, operand.type))
    return None


def _round(a: Spec, ndigits: Spec | None = None) -> Spec | None:
    operand = numeric(a)
    if isinstance(operand, Number) and operand.type in NUMBERS:
        return INT if ndigits is None else Number(operand.type)
    return None


def _power(base: Any, exponent: Any) -> Any:
    """A power of known numbers, of small ones only: 10**100000 is not computed here."""
    if abs(exponent) > 64 or abs(base) > 1e4:
        raise Undecided
    return base**exponent


COMPARISONS = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)
ARITHMETIC = (
    *(
        operator.add,
        operator.sub,
        operator.mul,
        operator.truediv,
        operator.floordiv,
        operator.mod,
        operator.pow,
    ),
    *(operator.neg, operator.pos, operator.and_, operator.or_, operator.xor, operator.invert),
    *(operator.lshift, operator.rshift),
)

# evaluated where all operands are known
STATIC: frozenset[Any] = frozenset(
    {
        *COMPARISONS,
        *(op for op in ARITHMETIC if op is not operator.pow),
        *(operator.is_, operator.is_not, operator.not_, operator.contains, operator.getitem, operator.truth),
        *(
            len,
            isinstance,
            type,
            tuple,
            list,
            range,
            bool,
            int,
            float,
            str,
            min,
            max,
            abs,
            sum,
            sorted,
            round,
        ),
        runtime.lowered,
    }
)

PYTHON: dict[Any, Callable[..., Spec | None]] = {
    **{op: _arithmetic(op) for op in ARITHMETIC},
    **dict.fromkeys(COMPARISONS, _comparison),
    operator.is_: _identity(operator.is_),
    operator.is_not: _identity(operator.is_not),
    operator.not_: _not,
    operator.contains: lambda *_: BOOL,
    operator.truth: lambda a: BOOL,
    operator.getitem: getitem,
    getattr: _getattr,
    len: _len,
    isinstance: _isinstance,
    type: _type,
    bool: lambda a: BOOL,
    int: _convert(int),
    float: _convert(float),
    complex: _convert(complex),
    tuple: _sequence(tuple),
    list: _sequence(list),
    slice: _slice,
    min: _pick,
    max: _pick,
    sum: _sum,
    abs: _abs,
    operator.abs: _abs,
    round: _round,
}


# --- effects that depend on the operands


def _getitem_effects(a: Spec = UNKNOWN, b: Spec = UNKNOWN) -> Effects:
    """A basic index of an array gives a view, all-int and advanced ones a new value (S19)."""
    if isinstance(a, Array):
        parts = b.items if isinstance(b, Struct) and b.kind is tuple else (b,)
        if any(isinstance(part, (Unknown, Number)) and not _is_int(part) for part in parts):
            return Effects(reads=None, writes=(), impure=False, result="unknown")
        if any(isinstance(p, Array) or (isinstance(p, Struct) and p.kind is list) for p in parts):
            return ir.PURE
        if any(p in (Known(True), Known(False)) for p in parts):
            return ir.PURE
        result = getitem_or_unknown(a, b)
        return ir.PURE if isinstance(result, Number) else ir.VIEW if isinstance(result, Array) else _MAYBE
    return _MAYBE


_MAYBE = Effects(reads=None, writes=(), impure=False, result="unknown")


def getitem_or_unknown(a: Spec, b: Spec) -> Spec:
    try:
        return getitem(a, b)
    except Exception:
        return UNKNOWN


def _getattr_effects(a: Spec = UNKNOWN, name: Spec = UNKNOWN) -> Effects:
    if isinstance(a, Number) or (
        isinstance(name, Known) and name.value in ("shape", "ndim", "size", "dtype")
    ):
        return Effects(reads=(), writes=(), impure=False, result="fresh")
    return ir.VIEW if isinstance(a, Array) else _MAYBE


EFFECTS: dict[Any, Callable[..., Effects]] = {operator.getitem: _getitem_effects, getattr: _getattr_effects}
