"""The registry: what is known of each primitive, looked up by the callable itself.

In comes a callable, or `ir.Method("sum")`, out comes its `Rule`: its partials, transposes or adjoint as
a plain Python function, and what a call gives (`result_spec`) and does (`effects_of`).

    elementwise(np.tanh,   lambda y, x: 1 - y**2)
    elementwise(np.divide, lambda y, x1, x2: (1 / x2, -y / x2))
    linear(np.sum, lambda by, a, axis=None, *, keepdims=False: unreduce(by, a, axis, keepdims))

The parameters of the lambda, after `y`, `by` or `by, y`, are the primitive's own, in NumPy's order; they
are the only ones that a differentiated call may use. A rule is registered by importing it and parsed when
it is first needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from astgrad import ir
from astgrad.analyses.specs import UNKNOWN, Array, Known, Number, Spec, Struct, Undecided, literal, static
from astgrad.ir import Effects, Method
from astgrad.rules.kinds import (
    adjoint,
    alias,
    constant,
    constants,
    elementwise,
    linear,
    multilinear,
    unsupported,
)
from astgrad.rules.results import computing, operators
from astgrad.rules.rule import ATTRIBUTES, MAYBE, METHODS, REQUIRED, RULES, Rule, UnknownKeyword, shown

__all__ = [
    "ATTRIBUTES",
    "METHODS",
    "RULES",
    "Rule",
    "UnknownKeyword",
    "adjoint",
    "alias",
    "bind",
    "constant",
    "constants",
    "effects_of",
    "elementwise",
    "hashable",
    "linear",
    "lookup",
    "multilinear",
    "result_spec",
    "unsupported",
    "without_defaults",
]


def hashable(value: Any) -> bool:
    """Whether a value can be looked up at all."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def lookup(op: Any) -> Rule | None:
    """The rule of a callable or of `ir.Method(name)`; None where there is none."""
    if isinstance(op, Method):
        op = METHODS.get(op.name)
    try:
        return RULES.get(op)
    except TypeError:  # it cannot be hashed
        return None


def bind(rule: Rule, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The operands of a call by the rule's parameter names, those given alone.

    Raises UnknownKeyword where the call uses what the rule does not have.
    """
    if rule.parameters is None:
        return {**{str(i): value for i, value in enumerate(args)}, **kwargs}
    names = rule.by_position
    if rule.variadic and len(args) > rule.positional:
        start = names.index(rule.variadic)
        args = (*args[:start], _packed(args[start:]))
    if len(args) > len(names):
        name = shown(rule.function)
        raise UnknownKeyword(f"{name}: the rule takes {len(names)} positional arguments ({', '.join(names)})")
    bound = dict(zip(names, args))
    for key, value in kwargs.items():
        if key not in rule.parameters:
            raise UnknownKeyword(f"{shown(rule.function)}: the rule does not know the argument {key}=")
        if key in bound:
            raise UnknownKeyword(f"{shown(rule.function)}: {key} is given twice")
        bound[key] = value
    for key in rule.required:
        if key not in bound:
            raise UnknownKeyword(f"{shown(rule.function)}: {key} is not given")
    return bound


def without_defaults(rule: Rule, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """A call's operands, atoms, without those at its end and by keyword that are the rule's defaults."""
    names = list(rule.parameters or ())[: rule.positional]
    defaults = dict(rule.parameters or {})
    kwargs = tuple((key, atom) for key, atom in kwargs if not _is(atom, defaults.get(key, REQUIRED)))
    while len(args) <= len(names) and args and _is(args[-1], defaults[names[len(args) - 1]]):
        args = args[:-1]
    return args, kwargs


def _is(atom: Any, value: Any) -> bool:
    return isinstance(atom, ir.Const) and type(atom.value) is type(value) and atom.value == value


def _packed(items: Sequence[Any]) -> Any:
    """Several operands as one tuple: of atoms, of specs, or of values."""
    if isinstance(items[0], (ir.Var, ir.Const, ir.Tree, ir.Closure)):
        return ir.Tree(tuple, tuple(items))
    if isinstance(items[0], (Array, Number, Known, Struct, type(UNKNOWN))):
        return Struct(tuple, tuple(items))
    return tuple(items)


def result_spec(op: Any, args: tuple[Spec, ...], kwargs: Mapping[str, Spec]) -> Spec:
    """The spec of op(*args, **kwargs). Never raises; UNKNOWN where the operands' specs do not decide it."""
    try:
        return _result_spec(op, args, kwargs)
    except Exception:  # what raises here raises in the primal too, or is not known
        return UNKNOWN


def _result_spec(op: Any, args: tuple[Spec, ...], kwargs: Mapping[str, Spec]) -> Spec:
    if not kwargs:
        if op in operators.STATIC and Array not in map(type, args):
            try:
                return literal(op(*map(static, args)))
            except Undecided:
                pass
        python = operators.PYTHON.get(op)
        found = python(*args) if python else None
        if found is not None:
            return found
    if isinstance(op, Method) and not _has_methods(args[0]):
        return UNKNOWN
    rule = lookup(op)
    if rule is None:
        return UNKNOWN
    if rule.spec is None and isinstance(rule.function, np.ufunc):
        return computing.ufunc(rule.function, *args) if not kwargs else UNKNOWN
    bound = bind(rule, args, kwargs)
    like = lookup(rule.spec)
    if like is not None:  # a function of NumPy whose result is the same
        options = (like.parameters or {}).keys() & bound.keys() - set(rule.required)
        needed = tuple(bound[key] for key in rule.required)
        return _result_spec(rule.spec, needed, {key: bound[key] for key in options})
    if rule.spec is not None:
        return rule.spec(**bound)
    return computing.tried(op, rule.wrt, bound, args, kwargs) if rule.kind == "elementwise" else UNKNOWN


def _has_methods(receiver: Spec) -> bool:
    """Whether a receiver is known to have the methods of arrays: an array or a NumPy scalar."""
    return isinstance(receiver, Array) or (
        isinstance(receiver, Number) and receiver.type.__module__ == "numpy"
    )


def effects_of(op: Any, args: tuple[Spec, ...] = ()) -> Effects:
    """What a call with these operands does beside giving a value."""
    rule = lookup(op)
    if rule is None:
        return ir.UNKNOWN_EFFECTS
    if isinstance(op, Method) and not (args and _has_methods(args[0])):
        return ir.UNKNOWN_EFFECTS  # a method of that name of whatever this is
    if op in operators.EFFECTS:
        return operators.EFFECTS[op](*args)
    if getattr(op, "__module__", "") in ("_operator", "builtins") and UNKNOWN in args:
        return MAYBE if rule.effects.result == "fresh" and not rule.effects.impure else rule.effects
    return rule.effects
