"""What a function is lowered to: source before, text form after."""

from __future__ import annotations

import operator
import sys
from textwrap import dedent
from types import SimpleNamespace

import numpy as np
import pytest

from astgrad.errors import SourceUnavailable, UnsupportedSyntax
from astgrad.frontend import source
from astgrad.frontend.lower import lower
from astgrad.frontend.resolve import by_identity
from astgrad.interpret import interpret
from astgrad.ir import Call, Closure, Const, Method, Var
from astgrad.verify import verify
from tests.frontend.written import namespace, written

NAMES = {"W": 2.0, "h": lambda a: a, "conf": sys}
PROGRAMS = {
    "straight_line": (
        """
        def f(x, y):
            s = np.sin(x)
            return s * y
        """,
        """
        f(x, y):
          s = sin(x)  # 2
          t1 = mul(s, y)  # 3
          return t1
        """,
    ),
    "constants": (
        '''
        def f(x):
            """Doc."""
            y = -2.0 * x
            z = y
            return -z + +3 ** -math.pi
        ''',
        """
        f(x):
          y = mul(-2.0, x)  # 3
          t1 = neg(y)  # 5
          t2 = neg(3.141592653589793)  # 5
          t3 = pow(3, t2)  # 5
          t4 = pos(t3)  # 5
          t5 = add(t1, t4)  # 5
          return t5
        """,
    ),
    "lambda": (
        """
        f = lambda x, k=2: x**k
        """,
        """
        <lambda>(x, k=2):
          t1 = pow(x, k)  # 1
          return t1
        """,
    ),
    "parameters": (
        """
        def f(x, /, y, *, k=2):
            x += y
            x @= k
            return x
        """,
        """
        f(x, y, k=2):
          x_2 = iadd(x, y)  # 2
          x_3 = imatmul(x_2, k)  # 3
          return x_3
        """,
    ),
    "unpacking": (
        """
        def f(x):
            (a, (b, c)), d = (x, np.frexp(x)), x
            a, b = b, a
            return [a, b, c, d]
        """,
        """
        f(x):
          t1 = frexp(x)  # 2
          t2 = unpack(t1, 2)  # 2
          b = getitem(t2, 0)  # 2
          c = getitem(t2, 1)  # 2
          return [b, x, c, x]
        """,
    ),
    "chained": (
        """
        def f(x):
            a = b = np.exp(x)
            c: float = a + b
            d: int
            return c
        """,
        """
        f(x):
          a = exp(x)  # 2
          c = add(a, a)  # 3
          return c
        """,
    ),
    "no_return": (
        """
        def f(x):
            print(x)
            pass
        """,
        """
        f(x):
          t1 = print(x)  # 2
          return None
        """,
    ),
    "index": (
        """
        def f(x):
            return x[1:, None], x[..., ::2], x[0][-1]
        """,
        """
        f(x):
          t1 = getitem(x, (1:, None))  # 2
          t2 = getitem(x, (..., ::2))  # 2
          t3 = getitem(x, 0)  # 2
          t4 = getitem(t3, -1)  # 2
          return (t1, t2, t4)
        """,
    ),
    "displays": (
        """
        def f(x):
            d = {"a": x, 1: 2}
            return d["a"], (x,), ()
        """,
        """
        f(x):
          t1 = getitem({'a': x, 1: 2}, 'a')  # 3
          return (t1, (x,), ())
        """,
    ),
    "methods": (
        """
        def f(x):
            return x.T.sum(axis=0).real
        """,
        """
        f(x):
          t1 = getattr(x, 'T')  # 2
          t2 = t1.sum(axis=0)  # 2
          t3 = getattr(t2, 'real')  # 2
          return t3
        """,
    ),
    "captured": (
        """
        def f(x):
            return W * x + h(x) + len(x)
        """,
        """
        f(x):
          W = global W
          t1 = mul(W, x)  # 2
          t2 = h(x)  # 2
          t3 = add(t1, t2)  # 2
          t4 = len(x)  # 2
          t5 = add(t3, t4)  # 2
          return t5
        """,
    ),
    "comparisons": (
        """
        def f(x):
            return x in (1, 2), x not in x, x is None, x is not None, not x, ~x, x != 1
        """,
        """
        f(x):
          t1 = contains((1, 2), x)  # 2
          t2 = contains(x, x)  # 2
          t3 = not_(t2)  # 2
          t4 = is_(x, None)  # 2
          t5 = is_not(x, None)  # 2
          t6 = not_(x)  # 2
          t7 = invert(x)  # 2
          t8 = ne(x, 1)  # 2
          return (t1, t3, t4, t5, t6, t7, t8)
        """,
    ),
    "closure": (
        """
        def f(x, a):
            g = lambda z, k=a: W * z + x + k
            return g(x)
        """,
        """
        f(x, a):
          t1 = <<lambda> x=x>(x)  # 3
          return t1
        """,
    ),
    "nested_functions": (
        """
        def f(x):
            y = x * 2
            def g(z):
                "inner"
                t = z + y
                return lambda: t * y
            return g(x)()
        """,
        """
        f(x):
          y = mul(x, 2)  # 2
          t1 = <g y=y>(x)  # 7
          t2 = t1()  # 7
          return t2
        """,
    ),
    "captured_function": (
        """
        def f(x):
            sin = np.sin
            g = lambda z: sin(z)
            return g(x)
        """,
        """
        f(x):
          t1 = <<lambda>>(x)  # 4
          return t1
        """,
    ),
    "module_data": (
        """
        def f(x):
            return conf.maxsize + np.linalg.norm(x, ord=2)
        """,
        """
        f(x):
          t1 = getattr(conf, 'maxsize')  # 2
          t2 = norm(x, ord=2)  # 2
          t3 = add(t1, t2)  # 2
          return t3
        """,
    ),
    "dead_code": (
        """
        def f(x):
            return x
            y = x[0]
        """,
        """
        f(x):
          return x
        """,
    ),
    "recursion": (
        """
        def f(x):
            return f(x=x)
        """,
        """
        f(x):
          t1 = f(x=x)  # 2
          return t1
        """,
    ),
    "shadowed_builtin": (
        """
        def f(x):
            len = x
            return len
        """,
        """
        f(x):
          return x
        """,
    ),
    "private_outside_a_class": (
        """
        def f(x):
            __x = 1
            return x.__a + __x
        """,
        """
        f(x):
          t1 = getattr(x, '__a')  # 3
          t2 = add(t1, 1)  # 3
          return t2
        """,
    ),
}
RULES = {
    "if": (
        """
        def f(by, x, axis=None):
            if axis is None:
                return by
            if x.ndim == 1:
                x = by
            elif axis:
                y = 1
                x = y
            return x
        """,
        """
        f(by, x, axis=None):
          t1 = is_(axis, None)  # 2
          t2 = if t1:  # 2
            yield by
          else:
            t3 = getattr(x, 'ndim')  # 4
            t4 = eq(t3, 1)  # 4
            x_2 = if t4:  # 4
              yield by
            else:
              x_3 = if axis:  # 6
                yield 1
              else:
                yield x
              yield x_3
            yield x_2
          return t2
        """,
    ),
    "boolean": (
        """
        f = lambda x, a: x if a and 0 < x < 2 or not x else a
        """,
        """
        <lambda>(x, a):
          t1 = if a:  # 1
            t2 = lt(0, x)  # 1
            t3 = if t2:  # 1
              t4 = lt(x, 2)  # 1
              yield t4
            else:
              yield t2
            yield t3
          else:
            yield a
          t5 = if t1:  # 1
            yield t1
          else:
            t6 = not_(x)  # 1
            yield t6
          t7 = if t5:  # 1
            yield x
          else:
            yield a
          return t7
        """,
    ),
    "returns": (
        """
        def f(x, a):
            y = x
            if a:
                if x:
                    return 1
                y = a
            else:
                y = 3
            return y + x
        """,
        """
        f(x, a):
          y, jumped, t1 = if a:  # 3
            y_2, jumped_2, t2 = if x:  # 4
              yield x, True, 1
            else:
              yield a, False, undef
            yield y_2, jumped_2, t2
          else:
            yield 3, False, undef
          t3 = if jumped:  # 3
            yield t1
          else:
            t4 = add(y, x)  # 9
            yield t4
          return t3
        """,
    ),
    "undefined": (
        """
        def f(x, a):
            if a:
                y = x
            else:
                pass
            if x:
                z = 2
            return y
        """,
        """
        f(x, a):
          y = if a:  # 2
            yield x
          else:
            yield undef
          if x:  # 6
            pass
          else:
            pass
          y_2 = bound(y)  # 8
          return y_2
        """,
    ),
}
BOTH = {**PROGRAMS, **{f"rule {name}": pair for name, pair in RULES.items()}}


@pytest.mark.parametrize("name", BOTH)
def test_text(name):
    before, after = BOTH[name]
    function = lower(written(before, **NAMES), rule=name.startswith("rule"))
    verify(function)
    assert str(function) == dedent(after).lstrip("\n")


# --- values: the IR means what Python means

VALUES = {
    "evaluation order": ("a, b = x + 1, x * 2; a, b = b, a; return a - b", [3.0]),
    "late rebinding": ("y = x; x += 1; return y, x", [3.0]),
    "display shared by two names": ("d = {'a': x, 'a': x + 1, True: 2, 1: 3}; e = d; return e", [3.0]),
    "unpacking a call": ("(a, b), [c, d] = divmod(x, 2), (x, x); return a, b, c, d", [3.0]),
    "defaults at definition": ("y = x * 2; g = lambda z, k=y: z + k; return g(x) + g(x, k=1)", [3.0]),
    "cells through two levels": ("y = x * 2; g = lambda: (lambda: x + y); return g()()", [3.0]),
    "membership": ("return x in (1, 2), x not in [x], 2 in {2: x}", [2.0]),
    "matrix product": ("return (x @ x.T)[..., ::2].sum(axis=0, keepdims=True)", [np.ones((2, 3))]),
    "bits": ("return x & 6 | 1, x ^ 3, x << 2, x >> 1, ~x, -x, +x, not x", [13]),
    "powers": ("x **= 2; x //= 4; x %= 5; x -= 1; x /= 2; return x", [9.0]),
    "nothing": ("x", [1.0]),
}  # fmt: skip
CHOICES = {
    "conditional": "return 1 if x > 1 else 2 if x > 0 else 3",
    "boolean": "return x and x - 1 and 5 or not x or 7",
    "chained": "return 0 < x < 2 <= 3, 0 < x != 1",
    "guards": "if x > 1: return 1\n    if x > 0: y = 2\n    elif x: y = 4\n    else: return 3\n    return y",
    "nested": "y = x\n    if x > 0:\n        if x > 1: return y\n        y = 9\n    return y - 1",
    "rebound in an arm": "if x > 0: x = x + 1; y = x\n    else: y = 0\n    return x * y",
}


def equal(got, want):
    return type(got) is type(want) and np.array_equal(np.asarray(got, object), np.asarray(want, object))


@pytest.mark.parametrize("name", VALUES)
def test_value(name):
    body, args = VALUES[name]
    function = namespace(f"def f(x):\n    {body}\n")["f"]
    assert equal(interpret(lower(function), *args), function(*args))


@pytest.mark.parametrize("x", [-1, 0, 1, 2, 1.5])
@pytest.mark.parametrize("name", CHOICES)
def test_choice_in_a_rule(name, x):
    function = namespace(f"def f(x):\n    {CHOICES[name]}\n")["f"]
    lowered = lower(function, rule=True)
    verify(lowered)
    assert equal(interpret(lowered, x), function(x))


def test_names_not_bound():
    function = namespace("def f(x):\n    y = z\n    z = x\n")["f"]
    with pytest.raises(UnboundLocalError, match="'z'"):
        lower(function)
    with pytest.raises(NameError, match="name 'missing' is not defined"):
        lower(namespace("def f(x):\n    return missing + x\n")["f"])
    with pytest.raises(AttributeError, match="no attribute 'tan_h'"):
        lower(namespace("def f(x):\n    return np.tan_h(x)\n")["f"])


def test_a_name_that_no_path_binds():
    function = namespace("def f(x):\n    if x: pass\n    else: pass\n    y\n    y = 1\n")["f"]
    with pytest.raises(UnboundLocalError, match="'y'"):
        lower(function, rule=True)


# --- parts of the IR that the text form does not show


def test_params():
    array = np.ones(3)
    function = namespace("def f(a, /, b=W, *, c, d=W): 'Doc.'", W=array)["f"]
    params = lower(function).params
    assert [(p.var.name, p.kind) for p in params] == [
        ("a", "POSITIONAL_ONLY"),
        ("b", "POSITIONAL_OR_KEYWORD"),
        ("c", "KEYWORD_ONLY"),
        ("d", "KEYWORD_ONLY"),
    ]
    assert [p.default and p.default.value is array for p in params] == [None, True, None, True]


def test_defaults_are_those_of_now():
    function = namespace("def f(x, k=1): return k")["f"]
    function.__defaults__ = (5,)
    assert lower(function).params[1].default.value == 5


def test_docstring():
    assert lower(written('def f(x):\n    """One.\n\n    Two."""\n')).doc == "One.\n\nTwo."
    assert lower(written("def f(x): return 'no doc'")).doc == ""


def test_operators_and_methods():
    body = lower(written("def f(x):\n    return (x + 1).sum().T")).body.body
    assert [call.op.value for call in body] == [operator.add, Method("sum"), getattr]
    assert [call.op.text for call in body] == ["", "", ""]


def test_text_as_spelled():
    function = lower(namespace("def f(x): return np.linalg.norm(x) + t(x) + len(x)", t=np.tanh)["f"])
    assert [call.op.text for call in function.body.body] == ["np.linalg.norm", "t", "", "len", ""]


def test_origins():
    call, other = lower(written("def f(x):\n    return np.exp(\n        x * 2)\n")).body.body
    where = call.origin
    assert (where.file, where.line, where.column, where.end_line, where.end_column) == (
        "demo.py",
        3,
        8,
        3,
        13,
    )
    assert where.function == "f"
    assert source.segment(other.origin) == "np.exp(\n        x * 2)"


def test_origin_of_a_nested_function():
    function = lower(written("def f(x):\n    g = lambda z: z * x\n    return g(x)"))
    inner = function.body.body[0].op.function
    assert (inner.name, inner.body.body[0].origin.function) == ("<lambda>", "<lambda>")
    assert source.segment(inner.origin) == "lambda z: z * x"


# --- what is captured (S1)


class Callable:
    def __call__(self, x):
        return x


class Marked(Callable):
    __astgrad_gradient__ = True


@pytest.mark.parametrize(
    "value",
    [
        np,
        np.tanh,
        np.sum,
        len,
        lambda: 0,
        Callable,
        Marked(),
        np.random.default_rng,
        "".join,
        Callable().__call__,
    ],
)
def test_s1_by_identity(value):
    assert by_identity(value)


@pytest.mark.parametrize(
    "value", [1, 2.0, None, "a", np.ones(3), np.float32(1), Callable(), SimpleNamespace()]
)
def test_s1_data(value):
    assert not by_identity(value)


def test_s1_guards():
    module = type(sys)("lib")
    module.helper, module.rate = (lambda a: a), 0.5
    function = namespace("def f(x): return lib.helper(np.exp(x)) * lib.rate + abs(x)", lib=module)["f"]
    guards = {(guard.capture.name, guard.path): guard for guard in lower(function).guards}
    assert {*guards} == {("lib", ()), ("lib", ("helper",)), ("np", ()), ("abs", ())}
    assert guards["lib", ("helper",)].value is module.helper
    assert guards["lib", ("helper",)].code is module.helper.__code__
    assert guards["np", ()].code is None
    assert guards["abs", ()].capture.read() is abs


def test_s1_one_hidden_parameter_a_name():
    function = lower(namespace("def f(x): return W * x + W[0]", W=np.ones(3))["f"])
    ((var, capture),) = function.captures
    assert function.body.params == (function.params[0].var, var)
    assert (capture.name, capture.read().shape) == ("W", (3,))
    assert [call.args[0] is var for call in function.body.body] == [True, True, False]


def test_s1_cells_of_the_live_function():
    made = namespace("def outer(w, g):\n    return lambda x: g(x) * w\n")["outer"](2.0, np.tanh)
    function = lower(made)
    assert "  w = cell w\n  t1 = g(x)" in str(function)
    assert interpret(function, 0.5) == np.tanh(0.5) * 2.0


def test_s1_captures_of_a_nested_function():
    function = lower(namespace("def f(x):\n    g = lambda z: np.exp(z) * W + x\n    return g(x)", W=2.0)["f"])
    closure = function.body.body[0].op
    assert isinstance(closure, Closure)
    inner = closure.function
    names = [var.name for var in inner.body.params]
    assert names == ["z", "W", "x"]
    assert [capture.name for _, capture in inner.captures] == ["W"]
    assert closure.cells == ((inner.body.params[2], function.params[0].var),)
    assert [guard.capture.name for guard in function.guards] == ["np"]


def test_s1_constants_need_no_cell():
    function = lower(written("def f(x):\n    k = 2\n    g = lambda: k\n    return g()"))
    closure = function.body.body[0].op
    assert closure.cells == () and isinstance(closure.function.body.results[0], Const)


def test_super():
    text = """
        class A:
            def m(self, x):
                return 2 * x
        class B(A):
            def m(self, x):
                return super().m(x)
        f = B
    """
    made = written(text)
    assert interpret(lower(made.m), made(), 3.0) == 6.0
    assert interpret(lower(made.m), made(), x=3.0) == 6.0


# --- size (S30)


TERMS = 1000 if sys.version_info[:2] == (3, 12) else 3000  # Python 3.12 itself stops before 3000


def test_s30_a_long_sum():
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(30_000)
    try:
        function = namespace("def f(x): return " + " + ".join(["x"] * TERMS))["f"]
    finally:
        sys.setrecursionlimit(limit)
    lowered = lower(function)
    assert len(lowered.body.body) == TERMS - 1
    assert all(isinstance(call, Call) and isinstance(call.target, Var) for call in lowered.body.body)
    assert sys.getrecursionlimit() == limit


def test_s30_too_deep(monkeypatch):
    def too_deep(function):
        raise RecursionError

    monkeypatch.setattr(source, "find", too_deep)
    function = namespace("def f(x): return x")["f"]
    with pytest.raises(
        UnsupportedSyntax, match=r"demo.py:1:1: f: it is nested too deeply(?s:.*)\nsplit this expression"
    ):
        lower(function)


def test_3000_statements():
    lines = "".join(f"    x = np.tanh(x) + {i}\n" for i in range(1500))
    assert len(lower(namespace(f"def f(x):\n{lines}    return x\n")["f"]).body.body) == 3000


def test_built_in():
    with pytest.raises(SourceUnavailable, match="tanh has no Python source"):
        lower(np.tanh)
