"""Objects: classes with dunder methods, dataclasses, iterators, getters, queries; and functions of math.

The form is that of tests/corpus.py.
"""

# ruff: noqa: C417
from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import operator
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from typing import Any, NamedTuple

import numpy as np

from tests.corpus import Chapter
from tests.programs import case
from tests.samples import normal

CHAPTER = Chapter("objects")


# --- dunder methods

program = CHAPTER.section("dunder methods")


class Point:
    """Most of what a class can say about operators."""

    scale = 2.0
    __slots__ = ("x", "y")

    def __init__(self, x: Any, y: Any) -> None:
        self.x = x
        self.y = y

    def __add__(self, other):
        if not isinstance(other, Point):
            return NotImplemented
        return Point(self.x + other.x, self.y + other.y)

    def __radd__(self, other):
        return self if other == 0 else NotImplemented

    def __sub__(self, other):
        return Point(self.x - other.x, self.y - other.y)

    def __mul__(self, k):
        return Point(self.x * k, self.y * k)

    __rmul__ = __mul__

    def __truediv__(self, k):
        return self * (1 / k)

    def __matmul__(self, other):
        return self.x * other.x + self.y * other.y

    def __abs__(self):
        return math.hypot(self.x, self.y)

    def __eq__(self, other):
        return self.x == other.x and self.y == other.y

    def __lt__(self, other):
        return abs(self) < abs(other)

    def __contains__(self, value):
        return value in (self.x, self.y)

    def __bool__(self):
        return self.x > 0

    def __float__(self):
        return self.x

    def __call__(self, t):
        return self.x * t + self.y

    def __iter__(self):
        return iter([self.x, self.y])

    def __len__(self):
        return 2

    def __getitem__(self, i):
        return [self.x, self.y][i]

    @property
    def square(self):
        return self @ self

    @classmethod
    def unit(cls, angle):
        return cls(math.cos(angle), math.sin(angle))

    @staticmethod
    def dot(a, b):
        return a.x * b.x + a.y * b.y

    def scaled(self):
        return self * self.scale


@program(1.3, 0.7, wrt=(0, 1))
def operators_of_a_class(x, y):
    v, w = Point(x, y), Point(y, x * x)
    u = v + w * 2.0 - 3.0 * v / y
    return u @ w + abs(u) + Point.dot(u, v) + u.square + u.scaled().x + v(x) + len(v) * v[1] + float(v)


@program(1.3, 0.7, wrt=(0, 1))
def sum_of_objects(x, y):
    total = sum([Point(x, y), Point(y, y), Point(x * y, 1.0)])
    a, b = total
    s = 0.0
    for c in total:
        s = s * a + c * c
    return a * b + s + sum(total) + max(total) + (x if total else y)


@program(1.3, 0.7, wrt=(0, 1), rules="S26", also=(case(0.4, 0.7),))
def objects_compared(x, y):
    a, b = Point(x, y), Point(y, 2 * y)
    large, small = max(a, b), min([a, b], key=abs)
    least = a if a < b else b
    first, _ = sorted([a, b], key=lambda v: v.x)
    return large.x * small.y + least.x * first.y + (x * x if a != b else y) + (y if 0.25 in a else y * y)


@program(1.3, 0.7, wrt=(0, 1), also=(case(1.3, -0.7),))
def objects_through_branches_and_loops(x, y):
    v = Point(x, 1.0)
    v = v * y if y > 0 else Point(y, y)
    for i in range(3):
        v = v * 0.5 + Point(x * i, v.x)
    return v.x * v.y + v.square


# --- classes

program = CHAPTER.section("classes")


class Linear:
    """A private name, a cached property, a class attribute."""

    gain = 2.0

    def __init__(self, w: Any) -> None:
        self.w = w
        self.__twice = 2 * w

    def value(self, x):
        return self.w * x * self.gain

    @property
    def twice(self):
        return self.__twice

    @functools.cached_property
    def squared(self):
        return self.w**2


class Affine(Linear):
    """Extends, and computes an attribute when it is asked for."""

    gain = 3.0

    def __init__(self, w: Any, b: Any) -> None:
        super().__init__(w)
        self.b = b

    def value(self, x):
        return super().value(x) + self.b

    def __getattr__(self, name):
        if name == "magic":
            return self.w * 7
        raise AttributeError(name)


class Counter:
    """Methods that write the object that they return."""

    def __init__(self) -> None:
        self.total = 0.0

    def add(self, x):
        self.total += x * x
        return self


@program(1.3, 0.7, wrt=(0, 1), rules="S5")
def inheritance_inside(x, y):
    d = Affine(x, y)
    return d.value(y) * d.twice + d.squared * d.magic + Linear.value(d, x)


@program(1.3, 0.7, wrt=(0, 1))
def attributes_written(x, y):
    d = Affine(x, y)
    d.w = d.w * y
    d.b += x
    other = d
    other.b = other.b * 2
    return d.value(x) + other.b * d.w


@program(1.3, 0.7, wrt=(0, 1))
def written_behind_a_container(x, y):
    d = Affine(x, y)
    box = {"d": d, "pair": [d, d]}
    read = lambda: d.b
    d.b = x * y * 3
    return box["d"].b + box["pair"][1].value(x) + read()


@program(1.3, 0.7, wrt=(0, 1))
def methods_that_write(x, y):
    return Counter().add(x).add(y).add(x * y).total


# --- dataclasses

program = CHAPTER.section("dataclasses")


@dataclass
class Box:
    """Computes an attribute behind its fields."""

    a: float
    b: float = 2.0
    parts: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.area = self.a * self.b

    def total(self):
        return self.a + self.b * self.area


@dataclass
class Crate(Box):
    """Inherits fields and methods."""

    k: float = 3.0

    def total(self):
        return super().total() * self.k


@dataclass(frozen=True)
class Fixed:
    """Frozen, with a derived attribute."""

    a: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "square", self.a**2)


@dataclass
class Two:
    """Nothing but fields."""

    x: float
    y: float


class Both(NamedTuple):
    """A namedtuple with a method."""

    a: float
    b: float

    def product(self):
        return self.a * self.b


@program(1.3, 0.7, wrt=(0, 1))
def made_by_constructors(x, y):
    box, crate, fixed = Box(x), Crate(x, y, k=y), Fixed(y)
    other = replace(fixed, a=x * y)
    return box.total() + crate.total() + fixed.square * box.area + other.square + len(crate.parts)


@program(1.3, 0.7, wrt=(0, 1))
def fields_taken_apart(x, y):
    p = Two(x, y)
    q, r = dataclasses.astuple(p), dataclasses.asdict(Two(p, x * y))
    return q[0] * q[1] + r["x"]["x"] * r["y"] ** 2


@program(Two(1.3, 0.7))
def fields_replaced(p):
    q = replace(p, x=p.y)
    return q.x * p.x + p.y


@program(Both(1.3, 0.7))
def namedtuple_replaced(p):
    q = p._replace(a=p.b * 2)
    return q.product() * p.product() + sum(q) + q._asdict()["a"] + max(p)


# --- iterators

program = CHAPTER.section("iterators")


@program(np.array([1.3, 0.7, -0.4]), rules="S10")
def maps_and_filters_of_an_array(x):
    squares = list(map(lambda v: v * v, x))
    kept = list(filter(lambda v: v > 0, x))
    return sum(squares) * squares[0] + sum(kept) * len(kept) + sum(map(math.sin, x))


@program([1.3, 0.7, -0.4], rules="S10")
def maps_and_filters_of_a_list(values):
    products = [*map(operator.mul, values, map(math.sin, values))]
    kept = list(filter(lambda v: v > 0, values))
    return sum(products) * products[1] + sum(kept) * len(kept) + kept[0]


@program(np.array([1.3, 0.7, -0.4]))
def folds_of_an_array(x):
    product, chain = reduce(operator.mul, x), reduce(lambda a, b: a * b + 1, x, 2.0)
    return product + chain + max(x, key=lambda v: -v) * min(x, key=abs)


@program(np.array([1.3, 0.7, -0.4]), rules="S10")
def iterators_of_itertools(x):
    s, items = 0.0, [x[0], x[1], x[2]]
    for i, (a, b) in enumerate(zip(x, reversed(x)), 1):
        s = s + a * b * i
    for a, b in itertools.pairwise(items):
        s = s + a * b * b
    for a, b in itertools.product(items[:2], [x[2], 2.0]):
        s = s * 0.5 + a * b
    for v in itertools.chain([x[0]], (x[1],)):
        s = s * v
    for v in map(lambda q: q * q, filter(lambda q: q > 0, x)):
        s = s + v
    return s + next(iter(x))


# --- order

program = CHAPTER.section("order")


@program([1.3, 0.7, -0.4], rules="S26", also=(case([0.5, 0.5, 2.0]),))
def sorted_lists(values):
    up, down = sorted(values), sorted(values, key=lambda v: v * v, reverse=True)
    (first, _), *_ = sorted(zip(values, range(3)))
    return up[0] * 2 + up[1] ** 2 + down[0] * up[2] + first**3 + sum(sorted(v * v for v in values))


@program(np.array([1.3, 0.7, -0.4]), rules="S26")
def sorted_elements(x):
    up, down = sorted(x), sorted(x, key=lambda v: v * v, reverse=True)
    return up[0] * 2 + up[1] ** 2 + down[0] * up[2]


@program(1.3, 0.7, wrt=(0, 1), rules="S26")
def extremes_of_tuples(x, y):
    a, b, c = max((x, 1.0), (y, 2.0)), min([(2, x), (1, y)]), max([("a", x), ("b", y)])
    return a[0] * a[1] + b[1] * c[1] ** 2


@program(1.3, 0.7, wrt=(0, 1), rules="S26")
def extremes_of_mixed_kinds(x, y):
    none = min((v for v in [x, y] if v > 5), default=y * 3)
    return max(x, 2) * min(y, 1, 3) + max([x, 1, y]) * 2 + none


@program(1.3, 0.7, wrt=(0, 1))
def any_and_all(x, y):
    return (x * x if any([x > 1, y > 1]) else y) + (x if all(v > 0 for v in (x, y)) else y) + y**2


# --- callables

program = CHAPTER.section("callables")


def power_by(x, k=2):
    return 2 * x**k


TABLE = {"sin": math.sin, "square": power_by, "cube": partial(power_by, k=3)}


@program(1.3, "square", wrt="x", rules="S15", also=(case(1.3, "sin"), case(-1.3, "cube")))
def callables_in_containers(x, name):
    net = {"stages": [math.sin, power_by], "act": math.tanh}
    for stage in net["stages"]:
        x = stage(x)
    return net["act"](x) * TABLE[name](x) * TABLE["cube"](x)


@program(1.3, rules="S15", also=(case(-1.3),))
def callables_chosen_by_a_branch(x):
    if x > 0:
        square = x * x
        f = lambda z: z * square
    else:
        f = power_by
    return f(x) * (math.sin if x > 1 else math.cos)(x) + (max if x > 0 else min)(x, 2 * x)


@program(np.array([1.3, 0.7, -0.4]))
def functions_of_operator(x):
    ends, transposed, total = (
        operator.itemgetter(0, 2),
        operator.attrgetter("T"),
        operator.methodcaller("sum"),
    )
    a, b = ends(x)
    power, dot = partial(partial(pow), x[0]), partial(x.dot)
    add_up = x.sum
    return a * b + total(transposed(x)) + power(2) + partial(np.sum, axis=0)(x) + dot(x) * add_up()


# --- objects from outside

program = CHAPTER.section("objects from outside")


class Model:
    """What a model may have."""

    rate = 0.5

    def __init__(self) -> None:
        self.W = np.eye(2) * 2
        self.table = {"a": 3.0}
        self.act = math.sin

    def __add__(self, x):
        return self.W @ x

    def __getitem__(self, key):
        return self.table[key]

    def __len__(self):
        return 3

    def __contains__(self, key):
        return key in self.table

    def __iter__(self):
        return iter(self.table.values())

    @classmethod
    def rated(cls, x):
        return x * cls.rate

    @functools.cached_property
    def doubled(self):
        return self.W * 2

    def apply(self, x):
        return self.W @ x


MODEL = Model()


@program(normal(2), MODEL, wrt="x")
def dunders_of_an_argument(x, m):
    s = np.sum(m + x) + m["a"] * x[0] + len(m) * x[1] + m.act(x[0])
    for v in m:
        s = s + v * x[0]
    return s * np.sum(m.doubled @ x) * m.rated(x[1])


@program(normal(2), MODEL, wrt="x", rules="S2")
def questions(x, m):
    s = np.sum(m.apply(x))
    if "a" in m and hasattr(m, "W") and not hasattr(m, "Q") and callable(m.act):
        s = s * 2
    if isinstance(m, Model) and type(m) is Model and issubclass(type(m), object):
        s = s * s
    return s + getattr(m, "missing", 2.0) * x[0] + getattr(m, "rate", 9.0) * x[1] ** 2


@program(normal(2), MODEL.apply, wrt="x", rules="S2")
def bound_method_as_argument(x, f):
    return np.sum(f(x) ** 2)


# --- numbers and texts

program = CHAPTER.section("numbers and texts")


@program(1.3, 0.7, wrt=(0, 1), rules="S28")
def parts_of_numbers(x, y):
    (q, r), (m, e), (fraction, whole) = divmod(x, y), math.frexp(x), math.modf(x * 3)
    return q * x + r * r + m * e + fraction * whole + math.ldexp(y, 3) + round(x, 1) * y + int(x * 3) * y


@program(1.3, 0.7, wrt=(0, 1))
def more_of_math(x, y):
    norms = math.hypot(x, y, 2.0) + math.hypot(x) + math.dist([x, y], (y * 2, 0.5))
    products = math.prod([x, y, x]) * math.prod([x, y], start=y) + math.fsum([x, y * y])
    return norms * products + math.log(x, y + 2) + math.copysign(x, -y) * y + math.remainder(x, y)


@program(normal(3), normal(3, seed=1), wrt=(0, 1))
def distance_of_arrays(x, y):
    return math.dist(x, y) ** 3


@program(1.3, 0.7, wrt=(0, 1))
def methods_of_floats(x, y):
    n, _ = (0.75).as_integer_ratio()
    k = n if x.is_integer() else 2
    return x.real * y.conjugate() + x.imag + k * y + abs(complex(y, x * x)) ** 2


@program(1.3, 0.7, wrt=(0, 1))
def texts(x, y):
    names, word, shown = ["a", "b", "c"], "Abc".upper().lower(), f"{x:.3f}"
    if word.startswith("a") and shown != "":
        x = x * x
    return x * len(names) + y**2
