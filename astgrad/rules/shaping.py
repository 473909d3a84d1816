"""Shaping: what moves elements without changing them. The adjoint moves them back."""

from __future__ import annotations

from typing import Any

import numpy as np

from astgrad.rules.kinds import linear
from astgrad.rules.results import making, operands, shaping
from astgrad.runtime import scatter, scatter_take, split_like, tree_like, unbroadcast

# --- the same elements in another shape

linear(
    np.reshape,
    lambda by, a, shape: np.reshape(by, np.shape(a)),
    spec=shaping.of_shape(shaping.reshaped, keeps=True),
    result="view",
    variadic="shape",
)
linear(
    np.ravel,
    lambda by, a: np.reshape(by, np.shape(a)),
    spec=shaping.of_shape(lambda shape: (operands.size_of(shape),)),
    result="view",
)
linear(
    np.ndarray.flatten,
    lambda by, a: np.reshape(by, np.shape(a)),
    spec=shaping.of_shape(lambda shape: (operands.size_of(shape),)),
)
linear(
    np.squeeze,
    lambda by, a, axis=None: np.reshape(by, np.shape(a)),
    spec=shaping.of_shape(shaping.squeezed, keeps=True),
    result="view",
)
linear(
    np.expand_dims,
    lambda by, a, axis: np.reshape(by, np.shape(a)),
    spec=shaping.of_shape(shaping.expanded),
    result="view",
)
linear(
    np.atleast_1d,
    lambda by, a: np.reshape(by, np.shape(a)),
    spec=shaping.of_shape(shaping.at_least(1)),
    result="view",
)
linear(
    np.atleast_2d,
    lambda by, a: np.reshape(by, np.shape(a)),
    spec=shaping.of_shape(shaping.at_least(2)),
    result="view",
)
linear(
    np.atleast_3d,
    lambda by, a: np.reshape(by, np.shape(a)),
    spec=shaping.of_shape(shaping.at_least(3)),
    result="view",
)

# --- axes in another order

linear(
    np.transpose,
    lambda by, a, axes=None: by.T if axes is None else np.transpose(by, np.argsort(axes)),
    spec=shaping.of_shape(shaping.transposed, keeps=True),
    result="view",
    variadic="axes",
)
linear(
    np.matrix_transpose,
    lambda by, a: by.mT,
    spec=shaping.of_shape(shaping.matrix_transposed),
    result="view",
)
linear(
    np.swapaxes,
    lambda by, a, axis1, axis2: np.swapaxes(by, axis1, axis2),
    spec=shaping.of_shape(shaping.swapped),
    result="view",
)
linear(
    np.moveaxis,
    lambda by, a, source, destination: np.moveaxis(by, destination, source),
    spec=shaping.of_shape(shaping.moved),
    result="view",
)

# --- elements in another order

linear(
    np.flip,
    lambda by, m, axis=None: np.flip(by, axis),
    spec=shaping.flipped,
    result="view",
)
linear(np.fliplr, lambda by, m: np.fliplr(by), spec=shaping.same_shape_m, result="view")
linear(np.flipud, lambda by, m: np.flipud(by), spec=shaping.same_shape_m, result="view")
linear(
    np.roll,
    lambda by, a, shift, axis=None: np.roll(
        by, -shift if isinstance(shift, int) else np.negative(shift), axis
    ),
    spec=lambda a, shift, axis=None: operands.as_array(a),
)
# of a vector: that many rows of it
linear(np.tril, lambda by, m, k=0: unbroadcast(np.tril(by, k), m), spec=shaping.triangle)
linear(np.triu, lambda by, m, k=0: unbroadcast(np.triu(by, k), m), spec=shaping.triangle)


def diag(by: Any, v: Any, k: Any = 0) -> Any:
    """A vector onto the diagonal, or the diagonal of a matrix."""
    if np.ndim(v) == 1:
        bv = np.diag(by, k)
    else:
        bv = diagonal(by, v, k)
    return bv


def diagonal(by: Any, a: Any, offset: Any = 0) -> Any:
    """a[i, i + offset]; the diagonal is the last axis of the result."""
    places = np.arange(np.shape(by)[-1])
    return scatter(np.moveaxis(by, -1, 0), (places + max(-offset, 0), places + max(offset, 0)), a)


linear(np.diag, diag, spec=shaping.diag, result="view")
linear(np.diagonal, diagonal, spec=shaping.of_shape(shaping.diagonal_of), result="view")

# --- repeating

linear(
    np.broadcast_to,
    lambda by, array, shape: unbroadcast(by, array),
    spec=shaping.broadcast_to,
    result="view",
)


def repeat(by: Any, a: Any, repeats: Any, axis: Any = None) -> Any:
    """The sum over the repeats, that lie side by side."""
    if isinstance(repeats, int) and np.ndim(a) == 1:
        ba = np.sum(np.reshape(by, (len(a), repeats)), axis=1)
    else:
        ba = scatter_take(by, np.repeat(np.arange(np.size(a, axis)), repeats), a, axis)
    return ba


def tile(by: Any, A: Any, reps: Any) -> Any:
    """The sum over the copies."""
    if isinstance(reps, int) and np.ndim(A) == 1:
        bA = np.sum(np.reshape(by, (reps, len(A))), axis=0)
    else:
        bA = scatter_take(by, np.tile(np.reshape(np.arange(np.size(A)), np.shape(A)), reps), A)
    return bA


linear(np.repeat, repeat, spec=shaping.repeat)
linear(np.tile, tile, spec=shaping.tile)

# --- putting together

linear(np.concatenate, lambda by, arrays, axis=0: split_like(by, arrays, axis), spec=shaping.concatenate)
linear(np.stack, lambda by, arrays, axis=0: split_like(by, arrays, axis), spec=shaping.stack)
linear(np.vstack, lambda by, tup: split_like(by, tup, 0), spec=shaping.stacked(2, 0))
linear(np.hstack, lambda by, tup: split_like(by, tup, 0 if by.ndim == 1 else 1), spec=shaping.stacked(1, 1))
linear(np.dstack, lambda by, tup: split_like(by, tup, 2), spec=shaping.stacked(3, 2))
linear(np.column_stack, lambda by, tup: split_like(by, tup, 1), spec=shaping.column_stack)


def append(by: Any, arr: Any, values: Any, axis: Any = None) -> Any:
    """What comes first and what comes behind it."""
    n = np.size(arr, axis)
    if axis is None:
        barr = np.reshape(by[:n], np.shape(arr))
        bvalues = np.reshape(by[n:], np.shape(values))
    else:
        turned = np.swapaxes(by, 0, axis)
        barr = np.swapaxes(turned[:n], 0, axis)
        bvalues = np.swapaxes(turned[n:], 0, axis)
    return barr, bvalues


linear(np.append, append, wrt=("arr", "values"), spec=shaping.append)
linear(
    np.array,
    lambda by, object, dtype=None: by if isinstance(object, np.ndarray) else tree_like(by, object),
    spec=operands.np_array,
)
linear(
    np.asarray,
    lambda by, a, dtype=None: by if isinstance(a, np.ndarray) else tree_like(by, a),
    spec=lambda a, dtype=None: operands.np_array(a, dtype),
    result="view",
)
linear(
    np.ascontiguousarray,
    lambda by, a, dtype=None: np.reshape(by, np.shape(a)),
    spec=lambda a, dtype=None: shaping.at_least_1d(operands.np_array(a, dtype)),
    result="view",
)

# --- copies and casts; the adjoint is cast back to the operand's dtype by the caller

linear(
    np.copy,
    lambda by, a: by if isinstance(a, np.ndarray) else tree_like(by, a),
    spec=operands.as_array,
)
linear(np.ndarray.astype, lambda by, a, dtype: by, spec=shaping.astype)
linear(np.float64, lambda by, x: by, spec=shaping.cast_to(np.float64), result="view")
linear(np.float32, lambda by, x: by, spec=shaping.cast_to(np.float32), result="view")
linear(np.complex128, lambda by, x: by, spec=shaping.cast_to(np.complex128), result="view")

# --- filling

linear(
    np.full,
    lambda by, shape, fill_value, dtype=None: unbroadcast(by, fill_value),
    wrt=["fill_value"],
    spec=making.full,
)
linear(
    np.full_like,
    lambda by, a, fill_value, dtype=None, *, shape=None: unbroadcast(by, fill_value),
    wrt=["fill_value"],
    shape_only=["a"],
    spec=making.full_like,
)


def linspace(by: Any, start: Any, stop: Any, num: Any = 50, endpoint: Any = True) -> Any:
    """start (1 - t) + stop t for t in [0, 1]"""
    t = np.linspace(0, 1, num) if endpoint is True else np.linspace(0, 1, num, endpoint)
    if np.ndim(by) == 1:
        bstart, bstop = by @ (1 - t), by @ t
    else:
        bstart = unbroadcast(np.tensordot(1 - t, by, 1), start)
        bstop = unbroadcast(np.tensordot(t, by, 1), stop)
    return bstart, bstop


linear(np.linspace, linspace, wrt=("start", "stop"), spec=making.linspace)


def arange(by: Any, start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """start + i step; the end decides the length alone, and where only one is given that is the end."""
    bstart = 0.0 if stop is None else np.sum(by)
    bstep = 0.0 if step is None else by @ np.arange(len(by))
    return bstart, 0.0, bstep


linear(np.arange, arange, wrt=("start", "stop", "step"), spec=making.arange)

# --- taking apart

linear(
    np.split,
    lambda by, ary, indices_or_sections, axis=0: joined(by, axis),
    spec=shaping.split(exact=True),
    result="view",
)
linear(
    np.array_split,
    lambda by, ary, indices_or_sections, axis=0: joined(by, axis),
    spec=shaping.split(exact=False),
    result="view",
)
linear(
    np.hsplit,
    lambda by, ary, indices_or_sections: joined(by, 0 if np.ndim(ary) == 1 else 1),
    spec=shaping.split_along(1),
    result="view",
)
linear(
    np.vsplit,
    lambda by, ary, indices_or_sections: joined(by, 0),
    spec=shaping.split_along(0),
    result="view",
)


def joined(by: Any, axis: Any) -> Any:
    """The pieces side by side again."""
    return np.concatenate(by) if axis == 0 else np.concatenate(by, axis)
