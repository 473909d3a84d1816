"""Loops, branches, `with`, `try`: the text does what the interpreter does, as a person would write it."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from astgrad import compile
from astgrad.emit.emit import emit
from astgrad.interpret import interpret
from astgrad.verify import verify
from tests import handmade
from tests.emit.random_regions import Risky, Structured
from tests.emit.test_emit import ruff

GLOBALS = {"np": np}


def made(seed: int) -> tuple[Any, Structured]:
    maker = Structured(random.Random(seed), Risky())
    return maker.function(random.Random(seed).choice((4, 8, 14))), maker


@pytest.mark.parametrize("seed", range(400))
def test_random_functions_do_what_the_interpreter_does(seed):
    function, maker = made(seed)
    verify(function)
    emitted = emit(function, maker.specs, globals=GLOBALS)
    outcomes = []
    for evaluate in (lambda *args: interpret(function, *args), compile.build(emitted, dict(GLOBALS))):
        maker.world.count = 0
        arguments = [np.array([0.5, -1.0, 2.0, 0.25]), np.array([1.0, 0.125, -0.5, 3.0]), 0.75]
        with np.errstate(all="ignore"):
            try:
                outcomes.append((evaluate(*arguments), arguments, maker.world.count))
            except (ValueError, UnboundLocalError) as error:
                outcomes.append((type(error), arguments, maker.world.count))
    np.testing.assert_equal(outcomes[1], outcomes[0], err_msg=f"{function}\n{emitted.text}")


REGIONS = [example for example in handmade.EXAMPLES.values() if "<" not in example.text]


@pytest.mark.parametrize("example", REGIONS, ids=lambda example: example.function.name)
def test_handmade_functions(example):
    emitted = emit(example.function, {}, globals=example.primal.__globals__)
    function = compile.build(emitted, example.primal.__globals__, example.primal)
    for arguments in example.arguments:
        np.testing.assert_equal(function(*arguments), example.primal(*arguments), err_msg=emitted.text)


def test_ruff_leaves_the_text_as_it_is():
    texts = []
    for seed in range(150):
        function, maker = made(seed)
        text = emit(function, maker.specs, globals=GLOBALS).text
        texts.append(text.replace("def f(", f"def f{seed}("))
    whole = "\n\n".join(texts)
    assert ruff(whole) == whole
