"""Records: what `__init__`, `==` and `hash` are made of the annotated fields."""

from __future__ import annotations

import pickle
from typing import Any, ClassVar

import pytest

from astgrad.records import fresh, record, replace, state, value


@record
class Named:
    name: str
    kind: str = "plain"
    keys: tuple[Any, ...] = ()


@value
class Point:
    x: int
    y: int = 0


@value
class Other:
    x: int
    y: int = 0


@state
class Base:
    seen: dict[str, int] = fresh(factory=dict)
    count: int = 0


@state
class Derived(Base):
    todo: list[int] = fresh(factory=list)
    count: int = 3


def test_fields_are_given_by_position_or_name_and_have_defaults():
    made = Named("a", keys=(1,))
    assert (made.name, made.kind, made.keys) == ("a", "plain", (1,))
    assert Named.__match_args__ == ("name", "kind", "keys")
    assert Named.__init__.__qualname__ == "Named.__init__"


@pytest.mark.parametrize(
    ("args", "kwargs"), [((), {}), ((1, 2, 3, 4), {}), (("a",), {"name": "a"}), (("a",), {"wrong": 1})]
)
def test_wrong_arguments_are_type_errors(args, kwargs):
    with pytest.raises(TypeError, match="__init__"):
        Named(*args, **kwargs)


def test_a_record_equals_itself_alone():
    made = Named("a")
    assert made == made
    assert made != Named("a")
    assert len({made, Named("a")}) == 2


def test_a_value_equals_those_of_its_class_with_equal_fields():
    assert Point(1, 2) == Point(1, 2)
    assert hash(Point(1, 2)) == hash(Point(1, 2))
    assert Point(1, 2) != Point(2, 1)
    assert Point(1, 2) != Other(1, 2)
    assert {Point(1): "found"}[Point(1, 0)] == "found"


def test_fresh_defaults_are_made_for_each_instance():
    first, second = Base(), Base()
    first.seen["a"] = 1
    assert second.seen == {}
    given: dict[str, int] = {}
    assert Base(given).seen is given


def test_the_fields_of_the_base_class_come_first():
    assert Derived.__match_args__ == ("seen", "count", "todo")
    made = Derived({"a": 1}, todo=[2])
    assert (made.seen, made.count, made.todo) == ({"a": 1}, 3, [2])


def test_class_variables_are_no_fields():
    @state
    class Constant:
        kind: ClassVar[str] = "plain"
        name: str

    assert Constant.__match_args__ == ("name",)
    assert (Constant("a").name, Constant.kind) == ("a", "plain")


def test_replace_makes_another_one_of_the_same_class():
    made = Named("a", keys=(1,))
    changed = replace(made, kind="other")
    assert (type(changed), changed.name, changed.kind, changed.keys) == (Named, "a", "other", (1,))
    assert made.kind == "plain"
    with pytest.raises(TypeError, match="wrong"):
        replace(made, wrong=1)


def test_a_value_is_pickled():
    assert pickle.loads(pickle.dumps(Point(1, 2))) == Point(1, 2)
