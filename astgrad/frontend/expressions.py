"""From an expression to the atom that it stands for, and the calls that make it.

In comes a gast expression, out goes an atom; the statements on the way are appended to the block that is
being written. `-x[1:] * 2` gives

    t1 = getitem(x, 1:None)
    t2 = neg(t1)
    t3 = mul(t2, 2)

Literals, negative numbers and displays are atoms and need no statement. `lower.py` has the statements.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, NoReturn

from astgrad.errors import UnsupportedSyntax, refuse
from astgrad.frontend import calls, fence
from astgrad.frontend.arms import UNSURE, Arms
from astgrad.frontend.desugar import kind, written
from astgrad.frontend.resolve import mangle
from astgrad.ir import (
    UNDEFINED,
    Atom,
    Closure,
    Const,
    Method,
    Tree,
)
from astgrad.runtime_python import bound, unbound

BINARY = {
    "Add": "add",
    "Sub": "sub",
    "Mult": "mul",
    "Div": "truediv",
    "FloorDiv": "floordiv",
    "Mod": "mod",
    "Pow": "pow",
    "MatMult": "matmul",
    "BitAnd": "and_",
    "BitOr": "or_",
    "BitXor": "xor",
    "LShift": "lshift",
    "RShift": "rshift",
}
OTHERS = {
    "USub": "neg",
    "UAdd": "pos",
    "Invert": "invert",
    "Not": "not_",
    "Lt": "lt",
    "LtE": "le",
    "Eq": "eq",
    "NotEq": "ne",
    "Gt": "gt",
    "GtE": "ge",
    "Is": "is_",
    "IsNot": "is_not",
    "In": "contains",
    "NotIn": "contains",
}
OPERATORS = {name: Const(getattr(operator, function)) for name, function in (BINARY | OTHERS).items()}
SIGNS: dict[str, Callable[[Any], Any]] = {"USub": operator.neg, "UAdd": operator.pos}
CONVERSIONS = {ord(letter): Const(function) for letter, function in zip("sra", (str, repr, ascii))}
FORMAT, JOIN = Const(format), Const(Method("join"))
GETATTR, GETITEM, NONE = Const(getattr), Const(operator.getitem), Const(None)


class Expressions(Arms, ABC):
    """The expressions of one function: its scope, and the statements of the block that is being written.

    A handler takes the node and the name of the variable that the value is assigned to, "" for none.
    """

    handlers: ClassVar[dict[str, Callable[[Any, Any, str], Atom]]]

    @abstractmethod
    def closure(self, node: Any, name: str = "") -> Closure:
        """A nested function or lambda, with the values of its cells and defaults."""

    @abstractmethod
    def consumed(self, node: Any, name: str) -> Atom | None:
        """The value of a call that consumes a generator expression whole, None for any other call."""

    # --- shared with the statements

    def expression(self, node: Any, name: str = "") -> Atom:
        """Lower an expression."""
        found = kind(node)
        handler = self.handlers.get(found)
        if handler is None or found in self.refused:
            self.refuse(node)
        return handler(self, node, name)

    def refuse(self, node: Any) -> NoReturn:
        fence.syntax(written(node), self.origin(node))

    def mangled(self, name: str) -> str:
        return mangle(name, self.source.scope)

    # --- names and literals

    def walrus(self, node: Any, _: str) -> Atom:
        name = self.mangled(node.target.id)
        atom = self.expression(node.value, name)
        self.store(node, name, atom)
        return atom

    def name(self, node: Any, _: str = "") -> Atom:
        refused = partial(self.captured_wrongly, node)
        name = self.mangled(node.id)
        atom = self.scope.read(name, refused)
        if self.scope.is_cell(name):
            return self.load(node, name, atom)
        if atom is UNSURE:
            refuse(UnsupportedSyntax, self.origin(node), f"{name!r} {fence.UNSURE[0]}", fence.UNSURE[1])
        if atom is UNDEFINED:
            return self.call(node, Const(unbound), (Const(name),))
        unsure = atom in self.maybe or atom in self.scope.missing
        return self.certain(node, atom, name) if unsure else atom

    def certain(self, node: Any, atom: Atom, name: str) -> Atom:
        """The value of a name that may have none: it is read here, once in a region."""
        if atom not in self.read:
            self.read[atom] = self.call(node, Const(bound), (atom,), name=name)
        return self.read[atom]

    def flag(self, node: Any, _: str = "") -> Atom:
        return self.scope.env[node.name]

    def fresh(self, name: str, what: str) -> str:
        """A key of its own in the scope's `env`, shown as the name."""
        self.scope.keys += 1
        return f"{name}%{what}{self.scope.keys}"

    def local(self, name: str) -> str:
        """The key of a name in the scope's `env`."""
        return self.scope.local(self.mangled(name))

    def captured_wrongly(self, node: Any, message: str, advice: str) -> NoReturn:
        refuse(UnsupportedSyntax, self.origin(node), message, advice)

    def constant(self, node: Any, _: str) -> Atom:
        return Const(node.value)

    def display(self, node: Any, name: str) -> Atom:
        if any(kind(item) == "Starred" for item in node.elts):
            return calls.display(self, node, name)
        items = tuple(self.expression(item) for item in node.elts)
        return Tree(tuple, items) if kind(node) == "Tuple" else self.lists.made(Tree(list, items))

    def dictionary(self, node: Any, name: str) -> Atom:
        return calls.dictionary(self, node, name)

    def formatted(self, node: Any, name: str) -> Atom:
        """An f-string: each value is converted and formatted, from left to right, then all are joined."""
        parts = [self.part(node, item) for item in node.values]
        if all(isinstance(part, Const) for part in parts):
            return Const("".join(part.value for part in parts))
        return parts[0] if len(parts) == 1 else self.call(node, JOIN, (Const(""), Tree(tuple, tuple(parts))))

    def part(self, text: Any, node: Any) -> Any:
        if kind(node) == "Constant":
            return Const(node.value)
        value = self.expression(node.value)
        if node.conversion in CONVERSIONS:
            value = self.call(text, CONVERSIONS[node.conversion], (value,))
        spec = self.expression(node.format_spec) if node.format_spec else Const("")
        return self.call(text, FORMAT, (value, spec))

    def sliced(self, node: Any, _: str) -> Atom:
        parts = (node.lower, node.upper, node.step)
        return Tree(slice, tuple(self.expression(part) if part else NONE for part in parts))

    # --- operators

    def binary(self, node: Any, name: str) -> Atom:
        left = self.expression(node.left)
        return self.call(node, OPERATORS[kind(node.op)], (left, self.expression(node.right)), name=name)

    def unary(self, node: Any, name: str) -> Atom:
        operand, sign = self.expression(node.operand), kind(node.op)
        if sign in SIGNS and isinstance(operand, Const) and _is_literal(operand):
            return Const(SIGNS[sign](operand.value))
        return self.call(node, OPERATORS[sign], (operand,), name=name)

    def compare(self, node: Any, name: str) -> Atom:
        return self.chain(node, self.expression(node.left), 0, name)

    def comparator(self, node: Any, at: int) -> Atom:
        """What is compared with; a set that is only looked into is a tuple."""
        compared = node.comparators[at]
        if kind(compared) == "Set" and kind(node.ops[at]) in ("In", "NotIn"):
            return Tree(tuple, tuple(self.expression(item) for item in compared.elts))
        return self.expression(compared)

    def chain(self, node: Any, left: Atom, at: int, name: str) -> Atom:
        """The comparisons from `at` on: each is evaluated only if the one before it holds."""
        right = self.comparator(node, at)
        last = at == len(node.ops) - 1
        first = self.compared(node, kind(node.ops[at]), left, right, name if last else "")
        if last:
            return first
        return self.fork(node, first, lambda: self.chain(node, right, at + 1, ""), lambda: first, name=name)

    def compared(self, node: Any, op: str, left: Atom, right: Atom, name: str) -> Atom:
        if op == "In":
            return self.call(node, OPERATORS[op], (right, left), name=name)
        if op == "NotIn":
            held = self.call(node, OPERATORS[op], (right, left))
            return self.call(node, OPERATORS["Not"], (held,), name=name)
        return self.call(node, OPERATORS[op], (left, right), name=name)

    def boolean(self, node: Any, name: str) -> Atom:
        return self.connected(node, node.values, name)

    def connected(self, node: Any, values: list[Any], name: str) -> Atom:
        first = self.expression(values[0])
        if len(values) == 1:
            return first
        rest = lambda: self.connected(node, values[1:], "")
        arms = (rest, lambda: first) if kind(node.op) == "And" else (lambda: first, rest)
        return self.fork(node, first, *arms, name=name)

    def conditional(self, node: Any, name: str) -> Atom:
        test = self.expression(node.test)
        arms = (lambda: self.expression(node.body), lambda: self.expression(node.orelse))
        return self.fork(node, test, *arms, name=name)

    # --- attributes, items and calls

    def attribute(self, node: Any, name: str) -> Atom:
        base, attr = self.expression(node.value), self.mangled(node.attr)
        member = self.scope.member(base, attr)
        return member or self.call(node, GETATTR, (base, Const(attr)), name=name)

    def item(self, node: Any, name: str) -> Atom:
        base = self.expression(node.value)
        return self.call(node, GETITEM, (base, self.expression(node.slice)), name=name)

    def called(self, node: Any, name: str) -> Atom:
        consumed = self.consumed(node, name)
        if consumed is not None:
            return consumed
        op, first = self.callee(node.func, node)
        if isinstance(op, Const):
            fence.call(op.value, self.origin(node))
            if op.value is super and not node.args:
                return self.call(node, op, self.enclosing(node), name=name)
        if any(kind(item) == "Starred" for item in node.args) or any(not item.arg for item in node.keywords):
            return calls.call(self, node, op, first, name)
        args = tuple(self.expression(item) for item in node.args)
        kwargs = tuple(self.keyword(item) for item in node.keywords)
        return self.call(node, op, first + args, kwargs, name)

    def callee(self, function: Any, node: Any) -> tuple[Atom, tuple[Atom, ...]]:
        """What is called, and the object if it is a method."""
        if kind(function) != "Attribute":
            return self.expression(function), ()
        base, attr = self.expression(function.value), self.mangled(function.attr)
        member = self.scope.member(base, attr)
        if member:
            return member, ()
        if self.scope.is_module(base):
            return self.call(function, GETATTR, (base, Const(attr))), ()
        return Const(Method(attr)), (base,)

    def keyword(self, node: Any) -> tuple[str, Atom]:
        return self.mangled(node.arg), self.expression(node.value)

    def enclosing(self, node: Any) -> tuple[Atom, ...]:
        """The arguments that `super()` takes by itself: the `__class__` cell and the first parameter."""
        refused = partial(self.captured_wrongly, node)
        first = next(iter(self.scope.bound))
        own = self.scope.read(first, refused)
        return self.scope.read("__class__", refused), self.load(
            node, first, own
        ) if first in self.scope.celled else own


def _is_literal(const: Const) -> bool:
    """Whether this is a number as the text has it, not one that has a name (`math.pi`)."""
    return not const.text and type(const.value) in (int, float, complex)


EXPRESSIONS: dict[str, Callable[[Any, Any, str], Atom]] = {
    "Name": Expressions.name,
    "Flag": Expressions.flag,
    "NamedExpr": Expressions.walrus,
    "JoinedStr": Expressions.formatted,
    "Constant": Expressions.constant,
    "Tuple": Expressions.display,
    "List": Expressions.display,
    "Dict": Expressions.dictionary,
    "Slice": Expressions.sliced,
    "BinOp": Expressions.binary,
    "UnaryOp": Expressions.unary,
    "Compare": Expressions.compare,
    "BoolOp": Expressions.boolean,
    "IfExp": Expressions.conditional,
    "Attribute": Expressions.attribute,
    "Subscript": Expressions.item,
    "Call": Expressions.called,
    "Lambda": lambda self, node, name: self.closure(node, name),
}
