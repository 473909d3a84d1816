"""Reverse: the adjoint of a specialized function, statement by statement.

In comes structured SSA, out goes the same with its adjoint behind it, in the accumulate form of the
lecture: the adjoints of all parents start at 0, then for j = N..n+1 every parent i gets
`df/dx_i += df/dx_j * dg_j/dx_i`. It is pure; what folds it into what a person writes are the passes of
`optimize/`.

    s = sin(x)                  s = sin(x); y = multiply(s, x); bs = 0.0; bx = 0.0; by = 1.0
    y = multiply(s, x)    ->    bs = add(bs, multiply(by, x)); bx = add(bx, multiply(by, s))
                                bx = add(bx, multiply(bs, cos(x)))

A branch is reversed under the same test, a loop by a loop that `reverses` it. Both read values of the
primal's regions as if these were in scope: `record` brings them there.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable

import numpy as np

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.joining import join
from astgrad.analyses.regions import bound, reads, substituted
from astgrad.ir import ABSENT, UNDEFINED, Atom, Block, Call, Const, If, Loop, Statement, Tape, Try, Var, With
from astgrad.records import fresh, record, replace, state
from astgrad.transform import activity
from astgrad.transform.contributions import Contributions, adjoint_name, is_scalar


@record
class Adjoints:
    """A tape that holds the adjoints of some columns of another one, `inner` those of tapes in a column."""

    list: Atom
    columns: tuple[Column, ...]


@record
class Column:
    """The adjoint of a value of an entry, by position; of a tape the columns of its adjoint."""

    position: int
    inner: tuple[Column, ...] | None = None


Tapes = dict[Var, list[Adjoints]]


@state
class Arm:
    """The adjoint of an arm: its statements, the adjoints from outside behind it, the tapes it made."""

    body: list[Statement]
    ends: dict[Var, Atom]
    tapes: list[tuple[Var, Adjoints]]


@state
class Reverse(Contributions):
    """The adjoint of a whole function: its statements, branches and loops, the last first."""

    tapes: Tapes = fresh(factory=dict)  # of a tape of the primal: those with its adjoints

    def run(self, seeds: Iterable[tuple[Var, Atom]]) -> None:
        """Append the adjoint statements; `seeds` are output Vars with the adjoints they start from."""
        seeds = tuple(seeds)
        primal = tuple(self.walk.body)
        outputs = tuple(var for var, _ in seeds)
        self.active = activity.find(primal, outputs, self.walk.varied, self.parents)
        self.structured = self.find_structured(primal)
        last = self.outputs_only(primal, outputs)
        for var, seed in seeds:
            if var in last:
                self.start(var, self.walk.origin, self.seeded(var, seed))
        self.start_all(primal, last)
        for leaf in self.leaves:
            if leaf in self.active and leaf not in last:
                self.start(leaf, self.walk.origin)
        with self.walk.at(self.walk.origin.behind()):
            for var, seed in seeds:
                if var in self.active and var not in last:
                    self.accumulate(var, seed)
        self.sweep(primal)

    def find_structured(self, primal: tuple[Statement, ...]) -> set[Var]:
        """Vars of unknown kind that the function reads as containers or objects are read."""
        readers = (operator.getitem, getattr, runtime.unpack)
        found = set()
        for call in ir.statements(Block((), primal, ())):
            if isinstance(call, Call) and isinstance(call.op, ir.Const) and call.op.value in readers:
                found |= {a for a in call.args[:1] if isinstance(a, Var) and self.spec(a) is sp.UNKNOWN}
        return found | {var for var in self.active if isinstance(self.spec(var), (sp.Struct, sp.Listing))}

    def outputs_only(self, primal: tuple[Statement, ...], outputs: tuple[Var, ...]) -> set[Var]:
        """Outputs that are nobody's parent: their adjoint is the seed, and nothing is added to it."""
        read = set(reads(primal))
        once = {var for var in outputs if outputs.count(var) == 1}
        return {var for var in once if var in self.active and var not in read}

    # --- blocks

    def start_all(self, body: tuple[Statement, ...], last: Iterable[Var] = ()) -> None:
        """The adjoints of what a block binds start at zero."""
        for statement in reversed(body):
            for target in ir.targets(statement):
                started = target in self.active and target not in last and not self.is_tape(target)
                if started and target not in self.walk.pairs.made:
                    self.start(target, statement.origin)

    def sweep(self, body: tuple[Statement, ...]) -> None:
        """The statements of a block, the last first."""
        for statement in reversed(body):
            with self.walk.at(statement.origin.behind()):
                if isinstance(statement, Call):
                    if statement.target in self.active:
                        self.statement(statement)
                elif isinstance(statement, If):
                    self.branch(statement)
                elif isinstance(statement, Loop):
                    self.loop(statement)
                elif isinstance(statement, ir.With):
                    self.within(statement)
                else:
                    self.attempt(statement)

    def outer(self, statement: Statement) -> list[Var]:
        """The active Vars from outside that the regions of a statement read."""
        inside = frozenset(bound((statement,)))
        found = [var for block in ir.blocks(statement) for var in reads(block.body, block.results)]
        for tape in statement.tapes if isinstance(statement, Loop) else ():
            found += [] if tape.reads else [var for atom in tape.atoms for var in ir.variables(atom)]
        active = dict.fromkeys(var for var in found if var in self.active and var not in inside)
        return [var for var in active if not self.is_tape(var)]

    # --- branches

    def branch(self, statement: If) -> None:
        """An If under the same test; a phi for each adjoint from outside that an arm adds to."""
        outer = self.outer(statement)
        before, tapes = {var: self.adjoints[var] for var in outer}, self.tapes
        arms = [self.arm(statement, arm, before, tapes) for arm in ir.blocks(statement)]
        self.tapes = tapes
        changed = [v for v in outer if any(arm.ends[v] is not before[v] for arm in arms)]
        targets = [self.adjoint(v, join(*(self.spec(arm.ends[v]) for arm in arms))) for v in changed]
        results = [[arm.ends[v] for v in changed] for arm in arms]
        for index, arm in enumerate(arms):
            for var, made in arm.tapes:
                targets.append(self.handed_on(var, made))
                results[index].append(made.list)
                results[1 - index].append(ABSENT)
        if targets:
            then, orelse = (Block((), tuple(arm.body), tuple(end)) for arm, end in zip(arms, results))
            self.walk.body.append(If(tuple(targets), statement.test, then, orelse, self.walk.origin))

    def within(self, statement: With) -> None:
        """The adjoint of a `with` block; that of np.errstate runs under the same settings."""
        call = self.walk.defs.get(statement.context)  # type: ignore[arg-type]
        quiet = call is not None and getattr(call.op, "value", None) is np.errstate
        outer = self.outer(statement)
        before, tapes = {var: self.adjoints[var] for var in outer}, self.tapes
        arm = self.arm(statement, statement.block, before, tapes)
        if not quiet:
            self.walk.body += arm.body
            self.adjoints.update(arm.ends)
            return
        assert call is not None
        self.tapes = tapes
        context = self.walk.append(call.op, call.args, call.kwargs, sp.UNKNOWN, call.effects)
        changed = [v for v in outer if arm.ends[v] is not before[v]]
        targets = [self.adjoint(v, self.spec(arm.ends[v])) for v in changed]
        results = [arm.ends[v] for v in changed]
        for var, made in arm.tapes:
            targets.append(self.handed_on(var, made))
            results.append(made.list)
        block = Block((), tuple(arm.body), tuple(results))
        self.walk.body.append(With(tuple(targets), context, None, block, self.walk.origin))

    def attempt(self, statement: Try) -> None:
        """The adjoint of the arm that completed, by a branch for each."""
        main = statement.body
        if statement.orelse is not None:
            env = dict(zip(statement.orelse.params, main.results))
            behind = substituted(statement.orelse, env)
            main = Block((), (*main.body, *behind.body), behind.results)
        count = len(main.results)
        targets = statement.targets[:count]
        if statement.which is None:
            self.branch(If(targets, Const(True), main, Block((), (), (UNDEFINED,) * count)))
            return
        rest = main
        for number, handler in reversed([*enumerate(statement.handlers, 1)]):
            test = self.walk.call(operator.eq, statement.which, number)
            made = If(tuple(map(self.twin, targets)), test, handler.block, rest, statement.origin)
            rest = Block((), (made,), made.targets)
        self.branch(If(targets, made.test, made.then, made.orelse, statement.origin))

    def twin(self, var: Var) -> Var:
        """Another Var of which all is known that is of this one."""
        new = Var(var.name)
        self.walk.specs[new] = self.spec(var)
        if var in self.active:
            self.active.add(new)
        return new

    def handed_on(self, var: Var, made: Adjoints) -> Var:
        """A target for a tape that an arm has made."""
        target = Var(adjoint_name(var))
        self.walk.specs[target] = self.spec(made.list)
        self.tape(var, replace(made, list=target))
        return target

    def arm(self, statement: If | With, arm: Block, before: dict[Var, Atom], tapes: Tapes) -> Arm:
        """The adjoint of one arm, and what the adjoints from outside are behind it."""
        inside = frozenset(bound(arm.body))
        self.tapes = {var: list(made) for var, made in tapes.items()}
        with self.walk.region() as body:
            self.start_all(arm.body)
            for target, result in zip(statement.targets, arm.results):
                if self.is_tape(target):
                    self.pass_on(target, result)
                elif target in self.active and result not in (UNDEFINED, ABSENT):
                    self.accumulate(result, self.adjoints[target])
            self.sweep(arm.body)
        ends = {var: self.adjoints[var] for var in before}
        self.adjoints.update(before)
        grown = [
            (var, made)
            for var, found in self.tapes.items()
            if var not in inside
            for made in found[len(tapes.get(var, ())) :]
        ]
        return Arm(body, ends, grown)

    def adjoint(self, var: Var, spec: sp.Spec | None = None) -> Var:
        """A new Var that is the adjoint of `var` from here on."""
        new = Var(adjoint_name(var))
        self.walk.specs[new] = adjoint_spec(self.spec(var)) if spec is None else spec
        self.bind(var, new)
        return new

    # --- tapes of an inner gradient

    def is_tape(self, atom: Atom) -> bool:
        return isinstance(atom, Var) and isinstance(self.spec(atom), sp.Recorded)

    def tape(self, var: Atom, made: Adjoints) -> None:
        """Note a tape with the adjoints of what the tape `var` holds."""
        if isinstance(var, Var):
            self.tapes.setdefault(var, []).append(made)

    def pass_on(self, target: Var, result: Atom) -> None:
        for made in self.tapes.get(target, ()):
            self.tape(result, made)

    def collected(self, tape: Tape) -> Tape | None:
        """What was read from a tape is collected, the other way round, as adjoints on another one."""
        atoms: list[Atom] = []
        columns: list[Column] = []
        for position, item in enumerate(tape.atoms):
            if self.is_tape(item):
                for inner in self.tapes.get(item, ()):  # type: ignore[arg-type]
                    atoms.append(inner.list)
                    columns.append(Column(position, inner.columns))
            elif item in self.active:
                atoms.append(self.adjoints[item])  # type: ignore[index]
                columns.append(Column(position))
        if not columns:
            return None
        made = Var(f"b{tape.list.name}")
        self.walk.specs[made] = sp.Recorded(())
        self.tape(tape.list, Adjoints(made, tuple(columns)))
        return Tape(made, tuple(atoms))

    def handed_back(self, tape: Tape, made: Adjoints) -> Tape:
        """What was collected for a tape is added to the adjoints of what was recorded."""
        items: list[Atom] = []
        for column in made.columns:
            atom = tape.atoms[column.position]
            item = Var(adjoint_name(atom) if isinstance(atom, Var) else "")
            items.append(item)
            if column.inner is not None:
                self.walk.specs[item] = sp.Recorded(())
                self.tape(atom, Adjoints(item, column.inner))
                continue
            self.walk.specs[item] = adjoint_spec(self.spec(atom))
            if isinstance(atom, Var):
                self.adjoint_of[item] = atom
            self.accumulate(atom, item)
        assert isinstance(made.list, Var)
        return Tape(made.list, tuple(items), True)

    # --- loops

    def loop(self, statement: Loop) -> None:
        """The loop that runs the other way: it carries the adjoints of what the primal's carries, and
        those from outside that its steps add to."""
        carried = [k for k, param in enumerate(statement.params) if param in self.active]
        outer = self.outer(statement)
        if not carried and not outer and not self.is_taped(statement):
            return
        start = [self.leaving(statement, k) for k in carried]
        before = {var: self.adjoints[var] for var in outer}
        with self.walk.region() as body:
            arriving = [self.arriving(statement.params[k], statement.body.results[k]) for k in carried]
            adding = [self.adjoint(var) for var in outer]
            self.start_step(statement, dict(zip(carried, arriving)))
            for k, by in zip(carried, arriving):
                self.accumulate(statement.body.results[k], by)
            recorded = [tape for tape in statement.tapes if not tape.reads]
            read = [self.handed_back(t, made) for t in recorded for made in self.tapes.get(t.list, ())]
            self.sweep(statement.body.body)
            collected = [self.collected(tape) for tape in statement.tapes if tape.reads]
        ends = [self.adjoints[statement.params[k]] for k in carried]
        changed = [i for i, var in enumerate(outer) if self.adjoints[var] is not adding[i]]
        results = (*ends, *(self.adjoints[outer[i]] for i in changed))
        self.adjoints.update(before)
        entered = [self.entering(statement, k) for k in carried]
        added = [self.adjoint(outer[i]) for i in changed]
        self.walk.body.append(
            Loop(
                targets=(*entered, *added),
                initial=(*start, *(before[outer[i]] for i in changed)),
                params=(*arriving, *(adding[i] for i in changed)),
                iters=(),
                items=(),
                test=None,
                body=Block((), tuple(body), results),
                tapes=(*read, *(tape for tape in collected if tape is not None)),
                origin=self.walk.origin,
                label=object(),
                reverses=statement.label,
            )
        )
        for k, by in zip(carried, entered):
            self.accumulate(statement.initial[k], by)

    def is_taped(self, loop: Loop) -> bool:
        """Whether a loop has to do with the adjoints of what is on a tape."""
        return any(
            any(atom in self.active for atom in tape.atoms) if tape.reads else tape.list in self.tapes
            for tape in loop.tapes
        )

    def leaving(self, statement: Loop, k: int) -> Atom:
        """The adjoint of a carried value behind the loop."""
        target = statement.targets[k]
        return self.adjoints[target] if target in self.active else self.zero(target)

    def arriving(self, param: Var, result: Atom) -> Var:
        """The adjoint of what a step passes on: of the shape of that."""
        new = Var(adjoint_name(param))
        spec, own = self.spec(param), self.spec(result) if isinstance(result, Var) else sp.UNKNOWN
        same = isinstance(spec, sp.Array) and isinstance(own, sp.Array) and own.shape
        self.walk.specs[new] = adjoint_spec(own if same else spec)
        self.adjoint_of[new] = param
        return new

    def entering(self, statement: Loop, k: int) -> Var:
        """The adjoint of what the first step is given: of the shape of that."""
        param, initial = statement.params[k], statement.initial[k]
        spec = self.spec(initial)
        known = isinstance(initial, Var) and isinstance(spec, sp.Array)
        return self.adjoint(param, adjoint_spec(spec) if known else None)

    def start_step(self, statement: Loop, arriving: dict[int, Var]) -> None:
        """The adjoints of what a step reads and binds start at zero."""
        read = {*reads(statement.body.body), *(reads(statement.test.body) if statement.test else ())}
        for k, by in arriving.items():
            param = statement.params[k]
            alike = statement.initial[k] is UNDEFINED or self.is_alike(param, statement.body.results[k])
            like = by if param not in read and alike and not is_scalar(self.spec(param)) else param
            self.start(param, statement.origin, functools.partial(self.zero_like, param, like))
        for tape in statement.tapes:
            for item in tape.atoms if tape.reads else ():
                if item in self.active and not self.is_tape(item):
                    self.start(item, statement.origin)  # type: ignore[arg-type]
        self.start_all(statement.body.body)

    def is_alike(self, a: Var, b: Atom) -> bool:
        """Whether two values are known to be arrays of one shape and dtype."""
        first, second = self.spec(a), self.spec(b)
        if not isinstance(first, sp.Array) or not isinstance(second, sp.Array) or first.dtype != second.dtype:
            return False
        return sp.fills(first.shape, second.shape) and sp.fills(second.shape, first.shape)


def adjoint_spec(spec: sp.Spec) -> sp.Spec:
    """What is known of the adjoint of a value at a loop head: a number of Python or of NumPy for a number."""
    if isinstance(spec, sp.Number) or (isinstance(spec, sp.Array) and spec.shape == ()):
        dtype = sp.dtype_of(spec)
        kind = complex if dtype is not None and dtype.kind == "c" else float
        return sp.Number(kind, None, False)
    return spec
