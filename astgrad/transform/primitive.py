"""A primitive as a function: `grad(np.tanh)` differentiates a body of one call.

In comes a callable of which the registry will have a rule, out goes `tanh(x): t1 = tanh(x); return t1`.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from astgrad.errors import SourceUnavailable
from astgrad.ir import Block, Call, Const, Function, Param, Var
from astgrad.rules import registry
from astgrad.rules.rule import REQUIRED


def primitive(function: Any) -> Function:
    """The IR of one call of `function` on its positional parameters.

    Raises SourceUnavailable where it is no function of NumPy, math or Python.
    """
    name = getattr(function, "__name__", repr(function))
    params = tuple(Param(Var(parameter)) for parameter in parameters(function))
    result = Var()
    module = "np" if isinstance(function, np.ufunc) else (function.__module__ or "").partition(".")[0]
    text = f"{'np' if module == 'numpy' else module}.{name}" if module != "builtins" else name
    call = Call(result, Const(function, text), tuple(p.var for p in params))
    return Function(name, params, Block(tuple(p.var for p in params), (call,), (result,)))


def parameters(function: Any) -> tuple[str, ...]:
    """The names of the parameters that have no default."""
    if isinstance(function, np.ufunc):
        return ("x",) if function.nin == 1 else tuple(f"x{i + 1}" for i in range(function.nin))
    rule = registry.lookup(function)
    if rule is not None and rule.parameters is not None:
        return tuple(name for name, default in rule.parameters.items() if default is REQUIRED)
    if not callable(function):
        raise TypeError(f"grad(f): f is {function!r}, not a function")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        signature = None
    if signature is None or isinstance(function, type):
        name = getattr(function, "__name__", repr(function))
        raise SourceUnavailable(
            f"{name} has no Python source: astgrad differentiates Python functions and NumPy's own"
        )
    needed = [p for p in signature.parameters.values() if p.default is p.empty]
    return tuple(p.name for p in needed if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))


def one_call(function: Any, signature: inspect.Signature, name: str) -> Function:
    """A gradient or a partial as a function of which the body is one call of it."""
    params = tuple(
        Param(Var(name), p.kind.name, None if p.default is p.empty else Const(p.default))
        for name, p in signature.parameters.items()
    )
    args = tuple(p.var for p in params if p.kind != "KEYWORD_ONLY")
    kwargs = tuple((p.var.name, p.var) for p in params if p.kind == "KEYWORD_ONLY")
    result = Var()
    call = Call(result, Const(function), args, kwargs)
    return Function(name, params, Block(tuple(p.var for p in params), (call,), (result,)))
