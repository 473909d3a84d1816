"""Loops: how the walk goes through a `for` or a `while`.

In comes a lowered `Loop`, out goes one whose carried values have the specs that hold at every step: the
body is walked with what holds at entry, and again with what joins that with the back edge, until nothing
changes (S14). Containers of static structure are carried leaf by leaf. Arrays are stepped through by index,
so that a row is visibly a view; what is iterated and has static structure is written out step by step.

    for row in X: s = s + row @ row    ->    s = loop s_1=0.0 for i in range(len(X)):
                                               row = getitem(X, i); ...
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from astgrad.analyses import specs as sp
from astgrad.analyses.regions import bound
from astgrad.errors import UnsupportedSyntax
from astgrad.ir import UNDEFINED, Atom, Block, Const, Loop, Statement, Tape, Var
from astgrad.records import state
from astgrad.transform import control, iterators
from astgrad.transform.control import Env
from astgrad.transform.sources import (
    UNROLLED,
    Native,
    Rows,
    Source,
    Steps,
    Zipped,
    at_step,
    known_items,
    length,
    parts_of,
)
from astgrad.transform.states import State, bind, entry, leaves, local, widened

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

LENGTH = "the number of steps is not known before the call"


# --- a loop


def loop(walk: Specializer, statement: Loop, env: Env) -> None:
    """A loop, written out where its items are known one by one."""
    if walk.in_rule:
        raise sp.Undecided
    with walk.at(statement.origin):
        sources = [iterators.consumed(walk, walk.atom(each, env)) for each in statement.iters]
        count = length(walk, Zipped(tuple(sources)))
        if count is not None:
            count = shortest(walk, sources, count)
            carried = tuple(walk.atom(atom, env) for atom in statement.initial)
            unrolled(walk, statement, sources, count, 0, carried, env)
            return
        Scan(walk, statement, sources).run(env)


def shortest(walk: Specializer, sources: Collection[Source], count: int) -> int:
    """The steps of a loop over items that are known one by one, beside sequences whose length is known."""
    for each in sources:
        if parts_of(each):
            count = shortest(walk, parts_of(each), count)
        elif isinstance(each, Rows):
            spec = walk.spec(each.atom)
            known = walk.exact_length(spec.shape[0]) if isinstance(spec, sp.Array) and spec.shape else None
            if known is None:
                walk.refuse(UnsupportedSyntax, LENGTH, "zip sequences of one kind")
            count = min(count, known)
        elif isinstance(each, Native):
            items = known_items(walk, each)
            if items is None:
                walk.refuse(UnsupportedSyntax, LENGTH, "zip sequences of one kind")
            count = min(count, len(items))
    if count > UNROLLED:
        walk.refuse(UnsupportedSyntax, f"a loop over {count} items of a list or tuple", "use an array")
    return count


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
            left = control.Arm([], carried, dict(walk.slots))
            control.join_arms(walk, statement.targets, stop, left, rest, env)
            return
    env.update(zip(statement.targets, carried))


def _rest(
    walk: Specializer, statement: Loop, sources: Any, count: int, step: int, carried: Any, env: Env
) -> control.Arm:
    slots = walk.slots
    walk.slots = dict(slots)
    with walk.region() as body:
        results: tuple[Atom, ...] = (UNDEFINED,) * len(carried)
        if control.within(walk, lambda: unrolled(walk, statement, sources, count, step, carried, env)):
            results = tuple(env[target] for target in statement.targets)
    made = control.Arm(body, results, walk.slots)
    walk.slots = slots
    return made


class Scan:
    """One loop that stays a loop."""

    def __init__(self, walk: Specializer, statement: Loop, sources: list[Source]) -> None:
        self.walk, self.statement, self.sources = walk, statement, sources
        self.cells: list[Atom] = []  # of which the steps change what they hold

    def run(self, env: Env) -> None:
        walk, statement = self.walk, self.statement
        initial = tuple(walk.atom(atom, env) for atom in statement.initial)
        key = (*walk.calls, id(statement))
        states = walk.heads.get(key) or tuple(entry(walk, atom) for atom in initial)
        states = tuple(widened(walk, state, atom, frozenset()) for state, atom in zip(states, initial))
        slots = walk.slots
        while True:
            before = len(walk.body)
            walk.slots = dict(slots)
            made = self.walked(states, env)
            new = [c for c in slots if c not in self.cells and walk.slots[c] is not slots[c]]
            wider = tuple(widened(walk, *pair, made.inner) for pair in zip(states, made.results))
            if wider == states and not new:
                break
            del walk.body[before:]
            self.cells += new  # what they hold is carried too
            initial = (*initial, *(slots[c] for c in new))
            states = (*wider, *(entry(walk, slots[c]) for c in new))
        walk.slots = slots
        walk.heads[key] = states[: len(statement.params)]
        self.finish(states, initial, made, env)

    # --- walking

    def walked(self, states: tuple[State, ...], env: Env) -> Walked:
        """The test and the body, with what the states say of the carried values."""
        walk, statement = self.walk, self.statement
        params: list[Var] = []
        for var, known in zip(statement.params, states):
            env[var] = bind(walk, known, var.name, params)
        for cell, known in zip(self.cells, states[len(statement.params) :]):
            walk.slots[cell] = bind(walk, known, "", params)
        steps = Steps(walk, [], [])
        items = [steps.item(each, item.name) for each, item in zip(self.sources, statement.items)]
        steps.finish(self.sources)
        reading = tuple(self.reading(tape, env) for tape in statement.tapes if tape.reads)
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
                results += tuple(walk.slots[cell] for cell in self.cells)
                stop = walk.atom(statement.stop, env) if statement.stop is not None else None
        read = (atom for tape in reading for atom in tape.atoms if isinstance(atom, Var))
        inner = frozenset((*bound(body), *params, *steps.items, *read))
        recorded = tuple(self.recorded(tape, inner, env) for tape in statement.tapes if not tape.reads)
        return Walked(params, steps, test, body, results, stop, inner, (*reading, *recorded))

    def reading(self, tape: Tape, env: Env) -> Tape:
        """A tape of an inner gradient that is read: what an entry holds was noted where it was recorded."""
        made = self.walk.atom(tape.list, env)
        spec = self.walk.spec(made)
        assert isinstance(made, Var) and isinstance(spec, sp.Recorded)
        items: list[Var] = []
        for atom, column in zip(tape.atoms, spec.columns):
            assert isinstance(atom, Var)
            env[atom] = bind(self.walk, column, atom.name, items)
        return Tape(made, tuple(items), True)

    def recorded(self, tape: Tape, inner: frozenset[Var], env: Env) -> Tape:
        """A tape of an inner gradient that is recorded."""
        walk = self.walk
        atoms = [walk.atom(atom, env) for atom in tape.atoms]
        states = tuple(local(entry(walk, atom), inner) for atom in atoms)
        made = Var(tape.list.name)
        env[tape.list] = made
        walk.specs[made] = sp.Recorded(states)
        found = tuple(leaf for pair in zip(states, atoms) for leaf in leaves(*pair))
        if walk.is_varied(*found):
            walk.varied.add(made)
        return Tape(made, found)

    def body(self, items: list[Callable[[], Atom]], env: Env) -> None:
        for item, value in zip(self.statement.items, items):
            env[item] = value()
            self.walk.named(env[item], item.name)
        self.walk.block(self.statement.body, env)

    def finish(self, states: tuple[State, ...], initial: tuple[Atom, ...], made: Walked, env: Env) -> None:
        """Append the loop, and bind its targets."""
        walk, statement = self.walk, self.statement
        targets: list[Var] = []
        named = zip(states, statement.targets)
        bound = [bind(walk, state, var.name, targets) for state, var in named]
        bound += [bind(walk, state, "", targets) for state in states[len(bound) :]]
        env.update(zip(statement.targets, bound))
        walk.slots.update(zip(self.cells, bound[len(statement.targets) :]))
        entering = [leaf for pair in zip(states, initial) for leaf in leaves(*pair)]
        leaving = [leaf for pair in zip(states, made.results) for leaf in leaves(*pair)]
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
                made.tapes,
                walk.origin,
                label=object(),
            )
        )


@state
class Walked:
    """A body as it was walked."""

    params: list[Var]
    steps: Steps
    test: Block | None
    body: list[Statement]
    results: tuple[Atom, ...]
    stop: Atom | None
    inner: frozenset[Var]
    tapes: tuple[Tape, ...]
