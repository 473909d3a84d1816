"""The text form of every kind of statement and atom, and the walks over them."""

from __future__ import annotations

import operator
from types import CellType

import numpy as np
import pytest

from astgrad import ir
from astgrad.ir import UNDEFINED, Capture, Closure, Const, Method, Tree, Var
from tests.handmade import EXAMPLES, ONE, TWO, Point, call, function


@pytest.mark.parametrize("name", EXAMPLES)
def test_text(name):
    example = EXAMPLES[name]
    assert str(example.function) == example.text


def test_text_of_a_function_without_a_result():
    assert str(function("f", (), [])) == "f():\n  return None\n"


def test_text_names_are_unique():
    x, again, temporary, taken = Var("x"), Var("x"), Var(), Var("t1")
    body = [call(again, abs, x), call(taken, abs, again), call(temporary, abs, taken)]
    lines = str(function("f", (x,), body, temporary)).splitlines()
    bound = [line.split()[0] for line in lines[1:4]]
    assert bound[:2] == ["x_2", "t1"]
    assert len({"x", *bound}) == 4
    assert lines[4] == f"  return {bound[2]}"


@pytest.mark.parametrize(
    ("const", "shown"),
    [
        (Const(1.5), "1.5"),
        (Const("a"), "'a'"),
        (Const(None), "None"),
        (Const(...), "..."),
        (Const(np.tanh, "numpy.tanh"), "numpy.tanh"),
        (Const(np.tanh), "tanh"),
        (Const(np), "numpy"),
        (Const(Method("sum")), "sum"),
        (UNDEFINED, "undef"),
    ],
)
def test_text_of_constants(const, shown):
    assert repr(const) == shown


def test_operands_blocks_and_targets():
    statements = EXAMPLES["for_loop"].function.body.body
    _, forward, backward = statements
    assert ir.operands(forward) == (*forward.initial, *forward.iters)
    assert ir.operands(backward) == (*backward.initial, backward.tapes[0].list)
    assert ir.blocks(forward) == (forward.body,)
    assert [len(ir.blocks(s)) for s in EXAMPLES["try_statement"].function.body.body] == [5]
    assert [len(ir.blocks(s)) for s in EXAMPLES["while_loop"].function.body.body] == [2]
    assert ir.targets(statements[0])[0].name == "count"
    assert ir.targets(EXAMPLES["write_in_place"].function.body.body[1]) == ()


def test_every_statement_of_every_region_is_walked():
    walked = list(ir.statements(EXAMPLES["branches"].function.body))
    assert [type(statement).__name__ for statement in walked] == ["Call", "If", "If", "Call", "Call"]


def test_variables_are_listed_from_left_to_right():
    x, y = Var("x"), Var("y")
    inner = EXAMPLES["closures"].nested[0]
    tree = Tree(tuple, (x, Tree(list, (y, ONE)), Closure(inner, ((Var("w"), x),), (("k", y),))))
    assert list(ir.variables(tree)) == [x, y, x, y]


def test_substitute_replaces_all_at_once():
    x, y = Var("x"), Var("y")
    tree = Tree(tuple, (x, y, Tree(dict, (x,), ("a",)), ONE))
    swapped = ir.substitute(tree, {x: y, y: x})
    assert repr(swapped) == "(y, x, {'a': y}, 1.0)"
    assert ir.substitute(tree, {Var("z"): x}) is tree
    assert ir.substitute(ONE, {x: TWO}) is ONE


def test_substitute_reaches_what_a_closure_captures():
    x, y, w = Var("x"), Var("y"), Var("w")
    inner = EXAMPLES["closures"].nested[0]
    closure = ir.substitute(Closure(inner, ((w, x),), (("k", x),)), {x: y})
    assert closure.cells == ((w, y),)
    assert closure.defaults == (("k", y),)
    assert closure.function is inner


def test_a_capture_is_read_live():
    names = {"scale": 1.0}
    capture = Capture("scale", names)
    names["scale"] = 2.0
    assert capture.read() == 2.0
    assert Capture("len", names).read() is len
    cell = CellType(3.0)
    assert Capture("kept", cell).read() == 3.0
    cell.cell_contents = 4.0
    assert Capture("kept", cell).read() == 4.0


def test_a_capture_without_a_value_raises_what_python_raises():
    with pytest.raises(NameError, match="name 'gone' is not defined"):
        Capture("gone", {}).read()
    with pytest.raises(NameError, match="free variable 'gone'"):
        Capture("gone", CellType()).read()


def test_methods_are_equal_by_name():
    assert Method("sum") == Method("sum") != Method("mean")
    assert len({Method("sum"), Method("sum")}) == 1
    assert Method("sum")(np.ones(3)) == 3.0


def test_operators_print_by_their_own_names():
    x, y = Var("x"), Var("y")
    picked = Tree(Point, (x, ONE), ("x", "y"))
    assert repr(call(y, operator.getitem, picked, ONE).args[0]) == "Point(x=x, y=1.0)"
