"""Loops: `for` and `while`, what they record, and what they read from a tape.

In comes a Loop, out come its lines:

    out = loop s=0.0 for i in count:        s = 0.0
      t1 = mul(x, i)                        tape = []
      record tape: t1                       for i in range(n):
      next = add(s, t1)                         x_times_i = x * i
      yield next                                tape.append(x_times_i)
                                                s += x_times_i

A tape of one atom is a list of values, a tape of none the number of steps. What is recorded is appended as
early as it is known, so that its name is free for the next value.
"""

from __future__ import annotations

import ast
import itertools
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from astgrad import ir
from astgrad.analyses.liveness import Record, entered, lists, recorded
from astgrad.emit import python
from astgrad.emit.branches import leaving
from astgrad.emit.copies import copies
from astgrad.emit.spelling import call, name
from astgrad.emit.stops import YES, leaves
from astgrad.ir import Atom, Call, Const, If, Loop, Statement, Tape, Var

if TYPE_CHECKING:
    from astgrad.emit.writer import Writer

Source = tuple[ast.expr, ast.expr]  # a target of `for`, and what it steps through


def loop(writer: Writer, statement: Loop, depth: int) -> list[ast.stmt]:
    """A `for` or `while` with what is set up before it."""
    nodes = _before(writer, statement, depth)
    header = _for(writer, statement, depth) or _while(writer, statement, depth)
    header.body = writer.filled(depth + 1, _body(writer, statement, depth + 1))
    return [*nodes, header]


def _before(writer: Writer, statement: Loop, depth: int) -> list[ast.stmt]:
    """The initial values, and the empty tapes."""
    nodes = copies(writer.builder, statement.params, statement.initial)
    nodes = writer.copies(depth, nodes, statement.initial)
    for tape in (tape for tape in statement.tapes if not tape.reads):
        empty = ast.List(elts=[], ctx=ast.Load()) if tape.atoms else ast.Constant(value=0)
        target = ast.Name(id=writer.builder.names[tape.list], ctx=ast.Store())
        nodes.append(ast.Assign(targets=[target], value=empty))
        writer.copies(depth, nodes[-1:], ())
    return nodes


# --- headers


def _for(writer: Writer, statement: Loop, depth: int) -> ast.For | None:
    """`for ... in ...:`, None where there is nothing to step through."""
    builder = writer.builder
    builder.same, outer = _renamed(statement, builder.names), builder.same
    source = _zipped(writer, statement)
    builder.same = outer
    if source is None:
        return None
    target, iter_ = source
    elements = target.elts if isinstance(target, ast.Tuple) else [target]
    head = f"for {', '.join(map(python.text, elements))} in "
    atoms = (*statement.iters, *(tape.list for tape in statement.tapes if tape.reads))
    writer.header(depth, head, iter_, statement.origin, *atoms)
    return ast.For(target=target, iter=iter_, body=[], orelse=[])


def _renamed(statement: Loop, names: dict[Var, str]) -> dict[Var, Var]:
    """The initial values that are read under the name of the carried one, because theirs is another's now."""
    bound = {names.get(var) for var in (*statement.params, *lists(statement))}
    return {first: param for first, param in entered(statement).items() if names.get(first) in bound}


def _zipped(writer: Writer, statement: Loop) -> Source | None:
    """All sources of a loop as one."""
    counter = _counter(statement, writer.builder.folded)
    sources = list(_sources(writer, statement, counter))
    if not sources:
        return None
    target, iter_ = sources[0]
    if len(sources) > 1:
        target = ast.Tuple(elts=[target for target, _ in sources], ctx=ast.Store())
        zipped = call(name(writer.builder.spelling.builtin("zip")), *(iter_ for _, iter_ in sources))
        if os.environ.get("ASTGRAD_CHECK") == "1" and any(tape.reads for tape in statement.tapes):
            zipped.keywords = [ast.keyword(arg="strict", value=ast.Constant(value=True))]
        iter_ = zipped
    if counter is None:
        return target, iter_
    item, start = counter
    iter_ = call(name(writer.builder.spelling.builtin("enumerate")), iter_, *writer.builder.many(start))
    index = ast.Name(id=writer.builder.names[item], ctx=ast.Store())
    return ast.Tuple(elts=[index, target], ctx=ast.Store()), iter_


def _sources(
    writer: Writer, statement: Loop, counter: tuple[Var, tuple[Atom, ...]] | None
) -> Iterator[Source]:
    """The iterables and the tapes that a loop reads, each with what it gives."""
    builder = writer.builder
    for item, iterable in zip(statement.items, statement.iters):
        if counter is None or item is not counter[0]:
            yield ast.Name(id=builder.names[item], ctx=ast.Store()), builder.atom(iterable)
    for tape in _read(statement):
        items = [ast.Name(id=builder.names[atom], ctx=ast.Store()) for atom in tape.atoms]  # type: ignore[index]
        list_ = builder.atom(tape.list)
        if not items:
            yield _unused(writer), call(name(builder.spelling.builtin("range")), list_)
            continue
        target = items[0] if len(items) == 1 else ast.Tuple(elts=items, ctx=ast.Store())  # type: ignore
        yield target, call(name(builder.spelling.builtin("reversed")), list_)


def _read(statement: Loop) -> list[Tape]:
    """The tapes that the header reads; a mere number of steps only where nothing else says it."""
    read = [tape for tape in statement.tapes if tape.reads]
    full = [tape for tape in read if tape.atoms]
    return full or ([] if statement.iters else read[:1])


def _unused(writer: Writer) -> ast.Name:
    names = {*writer.builder.names.values(), *writer.builder.spelling.used}
    free = (f"_{number or ''}" for number in itertools.count())
    return ast.Name(id=next(text for text in free if text == "_" not in names or text not in names))


def _counter(statement: Loop, folded: dict[Var, Call]) -> tuple[Var, tuple[Atom, ...]] | None:
    """The item that counts the others, and from where: `for i, x in enumerate(xs)`."""
    if len(statement.iters) + sum(tape.reads for tape in statement.tapes) < 2:
        return None
    for item, iterable in zip(statement.items, statement.iters):
        made = folded.get(iterable) if isinstance(iterable, Var) else None
        if made and _is(made, itertools.count) and len(made.args) < 2 and not made.kwargs:
            zero = made.args and isinstance(made.args[0], Const) and made.args[0].value == 0
            return item, () if zero else made.args
    return None


def _is(made: Call, function: object) -> bool:
    return isinstance(made.op, Const) and made.op.value is function


def counters(printed: list[Statement], folded: dict[Var, Call]) -> set[Statement]:
    """The calls of itertools.count that are printed as enumerate."""
    found: set[Statement] = set()
    for statement in printed:
        counter = _counter(statement, folded) if isinstance(statement, Loop) else None
        if counter and isinstance(statement, Loop):
            found.add(folded[statement.iters[statement.items.index(counter[0])]])  # type: ignore[index]
    return found


def builtins(statement: Statement, folded: dict[Var, Call]) -> Iterator[str]:
    """The builtin functions that the header of a loop calls."""
    if not isinstance(statement, Loop):
        return
    count = len(statement.iters) + len(_read(statement))
    counter = _counter(statement, folded) is not None
    if counter:
        yield "enumerate"
    if count - counter > 1:
        yield "zip"
    for tape in _read(statement):
        yield "reversed" if tape.atoms else "range"


def _while(writer: Writer, statement: Loop, depth: int) -> ast.While:
    test: ast.expr = ast.Constant(value=True)
    atoms: tuple[Atom, ...] = ()
    if statement.test and not writer.is_printed(statement.test):
        atoms = statement.test.results
        test = writer.builder.atom(atoms[0])
    writer.header(depth, "while ", test, statement.origin, *atoms)
    return ast.While(test=test, body=[], orelse=[])


# --- bodies


def _body(writer: Writer, statement: Loop, depth: int) -> list[ast.stmt]:
    """A late test, the statements with what they record, and the values of the next step."""
    nodes = _tested(writer, statement, depth)
    writer.records.update(recorded(statement))
    last = statement.body.body[-1] if statement.body.body else None

    def end(depth: int) -> list[ast.stmt]:
        made = copies(writer.builder, statement.params, statement.body.results)
        return writer.copies(depth, made, statement.body.results)

    def break_(depth: int) -> list[ast.stmt]:
        return writer.plain(depth, "break", ast.Break())

    if last is None or statement.stop is None or not leaves(last, statement.stop):
        nodes += writer.block(statement.body, depth) + end(depth)
        return nodes + break_(depth) if statement.stop is YES else nodes
    final, stop = last, statement.stop
    if _is_last(writer, statement, final):
        behind = lambda: end(depth) + leaving(writer, final, stop, break_, depth)
        return nodes + writer.block(statement.body, depth, behind)
    leave = lambda depth: end(depth) + break_(depth)
    nodes += writer.block(statement.body, depth, lambda: leaving(writer, final, stop, leave, depth))
    return nodes + end(depth)


def _is_last(writer: Writer, statement: Loop, last: If) -> bool:
    """Whether `if test: break` may stand behind the copies: it prints no more, and they do not change it."""
    arms = (last.then, last.orelse)
    if any(writer.is_printed(arm) or copies(writer.builder, last.targets, arm.results) for arm in arms):
        return False
    bound: set[str] = set()
    for node in copies(writer.builder, statement.params, statement.body.results):
        if not isinstance(node, ast.Assign) or _evaluates(node.value):
            return False
        bound |= {inner.id for inner in ast.walk(node.targets[0]) if isinstance(inner, ast.Name)}
    test = writer.builder.atom(last.test)
    return not any(isinstance(node, ast.Name) and node.id in bound for node in ast.walk(test))


def _evaluates(node: ast.expr) -> bool:
    plain = (ast.Name, ast.Tuple, ast.Constant, ast.expr_context)
    return not all(isinstance(inner, plain) for inner in ast.walk(node))


def _tested(writer: Writer, statement: Loop, depth: int) -> list[ast.stmt]:
    """The test, where the header cannot hold it."""
    test = statement.test
    for_ = statement.iters or any(tape.reads for tape in statement.tapes)
    if test is None or not (for_ or writer.is_printed(test)):
        return []
    nodes = writer.block(test, depth)
    negated = ast.UnaryOp(op=ast.Not(), operand=writer.builder.atom(test.results[0]))
    writer.header(depth, "if ", negated, statement.origin, *test.results)
    body = writer.plain(depth + 1, "break", ast.Break())
    return [*nodes, ast.If(test=negated, body=body, orelse=[])]


def appends(writer: Writer, records: list[Record], depth: int) -> list[ast.stmt]:
    """tape.append(...), or steps += 1."""
    nodes: list[ast.stmt] = []
    for record in records:
        list_ = writer.builder.names[record.tape.list]
        atoms = tuple(Const(None) if atom is ir.UNDEFINED else atom for atom in record.atoms)
        if not atoms:
            target = ast.Name(id=list_, ctx=ast.Store())
            node: ast.stmt = ast.AugAssign(target=target, op=ast.Add(), value=ast.Constant(value=1))
        else:
            values = writer.builder.many(atoms)
            entry = values[0] if len(values) == 1 else ast.Tuple(elts=values, ctx=ast.Load())
            append = ast.Attribute(value=name(list_), attr="append", ctx=ast.Load())
            node = ast.Expr(value=call(append, entry))
        nodes += writer.copies(depth, [node], atoms)
    return nodes
