"""Calls: recursion, closures, parameters of every kind, callables as values, methods and objects.

The form is that of tests/corpus.py.
"""

# ruff: noqa: B006, B023, C400, C402, C417, UP008
from __future__ import annotations

import colorsys
import functools
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Any

import numpy as np

from tests.corpus import Chapter
from tests.programs import Layer, case, square
from tests.programs import affine as model_affine
from tests.samples import normal, positive

CHAPTER = Chapter("calls")


# --- recursion

program = CHAPTER.section("recursion")


def power_of(x, n):
    if n == 0:
        return 1.0
    half = power_of(x, n // 2)
    return half * half * (x if n % 2 else 1)


def is_even_product(x, n):
    return 1.0 if n == 0 else x * is_odd_product(x + 0.1, n - 1)


def is_odd_product(x, n):
    if n == 0:
        return 0.5
    return math.sin(x) * is_even_product(x * x, n - 1)


def tree_sum(tree, scale):
    """A nested list: numbers count more the deeper they are."""
    if isinstance(tree, list):
        total = 0.0
        for child in tree:
            total += tree_sum(child, scale * 1.5)
        return total
    return tree * tree * scale


def fibonacci(n, a, b):
    if n < 2:
        return a if n == 0 else b
    return fibonacci(n - 1, a, b) * 0.9 + fibonacci(n - 2, a, b)


@program(1.3, 5, wrt="x", also=(case(1.3, 0), case(0.8, 12)))
def recursion(x, n):
    return power_of(x, n) * x


@program(1.3, 4, wrt="x", also=(case(1.3, 3), case(1.3, 0)))
def recursive_itself(x, n):
    if n == 0:
        return x * x
    return math.sin(recursive_itself(x * 0.9, n - 1)) + x


@program(1.2, 4, wrt="x", also=(case(1.2, 3),))
def mutual_recursion(x, n):
    return is_even_product(x, n) + x * x


@program([0.5, [1.5, [0.8, -0.4]], [0.3]], 1.3, wrt=(0, 1))
def recursion_over_a_tree(tree, scale):
    return tree_sum(tree, scale) * scale


@program(0.7, 1.2, wrt=(0, 1))
def two_recursive_calls(a, b):
    return fibonacci(6, a, b) ** 2


@program(1.1, 3, wrt="x")
def recursive_closure(x, n):
    def descend(y, k):
        return y * x if k == 0 else descend(y * y + x, k - 1)

    return descend(0.5, n)


@program(normal(8), rules="S10")
def divide_and_conquer(x):
    def total(v):
        if len(v) == 1:
            return v[0] ** 2
        half = len(v) // 2
        return np.sin(total(v[:half])) + total(v[half:]) * v[0]

    return total(x)


def simpson(f, a, b, depth):
    middle = (a + b) / 2
    if depth == 0:
        return (b - a) / 6 * (f(a) + 4 * f(middle) + f(b))
    return simpson(f, a, middle, depth - 1) + simpson(f, middle, b, depth - 1)


@program(0.3, 1.4, 0.7, wrt=(0, 1, 2))
def recursive_quadrature(a, b, k):
    return simpson(lambda t: math.exp(-k * t) * t, a, b, 2) * k


# --- closures

program = CHAPTER.section("closures")


@program(1.3, rules="S7")
def rebound_after_the_capture(x):
    w = x
    g = lambda: w * w
    w = 3 * x
    return g() + w


@program(1.3, rules="S7")
def counter_with_nonlocal(x):
    total = 0.0

    def add(y):
        nonlocal total
        total = total + y * y
        return total

    a = add(x)
    b = add(2 * x)
    return a * b + total


@program(normal(4), rules="S7")
def nonlocal_in_a_loop(x):
    state = x[0]

    def step(v):
        nonlocal state
        state = state * 0.5 + v * v

    for v in x:
        step(v)
    return state * state


@program(1.3, rules="S7")
def captured_loop_variable(x):
    functions = []
    for i in range(3):
        functions.append(lambda z: z**2 * i + x)
    return functions[0](x) * functions[2](2 * x)


@program(1.3, rules="S7")
def default_holds_the_loop_variable(x):
    functions = []
    for i in range(3):
        functions.append(lambda z, i=i: z ** (i + 1) + x)
    return functions[0](x) * functions[1](x) + functions[2](2 * x)


@program(1.3, 0.4, wrt=(0, 1), rules="S7")
def shared_cell(x, y):
    value = x

    def put(z):
        nonlocal value
        value = z * y

    def get():
        return value * value

    before = get()
    put(x + 1)
    return before * get()


@program(1.2, rules="S7")
def accumulator_factory(x):
    def make(start):
        def add(y):
            nonlocal start
            start = start + y
            return start

        return add

    first, second = make(x), make(x * x)
    first(2 * x)
    return first(1.0) * second(x) * second(0.5)


@program(1.2, rules="S7")
def rebound_in_a_branch(x):
    k = 1.0
    f = lambda z: z * k * x
    if x > 1:
        k = x * x
    return f(x) + k


@program(1.2, rules="S7")
def parameter_rebound_and_captured(x):
    def f(z):
        inner = lambda: z * x
        z = z + 1
        return inner() * z

    return f(x) * f(2.0)


@program(1.2, rules="S7")
def defaults_bind_at_definition(x):
    y = x * x

    def f(z, y=y, k=[1.0, 2.0]):
        return z * y * k[1]

    y = 100.0
    return f(x) + f(x, 2.0) + 0 * y


@program(0.6, 1.5, wrt=(0, 1))
def closure_chain(x, y):
    def outer(a):
        def middle(b):
            def inner(c):
                return a * b + c * x + y

            return inner

        return middle

    return outer(x)(y)(x * y) * outer(y)(2.0)(1.0)


@program(0.7, rules="S7")
def closure_defined_in_a_branch(x):
    if x > 0:

        def f(z):
            return z * z * x

    else:

        def f(z):
            return z

    return f(x) * f(3.0)


@program(1.3, rules="S5 S7")
def lambdas_on_a_line(x):
    f, g, h = lambda z: z * z, lambda z: z * x, lambda z, k=2: f(z) + g(k)
    pair = [(lambda z: z + 1)(x), (lambda z: z * 3 + x * x)(x)]
    return h(x) * pair[0] + h(x, 3) * pair[1]


# --- parameters

program = CHAPTER.section("parameters")


def weighted(x, *more, scale=1.0, **named):
    total = x * scale
    for i, v in enumerate(more):
        total = total + v * v * (i + 2)
    for key, v in named.items():
        total = total * v if key.startswith("m") else total + v
    return total


def strict(a, b=2.0, /, c=3.0, *, d, e=5.0):
    return a * b + c * d * e


def forward(function, *args, **kwargs):
    return function(*args, **kwargs)


@program(1.3, 0.4, wrt=(0, 1))
def any_number_of_arguments(x, y):
    return weighted(x) * weighted(x, y) + weighted(x, y, x * y, scale=y)


@program(1.3, 0.4, wrt=(0, 1))
def named_arguments(x, y):
    return weighted(x, m=y, k=x * y) + weighted(y, x, mm=2.0, scale=x)


@program(1.3, 0.4, wrt=(0, 1))
def positional_and_keyword_only(x, y):
    return strict(x, d=y) + strict(x, y, x * y, d=2.0, e=x) + strict(y, 1.0, c=x, d=x)


@program(1.3, 0.4, wrt=(0, 1))
def starred_arguments(x, y):
    pair, options = (x, y), {"d": x, "e": y * y}
    return strict(*pair, **options) + strict(*pair, x, **{"d": y}) + weighted(*[x, y], *pair, scale=2.0)


@program(1.3, 0.4, wrt=(0, 1))
def arguments_passed_on(x, y):
    return forward(strict, x, y, d=2.0) * forward(forward, weighted, y, x, k=x)


@program(1.3, 0.4, 2.5, wrt="x")
def variadic_at_the_top(x, *rest, power=2):
    return x**power * rest[0] + rest[1] * x + len(rest)


@program(1.3, wrt="x", kwargs={"shift": 0.5, "scale": 2.0})
def named_at_the_top(x, **options):
    y = x * options["scale"] + options.get("shift", 0.0) * x * x
    return y * len(options) + options.get("missing", 1.0) * x


@program(1.3, wrt=("x", "k"), kwargs={"k": 0.7})
def defaults_at_the_top(x, y=0.5, /, z=(1.0, 2.0), *, k=3.0, flag=False):
    return x * y + z[1] * x**2 * k + (k * k if not flag else 0)


@program(1.3, 0.7, wrt=(0, 1), rules="S7")
def mutable_default_is_read_only(x, y):
    def f(z, table={"a": 2.0, "b": 3.0}):
        return z * table["a"] + table["b"] * x

    return f(y) * f(x)


# --- decorators and libraries

program = CHAPTER.section("decorators and libraries")


def doubled(function):
    """The result twice, under the name of the function."""

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return 2.0 * function(*args, **kwargs)

    return wrapper


def scaled_by(factor, *, power=1):
    def decorate(function):
        def wrapper(x):
            return function(x) * factor**power

        return wrapper

    return decorate


@doubled
def decorated_sine(x, k=1.0):
    return math.sin(x) * k


@scaled_by(3.0, power=2)
@doubled
def decorated_twice(x):
    return x * x


@program(1.3, 0.7, wrt=(0, 1), rules="S5")
def decorated_helpers(x, y):
    return decorated_sine(x, k=y) * decorated_twice(y) + decorated_sine(y)


@program(1.3, rules="S5", name="decorated_at_the_top")
@scaled_by(0.5)
def decorated_program(x):
    return x * math.sin(x)


@program(0.9, 0.4, 0.6, wrt=(0, 1, 2), also=(case(0.3, 0.8, 0.6),))
def library_with_source(r, g, b):
    y, i, q = colorsys.rgb_to_yiq(r, g, b)
    h, _, s = colorsys.rgb_to_hls(r, g, b)
    return y * h + s * s + i * q


@program(normal(3, 3), normal(3), wrt=(0, 1))
def functions_of_another_module(a, x):
    layer = Layer(a, x)
    return np.sum(square(model_affine(layer, x)))


# --- tools of functools

program = CHAPTER.section("functools")


def affine(w, b, x):
    return w * x + b


@program(1.3, 0.7, wrt=(0, 1))
def partials(x, y):
    f = partial(affine, x, b=y * y)
    g = partial(partial(affine, 2.0), x)
    return f(x=3.0) * g(y)


@program([1.3, 0.7, -0.4])
def reduced(values):
    product = reduce(lambda a, b: a * b + 0.5, values)
    total = functools.reduce(operator.add, values, values[0])
    return product * total


@program(normal(3), [normal(3, 3), normal(3, 3, seed=1)], wrt=(0, 1))
def reduced_over_matrices(x, matrices):
    return np.sum(reduce(lambda h, m: np.tanh(m @ h), matrices, x) ** 2)


@program([1.3, 0.7, -0.4])
def mapped(values):
    squares = list(map(lambda v: v * v, values))
    mixed = list(map(lambda v, s: v * s, values, squares))
    return sum(squares) * mixed[0] + sum(map(math.sin, mixed))


@program([1.3, 0.7, -0.4, 2.0])
def filtered(values):
    kept = [v * v for v in filter(lambda v: v > 0, values)]
    names = list(filter(None, ["a", "", "b"]))
    return sum(kept) * len(names) + values[0] * values[2] * len(kept)


@program(1.3, 0.7, wrt=(0, 1))
def composed_by_reduce(x, y):
    compose = lambda *fs: reduce(lambda f, g: lambda z: f(g(z)), fs)
    return compose(math.sin, lambda z: z * y, math.exp)(x)


def geometric(n, a, b):
    return sum(a**i * b**2 for i in range(n))


program(0.7, 1.5, wrt=(0, "b"), name="partial_at_the_top")(partial(geometric, 4))


# --- generators consumed on the spot

program = CHAPTER.section("generators")


@program(normal(4), normal(4, seed=1), wrt=(0, 1), rules="S10")
def sum_of_a_generator(x, y):
    return sum(a * b * b for a, b in zip(x, y)) * sum((v for v in x), 1.0)


@program([1.3, 0.7, -0.4], rules="S26")
def extremes_of_generators(values):
    top = max(v * v for v in values)
    low = min((math.sin(v) for v in values), default=0.0)
    key = max(values, key=lambda v: -v)
    return top * low + key * key * key + values[1] ** 2


@program(normal(4), rules="S10")
def any_and_all_of_generators(x):
    y = np.sum(x * x)
    if any(v > 0.1 for v in x):
        y = y * x[0]
    if all(v < 100 for v in x):
        y = y + x[1]
    return y * y


@program(normal(3, 3), rules="S10")
def nested_generators(a):
    return sum(sum(v**2 for v in row) * row[0] for row in a) + math.prod(1 + a[i, i] ** 2 for i in range(3))


@program([1.3, 0.7, -0.4], rules="S10")
def generators_into_containers(values):
    pair = tuple(v * v for v in values if v > 0)
    table = dict((k, v * v) for k, v in zip("abc", values))
    listed = list(v + 1 for v in values)
    a, b = (v**3 for v in values[:2])
    return pair[0] * table["c"] + listed[1] * a * b


# --- comprehensions

program = CHAPTER.section("comprehensions")


@program(normal(4))
def list_comprehension(x):
    squares = [v * v for v in x]
    return sum(squares) * squares[0] + len(squares)


@program(normal(3), normal(2), wrt=(0, 1))
def comprehension_of_two_loops(x, y):
    table = [(a + b) ** 2 * a for a in x for b in y]
    return sum(table) * table[1]


@program(normal(5))
def comprehension_with_conditions(x):
    kept = [v * v if i % 2 else v for i, v in enumerate(x) if i != 2 if v < 100]
    return sum(kept) ** 2 + kept[-1] * x[2]


@program(normal(3, 3))
def nested_comprehensions(a):
    rows = [[v * v for v in row] for row in a]
    columns = [sum(row[j] for row in rows) for j in range(3)]
    return sum(c * c * (j + 1) for j, c in enumerate(columns))


@program({"a": 1.2, "b": 0.7}, wrt=0)
def dict_comprehension(p):
    q = {key: v * v + i for i, (key, v) in enumerate(p.items())}
    names = {key for key in q if key != "c"}
    return q["a"] * q["b"] * len(names) + sum(q.values())


@program(normal(3), rules="S7")
def comprehension_captures(x):
    k = x[0]
    f = [lambda z, v=v: z * v * k for v in x]
    v = 100.0
    return sum([g(x[1]) for g in f]) * f[2](2.0) + 0 * v


@program(1.3, 4, wrt="x")
def comprehension_of_calls(x, n):
    terms = [power_of(x, i) / math.factorial(i) for i in range(n)]
    return sum(terms) * terms[-1]


# --- callables as values

program = CHAPTER.section("callables as values")
ACTIVATIONS = {"tanh": np.tanh, "square": lambda z: z * z, "sin": np.sin}
STAGES = [np.sin, lambda z: z * z, np.exp]


@program(normal(3), ["tanh", "square"], wrt="x", rules="S15", also=(case(normal(3), ["sin"]),))
def chosen_from_a_dict(x, names):
    for name in names:
        x = ACTIVATIONS[name](x) + x
    return np.sum(x * x)


@program(0.7, rules="S15")
def loop_over_functions(x):
    for f in STAGES:
        x = f(x)
    return x * x


@program(0.7, 2, wrt="x", rules="S15", also=(case(0.7, 0), case(0.7, 1)))
def function_known_at_run_time(x, i):
    f = STAGES[i]
    return f(x) * f(f(x))


@program(
    normal(3), [np.tanh, lambda z: z**3], wrt="x", rules="S15", also=(case(normal(3), [np.sin, np.cos]),)
)
def functions_as_argument(x, functions):
    total = 0.0
    for f in functions:
        total += np.sum(f(x) * x)
    return total * total


@program(0.7, 1.5, wrt=(0, 1), rules="S15")
def closures_in_a_list(x, y):
    layers = [lambda z, k=k: math.sin(z * k) + y for k in (1.0, 2.0, 3.0)]
    for layer in layers:
        x = layer(x)
    return x * x


@program(0.7, True, wrt="x", rules="S15", also=(case(0.7, False),))
def function_chosen_by_a_branch(x, fast):
    if fast:
        f = math.sin
    else:
        f = lambda z: z * z * z
    return f(x) * f(x + 1)


@program(0.7, rules="S15")
def function_returned_by_a_branch(x):
    def choose(n):
        if n > 1:
            return lambda z: z * z * n
        return math.sin

    return choose(1)(x) * choose(3)(x)


@program(
    0.7,
    lambda z: z * z,
    wrt="x",
    rules="S2",
    also=(case(0.7, math.exp), case(0.7, partial(affine, 2.0, 0.5))),
)
def callback(x, f):
    total = 0.0
    for i in range(3):
        total += f(x * (i + 1)) * x
    return total


@program(0.7, 3, wrt="x", rules="S15")
def function_iterated(x, n):
    def repeat(f, n):
        return (lambda z: z) if n == 0 else lambda z: f(repeat(f, n - 1)(z))

    return repeat(lambda z: math.sin(z) + x, n)(x)


@program(0.7, 0.4, wrt=(0, 1), rules="S15")
def pairs_of_functions(x, y):
    rules = [(math.sin, x), (lambda z: z * z, y), (math.exp, x * y)]
    return sum(f(v) * v for f, v in rules)


# --- objects

program = CHAPTER.section("objects")


class Base:
    """Attributes, methods, a property, class and static methods, a private name."""

    gain = 2.0

    def __init__(self, weight: Any, rate: float) -> None:
        self.weight = weight
        self.rate = rate
        self.__hidden = 0.5

    def __call__(self, x):
        return self.activate(self.weight @ x) * self.rate

    def activate(self, z):
        return np.tanh(z * self.gain)

    @property
    def half(self):
        return self.weight * self.__hidden

    @classmethod
    def scaled(cls, x):
        return x * cls.gain

    @staticmethod
    def penalty(x):
        return np.sum(x * x)

    def __secret(self, x):
        return x * x * self.__hidden

    def reveal(self, x):
        return self.__secret(x) + self.__hidden * x


class Derived(Base):
    """Overrides and extends."""

    gain = 3.0

    def activate(self, z):
        return super().activate(z) * z

    def __call__(self, x):
        return super().__call__(x) + super(Derived, self).scaled(np.sum(x))

    def loss(self, x, y):
        error = self(x) - y
        return np.sum(error**2) + self.penalty(x)


class Vector:
    """Dunder methods."""

    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, k):
        return Vector(self.x * k, self.y * k)

    __rmul__ = __mul__

    def __matmul__(self, other):
        return self.x * other.x + self.y * other.y

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def __len__(self):
        return 2

    def __getitem__(self, i):
        return (self.x, self.y)[i]

    def __iter__(self):
        return iter((self.x, self.y))

    def __bool__(self):
        return bool(self.x or self.y)


@dataclass
class Dense:
    """A layer whose fields are differentiated."""

    w: Any
    b: Any
    name: str = "dense"

    def __call__(self, x):
        return np.tanh(self.w @ x + self.b)

    @property
    def size(self):
        return np.sum(self.w**2)


@dataclass(frozen=True)
class Stack:
    """Layers, and a method that runs them."""

    layers: list[Dense]
    rate: float = 0.5
    tags: tuple[str, ...] = field(default_factory=tuple)

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x * self.rate


class Sequential:
    """Callables, known only when the call runs."""

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        self.layers = layers

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


BASE = Base(normal(2, 3), 0.7)
DERIVED = Derived(normal(2, 3, seed=1), 0.6)


@program(normal(3))
def callable_object(x):
    return np.sum(BASE(x) ** 2) + BASE.penalty(x)


@program(normal(3), rules="S5")
def inherited_methods(x):
    return np.sum(DERIVED(x) ** 2) + np.sum(DERIVED.activate(x))


program(normal(3), normal(2, seed=2), wrt=("x", "y"), rules="S5", name="bound_method")(DERIVED.loss)


@program(normal(3), rules="S5")
def mangled_names(x):
    return np.sum(BASE.reveal(x) * DERIVED.reveal(x))


@program(normal(3))
def properties(x):
    return np.sum((BASE.half @ x) ** 2) + np.sum(DERIVED.half @ x) * x[0]


@program(1.3)
def class_and_static_methods(x):
    return Base.scaled(x) * Derived.scaled(x) + DERIVED.scaled(x) * Base.penalty(x)


@program(normal(3), BASE, wrt="x", rules="S2", also=(case(normal(3), DERIVED), case(normal(3), np.sin)))
def object_as_argument(x, model):
    return np.sum(model(x) ** 3)


@program(normal(3))
def methods_as_values(x):
    f, g = BASE.activate, Base.activate
    return np.sum(f(x) * g(DERIVED, x)) + np.sum(list(map(BASE.scaled, [x[0], x[1] ** 2])))


@program(Dense(normal(2, 3), normal(2)), normal(3, seed=1), wrt=(0, 1))
def callable_dataclass(layer, x):
    return np.sum(layer(x) ** 2) + layer.size


@program(
    Stack([Dense(normal(3, 2), normal(3)), Dense(normal(2, 3), normal(2))]),
    normal(2),
    wrt=(0, 1),
    rules="S15",
)
def stack_of_layers(stack, x):
    return np.sum(stack(x) ** 2)


@program(
    [Dense(normal(2, 2), normal(2)), Dense(normal(2, 2, seed=1), normal(2))],
    normal(2),
    wrt=(0, 1),
    rules="S15",
)
def loop_over_callable_dataclasses(layers, x):
    for layer in layers:
        x = layer(x)
    return np.sum(x * x) + sum(layer.size for layer in layers)


SEQUENTIAL = Sequential(np.tanh, BASE, Dense(normal(3, 2), normal(3)), lambda z: z**3)


@program(normal(3), rules="S15")
def sequential_from_outside(x):
    return np.sum(SEQUENTIAL(x) * x)


@program(1.3, BASE, "rate", wrt="x", also=(case(1.3, DERIVED, "gain"),))
def attributes_by_name(x, model, name):
    k = getattr(model, name)
    if hasattr(model, "missing") or not callable(model):
        return x
    return x**2 * k + getattr(model, "missing", 0.5) * x**3


# --- objects that the function makes itself

program = CHAPTER.section("objects made inside")


@program(1.3, 0.7, wrt=(0, 1))
def objects_made_inside(x, y):
    v = Vector(x, y)
    w = 2.0 * v + -v * y
    return v @ w * (w[0] + len(w))


@program(1.3, 0.7, wrt=(0, 1))
def objects_iterated(x, y):
    total = 0.0
    for v in Vector(x * y, y):
        total = total * 0.5 + v * v
    a, b = Vector(y, x)
    return total * a + b


@program(normal(3), rules="S15")
def sequential_of_known_layers(x):
    model = Sequential(np.sin, lambda z: z * z, lambda z: z + x)
    return np.sum(model(x) ** 2)


# --- helpers of every size

program = CHAPTER.section("helpers with control flow")


def clamp(x, low, high):
    if x < low:
        return low + 0.1 * (x - low)
    if x > high:
        return high + 0.1 * (x - high)
    return x


def first_root(f, start, steps=50):
    x = start
    for _ in range(steps):
        value = f(x)
        if abs(value) < 1e-12:
            return x
        slope = (f(x + 1e-3) - f(x - 1e-3)) / 2e-3
        x = x - value / slope
    return x


def mean_and_spread(values):
    n, mean, square = 0, 0.0, 0.0
    for v in values:
        n += 1
        change = v - mean
        mean = mean + change / n
        square = square + change * (v - mean)
    return mean, (square / n if n else 0.0)


def nothing_but(x, found):
    if found:
        return x * x
    return None


@program([0.2, 1.3, 4.0])
def helper_with_guards(values):
    return sum(clamp(v, 0.5, 2.0) ** 2 for v in values)


@program(1.3, 0.7, wrt=(0, 1))
def helper_in_a_loop(x, y):
    for i in range(4):
        x = clamp(x * y * (i + 1), 0.5, 2.0) + y
    return x * x


@program(2.3, 1.1, wrt=(0, 1), tolerance=1e-4)
def helper_that_solves(a, b):
    return first_root(lambda x: x**2 * b - a, 2.0) * a


@program(normal(5))
def helper_returns_a_pair_from_a_loop(x):
    mean, spread = mean_and_spread(x)
    other, _ = mean_and_spread(x[1:] * x[:-1])
    return mean * spread + other**2


@program(1.3, True, wrt="x", also=(case(1.3, False),))
def helper_returns_none_sometimes(x, found):
    y = nothing_but(x, found)
    return y * x if y is not None else x**4


@program(0.9)
def chain_of_helpers(x):
    a = lambda z: clamp(z, 0.1, 5.0) * 1.1
    b = lambda z: a(z) + a(z * z)
    c = lambda z: b(z) * b(z + 1)
    d = lambda z: c(z) + sum(b(z * k) for k in range(1, 3))
    return d(x) + c(x)


@program(normal(3), positive(3), wrt=(0, 1))
def helper_called_with_other_kinds(x, y):
    def norm(z):
        if isinstance(z, float):
            return abs(z)
        return np.sqrt(np.sum(z**2))

    return norm(x) * norm(float(y[0])) + norm(np.outer(x, y))
