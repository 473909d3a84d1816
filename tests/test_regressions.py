"""Every program of tests/regressions.py in every mode, and what is no program: calls one after the other."""

from __future__ import annotations

import pytest

from tests.oracle import check
from tests.programs import Program
from tests.regressions import REGRESSIONS


@pytest.mark.parametrize("program", REGRESSIONS, ids=lambda program: program.name)
def test_regression(program: Program) -> None:
    check(program)
