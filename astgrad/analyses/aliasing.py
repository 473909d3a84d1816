"""Aliasing: in whose memory a value lives.

In come the statements of a function, out comes for each Var the Var whose statement made its memory.

    a = exp(x); v = a[1:]; w = x.T     ->     a: a, v: a, w: x
"""

from __future__ import annotations

import numpy as np

from astgrad import ir
from astgrad.ir import Call, Var


def roots(body: tuple[ir.Statement, ...]) -> dict[Var, Var | None]:
    """For each Var the Var whose statement made its memory: itself if fresh; None where unknown."""
    found: dict[Var, Var | None] = {}
    for statement in body:
        for target in ir.targets(statement):
            found[target] = target
            if isinstance(statement, Call) and statement.effects.result == "view" and statement.args:
                first = statement.args[0]
                found[target] = found.get(first, first) if isinstance(first, Var) else target
            elif not isinstance(statement, Call) or statement.effects.result == "unknown":
                found[target] = None
            if isinstance(statement, Call) and getattr(statement.op, "value", None) is np.broadcast_to:
                found[target] = None  # read-only
    return found
