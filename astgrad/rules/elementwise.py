"""Functions that work element by element: one line each, the partials.

    elementwise(np.tanh,   lambda y, x: 1 - y**2)
    elementwise(np.divide, lambda y, x1, x2: (1 / x2, -y / x2))

The adjoint `by` multiplies them, and what broadcasting stretched is summed; that is derived. At a domain
edge a partial is what its formula gives in NumPy's arithmetic, unless a comment says otherwise.
Numbers stand for constants such as log(2), since a NumPy scalar would turn float32 into float64.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from astgrad.rules.kinds import adjoint, elementwise, linear
from astgrad.rules.results import computing, shaping
from astgrad.runtime import inverse, lowered, unbroadcast, unraising

# --- arithmetic

elementwise(np.add, lambda y, x1, x2: (1, 1), aliases=[operator.add])
elementwise(np.subtract, lambda y, x1, x2: (1, -1), aliases=[operator.sub])
elementwise(np.multiply, lambda y, x1, x2: (x2, x1), aliases=[operator.mul])
elementwise(np.divide, lambda y, x1, x2: (inverse(x2, y), -y / x2), aliases=[operator.truediv], singular=True)
elementwise(np.negative, lambda y, x: -1, aliases=[operator.neg])
elementwise(np.positive, lambda y, x: 1, aliases=[operator.pos])
elementwise(np.reciprocal, lambda y, x: -(y**2), singular=True)
elementwise(np.square, lambda y, x: 2 * x)
elementwise(np.remainder, lambda y, x1, x2: (1, -(x1 // x2)), aliases=[operator.mod])
elementwise(np.fmod, lambda y, x1, x2: (1, -np.trunc(x1 / x2)))


def power(y: Any, x1: Any, x2: Any) -> Any:
    """d(x1**x2) = x2 x1**(x2 - 1) dx1 + y log(x1) dx2, and 0 for x1**0 and for the exponent at x1 = 0."""
    base = unraising(x1, x2)
    return x2 * base ** lowered(x2), y * np.log(np.where(x1 == 0, 1.0, x1))


elementwise(np.power, power, aliases=[operator.pow, pow], singular=True)
elementwise(np.float_power, power, singular=True)

# --- exponentials and logarithms

elementwise(np.exp, lambda y, x: y)
elementwise(np.exp2, lambda y, x: 0.6931471805599453 * y)
elementwise(np.expm1, lambda y, x: y + 1)
elementwise(np.log, lambda y, x: inverse(x, y), singular=True)
elementwise(np.log2, lambda y, x: inverse(0.6931471805599453 * x, y), singular=True)
elementwise(np.log10, lambda y, x: inverse(2.302585092994046 * x, y), singular=True)
elementwise(np.log1p, lambda y, x: inverse(1 + x, y), singular=True)
# both operands -inf: 0, not inf - inf
elementwise(
    np.logaddexp,
    lambda y, x1, x2: (
        np.exp(x1 - np.where(y == -np.inf, 0, y)),
        np.exp(x2 - np.where(y == -np.inf, 0, y)),
    ),
)
elementwise(
    np.logaddexp2,
    lambda y, x1, x2: (
        np.exp2(x1 - np.where(y == -np.inf, 0, y)),
        np.exp2(x2 - np.where(y == -np.inf, 0, y)),
    ),
)

# --- roots

elementwise(np.sqrt, lambda y, x: 0.5 / y, singular=True)
elementwise(np.cbrt, lambda y, x: 1 / (3 * y**2), singular=True)
# 0 at the origin
elementwise(np.hypot, lambda y, x1, x2: (x1 / (y + (y == 0)), x2 / (y + (y == 0))))

# --- trigonometric and hyperbolic

elementwise(np.sin, lambda y, x: np.cos(x))
elementwise(np.cos, lambda y, x: -np.sin(x))
elementwise(np.tan, lambda y, x: 1 + y**2)
elementwise(np.arcsin, lambda y, x: 1 / np.sqrt(1 - x**2), singular=True)
elementwise(np.arccos, lambda y, x: -1 / np.sqrt(1 - x**2), singular=True)
elementwise(np.arctan, lambda y, x: 1 / (1 + x**2))
# np.hypot, since the square of a small integer wraps
elementwise(
    np.arctan2,
    lambda y, x1, x2: (x2 / np.hypot(x1, x2) ** 2, -(x1 / np.hypot(x1, x2) ** 2)),
    singular=True,
)
elementwise(np.sinh, lambda y, x: np.cosh(x))
elementwise(np.cosh, lambda y, x: np.sinh(x))
elementwise(np.tanh, lambda y, x: 1 - y**2)
elementwise(np.arcsinh, lambda y, x: 1 / np.sqrt(x**2 + 1))
# sinh(y) is sqrt(x - 1) sqrt(x + 1) on the right branch for complex x too
elementwise(np.arccosh, lambda y, x: 1 / np.sinh(y), singular=True)
elementwise(np.arctanh, lambda y, x: inverse(1 - x**2, y), singular=True)
elementwise(np.degrees, lambda y, x: 57.29577951308232)
elementwise(np.rad2deg, lambda y, x: 57.29577951308232)
elementwise(np.radians, lambda y, x: 0.017453292519943295)
elementwise(np.deg2rad, lambda y, x: 0.017453292519943295)
# near 0 it is -(pi x)**2 / 6 + 1
elementwise(
    np.sinc,
    lambda y, x: np.where(x == 0, -3.289868133696453 * x, (np.cos(np.pi * x) - y) / (x + (x == 0))),
    spec=computing.like_ufunc(np.sinc),
)

# --- absolute value, ties

# 0 at 0, as sign is; conj(z) / |z| for complex z
elementwise(np.absolute, lambda y, x: np.conj(np.sign(x)), aliases=[operator.abs, abs])
elementwise(np.fabs, lambda y, x: np.sign(x))
# at ties the derivative is shared equally, so that maximum(x, x) has the derivative 1
elementwise(
    np.maximum,
    lambda y, x1, x2: (np.where(x1 == x2, 0.5, x1 > x2), np.where(x1 == x2, 0.5, x2 > x1)),
)
elementwise(
    np.minimum,
    lambda y, x1, x2: (np.where(x1 == x2, 0.5, x1 < x2), np.where(x1 == x2, 0.5, x2 < x1)),
)
# y == x1, since one operand may be NaN
elementwise(
    np.fmax,
    lambda y, x1, x2: (np.where(x1 == x2, 0.5, y == x1), np.where(x1 == x2, 0.5, y == x2)),
)
elementwise(
    np.fmin,
    lambda y, x1, x2: (np.where(x1 == x2, 0.5, y == x1), np.where(x1 == x2, 0.5, y == x2)),
)
elementwise(np.nan_to_num, lambda y, x: np.isfinite(x), spec=computing.like_ufunc(np.nan_to_num))


def sign(by: Any, y: Any, x: Any) -> Any:
    """0 for real x; z / |z| turns with z: bz = i y Im(by conj(y)) / |z|, and 0 at 0."""
    if np.iscomplexobj(x):
        size = np.abs(x)
        bx = 1j * y * np.imag(by * np.conj(y)) / np.where(size == 0, 1, size)
    else:
        bx = np.zeros_like(x)
    return bx


adjoint(np.sign, sign, spec=lambda x: computing.ufunc(np.sign, x))

# --- complex numbers: df = Re sum conj(bx) dx

linear(np.conjugate, lambda by, x: np.conj(by), spec=lambda x: computing.ufunc(np.conjugate, x))
linear(
    np.real,
    lambda by, val: unbroadcast(by, val),
    result="view",
    spec=lambda val: shaping.part(np.real, val),
)
linear(
    np.imag,
    lambda by, val: unbroadcast(1j * by, val) if np.iscomplexobj(val) else np.zeros_like(val),
    result="view",
    spec=lambda val: shaping.part(np.imag, val),
)
# real numbers do not turn; at 0 what the formula gives
elementwise(
    np.angle,
    lambda y, z: -1j / z if np.iscomplexobj(z) else 0.0,
    spec=computing.like_ufunc(np.angle),
    singular=True,
)
