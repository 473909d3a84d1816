"""Specialize: one walk over a function that knows what its arguments are.

In comes a lowered function and the facts of a call, out goes a function in which every call is resolved:
specs propagated, Python callees inlined, methods and attributes resolved, static tests folded, static
containers replaced by their leaves, effects as the registry declares them.

    def f(p, x): return scale(p["W"], x)          t1 = getitem(p, 'W'): f8[t10, t11]
    def scale(A, x): return A.T @ x               t2 = getattr(t1, 'T')
                                                  t3 = matmul(t2, x); return t3
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.facts import LEAVES, Fact, Facts, Path, leaf_fact, leaf_spec
from astgrad.analyses.specs import UNKNOWN, Spec
from astgrad.errors import (
    AstgradError,
    InternalError,
    MissingRule,
    Origin,
    UnsupportedSyntax,
    UntrackedMutation,
    refuse,
)
from astgrad.frontend.lower import lower
from astgrad.ir import Atom, Call, Capture, Closure, Const, Effects, Function, Method, Tree, Var
from astgrad.rules import registry
from astgrad.transform import broadcasting, containers
from astgrad.transform.builder import Builder, atom_of
from astgrad.transform.containers import NOT_HERE

AUGMENTED = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
    operator.ifloordiv: operator.floordiv,
    operator.imod: operator.mod,
    operator.ipow: operator.pow,
    operator.imatmul: operator.matmul,
    operator.iand: operator.and_,
    operator.ior: operator.or_,
    operator.ixor: operator.xor,
    operator.ilshift: operator.lshift,
    operator.irshift: operator.rshift,
}
RANK_DECIDING = frozenset(("axis", "axes", "axis1", "axis2", "source", "destination", "ord"))
LIST_PARAMETERS = frozenset(("arrays", "object", "seq", "tup", "arys", "operands", "shape", "newshape"))
STATIC_ATTRIBUTES = ("shape", "ndim", "size", "dtype", "itemsize", "nbytes")
RECURSION = 20  # calls of one function inside itself
DEPTH = 200  # of inlined calls


@dataclass(frozen=True)
class Specialized:
    """A function specialized to the facts of a call."""

    function: Function
    specs: dict[Var, Spec]
    facts: Facts
    varied: set[Var]  # depends on a differentiated leaf
    arguments: dict[str, Atom]  # parameter name -> its leaves, in their structure
    builder: Specializer

    @property
    def output(self) -> Atom:
        return self.function.body.results[0]


def specialize(function: Function, facts: Facts, wrt: Iterable[str], owner: Any = None) -> Specialized:
    """Walk `function` with what `facts` know of its arguments; `wrt` names the differentiated ones.

    `owner` is the gradient that this is for. Raises an AstgradError with the line, where a construct
    cannot be differentiated.
    """
    walk = Specializer(facts=facts, gradients=[owner])
    wrt = frozenset(wrt)
    arguments: dict[str, Atom] = {}
    params = []
    for param in function.params:
        root = Var(param.var.name)
        params.append(ir.Param(root, param.kind, param.default))
        arguments[root.name] = walk.root(root, root.name)
    for name in wrt:
        walk.vary(arguments[name])
    env: dict[Var, Atom] = {p.var: arguments[p.var.name] for p in function.params}
    result = walk.run(function, env)
    return Specialized(
        walk.finish(function, tuple(params), result), walk.specs, facts, walk.varied, arguments, walk
    )


@dataclass
class Specializer(Builder):
    """The state of the walk: what each Var is, where it was read, what it depends on."""

    facts: Facts = field(default_factory=Facts)
    varied: set[Var] = field(default_factory=set)
    paths: dict[Atom, Path] = field(default_factory=dict)  # leaves of roots, and callables among them
    pending: dict[Var, Fact] = field(default_factory=dict)  # facts not consulted yet
    roots: dict[tuple[int, str], Var] = field(default_factory=dict)  # of captured names, by holder
    captures: dict[tuple[int, str], tuple[Var, Capture, Atom]] = field(default_factory=dict)
    guards: list[ir.Guard] = field(default_factory=list)
    stack: list[Function] = field(default_factory=list)
    gradients: list[Any] = field(default_factory=list)  # being generated
    in_rule: bool = False

    # --- roots: parameters and captured names

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
        if fact.kind in ("value", "is"):
            self.facts.use(fact)
            return self.constant(path, value)
        if var is None:
            var = self.read(path, name)
        self.paths[var] = path
        self.pending[var] = fact
        self.facts.sources[var] = path
        tracked = fact.kind == "array" or isinstance(value, (int, float, complex, np.generic))
        self.specs[var] = leaf_spec(value, var, self.facts.asked) if tracked else UNKNOWN
        return var

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
        if isinstance(atom, Var) and atom in self.pending:
            self.facts.use(self.pending.pop(atom))
        return super().spec(atom)

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

    # --- functions

    def run(self, function: Function, env: dict[Var, Atom]) -> Atom:
        """Walk a function whose parameters are bound in `env`; the value it returns."""
        for var, capture in function.captures:
            env[var] = self.captured(function, capture)
        self.guards += () if self.in_rule else function.guards
        self.stack.append(function)
        self.block(function.body, env)
        self.stack.pop()
        return self.atom(function.body.results[0], env)

    def captured(self, function: Function, capture: Capture) -> Atom:
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

    def block(self, block: ir.Block, env: dict[Var, Atom]) -> None:
        for statement in block.body:
            if isinstance(statement, ir.If):
                self.branch(statement, env)
            elif isinstance(statement, Call):
                self.statement(statement, env)
            else:
                raise InternalError(f"specialize does not know {type(statement).__name__}")

    def branch(self, statement: ir.If, env: dict[Var, Atom]) -> None:
        """A test that the specs decide: its branch is walked in place."""
        test = sp.static(self.spec(self.atom(statement.test, env)))
        taken = statement.then if test else statement.orelse
        self.block(taken, env)
        for target, result in zip(statement.targets, taken.results):
            env[target] = self.atom(result, env)

    def statement(self, call: Call, env: dict[Var, Atom]) -> None:
        op = self.atom(call.op, env)
        args = tuple(self.atom(arg, env) for arg in call.args)
        kwargs = tuple((name, self.atom(value, env)) for name, value in call.kwargs)
        name = call.target.name if call.target and not self.in_rule else ""
        if self.in_rule:
            value = self.apply(op, args, kwargs, name)
        else:
            with self.at(call.origin):
                value = self.apply(op, args, kwargs, name)
        if call.target is not None:
            env[call.target] = value

    def atom(self, atom: Atom, env: dict[Var, Atom]) -> Atom:
        return ir.substitute(atom, env)

    def inline(
        self, function: Function, args: Any, kwargs: Any, env: dict[Var, Atom], defaults: dict[str, Atom]
    ) -> Atom:
        """The body of a Python callee, here."""
        frames = sum(function.origin == other.origin for other in self.stack) if function.origin.line else 0
        if frames >= RECURSION and not self.in_rule:
            self.refuse(
                UnsupportedSyntax,
                f"{function.name} calls itself",
                "recursion is not differentiated yet: write the steps out",
            )
        if len(self.stack) > DEPTH:
            self.refuse(UnsupportedSyntax, "calls are nested too deep", "")
        env.update(self.bind(function, args, kwargs, defaults))
        return self.run(function, env)

    def bind(self, function: Function, args: Any, kwargs: Any, defaults: dict[str, Atom]) -> dict[Var, Atom]:
        """Arguments to parameters, as Python does; raises the TypeError that the call would raise."""
        signature = inspect.Signature(
            [
                inspect.Parameter(
                    p.var.name, getattr(inspect.Parameter, p.kind), default=self.default(p, defaults)
                )
                for p in function.params
            ]
        )
        try:
            bound = signature.bind(*args, **dict(kwargs))
        except TypeError as error:
            raise TypeError(f"{function.name}() {error}") from None
        bound.apply_defaults()
        return {p.var: bound.arguments[p.var.name] for p in function.params}

    def default(self, param: ir.Param, defaults: dict[str, Atom]) -> Any:
        value = defaults.get(param.var.name, param.default)
        if value is None:
            return inspect.Parameter.empty
        if isinstance(value, Const) and isinstance(value.value, (np.ndarray, list, dict, set)):
            self.refuse(
                UnsupportedSyntax,
                f"the default of {param.var.name!r} is a mutable object",
                "pass it as an argument",
            )
        return value

    # --- calls

    def apply(
        self, op: Atom, args: tuple[Atom, ...], kwargs: tuple[tuple[str, Atom], ...], name: str = ""
    ) -> Atom:
        """The value of a call: by its rule, by inlining the callee, or refused."""
        if isinstance(op, Closure):
            return self.inline(op.function, args, kwargs, dict(op.cells), dict(op.defaults))
        if isinstance(op, Var):
            return self.object_call(op, args, kwargs)
        assert isinstance(op, Const)
        value = op.value
        if registry.hashable(value) and value in containers.FUNCTIONS:
            args = tuple(self.as_tree(arg) for arg in args)
        try:
            moved = containers.call(value, args, kwargs)
        except containers.Indexing as error:
            raise error.args[0] from None
        if moved is not NOT_HERE:
            return moved
        if isinstance(value, Method):
            return self.method(value, args, kwargs, name)
        special = SPECIAL.get(value) if registry.hashable(value) else None
        if special is not None and not kwargs:
            result = special(self, args, name)
            if result is not NOT_HERE:
                return result
        if hasattr(value, "__astgrad_operator__"):
            return self.operator_call(value, args, kwargs)
        if (getattr(value, "__module__", "") or "").startswith("astgrad.rules"):
            return self.rule_call(op, args, name)
        if registry.lookup(value) is not None:
            return self.ruled(op, args, kwargs, name)
        if isinstance(value, FunctionType) and not _is_numpy(value):
            return self.function_call(op, args, kwargs)
        if isinstance(value, MethodType) and isinstance(value.__func__, FunctionType):
            return self.apply(Const(value.__func__), (Const(value.__self__), *args), kwargs, name)
        if hasattr(value, "__astgrad_gradient__"):
            return self.gradient_call(value, args, kwargs)
        return self.foreign(op, args, kwargs, name)

    def as_tree(self, atom: Atom) -> Atom:
        """A shape, or another value that is known to be a tuple or list, as the Tree of its items."""
        spec = self.spec(atom) if isinstance(atom, Var) else None
        if not isinstance(spec, sp.Struct):
            return atom
        items = (
            self.ruled(Const(operator.getitem), (atom, Const(i)), (), "") for i in range(len(spec.items))
        )
        return Tree(spec.kind, tuple(items), spec.keys)

    def function_call(self, op: Const, args: Any, kwargs: Any) -> Atom:
        """A Python function, inlined; the cells of one that came as an argument are read through it."""
        function = lower(op.value, rule=self.in_rule)
        path = self.paths.get(op)
        env: dict[Var, Atom] = {}
        if path is None or self.in_rule:
            return self.inline(function, args, kwargs, env, {})
        env = self.cells(function, op.value, path)
        return self.inline(_without(function, env), args, kwargs, env, self.live_defaults(op.value, path))

    def live_defaults(self, value: FunctionType, path: Path) -> dict[str, Atom]:
        """Defaults of a function that is an argument, as leaves of that argument."""
        found: dict[str, Atom] = {}
        code, values = value.__code__, value.__defaults__ or ()
        names = code.co_varnames[: code.co_argcount][code.co_argcount - len(values) :]
        step = path.attr("__defaults__")
        if values:
            self.facts.use(Fact(step, "length", len(values)))
        for i, name in enumerate(names):
            found[name] = self.leaf(step.item(i), values[i], name)
        for name, default in (value.__kwdefaults__ or {}).items():
            found[name] = self.leaf(path.attr("__kwdefaults__").item(name), default, name)
        return found

    def cells(self, function: Function, value: FunctionType, path: Path) -> dict[Var, Atom]:
        """Closure cells of a function that is an argument, as leaves of that argument."""
        found: dict[Var, Atom] = {}
        for var, capture in function.captures:
            if capture.name in value.__code__.co_freevars:
                index = value.__code__.co_freevars.index(capture.name)
                cell = path.attr("__closure__").item(index).attr("cell_contents")
                found[var] = self.leaf(cell, self.facts.value(cell), capture.name)
        return found

    def operator_call(self, operator_: Any, args: Any, kwargs: Any) -> Atom:
        """`grad(f)` inside a function: the gradient is made here, of a function known by name."""
        options = {key: self.spec(value) for key, value in kwargs}
        try:
            given = [sp.static(self.spec(arg)) for arg in args]
            made = operator_(*given, **{key: sp.static(spec) for key, spec in options.items()})
        except sp.Undecided:
            made = None
        if made is None or not args or not isinstance(args[0], Const):
            self.refuse(
                UnsupportedSyntax,
                f"{operator_.__name__}() of a function that is made here is not differentiated yet",
                "take the gradient outside of the differentiated function",
            )
        return Const(made)

    def rule_call(self, op: Const, args: Any, name: str) -> Atom:
        """A rule that a first derivative calls as a helper: its lines, where the specs decide them now."""
        names = op.value.__code__.co_varnames
        result = self.instantiate(op.value, dict(zip(names, args)))
        call = self.defs.get(result) if isinstance(result, Var) else None
        if (
            call is not None
            and call.op is not op
            and getattr(call.op, "value", None) is op.value
            and self.is_varied(*args)
        ):
            self.refuse(
                MissingRule,
                "the second derivative here needs kinds that are not known",
                "pass arrays or floats of known kinds",
            )
        return result

    def gradient_call(self, gradient: Any, args: Any, kwargs: Any) -> Atom:
        """A call of a gradient function, entered through its IR (section 3.6 of the design)."""
        return gradient.__astgrad_gradient__(self, args, kwargs)

    def method(self, method: Method, args: Any, kwargs: Any, name: str) -> Atom:
        receiver = args[0]
        if isinstance(receiver, Const) and isinstance(receiver.value, ModuleType):
            return self.apply(Const(getattr(receiver.value, method.name)), args[1:], kwargs, name)
        spec = self.spec(receiver)
        if isinstance(spec, sp.Number) and spec.type in sp.NUMBERS and method.name == "conjugate":
            return self.apply(Const(np.conj), args, kwargs, name)
        if isinstance(spec, (sp.Array, sp.Number)):
            if registry.lookup(method) is not None:
                return self.ruled(Const(method), args, kwargs, name)
            self.foreign_method(method, args, name)
        if isinstance(receiver, Tree):
            attribute = containers.get_attribute(receiver, method.name)
            if attribute is not NOT_HERE:
                return self.apply(attribute, args[1:], kwargs, name)
            member = getattr(receiver.kind, method.name, None)
            if isinstance(member, FunctionType) and receiver.kind not in (tuple, list, dict):
                return self.apply(Const(member), args, kwargs, name)
            self.refuse(
                UnsupportedSyntax, f".{method.name}() of a {receiver.kind.__name__} is not differentiated", ""
            )
        exact = self.is_varied(receiver) or self.facts.values is None
        if exact and registry.lookup(method) is not None and spec is UNKNOWN and receiver not in self.paths:
            return self.ruled(Const(method), args, kwargs, name)
        member = self.attribute(receiver, method.name)
        if member is not NOT_HERE:
            return self.apply(member, args[1:], kwargs, name)
        if exact and registry.lookup(method) is not None:
            return self.ruled(Const(method), args, kwargs, name)
        return self.foreign(Const(method), args, kwargs, name)

    def attribute(self, receiver: Atom, name: str) -> Atom | Any:
        """The attribute of an object at a path: a leaf, or a function bound to it."""
        if isinstance(receiver, Const):
            return self.constant_attribute(receiver, name)
        path = self.paths.get(receiver)
        if path is None or not self.facts.known(path) or self.spec(receiver) is not UNKNOWN:
            return NOT_HERE
        value = self.facts.value(path)
        member = inspect.getattr_static(type(value), name, None)
        self.facts.use(Fact(path, "type", type(value)))
        if isinstance(member, property) and isinstance(member.fget, FunctionType):
            return self.apply(Const(member.fget), (receiver,), ())
        if isinstance(member, FunctionType) and name not in getattr(value, "__dict__", ()):
            self.facts.use(Fact(path.attr(name).attr("__code__"), "is", member.__code__))
            return Closure(*_bound(lower(member), receiver))
        if not hasattr(value, name):
            raise AttributeError(f"{type(value).__name__!r} object has no attribute {name!r}")
        return self.leaf(path.attr(name), getattr(value, name), name)

    def constant_attribute(self, receiver: Const, name: str) -> Atom | Any:
        """An attribute of a module or type: a fact of its own, since it can be rebound."""
        value = receiver.value
        if self.facts.values is None or isinstance(value, (str, int, float, complex, type(None), np.generic)):
            return NOT_HERE
        key = (id(value), "")
        var = self.roots.setdefault(key, Var())
        self.facts.bind(var, value)
        if key not in self.captures:
            holder = {receiver.text or "module": receiver.value}
            self.captures[key] = (var, Capture(receiver.text or "module", holder), var)
        if not isinstance(value, (ModuleType, type)):
            self.paths[var] = Path(var)
            return self.attribute(var, name)
        return self.leaf(Path(var).attr(name), getattr(value, name), name)

    def object_call(self, op: Var, args: Any, kwargs: Any) -> Atom:
        member = self.attribute(op, "__call__") if op in self.paths else NOT_HERE
        if member is not NOT_HERE:
            return self.apply(member, args, kwargs)
        self.refuse(
            MissingRule,
            "the function called here is known only at run time",
            "pass it as an argument of its own",
        )

    # --- statements that stay

    def ruled(self, op: Const, args: Any, kwargs: Any, name: str) -> Atom:
        """A call of a function that the registry knows."""
        rule = registry.lookup(op.value)
        for key, value in kwargs:
            if key == "out" and not (isinstance(value, Const) and value.value is None):
                self.refuse(
                    UntrackedMutation, "'out=' writes into an array", "assign the result to a name instead"
                )
        try:
            bound = registry.bind(rule, args, dict(kwargs))
        except (TypeError, KeyError, AstgradError, registry.UnknownKeyword):
            bound = {}
        args, kwargs = self.operands(op, rule, bound, args, kwargs)
        result = self.emit(op, args, kwargs, name)
        if isinstance(result, Var) and self.depends(rule, bound, args, kwargs, result):
            self.varied.add(result)
        return result

    def operands(
        self, op: Const, rule: Any, bound: dict[str, Any], args: Any, kwargs: Any
    ) -> tuple[Any, Any]:
        """Operands with ranks decided by value, and lists of numbers made arrays (S2, S3)."""
        replaced: dict[int, Atom] = {}
        for name, atom in bound.items():
            if name in RANK_DECIDING:
                replaced[id(atom)] = self.force(atom)
            elif name in rule.wrt and name not in LIST_PARAMETERS and isinstance(atom, Tree):
                replaced[id(atom)] = self.array_of(atom)
        if not replaced:
            return args, kwargs
        args = tuple(replaced.get(id(arg), arg) for arg in args)
        return args, tuple((key, replaced.get(id(value), value)) for key, value in kwargs)

    def array_of(self, tree: Tree) -> Atom:
        return self.ruled(Const(np.array), (tree,), (), "")

    def depends(self, rule: Any, bound: dict[str, Any], args: Any, kwargs: Any, result: Var) -> bool:
        """Whether a result depends on a differentiated leaf."""
        spec = self.specs[result]
        dtype = sp.dtype_of(spec)
        if (dtype is not None and dtype.kind not in "fc") or isinstance(spec, sp.Known):
            return False
        operands = (*args, *(value for _, value in kwargs))
        if rule.kind == "constant":
            operands = tuple(bound[name] for name in rule.but if name in bound)
        else:
            shapes = {id(bound[name]) for name in rule.shape_only if name in bound and name not in rule.wrt}
            operands = tuple(operand for operand in operands if id(operand) not in shapes)
        return self.is_varied(*operands)

    def vary(self, argument: Atom) -> None:
        """Differentiate with respect to the float leaves of an argument."""
        for var in ir.variables(argument):
            dtype = sp.dtype_of(self.spec(var))
            if dtype is None or dtype.kind in "fc":
                self.varied.add(var)

    def is_varied(self, *atoms: Atom) -> bool:
        return any(var in self.varied for atom in atoms for var in ir.variables(atom))

    def foreign(self, op: Const, args: Any, kwargs: Any, name: str) -> Atom:
        """A call that the registry does not know and that has no source (S22)."""
        operands = (*args, *(value for _, value in kwargs))
        if self.in_rule and (_is_numpy(op.value) or isinstance(op.value, (np.ufunc, Method))):
            return self.append(op, args, kwargs, UNKNOWN, Effects(None, (), False, "unknown"), name)
        shown = op.text or getattr(op.value, "__name__", repr(op.value))
        if isinstance(op.value, Method):
            shown = f".{op.value.name}()"
        if self.is_varied(*operands):
            self.refuse(
                MissingRule,
                f"{shown} has no derivative rule",
                "write one (docs/adding_a_rule.md), or wrap the argument in stop_gradient(...)",
            )
        pure = isinstance(op.value, np.ufunc)
        if not pure and any(isinstance(self.spec(v), sp.Array) for o in operands for v in ir.variables(o)):
            self.refuse(
                UntrackedMutation,
                f"{shown} may write into the array that it is given",
                "pass a copy of what it needs outside the function, or declare it (docs/adding_a_rule.md)",
            )
        if any(isinstance(operand, Closure) for operand in operands):
            self.refuse(
                UnsupportedSyntax, f"a nested function is passed to {shown}, which cannot be entered", ""
            )
        effects = ir.PURE if pure else Effects(None, (), True, "unknown")
        return self.append(op, args, kwargs, UNKNOWN, effects, name)

    def foreign_method(self, method: Method, args: Any, name: str) -> None:
        self.refuse(
            MissingRule,
            f"the array method .{method.name}() has no derivative rule",
            "write it with a NumPy function that has one (docs/rules.md)",
        )

    def refuse(self, kind: type[AstgradError], message: str, advice: str = "") -> Any:
        refuse(kind, self.origin, message, advice)

    # --- gradients called inside the function

    def inside(self) -> tuple[Specializer, dict[Var, Atom]]:
        """A walk of its own over a function whose gradient is called here; what it learns is shared."""
        inner = Specializer(
            specs=self.specs,
            facts=self.facts,
            pending=self.pending,
            roots=self.roots,
            guards=self.guards,
            stack=self.stack,
            gradients=self.gradients,
        )
        return inner, {}

    def fresh(self, outer: Specializer, atom: Atom, name: str, outer_of: dict[Var, Atom]) -> Atom:
        """An argument of that function: new Vars for its leaves, which `outer_of` maps back."""
        if isinstance(atom, Tree):
            items = (self.fresh(outer, item, "", outer_of) for item in atom.items)
            return Tree(atom.kind, tuple(items), atom.keys)
        spec = outer.spec(atom)
        if not isinstance(atom, Var) and not isinstance(spec, sp.Number):
            return atom
        var = Var(atom.name if isinstance(atom, Var) and atom.name else name)
        self.specs[var] = spec
        outer_of[var] = atom
        if isinstance(atom, Var) and atom in outer.paths:
            self.paths[var] = outer.paths[atom]
        return var

    def again(self, function: Function, outer_of: dict[Var, Atom]) -> Atom:
        """Walk the statements of a finished gradient here."""
        env: dict[Var, Atom] = dict(outer_of)
        for var, capture in function.captures:
            env[var] = self.captured(function, capture)
        for statement in function.body.body:
            assert isinstance(statement, Call)
            self.statement(replace(statement, origin=replace(statement.origin, backward=False)), env)
        return self.atom(function.body.results[0], env)

    # --- rules

    def instantiate(self, rule_function: Callable[..., Any], bound: dict[str, Any]) -> Atom:
        """The lines of a rule, here, on these operands; the rule called as a helper where specs do not decide."""
        function = lower(rule_function, rule=True)
        before, depth = len(self.body), len(self.stack)
        self.in_rule, outer = True, self.in_rule
        try:
            env = {p.var: atom_of(bound.get(p.var.name, p.default)) for p in function.params}
            return self.run(function, env)
        except sp.Undecided:
            for statement in self.body[before:]:
                for target in ir.targets(statement):
                    self.defs.pop(target, None)
            del self.body[before:]
            del self.stack[depth:]
            args = tuple(atom_of(bound.get(p.var.name, p.default)) for p in function.params)
            return self.append(Const(rule_function), args, (), UNKNOWN, ir.PURE)
        finally:
            self.in_rule = outer


# --- operations that the walk resolves itself


def _getattr(walk: Specializer, args: Any, name: str) -> Any:
    value, attribute = args[0], args[1].value
    if isinstance(value, Tree):
        found = containers.get_attribute(value, attribute)
        if found is NOT_HERE and isinstance(getattr(value.kind, attribute, None), property):
            return walk.apply(Const(getattr(value.kind, attribute).fget), (value,), (), name)
        return found
    spec = walk.spec(value)
    if isinstance(spec, (sp.Array, sp.Number)) or (isinstance(value, Var) and not walk.facts.roots):
        if attribute not in (*registry.ATTRIBUTES, *STATIC_ATTRIBUTES) and spec is not UNKNOWN:
            walk.refuse(MissingRule, f"the array attribute .{attribute} has no derivative rule", "")
        result = walk.emit(Const(getattr), args, (), name)
        if isinstance(result, Var) and attribute not in STATIC_ATTRIBUTES and walk.is_varied(value):
            walk.varied.add(result)
        return result
    found = walk.attribute(value, attribute)
    if found is NOT_HERE and walk.is_varied(value):
        if attribute not in (*registry.ATTRIBUTES, *STATIC_ATTRIBUTES):
            walk.refuse(
                MissingRule, f"the attribute .{attribute} of what is computed here has no derivative rule", ""
            )
        result = walk.emit(Const(getattr), args, (), name)
        if isinstance(result, Var) and attribute not in STATIC_ATTRIBUTES:
            walk.varied.add(result)
        return result
    if found is NOT_HERE:
        return walk.append(Const(getattr), args, (), UNKNOWN, Effects(None, (), True, "unknown"), name)
    return found


def _getitem(walk: Specializer, args: Any, name: str) -> Any:
    value, index = args
    if not isinstance(value, Tree):
        spec = walk.spec(value)
        if isinstance(spec, sp.Struct):
            return _getitem(walk, (walk.as_tree(value), index), name)
        return NOT_HERE
    index = walk.force(index)
    try:
        return containers.getitem(value, sp.static(walk.spec(index)))
    except sp.Undecided:
        walk.refuse(
            UnsupportedSyntax,
            f"the index of a {value.kind.__name__} is not known before the call",
            "use an array, or a constant index",
        )
    except containers.Indexing as error:
        raise error.args[0] from None


def _unpack(walk: Specializer, args: Any, name: str) -> Any:
    value, count = args[0], args[1].value
    items = containers.elements(value)
    spec = walk.spec(value)
    length = len(items) if items is not None else len(spec.items) if isinstance(spec, sp.Struct) else None
    if length is None and isinstance(spec, sp.Array) and spec.shape:
        length = walk.exact_length(spec.shape[0])
        if length == count:
            rows = (walk.ruled(Const(operator.getitem), (value, Const(i)), (), "") for i in range(count))
            return Tree(tuple, tuple(rows))
    if length is None:
        return NOT_HERE
    if length != count:
        few = f"not enough values to unpack (expected {count}, got {length})"
        raise ValueError(few if length < count else f"too many values to unpack (expected {count})")
    return Tree(tuple, items) if items is not None else value


def _augmented(plain: Any) -> Callable[..., Any]:
    def augmented(walk: Specializer, args: Any, name: str) -> Any:
        target, value = args
        spec = walk.spec(target)
        if isinstance(spec, sp.Array) or (isinstance(target, Tree) and target.kind in (list, dict)):
            walk.refuse(
                UntrackedMutation,
                "an augmented assignment writes into an array or list",
                "write 'x = x + y', which makes a new one",
            )
        if isinstance(spec, sp.Unknown):
            target = walk.ruled(Const(runtime.immutable), (target,), (), "")
        return walk.apply(Const(plain), (target, value), (), name)

    return augmented


def _isinstance(walk: Specializer, args: Any, name: str) -> Any:
    value, types = args
    if not isinstance(types, (Const, Tree)):
        return NOT_HERE
    kinds = types.value if isinstance(types, Const) else sp.static(walk.spec(types))
    spec = walk.spec(value)
    if isinstance(value, Tree):
        return Const(issubclass(value.kind, kinds))
    if isinstance(spec, sp.Array):
        return Const(issubclass(np.ndarray, kinds))
    if isinstance(spec, sp.Number):
        return Const(issubclass(spec.type, kinds))
    return Const(isinstance(spec.value, kinds)) if isinstance(spec, sp.Known) else NOT_HERE


def _unbroadcast(walk: Specializer, args: Any, name: str) -> Any:
    value, x = args
    return broadcasting.unbroadcast(walk, value, x) if walk.in_rule else NOT_HERE


def _unreduce(walk: Specializer, args: Any, name: str) -> Any:
    by, a, axis, keepdims = (*args, Const(None), Const(False))[:4]
    try:
        options = (sp.static(walk.spec(axis)), sp.static(walk.spec(keepdims)))
    except sp.Undecided:
        return NOT_HERE
    spread = broadcasting.unreduce(walk, by, a, *options) if walk.in_rule else None
    return NOT_HERE if spread is None else spread


def _conjugate(walk: Specializer, args: Any, name: str) -> Any:
    dtype = sp.dtype_of(walk.spec(args[0]))
    return args[0] if walk.in_rule and dtype is not None and dtype.kind != "c" else NOT_HERE


def _tree_like(walk: Specializer, args: Any, name: str) -> Any:
    """The adjoint of an array of static lists, item by item."""
    by, tree = args
    if not isinstance(tree, Tree) or not isinstance(walk.spec(by), sp.Array):
        return NOT_HERE

    def item(atom: Atom, place: tuple[int, ...]) -> Atom:
        if isinstance(atom, Tree):
            return Tree(
                atom.kind, tuple(item(each, (*place, i)) for i, each in enumerate(atom.items)), atom.keys
            )
        return (
            walk.call(operator.getitem, by, place if len(place) > 1 else place[0])
            if walk.is_varied(atom)
            else Const(None)
        )

    return item(tree, ())


def _count(walk: Specializer, args: Any, name: str) -> Any:
    a, axis = (*args, Const(None))[:2]
    if isinstance(a, Tree) or not walk.in_rule:
        return NOT_HERE
    try:
        found = broadcasting.size(walk, a, sp.static(walk.spec(axis)))
    except sp.Undecided:
        return NOT_HERE
    return NOT_HERE if found is None else found


SPECIAL: dict[Any, Callable[..., Any]] = {
    runtime.unbroadcast: _unbroadcast,
    runtime.unreduce: _unreduce,
    np.conjugate: _conjugate,
    runtime.count: _count,
    runtime.tree_like: _tree_like,
    np.size: _count,
    getattr: _getattr,
    operator.getitem: _getitem,
    runtime.unpack: _unpack,
    isinstance: _isinstance,
    **{inplace: _augmented(plain) for inplace, plain in AUGMENTED.items()},
}


def _is_numpy(function: Any) -> bool:
    return (getattr(function, "__module__", "") or "").partition(".")[0] == "numpy"


def _without(function: Function, env: dict[Var, Atom]) -> Function:
    """The function with some of its captured names bound otherwise."""
    captures = tuple((var, capture) for var, capture in function.captures if var not in env)
    return Function(
        function.name,
        function.params,
        function.body,
        captures,
        function.guards,
        function.doc,
        function.origin,
    )


def _bound(function: Function, receiver: Atom) -> tuple[Function, Any, Any]:
    """A method with its first parameter bound, as the parts of a Closure."""
    first, *rest = function.params
    bound = Function(
        function.name,
        tuple(rest),
        function.body,
        function.captures,
        function.guards,
        function.doc,
        function.origin,
    )
    return bound, ((first.var, receiver),), ()
