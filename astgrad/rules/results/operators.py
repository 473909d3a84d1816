"""The results of Python's own operators and functions, where they differ from NumPy's.

operator.add(float, float)   ->   float           getattr(f8[x0, x1], "ndim")   ->   2
operator.sub(int x0, int 1)  ->   int x0 - 1      operator.is_(f8[x0], None)    ->   False
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.joining import join
from astgrad.analyses.specs import (
    BOOL,
    INT,
    NUMBERS,
    UNKNOWN,
    Array,
    Dim,
    Dimension,
    Known,
    Number,
    Spec,
    Struct,
    Undecided,
    Unknown,
    literal,
    static,
)
from astgrad.ir import Effects, Method
from astgrad.rules.results.indexing import getitem, is_int
from astgrad.rules.results.operands import number_of, numeric, shape_known, shift
from astgrad.runtime_products import coincides, distinct, misplaced, subscripts_back

# --- Python's own operators and functions


def _arithmetic(op: Any) -> Callable[..., Spec | None]:
    """An operator on Python numbers and on sequences; None: NumPy's rules apply."""

    def spec(*args: Spec) -> Spec | None:
        if Array in map(type, args):
            return None
        if all(isinstance(a, Struct) and a.kind in (list, tuple) for a in args) and op is operator.add:
            first, second = args
            if first.kind is not second.kind:  # type: ignore[union-attr]
                raise Undecided
            return Struct(first.kind, (*first.items, *second.items))  # type: ignore[union-attr]
        if any(isinstance(a, Struct) for a in args):
            if op is operator.mul:
                raise Undecided  # a repetition
            return None
        numbers = [numeric(a) for a in args]
        if [getattr(a, "type", None) for a in numbers] == [complex, np.float64]:
            return Number(complex)  # complex.__mul__ takes the np.float64 for the float that it is
        if not all(isinstance(a, Number) and a.type in NUMBERS for a in numbers):
            return None
        if op in (operator.add, operator.sub):
            length = _length(op, *numbers)
            if length is not None:
                return number_of(length)
        return Number(_python_type(op, *numbers))

    return spec


def _length(op: Any, a: Any, b: Any) -> Dimension:
    """Sums of a length and an int that are a length again."""
    if a.type is not int or b.type is not int:
        return None
    if isinstance(a.value, Dim) and isinstance(b.value, int):
        return shift(a.value, b.value if op is operator.add else -b.value)
    if isinstance(b.value, Dim) and isinstance(a.value, int) and op is operator.add:
        return shift(b.value, a.value)
    return None


def _python_type(op: Any, *numbers: Any) -> type:
    order = max(NUMBERS.index(number.type) for number in numbers)
    if op is operator.pow:
        return _power_type(*numbers)
    if op is operator.truediv:
        return NUMBERS[max(order, 2)]
    if order == 3 and op in (operator.floordiv, operator.mod):
        raise Undecided
    return NUMBERS[max(order, 1)]


def _power_type(base: Number, exponent: Number) -> type:
    """A power of a negative float is complex unless the exponent is an integer."""
    if complex in (base.type, exponent.type):
        return complex
    value = exponent.value
    if exponent.type in (bool, int):
        if base.type is float:
            return float
        if isinstance(value, int):
            return int if value >= 0 else float
        if exponent.type is bool or isinstance(value, Dim):
            return int
    if base.type is float and exponent.type is float:
        return float  # of a negative base it is complex, and its gradient NaN
    whole = isinstance(value, float) and value.is_integer()
    if whole or (isinstance(base.value, (int, float)) and base.value > 0):
        return float
    raise Undecided


def _comparison(*args: Spec) -> Spec | None:
    if any(isinstance(a, Struct) for a in args) and not any(map(sp.is_numpys, args)):
        return BOOL  # of sequences; one beside an array is an array
    if Array in map(type, args):
        return None
    numbers = [numeric(a) for a in args]
    return BOOL if all(isinstance(a, Number) and a.type in NUMBERS for a in numbers) else None


def _identity(op: Any) -> Callable[[Spec, Spec], Spec]:
    def spec(a: Spec, b: Spec) -> Spec:
        if isinstance(a, Known) and isinstance(b, Known):
            return Known(op(a.value, b.value))
        singletons = (None, True, False, ...)
        for one, other in ((a, b), (b, a)):
            single = isinstance(one, Known) and (
                any(one.value is s for s in singletons) or isinstance(one.value, type)
            )
            if single and isinstance(other, (Array, Struct, Number)):
                if isinstance(other, Number) and other.type is bool:
                    raise Undecided
                return Known(op is operator.is_not)
        raise Undecided

    return spec


def _not(a: Spec) -> Spec:
    if isinstance(a, Struct):
        return Known(not a.items)
    if isinstance(a, Known) and (a.value is None or callable(a.value)):
        return Known(a.value is None)
    numeric(a)
    return BOOL


def _len(a: Spec) -> Spec:
    if isinstance(a, Struct):
        return number_of(len(a.items))
    if isinstance(a, Known):
        return number_of(len(a.value))
    dims = shape_known(a) if isinstance(a, Array) else ()
    if not dims:
        raise Undecided
    return number_of(dims[0])


def _getattr(a: Spec, name: Spec) -> Spec:
    from astgrad.rules import registry

    attribute = static(name)
    if isinstance(a, (Array, Number)) and attribute in registry.ATTRIBUTES:
        if isinstance(a, Number) and a.type in NUMBERS and attribute not in ("real", "imag"):
            raise Undecided
        if isinstance(a, Number) and a.type in NUMBERS:
            return Number(float if a.type is complex else a.type if a.type is not bool else int)
        if isinstance(a, Number) and attribute == "T":
            return a
        if isinstance(a, Array) and attribute in ("real", "imag"):
            return Array(np.empty(0, a.dtype).real.dtype, a.shape)
        return registry.result_spec(registry.ATTRIBUTES[attribute], (a,), {})
    if isinstance(a, Known) and isinstance(a.value, (np.dtype, np.finfo)):
        return literal(getattr(a.value, attribute))
    raise Undecided


def _isinstance(a: Spec, kinds: Spec) -> Spec:
    wanted = static(kinds)
    if isinstance(a, Array):
        return Known(issubclass(np.ndarray, wanted))
    if isinstance(a, Number):
        return Known(issubclass(a.type, wanted))
    if isinstance(a, Struct):
        return Known(issubclass(a.kind, wanted))
    return Known(isinstance(static(a), wanted))


def _type(a: Spec) -> Spec:
    if isinstance(a, (Number, Struct)):
        return Known(a.type if isinstance(a, Number) else a.kind)
    return Known(type(static(a)))


def convert(kind: type) -> Callable[[Spec], Spec]:
    def spec(a: Spec) -> Spec:
        operand = numeric(a)
        if kind is int and isinstance(operand, Number) and operand.type is int:
            return operand
        return Number(kind)

    return spec


def _sequence(kind: type) -> Callable[[Spec], Spec]:
    def spec(a: Spec) -> Spec:
        if isinstance(a, Struct) and a.kind in (tuple, list):
            return Struct(kind, a.items)
        if isinstance(a, Known) and isinstance(a.value, range):
            return literal(kind(a.value))
        raise Undecided

    return spec


def _slice(*parts: Spec) -> Spec:
    none: Spec = Known(None)
    return Struct(slice, (none, parts[0], none) if len(parts) == 1 else (*parts, none)[:3])


def _pick(*args: Spec) -> Spec:
    if len(args) == 1 and isinstance(args[0], Array) and sp.rank(args[0]) == 1:
        return Number(args[0].dtype.type)
    items = args[0].items if len(args) == 1 and isinstance(args[0], Struct) else args
    found: list[Spec] = [numeric(item) for item in items]
    return sp.without_value(functools.reduce(join, found))


def _sum(items: Spec, start: Spec = INT) -> Spec:
    from astgrad.rules import registry

    if not isinstance(items, Struct):
        raise Undecided
    total = start
    for item in items.items:
        total = registry.result_spec(operator.add, (total, item), {})
    return total


def product(seq: Spec) -> Spec:
    """math.prod: the items one after the other."""
    from astgrad.rules import registry

    if not isinstance(seq, Struct):
        raise Undecided
    total: Spec = INT
    for item in seq.items:
        total = registry.result_spec(operator.mul, (total, item), {})
    return total


def _abs(a: Spec) -> Spec | None:
    operand = numeric(a)
    if isinstance(operand, Number) and operand.type in NUMBERS:
        return Number({bool: int, complex: float}.get(operand.type, operand.type))
    return None


def _round(a: Spec, ndigits: Spec | None = None) -> Spec | None:
    operand = numeric(a)
    if isinstance(operand, Number) and operand.type in NUMBERS:
        return INT if ndigits is None else Number(operand.type)
    return None


def _power(base: Any, exponent: Any) -> Any:
    """A power of known numbers, of small ones only: 10**100000 is not computed here."""
    if abs(exponent) > 64 or abs(base) > 1e4:
        raise Undecided
    return base**exponent


COMPARISONS = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)
ARITHMETIC = (
    *(
        operator.add,
        operator.sub,
        operator.mul,
        operator.truediv,
        operator.floordiv,
        operator.mod,
        operator.pow,
    ),
    *(operator.neg, operator.pos, operator.and_, operator.or_, operator.xor, operator.invert),
    *(operator.lshift, operator.rshift),
)

# evaluated where all operands are known
STATIC: frozenset[Any] = frozenset(
    {
        *COMPARISONS,
        *(op for op in ARITHMETIC if op is not operator.pow),
        *(operator.is_, operator.is_not, operator.not_, operator.contains, operator.getitem, operator.truth),
        *(
            len,
            isinstance,
            type,
            tuple,
            list,
            range,
            bool,
            int,
            float,
            str,
            min,
            max,
            abs,
            sum,
            sorted,
            round,
        ),
        runtime.lowered,
        *(subscripts_back, coincides, distinct, misplaced),
    }
)

PYTHON: dict[Any, Callable[..., Spec | None]] = {
    **{op: _arithmetic(op) for op in ARITHMETIC},
    **dict.fromkeys(COMPARISONS, _comparison),
    operator.is_: _identity(operator.is_),
    operator.is_not: _identity(operator.is_not),
    operator.not_: _not,
    operator.contains: lambda *_: BOOL,
    operator.truth: lambda a: BOOL,
    operator.getitem: getitem,
    getattr: _getattr,
    len: _len,
    isinstance: _isinstance,
    type: _type,
    bool: lambda a: BOOL,
    int: convert(int),
    float: convert(float),
    complex: lambda real, imag=INT: convert(complex)(real),
    tuple: _sequence(tuple),
    list: _sequence(list),
    slice: _slice,
    min: _pick,
    max: _pick,
    sum: _sum,
    abs: _abs,
    operator.abs: _abs,
    round: _round,
    Method("copy"): lambda a: a if isinstance(a, Number) else None,  # a scalar, where np.copy makes an array
}


# --- effects that depend on the operands


def _getitem_effects(a: Spec = UNKNOWN, b: Spec = UNKNOWN) -> Effects:
    """A basic index of an array gives a view, all-int and advanced ones a new value (S19)."""
    if isinstance(a, Array):
        parts = b.items if isinstance(b, Struct) and b.kind is tuple else (b,)
        if any(isinstance(part, (Unknown, Number)) and not is_int(part) for part in parts):
            return Effects(reads=None, writes=(), impure=False, result="unknown")
        if any(isinstance(p, Array) or (isinstance(p, Struct) and p.kind is list) for p in parts):
            return ir.PURE
        if any(p in (Known(True), Known(False)) for p in parts):
            return ir.PURE
        result = getitem_or_unknown(a, b)
        return ir.PURE if isinstance(result, Number) else ir.VIEW if isinstance(result, Array) else _MAYBE
    return _MAYBE


_MAYBE = Effects(reads=None, writes=(), impure=False, result="unknown")


def getitem_or_unknown(a: Spec, b: Spec) -> Spec:
    try:
        return getitem(a, b)
    except Exception:
        return UNKNOWN


def _getattr_effects(a: Spec = UNKNOWN, name: Spec = UNKNOWN) -> Effects:
    if isinstance(a, Number) or (
        isinstance(name, Known) and name.value in ("shape", "ndim", "size", "dtype")
    ):
        return Effects(reads=(), writes=(), impure=False, result="fresh")
    return ir.VIEW if isinstance(a, Array) else _MAYBE


EFFECTS: dict[Any, Callable[..., Effects]] = {operator.getitem: _getitem_effects, getattr: _getattr_effects}
