"""Reductions: the adjoint of the result is spread over the axes that were removed."""

from __future__ import annotations

from typing import Any

import numpy as np

from astgrad.rules.kinds import adjoint, linear
from astgrad.rules.results import computing
from astgrad.runtime import count, others, unreduce

linear(
    np.sum,
    lambda by, a, axis=None, *, keepdims=False: unreduce(by, a, axis, keepdims),
    spec=computing.reduction(np.sum),
)


def mean(by: Any, a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """by / n, spread.  np.divide, since 1.0 / 0 raises on Python numbers where the mean of nothing is NaN."""
    n = count(a, axis) if isinstance(axis, tuple) else np.size(a, axis)
    return unreduce(np.divide(by, n), a, axis, keepdims)


linear(np.mean, mean, spec=computing.reduction(np.mean))


def extremum(by: Any, y: Any, a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Shared equally among the elements equal to y; NaN where y is."""
    if axis is None:
        picked = a == y
        share = by / np.sum(picked)
    else:
        picked = a == unreduce(y, a, axis, keepdims)
        share = unreduce(by / np.sum(picked, axis=axis, keepdims=keepdims), a, axis, keepdims)
    return picked * share


adjoint(np.max, extremum, spec=computing.reduction(np.max), aliases=[np.amax])
adjoint(np.min, extremum, spec=computing.reduction(np.min), aliases=[np.amin])

# exact also where elements are zero
adjoint(
    np.prod,
    lambda by, y, a, axis=None, *, keepdims=False: np.conj(others(a, axis)) * unreduce(by, a, axis, keepdims),
    spec=computing.reduction(np.prod),
)


def centered(a: Any, axis: Any) -> Any:
    """a - mean(a)"""
    return a - (np.mean(a) if axis is None else np.mean(a, axis=axis, keepdims=True))


def var(by: Any, y: Any, a: Any, axis: Any = None, *, ddof: Any = 0, keepdims: bool = False) -> Any:
    """2 (a - mean(a)) / (n - ddof)"""
    n = count(a, axis) if isinstance(axis, tuple) else np.size(a, axis)
    return centered(a, axis) * unreduce(np.divide(2 * by, n - ddof), a, axis, keepdims)


def std(by: Any, y: Any, a: Any, axis: Any = None, *, ddof: Any = 0, keepdims: bool = False) -> Any:
    """(a - mean(a)) / ((n - ddof) y), and 0 where y is 0."""
    n = count(a, axis) if isinstance(axis, tuple) else np.size(a, axis)
    scale = by / ((n - ddof) * np.where(y == 0, np.inf, y))
    return centered(a, axis) * unreduce(scale, a, axis, keepdims)


adjoint(np.var, var, spec=computing.reduction(np.var))
adjoint(np.std, std, spec=computing.reduction(np.std))

# the Euclidean norm: x / y, and 0 at 0
adjoint(
    np.linalg.norm,
    lambda by, y, x, *, axis=None, keepdims=False: (
        x * unreduce(by / np.where(y == 0, np.inf, y), x, axis, keepdims)
    ),
    spec=computing.reduction(np.linalg.norm),
)


def cumsum(by: Any, a: Any, axis: Any = None) -> Any:
    """The sum of what comes after."""
    summed = np.flip(np.cumsum(np.flip(by, axis), axis), axis)
    return np.reshape(summed, np.shape(a)) if axis is None else summed


linear(np.cumsum, cumsum, spec=computing.cumulative(np.cumsum))


def trace(by: Any, a: Any) -> Any:
    """by on the diagonal of the first two axes."""
    eye = np.eye(a.shape[0], a.shape[1])
    return by * eye if a.ndim == 2 else np.moveaxis(by[..., None, None] * eye, (-2, -1), (0, 1))


linear(np.trace, trace, spec=computing.trace)
