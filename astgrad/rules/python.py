"""Python's own functions on numbers: the builtins, and `math`, which keeps its own exceptions (S12).

A partial that may divide by zero where the function itself does not raise goes through a NumPy scalar.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from astgrad.analyses.specs import FLOAT, INT, Spec
from astgrad.rules.kinds import adjoint, constant, constants, elementwise, linear, unsupported
from astgrad.rules.results import making, operators
from astgrad.runtime import lowered, pack, scatter, scatter_take, tree_like, unreduce
from astgrad.runtime_products import others
from astgrad.runtime_python import each, exponent, norm, pick, whole_part


def _gives(spec: Spec) -> Callable[..., Spec]:
    return lambda *_, **__: spec


# --- builtins

linear(float, lambda by, x: by if np.ndim(x) == 0 else unreduce(by, x), spec=operators.convert(float))
linear(
    complex,
    lambda by, real, imag=0: (by if np.ndim(real) == 0 else unreduce(by, real), -1j * by),
    wrt=("real", "imag"),
    spec=lambda real, imag=None: operators.convert(complex)(real),
)


def item(by: Any, a: Any, args: Any = ()) -> Any:
    """The one element, or that at a flat index or at one index for each axis."""
    if isinstance(args, tuple) and len(args) == 0:
        ba = by if np.ndim(a) == 0 else unreduce(by, a)
    elif isinstance(args, tuple) or np.ndim(a) == 1:
        ba = scatter(by, args, a)
    else:
        ba = scatter_take(by, args, a)
    return ba


linear(np.ndarray.item, item, variadic="args", spec=making.item)
linear(sum, lambda by, seq, start=0: each(by, seq))
linear(math.fsum, lambda by, seq: each(by, seq), spec=_gives(FLOAT))
adjoint(
    math.prod,
    lambda by, y, seq: tree_like(by * others(np.array(seq)), seq),
    spec=operators.product,
)
# what Python picks, the first of equal ones (S26)
adjoint(max, lambda by, y, seq: pick(by, y, seq), variadic="seq", result="view")
adjoint(min, lambda by, y, seq: pick(by, y, seq), variadic="seq", result="view")
for _builtin in (
    len,
    int,
    bool,
    round,
    isinstance,
    issubclass,
    type,
    range,
    str,
    repr,
    hash,
    id,
    callable,
):
    constant(_builtin)
linear(tuple, lambda by, seq: pack(by, seq), result="view")
linear(list, lambda by, seq: pack(by, seq), result="view")
constant(slice, result="view")
constant(print, impure=True)

# --- math

elementwise(math.sqrt, lambda y, x: 0.5 / np.float64(y), spec=_gives(FLOAT), singular=True)
elementwise(math.exp, lambda y, x: y, spec=_gives(FLOAT))
elementwise(math.expm1, lambda y, x: y + 1, spec=_gives(FLOAT))
elementwise(math.log, lambda y, x: 1 / x, spec=_gives(FLOAT))
elementwise(math.log2, lambda y, x: 1 / (0.6931471805599453 * x), spec=_gives(FLOAT))
elementwise(math.log10, lambda y, x: 1 / (2.302585092994046 * x), spec=_gives(FLOAT))
elementwise(math.log1p, lambda y, x: 1 / (1 + x), spec=_gives(FLOAT))
elementwise(math.sin, lambda y, x: math.cos(x), spec=_gives(FLOAT))
elementwise(math.cos, lambda y, x: -math.sin(x), spec=_gives(FLOAT))
elementwise(math.tan, lambda y, x: 1 + y * y, spec=_gives(FLOAT))
elementwise(math.asin, lambda y, x: 1 / np.sqrt(1 - x * x), spec=_gives(FLOAT), singular=True)
elementwise(math.acos, lambda y, x: -1 / np.sqrt(1 - x * x), spec=_gives(FLOAT), singular=True)
elementwise(math.atan, lambda y, x: 1 / (1 + x * x), spec=_gives(FLOAT))
elementwise(
    math.atan2,
    lambda y, x1, x2: (x2 / np.float64(x1 * x1 + x2 * x2), -x1 / np.float64(x1 * x1 + x2 * x2)),
    spec=_gives(FLOAT),
    singular=True,
)
elementwise(math.sinh, lambda y, x: math.cosh(x), spec=_gives(FLOAT))
elementwise(math.cosh, lambda y, x: math.sinh(x), spec=_gives(FLOAT))
elementwise(math.tanh, lambda y, x: 1 - y * y, spec=_gives(FLOAT))
elementwise(math.asinh, lambda y, x: 1 / np.sqrt(x * x + 1), spec=_gives(FLOAT))
elementwise(math.acosh, lambda y, x: 1 / np.sinh(y), spec=_gives(FLOAT), singular=True)
elementwise(math.atanh, lambda y, x: 1 / (1 - x * x), spec=_gives(FLOAT))
elementwise(math.fabs, lambda y, x: np.sign(x), spec=_gives(FLOAT))
elementwise(math.degrees, lambda y, x: 57.29577951308232, spec=_gives(FLOAT))
elementwise(math.radians, lambda y, x: 0.017453292519943295, spec=_gives(FLOAT))
# 0 at the origin
elementwise(
    math.hypot,
    lambda y, x1, x2: (x1 / (y + (y == 0)), x2 / (y + (y == 0))),
    spec=_gives(FLOAT),
)
elementwise(math.fmod, lambda y, x1, x2: (1, -math.trunc(x1 / x2)), spec=_gives(FLOAT))
elementwise(
    math.copysign,
    lambda y, x1, x2: (np.where(np.signbit(x1) == np.signbit(x2), 1.0, -1.0), 0.0),
    spec=_gives(FLOAT),
)
elementwise(math.remainder, lambda y, x1, x2: (1, -np.round((x1 - y) / x2)), spec=_gives(FLOAT))
elementwise(math.ldexp, lambda y, x, i: math.ldexp(1.0, i), wrt=["x"], spec=_gives(FLOAT))
adjoint(norm, lambda by, y, seq: tree_like(by * np.array(seq) / (y + (y == 0)), seq), spec=_gives(FLOAT))
if sys.version_info >= (3, 11):
    elementwise(math.cbrt, lambda y, x: 1 / np.float64(3 * y * y), spec=_gives(FLOAT), singular=True)
    elementwise(math.exp2, lambda y, x: 0.6931471805599453 * y, spec=_gives(FLOAT))
elementwise(math.erf, lambda y, x: 1.1283791670955126 * np.exp(-x * x), spec=_gives(FLOAT))
elementwise(math.erfc, lambda y, x: -1.1283791670955126 * np.exp(-x * x), spec=_gives(FLOAT))


def power(y: Any, x1: Any, x2: Any) -> Any:
    """As that of **, in NumPy's arithmetic: 0.0 ** -0.5 is infinite and raises nothing."""
    return x2 * np.power(np.float64(x1), lowered(x2)), y * np.log(np.where(x1 == 0, 1, x1))


elementwise(math.pow, power, spec=_gives(FLOAT), singular=True)

constant(math.floor, spec=lambda x: INT)
constant(math.ceil, spec=lambda x: INT)
constant(math.trunc, spec=lambda x: INT)
constants(
    *(math.isnan, math.isinf, math.isfinite, math.isclose, math.nextafter, math.ulp),
    *(math.comb, math.perm, math.factorial, math.gcd, math.lcm, math.isqrt),
)
constant(exponent, spec=lambda x: INT)
constant(whole_part, spec=lambda x: FLOAT)

unsupported(math.gamma, "it has no rule yet")
unsupported(math.lgamma, "it has no rule yet")

# --- text and effects: they happen once, in the forward sweep

constant(print, impure=True)
constants(format, str, repr, ascii, callable, hasattr, id, type)
