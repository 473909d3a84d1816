"""Keys: calls that are equal have equal keys, so that one of them serves for both."""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np

from astgrad.ir import Atom, Const, Method, Tree, Var

CALLABLE = frozenset((BuiltinFunctionType, FunctionType, np.ufunc, type))  # equal only to themselves


def key_of(op: Atom, args: tuple[Atom, ...], kwargs: tuple[tuple[str, Atom], ...]) -> Any:
    """A key equal for calls that are equal."""
    return (
        atom_key(op),
        tuple(map(atom_key, args)),
        tuple((name, atom_key(value)) for name, value in kwargs) if kwargs else (),
    )


def atom_key(atom: Atom) -> Any:
    if isinstance(atom, Var):
        return atom
    if isinstance(atom, Const):
        value = atom.value
        if type(value) in CALLABLE:
            return (Const, id(value))
        literal = value is None or isinstance(value, (bool, int, float, complex, str))
        return (
            (type(value), repr(value))
            if literal
            else (Const, value if isinstance(value, Method) else id(value))
        )
    if isinstance(atom, Tree):
        return (atom.kind, tuple(map(atom_key, atom.items)), atom.keys)
    return atom
