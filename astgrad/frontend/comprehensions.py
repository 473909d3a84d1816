"""Comprehensions and generator expressions that are consumed on the spot: loops over what they build.

A list comprehension carries a list that grows, `sum` of a generator carries the total, `any` and `all` stop
early. In

    [a * b for a in x if a > 0 for b in y]

the loop over x carries the list; its body has an If, and in there the loop over y carries it on. The names
that a comprehension binds are its own (`Scope.shadows`); what the first `for` steps through is evaluated
outside of it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from astgrad.errors import UnsupportedSyntax, refuse
from astgrad.frontend import fence
from astgrad.frontend.arms import FALSE, TRUE
from astgrad.frontend.desugar import binds, kind
from astgrad.frontend.expressions import NONE
from astgrad.frontend.loops import scan, stepping
from astgrad.ir import Atom, Const, Effects, Method, Tree
from astgrad.runtime_python import appended

if TYPE_CHECKING:
    from astgrad.frontend.statements import Statements

APPENDED, GROWS = Const(appended), Effects((0,), (), False, "fresh")
ADD, DICT, NOT = Const(operator.add), Const(dict), Const(operator.not_)
WHOLE = {
    *(min, max, tuple, sorted, dict, set, frozenset),
    *(math.fsum, math.prod, Method("join")),
}  # consume it
Start = Callable[[], dict[str, Atom]]


def listed(low: Statements, node: Any, name: str) -> Atom:
    """[item for ...]"""
    return collect(low, node, lambda: low.expression(node.elt), name)


def keyed(low: Statements, node: Any, name: str) -> Atom:
    """{key: value for ...}, the dict of the pairs."""
    pair = lambda: Tree(tuple, (low.expression(node.key), low.expression(node.value)))
    return low.call(node, DICT, (collect(low, node, pair),), name=name)


def collect(low: Statements, node: Any, item: Callable[[], Atom], name: str = "", start: Any = None) -> Atom:
    """The list of the items."""
    key = low.fresh(name, "list")

    def step() -> Atom:
        value = item()
        grown = low.call(node, APPENDED, (low.scope.env[key], value), name=name, effects=GROWS)
        low.scope.env[key] = low.lists.made(grown)
        return NONE

    def begin() -> dict[str, Atom]:
        if start:
            start()
        return {key: low.lists.made(Tree(list, ()))}

    run(low, node, begin, step)
    return low.scope.env.pop(key)


def run(low: Statements, node: Any, start: Start, step: Callable[[], Atom], stop: str = "") -> None:
    """The loops of a comprehension; `start` gives what they carry, behind the first iterable."""
    generators, scope = node.generators, low.scope
    names = [low.mangled(name) for each in generators for name in binds(each.target)]
    shadow = {name: low.fresh(name, "") for name in names}
    carried = [name for name in map(low.mangled, binds(node)) if not scope.is_cell(name)]

    def loop(at: int) -> Atom:
        generator = generators[at]
        if generator.is_async:
            fence.syntax("AsyncFor", low.origin(node))
        steps = stepping(low, generator.target, generator.iter)
        if not at:
            first = start()
            scope.env |= first
            carried.extend(first)
            scope.shadows.append(shadow)
        inner = step if at + 1 == len(generators) else lambda: loop(at + 1)

        def body() -> Atom:
            steps.bind()
            conditions(generator.ifs, inner)
            return scope.env[stop] if stop else NONE

        scan(low, node, steps, carried, None, body, bool(stop))
        return NONE

    def conditions(tests: list[Any], inner: Callable[[], Atom]) -> Atom:
        if not tests:
            return inner()
        test = low.expression(tests[0])
        return low.fork(tests[0], test, lambda: conditions(tests[1:], inner), lambda: NONE)

    loop(0)
    scope.shadows.pop()


# --- generator expressions


def consumed(low: Statements, node: Any, name: str) -> Atom | None:
    """The value of a call of `sum`, `any`, `list` and their like on a generator expression."""
    generator: Any = node.args[0] if node.args else None
    if kind(generator) != "GeneratorExp":
        return None
    op, before = low.callee(node.func, node)
    value = op.value if isinstance(op, Const) else None
    item = lambda: low.expression(generator.elt)
    plain = len(node.args) == 1 and not node.keywords
    if value is sum and summable(node):
        return total(low, node, generator, item, name)
    if (value is any or value is all) and plain:
        return found(low, node, generator, item, value is any, name)
    if value is list and plain:
        return collect(low, generator, item, name)
    spread = any(kind(arg) == "Starred" for arg in node.args) or any(not each.arg for each in node.keywords)
    if not hashable(value) or value not in WHOLE or spread:
        refuse(UnsupportedSyntax, low.origin(generator), *fence.GENERATOR)
    kwargs: list[tuple[str, Atom]] = []
    args: list[Atom] = []

    def start() -> None:
        args.extend(low.expression(arg) for arg in node.args[1:])
        kwargs.extend(low.keyword(keyword) for keyword in node.keywords)

    items = collect(low, generator, item, start=start)
    return low.call(node, op, (*before, items, *args), tuple(kwargs), name)


def hashable(value: Any) -> bool:
    return type(value).__hash__ is not None


def summable(node: Any) -> bool:
    """Whether a sum has at most a start, and that is no text."""
    start = node.args[1:] + [keyword.value for keyword in node.keywords if keyword.arg == "start"]
    known = len(start) == len(node.args) + len(node.keywords) - 1 < 2
    return known and not any(isinstance(getattr(each, "value", None), (str, bytes)) for each in start)


def total(low: Statements, node: Any, generator: Any, item: Callable[[], Atom], name: str) -> Atom:
    """sum(item for ...): it adds up from the left."""
    key = low.fresh(name, "total")
    given = [*node.args[1:], *(keyword.value for keyword in node.keywords)]

    def step() -> Atom:
        value = item()
        low.scope.env[key] = low.call(generator, ADD, (low.scope.env[key], value), name=name)
        return NONE

    run(low, generator, lambda: {key: low.expression(given[0]) if given else Const(0)}, step)
    return low.scope.env.pop(key)


def found(
    low: Statements, node: Any, generator: Any, item: Callable[[], Atom], wanted: bool, name: str
) -> Atom:
    """any(item for ...) and all(item for ...): the first item that decides ends the loops."""
    key = low.fresh("", "found" if wanted else "failed")

    def decide() -> Atom:
        low.scope.env[key] = TRUE
        return NONE

    def step() -> Atom:
        arms = (decide, lambda: NONE) if wanted else (lambda: NONE, decide)
        return low.fork(generator, item(), *arms)

    run(low, generator, lambda: {key: FALSE}, step, key)
    decided = low.scope.env.pop(key)
    return decided if wanted else low.call(node, NOT, (decided,), name=name)
