"""Each script of examples/lecture runs, and shows what its sentences say."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "lecture"


def example(name):
    """The module of a script; a name that starts with a digit cannot be imported by a statement."""
    spec = importlib.util.spec_from_file_location(name[3:], FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def statement_lines(text, start="", inside=""):
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line.startswith(start) and inside in line]


def test_every_script_has_a_test():
    tested = "\n".join(name for name in globals() if name.startswith("test_"))
    for script in FOLDER.glob("*.py"):
        assert f"test_{script.stem[3:]}" in tested


def test_forward_propagation(capsys):
    shown = example("01_forward_propagation").main()
    x1, x2 = 0.5, 2.0
    x3, x4 = x1 * x2, np.sin(x1)
    assert shown["values"] == pytest.approx([x3, x4, x3 + x4, np.exp(x3 + x4)])
    assert shown["result"] == pytest.approx(np.exp(x3 + x4))
    lines = shown["ssa"].splitlines()
    assert lines[0] == "f(x1, x2):"
    assert [line.split()[0] for line in lines[1:]] == ["x3", "x4", "t1", "t2", "return"]
    source = (FOLDER / "01_forward_propagation.py").read_text().splitlines()
    assert f"x3 = mul(x1, x2)  # {1 + source.index('    x3 = x1 * x2')}" in shown["ssa"]
    assert f"{np.exp(x3 + x4):.6f}" in capsys.readouterr().out


def test_back_propagation_accumulate():
    shown = example("02_back_propagation_accumulate").main()
    assert shown["generated"] == pytest.approx(shown["by_hand"], rel=1e-12)
    backward = shown["source"].partition("# backward")[2]
    steps = [line.split()[0] for line in statement_lines(backward, inside=" += ")]
    assert len(steps) == shown["additions"] == 6
    assert steps == ["bx5", "bx3", "bx4", "bx1", "bx1", "bx2"]
    zeros = [line.split()[0] for line in statement_lines(backward, inside=" = 0")]
    assert sorted(zeros) == ["bx1", "bx2", "bx3", "bx4", "bx5"]
    assert len(statement_lines(backward, start="bx6 = 1.0")) == 1


def test_sum_over_children():
    shown = example("03_sum_over_children").main()
    assert shown["accumulated"] == pytest.approx(shown["by_hand"], rel=1e-12)
    assert shown["summed"] == pytest.approx(shown["by_hand"], rel=1e-12)
    backward = shown["accumulating"].partition("# backward")[2]
    assert len(statement_lines(backward, start="bx += ")) == 3
    assert not statement_lines(shown["summing"], inside=" += ")


def test_least_squares():
    shown = example("04_least_squares").main()
    for got, expected in shown.values():
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


def test_linear_and_hidden_layer():
    shown = example("05_linear_and_hidden_layer").main()
    assert list(shown["hidden"]) == ["sigmoid", "tanh", "relu"]
    for pairs in (shown["linear"], *shown["hidden"].values()):
        for got, expected in pairs:
            assert got.shape == expected.shape
            np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)


def test_network():
    shown = example("06_network").main()
    assert max(shown["differences"].values()) < 1e-12
    losses = shown["losses"]
    assert losses["plain"][0] == pytest.approx(losses["shifted"][0], rel=1e-12)
    np.testing.assert_allclose(losses["plain"][1], losses["shifted"][1], rtol=1e-12)
    assert not np.isfinite(losses["plain, large f"][0])
    value, gradient = losses["shifted, large f"]
    share = 1 / (1 + np.exp(-1.0))  # of the largest f, which is one above the second
    assert value == pytest.approx(1 + np.log1p(np.exp(-1.0)))
    np.testing.assert_allclose(gradient, [share, -share, 0.0, 0.0], atol=1e-12)


def test_cheap_gradient():
    """Operations are counted, not seconds."""
    shown = example("07_cheap_gradient").main(lengths=(10, 100, 1000))
    for of_function, of_gradient in (*shown["lecture"].values(), *shown["chains"].values()):
        assert of_gradient <= 4 * of_function
    for n, (of_function, of_gradient) in shown["chains"].items():
        assert n <= of_function <= 3 * n
        assert of_gradient <= 8 * n


def test_cheap_gradient_of_3000_statements():
    chain = example("07_cheap_gradient")
    args = (np.array([0.5, 1.0]), np.array([0.1, -0.2]))
    (of_function, of_gradient), _ = chain.measure(chain.straight_chain(3000), args, ("q0", "p0"))
    assert of_function >= 3000
    assert of_gradient <= 8 * 3000
