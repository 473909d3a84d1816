"""Which lists may grow: those that the function made itself and that nothing holds unseen.

`xs.append(v)` makes a new version of the list, and every name that stands for the list must stand for the new
version. So a list is *own* as long as all that refers to it is a name of the scope, or a container there: it
is no longer when it is handed to a call that may keep it, captured by a nested function, put into another
list, or when what is one list on one path is two on another.
"""

from __future__ import annotations

import builtins
import operator
from typing import Any

import numpy as np

from astgrad.ir import UNDEFINED, Atom, Closure, Const, Method, Tree, Var
from astgrad.runtime import unpack
from astgrad.runtime_python import appended

Names = dict[str, Atom]

HARMLESS = "len sum min max sorted tuple list any all bool repr str print isinstance type format set dict"
KEEPS_NOT = {*(getattr(builtins, name) for name in HARMLESS.split()), unpack}
RETURNS = (min, max, sum)  # of several arguments they may give one back
METHODS = {Method(name) for name in ("index", "count", "copy")}
OPERATORS = {"is_", "is_not", "invert", "index"}
MAKES = (list, sorted)


class Lists:
    """The own lists of one function, by their atoms, and those that a loop steps through now."""

    def __init__(self) -> None:
        self.own: set[Atom] = set()
        self.locked: list[Atom] = []

    def made(self, atom: Atom) -> Atom:
        """A new list."""
        self.own.add(atom)
        return atom

    def may_grow(self, atom: Atom) -> bool:
        return atom in self.own and atom not in self.locked

    def used(self, op: Atom, args: tuple[Atom, ...], target: Var) -> None:
        """A call: what it may keep is no longer own; some make a list."""
        value = op.value if isinstance(op, Const) else None
        harmless = _harmless(value) and not (len(args) > 1 and any(value is each for each in RETURNS))
        makes = any(value is each for each in MAKES) or self.copies(value, args)
        for place, arg in enumerate(args):
            whole = harmless or (value is appended and not place)
            if not whole or arg not in self.own:
                self.lost(arg)
            elif isinstance(arg, Tree):
                for item in arg.items:
                    self.lost(item)
        if makes:
            self.made(target)

    def copies(self, value: Any, args: tuple[Atom, ...]) -> bool:
        """Whether a call of an own list makes a new one: a concatenation, a repetition, a slice."""
        if not args or args[0] not in self.own:
            return False
        if value is operator.getitem:
            return isinstance(args[1], Tree) and args[1].kind is slice
        return value in (operator.add, operator.mul, Method("copy"))

    def lost(self, atom: Atom) -> None:
        """Something unseen refers to this atom and what it contains."""
        if not self.own:
            return
        self.own.discard(atom)
        if isinstance(atom, Tree):
            for item in atom.items:
                self.lost(item)
        elif isinstance(atom, Closure):
            for _, value in (*atom.cells, *atom.defaults):
                self.lost(value)

    def joined(self, phis: list[tuple[Var, Atom, Atom]], arms: list[Names], env: Names) -> None:
        """Two arms have met: a phi of own lists is own if all that refers to them refers to that phi."""
        for phi, *sides in phis:
            if not any(map(self.holds, sides)):
                continue
            own = all(side is UNDEFINED or self.may_grow(side) for side in sides)
            if own and all(self.alone(side, phi, arm, env) for side, arm in zip(sides, arms)):
                self.made(phi)
            else:
                for side in sides:
                    self.lost(side)

    def alone(self, side: Atom, phi: Var, arm: Names, env: Names) -> bool:
        """Whether each name that refers to a list at the end of an arm refers to the phi behind it."""
        named = (env.get(name, UNDEFINED) for name, atom in arm.items() if contains(atom, side))
        return all(atom is UNDEFINED or contains(atom, phi) for atom in named)

    def holds(self, atom: Atom) -> bool:
        """Whether an atom is or contains an own list."""
        if atom in self.own:
            return True
        return isinstance(atom, Tree) and any(map(self.holds, atom.items))

    def replace(self, env: Names, before: Atom, after: Atom) -> None:
        """Let every name that is or contains an atom stand for another one."""
        known: dict[Atom, Atom] = {before: after}
        for name, atom in env.items():
            if contains(atom, before):
                env[name] = self.exchanged(atom, before, known)

    def exchanged(self, atom: Atom, before: Atom, known: dict[Atom, Atom]) -> Atom:
        """The atom with a part replaced; an own list stays own."""
        if not contains(atom, before):
            return atom
        if atom not in known:
            assert isinstance(atom, Tree)
            items = tuple(self.exchanged(item, before, known) for item in atom.items)
            known[atom] = Tree(atom.kind, items, atom.keys)
            if atom in self.own:
                self.made(known[atom])
        return known[atom]


def contains(atom: Atom, part: Atom) -> bool:
    """Whether an atom is another one or contains it."""
    if atom is part:
        return True
    return isinstance(atom, Tree) and any(contains(item, part) for item in atom.items)


def _harmless(value: Any) -> bool:
    """Whether a call keeps no list that it is given, and gives no part of it back."""
    if isinstance(value, np.ufunc):
        return True
    name = getattr(value, "__name__", "")
    if getattr(value, "__module__", None) == "_operator":
        return not (name.startswith("i") and hasattr(operator, f"__{name}__") and name not in OPERATORS)
    if (getattr(value, "__module__", None) or "").partition(".")[0] == "numpy":
        return not isinstance(value, type)
    try:
        return value in KEEPS_NOT or value in METHODS
    except TypeError:
        return False
