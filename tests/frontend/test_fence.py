"""Every construct that is not differentiated is refused, with its place and what to do instead."""

from __future__ import annotations

import sys

import pytest

from astgrad.analyses.facts import Facts
from astgrad.errors import AstgradError, UnsupportedSyntax, UntrackedMutation
from astgrad.frontend import fence, lower
from astgrad.transform.specialize import specialize
from tests.frontend.written import namespace

OLD = {"Print", "Exec", "Repr"}  # of Python 2
INSIDE = {"FormattedValue", "Interpolation", "Starred"}  # only inside f-strings, t-strings, displays, calls

# the statement, `|` for a line break, «» around what is underlined; the message
SYNTAX = [
    ("y = «{a for a in x}»", "a set comprehension is not differentiated yet"),
    ("y = f«(a * a for a in x)»", fence.GENERATOR[0]),
    ("y = «(a * a for a in x)»", "a generator expression is not differentiated"),
    ("y = «{1, 2}»", "a set is not differentiated: its order is not defined"),
    ("y = «yield x»", "a generator ('yield') cannot be differentiated"),
    ("«yield from x»", "a generator ('yield from') cannot be differentiated"),
    ("return x|«yield x»", "a generator ('yield') cannot be differentiated"),
    ("«async def g(): return x»", "an 'async' function cannot be differentiated"),
    ("def g(): «yield x»", "a generator ('yield') cannot be differentiated"),
    ("g = lambda: («yield»)", "a generator ('yield') cannot be differentiated"),
    ("«global w»|w = x", "'global' is not differentiated"),
    ("«del x»", "'del' is not differentiated"),
    ("«import math»", "an import inside of the function is not differentiated"),
    ("«from math import pi»", "an import inside of the function is not differentiated"),
    ("«class A: pass»", "a class inside of the function is not differentiated"),
    ("y = {'a': 1, «x»: 2}", "only a dict with constant keys, written out, is differentiated"),
    ("@«f»|def g(): return x", "a decorated nested function is not differentiated"),
    ("y = «eval('x')»", "eval() cannot be differentiated"),
    ("«exec('x')»", "exec() cannot be differentiated"),
    ("y = «locals()»", "locals() cannot be differentiated"),
    ("y = «globals()»['x']", "globals() cannot be differentiated"),
]  # fmt: skip
PLAIN = str.maketrans("", "", "«»")
ARRAY, ATTRIBUTE = fence.ARRAY[0], fence.ATTRIBUTE[0]
MUTATION = [
    ("«x[0]» = 1", ARRAY),
    ("«x[1:]» += 1", ARRAY),
    ("y = «x[0]» = 1", ARRAY),
    ("(a, «x[0]») = x, 1", ARRAY),
    ("«x.a» = 1", ATTRIBUTE),
    ("«x.a» *= 2", ATTRIBUTE),
    ("«x.a»: int = 2", ATTRIBUTE),
    ("«setattr(x, 'a', 1)»", ATTRIBUTE),
    ("«x.append(1)»", ".append() writes into its object, which is not differentiated yet"),
    ("«np.add.at(x, 0, 1)»", ARRAY),
    ("y = «x.T.sort()»", ".sort() writes into its object, which is not differentiated yet"),
]


def refusal(statement, kind, refusing=lower.lower):
    """The lines of the refusal of a function with this statement."""
    body = statement.replace("|", "\n    ")
    function = namespace(f"def f(x):\n    {body}\n    return x\n")["f"]
    with pytest.raises(kind) as caught:
        refusing(function)
    return str(caught.value).splitlines()


def shown(statement, message):
    """The first lines of the refusal as they should be."""
    lines = ["def f(x):", *(f"    {line}" for line in statement.split("|"))]
    line, text = next((at, text) for at, text in enumerate(lines, 1) if "«" in text)
    start, marked = text.index("«"), text[text.index("«") + 1 : text.rindex("»")]
    plain = text.replace("«", "").replace("»", "")
    marks = " " * (start - len(plain) + len(plain.lstrip())) + "^" * len(marked)
    return [f"demo.py:{line}:{start + 1}: {message}", f"    {plain.strip()}", f"    {marks}"]


@pytest.mark.parametrize("statement, message", SYNTAX)
def test_syntax(statement, message):
    got = refusal(statement.translate(PLAIN), UnsupportedSyntax)
    assert got[:3] == shown(statement, message)
    assert len(got) == 4 and len(got[3]) > 10, "an advice"


@pytest.mark.parametrize("statement, message", MUTATION)
def test_mutation(statement, message):
    walked = lambda f: specialize(lower.lower(f), Facts(), ("x",))
    got = refusal(statement.translate(PLAIN), UntrackedMutation, walked)
    assert got[:3] == shown(statement, message)
    assert len(got) == 4 and len(got[3]) > 10, "an advice"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="except* is new in Python 3.11")
def test_except_star():
    got = refusal("try: y = x|except* ValueError: pass", UnsupportedSyntax)
    assert got[0] == "demo.py:2:5: 'try' is not differentiated yet"


def test_async():
    function = namespace("async def f(x):\n    return x\n")["f"]
    with pytest.raises(UnsupportedSyntax, match=r"demo.py:1:1: an 'async' function cannot be differentiated"):
        lower.lower(function)


def test_methods_of_modules_are_no_writes():
    lower.lower(namespace("def f(x):\n    return np.sort(x) + np.partition(x, 1)\n")["f"])


@pytest.mark.parametrize("node", ["stmt", "expr"])
def test_every_node_is_lowered_or_refused(node):
    """No construct of any Python version falls through the fence without its own words."""
    import gast

    base = getattr(gast, node)
    classes = {name: value for name, value in vars(gast).items() if isinstance(value, type)}
    nodes = {name for name, value in classes.items() if issubclass(value, base) and value is not base}
    handled = {*lower.STATEMENTS, *lower.EXPRESSIONS}
    assert nodes - OLD - INSIDE <= handled | {*fence.SYNTAX}
    assert not handled & {*fence.SYNTAX}


def test_a_loop_in_a_rule_is_refused_too():
    function = namespace("def f(x):\n    for i in x: pass\n")["f"]
    with pytest.raises(AstgradError, match="a 'for' loop"):
        lower.lower(function, rule=True)
