"""Random straight-line programs, judged: python -m tests.fuzz [--count 20000] [--seed S] [--minutes M].

With --control the programs are those of tests/fuzz_control.py, which have loops, branches and calls.

`generate(seed)` gives the source of a module with `f`, `args`, `wrt` and perhaps `rebind` (globals to
change before a second round), `more` (arguments of other kinds for a third) and `by_keyword` (how many of
the last arguments are passed by keyword). A program grows statement by
statement, each evaluated as it is made, so that only valid NumPy with finite values comes out.
`judge(source)` gives a verdict:

    ok       right in every mode that was asked for
    refused  an AstgradError; legitimate, but each one is a promise not kept: the share is printed
    wrong    disagrees with finite differences at three jittered inputs and two step sizes, or breaks a
             promise: structure, dtype, memory, value, changed arguments, interpreter against text
    crash    any other exception, InternalError included

Each failure is shrunk (tests/reduce.py), printed, and appended to a file.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import itertools
import linecache
import os
import random
import re
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import numpy as np

import astgrad
from tests import oracle
from tests.oracle import Point, as_list, is_float, jittered, leaves, places
from tests.programs import Pair, Params

MODES = ("optimized", "plain", "both", "vjp", "interpreter", "second", "general")
PRELUDE = """import math
import numpy as np
from tests.programs import Pair, Params
"""


# --- generating


@dataclass
class Term:
    """An expression and its value."""

    text: str
    value: Any


@dataclass
class Scope:
    """A function being written: its lines, the names it binds, and what evaluation sees."""

    names: dict[str, Any]
    namespace: dict[str, Any]
    lines: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    depth: int = 0
    rebound: set[str] = field(default_factory=set)  # assigned more than once
    captured: set[str] = field(default_factory=set)  # read by a nested function

    def bind(self, name: str, value: Any) -> None:
        if name in self.names:
            self.rebound.add(name)
        self.names[name] = value
        self.namespace[name] = value


_codes: dict[str, CodeType] = {}


def evaluate(template: str, operands: tuple[Any, ...]) -> Any:
    """The value of a template such as "{0} + {1}" at operands."""
    code = _codes.get(template)
    if code is None:
        text = template.format(*(f"_{i}" for i in range(9)))
        code = _codes.setdefault(template, compile(text, "<template>", "eval"))
    return eval(code, {"np": np, "math": __import__("math")}, {f"_{i}": v for i, v in enumerate(operands)})


def small_outer(a: Any, b: Any) -> Any:
    """np.outer; ValueError where it is large: a helper called with its own result squares sizes."""
    if np.size(a) * np.size(b) > 4096:
        raise ValueError("too large")
    return np.outer(a, b)


LIMITED = ModuleType("numpy")  # np as programs see it while they are made
LIMITED.__dict__.update({**np.__dict__, "outer": small_outer})


def spelled(template: str, operands: tuple[Term, ...]) -> str:
    """The template with the operands' texts, in brackets where they need them."""
    free = re.sub(r"(?<=\w\()\{(\d)\}(?=[,)])", r"{free[\1]}", template)
    texts = [one.text for one in operands]
    return free.format(*map(bracketed, texts), free=[bare(text) for text in texts])


def bracketed(text: str) -> str:
    """Safe beside an operator and in front of an attribute or an index."""
    depth = 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0 and letter in " +-*/@":
            return f"({text})"
    return text


def bare(text: str) -> str:
    """Without the brackets around the whole, if there are any and it is no tuple."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if (depth == 0 and i < len(text) - 1) or (depth == 1 and letter == ","):
            return text
    return text[1:-1]


def is_number(value: Any) -> bool:
    """A real float or int array, NumPy scalar or Python number."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.kind in "fi"
    return type(value) in (float, int)


def is_small(value: Any) -> bool:
    """Finite, not large, few entries: what keeps differences exact and programs quick."""
    if not is_number(value) or np.size(value) > 64 or np.size(value) == 0 or np.ndim(value) > 3:
        return False
    largest = float(np.max(np.abs(value)))
    return largest < 60 and (np.asarray(value).dtype.kind == "i" or largest == largest)


def away_from(value: Any, limit: float) -> bool:
    return float(np.min(value)) > limit


def always(*values: Any) -> bool:
    return True


def positive_operand(value: Any) -> bool:
    return away_from(value, 0.15)


def above_minus_two(value: Any) -> bool:
    return away_from(value, -2)  # x - x under a bare root would be singular at every input


def large_divisor(_: Any, value: Any) -> bool:
    return away_from(np.abs(value), 0.3)


def spread_out(value: Any) -> bool:
    return np.size(value) > 1 and float(np.min(np.std(value, axis=0) if np.ndim(value) else 0)) > 0.1


Condition = Callable[..., bool]
Row = tuple[str, Condition]

UNARY: list[Row] = [
    ("np.sin({0})", always),
    ("np.cos({0})", always),
    ("np.tanh({0})", always),
    ("np.exp({0})", lambda v: float(np.max(v)) < 2),
    ("np.exp(-{0} ** 2)", always),
    ("np.log({0})", positive_operand),
    ("np.log({0} ** 2 + 1)", always),
    ("np.log1p({0} ** 2)", always),
    ("np.sqrt({0} + 3)", above_minus_two),
    ("np.sqrt({0} ** 2 + 0.5)", always),
    ("np.abs({0})", always),
    ("np.square({0})", always),
    ("np.arctan({0})", always),
    ("-{0}", always),
    ("{0} ** 2", always),
    ("{0} ** 3", always),
    ("{0} ** -1", lambda v: np.asarray(v).dtype.kind == "f" and away_from(np.abs(v), 0.3)),
    ("{0} ** 1.5", positive_operand),
    ("2 ** {0}", lambda v: np.asarray(v).dtype.kind == "f"),
    ("1 / (1 + np.exp(-{0}))", always),
    ("np.maximum({0}, 0)", always),
    ("np.minimum({0}, 0.5)", always),
    ("np.clip({0}, -0.5, 0.75)", always),
    ("np.where({0} > 0, {0}, 0.1 * {0})", always),
    ("{0} * 2", always),
    ("3 - {0}", always),
    ("{0} - 0.5", always),
    ("{0} / 4", always),
    ("0.25 * {0}", always),
    ("np.ones_like({0}) * {0}", always),
]

BINARY: list[Row] = [
    ("{0} + {1}", always),
    ("{0} - {1}", always),
    ("{0} * {1}", always),
    ("{0} / {1}", large_divisor),
    ("{0} / (2 + {1} ** 2)", always),
    ("np.maximum({0}, {1})", always),
    ("np.minimum({0}, {1})", always),
    ("np.where({0} > {1}, {0}, {1})", always),
    ("np.where({1} < 0.2, {0} * {1}, {0})", always),
    ("({0} ** 2 + 0.5) ** {1}", lambda a, b: float(np.max(np.abs(b))) < 3),
    ("np.add({0}, {1})", always),
    ("np.multiply({0}, {1})", always),
    ("np.subtract({0}, {1})", always),
    ("np.logaddexp({0}, {1})", always),
    ("np.hypot({0}, {1} + 2)", lambda a, b: away_from(b + 2, 0.2)),
    ("{0} @ {1}", always),
    ("{0} @ {1}", always),
    ("{0} @ {1}.T", lambda a, b: isinstance(b, np.ndarray)),
    ("{0}.T @ {1}", lambda a, b: isinstance(a, np.ndarray)),
    ("np.dot({0}, {1})", always),
    ("np.outer({0}, {1})", always),
    ("np.concatenate([{0}, {1}])", always),
    ("np.stack([{0}, {1}])", always),
    ("np.concatenate(({0}, {1}), axis=-1)", always),
    ("{0} + {1} * 0.5 - {0} * {1}", always),
]

REDUCTIONS: list[Row] = [
    ("np.sum({0})", always),
    ("np.mean({0})", always),
    ("np.max({0})", always),
    ("np.min({0})", always),
    ("np.prod({0})", lambda v: np.size(v) < 8),
    ("np.var({0})", spread_out),
    ("np.std({0})", spread_out),
    ("np.linalg.norm({0})", lambda v: np.ndim(v) == 1 and float(np.linalg.norm(v)) > 0.2),
    ("np.sum({0}, axis=0)", always),
    ("np.sum({0}, axis=-1)", always),
    ("np.sum({0}, axis=1)", always),
    ("np.sum({0}, axis=0, keepdims=True)", always),
    ("np.sum({0}, axis=(0, 1))", always),
    ("np.mean({0}, axis=0)", always),
    ("np.mean({0}, axis=-1, keepdims=True)", always),
    ("np.max({0}, axis=0)", always),
    ("np.max({0}, axis=-1, keepdims=True)", always),
    ("np.min({0}, axis=1)", always),
    ("np.prod({0}, axis=0)", always),
    ("np.var({0}, axis=0)", spread_out),
    ("np.std({0}, axis=0, keepdims=True)", spread_out),
]

ON_ARRAYS: list[Row] = [
    ("{0}.sum()", always),
    ("{0}.sum(axis=0)", always),
    ("{0}.mean(axis=-1)", always),
    ("{0}.max()", always),
    ("{0}.min(axis=0)", always),
    ("{0}.sum(-1, keepdims=True)", always),
    ("{0}.dot({0})", lambda v: np.ndim(v) == 1),
    ("{0}.T", always),
    ("{0}.reshape(-1)", always),
    ("{0}.ravel()", always),
    ("{0}.reshape(-1, 1)", always),
    ("{0}.reshape((1,) + {0}.shape)", always),
    ("np.reshape({0}, (2, -1))", always),
    ("{0}.copy()", always),
    ("np.transpose({0})", always),
    ("np.expand_dims({0}, 0)", always),
    ("np.squeeze({0})", always),
    ("np.swapaxes({0}, 0, -1)", always),
    ("np.broadcast_to({0}, (2,) + {0}.shape)", lambda v: np.ndim(v) < 3),
    ("{0} / {0}.shape[0]", always),
    ("{0} * {0}.size", always),
    ("{0}[0]", always),
    ("{0}[-1]", always),
    ("{0}[1:]", always),
    ("{0}[:-1]", always),
    ("{0}[::-1]", always),
    ("{0}[::2]", always),
    ("{0}[2:0:-1]", always),
    ("{0}[..., 0]", always),
    ("{0}[..., -1:]", always),
    ("{0}[:, None]", always),
    ("{0}[None]", always),
    ("{0}[None, ..., None]", lambda v: np.ndim(v) < 2),
    ("{0}[:, 0]", always),
    ("{0}[:, 1:]", always),
    ("{0}[1, ::-1]", always),
    ("{0}[[0, 0]]", always),
    ("{0}[[0, 1, 0, -1]]", always),
    ("{0}[np.array([1, 0, 1])]", always),
    ("{0}[:, [0, 0]]", always),
    ("{0}[[0, 1], [1, 0]]", always),
    ("{0}[np.arange(len({0})), 0]", lambda v: np.ndim(v) == 2),
    ("{0}[{0} > 0]", lambda v: bool(np.any(np.asarray(v) > 0.05))),
    ("{0}[{0}[:, 0] > 0]", lambda v: np.ndim(v) == 2 and bool(np.any(v[:, 0] > 0.05))),
    ("{0}[np.argmax({0})]", lambda v: np.ndim(v) == 1),
    ("{0}[1:] - {0}[:-1]", always),
    ("{0} - {0}.max()", always),
    ("{0} - np.mean({0}, axis=0)", always),
    ("np.exp({0} - np.max({0})) / np.sum(np.exp({0} - np.max({0})))", always),
    (
        "{0} / np.linalg.norm({0}, axis=-1, keepdims=True)",
        lambda v: away_from(np.linalg.norm(v, axis=-1), 0.3),
    ),
]

ON_SCALARS: list[Row] = [
    ("math.sin({0})", always),
    ("math.exp({0})", lambda v: v < 2),
    ("math.sqrt({0} + 3)", above_minus_two),
    ("math.tanh({0})", always),
    ("abs({0})", always),
    ("float({0})", always),
    ("max({0}, 0.3)", always),
    ("np.array([{0}, 1.0, {0} * 2])", always),
    ("np.sum([{0}, 2.0])", always),
    ("np.full(3, {0})", always),
]

CALLS = ["{f}({0})", "{f}({0})", "apply({f}, {0})", "{f}({f}({0}))"]
NAMES = [*"abchwzstuvpqr", "out", "bx", "by", "dx", "tape", "loss", "score"]
FIELDS = ["w", "b", "k"]


class Writer:
    """One random module."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.module: dict[str, Any] = {
            "np": LIMITED,
            "math": __import__("math"),
            "Pair": Pair,
            "Params": Params,
        }
        self.lines: list[str] = []
        self.helpers: list[str] = []
        self.scopes: list[Scope] = []
        self.uses_apply = False
        self.count = itertools.count()

    # values

    def shape(self) -> tuple[int, ...]:
        shapes = [
            (3,),
            (3,),
            (4,),
            (2, 3),
            (3, 2),
            (3, 3),
            (1,),
            (1, 3),
            (3, 1),
            (2, 1, 3),
            (1, 1),
            (2, 2, 3),
            (),
        ]
        return self.random.choice(shapes)

    def array(self) -> str:
        shape = self.shape()
        draws = np.random.default_rng(self.random.randrange(2**32))
        numbers = np.round(draws.standard_normal(shape), 3).tolist()
        dtype = ", np.float32" if self.random.random() < 0.12 else ""
        return f"np.array({numbers}{dtype})"

    def number(self) -> str:
        return repr(round(self.random.uniform(-2, 2), 3) or 0.5)

    def argument(self, depth: int = 0) -> str:
        """The text of a random argument."""
        pick = self.random.random()
        if pick < 0.5 or depth > 2:
            return self.array()
        if pick < 0.64:
            return self.number()
        if pick < 0.68:
            return f"np.{self.random.choice(['float64', 'float32'])}({self.number()})"
        items = [self.argument(depth + 1) for _ in range(2)]
        kinds = [
            f"({items[0]}, {items[1]})",
            f"[{items[0]}, {items[1]}]",
            f'{{"w": {items[0]}, "b": {items[1]}}}',
            f"Pair({items[0]}, {items[1]})",
            f"Params({items[0]}, {items[1]})",
        ]
        return self.random.choice(kinds)

    # expressions

    def node(self, row: Row, *operands: Term) -> Term | None:
        """The template at the operands, None where it is not valid there."""
        template, condition = row
        values = tuple(one.value for one in operands)
        try:
            if not condition(*values):
                return None
            value = evaluate(template, values)
        except Exception:
            return None
        if not is_small(value):
            return None
        return Term(spelled(template, operands), value)

    def atom(self, scope: Scope) -> Term:
        """A variable, an item of a container, a global or a literal."""
        numbers = [(name, value) for name, value in scope.names.items() if not callable(value)]
        if numbers and self.random.random() < 0.88:
            recent = numbers[-6:] if self.random.random() < 0.7 else numbers
            name, value = self.random.choice(recent)
            inside = [(path, leaf) for path, leaf in leaves(value) if is_small(leaf)]
            if inside:
                path, leaf = self.random.choice(inside)
                return Term(name + oracle.spell(path).replace("'", '"'), leaf)
        if self.random.random() < 0.4:
            name = self.random.choice(["RATE", "OFFSET"])
            return Term(name, self.module[name])
        text = self.number()
        return Term(text, float(text))

    def expression(self, scope: Scope, depth: int) -> Term:
        """A random expression of the scope's variables."""
        if depth == 0:
            return self.atom(scope)
        for _ in range(6):
            made = self.attempt(scope, depth)
            if made is not None:
                return made
        return self.atom(scope)

    def attempt(self, scope: Scope, depth: int) -> Term | None:
        choose = self.random.choice
        operand = self.expression(scope, self.random.randrange(depth))
        pick = self.random.random()
        if pick < 0.2:
            return self.node(choose(UNARY), operand)
        if pick < 0.55:
            other = self.expression(scope, self.random.randrange(depth))
            return self.node(choose(BINARY), operand, other)
        if pick < 0.6:
            return self.call(scope, operand)
        if isinstance(operand.value, np.ndarray) and operand.value.ndim:
            return self.node(choose(REDUCTIONS if pick < 0.72 else ON_ARRAYS), operand)
        if pick < 0.7:
            return self.node(choose(ON_SCALARS), operand)
        return None

    def call(self, scope: Scope, operand: Term) -> Term | None:
        """A call of a helper, a nested function or a lambda with one plain argument."""
        functions = scope.functions + self.helpers
        if not functions or np.size(operand.value) > 9:
            return None
        name = self.random.choice(functions[-3:])
        template = self.random.choice(CALLS)
        if template.startswith("apply") and not self.uses_apply:
            self.uses_apply = True
            self.define("def apply(function, z):\n    return function(z)")
        return self.evaluated(scope, template.replace("{f}", name).format(operand.text))

    def evaluated(self, scope: Scope, text: str) -> Term | None:
        try:
            value = eval(text, scope.namespace)
        except Exception:
            return None
        return Term(text, value) if is_small(value) else None

    # statements

    def name(self, scope: Scope) -> str:
        name = self.random.choice(NAMES) + self.random.choice(["", "", "1", "2"])
        return name if self.may_rebind(scope, name) else self.name(scope)

    def may_rebind(self, scope: Scope, name: str) -> bool:
        """Seldom where a nested function captures the name: that is a cell (S7)."""
        return name not in scope.captured or (scope.depth == 0 and self.random.random() < 0.02)

    def assign(self, scope: Scope, depth: int = 3) -> None:
        name = self.name(scope)
        made = self.expression(scope, self.random.randint(1, depth))
        scope.lines.append(f"{name} = {bare(made.text)}")
        scope.bind(name, made.value)

    def assign_several(self, scope: Scope) -> None:
        first, second = self.expression(scope, 2), self.expression(scope, 2)
        a, b = self.name(scope), self.name(scope)
        if a == b:
            scope.lines.append(f"{a} = {b}1 = {bare(first.text)}")
            scope.bind(a, first.value)
            scope.bind(f"{b}1", first.value)
            return
        scope.lines.append(f"{a}, {b} = {bare(first.text)}, {bare(second.text)}")
        scope.bind(a, first.value)
        scope.bind(b, second.value)

    def swap(self, scope: Scope) -> None:
        names = [n for n, value in scope.names.items() if not callable(value) and self.may_rebind(scope, n)]
        if len(names) >= 2:
            a, b = self.random.sample(names, 2)
            scope.lines.append(f"{a}, {b} = {b}, {a}")
            x, y = scope.names[a], scope.names[b]
            scope.bind(a, y)
            scope.bind(b, x)

    def augment(self, scope: Scope) -> None:
        scalars = [n for n, v in scope.names.items() if type(v) in (float, int) or isinstance(v, np.floating)]
        made = self.expression(scope, 1)
        if not scalars:
            return
        name = self.random.choice(scalars)
        if not self.may_rebind(scope, name):
            return
        sign = self.random.choice(["+", "-", "*"])
        term = self.node((f"{{0}} {sign} {{1}}", always), Term(name, scope.names[name]), made)
        if term is not None:
            scope.lines.append(f"{name} {sign}= {bare(made.text)}")
            scope.bind(name, term.value)

    def container(self, scope: Scope) -> None:
        a, b, c = (self.expression(scope, 1) for _ in range(3))
        kinds = [
            ("({0}, {1})", (a, b)),
            ("[{0}, ({1}, {2})]", (a, b, c)),
            ('{{"w": {0}, "b": [{1}, {2}]}}', (a, b, c)),
            ("Pair({0}, {1})", (a, b)),
            ("Params({0}, shift=Pair({1}, {2}))", (a, b, c)),
            ("dict(w={0}, b={1})", (a, b)),
        ]
        template, terms = self.random.choice(kinds)
        name = self.name(scope)
        text = template.format(*(bare(one.text) for one in terms))
        scope.lines.append(f"{name} = {text}")
        scope.bind(name, eval(text, scope.namespace))

    def unpack(self, scope: Scope) -> None:
        pairs = [n for n, v in scope.names.items() if isinstance(v, (tuple, list)) and len(v) == 2]
        if not pairs:
            return self.container(scope)
        source = self.random.choice(pairs)
        a, b = self.name(scope), self.name(scope)
        if a == b:
            return
        value = scope.names[source]
        scope.lines.append(f"{a}, {b} = {source}")
        scope.bind(a, value[0])
        scope.bind(b, value[1])

    def function(self, scope: Scope) -> None:
        """A lambda or a nested function of one argument, and a call of it."""
        name = f"g{len(scope.functions)}{'n' * scope.depth}"
        operand = self.expression(scope, 1)
        once = {n: v for n, v in scope.names.items() if n not in scope.rebound or self.random.random() < 0.02}
        inner = Scope(once, scope.namespace, functions=scope.functions[:], depth=scope.depth + 1)
        inner.captured = set(once)
        parameter = self.random.choice(["z", "x0", "y0"])
        before = scope.namespace.get(parameter, inner)
        inner.bind(parameter, operand.value)
        self.scopes.append(inner)
        if self.random.random() < 0.5:
            body = self.expression(inner, 3)
            keyword = self.random.choice(["", f", k={self.number()}"])
            text = f"{bracketed(body.text)} * k" if keyword else body.text
            lines = [f"{name} = lambda {parameter}{keyword}: {text}"]
        else:
            for _ in range(self.random.randint(0, 2)):
                self.assign(inner, 2)
            lines = [f"def {name}({parameter}):", *(f"    {line}" for line in inner.lines)]
            lines.append(f"    return {bare(self.expression(inner, 2).text)}")
        self.scopes.pop()
        for bound, value in scope.names.items():
            scope.namespace[bound] = value
        if parameter not in scope.names:
            scope.namespace.pop(parameter, None) if before is inner else None
        exec("\n".join(lines), scope.namespace)
        scope.lines += lines
        scope.captured |= scope.names.keys() & set(re.findall(r"\w+", "\n".join(lines)))
        scope.functions.append(name)
        called = self.call(scope, operand)
        if called is not None:
            result = self.name(scope)
            scope.lines.append(f"{result} = {called.text}")
            scope.bind(result, called.value)

    def helper(self, scope: Scope) -> None:
        """A new module-level function, written around the values of a call of it, and that call."""
        if len(self.scopes) > 3:
            return
        arguments = [self.anything(scope) for _ in range(self.random.randint(1, 3))]
        name = f"helper{next(self.count)}"
        parameters = self.random.sample(["x", "y", "z", "a", "w", "bx"], len(arguments))
        inner = Scope({}, dict(self.module))
        for parameter, argument in zip(parameters, arguments):
            inner.bind(parameter, argument.value)
        self.scopes.append(inner)
        for _ in range(self.random.randint(1, 4)):
            self.statement(inner)
        result = self.result(inner)
        self.scopes.pop()
        default = self.random.random() < 0.25
        extra = f", k={self.number()}" if default else ""
        self.helpers.append(name)
        head = f"def {name}({', '.join(parameters)}{extra}):"
        if default and is_number(eval(result, inner.namespace)):
            result = f"{bracketed(result)} * k"
        self.define("\n".join([head, *(f"    {line}" for line in inner.lines), f"    return {result}"]))
        given = [bare(one.text) for one in arguments]
        if self.random.random() < 0.3:
            given[-1] = f"{parameters[-1]}={given[-1]}"
            if default and self.random.random() < 0.5:
                given.append("k=0.75")
        text = f"{name}({', '.join(given)})"
        value = eval(text, scope.namespace)
        target = self.name(scope)
        scope.lines.append(f"{target} = {text}")
        scope.bind(target, value)

    def anything(self, scope: Scope) -> Term:
        """An expression, or a whole container."""
        containers = [(n, v) for n, v in scope.names.items() if oracle.is_container(v)]
        if containers and self.random.random() < 0.5:
            return Term(*self.random.choice(containers))
        return self.expression(scope, 1)

    def result(self, scope: Scope) -> str:
        """What a helper returns: a value, a tuple, a dict, a namedtuple."""
        terms = [bare(self.expression(scope, 2).text) for _ in range(2)]
        shapes = [terms[0], terms[0], terms[0], "{0}, {1}", '{{"w": {0}, "b": {1}}}', "Pair({0}, [{1}])"]
        text = self.random.choice(shapes)
        text = text if text == terms[0] else text.format(*terms)
        return f"({text})" if text == f"{terms[0]}, {terms[1]}" else text

    def define(self, text: str) -> None:
        """Add a module-level function, visible in every scope."""
        exec(text, self.module)
        name = text[4 : text.index("(")]
        for scope in self.scopes:
            scope.namespace[name] = self.module[name]
        self.lines += [*text.split("\n"), ""]

    def statement(self, scope: Scope) -> None:
        pick = self.random.random()
        table = [
            (0.5, self.assign),
            (0.58, self.assign_several),
            (0.61, self.swap),
            (0.66, self.augment),
            (0.74, self.container),
            (0.78, self.unpack),
            (0.88, self.function),
            (1.0, self.helper),
        ]
        next(make for limit, make in table if pick < limit)(scope)

    # the module

    def write(self) -> str:
        rate, offset = self.number(), self.array()
        self.module["RATE"] = float(rate)
        self.module["OFFSET"] = eval(offset, self.module)
        arguments = [self.argument() for _ in range(self.random.randint(1, 3))]
        names = self.random.sample(["x", "y", "w", "params", "bx", "theta"], len(arguments))
        main = Scope({}, dict(self.module))
        for name, text in zip(names, arguments):
            main.bind(name, eval(text, self.module))
        self.scopes.append(main)
        for _ in range(self.random.randint(4, 8)):
            self.statement(main)
        main.lines.append(f"return {self.total(main)}")
        wrt = self.wrt(names, arguments)
        head = [PRELUDE, f"RATE = {rate}", f"OFFSET = {offset}", ""]
        body = ["", f"def f({', '.join(names)}):", *(f"    {line}" for line in main.lines), ""]
        comma = "," if len(arguments) == 1 else ""
        tail = [f"args = ({', '.join(arguments)}{comma})", f"wrt = {wrt!r}", *self.later(arguments)]
        return "\n".join([*head, *self.lines, *body, *tail]) + "\n"

    def total(self, scope: Scope) -> str:
        """A scalar of the last variables."""
        names = [name for name, value in scope.names.items() if not callable(value)]
        chosen = names[-3:] + self.random.sample(names, min(2, len(names)))
        terms: list[str] = []
        for name in dict.fromkeys(chosen):
            for path, leaf in leaves(scope.names[name]):
                if is_small(leaf) and len(terms) < 6:
                    text = name + oracle.spell(path).replace("'", '"')
                    reduced = self.random.choice(
                        ["np.sum({0})", "np.mean({0})", "np.sum({0} * {0})", "{0}.sum()"]
                    )
                    is_array = isinstance(leaf, np.ndarray)
                    terms.append(reduced.format(text) if is_array else text)
        signs = [self.random.choice([" + ", " - ", " + 0.5 * "]) for _ in terms]
        return (
            "".join(part for pair in zip(terms, signs) for part in pair).rsplit(signs[-1], 1)[0]
            if terms
            else "0.0"
        )

    def wrt(self, names: list[str], arguments: list[str]) -> Any:
        able = [
            i
            for i, text in enumerate(arguments)
            if any(is_float(v) for _, v in leaves(eval(text, self.module)))
        ]
        chosen = self.random.sample(able, self.random.randint(1, len(able)))
        spelled: list[Any] = [i if self.random.random() < 0.5 else names[i] for i in chosen]
        return tuple(spelled) if len(spelled) > 1 or self.random.random() < 0.2 else spelled[0]

    def later(self, arguments: list[str]) -> list[str]:
        """A second round for some: rebound globals, arguments of other kinds."""
        lines = []
        if self.random.random() < 0.25:
            value = self.random.choice([self.number(), self.array(), "2", "np.float32(0.5)"])
            lines.append(f"rebind = {{{self.random.choice(['RATE', 'OFFSET'])!r}: {value}}}")
        if self.random.random() < 0.3:
            changed = [text if self.random.random() < 0.5 else self.argument(3) for text in arguments]
            lines.append(f"more = ({', '.join(changed)}{',' if len(changed) == 1 else ''})")
        if self.random.random() < 0.15:
            lines.append("by_keyword = 1")
        return lines


def generate(seed: int) -> str:
    """The source of a valid program: its value is a finite scalar (the first one found from this seed)."""
    for attempt in range(100):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = Writer(seed * 100 + attempt).write()
        if valid(source):
            return source
    raise AssertionError(f"no valid program from seed {seed}")


def valid(source: str) -> bool:
    """Whether the program gives a finite scalar in every round, without warnings and writes in place."""
    checked = re.sub(
        r"^( *)(\w+) [-+*]= ", r"\1assert not isinstance(\2, np.ndarray)\n\g<0>", source, flags=re.MULTILINE
    )
    try:
        with loaded(checked) as module, np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module["np"] = LIMITED
            for point, rebind in rounds(module):
                module.update(rebind)
                if not oracle.clean(point, module["f"]):
                    return False
                value = point(module["f"])
                if (
                    np.ndim(value)
                    or not is_float(value)
                    or np.iscomplexobj(value)
                    or not np.isfinite(value)
                    or abs(value) > 1e3
                ):
                    return False
    except Exception:
        return False
    return True


# --- judging


@dataclass(frozen=True)
class Verdict:
    """What became of a program; `reason` is the same for failures of one cause, `detail` says more."""

    kind: str
    mode: str = ""
    reason: str = ""
    detail: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, self.mode, self.reason


class Wrong(Exception):
    """A broken promise: what, and the details."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


_files = iter(range(10**12))


@contextlib.contextmanager
def loaded(source: str) -> Any:
    """The namespace of the source; linecache knows it meanwhile."""
    file = f"<fuzz {next(_files)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module: dict[str, Any] = {"__name__": "fuzzed"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # the reducer tries things like 2.0(x)
            code = compile(source, file, "exec")
        exec(code, module)
        yield module
    finally:
        linecache.cache.pop(file, None)


def rounds(module: dict[str, Any]) -> list[tuple[Point, dict[str, Any]]]:
    """The calls to judge: the arguments, then the same under rebound globals, then others."""

    def call(args: Any) -> Point:
        first = len(args) - module.get("by_keyword", 0)
        names = module["f"].__code__.co_varnames[first : len(args)]
        return Point(tuple(args[:first]), dict(zip(names, args[first:])))

    found: list[tuple[Point, dict[str, Any]]] = [(call(module["args"]), {})]
    if "rebind" in module:
        found.append((call(module["args"]), module["rebind"]))
    if "more" in module:
        found.append((call(module["more"]), {}))
    return found


def judge(source: str, modes: tuple[str, ...] = MODES, grad: Any = None) -> Verdict:
    """Run a program through astgrad in the given modes; tests of this file pass another `grad`."""
    mode = ""
    try:
        with loaded(source) as module, np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            f, wrt = module["f"], module["wrt"]
            gradients = {}
            for mode in modes:
                gradients[mode] = make(grad or astgrad.grad, f, wrt, mode)
            saved = dict(module)
            for point, rebind in rounds(module):
                module.update(rebind)
                for mode in modes:
                    examine(mode, f, wrt, point, gradients[mode], module)
            module.update(saved)
    except Wrong as wrong:
        return Verdict("wrong", mode, wrong.reason, wrong.detail)
    except astgrad.InternalError as error:
        return Verdict("crash", mode, f"InternalError: {general(str(error))}", str(error))
    except astgrad.AstgradError as error:
        return Verdict("refused", mode, f"{type(error).__name__}: {general(str(error))}", str(error))
    except Exception as error:
        return Verdict("crash", mode, f"{type(error).__name__}: {general(str(error))}", place(error))
    return Verdict("ok")


def general(message: str) -> str:
    """The first line of a message without places, names and numbers: the same for one cause."""
    line = re.sub(r"^\S+( \d+>)?:\d+:\d+: ", "", message.split("\n")[0])
    return re.sub(r"'[^']*'|@[0-9a-f]+|\d+", "_", line)[:100]


def place(error: Exception) -> str:
    """Where an exception came from: the last frames."""
    import traceback

    return "".join(traceback.format_exception(error)[-4:])


def make(grad: Any, f: Any, wrt: Any, mode: str) -> Any:
    if mode == "both":
        return astgrad.value_and_grad(f, wrt)
    if mode == "vjp":
        return by_pullback(f, wrt)
    if mode == "general":
        return lambda *args, **kwargs: general_form(f, wrt)(*args, **kwargs)
    return grad(f, wrt, optimize=False) if mode == "plain" else grad(f, wrt)


def general_form(f: Any, wrt: Any) -> Any:
    """The function for calls of which nothing is known: what serves beyond 64 signatures."""
    return astgrad.grad(f, wrt)._general_form().function


def by_pullback(f: Any, wrt: Any) -> Any:
    """The gradient by way of vjp, of which the pullback is called twice."""

    def gradient(*args: Any, **kwargs: Any) -> Any:
        args = (*args, *kwargs.values())
        value, pullback = astgrad.vjp(f, *args)
        one = type(value)(1.0)
        first, second = pullback(one), pullback(one)
        if not oracle.equal(first, second):
            raise Wrong("pullback", f"{first!r}, then {second!r}")
        parts = tuple(first[int(place)] for place in places(f, wrt, Point(args)))
        return parts if isinstance(wrt, tuple) else parts[0]

    return gradient


def examine(mode: str, f: Any, wrt: Any, point: Point, gradient: Any, module: dict[str, Any]) -> None:
    """Raise Wrong if a mode breaks a promise at a point."""
    if mode == "interpreter":
        return examine_interpreter(f, point, gradient)
    if mode == "second":
        return examine_second(f, wrt, point, gradient, module)
    before = oracle.fingerprint((point.args, point.kwargs))
    result = called(point, f, gradient)
    if mode == "both":
        value, result = result
        if not oracle.equal(value, point(f)):
            raise Wrong("value", f"value_and_grad gives {value!r}, the primal {point(f)!r}")
    if oracle.fingerprint((point.args, point.kwargs)) != before:
        raise Wrong("arguments changed", "")
    where = places(f, wrt, point)
    parts = parts_of(result, wrt)
    for one, part in zip(where, parts):
        wrong = oracle.wrong_structure(part, point.get(one))
        if wrong:
            raise Wrong(f"structure: {general(wrong)}", f"argument {one}: {wrong}")
    wrong = oracle.shared_memory(result, (point.args, point.kwargs, list(module.values())))
    if wrong:
        raise Wrong("memory: " + wrong, "")
    if mode != "both":
        differences(f, wrt, point, gradient, module)
    return None


def parts_of(result: Any, wrt: Any) -> list[Any]:
    try:
        return as_list(result, wrt)
    except AssertionError as error:
        raise Wrong("structure", str(error)) from None


def called(point: Point, f: Any, gradient: Any) -> Any:
    """The gradient at a point, warnings being errors where the primal gives none (S12)."""
    if not oracle.clean(point, f):
        return point(gradient)
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            return point(gradient)
    except FloatingPointError as error:
        raise Wrong(f"warning: {error}", place(error)) from None


def differences(
    f: Any, wrt: Any, point: Point, gradient: Any, names: dict[str, Any], factor: float = 1.0
) -> None:
    """Wrong if the gradient disagrees at three jittered inputs, at both step sizes.

    `names` are the globals of the program.
    """
    where = places(f, wrt, point)
    tolerance = factor * (1e-2 if single(point, names) else 1e-4)
    reports = []
    for seed in range(3):
        draws = np.random.default_rng(seed)
        moved = jittered(point, where, draws)
        if not runs(moved, f):
            continue
        parts = as_list(moved(gradient), wrt)
        options: Any = {"draws": draws, "tolerance": tolerance, "each": False}
        with widened_globals(names):
            wrong = oracle.wrong_at(f, moved, where, parts, **options)
        if not wrong:
            return
        reports.append(wrong)
    if reports:
        raise Wrong("gradient", "\n".join(reports))


def runs(point: Point, f: Any) -> bool:
    """Whether the primal runs at a jittered point: a mask may select another number of elements there."""
    try:
        point(f)
    except Exception:
        return False
    return True


CAPTURED = ("RATE", "OFFSET")


def single(point: Point, names: dict[str, Any]) -> bool:
    """Whether float32 is anywhere near."""
    everything = (point.args, point.kwargs, [names[name] for name in CAPTURED if name in names])
    return any(np.asarray(v).dtype == np.float32 for _, v in leaves(everything) if is_float(v))


@contextlib.contextmanager
def widened_globals(names: dict[str, Any]) -> Any:
    """float32 globals in float64 meanwhile: with a Python float they would make differences coarse."""
    before = {name: names[name] for name in CAPTURED if name in names}
    names.update({name: oracle.widened(value) for name, value in before.items()})
    try:
        yield
    finally:
        names.update(before)


def examine_interpreter(f: Any, point: Point, gradient: Any) -> None:
    compiled = gradient.compiled_for(*point.args, **point.kwargs)
    primal = oracle.interpret(compiled.primal_ir, point)
    if not oracle.equal(primal, point(f)):
        raise Wrong("interpreter on the primal", f"{primal!r}, the primal {point(f)!r}")
    stepped = oracle.interpret(compiled.gradient_ir, point)
    text = point(compiled.function)
    if not oracle.equal(stepped, text):
        raise Wrong("interpreter on the gradient", f"{stepped!r}, its text {text!r}")


def examine_second(f: Any, wrt: Any, point: Point, gradient: Any, module: dict[str, Any]) -> None:
    product = oracle.second_order(gradient, f, wrt, point, 7)
    linecache_name = product.__code__.co_filename
    where = places(f, wrt, point)
    try:
        outer_wrt = tuple(where) if isinstance(wrt, tuple) else where[0]
        outer = astgrad.grad(product, outer_wrt)
        point(outer)
        differences(product, outer_wrt, point, outer, module, 10.0)
    finally:
        linecache.cache.pop(linecache_name, None)


def modes_of(seed: int) -> tuple[str, ...]:
    """Optimized always, the other modes in turn."""
    others = [
        ("plain",),
        ("interpreter",),
        ("second",),
        ("both",),
        ("vjp",),
        ("general",),
        ("plain", "interpreter"),
    ]
    return ("optimized", *others[seed % 7])


# --- running


@dataclass
class Tally:
    """Counts by kind and by cause, with one example of each failure."""

    kinds: collections.Counter[str] = field(default_factory=collections.Counter)
    causes: collections.Counter[tuple[str, str, str]] = field(default_factory=collections.Counter)
    seeds: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)

    def add(self, seed: int, verdict: Verdict) -> bool:
        """Count; True if this failure is the first of its cause."""
        self.kinds[verdict.kind] += 1
        if verdict.kind == "ok":
            return False
        self.causes[verdict.key] += 1
        self.seeds.setdefault(verdict.key, []).append(seed)
        return self.causes[verdict.key] == 1

    def __str__(self) -> str:
        total = sum(self.kinds.values())
        refused = self.kinds["refused"] / max(total, 1)
        counts = ", ".join(f"{self.kinds[kind]} {kind}" for kind in ("ok", "refused", "wrong", "crash"))
        lines = [f"{total} programs: {counts}; refused: {100 * refused:.2f} %"]
        for key, count in self.causes.most_common():
            lines.append(f"  {count:6d}  {' | '.join(key)}   seeds {self.seeds[key][:5]}")
        return "\n".join(lines)


def report(
    seed: int, source: str, verdict: Verdict, file: Path, keeps: Callable[[str], bool] = valid
) -> None:
    """Shrink a failure, print it, and append it to the file; `keeps` says which candidates are programs."""
    from tests.reduce import reduce

    print(f"seed {seed}: {' | '.join(verdict.key)}; shrinking", flush=True)

    def interesting(candidate: str) -> bool:
        return keeps(candidate) and judge(candidate, (verdict.mode,)).key == verdict.key

    smaller = reduce(source, interesting) if interesting(source) else source
    detail = judge(smaller, (verdict.mode,)).detail or verdict.detail
    quoted = "\n".join(f"# {line}" for line in detail.strip().split("\n"))
    text = f"# seed {seed}: {' | '.join(verdict.key)}\n{quoted}\n{smaller}\n"
    print(text, flush=True)
    with file.open("a") as out:
        out.write(text + "\n")


def main(arguments: list[str] | None = None) -> int:
    os.environ.setdefault("ASTGRAD_CHECK", "1")  # verify after each pass
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.split("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=0, help="the first seed; program i has seed + i")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--all-modes", action="store_true", help="each program in every mode")
    parser.add_argument("--refused", action="store_true", help="shrink and print what is refused too")
    parser.add_argument(
        "--file", type=Path, default=Path("fuzz_failures.txt"), help="where failures are appended"
    )
    parser.add_argument("--control", action="store_true", help="the programs of tests/fuzz_control.py")
    options = parser.parse_args(arguments)
    make, keeps = generate, valid
    if options.control:
        from tests import fuzz_control

        make, keeps = fuzz_control.generate, fuzz_control.kept
    tally, start = Tally(), time.monotonic()
    print(f"seeds {options.seed} to {options.seed + options.count - 1}", flush=True)
    for seed in range(options.seed, options.seed + options.count):
        source = make(seed)
        verdict = judge(source, MODES if options.all_modes else modes_of(seed))
        failed = verdict.kind in ("wrong", "crash") or (options.refused and verdict.kind == "refused")
        if tally.add(seed, verdict) and failed:
            report(seed, source, verdict, options.file, keeps)
        if (seed + 1) % 1000 == 0:
            print(f"{seed + 1 - options.seed} after {time.monotonic() - start:.0f} s", flush=True)
        if time.monotonic() - start > 60 * options.minutes:
            break
    print(tally)
    return 1 if tally.kinds["wrong"] or tally.kinds["crash"] else 0


if __name__ == "__main__":
    sys.exit(main())
