"""Cheap: calls that are computed again in the backward sweep rather than recorded (B10).

Elements and slices of arrays, ranges, lengths, integer arithmetic, arithmetic and comparisons of scalars.
Whether their operands are at hand there is for `recording` to say.

    x[i + 1], len(x), i - 1, a < b, s * 0.5        not: np.tanh(x), A @ x, x[mask]
"""

from __future__ import annotations

import operator

from astgrad.analyses import specs as sp
from astgrad.analyses.specs import Array, Number, Spec
from astgrad.ir import Atom, Call, Const, Tree, Var

INTEGERS = (operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, operator.neg)
ARITHMETIC = (operator.add, operator.sub, operator.mul, operator.truediv, operator.neg)  # of scalars
COMPARED = (
    *(operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne),
    *(operator.is_, operator.is_not, operator.not_),
)


def is_cheap(call: Call, specs: dict[Var, Spec]) -> bool:
    """Whether a call is worth no entry on a tape."""
    op = call.op.value if isinstance(call.op, Const) else None
    if call.kwargs or call.effects.impure or call.effects.writes != ():
        return False
    known = Kinds(specs)
    if op is operator.getitem:
        return isinstance(known.spec(call.args[0]), Array) and known.is_basic(call.args[1])
    if op is getattr:
        names = ("shape", "size", "ndim", "T", "dtype")
        return isinstance(call.args[1], Const) and call.args[1].value in names
    if op in (len, range):
        return True
    if op in COMPARED:
        return all(known.is_number(arg) for arg in call.args)
    if op in ARITHMETIC and all(map(known.is_number, call.args)):
        return True
    return op in INTEGERS and all(known.is_integer(arg) for arg in (call.target, *call.args))


class Kinds:
    """What is known of operands."""

    def __init__(self, specs: dict[Var, Spec]) -> None:
        self.specs = specs

    def spec(self, atom: Atom) -> Spec | None:
        return self.specs.get(atom) if isinstance(atom, Var) else None

    def is_basic(self, index: Atom) -> bool:
        """Whether an index gives an element or a view: integers, slices, None and `...`."""
        if isinstance(index, Tree):
            return all(map(self.is_basic, index.items)) if index.kind in (tuple, slice) else False
        if isinstance(index, Const):
            return index.value is None or index.value is ... or isinstance(index.value, (int, slice))
        return self.is_integer(index)

    def is_number(self, atom: Atom) -> bool:
        return isinstance(atom, Const) or isinstance(self.spec(atom), Number)

    def is_integer(self, atom: Atom | None) -> bool:
        if isinstance(atom, Const):
            return type(atom.value) is int
        spec = self.spec(atom) if atom is not None else None
        return isinstance(spec, Number) and sp.dtype_of(spec).kind in "iu"  # type: ignore[union-attr]
