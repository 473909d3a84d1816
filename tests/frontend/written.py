"""Functions from text, as `exec` with registered source makes them: what the tests of the frontend lower."""

from __future__ import annotations

import linecache
import math
from copy import deepcopy
from textwrap import dedent
from typing import Any

import numpy as np

from astgrad.frontend.lower import lower
from astgrad.interpret import interpret
from astgrad.verify import verify


def register(name: str, text: str) -> None:
    """Make the text known to linecache under that name, as IPython does with its cells."""
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)


def namespace(text: str, name: str = "demo.py", **names: Any) -> dict[str, Any]:
    """Everything that the text defines."""
    register(name, text)
    known = {"np": np, "math": math, "log": log, **names}
    exec(compile(text, name, "exec"), known)
    return known


def written(text: str, **names: Any) -> Any:
    """The function `f` that the text defines, after its common indentation is removed."""
    return namespace(dedent(text).lstrip("\n"), **names)["f"]


LOG: list[Any] = []


def log(value: Any) -> Any:
    """The value; that it was evaluated is kept."""
    LOG.append(value)
    return value


def outcome(call: Any, *args: Any) -> tuple[Any, list[Any]]:
    """What a call gives, its value or the type of what it raises, and what it has logged."""
    LOG.clear()
    try:
        value: Any = call(*args)
        got = repr(value)
    except Exception as error:
        got = type(error)
    return got, [repr(each) for each in LOG]


def agrees(function: Any, *args: Any) -> None:
    """Its IR is well formed and does what the function does, each effect once and in order."""
    lowered = lower(function)
    verify(lowered, after="lower")
    got, want = (
        outcome(lambda *a: interpret(lowered, *a), *deepcopy(args)),
        outcome(function, *deepcopy(args)),
    )
    assert got == want, f"{args}\n{lowered}"


def bodies(text: str) -> dict[str, str]:
    """Bodies of functions under their names: a line `# name` stands over each."""
    found: dict[str, list[str]] = {}
    for line in dedent(text).strip().splitlines():
        if line.startswith("# "):
            found[line[2:]] = []
        elif line.strip():
            found[list(found)[-1]].append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


def function_of(body: str, header: str = "x", **names: Any) -> Any:
    """The function f with this body."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return namespace(f"def f({header}):\n{lines}", **names)["f"]
