"""Growing: lists to which `items.append(value)` may be printed, though the IR makes a longer list each time.

In come the webs, out come the calls of `appended` that grow their list in place:

    items_2 = appended(items, x)        items.append(x)          where nobody else holds that list
                                        items = [*items, x]      where somebody may

The list has to be made here, all its versions have to share one name, and none may be stored or be stepped
through while it grows.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator

from astgrad import ir
from astgrad.emit.calls import is_append
from astgrad.emit.flow import passed
from astgrad.emit.webs import Web
from astgrad.ir import UNDEFINED, Atom, Call, Const, Function, Loop, Statement, Tree, Var

READERS = (len, operator.getitem, operator.contains)
LAZY = (iter, reversed, enumerate, zip, map, filter)


def growing(function: Function, found: dict[Var, Web]) -> set[Call]:
    """The calls of `appended` that are printed as a method call."""
    every = list(ir.statements(function.body))
    appends = [s for s in every if isinstance(s, Call) and is_append(s)]
    if not appends:
        return set()
    versions = _Versions(every, function, found)
    return {call for call in appends if versions.alone(call)}


class _Versions:
    """For each Var the set of those that may be the same list, older or newer."""

    def __init__(self, every: list[Statement], function: Function, found: dict[Var, Web]) -> None:
        self.found = found
        self.group: dict[Var, set[Var]] = {}
        self.bad: set[Var] = set(function.body.params)
        self.fresh: set[Var] = set()
        self.older: dict[Var, list[Var]] = {}  # what may become a Var
        for statement in every:
            self.connect(statement)
        for statement in every:
            self.use(statement)

    def of(self, var: Var) -> set[Var]:
        return self.group.setdefault(var, {var})

    def join(self, a: Var, b: Var) -> None:
        first, second = self.of(a), self.of(b)
        if first is not second:
            small, large = sorted((first, second), key=len)
            large |= small
            self.group.update(dict.fromkeys(small, large))

    def connect(self, statement: Statement) -> None:
        for target, value in passed(statement):
            self.fresh.add(target)
            if isinstance(value, Var):
                self.join(target, value)
                self.older.setdefault(target, []).append(value)
            elif value is not UNDEFINED and not (isinstance(value, Tree) and value.kind is list):
                self.bad.add(target)
        if isinstance(statement, Call) and statement.target:
            if is_append(statement) and self.one(statement):
                first = statement.args[0]
                self.join(statement.target, first)  # type: ignore[arg-type]
                self.older.setdefault(statement.target, []).append(first)  # type: ignore[arg-type]
            if statement.effects.result == "fresh" or is_append(statement):
                self.fresh.add(statement.target)

    def use(self, statement: Statement) -> None:
        """Note the Vars that this statement may keep hold of."""
        if isinstance(statement, Call):
            op = statement.op.value if isinstance(statement.op, Const) else None
            reads = statement.effects.result == "fresh" and not statement.effects.impure
            if is_append(statement):
                self.bad.update(ir.variables(statement.args[1]))
            elif not any(op is known for known in READERS) and (not reads or op in LAZY):
                self.bad.update(v for atom in ir.operands(statement) for v in ir.variables(atom))
        elif isinstance(statement, Loop):
            self.bad.update(_held(statement, self.group))
            atoms: Iterator[Atom] = (a for tape in statement.tapes if not tape.reads for a in tape.atoms)
            self.bad.update(var for atom in atoms for var in ir.variables(atom))
        for block in ir.blocks(statement):
            self.bad.update(
                v for atom in block.results if not isinstance(atom, Var) for v in ir.variables(atom)
            )

    def one(self, call: Call) -> bool:
        """Whether the longer list has the name of the shorter one."""
        first, web = call.args[0], self.found.get(call.target)  # type: ignore[arg-type]
        return isinstance(first, Var) and web is not None and self.found.get(first) is web

    def alone(self, call: Call) -> bool:
        """Whether nobody but the name of these versions holds their list."""
        if call.target is None or not self.one(call):
            return False
        group, web = self.of(call.target), self.found[call.target]
        same = all(self.found.get(var) is web for var in group)
        return same and group <= self.fresh and not self.before(call) & self.bad

    def before(self, call: Call) -> set[Var]:
        """The versions that the list may have had when it is about to grow, here or earlier."""
        found: set[Var] = set()
        todo = [call.args[0]]
        while todo:
            var = todo.pop()
            if isinstance(var, Var) and var not in found:
                found.add(var)
                todo += self.older.get(var, ())
        return found


def _held(loop: Loop, group: dict[Var, set[Var]]) -> Iterator[Var]:
    """The lists that a loop steps through while they grow."""
    grown = [s.target for s in ir.statements(loop.body) if is_append(s)]  # type: ignore[union-attr]
    for atom in loop.iters:
        for var in ir.variables(atom):
            if any(var in group.get(target, ()) for target in grown):  # type: ignore[arg-type]
                yield var
