"""Long programs: thousands of statements work, and calls and work grow no faster than the statements do."""

from __future__ import annotations

import linecache
import sys
import time
from collections.abc import Callable, Iterator
from types import FunctionType

import numpy as np
import pytest

from astgrad import grad
from astgrad.deep import deeper

X = np.linspace(0.1, 0.9, 5)
A = np.linspace(0.7, 0.5, 5)


@pytest.fixture(autouse=True)
def unverified(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As users run it, and text that was made for a test is forgotten after it."""
    monkeypatch.setenv("ASTGRAD_CHECK", "0")
    before = set(linecache.cache)
    yield
    for name in set(linecache.cache) - before:
        linecache.cache.pop(name, None)


def made(body: list[str], result: str, before: str = "") -> FunctionType:
    """f(x, a) with these lines."""
    text = before + "\n".join(["def f(x, a):", *(f"    {line}" for line in body), f"    return {result}", ""])
    name = f"<size {len(body)} {hash(text)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    namespace: dict[str, object] = {"np": np}
    exec(deeper(lambda: compile(text, name, "exec")), namespace)
    f = namespace["f"]
    assert isinstance(f, FunctionType)
    return f


def chain(n: int) -> FunctionType:
    kinds = ("np.sin(x{i})", "x{i} * a", "x{i} + x{k}", "np.exp(-x{i})")
    lines = [f"x{i + 1} = {kinds[i % 4].format(i=i, k=max(i - 2, 0))}" for i in range(n)]
    return made(["x0 = x", *lines], f"np.sum(x{n})")


def reassigned(n: int) -> FunctionType:
    return made(["s = x", *(f"s = s + np.sin(x * {i + 1}.0) / {i + 1}" for i in range(n))], "np.sum(s)")


def augmented(n: int) -> FunctionType:
    return made(["s = 0.0", *(f"s += np.sum(x * a) / {i + 1}" for i in range(n))], "s")


def read(n: int) -> FunctionType:
    return made(["s = 0.0", *(f"s = s + x[{i % 5}] * a[{(i + 1) % 5}]" for i in range(n))], "s")


def helped(n: int) -> FunctionType:
    return made(["x = h(x, a)"] * n, "np.sum(x)", "def h(x, y):\n    return np.tanh(x) + x * y\n\n\n")


def unread(n: int) -> FunctionType:
    return made([f"unread{i} = x + a" for i in range(n)], "np.sum(x * a)")


def summed(n: int) -> FunctionType:
    return made([], "np.sum(" + " + ".join(f"x * {i + 1}.0" for i in range(n)) + ")")


def summed_in_lines(n: int) -> FunctionType:
    return made([], "np.sum(\n" + " +\n".join(f"        x * {i + 1}.0" for i in range(n)) + "\n    )")


LONG = (chain, reassigned, augmented, read, helped, unread, summed, summed_in_lines)


def analytic(n: int) -> dict[Callable[[int], FunctionType], tuple[np.ndarray, np.ndarray]]:
    """The gradients, for x and a, of those that have a short one."""
    harmonic = sum(1 / (i + 1) for i in range(n))
    each = [np.cos(X * (i + 1)) for i in range(n)]
    total, zero = n * (n + 1) / 2, np.zeros(5)
    read_x, read_a = np.zeros(5), np.zeros(5)
    for i in range(n):
        read_x[i % 5] += A[(i + 1) % 5]
        read_a[(i + 1) % 5] += X[i % 5]
    return {
        reassigned: (1 + sum(each), zero),
        augmented: (harmonic * A, harmonic * X),
        read: (read_x, read_a),
        unread: (A, X),
        summed: (np.full(5, total), zero),
        summed_in_lines: (np.full(5, total), zero),
    }


SIZES = (
    *((program, n, True) for program, n in zip(LONG, (3000, 3000, 1000, 1000, 1000, 3000, 3000, 3000))),
    *((program, n, False) for program, n in zip(LONG, (3000, 500, 500, 500, 500, 3000, 3000, 500))),
)


@pytest.mark.parametrize(("program", "n", "optimize"), SIZES)
def test_thousands_of_statements(program, n, optimize):
    limit = sys.getrecursionlimit()
    bx, ba = grad(program(n), wrt=("x", "a"), optimize=optimize)(X, A)
    assert sys.getrecursionlimit() == limit
    expected = analytic(n).get(program)
    if expected:
        np.testing.assert_allclose(bx, expected[0], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(ba, expected[1], rtol=1e-9, atol=1e-9)
    else:
        assert np.isfinite(bx).all() and np.isfinite(ba).all()


@pytest.mark.parametrize("program", [chain, helped])
def test_a_long_gradient_agrees_with_finite_differences(program):
    f = program(200)
    bx, ba = grad(f, wrt=("x", "a"))(X, A)
    dx, da = np.random.default_rng(0).normal(size=(2, 5))
    h = 1e-6
    expected = (f(X + h * dx, A + h * da) - f(X - h * dx, A - h * da)) / (2 * h)
    np.testing.assert_allclose(bx @ dx + ba @ da, expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("program", LONG)
def test_calls_grow_as_the_statements_do(program):
    """The cheap gradient principle: the calls of a gradient are at most a constant times those of f."""

    def calls(n: int) -> tuple[int, int]:
        compiled = grad(program(n), wrt=("x", "a")).compiled_for(X, A)
        return len(compiled.primal_ir.body.body), len(compiled.gradient_ir.body.body)

    (_, few), (_, more), (primal, many) = calls(20), calls(40), calls(200)
    assert many <= 4 * primal + 20
    assert many - more <= 8.4 * (more - few) + 8


@pytest.mark.parametrize("program", LONG)
def test_the_text_grows_as_the_statements_do(program):
    few, many = (len(grad(program(n), wrt=("x", "a")).source_for(X, A)) for n in (100, 1000))
    assert many <= 14 * few


def test_time_grows_as_the_statements_do():
    """Generously: a pass that is quadratic takes a hundred times as long for ten times the statements."""

    def seconds(n: int) -> float:
        f = chain(n)
        start = time.process_time()
        grad(f, wrt=("x", "a")).source_for(X, A)
        return time.process_time() - start

    seconds(10)
    assert seconds(3000) <= 40 * seconds(300)


def test_an_expression_that_is_nested_deep():
    """As deep as Python's own parser goes."""
    x = X[0]
    expected = 1.0
    for _ in range(90):
        expected, x = expected * np.cos(x), np.sin(x)
    bx = grad(made([], "np.sum(" + "np.sin(" * 90 + "x" + ")" * 90 + ")"))(X, A)
    np.testing.assert_allclose(bx[0], expected)
