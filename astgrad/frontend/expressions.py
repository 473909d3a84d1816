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
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, NoReturn

from astgrad.errors import Origin, UnsupportedSyntax, refuse
from astgrad.frontend import fence
from astgrad.frontend.desugar import kind, written
from astgrad.frontend.resolve import Scope, mangle
from astgrad.frontend.source import Source
from astgrad.ir import UNDEFINED, Atom, Block, Call, Closure, Const, If, Method, Statement, Tree, Var
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


TRUE, FALSE = Const(True), Const(False)

Live = frozenset[str] | None  # the names read behind a statement; None: any


@dataclass(eq=False, repr=False)
class Phis:
    """The values of two arms that meet: one phi for each pair of different atoms."""

    maybe: set[Var]  # Vars that may be undefined
    vars: list[Var] = field(default_factory=list)
    pairs: list[tuple[Atom, Atom]] = field(default_factory=list)
    known: dict[tuple[int, int], Var] = field(default_factory=dict)
    dead: bool = False  # whether an arm raises: what is undefined there is read by nobody

    def join(self, name: str, a: Atom, b: Atom) -> Atom:
        """What a name is behind both arms."""
        if same(a, b):
            return a
        if self.dead and UNDEFINED in (a, b) and isinstance(a, Const) and isinstance(b, Const):
            return b if a is UNDEFINED else a
        key = id(a), id(b)
        if key not in self.known:
            phi = self.known[key] = Var(shown(name))
            self.vars.append(phi)
            self.pairs.append((a, b))
            undefined = (arm is UNDEFINED and not self.dead for arm in (a, b))
            if any(undefined) or a in self.maybe or b in self.maybe:
                self.maybe.add(phi)
        return self.known[key]


def same(a: Atom, b: Atom) -> bool:
    """Whether two atoms are one value for certain."""
    return a is b or (isinstance(a, Const) and isinstance(b, Const) and a.value is b.value)


def shown(name: str) -> str:
    """The name of a Var: of a flag its word, of what was kept none."""
    return (
        "" if name.startswith("%kept") else name.lstrip("%").rstrip("0123456789") if name[:1] == "%" else name
    )


@dataclass(eq=False, repr=False)
class Arm:
    """A region that was lowered: its statements, what the names are at its end, and its value."""

    body: tuple[Statement, ...]
    env: dict[str, Atom]
    value: Atom
    dead: bool = False  # whether it raises before its end


class Expressions(ABC):
    """The expressions of one function: its scope, and the statements of the block that is being written.

    A handler takes the node and the name of the variable that the value is assigned to, "" for none.
    """

    handlers: ClassVar[dict[str, Callable[[Any, Any, str], Atom]]]

    def __init__(self, found: Source, scope: Scope, rule: bool) -> None:
        self.source = found
        self.scope = scope
        self.rule = rule
        self.refused = fence.SYNTAX | fence.REGIONS if rule else fence.SYNTAX
        self.body: list[Statement] = []
        self.dead = False  # whether what was lowered so far raises
        self.maybe: set[Var] = set()  # what a path may leave undefined (S13)
        self.read: dict[Atom, Var] = {}  # of these, what was read on the way to this place, and its value

    @abstractmethod
    def closure(self, node: Any, name: str = "") -> Closure:
        """A nested function or lambda, with the values of its cells and defaults."""

    # --- shared with the statements

    def expression(self, node: Any, name: str = "") -> Atom:
        """Lower an expression."""
        found = kind(node)
        handler = self.handlers.get(found)
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
        fence.syntax(written(node), self.origin(node))

    def mangled(self, name: str) -> str:
        return mangle(name, self.source.scope)

    # --- names and literals

    def walrus(self, node: Any, _: str) -> Atom:
        name = self.mangled(node.target.id)
        atom = self.expression(node.value, name)
        self.scope.assign(name, atom)
        return atom

    def name(self, node: Any, _: str = "") -> Atom:
        refused = partial(self.captured_wrongly, node)
        name = self.mangled(node.id)
        atom = self.scope.read(name, refused)
        if atom is UNDEFINED:
            return self.call(node, Const(unbound), (Const(name),))
        return self.certain(node, atom, name) if atom in self.maybe else atom

    def certain(self, node: Any, atom: Atom, name: str) -> Atom:
        """The value of a name that may have none: it is read here, once in a region."""
        if atom not in self.read:
            self.read[atom] = self.call(node, Const(bound), (atom,), name=name)
        return self.read[atom]

    def flag(self, node: Any, _: str = "") -> Atom:
        return self.scope.env[node.name]

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

    def formatted(self, node: Any, name: str) -> Atom:
        """An f-string: each value is converted and formatted, from left to right, then all are joined."""
        parts = [self.part(item) for item in node.values]
        if all(isinstance(part, Const) for part in parts):
            return Const("".join(part.value for part in parts))
        return parts[0] if len(parts) == 1 else self.call(node, JOIN, (Const(""), Tree(tuple, tuple(parts))))

    def part(self, node: Any) -> Any:
        if kind(node) == "Constant":
            return Const(node.value)
        value = self.expression(node.value)
        if node.conversion in CONVERSIONS:
            value = self.call(node.value, CONVERSIONS[node.conversion], (value,))
        spec = self.expression(node.format_spec) if node.format_spec else Const("")
        return self.call(node.value, FORMAT, (value, spec))

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

    def chain(self, node: Any, left: Atom, at: int, name: str) -> Atom:
        """The comparisons from `at` on: each is evaluated only if the one before it holds."""
        right = self.expression(node.comparators[at])
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

    def fork(
        self,
        node: Any,
        test: Atom,
        then: Callable[[], Atom],
        orelse: Callable[[], Atom],
        live: Live = None,
        name: str = "",
    ) -> Atom:
        """An If: its phis are the value of the arms and the live names that its arms bind differently."""
        arms = self.arm(then), self.arm(orelse)
        phis = Phis(self.maybe, dead=any(arm.dead for arm in arms))
        value = phis.join(name, arms[0].value, arms[1].value)
        self.joined(phis, *arms, live)
        then_, else_ = (
            Block((), arm.body, tuple(pair[side] for pair in phis.pairs)) for side, arm in enumerate(arms)
        )
        self.body.append(If(tuple(phis.vars), test, then_, else_, self.origin(node)))
        self.dead = all(arm.dead for arm in arms)
        return value

    def joined(self, phis: Phis, then: Arm, orelse: Arm, live: Live) -> None:
        """Bind what the names are behind two arms; a name that is not live gets no phi."""
        env = self.scope.env
        for name in dict.fromkeys((*then.env, *orelse.env)):
            a, b = then.env.get(name, UNDEFINED), orelse.env.get(name, UNDEFINED)
            before = env.get(name, UNDEFINED)
            if (then.dead and b is before) or (orelse.dead and a is before):
                continue
            if a is not b and live is not None and name not in live:
                env[name] = UNDEFINED
            else:
                env[name] = phis.join(name, UNDEFINED if then.dead else a, UNDEFINED if orelse.dead else b)

    def arm(self, lower: Callable[[], Atom]) -> Arm:
        """What is lowered in a region of its own."""
        scope = self.scope
        env, body, read = scope.env, self.body, self.read
        scope.env, self.body, self.read, self.dead = dict(env), [], dict(read), False
        scope.depth += 1
        value = lower()
        done = Arm(tuple(self.body), scope.env, UNDEFINED if self.dead else value, self.dead)
        scope.depth -= 1
        scope.env, self.body, self.read, self.dead = env, body, read, False
        return done

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
