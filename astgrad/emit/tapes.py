"""Tapes: what is recorded where, for the names of lists and of what is read from them.

In come the printed statements, out come for each Var that a loop reads the atom that was recorded:

    record tape: t1, i      read tape: a, k        a: t1, k: i

An inner tape that is recorded on an outer one is found behind the Var that the outer one is read as.
"""

from __future__ import annotations

from collections.abc import Iterator

from astgrad.emit.describe import Describe
from astgrad.ir import If, Loop, Statement, Tape, Var


class Tapes:
    """The tape behind each list, and the Var that was recorded behind each that is read."""

    def __init__(self, printed: list[Statement]) -> None:
        loops = [s for s in printed if isinstance(s, Loop)]
        self.made = {tape.list: tape for loop in loops for tape in loop.tapes if not tape.reads}
        self.recorded: dict[Var, Var] = {}
        self.phis: dict[Var, list[Var]] = {}
        for statement in printed:
            self.flow(statement)
        for loop in loops:  # an outer tape is read before the ones that were recorded on it
            for tape in loop.tapes:
                if tape.reads:
                    self.read(tape)

    def flow(self, statement: Statement) -> None:
        if isinstance(statement, If):
            for target, *arms in zip(statement.targets, statement.then.results, statement.orelse.results):
                self.phis[target] = [arm for arm in arms if isinstance(arm, Var)]

    def read(self, tape: Tape) -> None:
        source = self.behind(tape.list)
        if source is None:
            return
        for var, atom in zip(tape.atoms, source.atoms):
            if isinstance(var, Var) and isinstance(atom, Var):
                self.recorded[var] = atom

    def lists(self) -> list[Var]:
        """The Vars that are tapes, or that are read as one that was recorded on another."""
        return [*self.made, *(var for var, atom in self.recorded.items() if atom in self.made)]

    def name(self, var: Var, names: dict[Var, str]) -> str:
        """How what was recorded behind a Var is called, in some branch; "" where that has no name."""
        todo = [self.recorded.get(var)]
        while todo:
            found = todo.pop(0)
            if found in names:
                return names[found]  # type: ignore[index]
            todo += self.phis.get(found, ())  # type: ignore[arg-type]
        return ""

    def behind(self, var: Var | None) -> Tape | None:
        """The tape that is recorded on a list, found through branches and outer tapes."""
        todo, seen = [var], set()
        while todo:
            var = todo.pop()
            if var is None or var in seen:
                continue
            seen.add(var)
            if var in self.made:
                return self.made[var]
            todo += [self.recorded.get(var), *self.phis.get(var, ())]
        return None


def tape_names(tape: Tape, describe: Describe) -> Iterator[str]:
    """The names that a list may get: tape; where that is taken, after what is recorded."""
    if not tape.atoms:
        yield "steps"
        return
    yield "tape"
    for atom in tape.atoms:
        text = describe.atom(atom, 2)
        if text and not text.startswith("tape"):
            yield f"tape_{text}"
