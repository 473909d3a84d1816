"""Every program of the corpus in every mode, and the oracle itself against what is known."""

from __future__ import annotations

import inspect
import itertools
import threading
from typing import Any

import numpy as np
import pytest

import astgrad
from tests import oracle
from tests.oracle import (
    Point,
    as_list,
    check,
    check_second_order,
    close,
    equal,
    jittered,
    leaves,
    places,
    shared_memory,
    wrong_at,
    wrong_structure,
)
from tests.programs import PROGRAMS, Layer, Pair, Params, Program, square
from tests.samples import complex_normal, normal


def name_of(program: Program) -> str:
    return program.name


@pytest.mark.parametrize("program", PROGRAMS, ids=name_of)
def test_program(program: Program) -> None:
    check(program)


# --- in the general form, which serves beyond 64 signatures


def single(leaf: Any) -> Any:
    """float32 for every float array, as a scalar for a number."""
    if isinstance(leaf, (np.ndarray, float)) and np.asarray(leaf).dtype == np.float64:
        return leaf.astype(np.float32) if isinstance(leaf, np.ndarray) else np.float32(leaf)
    return leaf


def short(leaf: Any) -> Any:
    """The first element along each axis, which stays."""
    return leaf[(slice(0, 1),) * leaf.ndim] if isinstance(leaf, np.ndarray) else leaf


VARIANTS: dict[str, Any] = {
    "as it is": lambda leaf: leaf,
    "single precision": single,
    "unit axes": short,
    "lists": lambda leaf: leaf.tolist() if isinstance(leaf, np.ndarray) and leaf.ndim == 1 else leaf,
    "numbers": lambda leaf: leaf.flat[0].item() if isinstance(leaf, np.ndarray) and leaf.size else leaf,
    "rank 0": lambda leaf: np.array(leaf) if isinstance(leaf, float) else leaf,
}
# of which the general form knows too little, so that each signature gets a gradient of its own
TOO_LITTLE = {"partial", "method_of_a_global", "loss", "namedtuple_fields", "dict_methods", "list_as_vector"}


@pytest.mark.parametrize("program", PROGRAMS, ids=name_of)
def test_the_general_form(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradient in which nothing is known gives what the one for the signature gives."""
    specific = astgrad.grad(program.function, program.wrt)
    general = astgrad.grad(program.function, program.wrt)
    for (name, change), case in itertools.product(VARIANTS.items(), program.cases):
        point = case.point.map(change)
        with case.rebound(program.function), np.errstate(all="ignore"):
            try:
                wanted = point(specific)
            except Exception:  # a variant that the program does not take
                assert name != "as it is"
                continue
            with monkeypatch.context() as patch:
                patch.setattr("astgrad.gradient.SIGNATURES", 0)
                found = point(general)
        for one, part in zip(places(program.function, program.wrt, point), as_list(found, program.wrt)):
            assert not wrong_structure(part, point.get(one)), name
        tolerance = 2e-3 if name == "single precision" else program.tolerance
        assert close(found, wanted, tolerance), f"{name}: {found!r}, for the signature {wanted!r}"
        if name == "as it is":
            assert bool(general.sources) == (program.name in TOO_LITTLE)


@pytest.mark.parametrize("program", PROGRAMS, ids=name_of)
def test_second_order_in_the_general_form(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("astgrad.gradient.SIGNATURES", 0)
    case = program.cases[0]
    if case.second:
        with case.rebound(program.function):
            check_second_order(program, case, astgrad.grad(program.function, program.wrt))


def test_there_are_enough_programs() -> None:
    assert len(PROGRAMS) >= 100
    names = [program.name for program in PROGRAMS if program.name != "<lambda>"]
    assert len(set(names)) == len(names)


# --- the oracle, against what is known


def network(params: Any, x: Any) -> Any:
    return np.sum(np.tanh(params["layer"].w @ x + params["layer"].b)) * params["scale"]


def network_gradient(params: Any, x: Any) -> Any:
    h = np.tanh(params["layer"].w @ x + params["layer"].b)
    bz = (1 - h**2) * params["scale"]
    return {"layer": Layer(np.outer(bz, x), bz), "scale": float(np.sum(h))}


def modulus(z: Any) -> Any:
    return np.sum(np.abs(z) ** 2) + np.sum((z * z).real)


POINT = Point(({"layer": Layer(normal(2, 3), normal(2)), "scale": 0.5}, normal(3, seed=1)))


def verdict(function: Any, point: Point, gradient: Any, **options: Any) -> str:
    return wrong_at(function, point, [0], [gradient], draws=np.random.default_rng(0), **options)


def test_oracle_accepts_hand_written_gradients() -> None:
    assert verdict(network, POINT, network_gradient(*POINT.args)) == ""
    z = complex_normal(3)
    assert verdict(modulus, Point((z,)), 2 * z + 2 * np.conj(z)) == ""
    single = Point((normal(4, dtype=np.float32),))
    gradient = np.cos(single.args[0])
    assert verdict(lambda x: np.sum(np.sin(x)), single, gradient, tolerance=2e-3) == ""


@pytest.mark.parametrize("path", [path for path, _ in leaves(POINT.args[0])], ids=oracle.spell)
@pytest.mark.parametrize("change", [lambda b: b * 1.001, lambda b: -b, lambda b: b * 0, lambda b: b + 1e-3])
def test_oracle_rejects_one_wrong_leaf(path: Any, change: Any) -> None:
    gradient = network_gradient(*POINT.args)
    items = iter([change(leaf) if at == path else leaf for at, leaf in leaves(gradient)])
    wrong = oracle.map_leaves(lambda _: next(items), gradient)
    for each in (True, False):
        assert verdict(network, POINT, wrong, each=each)


def test_oracle_rejects_one_wrong_entry_and_names_it() -> None:
    gradient = network_gradient(*POINT.args)
    gradient["layer"].w[1, 2] *= 1.01
    assert "entry [0]['layer'].w[1, 2]" in verdict(network, POINT, gradient)


def test_oracle_rejects_the_conjugate_and_a_lost_imaginary_part() -> None:
    z = complex_normal(3)
    f = lambda z: np.sum((z * z).imag)
    right = np.conj(2 * z) * 1j
    assert verdict(f, Point((z,)), right) == ""
    assert verdict(f, Point((z,)), np.conj(right))
    assert verdict(f, Point((z,)), right.real + 0j)


def test_oracle_rejects_wrong_structures() -> None:
    right = network_gradient(*POINT.args)
    argument = POINT.args[0]
    assert wrong_structure(right, argument) == ""
    assert wrong_structure({**right, "scale": np.float64(0.5)}, argument) == "['scale'] is float64, not float"
    assert wrong_structure({**right, "layer": tuple(right["layer"])}, argument)
    assert wrong_structure({"scale": 0.5, "layer": right["layer"]}, argument)
    assert wrong_structure(normal(3, dtype=np.float32), normal(3))
    assert wrong_structure(normal(1, 3), normal(3))
    assert wrong_structure(0.5, None) and wrong_structure(0, 3) and wrong_structure(np.zeros(3), [0.0] * 3)


def test_oracle_sees_shared_memory() -> None:
    x = normal(3)
    assert shared_memory(np.ones(3), x) == ""
    assert shared_memory(x[::-1], x)
    assert shared_memory(np.broadcast_to(1.0, 3), x)
    assert shared_memory((x[:2], x[1:]), ())
    assert shared_memory((x[:1], x[1:]), ()) == ""


def test_second_order_is_written_as_a_user_would() -> None:
    f = lambda p, n: np.sum(p.left**3) * p.right * n
    gradient = lambda p, n: Pair(3 * p.left**2 * p.right * n, float(np.sum(p.left**3) * n))
    point = Point((Pair(normal(2), 0.5), 2))
    h = oracle.second_order(gradient, f, "p", point, 0)
    draws = np.random.default_rng(0)
    v, w = draws.standard_normal(2), draws.standard_normal()
    b = gradient(*point.args)
    assert np.isclose(point(h), v @ b.left + w * b.right)


# --- what one gradient does at several calls


def test_a_rebound_cell_is_read_live() -> None:
    def make() -> Any:
        a = 2.0

        def f(x):
            return a * np.sum(x**2)

        def rebind(value: Any) -> None:
            nonlocal a
            a = value

        return f, rebind

    f, rebind = make()
    gradient = astgrad.grad(f)
    x = normal(3)
    assert close(gradient(x), 4 * x)
    for value in (3.0, 5, np.float32(0.5)):
        rebind(value)
        assert close(gradient(x), 2 * value * x)


def test_new_defaults_are_used() -> None:
    def f(x, a=2.0):
        return a * x * x

    gradient = astgrad.grad(f)
    assert gradient(1.5) == 6.0
    f.__defaults__ = (3.0,)
    assert gradient(1.5) == 9.0


def test_a_rebound_helper_is_used() -> None:
    namespace: dict[str, Any] = {"np": np, "helper": square}
    f = oracle.define("def f(x):\n    return np.sum(helper(x))\n", "f", namespace)
    gradient = astgrad.grad(f)
    x = normal(3)
    assert close(gradient(x), 2 * x)
    namespace["helper"] = lambda z: z**3
    assert close(gradient(x), 3 * x**2)
    namespace["helper"] = np.sin
    assert close(gradient(x), np.cos(x))


def test_a_new_lambda_at_each_call() -> None:
    def f(x, g):
        return np.sum(g(x))

    gradient = astgrad.grad(f)
    x = normal(3)
    for k in (2.0, 3.0):
        assert close(gradient(x, lambda z, k=k: k * z**2), 2 * k * x)
        assert close(gradient(x, lambda z: z * k), np.full(3, k))  # noqa: B023
        assert close(gradient(x, np.sin), np.cos(x))


def test_the_function_closed_over_itself_in_a_loop() -> None:
    x = normal(3)
    for k in range(3):
        assert close(astgrad.grad(lambda z: k * np.sum(z))(x), np.full(3, float(k)))  # noqa: B023


def test_a_call_of_the_gradient_with_other_kinds() -> None:
    def f(x, y):
        return np.sum(x * y + x)

    gradient = astgrad.grad(f, wrt=("x", "y"))
    kinds: list[Any] = [0.5, normal(3), normal(1), normal(2, 3), normal(2, 1), normal(1, 3), np.float64(0.5)]
    for _ in range(2):
        for x in kinds:
            for y in kinds:
                point = Point((x, y))
                bx, by = gradient(x, y)
                wrong = wrong_structure(bx, x) or wrong_structure(by, y)
                wrong = wrong or wrong_at(f, point, [0, 1], [bx, by], draws=np.random.default_rng(0))
                assert not wrong, (x, y, wrong)


def test_unit_axes_are_told_apart() -> None:
    gradient = astgrad.grad(lambda x, y: np.sum((x - y) ** 2), wrt=("x", "y"))
    for shapes in [((3, 1), (3, 4)), ((3, 4), (3, 4)), ((1, 4), (3, 4)), ((3, 4), (4,)), ((3, 4), (1,))]:
        x, y = normal(*shapes[0]), normal(*shapes[1], seed=1)
        bx, by = gradient(x, y)
        assert bx.shape == x.shape and by.shape == y.shape
        full = 2 * (x - y)
        assert np.isclose(bx.sum(), full.sum()) and np.isclose(by.sum(), -full.sum())


def test_a_dropped_statement_still_raises() -> None:
    def f(x, y):
        unused = x + y  # noqa: F841
        return np.sum(x)

    for optimize in (True, False):
        gradient = astgrad.grad(f, optimize=optimize)
        assert close(gradient(normal(3), normal(3)), np.ones(3))
        with pytest.raises(ValueError, match="broadcast"):
            gradient(normal(3), normal(4))
        assert close(gradient(normal(4), normal(4)), np.ones(4))


def test_sum_of_a_mismatch_raises_although_the_sum_is_dropped() -> None:
    gradient = astgrad.grad(lambda x, y: np.sum(x + y))
    assert close(gradient(normal(4), normal(4)), np.ones(4))
    with pytest.raises(ValueError, match="broadcast"):
        gradient(normal(3), normal(4))


def test_a_dropped_index_still_raises() -> None:
    def f(x, i):
        unused = x[i]  # noqa: F841
        return np.sum(x)

    gradient = astgrad.grad(f)
    assert close(gradient(normal(3), 2), np.ones(3))
    with pytest.raises(IndexError):
        gradient(normal(3), 7)


def test_a_dropped_matmul_still_raises() -> None:
    def f(w, x):
        unused = w @ x  # noqa: F841
        return np.sum(x)

    gradient = astgrad.grad(f, wrt="x")
    assert close(gradient(normal(2, 3), normal(3)), np.ones(3))
    with pytest.raises(ValueError, match=r"matmul|mismatch"):
        gradient(normal(2, 3), normal(4))


def test_gradients_from_two_threads() -> None:
    f = lambda x, a: np.sum(np.sin(a * x)) * a
    gradient = astgrad.grad(f)
    xs = [normal(n) for n in (1, 2, 3)] + [0.5, normal(2, 2)]
    wanted = [astgrad.grad(f)(x, 2.0) for x in xs]
    failures: list[Any] = []

    def work() -> None:
        try:
            for _ in range(20):
                for x, right in zip(xs, wanted):
                    assert equal(gradient(x, 2.0), right)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_print_happens_once(capsys: pytest.CaptureFixture[str]) -> None:
    def f(x):
        print("value", x)
        return x * x

    assert astgrad.grad(f)(1.5) == 3.0
    assert capsys.readouterr().out == "value 1.5\n"


# --- vjp


def outputs(x, a):
    return {"y": np.sin(x) * a, "s": np.sum(x), "pair": Pair(a * 2.0, [x[0]])}


def test_vjp_of_structures() -> None:
    x, a = normal(3), 0.5
    value, pullback = astgrad.vjp(outputs, x, a)
    assert equal(value, outputs(x, a))
    cotangent = {"y": normal(3, seed=4), "s": np.float64(2.0), "pair": Pair(0.3, [np.float64(0.7)])}

    def product(x, a):
        out = outputs(x, a)
        return (
            cotangent["y"] @ out["y"] + 2.0 * out["s"] + 0.3 * out["pair"].left + 0.7 * out["pair"].right[0]
        )

    for _ in range(2):
        gradients = list(pullback(cotangent))
        assert not wrong_at(product, Point((x, a)), [0, 1], gradients, draws=np.random.default_rng(0))
        assert not wrong_structure(gradients[0], x) and not wrong_structure(gradients[1], a)


def test_a_pullback_owns_what_it_reads() -> None:
    x = normal(3)
    value, pullback = astgrad.vjp(lambda x: x * x, x)
    wanted = 2 * x * np.arange(3.0)
    value[:] = 0
    x[:] = 7
    cotangent = np.arange(3.0)
    (first,) = pullback(cotangent)
    first_copy = first.copy()
    first[:] = -1
    (second,) = pullback(cotangent)
    assert close(first_copy, wanted) and close(second, wanted) and equal(cotangent, np.arange(3.0))


def positional(program: Program) -> inspect.BoundArguments:
    point = program.cases[0].point
    return inspect.signature(program.function).bind(*point.args, **point.kwargs)


@pytest.mark.parametrize("program", [p for p in PROGRAMS if not positional(p).kwargs], ids=name_of)
def test_vjp_agrees_with_grad(program: Program) -> None:
    """The same gradients from a cotangent of 1; vjp takes positional arguments."""
    case, args = program.cases[0], positional(program).args
    with case.rebound(program.function):
        value, pullback = astgrad.vjp(program.function, *args)
        assert equal(value, program.function(*args))
        gradients = pullback(type(value)(1.0))
        wanted = as_list(astgrad.grad(program.function, program.wrt)(*args), program.wrt)
        for place, right in zip(places(program.function, program.wrt, Point(args)), wanted):
            assert close(gradients[place], right, program.tolerance)


def test_jitter_keeps_kinds() -> None:
    point = Point((Params(normal(3, dtype=np.float32), 0.5), 3))
    moved = jittered(point, [0], np.random.default_rng(0))
    assert moved.args[0].scale.dtype == np.float32 and type(moved.args[0].shift) is float
    assert not equal(moved.args[0].scale, point.args[0].scale) and moved.args[1] == 3
