"""From a function's SSA to that of its gradient: seed, reverse, and the shape of what is returned.

In comes a specialized primal, out goes one function that runs it forward and its adjoint backward and
returns the gradients in the structure, shape and dtype of the arguments (S27).

    f(x, n): return x * n   ->   f_grad(x, n): y = mul(x, n); by = 1.0; bx = add(0.0, mul(by, n)); return bx
"""

from __future__ import annotations

from typing import Any

import numpy as np

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.specs import Spec
from astgrad.errors import MissingRule, NotDifferentiable, Origin
from astgrad.ir import Atom, Const, Function, Tree, Var
from astgrad.records import record, replace
from astgrad.transform.reverse import Reverse
from astgrad.transform.specialize import Specialized, Specializer


@record
class Adjoint:
    """The pure adjoint of a function; `adjoint_of` maps its Vars to the primal's, for naming."""

    function: Function
    specs: dict[Var, Spec]
    adjoint_of: dict[Var, Var]
    value: bool = False  # whether it returns (value, gradients)


def gradient(primal: Specialized, wrt: tuple[str, ...], single: bool, value: bool, name: str) -> Adjoint:
    """The gradient of a scalar function with respect to the arguments `wrt`; with its value if `value`.

    Raises NotDifferentiable where an argument has no float or the output is not one float.
    """
    walk, output = primal.builder, primal.output
    check_arguments(walk, primal.arguments, wrt)
    check_output(walk, output)
    leaves = tuple(var for name in wrt for var in ir.variables(primal.arguments[name]))
    if sp.rank(walk.spec(output)) is None:
        effects = ir.Effects(None, (), True, "fresh")
        walk.append(Const(runtime.scalar), (output,), (), sp.UNKNOWN, effects)
    reverse = Reverse(walk, tuple(dict.fromkeys(leaves)))
    reverse.run(((output, Const(1.0)),) if isinstance(output, Var) else ())
    with walk.at(Origin(backward=True)):
        grads = tuple(returned(walk, primal.arguments[name], reverse) for name in wrt)
    result: Atom = grads[0] if single else Tree(tuple, grads)
    if value:
        result = Tree(tuple, (output, result))
    function = primal.builder.finish(replace(primal.function, name=name), primal.function.params, result)
    return Adjoint(function, walk.specs, reverse.adjoint_of, value)


def returned(walk: Specializer, argument: Atom, reverse: Reverse) -> Atom:
    """The gradient in the argument's structure: zeros where nothing arrives, None for what is no float."""
    if isinstance(argument, Tree):
        return Tree(
            argument.kind, tuple(returned(walk, item, reverse) for item in argument.items), argument.keys
        )
    if not isinstance(argument, Var) or not is_float(walk.spec(argument)):
        return Const(None)
    if argument in reverse.active:
        return in_kind(walk, reverse.adjoints[argument], argument)
    return zero(walk, argument)


def zero(walk: Specializer, x: Var) -> Atom:
    """A zero gradient of the kind of x."""
    spec = walk.spec(x)
    if isinstance(spec, sp.Array):
        return walk.call(np.zeros_like, x, name=f"b{x.name}")
    if isinstance(spec, sp.Number):
        zero_value = spec.type(0)
        return Const(zero_value)
    return walk.call(runtime.zeros, x, name=f"b{x.name}")


def in_kind(walk: Specializer, value: Atom, x: Var) -> Atom:
    """An adjoint as it is returned: a float for a float, an array of rank 0 for one, the same dtype."""
    have, want = walk.spec(value), walk.spec(x)
    if isinstance(want, sp.Unknown):
        return walk.call(runtime.like, value, x)
    if isinstance(want, sp.Number):
        if isinstance(have, sp.Number) and have.exact and have.type is want.type is float:
            return value
        if isinstance(value, Const) and type(value.value) in (int, float):
            return Const(want.type(value.value))
        return walk.call(want.type, value)
    if isinstance(want, sp.Array) and not want.dtype.isnative:
        return walk.call(np.asarray, value, dtype=Const(want.dtype))
    if isinstance(want, sp.Array) and want.shape == () and not isinstance(have, sp.Array):
        return walk.call(np.array, value, **dtype_keyword(have, want))
    return value


def dtype_keyword(have: Spec, want: sp.Array) -> dict[str, Any]:
    dtype = sp.dtype_of(have)
    weak = isinstance(have, sp.Number) and have.type in sp.NUMBERS
    same = want.dtype == (np.float64 if weak else dtype) and dtype is not None
    return {} if same else {"dtype": Const(want.dtype.type)}


def is_float(spec: Spec) -> bool:
    dtype = sp.dtype_of(spec)
    return isinstance(spec, sp.Unknown) or (dtype is not None and dtype.kind in "fc")


def check_arguments(walk: Specializer, arguments: dict[str, Atom], wrt: tuple[str, ...]) -> None:
    """Refuse a differentiated argument without a float in it, and kinds that have no rules."""
    for name in wrt:
        leaves = tuple(leaves_of(arguments[name]))
        for leaf in leaves:
            path = walk.paths.get(leaf)
            if path is None or not walk.facts.known(path):
                continue
            _check_kind(walk, name, leaf, walk.facts.value(path))
        if not any(isinstance(leaf, Var) and is_float(walk.spec(leaf)) for leaf in leaves):
            _no_float(walk, name, leaves)


def leaves_of(atom: Atom) -> Any:
    """The atoms of a structure that are no containers, in order."""
    if isinstance(atom, Tree):
        for item in atom.items:
            yield from leaves_of(item)
    else:
        yield atom


def _check_kind(walk: Specializer, name: str, leaf: Atom, value: Any) -> None:
    large = type(value) in (list, tuple, dict)  # with too many leaves to follow each
    foreign = isinstance(leaf, Var) and isinstance(walk.spec(leaf), sp.Unknown) and not large
    if foreign or (isinstance(value, np.ndarray) and value.dtype.kind == "O"):
        kind = f"{type(value).__module__}.{type(value).__qualname__}".replace("builtins.", "")
        if isinstance(value, np.ndarray):
            kind += f" of dtype {value.dtype}"
        walk.refuse(
            MissingRule,
            f"argument {name!r} is of type {kind}, which has no derivative rules",
            "pass an ndarray of floats (np.asarray), a float, or a container of them",
        )


def _no_float(walk: Specializer, name: str, leaves: tuple[Atom, ...]) -> None:
    described = "no numbers"
    for leaf in leaves:
        path = walk.paths.get(leaf)
        if path is not None and walk.facts.known(path):
            value = walk.facts.value(path)
            dtype = f" of dtype {value.dtype}" if isinstance(value, np.ndarray) else ""
            described = f"{type(value).__name__}{dtype}"
            break
    walk.refuse(
        NotDifferentiable,
        f"argument {name!r} has no float to differentiate (it is {described})",
        f"pass a float: float({name}), or {name}.astype(float) for an array",
    )


def check_output(walk: Specializer, output: Atom) -> None:
    """Refuse an output that is not one real float; leave what specs do not decide to `runtime`."""
    if isinstance(output, Tree):
        _refuse_output(walk, f"a {output.kind.__name__}")
    spec = walk.spec(output)
    if isinstance(spec, sp.Known):
        _refuse_output(walk, "None" if spec.value is None else repr(spec.value))
    dtype = sp.dtype_of(spec)
    if isinstance(spec, sp.Array) and spec.shape != ():
        shape = shape_now(walk, spec)
        one = (
            "; for an array of one element, return its .item()"
            if spec.shape and set(spec.shape) == {1}
            else ""
        )
        _refuse_output(walk, f"an array of shape {shape}", one)
    if dtype is not None and dtype.kind == "c":
        _refuse_output(walk, "complex", "; return its real part, or abs(...)**2")
    if dtype is not None and dtype.kind not in "fc":
        kind = spec.type.__name__ if isinstance(spec, sp.Number) else str(dtype)
        _refuse_output(walk, f"a value of type {kind}", how="return a float")


def shape_now(walk: Specializer, spec: sp.Array) -> str:
    """The shape of an output, with the numbers of this call where they are known."""
    shown = []
    for dim in spec.shape or ():
        path = walk.paths.get(dim.source) if isinstance(dim, sp.Dim) else None
        if isinstance(dim, int):
            shown.append(str(dim))
        elif path is not None and walk.facts.known(path) and isinstance(dim, sp.Dim):
            shown.append(str(max(walk.facts.value(path).shape[dim.axis] - dim.offset, 0)))
        else:
            shown.append("?")
    if spec.shape is None:
        return "(...)"
    return f"({', '.join(shown)}{',' if len(shown) == 1 else ''})"


def _refuse_output(walk: Specializer, what: str, more: str = "", how: str = "sum the output") -> None:
    advice = f"grad needs a function that returns one float: {how}, or use vjp(f, *args){more}"
    walk.refuse(NotDifferentiable, f"the function returns {what}, not a scalar", advice)
