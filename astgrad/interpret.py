"""Evaluates an `ir.Function` step by step: forward propagation as the lecture writes it.

In come a function and its arguments, out goes its value: None without results, the value of one
result, the tuple of several. It is slow, simple, and the oracle of every test: interpret(ir),
exec(emit(ir)) and the primal give the same. `trace` is called after each statement with the values
that it bound:

    interpret(lower(f), 2.0, 3.0, trace=print_it)    s = sin(x)            0.909...
                                                     t1 = multiply(s, y)   2.727...

A Var holds one object, a write goes into that object, so effects happen in the order of statements.

- A loop makes each of its iterables an iterator, once, then at each step evaluates its `test` on the
  params, takes one item of each iterable, runs the body, records its tapes (also in the step that
  `stop` ends), and passes the results on.
- A tape is a list with one tuple a step. A loop that reads a tape takes the entries from the last to
  the first, as `for a, b in reversed(tape)` does: the tape is a source of steps like an iterable.
  Where a loop reads tapes, all its sources must end together: zip would drop steps in silence (B19).
- A `with` whose context swallows the exception leaves its targets undefined.
- A Var that a path leaves undefined (S13) is passed on by phis, tapes and cells; to read it raises what
  Python raises. So does a captured name that has no value, when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import Parameter, Signature
from typing import Any

from astgrad.errors import InternalError, located
from astgrad.ir import (
    UNDEFINED,
    Atom,
    Block,
    Call,
    Capture,
    Closure,
    Const,
    Function,
    Handler,
    If,
    Loop,
    Param,
    Statement,
    Tree,
    Try,
    Var,
    With,
    targets,
)

Trace = Callable[[Statement, tuple[Any, ...]], object]
Values = tuple[Any, ...]

_UNDEFINED = UNDEFINED.value
_GIVEN_LATER = object()  # a default, while arguments are bound


def interpret(function: Function, /, *args: Any, trace: Trace | None = None, **kwargs: Any) -> Any:
    """The value of the function at these arguments. Raises whatever its statements raise."""
    return _call(function, args, kwargs, trace)


def _call(
    function: Function,
    args: Values,
    kwargs: dict[str, Any],
    trace: Trace | None,
    cells: dict[Var, Any] | None = None,
    defaults: dict[str, Any] | None = None,
) -> Any:
    frame = _Frame(function, trace)
    frame.values.update(cells or {})
    frame.enter(args, kwargs, defaults or {})
    frame.run(function.body)
    results = tuple(frame.read(atom) for atom in function.body.results)
    return results if len(results) > 1 else results[0] if results else None


class _Frame:
    """One call of a function: the object behind each of its Vars."""

    def __init__(self, function: Function, trace: Trace | None) -> None:
        self.function = function
        self.trace = trace
        self.captures: dict[Var, Capture] = dict(function.captures)
        self.values: dict[Var, Any] = {var: _live(capture) for var, capture in function.captures}

    def enter(self, args: Values, kwargs: dict[str, Any], defaults: dict[str, Any]) -> None:
        """Bind the arguments as Python binds them."""
        params = self.function.params
        if not kwargs and len(args) == len(params) and all(_plain(param) for param in params):
            self.values.update((param.var, value) for param, value in zip(params, args))
            return
        bound = _signature(self.function, frozenset(defaults)).bind(*args, **kwargs)
        bound.apply_defaults()
        for param, value in zip(params, bound.arguments.values()):
            if value is _GIVEN_LATER and param.var.name in defaults:
                value = defaults[param.var.name]
            elif value is _GIVEN_LATER and param.default is not None:
                value = self.read(param.default)
            self.values[param.var] = value

    # --- atoms

    def read(self, atom: Atom) -> Any:
        """The value of an atom that a statement uses."""
        if isinstance(atom, Var):
            value = self.values[atom]
            return self.undefined(atom) if value is _UNDEFINED else value
        if isinstance(atom, Const):
            return self.undefined(Var()) if atom is UNDEFINED else atom.value
        return _build(atom, tuple(map(self.read, atom.items))) if isinstance(atom, Tree) else self.close(atom)

    def carry(self, atom: Atom) -> Any:
        """The value of an atom that is only passed on: it may be undefined."""
        if isinstance(atom, Var):
            return self.values[atom]
        return _UNDEFINED if atom is UNDEFINED else self.read(atom)

    def undefined(self, var: Var) -> Any:
        if var in self.captures:
            return self.captures[var].read()  # raises, or the name has got a value since
        name = f"local variable '{var.name}'" if var.name else "a local variable"
        raise UnboundLocalError(f"cannot access {name} where it is not associated with a value")

    def close(self, closure: Closure) -> Callable[..., Any]:
        """The Python callable of a closure: captured values and defaults are taken now (S7)."""
        cells = {inner: self.carry(outer) for inner, outer in closure.cells}
        defaults = {name: self.read(value) for name, value in closure.defaults}

        def call(*args: Any, **kwargs: Any) -> Any:
            return _call(closure.function, args, kwargs, self.trace, cells, defaults)

        call.__name__ = call.__qualname__ = closure.function.name
        return call

    # --- statements

    def run(self, block: Block) -> None:
        for statement in block.body:
            self.step(statement)

    def region(self, block: Block) -> Values:
        self.run(block)
        return tuple(map(self.carry, block.results))

    def step(self, statement: Statement) -> None:
        if isinstance(statement, Call):
            value = self.call(statement)
            bound: Values = (value,) if statement.target else ()
        elif isinstance(statement, If):
            test = self.read(statement.test)
            bound = self.region(statement.then if test else statement.orelse)
        elif isinstance(statement, Loop):
            bound = self.loop(statement)
        elif isinstance(statement, Try):
            bound = self.try_(statement)
        else:
            bound = self.with_(statement)
        self.bind(targets(statement), bound)
        if self.trace:
            self.trace(statement, bound)

    def bind(self, bound: tuple[Var, ...], values: Values) -> None:
        self.values.update(zip(bound, values))

    def call(self, call: Call) -> Any:
        op = self.read(call.op)
        return op(*map(self.read, call.args), **{name: self.read(value) for name, value in call.kwargs})

    def loop(self, loop: Loop) -> Values:
        tapes: list[list[Values]] = [[] for _ in loop.tapes]
        sources = _Sources(loop, [iter(self.read(atom)) for atom in loop.iters], self.values)
        carried = tuple(map(self.carry, loop.initial))
        while True:
            self.bind(loop.params, carried)
            if loop.test and not self.test(loop.test):
                break
            items = sources.take()
            if items is None:
                break
            self.values.update(items)
            carried = self.region(loop.body)
            for tape, entries in zip(loop.tapes, tapes):
                if not tape.reads:
                    entries.append(tuple(map(self.carry, tape.atoms)))
            if loop.stop is not None and self.read(loop.stop):
                break
        self.values.update((tape.list, kept) for tape, kept in zip(loop.tapes, tapes) if not tape.reads)
        return carried

    def test(self, block: Block) -> bool:
        self.run(block)
        return bool(self.read(block.results[0]))

    def try_(self, statement: Try) -> Values:
        results: Values = (_UNDEFINED,) * self.arity(statement)
        last: Values = ()
        try:
            results = self.arm(statement)
        finally:
            if statement.finalbody:
                self.bind(statement.finalbody.params, results)
                last = self.region(statement.finalbody)
        return (*results, *last)

    def arm(self, statement: Try) -> Values:
        """The results of the body and `orelse`, or of the first handler that takes the exception."""
        try:
            results = self.region(statement.body)
        except BaseException as error:
            for handler in statement.handlers:
                if self.takes(handler, error):
                    self.bind((handler.name,) if handler.name else (), (error,))
                    return self.region(handler.block)
            raise
        if statement.orelse is None:
            return results
        self.bind(statement.orelse.params, results)
        return self.region(statement.orelse)

    def takes(self, handler: Handler, error: BaseException) -> bool:
        return handler.types is None or isinstance(error, self.read(handler.types))

    def arity(self, statement: Try) -> int:
        last = statement.finalbody
        return len(statement.targets) - (len(last.results) if last else 0)

    def with_(self, statement: With) -> Values:
        results: Values = (_UNDEFINED,) * len(statement.targets)
        with self.read(statement.context) as value:
            self.bind((statement.name,) if statement.name else (), (value,))
            results = self.region(statement.block)
        return results


class _Sources:
    """What a loop steps through: the tapes it reads, from their last entry, and its iterables."""

    def __init__(self, loop: Loop, iters: list[Iterator[Any]], values: dict[Var, Any]) -> None:
        self.loop = loop
        self.read = [tape for tape in loop.tapes if tape.reads]
        self.sources = [*(reversed(values[tape.list]) for tape in self.read), *iters]

    def take(self) -> dict[Var, Any] | None:
        """What the next step binds, None behind the last step. The first source that ends ends all."""
        taken: list[Any] = []
        for source in self.sources:
            try:
                taken.append(next(source))
            except StopIteration:
                self.finish(len(taken))
                return None
        items: dict[Var, Any] = {}
        for tape, entry in zip(self.read, taken):
            items.update(zip(tape.atoms, entry, strict=True))  # type: ignore[arg-type]
        items.update(zip(self.loop.items, taken[len(self.read) :], strict=True))
        return items

    def finish(self, taken: int) -> None:
        """Where tapes are read, no source may have a step more than another."""
        rest = self.sources[taken + 1 :]
        if self.read and (taken or any(next(source, rest) is not rest for source in rest)):
            raise InternalError(
                located(self.loop.origin, "a tape and what it is read beside differ in length")
            )


def _build(tree: Tree, items: Values) -> Any:
    """The container itself."""
    if tree.kind is dict:
        return dict(zip(tree.keys, items))
    if tree.kind in (tuple, list):
        return tree.kind(items)
    if tree.kind is slice:
        return slice(*items)
    make = getattr(tree.kind, "_make", None)
    return make(items) if make else tree.kind(**dict(zip(tree.keys, items)))


def _live(capture: Capture) -> Any:
    """What the captured name holds now; a name without a value raises only if it is read."""
    try:
        return capture.read()
    except NameError:
        return _UNDEFINED


def _plain(param: Param) -> bool:
    return param.kind in ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")


def _signature(function: Function, defaults: frozenset[str]) -> Signature:
    """The signature by which Python binds arguments; a default is looked up where it is used."""
    given = []
    for position, param in enumerate(function.params):
        has = param.default is not None or param.var.name in defaults
        name = param.var.name or f"_{position}"
        default = _GIVEN_LATER if has else Parameter.empty
        given.append(Parameter(name, getattr(Parameter, param.kind), default=default))
    return Signature(given)
