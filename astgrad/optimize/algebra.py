"""Algebra: the adjoint's statements as a person would write them.

In comes the accumulate form, out goes the same value with fewer operations: the first contribution
assigns, factors of one go, signs and constants move to the front, a value that was spread over a shape
stays small until something needs the shape. Only statements of the backward sweep are rewritten; the
primal's are the user's.

    by = 1.0; bx = zeros_like(x)                          bx = divide(e, s)
    t = divide(by, s); u = broadcast_to(t, e.shape)  ->
    v = multiply(u, e); bx = add(bx, v)

The smart constructors look through definitions, which is right because nothing is written yet: in-place
operations are introduced later (`in_place`).
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.facts import Facts
from astgrad.analyses.specs import Spec
from astgrad.errors import Origin
from astgrad.ir import Atom, Call, Const, Function, Method, Var
from astgrad.optimize.keys import key_of
from astgrad.optimize.rewrites import REWRITES
from astgrad.records import fresh, replace, state
from astgrad.rules import registry
from astgrad.transform.builder import Builder


def algebra(function: Function, specs: dict[Var, Spec], adjoint_of: dict[Var, Var], facts: Facts) -> Function:
    """The function with its backward statements simplified; `specs` and `adjoint_of` learn the new Vars."""
    rewriter = Algebra(specs=specs, adjoint_of=adjoint_of, facts=facts)
    env: dict[Var, Atom] = {}
    for statement in function.body.body:
        rewriter.statement(statement, env)
    results = tuple(ir.substitute(result, env) for result in function.body.results)
    return rewriter.rebuilt(function, results)


@state
class Algebra(Builder):
    """The statements so far, and what is known of each."""

    adjoint_of: dict[Var, Var] = fresh(factory=dict)
    facts: Facts = fresh(factory=Facts)
    looked: list[Origin] = fresh(factory=list)  # of the definitions that a rewrite took up
    seen: dict[Any, Var] = fresh(factory=dict)  # hash-consing: equal pure calls are one

    def statement(self, statement: ir.Statement, env: dict[Var, Atom]) -> None:
        if not isinstance(statement, Call):
            self.body.append(statement)
            return
        op = ir.substitute(statement.op, env)
        args = tuple(ir.substitute(arg, env) for arg in statement.args)
        kwargs = tuple((name, ir.substitute(value, env)) for name, value in statement.kwargs)
        if not statement.origin.backward or not isinstance(op, Const) or statement.target is None:
            call = Call(statement.target, op, args, kwargs, statement.effects, statement.origin)
            self.keep(call)
            return
        self.unname(statement, args)
        self.looked.clear()
        before = len(self.body)
        self.origin = statement.origin
        same = (args, kwargs) == (statement.args, statement.kwargs) and self.is_settled(statement)
        result = self.emit(op, args, kwargs, statement.target.name, statement if same else None)
        env[statement.target] = result
        if len(self.body) > before:
            self.widen()
        made = self.defs.get(result) if isinstance(result, Var) else None
        if made is not None and made.origin.backward and not result.name:  # type: ignore[union-attr]
            result.name = statement.target.name  # type: ignore[union-attr]
        primal = self.adjoint_of.get(statement.target)
        if primal is not None and isinstance(result, Var) and result not in self.adjoint_of:
            self.adjoint_of[result] = primal

    def unname(self, statement: Call, args: tuple[Atom, ...]) -> None:
        """A partial sum of an adjoint that is a number needs no statement of its own."""
        primal = self.adjoint_of.get(statement.target) if statement.target else None
        partial = args[0] if args else None
        if primal is not None and isinstance(partial, Var) and self.adjoint_of.get(partial) is primal:
            call = self.defs.get(partial)
            if self.scalar(partial) and call is not None and call.origin.backward:
                partial.name = ""

    def widen(self) -> None:
        """The last statement stands for those that it took up: its span covers theirs."""
        call = self.body[-1]
        assert isinstance(call, Call) and call.target is not None
        wide = call.origin
        for origin in self.looked:
            wide = cover(wide, origin)
        if wide is not call.origin:
            self.body[-1] = self.defs[call.target] = replace(call, origin=wide)

    def keep(self, call: Call) -> None:
        """A statement as it is; a later equal one is replaced by it."""
        self.body.append(call)
        if call.target is not None:
            self.defs[call.target] = call
            if pure(call):
                self.seen.setdefault(key_of(call.op, call.args, call.kwargs), call.target)

    def is_settled(self, call: Call) -> bool:
        """Whether a call has the spec and effects that its operands give; a sum has those of its adjoint."""
        op = getattr(call.op, "value", None)
        if op is operator.add or op is runtime.accumulate:
            return False
        operands = (*call.args, *(value for _, value in call.kwargs))
        return all(self.spec(operand) is not sp.UNKNOWN for operand in operands)

    def emit(
        self,
        op: Atom,
        args: tuple[Atom, ...],
        kwargs: tuple[tuple[str, Atom], ...] = (),
        name: str = "",
        made: Call | None = None,
    ) -> Atom:
        """A call as its rewrite has it, or `made`, which is this call, as it is."""
        assert isinstance(op, Const)
        rewrite = REWRITES.get(op.value) if registry.hashable(op.value) else None
        if rewrite is not None:
            mark = len(self.looked)
            result = rewrite(self, *args, **dict(kwargs))
            if result is not None:
                return result
            del self.looked[mark:]
        key = key_of(op, args, kwargs)
        if key in self.seen:
            return self.seen[key]
        if made is not None and made.target is not None:
            self.keep(made)
            return made.target
        before = len(self.body)
        result = super().emit(op, args, kwargs, name)
        if len(self.body) > before and pure(self.body[-1]):
            assert isinstance(result, Var)
            self.seen[key] = result
        return result

    # --- looking at definitions

    def match(self, atom: Atom, *ops: Any) -> tuple[Atom, ...] | None:
        """The operands of `atom` where a call of one of `ops` defines it."""
        call = self.defs.get(atom) if isinstance(atom, Var) else None
        if call is None or not isinstance(call.op, Const) or call.kwargs or call.op.value not in ops:
            return None
        if wraps(self.spec(atom)):
            return None
        if call.origin.backward:
            self.looked.append(call.origin)
        return call.args

    def shape(self, atom: Atom) -> Any:
        return sp.shape_of(self.spec(atom))

    def real(self, *atoms: Atom) -> bool:
        dtypes = [sp.dtype_of(self.spec(atom)) for atom in atoms]
        return all(dtype is not None and dtype.kind in "fiub" for dtype in dtypes)

    def inexact(self, atom: Atom) -> bool:
        dtype = sp.dtype_of(self.spec(atom))
        return dtype is not None and dtype.kind in "fc"

    def scalar(self, atom: Atom) -> bool:
        return isinstance(self.spec(atom), sp.Number)

    def fills(self, atom: Atom, *others: Atom) -> bool:
        """Whether combining `atom` with the others elementwise has the shape of `atom`."""
        shapes = [self.shape(a) for a in (atom, *others)]
        return sp.fills(shapes[0], sp.broadcast(*shapes))

    def unspread(self, a: Atom, b: Atom) -> Atom | None:
        """`a` before it was spread over a shape and dtype that the result with its partner `b` has anyway."""
        spread = self.spread(a)
        if spread is None or not self.fills(b, a):
            return None
        specs = [(self.spec(value), self.spec(b)) for value in (spread[0], a)]
        before, after = (sp.dtype_of(registry.result_spec(operator.mul, pair, {})) for pair in specs)
        return spread[0] if before is not None and before == after else None

    def respread(self, value: Atom, shape: Atom, op: Any, *operands: Atom) -> Atom | None:
        """A value spread over a shape, in the dtype that `op` of the operands has; None if it has less."""
        dtype = sp.dtype_of(registry.result_spec(op, tuple(self.spec(operand) for operand in operands), {}))
        given = sp.dtype_of(self.spec(value))
        if dtype is not None and given is not None and given.itemsize < dtype.itemsize:
            return None
        spread = self.call(np.broadcast_to, value, shape)
        if dtype is None or sp.dtype_of(self.spec(spread)) == dtype:
            return spread
        return self.call(Method("astype"), spread, Const(dtype.type))

    def spread(self, a: Atom) -> tuple[Atom, ...] | None:
        """The value and the shape where `a` is a value spread over a shape, in whatever dtype."""
        call = self.defs.get(a) if isinstance(a, Var) else None
        if call is not None and call.op.value == Method("astype"):  # type: ignore[union-attr]
            a = call.args[0]
        return self.match(a, np.broadcast_to)


def wraps(spec: sp.Spec) -> bool:
    """Whether arithmetic on a value is modulo a power of two, so that signs and constants may not move."""
    dtype = sp.dtype_of(spec)
    return (
        dtype is not None and dtype.kind in "iub" and not (isinstance(spec, sp.Number) and spec.type is int)
    )


def cover(a: Origin, b: Origin) -> Origin:
    """The smallest span of one line of one function that covers both; `a` where there is none."""
    same = (a.file, a.function, a.line, a.end_line) == (b.file, b.function, b.line, b.end_line)
    inside = a.column <= b.column and b.end_column <= a.end_column
    if not same or inside or a.line != a.end_line:
        return a
    return replace(a, column=min(a.column, b.column), end_column=max(a.end_column, b.end_column))


def pure(call: Any) -> bool:
    return call.effects.writes == () and not call.effects.impure
