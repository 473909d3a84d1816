"""Joining: what is known of a value that comes from one of several paths (S14).

In come the specs at the ends of two arms, or at the entry and at the back edge of a loop; out comes the
spec that holds for both. It widens at once: what differs is forgotten, so that loop heads settle in a few
steps.

    int, float -> ~float        f8[x0], f8[x0] -> f8[x0]        f8[3], f8[4] -> f8[None]     f8[3], int -> ?
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from astgrad.analyses.specs import (
    UNKNOWN,
    Array,
    Dim,
    Dimension,
    Known,
    Listing,
    Number,
    Recorded,
    Spec,
    Struct,
)
from astgrad.ir import Closure, Var
from astgrad.records import replace


class Nested:
    """One of several nested functions."""


NESTED = Known(Nested())


def join(a: Spec, b: Spec) -> Spec:
    """The narrowest spec of this language that holds for both."""
    if isinstance(a, Array) and isinstance(b, Array):
        return _arrays(a, b)
    first, second = _number(a), _number(b)
    if first is not None and second is not None:
        return a if a == b and isinstance(a, Known) else _numbers(first, second)
    if isinstance(a, Struct) and isinstance(b, Struct) and _congruent(a, b):
        return Struct(a.kind, tuple(map(join, a.items, b.items)), a.keys)
    if isinstance(a, Recorded) and isinstance(b, Recorded) and len(a.columns) == len(b.columns):
        return a  # the tapes of one loop
    if any(
        isinstance(spec, Known) and (isinstance(spec.value, Closure) or spec is NESTED) for spec in (a, b)
    ):
        return NESTED
    return a if a == b else UNKNOWN


def _arrays(a: Array, b: Array) -> Spec:
    if a.dtype != b.dtype:
        return UNKNOWN
    if a.shape is None or b.shape is None or len(a.shape) != len(b.shape):
        return Array(a.dtype)
    return Array(a.dtype, tuple(x if x == y else None for x, y in zip(a.shape, b.shape)))


def _number(spec: Spec) -> Number | None:
    """A scalar as a Number; True and False are Numbers too."""
    if isinstance(spec, Known) and isinstance(spec.value, (bool, np.bool_)):
        return Number(type(spec.value))
    return spec if isinstance(spec, Number) else None


def _numbers(a: Number, b: Number) -> Spec:
    value = a.value if a.value == b.value and type(a.value) is type(b.value) else None
    exact = a.exact and b.exact
    if a.type is b.type:
        return Number(a.type, value, exact)
    if not all(issubclass(kind, (int, float, complex, np.number, np.bool_)) for kind in (a.type, b.type)):
        return UNKNOWN
    return Number(_widest(a.type, b.type), None, False)


def _widest(a: type, b: type) -> type:
    """The type of a sum; a scalar of NumPy where one of them is."""
    python = (bool, int, float, complex)
    if a in python and b in python:
        return python[max(python.index(a), python.index(b))]
    samples = [kind(1) if kind in python else np.dtype(kind).type(1) for kind in (a, b)]
    return type(samples[0] + samples[1])


def _congruent(a: Struct, b: Struct) -> bool:
    return a.kind is b.kind and a.keys == b.keys and len(a.items) == len(b.items)


def forget(spec: Spec) -> Spec:
    """A spec at a loop head: the value of a literal is that of the first step alone."""
    if isinstance(spec, Number) and isinstance(spec.value, (int, float)):
        return replace(spec, value=None)
    return replace(spec, items=tuple(map(forget, spec.items))) if isinstance(spec, Struct) else spec


def loose(spec: Spec) -> Spec:
    """An item of a list may be a number of Python or of NumPy: adjoints of lists are lists of either."""
    if isinstance(spec, Struct):
        return replace(spec, items=tuple(map(loose, spec.items)))
    return replace(spec, exact=False) if isinstance(spec, Number) and spec.type is float else spec


def of_length(spec: Spec, length: int) -> Spec:
    """A list of unknown length as one of a known length."""
    return Struct(list, (spec.item,) * length) if isinstance(spec, Listing) else spec


def outside(spec: Spec, inner: Collection[Var]) -> Spec:
    """A spec without the dimensions that only values bound in a region have."""
    if isinstance(spec, Array) and spec.shape is not None:
        return Array(spec.dtype, tuple(_outer(dim, inner) for dim in spec.shape))
    if isinstance(spec, Number) and isinstance(spec.value, Dim):
        return replace(spec, value=_outer(spec.value, inner))
    if isinstance(spec, Struct):
        return replace(spec, items=tuple(outside(item, inner) for item in spec.items))
    return spec


def _outer(dim: Dimension, inner: Collection[Var]) -> Dimension:
    return None if isinstance(dim, Dim) and dim.source in inner else dim
