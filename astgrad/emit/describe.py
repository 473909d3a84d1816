"""What an unnamed value is called: after what it is, in a few letters.

np.exp(f) -> exp_f    np.sum(np.exp(f)) -> sum_exp_f    x[i + 1] -> x_i1    f[y] -> f_y
x - mu -> x_minus_mu    2 * x -> x_times_2    h**2 -> h_squared    W @ x -> Wx    1 / x -> one_over_x
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from astgrad.emit.calls import is_alias, operator_of
from astgrad.ir import Atom, Call, Const, Method, Tree, Var
from astgrad.records import state

LONG = 20  # a longer description is shortened

WORDS = {
    operator.add: ("plus", "sum"),
    operator.sub: ("minus", "diff"),
    operator.mul: ("times", "prod"),
    operator.truediv: ("over", "ratio"),
    operator.floordiv: ("div", "ratio"),
    operator.mod: ("mod", "rest"),
    operator.matmul: ("", "prod"),
    operator.pow: ("pow", "power"),
    operator.lt: ("lt", "mask"),
    operator.le: ("le", "mask"),
    operator.gt: ("gt", "mask"),
    operator.ge: ("ge", "mask"),
    operator.eq: ("eq", "mask"),
    operator.ne: ("ne", "mask"),
    operator.and_: ("and", "mask"),
    operator.or_: ("or", "mask"),
}
UNARY = {operator.neg: "neg", operator.invert: "not", operator.not_: "not", operator.abs: "abs"}
POWERS = {2: "squared", 3: "cubed", 0.5: "root", -1: "inverse"}
SHORT = {
    "zeros_like": "zeros",
    "ones_like": "ones",
    "full_like": "full",
    "absolute": "abs",
    "broadcast_to": "broadcast",
}
NUMPY = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
    np.matmul: operator.matmul,
    np.power: operator.pow,
    np.negative: operator.neg,
}
NUMBERS = {"0": "zero", "1": "one", "2": "two"}


@state
class Describe:
    """Descriptions of calls; `name` gives the printed name of a Var, `folded` the call behind one."""

    name: Callable[[Var], str | None]
    folded: dict[Var, Call]

    def call(self, call: Call) -> str:
        """A name for the value of a call, at most LONG letters where that can be."""
        return self.shortened(call, 4) or "value"

    def shortened(self, call: Call, depth: int) -> str:
        full = self.spell(call, depth)
        if len(full) <= LONG:
            return full
        core = self.core(call)
        return f"{self.verb(call)}_{core}".strip("_") if core else self.verb(call)

    def spell(self, call: Call, depth: int) -> str:
        if is_alias(call):
            return self.atom(call.args[0], depth)
        op = _operator(call)
        words = [self.atom(atom, depth - 1) for atom in call.args]
        if op is operator.getitem:
            return _join(words[0], self.index(call.args[1]))
        if op in UNARY:
            return _join(UNARY[op], *words)
        if op is operator.matmul:
            return ("" if max(map(len, words)) < 3 else "_").join(words)
        if op is operator.pow and isinstance(call.args[1], Const) and call.args[1].value in POWERS:
            return _join(words[0], POWERS[call.args[1].value])
        if op is operator.mul and isinstance(call.args[0], Const):
            words.reverse()
        if op in WORDS and len(words) == 2:
            words[0] = NUMBERS.get(words[0], "") if words[0][:1].isdigit() else words[0]
            return _join(words[0], WORDS[op][0], words[1]) if all(words) else _join(WORDS[op][1], *words)
        if isinstance(call.op, Const) and call.op.value is getattr and isinstance(call.args[1], Const):
            attr = str(call.args[1].value)
            return words[0] + attr if attr == "T" and len(words[0]) < 3 else _join(words[0], attr)
        first, *others = [w for w, atom in zip(words, call.args) if not isinstance(atom, (Const, Tree))] or [
            ""
        ]
        return _join(self.verb(call), first, *(others[:1] if len(first) < 4 else ()))

    def verb(self, call: Call) -> str:
        """What the call does, in one word."""
        op = _operator(call)
        if op in WORDS:
            return WORDS[op][1]
        if op is operator.getitem:
            return "part"
        value: Any = call.op.value if isinstance(call.op, Const) else None
        own = value.name if isinstance(value, Method) else getattr(value, "__name__", "")
        own = own if isinstance(own, str) and own.isidentifier() else "value"
        return SHORT.get(own, own).strip("_")

    def atom(self, atom: Atom, depth: int) -> str:
        if isinstance(atom, Const):
            return _constant(atom.value)
        if isinstance(atom, Tree):
            return self.atom(atom.items[0], depth) if atom.items and atom.kind is not slice else ""
        if not isinstance(atom, Var):
            return ""
        printed = self.name(atom)
        if printed is not None:
            return printed
        inner = self.folded.get(atom)
        if inner is None:
            return atom.name
        return self.shortened(inner, depth) if depth > 0 else self.core(inner)

    def core(self, call: Call) -> str:
        """The first variable that a call is about."""
        seen = 0
        while seen < 16:
            seen += 1
            var = next((atom for atom in _flat(call.args) if isinstance(atom, Var)), None)
            if var is None:
                return ""
            printed = self.name(var)
            inner = self.folded.get(var)
            if printed is not None or inner is None:
                return _tail(printed or var.name)
            call = inner
        return ""

    def index(self, index: Atom) -> str:
        """i + 1 -> i1, (i, j) -> i_j, slices -> their first bound."""
        if isinstance(index, Tree) and index.kind is tuple:
            return _join(*map(self.index, index.items))
        if isinstance(index, Tree) and index.kind is slice:
            bounds = [self.index(bound) for bound in index.items[:2]]
            return (bounds[0] and f"from_{bounds[0]}") or (bounds[1] and f"to_{bounds[1]}")
        call = self.folded.get(index) if isinstance(index, Var) and self.name(index) is None else None
        if call is None:
            return self.atom(index, 1)
        op = operator_of(call)
        if op in (operator.add, operator.sub) and isinstance(call.args[1], Const):
            sign = "" if op is operator.add else "m"
            return f"{self.index(call.args[0])}{sign}{_constant(call.args[1].value)}"
        return "" if isinstance(call.op, Const) and call.op.value is np.arange else self.call(call)


def _operator(call: Call) -> Any:
    """The operator that is called, under this name or as NumPy's function."""
    value = call.op.value if isinstance(call.op, Const) else None
    return NUMPY.get(value) if isinstance(value, np.ufunc) else operator_of(call)


def _flat(atoms: tuple[Atom, ...]) -> list[Atom]:
    return [inner for atom in atoms for inner in (_flat(atom.items) if isinstance(atom, Tree) else (atom,))]


def _tail(text: str) -> str:
    """The last word of a description: sum_exp_f is about f."""
    words = [word for word in text.split("_") if word and not word.isdigit()]
    return text if len(text) <= 8 or not words else words[-1]


def _join(*words: str) -> str:
    return "_".join(word for word in words if word)


def _constant(value: Any) -> str:
    if type(value) is int:
        return f"m{-value}" if value < 0 else str(value)
    if type(value) is float:
        shown = f"{abs(value):g}".replace(".", "p")
        return "" if len(shown) > 4 or not shown.isalnum() else ("m" if value < 0 else "") + shown
    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z]\w{0,7}", value) else ""
