"""Sources: what a loop steps through.

In comes an iterable as an atom, out comes what it is: an array that is stepped through by index, a range,
items that are known one by one, several of these at once; and with it what gives the item of a step.

    enumerate(zip(X, p))    ->    Zipped(Counted(0), Zipped(Rows(X), Static(p0, p1)))
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Union

from astgrad import ir
from astgrad.analyses import specs as sp
from astgrad.ir import Atom, Const, Tree, Var
from astgrad.records import record, state
from astgrad.transform.builder import atom_of

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer


@record
class Native:
    """An iterable as it is, and the spec of its items."""

    atom: Atom
    spec: sp.Spec


@record
class Rows:
    """A sequence that is stepped through by index."""

    atom: Atom
    backwards: bool = False


@record
class Counted:
    """itertools.count(start)."""

    start: Atom


@record
class Static:
    """Items that are known one by one."""

    items: tuple[Atom, ...]


@record
class Zipped:
    """Several sources at once: an item is the tuple of theirs."""

    sources: tuple[Source, ...]


@record
class Mapped:
    """map(function, ...): an item is what the function gives of those of the source."""

    function: Atom
    source: Zipped


UNROLLED = 64  # steps of a loop over what has static structure

Source = Union[Native, Rows, Counted, Static, Zipped, Mapped]


def source(walk: Specializer, atom: Atom) -> Source:
    """What an iterable is."""
    if isinstance(atom, Tree):
        return Static(tuple(map(Const, atom.keys)) if atom.kind is dict else atom.items)
    if isinstance(atom, Const) and isinstance(atom.value, (range, str, tuple)):
        return Native(atom, sp.INT if isinstance(atom.value, range) else sp.UNKNOWN)
    spec = walk.spec(atom)
    if isinstance(spec, sp.Struct):
        return source(walk, walk.as_tree(atom))
    if isinstance(spec, (sp.Array, sp.Listing)):
        return Rows(atom)
    call = walk.defs.get(atom) if isinstance(atom, Var) else None
    made = _made(walk, call) if call is not None else None
    if made is not None:
        return made
    if walk.is_varied(atom):
        return Rows(atom)
    return Native(atom, sp.UNKNOWN)


def _made(walk: Specializer, call: ir.Call) -> Source | None:
    """The source that a call of one of Python's iterators makes."""
    op = call.op.value if isinstance(call.op, Const) else None
    if op is range:
        return Native(call.target, sp.INT) if call.target else None
    if op is itertools.count:
        return Counted(call.args[0] if call.args else Const(0))
    return None


def length(walk: Specializer, given: Source) -> int | None:
    """The number of items where it is known before the call."""
    if isinstance(given, Static):
        return len(given.items)
    if isinstance(given, Native) and isinstance(given.atom, Const):
        few = not isinstance(given.atom.value, range) and len(given.atom.value) <= UNROLLED
        return len(given.atom.value) if few else None
    if isinstance(given, Mapped):
        return length(walk, given.source)
    if isinstance(given, Zipped):
        lengths = [n for n in (length(walk, each) for each in given.sources) if n is not None]
        return min(lengths, default=None)
    return None


def known_items(walk: Specializer, given: Native) -> tuple[Atom, ...] | None:
    """The items of a text, a tuple, or a range between bounds that are known."""
    if isinstance(given.atom, Const):
        return tuple(map(atom_of, given.atom.value))
    call = walk.defs.get(given.atom) if isinstance(given.atom, Var) else None
    if call is None or not isinstance(call.op, Const) or call.op.value is not range:
        return None
    try:
        bounds = [sp.static(walk.spec(arg)) for arg in call.args]
    except sp.Undecided:
        return None
    return tuple(map(Const, range(*bounds)))


# --- steps


@state
class Steps:
    """The iterables of the loop that is made, the items that they bind, and what the primal's items are."""

    walk: Specializer
    iters: list[Atom]
    items: list[Var]
    index: Var | None = None

    def item(self, given: Source, name: str) -> Callable[[], Atom]:
        """Add an iterable; what gives its item inside the body."""
        if isinstance(given, Native):
            var = Var(name)
            self.walk.specs[var] = given.spec
            self.iters.append(given.atom)
            self.items.append(var)
            return lambda: var
        if isinstance(given, Rows):
            index = self.indexed(name)
            return lambda: self.row(given, index, name)
        if isinstance(given, Counted):
            index = self.indexed("")
            index.name = index.name or name
            plain = isinstance(given.start, Const) and given.start.value == 0
            return lambda: index if plain else self.walk.call(operator.add, given.start, index, name=name)
        if isinstance(given, Mapped):
            of = self.item(given.source, "")
            return lambda: applied(self.walk, given, of(), name)
        assert isinstance(given, Zipped)
        inner = [self.item(each, "") for each in given.sources]
        return lambda: Tree(tuple, tuple(each() for each in inner))

    def indexed(self, name: str) -> Var:
        """The index of the step, which all sequences share."""
        if self.index is None:
            self.index = Var()
            self.walk.specs[self.index] = sp.INT
        return self.index

    def row(self, given: Rows, index: Var, name: str) -> Atom:
        at: Atom = index
        if given.backwards:
            last = self.walk.call(operator.sub, self.walk.call(len, given.atom), 1)
            at = self.walk.call(operator.sub, last, index)
        return self.walk.apply(Const(operator.getitem), (given.atom, at), (), name)

    def finish(self, sources: list[Source]) -> None:
        """The range of the shared index: as long as the shortest sequence."""
        if self.index is None:
            return
        rows = _sequences(sources)
        lengths = list(dict.fromkeys(self.walk.call(len, each.atom) for each in rows))
        if not lengths:
            self.iters.insert(0, self.walk.call(itertools.count))
        else:
            shortest = lengths[0] if len(lengths) == 1 else self.walk.call(min, *lengths)
            self.iters.insert(0, self.walk.append(Const(range), (shortest,), (), sp.UNKNOWN, ir.PURE))
        self.items.insert(0, self.index)


def _sequences(sources: Any) -> list[Rows]:
    found = []
    for each in sources:
        found += [each] if isinstance(each, Rows) else _sequences(parts_of(each))
    return found


def parts_of(given: Source) -> tuple[Source, ...]:
    """The sources that one steps through."""
    return (
        (given.source,) if isinstance(given, Mapped) else given.sources if isinstance(given, Zipped) else ()
    )


def applied(walk: Specializer, given: Mapped, items: Atom, name: str) -> Atom:
    """What the function of a `map` gives of the items of one step."""
    assert isinstance(items, Tree)
    return walk.apply(given.function, items.items, (), name)


def at_step(walk: Specializer, given: Source, step: int, name: str) -> Atom:
    """The item of a step of a loop that is written out."""
    if isinstance(given, Static):
        return given.items[step]
    if isinstance(given, Counted):
        return walk.apply(Const(operator.add), (given.start, Const(step)), (), name)
    if isinstance(given, Zipped):
        return Tree(tuple, tuple(at_step(walk, each, step, "") for each in given.sources))
    if isinstance(given, Mapped):
        return applied(walk, given, at_step(walk, given.source, step, ""), name)
    if isinstance(given, Rows):
        at = -1 - step if given.backwards else step
        return walk.apply(Const(operator.getitem), (given.atom, Const(at)), (), name)
    found = known_items(walk, given)
    if found is not None:
        return found[step]
    return walk.apply(Const(operator.getitem), (given.atom, Const(step)), (), name)
