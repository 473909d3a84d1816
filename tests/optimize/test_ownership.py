"""Ownership: what a gradient returns, before and after."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import pytest

from astgrad import grad, value_and_grad
from astgrad.optimize.ownership import own
from tests.frontend.written import written
from tests.transform.written import backward, block, needed, printed, returned

RESULTS = [
    ("x", "x.copy()"),
    ("2 * x", "2 * x"),
    ("s", "s"),
    ("(x, y)", "x.copy(), y.copy()"),
    ("(2 * x, x)", "2 * x, x.copy()"),
    ("(x, x)", "x.copy(), x.copy()"),
    ("{'a': x, 'b': [y]}", '{"a": x.copy(), "b": [y.copy()]}'),
    ("A.T", "A.T.copy()"),
    ("x[1:]", "x[1:].copy()"),
    ("(2 * x)[1:]", "(2 * x)[1:]"),
    ("x.reshape(3)", "x.reshape(3).copy()"),
    ("(2 * x).reshape(3)", "(2 * x).reshape(3)"),
    ("unknown", "owned(unknown)"),
    ("np.broadcast_to(1.0, x.shape)", "np.ones_like(x)"),
    ("np.broadcast_to(s, x.shape)", "np.full_like(x, s)"),
    ("np.broadcast_to(x, A.shape)", "np.full_like(A, x)"),
    ("np.broadcast_to(s, w.shape).astype(np.float32)", "np.full_like(w, s)"),
    ("np.broadcast_to(s, w.shape)", "np.full(w.shape, s)"),  # of another dtype than w
    ("np.broadcast_to(s, (2, 3))", "np.full((2, 3), s)"),
    ("np.broadcast_to(x, A.shape)[0]", "np.broadcast_to(x, A.shape)[0].copy()"),
]
TWICE = {
    "one array twice": ("return bx, bx", "return bx, bx.copy()"),
    "and a view of it": ("return bx, bx[1:]", "return bx, bx[1:].copy()"),
    "two views of it": ("return bx[1:], bx[:2]", "return bx[1:], bx[:2].copy()"),
}


def owned(text, value=False):
    made = backward(text)
    return needed(own(made.function, made.specs, {}, value), made.specs), made.specs


@pytest.mark.parametrize("before, after", RESULTS, ids=[before for before, _ in RESULTS])
def test_owned(before, after):
    assert returned(*owned(before)) == after


@pytest.mark.parametrize("before, after", TWICE.values(), ids=TWICE)
def test_no_two_results_share_memory(before, after):
    text = f"def f(x):  # backward\n    bx = 2 * x\n    {before}\n"
    assert printed(*owned(text)) == f"bx = 2 * x\n{after}"


def test_the_value_stays_as_the_function_returns_it_and_no_gradient_shares_it():
    assert returned(*owned("(x, x)", value=True)) == "x, x.copy()"
    text = """
        def f(x):
            y = 2 * x
            # backward
            return y, y
        """
    assert printed(*owned(text, value=True)) == block("y = 2 * x\nreturn y, y.copy()")


class Pair(NamedTuple):
    a: object
    b: object


@pytest.mark.parametrize(
    "expression",
    [
        "np.sum(p.a) + np.sum(p.b)",
        "np.sum(p.a * p.b)",
        "np.sum(p.a + p.b)",
        "np.sum(np.concatenate([p.a, p.b]) * SCALE)",
        "np.sum(np.mean(p.a) + p.b)",
        "np.sum(p.a.reshape(3, 1) * p.b.reshape(1, 3))",
        "p.a @ p.b + np.sum(p.a[::-1] - p.b[::-1])",
        "np.sum(np.stack([p.a, p.b]).T @ np.ones(2))",
        "p.a[0] * 0.0",
    ],
)
def test_returned_gradients_are_writable_and_share_no_memory(expression):
    scale = np.arange(6.0)
    f = written(f"def f(p, q):\n    return {expression}\n", SCALE=scale)
    p = Pair(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]))
    for made in (
        grad(f, wrt=("p", "q")),
        grad(f, wrt=("p", "q"), optimize=False),
        value_and_grad(f, ("p", "q")),
    ):
        result = made(p, 2.0)
        bp, bq = result[1] if isinstance(result[0], float) else result
        assert bq == 0.0
        for one in bp:
            one += 1.0
        for one, other in itertools.combinations((*bp, *p, scale), 2):
            assert one is p.b or not np.shares_memory(one, other)
