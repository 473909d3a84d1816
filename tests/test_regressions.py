"""Every program of tests/regressions.py in every mode, and what is no program: calls one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from astgrad import grad
from tests.oracle import check
from tests.programs import Program
from tests.regressions import REGRESSIONS


@pytest.mark.parametrize("program", REGRESSIONS, ids=lambda program: program.name)
def test_regression(program: Program) -> None:
    check(program)


@pytest.mark.parametrize("x", [0.3, np.float32(0.3), np.array(0.3), np.array(0.3, np.float32), np.ones(2)])
def test_the_general_form_returns_the_kind_of_the_argument(x: object) -> None:
    general = grad(lambda x: np.sum(np.sin(x) + x))._general_form().function(x)
    assert type(general) is type(x)
    assert np.result_type(general) == np.result_type(x)


def test_a_parameter_may_be_called_self() -> None:
    assert grad(lambda x, *, self: x * self, wrt="self")(2.0, self=3.0) == 2.0
