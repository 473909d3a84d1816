"""Regions: the block that is being written, and what the names are where two arms meet.

Each arm of an `if` has names of its own; behind it a name that the arms bind differently is a phi:

    if t: y = a                 y = if t: yield a
    else: y = b                     else: yield b
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from astgrad.errors import Origin
from astgrad.frontend import fence
from astgrad.frontend.lists import Lists
from astgrad.frontend.resolve import Scope
from astgrad.frontend.source import Source
from astgrad.ir import UNDEFINED, UNKNOWN_EFFECTS, Atom, Block, Call, Const, Effects, If, Statement, Tree, Var
from astgrad.records import fresh, state
from astgrad.runtime_python import cell, cell_get, cell_set

TRUE, FALSE = Const(True), Const(False)
UNSURE = Const(object(), "unsure")  # a name in a handler, where the body may have rebound it or not

Live = frozenset[str] | None  # the names read behind a statement; None: any


@state
class Phis:
    """The values of two arms that meet: one phi for each pair of different atoms."""

    maybe: set[Var]  # Vars that may be undefined
    vars: list[Var] = fresh(factory=list)
    pairs: list[tuple[Atom, Atom]] = fresh(factory=list)
    known: dict[tuple[int, int], Var] = fresh(factory=dict)
    dead: bool = False  # whether an arm raises: what is undefined there is read by nobody

    def join(self, name: str, a: Atom, b: Atom) -> Atom:
        """What a name is behind both arms; a tuple of as many items in both stays one."""
        if same(a, b):
            return a
        if UNSURE in (a, b):
            return UNSURE
        if tuples(a, b):
            return Tree(tuple, tuple(self.join("", *pair) for pair in zip(a.items, b.items)))  # type: ignore[union-attr]
        if self.dead and UNDEFINED in (a, b) and isinstance(a, Const) and isinstance(b, Const):
            return b if a is UNDEFINED else a
        key = id(a), id(b)
        if key not in self.known:
            phi = self.known[key] = Var(shown(name))
            self.vars.append(phi)
            self.pairs.append((a, b))
            undefined = (arm is UNDEFINED and not self.dead for arm in (a, b))
            if any(undefined) or a in self.maybe or b in self.maybe:
                self.maybe.add(phi)
        return self.known[key]


def tuples(a: Atom, b: Atom) -> bool:
    """Whether both are tuples of as many items."""
    both = isinstance(a, Tree) and isinstance(b, Tree) and a.kind is b.kind is tuple
    return both and len(a.items) == len(b.items)  # type: ignore[union-attr]


def same(a: Atom, b: Atom) -> bool:
    """Whether two atoms are one value for certain."""
    return a is b or (isinstance(a, Const) and isinstance(b, Const) and a.value is b.value)


def shown(name: str) -> str:
    """The name of a Var: of a flag its word, of what was kept or built none."""
    word, _, flag = name.partition("%")
    flag = flag.rstrip("0123456789")
    return word or ("" if flag in ("kept", "list", "total") else flag)


@state
class Arm:
    """A region that was lowered: its statements, what the names are at its end, and its value."""

    body: tuple[Statement, ...]
    env: dict[str, Atom]
    value: Atom
    dead: bool = False  # whether it raises before its end


CELL, CELL_GET, CELL_SET = Const(cell), Const(cell_get), Const(cell_set)
READS, WRITES = Effects((0,), (), False, "unknown"), Effects((), (0,), False, "fresh")


class Arms:
    """The statements of the block that is being written, and the names of the scope."""

    def __init__(self, found: Source, scope: Scope, rule: bool) -> None:
        self.source = found
        self.scope = scope
        self.rule = rule
        self.refused = fence.SYNTAX | fence.REGIONS if rule else fence.SYNTAX
        self.body: list[Statement] = []
        self.lists = Lists()
        self.dead = False  # whether what was lowered so far raises
        self.maybe: set[Var] = set()  # what a path may leave undefined (S13)
        self.read: dict[Atom, Var] = {}  # of these, what was read on the way to this place, and its value

    def call(
        self,
        node: Any,
        op: Atom,
        args: tuple[Atom, ...],
        kwargs: tuple[tuple[str, Atom], ...] = (),
        name: str = "",
        effects: Effects = UNKNOWN_EFFECTS,
    ) -> Var:
        """Append a call, with the span of the node, and give its target."""
        target = Var(name)
        self.lists.used(op, (*args, *(value for _, value in kwargs)), target)
        self.body.append(Call(target, op, args, kwargs, effects, self.origin(node)))
        return target

    def origin(self, node: Any) -> Origin:
        return self.source.origin(node)

    # --- names

    def store(self, node: Any, name: str, atom: Atom) -> None:
        """Bind a name of the scope, or write its cell."""
        if not self.scope.is_cell(name):
            self.scope.env[name] = atom
            return
        cell = self.scope.read(name, lambda *_: None)  # type: ignore[arg-type, return-value]
        self.lists.lost(atom)
        self.body.append(Call(None, CELL_SET, (cell, atom), (), WRITES, self.origin(node)))

    def load(self, node: Any, name: str, cell: Atom) -> Atom:
        """What a cell holds now."""
        return self.call(node, CELL_GET, (cell,), name=name, effects=READS)

    # --- regions

    def fork(
        self,
        node: Any,
        test: Atom,
        then: Callable[[], Atom],
        orelse: Callable[[], Atom],
        live: Live = None,
        name: str = "",
    ) -> Atom:
        """An If: its phis are the value of the arms and the live names that its arms bind differently."""
        arms = self.arm(then), self.arm(orelse)
        phis = Phis(self.maybe, dead=any(arm.dead for arm in arms))
        value = phis.join(name, arms[0].value, arms[1].value)
        self.joined(phis, *arms, live)
        met = [(phi, *pair) for phi, pair in zip(phis.vars, phis.pairs)]
        self.lists.joined(met, [arm.env for arm in arms], self.scope.env)
        then_, else_ = (
            Block((), arm.body, tuple(pair[side] for pair in phis.pairs)) for side, arm in enumerate(arms)
        )
        self.body.append(If(tuple(phis.vars), test, then_, else_, self.origin(node)))
        self.dead = all(arm.dead for arm in arms)
        return value

    def joined(self, phis: Phis, then: Arm, orelse: Arm, live: Live) -> None:
        """Bind what the names are behind two arms; a name that is not live gets no phi."""
        env = self.scope.env
        for name in dict.fromkeys((*then.env, *orelse.env)):
            a, b = then.env.get(name, UNDEFINED), orelse.env.get(name, UNDEFINED)
            before = env.get(name, UNDEFINED)
            if (then.dead and b is before) or (orelse.dead and a is before):
                continue
            if a is not b and live is not None and name not in live:
                env[name] = UNDEFINED
            else:
                env[name] = phis.join(name, UNDEFINED if then.dead else a, UNDEFINED if orelse.dead else b)

    def arm(self, lower: Callable[[], Atom]) -> Arm:
        """What is lowered in a region of its own."""
        scope = self.scope
        env, body, read = scope.env, self.body, self.read
        scope.env, self.body, self.read, self.dead = dict(env), [], dict(read), False
        scope.depth += 1
        value = lower()
        done = Arm(tuple(self.body), scope.env, UNDEFINED if self.dead else value, self.dead)
        scope.depth -= 1
        scope.env, self.body, self.read, self.dead = env, body, read, False
        return done
