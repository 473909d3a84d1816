"""Calls, displays and targets with * and **, and the parameters of functions."""

from __future__ import annotations

import pytest

from astgrad.frontend.lower import lower
from astgrad.interpret import interpret
from astgrad.verify import verify
from tests.frontend.written import agrees, bodies, dedent, function_of, written

TEXT = (
    """
    def f(g, a, b, c):
        x = (a, b)
        return g(a, *b, k=1, **c), g(*x, **{"k": 2}), [*b, 1], [*x, 1], {**c, "k": a}
    """,
    """
    f(g, a, b, c):
      t1 = tuple(b)  # 3
      t2 = add((a,), t1)  # 3
      t3 = keywords({'k': 1}, c)  # 3
      t4 = apply(g, t2, t3)  # 3
      t5 = g(a, b, k=2)  # 3
      t6 = tuple(b)  # 3
      t7 = add(t6, (1,))  # 3
      t8 = list(t7)  # 3
      t9 = merged(c, {'k': a})  # 3
      return (t4, t5, t8, [a, b, 1], t9)
    """,
)


def test_text():
    function = lower(written(TEXT[0]))
    verify(function)
    assert str(function) == dedent(TEXT[1]).lstrip("\n")


BODIES = bodies(
    """
    # spread
    return both(*log([x, 2]))
    # spread between others
    return both(log(1), *log(range(x)), log(2), *'ab')
    # keywords
    return both(log(1), k=log(2), **log({'l': x}))
    # keywords given twice
    return both(k=1, **{'k': log(2)})
    # keywords given twice at run time
    d = dict(k=log(1))
    return both(k=2, **d)
    # keywords that are no names
    return both(**log({1: 2}))
    # all
    return both(*[x], *(2, 3), k=4, **dict(l=5), m=6, **{'n': log(7)})
    # spread of nothing
    return both(*x)
    # keywords of nothing
    return both(**x)
    # method
    return 'a-b-c'.split(*('-', x)), 'a-b'.replace(*log(['a', 'c']))
    # displays
    return [*range(x), log(1), *'ab'], (*[1], *range(x)), [*log([])], (*(), x), [*[1, x], 2]
    # dict displays
    d = dict(a=log(x))
    return {**d, 'a': 1}, {'a': 1, **d, 'b': 2}, {**d, **{'c': 3}}, {**{'a': x}, 'b': 1}
    # dict display of no mapping
    return {**log(x)}
    # starred target
    a, *b, c = range(x)
    return a, b, c
    # starred target of a display
    a, *b = log(x), 2, 3
    *c, d = x, 1
    return a, b, c, d
    # starred target in a loop
    for a, *b in [(1, 2, 3), 'ab', (x,)]: log((a, b))
    # starred target grows
    a, *b = range(x + 1)
    b.append(log(7))
    return a, b
    # sum of a spread
    return max(*range(x), 1), max(*(1, x))
    # index
    y = np.zeros((2, 3))
    return y[(*(0, 1),)]
    # defined here
    def g(a, /, b=2, *args, c, d=4, **kwargs): return a, b, args, c, d, kwargs
    return g(1, c=x), g(1, 2, 3, *range(x), c=1, e=5)
    # defined here, wrongly called
    def g(a, /, *, c): return a, c
    return g(a=1, c=x)
    # lambda
    g = lambda *args, **kwargs: (args, kwargs)
    return g(*range(x), k=1)
    """
)


def both(*args, **kwargs):
    return args, kwargs


@pytest.mark.parametrize("name", BODIES)
def test_body(name):
    function = function_of(BODIES[name], both=both)
    for x in (0, 1, 2, 3):
        agrees(function, x)


def test_parameters():
    function = written("def f(a, /, b=2, *args, c, d=4, **kwargs): return a, b, args, c, d, kwargs")
    lowered = lower(function)
    verify(lowered)
    kinds = [param.kind for param in lowered.params]
    assert kinds[2] == "VAR_POSITIONAL" and kinds[-1] == "VAR_KEYWORD"
    for args, kwargs in (((1,), {"c": 3}), ((1, 2, 3, 4), {"c": 3, "e": 4}), ((1,), {"c": 1, "d": 2})):
        assert interpret(lowered, *args, **kwargs) == function(*args, **kwargs)
