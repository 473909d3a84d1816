"""Operands: what the specs of a call's results are made of.

`Undecided` is raised where the operands do not decide the result; `registry.result_spec` makes it UNKNOWN.
Dtypes are not tabulated: ufuncs are asked, other functions are tried once on arrays of one element.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from astgrad.analyses import specs as sp
from astgrad.analyses.specs import (
    Array,
    Dim,
    Dimension,
    Known,
    Number,
    Spec,
    Struct,
    Undecided,
    Unknown,
    static,
)
from astgrad.records import replace

Shape = tuple[Dimension, ...]
NUMERIC = "biufc"


# --- operands


def known(value: Any) -> Any:
    """The value of an operand that has to be known; a default is a value already."""
    return static(value) if isinstance(value, (Unknown, Array, Number, Known, Struct)) else value


def numeric(spec: Any) -> Array | Number:
    """The operand of a numerical function: a bool is a number, a list an array."""
    if isinstance(spec, Number) or (isinstance(spec, Array) and spec.dtype.kind in NUMERIC):
        return spec
    if isinstance(spec, Known) and type(spec.value) in (bool, np.bool_):
        return Number(type(spec.value))
    if isinstance(spec, Struct) and spec.kind in (list, tuple):
        return np_array(spec)
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
        return replace(dim, offset=dim.offset - by)
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
        return (len(spec.items), *common_shape([_tree_shape(item) for item in spec.items]))
    return shape_known(numeric(spec))


def common_shape(shapes: Sequence[Shape]) -> Shape:
    """The shape of operands that have to agree: each dimension from whoever knows it."""
    if len({len(shape) for shape in shapes}) != 1:
        raise Undecided
    return tuple(next((dim for dim in dims if dim is not None), None) for dims in zip(*shapes))
