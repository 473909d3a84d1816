"""Dispatch: facts, the conditions of the guard as text, and what the guard lets through."""

from __future__ import annotations

import inspect
from types import CellType, SimpleNamespace

import numpy as np
import pytest

from astgrad import grad, value_and_grad
from astgrad.analyses.facts import Fact, Path
from astgrad.analyses.specs import Dim
from astgrad.dispatch import Tests, bind, guard_function, signature_text
from astgrad.ir import Block, Capture, Const, Function, Param, Var
from tests.frontend.written import namespace, written

X, Y, P = Var("x"), Var("y"), Var("p")
K = Var("k")
F8 = np.dtype("f8")


def function(*params, captures=()):
    params = params or (Param(X), Param(Y), Param(P))
    variables = tuple(p.var for p in params) + tuple(var for var, _ in captures)
    return Function("f", params, Block(variables, (), (Const(None),)), tuple(captures))


def conditions(*facts, asked=None, captures=()):
    tests = Tests(function(captures=captures), asked or {})
    for fact in facts:
        tests.fact(fact)
    return list(tests.conditions), tests


def array(path, *units):
    return Fact(path, "array", (np.ndarray, F8, units))


GUARDS = [
    (
        array(Path(X), False),
        {},
        ["type(x) is _type0", "(x.dtype is _dtype1 or x.dtype == _dtype1)", "x.ndim == 1"],
    ),
    (array(Path(X), False), {0}, ["len(x) != 1"]),
    (array(Path(X), False, False), {0, 1}, ["1 not in x.shape"]),
    (array(Path(X), False, False), {1}, ["x.shape[1] != 1"]),
    (array(Path(X), True, False), {}, ["x.shape[0] == 1", "x.shape[1] != 1"]),
    (Fact(Path(X), "type", float), {}, ["type(x) is _type0"]),
    (Fact(Path(X), "value", None), {}, ["x is None"]),
    (Fact(Path(X), "value", True), {}, ["x is True"]),
    (Fact(Path(X), "value", 2), {}, ["type(x) is _type0", "x == _c1"]),
    (Fact(Path(X), "is", np.sin), {}, ["x is _c0"]),
    (Fact(Path(X), "keys", ("a", "b")), {}, ["tuple(x) == _keys0"]),
    (Fact(Path(X), "length", 3), {}, ["len(x) == 3"]),
    (Fact(Path(X), "axis1", (1, 3)), {}, ["x.shape[1] == 3"]),
    (Fact(Path(X), "nonzero0", 0), {}, ["x.shape[0] != 0"]),
]


@pytest.mark.parametrize("fact, asked, expected", GUARDS, ids=[" and ".join(row[2]) for row in GUARDS])
def test_conditions(fact, asked, expected):
    found, _ = conditions(fact, asked={Path(X): set(asked)})
    assert found[-len(expected) :] == expected and (asked or fact.kind == "array" or found == expected)


def test_equal_conditions_are_one_and_equal_objects_have_one_name():
    found, tests = conditions(*[Fact(Path(v), "type", float) for v in (X, Y, X)])
    assert found == ["type(x) is _type0", "type(y) is _type0"] and tests.names == {"_type0": float}


def test_names_of_the_guard_avoid_the_parameters():
    tests = Tests(function(Param(Var("_type0")), Param(X)))
    assert tests.name(float, "type") == "__type0" and tests.name(float, "type") == "__type0"


@pytest.mark.parametrize(
    "params, expected",
    [
        ((Param(X), Param(Y)), ("x, y", "x, y")),
        ((Param(X), Param(Y, "KEYWORD_ONLY")), ("x, *, y", "x, y=y")),
        ((Param(X, "POSITIONAL_ONLY"), Param(Y)), ("x, /, y", "x, y")),
        ((Param(X, "POSITIONAL_ONLY"), Param(Y, "KEYWORD_ONLY")), ("x, /, *, y", "x, y=y")),
    ],
)
def test_signature_text(params, expected):
    text, passed = signature_text(function(*params))
    assert passed == expected[1] and inspect_signature(text) == inspect_signature(expected[0])


def inspect_signature(text):
    names: dict = {}
    exec(f"def f({text}): pass", names)
    return str(inspect.signature(names["f"]))


def made(*facts, equalities=(), captures=(), asked=None):
    """The entry and the test of a guard; the gradient and the miss say who was called."""
    _, tests = conditions(*facts, captures=captures, asked=asked)
    behind = tests.behind()
    for a, b in equalities:
        behind.equal(a, b, {X: Path(X), Y: Path(Y)})
    primal = lambda x, y=2, p=None: None
    return guard_function(tests, behind, primal, lambda *a: ("gradient", *a), lambda *a: ("miss", *a))


def goes(entry, *args):
    return entry(*args)[0]


def test_the_guard_calls_the_gradient_or_the_miss_with_the_same_arguments():
    entry, test = made(Fact(Path(X), "type", float))
    assert entry(1.5, 2, 3) == ("gradient", 1.5, 2, 3) and test(1.5, 2, 3)
    assert entry(1, 2, 3) == ("miss", 1, 2, 3) and not test(1, 2, 3)
    assert entry(np.float64(1.5)) == ("miss", np.float64(1.5), 2, None)  # a subclass of float is another kind


@pytest.mark.parametrize(
    "x, who",
    [
        (np.ones(3), "gradient"),
        (np.ones(7), "gradient"),
        (np.ones(0), "gradient"),
        (np.ones(1), "miss"),
        (np.ones((3, 3)), "miss"),
        (np.ones(3, np.float32), "miss"),
        (np.ones(3).astype(">f8"), "miss"),
        (np.ones(3).view(np.recarray), "miss"),
        ([1.0, 2.0], "miss"),
        (1.5, "miss"),
        (None, "miss"),
    ],
)
def test_an_array_of_one_axis_that_is_not_1(x, who):
    entry, _ = made(array(Path(X), False), asked={Path(X): {0}})
    assert goes(entry, x) == who


def test_what_cannot_be_read_is_a_miss_and_never_an_error():
    entry, _ = made(Fact(Path(P).item("W").attr("n"), "type", int))
    assert goes(entry, 0, 0, {"W": SimpleNamespace(n=3)}) == "gradient"
    for p in ({}, {"W": 3}, None, [], {"W": SimpleNamespace(n=3.0)}):
        assert goes(entry, 0, 0, p) == "miss"


def test_values_are_compared_with_their_type():
    entry, _ = made(Fact(Path(X), "value", 2))
    assert [goes(entry, x) for x in (2, 2.0, True, 3)] == ["gradient", "miss", "miss", "miss"]
    entry, _ = made(Fact(Path(X), "value", "a"))
    assert [goes(entry, x) for x in ("a", "b", None)] == ["gradient", "miss", "miss"]


def test_keys_are_compared_in_order():
    entry, _ = made(Fact(Path(X), "keys", ("a", "b")))
    assert [goes(entry, dict.fromkeys(keys)) for keys in ("ab", "ba", "abc", "a")] == [
        "gradient",
        *3 * ["miss"],
    ]


def test_equalities_of_sizes_are_for_the_entry_alone():
    """`test` says which signature it is; the entry also that sizes fit (S9)."""
    facts = (array(Path(X), False), array(Path(Y), False))
    entry, test = made(*facts, equalities=[(Dim(X, 0), Dim(Y, 0))], asked={Path(X): {0}, Path(Y): {0}})
    same, other = (np.ones(3), np.ones(3)), (np.ones(3), np.ones(4))
    assert goes(entry, *same) == "gradient" and goes(entry, *other) == "miss"
    assert test(*same, None) and test(*other, None)
    ones = (np.ones(1), np.ones(1))
    assert goes(entry, *ones) == "miss" and not test(*ones, None)  # implied, for one of the two
    entry, _ = made(*facts, equalities=[(Dim(X, 0, 1), 2)])
    assert [goes(entry, np.ones(n), np.ones(1)) for n in (3, 2, 0)] == ["gradient", "miss", "miss"]


def test_all_equal_lengths_are_one_comparison():
    tests = Tests(function())
    lengths = [Dim(X, 0), Dim(Y, 0), Dim(P, 0)]
    sources = {var: Path(var) for var in (X, Y, P)}
    tests.equal(lengths[0], lengths[1], sources)
    tests.equal(Dim(X, 1), 3, sources)
    tests.equal(lengths[1], lengths[2], sources)
    tests.equal(lengths[2], lengths[0], sources)
    assert tests.chains(["len(y) != 1", "len(q) != 1"]) == (
        ["1 != len(x) == len(y) == len(p)", "x.shape[1] == 3"],
        {"len(y) != 1"},
    )


def test_captured_names_are_read_live_from_globals_and_cells():
    globals_, cell = {"k": 1.0}, CellType(1.0)
    for holder, rebind in (
        (globals_, lambda v: globals_.update(k=v)),
        (cell, lambda v: setattr(cell, "cell_contents", v)),
    ):
        entry, _ = made(Fact(Path(K), "type", float), captures=[(K, Capture("k", holder))])
        rebind(2.5)
        assert goes(entry, 0) == "gradient"
        rebind("text")
        assert goes(entry, 0) == "miss"
    del globals_["k"], cell.cell_contents
    entry, _ = made(captures=[])
    assert goes(entry, 0) == "gradient"


def test_the_entry_has_the_defaults_and_the_name_of_the_primal():
    entry, _ = made()
    assert entry.__defaults__ == (2, None) and entry.__name__ == "<lambda>"


def test_bind_lets_the_primal_raise_its_own_error():
    def f(x, y=2):
        raise AssertionError("not called with wrong arguments")

    assert bind(f, inspect.signature(f), (1,), {}).arguments == {"x": 1, "y": 2}
    with pytest.raises(TypeError, match=r"f\(\) missing 1 required positional argument: 'x'"):
        bind(f, inspect.signature(f), (), {})
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        bind(f, inspect.signature(f), (1,), {"z": 3})


# --- the whole way


HELPER = "def helper(a):\n    return a * a\ndef f(x):\n    return helper(x)\n"


def test_a_helper_that_is_rebound_or_reloaded_is_seen():
    names = namespace(HELPER)
    made_ = grad(names["f"])
    assert made_(3.0) == 6.0
    names["helper"].__code__ = namespace("def helper(a):\n    return a * a * a\n", "reloaded.py")[
        "helper"
    ].__code__
    assert made_(3.0) == 27.0
    names["helper"] = np.sin
    assert made_(0.0) == 1.0


def test_parameters_of_every_kind():
    f = written("def f(x, /, y, *, k=2.0):\n    return x * y * k\n")
    for made_ in (grad(f, wrt=("x", "y")), grad(f, wrt=("x", "y"), optimize=False)):
        for _ in range(2):
            assert made_(3.0, 5.0) == (10.0, 6.0) == made_(3.0, y=5.0)
            assert made_(3.0, 5.0, k=1.0) == (5.0, 3.0)
    with pytest.raises(TypeError, match="positional-only"):
        grad(f)(x=3.0, y=5.0)


def test_defaults_that_change():
    f = written("def f(x, k=2.0):\n    return x * k\n")
    made_ = grad(f)
    assert made_(1.0) == 2.0
    f.__defaults__ = (7.0,)
    assert made_(1.0) == 7.0


def test_a_module_function_that_is_replaced():
    module = SimpleNamespace(scale=lambda a: 2 * a)
    f = written("def f(x):\n    return module.scale(x)\n", module=module)
    made_ = value_and_grad(f)
    assert made_(3.0) == (6.0, 2.0)
    module.scale = lambda a: 5 * a
    assert made_(3.0) == (15.0, 5.0)


def test_alternating_signatures_find_their_gradient_again():
    f = written("def f(x, n):\n    return np.sum(x) * n\n")
    made_ = grad(f)
    kinds = (1.5, np.ones(3), np.ones((1, 3)), np.ones(1), np.float32(2))
    for _ in range(3):
        for x in kinds:
            got = made_(x, 2)
            assert type(got) is type(x) and np.shape(got) == np.shape(x) and np.all(got == 2)
    assert len(made_.sources) == 4  # whether the one axis of x is 1 makes no difference to the text
