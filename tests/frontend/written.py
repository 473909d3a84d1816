"""Functions from text, as `exec` with registered source makes them: what the tests of the frontend lower."""

from __future__ import annotations

import linecache
import math
from textwrap import dedent
from typing import Any

import numpy as np


def register(name: str, text: str) -> None:
    """Make the text known to linecache under that name, as IPython does with its cells."""
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)


def namespace(text: str, name: str = "demo.py", **names: Any) -> dict[str, Any]:
    """Everything that the text defines."""
    register(name, text)
    known = {"np": np, "math": math, **names}
    exec(compile(text, name, "exec"), known)
    return known


def written(text: str, **names: Any) -> Any:
    """The function `f` that the text defines, after its common indentation is removed."""
    return namespace(dedent(text).lstrip("\n"), **names)["f"]
