"""Which names statements read, bind and leave needed: liveness, from the end to the start.

In come the statements that `jumps.py` leaves, and the names that are read behind them; out comes what is
live behind each. In

    t = x * 2
    if t > 1: y = t
    return x

y is not live behind the `if`, so it needs no phi. Everything is by name, as Python's scopes are: a nested
function reads at its definition all names that stand in it.
"""

from __future__ import annotations

from typing import Any

from astgrad.frontend.desugar import (
    COMPREHENSIONS,
    FUNCTIONS,
    Attempt,
    Branch,
    Case,
    Flag,
    Inside,
    Keep,
    Mark,
    Repeat,
    appending,
    binds,
    bound,
    children,
    kind,
)
from astgrad.frontend.resolve import mangle
from astgrad.records import value

Names = frozenset[str]
NONE: Names = frozenset()


@value
class Summary:
    """What a statement does to names."""

    reads: Names  # before it binds them
    binds: dict[str, None]  # on any way through it, in the order of the text
    kills: Names  # on every way through it
    ends: bool = False  # whether no way leads through it


class Liveness:
    """The summaries of one function's statements; `scope` is the class whose private names are mangled."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.known: dict[int, tuple[Any, Summary]] = {}  # with the node, which keeps its id taken

    def behind(self, nodes: list[Any], live: Names) -> list[Names]:
        """What is live behind each statement; only those with bodies need it, the others get nothing."""
        found = [NONE] * len(nodes)
        now = set(live)
        for at in range(len(nodes) - 1, -1, -1):
            summary = self.summary(nodes[at])
            if summary.ends:
                now.clear()
            if isinstance(nodes[at], (Branch, Repeat, Inside, Attempt)):
                found[at] = frozenset(now)
            now -= summary.kills
            now |= summary.reads
        return found

    def summary(self, node: Any) -> Summary:
        """What one statement does."""
        known = self.known.get(id(node))
        if known is None:
            known = self.known[id(node)] = node, self.summarize(node)
        return known[1]

    def around(self, node: Repeat) -> Names:
        """What is read in the next step of a loop, or by the test before it."""
        reads = self.block(node.body).reads - {*self.bound(node.target)}
        return reads | self.reads(node.target) | self.reads(node.test)

    def summarize(self, node: Any) -> Summary:
        if isinstance(node, Branch):
            body, orelse = self.block(node.body), self.block(node.orelse)
            reads = self.reads(node.test) | body.reads | orelse.reads
            bound = self.bound(node.test) | body.binds | orelse.binds
            kills = orelse.kills if body.ends else body.kills if orelse.ends else body.kills & orelse.kills
            return Summary(reads, bound, kills, body.ends and orelse.ends)
        if isinstance(node, Repeat):
            inner = self.bound(node.iter) | self.bound(node.target) | self.bound(node.test)
            reads = self.reads(node.iter) | self.around(node)
            return Summary(reads, inner | self.block(node.body).binds, NONE)
        if isinstance(node, Inside):
            body = self.block(node.body)
            inner = self.bound(node.target)
            reads = self.reads(node.context) | self.reads(node.target) | (body.reads - {*inner})
            return Summary(reads, self.bound(node.context) | inner | body.binds, NONE)
        if isinstance(node, Attempt):
            return self.attempt(node)
        ends = kind(node) in ("Raise", "Return")
        return Summary(self.reads(node), self.bound(node), frozenset(self.kills(node)), ends)

    def attempt(self, node: Attempt) -> Summary:
        blocks = [self.block(block) for block in (node.body, node.orelse, node.finalbody)]
        reads: Names = NONE
        binds = dict[str, None]()
        for handler in node.handlers:
            blocks.append(self.block(handler.body))
            reads |= self.reads(handler.type)
            binds |= {mangle(handler.name, self.scope): None} if handler.name else {}
        for block in blocks:
            reads |= block.reads
            binds |= block.binds
        return Summary(reads, binds, NONE)

    def block(self, nodes: list[Any]) -> Summary:
        """What statements do one after the other."""
        reads: set[str] = set()
        kills: set[str] = set()
        bound: dict[str, None] = {}
        for node in reversed(nodes):
            summary = self.summary(node)
            if summary.ends:
                reads.clear()
            reads -= summary.kills
            reads |= summary.reads
            kills |= summary.kills
        for node in nodes:
            bound |= self.summary(node).binds
        ends = any(self.summary(node).ends for node in nodes)
        return Summary(frozenset(reads), bound, frozenset(kills), ends)

    # --- simple statements and expressions

    def bound(self, node: Any) -> dict[str, None]:
        """The names that a simple statement or an expression binds; a list that grows is bound anew."""
        grown = appending(node.value) if kind(node) == "Expr" else None
        names = [*binds(node), *([grown.id] if grown else [])] if node else []
        return {mangle(name, self.scope): None for name in names}

    def kills(self, node: Any) -> set[str]:
        """The names that a simple statement binds for certain."""
        if isinstance(node, (Mark, Keep)):
            return {node.name}
        if kind(node) == "Assign":
            return {name for target in node.targets for name in self.bound(target)}
        if kind(node) == "FunctionDef":
            return {mangle(node.name, self.scope)}
        return set()

    def reads(self, node: Any) -> Names:
        """The names that a simple statement or an expression reads, a nested function at its definition."""
        found: set[str] = set()
        todo = [node] if node else []
        while todo:
            node = todo.pop()
            which = kind(node)
            if isinstance(node, Flag):
                found.add(node.name)
            elif isinstance(node, Case):
                found.add(node.subject)
                todo += children(node)
            elif which == "Name":
                if kind(node.ctx) != "Store":
                    found.add(mangle(node.id, self.scope))
            elif which in FUNCTIONS and which != "ClassDef":
                inner = node.body if isinstance(node.body, list) else [node.body]
                found |= self.free(inner, {*bound(node)})
                todo += [*node.args.defaults, *(each for each in node.args.kw_defaults if each)]
                todo += getattr(node, "decorator_list", ())
            elif which in COMPREHENSIONS:
                own = [name for each in node.generators for name in binds(each.target)]
                found |= self.free([*children(node)], {*own})
                todo.append(node.generators[0].iter)
            else:
                if which == "AugAssign":
                    found.add(mangle(getattr(node.target, "id", ""), self.scope))
                found.update(mangle(name, self.scope) for name in (node.names if which == "Nonlocal" else ()))
                todo += children(node)
        return frozenset(found)

    def free(self, nodes: list[Any], own: set[str]) -> set[str]:
        """The names that nodes read, those left out that are their own."""
        found = NONE.union(*(self.reads(node) for node in nodes))
        return {*found} - {mangle(name, self.scope) for name in own}
