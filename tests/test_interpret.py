"""interpret(ir) is what the Python function gives, for every kind of statement and atom."""

from __future__ import annotations

import operator
import sys
import time
from contextlib import suppress
from copy import deepcopy

import numpy as np
import pytest

from astgrad.errors import InternalError
from astgrad.interpret import interpret
from astgrad.ir import (
    UNDEFINED,
    Block,
    Call,
    Capture,
    Closure,
    Const,
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
from tests.handmade import EXAMPLES, IMPURE, ONE, TWO, WRITE_FIRST, ZERO, block, call, function, variables

CASES = [(name, arguments) for name, example in EXAMPLES.items() for arguments in example.arguments]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_the_value_is_the_primals(name, arguments):
    example = EXAMPLES[name]
    expected = example.primal(*deepcopy(arguments))
    assert_same(interpret(example.function, *deepcopy(arguments)), expected)


def assert_same(value, expected):
    """Equal in kind, structure and contents."""
    assert type(value) is type(expected)
    if isinstance(expected, (tuple, list)):
        assert len(value) == len(expected)
        for one, other in zip(value, expected):
            assert_same(one, other)
    else:
        np.testing.assert_array_equal(value, expected)


# --- arguments and results


def test_no_result_is_none_and_several_are_a_tuple():
    x = Var("x")
    assert interpret(function("f", (x,), []), 1.0) is None
    assert interpret(function("f", (x,), [], x), 1.0) == 1.0
    assert interpret(function("f", (x,), [], Tree(tuple, (x,))), 1.0) == (1.0,)
    assert interpret(function("f", (x,), [], x, TWO), 1.0) == (1.0, 2.0)


def every_kind_of_param():
    a, b, rest, c, d, more = variables("a b rest c d more")
    params = (
        Param(a, "POSITIONAL_ONLY"),
        Param(b, default=Const(2)),
        Param(rest, "VAR_POSITIONAL"),
        Param(c, "KEYWORD_ONLY"),
        Param(d, "KEYWORD_ONLY", default=Const(None)),
        Param(more, "VAR_KEYWORD"),
    )
    bound = (a, b, rest, c, d, more)
    return Function("f", params, Block(bound, (), (Tree(tuple, bound),)))


def primal_of_every_kind(a, /, b=2, *rest, c, d=None, **more):
    return a, b, rest, c, d, more


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((1,), {"c": 3}),
        ((1, 5), {"c": 3, "d": 4}),
        ((1, 5, 6, 7), {"c": 3}),
        ((1,), {"b": 5, "c": 3, "a": 8}),
        ((1,), {}),
        ((), {"c": 3}),
        ((1,), {"b": 1, "c": 3, "e": 2}),
    ],
)
def test_arguments_are_bound_as_python_binds_them(args, kwargs):
    made = every_kind_of_param()
    try:
        expected = primal_of_every_kind(*args, **kwargs)
    except TypeError:
        with pytest.raises(TypeError):
            interpret(made, *args, **kwargs)
    else:
        assert interpret(made, *args, **kwargs) == expected


def test_captures_are_read_at_each_call():
    x, scale, out = variables("x scale out")
    names = {"scale": 2.0}
    body = Block((x, scale), (call(out, operator.mul, x, scale),), (out,))
    f = Function("f", (Param(x),), body, ((scale, Capture("scale", names)),))
    assert interpret(f, 3.0) == 6.0
    names["scale"] = 5.0
    assert interpret(f, 3.0) == 15.0


def test_a_captured_name_without_a_value_raises_when_it_is_read():
    x, gone, y, inner = variables("x gone y y")
    read = block(call(inner, operator.neg, gone), results=(inner,))
    body = Block((x, gone), (If((y,), x, read, block(results=(ZERO,))),), (y,))
    f = Function("f", (Param(x),), body, ((gone, Capture("gone", {})),))
    assert interpret(f, False) == 0.0
    with pytest.raises(NameError, match="name 'gone' is not defined"):
        interpret(f, True)


# --- values that are not defined on a path (S13)


def test_to_read_an_undefined_value_raises_what_python_raises():
    x, y, out = variables("x y out")
    branch = If((y,), x, block(results=(ONE,)), block(results=(UNDEFINED,)))
    f = function("f", (x,), [branch, call(out, operator.neg, y)], out)
    assert interpret(f, True) == -1.0
    with pytest.raises(UnboundLocalError, match="local variable 'y'"):
        interpret(f, False)
    with pytest.raises(UnboundLocalError, match="local variable 'y'"):
        interpret(function("f", (x,), [branch], y), False)
    with pytest.raises(UnboundLocalError, match="local variable 'y'"):
        interpret(function("f", (x,), [branch], Tree(tuple, (y,))), False)
    with pytest.raises(UnboundLocalError):
        interpret(function("f", (x,), [], UNDEFINED), 1.0)


def test_an_undefined_value_passes_through_loops_branches_tapes_and_cells():
    n, count, y, inner, i, seen, tape, item = variables("n count y y i y tape i")
    nested = Function("g", (), Block((item,), (), (ONE,)))
    result = Var("result")
    body = [
        call(count, range, n),
        Loop(
            (y,),
            (UNDEFINED,),
            (inner,),
            (count,),
            (i,),
            None,
            block(results=(i,)),
            None,
            (Tape(tape, (inner,)),),
        ),
        If((seen,), n, block(results=(y,)), block(results=(y,))),
        call(result, Closure(nested, ((item, y),))),
    ]
    f = function("f", (n,), body, result)
    assert interpret(f, 0) == 1.0
    assert interpret(f, 2) == 1.0
    with pytest.raises(UnboundLocalError):
        interpret(function("f", (n,), body, seen), 0)
    assert interpret(function("f", (n,), body, seen), 3) == 2


# --- closures


def test_a_closure_takes_its_cells_when_it_is_made():
    """made = [lambda: w * k ...] in a loop: each keeps the w of its own step."""
    n, count, made, i, w, out, calls = variables("n count made i w out calls")
    inner = Function("g", (), Block((w,), (call(out, operator.mul, w, TWO),), (out,)))
    keep = call(None, list.append, made, Closure(inner, ((w, i),)), effects=WRITE_FIRST)
    body = [
        call(count, range, n),
        call(made, list),
        Loop((), (), (), (count,), (i,), None, block(keep)),
        call(calls, list, made),
    ]
    made_functions = interpret(function("f", (n,), body, calls), 3)
    assert [g() for g in made_functions] == [0.0, 2.0, 4.0]
    assert made_functions[0].__name__ == "g"


def test_a_closure_is_called_by_python_too():
    x, a, minus, out, pairs = variables("x a minus out pairs")
    key = Function("key", (Param(a),), Block((a, minus), (call(out, operator.mul, a, minus),), (out,)))
    body = [call(pairs, sorted, x, key=Closure(key, ((minus, Const(-1)),)))]
    assert interpret(function("f", (x,), body, pairs), [1, 3, 2]) == [3, 2, 1]


# --- loops and tapes


def adding_loop(entries, *iterables, step=operator.add):
    """out = 0; for (a,), *items in zip(reversed(entries), *iterables): out = step(out, a)"""
    s, out, a, nxt = variables("s out a next")
    items = tuple(variables("i " * len(iterables)))
    body = block(call(nxt, step, s, a), results=(nxt,))
    return out, Loop(
        (out,), (ZERO,), (s,), iterables, items, None, body, None, (Tape(entries, (a,), reads=True),)
    )


def test_tapes_are_read_from_the_last_entry_and_stay_as_they_are():
    entries = Var("entries")
    out, loop = adding_loop(entries, step=lambda s, a: 10 * s + a)
    f = function("f", (entries,), [loop], out)
    tape = [(1,), (2,), (3,)]
    assert interpret(f, tape) == interpret(f, tape) == 321
    assert tape == [(1,), (2,), (3,)]


def test_a_tape_and_what_it_is_read_beside_have_one_length():
    entries, xs = variables("entries xs")
    out, loop = adding_loop(entries, xs)
    f = function("f", (entries, xs), [loop], out)
    assert interpret(f, [(1.0,), (2.0,)], [0, 0]) == 3.0
    for xs_of_other_length in ([0], [0, 0, 0]):
        with pytest.raises(InternalError, match="differ in length"):
            interpret(f, [(1.0,), (2.0,)], xs_of_other_length)


def test_the_step_that_stops_is_recorded_and_passes_its_results_on():
    xs, s, out, x, nxt, big, tape = variables("xs s out x next big tape")
    body = block(call(nxt, operator.add, s, x), call(big, operator.gt, nxt, TWO), results=(nxt,))
    loop = Loop((out,), (ZERO,), (s,), (xs,), (x,), None, body, big, (Tape(tape, (x,)),))
    f = function("f", (xs,), [loop], out, tape)
    assert interpret(f, [1, 2, 3, 4]) == (3.0, [(1,), (2,)])
    assert interpret(f, iter([1])) == (1.0, [(1,)])


def test_iterables_are_consumed_lazily():
    xs, x, found, more = variables("xs x found more")
    body = block(call(found, operator.eq, x, TWO))
    loop = Loop((), (), (), (xs,), (x,), None, body, found)
    f = function("f", (xs,), [loop, call(more, next, xs, effects=IMPURE)], more)
    assert interpret(f, iter([1, 2, 3, 4])) == 3


def test_nested_loops_record_one_tape_in_another():
    n, outer, inner, i, j, rows, tape, total = variables("n outer inner i j rows tape total")
    body = block(
        call(inner, range, i),
        Loop(
            (),
            (),
            (),
            (inner,),
            (j,),
            None,
            block(call(total, operator.add, i, j)),
            None,
            (Tape(tape, (total,)),),
        ),
    )
    loop = Loop((), (), (), (outer,), (i,), None, body, None, (Tape(rows, (tape,)),))
    f = function("f", (n,), [call(outer, range, n), loop], rows)
    assert interpret(f, 3) == [([],), ([(1,)],), ([(2,), (3,)],)]


# --- with and try


def test_a_context_that_swallows_the_exception_leaves_the_targets_undefined():
    x, context, y, ratio, out = variables("x context y ratio out")
    body = [
        call(context, suppress, Const(ZeroDivisionError)),
        With((y,), context, None, block(call(ratio, operator.truediv, ONE, x), results=(ratio,))),
        call(out, operator.neg, y),
    ]
    f = function("f", (x,), body, out)
    assert interpret(f, 2.0) == -0.5
    with pytest.raises(UnboundLocalError):
        interpret(f, 0.0)
    with pytest.raises(TypeError):
        interpret(f, "text")


def test_finally_runs_where_no_handler_takes_the_exception():
    x, log, ratio, y, last = variables("x log ratio y last")
    note = call(None, list.append, log, Const("done"), effects=WRITE_FIRST)
    body = [
        Try(
            (y,),
            block(call(ratio, operator.truediv, ONE, x), results=(ratio,)),
            (Handler(Tree(tuple, (Const(KeyError), Const(ValueError))), None, block(results=(ZERO,))),),
            None,
            block(note, params=(last,)),
        )
    ]
    f = function("f", (x, log), body, y)
    log_of_calls = []
    assert interpret(f, 2.0, log_of_calls) == 0.5
    with pytest.raises(ZeroDivisionError):
        interpret(f, 0.0, log_of_calls)
    assert log_of_calls == ["done", "done"]


# --- step by step, and size


def test_trace_is_called_after_each_statement_with_what_it_bound():
    steps = []
    f = EXAMPLES["straight_line"].function
    interpret(f, 0.5, 2.0, trace=lambda statement, values: steps.append((statement, values)))
    assert [statement for statement, _ in steps] == list(f.body.body)
    assert [values for _, values in steps] == [(np.sin(0.5),), (np.sin(0.5) * 2.0,)]


def test_trace_sees_the_statements_of_regions_and_of_writes():
    kinds = []
    interpret(EXAMPLES["branches"].function, 2.0, trace=lambda s, values: kinds.append((type(s), values)))
    assert kinds == [(Call, (False,)), (Call, (4.0,)), (If, (4.0, UNDEFINED.value))]
    writes = []
    trace = lambda statement, values: writes.append(values) if not values else None
    interpret(EXAMPLES["write_in_place"].function, np.ones(2), trace=trace)
    assert writes == [(), ()]


def test_straight_lines_of_3000_statements_need_no_stack_and_little_time():
    x = value = Var("x")
    body = []
    for _ in range(3000):
        following = Var()
        body.append(call(following, operator.add, value, ONE))
        value = following
    f = function("f", (x,), body, value)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(frames() + 60)
    try:
        start = time.perf_counter()
        assert interpret(f, 0.0) == 3000.0
        assert time.perf_counter() - start < 20.0
    finally:
        sys.setrecursionlimit(limit)


def frames() -> int:
    frame, count = sys._getframe(), 0
    while frame:
        frame, count = frame.f_back, count + 1
    return count
