"""Ordering: `max`, `min` and `sorted`, which follow the element that Python picks (S26).

In comes a call, out comes the element or the list, where the keys decide it before the call; otherwise
statements that find the order at run time.

    sorted({"b": x, "a": y})  ->  ['a', 'b']        max(x, y, key=f)  ->  x if f(x) >= f(y) else y
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from astgrad import ir, runtime_lists
from astgrad.analyses import specs as sp
from astgrad.ir import Atom, Const, Tree, Var
from astgrad.transform import containers, iterators, lists, prelude
from astgrad.transform.containers import NOT_HERE
from astgrad.transform.control import congruent
from astgrad.transform.states import Leaf, listing

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

Operands = tuple[Atom, ...]
Named = dict[str, Atom]


def _extreme(op: Any, keyed: Any, defaulted: Any) -> Callable[..., Any]:
    def extreme(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
        seq = iterators.whole(walk, args[0]) if len(args) == 1 else Tree(list, args)
        items = containers.elements(seq)
        if "default" in named:
            if items is None:
                return walk.enter(defaulted, seq, named["default"], named.get("key", Const(None)))
            if not items:
                return named["default"]
            return walk.apply(
                Const(op), args, tuple((k, v) for k, v in named.items() if k != "default"), name
            )
        if items == ():
            raise ValueError(f"{op.__name__}() arg is an empty sequence")
        key = named.get("key")
        if iterators.is_none(key) and named:
            return walk.apply(Const(op), args, (), name)
        if key is not None and not iterators.is_none(key):
            return items[0] if items and len(items) == 1 else walk.enter(keyed, seq, key)
        if items and any(isinstance(item, Tree) for item in items):
            return _largest_tree(walk, op, items)
        if items and not (isinstance(seq, Tree) and seq.kind in (list, tuple)):
            seq = Tree(list, items)
        return iterators.again(walk, op, args, (seq,) if len(args) == 1 else args, name)

    return extreme


def _largest_tree(walk: Specializer, op: Any, items: Operands) -> Atom:
    """Of containers and objects: the first that none exceeds, as far as that is known."""
    try:
        return op(items, key=lambda item: Ranked(walk, item))  # type: ignore[no-any-return]
    except sp.Undecided:
        keyed = prelude.largest if op is max else prelude.smallest
        return walk.enter(keyed, Tree(list, items), Const(prelude.itself))


class Ranked:
    """An item that is compared as Python does, as far as its value is known."""

    def __init__(self, walk: Specializer, atom: Atom) -> None:
        self.walk, self.atom = walk, atom

    def __lt__(self, other: Ranked) -> bool:
        a, b = self.atom, other.atom
        if isinstance(a, Tree) and isinstance(b, Tree) and a.kind is b.kind and a.kind in (tuple, list):
            for x, y in zip(a.items, b.items):
                if Ranked(self.walk, x) < Ranked(self.walk, y):
                    return True
                if Ranked(self.walk, y) < Ranked(self.walk, x):
                    return False
            return len(a.items) < len(b.items)
        values = [sp.static(self.walk.spec(atom)) for atom in (a, b)]
        return bool(values[0] < values[1])

    def __gt__(self, other: Ranked) -> bool:
        return other < self


def known_order(walk: Specializer, keys: list[Atom], reverse: bool) -> list[int] | None:
    """The positions of the keys as they are sorted; None where that is known only at run time."""
    try:
        return sorted(range(len(keys)), key=lambda i: Ranked(walk, keys[i]), reverse=reverse)
    except sp.Undecided:
        return None


def _sorted(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    key, reverse = named.get("key"), bool(sp.static(walk.spec(named.get("reverse", Const(False)))))
    seq = walk.as_tree(iterators.whole(walk, args[0]))
    items = iterators.elements(walk, seq)
    if items is None:
        return _sorted_at_run_time(walk, seq, key, reverse, name)
    keys = [item if iterators.is_none(key) else walk.apply(key, (item,), ()) for item in items]  # type: ignore[arg-type]
    order = known_order(walk, keys, reverse)
    if order is not None:
        return Tree(list, tuple(items[i] for i in order))
    positions = _order(walk, Tree(list, tuple(keys)), reverse)
    places = [lists.element(walk, positions, Const(i), Leaf(sp.INT, False), "") for i in range(len(items))]
    names = (f"{name}{i}" if name else "" for i in range(len(items)))
    return Tree(list, tuple(picked(walk, items, place, each) for place, each in zip(places, names)))


def picked(walk: Specializer, items: Operands, place: Atom, name: str) -> Atom:
    """items[place]; of containers and objects of one structure item by item."""
    first = items[0]
    if isinstance(first, Tree) and all(congruent(first, each) for each in items):
        columns = zip(*(each.items for each in items if isinstance(each, Tree)))
        return Tree(first.kind, tuple(picked(walk, each, place, "") for each in columns), first.keys)
    return walk.apply(Const(operator.getitem), (Tree(list, items), place), (), name)


def _order(walk: Specializer, keys: Atom, reverse: bool) -> Var:
    """The positions of what is sorted at run time: a list of ints."""
    spec = listing(Leaf(sp.INT, False))
    return walk.append(Const(runtime_lists.order), (keys, Const(reverse)), (), spec, ir.PURE)


def _sorted_at_run_time(walk: Specializer, seq: Atom, key: Any, reverse: bool, name: str) -> Any:
    """A list or array whose length is not known: its items in the order of their keys."""
    if not lists.is_listing(walk, seq) and sp.rank(walk.spec(seq)) != 1:
        return NOT_HERE
    keys = seq
    if not iterators.is_none(key):
        keys = iterators.whole(walk, iterators.started(walk, map, (key, seq)))
    return walk.apply(Const(runtime_lists.taken), (seq, _order(walk, keys, reverse)), (), name)


TABLE: dict[Any, Callable[..., Any]] = {
    max: _extreme(max, prelude.largest, prelude.largest_or),
    min: _extreme(min, prelude.smallest, prelude.smallest_or),
    sorted: _sorted,
}
