"""The intermediate representation: structured SSA, one page of dataclasses and their text form.

In comes nothing but what the frontend lowers; every pass takes a `Function` and returns a new one.
A statement binds its targets once; regions nest (no control-flow graph), so that `if` and `for` can
come back out as `if` and `for`. For

    def f(x, y):
        s = np.sin(x)
        return s * y

`print(function)` shows

    f(x, y):
      s = sin(x)  # 2
      t1 = multiply(s, y)  # 3
      return t1

A `Var` is a reference, not memory: a write is a targetless `Call` whose effects say so (S8).
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from types import CellType
from typing import Any, Union

from astgrad.errors import NOWHERE, Origin
from astgrad.ir_text import constant_text, text, tree_text
from astgrad.records import record, state, value


@value
class Effects:
    """What a call does beside giving a value. Positions index `Call.args`; None stands for everything."""

    reads: tuple[int, ...] | None = None  # whose contents it reads; None: anything reachable
    writes: tuple[int, ...] | None = None  # whose contents it may write; None: anything reachable
    impure: bool = True  # ordered among impure calls: draws, prints, foreign calls
    result: str = "unknown"  # memory of the result: "fresh", "view" (of an argument), "unknown"


UNKNOWN_EFFECTS = Effects()
PURE = Effects(reads=None, writes=(), impure=False, result="fresh")
VIEW = Effects(reads=(), writes=(), impure=False, result="view")


# --- atoms: what a statement may name as an operand


@state
class Var:
    """A value, bound once; identity is the object. `name` is the user's name, or "" for a temporary."""

    name: str = ""

    def __repr__(self) -> str:
        return self.name or f"t@{id(self) & 0xFFFF:x}"


@record
class Const:
    """A literal, or an object that is checked by identity (S1): a callable, a module, a type.

    `text` is how the primal spells it ("numpy.tanh", "tanh"); "" where the primal has no spelling.
    """

    value: Any
    text: str = ""

    def __repr__(self) -> str:
        return constant_text(self)


@record
class Tree:
    """A container whose structure is static: no statement builds it, it is spelled where it is used.

    `kind` is tuple, list, dict, slice, or a namedtuple or dataclass type; `keys` are the (constant)
    keys of a dict or the field names of a namedtuple or dataclass, () otherwise.
    A slice has the three items start, stop, step.
    """

    kind: type
    items: tuple[Atom, ...]
    keys: tuple[Any, ...] = ()

    def __repr__(self) -> str:
        return tree_text(self, repr)


@record
class Closure:
    """A nested function or lambda with what it captures: inner Var ← outer atom, bound once (S7)."""

    function: Function
    cells: tuple[tuple[Var, Atom], ...] = ()
    defaults: tuple[tuple[str, Atom], ...] = ()  # parameter name -> value at definition

    def __repr__(self) -> str:
        return f"<{self.function.name}>"


Atom = Union[Var, Const, Tree, Closure]

UNDEFINED = Const(object(), "undef")  # the value of a name on a path that does not bind it (S13)


ABSENT = Const(None)  # what is recorded of a value where its branch was not taken


# --- statements


@record
class Call:
    """target = op(*args, **kwargs). Operators are calls of `operator.add` and its like.

    A method call `x.m(a)` is `Call(op=Const(Method("m")), args=(x, a))`; an attribute read is
    `Call(op=Const(getattr), args=(x, Const("name")))`; an index read is `operator.getitem`.
    """

    target: Var | None
    op: Atom
    args: tuple[Atom, ...] = ()
    kwargs: tuple[tuple[str, Atom], ...] = ()
    effects: Effects = UNKNOWN_EFFECTS
    origin: Origin = NOWHERE


@record
class Block:
    """A region: its parameters are bound on entry, its results are what the owner's targets receive."""

    params: tuple[Var, ...]
    body: tuple[Statement, ...]
    results: tuple[Atom, ...]


@record
class If:
    """targets = then.results if test else orelse.results; the targets are the phis."""

    targets: tuple[Var, ...]
    test: Atom
    then: Block
    orelse: Block
    origin: Origin = NOWHERE


@record
class Tape:
    """What a loop records (or reads, when reversed): one tuple of `atoms` an iteration, in `list`."""

    list: Var
    atoms: tuple[Atom, ...]
    reads: bool = False


@record
class Loop:
    """A scan: carried values start as `initial`, are `params` inside, and leave as `targets`.

    `iters` are zipped and bound to `items` at each step; `test`, if there is one, is evaluated
    before each step on the params (its block's single result); `stop`, if there is one, is an atom
    of the body that ends the loop after the step in which it is true. `body.results` are the carried
    values of the next step. `tapes` are recorded or read by the loop itself, never by calls. A loop of
    a backward sweep `reverses` the one that has this `label`; its steps run the other way.
    """

    targets: tuple[Var, ...]
    initial: tuple[Atom, ...]
    params: tuple[Var, ...]
    iters: tuple[Atom, ...]
    items: tuple[Var, ...]
    test: Block | None
    body: Block
    stop: Atom | None = None
    tapes: tuple[Tape, ...] = ()
    origin: Origin = NOWHERE
    label: object = None
    reverses: object = None


@record
class Handler:
    """except types as name: block. `name` is bound in the block."""

    types: Atom | None
    name: Var | None
    block: Block


@record
class Try:
    """targets = results of the arm that completed: body then orelse, or a handler; then finalbody.

    `which` is the target that says which arm it was: 0, or the number of the handler, from 1 on.
    """

    targets: tuple[Var, ...]
    body: Block
    handlers: tuple[Handler, ...]
    orelse: Block | None  # its params receive the body's results
    finalbody: Block | None
    origin: Origin = NOWHERE
    which: Var | None = None


@record
class With:
    """with context as name: block."""

    targets: tuple[Var, ...]
    context: Atom
    name: Var | None
    block: Block
    origin: Origin = NOWHERE


Statement = Union[Call, If, Loop, Try, With]


# --- functions


@record
class Capture:
    """Where a captured name lives: a module's globals or a closure cell. It is read live (S1)."""

    name: str
    holder: dict[str, Any] | CellType

    def read(self) -> Any:
        """The value now. Raises NameError as Python does where there is none."""
        if isinstance(self.holder, CellType):
            try:
                return self.holder.cell_contents
            except ValueError:
                text = f"cannot access free variable '{self.name}' where it is not associated with a value"
                raise NameError(text, name=self.name) from None
        if self.name in self.holder:
            return self.holder[self.name]
        if hasattr(builtins, self.name):
            return getattr(builtins, self.name)
        raise NameError(f"name '{self.name}' is not defined", name=self.name)


@record
class Guard:
    """A fact of the lowering: `capture` read now, then the attributes `path`, is the object `value`.

    Where `value` is a Python function its `__code__` was `code` (autoreload swaps it).
    """

    capture: Capture
    path: tuple[str, ...]
    value: Any
    code: Any = None


@record
class Param:
    """A parameter; `kind` as in `inspect.Parameter.kind`'s names, `default` None where there is none."""

    var: Var
    kind: str = "POSITIONAL_OR_KEYWORD"
    default: Atom | None = None


@record
class Function:
    """A whole function. `body.params` are the params' Vars followed by the captured ones."""

    name: str
    params: tuple[Param, ...]
    body: Block
    captures: tuple[tuple[Var, Capture], ...] = ()
    guards: tuple[Guard, ...] = ()
    doc: str = ""
    origin: Origin = NOWHERE

    def __str__(self) -> str:
        return text(self)


class Method:
    """The operator of `x.name(*args)`: callable, equal and printed by name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.__name__ = name

    def __call__(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(value, self.name)(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Method) and other.name == self.name

    def __hash__(self) -> int:
        return hash((Method, self.name))

    def __repr__(self) -> str:
        return f".{self.name}"


# --- walking


def blocks(statement: Statement) -> tuple[Block, ...]:
    """The regions of a statement, in the order of evaluation."""
    if isinstance(statement, Call):
        return ()
    if isinstance(statement, If):
        return (statement.then, statement.orelse)
    if isinstance(statement, Loop):
        return (statement.test, statement.body) if statement.test else (statement.body,)
    if isinstance(statement, Try):
        arms = (statement.body, *(handler.block for handler in statement.handlers))
        return (*arms, *(block for block in (statement.orelse, statement.finalbody) if block))
    return (statement.block,)


def targets(statement: Statement) -> tuple[Var, ...]:
    """The Vars that a statement binds in the block it stands in."""
    if isinstance(statement, Call):
        return (statement.target,) if statement.target else ()
    return statement.targets


def arms(statement: Statement) -> tuple[Block, ...]:
    """The regions of which the results are the targets of a branch, a try or a with."""
    if isinstance(statement, Try):
        return (statement.orelse or statement.body, *(handler.block for handler in statement.handlers))
    return blocks(statement)


def operands(statement: Statement) -> tuple[Atom, ...]:
    """The atoms that a statement itself reads, those inside its regions not included."""
    if isinstance(statement, Call):
        if not statement.kwargs:
            return (statement.op, *statement.args)
        return (statement.op, *statement.args, *(value for _, value in statement.kwargs))
    if isinstance(statement, If):
        return (statement.test,)
    if isinstance(statement, Loop):
        read = tuple(tape.list for tape in statement.tapes if tape.reads)
        return (*statement.initial, *statement.iters, *read)
    if isinstance(statement, With):
        return (statement.context,)
    return tuple(handler.types for handler in statement.handlers if handler.types)


def variables(atom: Atom) -> tuple[Var, ...]:
    """The Vars inside an atom, from left to right, repeats included."""
    if isinstance(atom, Var):
        return (atom,)
    if isinstance(atom, Const):
        return ()
    inner = atom.items if isinstance(atom, Tree) else [value for _, value in (*atom.cells, *atom.defaults)]
    return tuple(var for item in inner for var in variables(item))


def statements(block: Block) -> Iterator[Statement]:
    """Every statement of a block and of the regions inside it, in order."""
    for statement in block.body:
        yield statement
        for inner in blocks(statement):
            yield from statements(inner)


def substitute(atom: Atom, mapping: dict[Var, Atom]) -> Atom:
    """The atom with each mapped Var replaced, all at once."""
    if isinstance(atom, Var):
        return mapping.get(atom, atom)
    if isinstance(atom, Const):
        return atom
    if isinstance(atom, Tree):
        items = tuple(substitute(item, mapping) for item in atom.items)
        return atom if items == atom.items else Tree(atom.kind, items, atom.keys)
    cells = tuple((inner, substitute(outer, mapping)) for inner, outer in atom.cells)
    defaults = tuple((name, substitute(value, mapping)) for name, value in atom.defaults)
    return Closure(atom.function, cells, defaults)
