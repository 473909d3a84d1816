"""Loops: how the walk goes through a `for` or a `while`.

In comes a lowered `Loop`, out goes one whose carried values have the specs that hold at every step: the
body is walked with what holds at entry, and again with what joins that with the back edge, until nothing
changes (S14). Containers of static structure are carried leaf by leaf. Arrays are stepped through by index,
so that a row is visibly a view; what is iterated and has static structure is written out step by step.

    for row in X: s = s + row @ row    ->    s = loop s_1=0.0 for i in range(len(X)):
                                               row = getitem(X, i); ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Union

from astgrad.analyses import specs as sp
from astgrad.analyses.joining import forget, join, outside
from astgrad.errors import UnsupportedSyntax
from astgrad.ir import UNDEFINED, Atom, Block, Const, Loop, Statement, Tree, Var
from astgrad.transform import control
from astgrad.transform.control import Env
from astgrad.transform.sources import Native, Rows, Source, Steps, Zipped, at_step, length, source

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

UNROLLED = 64  # steps of a loop over what has static structure
LENGTH = "the number of steps is not known before the call"


# --- a loop


def loop(walk: Specializer, statement: Loop, env: Env) -> None:
    """A loop, written out where its items are known one by one."""
    if walk.in_rule:
        raise sp.Undecided
    with walk.at(statement.origin):
        sources = [source(walk, walk.atom(each, env)) for each in statement.iters]
        count = length(walk, Zipped(tuple(sources)))
        if count is not None:
            check_lengths(walk, sources, count)
            carried = tuple(walk.atom(atom, env) for atom in statement.initial)
            unrolled(walk, statement, sources, count, 0, carried, env)
            return
        Scan(walk, statement, sources).run(env)


def check_lengths(walk: Specializer, sources: list[Source], count: int) -> None:
    """Beside items that are known one by one, sequences must be known to be as long."""
    for each in sources:
        if isinstance(each, Zipped):
            check_lengths(walk, list(each.sources), count)
        elif isinstance(each, Rows):
            spec = walk.spec(each.atom)
            known = walk.exact_length(spec.shape[0]) if isinstance(spec, sp.Array) and spec.shape else None
            if known is None or known < count:
                walk.refuse(UnsupportedSyntax, LENGTH, "zip sequences of one kind")
        elif isinstance(each, Native) and not _is_range(each.atom, count):
            walk.refuse(UnsupportedSyntax, LENGTH, "zip sequences of one kind")
    if count > UNROLLED:
        walk.refuse(UnsupportedSyntax, f"a loop over {count} items of a list or tuple", "use an array")


def _is_range(atom: Atom, count: int) -> bool:
    return isinstance(atom, Const) and isinstance(atom.value, range) and len(atom.value) >= count


def unrolled(
    walk: Specializer,
    statement: Loop,
    sources: list[Source],
    count: int,
    step: int,
    carried: tuple[Atom, ...],
    env: Env,
) -> None:
    """The steps from `step` on, one after the other; behind one that may stop, the rest is in a branch."""
    for now in range(step, count):
        env.update(zip(statement.params, carried))
        for each, item in zip(sources, statement.items):
            env[item] = at_step(walk, each, now, item.name)
        walk.block(statement.body, env)
        carried = tuple(walk.atom(atom, env) for atom in statement.body.results)
        if statement.stop is None:
            continue
        stop = walk.atom(statement.stop, env)
        try:
            if control.truth(walk, stop):
                break
        except sp.Undecided:
            rest = _rest(walk, statement, sources, count, now + 1, carried, env)
            left = control.Arm([], carried)
            control.join_arms(walk, statement.targets, stop, left, rest, env)
            return
    env.update(zip(statement.targets, carried))


def _rest(
    walk: Specializer, statement: Loop, sources: Any, count: int, step: int, carried: Any, env: Env
) -> control.Arm:
    with walk.region() as body:
        results: tuple[Atom, ...] = (UNDEFINED,) * len(carried)
        if control.within(walk, lambda: unrolled(walk, statement, sources, count, step, carried, env)):
            results = tuple(env[target] for target in statement.targets)
    return control.Arm(body, results)


# --- carried values


@dataclass(frozen=True, repr=False)
class Leaf:
    """A carried value of which this is known at every step."""

    spec: sp.Spec
    varied: bool


@dataclass(frozen=True, eq=False, repr=False)
class Fixed:
    """A constant that no step has changed so far."""

    atom: Atom

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fixed) and (
            self.atom is other.atom or control.same_constant(self.atom, other.atom)
        )


@dataclass(frozen=True, repr=False)
class Node:
    """A container of static structure."""

    kind: type
    keys: tuple[Any, ...]
    items: tuple[State, ...]


State = Union[Leaf, Fixed, Node]


class Scan:
    """One loop that stays a loop."""

    def __init__(self, walk: Specializer, statement: Loop, sources: list[Source]) -> None:
        self.walk, self.statement, self.sources = walk, statement, sources

    def run(self, env: Env) -> None:
        walk, statement = self.walk, self.statement
        initial = tuple(walk.atom(atom, env) for atom in statement.initial)
        key = (*walk.calls, id(statement))
        states = walk.heads.get(key) or tuple(self.entry(atom) for atom in initial)
        states = tuple(self.widened(state, atom, frozenset()) for state, atom in zip(states, initial))
        while True:
            before = len(walk.body)
            made = self.walked(states, env)
            wider = tuple(self.widened(*pair, made.inner) for pair in zip(states, made.results))
            if wider == states:
                break
            del walk.body[before:]
            states = wider
        walk.heads[key] = states
        self.finish(states, initial, made, env)

    # --- states

    def entry(self, atom: Atom) -> State:
        if isinstance(atom, Tree):
            return Node(atom.kind, atom.keys, tuple(map(self.entry, atom.items)))
        literal = isinstance(atom, Const) and isinstance(self.walk.spec(atom), sp.Number)
        if not isinstance(atom, Var) and not literal:
            return Fixed(atom)
        return Leaf(forget(self.walk.spec(atom)), self.walk.is_varied(atom))

    def widened(self, state: State, atom: Atom, inner: frozenset[Var]) -> State:
        """What holds at the head and for a value that comes around."""
        if atom is UNDEFINED:
            return state
        if isinstance(state, Fixed):
            if state.atom is UNDEFINED:
                return self.local(self.entry(atom), inner)
            if state == Fixed(atom):
                return state
        if isinstance(state, Node) and isinstance(atom, Tree):
            same = (state.kind, state.keys, len(state.items)) == (atom.kind, atom.keys, len(atom.items))
            if same:
                items = (self.widened(*pair, inner) for pair in zip(state.items, atom.items))
                return Node(state.kind, state.keys, tuple(items))
        known = self.known(state)
        spec = join(known.spec, outside(forget(self.walk.spec(atom)), inner))
        varied = (known.varied or self.walk.is_varied(atom)) and control.may_vary(spec)
        return Leaf(spec, varied)

    def local(self, state: State, inner: frozenset[Var]) -> State:
        """A state that comes from inside of the body, said from outside."""
        if isinstance(state, Node):
            return replace(state, items=tuple(self.local(item, inner) for item in state.items))
        return Leaf(outside(state.spec, inner), state.varied) if isinstance(state, Leaf) else state

    def known(self, state: State) -> Leaf:
        if isinstance(state, Leaf):
            return state
        if isinstance(state, Fixed):
            return Leaf(forget(self.walk.spec(state.atom)), False)
        return Leaf(sp.UNKNOWN, any(self.known(item).varied for item in state.items))

    def bind(self, state: State, name: str, found: list[Var]) -> Atom:
        """Vars for the leaves of a state."""
        if isinstance(state, Fixed):
            return state.atom
        if isinstance(state, Node):
            like = Tree(state.kind, (UNDEFINED,) * len(state.items), state.keys)
            items = (
                self.bind(item, control.item_name(name, like, i), found) for i, item in enumerate(state.items)
            )
            return Tree(state.kind, tuple(items), state.keys)
        var = Var(name)
        self.walk.specs[var] = sp.named(state.spec, var)
        if state.varied:
            self.walk.varied.add(var)
        found.append(var)
        return var

    def leaves(self, state: State, atom: Atom) -> list[Atom]:
        """The parts of a value at the leaves of its state."""
        if isinstance(state, Fixed):
            return []
        if isinstance(state, Node):
            items = control.parts(atom, Tree(state.kind, (UNDEFINED,) * len(state.items), state.keys))
            return [leaf for pair in zip(state.items, items) for leaf in self.leaves(*pair)]
        return [atom]

    # --- walking

    def walked(self, states: tuple[State, ...], env: Env) -> Walked:
        """The test and the body, with what the states say of the carried values."""
        walk, statement = self.walk, self.statement
        params: list[Var] = []
        for var, state in zip(statement.params, states):
            env[var] = self.bind(state, var.name, params)
        steps = Steps(walk, [], [])
        items = [steps.item(each, item.name) for each, item in zip(self.sources, statement.items)]
        steps.finish(self.sources)
        test = None
        if statement.test is not None:
            with walk.region() as body:
                walk.block(statement.test, env)
                asked = walk.atom(statement.test.results[0], env)
            test = Block((), tuple(body), (asked,))
        with walk.region() as body:
            results: tuple[Atom, ...] = (UNDEFINED,) * len(states)
            stop: Atom | None = Const(True)
            if control.within(walk, lambda: self.body(items, env)):
                results = tuple(walk.atom(result, env) for result in statement.body.results)
                stop = walk.atom(statement.stop, env) if statement.stop is not None else None
        inner = frozenset((*control.bound(body), *params, *steps.items))
        return Walked(params, steps, test, body, results, stop, inner)

    def body(self, items: list[Callable[[], Atom]], env: Env) -> None:
        for item, value in zip(self.statement.items, items):
            env[item] = value()
            self.walk.named(env[item], item.name)
        self.walk.block(self.statement.body, env)

    def finish(self, states: tuple[State, ...], initial: tuple[Atom, ...], made: Walked, env: Env) -> None:
        """Append the loop, and bind its targets."""
        walk, statement = self.walk, self.statement
        targets: list[Var] = []
        bound = [self.bind(state, var.name, targets) for state, var in zip(states, statement.targets)]
        env.update(zip(statement.targets, bound))
        entering = [leaf for pair in zip(states, initial) for leaf in self.leaves(*pair)]
        leaving = [leaf for pair in zip(states, made.results) for leaf in self.leaves(*pair)]
        stop = made.stop
        if isinstance(stop, Const) and stop is not UNDEFINED and not stop.value:
            stop = None
        walk.body.append(
            Loop(
                tuple(targets),
                tuple(entering),
                tuple(made.params),
                tuple(made.steps.iters),
                tuple(made.steps.items),
                made.test,
                Block((), tuple(made.body), tuple(leaving)),
                stop,
                (),
                walk.origin,
                label=object(),
            )
        )


@dataclass(eq=False, repr=False)
class Walked:
    """A body as it was walked."""

    params: list[Var]
    steps: Steps
    test: Block | None
    body: list[Statement]
    results: tuple[Atom, ...]
    stop: Atom | None
    inner: frozenset[Var]
