"""Random expressions, of the kind that generated code might hold."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable
from typing import Any

NAMES = ("x", "y", "a_long_name", "np", "W", "something_rather_long_here", "bx", "exp_f", "f")
CONSTANTS = (0, 1, 2, 3.5, 1e-5, 1e20, 2j, True, None, "a", "it's", 'q"', b"b")
BINARY = (
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.MatMult,
    ast.Pow,
    ast.FloorDiv,
    ast.BitAnd,
    ast.BitOr,
    ast.Mod,
)
UNARY = (ast.USub, ast.USub, ast.Invert, ast.Not)
COMPARE = (ast.Lt, ast.Eq, ast.Is, ast.NotIn)


class Expressions:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def make(self, depth: int) -> ast.expr:
        if depth <= 0 or self.random.random() < 0.1:
            return self.leaf()
        kinds: list[tuple[Callable[[int], ast.expr], int]] = [
            (self.binary, 30),
            (self.unary, 10),
            (self.logical, 10),
            (self.call, 20),
            (self.subscript, 12),
            (self.attribute, 3),
            (self.conditional, 3),
            (self.display, 6),
        ]
        makers, weights = zip(*kinds)
        return self.random.choices(makers, weights)[0](depth - 1)

    def many(self, depth: int, low: int, high: int) -> list[ast.expr]:
        return [self.make(depth) for _ in range(self.random.randint(low, high))]

    def leaf(self) -> ast.expr:
        if self.random.random() < 0.25:
            return ast.Constant(self.random.choice(CONSTANTS))
        return ast.Name(self.random.choice(NAMES))

    def binary(self, depth: int) -> ast.expr:
        return ast.BinOp(self.make(depth), self.random.choice(BINARY)(), self.make(depth))

    def unary(self, depth: int) -> ast.expr:
        return ast.UnaryOp(self.random.choice(UNARY)(), self.make(depth))

    def logical(self, depth: int) -> ast.expr:
        if self.random.random() < 0.5:
            return ast.Compare(self.make(depth), [self.random.choice(COMPARE)()], [self.make(depth)])
        return ast.BoolOp(self.random.choice((ast.And, ast.Or))(), self.many(depth, 2, 3))

    def call(self, depth: int) -> ast.expr:
        function: ast.expr = ast.Attribute(ast.Name("np"), self.random.choice(("sum", "exp", "outer")))
        if self.random.random() < 0.3:
            function = ast.Attribute(self.make(depth), "reshape")
        keywords = [ast.keyword("axis", self.make(depth))] if self.random.random() < 0.3 else []
        return unchained(ast.Call(function, self.many(depth, 0, 3), keywords))

    def subscript(self, depth: int) -> ast.expr:
        index: Any = self.random.choice((self.make, self.slice, self.indices))(depth)
        return unchained(ast.Subscript(self.make(depth), index))

    def slice(self, depth: int) -> ast.Slice:
        bounds = [self.random.choice((None, self.leaf(), self.make(depth))) for _ in range(2)]
        return ast.Slice(*bounds, self.random.choice((None, None, self.leaf())))

    def indices(self, depth: int) -> ast.expr:
        parts = self.random.choices((self.slice, self.make), k=self.random.randint(0, 3))
        return ast.Tuple([part(depth) for part in parts])

    def attribute(self, depth: int) -> ast.expr:
        return unchained(ast.Attribute(self.make(depth), "T"))

    def conditional(self, depth: int) -> ast.expr:
        return ast.IfExp(self.make(depth), self.make(depth), self.make(depth))

    def display(self, depth: int) -> ast.expr:
        kind = self.random.choice((ast.Tuple, ast.List, ast.Dict))
        if kind is not ast.Dict:
            return kind(self.many(depth, 0, 3))
        values = self.many(depth, 0, 2)
        return ast.Dict([ast.Constant(str(i)) for i, _ in enumerate(values)], values)


def unchained(node: ast.expr) -> ast.expr:
    """The node, or a name instead of a chain that `fold` does not make (and `lines` does not break)."""
    attributes = brackets = 0
    inner: Any = node
    while isinstance(inner, (ast.Call, ast.Subscript, ast.Attribute)):
        if isinstance(inner, ast.Attribute):
            attributes += not isinstance(inner.value, (ast.Name, ast.Attribute))
            inner = inner.value
        else:
            brackets += 1
            inner = inner.func if isinstance(inner, ast.Call) else inner.value
    return ast.Name("x") if attributes > 1 or brackets > 2 else node
