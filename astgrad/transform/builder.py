"""The builder: appends statements to a block, with the spec and the effects of each.

In comes an operator and its operands, out comes an atom: a `Const` where the specs decide the value
(`x.ndim` of a matrix is 2), a `Var` that a new statement binds otherwise.

    call(np.sum, x, axis=Const(0))  appends  t1 = sum(x, axis=0): f8[x1]
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from astgrad import ir, runtime, runtime_python
from astgrad.analyses import specs as sp
from astgrad.analyses.joining import join, loose, of_length
from astgrad.analyses.specs import UNKNOWN, Spec
from astgrad.errors import NOWHERE, Origin
from astgrad.ir import Atom, Call, Closure, Const, Effects, Function, Statement, Tree, Var
from astgrad.records import fresh, replace, state
from astgrad.rules import registry

FOLDABLE = {
    *(operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, operator.neg),
    *(operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge),
    *(operator.is_, operator.is_not, operator.not_, operator.contains, operator.getitem),
    *(len, min, max, abs, isinstance, range, tuple, type),
}


LIKE = {  # what gives a list like an operand: its position
    runtime.zeros: 0,
    runtime.scatter: 2,
    runtime.accumulate: 0,
    runtime.tree_like: 1,
    runtime_python.each: 1,
    runtime.split_like: 1,
    runtime_python.pick: 2,
}


def resolved(op: Any, args: tuple[Atom, ...]) -> tuple[Any, tuple[Atom, ...]]:
    """The function that a call applies, and to what: `x.T` is the transpose of x."""
    if op is getattr and isinstance(args[1], Const) and args[1].value in registry.ATTRIBUTES:
        return registry.ATTRIBUTES[args[1].value], args[:1]
    return op, args


OWN_MODULES = ("", "numpy", "builtins", "_operator", "operator", "math", "cmath", "astgrad")


def knows_values(op: Any) -> bool:
    """Whether a spec may say what a result is, not just of what kind: not that of a user's rule."""
    module = getattr(op, "__module__", None) or ""
    return isinstance(op, (np.ufunc, ir.Method)) or module.partition(".")[0] in OWN_MODULES


def atom_of(value: Any) -> Atom:
    """A Python value as an atom: containers become Trees, atoms stay, the rest are constants."""
    if isinstance(value, (Var, Const, Tree, Closure)):
        return value
    if type(value) in (tuple, list):
        return Tree(type(value), tuple(atom_of(item) for item in value))
    if isinstance(value, slice):
        return Tree(slice, (atom_of(value.start), atom_of(value.stop), atom_of(value.step)))
    return Const(value)


@state
class Builder:
    """Statements in order, and the spec of each Var that they bind."""

    specs: dict[Var, Spec] = fresh(factory=dict)
    body: list[Statement] = fresh(factory=list)
    defs: dict[Var, Call] = fresh(factory=dict)
    origin: Origin = NOWHERE

    @contextmanager
    def at(self, origin: Origin) -> Iterator[None]:
        """Statements appended inside belong to this span of the primal."""
        before, self.origin = self.origin, origin
        try:
            yield
        finally:
            self.origin = before

    @contextmanager
    def region(self) -> Iterator[list[Statement]]:
        """Statements appended inside go to a region of their own: the list that this gives."""
        outer, self.body = self.body, []
        try:
            yield self.body
        finally:
            self.body = outer

    def rebuilt(self, function: Function, results: tuple[Atom, ...]) -> Function:
        """The function with these statements and results instead of its own."""
        return replace(function, body=ir.Block(function.body.params, tuple(self.body), results))

    def spec(self, atom: Atom) -> Spec:
        """What is known of an atom."""
        if isinstance(atom, Var):
            return self.specs.get(atom, UNKNOWN)
        if isinstance(atom, Const):
            return constant_spec(atom.value)
        if isinstance(atom, Tree):
            return sp.Struct(atom.kind, tuple(self.spec(item) for item in atom.items), atom.keys)
        return sp.Known(atom)

    def call(self, op: Any, *args: Any, name: str = "", **kwargs: Any) -> Atom:
        """Append a call of a ruled or constant function on atoms or Python values."""
        atoms = tuple(map(atom_of, args))
        keywords = tuple((key, atom_of(value)) for key, value in kwargs.items())
        return self.emit(atom_of(op), atoms, keywords, name)

    def emit(
        self,
        op: Atom,
        args: tuple[Atom, ...],
        kwargs: tuple[tuple[str, Atom], ...] = (),
        name: str = "",
        effects: Effects = ir.UNKNOWN_EFFECTS,
    ) -> Atom:
        """Append one call, unless its value is known; `effects` are those of what is not registered."""
        assert isinstance(op, Const)
        specs = tuple(map(self.spec, args))
        keywords = {key: self.spec(value) for key, value in kwargs} if kwargs else {}
        folded = None if kwargs else fold_static(op.value, specs)
        if folded is not None:
            return folded
        spec = self.known(op.value, specs, keywords)
        if isinstance(spec, sp.Number) and not knows_values(op.value):
            spec = sp.without_value(spec)
        if op.value is getattr:
            effects = ir.VIEW
        elif registry.lookup(op.value) is not None:
            lists = tuple(of_length(spec, 2) for spec in specs) if sp.Listing in map(type, specs) else specs
            effects = registry.effects_of(op.value, lists)
            if effects is ir.UNKNOWN_EFFECTS:
                effects = Effects(None, (), False, "unknown")  # a method of what is an array or a number
        known = known_atom(spec)
        if known is not None and effects.writes == () and not effects.impure:
            return known
        return self.append(op, args, kwargs, spec, effects, name)

    def known(self, op: Any, specs: tuple[Spec, ...], keywords: dict[str, Spec] | None = None) -> Spec:
        """The spec of a result; that of a number is no more exact than the operands'."""
        if sp.Listing in map(type, specs):
            if registry.hashable(op) and op in LIKE and isinstance(specs[LIKE[op]], sp.Listing):
                return specs[LIKE[op]]
            two, three = (
                registry.result_spec(op, tuple(of_length(s, n) for s in specs), keywords or {})
                for n in (2, 3)  # whatever the length is
            )
            return loose(join(two, three))
        spec = registry.result_spec(op, specs, keywords or {})
        if isinstance(spec, sp.Number) and any(isinstance(s, sp.Number) and not s.exact for s in specs):
            return replace(spec, exact=False)
        return spec

    def append(
        self,
        op: Atom,
        args: tuple[Atom, ...],
        kwargs: tuple[tuple[str, Atom], ...],
        spec: Spec,
        effects: Effects,
        name: str = "",
    ) -> Var:
        """Append a call as it is."""
        target = Var(name)
        call = Call(target, op, args, kwargs, effects, self.origin)
        self.body.append(call)
        self.defs[target] = call
        self.specs[target] = sp.named(spec, target)
        return target


def constant_spec(value: Any) -> Spec:
    """The spec of a literal or of an object known by identity."""
    if type(value) is bool or isinstance(value, np.bool_):
        return sp.Known(value)
    if type(value) in (int, float):
        return sp.literal(value)
    if type(value) is complex or isinstance(value, np.generic):
        return sp.Number(type(value))
    return sp.Known(value)


def known_atom(spec: Spec) -> Const | None:
    """A spec that leaves one value only, as that value."""
    if isinstance(spec, sp.Known) and (
        spec.value is None or isinstance(spec.value, (bool, str, int, np.dtype))
    ):
        return Const(spec.value)
    if isinstance(spec, sp.Number) and type(spec.value) is spec.type and spec.type in (int, float):
        return Const(spec.value)
    return None


def fold_static(op: Any, specs: tuple[Spec, ...]) -> Atom | None:
    """op on values that are all known, as a constant; None where they are not or where it raises."""
    if sp.Array in map(type, specs) or not registry.hashable(op) or op not in FOLDABLE:
        return None
    try:
        value = op(*(sp.static(spec) for spec in specs))
    except Exception:
        return None
    foldable = (bool, int, str, type(None), tuple)
    return atom_of(value) if isinstance(value, foldable) and not isinstance(value, float) else None
