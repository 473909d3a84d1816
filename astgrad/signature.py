"""Signatures: what a function is called with, and which of it `wrt` means."""

from __future__ import annotations

import functools
import inspect
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from astgrad.analyses import specs as sp
from astgrad.analyses.facts import Facts
from astgrad.ir import Atom, Const, Tree, Var
from astgrad.transform.primitive import primitive


def signature_of(function: Any) -> inspect.Signature:
    """The signature of a function, never of what it wraps; of a primitive that of its rule."""
    if isinstance(function, (FunctionType, MethodType, functools.partial)) or hasattr(
        function, "__astgrad_gradient__"
    ):
        return inspect.signature(function, follow_wrapped=False)
    return primitive_signature(function)


def primitive_signature(function: Any) -> inspect.Signature:
    lowered = primitive(function)
    return inspect.Signature(
        [inspect.Parameter(p.var.name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in lowered.params]
    )


def resolve_wrt(
    function: Any, signature: inspect.Signature, wrt: int | str | tuple[int | str, ...]
) -> tuple[tuple[str, ...], bool]:
    """The names that `wrt` means, and whether it is a single one.

    Raises TypeError where it is of another type, ValueError where the function has no such parameter.
    """
    name = getattr(function, "__name__", repr(function))
    known = list(signature.parameters)
    single = not isinstance(wrt, tuple)
    given = (wrt,) if not isinstance(wrt, tuple) else wrt
    if not known:
        raise ValueError(f"{name} has no parameters, so there is nothing to differentiate with respect to")
    if not given:
        raise ValueError("wrt=() names no argument; give a position, a name, or a tuple of them")
    names: list[str] = []
    for each in given:
        if isinstance(each, bool) or not isinstance(each, (int, str, np.integer)):
            raise TypeError(
                f"wrt={wrt!r}: give a position, a name, or a tuple of them, not {type(each).__name__}"
            )
        if isinstance(each, str):
            if each not in known:
                raise ValueError(
                    f"wrt={each!r}: {name} has no parameter of that name; it has {', '.join(known)}"
                )
            names.append(each)
        else:
            if not -len(known) <= each < len(known):
                raise ValueError(
                    f"wrt={each}: {name} has {len(known)} parameter(s), counted from 0: {', '.join(known)}"
                )
            names.append(known[each])
    repeated = next((n for n in names if names.count(n) > 1), None)
    if repeated is not None:
        raise ValueError(f"wrt={wrt!r} names {repeated!r} twice")
    return tuple(names), single


def in_words(arguments: dict[str, Atom], specs: dict[Var, sp.Spec], facts: Facts) -> str:
    """The signature as the docstring has it: `W: float64 (2-d), y: int`."""
    whole = (fact for (path, kind), fact in facts.used.items() if kind == "value" and not path.steps)
    values = {fact.path.root: fact.expected for fact in whole}
    shown = (
        str(values[atom]) if isinstance(atom, Var) and atom in values else described(atom, specs)
        for atom in arguments.values()
    )
    return ", ".join(f"{name}: {words}" for name, words in zip(arguments, shown))


def described(atom: Atom, specs: dict[Var, sp.Spec]) -> str:
    if isinstance(atom, Tree):
        items = [described(item, specs) for item in atom.items]
        if atom.kind is dict:
            items = [f"{key!r}: {item}" for key, item in zip(atom.keys, items)]
            return f"{{{', '.join(items)}}}"
        shown = ", ".join(items)
        return (
            f"[{shown}]"
            if atom.kind is list
            else f"({shown})"
            if atom.kind is tuple
            else f"{atom.kind.__name__}({shown})"
        )
    if isinstance(atom, Const):
        return str(atom)
    if not isinstance(atom, Var):
        return "function"
    spec = specs.get(atom, sp.UNKNOWN)
    if isinstance(spec, sp.Array):
        shape = spec.shape or ()
        unit = ", ".join("1" if dim == 1 else ":" for dim in shape)
        return f"{spec.dtype}[{unit}]" if any(dim == 1 for dim in shape) else f"{spec.dtype} ({len(shape)}-d)"
    return spec.type.__name__ if isinstance(spec, sp.Number) else "any"
