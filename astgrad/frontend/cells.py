"""Which locals are cells: those that a nested function captures and that may be bound after it is made (S7).

    w = x                       w_cell = cell()
    g = lambda: w               cell_set(w_cell, x)
    w = 3 * x                   g = <lambda w=w_cell>
    return g()                  cell_set(w_cell, mul(3, x)) ...

A name that is bound for the last time before the first function that captures it is no cell: its value is
captured. In a loop every binding comes after every function of the step before, unless the function is only
called in the step that makes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from astgrad.frontend.desugar import FUNCTIONS, bound, children, kind, parameters
from astgrad.frontend.desugar import walk as nodes_of
from astgrad.records import replace, value

LOOPS = ("For", "While", "AsyncFor")
BLOCKS = ("If", "With", "AsyncWith", "Try", "TryStar", "ExceptHandler", "match_case")
TAKES = ("sorted", "min", "max")  # they call their `key` and do not keep it


@value
class Place:
    """Where something happens: its time in the order of the text, the loops and the arms around it."""

    at: int
    loops: tuple[int, ...] = ()
    arms: tuple[int, ...] = ()


@value
class Made:
    """The making of a nested function; `name` is what it is assigned to, "%taken" if a call takes it."""

    place: Place
    node: Any
    name: str


class Walk:
    """The bindings, functions, calls and reads of one function."""

    def __init__(self) -> None:
        self.now = Place(0)
        self.binds: dict[str, list[Place]] = {}
        self.made: list[Made] = []
        self.called: dict[str, list[Place]] = {}
        self.read: set[str] = set()  # names that are read other than by a call

    def tick(self) -> Place:
        self.now = replace(self.now, at=self.now.at + 1)
        return self.now

    def bind(self, name: str) -> None:
        self.binds.setdefault(name, []).append(self.tick())

    def many(self, nodes: Iterable[Any]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def visit(self, node: Any, name: str = "") -> None:
        found = kind(node)
        if found == "ClassDef":
            self.bind(node.name)  # refused elsewhere
        elif found in FUNCTIONS:
            self.function(node, name)
        elif found == "Assign" and len(node.targets) == 1:
            self.visit(node.value, getattr(node.targets[0], "id", ""))
            self.visit(node.targets[0])
        elif found in ("Assign", "AugAssign", "AnnAssign", "NamedExpr"):
            self.many([node.value, *(node.targets if found == "Assign" else [node.target])])
        elif found in LOOPS:
            self.loop(node)
        elif found in BLOCKS:
            self.block(node)
        elif found == "Call" and kind(node.func) == "Name":
            self.call(node)
        elif found == "Name":
            self.bind(node.id) if kind(node.ctx) == "Store" else self.read.add(node.id)
        elif found == "comprehension":
            self.many([node.iter, *node.ifs])  # its targets are its own
        else:
            self.many(children(node))
            if found in ("MatchAs", "MatchStar", "MatchMapping"):
                self.many_names(getattr(node, "name", None), getattr(node, "rest", None))

    def many_names(self, *names: str | None) -> None:
        for name in names:
            if name:
                self.bind(name)

    def loop(self, node: Any) -> None:
        self.many([getattr(node, "iter", None)])
        outer = self.now
        self.now = replace(self.tick(), loops=(*outer.loops, self.now.at))
        self.many([getattr(node, "test", None), getattr(node, "target", None), *node.body])
        self.now = replace(outer, at=self.now.at)
        self.many(node.orelse)

    def block(self, node: Any) -> None:
        """A statement with arms: what stands in one may not run."""
        for name in node._fields:
            value = getattr(node, name, None)
            if not isinstance(value, list):
                self.many([value] if hasattr(value, "_fields") else [])
                continue
            outer = self.now
            self.now = replace(self.tick(), arms=(*outer.arms, self.now.at))
            self.many(value)
            self.now = replace(outer, at=self.now.at)

    def call(self, node: Any) -> None:
        self.called.setdefault(node.func.id, []).append(self.tick())
        self.many(node.args)
        for keyword in node.keywords:
            self.visit(keyword.value, "%taken" if node.func.id in TAKES else "")

    def function(self, node: Any, name: str) -> None:
        self.many([*getattr(node, "decorator_list", ()), *node.args.defaults, *node.args.kw_defaults])
        self.made.append(Made(self.tick(), node, getattr(node, "name", name)))
        if kind(node) == "FunctionDef":
            self.bind(node.name)


def celled(function: Any) -> dict[str, Any]:
    """The locals of a function that must be cells, each with the first nested function that captures it."""
    body = [function.body] if kind(function) == "Lambda" else function.body
    if not any(kind(node) in FUNCTIONS for node in nodes_of(body)):
        return {}
    walk = Walk()
    walk.many(body)
    for _, node in parameters(function.args):
        walk.binds.setdefault(node.id, []).append(Place(0))
    captured: dict[str, list[Made]] = {}
    written: set[str] = set()
    inner: set[str] = set()
    for made in walk.made:
        reads, writes = free(made.node)
        written |= writes
        inner |= reads
        for name in reads | writes:
            captured.setdefault(name, []).append(made)
    found = {}
    for name in bound(function):
        by = captured.get(name, [])
        if by and (name in written or any(late(walk, name, made, inner) for made in by)):
            found[name] = by[0].node
    return found


def late(walk: Walk, name: str, made: Made, inner: set[str]) -> bool:
    """Whether a binding of the name may follow the making of a function that captures it."""
    places = walk.binds.get(name, [])
    if any(place.at > made.place.at for place in places):
        return True
    again = [place for place in places if place.loops and place.loops[0] in made.place.loops]
    return bool(again) and not passing(walk, made, inner)


def passing(walk: Walk, made: Made, inner: set[str]) -> bool:
    """Whether a function is only called, in the step of the innermost loop that makes it."""
    if made.name == "%taken":
        return True
    name, (*_, loop), arms = made.name, made.place.loops, made.place.arms
    if not name or name in walk.read or name in inner or len(walk.binds.get(name, ())) != 1:
        return False
    return all(
        loop in call.loops and call.at > made.place.at and call.arms[: len(arms)] == arms
        for call in walk.called.get(name, ())
    )


def free(node: Any) -> tuple[set[str], set[str]]:
    """The names that a nested function, or one inside of it, reads and writes and does not bind."""
    reads: set[str] = set()
    writes: set[str] = set()
    inner: set[str] = set()
    todo = [node.body] if kind(node) == "Lambda" else list(node.body)
    while todo:
        each = todo.pop()
        if kind(each) in FUNCTIONS:
            deeper, written = free(each) if kind(each) != "ClassDef" else (set(), set())
            inner |= deeper
            writes |= written
            todo += [*each.args.defaults, *(one for one in each.args.kw_defaults if one)] if deeper else []
            continue
        if kind(each) == "Name":
            reads.add(each.id)
        if kind(each) == "Nonlocal":
            writes.update(each.names)
        todo += children(each)
    own = {*bound(node)}
    return (reads | inner) - own, writes - own
