"""Every program of tests/regressions.py in every mode, and what is no program: calls one after the other."""

from __future__ import annotations

import dataclasses
import enum
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from astgrad import grad, vjp
from tests.oracle import check, define
from tests.programs import Program
from tests.regressions import REGRESSIONS


@pytest.mark.parametrize("program", REGRESSIONS, ids=lambda program: program.name)
def test_regression(program: Program) -> None:
    check(program)


@pytest.mark.parametrize("x", [0.3, np.float32(0.3), np.array(0.3), np.array(0.3, np.float32), np.ones(2)])
def test_the_general_form_returns_the_kind_of_the_argument(x: object) -> None:
    general = grad(lambda x: np.sum(np.sin(x) + x))._general_form().function(x)
    assert type(general) is type(x)
    assert np.result_type(general) == np.result_type(x)


def test_a_parameter_may_be_called_self() -> None:
    assert grad(lambda x, *, self: x * self, wrt="self")(2.0, self=3.0) == 2.0


X = np.array([0.5, -1.0, 2.0])


def test_S1_defaults_that_are_rebound_between_calls() -> None:
    def f(x: Any, a: Any = 2.0) -> Any:
        return np.sum(x * a)

    gradient = grad(f)
    for a in (2.0, 3.0, np.array([1.0, 2.0, 4.0]), 3.0):
        f.__defaults__ = (a,)
        for _ in range(3):
            np.testing.assert_array_equal(gradient(X), a * np.ones(3))


def test_S1_defaults_that_come_and_go() -> None:
    def f(x: Any, a: Any) -> Any:
        return np.sum(x * a)

    def g(x: Any, *, a: Any) -> Any:
        return np.sum(x * a)

    for function, name, first, second in (
        (f, "__defaults__", (3.0,), (5.0,)),
        (g, "__kwdefaults__", {"a": 3.0}, {"a": 5.0}),
    ):
        gradient = grad(function)
        for defaults, factor in ((first, 3.0), (None, None), (second, 5.0), (None, None)):
            np.testing.assert_array_equal(gradient(X, a=2.0), 2.0 * np.ones(3))
            setattr(function, name, defaults)
            for given in ({"a": 7.0}, {}, {"a": 2.0}, {}):
                if given or factor is not None:
                    want = given.get("a", factor) * np.ones(3)
                    np.testing.assert_array_equal(gradient(X, **given), want)
                    continue
                with pytest.raises(TypeError, match="'a'"):
                    gradient(X)


def test_S1_defaults_of_keywords_that_are_rebound_or_written_between_calls() -> None:
    def f(x: Any, *, a: Any = 2.0) -> Any:
        return np.sum(x * a)

    gradient = grad(f)
    for a in (2.0, 3.0, 5):
        f.__kwdefaults__ = {"a": a}
        for _ in range(3):
            np.testing.assert_array_equal(gradient(X), a * np.ones(3))
    f.__kwdefaults__["a"] = 7.0
    np.testing.assert_array_equal(gradient(X), 7.0 * np.ones(3))


def times(x: Any, *, a: Any = 2.0) -> Any:
    return x * a


def test_S1_defaults_of_a_helper_that_are_written_between_calls() -> None:
    def f(x: Any) -> Any:
        return np.sum(times(x))

    gradient = grad(f)
    np.testing.assert_array_equal(gradient(X), 2.0 * np.ones(3))
    times.__kwdefaults__["a"] = 3.0
    np.testing.assert_array_equal(gradient(X), 3.0 * np.ones(3))
    times.__kwdefaults__["a"] = 2.0


class Scaled:
    def __init__(self, rate: float) -> None:
        self.rate = rate

    @property
    def factor(self) -> float:
        return self.rate * 2

    def loss(self, x: Any, power: int = 2) -> Any:
        return np.sum(self.factor * x**power)


def scaling(factor: float) -> Callable[[Any, Any], Any]:
    return lambda self, x: np.sum(factor * x)


def test_S2_methods_and_properties_of_a_class_that_is_patched_between_calls() -> None:
    class Patched(Scaled):
        pass

    model = Patched(2.0)
    gradient = grad(model.loss)
    np.testing.assert_array_equal(gradient(X), 8 * X)
    Patched.factor = property(lambda self: self.rate * 3)  # type: ignore[assignment, method-assign]
    np.testing.assert_array_equal(gradient(X), 12 * X)

    def f(x: Any) -> Any:
        return model.loss(x)

    outside = grad(f)
    np.testing.assert_array_equal(outside(X), 12 * X)
    Patched.loss = scaling(2.0)  # type: ignore[assignment, method-assign]
    np.testing.assert_array_equal(outside(X), [2.0, 2.0, 2.0])
    Patched.loss = scaling(3.0)  # type: ignore[assignment, method-assign]
    np.testing.assert_array_equal(outside(X), [3.0, 3.0, 3.0])


class Named:
    """Equal by its name alone."""

    def __init__(self, name: str, w: float) -> None:
        self.name, self.w = name, w

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Named) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __call__(self, x: Any) -> Any:
        return np.sum(x * self.w)


def test_pullbacks_of_equal_objects_are_their_own() -> None:
    first, second = Named("a", 2.0), Named("a", 3.0)
    np.testing.assert_array_equal(vjp(first, X)[1](1.0)[0], [2.0, 2.0, 2.0])
    np.testing.assert_array_equal(vjp(second, X)[1](1.0)[0], [3.0, 3.0, 3.0])
    np.testing.assert_array_equal(vjp(second.__call__, X)[1](1.0)[0], [3.0, 3.0, 3.0])


class Colour(str, enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@pytest.mark.parametrize("keys", [tuple(Colour), tuple(Level), ("class", "a b"), ("x", None), (True, False)])
def test_keys_that_are_no_names(keys: tuple[Any, Any]) -> None:
    first, second = keys

    def f(p: Any) -> Any:
        return np.sum(p[first] * p[second])

    p = {first: X, second: X + 1}
    for gradients in (grad(f)(p), grad(f, optimize=False)(p), vjp(f, p)[1](1.0)[0]):
        np.testing.assert_array_equal(gradients[first], X + 1)
        np.testing.assert_array_equal(gradients[second], X)


@pytest.mark.parametrize("n", [0, 0.0])
@pytest.mark.parametrize("optimize", [True, False])
def test_S12_divisions_by_a_zero_of_python(n: float, optimize: bool) -> None:
    with np.errstate(all="ignore"):
        for f in (lambda x, n: np.sum(x) / n, lambda x, n: np.sum(x / n)):
            assert np.all(np.isinf(grad(f, optimize=optimize)(X, n)))
            assert np.all(np.isinf(grad(f)._general_form().function(X, n)))
        assert grad(lambda x: np.log(x), optimize=optimize)(0.0) == np.inf
        assert grad(lambda x: np.arctanh(x), optimize=optimize)(1.0) == np.inf
    with pytest.raises(ZeroDivisionError):
        grad(lambda x, n: x / n, optimize=optimize)(1.0, n)


@pytest.mark.parametrize("optimize", [True, False])
def test_S12_means_of_nothing(optimize: bool) -> None:
    nothing, hidden = np.zeros(0), np.zeros(3, bool)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for f in (
            lambda x: np.mean(x),
            lambda x: np.sum(x**2) / x.size,
            lambda x: np.sum(x) / len(x),
            lambda x: np.sum(np.sum(x, axis=0) / x.shape[0]),
        ):
            assert grad(f, optimize=optimize)(nothing).shape == (0,)
        gradient = grad(lambda x, m: np.mean(x[m] ** 2), optimize=optimize)(X, hidden)
    np.testing.assert_array_equal(gradient, [0.0, 0.0, 0.0])


@pytest.mark.parametrize(("index", "times"), [(np.False_, 0), (np.True_, 1), (None, 1), ((), 1)])
def test_scalars_read_by_masks(index: Any, times: int) -> None:
    gradient = grad(lambda x, m: np.sum(x[m]) + 2 * x)
    assert gradient(np.float64(0.5), index) == 2.0 + times


def test_slices_beside_arguments_of_a_pullback() -> None:
    _, pullback = vjp(lambda x, part: np.sum(x[part]), X, slice(1, None))
    gradients = pullback(np.float64(1.0))
    np.testing.assert_array_equal(gradients[0], [0.0, 1.0, 1.0])
    assert gradients[1] is None


def test_S2_an_index_that_takes_many_values_goes_to_the_general_form() -> None:
    layers = [X + k for k in range(20)]
    gradient = grad(lambda p, n: np.sum(p[n]))
    for n in range(-20, 20):
        for k, layer in enumerate(gradient(layers, n)):
            np.testing.assert_array_equal(layer, np.full(3, float(k == n % 20)))


def test_keys_that_do_not_compare_with_each_other() -> None:
    """np.int64(1) == (0, 1) is an array: keys are found as a dict finds them."""
    p = {(0, 1): 0.5, np.int64(1): 1.5, 2: 2.5}
    for optimize in (True, False):
        gradient = grad(lambda p, key: p[key] ** 2 * p[0, 1] * p[1], optimize=optimize)
        for _ in range(2):
            assert gradient(p, (0, 1)) == {(0, 1): 1.125, np.int64(1): 0.125, 2: 0.0}
        assert gradient._general_form().function(p, (0, 1)) == gradient(p, (0, 1))


def test_containers_of_many_leaves() -> None:
    layers = {f"w{k}": X + k for k in range(300)}
    gradients = grad(lambda p: np.sum(p["w0"] * p["w299"]))(layers)
    assert list(gradients) == list(layers)
    np.testing.assert_array_equal(gradients["w0"], layers["w299"])
    np.testing.assert_array_equal(gradients["w299"], layers["w0"])
    np.testing.assert_array_equal(gradients["w7"], np.zeros(3))


@dataclasses.dataclass
class PatchedFields:
    w: float

    def norm(self) -> float:
        return self.w**2

    @property
    def twice(self) -> float:
        return 2 * self.w


def test_S2_methods_and_properties_of_a_dataclass_that_is_patched_between_calls() -> None:
    def f(p):
        return p.norm() + p.twice

    gradient = grad(f)
    assert gradient(PatchedFields(3.0)) == PatchedFields(8.0)
    PatchedFields.norm = lambda self: self.w**3  # type: ignore[method-assign]
    assert gradient(PatchedFields(3.0)) == PatchedFields(29.0)
    PatchedFields.twice = property(lambda self: 5 * self.w)  # type: ignore[assignment, method-assign]
    assert gradient(PatchedFields(3.0)) == PatchedFields(32.0)


def test_S1_a_helper_that_is_rebound_is_seen_in_the_general_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("astgrad.gradient.SIGNATURES", 1)
    namespace = {"np": np, "helper": lambda x: x**2}
    f = define("def f(x):\n    return np.sum(helper(x))\n", "f", namespace)
    gradient = grad(f)
    with pytest.warns(RuntimeWarning, match="signatures"):
        gradient(np.ones(2))
    x = np.full((2, 2), 3.0)
    assert np.array_equal(gradient(x), 2 * x)
    namespace["helper"] = lambda x: x**3
    assert np.array_equal(gradient(x), 3 * x**2)
