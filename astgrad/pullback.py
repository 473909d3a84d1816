"""vjp: the value of a function and its pullback, from a cotangent of the output to those of the arguments.

value, pullback = vjp(f, x, y)
bx, by = pullback(bz)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import MethodType
from typing import Any

import numpy as np

from astgrad import pipeline, runtime_control
from astgrad.compile import build as compile_text
from astgrad.errors import NotDifferentiable
from astgrad.gradient import Compiled, Gradient
from astgrad.records import replace
from astgrad.signature import in_words
from astgrad.transform import containers
from astgrad.transform.pullback import split, whole

KEPT = 256  # pullbacks of functions, by identity
CACHE: dict[tuple[int, ...], Pullback] = {}
LOCK = threading.Lock()


def vjp(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value f(*args) and its pullback.

    The pullback takes a cotangent of the value's structure and shapes and returns a tuple as long as
    `args`: for each argument the gradient in its structure, shape and dtype, None where it has no float.
    It owns what it reads, may be called many times, and neither writes nor keeps its cotangent.

    Raises: NotDifferentiable where the value has no float, or the cotangent another structure or shape.
    """
    made = _cached(f)
    backward, (value, saved) = made(*args)
    skipped = len(made._self)

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        seeds = tuple(matched(cotangent, value, "cotangent"))
        return tuple(backward(*saved, *seeds)[skipped : skipped + len(args)])

    return value, pullback


runtime_control.VJP.append(vjp)


def _cached(function: Any) -> Pullback:
    """The same one for the same function, or for the same method of the same object."""
    parts = (function.__func__, function.__self__) if isinstance(function, MethodType) else (function,)
    key = tuple(map(id, parts))  # in the cache both live, so that nothing else has their ids
    made = CACHE.get(key)
    if made is None:
        made = Pullback(function)
        with LOCK:
            CACHE[key] = made
            if len(CACHE) > KEPT:
                del CACHE[next(iter(CACHE))]
    return made


class Pullback(Gradient):
    """Forward halves by signature, each with its backward half."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function, 0, value=True, optimize=True)
        self._names = tuple(p for p in self._signature.parameters)

    def _beyond(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Compiled:
        """Never the general form: it does not know which outputs have a cotangent."""
        return self._instead(args, kwargs)

    def _compile(self, facts: Any, why: str) -> Compiled:
        primal = self._specialized(facts)
        made = whole(primal, f"{self.__name__}_forward")
        if not made.seeds:
            raise NotDifferentiable(f"{self.__name__} returns no float, so it has no pullback")
        built = pipeline.improved(primal.function, made.adjoint, facts, optimize=True)
        forward, backward = split(built.function, made.seeds, built.specs)
        signature = in_words(primal.arguments, built.specs, facts)
        globals_ = getattr(self._base, "__globals__", {"np": np})
        halves = []
        for half in (forward, backward):
            emitted = pipeline.printed(replace(built, function=half), "", globals_)
            halves.append((emitted, compile_text(emitted, globals_, self._base if half is forward else None)))
        (emitted, first), (_, second) = halves

        def run(*args: Any, **kwargs: Any) -> Any:
            return second, first(*args, **kwargs)

        return Compiled(replace(built, function=forward), emitted, run, signature)  # type: ignore[arg-type]


def matched(cotangent: Any, value: Any, where: str) -> Any:
    """The float leaves of a cotangent, in order, each in the shape and dtype of the value's leaf."""
    parts = containers.split(value)
    if parts is not None:
        given = containers.split(cotangent)
        if (
            given is None
            or type(cotangent) is not type(value)
            or [k for k, _ in given[1]] != [k for k, _ in parts[1]]
        ):
            kinds = f"a {type(cotangent).__name__}, the value a {type(value).__name__}"
            raise NotDifferentiable(f"the {where} is {kinds}: give the same structure")
        for (key, item), (_, wanted) in zip(given[1], parts[1]):
            yield from matched(item, wanted, f"{where}[{key!r}]")
        return
    dtype = getattr(value, "dtype", None) or (
        np.dtype(type(value)) if isinstance(value, (float, complex)) else None
    )
    if dtype is None or dtype.kind not in "fc":
        return
    if cotangent is None:
        raise NotDifferentiable(f"the {where} is None where the value is a float")
    if np.shape(cotangent) != np.shape(value):
        raise NotDifferentiable(f"the {where} has shape {np.shape(cotangent)}, the value {np.shape(value)}")
    if np.iscomplexobj(cotangent) and dtype.kind != "c":
        raise NotDifferentiable(f"the {where} is complex, the value real")
    try:
        yield np.array(cotangent, dtype) if isinstance(value, np.ndarray) else type(value)(cotangent)
    except (TypeError, ValueError):
        raise NotDifferentiable(f"the {where} is {cotangent!r}, not a number") from None
