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
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from astgrad.frontend.desugar import Repeat, kind
from astgrad.frontend.expressions import shown
from astgrad.frontend.names import Names as Live
from astgrad.ir import UNDEFINED, Atom, Block, Const, Loop, Tree, Var

if TYPE_CHECKING:
    from astgrad.frontend.statements import Statements

COUNT, INDEX = Const(itertools.count), Const(operator.index)


@dataclass(frozen=True)
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
    carried = [name for name in summary.binds if name in around and name != node.stop]

    def body() -> Atom:
        steps.bind()
        low.statements(node.body, around)
        return low.scope.env.get(node.stop, UNDEFINED)

    test = (lambda: low.expression(node.test)) if node.test else None
    scan(low, node, steps, carried, test, body, bool(node.stop))
    for name in summary.binds:
        if name not in carried:
            low.scope.env[name] = UNDEFINED


def scan(
    low: Statements,
    node: Any,
    steps: Steps,
    carried: list[str],
    test: Callable[[], Atom] | None,
    body: Callable[[], Atom],
    stops: bool,
) -> None:
    """A Loop that carries these names; `body` lowers a step and gives the atom that ends the loop."""
    scope = low.scope
    initial = tuple(scope.env.get(name, UNDEFINED) for name in carried)
    params = tuple(Var(shown(name)) for name in carried)
    before = scope.env
    scope.env = {**before, **dict(zip(carried, params))}
    low.maybe.update(param for param, atom in zip(params, initial) if undefined(low, atom))
    tested = low.arm(test) if test else None
    done = low.arm(body)
    scope.env = before
    results = tuple(done.env.get(name, UNDEFINED) for name in carried)
    targets = tuple(Var(shown(name)) for name in carried)
    endless = not steps.iters and not test  # then there is a first step
    for name, target, start, end in zip(carried, targets, initial, results):
        scope.env[name] = target
        if (undefined(low, start) and not endless) or undefined(low, end):
            low.maybe.add(target)
    loop = Loop(
        targets,
        initial,
        params,
        steps.iters,
        steps.items,
        Block((), tested.body, (tested.value,)) if tested else None,
        Block((), done.body, results),
        done.value if stops else None,
        origin=low.origin(node),
    )
    low.body.append(loop)


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
