"""In place: accumulations write into buffers that the adjoint owns.

In comes pure SSA, out goes SSA in which `add(a, scatter(v, i, x))` is `a[i] += v` and `add(a, c)` is
`a += c` where `a` is an array that the backward sweep made itself and that nobody reads afterwards.

    bf = divide(e, s)                                     bf = divide(e, s)
    t = scatter(-1.0, y, f); bf_2 = add(bf, t)     ->     iadd_at(bf, y, -1.0)

An index that may repeat goes through `np.add.at`: `buffer[i] += v` keeps only one of the repeats.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.aliasing import roots
from astgrad.analyses.specs import Spec
from astgrad.ir import Atom, Call, Const, Effects, Function, Tree, Var
from astgrad.records import fresh, state
from astgrad.transform.builder import Builder

WRITE_FIRST = Effects(reads=None, writes=(0,), impure=False, result="view")
ADD = (operator.add, np.add)
SUB = (operator.sub, np.subtract)


def in_place(function: Function, specs: dict[Var, Spec], adjoint_of: dict[Var, Var]) -> Function:
    """The function with its accumulations in place; `specs` and `adjoint_of` learn the new Vars."""
    rewriter = InPlace(specs=specs, adjoint_of=adjoint_of)
    rewriter.analyse(function)
    env = rewriter.env
    for position, statement in enumerate(function.body.body):
        rewriter.position = position
        rewriter.statement(statement, env)
    results = tuple(ir.substitute(result, env) for result in function.body.results)
    return rewriter.rebuilt(function, results)


@state
class InPlace(Builder):
    """Who reads each value, and the statements so far."""

    adjoint_of: dict[Var, Var] = fresh(factory=dict)
    roots: dict[Var, Var | None] = fresh(factory=dict)
    last: dict[Var, int] = fresh(factory=dict)  # last position at which the memory of a root is read
    uses: dict[Var, int] = fresh(factory=dict)
    backward: set[Var] = fresh(factory=set)
    delayed: dict[Var, tuple[Atom, Atom, Atom]] = fresh(factory=dict)  # scatters not made yet
    readers: dict[Var, Call] = fresh(factory=dict)  # the addition that reads a Var
    position: int = 0
    env: dict[Var, Atom] = fresh(factory=dict)  # what replaces a Var of the function

    def analyse(self, function: Function) -> None:
        self.roots = roots(function.body.body)
        for position, statement in enumerate(function.body.body):
            self.defs.update({t: statement for t in ir.targets(statement) if isinstance(statement, Call)})
            if statement.origin.backward:
                self.backward.update(ir.targets(statement))
            foreign = isinstance(statement, Call) and statement.effects.result == "unknown"
            for atom in ir.operands(statement):
                self.read(atom, len(function.body.body) if foreign else position)
        for result in function.body.results:
            self.read(result, len(function.body.body))

    def read(self, atom: Atom, position: int) -> None:
        for var in ir.variables(atom):
            root = self.roots.get(var, var)
            owner = root if root is not None else var
            self.last[owner] = max(position, self.last.get(owner, 0))
            self.uses[var] = self.uses.get(var, 0) + 1

    def statement(self, statement: ir.Statement, env: dict[Var, Atom]) -> None:
        if not isinstance(statement, Call) or not statement.origin.backward or statement.target is None:
            self.keep(statement, env)
            return
        op = statement.op.value if isinstance(statement.op, Const) else None
        with self.at(statement.origin):
            if op is runtime.scatter:
                self.scatter(statement, env)
            elif (op in ADD or op in SUB) and not statement.kwargs:
                self.combine(statement, env, negative=op in SUB)
            else:
                self.keep(statement, env)

    def keep(self, statement: ir.Statement, env: dict[Var, Atom]) -> None:
        if isinstance(statement, Call):
            args = tuple(ir.substitute(arg, env) for arg in statement.args)
            kwargs = tuple((name, ir.substitute(value, env)) for name, value in statement.kwargs)
            op = ir.substitute(statement.op, env)
            statement = Call(statement.target, op, args, kwargs, statement.effects, statement.origin)
        self.body.append(statement)

    # --- scatter

    def scatter(self, call: Call, env: dict[Var, Atom]) -> None:
        """A scatter that an addition takes up is delayed; any other becomes zeros and a write."""
        assert call.target is not None
        value, index, x = (ir.substitute(arg, env) for arg in call.args)
        if not isinstance(self.spec(x), sp.Array):
            self.keep(call, env)
        elif self.is_taken_up(call.target):
            self.delayed[call.target] = (value, index, x)
        else:
            env[call.target] = self.made(call.target, (value, index, x), self.name_of(call.target))

    def is_taken_up(self, target: Var) -> bool:
        return self.uses.get(target) == 1 and self.user(target) is not None

    def user(self, target: Var) -> Call | None:
        """The addition that reads `target`, when one does."""
        if not self.readers:
            for call in self.defs.values():
                op = call.op.value if isinstance(call.op, Const) else None
                if op in ADD or op in SUB:
                    self.readers.update({arg: call for arg in call.args if isinstance(arg, Var)})
        reader = self.readers.get(target)
        if reader is None or not reader.origin.backward or reader.target is None:
            return None
        subtracted = reader.op.value in SUB and reader.args[0] is target  # type: ignore[union-attr]
        have, want = (sp.shape_of(self.spec(var)) for var in (target, reader.target))
        whole = bool(have) and have == want and None not in have  # type: ignore[operator]
        return reader if whole and not subtracted else None

    def made(self, target: Var, parts: tuple[Atom, Atom, Atom], name: str) -> Var:
        """A scatter as zeros and a write into them."""
        value, index, x = parts
        zeros = self.call(np.zeros_like, x, name=name)
        assert isinstance(zeros, Var)
        self.share(zeros, target)
        self.write(zeros, index, value)
        return zeros

    def share(self, new: Var, old: Var) -> None:
        if old in self.adjoint_of:
            self.adjoint_of[new] = self.adjoint_of[old]

    def name_of(self, target: Var) -> str:
        return target.name

    def write(self, buffer: Var, index: Atom, value: Atom) -> None:
        spread = self.defs.get(value) if isinstance(value, Var) else None
        if spread is not None and isinstance(spread.op, Const) and spread.op.value is np.broadcast_to:
            value = ir.substitute(spread.args[0], self.env)  # an assignment by index broadcasts by itself
        op = runtime.iadd_at if self.distinct(index) else runtime.add_at
        self.body.append(Call(None, Const(op), (buffer, index, value), (), WRITE_FIRST, self.origin))

    def distinct(self, index: Atom) -> bool:
        """Whether no element is named twice by an index."""
        items = index.items if isinstance(index, Tree) and index.kind is tuple else (index,)
        arrays = [item for item in items if self.is_integer_array(item)]
        if not arrays:
            return all(self.is_basic(item) for item in items)
        shapes = [sp.shape_of(self.spec(item)) for item in arrays]
        if any(shape is None or len(shape) != 1 for shape in shapes):
            return False
        whole = sp.broadcast(*shapes)
        return any(self.is_arange(item) and sp.fills(shape, whole) for item, shape in zip(arrays, shapes))

    def is_integer_array(self, item: Atom) -> bool:
        if isinstance(item, Tree):
            return item.kind is not slice
        spec = self.spec(item)
        return isinstance(spec, sp.Array) and spec.dtype.kind != "b" and sp.rank(spec) != 0

    def is_basic(self, item: Atom) -> bool:
        return isinstance(item, (Const, Tree)) or isinstance(self.spec(item), (sp.Number, sp.Array, sp.Known))

    def is_arange(self, item: Atom) -> bool:
        call = self.defs.get(item) if isinstance(item, Var) else None
        return (
            call is not None
            and isinstance(call.op, Const)
            and call.op.value is np.arange
            and len(call.args) == 1
        )

    # --- add and subtract

    def combine(self, call: Call, env: dict[Var, Atom], negative: bool) -> None:
        """a + b where one of them is a scatter not made yet, or a buffer that may be written."""
        first, second = (ir.substitute(arg, env) for arg in call.args)
        assert call.target is not None
        if isinstance(second, Var) and second in self.delayed:
            parts = self.delayed.pop(second)
            if isinstance(first, Var) and first in self.delayed:
                first = self.made(call.args[0], self.delayed.pop(first), call.target.name)  # type: ignore[arg-type]
                self.write(first, parts[1], self.signed(parts[0], negative))
                env[call.target] = first
            else:
                env[call.target] = self.into(call, call.args[0], first, parts, negative)
        elif isinstance(first, Var) and first in self.delayed:
            parts = self.delayed.pop(first)
            if negative:
                raise AssertionError("a subtracted-from scatter is never delayed")
            env[call.target] = self.into(call, call.args[1], second, parts, False)
        elif self.adjoint_of and call.target not in self.adjoint_of:
            self.keep(call, env)  # part of a partial: `1 + x**2` reads better whole
        elif self.may_write(call.args[0], first, call.target):
            self.append_in_place(call, operator.isub if negative else operator.iadd, first, second)
        elif not negative and self.may_write(call.args[1], second, call.target):
            self.append_in_place(call, operator.iadd, second, first)
        else:
            self.keep(call, env)

    def append_in_place(self, call: Call, op: Any, buffer: Atom, value: Atom) -> None:
        self.body.append(Call(call.target, Const(op), (buffer, value), (), WRITE_FIRST, self.origin))

    def into(
        self, call: Call, original: Atom, buffer: Atom, parts: tuple[Atom, Atom, Atom], negative: bool
    ) -> Var:
        """A scatter added to `buffer`, which is copied first where it is not ours to write."""
        value, index, x = parts
        assert call.target is not None
        if not self.may_write(original, buffer, call.target):
            if isinstance(buffer, Var) and sp.shape_of(self.spec(buffer)) == sp.shape_of(self.spec(x)):
                buffer = self.call(ir.Method("copy"), buffer, name=call.target.name)
            else:
                buffer = self.call(np.full_like, x, buffer, name=call.target.name)
            assert isinstance(buffer, Var)
            self.share(buffer, call.target)
        self.write(buffer, index, self.signed(value, negative))  # type: ignore[arg-type]
        return buffer  # type: ignore[return-value]

    def signed(self, value: Atom, negative: bool) -> Atom:
        if not negative:
            return value
        if isinstance(value, Const):
            return Const(-value.value)
        return self.call(operator.neg, value)

    def may_write(self, original: Atom, buffer: Atom, target: Var) -> bool:
        """Whether a buffer was made by the backward sweep, is whole, and is read here for the last time."""
        if not isinstance(original, Var) or not isinstance(buffer, Var) or original not in self.backward:
            return False
        spec = self.spec(buffer)
        if not isinstance(spec, sp.Array) or not spec.shape or spec.dtype.kind not in "fc":
            return False
        if self.roots.get(original) is not original or self.last.get(original) != self.position:
            return False
        if original.name and target.name and original.name != target.name:
            return False  # it would go on under the name of another adjoint
        result = self.spec(target)
        if not isinstance(result, sp.Array) or result.dtype != spec.dtype:
            return False
        return sp.fills(spec.shape, result.shape)
