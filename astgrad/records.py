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
from functools import cache
from operator import attrgetter
from types import CodeType, FunctionType
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
    return _made(cls)


@dataclass_transform(frozen_default=True, field_specifiers=(fresh,))
def value(cls: type[T]) -> type[T]:
    """Fields that are never assigned again; instances with equal fields are equal, and have one hash."""
    return _made(cls, equal=True)


@dataclass_transform(field_specifiers=(fresh,))
def state(cls: type[T]) -> type[T]:
    """Fields that change while a pass runs, those of the base class first."""
    return _made(cls)


def replace(instance: T, **changes: Any) -> T:
    """A record like this one but for some fields."""
    kind: Any = type(instance)
    given = {name: getattr(instance, name) for name in kind.__match_args__}
    return kind(**{**given, **changes})  # type: ignore[no-any-return]


def _made(cls: Any, *, equal: bool = False) -> Any:
    """The class with its fields as `__match_args__` and with methods that know them."""
    inherited: tuple[str, ...] = getattr(cls, "__match_args__", ())
    own = [name for name, kind in cls.__annotations__.items() if not kind.startswith("ClassVar[")]
    names = (*inherited, *(name for name in own if name not in inherited))
    defaults = {name: getattr(cls, name) for name in names if hasattr(cls, name)}
    first = len(names) - len(defaults)
    if any(name in defaults for name in names[:first]):
        raise TypeError(f"a field of {cls.__name__} without a default follows one that has a default")
    init = FunctionType(_renamed(_init(len(names)), names), {})
    init.__defaults__ = tuple(defaults.values())
    anew = {name: default for name, default in defaults.items() if isinstance(default, _Fresh)}
    methods: dict[str, Any] = {"__init__": _filling(init, anew) if anew else init}
    if equal:
        methods |= _equality(names)
    for name, method in methods.items():
        method.__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, method)
    cls.__match_args__ = names  # type: ignore[misc]
    return cls


@cache
def _init(count: int) -> CodeType:
    """The code of `def __init__(self, f0, f1, ...): self.f0 = f0; self.f1 = f1; ...`

    It is compiled once for each number of fields: to compile it for each class would take a third of the
    time of `import astgrad`.
    """
    fields = [f"f{index}" for index in range(count)]
    lines = "".join(f" self.{field} = {field}\n" for field in fields)
    made: dict[str, Any] = {}
    exec(f"def __init__({', '.join(('self', *fields))}):\n{lines} pass\n", made)
    return made["__init__"].__code__  # type: ignore[no-any-return]


def _renamed(code: CodeType, names: tuple[str, ...]) -> CodeType:
    """The code with the fields' own names, as parameters and as attributes."""
    return code.replace(co_varnames=("self", *names), co_names=names)


def _filling(init: FunctionType, anew: dict[str, _Fresh]) -> FunctionType:
    """An `__init__` that makes what is fresh: the default that stands for it is known by its identity."""

    def filling(self: Any, /, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        for name, default in anew.items():
            if getattr(self, name) is default:
                setattr(self, name, default.factory())

    init.__qualname__ = "__init__"
    return filling  # type: ignore[return-value]


def _equality(names: tuple[str, ...]) -> dict[str, Any]:
    """`__eq__` and `__hash__` of what has these fields, which are compared as a tuple is."""
    key: Any = attrgetter(*names, *names[:1]) if names else lambda _: ()

    def __eq__(self: Any, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self is other or key(self) == key(other)  # type: ignore[no-any-return]

    return {"__eq__": __eq__, "__hash__": lambda self: hash(key(self))}
