"""Dunders: operators, builtins and syntax on objects whose class says what they mean.

In come an operator and operands of which one is an object with methods of its own, out comes the value of
`__add__`, `__radd__`, `__len__` and their like, tried in Python's order; NOT_HERE for all others.

    v + w  ->  the lines of Vector.__add__        2.0 * v  ->  those of Vector.__rmul__
"""

from __future__ import annotations

import builtins
import functools
import inspect
import operator
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from astgrad.analyses.specs import UNKNOWN
from astgrad.errors import MissingRule
from astgrad.ir import Atom, Closure, Const, Tree, Var
from astgrad.records import record
from astgrad.transform import classes, containers, objects
from astgrad.transform.containers import NOT_HERE

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

ARITHMETIC = (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"),
    *("and_", "or_", "xor", "lshift", "rshift"),
)
REFLECTED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}

BINARY: dict[Any, tuple[str, str]] = {
    **{getattr(operator, n): (f"__{n.strip('_')}__", f"__r{n.strip('_')}__") for n in ARITHMETIC},
    **{getattr(operator, n): (f"__{n}__", f"__{m}__") for n, m in REFLECTED.items()},
    builtins.divmod: ("__divmod__", "__rdivmod__"),
}
AUGMENTED: dict[Any, tuple[str, Any]] = {
    getattr(operator, f"i{n.strip('_')}"): (f"__i{n.strip('_')}__", getattr(operator, n)) for n in ARITHMETIC
}
OWN: dict[Any, str] = {
    **{getattr(operator, n): f"__{n}__" for n in ("neg", "pos", "invert", "getitem", "contains")},
    **{f: f"__{f.__name__}__" for f in (abs, len, iter, float, int, complex, round, reversed)},
    operator.abs: "__abs__",
}
MADE = (functools.partial, operator.methodcaller)  # callables that are Trees of what they hold
TRUTH = (bool, operator.truth)


def operated(walk: Specializer, op: Any, args: tuple[Atom, ...]) -> Atom | Any:
    """The value of an operator or builtin on objects with methods of their own, or NOT_HERE."""
    if not any(user_kind(walk, arg) for arg in args[:2]):
        return NOT_HERE
    if op in OWN:
        return called(walk, args[0], OWN[op], args[1:])
    if op in BINARY and len(args) == 2:
        return _binary(walk, op, args)
    if op in AUGMENTED:
        name, plain = AUGMENTED[op]
        result = called(walk, args[0], name, args[1:])
        return walk.apply(Const(plain), args, ()) if _declined(result) else result
    if op in TRUTH and len(args) == 1:
        return truth(walk, args[0])
    if op is operator.not_:
        found = truth(walk, args[0])
        return found if found is NOT_HERE else walk.apply(Const(operator.not_), (found,), ())
    return NOT_HERE


def known(op: Any) -> bool:
    return op in OWN or op in BINARY or op in AUGMENTED or op in TRUTH or op is operator.not_


def user_kind(walk: Specializer, atom: Atom) -> type | None:
    """The class of an object of a class of a user's; None for anything else."""
    if isinstance(atom, Tree):
        return None if atom.kind in (*containers.SEQUENCES, dict, slice) else atom.kind
    if not isinstance(atom, Var) or walk.specs.get(atom, UNKNOWN) is not UNKNOWN:
        return None
    path = walk.paths.get(atom)
    if path is None or not walk.facts.known(path):
        return None
    kind = type(walk.facts.value(path))
    return None if kind.__module__ == "builtins" or is_foreign_array(kind) else kind


def is_foreign_array(kind: type) -> bool:
    """Whether NumPy takes an object of this class for an array: it needs rules of its own (S3)."""
    return hasattr(kind, "__array__") or hasattr(kind, "__array_interface__")


def has(walk: Specializer, atom: Atom, name: str) -> bool:
    """Whether the class of an object has a method in Python."""
    kind = user_kind(walk, atom)
    return kind is not None and isinstance(inspect.getattr_static(kind, name, None), FunctionType)


def is_users(walk: Specializer, receiver: Atom, name: str) -> bool:
    """Whether a method is one that a user wrote: of an object, of what super() finds, or of a class."""
    if isinstance(receiver, Tree) and receiver.kind is super:
        return True
    if isinstance(receiver, Const) and isinstance(receiver.value, type):
        member = inspect.getattr_static(receiver.value, name, None)
        return isinstance(member, (FunctionType, classmethod, staticmethod))
    return has(walk, receiver, name)


def called(walk: Specializer, receiver: Atom, name: str, args: tuple[Atom, ...]) -> Atom | Any:
    """receiver.name(*args) by the class of the receiver."""
    if not has(walk, receiver, name):
        return NOT_HERE
    return walk.apply(classes.find(walk, receiver, name), args, ())


def _declined(result: Any) -> bool:
    return result is NOT_HERE or (isinstance(result, Const) and result.value is NotImplemented)


def _binary(walk: Specializer, op: Any, args: tuple[Atom, ...]) -> Atom | Any:
    """a.__op__(b), then b.__rop__(a); the other way round where the class of b is a subclass."""
    a, b = args
    forward, backward = BINARY[op]
    if not has(walk, a, forward) and not has(walk, b, backward):
        return _unequal(walk, op, args)
    if not user_kind(walk, a):
        _check_left(walk, a, b)
    first, second = objects.kind_of(walk, a), objects.kind_of(walk, b)
    tries = [(a, forward, b)] if has(walk, a, forward) else []
    if first is not second or forward.strip("_") in REFLECTED:
        sub = first and second and issubclass(second, first) and first is not second
        tries.insert(0 if sub else len(tries), (b, backward, a))
    for receiver, name, other in tries:
        result = called(walk, receiver, name, (other,))
        if not _declined(result):
            return result
    return _unequal(walk, op, args)


def _unequal(walk: Specializer, op: Any, args: tuple[Atom, ...]) -> Atom | Any:
    """`a != b` by `__eq__` where there is no `__ne__`."""
    if op is not operator.ne or not (has(walk, args[0], "__eq__") or has(walk, args[1], "__eq__")):
        return NOT_HERE
    return walk.apply(Const(operator.not_), (walk.apply(Const(operator.eq), args, ()),), ())


def _check_left(walk: Specializer, a: Atom, b: Atom) -> None:
    """NumPy asks an object on its right only where that says `__array_ufunc__ = None`."""
    kind = objects.kind_of(walk, a)
    numpys = kind is None or issubclass(kind, (np.ndarray, np.generic))
    if numpys and getattr(user_kind(walk, b), "__array_ufunc__", 0) is not None:
        walk.refuse(
            MissingRule,
            "an array or a scalar of NumPy stands left of an object, and NumPy may take that for a sequence",
            "write the object first, or say __array_ufunc__ = None in its class",
        )


def truth(walk: Specializer, atom: Atom) -> Atom | Any:
    """The truth of an object by `__bool__` or `__len__`; NOT_HERE where it has neither."""
    for name in ("__bool__", "__len__"):
        result = called(walk, atom, name, ())
        if result is not NOT_HERE:
            return result if name == "__bool__" else walk.apply(Const(operator.ne), (result, Const(0)), ())
    return NOT_HERE


def tested(walk: Specializer, test: Atom) -> Atom:
    """A test whose truth its class decides, as that truth."""
    found: Any = truth(walk, test) if user_kind(walk, test) else NOT_HERE
    return test if found is NOT_HERE else found


# --- what can be called


@record
class Choice:
    """One callable or another, as a test has it."""

    test: Atom
    then: Atom
    orelse: Atom


def is_callable(walk: Specializer, atom: Atom) -> bool:
    """Whether an atom is a callable that is known before the call."""
    if isinstance(atom, Var):
        return atom in walk.choices
    if isinstance(atom, Tree):
        return atom.kind in MADE or has(walk, atom, "__call__")
    return isinstance(atom, Closure) or callable(getattr(atom, "value", None))
