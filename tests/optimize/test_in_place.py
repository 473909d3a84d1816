"""In place: backward statements before, and after. Where a buffer may not be written, nothing changes."""

from __future__ import annotations

import numpy as np
import pytest

from astgrad import grad, runtime
from astgrad.optimize.in_place import in_place
from tests.frontend.written import written
from tests.transform.written import adjoint, backward, block, body, needed

PASSES = {
    "a scatter into a buffer of our own": (
        """
        def f(x, s):  # backward
            bx = 2 * x
            bx = bx + runtime.scatter(s, 0, x)
            return bx
        """,
        """
        bx = mul(2, x)
        iadd_at(bx, 0, s)
        return bx
        """,
    ),
    "subtracted": (
        """
        def f(x, s):  # backward
            bx = 2 * x
            bx = bx - runtime.scatter(s, 0, x)
            return bx
        """,
        """
        bx = mul(2, x)
        t1 = neg(s)
        iadd_at(bx, 0, t1)
        return bx
        """,
    ),
    "from the left": (
        """
        def f(x, s):  # backward
            bx = 2 * x
            return runtime.scatter(s, 0, x) + bx
        """,
        """
        bx = mul(2, x)
        iadd_at(bx, 0, s)
        return bx
        """,
    ),
    "two scatters": (
        """
        def f(x, s, t):  # backward
            return runtime.scatter(s, 0, x) + runtime.scatter(t, -1, x)
        """,
        """
        t1 = zeros_like(x)
        iadd_at(t1, 0, s)
        iadd_at(t1, -1, t)
        return t1
        """,
    ),
    "a scatter alone": (
        """
        def f(x, s):  # backward
            return runtime.scatter(s, 0, x)
        """,
        """
        t1 = zeros_like(x)
        iadd_at(t1, 0, s)
        return t1
        """,
    ),
    "a scatter read twice": (
        """
        def f(x, s):  # backward
            t = runtime.scatter(s, 0, x)
            return 2 * x + t, t
        """,
        """
        t = zeros_like(x)
        iadd_at(t, 0, s)
        t1 = mul(2, x)
        t2 = iadd(t1, t)
        return (t2, t)
        """,
    ),
    "into an argument: a copy": (
        """
        def f(x, s):  # backward
            return x + runtime.scatter(s, 0, x)
        """,
        """
        t1 = x.copy()
        iadd_at(t1, 0, s)
        return t1
        """,
    ),
    "into what is read later: a copy": (
        """
        def f(x, s):  # backward
            bx = 2 * x
            return bx + runtime.scatter(s, 0, x), bx
        """,
        """
        bx = mul(2, x)
        t1 = bx.copy()
        iadd_at(t1, 0, s)
        return (t1, bx)
        """,
    ),
    "into what has a view that is read later: a copy": (
        """
        def f(x, s):  # backward
            bx = 2 * x
            v = bx[1:]
            return bx + runtime.scatter(s, 0, x), v
        """,
        """
        bx = mul(2, x)
        v = getitem(bx, 1:)
        t1 = bx.copy()
        iadd_at(t1, 0, s)
        return (t1, v)
        """,
    ),
    "into a number": (
        """
        def f(x, s, t):  # backward
            return t + runtime.scatter(s, 0, x)
        """,
        """
        t1 = full_like(x, t)
        iadd_at(t1, 0, s)
        return t1
        """,
    ),
    "an index that may repeat": (
        """
        def f(x, y, i):  # backward
            bx = 2 * x
            return bx + runtime.scatter(y, i, x)
        """,
        """
        bx = mul(2, x)
        add_at(bx, i, y)
        return bx
        """,
    ),
    "a mask repeats nothing": (
        """
        def f(x, y, m):  # backward
            bx = 2 * x
            return bx + runtime.scatter(y, m, x)
        """,
        """
        bx = mul(2, x)
        iadd_at(bx, m, y)
        return bx
        """,
    ),
    "a column of one element for each row": (
        """
        def f(A, y, j):  # backward
            bx = 2 * A
            return bx + runtime.scatter(y, (np.arange(len(j)), j), A)
        """,
        """
        bx = mul(2, A)
        t1 = len(j)
        t2 = arange(t1)
        iadd_at(bx, (t2, j), y)
        return bx
        """,
    ),
    "an arange of one element broadcasts": (
        """
        def f(A, y, j):  # backward
            bx = 2 * A
            return bx + runtime.scatter(y, (np.arange(1), j), A)
        """,
        """
        bx = mul(2, A)
        t1 = arange(1)
        add_at(bx, (t1, j), y)
        return bx
        """,
    ),
    "a scatter that is spread by the addition is none of the buffer's elements": (
        """
        def f(x, A, s):  # backward
            bx = 2 * A
            return bx + runtime.scatter(s, 0, x)
        """,
        """
        bx = mul(2, A)
        t1 = zeros_like(x)
        iadd_at(t1, 0, s)
        t2 = iadd(bx, t1)
        return t2
        """,
    ),
    "an addition": (
        """
        def f(x, y):  # backward
            bx = x * x
            return bx + y
        """,
        """
        bx = mul(x, x)
        t1 = iadd(bx, y)
        return t1
        """,
    ),
    "an addition from the left": (
        """
        def f(x, y):  # backward
            bx = x * x
            return y * 2 + bx - y
        """,
        """
        bx = mul(x, x)
        t1 = mul(y, 2)
        t2 = iadd(t1, bx)
        t3 = isub(t2, y)
        return t3
        """,
    ),
}
UNCHANGED = {
    "subtracted from an argument": ("x, y", "bx = x * x", "y - bx"),
    "an argument": ("x, y", "", "x + y"),
    "a value read later": ("x, y", "bx = x * x", "(bx + y, bx)"),
    "another dtype": ("x, w", "bx = 2 * w", "bx + x"),
    "a buffer that is stretched": ("r, A", "bx = 2 * r", "bx + A"),
    "integers": ("i, j", "bx = 2 * i", "bx + j"),
    "a read-only view": ("x, A", "bx = np.broadcast_to(x, A.shape)", "bx + A"),
    "a view": ("x, y", "bx = (2 * x)[1:]", "bx + y"),
    "numbers": ("s, t", "bx = 2 * s", "bx + t"),
    "unknown": ("x, unknown", "bx = 2 * unknown", "bx + x"),
}


def rewritten(text):
    made = backward(text, runtime=runtime)
    return body(needed(in_place(made.function, made.specs, {}), made.specs))


@pytest.mark.parametrize("before, after", PASSES.values(), ids=PASSES)
def test_in_place(before, after):
    assert rewritten(before) == block(after)


@pytest.mark.parametrize("params, first, result", UNCHANGED.values(), ids=UNCHANGED)
def test_unchanged(params, first, result):
    text = f"def f({params}):  # backward\n    {first or 'pass'}\n    return {result}\n"
    assert rewritten(text) == body(backward(text).function)


def test_statements_of_the_primal_are_not_written():
    text = """
        def f(x, y):
            a = x * x
            # backward
            return a + y
        """
    assert rewritten(text) == block("a = mul(x, x)\nt1 = add(a, y)\nreturn t1")


def test_a_slice_repeats_nothing():
    """Two writes into one buffer."""
    made = adjoint("np.sum(A[1:] * 2) + A[0, 1]")
    text = body(needed(in_place(made.function, made.specs, made.adjoint_of), made.specs))
    writes = [line.rpartition(",")[0] for line in text.splitlines() if "_at(" in line]
    assert writes == ["iadd_at(bA, (0, 1)", "iadd_at(bA, 1:"]


@pytest.mark.parametrize(
    "index, expected",
    [
        ("[0, 0]", [2, 0, 0]),
        ("i", [1, 1, 2]),
        ("i, None", [1, 1, 2]),
        ("np.arange(5) % 3", [2, 2, 1]),
        ("m", [1, 0, 1]),
        ("[True, False, True]", [1, 0, 1]),
        ("1:", [0, 1, 1]),
        ("::-2", [1, 0, 1]),
        ("n", [0, 0, 1]),
        ("-1", [0, 0, 1]),
        ("np.argmax(x)", [0, 0, 1]),
        ("[[0, 1], [1, 1]]", [1, 3, 0]),
    ],
)
def test_how_often_an_index_names_an_element(index, expected):
    x, i, m = np.array([0.5, -1.5, 2.0]), np.array([0, 2, 2, 1]), np.array([True, False, True])
    f = written(f"def f(x, i, m, n):\n    return np.sum(x[{index}] * 1.5) + np.sum(x)\n")
    assert np.array_equal(grad(f)(x, i, m, 2), 1 + 1.5 * np.array(expected))
