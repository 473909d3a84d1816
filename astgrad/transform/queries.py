"""Queries: what is asked of a value before it is used, and methods of texts and numbers.

In comes `hasattr`, `isinstance`, `type` and their like, out comes the answer where it is known; what it
stands on is a fact. Texts that are known give texts that are known.

    hasattr(model, "rate")  ->  True        type(x) is float  ->  True        "a-b".split("-")  ->  ['a', 'b']
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from astgrad import ir
from astgrad.analyses import specs as sp
from astgrad.analyses.facts import Fact
from astgrad.ir import Atom, Closure, Const, Method, Tree
from astgrad.transform import containers, dunders, objects
from astgrad.transform.builder import atom_of
from astgrad.transform.containers import NOT_HERE

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

Operands = tuple[Atom, ...]
Named = dict[str, Atom]

# --- attributes and kinds


def _hasattr(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    value, attribute = args
    if not isinstance(attribute, Const):
        return NOT_HERE
    path = walk.paths.get(value)
    if path is not None and walk.facts.known(path) and not isinstance(value, Tree):
        found = hasattr(walk.facts.value(path), attribute.value)
        walk.facts.use(Fact(path, f"has:{attribute.value}", (attribute.value, found)))
        return Const(found)
    if isinstance(value, Tree):
        return Const(attribute.value in value.keys or hasattr(value.kind, attribute.value))
    kind = objects.kind_of(walk, value)
    if kind is None or isinstance(value, (Const, Closure)):
        return NOT_HERE
    return Const(hasattr(kind, attribute.value))


def _getattr(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    if len(args) != 3:
        return NOT_HERE
    found = _hasattr(walk, args[:2], {}, "")
    if found is NOT_HERE:
        return NOT_HERE
    return walk.apply(Const(getattr), args[:2], (), name) if found.value else args[2]


def _len(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    """Objects and iterators that have no length; those that have one are asked before."""
    if isinstance(args[0], Tree) and not containers.is_sized(args[0].kind):
        raise TypeError(f"object of type {args[0].kind.__name__!r} has no len()")
    return NOT_HERE


def _callable(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    value = args[0]
    if isinstance(value, Closure) or value in walk.choices:
        return Const(True)
    if isinstance(value, Const):
        return Const(callable(value.value))
    kind = objects.kind_of(walk, value)
    return NOT_HERE if kind is None else Const(hasattr(kind, "__call__"))  # noqa: B004


def _type(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    if len(args) != 1 or walk.in_rule:
        return NOT_HERE
    kind = objects.kind_of(walk, args[0])
    return NOT_HERE if kind is None else Const(kind)


def _isinstance(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    """isinstance of what a path leads to, and issubclass."""
    value, types = args
    kinds = _types(types)
    if walk.in_rule or kinds is None or not dunders.user_kind(walk, value):
        return NOT_HERE
    return Const(issubclass(dunders.user_kind(walk, value), kinds))  # type: ignore[arg-type]


def _issubclass(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    kinds = _types(args[1])
    if kinds is None or not isinstance(args[0], Const):
        return NOT_HERE
    return Const(issubclass(args[0].value, kinds))


def _types(atom: Atom) -> Any:
    if isinstance(atom, Const):
        return atom.value
    if isinstance(atom, Tree) and atom.kind is tuple:
        found = tuple(map(_types, atom.items))
        return None if None in found else found
    return None


# --- methods

PAIR = sp.Struct(tuple, (sp.INT, sp.INT))
OF_NUMBERS: dict[str, sp.Spec] = {  # methods of numbers, constant in them
    "is_integer": sp.BOOL,
    "as_integer_ratio": PAIR,
    "hex": sp.UNKNOWN,
    **dict.fromkeys(("bit_length", "bit_count"), sp.INT),
}


def method(walk: Specializer, op: Method, args: Operands, kwargs: Any, name: str) -> Any:
    """A method of a text, or the position of an item in a list, or NOT_HERE."""
    receiver = args[0]
    if isinstance(receiver, Const) and isinstance(receiver.value, str):
        return _of_text(walk, op, args, kwargs, name)
    sequence = isinstance(receiver, Tree) and containers.is_sized(receiver.kind) and receiver.kind is not dict
    if sequence and op.name in ("index", "count") and not kwargs:
        return walk.append(Const(op), args, (), sp.INT, ir.PURE, name)
    return NOT_HERE


def _of_text(walk: Specializer, op: Method, args: Operands, kwargs: Any, name: str) -> Any:
    """A text that is known gives one that is known; the text of a value is a constant."""
    try:
        given = [sp.static(walk.spec(arg)) for arg in args]
        options = {key: sp.static(walk.spec(value)) for key, value in kwargs}
    except sp.Undecided:
        if op.name != "format":
            return NOT_HERE
        return walk.append(Const(op), args, kwargs, sp.UNKNOWN, ir.PURE, name)
    return atom_of(op(*given, **options))


TABLE: dict[Any, Callable[..., Any]] = {
    hasattr: _hasattr,
    getattr: _getattr,
    callable: _callable,
    len: _len,
    type: _type,
    isinstance: _isinstance,
    issubclass: _issubclass,
}
