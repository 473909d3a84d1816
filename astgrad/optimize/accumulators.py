"""Accumulators: the buffers that loops of the backward sweep add to.

In comes a function, out goes one in which each such loop starts from a buffer that nobody else has: a copy
is made where it would not be. And once its steps write that buffer in place, the loop need not carry it.

    bX = loop bX_1=by for i in r: yield add(bX_1, scatter(b, i, X))   ->   t = copy(by); loop bX_1=t ...
"""

from __future__ import annotations

import operator

import numpy as np

from astgrad import ir
from astgrad.analyses import specs as sp
from astgrad.analyses.aliasing import Memory, last_reads
from astgrad.analyses.regions import rebuilt, substituted
from astgrad.analyses.specs import Spec
from astgrad.ir import Atom, Block, Call, Const, Function, If, Loop, Statement, Var
from astgrad.records import replace

ADD = (operator.add, np.add)
SUB = (operator.sub, np.subtract)


def without_carried(loop: Loop, same: list[int]) -> Loop:
    """The loop with buffers that its steps write, not carry."""
    env = {loop.params[k]: loop.initial[k] for k in same}
    kept = [k for k in range(len(loop.params)) if k not in same]
    atom = lambda found: ir.substitute(found, env)
    made = rebuilt(loop, atom, lambda block: substituted(block, env))
    pick = lambda atoms: tuple(atoms[k] for k in kept)
    return replace(  # type: ignore[no-any-return]
        made,
        targets=pick(loop.targets),
        initial=pick(loop.initial),
        params=pick(loop.params),
        body=replace(made.body, results=pick(made.body.results)),
    )


def own_accumulators(function: Function, specs: dict[Var, Spec], adjoint_of: dict[Var, Var]) -> Function:
    """Where a loop of the backward sweep adds up arrays, it starts from a buffer that nobody else has."""
    memory = Memory(function.body.body)
    last = last_reads(function, memory)
    every = ir.statements(function.body)
    defs = {s.target: s for s in every if isinstance(s, Call) and s.target is not None}

    def block(given: Block) -> Block:
        body: list[Statement] = []
        for statement in given.body:
            if isinstance(statement, If):
                then, orelse = block(statement.then), block(statement.orelse)
                body.append(replace(statement, then=then, orelse=orelse))
            elif isinstance(statement, Loop):
                body += loop(statement)
            else:
                body.append(statement)
        return Block(given.params, tuple(body), given.results)

    def loop(statement: Loop) -> list[Statement]:
        if not statement.origin.backward:
            return [statement]
        copies: list[Statement] = []
        initial = list(statement.initial)
        for k, start in enumerate(initial):
            spec = specs.get(statement.params[k])
            if not isinstance(start, Var) or not isinstance(spec, sp.Array) or not adds(statement, k):
                continue
            own = memory.is_own(start) and all(c.origin.backward for c in memory.makers(start))
            if own and (id(statement), memory.of(start)) in last:
                continue
            copy = Var(start.name)
            specs[copy] = specs[start]
            if start in adjoint_of:
                adjoint_of[copy] = adjoint_of[start]
            copies.append(copied(defs.get(start), copy, start, spec, statement))
            initial[k] = copy
        made = replace(statement, initial=tuple(initial), body=block(statement.body))
        return [*copies, made]

    return replace(function, body=block(function.body))


def copied(made: Call | None, copy: Var, start: Var, spec: sp.Array, loop: Loop) -> Call:
    """A buffer with what `start` holds; what was spread over a shape is filled into one."""
    if made is None or getattr(made.op, "value", None) is not np.broadcast_to:
        return Call(copy, Const(ir.Method("copy")), (start,), (), ir.PURE, loop.origin)
    value, shape = made.args
    dtype = (("dtype", Const(spec.dtype.type)),)
    return Call(copy, Const(np.full), (shape, value), dtype, ir.PURE, made.origin)


def adds(loop: Loop, k: int) -> bool:
    """Whether the steps of a loop add to what it carries at `k`, and do nothing else with it."""
    param, result = loop.params[k], loop.body.results[k]
    made = {s.target: s for s in ir.statements(loop.body) if isinstance(s, Call) and s.target is not None}
    owners = {t: s for s in ir.statements(loop.body) for t in ir.targets(s)}
    todo: list[Atom] = [result]
    seen: set[Var] = set()
    while todo:
        atom = todo.pop()
        if atom is param:
            return True
        if not isinstance(atom, Var) or atom in seen:
            continue
        seen.add(atom)
        call, owner = made.get(atom), owners.get(atom)
        if call is not None and getattr(call.op, "value", None) in (*ADD, *SUB):
            todo += call.args
        elif isinstance(owner, If):
            index = owner.targets.index(atom)
            todo += (owner.then.results[index], owner.orelse.results[index])
        elif isinstance(owner, Loop) and atom in owner.targets:
            todo.append(owner.initial[owner.targets.index(atom)])
    return False
