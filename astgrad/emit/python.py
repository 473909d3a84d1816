"""Expressions as text: everything that knows astor is here.

In comes an `ast` expression, out come its tokens: strings, and marks where the text may be broken. Joined
they are one line, spelled as `ruff format` spells it; `lines.layout` breaks the ones that are too long.

    x ** 2, -x ** 2, x[i:j+1]   ->   x**2, -(x**2), x[i : j + 1]
"""

from __future__ import annotations

import ast
import warnings
from functools import cache, lru_cache
from typing import Any

from astgrad.deep import deeper
from astgrad.errors import InternalError


class Mark(str):
    """A token that is shown as itself on one line, and says where lines may be broken."""

    __slots__ = ("kind",)
    kind: str

    def __new__(cls, kind: str, flat: str = "") -> Mark:
        mark = super().__new__(cls, flat)
        mark.kind = kind
        return mark


OPEN, CLOSE = Mark("open"), Mark("close")  # within brackets: a group, broken and indented at both ends
GROUP, END = Mark("group"), Mark("end")  # a group inside brackets that is broken as a whole or not
CHAIN, LAST = Mark("chain"), Mark("last")  # the same, of operators: broken inside brackets only
LINE = Mark("line", " ")  # a space or a line break
COMMA = Mark("comma")  # a comma where the group around it is broken


def tokens(node: ast.expr) -> tuple[list[str], set[int]]:
    """The tokens of an expression, and the ids of the nodes that stand in parentheses of their own."""
    printer = _printer()
    try:
        return printer(node)
    except RecursionError:
        pass
    try:
        return deeper(lambda: printer(node))
    except (RecursionError, MemoryError):
        raise InternalError("an expression is too deep to print: split this expression") from None


def text(node: ast.expr) -> str:
    """The expression on one line."""
    return node.id if isinstance(node, ast.Name) else "".join(tokens(node)[0])


def quoted(value: str) -> str:
    """A string literal in double quotes, in single ones where that needs fewer backslashes."""
    shown = repr(value)
    if shown[0] == '"' or value.count('"') > value.count("'"):
        return shown
    return '"' + shown[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'


def simple_bound(node: ast.expr) -> bool:
    """Whether a bound of a slice is written without spaces around the colon."""
    if isinstance(node, ast.UnaryOp):
        return not isinstance(node.op, ast.Not) and simple_bound(node.operand)
    return isinstance(node, (ast.Constant, ast.Name))


def simple_operand(node: ast.expr) -> bool:
    """Whether an operand of `**` hugs it."""
    if isinstance(node, ast.UnaryOp):
        return not isinstance(node.op, ast.Not) and simple_operand(node.operand)
    if isinstance(node, ast.Attribute):
        return simple_operand(node.value)
    return isinstance(node, ast.Name) or (
        isinstance(node, ast.Constant) and not isinstance(node.value, (str, bytes, type(...)))
    )


@cache
def _printer() -> Any:
    """A function node -> (tokens, parenthesised nodes); astor is imported at the first call."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from astor.code_gen import SourceGenerator, set_precedence
        from astor.op_util import Precedence, get_op_precedence, get_op_symbol

    class Parentheses:
        """Parentheses around what is printed meanwhile, dropped where precedence needs none."""

        def __init__(self, printer: Printer, node: ast.expr, op: Any) -> None:
            self.printer, self.node, self.p = printer, node, get_op_precedence(op)
            self.shown = self.p < getattr(node, "_pp", Precedence.highest)

        def __enter__(self) -> Parentheses:
            if self.shown:
                self.printer.parenthesised.add(id(self.node))
                self.printer.result += ("(", OPEN)
            return self

        def __exit__(self, *exception: Any) -> None:
            if self.shown:
                self.printer.result += (CLOSE, ")")

    class Printer(SourceGenerator):  # type: ignore[misc]
        """astor's visitor with ruff's spelling, and with marks for line breaks."""

        def __init__(self) -> None:
            super().__init__("    ")
            self.parenthesised: set[int] = set()

        def items(self, opening: str, nodes: list[Any], closing: str, comma: str = "") -> None:
            """A display: `comma` is the one behind a single item of a tuple."""
            if not nodes:
                self.result.append(opening + closing)
                return
            self.result += (opening, OPEN)
            self.separated(nodes)
            self.result += (comma or COMMA, CLOSE, closing)

        def separated(self, nodes: list[Any]) -> None:
            set_precedence(Precedence.Comma, *nodes)
            for index, node in enumerate(nodes):
                if index:
                    self.result += (",", LINE)
                self.visit(node)

        def visit_Constant(self, node: ast.Constant) -> None:
            value = node.value
            if isinstance(value, str):
                self.result.append(quoted(value))
            elif isinstance(value, bytes):
                self.result.append("b" + quoted_bytes(value))
            elif value is ...:
                self.result.append("...")
            else:
                shown = repr(value).replace("e+", "e")
                number = (
                    type(value) in (int, float, complex) and getattr(node, "_pp", 0) == Precedence.highest
                )
                if number:  # the value of an attribute
                    self.parenthesised.add(id(node))
                self.result += ("(", OPEN, shown, CLOSE, ")") if number else (shown,)

        def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
            shown = ast.unparse(node)
            plain = shown.startswith("f'") and '"' not in shown and shown.count("'") == 2
            self.result.append(f'f"{shown[2:-1]}"' if plain else shown)

        def visit_Attribute(self, node: ast.Attribute) -> None:
            node.value._pp = Precedence.highest  # type: ignore[attr-defined]
            self.visit(node.value)
            self.result.append("." + node.attr)

        def visit_Call(self, node: ast.Call) -> None:
            self.visit(node.func)
            if not node.args and not node.keywords:
                self.result.append("()")
                return
            self.result += ("(", OPEN, GROUP)
            self.separated([*node.args, *node.keywords])
            if node.keywords or len(node.args) > 1:
                self.result.append(COMMA)
            self.result += (END, CLOSE, ")")

        def visit_keyword(self, node: ast.keyword) -> None:
            set_precedence(Precedence.Comma, node.value)
            self.result.append(f"{node.arg}=" if node.arg else "**")
            self.visit(node.value)

        def visit_Subscript(self, node: ast.Subscript) -> None:
            self.visit(node.value)
            self.result += ("[", OPEN)
            if isinstance(node.slice, ast.Tuple) and node.slice.elts:
                self.separated(node.slice.elts)
                self.result.append("," if len(node.slice.elts) == 1 else COMMA)
            else:
                set_precedence(Precedence.Comma, node.slice)
                self.visit(node.slice)
            self.result += (CLOSE, "]")

        def visit_Slice(self, node: ast.Slice) -> None:
            bounds = [bound for bound in (node.lower, node.upper, node.step) if bound]
            set_precedence(Precedence.Comma, *bounds)
            space = "" if all(map(simple_bound, bounds)) else " "
            if node.lower:
                self.visit(node.lower)
                self.result.append(space)
            self.result.append(":")
            if node.upper:
                self.result.append(space)
                self.visit(node.upper)
            if node.step:
                self.result.append((space if node.upper else "") + ":" + space)
                self.visit(node.step)

        def visit_Tuple(self, node: ast.Tuple) -> None:
            self.items("(", node.elts, ")", "," if len(node.elts) == 1 else "")

        def visit_List(self, node: ast.List) -> None:
            self.items("[", node.elts, "]")

        def visit_Set(self, node: ast.Set) -> None:
            self.items("{", node.elts, "}")

        def visit_Dict(self, node: ast.Dict) -> None:
            if not node.keys:
                self.result.append("{}")
                return
            set_precedence(Precedence.Comma, *node.keys, *node.values)
            self.result += ("{", OPEN)
            for index, (key, value) in enumerate(zip(node.keys, node.values)):
                self.result += (",", LINE) if index else ()
                self.visit(key)
                self.result.append(": ")
                self.visit(value)
            self.result += (COMMA, CLOSE, "}")

        def visit_BinOp(self, node: ast.BinOp) -> None:
            if isinstance(node.op, ast.Pow):
                self.power(node)
                return
            with Parentheses(self, node, node.op) as parens:
                first, rest = chain(node, parens.p, get_op_precedence)
                set_precedence(parens.p, first)
                self.result.append(CHAIN)
                self.visit(first)
                for op, right in reversed(rest):
                    set_precedence(parens.p + 1, right)
                    self.result += (LINE, get_op_symbol(op), " ")
                    self.visit(right)
                self.result.append(LAST)

        def power(self, node: ast.BinOp) -> None:
            with Parentheses(self, node, node.op):
                self.result.append(CHAIN)
                self.exponents(node)
                self.result.append(LAST)

        def exponents(self, node: ast.BinOp) -> None:
            set_precedence(Precedence.Pow + 1, node.left)
            self.visit(node.left)
            right = node.right
            near = right
            index = len(self.result)
            set_precedence(Precedence.PowRHS, right)
            if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Pow):
                near = right.left
                self.exponents(right)
            else:
                self.visit(right)
            hug = simple_operand(node.left) and simple_operand(near)
            hug = hug and not {id(node.left), id(near)} & self.parenthesised
            self.result[index:index] = ["**"] if hug else [LINE, "** "]

        def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
            with Parentheses(self, node, node.op) as parens:
                power = isinstance(node.operand, ast.BinOp) and isinstance(node.operand.op, ast.Pow)
                set_precedence(Precedence.Pow + 1 if power else parens.p, node.operand)  # -(x**2)
                self.result.append(get_op_symbol(node.op) + (" " if isinstance(node.op, ast.Not) else ""))
                self.visit(node.operand)

        def visit_BoolOp(self, node: ast.BoolOp) -> None:
            with Parentheses(self, node, node.op):
                self.result.append(CHAIN)
                self.alternatives(node)
                self.result.append(LAST)

        def alternatives(self, node: ast.BoolOp) -> None:
            precedence = get_op_precedence(node.op) + 1
            for index, value in enumerate(node.values):
                if index:
                    self.result += (LINE, get_op_symbol(node.op), " ")
                set_precedence(precedence, value)
                if isinstance(value, ast.BoolOp) and get_op_precedence(value.op) >= precedence:
                    self.alternatives(value)
                else:
                    self.visit(value)

        def visit_Compare(self, node: ast.Compare) -> None:
            with Parentheses(self, node, node.ops[0]) as parens:
                set_precedence(parens.p + 1, node.left, *node.comparators)
                self.result.append(CHAIN)
                self.visit(node.left)
                for op, right in zip(node.ops, node.comparators):
                    self.result += (LINE, get_op_symbol(op), " ")
                    self.visit(right)
                self.result.append(LAST)

        def visit_IfExp(self, node: ast.IfExp) -> None:
            with Parentheses(self, node, node):
                self.result.append(CHAIN)
                self.arms(node)
                self.result.append(LAST)

        def arms(self, node: ast.IfExp) -> None:
            set_precedence(Precedence.IfExp + 1, node.body, node.test)
            set_precedence(Precedence.IfExp, node.orelse)
            self.visit(node.body)
            self.result += (LINE, "if ")
            self.visit(node.test)
            self.result += (LINE, "else ")
            if isinstance(node.orelse, ast.IfExp):
                self.arms(node.orelse)
            else:
                self.visit(node.orelse)

    def show(node: ast.expr) -> tuple[list[str], set[int]]:
        printer = Printer()
        node._pp = 0  # type: ignore[attr-defined]
        printer.visit(node)
        return printer.result, printer.parenthesised

    return show


def quoted_bytes(value: bytes) -> str:
    """What follows the b of a bytes literal."""
    shown = repr(value)[1:]
    if shown[0] == '"' or b'"' in value:
        return shown
    return '"' + shown[1:-1] + '"'


def chain(node: ast.BinOp, precedence: int, of: Any) -> tuple[ast.expr, list[tuple[Any, ast.expr]]]:
    """a + b - c as a, [(-, c), (+, b)]: a long sum is no deep recursion."""
    rest: list[tuple[Any, ast.expr]] = []
    first: ast.expr = node
    while isinstance(first, ast.BinOp) and not isinstance(first.op, ast.Pow) and of(first.op) == precedence:
        rest.append((first.op, first.right))
        first = first.left
    return first, rest


def symbol(op: ast.operator) -> str:
    """How an operator is written."""
    from astor.op_util import get_op_symbol

    shown: str = get_op_symbol(op)
    return shown


@lru_cache(maxsize=1)
def parsed(text: str) -> ast.Module:
    """The tree of a text, not to be changed: what was verified is compiled next."""
    return ast.parse(text)


def compare(parsed: Any, made: Any, text: str) -> None:
    """Raise InternalError where the tree of the printed text is not the tree it was printed from (S29)."""
    todo = [(parsed, made)]
    while todo:
        a, b = todo.pop()
        if type(a) is not type(b):
            raise InternalError(f"the printed text means something else ({a!r}, {b!r}):\n{text}")
        if isinstance(a, ast.AST):
            kind: Any = type(a)
            todo += [(getattr(a, field, None), getattr(b, field, None)) for field in _compared(kind)]
        elif isinstance(a, list):
            if len(a) != len(b):
                raise InternalError(f"the printed text means something else:\n{text}")
            todo += zip(a, b)
        elif a is not b and repr(a) != repr(b):
            raise InternalError(f"the printed text means something else ({a!r}, {b!r}):\n{text}")


IGNORED = ("type_comment", "kind", "ctx", "type_params")


@cache
def _compared(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of node in which two trees have to agree."""
    return tuple(field for field in kind._fields if field not in IGNORED)
