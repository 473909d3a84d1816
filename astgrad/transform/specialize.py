"""Specialize: one walk over a function that knows what its arguments are.

In comes a lowered function and the facts of a call, out goes a function in which every call is resolved:
specs propagated, Python callees inlined, methods and attributes resolved, static tests folded, static
containers replaced by their leaves, effects as the registry declares them.

    def f(p, x): return scale(p["W"], x)          t1 = getitem(p, 'W'): f8[t10, t11]
    def scale(A, x): return A.T @ x               t2 = getattr(t1, 'T')
                                                  t3 = matmul(t2, x); return t3
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from types import FunctionType, MethodType
from typing import Any

from astgrad import ir
from astgrad.analyses import specs as sp
from astgrad.analyses.facts import Facts
from astgrad.analyses.specs import UNKNOWN, Spec
from astgrad.errors import (
    MissingRule,
    SourceUnavailable,
    UnsupportedSyntax,
)
from astgrad.frontend import fence
from astgrad.frontend.lower import lower
from astgrad.ir import Atom, Call, Closure, Const, Function, Method, Tree, Var
from astgrad.records import fresh, record, state
from astgrad.rules import registry
from astgrad.transform import (
    callables,
    classes,
    control,
    dunders,
    guarded,
    loops,
    methods,
    objects,
    pairs,
    syntax,
)
from astgrad.transform.binding import bind
from astgrad.transform.builder import atom_of
from astgrad.transform.containers import NOT_HERE
from astgrad.transform.nested import placed
from astgrad.transform.pairs import Pairs
from astgrad.transform.ruled import Ruled, is_numpy

RECURSION = 20  # calls of one function inside itself
DEPTH = 200  # of inlined calls


@record
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
    finished = walk.finish(function, tuple(params), result)
    classes.check_spelled(finished, walk.choices)
    return Specialized(finished, walk.specs, facts, walk.varied, arguments, walk)


@state
class Specializer(Ruled):
    """The walk: how each call is resolved."""

    stack: list[Function] = fresh(factory=list)
    gradients: list[Any] = fresh(factory=list)  # being generated
    callees: dict[FunctionType, Function] = fresh(factory=dict)  # lowered once in a walk
    calls: list[int] = fresh(factory=list)  # the calls that led here, by the id of their statement
    pairs: Pairs = fresh(factory=Pairs)
    entered: list[int] = fresh(factory=list)  # for each of `stack`: how many regions were undecided
    undecided: int = 0  # regions around the place at hand
    slots: dict[Atom, Atom] = fresh(factory=dict)  # what the cells of functions hold now
    heads: dict[tuple[int, ...], Any] = fresh(factory=dict)  # what is known at the head of each loop
    in_rule: bool = False
    made: classes.Made = fresh(factory=classes.Made)  # the objects that the function makes
    iterators: dict[Tree, Any] = fresh(factory=dict)  # what is not consumed, and where it was made
    ready: dict[Tree, Any] = fresh(factory=dict)  # iterators over what is being consumed
    placed: dict[Any, Function] = fresh(factory=dict)  # of the prelude, at each place
    choices: dict[Var, dunders.Choice] = fresh(factory=dict)  # callables that a branch chose

    # --- functions

    def run(self, function: Function, env: dict[Var, Atom]) -> Atom:
        """Walk a function whose parameters are bound in `env`; the value it returns."""
        if not self.stack:
            fence.variadic(function)
        for var, capture in function.captures:
            env[var] = self.captured(capture)
        self.guards += () if self.in_rule else function.guards
        self.stack.append(function)
        self.entered.append(self.undecided)
        self.block(function.body, env)
        self.stack.pop()
        self.entered.pop()
        return self.atom(function.body.results[0], env)

    def block(self, block: ir.Block, env: dict[Var, Atom]) -> None:
        for statement in block.body:
            if isinstance(statement, Call):
                self.statement(statement, env)
            elif isinstance(statement, ir.If):
                control.branch(self, statement, env)
            elif isinstance(statement, ir.Loop):
                loops.loop(self, statement, env)
            elif self.in_rule:
                raise sp.Undecided
            elif isinstance(statement, ir.With):
                guarded.with_(self, statement, env)
            else:
                guarded.try_(self, statement, env)

    def statement(self, call: Call, env: dict[Var, Atom]) -> None:
        op = self.atom(call.op, env)
        args = tuple(self.atom(arg, env) for arg in call.args)
        kwargs = tuple((name, self.atom(value, env)) for name, value in call.kwargs)
        name = call.target.name if call.target and not self.in_rule else ""
        if self.in_rule:
            value = self.apply(op, args, kwargs, name)
        else:
            self.calls.append(id(call))
            with self.at(call.origin):
                value = self.apply(op, args, kwargs, name)
            self.calls.pop()
        if call.target is not None:
            env[call.target] = value
            self.named(value, name)

    def atom(self, atom: Atom, env: dict[Var, Atom]) -> Atom:
        """An operand as it is now."""
        found = ir.substitute(atom, env)
        return self.made.now(found) if self.made.holds else found

    def enter(self, function: Callable[..., Any], *args: Atom) -> Atom:
        """A function of the prelude, whose lines stand for the call that is walked."""
        key = (function, self.origin)
        if key not in self.placed:
            self.placed[key] = placed(self.lowered(function), self.origin)  # type: ignore[arg-type]
        return self.inline(self.placed[key], args, (), {}, {})

    def named(self, value: Atom, name: str) -> None:
        """The result of an inlined callee, or an item of a list, takes the name that it is assigned to."""
        if (
            name
            and isinstance(value, Var)
            and (value in self.numbered or (not value.name and value in self.defs))
        ):
            value.name = name
            self.numbered.discard(value)

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
        env.update(bind(self, function, args, kwargs, defaults))
        return self.run(function, env)

    # --- calls

    def apply(
        self, op: Atom, args: tuple[Atom, ...], kwargs: tuple[tuple[str, Atom], ...], name: str = ""
    ) -> Atom:
        """The value of a call: by its rule, by inlining the callee, or refused."""
        if isinstance(op, Closure):
            return self.inline(op.function, args, kwargs, dict(op.cells), dict(op.defaults))
        if isinstance(op, Var):
            return methods.object_call(self, op, args, kwargs, name)
        if isinstance(op, Tree):
            return callables.of_tree(self, op, args, kwargs, name)
        value = op.value
        if registry.hashable(value):
            resolved = methods.resolved(self, value, args, kwargs, name)
            if resolved is not NOT_HERE:
                return resolved
        if isinstance(value, Method):
            return methods.method(self, value, args, kwargs, name)
        if isinstance(value, type) and issubclass(value, BaseException):
            return syntax.exception(self, op, args, kwargs)
        if hasattr(value, "__astgrad_operator__"):
            return self.operator_call(value, args, kwargs)
        if not self.in_rule and (getattr(value, "__module__", "") or "").startswith("astgrad.rules"):
            return self.rule_call(op, args, kwargs)
        if registry.lookup(value) is not None:
            return self.ruled(op, args, kwargs, name)
        if isinstance(value, FunctionType) and not is_numpy(value):
            return self.function_call(op, args, kwargs)
        if isinstance(value, MethodType) and isinstance(value.__func__, FunctionType):
            return self.apply(Const(value.__func__), (Const(value.__self__), *args), kwargs, name)
        if hasattr(value, "__astgrad_gradient__"):
            return self.gradient_call(value, args, kwargs)
        made = callables.of_instance(self, op, args, kwargs, name)
        return self.foreign(op, args, kwargs, name) if made is NOT_HERE else made

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
        function = self.lowered(op.value)
        path = self.paths.get(op)
        if pairs.is_entered(self, op, function):
            bound = bind(self, function, args, kwargs, objects.captured_defaults(self, op, self.in_rule))
            return pairs.recursive(self, op, function, tuple(bound.values()), "")
        env: dict[Var, Atom] = {}
        if path is None or self.in_rule:
            return self.inline(function, args, kwargs, env, objects.captured_defaults(self, op, self.in_rule))
        env = objects.cells(self, function, op.value, path)
        return self.inline(
            objects.without(function, env), args, kwargs, env, objects.live_defaults(self, op.value, path)
        )

    def lowered(self, function: FunctionType) -> Function:
        """The IR of a callee; what is refused for want of its source names the call."""
        try:
            if self.in_rule:
                return lower(function, rule=True)
            if function not in self.callees:
                self.callees[function] = lower(function)
            return self.callees[function]
        except SourceUnavailable as error:
            text = f"{function.__name__} is called here, and {error}"
            self.refuse(SourceUnavailable, text)
            raise

    def operator_call(self, operator_: Any, args: Any, kwargs: Any) -> Atom:
        """`grad(f)` inside a function: the gradient is made here, of a function known by name."""
        options = {key: self.spec(value) for key, value in kwargs}
        args = tuple(Const(self.live[arg]) if arg in self.live else arg for arg in args)
        try:
            given = [sp.static(self.spec(arg)) for arg in args if isinstance(args[0], Const)]
            made = given and operator_(*given, **{key: sp.static(spec) for key, spec in options.items()})
        except sp.Undecided:
            made = None
        if not made or not args or not isinstance(args[0], Const):
            self.refuse(
                UnsupportedSyntax,
                f"{operator_.__name__}() of a function that is made here is not differentiated yet",
                "take the gradient outside of the differentiated function",
            )
        return Const(made)

    def rule_call(self, op: Const, args: Any, kwargs: Any) -> Atom:
        """A rule that a first derivative calls as a helper: its lines, where the specs decide them now."""
        names = op.value.__code__.co_varnames
        result = self.instantiate(op.value, {**dict(zip(names, args)), **dict(kwargs)})
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
            slots=self.slots,
            pairs=self.pairs,
            entered=self.entered,
            undecided=self.undecided,
            cells=self.cells,
            live=self.live,
            made=self.made,
            choices=self.choices,
        )
        return inner, {}

    # --- rules

    def instantiate(self, rule_function: Callable[..., Any], bound: dict[str, Any]) -> Atom:
        """The lines of a rule, here; the rule called as a helper where the specs do not decide them."""
        function = lower(rule_function, rule=True)  # type: ignore[arg-type]
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
            del self.stack[depth:], self.entered[depth:]
            given = [(p, atom_of(bound.get(p.var.name, p.default))) for p in function.params]
            args = tuple(atom for p, atom in given if p.kind != "KEYWORD_ONLY")
            kwargs = tuple((p.var.name, atom) for p, atom in given if p.kind == "KEYWORD_ONLY")
            return self.append(Const(rule_function), args, kwargs, UNKNOWN, ir.PURE)
        finally:
            self.in_rule = outer
