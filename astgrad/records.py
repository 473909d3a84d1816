"""Records: classes of named fields, made when astgrad is imported and by the thousand in each gradient.

In comes a class with annotated fields, out comes the same with an `__init__`, as from `dataclasses`, which
would take a third of the time of `import astgrad` for all of them, and frozen ones three times as long for
each instance. That the fields of a record are never assigned again is therefore mypy's to check.

    @record                                  call = Call(target, op)
    class Call:                       ->     call.op = other           # an error of mypy
        target: Var | None                   replace(call, op=other)   # another call
        op: Atom
        args: tuple[Atom, ...] = ()
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:  # typing has it from Python 3.11 on

    def dataclass_transform(**_: Any) -> Callable[[T], T]:
        return lambda decorator: decorator


class _Fresh:
    """The default of a field that is made anew for each instance."""

    def __init__(self, factory: Callable[[], Any]) -> None:
        self.factory = factory


def fresh(*, factory: Callable[[], T]) -> T:
    """A field whose default is what `factory` gives: `specs: dict[Var, Spec] = fresh(factory=dict)`."""
    return _Fresh(factory)  # type: ignore[return-value]


@dataclass_transform(frozen_default=True, field_specifiers=(fresh,))
def record(cls: type[T]) -> type[T]:
    """Fields that are never assigned again; each instance equals nothing but itself."""
    return _made(cls, _init)


@dataclass_transform(frozen_default=True, field_specifiers=(fresh,))
def value(cls: type[T]) -> type[T]:
    """Fields that are never assigned again; instances with equal fields are equal, and have one hash."""
    return _made(cls, _init, _equality)


@dataclass_transform(field_specifiers=(fresh,))
def state(cls: type[T]) -> type[T]:
    """Fields that change while a pass runs, those of the base class first."""
    return _made(cls, _init)


def replace(instance: T, **changes: Any) -> T:
    """A record like this one but for some fields."""
    kind: Any = type(instance)
    given = {name: getattr(instance, name) for name in kind.__match_args__}
    return kind(**{**given, **changes})  # type: ignore[no-any-return]


def _made(cls: Any, *methods: Callable[[tuple[str, ...], dict[str, Any]], str]) -> Any:
    """The class with its fields as `__match_args__` and with the methods of these texts."""
    inherited: tuple[str, ...] = getattr(cls, "__match_args__", ())
    own = [name for name, kind in cls.__annotations__.items() if not kind.startswith("ClassVar[")]
    names = (*inherited, *(name for name in own if name not in inherited))
    defaults = {f"_{name}": getattr(cls, name) for name in names if hasattr(cls, name)}
    made: dict[str, Any] = {}
    exec("".join(method(names, defaults) for method in methods), defaults, made)
    for name, method in made.items():
        method.__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, method)
    cls.__match_args__ = names  # type: ignore[misc]
    return cls


def _init(names: tuple[str, ...], defaults: dict[str, Any]) -> str:
    """def __init__(self, target, op, args=_args): ...

    The object that stands for a fresh default is told from a value that was given by its identity.
    """
    params = (f"{name}=_{name}" if f"_{name}" in defaults else name for name in names)
    lines = (
        f" self.{name} = _{name}.factory() if {name} is _{name} else {name}\n"
        if isinstance(defaults.get(f"_{name}"), _Fresh)
        else f" self.{name} = {name}\n"
        for name in names
    )
    return f"def __init__(self, {', '.join(params)}):\n{''.join(lines)} pass\n"


def _equality(names: tuple[str, ...], _: dict[str, Any]) -> str:
    own, others = (f"({''.join(f'{who}.{name}, ' for name in names)})" for who in ("self", "other"))
    return (
        f"def __eq__(self, other):\n if other.__class__ is not self.__class__: return NotImplemented\n"
        f" return self is other or {own} == {others}\ndef __hash__(self): return hash({own})\n"
    )
