"""Live names and effects: what is read when, by which name, and that everything happens exactly once.

The form is that of tests/corpus.py. Globals that are rebound are named in capitals; `rebind` gives a call its
own. Programs with `logs` append to that list through functions: the gradient must leave the same log as the
function does (S8, S21).
"""

# ruff: noqa: B007, B008, F841, RUF021
from __future__ import annotations

import logging
import math
from collections import namedtuple
from functools import partial
from typing import Any

import numpy as np

from tests.corpus import Chapter
from tests.programs import case
from tests.samples import normal, positive

CHAPTER = Chapter("live")

LOG: list[Any] = []
LOGGER = logging.getLogger("tests.programs_live")


def note(tag):
    """A user's function that writes to the log and gives its argument back."""
    LOG.append(tag)
    return tag


def seen(value):
    """Logs that it was called, not the value, which may be active."""
    LOG.append("seen")
    return value


class Counter:
    """An object outside that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        LOG.append(self.calls)
        return x * 2.0


# --- globals

program = CHAPTER.section("globals")

RATE = 0.5
STEPS = 3
MODE = "tanh"
LIMITS = (0.2, 3)
TABLE = {"a": 2.0, "n": 3}
WEIGHTS = normal(3, seed=5)
KERNELS = [math.sin, math.exp]
Point2 = namedtuple("Point2", "a n")
SETTINGS = Point2(0.5, 2)


@program(1.3, rules="S1", also=(case(1.3, rebind={"RATE": 2}), case(1.3, rebind={"RATE": np.float64(0.7)})))
def global_in_a_loop(x):
    for i in range(3):
        x = math.sin(x) * RATE + x
    return x * x * i


@program(1.3, rules="S1 S2", also=(case(1.3, rebind={"STEPS": 5}), case(1.3, rebind={"STEPS": 1})))
def global_trip_count(x):
    s = x
    for i in range(STEPS):
        s = s * 0.5 + x**i * (i + 1)
    return s * s


@program(
    normal(3),
    rules="S1 S2",
    also=(case(normal(3), rebind={"MODE": "sin"}), case(normal(3), rebind={"MODE": None})),
)
def global_decides_a_branch(x):
    if MODE == "tanh":
        y = np.tanh(x)
    elif MODE:
        y = np.sin(x)
    else:
        y = x
    return np.sum(y * y * x)


@program(
    normal(3),
    rules="S1",
    also=(
        case(normal(3), rebind={"WEIGHTS": normal(3, 1)}),
        case(normal(3), rebind={"WEIGHTS": [0.5, 1.5, -0.3]}),
        case(normal(3), rebind={"WEIGHTS": normal(5, seed=2)}),
    ),
)
def global_iterable(x):
    s = 0.0
    for w in WEIGHTS:
        s = s * 0.5 + np.sum(np.sin(x * w))
    return s


@program(
    1.3, rules="S1", also=(case(1.3, rebind={"LIMITS": (1.5, 4)}), case(1.3, rebind={"LIMITS": (0.0, 0)}))
)
def global_tuple(x):
    low, n = LIMITS
    s = x
    for _ in range(n):
        s = s * x if s > low else s + x
    return s * s + low * x


@program(1.3, rules="S1", also=(case(1.3, rebind={"TABLE": {"a": 0.5, "n": 2, "z": 1.0}}),))
def global_table(x):
    return sum(TABLE["a"] * x**k for k in range(1, TABLE["n"] + 1)) * x * len(TABLE)


@program(1.3, rules="S1", also=(case(1.3, rebind={"SETTINGS": Point2(1.5, 3)}),))
def global_record(x):
    for _ in range(SETTINGS.n):
        x = x * SETTINGS.a + math.cos(x)
    return x * x


def shape_function(x):
    return x * x


def through(x):
    return shape_function(x) + x


def cubic(x):
    return x**3 if x > 0 else x


@program(
    1.3,
    rules="S1 S2",
    also=(case(1.3, rebind={"shape_function": cubic}), case(1.3, rebind={"shape_function": math.sin})),
)
def callee_rebound(x):
    for _ in range(2):
        x = through(x) * 0.5
    return x * x


@program(1.3, rules="S15", also=(case(1.3, rebind={"KERNELS": [cubic]}), case(1.3, rebind={"KERNELS": []})))
def global_list_of_callees(x):
    for kernel in KERNELS:
        x = kernel(x) + x
    return x * x


def make_closure(k):
    return lambda x: x * k + math.sin(x)


CLOSURE = make_closure(2.0)
PARTIAL = partial(lambda a, x, b: a * x * x + b * x, 0.5, b=1.5)


@program(
    1.3,
    rules="S1 S2",
    also=(
        case(1.3, rebind={"CLOSURE": make_closure(3)}),
        case(1.3, rebind={"CLOSURE": make_closure(normal(2))}),
    ),
)
def closure_rebound(x):
    return np.sum(CLOSURE(x)) * x if x > 0 else CLOSURE(x)


@program(1.3, rules="S2", also=(case(1.3, rebind={"PARTIAL": partial(make_closure(0.3))}),))
def partial_rebound(x):
    return PARTIAL(x) * PARTIAL(x * x)


@program(
    normal(3),
    1,
    wrt="x",
    rules="S2",
    also=(case(normal(2, 3), 0), case(normal(2, 3), -1), case(normal(2, 3, 2), 2)),
)
def axis_as_an_argument(x, axis):
    y = x
    if x.ndim > 1:
        y = np.sum(x**2, axis=axis)
    return np.sum(np.sin(y) * y)


@program(
    1.3,
    lambda z: z * z,
    wrt="x",
    rules="S2",
    also=(case(1.3, lambda z: z * z), case(1.3, lambda z: z * z * z)),
)
def new_lambda_at_each_call(x, f):
    return f(x) * f(f(x))


@program(normal(3), 0.5, wrt="x", rules="S4")
def constants_of_active_shapes(x, a):
    s = 0.0
    for n in range(1, 3):
        s = s + np.sum(np.ones_like(x) * x**n) + np.sum(np.full(x.shape, a) * x) + np.sum(np.zeros(n)) * x[0]
    return s * s


@program(1.3, 0.7, wrt=(0, 1), rules="S4")
def active_constants(x, y):
    t = np.linspace(0.0, 2.0, 5)
    s = 0.0
    for v in t:
        s = s + np.sum(np.full(2, x) * v) * y + np.sum(np.array([y, v]) * x)
    return s * s


# --- names

program = CHAPTER.section("names")


@program(1.3, 0.7, wrt=("bx", "x"))
def generated_names(bx, x):
    tape = bx * x
    dx = [tape]
    _ = dx[0] * 2
    np2 = 0.0
    for steps in range(3):
        by = np2 + steps * _
        np2 = by * x + tape
    stack, trips, branch = np2, by, tape
    return stack * trips + branch * bx


@program(normal(3))
def tape_in_a_loop(x):
    tape = []
    i0 = 0.0
    for t in x:
        bt = t * t
        tape.append(bt)
        i0 += bt * t
    while len(tape) < 5:
        tape.append(tape[-1] * i0)
    return tape[-1] * i0 + tape[0]


@program(normal(3))
def builtins_shadowed(x):
    sum = x[0]
    range = 2.0
    for len in x:
        sum = sum * range + len
    list = [sum, len]
    zip = lambda a, b: a * b
    return zip(list[0], list[1]) * range


@program(1.3)
def functions_named_like_modules(x):
    def np(z):
        return z * z

    def math(z, np=np):
        return np(z) * z

    return math(x) * np(x)


@program(1.3, 2, wrt="x", rules="S13")
def underscores(x, n):
    for _ in range(n):
        __ = x * x
        x, _ = __ * 0.5, x
    return x * _ + __


def collide(x, y):
    t = x * y
    for b in (t, y):
        t = t * b + x
    return t


@program(1.3, 0.7, wrt=(0, 1))
def same_names_in_callees(y, x):
    t = collide(y, x)
    b = collide(t, y * x)
    return b * t + collide(x=x, y=b)


@program(1.3)
def names_with_accents(größe):
    π = math.pi
    été = größe * π
    for λ in range(2):
        été = math.sin(été) + größe * λ
    return été * größe


@program(1.3)
def annotated_names(x: float) -> float:
    total: float = 0.0
    power: float
    for i in range(3):
        power = x**i
        total += power * x
    return total


@program(1.3, rules="S5")
def strings_and_comments(x):
    """A docstring; with 'def f(x):' in it."""
    text = "for i in range(3): x = 0  # é"
    y = x * len(text)  # a comment: while True
    if "while" not in text:
        """A string as a statement."""
        y = y * x
    return y


# --- effects

program = CHAPTER.section("effects")


@program(1.3, logs=LOG, rules="S8")
def statements_in_order(x):
    note("first")
    y = x * x
    note(("second", 2))
    z = y * math.sin(x)
    note("third")
    return z


@program(1.3, logs=LOG, rules="S8 S10")
def effects_in_a_loop(x):
    for i in range(4):
        if i == 2:
            note("skip")
            continue
        note(i)
        x = x * 1.1 + 0.1 * i
    else:
        note("else")
    return x * x


@program(1.3, logs=LOG, rules="S10", also=(case(-1.3),))
def conditions_once(x):
    y = x
    if note(x > 0) and note("and") or note("or"):
        y = y * x
    z = y if note(True) else note("never")
    while note(abs(z) < 10) and note("while") is not None:
        z = z * 3
    return z * x


def logged(x, i):
    LOG.append(i)
    return x * i


@program(1.3, logs=LOG, rules="S10")
def operands_once_and_in_order(x):
    a = logged(x, 1) + logged(x, 2) * logged(x, 3)
    b = [logged(x, 4), {"k": logged(a, 5)}, (logged(x, 6),)]
    return b[0] * b[1]["k"] + max(logged(x, 7), logged(x, 8)) * b[2][0]


@program(1.3, logs=LOG, rules="S10")
def short_circuits_with_effects(x):
    y = logged(x, 0) or logged(x, 1)
    ok = 0 < logged(x, 2) < logged(x, 3) < logged(x, 2) < logged(x, 9)
    return y * x if ok else y * y


@program([1.3, 0.7], logs=LOG, rules="S10")
def iterables_once(values):
    s = 0.0
    for i, v in enumerate(seen(v * 2) for v in seen(values)):
        s = s * 0.5 + v * v + i * v
    return s + sum(logged(v, k) for k, v in enumerate(values))


@program(1.3, 3, wrt="x", logs=LOG, rules="S8")
def effects_in_recursion(x, n):
    def descend(y, k):
        LOG.append(("enter", k))
        result = y if k == 0 else descend(y * y * 0.7, k - 1) + x
        LOG.append(("leave", k))
        return result

    return descend(x, n) * x


@program(1.3, logs=LOG, rules="S8 S11")
def effects_of_try_and_with(x):
    y = x
    for k in (2, 0):
        try:
            note("try")
            w = 4 // k
            y = y * x * w
        except ZeroDivisionError as error:
            note(str(error))
            y = y + x
        else:
            note("else")
        finally:
            note("finally")
    return y * y


@program(1.3, logs=LOG, rules="S9")
def unused_calls_happen(x):
    unused = logged(x, 1)
    _ = note("dead"), logged(2.0, 2)
    if x > 0:
        logged(x * x, 3)
    return x * x


@program([1.3, 0.7], logs=LOG, rules="S21")
def history_of_floats(values):
    loss = 0.0
    for v in values:
        loss = loss * 0.5 + v * v
        LOG.append(float(loss))
        LOG.append(f"{loss:.3f}")
    return loss * loss


CALLS = 0


@program(1.3, logs=LOG, rules="S21")
def counted_in_a_global(x):
    global CALLS
    CALLS = 0
    for _ in range(3):
        CALLS += 1
        x = math.sin(x) + CALLS * 0.1
        LOG.append(CALLS)
    return x * x


@program(1.3, logs=LOG, rules="S7 S21")
def counted_in_a_cell(x):
    calls = 0

    def f(z):
        nonlocal calls
        calls += 1
        LOG.append(calls)
        return z * z * calls

    return f(x) * f(f(x)) + calls * x


COUNTER = Counter()


@program(1.3, rules="S21")
def counter_outside(x):
    total = 0.0
    for _ in range(2):
        total += COUNTER(x) * x
    return total * total


@program(1.3, rules="S8")
def printed_and_logged(x):
    print("x", f"{x:.2f}", end="")
    for i in range(2):
        print(i, x, sep=";")
        LOGGER.debug("step %d: %s", i, x)
        x = x * x
    return x


@program(1.3, logs=LOG, rules="S10")
def default_evaluated_once(x):
    def f(z, k=note(3)):
        return z * k

    return f(x) * f(x * x) + f(x, note(2))


@program(1.3, logs=LOG, rules="S10")
def comprehensions_with_effects(x):
    values = [logged(x, i) for i in range(4) if note(i) != 2]
    table = {note(k): v * v for k, v in zip("ab", values[1:])}
    return sum(values) * table["b"] + table["a"]


@program(positive(3), logs=LOG, rules="S8")
def effects_beside_arrays(x):
    for row in (x, x * 2, x**2):
        if note(bool(np.sum(row) > 100)):
            continue
        x = np.sqrt(row) * x
        note(x.shape)
    return np.sum(x * x)
