"""The main job: training on the digits reaches its accuracy, with a right gradient, quietly."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "digits_network.py"
PICTURES = {"learning_curve.png", "first_layer_weights.png"}


@pytest.fixture(scope="module")
def digits_network():
    spec = importlib.util.spec_from_file_location("digits_network", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_trains_checks_and_draws(digits_network, tmp_path, capsys):
    summary = digits_network.main(["--output", str(tmp_path / "pictures")])
    printed = capsys.readouterr()
    assert summary.accuracy >= 0.96
    assert summary.deviation_from_analytic < 1e-12
    assert summary.deviation_from_finite_differences < 1e-6
    assert summary.time_ratio > 1
    assert summary.source in printed.out
    assert "bV = bf.T @ h" in summary.source
    assert {path.name for path in (tmp_path / "pictures").iterdir()} == PICTURES
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in (tmp_path / "pictures").iterdir())


def test_same_seed_same_training(digits_network):
    digits = digits_network.read_digits()
    once, again, other = (digits_network.train(digits, seed, epochs=2) for seed in (3, 3, 4))
    assert once.losses == again.losses
    assert once.losses != other.losses


def test_silent_without_a_terminal(tmp_path):
    command = [sys.executable, str(SCRIPT), "--epochs", "1", "--output", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=SCRIPT.parents[1])
    assert done.stderr == ""
    assert "accuracy on 360 held-out digits" in done.stdout
    assert "gradient time / loss time" in done.stdout
