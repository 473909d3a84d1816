"""The results of reading by index, basic and advanced (S19).

getitem(f8[x0, x1], (slice(1, None), 0))   ->   f8[x0 - 1]
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from astgrad.analyses import specs as sp
from astgrad.analyses.specs import Array, Dim, Dimension, Known, Number, Spec, Struct, Undecided, static
from astgrad.rules.results.operands import (
    axes_of,
    known,
    np_array,
    numeric,
    scalar_or_array,
    shape_known,
    shift,
    size_of,
)

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


def is_int(part: Spec) -> bool:
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
    if is_int(part) or (isinstance(part, Struct) and part.kind is slice):
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
