"""Specs: what is known of a value before it exists, and how shapes combine.

In comes a spec for each operand, out goes one for the result; `UNKNOWN` is always allowed and always
right. A dimension is an int that is known exactly, a `Dim` (the length of one axis of a Var, less an
offset, and not 1 where the offset is 0), or None: unknown, which never equals anything, itself included.

    W: f8[W0, W1]   x: f8[x0]   W @ x: f8[W0]   x[1:] - x[:-1]: f8[x0 - 1]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np

from astgrad.ir import Var
from astgrad.records import record, replace, value


@record
class Dim:
    """max(source.shape[axis] - offset, 0). With offset 0 it is known not to be 1."""

    source: Var
    axis: int
    offset: int = 0
    asked: set[tuple[Var, int]] | None = None  # who relied on its not being 1; not compared
    found: bool = False  # at run time: an axis of an intermediate value, which may be 1

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Dim)
            and self.source is other.source
            and (self.axis, self.offset, self.found) == (other.axis, other.offset, other.found)
        )

    def __hash__(self) -> int:
        return hash((self.source, self.axis, self.offset, self.found))

    def __repr__(self) -> str:
        less = f" - {self.offset}" if self.offset else ""
        return f"{self.source.name or 't'}{self.axis}{less}"


Dimension = Union[int, Dim, None]


@value
class Unknown:
    """Nothing is known."""

    def __repr__(self) -> str:
        return "?"


@value
class Array:
    """An ndarray (exactly that type). `shape` None: the rank is unknown too."""

    dtype: np.dtype[Any]
    shape: tuple[Dimension, ...] | None = None

    def __repr__(self) -> str:
        code = self.dtype.str.lstrip("<>|=")
        return f"{code}[...]" if self.shape is None else f"{code}{list(self.shape)}"


@value
class Number:
    """A Python or NumPy scalar of this type; an int may be a known dimension or literal.

    Where paths join that give scalars of several types it is the widest of them, and not `exact`.
    """

    type: type
    value: Dimension | float = None  # of ints: the value, as far as it is known; of floats: a literal's
    exact: bool = True

    @property
    def dimension(self) -> Dimension:
        """The value as a dimension."""
        return None if isinstance(self.value, float) else self.value

    def __repr__(self) -> str:
        loose = "" if self.exact else "~"
        return loose + self.type.__name__ + (f" {self.value}" if self.value is not None else "")


@record
class Known:
    """A value that is known itself: None, a bool, a str, a dtype, a type, a callable, a module."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Known) and (
            other.value is self.value or (type(other.value) is type(self.value) and other.value == self.value)
        )

    def __hash__(self) -> int:
        try:
            return hash(self.value)
        except TypeError:
            return id(self.value)

    def __repr__(self) -> str:
        return getattr(self.value, "__name__", None) or repr(self.value)


@value
class Struct:
    """A container of static structure: tuple, list, dict, slice, namedtuple or dataclass type."""

    kind: type
    items: tuple[Spec, ...]
    keys: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        named = [f"{key}: {item!r}" for key, item in zip(self.keys, self.items)] or list(
            map(repr, self.items)
        )
        return f"{self.kind.__name__}({', '.join(named)})"


@value
class Recorded:
    """The tape of a loop; `columns` are the states of the values of an entry (transform/states.py)."""

    columns: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"tape{list(self.columns)}"


@value
class Listing:
    """A list of unknown length whose items are alike; `state` has their structure (transform/states.py)."""

    item: Any  # Spec
    state: Any

    def __repr__(self) -> str:
        return f"[{self.item!r}, ...]"


Spec = Union[Unknown, Array, Number, Known, Struct, Recorded, Listing]

UNKNOWN = Unknown()
FLOAT = Number(float)
INT = Number(int)
BOOL = Number(bool)
NUMBERS = (bool, int, float, complex)


class Undecided(Exception):
    """Raised inside a spec function where the result depends on what is not known."""


def static(spec: Spec) -> Any:
    """The Python value behind a spec; raises Undecided where it is not known."""
    if isinstance(spec, Known):
        return spec.value
    if isinstance(spec, Number) and isinstance(spec.value, (int, float)):
        return spec.value
    if isinstance(spec, Struct) and spec.kind in (tuple, list):
        return spec.kind(static(item) for item in spec.items)
    if isinstance(spec, Struct) and spec.kind is slice:
        return slice(*(static(item) for item in spec.items))
    raise Undecided


def rank(spec: Spec) -> int | None:
    """The number of dimensions, 0 for scalars; None where it is unknown."""
    if isinstance(spec, Number):
        return 0
    if isinstance(spec, Array) and spec.shape is not None:
        return len(spec.shape)
    return None


def shape_of(spec: Spec) -> tuple[Dimension, ...] | None:
    """The dimensions, () for scalars; None where the rank is unknown."""
    return () if isinstance(spec, Number) else spec.shape if isinstance(spec, Array) else None


def dtype_of(spec: Spec) -> np.dtype[Any] | None:
    """The dtype of an array or scalar (a Python float has float64); None where it is unknown."""
    if isinstance(spec, Array):
        return spec.dtype
    if isinstance(spec, Number):
        return np.dtype(spec.type)
    return None


def is_numpys(spec: Spec) -> bool:
    """Whether NumPy does the arithmetic of a value: an array or a NumPy scalar."""
    return isinstance(spec, Array) or (isinstance(spec, Number) and spec.exact and spec.type not in NUMBERS)


def same(a: Dimension, b: Dimension) -> bool:
    """Whether two dimensions are known to be equal. Unknown equals nothing."""
    return a is not None and a == b


def not_unit(dim: Dimension) -> bool:
    """Whether a dimension is known not to be 1."""
    if isinstance(dim, int):
        return dim != 1
    if dim is None or dim.offset or dim.found:
        return False
    if dim.asked is not None:  # what is relied on is tested at each call
        dim.asked.add((dim.source, dim.axis))
    return True


def broadcast_dimension(a: Dimension, b: Dimension) -> Dimension:
    """The result of broadcasting two dimensions that are compatible (NumPy has raised otherwise)."""
    if same(a, b) or b == 1:
        return a
    if a == 1:
        return b
    if isinstance(a, int) and not_unit(a):
        return a
    return a if not_unit(a) else b if not_unit(b) else None


def broadcast(*shapes: Sequence[Dimension] | None) -> tuple[Dimension, ...] | None:
    """The broadcast shape; None where a rank is unknown."""
    if None in shapes:
        return None
    known = [tuple(shape) for shape in shapes if shape]
    if all(shape == known[0] for shape in known[1:]):
        return known[0] if known else ()
    ndim = max((len(shape) for shape in known), default=0)
    result: list[Dimension] = [1] * ndim
    for shape in known:
        for axis, dim in enumerate(shape, ndim - len(shape)):
            result[axis] = broadcast_dimension(result[axis], dim)
    return tuple(result)


def fills(shape: Sequence[Dimension] | None, result: Sequence[Dimension] | None) -> bool:
    """Whether an operand of this shape is known not to be stretched to `result` by broadcasting."""
    if shape is None or result is None or len(shape) != len(result):
        return False
    return all(same(a, b) or not_unit(a) for a, b in zip(shape, result))


def spec_of(value: Any, root: Var | None = None, asked: set[tuple[Var, int]] | None = None) -> Spec:
    """The spec of an actual value; the dimensions of an array become axes of `root`."""
    kind = type(value)
    if kind is np.ndarray or kind is np.memmap:
        if root is None:
            return Array(value.dtype, tuple(None if n != 1 else 1 for n in value.shape))
        return Array(
            value.dtype,
            tuple(1 if n == 1 else Dim(root, axis, 0, asked) for axis, n in enumerate(value.shape)),
        )
    if kind in NUMBERS or isinstance(value, np.generic):
        return Number(kind)
    return Known(value)


def literal(value: Any) -> Spec:
    """The spec of a literal or folded value, which is known itself (unlike an argument's)."""
    kind = type(value)
    if kind in (int, float):
        return Number(kind, value)
    if kind is complex or (isinstance(value, np.generic) and not isinstance(value, np.bool_)):
        return Number(kind)
    if kind in (tuple, list):
        return Struct(kind, tuple(map(literal, value)))
    if kind is slice:
        return Struct(slice, tuple(map(literal, (value.start, value.stop, value.step))))
    if kind is np.ndarray:
        return Array(value.dtype, value.shape)
    return Known(value)


def named(spec: Spec, var: Var) -> Spec:
    """An array whose unknown lengths are named after the value that has them."""
    if not isinstance(spec, Array) or spec.shape is None or None not in spec.shape:
        return spec
    dims = (Dim(var, i, found=True) if dim is None else dim for i, dim in enumerate(spec.shape))
    return Array(spec.dtype, tuple(dims))


def without_value(spec: Spec) -> Spec:
    """An int whose value is forgotten."""
    return replace(spec, value=None) if isinstance(spec, Number) else spec
