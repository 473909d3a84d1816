"""Loops over positions that step through the elements instead."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from astgrad.emit.emit import emit
from astgrad.interpret import interpret
from astgrad.ir import Function, Loop, Statement, Var
from astgrad.optimize.rows import rows
from astgrad.verify import verify
from tests.handmade import TWO, WRITE_FIRST, ZERO, block, call, function, variables

ARGUMENTS = (np.arange(4.0), np.arange(3.0) + 1)


def build(kind: str) -> Function:
    """s += X[i] * other over the positions of X; `kind` says what is special."""
    X, Y, x, y, s, more, out = variables("X Y x y s s s")
    n, m, shortest, count, backward, i, t = (Var() for _ in range(7))
    before: list[Statement] = [call(n, len, X)]
    body: list[Statement] = [call(x, operator.getitem, X, i)]
    if kind == "zip":
        before += [call(m, len, Y), call(shortest, min, n, m)]
        body.append(call(y, operator.getitem, Y, i))
    elif kind == "twice":
        body.append(call(y, operator.getitem, X, i))
    before.append(call(count, range, shortest if kind == "zip" else n))
    if kind == "reversed":
        before.append(call(backward, reversed, count))
    i.name = "i" if kind == "named" else ""
    other = {"zip": y, "twice": y, "index": i}.get(kind, TWO)
    body += [call(t, operator.mul, x, other), call(more, operator.add, s, t)]
    if kind in ("written", "other written"):
        body.append(call(None, operator.setitem, X if kind == "written" else Y, i, ZERO, effects=WRITE_FIRST))
    iters = (backward if kind == "reversed" else count,)
    loop = Loop((out,), (ZERO,), (s,), iters, (i,), None, block(*body, results=(more,)))
    return function("f", (X, Y), [*before, loop], out)


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        ("plain", "for x in X:"),
        ("zip", "for x, y in zip(X, Y):"),
        ("twice", "for x in X:"),
        ("index", "for i, x in enumerate(X):"),
        ("reversed", "for x in reversed(X):"),
        ("named", "for i in range(len(X)):"),
        ("written", "for i in range(len(X)):"),
        ("other written", "for i in range(len(X)):"),  # both are the caller's: they may be one array
    ],
)
def test_positions_become_elements(kind, header):
    before = build(kind)
    after = rows(before)
    verify(after)
    lines = emit(after, {}, globals={"np": np}).text.splitlines()
    assert lines[2].strip() == header
    assert len(lines) == (7 if "written" in kind else 6 if kind == "named" else 5)
    arguments = [a.copy() for a in ARGUMENTS] if kind != "other written" else [ARGUMENTS[0], np.ones(4)]
    again = [a.copy() for a in arguments]
    assert interpret(after, *arguments) == interpret(before, *again)
