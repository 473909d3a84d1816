"""Generated gradients kept as text beside their programs: review a change of them like any code.

A file of `tests/golden/` is a program, its GRADIENT and ARGUMENTS, and behind the mark the text that is
generated for these arguments (with GENERAL = True the general form). The texts are written anew with

    python -m tests.test_golden --write
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from astgrad import Gradient, check_grads, runtime, vjp
from astgrad.rules import products
from tests.oracle import leaves

FILES = sorted(Path(__file__).with_name("golden").glob("*.py"))
MARK = "# --- generated: python -m tests.test_golden --write\n"


@functools.cache
def case(file: Path) -> tuple[ModuleType, str]:
    """The module, and the text that is generated for it now."""
    module = importlib.import_module(f"tests.golden.{file.stem}")
    if getattr(module, "GENERAL", False):
        return module, module.GRADIENT.source
    return module, module.GRADIENT.source_for(*module.ARGUMENTS)


def program_and_text(file: Path) -> tuple[str, str]:
    program, _, text = file.read_text("utf-8").partition(MARK)
    return f"{program.rstrip()}\n", text.lstrip()


def write() -> None:
    for file in FILES:
        program, _ = program_and_text(file)
        file.write_text(f"{program}\n\n{MARK}\n\n{case(file)[1]}", "utf-8")


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def file(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_the_text_is_the_one_that_was_reviewed(file: Path) -> None:
    _, text = program_and_text(file)
    assert case(file)[1] == text, f"tests/golden/{file.name}: review the change, then --write"


def test_the_reviewed_text_runs_and_is_right(file: Path) -> None:
    """What stands in the file, executed, is what the gradient and the pullback return."""
    module, _ = case(file)
    gradient, arguments = module.GRADIENT, module.ARGUMENTS
    with np.errstate(invalid="ignore"):
        got = executed(file, module)(*arguments)
        compare(got, gradient(*arguments), 1e-10 if hasattr(module, "GENERAL") else 0.0)
        value, pullback = vjp(gradient.function, *arguments)
        check_grads(gradient.function, arguments)
    if "_value_and_grad(" in program_and_text(file)[1]:
        compare(got[0], value, 0.0)
        got = got[1]
    each = dict(zip(inspect.signature(gradient).parameters, pullback(type(value)(1.0))))
    wanted = tuple(each[name] for name in gradient._names)
    compare(got, wanted[0] if gradient._single else wanted, 1e-5)


def test_the_general_form_gives_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is used beyond 64 signatures; a second derivative of products gets its signature there too."""
    module, _ = case(file)
    wrt, value, optimize = module.GRADIENT._options
    fresh = Gradient(module.GRADIENT.function, wrt, value=value, optimize=optimize)
    with np.errstate(invalid="ignore", divide="ignore"):
        wanted = module.GRADIENT(*module.ARGUMENTS)
        monkeypatch.setattr("astgrad.gradient.SIGNATURES", 0)
        got = fresh(*module.ARGUMENTS)
    assert ("The general form" in fresh.source) == (file.stem != "hessian_vector_product")
    compare(got, wanted, 1e-5)


def executed(file: Path, module: ModuleType) -> Any:
    """The function that the reviewed text defines, with the helpers that a general form calls."""
    text = program_and_text(file)[1]
    function = module.GRADIENT.function
    captured = inspect.getclosurevars(getattr(function, "function", function)).nonlocals
    namespace = {**vars(runtime), "matmul": products.matmul, **vars(module), **captured}
    exec(compile(text, file.name, "exec"), namespace)
    return namespace[text[len("def ") : text.index("(")]]


def compare(got: Any, wanted: Any, rtol: float) -> None:
    """The same structure, types and dtypes, and leaves that differ by `rtol` at most."""
    for (path, one), (other_path, other) in zip(leaves(got), leaves(wanted), strict=True):
        assert path == other_path
        assert type(one) is type(other)
        assert getattr(one, "dtype", None) == getattr(other, "dtype", None)
        np.testing.assert_allclose(one, other, rtol, rtol / 10)


def test_there_are_enough() -> None:
    assert len(FILES) >= 15


def test_ruff_format_leaves_every_file_as_it_is() -> None:
    command = [sys.executable, "-m", "ruff", "format", "--check", "--diff", "--isolated"]
    done = subprocess.run(
        [*command, "--line-length", "88", *map(str, FILES)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_text_is_wide_or_names_a_place_on_this_machine(file: Path) -> None:
    text = program_and_text(file)[1]
    assert all(len(line) <= 88 for line in text.splitlines())
    assert str(Path(__file__).parent) not in text


def test_no_text_depends_on_how_numpy_prints(file: Path) -> None:
    """NumPy 1 and 2 print scalars and dtypes differently; no literal in a text is one of these."""
    assert not re.search(r"np\.(float|int|bool|str|complex)\w*\([-\d'.]|dtype\(", program_and_text(file)[1])


if __name__ == "__main__":
    sys.exit(write() if sys.argv[1:] == ["--write"] else __doc__)
