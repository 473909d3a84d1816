"""Random programs with control flow, calls and containers: python -m tests.fuzz --control [options of fuzz].

`generate(seed)` gives the source of a module as tests/fuzz.py does, and its judge and reducer do the rest. A
program grows by types, not by values, since a loop's body runs at many of them:

    F   a number            V   an array of three          L   a list of numbers, never empty
    I   a small int         M   two rows of three          T, D, P   (F, V), {"a": F, "b": V}, Pair(F, V)

A name keeps its type once it has one, so every path may use it; names that one path alone binds are used on
that path alone. Loops run at most a few times, what they carry is squashed. A program is kept if it is
finite, short (counted in loop trips and calls), away from its own branch points, smooth, and not constant.
"""

from __future__ import annotations

import ast
import collections
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests import oracle
from tests.fuzz import bare, loaded, rounds, valid
from tests.oracle import is_float, jittered, places

PRELUDE = """import functools
import math
import operator
from functools import partial, reduce
import numpy as np
from tests.programs import Pair
"""
NAMES = [*"abcghpqrstuvwz", "out", "bx", "by", "dx", "tape", "loss", "score", "steps", "_", "np2", "i0"]
TRIPS = 1500  # loop trips and calls of one run
MARGIN = 1e-3  # between the sides of a comparison
ARRAY = 3


@dataclass
class Scope:
    """A function being written: the types of the names that it may read, and those that it may bind."""

    types: dict[str, str]
    local: set[str] = field(default_factory=set)
    functions: dict[str, str] = field(default_factory=dict)
    loop: bool = False  # break and continue are possible
    returns: bool = True  # an early return is possible
    depth: int = 0  # of blocks
    kept: set[str] = field(default_factory=set)  # not bound here: counters, and lists being iterated
    nested: bool = False

    def inner(self, **changes: Any) -> Scope:
        """The same names, for a block."""
        copies = {"types": dict(self.types), "local": set(self.local), "functions": dict(self.functions)}
        copies |= {"kept": set(self.kept)}
        plain = {"loop": self.loop, "returns": self.returns, "depth": self.depth + 1, "nested": self.nested}
        return Scope(**{**copies, **plain, **changes})

    def of(self, kind: str) -> list[str]:
        return [name for name, its in self.types.items() if its == kind]

    def bindable(self, kind: str) -> list[str]:
        return [name for name in self.of(kind) if name in self.local and name not in self.kept]

    def bind(self, name: str, kind: str) -> None:
        self.types[name] = kind
        self.local.add(name)
        self.functions.pop(name, None)


Lines = list[str]


def indented(lines: Lines) -> Lines:
    return [f"    {line}" for line in lines]


class Writer:
    """One random module."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.helpers: Lines = []
        self.module: dict[str, str] = {}  # helpers and what they take: the key of CALLS
        self.numbers = iter(range(10**6))

    def pick(self, items: Any) -> Any:
        return self.random.choice(list(items))

    def chance(self, p: float) -> bool:
        return self.random.random() < p

    def number(self, low: float = -1.5, high: float = 1.5) -> str:
        return repr(round(self.random.uniform(low, high), 3) or 0.5)

    def name(self, scope: Scope, kind: str) -> str:
        """A name to bind: a new one, or one of this type."""
        old = scope.bindable(kind)
        if old and self.chance(0.55):
            return str(self.pick(old))
        for _ in range(20):
            name = self.pick(NAMES) + self.pick(["", "", "1", "2"])
            if name not in scope.types and name not in scope.functions:
                return str(name)
        return f"n{next(self.numbers)}"

    def new(self, scope: Scope) -> str:
        """A name that nothing has."""
        name = self.name(scope, "")
        return name if name not in scope.types else f"n{next(self.numbers)}"

    # expressions, by type

    def F(self, scope: Scope, depth: int = 2) -> str:
        if depth <= 0 or self.chance(0.15):
            return self.atom(scope)
        made = self.pick_weighted(EXPRESSIONS)(self, scope, depth - 1)
        return str(made) if made else self.atom(scope)

    def pick_weighted(self, table: list[tuple[int, Any]]) -> Any:
        return self.random.choices([item for _, item in table], [weight for weight, _ in table])[0]

    def atom(self, scope: Scope) -> str:
        choices: list[str] = []
        for name in scope.of("F"):
            choices += [name] * 3
        for name in scope.of("V"):
            index = self.pick(["0", "1", "-1", *(i for i in scope.of("I") if i.startswith("at"))])
            choices += [f"{name}[{index}]"]
        choices += [f"{name}[{self.pick(['0', '-1'])}]" for name in scope.of("L")]
        choices += [f"{name}[0]" for name in scope.of("T")] + [f'{name}["a"]' for name in scope.of("D")]
        choices += [f"{name}.left" for name in scope.of("P")]
        if not choices or self.chance(0.08):
            return self.pick(["RATE", self.number(), self.number()])
        return str(self.pick(choices))

    def V(self, scope: Scope, depth: int = 2) -> str:
        names = scope.of("V") + [f"{n}[1]" for n in scope.of("T")] + [f'{n}["b"]' for n in scope.of("D")]
        names += [f"{n}.right" for n in scope.of("P")] + [f"{n}[{self.pick('01')}]" for n in scope.of("M")]
        if depth <= 0 or self.chance(0.3):
            made = f"np.array([{bare(self.atom(scope))}, {self.number()}, {bare(self.atom(scope))}])"
            return str(self.pick([*names, *names, "OFFSET"] if names else [made, "OFFSET"]))
        one, two = self.V(scope, depth - 1), self.V(scope, depth - 1)
        f = self.F(scope, depth - 1)
        forms = [
            f"np.tanh({bare(one)})",
            f"np.sin({bare(one)})",
            f"np.exp(-{one} ** 2)",
            f"({one} + {two})",
            f"({one} * {two})",
            f"({one} - 0.5 * {two})",
            f"({f} * {one})",
            f"{one} / (2 + {two} ** 2)",
            f"np.array([{bare(f)}, {self.number()}, {bare(self.F(scope, 1))}])",
            f"np.where({one} > {self.number()}, {one}, 0.5 * {two})",
            f"np.maximum({bare(one)}, {bare(two)})",
            f"np.concatenate([{one}[1:], {two}[:1]])",
            f"{one}[::-1]",
            f"({one} if {self.C(scope, 1)} else {two})",
        ]
        text = str(self.pick(forms))
        if text.endswith("[::-1]") and text.startswith(("(", "np")) is False and "[" in one and "(" in one:
            return one
        return f"({text})" if " / " in text and not text.startswith("(") else text

    def L(self, scope: Scope, depth: int = 1) -> str:
        names = scope.of("L")
        item = bare(self.F(scope, depth))
        if not names:
            return f"[{item}, {bare(self.F(scope, 1))}]"
        one = self.pick(names)
        u = self.new(scope)
        inner = scope.inner()
        inner.bind(u, "F")
        each = bare(self.F(inner, 1))
        forms = [
            f"[{item}, {bare(self.F(scope, 1))}]",
            f"[{each} for {u} in {one}]",
            f"[{each} for {u} in {self.V(scope, 0)}]",
            f"[{each} for {u} in {one} if {self.C(inner, 0)}] or [{item}]",
            f"[{each} for {u} in {one} for _ in range(2) if {u} < 9][:4] or {one}",
            f"[*{one}[-2:], {item}]",
            f"{one}[-2:] + [{item}]",
            f"sorted({one})",
            f"{one}[::-1]",
            f"list(map(lambda {u}: {each}, {one}))",
            f"list({self.V(scope, 0)})",
            f"[{one}[0] * k for k in range(3)]",
            f"[a * b for a, b in zip({one}, {self.V(scope, 0)})]",
        ]
        return str(self.pick(forms))

    def I(self, scope: Scope) -> str:  # noqa: E743
        names = scope.of("I")
        forms = ["1", "2", "3", "len(OFFSET)"] + [f"len({name})" for name in scope.of("L")]
        forms += [f"int({self.number(0, 3)} * 2)"]
        if names:
            one = self.pick(names)
            forms += [one, f"{one} % 3", f"({one} + 1) % 4", f"max({one}, 1) // 2"]
            forms += [
                f"{one} & 3",
                f"({one} ^ 1) % 4",
                f"({one} | 1) >> 1",
                f"(~{one} + 9) % 3",
                f"1 << {one} % 2",
            ]
        return str(self.pick(forms))

    def C(self, scope: Scope, depth: int = 1) -> str:
        """A condition."""
        if depth > 0 and self.chance(0.35):
            one, two = self.C(scope, depth - 1), self.C(scope, depth - 1)
            return str(self.pick([f"({one} and {two})", f"({one} or {two})", f"not {bracket(one)}"]))
        f, v = bracket(self.F(scope, depth)), self.V(scope, 0)
        forms = [
            f"{f} > {self.number()}",
            f"{f} < {self.number()}",
            f"{f} >= {bracket(self.F(scope, 0))}",
            f"{self.number(-2, -0.2)} < {f} < {self.number(0.2, 2)}",
            f"np.sum({v}) > {self.number()}",
            f"np.any({v} > {self.number()})",
            f"bool(np.all({v} < {self.number(0, 2)}))",
            f"RATE > {self.number()}",
            'MODE == "fast"',
            "MODE is not None",
            "MODE is None",
            'MODE not in {"fast", "slow"}',
        ]
        forms = [*forms[:4], *forms]
        for name in scope.of("I"):
            forms += [f"{name} % 2 == 0", f"{name} > 1", f"{name} != 2", f"{name} in (0, 3)", name]
        for name in scope.of("L"):
            u = self.new(scope)
            test = f"{u} > {self.number()}"
            forms += [f"len({name}) > 2", f"any({test} for {u} in {name})", f"all({test} for {u} in {name})"]
        return str(self.pick(forms))

    # expressions with a shape of their own: None where the scope has not what they need

    def arithmetic(self, scope: Scope, depth: int) -> str:
        one, two = self.F(scope, depth), self.F(scope, depth)
        forms = [
            f"({one} + {two})",
            f"({one} - {two})",
            f"({one} * {two})",
            f"({one} * {self.number()})",
            f"({one} / (2.0 + {two} ** 2))",
            f"(-{bracket(one)})",
            f"(+{bracket(one)} - {self.number()})",
        ]
        return str(self.pick(forms))

    def unary(self, scope: Scope, depth: int) -> str:
        one = bare(self.F(scope, depth))
        forms = [
            f"math.sin({one})",
            f"math.tanh({one})",
            f"np.cos({one})",
            f"np.tanh({one})",
            f"math.exp(-{bracket(one)} ** 2)",
            f"math.sqrt({bracket(one)} ** 2 + 0.5)",
            f"abs({one})",
            f"float({one})",
            f"max({one}, {self.number()})",
            f"min({one}, {bare(self.F(scope, depth))})",
            f"pow({one}, 2)",
            f"operator.mul({one}, {self.number()})",
            f"(lambda z: z * {self.number()} + {self.atom(scope)})({one})",
            f"(round({one}) + {bracket(one)})",
            f"divmod({one}, 1.5)[1]",
            f"MODEL({one})",
            f"MODEL.step({one}, n={self.pick([1, 3])})",
            f"({bracket(one)} * MODEL.half)",
        ]
        return str(self.pick(forms))

    def reduction(self, scope: Scope, depth: int) -> str:
        v = self.V(scope, depth)
        forms = [f"np.sum({bare(v)})", f"np.mean({bare(v)})", f"({v} @ {self.V(scope, 0)})", f"max({v})"]
        return str(self.pick(forms))

    def of_a_list(self, scope: Scope, depth: int) -> str | None:
        if not scope.of("L"):
            return None
        one = self.pick(scope.of("L"))
        forms = [
            f"sum({one})",
            f"max({one})",
            f"min({one})",
            f"(sum({one}) / len({one}))",
            f"reduce(lambda a, b: math.tanh(a * b + {self.number()}), {one})",
            f"functools.reduce(operator.add, {one}, {self.number()})",
            f"sum(filter(lambda u: u > {self.number()}, {one}))",
            f"sum(map(math.sin, {one}))",
            f"np.sum(np.array({one}))",
            f"np.stack([{one}[0], {one}[-1]]).sum()",
        ]
        return str(self.pick(forms))

    def generator(self, scope: Scope, depth: int) -> str:
        u = self.new(scope)
        inner = scope.inner()
        inner.bind(u, "F")
        over = [self.V(scope, 0), *scope.of("L")]
        source = f"for {u} in {self.pick(over)}"
        if scope.of("L") and self.chance(0.3):
            t = f"{u}t"
            inner.bind(t, "F")
            source = f"for {u}, {t} in zip({self.pick(scope.of('L'))}, {self.V(scope, 0)})"
        elif self.chance(0.3):
            k = f"{u}k"
            inner.bind(k, "I")
            source = f"for {k}, {u} in enumerate({self.pick(over)})"
        each = bare(self.F(inner, depth))
        condition = f" if {self.C(inner, 0)}" if self.chance(0.3) else ""
        if self.chance(0.2):
            return f"max(({each} {source}), default=0.5)"
        if self.chance(0.3):
            return f"sum([{each} {source}{condition}])"
        return (
            f"sum({each} {source}{condition})"
            if self.chance(0.5)
            else f"sum(({each} {source}{condition}), 0.5)"
        )

    def conditional(self, scope: Scope, depth: int) -> str:
        one, two = self.F(scope, depth), self.F(scope, depth)
        return f"({bare(one)} if {self.C(scope, 1)} else {bare(two)})"

    def either(self, scope: Scope, depth: int) -> str:
        one, two = self.F(scope, depth), self.F(scope, depth)
        return f"({one} {self.pick(['and', 'or'])} {two})"

    def call(self, scope: Scope, depth: int) -> str | None:
        """A call of a function that is in reach."""
        functions = {**self.module, **scope.functions}
        able = {name: kind for name, kind in functions.items() if kind in CALLS}
        if not able:
            return None
        name = self.pick(list(able)[-4:])
        return str(CALLS[able[name]](self, scope, name, depth))

    # statements: lines, None where the scope has not what they need

    def assign(self, scope: Scope) -> Lines:
        kind = self.pick("FFFFVVLITDP")
        made = getattr(self, {"T": "pair", "D": "table", "P": "record"}.get(kind, kind))(scope)
        name = self.name(scope, kind)
        if scope.loop and kind in "FV":
            made = self.squashed(scope, name, made, kind)
        scope.bind(name, kind)
        annotation = ": float" if kind == "F" and scope.depth == 0 and self.chance(0.05) else ""
        return [f"{name}{annotation} = {bare(made)}"]

    def squashed(self, scope: Scope, name: str, made: str, kind: str) -> str:
        """What a loop may assign again and again."""
        if name not in scope.of(kind):
            return made
        tanh = "np.tanh" if kind == "V" else self.pick(["math.tanh", "np.tanh", "math.sin"])
        return str(self.pick([f"{tanh}({bare(made)})", f"0.5 * {name} + {tanh}({bare(made)})"]))

    def pair(self, scope: Scope) -> str:
        return f"({bare(self.F(scope))}, {bare(self.V(scope, 1))})"

    def table(self, scope: Scope) -> str:
        plain = f'{{"a": {bare(self.F(scope))}, "b": {bare(self.V(scope, 1))}}}'
        if scope.of("D"):
            one = self.pick(scope.of("D"))
            forms = [
                plain,
                f'{{**{one}, "a": {bare(self.F(scope, 1))}}}',
                f'{one} | {{"b": {self.V(scope, 0)}}}',
            ]
            forms += [f"{{k: math.tanh(RATE) * v for k, v in {one}.items()}}"]
            return str(self.pick(forms))
        return str(self.pick([plain, f"dict(a={bare(self.F(scope))}, b={bare(self.V(scope, 1))})"]))

    def record(self, scope: Scope) -> str:
        if scope.of("P") and self.chance(0.5):
            return f"{self.pick(scope.of('P'))}._replace(left={bare(self.F(scope, 1))})"
        return f"Pair({bare(self.F(scope))}, right={bare(self.V(scope, 1))})"

    def augment(self, scope: Scope) -> Lines | None:
        names = scope.bindable("F")
        if not names:
            return None
        name, made = self.pick(names), bare(self.F(scope, 1))
        if scope.loop:
            return [
                self.pick(
                    [
                        f"{name} += math.tanh({made})",
                        f"{name} *= math.sin({made})",
                        f"{name} -= 0.25 * {name}",
                    ]
                )
            ]
        return [f"{name} {self.pick(['+=', '-=', '*='])} {made}"]

    def swap(self, scope: Scope) -> Lines | None:
        names = scope.bindable(self.pick("FFVLT"))
        if len(names) < 2:
            return None
        some = self.random.sample(names, min(len(names), self.pick([2, 2, 3])))
        return [f"{', '.join(some)} = {', '.join([*some[1:], some[0]])}"]

    def several(self, scope: Scope) -> Lines:
        one, two = bare(self.F(scope)), bare(self.V(scope, 1))
        if scope.loop:
            one, two = f"math.tanh({one})", f"np.tanh({two})"
        a, b = self.name(scope, "F"), self.name(scope, "V")
        scope.bind(a, "F")
        scope.bind(b, "V")
        return [f"{a}, {b} = {one}, {two}"] if self.chance(0.6) else [f"({a}, {b}) = ({one}, {two})"]

    def unpack(self, scope: Scope) -> Lines | None:
        if scope.of("T") and self.chance(0.5):
            source = self.pick(scope.of("T"))
            a, b = self.name(scope, "F"), self.name(scope, "V")
            scope.bind(a, "F")
            scope.bind(b, "V")
            return [f"{a}, {b} = {source}"]
        made = self.V(scope, 0)
        a = self.name(scope, "F")
        scope.bind(a, "F")
        if self.chance(0.5):
            b, c = self.new(scope), self.new(scope)
            if b == c:
                return None
            scope.bind(b, "F")
            scope.bind(c, "F")
            return [f"{a}, {b}, {c} = {made}"]
        rest = self.new(scope)
        scope.bind(rest, "L")
        return [f"{a}, *{rest} = {made}"]

    def walrus(self, scope: Scope) -> Lines:
        made = bare(self.F(scope, 1))
        w = self.name(scope, "F")
        made = self.squashed(scope, w, made, "F") if scope.loop else made
        scope.bind(w, "F")
        y = self.name(scope, "F")
        scope.bind(y, "F")
        return [
            f"{y} = math.tanh((({w}) := {made}) * {self.number()}) + {w}".replace(f"(({w}) :=", f"({w} :=")
        ]

    def branch(self, scope: Scope) -> Lines:
        """if, elif, else; what every arm binds is bound afterwards."""
        lines: Lines = []
        ends: list[Scope] = []
        arms = self.pick([1, 1, 2, 2, 3])
        for k in range(arms):
            test = self.C(scope, 1)
            if k == 0 and self.chance(0.12):
                w = self.new(scope)
                test = f"({w} := {bare(self.F(scope, 1))}) > {self.number()}"
                scope.bind(w, "F")
            lines += [f"{'if' if k == 0 else 'elif'} {test}:", *self.arm(scope, ends)]
        if arms > 1 and self.chance(0.8):
            lines += ["else:", *self.arm(scope, ends)]
            self.join(scope, ends)
        return lines

    def arm(self, scope: Scope, ends: list[Scope]) -> Lines:
        """A block; its scope joins `ends` unless it leaves."""
        inner = scope.inner()
        lines = self.block(inner, self.pick([1, 1, 2]))
        if inner.loop and self.chance(0.22):
            return indented([*lines, self.pick(["break", "continue"])])
        if inner.returns and self.chance(0.1):
            return indented([*lines, f"return {bare(self.F(inner))} + 0.5 * {self.atom(inner)}"])
        if self.chance(0.04):
            lines, inner = ["pass"], scope.inner()
        ends.append(inner)
        return indented(lines)

    def join(self, scope: Scope, ends: list[Scope]) -> None:
        """Names that all the ends have with one type."""
        for name, kind in ends[0].types.items() if ends else ():
            if name not in scope.types and all(end.types.get(name) == kind for end in ends):
                scope.bind(name, kind)

    def loop_over(self, scope: Scope) -> tuple[str, dict[str, str], set[str]]:
        """The head of a for loop, what it binds with which type, and what its body must leave alone."""
        number = next(self.numbers)
        a, b, k, n = self.new(scope), f"{self.new(scope)}b", f"at{number}", f"n{number}"
        unused = n if "_" in scope.types else self.pick(["_", n])
        lists, ints = scope.of("L"), scope.of("I")
        forms: list[tuple[str, dict[str, str], set[str]]] = [
            (f"for {k} in range(3):", {k: "I"}, set()),
            (f"for {k} in range(2, -1, -1):", {k: "I"}, set()),
            (f"for {k} in range(0, 3, 2):", {k: "I"}, set()),
            (f"for {unused} in range({self.pick([1, 2, 3])}):", {}, set()),
            (f"for {a} in {self.V(scope, 1)}:", {a: "F"}, set()),
            (f"for {k}, {a} in enumerate({self.V(scope, 0)}):", {k: "I", a: "F"}, set()),
            (f"for {a}, {b} in zip({self.V(scope, 0)}, {self.V(scope, 1)}):", {a: "F", b: "F"}, set()),
            (f"for {a} in ({self.atom(scope)}, {self.number()}):", {a: "F"}, set()),
            (f"for {a} in reversed({self.V(scope, 0)}):", {a: "F"}, set()),
        ]
        for name in ints:
            forms += [(f"for {n} in range({name} % 4):", {n: "I"}, {name})]
        for name in lists:
            forms += [
                (f"for {a} in {name}:", {a: "F"}, {name}),
                (f"for {a} in {name}[-3:]:", {a: "F"}, set()),
                (f"for {a} in reversed({name}):", {a: "F"}, {name}),
                (f"for {n}, {a} in enumerate({name}, 1):", {n: "I", a: "F"}, {name}),
                (
                    f"for {n}, ({a}, {b}) in enumerate(zip({name}, {self.V(scope, 0)})):",
                    {n: "I", a: "F", b: "F"},
                    {name},
                ),
            ]
        forms += [(f"for {a} in {name}:", {a: "V"}, {name}) for name in scope.of("M")]
        for name in scope.of("D"):
            forms += [
                (f"for {b}key, {b} in {name}.items():", {b: "F|V"}, {name}),
                (f"for {b}key in {name}:", {b: f"{name}[{b}key]"}, {name}),
                (f"for {b} in {name}.values():", {b: "F|V"}, {name}),
            ]
        return self.pick(forms[-6:] if self.chance(0.3) else forms)  # type: ignore[no-any-return]

    def for_loop(self, scope: Scope) -> Lines:
        head, bound, kept = self.loop_over(scope)
        inner = scope.inner(loop=True)
        inner.kept |= kept
        first: Lines = []
        for name, kind in bound.items():
            if kind in ("F", "I", "V"):
                inner.bind(name, kind)
            else:  # an item of a dict, a number or an array
                item = name if kind == "F|V" else kind
                total = self.name(inner, "F")
                inner.bind(total, "F")
                first.append(f"{total} = math.tanh(np.sum({item}) * {self.number()})")
        lines = [head, *indented([*first, *self.block(inner, self.pick([1, 2, 2, 3]))])]
        if self.chance(0.15):
            lines += ["else:", *indented(self.block(scope.inner(), 1))]
        sure = ("range(3)", "range(2, -1", "range(0, 3", ") in enumerate(zip(")
        if head.endswith(":") and any(one in head for one in sure[:3]) and self.chance(0.5):
            for name, kind in bound.items():
                scope.bind(name, kind)
        return lines

    def while_loop(self, scope: Scope) -> Lines:
        k = f"k{next(self.numbers)}"
        inner = scope.inner(loop=True)
        inner.types[k] = "I"
        limit = self.pick([2, 3, 4])
        tests = [
            f"{k} < {limit}",
            f"{k} < {limit} and {self.C(inner, 0)}",
            f"{k} < {limit} and {self.C(inner, 1)}",
        ]
        test = self.pick([*tests, "True"])
        first = [f"{k} += 1"]
        if test == "True":
            first += [f"if {k} > {limit} or {self.C(inner, 0)}:", "    break"]
        elif self.chance(0.15):
            w = self.new(scope)
            test = f"({w} := math.tanh({bare(self.F(inner, 1))})) < {self.number(0, 1.5)} and {k} < {limit}"
            scope.bind(w, "F")
            inner.bind(w, "F")
        lines = [f"{k} = 0", f"while {test}:", *indented([*first, *self.block(inner, self.pick([1, 2, 2]))])]
        if test != "True" and self.chance(0.15):
            lines += ["else:", *indented(self.block(scope.inner(), 1))]
        scope.types[k] = "I"
        return lines

    def append(self, scope: Scope) -> Lines:
        """A list that a loop fills."""
        name, u = self.new(scope), self.new(scope)
        if name == u:
            u += "u"
        start = self.pick(["", bare(self.F(scope, 1))])
        inner = scope.inner(loop=True)
        inner.types[name] = "a list that is being filled"
        inner.bind(u, "F")
        body = self.block(inner, 1)
        body.append(f"{name}.append({bare(self.F(inner))})")
        if self.chance(0.3):
            body = [*body[:-1], f"if {self.C(inner, 0)}:", f"    {body[-1]}"]
        if not start:
            body.insert(0, f"{name}.append({u} * {self.number()})")
        over = self.pick([self.V(scope, 0), *scope.of("L")])
        scope.bind(name, "L")
        lines = [f"{name} = [{start}]", f"for {u} in {over}:", *indented(body)]
        if self.chance(0.4):
            total = self.name(scope, "F")
            form = self.pick(
                [f"np.sum(np.array({name}) ** 2)", f"np.mean(np.stack({name}))", f"sum({name}) / len({name})"]
            )
            lines.append(f"{total} = math.tanh({form})")
            scope.bind(total, "F")
        return lines

    def attempt(self, scope: Scope) -> Lines:
        """try and except: the statement that may raise comes first."""
        name = self.name(scope, "F")
        made = self.F(scope, 1)
        risky = [f"risky({bare(made)}, {self.number()})"] * 3 + [
            f"float('{self.pick(['0.5', 'half'])}') * {made}"
        ]
        risky += [f"{made} / {bracket(self.pick(scope.of('I')))}" for _ in range(2) if scope.of("I")]
        risky += [f"{self.pick(scope.of('L'))}[{self.pick([1, 2, 3])}]"] if scope.of("L") else []
        risky += [f'{self.pick(scope.of("D"))}["{self.pick("az")}"]'] if scope.of("D") else []
        risky = [one for one in risky if not (scope.loop and name in one)]
        value = self.pick(risky) if risky else f"risky({self.number()}, {self.number()})"
        inside = scope.inner(loop=False, returns=False)
        inside.bind(name, "F")
        later = self.block(inside, 1) if self.chance(0.3) else []
        errors = self.pick(
            ["Exception", "(ValueError, ZeroDivisionError, LookupError)", "Exception as error"]
        )
        ends = [inside]
        lines = ["try:", *indented([f"{name} = {value}", *later])]
        handler = scope.inner()
        lines += [f"except {errors}:", *indented([f"{name} = math.tanh({bare(self.F(handler, 1))})"])]
        handler.bind(name, "F")
        ends.append(handler)
        if self.chance(0.25):
            lines += ["else:", *indented([f"{name} = {name} * {self.number()}"])]
        if self.chance(0.25):
            k = f"k{next(self.numbers)}"
            lines += ["finally:", f"    {k} = {self.pick([1, 2])}"]
            scope.types[k] = "I"
        scope.bind(name, "F")
        return lines

    def region(self, scope: Scope) -> Lines:
        inner = scope.inner()
        lines = self.block(inner, self.random.randint(1, 2))
        self.join(scope, [inner])
        return ['with np.errstate(all="ignore"):', *indented(lines)]

    def match(self, scope: Scope) -> Lines:
        kind = self.pick([kind for kind in "IITTDP" if scope.of(kind)] + ["mode"])
        if kind in "TDP":
            return self.match_a_container(scope, self.pick(scope.of(kind)), kind)
        ends: list[Scope] = []
        if kind == "mode":
            lines = ["match MODE:", '    case "fast" | "slow":', *indented(self.arm(scope, ends))]
            lines += ["    case None:", *indented(self.arm(scope, ends))] if self.chance(0.5) else []
        else:
            lines = [f"match {self.pick(scope.of('I'))}:", "    case 0:", *indented(self.arm(scope, ends))]
            guard = f" if {self.C(scope, 0)}" if self.chance(0.4) else ""
            lines += [f"    case 1 | 2{guard}:", *indented(self.arm(scope, ends))]
        lines += ["    case _:", *indented(self.arm(scope, ends))]
        self.join(scope, ends)
        return lines

    def match_a_container(self, scope: Scope, subject: str, kind: str) -> Lines:
        """A pattern that always matches and takes the parts."""
        a, b = self.new(scope), self.new(scope) + "m"
        inner = scope.inner()
        inner.bind(a, "F")
        patterns = {
            "T": [f"({a}, {b})", f"({a}, *{b})"],
            "D": [f'{{"a": {a}, "b": {b}}}'],
            "P": [f"Pair({a}, {b})"],
        }
        pattern = self.pick(patterns[kind])
        if "*" not in pattern:
            inner.bind(b, "V")
        return [f"match {subject}:", f"    case {pattern}:", *indented(indented(self.block(inner, 2)))]

    def check(self, scope: Scope) -> Lines:
        name = self.pick([*scope.of("F"), "RATE"])
        message = self.pick(["", ', "not a number"', f', f"{{{name}}} is not a number"'])
        return [f"assert {name} == {name} and -1e9 < {name} < 1e9{message}"]

    def nested(self, scope: Scope) -> Lines | None:
        """A closure: a lambda, a function with a loop, or one that rebinds a name of its outer function."""
        if scope.nested or scope.depth > 1:
            return None
        name = f"inner{next(self.numbers)}"
        inner = Scope(dict(scope.types), set(), dict(scope.functions), nested=True, depth=1)
        parameter = self.pick(["z", "x0", "u0"])
        inner.bind(parameter, "F")
        kind = "F->F"
        if self.chance(0.35):
            default = self.pick(["", f", k={self.number()}", f", k={self.atom(scope)}"])
            times = " * k" if default else ""
            lines = [f"{name} = lambda {parameter}{default}: {bracket(self.F(inner))}{times}"]
            if default and self.chance(0.4):
                kind = "F,k->F"
        elif (cells := [one for one in scope.bindable("F") if one != parameter]) and self.chance(0.4):
            cell = self.pick(cells)
            inner.local.add(cell)
            body = [f"nonlocal {cell}", f"{cell} = math.tanh({cell} + {bare(self.F(inner, 1))})"]
            lines = [f"def {name}({parameter}):", *indented([*body, f"return {bare(self.F(inner))}"])]
        else:
            body = self.block(inner, self.random.randint(1, 2))
            lines = [f"def {name}({parameter}):", *indented([*body, f"return {bare(self.F(inner))}"])]
        if parameter in scope.functions or name in scope.types:
            return None
        scope.functions[name] = kind
        y = self.name(scope, "F")
        lines.append(f"{y} = math.tanh({name}({bare(self.F(scope, 1))}))")
        scope.bind(y, "F")
        return lines

    def closures(self, scope: Scope) -> Lines:
        """Functions in a list, known only when they are called."""
        fs, g = f"fs{next(self.numbers)}", f"each{next(self.numbers)}"
        y = self.name(scope, "F")
        parts = [f"lambda z: z * {self.atom(scope)}", "math.sin", f"lambda z, k={self.atom(scope)}: z + k"]
        parts += [name for name, kind in {**self.module, **scope.functions}.items() if kind == "F->F"][-2:]
        parts += [f"partial(operator.mul, {self.atom(scope)})"]
        made = f"[{', '.join(self.random.sample(parts, 2))}]"
        if self.chance(0.3):
            made = f"[lambda z, k=k: math.tanh(z * k) for k in {self.V(scope, 0)}]"
        start = bare(self.F(scope, 1))
        scope.bind(y, "F")
        return [f"{fs} = {made}", f"{y} = {start}", f"for {g} in {fs}:", f"    {y} = math.tanh({g}({y}))"]

    def block(self, scope: Scope, count: int) -> Lines:
        lines: Lines = []
        plain = SIMPLE_AT[min(scope.depth, 3)]
        for _ in range(count):
            for _ in range(5):
                made = self.pick_weighted(SIMPLE if self.chance(plain) else STATEMENTS)(self, scope)
                if made:
                    lines += made
                    break
        return lines or ["pass"]

    # helpers

    def helper(self, kind: str) -> None:
        name = f"helper{next(self.numbers)}"
        made = HELPERS[kind](self, name)
        self.module[name] = kind
        self.helpers += [*made, ""]

    def plain_helper(self, name: str, parameters: dict[str, str], head: str = "") -> Lines:
        scope = Scope(dict(parameters), set(parameters))
        lines = self.block(scope, self.pick([1, 1, 2]))
        head = head or f"def {name}({', '.join(parameters)}):"
        return [head, *indented([*lines, f"return {bare(self.F(scope))}"])]

    def of_a_number(self, name: str) -> Lines:
        return self.plain_helper(name, {"x": "F"})

    def of_number_and_keywords(self, name: str) -> Lines:
        head = f"def {name}(x, *rest, scale={self.number()}, **named):"
        scope = Scope({"x": "F", "scale": "F"}, {"x", "scale"})
        total = ["for r in rest:", "    x = math.tanh(x * scale + r)", "for key, value in named.items():"]
        total += ['    x = x + value * (2.0 if key == "m" else 0.5)']
        return [head, *indented([*total, *self.block(scope, 1), f"return {bare(self.F(scope))}"])]

    def of_an_array(self, name: str) -> Lines:
        return self.plain_helper(name, {"v": "V"})

    def of_a_list_argument(self, name: str) -> Lines:
        """A loop with an early return."""
        scope = Scope({"values": "L"}, {"values"}, kept={"values"})
        inner = scope.inner(loop=True)
        inner.bind("u", "F")
        body = [*self.block(inner, 1), f"if {self.C(inner, 1)}:", f"    return {bare(self.F(inner))}"]
        return [
            f"def {name}(values):",
            *indented(["for u in values:", *indented(body), f"return {bare(self.F(scope))}"]),
        ]

    def recursive(self, name: str) -> Lines:
        scope = Scope({"x": "F", "n": "I"}, {"x"})
        stop = bare(self.F(scope, 1))
        lines = ["if n <= 0:", f"    return {stop}", *self.block(scope, 1)]
        again = f"{name}(math.tanh({bare(self.F(scope, 1))}), n - 1)"
        last = [
            f"return {again} * {self.number()} + {bare(self.F(scope, 1))}",
            f"return math.sin({again}) + {again} * {self.number()}",
            f"return sum({name}(x * k, n - 1) for k in ({self.number()}, {self.number()}))",
        ]
        return [f"def {name}(x, n):", *indented([*lines, self.pick(last)])]

    def mutual(self, name: str) -> Lines:
        scope = Scope({"x": "F", "n": "I"}, {"x"})
        one = [
            f"def {name}(x, n):",
            f"    return x if n <= 0 else {name}b(x * {self.number()} + {self.number()}, n - 1)",
        ]
        two = [f"def {name}b(x, n):", "    if n <= 0:", f"        return {bare(self.F(scope, 1))}"]
        return [*one, "", *two, f"    return {name}(math.tanh({bare(self.F(scope, 1))}), n - 1) + x"]

    def to_a_pair(self, name: str) -> Lines:
        scope = Scope({"x": "F"}, {"x"})
        lines = self.block(scope.inner(returns=False), 1)
        return [
            f"def {name}(x):",
            *indented([*lines, f"return {bare(self.F(scope))}, {bare(self.V(scope, 1))}"]),
        ]

    def with_a_callback(self, name: str) -> Lines:
        scope = Scope({"x": "F"}, {"x"})
        lines = [
            f"def {name}(f, x, times=2):",
            "    for _ in range(times):",
            f"        x = math.tanh(f(x)) * {self.number()}",
        ]
        return [*lines, f"    return {bare(self.F(scope))}"]

    # the module

    def argument(self, kind: str) -> str:
        values = [self.number() for _ in range(6)]
        array = f"np.array([{', '.join(values[:3])}])"
        texts = {
            "F": self.pick([values[0], values[0], f"np.float64({values[0]})"]),
            "I": str(self.pick([0, 1, 2, 3])),
            "V": array,
            "M": f"np.array([[{', '.join(values[:3])}], [{', '.join(values[3:])}]])",
            "L": f"[{', '.join(values[: self.pick([2, 3, 4])])}]",
            "T": f"({values[0]}, {array})",
            "D": f'{{"a": {values[3]}, "b": {array}}}',
            "P": f"Pair({values[3]}, {array})",
        }
        return str(texts[kind])

    def write(self) -> str:
        for kind in self.random.sample(list(HELPERS), self.pick([1, 2, 2, 3])):
            self.helper(kind)
        kinds = [self.pick("FFVVLM"), *(self.pick("FFVLTDPMI") for _ in range(self.pick([0, 1, 2])))]
        names = self.random.sample(["x", "y", "w", "params", "bx", "theta", "values"], len(kinds))
        scope = Scope(dict(zip(names, kinds)), set(names))
        lines = self.block(scope, self.random.randint(4, 8))
        lines.append(f"return {self.total(scope, names)}")
        arguments = [self.argument(kind) for kind in kinds]
        wrt = [name for name, kind in zip(names, kinds) if kind != "I"]
        chosen = self.random.sample(wrt, self.random.randint(1, len(wrt)))
        spelled = tuple(chosen) if len(chosen) > 1 or self.chance(0.2) else chosen[0]
        comma = "," if len(arguments) == 1 else ""
        head = [PRELUDE, f"RATE = {self.number()}", f"OFFSET = {self.argument('V')}"]
        head += [f"MODE = {self.pick(MODES)}", "", *RISKY, "", MODEL, f"MODEL = Model({self.number()})", ""]
        tail = [f"args = ({', '.join(arguments)}{comma})", f"wrt = {spelled!r}", *self.later(kinds)]
        body = [f"def f({', '.join(names)}):", *indented(lines), ""]
        return "\n".join([*head, *self.helpers, *body, *tail]) + "\n"

    def total(self, scope: Scope, arguments: list[str]) -> str:
        """A number of the arguments and of what was bound last."""
        forms = {
            "F": "{0}",
            "I": "{0} * RATE",
            "V": "np.sum({0} * {0})",
            "M": "np.mean({0})",
            "L": "sum({0})",
            "T": "{0}[0] * np.sum({0}[1])",
            "D": '{0}["a"] * np.sum({0}["b"])',
            "P": "{0}.left * np.sum({0}.right)",
        }
        recent = list(scope.types)[-4:]
        terms = [forms[scope.types[name]].format(name) for name in dict.fromkeys([*recent, *arguments])]
        return (
            "".join(part for term in terms for part in (term, self.pick([" + ", " - ", " + 0.5 * "]))) + "0.0"
        )

    def later(self, kinds: list[str]) -> Lines:
        lines = []
        if self.chance(0.3):
            values = {"RATE": self.pick([self.number(), "2", "np.float64(0.5)"]), "MODE": self.pick(MODES)}
            name = self.pick(["RATE", "MODE", "OFFSET"])
            lines.append(f"rebind = {{{name!r}: {values.get(name, self.argument('V'))}}}")
        if self.chance(0.4):
            again = [self.argument(kind) for kind in kinds]
            lines.append(f"more = ({', '.join(again)}{',' if len(again) == 1 else ''})")
        if self.chance(0.1):
            lines.append("by_keyword = 1")
        return lines


MODES = ['"fast"', '"other"', "None"]
MODEL = """class Model:
    def __init__(self, k):
        self.k = k

    @property
    def half(self):
        return self.k * 0.5

    def __call__(self, x):
        return math.tanh(x * self.k) + self.half

    def step(self, x, n=2):
        for _ in range(n):
            x = self(x) * 0.7
        return x
"""
RISKY = [
    "def risky(x, limit):",
    "    if x > limit:",
    "        raise ValueError(limit)",
    "    return x * x - limit",
]


def bracket(text: str) -> str:
    """Safe beside an operator."""
    return text if text.isidentifier() or (text.startswith("(") and bare(text) != text) else f"({text})"


# calls, by what a function takes

Call = Callable[[Writer, Scope, str, int], str]
CALLS: dict[str, Call] = {
    "F->F": lambda w, s, name, depth: f"{name}({bare(w.F(s, depth))})",
    "F,k->F": lambda w, s, name, depth: w.pick(
        [f"{name}({bare(w.F(s, depth))}, {w.number()})", f"{name}({bare(w.F(s, depth))}, k={w.atom(s)})"]
    ),
    "V->F": lambda w, s, name, depth: f"{name}({bare(w.V(s, depth))})",
    "L->F": lambda w, s, name, depth: f"{name}({w.L(s, 0)})",
    "F,n->F": lambda w, s, name, depth: f"{name}({bare(w.F(s, depth))}, {w.pick([0, 1, 2, 3])})",
    "mutual": lambda w, s, name, depth: f"{name}({bare(w.F(s, depth))}, {w.pick([1, 2, 3])})",
    "F->FV": lambda w, s, name, depth: f"{name}({bare(w.F(s, depth))})[0]",
    "F*->F": lambda w, s, name, depth: w.pick(
        [
            f"{name}({bare(w.F(s, depth))})",
            f"{name}({w.atom(s)}, {w.atom(s)}, scale={w.atom(s)})",
            f"{name}({w.atom(s)}, *{w.V(s, 0)}, m={w.atom(s)})",
            f'{name}({w.atom(s)}, **{{"m": {w.atom(s)}, "q": {w.number()}}})',
        ]
    ),
    "f,F->F": lambda w, s, name, depth: w.pick(
        [
            f"{name}(math.sin, {w.atom(s)})",
            f"{name}(lambda z: z * {w.atom(s)} + {w.number()}, {bare(w.F(s, depth))}, times=3)",
            f"{name}(x={w.atom(s)}, f=partial(operator.add, {w.atom(s)}))",
        ]
    ),
}

HELPERS: dict[str, Callable[[Writer, str], Lines]] = {
    "F->F": Writer.of_a_number,
    "V->F": Writer.of_an_array,
    "L->F": Writer.of_a_list_argument,
    "F,n->F": Writer.recursive,
    "mutual": Writer.mutual,
    "F->FV": Writer.to_a_pair,
    "F*->F": Writer.of_number_and_keywords,
    "f,F->F": Writer.with_a_callback,
}

EXPRESSIONS: list[tuple[int, Any]] = [
    (30, Writer.arithmetic),
    (22, Writer.unary),
    (12, Writer.reduction),
    (8, Writer.of_a_list),
    (8, Writer.generator),
    (6, Writer.conditional),
    (3, Writer.either),
    (12, Writer.call),
]

SIMPLE: list[tuple[int, Any]] = [
    (40, Writer.assign),
    (10, Writer.augment),
    (6, Writer.several),
    (5, Writer.swap),
    (4, Writer.walrus),
]

STATEMENTS: list[tuple[int, Any]] = [
    (20, Writer.assign),
    (7, Writer.augment),
    (4, Writer.several),
    (4, Writer.unpack),
    (4, Writer.swap),
    (3, Writer.walrus),
    (14, Writer.branch),
    (14, Writer.for_loop),
    (8, Writer.while_loop),
    (6, Writer.append),
    (6, Writer.attempt),
    (2, Writer.region),
    (5, Writer.match),
    (2, Writer.check),
    (6, Writer.nested),
    (3, Writer.closures),
]


SIMPLE_AT = (0.0, 0.45, 0.8, 1.0)  # how often a statement is a simple one, by the depth of its block


# --- what is kept


class TooLong(Exception):
    """More trips and calls than a test should take."""


class Watch:
    """What an instrumented program reports: the trips it makes, and how near its comparisons are."""

    def __init__(self) -> None:
        self.trips, self.near = 0, float("inf")

    def tick(self) -> None:
        self.trips += 1
        if self.trips > TRIPS:
            raise TooLong

    def seen(self, a: Any, b: Any) -> bool:
        if any(is_float(one) for one in (a, b)):
            self.near = min(self.near, float(np.min(np.abs(np.subtract(a, b)))))
        return True


class Instrument(ast.NodeTransformer):
    """Loops and functions tick; an ordering comparison is seen before it is made."""

    def visit_For(self, node: Any) -> Any:
        self.generic_visit(node)
        node.body.insert(0, ast.parse("watch__.tick()").body[0])
        return node

    visit_While = visit_FunctionDef = visit_For

    def visit_Compare(self, node: ast.Compare) -> Any:
        self.generic_visit(node)
        sides = [node.left, *node.comparators]
        walrus = any(isinstance(one, ast.NamedExpr) for side in sides for one in ast.walk(side))
        orders = all(isinstance(op, (ast.Lt, ast.Gt, ast.LtE, ast.GtE)) for op in node.ops)
        if walrus or not orders or len(sides) > 2:
            return node
        seen = ast.Call(ast.parse("watch__.seen", mode="eval").body, sides, [])
        return ast.IfExp(seen, node, node)


def short_and_clear(source: str) -> bool:
    """Whether every round is short and away from its branch points."""
    tree = ast.fix_missing_locations(Instrument().visit(ast.parse(source)))
    watch = Watch()
    module: dict[str, Any] = {"__name__": "fuzzed", "watch__": watch}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(tree, "<watched>", "exec"), module)
            for point, rebind in rounds(module):
                module.update(rebind)
                watch.trips = 0
                point(module["f"])
        except Exception:
            return False
    return watch.near > MARGIN


def smooth(source: str) -> bool:
    """Whether differences of three step sizes agree along a direction, at the arguments and near them."""
    with loaded(source) as module, np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for point, rebind in rounds(module):
            module.update(rebind)
            draws = np.random.default_rng(0)
            where = places(module["f"], module["wrt"], point)
            for here in (point, jittered(point, where, draws)):
                value = tuple(here.get(one) for one in where)
                along = oracle.direction(value, draws)
                found = [slope(module["f"], here, where, value, along, step) for step in (1e-4, 1e-5, 1e-6)]
                if not max(found) - min(found) <= 1e-4 * (1 + abs(found[0])):
                    return False
    return True


def depends(source: str) -> bool:
    """Whether the value changes with what is differentiated."""
    with loaded(source) as module, np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        point, rebind = rounds(module)[0]
        module.update(rebind)
        where = places(module["f"], module["wrt"], point)
        value = tuple(point.get(one) for one in where)
        along = oracle.direction(value, np.random.default_rng(0))
        return abs(slope(module["f"], point, where, value, along, 1e-5)) > 1e-6


def slope(f: Any, point: Any, where: Any, value: Any, along: Any, step: float) -> float:
    """The central difference of one step."""
    ends = []
    for by in (step, -step):
        there = point
        for one, argument in zip(where, oracle.moved(value, along, by)):
            there = there.put(one, argument)
        try:
            ends.append(oracle.real(there(f)))
        except Exception:
            return float("nan")
    return (ends[0] - ends[1]) / (2 * step)


def kept(source: str) -> bool:
    """Whether the judge may have a program; that it ends is asked first, for the reducer's sake."""
    try:
        return short_and_clear(source) and valid(source) and smooth(source)
    except Exception:  # nonsense of the reducer
        return False


def generate(seed: int) -> str:
    """The source of a valid program: the first one found from this seed."""
    for attempt in range(300):
        source = Writer(seed * 1000 + attempt).write()
        try:
            compile(source, "<written>", "exec")
        except SyntaxError as error:  # a bug of this file
            raise AssertionError(f"seed {seed}: {error}\n{source}") from None
        if kept(source) and depends(source):
            return source
    raise AssertionError(f"no valid program from seed {seed}")


# --- which constructs there are


def constructs(source: str) -> collections.Counter[str]:
    """The node kinds of a module, with what they are made of where that matters, and the calls by name."""
    found: collections.Counter[str] = collections.Counter()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        found[type(node).__name__] += 1
        if isinstance(node, (ast.For, ast.While)):
            kind = type(node).__name__
            found[f"{kind} else"] += bool(node.orelse)
            for one in ast.walk(node):
                found[f"{type(one).__name__} in {kind}"] += one is not node
        elif isinstance(node, ast.Call):
            text = ast.unparse(node.func)
            found["call lambda" if isinstance(node.func, ast.Lambda) else f"call {text}"] += 1
            if isinstance(node.func, ast.Attribute):
                found[f"call .{node.func.attr}"] += 1
            found["call f(*x)"] += any(isinstance(one, ast.Starred) for one in node.args)
            found["call f(**x)"] += any(one.arg is None for one in node.keywords)
        elif isinstance(node, ast.Try):
            found["Try else"] += bool(node.orelse)
            found["Try finally"] += bool(node.finalbody)
        elif isinstance(node, ast.Compare):
            found["chained Compare"] += len(node.ops) > 1
        elif isinstance(node, ast.FunctionDef):
            inside = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
            found["recursion"] += any(ast.unparse(one.func) == node.name for one in inside)
            found["*args"] += node.args.vararg is not None
            found["**kwargs"] += node.args.kwarg is not None
            found["nested function"] += any(isinstance(one, ast.FunctionDef) for one in node.body)
            returns = [one for one in ast.walk(node) if isinstance(one, ast.Return)]
            found["early return"] += len(returns) > 1
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            names = sorted(map(ast.unparse, node.value.elts))
            targets = node.targets[0]
            found["swap"] += isinstance(targets, ast.Tuple) and names == sorted(
                map(ast.unparse, targets.elts)
            )
    return +found


NEEDED = """
    Set;NotIn;Is;BitAnd;BitXor;BitOr;LShift;RShift;Invert;UAdd;FloorDiv;Mod;MatMult;MatchStar;MatchMapping
    MatchClass;MatchSingleton
    If;IfExp;For;While;Break;Continue;Return;Try;With;Match;Assert;NamedExpr;BoolOp;Compare;Lambda;Pass
    Not;And;Or;GeneratorExp;ListComp;DictComp;Nonlocal;AugAssign;AnnAssign;Starred;JoinedStr;Dict;Tuple
    List;Slice;In;IsNot;MatchOr;MatchSequence;MatchValue;ExceptHandler;UnaryOp;Attribute;recursion;*args
    **kwargs;swap;nested function;early return;chained Compare;For else;While else;Try else;Try finally
    For in For;While in For;For in While;Try in For;If in For;If in While;Break in While;Break in For
    Continue in For;Continue in While;Return in For;Match in For;Return in While;call f(*x);call f(**x)
    call lambda;call risky;call MODEL;call .step;call range;call zip;call enumerate;call reversed
    call sum;call max;call min;call abs;call any;call all;call sorted;call len;call list;call map
    call filter;call float;call int;call round;call pow;call divmod;call bool;call dict;call partial
    call functools.reduce;call reduce;call operator.mul;call np.array;call np.stack;call .append
    call np.concatenate;call np.where;call np.sum;call math.tanh;call math.sin;call math.exp
    call np.errstate;call .items;call .values;call ._replace
"""
CONSTRUCTS = {name.strip() for line in NEEDED.strip().split("\n") for name in line.split(";")}


def main() -> None:
    """Print how many of 500 programs have each construct."""
    table: collections.Counter[str] = collections.Counter()
    for seed in range(500):
        table.update(set(constructs(generate(seed))))
    for name in sorted(table.keys() | CONSTRUCTS, key=lambda name: (-table[name], name)):
        if name in CONSTRUCTS or name.isidentifier():
            print(f"{table[name]:6d}  {name}")


if __name__ == "__main__":
    main()
