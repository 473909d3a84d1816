"""The part of the primal that a backward statement's comment shows."""

from __future__ import annotations

import linecache

import numpy as np
import pytest

from astgrad.emit.comments import Comments
from astgrad.errors import NOWHERE, Origin

SOURCE = """import numpy as np
def loss(x, c):
    y = (x + c) * np.linalg.norm(np.exp(x))
    return np.sum(
        y * c,  # a remark
        axis=0,
    )
def relu(x):
    return np.maximum(x, 0)
"""
LINES = SOURCE.splitlines()


@pytest.fixture(autouse=True)
def source(monkeypatch):
    monkeypatch.setitem(
        linecache.cache, "commented.py", (len(SOURCE), None, SOURCE.splitlines(True), "commented.py")
    )


def at(line: int, text: str, function: str = "loss", backward: bool = True) -> Origin:
    column = LINES[line - 1].index(text)
    return Origin("commented.py", line, column, line, column + len(text), function, backward)


@pytest.fixture
def comments():
    return Comments(Origin("commented.py", 2, 0, 7, 5, "loss"), {"np": np})


def test_a_forward_statement_has_its_line(comments):
    assert comments(at(3, "x + c", backward=False), []).short == "3"
    assert comments(NOWHERE, []).short == ""


def test_a_backward_statement_has_the_smallest_span_without_module_prefixes(comments):
    exp, norm = at(3, "np.exp(x)"), at(3, "np.linalg.norm(np.exp(x))")
    assert comments(exp, [exp, norm]).longer == ("norm(exp(x))", "exp(x)")
    assert comments(exp, [exp]).short == "3"


def test_a_span_is_widened_until_its_brackets_match(comments):
    span = Origin("commented.py", 3, 9, 3, 43, "loss", True)
    assert LINES[2][9:43].startswith("x + c) * np.linalg")
    assert comments(span, [span]).longer[0] == "(x + c) * norm(exp(x))"


def test_several_lines_become_one(comments):
    span = Origin("commented.py", 4, 11, 7, 5, "loss", True)
    assert comments(span, [span]).longer[0] == "sum(y * c, axis=0,)"


def test_the_whole_function_is_no_comment(comments):
    whole = Origin("commented.py", 2, 0, 7, 5, "loss", True)
    assert comments(whole, [whole]).short == ""


def test_an_inlined_function_is_named(comments):
    inner = at(9, "np.maximum(x, 0)", "relu")
    comment = comments(inner, [inner, at(3, "x + c")])
    assert (comment.short, comment.longer[0]) == ("relu 9", "maximum(x, 0)")
