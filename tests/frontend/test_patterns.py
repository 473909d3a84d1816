"""match: the IR does what Python does."""

from __future__ import annotations

import dataclasses

import pytest

from astgrad.errors import UnsupportedSyntax
from astgrad.frontend.lower import lower
from tests.frontend.written import agrees, bodies, function_of


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


BODIES = bodies(
    """
    # literals
    match log(x):
        case 1: return 'one'
        case -1 | 2: return 'two'
        case 'ab': return 'text'
        case None: return 'none'
        case True: return 'true'
    return 'other'
    # captures
    match x:
        case 0: y = 'zero'
        case y: y = (y, 1)
    return y
    # guards
    match x:
        case y if log(0): return y
        case [a, *_] if a == log(1): return a
        case int(y) if y > 1: return y
        case _: return 'other'
    # sequences
    match x:
        case []: return 'empty'
        case [a]: return a
        case [1, b]: return b
        case (a, *b, 9): return a, b
        case [[a, b], *_]: return a, b
        case [*all]: return all
    return 'none'
    # mappings
    match x:
        case {'a': 1, 'b': b}: return b
        case {'a': [p, q]}: return p, q
        case {}: return 'mapping'
    return 'other'
    # classes
    match x:
        case Point(x=0, y=b): return 'axis', b
        case Point(a, 2): return a
        case Point() as p: return p.x, p.y
        case str(v): return v
        case int() | bool(): return 'number'
        case list([a, b]): return b
    return 'other'
    # in a loop
    for v in (1, 'a', [2, 3], x):
        match v:
            case 1: continue
            case [a, b] if a < b: log(a)
            case str(): log('text')
            case _: break
    return v
    # a name of a case that does not fit
    match x:
        case [a, 5]: pass
        case _: pass
    return a
    """
)
SUBJECTS = (
    *(0, 1, 2, -1, True, None, "ab", 2.5, [], [1], [1, 2], [4, 5], (1, 2, 9), [[1, 2], 3], range(3), "x"),
    *({"a": 1, "b": 2}, {"a": [1, 2]}, {"c": 0}, {}, Point(0, 1), Point(3, 2), Point(3, 4), [1, 2, 3, 4]),
)


@pytest.mark.parametrize("name", BODIES)
def test_body(name):
    function = function_of(BODIES[name], Point=Point)
    for x in SUBJECTS:
        agrees(function, x)


@pytest.mark.parametrize(
    "case, message",
    [
        ("[a, 1] | [1, a]", "a pattern with '|' that binds names"),
        ("{'a': 1, **rest}", "in a pattern"),
        ("Point(1, 2, 3)", "a pattern of this class"),
    ],
)
def test_refused(case, message):
    with pytest.raises(UnsupportedSyntax, match=rf"demo.py:\d+:\d+: .*{message.replace('|', '.')}"):
        lower(function_of(f"match x:\n    case {case}: pass\nreturn 1", Point=Point))
