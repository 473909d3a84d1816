"""The rule: what is known of one primitive, and the tables that hold all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from astgrad import ir
from astgrad.analyses.specs import Spec
from astgrad.ir import Effects
from astgrad.records import record

REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()

MAYBE = Effects(reads=None, writes=(), impure=False, result="unknown")
IMPURE = Effects(reads=None, writes=(), impure=True, result="fresh")


CHANGED: list[Callable[[], None]] = []  # called when a rule is registered: what was compiled is forgotten


class UnknownKeyword(Exception):
    """A call uses an argument that the rule does not have; the text names it."""


@record
class Rule:
    """What is known of one primitive.

    `parameters` maps the names that a differentiated call may use to their defaults (REQUIRED where
    there is none); the first `positional` of them may be given by position. `spec` maps the specs of the
    operands, by name, to the spec of the result. `singular`: a partial may be infinite or NaN at an
    operand for which the value itself is finite (S25).
    """

    kind: str  # "elementwise", "linear", "multilinear", "adjoint", "constant", "unsupported"
    function: Callable[..., Any]
    backward: Callable[..., Any] | None = None
    wrt: tuple[str, ...] = ()  # the differentiated parameters, in the order of what `backward` returns
    parameters: Mapping[str, Any] | None = None  # None (of constants only): any
    positional: int = 0
    variadic: str = ""  # the parameter that also takes several operands, as a.reshape(2, 3) does
    shape_only: frozenset[str] = frozenset()  # parameters of which `backward` reads the shape alone
    spec: Callable[..., Spec] | None = None
    effects: Effects = ir.PURE
    singular: bool = False
    reason: str = ""  # of "unsupported": why
    but: frozenset[str] = frozenset()  # of "constant": the parameters in which it is not constant

    @cached_property
    def by_position(self) -> tuple[str, ...]:
        """The parameters that may be given by position."""
        return tuple(self.parameters or ())[: self.positional]

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The parameters without default."""
        return tuple(key for key, default in (self.parameters or {}).items() if default is REQUIRED)

    def __repr__(self) -> str:
        return f"<{self.kind} rule of {getattr(self.function, '__name__', self.function)}>"


RULES: dict[Any, Rule] = {}
METHODS: dict[str, Callable[..., Any]] = {}
ATTRIBUTES: dict[str, Callable[..., Any]] = {}


def shown(function: Any) -> str:
    """How messages name a function."""
    return str(getattr(function, "__name__", function))
