"""exec(emit(ir)) is interpret(ir), and the text is what a person would write."""

from __future__ import annotations

import ast
import operator
import random
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from astgrad import compile, ir, runtime
from astgrad.analyses.specs import FLOAT, INT, Spec
from astgrad.emit.emit import Emitted, docstring, emit
from astgrad.interpret import interpret
from astgrad.ir import (
    PURE,
    VIEW,
    Block,
    Call,
    Capture,
    Const,
    Effects,
    Function,
    If,
    Method,
    Param,
    Tree,
    Var,
)
from tests import handmade
from tests.emit.random_ir import WRITE_FIRST, Maker, World

GLOBALS = {"np": np}


class Build:
    """A function, statement by statement: `b.add(...)` binds a value, `b.named.h = ...` names it."""

    def __init__(self, *params: str) -> None:
        self.params = [Var(name) for name in params]
        self.body: list[Any] = []
        self.specs: dict[Var, Spec] = {}

    def __call__(
        self, op: Any, *args: Any, name: str = "", effects: Effects = PURE, spec: Any = None, **kwargs: Any
    ) -> Var:
        target = Var(name)
        self.body.append(self.call(target, op, args, kwargs, effects))
        if spec:
            self.specs[target] = spec
        return target

    def do(self, op: Any, *args: Any, effects: Effects = WRITE_FIRST) -> None:
        self.body.append(self.call(None, op, args, {}, effects))

    def call(
        self, target: Var | None, op: Any, args: tuple[Any, ...], kwargs: dict[str, Any], effects: Effects
    ) -> Call:
        op = op if isinstance(op, (Var, Const)) else Const(op)
        return Call(
            target, op, tuple(map(atom, args)), tuple((k, atom(v)) for k, v in kwargs.items()), effects
        )

    def function(
        self, *results: Any, captures: tuple[tuple[Var, Capture], ...] = (), params: Any = None
    ) -> Function:
        params = params or tuple(map(Param, self.params))
        every = (*(p.var for p in params), *(v for v, _ in captures))
        return Function("f", params, Block(every, tuple(self.body), tuple(map(atom, results))), captures)

    def text(self, *results: Any, globals: dict[str, Any] = GLOBALS, **kwargs: Any) -> str:
        """The statements without the `def` line."""
        text = emit(self.function(*results, **kwargs), self.specs, globals=globals).text
        return "\n".join(line.strip() for line in text.splitlines()[1:])


def atom(value: Any) -> ir.Atom:
    if isinstance(value, (Var, Const, Tree)):
        return value
    if isinstance(value, tuple):
        return Tree(tuple, tuple(map(atom, value)))
    if isinstance(value, slice):
        return Tree(slice, (atom(value.start), atom(value.stop), atom(value.step)))
    return Const(value)


def run(emitted: Emitted, globals: dict[str, Any] | None = None) -> Callable[..., Any]:
    return compile.build(emitted, dict(GLOBALS) if globals is None else globals)


# --- the same as the interpreter


@pytest.mark.parametrize("seed", range(300))
def test_random_functions_do_what_the_interpreter_does(seed):
    world = World()
    maker = Maker(random.Random(seed), world)
    function = maker.function(random.Random(seed).choice((5, 15, 40)))
    emitted = emit(function, maker.specs, globals=GLOBALS)
    outcomes = []
    for evaluate in (lambda *args: interpret(function, *args), run(emitted)):
        world.count = 0
        arguments = [np.array([0.5, -1.0, 2.0, 0.25]), np.array([1.0, 0.125, -0.5, 3.0]), 0.75]
        with np.errstate(all="ignore"):
            outcomes.append((evaluate(*arguments), arguments, world.count))
    np.testing.assert_equal(outcomes[1], outcomes[0], err_msg=f"{function}\n{emitted.text}")


STRAIGHT = [
    example
    for example in handmade.EXAMPLES.values()
    if all(isinstance(s, (Call, If)) for s in ir.statements(example.function.body))
    and "<" not in example.text
]


@pytest.mark.parametrize("example", STRAIGHT, ids=lambda example: example.function.name)
def test_handmade_functions(example):
    emitted = emit(example.function, {}, globals=example.primal.__globals__)
    function = compile.build(emitted, example.primal.__globals__, example.primal)
    for arguments in example.arguments:
        np.testing.assert_equal(function(*arguments), example.primal(*arguments), err_msg=emitted.text)


# --- order of effects (S8)


def test_S8_a_read_is_not_folded_past_a_write():
    b = Build("x")
    u = b(np.array, b.params[0], name="u")
    t = b(operator.getitem, u, 0)
    b.do(operator.setitem, u, 0, 5.0)
    assert b.text(b(operator.mul, t, 2)) == "u = np.array(x)\nu_0 = u[0]\nu[0] = 5.0\nreturn u_0 * 2"


def test_a_read_of_other_memory_is_folded_past_a_write():
    b = Build("x", "y")
    u = b(np.array, b.params[0], name="u")
    t = b(operator.getitem, b.params[1], 0)
    b.do(operator.setitem, u, 0, 5.0)
    assert b.text(b(operator.mul, t, 2)).splitlines()[1:] == ["u[0] = 5.0", "return y[0] * 2"]


def test_impure_calls_keep_their_order():
    draw = World().draw
    b = Build()
    first, second = (b(draw, effects=ir.UNKNOWN_EFFECTS) for _ in range(2))
    assert b.text(b(operator.sub, first, second)) == "return draw() - draw()"
    b = Build()
    first, second = (b(draw, effects=ir.UNKNOWN_EFFECTS) for _ in range(2))
    assert b.text(b(operator.sub, second, first)) == "draw_2 = draw()\nreturn draw() - draw_2"


def test_S8_a_write_is_not_folded_past_a_read():
    poke = World().poke
    b = Build("x")
    u = b(np.array, b.params[0], name="u")
    first = b(poke, u, effects=ir.UNKNOWN_EFFECTS)
    v = b(operator.neg, u, name="v")
    assert "poke_u = poke(u)" in b.text(b(operator.mul, v, first))


# --- folding and names


def test_what_is_used_once_is_folded_and_what_the_user_named_stays():
    b = Build("x")
    s = b(np.sin, b.params[0], name="s")
    assert b.text(b(np.sum, b(operator.mul, s, 2.0))) == "s = np.sin(x)\nreturn np.sum(s * 2.0)"


def test_views_lengths_and_index_arithmetic_are_repeated():
    b = Build("x", "i")
    x, i = b.params
    b.specs[i] = INT
    j = b(operator.add, i, 1, spec=INT)
    tail = b(operator.getitem, x, slice(j, None), effects=VIEW)
    assert b.text(b(operator.mul, tail, b(np.sin, tail))) == "return x[i + 1 :] * np.sin(x[i + 1 :])"
    b = Build("x")
    n = b(len, b.params[0])
    assert b.text(b(operator.mul, n, b(operator.add, n, 1))) == "return len(x) * (len(x) + 1)"


def test_what_is_written_is_made_once():
    b = Build("n")
    t = b(np.arange, b.params[0])
    b.do(operator.setitem, t, 0, 5)
    assert (
        b.text(b(operator.mul, t, t))
        == "arange_n = np.arange(n)\narange_n[0] = 5\nreturn arange_n * arange_n"
    )


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda b, x, y: b(np.exp, x), "exp_x"),
        (lambda b, x, y: b(np.sum, b(np.exp, x)), "sum_exp_x"),
        (lambda b, x, y: b(operator.getitem, x, y), "x_y"),
        (lambda b, x, y: b(operator.getitem, x, b(operator.add, y, 1)), "x_y1"),
        (lambda b, x, y: b(operator.sub, x, y), "x_minus_y"),
        (lambda b, x, y: b(operator.pow, x, 2), "x_squared"),
        (lambda b, x, y: b(operator.mul, 2, x), "x_times_2"),
        (lambda b, x, y: b(operator.gt, x, 0), "x_gt_0"),
        (lambda b, x, y: b(Method("reshape"), x, -1), "reshape_x"),
        (
            lambda b, x, y: b(np.maximum, b(operator.sub, b(operator.mul, x, y), b(np.exp, y)), 0),
            "maximum_diff_x",
        ),
    ],
)
def test_temporaries_are_named_after_what_they_are(make, name):
    b = Build("x", "y")
    value = make(b, *b.params)
    assert b.text(b(operator.add, value, b(np.sin, value))).startswith(name + " = ")


def test_versions_share_a_name_and_interference_gets_a_suffix():
    b = Build("x")
    (x,) = b.params
    first = b(np.zeros_like, x, name="bx")
    second = b(operator.add, first, x, name="bx")
    assert b.text(second) == "bx = np.zeros_like(x)\nbx = bx + x\nreturn bx"
    b = Build("x")
    first = b(np.zeros_like, b.params[0], name="x")
    assert b.text(b(operator.add, first, b.params[0])) == "x_2 = np.zeros_like(x)\nreturn x_2 + x"


def test_names_of_globals_in_use_are_not_taken():
    b = Build("x")
    s = b(Const(np.tanh, "tanh"), b.params[0], name="np")
    text = b.text(b(np.exp, s), globals={"tanh": np.tanh, "np": np})
    assert text == "np = tanh(x)\nreturn np_2.exp(np)"


def test_in_place_forms():
    b = Build("x", "c", "i")
    x, c, i = b.params
    bx = b(np.zeros_like, x, name="bx")
    b.do(runtime.iadd_at, bx, i, b(operator.neg, c))
    b.do(runtime.iadd_at, bx, slice(1, None), 1.5)
    b.do(runtime.iadd_at, bx, ..., x)
    b.do(runtime.add_at, bx, i, c)
    by = b(operator.iadd, bx, b(operator.neg, x), name="by", effects=WRITE_FIRST)
    assert b.text(by).splitlines() == [
        "bx = np.zeros_like(x)",
        "bx[i] -= c",
        "bx[1:] += 1.5",
        "bx += x",
        "np.add.at(bx, i, c)",
        "bx -= x",
        "return bx",
    ]


def test_numbers_are_augmented():
    b = Build("c")
    b.specs[b.params[0]] = FLOAT
    s = b(operator.mul, b.params[0], 2.0, name="s", spec=FLOAT)
    assert b.text(b(operator.add, s, b.params[0], name="s", spec=FLOAT)) == "s = c * 2.0\ns += c\nreturn s"


# --- constants (S29), captured data


INF = float("inf")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-2.0, "(-2.0) ** x"),
        (1e-5, "1e-05**x"),
        (1e20, "1e20**x"),
        (2j, "2j**x"),
        (-2j, "(-2j) ** x"),
        (complex(0, -2), "(0.0 - 2j) ** x"),
        (1 - 2j, "(1.0 - 2j) ** x"),
        (complex(-0.0, 1), "complex(-0.0, 1.0) ** x"),
        (INF, "np.inf**x"),
        (-INF, "(-np.inf) ** x"),
        (float("nan"), "np.nan**x"),
        (np.float32(0.5), "np.float32(0.5) ** x"),
        (np.int64(-3), "np.int64(-3) ** x"),
        (True, "True**x"),
        (None, "None**x"),
        (np.dtype("float32"), 'np.dtype("f4") ** x'),
        (np.pi, "3.141592653589793**x"),
        ('it\'s "x"', "'it\\'s \"x\"' ** x"),
        ((1, (2.5,)), "(1, (2.5,)) ** x"),
        (slice(None, 3), "slice(None, 3, None) ** x"),
    ],
)
def test_S29_constants(value, text):
    b = Build("x")
    shown = b.text(b(operator.pow, Const(value), b.params[0]))
    assert shown == f"return {text}"
    with np.errstate(all="ignore"):
        again = eval(text.replace("** x", "").replace("**x", ""), {"np": np})
    assert repr(again) == repr(value) and type(again) is type(value)


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (lambda b, x, i, j: (1, slice(None), None, ...), "x[1, :, None, ...]"),
        (lambda b, x, i, j: slice(i, b(operator.add, j, 1)), "x[i : j + 1]"),
        (lambda b, x, i, j: slice(1, -1), "x[1:-1]"),
        (lambda b, x, i, j: slice(None, None, -1), "x[::-1]"),
        (lambda b, x, i, j: (slice(1, None), j), "x[1:, j]"),
        (lambda b, x, i, j: (), "x[()]"),
        (lambda b, x, i, j: (i,), "x[i,]"),
        (lambda b, x, i, j: slice(b(len, x), None), "x[len(x) :]"),
        (lambda b, x, i, j: (b(np.arange, b(len, j)), j), "x[np.arange(len(j)), j]"),
        (lambda b, x, i, j: ((slice(1, 2), 3), i), "x[(slice(1, 2, None), 3), i]"),
    ],
)
def test_subscripts(index, text):
    b = Build("x", "i", "j")
    assert b.text(b(operator.getitem, b.params[0], index(b, *b.params))) == f"return {text}"


def test_captured_data_are_read_live():
    def outer():
        free = 3.0
        return lambda: free

    cell = outer().__closure__[0]
    globals = {"np": np, "LR": 0.5, "__name__": "somewhere"}
    here, there, inner = Var("LR"), Var("EPS"), Var("free")
    captures = (
        (here, Capture("LR", globals)),
        (there, Capture("pi", vars(np))),
        (inner, Capture("free", cell)),
    )
    b = Build("x")
    value = b(operator.mul, b(operator.mul, b(operator.mul, b.params[0], here), there), inner)
    emitted = emit(b.function(value, captures=captures), {}, globals=globals)
    assert emitted.text.endswith("return x * LR * np.pi * free\n")
    assert emitted.cells == {"free": cell} and not emitted.namespace
    function = run(emitted, globals)
    assert function(2.0) == 2.0 * 0.5 * np.pi * 3.0
    globals["LR"], cell.cell_contents = 1.0, 4.0
    assert function(2.0) == 2.0 * np.pi * 4.0


def test_objects_that_have_no_name_here_get_one():
    b = Build("x")
    emitted = emit(b.function(b(runtime.unbroadcast, b(lambda v: v, b.params[0]), 1.0)), {}, globals={})
    assert emitted.text == "def f(x):\n    return unbroadcast(function(x), 1.0)\n"
    assert emitted.namespace["unbroadcast"] is runtime.unbroadcast


# --- branches


def branch(b: Build, then: Any, orelse: Any, name: str = "") -> Var:
    """targets = then(b) if x else orelse(b), with b's body as the arms'."""
    arms = []
    for make in (then, orelse):
        outside, b.body = b.body, []
        result = atom(make())
        arms.append(Block((), tuple(b.body), (result,)))
        b.body = outside
    target = Var(name)
    b.body.append(If((target,), b.params[0], *arms))
    return target


def test_a_branch_of_values_is_a_conditional_expression():
    b = Build("x", "y")
    y = b.params[1]
    r = branch(b, lambda: b(np.sin, y), lambda: 0.0, "r")
    assert b.text(r) == "r = np.sin(y) if x else 0.0\nreturn r"


def test_a_branch_that_changes_a_name_in_one_arm():
    b = Build("x", "y")
    y = b.params[1]

    def then() -> Var:
        s = b(np.sin, y, name="s")
        return b(operator.mul, s, s, name="y")

    text = b.text(branch(b, then, lambda: y, "y"))
    assert text == "if x:\ns = np.sin(y)\ny = s * s\nreturn y"


def test_a_branch_inside_else_is_elif():
    b = Build("x", "y")
    y = b.params[1]

    def inner() -> Var:
        b.params[0] = y
        return branch(b, lambda: b(np.cos, b(np.sin, y, name="s"), name="r"), lambda: 0.0, "r")

    text = b.text(branch(b, lambda: b(np.exp, b(np.sin, y, name="s"), name="r"), inner, "r"))
    assert text.splitlines() == [
        "if y:",
        "s = np.sin(y)",
        "r = np.exp(s)",
        "elif y:",
        "s = np.sin(y)",
        "r = np.cos(s)",
        "else:",
        "r = 0.0",
        "return r",
    ]


# --- limits (S30)


def test_S30_a_long_chain_is_cut_into_statements():
    b = Build("x")
    value = b.params[0]
    for _ in range(3000):
        value = b(operator.add, value, b.params[0])
    emitted = emit(b.function(value), {}, globals=GLOBALS)
    assert run(emitted)(1.0) == 3001.0
    assert max(map(len, emitted.text.splitlines())) <= 88


def test_the_time_is_linear():
    def seconds(n: int) -> float:
        b = Build("x")
        value = b.params[0]
        for i in range(n):
            value = b((np.sin, np.cos)[i % 2], value, name=f"s{i}")
        function = b.function(value)
        start = time.process_time()
        emit(function, {}, globals=GLOBALS)
        return time.process_time() - start

    seconds(10)
    short, long = min(seconds(500) for _ in range(3)), min(seconds(3000) for _ in range(2))
    assert long < 6 * short * 6  # quadratic growth would be 36 times


# --- the whole text


def test_signature_docstring_and_lines():
    params = (
        Param(Var("a"), "POSITIONAL_ONLY"),
        Param(Var("b"), default=Const(-1.5)),
        Param(Var("args"), "VAR_POSITIONAL"),
        Param(Var("k"), "KEYWORD_ONLY", Const(None)),
        Param(Var("rest"), "VAR_KEYWORD"),
    )
    b = Build()
    emitted = emit(b.function(params[0].var, params=params), {}, doc='Says "why".\n\n' + "words " * 30)
    assert emitted.text.startswith("def f(a, /, b=-1.5, *args, k=None, **rest):\n")
    function = run(emitted)
    assert function(1) == 1 and function.__defaults__ == (-1.5,) and function.__kwdefaults__ == {"k": None}
    assert ruff(emitted.text) == emitted.text


def test_docstrings():
    assert docstring("One line.") == ['    """One line."""']
    assert docstring('It is "so"')[-1] == '    """'


def ruff(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "-", "--stdin-filename", "x.py"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def test_ruff_leaves_the_text_as_it_is():
    texts = []
    for seed in range(150):
        maker = Maker(random.Random(seed), World())
        texts.append(emit(maker.function(40), maker.specs, globals=GLOBALS).text)
    whole = "\n\n".join(text.replace("def f(", f"def f{i}(") for i, text in enumerate(texts))
    assert ruff(whole) == whole
    assert ast.parse(whole)
