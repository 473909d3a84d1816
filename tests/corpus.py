"""The second part of the corpus: control flow, calls, containers, scalars, live names; by section and rule.

A chapter is a file (tests/programs_control.py and its neighbours), and its sections name what they test:

    CHAPTER = Chapter("control")
    program = CHAPTER.section("while")

    @program(2.0, rules="S10 S28")
    def doubled_until_large(x):
        ...

The options are those of `program` in tests/programs.py, and

    rules   the entries of the semantics (S1 to S30) that the program is about
    flat    True where some entry of the gradient is zero on purpose
    logs    a list that the program fills through functions: each effect must happen exactly once
    name    for what has no name of its own: a bound method, a partial

What astgrad still refuses is named in tests/pending.txt: a test fails once such a program works.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.oracle import STEPS, TOLERANCE
from tests.programs import Case, Program, case

PENDING_FILE = Path(__file__).with_name("pending.txt")
CHAPTERS = ("control", "calls", "containers", "scalars", "live", "objects")


@dataclass(frozen=True)
class Entry:
    """A program with its place in the corpus."""

    program: Program
    name: str
    chapter: str
    section: str
    rules: tuple[str, ...]
    flat: bool
    logs: list[Any] | None

    def __str__(self) -> str:
        return self.name


@dataclass
class Chapter:
    """The programs of one file."""

    name: str
    entries: list[Entry] = field(default_factory=list)

    def section(self, title: str) -> Callable[..., Callable[[Any], Any]]:
        """A decorator that registers programs under a title."""

        def program(
            *args: Any,
            wrt: Any = 0,
            also: tuple[Case, ...] = (),
            steps: tuple[float, ...] = STEPS,
            tolerance: float = TOLERANCE,
            differences: bool = True,
            rules: str = "",
            flat: bool = False,
            logs: list[Any] | None = None,
            name: str = "",
            **options: Any,
        ) -> Callable[[Any], Any]:
            def register(function: Any) -> Any:
                cases = (case(*args, **options), *also)
                made = Program(function, wrt, cases, steps, tolerance, differences)
                place = (self.name, title, tuple(rules.split()), flat, logs)
                self.entries.append(Entry(made, name or made.name, *place))
                return function

            return register

        return program


def entries(*chapters: str) -> list[Entry]:
    """The programs of these chapters, of all without arguments."""
    from importlib import import_module

    modules = [import_module(f"tests.programs_{name}") for name in chapters or CHAPTERS]
    return [entry for module in modules for entry in module.CHAPTER.entries]


def pending() -> set[str]:
    """The names of what is refused although it should not be, or does not yet raise what it should."""
    lines = PENDING_FILE.read_text().split("\n")
    return {line for line in lines if line and not line.startswith("#")}
