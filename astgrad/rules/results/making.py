"""The results of what makes arrays, asks for their shape, or carries adjoints.

filled((x0, 3))   ->   f8[x0, 3]
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from astgrad.analyses import specs as sp
from astgrad.analyses.specs import (
    FLOAT,
    INT,
    NUMBERS,
    Array,
    Dim,
    Dimension,
    Known,
    Number,
    Spec,
    Struct,
    Undecided,
)
from astgrad.rules.results.computing import broadcasted, reduced, ufunc
from astgrad.rules.results.operands import (
    axes_of,
    dimension,
    dimensions,
    dtype_by,
    known,
    number_of,
    numeric,
    sample,
    scalar_or_array,
    shape_known,
    shift,
    size_of,
)

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


def item(a: Spec, args: Any = None) -> Spec:
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


def linspace(start: Spec, stop: Spec, num: Any = 50, endpoint: Any = True) -> Spec:
    a, b = numeric(start), numeric(stop)
    shape = sp.broadcast(shape_known(a), shape_known(b))
    assert shape is not None
    return Array(np.linspace(sample(a), sample(b), 1).dtype, (dimension(num), *shape))


def eye(N: Spec, M: Any = None, k: Any = 0, dtype: Any = float) -> Spec:
    columns = N if M is None or Known(None) == M else M
    return Array(np.dtype(known(dtype)), (dimension(N), dimension(columns)))


def index_reduction(a: Spec, axis: Any = None, keepdims: Any = False) -> Spec:
    return scalar_or_array(np.dtype(np.intp), reduced(sp.shape_of(numeric(a)), axis, keepdims))


def count_nonzero(a: Spec, axis: Any = None, *, keepdims: Any = False) -> Spec:
    """Of a whole array an int of Python or, from NumPy 2.3 on, of NumPy."""
    found = index_reduction(a, axis, keepdims)
    whole = isinstance(found, Number) and known(axis) is None
    return Number(type(np.count_nonzero(1))) if whole else found


def bool_reduction(a: Spec, axis: Any = None, keepdims: Any = False) -> Spec:
    return scalar_or_array(np.dtype(bool), reduced(sp.shape_of(numeric(a)), axis, keepdims))


def sorting(a: Spec, axis: Any = -1, kind: Any = None) -> Spec:
    operand = numeric(a)
    dims = shape_known(operand)
    return Array(np.dtype(np.intp), (size_of(dims),) if known(axis) is None else dims or (1,))


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


def one_of(seq: Spec) -> Spec:
    """Any item of a container whose items are of one kind."""
    if isinstance(seq, Struct) and len(set(seq.items)) == 1:
        return seq.items[0]
    raise Undecided


def accumulated(a: Spec, b: Spec) -> Spec:
    from astgrad.rules import registry

    if isinstance(a, Known) or isinstance(b, Known):
        return b if isinstance(a, Known) else a
    return registry.result_spec(operator.add, (a, b), {})


def unraising(base: Spec, exponent: Spec) -> Spec:
    if isinstance(base, Number) and isinstance(exponent, Number) and base.type is exponent.type is float:
        return Number(np.float64)
    return base


def lowered(exponent: Spec) -> Spec:
    operand = numeric(exponent)
    return Number(operand.type) if isinstance(operand, Number) else ufunc(np.subtract, operand, INT)
