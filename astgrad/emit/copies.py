"""Copies: what is printed where a region hands its results on.

In come targets and results, out come assignments as if all at once; none where both have one name:

    targets u, v   results v, u       u, v = v, u
    targets s, t   results t, 0.0     s = t; t = 0.0
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from astgrad import ir
from astgrad.emit.calls import is_alias
from astgrad.emit.statements import Statements
from astgrad.ir import Atom, Var
from astgrad.records import state


@state
class _Copy:
    """One assignment: what it binds and reads."""

    target: Var
    text: str
    result: Atom
    value: ast.expr
    reads: set[str]
    plain: bool  # nothing is evaluated


def copies(builder: Statements, targets: Sequence[Var], results: Sequence[Atom]) -> list[ast.stmt]:
    """targets = results, all at once; nothing for targets without a name, nor for what is undefined (S13)."""
    found = [_copy(builder, t, r) for t, r in zip(targets, results) if t in builder.names]
    todo = [c for c in found if c is not None]
    if sum(not copy.plain for copy in todo) > 1 and not _in_order(todo):
        return [_together(todo)]
    made: list[ast.stmt] = []
    while todo:
        free = next((c for c in todo if not any(c.text in o.reads for o in todo if o is not c)), None)
        if free is None:
            cycle = _cycle(todo) if all(copy.plain for copy in todo) else list(todo)
            made.append(_together(cycle))
            todo = [copy for copy in todo if copy not in cycle]
        else:
            made.append(_single(builder, free))
            todo.remove(free)
    return made


def _copy(builder: Statements, target: Var, result: Atom) -> _Copy | None:
    text = builder.names[target]
    if result is ir.UNDEFINED:
        if target not in builder.partial:
            return None
        result = ir.Const(None)
    value = builder.atom(result)
    if isinstance(value, ast.Name) and value.id == text and not _is_read(builder, result):
        return None
    reads = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    return _Copy(target, text, result, value, reads, isinstance(value, (ast.Name, ast.Constant)))


def _is_read(builder: Statements, result: Atom) -> bool:
    """Whether the program reads a value that may be undefined: that raises, though only the name is kept."""
    call = builder.folded.get(result) if isinstance(result, Var) else None
    return call is not None and is_alias(call)


def _in_order(todo: list[_Copy]) -> bool:
    """Whether they may be made one after the other as they stand."""
    bound: set[str] = set()
    for copy in todo:
        if bound & copy.reads:
            return False
        bound.add(copy.text)
    return True


def _cycle(todo: list[_Copy]) -> list[_Copy]:
    """Those that are made at once, where each name is read by another: u, v = v, u."""
    chain = [todo[0]]
    while True:
        follower = next(c for c in todo if c is not chain[-1] and chain[-1].text in c.reads)
        if follower in chain:
            return chain[chain.index(follower) :]
        chain.append(follower)


def _single(builder: Statements, copy: _Copy) -> ast.stmt:
    call = builder.folded.get(copy.result) if isinstance(copy.result, Var) else None
    if call is not None:
        return builder.assigned(copy.target, call)
    return ast.Assign(targets=[ast.Name(id=copy.text, ctx=ast.Store())], value=copy.value)


def _together(copies: list[_Copy]) -> ast.stmt:
    if len(copies) == 1:
        return ast.Assign(targets=[ast.Name(id=copies[0].text, ctx=ast.Store())], value=copies[0].value)
    left = ast.Tuple(elts=[ast.Name(id=c.text, ctx=ast.Store()) for c in copies], ctx=ast.Store())
    right = ast.Tuple(elts=[c.value for c in copies], ctx=ast.Load())
    return ast.Assign(targets=[left], value=right)
