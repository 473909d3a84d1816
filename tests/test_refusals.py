"""Every wrong use gets its error: the class, the words, the place with a caret, and advice."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

import astgrad
from tests.refused import MISUSES, REFUSED, Misuse, Refused


def marked_line(function: Any) -> int | None:
    """The line of the function with the mark, None where there is none."""
    try:
        lines, first = inspect.getsourcelines(function)
    except OSError:
        return None
    marked = [first + i for i, line in enumerate(lines) if "# <--" in line]
    return marked[0] if marked else None


@pytest.mark.parametrize("one", REFUSED, ids=lambda one: one.function.__name__)
def test_refused(one: Refused) -> None:
    with pytest.raises(one.error, match=one.message) as caught:
        astgrad.grad(one.function, one.wrt)(*one.args)
    if not isinstance(caught.value, astgrad.AstgradError):
        return
    assert not isinstance(caught.value, astgrad.InternalError)
    message = str(caught.value)
    line = marked_line(one.function)
    if line is not None:
        assert re.search(rf"refused\.py:{line}:\d+: ", message), message
        assert re.search(r"^ +\^+$", message, re.MULTILINE), message


@pytest.mark.parametrize("one", REFUSED, ids=lambda one: one.function.__name__)
def test_refused_in_every_mode(one: Refused) -> None:
    """optimize=False and value_and_grad refuse the same, and refuse it again at the second call."""
    for gradient in (
        astgrad.grad(one.function, one.wrt, optimize=False),
        astgrad.value_and_grad(one.function, one.wrt),
    ):
        for _ in range(2):
            with pytest.raises(one.error, match=one.message):
                gradient(*one.args)


@pytest.mark.parametrize("one", MISUSES, ids=lambda one: one.action.__name__)
def test_misuse(one: Misuse) -> None:
    with pytest.raises(one.error, match=one.message):
        one.action()


def test_what_is_refused_leaves_the_arguments_alone() -> None:
    for one in REFUSED:
        before = [getattr(arg, "tobytes", lambda arg=arg: repr(arg))() for arg in one.args]
        with pytest.raises(one.error):
            astgrad.grad(one.function, one.wrt)(*one.args)
        assert [getattr(arg, "tobytes", lambda arg=arg: repr(arg))() for arg in one.args] == before
