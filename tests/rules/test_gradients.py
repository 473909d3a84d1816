"""Every rule through the whole program: lowered, specialized, optimized, printed; first and second order.

y = f(x);  grad of Re sum conj(by) y, and of Re sum conj(v) g(x), where g is the gradient of by y**2
"""

from __future__ import annotations

import linecache
from typing import Any

import numpy as np
import pytest

import astgrad
from astgrad import runtime, runtime_products, runtime_python
from astgrad.rules import registry
from tests.rules.samples import SAMPLES, Sample
from tests.rules.test_matrix import RULED, direction, inner, is_float, moved, name_of, rows

OWN = [
    value
    for module in (runtime, runtime_products, runtime_python)
    for value in vars(module).values()
    if callable(value)
]
SPLITS = (np.split, np.array_split, np.hsplit, np.vsplit)
OTHERS = (tuple, list, *SPLITS)  # np.vdot below needs an array or a number
USERS = {f: samples for f, samples in SAMPLES.items() if f not in OWN and f not in OTHERS}
SOURCE = """
def f({names}, by):
    y = function({call})
    return np.real(np.vdot(by, y))

def squared({names}, by):
    y = function({call})
    return np.real(np.vdot(by, y * y))

g = grad(squared, wrt={wrt!r})

def h({names}, by, v):
    return np.real(np.vdot(v, g({names}, by)))
"""


def programs(function: Any, sample: Sample, wrt: str, *, literals: bool = False) -> dict[str, Any]:
    """f, and the inner product of a gradient; floats that are not differentiated may be literals."""
    names = names_of(sample)
    values = (*sample.args, *sample.kwargs.values())
    active = differentiated(function, sample)
    written = [
        repr(value).replace("inf", "np.inf")
        if literals and name not in active and type(value) is float
        else name
        for name, value in zip(names, values)
    ]
    call = [*written[: len(sample.args)]]
    call += [f"{key}={text}" for key, text in zip(sample.kwargs, written[len(sample.args) :])]
    text = SOURCE.format(names=", ".join(names), call=", ".join(call), wrt=wrt)
    file = f"<{name_of(function)} {id(sample)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace = {"function": function, "np": np, "grad": astgrad.grad}
    exec(compile(text, file, "exec"), namespace)
    return namespace


def names_of(sample: Sample) -> list[str]:
    return [*(f"a{i}" for i in range(len(sample.args))), *sample.kwargs]


def differentiated(function: Any, sample: Sample) -> list[str]:
    """The operands of floats that the rule differentiates, by their names in the program."""
    rule = RULED[function]
    bound = registry.bind(rule, sample.args, sample.kwargs)
    active = [value for name, value in bound.items() if name in rule.wrt and is_float(value)]
    values = (*sample.args, *sample.kwargs.values())
    if rule.variadic in rule.wrt and len(sample.args) > 1:
        active += [value for value in sample.args if is_float(value)]
    return [n for n, value in zip(names_of(sample), values) if any(value is each for each in active)]


def check(function: Any, gradient: Any, values: dict[str, Any], wrt: str, rel: float) -> None:
    with np.errstate(all="ignore"):
        bx = gradient(**values)
        dx, step = direction(values[wrt], np.random.default_rng(5)), 1e-6
        up = function(**{**values, wrt: moved(values[wrt], dx, step)})
        down = function(**{**values, wrt: moved(values[wrt], dx, -step)})
    expected = (up - down) / (2 * step)
    if not np.isnan(expected):  # x**2.5 across 0
        assert inner(bx, dx) == pytest.approx(expected, rel=rel, abs=1e-6)
    assert isinstance(values[wrt], (list, tuple)) or np.shape(bx) == np.shape(values[wrt])


def adjoint_of(y: Any) -> Any:
    rng = np.random.default_rng(0)
    by = rng.normal(size=np.shape(y))
    return by + 1j * rng.normal(size=np.shape(y)) if np.iscomplexobj(y) else by


@pytest.mark.parametrize("function, sample", rows(USERS))
def test_first_order(function: Any, sample: Sample) -> None:
    y = function(*sample.args, **sample.kwargs)
    values = dict(zip(names_of(sample), (*sample.args, *sample.kwargs.values())))
    for wrt in differentiated(function, sample):
        f = programs(function, sample, wrt)["f"]
        check(f, astgrad.grad(f, wrt=wrt), {**values, "by": adjoint_of(y)}, wrt, 1e-5)


@pytest.mark.parametrize("kind", (tuple, list))
def test_a_sequence_of_an_array(kind: Any) -> None:
    text = "def f(x):\n    t = kind(x)\n    return t[0] * t[1]\n"
    linecache.cache["<sequence>"] = (len(text), None, text.splitlines(keepends=True), "<sequence>")
    namespace = {"kind": kind}
    exec(compile(text, "<sequence>", "exec"), namespace)
    np.testing.assert_array_equal(astgrad.grad(namespace["f"])(np.array([2.0, 3.0, 5.0])), [3, 2, 0])


@pytest.mark.parametrize("function, sample", rows(USERS))
def test_second_order(function: Any, sample: Sample) -> None:
    y = function(*sample.args, **sample.kwargs)
    values = dict(zip(names_of(sample), (*sample.args, *sample.kwargs.values())))
    for wrt in differentiated(function, sample)[:1]:
        if isinstance(values[wrt], (list, tuple)):
            return
        h = programs(function, sample, wrt, literals=True)["h"]
        v = direction(values[wrt], np.random.default_rng(1))
        given = {**values, "by": adjoint_of(y), "v": v}
        check(h, astgrad.grad(h, wrt=wrt), given, wrt, 1e-4)
