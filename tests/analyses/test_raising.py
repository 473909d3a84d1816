"""Which calls can be dropped without dropping an error (S9)."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from astgrad.analyses.raising import constraints
from astgrad.analyses.specs import FLOAT, INT, UNKNOWN, Array, Dim, Number, Struct, literal
from astgrad.ir import Method, Var

A, X, Y = Var("a"), Var("x"), Var("y")
M = Array(np.dtype("f8"), (Dim(A, 0), Dim(A, 1)))
V = Array(np.dtype("f8"), (Dim(X, 0),))
W = Array(np.dtype("f8"), (Dim(Y, 0),))
LOST = Array(np.dtype("f8"), (None,))
ROW = Array(np.dtype("f8"), (1, Dim(X, 0)))
FLOAT64 = Number(np.float64)
INTS = Array(np.dtype("i8"), (Dim(Y, 0),))
PAIR = [(Dim(X, 0), Dim(Y, 0))]


@pytest.mark.parametrize(
    "op, args, expected",
    [
        (np.exp, (V,), []),
        (operator.add, (V, V), []),
        (operator.add, (V, W), PAIR),
        (operator.add, (V, 2.0), []),
        (operator.mul, (M, ROW), [(Dim(A, 1), Dim(X, 0))]),
        (operator.add, (V, LOST), None),
        (operator.add, (V, UNKNOWN), None),
        (operator.add, (FLOAT, FLOAT), []),
        (operator.truediv, (FLOAT, FLOAT), None),
        (operator.truediv, (FLOAT64, FLOAT), []),
        (operator.truediv, (V, FLOAT), []),
        (operator.pow, (FLOAT, 2), None),
        (operator.pow, (V, 2), []),
        (operator.pow, (INTS, INTS), None),
        (operator.matmul, (M, V), [(Dim(A, 1), Dim(X, 0))]),
        (operator.matmul, (V, W), PAIR),
        (np.dot, (V, W), PAIR),
        (np.vdot, (V, W), PAIR),
        (np.inner, (M, V), [(Dim(A, 1), Dim(X, 0))]),
        (np.outer, (V, W), []),
        (np.sum, (M, 0), []),
        (np.sum, (M, 2), None),
        (np.max, (V,), None),
        (np.where, (True, V, W), PAIR),
        (operator.getitem, (V, slice(1, None)), []),
        (operator.getitem, (V, 0), None),
        (operator.getitem, (V, INTS), None),
        (operator.getitem, (M, (slice(None), None)), []),
        (operator.getitem, (Array(np.dtype("f8"), (3,)), -3), []),
        (operator.getitem, (Array(np.dtype("f8"), (3,)), 3), None),
        (getattr, (M, "T"), []),
        (Method("sum"), (V,), []),
        (Method("reshape"), (V, -1), []),
        (Method("reshape"), (M, (2, 3)), None),
        (np.concatenate, ((V, W),), []),
        (np.stack, ((V, W),), PAIR),
        (np.stack, ((V, LOST),), None),
        (np.zeros, (3,), []),
        (np.full, (3, FLOAT), []),
        (np.full, (3, V), None),
        (np.full_like, (V, FLOAT), []),
        (np.full_like, (V, W), None),
        (np.linalg.norm, (V,), []),
        (np.linalg.norm, (V, 1), None),
        (np.diff, (V,), []),
        (np.diff, (V, 2), []),
        (np.zeros, (INT,), None),
        (len, (V,), []),
        (float, (FLOAT64,), []),
        (float, (Array(np.dtype("f8"), ()),), None),
        (np.linalg.inv, (M,), None),
        (print, (V,), None),
    ],
)
def test_constraints(op: Any, args: tuple[Any, ...], expected: Any) -> None:
    assert constraints(op, tuple(map(spec, args)), {}) == expected


def spec(value: Any) -> Any:
    if isinstance(value, tuple):
        return Struct(tuple, tuple(map(spec, value)))
    return value if isinstance(value, (Array, Number, Struct, type(UNKNOWN))) else literal(value)
