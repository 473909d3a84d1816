"""The results of what computes: elementwise functions, reductions, products.

reduction(np.sum)(a=f4[x0, x1], axis=0)   ->   f4[x1]
matmul(f8[W0, W1], f8[x0])   ->   f8[W0]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, reduce
from typing import Any

import numpy as np

from astgrad.analyses import specs as sp
from astgrad.analyses.specs import UNKNOWN, Array, Dimension, Known, Number, Spec, Struct, Undecided
from astgrad.rules.results.operands import (
    Shape,
    added,
    axes_of,
    dtype_by,
    known,
    numeric,
    scalar_or_array,
    shape_known,
    shift,
    size_of,
)

# --- elementwise


WEAK = (int, float, complex)  # types whose precision gives way


@lru_cache(maxsize=4096)
def _resolved(ufunc: np.ufunc, kinds: tuple[Any, ...]) -> np.dtype[Any]:
    return ufunc.resolve_dtypes((*kinds, *(None,) * ufunc.nout))[-1]


def ufunc(function: Any, *specs: Spec) -> Spec:
    """The result of a ufunc: dtypes as NumPy promotes (NEP 50: Python numbers are weak)."""
    operands = list(map(numeric, specs))
    kinds = [
        o.dtype if isinstance(o, Array) else o.type if o.type in WEAK else np.dtype(o.type) for o in operands
    ]
    return broadcasted(_resolved(function, tuple(kinds)), operands)


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


def tried(
    function: Callable[..., Any],
    wrt: Sequence[str],
    bound: Mapping[str, Spec],
    args: Sequence[Spec],
    kwargs: Mapping[str, Spec],
) -> Spec:
    """A function that works element by element, of which nothing else is said: it is tried once, on ones."""
    shape = sp.broadcast(*(sp.shape_of(numeric(bound[name])) for name in wrt if name in bound))
    kinds = tuple((name, _kind(spec)) for name, spec in kwargs.items())
    kind, rank = _called(function, tuple(map(_kind, args)), kinds)
    if shape is None or rank != len(shape):
        raise Undecided
    return Number(kind) if isinstance(kind, type) else Array(kind, shape)


def _kind(spec: Spec) -> Any:
    if isinstance(spec, Array):
        return spec.dtype, len(shape_known(spec))
    return spec.type if isinstance(spec, Number) else Known(known(spec))


@lru_cache(maxsize=256)
def _called(function: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, int]:
    """The type or dtype, and the rank, of what a function gives on ones of these kinds."""

    def one(kind: Any) -> Any:
        if isinstance(kind, Known):
            return kind.value
        return kind(1) if isinstance(kind, type) else np.ones((1,) * kind[1], kind[0])

    value = function(*map(one, args), **{name: one(kind) for name, kind in kwargs})
    if type(value) is np.ndarray:
        return value.dtype, value.ndim
    if not isinstance(value, (float, complex, np.number)):
        raise Undecided
    return type(value), 0


def clip(**operands: Spec) -> Spec:
    """As the maximum of all operands that are not None."""
    a, *bounds = (numeric(o) for o in operands.values() if o != Known(None))
    if isinstance(a, Number) and a.type in sp.NUMBERS:  # an array by then, which is not weak
        a = Number(np.dtype(a.type).type)
    return broadcasted(dtype_by(_largest, a, *bounds), [a, *bounds])


def _largest(*values: Any) -> Any:
    return reduce(np.maximum, values)


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
    if (axis is None and not keepdims) or (shape == () and axis in (0, -1)):
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


def norm(x: Spec, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Spec:
    if isinstance(ord, Array):
        raise Undecided
    return reduction(np.linalg.norm)(x, axis, keepdims)


def median(a: Spec, axis: Any = None, keepdims: Any = False) -> Spec:
    found = reduction(np.median)(a, axis, keepdims)
    return found if isinstance(found, Array) or not known(keepdims) else Array(np.dtype(found.type), ())  # type: ignore[union-attr]


def cumulative(function: Any) -> Callable[..., Spec]:
    def spec(a: Spec, axis: Any = None) -> Spec:
        operand = numeric(a)
        shape = shape_known(operand)
        return Array(dtype_by(function, operand), (size_of(shape),) if known(axis) is None else shape or (1,))

    return spec


def average(a: Spec, axis: Any = None, weights: Any = None, keepdims: Any = False) -> Spec:
    operand = numeric(a)
    factors = [] if known_none(weights) else [numeric(weights)]
    dtype = dtype_by(_average, operand, *factors)
    return scalar_or_array(dtype, reduced(sp.shape_of(operand), axis, keepdims))


def _average(a: Any, weights: Any = None) -> Any:
    return np.average(np.atleast_1d(a), weights=None if weights is None else np.atleast_1d(weights))


def known_none(spec: Any) -> bool:
    """An operand that is None, or is not given."""
    return spec is None or spec == Known(None)


def diff(a: Spec, n: Any = 1, axis: Any = -1, prepend: Any = None, append: Any = None) -> Spec:
    """One less each time along the axis, and what is put before and behind."""
    operand, less = numeric(a), known(n)
    shape = shape_known(operand)
    (at,) = axes_of(known(axis), len(shape))
    parts = [operand, *(numeric(part) for part in (prepend, append) if not known_none(part))]
    lengths = [part.shape[at] if isinstance(part, Array) and part.shape else 1 for part in parts]
    size = added(lengths)
    dtype = np.concatenate([np.zeros(1, sp.dtype_of(part)) for part in parts]).dtype
    if dtype.kind == "b" or less < 0:
        raise Undecided
    size = max(size - less, 0) if isinstance(size, int) else shift(size, -less)
    return Array(dtype, (*shape[:at], size, *shape[at + 1 :]))


def trace(a: Spec) -> Spec:
    operand = numeric(a)
    return scalar_or_array(dtype_by(np.sum, operand), shape_known(operand)[2:])


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
    if () in (sp.shape_of(left), sp.shape_of(right)):
        return broadcasted(dtype_by(np.dot, left, right), [left, right])
    m, n = shape_known(left), shape_known(right)
    return scalar_or_array(_product_dtype(left, right), (*m[:-1], *n[:-2], *(n[-1:] if len(n) > 1 else ())))


def vdot(a: Spec, b: Spec) -> Spec:
    return Number(dtype_by(np.vdot, numeric(a), numeric(b)).type)


def inner(a: Spec, b: Spec) -> Spec:
    left, right = numeric(a), numeric(b)
    m, n = shape_known(left), shape_known(right)
    if not m or not n:
        return broadcasted(dtype_by(np.inner, left, right), [left, right])
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


def einsum(subscripts: Spec, operands: Spec) -> Spec:
    """The dimension of each letter, from whichever operands know it; an ellipsis broadcasts."""
    several = isinstance(operands, Struct) and operands.kind is tuple
    found = [numeric(item) for item in (operands.items if several else (operands,))]  # type: ignore[union-attr]
    given, arrow, output = known(subscripts).replace(" ", "").partition("->")
    dims: dict[str, Dimension] = {}
    leading: list[Shape] = []
    for term, operand in zip(given.split(","), found, strict=True):
        shape, letters = shape_known(operand), term.replace("...", "")
        dots = len(shape) - len(letters)
        if dots and not term.startswith("..."):
            raise Undecided
        leading.append(shape[:dots])
        for letter, dim in zip(letters, shape[dots:]):
            dims[letter] = sp.broadcast_dimension(dims.get(letter, 1), dim)
    letters = given.replace(",", "").replace("...", "")
    implied = "".join(sorted(letter for letter in set(letters) if letters.count(letter) == 1))
    result = [dims[letter] for letter in (output.replace("...", "") if arrow else implied)]
    dtype = np.result_type(
        *(operand.type if isinstance(operand, Number) else operand.dtype for operand in found)
    )
    return scalar_or_array(dtype, (*(sp.broadcast(*leading) or ()), *result))
