"""The corpus: small plain-NumPy programs that every mode must differentiate correctly.

A program is an ordinary function under `@program(*arguments, wrt=...)`; the sample arguments come from
tests/samples.py. `check` (tests/oracle.py) compares its gradient with finite differences, the interpreter
and itself, at those arguments and at each `case` of `also` (other kinds, other globals).

    @program(normal(3), 2.0, wrt=("x", "a"))
    def scaled(x, a):
        return np.sum(a * x)

A bug fix starts with the smallest failing program here. Sections go from language to mathematics.
"""

from __future__ import annotations

import contextlib
import functools
import math
import operator
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import erf
from typing import Any, NamedTuple

import numpy
import numpy as np
from numpy import linalg, tanh

from astgrad import stop_gradient
from tests.oracle import STEPS, TOLERANCE, Point, define
from tests.samples import complex_normal, integers, mask, normal, positive, unit

PROGRAMS: list[Program] = []


@dataclass(frozen=True)
class Case:
    """One call: its arguments, and globals that are rebound for it.

    `expected` is the gradient at exactly these arguments, where differences cannot tell it (ties, edges).
    """

    point: Point
    rebind: dict[str, Any] = field(default_factory=dict)
    expected: Any = None
    second: bool = True

    @contextlib.contextmanager
    def rebound(self, function: Callable[..., Any]) -> Iterator[None]:
        names = inside(function)
        before = {name: names[name] for name in self.rebind}
        names.update(self.rebind)
        try:
            yield
        finally:
            names.update(before)


@dataclass(frozen=True)
class Program:
    """A function, what to differentiate, and where."""

    function: Callable[..., Any]
    wrt: Any
    cases: tuple[Case, ...]
    steps: tuple[float, ...] = STEPS
    tolerance: float = TOLERANCE
    differences: bool = True  # False where the derivative is not that of the value: stop_gradient

    @property
    def name(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)


def inside(function: Callable[..., Any]) -> dict[str, Any]:
    """The globals of a function, a method or a partial."""
    while isinstance(function, functools.partial):
        function = function.func
    return function.__globals__  # type: ignore[attr-defined, no-any-return]


def case(
    *args: Any,
    kwargs: dict[str, Any] | None = None,
    rebind: dict[str, Any] | None = None,
    expected: Any = None,
    second: bool = True,
) -> Case:
    return Case(Point(args, kwargs or {}), rebind or {}, expected, second)


def program(
    *args: Any,
    wrt: Any = 0,
    also: tuple[Case, ...] = (),
    steps: tuple[float, ...] = STEPS,
    tolerance: float = TOLERANCE,
    differences: bool = True,
    **options: Any,
) -> Callable[[Any], Any]:
    """Register a function with its sample arguments; options as those of `case`. float32: tolerance=F32."""

    def register(function: Any) -> Any:
        cases = (case(*args, **options), *also)
        PROGRAMS.append(Program(function, wrt, cases, steps, tolerance, differences))
        return function

    return register


F32 = 2e-3


# --- assignment, names, arguments


@program(1.3)
def one_line(x):
    return x * x + 2.0 * x


@program(0.7)
def sine(x):
    return x * math.sin(x)


@program(normal(3), 2.0, wrt=("x", "a"))
def scaled(x, a):
    return np.sum(a * x)


@program(normal(4))
def rebinding(x):
    y = x * 2
    y = np.sin(y)
    x = y * x
    y = x + y
    return np.sum(x * y)


@program(1.1, 0.4, wrt=(0, 1))
def unpacking(x, y):
    a, b = x * y, x + y
    b, a = a, b
    (c, d), e = (a * b, a), b
    return c * d - e


@program(1.5)
def chained_assignment(x):
    a = b = x * x
    a = a * 3
    return a * b


@program(1.7)
def augmented(x):
    s = 0.0
    s += x
    s *= x + 1
    s -= math.cos(x)
    s /= 2
    s **= 2
    return s


@program(normal(3), wrt="x")
def augmented_scalar_of_array(x):
    s = np.sum(x)
    s += x[0]
    s *= 2
    return s


@program(1.5, 0.5, wrt=("x", "y"))
def annotated(x: float, y: float) -> float:
    z: float = x * y
    w: float
    w = z + x
    return w * z


@program(0.5, 1.5, wrt=("a", "b"), kwargs={"scale": 3.0})
def keyword_only(a, b=2.0, *, scale=1.0, shift=0.25):
    return scale * a * b + shift * a


@program(0.5, wrt=("a", "b"), kwargs={"b": 1.5}, also=(case(kwargs={"b": 0.5, "a": 0.25}), case(0.5, 0.75)))
def passed_by_keyword(a, b):
    return a * b * b


@program(0.5, 1.5, wrt="a")
def positional_only(a, b, /, c=3.0):
    return a * b * c


@program(normal(3), normal(3, seed=1), wrt=-1)
def negative_wrt(x, y):
    return x @ (y * y)


@program(normal(3), wrt=("x",))
def tuple_of_one(x):
    return np.sum(x**2)


@program(normal(3), normal(2, seed=1), wrt=("y", "x"))
def wrt_in_other_order(x, y):
    return np.sum(x) * np.sum(y**2)


@program(normal(3), normal(4), wrt=("x", "unused"))
def unused_argument(x, unused):
    return np.sum(x * x)


@program(normal(3))
def unused_variable(x):
    unused = np.exp(x) * 3
    other = unused + 1
    other = other * 2
    return np.sum(x * x)


@program(normal(3), wrt="x")
def constant_result(x):
    return 3.0


@program(normal(3), 2.0, wrt=("x", "a"))
def result_is_an_argument(x, a):
    return a


@program(1.5)
def identity(x):
    return x


@program(normal(3), wrt="x")
def constant_of_shape(x):
    return float(x.size) + 0.0 * len(x)


@program(normal(3))
def docstring_and_comments(x):
    """A docstring."""
    # a comment
    y = x * 2  # another

    pass
    return np.sum(y)


@program(normal(5))
def used_in_many_places(x):
    a = np.sum(x) + np.sum(x * x) + x[0] * x[1]
    return a * np.mean(x) + a / (1 + a * a) - x @ x


@program(normal(4))
def shared_subexpression(x):
    a = np.exp(-x * x) * np.sin(np.exp(-x * x))
    b = np.exp(-x * x) + 1
    return np.sum(a * b) + np.sum(np.exp(-x * x))


@program(normal(3))
def operators(x):
    return np.sum(-x + +x * (x - 1) / (x * x + 2) ** 2 + 2**x + abs(x) - 3 / (2 + x**2))


@program(2.5, 1.5, wrt=(0, 1))
def power(x, y):
    return x**y + x**2 + x**-1.5 + x**0


@program(positive(3), normal(3), wrt=("x", "y"))
def power_of_arrays(x, y):
    return np.sum(x**y) + np.sum(np.power(x, 3)) + np.sum(x**0.5)


@program(2.7)
def constant_modulus(x):
    return x * (7 % 4) + (x // 10.0) + x * (5 // 2)


@program(1.3)
def float_and_int_conversions(x):
    n = int(x * 2)
    return float(x) * n + round(x) * x


@program(normal(3))
def comparison_is_constant(x):
    positive_part = x > 0
    return np.sum(x * positive_part) + np.sum(x) * (x.shape[0] == 3)


@program(1.5, 2, wrt="x")
def integer_bystander(x, n):
    return x**n + n * x


@program(1.5, None, "mean", True, wrt="x")
def other_kinds_as_arguments(x, nothing, name, flag):
    return x * x + (nothing is None) * x + (name == "mean") * flag


# --- helper functions


def square(x):
    return x * x


def norm2(x):
    return np.sum(square(x))


def smooth(x, width=1.0, *, power=2):
    y = x / width
    return 1 / (1 + y**power)


def apply(function, *, to):
    return function(to)


def twice(function, x):
    return function(function(x))


def sincos(x):
    return np.sin(x), np.cos(x)


def statistics(x):
    return {"mean": np.mean(x), "spread": np.mean((x - np.mean(x)) ** 2)}


def ignore(x):
    return None


def first_of(pair):
    a, _ = pair
    return a


@program(normal(3))
def calls_a_helper(x):
    return np.sum(square(x) * x)


@program(normal(3))
def helper_calls_helper(x):
    return norm2(x) + norm2(2 * x) ** 2


@program(normal(3))
def helper_with_defaults(x):
    return np.sum(smooth(x)) + np.sum(smooth(x, 2.0)) + np.sum(smooth(x, power=4, width=0.5))


@program(normal(3))
def helper_twice_with_other_names(width):
    y = smooth(width)
    x = smooth(y)
    return np.sum(x * width)


@program(normal(3))
def helper_as_argument(x):
    return np.sum(apply(np.tanh, to=x)) + np.sum(twice(square, x)) + twice(norm2, x)


@program(normal(3))
def helper_in_variable(x):
    f = square
    g = np.cos
    return np.sum(f(g(x)))


@program(normal(3))
def helper_returns_tuple(x):
    s, c = sincos(x)
    pair = sincos(2 * x)
    return np.sum(s * c) + np.sum(pair[0] * pair[1] * s)


@program(normal(5))
def helper_returns_dict(x):
    stats = statistics(x)
    return stats["mean"] / (1 + stats["spread"])


@program(normal(3))
def helper_without_result(x):
    ignore(x)
    return np.sum(x * 3)


@program(normal(3))
def helper_takes_tuple(x):
    return np.sum(first_of((x * x, x))) + np.sum(first_of(sincos(x)))


@program(normal(3), 0.5, wrt=(0, 1))
def nested_function(x, a):
    def inner(z):
        return a * z**2 + x[0]

    return np.sum(inner(x)) + inner(a)


@program(normal(3), 0.5, wrt=(0, 1))
def nested_in_nested(x, a):
    def outer(z):
        b = a * z

        def inner(w):
            return w * b + a

        return inner(z) * a

    return np.sum(outer(x))


@program(normal(3))
def lambdas(x):
    f = lambda z: z * z
    g = lambda z, k=3: f(z) * k
    return np.sum(g(x)) + np.sum((lambda z: z + 1)(x))


@program(normal(3))
def two_lambdas_on_a_line(x):
    f, g = (lambda z: z * z), (lambda z: z + 2)
    return np.sum(f(g(x))) + np.sum(g(f(x)))


@program(normal(3))
def lambda_passed_to_helper(x):
    return np.sum(twice(lambda z: np.sin(z) * x, x))


@program(normal(3), 0.3, wrt=("x", "a"))
def returned_closure(x, a):
    def scaler(k):
        return lambda z: k * z

    return np.sum(scaler(a)(x)) + scaler(2.0)(a)


@program(1.2)
def default_binds_at_definition(x):
    y = x * x
    f = lambda z, y=y: z * y
    return f(x) + f(x, 2.0)


def make_polynomial(a, b, c):
    def polynomial(x):
        return a * x**2 + b * x + c

    return polynomial


PARABOLA = make_polynomial(1.0, -2.0, 0.5)


@program(1.2)
def closure_from_outside(x):
    return PARABOLA(x) * x


program(0.7)(make_polynomial(0.5, 2.0, -1.0))
program(0.7)(lambda x: x * math.exp(-x))
program(0.7, 1.5, wrt=(0, "b"))(functools.partial(lambda k, a, b: k * a**b, 3.0))


@program(normal(3), wrt="x")
def partial_inside(x):
    f = functools.partial(smooth, width=2.0)
    return np.sum(f(x))


@program(normal(3))
def composed(x):
    compose = lambda f, g: lambda z: f(g(z))
    return np.sum(compose(np.exp, compose(np.sin, square))(x))


class Model:
    """A user's class: attributes and methods."""

    def __init__(self, weight: Any, rate: float) -> None:
        self.weight = weight
        self.rate = rate

    def predict(self, x):
        return np.tanh(self.weight @ x)

    def loss(self, x, y):
        return self.rate * np.sum((self.predict(x) - y) ** 2)

    @staticmethod
    def penalty(x):
        return np.sum(x * x)


MODEL = Model(normal(2, 3), 0.5)


@program(normal(3, seed=1), normal(2, seed=2), wrt=("x", "y"))
def method_of_a_global(x, y):
    return MODEL.loss(x, y) + Model.penalty(x)


program(normal(3, seed=1), normal(2, seed=2), wrt=("x", "y"))(MODEL.loss)


# --- containers


Pair = namedtuple("Pair", "left right")


class Layer(NamedTuple):
    w: Any
    b: Any


@dataclass
class Params:
    scale: Any
    shift: Any
    name: str = "params"


@dataclass(frozen=True)
class Network:
    first: Layer
    second: Layer


def affine(layer, x):
    return layer.w @ x + layer.b


@program((normal(3), 0.5))
def tuple_argument(p):
    x, a = p
    return np.sum(a * x**2) + p[1]


@program([normal(3), normal(3, seed=1)])
def list_argument(p):
    return p[0] @ p[1] + np.sum(p[-1])


@program([0.5, 1.5, 2.5])
def list_of_floats(p):
    return p[0] * p[1] + p[2] ** 2 + len(p)


@program({"w": normal(2, 3), "b": normal(2)}, normal(3, seed=1))
def dict_argument(params, x):
    return np.sum((params["w"] @ x + params["b"]) ** 2)


@program(Layer(normal(2, 3), normal(2)), normal(3, seed=1), wrt=(0, 1))
def namedtuple_argument(layer, x):
    w, b = layer
    return np.sum((layer.w @ x + b) ** 2) + np.sum(w)


@program(Params(normal(3), 0.5), normal(3, seed=1), wrt=("p", "x"))
def dataclass_argument(p, x):
    return np.sum(np.sin(p.scale * x + p.shift))


@program(Network(Layer(normal(4, 3), normal(4)), Layer(normal(2, 4), normal(2))), normal(3, seed=1))
def nested_argument(network, x):
    return np.sum(affine(network.second, np.tanh(affine(network.first, x))) ** 2)


@program({"layers": [(normal(4, 3), normal(4)), (normal(2, 4), normal(2))], "rate": 0.1}, normal(3))
def dict_of_lists_of_tuples(params, x):
    (w1, b1), (w2, b2) = params["layers"]
    h = np.tanh(w1 @ x + b1)
    return np.sum((w2 @ h + b2) ** 2) * params["rate"]


PAIR_OF_KEYS = frozenset(("a", "b"))


@program(
    {np.int64(1): 1.5, PAIR_OF_KEYS: normal(3)},
    np.int64(1),
    second=False,
    also=(case({1: 1.5, PAIR_OF_KEYS: 0.5}, PAIR_OF_KEYS, second=False),),
)
def keys_of_any_kind(p, key):
    return np.sum(p[key] * np.sum(p[PAIR_OF_KEYS] ** 2)) + p[np.int64(1)] * p[1]


@program(normal(4), normal(3, 3), range(1, 3), wrt=("x", "m"))
def indexed_by_ranges(x, m, r):
    return np.sum(x[range(2)] ** 2) * np.sum(x[r]) + np.sum(m[range(3), range(3)]) * np.sum(m[:, r] ** 2)


@program(normal(3), 1.5)
def copied_scalars(x, a):
    total = x[0].copy()
    total += a * x[1]
    total *= np.sum(x).copy()
    return total


def halves(x, y):
    return Layer(x * y, x + y)


@program(normal(3), 0.5, wrt=("x", "y"))
def helper_returns_namedtuple(x, y):
    w, b = halves(x, y)
    pair = halves(np.sum(w), y)
    return sum(pair) * pair.w + b[0] + np.sum(np.concatenate(halves(w, b)) ** 2)


@program({"x": normal(3), "n": 3, "name": "sum", "flag": None})
def unneeded_leaves(p):
    return np.sum(p["x"]) * p["n"]


@program({"used": normal(3), "ignored": normal(2), "number": 0.5})
def ignored_leaves(p):
    return np.sum(p["used"] ** 3)


@program(normal(3), normal(3, seed=1), wrt=(0, 1))
def containers_inside(x, y):
    d = {"sum": x + y, "product": x * y}
    pair = Pair(d["sum"], right=[d["product"], x])
    params = Params(pair.left, 2.0)
    return np.sum(pair.right[0] * params.scale) + np.sum(pair.right[1]) * params.shift


@program(normal(3))
def container_built_by_helper(x):
    def build(z):
        return Params(scale={"a": z, "b": (z * z, 2.0)}, shift=np.sum(z))

    p = build(x)
    return np.sum(p.scale["a"] * p.scale["b"][0]) * p.shift * p.scale["b"][1]


@program(normal(3))
def tuple_arithmetic(x):
    shape = (2,) + x.shape
    pair = (x, x * x) + (3.0,)
    a, b, c = pair
    return np.sum(np.ones(shape) * a * b) * c


@program(Pair(1.2, 0.7))
def namedtuple_fields(p):
    q = p._replace(left=p.right * 2)
    return q.left * q.right * p.left


@program({"a": 1.5, "b": 0.5})
def dict_methods(p):
    return p.get("a") * p["b"] + p.get("c", 2.0) * p["a"]


@program(((1.2, normal(2)), [{"k": 0.3}, ()]))
def empty_containers(p):
    return p[0][0] * np.sum(p[0][1]) * p[1][0]["k"]


@program(normal(4), normal(4))
def zip_free_dot(x, y):
    return sum([x[0] * y[0], x[1] * y[1], x[2] * y[2]])


# --- globals, modules, spellings


RATE = 0.5
OFFSET = normal(3, seed=5)
CONSTANTS = {"g": 9.81, "layers": (2.0, 3.0)}


@program(
    normal(3), also=(case(normal(3), rebind={"RATE": 2}), case(normal(3), rebind={"RATE": normal(3, seed=9)}))
)
def global_scalar(x):
    return np.sum(RATE * x**2)


@program(
    normal(4, 3),
    also=(
        case(normal(4, 3), rebind={"OFFSET": normal(4, 1)}),
        case(normal(4, 3), rebind={"OFFSET": 2.0}),
        case(normal(4, 3), rebind={"OFFSET": normal(3, dtype=np.float32)}),
    ),
)
def global_array(x):
    return np.sum((x - OFFSET) ** 2)


@program(1.5)
def global_dict(x):
    return CONSTANTS["g"] * x**2 / CONSTANTS["layers"][1]


@program(normal(3), also=(case(normal(3), rebind={"square": np.sin}),))
def global_function_rebound(x):
    return np.sum(square(x))


@program(normal(3), rebind={"OFFSET": normal(3, 1)})
def broadcast_against_captured(x):
    return np.sum(np.exp(x * OFFSET))


@program(normal(3))
def spelled_in_full(x):
    return numpy.sum(numpy.exp(x)) + linalg.norm(x) + tanh(x).sum() + math.pi * np.pi * x[0]


@program(0.8)
def module_constants(x):
    return math.e**x * np.e + x * math.tau


@program(1.2, 0.7, wrt=(0, 1))
def operator_module(x, y):
    return operator.add(operator.mul(x, y), operator.neg(x)) + operator.pow(x, 2)


@program(normal(3))
def user_names_collide(x):
    bx = np.exp(x)
    exp_f = bx * 2
    by = exp_f + x
    dx = tape = by * bx
    np2 = np.sum(tape)
    unbroadcast = dx - 1
    return np2 * np.sum(unbroadcast * by)


@program(normal(3), normal(3, seed=1), 0.5, wrt=("bx", "x", "by"))
def arguments_collide(bx, x, by):
    b = bx * x
    t1 = b * by
    return np.sum(t1 * bx)


@program(normal(3))
def names_of_functions_shadowed(x):
    sum = np.sum(x)
    exp = np.exp(sum * 0.1)
    float = exp * 2
    return sum * exp * float


# --- arrays: kinds and dtypes


@program(
    normal(3),
    also=(
        case(0.7),
        case(normal(2, 3)),
        case(normal(2, 1)),
        case(normal(1)),
        case(np.float64(0.7)),
        case(np.array(0.7)),
        case(np.float32(0.7), second=False),
        case(normal(0)),
        case(normal(2, 0, 3)),
    ),
    tolerance=1e-4,
)
def many_kinds(x):
    y = 3 * x + 1
    return np.sum(np.sin(y) * x) / 2


@program(normal(4, dtype=np.float32), tolerance=F32)
def single_precision(x):
    return np.sum(np.tanh(x) * x) / 3


@program(normal(4, dtype=np.float32), normal(4), 0.5, wrt=(0, 1, 2), tolerance=F32)
def mixed_precision(x, y, a):
    return np.sum(x * y) * a + np.mean(x) * a


@program(normal(3, 4, dtype=np.float32), normal(4, dtype=np.float32), wrt=(0, 1), tolerance=F32)
def single_precision_layer(w, x):
    return np.sum(np.maximum(w @ x, 0) ** 2)


@program(normal(3, dtype=np.float32), np.float32(0.5), 0.5, wrt=(0, 1, 2), tolerance=F32)
def single_precision_scalars(x, a, b):
    return np.sum(x * a) + a * b


@program(normal(4), steps=(3e-2, 1e-2), tolerance=5e-3, second=False)
def cast_down_and_up(x):
    return np.sum(np.sin(x).astype(np.float32) * 0.5)


@program(normal(3), integers(5, 3), wrt="x")
def integer_array_bystander(x, n):
    return np.sum(x * n) + np.sum(x**n)


@program(normal(3), mask(3), wrt="x")
def boolean_array_bystander(x, m):
    return np.sum(x * m)


@program(np.array(1.5), 0.5, wrt=(0, 1))
def zero_dimensional(x, a):
    y = x * a
    return y * np.exp(x)


@program(np.float64(1.5), np.float32(0.5), wrt=(0, 1), tolerance=F32)
def numpy_scalars(x, a):
    return x * x * a


@program(normal(0))
def empty_array(x):
    return np.sum(x * 2) + 1.0


@program(normal(0, 3), normal(3), wrt=(0, 1))
def empty_batch(x, w):
    return np.sum(np.tanh(x @ w))


@program(1.2, 0.5, wrt=(0, 1))
def lists_given_to_numpy(x, y):
    return np.sum([x, y, x * y]) + np.dot([x, 2.0], [y, x])


@program(1.2, 0.5, wrt=(0, 1))
def array_of_scalars(x, y):
    v = np.array([x, y, x * y])
    m = np.array([[x, 1.0], [y, x]])
    return np.sum(m @ v[:2])


@program([0.5, 1.5, 2.5])
def list_as_vector(x):
    return np.sum(np.array(x) ** 2) + np.mean(x)


@program(normal(3))
def array_creation(x):
    y = np.zeros(3) + np.ones_like(x) * x
    return np.sum(y * np.arange(3) + np.linspace(0, 1, 3) * np.full(3, 2.0))


@program(normal(3), normal(3), wrt=(0, 1))
def identity_matrix(x, y):
    return x @ (np.eye(3) * 2) @ y


# --- broadcasting


@program(normal(4, 3), normal(3), wrt=(0, 1))
def broadcast_row(x, b):
    return np.sum((x + b) ** 2)


@program(normal(4, 3), normal(4, 1), wrt=(0, 1))
def broadcast_column(x, b):
    return np.sum((x * b) ** 2)


@program(normal(1, 3), normal(4, 1), wrt=(0, 1))
def broadcast_both(x, y):
    return np.sum(np.exp(x - y))


@program(normal(2, 1, 3), normal(4, 1), normal(1), 0.5, wrt=(0, 1, 2, 3))
def broadcast_many(x, y, z, a):
    return np.sum(x * y + z * a - y / (2 + a))


@program(normal(1, 1), normal(3), wrt=(0, 1))
def broadcast_unit_matrix(x, y):
    return np.sum(x * y) + np.sum(x + y**2)


@program(normal(3), also=(case(normal(1)), case(normal(1, 1)), case(normal(4, 1)), case(normal(1, 3))))
def broadcast_against_constant(x):
    return np.sum(np.sin(x * np.ones((4, 3))) * x)


@program(normal(1), normal(1, seed=1), normal(5), wrt=(0, 1, 2))
def unit_axes_meet(a, b, x):
    c = a * b
    return np.sum(c * x) + np.sum(np.maximum(c, x))


@program(normal(3, 1), wrt=0)
def keepdims_of_unit_axis(x):
    return np.sum(x * x.sum(axis=1, keepdims=True)) + np.sum(x - x.mean(axis=0))


# --- methods and attributes of arrays


@program(normal(3, 4))
def methods(x):
    return (x.sum(axis=0) ** 2).sum() + x.mean() * x.T.sum(axis=-1).dot(x.mean(axis=0))


@program(normal(3, 4))
def method_reshape(x):
    return (
        np.sum(x.reshape(4, 3) @ x.reshape((3, 4)))
        + np.sum(x.reshape(-1)[2:5])
        + x.ravel()[0] * x.flatten()[1]
    )


@program(normal(3, 4))
def method_extremes(x):
    return x.max() * x.min() + np.sum(x.max(axis=1) * x.min(axis=1)) + x.prod(axis=1).sum()


@program(normal(3, 4))
def method_spread(x):
    return x.std() + x.var(axis=0).sum() + np.sum(x.std(axis=1, ddof=1))


@program(normal(3))
def method_copy_and_cast(x):
    y = x.copy()
    return np.sum(y.astype(float) * x) + x.item(1) + x.clip(-0.5, 0.5).sum()


@program(normal(3, 4))
def attributes(x):
    n, m = x.shape
    return np.sum(x) / n + np.sum(x.T) / m + x.size * x[0, 0] + x.ndim * x[0, 1]


@program(normal(2, 3, 4))
def transposes(x):
    y = np.transpose(x, (2, 0, 1)) * x.transpose(2, 0, 1)
    return np.sum(y**2) + np.sum(np.swapaxes(x, 0, 2)[1] ** 3) + np.sum(np.moveaxis(x, 0, -1)[0] * x[:, 0].T)


@program(complex_normal(3))
def complex_attributes(z):
    return np.sum(z.real * z.imag) + np.sum(z.conj() * z).real


# --- reductions


@program(normal(3, 4))
def sums(x):
    return np.sum(np.sum(x, 0) ** 2) + np.sum(x, axis=(0, 1)) * np.sum(np.sum(x, axis=1, keepdims=True) * x)


@program(normal(2, 3, 4))
def sums_over_several_axes(x):
    y = np.sum(x, axis=(0, -1)) ** 2
    z = np.mean(x, axis=(1, 2), keepdims=True) * x
    return np.sum(y) + np.sum(z)


@program(normal(3, 4))
def means(x):
    return np.mean(x) ** 2 + np.sum(np.mean(x, axis=0) ** 2) + np.sum(np.mean(x, axis=-1, keepdims=True) * x)


@program(normal(3, 4))
def products(x):
    return np.prod(x) + np.sum(np.prod(x, axis=0)) + np.sum(np.prod(x, axis=1, keepdims=True) * x)


@program(np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 3.0]]), expected=np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 0.0]]))
def product_with_zeros(x):
    return np.sum(np.prod(x, axis=1))


@program(normal(3, 4))
def extremes(x):
    return np.max(x) * np.min(x) + np.sum(np.max(x, axis=0)) + np.sum(np.min(x, axis=1, keepdims=True) * x)


@program(np.array([1.0, 3.0, 3.0, 2.0]), expected=np.array([-1.0, 0.5, 0.5, 0.0]), second=False)
def tied_maximum(x):
    return np.max(x) - np.min(x)


@program(normal(3, 4))
def spread(x):
    return np.var(x) + np.std(x) + np.sum(np.var(x, axis=1, ddof=1)) + np.sum(np.std(x, 0, keepdims=True) * x)


@program(np.array([2.0, 2.0, 2.0]), expected=np.zeros(3), second=False)
def spread_at_zero(x):
    return np.std(x)


@program(normal(2, 5))
def cumulative(x):
    return np.sum(np.cumsum(x, axis=1) ** 2) + np.sum(np.cumsum(x) * np.arange(10.0))


@program(normal(4))
def norms(x):
    return np.linalg.norm(x) + np.linalg.norm(x, 1) + np.linalg.norm(x * 2, ord=2)


@program(normal(3, 4))
def norms_of_rows(x):
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    return np.sum(unit**3) + np.linalg.norm(x)


@program(np.zeros(3), expected=np.zeros(3), second=False)
def norm_at_zero(x):
    return np.linalg.norm(x)


# --- indexing


@program(normal(6))
def basic_slices(x):
    return np.sum(x[1:] * x[:-1]) + x[0] * x[-1] + np.sum(x[::2] ** 2) + np.sum(x[1:5:3])


@program(normal(6))
def negative_steps(x):
    return np.sum(x[::-1] * np.arange(6)) + np.sum(x[4:0:-2] ** 2) + np.sum(x[-2:] * x[:2])


@program(normal(4, 5))
def slices_of_matrices(x):
    return (
        np.sum(x[1:, :-1] * x[:-1, 1:]) + x[2, 3] * x[-1, -1] + np.sum(x[1] * x[:, 2][0]) + np.sum(x[0][1:3])
    )


@program(normal(3), normal(4), wrt=(0, 1))
def newaxis_and_ellipsis(x, y):
    outer = x[:, None] * y[np.newaxis, :]
    return np.sum(outer**2) + np.sum(outer[..., 0] * x) + np.sum(outer[None, ...] ** 3)


@program(normal(5), np.array([0, 2, 2, 4]), wrt="x")
def repeated_integers(x, i):
    return np.sum(x[i] ** 2) + np.sum(x[[1, 1, 3]] * x[i][:3])


@program(normal(4, 5), np.array([0, 2, 2]), np.array([1, 1, 4]), wrt="x")
def pairs_of_integers(x, i, j):
    return np.sum(x[i, j] ** 2) + np.sum(x[i] ** 3) + np.sum(x[:, j] * x[0, 0])


@program(normal(5), mask(5), wrt="x")
def boolean_mask(x, m):
    return np.sum(x[m] ** 2) + np.sum(x[x > 0] ** 3) + np.sum(x[~m])


@program(normal(4, 3), mask(4, 3), wrt="x")
def boolean_mask_of_matrix(x, m):
    return np.sum(x[m] ** 2) + np.sum(x[x[:, 0] > 0])


@program(normal(4, 3), np.array([0, 2, 1, 2]), wrt="x")
def arange_and_labels(x, y):
    return np.sum(x[np.arange(4), y] ** 2) + np.sum(x[np.arange(len(y)), y] * x[np.arange(x.shape[0]), 0])


@program(normal(5), 3, np.int64(2), wrt="x")
def integer_arguments_as_index(x, i, j):
    return x[i] * x[j] + np.sum(x[j:i] ** 2) + x[i - 1] ** 2


@program(normal(5))
def index_from_values(x):
    return x[np.argmax(x)] ** 2 + np.sum(x[np.argsort(x)][:2]) + x[x.argmin()]


@program(normal(2, 3, 4))
def mixed_index(x):
    return np.sum(x[0, :, [1, 1]] ** 2) + np.sum(x[..., -1] ** 2) + np.sum(x[:, np.array([0, 2]), 1:3])


@program(normal(5), np.array([[0, 1], [1, 4]]), wrt="x")
def taken(x, i):
    return np.sum(np.take(x, i) ** 2) + np.sum(x.take(i[0])) + np.sum(x[i] * x[0])


@program(normal(4))
def views_of_views(x):
    y = x.reshape(2, 2).T[1][::-1]
    return np.sum(y**2) * x[0]


@program(normal(3, 4))
def index_of_a_reduction(x):
    rows = np.sum(x, axis=0)[1:] * 2
    return np.sum(rows) + np.sum(x, keepdims=True)[0, 0] + np.mean(np.mean(x, axis=1)[:-1]) + np.sum(x**2)


@program(normal(3, 4))
def index_of_a_transpose(x):
    return (
        np.sum(x.T[1:])
        + np.sum(x.reshape(2, 6)[1])
        + np.sum(x.ravel()[::3])
        + np.sum(x[:, None][0])
        + np.sum(x**2)
    )


@program(normal(1, 1, 3))
def index_of_a_reduction_of_unit_axes(x):
    return np.mean(np.sum(x, axis=(0, 1))[:-1]) + np.max(x)


# --- selecting


@program(normal(6), normal(6, seed=1), wrt=(0, 1))
def where(x, y):
    return np.sum(np.where(x > y, x * y, y**2)) + np.sum(np.where(x > 0, x, 0.0))


@program(normal(4, 3), normal(3, seed=1), 0.5, wrt=(0, 1, 2))
def where_broadcasts(x, y, a):
    return np.sum(np.where(x > 0, y, a) * x)


@program(np.array([0.0, 1.0, 4.0]), expected=np.array([0.0, 0.5, 0.25]), second=False)
def where_guards_sqrt(x):
    return np.sum(np.where(x > 0, np.sqrt(x), 0.0))


@program(normal(6), normal(6, seed=1), wrt=(0, 1))
def maximum_and_minimum(x, y):
    return np.sum(np.maximum(x, y) * np.minimum(x, y * 2)) + np.sum(np.maximum(0, x))


@program(
    np.array([1.0, 2.0]),
    np.array([1.0, 3.0]),
    wrt=(0, 1),
    second=False,
    expected=(np.array([0.5, 0.0]), np.array([0.5, 1.0])),
)
def maximum_of_ties(x, y):
    return np.sum(np.maximum(x, y))


@program(normal(3), expected=np.ones(3))
def maximum_with_itself(x):
    return np.sum(np.maximum(x, x))


@program(normal(6))
def clipped(x):
    return np.sum(np.clip(x, -0.5, 0.5) * x) + np.sum(np.clip(x, 0, None)) + np.sum(x.clip(max=0.3))


@program(np.array([-1.0, 0.0, 1.0, 2.0]), expected=np.array([0.0, 1.0, 1.0, 0.0]), second=False)
def clipped_at_the_bound(x):
    return np.sum(np.clip(x, 0.0, 1.0))


@program(np.array([-2.0, 0.0, 3.0]), expected=np.array([-1.0, 0.0, 1.0]), second=False)
def absolute_at_zero(x):
    return np.sum(np.abs(x))


@program(1.5, 0.5, wrt=(0, 1))
def builtin_extremes(x, y):
    return max(x, y) * min(x, y, 3.0) + abs(-x) + max([x * y, y])


@program(normal(5))
def sign_and_abs(x):
    return np.sum(np.sign(x) * x**2) + np.sum(np.abs(x) * x) + np.sum(np.fabs(x))


# --- shaping


@program(normal(2, 3), normal(2, 3, seed=1), wrt=(0, 1))
def joined(x, y):
    a = np.concatenate([x, y * 2])
    b = np.concatenate((x, y, x), axis=1)
    return np.sum(a**2) + np.sum(b**3)


@program(normal(3), normal(3, seed=1), wrt=(0, 1))
def stacked(x, y):
    return (
        np.sum(np.stack([x, y, x]) ** 2)
        + np.sum(np.stack((x, y), axis=1) ** 3)
        + np.sum(np.vstack([x, y]) ** 2)
    )


@program(normal(1, 3, 1))
def squeezed(x):
    y = np.squeeze(x) * 2
    z = np.expand_dims(y, 0) + x.squeeze(axis=0)
    return np.sum(y**2) + np.sum(z**2)


@program(normal(3, 1))
def broadcast_explicitly(x):
    return np.sum(np.broadcast_to(x, (3, 4)) ** 2) + np.sum(np.broadcast_to(x, (2, 3, 1)) * x)


@program(normal(3))
def repeated(x):
    return np.sum(np.tile(x, 2) * np.arange(6)) + np.sum(np.repeat(x, 2) * np.arange(6))


@program(normal(3, 3))
def diagonals(x):
    return np.trace(x) * np.sum(np.diag(x) ** 2)


@program(normal(6))
def differences(x):
    return np.sum(np.diff(x) ** 2)


# --- elementwise functions


@program(normal(4))
def exponentials(x):
    return np.sum(np.exp(x) + np.expm1(x) + np.log1p(x**2) + np.sinh(x) * np.cosh(x))


@program(positive(4))
def logarithms(x):
    return np.sum(np.log(x) + np.log2(x) + np.log10(x) + np.sqrt(x) + 1 / np.sqrt(x))


@program(unit(4))
def trigonometry(x):
    return np.sum(np.sin(x) + np.cos(x) + np.tan(x) + np.arcsin(x) + np.arccos(x) + np.arctan(x) + np.tanh(x))


@program(positive(4), positive(4, seed=1), wrt=(0, 1))
def two_operands(x, y):
    return np.sum(np.arctan2(y, x) + np.hypot(x, y) + np.logaddexp(x, y) + np.power(x, y))


@program(normal(4))
def spelled_as_functions(x):
    return np.sum(
        np.add(x, np.multiply(x, 2.0)) - np.subtract(1.0, x) / np.divide(x, np.square(x) + 1) + np.negative(x)
    )


@program(1.3)
def math_functions(x):
    return math.exp(-x) + math.log(x) * math.sqrt(x) + math.atan2(x, 2.0) + math.tanh(x) * math.cos(x)


# --- products


@program(normal(3), normal(3, seed=1), wrt=(0, 1))
def matmul_vector_vector(x, y):
    return (x @ y) ** 2


@program(normal(2, 3), normal(3), wrt=(0, 1))
def matmul_matrix_vector(a, x):
    return np.sum((a @ x) ** 2)


@program(normal(3), normal(3, 2), wrt=(0, 1))
def matmul_vector_matrix(x, a):
    return np.sum((x @ a) ** 2)


@program(normal(2, 3), normal(3, 4), wrt=(0, 1))
def matmul_matrix_matrix(a, b):
    return np.sum((a @ b) ** 2)


@program(normal(5, 2, 3), normal(5, 3, 4), wrt=(0, 1))
def matmul_stacked(a, b):
    return np.sum((a @ b) ** 2)


@program(normal(5, 2, 3), normal(3, 4), wrt=(0, 1))
def matmul_stack_matrix(a, b):
    return np.sum((a @ b) ** 2)


@program(normal(2, 3), normal(5, 3, 4), wrt=(0, 1))
def matmul_matrix_stack(a, b):
    return np.sum((a @ b) ** 2)


@program(normal(5, 2, 3), normal(3), wrt=(0, 1))
def matmul_stack_vector(a, x):
    return np.sum((a @ x) ** 2)


@program(normal(2), normal(5, 2, 3), wrt=(0, 1))
def matmul_vector_stack(x, a):
    return np.sum((x @ a) ** 2)


@program(normal(4, 1, 2, 3), normal(5, 3, 2), wrt=(0, 1))
def matmul_broadcast_stacks(a, b):
    return np.sum(np.matmul(a, b) ** 2)


@program(normal(1, 3), normal(3, 1), wrt=(0, 1))
def matmul_unit_axes(a, b):
    return np.sum(a @ b) + np.sum((b @ a) ** 2)


@program(normal(2, 3), normal(3), normal(3, 2), wrt=(0, 1, 2))
def dots(a, x, b):
    return (
        np.sum(np.dot(a, x) ** 2)
        + np.dot(x, x)
        + np.sum(np.dot(a, b))
        + np.sum(a.dot(2.0))
        + np.sum(x.dot(b))
    )


@program(normal(3), normal(4), wrt=(0, 1))
def outer_products(x, y):
    return np.sum(np.outer(x, y) ** 2) + np.inner(x, 2 * x) + np.vdot(y, y)


@program(normal(2, 3, 4), normal(4, 3, 5), wrt=(0, 1))
def tensordots(a, b):
    return np.sum(np.tensordot(a, b, axes=([2, 1], [0, 1])) ** 2)


@program(normal(3, 3), normal(3), wrt=(0, 1))
def quadratic_form(a, x):
    return x @ a @ x + x.T @ (a + a.T) @ x


# --- learning


@program(normal(3), normal(3, seed=1), 0.5, wrt="b")
def least_squares(b, x, y):
    return (y - b @ x) ** 2


@program(normal(3, 2), normal(3), normal(2), wrt="b")
def least_squares_many_outputs(b, x, y):
    f = b.T @ x
    return np.sum((y - f) ** 2)


@program(normal(3, 2), normal(10, 3), normal(10, 2), wrt=("b", "x"))
def least_squares_batch(b, x, y):
    residual = y - x @ b
    return np.mean(np.sum(residual**2, axis=1)) + 0.1 * np.sum(b**2)


@program(normal(2, 4), normal(4, 3), normal(3), wrt=("V", "W"))
def linear_network(V, W, x):
    return np.sum(V @ W @ x)


@program(normal(2, 4), normal(4, 3), normal(3), normal(2), wrt=("V", "W", "x"))
def linear_network_loss(V, W, x, y):
    return np.sum((y - V @ (W @ x)) ** 2)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu(x):
    return np.maximum(x, 0)


def dense(w, b, x, activation):
    return activation(w @ x + b)


NETWORK = (normal(4, 3), normal(4), normal(2, 4, seed=1), normal(2, seed=1), normal(3, seed=2))
WEIGHTS = ("W", "b", "V", "c")


@program(*NETWORK, wrt=WEIGHTS)
def sigmoid_network(W, b, V, c, x):
    h = sigmoid(b + W @ x)
    return np.sum((c + V @ h) ** 2)


@program(*NETWORK, wrt=WEIGHTS)
def relu_network(W, b, V, c, x):
    return np.sum(dense(V, c, dense(W, b, x, relu), lambda z: z) ** 2)


@program(*NETWORK, 1, wrt=(*WEIGHTS, "x"))
def lecture_network(W, b, V, c, x, y):
    h = np.tanh(b + W @ x)
    f = c + V @ h
    return -f[y] + np.log(np.sum(np.exp(f)))


@program(*NETWORK[:4], normal(6, 3, seed=2), integers(2, 6), wrt=WEIGHTS)
def lecture_network_batch(W, b, V, c, X, y):
    h = np.tanh(b + X @ W.T)
    f = c + h @ V.T
    return np.mean(-f[np.arange(len(y)), y] + np.log(np.sum(np.exp(f), axis=1)))


def logsumexp(f):
    m = np.max(f)
    return m + np.log(np.sum(np.exp(f - m)))


@program(*NETWORK, 1, wrt=WEIGHTS)
def lecture_network_shifted(W, b, V, c, x, y):
    f = c + V @ np.tanh(b + W @ x)
    return -f[y] + logsumexp(f)


@program(normal(5), also=(case(1000 * normal(5), second=False),))
def shifted_log_sum_exp(f):
    return logsumexp(f)


@program(normal(3, 4))
def log_sum_exp_of_rows(f):
    m = np.max(f, axis=1, keepdims=True)
    return np.sum(m[:, 0] + np.log(np.sum(np.exp(f - m), axis=1)))


@program(normal(4), normal(4, seed=1), wrt=(0, 1))
def softmax_entropy(x, q):
    e = np.exp(x - np.max(x))
    p = e / np.sum(e)
    return -np.sum(p * np.log(p)) + np.sum(p * q)


@program(normal(3, 4), np.array([0, 3, 1]), wrt="logits")
def softmax_of_rows(logits, labels):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True)
    return -np.log(p[np.arange(3), labels]).mean()


@program(normal(3, 5), normal(5), normal(5, seed=1), wrt=("x", "gain", "bias"))
def layer_norm(x, gain, bias, eps=1e-5):
    mean = x.mean(axis=-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
    return np.sum(np.sin(gain * (x - mean) / np.sqrt(variance + eps) + bias))


@program(normal(3, 5))
def batch_norm_with_var(x):
    z = (x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0) + 1e-3)
    return np.sum(z**3)


@program(normal(4, 3), normal(4, 3, seed=1), normal(4, 2, seed=2), wrt=("q", "k", "v"))
def attention(q, k, v):
    scores = q @ k.T / math.sqrt(q.shape[-1])
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return np.sum((weights @ v) ** 2)


@program(normal(2, 4, 3), normal(2, 4, 3, seed=1), wrt=("q", "k"))
def attention_with_heads(q, k):
    scores = q @ k.transpose(0, 2, 1)
    return np.sum(np.exp(scores) / np.sum(np.exp(scores), axis=-1, keepdims=True) * scores)


@program(normal(3), normal(8, 3), mask(8).astype(float), wrt="w")
def logistic_regression(w, X, t):
    p = sigmoid(X @ w)
    return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p)) + 0.01 * w @ w


@program(normal(3), normal(8, 3), 2.0 * mask(8) - 1, wrt="w")
def hinge_loss(w, X, t):
    return np.mean(np.maximum(0.0, 1.0 - t * (X @ w))) + 0.5 * w.dot(w)


@program(normal(6), normal(6, seed=1), 0.5, wrt=("x", "y"))
def huber(x, y, delta):
    r = np.abs(x - y)
    return np.sum(np.where(r < delta, 0.5 * r**2, delta * (r - 0.5 * delta)))


@program(
    {"W": [normal(4, 3), normal(2, 4)], "b": [normal(4), normal(2)]}, normal(5, 3), normal(5, 2), wrt="params"
)
def network_in_dict(params, X, Y):
    hidden = relu(X @ params["W"][0].T + params["b"][0])
    out = hidden @ params["W"][1].T + params["b"][1]
    return np.mean((out - Y) ** 2)


@program(normal(4), normal(4, seed=1), wrt=(0, 1))
def cosine_similarity(x, y):
    return x @ y / (np.linalg.norm(x) * np.linalg.norm(y))


@program(normal(4, 2), normal(3, 2, seed=1), 0.7, wrt=(0, 1, 2))
def rbf_kernel(x, y, gamma):
    d = x[:, None, :] - y[None, :, :]
    return np.sum(np.exp(-gamma * np.sum(d**2, axis=-1)))


@program(normal(4, 2), normal(3, 2, seed=1), wrt=(0, 1))
def squared_distances(x, y):
    d = np.sum(x**2, axis=1)[:, None] + np.sum(y**2, axis=1) - 2 * x @ y.T
    return np.sum(d * np.exp(-d))


@program(positive(3), 0.4, wrt=("logvar", "mu"))
def gaussian_divergence(logvar, mu):
    return -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar))


# --- science


@program(normal(5))
def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@program(normal(3), normal(3, seed=1), wrt=("state", "v"), kwargs={"rho": 28.0})
def lorenz(state, v, sigma=10.0, rho=28.0, beta=8 / 3):
    x, y, z = state
    rate = np.array([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])
    return v @ rate


@program((1.0, 0.1, 0.2, 0.9), 1.3, wrt=(0, 1))
def kepler_energy(state, mass):
    x, y, vx, vy = state
    return 0.5 * mass * (vx**2 + vy**2) - mass / math.sqrt(x * x + y * y)


@program(1.5, 0.3, 0.2, wrt=(0, 1, 2))
def pendulum_period(length, angle, g=9.81):
    small = 2 * math.pi * (length / g) ** 0.5
    return small * (1 + angle**2 / 16 + 11 * angle**4 / 3072)


@program(300.0, 0.02, 1.5, wrt=("t", "v", "n"))
def van_der_waals(t, v, n, a=0.1, b=3e-3):
    return n * 8.314 * t / (v - n * b) - a * (n / v) ** 2


def normal_cdf(x):
    return 0.5 * (1 + erf(x / math.sqrt(2)))


@program(100.0, 95.0, 0.5, 0.03, 0.2, wrt=("spot", "strike", "time", "rate", "volatility"), tolerance=1e-4)
def black_scholes_call(spot, strike, time, rate, volatility):
    d1 = (math.log(spot / strike) + (rate + volatility**2 / 2) * time) / (volatility * math.sqrt(time))
    d2 = d1 - volatility * math.sqrt(time)
    return spot * normal_cdf(d1) - strike * math.exp(-rate * time) * normal_cdf(d2)


@program(normal(4), unit(4), wrt=("mean", "weights"))
def portfolio(mean, weights, risk=2.0):
    w = weights / np.sum(weights)
    covariance = np.outer(mean, mean) + np.eye(4)
    return w @ mean - 0.5 * risk * w @ covariance @ w


@program(normal(6), 0.1, wrt=("u", "c"))
def heat_step(u, c):
    inner = u[1:-1] + c * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(np.concatenate([u[:1], inner, u[-1:]]) ** 2)


@program(1.2, 0.4, wrt=("x", "y"))
def runge_kutta_step(x, y, h=0.1):
    f = lambda t, z: z * math.sin(t)
    k1 = f(x, y)
    k2 = f(x + h / 2, y + h * k1 / 2)
    k3 = f(x + h / 2, y + h * k2 / 2)
    k4 = f(x + h, y + h * k3)
    return y + h * (k1 + 2 * k2 + 2 * k3 + k4) / 6


@program(2.0)
def newton_unrolled(a):
    step = lambda x: 0.5 * (x + a / x)
    return step(step(step(1.0 + a)))


@program(normal(3), normal(3, seed=1), wrt=(0, 1))
def cross_product(a, b):
    c = np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])
    return c @ c


@program(0.3, np.array([1.0, 2.0]), wrt=(0, 1))
def rotation(angle, v):
    c, s = np.cos(angle), np.sin(angle)
    turned = np.array([[c, -s], [s, c]]) @ v
    return turned[0] ** 2 * turned[1]


# --- complex intermediates


@program(normal(4), normal(4, seed=1), wrt=(0, 1))
def complex_intermediate(x, y):
    z = x + 1j * y
    return np.sum(np.abs(z * z + 1)) + np.real(np.sum(np.exp(z)))


@program(0.7)
def complex_exponential(t):
    return np.abs(np.exp(1j * t) + 2) ** 2


@program(normal(3), complex_normal(3, seed=1), wrt=(0, 1))
def complex_argument(x, z):
    w = x * z + np.conj(z)
    return np.sum((w * w).imag) + np.sum(np.abs(w) ** 2)


@program(complex_normal(2, 3), complex_normal(3), wrt=(0, 1))
def complex_matmul(a, z):
    y = a @ z
    return np.vdot(y, y).real + np.real(y[0] * z[1])


@program(1.5 + 0.5j)
def complex_number(z):
    return (z * z.conjugate()).real + (z**3).imag


# --- stop_gradient: the value is that of the argument, the derivative zero


@program(normal(3), expected=normal(3) ** 2, second=False, differences=False)
def stopped(x):
    return np.sum(stop_gradient(x**2) * x) + 0 * np.sum(stop_gradient(x))


@program(normal(3), expected=np.zeros(3), second=False, differences=False)
def all_stopped(x):
    return np.sum(stop_gradient(x) * 2)


@program(2.0, expected=9.0, second=False, differences=False)
def stopped_in_helper(x):
    baseline = lambda z: stop_gradient(square(z)) + 5
    return x * baseline(x)


@program((1.5, normal(2)), expected=(1.0, np.full(2, 1.5)), second=False, differences=False)
def stopped_container(p):
    a, _ = stop_gradient(p)
    return p[0] + a * np.sum(p[1])


# --- found by random programs


@program(np.array([-1.0, 0.5, 2.0]), expected=np.array([0.0, np.log(0.5) + 1, np.log(2.0) + 1]))
def where_guards_a_product(x):
    return np.sum(np.where(x > 0, x * np.log(x), 0.0))


@program(np.array([-1.0, 0.5, 2.0]), 1.5, wrt=(0, 1))
def where_guards_a_power(x, y):
    return np.sum(np.where(x > 0, x**y, x)) + np.sum(np.where(x > 0, np.sqrt(np.log(1 + x)), 0) * x)


@program(np.array([0.5, 2.0]), -1.0)
def where_of_a_scalar_condition(x, y):
    return np.sum(np.where(y > 0, (x - 3) ** 1.5, x))


@program(normal(3), also=(case(0.7), case(np.array([0.7])), case(normal(2, 1))))
def tuple_of_shapes(x):
    y = np.broadcast_to(x, (2,) + np.shape(x)) * 2
    z = np.reshape(x, (1,) + np.shape(x)) + y
    return np.sum(z * y)


@program(normal(2), also=(case(normal(2, 3)), case(normal(3)[:2])))
def slices_that_broadcast(x):
    return np.sum(x * x[1:] + x[:1] ** 2 - x[-1:])


@program(normal(3), also=(case(normal(1)), case(normal(3, 2))))
def sums_of_repeats(x):
    return np.sum(x[[0, 0]], keepdims=True).ravel()[-1] * np.sum(x)


@program(
    0.7,
    also=(case(np.float64(0.7)), case(np.float32(0.7), second=False), case(np.array(0.7))),
    tolerance=1e-4,
)
def reductions_of_numbers(x):
    return (
        np.sum(x, axis=0) * np.max(x, axis=0)
        + np.prod(x, axis=0) ** 2
        + np.mean(x, keepdims=True)
        - np.min(x)
    )


@program(
    0.7,
    np.float64(0.3),
    wrt=(0, 1),
    also=(case(np.float32(0.7), np.array(0.3), second=False),),
    tolerance=1e-4,
)
def products_of_numbers(x, y):
    return np.outer(x, y).sum() + np.dot(x, y) ** 2 + np.maximum(x, y) * np.minimum(x, y)


@program(
    np.array(-0.7),
    np.array([0.3]),
    wrt=(0, 1),
    also=(case(np.array([-0.7]), np.array(0.3)), case(-0.7, normal(2))),
)
def dot_of_ranks(x, y):
    return np.sum(np.dot(x, y) ** 2) + (np.dot(y, x) ** 3).sum()


@program(normal(3), normal(3, dtype=np.float32), wrt=(0, 1), tolerance=F32)
def matmul_of_other_precision(x, y):
    return np.sum(np.multiply(x, y @ y)) + np.sum(x * np.mean(y))


@program(1.3, also=(case(np.array(1.3)),))
def conjugates_of_numbers(x):
    z = (x + 1j) ** 2
    return (z * z.conjugate()).real + (z * np.conj(z)).real + np.imag(z.conjugate() * 1j)


@program(normal(3, dtype=np.float32), normal(3, seed=1), wrt=(0, 1), tolerance=F32)
def joined_precisions(x, y):
    return (
        np.sum(np.concatenate([x, y]) ** 2) + np.sum(np.stack([x, y]) ** 3) + np.sum(np.hstack([y, x]) * x[0])
    )


@program(normal(2, 1, 3), also=(case(normal(2, 1, 1)), case(normal(3, 1, 3))))
def filled_with_an_item(x):
    return (
        np.sum(np.full(3, x[1][None][..., 0]))
        + np.sum(np.full((2, 1, 3), x[0]) ** 2)
        + np.sum(np.full_like(x, 2.0) * x)
    )


@program(normal(1, 2))
def sum_added_to_a_row(x):
    return ((x + np.sum(x, axis=1)) ** 2).sum()


@program({"a": np.float64(0.7), "b": [np.float32(0.5), np.array(0.2), 1.5]}, tolerance=1e-4)
def numbers_in_containers(p):
    return np.maximum(p["a"], p["b"][0]) + np.minimum(p["a"], 0.1) * p["b"][1] * p["b"][2]


@program(0.4, -0.3, wrt=(0, 1))
def extremes_of_numbers_squared(x, y):
    return np.log(max(x, 0.3) ** 2 + 1) + min(x, y) ** 3 + math.sqrt(max(y * y, x))


@program(normal(3))
def rebound_before_capture(x):
    a = np.sum(x)
    a = a * 2
    f = lambda z: z * a
    return np.sum(f(x))


@program(1.2)
def compiled_once_per_closure(x):
    add = lambda k: lambda z: z + k * x
    return add(1.0)(x) * add(x)(2.0)


# --- edges


@program(np.zeros(3), expected=np.array([1.0, 1.0, 1.0]))
def powers_at_zero(x):
    return np.sum(x**0 + x**1 + x**2)


@program(0.0, expected=1.0)
def float_powers_at_zero(x):
    return x**0 + x**1 + x**2


@program(normal(3))
def value_that_overflows(x):
    unused = np.exp(1000 * np.abs(x) + 1000)  # noqa: F841
    return np.sum(x)


@program(normal(3))
def cancels(x):
    return np.sum(x - x) + np.sum(x)


@program(normal(3))
def negative_constants(x):
    y = (-2.0) ** 2 * x + (-1) * -x - -3.0
    return np.sum(y * (-0.5) ** 3) + np.sum(x * -1e-3) + (1 - (2 - x[0])) - (x[1] - x[2])


@program(normal(3))
def precedence(x):
    a, b, c = x[0], x[1], x[2]
    return a - (b - c) + a / (2 + b * b) / (3 + c * c) * (a * (b / 4)) + -(a**2) + (-a) ** 2 + 2 ** (b * c)


@program(normal(2))
def long_line(x):
    return np.sum(
        x * x + x * x * 2 + np.sin(x) * np.cos(x) + np.exp(-x) * np.exp(-x * 2) + x * 3 + x / 4 - x * 5 * x
    )


def thirty_statements() -> Any:
    lines = ["def thirty(x):", "    y0 = x * 1.01"]
    lines += [f"    y{i} = y{i - 1} * 0.5 + np.sin(x + {i})" for i in range(1, 30)]
    return define("\n".join([*lines, "    return np.sum(y29 * y15)"]), "thirty", {"np": np})


program(normal(3))(thirty_statements())


@program(np.array(2.25), normal(2, 1, 3, dtype=np.float32), wrt=(0, 1), tolerance=F32)
def mean_of_precisions(p, x):
    return np.mean(x.reshape(-1, 1) * p)


@program(np.array([2.18, 0.364, 1.095]))
def read_with_repeats_beside_itself(x):
    return x[[1, 0, 1]] @ x


@program(0.411, also=(case(np.array([[-1.297]])),))
def larger_of_a_number_and_a_unit_array(x):
    return max(x, 0.3)
