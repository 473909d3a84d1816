"""Names: parameters first, then the user's names by first appearance, then names for what is left.

In comes what is live where, out comes a name for each value that has a statement. Two values share a name
only if they are never live at once, so that

    bx_1 = zeros_like(x); bx_2 = add(bx_1, c)     ->     bx = np.zeros_like(x); bx = bx + c

and a suffix appears where they are: x, x_2. What is written in place keeps its name: both are one object.
What a loop reads from a tape gets the name of what was recorded.
"""

from __future__ import annotations

import builtins
import itertools
import keyword
from collections.abc import Iterator

from astgrad import ir
from astgrad.analyses.liveness import Range, lists, read
from astgrad.emit.describe import Describe
from astgrad.emit.spelling import identifier
from astgrad.emit.tapes import Tapes, tape_names
from astgrad.emit.webs import Taken, Web
from astgrad.ir import Call, If, Loop, Statement, Try, Var, With
from astgrad.records import fresh, state

HARD = frozenset((*keyword.kwlist, "__class__"))
BUILTINS = frozenset(vars(builtins))
UNUSED = "_"


def names(
    function: ir.Function,
    printed: list[Statement],
    ranges: dict[Var, list[Range]],
    folded: dict[Var, Call],
    found: dict[Var, Web],
    reserved: frozenset[str],
    adjoint_of: dict[Var, Var],
    dead: set[Var],
) -> dict[Var, str]:
    """The name of each parameter and of each Var that the printed statements bind."""
    params = frozenset(p.var.name for p in function.params)
    naming = _Naming(found, ranges, reserved, params, adjoint_of)
    for param in function.params:
        naming.take(param.var, param.var.name)
    bound = [(statement, var) for statement in printed for var in binds(statement) if var not in dead]
    tapes = Tapes(printed)
    unnamed = {other for var in tapes.lists() for other in naming.members(var)}
    for _, var in bound:
        if var not in naming.result and var not in unnamed:
            naming.user(var, tapes.name(var, naming.result))
    describe = Describe(naming.result.get, folded)
    binder = {var: statement for statement, var in bound}
    for _, var in bound:
        if var not in naming.result:
            unused = _is_unused(binder[var], var, ranges)
            wish = "" if unused else tapes.name(var, naming.result)
            if wish and naming.free(var, wish):
                naming.take(var, wish)
            else:
                texts = _texts(naming.members(var), binder, describe, adjoint_of, tapes, ranges)
                naming.unnamed(var, [wish] if wish else [*texts])
    return naming.result


def binds(statement: Statement) -> tuple[Var, ...]:
    """What a statement binds in the text, what it binds in its regions itself included."""
    own: tuple[Var | None, ...] = ()
    if isinstance(statement, Loop):
        own = (*statement.params, *lists(statement), *read(statement))
    elif isinstance(statement, With):
        own = (statement.name,)
    elif isinstance(statement, Try):
        own = tuple(handler.name for handler in statement.handlers)
        for block in (statement.orelse, statement.finalbody):
            own += block.params if block else ()
    return (*(var for var in own if var), *ir.targets(statement))


def _texts(
    members: list[Var],
    binder: dict[Var, Statement],
    describe: Describe,
    adjoint_of: dict[Var, Var],
    tapes: Tapes,
    ranges: dict[Var, list[Range]],
) -> Iterator[str]:
    """Proposals for the name of some values, the best one first; one alone where a suffix reads well."""
    for var in members:
        of = describe.atom(adjoint_of[var], 2) if var in adjoint_of else ""
        if of:
            yield f"b{of}"
            return
    for var in members:
        if var in tapes.made:
            yield from tape_names(tapes.made[var], describe)
            return
    calls = [binder[var] for var in members if isinstance(binder.get(var), Call)]
    if calls:
        yield describe.call(calls[0])  # type: ignore[arg-type]
        return
    for var in members:
        statement = binder.get(var)
        text = _of_region(statement, var, describe, tapes, ranges) if statement else ""
        if text:
            yield text
            return


def _of_region(
    statement: Statement, var: Var, describe: Describe, tapes: Tapes, ranges: dict[Var, list[Range]]
) -> str:
    """The name of what a region binds: after the values that become it."""
    if isinstance(statement, Loop) and var in read(statement):
        if _is_unused(statement, var, ranges):
            return UNUSED
        recorded = tapes.recorded.get(var)
        return describe.atom(recorded, 2) if recorded else _of_items(statement, var, describe)
    if isinstance(statement, If):
        index = statement.targets.index(var)
        found = [describe.atom(arm.results[index], 2) for arm in (statement.then, statement.orelse)]
        return next((text for text in found if text and not text[0].isdigit()), "")
    if isinstance(statement, With):
        return "context" if var is statement.name else ""
    if isinstance(statement, Try) and any(var is handler.name for handler in statement.handlers):
        return "error"
    return ""


def _is_unused(statement: Statement, var: Var, ranges: dict[Var, list[Range]]) -> bool:
    """Whether a loop steps through something that its body does not read."""
    stepped = isinstance(statement, Loop) and var in read(statement)
    return stepped and all(end <= start for start, end in ranges.get(var, ()))


def _of_items(loop: Loop, var: Var, describe: Describe) -> str:
    """The name of an unnamed item: i for what counts, x for the elements of xs, else item."""
    source = loop.iters[loop.items.index(var)] if var in loop.items else None
    call = describe.folded.get(source) if isinstance(source, Var) else None
    if call is not None and isinstance(call.op, ir.Const):
        if call.op.value is reversed and isinstance(call.args[0], Var):
            call = describe.folded.get(call.args[0], call)
        if isinstance(call.op, ir.Const) and call.op.value in (range, itertools.count):
            return "i"
    text = describe.atom(source, 1) if source is not None else ""
    if len(text) > 2 and text.endswith("s"):
        return text[:-1]
    return f"{text}_i" if text and len(text) <= 8 else "item"


@state
class _Text:
    """Where a name is taken, and whether by a value of the user's."""

    live: Taken = fresh(factory=Taken)
    named: bool = False


class _Naming:
    def __init__(
        self,
        found: dict[Var, Web],
        ranges: dict[Var, list[Range]],
        reserved: frozenset[str],
        params: frozenset[str],
        adjoint_of: dict[Var, Var],
    ) -> None:
        self.webs, self.ranges, self.reserved = found, ranges, reserved
        self.params, self.adjoint_of = params, adjoint_of
        self.result: dict[Var, str] = {}
        self.taken: dict[str, _Text] = {}
        self.suffix: dict[str, int] = {}

    def members(self, var: Var) -> list[Var]:
        return self.webs[var].members if var in self.webs else [var]

    def live(self, var: Var) -> Taken:
        """Where the values that share the name are needed."""
        if var not in self.webs:
            self.webs[var] = Web([var], Taken())
            self.webs[var].live.add(self.ranges.get(var, ()))
        return self.webs[var].live

    def free(self, var: Var, text: str) -> bool:
        return text not in self.taken or self.taken[text].live.free(self.live(var))

    def take(self, var: Var, text: str, named: bool = True) -> None:
        for member in self.members(var):
            self.result[member] = text
        taken = self.taken.setdefault(text, _Text())
        taken.named = taken.named or named
        taken.live.add(self.live(var))

    def user(self, var: Var, recorded: str) -> None:
        """Name a value as the user does; one that is read from a tape as it was called when recorded."""
        text = self.webs[var].name if var in self.webs else var.name
        if text and recorded and self.free(var, recorded):
            self.take(var, recorded)
        elif text:
            self.name(var, text, named=True)

    def unnamed(self, var: Var, texts: list[str]) -> None:
        """Name a value: as the first text that is free, else as the first with a suffix."""
        if UNUSED in texts[:1] and UNUSED not in self.taken and UNUSED not in self.reserved:
            self.result[var] = UNUSED
            return
        proposals = list(filter(None, map(identifier, texts))) or ["value"]
        free = (text for text in proposals if self.allowed(var, text, named=False))
        self.name(var, next(free, proposals[0]), named=False)

    def name(self, var: Var, text: str, named: bool) -> None:
        """The text as it is, or with the first suffix that makes it free."""
        if var in self.result:
            return
        unique = text
        while not self.allowed(var, unique, named):
            number = self.suffix[text] = self.suffix.get(text, 1) + 1
            unique = f"{text}_{number}"
        if unique != text:
            self.suffix[text] -= 1  # it may be free again for the next value
        self.take(var, unique, named)

    def allowed(self, var: Var, text: str, named: bool) -> bool:
        if text in self.reserved or text in HARD or (not named and text in BUILTINS):
            return False
        if text in self.params and var in self.adjoint_of:
            return False  # an adjoint does not rebind an argument's name
        if not named and text in self.taken and self.taken[text].named:
            return False
        return self.free(var, text)
