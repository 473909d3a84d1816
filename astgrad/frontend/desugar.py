"""Trees to simpler trees: what the lowering wants to know of statements before it walks them.

`sink` moves what follows an `if` that returns into the branches that fall through, so that

    if t:                      if t:
        return a                   return a
    b = f(a)         becomes   else:
    return b                       b = f(a)
                                   return b

and an `if` with a return in it is always the last of its statements.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

FUNCTIONS = {"FunctionDef", "AsyncFunctionDef", "Lambda", "ClassDef"}  # scopes of their own


def kind(node: Any) -> str:
    """The name of the node's class, the key of every table."""
    return type(node).__name__


def walk(nodes: list[Any]) -> Iterator[Any]:
    """Every node in these, nested functions and classes named but not entered."""
    todo = list(reversed(nodes))
    while todo:
        node = todo.pop()
        yield node
        if kind(node) not in FUNCTIONS:
            todo += reversed(list(children(node)))


def children(node: Any) -> Iterator[Any]:
    """The nodes directly below, in the order of the text."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            yield from (item for item in value if hasattr(item, "_fields"))
        elif hasattr(value, "_fields"):
            yield value


def parameters(arguments: Any) -> list[tuple[str, Any]]:
    """(kind, name node) of every parameter, in order."""
    found = [("POSITIONAL_ONLY", node) for node in arguments.posonlyargs]
    found += [("POSITIONAL_OR_KEYWORD", node) for node in arguments.args]
    found += [("VAR_POSITIONAL", arguments.vararg)] if arguments.vararg else []
    found += [("KEYWORD_ONLY", node) for node in arguments.kwonlyargs]
    return found + ([("VAR_KEYWORD", arguments.kwarg)] if arguments.kwarg else [])


def bound(function: Any) -> dict[str, int]:
    """How many places of a function bind each of its locals; a parameter is one of them."""
    names = [node.id for _, node in parameters(function.args)]
    if kind(function) != "Lambda":
        names += [name for statement in function.body for name in _binds(statement)]
    return {name: names.count(name) for name in names} if len(names) < 50 else _count(names)


def _count(names: list[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return counts


def _binds(statement: Any) -> list[str]:
    """The names that a statement binds, one entry a place."""
    found = kind(statement)
    if found == "Assign":
        return [name for target in statement.targets for name in _names(target)]
    if found in ("AugAssign", "AnnAssign"):
        return _names(statement.target)
    if found in ("FunctionDef", "AsyncFunctionDef", "ClassDef"):
        return [statement.name]
    if found in ("Expr", "Return", "Pass"):
        return []
    arms = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    return [name for arm in arms for inner in arm for name in _binds(inner)]


def _names(target: Any) -> list[str]:
    if kind(target) in ("Tuple", "List"):
        return [name for item in target.elts for name in _names(item)]
    if kind(target) == "Starred":
        return _names(target.value)
    return [target.id] if kind(target) == "Name" else []


def returns(statement: Any) -> bool:
    """Whether a return stands in an `if`, at any depth."""
    return kind(statement) == "If" and any(
        kind(inner) == "Return" or returns(inner) for inner in (*statement.body, *statement.orelse)
    )


def sink(statements: list[Any]) -> list[Any]:
    """The statements with every `if` that returns in last place, and nothing behind a return."""
    for at, statement in enumerate(statements):
        if kind(statement) == "Return":
            return statements[: at + 1]
        if returns(statement):
            rest = statements[at + 1 :]
            last = type(statement)(statement.test, sink(statement.body + rest), sink(statement.orelse + rest))
            for name in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
                setattr(last, name, getattr(statement, name))
            return [*statements[:at], last]
    return statements
