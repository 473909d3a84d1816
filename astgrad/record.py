"""Records: dataclasses whose fields are never assigned again.

In comes a class with annotated fields, out comes the same with an `__init__`. That nothing is assigned is
checked by mypy and not at run time, where `frozen=True` makes each creation three times as slow, and the
import of a module too: two more methods are compiled for every class.

    @record                                  call = Call(target, op)
    class Call:                       ->     call.op = other         # an error of mypy
        target: Var | None                   replace(call, op=other) # a new one
        op: Atom
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:  # typing has it from Python 3.11 on

    def dataclass_transform(**_: Any) -> Callable[[T], T]:
        return lambda decorator: decorator


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """A record that equals nothing but itself."""
    return dataclass(eq=False, repr=False)(cls)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """A record that equals those of its class with equal fields, and is hashed by these."""
    return dataclass(unsafe_hash=True, repr=False)(cls)


def replace(instance: T, **changes: Any) -> T:
    """A record like this one but for some fields."""
    kind: Any = type(instance)
    return kind(**{name: getattr(instance, name) for name in kind.__match_args__} | changes)  # type: ignore[no-any-return]
