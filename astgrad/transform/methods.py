"""Methods: calls that structure, classes or Python's own words decide, and those of methods.

In comes the call of a function or method, out comes its value where it stands for other calls or for none;
methods of arrays are the functions of NumPy.

    [x, y].index(x)  ->  .index([x, y], x)        len((x, y))  ->  2
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from astgrad import ir
from astgrad.analyses import specs as sp
from astgrad.analyses.specs import UNKNOWN
from astgrad.errors import UnsupportedSyntax
from astgrad.frontend import fence
from astgrad.ir import Atom, Const, Method, Tree, Var
from astgrad.rules import registry
from astgrad.transform import (
    builtins,
    callables,
    classes,
    containers,
    dunders,
    lists,
    objects,
    pairs,
    queries,
    syntax,
)
from astgrad.transform.containers import NOT_HERE
from astgrad.transform.operations import OPERATIONS

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer


def resolved(walk: Specializer, op: Any, args: Any, kwargs: Any, name: str) -> Any:
    """The value of a call that structure, classes or Python's own words decide, or NOT_HERE."""
    found = NOT_HERE
    if not walk.in_rule and dunders.known(op) and not kwargs:
        found = dunders.operated(walk, op, args)
    if found is NOT_HERE:
        if op in containers.FUNCTIONS:
            args = tuple(walk.as_tree(arg) for arg in args)
        found = containers.resolve(op, args, kwargs)
    if found is NOT_HERE and not walk.in_rule and op in builtins.TABLE:
        found = builtins.TABLE[op](walk, args, dict(kwargs), name)
    for table in (syntax.OPERATIONS, lists.OPERATIONS, OPERATIONS) if not kwargs else ():
        if found is NOT_HERE and op in table:
            found = table[op](walk, args, name)
    if found is NOT_HERE and not walk.in_rule and isinstance(op, type):
        found = callables.make(walk, op, args, kwargs)
        if found is NOT_HERE:
            found = classes.construct(walk, op, args, kwargs)
    return found


def method(walk: Specializer, method: Method, args: Any, kwargs: Any, name: str) -> Atom:
    """The call of a method, by the kind of its receiver."""
    receiver = args[0]
    if isinstance(receiver, Const) and isinstance(receiver.value, ModuleType):
        return walk.apply(Const(getattr(receiver.value, method.name)), args[1:], kwargs, name)
    if not walk.in_rule and not dunders.is_users(walk, receiver, method.name):
        fence.method(method.name, receiver, walk.origin)
    spec = walk.spec(receiver)
    if isinstance(spec, sp.Number) and spec.type in sp.NUMBERS and method.name == "conjugate":
        result = walk.ruled(Const(method), args, kwargs, name)
        walk.specs[result] = spec  # type: ignore[index]
        return result
    if isinstance(spec, (sp.Array, sp.Number)):
        if registry.lookup(method) is not None:
            return walk.ruled(Const(method), args, kwargs, name)
        if isinstance(spec, sp.Number) and method.name in queries.OF_NUMBERS:
            known = queries.OF_NUMBERS[method.name]
            return walk.append(Const(method), args, kwargs, known, ir.PURE, name)
        walk.foreign_method(method, args, name)
    found = queries.method(walk, method, args, kwargs, name)
    if found is not NOT_HERE:
        return found
    if isinstance(receiver, Tree):
        attribute = classes.attribute(walk, receiver, method.name)
        if attribute is not NOT_HERE:
            return walk.apply(attribute, args[1:], kwargs, name)
        walk.refuse(
            UnsupportedSyntax, f".{method.name}() of a {receiver.kind.__name__} is not differentiated", ""
        )
    exact = walk.is_varied(receiver) or walk.facts.values is None
    if exact and registry.lookup(method) is not None and spec is UNKNOWN and receiver not in walk.paths:
        return walk.ruled(Const(method), args, kwargs, name)
    member: Any = classes.find(walk, receiver, method.name)
    if member is not NOT_HERE:
        return walk.apply(member, args[1:], kwargs, name)
    if exact and registry.lookup(method) is not None:
        return walk.ruled(Const(method), args, kwargs, name)
    return walk.foreign(Const(method), args, kwargs, name)


def object_call(walk: Specializer, op: Var, args: Any, kwargs: Any, name: str) -> Atom:
    if op in walk.choices:
        return callables.chosen(walk, walk.choices[op], args, kwargs, name)
    member: Any = objects.attribute(walk, op, "__call__") if op in walk.paths else NOT_HERE
    if member is not NOT_HERE:
        return walk.apply(member, args, kwargs)
    return pairs.unknown(walk, op, args, kwargs, name)
