"""Syntax: calls that the frontend makes for what Python writes without one.

In come the operands of a call of `runtime_python`, out comes its value where the structure is known:

    merged({"a": x}, {"b": y})  ->  {"a": x, "b": y}        unpacked((x, y, z), 1, 0)  ->  (x, [y, z])
    apply(f, (x,), {"k": y})    ->  f(x, k=y)               cell_get(c)  ->  what was put into c last

A cell is a name that functions share (S7). The walk knows at each point what it holds, so no statement is
left of it; behind branches and loops that is a phi or a carried value, like that of any other name.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from astgrad import runtime_python as python
from astgrad.analyses import specs as sp
from astgrad.errors import UnsupportedSyntax
from astgrad.ir import UNDEFINED, Atom, Call, Closure, Const, Effects, Tree
from astgrad.transform import containers
from astgrad.transform.containers import NOT_HERE

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

RAISES = Effects(reads=(), writes=(), impure=True, result="fresh")


class Slot:
    """A cell, as the walk knows it."""


def _bound(walk: Specializer, args: Any, name: str) -> Any:
    if args[0] is UNDEFINED:
        raise UnboundLocalError(
            "cannot access local variable where it is not associated with a value", name=name or None
        )
    return args[0]


def _unbound(walk: Specializer, args: Any, name: str) -> Any:
    return python.unbound(args[0].value)


def _raised(op: Any) -> Callable[..., Any]:
    def raised(walk: Specializer, args: Any, name: str) -> Any:
        walk.body.append(Call(None, Const(op), args, (), RAISES, walk.origin))
        return Const(None)

    return raised


def _merged(walk: Specializer, args: Any, name: str) -> Any:
    items: dict[Any, Atom] = {}
    for mapping in args:
        if not isinstance(mapping, Tree) or mapping.kind is not dict:
            return unknown(walk, "the keys of a dict are not known before the call")
        items |= dict(zip(mapping.keys, mapping.items))
    return Tree(dict, tuple(items.values()), tuple(items))


def _keywords(walk: Specializer, args: Any, name: str) -> Any:
    known = [key for mapping in args if isinstance(mapping, Tree) for key in mapping.keys]
    twice = next((key for key in known if known.count(key) > 1), None)
    if twice is not None:
        raise TypeError(f"got multiple values for keyword argument {twice!r}")
    return _merged(walk, args, name)


def unknown(walk: Specializer, message: str) -> Any:
    walk.refuse(UnsupportedSyntax, message, "write the items out, or pass them as arguments of their own")


def _unpacked(walk: Specializer, args: Any, name: str) -> Any:
    value, before, behind = args[0], args[1].value, args[2].value
    items = known_items(walk, value)
    if items is None:
        return unknown(walk, "the number of items is not known before the call")
    if len(items) < before + behind:
        least = f"expected at least {before + behind}, got {len(items)}"
        raise ValueError(f"not enough values to unpack ({least})")
    stop = len(items) - behind
    return Tree(tuple, (*items[:before], Tree(list, items[before:stop]), *items[stop:]))


def known_items(walk: Specializer, value: Atom) -> tuple[Atom, ...] | None:
    """The items of an iterable one by one; the length of an array then belongs to the signature."""
    value = walk.as_tree(value)
    if isinstance(value, Tree):
        return tuple(map(Const, value.keys)) if value.kind is dict else containers.elements(value)
    spec = walk.spec(value)
    length = walk.exact_length(spec.shape[0]) if isinstance(spec, sp.Array) and spec.shape else None
    if length is None:
        return None
    rows = (walk.apply(Const(operator.getitem), (value, Const(i)), ()) for i in range(length))
    return tuple(rows)


def _apply(walk: Specializer, args: Any, name: str) -> Any:
    function, given, keywords = args
    if not isinstance(given, Tree) or not isinstance(keywords, Tree):
        return unknown(walk, "the arguments behind '*' or '**' are not known before the call")
    return walk.apply(function, given.items, tuple(zip(keywords.keys, keywords.items)), name)


def _cell(walk: Specializer, args: Any, name: str) -> Any:
    made = Const(Slot())
    walk.slots[made] = args[0] if args else UNDEFINED
    return made


def _cell_get(walk: Specializer, args: Any, name: str) -> Any:
    held = walk.slots.get(args[0])
    if held is None:
        return unknown(walk, "a variable that functions share is not known here")
    if held is UNDEFINED:
        raise UnboundLocalError("cannot access a variable that is not associated with a value")
    return held


def _cell_set(walk: Specializer, args: Any, name: str) -> Any:
    if args[0] not in walk.slots:
        return unknown(walk, "a variable that functions share is not known here")
    walk.slots[args[0]] = args[1]
    return Const(None)


def _fits(kind: type) -> Callable[..., Any]:
    """isinstance(value, Sequence) and its like, where the kind of the value is known."""

    def fits(walk: Specializer, args: Any, name: str) -> Any:
        value = args[0]
        if isinstance(value, Tree):
            return Const(issubclass(value.kind, kind))
        spec = walk.spec(value)
        if isinstance(spec, (sp.Array, sp.Number)) or isinstance(value, Closure):
            return Const(False)
        if isinstance(spec, sp.Struct):
            return Const(issubclass(spec.kind, kind))
        known = isinstance(value, Const) and not isinstance(value.value, Slot)
        text = known and isinstance(value.value, (str, bytes))  # type: ignore[union-attr]
        return Const(isinstance(value.value, kind) and not text) if known else NOT_HERE  # type: ignore[union-attr]

    return fits


def _tuple(walk: Specializer, args: Any, name: str) -> Any:
    """tuple(items), where they are known one by one."""
    if len(args) != 1 or isinstance(args[0], Tree):
        return NOT_HERE
    spec = walk.spec(args[0])
    if not isinstance(spec, sp.Array) or not spec.shape:
        return NOT_HERE
    items = known_items(walk, args[0])
    return NOT_HERE if items is None else Tree(tuple, items)


def exception(walk: Specializer, op: Const, args: tuple[Atom, ...], kwargs: Any) -> Atom:
    """An exception that is made to be raised: what it holds is only shown."""
    return walk.append(op, args, kwargs, sp.UNKNOWN, Effects(None, (), False, "unknown"))


OPERATIONS: dict[Any, Callable[..., Any]] = {
    python.bound: _bound,
    python.unbound: _unbound,
    **{op: _raised(op) for op in (python.throw, python.throw_from, python.rethrow)},
    python.merged: _merged,
    python.keywords: _keywords,
    python.unpacked: _unpacked,
    python.apply: _apply,
    python.cell: _cell,
    python.cell_get: _cell_get,
    python.cell_set: _cell_set,
    python.is_sequence: _fits(Sequence),
    python.is_mapping: _fits(Mapping),
    tuple: _tuple,
}
