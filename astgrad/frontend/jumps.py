"""Statements with jumps to statements without: a jump is an assignment to a flag (B3, B4).

What follows a jumping branch moves into the arm that falls through, and what a loop does on its way out of
the function stands behind the loop:

    for v in x:                       left = False
        if v > 2:                     for v in x, until stop:
            return v * y                  if v > 2: left = stop = True
        y += v              becomes       else: y += v
    return y                          if left: return v * y
                                      else: return y

`return` is left at the end of statements alone, and of the arms of an `if` that stands there. Past `CHAIN`
guards in a row a flag keeps the nesting flat (S30).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from astgrad.frontend.desugar import (
    Attempt,
    Branch,
    Break,
    Case,
    Caught,
    Continue,
    Finish,
    Flag,
    Inside,
    Keep,
    Leave,
    Mark,
    Repeat,
    Return,
    falls,
    jumps,
    kind,
    leaves,
    walk,
)
from astgrad.records import value

CHAIN = 20  # guards that nest


@value
class Target:
    """Where jumps go: what stands for a jump, and what follows where those that were taken meet."""

    instead: Callable[[Any], list[Any]]
    leaves: bool = False  # whether `instead` still is a jump, out of the function


Behind = Callable[[Any], list[Any]]


class Jumps:
    """The desugaring of one function."""

    def __init__(self) -> None:
        self.count = 0

    def fresh(self, name: str) -> str:
        """A flag of its own."""
        self.count += 1
        return f"%{name}{self.count}"

    def function(self, body: list[Any]) -> list[Any]:
        """The body of a function; every return stands at its end."""
        return self.to_end(self.normal(body), Target(lambda jump: [jump], leaves=True))

    # --- every jump goes to the end

    def to_end(self, nodes: list[Any], target: Target) -> list[Any]:
        """The statements, in which every jump goes to their end."""
        at = [i for i, node in enumerate(nodes) if leaves(node)]
        if not at:
            return nodes
        if len(at) > CHAIN:
            return self.flat(nodes, at, target)
        first = at[0]
        before, node, rest = nodes[:first], nodes[first], nodes[first + 1 :]
        if not isinstance(node, Branch):
            return [*before, *target.instead(node)]
        if node.falls > 1 and rest:
            flag, inner, behind = self.flagged(target)
            last = Branch(node, Flag(node, flag), behind(node), self.to_end(rest, target))
            return [*before, Mark(node, flag, False), *self.to_end([node], inner), last]
        arms = (arm + rest if falls(arm) else arm for arm in (node.body, node.orelse))
        return [*before, Branch(node, node.test, *(self.to_end(arm, target) for arm in arms))]

    def flat(self, nodes: list[Any], at: list[int], target: Target) -> list[Any]:
        """Many jumps in a row: some nest, those behind run if none was taken."""
        flag, inner, behind = self.flagged(target)
        ends = [i + 1 for i in at[CHAIN - 1 :: CHAIN]]
        done: list[Any] = [Mark(nodes[at[0]], flag, False)]
        start = 0
        for end in (*ends, len(nodes)):
            piece = self.to_end(nodes[start:end], inner)
            if start and piece:
                piece = [Branch(nodes[start], Flag(nodes[start], flag), [], piece)]
            done += piece
            start = end
        last = nodes[at[-1]]
        left = behind(last)
        if left and falls(nodes):
            left = [Branch(last, Flag(last, flag), left, [])]
        return done + left

    def flagged(self, target: Target) -> tuple[str, Target, Behind]:
        """A flag, the target whose jumps set it and leave no jump, and what is left to do if it is set."""
        flag = self.fresh("jumped")
        if not target.leaves:
            return flag, Target(lambda jump: [*target.instead(jump), Mark(jump, flag, True)]), lambda at: []
        kept = self.fresh("kept")
        inner = Target(lambda jump: [Keep(jump, kept, jump.value), Mark(jump, flag, True)])
        return flag, inner, lambda at: [Return(at, Flag(at, kept))]

    # --- one statement at a time, the inner ones first

    def normal(self, nodes: list[Any]) -> list[Any]:
        """The statements with nodes of our own for those with bodies; jumps are inside of branches alone."""
        done: list[Any] = []
        for node in nodes:
            found = kind(node)
            if found == "If":
                done.append(Branch(node, node.test, self.normal(node.body), self.normal(node.orelse)))
            elif found in ("For", "While"):
                done += self.loop(node)
            elif found == "With":
                done += self.with_(node, node.items)
            elif found == "Try":
                done += self.try_(node)
            elif found == "Match":
                done += self.match(node)
            else:
                done.append(node)
            if not falls(done[-1:]):
                break
        return done

    def match(self, node: Any) -> list[Any]:
        """A chain of branches, one for each case."""
        subject = self.fresh("kept")
        chain: list[Any] = []
        for case in reversed(node.cases):
            test = Case(node, subject, case.pattern, case.guard)
            chain = [Branch(node, test, self.normal(case.body), chain)]
        return [Keep(node, subject, node.subject), *chain]

    # --- loops

    def loop(self, node: Any) -> list[Any]:
        """A loop, then the exits that are taken behind it, then its else."""
        exits: list[tuple[str, list[Any]]] = []
        body, orelse = self.sunk(self.normal(node.body), exits), self.normal(node.orelse)
        test: Any = getattr(node, "test", None)
        endless = kind(test) == "Constant" and bool(test.value) and "Break" not in jumps(body)
        if kind(test) == "Constant" and test.value:
            test = None
        elif test and any(kind(each) == "NamedExpr" for each in walk([test])):
            test, body = None, [Branch(node, test, body, [Finish(node)])]
        stop = self.fresh("stop") if jumps(body) - {"Continue"} else ""
        broke = self.fresh("broke") if orelse and "Break" in jumps(body) else ""
        flags = [flag for flag in (*(flag for flag, _ in exits), broke) if flag]

        def instead(jump: Any) -> list[Any]:
            own = jump.name if isinstance(jump, Leave) else broke if kind(jump) == "Break" else ""
            set_ = () if kind(jump) == "Continue" else (own, stop)
            return [Mark(jump, name, True) for name in set_ if name]

        start = [Mark(node, name, False) for name in (*flags, stop) if name]
        body = start + self.to_end(body, Target(instead))
        items = getattr(node, "target", None), getattr(node, "iter", None)
        done: list[Any] = [Mark(node, flag, False) for flag in flags]
        done += [Repeat(node, *items, test, body, stop), *self.exits(exits, endless)]
        if broke:
            orelse = [Branch(node, Flag(node, broke), [], orelse)]
        return done if endless else done + orelse

    def exits(self, exits: list[tuple[str, list[Any]]], endless: bool) -> list[Any]:
        """What stands behind a loop for each way out of the function; an endless loop takes one of them."""
        chain: list[Any] = []
        for flag, code in reversed(exits):
            last = endless and code is exits[-1][1]
            chain = code if last else [Branch(code[-1], Flag(code[-1], flag), code, chain)]
        return chain

    def sunk(self, nodes: list[Any], exits: list[tuple[str, list[Any]]]) -> list[Any]:
        """The body of a loop; statements that end in a return leave the loop and run behind it."""
        inside = [i for i, node in enumerate(nodes) if leaves(node) - {"Return"}]
        start = inside[-1] + 1 if inside else 0
        last = nodes[start:]
        if jumps(last) and not falls(last):
            flag = self.fresh("left")
            exits.append((flag, last))
            nodes = [*nodes[:start], Leave(last[-1], flag)]
        return [
            Branch(node, node.test, self.sunk(node.body, exits), self.sunk(node.orelse, exits))
            if isinstance(node, Branch) and "Return" in node.jumps
            else node
            for node in nodes
        ]

    # --- blocks that run code when they are left

    def with_(self, node: Any, items: list[Any]) -> list[Any]:
        """A `with`, one context in another, and the jumps out of it behind it."""
        inner = self.with_(node, items[1:]) if len(items) > 1 else self.normal(node.body)
        escape = Escape(self, node)
        body = escape.inside(inner)
        block = Inside(node, items[0].context_expr, items[0].optional_vars, body)
        return [*escape.before(), block, *escape.behind(falls(inner))]

    def try_(self, node: Any) -> list[Any]:
        """A `try`, and the jumps out of it behind it."""
        body, orelse, last = map(self.normal, (node.body, node.orelse, node.finalbody))
        caught = [(handler, self.normal(handler.body)) for handler in node.handlers]
        escape = Escape(self, node)
        ends = falls(body + orelse) + sum(falls(arm) for _, arm in caught)
        body = escape.inside(body)
        orelse = escape.inside(escape.unless(orelse))
        handlers = [
            Caught(handler, handler.type, handler.name.id if handler.name else "", escape.inside(arm))
            for handler, arm in caught
        ]
        attempt = Attempt(node, body, handlers, orelse, last)
        return [*escape.before(), attempt, *escape.behind(ends)]


class Escape:
    """The jumps out of a block that must be left at its end: each kind has its flag."""

    def __init__(self, names: Jumps, node: Any) -> None:
        self.names = names
        self.node = node
        self.flags: dict[str, str] = {}
        self.kept = ""
        self.leaves: dict[str, str] = {}

    def inside(self, nodes: list[Any]) -> list[Any]:
        """The statements of the block, in which every jump goes to their end."""
        return self.names.to_end(nodes, Target(self.instead))

    def instead(self, jump: Any) -> list[Any]:
        found = kind(jump)
        if found not in self.flags:
            self.flags[found] = self.names.fresh(found.lower())
        done: list[Any] = [Mark(jump, self.flags[found], True)]
        if found == "Return":
            self.kept = self.kept or self.names.fresh("kept")
            done.insert(0, Keep(jump, self.kept, jump.value))
        return done

    def unless(self, nodes: list[Any]) -> list[Any]:
        """The statements, unless a jump was taken before."""
        for flag in self.flags.values() if nodes else ():
            nodes = [Branch(self.node, Flag(self.node, flag), [], nodes)]
        return nodes

    def before(self) -> list[Any]:
        return [Mark(self.node, flag, False) for flag in self.flags.values()]

    def behind(self, ends: int) -> list[Any]:
        """The jumps themselves; the last one is certain if the block does not fall through."""
        made: dict[str, Callable[[], Any]] = {
            "Return": lambda: Return(self.node, Flag(self.node, self.kept)),
            "Break": lambda: Break(self.node),
            "Continue": lambda: Continue(self.node),
        }
        jumped = [(flag, made[found]()) for found, flag in self.flags.items()]
        done: list[Any] = [Branch(self.node, Flag(self.node, flag), [jump], []) for flag, jump in jumped]
        if jumped and not ends:
            done[-1] = jumped[-1][1]
        return done
