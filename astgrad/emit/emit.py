"""Emit: the text of a function, as a person would write it.

In comes an `ir.Function` with its specs, out comes `Emitted`: the text, and what it needs beside the globals
of the primal to run.

    bf_1 = divide(exp_f, sum(exp_f)); iadd_at(bf_1, y, -1.0)

    bf = exp_f / np.sum(exp_f)  # 6: log(sum(exp(f)))
    bf[y] -= 1.0  # 6: f[y]
"""

from __future__ import annotations

import ast
import textwrap
from types import CellType
from typing import Any

from astgrad import ir
from astgrad.analyses.liveness import liveness
from astgrad.analyses.specs import Spec
from astgrad.emit import lines, loops, naming, python, undefined, uses
from astgrad.emit.comments import Comments
from astgrad.emit.fold import fold
from astgrad.emit.growing import growing
from astgrad.emit.spelling import Spelling, identifier, is_literal
from astgrad.emit.statements import Statements, needs_no_name
from astgrad.emit.stops import stops
from astgrad.emit.webs import webs
from astgrad.emit.writer import Writer
from astgrad.errors import InternalError, Origin
from astgrad.ir import Call, Const, Tree, Var
from astgrad.records import record


@record
class Emitted:
    """Generated text and what it stands on.

    `namespace` and `cells` are names that the text reads and that the primal's globals do not hold;
    `lines` gives the origins of each line of the text.
    """

    text: str
    name: str
    namespace: dict[str, object]
    cells: dict[str, CellType]
    lines: dict[int, tuple[Origin, ...]]


def emit(
    function: ir.Function,
    specs: dict[Var, Spec],
    *,
    doc: str = "",
    globals: dict[str, Any] | None = None,
    name: str | None = None,
    adjoint_of: dict[Var, Var] | None = None,
    plain: bool = False,
) -> Emitted:
    """The text of a function; `globals` are those of the primal.

    `adjoint_of` says of which value an unnamed one is the adjoint, and so what it is called. `plain`: every
    adjoint gets a statement of its own.
    """
    globals = {} if globals is None else globals
    function = stops(function)
    folded, logical = fold(function, specs, adjoint_of or () if plain else ())
    printed = [s for s in ir.statements(function.body) if not _folded(s, folded)]
    spelling = _spelling(function, printed, folded, globals)
    ranges, dead = liveness(function, folded)
    reserved = frozenset((*spelling.used, *spelling.namespace, *spelling.cells))
    found = webs(function, printed, ranges, specs, adjoint_of or {}, dead)
    names = naming.names(function, printed, ranges, folded, found, reserved, adjoint_of or {}, dead)
    partial = undefined.partial(printed, names)
    captured, lists = dict(function.captures), growing(function, found)
    builder = Statements(names, folded, captured, specs, spelling, lists, partial, logical)
    writer = Writer(builder, Comments(function.origin, globals))
    own = name or identifier(function.name) or "gradient"
    documented = doc or function.doc
    writer.function(own, function, docstring(documented) if documented else [])
    text = str(writer.text)
    _verify(text, writer.nodes, own)
    return Emitted(text, own, spelling.namespace, spelling.cells, writer.text.origins)


def _folded(statement: ir.Statement, folded: dict[Var, Call]) -> bool:
    return any(target in folded for target in ir.targets(statement))


def _spelling(
    function: ir.Function, printed: list[ir.Statement], folded: dict[Var, Call], globals: dict[str, Any]
) -> Spelling:
    """Find the names of all callables and captured data before local names are chosen."""
    captured = dict(function.captures)
    bound = (var for s in ir.statements(function.body) for var in naming.binds(s))
    own = frozenset(v.name for v in (*(p.var for p in function.params), *bound) if v.name)
    spelling = Spelling(globals, own)
    counts = loops.counters(printed, folded)
    for statement in printed:
        for text in loops.builtins(statement, folded):
            spelling.builtin(text)
    for statement in (*printed, *folded.values()):
        if statement in counts:
            continue
        for atom in uses.atoms(statement):
            if not (
                isinstance(statement, Call) and atom is statement.op and needs_no_name(statement, spelling)
            ):
                _spell(spelling, atom, captured)
        for block in ir.blocks(statement):
            for atom in block.results:
                _spell(spelling, atom, captured)
    defaults = (p.default for p in function.params if p.default and is_literal(p.default))
    for atom in (*function.body.results, *defaults):
        _spell(spelling, atom, captured)
    return spelling


def _spell(spelling: Spelling, atom: ir.Atom, captured: dict[Var, ir.Capture]) -> None:
    if isinstance(atom, Const):
        if atom is not ir.UNDEFINED and not isinstance(atom.value, ir.Method):
            spelling.const(atom)
    elif isinstance(atom, Tree):
        if atom.kind not in (tuple, list, dict, slice):
            spelling.object(atom.kind)
        for item in atom.items:
            _spell(spelling, item, captured)
    elif atom in captured:
        spelling.capture(captured[atom])  # type: ignore[index]


def docstring(doc: str) -> list[str]:
    """The lines of a docstring, its paragraphs wrapped."""
    paragraphs = [
        " ".join(part.split()) for part in doc.replace("\\", "\\\\").replace('"""', "'''").split("\n\n")
    ]
    if len(paragraphs) == 1 and len(doc) <= lines.WIDTH - 10 and not doc.endswith('"'):
        return [f'    """{paragraphs[0]}"""']
    paragraphs[0] = f'"""{paragraphs[0]}'
    wrapped: list[str] = []
    for paragraph in paragraphs:
        wrapped += ["", *textwrap.wrap(paragraph, lines.WIDTH - 4, break_on_hyphens=False)]
    return [*("    " + line if line else "" for line in wrapped[1:]), '    """']


def _verify(text: str, nodes: list[ast.stmt], name: str) -> None:
    """Parse the text again and compare it with the tree that it was printed from (S29)."""
    try:
        parsed = python.parsed(text).body[0]
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise InternalError(f"the text of {name} does not parse: {error}\n{text}") from None
    body = parsed.body  # type: ignore[attr-defined]
    if ast.get_docstring(parsed, clean=False) is not None:  # type: ignore[arg-type]
        body = body[1:]
    python.compare(body, nodes, text)
