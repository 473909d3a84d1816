"""Objects: attributes and methods of what a path leads to, and functions that are arguments.

In comes an object that the walk only knows by where it stands, out comes an atom for one of its
attributes: a leaf, the value of a property, or a method with its receiver bound. Type, code and cells are
facts of the signature.

    self.W  ->  t1 = getattr(self, 'W'): f8[t10, t11]        self.predict  ->  <predict self=self>
"""

from __future__ import annotations

import functools
import inspect
from types import CellType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from astgrad.analyses import specs as sp
from astgrad.analyses.facts import Fact, Path
from astgrad.analyses.specs import UNKNOWN
from astgrad.ir import Atom, Capture, Closure, Const, Function, Tree, Var
from astgrad.records import replace
from astgrad.transform.containers import NOT_HERE

DATA = (np.ndarray, list, dict, set, tuple)
GETTERS = {property: "fget", functools.cached_property: "func"}

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer


def attribute(walk: Specializer, receiver: Atom, name: str) -> Atom | Any:
    """The attribute of an object at a path: a leaf, or a function bound to it."""
    if isinstance(receiver, Const):
        return constant_attribute(walk, receiver, name)
    path = walk.paths.get(receiver)
    if path is None or not walk.facts.known(path) or walk.spec(receiver) is not UNKNOWN:
        return NOT_HERE
    value = walk.facts.value(path)
    member = inspect.getattr_static(type(value), name, None)
    walk.facts.use(Fact(path, "type", type(value)))
    place = path.attr("__class__").attr(name)
    stored = name in getattr(value, "__dict__", ())
    getter = getattr(member, GETTERS.get(type(member), ""), None)
    if isinstance(getter, FunctionType) and (isinstance(member, property) or not stored):
        unchanged(walk, place, member)
        unchanged(walk, place.attr(GETTERS[type(member)]), getter)
        return walk.apply(Const(getter), (receiver,), ())
    if isinstance(member, classmethod) and isinstance(member.__func__, FunctionType) and not stored:
        unchanged(walk, place.attr("__func__"), member.__func__)
        return bound(walk, member.__func__, Const(type(value)))
    if isinstance(member, FunctionType) and not stored:
        walk.facts.use(Fact(path.attr(name).attr("__code__"), "is", member.__code__))
        unchanged(walk, place, member)
        method = bound(walk, member, receiver)
        walk.live[method] = getattr(value, name)
        return method
    if not hasattr(value, name):
        raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")
    return walk.leaf(path.attr(name), getattr(value, name), name)


def kind_of(walk: Specializer, atom: Atom) -> type | None:
    """The type of a value, as far as it is known; a fact where it is that of an object at a path."""
    if isinstance(atom, Tree):
        return atom.kind
    spec = walk.spec(atom)
    if isinstance(spec, sp.Array):
        return np.ndarray
    if isinstance(spec, sp.Number):
        return spec.type if spec.exact else None
    if isinstance(spec, sp.Known):
        return FunctionType if isinstance(atom, Closure) else type(spec.value)
    if isinstance(spec, sp.Struct):
        return spec.kind
    if isinstance(spec, sp.Listing):
        return list
    path = walk.paths.get(atom)
    if path is None or not walk.facts.known(path):
        return None
    kind = type(walk.facts.value(path))
    walk.facts.use(Fact(path, "type", kind))
    return kind


def unchanged(walk: Specializer, path: Path, member: Any) -> None:
    """A method or property of a class is the one that it was, with its code and defaults."""
    walk.facts.use(Fact(path, "is", member))
    for name in ("__code__", "__defaults__"):
        if getattr(member, name, None) is not None:
            walk.facts.use(Fact(path.attr(name), "is", getattr(member, name)))


def constant_attribute(walk: Specializer, receiver: Const, name: str) -> Atom | Any:
    """An attribute of a module or type: a fact of its own, since it can be rebound."""
    value = receiver.value
    if walk.facts.values is None or isinstance(value, (str, int, float, complex, type(None), np.generic)):
        return NOT_HERE
    root: Atom = receiver
    if receiver not in walk.paths:
        label = receiver.text.rpartition(".")[2] or getattr(value, "__name__", type(value).__name__).lower()
        cell = walk.cells.setdefault(id(value), CellType(value))
        root = walk.captured(Capture(label if label.isidentifier() else "captured", cell))
    if isinstance(root, Const) or isinstance(value, ModuleType):
        return walk.leaf(walk.paths[root].attr(name), getattr(value, name), name)
    return attribute(walk, root, name)


def cells(walk: Specializer, function: Function, value: FunctionType, path: Path) -> dict[Var, Atom]:
    """Closure cells of a function that is an argument, as leaves of that argument."""
    found: dict[Var, Atom] = {}
    for var, capture in function.captures:
        if capture.name in value.__code__.co_freevars:
            index = value.__code__.co_freevars.index(capture.name)
            cell = path.attr("__closure__").item(index).attr("cell_contents")
            found[var] = walk.leaf(cell, walk.facts.value(cell), capture.name)
    return found


def captured_defaults(walk: Specializer, op: Const, in_rule: bool) -> dict[str, Atom]:
    """Defaults of a helper that are data are captured data (S1); literals are what they are."""
    values = (*(op.value.__defaults__ or ()), *(op.value.__kwdefaults__ or {}).values())
    if in_rule or walk.facts.values is None or not any(isinstance(value, DATA) for value in values):
        return {}
    cell = walk.cells.setdefault(id(op.value), CellType(op.value))
    root = walk.captured(Capture(op.value.__name__, cell))
    return live_defaults(walk, op.value, walk.paths[root])


def live_defaults(walk: Specializer, value: FunctionType, path: Path) -> dict[str, Atom]:
    """Defaults of a function that is an argument, as leaves of that argument."""
    found: dict[str, Atom] = {}
    code, values = value.__code__, value.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount][code.co_argcount - len(values) :]
    step = path.attr("__defaults__")
    if values:
        walk.facts.use(Fact(step, "length", len(values)))
    for i, name in enumerate(names):
        found[name] = walk.leaf(step.item(i), values[i], name)
    for name, default in (value.__kwdefaults__ or {}).items():
        found[name] = walk.leaf(path.attr("__kwdefaults__").item(name), default, name)
    return found


def without(function: Function, env: dict[Var, Atom]) -> Function:
    """The function with some of its captured names bound otherwise."""
    return replace(function, captures=tuple(pair for pair in function.captures if pair[0] not in env))


def bound(walk: Specializer, function: FunctionType, receiver: Atom) -> Closure:
    """A method with its first parameter bound."""
    lowered = walk.lowered(function)
    first, *rest = lowered.params
    defaults = tuple(captured_defaults(walk, Const(function), walk.in_rule).items())
    return Closure(replace(lowered, params=tuple(rest)), ((first.var, receiver),), defaults)


def captured_value(walk: Specializer, value: Any, name: str) -> Atom:
    """A value that a class or function holds: a literal, or captured data."""
    if walk.facts.values is None or isinstance(value, (bool, int, float, complex, str, bytes, type(None))):
        return Const(value)
    return walk.captured(Capture(name, walk.cells.setdefault(id(value), CellType(value))))
