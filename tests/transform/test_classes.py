"""Objects that a function makes: what becomes of them, what is refused, and that classes are live (S1)."""

from __future__ import annotations

import dataclasses
import inspect

import numpy as np
import pytest

from astgrad import grad, vjp
from astgrad.errors import MissingRule, UnsupportedSyntax, UntrackedMutation
from tests.frontend.written import namespace, register
from tests.transform.written import body, specialized

TEXT = """
class Pair:
    k = 2.0

    def __init__(self, a, b):
        self.a = a
        self.b = b

    def __add__(self, other):
        return Pair(self.a + other.a, self.b + other.b)

    def __rmul__(self, k):
        return Pair(k * self.a, k * self.b)

    def __len__(self):
        return 2

    def scaled(self):
        return self.k * self.a

    @property
    def square(self):
        return self.a * self.a

    def rename(self, a):
        self.a = a
        return self


class Branching(Pair):
    def __init__(self, a):
        if a > 0:
            self.a = a
        else:
            self.a = -a


@dataclass(frozen=True)
class Frozen:
    a: float


class Slow:
    def __new__(cls, a):
        return super().__new__(cls)


class Guarded:
    def __init__(self, a):
        self.a = a

    def __setattr__(self, name, value):
        object.__setattr__(self, name, 2 * value)
"""
NAMES = namespace(TEXT, "classes.py", __name__=__name__, dataclass=dataclasses.dataclass)
KEPT = {name: NAMES[name] for name in ("Pair", "Branching", "Slow", "Guarded", "Frozen")}

WALKED = [
    ("Pair(s, t).b", "return t"),
    ("len(Pair(s, t))", "return 2"),
    ("(Pair(s, t) + Pair(t, s)).a", "a = add(s, t)\nb = add(t, s)\nreturn a"),
    ("Pair(s, t).square", "t1 = mul(s, s)\nreturn t1"),
    ("(3.0 * Pair(s, t)).b", "a = mul(3.0, s)\nb = mul(3.0, t)\nreturn b"),
    ("hasattr(Pair(s, t), 'a')", "return True"),
    ("isinstance(Pair(s, t), Pair)", "return True"),
    ("type(Pair(s, t)) is Pair", "return True"),
    ("Pair(s, t).rename(t).a", "return t"),
]


@pytest.mark.parametrize("text, expected", WALKED)
def test_no_statement_makes_the_object(text, expected):
    made = specialized(f"def f(s, t):\n    return {text}\n", **KEPT)
    assert "\n".join(line.strip() for line in body(made.function).splitlines()) == expected


REFUSED = {
    "needed as a whole": (
        UnsupportedSyntax,
        "Pair that is made here",
        "return np.sum(np.array([Pair(s, t)]))",
    ),
    "written in a branch": (
        UntrackedMutation,
        "branch or loop",
        "p = Pair(s, t)\n    if s > 0: p.a = t\n    return p.a",
    ),
    "written in a loop": (
        UntrackedMutation,
        "branch or loop",
        "p = Pair(s, t)\n    for i in range(n): p.a = p.a * t\n    return p.a",
    ),
    "written behind a branch that took it": (
        UntrackedMutation,
        "branch or loop",
        "p = Pair(s, t)\n    q = p if s > 0 else Pair(t, s)\n    p.a = t * 2\n    return q.a",
    ),
    "its constructor branches": (UntrackedMutation, "branch or loop", "return Branching(s).a"),
    "its __new__ is its own": (MissingRule, "Slow", "return Slow(s).a"),
    "it says how attributes are written": (MissingRule, "Guarded", "return Guarded(s).a"),
    "an array stands left of it": (MissingRule, "stands left of an object", "return (x * Pair(s, t)).a"),
    "an argument is written": (UntrackedMutation, "not tracked", "unknown.a = s\n    return s"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_caret(name):
    error, message, text = REFUSED[name]
    with pytest.raises(error, match=rf"(?s){message}.*\^\^\^"):
        specialized(f"def f(s, t, n, x, unknown):\n    {text}\n", given={"unknown": None}, **KEPT)


def test_what_python_raises():
    with pytest.raises(AttributeError, match="'Pair' object has no attribute 'c'"):
        specialized("def f(s):\n    return Pair(s, s).c\n", **KEPT)
    with pytest.raises(TypeError, match="missing a required argument: 'b'"):
        specialized("def f(s):\n    return Pair(s).a\n", **KEPT)
    with pytest.raises(dataclasses.FrozenInstanceError, match="'a'"):
        specialized("def f(s):\n    p = Frozen(s)\n    p.a = s\n    return s\n", **KEPT)


def test_an_object_is_no_value_of_a_pullback():
    with pytest.raises(UnsupportedSyntax, match="Pair"):
        vjp(namespace(TEXT + "\ndef f(s):\n    return Pair(s, s)\n", **NAMES)["f"], 1.5)


LIVE = """
class Model:
    k = 2.0

    def __init__(self, w):
        self.w = w

    def value(self, x):
        return self.w * x * self.k

    @property
    def half(self):
        return self.w / 2

    @classmethod
    def unit(cls, x):
        return cls.k * x

    @staticmethod
    def twice(x):
        return 2 * x

    def __mul__(self, x):
        return self.w * x


class Special(Model):
    def value(self, x):
        return super().value(x) + x * x


model = Model(3.0)


def inside(x):
    m, s = Model(x), Special(x)
    return m.value(x) + m.half + m.unit(x) * m.twice(x) + m * x + s.value(x)


def outside(x):
    return model.value(x) + model.half * x + Model.unit(x) * model.twice(x) + model * x


def argument(x, m):
    return m.value(x) + m.half * x + m.unit(x) * m.twice(x) + m * x
"""
CHANGES = [
    "Model.k = 5.0",
    "Model.value = lambda self, x: self.w * x**3",
    "Model.half = property(lambda self: self.w ** 2)",
    "Model.unit = classmethod(lambda cls, x: cls.k * x * x)",
    "Model.twice = staticmethod(lambda x: x ** 2)",
    "Model.__mul__ = lambda self, x: self.w * x * 7",
    "Special.value = lambda self, x: x ** 4 * self.w",
    "Special.k = 11.0",
    "model.w = 13.0",
    "model.k = 17.0",
    "Model.value.__code__ = (lambda self, x: self.w * x ** 5).__code__",
]


@pytest.mark.parametrize("name", ["inside", "outside", "argument"])
def test_S1_a_class_is_seen_as_it_is_now(name):
    names = namespace(LIVE, "live.py", __name__=__name__)
    function, given = names[name], (names["model"],)[: name == "argument"]
    gradient = grad(function)
    for change in ("", *CHANGES):
        register("change.py", change)
        exec(compile(change, "change.py", "exec"), names)
        step = 1e-6
        wanted = (function(1.3 + step, *given) - function(1.3 - step, *given)) / (2 * step)
        for _ in range(2):
            assert gradient(1.3, *given) == pytest.approx(wanted, rel=1e-5), change


@pytest.mark.parametrize("name", ["inside", "outside", "argument"])
def test_S2_the_same_classes_compile_nothing_new(name):
    names = namespace(LIVE, "live.py", __name__=__name__)
    given = (names["model"],)[: name == "argument"]
    gradient = grad(names[name])
    for _ in range(3):
        gradient(1.3, *given)
    assert len(gradient._compiled) == 1


def test_S2_a_bound_method_is_an_argument_by_its_function_and_object():
    class Matrix:
        def __init__(self, a):
            self.a = a

        def apply(self, x):
            return self.a @ x

    gradient = grad(lambda x, f: np.sum(f(x) ** 2))
    assert inspect.ismethod(Matrix(np.eye(2)).apply)
    for factor in (1.0, 2.0, 3.0):
        matrix = Matrix(factor * np.eye(2))
        np.testing.assert_allclose(
            gradient(np.array([1.0, 2.0]), matrix.apply), 2 * factor**2 * np.array([1, 2])
        )
    assert len(gradient._compiled) == 1
