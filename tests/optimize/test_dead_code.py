"""Dead code: statements before and after, and the equalities that the dropped ones leave behind (S9)."""

from __future__ import annotations

import numpy as np
import pytest

from astgrad import runtime
from astgrad.optimize.dead_code import dead_code
from tests.transform.written import backward, block, body, specialized

DROPPED = {
    "never raises": ("x, y", "t = np.exp(x)", "y", "return y", []),
    "raises where lengths differ": ("x, y", "t = x + y", "x", "return x", ["x0 == y0"]),
    "what follows from the sum stays implied": (
        "x, y",
        "t = x + y",
        "x * y",
        "t1 = mul(x, y)\nreturn t1",
        [],
    ),
    "a chain": ("x, y", "t = np.exp(x + y) - y", "x", "return x", ["x0 == y0"]),
    "transitively": (
        "x, y, u",
        "t = x + y",
        "(x - u, y - u)",
        "t1 = sub(x, u)\nt2 = sub(y, u)\nreturn (t1, t2)",
        [],
    ),
    "one of two": ("x, y, u", "t = x + y + u", "x - y", "t1 = sub(x, y)\nreturn t1", ["x0 == u0"]),
    "a product of matrices": ("A, x", "t = A @ x", "x", "return x", ["A1 == x0"]),
    "slices": ("x", "t = x[1:] - x[:-1]", "x", "return x", []),
    "a scatter raises it too": (
        "x",
        "t = x[0]",
        "runtime.scatter(1.0, 0, x)",
        "t1 = scatter(1.0, 0, x)\nreturn t1",
        [],
    ),
}


def shown(equalities):
    return [f"{a} == {b}" for a, b in equalities]


@pytest.mark.parametrize("params, statement, result, after, equalities", DROPPED.values(), ids=DROPPED)
def test_dropped(params, statement, result, after, equalities):
    text = f"def f({params}):\n    {statement}\n    return {result}\n"
    made = specialized(text, (), runtime=runtime)
    function, owed = dead_code(made.function, made.specs)
    assert (body(function), shown(owed)) == (after, equalities)


@pytest.mark.parametrize(
    "params, statement",
    [
        ("s, t", "s / t"),
        ("s, t", "s ** t"),
        ("x, n", "x[n]"),
        ("x, n", "x[1]"),
        ("x, i", "x[i]"),
        ("x", "np.max(x)"),
        ("x", "x.reshape(3, 1)"),
        ("s", "print(s)"),
        ("s", "np.random.random()"),
        ("x, unknown", "x + unknown"),
        ("x, m, y", "x[m] + y"),
        ("x, y", "x[1:] + y"),
        ("i, j", "i ** j"),
    ],
)
def test_kept(params, statement):
    text = f"def f({params}):\n    t = {statement}\n    return runtime.scatter(2.0, 0, np.zeros(3))\n"
    made = specialized(text, (), runtime=runtime)
    function, owed = dead_code(made.function, made.specs)
    assert (body(function), shown(owed)) == (body(made.function), [])


def test_backward_statements_go_without_a_trace():
    text = """
        def f(x, y):
            t = x + y
            # backward
            u = x * y
            return x
        """
    made = backward(text)
    function, owed = dead_code(made.function, made.specs)
    assert (body(function), shown(owed)) == ("return x", ["x0 == y0"])
    function, owed = dead_code(made.function, made.specs, primal=False)
    assert (body(function), shown(owed)) == (block("t = add(x, y)\nreturn x"), [])


def test_a_write_into_what_is_read_stays():
    text = """
        def f(x, s):
            # backward
            bx = np.zeros_like(x)
            by = np.zeros_like(x)
            runtime.iadd_at(bx, 0, s)
            runtime.iadd_at(by, 0, s)
            return bx
        """
    made = backward(text, runtime=runtime)
    function, _ = dead_code(made.function, made.specs)
    assert body(function) == block("bx = zeros_like(x)\nt1 = iadd_at(bx, 0, s)\nreturn bx")


def test_unit_axes_tie_nothing():
    made = specialized("def f(x, r):\n    t = x + r\n    return x\n", ())
    assert shown(dead_code(made.function, made.specs)[1]) == ["x0 == r1"]
    made = specialized("def f(x, r, c):\n    t = r + c\n    return x\n", ())
    assert shown(dead_code(made.function, made.specs)[1]) == []
    given = {"x": np.ones(1)}
    made = specialized("def f(x, r):\n    t = x + r\n    return x\n", (), given)
    assert shown(dead_code(made.function, made.specs)[1]) == []
