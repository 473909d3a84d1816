"""Objects: attributes and methods of what a path leads to, and functions that are arguments.

In comes an object that the walk only knows by where it stands, out comes an atom for one of its
attributes: a leaf, the value of a property, or a method with its receiver bound. Type, code and cells are
facts of the signature.

    self.W  ->  t1 = getattr(self, 'W'): f8[t10, t11]        self.predict  ->  <predict self=self>
"""

from __future__ import annotations

import inspect
from types import CellType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from astgrad.analyses.facts import Fact, Path
from astgrad.analyses.specs import UNKNOWN
from astgrad.errors import UnsupportedSyntax
from astgrad.frontend.lower import lower
from astgrad.ir import Atom, Capture, Closure, Const, Function, Guard, Var
from astgrad.records import replace
from astgrad.transform.containers import NOT_HERE

DATA = (np.ndarray, list, dict, set, tuple)

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
    if isinstance(member, property) and isinstance(member.fget, FunctionType):
        unchanged(walk, path.attr("__class__").attr(name), member)
        unchanged(walk, path.attr("__class__").attr(name).attr("fget"), member.fget)
        return walk.apply(Const(member.fget), (receiver,), ())
    if isinstance(member, FunctionType) and name not in getattr(value, "__dict__", ()):
        walk.facts.use(Fact(path.attr(name).attr("__code__"), "is", member.__code__))
        unchanged(walk, path.attr("__class__").attr(name), member)
        method = bound_to(lower(member), receiver)
        walk.live[method] = getattr(value, name)
        return method
    if not hasattr(value, name):
        raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")
    return walk.leaf(path.attr(name), getattr(value, name), name)


def unchanged(walk: Specializer, path: Path, member: Any) -> None:
    """A method or property of a class is the one that it was, with its code and defaults."""
    walk.facts.use(Fact(path, "is", member))
    for name in ("__code__", "__defaults__"):
        if getattr(member, name, None) is not None:
            walk.facts.use(Fact(path.attr(name), "is", getattr(member, name)))


def member_of_kind(walk: Specializer, kind: type, name: str) -> FunctionType | None:
    """The method or getter `name` of the class of a container, guarded: a class can be patched."""
    member = inspect.getattr_static(kind, name, None)
    path: tuple[str, ...] = (name,)
    holder = Capture(kind.__name__, walk.cells.setdefault(id(kind), CellType(kind)))
    if isinstance(member, property):
        walk.guards.append(Guard(holder, path, member))
        member, path = member.fget, (name, "fget")
    if not isinstance(member, FunctionType):
        return None
    walk.guards.append(Guard(holder, path, member, member.__code__))
    return member


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


def bound_to(function: Function, receiver: Atom) -> Closure:
    """A method with its first parameter bound."""
    first, *rest = function.params
    return Closure(replace(function, params=tuple(rest)), ((first.var, receiver),))


def partially(walk: Specializer, args: tuple[Atom, ...], kwargs: Any) -> Closure:
    """functools.partial(f, *args, **kwargs) of a Python function: parameters bound, new defaults."""
    target, *given = args
    if isinstance(target, Const) and isinstance(target.value, FunctionType) and target not in walk.paths:
        target = Closure(lower(target.value))
    if not isinstance(target, Closure) or len(given) > len(target.function.params):
        walk.refuse(UnsupportedSyntax, "functools.partial of this is not differentiated", "write a lambda")
    function = target.function
    cells = tuple((param.var, atom) for param, atom in zip(function.params, given))
    defaults = tuple({**dict(target.defaults), **dict(kwargs)}.items())
    rest = replace(function, params=function.params[len(given) :])
    return Closure(rest, (*target.cells, *cells), defaults)
