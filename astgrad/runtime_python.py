"""What Python's syntax does where no operator or builtin does it: calls that the frontend makes itself."""

from __future__ import annotations

from typing import Any, NoReturn


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
    """A new list: the items, and the value at its end."""
    return [*items, value]
