"""Branches and loops: what they are lowered to, and that the IR does what Python does."""

from __future__ import annotations

import time

import pytest

from astgrad.frontend.lower import lower
from astgrad.interpret import interpret
from astgrad.verify import verify
from tests.frontend import random_programs
from tests.frontend.written import agrees, bodies, dedent, function_of, namespace, written

TEXTS = {
    "guard": (
        """
        def f(x, n):
            if n == 0:
                return 1
            elif n == 1:
                return x
            y = x * n
            return y
        """,
        """
        f(x, n):
          t1 = eq(n, 0)  # 2
          t2 = if t1:  # 2
            yield 1
          else:
            t3 = eq(n, 1)  # 4
            t4 = if t3:  # 4
              yield x
            else:
              y = mul(x, n)  # 6
              yield y
            yield t4
          return t2
        """,
    ),
    "range": (
        """
        def f(x, n):
            s = 0.0
            for i in range(n):
                t = x * i
                s = s + t
            return s
        """,
        """
        f(x, n):
          t1 = range(n)  # 3
          s = loop s_2=0.0 for i in t1:  # 3
            t = mul(x, i)  # 4
            s_3 = add(s_2, t)  # 5
            yield s_3
          return s
        """,
    ),
    "early_return": (
        """
        def f(x, y):
            for v in x:
                if v > 2:
                    w = v * y
                    return w
                y = y + v
            return y
        """,
        """
        f(x, y):
          v, left, y_2 = loop v_2=undef, left_2=False, y_3=y for v_3 in x:  # 2
            t1 = gt(v_3, 2)  # 3
            y_4, left_3 = if t1:  # 3
              yield y_3, True
            else:
              y_5 = add(y_3, v_3)  # 6
              yield y_5, False
            yield v_3, left_3, y_4
            stop left_3
          t2 = if left:  # 5
            v_4 = bound(v)  # 4
            w = mul(v_4, y_2)  # 4
            yield w
          else:
            yield y_2
          return t2
        """,
    ),
    "while_break": (
        """
        def f(x, a):
            while True:
                new = 0.5 * (x + a / x)
                if abs(new - x) < 1e-9:
                    break
                x = new
            return x
        """,
        """
        f(x, a):
          x_2 = loop x_3=x:  # 2
            t1 = truediv(a, x_3)  # 3
            t2 = add(x_3, t1)  # 3
            new = mul(0.5, t2)  # 3
            t3 = sub(new, x_3)  # 4
            t4 = abs(t3)  # 4
            t5 = lt(t4, 1e-09)  # 4
            x_4, stop = if t5:  # 4
              yield x_3, True
            else:
              yield new, False
            yield x_4
            stop stop
          return x_2
        """,
    ),
    "while": (
        """
        def f(x):
            n = 0
            while x > 1:
                x = x / 2
                n = n + 1
            else:
                x = -x
            return x, n
        """,
        """
        f(x):
          x_2, n = loop x_3=x, n_2=0:  # 3
            while:
              t1 = gt(x_3, 1)  # 3
              yield t1
            x_4 = truediv(x_3, 2)  # 4
            n_3 = add(n_2, 1)  # 5
            yield x_4, n_3
          x_5 = neg(x_2)  # 7
          return (x_5, n)
        """,
    ),
    "zip": (
        """
        def f(x, y):
            s = 0
            for i, (a, b) in enumerate(zip(x, y), 1):
                s = s + i * a * b
            return s
        """,
        """
        f(x, y):
          t1 = count(1)  # 3
          s = loop s_2=0 for i, a, b in t1, x, y:  # 3
            t2 = mul(i, a)  # 4
            t3 = mul(t2, b)  # 4
            s_3 = add(s_2, t3)  # 4
            yield s_3
          return s
        """,
    ),
    "pair": (
        """
        def f(x, y):
            for pair in zip(x, y):
                log(pair)
        """,
        """
        f(x, y):
          loop  for t1, t2 in x, y:  # 2
            t3 = log((t1, t2))  # 3
          return None
        """,
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text(name):
    before, after = TEXTS[name]
    function = lower(written(before))
    verify(function)
    assert str(function) == dedent(after).lstrip("\n")


# --- values: each body runs at each x

BODIES = bodies(
    """
    # if
    if x > 0: y = 1
    else: y = 2
    return y
    # if without else
    y = 0
    if x > 0: y = log(x)
    return y
    # elif
    if x < 0: y = 1
    elif x == 0: y = 2
    elif x: y = 3
    return y
    # nested
    y = x
    if x > 0:
        if x > 1: return y
        y = 9
    return y - 1
    # two ways on
    if x > 0:
        if x > 1: return 5
        y = 9
    else: y = 3
    log(y)
    return y
    # names undefined on a path (S13)
    if x > 0: y = log(1)
    log(2)
    return y
    # a name that is never bound
    if x > 0:
        log(1)
        y
        y = 2
    return log(x)
    # a global that is missing
    if x > 0: log(missing)
    return log(x)
    # an attribute that is missing
    if x > 0: log(np.no_such_thing(x))
    return log(x)
    # undefined and copied
    if x > 0: y = 1
    z = y
    return log(2)
    # conditional
    return log(1) if log(x) > 1 else log(2) if x > 0 else log(3)
    # boolean
    return log(x) and log(x - 1) and log(5) or not x or log(7)
    # chained
    return 0 < log(x) < log(2) <= log(3), 0 < x != 1
    # truth of objects
    return [x and 1, [] or x, not [x], '' and x]
    # loop variable after
    for i in range(x): pass
    return i
    # zero trips keep
    i = 7
    for i in range(x): pass
    return i
    # loop target is a pair
    s = 0
    for a, (b, c) in [(x, (1, 2)), (3, 'ab')]: s = s + a, b, c
    return s
    # for else
    for i in range(x):
        if i == 1: break
    else: return log('none')
    return log(i)
    # for else without break
    for i in range(x): log(i)
    else: log('end')
    # continue
    s = 0
    for i in range(5):
        if i == x: continue
        s += i
    return s
    # inner break
    s = 0
    for i in range(3):
        for j in range(3):
            if j == x: break
            s += j
        s += 10
    return s, i, j
    # return from two loops
    for i in range(3):
        for j in range(3):
            log((i, j))
            if i + j == x:
                y = i * j
                return y
        log('row')
    return 'none'
    # several returns
    for i in range(4):
        if i == x: return log('a')
        if i == x + 1: return log('b')
        if i == 3 - x: break
    else: return 'else'
    return i
    # while
    n = 0
    while log(x) > 0:
        x -= 1
        n += 2
    return n, x
    # while else
    while x > 0:
        x -= 1
        if x == 1.5: break
    else: log('else')
    return x
    # endless
    while True:
        x += 1
        if x > 3: return log(x)
    # endless with two exits
    while 1:
        x += 1
        if x > 3: return log(x)
        if x == 2: return 'two'
    # break and return
    while True:
        if x > 1: break
        if x == 0: return 'zero'
        x += 1
    return x
    # continue in while
    n = 0
    while n < 5:
        n += 1
        if n > x: continue
        log(n)
    return n
    # rebinding the iterable
    for i in [1, 2, x]:
        x = i
        log(x)
    return x
    # iterator evaluated once
    for i in log([1, 2]): log(i)
    # swap
    a, b = 0, 1
    for _ in range(x): a, b = b, a + b
    return a, b
    # two names of one value
    a = b = x
    for i in range(2):
        a = b
        b = i
    return a, b
    # enumerate
    for i, a in enumerate('abc', log(x)): log((i, a))
    # enumerate keyword
    for i, a in enumerate('abc', start=2): log((i, a))
    # enumerate whole
    for p in enumerate('abc'): log(p)
    # enumerate float
    for i, a in enumerate('abc', 1.5): log((i, a))
    # zip
    for a, b in zip(log([1, 2]), log('xyz')): log((a, b))
    # zip takes in order
    it = iter([1, 2, 3, 4])
    for a, b in zip(it, it): log((a, b))
    return list(it)
    # zip of unequal length
    it = iter([1, 2, 3, 4])
    for a, b in zip(it, 'ab'): log((a, b))
    return list(it)
    # zip strict
    for a, b in zip([1, 2], 'abc', strict=True): log((a, b))
    # zip wrong target
    for a, b in zip([1, 2]): log((a, b))
    # zip nested
    for (i, a), b in zip(enumerate('ab'), [x, x]): log((i, a, b))
    # zip of nothing
    for a in zip(): log(a)
    # zip shadowed
    zip = [1, 2]
    for a in zip: log(a)
    # no iterable
    for a in x: log(a)
    # reversed
    for i in reversed(range(3)): log(i)
    # items
    for k, v in {'a': x, 'b': 2}.items(): log((k, v))
    # dead code
    return log(x)
    for i in 1: log(i)
    # dead code in a loop
    for i in range(3):
        break
        log(i)
    return i
    # loop variable in a nested loop
    for i in range(2):
        for i in range(3): pass
        log(i)
    return i
    # jump in both arms
    for i in range(4):
        if i == x: break
        else: continue
    return i
    # return none
    for i in range(3):
        if i == x: return
    return 1
    """
)


@pytest.mark.parametrize("name", BODIES)
def test_body(name):
    function = function_of(BODIES[name])
    for x in (-1, 0, 1, 2, 3):
        agrees(function, x)


@pytest.mark.parametrize("seed", range(200))
def test_random(seed):
    random_programs.check(seed)


# --- size (S30)


def timed(text, *args):
    function = namespace(text)["f"]
    start = time.perf_counter()
    lowered = lower(function)
    assert time.perf_counter() - start < 5
    verify(lowered)
    assert interpret(lowered, *args) == function(*args)


def test_s30_guards_in_a_row():
    lines = "".join(f"    if x == {i}: return {i} * x\n    x = x + 1 - 1\n" for i in range(100))
    timed(f"def f(x):\n{lines}    return -1\n", 77)
    timed(f"def f(x):\n{lines}    return -1\n", 777)
    timed(f"def f(x):\n{lines}", 99)


def test_s30_guards_in_a_loop():
    lines = "".join(f"        if x == {i}: return {i} * x\n        x = x + 1\n" for i in range(60))
    timed(f"def f(x):\n    for i in range(4):\n{lines}    return -1\n", -7)


def test_s30_twenty_levels():
    lines = "".join("    " * i + f"for i{i} in range(1):\n" for i in range(1, 20))
    timed(f"def f(x):\n{lines}{'    ' * 20}x = x * 2\n    return x\n", 3)
    lines = "".join("    " * i + f"if x > {i}:\n" for i in range(1, 21))
    timed(f"def f(x):\n{lines}{'    ' * 21}return x * 2\n    return x\n", 30)


def test_s30_many_branches():
    lines = "".join(f"    if x > {i}: y{i} = x\n    else: y{i} = {i}\n" for i in range(1000))
    timed(f"def f(x):\n{lines}    return y7 + y999\n", 30)


def test_s30_elif():
    lines = "".join(f"    elif x == {i}: y = {i}\n" for i in range(1, 150))
    timed(f"def f(x):\n    if x == 0: y = 1\n{lines}    return y\n", 77)
