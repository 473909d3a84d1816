"""Emit: the text of a function, as a person would write it.

In comes an `ir.Function` with its specs, out comes `Emitted`: the text, and what it needs beside the globals
of the primal to run.

    bf_1 = divide(exp_f, sum(exp_f)); iadd_at(bf_1, y, -1.0)

    bf = exp_f / np.sum(exp_f)  # 6: log(sum(exp(f)))
    bf[y] -= 1.0  # 6: f[y]
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from types import CellType
from typing import Any

from astgrad import ir
from astgrad.analyses.liveness import liveness
from astgrad.analyses.specs import Spec
from astgrad.emit import lines, naming, python
from astgrad.emit.comments import Comments
from astgrad.emit.fold import fold
from astgrad.emit.lines import Comment
from astgrad.emit.spelling import LITERALS, Spelling, identifier
from astgrad.emit.statements import Statements, needs_no_name
from astgrad.errors import NOWHERE, InternalError, Origin
from astgrad.ir import Call, Const, Tree, Var
from astgrad.records import record

NO_COMMENT = Comment()


@record
class Emitted:
    """Generated text and what it stands on.

    `namespace` and `cells` are names that the text reads and that the primal's globals do not hold;
    `lines` gives the origins of each line of the text.
    """

    text: str
    name: str
    namespace: dict[str, object]
    cells: dict[str, CellType]
    lines: dict[int, tuple[Origin, ...]]


def emit(
    function: ir.Function,
    specs: dict[Var, Spec],
    *,
    doc: str = "",
    globals: dict[str, Any] | None = None,
    name: str | None = None,
    adjoint_of: dict[Var, Var] | None = None,
    plain: bool = False,
) -> Emitted:
    """The text of a function; `globals` are those of the primal.

    `adjoint_of` says of which value an unnamed one is the adjoint, and so what it is called. `plain`: every
    adjoint gets a statement of its own.
    """
    globals = {} if globals is None else globals
    folded = fold(function, specs, adjoint_of or () if plain else ())
    printed = [s for s in ir.statements(function.body) if not _folded(s, folded)]
    spelling = _spelling(function, printed, folded, globals)
    ranges = liveness(function, _operands(folded), _behind(folded))
    reserved = frozenset((*spelling.used, *spelling.namespace, *spelling.cells))
    names = naming.names(function, printed, ranges, folded, specs, reserved, adjoint_of or {})
    builder = Statements(names, folded, dict(function.captures), specs, spelling)
    writer = _Writer(builder, Comments(function.origin, globals))
    own = name or identifier(function.name) or "gradient"
    writer.function(own, function, doc or function.doc)
    text = str(writer.text)
    _verify(text, writer.nodes, own)
    return Emitted(text, own, spelling.namespace, spelling.cells, writer.text.origins)


def _folded(statement: ir.Statement, folded: dict[Var, Call]) -> bool:
    return isinstance(statement, Call) and statement.target in folded


def _spelling(
    function: ir.Function, printed: list[ir.Statement], folded: dict[Var, Call], globals: dict[str, Any]
) -> Spelling:
    """Find the names of all callables and captured data before local names are chosen."""
    captured = dict(function.captures)
    bound = (var for s in ir.statements(function.body) for var in ir.targets(s))
    own = frozenset(v.name for v in (*(p.var for p in function.params), *bound) if v.name)
    spelling = Spelling(globals, own)
    for statement in (*printed, *folded.values()):
        for atom in ir.operands(statement):
            if not (
                isinstance(statement, Call) and atom is statement.op and needs_no_name(statement, spelling)
            ):
                _spell(spelling, atom, captured)
        for block in ir.blocks(statement):
            for atom in block.results:
                _spell(spelling, atom, captured)
    defaults = (p.default for p in function.params if p.default and _is_shown(p.default))
    for atom in (*function.body.results, *defaults):
        _spell(spelling, atom, captured)
    return spelling


def _is_shown(default: ir.Atom) -> bool:
    """Whether a default is written as it is: a literal, or something that has a name."""
    if isinstance(default, Tree):
        return all(map(_is_shown, default.items))
    return isinstance(default, Const) and bool(default.text or type(default.value) in LITERALS)


def _spell(spelling: Spelling, atom: ir.Atom, captured: dict[Var, ir.Capture]) -> None:
    if isinstance(atom, Const):
        if atom is not ir.UNDEFINED and not isinstance(atom.value, ir.Method):
            spelling.const(atom)
    elif isinstance(atom, Tree):
        if atom.kind not in (tuple, list, dict, slice):
            spelling.object(atom.kind)
        for item in atom.items:
            _spell(spelling, item, captured)
    elif atom in captured:
        spelling.capture(captured[atom])  # type: ignore[index]


def _behind(folded: dict[Var, Call]) -> Any:
    """The Vars that are read where a Var is printed."""

    def behind(var: Var) -> Iterator[Var]:
        call = folded.get(var)
        if call is None:
            yield var
            return
        for atom in ir.operands(call):
            for inner in ir.variables(atom):
                yield from behind(inner)

    return behind


def _operands(folded: dict[Var, Call]) -> Any:
    """The Vars that a statement reads itself: none where it is printed elsewhere."""

    def operands(statement: ir.Statement) -> Iterator[Var]:
        if not _folded(statement, folded):
            for atom in ir.operands(statement):
                yield from ir.variables(atom)

    return operands


class _Writer:
    """Writes statements as lines, and keeps their nodes for the comparison."""

    def __init__(self, builder: Statements, comments: Comments) -> None:
        self.builder, self.comments = builder, comments
        self.text = lines.Text()
        self.nodes: list[ast.stmt] = []
        self.forward = False  # a forward statement has been written

    def function(self, name: str, function: ir.Function, doc: str) -> None:
        self.text.write(0, lines.signature(name, self.parameters(function)), NO_COMMENT)
        if doc:
            self.text.write(1, docstring(doc), NO_COMMENT)
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
                known = _is_shown(param.default)
                shown = self.builder.atom(param.default) if known else ast.Constant(value=...)
            found.append((param.var.name, param.kind, shown))
        return found

    def is_folded(self, statement: ir.Statement) -> bool:
        return _folded(statement, self.builder.folded)

    def result(self, function: ir.Function) -> None:
        results = function.body.results
        nodes = self.builder.many(results)
        value = nodes[0] if len(nodes) == 1 else ast.Tuple(elts=nodes, ctx=ast.Load())
        node = ast.Return(value=value)
        origins = [o for atom in results for o in self.origins(atom)]
        comment = self.comments(NOWHERE, origins) if origins else NO_COMMENT
        self.write(1, node, "return ", value, comment, tuple(origins))  # a tuple without parentheses
        self.nodes.append(node)

    def statement(self, statement: ir.Statement, depth: int) -> list[ast.stmt]:
        """Write a statement; the nodes that it became."""
        if isinstance(statement, Call):
            return [] if self.is_folded(statement) else [self.call(statement, depth)]
        if isinstance(statement, ir.If):
            return self.branch(statement, depth)
        raise InternalError(f"{type(statement).__name__} is not emitted yet")

    def call(self, call: Call, depth: int) -> ast.stmt:
        node = self.builder.call(call)
        inner = [o for atom in ir.operands(call) for o in self.origins(atom)]
        origins = (call.origin, *inner) if call.origin.line else tuple(inner)
        self.statement_node(depth, node, self.comments(call.origin, origins), origins)
        return node

    def statement_node(
        self, depth: int, node: ast.stmt, comment: Comment, origins: tuple[Origin, ...] = ()
    ) -> None:
        if isinstance(node, ast.Assign):
            left = node.targets[0]
            shown = (
                ", ".join(map(python.text, left.elts)) if isinstance(left, ast.Tuple) else python.text(left)
            )
            self.write(depth, node, f"{shown} = ", node.value, comment, origins)
        elif isinstance(node, ast.AugAssign):
            head = f"{python.text(node.target)} {python.symbol(node.op)}= "
            self.write(depth, node, head, node.value, comment, origins)
        elif isinstance(node, ast.Expr):
            self.write(depth, node, "", node.value, comment, origins)
        else:
            raise InternalError(f"{type(node).__name__} is not written")

    def write(
        self,
        depth: int,
        node: ast.stmt,
        head: str,
        value: ast.expr,
        comment: Comment,
        origins: tuple[Origin, ...],
    ) -> None:
        self.text.write(depth, lines.layout(depth, head, value, "", comment), comment, origins)

    def origins(self, atom: ir.Atom) -> Iterator[Origin]:
        """The origins of what is printed inside an operand."""
        for var in ir.variables(atom):
            call = self.builder.folded.get(var)
            if call is not None:
                if call.origin.line:
                    yield call.origin
                for inner in ir.operands(call):
                    yield from self.origins(inner)

    # --- branches

    def branch(self, statement: ir.If, depth: int, keyword: str = "if ") -> list[ast.stmt]:
        """An `if`, or a conditional expression where each arm is just a value."""
        inner = list(self.origins(statement.test))
        origins = (statement.origin, *inner) if statement.origin.line else tuple(inner)
        comment = self.comments(statement.origin, origins)
        value = self.conditional(statement)
        if value is not None:
            self.statement_node(depth, value, comment, origins)
            return [value]
        arms = (statement.then, statement.orelse)
        empty = [not self.is_printed(arm) and not self.copies(statement, arm) for arm in arms]
        test = self.builder.atom(statement.test)
        if all(empty):
            return []
        if empty[0]:
            test, arms, empty = ast.UnaryOp(op=ast.Not(), operand=test), arms[::-1], empty[::-1]
        self.text.write(depth, lines.layout(depth, keyword, test, ":", comment), comment, origins)
        body = self.arm(statement, arms[0], depth + 1)
        orelse = self.orelse(statement, arms[1], depth) if not empty[1] else []
        return [ast.If(test=test, body=body, orelse=orelse)]

    def is_printed(self, arm: ir.Block) -> bool:
        return any(not self.is_folded(statement) for statement in arm.body)

    def copies(self, statement: ir.If, arm: ir.Block) -> list[ast.stmt]:
        return self.builder.copies(statement.targets, arm.results)

    def conditional(self, statement: ir.If) -> ast.stmt | None:
        """target = a if test else b, for one target and arms without statements."""
        arms = (statement.then, statement.orelse)
        values = [arm.results[0] for arm in arms if len(arm.results) == 1 and not self.is_printed(arm)]
        if len(values) < 2 or ir.UNDEFINED in values or not all(self.copies(statement, arm) for arm in arms):
            return None
        test, then, orelse = map(self.builder.atom, (statement.test, *values))
        value = ast.IfExp(test=test, body=then, orelse=orelse)
        if len(python.text(value)) > 60:
            return None
        target = ast.Name(id=self.builder.names[statement.targets[0]], ctx=ast.Store())
        return ast.Assign(targets=[target], value=value)

    def arm(self, statement: ir.If, arm: ir.Block, depth: int) -> list[ast.stmt]:
        body = [node for inner in arm.body for node in self.statement(inner, depth)]
        copies = self.copies(statement, arm)
        origins = tuple(o for result in arm.results for o in self.origins(result))
        comment = self.comments(NOWHERE, origins) if len(copies) == 1 else NO_COMMENT
        for node in copies:
            self.statement_node(depth, node, comment, origins)
            body.append(node)
        if not body:
            self.text.write(depth, ["    " * depth + "pass"], NO_COMMENT)
            body.append(ast.Pass())
        return body

    def orelse(self, statement: ir.If, arm: ir.Block, depth: int) -> list[ast.stmt]:
        """`else:`, or `elif` where the arm is one `if`."""
        inner = [s for s in arm.body if not self.is_folded(s)]
        only = inner[0] if len(inner) == 1 and not self.copies(statement, arm) else None
        if isinstance(only, ir.If) and self.conditional(only) is None:
            return self.branch(only, depth, "elif ")
        self.text.write(depth, ["    " * depth + "else:"], NO_COMMENT)
        return self.arm(statement, arm, depth + 1)


def docstring(doc: str) -> list[str]:
    """The lines of a docstring, its paragraphs wrapped."""
    paragraphs = [
        " ".join(part.split()) for part in doc.replace("\\", "\\\\").replace('"""', "'''").split("\n\n")
    ]
    if len(paragraphs) == 1 and len(doc) <= lines.WIDTH - 10 and not doc.endswith('"'):
        return [f'    """{paragraphs[0]}"""']
    paragraphs[0] = f'"""{paragraphs[0]}'
    wrapped: list[str] = []
    for paragraph in paragraphs:
        wrapped += ["", *textwrap.wrap(paragraph, lines.WIDTH - 4, break_on_hyphens=False)]
    return [*("    " + line if line else "" for line in wrapped[1:]), '    """']


def _verify(text: str, nodes: list[ast.stmt], name: str) -> None:
    """Parse the text again and compare it with the tree that it was printed from (S29)."""
    try:
        parsed = python.parsed(text).body[0]
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise InternalError(f"the text of {name} does not parse: {error}\n{text}") from None
    body = parsed.body  # type: ignore[attr-defined]
    if ast.get_docstring(parsed, clean=False) is not None:  # type: ignore[arg-type]
        body = body[1:]
    python.compare(body, nodes, text)
