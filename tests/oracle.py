"""What a right gradient is: finite differences, the interpreter, and the promises about results.

In comes a `Program` (tests/programs.py); `check` raises AssertionError with what is wrong. A call is a
`Point`: positional and keyword arguments. Structures are walked leaf by leaf; a leaf with a float or
complex kind is differentiated, every other leaf gets None beside them (S27).

    df = Re sum(conj(bx) * dx) along random directions dx, and entry by entry where there are few

float32 arguments are evaluated in float64 for the differences, so that a step of 1e-5 makes sense.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import itertools
import linecache
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import MethodType
from typing import Any

import numpy as np

import astgrad
from astgrad.interpret import interpret as step_by_step

Path = tuple[tuple[str, Any], ...]  # ("item", key) or ("attribute", name), from the root to a leaf
STEPS = (1e-5, 1e-6)
TOLERANCE = 1e-5
FEW = 64  # with so many numbers or fewer, each entry is checked too


# --- structures


def is_namedtuple(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(value, "_fields")


def children(value: Any) -> list[tuple[tuple[str, Any], Any]]:
    """The steps into a container and what is there; [] for a leaf."""
    if is_namedtuple(value):
        return [(("attribute", name), getattr(value, name)) for name in value._fields]
    if isinstance(value, (tuple, list)):
        return [(("item", i), item) for i, item in enumerate(value)]
    if isinstance(value, dict):
        return [(("item", key), item) for key, item in value.items()]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [one.name for one in dataclasses.fields(value)]
        return [(("attribute", name), getattr(value, name)) for name in names]
    return []


def is_container(value: Any) -> bool:
    dataclass_instance = dataclasses.is_dataclass(value) and not isinstance(value, type)
    return isinstance(value, (tuple, list, dict)) or dataclass_instance


def rebuild(value: Any, items: list[Any]) -> Any:
    """A container like `value` with other items."""
    if is_namedtuple(value):
        return type(value)(*items)
    if isinstance(value, (tuple, list)):
        return type(value)(items)
    if isinstance(value, dict):
        return dict(zip(value, items))
    return dataclasses.replace(value, **dict(zip((one.name for one in dataclasses.fields(value)), items)))


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf with its path, in order."""
    if not is_container(value):
        yield path, value
        return
    for step, item in children(value):
        yield from leaves(item, (*path, step))


def map_leaves(function: Callable[..., Any], value: Any, *others: Any) -> Any:
    """The structure with `function` applied to each leaf (and to those of structures like it)."""
    if not is_container(value):
        return function(value, *others)
    rows = zip(*(children(one) for one in (value, *others)), strict=True)
    return rebuild(value, [map_leaves(function, *(item for _, item in row)) for row in rows])


def spell(path: Path) -> str:
    """The path as Python spells it: [0]['w'].b"""
    return "".join(f"[{key!r}]" if kind == "item" else f".{key}" for kind, key in path)


def is_float(leaf: Any) -> bool:
    """Whether a leaf is differentiated: a float or complex array, NumPy scalar or number."""
    if isinstance(leaf, (np.ndarray, np.generic)):
        return leaf.dtype.kind in "fc"
    return type(leaf) in (float, complex)


def is_complex(leaf: Any) -> bool:
    return np.iscomplexobj(leaf)


def same_kind(value: Any, like: Any) -> Any:
    """`value` as the kind that `like` has: Python number, NumPy scalar or array, with its dtype."""
    if isinstance(like, np.ndarray):
        return np.asarray(value).astype(like.dtype)
    return type(like)(value)


def widened(leaf: Any) -> Any:
    """A float32 leaf as float64, so that differences can be small."""
    if isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind in "fc":
        wide = np.complex128 if leaf.dtype.kind == "c" else np.float64
        return leaf.astype(wide)
    return leaf


# --- calls


@dataclass(frozen=True)
class Point:
    """The arguments of one call."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)

    def __call__(self, function: Callable[..., Any]) -> Any:
        return function(*self.args, **self.kwargs)

    def get(self, where: int | str) -> Any:
        return self.args[where] if isinstance(where, int) else self.kwargs[where]

    def put(self, where: int | str, value: Any) -> Point:
        if isinstance(where, int):
            return Point((*self.args[:where], value, *self.args[where + 1 :]), self.kwargs)
        return Point(self.args, {**self.kwargs, where: value})

    def map(self, function: Callable[[Any], Any]) -> Point:
        kwargs = {name: map_leaves(function, value) for name, value in self.kwargs.items()}
        return Point(tuple(map_leaves(function, value) for value in self.args), kwargs)


def places(function: Callable[..., Any], wrt: Any, point: Point) -> list[int | str]:
    """Where the differentiated arguments are in a call: a position or a keyword, one for each of wrt."""
    names = list(inspect.signature(function).parameters)
    found: list[int | str] = []
    for one in wrt if isinstance(wrt, tuple) else (wrt,):
        name = one if isinstance(one, str) else names[one]
        position = names.index(name)
        found.append(position if position < len(point.args) else name)
    return found


def as_list(gradient: Any, wrt: Any) -> list[Any]:
    """One gradient for each of wrt; a tuple wrt gives a tuple, also of one."""
    if not isinstance(wrt, tuple):
        return [gradient]
    assert type(gradient) is tuple, f"a tuple wrt gives a tuple, not {type(gradient).__name__}"
    assert len(gradient) == len(wrt), f"{len(gradient)} gradients for {len(wrt)} wrt"
    return list(gradient)


def jittered(point: Point, where: list[int | str], draws: np.random.Generator) -> Point:
    """The differentiated arguments moved a little, signs and order of magnitude kept."""

    def move(leaf: Any) -> Any:
        if not is_float(leaf):
            return leaf
        shape = np.shape(leaf)
        factor = 1 + 0.05 * draws.uniform(-1, 1, shape)
        return same_kind(leaf * factor + 0.01 * draws.uniform(-1, 1, shape), leaf)

    for one in where:
        point = point.put(one, map_leaves(move, point.get(one)))
    return point


# --- finite differences


def direction(value: Any, draws: np.random.Generator) -> Any:
    """A random tangent of a structure; None at leaves that are not differentiated."""

    def draw(leaf: Any) -> Any:
        if not is_float(leaf):
            return None
        real = draws.standard_normal(np.shape(leaf))
        return real + 1j * draws.standard_normal(np.shape(leaf)) if is_complex(leaf) else real

    return map_leaves(draw, value)


def moved(value: Any, tangent: Any, step: float) -> Any:
    """value + step * tangent, leaf by leaf, each of its own kind."""

    def move(leaf: Any, along: Any) -> Any:
        return leaf if along is None else same_kind(leaf + step * along, leaf)

    return map_leaves(move, value, tangent)


def inner(gradient: Any, tangent: Any) -> tuple[float, float]:
    """Re sum(conj(gradient) * tangent) over the leaves, and the same with absolute values: the scale."""
    total = scale = 0.0
    pairs = zip(leaves(gradient), leaves(tangent), strict=True)
    for (_, b), (_, d) in pairs:
        if d is not None:
            products = np.real(np.conj(np.asarray(b, dtype=complex)) * d)
            total += float(np.sum(products))
            scale += float(np.sum(np.abs(products)))
    return total, scale


def entries(value: Any) -> Iterator[tuple[str, Any]]:
    """A unit tangent for each number of a structure, with its spelling."""
    for path, leaf in leaves(value):
        if not is_float(leaf):
            continue
        units = (1.0, 1j) if is_complex(leaf) else (1.0,)
        for index, unit in itertools.product(np.ndindex(np.shape(leaf)), units):
            tangent = np.zeros(np.shape(leaf), dtype=type(unit))
            tangent[index] = unit

            def place(at: Path, other: Any, path: Path = path, tangent: Any = tangent) -> Any:
                return (tangent if at == path else np.zeros(np.shape(other))) if is_float(other) else None

            items = iter([place(at, other) for at, other in leaves(value)])
            along = map_leaves(lambda _, items=items: next(items), value)
            yield spell(path) + (str(list(index)) if index else ""), along


def size(value: Any) -> int:
    return sum(np.size(leaf) * (2 if is_complex(leaf) else 1) for _, leaf in leaves(value) if is_float(leaf))


def real(value: Any) -> float:
    return float(np.real(value))


def wrong_along(
    function: Callable[[Any], Any], value: Any, gradient: Any, tangent: Any, steps: Any, tolerance: float
) -> str:
    """What differs along one tangent at every step; "" where one step agrees."""
    got, scale = inner(gradient, tangent)
    wanted = np.nan
    for step in steps:
        ahead = real(function(moved(value, tangent, step)))
        behind = real(function(moved(value, tangent, -step)))
        wanted = (ahead - behind) / (2 * step)
        noise = 1e-13 * (1 + abs(ahead)) / step
        if abs(wanted - got) <= tolerance * (scale + abs(wanted)) + noise:
            return ""
    return f"expected {wanted:.9g}, got {got:.9g}"


def wrong_at(
    function: Callable[..., Any],
    point: Point,
    where: list[int | str],
    gradients: list[Any],
    *,
    draws: np.random.Generator,
    steps: Any = STEPS,
    tolerance: float = TOLERANCE,
    each: bool = True,
    directions: int = 2,
) -> str:
    """What the gradients of one call differ in from finite differences, "" if they agree."""
    point = point.map(widened)
    value = tuple(point.get(one) for one in where)

    def evaluate(moved_to: tuple[Any, ...]) -> Any:
        there = point
        for one, argument in zip(where, moved_to):
            there = there.put(one, argument)
        with np.errstate(all="ignore"):
            return there(function)

    stacked = tuple(gradients)
    for _ in range(directions):
        wrong = wrong_along(evaluate, value, stacked, direction(value, draws), steps, tolerance)
        if wrong:
            return f"along a random direction: {wrong}" + (worst(evaluate, value, stacked, steps, tolerance))
    if each and size(value) <= FEW:
        return worst(evaluate, value, stacked, steps, tolerance)
    return ""


def worst(function: Callable[[Any], Any], value: Any, gradient: Any, steps: Any, tolerance: float) -> str:
    """The entries that differ, one a line."""
    if size(value) > FEW:
        return ""
    wrong = (
        (name, wrong_along(function, value, gradient, unit, steps, tolerance))
        for name, unit in entries(value)
    )
    return "".join(f"\n  entry {name}: {text}" for name, text in wrong if text)


# --- promises about results


def wrong_structure(gradient: Any, argument: Any, path: Path = ()) -> str:
    """Where a gradient has not the structure, kind, shape or dtype of its argument; "" if it has."""
    here = spell(path) or "the gradient"
    if is_container(argument):
        if type(gradient) is not type(argument):
            return f"{here} is {type(gradient).__name__}, not {type(argument).__name__}"
        ours, theirs = children(gradient), children(argument)
        if [step for step, _ in ours] != [step for step, _ in theirs]:
            return f"{here} has {[step for step, _ in ours]}, not {[step for step, _ in theirs]}"
        both = (wrong_structure(a, b, (*path, step)) for (step, a), (_, b) in zip(ours, theirs))
        return next(filter(None, both), "")
    if not is_float(argument):
        return "" if gradient is None else f"{here} is {gradient!r}, not None"
    if isinstance(argument, np.ndarray) and argument.ndim:
        wanted: tuple[type, ...] = (np.ndarray,)
    elif isinstance(argument, np.ndarray):
        wanted = (np.ndarray, argument.dtype.type)
    else:
        wanted = (type(argument),)
    if type(gradient) not in wanted:
        return f"{here} is {type(gradient).__name__}, not {wanted[0].__name__}"
    if np.shape(gradient) != np.shape(argument):
        return f"{here} has shape {np.shape(gradient)}, not {np.shape(argument)}"
    if np.asarray(gradient).dtype != np.asarray(argument).dtype:
        return f"{here} has dtype {np.asarray(gradient).dtype}, not {np.asarray(argument).dtype}"
    return ""


def arrays(value: Any) -> list[np.ndarray]:
    return [leaf for _, leaf in leaves(value) if isinstance(leaf, np.ndarray)]


def shared_memory(gradients: Any, others: Any) -> str:
    """Which returned arrays share memory with others, with each other or within themselves; "" if none."""
    ours = arrays(gradients)
    for one in ours:
        if not one.flags.writeable:
            return "a returned gradient cannot be written"
        if one.size and any(stride == 0 and n > 1 for stride, n in zip(one.strides, one.shape)):
            return "a returned gradient is a broadcast view"
        if any(np.shares_memory(one, other) for other in arrays(others)):
            return "a returned gradient shares memory with an argument or a captured array"
    if any(np.shares_memory(a, b) for a, b in itertools.combinations(ours, 2)):
        return "two returned gradients share memory"
    return ""


def fingerprint(value: Any) -> Any:
    """The bytes of everything in a structure, and the identities of its containers' items."""
    return [
        (id(leaf), leaf.tobytes() if isinstance(leaf, np.ndarray) else repr(leaf))
        for _, leaf in leaves(value)
    ]


def captured(function: Callable[..., Any]) -> list[Any]:
    """The arrays that a function reads from globals and cells."""
    while isinstance(function, functools.partial):
        function = function.func
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    names = function.__code__.co_names
    values = cells + [function.__globals__[name] for name in names if name in function.__globals__]
    return [value for value in values if isinstance(value, np.ndarray)]


def equal(a: Any, b: Any) -> bool:
    """The same structure, types and bits (nan equals nan)."""
    if is_container(a):
        return (
            type(a) is type(b)
            and [s for s, _ in children(a)] == [s for s, _ in children(b)]
            and all(equal(x, y) for (_, x), (_, y) in zip(children(a), children(b)))
        )
    if isinstance(a, (np.ndarray, np.generic, float, complex)):
        same = type(a) is type(b) and np.shape(a) == np.shape(b)
        return (
            same and np.asarray(a).dtype == np.asarray(b).dtype and bool(np.array_equal(a, b, equal_nan=True))
        )
    return a is b or bool(a == b)


def close(a: Any, b: Any, tolerance: float = 1e-8) -> bool:
    """The same structure with almost the same numbers."""
    pairs = zip(leaves(a), leaves(b), strict=True)
    for (_, x), (_, y) in pairs:
        if (x is None) != (y is None):
            return False
        if x is not None:
            scale = float(np.max(np.abs(y), initial=0.0))
            if np.shape(x) != np.shape(y) or not np.allclose(
                x, y, tolerance, tolerance * (1 + scale), equal_nan=True
            ):
                return False
    return True


# --- second order


def second_order(gradient: Any, function: Callable[..., Any], wrt: Any, point: Point, seed: int) -> Any:
    """A function of the same arguments whose value is <v, gradient>, with a fixed random v.

    It is written out as source, as a user would write it: np.sum(v0 * b0) + np.vdot(v1, b1["w"]).real.
    """
    draws = np.random.default_rng(seed)
    where = places(function, wrt, point)
    namespace: dict[str, Any] = {"np": np, "gradient": gradient}
    terms: list[str] = []
    for i, one in enumerate(where):
        root = f"b[{i}]" if isinstance(wrt, tuple) else "b"
        for path, leaf in leaves(point.get(one)):
            if is_float(leaf):
                name = f"v{len(terms)}"
                namespace[name] = same_kind(draws.standard_normal(np.shape(leaf)), leaf)
                at = f"{root}{spell(path)}"
                vdot = f"np.real(np.sum(np.conj({name}) * {at}))"
                terms.append(vdot if is_complex(leaf) else f"np.sum({name} * {at})")
    given = [f"x{i}" for i in range(len(point.args))]
    keywords = [f"{name}={name}" for name in point.kwargs]
    head = ", ".join([*given, *(["*", *point.kwargs] if point.kwargs else [])])
    body = f"b = gradient({', '.join(given + keywords)})"
    source = f"def second({head}):\n    {body}\n    return {' + '.join(terms) or '0.0'}\n"
    return define(source, "second", namespace)


_count = itertools.count()


def define(source: str, name: str, namespace: dict[str, Any]) -> Any:
    """Execute source that linecache knows, and return what it calls `name`."""
    file = f"<program {next(_count)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace.setdefault("__name__", "programs")
    exec(compile(source, file, "exec"), namespace)
    return namespace[name]


# --- the whole check


def clean(point: Point, function: Callable[..., Any]) -> bool:
    """Whether the primal runs without a floating point warning at a point."""
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            point(function)
    except FloatingPointError:
        return False
    return True


def strictly(point: Point, function: Callable[..., Any], silent: bool) -> Any:
    """Call; where the primal gives no warning, the gradient may give none either (S12)."""
    with np.errstate(all="raise" if silent else "ignore", under="ignore"):
        return point(function)


def check(program: Any) -> None:
    """Every promise about one program, at each of its cases. Raises AssertionError."""
    plain = astgrad.grad(program.function, program.wrt, optimize=False)
    best = astgrad.grad(program.function, program.wrt)
    both = astgrad.value_and_grad(program.function, program.wrt)
    for case in program.cases:
        with case.rebound(program.function):
            check_results(program, case, best, plain, both)
            if program.differences:
                check_differences(program, case, {"optimized": best, "optimize=False": plain})
            check_interpreter(program, case, {"optimized": best, "optimize=False": plain})
            if case.second:
                check_second_order(program, case, best)


def check_results(program: Any, case: Any, best: Any, plain: Any, both: Any) -> None:
    """Structure, value, memory, and that arguments stay as they are, at the given arguments."""
    function, point, wrt = program.function, case.point, program.wrt
    silent = clean(point, function)
    before = fingerprint((point.args, point.kwargs))
    known = captured(function)
    bytes_known = fingerprint(known)
    wanted_value = point(function)
    results = {"optimized": strictly(point, best, silent), "optimize=False": strictly(point, plain, silent)}
    value, results["value_and_grad"] = strictly(point, both, silent)
    results["second call"] = point(best)
    assert equal(value, wanted_value), f"value_and_grad gives {value!r}, the primal {wanted_value!r}"
    for mode, gradient in results.items():
        parts = as_list(gradient, wrt)
        for one, part in zip(places(function, wrt, point), parts):
            wrong = wrong_structure(part, point.get(one))
            assert not wrong, f"{mode}, argument {one}: {wrong}"
        wrong = shared_memory(gradient, (point.args, point.kwargs, known, value))
        assert not wrong, f"{mode}: {wrong}"
        if case.expected is not None:
            text = f"{mode}: expected {case.expected!r}, got {gradient!r}"
            assert close(gradient, case.expected, program.tolerance), text
        text = f"{mode}: {gradient!r}, but optimized: {results['optimized']!r}"
        assert close(gradient, results["optimized"], program.tolerance), text
    assert fingerprint((point.args, point.kwargs)) == before, "an argument was changed"
    assert fingerprint(known) == bytes_known, "a captured array was changed"


def check_differences(program: Any, case: Any, modes: dict[str, Any]) -> None:
    """Finite differences at three jittered inputs: all of them must agree, at one step size at least."""
    for seed in range(3):
        draws = np.random.default_rng(seed)
        where = places(program.function, program.wrt, case.point)
        point = jittered(case.point, where, draws)
        for mode, gradient in modes.items():
            parts = as_list(point(gradient), program.wrt)
            options = {"draws": draws, "steps": program.steps, "tolerance": program.tolerance}
            wrong = wrong_at(program.function, point, where, parts, **options)
            assert not wrong, f"{mode}, jitter {seed}: {wrong}"


def check_interpreter(program: Any, case: Any, modes: dict[str, Any]) -> None:
    """interpret(ir) == exec(emit(ir)) == primal, for the primal and for the gradient."""
    point = case.point
    given = Point((*own_arguments(program.function), *point.args), point.kwargs)  # generated code takes self
    for mode, gradient in modes.items():
        compiled = gradient.compiled_for(*point.args, **point.kwargs)
        primal = interpret(compiled.primal_ir, given)
        assert equal(primal, point(program.function)), f"{mode}: the primal's IR gives {primal!r}"
        stepped, text = interpret(compiled.gradient_ir, given), given(compiled.function)
        assert equal(stepped, text), f"{mode}: the gradient's IR gives {stepped!r}, its text {text!r}"


def own_arguments(function: Callable[..., Any]) -> tuple[Any, ...]:
    return (function.__self__,) if isinstance(function, MethodType) else ()


def interpret(function: Any, point: Point) -> Any:
    return point(lambda *args, **kwargs: step_by_step(function, *args, **kwargs))


def check_second_order(program: Any, case: Any, gradient: Any) -> None:
    """The gradient of <v, gradient> against differences of it, at three jittered inputs."""
    inner_product = second_order(gradient, program.function, program.wrt, case.point, 7)
    where = places(program.function, program.wrt, case.point)
    outer = astgrad.grad(inner_product, tuple(where) if isinstance(program.wrt, tuple) else where[0])
    for seed in range(3):
        draws = np.random.default_rng(seed)
        point = jittered(case.point, where, draws)
        parts = as_list(point(outer), program.wrt)
        options = {"draws": draws, "steps": program.steps, "tolerance": 10 * program.tolerance}
        wrong = wrong_at(inner_product, point, where, parts, **options)
        assert not wrong, f"second order, jitter {seed}: {wrong}"
