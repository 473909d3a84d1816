"""What generated code calls on lists that grow: the transposes of `append`, `+` and slices.

popped([1, 2, 3])  ->  [1, 2]        joined([1], [2, 3])  ->  [1, 2, 3]
"""

from __future__ import annotations

from typing import Any

from astgrad.runtime import zeros


def popped(items: list[Any]) -> list[Any]:
    """The list without its last item: the adjoint of the list that was appended to."""
    return items[:-1]


def joined(a: Any, b: Any) -> Any:
    """The one list or tuple behind the other."""
    return a + b


def front(items: Any, a: Any) -> Any:
    """As many items from the start as `a` has."""
    return items[: len(a)]


def back(items: Any, a: Any) -> Any:
    """The items behind as many as `a` has."""
    return items[len(a) :]


def copied(items: Any) -> list[Any]:
    """list(items)."""
    return list(items)


def order(keys: Any, reverse: bool = False) -> list[int]:
    """The positions of the keys as `sorted` puts them; equal ones stay in their order (S26)."""
    return sorted(range(len(keys)), key=lambda i: keys[i], reverse=reverse)


def taken(items: Any, positions: list[int]) -> list[Any]:
    """The items at these positions."""
    return [items[i] for i in positions]


def put_back(by: Any, positions: list[int], items: Any) -> Any:
    """The transpose of `taken`, which takes each item once."""
    found = zeros(items)
    for each, i in zip(by, positions):
        found[i] = each
    return found
