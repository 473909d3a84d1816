"""Broadcasting: an adjoint and an operand, and how NumPy says what the runtime helper does."""

from __future__ import annotations

import numpy as np
import pytest

from astgrad import runtime
from astgrad.interpret import interpret
from astgrad.records import replace
from astgrad.transform import broadcasting
from tests.transform.written import arguments, backward, function_of, needed, returned

UNBROADCAST = [
    ("A", "A", "A"),
    ("x", "y", "x"),
    ("A", "x", "np.sum(A, axis=0)"),
    ("A", "s", "np.sum(A)"),
    ("A", "d", "np.sum(A)"),
    ("A", "r", "np.sum(A, axis=0, keepdims=True)"),
    ("A", "u[:, None]", "np.sum(A, axis=1, keepdims=True)"),
    ("c * r", "c", "np.sum(c * r, axis=1, keepdims=True)"),
    ("c * r", "x", "np.sum(c * r, axis=0)"),
    ("A[None]", "x", "np.sum(A[None], axis=(0, 1))"),
    ("A[None]", "r", "np.sum(np.sum(A[None], axis=0), axis=0, keepdims=True)"),
    ("c * r", "np.ones((1, 1))", "np.sum(c * r, axis=(0, 1), keepdims=True)"),
    ("s", "x", "np.broadcast_to(s, x.shape)"),
    ("x", "r", "x[None]"),
    ("z", "x", "np.real(z)"),
    ("z", "s", "np.real(np.sum(z))"),
    ("x", "z", "x.astype(np.complex128)"),
    ("x", "w", "x.astype(np.float32)"),
    ("s", "t", "s"),
    ("A", "unknown", "unbroadcast(A, unknown)"),
    ("unknown", "x", "unbroadcast(unknown, x)"),
    ("x[1:]", "y[1:]", "unbroadcast(x[1:], y[1:])"),  # y[1:] may have one element
]
UNREDUCE = [
    ("s", "A", None, False, "np.broadcast_to(s, A.shape)"),
    ("s", "A", (0, 1), False, "np.broadcast_to(s, A.shape)"),
    ("x", "A", 0, False, "np.broadcast_to(x, A.shape)"),
    ("u", "A", 1, False, "np.broadcast_to(u[:, None], A.shape)"),
    ("u", "A", -1, False, "np.broadcast_to(u[:, None], A.shape)"),
    ("u[:, None]", "A", 1, True, "np.broadcast_to(u[:, None], A.shape)"),
    ("r", "A", 0, True, "np.broadcast_to(r, A.shape)"),
    ("x", "A[None]", (0, 1), False, "np.broadcast_to(x, A[None].shape)"),
    ("g", "w", None, False, "np.broadcast_to(g, w.shape).astype(np.float32)"),
    ("s", "t", None, False, "s"),
    ("s", "unknown", None, False, None),
    ("unknown", "A", 0, False, None),
]
SIZES = [
    ("A", None, "A.size"),
    ("A", 0, "A.shape[0]"),
    ("A", -1, "A.shape[1]"),
    ("A", (0, 1), "A.shape[0] * A.shape[1]"),
    ("s", None, "1"),
    ("unknown", None, None),
]


def built(expressions, build):
    """What `build(walk, *atoms)` makes of the values of the expressions: generated text, and the function."""
    made = backward(f"({', '.join(expressions)},)")
    result = build(made.builder, *made.output.items)
    if result is None:
        return None, None
    function = made.builder.finish(made.function, made.function.params, result)
    origin = made.function.body.body[0].origin if made.function.body.body else made.function.origin
    statements = tuple(replace(s, origin=replace(origin, backward=True)) for s in function.body.body)
    function = needed(replace(function, body=replace(function.body, body=statements)), made.specs)
    return returned(function, made.specs), function


def values(expressions):
    f = function_of(f"({', '.join(expressions)},)")
    return list(arguments(f).values()), f(*arguments(f).values())


@pytest.mark.parametrize("by, x, after", UNBROADCAST)
def test_unbroadcast(by, x, after):
    text, function = built((by, x), broadcasting.unbroadcast)
    assert text == after
    if "unknown" not in by + x:
        args, (by, x) = values((by, x))
        same(interpret(function, *args), runtime.unbroadcast(by, x))


@pytest.mark.parametrize("by, a, axis, keepdims, after", UNREDUCE)
def test_unreduce(by, a, axis, keepdims, after):
    text, function = built((by, a), lambda walk, *atoms: broadcasting.unreduce(walk, *atoms, axis, keepdims))
    assert text == after
    if text is not None:
        args, (by, a) = values((by, a))
        same(interpret(function, *args), runtime.unreduce(by, a, axis, keepdims))


@pytest.mark.parametrize("a, axis, after", SIZES)
def test_size(a, axis, after):
    text, function = built((a,), lambda walk, atom: broadcasting.size(walk, atom, axis))
    assert text == after
    if text is not None:
        args, (a,) = values((a,))
        assert interpret(function, *args) == runtime.count(a, axis)


def same(got, want):
    """Equal, of one shape and precision; a NumPy scalar may stand for a number or an array of rank 0."""
    assert np.array_equal(got, want) and np.shape(got) == np.shape(want)
    assert np.asarray(got).dtype == np.asarray(want).dtype
