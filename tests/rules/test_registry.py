"""Registering rules and asking for them."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import pytest

from astgrad import ir
from astgrad.analyses.specs import FLOAT, UNKNOWN, Array, Dim, Number, literal
from astgrad.ir import Method, Var
from astgrad.rules import registry
from astgrad.rules.registry import (
    METHODS,
    RULES,
    UnknownKeyword,
    adjoint,
    bind,
    constant,
    effects_of,
    elementwise,
    linear,
    lookup,
    multilinear,
    unsupported,
)

V = Array(np.dtype("f8"), (Dim(Var("x"), 0),))
M = Array(np.dtype("f8"), (Dim(Var("a"), 0), Dim(Var("a"), 1)))


@pytest.fixture
def function() -> Any:
    """A function of nobody's; its rule is gone afterwards."""

    def mine(x: Any, y: Any = None) -> Any:
        return x

    yield mine
    RULES.pop(mine, None)


@pytest.mark.parametrize(
    "one, other",
    [
        (operator.add, np.add),
        (operator.matmul, np.matmul),
        (operator.neg, np.negative),
        (operator.pow, np.power),
        (abs, np.absolute),
        (operator.abs, np.absolute),
        (operator.eq, np.equal),
        (np.amax, np.max),
    ],
)
def test_operators_have_the_rules_of_numpy(one: Any, other: Any) -> None:
    assert RULES[one] is RULES[other]


def test_every_differentiated_method_and_attribute_is_ruled() -> None:
    assert all(lookup(Method(name)) is RULES[function] for name, function in METHODS.items())
    assert all(function in RULES for function in registry.ATTRIBUTES.values())


def test_lookup_of_what_is_not_known() -> None:
    assert lookup(Method("frobnicate")) is None
    assert lookup([]) is None
    assert lookup(np.linalg.eigvals) is None


def test_a_rule_knows_its_parameters(function: Any) -> None:
    assert linear(function, lambda by, x, axis=None, *, keepdims=False: by) is function
    rule = RULES[function]
    assert rule.wrt == ("x",)
    assert dict(rule.parameters or {}) == {"x": rule.parameters["x"], "axis": None, "keepdims": False}  # type: ignore[index]
    assert rule.positional == 2
    assert rule.shape_only == {"x"}


def test_wrt_of_the_kinds(function: Any) -> None:
    elementwise(function, lambda y, a, b: (1, 1))
    assert RULES[function].wrt == ("a", "b")
    multilinear(function, lambda by, a, b, axes=2: (by, by))
    assert RULES[function].wrt == ("a", "b")
    adjoint(function, lambda by, y, a, axis=None: by)
    assert RULES[function].wrt == ("a",)
    adjoint(function, lambda by, y, a, b: by, wrt="b")
    assert RULES[function].wrt == ("b",)


@pytest.mark.parametrize(
    "register, message",
    [
        (lambda f: elementwise(3, lambda y, x: 1), "function is 3, not a callable"),  # type: ignore[arg-type]
        (lambda f: elementwise(f, 3), "the rule has to be a Python function, not 3"),
        (lambda f: elementwise(f, np.cos), "the rule has to be a Python function"),
        (lambda f: elementwise(f, lambda y: 1), "a rule's parameters are y, then operands"),
        (lambda f: adjoint(f, lambda by, y: 1), "a rule's parameters are by, y, then operands"),
        (lambda f: linear(f, lambda *args: 1), "without * and **"),
        (lambda f: linear(f, lambda by, x: 1, wrt=["z"]), "'z' is no parameter of the rule; it has x"),
        (lambda f: constant(f, but=["z"]), "'z' is no parameter"),
        (lambda f: unsupported(f, ""), "the reason is a text"),
    ],
)
def test_wrong_registrations(function: Any, register: Any, message: str) -> None:
    with pytest.raises(TypeError) as error:
        register(function)
    assert message in str(error.value)
    assert function not in RULES


def test_wrong_result(function: Any) -> None:
    with pytest.raises(ValueError, match="'old' is neither 'fresh' nor 'view'"):
        linear(function, lambda by, x: by, result="old")


def test_bind() -> None:
    total = RULES[np.sum]
    assert bind(total, ("a",), {"keepdims": True}) == {"a": "a", "keepdims": True}
    with pytest.raises(UnknownKeyword, match="sum: the rule does not know the argument where="):
        bind(total, ("a",), {"where": 1})
    with pytest.raises(UnknownKeyword, match="takes 2 positional arguments"):
        bind(total, ("a", 0, float), {})
    with pytest.raises(UnknownKeyword, match="a is given twice"):
        bind(total, ("a",), {"a": 1})
    with pytest.raises(UnknownKeyword, match="a is not given"):
        bind(total, (), {})


def test_bind_packs_what_methods_take_apart() -> None:
    shape = RULES[np.reshape]
    assert bind(shape, ("a", 2, 3), {}) == {"a": "a", "shape": (2, 3)}
    assert bind(shape, ("a", (2, 3)), {}) == {"a": "a", "shape": (2, 3)}
    two = (ir.Const(2), ir.Const(3))
    packed = bind(shape, (Var("a"), *two), {})["shape"]
    assert isinstance(packed, ir.Tree) and packed.items == two


def test_constancy_belongs_to_a_parameter() -> None:
    assert RULES[np.full].wrt == ("fill_value",)
    assert bind(RULES[np.full], (3, 1.5), {}) == {"shape": 3, "fill_value": 1.5}
    assert RULES[np.linspace].wrt == ("start", "stop")
    assert RULES[np.full_like].shape_only == {"a", "fill_value"}


def test_effects() -> None:
    assert effects_of(np.exp, (V,)) is ir.PURE
    assert effects_of(np.reshape, (V, literal(-1))).result == "view"
    assert effects_of(print, (V,)).impure
    assert effects_of(object(), ()) is ir.UNKNOWN_EFFECTS
    assert effects_of(Method("copy"), (UNKNOWN,)) is ir.UNKNOWN_EFFECTS
    assert effects_of(Method("copy"), (V,)).result == "fresh"
    assert effects_of(operator.add, (V, UNKNOWN)).result == "unknown"
    assert effects_of(operator.add, (V, FLOAT)).result == "fresh"


@pytest.mark.parametrize(
    "index, result",
    [
        (slice(1, None), "view"),
        ((slice(None), 0), "view"),
        ((0, 0), "fresh"),
        ((0, 0, ...), "view"),
        ([0, 1], "fresh"),
        ((None,), "view"),
    ],
)
def test_effects_of_an_index(index: Any, result: str) -> None:
    assert effects_of(operator.getitem, (M, literal(index))).result == result


def test_effects_of_an_unknown_index() -> None:
    assert effects_of(operator.getitem, (M, UNKNOWN)).result == "unknown"
    ints = Array(np.dtype("i8"), (Dim(Var("i"), 0),))
    assert effects_of(operator.getitem, (M, ints)).result == "fresh"


def test_result_spec_never_raises() -> None:
    for function in RULES:
        for args in ((), (UNKNOWN,), (UNKNOWN, UNKNOWN), (V,), (literal("text"),), (literal(None), V)):
            registry.result_spec(function, args, {})
            registry.result_spec(function, args, {"nonsense": FLOAT})
            effects_of(function, args)


def test_math_has_rules_of_its_own() -> None:
    assert RULES[math.sin] is not RULES[np.sin]
    assert registry.result_spec(math.sin, (FLOAT,), {}) == FLOAT
    assert registry.result_spec(np.sin, (FLOAT,), {}) == Number(np.float64)
