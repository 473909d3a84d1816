"""The programs of tests/corpus.py and the wrong uses of tests/refused_control.py.

What tests/pending.txt names is refused still; a test fails once it works, and the name has to go.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from typing import Any

import numpy as np
import pytest

from tests import corpus, oracle
from tests.corpus import Entry
from tests.programs import PROGRAMS
from tests.refused import Refused
from tests.refused_control import RAISES, REFUSED
from tests.survey import complaint, examine, verdict

ENTRIES = corpus.entries()
PENDING = corpus.pending()
WORKING = [entry for entry in ENTRIES if entry.name not in PENDING]


@pytest.mark.parametrize("entry", WORKING, ids=str)
def test_program(entry: Entry) -> None:
    examine(entry)


@pytest.mark.parametrize("chapter", corpus.CHAPTERS)
def test_pending_programs_are_refused(chapter: str) -> None:
    """None of them is wrong, and what works is no longer named."""
    now = {
        entry.name: verdict(entry) for entry in ENTRIES if entry.chapter == chapter and entry.name in PENDING
    }
    works = [name for name, (kind, _) in now.items() if kind == "ok"]
    assert not works, f"take these out of tests/pending.txt (python -m tests.survey --pending): {works}"
    wrong = {name: message for name, (kind, message) in now.items() if kind == "wrong"}
    assert not wrong, "\n".join(f"{name}: {message}" for name, message in wrong.items())


def test_pending_names_exist() -> None:
    known = {entry.name for entry in ENTRIES} | {one.function.__name__ for one in REFUSED + RAISES}
    assert known >= PENDING, PENDING - known


def test_the_corpus_has_what_it_promises() -> None:
    names = [entry.name for entry in ENTRIES] + [program.name for program in PROGRAMS]
    assert len(ENTRIES) >= 220
    assert len(set(names)) == len(names) - names.count("<lambda>") + 1
    rules = {rule for entry in ENTRIES for rule in entry.rules}
    tested_elsewhere = {"S6", "S9", "S12"}  # by tests of errors and warnings; they need no gradient
    wanted = {f"S{i}" for i in (*range(1, 16), *range(25, 31))}
    assert wanted - tested_elsewhere <= rules, wanted - rules


# --- the programs themselves, in plain Python


def slopes(entry: Entry, point: Any, step: float) -> dict[str, float]:
    """The derivative along each number of the differentiated arguments."""
    function, wide = entry.program.function, point.map(oracle.widened)
    found = {}
    for one in oracle.places(function, entry.program.wrt, point):
        value = wide.get(one)
        for name, unit in oracle.entries(value):
            ahead, behind = (
                oracle.real(wide.put(one, oracle.moved(value, unit, by))(function)) for by in (step, -step)
            )
            found[f"{one}{name}"] = (ahead - behind) / (2 * step)
    return found


def inputs(entry: Entry, case: Any) -> list[Any]:
    """The arguments, and the jittered ones of the oracle."""
    where = oracle.places(entry.program.function, entry.program.wrt, case.point)
    moved = [oracle.jittered(case.point, where, np.random.default_rng(seed)) for seed in range(3)]
    return moved if case.expected is not None else [case.point, *moved]


def ill_conditioned(entry: Entry) -> str:
    """What is wrong with a program as a test; "" if nothing is."""
    tolerance = max(1e-6, entry.program.tolerance if entry.program.tolerance > 1e-5 else 0.0)
    for k, case in enumerate(entry.program.cases):
        with case.rebound(entry.program.function):
            value, again = (case.point(entry.program.function) for _ in range(2))
            if not oracle.equal(value, again):
                return f"case {k}: {value!r}, then {again!r}"
            if not isinstance(value, (int, float, np.floating)) or not abs(value) < 1e3:
                return f"case {k}: the value is {value!r}"
            if not entry.program.differences:
                continue
            for point in inputs(entry, case):
                coarse, fine = slopes(entry, point, 1e-5), slopes(entry, point, 1e-6)
                for name, a in coarse.items():
                    if abs(a - fine[name]) > tolerance * (1 + abs(a)) + 1e-9 * abs(value):
                        return f"case {k}: differences at {name} are {a} and {fine[name]}"
    return "" if not entry.program.differences else degenerate(entry)


def degenerate(entry: Entry) -> str:
    """Whether a derivative at the first arguments is zero or equals another one."""
    case = entry.program.cases[0]
    if case.expected is not None:
        return ""
    with case.rebound(entry.program.function):
        found = sorted(slopes(entry, case.point, 1e-5).values())
    zeros = sum(abs(slope) < 1e-5 for slope in found)
    if entry.flat:
        return "" if zeros else "no derivative is zero: flat=True is not needed"
    if zeros:
        return "a derivative is zero"
    equal = any(abs(a - b) < 1e-6 * (1 + abs(a)) for a, b in itertools.pairwise(found))
    return "two derivatives are equal" if equal else ""


@pytest.mark.parametrize("chapter", corpus.CHAPTERS)
def test_programs_are_well_conditioned(chapter: str) -> None:
    """Deterministic and smooth, with derivatives that differ from zero and from each other."""
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        wrong = {entry.name: ill_conditioned(entry) for entry in ENTRIES if entry.chapter == chapter}
    assert not any(wrong.values()), {name: text for name, text in wrong.items() if text}


# --- wrong uses


@pytest.mark.parametrize("one", REFUSED + RAISES, ids=lambda one: one.function.__name__)
def test_wrong_use(one: Refused) -> None:
    wrong = complaint(one)
    if one.function.__name__ in PENDING:
        assert wrong, f"take {one.function.__name__} out of tests/pending.txt"
    else:
        assert not wrong, wrong


@pytest.mark.parametrize("one", RAISES, ids=lambda one: one.function.__name__)
def test_the_function_itself_raises(one: Refused) -> None:
    with pytest.raises(one.error) as caught:
        one.function(*one.args)
    assert re.search(one.message, str(caught.value))


def test_there_are_enough_wrong_uses() -> None:
    names = [one.function.__name__ for one in REFUSED + RAISES]
    assert len(REFUSED) >= 25 and len(RAISES) >= 15
    assert len(set(names)) == len(names)
