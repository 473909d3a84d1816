"""In place: accumulations write into buffers that the adjoint owns.

In comes pure SSA, out goes SSA in which `add(a, scatter(v, i, x))` is `a[i] += v` and `add(a, c)` is
`a += c` where `a` is an array that the backward sweep made itself and that nobody reads afterwards.

    bf = divide(e, s)                                     bf = divide(e, s)
    t = scatter(-1.0, y, f); bf_2 = add(bf, t)     ->     iadd_at(bf, y, -1.0)

An index that may repeat goes through `np.add.at`: `buffer[i] += v` keeps only one of the repeats.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.aliasing import Memory, last_reads
from astgrad.analyses.regions import rebuilt
from astgrad.analyses.specs import Spec
from astgrad.ir import UNDEFINED, Atom, Block, Call, Const, Effects, Function, If, Loop, Statement, Tree, Var
from astgrad.optimize.accumulators import ADD, SUB, own_accumulators, without_carried
from astgrad.records import fresh, replace, state
from astgrad.transform.builder import Builder

WRITE_FIRST = Effects(reads=None, writes=(0,), impure=False, result="view")


def in_place(function: Function, specs: dict[Var, Spec], adjoint_of: dict[Var, Var]) -> Function:
    """The function with its accumulations in place; `specs` and `adjoint_of` learn the new Vars."""
    function = own_accumulators(function, specs, adjoint_of)
    rewriter = InPlace(specs=specs, adjoint_of=adjoint_of)
    rewriter.analyse(function)
    rewriter.block(function.body)
    return rewriter.rebuilt(function, rewriter.many(function.body.results))


@state
class InPlace(Builder):
    """Who reads each value, and the statements so far."""

    adjoint_of: dict[Var, Var] = fresh(factory=dict)
    memory: Memory = fresh(factory=lambda: Memory(()))
    last: set[tuple[int, Var]] = fresh(factory=set)  # (statement, memory): read for the last time
    uses: dict[Var, int] = fresh(factory=dict)
    home: dict[int, int] = fresh(factory=dict)  # of statements, by id: the block they stand in
    backward: set[Var] = fresh(factory=set)
    delayed: dict[Var, tuple[Atom, Atom, Atom]] = fresh(factory=dict)  # scatters not made yet
    readers: dict[Var, Call] = fresh(factory=dict)  # the addition that reads a Var
    statement_: Statement | None = None
    depth: int = 0  # of the region at hand
    env: dict[Var, Atom] = fresh(factory=dict)  # what replaces a Var of the function

    def analyse(self, function: Function) -> None:
        self.memory = Memory(function.body.body)
        self.last = last_reads(function, self.memory)
        self.survey(function.body)

    def survey(self, block: Block) -> None:
        for statement in block.body:
            self.home[id(statement)] = id(block)
            self.defs.update({t: statement for t in ir.targets(statement) if isinstance(statement, Call)})
            if statement.origin.backward:
                self.backward.update(ir.targets(statement))
                if isinstance(statement, Loop):
                    self.backward.update(statement.params)
                    self.count(tape_atom for tape in statement.tapes for tape_atom in tape.atoms)
            self.count(ir.operands(statement))
            for inner in ir.blocks(statement):
                self.survey(inner)
        self.count(block.results)

    def count(self, atoms: Iterable[Atom]) -> None:
        for atom in atoms:
            for var in ir.variables(atom):
                self.uses[var] = self.uses.get(var, 0) + 1

    # --- regions

    def block(self, block: Block) -> None:
        for statement in block.body:
            self.statement_ = statement
            if isinstance(statement, Call):
                self.statement(statement, self.env)
            elif isinstance(statement, If):
                self.branch(statement)
            elif isinstance(statement, Loop):
                self.loop(statement)
            else:
                atom = lambda found: ir.substitute(found, self.env)
                self.body.append(rebuilt(statement, atom, self.inner))

    def inner(self, block: Block) -> Block:
        self.depth += 1
        with self.region() as body:
            self.block(block)
        self.depth -= 1
        return Block(block.params, tuple(body), self.many(block.results))

    def many(self, atoms: tuple[Atom, ...]) -> tuple[Atom, ...]:
        return tuple(ir.substitute(atom, self.env) for atom in atoms)

    def branch(self, statement: If) -> None:
        """A phi of which both arms are one buffer, which one of them may have written, is that buffer."""
        test = ir.substitute(statement.test, self.env)
        then, orelse = self.inner(statement.then), self.inner(statement.orelse)
        kept = [
            i for i, (a, b) in enumerate(zip(then.results, orelse.results)) if a is not b or a is UNDEFINED
        ]
        for index, target in enumerate(statement.targets):
            if index not in kept:
                self.env[target] = then.results[index]
        pick = lambda arm: replace(arm, results=tuple(arm.results[i] for i in kept))
        targets = tuple(statement.targets[i] for i in kept)
        self.body.append(If(targets, test, pick(then), pick(orelse), statement.origin))

    def loop(self, statement: Loop) -> None:
        """A carried value that every step passes on as it is, is one buffer: that from before the loop."""
        initial = self.many(statement.initial)
        test = self.inner(statement.test) if statement.test is not None else None
        body = self.inner(statement.body)
        same = [k for k, result in enumerate(body.results) if result is statement.params[k]]
        same = [k for k in same if isinstance(initial[k], Var)]
        for k in same:
            self.env[statement.params[k]] = self.env[statement.targets[k]] = initial[k]
        stop = ir.substitute(statement.stop, self.env) if statement.stop is not None else None
        tapes = tuple(t if t.reads else replace(t, atoms=self.many(t.atoms)) for t in statement.tapes)
        tapes = tuple(
            replace(t, list=ir.substitute(t.list, self.env)) if t.reads else t  # type: ignore[arg-type]
            for t in tapes
        )
        loop = replace(
            statement,
            initial=initial,
            iters=self.many(statement.iters),
            test=test,
            body=body,
            stop=stop,
            tapes=tapes,
        )
        self.body.append(without_carried(loop, same) if same else loop)

    # --- calls

    def statement(self, statement: Call, env: dict[Var, Atom]) -> None:
        if not statement.origin.backward or statement.target is None:
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

    def keep(self, call: Call, env: dict[Var, Atom]) -> None:
        args = tuple(ir.substitute(arg, env) for arg in call.args)
        kwargs = tuple((name, ir.substitute(value, env)) for name, value in call.kwargs)
        op = ir.substitute(call.op, env)
        self.body.append(Call(call.target, op, args, kwargs, call.effects, call.origin))

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
        made = self.defs.get(target)
        together = made is not None and self.home[id(reader)] == self.home[id(made)]
        return reader if whole and not subtracted and together else None

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
        if self.depth and isinstance(buffer, Var):
            assert call.target is not None
            value = self.signed(value, op is operator.isub)
            self.body.append(
                Call(None, Const(runtime.iadd_at), (buffer, Const(...), value), (), WRITE_FIRST, self.origin)
            )
            self.env[call.target] = buffer
            return
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
        if not self.is_dying(original):
            return False
        if original.name and target.name and original.name != target.name:
            return False  # it would go on under the name of another adjoint
        result = self.spec(target)
        if not isinstance(result, sp.Array) or result.dtype != spec.dtype:
            return False
        return sp.fills(spec.shape, result.shape)

    def is_dying(self, var: Var) -> bool:
        """Whether the backward sweep made this memory, and this statement is the last to read it."""
        call = self.defs.get(var)
        if call is not None and call.effects.result == "view" and call.effects.writes == ():
            return False
        made = self.memory.is_own(var) and all(c.origin.backward for c in self.memory.makers(var))
        return made and (id(self.statement_), self.memory.of(var)) in self.last
