"""Reductions: the adjoint of the result is spread over the axes that were removed."""

from __future__ import annotations

from typing import Any

import numpy as np

from astgrad.rules.kinds import adjoint, linear
from astgrad.rules.results import computing
from astgrad.runtime import (
    count,
    refused,
    scatter,
    scatter_along,
    scatter_take,
    unbroadcast,
    unreduce,
)
from astgrad.runtime_products import others, recurrence

linear(
    np.sum,
    lambda by, a, axis=None, *, keepdims=False: unreduce(by, a, axis, keepdims),
    spec=computing.reduction(np.sum),
)


def mean(by: Any, a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """by / n, spread.  np.divide, since 1.0 / 0 raises on Python numbers where the mean of nothing is NaN."""
    return unreduce(np.divide(by, count(a, axis)), a, axis, keepdims)


linear(np.mean, mean, spec=computing.reduction(np.mean))


def extremum(by: Any, y: Any, a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Shared equally among the elements equal to y; NaN where y is."""
    return shared(by, y, a, axis, keepdims)


def shared(by: Any, y: Any, a: Any, axis: Any, keepdims: Any) -> Any:
    """by / n for the n elements equal to y."""
    if axis is None or np.ndim(a) == 0:
        picked = a == y
        share = by / np.sum(picked)
    elif keepdims:
        picked = a == y
        share = by / np.sum(picked, axis=axis, keepdims=True)
    else:
        picked = a == unreduce(y, a, axis)
        share = unreduce(by / np.sum(picked, axis=axis), a, axis)
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
    return a - (np.mean(a) if axis is None or np.ndim(a) == 0 else np.mean(a, axis=axis, keepdims=True))


def freedom(a: Any, axis: Any, ddof: Any) -> Any:
    """n - ddof"""
    return count(a, axis) - ddof


def var(by: Any, y: Any, a: Any, axis: Any = None, *, ddof: Any = 0, keepdims: bool = False) -> Any:
    """2 (a - mean(a)) / (n - ddof)"""
    return centered(a, axis) * unreduce(np.divide(2 * by, freedom(a, axis, ddof)), a, axis, keepdims)


def std(by: Any, y: Any, a: Any, axis: Any = None, *, ddof: Any = 0, keepdims: bool = False) -> Any:
    """(a - mean(a)) / ((n - ddof) y), and 0 where y is 0."""
    scale = ratio(by, y) / freedom(a, axis, ddof)
    return centered(a, axis) * unreduce(scale, a, axis, keepdims)


def ratio(by: Any, y: Any, p: Any = 1) -> Any:
    """by / y**p, and 0 where y is 0, as its derivatives are there."""
    return (y != 0) / (y + (y == 0)) ** p * by


adjoint(np.var, var, spec=computing.reduction(np.var))
adjoint(np.std, std, spec=computing.reduction(np.std))


def ptp(by: Any, y: Any, a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The greatest less the least."""
    if axis is None:
        ba = shared(by, np.max(a), a, None, False) - shared(by, np.min(a), a, None, False)
    elif keepdims:
        most, least = np.max(a, axis=axis, keepdims=True), np.min(a, axis=axis, keepdims=True)
        ba = shared(by, most, a, axis, True) - shared(by, least, a, axis, True)
    else:
        ba = shared(by, np.max(a, axis=axis), a, axis, False) - shared(
            by, np.min(a, axis=axis), a, axis, False
        )
    return ba


adjoint(np.ptp, ptp, spec=computing.reduction(np.ptp))


def median(by: Any, y: Any, a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Half to each of the two in the middle, which are one where the number is odd; stable, as np.sort."""
    n = count(a, axis)
    if axis is None or np.ndim(a) == 0:
        order = np.argsort(a, axis=None, kind="stable")
        half = np.sum(by) / 2 if keepdims else by / 2
        ba = scatter_take(half, order[(n - 1) // 2], a) + scatter_take(half, order[n // 2], a)
    elif isinstance(axis, tuple):
        ba = refused("np.median over several axes has no derivative rule")
    else:
        order = np.argsort(a, axis=axis, kind="stable")
        half = by / 2 if keepdims else np.expand_dims(by, axis) / 2
        middle = np.take(order, np.array([(n - 1) // 2, n // 2]), axis)
        ba = scatter_along(np.concatenate((half, half), axis), middle, a, axis)
    return ba


adjoint(np.median, median, spec=computing.median)


def average(by: Any, y: Any, a: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    """ba = w by / sum(w), bw = (a - y) by / sum(w); weights of one axis lie along it."""
    if weights is None:
        ba, bweights = unreduce(np.divide(by, count(a, axis)), a, axis, keepdims), 0.0
    elif np.ndim(weights) == np.ndim(a):
        total = np.sum(weights) if axis is None else np.sum(weights, axis=axis, keepdims=keepdims)
        share = unreduce(by / np.conj(total), a, axis, keepdims)
        ba = share * np.conj(weights)
        bweights = share * np.conj(a - unreduce(y, a, axis, keepdims))
    elif isinstance(axis, tuple):
        ba, bweights = refused("np.average with weights along several axes has no derivative rule"), 0.0
    else:
        share = unreduce(by / np.conj(np.sum(weights)), a, axis, keepdims)
        behind = np.ndim(a) - 1 - axis % np.ndim(a)
        along = weights if behind == 0 else np.reshape(weights, (-1,) + (1,) * behind)
        ba = share * np.conj(along)
        rest = tuple(range(axis % np.ndim(a))) + tuple(range(axis % np.ndim(a) + 1, np.ndim(a)))
        bweights = np.sum(share * np.conj(a - unreduce(y, a, axis, keepdims)), axis=rest)
    return ba, bweights


adjoint(np.average, average, wrt=("a", "weights"), spec=computing.average)

# --- those that leave out NaN

linear(
    np.nansum,
    lambda by, a, axis=None, *, keepdims=False: np.where(np.isnan(a), 0, unreduce(by, a, axis, keepdims)),
    spec=computing.reduction(np.nansum),
)


def nanmean(by: Any, a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """by / n for the n that are no NaN."""
    if axis is None:
        n = np.sum(~np.isnan(a))
    elif keepdims:
        n = np.sum(~np.isnan(a), axis=axis, keepdims=True)
    else:
        n = np.sum(~np.isnan(a), axis=axis)
    return np.where(np.isnan(a), 0, unreduce(by / n, a, axis, keepdims))


linear(np.nanmean, nanmean, spec=computing.reduction(np.nanmean))


# --- norms


def norm(by: Any, y: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """|x|**(p - 1) sign(x) / y**(p - 1), of matrices Frobenius' alone; 0 at 0, ties are shared."""
    matrix = (axis is None and np.ndim(x) == 2) or (isinstance(axis, tuple) and len(axis) == 2)
    if ord is None or ord == "fro" or (ord == 2 and not matrix):
        bx = x * unreduce(ratio(by, y), x, axis, keepdims)
    elif matrix:
        bx = refused("np.linalg.norm of a matrix has a derivative rule for the Frobenius norm alone")
    elif ord == 1:
        bx = np.sign(x) * unreduce(by, x, axis, keepdims)
    elif abs(ord) == np.inf:
        bx = np.sign(x) * shared(by, y, np.abs(x), axis, keepdims)
    elif ord == 0:
        bx = np.zeros_like(x)
    else:
        share = unreduce(ratio(by, y, ord - 1), x, axis, keepdims)
        size = np.abs(x) + unreduce(y == 0, x, axis, keepdims)  # no root of 0, whose derivative is infinite
        bx = np.sign(x) * size ** (ord - 1) * share
    return bx


adjoint(np.linalg.norm, norm, spec=computing.norm)

# --- running sums and products


def cumsum(by: Any, a: Any, axis: Any = None) -> Any:
    """The sum of what comes after."""
    if axis is None or np.ndim(a) <= 1:
        ba = np.reshape(np.cumsum(by[::-1])[::-1], np.shape(a))
    else:
        ba = np.flip(np.cumsum(np.flip(by, axis), axis), axis)
    return ba


linear(np.cumsum, cumsum, spec=computing.cumulative(np.cumsum))


def front(a: Any, axis: Any) -> Any:
    """The axis in front, and back again."""
    return a if axis % np.ndim(a) == 0 else np.swapaxes(a, 0, axis)


def cumprod(by: Any, y: Any, a: Any, axis: Any = None) -> Any:
    """What comes before, times by[j] + a[j + 1] (by[j + 1] + ...): exact also where elements are zero."""
    if axis is None:
        ba = np.reshape(cumprod(by, y, np.ravel(a), 0), np.shape(a))
    else:
        turned = np.flip(np.roll(np.conj(a), -1, axis), axis)
        after = np.flip(recurrence(np.flip(by, axis), turned, axis), axis)
        rows = front(y, axis)
        before = front(np.concatenate((np.ones_like(rows[:1]), rows[:-1])), axis)
        ba = after * np.conj(before)
    return ba


adjoint(np.cumprod, cumprod, spec=computing.cumulative(np.cumprod))


def steps(by: Any, a: Any, axis: Any) -> Any:
    """The transpose of a[1:] - a[:-1] along an axis."""
    if axis % np.ndim(a) == 0:
        ba = scatter(by, slice(1, None), a) - scatter(by, slice(None, -1), a)
    else:
        all_before = (slice(None),) * (axis % np.ndim(a))
        later, sooner = all_before + (slice(1, None),), all_before + (slice(None, -1),)
        ba = scatter(by, later, a) - scatter(by, sooner, a)
    return ba


def differences(by: Any, a: Any, n: Any, axis: Any) -> Any:
    """Of the n-th differences."""
    if n == 0:
        ba = by
    elif n == 1:
        ba = steps(by, a, axis)
    else:
        ba = steps(differences(by, np.diff(a, axis=axis), n - 1, axis), a, axis)
    return ba


def widened(by: Any, n: Any, axis: Any) -> Any:
    """Of the n-th differences of what is not empty."""
    return by if n == 0 else -np.diff(widened(by, n - 1, axis), axis=axis, prepend=0, append=0)


def length(a: Any, axis: Any) -> Any:
    """How much of the axis what is put before takes."""
    return 1 if np.ndim(a) == 0 else np.shape(a)[axis]


def diff(by: Any, a: Any, n: Any = 1, axis: Any = -1, prepend: Any = None, append: Any = None) -> Any:
    """by[i - 1] - by[i], n times; what was put before and behind `a` is cut off."""
    if prepend is None and append is None:
        ba, bprepend, bappend = differences(by, a, n, axis), 0.0, 0.0
    else:
        rows = front(widened(by, n, axis), axis)
        behind = rows if prepend is None else rows[length(prepend, axis) :]
        ba = behind if append is None else behind[: np.shape(a)[axis]]
        ba = front(ba, axis)
        bprepend, bappend = 0.0, 0.0
        if prepend is not None:
            bprepend = unbroadcast(front(rows[: length(prepend, axis)], axis), prepend)
        if append is not None:
            bappend = unbroadcast(front(behind[np.shape(a)[axis] :], axis), append)
    return ba, bprepend, bappend


linear(np.diff, diff, wrt=("a", "prepend", "append"), spec=computing.diff, result="view")


def trace(by: Any, a: Any) -> Any:
    """by on the diagonal of the first two axes."""
    eye = np.eye(len(a), a.shape[1])
    return by * eye if a.ndim == 2 else np.moveaxis(by[..., None, None] * eye, (-2, -1), (0, 1))


linear(np.trace, trace, spec=computing.trace)
