"""Pullback: a function, and the two halves of its adjoint (S24)."""

from __future__ import annotations

import numpy as np
import pytest

from astgrad import vjp
from astgrad.errors import NotDifferentiable
from astgrad.transform.pullback import split, whole
from tests.frontend.written import written
from tests.transform.written import block, body, needed, specialized

HALVES = {
    "what the backward half reads is handed on; arguments are copied": (
        """
        def f(x, y):
            s = np.sin(x)
            return s * y
        """,
        """
        s = sin(x)
        t1 = mul(s, y)
        x_2 = x.copy()
        y_2 = y.copy()
        return (t1, (s, x_2, y_2))
        """,
        """
        t1 = value(b)
        bs = zeros_like(s)
        bx = zeros_like(x)
        by = zeros_like(y)
        t2 = mul(t1, y)
        bs_2 = add(bs, t2)
        t3 = mul(t1, s)
        by_2 = add(by, t3)
        t4 = cos(x)
        t5 = mul(bs_2, t4)
        bx_2 = add(bx, t5)
        return (bx_2, by_2)
        """,
    ),
    "the value is copied too": (
        "def f(x):\n    y = np.exp(x)\n    return y\n",
        "y = exp(x)\nx_2 = x.copy()\ny_2 = y.copy()\nreturn (y, (x_2, y_2))",
        "by_2 = value(by)\nbx = zeros_like(x)\nt1 = mul(by_2, y)\nbx_2 = add(bx, t1)\nreturn (bx_2,)",
    ),
    "numbers are nobody's memory": (
        "def f(s):\n    return s * s\n",
        "t1 = mul(s, s)\nreturn (t1, (s,))",
        """
        t1 = value(b)
        bs = value(0.0)
        t2 = add(s, s)
        t3 = mul(t1, t2)
        bs_2 = add(bs, t3)
        return (bs_2,)
        """,
    ),
    "a cotangent for each float of the value": (
        "def f(s, t):\n    return s * 2, {'a': t * s}, 3\n",
        "t1 = mul(s, 2)\nt2 = mul(t, s)\nreturn ((t1, {'a': t2}, 3), (s, t))",
        """
        t1 = value(b)
        t2 = value(b_2)
        bs = value(0.0)
        bt = value(0.0)
        t3 = mul(t2, s)
        bt_2 = add(bt, t3)
        t4 = mul(t2, t)
        bs_2 = add(bs, t4)
        t5 = mul(t1, 2)
        bs_3 = add(bs_2, t5)
        return (bs_3, bt_2)
        """,
    ),
    "None for an argument without a float": (
        "def f(s, n):\n    return s * n\n",
        "t1 = mul(s, n)\nreturn (t1, (n,))",
        "t1 = value(b)\nbs = value(0.0)\nt2 = mul(t1, n)\nbs_2 = add(bs, t2)\nreturn (bs_2, None)",
    ),
    "an output that is an argument": (
        "def f(x):\n    return x\n",
        "return (x, ())",
        "bx_2 = value(bx)\nreturn (bx_2,)",
    ),
}


def halves(text):
    primal = specialized(text)
    made = whole(primal, "f_forward")
    function = needed(made.adjoint.function, made.adjoint.specs)
    return split(function, made.seeds, made.adjoint.specs)


@pytest.mark.parametrize("text, forward, backward", HALVES.values(), ids=HALVES)
def test_halves(text, forward, backward):
    first, second = halves(text)
    assert (first.name, second.name) == ("f_forward", "f_pullback")
    assert body(first) == block(forward)
    assert body(second) == block(backward)


def test_the_pullback_owns_what_it_reads():
    f = written("def f(x, y):\n    z = np.exp(x)\n    return z * y, z, x\n")
    x, y = np.array([0.5, 1.5]), np.array([2.0, -1.0])
    value, pullback = vjp(f, x, y)
    cotangent = (np.ones(2), np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    want = [g.copy() for g in pullback(cotangent)]
    assert np.allclose(want[0], np.exp(x) * (y + cotangent[1]) + cotangent[2])
    for array in (x, y, *value[:2]):
        array[...] = np.nan
    first, second = pullback(cotangent), pullback(cotangent)
    assert all(np.array_equal(a, b) for a, b in zip(first, want))
    assert all(np.array_equal(a, b) for a, b in zip(second, want))
    assert not any(np.shares_memory(a, b) for a in first for b in (*second, *cotangent, x, y))
    first[0][...] = 7.0
    assert np.array_equal(pullback(cotangent)[0], want[0])
    assert [c.tolist() for c in cotangent] == [[1, 1], [1, 2], [3, 4]]  # never written


def test_a_cotangent_is_cast_to_the_dtype_of_the_value():
    f = written("def f(x):\n    return x * 2\n")
    _, pullback = vjp(f, np.ones(2, np.float32))
    assert pullback(np.array([1.0, 2.0]))[0].dtype == np.float32
    assert pullback([1, 2])[0].tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    "expression, cotangent, message",
    [
        ("x * 2", np.ones(3), r"shape \(3,\), the value \(2,\)"),
        ("x * 2", 1.0, r"shape \(\), the value \(2,\)"),
        ("x * 2", None, "is None"),
        ("x * 2", np.ones(2) * 1j, "is complex, the value real"),
        ("(x, x)", np.ones(2), "a ndarray, the value a tuple"),
        ("(x, x)", [np.ones(2), np.ones(2)], "a list, the value a tuple"),
        ("(x, x)", (np.ones(2),), "structure"),
        ("{'a': x}", {"b": np.ones(2)}, "structure"),
        ("{'a': x}", {"a": np.ones(1)}, r"cotangent\['a'\] has shape"),
    ],
)
def test_a_cotangent_of_another_form_is_refused(expression, cotangent, message):
    f = written(f"def f(x):\n    return {expression}\n")
    _, pullback = vjp(f, np.ones(2))
    with pytest.raises(NotDifferentiable, match=message):
        pullback(cotangent)


def test_a_value_without_a_float_has_no_pullback():
    with pytest.raises(NotDifferentiable, match="returns no float"):
        vjp(written("def f(x):\n    return x > 0\n"), np.ones(2))
