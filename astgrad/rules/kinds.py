"""The kinds of rules: functions that register what is known of a primitive.

    elementwise(np.tanh,   lambda y, x: 1 - y**2)
    elementwise(np.divide, lambda y, x1, x2: (1 / x2, -y / x2))
    linear(np.sum, lambda by, a, axis=None, *, keepdims=False: unreduce(by, a, axis, keepdims))

The parameters of the lambda, after `y`, `by` or `by, y`, are the primitive's own, in NumPy's order; they
are the only ones that a differentiated call may use. Use the weakest kind that is true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from astgrad import ir
from astgrad.analyses.specs import Spec
from astgrad.ir import Effects
from astgrad.rules.rule import CHANGED, IMPURE, MAYBE, REQUIRED, RULES, Rule, shown

# --- the four kinds, and the two that have no derivative


def elementwise(
    function: Callable[..., Any],
    partials: Callable[..., Any],
    *,
    wrt: Sequence[str] | None = None,
    spec: Callable[..., Spec] | None = None,
    shape_only: Iterable[str] = (),
    aliases: Iterable[Any] = (),
    singular: bool = False,
) -> Callable[..., Any]:
    """Register the partial derivatives of a function that works element by element.

        elementwise(np.tanh,   lambda y, x: 1 - y**2)
        elementwise(np.divide, lambda y, x1, x2: (1 / x2, -y / x2))

    `partials(y, *args)` gets the result `y` and the operands and returns dy/dx for each parameter named
    in `wrt` (all of them, where it is not given): one value for one, a tuple for several. What multiplies
    with the adjoint `by`, conjugates it for complex operands and sums over broadcast axes is derived.

    `spec` gives the result's spec, or is a function of NumPy whose result has the same; without it the
    function is tried once on ones (ufuncs are not). `aliases` are other callables with the same rule,
    `singular` says that a partial is infinite or NaN somewhere where the value is finite.

    Returns `function`. Raises TypeError where `function` or `partials` is not callable, where `partials`
    has no parameter behind `y`, or where `wrt` or `shape_only` name none of its parameters.
    """
    parameters = _parameters("elementwise", function, partials, 1)
    return _register(
        Rule(
            kind="elementwise",
            function=function,
            backward=partials,
            wrt=_names(partials, parameters, wrt, "wrt") or tuple(parameters),
            shape_only=frozenset(_names(partials, parameters, shape_only, "shape_only")),
            spec=spec,
            singular=singular,
            **_signature(partials, parameters, 1),
        ),
        aliases,
    )


def linear(
    function: Callable[..., Any],
    transpose: Callable[..., Any],
    *,
    wrt: Sequence[str] | None = None,
    spec: Callable[..., Spec] | None = None,
    shape_only: Iterable[str] = (),
    result: str = "fresh",
    variadic: str = "",
    aliases: Iterable[Any] = (),
) -> Callable[..., Any]:
    """Register the transpose of a function that is linear in its first parameter.

        linear(np.cumsum, lambda by, a, axis: np.flip(np.cumsum(np.flip(by, axis), axis), axis))

    `transpose(by, *args)` gets the adjoint `by` of the result and the operands and returns the adjoint
    of the first parameter, or of those that `wrt` names (then the function is linear in them jointly),
    as a tuple. What it reads of these, and of the parameters that `shape_only` names, is their shape
    and dtype alone: the result has no derivative in the latter. For complex operands it conjugates.

    `result` is "view" where the result may share memory with an operand. `variadic` names the parameter
    that also takes several operands. `spec` and `aliases` are as for `elementwise`.

    Returns `function`. Raises TypeError as `elementwise` does, ValueError for another `result`.
    """
    parameters = _parameters("linear", function, transpose, 1)
    differentiated = _names(transpose, parameters, wrt, "wrt") or tuple(parameters)[:1]
    return _register(
        Rule(
            kind="linear",
            function=function,
            backward=transpose,
            wrt=differentiated,
            shape_only=frozenset((*differentiated, *_names(transpose, parameters, shape_only, "shape_only"))),
            spec=spec,
            effects=_effects(result),
            variadic=variadic,
            **_signature(transpose, parameters, 1),
        ),
        aliases,
    )


def multilinear(
    function: Callable[..., Any],
    transposes: Callable[..., Any],
    *,
    wrt: Sequence[str] | None = None,
    spec: Callable[..., Spec] | None = None,
    shape_only: Iterable[str] = (),
    result: str = "fresh",
    variadic: str = "",
    aliases: Iterable[Any] = (),
) -> Callable[..., Any]:
    """Register the transposes of a product: a function that is linear in each of its factors.

        multilinear(np.vdot, lambda by, a, b: (np.conj(by) * b, by * a))

    `transposes(by, *args)` gets the adjoint `by` of the result and the operands and returns one adjoint
    for each factor, a tuple: every parameter without default is one, unless `wrt` names them.

    Returns `function`. Raises TypeError as `elementwise` does.
    """
    parameters = _parameters("multilinear", function, transposes, 1)
    factors = tuple(name for name, default in parameters.items() if default is REQUIRED)
    return _register(
        Rule(
            kind="multilinear",
            function=function,
            backward=transposes,
            wrt=_names(transposes, parameters, wrt, "wrt") or factors,
            shape_only=frozenset(_names(transposes, parameters, shape_only, "shape_only")),
            spec=spec,
            effects=_effects(result),
            variadic=variadic,
            **_signature(transposes, parameters, 1),
        ),
        aliases,
    )


def adjoint(
    function: Callable[..., Any],
    rule: Callable[..., Any],
    *,
    wrt: Sequence[str] | None = None,
    spec: Callable[..., Spec] | None = None,
    shape_only: Iterable[str] = (),
    result: str = "fresh",
    singular: bool = False,
    variadic: str = "",
    aliases: Iterable[Any] = (),
) -> Callable[..., Any]:
    """Register the adjoint of a function for which no weaker kind is true.

        adjoint(np.linalg.inv, lambda by, y, a: -y.T @ by @ y.T)

    `rule(by, y, *args)` gets the adjoint `by` of the result `y`, `y` itself and the operands, and returns
    the adjoint of each parameter without default, or of those that `wrt` names: one value for one, a
    tuple for several, each in its operand's shape.

    Returns `function`. Raises TypeError as `elementwise` does, ValueError for another `result`.
    """
    parameters = _parameters("adjoint", function, rule, 2)
    needed = tuple(name for name, default in parameters.items() if default is REQUIRED)
    return _register(
        Rule(
            kind="adjoint",
            function=function,
            backward=rule,
            wrt=_names(rule, parameters, wrt, "wrt") or needed,
            shape_only=frozenset(_names(rule, parameters, shape_only, "shape_only")),
            spec=spec,
            effects=_effects(result),
            singular=singular,
            variadic=variadic,
            **_signature(rule, parameters, 2),
        ),
        aliases,
    )


def constant(
    function: Callable[..., Any],
    *,
    but: Iterable[str] = (),
    spec: Callable[..., Spec] | None = None,
    result: str = "fresh",
    impure: bool = False,
    variadic: str = "",
    aliases: Iterable[Any] = (),
) -> Callable[..., Any]:
    """Register a function whose derivative is zero wherever it exists.

        constant(np.argmax)
        constant(np.full, but=("fill_value",), spec=lambda shape, fill_value, dtype=None: ...)

    `but` names the parameters in which it is not constant: a differentiated value there is refused
    (`MissingRule`), never taken for zero. They have to be parameters of `spec`, or of the function where
    `spec` is not given or a function of NumPy. `impure` is for calls that do something (print): they happen
    once, in the forward sweep, in their order.

    Returns `function`. Raises TypeError where `function` is not callable or `but` names no parameter.
    """
    _callable("constant", function, "function")
    named: Any = spec if hasattr(spec, "__code__") and spec not in RULES else function
    parameters = _parameters("constant", function, named, 0) if spec or but else None
    return _register(
        Rule(
            kind="constant",
            function=function,
            spec=spec,
            but=frozenset(_names(named, parameters or {}, but, "but")),
            effects=IMPURE if impure else _effects(result),
            variadic=variadic,
            **(_signature(named, parameters, 0) if parameters is not None else {}),
        ),
        aliases,
    )


def constants(*functions: Any) -> None:
    """Register several functions of which nothing but this is known: they are constant in everything."""
    for function in functions:
        constant(function)


def unsupported(
    function: Callable[..., Any], reason: str, *, aliases: Iterable[Any] = ()
) -> Callable[..., Any]:
    """Register that a function is not differentiated, and why: the reason ends the error's message.

        unsupported(np.partition, "the order of its result is not defined")

    Returns `function`. Raises TypeError where `function` is not callable or the reason is no text.
    """
    _callable("unsupported", function, "function")
    if not isinstance(reason, str) or not reason:
        raise TypeError("unsupported(function, reason): the reason is a text that says what to do instead")
    return _register(Rule(kind="unsupported", function=function, reason=reason, effects=MAYBE), aliases)


def alias(function: Callable[..., Any], *others: Any) -> None:
    """Give further callables the rule that `function` has."""
    for other in others:
        RULES[other] = RULES[function]


def _register(rule: Rule, aliases: Iterable[Any]) -> Callable[..., Any]:
    RULES[rule.function] = rule
    alias(rule.function, *aliases)
    for changed in CHANGED:
        changed()
    return rule.function


def _callable(kind: str, value: Any, name: str) -> None:
    if not callable(value):
        raise TypeError(f"{kind}(...): {name} is {value!r}, not a callable")


def _parameters(kind: str, function: Any, backward: Any, skipped: int) -> dict[str, Any]:
    """The primitive's parameters with their defaults, from the code of the rule."""
    _callable(kind, function, "function")
    code = getattr(backward, "__code__", None)
    if code is None:
        raise TypeError(
            f"{kind}({shown(function)}, ...): the rule has to be a Python function, not {backward!r}"
        )
    if code.co_flags & 0x0C:
        raise TypeError(f"{kind}({shown(function)}, ...): a rule names its parameters, without * and **")
    names = code.co_varnames[: code.co_argcount]
    if skipped and len(names) <= skipped:
        first = ("y",) if kind == "elementwise" else ("by", "y")[:skipped]
        raise TypeError(
            f"{kind}({shown(function)}, ...): a rule's parameters are {', '.join(first)}, then operands"
        )
    defaults = dict(zip(reversed(names), reversed(backward.__defaults__ or ())))
    parameters = {name: defaults.get(name, REQUIRED) for name in names[skipped:]}
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return parameters | {name: (backward.__kwdefaults__ or {}).get(name, REQUIRED) for name in keywords}


def _signature(backward: Any, parameters: Mapping[str, Any], skipped: int) -> dict[str, Any]:
    return {"parameters": parameters, "positional": backward.__code__.co_argcount - skipped}


def _names(
    backward: Any, parameters: Mapping[str, Any], names: Iterable[str] | None, option: str
) -> tuple[str, ...]:
    names = (names,) if isinstance(names, str) else tuple(names or ())
    for name in names:
        if name not in parameters:
            known = ", ".join(parameters) or "none (a constant needs spec= with its parameters)"
            raise TypeError(f"{option}: {name!r} is no parameter of the rule; it has {known}")
    return names


def _effects(result: str) -> Effects:
    if result not in ("fresh", "view"):
        raise ValueError(f"result: {result!r} is neither 'fresh' nor 'view'")
    return ir.PURE if result == "fresh" else ir.VIEW
