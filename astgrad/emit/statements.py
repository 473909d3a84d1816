"""Statements and expressions of Python for those of the IR.

In comes a `Call` with the names of its operands, out comes an `ast` node:

    t = multiply(c, getitem(x, 1:))   ->   t = c * x[1:]
    iadd_at(bf, y, -1.0)              ->   bf[y] -= 1.0
"""

from __future__ import annotations

import ast
import dataclasses
import operator
from typing import Any

from astgrad import ir
from astgrad.analyses.specs import Number, Spec
from astgrad.emit.calls import is_append, operator_of, runtime_name
from astgrad.emit.logic import either, is_logic
from astgrad.emit.spelling import Spelling, call, dotted, name
from astgrad.emit.webs import same_object
from astgrad.errors import InternalError
from astgrad.ir import Atom, Call, Const, Method, Tree, Var
from astgrad.records import fresh, state

BINARY: dict[Any, type[ast.operator]] = {
    operator.add: ast.Add, operator.sub: ast.Sub, operator.mul: ast.Mult, operator.truediv: ast.Div,
    operator.floordiv: ast.FloorDiv, operator.mod: ast.Mod, operator.pow: ast.Pow,
    operator.matmul: ast.MatMult,
    operator.and_: ast.BitAnd, operator.or_: ast.BitOr, operator.xor: ast.BitXor,
    operator.lshift: ast.LShift, operator.rshift: ast.RShift,
}  # fmt: skip
IN_PLACE: dict[Any, Any] = {
    operator.iadd: operator.add, operator.isub: operator.sub, operator.imul: operator.mul,
    operator.itruediv: operator.truediv, operator.ifloordiv: operator.floordiv, operator.imod: operator.mod,
    operator.ipow: operator.pow, operator.imatmul: operator.matmul, operator.iand: operator.and_,
    operator.ior: operator.or_, operator.ixor: operator.xor,
    operator.ilshift: operator.lshift, operator.irshift: operator.rshift,
}  # fmt: skip
UNARY: dict[Any, type[ast.unaryop]] = {
    operator.neg: ast.USub, operator.pos: ast.UAdd, operator.invert: ast.Invert, operator.not_: ast.Not
}  # fmt: skip
COMPARE: dict[Any, type[ast.cmpop]] = {
    operator.lt: ast.Lt, operator.le: ast.LtE, operator.gt: ast.Gt, operator.ge: ast.GtE,
    operator.eq: ast.Eq, operator.ne: ast.NotEq, operator.is_: ast.Is, operator.is_not: ast.IsNot,
}  # fmt: skip
SELF = ("value", "bound")  # functions of the runtime that are printed as their argument
RAISE = ("throw", "throw_from", "rethrow")  # those that are printed as `raise`
NEGATED = {ast.Add: ast.Sub, ast.Sub: ast.Add}
SYNTAX = frozenset((*BINARY, *UNARY, *COMPARE, *IN_PLACE))


def needs_no_name(call_: Call, spelling: Spelling) -> bool:
    """Whether the operator of a call is printed as syntax; the names that it needs instead are made known."""
    op = operator_of(call_)
    if runtime_name(call_) == "add_at":
        spelling.numpy()
    if op is operator.abs:
        spelling.builtin("abs")
    if op in (operator.setitem, operator.getitem, operator.contains, operator.abs):
        return not call_.kwargs
    plain = isinstance(call_.op, Const) and call_.op.value is getattr and len(call_.args) == 2
    return (
        plain
        or op in SYNTAX
        or is_logic(call_)
        or runtime_name(call_) in ("iadd_at", "add_at", "appended", *SELF, *RAISE)
    )


@state
class Statements:
    """What nodes are made of: names, the calls that are printed in place, the spelling of the rest."""

    names: dict[Var, str]
    folded: dict[Var, Call]
    captured: dict[Var, ir.Capture]
    specs: dict[Var, Spec]
    spelling: Spelling
    growing: set[Call] = fresh(factory=set)  # appends to a list in place
    partial: set[Var] = fresh(factory=set)  # None where they are undefined
    logical: dict[Var, Call] = fresh(factory=dict)  # branches that are `and` or `or`
    same: dict[Var, Var] = fresh(factory=dict)  # read under the name of another value, for now

    # --- expressions

    def atom(self, atom: Atom) -> ast.expr:
        """An operand."""
        if isinstance(atom, Var):
            atom = self.same.get(atom, atom)
            inner = self.folded.get(atom)
            if inner is not None:
                return self.expression(inner)
            if atom in self.captured:
                return self.spelling.capture(self.captured[atom])
            if atom not in self.names:
                raise InternalError(f"{atom!r} is read but has no name")
            return name(self.names[atom])
        if isinstance(atom, Const):
            return self.spelling.const(atom)
        if isinstance(atom, Tree):
            return self.tree(atom)
        raise InternalError(f"a nested function ({atom!r}) is not emitted yet")

    def many(self, atoms: tuple[Atom, ...]) -> list[ast.expr]:
        return [self.atom(atom) for atom in atoms]

    def tree(self, tree: Tree) -> ast.expr:
        """A display, or a call of the constructor."""
        items = self.many(tree.items)
        if tree.kind is tuple:
            return ast.Tuple(elts=items, ctx=ast.Load())
        if tree.kind is list:
            return ast.List(elts=items, ctx=ast.Load())
        if tree.kind is dict:
            return ast.Dict(keys=[self.spelling.const(Const(key)) for key in tree.keys], values=items)
        kind = dotted(self.spelling.object(tree.kind))
        if dataclasses.is_dataclass(tree.kind):
            keywords = [ast.keyword(arg=key, value=item) for key, item in zip(tree.keys, items)]
            return ast.Call(func=kind, args=[], keywords=keywords)
        return call(kind, *items)

    def index(self, atom: Atom) -> ast.expr:
        """What stands between the brackets of a subscript."""
        if isinstance(atom, Tree) and atom.kind is tuple:
            return ast.Tuple(elts=[self.bound(item) for item in atom.items], ctx=ast.Load())
        return self.bound(atom)

    def bound(self, atom: Atom) -> ast.expr:
        if isinstance(atom, Const) and type(atom.value) is slice:
            bounds = (atom.value.start, atom.value.stop, atom.value.step)
            atom = Tree(slice, tuple(map(Const, bounds)))
        if not isinstance(atom, Tree) or atom.kind is not slice:
            return self.atom(atom)
        shown = [
            None if isinstance(item, Const) and item.value is None else self.atom(item) for item in atom.items
        ]
        return ast.Slice(*shown)

    def subscript(self, value: Atom, index: Atom, ctx: ast.expr_context | None = None) -> ast.Subscript:
        return ast.Subscript(value=self.atom(value), slice=self.index(index), ctx=ctx or ast.Load())

    def expression(self, call_: Call) -> ast.expr:
        """The value of a call."""
        if runtime_name(call_) in SELF:
            return self.atom(call_.args[0])
        if is_logic(call_):
            return self.logic(call_)
        if not call_.kwargs:
            node = self.operator(call_) or self.attribute(call_)
            if node is not None:
                return node
        keywords = [ast.keyword(arg=key, value=self.atom(value)) for key, value in call_.kwargs]
        if isinstance(call_.op, Const) and isinstance(call_.op.value, Method):
            function: ast.expr = ast.Attribute(self.atom(call_.args[0]), call_.op.value.name, ast.Load())
            return ast.Call(func=function, args=self.many(call_.args[1:]), keywords=keywords)
        function = dotted(self.spelling.object(call_.op.value, call_.op.text)) if isinstance(
            call_.op, Const
        ) else self.atom(call_.op)  # fmt: skip
        return ast.Call(func=function, args=self.many(call_.args), keywords=keywords)

    def logic(self, call_: Call) -> ast.expr:
        """a or b, a and b; more of one kind in a row are one expression."""
        kind = ast.Or if call_.op.value is either else ast.And  # type: ignore[union-attr]
        values: list[ast.expr] = []
        for value in self.many(call_.args):
            values += (
                value.values if isinstance(value, ast.BoolOp) and isinstance(value.op, kind) else [value]
            )
        return ast.BoolOp(op=kind(), values=values)

    def operator(self, call_: Call) -> ast.expr | None:
        """A call of an operator as Python writes it, None for other calls."""
        op, args = operator_of(call_), call_.args
        op = IN_PLACE.get(op, op)
        if op is None:
            return None
        if op in BINARY and len(args) == 2:
            return ast.BinOp(left=self.atom(args[0]), op=BINARY[op](), right=self.atom(args[1]))
        if op in UNARY and len(args) == 1:
            return ast.UnaryOp(op=UNARY[op](), operand=self.atom(args[0]))
        if op in COMPARE and len(args) == 2:
            return ast.Compare(left=self.atom(args[0]), ops=[COMPARE[op]()], comparators=[self.atom(args[1])])
        if op is operator.contains and len(args) == 2:
            return ast.Compare(left=self.atom(args[1]), ops=[ast.In()], comparators=[self.atom(args[0])])
        if op is operator.getitem and len(args) == 2:
            return self.subscript(*args)
        if op is operator.abs and len(args) == 1:
            return call(name(self.spelling.builtin("abs")), self.atom(args[0]))
        return None

    def attribute(self, call_: Call) -> ast.expr | None:
        if not isinstance(call_.op, Const) or call_.op.value is not getattr or len(call_.args) != 2:
            return None
        value, attr = call_.args
        if isinstance(attr, Const) and isinstance(attr.value, str) and attr.value.isidentifier():
            return ast.Attribute(value=self.atom(value), attr=attr.value, ctx=ast.Load())
        return None

    # --- statements

    def call(self, call_: Call) -> list[ast.stmt]:
        """A call that has statements of its own."""
        made = self.statement(call_)
        name_ = made.target if isinstance(made, ast.AugAssign) else None
        if call_.target is None or not isinstance(name_, ast.Name):
            return [made]
        first = self.atom(call_.args[0])
        if isinstance(first, ast.Name) and first.id == name_.id:
            return [made]
        return [ast.Assign(targets=[ast.Name(id=name_.id, ctx=ast.Store())], value=first), made]

    def statement(self, call_: Call) -> ast.stmt:
        written = self.write(call_)
        if written is not None:
            return written
        if is_append(call_):
            return self.appended(call_)
        if runtime_name(call_) in RAISE:
            return ast.Raise(*self.many(call_.args))
        if call_.target is None:
            return ast.Expr(value=self.expression(call_))
        return self.assigned(call_.target, call_)

    def assigned(self, target: Var, call_: Call) -> ast.stmt:
        """target = the value of a call, or `target += ...`."""
        text, op = self.names[target], operator_of(call_)
        first = call_.args[0] if call_.args else None
        same = isinstance(first, Var) and first not in self.folded and self.names.get(first) == text
        number = isinstance(self.specs.get(call_.target), Number) and isinstance(first, Var)  # type: ignore[arg-type]
        number = number and isinstance(self.specs.get(first), Number)  # type: ignore[arg-type]
        if same and len(call_.args) == 2 and (op in IN_PLACE or (number and op in BINARY)):
            return self.augmented(ast.Name(id=text, ctx=ast.Store()), IN_PLACE.get(op, op), call_.args[1])
        if op in IN_PLACE and not number and len(call_.args) == 2:  # behind a copy of the reference
            if same_object(call_, self.specs):
                raise InternalError(f"{text} is written in place under another name")
            return self.augmented(ast.Name(id=text, ctx=ast.Store()), IN_PLACE[op], call_.args[1])
        return ast.Assign(targets=[ast.Name(id=text, ctx=ast.Store())], value=self.expression(call_))

    def appended(self, call_: Call) -> ast.stmt:
        """items.append(value) where nobody else holds the list, else items = [*items, value]."""
        items, value = self.many(call_.args)
        if call_ in self.growing:
            return ast.Expr(value=call(ast.Attribute(value=items, attr="append", ctx=ast.Load()), value))
        longer = ast.List(elts=[ast.Starred(value=items, ctx=ast.Load()), value], ctx=ast.Load())
        return ast.Assign(targets=[ast.Name(id=self.names[call_.target], ctx=ast.Store())], value=longer)  # type: ignore[index]

    def write(self, call_: Call) -> ast.stmt | None:
        """A write to memory; None for other calls."""
        kind = runtime_name(call_)
        if kind == "iadd_at":
            buffer, index, value = call_.args
            return self.augmented(self.target(buffer, index), operator.add, value)
        if kind == "add_at":
            function = dotted(f"{self.spelling.numpy()}.add.at")
            return ast.Expr(value=call(function, *self.many(call_.args)))
        if operator_of(call_) is operator.setitem:
            buffer, index, value = call_.args
            return ast.Assign(targets=[self.subscript(buffer, index, ast.Store())], value=self.atom(value))
        return None

    def target(self, buffer: Atom, index: Atom) -> Any:
        """buffer[index], or the buffer alone where all of it is meant."""
        node = self.atom(buffer)
        if isinstance(index, Const) and index.value is ... and isinstance(node, ast.Name):
            return ast.Name(id=node.id, ctx=ast.Store())
        return self.subscript(buffer, index, ast.Store())

    def augmented(self, target: Any, op: Any, value: Atom) -> ast.stmt:
        """target += value; `-=` where the value is negated."""
        node, kind = self.atom(value), BINARY[op]
        if kind in NEGATED and isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return ast.AugAssign(target=target, op=NEGATED[kind](), value=node.operand)  # type: ignore[index]
        return ast.AugAssign(target=target, op=kind(), value=node)
