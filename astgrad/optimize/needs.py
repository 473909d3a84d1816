"""Needs: what the results and effects of a function depend on, through regions and around back edges.

In comes a function, and one by one what has to be kept; `swept` gives a block without the rest. Marking is
by a graph of Vars (B20): a carried value needs what a step passes on, and a region that has something
in it needs what controls it.

    s, n = loop s_1=0.0, n_1=0 for i in r: yield s_1 + x[i], n_1 + 1        return s
    needs: s, s_1, the addition, r; not n, n_1
"""

from __future__ import annotations

from collections.abc import Iterable

from astgrad import ir
from astgrad.analyses.regions import reads, rebuilt
from astgrad.ir import Atom, Block, Call, Function, If, Loop, Statement, Tape, Try, Var, With
from astgrad.records import replace


class Needs:
    """The needed Vars and calls of a function; those with effects are needed from the start."""

    def __init__(self, function: Function) -> None:
        self.needed: set[Var] = set()
        self.calls: set[int] = set()  # kept whatever becomes of their targets, by id
        self.alive: set[int] = set()  # regions that have something in them
        self.definition: dict[Var, Statement] = {}
        self.index: dict[Var, int] = {}  # of a target or param among its like
        self.around: dict[int, Statement] = {}  # the region statement around a statement
        self.recorder: dict[Var, Tape] = {}  # of the lists of tapes
        self.labels = {s.label: s for s in ir.statements(function.body) if isinstance(s, Loop) and s.label}
        self.writers: dict[Var, list[Call]] = {}
        self.todo: list[Atom] = []
        self.survey(function.body, None)
        self.need(function.body.results)
        for statement in ir.statements(function.body):
            if isinstance(statement, Call) and statement.effects.impure:
                self.keep(statement)
            elif isinstance(statement, (Try, With)):
                self.live(statement)
                self.settle()
            elif isinstance(statement, Loop) and statement.test is not None and not statement.origin.backward:
                self.live(statement)  # it may not end
                self.settle()

    def survey(self, block: Block, owner: Statement | None) -> None:
        for statement in block.body:
            if owner is not None:
                self.around[id(statement)] = owner
            self.define(statement, ir.targets(statement))
            if isinstance(statement, Call) and statement.effects.writes:
                for index in statement.effects.writes:
                    for var in ir.variables(statement.args[index]):
                        self.writers.setdefault(var, []).append(statement)
            if isinstance(statement, Loop):
                self.define(statement, statement.params)
                self.define(statement, statement.items)
                self.tapes(statement)
            for inner in ir.blocks(statement):
                self.survey(inner, statement)

    def define(self, statement: Statement, bound: Iterable[Var]) -> None:
        for index, var in enumerate(bound):
            self.definition[var] = statement
            self.index[var] = index

    def tapes(self, loop: Loop) -> None:
        for tape in loop.tapes:
            if tape.reads:
                self.define(loop, (atom for atom in tape.atoms if isinstance(atom, Var)))
            else:
                self.define(loop, (tape.list,))
                self.recorder[tape.list] = tape

    # --- marking

    def need(self, atoms: Iterable[Atom]) -> None:
        self.todo += atoms
        self.settle()

    def settle(self) -> None:
        while self.todo:
            for var in ir.variables(self.todo.pop()):
                if var not in self.needed:
                    self.needed.add(var)
                    self.mark(var)

    def mark(self, var: Var) -> None:
        for writer in self.writers.get(var, ()):
            self.todo += ir.operands(writer)
            self.live(writer)
        statement = self.definition.get(var)
        if statement is None:
            return
        if isinstance(statement, Call):
            self.todo += ir.operands(statement)
        elif isinstance(statement, Loop):
            self.carried(statement, var)
        elif isinstance(statement, If):
            index = self.index[var]
            self.todo += (arm.results[index] for arm in ir.blocks(statement))
        self.live(statement)

    def carried(self, loop: Loop, var: Var) -> None:
        if var in self.recorder:
            self.todo += self.recorder[var].atoms
            return
        index = self.index[var]
        if index < len(loop.targets) and var in (loop.targets[index], loop.params[index]):
            pair = (loop.targets[index], loop.params[index])
            self.todo += (*pair, loop.initial[index], loop.body.results[index])

    def keep(self, call: Call) -> None:
        """A call that stays, with all it depends on."""
        self.calls.add(id(call))
        self.todo += ir.operands(call)
        self.live(call)
        self.settle()

    def live(self, statement: Statement) -> None:
        """The region statements around a live one, and what controls them."""
        here: Statement | None = statement
        while here is not None and id(here) not in self.alive:
            if not isinstance(here, Call):
                self.alive.add(id(here))
                self.control(here)
            here = self.around.get(id(here))

    def control(self, statement: Statement) -> None:
        if isinstance(statement, Loop):
            self.todo += statement.iters
            self.todo += (tape.list for tape in statement.tapes if tape.reads)
            self.todo += statement.test.results if statement.test is not None else ()
            self.todo += (statement.stop,) if statement.stop is not None else ()
            reversed_ = self.labels.get(statement.reverses)
            sources = (*statement.iters, *(tape for tape in statement.tapes if tape.reads))
            if reversed_ is not None and not sources:
                self.live(reversed_)  # how often it steps is taken from there
        else:
            self.todo += ir.operands(statement)
        if isinstance(statement, (Try, With)):  # whatever it may do on the way
            self.todo += reads((statement,))

    def has(self, call: Call) -> bool:
        """Whether a call is needed."""
        if call.target in self.needed or id(call) in self.calls:
            return True
        writes = call.effects.writes
        if writes is None:
            return True
        return any(var in self.needed for index in writes for var in ir.variables(call.args[index]))

    # --- sweeping

    def swept(self, block: Block) -> tuple[Statement, ...]:
        """The needed statements of a block."""
        found = (self.statement(statement) for statement in block.body)
        return tuple(statement for statement in found if statement is not None)

    def statement(self, statement: Statement) -> Statement | None:
        if isinstance(statement, Call):
            return statement if self.has(statement) else None
        if isinstance(statement, Loop):
            return self.loop(statement)
        if isinstance(statement, (Try, With)):
            inner = lambda block: replace(block, body=self.swept(block))
            return rebuilt(statement, lambda atom: atom, inner)  # type: ignore[no-any-return]
        kept = [index for index, target in enumerate(statement.targets) if target in self.needed]
        then, orelse = self.region(statement.then, kept), self.region(statement.orelse, kept)
        targets = tuple(statement.targets[i] for i in kept)
        made = replace(statement, targets=targets, then=then, orelse=orelse)
        return made if kept or then.body or orelse.body else None

    def region(self, block: Block, kept: list[int]) -> Block:
        return Block(block.params, self.swept(block), tuple(block.results[i] for i in kept))

    def loop(self, loop: Loop) -> Loop | None:
        kept = [
            k for k, param in enumerate(loop.params) if param in self.needed or loop.targets[k] in self.needed
        ]
        body = self.region(loop.body, kept)
        tapes = tuple(tape for tape in loop.tapes if tape.reads or tape.list in self.needed)
        made = kept or body.body or any(not tape.reads for tape in tapes)
        if not made and id(loop) not in self.alive:
            return None
        test = replace(loop.test, body=self.swept(loop.test)) if loop.test is not None else None
        return replace(
            loop,
            targets=tuple(loop.targets[k] for k in kept),
            initial=tuple(loop.initial[k] for k in kept),
            params=tuple(loop.params[k] for k in kept),
            test=test,
            body=body,
            tapes=tapes,
        )
