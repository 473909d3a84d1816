"""Containers of static structure: what Python does with them, with no statement left."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest

from astgrad.transform import containers
from astgrad.transform.containers import NOT_HERE, split
from tests.transform.written import body, specialized


class Pair(NamedTuple):
    a: object
    b: object = 2.0

    @property
    def both(self):
        return self.a, self.b

    def scaled(self, k):
        return Pair(k * self.a, self.b)


@dataclasses.dataclass
class Point:
    x: object
    y: object = 0.0


@dataclasses.dataclass
class Checked:
    x: object

    def __post_init__(self):
        self.x = abs(self.x)


NAMES = {"Pair": Pair, "Point": Point, "Checked": Checked, "dataclasses": dataclasses}
REARRANGED = [
    ("(s, t)[1]", "t"),
    ("(s, t)[-2]", "s"),
    ("[s, t, n][1:]", "[t, n]"),
    ("(s, t) + (n,)", "(s, t, n)"),
    ("[s] + [t]", "[s, t]"),
    ("2 * [s, t]", "[s, t, s, t]"),
    ("(s,) * 3", "(s, s, s)"),
    ("len((s, t)) * 1", "2"),
    ("tuple([s, t])", "(s, t)"),
    ("list((s, t))", "[s, t]"),
    ("tuple(zip((s, t), [n, x]))", "((s, n), (t, x))"),
    ("{'p': s, 'q': t}['q']", "t"),
    ("dict(p=s, q=t)", "{'p': s, 'q': t}"),
    ("{'p': s} | {'q': t, 'p': n}", "{'p': n, 'q': t}"),
    ("{'p': s}.get('q', t)", "t"),
    ("{'p': s}.get('q')", "None"),
    ("tuple({'p': s, 'q': t})", "('p', 'q')"),
    ("tuple({'p': s, 'q': t}.values())", "(s, t)"),
    ("tuple({'p': s, 'q': t}.items())", "(('p', s), ('q', t))"),
    ("Pair(s, t).b", "t"),
    ("Pair(s)", "Pair(a=s, b=2.0)"),
    ("Pair(b=s, a=t)[0]", "t"),
    ("Pair(s, t)._replace(a=n)", "Pair(a=n, b=t)"),
    ("Pair(s, t)._asdict()", "{'a': s, 'b': t}"),
    ("Pair(s, t).both", "(s, t)"),
    ("Pair(s, t).scaled(1)", "Pair(a=t1, b=t)"),
    ("Point(s).y", "0.0"),
    ("Point(s, t).x", "s"),
    ("dataclasses.replace(Point(s, t), y=n)", "Point(x=s, y=n)"),
    ("((s, [t, {'k': n}]), x)[0][1][1]['k']", "n"),
]


@pytest.mark.parametrize("before, after", REARRANGED)
def test_rearranged(before, after):
    params = "s, t, n, x"
    made = specialized(f"def f({params}):\n    return {before}\n", ("s", "t", "x"), **NAMES)
    assert body(made.function).splitlines()[-1] == f"return {after}"
    assert len(made.function.body.body) == after.count("t1")


@pytest.mark.parametrize(
    "expression, error, message",
    [
        ("(s, t)[2]", IndexError, "tuple index out of range"),
        ("[s][-2]", IndexError, "list index out of range"),
        ("{'p': s}['q']", KeyError, "q"),
    ],
)
def test_python_raises_its_own_error(expression, error, message):
    with pytest.raises(error, match=message):
        specialized(expression)


def test_unpacking_raises_what_python_raises():
    with pytest.raises(ValueError, match=r"not enough values to unpack \(expected 2, got 1\)"):
        specialized("def f(s):\n    a, b = (s,)\n    return a\n")
    with pytest.raises(ValueError, match=r"too many values to unpack \(expected 2"):
        specialized("def f(p):\n    a, b = p\n    return a\n", given={"p": (1.0, 2.0, 3.0)})


@pytest.mark.parametrize(
    "value, expected",
    [
        ((1, 2.0), (("length", 2), [(0, 1), (1, 2.0)])),
        ([], (("length", 0), [])),
        ({"b": 1, "a": 2}, (("keys", ("b", "a")), [("b", 1), ("a", 2)])),
        (Pair(1, 2), (("type", Pair), [("a", 1), ("b", 2)])),
        (Point(1, 2), (("type", Point), [("x", 1), ("y", 2)])),
        (Checked(1), None),  # its constructor computes
        (np.ones(2), None),
        ("ab", None),
        (1.0, None),
        ({1, 2}, None),
        (type("List", (list,), {})([1]), None),  # a subclass may do anything
    ],
)
def test_split(value, expected):
    assert split(value) == expected


def test_what_is_not_static_is_left_alone():
    made = specialized("(s, x)")
    s, x = made.output.items
    assert containers.call(len, (x,), ()) is NOT_HERE
    assert containers.call(tuple, (x,), ()) is NOT_HERE
    assert containers.call(np.sum, (made.output,), ()) is NOT_HERE
    assert containers.call(Checked, (s,), ()) is NOT_HERE


def test_arguments_are_read_leaf_by_leaf():
    given = {"p": {"W": np.ones((2, 3)), "layers": [(1.0, 2), Pair(3.0, "name")]}}
    made = specialized("def f(p):\n    return p\n", ("p",), given)
    assert body(made.function).splitlines() == [
        "W = getitem(p, 'W')",
        "t1 = getitem(p, 'layers')",
        "t2 = getitem(t1, 0)",
        "layers00 = getitem(t2, 0)",
        "t3 = getitem(p, 'layers')",
        "t4 = getitem(t3, 0)",
        "layers01 = getitem(t4, 1)",
        "t5 = getitem(p, 'layers')",
        "t6 = getitem(t5, 1)",
        "a = getattr(t6, 'a')",
        "return {'W': W, 'layers': [(layers00, layers01), Pair(a=a, b='name')]}",
    ]
    kinds = [
        (fact.path.steps[-1][1] if fact.path.steps else "p", fact.kind) for fact in made.facts.used.values()
    ]
    assert ("p", "keys") in kinds and ("layers", "length") in kinds and ("b", "value") in kinds


def test_a_large_container_is_opaque():
    given = {"p": [0.5] * 300}
    made = specialized("def f(p):\n    return p[0]\n", (), given)
    assert body(made.function) == "t1 = getitem(p, 0)\nreturn t1"
