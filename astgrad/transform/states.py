"""States: what is known of a value at every step of a loop, or in every entry of a tape.

In come a value at entry and what comes around, out comes the narrowest state that holds for both: a leaf with
its spec, a constant that no step changes, or a container of static structure with the states of its items.

    (0.0, x) and (~float, f8[x0])    ->    Node(tuple, Leaf(~float), Leaf(f8[x0]))
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Union

from astgrad.analyses import specs as sp
from astgrad.analyses.joining import forget, join, outside
from astgrad.ir import UNDEFINED, Atom, Const, Tree, Var
from astgrad.records import record, replace, value
from astgrad.transform import control

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer


@value
class Leaf:
    """A carried value of which this is known at every step."""

    spec: sp.Spec
    varied: bool


@record
class Fixed:
    """A constant that no step has changed so far."""

    atom: Atom

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fixed) and (
            self.atom is other.atom or control.same_constant(self.atom, other.atom)
        )


@value
class Node:
    """A container of static structure."""

    kind: type
    keys: tuple[Any, ...]
    items: tuple[State, ...]

    @property
    def shape(self) -> tuple[type, tuple[Any, ...], int]:
        return self.kind, self.keys, len(self.items)


State = Union[Leaf, Fixed, Node]


def entry(walk: Specializer, atom: Atom) -> State:
    if isinstance(atom, Tree):
        return Node(atom.kind, atom.keys, tuple(entry(walk, item) for item in atom.items))
    literal = isinstance(atom, Const) and isinstance(walk.spec(atom), sp.Number)
    if not isinstance(atom, Var) and not literal:
        return Fixed(atom)
    return Leaf(forget(walk.spec(atom)), walk.is_varied(atom))


def item_spec(state: State | None) -> sp.Spec:
    """A state as a spec."""
    if isinstance(state, Leaf):
        return state.spec
    if isinstance(state, Node):
        return sp.Struct(state.kind, tuple(map(item_spec, state.items)), state.keys)
    return sp.UNKNOWN if state is None else sp.Known(state.atom)


def listing(state: State) -> sp.Spec:
    """The spec of a list of items in this state."""
    return sp.Listing(item_spec(state), state)


def met(walk: Specializer, a: State, b: State) -> State:
    """The narrowest state that holds for both."""
    if a == b:
        return a
    if isinstance(a, Node) and isinstance(b, Node) and a.shape == b.shape:
        return Node(a.kind, a.keys, tuple(met(walk, *pair) for pair in zip(a.items, b.items)))
    items = items_of(walk, a, b)
    if items is not None:
        return Leaf(listing(items), is_varied(items))
    first, second = known(walk, a), known(walk, b)
    return Leaf(join(first.spec, second.spec), first.varied or second.varied)


def items_of(walk: Specializer, *states: State) -> State | None:
    """The state of the items of lists of several lengths; None where they are no lists or are all empty."""
    found: list[State] = []
    for state in states:
        if isinstance(state, Node) and state.kind is list:
            found += state.items
        elif isinstance(state, Leaf) and isinstance(state.spec, sp.Listing):
            found.append(state.spec.state)
        else:
            return None
    return functools.reduce(lambda a, b: met(walk, a, b), found) if found else None


def is_varied(state: State) -> bool:
    if isinstance(state, Node):
        return any(map(is_varied, state.items))
    return isinstance(state, Leaf) and state.varied


def widened(walk: Specializer, state: State, atom: Atom, inner: frozenset[Var]) -> State:
    """What holds at the head and for a value that comes around."""
    if atom is UNDEFINED:
        return state
    if isinstance(state, Fixed):
        if state.atom is UNDEFINED:
            return local(entry(walk, atom), inner)
        if state == Fixed(atom):
            return state
    if isinstance(state, Node) and isinstance(atom, Tree):
        same = (state.kind, state.keys, len(state.items)) == (atom.kind, atom.keys, len(atom.items))
        if same:
            items = (widened(walk, *pair, inner) for pair in zip(state.items, atom.items))
            return Node(state.kind, state.keys, tuple(items))
    alike = items_of(walk, state, local(entry(walk, atom), inner)) if is_list(walk, state, atom) else None
    if alike is not None:
        return Leaf(listing(alike), is_varied(alike))
    leaf = known(walk, state)
    spec = join(leaf.spec, outside(forget(walk.spec(atom)), inner))
    varied = (leaf.varied or walk.is_varied(atom)) and control.may_vary(spec)
    return Leaf(spec, varied)


def is_list(walk: Specializer, state: State, atom: Atom) -> bool:
    """Whether both are lists: of known lengths that differ, or of unknown ones."""
    lists = isinstance(atom, Tree) and atom.kind is list
    lists = lists or (isinstance(atom, Var) and isinstance(walk.spec(atom), sp.Listing))
    own = isinstance(state, Node) and state.kind is list
    return lists and (own or (isinstance(state, Leaf) and isinstance(state.spec, sp.Listing)))


def local(state: State, inner: frozenset[Var]) -> State:
    """A state that comes from inside of the body, said from outside."""
    if isinstance(state, Node):
        return replace(state, items=tuple(local(item, inner) for item in state.items))
    if isinstance(state, Leaf) and isinstance(state.spec, sp.Listing):
        return Leaf(listing(local(state.spec.state, inner)), state.varied)
    return Leaf(outside(state.spec, inner), state.varied) if isinstance(state, Leaf) else state


def known(walk: Specializer, state: State) -> Leaf:
    if isinstance(state, Leaf):
        return state
    if isinstance(state, Fixed):
        return Leaf(forget(walk.spec(state.atom)), False)
    return Leaf(sp.UNKNOWN, any(known(walk, item).varied for item in state.items))


def bind(walk: Specializer, state: State, name: str, found: list[Var]) -> Atom:
    """Vars for the leaves of a state."""
    if isinstance(state, Fixed):
        return state.atom
    if isinstance(state, Node):
        like = Tree(state.kind, (UNDEFINED,) * len(state.items), state.keys)
        items = (
            bind(walk, item, control.item_name(name, like, i), found) for i, item in enumerate(state.items)
        )
        return Tree(state.kind, tuple(items), state.keys)
    var = Var(name)
    walk.specs[var] = sp.named(state.spec, var)
    if state.varied:
        walk.varied.add(var)
    found.append(var)
    return var


def leaves(state: State, atom: Atom) -> list[Atom]:
    """The parts of a value at the leaves of its state."""
    if isinstance(state, Fixed):
        return []
    if isinstance(state, Node):
        items = control.parts(atom, Tree(state.kind, (UNDEFINED,) * len(state.items), state.keys))
        return [leaf for pair in zip(state.items, items) for leaf in leaves(*pair)]
    return [atom]
