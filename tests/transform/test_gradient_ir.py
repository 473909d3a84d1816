"""The gradient's IR: what is returned for each kind of argument (S27), and which outputs are refused."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pytest

from astgrad import grad, value_and_grad
from astgrad.errors import MissingRule, NotDifferentiable
from tests.frontend.written import written
from tests.transform.written import adjoint, body


class Pair(NamedTuple):
    a: object
    b: object


@dataclasses.dataclass
class Point:
    x: object
    name: str


KINDS = [
    ("p * 2", 1.5, 2.0),
    ("p * 2", np.float64(1.5), np.float64(2)),
    ("p * 2", np.float32(1.5), np.float32(2)),
    ("(p * 2)[()]", np.array(1.5), np.array(2.0)),
    ("(p * 2).item()", np.array(1.5, np.float32), np.array(2.0, np.float32)),
    ("np.sum(p * 2)", np.ones(2), np.full(2, 2.0)),
    ("np.sum(p * 2)", np.ones((2, 1), np.float32), np.full((2, 1), 2.0, np.float32)),
    ("np.sum(p * 2)", np.zeros((0, 3)), np.zeros((0, 3))),
    ("np.sum(p.real * 2)", np.ones(2, complex), np.full(2, 2.0 + 0j)),
    ("(p * 2).real", 1j, 2 + 0j),
    ("0.0", 1.5, 0.0),
    ("1", np.ones(2), NotDifferentiable),
    ("2.0", np.ones(2), np.zeros(2)),
    ("p[0] * 2", (1.5, 3), (2.0, None)),
    ("p[0] * 2", [1.5, 3.0], [2.0, 0.0]),
    ("p['a'] * 2", {"b": 1, "a": 1.5, "c": "x"}, {"b": None, "a": 2.0, "c": None}),
    ("p.a * 2", Pair(1.5, np.ones(2)), Pair(2.0, np.zeros(2))),
    ("p.x * 2", Point(1.5, "here"), Point(2.0, None)),
    ("p[0][0]['k'] * 2", [({"k": 1.5},), 1], [({"k": 2.0},), None]),
]


def equal(got, want):
    assert type(got) is type(want)
    if isinstance(want, (list, tuple)):
        assert len(got) == len(want)
        for pair in zip(got, want):
            equal(*pair)
    elif isinstance(want, dict):
        assert list(got) == list(want)
        for key in want:
            equal(got[key], want[key])
    elif dataclasses.is_dataclass(want):
        equal(vars(got), vars(want))
    else:
        assert np.array_equal(got, want) and np.shape(got) == np.shape(want)
        assert getattr(got, "dtype", None) == getattr(want, "dtype", None)


@pytest.mark.parametrize("optimize", [True, False])
@pytest.mark.parametrize("expression, argument, expected", KINDS)
def test_a_gradient_has_the_structure_shape_and_dtype_of_the_argument(
    expression, argument, expected, optimize
):
    f = written(f"def f(p):\n    return {expression}\n")
    if expected is NotDifferentiable:
        with pytest.raises(NotDifferentiable, match="of type int"):
            grad(f, optimize=optimize)(argument)
        return
    equal(grad(f, optimize=optimize)(argument), expected)
    value, gradient = value_and_grad(f, optimize=optimize)(argument)
    equal(gradient, expected)
    assert value == f(argument) and type(value) is type(f(argument))


@pytest.mark.parametrize(
    "text, wrt, last",
    [
        ("s * t", ("t",), "return bt_2"),
        ("s * t", ("s", "t"), "return (bs_2, bt_2)"),
        ("s * t", ("t", "s"), "return (bt_2, bs_2)"),
        ("x @ x", ("x",), "return bx_3"),
    ],
)
def test_what_is_returned(text, wrt, last):
    assert body(adjoint(text, *wrt).function).splitlines()[-1] == last


def test_a_tuple_of_one_is_a_tuple():
    f = written("def f(x):\n    return x * 2\n")
    assert grad(f, wrt=("x",))(1.0) == (2.0,) and value_and_grad(f, wrt=("x",))(1.0) == (2.0, (2.0,))


def test_with_its_value():
    assert body(adjoint("s * s", value=True).function).splitlines()[-1] == "return (t1, bs_2)"


@pytest.mark.parametrize(
    "expression, argument, message",
    [
        ("p", np.ones(3), r"returns an array of shape \(3,\), not a scalar"),
        ("p[1:]", np.ones(3), r"returns an array of shape \(2,\)"),
        ("p[None]", np.ones(3), r"returns an array of shape \(1, 3\)"),
        ("p[:1] * 2", np.ones((1,)), r"(?s)an array.*\.item\(\)"),
        ("(p, p)", 1.0, "returns a tuple, not a scalar"),
        ("{'a': p}", 1.0, "returns a dict"),
        ("None", 1.0, "returns None"),
        ("p > 1", 1.0, "type bool|True|False"),
        ("int(p)", 1.0, "of type int"),
        ("p * 1j", 1.0, "(?s)returns complex.*real part"),
    ],
)
def test_outputs_that_are_refused(expression, argument, message):
    f = written(f"def f(p):\n    return {expression}\n")
    with pytest.raises(NotDifferentiable, match=message):
        grad(f)(argument)


@pytest.mark.parametrize(
    "argument, error, message",
    [
        (3, NotDifferentiable, "'p' has no float to differentiate .it is int.*"),
        (True, NotDifferentiable, "no float"),
        (np.arange(3), NotDifferentiable, "ndarray of dtype int64"),
        ("abc", NotDifferentiable, "no float"),
        (None, NotDifferentiable, "no float"),
        ([1, 2], NotDifferentiable, "no float"),
        (Decimal("1.5"), MissingRule, "type decimal.Decimal"),
        (np.ma.array([1.0]), MissingRule, "MaskedArray"),
        (np.array([1.5], object), MissingRule, "dtype object"),
        ({1.5}, MissingRule, "type set"),
    ],
)
def test_arguments_that_are_refused(argument, error, message):
    f = written("def f(p):\n    return 1.0\n")
    with pytest.raises(error, match=message):
        grad(f)(argument)
