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
(`rule=True`) may not loop.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, cleandoc
from types import CodeType, FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from astgrad.deep import deeper
from astgrad.errors import Origin, UnsupportedSyntax, refuse
from astgrad.frontend import (
    cells,
    comprehensions,
    desugar,
    expressions,
    fence,
    loops,
    patterns,
    regions,
    source,
)
from astgrad.frontend.arms import CELL
from astgrad.frontend.desugar import kind
from astgrad.frontend.resolve import Captured, Scope
from astgrad.frontend.statements import Live, Statements
from astgrad.ir import PURE, Atom, Block, Closure, Const, Function, Guard, Param, Var
from astgrad.records import record

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
    captures = bool(function.__code__.co_cellvars)
    return _Lowering(found, scope, found.node, rule, captures).live(function)


class _Lowering(Statements):
    """One function."""

    def __init__(
        self, found: source.Source, scope: Scope, node: Any, rule: bool, captures: bool = True
    ) -> None:
        """`captures`: whether a nested function may capture a local of this one."""
        super().__init__(found, scope, rule)
        self.node = node
        binds = desugar.bound(node, found.mentions(":=", node))
        scope.bound = {self.mangled(name): count for name, count in binds.items()}
        celled = cells.celled(node) if captures else {}
        scope.celled = {self.mangled(name): by for name, by in celled.items()}

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
        for name, by in scope.celled.items():
            given = (scope.env[name],) if name in scope.env else ()
            scope.env[name] = self.call(by, CELL, given, name=name, effects=PURE)
        if kind(node) == "Lambda":
            result = self.expression(node.body)
        else:
            result = self.block(statements)
        outside = [var for var, _ in (*scope.captures.values(), *scope.cells.values())]
        body = Block((*(p.var for p in params), *outside), tuple(self.body), (result,))
        return Function(
            name=self.source.name,
            params=params,
            body=body,
            captures=tuple(scope.captures.values()),
            guards=tuple(scope.guards.values()),
            doc=_docstring(statements),
            origin=self.origin(node),
        )

    def consumed(self, node: Any, name: str) -> Atom | None:
        return comprehensions.consumed(self, node, name)

    def parameter(self, how: str, node: Any, defaults: dict[str, Const]) -> Param:
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
        scope.depth += 1
        function = inner.function({})
        self.scope.guards.update(scope.guards)
        closure = Closure(function, tuple(scope.cells.values()), defaults)
        self.lists.lost(closure)
        return closure

    def defaults(self, arguments: Any) -> tuple[tuple[str, Atom], ...]:
        positional = [*arguments.posonlyargs, *arguments.args]
        pairs = [*zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults)]
        pairs += [pair for pair in zip(arguments.kwonlyargs, arguments.kw_defaults) if pair[1] is not None]
        return tuple((self.mangled(name.id), self.expression(value)) for name, value in pairs)


def _docstring(statements: list[Any]) -> str:
    value = statements[0].value if statements and kind(statements[0]) == "Expr" else None
    text = getattr(value, "value", None)
    return cleandoc(text) if kind(value) == "Constant" and isinstance(text, str) else ""


STATEMENTS: dict[str, Callable[[Any, Any, Live], None]] = {
    "Assign": Statements.assign,
    "AugAssign": Statements.augmented,
    "AnnAssign": Statements.annotated,
    "Expr": Statements.expressed,
    "FunctionDef": Statements.nested,
    "If": Statements.if_,  # as a Branch
    "Branch": Statements.if_,
    "For": loops.repeat,  # as a Repeat
    "While": loops.repeat,
    "Repeat": loops.repeat,
    "Match": Statements.if_,  # as Branches
    "With": regions.with_,  # as an Inside
    "Inside": regions.with_,
    "Try": regions.try_,  # as an Attempt
    "Attempt": regions.try_,
    "Mark": Statements.mark,
    "Keep": Statements.keep,
    "Nonlocal": Statements.nonlocal_,
    "Raise": Statements.raise_,
    "Assert": Statements.assert_,
    "Pass": lambda self, node, live: None,
    **dict.fromkeys(("Return", "Break", "Continue"), lambda self, node, live: None),  # gone, or the end
}
EXPRESSIONS: dict[str, Callable[[Any, Any, str], Atom]] = {
    **expressions.EXPRESSIONS,
    "ListComp": comprehensions.listed,
    "Case": patterns.case,
    "DictComp": comprehensions.keyed,
}
_Lowering.statement_handlers = STATEMENTS
_Lowering.handlers = EXPRESSIONS
