"""Control: how the walk goes through a branch, and what its names are behind it.

In comes an `If`, out go the statements of the arm that the specs decide, or an `If` whose arms are walked
each in a region of its own. Names that the arms leave with different values are phis; containers of one
structure are joined leaf by leaf, so that no statement makes them.

    if t: p = (a, 1.0)                   p0, p1 = if t: yield a, 1.0
    else: p = (b, c)           ->                 else: yield b, c                p = (p0, p1)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from astgrad import ir, runtime_control
from astgrad.analyses import specs as sp
from astgrad.analyses.joining import join, outside
from astgrad.analyses.regions import bound
from astgrad.errors import AstgradError
from astgrad.ir import ABSENT, UNDEFINED, Atom, Block, Closure, Const, Effects, If, Statement, Tree, Var
from astgrad.records import fresh, state
from astgrad.transform import dunders

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

RAISES = Effects(reads=(), writes=(), impure=True, result="fresh")
Env = dict[Var, Atom]


def truth(walk: Specializer, test: Atom) -> bool:
    """What `bool(test)` is; raises Undecided where only the call knows."""
    if isinstance(test, Tree):
        if test.kind in (tuple, list, dict):
            return bool(test.items)
        if hasattr(test.kind, "__bool__") or (
            hasattr(test.kind, "__len__") and test.kind.__len__ is not tuple.__len__
        ):
            raise sp.Undecided
        return test.kind is slice or not issubclass(test.kind, tuple) or bool(test.items)
    if isinstance(test, Closure):
        return True
    return bool(sp.static(walk.spec(test)))


def branch(walk: Specializer, statement: If, env: Env) -> None:
    """The arm that the specs decide, walked in place; both, where they do not."""
    with walk.at(statement.origin):
        test = dunders.tested(walk, walk.atom(statement.test, env))
    try:
        taken = statement.then if truth(walk, test) else statement.orelse
    except sp.Undecided:
        if walk.in_rule:
            raise
        split(walk, statement, test, env)
        return
    walk.block(taken, env)
    for target, result in zip(statement.targets, taken.results):
        env[target] = walk.atom(result, env)


def split(walk: Specializer, statement: If, test: Atom, env: Env) -> None:
    """Both arms, and a phi for each name that they leave with different values."""
    then, orelse = (arm(walk, block, env) for block in (statement.then, statement.orelse))
    with walk.at(statement.origin):
        join_arms(walk, statement.targets, test, then, orelse, env)


def join_arms(
    walk: Specializer, targets: tuple[Var, ...], test: Atom, then: Arm, orelse: Arm, env: Env
) -> None:
    """Append the If of two walked arms, and bind `targets` to its phis."""
    inner = frozenset((*bound(then.body), *bound(orelse.body)))
    if then.body or orelse.body or any(a is not b for a, b in zip(then.results, orelse.results)):
        test = decided(walk, test)
    phis = Phis(walk, inner, ([], []), test=test)
    for target, *atoms in zip(targets, then.results, orelse.results):
        env[target] = phis.merge(tuple(atoms), target.name)
    merge_slots(walk, phis, [then, orelse])
    blocks = [Block((), tuple(a.body), tuple(results)) for a, results in zip((then, orelse), phis.results)]
    if then.body or orelse.body or phis.targets:
        walk.body.append(If(tuple(phis.targets), test, blocks[0], blocks[1], walk.origin))


def decided(walk: Specializer, test: Atom) -> Atom:
    """A test that the backward sweep may ask again: what is no number is made a bool once (S10)."""
    if isinstance(test, Tree) or isinstance(walk.spec(test), sp.Unknown):
        return walk.append(Const(bool), (test,), (), sp.BOOL, Effects(None, (), True, "fresh"))
    return test


@state
class Arm:
    """A region that has been walked: its statements, and what it leaves."""

    body: list[Statement]
    results: tuple[Atom, ...]
    slots: dict[Atom, Atom]  # what cells hold behind it


def merge_slots(walk: Specializer, phis: Phis, arms: list[Arm]) -> None:
    """What cells hold behind the arms."""
    for cell, before in list(walk.slots.items()):
        held = tuple(arm.slots[cell] for arm in arms)
        if any(atom is not before for atom in held):
            walk.slots[cell] = phis.merge(held, "")


def arm(walk: Specializer, block: Block, env: Env) -> Arm:
    """Walk one arm in a region of its own; where it certainly raises, it leaves nothing."""

    def steps() -> tuple[Atom, ...]:
        walk.block(block, env)
        return tuple(walk.atom(result, env) for result in block.results)

    return arm_of(walk, steps, len(block.results))


def arm_of(walk: Specializer, steps: Callable[[], tuple[Atom, ...]], count: int) -> Arm:
    """A region of these steps, which give `count` results."""
    slots = walk.slots
    walk.slots = dict(slots)
    found: list[tuple[Atom, ...]] = []
    with walk.region() as body:
        within(walk, lambda: found.append(steps()))
    made = Arm(body, found[0] if found else (UNDEFINED,) * count, walk.slots)
    walk.slots = slots
    return made


def within(walk: Specializer, steps: Callable[[], Any]) -> bool:
    """Do what may not be reached: an error of the primal's own becomes a statement that raises it."""
    stack, calls, undecided = len(walk.stack), len(walk.calls), walk.undecided
    walk.undecided += 1
    try:
        steps()
    except (AstgradError, sp.Undecided, RecursionError, MemoryError):
        raise
    except Exception as error:
        del walk.stack[stack:], walk.entered[stack:], walk.calls[calls:]
        walk.body.append(
            ir.Call(None, Const(runtime_control.raised), (Const(error),), (), RAISES, walk.origin)
        )
        return False
    finally:
        walk.undecided = undecided
    return True


@state
class Phis:
    """The phis of one statement: names that have the same values in all arms share one, and stay aliases."""

    walk: Specializer
    inner: frozenset[Var]  # bound in the arms
    results: tuple[list[Atom], ...]
    targets: list[Var] = fresh(factory=list)
    made: dict[tuple[Any, ...], Var] = fresh(factory=dict)
    test: Atom | None = None  # of a branch

    def merge(self, atoms: tuple[Atom, ...], name: str) -> Atom:
        """What a name is behind the arms that leave it as these."""
        first = atoms[0]
        same = all(atom is first or same_constant(atom, first) for atom in atoms)
        if same and not any(var in self.inner for var in ir.variables(first)):
            return first
        self.walk.made.freeze(*atoms)
        like = next((atom for atom in atoms if isinstance(atom, Tree)), None)
        if like is not None and all(congruent(like, atom) for atom in atoms):
            columns = zip(*(parts(atom, like) for atom in atoms))
            merged = (self.merge(each, item_name(name, like, i)) for i, each in enumerate(columns))
            return Tree(like.kind, tuple(merged), like.keys)
        if self.test is not None and all(dunders.is_callable(self.walk, atom) for atom in atoms):
            return self.choice(*atoms)
        return self.phi(atoms, name)

    def choice(self, a: Atom, b: Atom) -> Var:
        """One callable or the other: a Var that no statement binds, since only calls of it are made."""
        var = Var()
        sides = (self.carried(a, lambda v: (v, ABSENT)), self.carried(b, lambda v: (ABSENT, v)))
        assert self.test is not None
        self.walk.choices[var] = dunders.Choice(self.test, *sides)
        return var

    def carried(self, atom: Atom, pair: Callable[[Var], tuple[Atom, Atom]]) -> Atom:
        """A callable whose captured values leave the arm that it was made in."""
        found: dict[Var, Atom] = {v: self.phi(pair(v), v.name) for v in ir.variables(atom) if v in self.inner}
        return ir.substitute(atom, found) if found else atom

    def phi(self, atoms: tuple[Atom, ...], name: str) -> Var:
        if atoms not in self.made:
            var = self.made[atoms] = Var(name)
            self.targets.append(var)
            for results, atom in zip(self.results, atoms):
                results.append(atom)
            self.describe(var, tuple(atom for atom in atoms if atom not in (UNDEFINED, ABSENT)))
        return self.made[atoms]

    def describe(self, var: Var, atoms: tuple[Atom, ...]) -> None:
        """What is known of a phi."""
        from astgrad.transform.states import Leaf, entry, local, met

        walk = self.walk
        found = [local(entry(walk, atom), self.inner) for atom in atoms]
        state = functools.reduce(lambda a, b: met(walk, a, b), found)
        spec = state.spec if isinstance(state, Leaf) else join_all(walk, atoms)
        walk.specs[var] = sp.named(outside(spec, self.inner), var)
        if walk.is_varied(*atoms) and may_vary(spec):
            walk.varied.add(var)


def join_all(walk: Specializer, atoms: tuple[Atom, ...]) -> sp.Spec:
    return functools.reduce(join, map(walk.spec, atoms))


def may_vary(spec: sp.Spec) -> bool:
    """Whether a value of this kind can depend on a differentiated leaf, differentiably."""
    dtype = sp.dtype_of(spec)
    return not isinstance(spec, sp.Known) and (dtype is None or dtype.kind in "fc")


def same_constant(a: Atom, b: Atom) -> bool:
    """Whether two atoms are one constant: the same object, or equal literals of one type."""
    if not isinstance(a, Const) or not isinstance(b, Const) or UNDEFINED in (a, b):
        return False
    if ABSENT in (a, b):
        return a is b
    if a.value is b.value:
        return True
    literal = isinstance(a.value, (bool, int, float, complex, str, bytes))
    return literal and type(a.value) is type(b.value) and repr(a.value) == repr(b.value)


def congruent(a: Atom, b: Atom) -> bool:
    """Whether two containers have one structure; a name that is not bound has any."""
    if any(atom in (UNDEFINED, ABSENT) for atom in (a, b)):
        return True
    if not isinstance(a, Tree) or not isinstance(b, Tree):
        return False
    return a.kind is b.kind and a.keys == b.keys and len(a.items) == len(b.items)


def parts(atom: Atom, like: Tree) -> tuple[Atom, ...]:
    return atom.items if isinstance(atom, Tree) else (atom,) * len(like.items)


def item_name(name: str, tree: Tree, index: int) -> str:
    """The name of a leaf of the container `name`."""
    key = tree.keys[index] if tree.keys else index
    if isinstance(key, str) and key.isidentifier():
        return key
    return f"{name}{index}" if name else ""
