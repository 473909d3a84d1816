"""Random programs with control flow: their generator, and that none of them is silently wrong."""

from __future__ import annotations

import ast
import linecache
from pathlib import Path
from typing import Any

import pytest

import astgrad
from tests import fuzz
from tests.fuzz import judge, main, modes_of
from tests.fuzz_control import CONSTRUCTS, Watch, constructs, generate, kept, short_and_clear, smooth
from tests.oracle import define
from tests.test_fuzz import changed, numeric

PER_TEST = 20


@pytest.mark.parametrize("first", range(0, 60, PER_TEST))
def test_random_programs(first: int) -> None:
    """None wrong and none crashing; how many are refused is the command's to say until all of it is there."""
    failures = []
    for seed in range(first, first + PER_TEST):
        source = generate(seed)
        verdict = judge(source, modes_of(seed))
        if verdict.kind not in ("ok", "refused"):
            failures.append(f"seed {seed}: {' | '.join(verdict.key)}\n{verdict.detail}\n{source}")
    assert not failures, "\n".join(failures)


def test_generated_programs_are_valid_and_the_same_for_the_same_seed() -> None:
    for seed in range(15):
        source = generate(seed)
        assert kept(source)
        assert source == generate(seed)


@pytest.fixture(scope="module")
def present() -> set[str]:
    """The constructs of some hundred programs."""
    return {construct for seed in range(300) for construct in constructs(generate(seed))}


def test_generated_programs_have_every_construct(present: set[str]) -> None:
    assert present >= CONSTRUCTS, CONSTRUCTS - present


ABSENT = {
    "Delete": "y = x * x; z = y * x; del y; return z",
    "SetComp": "return x * len({k for k in (1, 2)})",
    "Global": "global RATE; RATE = 2; return x * RATE",
    "ClassDef": "class Local: k = 2.0\nreturn x * Local.k",
    "Import": "import math; return math.sin(x)",
    "ImportFrom": "from math import sin; return sin(x)",
    "Yield": "g = lambda: (yield x); return x",
    "YieldFrom": "g = lambda: (yield from (x,)); return x",
    "Await": "async def g(): await x\nreturn x",
    "AsyncFunctionDef": "async def g(): return x\nreturn x",
    "AsyncFor": "async def g():\n    async for i in x: pass\nreturn x",
    "AsyncWith": "async def g():\n    async with x: pass\nreturn x",
    "TryStar": "try: y = x * x\nexcept* ValueError: y = x\nreturn y",
    "TypeAlias": "type T = int; return x",
    "TemplateStr": "return x * bool(t'{x}')",
}
ABSTRACT = {"stmt", "expr", "pattern", "boolop", "operator", "unaryop", "cmpop"}


def kinds_of_nodes() -> set[str]:
    """The names of every statement, expression, operator and pattern of this Python."""
    roots = tuple(getattr(ast, name) for name in ABSTRACT)
    found = {name for name, kind in vars(ast).items() if isinstance(kind, type) and issubclass(kind, roots)}
    old = {
        "Num",
        "Str",
        "Bytes",
        "NameConstant",
        "Ellipsis",
        "AugLoad",
        "AugStore",
        "Param",
        "Suite",
        "Index",
    }
    return found - ABSTRACT - old - {"ExtSlice", "slice", "TypeVar", "Interpolation"}


def test_what_the_generator_lacks_is_refused(present: set[str]) -> None:
    """Once the frontend accepts a kind of node, random programs must have it."""
    unknown = kinds_of_nodes() - present - ABSENT.keys() - {"Expr"}
    assert not unknown, unknown
    for kind, body in ABSENT.items():
        if hasattr(ast, kind):
            text = "RATE = 1\ndef f(x):\n" + "".join(f"    {line}\n" for line in body.split("\n"))
            f = define(text, "f", {})
            with pytest.raises(astgrad.AstgradError):
                print(kind, astgrad.grad(f)(1.5))


def test_the_judge_accepts_right_gradients_and_no_others() -> None:
    seeds = range(20)
    accepted = [judge(generate(seed), ("optimized",), numeric).kind for seed in seeds]
    assert accepted == ["ok"] * len(seeds)
    halved = changed(lambda f, gradient: scaled(gradient, 0.9))
    wrong = [judge(generate(seed), ("optimized",), halved).kind for seed in seeds]
    assert wrong == ["wrong"] * len(seeds)


def scaled(gradient: object, factor: float) -> object:
    from tests.oracle import map_leaves

    return map_leaves(lambda leaf: leaf if leaf is None else type(leaf)(leaf * factor)
                      if type(leaf) is float else leaf * factor, gradient)  # fmt: skip


PROGRAM = """
def f(x, n):
    for i in range(n):
        if x > 0.5:
            x = x * 0.99
    return x

args = ({x}, {n})
wrt = 0
"""


def test_long_programs_and_those_at_a_branch_point_are_not_kept() -> None:
    assert short_and_clear(PROGRAM.format(x=0.9, n=3))
    assert not short_and_clear(PROGRAM.format(x=0.5, n=3))
    assert not short_and_clear(PROGRAM.format(x=0.9, n=5000))
    assert not smooth(PROGRAM.format(x=0.50001, n=3))
    watch = Watch()
    watch.seen(3, 3)
    assert watch.near == float("inf")


def test_a_wrong_gradient_of_a_loop_is_shrunk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No candidate of the reducer runs for ever, and what is left is small."""
    real, wrong = (
        fuzz.judge,
        changed(lambda f, gradient: scaled(gradient, 0.5 if "while" in text(f) else 1.0)),
    )
    monkeypatch.setattr(
        fuzz, "judge", lambda source, modes=(), grad=None: real(source, ("optimized",), wrong)
    )
    seed = next(s for s in range(20) if "while" in generate(s) and fuzz.judge(generate(s)).kind == "wrong")
    main(["--control", "--count", "1", "--seed", str(seed), "--file", str(tmp_path / "failures.txt")])
    shrunk = (tmp_path / "failures.txt").read_text()
    assert "while" in shrunk and len(shrunk) < len(generate(seed))


def text(f: Any) -> str:
    return "".join(linecache.getlines(f.__code__.co_filename))


def test_the_command_takes_control(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--control", "--count", "3"])
    assert "3 programs: " in capsys.readouterr().out
