"""Undefined: names without a value on some path (S13).

On that path nothing is printed: to read the name raises what Python raises. But where the value, whatever
it is, is copied to another name or recorded, the path has to give it one, None.
"""

from __future__ import annotations

from collections.abc import Iterator

from astgrad import ir
from astgrad.ir import UNDEFINED, Atom, If, Loop, Statement, Try, Var, With


def partial(printed: list[Statement], names: dict[Var, str]) -> set[Var]:
    """The Vars that are undefined on some path and whose value is copied or recorded."""
    pairs = [pair for statement in printed for pair in _passed(statement)]
    known = {target for target, value in pairs if value is UNDEFINED}
    if not known:
        return set()
    recorded = _recorded(printed)
    following: dict[Var, list[Var]] = {}
    for target, value in pairs:
        if isinstance(value, Var):
            following.setdefault(value, []).append(target)
    _spread(known, following)
    copied = {v for v in known for t in following.get(v, ()) if names.get(v) != names.get(t)}
    texts = {names.get(var) for var in (copied | (known & recorded))}
    return {var for var in known if names.get(var) in texts}


def _spread(known: set[Var], following: dict[Var, list[Var]]) -> None:
    todo = list(known)
    while todo:
        for target in following.get(todo.pop(), ()):
            if target not in known:
                known.add(target)
                todo.append(target)


def _recorded(printed: list[Statement]) -> set[Var]:
    tapes = (tape for s in printed if isinstance(s, Loop) for tape in s.tapes if not tape.reads)
    return {var for tape in tapes for atom in tape.atoms for var in ir.variables(atom)}


def _passed(statement: Statement) -> Iterator[tuple[Var, Atom]]:
    """What becomes what at the ends of regions."""
    if isinstance(statement, Loop):
        for values in (statement.initial, statement.body.results):
            yield from zip(statement.params, values)
        yield from zip(statement.targets, statement.params)
    elif isinstance(statement, If):
        for arm in (statement.then, statement.orelse):
            yield from zip(statement.targets, arm.results)
    elif isinstance(statement, With):
        yield from zip(statement.targets, statement.block.results)
    elif isinstance(statement, Try):
        for block in (*(h.block for h in statement.handlers), statement.orelse or statement.body):
            yield from zip(statement.targets, block.results)
        if statement.orelse:
            yield from zip(statement.orelse.params, statement.body.results)
