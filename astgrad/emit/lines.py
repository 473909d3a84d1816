"""Line breaks as `ruff format` makes them, and the text of a whole function with its map of lines.

In comes a statement as its head ("bx = "), an expression and a comment, out come lines:

    bW = np.outer(a_long_name, ...)  # 4: W @ x   ->   bW = np.outer(
                                                           a_long_name, ...
                                                       )  # 4: W @ x

A comment counts for the width, as in ruff. So lines are broken for the shortest form of the comment, and
the comment is cut to the room that the last line leaves.
"""

from __future__ import annotations

import ast
from typing import Any

from astgrad.emit import python
from astgrad.emit.python import Mark
from astgrad.errors import Origin
from astgrad.records import fresh, state, value

WIDTH = 88
INDENT = 4
ROOM = 12  # a shorter part of a comment is not worth showing


@value
class Comment:
    """What stands behind a statement: `short` always, the first of `longer` that there is room for."""

    short: str = ""
    longer: tuple[str, ...] = ()

    def cut(self, room: int) -> str:
        """The comment within `room` columns, its two leading spaces included."""
        if not self.short:
            return ""
        whole = [f"  # {self.short}: {text}" for text in self.longer if text]
        for text in whole:
            if len(text) <= room:
                return text
        if whole and room >= len(self.short) + 6 + ROOM:
            return whole[0][: room - 3].rstrip() + "..."
        return f"  # {self.short}"

    @property
    def width(self) -> int:
        return len(self.short) + 4 if self.short else 0


@state
class Text:
    """Lines that have been written, and the origins of each of them (from 1)."""

    lines: list[str] = fresh(factory=list)
    origins: dict[int, tuple[Origin, ...]] = fresh(factory=dict)

    def write(self, depth: int, lines: list[str], comment: Comment, origins: tuple[Origin, ...] = ()) -> None:
        """A statement: its lines, indented already, with the comment behind the last one."""
        first = len(self.lines) + 1
        self.lines += lines
        self.lines[-1] += comment.cut(WIDTH - len(self.lines[-1]))
        if origins:
            self.origins.update(dict.fromkeys(range(first, len(self.lines) + 1), origins))

    def __str__(self) -> str:
        return "\n".join(self.lines) + "\n"


def layout(
    depth: int, head: str, node: ast.expr, tail: str = "", comment: Comment | None = None
) -> list[str]:
    """The lines of `head node tail`, `depth` levels deep; `tail` is ":" or ""."""
    indent = INDENT * depth
    room = WIDTH - len(tail) - (comment.width if comment else 0)
    tokens, parenthesised = python.tokens(node)
    line = " " * indent + head + "".join(tokens[1:-1] if is_bare(head, node) else tokens)
    if len(line) <= room:
        return [line + tail]
    lines = broken(indent, head, node, tokens, parenthesised, room)
    lines[-1] += tail
    return lines


def signature(name: str, params: list[tuple[str, str, ast.expr | None]]) -> list[str]:
    """The `def` line, broken as a call is; a parameter is its name, kind and default."""
    shown: list[list[str]] = []
    seen = ""
    for param, kind, default in params:
        if seen == "POSITIONAL_ONLY" != kind:
            shown.append(["/"])
        if kind == "KEYWORD_ONLY" and seen not in ("KEYWORD_ONLY", "VAR_POSITIONAL"):
            shown.append(["*"])
        stars = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(kind, "")
        shown.append([stars + param, *(["=", *python.tokens(default)[0]] if default else [])])
        seen = kind
    shown += [["/"]] if seen == "POSITIONAL_ONLY" else []
    tokens = ["(", python.OPEN, python.GROUP]
    for index, item in enumerate(shown):
        tokens += [*([",", python.LINE] if index else []), *item]
    comma = not seen.startswith("VAR_KEYWORD")
    tokens += [*([python.COMMA] if comma else []), python.END, python.CLOSE, "):"]
    if not shown:
        return [f"def {name}():"]
    return render(0, f"def {name}", tokens, WIDTH)


def broken(
    indent: int, head: str, node: ast.expr, tokens: list[str], parenthesised: set[int], room: int
) -> list[str]:
    """The lines of a statement that does not fit on one."""
    start = " " * indent + head
    if is_bare(head, node):
        return render(indent, start, tokens, room, broken=True)  # only here it gets its parentheses
    bare = outside(tokens)
    if not operators_outside(node, parenthesised):
        return render(indent, start, bare, room)
    if can_omit_parentheses(node, parenthesised) and fits_expanded(indent, start, bare, room):
        return render(indent, start, bare, room)
    wrapped = ["(", python.OPEN, *tokens, python.CLOSE, ")"]
    return render(indent, start, wrapped, room, broken=True)


def is_bare(head: str, node: ast.expr) -> bool:
    """Whether a tuple has no parentheses on one line: `return a, b` and `a, b = b, a`."""
    many = head == "return " or (head.endswith(" = ") and "," in head)
    return many and isinstance(node, ast.Tuple) and len(node.elts) > 1


def outside(tokens: list[str]) -> list[str]:
    """The tokens without the marks at which lines break only inside brackets."""
    result: list[str] = []
    depth = 0
    for token in tokens:
        kind = kind_of(token)
        depth += (kind == "open") - (kind == "close")
        if depth or kind not in ("chain", "last", "line"):
            result.append(token)
        elif kind == "line":
            result.append(str(token))
    return result


def kind_of(token: str) -> str:
    """What a mark stands for, "" for text."""
    return token.kind if isinstance(token, Mark) else ""


OPENING = ("open", "group", "chain")
CLOSING = ("close", "end", "last")
BREAKS = ("open", "close", "line")


def fits_expanded(indent: int, start: str, tokens: list[str], room: int) -> bool:
    """Whether what stands outside all brackets fits when every bracket is broken."""
    column, depth = len(start), 0
    for token in tokens:
        kind = kind_of(token)
        depth += (kind == "open") - (kind == "close")
        if kind == "close" and not depth:
            column = indent
        elif not depth:
            column += len(token)
        if column > WIDTH:
            return False
    return column <= room


def render(indent: int, start: str, tokens: list[str], room: int, broken: bool = False) -> list[str]:
    """The lines: a group whose text does not fit on the rest of the line is broken at its own marks.

    The first group is broken anyway where `broken` says so.
    """
    lines, line, level = [], start, indent
    flat = [False]  # of each group around the token
    for index, token in enumerate(tokens):
        kind = kind_of(token)
        level += INDENT * ((kind == "open") - (kind == "close"))
        if kind in OPENING:
            known = flat[-1] or (broken and index == 1 and None)
            flat.append(fits(tokens, index, len(line), flat, room) if known is False else bool(known))
        if kind == "" or flat[-1]:
            line += token
        elif kind == "comma":
            line += ","
        elif kind in BREAKS:
            lines.append(line.rstrip())
            line = " " * level
        if kind in CLOSING:
            flat.pop()
    return [*lines, line]


def fits(tokens: list[str], index: int, column: int, flat: list[bool], room: int) -> bool:
    """Whether the group that starts at `index` fits on one line, with what follows up to the next break."""
    modes = [*flat, True]
    for position in range(index + 1, len(tokens)):
        token = tokens[position]
        kind = kind_of(token)
        if kind in OPENING:
            modes.append(modes[-1])
        if kind in BREAKS and not modes[-1]:
            return column <= WIDTH
        column += 1 if kind == "comma" and not modes[-1] else len(token)
        if kind in CLOSING:
            modes.pop()
        if column > WIDTH:
            return False
    return column <= room


# --- the rules by which ruff chooses between parentheses and the brackets that are there


def operators_outside(node: ast.expr, parenthesised: set[int]) -> bool:
    """Whether an expression may get parentheses of its own (ruff: OptionalParentheses::Multiline)."""
    inner = _inner(node)
    while inner is not None:
        if id(inner) in parenthesised:
            return False
        node, inner = inner, _inner(inner)
    return isinstance(node, (ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp))


def _inner(node: ast.expr) -> ast.expr | None:
    """What a call, a subscript, an attribute or a sign stands at; None for others."""
    if isinstance(node, ast.Call):
        return node.func
    if isinstance(node, (ast.Subscript, ast.Attribute)):
        return node.value
    return node.operand if isinstance(node, ast.UnaryOp) else None


RANKS: dict[type, int] = {
    ast.Pow: 2, ast.Invert: 3, ast.LShift: 6, ast.RShift: 6, ast.BitAnd: 7, ast.BitXor: 8, ast.BitOr: 9,
    ast.Add: 5, ast.Sub: 5, ast.Mult: 4, ast.Div: 4, ast.FloorDiv: 4, ast.Mod: 4, ast.MatMult: 4,
}  # fmt: skip
ATTRIBUTE, COMPARISON, BOOLEAN, CONDITIONAL = 1, 10, 11, 12


@state
class _Outside:
    """What stands outside all brackets: the weakest operator, how often, and the two ends."""

    parenthesised: set[int]
    rank: int = 0
    count: int = 0
    brackets: bool = False
    first: Any = None
    last: Any = None

    def operator(self, rank: int, count: int = 1) -> None:
        if rank > self.rank:
            self.rank, self.count = rank, 0
        self.count += count if rank == self.rank else 0

    def visit(self, node: ast.expr) -> None:
        self.last = node
        if id(node) in self.parenthesised:
            self.brackets = True
        else:
            self.inner(node)
        self.first = self.first or node

    def inner(self, node: ast.expr) -> None:
        if isinstance(node, (ast.Dict, ast.List, ast.Tuple, ast.Set)):
            self.brackets = True
        elif isinstance(node, (ast.Call, ast.Subscript)):
            self.brackets = True
            self.visit(node.func if isinstance(node, ast.Call) else node.value)
            self.last = node
        elif isinstance(node, ast.Attribute):
            self.visit(node.value)
            if bracketed(node.value, self.parenthesised) is not None:
                self.operator(ATTRIBUTE)
            self.last = node
        elif isinstance(node, ast.UnaryOp):
            if isinstance(node.op, ast.Invert):
                self.operator(RANKS[ast.Invert])
            self.first = self.first or node.op
            self.visit(node.operand)
        else:
            self.operands(node)

    def operands(self, node: ast.expr) -> None:
        nodes: list[ast.expr] = []
        if isinstance(node, ast.BinOp):
            while isinstance(node, ast.BinOp) and (not nodes or id(node) not in self.parenthesised):
                self.operator(RANKS[type(node.op)])
                nodes.insert(0, node.right)
                node = node.left
            nodes.insert(0, node)
        elif isinstance(node, ast.BoolOp):
            self.operator(BOOLEAN, len(node.values) - 1)
            nodes = node.values
        elif isinstance(node, ast.Compare):
            self.operator(COMPARISON, len(node.ops))
            nodes = [node.left, *node.comparators]
        elif isinstance(node, ast.IfExp):
            self.operator(CONDITIONAL, 2)
            nodes = [node.body, node.test, node.orelse]
        for inner in nodes:
            self.visit(inner)


def bracketed(node: Any, parenthesised: set[int]) -> bool | None:
    """Whether an expression ends in brackets that are not empty; None where there are none at all."""
    empty: bool | None = None
    if isinstance(node, ast.Call):
        empty = not (node.args or node.keywords)
    elif isinstance(node, ast.Subscript):
        empty = False
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        empty = not node.elts
    elif isinstance(node, ast.Dict):
        empty = not node.keys
    if empty is not False and id(node) in parenthesised:
        return True
    return None if empty is None else not empty


def can_omit_parentheses(node: ast.expr, parenthesised: set[int]) -> bool:
    """Whether the brackets that are there may be broken instead of adding parentheses."""
    seen = _Outside(parenthesised)
    seen.inner(node)
    if not seen.brackets or seen.count > 1:
        return False
    if seen.rank == ATTRIBUTE:
        return True
    ends = (end for end in (seen.first, seen.last) if not isinstance(end, ast.Subscript))
    return any(bracketed(end, parenthesised) for end in ends)
