"""What every `ir.Function` must satisfy, checked between passes; a violation names the guilty pass.

In comes a function and the name of the pass that made it; out comes nothing, or an `InternalError`:

    after fold: s is used where it is not bound, in `t1 = multiply(s, y)`

Every Var is bound once in its function. It is in scope behind its binding, in the same block and the
regions inside it; what a region binds leaves it through its results alone. A nested function sees
nothing but its own body's params. A block has params only as the body of a function, as the `orelse`
of a Try (the body's results) and as its `finalbody` (the results of the arm that completed).
Effects are calls in order, so their order is the order of the statements (S8); what can be checked of
them is that they are declared: a call that gives no value has an effect, a write says which argument
it writes, and an operation known to write says that it does. Each check is linear in the statements.
"""

from __future__ import annotations

import operator
from dataclasses import fields, is_dataclass
from inspect import Parameter
from typing import Any, NoReturn, cast

import numpy as np

from astgrad import runtime
from astgrad.errors import NOWHERE, InternalError, located
from astgrad.ir import (
    Atom,
    Block,
    Call,
    Closure,
    Const,
    Function,
    If,
    Loop,
    Param,
    Statement,
    Tape,
    Tree,
    Try,
    Var,
    With,
    operands,
    targets,
    text,
)

ADVICE = "This is a bug in astgrad: please report it with the program that shows it."

KINDS = (
    "POSITIONAL_ONLY",
    "POSITIONAL_OR_KEYWORD",
    "VAR_POSITIONAL",
    "KEYWORD_ONLY",
    "VAR_KEYWORD",
)
RESULTS = ("fresh", "view", "unknown")
AUGMENTED = "iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift iconcat"
WRITERS = {
    operator.setitem,
    operator.delitem,
    *(getattr(operator, name) for name in AUGMENTED.split()),
    *(runtime.iadd_at, runtime.add_at),
    *(np.copyto, np.put, np.putmask, np.place, np.fill_diagonal, np.put_along_axis, np.random.shuffle),
}  # operations that may write their first argument, whatever a pass believes of them


def verify(function: Function, *, after: str = "") -> None:
    """Raise InternalError, with the pass `after` and the statement, unless the function is well formed."""
    _Verifier(function, after, set()).function()


class _Verifier:
    def __init__(self, function: Function, after: str, done: set[int]) -> None:
        self.root = function
        self.after = after
        self.done = done  # nested functions already verified, by id
        self.bound: set[Var] = set()
        self.visible: set[Var] = set()
        self.recorded: dict[Var, int] = {}  # the list of a tape -> the atoms of an entry
        self.statement: Statement | None = None

    def function(self, cells: tuple[Var, ...] = ()) -> None:
        """The params, the captures and the body; `cells` are what a closure binds beside them."""
        root = self.root
        self.bind(root.body.params)
        params = tuple(param.var for param in root.params)
        if root.body.params[: len(params)] != params:
            self.fail("the body's params do not start with the function's")
        rest = root.body.params[len(params) :]
        captured = (*(var for var, _ in root.captures), *cells)
        for var in captured:
            if var not in rest:
                self.fail("{} is captured but no param of the body", var)
        if len(captured) != len(rest):
            self.fail("a param of the body is bound by no argument and no capture, or by two")
        self.params(root.params)
        self.inside(root.body)

    def params(self, params: tuple[Param, ...]) -> None:
        order = -1
        for param in params:
            if param.kind not in KINDS:
                self.fail(f"{{}} is a param of unknown kind {param.kind!r}", param.var)
            if KINDS.index(param.kind) < order:
                self.fail("{} stands behind a param of a later kind", param.var)
            order = KINDS.index(param.kind)
            if param.default is not None:
                self.atom(param.default)

    # --- scopes

    def bind(self, bound: tuple[Var, ...]) -> None:
        for var in bound:
            if not isinstance(var, Var):
                self.fail(f"{var!r} is bound but not a Var")
            if var in self.bound:
                self.fail("{} is bound twice", var)
            self.bound.add(var)
            self.visible.add(var)

    def region(self, block: Block, results: int | None, entering: tuple[Var, ...] = ()) -> None:
        """A block with what it binds on entry, its number of results, and nothing visible behind it."""
        if block.params:
            self.fail("a region has params of its own")
        self.scope(block, results, entering)

    def scope(
        self, block: Block, results: int | None, entering: tuple[Var, ...], leaving: tuple[Atom, ...] = ()
    ) -> None:
        if results is not None and len(block.results) != results:
            self.fail(f"a region has {len(block.results)} results for {results} targets")
        self.bind(entering)
        inner = self.inside(block)
        self.atoms(leaving)
        self.visible.difference_update(entering, inner)

    def inside(self, block: Block) -> list[Var]:
        """The statements and results of a block; what it binds, still visible."""
        inner: list[Var] = []
        for statement in block.body:
            outer, self.statement = self.statement, statement
            inner += self.visit(statement)
            self.statement = outer
        self.atoms(block.results)
        return inner

    # --- statements

    def visit(self, statement: Statement) -> tuple[Var, ...]:
        if not isinstance(statement, (Call, If, Loop, Try, With)):
            self.fail(f"{type(statement).__name__} is no kind of statement")
        self.atoms(operands(statement))
        if isinstance(statement, Call):
            self.call(statement)
        elif isinstance(statement, If):
            self.region(statement.then, len(statement.targets))
            self.region(statement.orelse, len(statement.targets))
        elif isinstance(statement, Loop):
            self.loop(statement)
        elif isinstance(statement, Try):
            self.try_(statement)
        else:
            self.region(statement.block, len(statement.targets), _some(statement.name))
        lists = (tape.list for tape in getattr(statement, "tapes", ()) if not tape.reads)
        bound = tuple(dict.fromkeys((*targets(statement), *lists)))  # a recorded list is bound beside them
        self.bind(bound)
        return bound

    def call(self, call: Call) -> None:
        names = [name for name, _ in call.kwargs]
        if len(set(names)) != len(names):
            self.fail("a keyword is given twice")
        effects = call.effects
        for positions in (effects.reads, effects.writes):
            if any(not 0 <= position < len(call.args) for position in positions or ()):
                self.fail(f"effects name argument {positions}, and there are {len(call.args)}")
        if effects.result not in RESULTS:
            self.fail(f"{effects.result!r} is no kind of result")
        if effects.result == "view" and not (call.args or call.kwargs):
            self.fail("the result is a view of nothing")
        for position in effects.writes or ():
            if not isinstance(call.args[position], Var):
                self.fail(f"argument {position} is written and not a Var")
        if call.target is None and effects.writes == () and not effects.impure:
            self.fail("a call gives no value and has no effect")
        if effects.writes is not None and 0 not in effects.writes and _writes(call.op):
            self.fail("the operation writes its first argument and does not say so")

    def loop(self, loop: Loop) -> None:
        carried = len(loop.targets)
        if len(loop.initial) != carried or len(loop.params) != carried:
            self.fail(
                f"{len(loop.initial)} initial values and {len(loop.params)} params for {carried} targets"
            )
        if len(loop.iters) != len(loop.items):
            self.fail(f"{len(loop.items)} items for {len(loop.iters)} iterables")
        self.bind(loop.params)
        if loop.test:
            if len(loop.test.results) != 1:
                self.fail(f"the test has {len(loop.test.results)} results")
            self.region(loop.test, None)
        if loop.body.params:
            self.fail("a region has params of its own")
        read = [atom for tape in loop.tapes if tape.reads for atom in tape.atoms]
        entering = (*loop.items, *cast("list[Var]", read))  # bind refuses what is no Var
        leaving = [atom for tape in loop.tapes if not tape.reads for atom in tape.atoms]
        self.scope(loop.body, carried, entering, (*_some(loop.stop), *leaving))
        self.visible.difference_update(loop.params)
        for tape in loop.tapes:
            self.tape(tape)

    def tape(self, tape: Tape) -> None:
        size = self.recorded.get(tape.list)
        if not tape.reads:
            self.recorded[tape.list] = len(tape.atoms)
        elif size is not None and size != len(tape.atoms):
            self.fail(f"{len(tape.atoms)} values are read from entries of {size} in {{}}", tape.list)

    def try_(self, statement: Try) -> None:
        """An arm gives the first targets, `finalbody` the others."""
        last, orelse = statement.finalbody, statement.orelse
        arms = len(statement.targets) - (len(last.results) if last else 0)
        if not statement.handlers and not last:
            self.fail("a try has neither a handler nor a finally")
        self.region(statement.body, None if orelse else arms)
        for handler in statement.handlers:
            self.region(handler.block, arms, _some(handler.name))
        if orelse:
            if len(orelse.params) != len(statement.body.results):
                self.fail(f"else has {len(orelse.params)} params for {len(statement.body.results)} results")
            self.scope(orelse, arms, orelse.params)
        if last:
            if last.params and len(last.params) != arms:
                self.fail(f"finally has {len(last.params)} params for {arms} results")
            self.scope(last, None, last.params)

    # --- atoms

    def atoms(self, atoms: tuple[Atom, ...]) -> None:
        for atom in atoms:
            self.atom(atom)

    def atom(self, atom: Atom) -> None:
        if isinstance(atom, Var):
            if atom not in self.visible:
                self.fail("{} is used where it is not bound", atom)
        elif isinstance(atom, Const):
            if isinstance(atom.value, (Var, Const, Tree, Closure)):
                self.fail(f"a constant holds the atom {atom.value!r}")
        elif isinstance(atom, Tree):
            self.tree(atom)
        elif isinstance(atom, Closure):
            self.closure(atom)
        else:
            self.fail(f"{atom!r} is no atom")

    def tree(self, tree: Tree) -> None:
        problem = _malformed(tree)
        if problem:
            self.fail(problem)
        self.atoms(tree.items)

    def closure(self, closure: Closure) -> None:
        function = closure.function
        cells = tuple(inner for inner, _ in closure.cells)
        self.atoms(tuple(outer for _, outer in closure.cells))
        self.atoms(tuple(value for _, value in closure.defaults))
        names = {param.var.name for param in function.params}
        for name, _ in closure.defaults:
            if name not in names:
                self.fail(f"a default is given to {name!r}, which is no param of {function.name}")
        if id(function) not in self.done:
            self.done.add(id(function))
            _Verifier(function, self.after, self.done).function(cells)

    # --- the message

    def fail(self, problem: str, var: Var | None = None) -> NoReturn:
        """Raise, with the pass, the statement, and the Var's name in `problem` as the statement prints it."""
        line, name = self.printed(var)
        after = f"after {self.after}: " if self.after else ""
        where = f"in {line or self.root.name}"
        origin = getattr(self.statement or self.root, "origin", NOWHERE)
        problem = problem.replace("{}", name)
        raise InternalError(located(origin, f"{after}{problem}, {where}", ADVICE))

    def printed(self, var: Var | None) -> tuple[str, str]:
        """The first line of the statement, and the name that the Var has in it."""
        body = (self.statement,) if self.statement else ()
        try:
            lines = text(Function("", (), Block((), body, _some(var)))).splitlines()
        except Exception:  # what is malformed need not print
            bound = getattr(self.statement, "target", None) or getattr(self.statement, "targets", "")
            return f"{type(self.statement).__name__} {bound}", repr(var)
        line = lines[1].strip().partition("  # ")[0]
        return f"`{line}`" if self.statement else "", lines[-1].strip().removeprefix("return ")


def _some(value: Any) -> tuple[Any, ...]:
    return () if value is None else (value,)


def _writes(op: Atom) -> bool:
    """Whether an operation is known to write its first argument."""
    try:
        return isinstance(op, Const) and op.value in WRITERS
    except TypeError:  # an object that cannot be hashed is none of them
        return False


def _malformed(tree: Tree) -> str:
    """What is wrong with the structure of a container, "" where nothing is."""
    kind, keys, size = tree.kind, tree.keys, len(tree.items)
    if kind is slice:
        return "" if size == 3 and not keys else f"a slice has {size} items"
    if kind in (tuple, list):
        return f"a {kind.__name__} has keys" if keys else ""
    if not isinstance(kind, type):
        return f"{kind!r} is no kind of container"
    if len(keys) != size or len(set(keys)) != size:
        return f"a {kind.__name__} has {size} items and the keys {keys}"
    if kind is dict:
        return ""
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return "" if keys == kind._fields else f"a {kind.__name__} has the fields {keys}"
    if is_dataclass(kind):
        known = {field.name for field in fields(kind)}
        return "" if known.issuperset(keys) else f"a {kind.__name__} has the fields {keys}"
    return f"{kind.__name__} is no kind of container"


assert all(hasattr(Parameter, kind) for kind in KINDS)
