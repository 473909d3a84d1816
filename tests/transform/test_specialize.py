"""Specialize: source before, resolved SSA after; the specs that it found and the facts that it stands on."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from astgrad.errors import MissingRule, SourceUnavailable, UnsupportedSyntax, UntrackedMutation
from astgrad.interpret import interpret
from astgrad.ir import Call, Var
from tests.transform.written import arguments, block, body, function_of, specialized

PROGRAMS = {
    "helpers are inlined, and tuples vanish": (
        """
        def helper(a, b=2.0):
            c = a * b
            return c, a
        def f(x):
            p, q = helper(x)
            return p + q
        """,
        """
        c = mul(x, 2.0)
        t1 = add(c, x)
        return t1
        """,
    ),
    "helpers of helpers, by keyword": (
        """
        def outer(x, *, power):
            return inner(power, base=x)
        def inner(power, base):
            return base**power
        def f(x):
            return outer(x, power=3)
        """,
        """
        t1 = pow(x, 3)
        return t1
        """,
    ),
    "lambdas see their closure": (
        """
        def f(x, s):
            g = lambda a: a * s
            return g(x) + g(2.0)
        """,
        """
        t1 = mul(x, s)
        t2 = mul(2.0, s)
        t3 = add(t1, t2)
        return t3
        """,
    ),
    "defaults bind where the lambda stands": (
        """
        def f(s):
            a = 2 * s
            g = lambda b, a=a: a * b
            return g(s)
        """,
        """
        a = mul(2, s)
        t1 = mul(a, s)
        return t1
        """,
    ),
    "methods and attributes of arrays": (
        """
        def f(A):
            return A.T.sum(axis=0) * A.ndim
        """,
        """
        t1 = getattr(A, 'T')
        t2 = t1.sum(axis=0)
        t3 = mul(t2, 2)
        return t3
        """,
    ),
    "what the specs decide is a constant": (
        """
        def f(x):
            return isinstance(x, np.ndarray), x.dtype, x.ndim + 1, -x.ndim, x is None
        """,
        """
        return (True, dtype('float64'), 2, -1, False)
        """,
    ),
    "an axis is known by value": (
        """
        def f(A, n):
            k = n
            return np.sum(A, axis=k) * k
        """,
        """
        t1 = sum(A, axis=2)
        t2 = mul(t1, n)
        return t2
        """,
    ),
    "a list beside an array is an array": (
        """
        def f(x, s):
            return x + [1.0, s, 2.0] + np.add(x, (s, s, s))
        """,
        """
        t1 = array([1.0, s, 2.0])
        t2 = add(x, t1)
        t3 = array((s, s, s))
        t4 = add(x, t3)
        t5 = add(t2, t4)
        return t5
        """,
    ),
    "functools.partial": (
        """
        def scaled(a, b, c=1.0):
            return a * b - c
        def f(x, s):
            return functools.partial(scaled, s, c=2.0)(x)
        """,
        """
        t1 = mul(s, x)
        t2 = sub(t1, 2.0)
        return t2
        """,
    ),
    "nothing is known": (
        """
        def f(unknown):
            return np.sum(unknown.T * unknown[0])
        """,
        """
        t1 = getattr(unknown, 'T')
        t2 = getitem(unknown, 0)
        t3 = mul(t1, t2)
        t4 = sum(t3)
        return t4
        """,
    ),
    "prints and draws stay": (
        """
        def f(s):
            print("s")
            return s * np.random.normal()
        """,
        """
        t1 = print('s')
        t2 = normal()
        t3 = mul(s, t2)
        return t3
        """,
    ),
}
SPECS = [
    ("A @ x", "f8[A0]"),
    ("A @ B", "f8[A0, B1]"),
    ("x @ y", "float64"),
    ("x[1:] - x[:-1]", "f8[x0 - 1]"),
    ("x[0]", "float64"),
    ("A[:, None]", "f8[A0, 1, A1]"),
    ("x[i]", "f8[i0]"),
    ("x[m]", "f8[t0]"),
    ("A + x", "f8[A0, A1]"),
    ("c * r", "f8[c0, r1]"),
    ("x * w", "f8[x0]"),
    ("w * 2.0", "f4[w0]"),
    ("w * g", "f8[w0]"),
    ("z * x", "c16[z0]"),
    ("abs(z)", "f8[z0]"),
    ("i / 2", "f8[i0]"),
    ("i // 2", "i8[i0]"),
    ("s * n", "float"),
    ("g * s", "float64"),
    ("np.sin(s)", "float64"),
    ("math.sin(s)", "float"),
    ("np.exp(d)", "float64"),
    ("np.sum(A, axis=0)", "f8[A1]"),
    ("np.sum(A, axis=-1, keepdims=True)", "f8[A0, 1]"),
    ("np.mean(A)", "float64"),
    ("x > 0", "b1[x0]"),
    ("np.zeros(3)", "f8[3]"),
    ("np.outer(x, u)", "f8[x0, u0]"),
    ("x.astype(np.float32)", "f4[x0]"),
    ("unknown + x", "?"),
    ("np.sum(unknown)", "?"),
]
FACTS = [
    ("A * r", ["A: array (False, False)", "r: array (True, False)"]),
    ("x * s + n * 0", ["x: array (False,)", "s: type float", "n: type int"]),
    ("np.sum(A, axis=n)", ["A: array (False, False)", "n: value 2"]),
    ("s * s", ["s: type float"]),
    ("d * 2", ["d: array ()"]),
]
HIDDEN: dict = {}
exec("def hidden(x): return x", HIDDEN)
REFUSED = {
    "no rule": (MissingRule, "np.linalg.svd has no derivative rule", "x", "return np.linalg.svd(x)"),
    "no rule for a method": (MissingRule, ".tobytes", "x", "return x.tobytes()"),
    "no rule for an attribute": (MissingRule, ".ctypes", "x", "return x.ctypes"),
    "no source": (SourceUnavailable, "hidden", "x", "return NAMESPACE['hidden'](x)"),
    "an array is written": (UntrackedMutation, "writes into an array", "x", "x += 1"),
    "out": (UntrackedMutation, "out=", "x, y", "return np.add(x, x, out=y)"),
    "a foreign call may write": (UntrackedMutation, "shuffle", "x, i", "np.random.shuffle(i)"),
}


@pytest.mark.parametrize("before, after", PROGRAMS.values(), ids=PROGRAMS)
def test_programs(before, after):
    assert body(specialized(before, functools=functools).function) == block(after)


@pytest.mark.parametrize("expression, expected", SPECS)
def test_specs(expression, expected):
    made = specialized(expression)
    assert repr(made.builder.spec(made.output)) == expected


@pytest.mark.parametrize("expression, expected", FACTS)
def test_facts_are_what_somebody_asked_for(expression, expected):
    def shown(fact):
        value = (
            fact.expected[2] if fact.kind == "array" else getattr(fact.expected, "__name__", fact.expected)
        )
        return f"{fact.path.root.name}: {fact.kind} {value}"

    assert sorted(map(shown, specialized(expression).facts.used.values())) == sorted(expected)


def test_an_argument_that_is_not_read_is_no_fact():
    made = specialized("def f(s, x, n):\n    return s * 2\n", ("s",))
    assert [fact.path.root.name for fact in made.facts.used.values()] == ["s"]


@pytest.mark.parametrize("error, message, params, statement", REFUSED.values(), ids=REFUSED)
def test_refused_with_a_caret(error, message, params, statement):
    with pytest.raises(error) as caught:
        specialized(f"def f({params}):\n    {statement}\n    return 1.0\n", NAMESPACE=HIDDEN)
    text = str(caught.value)
    assert message in text and text.startswith("demo.py:2:") and "^" in text


def test_effects_are_the_registrys():
    made = specialized("def f(x):\n    np.random.random()\n    return np.exp(x[1:]).T\n")
    effects = [call.effects for call in made.function.body.body if isinstance(call, Call)]
    assert [effect.impure for effect in effects] == [True, False, False, False]
    assert [effect.result for effect in effects[1:]] == ["view", "fresh", "view"]


def test_what_depends_on_a_differentiated_leaf():
    text = """
        def f(x, y):
            a = x * y
            b = y * y
            c = a > 0
            d = np.zeros_like(a)
            e = np.argmax(a)
            return a
        """
    made = specialized(text, ("x",))
    named = {var.name: var for s in made.function.body.body for var in [s.target] if var.name}
    assert {name for name, var in named.items() if var in made.varied} == {"a"}


def test_captured_names_are_roots_and_guarded():
    text = "def helper(a):\n    return a * SCALE\ndef f(x):\n    return helper(x) + np.sum(SCALE)\n"
    made = specialized(text, SCALE=np.ones(3))
    assert [(var.name, capture.name) for var, capture in made.function.captures] == [("SCALE", "SCALE")]
    assert {guard.capture.name for guard in made.function.guards} == {"helper", "np"}


def test_recursion_is_refused_with_the_call():
    text = "def g(x):\n    return g(x)\ndef f(x):\n    return g(x)\n"
    with pytest.raises(UnsupportedSyntax, match="g calls itself"):
        specialized(text)


def test_a_rule_is_folded_where_the_specs_decide_and_called_where_not():
    def rule(x, y):
        return x if x.ndim == 1 else y

    made = specialized("(x, A, unknown)")
    walk = made.builder
    x, A, unknown = made.output.items
    assert walk.instantiate(rule, {"x": x, "y": A}) is x
    assert walk.instantiate(rule, {"x": A, "y": x}) is x
    before = len(walk.body)
    result = walk.instantiate(rule, {"x": unknown, "y": x})
    assert isinstance(result, Var) and len(walk.body) == before + 1
    assert walk.body[-1].op.value is rule and walk.body[-1].args == (unknown, x)


def test_the_right_sides_of_the_table_say_what_python_does():
    for before, _ in PROGRAMS.values():
        if any(word in before for word in ("unknown", "random", "axis=k")):
            continue
        f = function_of(before, functools=functools)
        values = list(arguments(f).values())
        got, want = interpret(specialized(before, functools=functools).function, *values), f(*values)
        assert np.all(np.asarray(got, object) == np.asarray(want, object))
