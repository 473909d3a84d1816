"""Calls, displays and targets with `*` and `**`.

What is spread from a tuple or list that the text shows needs no statement; the rest is put together by
`tuple`, `add` and `merged`, and the function is called by `apply`:

    f(a, *b, k=1, **c)      t1 = tuple(b)
                            t2 = add((a,), t1)
                            t3 = keywords({'k': 1}, c)
                            t4 = apply(f, t2, t3)
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from astgrad.errors import UnsupportedSyntax, refuse
from astgrad.frontend import fence
from astgrad.frontend.desugar import kind
from astgrad.ir import Atom, Const, Tree
from astgrad.runtime_python import apply, keywords, merged, unpacked

if TYPE_CHECKING:
    from astgrad.frontend.expressions import Expressions
    from astgrad.frontend.statements import Statements

ADD, TUPLE, LIST, APPLY = Const(operator.add), Const(tuple), Const(list), Const(apply)
KEYWORDS, MERGED = Const(keywords), Const(merged)
Pairs = tuple[tuple[str, Atom], ...]


def spread(low: Expressions, node: Any, items: list[Any]) -> Atom:
    """The tuple of expressions of which some are spread: a Tree, or what puts it together."""
    parts: list[Atom] = []
    static: list[Atom] = []
    for item in items:
        if kind(item) != "Starred":
            static.append(low.expression(item))
            continue
        value = low.expression(item.value)
        if isinstance(value, Tree) and value.kind in (tuple, list):
            static += value.items
            continue
        parts += [Tree(tuple, tuple(static))] if static else []
        parts.append(low.call(item, TUPLE, (value,)))
        static = []
    if static or not parts:
        parts.append(Tree(tuple, tuple(static)))
    whole = parts[0]
    for part in parts[1:]:
        whole = low.call(node, ADD, (whole, part))
    return whole


def display(low: Expressions, node: Any, name: str) -> Atom:
    """A tuple or list display with `*` in it."""
    whole = spread(low, node, node.elts)
    if kind(node) == "Tuple":
        return whole
    if isinstance(whole, Tree):
        return low.lists.made(Tree(list, whole.items))
    return low.call(node, LIST, (whole,), name=name)


def dictionary(low: Expressions, node: Any, name: str) -> Atom:
    """A dict display: its keys are constants, and it may take other mappings in."""
    parts: list[Atom] = []
    items: dict[Any, Atom] = {}

    def flush() -> None:
        if items or not parts:
            parts.append(Tree(dict, tuple(items.values()), tuple(items)))
            items.clear()

    for key, value in zip(node.keys, node.values):
        if key is None:
            atom = low.expression(value)
            if isinstance(atom, Tree) and atom.kind is dict:
                items |= dict(zip(atom.keys, atom.items))
            else:
                parts += [Tree(dict, tuple(items.values()), tuple(items))] if items else []
                items.clear()
                parts.append(atom)
            continue
        atom = low.expression(key)
        if not isinstance(atom, Const):
            refuse(UnsupportedSyntax, low.origin(key), *fence.DICT)
        items[atom.value] = low.expression(value)
    flush()
    if len(parts) == 1 and isinstance(parts[0], Tree):
        return parts[0]
    return low.call(node, MERGED, tuple(parts), name=name)


def arguments(low: Expressions, node: Any) -> tuple[Atom, Pairs | Atom]:
    """The positional arguments as one tuple; the keyword arguments as pairs, or as one dict if unknown."""
    args = spread(low, node, node.args)
    parts: list[Atom] = []
    pairs: list[tuple[str, Atom]] = []
    for item in node.keywords:
        if item.arg is not None:
            pairs.append((low.mangled(item.arg), low.expression(item.value)))
            continue
        value = low.expression(item.value)
        if isinstance(value, Tree) and value.kind is dict and plain(value, pairs):
            pairs += zip(value.keys, value.items)
            continue
        parts += [Tree(dict, *map(tuple, (zip(*((v, k) for k, v in pairs)))))] if pairs else []
        parts.append(value)
        pairs = []
    if not parts:
        return args, tuple(pairs)
    parts += [Tree(dict, *map(tuple, (zip(*((v, k) for k, v in pairs)))))] if pairs else []
    return args, low.call(node, KEYWORDS, tuple(parts))


def plain(tree: Tree, pairs: list[tuple[str, Atom]]) -> bool:
    """Whether the keys of a dict are names that are not given yet."""
    return all(isinstance(key, str) for key in tree.keys) and not {*tree.keys} & {name for name, _ in pairs}


def call(low: Expressions, node: Any, op: Atom, first: tuple[Atom, ...], name: str) -> Atom:
    """A call with `*` or `**` in it: a plain one where the text shows what is spread."""
    args, kwargs = arguments(low, node)
    if isinstance(args, Tree) and isinstance(kwargs, tuple):
        return low.call(node, op, first + args.items, kwargs, name)
    if isinstance(kwargs, tuple):
        kwargs = Tree(dict, tuple(value for _, value in kwargs), tuple(key for key, _ in kwargs))
    if isinstance(args, Tree):
        args = Tree(tuple, first + args.items)
    elif first:
        args = low.call(node, ADD, (Tree(tuple, first), args))
    return low.call(node, APPLY, (op, args, kwargs), name=name)


def targets(low: Statements, target: Any, atom: Atom, value: Any) -> list[Atom]:
    """What each target of an unpacking with `*` gets."""
    at = [kind(item) for item in target.elts].index("Starred")
    behind = len(target.elts) - at - 1
    if isinstance(atom, Tree) and atom.kind is tuple and len(atom.items) >= at + behind:
        stop = len(atom.items) - behind
        middle = low.lists.made(Tree(list, atom.items[at:stop]))
        return [*atom.items[:at], middle, *atom.items[stop:]]
    whole = low.call(value, Const(unpacked), (atom, Const(at), Const(behind)))
    names = [low.hint(getattr(item, "value", item)) for item in target.elts]
    items: list[Atom] = [
        low.call(value, Const(operator.getitem), (whole, Const(i)), name=n) for i, n in enumerate(names)
    ]
    low.lists.made(items[at])
    return items
