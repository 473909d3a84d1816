"""with, try, raise, assert and f-strings: the IR does what Python does, each effect once and in order."""

from __future__ import annotations

import pytest

from astgrad.errors import UnsupportedSyntax
from astgrad.frontend.lower import lower
from astgrad.verify import verify
from tests.frontend.random_programs import Context
from tests.frontend.written import agrees, bodies, dedent, function_of, written

TEXTS = {
    "jitter": (
        """
        def f(x):
            try:
                L = np.linalg.cholesky(x)
            except np.linalg.LinAlgError:
                L = np.linalg.cholesky(x + np.eye(2))
            return L
        """,
        """
        f(x):
          L = try:  # 2
            L_2 = cholesky(x)  # 3
            yield L_2
          except np.linalg.LinAlgError:
            t1 = eye(2)  # 5
            t2 = add(x, t1)  # 5
            L_3 = cholesky(t2)  # 5
            yield L_3
          return L
        """,
    ),
    "with": (
        """
        def f(x):
            with np.errstate(all="ignore"):
                y = np.log(x)
                return y * 2
        """,
        """
        f(x):
          t1 = errstate(all='ignore')  # 2
          t2 = with t1:  # 2
            y = log(x)  # 3
            t3 = mul(y, 2)  # 4
            yield t3
          return t2
        """,
    ),
    "assert": (
        """
        def f(x):
            assert x > 0, f"{x} <= 0"
            return x
        """,
        """
        f(x):
          t1 = gt(x, 0)  # 2
          if t1:  # 2
            pass
          else:
            t2 = format(x, '')  # 2
            t3 = ''.join((t2, ' <= 0'))  # 2
            t4 = AssertionError(t3)  # 2
            t5 = throw(t4)  # 2
          return x
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
    # assert
    assert log(x) > 0, log('no')
    return x
    # assert without a message
    assert log(x) > 0
    return x
    # raise
    if log(x) > 0: raise ValueError(log('no'))
    return x
    # raise a class
    if log(x) > 0: raise KeyError
    return x
    # raise from
    try:
        raise ValueError(1) from KeyError(log(2))
    except ValueError as error:
        return repr(error.__cause__)
    # a name bound in the arm that does not raise
    if x > 0: y = log(x)
    else: raise ValueError
    return y
    # a loop that raises
    for i in range(3):
        if i == x: raise IndexError(log(i))
    return i
    # f-string
    return f"{log(x)} and {x!r:>{log(4)}} {'a'!s}{x=} {{}}", f"", f"{x}", f"abc" "d"
    # f-string of a float
    return f"{x / 3:.3f}"
    # walrus
    y = (z := log(x)) + z
    return y, z
    # walrus in a test
    if (z := log(x)) > 0 and (w := log(z + 1)): return z, w
    return z
    # walrus that is not reached
    if x > 0 and (w := log(x)): pass
    return w
    # walrus in while
    n = 0
    while (n := n + log(1)) < 4 and n != x: log('body')
    return n
    # walrus in while with else
    n = 0
    while (n := n + 1) < x:
        if n == 2: break
    else: log('else')
    return n
    # try
    try: y = log(1 // x)
    except ZeroDivisionError: y = log('zero')
    return y
    # the value before
    y = 'before'
    try: y = 1 // x
    except ZeroDivisionError: pass
    return y
    # a name of the exception
    try: y = 1 // x
    except ZeroDivisionError as error: y = str(error)
    return y
    # the name of the exception is gone
    error = 1
    try: y = 1 // x
    except ZeroDivisionError as error: y = str(error)
    return error
    # several handlers
    try: y = [1, 2][x] // x
    except (ZeroDivisionError, KeyError): y = 'zero'
    except IndexError: y = 'index'
    return y
    # a handler that does not fit
    try: return 1 // x
    except KeyError: return log('key')
    # bare except
    try: y = 1 // x
    except: y = log('any')
    return y
    # else
    try: y = log(1 // x)
    except ZeroDivisionError: z = 'zero'
    else: z = y + 1
    return z
    # an exception in else
    try: log(1)
    except ZeroDivisionError: log('not this')
    else: log(1 // x)
    return 2
    # finally
    try: y = log(1 // x)
    finally: log('finally')
    return y
    # finally with names
    try: y = log(1 // x)
    except ZeroDivisionError: y = 5
    finally:
        z = log('finally')
    return y, z
    # rethrow
    try: y = 1 // x
    except ZeroDivisionError:
        log('caught')
        raise
    return y
    # return in try
    try: return log(1 // x)
    except ZeroDivisionError: return log('zero')
    finally: log('finally')
    # return in a handler
    try: y = 1 // x
    except ZeroDivisionError: return log('zero')
    return y, log(1)
    # try in a loop
    for i in range(4):
        try: y = log(6 // (i - x))
        except ZeroDivisionError: continue
        if y == 3: break
    else: log('else')
    return i
    # break out of try
    for i in range(4):
        try:
            log(i)
            if i == x: break
        finally: log('finally')
    return i
    # return out of with in a loop
    for i in range(4):
        with context(i) as c:
            log(c)
            if i == x: return log('found')
    return i
    # nested try
    try:
        try: y = log(1 // x)
        except KeyError: y = 1
        else: y = log(y + 1)
    except ZeroDivisionError: y = 2
    return y
    # a list that is bound in try
    try: ys = [1 // x]
    except ZeroDivisionError: ys = []
    return ys
    # with
    y = 1
    with context(log(x)) as c:
        y = log(c + 1)
    return y
    # two contexts
    with context(1) as a, context(a + 1) as b: log((a, b))
    return a + b
    # with a pair
    with context((x, 2)) as (a, b): log(a)
    return a, b
    # an exception in with
    with context(1): log(1 // x)
    return 3
    # a list that grows in with
    out = []
    with context(1):
        out.append(x)
    out.append(2)
    return out
    # errstate
    with np.errstate(all='ignore'): y = float(np.log(np.float64(-x)))
    return y
    """
)


@pytest.mark.parametrize("name", BODIES)
def test_body(name):
    function = function_of(BODIES[name], context=Context)
    for x in (0, 1, 2, 3, 7):
        agrees(function, x)


REFUSED = bodies(
    """
    # assigned before something that may raise
    y = 1
    try:
        y = 2
        log(1 // x)
    except ZeroDivisionError: «y»
    # assigned before something that may raise, read behind
    y = 1
    try:
        y = 2
        log(1 // x)
    except ZeroDivisionError: pass
    log(«y»)
    # read in finally
    y = 1
    try: y = 1 // x
    finally: log(«y»)
    # a list that grew
    out = []
    same = out
    try:
        out.append(1)
        log(1 // x)
    except ZeroDivisionError: log(«same»)
    # an exception that is computed
    try: log(1 // x)
    except «log(ZeroDivisionError)»: pass
    # suppress
    with «suppress(ValueError)»: log(x)
    """
)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    import contextlib

    text = REFUSED[name]
    before, marked = text[: text.index("«")], text[text.index("«") + 1 : text.index("»")]
    line, column = before.count("\n") + 2, len(before.rpartition("\n")[2]) + 5
    plain = text.replace("«", "").replace("»", "")
    with pytest.raises(UnsupportedSyntax) as caught:
        lower(function_of(plain, suppress=contextlib.suppress))
    assert str(caught.value).startswith(f"demo.py:{line}:{column}: ")
    assert str(caught.value).splitlines()[2].strip() == "^" * len(marked)


def test_a_jump_out_of_finally():
    for body in ("try: log(1)\nfinally: return 2", "for i in x:\n    try: log(1)\n    finally: break"):
        with pytest.raises(UnsupportedSyntax, match="a jump out of 'finally'"):
            lower(function_of(body))
