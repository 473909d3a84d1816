"""Rewrites: what the algebra knows of each operation, as smart constructors.

In come the operands of one call, out comes the atom of an equal and simpler value, or None where the call
stays as it is.

    mul(1.0, x) -> x        mul(a, div(1, s)) -> div(a, s)        add(a, neg(b)) -> sub(a, b)
    transpose(matmul(A, B)) -> matmul(B.T, A.T)                    sum(mul(a, b)) -> vdot(a, b)
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from astgrad import runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.facts import Fact
from astgrad.ir import Atom, Const, Method, Var
from astgrad.optimize.keys import atom_key
from astgrad.optimize.reshaping import (
    astype,
    attribute,
    broadcast_to,
    compare,
    conjugate,
    getitem,
    length,
    scalar_type,
    total,
    transposed,
    where,
)
from astgrad.rules import registry

if TYPE_CHECKING:
    from astgrad.optimize.algebra import Algebra

Rewrite = Callable[..., "Atom | None"]


def number(atom: Atom) -> Any:
    """The value of a numeric literal, else None."""
    if isinstance(atom, Const) and type(atom.value) in (int, float):
        return atom.value
    return None


def before(b: Algebra, x: Atom, y: Atom, rest: Atom | None = None) -> bool:
    """Whether x * y may be taken before it meets the rest: it neither wraps nor has less precision."""
    specs = (b.spec(x), b.spec(y))
    if all(isinstance(spec, sp.Number) and spec.type in sp.NUMBERS for spec in specs):
        return True
    dtypes = [sp.dtype_of(spec) for spec in specs]
    if any(dtype is None for dtype in dtypes):  # of unknown kind; an integer of NumPy may be one
        return all(
            dtype is None or dtype.kind in "fc" or number(a) is not None for a, dtype in zip((x, y), dtypes)
        )
    product = registry.result_spec(operator.mul, specs, {})
    whole = product if rest is None else registry.result_spec(operator.mul, (product, b.spec(rest)), {})
    have, want = sp.dtype_of(product), sp.dtype_of(whole)
    return have is not None and have.kind in "fc" and (want is None or have == want)


def is_zero(b: Algebra, atom: Atom, partner: Atom) -> bool:
    """Whether `atom` is the zero that an adjoint starts from."""
    if isinstance(atom, Const):
        return type(atom.value) in (float, complex) and atom.value == 0
    if b.match(atom, runtime.zeros):
        return True
    return bool(b.match(atom, np.zeros_like)) and b.fills(partner, atom)


# --- smart constructors: an atom where they apply, None where the call stays as it is


def add(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    for zero, other in ((x, y), (y, x)):
        if is_zero(b, zero, other):
            return without_zero(b, zero, other)
    if number(x) is not None and number(y) is not None:
        return Const(number(x) + number(y))
    for one, other in ((x, y), (y, x)):
        negated = b.match(one, operator.neg, np.negative)
        if negated and not (one is x and b.match(other, operator.neg, np.negative)):
            return b.call(operator.sub, other, negated[0])
        if isinstance(one, Const) and number(one) is not None and number(one) < 0 and one is y:
            return b.call(operator.sub, other, Const(-number(one)))
        inner = b.unspread(one, other)
        if inner is not None:
            return b.call(operator.add, *((inner, other) if one is x else (other, inner)))
    if x is y and isinstance(x, Var):
        return b.call(operator.mul, Const(2), x)
    return twice(b, x, y) or spread_sum(b, x, y)


def accumulate(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """What is added to a zero of any structure."""
    return y if b.match(x, runtime.zeros) else x if b.match(y, runtime.zeros) else None


def without_zero(b: Algebra, zero: Atom, y: Atom) -> Atom | None:
    """0 + y is y, in the dtype of the sum: a real y that is added to complex zeros becomes complex."""
    if isinstance(zero, Const) and isinstance(y, Const):
        return Const(zero.value + y.value)
    have = sp.dtype_of(b.spec(y))
    if have is not None and have.kind in "fc" and have == sp.dtype_of(b.spec(zero)):
        return y
    want = sp.dtype_of(registry.result_spec(operator.add, (b.spec(zero), b.spec(y)), {}))
    if have is None or want is None or have == want:
        return y
    return b.call(Method("astype"), y, Const(want.type)) if isinstance(b.spec(y), sp.Array) else None


def twice(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """(a + b) + a and (a - b) + a, a twice."""
    for op, names in ((operator.add, (operator.add, np.add)), (operator.sub, (operator.sub, np.subtract))):
        parts = b.match(x, *names)
        if parts and isinstance(y, Var) and parts[0] is y:
            return b.call(op, b.call(operator.mul, Const(2), y), parts[1])
    return None


def spread_sum(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """Two values spread over one shape are added before."""
    first, second = b.spread(x), b.spread(y)
    if first and second and atom_key(first[1]) == atom_key(second[1]) and b.spec(x) == b.spec(y):
        total = b.call(operator.add, first[0], second[0])
        return b.respread(total, first[1], operator.add, x, y)
    return None


def sub(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    if number(x) is not None and number(y) is not None:
        return Const(number(x) - number(y))
    if is_zero(b, x, y):
        return b.call(operator.neg, y)
    negated = b.match(y, operator.neg, np.negative)
    if negated:
        return b.call(operator.add, x, negated[0])
    inner = b.unspread(y, x)
    if inner is not None:
        return b.call(operator.sub, x, inner)
    return None


def neg(b: Algebra, x: Atom) -> Atom | None:
    if number(x) is not None:
        return Const(-number(x))
    negated = b.match(x, operator.neg, np.negative)
    if negated:
        return negated[0]
    product = b.match(x, operator.mul, np.multiply)
    if product and number(product[0]) is not None:
        return b.call(operator.mul, Const(-number(product[0])), product[1])
    spread = b.spread(x)
    if spread:
        return b.respread(b.call(operator.neg, spread[0]), spread[1], operator.neg, x)
    return None


def mul(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    if number(x) is not None and number(y) is not None:
        return Const(number(x) * number(y))
    for one, other in ((x, y), (y, x)):
        value = number(one)
        if value == 1 and b.inexact(other):
            return other
        if value == -1 and b.inexact(other):
            return b.call(operator.neg, other)
        negated = b.match(one, operator.neg, np.negative)
        if negated:
            product = (negated[0], other) if one is x else (other, negated[0])
            return b.call(operator.neg, b.call(operator.mul, *product))
        inner = b.unspread(one, other)
        if inner is not None:
            return b.call(operator.mul, *((inner, other) if one is x else (other, inner)))
    return (
        constants_first(b, x, y)
        or outwards(b, x, y)
        or fractions(b, x, y)
        or quotient(b, x, y)
        or spread_product(b, x, y)
    )


def constants_first(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """a * (2 * b) is 2 * a * b."""
    if number(y) is not None and b.inexact(x):
        return b.call(operator.mul, y, x)
    right = b.match(y, operator.mul, np.multiply)
    if right and number(right[0]) is not None:
        if number(x) is not None:
            return b.call(operator.mul, Const(number(x) * number(right[0])), right[1])
        if not before(b, right[0], x, right[1]):
            return None
        return b.call(operator.mul, b.call(operator.mul, right[0], x), right[1])
    return None


def outwards(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """A number spread over a shape multiplies what is smaller before that is spread."""
    for one, other in ((x, y), (y, x)):
        spread = b.spread(one)
        if (
            spread
            and b.scalar(spread[0])
            and sp.fills(b.shape(one), sp.broadcast(b.shape(one), b.shape(other)))
        ):
            return b.respread(b.call(operator.mul, spread[0], other), spread[1], operator.mul, x, y)
    return None


def counts(b: Algebra, x: Atom) -> bool:
    """Whether a value is a Python int, as sizes are: a product with it neither overflows nor vanishes."""
    spec = b.spec(x)
    return isinstance(spec, sp.Number) and spec.type is int


def one_counts(b: Algebra, x: Atom, y: Atom) -> bool:
    return counts(b, x) or counts(b, y)


def fractions(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """(1 / n) * (1 / s) is 1 / (n * s)."""
    first, second = (b.match(factor, operator.truediv, np.divide) for factor in (x, y))
    literal = first and second and number(first[0]) is not None and number(second[0]) is not None
    if first and second and literal and one_counts(b, first[1], second[1]) and before(b, first[1], second[1]):
        denominator = b.call(operator.mul, first[1], second[1])
        return b.call(division(b, x, y), Const(number(first[0]) * number(second[0])), denominator)
    return None


def same_dtype(b: Algebra, product: tuple[Atom, Atom], numerator: tuple[Atom, Atom], over: Atom) -> bool:
    """Whether a product has the dtype of the quotient that is to stand for it."""
    want = registry.result_spec(operator.mul, (b.spec(product[0]), b.spec(product[1])), {})
    top = registry.result_spec(operator.mul, (b.spec(numerator[0]), b.spec(numerator[1])), {})
    have = registry.result_spec(operator.truediv, (top, b.spec(over)), {})
    return sp.dtype_of(want) is None or sp.dtype_of(have) == sp.dtype_of(want)


def quotient(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """a * (c / b) is c * a / b for a literal c."""
    for one, other in ((x, y), (y, x)):
        parts = b.match(one, operator.truediv, np.divide)
        literal = parts and number(parts[0]) is not None
        if parts and literal and number(other) is not None:
            numerator = number(parts[0]) * number(other)
            fits = abs(numerator) < 2**31 and (counts(b, parts[1]) or b.inexact(parts[1]))
            whole = int(numerator) if fits and numerator == int(numerator) else numerator
            return b.call(division(b, one), Const(whole), parts[1])
        if parts and b.scalar(parts[1]) and not b.scalar(other) and number(parts[0]) not in (None, 1):
            continue  # 2 / n * a passes over the array once
        if parts and not same_dtype(b, (x, y), (parts[0], other), parts[1]):
            continue  # np.divide of two Python numbers is a NumPy float, which counts in float32
        if parts and literal and b.inexact(other) and before(b, parts[0], other, parts[1]):
            return b.call(division(b, one), b.call(operator.mul, parts[0], other), parts[1])
    return None


def spread_product(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """A product with a literal is taken before a value is spread."""
    spread = b.spread(y)
    if spread and (number(x) is not None or b.scalar(x)):
        return b.respread(b.call(operator.mul, x, spread[0]), spread[1], operator.mul, x, y)
    spread = b.spread(x)
    if spread and b.scalar(y):
        return b.respread(b.call(operator.mul, spread[0], y), spread[1], operator.mul, x, y)
    return None


def div(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    if number(y) == 1 and b.inexact(x):
        return x
    negated = b.match(x, operator.neg, np.negative)
    if negated:
        return b.call(operator.neg, b.call(operator.truediv, negated[0], y))
    if number(x) is not None and number(x) < 0:
        return b.call(operator.neg, b.call(operator.truediv, Const(-number(x)), y))
    parts = b.match(x, operator.truediv, np.divide)
    literal = parts and number(parts[0]) is not None
    if parts and literal and counts(b, parts[1]) and before(b, parts[1], y):
        return b.call(division(b, x), parts[0], b.call(operator.mul, parts[1], y))
    if b.match(y, operator.neg, np.negative):
        return b.call(operator.neg, b.call(operator.truediv, x, b.match(y, operator.neg, np.negative)[0]))  # type: ignore[index]
    inner = b.unspread(x, y)
    if inner is not None:
        return b.call(operator.truediv, inner, y)
    spread = b.spread(x)
    if spread and b.scalar(y):
        return b.respread(b.call(np.divide, spread[0], y), spread[1], operator.truediv, x, y)
    return None


def divide(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """np.divide of what a division by zero does not raise for, or by a length that is not zero."""
    numbers = isinstance(b.spec(x), sp.Number) and isinstance(b.spec(y), sp.Number)
    if sp.is_numpys(b.spec(x)) or sp.is_numpys(b.spec(y)) or (numbers and nonzero(b, y)):
        return b.call(operator.truediv, x, y)
    return None


def division(b: Algebra, *atoms: Atom) -> Any:
    """How a quotient is written that takes up the given ones: as np.divide where one of them is."""
    calls = [b.defs.get(atom) for atom in atoms if isinstance(atom, Var)]
    numpys = any(call is not None and getattr(call.op, "value", None) is np.divide for call in calls)
    return np.divide if numpys else operator.truediv


def nonzero(b: Algebra, size: Atom) -> bool:
    """Whether a number of elements is not zero: then that is a fact of the signature."""
    if number(size) is not None:
        return bool(number(size) != 0)
    product = b.match(size, operator.mul)
    if product:
        return all(nonzero(b, factor) for factor in product)
    read = b.match(size, getattr)
    if read and isinstance(read[1], Const) and read[1].value == "size":
        return all(dimension_nonzero(b, dim) for dim in b.shape(read[0]) or (None,))
    spec = b.spec(size)
    return isinstance(spec, sp.Number) and dimension_nonzero(b, spec.dimension)


def dimension_nonzero(b: Algebra, dim: sp.Dimension) -> bool:
    if not isinstance(dim, sp.Dim):
        return bool(dim)
    path = b.facts.sources.get(dim.source)
    if path is None or dim.offset or not b.facts.known(path) or not b.facts.value(path).shape[dim.axis]:
        return False
    b.facts.use(Fact(path, f"nonzero{dim.axis}", dim.axis))
    return True


def power(b: Algebra, x: Atom, n: Atom) -> Atom | None:
    return x if number(n) == 1 and b.inexact(x) else None


def turned(b: Algebra, op: Any, *factors: Atom) -> Atom | None:
    """A product with a negated factor is the negated product."""
    for position, factor in enumerate(factors):
        negated = b.match(factor, operator.neg, np.negative)
        if negated:
            plain = (*factors[:position], negated[0], *factors[position + 1 :])
            return b.call(operator.neg, b.call(op, *plain))
    return None


def product(op: Any) -> Rewrite:
    return lambda b, x1, x2: turned(b, op, x1, x2)


COMPARISONS = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)
REWRITES: dict[Any, Rewrite] = {
    runtime.accumulate: accumulate,
    **dict.fromkeys((operator.add, np.add), add),
    **dict.fromkeys((operator.sub, np.subtract), sub),
    **dict.fromkeys((operator.neg, np.negative), neg),
    **dict.fromkeys((operator.mul, np.multiply), mul),
    operator.truediv: div,
    np.divide: divide,
    np.transpose: lambda b, a, axes=None: transposed(b, a) if axes is None else None,
    runtime.value: lambda b, x: x,
    **{kind: scalar_type(kind) for kind in (np.float64, np.float32, np.complex128, float)},
    **{op: product(op) for op in (operator.matmul, np.matmul, np.outer)},
    **{op: compare(op) for op in COMPARISONS},
    np.where: where,
    **dict.fromkeys((operator.pow, np.power), power),
    **dict.fromkeys((np.conj, Method("conj"), np.real), conjugate),
    np.broadcast_to: broadcast_to,
    np.sum: total,
    operator.getitem: getitem,
    getattr: attribute,
    len: length,
    Method("astype"): astype,
}
