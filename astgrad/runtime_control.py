"""What generated code may call where the flow of control is not Python's own syntax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn


def raised(error: BaseException) -> NoReturn:
    """Raise what the primal raises here."""
    raise error.with_traceback(None)


def undefined(name: str) -> Any:
    """Raise what Python raises where a local name has no value yet."""
    text = f"cannot access local variable '{name}' where it is not associated with a value"
    raise UnboundLocalError(text, name=name)


VJP: list[Callable[..., Any]] = []  # astgrad.vjp, once it is defined


def pair(function: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], Any]]:
    """function(*args) and its pullback, compiled for these arguments at the first such call."""
    return VJP[0](function, *args)  # type: ignore[no-any-return]
