"""Uses: how often values are used, and where, for what may be folded.

In comes a block, out come counts and sets of Vars, those of all regions inside it together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from astgrad import ir
from astgrad.ir import Atom, Block, Call, Loop, Statement, Try, Var, With


def blocks(block: Block) -> Iterator[Block]:
    """A block and all those inside it."""
    yield block
    for statement in block.body:
        for inner in ir.blocks(statement):
            yield from blocks(inner)


def atoms(statement: Statement) -> tuple[Atom, ...]:
    """The atoms that a statement reads itself, those that it records included."""
    recorded: tuple[Atom, ...] = ()
    if isinstance(statement, Loop):
        recorded = tuple(atom for tape in statement.tapes if not tape.reads for atom in tape.atoms)
    return (*ir.operands(statement), *recorded)


def uses(block: Block) -> Iterator[Var]:
    """Every use in a block, those in its regions not included."""
    for statement in block.body:
        if isinstance(statement, Call):
            yield from ir.uses(statement)
            continue
        for atom in atoms(statement):
            yield from ir.variables(atom)
    for result in block.results:
        yield from ir.variables(result)


def written(block: Block, writes_first: Callable[[Call], bool]) -> set[Var]:
    """The Vars whose memory is written, or leaves the function: it is made once."""
    found = {v for atom in block.results for v in ir.variables(atom)}
    for call in ir.statements(block):
        if isinstance(call, Call):
            args = call.args if call.effects.writes is None else [call.args[p] for p in call.effects.writes]
            first = call.args[:1] * writes_first(call)
            found.update(v for atom in (*args, *first) for v in ir.variables(atom))
    return found


def in_place(block: Block, appends: Callable[[Statement], bool]) -> set[Var]:
    """What keeps its own place: the results of loops, `with` and `try`, what handlers catch, longer lists."""
    found: list[Atom] = []
    for statement in ir.statements(block):
        if isinstance(statement, Loop):
            found += (*statement.body.results, *statement.initial)
        elif isinstance(statement, With):
            found += statement.block.results
        elif isinstance(statement, Try):
            found += (handler.types for handler in statement.handlers if handler.types)
            found += (result for inner in ir.blocks(statement) for result in inner.results)
        elif appends(statement):
            found += ir.targets(statement)
    return {var for atom in found for var in ir.variables(atom)}


def repeated(block: Block) -> set[Var]:
    """The Vars that are used in a loop inside the block that binds them."""
    found: set[Var] = set()
    if not any(isinstance(statement, Loop) for statement in ir.statements(block)):
        return found
    inside: dict[Var, int] = {}  # the innermost loop in which a Var is bound
    _walk(block, 0, inside, found)
    return found


def _walk(block: Block, loop: int, inside: dict[Var, int], found: set[Var]) -> None:
    for statement in block.body:
        for atom in ir.operands(statement):
            _use(atom, loop, inside, found)
        own = id(statement) if isinstance(statement, Loop) else loop
        for inner in ir.blocks(statement):
            _walk(inner, own, inside, found)
        for tape in statement.tapes if isinstance(statement, Loop) else ():
            for atom in tape.atoms if not tape.reads else ():
                _use(atom, own, inside, found)
        inside.update(dict.fromkeys(ir.targets(statement), loop))
    for result in block.results:
        _use(result, loop, inside, found)


def _use(atom: Atom, loop: int, inside: dict[Var, int], found: set[Var]) -> None:
    found.update(var for var in ir.variables(atom) if inside.get(var, loop) != loop)
