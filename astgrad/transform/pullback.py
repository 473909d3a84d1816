"""Pullback: the adjoint of a whole function, split into its forward and its backward half.

In comes a specialized primal, out go two functions: one that returns the value and what the backward
sweep reads, and one that takes that and the cotangent.

    f(x, y): return sin(x) * y     f_forward(x, y): s = sin(x); return s * y, (x, y, s)
                                   f_pullback(x, y, s, bz): return bz * y * cos(x), bz * s
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.aliasing import Memory
from astgrad.analyses.regions import bound, reads, rebuilt, substituted
from astgrad.errors import Origin, UnsupportedSyntax, refuse
from astgrad.ir import Atom, Call, Const, Function, Method, Tree, Var
from astgrad.records import record, replace
from astgrad.transform import classes
from astgrad.transform.defined import defined
from astgrad.transform.gradient_ir import Adjoint, is_float, leaves_of, returned
from astgrad.transform.reverse import Reverse
from astgrad.transform.specialize import Specialized


@record
class Whole:
    """The adjoint of a function with its cotangents as further parameters."""

    adjoint: Adjoint
    seeds: tuple[Var, ...]


def whole(primal: Specialized, name: str) -> Whole:
    """Value and gradients of every argument that has a float, for a given cotangent of each output leaf."""
    walk, output = primal.builder, primal.output
    kind = classes.unspelled(output)
    if kind is not None:
        text = f"the function returns an object of type {kind.__name__} that it makes"
        refuse(UnsupportedSyntax, primal.function.origin, text, "return what it holds")
    leaves = [v for a in primal.arguments.values() for v in ir.variables(a) if is_float(walk.spec(v))]
    reverse = Reverse(walk, tuple(dict.fromkeys(leaves)))
    seeds = []
    pairs = []
    for leaf in leaves_of(output):
        if is_float(walk.spec(leaf)):
            seed = Var(f"b{leaf.name}" if isinstance(leaf, Var) else "")
            walk.specs[seed] = walk.spec(leaf)
            seeds.append(seed)
            if isinstance(leaf, Var):
                pairs.append((leaf, seed))
    reverse.run(pairs)
    with walk.at(Origin(backward=True)):
        grads = tuple(
            returned(walk, a, reverse)
            if any(is_float(walk.spec(v)) for v in ir.variables(a))
            else Const(None)
            for a in primal.arguments.values()
        )
    result = Tree(tuple, (output, Tree(tuple, grads)))
    function = walk.finish(replace(primal.function, name=name), primal.function.params, result)
    block = function.body
    function = replace(
        function,
        params=(*(ir.Param(seed, "POSITIONAL_ONLY") for seed in seeds), *function.params),
        body=ir.Block((*seeds, *block.params), block.body, block.results),
    )
    return Whole(Adjoint(function, walk.specs, reverse.adjoint_of, value=True), tuple(seeds))


def split(function: Function, seeds: tuple[Var, ...], specs: dict[Var, sp.Spec]) -> tuple[Function, Function]:
    """The two halves of an optimized adjoint."""
    body = function.body.body
    middle = next((i for i, s in enumerate(body) if s.origin.backward), len(body))
    output, grads = function.body.results[0].items  # type: ignore[union-attr]
    backward = body[middle:]
    saved = tuple(dict.fromkeys(_free(backward, grads, seeds)))
    function = defined(function, saved)
    body = function.body.body
    forward, handed = _copies(function, body[:middle], saved, output, specs)
    result = Tree(tuple, (output, Tree(tuple, handed)))
    kept = tuple(param for param in function.params if param.var not in seeds)
    bound = tuple(var for var in function.body.params if var not in seeds)
    first = replace(function, params=kept, body=ir.Block(bound, forward, (result,)))
    params = renamed((*saved, *seeds), specs)
    block = ir.Block(
        tuple(params.values()),  # type: ignore[arg-type]
        *_parts(substituted(ir.Block((), backward, (grads,)), params)),
    )
    name = function.name.removesuffix("_forward")
    second = Function(
        f"{name}_pullback", tuple(ir.Param(var) for var in block.params), block, origin=function.origin
    )
    return first, second


def renamed(variables: tuple[Var, ...], specs: dict[Var, sp.Spec]) -> dict[Var, Atom]:
    """Parameters for the backward half, each with a name of its own."""
    found: dict[Var, Atom] = {}
    taken: set[str] = set()
    for var in variables:
        own = f"{var.name}_" if keyword.iskeyword(var.name) else var.name or "saved"
        name, count = own, 1
        while name in taken:
            count += 1
            name = f"{own}_{count}"
        taken.add(name)
        new = Var(name)
        found[var] = new
        specs[new] = specs.get(var, sp.UNKNOWN)
    return found


def _free(body: tuple[ir.Statement, ...], results: Atom, seeds: tuple[Var, ...]) -> Iterator[Var]:
    """What the backward half reads and does not bind itself."""
    inside = {*seeds, *bound(body)}
    yield from (var for var in reads(body, (results,)) if var not in inside)


def _copies(
    function: Function,
    body: tuple[ir.Statement, ...],
    saved: tuple[Var, ...],
    output: Atom,
    specs: dict[Var, sp.Spec],
) -> tuple[tuple[ir.Statement, ...], tuple[Atom, ...]]:
    """A pullback owns what it reads: what shares memory with arguments or the value is copied (S24)."""
    memory, absent = Memory(body), _absent(body)
    outside = {memory.of(var) for var in ir.variables(output)}
    statements, handed = [_own_tapes(s, Memory(body, tapes=False), outside, specs) for s in body], []
    for var in saved:
        spec = specs.get(var, sp.UNKNOWN)
        mine = memory.is_own(var) and memory.of(var) not in outside
        if mine or isinstance(spec, (sp.Number, sp.Known, sp.Struct)):
            handed.append(var)
            continue
        copy = Var(var.name)
        specs[copy] = spec
        plain = isinstance(spec, sp.Array) and var not in absent
        op = Const(Method("copy")) if plain else Const(runtime.owned)
        statements.append(Call(copy, op, (var,), (), ir.PURE, replace(function.origin, backward=True)))
        handed.append(copy)
    return tuple(statements), tuple(handed)


def _own_tapes(
    statement: ir.Statement, memory: Memory, outside: set[Var], specs: dict[Var, sp.Spec]
) -> ir.Statement:
    """The statement with copies on its tapes of what shares memory with arguments or the value."""
    inner = lambda block: replace(
        block, body=tuple(_own_tapes(s, memory, outside, specs) for s in block.body)
    )
    made = rebuilt(statement, lambda atom: atom, inner)
    if not isinstance(made, ir.Loop):
        return made  # type: ignore[no-any-return]
    copies: list[ir.Statement] = []
    absent = _absent((statement,))

    def owned(atom: Atom) -> Atom:
        spec = specs.get(atom, sp.UNKNOWN) if isinstance(atom, Var) else sp.Known(None)
        if not isinstance(atom, Var) or isinstance(spec, (sp.Number, sp.Known, sp.Struct, sp.Recorded)):
            return atom
        if memory.is_own(atom) and memory.of(atom) not in outside:
            return atom
        copy = Var(atom.name)
        specs[copy] = spec
        plain = isinstance(spec, sp.Array) and atom not in absent
        op = Const(Method("copy")) if plain else Const(runtime.owned)
        copies.append(Call(copy, op, (atom,), (), ir.PURE, made.origin))
        return copy

    tapes = tuple(t if t.reads else replace(t, atoms=tuple(map(owned, t.atoms))) for t in made.tapes)
    body = replace(made.body, body=(*made.body.body, *copies))
    return replace(made, body=body, tapes=tapes)


def _parts(block: ir.Block) -> tuple[tuple[ir.Statement, ...], tuple[Atom, ...]]:
    return block.body, block.results


def _absent(body: tuple[ir.Statement, ...]) -> set[Var]:
    """The Vars that are None where something was not reached."""
    found: set[Var] = set()
    for statement in ir.statements(ir.Block((), body, ())):
        for arm in () if isinstance(statement, Call) else ir.arms(statement):
            found.update(
                t for t, r in zip(ir.targets(statement), arm.results) if r is ir.ABSENT or r in found
            )
        if isinstance(statement, ir.Loop):
            carried = zip(statement.targets, statement.params, statement.initial)
            found.update(v for t, p, i in carried if i is ir.ABSENT or i in found for v in (t, p))
    return found
