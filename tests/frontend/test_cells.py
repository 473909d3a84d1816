"""Nested functions: what they capture as a value, and what is a cell (S7)."""

from __future__ import annotations

import pytest

from astgrad.errors import UnsupportedSyntax
from astgrad.frontend.cells import celled
from astgrad.frontend.lower import lower
from astgrad.frontend.source import find
from astgrad.verify import verify
from tests.frontend.written import agrees, bodies, dedent, function_of, namespace, written

TEXT = (
    """
    def f(x):
        w = x
        g = lambda: w
        w = 3 * x
        return g()
    """,
    """
    f(x):
      w = cell()  # 3
      cell_set(w, x)  # 2
      w_2 = mul(3, x)  # 4
      cell_set(w, w_2)  # 4
      t1 = <<lambda> w=w>()  # 5
      return t1
    """,
)


def test_text():
    function = lower(written(TEXT[0]))
    verify(function)
    assert str(function) == dedent(TEXT[1]).lstrip("\n")


BODIES = bodies(
    """
    # rebound after the capture: w
    w = x
    g = lambda: w
    w = 3 * x
    return g()
    # augmented after the capture: w
    w = x
    g = lambda: w
    w += 1
    return g(), w
    # rebound in a loop: i
    gs = [None]
    for i in range(3):
        gs = [*gs, lambda: i]
    return [g() for g in gs[1:]]
    # bound after the capture: w
    g = lambda: w
    w = x
    return g()
    # never bound before the call: w
    g = lambda: w
    if x > 0: w = 1
    try: return g()
    except NameError: return 'none'
    # bound before the capture:
    w = x
    w = w + 1
    g = lambda: w
    return g()
    # bound in branches before the capture:
    if x > 0: w = 1
    else: w = 2
    def g(): return w
    return g()
    # a parameter that is rebound: x
    g = lambda: x
    x = 5
    return g(), x
    # nonlocal: n
    n = 0
    def g():
        nonlocal n
        n += 1
        return n
    log(g())
    log(g())
    return n
    # nonlocal of two levels: n
    n = x
    def g():
        def h():
            nonlocal n
            n = n * 2
        h()
        return n
    g()
    return g(), n
    # recursion: fact
    def fact(n): return 1 if n <= 1 else n * fact(n - 1)
    return fact(x + 3)
    # mutual recursion: odd
    def even(n): return True if n == 0 else odd(n - 1)
    def odd(n): return False if n == 0 else even(n - 1)
    return even(x), odd(x)
    # called in the step that makes it:
    s = 0
    for i in range(3):
        def g(t): return t * i
        s += g(x)
    return s
    # called in the step that makes it by a lambda:
    s = 0
    for i in range(3):
        k = i + 1
        g = lambda t: t * k
        s += g(x) + g(1)
    return s
    # made in some steps alone: i
    g = lambda: -1
    for i in range(3):
        if i == x: g = lambda: i
        log(g())
    # made in an arm: i
    for i in range(3):
        if i < 1:
            def g(): return i
        log(g())
    # kept for later: i
    for i in range(3):
        g = lambda: i
    i = 7
    return g()
    # a key that is taken at once:
    for i in range(3): log(sorted([1, 2, 3], key=lambda v: -v * i))
    # default at definition:
    gs = [None]
    for i in range(3):
        g = lambda i=i: i
        gs = [*gs, g]
    return [g() for g in gs[1:]]
    # a cell in a try: y
    g = lambda: y
    try:
        y = log(1)
        y = 1 // x
    except ZeroDivisionError: log(y)
    return g()
    # two calls have two cells: n
    def counter():
        n = 0
        def g():
            nonlocal n
            n += 1
            return n
        return g
    n = 1
    a, b = counter(), counter()
    n = 2
    return a(), a(), b()
    # a walrus: w
    g = lambda: w
    log((w := x) + 1)
    return g()
    # a loop target that is a cell: i
    g = lambda: i
    for i, a in enumerate('ab'): log(g())
    return i
    # a with target: c
    g = lambda: c
    with context(3) as c: log(g())
    return c
    """
)
CELLS = {name.partition(":")[0]: name.partition(":")[2].split() for name in BODIES}
BODIES = {name.partition(":")[0]: body for name, body in BODIES.items()}


@pytest.mark.parametrize("name", BODIES)
def test_body(name):
    from tests.frontend.random_programs import Context

    function = function_of(BODIES[name], context=Context)
    if name != "two calls have two cells":
        assert set(celled(find(function).node)) == set(CELLS[name])
    for x in (0, 1, 2):
        agrees(function, x)


def test_a_variable_of_a_comprehension():
    with pytest.raises(UnsupportedSyntax, match="'v' of a comprehension is captured here"):
        lower(function_of("return [lambda: v for v in range(3)]"))


def test_nonlocal_of_what_is_not_lowered():
    text = "def outer():\n    n = 0\n    def f(x):\n        nonlocal n\n        n = x\n    return f\n"
    with pytest.raises(UnsupportedSyntax, match=r"demo.py:4:9: 'nonlocal' of a function"):
        lower(namespace(text)["outer"]())
