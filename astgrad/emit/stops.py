"""Stops: a loop that is left early ends in an `if` that says so, which is printed as `break`.

In comes a function, out comes one in which the `stop` of each loop is True, or serves nothing else and is
given by the last `if` of the body, whose arms end in True, False or such an `if` again:

    near = lt(gap, tol)        ->    near = lt(gap, tol)
    stop near                        stop = if near: yield True  else: yield False

What is a constant until the loop is left (`found = False`, and `found = True; break`) stays what it is on
the other paths, so that nothing is printed there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TypeGuard

from astgrad import ir
from astgrad.emit.logic import logical
from astgrad.ir import Atom, Block, Const, Function, If, Loop, Statement, Try, Var, With
from astgrad.records import replace, state

YES, NO = Const(True), Const(False)
LITERALS = (bool, int, float, str, type(None))


def stops(function: Function) -> Function:
    """The function with the stops of its loops in their final form."""
    if not any(isinstance(s, Loop) and s.stop is not None for s in ir.statements(function.body)):
        return function
    return replace(function, body=_Stops(Counter(_uses(function.body))).block(function.body))


def _uses(block: Block) -> Iterator[Var]:
    """Every use of a Var in a block and its regions, those as a stop included."""
    atoms: list[Atom] = [*block.results]
    for statement in block.body:
        atoms += ir.operands(statement)
        if isinstance(statement, Loop):
            atoms += [atom for tape in statement.tapes if not tape.reads for atom in tape.atoms]
            atoms += [statement.stop] if statement.stop is not None else []
        for inner in ir.blocks(statement):
            yield from _uses(inner)
    for atom in atoms:
        yield from ir.variables(atom)


def leaves(statement: Statement, stop: Atom | None) -> TypeGuard[If]:
    """Whether a statement is the `if` that gives the stop."""
    return isinstance(statement, If) and stop in statement.targets


@state
class _Stops:
    uses: Counter[Var]

    def block(self, block: Block) -> Block:
        body = tuple(map(self.statement, block.body))
        return block if body == block.body else replace(block, body=body)

    def statement(self, statement: Statement) -> Statement:
        if isinstance(statement, If):
            return replace(statement, then=self.block(statement.then), orelse=self.block(statement.orelse))
        if isinstance(statement, With):
            return replace(statement, block=self.block(statement.block))
        if isinstance(statement, Try):
            handlers = tuple(replace(h, block=self.block(h.block)) for h in statement.handlers)
            rest = (statement.orelse, statement.finalbody)
            orelse, last = (self.block(block) if block else None for block in rest)
            body = self.block(statement.body)
            return replace(statement, body=body, handlers=handlers, orelse=orelse, finalbody=last)
        return self.loop(statement) if isinstance(statement, Loop) else statement

    def loop(self, loop: Loop) -> Loop:
        body, stop = self.block(loop.body), loop.stop
        test = self.block(loop.test) if loop.test else None
        if stop is None:
            return replace(loop, body=body, test=test)
        body, stop = self.ending(body, stop)
        for index, (first, param) in enumerate(zip(loop.initial, loop.params)):
            if isinstance(first, Const) and type(first.value) in LITERALS:
                body = _held(body, index, stop, first, param) or body
        return replace(loop, body=body, test=test, stop=None if stop is NO else stop)

    def ending(self, block: Block, stop: Atom, shared: bool = False) -> tuple[Block, Atom]:
        """The block, with a last `if` that gives the stop; and the stop: YES, NO, or a target of that.

        `shared`: what was the stop until now is still read otherwise.
        """
        if isinstance(stop, Const):
            return block, YES if stop is not ir.UNDEFINED and stop.value else NO
        last = block.body[-1] if block.body else None
        if isinstance(last, If) and leaves(last, stop) and not logical(last):
            return self.extended(block, last, stop, shared)
        own = Var()
        made = If((own,), stop, Block((), (), (YES,)), Block((), (), (NO,)))
        return replace(block, body=(*block.body, made)), own

    def extended(self, block: Block, last: If, stop: Atom, shared: bool) -> tuple[Block, Var]:
        """The stop becomes a target of its own; the one that was is dropped where nothing else reads it."""
        index, own = last.targets.index(stop), Var()  # type: ignore[arg-type]
        alone = self.uses[last.targets[index]] == 1 and not shared
        arms = []
        for arm in (last.then, last.orelse):
            ended, inner = self.ending(arm, arm.results[index], not alone)
            kept = ended.results[:index] + ended.results[index + 1 :] if alone else ended.results
            arms.append(replace(ended, results=(*kept, inner)))
        kept_targets = tuple(t for t in last.targets if not (alone and t is stop))
        made = replace(last, targets=(*kept_targets, own), then=arms[0], orelse=arms[1])
        return replace(block, body=(*block.body[:-1], made)), own


def _held(block: Block, index: int, stop: Atom, constant: Const, param: Var) -> Block | None:
    """The block whose result `index` is the param where the loop goes on; None where it may be another."""
    value = block.results[index]
    same = value in (param, ir.UNDEFINED) or (isinstance(value, Const) and _same(value, constant))
    if same:
        return replace(block, results=(*block.results[:index], param, *block.results[index + 1 :]))
    if stop is YES:
        return block
    last = block.body[-1] if block.body else None
    if not (isinstance(last, If) and leaves(last, stop) and value in last.targets):
        return None
    arms = []
    for arm in (last.then, last.orelse):
        inner = arm.results[last.targets.index(stop)]  # type: ignore[arg-type]
        held = _held(arm, last.targets.index(value), inner, constant, param)  # type: ignore[arg-type]
        if held is None:
            return None
        arms.append(held)
    return replace(block, body=(*block.body[:-1], replace(last, then=arms[0], orelse=arms[1])))


def _same(a: Const, b: Const) -> bool:
    return type(a.value) is type(b.value) and repr(a.value) == repr(b.value)
