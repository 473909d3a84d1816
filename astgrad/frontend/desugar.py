"""Trees: how they are walked, what they bind, and the nodes that the desugaring makes itself.

A `Made` node stands where another one stood (`at`) and has its place in the source. Flags are names that no
program can spell (`%left1`): `Mark` binds one to a constant, `Keep` to a value, `Flag` reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar

from astgrad.records import state

FUNCTIONS = {"FunctionDef", "AsyncFunctionDef", "Lambda", "ClassDef"}  # scopes of their own
COMPREHENSIONS = {"ListComp", "SetComp", "DictComp", "GeneratorExp"}
EXPRESSIONS = {  # which bind nothing but by `:=`
    *("Attribute", "BinOp", "BoolOp", "Call", "Compare", "Constant", "Dict", "IfExp", "JoinedStr"),
    *("Set", "Subscript", "UnaryOp"),
}
JUMPS = {"Return", "Break", "Continue", "Leave", "Finish"}
ENDS = JUMPS | {"Raise"}
NO_JUMPS: frozenset[str] = frozenset()
PLAIN = {"ctx", "op", "ops", "id", "attr", "kind", "type_comment"}  # fields without a node of interest
BLOCKS = frozenset(("body", "orelse", "finalbody", "handlers", "cases"))  # fields that hold statements


def kind(node: Any) -> str:
    """The name of the node's class, the key of every table."""
    return type(node).__name__


def written(node: Any) -> str:
    """The kind of a statement as it was written, where a `Made` node stands for it."""
    return kind(node.at if isinstance(node, (Repeat, Inside, Attempt)) else node)


def walk(nodes: list[Any]) -> Iterator[Any]:
    """Every node in these, nested functions and classes named but not entered."""
    todo = nodes[::-1]
    while todo:
        node = todo.pop()
        yield node
        if kind(node) not in FUNCTIONS:
            todo += reversed(children(node))


def children(node: Any) -> list[Any]:
    """The nodes directly below, in the order of the text; operators and contexts have nothing to say."""
    below: list[Any] = []
    which: Any = type(node)
    for name in fields(which):
        value = getattr(node, name, None)
        if type(value) is list:
            below += [item for item in value if hasattr(item, "_fields")]
        elif hasattr(value, "_fields"):
            below.append(value)
    return below


@cache
def fields(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of node that may hold nodes."""
    return tuple(name for name in kind._fields if name not in PLAIN)


def declared(nodes: list[Any]) -> Iterator[str]:
    """The names that statements declare to be global or nonlocal."""
    for node in nodes:
        if kind(node) in ("Global", "Nonlocal"):
            yield from node.names
        elif kind(node) not in FUNCTIONS:
            inner = [getattr(node, name) for name in BLOCKS.intersection(node._fields)]
            yield from (name for block in inner if isinstance(block, list) for name in declared(block))


# --- nodes of our own


@state
class Made:
    """A node made while desugaring, in the place of the node `at`."""

    at: Any
    _fields: ClassVar[tuple[str, ...]] = ()

    @property
    def lineno(self) -> int:
        return int(self.at.lineno)

    @property
    def col_offset(self) -> int:
        return int(self.at.col_offset)

    @property
    def end_lineno(self) -> int:
        return int(self.at.end_lineno)

    @property
    def end_col_offset(self) -> int:
        return int(self.at.end_col_offset)


@state
class Mark(Made):
    """name = value, a constant."""

    name: str
    value: bool


@state
class Keep(Made):
    """name = value, an expression (None: None)."""

    name: str
    value: Any
    _fields: ClassVar[tuple[str, ...]] = ("value",)


@state
class Flag(Made):
    """The value of a flag, or of what was kept."""

    name: str


@state
class Case(Made):
    """Whether what was kept as `subject` fits a pattern and its guard; it binds the names of the pattern."""

    subject: str
    pattern: Any
    guard: Any
    _fields: ClassVar[tuple[str, ...]] = ("pattern", "guard")


@state
class Return(Made):
    """A return of a value that was kept."""

    value: Any
    _fields: ClassVar[tuple[str, ...]] = ("value",)


@state
class Break(Made):
    """A break behind a block that could not be left at once."""


@state
class Continue(Made):
    """A continue behind a block that could not be left at once."""


@state
class Leave(Made):
    """The loop ends for the exit code behind it, where `name` is tested."""

    name: str


@state
class Finish(Made):
    """The loop ends because its test fails."""


class Branch(Made):
    """An `if`, which knows the jumps that leave it and at how many points it falls through."""

    _fields: ClassVar[tuple[str, ...]] = ("test", "body", "orelse")

    def __init__(self, at: Any, test: Any, body: list[Any], orelse: list[Any]) -> None:
        super().__init__(at)
        self.test, self.body, self.orelse = test, body, orelse
        self.jumps = jumps(body) | jumps(orelse)
        self.falls = falls(body) + falls(orelse)
        if not self.jumps:
            self.falls = min(self.falls, 1)


@state
class Repeat(Made):
    """A loop without jumps: it ends where `test` fails, `iter` has no more items, or `stop` is set."""

    target: Any
    iter: Any
    test: Any
    body: list[Any]
    stop: str
    _fields: ClassVar[tuple[str, ...]] = ("iter", "target", "test", "body")


@state
class Inside(Made):
    """A `with` of one context without jumps."""

    context: Any
    target: Any
    body: list[Any]
    _fields: ClassVar[tuple[str, ...]] = ("context", "target", "body")


@state
class Attempt(Made):
    """A `try` without jumps."""

    body: list[Any]
    handlers: list[Any]
    orelse: list[Any]
    finalbody: list[Any]
    _fields: ClassVar[tuple[str, ...]] = ("body", "handlers", "orelse", "finalbody")


@state
class Caught(Made):
    """One `except` of a `try` without jumps."""

    type: Any
    name: str
    body: list[Any]
    _fields: ClassVar[tuple[str, ...]] = ("type", "body")


def leaves(node: Any) -> frozenset[str]:
    """The kinds of jumps that leave a statement."""
    if isinstance(node, Branch):
        return node.jumps
    found = kind(node)
    return frozenset((found,)) if found in JUMPS else NO_JUMPS


def jumps(nodes: list[Any]) -> frozenset[str]:
    """The kinds of jumps that leave these statements."""
    found = [leaves(node) for node in nodes if isinstance(node, Branch) or kind(node) in JUMPS]
    return NO_JUMPS.union(*found) if found else NO_JUMPS


def falls(nodes: list[Any]) -> int:
    """At how many points control falls out of the end of these statements."""
    count = 1
    for node in nodes:
        count = node.falls if isinstance(node, Branch) else 0 if kind(node) in ENDS else 1
        if not count:
            return 0
    return count


# --- what a function binds


def parameters(arguments: Any) -> list[tuple[str, Any]]:
    """(kind, name node) of every parameter, in order."""
    found = [("POSITIONAL_ONLY", node) for node in arguments.posonlyargs]
    found += [("POSITIONAL_OR_KEYWORD", node) for node in arguments.args]
    found += [("VAR_POSITIONAL", arguments.vararg)] if arguments.vararg else []
    found += [("KEYWORD_ONLY", node) for node in arguments.kwonlyargs]
    return found + ([("VAR_KEYWORD", arguments.kwarg)] if arguments.kwarg else [])


def bound(function: Any, walrus: bool = True) -> dict[str, int]:
    """How many places of a function bind each of its locals; a parameter is one of them.

    `walrus`: whether there may be a `:=` in it, so that expressions are looked at.
    """
    counts: dict[str, int] = {}
    names = [node.id for _, node in parameters(function.args)]
    body = [function.body] if kind(function) == "Lambda" else function.body
    for name in (*names, *(name for statement in body for name in binds(statement, walrus))):
        counts[name] = counts.get(name, 0) + 1
    for name in declared(body):
        counts.pop(name, None)
    return counts


def binds(node: Any, walrus: bool = True) -> Iterator[str]:
    """The names that a node binds in its own scope, one entry a place; by `walrus` in expressions too."""
    todo = [node]
    while todo:
        node = todo.pop()
        found = kind(node)
        if found in FUNCTIONS:
            if found != "Lambda":
                yield node.name
        elif found in COMPREHENSIONS:
            inner = (each for each in walk(children(node)) if kind(each) == "NamedExpr")
            yield from (each.target.id for each in inner)
        elif found == "Name":
            if kind(node.ctx) == "Store":
                yield node.id
        elif walrus or found not in EXPRESSIONS:
            yield from _named(node, found)
            todo += reversed(children(node))


def _named(node: Any, found: str) -> Iterator[str]:
    """The names that a node binds by a field that is no Name."""
    if found in ("MatchAs", "MatchStar") and node.name:
        yield getattr(node.name, "id", node.name)
    elif found == "MatchMapping" and node.rest:
        yield node.rest
    elif found in ("Import", "ImportFrom"):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif (found in ("Mark", "Keep") and isinstance(node, (Mark, Keep))) or (
        isinstance(node, Caught) and node.name
    ):
        yield node.name


def appending(node: Any) -> Any:
    """The name in `name.append(value)`, None for anything else."""
    if kind(node) != "Call" or kind(node.func) != "Attribute" or node.func.attr != "append":
        return None
    plain = len(node.args) == 1 and kind(node.args[0]) != "Starred" and not node.keywords
    return node.func.value if plain and kind(node.func.value) == "Name" else None
