"""Ownership: returned gradients never alias each other, the arguments or anything else that lives on.

In comes a gradient's SSA, out goes the same with a copy where a result is a view of an argument, is
returned twice, or was spread over a shape by `broadcast_to` (a read-only view).

    by = ...; return by, by      ->    t = copy(by); return by, t
    return broadcast_to(1.0, x.shape)  ->  return ones_like(x)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.aliasing import Memory
from astgrad.analyses.specs import Spec
from astgrad.errors import Origin
from astgrad.ir import Atom, Call, Const, Function, Tree, Var
from astgrad.optimize.shapes import whole
from astgrad.transform.builder import Builder


def own(
    function: Function, specs: dict[Var, Spec], adjoint_of: dict[Var, Var], value: bool = False
) -> Function:
    """The function with its gradients in memory of their own; with `value` they are the second result."""
    owner = _Owner(specs=specs)
    owner.prepare(function, adjoint_of)
    results = tuple(owner.results(result, value) for result in function.body.results)
    return owner.rebuilt(function, results)


class _Owner(Builder):
    def prepare(self, function: Function, adjoint_of: dict[Var, Var]) -> None:
        self.body = list(function.body.body)
        self.adjoint_of = adjoint_of
        self.memory = Memory(function.body.body)
        self.taken: set[Var] = set()
        self.defs = {s.target: s for s in function.body.body if isinstance(s, Call) and s.target is not None}

    def results(self, atom: Atom, value: bool) -> Atom:
        if not value:
            return self.result(atom)
        assert isinstance(atom, Tree)
        output, gradients = atom.items
        self.taken.update(map(self.memory.of, ir.variables(output)))
        return Tree(tuple, (output, self.result(gradients)))

    def result(self, atom: Atom) -> Atom:
        if isinstance(atom, Tree):
            return Tree(atom.kind, tuple(self.result(item) for item in atom.items), atom.keys)
        if not isinstance(atom, Var) or isinstance(self.spec(atom), (sp.Number, sp.Known)):
            return atom
        call = self.defs.get(atom)
        source = call
        if call is not None and isinstance(call.op, Const) and call.op.value == ir.Method("astype"):
            source = self.defs.get(call.args[0])  # type: ignore[arg-type]
        if source is not None and isinstance(source.op, Const) and source.op.value is np.broadcast_to:
            return self.spread(atom, source)
        memory = self.memory.of(atom)
        if self.memory.is_own(atom) and memory not in self.taken:
            self.taken.add(memory)
            return atom
        return self.copied(atom)

    def copied(self, atom: Var) -> Atom:
        """A copy; a helper's where nothing is known of the value."""
        origin = self.defs[atom].origin if atom in self.defs else Origin(backward=True)
        with self.at(origin):
            op = ir.Method("copy") if isinstance(self.spec(atom), sp.Array) else runtime.owned
            copy = self.call(op, atom)
        assert isinstance(copy, Var)
        if atom in self.adjoint_of:
            self.adjoint_of[copy] = self.adjoint_of[atom]
        return copy

    def spread(self, atom: Var, call: Call) -> Atom:
        """A value spread over a shape, as an array of its own."""
        value, shape = call.args
        spec = self.spec(atom)
        with self.at(call.origin):
            new = self.filled(value, shape, spec, atom.name)
        assert isinstance(new, Var)
        if atom in self.adjoint_of:
            self.adjoint_of[new] = self.adjoint_of[atom]
        self.taken.add(new)
        return new

    def filled(self, value: Atom, shape: Atom, spec: Any, name: str) -> Atom:
        like = self.like(spec)
        one = isinstance(value, Const) and value.value == 1
        if like is not None:
            return (
                self.call(np.ones_like, like, name=name)
                if one
                else self.call(np.full_like, like, value, name=name)
            )
        given = self.spec(value)
        plain = (
            isinstance(given, sp.Number) and given.type in (float, np.float64) and spec.dtype == np.float64
        )
        keyword = {} if plain else {"dtype": Const(spec.dtype.type)}
        return self.call(np.full, shape, value, name=name, **keyword)

    def like(self, spec: Any) -> Var | None:
        """An argument of exactly this shape and dtype."""
        if not isinstance(spec, sp.Array) or not spec.shape or any(dim is None for dim in spec.shape):
            return None
        source = whole(spec.shape, self)
        other = self.specs.get(source) if source is not None else None
        return source if isinstance(other, sp.Array) and other.dtype == spec.dtype else None
