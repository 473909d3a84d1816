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
from typing import Any, NoReturn

from astgrad.errors import Origin, UnsupportedSyntax, refuse
from astgrad.frontend import fence
from astgrad.frontend.desugar import kind
from astgrad.frontend.resolve import Scope, mangle
from astgrad.frontend.source import Source
from astgrad.ir import Atom, Block, Call, Closure, Const, If, Method, Statement, Tree, Var

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
GETATTR, GETITEM, NONE = Const(getattr), Const(operator.getitem), Const(None)


class Expressions(ABC):
    """The expressions of one function: its scope, and the statements of the block that is being written.

    A handler takes the node and the name of the variable that the value is assigned to, "" for none.
    """

    def __init__(self, found: Source, scope: Scope, rule: bool) -> None:
        self.source = found
        self.scope = scope
        self.rule = rule
        self.refused = fence.SYNTAX if rule else fence.SYNTAX | fence.CONTROL
        self.body: list[Statement] = []

    @abstractmethod
    def closure(self, node: Any, name: str = "") -> Closure:
        """A nested function or lambda, with the values of its cells and defaults."""

    # --- shared with the statements

    def expression(self, node: Any, name: str = "") -> Atom:
        """Lower an expression."""
        found = kind(node)
        handler = EXPRESSIONS.get(found)
        if handler is None or found in self.refused:
            self.refuse(node)
        return handler(self, node, name)

    def call(
        self,
        node: Any,
        op: Atom,
        args: tuple[Atom, ...],
        kwargs: tuple[tuple[str, Atom], ...] = (),
        name: str = "",
    ) -> Var:
        """Append a call, with the span of the node, and give its target."""
        target = Var(name)
        self.body.append(Call(target, op, args, kwargs, origin=self.origin(node)))
        return target

    def origin(self, node: Any) -> Origin:
        return self.source.origin(node)

    def refuse(self, node: Any) -> NoReturn:
        fence.syntax(kind(node), self.origin(node))

    def mangled(self, name: str) -> str:
        return mangle(name, self.source.scope)

    # --- names and literals

    def name(self, node: Any, _: str = "") -> Atom:
        refused = partial(self.captured_wrongly, node)
        return self.scope.read(self.mangled(node.id), refused)

    def captured_wrongly(self, node: Any, message: str, advice: str) -> NoReturn:
        refuse(UnsupportedSyntax, self.origin(node), message, advice)

    def constant(self, node: Any, _: str) -> Atom:
        return Const(node.value)

    def display(self, node: Any, _: str) -> Atom:
        items = tuple(self.expression(item) for item in node.elts)
        return Tree(tuple if kind(node) == "Tuple" else list, items)

    def dictionary(self, node: Any, _: str) -> Atom:
        items: dict[Any, Atom] = {}
        for key, value in zip(node.keys, node.values):
            atom = self.expression(key) if key else None
            if not isinstance(atom, Const):
                refuse(UnsupportedSyntax, self.origin(key or value), *fence.DICT)
            items[atom.value] = self.expression(value)
        return Tree(dict, tuple(items.values()), tuple(items))

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
        if len(node.ops) > 1 and "chained comparison" in self.refused:
            fence.syntax("chained comparison", self.origin(node))
        return self.chain(node, self.expression(node.left), 0, name)

    def chain(self, node: Any, left: Atom, at: int, name: str) -> Atom:
        """The comparisons from `at` on: each is evaluated only if the one before it holds."""
        right = self.expression(node.comparators[at])
        last = at == len(node.ops) - 1
        first = self.compared(node, kind(node.ops[at]), left, right, name if last else "")
        if last:
            return first
        return self.choose(node, first, lambda: self.chain(node, right, at + 1, ""), lambda: first, name)

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
        return self.choose(node, first, *arms, name)

    def conditional(self, node: Any, name: str) -> Atom:
        test = self.expression(node.test)
        arms = (lambda: self.expression(node.body), lambda: self.expression(node.orelse))
        return self.choose(node, test, *arms, name)

    def choose(
        self, node: Any, test: Atom, then: Callable[[], Atom], orelse: Callable[[], Atom], name: str = ""
    ) -> Atom:
        """An If with one phi, the value of the arm that is taken."""
        blocks = self.region(then), self.region(orelse)
        phi = Var(name)
        self.body.append(If((phi,), test, *blocks, self.origin(node)))
        return phi

    def region(self, arm: Callable[[], Atom]) -> Block:
        """The statements that an arm takes to its value."""
        outer, self.body = self.body, []
        value = arm()
        block = Block((), tuple(self.body), (value,))
        self.body = outer
        return block

    # --- attributes, items and calls

    def attribute(self, node: Any, name: str) -> Atom:
        base, attr = self.expression(node.value), self.mangled(node.attr)
        member = self.scope.member(base, attr)
        return member or self.call(node, GETATTR, (base, Const(attr)), name=name)

    def item(self, node: Any, name: str) -> Atom:
        base = self.expression(node.value)
        return self.call(node, GETITEM, (base, self.expression(node.slice)), name=name)

    def called(self, node: Any, name: str) -> Atom:
        op, first = self.callee(node.func, node)
        args = tuple(self.argument(item) for item in node.args)
        kwargs = tuple(self.keyword(item) for item in node.keywords)
        if isinstance(op, Const):
            fence.call(op.value, self.origin(node))
            if op.value is super and not args:
                args = self.enclosing(node)
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
        fence.method(attr, base, self.origin(node))
        return Const(Method(attr)), (base,)

    def argument(self, node: Any) -> Atom:
        if kind(node) == "Starred":
            refuse(UnsupportedSyntax, self.origin(node), *fence.SPREAD)
        return self.expression(node)

    def keyword(self, node: Any) -> tuple[str, Atom]:
        if node.arg is None:
            refuse(UnsupportedSyntax, self.origin(node), *fence.SPREAD)
        return self.mangled(node.arg), self.expression(node.value)

    def enclosing(self, node: Any) -> tuple[Atom, ...]:
        """The arguments that `super()` takes by itself: the `__class__` cell and the first parameter."""
        refused = partial(self.captured_wrongly, node)
        first = next(iter(self.scope.bound))
        return self.scope.read("__class__", refused), self.scope.read(first, refused)


def _is_literal(const: Const) -> bool:
    """Whether this is a number as the text has it, not one that has a name (`math.pi`)."""
    return not const.text and type(const.value) in (int, float, complex)


EXPRESSIONS: dict[str, Callable[[Any, Any, str], Atom]] = {
    "Name": Expressions.name,
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
