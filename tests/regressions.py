"""Programs that were once differentiated wrongly: what a rewrite, a rule or a guard forgot.

They are checked as the corpus is (tests/programs.py). Numbers such as S25 are those of the semantics.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.oracle import STEPS, TOLERANCE
from tests.programs import Case, Program, case
from tests.samples import normal, positive

REGRESSIONS: list[Program] = []


def program(
    *args: Any,
    wrt: Any = 0,
    also: tuple[Case, ...] = (),
    tolerance: float = TOLERANCE,
    **options: Any,
) -> Callable[[Any], Any]:
    """Register a function with its sample arguments, as that of tests/programs.py does."""

    def register(function: Any) -> Any:
        REGRESSIONS.append(Program(function, wrt, (case(*args, **options), *also), STEPS, tolerance))
        return function

    return register


# --- integers of NumPy wrap, so that their products, squares and signs stay where the function has them

BYTES = np.array([200, 100, 3], np.uint8)
SIGNED = np.array([100, -50, 7], np.int8)


@program(normal(3), BYTES)
def mean_over_bytes(x, k):
    return np.mean(x / k)


@program(normal(3), SIGNED, SIGNED)
def quotients_by_small_integers(x, k, m):
    return np.sum(x / k / m)


@program(1.5, np.int8(100), also=(case(np.float64(1.5), np.int8(100)),))
def quotients_by_a_small_integer(x, n):
    return x / n / n


@program(normal(3), BYTES)
def bytes_times_a_square(x, k):
    return np.sum(k * np.square(x))


@program(normal(3), SIGNED, also=(case(normal(3), BYTES),))
def minus_a_small_integer(x, k):
    return np.sum(x * (-k)) - np.sum(x * (2 * k))


@program(
    positive(3),
    SIGNED,
    wrt=0,
    also=(case(positive(3), BYTES), case(positive(3), np.array([True, False, True]))),
)
def angle_of_small_integers(x, k):
    return np.sum(np.arctan2(x, k) - np.arctan2(k, x))


@program(positive(3), np.array([2, 100, 3], np.uint8))
def bytes_to_a_power(x, k):  # np.log of bytes is a float16
    return np.sum(k**x)


# --- the gradient has the kind and dtype of its argument


@program(
    np.float64(0.3),
    np.complex128(1 + 2j),
    wrt=("x", "y"),
    also=(
        case(0.3, np.array(1 + 2j)),
        case(np.array(0.3), 1 + 2j),
        case(normal(3), np.array([1j, 2, 1 - 1j])),
        case(normal(3), np.array(1 - 1j)),
    ),
)
def kinds_of_mixed_products(x, y):
    return np.sum(x * np.real(y)) + np.sum(np.imag(1j * x * np.conj(y)))


@program(np.float32(0.5), np.float64(0.3), wrt=("x", "y"), tolerance=2e-3)
def complex_literals_are_weak(x, y):  # 1j * np.float64(2) is a complex of Python
    return np.imag(1j * x * y) + (1j * y * x).imag


@program(np.float64(0.3), np.complex128(1 + 2j), wrt=("x", "y"), also=(case(0.3, 1 + 2j),))
def products_of_real_and_complex_scalars(x, y):
    return np.vdot(x, y).real + np.dot(x, y).real + np.inner(x, y).real


@program(normal(3), np.array([1j, 2, 1 - 1j]), wrt=("x", "y"))
def array_of_reals_and_complexes(x, y):
    return np.linalg.norm(np.array([x, y]))


@program(np.float64(0.3), np.array(0.4), wrt=("x", "y"), also=(case(0.3, np.float64(0.4)),))
def shapes_of_scalars(x, y):
    z = np.reshape(x, ()) * np.transpose(y) + np.flip(x) * np.squeeze(y)
    return z * np.reshape(y, np.shape(x))


# --- literals: what they are multiplied to stays a number of NumPy's


@program(normal(3), SIGNED, also=(case(normal(3), BYTES), case(normal(3), 7), case(normal(3), positive(3))))
def large_literals_over_small_integers(x, k):
    return 300.0 * np.sum(x / k) + 1e25 * (np.sum(x) / 2e25)


@program(normal(3), normal(3))
def literals_beyond_the_integers(x, n):
    return 1e25 * np.mean(x / n) / 1e25


@program(np.float64(0.4), also=(case(0.4, second=False),))
def scalar_with_new_axes(x):
    y = np.atleast_2d(np.float64(x)[..., None])
    return np.sum(2 * y * y) + np.sum(y[-1:])


@program(1.3, 2.5, wrt="x", also=(case(np.float64(1.3), 2.0), case(normal(3) ** 2 + 1, 2.0)))
def power_of_an_argument(x, p):
    return np.sum(np.sin(x**p) * x)
