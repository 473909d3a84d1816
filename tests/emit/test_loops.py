"""Loops and tapes built by hand, and the text that a person would write for them."""

from __future__ import annotations

import itertools
import operator
import textwrap
import time
from typing import Any

import numpy as np
import pytest

from astgrad import compile, runtime, runtime_python
from astgrad.analyses.specs import FLOAT, INT, Spec
from astgrad.emit.emit import emit
from astgrad.interpret import interpret
from astgrad.ir import UNDEFINED, Call, Const, Effects, Function, If, Loop, Statement, Tape, Tree, Var
from astgrad.records import replace
from astgrad.verify import verify
from tests.handmade import ONE, TWO, WRITE_FIRST, ZERO, block, call, function, variables

GLOBALS = {"np": np}
YES, NO = Const(True), Const(False)


def check(made: Function, expected: str, *arguments: tuple[Any, ...], **kwargs: Any) -> None:
    """The text is the expected one, and does what the interpreter does."""
    verify(made)
    emitted = emit(made, kwargs.pop("specs", {}), globals=GLOBALS, **kwargs)
    body = emitted.text.partition("\n")[2]
    assert textwrap.dedent(body) == textwrap.dedent(expected).lstrip("\n")
    run = compile.build(emitted, dict(GLOBALS))
    for each in arguments:
        np.testing.assert_equal(run(*each), interpret(made, *each))


def floats(*found: Var) -> dict[Var, Spec]:
    return dict.fromkeys(found, FLOAT)


# --- headers


def counted(*body: Statement, results: tuple[Any, ...], carried: Any, index: str = "i", **kwargs: Any) -> Any:
    """for index in range(n): body"""
    n, count, i = Var("n"), Var(), Var(index)
    targets, initial, params = carried
    loop = Loop(targets, initial, params, (count,), (i,), None, block(*body, results=results), **kwargs)
    return n, i, [call(count, range, n), loop]


def test_a_carried_value_has_one_name():
    x, s, new, out = variables("x s s s")
    t = Var()
    specs = floats(x, s, new, out, t)
    add = call(t, operator.mul, x, x), call(new, operator.add, s, t)
    n, _, body = counted(*add, results=(new,), carried=((out,), (ZERO,), (s,)))
    expected = """
        s = 0.0
        for i in range(n):
            s += x * x
        return s
    """
    check(function("f", (x, n), body, out), expected, (2.0, 3), (2.0, 0), specs=specs)


def test_values_that_swap_are_assigned_at_once():
    u, v, p, q, a, b = variables("u v u v u v")
    n, _, body = counted(results=(q, p), carried=((a, b), (u, v), (p, q)), index="")
    expected = """
        for _ in range(n):
            u, v = v, u
        return u, v
    """
    check(function("f", (u, v, n), body, a, b), expected, (1, 2, 3), (1, 2, 0))


def test_an_old_value_that_is_still_needed_gets_a_copy():
    x, n, old, new, out, kept, before = variables("x n x x x kept before")
    n, _, body = counted(
        call(new, operator.mul, old, TWO),
        call(kept, operator.sub, new, old),
        results=(new, kept),
        carried=((out, Var("kept")), (x, ZERO), (old, before)),
    )
    expected = """
        kept = 0.0
        for i in range(n):
            x_2 = x * 2.0
            kept = x_2 - x
            x = x_2
        return x, kept
    """
    check(function("f", (x, n), body, *body[1].targets), expected, (1.0, 3))


def test_enumerate_and_zip():
    xs, ys, count, i, x, y, t, s, new, out = variables("xs ys _ i x y _ s s s")
    count.name = t.name = ""
    u = Var()
    body: list[Statement] = [
        call(count, itertools.count, Const(0)),
        Loop(
            (out,),
            (ZERO,),
            (s,),
            (count, xs, ys),
            (i, x, y),
            None,
            block(
                call(t, operator.mul, x, y),
                call(u, operator.mul, t, i),
                call(new, operator.add, s, u),
                results=(new,),
            ),
        ),
    ]
    expected = """
        s = 0.0
        for i, (x, y) in enumerate(zip(xs, ys)):
            s = s + x * y * i
        return s
    """
    check(function("f", (xs, ys), body, out), expected, ([1.0, 2.0], [3.0, 4.0, 5.0]), ([], [1.0]))


def test_names_of_builtins_that_the_user_has_taken():
    zip_, xs, x, y, out, s = variables("zip xs x y s s")
    loop = Loop((out,), (ZERO,), (s,), (zip_, xs), (x, y), None, block(results=(y,)))
    made = function("f", (zip_, xs), [loop], out)
    emitted = emit(made, {}, globals=GLOBALS)
    assert "for x, y in zip_2(zip, xs):" in emitted.text
    assert compile.build(emitted, dict(GLOBALS))([1, 2], [3, 4]) == 4


def while_(test: Any, *body: Statement, results: Any, carried: Any, **kwargs: Any) -> Loop:
    targets, initial, params = carried
    return Loop(targets, initial, params, (), (), test, block(*body, results=results), **kwargs)


def test_while_with_a_test_that_is_an_expression():
    n, k, more, out, t = variables("n k k k _")
    t.name = ""
    test = block(call(t, operator.lt, k, n), results=(t,))
    loop = while_(test, call(more, operator.add, k, TWO), results=(more,), carried=((out,), (ONE,), (k,)))
    expected = """
        k = 1.0
        while k < n:
            k = k + 2.0
        return k
    """
    check(function("f", (n,), [loop], out), expected, (6,), (0,))


def test_while_with_a_test_that_needs_statements():
    n, k, more, out, size, t = variables("n k k k size _")
    t.name = ""
    test = block(call(size, operator.mul, k, k), call(t, operator.lt, size, n), results=(t,))
    loop = while_(test, call(more, operator.add, k, TWO), results=(more,), carried=((out,), (ONE,), (k,)))
    expected = """
        k = 1.0
        while True:
            size = k * k
            if not size < n:
                break
            k = k + 2.0
        return k
    """
    check(function("f", (n,), [loop], out), expected, (60,), (0,))


# --- leaving


def search(then: Any, orelse: Any, *results: Any, carried: Any, stop: Var, targets: Any) -> Any:
    """for i, x in enumerate(xs): targets = then if x > 1.0 else orelse, until stop"""
    xs, count, i, x, t = variables("xs _ i x _")
    count.name = t.name = ""
    made = If((*targets, stop), t, then(i, x), orelse(i, x))
    outs, initial, params = carried
    body = block(call(t, operator.gt, x, ONE), made, results=results)
    loop = Loop(outs, initial, params, (count, xs), (i, x), None, body, stop=stop)
    return (xs,), [call(count, itertools.count, Const(0)), loop]


def test_break_sets_only_what_changes():
    found, j, fp, jp, fo, jo = variables("found j found j found j")
    params, body = search(
        lambda i, x: block(results=(YES, i, YES)),
        lambda i, x: block(results=(NO, jp, NO)),
        found,
        j,
        carried=((fo, jo), (NO, Const(-1)), (fp, jp)),
        stop=Var(),
        targets=(found, j),
    )
    expected = """
        found = False
        j = -1
        for i, x in enumerate(xs):
            if x > 1.0:
                found = True
                j = i
                break
        return found, j
    """
    check(function("f", params, body, fo, jo), expected, ([0.0, 2.0, 3.0],), ([],), ([0.5],))


def test_what_follows_a_break_needs_no_else():
    s, p, out, more = variables("s s s s")
    params, body = search(
        lambda i, x: block(results=(p, YES)),
        lambda i, x: block(call(more, operator.add, p, x), results=(more, NO)),
        s,
        carried=((out,), (ZERO,), (p,)),
        stop=Var(),
        targets=(s,),
    )
    expected = """
        s = 0.0
        for i, x in enumerate(xs):
            if x > 1.0:
                break
            s = s + x
        return s
    """
    check(function("f", params, body, out), expected, ([0.0, 0.5, 3.0, 0.5],), ([],))


def test_an_else_that_breaks_is_kept():
    """The `else` is no `elif`, though its `if` stands alone in it: it ends the loop as well."""
    s, p, out, less, inner, stop = variables("s s s s s _")
    stop.name = ""
    low, flag = Var(), Var()
    params, body = search(
        lambda i, x: block(call(less, operator.add, p, x), results=(less, NO)),
        lambda i, x: block(
            call(low, operator.lt, x, ZERO),
            If((inner, flag), low, block(results=(x, YES)), block(results=(p, NO))),
            results=(inner, flag),
        ),
        s,
        carried=((out,), (ZERO,), (p,)),
        stop=stop,
        targets=(s,),
    )
    expected = """
        s = 0.0
        for i, x in enumerate(xs):
            if x > 1.0:
                s = s + x
            elif x < 0.0:
                s = x
                break
        return s
    """
    check(function("f", params, body, out), expected, ([2.0, 0.5, -3.0, 9.0],), ([2.0, 3.0],))


def test_a_computed_stop_is_tested_behind_the_copies():
    a, x, xp, new, out, gap, near = variables("a x x y x gap near")
    x.name = ""
    loop = while_(
        None,
        call(new, operator.mul, xp, Const(0.5)),
        call(gap, operator.sub, xp, new),
        call(near, operator.lt, gap, ONE),
        results=(new,),
        carried=((out,), (a,), (xp,)),
        stop=near,
    )
    expected = """
        x = a
        while True:
            y = x * 0.5
            gap = x - y
            near = gap < 1.0
            x = y
            if near:
                break
        return x
    """
    check(function("f", (a,), [loop], out), expected, (9.0,), (0.5,))


def test_logic_is_an_expression():
    a, xp, new, out = variables("a x x x")
    low, high, either = Var(), Var(), Var()
    orelse = block(call(high, operator.gt, new, Const(100.0)), results=(high,))
    loop = while_(
        None,
        call(new, operator.mul, xp, TWO),
        call(low, operator.lt, new, ONE),
        If((either,), low, block(results=(low,)), orelse),
        results=(new,),
        carried=((out,), (a,), (xp,)),
        stop=either,
    )
    expected = """
        x = a
        while True:
            x = x * 2.0
            if x < 1.0 or x > 100.0:
                break
        return x
    """
    check(function("f", (a,), [loop], out), expected, (9.0,), (0.25,))


def test_S13_what_is_undefined_prints_nothing():
    wp, wi, out = variables("w w w")
    params, body = search(
        lambda i, x: block(results=(x, NO)),
        lambda i, x: block(results=(wp, NO)),
        wi,
        carried=((out,), (UNDEFINED,), (wp,)),
        stop=Var(),
        targets=(wi,),
    )
    made = function("f", params, body, out)
    expected = """
        for i, x in enumerate(xs):
            if x > 1.0:
                w = x
        return w
    """
    check(made, expected, ([0.0, 2.0],))
    with pytest.raises(UnboundLocalError, match="w"):
        compile.build(emit(made, {}, globals=GLOBALS), dict(GLOBALS))([])


# --- tapes


def taped(*atoms: Any, read: Any, reading: Any, specs: Any = None, iters: Any = ()) -> Function:
    """s is multiplied by x in a loop that records atoms(s, new), which another one reads."""
    x, s, new, out, total, more, end, tape = variables("x s s s total total total _")
    tape.name = ""
    picked = tuple({"s": s, "new": new}[atom] for atom in atoms)
    n, _, body = counted(
        call(new, operator.mul, s, x),
        results=(new,),
        carried=((out,), (ONE,), (s,)),
        tapes=(Tape(tape, picked),),
    )
    count, back, index = Var(), Var(), Var("i")
    inner = reading(total, more)
    loop = Loop(
        (end,),
        (ZERO,),
        (total,),
        (back,) * bool(iters),
        (index,) * bool(iters),
        None,
        block(*inner, results=(more,)),
        tapes=(Tape(tape, read, True),),
    )
    again = [call(count, range, n), call(back, reversed, count)] if iters else []
    return function("f", (x, n), [*body, *again, loop], end)


def test_a_tape_of_one_value():
    old = Var()
    made = taped("s", read=(old,), reading=lambda total, more: [call(more, operator.add, total, old)])
    expected = """
        s = 1.0
        tape = []
        for i in range(n):
            tape.append(s)
            s = s * x
        total = 0.0
        for s in reversed(tape):
            total = total + s
        return total
    """
    check(made, expected, (2.0, 3), (2.0, 0))


def test_a_tape_of_two_values_has_the_names_of_what_was_recorded():
    old, new = Var(), Var()
    made = taped(
        "s", "new", read=(old, new), reading=lambda total, more: [call(more, operator.sub, new, old)]
    )
    expected = """
        s = 1.0
        tape = []
        for i in range(n):
            s_2 = s * x
            tape.append((s, s_2))
            s = s_2
        total = 0.0
        for s, s_2 in reversed(tape):
            total = s_2 - s
        return total
    """
    check(made, expected, (2.0, 3), (2.0, 0))


def test_a_tape_beside_a_range(monkeypatch):
    old = Var()
    made = taped(
        "s",
        "new",
        read=(old, Var()),
        reading=lambda total, more: [call(more, operator.add, total, old)],
        iters=("i",),
    )
    expected = """
        s = 1.0
        tape = []
        for i in range(n):
            s_2 = s * x
            tape.append((s, s_2))
            s = s_2
        total = 0.0
        for i, (s, _) in zip(reversed(range(n)), reversed(tape)):
            total = total + s
        return total
    """
    monkeypatch.delenv("ASTGRAD_CHECK", raising=False)
    check(made, expected, (2.0, 3))
    monkeypatch.setenv("ASTGRAD_CHECK", "1")
    check(made, expected.replace("reversed(tape))", "reversed(tape), strict=True)"), (2.0, 3))


def test_a_tape_of_nothing_counts_steps():
    made = taped(read=(), reading=lambda total, more: [call(more, operator.add, total, ONE)])
    expected = """
        s = 1.0
        steps = 0
        for i in range(n):
            steps += 1
            s = s * x
        total = 0.0
        for _ in range(steps):
            total = total + 1.0
        return total
    """
    check(made, expected, (2.0, 3), (2.0, 0))


def test_tapes_of_nested_loops():
    x, n, i, j, r1, r2, t, tape, outer, row = variables("x n i j _ _ t tape tape row")
    r1.name = r2.name = ""
    inner = Loop((), (), (), (r2,), (j,), None, block(call(t, operator.mul, x, j)), tapes=(Tape(tape, (t,)),))
    steps = block(call(r2, range, i), inner)
    forward = Loop((), (), (), (r1,), (i,), None, steps, tapes=(Tape(outer, (i, tape)),))
    s2, out, p, more, end = variables("s s s s s")
    k, value = Var(), Var()
    reading = Loop(
        (out,),
        (p,),
        (s2,),
        (),
        (),
        None,
        block(call(more, operator.add, s2, value), results=(more,)),
        tapes=(Tape(row, (value,), True),),
    )
    row.name = ""
    backward = Loop(
        (end,),
        (ZERO,),
        (p,),
        (),
        (),
        None,
        block(reading, results=(out,)),
        tapes=(Tape(outer, (k, row), True),),
    )
    made = function("f", (x, n), [call(r1, range, n), forward, backward], end)
    expected = """
        tape = []
        for i in range(n):
            tape_t = []
            for j in range(i):
                t = x * j
                tape_t.append(t)
            tape.append((i, tape_t))
        s = 0.0
        for _, tape_t in reversed(tape):
            for t in reversed(tape_t):
                s = s + t
        return s
    """
    check(made, expected, (2.0, 4), (2.0, 0))


# --- lists


@pytest.fixture
def appended(monkeypatch):
    def appended(items: list[Any], value: Any) -> list[Any]:
        return [*items, value]

    appended.__module__ = "astgrad.runtime"
    monkeypatch.setattr(runtime, "appended", appended, raising=False)
    return appended


def growing(appended: Any, start: Any, before: list[Statement], tapes: Any = lambda items: ()) -> Any:
    xs, x, items, longer, out, t = variables("xs x items items items _")
    t.name = ""
    steps = block(call(t, operator.mul, x, TWO), call(longer, appended, items, t), results=(longer,))
    loop = Loop((out,), (start,), (items,), (xs,), (x,), None, steps, tapes=tapes(items))
    return function("f", (xs,), [*before, loop], out)


def test_a_list_that_is_made_here_grows_in_place(appended):
    expected = """
        items = []
        for x in xs:
            items.append(x * 2.0)
        return items
    """
    check(growing(appended, Tree(list, ()), []), expected, ([1.0, 2.0],), ([],))


def test_a_list_that_somebody_else_holds_does_not(appended):
    tape = Var()
    made = growing(appended, Tree(list, ()), [], lambda items: (Tape(tape, (items,)),))
    expected = """
        items = []
        tape = []
        for x in xs:
            tape.append(items)
            items = [*items, x * 2.0]
        return items
    """
    check(made, expected, ([1.0, 2.0],))


def test_the_list_of_the_caller_does_not_grow(appended):
    xs, longer = variables("xs xs")
    made = function("f", (xs,), [call(longer, appended, xs, ONE)], longer)
    check(made, "xs = [*xs, 1.0]\nreturn xs\n", ([1.0],))


# --- augmented values of which nothing is known


def test_an_old_value_keeps_its_name():
    x, y, more = variables("x y x")
    made = function("f", (x, y), [call(more, operator.iadd, x, y, effects=WRITE_FIRST)], x, more)
    check(made, "x_2 = x\nx_2 += y\nreturn x, x_2\n", (1, 2), (np.ones(2), np.ones(2)))


# --- limits


def nested(depth: int, leaf: int) -> tuple[Function, dict[Var, Spec]]:
    x, n = variables("x n")
    specs: dict[Var, Spec] = {x: FLOAT, n: INT}

    def level(depth: int, value: Var) -> tuple[list[Statement], Var]:
        body: list[Statement] = []
        if not depth:
            for _ in range(leaf):
                more = Var("s")
                specs[more] = FLOAT
                body.append(call(more, operator.add, value, x))
                value = more
            return body, value
        param, target, count, item = variables("s s _ i")
        count.name = ""
        specs.update({param: FLOAT, target: FLOAT})
        inner, result = level(depth - 1, param)
        loop = Loop((target,), (value,), (param,), (count,), (item,), None, block(*inner, results=(result,)))
        return [call(count, range, n), loop], target

    body, result = level(depth, x)
    return function("f", (x, n), body, result), specs


def test_twenty_levels_and_three_thousand_statements():
    made, specs = nested(20, 3000)
    start = time.process_time()
    emitted = emit(made, specs, globals=GLOBALS)
    assert time.process_time() - start < 10
    assert compile.build(emitted, dict(GLOBALS))(1.0, 1) == interpret(made, 1.0, 1)


def test_the_lines_of_nested_statements_are_known():
    from astgrad.errors import Origin

    at = [Origin("demo.py", line, function="f") for line in (1, 2, 3)]
    xs, x, s, more, out = variables("xs x s s s")
    add = Call(more, Const(operator.add), (s, x), origin=at[2])
    loop = Loop((out,), (ZERO,), (s,), (xs,), (x,), None, block(add, results=(more,)), origin=at[1])
    emitted = emit(function("f", (xs,), [loop], out), {}, globals=GLOBALS)
    assert emitted.text.splitlines()[2:4] == ["    for x in xs:  # 2", "        s = s + x  # 3"]
    assert emitted.lines[3] == (at[1],) and emitted.lines[4] == (at[2],)


# --- what is read from names that may be undefined, and what raises


def maybe(*behind: Statement, result: Any, x: Var, c: Var) -> Function:
    """c is x where x is true, else undefined; then the statements."""
    return function(
        "f", (x,), [If((c,), x, block(results=(x,)), block(results=(UNDEFINED,))), *behind], result
    )


def test_S13_to_read_a_name_needs_no_copy():
    x, c, read, out = variables("x c c _")
    out.name = ""
    body = (call(read, runtime_python.bound, c), call(out, operator.mul, read, read))
    made = maybe(*body, result=out, x=x, c=c)
    check(made, "if x:\n    c = x\nreturn c * c\n", (2.0,))
    with pytest.raises(UnboundLocalError):
        compile.build(emit(made, {}, globals=GLOBALS), dict(GLOBALS))(0.0)


def test_S13_what_reads_a_name_for_nothing_still_raises():
    x, c, read = variables("x c c")
    made = maybe(call(read, runtime_python.bound, c), result=x, x=x, c=c)
    check(made, "if x:\n    c = x\nc = c\nreturn x\n", (2.0,))
    with pytest.raises(UnboundLocalError):
        compile.build(emit(made, {}, globals=GLOBALS), dict(GLOBALS))(0.0)


def test_raise(monkeypatch):
    def throw(error: Any) -> Any:
        raise error

    throw.__module__ = "astgrad.runtime_python"
    x, error = variables("x _")
    error.name = ""
    effects = Effects(reads=None, writes=(), impure=True, result="fresh")
    bad = block(call(error, ValueError, x), call(None, throw, error, effects=effects))
    made = function("f", (x,), [If((), x, bad, block())], x)
    check(made, "if x:\n    raise ValueError(x)\nreturn x\n", (0.0,))
    with pytest.raises(ValueError, match="3"):
        compile.build(emit(made, {}, globals=GLOBALS), dict(GLOBALS))(3)


def test_a_test_with_effects_is_evaluated_though_nothing_hangs_on_it():
    x, t = variables("x _")
    t.name = ""
    seen: list[Any] = []
    effects = Effects(reads=None, writes=(), impure=True, result="fresh")
    made = function("f", (x,), [call(t, seen.append, x, effects=effects), If((), t, block(), block())], x)
    assert compile.build(emit(made, {}, globals=GLOBALS), dict(GLOBALS))(3) == 3 and seen == [3]


def test_a_tape_is_appended_in_the_arm_that_leaves():
    x, s, sp, out, t, tape = variables("x s s s t tape")
    params, body = search(
        lambda i, x: block(results=(sp, Const(None), YES)),
        lambda i, x: block(call(t, operator.mul, sp, x), results=(t, t, NO)),
        s,
        x,
        carried=((out,), (ONE,), (sp,)),
        stop=Var(),
        targets=(s, x),
    )
    loop = replace(body[1], body=replace(body[1].body, results=(s,)), tapes=(Tape(tape, (x, sp)),))
    expected = """
        s = 1.0
        tape = []
        for i, x in enumerate(xs):
            if x > 1.0:
                tape.append((None, s))
                break
            t = s * x
            tape.append((t, s))
            s = t
        return s, tape
    """
    check(function("f", params, [body[0], loop], out, tape), expected, ([0.5, 0.25, 2.0, 3.0],), ([],))


def chain(length: int) -> tuple[Function, dict[Var, Spec]]:
    """Loops one after the other, all of them carrying and recording x."""
    x, n = variables("x n")
    specs: dict[Var, Spec] = {x: FLOAT, n: INT}
    body: list[Statement] = []
    value = x
    for _ in range(length):
        param, target, more = variables("x x x")
        count, sine = Var(), Var()
        specs.update(floats(param, target, more, sine))
        steps = call(sine, np.sin, param), call(more, operator.add, sine, param)
        inner = block(*steps, results=(more,))
        tapes = (Tape(Var(), (param,)),)
        loop = Loop((target,), (value,), (param,), (count,), (Var("i"),), None, inner, tapes=tapes)
        body += [call(count, range, n), loop]
        value = target
    return function("f", (x, n), body, value), specs


def test_the_time_is_linear():
    def seconds(length: int) -> float:
        made, specs = chain(length)
        start = time.process_time()
        emit(made, specs, globals=GLOBALS)
        return time.process_time() - start

    seconds(10)
    short, long = min(seconds(200) for _ in range(3)), min(seconds(1200) for _ in range(2))
    assert long < 6 * short * 2  # quadratic growth would be 36 times
