"""Binding: the arguments of a call to the parameters of an inlined callee, as Python does."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from astgrad import ir
from astgrad.errors import UnsupportedSyntax
from astgrad.ir import Atom, Const, Function, Tree, Var
from astgrad.transform.leaves import Leaves


def bind(
    walk: Leaves, function: Function, args: Any, kwargs: Any, defaults: dict[str, Atom]
) -> dict[Var, Atom]:
    """Arguments to parameters, as Python does; raises the TypeError that the call would raise."""
    signature = inspect.Signature(
        [
            inspect.Parameter(
                p.var.name, getattr(inspect.Parameter, p.kind), default=default(walk, p, defaults)
            )
            for p in function.params
        ]
    )
    try:
        bound = signature.bind(*args, **dict(kwargs))
    except TypeError as error:
        raise TypeError(f"{function.name}() {error}") from None
    bound.apply_defaults()
    return {p.var: collected(p, bound.arguments[p.var.name]) for p in function.params}


def collected(param: ir.Param, value: Any) -> Atom:
    """What a parameter holds: the tuple of `*args`, the dict of `**kwargs`."""
    if param.kind == "VAR_POSITIONAL":
        return Tree(tuple, tuple(value))
    if param.kind == "VAR_KEYWORD":
        return Tree(dict, tuple(value.values()), tuple(value))
    return value  # type: ignore[no-any-return]


def default(walk: Leaves, param: ir.Param, defaults: dict[str, Atom]) -> Any:
    value = defaults.get(param.var.name, param.default)
    if value is None:
        return inspect.Parameter.empty
    if isinstance(value, Const) and isinstance(value.value, (np.ndarray, list, dict, set)):
        walk.refuse(
            UnsupportedSyntax,
            f"the default of {param.var.name!r} is a mutable object",
            "pass it as an argument",
        )
    return value
