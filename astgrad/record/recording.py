"""Recording: what the backward sweep needs of the primal's regions is handed to it.

In comes a gradient of which the backward regions read the Vars of the forward ones as if these were in
scope; out goes one in which every Var is read where it is bound (B9). A loop records a tape that its reverse
reads; a branch gets one more phi, None where it was not taken. What is cheap is computed again from what is
at hand: elements and slices of arrays, ranges, lengths, integer arithmetic, comparisons (B10).

    for i in range(n): h = tanh(W @ h)               tape = []; for ...: h = tanh(W @ h); tape.append(h)
    # backward                               ->      # backward
    for ... reversed: bh = bh * (1 - h**2)           for h in reversed(tape): bh = bh * (1 - h**2)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from astgrad import ir
from astgrad.analyses.regions import reads, rebuilt
from astgrad.analyses.specs import Spec
from astgrad.errors import InternalError, Origin
from astgrad.ir import Atom, Block, Call, Const, Function, If, Loop, Statement, Tape, Try, Var, With
from astgrad.record.cheap import is_cheap
from astgrad.records import fresh, replace, state
from astgrad.transform.defined import defined


def record(function: Function, specs: dict[Var, Spec], adjoint_of: dict[Var, Var]) -> Function:
    """The function with its tapes; `specs` learn the new Vars."""
    if all(isinstance(statement, Call) for statement in function.body.body):
        return function
    recorder = _Recorder(specs, adjoint_of)
    recorder.survey(function.body, None, None)
    body = recorder.rewritten(function.body, (function.body,))
    made = replace(function, body=recorder.taped(body))
    loops = (s for s in ir.statements(made.body) if isinstance(s, Loop))
    tapes = (tape for loop in loops for tape in loop.tapes if not tape.reads)
    return defined(made, (var for tape in tapes for atom in tape.atoms for var in ir.variables(atom)))


@state
class _Reverse:
    """A loop of the backward sweep, while its body is gone through: what it needs of each step."""

    loop: Loop
    primal: Loop
    block: Block
    wanted: frozenset[Var]  # of the primal's step
    read: dict[Var, Var] = fresh(factory=dict)  # from the tape: primal Var -> item


@state
class _Recorder:
    specs: dict[Var, Spec]
    adjoint_of: dict[Var, Var]
    home: dict[Var, Block] = fresh(factory=dict)  # the block in which a Var is visible
    above: dict[int, tuple[Statement, Block] | None] = fresh(factory=dict)  # of blocks: owner, its block
    defs: dict[Var, Call] = fresh(factory=dict)
    loops: dict[Any, Loop] = fresh(factory=dict)  # by label
    heads: dict[int, list[Statement]] = fresh(factory=dict)  # of blocks: what is computed again there
    again: dict[tuple[Var, int], Var] = fresh(factory=dict)  # computed again in a block
    reverses: list[_Reverse] = fresh(factory=list)  # around the place at hand
    phis: dict[int, dict[Var, Var]] = fresh(factory=dict)  # of Ifs: what leaves an arm -> target
    tapes: dict[Any, list[Tape]] = fresh(factory=dict)  # by label of the loop that records them

    # --- where everything is

    def survey(self, block: Block, owner: Statement | None, around: Block | None) -> None:
        self.above[id(block)] = (owner, around) if owner is not None and around is not None else None
        self.home.update(dict.fromkeys(block.params, block))
        for statement in block.body:
            self.home.update(dict.fromkeys(ir.targets(statement), block))
            if isinstance(statement, Call):
                if statement.target is not None:
                    self.defs[statement.target] = statement
                continue
            if isinstance(statement, Loop):
                self.loop(statement, block)
            elif isinstance(statement, With) and statement.name is not None:
                self.home[statement.name] = statement.block
            elif isinstance(statement, Try):
                self.home.update((h.name, h.block) for h in statement.handlers if h.name is not None)
            for inner in ir.blocks(statement):
                self.survey(inner, statement, block)

    def loop(self, statement: Loop, block: Block) -> None:
        self.loops[statement.label] = statement
        bound = [*statement.params, *statement.items]
        for tape in statement.tapes:
            if tape.reads:
                bound += [atom for atom in tape.atoms if isinstance(atom, Var)]
            else:
                self.home[tape.list] = block
        self.home.update(dict.fromkeys(bound, statement.body))

    # --- uses

    def rewritten(self, block: Block, chain: tuple[Block, ...]) -> Block:
        """The block with each use of a Var out of scope replaced; `chain` are the blocks around it."""
        head: list[Statement] = self.heads.setdefault(id(block), [])
        body = [made for statement in block.body for made in self.statement(statement, chain)]
        results = tuple(self.atom(result, chain) for result in block.results)
        return Block(block.params, (*head, *body), results)

    def statement(self, statement: Statement, chain: tuple[Block, ...]) -> list[Statement]:
        if isinstance(statement, Call):
            return [self.call(statement, chain)]
        if isinstance(statement, If):
            test = self.atom(statement.test, chain)
            then, orelse = self.inner(statement.then, chain), self.inner(statement.orelse, chain)
            made = If(statement.targets, test, then, orelse, statement.origin)
            self.phis[id(made)] = self.phis.setdefault(id(statement), {})
            return [made]
        if isinstance(statement, Loop):
            return (
                self.reversed(statement, chain)
                if statement.reverses is not None
                else [self.kept(statement, chain)]
            )
        guarded = rebuilt(statement, lambda a: self.atom(a, chain), lambda block: self.inner(block, chain))
        self.phis[id(guarded)] = self.phis.setdefault(id(statement), {})
        return [guarded]

    def inner(self, block: Block, chain: tuple[Block, ...]) -> Block:
        return self.rewritten(block, (*chain, block))

    def call(self, call: Call, chain: tuple[Block, ...]) -> Call:
        args = tuple(self.atom(arg, chain) for arg in call.args)
        kwargs = tuple((name, self.atom(value, chain)) for name, value in call.kwargs)
        op = self.atom(call.op, chain)
        if args == call.args and kwargs == call.kwargs and op is call.op:
            return call
        return replace(call, op=op, args=args, kwargs=kwargs)

    def kept(self, loop: Loop, chain: tuple[Block, ...]) -> Loop:
        """A loop that reverses none: its own regions may hold backward ones of an inner gradient."""
        test = self.inner(loop.test, (*chain, loop.body)) if loop.test is not None else None
        many = lambda atoms, around: tuple(self.atom(atom, around) for atom in atoms)
        inside = (*chain, loop.body)
        tapes = tuple(t if t.reads else replace(t, atoms=many(t.atoms, inside)) for t in loop.tapes)
        stop = self.atom(loop.stop, inside) if loop.stop is not None else None
        return replace(
            loop,
            initial=many(loop.initial, chain),
            iters=many(loop.iters, chain),
            test=test,
            body=self.inner(loop.body, chain),
            stop=stop,
            tapes=tapes,
        )

    def atom(self, atom: Atom, chain: tuple[Block, ...]) -> Atom:
        found = {var: self.brought(var, chain) for var in ir.variables(atom)}
        changed = {var: new for var, new in found.items() if new is not var}
        return ir.substitute(atom, changed) if changed else atom  # type: ignore[arg-type]

    # --- bringing a value to where it is read

    def brought(self, var: Var, chain: tuple[Block, ...]) -> Var:
        """The Var that holds, in the last block of `chain`, what `var` held in the forward sweep."""
        home = self.home.get(var, chain[0])  # what nothing binds here is an argument of an inner gradient
        if home in chain:
            return var
        above = self.above[id(home)]
        if above is None:
            raise InternalError(f"{var!r} is not in scope where the backward sweep reads it")
        owner, around = above
        call = self.defs.get(var)
        if not isinstance(owner, Loop):
            left = self.leaving(owner, home, var)
            if left is not None:
                return self.brought(left, chain)
            if call is not None and self.is_cheap(call, home):
                return self.computed_again(call, chain)
            return self.brought(self.phi(owner, around, var), chain)
        reverse = next((r for r in reversed(self.reverses) if r.primal is owner), None)
        if reverse is None:
            raise InternalError(f"{var!r} leaves its loop, and no loop behind reverses it")
        return self.from_step(reverse, var, chain)

    def leaving(self, owner: Statement, arm: Block, var: Var) -> Var | None:
        """The phi that holds a value of an arm behind the branch already."""
        if arm not in ir.arms(owner):
            return None
        found = (t for t, result in zip(ir.targets(owner), arm.results) if result is var)
        return next(found, None)

    def phi(self, owner: Statement, around: Block, var: Var) -> Var:
        """One more phi of a branch: the value, or None where the arm was not taken."""
        phis = self.phis.setdefault(id(owner), {})
        if var not in phis:
            target = phis[var] = self.like(var)
            self.home[target] = around
        return phis[var]

    def like(self, var: Var) -> Var:
        new = Var(var.name)
        if var in self.specs:
            self.specs[new] = self.specs[var]
        if var in self.adjoint_of:
            self.adjoint_of[new] = self.adjoint_of[var]
        return new

    def from_step(self, reverse: _Reverse, var: Var, chain: tuple[Block, ...]) -> Var:
        """A value of the step that is reversed: computed again where that is cheap, else from the tape."""
        if var in reverse.read:
            return reverse.read[var]
        call = self.defs.get(var)
        if call is not None and self.is_cheap(call, reverse.primal.body):
            return self.computed_again(call, chain[: chain.index(reverse.block) + 1])
        item = reverse.read[var] = self.like(var)
        self.home[item] = reverse.block
        return item

    def computed_again(self, call: Call, chain: tuple[Block, ...]) -> Var:
        """The call once more, at the head of the last block of `chain`."""
        assert call.target is not None
        for block in chain:
            if (call.target, id(block)) in self.again:
                return self.again[call.target, id(block)]
        new = self.like(call.target)
        made = replace(self.call(call, chain), target=new, origin=replace(call.origin, backward=True))
        self.home[new] = chain[-1]
        self.defs[new] = made
        self.heads.setdefault(id(chain[-1]), []).append(made)
        self.again[call.target, id(chain[-1])] = new
        return new

    def is_cheap(self, call: Call, home: Block) -> bool:
        """Whether a call of the block `home` is computed again rather than recorded."""
        operands = (var for arg in call.args for var in ir.variables(arg))
        return is_cheap(call, self.specs) and all(self.at_hand(var, home) for var in operands)

    def at_hand(self, var: Var, home: Block) -> bool:
        """Whether the backward sweep of `home` knows a value without recording it, or reads it anyway."""
        if any(var in reverse.wanted or var in reverse.primal.items for reverse in self.reverses):
            return True
        own = self.home.get(var)
        if own is None:
            return True
        if own is home:
            call = self.defs.get(var)
            return call is not None and self.is_cheap(call, home)
        above = self.above[id(home)]
        while above is not None:
            if above[1] is own:
                call = self.defs.get(var)
                inside = any(own is reverse.primal.body for reverse in self.reverses)
                return not inside or (call is not None and self.is_cheap(call, own))
            above = self.above[id(above[1])]
        return False

    # --- loops of the backward sweep

    def reversed(self, loop: Loop, chain: tuple[Block, ...]) -> list[Statement]:
        """The reversed loop with what it steps through, and the statements that make that."""
        primal = self.loops[loop.reverses]
        wanted = frozenset(
            v for v in reads(loop.body.body, loop.body.results) if self.home.get(v) is primal.body
        )
        reverse = _Reverse(loop, primal, loop.body, wanted)
        self.reverses.append(reverse)
        body = self.inner(loop.body, chain)
        self.reverses.pop()
        many = lambda atoms: tuple(self.atom(atom, chain) for atom in atoms)
        statements: list[Statement] = []
        iters, items, tapes = self.steps(reverse, chain, statements)
        initial = many(loop.initial)
        made = replace(
            loop, initial=initial, iters=iters, items=items, body=body, tapes=(*loop.tapes, *tapes)
        )
        return [*statements, made]

    def steps(
        self, reverse: _Reverse, chain: tuple[Block, ...], statements: list[Statement]
    ) -> tuple[tuple[Atom, ...], tuple[Var, ...], tuple[Tape, ...]]:
        """What a reversed loop steps through: the range backwards, or the tape."""
        primal = reverse.primal
        needed = tuple(reverse.read)
        if not needed and any(tape.reads for tape in reverse.loop.tapes):
            return (), (), ()
        ranged = self.range_of(primal)
        beside = any(tape.reads for tape in reverse.loop.tapes)
        if ranged is not None and set(needed) <= set(primal.items) and not beside:
            counted = self.atom(ranged, chain)
            item = reverse.read[needed[0]] if needed else self.like(primal.items[0])
            if not needed:
                item.name = "_"
                return (counted,), (item,), ()
            backwards = Var()
            origin = Origin(backward=True)
            statements.append(Call(backwards, Const(reversed), (counted,), (), ir.PURE, origin))
            return (backwards,), (item,), ()
        made = self.tape(primal, needed)
        read = tuple(reverse.read.get(var) or self.like(var) for var in made.atoms)  # type: ignore[arg-type]
        return (), (), (Tape(self.brought(made.list, chain), read, True),)

    def tape(self, primal: Loop, needed: tuple[Var, ...]) -> Tape:
        """A tape of the primal loop with what is needed: one that it records anyway, or a new one."""
        for tape in (*primal.tapes, *self.tapes.get(primal.label, ())):
            if not tape.reads and set(needed) <= set(tape.atoms) and len(set(tape.atoms)) == len(tape.atoms):
                return tape
        made = Tape(Var("tape" if needed else "steps"), needed)
        self.tapes.setdefault(primal.label, []).append(made)
        above = self.above[id(primal.body)]
        assert above is not None
        self.home[made.list] = above[1]
        return made

    def range_of(self, loop: Loop) -> Atom | None:
        """The range that a loop steps through, to its end."""
        if loop.test is not None or loop.stop is not None or len(loop.iters) != 1:
            return None
        atom = loop.iters[0]
        if isinstance(atom, Const):
            return atom if isinstance(atom.value, range) else None
        call = self.defs.get(atom) if isinstance(atom, Var) else None
        return atom if call is not None and isinstance(call.op, Const) and call.op.value is range else None

    # --- the forward sweep

    def taped(self, block: Block) -> Block:
        """The block with the phis and tapes that were asked for."""
        return Block(block.params, tuple(map(self.recording, block.body)), block.results)

    def recording(self, statement: Statement) -> Statement:
        if isinstance(statement, Call):
            return statement
        if isinstance(statement, Loop):
            test = self.taped(statement.test) if statement.test is not None else None
            tapes = (*statement.tapes, *self.tapes.get(statement.label, ()))
            return replace(statement, test=test, body=self.taped(statement.body), tapes=tapes)
        phis = self.phis.get(id(statement), {})
        targets = (*statement.targets, *phis.values())
        if isinstance(statement, Try):
            return replace(self.attempt(statement, phis), targets=self.before_last(statement, phis))
        if isinstance(statement, With):
            block = self.leaving_arm(statement.block, phis, name=statement.name)
            return replace(statement, targets=targets, block=block)
        arms = (self.leaving_arm(arm, phis) for arm in ir.blocks(statement))
        return replace(statement, targets=targets, then=next(arms), orelse=next(arms))

    def leaving_arm(
        self, arm: Block, phis: dict[Var, Var], handed: dict[Var, Var] | None = None, name: Var | None = None
    ) -> Block:
        """An arm with what leaves it: None for what another one binds."""
        inside = {*self.visible(arm), name}
        given = tuple(var if var in inside else (handed or {}).get(var, ir.ABSENT) for var in phis)
        return Block(arm.params, self.taped(arm).body, (*arm.results, *given))

    def attempt(self, statement: Try, phis: dict[Var, Var]) -> Try:
        """A try with what leaves its arms; what its body binds goes through `else`."""
        handlers = tuple(
            replace(h, block=self.leaving_arm(h.block, phis, name=h.name)) for h in statement.handlers
        )
        last = self.taped(statement.finalbody) if statement.finalbody is not None else None
        if statement.orelse is None:
            body = self.leaving_arm(statement.body, phis)
            return replace(statement, body=body, handlers=handlers, finalbody=last)
        inside = set(self.visible(statement.body))
        handed = {var: self.like(var) for var in phis if var in inside}
        taped = self.taped(statement.body)
        body = Block(taped.params, taped.body, (*taped.results, *handed))
        orelse = self.leaving_arm(statement.orelse, phis, handed)
        orelse = replace(orelse, params=(*orelse.params, *handed.values()))
        return replace(statement, body=body, handlers=handlers, orelse=orelse, finalbody=last)

    def before_last(self, statement: Try, phis: dict[Var, Var]) -> tuple[Var, ...]:
        """The targets: those of `finally` stay the last."""
        count = len(statement.targets) - (len(statement.finalbody.results) if statement.finalbody else 0)
        return (*statement.targets[:count], *phis.values(), *statement.targets[count:])

    def visible(self, arm: Block) -> Iterable[Var]:
        """What the block itself binds, its later phis and tapes included."""
        for statement in arm.body:
            yield from ir.targets(statement)
            if not isinstance(statement, (Call, Loop)):
                yield from self.phis.get(id(statement), {}).values()
            if isinstance(statement, Loop):
                yield from (tape.list for tape in statement.tapes if not tape.reads)
                yield from (tape.list for tape in self.tapes.get(statement.label, ()))
