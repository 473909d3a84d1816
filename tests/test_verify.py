"""verify accepts what is well formed, and names the pass and the statement of what is not."""

from __future__ import annotations

import operator
import time

import numpy as np
import pytest

from astgrad import runtime
from astgrad.errors import InternalError, Origin
from astgrad.ir import (
    PURE,
    UNKNOWN_EFFECTS,
    VIEW,
    Block,
    Call,
    Capture,
    Closure,
    Const,
    Effects,
    Function,
    Handler,
    If,
    Loop,
    Param,
    Tape,
    Tree,
    Try,
    Var,
    With,
)
from astgrad.records import replace
from astgrad.verify import verify
from tests.handmade import EXAMPLES, ONE, WRITE_FIRST, ZERO, Pair, Point, block, call, function, variables


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_well_formed_passes(name):
    verify(EXAMPLES[name].function)


def refused(body, *results, params=()):
    """The message, its first line alone."""
    x = Var("x")
    with pytest.raises(InternalError) as caught:
        verify(function("f", (x, *params), body(x) if callable(body) else body, *results), after="fold")
    return str(caught.value).splitlines()[0]


# --- the message


def test_the_message_names_the_pass_the_statement_and_the_place():
    x, y = variables("x y")
    origin = Origin("demo.py", 7, 4, 7, 9)
    body = (Call(y, Const(np.sin), (Var("s"),), effects=PURE, origin=origin),)
    with pytest.raises(InternalError) as caught:
        verify(Function("f", (Param(x),), Block((x,), body, (y,))), after="sharing")
    assert str(caught.value).splitlines() == [
        "demo.py:7:5: after sharing: s is used where it is not bound, in `y = sin(s)`",
        "This is a bug in astgrad: please report it with the program that shows it.",
    ]


def test_the_message_names_temporaries_as_the_statement_prints_them():
    x, temporary, y = Var("x"), Var(), Var()
    body = [call(y, operator.add, x, temporary)]
    with pytest.raises(InternalError, match=r"^t2 is used where it is not bound, in `t1 = add\(x, t2\)`"):
        verify(function("f", (x,), body, y))


def test_a_statement_that_cannot_be_printed_is_still_named():
    message = refused([call(Var("y"), len, Tree(slice, (ONE, ONE)))])
    assert message == "after fold: a slice has 2 items, in Call y"


# --- bound once, in scope


def test_a_var_is_bound_once():
    y = Var("y")
    assert "y is bound twice" in refused(lambda x: [call(y, abs, x), call(y, abs, x)])
    assert "x is bound twice" in refused(lambda x: [call(x, abs, x)])
    assert "p is bound twice" in refused([], params=(p := Var("p"), p))


def test_a_var_is_bound_once_across_branches_and_nested_loops():
    y, z, i = variables("y z i")
    arm = block(call(y, abs, ONE), results=(y,))
    assert "y is bound twice" in refused(lambda x: [If((z,), x, arm, arm)])
    inner = Loop((), (), (), (ONE,), (i,), None, block())
    assert "i is bound twice" in refused([Loop((), (), (), (ONE,), (i,), None, block(inner))])


def test_a_use_stands_behind_its_binding():
    y, z = variables("y z")
    assert "z is used where it is not bound" in refused([call(y, abs, z), call(z, abs, ONE)])
    assert "y is used where it is not bound" in refused([call(y, abs, y)])
    assert refused([], y) == "after fold: y is used where it is not bound, in f"
    assert "y is used" in refused([call(z, len, Tree(tuple, (ONE, Tree(list, (y,)))))])
    assert "y is used" in refused([call(z, len, ONE, key=y)])
    assert "y is used" in refused([call(z, y)])


def test_values_do_not_leak_from_an_if():
    y, z = variables("y z")
    arm = block(call(y, abs, ONE), results=(y,))
    branch = lambda x: [If((z,), x, arm, block(results=(ONE,)))]
    assert "y is used" in refused(branch, y)
    assert "y is used" in refused(lambda x: [If((z,), x, arm, block(results=(y,)))])
    assert "z is used" in refused(lambda x: [If((z,), x, block(results=(z,)), block(results=(ONE,)))])


def test_values_do_not_leak_from_a_loop():
    p, out, i, y, t, stop = variables("p out i y t stop")
    test = block(call(t, bool, p), results=(t,))
    body = block(call(y, abs, p), call(stop, bool, y), results=(y,))
    good = Loop((out,), (ONE,), (p,), (), (), test, body, stop)
    verify(function("f", (), [good], out))
    for leaked in (p, y, t, stop):
        assert f"{leaked.name} is used" in refused([good], leaked)
    in_test = block(call(t, bool, i), results=(t,))
    assert "i is used" in refused([Loop((), (), (), (ONE,), (i,), in_test, block())])
    assert "t is used" in refused([replace(good, body=block(results=(t,)), stop=None)])
    assert "p is used" in refused([replace(good, initial=(p,))])
    assert "out is used" in refused([replace(good, stop=out)])


def test_values_do_not_leak_from_try_and_with():
    y, error, name, kept, last = variables("y error name kept last")
    assigned = block(call(y, abs, ONE))
    caught = Handler(None, error, block())
    assert "y is used" in refused(
        [Try((), assigned, (Handler(None, None, block(call(None, print, y))),), None, None)]
    )
    assert "error is used" in refused([Try((), block(), (caught,), None, None)], error)
    orelse = block(params=(kept,))
    assert "kept is used" in refused([Try((), block(results=(ONE,)), (caught,), orelse, None)], kept)
    assert "last is used" in refused(
        [Try((Var(),), block(results=(ONE,)), (), None, block(params=(last,)))], last
    )
    assert "name is used" in refused([With((), ONE, name, block())], name)
    assert "y is used" in refused([With((), ONE, None, assigned)], y)


def test_a_nested_function_sees_its_own_params_alone():
    y, z, w = variables("y z w")
    nested = Function("g", (), Block((), (), (y,)))
    assert "y is used where it is not bound, in g" in refused([call(y, abs, ONE), call(z, Closure(nested))])
    captured = Function("g", (), Block((w,), (), (w,)))
    verify(function("f", (), [call(z, Closure(captured, ((w, ONE),)))], z))
    assert "w is captured but no param" in refused([call(z, Closure(nested, ((w, ONE),)))])
    assert "bound by no argument and no capture" in refused([call(z, Closure(captured))])
    assert "y is used" in refused([call(z, Closure(captured, ((w, y),)))])
    assert "'k', which is no param of g" in refused([call(z, Closure(captured, ((w, ONE),), (("k", ONE),)))])


# --- arity


def test_an_if_has_as_many_results_as_targets():
    y = Var("y")
    assert "a region has 0 results for 1 targets" in refused(
        lambda x: [If((y,), x, block(results=(ONE,)), block())]
    )
    assert "a region has params of its own" in refused(lambda x: [If((), x, block(params=(y,)), block())])


def test_a_loop_carries_as_many_values_everywhere():
    p, out, i, t = variables("p out i t")
    body = block(results=(ONE,))
    assert "0 initial values and 1 params for 1 targets" in refused(
        [Loop((out,), (), (p,), (), (), None, body)]
    )
    assert "1 initial values and 0 params" in refused([Loop((out,), (ONE,), (), (), (), None, body)])
    assert "a region has 0 results" in refused([Loop((out,), (ONE,), (p,), (), (), None, block())])
    assert "1 items for 0 iterables" in refused([Loop((), (), (), (), (i,), None, block())])
    assert "the test has 0 results" in refused([Loop((), (), (), (), (), block(), block())])
    assert "a region has params" in refused([Loop((), (), (), (), (), None, block(params=(t,)))])


def test_tapes_bind_a_list_outside_or_their_atoms_inside():
    n, i, a, b, tape = variables("n i a b tape")
    record = Loop((), (), (), (ONE,), (i,), None, block(), None, (Tape(tape, (i, ONE)),))
    read = Loop((), (), (), (), (), None, block(call(n, abs, a)), None, (Tape(tape, (a, b), reads=True),))
    verify(function("f", (), [record, read], tape))
    assert "tape is used where it is not bound" in refused([read])
    assert "a is used" in refused([record, read], a)
    assert "tape is bound twice" in refused([record, replace(record, items=(b,), tapes=(Tape(tape, (b,)),))])
    assert "i is used" in refused([replace(record, iters=(), items=())])
    short = replace(read, tapes=(Tape(tape, (a,), reads=True),))
    assert "1 values are read from entries of 2 in tape" in refused([record, short])
    constant = replace(read, tapes=(Tape(tape, (a, ONE), reads=True),))
    assert "1.0 is bound but not a Var" in refused([record, constant])


def test_the_arms_of_a_try_have_as_many_results_as_targets():
    y, kept = variables("y kept")
    one, handler = block(results=(ONE,)), Handler(None, None, block(results=(ZERO,)))
    verify(function("f", (), [Try((y,), one, (handler,), None, None)], y))
    assert "a region has 0 results" in refused([Try((y,), block(), (handler,), None, None)])
    assert "a region has 0 results" in refused([Try((y,), one, (Handler(None, None, block()),), None, None)])
    assert "else has 0 params for 1 results" in refused([Try((y,), one, (handler,), one, None)])
    assert "a region has 0 results" in refused([Try((y,), one, (handler,), block(params=(kept,)), None)])
    assert "finally has 2 params" in refused(
        [Try((y,), one, (), None, block(params=(Var(), Var())))],
    )
    assert "neither a handler nor a finally" in refused([Try((y,), one, (), None, None)])


def test_a_with_has_as_many_results_as_targets():
    assert "a region has 0 results for 1 targets" in refused([With((Var("y"),), ONE, None, block())])


# --- params and captures


def test_the_params_of_the_body_are_the_params_and_the_captures():
    x, w, z = variables("x w z")
    capture = Capture("w", {})

    def problem(params, captures, *kinds):
        given = tuple(Param(x, kind) for kind in kinds) or (Param(x),)
        with pytest.raises(InternalError) as caught:
            verify(Function("f", given, Block(params, (), ()), captures))
        return str(caught.value).splitlines()[0]

    verify(Function("f", (Param(x),), Block((x, w), (), ()), ((w, capture),)))
    assert "do not start with" in problem((w, x), ((w, capture),))
    assert "do not start with" in problem((), ())
    assert "w is captured but no param of the body" in problem((x,), ((w, capture),))
    assert "bound by no argument and no capture" in problem((x, z), ())
    assert "bound by no argument and no capture, or by two" in problem((x, w), ((w, capture), (w, capture)))
    assert "unknown kind 'STARRED'" in problem((x,), (), "STARRED")


def test_params_stand_in_the_order_of_their_kinds():
    x, y = variables("x y")
    params = (Param(x, "KEYWORD_ONLY"), Param(y))
    with pytest.raises(InternalError, match="y stands behind a param of a later kind"):
        verify(Function("f", params, Block((x, y), (), ())))


def test_defaults_are_atoms_in_scope():
    x = Var("x")
    with pytest.raises(InternalError, match="y is used"):
        verify(Function("f", (Param(x, default=Var("y")),), Block((x,), (), ())))


# --- atoms


@pytest.mark.parametrize(
    ("tree", "problem"),
    [
        (Tree(slice, (ONE, ONE)), "a slice has 2 items"),
        (Tree(tuple, (ONE,), ("a",)), "a tuple has keys"),
        (Tree(dict, (ONE, ONE), ("a",)), "a dict has 2 items and the keys ('a',)"),
        (Tree(dict, (ONE, ONE), ("a", "a")), "a dict has 2 items and the keys ('a', 'a')"),
        (Tree(Point, (ONE, ONE), ("y", "x")), "a Point has the fields ('y', 'x')"),
        (Tree(Pair, (ONE,), ("middle",)), "a Pair has the fields ('middle',)"),
        (Tree(set, (ONE,), ("a",)), "set is no kind of container"),
        (Tree("tuple", (ONE,)), "'tuple' is no kind of container"),
        (Const(Const(1)), "a constant holds the atom 1"),
        (Const(Var("x")), "a constant holds the atom x"),
        (1.0, "1.0 is no atom"),
        (None, "None is no atom"),
    ],
)
def test_atoms_are_of_four_kinds_and_well_formed(tree, problem):
    assert problem in refused([call(Var("y"), len, tree)])
    assert problem in refused([call(Var("y"), len, Tree(tuple, (tree,)))])


def test_a_statement_is_of_five_kinds():
    assert "str is no kind of statement" in refused(["pass"])


def test_a_keyword_is_given_once():
    assert "a keyword is given twice" in refused([Call(None, Const(print), (), (("end", ONE), ("end", ONE)))])


# --- effects


def effect(effects, *args, op=print, target=True):
    return refused(lambda x: [call(Var("y") if target else None, op, *(args or (x,)), effects=effects)])


def test_effects_name_arguments_that_there_are():
    assert "effects name argument (1,), and there are 1" in effect(Effects(reads=(1,), writes=()))
    assert "effects name argument (0, 1), and there are 1" in effect(Effects(reads=(), writes=(0, 1)))
    assert "effects name argument (-1,)" in effect(Effects(reads=(), writes=(-1,)))
    assert "'copy' is no kind of result" in effect(Effects(result="copy"))


def test_what_is_written_is_a_var():
    assert "argument 0 is written and not a Var" in effect(WRITE_FIRST, ONE)
    assert "argument 0 is written and not a Var" in effect(WRITE_FIRST, Tree(list, (ONE,)))


def test_a_view_is_of_something():
    with pytest.raises(InternalError, match="a view of nothing"):
        verify(function("f", (), [call(Var("y"), np.zeros, effects=VIEW)]))


def test_a_call_without_a_value_has_an_effect():
    assert "a call gives no value and has no effect" in effect(PURE, target=False)
    for effects in (UNKNOWN_EFFECTS, WRITE_FIRST, Effects(writes=(), impure=True), Effects(impure=False)):
        x = Var("x")
        verify(function("f", (x,), [call(None, print, x, effects=effects)]))


@pytest.mark.parametrize("op", [operator.setitem, operator.iadd, runtime.iadd_at, runtime.add_at, np.put])
def test_an_operation_known_to_write_says_so(op):
    effects = Effects(reads=None, writes=(), impure=True)
    assert "writes its first argument and does not say so" in effect(effects, op=op)
    x = Var("x")
    verify(function("f", (x,), [call(None, op, x, effects=UNKNOWN_EFFECTS)]))
    verify(function("f", (x,), [call(None, op, x, effects=WRITE_FIRST)]))


# --- size


def test_the_time_is_linear_in_the_statements():
    def seconds(size):
        x = value = Var("x")
        body = []
        for position in range(size):
            following, inner = Var(), Var()
            arm = block(call(inner, operator.add, value, Tree(tuple, (x, ONE))), results=(inner,))
            body.append(
                If((following,), value, arm, block(results=(ZERO,)))
                if position % 2
                else call(following, operator.add, value, ONE)
            )
            value = following
        f = function("f", (x,), body, value)
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            verify(f)
            best = min(best, time.process_time() - start)
        return best

    assert seconds(8000) < 24 * seconds(1000)  # quadratic would be 64
