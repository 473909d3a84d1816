"""Wrong uses of control flow, calls, containers and effects: what is refused, and what the primal raises.

The form is that of tests/refused.py, with lists of their own; names in tests/pending.txt do not yet get the
error that stands here.

    @refused(UnsupportedSyntax, r"yield", normal(3))       the gradient at these arguments raises it, and
    def f(x):                                              points at the marked line
        yield x  # <--

    @raises(ValueError, r"negative", -1.0)                 the function raises it, and so does its gradient
    def g(x): ...
"""

# ruff: noqa: B010, C417, F841
from __future__ import annotations

import contextlib
import ctypes
import itertools
import math
import operator
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

import astgrad
from tests.programs import Params
from tests.refused import Refused
from tests.samples import normal

AstgradError = astgrad.AstgradError
MissingRule = astgrad.MissingRule
NotDifferentiable = astgrad.NotDifferentiable
SourceUnavailable = astgrad.SourceUnavailable
UnsupportedSyntax = astgrad.UnsupportedSyntax
UntrackedMutation = astgrad.UntrackedMutation

REFUSED: list[Refused] = []
RAISES: list[Refused] = []


def refused(error: type[Exception], message: str, *args: Any, wrt: Any = 0) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        REFUSED.append(Refused(function, error, message, args, wrt))
        return function

    return register


def raises(error: type[Exception], message: str, *args: Any, wrt: Any = 0) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        RAISES.append(Refused(function, error, message, args, wrt))
        return function

    return register


# --- syntax


def pairs_of(x):
    for v in x:
        yield v * v


@refused(UnsupportedSyntax, r"yield|generator", normal(3))
def generator_in_a_loop(x):
    def squares():
        for v in x:
            yield v * v  # <--

    total = 0.0
    for v in squares():
        total = total + v
    return total


@refused(UnsupportedSyntax, r"yield|generator", normal(3))
def generator_of_a_helper(x):
    return sum(pairs_of(x))


@refused(UnsupportedSyntax, r"yield", normal(2))
def yield_from(x):
    yield from x  # <--


@refused(UnsupportedSyntax, r"async|await|coroutine", normal(3))
def async_inside(x):
    async def wait():  # <--
        return x

    return np.sum(x) * (wait is not None)


@refused(AstgradError, r"eval", 1.5)
def eval_of_text(x):
    return eval("x * x")  # <--


@refused(AstgradError, r"exec", 1.5)
def exec_of_text(x):
    exec("y = 1")  # <--
    return x * x


@refused(AstgradError, r"locals|globals|vars", 1.5)
def names_by_text(x):
    y = x * x
    return locals()["y"]  # <--


@refused(UnsupportedSyntax, r"import", 1.5)
def import_beside_a_loop(x):
    from math import sin  # <--

    for _ in range(2):
        x = sin(x)
    return x


@refused(UnsupportedSyntax, r"del", [1.5, 2.5])
def deletion_in_a_loop(values):
    total = 0.0
    rest = list(values)
    while rest:
        total = total + rest[0] ** 2
        del rest[0]  # <--
    return total


# --- active values that leave the function

BEST: Any = None
HISTORY: list[Any] = []
CACHE: dict[str, Any] = {}


class Settings:
    """A foreign object."""

    value: Any = 0.0
    items: Any = None

    def put(self, value: Any) -> None:
        self.value = value


SETTINGS = Settings()


@refused(AstgradError, r"global", normal(3))
def active_value_to_a_global(x):
    global BEST
    BEST = np.sum(x * x)  # <-- or the statement above
    return BEST * 2


@refused(AstgradError, r"append|HISTORY|global", normal(3))
def active_value_appended_outside(x):
    for v in x:
        HISTORY.append(v * v)  # <--
    return np.sum(x) * HISTORY[-1]


@refused(AstgradError, r"CACHE|item|writ", 1.5)
def active_value_in_a_global_dict(x):
    CACHE["y"] = x * x  # <--
    return CACHE["y"] * x


@refused(AstgradError, r"attribute|value|writ", 1.5)
def active_attribute_of_a_foreign_object(x):
    SETTINGS.value = x * x  # <--
    return SETTINGS.value * x


@refused(AstgradError, r"attribute|value|writ", 1.5)
def active_attribute_by_a_method(x):
    SETTINGS.put(x * x)
    return x * 2


@refused(AstgradError, r"setattr|attribute|writ", 1.5)
def active_attribute_by_setattr(x):
    setattr(SETTINGS, "value", x * x)  # <--
    return SETTINGS.value * x


@refused(AstgradError, r"append|argument|writ", 1.5, [2.5], wrt=(0, 1))
def append_to_an_argument(x, values):
    values.append(x)  # <--
    return values[0] * values[1]


# --- foreign calls

HEAP = __import__("heapq")
STRUCT = __import__("struct")
DOT = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(lambda x: x * 2)


@refused(MissingRule, r"heappush|heapq|nsmallest", normal(3))
def compiled_function_of_a_list(x):
    lowest = HEAP.nsmallest(2, [v * v for v in x])  # <--
    return lowest[0] * lowest[1]


@refused(MissingRule, r"pack|struct", 1.5)
def active_value_to_a_library(x):
    text = STRUCT.pack("d", x * x)  # <--
    return x * len(text)


@refused(AstgradError, r"DOT|CFunc|ctypes|_FuncPtr|rule", 1.5)
def foreign_function(x):
    for _ in range(2):
        x = x + DOT(x)  # <--
    return x


@refused(AstgradError, r"accumulate|itertools", normal(3))
def iterator_of_a_library(x):
    total = 0.0
    for v in itertools.accumulate(x, operator.mul):  # <--
        total = total + v
    return total


@refused(AstgradError, r"deque", normal(3))
def other_container(x):
    window = deque(x, maxlen=2)  # <--
    return window[0] * window[1]


@refused(AstgradError, r"[Tt]hread", 1.5)
def thread_inside(x):
    worker = threading.Thread(target=print, args=(x,))  # <--
    worker.start()
    return x * x


# --- iterators and generators that are kept


@refused(AstgradError, r"generator|stored|iterator", normal(3))
def generator_stored(x):
    squares = (v * v for v in x)  # <-- or where it is consumed
    return sum(squares) * x[0]


@refused(AstgradError, r"generator|stored|iterator", normal(3))
def generator_returned_by_a_helper(x):
    make = lambda z: (v * v for v in z)  # <--
    return sum(make(x))


@refused(AstgradError, r"map|zip|iterator|stored", normal(3))
def iterator_of_map_stored(x):
    squares = map(lambda v: v * v, x)  # <-- or where it is consumed
    first = next(squares)
    return first * sum(squares)


@refused(AstgradError, r"\bset\b", normal(3))
def set_of_active_values(x):
    seen = {v * v for v in x}  # <--
    return sum(seen)


# --- writes into arrays


@refused(UntrackedMutation, r"in.place|writ", normal(3))
def item_written_in_a_loop(x):
    y = np.zeros(3)
    for i in range(3):
        y[i] = x[i] ** 2  # <--
    return np.sum(y)


@refused(UntrackedMutation, r"in.place|writ", normal(3))
def write_through_an_alias(x):
    y = x * 2
    z = y
    if x[0] < 100:
        z[0] = 5.0  # <--
    return np.sum(y)


@refused(UntrackedMutation, r"in.place|writ", normal(3, 3))
def write_through_a_row(x):
    y = x * 2
    for row in y:
        row[0] = 1.0  # <--
    return np.sum(y)


@refused(AstgradError, r"in.place|writ", normal(3, 3))
def augmented_row(x):
    y = x * 2
    for row in y:
        row *= 2.0  # <--
    return np.sum(y)


@refused(AstgradError, r"in.place|writ", normal(4))
def write_through_a_view(x):
    y = x * 2
    v = y[1:].reshape(3, 1)
    while v[0, 0] < 50:
        v += 60.0  # <--
    return np.sum(y)


@refused(AstgradError, r"in.place|writ", normal(3))
def augmented_after_one_trip(x):
    total = 0.0
    for i in range(3):
        total += x * i  # <--
    return np.sum(total * x)


@refused(AstgradError, r"out", normal(3))
def out_in_a_loop(x):
    y = x * 1.0
    for _ in range(2):
        np.add(y, x, out=y)  # <--
    return np.sum(y * y)


@refused(AstgradError, r"out", normal(3))
def out_of_a_constant(x):
    c = np.zeros(3)
    with np.errstate(all="ignore"):
        np.exp(x, out=c)  # <--
    return np.sum(c)


@refused(AstgradError, r"sort", normal(3))
def sort_of_an_alias(x):
    y = x * 2
    z = [y]
    z[0].sort()  # <--
    return y[0] * y[1]


@refused(AstgradError, r"fill", normal(3))
def fill_in_a_branch(x):
    y = x * 2
    if np.sum(x) < 100:
        y.fill(1.0)  # <--
    return np.sum(y * x)


@refused(AstgradError, r"copyto|writ", normal(3))
def copyto_in_a_helper(x):
    def overwrite(target, source):
        np.copyto(target, source)  # <--

    y = np.zeros(3)
    overwrite(y, x)
    return np.sum(y)


@refused(AstgradError, r"writ|in.place|flat", normal(3))
def write_through_flat(x):
    y = x * 2
    for i in range(3):
        y.flat[i] = 1.0  # <--
    return np.sum(y)


@refused(AstgradError, r"in.place|writ|iadd|operator", normal(3))
def write_by_the_operator_module(x):
    y = x * 2
    y = operator.iadd(y, x)  # <--
    return np.sum(y)


@refused(AstgradError, r"writ|shuffle|in.place", normal(3))
def shuffled(x):
    y = x * 2
    np.random.default_rng(0).shuffle(y)  # <--
    return y[0] * x[0]


# --- writes into containers


@refused(AstgradError, r"item|writ|list", normal(3))
def list_item_written(x):
    values = [0.0, 0.0]
    for i in range(2):
        values[i] = x[i] ** 2  # <--
    return values[0] * values[1]


@refused(AstgradError, r"item|writ|dict", normal(3))
def dict_item_written(x):
    memo = {}
    for i in range(3):
        memo[i] = x[i] ** 2  # <--
    return memo[0] * memo[1]


@refused(AstgradError, r"pop", normal(3))
def list_pop(x):
    rest, total = list(x), 0.0
    while rest:
        total = total + rest.pop() ** 2  # <--
    return total


@refused(AstgradError, r"extend|insert", 1.5)
def list_extend(x):
    values = [x]
    values.extend([x * 2, x * 3])  # <--
    return values[0] * values[2]


@refused(AstgradError, r"insert", 1.5)
def list_insert(x):
    values = [x]
    for k in range(2):
        values.insert(0, x * k)  # <--
    return values[0] * values[2]


@refused(AstgradError, r"sort|reverse", [1.5, 0.5])
def list_sort(values):
    ordered = list(values)
    ordered.sort()  # <--
    return ordered[0] * ordered[1] ** 2


@refused(AstgradError, r"\+=|in.place|list|writ", 1.5)
def list_augmented(x):
    values = [x]
    alias = values
    values += [x * x]  # <--
    return alias[1] * len(alias)


@refused(AstgradError, r"update|setdefault", {"a": 1.5})
def dict_update(p):
    q = dict(p)
    q.update(b=p["a"] * 2)  # <--
    return q["a"] * q["b"]


@refused(AstgradError, r"attribute|writ", Params(1.5, 2.5))
def dataclass_field_written(p):
    for _ in range(2):
        p.scale = p.scale * p.shift  # <--
    return p.scale


@refused(AstgradError, r"item|writ|list", 1.5)
def list_slice_written(x):
    values = [x, x * x, 1.0]
    values[1:] = [x * 3]  # <--
    return values[0] * values[1]


# --- outputs


@refused(NotDifferentiable, r"int", 1.5)
def integer_output_of_a_loop(x):
    n = 0
    while x < 10:
        x = x * 2
        n += 1
    return n


@refused(NotDifferentiable, r"bool", 1.5)
def boolean_output_of_a_branch(x):
    if x > 0:
        return x * x > 1
    return x < 0


@refused(NotDifferentiable, r"None", -1.5)
def no_output_on_this_path(x):
    if x > 0:
        return x * x


@refused(NotDifferentiable, r"scalar.*\(3,\)|\(3,\).*scalar", normal(3))
def vector_output_of_a_loop(x):
    for _ in range(2):
        x = x * x
    return x


@refused(NotDifferentiable, r"list|tuple", normal(3))
def list_output(x):
    return [v * v for v in x]


# --- gradients of gradients by the same name


@astgrad.grad
def recursive_gradient(x, n):
    if n == 0:
        return x
    return x * recursive_gradient(x, n - 1)  # <--


refused(AstgradError, r"recursive_gradient", 1.5, 2)(recursive_gradient.function)


def pong(x, n):
    return x if n == 0 else ping(x * x, n - 1)  # calls the gradient by the name of its function


@astgrad.grad
def ping(x, n):
    return pong(x, n) * 2.0


refused(AstgradError, r"ping", 1.5, 2)(ping.function)


class Recursive:
    """Its method is replaced by the gradient of it."""

    @astgrad.grad
    def descend(self, x, n):
        return x if n == 0 else self.descend(x * 0.5, n - 1)


refused(AstgradError, r"descend", Recursive(), 1.5, 2, wrt=1)(Recursive.__dict__["descend"].function)


# --- an exception after active writes (S11)


@refused(AstgradError, r"except|try|read afterwards|before", normal(3))
def assigned_before_the_exception(x):
    s = x[0]
    try:
        for i in range(5):
            s = s * x[i]  # IndexError after three of them
    except IndexError:
        pass
    return s * s


# --- the primal raises, and so does the gradient


@raises(ValueError, r"negative: -1\.5", -1.5)
def raised_by_a_guard(x):
    if x < 0:
        raise ValueError(f"negative: {x}")
    return x * x


@raises(AssertionError, r"too large", 1.5)
def failed_assertion(x):
    for _ in range(5):
        x = x * x
        assert x < 20, "too large"
    return x


@raises(UnboundLocalError, r"\by\b", 1.5)
def undefined_on_this_path(x):
    if x < 0:
        y = x * x
    return y * x


@raises(UnboundLocalError, r"\bi\b", 1.5, 0)
def loop_variable_of_no_trip(x, n):
    for i in range(n):
        x = x * i
    return x * i


@raises(IndexError, r"range|bounds", normal(3))
def index_out_of_range_in_a_loop(x):
    s = 0.0
    for i in range(5):
        s = s + x[i] ** 2
    return s


@raises(ZeroDivisionError, r"division", 1.5)
def division_by_zero_in_a_loop(x):
    for k in (2, 1, 0):
        x = x / k
    return x


@raises(ValueError, r"math domain error|expected a (nonnegative|positive) input", 0.5)
def math_domain_in_while(x):
    while x > -5:
        x = math.log(x) - 0.1
    return x


@raises(ValueError, r"broadcast", normal(3), normal(4))
def mismatch_in_an_unused_statement(x, y):
    for _ in range(2):
        unused = x + y
    return np.sum(x)


@raises(KeyError, r"missing", {"a": 1.5})
def missing_key(p):
    total = 0.0
    for name in ("a", "missing"):
        total = total + p[name] ** 2
    return total


@raises(ValueError, r"unpack", [(1.5, 2.5), (0.5,)])
def wrong_number_to_unpack(pairs):
    total = 0.0
    for a, b in pairs:
        total += a * b
    return total


@raises(TypeError, r"not iterable", 1.5)
def number_iterated(x):
    total = 0.0
    for v in x:
        total += v
    return total


@raises(np.linalg.LinAlgError, r"[Pp]ositive definite", -np.eye(2))
def cholesky_without_fallback(a):
    try:
        root = np.linalg.cholesky(a)
    finally:
        done = True
    return np.sum(root) * done


@raises(ValueError, r"ambiguous", normal(3))
def truth_of_an_array(x):
    if x > 0:
        x = x * x
    return np.sum(x)


@raises(TypeError, r"unexpected keyword argument 'z'", 1.5)
def wrong_keyword_in_a_call(x):
    def f(y, *, k=1.0):
        return y * k

    return f(x, z=2.0)


@raises(TypeError, r"missing 1 required positional argument: 'b'", (1.5,))
def too_few_starred_arguments(p):
    f = lambda a, b: a * b
    return f(*p)


@raises(RecursionError, r"recursion", 1.5)
def endless_recursion(x):
    def f(y):
        return f(y * 0.5)

    return f(x)


@raises(KeyError, r"inner", 1.5)
def raised_in_a_handler(x):
    try:
        x = x / 0
    except ZeroDivisionError as error:
        raise KeyError("inner") from error
    return x


@raises(StopIteration, r"", 1.5)
def stop_iteration(x):
    with contextlib.nullcontext():
        raise StopIteration
    return x
