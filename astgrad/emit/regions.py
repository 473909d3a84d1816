"""Regions: `with` and `try`.

In comes a With or a Try, out come its lines. What a block gives is assigned at its end:

    y = with context as state: t = divide(1.0, x); yield t      with context as state:
                                                                    y = 1.0 / x
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from astgrad.emit.copies import copies
from astgrad.errors import NOWHERE
from astgrad.ir import Block, Handler, Try, Var, With

if TYPE_CHECKING:
    from astgrad.emit.writer import Writer


def with_(writer: Writer, statement: With, depth: int) -> list[ast.stmt]:
    """`with context as name:`."""
    value = writer.builder.atom(statement.context)
    text = writer.builder.names[statement.name] if statement.name else ""
    tail = f" as {text}:" if text else ":"
    writer.header(depth, "with ", value, statement.origin, statement.context, tail=tail)
    target = ast.Name(id=text, ctx=ast.Store()) if text else None
    body = _block(writer, statement.block, statement.targets, depth + 1)
    return [ast.With(items=[ast.withitem(context_expr=value, optional_vars=target)], body=body)]


def try_(writer: Writer, statement: Try, depth: int) -> list[ast.stmt]:
    """`try:` with its handlers, `else:` and `finally:`."""
    last = statement.finalbody
    arms = len(statement.targets) - (len(last.results) if last else 0)
    targets = statement.targets[:arms]
    orelse = statement.orelse
    writer.plain(depth, "try:")
    body = _block(writer, statement.body, orelse.params if orelse else targets, depth + 1)
    handlers = [_handler(writer, handler, targets, depth) for handler in statement.handlers]
    otherwise: list[ast.stmt] = []
    if orelse and (writer.is_printed(orelse) or copies(writer.builder, targets, orelse.results)):
        if handlers:
            writer.plain(depth, "else:")
        otherwise = _block(writer, orelse, targets, depth + 1)
    final: list[ast.stmt] = []
    if last and (not handlers or writer.is_printed(last) or last.results):
        writer.plain(depth, "finally:")
        final = _block(writer, last, statement.targets[arms:], depth + 1)
    if not handlers:
        body, otherwise = body + otherwise, []
    return [ast.Try(body=body, handlers=handlers, orelse=otherwise, finalbody=final)]


def _handler(writer: Writer, handler: Handler, targets: tuple[Var, ...], depth: int) -> ast.ExceptHandler:
    text = writer.builder.names[handler.name] if handler.name else None
    if handler.types is None:
        types = None
        writer.plain(depth, "except:")
    else:
        types = writer.builder.atom(handler.types)
        tail = f" as {text}:" if text else ":"
        writer.header(depth, "except ", types, NOWHERE, handler.types, tail=tail)
    body = _block(writer, handler.block, targets, depth + 1)
    return ast.ExceptHandler(type=types, name=text, body=body)


def _block(writer: Writer, block: Block, targets: tuple[Var, ...], depth: int) -> list[ast.stmt]:
    nodes = writer.block(block, depth)
    nodes += writer.copies(depth, copies(writer.builder, targets, block.results), block.results)
    return writer.filled(depth, nodes)
