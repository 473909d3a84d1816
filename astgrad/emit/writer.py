"""The writer: statements as lines of text, with their nodes for the comparison (S29).

In comes what nodes are made of, out come lines and nodes, in the same order. Branches, loops, `with` and
`try` have modules of their own; they write their headers here, and their blocks through `block`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from astgrad import ir
from astgrad.analyses.liveness import Records
from astgrad.emit import branches, lines, loops, python, regions
from astgrad.emit.comments import Comments
from astgrad.emit.lines import Comment
from astgrad.emit.spelling import is_literal
from astgrad.emit.statements import Statements
from astgrad.errors import NOWHERE, InternalError, Origin
from astgrad.ir import Block, Call, Statement

NO_COMMENT = Comment()

REGIONS: dict[type, Callable[[Any, Any, int], list[ast.stmt]]] = {
    ir.If: branches.branch,
    ir.Loop: loops.loop,
    ir.With: regions.with_,
    ir.Try: regions.try_,
}


class Writer:
    """Writes statements as lines, and keeps their nodes."""

    def __init__(self, builder: Statements, comments: Comments) -> None:
        self.builder, self.comments = builder, comments
        self.text = lines.Text()
        self.nodes: list[ast.stmt] = []
        self.records: Records = {}  # what is recorded where
        self.forward = False  # a forward statement has been written

    def function(self, name: str, function: ir.Function, doc: list[str]) -> None:
        self.text.write(0, lines.signature(name, self.parameters(function)), NO_COMMENT)
        if doc:
            self.text.write(1, doc, NO_COMMENT)
        backward = False
        for statement in function.body.body:
            if self.forward and not backward and statement.origin.backward and not self.is_folded(statement):
                backward = True
                self.text.write(1, ["    # backward"], NO_COMMENT)
            self.nodes += self.statement(statement, 1)
            written = not self.is_folded(statement) and not statement.origin.backward
            self.forward = self.forward or written
        self.result(function)

    def parameters(self, function: ir.Function) -> list[tuple[str, str, ast.expr | None]]:
        """The name, kind and default of each parameter; a default that has no short text is `...`."""
        found = []
        for param in function.params:
            shown: ast.expr | None = None
            if param.default is not None:
                known = is_literal(param.default)
                shown = self.builder.atom(param.default) if known else ast.Constant(value=...)
            found.append((param.var.name, param.kind, shown))
        return found

    def result(self, function: ir.Function) -> None:
        results = function.body.results
        nodes = self.builder.many(results)
        value = nodes[0] if len(nodes) == 1 else ast.Tuple(elts=nodes, ctx=ast.Load())
        node = ast.Return(value=value)
        origins = [o for atom in results for o in self.origins(atom)]
        comment = self.comments(NOWHERE, origins) if origins else NO_COMMENT
        self.write(1, "return ", value, comment, tuple(origins))  # a tuple without parentheses
        self.nodes.append(node)

    # --- statements

    def is_folded(self, statement: Statement) -> bool:
        return any(target in self.builder.folded for target in ir.targets(statement))

    def is_printed(self, block: Block) -> bool:
        """Whether a block has a statement of its own."""
        return id(block) in self.records or any(not self.is_folded(inner) for inner in block.body)

    def statement(self, statement: Statement, depth: int) -> list[ast.stmt]:
        """Write a statement; the nodes that it became."""
        if isinstance(statement, Call):
            return [] if self.is_folded(statement) else self.call(statement, depth)
        if self.is_folded(statement):
            return []
        return REGIONS[type(statement)](self, statement, depth)

    def block(
        self, block: Block, depth: int, last: Callable[[], list[ast.stmt]] | None = None
    ) -> list[ast.stmt]:
        """Write the statements of a block and what it records; `last` writes a last one that is special."""
        records = self.records.get(id(block), {})
        nodes = loops.appends(self, records.get(-1, []), depth)
        for index, statement in enumerate(block.body):
            special = last is not None and index == len(block.body) - 1
            nodes += last() if last and special else self.statement(statement, depth)
            nodes += loops.appends(self, records.get(index, []), depth)
        return nodes

    def call(self, call: Call, depth: int) -> list[ast.stmt]:
        *copy, node = nodes = self.builder.call(call)
        inner = [o for atom in ir.operands(call) for o in self.origins(atom)]
        origins = (call.origin, *inner) if call.origin.line else tuple(inner)
        self.copies(depth, copy, ())
        self.node(depth, node, self.comments(call.origin, origins), origins)
        return nodes

    def copies(self, depth: int, nodes: list[ast.stmt], results: tuple[ir.Atom, ...]) -> list[ast.stmt]:
        """Write assignments of results; one alone gets the comment of what is evaluated in it."""
        origins = tuple(o for result in results for o in self.origins(result))
        comment = self.comments(NOWHERE, origins) if len(nodes) == 1 else NO_COMMENT
        for node in nodes:
            self.node(depth, node, comment, origins)
        return nodes

    def origins(self, *atoms: ir.Atom) -> Iterator[Origin]:
        """The origins of what is printed inside operands."""
        for var in (var for atom in atoms for var in ir.variables(atom)):
            call = self.builder.folded.get(var)
            if call is not None:
                if call.origin.line:
                    yield call.origin
                yield from self.origins(*ir.operands(call))

    def evaluated(self, depth: int, value: ast.expr, origin: Origin, atom: ir.Atom) -> list[ast.stmt]:
        """A value that nothing reads: a statement where it has effects."""
        if not self.has_effects(atom):
            return []
        self.header(depth, "", value, origin, atom, tail="")
        return [ast.Expr(value=value)]

    def has_effects(self, atom: ir.Atom) -> bool:
        """Whether something is done where an operand is printed."""
        calls = [self.builder.folded[v] for v in ir.variables(atom) if v in self.builder.folded]
        own = any(call.effects.impure or call.effects.writes != () for call in calls)
        return own or any(self.has_effects(inner) for call in calls for inner in ir.operands(call))

    # --- lines

    def header(
        self, depth: int, head: str, value: ast.expr, origin: Origin, *atoms: ir.Atom, tail: str = ":"
    ) -> None:
        """The first line of a compound statement, which reads these atoms."""
        inner = tuple(self.origins(*atoms))
        origins = (origin, *inner) if origin.line else inner
        comment = self.comments(origin, origins)
        self.text.write(depth, lines.layout(depth, head, value, tail, comment), comment, origins)

    def plain(self, depth: int, text: str, node: ast.stmt | None = None) -> list[ast.stmt]:
        """A line without an expression: `else:`, `break`."""
        self.text.write(depth, [" " * lines.INDENT * depth + text], NO_COMMENT)
        return [node] if node else []

    def filled(self, depth: int, nodes: list[ast.stmt]) -> list[ast.stmt]:
        """The nodes of a block, `pass` where there are none."""
        return nodes or self.plain(depth, "pass", ast.Pass())

    def node(self, depth: int, node: ast.stmt, comment: Comment, origins: tuple[Origin, ...] = ()) -> None:
        """A simple statement."""
        if isinstance(node, ast.Assign):
            left = node.targets[0]
            shown = (
                ", ".join(map(python.text, left.elts)) if isinstance(left, ast.Tuple) else python.text(left)
            )
            self.write(depth, f"{shown} = ", node.value, comment, origins)
        elif isinstance(node, ast.AugAssign):
            head = f"{python.text(node.target)} {python.symbol(node.op)}= "
            self.write(depth, head, node.value, comment, origins)
        elif isinstance(node, ast.Raise) and node.exc:
            tail = f" from {python.text(node.cause)}" if node.cause else ""
            self.text.write(depth, lines.layout(depth, "raise ", node.exc, tail, comment), comment, origins)
        elif isinstance(node, ast.Raise):
            self.text.write(depth, [" " * lines.INDENT * depth + "raise"], comment, origins)
        elif isinstance(node, ast.Expr):
            self.write(depth, "", node.value, comment, origins)
        else:
            raise InternalError(f"{type(node).__name__} is not written")

    def write(
        self, depth: int, head: str, value: ast.expr, comment: Comment, origins: tuple[Origin, ...]
    ) -> None:
        self.text.write(depth, lines.layout(depth, head, value, "", comment), comment, origins)
