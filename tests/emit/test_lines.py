"""Line breaks, spelling and parentheses are those of `ruff format`, and the text means the tree."""

from __future__ import annotations

import ast
import random

import pytest

from astgrad.emit import lines, python
from astgrad.errors import InternalError
from tests.emit.random_expressions import Expressions
from tests.emit.test_emit import ruff

HEADS = ("x = ", "return ", "bx += ", "x[1:] = ")
COMMENTS = (
    lines.Comment(),
    lines.Comment("5"),
    lines.Comment("12", ("tanh(b + W @ x) and more of this text that is long", "W @ x")),
)


def statement(head: str, node: ast.expr, comment: lines.Comment) -> str:
    text = lines.Text()
    text.write(1, lines.layout(1, head, node, "", comment), comment)
    return "\n".join(text.lines)


@pytest.mark.parametrize("seed", range(4))
def test_ruff_leaves_random_statements_as_they_are(seed):
    choose = random.Random(seed)
    made = []
    for number in range(400):
        node = Expressions(1000 * seed + number).make(choose.choice((2, 3, 3, 4)))
        text = f"def f():\n{statement(choose.choice(HEADS), node, choose.choice(COMMENTS))}"
        assert ast.dump(value(ast.parse(text))) == ast.dump(ast.parse(ast.unparse(node), mode="eval").body)
        made.append(text)
    assert sum(text.count("\n") > 1 for text in made) > 50
    assert ruff("\n\n\n".join(made) + "\n").removesuffix("\n").split("\n\n\n") == made


def value(module: ast.Module) -> ast.expr:
    return module.body[0].body[0].value


@pytest.mark.parametrize(
    "text",
    [
        "x**2",
        "-(x**2)",
        "(-2.0) ** 2",
        "x**-2",
        "x ** (y + 1)",
        "2 ** x[1]",
        "x.a**y.b",
        "a ** -(b**c)",
        "(a**b) ** c",
        "a - (b - c)",
        "x[i : j + 1, None, ...]",
        "x[(1, 2) : 3]",
        "(1).real",
        "not (a and b)",
        "a if b else (c, d)",
        'f("it\'s", b"x", 1e-05, 1e20, x=1)',
        'f"{x}"',
    ],
)
def test_spelling(text):
    assert python.text(ast.parse(text, mode="eval").body) == text


def test_a_comment_is_cut_to_the_room_there_is():
    comment = lines.Comment("6", ("log(sum(exp(f)))", "exp(f)"))
    assert comment.cut(40) == "  # 6: log(sum(exp(f)))"
    assert comment.cut(15) == "  # 6: exp(f)"
    assert lines.Comment("6", ("log(sum(exp(f)) + y)",)).cut(22) == "  # 6: log(sum(exp(..."
    assert comment.cut(8) == "  # 6"
    assert lines.Comment().cut(8) == ""


def test_S29_a_text_that_means_something_else_is_an_internal_error():
    with pytest.raises(InternalError, match="means something else"):
        python.compare(ast.parse("x - y - z").body, ast.parse("x - (y - z)").body, "x - y - z")


def test_S30_a_long_sum_is_met_without_recursion():
    node: ast.expr = ast.Name("x")
    for _ in range(3000):
        node = ast.BinOp(node, ast.Add(), ast.Name("x"))
    text = lines.layout(1, "y = ", node)
    assert len(text) == 3003


def test_S30_deep_parentheses_are_met_under_a_raised_limit_and_then_refused():
    node: ast.expr = ast.Name("x")
    for _ in range(600):
        node = ast.UnaryOp(ast.USub(), node)
    assert python.text(node) == "-" * 600 + "x"
    for _ in range(60_000):
        node = ast.UnaryOp(ast.USub(), node)
    with pytest.raises(InternalError, match="split this expression"):
        python.text(node)
