"""Defined: what is recorded has a value on every path, None where its name has none (S13).

In come a function and Vars that are put on a tape or handed to a pullback, out goes the function in which the
branches and loops that leave them undefined on some path leave None there. Nothing reads that None: the
backward sweep reads a value only where the forward sweep did.

    z = if t: yield a; else: yield undef     ->     z = if t: yield a; else: yield None
"""

from __future__ import annotations

from collections.abc import Iterable

from astgrad import ir
from astgrad.analyses.regions import rebuilt
from astgrad.ir import ABSENT, UNDEFINED, Atom, Block, Call, If, Loop, Statement, Var
from astgrad.records import replace


def defined(function: ir.Function, wanted: Iterable[Var]) -> ir.Function:
    """The function with `wanted` defined on every path."""
    sources: dict[Var, list[Atom]] = {}
    for statement in ir.statements(function.body):
        _sources(statement, sources)
    found: set[Var] = set()
    todo = list(wanted)
    while todo:
        var = todo.pop()
        if var not in found:
            found.add(var)
            todo += [v for atom in sources.get(var, ()) for v in ir.variables(atom)]
    if not any(UNDEFINED in sources.get(var, ()) for var in found):
        return function
    return replace(function, body=_block(function.body, found))


def _sources(statement: Statement, sources: dict[Var, list[Atom]]) -> None:
    """From where phis and carried values come."""
    if isinstance(statement, Call):
        return
    for arm in ir.arms(statement):
        for target, result in zip(ir.targets(statement), arm.results):
            sources.setdefault(target, []).append(result)
    if isinstance(statement, Loop):
        for target, param, start in zip(statement.targets, statement.params, statement.initial):
            sources.setdefault(param, []).extend((start, target))
            sources.setdefault(target, []).extend((start, param))


def _block(block: Block, found: set[Var]) -> Block:
    return replace(block, body=tuple(_statement(statement, found) for statement in block.body))


def _statement(statement: Statement, found: set[Var]) -> Statement:
    if isinstance(statement, Call):
        return statement
    made = rebuilt(statement, lambda atom: atom, lambda block: _block(block, found))
    targets = ir.targets(made)
    if isinstance(made, If):
        then, orelse = (_results(arm, targets, found) for arm in (made.then, made.orelse))
        return replace(made, then=then, orelse=orelse)
    if isinstance(made, Loop):
        start = tuple(_value(*pair, found) for pair in zip(targets, made.initial))
        return replace(made, initial=start, body=_results(made.body, targets, found))
    return made  # type: ignore[no-any-return]


def _results(block: Block, targets: tuple[Var, ...], found: set[Var]) -> Block:
    return replace(block, results=tuple(_value(*pair, found) for pair in zip(targets, block.results)))


def _value(target: Var, atom: Atom, found: set[Var]) -> Atom:
    return ABSENT if atom is UNDEFINED and target in found else atom
