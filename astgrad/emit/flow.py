"""Flow: what becomes what at the ends of regions.

s_1 = loop s=s_0: ...; yield s_2        (s, s_0), (s, s_2), (s_1, s)
"""

from __future__ import annotations

from collections.abc import Iterator

from astgrad.ir import Atom, If, Loop, Statement, Try, Var, With


def passed(statement: Statement) -> Iterator[tuple[Var, Atom]]:
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
