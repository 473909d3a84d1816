"""Random functions of nested statements that log what they do, for the oracle of the lowering.

python -m tests.frontend.random_programs [COUNT] [FIRST]      prints the first program that disagrees
"""

from __future__ import annotations

import random
import sys

from astgrad.errors import UnsupportedSyntax
from astgrad.frontend.lower import lower
from tests.frontend.written import agrees, log, namespace

NAMES = "abcd"


class Writer:
    """One random function."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.left = self.random.randint(4, 14)
        self.loops = 0

    def source(self) -> str:
        """The text of `f(a, b)`."""
        self.block(1, False)
        start = ["def f(a, b):", "    if a > 1: c = b", "    d = 1"]
        return "\n".join([*start, *self.lines, "    return a, b", ""])

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def block(self, depth: int, loop: bool) -> None:
        for _ in range(self.random.randint(1, 3)):
            self.left -= 1
            self.statement(depth, loop)

    def value(self) -> str:
        pick = self.random.random()
        name = self.random.choice(NAMES)
        if pick < 0.25:
            return str(self.random.randint(0, 4))
        if pick < 0.5:
            return name
        if pick < 0.6:
            return f"({self.test()} and {name} or {self.random.randint(1, 3)})"
        if pick < 0.7:
            return f"({name} if {self.test()} else log({self.random.choice(NAMES)}))"
        if pick < 0.75:
            return f"({name} := {self.random.choice(NAMES)} + 1)" if WALRUS else name
        return f"log({name} + {self.random.randint(1, 3)})"

    def test(self) -> str:
        pick = self.random.random()
        name, other = self.random.choice(NAMES), self.random.choice(NAMES)
        if pick < 0.2:
            return f"0 < log({name}) < {other} + 3"
        if pick < 0.3:
            return f"not {name}"
        return f"{name} {self.random.choice(['>', '<', '==', '!='])} {self.random.randint(0, 5)}"

    def statement(self, depth: int, loop: bool) -> None:
        pick = self.random.random()
        if self.left <= 0 or depth > 5 or pick < 0.3:
            self.line(depth, f"{self.random.choice(NAMES)} = {self.value()}")
        elif pick < 0.38:
            self.line(depth, f"{self.random.choice(NAMES)} += {self.value()}")
        elif pick < 0.44:
            self.line(depth, f"log({self.value()})")
        elif pick < 0.455:
            self.line(depth, f"raise ValueError(log({self.value()}))")
        elif pick < 0.47:
            self.line(depth, f"assert {self.test()}, log('no')")
        elif pick < 0.5:
            self.line(depth, f"return {self.value()}" if pick < 0.49 else "return")
        elif pick < 0.58 and loop:
            self.line(depth, self.random.choice(["break", "continue"]))
        else:
            self.compound(depth, loop)

    def compound(self, depth: int, loop: bool) -> None:
        choices = [self.if_, self.if_, self.if_, self.for_, self.while_, *BLOCKS]
        self.random.choice(choices)(depth, loop) if not BLOCKS else self.blocks(depth, loop)

    def blocks(self, depth: int, loop: bool) -> None:
        choices = [self.if_, self.if_, self.for_, self.while_, self.try_, self.with_]
        self.random.choice(choices)(depth, loop)

    def if_(self, depth: int, loop: bool) -> None:
        self.line(depth, f"if {self.test()}:")
        self.block(depth + 1, loop)
        while self.random.random() < 0.25:
            self.line(depth, f"elif {self.test()}:")
            self.block(depth + 1, loop)
        if self.random.random() < 0.4:
            self.line(depth, "else:")
            self.block(depth + 1, loop)

    def for_(self, depth: int, loop: bool) -> None:
        name = self.random.choice(NAMES)
        header = self.random.choice(
            [
                f"for {name} in range(log({self.random.randint(0, 4)})):",
                f"for {name}, {self.random.choice(NAMES)} in enumerate([3, {self.random.choice(NAMES)}, 1]):",
                f"for {name}, {self.random.choice(NAMES)} in zip(range(3), (1, 2)):",
                f"for {name} in [{self.value()}, 2]:",
            ]
        )
        self.line(depth, header)
        self.block(depth + 1, True)
        self.orelse(depth, loop)

    def while_(self, depth: int, loop: bool) -> None:
        self.loops += 1
        count = f"n{self.loops}"
        self.line(depth, f"{count} = 0")
        self.line(depth, self.random.choice([f"while {count} < 3 and {self.test()}:", "while True:"]))
        self.line(depth + 1, f"{count} += 1")
        self.line(depth + 1, f"if {count} > 4: {self.random.choice(['break', 'return log(a)'])}")
        self.block(depth + 1, True)
        self.orelse(depth, loop)

    def orelse(self, depth: int, loop: bool) -> None:
        if self.random.random() < 0.3:
            self.line(depth, "else:")
            self.block(depth + 1, loop)

    def try_(self, depth: int, loop: bool) -> None:
        self.line(depth, "try:")
        self.block(depth + 1, loop)
        self.line(depth + 1, f"log(1 // {self.random.choice(NAMES)})")
        final = self.random.random() < 0.3
        if not final or self.random.random() < 0.7:
            self.line(
                depth, f"except {self.random.choice(['ZeroDivisionError', 'ArithmeticError', 'NameError'])}:"
            )
            self.block(depth + 1, loop)
            self.orelse(depth, loop)
        if final:
            self.line(depth, "finally:")
            self.line(depth + 1, f"log({self.random.randint(5, 9)})")

    def with_(self, depth: int, loop: bool) -> None:
        self.line(depth, f"with context({self.value()}) as {self.random.choice(NAMES)}:")
        self.block(depth + 1, loop)


WALRUS = True
BLOCKS: list[object] = [1]


class Context:
    """A context that logs."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __enter__(self) -> object:
        return log(self.value)

    def __exit__(self, *error: object) -> None:
        log(("exit", error[0]))


def check(seed: int) -> bool:
    """The function of that seed and its IR agree at a few arguments, or it is refused."""
    function = namespace(Writer(seed).source(), f"random{seed}.py", context=Context)["f"]
    try:
        lower(function)
    except UnsupportedSyntax as error:
        assert "assigned in a 'try'" in str(error)
        return False
    for args in ((0, 1), (2, 3), (5, 0)):
        agrees(function, *args)
    return True


if __name__ == "__main__":
    count, first = (*map(int, sys.argv[1:]), *(1000, 0)[len(sys.argv) - 1 :])
    done = 0
    for seed in range(first, first + count):
        try:
            done += check(seed)
        except Exception as error:
            print(Writer(seed).source(), seed, type(error), error)
            raise SystemExit(1) from error
    print(f"{done} of {count} lowered, and right")
