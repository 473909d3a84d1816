"""Branches: an `if` of the IR as `if`, `elif`, `else`, as a conditional expression, or with `break`.

In comes an If, out come its lines. One that gives the stop of a loop says `break` in its arms:

    stop = if near: yield True  else: yield False     if near:
                                                          break
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from astgrad import ir
from astgrad.emit import python
from astgrad.emit.copies import copies
from astgrad.emit.stops import YES, leaves
from astgrad.ir import Atom, Block, If
from astgrad.records import state

if TYPE_CHECKING:
    from astgrad.emit.writer import Writer

SHORT = 60  # the longest conditional expression

Leave = Callable[[int], list[ast.stmt]]  # writes what is done before a loop is left, and `break`


@state
class _Arm:
    """A block of an `if`; where it gives the stop of a loop, `stop` is that and `leave` leaves the loop."""

    owner: If
    block: Block
    stop: Atom | None = None
    leave: Leave | None = None

    @property
    def ends(self) -> bool:
        """Whether the loop is left at the end of this arm, whatever happens."""
        return _ends(self.block, self.stop)


def _ends(block: Block, stop: Atom | None) -> bool:
    if not isinstance(stop, ir.Var):
        return stop is YES
    last = block.body[-1]
    assert isinstance(last, If)
    index = last.targets.index(stop)
    return all(_ends(arm, arm.results[index]) for arm in (last.then, last.orelse))


def branch(writer: Writer, statement: If, depth: int) -> list[ast.stmt]:
    """An `if`, or a conditional expression where each arm is just a value."""
    value = conditional(writer, statement)
    if value is not None:
        inner = tuple(writer.origins(statement.test))
        origins = (statement.origin, *inner) if statement.origin.line else inner
        writer.node(depth, value, writer.comments(statement.origin, origins), origins)
        return [value]
    arms = [_Arm(statement, arm) for arm in (statement.then, statement.orelse)]
    return _arms(writer, statement, arms, depth, "if ")


def leaving(writer: Writer, statement: If, stop: Atom, leave: Leave, depth: int) -> list[ast.stmt]:
    """The `if` that gives the stop of a loop."""
    index = statement.targets.index(stop)  # type: ignore[arg-type]
    arms = [_Arm(statement, arm, arm.results[index], leave) for arm in (statement.then, statement.orelse)]
    return _arms(writer, statement, arms, depth, "if ")


def _arms(writer: Writer, statement: If, arms: list[_Arm], depth: int, keyword: str) -> list[ast.stmt]:
    empty = [_is_empty(writer, arm) for arm in arms]
    test = writer.builder.atom(statement.test)
    if all(empty):
        return writer.evaluated(depth, test, statement.origin, statement.test)
    turned = keyword == "if " and arms[1].ends and not arms[0].ends and not writer.is_printed(arms[1].block)
    if empty[0] or turned:  # if not test: break
        test, arms, empty = _negated(test), arms[::-1], empty[::-1]
    writer.header(depth, keyword, test, statement.origin, statement.test)
    body = writer.filled(depth + 1, _arm(writer, arms[0], depth + 1))
    node = ast.If(test=test, body=body, orelse=[])
    if empty[1]:
        return [node]
    if arms[0].ends and keyword == "if ":  # what follows needs no `else`
        return [node, *_arm(writer, arms[1], depth)]
    node.orelse = _orelse(writer, arms[1], depth)
    return [node]


def _negated(test: ast.expr) -> ast.expr:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.UnaryOp(op=ast.Not(), operand=test)


def _is_empty(writer: Writer, arm: _Arm) -> bool:
    if arm.stop is YES or writer.is_printed(arm.block):
        return False
    return not copies(writer.builder, arm.owner.targets, arm.block.results)


def conditional(writer: Writer, statement: If) -> ast.stmt | None:
    """target = a if test else b, for one target and arms without statements."""
    arms = (statement.then, statement.orelse)
    values = [arm.results[0] for arm in arms if len(arm.results) == 1 and not writer.is_printed(arm)]
    target = statement.targets[0] if len(statement.targets) == 1 else None
    if target in writer.builder.logical and target in writer.builder.names:
        logic = writer.builder.expression(writer.builder.logical[target])  # type: ignore[index]
        return ast.Assign(targets=[ast.Name(id=writer.builder.names[target], ctx=ast.Store())], value=logic)  # type: ignore[index]
    if len(values) < 2 or ir.UNDEFINED in values:
        return None
    if not all(copies(writer.builder, statement.targets, arm.results) for arm in arms):
        return None
    test, then, orelse = map(writer.builder.atom, (statement.test, *values))
    value = ast.IfExp(test=test, body=then, orelse=orelse)
    if len(python.text(value)) > SHORT:
        return None
    bound = ast.Name(id=writer.builder.names[statement.targets[0]], ctx=ast.Store())
    return ast.Assign(targets=[bound], value=value)


def _arm(writer: Writer, arm: _Arm, depth: int) -> list[ast.stmt]:
    """The statements of an arm, what becomes of its results, and `break`."""

    def end(depth: int) -> list[ast.stmt]:
        nodes = copies(writer.builder, arm.owner.targets, arm.block.results)
        return writer.copies(depth, nodes, arm.block.results)

    last = arm.block.body[-1] if arm.block.body else None
    leave = arm.leave
    if leave and last and arm.stop and leaves(last, arm.stop):
        onward: Leave = lambda depth: end(depth) + leave(depth)
        inner, stop = last, arm.stop
        nodes = writer.block(arm.block, depth, lambda: leaving(writer, inner, stop, onward, depth))
        return nodes if arm.ends else nodes + end(depth)
    nodes = writer.block(arm.block, depth)
    if nodes and isinstance(nodes[-1], ast.Raise):
        return nodes
    nodes += end(depth)
    return nodes + leave(depth) if leave and arm.stop is YES else nodes


def _orelse(writer: Writer, arm: _Arm, depth: int) -> list[ast.stmt]:
    """`else:`, or `elif` where the arm is one `if`."""
    inner = [s for s in arm.block.body if not writer.is_folded(s)]
    only = inner[0] if len(inner) == 1 else None
    if isinstance(only, If) and not copies(writer.builder, arm.owner.targets, arm.block.results):
        if arm.leave and leaves(only, arm.stop):
            index = only.targets.index(arm.stop)  # type: ignore[arg-type]
            arms = [_Arm(only, block, block.results[index], arm.leave) for block in (only.then, only.orelse)]
            return _arms(writer, only, arms, depth, "elif ")
        if arm.stop is not YES and conditional(writer, only) is None:
            arms = [_Arm(only, block) for block in (only.then, only.orelse)]
            if not all(_is_empty(writer, each) for each in arms):
                return _arms(writer, only, arms, depth, "elif ")
    writer.plain(depth, "else:")
    return writer.filled(depth + 1, _arm(writer, arm, depth + 1))
