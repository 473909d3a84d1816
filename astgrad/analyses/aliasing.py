"""Aliasing: which values may live in the same memory, and where each memory is read for the last time.

In come the statements of a function; out come classes of Vars that may share memory. A view is of the class
of its base, a phi of that of its arms, what a loop carries of that of its start and its steps. A class is
foreign where some of its memory was not made by these statements.

    a = exp(x); v = a[1:]; w = x.T     ->     {a, v}; {x, w}, foreign
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from astgrad import ir
from astgrad.analyses.regions import outer
from astgrad.ir import Atom, Block, Call, If, Loop, Statement, Var


class Memory:
    """The classes of memory of some statements, regions included."""

    def __init__(self, body: tuple[Statement, ...], *, tapes: bool = True) -> None:
        self.tapes = tapes  # whether what is on a tape counts as held by somebody else
        self.parent: dict[Var, Var] = {}
        self.foreign: set[Var] = set()  # representatives
        self.made: dict[Var, list[Call]] = {}  # the calls that make memory
        bound: set[Var] = set()
        self.body(body, bound)
        for var in list(self.parent):
            if var not in bound:
                self.mark(var)
        self.calls: dict[Var, list[Call]] = {}  # by representative
        for var, made in self.made.items():
            self.calls.setdefault(self.of(var), []).extend(made)
        self.foreign = {self.of(var) for var in self.foreign}

    def of(self, var: Var) -> Var:
        """The representative of the class of a Var."""
        while var in self.parent and self.parent[var] is not var:
            self.parent[var] = self.parent.get(self.parent[var], self.parent[var])
            var = self.parent[var]
        return var

    def is_own(self, var: Var) -> bool:
        """Whether all the memory that a value may live in was made by these statements."""
        rep = self.of(var)
        return rep in self.calls and rep not in self.foreign

    def makers(self, var: Var) -> list[Call]:
        return self.calls.get(self.of(var), [])

    # --- building

    def mark(self, var: Var) -> None:
        self.parent.setdefault(var, var)
        self.foreign.add(var)

    def join(self, a: Var, b: Atom) -> None:
        self.parent.setdefault(a, a)
        for var in ir.variables(b):
            self.parent.setdefault(var, var)
            first, second = self.of(a), self.of(var)
            if first is not second:
                self.parent[second] = first

    def body(self, body: tuple[Statement, ...], bound: set[Var]) -> None:
        for statement in body:
            bound.update(ir.targets(statement))
            if isinstance(statement, Call):
                self.call(statement)
            elif isinstance(statement, If):
                self.arms(statement, (statement.then, statement.orelse))
            elif isinstance(statement, Loop):
                self.loop(statement, bound)
            else:
                self.arms(statement, ir.blocks(statement))
                for target in ir.targets(statement):
                    self.mark(target)
            for inner in () if isinstance(statement, Call) else ir.blocks(statement):
                self.body(inner.body, bound)

    def call(self, call: Call) -> None:
        target = call.target
        if target is None:
            return
        self.parent.setdefault(target, target)
        if call.effects.result == "view" and call.args and isinstance(call.args[0], Var):
            self.join(target, call.args[0])
        elif call.effects.result == "unknown":
            self.mark(target)
            for var in ir.uses(call):  # it may keep what it is given
                self.mark(var)
        else:
            self.made.setdefault(target, []).append(call)
        if getattr(call.op, "value", None) is np.broadcast_to:
            self.mark(target)  # read-only

    def arms(self, statement: Statement, arms: Iterable[Block]) -> None:
        for arm in arms:
            for target, result in zip(ir.targets(statement), arm.results):
                self.join(target, result)

    def loop(self, loop: Loop, bound: set[Var]) -> None:
        bound.update((*loop.params, *loop.items))
        parts = zip(loop.targets, loop.params, loop.initial, loop.body.results)
        for target, *others in parts:
            for atom in others:
                self.join(target, atom)
        for item in loop.items:
            self.mark(item)
        for tape in loop.tapes:
            bound.add(tape.list)
            for atom in tape.atoms:  # what is on a tape lives as long as that
                for var in ir.variables(atom):
                    if tape.reads:
                        bound.add(var)
                    if self.tapes:
                        self.mark(var)


def last_reads(function: ir.Function, memory: Memory) -> set[tuple[int, Var]]:
    """(statement by id, class): the statement reads that memory, and nothing behind it does any more."""
    walk = _Deaths(memory)
    walk.live.update(var for result in function.body.results for var in ir.variables(result))
    walk.body(function.body.body)
    return walk.found


class _Deaths:
    """Backward over the statements, with the Vars that are read later."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.live: set[Var] = set()
        self.found: set[tuple[int, Var]] = set()

    def classes(self) -> set[Var]:
        return {self.memory.of(var) for var in self.live}

    def body(self, body: tuple[Statement, ...]) -> None:
        alive = _Counted(self.memory, self.live)
        for statement in reversed(body):
            for target in ir.targets(statement):
                alive.discard(target)
            read = ir.uses(statement)
            for var in read:
                memory = self.memory.of(var)
                if not alive.has(memory):
                    self.found.add((id(statement), memory))
            if not isinstance(statement, Call):
                self.regions(statement, alive)
            alive.update(read)
        self.live = alive.live

    def regions(self, statement: Statement, alive: _Counted) -> None:
        outside: set[Var] = set()
        around = set(alive.live)
        for block in ir.blocks(statement):
            outside.update(outer(block))
        if isinstance(statement, Loop):
            outside -= {*statement.params, *statement.items}
            around |= outside  # the next step reads it again
        for block in ir.blocks(statement):
            inner = _Deaths(self.memory)
            inner.found = self.found
            inner.live = {*around, *(v for result in block.results for v in ir.variables(result))}
            inner.body(block.body)
        alive.update(outside)


class _Counted:
    """A set of Vars that knows how many of each class it holds."""

    def __init__(self, memory: Memory, live: set[Var]) -> None:
        self.memory, self.live = memory, set(live)
        self.count: dict[Var, int] = {}
        for var in self.live:
            self.add_class(var, 1)

    def add_class(self, var: Var, by: int) -> None:
        rep = self.memory.of(var)
        self.count[rep] = self.count.get(rep, 0) + by

    def has(self, rep: Var) -> bool:
        return self.count.get(rep, 0) > 0

    def discard(self, var: Var) -> None:
        if var in self.live:
            self.live.remove(var)
            self.add_class(var, -1)

    def update(self, found: Iterable[Var]) -> None:
        for var in found:
            if var not in self.live:
                self.live.add(var)
                self.add_class(var, 1)
