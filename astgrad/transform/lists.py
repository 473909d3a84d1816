"""Lists of unknown length: what a walk knows of their items, and what Python does with them.

In come calls on a list that grew in a loop or by a comprehension, out come statements whose results have the
structure of the items. What is known of a list is the state of its items (`specs.Listing`).

    hs: [f8[n], ...]     hs[i]  ->  t1 = getitem(hs, i): f8[n]        np.array(hs)  ->  f8[None, n]
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from astgrad import ir, runtime_lists, runtime_python
from astgrad.analyses import specs as sp
from astgrad.analyses.joining import loose
from astgrad.ir import Atom, Const, Tree, Var
from astgrad.transform.containers import NOT_HERE
from astgrad.transform.control import may_vary
from astgrad.transform.states import Fixed, Leaf, Node, State, entry, is_varied, listing, met

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer


def state_of(walk: Specializer, atom: Atom) -> State | None:
    """The state of the items of a list; None where it is none, or where they are not alike."""
    if isinstance(atom, Tree):
        states = [entry(walk, item) for item in atom.items] if atom.kind in (list, tuple) else []
        return functools.reduce(lambda a, b: met(walk, a, b), states) if states else None
    spec = walk.spec(atom)
    return spec.state if isinstance(spec, sp.Listing) else None


def is_listing(walk: Specializer, atom: Atom) -> bool:
    return isinstance(atom, Var) and isinstance(walk.spec(atom), sp.Listing)


def element(walk: Specializer, of: Atom, index: Atom, state: State, name: str) -> Atom:
    """of[index], taken apart as the state of the items says."""
    if isinstance(state, Fixed):
        return state.atom
    spec = loose(state.spec) if isinstance(state, Leaf) else sp.UNKNOWN
    var = walk.append(Const(operator.getitem), (of, index), (), spec, ir.VIEW, name)
    if is_varied(state) or (walk.is_varied(of) and may_vary(spec)):
        walk.varied.add(var)
    return apart(walk, var, state, name) if isinstance(state, Node) else var


def apart(walk: Specializer, var: Var, state: Node, name: str) -> Atom:
    """A container of known structure as the Tree of its items."""
    keys = state.keys or range(len(state.items))
    items = []
    for key, item in zip(keys, state.items):
        named = state.keys and state.kind is not dict
        if named:
            part = walk.append(Const(getattr), (var, Const(key)), (), sp.UNKNOWN, ir.VIEW, str(key))
            walk.specs[part] = item.spec if isinstance(item, Leaf) else sp.UNKNOWN
            if is_varied(item):
                walk.varied.add(part)
            items.append(apart(walk, part, item, str(key)) if isinstance(item, Node) else part)
        else:
            items.append(element(walk, var, Const(key), item, f"{name}{key}" if name else ""))
    return Tree(state.kind, tuple(items), state.keys)


def _appended(walk: Specializer, args: Any, name: str) -> Any:
    items, value = args
    if isinstance(items, Tree):
        return Tree(list, (*items.items, value))
    state = state_of(walk, items)
    spec = listing(met(walk, state, entry(walk, value))) if state is not None else sp.UNKNOWN
    return made(walk, runtime_python.appended, args, spec, name)


def made(walk: Specializer, op: Any, args: tuple[Atom, ...], spec: sp.Spec, name: str) -> Var:
    """A call that makes a list of its operands."""
    var = walk.append(Const(op), args, (), spec, ir.PURE, name)
    if walk.is_varied(*args):
        walk.varied.add(var)
    return var


def _getitem(walk: Specializer, args: Any, name: str) -> Any:
    of, index = args
    if isinstance(of, Tree) and is_static(walk, walk.force(index)):
        return NOT_HERE
    state = state_of(walk, of)
    if state is None:
        return NOT_HERE
    if isinstance(index, Tree) and index.kind is slice:
        return made(walk, operator.getitem, args, listing(state), name)
    return element(walk, of, index, state, name)


def is_static(walk: Specializer, index: Atom) -> bool:
    try:
        sp.static(walk.spec(index))
    except sp.Undecided:
        return False
    return True


def _joined(walk: Specializer, args: Any, name: str) -> Any:
    states = [state_of(walk, arg) for arg in args]
    lists = [is_listing(walk, arg) or (isinstance(arg, Tree) and arg.kind is list) for arg in args]
    if not all(lists) or not any(is_listing(walk, arg) for arg in args):
        return NOT_HERE
    known = [state for state in states if state is not None]
    state = met(walk, known[0], known[-1])
    return made(walk, runtime_lists.joined, args, listing(state), name)


def _copied(walk: Specializer, args: Any, name: str) -> Any:
    """list(items)"""
    if len(args) != 1 or not is_listing(walk, args[0]):
        return NOT_HERE
    return made(walk, runtime_lists.copied, args, walk.spec(args[0]), name)


def _len(walk: Specializer, args: Any, name: str) -> Any:
    if not is_listing(walk, args[0]):
        return NOT_HERE
    return walk.append(Const(len), args, (), sp.INT, ir.PURE, name)


def _taken(walk: Specializer, args: Any, name: str) -> Any:
    """Items of a list, or of an array, which are numbers, in another order."""
    places = known_places(walk, args[1])
    if places is not None:
        pick = Const(operator.getitem)
        return Tree(list, tuple(walk.apply(pick, (args[0], Const(i)), ()) for i in places))
    spec = walk.spec(args[0])
    if isinstance(spec, sp.Array) and sp.rank(spec) == 1:
        state: State | None = Leaf(sp.Number(spec.dtype.type), walk.is_varied(args[0]))
    else:
        state = state_of(walk, args[0])
    return NOT_HERE if state is None else made(walk, runtime_lists.taken, args, listing(state), name)


def known_places(walk: Specializer, positions: Atom) -> list[int] | None:
    """Positions that are known one by one."""
    if not isinstance(positions, Tree):
        return None
    found = [walk.force(each) for each in positions.items]
    return [each.value for each in found if isinstance(each, Const)] if found else None


def _put_back(walk: Specializer, args: Any, name: str) -> Any:
    """The adjoint of items that were taken in another order."""
    places = known_places(walk, args[1])
    if places is not None and isinstance(args[0], Tree) and isinstance(args[2], Tree):
        return Tree(list, tuple(args[0].items[places.index(i)] for i in range(len(places))))
    items = walk.spec(args[2])
    if not isinstance(items, (sp.Array, sp.Listing)):
        return NOT_HERE
    return made(walk, runtime_lists.put_back, args, items, name)


def _static(op: Any) -> Callable[..., Any]:
    """One of the runtime's functions on lists: done here where the lists are known item by item."""

    def static(walk: Specializer, args: Any, name: str) -> Any:
        if all(isinstance(arg, Tree) and arg.kind in (list, tuple) for arg in args):
            items = op(*(list(arg.items) for arg in args))
            return Tree(args[0].kind, tuple(items))
        spec = next((walk.spec(arg) for arg in args if is_listing(walk, arg)), sp.UNKNOWN)
        return made(walk, op, args, spec, name)

    return static


STATIC = (
    *(runtime_lists.popped, runtime_lists.front, runtime_lists.back),
    *(runtime_lists.copied, runtime_lists.joined),
)
OPERATIONS: dict[Any, Callable[..., Any]] = {
    runtime_python.appended: _appended,
    operator.getitem: _getitem,
    operator.add: _joined,
    list: _copied,
    len: _len,
    runtime_lists.taken: _taken,
    runtime_lists.put_back: _put_back,
    **{op: _static(op) for op in STATIC},
}
