"""Prelude: builtins in Python's own words, entered like any callee; their lines belong to the call's.

divmod(a, b)  ->  a // b, a % b        functools.reduce(f, seq, a)  ->  for item in seq: a = f(a, item)
"""

# ruff: noqa: SIM110
from __future__ import annotations

from typing import Any

from astgrad.runtime_python import appended


def quotient(a: Any, b: Any) -> Any:
    return a // b, a % b


def folded(function: Any, items: Any, value: Any) -> Any:
    for item in items:
        value = function(value, item)
    return value


def folded_from_first(function: Any, items: Any) -> Any:
    value = items[0]
    for item in items[1:]:
        value = function(value, item)
    return value


def added(items: Any, total: Any) -> Any:
    for item in items:
        total = total + item
    return total


def multiplied(items: Any, product: Any) -> Any:
    for item in items:
        product = product * item
    return product


def largest(items: Any, key: Any) -> Any:
    best = items[0]
    top = key(best)
    for item in items[1:]:
        value = key(item)
        if value > top:
            best = item
            top = value
    return best


def smallest(items: Any, key: Any) -> Any:
    best = items[0]
    low = key(best)
    for item in items[1:]:
        value = key(item)
        if value < low:
            best = item
            low = value
    return best


def anything(items: Any) -> Any:
    for item in items:
        if item:
            return True
    return False


def everything(items: Any) -> Any:
    for item in items:
        if not item:
            return False
    return True


def listed(items: Any) -> Any:
    made: list[Any] = []
    for item in items:
        made = appended(made, item)
    return made


def kept(test: Any, items: Any) -> Any:
    made: list[Any] = []
    for item in items:
        if test(item):
            made = appended(made, item)
    return made


def chosen(tests: Any, items: Any) -> Any:
    made: list[Any] = []
    for test, item in zip(tests, items):
        if test:
            made = appended(made, item)
    return made


def itself(item: Any) -> Any:
    return item


def largest_or(items: Any, default: Any, key: Any) -> Any:
    if len(items) == 0:
        return default
    return max(items, key=key)


def smallest_or(items: Any, default: Any, key: Any) -> Any:
    if len(items) == 0:
        return default
    return min(items, key=key)
