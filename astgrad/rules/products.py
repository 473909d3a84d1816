"""Products: one transpose for each factor. Transposes conjugate; np.conj of what is real disappears."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from astgrad.rules.kinds import multilinear
from astgrad.rules.results import computing
from astgrad.runtime import refused, unbroadcast
from astgrad.runtime_products import coincides, coinciding, distinct, misplaced, subscripts_back


def matmul(by: Any, x1: Any, x2: Any) -> Any:
    """b1 = by x2ᴴ, b2 = x1ᴴ by.   x1: (n,) or (..., m, n)   x2: (n,) or (..., n, k)"""
    if x1.ndim == 1 and x2.ndim == 1:
        b1 = by * np.conj(x2)
        b2 = by * np.conj(x1)
    elif x1.ndim == 2 and x2.ndim == 1:
        b1 = np.outer(by, np.conj(x2))
        b2 = np.conj(x1.T) @ by
    elif x1.ndim == 1 and x2.ndim == 2:
        b1 = np.conj(x2) @ by
        b2 = np.outer(np.conj(x1), by)
    elif x1.ndim == 2 and x2.ndim == 2:
        b1 = by @ np.conj(x2.T)
        b2 = np.conj(x1.T) @ by
    else:
        b1, b2 = matmul_of_stacks(by, x1, x2)
    return b1, b2


def matmul_of_stacks(by: Any, x1: Any, x2: Any) -> Any:
    """One of the two, or both, of three axes or more; a function of its own, to be read when it is needed."""
    if x2.ndim == 1:
        b1 = by[..., None] * np.conj(x2)
        b2 = np.tensordot(by, np.conj(x1), by.ndim)
    elif x1.ndim == 1:
        b1 = unbroadcast((np.conj(x2) @ by[..., None])[..., 0], x1)
        b2 = np.conj(x1)[:, None] * by[..., None, :]
    elif x2.ndim == 2:
        # one large product instead of the sum of many small ones
        b1 = by @ np.conj(x2.T)
        b2 = np.conj(x1.reshape(-1, x1.shape[-1]).T) @ by.reshape(-1, by.shape[-1])
    else:
        b1 = unbroadcast(by @ np.conj(x2.mT), x1)
        b2 = unbroadcast(np.conj(x1.mT) @ by, x2)
    return b1, b2


multilinear(np.matmul, matmul, aliases=[operator.matmul], spec=computing.matmul)


def dot(by: Any, a: Any, b: Any) -> Any:
    """As matmul up to rank 2; the last axis of a with the last but one of b beyond."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        ba = unbroadcast(by * np.conj(b), a)
        bb = unbroadcast(by * np.conj(a), b)
    elif np.ndim(a) <= 2 and np.ndim(b) <= 2:
        ba, bb = matmul(by, a, b)
    elif np.ndim(b) == 1:
        ba = by[..., None] * np.conj(b)
        bb = np.tensordot(by, np.conj(a), by.ndim)
    else:
        turned = np.moveaxis(b, -2, -1)
        ba = np.tensordot(by, np.conj(turned), b.ndim - 1)
        axes = tuple(range(a.ndim - 1))
        bb = np.moveaxis(np.tensordot(by, np.conj(a), (axes, axes)), -1, -2)
    return ba, bb


multilinear(np.dot, dot, spec=computing.dot)


def vdot(by: Any, a: Any, b: Any) -> Any:
    """sum(conj(a) b), of both flattened"""
    return np.conj(by) * np.reshape(b, np.shape(a)), by * np.reshape(a, np.shape(b))


multilinear(np.vdot, vdot, spec=computing.vdot)


def inner(by: Any, a: Any, b: Any) -> Any:
    """The last axes of both."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        ba = unbroadcast(by * np.conj(b), a)
        bb = unbroadcast(by * np.conj(a), b)
    elif np.ndim(a) == 1 and np.ndim(b) == 1:
        ba = by * np.conj(b)
        bb = by * np.conj(a)
    elif np.ndim(a) == 2 and np.ndim(b) == 1:
        ba = np.outer(by, np.conj(b))
        bb = np.conj(a.T) @ by
    elif np.ndim(a) == 1 and np.ndim(b) == 2:
        ba = np.conj(b.T) @ by
        bb = np.outer(by, np.conj(a))
    elif np.ndim(a) == 2 and np.ndim(b) == 2:
        ba = by @ np.conj(b)
        bb = by.T @ np.conj(a)
    else:
        ba = np.tensordot(by, np.conj(b), b.ndim - 1)
        axes = tuple(range(a.ndim - 1))
        bb = np.tensordot(by, np.conj(a), (axes, axes))
    return ba, bb


multilinear(np.inner, inner, spec=computing.inner)


def contraction(by: Any, a: Any, b: Any, n: Any) -> Any:
    """The last n axes of a with the first n of b."""
    kept, rest = tuple(range(a.ndim - n)), tuple(range(n, b.ndim))
    ba = np.tensordot(by, np.conj(b), (tuple(range(a.ndim - n, np.ndim(by))), rest))
    bb = np.tensordot(np.conj(a), by, (kept, kept))
    return ba, bb


def tensordot(by: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    """The last axes of a with the first of b, or those that `axes` pairs, moved to these places."""
    if isinstance(axes, int):
        ba, bb = contraction(by, a, b, axes)
    else:
        first, second = axes
        n = np.size(first)
        last, front = tuple(range(-n, 0)), tuple(range(n))
        ba, bb = contraction(by, np.moveaxis(a, first, last), np.moveaxis(b, second, front), n)
        ba = np.moveaxis(ba, last, first)
        bb = np.moveaxis(bb, front, second)
    return ba, bb


multilinear(np.tensordot, tensordot, spec=computing.tensordot)


def outer(by: Any, a: Any, b: Any) -> Any:
    """Of vectors; what has another rank is flattened first."""
    row = by[:, 0] * np.conj(b) if np.ndim(b) == 0 else by @ np.conj(b if np.ndim(b) == 1 else np.ravel(b))
    column = np.conj(a) * by[0] if np.ndim(a) == 0 else np.conj(a if np.ndim(a) == 1 else np.ravel(a)) @ by
    ba = row[0] if np.ndim(a) == 0 else row if np.ndim(a) == 1 else np.reshape(row, np.shape(a))
    bb = column[0] if np.ndim(b) == 0 else column if np.ndim(b) == 1 else np.reshape(column, np.shape(b))
    return ba, bb


multilinear(np.outer, outer, spec=computing.outer)


def cross(by: Any, a: Any, b: Any, *, axis: Any = -1) -> Any:
    """Of vectors of three: the triple product by . (a x b) turns."""
    ba = unbroadcast(np.cross(np.conj(b), by, axis=axis), a)
    bb = unbroadcast(np.cross(by, np.conj(a), axis=axis), b)
    return ba, bb


multilinear(np.cross, cross)


# --- np.einsum: the adjoint of an operand is another np.einsum


def factor(by: Any, subscripts: Any, k: Any, x: Any) -> Any:
    """The adjoint of the one operand."""
    back, same = subscripts_back(subscripts, k), coincides(subscripts, k)
    own = distinct(subscripts, k)
    if same == "":
        bx = np.einsum(back, by)
    elif back == "," + own + "->" + own:
        bx = by * places(subscripts, k, same, x)
    else:
        bx = np.einsum(back, by, places(subscripts, k, same, x))
    return unbroadcast(bx, x)


def factor_of_two(by: Any, subscripts: Any, k: Any, x: Any, a: Any) -> Any:
    """The adjoint of x beside one other operand."""
    back, same = subscripts_back(subscripts, k), coincides(subscripts, k)
    own = distinct(subscripts, k)
    if back == "," + own + "->" + own:
        bx = by * np.conj(a)
    elif same == "":
        bx = np.einsum(back, by, np.conj(a))
    else:
        bx = np.einsum(back, by, np.conj(a), places(subscripts, k, same, x))
    return unbroadcast(bx, x)


def factor_of_three(by: Any, subscripts: Any, k: Any, x: Any, a: Any, b: Any) -> Any:
    """The adjoint of x beside two other operands."""
    back, same = subscripts_back(subscripts, k), coincides(subscripts, k)
    if same == "":
        bx = np.einsum(back, by, np.conj(a), np.conj(b))
    else:
        bx = np.einsum(back, by, np.conj(a), np.conj(b), places(subscripts, k, same, x))
    return unbroadcast(bx, x)


def places(subscripts: Any, k: Any, same: Any, x: Any) -> Any:
    """Where the adjoint of x is not zero: everywhere, unless a letter occurs twice."""
    if same == distinct(subscripts, k):
        ones = np.ones_like(x)
    elif len(same) == 2:
        ones = np.eye(len(x))
    else:
        ones = coinciding(same, x)
    return ones


def einsum(by: Any, subscripts: Any, operands: Any) -> Any:
    """One adjoint for each operand."""
    if not isinstance(subscripts, str):
        bx = refused("np.einsum with lists of axes has no derivative rule; write the subscripts as a text")
    elif misplaced(subscripts):
        bx = refused("np.einsum with '...' behind a letter has no derivative rule; write the letters out")
    elif not isinstance(operands, tuple):  # one alone
        bx = factor(by, subscripts, 0, operands)
    elif len(operands) == 2:
        a, b = operands
        bx = [factor_of_two(by, subscripts, 0, a, b), factor_of_two(by, subscripts, 1, b, a)]
    elif len(operands) == 3:
        a, b, c = operands
        bx = [
            factor_of_three(by, subscripts, 0, a, b, c),
            factor_of_three(by, subscripts, 1, b, a, c),
            factor_of_three(by, subscripts, 2, c, a, b),
        ]
    else:
        bx = refused("np.einsum of more than three operands has no derivative rule; take them in steps")
    return bx


multilinear(np.einsum, einsum, wrt=["operands"], variadic="operands", spec=computing.einsum, result="view")
