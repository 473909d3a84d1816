"""The matrix of the rules: each ruled function × its samples, as a plain Python function.

The rows come from the registry: a function that is ruled and has no sample fails here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from astgrad import ir, runtime, runtime_lists, runtime_python
from astgrad.analyses import specs as sp
from astgrad.rules import registry
from astgrad.rules.registry import RULES, Rule
from tests.rules.samples import CONSTANTS, SAMPLES, Sample

RULED = {rule.function: rule for rule in RULES.values() if rule.kind not in ("constant", "unsupported")}
WITHOUT_SPEC = {
    *(runtime_python.appended, runtime_lists.popped, runtime_lists.joined, runtime_lists.copied),
    *(runtime_lists.front, runtime_lists.back, runtime_lists.taken, runtime_lists.put_back),
    tuple,
    list,
    sum,
    max,
    min,
    np.cross,
    runtime.unpack,
}  # the kind of the result depends on values


def name_of(function: Any) -> str:
    return getattr(function, "__qualname__", None) or function.__name__


def rows(table: dict[Any, list[Sample]]) -> list[Any]:
    return [
        pytest.param(function, sample, id=f"{name_of(function)}-{number}")
        for function, samples in table.items()
        for number, sample in enumerate(samples)
    ]


def test_every_ruled_function_has_a_sample() -> None:
    assert not [name_of(function) for function in RULED if function not in SAMPLES]


def test_every_constant_with_a_spec_has_a_sample() -> None:
    constants = {rule.function for rule in RULES.values() if rule.kind == "constant"}
    missing = {f for f in constants if (RULES[f].spec or isinstance(f, np.ufunc)) and f not in CONSTANTS}
    assert not [name_of(function) for function in missing]


# --- calling a rule as the reverse transform does


def contributions(rule: Rule, by: Any, y: Any, bound: dict[str, Any]) -> dict[str, Any]:
    """The adjoint of each differentiated operand that is given."""
    assert rule.backward is not None
    if rule.kind == "elementwise":
        parts = rule.backward(y, **bound)
    else:
        parts = rule.backward(by, *((y,) if rule.kind == "adjoint" else ()), **bound)
    parts = (parts,) if len(rule.wrt) == 1 else parts
    found = {}
    for name, part in zip(rule.wrt, parts):
        if name in bound and is_float(bound[name]):
            if rule.kind == "elementwise":
                part = runtime.unbroadcast(by * np.conj(part), bound[name])
            found[name] = cast(part, bound[name])
    return found


def cast(part: Any, x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return [cast(p, item) for p, item in zip(part, x)]
    return runtime.cast(part, x)


def is_float(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(is_float(item) for item in x)
    return isinstance(x, (float, complex, np.inexact)) or (isinstance(x, np.ndarray) and x.dtype.kind in "fc")


def direction(x: Any, rng: np.random.Generator) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(direction(item, rng) for item in x)
    if not is_float(x):
        return 0
    d = rng.normal(size=np.shape(x))
    return d + 1j * rng.normal(size=np.shape(x)) if np.iscomplexobj(x) else d


def moved(x: Any, d: Any, step: float) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(moved(item, di, step) for item, di in zip(x, d))
    if not is_float(x):
        return x
    value = x + step * d
    if type(x) in (float, complex):
        return type(x)(value)
    return np.asarray(value) if isinstance(x, np.ndarray) else type(x)(value)


def inner(a: Any, b: Any) -> float:
    """Re sum conj(a) b over the leaves."""
    if isinstance(a, (list, tuple)):
        return sum(inner(one, two) for one, two in zip(a, b) if is_float(one))
    return float(np.real(np.sum(np.conj(a) * b)))


def call(rule: Rule, bound: dict[str, Any], sample: Sample) -> Any:
    """The function on bound operands, given as the sample gives them."""
    if rule.variadic and len(sample.args) > rule.positional:
        start = list(rule.parameters or ()).index(rule.variadic)
        values = list(bound.values())
        return rule.function(*values[:start], *bound[rule.variadic])
    args = tuple(bound[name] for name, _ in zip(bound, sample.args))
    return rule.function(*args, **{key: bound[key] for key in sample.kwargs})


@pytest.mark.parametrize("function, sample", rows(SAMPLES))
def test_against_finite_differences(function: Any, sample: Sample) -> None:
    rule = RULED[function]
    bound = registry.bind(rule, sample.args, sample.kwargs)
    if rule.kind == "linear" and rule.wrt[0] not in bound:
        return
    y = call(rule, bound, sample)
    rng = np.random.default_rng(3)
    by = adjoint_like(y, rng)
    with np.errstate(all="ignore"):
        found = contributions(rule, by, y, bound)
    assert found
    if singular_at(function, bound):
        return
    for name, bx in found.items():
        for _ in range(3):
            dx = direction(bound[name], rng)
            h = 1e-6
            up = call(rule, {**bound, name: moved(bound[name], dx, h)}, sample)
            down = call(rule, {**bound, name: moved(bound[name], dx, -h)}, sample)
            expected = (inner(by, up) - inner(by, down)) / (2 * h)
            assert inner(bx, dx) == pytest.approx(expected, rel=2e-6, abs=2e-8), name
        check_shape(bx, bound[name])


def singular_at(function: Any, bound: dict[str, Any]) -> bool:
    """x**2.5 and 0.0**x: a difference across 0 is NaN."""
    return function in (np.power, np.float_power) and bool(np.any(np.asarray(bound["x1"]) == 0))


def adjoint_like(y: Any, rng: np.random.Generator) -> Any:
    if isinstance(y, (list, tuple)):
        return type(y)(adjoint_like(item, rng) for item in y)
    by = rng.normal(size=np.shape(y))
    by = by + 1j * rng.normal(size=np.shape(y)) if np.iscomplexobj(y) else by
    return by if isinstance(y, np.ndarray) else type(y)(by)


def check_shape(bx: Any, x: Any) -> None:
    if isinstance(x, (list, tuple)):
        assert len(bx) == len(x)
        for one, two in zip(bx, x):
            check_shape(one, two)
        return
    assert np.shape(bx) == np.shape(x)
    if is_float(x):
        assert np.asarray(bx).dtype == np.asarray(x).dtype
    assert type(x) not in (float, complex) or type(bx) is type(x)


def to_float32(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(map(to_float32, x))
    if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc":
        return x.astype(np.complex64 if x.dtype.kind == "c" else np.float32)
    return x


@pytest.mark.parametrize("function", [pytest.param(f, id=name_of(f)) for f in RULED])
def test_float32_stays(function: Any) -> None:
    rule = RULED[function]
    for sample in SAMPLES[function]:
        bound = {k: to_float32(v) for k, v in registry.bind(rule, sample.args, sample.kwargs).items()}
        y = call(rule, bound, sample)
        with np.errstate(all="ignore"):
            for name, bx in contributions(rule, adjoint_like(y, np.random.default_rng(1)), y, bound).items():
                check_shape(bx, bound[name])


# --- specs


def operand_spec(value: Any, roots: dict[ir.Var, Any]) -> sp.Spec:
    if isinstance(value, np.ndarray):
        root = ir.Var("x")
        roots[root] = value
        return sp.spec_of(value, root)
    if isinstance(value, (list, tuple)):
        return sp.Struct(type(value), tuple(operand_spec(item, roots) for item in value))
    return sp.literal(value) if not isinstance(value, float) else sp.Number(type(value))


def length(dim: Any, roots: dict[ir.Var, Any]) -> int:
    return max(roots[dim.source].shape[dim.axis] - dim.offset, 0) if isinstance(dim, sp.Dim) else dim


def check_spec(spec: sp.Spec, value: Any, roots: dict[ir.Var, Any]) -> None:
    if isinstance(spec, sp.Struct):
        assert type(value) is spec.kind and len(value) == len(spec.items)
        for item, each in zip(spec.items, value):
            check_spec(item, each, roots)
    elif isinstance(spec, sp.Array):
        assert type(value) is np.ndarray and value.dtype == spec.dtype
        assert spec.shape is not None and len(spec.shape) == value.ndim
        for dim, n in zip(spec.shape, value.shape):
            assert dim is None or length(dim, roots) == n
            assert not (isinstance(dim, sp.Dim) and dim.offset == 0 and n == 1)
    elif isinstance(spec, sp.Number):
        assert type(value) is spec.type
        assert spec.value is None or length(spec.value, roots) == value
    elif isinstance(spec, sp.Known):
        assert type(value) is type(spec.value) and value == spec.value
    else:
        raise AssertionError(f"unknown for {value!r}")


def spec_and_value(function: Any, sample: Sample) -> tuple[sp.Spec, Any, dict[ir.Var, Any]]:
    roots: dict[ir.Var, Any] = {}
    args = tuple(operand_spec(value, roots) for value in sample.args)
    kwargs = {key: operand_spec(value, roots) for key, value in sample.kwargs.items()}
    spec = registry.result_spec(function, args, kwargs)
    return spec, function(*sample.args, **sample.kwargs), roots


@pytest.mark.parametrize("function, sample", rows(SAMPLES) + rows(CONSTANTS))
def test_result_spec(function: Any, sample: Sample) -> None:
    if function in WITHOUT_SPEC:
        return
    check_spec(*spec_and_value(function, sample))


@pytest.mark.parametrize("function, sample", rows(SAMPLES) + rows(CONSTANTS))
def test_a_fresh_result_shares_no_memory(function: Any, sample: Sample) -> None:
    args = tuple(operand_spec(value, {}) for value in sample.args)
    effects = registry.effects_of(function, args)
    assert effects.writes == ()
    if effects.result == "fresh":
        y = function(*sample.args, **sample.kwargs)
        for arg in (*sample.args, *sample.kwargs.values()):
            if isinstance(y, np.ndarray) and isinstance(arg, np.ndarray):
                assert not np.shares_memory(y, arg)
