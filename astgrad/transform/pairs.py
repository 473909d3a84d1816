"""Pairs: calls that cannot be entered here: they never end, or only the call knows whom they call.

In comes a call of a function that calls itself, or of one that is known only at run time; out comes a call
that gives the value and the pullback, which is compiled there for what it is given (S15).

    return x * power(x, n - 1)    ->    y, back = pair(power, x, n - 1)
                                        ...
                                        bx, _ = back(by)

What a recursive function gives is found by walking it with what its own calls are taken to give: nothing at
first, then what the other paths give, until that holds.
"""

from __future__ import annotations

import operator
from types import FunctionType
from typing import TYPE_CHECKING, Any

from astgrad import ir, runtime_control
from astgrad.analyses import regions
from astgrad.analyses import specs as sp
from astgrad.analyses.joining import NESTED
from astgrad.errors import MissingRule, UnsupportedSyntax
from astgrad.ir import Atom, Const, Effects, Function, Var
from astgrad.records import fresh, state
from astgrad.transform import lists
from astgrad.transform.states import Fixed, Leaf, State, bind, entry, local, met

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

CALLED = Effects(None, (), True, "unknown")
ROUNDS = 6
ADVICE = "call it with the arguments in their order"


class Unreached(Exception):
    """A call of which nothing is known yet: the path that makes it gives nothing so far."""


@state
class Pair:
    """A call that gave a value and its pullback."""

    value: Var
    back: Var
    args: tuple[Atom, ...]


@state
class Pairs:
    """The pairs of a walk by the Var that holds both, and what recursive functions are known to give."""

    made: dict[Var, Pair] = fresh(factory=dict)
    results: dict[Any, State | None] = fresh(factory=dict)  # None while it is found


def recursive(walk: Specializer, op: Const, function: Function, args: tuple[Atom, ...], name: str) -> Atom:
    """A call of a function inside itself, on a path that the specs do not decide."""
    key = (op.value.__code__, tuple(map(str, (walk.spec(arg) for arg in args))))
    results = walk.pairs.results
    if key not in results:
        results[key] = None
        results[key] = given(walk, key, function, args)
    state = results[key]
    if state is None:
        raise Unreached
    return call(walk, op, args, state, name)


def given(walk: Specializer, key: Any, function: Function, args: tuple[Atom, ...]) -> State:
    """The state of what a recursive function returns for arguments like these."""
    found: State | None = None
    for _ in range(ROUNDS):
        inner, _unused = walk.inside()
        with inner.region() as body:
            bound: list[Var] = []
            env = {
                p.var: bind(inner, local(entry(walk, arg), frozenset()), p.var.name, bound)
                for p, arg in zip(function.params, args)
            }
            result = inner.run(function, env)
            leaves = frozenset(regions.bound(body))
        state = local(entry(inner, result), leaves | frozenset(bound))
        state = state if found is None else met(walk, found, state)
        if state == found:
            break
        found = walk.pairs.results[key] = state
    assert found is not None
    return found


def call(walk: Specializer, op: Atom, args: tuple[Atom, ...], state: State, name: str) -> Atom:
    """The call itself; with a pullback where a differentiated value goes in."""
    if not walk.is_varied(*args):
        value = walk.append(op, args, (), sp.UNKNOWN, CALLED, name)
        return shaped(walk, value, state, name)
    both = walk.append(Const(runtime_control.pair), (op, *args), (), sp.UNKNOWN, CALLED)
    value = walk.append(Const(operator.getitem), (both, Const(0)), (), sp.UNKNOWN, ir.VIEW, name)
    back = walk.append(Const(operator.getitem), (both, Const(1)), (), sp.UNKNOWN, ir.VIEW, "back")
    walk.varied.update((both, value))
    walk.pairs.made[both] = Pair(value, back, args)
    return shaped(walk, value, state, name)


def shaped(walk: Specializer, value: Var, state: State, name: str) -> Atom:
    """The value of a call, with what is known of it."""
    if isinstance(state, Fixed):
        return state.atom
    if isinstance(state, Leaf):
        walk.specs[value] = sp.named(state.spec, value)
        if not state.varied and not isinstance(state.spec, sp.Unknown):
            walk.varied.discard(value)
        return value
    return lists.apart(walk, value, state, name)


def unknown(walk: Specializer, op: Var, args: tuple[Atom, ...], kwargs: Any, name: str) -> Atom:
    """A call of a function that is known only at run time."""
    if kwargs or walk.spec(op) is NESTED:
        walk.refuse(MissingRule, "the function called here is known only at run time", ADVICE)
    if walk.in_rule:
        walk.refuse(UnsupportedSyntax, "a rule calls a function that it is given", "")
    return call(walk, op, args, Leaf(sp.UNKNOWN, walk.is_varied(*args)), name)


def is_entered(walk: Specializer, op: Atom, function: Function) -> bool:
    """Whether a call leads into a function that is being walked, by a path that the specs do not decide."""
    if walk.in_rule or not isinstance(op, Const) or not isinstance(op.value, FunctionType):
        return False
    for frame, depth in zip(reversed(walk.stack), reversed(walk.entered)):
        if frame.origin == function.origin and function.origin.line:
            return walk.undecided > depth
    return False
