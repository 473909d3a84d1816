"""Loops: a `Repeat` becomes a `Loop`, a scan over the names that its body rebinds.

In comes a loop without jumps; out goes a `Loop` whose carried values are the names that the body binds and
that are read in a later step or behind the loop. What the loop steps through is taken apart where the text
says how: in

    for i, (a, b) in enumerate(zip(x, y)):
        s = s + i * a * b

the loop steps through `count(0)`, x and y, and its items are i, a and b.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from astgrad.errors import UnsupportedSyntax, refuse
from astgrad.frontend import fence
from astgrad.frontend.arms import UNSURE, shown
from astgrad.frontend.desugar import Repeat, kind
from astgrad.frontend.lists import contains
from astgrad.frontend.names import Names as Live
from astgrad.ir import UNDEFINED, Atom, Block, Const, Loop, Tree, Var
from astgrad.records import value

if TYPE_CHECKING:
    from astgrad.frontend.statements import Statements

COUNT, INDEX = Const(itertools.count), Const(operator.index)


@value
class Steps:
    """What a loop steps through: the iterables, the items, and what binds the targets to the items."""

    iters: tuple[Atom, ...]
    items: tuple[Var, ...]
    bind: Callable[[], None]


def repeat(low: Statements, node: Repeat, live: Live) -> None:
    """A `for` or `while`."""
    summary = low.liveness.summary(node)
    around = live | low.liveness.around(node)  # live at the end of a step
    if node.stop:
        around |= {node.stop}
    steps = stepping(low, node.target, node.iter) if node.iter else Steps((), (), lambda: None)
    binds = [name for name in summary.binds if not low.scope.is_cell(name)]
    carried = [name for name in binds if name in around and name != node.stop]

    def body() -> Atom:
        steps.bind()
        low.statements(node.body, around)
        return low.scope.env.get(node.stop, UNDEFINED)

    test = (lambda: low.expression(node.test)) if node.test else None
    ignored = [name for name in binds if name not in carried]
    scan(low, node, steps, carried, test, body, bool(node.stop), ignored)
    low.scope.env |= dict.fromkeys(ignored, UNDEFINED)


def scan(
    low: Statements,
    node: Any,
    steps: Steps,
    carried: list[str],
    test: Callable[[], Atom] | None,
    body: Callable[[], Atom],
    stops: bool,
    ignored: Collection[str] = (),
) -> None:
    """A Loop that carries these names; `body` lowers a step and gives the atom that ends the loop.

    What lists the body lets grow, and under which other names, shows when it is lowered: it is lowered again
    with more names carried, or without growing lists that do not stay one list. `ignored` are names that are
    bound in the body and read neither in a later step nor behind.
    """
    own, more, shared = set(low.lists.own), dict.fromkeys(carried), set[Atom]()
    while True:
        trial = Trial(low, steps, list(more), shared)
        trial.run(test, body)
        if trial.settled(more, shared, ignored):
            break
        low.lists.own = set(own)
    trial.finish(node, stops)


class Trial:
    """One lowering of a loop: names that stand for one own list share a param."""

    def __init__(self, low: Statements, steps: Steps, carried: list[str], shared: set[Atom]) -> None:
        self.low = low
        self.steps = steps
        self.before = low.scope.env
        for atom in shared:
            low.lists.lost(atom)
        self.groups: list[list[str]] = []
        known: dict[Atom, list[str]] = {}
        for name in carried:
            atom = self.before.get(name, UNDEFINED)
            if atom not in known:
                names = [name]
                if atom in low.lists.own:
                    names += [each for each, value in self.before.items() if value is atom and each != name]
                    known[atom] = names
                self.groups.append(names)
        self.initial = tuple(self.before.get(names[0], UNDEFINED) for names in self.groups)
        self.params = tuple(Var(shown(names[0])) for names in self.groups)
        for atom in self.initial:
            if atom not in low.lists.own:
                low.lists.lost(atom)
        self.head = self.bound(self.params)
        self.own = set(low.lists.own)

    def bound(self, values: tuple[Var, ...]) -> dict[str, Atom]:
        """The names where these are the carried values."""
        lists, env = self.low.lists, dict(self.before)
        for names, atom, new in zip(self.groups, self.initial, values):
            if atom in lists.own:
                lists.replace(env, atom, new)
                lists.made(new)
            env |= dict.fromkeys(names, new)
        return env

    def run(self, test: Callable[[], Atom] | None, body: Callable[[], Atom]) -> None:
        """Lower the test and the body."""
        low, locked = self.low, list(self.low.lists.locked)
        for param, atom in zip(self.params, self.initial):
            if undefined(low, atom):
                low.maybe.add(param)
            if any(contains(each, atom) for each in self.steps.iters):
                low.lists.locked.append(param)
        low.lists.locked += self.steps.iters
        low.scope.env = self.head
        self.tested = low.arm(test) if test else None
        self.done = low.arm(body)
        low.scope.env = self.before
        low.lists.locked = locked
        self.results = tuple(self.done.env.get(names[0], UNDEFINED) for names in self.groups)

    def settled(self, more: dict[str, None], shared: set[Atom], ignored: Collection[str]) -> bool:
        """Whether the body did what was supposed of lists; what to suppose next is added."""
        known = len(more), len(shared)
        carried = {name for names in self.groups for name in names}
        for param, result in zip(self.params, self.results):
            if param not in self.own:
                self.low.lists.lost(result)
        for names, atom, param, result in zip(self.groups, self.initial, self.params, self.results):
            if param in self.own and not self.one(names, result):
                shared.add(atom)
        for name, atom in self.head.items():
            now = self.done.env.get(name, UNDEFINED)
            if now is atom or now is UNDEFINED or name in carried or name in ignored:
                continue
            if atom in self.own:
                more[name] = None
            else:
                shared.update(self.strays(atom, now))
        return known == (len(more), len(shared))

    def one(self, names: list[str], result: Atom) -> bool:
        """Whether the names of a list still stand for one list that nothing else holds."""
        ends = (self.done.env.get(name, UNDEFINED) for name in names)
        return result in self.low.lists.own and all(end is result or end is UNDEFINED for end in ends)

    def strays(self, atom: Atom, now: Atom) -> set[Atom]:
        """The own lists inside an atom that have grown without being carried."""
        if atom in self.own and atom not in self.params:
            return set() if contains(now, atom) else {atom}
        items = atom.items if isinstance(atom, Tree) else ()
        return {each for item in items for each in self.strays(item, now)}

    def finish(self, node: Any, stops: bool) -> None:
        """Append the loop, and bind the names to its targets."""
        if UNSURE in (*self.initial, *self.results):
            refuse(
                UnsupportedSyntax,
                self.low.origin(node),
                f"a name that this loop carries {fence.UNSURE[0]}",
                fence.UNSURE[1],
            )
        low, endless = self.low, not self.steps.iters and not self.tested  # endless: there is a first step
        targets = tuple(Var(shown(names[0])) for names in self.groups)
        for target, start, end in zip(targets, self.initial, self.results):
            if (undefined(low, start) and not endless) or undefined(low, end):
                low.maybe.add(target)
        low.scope.env = self.bound(targets)
        tested, done = self.tested, self.done
        low.body.append(
            Loop(
                targets,
                self.initial,
                self.params,
                self.steps.iters,
                self.steps.items,
                Block((), tested.body, (tested.value,)) if tested else None,
                Block((), done.body, self.results),
                done.value if stops else None,
                origin=low.origin(node),
            )
        )


def undefined(low: Statements, atom: Atom) -> bool:
    """Whether a path may leave an atom undefined."""
    return atom is UNDEFINED or atom in low.maybe


# --- what a loop steps through


def stepping(low: Statements, target: Any, node: Any) -> Steps:
    """The iterables of a `for`, evaluated here, and the binding of its targets in the body."""
    iters: list[Atom] = []
    items: list[Var] = []
    value = structure(low, target, node, iters, items)
    return Steps(tuple(iters), tuple(items), lambda: low.bind(target, value, node))


def structure(low: Statements, target: Any, node: Any, iters: list[Atom], items: list[Var]) -> Atom:
    """What an item of the iterable `node` is: a new item, or the tuple that `zip` or `enumerate` makes."""
    called = apart(low, node)
    inner = target.elts if kind(target) in ("Tuple", "List") else []
    if called is zip:
        inner = inner if len(inner) == len(node.args) else [None] * len(node.args)
        parts = [structure(low, each, arg, iters, items) for each, arg in zip(inner, node.args)]
        return Tree(tuple, tuple(parts))
    if called is enumerate:
        index, each = inner if len(inner) == 2 else (None, None)
        counted, places = len(iters), len(items)
        part = structure(low, each, node.args[0], iters, items)
        number = Var(low.hint(index))
        iters.insert(counted, counting(low, node))
        items.insert(places, number)
        return Tree(tuple, (number, part))
    iters.append(low.expression(node))
    items.append(Var(low.hint(target)))
    return items[-1]


def apart(low: Statements, node: Any) -> Any:
    """The builtin `zip` or `enumerate` if the node is a plain call of it."""
    if kind(node) != "Call" or kind(node.func) != "Name" or not node.args:
        return None
    if any(kind(arg) == "Starred" for arg in node.args):
        return None
    function = low.name(node.func)
    if not isinstance(function, Const):
        return None
    names = [keyword.arg for keyword in node.keywords]
    if function.value is zip and not names:
        return zip
    started = names == ["start"] and len(node.args) == 1
    return (
        enumerate if function.value is enumerate and (started or (not names and len(node.args) < 3)) else None
    )


def counting(low: Statements, node: Any) -> Atom:
    """The numbers of `enumerate`: as `count` they are taken before the items, which nobody can see."""
    start = node.args[1] if len(node.args) == 2 else node.keywords[0].value if node.keywords else None
    first = low.expression(start) if start else Const(0)
    if not isinstance(first, Const) or type(first.value) is not int:
        first = low.call(node, INDEX, (first,))
    return low.call(node, COUNT, (first,))
