"""check_grads: silent where the gradient is right, a message that says what is wrong where it is not."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from astgrad import NotDifferentiable, check_grads, elementwise, grad, multilinear
from astgrad.rules.registry import RULES
from tests.samples import complex_normal, integers, normal, positive

Pair = namedtuple("Pair", "a b")


@dataclass
class Line:
    slope: Any
    offset: float


def wrong_sine(x: Any) -> Any:
    return np.sin(x)


def wrong_product(first: Any, second: Any) -> Any:
    return first * second


@pytest.fixture(autouse=True)
def wrong_rules() -> Iterator[None]:
    elementwise(wrong_sine, lambda y, x: 1.001 * np.cos(x))
    multilinear(wrong_product, lambda by, first, second: (by * second * 1.01, by * first * 2.0))
    yield
    del RULES[wrong_sine], RULES[wrong_product]


# --- right gradients pass


@pytest.mark.parametrize(
    "f, args",
    [
        (lambda x: x * np.sin(x), (0.5,)),
        (lambda x, y: np.sum(x @ y), (normal(3, 4), normal(4))),
        (lambda x: np.tanh(x), (normal(3, 4),)),
        (lambda x: (x**2, {"sum": np.sum(x)}), (normal(3),)),
        (lambda p: p["W"] @ p["x"], ({"W": normal(2, 3), "x": normal(3)},)),
        (lambda p: p.a * p.b, (Pair(2.0, normal(3)),)),
        (lambda line, x: line.slope * x + line.offset, (Line(normal(3), 0.5), normal(3))),
        (lambda layers: layers[0][0] @ layers[1], ([(normal(2, 3), 1), normal(3)],)),
        (lambda x, i: x[i], (normal(5), integers(5, 3))),
        (lambda x, flag, name: np.sum(x**2), (normal(5), True, "text")),
        (lambda z: np.sum(np.abs(z) ** 2), (complex_normal(3),)),
        (lambda z: z * z, (complex_normal(3),)),
        (lambda x: np.sum(np.log(x)), (positive(4),)),
        (lambda x: np.sum(x**2), (np.zeros((0, 3)),)),
        (lambda x: x.sum(), (np.array(2.0),)),
        (lambda x: x * x, (np.float64(2.0),)),
    ],
    ids=range(16),
)
def test_right_gradients_pass(f, args):
    assert check_grads(f, args) is None


def test_float32_has_its_own_step_and_tolerance():
    for seed in range(5):
        w, x = normal(4, 3, seed=seed, dtype=np.float32), normal(3, seed=seed, dtype=np.float32)
        check_grads(lambda w, x: np.sum(np.tanh(w @ x)), (w, x))
    check_grads(lambda w, x: np.sum(np.tanh(w @ x)), (w, normal(3)))
    check_grads(lambda x: x * x, (np.float32(2.0),))


def test_second_order_is_checked_through_the_gradient():
    check_grads(grad(lambda x: x * np.sin(x)), (0.5,))
    check_grads(grad(lambda x: np.sum(x**3)), (normal(4),))
    check_grads(grad(lambda x, y: np.sum(x**3 * y), ("x", "y")), (normal(4), normal(4)))


def test_a_list_of_arguments():
    check_grads(lambda x, y: x * y, [2.0, 3.0])


def test_a_bound_method():
    class Model:
        w = 2.0

        def loss(self, x):
            return self.w * x**2

    check_grads(Model().loss, (3.0,))


def test_arguments_stay_as_they_were():
    x = normal(3)
    before = x.copy()
    check_grads(lambda x: np.sum(x**2), (x,))
    assert np.array_equal(x, before)


def test_the_same_seed_gives_the_same_message():
    messages = set()
    for _ in range(2):
        with pytest.raises(AssertionError) as caught:
            check_grads(wrong_sine, (normal(3),), seed=7)
        messages.add(str(caught.value))
    assert len(messages) == 1


# --- wrong gradients do not


def test_the_message_says_what_was_expected_and_what_came():
    with pytest.raises(AssertionError) as caught:
        check_grads(wrong_sine, (0.5,))
    message = str(caught.value)
    assert "wrong_sine" in message and "'x'" in message
    found = re.search(r"expected (-?[\d.e-]+) \(finite differences\), got (-?[\d.e-]+)", message)
    assert found
    expected, got = map(float, found.groups())
    np.testing.assert_allclose(got / expected, 1.001, rtol=1e-6)


def test_the_message_names_the_worst_argument():
    for args in ((2.0, 3.0), (normal(3), normal(3, seed=1))):
        with pytest.raises(AssertionError, match=r"wrong_product: .*'second'"):
            check_grads(wrong_product, args)


def test_a_wrong_rule_is_found_inside_a_function():
    def f(W, x):
        return np.sum(wrong_sine(W @ x))

    with pytest.raises(AssertionError, match=r"^f: the gradient with respect to '(W|x)'"):
        check_grads(f, (normal(3, 4), normal(4)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_wrong_rule_is_found_in_every_precision(dtype):
    with pytest.raises(AssertionError, match="'second'"):
        check_grads(wrong_product, (normal(3, dtype=dtype), normal(3, seed=1, dtype=dtype)))


def test_one_wrong_leaf_of_a_structure_is_found():
    def f(p):
        return wrong_sine(p["bad"]) + np.sum(p["good"] ** 2)

    with pytest.raises(AssertionError, match="'p'"):
        check_grads(f, ({"good": normal(3), "bad": 0.5},))


def test_a_zero_gradient_where_none_is_due_is_found():
    def rounded(x):
        return x

    from astgrad import constant

    constant(rounded)
    with pytest.raises((AssertionError, NotDifferentiable)):
        check_grads(lambda x: rounded(x) + 0 * x, (1.5,))
    del RULES[rounded]


def test_nan_is_wrong():
    def bad(x):
        return x

    elementwise(bad, lambda y, x: np.nan * x)
    with pytest.raises(AssertionError, match="got nan"):
        check_grads(bad, (1.5,))
    del RULES[bad]


# --- options and misuse


def test_tolerances():
    check_grads(wrong_sine, (0.5,), rtol=1e-2)
    with pytest.raises(AssertionError):
        check_grads(wrong_sine, (0.5,), rtol=1e-4)
    with pytest.raises(AssertionError):
        check_grads(np.exp, (np.ones(3),), eps=0.5)


@pytest.mark.parametrize("directions", [1, 5])
def test_more_directions_cost_more_calls(directions):
    calls = []

    def f(x):
        return x * x

    def counted(x):
        calls.append(x)
        return f(x)

    elementwise(counted, lambda y, x: 2 * x)
    check_grads(lambda x: counted(x), (normal(3),), directions=directions)
    del RULES[counted]
    calls = [x for x in calls if len(x) == 3]  # the rule has no spec=: it is tried once on one element
    assert len(calls) == 1 + 2 * directions


def test_no_float_at_all():
    with pytest.raises(NotDifferentiable, match="float"):
        check_grads(lambda n: n * 2, (3,))


def test_an_output_without_a_float():
    with pytest.raises(NotDifferentiable, match="float"):
        check_grads(lambda x: np.argmax(x), (normal(3),))


@pytest.mark.parametrize("args", [2.0, normal(3), normal(1), {"x": 1.0}, "x"])
def test_arguments_that_are_no_tuple(args):
    with pytest.raises(TypeError, match="tuple"):
        check_grads(lambda x: np.sum(x**2), args)
