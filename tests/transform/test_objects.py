"""Objects: attributes, properties and methods of arguments and captured objects; functions as arguments."""

from __future__ import annotations

import functools
from types import SimpleNamespace

import numpy as np
import pytest

from astgrad import grad
from tests.frontend.written import namespace
from tests.transform.written import block, body, specialized

MODEL = """
class Model:
    rate = 0.5

    def __init__(self, W):
        self.W = W
        self.inner = None

    @property
    def total(self):
        return np.sum(self.W)

    def predict(self, x):
        return self.W @ x

    def loss(self, x):
        return np.sum(self.predict(x)) * self.rate + self.total

    @staticmethod
    def square(x):
        return x * x

    @classmethod
    def scaled(cls, x):
        return x * cls.rate
"""
Model = namespace(MODEL, "model.py")["Model"]
READ = {
    "an attribute": ("p.W @ x", ["W = getattr(p, 'W')", "t1 = matmul(W, x)", "return t1"]),
    "a class attribute": ("p.rate * x", ["rate = getattr(p, 'rate')", "t1 = mul(rate, x)", "return t1"]),
    "a property": ("p.total", ["W = getattr(p, 'W')", "t1 = sum(W)", "return t1"]),
    "a method": ("p.predict(x)", ["W = getattr(p, 'W')", "t1 = matmul(W, x)", "return t1"]),
    "a bound method": (
        "(lambda m: m(x))(p.predict)",
        ["W = getattr(p, 'W')", "t1 = matmul(W, x)", "return t1"],
    ),
    "methods of methods": (
        "p.loss(x)",
        [
            "W = getattr(p, 'W')",
            "t1 = matmul(W, x)",
            "t2 = sum(t1)",
            "rate = getattr(p, 'rate')",
            "t3 = mul(t2, rate)",
            "W_2 = getattr(p, 'W')",
            "t4 = sum(W_2)",
            "t5 = add(t3, t4)",
            "return t5",
        ],
    ),
    "a static method": ("p.square(x)", ["t1 = mul(x, x)", "return t1"]),
    "an object inside an object": (
        "p.inner.W @ x",
        ["t1 = getattr(p, 'inner')", "W = getattr(t1, 'W')", "t2 = matmul(W, x)", "return t2"],
    ),
}


def model():
    made = Model(np.arange(6.0).reshape(2, 3))
    made.inner = Model(np.ones((2, 3)))
    return made


@pytest.mark.parametrize("expression, after", READ.values(), ids=READ)
def test_read(expression, after):
    made = specialized(f"def f(p, x):\n    return {expression}\n", ("x",), {"p": model()})
    lines = [line for line in body(made.function).splitlines() if not line.startswith("inner =")]
    assert lines == after


def test_what_was_read_is_a_fact():
    made = specialized("def f(p, x):\n    return p.predict(x)\n", ("x",), {"p": model()})
    shown = [(tuple(key for _, key in fact.path.steps), fact.kind) for fact in made.facts.used.values()]
    assert set(shown) >= {((), "type"), (("predict", "__code__"), "is"), (("W",), "array")}


def test_an_object_of_another_class_is_another_signature():
    text = "".join(
        f"class {c}:\n    def m(self, x):\n        return {k} * x\n" for c, k in (("A", 2), ("B", 5))
    )
    names = namespace(text, "classes.py")
    made = grad(namespace("def f(p, x):\n    return p.m(x)\n")["f"], wrt="x")
    for cls, want in (("A", 2.0), ("B", 5.0), ("A", 2.0)):
        assert made(names[cls](), 3.0) == want
    names["A"].m = lambda self, x: 7 * x
    assert made(names["A"](), 3.0) == 7.0


def test_a_missing_attribute_raises_what_python_raises():
    with pytest.raises(AttributeError, match="'Model' object has no attribute 'V'"):
        specialized("def f(p, x):\n    return p.V @ x\n", ("x",), {"p": model()})


def test_an_attribute_that_shadows_the_class():
    p = model()
    p.predict = lambda x: 2 * x
    made = specialized("def f(p, x):\n    return p.predict(x)\n", ("x",), {"p": p})
    assert body(made.function) == "t1 = mul(2, x)\nreturn t1"


def test_a_captured_object_is_read_live():
    holder = SimpleNamespace(scale=2.0)
    f = namespace("def f(x):\n    return x * holder.scale\n", holder=holder)["f"]
    made = grad(f)
    assert made(3.0) == 2.0
    holder.scale = 5.0
    assert made(3.0) == 5.0
    holder.scale = np.float64(7.0)
    assert made(3.0) == 7.0


FUNCTIONS = {
    "a lambda with a cell": (
        "def make():\n    k = 3.0\n    return lambda a: a * k\nh = make()\n",
        "h(x)",
        """
        t1 = getattr(h, '__closure__')
        t2 = getitem(t1, 0)
        k = getattr(t2, 'cell_contents')
        t3 = mul(x, k)
        return t3
        """,
    ),
    "a function with defaults": (
        "def h(a, k=3.0):\n    return a * k\n",
        "h(x)",
        """
        t1 = getattr(h, '__defaults__')
        k = getitem(t1, 0)
        t2 = mul(x, k)
        return t2
        """,
    ),
    "a partial": (
        "import functools\nh = functools.partial(lambda k, a: a * k, 3.0)\n",
        "h(x)",
        """
        t1 = getattr(h, 'args')
        args0 = getitem(t1, 0)
        t2 = mul(x, args0)
        return t2
        """,
    ),
    "a NumPy function": ("h = np.sin\n", "h(x)", "t1 = sin(x)\nreturn t1"),
}


@pytest.mark.parametrize("text, call, after", FUNCTIONS.values(), ids=FUNCTIONS)
def test_functions_that_are_arguments(text, call, after):
    h = namespace(text, "functions.py")["h"]
    made = specialized(f"def f(h, x):\n    return {call}\n", ("x",), {"h": h})
    assert body(made.function) == block(after)


def test_a_new_lambda_at_each_call_compiles_nothing_new():
    f = namespace("def f(h, x):\n    return np.sum(h(x))\n")["f"]
    made = grad(f, wrt="x")
    for k in (2.0, 3.0):
        assert np.array_equal(made(lambda a: a * k, np.ones(2)), [k, k])  # noqa: B023
    assert np.array_equal(made(functools.partial(np.multiply, 4.0), np.ones(2)), [4.0, 4.0])
    assert len(made.sources) == 2


@pytest.mark.parametrize(
    "make", ["Layer(k)", "Layer(k).scaled", "functools.partial(scaled, k)", "lambda a: k * a"]
)
def test_callables_belong_to_the_signature_by_their_code_and_what_they_hold(make):
    """A new object of the same kind compiles nothing (S2)."""
    text = """
class Layer:
    def __init__(self, k):
        self.k = k
    def __call__(self, a):
        return self.k * a
    scaled = __call__
def scaled(k, a):
    return k * a
"""
    names = namespace(text + f"def make(k):\n    return {make}\n", "layers.py", functools=functools)
    made = grad(namespace("def f(h, x):\n    return np.sum(h(x))\n")["f"], wrt="x")
    for k in (2.0, 3.0, 4.0):
        assert np.array_equal(made(names["make"](k), np.ones(2)), [k, k])
    assert len(made.sources) == 1
