"""check_grads: a gradient against central finite differences, for users' own tests.

check_grads(loss, (W, b, x))     # silent where they agree, AssertionError where they do not
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from astgrad.errors import NotDifferentiable
from astgrad.pullback import vjp
from astgrad.transform import containers


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    *,
    directions: int = 3,
    rtol: float = 1e-5,
    atol: float = 1e-7,
    eps: float | None = None,
    seed: int = 0,
) -> None:
    """Compare the reverse-mode gradient of `f` at `args` with central differences along random directions.

    Each argument with a float in it is tried by itself, along `directions` random directions of unit
    length, with the step `eps` (default: the cube root of the coarsest argument's machine epsilon). The
    output may be any structure of floats; it is weighted with a random cotangent.

    Raises AssertionError naming the worst argument, with the expected and the computed derivative;
    NotDifferentiable where no argument has a float.
    """
    if not isinstance(args, (tuple, list)):
        kind = type(args).__name__
        raise TypeError(f"check_grads(f, args): args is a {kind}; give a tuple of the arguments, (x,)")
    rng = np.random.default_rng(seed)
    args = tuple(args)
    value, pullback = vjp(f, *args)
    cotangent = _random_like(value, rng)
    gradients = pullback(cotangent)
    names = _names(f, len(args))
    found = [(name, i) for i, name in enumerate(names) if _leaves(args[i])]
    if not found:
        raise NotDifferentiable("no argument has a float in it, so there is nothing to check")
    step = eps if eps is not None else float(np.cbrt(_epsilon(args)))
    coarse = max(1.0, _epsilon(args) / np.finfo(float).eps) ** 0.5
    worst, which = 0.0, ""
    for name, i in found:
        for _ in range(directions):
            direction = _random_like(args[i], rng)
            expected = _difference(f, args, i, direction, cotangent, step)
            got = _inner(gradients[i], direction)
            error = abs(expected - got) / (coarse * (atol + rtol * max(abs(expected), abs(got))))
            if not (error <= 1 or error <= worst):  # NaN is neither
                worst, which = error, f"{name!r} is wrong along a random direction: "
                which += f"expected {expected:.10g} (finite differences), got {got:.10g}"
    if which:
        raise AssertionError(f"{getattr(f, '__name__', f)}: the gradient with respect to {which}")


def _difference(f: Any, args: tuple[Any, ...], i: int, direction: Any, cotangent: Any, step: float) -> float:
    """The derivative of <cotangent, f> along a direction of one argument, by a central difference."""
    moved = (_moved(args[i], direction, t) for t in (step, -step))
    ahead, behind = (_inner(cotangent, f(*args[:i], x, *args[i + 1 :])) for x in moved)
    return (ahead - behind) / (2 * step)


def _names(f: Any, count: int) -> list[str]:
    code = getattr(getattr(f, "__func__", f), "__code__", None)
    skipped = 1 if hasattr(f, "__func__") else 0
    known = list(code.co_varnames[skipped : code.co_argcount]) if code else []
    return [known[i] if i < len(known) else f"argument {i}" for i in range(count)]


def _leaves(value: Any) -> list[Any]:
    """The float leaves of a structure, in order."""
    parts = containers.split(value)
    if parts is not None:
        return [leaf for _, item in parts[1] for leaf in _leaves(item)]
    dtype = getattr(value, "dtype", None)
    kind = (
        dtype.kind
        if dtype is not None
        else "f"
        if type(value) is float
        else "c"
        if type(value) is complex
        else ""
    )
    return [value] if kind and kind in "fc" else []


def _epsilon(args: Any) -> float:
    return max((float(np.finfo(np.asarray(leaf).dtype).eps) for leaf in _leaves(args)), default=2.2e-16)


def _map(function: Callable[..., Any], value: Any, *others: Any) -> Any:
    """A structure with `function` applied to its float leaves; the rest stays."""
    parts = containers.split(value)
    if parts is not None:
        given = [[item for _, item in containers.split(other)[1]] for other in others]  # type: ignore[index]
        items = [
            _map(function, item, *(column[i] for column in given)) for i, (_, item) in enumerate(parts[1])
        ]
        if type(value) is dict:
            return dict(zip(value, items))
        if type(value) in (tuple, list):
            return type(value)(items)
        return type(value)(**dict(zip((key for key, _ in parts[1]), items)))
    return function(value, *others) if _leaves(value) else value


def _random_like(value: Any, rng: np.random.Generator) -> Any:
    def draw(leaf: Any) -> Any:
        sample = rng.standard_normal(np.shape(leaf))
        if np.iscomplexobj(leaf):
            sample = sample + 1j * rng.standard_normal(np.shape(leaf))
        sample = sample / max(float(np.sqrt(np.size(leaf))), 1.0)
        return (
            np.asarray(sample, np.asarray(leaf).dtype) if isinstance(leaf, np.ndarray) else type(leaf)(sample)
        )

    return _map(draw, value)


def _moved(value: Any, direction: Any, t: float) -> Any:
    def move(leaf: Any, d: Any) -> Any:
        moved = (
            leaf + type(leaf)(t) * d
            if not isinstance(leaf, np.ndarray)
            else leaf + np.asarray(t, leaf.dtype) * d
        )
        return moved if not isinstance(leaf, np.ndarray) else np.asarray(moved)

    return _map(move, value, direction)


def _inner(a: Any, b: Any) -> float:
    """Re sum conj(a) * b over the float leaves."""
    return float(
        sum(
            np.sum(np.real(np.conj(x) * np.asarray(y, np.result_type(np.asarray(y).dtype, 0.0))))
            for x, y in zip(_leaves(a), _leaves(b))
        )
    )
