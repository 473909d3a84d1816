"""300 random programs, and the generator, the judge and the reducer themselves."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest

import astgrad
from tests import fuzz
from tests.fuzz import Verdict, generate, judge, modes_of, valid
from tests.oracle import Point, entries, is_float, map_leaves, moved, places, widened
from tests.reduce import reduce

PER_TEST = 20


@pytest.mark.parametrize("first", range(0, 300, PER_TEST))
def test_random_programs(first: int) -> None:
    """None wrong, none crashing, and nearly none refused: a refusal is no way to pass."""
    failures, refusals = [], []
    for seed in range(first, first + PER_TEST):
        source = generate(seed)
        verdict = judge(source, modes_of(seed))
        if verdict.kind == "refused":
            refusals.append((seed, verdict.reason))
        elif verdict.kind != "ok":
            failures.append(f"seed {seed}: {' | '.join(verdict.key)}\n{verdict.detail}\n{source}")
    assert not failures, "\n".join(failures)
    assert len(refusals) <= PER_TEST // 10, refusals


def test_generated_programs_are_valid_and_the_same_for_the_same_seed() -> None:
    for seed in range(20):
        source = generate(seed)
        assert valid(source)
        assert source == generate(seed)


def test_generated_programs_use_the_language() -> None:
    """Over some seeds, each construct that is meant to be tested appears."""
    sources = "\n".join(generate(seed) for seed in range(150))
    constructs = """
        lambda z;def g0;def helper1;apply(;Pair(;Params(;{"w":;[::-1];np.where(; @ ;keepdims=True;.T;RATE;
        OFFSET;rebind = ;more = ;np.float32;k=0.75;+= ;[0, 0]
    """
    for construct in "".join(line[8:] for line in constructs.split("\n")).split(";"):
        assert construct in sources, construct


# --- judge and reducer, given a product that is wrong on purpose

PROGRAM = """import numpy as np
from tests.programs import Pair
RATE = 0.5
OFFSET = np.array([1.0, 2.0])

def helper(z, k=2.0):
    w = z * k
    return Pair(w, [np.cos(z), OFFSET])

def f(x, y):
    a = helper(x)
    g = lambda u: u * a.left
    b = g(a.right[0])
    c = np.sum(np.tanh(b)) * RATE
    d = c + y
    return d * y + np.sum(b)

args = (np.array([0.3, -0.7]), 1.5)
wrt = (0, "y")
"""


def numeric(f: Any, wrt: Any, optimize: bool = True) -> Any:
    """A right but slow `grad`: differences, entry by entry."""

    def gradient(*args: Any, **kwargs: Any) -> Any:
        point = Point(args, kwargs)
        wide = point.map(widened)
        parts = []
        for where in places(f, wrt, point):
            value = point.get(where)
            slopes = []
            for _, unit in entries(value):
                ahead, behind = (wide.put(where, moved(wide.get(where), unit, s))(f) for s in (1e-6, -1e-6))
                slopes.append((ahead - behind) / 2e-6)
            items = iter(slopes)
            parts.append(map_leaves(lambda leaf, items=items: like(leaf, items), value))
        return tuple(parts) if isinstance(wrt, tuple) else parts[0]

    return gradient


def like(leaf: Any, items: Any) -> Any:
    if not is_float(leaf):
        return None
    numbers = np.array([next(items) for _ in range(np.size(leaf))]).reshape(np.shape(leaf))
    return numbers.astype(leaf.dtype) if isinstance(leaf, np.ndarray) else type(leaf)(numbers)


def changed(change: Any) -> Any:
    """A `grad` whose results are changed by `change(f, gradient)`."""

    def grad(f: Any, wrt: Any, optimize: bool = True) -> Any:
        gradient = numeric(f, wrt, optimize)
        return lambda *args, **kwargs: change(f, gradient(*args, **kwargs))

    return grad


def test_judge_accepts_a_right_gradient() -> None:
    assert judge(PROGRAM, ("optimized",), numeric) == Verdict("ok")
    accepted = [judge(generate(seed), ("optimized",), numeric).kind for seed in range(30)]
    assert accepted.count("ok") == 30, accepted


def test_judge_detects_wrong_gradients_structures_and_memory() -> None:
    def judged(change: Any) -> tuple[str, str]:
        verdict = judge(PROGRAM, ("optimized",), changed(change))
        return verdict.kind, verdict.reason

    assert judged(lambda f, g: (g[0] * 1.01, g[1])) == ("wrong", "gradient")
    assert judged(lambda f, g: (g[0] * [1, 0], g[1])) == ("wrong", "gradient")
    assert judged(lambda f, g: (g[0], 0.0)) == ("wrong", "gradient")
    assert judged(lambda f, g: (g[0], np.float64(g[1])))[1] == "structure: the gradient is float_, not float"
    assert judged(lambda f, g: (g[0].astype(np.float32), g[1]))[1].startswith("structure")
    assert judged(lambda f, g: (g[0][None], g[1]))[1].startswith("structure")
    assert judged(lambda f, g: list(g))[1].startswith("structure")
    assert judged(lambda f, g: (np.broadcast_to(g[0], (2,)), g[1]))[1].startswith("memory")
    assert judged(lambda f, g: (f.__globals__["OFFSET"], g[1]))[1].startswith("memory")


def test_judge_tells_refusals_from_crashes() -> None:
    def raising(error: Exception) -> Any:
        def change(f: Any, gradient: Any) -> Any:
            raise error

        return changed(change)

    refusal = astgrad.MissingRule("demo.py:7:9: np.partition has no derivative rule\n  caret")
    assert judge(PROGRAM, ("optimized",), raising(refusal)).kind == "refused"
    assert judge(PROGRAM, ("optimized",), raising(astgrad.InternalError("oh"))).kind == "crash"
    verdict = judge(PROGRAM, ("optimized",), raising(KeyError("t17")))
    assert verdict.kind == "crash" and verdict.reason == "KeyError: _" and "change" in verdict.detail


def test_reducer_leaves_the_cause_alone() -> None:
    """A product that loses the gradient wherever tanh is used: what remains is hardly more than tanh."""

    def broken(f: Any, wrt: Any, optimize: bool = True) -> Any:
        gradient = numeric(f, wrt, optimize)

        def call(*args: Any, **kwargs: Any) -> Any:
            lost = 0.5 if "tanh" in f.__code__.co_names else 1.0
            return map_leaves(lambda leaf: leaf if leaf is None else like(leaf, iter((leaf * lost).flat))
                              if isinstance(leaf, np.ndarray) else leaf * lost, gradient(*args))  # fmt: skip

        return call

    def interesting(source: str) -> bool:
        try:
            return judge(source, ("optimized",), broken).key == ("wrong", "optimized", "gradient")
        except Exception:
            return False

    assert interesting(PROGRAM)
    smaller = reduce(PROGRAM, interesting)
    assert "tanh" in smaller and interesting(smaller)
    assert "helper" not in smaller and "lambda" not in smaller and "RATE" not in smaller
    assert len(smaller.strip().split("\n")) <= 6, smaller
    (function,) = [node for node in ast.parse(smaller).body if isinstance(node, ast.FunctionDef)]
    assert len(function.body) == 1


def test_reducer_dedents_and_drops_parameters() -> None:
    source = "def f(x, y):\n    def g(z):\n        return boom(z)\n    return g(x) + y\n"
    source += "args = (1.0, 2.0)\nwrt = ('y', 0)\n"

    def interesting(candidate: str) -> bool:
        return "boom(" in candidate and "def f" in candidate and "args = " in candidate

    smaller = reduce(source, interesting)
    assert "def g" not in smaller and "y" not in smaller


def test_the_command_counts_prints_and_shrinks(tmp_path: Any, capsys: Any, monkeypatch: Any) -> None:
    real = fuzz.judge
    monkeypatch.setattr(
        fuzz, "judge", lambda source, modes=(), grad=None: real(source, ("optimized",), numeric)
    )
    assert fuzz.main(["--count", "5", "--seed", "3", "--file", str(tmp_path / "failures.txt")]) == 0
    printed = capsys.readouterr().out
    assert (
        "seeds 3 to 7" in printed
        and "5 programs: 5 ok, 0 refused" in printed
        and "refused: 0.00 %" in printed
    )
    wrong = changed(lambda f, g: map_leaves(lambda b: None if b is None else -b, g))
    monkeypatch.setattr(
        fuzz, "judge", lambda source, modes=(), grad=None: real(source, ("optimized",), wrong)
    )
    assert fuzz.main(["--count", "1", "--file", str(tmp_path / "failures.txt")]) == 1
    assert "# seed 0: wrong" in (tmp_path / "failures.txt").read_text()
    assert "wrong | optimized" in capsys.readouterr().out
