"""Callables that are made of others: partials, getters of `operator`, functions chosen by a branch.

In comes a call of one, out comes the value of the calls that it stands for.

    partial(f, a)(b)  ->  f(a, b)        (f if t else g)(x)  ->  if t: f(x) else: g(x)
"""

from __future__ import annotations

import functools
import inspect
import operator
from types import FunctionType
from typing import TYPE_CHECKING, Any

from astgrad.analyses import specs as sp
from astgrad.errors import UnsupportedSyntax
from astgrad.ir import Atom, Const, Method, Tree, Var
from astgrad.transform import classes, control, objects
from astgrad.transform.containers import NOT_HERE
from astgrad.transform.dunders import MADE, Choice
from astgrad.transform.ruled import is_numpy

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

Kwargs = tuple[tuple[str, Atom], ...]
GETTERS = (operator.itemgetter, operator.attrgetter)


def chosen(walk: Specializer, choice: Choice, args: Any, kwargs: Any, name: str) -> Atom:
    """The call of a callable that a branch chose: the branch around the calls."""
    call = lambda function: lambda: (walk.apply(function, args, kwargs, name),)
    arms = [control.arm_of(walk, call(function), 1) for function in (choice.then, choice.orelse)]
    target, env = Var(name), {}  # type: ignore[var-annotated]
    control.join_arms(walk, (target,), choice.test, arms[0], arms[1], env)
    return env[target]  # type: ignore[no-any-return]


# --- what functools and operator make


def make(walk: Specializer, op: Any, args: tuple[Atom, ...], kwargs: Kwargs) -> Atom | Any:
    """functools.partial(...), operator.itemgetter(...) and their like, or NOT_HERE."""
    if op in GETTERS and args and not kwargs:
        try:
            return Const(op(*(sp.static(walk.spec(arg)) for arg in args)))
        except sp.Undecided:
            return NOT_HERE
    if op in MADE and args:
        named = Tree(dict, tuple(value for _, value in kwargs), tuple(key for key, _ in kwargs))
        return Tree(op, (args[0], Tree(tuple, args[1:]), named), ("func", "args", "keywords"))
    return NOT_HERE


def of_tree(walk: Specializer, op: Tree, args: Any, kwargs: Any, name: str) -> Atom:
    """The call of a partial, a method caller, or an object with `__call__`."""
    if op.kind in MADE:
        function, given, named = op.items
        assert isinstance(given, Tree) and isinstance(named, Tree)
        merged = {**dict(zip(named.keys, named.items)), **dict(kwargs)}
        if op.kind is functools.partial:
            return walk.apply(function, (*given.items, *args), tuple(merged.items()), name)
        method = Const(Method(function.value))  # type: ignore[union-attr]
        return walk.apply(method, (*args, *given.items), tuple(merged.items()), name)
    found = classes.find(walk, op, "__call__")
    if found is NOT_HERE:
        raise TypeError(f"{op.kind.__name__!r} object is not callable")
    return walk.apply(found, args, kwargs, name)


def of_instance(walk: Specializer, op: Const, args: Any, kwargs: Any, name: str) -> Atom | Any:
    """The call of a partial or getter that was made outside, or NOT_HERE."""
    value = op.value
    if isinstance(value, functools.partial):
        return _partial(walk, op, args, kwargs, name)
    entered = isinstance(inspect.getattr_static(type(value), "__call__", None), FunctionType)
    if entered and not is_numpy(type(value)):
        found = objects.attribute(walk, op, "__call__")
        return found if found is NOT_HERE else walk.apply(found, args, kwargs, name)
    if isinstance(value, GETTERS) and len(args) == 1 and not kwargs:
        get = _item if isinstance(value, operator.itemgetter) else _attributes
        found = [get(walk, args[0], key) for key in value.__reduce__()[1]]  # type: ignore[operator]
        return found[0] if len(found) == 1 else Tree(tuple, tuple(found))
    if isinstance(value, operator.methodcaller) and type(value.__reduce__()[0]) is type:
        method, *given = value.__reduce__()[1]  # type: ignore[misc, str-unpack]
        return walk.apply(Const(Method(method)), (*args, *map(Const, given)), (), name)
    return NOT_HERE


def _item(walk: Specializer, of: Atom, key: Any) -> Atom:
    return walk.apply(Const(operator.getitem), (of, Const(key)), ())


def _attributes(walk: Specializer, of: Atom, names: str) -> Atom:
    for name in names.split("."):
        of = walk.apply(Const(getattr), (of, Const(name)), ())
    return of


def _partial(walk: Specializer, op: Const, args: Any, kwargs: Any, name: str) -> Atom:
    """A functools.partial from outside: what it holds is read from it, before and beside the arguments."""
    given: Any = objects.attribute(walk, op, "args")
    named: Any = objects.attribute(walk, op, "keywords")
    if not isinstance(given, Tree) or not isinstance(named, Tree):
        walk.refuse(UnsupportedSyntax, "what this functools.partial holds is not known before the call")
    merged = {**dict(zip(named.keys, named.items)), **dict(kwargs)}
    function: Atom = Const(op.value.func)
    if op in walk.paths:
        function = walk.leaf(walk.paths[op].attr("func"), op.value.func, "")
    return walk.apply(function, (*given.items, *args), tuple(merged.items()), name)


def bound_method(name: str, receiver: Atom) -> Tree:
    """The method of an array as a value."""
    parts = (Const(Method(name)), Tree(tuple, (receiver,)), Tree(dict, ()))
    return Tree(functools.partial, parts, ("func", "args", "keywords"))
