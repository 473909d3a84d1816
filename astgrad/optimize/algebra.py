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
from astgrad.analyses.regions import rebuilt
from astgrad.analyses.specs import Spec
from astgrad.errors import Origin
from astgrad.ir import UNDEFINED, Atom, Block, Call, Const, Function, If, Loop, Method, Var
from astgrad.optimize.keys import atom_key, key_of
from astgrad.optimize.rewrites import REWRITES
from astgrad.records import fresh, replace, state
from astgrad.rules import registry
from astgrad.transform.builder import Builder


def algebra(function: Function, specs: dict[Var, Spec], adjoint_of: dict[Var, Var], facts: Facts) -> Function:
    """The function with its backward statements simplified; `specs` and `adjoint_of` learn the new Vars."""
    rewriter = Algebra(specs=specs, adjoint_of=adjoint_of, facts=facts)
    rewriter.block(function.body)
    results = tuple(ir.substitute(result, rewriter.env) for result in function.body.results)
    return rewriter.rebuilt(function, results)


@state
class Algebra(Builder):
    """The statements so far, and what is known of each."""

    adjoint_of: dict[Var, Var] = fresh(factory=dict)
    facts: Facts = fresh(factory=Facts)
    looked: list[Origin] = fresh(factory=list)  # of the definitions that a rewrite took up
    seen: Seen = fresh(factory=lambda: Seen())  # hash-consing: equal pure calls are one
    env: dict[Var, Atom] = fresh(factory=dict)  # what replaces a Var of the function
    passed: dict[int, set[int]] = fresh(factory=dict)  # of loops, by id: carried values that stay

    def block(self, block: Block) -> None:
        for statement in block.body:
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
        """A region on its own: what is computed in it is not known behind it."""
        outer, self.seen = self.seen, Seen(self.seen)
        with self.region() as body:
            self.block(block)
        self.seen = outer
        return Block(block.params, tuple(body), self.many(block.results))

    def many(self, atoms: tuple[Atom, ...]) -> tuple[Atom, ...]:
        return tuple(ir.substitute(atom, self.env) for atom in atoms)

    def branch(self, statement: If) -> None:
        """Both arms; a phi of which both are one value is that value."""
        test = ir.substitute(statement.test, self.env)
        then, orelse = self.inner(statement.then), self.inner(statement.orelse)
        kept = []
        for index, target in enumerate(statement.targets):
            a, b = then.results[index], orelse.results[index]
            if atom_key(a) == atom_key(b) and a is not UNDEFINED:
                self.env[target] = a
            else:
                kept.append(index)
        if not kept and not then.body and not orelse.body:
            return
        pick = lambda arm: replace(arm, results=tuple(arm.results[i] for i in kept))
        targets = tuple(statement.targets[i] for i in kept)
        self.body.append(If(targets, test, pick(then), pick(orelse), statement.origin))

    def loop(self, statement: Loop) -> None:
        """The body; a carried value that every step passes on as it is, is the one from before the loop."""
        initial = self.many(statement.initial)
        passed = self.passed.setdefault(id(statement), set())
        self.env.update({statement.params[k]: initial[k] for k in passed})
        while True:
            test = self.inner(statement.test) if statement.test is not None else None
            body = self.inner(statement.body)
            params = statement.params
            same = {
                k
                for k, result in enumerate(body.results)
                if k not in passed and (result is params[k] or same_atom(result, initial[k]))
                if initial[k] is not UNDEFINED and self.spec(initial[k]) is not sp.UNKNOWN
            }
            if not same:
                break
            passed |= same
            self.env.update({params[k]: initial[k] for k in same})
        self.env.update({statement.targets[k]: initial[k] for k in passed})
        kept = [k for k in range(len(initial)) if k not in passed]
        pick = lambda atoms: tuple(atoms[k] for k in kept)
        stop = ir.substitute(statement.stop, self.env) if statement.stop is not None else None
        tapes = tuple(t if t.reads else replace(t, atoms=self.many(t.atoms)) for t in statement.tapes)
        self.body.append(
            replace(
                statement,
                targets=pick(statement.targets),
                initial=pick(initial),
                params=pick(statement.params),
                iters=self.many(statement.iters),
                test=test,
                body=replace(body, results=pick(body.results)),
                stop=stop,
                tapes=tapes,
            )
        )

    def statement(self, statement: Call, env: dict[Var, Atom]) -> None:
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
        made = statement if same else None
        result = self.emit(op, args, kwargs, statement.target.name, statement.effects, made)
        env[statement.target] = result
        if len(self.body) > before:
            self.widen()
        made = self.defs.get(result) if isinstance(result, Var) else None
        if made is None or not made.origin.backward:
            return  # a value of the primal keeps its name
        assert isinstance(result, Var)
        result.name = result.name or statement.target.name
        primal = self.adjoint_of.get(statement.target)
        if primal is not None:
            self.adjoint_of.setdefault(result, primal)

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
                self.seen.own.setdefault(key_of(call.op, call.args, call.kwargs), call.target)

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
        effects: ir.Effects = ir.UNKNOWN_EFFECTS,
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
        known = self.seen.get(key)
        if known is not None:
            return known
        if made is not None and made.target is not None:
            self.keep(made)
            return made.target
        before = len(self.body)
        result = super().emit(op, args, kwargs, name, effects)
        if len(self.body) > before and pure(self.body[-1]):
            assert isinstance(result, Var)
            self.seen.own[key] = result
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


class Seen:
    """The calls so far by key: those of this region over those that are known around it."""

    def __init__(self, outer: Seen | None = None) -> None:
        self.own: dict[Any, Var] = {}
        self.outer = outer

    def get(self, key: Any) -> Var | None:
        here: Seen | None = self
        while here is not None:
            if key in here.own:
                return here.own[key]
            here = here.outer
        return None


def same_atom(a: Atom, b: Atom) -> bool:
    return isinstance(a, (Var, Const)) and atom_key(a) == atom_key(b)


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
