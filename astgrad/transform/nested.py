"""Nested: a gradient that is called inside a function, entered through its IR.

In come the atoms that it is called with, out go the statements of its pure gradient, walked again here,
so that they can be differentiated like any others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from astgrad.analyses import specs as sp
from astgrad.analyses.regions import rebuilt
from astgrad.errors import Origin
from astgrad.ir import Atom, Block, Function, Statement, Tree, Var
from astgrad.records import replace

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer


def fresh(inner: Specializer, outer: Specializer, atom: Atom, name: str, outer_of: dict[Var, Atom]) -> Atom:
    """An argument of that function: new Vars for its leaves, which `outer_of` maps back."""
    if isinstance(atom, Tree):
        items = (fresh(inner, outer, item, "", outer_of) for item in atom.items)
        return Tree(atom.kind, tuple(items), atom.keys)
    spec = outer.spec(atom)
    if not isinstance(atom, Var) and not isinstance(spec, sp.Number):
        return atom
    var = Var(atom.name if isinstance(atom, Var) and atom.name else name)
    inner.specs[var] = spec
    outer_of[var] = atom
    if isinstance(atom, Var) and atom in outer.paths:
        inner.paths[var] = outer.paths[atom]
    return var


def again(walk: Specializer, function: Function, outer_of: dict[Var, Atom]) -> Atom:
    """Walk the statements of a finished gradient here."""
    env: dict[Var, Atom] = dict(outer_of)
    for var, capture in function.captures:
        env[var] = walk.captured(capture)
    walk.block(Block((), tuple(map(forward, function.body.body)), ()), env)
    return walk.atom(function.body.results[0], env)


def forward(statement: Statement) -> Statement:
    """The statement as one of a primal: what was its backward sweep is now differentiated too."""
    inner = lambda block: replace(block, body=tuple(map(forward, block.body)))
    made = rebuilt(statement, lambda atom: atom, inner)
    return replace(made, origin=replace(statement.origin, backward=False))  # type: ignore[no-any-return]


def placed(function: Function, origin: Origin) -> Function:
    """A function whose lines all belong to one place, and which stands on nothing."""

    def inner(block: Block) -> Block:
        found = (rebuilt(statement, lambda atom: atom, inner) for statement in block.body)
        return replace(block, body=tuple(replace(statement, origin=origin) for statement in found))

    return replace(function, body=inner(function.body), origin=origin, guards=())
