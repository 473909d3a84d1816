"""Facts: what a specialization read off one call's arguments and captured data, and on which it stands.

In come the actual values of a call, by root; out come the specs that the walk over the function asked
for, and the list of facts that a guard has to test before the compiled text may be used again (S1, S2).

    x: ndarray float64, rank 2, no unit axis      p["n"]: exactly an int      flag: the value True
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import FunctionType
from typing import Any

import numpy as np

from astgrad.analyses.specs import Known, Number, Spec, spec_of
from astgrad.ir import Var
from astgrad.records import fresh, record, state, value

LEAVES = 256  # a container with more leaves than this is opaque


@value
class Path:
    """A root (a parameter or captured name) and the steps from it: ("item", key) or ("attr", name)."""

    root: Var
    steps: tuple[tuple[str, Any], ...] = ()

    def item(self, key: Any) -> Path:
        return Path(self.root, (*self.steps, ("item", key)))

    def attr(self, name: str) -> Path:
        return Path(self.root, (*self.steps, ("attr", name)))

    def read(self, value: Any) -> Any:
        """What is found at the end of the path when the root is `value`."""
        for kind, key in self.steps:
            value = value[key] if kind == "item" else getattr(value, key)
        return value


@record
class Fact:
    """`kind` of the value at `path` is `expected`.

    kinds: "array" (dtype, unit axes as a tuple of bools), "type" (exactly), "value" (equal, same type),
    "is" (identity), "keys" (of a dict, in order), "length" (of a tuple or list), "code" (of a function),
    "has:name" (an attribute: (name, whether there is one)).
    """

    path: Path
    kind: str
    expected: Any


@state
class Facts:
    """The actual values by name of parameter, or None for the general form, and the facts used so far."""

    values: Mapping[str, Any] | None = None
    unforceable: frozenset[tuple[Any, ...]] = frozenset()  # paths of ints that took too many values
    used: dict[tuple[Path, str], Fact] = fresh(factory=dict)
    roots: dict[Var, Any] = fresh(factory=dict)
    sources: dict[Var, Path] = fresh(factory=dict)  # where each leaf was read
    asked: set[tuple[Var, int]] = fresh(factory=set)  # axes of leaves whose not being 1 matters

    def bind(self, root: Var, value: Any) -> None:
        """Say what the value of a root is."""
        self.roots[root] = value

    def known(self, path: Path) -> bool:
        return path.root in self.roots

    def value(self, path: Path) -> Any:
        return path.read(self.roots[path.root])

    def may_force(self, path: Path) -> bool:
        return self.known(path) and (path.root.name, *path.steps) not in self.unforceable

    def use(self, *facts: Fact) -> None:
        self.used.update({(fact.path, fact.kind): fact for fact in facts})


def leaf_fact(path: Path, value: Any) -> Fact:
    """The fact that a leaf's spec stands on."""
    if type(value) in (np.ndarray, np.memmap):
        return Fact(path, "array", (type(value), value.dtype, tuple(n == 1 for n in value.shape)))
    spec = spec_of(value)
    if isinstance(spec, Number) and not isinstance(value, (bool, np.bool_)):
        return Fact(path, "type", type(value))
    return Fact(path, *_known_fact(value))


def leaf_spec(value: Any, root: Var, asked: set[tuple[Var, int]]) -> Spec:
    """The spec of a leaf: bools by value, other numbers by kind, arrays with axes of `root` as dimensions."""
    return Known(value) if type(value) is bool else spec_of(value, root, asked)


def _known_fact(value: Any) -> tuple[str, Any]:
    if value is None or isinstance(value, (bool, str, bytes, np.bool_)) or value is ...:
        return "value", value
    if isinstance(value, np.dtype):
        return "value", value
    entered = isinstance(inspect.getattr_static(type(value), "__call__", None), FunctionType)  # a user's
    entered = entered and not (type(value).__module__ or "").startswith("numpy")
    known = isinstance(value, type) or (callable(value) and not entered)
    return ("is", value) if known or hasattr(value, "__astgrad_gradient__") else ("type", type(value))
