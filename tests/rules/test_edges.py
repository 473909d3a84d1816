"""Ties, zeros and edges: what section 5 of the design promises, one by one."""

from __future__ import annotations

import math
import operator
import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest

import astgrad
from astgrad import runtime, runtime_products
from astgrad.errors import MissingRule, UntrackedMutation
from astgrad.rules.registry import RULES


def partials(function: Any, *args: Any) -> Any:
    rule = RULES[function]
    assert rule.backward is not None
    with np.errstate(all="raise"):
        return rule.backward(function(*args), *args)


def adjoint(function: Any, a: Any, by: Any = 1.0, **config: Any) -> Any:
    rule = RULES[function]
    assert rule.backward is not None
    y = function(a, **config)
    with np.errstate(all="raise"):
        return rule.backward(by, *((y,) if rule.kind == "adjoint" else ()), a, **config)


def test_absolute_value_at_zero() -> None:
    assert partials(np.abs, 0.0) == 0
    assert partials(np.abs, 0j) == 0


def test_ties_of_two_operands_are_shared() -> None:
    for function in (np.maximum, np.minimum, np.fmax, np.fmin):
        assert sum(partials(function, 2.0, 2.0)) == 1
        assert sum(partials(function, np.inf, np.inf)) == 1
    assert tuple(partials(np.fmax, np.nan, 1.0)) == (0, 1)


def test_ties_of_reductions_are_shared() -> None:
    np.testing.assert_array_equal(adjoint(np.max, np.array([1.0, 2.0, 2.0])), [0, 0.5, 0.5])
    tied = np.array([[1.0, 1.0], [3.0, 2.0]])
    np.testing.assert_array_equal(adjoint(np.min, tied, np.array([1.0, 1.0]), axis=1), [[0.5, 0.5], [0, 1]])


def test_builtin_max_follows_the_pick() -> None:
    assert RULES[max].backward is not None
    assert RULES[max].backward(1.0, 2.0, [2.0, 2.0]) == [1.0, 0.0]


def test_norm_and_deviation_at_zero() -> None:
    np.testing.assert_array_equal(adjoint(np.linalg.norm, np.zeros(3)), np.zeros(3))
    np.testing.assert_array_equal(adjoint(np.std, np.ones(3)), np.zeros(3))
    assert tuple(partials(np.hypot, 0.0, 0.0)) == (0, 0)
    assert tuple(partials(math.hypot, 0.0, 0.0)) == (0, 0)


def test_powers_at_zero() -> None:
    assert partials(np.power, 0.0, 0)[0] == 0
    assert partials(np.power, 0.0, 1)[0] == 1
    assert partials(np.power, 0.0, 2)[0] == 0
    assert partials(operator.pow, 0.0, 2.0)[1] == 0
    np.testing.assert_array_equal(partials(np.power, np.zeros(3), np.array([0, 1, 2]))[0], [0, 1, 0])


def test_singular_partials_of_python_floats_do_not_raise() -> None:
    rule = RULES[operator.pow].backward
    assert rule is not None
    with np.errstate(all="ignore"):
        assert rule(0.0, 0.0, 0.5)[0] == np.inf
        assert RULES[math.sqrt].backward(0.0, 0.0) == np.inf  # type: ignore[misc]
        assert RULES[math.acos].backward(0.0, 1.0) == -np.inf  # type: ignore[misc]
        assert RULES[math.pow].backward(0.0, 0.0, 0.5)[0] == np.inf  # type: ignore[misc]
        assert np.isnan(RULES[math.atan2].backward(0.0, 0.0, 0.0)).all()  # type: ignore[misc]


@pytest.mark.parametrize("ord", [None, 1, 2, 3, 1.5, np.inf, -np.inf, 0])
def test_norms_at_zero(ord: Any) -> None:
    np.testing.assert_array_equal(adjoint(np.linalg.norm, np.zeros(3), ord=ord), np.zeros(3))


def test_ties_of_norms_ranges_and_medians() -> None:
    tied = np.array([1.0, -3.0, 3.0, 1.0])
    np.testing.assert_array_equal(adjoint(np.linalg.norm, tied, ord=np.inf), [0, -0.5, 0.5, 0])
    np.testing.assert_array_equal(adjoint(np.linalg.norm, tied, ord=-np.inf), [0.5, 0, 0, 0.5])
    np.testing.assert_array_equal(adjoint(np.ptp, np.abs(tied)), [-0.5, 0.5, 0.5, -0.5])
    np.testing.assert_array_equal(adjoint(np.median, tied), [0.5, 0, 0, 0.5])
    np.testing.assert_array_equal(adjoint(np.median, tied[1:]), [0, 0, 1])


def test_running_products_with_zeros() -> None:
    ba = adjoint(np.cumprod, np.array([2.0, 0.0, 3.0]), np.ones(3))
    np.testing.assert_array_equal(ba, [1, 2 + 2 * 3, 0])


def test_nan_is_left_out() -> None:
    np.testing.assert_array_equal(adjoint(np.nansum, np.array([1.0, np.nan])), [1, 0])
    np.testing.assert_array_equal(adjoint(np.nanmean, np.array([1.0, np.nan])), [1, 0])


def test_numbers_reduced_over_an_axis() -> None:
    for function in (np.sum, np.prod, np.max, np.min):
        assert function(1.5, axis=0) == function(1.5)
        assert np.shape(adjoint(function, 1.5, axis=0)) == ()


@pytest.mark.parametrize(
    "subscripts, k, expected",
    [
        ("ij,jk->ik", 0, "ik,jk->ij"),
        ("ij,jk->ik", 1, "ik,ij->jk"),
        ("ij,jk", 0, "ik,jk->ij"),
        ("ba", 0, "ab->ba"),
        ("ii->i", 0, "i,ia->ia"),
        ("ij->i", 0, "i,ij->ij"),
        ("...ij,jk->...ik", 1, "...ik,...ij->...jk"),
    ],
)
def test_subscripts_of_the_adjoint(subscripts: str, k: int, expected: str) -> None:
    assert runtime_products.subscripts_back(subscripts, k) == expected


def test_coinciding_indices() -> None:
    np.testing.assert_array_equal(runtime_products.coinciding("ii", np.ones((2, 2))), np.eye(2))


# --- cases that a rule does not have are refused where they are called


def nuclear(x):
    return np.linalg.norm(x, "nuc")


def spectral(x):
    return np.linalg.norm(x, 2, axis=(0, 1))


def trailing_dots(x):
    return np.einsum("i...->", x)


def four_factors(x):
    return np.einsum("ij,ij,ij,ij->", x, x, x, x)


def median_of_all(x):
    return np.sum(np.median(x, axis=(0, 1)))


@pytest.mark.parametrize(
    "function, message",
    [
        (nuclear, "np.linalg.norm of a matrix"),
        (spectral, "np.linalg.norm of a matrix"),
        (trailing_dots, "np.einsum with '...' behind a letter"),
        (four_factors, "np.einsum of more than three operands"),
        (median_of_all, "np.median over several axes"),
    ],
)
def test_a_refused_case_has_a_caret(function: Any, message: str) -> None:
    with pytest.raises(MissingRule) as error:
        astgrad.grad(function)(np.ones((2, 2)))
    text = str(error.value)
    assert message in text and "test_edges.py" in text and "^^^" in text and "stop_gradient" in text


def pieces(x):
    a, b, c = np.split(x, 3)
    first, _, last = np.array_split(x, 3)
    left, right = np.split(x, [2])
    return np.sum(a * b * c) + np.sum(first * last) + np.sum(left) * right[0]


def columns(x):
    left, right = np.hsplit(x, 2)
    return np.sum(left * right) + np.vsplit(x, 2)[1][0, 1]


def picked_by_floats(x):
    return np.sum(np.where(x, x * x, x))


@pytest.mark.parametrize("function, shape", [(pieces, 6), (columns, (2, 4)), (picked_by_floats, 5)])
def test_pieces(function: Any, shape: Any) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    bx, step = astgrad.grad(function)(x), 1e-6
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        assert bx[index] == pytest.approx((function(up) - function(down)) / (2 * step), rel=1e-6)


@pytest.mark.parametrize(
    "a, expected",
    [
        ([2.0, 0.0, 3.0], [0, 6, 0]),
        ([0.0, 0.0, 3.0], [0, 0, 0]),
        ([2.0, 3.0], [3, 2]),
        ([2.0], [1]),
        ([], []),
    ],
)
def test_products_with_zeros(a: list[float], expected: list[float]) -> None:
    np.testing.assert_array_equal(adjoint(np.prod, np.array(a)), expected)


def test_sinc_at_zero() -> None:
    assert partials(np.sinc, 0.0) == 0


def test_both_operands_minus_infinity() -> None:
    assert tuple(partials(np.logaddexp, -np.inf, -np.inf)) == (0, 0)


def test_clip_at_the_bound() -> None:
    inside, low, high, *_ = partials(np.clip, np.array([-1.0, 0.0, 0.5, 1.0, 2.0]), 0.0, 1.0)
    np.testing.assert_array_equal(inside, [0, 1, 1, 1, 0])
    np.testing.assert_array_equal(low, [1, 0, 0, 0, 0])
    np.testing.assert_array_equal(high, [0, 0, 0, 0, 1])


def test_where_masks() -> None:
    bx, by = RULES[np.where].backward(np.array([np.inf, 1.0]), np.array([False, True]), np.ones(2), 0.0)  # type: ignore[misc]
    np.testing.assert_array_equal(bx, [0, 1])
    assert by == np.inf


EMPTY = [np.sum, np.mean, np.prod, np.cumsum, np.cumprod, np.nansum, np.linalg.norm, np.diff]


@pytest.mark.parametrize("function", EMPTY)
def test_empty_arrays(function: Any) -> None:
    empty = np.zeros(0)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        rule = RULES[function]
        y = function(empty)
        by = np.ones_like(y) if np.ndim(y) else 1.0
        ba = rule.backward(by, *((y,) if rule.kind == "adjoint" else ()), empty)  # type: ignore[misc]
    assert np.shape(ba if len(rule.wrt) == 1 else ba[0]) == (0,)


def test_repeated_reads_add() -> None:
    ba = RULES[operator.getitem].backward(np.array([1.0, 2.0, 4.0]), np.zeros(3), np.array([0, 2, 0]))  # type: ignore[misc]
    np.testing.assert_array_equal(ba, [5, 0, 2])


# --- the runtime refuses what it does not know exactly (S3)


class Pair(NamedTuple):
    first: float
    second: np.ndarray


class Subclass(np.ndarray):
    pass


@pytest.mark.parametrize(
    "value", [[1.0], np.ma.masked_array([1.0]), np.zeros(2).view(Subclass), "text", None]
)
def test_other_kinds_are_refused(value: Any) -> None:
    with pytest.raises(MissingRule, match="has no derivative rules"):
        runtime.unbroadcast(1.0, value)


def test_unbroadcast_keeps_the_kind() -> None:
    assert type(runtime.unbroadcast(np.ones((2, 3)), 1.0)) is float
    assert runtime.unbroadcast(np.ones((2, 3)), 1.0) == 6
    assert type(runtime.unbroadcast(np.ones(3), np.float32(1))) is np.float32
    assert runtime.unbroadcast(np.ones((2, 3)), np.ones((2, 1), "f4")).dtype == np.float32
    assert runtime.unbroadcast(np.ones(3) * 1j, np.ones(3)).dtype == np.float64
    assert runtime.unbroadcast(np.ones((2, 0)), np.ones(0)).shape == (0,)


def test_zeros_of_structures() -> None:
    tree = {"w": np.ones(2, "f4"), "b": [1.0, 2], "name": "n", "c": 1j}
    zeros = runtime.zeros(tree)
    assert zeros["w"].dtype == np.float32 and not zeros["w"].any()
    assert zeros["b"] == [0.0, None] and zeros["name"] is None and zeros["c"] == 0j


def test_accumulate_structures() -> None:
    assert runtime.accumulate(None, 1.0) == 1.0
    assert runtime.accumulate({"a": [1.0, None]}, {"a": [2.0, None]}) == {"a": [3.0, None]}


def test_scatter_into_structures() -> None:
    assert runtime.scatter(2.0, 1, (1.0, 1.0)) == (0.0, 2.0)
    assert runtime.scatter(2.0, "a", {"a": 1.0, "n": 3}) == {"a": 2.0, "n": None}
    assert runtime.scatter([1.0, 2.0], slice(1, None), [1.0, 1.0, 1.0]) == [0.0, 1.0, 2.0]


def test_fields() -> None:
    pair = Pair(1.0, np.ones(2))
    assert runtime.field(pair, "first") == 1.0
    scattered = runtime.scatter_field(2.0, "first", pair)
    assert type(scattered) is Pair and scattered.first == 2.0 and not scattered.second.any()
    rule = RULES[runtime.field].backward
    assert rule is not None and rule(2.0, pair, "first").first == 2.0
    back = RULES[runtime.scatter_field].backward
    assert back is not None and back(pair, 2.0, "first", pair) == 1.0


def test_unpack_raises_what_python_raises() -> None:
    assert runtime.unpack(range(2), 2) == (0, 1)
    with pytest.raises(ValueError, match="too many values to unpack \\(expected 1"):
        runtime.unpack([1, 2], 1)
    with pytest.raises(ValueError, match="not enough values to unpack \\(expected 3, got 2\\)"):
        runtime.unpack([1, 2], 3)


def test_immutable() -> None:
    assert runtime.immutable(1.0) == 1.0
    with pytest.raises(UntrackedMutation, match="augmented assignment writes into a list"):
        runtime.immutable([1.0])
