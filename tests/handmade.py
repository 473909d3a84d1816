"""Functions of the intermediate representation built by hand, one for each kind of statement and atom.

`EXAMPLES` has for each the Python function that it stands for, arguments, and its text form.
"""

from __future__ import annotations

import operator
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from astgrad.ir import (
    PURE,
    UNDEFINED,
    Atom,
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
    Method,
    Origin,
    Param,
    Statement,
    Tape,
    Tree,
    Try,
    Var,
    With,
)

Point = namedtuple("Point", "x y")


@dataclass
class Pair:
    left: float
    right: float


@dataclass
class Example:
    function: Function
    primal: Callable[..., Any]
    arguments: list[tuple[Any, ...]]
    text: str
    nested: tuple[Function, ...] = field(default=())


def call(target: Var | None, op: Any, *args: Atom, effects: Effects = PURE, **kwargs: Atom) -> Call:
    op = op if isinstance(op, (Var, Closure)) else Const(op)
    return Call(target, op, args, tuple(kwargs.items()), effects)


def function(name: str, params: tuple[Var, ...], body: list[Statement], *results: Atom) -> Function:
    return Function(name, tuple(map(Param, params)), Block(params, tuple(body), results))


def block(*body: Statement, results: tuple[Atom, ...] = (), params: tuple[Var, ...] = ()) -> Block:
    return Block(params, body, results)


def variables(names: str) -> list[Var]:
    return [Var(name) for name in names.split()]


WRITE_FIRST = Effects(reads=(), writes=(0,), impure=False, result="unknown")
IMPURE = Effects(reads=None, writes=(), impure=True, result="unknown")
ZERO, ONE, TWO = Const(0.0), Const(1.0), Const(2.0)


def straight_line() -> Example:
    x, y, s, t = Var("x"), Var("y"), Var("s"), Var()
    origin = Origin("demo.py", 2)
    body: list[Statement] = [
        Call(s, Const(np.sin, "numpy.sin"), (x,), effects=PURE, origin=origin),
        Call(t, Const(operator.mul), (s, y), effects=PURE, origin=Origin("demo.py", 3)),
    ]
    return Example(
        function("f", (x, y), body, t),
        lambda x, y: np.sin(x) * y,
        [(1.0, 2.0), (np.arange(3.0), 2.0)],
        """\
f(x, y):
  s = sin(x)  # 2
  t1 = mul(s, y)  # 3
  return t1
""",
    )


def containers() -> Example:
    x, parts, both = Var("x"), Var(), Var("both")
    items = (
        Tree(tuple, (x,)),
        Tree(list, (x, ONE)),
        Tree(dict, (x, TWO), ("a", 1)),
        Tree(Point, (x, ONE), ("x", "y")),
        Tree(Pair, (x, ONE), ("left", "right")),
    )
    body: list[Statement] = [
        call(parts, operator.getitem, x, Tree(slice, (ONE_INT, Const(None), Const(None)))),
        call(both, len, Tree(tuple, (parts, Tree(slice, (Const(None), Const(None), ONE_INT))))),
    ]
    return Example(
        function("f", (x,), body, Tree(tuple, items), both, parts),
        lambda x: (
            ((x,), [x, 1.0], {"a": x, 1: 2.0}, Point(x, 1.0), Pair(x, 1.0)),
            2,
            x[1:],
        ),
        [("abc",), ([1.0, 2.0],)],
        """\
f(x):
  t1 = getitem(x, 1:)
  both = len((t1, ::1))
  return ((x,), [x, 1.0], {'a': x, 1: 2.0}, Point(x=x, y=1.0), Pair(left=x, right=1.0)), both, t1
""",
    )


ONE_INT = Const(1)


def methods() -> Example:
    x, s, n = Var("x"), Var("s"), Var()
    body: list[Statement] = [
        call(s, Method("sum"), x, axis=Const(0)),
        call(n, getattr, x, Const("ndim")),
    ]
    return Example(
        function("f", (x,), body, s, n),
        lambda x: (x.sum(axis=0), x.ndim),
        [(np.arange(6.0).reshape(2, 3),)],
        """\
f(x):
  s = x.sum(axis=0)
  t1 = getattr(x, 'ndim')
  return s, t1
""",
    )


def write_in_place() -> Example:
    x, buffer, value = Var("x"), Var("buffer"), Var()
    body: list[Statement] = [
        call(buffer, np.zeros_like, x),
        call(None, operator.setitem, buffer, Const(0), Const(5.0), effects=WRITE_FIRST),
        call(value, operator.getitem, buffer, Const(0)),
        call(None, operator.setitem, buffer, Const(0), Const(7.0), effects=WRITE_FIRST),
    ]

    def primal(x: Any) -> Any:
        buffer = np.zeros_like(x)
        buffer[0] = 5.0
        value = buffer[0]
        buffer[0] = 7.0
        return value, buffer

    return Example(
        function("f", (x,), body, value, buffer),
        primal,
        [(np.ones(2),)],
        """\
f(x):
  buffer = zeros_like(x)
  setitem(buffer, 0, 5.0)
  t1 = getitem(buffer, 0)
  setitem(buffer, 0, 7.0)
  return t1, buffer
""",
    )


def branches() -> Example:
    x, test, y, inner, low = Var("x"), Var(), Var("y"), Var(), Var("y")
    deep = call(low, operator.neg, x)
    nested = If((inner,), test, block(deep, results=(low,)), block(results=(ZERO,)))
    up, unused = Var("y"), Var("z")
    body: list[Statement] = [
        call(test, operator.lt, x, ZERO),
        If(
            (y, unused),
            test,
            block(nested, results=(inner, ONE)),
            block(call(up, operator.mul, x, TWO), results=(up, UNDEFINED)),
        ),
    ]

    def primal(x: float) -> float:
        if x < 0.0:
            y = -x if x < 0.0 else 0.0
        else:
            y = x * 2.0
        return y

    return Example(
        function("f", (x,), body, y),
        primal,
        [(-3.0,), (3.0,)],
        """\
f(x):
  t1 = lt(x, 0.0)
  y, z = if t1:
    t2 = if t1:
      y_2 = neg(x)
      yield y_2
    else:
      yield 0.0
    yield t2, 1.0
  else:
    y_3 = mul(x, 2.0)
    yield y_3, undef
  return y
""",
    )


def for_loop() -> Example:
    """A loop that records, and one that reads what it recorded, from the last entry."""
    x, n, count, s, out, i, nxt, tape = variables("x n count s out i next tape")
    term, seen, trail, back, grown, times = Var(), Var("seen"), Var("trail"), Var("k"), Var(), Var()
    body: list[Statement] = [
        call(count, range, n),
        Loop(
            (out,),
            (ZERO,),
            (s,),
            (count,),
            (i,),
            None,
            block(call(term, operator.mul, x, i), call(nxt, operator.add, s, term), results=(nxt,)),
            tapes=(Tape(tape, (term, i)),),
        ),
        Loop(
            (trail,),
            (ZERO,),
            (seen,),
            (),
            (),
            None,
            block(
                call(times, operator.mul, seen, TWO),
                call(grown, operator.add, times, back),
                results=(grown,),
            ),
            tapes=(Tape(tape, (Var("term"), back), reads=True),),
        ),
    ]

    def primal(x: float, n: int) -> Any:
        out, trail, tape = 0.0, 0.0, []
        for i in range(n):
            tape.append((x * i, i))
            out = out + x * i
        for _, i in reversed(tape):
            trail = trail * 2.0 + i
        return out, trail, tape

    return Example(
        function("f", (x, n), body, out, trail, tape),
        primal,
        [(2.0, 4), (2.0, 0)],
        """\
f(x, n):
  count = range(n)
  out = loop s=0.0 for i in count:
    t1 = mul(x, i)
    next = add(s, t1)
    yield next
    record tape: t1, i
  trail = loop seen=0.0:
    t2 = mul(seen, 2.0)
    t3 = add(t2, k)
    yield t3
    read tape: term, k
  return out, trail, tape
""",
    )


def while_loop() -> Example:
    """Newton's square root: a test, two carried values, a break."""
    a, x, result, k, steps = variables("a x x k k")
    going, quotient, total, new, near, gap, size, more = (Var() for _ in range(8))
    body: list[Statement] = [
        Loop(
            (result, steps),
            (a, Const(0)),
            (x, k),
            (),
            (),
            block(call(going, operator.lt, k, Const(20)), results=(going,)),
            block(
                call(quotient, operator.truediv, a, x),
                call(total, operator.add, x, quotient),
                call(new, operator.mul, total, Const(0.5)),
                call(more, operator.add, k, Const(1)),
                call(gap, operator.sub, new, x),
                call(size, abs, gap),
                call(near, operator.lt, size, Const(1e-12)),
                results=(new, more),
            ),
            stop=near,
        ),
    ]

    def primal(a: float) -> Any:
        x, k = a, 0
        while k < 20:
            new = (x + a / x) * 0.5
            k = k + 1
            gap, x = abs(new - x), new
            if gap < 1e-12:
                break
        return x, k

    return Example(
        function("f", (a,), body, result, steps),
        primal,
        [(2.0,), (1.0,), (1e30,)],
        """\
f(a):
  x, k = loop x_2=a, k_2=0:
    while:
      t1 = lt(k_2, 20)
      yield t1
    t2 = truediv(a, x_2)
    t3 = add(x_2, t2)
    t4 = mul(t3, 0.5)
    t5 = add(k_2, 1)
    t6 = sub(t4, x_2)
    t7 = abs(t6)
    t8 = lt(t7, 1e-12)
    yield t4, t5
    stop t8
  return x, k
""",
    )


def zipped_loop() -> Example:
    xs, ys, s, out, x, y, both, more = variables("xs ys s out x y both more")
    body: list[Statement] = [
        Loop(
            (out,),
            (ZERO,),
            (s,),
            (xs, ys),
            (x, y),
            None,
            block(call(both, operator.mul, x, y), call(more, operator.add, s, both), results=(more,)),
        ),
    ]
    return Example(
        function("f", (xs, ys), body, out),
        lambda xs, ys: sum((x * y for x, y in zip(xs, ys)), 0.0),
        [([1.0, 2.0], [3.0, 4.0]), ([1.0, 2.0], [3.0]), ([], [])],
        """\
f(xs, ys):
  out = loop s=0.0 for x, y in xs, ys:
    both = mul(x, y)
    more = add(s, both)
    yield more
  return out
""",
    )


def try_statement() -> Example:
    x, log, value, ratio, kept, error, shown, done, doubled = variables(
        "x log value ratio kept error shown done doubled"
    )
    last = Var("last")
    body: list[Statement] = [
        Try(
            (value, done),
            block(call(ratio, operator.truediv, ONE, x), results=(ratio,)),
            (
                Handler(
                    Const(ZeroDivisionError),
                    error,
                    block(call(shown, str, error), results=(shown,)),
                ),
                Handler(None, None, block(results=(Const("other"),))),
            ),
            block(call(doubled, operator.mul, kept, TWO), params=(kept,), results=(doubled,)),
            block(
                call(None, Method("append"), log, ONE, effects=WRITE_FIRST),
                params=(last,),
                results=(Tree(tuple, (last, ONE)),),
            ),
        )
    ]

    def primal(x: Any, log: list[float]) -> Any:
        try:
            value: Any = 1.0 / x
        except ZeroDivisionError as error:
            value = str(error)
        except:  # noqa: E722
            value = "other"
        else:
            value = value * 2.0
        finally:
            log.append(1.0)
        return value, (value, 1.0), log

    return Example(
        function("f", (x, log), body, value, done, log),
        primal,
        [(2.0, []), (0.0, []), ("text", [])],
        """\
f(x, log):
  value, done = try:
    ratio = truediv(1.0, x)
    yield ratio
  except ZeroDivisionError as error:
    shown = str(error)
    yield shown
  except:
    yield 'other'
  else kept:
    doubled = mul(kept, 2.0)
    yield doubled
  finally:
    log.append(1.0)
    yield (last, 1.0)
  return value, done, log
""",
    )


def with_statement() -> Example:
    x, context, y, z, state = Var("x"), Var("context"), Var("y"), Var("y"), Var("state")
    body: list[Statement] = [
        call(context, np.errstate, divide=Const("ignore"), effects=IMPURE),
        With((z,), context, state, block(call(y, np.divide, ONE, x), results=(y,))),
    ]

    def primal(x: Any) -> Any:
        with np.errstate(divide="ignore"):
            y = np.divide(1.0, x)
        return y

    return Example(
        function("f", (x,), body, z),
        primal,
        [(np.array([0.0, 2.0]),)],
        """\
f(x):
  context = errstate(divide='ignore')
  y = with context as state:
    y_2 = divide(1.0, x)
    yield y_2
  return y
""",
    )


SCALE = {"scale": 3.0}


def _cell() -> Any:
    kept = 4.0
    return (lambda: kept).__closure__[0]  # type: ignore[index]


def closures() -> Example:
    """A nested function with a captured value and a default, and two live captured names."""
    a, w, k, product, total = Var("a"), Var("w"), Var("k"), Var(), Var()
    inner = Function(
        "scaled",
        (Param(a), Param(k)),
        Block(
            (a, k, w), (call(product, operator.mul, a, w), call(total, operator.add, product, k)), (total,)
        ),
    )
    x, scale, kept, first, second, sum_ = variables("x scale kept first second sum")
    closure = Closure(inner, ((w, scale),), (("k", x),))
    body: list[Statement] = [
        call(first, closure, TWO),
        call(second, closure, TWO, k=kept),
        call(sum_, operator.add, first, second),
    ]
    outer = Function(
        "f",
        (Param(x, default=ONE),),
        Block((x, scale, kept), tuple(body), (sum_,)),
        ((scale, Capture("scale", SCALE)), (kept, Capture("kept", _cell()))),
    )
    return Example(
        outer,
        lambda x=1.0: 2.0 * 3.0 + x + 2.0 * 3.0 + 4.0,
        [(), (5.0,)],
        """\
f(x=1.0):
  scale = global scale
  kept = cell kept
  first = <scaled w=scale>(2.0)
  second = <scaled w=scale>(2.0, k=kept)
  sum = add(first, second)
  return sum
""",
        (inner,),
    )


EXAMPLES: dict[str, Example] = {
    make.__name__: make()
    for make in (
        straight_line,
        containers,
        methods,
        write_in_place,
        branches,
        for_loop,
        while_loop,
        zipped_loop,
        try_statement,
        with_statement,
        closures,
    )
}
