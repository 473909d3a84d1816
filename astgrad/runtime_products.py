"""The runtime of products: what rules of np.prod, np.cumprod and np.einsum call, exact at zeros too.

others([2., 0., 3.])  ->  [0., 6., 0.]        subscripts_back("ij,jk->ik", 0)  ->  "ik,jk->ij"
"""

from __future__ import annotations

from string import ascii_letters
from typing import Any

import numpy as np

from astgrad.runtime import cast, check, count, zeros

# --- all factors but one


def others(a: Any, axis: Any = None) -> Any:
    """For each element the product of the others along `axis`: exact also where elements are zero."""
    check(a)
    rows, back = _rows(a, axis)
    one = np.ones_like(rows[..., :1])
    before = np.cumprod(np.concatenate((one, rows[..., :-1]), -1), -1, dtype=rows.dtype)
    after = np.cumprod(np.concatenate((one, rows[..., :0:-1]), -1), -1, dtype=rows.dtype)
    return cast(back(before * after[..., ::-1]), a)


def others_transpose(by: Any, a: Any, axis: Any = None) -> Any:
    """The adjoint of a in others(a, axis): sum over i != j of by_i times the product without i and j."""
    check(by, a)
    (rows, back), (by, _) = _rows(a, axis), _rows(by, axis)
    ba = np.zeros(rows.shape, np.result_type(by, rows))
    for j, at in enumerate(np.eye(rows.shape[-1], dtype=bool)):
        terms = by * np.conj(others(np.where(at, 1, rows), -1))
        ba[..., j] = np.sum(np.where(at, 0, terms), -1)
    return back(ba)


def _rows(a: Any, axis: Any) -> Any:
    """The axes that are reduced as one last axis, and the function that brings them back."""
    a = np.asarray(a)
    whole = axis is None or not a.ndim
    axes = tuple(range(a.ndim)) if whole else axis if type(axis) is tuple else (axis,)
    last = range(-len(axes), 0)
    moved = np.moveaxis(a, axes, last)
    rows = moved.reshape(*moved.shape[: a.ndim - len(axes)], count(a, axes))
    return rows, lambda changed: np.moveaxis(changed.reshape(moved.shape), last, axes)


def recurrence(b: Any, a: Any, axis: Any) -> Any:
    """t[0] = b[0], t[j] = b[j] + a[j] t[j - 1] along an axis; a[0] is not read."""
    check(b, a)
    t = np.array(np.swapaxes(b, 0, axis), np.result_type(b, a))
    factors = np.swapaxes(a, 0, axis)
    for j in range(1, len(t)):
        t[j] += factors[j] * t[j - 1]
    return np.swapaxes(t, 0, axis)


# --- np.einsum


def subscripts_back(subscripts: str, k: int) -> str:
    """The subscripts of the adjoint of operand k, as the operands are `by`, the others, and
    `coinciding(...)` where operand k has letters that nothing else has, or one letter twice.

    "ij,jk->ik", 0   ->   "ik,jk->ij"
    """
    inputs, output = _terms(subscripts)
    own = distinct(subscripts, k)
    helping = (own,) if coincides(subscripts, k) else ()
    terms = (output, *inputs[:k], *inputs[k + 1 :], *helping)
    outer = "..." if "..." in "".join(terms) and "..." not in own else ""
    return f"{','.join(terms)}->{outer}{own}"


def coincides(subscripts: str, k: int) -> str:
    """The subscripts of operand k where its adjoint needs `coinciding(...)`, else ""."""
    inputs, output = _terms(subscripts)
    elsewhere = "".join((output, *inputs[:k], *inputs[k + 1 :]))
    own = inputs[k].replace("...", "")
    alone = any(letter not in elsewhere for letter in own)
    return inputs[k] if alone or len(set(own)) < len(own) else ""


def misplaced(subscripts: str) -> bool:
    """Whether an ellipsis stands behind a letter: then its axes are not the leading ones."""
    inputs, output = _terms(subscripts)
    return any("..." in term and not term.startswith("...") for term in (*inputs, output))


def distinct(subscripts: str, k: int) -> str:
    """The subscripts of operand k with a new letter where one occurs again."""
    own = ""
    for letter in _terms(subscripts)[0][k]:
        again = letter != "." and letter in own
        own += next(c for c in ascii_letters if c not in subscripts + own) if again else letter
    return own


def coinciding(subscripts: str, x: Any) -> Any:
    """Ones in x's shape and dtype where the indices of equal letters are equal, zeros elsewhere."""
    ones = zeros(x)
    letters = "".join(dict.fromkeys(subscripts.replace("...", "")))
    np.einsum(f"{subscripts}->{'...' * subscripts.startswith('...')}{letters}", ones)[...] = 1
    return ones


def _terms(subscripts: str) -> tuple[list[str], str]:
    """The letters of each operand and those of the result, which may be implied."""
    given, arrow, output = subscripts.replace(" ", "").partition("->")
    letters = given.replace(",", "").replace("...", "")
    dots = "..." if "..." in given else ""
    implied = dots + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return given.split(","), output if arrow else implied
