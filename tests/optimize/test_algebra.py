"""Algebra: a backward expression before, and after. What has to stay is as important."""

from __future__ import annotations

import numpy as np
import pytest

from astgrad.optimize.algebra import algebra
from tests.transform.written import (
    adjoint,
    arguments,
    backward,
    block,
    body,
    calls,
    function_of,
    needed,
    returned,
    specialized,
)

REWRITTEN = [
    # the first contribution assigns
    ("0.0 + x", "x"),
    ("x + 0.0", "x"),
    ("x + np.zeros_like(x)", "x"),
    ("np.zeros_like(x) + A", "A"),
    ("0.0 - x", "-x"),
    # signs
    ("x + -y", "x - y"),
    ("-x + y", "y - x"),
    ("-x + -y", "-x - y"),
    ("x + -2.0", "x - 2.0"),
    ("x - -y", "x + y"),
    ("-(-x)", "x"),
    ("-(2 * x)", "-2 * x"),
    ("(-x) * y", "-(x * y)"),
    ("x * -y", "-(x * y)"),
    ("(-x) * (-y)", "x * y"),
    ("-1 * x", "-x"),
    ("(-x) / y", "-(x / y)"),
    ("x / -y", "-(x / y)"),
    ("-2.0 / x", "-(2.0 / x)"),
    # factors
    ("x * 1.0", "x"),
    ("1 * x", "x"),
    ("x / 1", "x"),
    ("x**1", "x"),
    ("x * 2", "2 * x"),
    ("2 * (3 * x)", "6 * x"),
    ("x * (2 * y)", "2 * x * y"),
    ("x * (y * 2)", "2 * x * y"),
    ("2.0 * 3.0", "6.0"),
    ("x + x", "2 * x"),
    ("(x + y) + x", "2 * x + y"),
    ("(x - y) + x", "2 * x - y"),
    # quotients
    ("(1 / s) * x", "x / s"),
    ("x * (2 / y)", "2 * x / y"),
    ("(1 / x) * (1 / y)", "1 / y / x"),
    ("np.divide(x, y)", "x / y"),
    ("np.divide(s, x.size)", "s / x.size"),
    # what was spread over a shape stays small
    ("np.broadcast_to(s, x.shape) * x", "s * x"),
    ("x * np.broadcast_to(s, x.shape)", "x * s"),
    ("np.broadcast_to(s, x.shape) + x", "s + x"),
    ("x - np.broadcast_to(s, x.shape)", "x - s"),
    ("np.broadcast_to(s, x.shape) / x", "s / x"),
    ("np.broadcast_to(s, x.shape) * 2", "np.broadcast_to(2 * s, x.shape)"),
    ("np.broadcast_to(s, x.shape) * t", "np.broadcast_to(s * t, x.shape)"),
    ("np.broadcast_to(s, x.shape) / t", "np.broadcast_to(np.divide(s, t), x.shape)"),
    ("np.broadcast_to(s, A.shape) * x", "np.broadcast_to(s * x, A.shape)"),
    ("-np.broadcast_to(s, x.shape)", "np.broadcast_to(-s, x.shape)"),
    ("np.broadcast_to(g, w.shape) * w", "g * w"),  # NumPy's own scalars keep their precision
    ("np.broadcast_to(x * y, x.shape)", "x * y"),
    # transposes, conjugates, inner products
    ("A.T.T", "A"),
    ("(A @ B).T", "B.T @ A.T"),
    ("(A @ x).T", "A @ x"),
    ("np.outer(x, u).T", "np.outer(u, x)"),
    ("np.conj(x)", "x"),
    ("x.conj()", "x"),
    ("np.real(x)", "x"),
    ("np.sum(x * x)", "x @ x"),
    ("np.sum(A * A)", "np.vdot(A, A)"),
    ("x.astype(np.float64)", "x"),
    # indices and shapes
    ("(s * x)[:, None]", "s * x[:, None]"),
    ("(x / s)[None]", "x[None] / s"),
    ("np.exp(x).shape", "x.shape"),
    ("np.exp(x).size", "len(x)"),
    ("np.exp(A).size", "A.size"),
    ("len(np.exp(x))", "len(x)"),
    ("(A @ x).shape", "(len(A),)"),
    ("(A @ B).size", "len(A) * B.shape[1]"),
]
UNCHANGED = [
    "np.zeros_like(A) + x",  # the zeros have the shape
    "np.zeros_like(c) + r",
    "0 + x",  # an int 0 is no adjoint
    "x - 0.0",
    "-(x - y)",  # y - x would be as short, but not what the formula says
    "1 * n",  # an int stays one; the general rule is for floats
    "n / 1",
    "n**1",
    "n * (2 / n)",
    "np.divide(s, t)",  # Python raises where NumPy warns
    "np.divide(s, n)",
    "np.divide(s, E.size)",
    "x / s / t",
    "np.broadcast_to(s, c.shape) * r",
    "np.broadcast_to(s, w.shape) * w",  # in float64; s * w rounds to float32
    "np.broadcast_to(x, A.shape)",
    "x / np.broadcast_to(s, x.shape)",
    "np.conj(z)",
    "np.real(z)",
    "np.sum(z * z)",  # np.vdot would conjugate
    "np.sum(x * y)",  # the lengths may differ by broadcasting
    "np.sum(A * A, axis=0)",
    "np.sum(A * r)",
    "np.sum(x * w)",
    "(x * y)[:, None]",
    "(x * s)[1:]",
    "w.astype(np.float64)",
    "1j * z",
    "x * -k",  # unsigned integers wrap around
    "x / -k",
    "x * (2 * k)",
]


def simplified(text):
    made = backward(text)
    function = algebra(made.function, made.specs, {}, made.facts)
    return returned(needed(function, made.specs), made.specs)


@pytest.mark.parametrize("before, after", REWRITTEN, ids=[before for before, _ in REWRITTEN])
def test_rewritten(before, after):
    assert simplified(before) == after


@pytest.mark.parametrize("expression", UNCHANGED)
def test_unchanged(expression):
    assert simplified(expression) == expression


@pytest.mark.parametrize("before, after", [*REWRITTEN, *((e, e) for e in UNCHANGED)])
def test_both_sides_of_the_tables_have_one_value(before, after):
    """The tables themselves are right: value, dtype and shape, on the sample arguments."""
    values = arguments(function_of(before))
    with np.errstate(divide="ignore"):
        old, new = (np.asarray(eval(text, {"np": np}, values)) for text in (before, after))
    assert np.allclose(old, new, rtol=1e-14) and (old.shape, old.dtype) == (new.shape, new.dtype)


def test_statements_of_the_primal_are_the_users():
    text = """
        def f(x, y):
            a = x + -y
            b = -(-x) * 1.0
            # backward
            return a * b + -x
        """
    made = backward(text)
    function = algebra(made.function, made.specs, {}, made.facts)
    assert body(needed(function, made.specs)) == block(
        """
        t1 = neg(y)
        a = add(x, t1)
        t2 = neg(x)
        t3 = neg(t2)
        b = mul(t3, 1.0)
        t4 = mul(a, b)
        t5 = sub(t4, x)
        return t5
        """
    )


def test_equal_calls_are_one():
    made = backward("np.exp(x) * np.cos(np.exp(x)) + np.exp(y)")
    function = needed(algebra(made.function, made.specs, {}, made.facts), made.specs)
    assert calls(function) == ["exp", "cos", "mul", "exp", "add"]


def test_draws_are_never_one():
    made = backward("x * np.random.random() * np.random.random()")
    function = needed(algebra(made.function, made.specs, {}, made.facts), made.specs)
    assert calls(function).count("random") == 2


def test_constants_of_different_types_are_not_one():
    made = backward("(x == 1, x == 1.0, x == True)")
    function = needed(algebra(made.function, made.specs, {}, made.facts), made.specs)
    assert calls(function) == ["eq", "eq", "eq"]


def test_a_length_that_is_divided_by_becomes_a_fact():
    made = backward("np.divide(s, x.size)")
    before = {fact.kind for fact in made.facts.used.values()}
    algebra(made.function, made.specs, {}, made.facts)
    assert {fact.kind for fact in made.facts.used.values()} - before == {"nonzero0"}


def test_the_accumulate_form_becomes_the_textbook():
    """The gradient of sum(x * sin(x)): before, the lists of the lecture; after, what a person writes."""
    text = "def f(x):\n    s = np.sin(x)\n    return np.sum(s * x)\n"
    made, facts = adjoint(text), specialized(text).facts
    assert body(made.function) == block(
        """
        s = sin(x)
        t1 = mul(s, x)
        t2 = sum(t1)
        t3 = value(1.0)
        t4 = zeros_like(t1)
        bs = zeros_like(s)
        bx = zeros_like(x)
        t5 = getattr(t1, 'shape')
        t6 = broadcast_to(t3, t5)
        t7 = add(t4, t6)
        t8 = mul(t7, x)
        bs_2 = add(bs, t8)
        t9 = mul(t7, s)
        bx_2 = add(bx, t9)
        t10 = cos(x)
        t11 = mul(bs_2, t10)
        bx_3 = add(bx_2, t11)
        return bx_3
        """
    )
    function = algebra(made.function, made.specs, made.adjoint_of, facts)
    assert body(needed(function, made.specs)) == block(
        """
        s = sin(x)
        t1 = mul(s, x)
        t2 = sum(t1)
        t3 = cos(x)
        t4 = mul(x, t3)
        bx = add(s, t4)
        return bx
        """
    )
