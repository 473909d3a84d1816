"""The runtime of Python's own functions and syntax: adjoints of max, min and sum, and more.

pick(1.0, 3.0, [2.0, 3.0])  ->  [0.0, 1.0]        each(1.0, [2.0, x])  ->  [1.0, ones like x]
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from astgrad.runtime import ARRAYS, check, fill, unbroadcast, unreduce


def pick(by: Any, y: Any, items: Any) -> Any:
    """The adjoint of builtin max and min: `by` for the item that Python picked, zeros for the others."""
    found = [unbroadcast(by if i == _chosen(y, items) else 0.0, item) for i, item in enumerate(items)]
    return fill(found, items) if type(items) in ARRAYS else found


def picked(seq: Any, y: Any, items: Any) -> Any:
    """The transpose of `pick`: what stands where Python picked y from the items."""
    return seq[_chosen(y, items)]


def _chosen(y: Any, items: Any) -> int:
    """The first item that is y, or that equals it."""
    check(*items)
    same = [i for i, item in enumerate(items) if item is y]
    return (same or [i for i, item in enumerate(items) if item == y] or [0])[0]


def each(by: Any, items: Any) -> Any:
    """The adjoint of builtin sum: `by` for every item."""
    if type(items) in ARRAYS:
        return unreduce(by, items, 0)
    return [unbroadcast(by, item) for item in items]


# --- math


def norm(seq: Any) -> float:
    """math.hypot(*seq)"""
    return math.hypot(*seq)


def exponent(x: Any) -> int:
    """The exponent of math.frexp(x), a constant."""
    return math.frexp(x)[1]


def whole_part(x: Any) -> float:
    """The whole part of math.modf(x), a constant."""
    return math.modf(x)[1]


# --- syntax that is no call of an operator or builtin


def unbound(name: str) -> NoReturn:
    """Raise what Python raises where a local is read that has no value (S13)."""
    text = f"cannot access local variable {name!r} where it is not associated with a value"
    raise UnboundLocalError(text)


def bound(value: Any) -> Any:
    """The value; to read it raises where it is undefined (S13)."""
    return value


def throw(error: Any) -> NoReturn:
    """raise error"""
    raise error


def throw_from(error: Any, cause: Any) -> NoReturn:
    """raise error from cause"""
    raise error from cause


def rethrow() -> NoReturn:
    """raise: the exception that is being handled once more."""
    raise


def appended(items: list[Any], value: Any) -> list[Any]:
    """The list with a value at its end: `items.append(value)` where nobody else holds the list."""
    return [*items, value]


# --- calls and displays with * and **


def apply(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """function(*args, **kwargs)"""
    return function(*args, **kwargs)


def merged(*mappings: Any) -> dict[Any, Any]:
    """{**a, **b, ...}: of equal keys the last one counts."""
    result: dict[Any, Any] = {}
    for mapping in mappings:
        result = {**result, **mapping}
    return result


def keywords(*mappings: Any) -> dict[str, Any]:
    """The keyword arguments of a call with `**`: none may be given twice."""
    result: dict[str, Any] = {}
    for mapping in mappings:
        result = dict(**result, **mapping)
    return result


def unpacked(value: Any, before: int, behind: int) -> tuple[Any, ...]:
    """The items of an iterable where one target is starred: those before it, a list, those behind it."""
    items = list(value)
    if len(items) < before + behind:
        least = f"expected at least {before + behind}, got {len(items)}"
        raise ValueError(f"not enough values to unpack ({least})")
    stop = len(items) - behind
    return (*items[:before], items[before:stop], *items[stop:])


# --- cells of nested functions (S7)


class Cell:
    """One slot that an enclosing function and nested ones share."""

    value: Any
    __slots__ = ("value",)


def cell(*value: Any) -> Cell:
    """A new cell, empty or with a value."""
    made = Cell()
    if value:
        (made.value,) = value
    return made


def cell_get(cell: Cell) -> Any:
    """What the cell holds; raises what Python raises where it is empty."""
    try:
        return cell.value
    except AttributeError:
        raise UnboundLocalError("cannot access a variable that is not associated with a value") from None


def cell_set(cell: Cell, value: Any) -> None:
    """Let the cell hold the value."""
    cell.value = value


# --- patterns of match


def is_sequence(value: Any) -> bool:
    """Whether `case [...]` may fit."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


def is_mapping(value: Any) -> bool:
    """Whether `case {...}` may fit."""
    return isinstance(value, Mapping)
