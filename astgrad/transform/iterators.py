"""Iterators: `map`, `filter`, `zip`, `enumerate`, `reversed` and `iter` as values.

In comes a call of one of them, out comes a Tree that holds its operands: nothing is done before it is
consumed (S10). It is consumed once, where it was made: by a loop, or whole by `list`, `sum` and their like.

    m = map(f, xs); list(m)  ->  [f(x0), f(x1)]        list(m) once more: refused
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from astgrad import ir
from astgrad.analyses import specs as sp
from astgrad.errors import UnsupportedSyntax
from astgrad.ir import Atom, Const, Tree, Var
from astgrad.transform import containers, control, dunders, prelude
from astgrad.transform.builder import atom_of
from astgrad.transform.containers import NOT_HERE
from astgrad.transform.sources import (
    UNROLLED,
    Counted,
    Mapped,
    Native,
    Rows,
    Source,
    Static,
    Zipped,
    at_step,
    known_items,
    length,
    parts_of,
)
from astgrad.transform.sources import source as plain_source

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

ITERATOR = type(iter(()))
LAZY = (map, filter, zip, enumerate, reversed, ITERATOR)
REARRANGING = (
    *(itertools.chain, itertools.product, itertools.pairwise, itertools.combinations, itertools.permutations),
    *(itertools.combinations_with_replacement, itertools.islice, itertools.zip_longest),
)


def make(walk: Specializer, op: Any, args: tuple[Atom, ...]) -> Atom | Any:
    """The iterator that a call makes, or NOT_HERE."""
    if op is iter and len(args) == 1:
        if isinstance(args[0], Tree) and args[0].kind in LAZY:
            return args[0]
        return started(walk, ITERATOR, args)
    if op is enumerate:
        return started(walk, op, (*args, Const(0))[:2])
    if op in (zip, map, filter, reversed) and (args or op is zip):
        return started(walk, op, args)
    return NOT_HERE


def check_strict(walk: Specializer, args: tuple[Atom, ...], strict: Atom) -> None:
    """zip(..., strict=True) of what is known one by one: lengths that differ raise."""
    if isinstance(strict, Const) and not strict.value:
        return
    lengths = [
        None if items is None else len(items) for items in map(containers.elements, map(sequence, args))
    ]
    if None in lengths:
        walk.refuse(UnsupportedSyntax, "the lengths that 'strict' compares are not known before the call", "")
    for index, length_ in enumerate(lengths):
        if length_ != lengths[0]:
            word = "shorter" if length_ < lengths[0] else "longer"  # type: ignore[operator]
            raise ValueError(f"zip() argument {index + 1} is {word} than argument 1")


def sequence(atom: Atom) -> Atom:
    """What an enumerate or reversed goes through."""
    over = isinstance(atom, Tree) and atom.kind in (enumerate, reversed)
    return sequence(atom.items[0]) if over else atom  # type: ignore[union-attr]


def started(walk: Specializer, kind: type, operands: tuple[Atom, ...]) -> Tree:
    tree = Tree(kind, operands)
    walk.iterators[tree] = walk.body
    return tree


def consumed(walk: Specializer, atom: Atom) -> Source:
    """What an iterable gives, step by step; an iterator is used up."""
    if not isinstance(atom, Tree) or atom.kind not in LAZY:
        made: Any = dunders.called(walk, atom, "__iter__", ()) if dunders.user_kind(walk, atom) else NOT_HERE
        return plain_source(walk, atom) if made is NOT_HERE else consumed(walk, made)
    if walk.iterators.pop(atom, None) is not walk.body:
        walk.refuse(
            UnsupportedSyntax,
            f"a stored iterator ({atom.kind.__name__}) is not consumed where it was made, or a second time",
            "make a list of it",
        )
    ready = walk.ready.pop(atom, None)
    return SOURCES[atom.kind](walk, atom.items) if ready is None else ready


def _mapped(walk: Specializer, items: Any) -> Source:
    function, *sources = items
    return Mapped(function, Zipped(tuple(consumed(walk, each) for each in sources)))


def _filtered(walk: Specializer, items: Any) -> Source:
    """What passes the predicate: known one by one, or a list."""
    function, iterable = items
    if isinstance(function, Const) and function.value is None:
        function = Const(bool)
    source = consumed(walk, iterable)
    found = static(walk, source)
    if found is None:
        return plain_source(walk, walk.enter(prelude.kept, function, prepared(walk, source)))
    tests = [dunders.tested(walk, walk.apply(function, (item,), ())) for item in found]
    try:
        return Static(tuple(item for item, test in zip(found, tests) if control.truth(walk, test)))
    except sp.Undecided:
        return plain_source(walk, walk.enter(prelude.chosen, Tree(list, tuple(tests)), Tree(list, found)))


def _reversed(walk: Specializer, items: Any) -> Source:
    inner = consumed(walk, items[0])
    if isinstance(inner, Static):
        return Static(inner.items[::-1])
    if isinstance(inner, Rows):
        return Rows(inner.atom, not inner.backwards)
    if isinstance(inner, Native) and isinstance(inner.atom, Const):
        return Static(tuple(map(Const, reversed(inner.atom.value))))
    return Native(walk.append(Const(reversed), (inner.atom,), (), sp.UNKNOWN, ir.PURE), inner.spec)  # type: ignore[union-attr]


SOURCES: dict[type, Callable[[Any, Any], Source]] = {
    map: _mapped,
    filter: _filtered,
    reversed: _reversed,
    zip: lambda walk, items: Zipped(tuple(consumed(walk, each) for each in items)),
    enumerate: lambda walk, items: Zipped((Counted(items[1]), consumed(walk, items[0]))),
    ITERATOR: lambda walk, items: consumed(walk, items[0]),
}


def static(walk: Specializer, source: Source) -> tuple[Atom, ...] | None:
    """The items of a source where they are known one by one."""
    count = bounded(walk, source)
    if count is not None and count > UNROLLED and length(walk, source) is None:
        return None
    return None if count is None else tuple(at_step(walk, source, step, "") for step in range(count))


def bounded(walk: Specializer, source: Source) -> int | None:
    """The number of items; the length of an array beside known ones belongs to the signature."""
    if isinstance(source, Native):
        found = known_items(walk, source)
        return None if found is None else len(found)
    inner = parts_of(source)
    if isinstance(source, Mapped) and not isinstance(source.source, Zipped):
        return bounded(walk, source.source)
    counts = [count for count in (bounded(walk, each) for each in inner) if count is not None]
    if not inner or not counts:
        return length(walk, source)
    for each in inner:
        spec = walk.spec(each.atom) if isinstance(each, Rows) else None
        if spec is not None:
            exact = walk.exact_length(spec.shape[0]) if isinstance(spec, sp.Array) and spec.shape else None
            if exact is None:
                return None
            counts.append(exact)
        elif not isinstance(each, Counted) and bounded(walk, each) is None:
            return None
    return min(counts)


def whole(walk: Specializer, atom: Atom) -> Atom:
    """An iterator or object as the tuple or list of what it gives; anything else as it is."""
    lazy = isinstance(atom, Tree) and atom.kind in LAZY
    if not lazy and not dunders.has(walk, atom, "__iter__"):
        return atom
    source = consumed(walk, atom)
    items = static(walk, source)
    if items is not None:
        return Tree(tuple, items)
    return walk.enter(prelude.listed, prepared(walk, source))


def prepared(walk: Specializer, source: Source) -> Tree:
    """A source that is being consumed, as an iterator."""
    tree = started(walk, ITERATOR, ())
    walk.ready[tree] = source
    return tree


def elements(walk: Specializer, atom: Atom) -> tuple[Atom, ...] | None:
    """The items of an iterable that are known one by one."""
    atom = walk.as_tree(whole(walk, atom))
    if isinstance(atom, Const) and isinstance(atom.value, (range, str, tuple)):
        return tuple(map(atom_of, atom.value))
    return known_items(walk, Native(atom, sp.INT)) if isinstance(atom, Var) else containers.elements(atom)


def rearranged(walk: Specializer, op: Any, args: tuple[Atom, ...]) -> Atom | Any:
    """A function of itertools that only rearranges what is known one by one."""
    given = [elements(walk, arg) if isinstance(arg, Tree) else arg for arg in args]
    values = [each.value if isinstance(each, Const) else each for each in given]
    if any(value is None or isinstance(value, Var) for value in values):
        return NOT_HERE
    rows = [Tree(tuple, row) if isinstance(row, tuple) else row for row in op(*values)]
    return started(walk, ITERATOR, (Tree(tuple, tuple(rows)),))


def again(walk: Specializer, op: Any, before: tuple[Atom, ...], args: tuple[Atom, ...], name: str) -> Any:
    """The call with its operands made sequences; NOT_HERE where they were."""
    same = len(before) == len(args) and all(a is b for a, b in zip(before, args))
    return NOT_HERE if same else walk.apply(Const(op), args, (), name)


def is_none(atom: Any) -> bool:
    return atom is None or (isinstance(atom, Const) and atom.value is None)
