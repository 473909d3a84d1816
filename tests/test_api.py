"""The public functions: what they take, what they refuse and how they say it."""

from __future__ import annotations

import inspect
from collections import namedtuple
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import astgrad
from astgrad import (
    AstgradError,
    Gradient,
    MissingRule,
    NotDifferentiable,
    adjoint,
    check_grads,
    constant,
    elementwise,
    grad,
    linear,
    multilinear,
    stop_gradient,
    unsupported,
    value_and_grad,
    vjp,
)
from astgrad.rules.registry import RULES
from tests.samples import complex_normal, integers, normal, positive


def f(x, y, z=2.0):
    return x * y + z


Pair = namedtuple("Pair", "a b")


@dataclass
class Line:
    slope: Any
    offset: float


def close(got: Any, wanted: Any) -> None:
    np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-12)
    assert np.shape(got) == np.shape(wanted)


def test_every_public_name_has_a_docstring_and_exists():
    for name in astgrad.__all__:
        assert hasattr(astgrad, name)
        if name != "__version__":
            assert (getattr(astgrad, name).__doc__ or "").strip(), name
    assert astgrad.__version__.count(".") == 2


# --- wrt


@pytest.mark.parametrize(
    "wrt, wanted",
    [
        (0, 3.0),
        (1, 2.0),
        (2, 1.0),
        (-1, 1.0),
        (np.int64(1), 2.0),
        ("x", 3.0),
        ("z", 1.0),
        (("x",), (3.0,)),
        ((0, 1), (3.0, 2.0)),
        (("y", "x"), (2.0, 3.0)),
        ((0, "z"), (3.0, 1.0)),
    ],
)
def test_forms_of_wrt(wrt, wanted):
    assert grad(f, wrt)(2.0, 3.0) == wanted
    assert grad(f, wrt=wrt)(2.0, 3.0) == wanted
    assert grad(wrt=wrt)(f)(2.0, 3.0) == wanted
    assert value_and_grad(f, wrt)(2.0, 3.0) == (8.0, wanted)
    assert value_and_grad(wrt=wrt)(f)(2.0, 3.0) == (8.0, wanted)


@pytest.mark.parametrize("operator", [grad, value_and_grad])
@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (lambda op: op(f, "w"), ValueError, r"wrt='w': f has no parameter of that name; it has x, y, z"),
        (lambda op: op(f, 3), ValueError, r"wrt=3: f has 3 parameter\(s\), counted from 0: x, y, z"),
        (lambda op: op(f, -4), ValueError, r"-4"),
        (lambda op: op(f, ()), ValueError, r"wrt=\(\) names no argument"),
        (lambda op: op(f, ("x", "x")), ValueError, r"twice"),
        (lambda op: op(f, ("x", 0)), ValueError, r"twice"),
        (lambda op: op(f, 1.5), TypeError, r"wrt=1\.5.*not float"),
        (lambda op: op(f, None), TypeError, r"wrt=None.*not NoneType"),
        (lambda op: op(f, True), TypeError, r"wrt=True.*not bool"),
        (lambda op: op(f, ["x"]), TypeError, r"tuple.*not list"),
        (lambda op: op(f, {"x"}), TypeError, r"not set"),
        (lambda op: op(f, argnum=1), TypeError, r"'argnum'; use wrt=1"),
        (lambda op: op(f, argnums=(0, 1)), TypeError, r"'argnums'; use wrt=\(0, 1\)"),
        (lambda op: op(argnums=0), TypeError, r"'argnums'; use wrt=0"),
        (lambda op: op(f, has_aux=True), TypeError, r"'has_aux'; the options are wrt, optimize"),
        (lambda op: op("x"), TypeError, r"write @\w+\(wrt='x'\)"),
        (lambda op: op(0), TypeError, r"write @\w+\(wrt=0\)"),
        (lambda op: op(("x", "y")), TypeError, r"write @\w+\(wrt=\('x', 'y'\)\)"),
        (lambda op: op(1.5), TypeError, r"1\.5, not a function"),
        (lambda op: op(wrt="x")(3), TypeError, r"first argument is the function|not a function"),
        (lambda op: op(f, "x", "y"), TypeError, r"positional"),
        (lambda op: op(f, optimize="fast"), TypeError, r"optimize='fast': give True or False"),
        (lambda op: op(lambda: 1.0), ValueError, r"no parameters"),
        (lambda op: op(np.ones(3)), TypeError, r"not a function"),
    ],
)
def test_wrong_uses(operator, wrong, error, message):
    with pytest.raises(error, match=message) as caught:
        wrong(operator)
    assert (
        operator.__name__ in str(caught.value)
        or error is ValueError
        or "wrt" in str(caught.value)
        or ("optimize" in str(caught.value))
    )


def test_decorator_forms():
    @grad
    def bare(x):
        return x**2

    @grad()
    def called(x):
        return x**2

    @grad(wrt="y")
    def named(x, y):
        return x * y

    @value_and_grad
    def both(x):
        return x**2

    assert bare(3.0) == called(3.0) == 6.0
    assert named(2.0, 5.0) == 2.0
    assert both(3.0) == (9.0, 6.0)
    assert all(isinstance(g, Gradient) for g in (bare, called, named, both))


def test_the_string_form_of_the_decorator_is_refused():
    with pytest.raises(TypeError, match=r"write @grad\(wrt='w'\)"):

        @grad("w")
        def loss(w):
            return w


def test_grad_of_a_class_is_refused():
    with pytest.raises((TypeError, AstgradError)):
        grad(Line)(1.0, 2.0)


def test_optimize_false_gives_the_same():
    args = (normal(3), normal(3, seed=1))
    g = grad(lambda x, y: np.sum(np.exp(x) * y), ("x", "y"))
    h = grad(lambda x, y: np.sum(np.exp(x) * y), ("x", "y"), optimize=False)
    for one, other in zip(g(*args), h(*args)):
        close(one, other)
    assert "+=" in h.source and len(h.source) > len(g.source)


# --- custom rules


def python_cube(x: Any) -> Any:
    """Loops: without a rule it is refused."""
    y = 1.0
    for _ in range(3):
        y = y * x
    return y


def mixed(x1: Any, x2: Any, scale: float = 1.0) -> Any:
    for _ in range(1):
        x2 = np.exp(x2)
    return scale * x1 * x2


def running(v: Any, factor: float = 1.0) -> Any:
    """A loop that is linear: running sums."""
    out = np.empty_like(v)
    total = 0.0
    for i, item in enumerate(v):
        total = total + factor * item
        out[i] = total
    return out


def form(a: Any, M: Any, b: Any) -> Any:
    total = 0.0
    for i in range(len(a)):
        for j in range(len(b)):
            total += a[i] * M[i, j] * b[j]
    return total


def weighted(a: Any, b: Any) -> Any:
    out = np.empty_like(a)
    for i in range(len(a)):
        out[i] = a[i] * b[i]
    return out


def solve(A: Any, b: Any) -> Any:
    """Gaussian elimination without pivots."""
    A, x = np.array(A), np.array(b)
    for i in range(len(A)):
        for j in range(i + 1, len(A)):
            x[j] -= A[j, i] / A[i, i] * x[i]
            A[j] -= A[j, i] / A[i, i] * A[i]
    for i in reversed(range(len(A))):
        x[i] = (x[i] - A[i, i + 1 :] @ x[i + 1 :]) / A[i, i]
    return x


def quantized(x: Any, steps: int = 10) -> Any:
    for _ in range(1):
        x = np.round(x * steps) / steps
    return x


def scaled(x: Any, rate: float = 1.0) -> Any:
    for _ in range(1):
        x = x * rate
    return x


@pytest.fixture(autouse=True)
def rules() -> Iterator[None]:
    before = dict(RULES)
    yield
    for function in RULES.keys() - before.keys():
        del RULES[function]
    RULES.update(before)


def both_orders(function: Any, *args: Any) -> None:
    """First and second order of a scalar function of arrays or floats, against differences."""
    check_grads(function, args)
    check_grads(grad(function, tuple(inspect.signature(function).parameters)), args)


def test_elementwise():
    assert elementwise(python_cube, lambda y, x: 3 * x**2, spec=lambda x: x) is python_cube
    assert grad(lambda x: python_cube(x))(2.0) == 12.0
    close(grad(lambda x: np.sum(python_cube(x)))(np.array([1.0, 2.0])), [3.0, 12.0])
    both_orders(lambda x: np.sum(python_cube(x) ** 2), normal(3))
    both_orders(lambda x: python_cube(x), 0.7)


def test_elementwise_without_a_spec():
    """Nothing is known of the result: right through runtime helpers."""
    elementwise(python_cube, lambda y, x: 3 * x**2)
    check_grads(lambda x: np.sum(python_cube(x) ** 2), (normal(3),))
    check_grads(lambda x, y: np.sum(python_cube(x) * y), (normal(3), normal(2, 3)))
    assert grad(lambda x: python_cube(x))(2.0) == 12.0


def test_a_spec_says_of_what_kind_the_result_is_and_not_its_value():
    elementwise(python_cube, lambda y, x: 3 * x**2, spec=lambda x: x)
    assert value_and_grad(lambda x: x * python_cube(2.0))(1.0) == (8.0, 8.0)
    assert value_and_grad(lambda x, n: x * python_cube(n))(1.0, 2) == (8.0, 8.0)


def test_elementwise_of_several_operands_broadcasts():
    elementwise(mixed, lambda y, x1, x2, scale=1.0: (scale * np.exp(x2), y), wrt=("x1", "x2"))
    check_grads(lambda a, b: np.sum(mixed(a, b)), (normal(3), normal(2, 3)))
    check_grads(lambda a, b: np.sum(mixed(a, b, scale=2.0)), (normal(3, 1), 0.5))
    check_grads(lambda a, b: mixed(a, b), (2.0, 0.5))
    check_grads(lambda a, b: mixed(a, b) * a, (normal(2, 3), normal(1, 3)))


def test_linear():
    linear(
        running,
        lambda by, v, factor=1.0: factor * np.flip(np.cumsum(np.flip(by))),
        spec=lambda v, factor=1.0: v,
    )
    both_orders(lambda v: np.sum(running(v) ** 2), normal(4))
    both_orders(lambda v: np.sum(running(v, factor=2.0) ** 3), normal(4))


def test_multilinear():
    multilinear(form, lambda by, a, M, b: (by * (M @ b), by * np.outer(a, b), by * (a @ M)))
    check_grads(lambda a, M, b: form(a, M, b) ** 2, (normal(2), normal(2, 3), normal(3)))
    close(grad(lambda a: form(a, np.eye(2), np.ones(2)))(np.ones(2)), np.ones(2))
    multilinear(weighted, lambda by, a, b: (by * b, by * a), spec=lambda a, b: a)
    both_orders(lambda a, b: np.sum(weighted(a, b) ** 2), normal(3), normal(3, seed=1))


def test_adjoint():
    def rule(by, y, A, b):
        """A y = b, so bb = A⁻ᵀ by and bA = -bb yᵀ."""
        bb = solve(A.T, by)
        return -np.outer(bb, y), bb

    adjoint(solve, rule, spec=lambda A, b: b)
    A = normal(3, 3) + 4 * np.eye(3)
    both_orders(lambda A, b: np.sum(solve(A, b) ** 2), A, normal(3))


def test_second_order_without_a_spec_is_right_or_refused():
    linear(running, lambda by, v, factor=1.0: factor * np.flip(np.cumsum(np.flip(by))))
    try:
        check_grads(grad(lambda v: np.sum(running(v) ** 2)), (normal(4),))
    except MissingRule as refused:
        assert "running(v)" in str(refused)


def test_second_order_with_a_function_of_numpy_as_spec():
    linear(running, lambda by, v, factor=1.0: factor * np.flip(np.cumsum(np.flip(by))), spec=np.cumsum)
    both_orders(lambda v: running(v, 2.0) @ v, normal(4))
    multilinear(weighted, lambda by, a, b: (by * b, by * a), spec=np.multiply)
    both_orders(lambda a, b: weighted(a, b) @ (a * b), normal(3), normal(3, seed=1))


def test_second_order_of_elementwise_rules_without_spec():
    """They are tried once for each kind of operands."""
    elementwise(python_cube, lambda y, x: 3 * x**2)
    elementwise(mixed, lambda y, x1, x2, scale: (scale * np.exp(x2), y), wrt=("x1", "x2"))
    for x in (2.0, np.float32(1.5), normal(3), normal(3, 1), normal(2, 3)):
        both_orders(lambda x: np.sum(python_cube(x) * x), x)
        first = grad(lambda x: np.sum(python_cube(x)))
        hessian = grad(lambda x, first=first: np.sum(first(x)))(x)
        assert type(hessian) is type(x) and np.result_type(hessian) == np.result_type(x)
        close(hessian, 6 * x)
    both_orders(lambda x, y: np.sum(mixed(x, y, 2.0) @ np.ones(3)), normal(2, 1), normal(3, seed=1))
    both_orders(lambda x: np.linalg.norm(mixed(x, x, scale=2.0)), normal(3))


def test_an_elementwise_function_that_cannot_be_tried_is_differentiated_once():
    def picky(x):
        for _ in range(1):
            if np.all(x == 1):
                raise ValueError("not on ones")
        return np.asarray(x) ** 2

    elementwise(picky, lambda y, x: 2 * x)
    close(grad(lambda x: np.sum(picky(x)))(np.array([2.0, 3.0])), [4.0, 6.0])


@pytest.mark.parametrize("order", [1, 2])
def test_the_function_that_has_the_rule_itself(order):
    """grad, vjp and check_grads of a function with a rule use the rule, not its source."""
    elementwise(python_cube, lambda y, x: 3 * x**2 + 1, spec=lambda x: x)
    assert grad(python_cube)(2.0) == 13.0
    assert vjp(python_cube, 2.0)[1](1.0) == (13.0,)
    with pytest.raises(AssertionError, match="python_cube"):
        check_grads(python_cube, (2.0,))
    elementwise(python_cube, lambda y, x: 3 * x**2, spec=lambda x: x)
    check_grads(python_cube if order == 1 else grad(python_cube), (2.0,))


def test_adjoint_of_a_part_of_the_parameters():
    adjoint(form, lambda by, y, a, M, b: by * (M @ b), wrt="a")
    close(grad(lambda a: form(a, np.eye(2), np.ones(2)))(np.ones(2)), np.ones(2))
    with pytest.raises(MissingRule, match="form"):
        grad(lambda b: form(np.ones(2), np.eye(2), b))(np.ones(2))


def test_constant():
    constant(quantized)
    close(grad(lambda x: np.sum(x * quantized(x)))(np.array([0.11, 0.26])), [0.1, 0.3])


def test_constant_but():
    constant(scaled, but=("rate",), spec=lambda x, rate=1.0: x)
    assert grad(lambda x: x + scaled(x))(2.0) == 1.0
    for x in (2.0, np.ones(3)):
        with pytest.raises(MissingRule, match="scaled"):
            grad(lambda r, x: r + np.sum(scaled(x, r)))(3.0, x)
    with pytest.raises(MissingRule, match="scaled"):
        grad(lambda r: r + scaled(2.0, r))(3.0)


@pytest.mark.parametrize("spec", [{}, {"spec": np.copy}])
def test_constant_but_without_a_spec_of_its_own(spec):
    constant(scaled, but=("rate",), **spec)
    x = normal(3)
    close(grad(lambda x: np.sum(x * scaled(x)))(x), x)
    first = grad(lambda x: np.sum(x**2 * scaled(x)))
    close(grad(lambda x: np.sum(first(x)))(x), 2 * x)
    with pytest.raises(MissingRule, match="scaled"):
        grad(lambda r, x: r + np.sum(scaled(x, r)))(3.0, x)


def test_unsupported():
    assert unsupported(quantized, "take np.tanh, which is smooth") is quantized

    def loss(x):
        return np.sum(quantized(x))

    with pytest.raises(MissingRule) as caught:
        grad(loss)(normal(3))
    message = str(caught.value)
    assert "take np.tanh, which is smooth" in message
    assert "return np.sum(quantized(x))" in message and "^^^^^^^^^^^^" in message
    assert "test_api.py" in message
    assert grad(lambda x: x * stop_gradient(quantized(stop_gradient(x))))(0.26) == 0.3


def test_a_differentiated_call_may_only_use_the_rules_parameters():
    elementwise(mixed, lambda y, x1, x2: (np.exp(x2), y))
    with pytest.raises(MissingRule, match="scale="):
        grad(lambda x: mixed(x, 1.0, scale=2.0))(1.0)


def test_an_active_configuration_is_refused():
    linear(running, lambda by, v, factor=1.0: factor * np.flip(np.cumsum(np.flip(by))))
    with pytest.raises(MissingRule, match="factor"):
        grad(lambda r: np.sum(running(np.ones(3), r)))(2.0)
    with pytest.raises(MissingRule, match="factor"):
        grad(lambda r: np.sum(running(r * np.ones(3), factor=r)))(2.0)


def test_a_rule_replaces_an_earlier_one():
    elementwise(python_cube, lambda y, x: 0 * x)
    assert grad(lambda x: python_cube(x))(2.0) == 0.0
    elementwise(python_cube, lambda y, x: 3 * x**2)
    assert grad(lambda x: python_cube(x))(2.0) == 12.0


def test_a_new_rule_is_seen_by_gradients_and_pullbacks_that_exist():
    """A rule is corrected in a session: nothing that was compiled before it may be used again."""

    def cube(x):
        return x**3

    def f(x):
        return cube(x)

    g = grad(f)
    assert g(2.0) == 12.0 and vjp(f, 2.0)[1](1.0) == (12.0,)
    elementwise(cube, lambda y, x: -x)
    assert g(2.0) == -2.0 and vjp(f, 2.0)[1](1.0) == (-2.0,)
    with pytest.raises(AssertionError):
        check_grads(f, (2.0,))
    elementwise(cube, lambda y, x: 3 * x**2)
    check_grads(f, (2.0,))
    assert g(2.0) == 12.0 and grad(f)(2.0) == 12.0


def test_rules_that_share_a_line():
    elementwise(python_cube, lambda y, x: 2 * x), elementwise(scaled, lambda y, x: 3 * x)  # fmt: skip
    assert grad(lambda x: python_cube(x))(1.0) == 2.0
    assert grad(lambda x: scaled(x))(1.0) == 3.0


def test_rules_of_objects_and_methods():
    class Squared:
        def __call__(self, x):
            for _ in range(1):
                x = x * x
            return x

        def method(self, x):
            return self(x)

    squared, vectorized = Squared(), np.vectorize(lambda v: v * v)
    elementwise(squared, lambda y, x: 2 * x)
    elementwise(vectorized, lambda y, x: 2 * x)
    elementwise(Squared.method, lambda y, self, x: 2 * x, wrt="x")
    x = np.array([0.5, -1.0])
    for f in (lambda x: squared(x), lambda x: vectorized(x), lambda x: squared.method(x)):
        check_grads(f, (x,))


def test_a_rule_of_a_function_that_returns_a_tuple():
    def pair(x):
        for _ in range(1):
            y = 2 * x, 3 * x
        return y

    def f(x):
        a, b = pair(x)
        return a * b

    adjoint(pair, lambda by, y, x: 2 * by[0] + 3 * by[1])
    assert grad(f)(1.0) == 12.0


def test_a_rule_without_source_is_refused():
    exec("elementwise(python_cube, lambda y, x: 3 * x**2)", globals())
    with pytest.raises(astgrad.SourceUnavailable, match="lambda"):
        grad(lambda x: python_cube(x))(2.0)


def test_a_rule_with_a_loop_is_refused_with_its_own_line():
    def rule(by, y, a):
        for _ in range(3):
            by = by * 2
        return by

    adjoint(python_cube, rule)
    with pytest.raises(AstgradError, match=r"for _ in range\(3\)"):
        grad(lambda x: python_cube(x))(2.0)


def test_a_rule_that_returns_too_few_values():
    multilinear(form, lambda by, a, M, b: (by * (M @ b), by * np.outer(a, b)))
    with pytest.raises((AstgradError, TypeError, ValueError), match=r"form|returns"):
        grad(lambda b: form(np.ones(2), np.eye(2), b))(np.ones(2))


def test_a_rule_of_a_numpy_function():
    adjoint(np.linalg.inv, lambda by, y, a: -y.T @ by @ y.T)
    check_grads(lambda A: np.sum(np.linalg.inv(A) ** 2), (normal(3, 3) + 4 * np.eye(3),))
    adjoint(np.linalg.inv, lambda by, y, a: -y.T @ by @ y.T, spec=lambda a: a)
    both_orders(lambda A: np.sum(np.linalg.inv(A) ** 2), normal(3, 3) + 4 * np.eye(3))


def test_a_rule_may_read_ranks():
    def rule(by, y, v):
        if v.ndim == 1:
            bv = 2 * by * v
        else:
            bv = 2 * by[:, None] * v
        return bv

    def squares(v):
        for _ in range(1):
            s = np.sum(v**2, axis=-1)
        return s

    adjoint(squares, rule)
    check_grads(lambda v: squares(v), (normal(3),))
    check_grads(lambda v: np.sum(squares(v) ** 2), (normal(2, 3),))


def test_rules_of_several_lines_and_closures():
    factor = 3.0
    elementwise(
        python_cube,
        lambda y, x: (
            factor  # read live
            * x**2
        ),
    )
    assert grad(lambda x: python_cube(x))(2.0) == 12.0


def test_a_singular_partial_under_a_mask():
    def root(x):
        for _ in range(1):
            x = np.sqrt(x)
        return x

    elementwise(root, lambda y, x: 0.5 / y, singular=True, spec=lambda x: x)
    with np.errstate(divide="ignore"):
        got = grad(lambda x: np.sum(np.where(x > 0, root(x), 0)))(np.array([0.0, 4.0]))
    close(got, [0.0, 0.25])


def test_a_rule_gives_the_dtype_of_its_operand():
    elementwise(python_cube, lambda y, x: 3 * x**2)
    got = grad(lambda x: np.sum(python_cube(x)))(np.ones(3, np.float32))
    assert got.dtype == np.float32
    got = grad(lambda x: python_cube(x))(2.0)
    assert type(got) is float


# --- stop_gradient


def test_stop_gradient_is_the_identity_and_has_no_derivative():
    x = normal(3)
    assert stop_gradient(x) is x or np.array_equal(stop_gradient(x), x)
    close(grad(lambda x: np.sum(x * stop_gradient(x)))(x), x)
    assert grad(lambda x: x * stop_gradient(x**2))(3.0) == 9.0


def test_stop_gradient_of_structures():
    def g(p):
        q = stop_gradient(p)
        return p["a"] * q["a"] + p["b"] * q["b"]

    assert grad(g)({"a": 2.0, "b": 3.0}) == {"a": 2.0, "b": 3.0}


def test_all_of_the_output_stopped_is_zero():
    close(grad(lambda x: stop_gradient(np.sum(x)))(np.ones(3)), np.zeros(3))


def test_stop_gradient_around_what_has_no_rule():
    g = grad(lambda x: np.sum(x * stop_gradient(np.partition(stop_gradient(x), 1))))
    close(g(np.array([3.0, 1.0, 2.0])), np.partition([3.0, 1.0, 2.0], 1))


# --- vjp


def test_vjp_of_a_vector_function():
    W, x = normal(2, 3), normal(3)
    value, pullback = vjp(lambda W, x: np.tanh(W @ x), W, x)
    close(value, np.tanh(W @ x))
    by = np.array([1.0, -2.0])
    bW, bx = pullback(by)
    bs = by * (1 - np.tanh(W @ x) ** 2)
    close(bW, np.outer(bs, x))
    close(bx, W.T @ bs)


def test_a_pullback_can_be_called_again_and_gives_memory_of_its_own():
    x = normal(3)
    _, pullback = vjp(lambda x: x * 2.0, x)
    first = pullback(np.ones(3))
    second = pullback(np.ones(3))
    assert not np.shares_memory(first[0], second[0])
    first[0][...] = 100.0
    close(pullback(np.ones(3))[0], np.full(3, 2.0))
    close(second[0], np.full(3, 2.0))


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: x * y,
        lambda x, y: x[1:] * y[:-1],
        lambda x, y: x.T * np.ravel(y),
        lambda x, y: np.exp(x) / y,
        lambda x, y: (x, y * x),
        lambda x, y: {"x": x, "exp": np.exp(y)},
        lambda x, y: x,
    ],
    ids=range(7),
)
def test_S24_a_pullback_owns_what_it_reads(function):
    """Neither the arguments nor the value nor the cotangent can change the pullback afterwards."""
    x, y = positive(4), positive(4, seed=1)
    value, pullback = vjp(function, x, y)
    cotangent = filled(value)
    wanted = [b.copy() for b in pullback(cotangent)]
    for array in (x, y, *arrays(value)):
        if array.flags.writeable:
            array[...] = -7.0
    for got, want in zip(pullback(cotangent), wanted):
        close(got, want)
    results = pullback(cotangent)
    for array in arrays(cotangent):
        assert np.all(array == 1.0)
        assert not any(np.shares_memory(array, b) for b in results)
    for array in (x, y, *arrays(value)):
        assert not any(np.shares_memory(array, b) for b in results)


def arrays(value: Any) -> list[np.ndarray]:
    if isinstance(value, np.ndarray):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    return [array for item in items for array in arrays(item)]


def filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: filled(item) for key, item in value.items()}
    return tuple(map(filled, value)) if isinstance(value, tuple) else np.ones_like(value)


def test_S24_a_captured_array_is_copied_too():
    data = np.array([1.0, 2.0])
    _, pullback = vjp(lambda x: x * data, np.ones(2))
    data[...] = 5.0
    close(pullback(np.ones(2))[0], [1.0, 2.0])


def test_vjp_of_structures():
    value, pullback = vjp(
        lambda p, x: Pair(p["w"] @ x, {"sum": np.sum(x)}), {"w": normal(2, 3), "n": 3}, normal(3)
    )
    assert type(value) is Pair
    bp, bx = pullback(Pair(np.ones(2), {"sum": 2.0}))
    assert bp["n"] is None and bp["w"].shape == (2, 3)
    assert bx.shape == (3,)
    value, pullback = vjp(lambda line, x: Line(line.slope * x, line.offset), Line(normal(3), 0.5), normal(3))
    bline, bx = pullback(Line(np.ones(3), 2.0))
    assert type(bline) is Line and bline.offset == 2.0 and type(bline.offset) is float


def test_vjp_gives_none_for_what_has_no_float():
    _, pullback = vjp(lambda x, i, name: x[i], normal(5), integers(5, 3), "text")
    bx, bi, bname = pullback(np.ones(3))
    assert bi is None and bname is None and bx.shape == (5,)


def test_vjp_of_an_argument_without_influence():
    _, pullback = vjp(lambda x, y: x * 2.0, np.ones(2), np.ones((3, 1)))
    close(pullback(np.ones(2))[1], np.zeros((3, 1)))


@pytest.mark.parametrize(
    "cotangent, message",
    [
        (np.ones(3), r"cotangent has shape \(3,\), the value \(2,\)"),
        (np.ones((2, 1)), r"shape \(2, 1\)"),
        (1.0, r"shape \(\)"),
        (None, r"None"),
        ((np.ones(2),), r"structure|tuple|shape"),
        (np.ones(2) * 1j, r"complex"),
    ],
)
def test_a_cotangent_has_the_structure_and_shape_of_the_value(cotangent, message):
    _, pullback = vjp(lambda x: x * 2.0, np.ones(2))
    with pytest.raises(NotDifferentiable, match=message):
        pullback(cotangent)


@pytest.mark.parametrize(
    "cotangent", [(np.ones(2), 1.0), {"b": 1.0, "a": np.ones(2)}, {"a": np.ones(2)}, np.ones(2), None]
)
def test_a_cotangent_of_another_structure(cotangent):
    _, pullback = vjp(lambda x: {"a": x * 2.0, "b": np.sum(x)}, np.ones(2))
    with pytest.raises(NotDifferentiable, match=r"structure|None"):
        pullback(cotangent)


def test_a_cotangent_is_cast_to_the_dtype_of_the_value():
    _, pullback = vjp(lambda x: x * np.float32(2.0), np.ones(2, np.float32))
    assert pullback(np.ones(2))[0].dtype == np.float32
    close(pullback([1, 1])[0], np.full(2, 2.0))
    _, pullback = vjp(lambda x: x * 2.0, 3.0)
    assert pullback(1)[0] == 2.0 and type(pullback(1)[0]) is float


def test_vjp_of_complex_values():
    z = complex_normal(3)
    _, pullback = vjp(lambda z: z * 2j, z)
    close(pullback(np.ones(3, complex))[0], np.full(3, -2j))


def test_vjp_refuses_an_output_without_a_float():
    with pytest.raises(NotDifferentiable, match="no float"):
        vjp(lambda x: np.argmax(x), normal(3))


def test_vjp_of_what_is_no_function():
    with pytest.raises(TypeError):
        vjp(3.0, 1.0)


def test_vjp_raises_what_the_function_raises():
    with pytest.raises(ValueError, match="broadcast"):
        vjp(lambda x, y: x * y, np.ones(2), np.ones(3))
    with pytest.raises(TypeError):
        vjp(lambda x, y: x * y, np.ones(2))


def test_vjp_of_a_gradient_is_second_order():
    x = normal(3)
    value, pullback = vjp(grad(lambda x: np.sum(x**3)), x)
    close(value, 3 * x**2)
    close(pullback(np.ones(3))[0], 6 * x)


def test_vjp_of_bound_methods_and_defaults():
    class Model:
        w = 3.0

        def f(self, x, y=2.0):
            return self.w * x * y

    value, pullback = vjp(Model().f, 1.0)
    assert value == 6.0
    assert pullback(1.0) == (6.0,)
    value, pullback = vjp(Model().f, 1.0, 4.0)
    assert pullback(1.0) == (12.0, 3.0)


def test_one_pullback_in_eight_threads():
    W, x = normal(4, 3), normal(3)
    _, pullback = vjp(lambda W, x: np.tanh(W @ x), W, x)
    cotangents = [normal(4, seed=seed) for seed in range(8)]
    wanted = [pullback(cotangent) for cotangent in cotangents]
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(pullback, cotangents * 10))
    for got, want in zip(results, wanted * 10):
        assert all(np.array_equal(one, other) for one, other in zip(got, want))


def test_two_pullbacks_do_not_know_each_other():
    def g(x):
        return np.exp(x)

    _, first = vjp(g, np.zeros(2))
    _, second = vjp(g, np.ones(2))
    close(first(np.ones(2))[0], np.ones(2))
    close(second(np.ones(2))[0], np.full(2, np.e))
