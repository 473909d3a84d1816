"""`with` and `try`: blocks whose end runs code, as regions (S11).

What a `with` block rebinds leaves it as targets. A `try` joins the arm that completed: its body and `else`,
or a handler. A handler sees the names as they were before the `try`; one that the body may have rebound
before it raised is unsure there, and to read it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from astgrad.errors import UnsupportedSyntax, refuse
from astgrad.frontend import fence
from astgrad.frontend.arms import UNSURE, Arm, shown
from astgrad.frontend.desugar import Attempt, Branch, Caught, Inside, Mark, jumps, kind
from astgrad.frontend.expressions import NONE
from astgrad.frontend.names import Names as Live
from astgrad.frontend.resolve import mangle
from astgrad.ir import UNDEFINED, Atom, Block, Const, Handler, Tree, Try, Var, With

if TYPE_CHECKING:
    from astgrad.frontend.statements import Statements

Env = dict[str, Atom]


def with_(low: Statements, node: Inside, live: Live) -> None:
    """with context as target: block"""
    context = low.expression(node.context)
    name = Var(low.hint(node.target)) if node.target else None

    def block() -> Atom:
        if name:
            low.bind(node.target, name, node.context)
        return low.statements(node.body, live) or NONE

    arm = low.arm(block)
    found = Results(low, [arm], live)
    (results,) = found.results
    origin = low.origin(node)
    low.body.append(With(found.targets, context, name, Block((), arm.body, results), origin))


class Results:
    """What names are where several arms have met: a target for each tuple of different atoms."""

    def __init__(self, low: Statements, arms: list[Arm], live: Live) -> None:
        self.known: dict[tuple[Atom, ...], Var] = {}
        self.low = low
        ends = [arm for arm in arms if not arm.dead]
        env = low.scope.env
        for name in dict.fromkeys(name for arm in arms for name in arm.env):
            before = env.get(name, UNDEFINED)
            atoms = [arm.env.get(name, UNDEFINED) for arm in ends]
            if all(atom is before for atom in atoms):
                continue
            first = atoms[0]
            if name not in live:
                env[name] = UNDEFINED
            elif any(atom is UNSURE for atom in atoms):
                env[name] = UNSURE
            elif isinstance(first, Const) and all(atom is first for atom in atoms):
                env[name] = first
            else:
                env[name] = self.target(
                    name,
                    tuple(UNDEFINED if arm.dead else arm.env.get(name, UNDEFINED) for arm in arms),
                    atoms,
                )
        self.targets = tuple(self.known.values())
        self.results = [tuple(atoms[at] for atoms in self.known) for at in range(len(arms))]
        self.keep_lists(arms)

    def target(self, name: str, results: tuple[Atom, ...], ends: list[Atom]) -> Var:
        """The target of these results, of which `ends` are from arms that complete."""
        if results not in self.known:
            self.known[results] = Var(shown(name))
            if any(atom is UNDEFINED or atom in self.low.maybe for atom in ends):
                self.low.maybe.add(self.known[results])
        return self.known[results]

    def keep_lists(self, arms: list[Arm]) -> None:
        """A list that grew in the only arm stays own; one of several arms does not."""
        lists = self.low.lists
        if len(arms) == 1:
            met = [(target, atom, atom) for (atom,), target in self.known.items()]
            lists.joined(met, [arms[0].env] * 2, self.low.scope.env)
            return
        for results in self.known:
            for atom in results:
                lists.lost(atom)


def try_(low: Statements, node: Attempt, live: Live) -> None:
    """try, with its handlers, else and finally."""
    if jumps(node.finalbody):
        refuse(UnsupportedSyntax, low.origin(node), *fence.FINALLY)
    types = [caught_types(low, each) for each in node.handlers]
    last = low.liveness.block(node.finalbody)
    around = live | last.reads
    env = low.scope.env
    orelse = low.liveness.block(node.orelse)
    body = low.arm(lambda: low.statements(node.body, around | orelse.reads) or NONE)
    entered, params, results = entering(low, env, body, around | orelse.reads)
    main = body
    if node.orelse:
        low.scope.env = entered
        main = low.arm(lambda: low.statements(node.orelse, around) or NONE)
        main.dead = main.dead or body.dead
    low.scope.env = unsure(low, env, node.body, body)
    arms = [handler(low, each, around) for each in node.handlers]
    low.scope.env = env
    found = Results(low, [main, *(arm for _, arm in arms)], around)
    handlers = tuple(
        Handler(type_, name, Block((), arm.body, values))
        for type_, (name, arm), values in zip(types, arms, found.results[1:])
    )
    first = results if node.orelse else found.results[0]
    orelse_ = Block(params, main.body, found.results[0]) if node.orelse else None
    final, targets = finally_(low, node, env, live)
    low.body.append(
        Try(found.targets + targets, Block((), body.body, first), handlers, orelse_, final, low.origin(node))
    )
    low.dead = main.dead and all(arm.dead for _, arm in arms)


def entering(
    low: Statements, env: Env, body: Arm, live: Live
) -> tuple[Env, tuple[Var, ...], tuple[Atom, ...]]:
    """The names where `else` begins: what the body has rebound are its params."""
    known: dict[Atom, Var] = {}
    entered = dict(env)
    for name, atom in body.env.items():
        if atom is env.get(name, UNDEFINED):
            continue
        if isinstance(atom, Const) or name not in live:
            entered[name] = atom if isinstance(atom, Const) else UNDEFINED
            continue
        entered[name] = known.setdefault(atom, Var(shown(name)))
        if atom in low.maybe:
            low.maybe.add(known[atom])
    return entered, tuple(known.values()), tuple(known)


def caught_types(low: Statements, node: Caught) -> Atom | None:
    """The exceptions of a handler, which must be known before the `try`."""
    if node.type is None:
        return None
    size = len(low.body)
    atom = low.expression(node.type)
    items = atom.items if isinstance(atom, Tree) else (atom,)
    if len(low.body) > size or not all(isinstance(item, Const) for item in items):
        refuse(UnsupportedSyntax, low.origin(node.type), *fence.CAUGHT)
    return atom


def handler(low: Statements, node: Caught, live: Live) -> tuple[Var | None, Arm]:
    """A handler: its name is bound inside of it alone."""
    name = mangle(node.name, low.source.scope) if node.name else ""
    var = Var(name) if name else None
    if name and low.scope.is_cell(name):
        refuse(UnsupportedSyntax, low.origin(node), *fence.CAUGHT_CELL)

    def block() -> Atom:
        if var:
            low.scope.env[name] = var
        value = low.statements(node.body, live) or NONE
        if var:
            low.scope.env[name] = UNDEFINED
        return value

    return var, low.arm(block)


def unsure(low: Statements, env: Env, nodes: list[Any], body: Arm) -> Env:
    """The names where a handler begins: what the body binds before it may raise is unsure."""
    bound = early(low, nodes)
    known = low.liveness.block(nodes).binds
    grown = {name for name, atom in env.items() if body.env.get(name) is not atom and name not in known}
    return env | dict.fromkeys(plain(low, (*bound, *grown)), UNSURE)


def plain(low: Statements, names: Iterable[str]) -> list[str]:
    """Names that are no cells, and no flags: these are set where nothing raises behind."""
    return [name for name in names if name[0] != "%" and not low.scope.is_cell(name)]


def early(low: Statements, nodes: list[Any]) -> set[str]:
    """The names that statements bind before something in them that may raise."""
    last = len(nodes) - 1
    while last >= 0 and quiet(nodes[last]):
        last -= 1
    if last < 0:
        return set()
    found = {name for node in nodes[:last] for name in low.liveness.summary(node).binds}
    node = nodes[last]
    if isinstance(node, Branch):
        return found | {*low.liveness.bound(node.test)} | early(low, node.body) | early(low, node.orelse)
    if kind(node) in ("Assign", "AugAssign", "AnnAssign", "Keep") and node.value:
        return found | {*low.liveness.bound(node.value)}
    return found | {*low.liveness.summary(node).binds}


def quiet(node: Any) -> bool:
    """Whether a statement cannot raise."""
    if kind(node) == "Keep":
        return node.value is None or kind(node.value) in ("Constant", "Flag")
    return isinstance(node, Mark) or kind(node) == "Pass"


def finally_(low: Statements, node: Attempt, env: Env, live: Live) -> tuple[Block | None, tuple[Var, ...]]:
    """The block that always runs, and its targets; what the other blocks rebind is unsure in it."""
    if not node.finalbody:
        return None, ()
    after = dict(low.scope.env)
    blocks = [node.body, node.orelse, *(each.body for each in node.handlers)]
    names = [name for block in blocks for name in low.liveness.block(block).binds]
    names += [name for name, atom in env.items() if after.get(name) is not atom]
    low.scope.env = after | dict.fromkeys(plain(low, names), UNSURE)
    start = dict(low.scope.env)
    arm = low.arm(lambda: low.statements(node.finalbody, live) or NONE)
    changed = {name: atom for name, atom in arm.env.items() if atom is not start.get(name)}
    known: dict[Atom, Var] = {}
    for name, atom in changed.items():
        after[name] = known.setdefault(atom, Var(shown(name))) if name in live else UNDEFINED
        low.lists.lost(atom)
    low.scope.env = after
    return Block((), arm.body, tuple(known)), tuple(known.values())
