"""What is refused, with the error class and what the message must say.

    @refused(UnsupportedSyntax, r"while", normal(3))      the gradient at these arguments raises it
    def f(x):
        while True:                                        # <--   the message points at this line
            ...

    @misuse(TypeError, r"wrt=")                            calling the function itself raises it
    def argnum(): grad(square, argnum=0)

A message of an AstgradError about a line says file:line:column, shows the line and a caret, and advises.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

import astgrad
from astgrad import grad, value_and_grad, vjp
from tests.oracle import define
from tests.samples import integers, normal, positive

MissingRule = astgrad.MissingRule
NotDifferentiable = astgrad.NotDifferentiable
SourceUnavailable = astgrad.SourceUnavailable
UnsupportedSyntax = astgrad.UnsupportedSyntax
UntrackedMutation = astgrad.UntrackedMutation
AstgradError = astgrad.AstgradError

REFUSED: list[Refused] = []
MISUSES: list[Misuse] = []


@dataclass(frozen=True)
class Refused:
    """A program whose gradient is refused at the call."""

    function: Callable[..., Any]
    error: type[Exception]
    message: str
    args: tuple[Any, ...]
    wrt: Any = 0


@dataclass(frozen=True)
class Misuse:
    """A use that raises at once; `action` performs it."""

    action: Callable[[], Any]
    error: type[Exception]
    message: str


def refused(error: type[Exception], message: str, *args: Any, wrt: Any = 0) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        REFUSED.append(Refused(function, error, message, args, wrt))
        return function

    return register


def misuse(error: type[Exception], message: str) -> Callable[[Any], Any]:
    def register(action: Any) -> Any:
        MISUSES.append(Misuse(action, error, message))
        return action

    return register


# --- syntax


@refused(UnsupportedSyntax, r"yield", normal(3))
def generator(x):
    yield np.sum(x)  # <--


@refused(UnsupportedSyntax, r"async|coroutine", normal(3))
async def coroutine(x):
    return np.sum(x)


@refused(UnsupportedSyntax, r"\*args", 1.5, 2.5)
def variadic(*args):  # <--
    return args[0] * args[1]


@refused(UnsupportedSyntax, r"global", 1.5)
def global_statement(x):
    global COUNT  # <--
    COUNT = 1
    return x


@refused(UnsupportedSyntax, r"class", 1.5)
def class_inside(x):
    class Local:  # <--
        pass

    return x


@refused(UnsupportedSyntax, r"import", 1.5)
def import_inside(x):
    import math  # <--

    return math.sin(x)


def loops(x):
    for _ in range(2):
        x = x * 2
    return x


# --- writes


@refused(UntrackedMutation, r"in.place|writ", normal(3))
def item_assignment(x):
    y = x * 2
    y[0] = 1.0  # <--
    return np.sum(y)


@refused(UntrackedMutation, r"in.place|writ", normal(3))
def item_augmented(x):
    y = x * 2
    y[0] += 1.0  # <--
    return np.sum(y)


@refused(AstgradError, r"in.place|writ", normal(3))
def array_augmented(x):
    x += 1.0  # <--
    return np.sum(x)


@refused(AstgradError, r"in.place|writ", normal(3))
def array_augmented_in_helper(x):
    def scale(z):
        z *= 2.0  # <--
        return z

    return np.sum(scale(x))


@refused(UntrackedMutation, r"attribute|writ", normal(3))
def attribute_write(x):
    x.shape = (3, 1)  # <--
    return np.sum(x)


@refused(UnsupportedSyntax, r"del", {"a": 1.5, "b": 2.5})
def item_deletion(p):
    del p["a"]  # <--
    return p["b"]


@refused(AstgradError, r"out", normal(3))
def out_keyword(x):
    y = np.zeros(3)
    np.multiply(x, 2, out=y)  # <--
    return np.sum(y)


@refused(AstgradError, r"sort", normal(3))
def sort_method(x):
    y = x * 2
    y.sort()  # <--
    return np.sum(y)


@refused(AstgradError, r"fill", normal(3))
def fill_method(x):
    y = x * 2
    y.fill(3.0)  # <--
    return np.sum(y)


@refused(AstgradError, r"copyto|write", normal(3))
def copyto(x):
    y = np.zeros(3)
    np.copyto(y, x)  # <--
    return np.sum(y)


@refused(AstgradError, r"add\.at|ufunc|write|in.place", normal(3))
def add_at(x):
    y = np.zeros(3)
    np.add.at(y, [0, 0], x[:2])  # <--
    return np.sum(y)


# --- rules


@refused(MissingRule, r"np\.partition has no derivative rule", normal(5))
def partition(x):
    y = np.partition(x, 3)  # <--
    return np.sum(y[:2])


@refused(MissingRule, r"where", normal(3))
def unknown_keyword(x):
    return np.sum(x, where=[True, False, True])  # <--


@refused(MissingRule, r"dtype", normal(3))
def dtype_keyword(x):
    return np.add(x, x, dtype=np.float32).sum()  # <--


@refused(MissingRule, r"lgamma", 1.5)
def compiled_function(x):
    return math.lgamma(x)  # <--


@refused(MissingRule, r"dumps|pickle", normal(3))
def active_value_to_foreign_code(x):
    from_bytes = len(PICKLE.dumps(x))  # <--
    return np.sum(x) * from_bytes


@refused(MissingRule, r"vectorize|lambda", 1.5)
def vectorized_object(x):
    return VECTORIZED(x).sum()  # <--


@refused(AstgradError, r"normal", 1.5)
def active_parameter_of_a_draw(x):
    return np.sum(DRAWS.normal(x, 1.0, 3))  # <--


@refused(MissingRule, r"matrix", np.matrix([[1.0, 2.0]]))
def matrix_argument(x):
    return np.sum(x)


@refused(MissingRule, r"[Mm]asked", np.ma.masked_array([1.0, 2.0], [True, False]))
def masked_argument(x):
    return np.sum(x)


@refused(MissingRule, r"[Mm]asked", normal(2), np.ma.masked_array([1.0, 2.0], [True, False]))
def masked_constant_meets_active(x, m):
    return np.sum(x * m)


@refused(MissingRule, r"object", np.array([1.0, 2.0], dtype=object))
def object_array(x):
    return np.sum(x)


class Meters:
    """A user's number."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __mul__(self, other: Any) -> Any:
        return other * self.value


@refused(MissingRule, r"Meters", Meters(1.5))
def object_argument(x):
    return x.value * 2


@refused(NotDifferentiable, r"str", "abc")
def string_argument(x):
    return 1.0


@refused(NotDifferentiable, r"None", None)
def none_argument(x):
    return 1.0


@refused(NotDifferentiable, r"(?s)int.*pass a float", 3)
def integer_argument(x):
    return x * 2.0


@refused(NotDifferentiable, r"(?s)bool.*pass a float", True)
def boolean_argument(x):
    return x * 2.0


@refused(NotDifferentiable, r"(?s)int.*pass a float", integers(5, 3))
def integer_array(x):
    return np.sum(x * 2.0)


@refused(NotDifferentiable, r"float", {"a": 1, "b": [2, "c"]})
def no_float_leaf(p):
    return p["a"] * 2.0


@refused(NotDifferentiable, r"float", ())
def empty_tuple(p):
    return 1.0


# --- outputs


@refused(NotDifferentiable, r"scalar.*\(3,\)|\(3,\).*scalar", normal(3))
def vector_output(x):
    return x * 2


@refused(NotDifferentiable, r"(?s)\(1,\).*\.item\(\)", normal(1))
def output_of_size_one(x):
    return x * 2


@refused(NotDifferentiable, r"(?s)\(1, 1\).*\.item\(\)", normal(1, 1))
def matrix_output_of_size_one(x):
    return x * 2


@refused(NotDifferentiable, r"int", normal(3))
def integer_output(x):
    return len(x)


@refused(NotDifferentiable, r"bool", normal(3))
def boolean_output(x):
    return np.sum(x) > 0


@refused(NotDifferentiable, r"None", normal(3))
def no_output(x):
    np.sum(x)


@refused(NotDifferentiable, r"(?s)complex.*(real|abs)", normal(3))
def complex_output(x):
    return np.sum(x * 1j)


@refused(NotDifferentiable, r"tuple", normal(3))
def tuple_output(x):
    return np.sum(x), np.sum(x * x)


@refused(NotDifferentiable, r"'loss'|str", normal(3))
def string_output(x):
    return "loss"


# --- sources


PICKLE = __import__("pickle")
DRAWS = np.random.default_rng(0)
VECTORIZED = np.vectorize(lambda x: x + 1)
NAMESPACE: dict[str, Any] = {}
exec("def hidden(x):\n    return x * 2\n", NAMESPACE)
refused(SourceUnavailable, r"hidden", 1.5)(NAMESPACE["hidden"])


@refused(SourceUnavailable, r"hidden", 1.5)
def hidden_helper(x):
    return NAMESPACE["hidden"](x) * x  # <--


EDITED = define("def edited(x):\n    return x * 2\n", "edited", {})


def edit() -> None:
    """Change the text of `edited` behind its code object."""
    import linecache

    file = EDITED.__code__.co_filename
    text = "def edited(x):\n    return x * 3\n"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)


edit()
refused(SourceUnavailable, r"edited", 1.5)(EDITED)


@lru_cache
def cached(x):
    return x * 2


@refused(AstgradError, r"cached", 1.5)
def cached_helper(x):
    return cached(x)  # <--


@grad
def own_gradient(x):
    return x * own_gradient(x)


refused(AstgradError, r"own_gradient.*=|grad\(own_gradient\)|itself", 1.5)(own_gradient.function)


@refused(AstgradError, r"recursi", 1.5)
def recursive(x):
    return recursive(x * 0.5)  # <--


# --- misuse


def square(x):
    return x * x


def two(x, y):
    return x * y


@misuse(TypeError, r"wrt=")
def argnum():
    grad(square, argnum=0)


@misuse(TypeError, r"wrt=")
def argnums():
    grad(square, argnums=(0, 1))


@misuse(TypeError, r"argnums.*wrt=|wrt=")
def argnums_of_value_and_grad():
    value_and_grad(square, argnums=0)


@misuse(TypeError, r"wrt=")
def name_in_place_of_a_function():
    grad("w")


@misuse(TypeError, r"wrt=")
def position_in_place_of_a_function():
    grad(0)


@misuse(TypeError, r"optimise|unexpected|option")
def unknown_option():
    grad(square, optimise=True)


@misuse(ValueError, r"z.*x")
def unknown_name():
    grad(square, wrt="z")


@misuse(ValueError, r"1")
def position_out_of_range():
    grad(square, wrt=1)


@misuse(ValueError, r"-2")
def negative_position_out_of_range():
    grad(square, wrt=-2)


@misuse(ValueError, r"twice|duplicate|more than once|repeat")
def duplicate_wrt():
    grad(two, wrt=("x", 0))


@misuse(ValueError, r"empty|no argument|at least")
def empty_wrt():
    grad(two, wrt=())


@misuse(TypeError, r"float|1\.5")
def wrt_of_a_wrong_type():
    grad(square, wrt=1.5)


@misuse((TypeError, ValueError), r"[Tt]rue|bool")  # type: ignore[arg-type]
def boolean_wrt():
    grad(two, wrt=True)


@misuse(TypeError, r"missing 1 required positional argument: 'y'")
def missing_argument():
    grad(two)(1.5)


@misuse(TypeError, r"takes 1 positional argument but 2 were given")
def too_many_arguments():
    grad(square)(1.5, 2.5)


@misuse(TypeError, r"unexpected keyword argument 'z'")
def unexpected_keyword():
    grad(square)(1.5, z=2)


@misuse(MissingRule, r"math\.gamma")
def builtin_function():
    grad(math.gamma)(1.5)


@misuse(TypeError, r"object of type 'float' has no len\(\)")
def builtin_that_raises():
    grad(len)(1.5)


@misuse(TypeError, r"callable|function")
def not_a_function():
    grad([1, 2])


@misuse((TypeError, SourceUnavailable), r"Meters")  # type: ignore[arg-type]
def a_class():
    grad(Meters)(1.5)


@misuse(AstgradError, r"shape|structure|cotangent")
def cotangent_of_wrong_shape():
    _, pullback = vjp(square, normal(3))
    pullback(normal(4))


@misuse(ValueError, r"could not be broadcast|broadcast")
def shapes_that_do_not_broadcast():
    grad(lambda x, y: np.sum(x + y))(normal(3), normal(4))


@misuse(ValueError, r"math domain error|expected a (nonnegative|positive) input")
def error_of_the_primal():
    grad(lambda x: math.sqrt(x))(-1.0)


@misuse(NameError, r"undefined_name")
def undefined_global():
    grad(lambda x: x * undefined_name)(1.5)  # noqa: F821


@misuse(AttributeError, r"no_such_attribute")
def missing_attribute():
    grad(lambda x: np.sum(x.no_such_attribute))(positive(3))


@misuse(AttributeError, r"no_such_function")
def missing_numpy_function():
    grad(lambda x: np.no_such_function(x))(positive(3))
