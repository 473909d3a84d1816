"""Maths: functions of `math` and builtins that are said with others.

divmod(a, b)  ->  a // b, a % b        math.log(x, b)  ->  math.log(x) / math.log(b)
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from astgrad import runtime_python
from astgrad.ir import Atom, Const, Tree
from astgrad.transform import iterators, prelude
from astgrad.transform.containers import NOT_HERE

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

Operands = tuple[Atom, ...]
Named = dict[str, Atom]


def _divmod(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    return walk.enter(prelude.quotient, *args)


def _log(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    if len(args) != 2:
        return NOT_HERE
    logs = tuple(walk.apply(Const(math.log), (arg,), ()) for arg in args)
    return walk.apply(Const(operator.truediv), logs, (), name)


def _hypot(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    if len(args) == 2:
        return NOT_HERE
    return walk.apply(Const(runtime_python.norm), (Tree(list, args),), (), name)


def _dist(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    p, q = (iterators.elements(walk, arg) for arg in args)
    if p is None or q is None:
        difference = walk.apply(Const(operator.sub), args, ())
        return walk.apply(Const(runtime_python.norm), (difference,), (), name)
    if len(p) != len(q):
        raise ValueError("both points must have the same number of dimensions")
    differences = (walk.apply(Const(operator.sub), pair, ()) for pair in zip(p, q))
    return walk.apply(Const(runtime_python.norm), (Tree(list, tuple(differences)),), (), name)


def _prod(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    seq = iterators.whole(walk, args[0])
    if "start" in named:
        return walk.enter(prelude.multiplied, seq, named["start"])
    return iterators.again(walk, math.prod, args, (seq, *args[1:]), name)


def _frexp(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    """x = mantissa * 2**exponent: the exponent is a constant."""
    pair = walk.ruled(Const(runtime_python.exponent), args, (), "")
    scaled = (args[0], walk.apply(Const(operator.neg), (pair,), ()))
    return Tree(tuple, (walk.apply(Const(math.ldexp), scaled, (), name), pair))


def _modf(walk: Specializer, args: Operands, named: Named, name: str) -> Any:
    """x = fraction + whole: the whole part is a constant."""
    part = walk.ruled(Const(runtime_python.whole_part), args, (), "")
    return Tree(tuple, (walk.apply(Const(operator.sub), (args[0], part), (), name), part))


TABLE: dict[Any, Callable[..., Any]] = {
    divmod: _divmod,
    math.log: _log,
    math.hypot: _hypot,
    math.dist: _dist,
    math.prod: _prod,
    math.frexp: _frexp,
    math.modf: _modf,
}
