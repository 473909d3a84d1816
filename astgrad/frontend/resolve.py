"""Names to values: the scopes of a function that is being lowered, and what it captures (S1).

A name is local, a cell of an enclosing function that is lowered with it, or captured: a global, a builtin,
a closure cell of the live function. A captured callable, module or type becomes a `Const` with a `Guard`;
anything else is data, a hidden parameter that is read at each call. In

    def f(x):
        return np.tanh(x) * scale

`np.tanh` is `Const(np.tanh, "np.tanh")` and `scale` a hidden Var.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any, NoReturn

from astgrad.ir import UNDEFINED, Atom, Capture, Const, Guard, Var
from astgrad.records import fresh, state

MARK = "__astgrad_gradient__"  # the class attribute by which a Gradient is known here
OWN_MODULES = {"numpy", "math", "cmath", "builtins"}  # nobody rebinds what they hold


def by_identity(value: Any) -> bool:
    """Whether a captured value is checked by identity: a module, a type, a callable without a state.

    An instance of a user's class with a `__call__` is data: its attributes may change.
    """
    if isinstance(value, (ModuleType, type)) or hasattr(type(value), MARK):
        return True
    return callable(value) and not isinstance(getattr(type(value), "__call__", None), FunctionType)  # noqa: B004


def mangle(name: str, scope: str) -> str:
    """The name as Python stores it inside the class `scope` ("" outside of one)."""
    if not scope.strip("_") or not name.startswith("__") or name.endswith("__"):
        return name
    return f"_{scope.lstrip('_')}{name}"


@state
class Captured:
    """What all scopes of one lowering share: the live function, and where each Const was read."""

    function: Any  # a FunctionType, which mypy would take for a method
    places: dict[Const, tuple[Capture, tuple[str, ...]]] = fresh(factory=dict)

    def capture(self, name: str) -> Capture:
        """Where a name that no scope binds lives."""
        free = self.function.__code__.co_freevars
        if name in free and self.function.__closure__:
            return Capture(name, self.function.__closure__[free.index(name)])
        return Capture(name, self.function.__globals__)


@state
class Scope:
    """The names of one function: `bound` counts the places that bind each local, `env` has what it is now."""

    captured: Captured
    bound: dict[str, int]
    parent: Scope | None = None
    env: dict[str, Atom] = fresh(factory=dict)
    assigned: Counter[str] = fresh(factory=Counter)  # how many of these places were lowered
    outside: dict[str, Atom] = fresh(factory=dict)
    captures: dict[str, tuple[Var, Capture]] = fresh(factory=dict)
    cells: dict[str, tuple[Var, Atom]] = fresh(factory=dict)
    guards: dict[tuple[str, tuple[str, ...]], Guard] = fresh(factory=dict)
    celled: dict[str, Any] = fresh(factory=dict)  # locals that are cells: `env` has the cell itself
    shadows: list[dict[str, str]] = fresh(factory=list)  # names of comprehensions -> their keys in env
    missing: set[Atom] = fresh(factory=set)  # captured names that have no value now
    keys: int = 0  # of names that were made
    depth: int = 0  # of regions: what stands in one may never run, so what is not bound there raises later

    def assign(self, name: str, atom: Atom) -> None:
        """Bind a local."""
        self.env[name] = atom
        self.assigned[name] += 1

    def local(self, name: str) -> str:
        """The key in `env` of a name: that of the innermost comprehension that binds it, or itself."""
        for names in reversed(self.shadows):
            if name in names:
                return names[name]
        return name

    def read(self, name: str, refuse: Callable[[str, str], NoReturn]) -> Atom:
        """What a name stands for here; UNDEFINED inside a region, where it is a local that is not bound.

        Raises what Python raises for a name that is not bound, where it is read for certain.
        """
        key = self.local(name)
        if key is not name or name in self.bound:
            return self._local(key)
        if name not in self.outside:
            owner = self.parent and self.parent.owner(name)
            self.outside[name] = self._cell(name, owner, refuse) if owner else self._capture(name)
        return self.outside[name]

    def owner(self, name: str) -> Scope | None:
        """The scope, from here outwards, of which the name is a local."""
        return (
            self
            if name in self.bound or self.local(name) is not name
            else self.parent and self.parent.owner(name)
        )

    def is_cell(self, name: str) -> bool:
        """Whether what `read` gives for a name is a cell."""
        owner = self.owner(name)
        return owner is not None and name in owner.celled and owner.local(name) is name

    def _local(self, name: str) -> Atom:
        atom = self.env.get(name, UNDEFINED)
        if atom is UNDEFINED and not self.depth:
            text = f"cannot access local variable '{name}' where it is not associated with a value"
            raise UnboundLocalError(text, name=name)
        return atom

    def _cell(self, name: str, owner: Scope, refuse: Callable[[str, str], NoReturn]) -> Atom:
        """The value of an enclosing function's local, or its cell where it may be bound after this (S7)."""
        if owner.local(name) is not name:
            refuse(
                f"{name!r} of a comprehension is captured here, which sees its last value",
                f"give the value at its definition, by a default: {name}={name}",
            )
        assert self.parent is not None
        outer = self.parent.read(name, refuse)
        if isinstance(outer, Const):
            return outer
        self.cells[name] = (Var(name), outer)
        return self.cells[name][0]

    def _capture(self, name: str) -> Atom:
        capture = self.captured.capture(name)
        try:
            value = capture.read()
        except NameError:
            if not self.depth:
                raise
            value = None
            self.captures[name] = (Var(name), capture)
            self.missing.add(self.captures[name][0])
            return self.captures[name][0]
        if by_identity(value):
            return self._guarded(Const(value, name), capture, ())
        self.captures[name] = (Var(name), capture)
        return self.captures[name][0]

    def _guarded(self, const: Const, capture: Capture, path: tuple[str, ...]) -> Const:
        guard = Guard(capture, path, const.value, getattr(const.value, "__code__", None))
        self.guards[capture.name, path] = guard
        self.captured.places[const] = (capture, path)
        return const

    def is_module(self, base: Atom) -> bool:
        """Whether this is a module that was captured by name."""
        return isinstance(base, Const) and isinstance(base.value, ModuleType) and base in self.captured.places

    def member(self, base: Atom, name: str) -> Const | None:
        """The attribute of a module where it is no data; of NumPy and math everything (`np.pi`)."""
        if not isinstance(base, Const) or not self.is_module(base):
            return None
        text = f"{base.text}.{name}"
        known = self.outside.get(text)
        if isinstance(known, Const):
            return known
        capture, path = self.captured.places[base]
        if self.depth and not hasattr(base.value, name):
            return None
        value = getattr(base.value, name)
        if base.value.__name__.partition(".")[0] in OWN_MODULES:
            const = Const(value, text)
            self.captured.places[const] = (capture, (*path, name))
        elif by_identity(value):
            const = self._guarded(Const(value, text), capture, (*path, name))
        else:
            return None
        self.outside[text] = const
        return const
