"""Iterators as values: what they become, that they are consumed once (S10), and what they are not."""

from __future__ import annotations

import itertools

import pytest

from astgrad.errors import UnsupportedSyntax
from tests.transform.written import body, specialized

CONSUMED = [
    ("list(map(abs, [s, t]))", "t1 = abs(s)\nt2 = abs(t)\nreturn [t1, t2]"),
    ("list(zip([s, t], (1, 2), 'ab'))", "return [(s, 1, 'a'), (t, 2, 'b')]"),
    ("list(enumerate([s, t], 1))", "return [(1, s), (2, t)]"),
    ("tuple(reversed([s, t]))", "return (t, s)"),
    ("list(filter(None, [0, s, '', 3]))[1:]", None),
    ("dict(zip('ab', [s, t]))", "return {'a': s, 'b': t}"),
    ("sorted({'b': s, 'a': t})", "return ['a', 'b']"),
    ("sorted([(2, s), (1, t)])", "return [(1, t), (2, s)]"),
    ("max([(2, s), (1, t)])", "return (2, s)"),
    ("next(iter([s, t]))", "return s"),
    ("list(itertools.chain([s], (t,)))", "return [s, t]"),
    ("list(itertools.combinations([s, t], 2))", "return [(s, t)]"),
]


@pytest.mark.parametrize("text, expected", [row for row in CONSUMED if row[1]])
def test_what_is_known_one_by_one(text, expected):
    made = specialized(f"def f(s, t):\n    return {text}\n", itertools=itertools)
    lines = body(made.function).splitlines()
    assert "\n".join(line.strip() for line in lines) == expected


STORED = {
    "a second time": "z = zip([s], [t])\n    a = list(z)\n    return a[0][0] + len(list(z))",
    "in a branch": "m = map(abs, [s, t])\n    return sum(m) if s > 0 else s",
    "in a loop": "m = map(abs, [s, t])\n    a = 0.0\n    for i in range(n): a = a + sum(m)\n    return a",
    "behind next": "m = iter([s, t])\n    return next(m) * next(m)",
}


@pytest.mark.parametrize("name", STORED)
def test_S10_an_iterator_is_consumed_once_and_where_it_was_made(name):
    with pytest.raises(UnsupportedSyntax, match=r"(?s)a stored iterator.*\^\^\^"):
        specialized(f"def f(s, t, n):\n    {STORED[name]}\n")


def test_an_iterator_has_no_length():
    with pytest.raises(TypeError, match="object of type 'zip' has no len"):
        specialized("def f(s, t):\n    return len(zip([s], [t]))\n")
