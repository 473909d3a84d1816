"""Algebra: the adjoint's statements as a person would write them.

In comes the accumulate form, out goes the same value with fewer operations: the first contribution
assigns, factors of one go, signs and constants move to the front, a value that was spread over a shape
stays small until something needs the shape. Only statements of the backward sweep are rewritten; the
primal's are the user's.

    by = 1.0; bx = zeros_like(x)                          bx = divide(e, s)
    t = divide(by, s); u = broadcast_to(t, e.shape)  ->
    v = multiply(u, e); bx = add(bx, v)

The smart constructors look through definitions, which is right because nothing is written yet: in-place
operations are introduced later (`in_place`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.facts import Fact, Facts
from astgrad.analyses.specs import Spec
from astgrad.errors import Origin
from astgrad.ir import Atom, Call, Const, Function, Method, Tree, Var
from astgrad.optimize.shapes import shape_atom
from astgrad.rules import registry
from astgrad.transform.builder import Builder

Rewrite = Callable[..., "Atom | None"]


def algebra(function: Function, specs: dict[Var, Spec], adjoint_of: dict[Var, Var], facts: Facts) -> Function:
    """The function with its backward statements simplified; `specs` and `adjoint_of` learn the new Vars."""
    rewriter = Algebra(specs=specs, adjoint_of=adjoint_of, facts=facts)
    env: dict[Var, Atom] = {}
    for statement in function.body.body:
        rewriter.statement(statement, env)
    results = tuple(ir.substitute(result, env) for result in function.body.results)
    body = ir.Block(function.body.params, tuple(rewriter.body), results)
    return Function(
        function.name,
        function.params,
        body,
        function.captures,
        function.guards,
        function.doc,
        function.origin,
    )


@dataclass
class Algebra(Builder):
    adjoint_of: dict[Var, Var] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    looked: list[Origin] = field(default_factory=list)  # of the definitions that a rewrite took up
    seen: dict[Any, Var] = field(default_factory=dict)  # hash-consing: equal pure calls are one

    def statement(self, statement: ir.Statement, env: dict[Var, Atom]) -> None:
        if not isinstance(statement, Call):
            self.body.append(statement)
            return
        op = ir.substitute(statement.op, env)
        args = tuple(ir.substitute(arg, env) for arg in statement.args)
        kwargs = tuple((name, ir.substitute(value, env)) for name, value in statement.kwargs)
        if not statement.origin.backward or not isinstance(op, Const) or statement.target is None:
            call = Call(statement.target, op, args, kwargs, statement.effects, statement.origin)
            self.keep(call)
            return
        self.unname(statement, args)
        self.looked.clear()
        before = len(self.body)
        with self.at(statement.origin):
            result = self.emit(op, args, kwargs, statement.target.name)
        env[statement.target] = result
        if len(self.body) > before:
            self.widen()
        made = self.defs.get(result) if isinstance(result, Var) else None
        if made is not None and made.origin.backward and not result.name:  # type: ignore[union-attr]
            result.name = statement.target.name  # type: ignore[union-attr]
        primal = self.adjoint_of.get(statement.target)
        if primal is not None and isinstance(result, Var) and result not in self.adjoint_of:
            self.adjoint_of[result] = primal

    def unname(self, statement: Call, args: tuple[Atom, ...]) -> None:
        """A partial sum of an adjoint that is a number needs no statement of its own."""
        primal = self.adjoint_of.get(statement.target) if statement.target else None
        partial = args[0] if args else None
        if primal is not None and isinstance(partial, Var) and self.adjoint_of.get(partial) is primal:
            call = self.defs.get(partial)
            if self.scalar(partial) and call is not None and call.origin.backward:
                partial.name = ""

    def widen(self) -> None:
        """The last statement stands for those that it took up: its span covers theirs."""
        call = self.body[-1]
        assert isinstance(call, Call) and call.target is not None
        wide = call.origin
        for origin in self.looked:
            wide = cover(wide, origin)
        self.body[-1] = self.defs[call.target] = replace(call, origin=wide)

    def keep(self, call: Call) -> None:
        """A statement as it is; a later equal one is replaced by it."""
        self.body.append(call)
        if call.target is not None:
            self.defs[call.target] = call
            if pure(call):
                self.seen.setdefault(key_of(call.op, call.args, call.kwargs), call.target)

    def emit(
        self, op: Atom, args: tuple[Atom, ...], kwargs: tuple[tuple[str, Atom], ...] = (), name: str = ""
    ) -> Atom:
        assert isinstance(op, Const)
        rewrite = REWRITES.get(op.value) if registry.hashable(op.value) else None
        if rewrite is not None:
            mark = len(self.looked)
            result = rewrite(self, *args, **dict(kwargs))
            if result is not None:
                return result
            del self.looked[mark:]
        key = key_of(op, args, kwargs)
        if key in self.seen:
            return self.seen[key]
        before = len(self.body)
        result = super().emit(op, args, kwargs, name)
        if len(self.body) > before and pure(self.body[-1]):
            assert isinstance(result, Var)
            self.seen[key] = result
        return result

    # --- looking at definitions

    def match(self, atom: Atom, *ops: Any) -> tuple[Atom, ...] | None:
        """The operands of `atom` where a call of one of `ops` defines it."""
        call = self.defs.get(atom) if isinstance(atom, Var) else None
        if call is None or not isinstance(call.op, Const) or call.kwargs or call.op.value not in ops:
            return None
        if call.origin.backward:
            self.looked.append(call.origin)
        return call.args

    def shape(self, atom: Atom) -> Any:
        return sp.shape_of(self.spec(atom))

    def real(self, *atoms: Atom) -> bool:
        dtypes = [sp.dtype_of(self.spec(atom)) for atom in atoms]
        return all(dtype is not None and dtype.kind in "fiub" for dtype in dtypes)

    def inexact(self, atom: Atom) -> bool:
        dtype = sp.dtype_of(self.spec(atom))
        return dtype is not None and dtype.kind in "fc"

    def scalar(self, atom: Atom) -> bool:
        return isinstance(self.spec(atom), sp.Number)

    def fills(self, atom: Atom, *others: Atom) -> bool:
        """Whether combining `atom` with the others elementwise has the shape of `atom`."""
        shapes = [self.shape(a) for a in (atom, *others)]
        return sp.fills(shapes[0], sp.broadcast(*shapes))

    def unspread(self, a: Atom, b: Atom) -> Atom | None:
        """`a` before it was spread over a shape and dtype that the result with its partner `b` has anyway."""
        spread = self.spread(a)
        if spread is None or not self.fills(b, a):
            return None
        specs = [(self.spec(value), self.spec(b)) for value in (spread[0], a)]
        before, after = (sp.dtype_of(registry.result_spec(operator.mul, pair, {})) for pair in specs)
        return spread[0] if before is not None and before == after else None

    def spread(self, a: Atom) -> tuple[Atom, ...] | None:
        """The value and the shape where `a` is a value spread over a shape, in whatever dtype."""
        call = self.defs.get(a) if isinstance(a, Var) else None
        if call is not None and call.op.value == Method("astype"):  # type: ignore[union-attr]
            a = call.args[0]
        return self.match(a, np.broadcast_to)


def cover(a: Origin, b: Origin) -> Origin:
    """The smallest span of one line of one function that covers both; `a` where there is none."""
    same = (a.file, a.function, a.line, a.end_line) == (b.file, b.function, b.line, b.end_line)
    if not same or a.line != a.end_line:
        return a
    return replace(a, column=min(a.column, b.column), end_column=max(a.end_column, b.end_column))


def pure(call: Any) -> bool:
    return call.effects.writes == () and not call.effects.impure


def key_of(op: Atom, args: tuple[Atom, ...], kwargs: tuple[tuple[str, Atom], ...]) -> Any:
    """A key equal for calls that are equal."""
    return (
        atom_key(op),
        tuple(map(atom_key, args)),
        tuple((name, atom_key(value)) for name, value in kwargs),
    )


def atom_key(atom: Atom) -> Any:
    if isinstance(atom, Const):
        value = atom.value
        literal = value is None or isinstance(value, (bool, int, float, complex, str))
        return (
            (type(value), repr(value))
            if literal
            else (Const, value if isinstance(value, Method) else id(value))
        )
    if isinstance(atom, Tree):
        return (atom.kind, tuple(map(atom_key, atom.items)), atom.keys)
    return atom


def number(atom: Atom) -> Any:
    """The value of a numeric literal, else None."""
    if isinstance(atom, Const) and type(atom.value) in (int, float):
        return atom.value
    return None


def is_zero(b: Algebra, atom: Atom, partner: Atom) -> bool:
    """Whether `atom` is the zero that an adjoint starts from."""
    if isinstance(atom, Const):
        return type(atom.value) in (float, complex) and atom.value == 0
    if b.match(atom, runtime.zeros):
        return True
    return bool(b.match(atom, np.zeros_like)) and b.fills(partner, atom)


# --- smart constructors: an atom where they apply, None where the call stays as it is


def add(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    if is_zero(b, x, y):
        return y
    if is_zero(b, y, x):
        return x
    if number(x) is not None and number(y) is not None:
        return Const(number(x) + number(y))
    for one, other in ((x, y), (y, x)):
        negated = b.match(one, operator.neg, np.negative)
        if negated and not (one is x and b.match(other, operator.neg, np.negative)):
            return b.call(operator.sub, other, negated[0])
        if isinstance(one, Const) and number(one) is not None and number(one) < 0 and one is y:
            return b.call(operator.sub, other, Const(-number(one)))
        inner = b.unspread(one, other)
        if inner is not None:
            return b.call(operator.add, *((inner, other) if one is x else (other, inner)))
    if x is y and isinstance(x, Var):
        return b.call(operator.mul, Const(2), x)
    return twice(b, x, y) or spread_sum(b, x, y)


def twice(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """(a + b) + a and (a - b) + a, a twice."""
    for op, names in ((operator.add, (operator.add, np.add)), (operator.sub, (operator.sub, np.subtract))):
        parts = b.match(x, *names)
        if parts and isinstance(y, Var) and parts[0] is y:
            return b.call(op, b.call(operator.mul, Const(2), y), parts[1])
    return None


def spread_sum(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """Two values spread over one shape are added before."""
    first, second = b.spread(x), b.spread(y)
    if first and second and atom_key(first[1]) == atom_key(second[1]) and b.spec(x) == b.spec(y):
        total = b.call(operator.add, first[0], second[0])
        spread = b.call(np.broadcast_to, total, first[1])
        same = sp.dtype_of(b.spec(spread)) == sp.dtype_of(b.spec(x))
        return spread if same else b.call(Method("astype"), spread, Const(b.spec(x).dtype.type))  # type: ignore[union-attr]
    return None


def sub(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    if number(x) is not None and number(y) is not None:
        return Const(number(x) - number(y))
    if is_zero(b, x, y):
        return b.call(operator.neg, y)
    negated = b.match(y, operator.neg, np.negative)
    if negated:
        return b.call(operator.add, x, negated[0])
    inner = b.unspread(y, x)
    if inner is not None:
        return b.call(operator.sub, x, inner)
    return None


def neg(b: Algebra, x: Atom) -> Atom | None:
    if number(x) is not None:
        return Const(-number(x))
    negated = b.match(x, operator.neg, np.negative)
    if negated:
        return negated[0]
    difference = b.match(x, operator.sub, np.subtract)
    if difference:
        return b.call(operator.sub, difference[1], difference[0])
    product = b.match(x, operator.mul, np.multiply)
    if product and number(product[0]) is not None:
        return b.call(operator.mul, Const(-number(product[0])), product[1])
    spread = b.match(x, np.broadcast_to)
    if spread:
        return b.call(np.broadcast_to, b.call(operator.neg, spread[0]), spread[1])
    return None


def mul(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    if number(x) is not None and number(y) is not None:
        return Const(number(x) * number(y))
    for one, other in ((x, y), (y, x)):
        value = number(one)
        if value == 1 and b.inexact(other):
            return other
        if value == -1 and b.inexact(other):
            return b.call(operator.neg, other)
        negated = b.match(one, operator.neg, np.negative)
        if negated:
            product = (negated[0], other) if one is x else (other, negated[0])
            return b.call(operator.neg, b.call(operator.mul, *product))
        inner = b.unspread(one, other)
        if inner is not None:
            return b.call(operator.mul, *((inner, other) if one is x else (other, inner)))
    return constants_first(b, x, y) or fractions(b, x, y) or quotient(b, x, y) or spread_product(b, x, y)


def constants_first(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """a * (2 * b) is 2 * a * b."""
    if number(y) is not None:
        return b.call(operator.mul, y, x)
    right = b.match(y, operator.mul, np.multiply)
    if right and number(right[0]) is not None:
        if number(x) is not None:
            return b.call(operator.mul, Const(number(x) * number(right[0])), right[1])
        return b.call(operator.mul, b.call(operator.mul, right[0], x), right[1])
    return None


def fractions(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """(1 / n) * (1 / s) is 1 / (n * s)."""
    first, second = (b.match(factor, operator.truediv, np.divide) for factor in (x, y))
    if first and second and number(first[0]) is not None and number(second[0]) is not None:
        denominator = b.call(operator.mul, first[1], second[1])
        return b.call(operator.truediv, Const(number(first[0]) * number(second[0])), denominator)
    return None


def quotient(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """a * (c / b) is c * a / b for a literal c."""
    for one, other in ((x, y), (y, x)):
        parts = b.match(one, operator.truediv, np.divide)
        if parts and number(parts[0]) is not None and b.inexact(other):
            return b.call(operator.truediv, b.call(operator.mul, parts[0], other), parts[1])
    return None


def spread_product(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """A product with a literal is taken before a value is spread."""
    spread = b.match(y, np.broadcast_to)
    if spread and (number(x) is not None or b.scalar(x)):
        return b.call(np.broadcast_to, b.call(operator.mul, x, spread[0]), spread[1])
    spread = b.match(x, np.broadcast_to)
    if spread and b.scalar(y):
        return b.call(np.broadcast_to, b.call(operator.mul, spread[0], y), spread[1])
    return None


def div(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    if number(y) == 1 and b.inexact(x):
        return x
    negated = b.match(x, operator.neg, np.negative)
    if negated:
        return b.call(operator.neg, b.call(operator.truediv, negated[0], y))
    if number(x) is not None and number(x) < 0:
        return b.call(operator.neg, b.call(operator.truediv, Const(-number(x)), y))
    parts = b.match(x, operator.truediv, np.divide)
    if parts and number(parts[0]) is not None and b.scalar(parts[1]):
        return b.call(operator.truediv, parts[0], b.call(operator.mul, parts[1], y))
    if b.match(y, operator.neg, np.negative):
        return b.call(operator.neg, b.call(operator.truediv, x, b.match(y, operator.neg, np.negative)[0]))  # type: ignore[index]
    inner = b.unspread(x, y)
    if inner is not None:
        return b.call(operator.truediv, inner, y)
    spread = b.match(x, np.broadcast_to)
    if spread and b.scalar(y):
        return b.call(np.broadcast_to, b.call(operator.truediv, spread[0], y), spread[1])
    return None


def divide(b: Algebra, x: Atom, y: Atom) -> Atom | None:
    """np.divide of what a division by zero does not raise for, or by a length that is not zero."""
    spec = b.spec(x)
    raises = isinstance(spec, sp.Number) and spec.type in sp.NUMBERS
    if isinstance(spec, sp.Unknown) or (raises and not nonzero(b, y)):
        return None
    return b.call(operator.truediv, x, y)


def nonzero(b: Algebra, size: Atom) -> bool:
    """Whether a number of elements is not zero: then that is a fact of the signature."""
    if number(size) is not None:
        return bool(number(size) != 0)
    product = b.match(size, operator.mul)
    if product:
        return all(nonzero(b, factor) for factor in product)
    read = b.match(size, getattr)
    if read and isinstance(read[1], Const) and read[1].value == "size":
        return all(dimension_nonzero(b, dim) for dim in b.shape(read[0]) or (None,))
    spec = b.spec(size)
    return isinstance(spec, sp.Number) and dimension_nonzero(b, spec.dimension)


def dimension_nonzero(b: Algebra, dim: sp.Dimension) -> bool:
    if not isinstance(dim, sp.Dim):
        return bool(dim)
    path = b.facts.sources.get(dim.source)
    if path is None or dim.offset or not b.facts.known(path) or not b.facts.value(path).shape[dim.axis]:
        return False
    b.facts.use(Fact(path, f"nonzero{dim.axis}", dim.axis))
    return True


def transposed(b: Algebra, x: Atom) -> Atom | None:
    """The transpose of a transpose, and of a product of matrices."""
    inner = b.match(x, getattr)
    if inner and isinstance(inner[1], Const) and inner[1].value == "T":
        return inner[0]
    vectors = b.match(x, np.outer)
    if vectors and all(sp.rank(b.spec(vector)) == 1 for vector in vectors):
        return b.call(np.outer, vectors[1], vectors[0])
    factors = b.match(x, operator.matmul, np.matmul)
    if factors and all(sp.rank(b.spec(factor)) == 2 for factor in factors):
        turned = [b.call(getattr, factor, "T") for factor in reversed(factors)]
        return b.call(operator.matmul, *turned)
    return None


def power(b: Algebra, x: Atom, n: Atom) -> Atom | None:
    return x if number(n) == 1 and b.inexact(x) else None


def conjugate(b: Algebra, x: Atom) -> Atom | None:
    return x if b.real(x) else None


def broadcast_to(b: Algebra, x: Atom, shape: Atom) -> Atom | None:
    """Nothing where the value has the shape already."""
    want = b.spec(shape)
    have = b.shape(x)
    if isinstance(want, sp.Struct) and have is not None and len(have) == len(want.items):
        dims = [item.dimension if isinstance(item, sp.Number) else None for item in want.items]
        if have and all(sp.same(a, d) for a, d in zip(have, dims)):
            return x
    return None


def total(b: Algebra, x: Atom, axis: Atom | None = None, keepdims: Atom | None = None) -> Atom | None:
    """The sum of a product of two arrays of one shape is their inner product."""
    product = b.match(x, operator.mul, np.multiply)
    if axis is not None or keepdims is not None or not product or not b.real(*product):
        return None
    shapes = [b.shape(factor) for factor in product]
    if None in shapes or shapes[0] != shapes[1] or any(dim is None for dim in shapes[0]) or not shapes[0]:
        return None
    if sp.dtype_of(b.spec(product[0])) != sp.dtype_of(b.spec(product[1])):
        return None
    return b.call(operator.matmul if len(shapes[0]) == 1 else np.vdot, *product)


def getitem(b: Algebra, x: Atom, index: Atom) -> Atom | None:
    """New axes are added to the one array of a product or quotient of scalars with it."""
    if isinstance(x, Tree):
        return None
    items = index.items if isinstance(index, Tree) and index.kind is tuple else (index,)
    if not any(isinstance(i, Const) and i.value is None for i in items) or not all(map(only_axes, items)):
        return None
    for op, names in (
        (operator.truediv, (operator.truediv, np.divide)),
        (operator.mul, (operator.mul, np.multiply)),
    ):
        parts = b.match(x, *names)
        if parts and sum(not b.scalar(part) for part in parts) == 1:
            moved = [part if b.scalar(part) else b.call(operator.getitem, part, index) for part in parts]
            return b.call(op, *moved)
    return None


def only_axes(item: Atom) -> bool:
    """Whether an index item is None, `...` or a full slice."""
    if isinstance(item, Tree) and item.kind is slice:
        return all(isinstance(part, Const) and part.value is None for part in item.items)
    return isinstance(item, Const) and (item.value is None or item.value is ...)


def attribute(b: Algebra, x: Atom, name: Atom) -> Atom | None:
    """The shape of an intermediate value, said by an argument that has it, so that the value may go."""
    assert isinstance(name, Const)
    if name.value in ("shape", "size") and isinstance(x, Var):
        return shape_atom(b, x, name.value)
    return transposed(b, x) if name.value == "T" else None


def length(b: Algebra, x: Atom) -> Atom | None:
    return shape_atom(b, x, "len") if isinstance(x, Var) else None


def astype(b: Algebra, x: Atom, dtype: Atom) -> Atom | None:
    have = sp.dtype_of(b.spec(x))
    same = isinstance(b.spec(x), sp.Array) and isinstance(dtype, Const) and have == np.dtype(dtype.value)
    return x if same else None


REWRITES: dict[Any, Rewrite] = {
    **dict.fromkeys((operator.add, np.add), add),
    **dict.fromkeys((operator.sub, np.subtract), sub),
    **dict.fromkeys((operator.neg, np.negative), neg),
    **dict.fromkeys((operator.mul, np.multiply), mul),
    operator.truediv: div,
    np.divide: divide,
    np.transpose: lambda b, a, axes=None: transposed(b, a) if axes is None else None,
    runtime.value: lambda b, x: x,
    **dict.fromkeys((operator.pow, np.power), power),
    **dict.fromkeys((np.conj, Method("conj"), np.real), conjugate),
    np.broadcast_to: broadcast_to,
    np.sum: total,
    operator.getitem: getitem,
    getattr: attribute,
    len: length,
    Method("astype"): astype,
}
