"""What a type checker sees: ten snippets of users, checked by mypy --strict, with the types it reveals."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

START = "import numpy as np\nimport numpy.typing as npt\n\nimport astgrad\nfrom astgrad import grad\n\n"
GRADIENT = "astgrad.gradient.Gradient"

# name: (the snippet, what its reveal_type calls say in order)
SNIPPETS: dict[str, tuple[str, tuple[str, ...]]] = {
    "bare_decorator": (
        """
@grad
def loss(w: npt.NDArray[np.float64]) -> float:
    return float(np.sum(w**2))

reveal_type(loss)
reveal_type(loss(np.ones(3)))
""",
        (GRADIENT, "Any"),
    ),
    "called_decorator": (
        """
@grad(wrt="w")
def loss(w: float, x: float) -> float:
    return w * x

reveal_type(loss)
""",
        (GRADIENT,),
    ),
    "several_arguments": (
        """
@grad(wrt=("w", 1), optimize=False)
def loss(w: float, x: float) -> float:
    return w * x

bw, bx = loss(1.0, x=2.0)
reveal_type(loss)
""",
        (GRADIENT,),
    ),
    "call_of_grad": (
        """
def loss(w: float) -> float:
    return w * w

loss_grad = grad(loss)
reveal_type(loss_grad)
reveal_type(grad(loss, "w"))
reveal_type(grad(grad(loss, wrt=0)))
reveal_type(grad(lambda x: x * 2.0))
reveal_type(grad(np.tanh))
""",
        (GRADIENT,) * 5,
    ),
    "value_and_grad": (
        """
@astgrad.value_and_grad
def loss(w: float) -> float:
    return w * w

@astgrad.value_and_grad(wrt=("w", "x"))
def product(w: float, x: float) -> float:
    return w * x

value, gradient = loss(3.0)
reveal_type(loss)
reveal_type(product)
reveal_type(product.value_and_grad(1.0, 2.0))
""",
        (GRADIENT, GRADIENT, "Any"),
    ),
    "vjp": (
        """
def f(x: npt.NDArray[np.float64], y: float) -> npt.NDArray[np.float64]:
    return x * y

value, pullback = astgrad.vjp(f, np.ones(3), 2.0)
reveal_type(value)
reveal_type(pullback(np.ones(3)))
bx, by = pullback(np.ones(3))
""",
        ("Any", "tuple[Any, ...]"),
    ),
    "check_grads": (
        """
def f(x: float, y: float) -> float:
    return x * y

astgrad.check_grads(f, (1.0, 2.0), directions=5, rtol=1e-6, atol=1e-8, eps=1e-5, seed=1)
astgrad.check_grads(grad(f), [1.0, 2.0])
reveal_type(astgrad.check_grads)
""",
        (r"def (.*)",),
    ),
    "custom_rule": (
        """
def softplus(x: float) -> float:
    return float(np.log1p(np.exp(x)))

def running(v: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.cumsum(v)

astgrad.elementwise(softplus, lambda y, x: 1 / (1 + np.exp(-x)))
astgrad.linear(running, lambda by, v: np.flip(np.cumsum(np.flip(by))))
astgrad.multilinear(np.vdot, lambda by, a, b: (by * b, by * a))
astgrad.adjoint(np.linalg.inv, lambda by, y, a: -y.T @ by @ y.T, wrt="a", spec=lambda a: a)
astgrad.constant(np.round)
astgrad.unsupported(np.partition, "sort it")
reveal_type(astgrad.elementwise(softplus, lambda y, x: x))
""",
        (r"def (*Any, **Any) -> Any",),
    ),
    "attributes": (
        """
@grad
def loss(w: float) -> float:
    return w * w

reveal_type(loss.source)
reveal_type(loss.sources)
reveal_type(loss.source_for(1.0))
reveal_type(loss.ssa)
reveal_type(loss.function)
reveal_type(loss.specialize(1.0))
reveal_type(loss.__name__)
reveal_type(loss.__signature__)
""",
        (
            "str",
            "dict[str, str]",
            "str",
            "str",
            r"def (*Any, **Any) -> Any",
            "types.FunctionType",
            "str",
            "inspect.Signature",
        ),
    ),
    "errors": (
        """
def careful(x: float) -> float:
    try:
        return float(grad(lambda x: x * astgrad.stop_gradient(x))(x))
    except (astgrad.MissingRule, astgrad.NotDifferentiable) as error:
        reveal_type(error)
        raise SystemExit(str(error)) from error
    except astgrad.AstgradError:
        return 0.0

class Model:
    w = 2.0

    @grad(wrt="x")
    def slope(self, x: float) -> float:
        return self.w * x**2

reveal_type(Model().slope(1.0))
reveal_type(astgrad.__version__)
""",
        ("astgrad.errors.MissingRule | astgrad.errors.NotDifferentiable", "Any", "str"),
    ),
}

WRONG: dict[str, str] = {
    "argnums": "grad(np.tanh, argnums=0)",
    "a_name_for_the_function": 'grad("w")',
    "a_list_for_wrt": 'grad(np.tanh, wrt=["x"])',
    "a_text_for_optimize": 'grad(np.tanh, optimize="fast")',
    "a_float_for_wrt": "astgrad.value_and_grad(wrt=1.5)",
}


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The lines of one run of mypy over all snippets, by the name of the file."""
    folder = tmp_path_factory.mktemp("snippets")
    for name, (snippet, _) in SNIPPETS.items():
        (folder / f"{name}.py").write_text(START + snippet, "utf-8")
    for name, line in WRONG.items():
        (folder / f"wrong_{name}.py").write_text(f"{START}{line}\n", "utf-8")
    root = Path(__file__).parents[1]
    files = [str(file) for file in sorted(folder.iterdir())]
    options = ["--strict", "--no-error-summary", "--hide-error-context", "--config-file="]
    command = [sys.executable, "-m", "mypy", *options, f"--cache-dir={root / '.mypy_cache'}", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert not done.stderr, done.stderr
    found: dict[str, list[str]] = {Path(file).stem: [] for file in files}
    for line in done.stdout.splitlines():
        file, _, message = line.partition(": ")
        found.setdefault(Path(file.rpartition(":")[0]).stem, []).append(message)
    return found


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_has_no_error_and_the_types_that_it_should(name: str, output: dict[str, list[str]]) -> None:
    errors = [line for line in output[name] if not line.startswith("note: Revealed type is")]
    assert errors == []
    revealed = [line.removeprefix("note: Revealed type is ").strip("'\"") for line in output[name]]
    short = [re.sub(r"\bbuiltins\.|\*$", "", line) for line in revealed]
    wanted = SNIPPETS[name][1]
    assert len(short) == len(wanted)
    for got, want in zip(short, wanted):
        assert re.fullmatch(re.escape(want).replace(r"\.\*", ".*"), got) or same_union(got, want), (got, want)


def same_union(got: str, want: str) -> bool:
    parts = re.sub(r"^Union\[(.*)\]$", lambda m: m.group(1).replace(", ", " | "), got)
    return " | " in want and set(parts.split(" | ")) == set(want.split(" | "))


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_use_is_an_error(name: str, output: dict[str, list[str]]) -> None:
    assert any(line.startswith("error:") for line in output[f"wrong_{name}"])


def test_py_typed_is_shipped() -> None:
    assert resources.files("astgrad").joinpath("py.typed").is_file()
    configuration = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    assert re.search(r'package-data\]\nastgrad = \["py\.typed"\]', configuration)
