"""Contributions: what one statement of the primal adds to the adjoints of its parents.

In comes a call with the adjoint of its result, out come its partials by rule, each accumulated:

    y = multiply(s, x)    ->    bs = add(bs, multiply(by, x)); bx = add(bx, multiply(by, s))

It is pure: an accumulation is `add`, a new value each time.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.specs import Spec
from astgrad.errors import AstgradError, InternalError, MissingRule, refuse
from astgrad.ir import Atom, Call, Const, Tree, Var
from astgrad.records import fresh, state
from astgrad.rules import registry
from astgrad.transform.broadcasting import cast, unbroadcast
from astgrad.transform.builder import resolved
from astgrad.transform.containers import fields
from astgrad.transform.pairs import CALLED, Pair
from astgrad.transform.specialize import Specializer

RULE_ADVICE = "write one (docs/adding_a_rule.md), or wrap the argument in stop_gradient(...)"


SAFE = {np.arcsin: 0, np.arccos: 0, np.arctanh: 0, np.arccosh: 2}  # where 1 is a singular point
Mask = tuple[tuple[Atom, bool], ...]  # conditions, each with the value that it has to have


@state
class Contributions:
    """The adjoint under construction: `walk` holds the primal's statements and receives the adjoint's."""

    walk: Specializer
    leaves: tuple[Var, ...]
    adjoints: dict[Var, Atom] = fresh(factory=dict)  # primal Var -> its adjoint so far
    adjoint_of: dict[Var, Var] = fresh(factory=dict)  # Var of the adjoint -> primal Var, for naming
    active: set[Var] = fresh(factory=set)
    masks: dict[Var, Mask] = fresh(factory=dict)  # under which alone an adjoint is not zero (S25)
    structured: set[Var] = fresh(factory=set)  # of unknown kind and read like containers

    # --- rules

    def parents(self, call: Call) -> tuple[Atom, ...]:
        """The operands with respect to which a call is differentiated; refused where one has no rule."""
        pair = self.walk.pairs.made.get(call.target)  # type: ignore[arg-type]
        if pair is not None:
            return pair.args
        rule, bound = self.rule(call)
        passive = [a for name, a in bound.items() if name not in rule.wrt and name not in rule.shape_only]
        if self.walk.is_varied(*passive):
            named = next(n for n, a in bound.items() if n not in rule.wrt and self.walk.is_varied(a))
            self.refuse(call, f"the derivative of {shown(call)} with respect to {named!r} has no rule")
        return tuple(bound[name] for name in rule.wrt if name in bound)

    def rule(self, call: Call) -> tuple[Any, dict[str, Atom]]:
        """The rule of a call and its operands by the rule's parameter names."""
        assert isinstance(call.op, Const)
        op, args = resolved(call.op.value, call.args)
        if op is getattr:
            op = runtime.field
        rule: Any = registry.lookup(op)
        if rule is None or rule.kind in ("unsupported", "constant"):
            reason = f": {rule.reason}" if rule is not None and rule.reason else ""
            self.refuse(call, f"{shown(call)} has no derivative rule{reason}")
        try:
            return rule, registry.bind(rule, args, dict(call.kwargs))
        except registry.UnknownKeyword as error:
            self.refuse(call, str(error))
        raise InternalError("unreachable")

    def refuse(self, call: Call, message: str, kind: type[AstgradError] = MissingRule) -> None:
        refuse(kind, call.origin, message, RULE_ADVICE)

    # --- adjoint state

    def spec(self, atom: Atom) -> Spec:
        return self.walk.spec(atom)

    def start(self, var: Var, origin: Any, value: Callable[[], Atom] | None = None) -> None:
        """The adjoint of `var` starts at zero, or at the given value."""
        with self.walk.at(origin.behind()):
            self.bind(var, value() if value else self.zero(var))

    def seeded(self, var: Var, seed: Atom) -> Callable[[], Atom]:
        """df/dx_N <- 1."""
        spec = self.spec(seed)
        parts = (Const(runtime.value), (seed,), (), spec, ir.VIEW, adjoint_name(var))
        return lambda: self.walk.append(*parts)

    def zero(self, var: Var) -> Atom:
        """A zero of the shape and dtype of `var`."""
        return self.zero_like(var, var)

    def zero_like(self, var: Var, like: Var) -> Atom:
        """A zero for the adjoint of `var`, of the shape and dtype of `like`."""
        spec = self.spec(var)
        if is_scalar(spec):
            zero = Const(0j if sp.dtype_of(spec).kind == "c" else 0.0)  # type: ignore[union-attr]
            return self.walk.append(
                Const(runtime.value), (zero,), (), self.walk.spec(zero), ir.PURE, adjoint_name(var)
            )
        if isinstance(spec, sp.Array):
            return self.walk.append(Const(np.zeros_like), (var,), (), spec, ir.PURE, adjoint_name(var))
        return self.walk.call(runtime.zeros, var, name=adjoint_name(var))

    def bind(self, var: Var, value: Atom) -> None:
        self.adjoints[var] = value
        if isinstance(value, Var) and value not in self.adjoint_of:
            self.adjoint_of[value] = var

    def accumulate(self, atom: Atom, contribution: Atom, mask: Mask = ()) -> None:
        """b(atom) += contribution, leaf by leaf; the adjoint keeps a mask that all contributions have."""
        if isinstance(atom, Tree):
            for index, item in enumerate(atom.items):
                if any(var in self.active for var in ir.variables(item)):
                    key = atom.keys[index] if atom.kind is dict else index
                    part = self.item(contribution, key)
                    known = isinstance(item, Var) and item not in self.structured
                    self.accumulate(item, cast(self.walk, part, item) if known else part)
        elif isinstance(atom, Var) and atom in self.active:
            spec = self.spec(atom)
            any_kind = atom in self.structured or isinstance(spec, sp.Unknown)
            add = runtime.accumulate if any_kind else operator.add
            parts = (self.adjoints[atom], contribution)
            if is_scalar(spec):
                spec = self.walk.known(add, tuple(self.spec(part) for part in parts))
            total = self.walk.append(Const(add), parts, (), spec, ir.PURE, adjoint_name(atom))
            self.bind(atom, total)
            if self.masks.setdefault(atom, mask) != mask:
                self.masks[atom] = ()

    def item(self, contribution: Atom, key: Any) -> Atom:
        if isinstance(contribution, Tree):
            return fields(contribution)[key] if contribution.kind is dict else contribution.items[key]
        return self.walk.call(operator.getitem, contribution, Const(key))

    # --- one statement

    def statement(self, call: Call) -> None:
        """Add the contributions of one call to the adjoints of its parents."""
        pair = self.walk.pairs.made.get(call.target)  # type: ignore[arg-type]
        if pair is not None:
            self.pulled_back(pair)
        if pair is not None or (call.args and call.args[0] in self.walk.pairs.made):
            return
        rule, bound = self.rule(call)
        assert call.target is not None
        by = self.adjoints[call.target]
        if rule.kind == "elementwise":
            self.elementwise(rule, bound, call.target, by)
            return
        names = parameter_names(rule.backward)
        given = {**bound, names[0]: by}
        if rule.kind == "adjoint":
            given[names[1]] = call.target
        result: Any = self.walk.instantiate(rule.backward, given)
        single = len(rule.wrt) == 1
        if not single and isinstance(result, Tree) and len(result.items) != len(rule.wrt):
            given_back = f"the rule of {shown(call)} returns {len(result.items)} values"
            self.refuse(call, f"{given_back}, but has {len(rule.wrt)} parameters to give one to")
        for index, name in enumerate(rule.wrt):
            if name in bound and self.is_active(bound[name]):
                part = (
                    result
                    if single
                    else self.walk.call(operator.getitem, result, Const(index))
                    if isinstance(result, Var)
                    else result.items[index]
                )
                mask = self.arm_mask(rule, bound, call.target, index)
                if bound[name] not in self.structured:
                    part = cast(self.walk, part, bound[name])
                self.accumulate(bound[name], part, mask)

    def pulled_back(self, pair: Pair) -> None:
        """The contributions of a call that came with its pullback."""
        if pair.value not in self.adjoints:
            return
        grads = self.walk.append(pair.back, (self.adjoints[pair.value],), (), sp.UNKNOWN, CALLED)
        for index, arg in enumerate(pair.args):
            if self.is_active(arg):
                part = self.walk.call(operator.getitem, grads, Const(index))
                if isinstance(arg, Var) and isinstance(part, Var) and arg not in self.structured:
                    self.walk.specs[part] = self.spec(arg)
                self.accumulate(arg, part)

    def elementwise(self, rule: Any, bound: dict[str, Atom], y: Var, by: Atom) -> None:
        """bx += unbroadcast(by * dy/dx); partials of one operand that occurs twice are summed first."""
        names = parameter_names(rule.backward)
        given = {**bound, names[0]: y}
        if self.masks.get(y):
            safe = SAFE.get(rule.function, 1)
            given = {name: self.masked(atom, y, safe, rule.singular) for name, atom in given.items()}
        result = self.walk.instantiate(rule.backward, given)
        totals: dict[Atom, Atom] = {}
        for index, name in enumerate(rule.wrt):
            atom = bound.get(name)
            if atom is None or not self.is_active(atom):
                continue
            partial = self.part(result, index, len(rule.wrt))
            totals[atom] = self.walk.call(operator.add, totals[atom], partial) if atom in totals else partial
        for atom, partial in totals.items():
            if is_zero(partial):
                continue  # x - x
            product = by if is_one(partial) else self.walk.call(operator.mul, by, self.conjugate(partial))
            self.accumulate(atom, unbroadcast(self.walk, product, atom), self.masks_on(atom, y))

    def masked(self, atom: Atom, y: Var, safe: float, singular: bool) -> Atom:
        """An operand of a partial, with a safe value where the adjoint is zero by a mask (S25).

        Where the branch is not taken a partial may be infinite or NaN, and so may what was computed there.
        """
        computed = isinstance(atom, Var) and atom in self.walk.defs and atom not in self.walk.paths
        if not isinstance(self.spec(atom), (sp.Array, sp.Number, sp.Unknown)):
            return atom
        if not singular and not computed:
            return atom
        for condition, value in reversed(self.masks_on(atom, y)):
            if self.spec(atom) is sp.UNKNOWN:
                atom = self.walk.call(runtime.masked, atom, condition, value, safe)
                continue
            arms = (atom, Const(safe)) if value else (Const(safe), atom)
            atom = self.walk.call(np.where, condition, *arms)
        return atom

    def arm_mask(self, rule: Any, bound: dict[str, Atom], y: Var, index: int) -> Mask:
        """The mask of an arm of np.where: its condition, on top of the masks of the result."""
        atom = bound[rule.wrt[index]]
        if rule.function not in (np.where, runtime.masked) or not self.fits(bound["condition"], atom):
            return ()
        holds = index == 0 if rule.function is np.where else bound["holds"].value  # type: ignore[union-attr]
        return (*self.masks_on(atom, y), (bound["condition"], holds))

    def masks_on(self, atom: Atom, y: Var) -> Mask:
        """The masks of a result that are masks of its operand too, which broadcasting may have stretched."""
        return tuple(mask for mask in self.masks.get(y, ()) if self.fits(mask[0], atom))

    def fits(self, condition: Atom, atom: Atom) -> bool:
        """Whether a condition stretches nothing of the atom; where nothing is known of them helpers look."""
        if self.spec(condition) is sp.UNKNOWN and self.spec(atom) is sp.UNKNOWN:
            return True
        shape = sp.shape_of(self.spec(atom))
        return sp.fills(shape, sp.broadcast(shape, sp.shape_of(self.spec(condition))))

    def part(self, result: Atom, index: int, count: int) -> Atom:
        if isinstance(result, Tree):
            return result.items[index]
        return result if count == 1 else self.walk.call(operator.getitem, result, Const(index))

    def is_active(self, atom: Atom) -> bool:
        return not self.active.isdisjoint(ir.variables(atom))

    def conjugate(self, partial: Atom) -> Atom:
        """Complex partials are conjugated: df = Re sum conj(bx) dx."""
        dtype = sp.dtype_of(self.spec(partial))
        return partial if dtype is not None and dtype.kind != "c" else self.walk.call(np.conj, partial)


def is_scalar(spec: Spec) -> bool:
    """Whether an adjoint is a number: those of numbers and of arrays of rank 0 are."""
    return isinstance(spec, sp.Number) or (isinstance(spec, sp.Array) and spec.shape == ())


def adjoint_name(var: Var) -> str:
    """b and the name of a named value."""
    return f"b{var.name}" if var.name else ""


def parameter_names(function: Any) -> tuple[str, ...]:
    code = function.__code__
    return tuple(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def is_zero(atom: Atom) -> bool:
    return isinstance(atom, Const) and type(atom.value) in (int, float) and atom.value == 0


def is_one(atom: Atom) -> bool:
    return isinstance(atom, Const) and type(atom.value) in (int, float) and atom.value == 1


def shown(call: Call) -> str:
    """How an error names the function called."""
    op = call.op
    assert isinstance(op, Const)
    if isinstance(op.value, ir.Method):
        return f".{op.value.name}()"
    module = (getattr(op.value, "__module__", "") or "").replace("numpy", "np")
    name = getattr(op.value, "__name__", repr(op.value))
    return op.text or (f"np.{name}" if isinstance(op.value, np.ufunc) or module == "np" else name)
