"""Builtins: Python's own functions where static structure or a user's object decides what they do.

In come the operands of a call, out comes the atom of its value, or NOT_HERE where the call is one like any
other.

    sum([v, w])  ->  0 + v + w        dict([("a", x)])  ->  {'a': x}        list(map(f, [x]))  ->  [f(x)]
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from astgrad import runtime
from astgrad.errors import UnsupportedSyntax
from astgrad.ir import Atom, Closure, Const, Tree, Var
from astgrad.transform import classes, containers, iterators, maths, ordering, prelude, queries
from astgrad.transform.containers import NOT_HERE
from astgrad.transform.sources import Rows, at_step, length

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

Operands = tuple[Atom, ...]
Named = dict[str, Atom]
ABSENT = object()


def _sum(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    seq = iterators.whole(walk, args[0])
    start = named.get("start", args[1] if len(args) > 1 else None)
    items = containers.elements(seq)
    trees = items is not None and any(isinstance(item, (Tree, Closure)) for item in items)
    if trees or walk.is_varied(*(() if start is None else (start,))):
        return walk.enter(prelude.added, seq, Const(0) if start is None else start)
    return iterators.again(walk, sum, args, (seq, *(() if start is None else (start,))), name)


def _sequence(kind: Any) -> Callable[..., Any]:
    def build(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
        if len(args) != 1 or named:
            return NOT_HERE
        seq = iterators.whole(walk, args[0])
        if seq is args[0]:
            return NOT_HERE
        return walk.apply(Const(kind), (seq,), (), name)

    return build


def _dict(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    """dict(mapping or pairs, **named), of keys that are known."""
    if not args:
        return NOT_HERE
    found: dict[Any, Atom] = {}
    if isinstance(args[0], Tree) and args[0].kind is dict:
        found.update(containers.fields(args[0]))
    else:
        for pair in iterators.elements(walk, args[0]) or (ABSENT,):
            parts = containers.elements(pair) if pair is not ABSENT else None  # type: ignore[arg-type]
            if parts is None or len(parts) != 2 or not isinstance(parts[0], Const):
                return NOT_HERE
            found[parts[0].value] = parts[1]
    found.update(named)
    return Tree(dict, tuple(found.values()), tuple(found))


def _whole(op: Any, entered: Any = None) -> Callable[..., Any]:
    """A function of a sequence, which may be an iterator; with `entered`, by its lines."""

    def of_sequence(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
        if named or not args:
            return NOT_HERE
        if entered is not None and isinstance(args[0], (Tree, Var)):
            return walk.enter(entered, args[0])
        return iterators.again(walk, op, args, (iterators.whole(walk, args[0]), *args[1:]), name)

    return of_sequence


def _iterator(op: Any) -> Callable[..., Any]:
    def make(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
        if op is enumerate and "start" in named:
            args, named = (*args, named["start"]), {}
        if op is zip and set(named) == {"strict"}:
            iterators.check_strict(walk, args, named.pop("strict"))
        return NOT_HERE if named else iterators.make(walk, op, args)

    return make


def _rearranged(op: Any) -> Callable[..., Any]:
    return lambda walk, args, named, name: NOT_HERE if named else iterators.rearranged(walk, op, args)


def _replace(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    """dataclasses.replace, which makes a new object by the constructor."""
    if not isinstance(args[0], Tree):
        return NOT_HERE
    given = dict(named)
    for field in dataclasses.fields(args[0].kind):
        if field.init and field.name not in given:
            given[field.name] = walk.apply(Const(getattr), (args[0], Const(field.name)), ())
    return walk.apply(Const(args[0].kind), (), tuple(given.items()), name)


def _taken_apart(kind: type) -> Callable[..., Any]:
    """dataclasses.astuple and asdict, of fields that hold fields."""

    def of_fields(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
        if not isinstance(args[0], Tree) or not containers.is_plain_dataclass(args[0].kind) or named:
            return NOT_HERE
        return inside(args[0])

    def inside(atom: Atom) -> Atom:
        if not isinstance(atom, Tree):
            return atom
        items = tuple(map(inside, atom.items))
        if not containers.is_plain_dataclass(atom.kind):
            return Tree(atom.kind, items, atom.keys)
        return Tree(kind, items, atom.keys if kind is dict else ())

    return of_fields


def _next(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    """The first item of an iterator, which is used up by it."""
    if not isinstance(args[0], Tree) or args[0].kind not in iterators.LAZY:
        return NOT_HERE
    source = iterators.consumed(walk, args[0])
    count = length(walk, source)
    if count is None and not isinstance(source, Rows):
        walk.refuse(UnsupportedSyntax, "the next item of an iterator is not known", "make a list of it")
    if count == 0 and len(args) < 2:
        raise StopIteration
    return args[1] if count == 0 else at_step(walk, source, 0, name)


def _reduce(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    function, seq, *start = args
    seq = iterators.whole(walk, seq)
    if start:
        return walk.enter(prelude.folded, function, seq, start[0])
    items = containers.elements(seq)
    if items == ():
        raise TypeError("reduce() of empty iterable with no initial value")
    return walk.enter(prelude.folded_from_first, function, seq)


TABLE: dict[Any, Callable[..., Any]] = {
    **ordering.TABLE,
    **queries.TABLE,
    **maths.TABLE,
    sum: _sum,
    list: _sequence(list),
    tuple: _sequence(tuple),
    dict: _dict,
    any: _whole(any, prelude.anything),
    all: _whole(all, prelude.everything),
    math.fsum: _whole(math.fsum),
    runtime.unpack: _whole(runtime.unpack),
    **{op: _iterator(op) for op in (map, filter, zip, enumerate, reversed, iter)},
    **{op: _rearranged(op) for op in iterators.REARRANGING},
    next: _next,
    functools.reduce: _reduce,
    dataclasses.replace: _replace,
    dataclasses.astuple: _taken_apart(tuple),
    dataclasses.asdict: _taken_apart(dict),
    super: lambda walk, args, named, name: classes.make_super(walk, args, name),
    setattr: lambda walk, args, named, name: classes.assign(walk, args, name),
    object.__setattr__: lambda walk, args, named, name: classes.assign_plainly(walk, args, name),
    classes.nothing: lambda walk, args, named, name: Const(None),
}
