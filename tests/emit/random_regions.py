"""Random functions with every region of the IR: loops of all kinds, tapes, branches, `with` and `try`.

Loops carry values that swap, stop early, record on tapes and are read again from the last step; names are
undefined on some paths, and such values are only handed on.
"""

from __future__ import annotations

import itertools
import operator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from astgrad import ir
from astgrad.analyses.specs import FLOAT, INT, Spec
from astgrad.ir import (
    UNDEFINED,
    UNKNOWN_EFFECTS,
    Atom,
    Block,
    Call,
    Const,
    Handler,
    If,
    Loop,
    Tape,
    Try,
    Var,
    With,
)
from tests.emit.random_ir import ARRAY, NAMES, Maker, World


class Risky(World):
    """A world in which something may fail."""

    def risk(self, value: Any) -> Any:
        self.count += 1
        if self.count % 3 == 0:
            raise ValueError(str(self.count))
        return value


@dataclass
class Structured(Maker):
    """Statements as before, and regions; `shapes` says of each list what its entries are."""

    shapes: dict[Var, tuple[Any, ...]] = field(default_factory=dict)
    partial: dict[Var, Spec] = field(default_factory=dict)
    lists: list[list[Var]] = field(default_factory=list)

    def block(self, known: list[Var], owned: list[Var], size: int, depth: int) -> tuple[list[Any], list[Var]]:
        self.lists.append([])
        known, owned = list(known), list(owned)
        body: list[Any] = []
        for _ in range(size):
            for statement in self.statements(known, owned, depth):
                body.append(statement)
                known += [t for t in ir.targets(statement) if t in self.specs and t not in self.partial]
        self.lists.pop()
        return body, known

    def statements(self, known: list[Var], owned: list[Var], depth: int) -> list[Any]:
        kind = self.random.random()
        if kind > 0.3 or not depth:
            return [self.statement(known, owned, 0)]
        if kind < 0.05 and any(self.lists):
            return [self.reading(known, owned, depth)]
        makers = (self.branch_, self.for_, self.for_, self.while_, self.with_, self.try_)
        return self.random.choice(makers)(known, owned, depth)

    def inner(self, known: list[Var], owned: list[Var], depth: int) -> tuple[list[Any], list[Var]]:
        return self.block(known, owned, self.random.randint(0, 4), depth - 1)

    def targets(self, most: int = 3) -> list[Var]:
        specs = [self.random.choice((ARRAY, FLOAT)) for _ in range(self.random.randint(0, most))]
        return [self.target(spec) for spec in specs]

    def results(self, known: list[Var], targets: list[Var], undefined: float = 0.1) -> tuple[Atom, ...]:
        """A value for each target; sometimes none."""
        found: list[Atom] = []
        for target in targets:
            spec = self.specs[target]
            handed = [v for v, own in self.partial.items() if own is spec and v in self.visible]
            if handed and self.random.random() < 0.2:
                found.append(self.random.choice(handed))
            elif self.random.random() < undefined:
                found.append(UNDEFINED)
            elif spec is FLOAT and self.random.random() < 0.2:
                found.append(Const(0.5))
            else:
                found.append(self.pick(known, spec))
        return tuple(found)

    @property
    def visible(self) -> set[Var]:
        return self.scope

    scope: set[Var] = field(default_factory=set)

    def note(self, targets: list[Var], *results: tuple[Atom, ...]) -> None:
        """Targets that may be undefined are handed on, not read."""
        for target, *values in zip(targets, *results):
            if any(value is UNDEFINED or value in self.partial for value in values):
                self.partial[target] = self.specs[target]

    def call1(self, body: list[Any], spec: Spec | None, op: Any, *args: Any, **kwargs: Any) -> Var:
        made = self.call(spec, op, *args, **kwargs)
        body.append(made)
        if op in (range, reversed, itertools.count):
            del self.specs[made.target]  # type: ignore[arg-type]
        return made.target  # type: ignore[return-value]

    def test(self, body: list[Any], known: list[Var]) -> Var:
        return self.call1(body, INT, operator.gt, self.pick(known, FLOAT), 0.25)

    # --- branches

    def branch_(self, known: list[Var], owned: list[Var], depth: int) -> list[Any]:
        before: list[Any] = []
        test = self.test(before, known)
        return [*before, self.if_(test, known, owned, self.targets(), depth)]

    def if_(self, test: Var, known: list[Var], owned: list[Var], targets: list[Var], depth: int) -> If:
        arms = []
        for _ in range(2):
            body, after = self.inner(known, owned, depth)
            arms.append(Block((), tuple(body), self.results(after, targets)))
        self.note(targets, arms[0].results, arms[1].results)
        return If(tuple(targets), test, *arms)

    # --- loops

    def for_(self, known: list[Var], owned: list[Var], depth: int) -> list[Any]:
        before: list[Any] = []
        iters: list[Atom] = []
        items: list[Var] = []
        for _ in range(self.random.randint(1, 3)):
            kind = self.random.randrange(4)
            if kind == 0:
                iters.append(self.call1(before, INT, range, self.random.randrange(4)))
            elif kind == 1:
                count = self.call1(before, INT, range, 3)
                iters.append(self.call1(before, INT, reversed, count))
            elif kind == 2 and iters:
                iters.append(self.call1(before, INT, itertools.count, self.random.randrange(2)))
            else:
                iters.append(self.pick(known, ARRAY))
            items.append(self.target(FLOAT))
        return [*before, self.loop(known, owned, depth, iters, items, None, ())]

    def while_(self, known: list[Var], owned: list[Var], depth: int) -> list[Any]:
        """A counted while: the first carried value is the number of steps."""
        step = Var(self.random.choice(("", "k")))
        self.specs[step] = INT
        body: list[Any] = []
        if self.random.random() < 0.3:
            self.call1(body, FLOAT, self.world.draw, effects=UNKNOWN_EFFECTS)
        going = self.call1(body, INT, operator.lt, step, self.random.randrange(4))
        return [self.loop(known, owned, depth, [], [], Block((), tuple(body), (going,)), (step,))]

    def loop(
        self,
        known: list[Var],
        owned: list[Var],
        depth: int,
        iters: list[Atom],
        items: list[Var],
        test: Block | None,
        counting: tuple[Var, ...],
        read: tuple[Tape, ...] = (),
    ) -> Loop:
        targets = self.targets()
        params = [Var(self.random.choice((t.name, t.name, *NAMES))) for t in targets]
        self.specs.update((p, self.specs[t]) for p, t in zip(params, targets))
        initial = self.results(known, targets, 0.15)
        self.note(params, initial)
        usable = [p for p in params if p not in self.partial]
        taken = [a for t in read for a in t.atoms if a in self.specs and self.specs[a] is not INT]  # type: ignore
        self.lists.append([a for t in read for a in t.atoms if a in self.shapes])  # type: ignore[misc]
        self.scope.update(p for p in params if p in self.partial)
        body, after = self.inner([*known, *usable, *items, *taken], owned, depth)  # type: ignore[list-item]
        made = [tape.list for s in body if isinstance(s, Loop) for tape in s.tapes if not tape.reads]
        results = list(self.results(after, targets, 0.05))
        if self.random.random() < 0.3:
            results = [self.random.choice([r, *same(self.specs, p, params)]) for r, p in zip(results, params)]
        # a value that may be undefined in a later step may not be read in this one
        uncertain = [r is UNDEFINED or r in self.partial for r in results]
        results = [p if bad and p in usable else r for p, r, bad in zip(params, results, uncertain)]
        stop, extra = self.stop(body, after, depth)
        self.scope.difference_update(params)
        self.note(targets, initial, tuple(results))
        tapes = self.tapes(after, made) if not extra else ()
        self.lists.pop()
        if counting:
            following = self.call1(body, INT, operator.add, counting[0], 1)
            out = Var()
            self.specs[out] = INT
            self.partial[out] = INT
            targets, params = [out, *targets], [*counting, *params]
            initial, results = (Const(0), *initial), [following, *results]
        block = Block((), tuple(body), tuple(results))
        loop = Loop(
            tuple(targets),
            initial,
            tuple(params),
            tuple(iters),
            tuple(items),
            test,
            block,
            stop,
            (*read, *tapes),
        )
        if self.lists:
            self.lists[-1] += [tape.list for tape in tapes]
        return loop

    def stop(self, body: list[Any], after: list[Var], depth: int) -> tuple[Atom | None, bool]:
        """What ends the loop: nothing, a flag, or an `if` at the end that says so."""
        kind = self.random.random()
        if kind < 0.5:
            return None, False
        test = self.test(body, after)
        if kind < 0.6:
            return test, False
        return self.leave(body, test, after, depth), False

    def leave(self, body: list[Any], test: Var, after: list[Var], depth: int) -> Var:
        """An `if` that gives the stop, maybe through another one inside."""
        stop = Var()
        arms = []
        for value in self.random.choice(((True, False), (False, True))):
            inner, known = self.inner(after, [], min(depth, 1))
            result: Atom = Const(value)
            if not value and self.random.random() < 0.3:
                other = self.test(inner, known)
                result = self.leave(inner, other, known, depth) if self.random.random() < 0.5 else other
            arms.append(Block((), tuple(inner), (result,)))
        body.append(If((stop,), test, *arms))
        return stop

    # --- tapes

    def tapes(self, after: list[Var], made: list[Var]) -> tuple[Tape, ...]:
        found = []
        for _ in range(self.random.choice((0, 0, 1, 1, 1, 2))):
            picked = [
                self.pick(after, self.random.choice((ARRAY, FLOAT))) for _ in range(self.random.randrange(4))
            ]
            if made and self.random.random() < 0.7:
                picked.append(self.random.choice(made))
            tape = Tape(Var(), tuple(picked))
            self.shapes[tape.list] = tuple(self.shapes.get(v, self.specs.get(v)) for v in picked)
            found.append(tape)
        return tuple(found)

    def reading(self, known: list[Var], owned: list[Var], depth: int) -> Loop:
        """A loop that reads a tape that can be seen here."""
        list_ = self.random.choice([v for lists in self.lists for v in lists])
        atoms = []
        for shape in self.shapes[list_]:
            atom = Var("" if isinstance(shape, tuple) else self.random.choice(NAMES))
            atoms.append(atom)
            if isinstance(shape, tuple):
                self.shapes[atom] = shape
            else:
                self.specs[atom] = shape
        return self.loop(known, owned, depth, [], [], None, (), (Tape(list_, tuple(atoms), True),))

    # --- with, try

    def with_(self, known: list[Var], owned: list[Var], depth: int) -> list[Any]:
        before: list[Any] = []
        context = Call(Var(), Const(np.errstate), (), (("all", Const("ignore")),), UNKNOWN_EFFECTS)
        before.append(context)
        targets = self.targets()
        body, after = self.inner(known, owned, depth)
        block = Block((), tuple(body), self.results(after, targets))
        self.note(targets, block.results)
        name = self.random.choice((None, Var("state")))
        return [*before, With(tuple(targets), context.target, name, block)]  # type: ignore[arg-type]

    def try_(self, known: list[Var], owned: list[Var], depth: int) -> list[Any]:
        targets = self.targets()
        body, after = self.inner(known, owned, depth)
        risky = self.call1(body, FLOAT, self.world.risk, self.pick(after, FLOAT), effects=UNKNOWN_EFFECTS)  # type: ignore
        more, after = self.inner([*after, risky], owned, depth)
        body += more
        orelse = None
        if self.random.random() < 0.4:
            passed = self.pick(after, ARRAY)
            kept = self.target(ARRAY)
            inner, last = self.inner([*known, kept], owned, depth)
            orelse = Block((kept,), tuple(inner), self.results(last, targets))
            first = Block((), tuple(body), (passed,))
        else:
            first = Block((), tuple(body), self.results(after, targets))
        inner, last = self.inner(known, owned, depth)
        caught = Block((), tuple(inner), self.results(last, targets))
        handler = Handler(Const(ValueError), self.random.choice((None, Var("error"))), caught)
        self.note(targets, (orelse or first).results, handler.block.results)
        final = None
        if self.random.random() < 0.3:
            inner, last = self.inner(known, owned, depth)
            extra = self.target(ARRAY)
            final = Block((), tuple(inner), (self.pick(last, ARRAY),))
            targets = [*targets, extra]
        return [Try(tuple(targets), first, (handler,), orelse, final)]


def same(specs: dict[Var, Spec], var: Var, params: list[Var]) -> list[Var]:
    """The params of the same spec: what a swap may put there."""
    return [p for p in params if specs[p] is specs[var]]
