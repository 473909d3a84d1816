"""What users call: `grad`, `value_and_grad`, `vjp`; the rest of the surface comes with its issues."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

from astgrad.gradient import Gradient

Wrt = int | str | tuple[int | str, ...]


@overload
def grad(f: Callable[..., Any], wrt: Wrt = 0, *, optimize: bool = True) -> Gradient: ...
@overload
def grad(*, wrt: Wrt = 0, optimize: bool = True) -> Callable[[Callable[..., Any]], Gradient]: ...
def grad(f: Any = None, wrt: Any = 0, *, optimize: bool = True, **wrong: Any) -> Any:
    """The gradient of a function that returns one float, as a function of the same arguments.

        loss_grad = grad(loss, wrt=("W", "b"))        @grad(wrt="w")
        bW, bb = loss_grad(W, b, x, y)                def energy(w, x): ...

    `wrt` is a position (negative ones count from the end), a name, or a tuple of them: a tuple returns a
    tuple. On bound methods positions count after `self`. Each gradient has the structure, shape and dtype
    of its argument. `optimize=False` generates the plain accumulate form, for teaching.

    Raises: TypeError or ValueError here for a wrong `wrt` or option; an `AstgradError` at the call where
    the function cannot be differentiated correctly.
    """
    return _made("grad", f, wrt, optimize, wrong, value=False)


@overload
def value_and_grad(f: Callable[..., Any], wrt: Wrt = 0, *, optimize: bool = True) -> Gradient: ...
@overload
def value_and_grad(*, wrt: Wrt = 0, optimize: bool = True) -> Callable[[Callable[..., Any]], Gradient]: ...
def value_and_grad(f: Any = None, wrt: Any = 0, *, optimize: bool = True, **wrong: Any) -> Any:
    """Like `grad`, and returns (value, gradient): what scipy.optimize.minimize takes with jac=True."""
    return _made("value_and_grad", f, wrt, optimize, wrong, value=True)


def _made(name: str, f: Any, wrt: Any, optimize: bool, wrong: dict[str, Any], *, value: bool) -> Any:
    for key in wrong:
        advice = (
            f"; use wrt={wrong[key]!r}" if key in ("argnum", "argnums") else "; the options are wrt, optimize"
        )
        raise TypeError(f"{name}() got an unexpected keyword argument {key!r}{advice}")
    if isinstance(f, (str, int, tuple)):
        raise TypeError(f"{name}({f!r}): the first argument is the function; write @{name}(wrt={f!r})")
    if not isinstance(optimize, bool):
        raise TypeError(f"optimize={optimize!r}: give True or False")
    if f is None:
        return lambda function: _made(name, function, wrt, optimize, {}, value=value)
    if not callable(f):
        raise TypeError(f"{name}(f): f is {f!r}, not a function")
    return Gradient(f, wrt, value=value, optimize=optimize)


# inside a differentiated function these make a gradient; they are not entered
grad.__astgrad_operator__ = True  # type: ignore[attr-defined]
value_and_grad.__astgrad_operator__ = True  # type: ignore[attr-defined]
