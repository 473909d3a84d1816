"""Comprehensions, generators consumed on the spot, and lists that grow by append."""

from __future__ import annotations

import pytest

from astgrad.analyses.facts import Facts
from astgrad.errors import UntrackedMutation
from astgrad.frontend.lower import lower
from astgrad.transform.specialize import specialize
from astgrad.verify import verify
from tests.frontend.written import agrees, bodies, dedent, function_of, written

TEXTS = {
    "list": (
        """
        def f(x):
            ys = [v * 2 for v in x if v > 0]
            return ys
        """,
        """
        f(x):
          ys = loop ys_2=[] for v in x:  # 2
            t1 = gt(v, 0)  # 2
            ys_3 = if t1:  # 2
              t2 = mul(v, 2)  # 2
              ys_4 = appended(ys_2, t2)  # 2
              yield ys_4
            else:
              yield ys_2
            yield ys_3
          return ys
        """,
    ),
    "sum": (
        """
        def f(x, y):
            return sum(a * b for a, b in zip(x, y))
        """,
        """
        f(x, y):
          t1 = loop t2=0 for a, b in x, y:  # 2
            t3 = mul(a, b)  # 2
            t4 = add(t2, t3)  # 2
            yield t4
          return t1
        """,
    ),
    "any": (
        """
        def f(x):
            return any(v > 1 for v in x)
        """,
        """
        f(x):
          found = loop found_2=False for v in x:  # 2
            t1 = gt(v, 1)  # 2
            found_3 = if t1:  # 2
              yield True
            else:
              yield found_2
            yield found_3
            stop found_3
          return found
        """,
    ),
    "append": (
        """
        def f(x):
            out = []
            same = out
            for v in x:
                out.append(v)
            return same, out
        """,
        """
        f(x):
          out = loop out_2=[] for v in x:  # 4
            out_3 = appended(out_2, v)  # 5
            yield out_3
          return (out, out)
        """,
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text(name):
    before, after = TEXTS[name]
    function = lower(written(before))
    verify(function)
    assert str(function) == dedent(after).lstrip("\n")


BODIES = bodies(
    """
    # list
    return [log(v) + 1 for v in log(range(x))]
    # conditions
    return [v for v in range(9) if log(v) > x if v != 3]
    # two loops
    return [(v, w) for v in range(x) for w in range(log(v)) if w]
    # nested
    return [[log(v * w) for w in range(v)] for v in range(x)]
    # a scope of its own
    v = 7
    ys = [v for v in range(x)]
    return v, ys
    # the first iterable is evaluated outside
    v = [1, 2]
    return [v for v in v]
    # its variable is not bound outside
    if x >= 0:
        ys = [u for u in range(x)]
        return u
    # an inner iterable that is not bound
    return [y for v in range(x) for y in y]
    # dict
    return {log(k): log(k * k) for k in range(x) if k != 1}
    # enumerate and zip
    return [i * a for i, (a, b) in enumerate(zip(range(x), 'abc'), 1)]
    # sum
    return sum(log(v) * 2 for v in range(x))
    # sum with a start
    return sum((log(v) for v in log([1, 2])), log(10.5))
    # sum with a start by keyword
    return sum((log(v) for v in log([1, 2])), start=log(10.5))
    # sum of nothing
    return sum(v for v in [])
    # sum of lists
    return sum(([v] for v in range(x)), [])
    # any
    return any(log(v) > 1 for v in range(x)), any(v for v in [])
    # any of objects
    return any(v for v in ([], [0], log(1)))
    # all
    return all(log(v) < 1 for v in range(x)), all(v for v in [])
    # all of two loops
    return all(log(v + w) < 2 for v in range(x) for w in range(2) if v)
    # min and max
    return min(log(v) for v in [3, x]), max((log(-v) for v in range(x)), default=log(9))
    # max by key
    return max((v for v in range(3)), key=lambda v: -v)
    # min of nothing
    return min(v for v in range(x))
    # list and tuple
    return list(log(v) for v in range(x)), tuple(v for v in 'ab'), sorted((v for v in 'ba'), reverse=True)
    # dict of pairs
    return dict((v, log(v)) for v in range(x))
    # join
    return '-'.join(str(log(v)) for v in range(x))
    # fsum
    return math.fsum(v / 3 for v in range(x))
    # walrus inside
    ys = [y := log(v) + 1 for v in range(x)]
    return ys, y
    # conditional inside
    return [log(v) if v > 1 else -v for v in range(x)]
    # sum as a local name
    sum = lambda items: log(3)
    return sum([v for v in range(x)])
    # append
    out = []
    for v in range(x):
        out.append(log(v))
    return out
    # append to an alias
    out = []
    same = out
    pair = (out, 1)
    for v in range(x):
        same.append(log(v))
    out.append(5)
    return out, same, pair
    # append in branches
    out = [0]
    same = out
    if x > 0:
        out.append(x)
        if x > 1: same.append(log(2))
    else:
        log(3)
    same.append(4)
    return out, same
    # append and read
    out = [1]
    while len(out) < 4:
        out.append(out[-1] + out[0] + x)
    return out, sum(out)
    # append to an inner list
    rows = []
    for i in range(x):
        row = []
        for j in range(i):
            row.append(log(j))
        rows.append(row)
    return rows
    # append with early return
    out = []
    for v in range(5):
        if v == x: return out
        out.append(v)
    return out, 1
    # append to a list that grew from a comprehension
    out = [v for v in range(x)]
    out.append(1)
    out.append(out[0] if x > 0 else 2)
    return out
    # append to a copy
    out = list(range(x))
    more = out + [1]
    more.append(2)
    out.append(3)
    return out, more
    # append to one of two lists of equal shape
    a, b = [], []
    for v in range(x):
        a.append(v)
        b.append(-v)
        a, b = b, a
    return a, b
    # a list bound by one arm
    if x > 0: out = [1]
    else: out = []
    out.append(2)
    return out
    # a list chosen by an expression
    out = [1] if x > 0 else []
    out.append(2)
    return out
    # a list that is undefined on a path
    if x > 0: out = []
    log(1)
    return out
    # a tuple of lists through a branch
    a, b = [], []
    both = (a, b)
    if x > 0: a.append(1)
    b.append(2)
    return both
    # a list bound anew
    out = [1]
    old = out
    out = []
    for v in range(x):
        out.append(v)
    old.append(7)
    return old, out
    # several lists in one loop
    a, b, c = [], [], [0]
    for v in range(x):
        a.append(v)
        if v: b.append(a[0])
        c.append(len(b))
    return a, b, c
    # a growing list is looped over behind
    out = []
    for v in range(x): out.append(v)
    for v in out: log(v)
    out.append(9)
    return out
    """
)


@pytest.mark.parametrize("name", BODIES)
def test_body(name):
    function = function_of(BODIES[name])
    for x in (0, 1, 2, 3):
        agrees(function, x)


REFUSED = bodies(
    """
    # handed to a function
    out = []
    log(out)
    out.append(x)
    # handed to a function in a loop
    out = []
    for v in range(3):
        out.append(v)
        log(out)
    # captured before
    out = []
    g = lambda: out
    out.append(x)
    # an argument
    x.append(1)
    # inside another list
    out = []
    rows = [out]
    rows.append(2)
    first = rows[0]
    out.append(1)
    # read out of a tuple at run time
    out = []
    rows = (out, out)
    first = rows[x]
    out.append(1)
    # looped over
    out = [1]
    for v in out:
        out.append(v)
    # one of two names chosen
    a, b = [], []
    c = a if x else b
    c.append(1)
    return a
    # one of two names bound in an arm
    a, b = [], []
    if x: c = a
    else: c = b
    c.append(1)
    return a
    # carried under two names
    out = []
    old = 0
    for v in range(3):
        out.append(v)
        old = out
    return old
    # carried under two names without growing there
    out = []
    old = 0
    for v in range(3): old = out
    out.append(1)
    return old
    # an augmented list
    out = []
    out += [1]
    # a bound method
    out = []
    add = out.append
    out.append(x)
    # a method that keeps it
    out = []
    d = {'a': 1}
    d.get('b', out)
    out.append(x)
    # the start of a sum
    out = []
    same = sum([], out)
    out.append(x)
    # min of two
    a, b = [], [1]
    c = min(a, b)
    a.append(3)
    # zipped
    out = [1]
    z = zip(out)
    out.append(2)
    """
)


@pytest.mark.parametrize("name", REFUSED)
def test_a_list_that_something_else_may_hold(name):
    with pytest.raises(UntrackedMutation, match=r"(?s)\.py:\d+:\d+: .*\^\^\^"):
        specialize(lower(function_of(REFUSED[name])), Facts({"x": 1}), ())
