"""Random functions of the IR: shared names, writes, views, impure calls, branches; honest effects."""

from __future__ import annotations

import operator
import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from astgrad import ir, runtime
from astgrad.analyses.specs import FLOAT, Array, Spec
from astgrad.ir import (
    PURE,
    UNKNOWN_EFFECTS,
    VIEW,
    Atom,
    Block,
    Call,
    Const,
    Effects,
    Function,
    If,
    Param,
    Tree,
    Var,
)

ARRAY = Array(np.dtype(float), (4,))
WRITE_FIRST = Effects(reads=None, writes=(0,), impure=False, result="view")
NAMES = ("", "", "", "", "x", "y", "s", "t", "bx", "by", "exp_x", "np")


class World:
    """What impure calls change; `draw` and `poke` are called by the text and by the interpreter alike."""

    def __init__(self) -> None:
        self.count = 0

    def draw(self) -> float:
        self.count += 1
        return float(self.count)

    def poke(self, a: Any) -> float:
        self.count += 1
        a[self.count % 4] += 0.25 * self.count
        return float(a[0])


@dataclass
class Maker:
    random: random.Random
    world: World
    specs: dict[Var, Spec] = field(default_factory=dict)
    views: bool = True

    def function(self, size: int) -> Function:
        params = [Var(name) for name in ("x", "y", "c")]
        self.specs.update(zip(params, (ARRAY, ARRAY, FLOAT)))
        body = self.block(list(params), [], size, 2)
        results = (Tree(tuple, tuple(self.random.choice(body[1]) for _ in range(3))),)
        return Function("f", tuple(map(Param, params)), Block(tuple(params), tuple(body[0]), results))

    def block(self, known: list[Var], owned: list[Var], size: int, depth: int) -> tuple[list[Any], list[Var]]:
        known, owned = list(known), list(owned)
        body: list[Any] = []
        for _ in range(size):
            statement = self.statement(known, owned, depth)
            body.append(statement)
            for target in ir.targets(statement):
                known.append(target)
                if isinstance(statement, Call) and statement.effects is PURE and self.specs[target] is ARRAY:
                    owned.append(target)
        return body, known

    def pick(self, known: list[Var], spec: Spec) -> Var:
        return self.random.choice([v for v in known[-12:] + known[:3] if self.specs[v] is spec])

    def target(self, spec: Spec) -> Var:
        var = Var(self.random.choice(NAMES))
        self.specs[var] = spec
        return var

    def call(self, spec: Spec | None, op: Any, *args: Any, effects: Effects = PURE) -> Call:
        atoms: tuple[Atom, ...] = tuple(a if isinstance(a, (Var, Const, Tree)) else Const(a) for a in args)
        return Call(self.target(spec) if spec else None, Const(op), atoms, (), effects)

    def statement(self, known: list[Var], owned: list[Var], depth: int) -> Any:
        kind = self.random.random()
        a, b, c = self.pick(known, ARRAY), self.pick(known, ARRAY), self.pick(known, FLOAT)
        if kind < 0.08 and depth:
            return self.branch(known, owned, c, depth)
        if kind < 0.2 and owned:
            return self.write(owned, a, c)
        if kind < 0.24:
            return self.call(FLOAT, self.world.draw, effects=UNKNOWN_EFFECTS)
        if kind < 0.28 and owned:
            return self.call(FLOAT, self.world.poke, self.random.choice(owned), effects=UNKNOWN_EFFECTS)
        if kind < 0.36:
            backward = Tree(slice, (Const(None), Const(None), Const(-1)))
            return self.call(ARRAY, operator.getitem, a, backward, effects=VIEW)
        if kind < 0.4:
            return self.call(ARRAY, getattr, a, "T", effects=VIEW)
        if kind < 0.5:
            return self.call(FLOAT, operator.getitem, a, self.random.randrange(-4, 4))
        if kind < 0.6:
            return self.call(FLOAT, np.sum, a)
        if kind < 0.7:
            return self.call(
                FLOAT, self.random.choice((operator.add, operator.sub)), c, self.pick(known, FLOAT)
            )
        if kind < 0.75:
            return self.call(ARRAY, operator.neg, a)
        if kind < 0.8:
            return self.call(ARRAY, np.tanh, a)
        if kind < 0.9:
            return self.call(ARRAY, operator.mul, a, self.random.choice((c, 0.5, -0.5)))
        return self.call(ARRAY, self.random.choice((operator.add, operator.sub)), a, b)

    def write(self, owned: list[Var], a: Var, c: Var) -> Call:
        buffer = self.random.choice(owned)
        kind = self.random.randrange(5)
        index = self.random.randrange(4)
        if kind == 0:
            return self.call(None, operator.setitem, buffer, index, c, effects=WRITE_FIRST)
        if kind == 1:
            return self.call(None, runtime.iadd_at, buffer, index, c, effects=WRITE_FIRST)
        if kind == 2:
            return self.call(None, runtime.add_at, buffer, index, -1.0, effects=WRITE_FIRST)
        op = self.random.choice((operator.iadd, operator.isub))
        return self.call(ARRAY, op, buffer, a, effects=WRITE_FIRST)

    def branch(self, known: list[Var], owned: list[Var], test: Var, depth: int) -> If:
        targets = tuple(
            self.target(self.random.choice((ARRAY, FLOAT))) for _ in range(self.random.randint(0, 2))
        )
        arms = []
        for _ in range(2):
            body, after = self.block(known, owned, self.random.randint(0, 4), depth - 1)
            results = tuple(self.pick(after, self.specs[t]) for t in targets)
            arms.append(Block((), tuple(body), results))
        return If(targets, test, *arms)
