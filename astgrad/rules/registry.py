"""The registry: what is known of each primitive, looked up by the callable itself.

In comes a callable, or `ir.Method("sum")`, out comes its `Rule`: its partials, transposes or adjoint as
a plain Python function, and what a call gives (`result_spec`) and does (`effects_of`).

    elementwise(np.tanh,   lambda y, x: 1 - y**2)
    elementwise(np.divide, lambda y, x1, x2: (1 / x2, -y / x2))
    linear(np.sum, lambda by, a, axis=None, *, keepdims=False: unreduce(by, a, axis, keepdims))

The parameters of the lambda, after `y`, `by` or `by, y`, are the primitive's own, in NumPy's order; they
are the only ones that a differentiated call may use. A rule is registered by importing it and parsed when
it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from astgrad import ir
from astgrad.analyses.specs import UNKNOWN, Array, Known, Number, Spec, Struct, Undecided, literal, static
from astgrad.ir import Effects, Method

REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()
READS_AND_ALIASES = Effects(reads=None, writes=(), impure=False, result="view")
MAYBE = Effects(reads=None, writes=(), impure=False, result="unknown")
IMPURE = Effects(reads=None, writes=(), impure=True, result="fresh")


class UnknownKeyword(Exception):
    """A call uses an argument that the rule does not have; the text names it."""


@dataclass(frozen=True, eq=False)
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

    def __repr__(self) -> str:
        return f"<{self.kind} rule of {getattr(self.function, '__name__', self.function)}>"


RULES: dict[Any, Rule] = {}
METHODS: dict[str, Callable[..., Any]] = {}
ATTRIBUTES: dict[str, Callable[..., Any]] = {}


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

    `spec` gives the result's spec (ufuncs need none), `aliases` are other callables with the same rule,
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
    shape_only: Iterable[str] | None = None,
    result: str = "fresh",
    variadic: str = "",
    aliases: Iterable[Any] = (),
) -> Callable[..., Any]:
    """Register the transpose of a function that is linear in its first parameter.

        linear(np.cumsum, lambda by, a, axis: np.flip(np.cumsum(np.flip(by, axis), axis), axis))

    `transpose(by, *args)` gets the adjoint `by` of the result and the operands and returns the adjoint
    of the first parameter, or of those that `wrt` names (then the function is linear in them jointly),
    as a tuple. What it reads of these is their shape alone. For complex operands it conjugates.

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
            shape_only=frozenset(
                differentiated
                if shape_only is None
                else _names(transpose, parameters, shape_only, "shape_only")
            ),
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
    (`MissingRule`), never taken for zero. They have to be parameters of `spec`. `impure` is for calls
    that do something (print): they happen once, in the forward sweep, in their order.

    Returns `function`. Raises TypeError where `function` is not callable or `but` names no parameter.
    """
    _callable("constant", function, "function")
    parameters = _parameters("constant", function, spec, 0) if spec else None
    return _register(
        Rule(
            kind="constant",
            function=function,
            spec=spec,
            but=frozenset(_names(spec, parameters or {}, but, "but")),
            effects=IMPURE if impure else _effects(result),
            variadic=variadic,
            **(_signature(spec, parameters, 0) if spec and parameters is not None else {}),
        ),
        aliases,
    )


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
            f"{kind}({_shown(function)}, ...): the rule has to be a Python function, not {backward!r}"
        )
    if code.co_flags & 0x0C:
        raise TypeError(f"{kind}({_shown(function)}, ...): a rule names its parameters, without * and **")
    names = code.co_varnames[: code.co_argcount]
    if skipped and len(names) <= skipped:
        first = ("y",) if kind == "elementwise" else ("by", "y")[:skipped]
        raise TypeError(
            f"{kind}({_shown(function)}, ...): a rule's parameters are {', '.join(first)}, then operands"
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


def _shown(function: Any) -> str:
    return str(getattr(function, "__name__", function))


# --- asking


def hashable(value: Any) -> bool:
    """Whether a value can be looked up at all."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def lookup(op: Any) -> Rule | None:
    """The rule of a callable or of `ir.Method(name)`; None where there is none."""
    if isinstance(op, Method):
        op = METHODS.get(op.name)
    return RULES.get(op) if hashable(op) else None


def bind(rule: Rule, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The operands of a call by the rule's parameter names, those given alone.

    Raises UnknownKeyword where the call uses what the rule does not have.
    """
    name = _shown(rule.function)
    if rule.parameters is None:
        return {**{str(i): value for i, value in enumerate(args)}, **kwargs}
    names = tuple(rule.parameters)[: rule.positional]
    if rule.variadic and len(args) > rule.positional:
        start = names.index(rule.variadic)
        args = (*args[:start], _packed(args[start:]))
    if len(args) > len(names):
        raise UnknownKeyword(f"{name}: the rule takes {len(names)} positional arguments ({', '.join(names)})")
    bound = dict(zip(names, args))
    for key, value in kwargs.items():
        if key not in rule.parameters:
            raise UnknownKeyword(f"{name}: the rule does not know the argument {key}=")
        if key in bound:
            raise UnknownKeyword(f"{name}: {key} is given twice")
        bound[key] = value
    missing = [key for key, default in rule.parameters.items() if default is REQUIRED and key not in bound]
    if missing:
        raise UnknownKeyword(f"{name}: {missing[0]} is not given")
    return bound


def _packed(items: Sequence[Any]) -> Any:
    """Several operands as one tuple: of atoms, of specs, or of values."""
    if isinstance(items[0], (ir.Var, ir.Const, ir.Tree, ir.Closure)):
        return ir.Tree(tuple, tuple(items))
    if isinstance(items[0], (Array, Number, Known, Struct, type(UNKNOWN))):
        return Struct(tuple, tuple(items))
    return tuple(items)


def result_spec(op: Any, args: tuple[Spec, ...], kwargs: Mapping[str, Spec]) -> Spec:
    """The spec of op(*args, **kwargs). Never raises; UNKNOWN where the operands' specs do not decide it."""
    try:
        return _result_spec(op, args, kwargs)
    except Exception:  # what raises here raises in the primal too, or is not known
        return UNKNOWN


def _result_spec(op: Any, args: tuple[Spec, ...], kwargs: Mapping[str, Spec]) -> Spec:
    from astgrad.rules import results

    if not kwargs and hashable(op) and op in results.STATIC:
        try:
            return literal(op(*map(static, args)))
        except Undecided:
            pass
    if not kwargs and hashable(op) and op in results.PYTHON:
        found = results.PYTHON[op](*args)
        if found is not None:
            return found
    if isinstance(op, Method) and not _has_methods(args[0]):
        return UNKNOWN
    rule = lookup(op)
    if rule is None:
        return UNKNOWN
    bound = bind(rule, args, kwargs)
    if rule.spec is not None:
        return rule.spec(**bound)
    if isinstance(rule.function, results.UFUNC) and not kwargs:
        return results.ufunc(rule.function, *args)
    return UNKNOWN


def _has_methods(receiver: Spec) -> bool:
    """Whether a receiver is known to have the methods of arrays: an array or a NumPy scalar."""
    return isinstance(receiver, Array) or (
        isinstance(receiver, Number) and receiver.type.__module__ == "numpy"
    )


def effects_of(op: Any, args: tuple[Spec, ...] = ()) -> Effects:
    """What a call with these operands does beside giving a value."""
    from astgrad.rules import results

    rule = lookup(op)
    if rule is None:
        return ir.UNKNOWN_EFFECTS
    if isinstance(op, Method) and not (args and _has_methods(args[0])):
        return ir.UNKNOWN_EFFECTS  # a method of that name of whatever this is
    if hashable(op) and op in results.EFFECTS:
        return results.EFFECTS[op](*args)
    if hashable(op) and getattr(op, "__module__", "") in ("_operator", "builtins") and UNKNOWN in args:
        return MAYBE if rule.effects.result == "fresh" and not rule.effects.impure else rule.effects
    return rule.effects
