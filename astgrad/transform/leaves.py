"""Leaves: what a walk over a function reads from outside, and the facts that it then stands on.

In come the roots, which are parameters and captured names with the values of one call; out come atoms: a
Var for each number and array, a Tree for each container of static structure, a Const for what is known by
value or identity. A fact is recorded once somebody asks for the spec that stands on it.

    p = {"W": W, "n": 3}   ->   Tree(dict, (t1, t2)), t1 = getitem(p, 'W'): f8[t10, t11]
"""

from __future__ import annotations

import functools
import operator
from types import CellType, FunctionType, MethodType
from typing import Any, NoReturn

import numpy as np

from astgrad import ir
from astgrad.analyses import specs as sp
from astgrad.analyses.facts import LEAVES, Fact, Facts, Path, leaf_fact, leaf_spec
from astgrad.analyses.specs import UNKNOWN, Spec
from astgrad.errors import AstgradError, refuse
from astgrad.ir import Atom, Capture, Const, Function, Tree, Var
from astgrad.records import fresh, state
from astgrad.rules import registry
from astgrad.transform import containers, objects
from astgrad.transform.builder import Builder


@state
class Leaves(Builder):
    """The roots of a function and what was read from them, what each Var depends on, and the facts."""

    facts: Facts = fresh(factory=Facts)
    varied: set[Var] = fresh(factory=set)  # depends on a differentiated leaf
    paths: dict[Atom, Path] = fresh(factory=dict)  # leaves of roots, and callables among them
    pending: dict[Var, Fact] = fresh(factory=dict)  # facts not consulted yet
    roots: dict[tuple[int, str], Var] = fresh(factory=dict)  # of captured names, by holder
    captures: dict[tuple[int, str], tuple[Var, Capture, Atom]] = fresh(factory=dict)
    guards: list[ir.Guard] = fresh(factory=list)
    numbered: set[Var] = fresh(factory=set)  # items that have no name but their number
    cells: dict[int, CellType] = fresh(factory=dict)  # of objects that no name leads to, by id
    live: dict[Atom, Any] = fresh(factory=dict)  # bound methods behind Closures

    def root(self, var: Var, name: str) -> Atom:
        """A root as an atom: itself, a constant, or the Tree of its leaves."""
        path = Path(var)
        if self.facts.values is None or name not in self.facts.values:
            self.paths[var] = path
            return var
        self.facts.bind(var, self.facts.values[name])
        return self.leaf(path, self.facts.values[name], name, var)

    def leaf(
        self, path: Path, value: Any, name: str, var: Var | None = None, budget: list[int] | None = None
    ) -> Atom:
        """What is known of the value at `path`; `var` is given where it is bound already."""
        budget = budget if budget is not None else [LEAVES]
        parts = containers.split(value)
        if parts is not None and len(parts[1]) <= budget[0]:
            (kind, expected), pairs = parts
            budget[0] -= len(pairs)
            self.facts.use(Fact(path, "type", type(value)), Fact(path, kind, expected))
            named = kind == "type"
            items = []
            for key, item in pairs:
                step = path.attr(key) if named else path.item(key)
                items.append(self.leaf(step, item, containers.leaf_name(name, key), None, budget))
            return Tree(
                type(value), tuple(items), containers.keys_of(type(value), tuple(k for k, _ in pairs))
            )
        fact = leaf_fact(path, value)
        if isinstance(value, FunctionType):
            self.facts.use(
                Fact(path, "type", FunctionType), Fact(path.attr("__code__"), "is", value.__code__)
            )
            return self.constant(path, value)
        if isinstance(value, MethodType) and isinstance(value.__func__, FunctionType):
            return self.method_leaf(path, value)
        if registry.lookup(value) is not None:
            self.facts.use(Fact(path, "is", value))
            return self.constant(path, value)
        if isinstance(value, functools.partial):
            self.facts.use(Fact(path, "type", functools.partial))
            return self.constant(path, value)
        if fact.kind in ("value", "is"):
            self.facts.use(fact)
            return self.constant(path, value)
        if var is None:
            var = self.read(path, name)
            if path.steps and isinstance(path.steps[-1][1], int):
                self.numbered.add(var)
        self.paths[var] = path
        self.pending[var] = fact
        self.facts.sources[var] = path
        tracked = fact.kind == "array" or isinstance(value, (int, float, complex, np.generic))
        self.specs[var] = leaf_spec(value, var, self.facts.asked) if tracked else UNKNOWN
        return var

    def method_leaf(self, path: Path, value: MethodType) -> Atom:
        """A bound method: its function, and the object that it is bound to as a leaf of its own."""
        function = path.attr("__func__")
        self.facts.use(Fact(path, "type", MethodType))
        walk: Any = self
        called: Any = value.__func__
        objects.unchanged(walk, function, called)
        receiver = self.leaf(path.attr("__self__"), value.__self__, "self")
        method = objects.bound(walk, called, receiver)
        self.live[method] = value
        return method

    def constant(self, path: Path, value: Any) -> Const:
        const = Const(value)
        self.paths[const] = path
        return const

    def read(self, path: Path, name: str) -> Var:
        """The statement that reads a leaf of a container or an attribute of an object."""
        value: Atom = path.root
        for index, (kind, key) in enumerate(path.steps):
            last = index == len(path.steps) - 1
            op = Const(operator.getitem if kind == "item" else getattr)
            value = self.append(op, (value, Const(key)), (), UNKNOWN, ir.VIEW, name if last else "")
        assert isinstance(value, Var)
        return value

    def spec(self, atom: Atom) -> Spec:
        """What is known of an atom; the fact it stands on becomes part of the signature."""
        if not isinstance(atom, Var):
            return super().spec(atom)
        if atom in self.pending:
            self.facts.use(self.pending.pop(atom))
        return self.specs.get(atom, UNKNOWN)

    def force(self, atom: Atom) -> Atom:
        """An int leaf that decides a rank, by value (S2)."""
        path = self.paths.get(atom) if isinstance(atom, Var) else None
        if path is None or not self.facts.may_force(path):
            return atom
        value = self.facts.value(path)
        if type(value) is not int:
            return atom
        self.facts.use(Fact(path, "value", value))
        return Const(value)

    def exact_length(self, dim: sp.Dimension) -> int | None:
        """A dimension by value, which then belongs to the signature; None where it is not an argument's."""
        if not isinstance(dim, sp.Dim):
            return dim
        path = self.facts.sources.get(dim.source)
        if path is None or dim.offset or not self.facts.known(path):
            return None
        length = int(self.facts.value(path).shape[dim.axis])
        self.facts.use(Fact(path, f"axis{dim.axis}", (dim.axis, length)))
        return length

    def captured(self, capture: Capture) -> Atom:
        """A captured name as a root; one root for each place it lives in."""
        key = (id(capture.holder), capture.name)
        if key not in self.captures:
            var = self.roots.setdefault(key, Var(capture.name))
            if self.facts.values is None:
                self.paths[var] = Path(var)
                atom: Atom = var
            else:
                value = capture.read()
                self.facts.bind(var, value)
                atom = self.leaf(Path(var), value, capture.name, var)
            self.captures[key] = (var, capture, atom)
        return self.captures[key][2]

    def finish(self, function: Function, params: tuple[ir.Param, ...], result: Atom) -> Function:
        captures = tuple((var, capture) for var, capture, _ in self.captures.values())
        bound = tuple(p.var for p in params) + tuple(var for var, _ in captures)
        body = ir.Block(bound, tuple(self.body), (result,))
        guards = tuple({(id(g.capture.holder), g.capture.name, g.path): g for g in self.guards}.values())
        return Function(function.name, params, body, captures, guards, function.doc, function.origin)

    def vary(self, argument: Atom) -> None:
        """Differentiate with respect to the float leaves of an argument."""
        for var in ir.variables(argument):
            dtype, path = sp.dtype_of(self.spec(var)), self.paths.get(var)
            index = (
                path is not None and self.facts.known(path) and type(self.facts.value(path)) in (slice, range)
            )
            if (dtype is None and not index) or (dtype is not None and dtype.kind in "fc"):
                self.varied.add(var)

    def is_varied(self, *atoms: Atom) -> bool:
        return any(not self.varied.isdisjoint(ir.variables(atom)) for atom in atoms)

    def refuse(self, kind: type[AstgradError], message: str, advice: str = "") -> NoReturn:
        refuse(kind, self.origin, message, advice)
