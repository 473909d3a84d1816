"""Specs of results: symbolic dimensions, Python's own operators, facts that fold."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from astgrad.analyses.specs import BOOL, FLOAT, INT, UNKNOWN, Array, Dim, Known, Number, Struct, literal
from astgrad.ir import Method, Var
from astgrad.rules.registry import result_spec

A, X, Y = Var("a"), Var("x"), Var("y")
F8, F4 = np.dtype("f8"), np.dtype("f4")
M = Array(F8, (Dim(A, 0), Dim(A, 1)))
V = Array(F8, (Dim(X, 0),))
SINGLE = Array(F4, (Dim(X, 0),))
N = Number(int, Dim(X, 0))
COMPLEX, FLOAT64 = Number(complex), Number(np.float64)
DEEP = Array(F8, None)


def vector(offset: int, dtype: Any = F8) -> Array:
    return Array(dtype, (Dim(X, 0, offset),))


@pytest.mark.parametrize(
    "op, args, expected",
    [
        # NumPy's promotion: Python numbers are weak
        (operator.add, (SINGLE, FLOAT), SINGLE),
        (operator.mul, (SINGLE, V), V),
        (operator.mul, (SINGLE, FLOAT64), V),
        (np.power, (SINGLE, 2), SINGLE),
        (np.add, (FLOAT, FLOAT), FLOAT64),
        (np.exp, (INT,), FLOAT64),
        (np.exp, (Array(F8, ()),), FLOAT64),
        (np.exp, (DEEP,), UNKNOWN),
        (operator.add, (DEEP, V), Array(F8, None)),
        # Python's own arithmetic
        (operator.add, (FLOAT, FLOAT), FLOAT),
        (operator.add, (INT, FLOAT), FLOAT),
        (operator.add, (INT, INT), INT),
        (operator.add, (Number(bool), True), INT),
        (operator.truediv, (INT, INT), FLOAT),
        (operator.floordiv, (INT, INT), INT),
        (operator.mul, (COMPLEX, FLOAT), COMPLEX),
        (operator.pow, (FLOAT, 2), FLOAT),
        (operator.pow, (FLOAT, -1), FLOAT),
        (operator.pow, (FLOAT, INT), FLOAT),
        (operator.pow, (FLOAT, FLOAT), FLOAT),
        (operator.pow, (FLOAT, 0.5), FLOAT),
        (operator.pow, (2.0, FLOAT), FLOAT),
        (operator.pow, (INT, INT), UNKNOWN),
        (operator.pow, (INT, 2), INT),
        (abs, (COMPLEX,), FLOAT),
        (abs, (V,), V),
        (operator.neg, (FLOAT,), FLOAT),
        (operator.lt, (FLOAT, FLOAT), BOOL),
        (operator.lt, (V, FLOAT), Array(np.dtype(bool), (Dim(X, 0),))),
        (operator.add, ((1, FLOAT), (FLOAT,)), Struct(tuple, (Number(int, 1), FLOAT, FLOAT))),
        (operator.mul, (2, [FLOAT]), UNKNOWN),
        # facts that fold
        (operator.is_, (V, None), Known(False)),
        (operator.is_not, (V, None), Known(True)),
        (operator.is_, (None, None), Known(True)),
        (operator.eq, (1, 1), Known(True)),
        (operator.eq, (N, 1), BOOL),
        (isinstance, (V, np.ndarray), Known(True)),
        (isinstance, (FLOAT, (int, float)), Known(True)),
        (getattr, (M, "ndim"), Number(int, 2)),
        (getattr, (M, "shape"), Struct(tuple, (Number(int, Dim(A, 0)), Number(int, Dim(A, 1))))),
        (getattr, (V, "size"), N),
        (getattr, (SINGLE, "dtype"), Known(F4)),
        (getattr, (M, "T"), Array(F8, (Dim(A, 1), Dim(A, 0)))),
        (getattr, (M, "nonsense"), UNKNOWN),
        # lengths
        (len, (V,), N),
        (len, ((1, 2),), Number(int, 2)),
        (operator.sub, (N, 1), Number(int, Dim(X, 0, 1))),
        (operator.add, (Number(int, Dim(X, 0, 1)), 1), INT),
        (np.arange, (N,), Array(np.dtype(int), (Dim(X, 0),))),
        (np.arange, (1, N), Array(np.dtype(int), (Dim(X, 0, 1),))),
        (np.zeros, (N,), V),
        (np.zeros, ((N, 3),), Array(F8, (Dim(X, 0), 3))),
        (np.ones_like, (SINGLE,), SINGLE),
        # indexing
        (operator.getitem, (V, slice(1, None)), vector(1)),
        (operator.getitem, (V, slice(1, -1)), vector(2)),
        (operator.getitem, (V, slice(None, -2)), vector(2)),
        (operator.getitem, (V, slice(None, 2)), Array(F8, (None,))),
        (operator.getitem, (V, slice(None, None, -1)), V),
        (operator.getitem, (V, 0), FLOAT64),
        (operator.getitem, (M, 0), Array(F8, (Dim(A, 1),))),
        (operator.getitem, (M, (slice(None), 0)), Array(F8, (Dim(A, 0),))),
        (operator.getitem, (M, (slice(None), None)), Array(F8, (Dim(A, 0), 1, Dim(A, 1)))),
        (operator.getitem, (M, (..., 0)), Array(F8, (Dim(A, 0),))),
        (operator.getitem, (V, (..., 0)), Array(F8, ())),
        (operator.getitem, (M, Array(np.dtype(bool), (Dim(A, 0),))), Array(F8, (None, Dim(A, 1)))),
        (operator.getitem, (V, UNKNOWN), UNKNOWN),
        (operator.getitem, ((FLOAT, V), 1), V),
        # reductions, products, shaping
        (np.sum, (M,), FLOAT64),
        (np.sum, (DEEP,), FLOAT64),
        (np.sum, (M, 0), Array(F8, (Dim(A, 1),))),
        (np.sum, (M, INT), UNKNOWN),
        (np.sum, (SINGLE,), Number(np.float32)),
        (Method("sum"), (M, -1), Array(F8, (Dim(A, 0),))),
        (Method("sum"), (UNKNOWN,), UNKNOWN),
        (operator.matmul, (M, V), Array(F8, (Dim(A, 0),))),
        (operator.matmul, (V, V), FLOAT64),
        (np.outer, (V, V), Array(F8, (Dim(X, 0), Dim(X, 0)))),
        (Method("reshape"), (V, -1, 1), Array(F8, (Dim(X, 0), 1))),
        (Method("reshape"), (M, -1, Number(int, Dim(A, 1))), Array(F8, (Dim(A, 0), Dim(A, 1)))),
        (np.concatenate, ((V, vector(1)),), Array(F8, (None,))),
        (np.concatenate, ((V, Array(F8, (1,))),), vector(-1)),
        (np.stack, ((V, V),), Array(F8, (2, Dim(X, 0)))),
        (np.array, ([FLOAT, 2],), Array(F8, (2,))),
        (np.where, (True, V, 0.0), V),
    ],
)
def test_result_spec(op: Any, args: tuple[Any, ...], expected: Any) -> None:
    assert result_spec(op, tuple(map(spec, args)), {}) == expected


def spec(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return Struct(type(value), tuple(map(spec, value)))
    return value if isinstance(value, (Array, Number, Struct, Known, type(UNKNOWN))) else literal(value)


def test_unknown_keyword_is_unknown() -> None:
    assert result_spec(np.sum, (V,), {"dtype": Known(float)}) == UNKNOWN
