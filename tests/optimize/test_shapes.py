"""Shapes: the shape of an intermediate value, and how the arguments say it."""

from __future__ import annotations

import pytest

from astgrad.optimize.shapes import shape_atom
from astgrad.records import replace
from tests.transform.written import backward, needed, returned

SAID = [
    ("np.exp(x)", "len", "len(x)"),
    ("np.exp(x)", "size", "len(x)"),
    ("np.exp(x)", "shape", "x.shape"),
    ("np.exp(A)", "len", "len(A)"),
    ("np.exp(A)", "size", "A.size"),
    ("np.exp(A)", "shape", "A.shape"),
    ("np.exp(A[0])", "shape", "(A.shape[1],)"),
    ("np.exp(A[0])", "size", "A.shape[1]"),
    ("A @ B", "shape", "len(A), B.shape[1]"),
    ("A @ B", "size", "len(A) * B.shape[1]"),
    ("A.T", "shape", "A.shape[1], len(A)"),
    ("np.exp(r)", "shape", "r.shape"),
    ("np.outer(x, np.ones(2))", "shape", "len(x), 2"),
    ("x[i]", "size", "len(i)"),
]
UNSAID = [
    ("np.exp(x[1:])", "shape"),  # a length less an offset is none of an argument
    ("x[m]", "size"),
    ("x + unknown", "shape"),
    ("np.exp(s)", "shape"),
]


def said(expression, what):
    made = backward(expression)
    walk, before = made.builder, len(made.builder.body)
    atom = shape_atom(walk, made.output, what)
    return atom, made, tuple(walk.body[before:])


@pytest.mark.parametrize("expression, what, expected", SAID)
def test_said_by_arguments(expression, what, expected):
    atom, made, more = said(expression, what)
    block = replace(made.function.body, body=(*made.function.body.body, *more), results=(atom,))
    function = needed(replace(made.function, body=block), made.specs)
    assert returned(function, made.specs) == expected


@pytest.mark.parametrize("expression, what", UNSAID)
def test_read_from_the_value_itself(expression, what):
    assert said(expression, what)[0] is None


@pytest.mark.parametrize("what", ["shape", "len"])
def test_an_argument_says_its_own(what):
    assert what == "len" or said("x", what)[0] is None
