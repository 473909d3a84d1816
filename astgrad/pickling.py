"""Pickling: gradients are pickled by reference, as functions are.

In comes a gradient, out goes its name, or the name of its function and what to make of it. Generated code is
not pickled: it is made again where it is needed.
"""

from __future__ import annotations

import importlib
import pickle
from types import FunctionType
from typing import Any


def reduced(gradient: Any, kind: Any, options: tuple[Any, ...]) -> Any:
    """What pickle keeps of a gradient: its name, or its function and options."""
    function = gradient.function
    if named(gradient.__module__, gradient.__qualname__) is gradient:
        return named, (gradient.__module__, gradient.__qualname__)
    if not isinstance(function, FunctionType):
        return rebuilt, (kind, function, *options)
    found = named(function.__module__, function.__qualname__)
    if found is function:
        return rebuilt, (kind, function, *options)
    if isinstance(found, kind) and found.function is function:
        return rebuilt, (kind, found, *options, True)
    raise pickle.PicklingError(
        f"the gradient of {function.__module__}.{function.__qualname__} cannot be pickled: "
        "that name does not lead to the function; define it at the top of a module"
    )


def named(module: str, qualname: str) -> Any:
    """What is found under a name; None where there is nothing."""
    try:
        found: Any = importlib.import_module(module)
        for part in qualname.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError):
        return None
    return found


def rebuilt(kind: Any, function: Any, wrt: Any, value: bool, optimize: bool, inner: bool = False) -> Any:
    """Unpickle; with `inner` the gradient of the function that the given gradient replaced."""
    return kind(function.function if inner else function, wrt, value=value, optimize=optimize)
