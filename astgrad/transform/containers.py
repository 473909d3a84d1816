"""Containers of static structure: what Python does with tuples, lists, dicts, namedtuples, dataclasses.

In come Trees, out come atoms: no statement is left of `a, b = pair` or `params["W"]` where the
structure is known. `NOT_HERE` says that an operation is not one of these.

    getitem((x, y), 1)  ->  y        add([x], [y])  ->  [x, y]        len((x, y))  ->  2
"""

from __future__ import annotations

import dataclasses
import keyword
import operator
from collections.abc import Callable
from typing import Any

from astgrad.ir import Atom, Const, Method, Tree

NOT_HERE = object()
NONE = Const(None)

SEQUENCES = (tuple, list)


class Indexing(Exception):
    """A static container is read where it has no such item: the primal raises the wrapped error."""


def is_namedtuple(kind: type) -> bool:
    return isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")


def is_plain_dataclass(kind: type) -> bool:
    """A dataclass whose constructor only stores its arguments."""
    return (
        isinstance(kind, type)
        and dataclasses.is_dataclass(kind)
        and is_generated(kind.__init__)
        and not hasattr(kind, "__post_init__")
        and all(f.init for f in dataclasses.fields(kind))
        and kind.__getattribute__ is object.__getattribute__
    )


def is_generated(function: Any) -> bool:
    """Whether a method is one that `dataclass` or `namedtuple` wrote."""
    return getattr(getattr(function, "__code__", None), "co_filename", "").startswith("<")


def is_spelled(kind: type) -> bool:
    """Whether a container of this kind can be written down: a display, or a call of its constructor."""
    return kind in (*SEQUENCES, dict, slice) or is_namedtuple(kind) or is_plain_dataclass(kind)


def split(value: Any) -> tuple[tuple[str, Any], list[tuple[Any, Any]]] | None:
    """A container value as (structure, [(key, item)]); None where it is a leaf."""
    kind = type(value)
    if kind in SEQUENCES:
        return ("length", len(value)), list(enumerate(value))
    if kind is dict:
        return ("keys", tuple(value)), list(value.items())
    if is_namedtuple(kind):
        return ("type", kind), list(zip(kind._fields, value))
    if is_plain_dataclass(kind):
        return ("type", kind), [(f.name, getattr(value, f.name)) for f in dataclasses.fields(kind)]
    return None


def keys_of(kind: type, keys: tuple[Any, ...]) -> tuple[Any, ...]:
    """The keys that a Tree of this kind carries."""
    return () if kind in SEQUENCES else keys


def leaf_name(name: str, key: Any) -> str:
    """The name of a leaf read from container `name`: its key where that is one, else numbered."""
    if type(key) is str:
        return key if key.isidentifier() and not keyword.iskeyword(key) else ""
    return f"{name}{key}" if name and type(key) is int and key >= 0 else ""


def fields(tree: Tree) -> dict[Any, Atom]:
    """The items by their keys, found as a dict finds them: by hash, since keys may not compare."""
    return dict(zip(tree.keys, tree.items))


def getitem(tree: Tree, index: Any) -> Any:
    """tree[index] for a static index; `index` is a Python value."""
    if tree.kind is dict:
        if index not in fields(tree):
            raise Indexing(KeyError(index))
        return fields(tree)[index]
    if isinstance(index, slice) and tree.kind in SEQUENCES:
        return Tree(tree.kind, tree.items[index])
    if isinstance(index, slice):
        return Tree(tuple, tree.items[index])
    try:
        return tree.items[operator.index(index)]
    except IndexError:
        raise Indexing(IndexError(f"{tree.kind.__name__} index out of range")) from None


def get_attribute(tree: Tree, name: str) -> Any:
    """tree.name for a field of a namedtuple or dataclass."""
    if tree.kind not in (*SEQUENCES, dict, slice) and name in tree.keys:
        return tree.items[tree.keys.index(name)]
    return NOT_HERE


def _concatenate(a: Atom, b: Atom) -> Any:
    if isinstance(a, Tree) and isinstance(b, Tree) and a.kind is b.kind and a.kind in SEQUENCES:
        return Tree(a.kind, a.items + b.items)
    return NOT_HERE


def _repeat(a: Atom, b: Atom) -> Any:
    if isinstance(b, Tree):
        a, b = b, a
    if isinstance(a, Tree) and a.kind in SEQUENCES and isinstance(b, Const) and type(b.value) is int:
        return Tree(a.kind, a.items * b.value)
    return NOT_HERE


def _merge(a: Atom, b: Atom) -> Any:
    if isinstance(a, Tree) and isinstance(b, Tree) and a.kind is b.kind is dict:
        merged = {**dict(zip(a.keys, a.items)), **dict(zip(b.keys, b.items))}
        return Tree(dict, tuple(merged.values()), tuple(merged))
    return NOT_HERE


def _length(tree: Atom) -> Any:
    return Const(len(tree.items)) if isinstance(tree, Tree) and is_sized(tree.kind) else NOT_HERE


def is_sized(kind: type) -> bool:
    return kind in (*SEQUENCES, dict) or is_namedtuple(kind)


def elements(atom: Atom) -> tuple[Atom, ...] | None:
    """What iterating over a static container yields; None where it is not one."""
    if not isinstance(atom, Tree) or not is_sized(atom.kind):
        return None
    return tuple(Const(key) for key in atom.keys) if atom.kind is dict else atom.items


def _sequence(kind: type) -> Callable[..., Any]:
    def build(*args: Atom) -> Any:
        items = elements(args[0]) if args else ()
        return NOT_HERE if items is None or len(args) > 1 else Tree(kind, items)

    return build


def _pairs(tree: Atom) -> Any:
    rows = zip(tree.keys, tree.items) if isinstance(tree, Tree) else ()
    return Tree(tuple, tuple(Tree(tuple, (Const(key), item)) for key, item in rows))


def _get(tree: Tree, key: Atom, default: Atom = NONE) -> Any:
    if not isinstance(key, Const):
        return NOT_HERE
    return fields(tree).get(key.value, default)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    operator.add: _concatenate,
    operator.mul: _repeat,
    operator.or_: _merge,
    len: _length,
    tuple: _sequence(tuple),
    list: _sequence(list),
}

DICT_METHODS: dict[str, Callable[..., Any]] = {
    "keys": lambda tree: Tree(tuple, tuple(Const(key) for key in tree.keys)),
    "values": lambda tree: Tree(tuple, tree.items),
    "items": _pairs,
    "get": _get,
    "copy": lambda tree: tree,
}


def resolve(op: Any, args: tuple[Atom, ...], kwargs: tuple[tuple[str, Atom], ...]) -> Any:
    """As `call`; raises what the primal raises."""
    try:
        return call(op, args, kwargs)
    except Indexing as error:
        raise error.args[0] from None


def call(op: Any, args: tuple[Atom, ...], kwargs: tuple[tuple[str, Atom], ...]) -> Any:
    """The result of a call that only rearranges static containers, or NOT_HERE."""
    if op is dict and not args:
        return Tree(dict, tuple(value for _, value in kwargs), tuple(name for name, _ in kwargs))
    if is_namedtuple(op) and is_generated(op.__new__):
        return _construct(op, args, kwargs)
    if (
        isinstance(op, Method)
        and op.name == "_replace"
        and isinstance(args[0], Tree)
        and is_namedtuple(args[0].kind)
    ):
        return _replaced(args[0], dict(kwargs))
    if op is dataclasses.replace and isinstance(args[0], Tree) and is_plain_dataclass(args[0].kind):
        return _replaced(args[0], dict(kwargs))
    if kwargs or not any(isinstance(arg, Tree) for arg in args):
        return NOT_HERE if op not in SEQUENCES or args else Tree(op, ())
    if isinstance(op, Method):
        first = args[0]
        if isinstance(first, Tree) and is_namedtuple(first.kind) and op.name == "_asdict":
            return Tree(dict, first.items, first.keys)
        if isinstance(first, Tree) and first.kind is list and op.name == "copy" and len(args) == 1:
            return Tree(list, first.items)
        if isinstance(first, Tree) and first.kind is dict and op.name in DICT_METHODS:
            return DICT_METHODS[op.name](*args)
        return NOT_HERE
    build = FUNCTIONS.get(op) if _hashable(op) else None
    return build(*args) if build else NOT_HERE


def _replaced(tree: Tree, new: dict[str, Atom]) -> Any:
    """A namedtuple or dataclass with some fields anew."""
    if not set(new) <= set(tree.keys):
        return NOT_HERE
    return Tree(tree.kind, tuple(new.get(key, item) for key, item in zip(tree.keys, tree.items)), tree.keys)


def _construct(kind: Any, args: tuple[Atom, ...], kwargs: tuple[tuple[str, Atom], ...]) -> Any:
    """A namedtuple built from its fields."""
    names, defaults = kind._fields, dict(kind._field_defaults)
    given = {
        **{name: Const(value) for name, value in defaults.items()},
        **dict(zip(names, args)),
        **dict(kwargs),
    }
    if len(args) > len(names) or set(given) != set(names):
        return NOT_HERE
    return Tree(kind, tuple(given[name] for name in names), tuple(names))


def _hashable(op: Any) -> bool:
    return getattr(type(op), "__hash__", None) is not None
