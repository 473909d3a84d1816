"""Nested: a gradient called inside a function is entered through its IR and differentiated again."""

from __future__ import annotations

import numpy as np
import pytest

from astgrad import grad, value_and_grad
from astgrad.errors import NotDifferentiable, UnsupportedSyntax
from tests.frontend.written import written
from tests.transform.written import block, body, specialized


def cube(x):
    return x * x * x


def quadratic(x, a):
    return np.sum(a * x**2)


cube_grad = grad(cube)
quadratic_grad = grad(quadratic)
NAMES = {"cube_grad": cube_grad, "quadratic_grad": quadratic_grad, "grad": grad, "cube": cube}
ENTERED = {
    "by name": (
        "cube_grad(s)",
        """
        t1 = mul(s, s)
        t2 = mul(t1, s)
        t3 = mul(2, s)
        t4 = mul(t3, s)
        bs = add(t1, t4)
        return bs
        """,
    ),
    "inside an expression": (
        "x @ quadratic_grad(x, s)",
        """
        t1 = pow(x, 2)
        t2 = mul(s, t1)
        t3 = sum(t2)
        t4 = mul(2, s)
        bx = mul(t4, x)
        t5 = matmul(x, bx)
        return t5
        """,
    ),
    "made where it is called": (
        "grad(cube)(s)",
        """
        t1 = mul(s, s)
        t2 = mul(t1, s)
        t3 = mul(2, s)
        t4 = mul(t3, s)
        bs = add(t1, t4)
        return bs
        """,
    ),
}


@pytest.mark.parametrize("before, after", ENTERED.values(), ids=ENTERED)
def test_entered(before, after):
    assert body(specialized(before, **NAMES).function) == block(after)


def test_orders_of_a_cube():
    assert [g(2.0) for g in (cube_grad, grad(cube_grad), grad(grad(cube_grad)))] == [12.0, 12.0, 6.0]
    assert grad(grad(grad(grad(cube))))(2.0) == 0.0


@pytest.mark.parametrize("optimize", [True, False])
def test_second_order_of_arrays(optimize):
    f = written("def f(x, v):\n    return np.sum(v * g(x))\n", g=grad(lambda x: np.sum(np.sin(x) * x[::-1])))
    x, v = np.array([0.5, -1.0, 2.0]), np.array([1.0, 2.0, -3.0])
    H = np.diag(-np.sin(x) * x[::-1]) + np.diag(np.cos(x))[::-1] + np.diag(np.cos(x))[::-1].T
    assert np.allclose(grad(f, optimize=optimize)(x, v), H @ v)
    assert np.allclose(grad(f, wrt="v", optimize=optimize)(x, v), np.cos(x) * x[::-1] + np.sin(x)[::-1])


def test_of_containers_and_with_its_value():
    inner = value_and_grad(lambda p, x: np.sum(p["W"] @ x) ** 2 + p["b"] ** 3)
    f = written(
        "def f(p, x):\n    v, g = inner(p, x)\n    return v + np.sum(g['W'] ** 2) + g['b']\n", inner=inner
    )
    p, x = {"W": np.arange(4.0).reshape(2, 2), "b": 2.0}, np.array([1.0, -1.0])
    total = np.sum(p["W"] @ x)
    got = grad(f)(p, x)
    assert np.allclose(got["W"], np.outer([1, 1], 2 * total * x + 8 * total * 2 * x * np.sum(x * x)))
    assert got["b"] == 3 * 2.0**2 + 6 * 2.0


def test_gradients_inside_gradients_see_the_outer_value():
    """The perturbation confusion of forward mode: d/dx (x * d/dy (x + y))."""
    f = written("def f(x):\n    return x * grad(lambda y: x + y)(1.0)\n", grad=grad)
    try:
        assert grad(f)(1.0) == 1.0
    except UnsupportedSyntax as error:
        assert "is not differentiated yet" in str(error)
    f = written("def f(x):\n    return x * inner(1.0, x)\n", inner=grad(lambda y, x: x * y))
    assert grad(f)(3.0) == 6.0


def test_its_own_gradient_is_refused():
    names: dict = {}
    f = written("def f(x):\n    return x * own(x)\n", own=lambda x: x)
    names["own"] = f.__globals__["own"] = grad(f)
    with pytest.raises(NotDifferentiable, match="f calls its own gradient"):
        grad(f)(1.0)
