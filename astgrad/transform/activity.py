"""Activity: which values an output depends on, differentiably, and which depend on a differentiated leaf.

In come the statements of a specialized primal and its outputs, out comes the set of Vars that get an
adjoint. `parents` says with respect to which operands a call is differentiated.

    t = sin(x); n = len(x); y = t * n    ->    {x, t, y}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from astgrad import ir
from astgrad.ir import Atom, Call, Loop, Statement, Try, Var

Parents = Callable[[Call], tuple[Atom, ...]]


def find(body: tuple[Statement, ...], outputs: Iterable[Var], varied: set[Var], parents: Parents) -> set[Var]:
    """The active Vars: varied ones that an output depends on."""
    activity = _Activity(varied, parents)
    activity.mark(outputs)
    activity.body(body)
    return activity.useful


class _Activity:
    def __init__(self, varied: set[Var], parents: Parents) -> None:
        self.varied, self.parents = varied, parents
        self.useful: set[Var] = set()

    def mark(self, atoms: Iterable[Atom]) -> None:
        for atom in atoms:
            self.useful.update(var for var in ir.variables(atom) if var in self.varied)

    def body(self, body: tuple[Statement, ...]) -> None:
        for statement in reversed(body):
            if isinstance(statement, Call):
                if statement.target in self.useful:
                    self.mark(self.parents(statement))
            elif isinstance(statement, Loop):
                self.loop(statement)
            else:
                self.arms(statement)

    def arms(self, statement: Statement) -> None:
        """What leaves the arms of a branch, a try or a with."""
        for arm in ir.arms(statement):
            self.mark(r for t, r in zip(ir.targets(statement), arm.results) if t in self.useful)
            self.body(arm.body)
        if isinstance(statement, Try) and statement.orelse is not None:
            params = zip(statement.orelse.params, statement.body.results)
            self.mark(result for param, result in params if param in self.useful)
            self.body(statement.body.body)

    def loop(self, loop: Loop) -> None:
        """Around the back edge until nothing changes."""
        for tape in loop.tapes:
            if not tape.reads and tape.list in self.useful:
                self.mark(tape.atoms)
        while True:
            before = len(self.useful)
            for target, param, result in zip(loop.targets, loop.params, loop.body.results):
                if target in self.useful or param in self.useful:
                    self.mark((param, result))
            self.body(loop.body.body)
            if len(self.useful) == before:
                break
        self.mark(start for start, param in zip(loop.initial, loop.params) if param in self.useful)
        for tape in loop.tapes:
            if tape.reads and any(atom in self.useful for atom in tape.atoms):
                self.mark((tape.list,))
