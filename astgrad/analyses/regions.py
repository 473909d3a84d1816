"""Regions: what the statements of regions bind and read, and regions with Vars replaced.

In comes a block, out come the Vars that it reads, from everywhere or from outside alone, or that it binds; or
the block with other atoms for Vars from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from astgrad import ir
from astgrad.ir import Atom, Block, Call, If, Loop, Statement, Try, Var, With
from astgrad.records import replace


def bound(body: Iterable[Statement]) -> Iterable[Var]:
    """Every Var that is bound in these statements and the regions inside them."""
    for statement in body:
        yield from ir.targets(statement)
        yield from entering(statement)
        for block in ir.blocks(statement):
            yield from bound(block.body)


def reads(body: Iterable[Statement], results: Iterable[Atom] = ()) -> Iterator[Var]:
    """Every Var that these statements, the regions inside them, and the results name."""
    for statement in body:
        for atom in ir.operands(statement):
            yield from ir.variables(atom)
        if isinstance(statement, Loop):
            for tape in statement.tapes:
                for atom in () if tape.reads else tape.atoms:
                    yield from ir.variables(atom)
            yield from ir.variables(statement.stop) if statement.stop is not None else ()
        for block in ir.blocks(statement):
            yield from reads(block.body, block.results)
    for atom in results:
        yield from ir.variables(atom)


def operands_of(statement: Statement) -> Iterator[Atom]:
    """Every atom that a statement itself names: those of its tapes and what its regions give included."""
    yield from ir.operands(statement)
    if isinstance(statement, Loop):
        yield from (atom for tape in statement.tapes if not tape.reads for atom in tape.atoms)
        yield from () if statement.stop is None else (statement.stop,)
    for block in ir.blocks(statement):
        yield from block.results


def outer(block: Block) -> set[Var]:
    """What a block reads from outside of it."""
    return set(reads(block.body, block.results)) - set(bound(block.body)) - set(block.params)


def rebuilt(
    statement: Statement, atom: Callable[[Atom], Any], block: Callable[[Block], Block] = lambda b: b
) -> Any:
    """The statement with each atom that it reads and each of its regions replaced."""
    many = lambda atoms: tuple(map(atom, atoms))
    maybe = lambda found: None if found is None else block(found)
    if isinstance(statement, Call):
        kwargs = tuple((name, atom(value)) for name, value in statement.kwargs)
        return replace(statement, op=atom(statement.op), args=many(statement.args), kwargs=kwargs)
    if isinstance(statement, If):
        then, orelse = block(statement.then), block(statement.orelse)
        return replace(statement, test=atom(statement.test), then=then, orelse=orelse)
    if isinstance(statement, Loop):
        return replace(
            statement,
            initial=many(statement.initial),
            iters=many(statement.iters),
            test=maybe(statement.test),
            body=block(statement.body),
            stop=None if statement.stop is None else atom(statement.stop),
            tapes=tuple(
                replace(t, list=atom(t.list)) if t.reads else replace(t, atoms=many(t.atoms))
                for t in statement.tapes
            ),
        )
    if isinstance(statement, With):
        return replace(statement, context=atom(statement.context), block=block(statement.block))
    handlers = (
        replace(h, types=None if h.types is None else atom(h.types), block=block(h.block))
        for h in statement.handlers
    )
    return replace(
        statement,
        body=block(statement.body),
        handlers=tuple(handlers),
        orelse=maybe(statement.orelse),
        finalbody=maybe(statement.finalbody),
    )


def substituted(block: Block, env: dict[Var, Atom]) -> Block:
    """A region with Vars from outside of it replaced."""
    atom = lambda found: ir.substitute(found, env)
    body = tuple(rebuilt(statement, atom, lambda inner: substituted(inner, env)) for statement in block.body)
    return Block(block.params, body, tuple(map(atom, block.results)))


def entering(statement: Statement) -> Iterator[Var]:
    """The Vars that a statement binds inside of its regions."""
    if isinstance(statement, Loop):
        yield from (*statement.params, *statement.items)
        for tape in statement.tapes:
            yield from (v for atom in tape.atoms for v in ir.variables(atom)) if tape.reads else (tape.list,)
    elif isinstance(statement, With):
        yield from () if statement.name is None else (statement.name,)
    elif isinstance(statement, Try):
        yield from (handler.name for handler in statement.handlers if handler.name is not None)
    for block in ir.blocks(statement):
        yield from block.params
