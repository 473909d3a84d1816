"""Operations that the walk resolves itself: before and after."""

from __future__ import annotations

import numpy as np
import pytest

from astgrad import runtime
from astgrad.errors import MissingRule, UntrackedMutation
from tests.transform.written import block, body, specialized

RESOLVED = [
    ("x.T", "t1 = getattr(x, 'T')\nreturn t1"),
    ("x.ndim", "return 1"),
    ("x.dtype", "return dtype('float64')"),
    ("x.shape", "t1 = getattr(x, 'shape')\nreturn t1"),
    ("np.zeros(3).shape[0]", "t1 = zeros(3)\nt2 = getattr(t1, 'shape')\nreturn 3"),
    ("s.real", "t1 = getattr(s, 'real')\nreturn t1"),
    ("isinstance(x, np.ndarray)", "return True"),
    ("isinstance(s, (int, np.ndarray))", "return False"),
    ("isinstance(s, float)", "return True"),
    ("isinstance(g, float)", "return True"),  # np.float64 is one
    ("isinstance([s], list)", "return True"),
    ("(x.shape + (1,))[1]", "t1 = getattr(x, 'shape')\nt2 = getitem(t1, 0)\nreturn 1"),
]
PROGRAMS = {
    "unpacking an array": (
        "def f(u):\n    a, b = u\n    return a * b\n",
        "a = getitem(u, 0)\nb = getitem(u, 1)\nt1 = mul(a, b)\nreturn t1",
    ),
    "unpacking what is not known": (
        "def f(unknown):\n    a, b = unknown\n    return a * b\n",
        """
        t1 = unpack(unknown, 2)
        a = getitem(t1, 0)
        b = getitem(t1, 1)
        t2 = mul(a, b)
        return t2
        """,
    ),
    "an augmented number": (
        "def f(s):\n    s += 1\n    s **= 2\n    s /= 3\n    return s\n",
        "s_2 = add(s, 1)\ns_3 = pow(s_2, 2)\ns_4 = truediv(s_3, 3)\nreturn s_4",
    ),
    "an augmented tuple": ("def f(s):\n    p = (s,)\n    p += (1,)\n    return p\n", "return (s, 1)"),
    "an augmented value that is not known": (
        "def f(unknown):\n    unknown *= 2\n    return unknown\n",
        "t1 = immutable(unknown)\nunknown_2 = mul(t1, 2)\nreturn unknown_2",
    ),
}


@pytest.mark.parametrize("before, after", RESOLVED)
def test_resolved(before, after):
    assert body(specialized(before).function) == after


@pytest.mark.parametrize("before, after", PROGRAMS.values(), ids=PROGRAMS)
def test_programs(before, after):
    assert body(specialized(before).function) == block(after)


def test_unpacking_a_shape_reads_its_items():
    lines = body(specialized("def f(A):\n    n, k = A.shape\n    return A * n\n").function).splitlines()
    assert lines[:2] == ["t1 = getattr(A, 'shape')", "n = getitem(t1, 0)"]
    assert lines[-2].endswith("= mul(A, n)") and not any("unpack" in line for line in lines)


def test_unpacking_an_array_makes_its_length_a_fact():
    facts = specialized("def f(u):\n    a, b = u\n    return a\n").facts.used.values()
    assert [(fact.kind, fact.expected) for fact in facts if fact.kind != "array"] == [("axis0", (0, 2))]


@pytest.mark.parametrize("count", ["a, b, c, d", "a, b"])
def test_unpacking_raises_what_python_raises(count):
    with pytest.raises(ValueError, match=r"values to unpack \(expected"):
        specialized(f"def f(x):\n    {count} = x\n    return a\n")


@pytest.mark.parametrize(
    "name, statement, error, message",
    [
        ("x", "x += 1", UntrackedMutation, "writes into an array or list"),
        ("x", "x @= x", UntrackedMutation, "writes into an array or list"),
        ("s", "p = [s]; p += [s]", UntrackedMutation, "writes into an array or list"),
        ("d", "d *= 2", UntrackedMutation, "writes into an array or list"),
        ("x", "x.flat", MissingRule, ".flat"),
    ],
)
def test_refused(name, statement, error, message):
    with pytest.raises(error, match=message):
        specialized(f"def f({name}):\n    {statement}\n    return {name}\n")


def test_a_missing_attribute_raises_what_numpy_raises():
    with pytest.raises(AttributeError, match=r"'numpy\.ndarray' object has no attribute 'no_such'"):
        specialized("x.no_such")


@pytest.mark.parametrize("value", [1, 2.5, (1,), "a", np.float32(1)])
def test_immutable_values_pass(value):
    assert runtime.immutable(value) is value


@pytest.mark.parametrize("value", [np.ones(1), [1], {}, bytearray()])
def test_what_augmented_assignment_writes_into_does_not(value):
    with pytest.raises(UntrackedMutation, match="writes into"):
        runtime.immutable(value)
