"""Facts: what is read off the arguments of a call, and the spec that stands on it."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from astgrad.analyses.facts import Fact, Facts, Path, leaf_fact, leaf_spec
from astgrad.analyses.specs import not_unit
from astgrad.ir import Var
from tests.transform.written import specialized

ROOT = Var("p")
F8, F4, I8 = np.dtype("f8"), np.dtype("f4"), np.dtype("i8")
LEAVES = [
    (np.ones(3), "array", (np.ndarray, F8, (False,)), "f8[p0]"),
    (np.ones((1, 3), np.float32), "array", (np.ndarray, F4, (True, False)), "f4[1, p1]"),
    (np.ones((0, 2)), "array", (np.ndarray, F8, (False, False)), "f8[p0, p1]"),
    (np.array(1), "array", (np.ndarray, I8, ()), "i8[]"),
    (1.5, "type", float, "float"),
    (3, "type", int, "int"),
    (1j, "type", complex, "complex"),
    (np.float32(1), "type", np.float32, "float32"),
    (True, "value", True, "True"),
    (None, "value", None, "None"),
    ("same", "value", "same", "'same'"),
    (..., "value", ..., "Ellipsis"),
    (F8, "value", F8, "dtype('float64')"),
    (float, "is", float, "float"),
    (math.sin, "is", math.sin, "sin"),
    (np.exp, "is", np.exp, "exp"),
]


@pytest.mark.parametrize("value, kind, expected, spec", LEAVES, ids=[repr(row[0])[:20] for row in LEAVES])
def test_leaves(value, kind, expected, spec):
    fact = leaf_fact(Path(ROOT), value)
    assert (fact.kind, fact.expected) == (kind, expected)
    assert repr(leaf_spec(value, ROOT, set())) == spec


@pytest.mark.parametrize("value", [{1, 2}, SimpleNamespace(a=1), np.ma.array([1.0]), range(3), iter([])])
def test_of_what_has_no_rules_only_the_type_is_a_fact(value):
    fact = leaf_fact(Path(ROOT), value)
    assert (fact.kind, fact.expected) == ("type", type(value))


def test_a_path_reads_items_and_attributes():
    path = Path(ROOT).item("layers").item(0).attr("W")
    assert path.steps == (("item", "layers"), ("item", 0), ("attr", "W"))
    assert path.read({"layers": [SimpleNamespace(W=7.0)]}) == 7.0
    assert path == Path(ROOT).item("layers").item(0).attr("W") and path != Path(Var("p"), path.steps)


def test_values_are_known_where_a_root_is_bound():
    facts = Facts({"p": (1, 2.5)})
    path = Path(ROOT).item(1)
    assert not facts.known(path)
    facts.bind(ROOT, facts.values["p"])
    assert facts.known(path) and facts.value(path) == 2.5


def test_a_fact_is_kept_once_by_path_and_kind():
    facts = Facts({})
    facts.use(Fact(Path(ROOT), "type", int), Fact(Path(ROOT), "value", 2), Fact(Path(ROOT), "type", int))
    assert [(fact.kind, fact.expected) for fact in facts.used.values()] == [("type", int), ("value", 2)]


def test_an_int_of_too_many_values_is_not_known_by_value():
    facts = Facts({"p": 2}, unforceable=frozenset({("p",)}))
    facts.bind(ROOT, 2)
    assert not facts.may_force(Path(ROOT))
    assert Facts({"p": 2}).may_force(Path(ROOT)) is False  # not bound
    facts = Facts({"p": 2})
    facts.bind(ROOT, 2)
    assert facts.may_force(Path(ROOT))


def test_who_relies_on_a_dimension_is_noted():
    facts = Facts({})
    spec = leaf_spec(np.ones((2, 3)), ROOT, facts.asked)
    assert facts.asked == set()
    assert not_unit(spec.shape[1])
    assert facts.asked == {(ROOT, 1)}


@pytest.mark.parametrize(
    "expression, expected",
    [
        ("x * 2", set()),
        ("np.sum(A, axis=0)", set()),
        ("A * x", {"A1", "x0"}),
        ("x @ y", set()),
    ],
)
def test_only_what_broadcasting_relied_on_is_asked(expression, expected):
    made = specialized(expression)
    assert {f"{var.name}{axis}" for var, axis in made.facts.asked} <= expected


def test_the_general_form_knows_nothing():
    from astgrad.transform.specialize import specialize
    from tests.transform.written import lowered

    made = specialize(lowered("np.sum(x * y)"), Facts(), ("x",))
    assert made.facts.used == {} and repr(made.builder.spec(made.output)) == "?"
