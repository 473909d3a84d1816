"""From a Python function to its IR: single assignment, one `Call` for every call and operator.

In comes a function object, out goes an `ir.Function` that knows no rules and no values but the callables
and modules that it captures. For

    def f(x, y):
        s = np.sin(x)
        s *= y
        return s

`print(lower(f))` shows

    f(x, y):
      s = sin(x)  # 2
      s_2 = imul(s, y)  # 3
      return s_2

Evaluation order is Python's. A nested function is a `Closure` atom; a display is a `Tree`. Rules
(`rule=True`) may also use `if`, conditional expressions, `and`, `or` and chained comparisons.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, cleandoc
from types import CodeType, FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from astgrad.deep import deeper
from astgrad.errors import Origin, UnsupportedSyntax, refuse
from astgrad.frontend import desugar, fence, source
from astgrad.frontend.desugar import kind
from astgrad.frontend.expressions import BINARY, GETITEM, NONE, Expressions
from astgrad.frontend.resolve import Captured, Scope
from astgrad.ir import (
    UNDEFINED,
    Atom,
    Block,
    Closure,
    Const,
    Function,
    Guard,
    If,
    Param,
    Statement,
    Tree,
    Var,
)
from astgrad.records import record
from astgrad.runtime import unpack

AUGMENTED = {name: Const(getattr(operator, f"i{text.rstrip('_')}")) for name, text in BINARY.items()}
SUSPENDS = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR


def lower(function: FunctionType, *, rule: bool = False) -> Function:
    """The IR of a function as it is, never unwrapped; a rule may branch.

    Raises SourceUnavailable, UnsupportedSyntax or UntrackedMutation with the place and an advice, and
    NameError or AttributeError where the function would. A rule is lowered once, as long as all stays that
    its IR was made from.
    """
    if not rule:
        return _fresh(function, rule)
    known = _rules.get(function)
    if known is None or not known.holds(function):
        known = _rules[function] = _Rule(_fresh(function, rule), *_made_of(function))
    return known.lowered


@record
class _Rule:
    """A lowered rule, and what it was made from."""

    lowered: Function
    code: CodeType
    defaults: Any
    kwdefaults: Any

    def holds(self, function: FunctionType) -> bool:
        made_of = (self.code, self.defaults, self.kwdefaults)
        same = all(old is new for old, new in zip(made_of, _made_of(function)))
        return same and all(map(_holds, self.lowered.guards))


_rules: WeakKeyDictionary[FunctionType, _Rule] = WeakKeyDictionary()


def _made_of(function: FunctionType) -> tuple[Any, Any, Any]:
    return function.__code__, function.__defaults__, function.__kwdefaults__


def _holds(guard: Guard) -> bool:
    """Whether a name that a rule captures still means what it was resolved to."""
    try:
        value = guard.capture.read()
        for name in guard.path:
            value = getattr(value, name)
    except (AttributeError, NameError):
        return False
    return value is guard.value and getattr(value, "__code__", None) is guard.code


def _fresh(function: FunctionType, rule: bool) -> Function:
    try:
        return _lower(function, rule)
    except RecursionError:
        pass
    try:
        return deeper(lambda: _lower(function, rule))
    except (RecursionError, MemoryError):
        code = function.__code__
        place = Origin(code.co_filename, code.co_firstlineno, function=code.co_name)
        refuse(UnsupportedSyntax, place, f"{code.co_name}: {fence.DEEP[0]}", fence.DEEP[1])


def _lower(function: FunctionType, rule: bool) -> Function:
    found = source.find(function)
    scope = Scope(Captured(function), {})
    return _Lowering(found, scope, found.node, rule).live(function)


class _Lowering(Expressions):
    """The statements of one function."""

    def __init__(self, found: source.Source, scope: Scope, node: Any, rule: bool) -> None:
        super().__init__(found, scope, rule)
        self.node = node
        scope.bound = {self.mangled(name): count for name, count in desugar.bound(node).items()}

    # --- functions

    def live(self, function: FunctionType) -> Function:
        """The function object itself: its defaults are what they are now."""
        names = [name for _, name in desugar.parameters(self.node.args)]
        positional = len(self.node.args.posonlyargs) + len(self.node.args.args)
        values = function.__defaults__ or ()
        defaults = {name.id: value for name, value in zip(names[positional - len(values) :], values)}
        defaults |= function.__kwdefaults__ or {}
        if function.__code__.co_flags & SUSPENDS:
            self.suspended()
        return self.function({name: Const(value) for name, value in defaults.items()})

    def suspended(self) -> None:
        """Refuse a generator or a coroutine where it shows."""
        if kind(self.node) == "AsyncFunctionDef":
            self.refuse(self.node)
        body = [self.node.body] if kind(self.node) == "Lambda" else self.node.body
        for inner in desugar.walk(body):
            if kind(inner) in ("Yield", "YieldFrom", "Await"):
                self.refuse(inner)

    def function(self, defaults: dict[str, Const]) -> Function:
        node, scope = self.node, self.scope
        params = tuple(self.parameter(kind, name, defaults) for kind, name in desugar.parameters(node.args))
        statements = [] if kind(node) == "Lambda" else node.body
        if kind(node) == "Lambda":
            result: Atom | None = self.expression(node.body)
        else:
            result = self.statements(desugar.sink(statements) if self.rule else statements)
        outside = [var for var, _ in (*scope.captures.values(), *scope.cells.values())]
        body = Block((*(p.var for p in params), *outside), tuple(self.body), (result or NONE,))
        return Function(
            name=self.source.name,
            params=params,
            body=body,
            captures=tuple(scope.captures.values()),
            guards=tuple(scope.guards.values()),
            doc=_docstring(statements),
            origin=self.origin(node),
        )

    def parameter(self, how: str, node: Any, defaults: dict[str, Const]) -> Param:
        if how in fence.VARIADIC:
            what, advice = fence.VARIADIC[how]
            refuse(UnsupportedSyntax, self.origin(node), what.format(node.id), advice)
        name = self.mangled(node.id)
        var = Var(name)
        self.scope.assign(name, var)
        return Param(var, how, defaults.get(name))

    def closure(self, node: Any, name: str = "") -> Closure:
        """A nested function, with the values of its cells and defaults at its definition."""
        if getattr(node, "decorator_list", None):
            refuse(UnsupportedSyntax, self.origin(node.decorator_list[0]), *fence.DECORATED)
        defaults = self.defaults(node.args)
        scope = Scope(self.scope.captured, {}, parent=self.scope)
        inner = _Lowering(self.source.inside(node), scope, node, self.rule)
        inner.suspended()
        function = inner.function({})
        self.scope.guards.update(scope.guards)
        return Closure(function, tuple(scope.cells.values()), defaults)

    def defaults(self, arguments: Any) -> tuple[tuple[str, Atom], ...]:
        positional = [*arguments.posonlyargs, *arguments.args]
        pairs = [*zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults)]
        pairs += [pair for pair in zip(arguments.kwonlyargs, arguments.kw_defaults) if pair[1] is not None]
        return tuple((self.mangled(name.id), self.expression(value)) for name, value in pairs)

    # --- statements

    def statements(self, nodes: list[Any]) -> Atom | None:
        """Lower the statements of a block; the value returned, if they return."""
        for node in nodes:
            found = kind(node)
            if found in self.refused or found not in STATEMENTS:
                self.refuse(node)
            if found == "Return":
                return self.expression(node.value) if node.value else NONE
            if desugar.returns(node):
                return self.returning(node)
            STATEMENTS[found](self, node)
        return None

    def assign(self, node: Any) -> None:
        value = node.value
        first = node.targets[0]
        if len(node.targets) == 1 and self.paired(first, value):
            for target, atom in self.pairs(first, value):
                self.bind(target, atom, value)
            return
        atom = self.expression(value, self.hint(first))
        for target in node.targets:
            self.bind(target, atom, value)

    def hint(self, target: Any) -> str:
        """The name that a call gets whose value goes to this target."""
        return self.mangled(target.id) if kind(target) == "Name" else ""

    def paired(self, target: Any, value: Any) -> bool:
        """Whether a display is unpacked into as many targets, so that no container is made."""
        if kind(target) not in ("Tuple", "List") or kind(value) not in ("Tuple", "List"):
            return False
        starred = any(kind(item) == "Starred" for item in (*target.elts, *value.elts))
        return len(target.elts) == len(value.elts) and not starred

    def pairs(self, target: Any, value: Any) -> list[tuple[Any, Atom]]:
        """Each target with the atom that it gets; every value is evaluated before any target is bound."""
        if not self.paired(target, value):
            return [(target, self.expression(value, self.hint(target)))]
        pairs = zip(target.elts, value.elts)
        return [pair for inner, item in pairs for pair in self.pairs(inner, item)]

    def bind(self, target: Any, atom: Atom, value: Any) -> None:
        found = kind(target)
        if found == "Name":
            self.scope.assign(self.mangled(target.id), atom)
        elif found in ("Tuple", "List"):
            for inner, item in zip(target.elts, self.unpacked(target, atom, value)):
                self.bind(inner, item, value)
        else:
            fence.store(found, self.origin(target))

    def unpacked(self, target: Any, atom: Atom, value: Any) -> list[Atom]:
        """The elements of a value, as many as there are targets, or the error that Python raises."""
        for item in target.elts:
            if kind(item) == "Starred":
                self.refuse(item)
        count = len(target.elts)
        if isinstance(atom, Tree) and atom.kind is tuple and len(atom.items) == count:
            return list(atom.items)
        whole = self.call(value, Const(unpack), (atom, Const(count)))
        names = [self.hint(item) for item in target.elts]
        return [self.call(value, GETITEM, (whole, Const(i)), name=name) for i, name in enumerate(names)]

    def augmented(self, node: Any) -> None:
        if kind(node.target) != "Name":
            fence.store(kind(node.target), self.origin(node.target))
        name = self.mangled(node.target.id)
        before = self.name(node.target)
        value = self.expression(node.value)
        self.scope.assign(name, self.call(node, AUGMENTED[kind(node.op)], (before, value), name=name))

    def annotated(self, node: Any) -> None:
        if node.value is not None:
            self.bind(node.target, self.expression(node.value, self.hint(node.target)), node.value)

    def nested(self, node: Any) -> None:
        self.scope.assign(self.mangled(node.name), self.closure(node))

    def expressed(self, node: Any) -> None:
        if kind(node.value) != "Constant":
            self.expression(node.value)

    # --- branches

    def if_(self, node: Any) -> None:
        """An If whose phis are the names that its arms bind differently."""
        test = self.expression(node.test)
        before = self.scope.env
        (then, then_env), (orelse, else_env) = self.arm(node.body), self.arm(node.orelse)
        phis: list[tuple[Var, Atom, Atom]] = []
        for name in dict.fromkeys((*then_env, *else_env)):
            a, b = then_env.get(name, UNDEFINED), else_env.get(name, UNDEFINED)
            if a is not b:
                phis.append((Var(name), a, b))
                before[name] = phis[-1][0]
            else:
                before[name] = a
        arms = (
            Block((), then, tuple(a for _, a, _ in phis)),
            Block((), orelse, tuple(b for _, _, b in phis)),
        )
        self.body.append(If(tuple(var for var, _, _ in phis), test, *arms, self.origin(node)))

    def arm(self, nodes: list[Any]) -> tuple[tuple[Statement, ...], dict[str, Atom]]:
        """The statements of an arm, and what the names are at its end."""
        env, body = self.scope.env, self.body
        self.scope.env, self.body = dict(env), []
        self.statements(nodes)
        done = tuple(self.body), self.scope.env
        self.scope.env, self.body = env, body
        return done

    def returning(self, node: Any) -> Atom:
        """An `if` in last place of which an arm returns: its value is what the function returns."""
        env = self.scope.env

        def arm(nodes: list[Any]) -> Atom:
            self.scope.env = dict(env)
            value = self.statements(nodes)
            self.scope.env = env
            return value or NONE

        test = self.expression(node.test)
        return self.choose(node, test, lambda: arm(node.body), lambda: arm(node.orelse))


def _docstring(statements: list[Any]) -> str:
    value = statements[0].value if statements and kind(statements[0]) == "Expr" else None
    text = getattr(value, "value", None)
    return cleandoc(text) if kind(value) == "Constant" and isinstance(text, str) else ""


STATEMENTS: dict[str, Callable[[_Lowering, Any], None]] = {
    "Assign": _Lowering.assign,
    "AugAssign": _Lowering.augmented,
    "AnnAssign": _Lowering.annotated,
    "Expr": _Lowering.expressed,
    "FunctionDef": _Lowering.nested,
    "If": _Lowering.if_,
    "Pass": lambda self, node: None,
    "Return": lambda self, node: None,  # handled by `statements`, which it ends
}
