"""`match`: each case is a test that binds its names as it succeeds, in a chain of branches.

A test is a nest of Ifs, as `and` is:

    case [a, 0] if a > 1:       is_sequence(v) and len(v) == 2 and v[1] == 0 and (a := v[0], a > 1)[1]

Names are bound when the whole pattern fits, before the guard. Alternatives (`|`) that bind names, `**rest`
and classes that are computed are refused.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from astgrad.errors import UnsupportedSyntax, refuse
from astgrad.frontend import fence
from astgrad.frontend.arms import FALSE, TRUE
from astgrad.frontend.desugar import Case, binds, kind
from astgrad.ir import Atom, Const, Tree
from astgrad.runtime_python import is_mapping, is_sequence

if TYPE_CHECKING:
    from astgrad.frontend.statements import Statements

Then = Callable[[], Atom]
WHOLE = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)  # `int(x)` binds itself
EQ, GE, IS, IN = (Const(getattr(operator, name)) for name in ("eq", "ge", "is_", "contains"))
GETITEM, GETATTR, HASATTR, NONE = Const(operator.getitem), Const(getattr), Const(hasattr), Const(None)


def case(low: Statements, node: Case, _: str = "") -> Atom:
    """Whether a case fits: something true or false."""
    names: list[tuple[str, Atom]] = []

    def fits() -> Atom:
        for name, atom in names:
            low.store(node, low.mangled(name), atom)
        return low.expression(node.guard) if node.guard else TRUE

    return Pattern(low, node, names).test(node.pattern, low.scope.env[node.subject], fits)


class Pattern:
    """The test of one case; `names` are what it binds."""

    def __init__(self, low: Statements, node: Case, names: list[tuple[str, Atom]]) -> None:
        self.low = low
        self.node = node
        self.names = names

    def call(self, op: Atom, *args: Atom) -> Atom:
        return self.low.call(self.node, op, args)

    def when(self, test: Atom, then: Then) -> Atom:
        return self.low.fork(self.node, test, then, lambda: FALSE)

    def test(self, pattern: Any, value: Atom, then: Then) -> Atom:
        """Test the pattern, and go on with `then` where it fits."""
        return getattr(self, kind(pattern).lower())(pattern, value, then)

    def many(self, pairs: list[tuple[Any, Callable[[], Atom]]], then: Then) -> Atom:
        """Several patterns one after the other, each with its value."""
        if not pairs:
            return then()
        (pattern, value), *rest = pairs
        return self.test(pattern, value(), lambda: self.many(rest, then))

    def matchvalue(self, pattern: Any, value: Atom, then: Then) -> Atom:
        return self.when(self.call(EQ, value, self.low.expression(pattern.value)), then)

    def matchsingleton(self, pattern: Any, value: Atom, then: Then) -> Atom:
        return self.when(self.call(IS, value, Const(pattern.value)), then)

    def matchas(self, pattern: Any, value: Atom, then: Then) -> Atom:
        def named() -> Atom:
            if pattern.name:
                self.names.append((pattern.name, value))
            return then()

        return self.test(pattern.pattern, value, named) if pattern.pattern else named()

    def matchor(self, pattern: Any, value: Atom, then: Then) -> Atom:
        if any(True for _ in binds(pattern)):
            refuse(UnsupportedSyntax, self.low.origin(self.node), *fence.ALTERNATIVES)

        def either(at: int) -> Atom:
            fits = self.test(pattern.patterns[at], value, lambda: TRUE)
            if at + 1 == len(pattern.patterns):
                return fits
            return self.low.fork(self.node, fits, lambda: TRUE, lambda: either(at + 1))

        return self.when(either(0), then)

    def matchsequence(self, pattern: Any, value: Atom, then: Then) -> Atom:
        items = pattern.patterns
        stars = [at for at, item in enumerate(items) if kind(item) == "MatchStar"]
        least = Const(len(items) - len(stars))
        pairs = [(item, self.item(value, at)) for at, item in enumerate(items)]
        for star in stars:
            behind = len(items) - star - 1
            pairs[star] = items[star], self.middle(value, star, behind)
            for at in range(star + 1, len(items)):
                pairs[at] = items[at], self.item(value, at - len(items))

        def sized() -> Atom:
            return self.when(
                self.call(GE if stars else EQ, self.call(Const(len), value), least),
                lambda: self.many(pairs, then),
            )

        return self.when(self.call(Const(is_sequence), value), sized)

    def item(self, value: Atom, at: Any) -> Callable[[], Atom]:
        return lambda: self.call(GETITEM, value, Const(at))

    def middle(self, value: Atom, start: int, behind: int) -> Callable[[], Atom]:
        stop = Const(-behind) if behind else NONE
        part = Tree(slice, (Const(start), stop, NONE))
        return lambda: self.call(Const(list), self.call(GETITEM, value, part))

    def matchstar(self, pattern: Any, value: Atom, then: Then) -> Atom:
        if pattern.name:
            self.names.append((pattern.name, value))
        return then()

    def matchmapping(self, pattern: Any, value: Atom, then: Then) -> Atom:
        if pattern.rest:
            refuse(UnsupportedSyntax, self.low.origin(self.node), *fence.REST)

        def keyed(at: int) -> Atom:
            if at == len(pattern.keys):
                return then()
            key = self.low.expression(pattern.keys[at])
            inner = lambda: self.test(
                pattern.patterns[at], self.call(GETITEM, value, key), lambda: keyed(at + 1)
            )
            return self.when(self.call(IN, value, key), inner)

        return self.when(self.call(Const(is_mapping), value), lambda: keyed(0))

    def matchclass(self, pattern: Any, value: Atom, then: Then) -> Atom:
        cls = self.low.expression(pattern.cls)
        if not isinstance(cls, Const) or not isinstance(cls.value, type):
            refuse(UnsupportedSyntax, self.low.origin(pattern.cls), *fence.CLASS)
        given = list(pattern.patterns)
        first = [(given.pop(0), lambda: value)] if given and cls.value in WHOLE else []
        names = [*getattr(cls.value, "__match_args__", ())[: len(given)], *pattern.kwd_attrs]
        if len(names) != len(given) + len(pattern.kwd_attrs) or len(set(names)) != len(names):
            refuse(UnsupportedSyntax, self.low.origin(pattern.cls), *fence.CLASS)
        pairs = list(zip(names, [*given, *pattern.kwd_patterns]))

        def attributes(at: int) -> Atom:
            if at == len(pairs):
                return then()
            name, inner = pairs[at]
            found = lambda: self.test(
                inner, self.call(GETATTR, value, Const(name)), lambda: attributes(at + 1)
            )
            return self.when(self.call(HASATTR, value, Const(name)), found)

        inner = lambda: self.many(first, lambda: attributes(0))
        return self.when(self.call(Const(isinstance), value, cls), inner)
