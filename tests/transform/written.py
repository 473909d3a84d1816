"""Programs from text, on their way through the passes: what the tests of transform/ and optimize/ read.

The name of a parameter says what it is, so that a row of a table needs no arguments:

    A (2, 3)   B (3, 4)   C (3, 3)   x, y (3,)   u (2,)   r (1, 3)   c (3, 1)   E (0,)
    s, t floats   n an int   i, j integer arrays (4,)   k uint8 (3,)   m a mask (3,)
    z complex (3,)   w float32 (3,)
    d an array of rank 0   g np.float64   unknown: not known before the call

Every array but those named alike has axes of its own: x0 and y0 are lengths that need not be equal.
"""

from __future__ import annotations

import re
from textwrap import dedent
from typing import Any

import numpy as np

from astgrad import ir
from astgrad.analyses.facts import Facts
from astgrad.analyses.specs import Spec
from astgrad.emit.emit import emit
from astgrad.frontend.lower import lower
from astgrad.ir import Function, Var
from astgrad.optimize.dead_code import dead_code
from astgrad.records import replace
from astgrad.transform.gradient_ir import Adjoint, gradient
from astgrad.transform.specialize import Specialized, specialize
from astgrad.verify import verify
from tests.frontend.written import written

KINDS: dict[str, Any] = {
    "A": np.arange(6.0).reshape(2, 3) / 4,
    "B": np.arange(12.0).reshape(3, 4) / 8 - 1,
    "C": np.arange(9.0).reshape(3, 3) / 4 - 1,
    "x": np.array([0.5, -1.5, 2.0]),
    "y": np.array([1.5, 0.25, -0.5]),
    "u": np.array([0.75, -0.25]),
    "r": np.array([[1.0, 2.0, -0.5]]),
    "c": np.array([[1.0], [-2.0], [0.5]]),
    "E": np.zeros(0),
    "k": np.array([3, 200, 7], np.uint8),
    "s": 0.75,
    "t": -1.25,
    "n": 2,
    "i": np.array([0, 2, 2, 1]),
    "j": np.array([1, 1, 0, 2]),
    "m": np.array([True, False, True]),
    "z": np.array([1 + 2j, 0.5j, -1.0]),
    "w": np.array([1.5, -0.5, 0.25], np.float32),
    "d": np.array(0.5),
    "g": np.float64(0.75),
}


def arguments(function: Any) -> dict[str, Any]:
    """A value for each parameter that has a name of the table above; fresh arrays at each call."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    values = {name: KINDS[name] for name in names if name in KINDS}
    return {name: v.copy() if isinstance(v, np.ndarray) else v for name, v in values.items()}


def lowered(text: str, **names: Any) -> Function:
    """The function `f` of the text, or one that returns the expression that the text is."""
    return lower(function_of(text, **names))


def function_of(text: str, **names: Any) -> Any:
    if re.search(r"\bdef f\(", text) is None:
        text = f"def f({', '.join(used(text))}):\n    return {text}\n"
    return written(text, **names)


def used(expression: str) -> list[str]:
    """The parameters that an expression reads, in order of appearance."""
    expression = re.sub(r"\blambda \w+:", "", expression)
    read = re.findall(r"(?<![\w.\"'])[A-Za-z_]\w*(?!\w*[\"'(=])", expression)
    return list(dict.fromkeys(name for name in read if name in KINDS or name == "unknown"))


def specialized(
    text: str, wrt: tuple[str, ...] | None = None, given: Any = None, **names: Any
) -> Specialized:
    """The function of the text, specialized to the kinds of its parameters (`given` says others)."""
    function = function_of(text, **names)
    values = {**arguments(function), **(given or {})}
    lowered_ = lower(function)
    known = [p.var.name for p in lowered_.params]
    if wrt is None:
        wrt = tuple(name for name in known if _is_float(values.get(name, 0.0)))
    made = specialize(lowered_, Facts(values), wrt)
    verify(made.function, after="specialize")
    return made


def _is_float(value: Any) -> bool:
    return not isinstance(value, (np.ndarray, np.generic, int, bool)) or (
        getattr(value, "dtype", None) is not None and value.dtype.kind in "fc"
    )


def adjoint(text: str, *wrt: str, value: bool = False, given: Any = None, **names: Any) -> Adjoint:
    """The pure adjoint of the function of the text, as `reverse` leaves it."""
    primal = specialized(text, wrt or None, given, **names)
    asked = wrt or tuple(name for name in primal.arguments)
    made = gradient(primal, asked, len(asked) == 1, value, "f_grad")
    verify(made.function, after="reverse")
    return made


def backward(text: str, given: Any = None, **names: Any) -> Specialized:
    """The text as statements of the backward sweep: what an optimizing pass may rewrite.

    The lines above a line `# backward` stay statements of the primal.
    """
    primal = specialized(text, (), given, **names)
    lines = dedent(text).strip("\n").splitlines()
    first = next((number for number, line in enumerate(lines, 1) if "# backward" in line), 0)
    body = tuple(
        replace(s, origin=replace(s.origin, backward=True)) if s.origin.line > first else s
        for s in primal.function.body.body
    )
    function = replace(primal.function, body=replace(primal.function.body, body=body))
    return replace(primal, function=function)


def needed(function: Function, specs: dict[Var, Spec]) -> Function:
    """The function without the backward statements that no result needs, verified."""
    function, _ = dead_code(function, specs, primal=False)
    verify(function)
    return function


def body(function: Function) -> str:
    """The statements of a function in the text form of the IR, without line numbers."""
    lines = [re.sub(r"\s+# \d+$", "", line) for line in str(function).splitlines()]
    return dedent("\n".join(lines[1:]))


def printed(function: Function, specs: dict[Var, Spec]) -> str:
    """The statements of a function as generated text, without docstring and comments."""
    text = emit(function, specs, globals={"np": np}).text
    kept = [line.partition("  #")[0] for line in text.splitlines()[1:] if line.strip() != "# backward"]
    return dedent("\n".join(kept)).strip("\n")


def returned(function: Function, specs: dict[Var, Spec]) -> str:
    """What a function returns, as generated text: one expression where it folds into one."""
    return printed(function, specs).removeprefix("return ")


def block(text: str) -> str:
    """An expected text, without its indentation."""
    return dedent(text).strip("\n")


def calls(function: Function) -> list[str]:
    """The names of what is called, in order."""
    return [getattr(s.op.value, "__name__", str(s.op)) for s in ir.statements(function.body)]
