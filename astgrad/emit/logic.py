"""Logic: an `if` that is an `and` or an `or`, as the frontend lowers them.

t = if a: yield a  else: b = lt(x, y); yield b          a or x < y
"""

from __future__ import annotations

from typing import Any

from astgrad.ir import UNDEFINED, Block, Call, Const, If, Statement, Var


def either(a: Any, b: Any) -> Any:
    """a or b, where b costs nothing."""
    return a or b


def both(a: Any, b: Any) -> Any:
    """a and b, where b costs nothing."""
    return a and b


def logical(statement: Statement) -> tuple[Call, Block] | None:
    """The branch as a call of `either` or `both`, and the arm that it evaluates; None for others."""
    if not isinstance(statement, If) or len(statement.targets) != 1 or not isinstance(statement.test, Var):
        return None
    ways = ((either, statement.then, statement.orelse), (both, statement.orelse, statement.then))
    for op, short, long in ways:
        value = long.results[0]
        if not short.body and short.results[0] is statement.test and value not in (statement.test, UNDEFINED):
            args = (statement.test, value)
            return Call(statement.targets[0], Const(op), args, origin=statement.origin), long
    return None


def is_logic(call: Call) -> bool:
    """Whether a call stands for `and` or `or`."""
    return isinstance(call.op, Const) and (call.op.value is either or call.op.value is both)
