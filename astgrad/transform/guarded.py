"""Guarded: how the walk goes through `with` and `try` (S11).

In come a `With` or a `Try`, out go the same, their regions walked. A context must not swallow exceptions.
A `try` says in a target of its own which arm completed: the backward sweep reverses that one.

    try: L = cholesky(A)                      L, which = try: ...; yield L1, 0
    except LinAlgError: L = cholesky(A + e)   ->           except LinAlgError: ...; yield L2, 1
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from astgrad.analyses import specs as sp
from astgrad.analyses.regions import bound
from astgrad.errors import UnsupportedSyntax
from astgrad.ir import Atom, Block, Call, Const, Handler, Tree, Try, Var, With
from astgrad.records import replace
from astgrad.transform import classes, control
from astgrad.transform.control import Arm, Env, Phis

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

CONTEXT = "a context manager that may swallow an exception is not differentiated"


def with_(walk: Specializer, statement: With, env: Env) -> None:
    """A `with` block: what it binds leaves it as targets."""
    context = walk.atom(statement.context, env)
    with walk.at(statement.origin):
        if isinstance(context, Tree):
            return made_here(walk, statement, context, env)
        check_context(walk, context)
        inner: tuple[Var, ...] = ()
        name = None
        if statement.name is not None:
            name = env[statement.name] = Var(statement.name.name)
            inner = (name,)
        arm = control.arm(walk, statement.block, env)
        phis = Phis(walk, frozenset((*bound(arm.body), *inner)), ([],))
        for target, atom in zip(statement.targets, arm.results):
            env[target] = phis.merge((atom,), target.name)
        control.merge_slots(walk, phis, [arm])
        block = Block((), tuple(arm.body), tuple(phis.results[0]))
        walk.body.append(With(tuple(phis.targets), context, name, block, walk.origin))


def made_here(walk: Specializer, statement: With, context: Tree, env: Env) -> None:
    """A context manager that the function made: what it does on entry and exit stands around the block."""
    if swallows(context.kind):
        walk.refuse(UnsupportedSyntax, CONTEXT, "catch the exception with try/except")
    entered = walk.apply(classes.find(walk, context, "__enter__"), (), ())
    if statement.name is not None:
        env[statement.name] = entered
    walk.block(statement.block, env)
    for target, result in zip(statement.targets, statement.block.results):
        env[target] = walk.atom(result, env)
    before = len(walk.body)
    walk.apply(classes.find(walk, walk.made.now(context), "__exit__"), (Const(None),) * 3, ())
    if any(not isinstance(each, Call) or each.effects.impure for each in walk.body[before:]):
        text = "a context manager that is made here does something on exit, which an exception would skip"
        walk.refuse(UnsupportedSyntax, text, "make it outside of the function")


def check_context(walk: Specializer, context: Atom) -> None:
    """Refuse a context manager of which the exit is not known, or may return something true."""
    kind = context_kind(walk, context)
    if kind is None:
        walk.refuse(UnsupportedSyntax, "the context manager is not known before the call", "")
    if kind is np.errstate or not swallows(kind):
        return
    walk.refuse(UnsupportedSyntax, CONTEXT, "catch the exception with try/except")


def context_kind(walk: Specializer, context: Atom) -> Any:
    """The class of a context manager, or the function that was decorated to make one."""
    call = walk.defs.get(context) if isinstance(context, Var) else None
    op: Any = call.op.value if call is not None and isinstance(call.op, Const) else None
    if isinstance(op, type):
        return op
    if hasattr(op, "__wrapped__"):
        return op.__wrapped__
    path = walk.paths.get(context)
    if path is not None and walk.facts.known(path):
        walk.facts.use(control_fact(path, walk.facts.value(path)))
        return type(walk.facts.value(path))
    return type(context.value) if isinstance(context, Const) else None


def control_fact(path: Any, value: Any) -> Any:
    from astgrad.analyses.facts import Fact

    return Fact(path, "type", type(value))


def swallows(kind: Any) -> bool:
    """Whether leaving a context may swallow an exception, by the text of its exit."""
    exit_ = getattr(kind, "__exit__", None) if isinstance(kind, type) else kind
    if not inspect.isfunction(exit_):
        module = getattr(kind, "__module__", "")
        return module not in ("_thread", "threading", "numpy", "builtins", "_io", "warnings", "decimal")
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(exit_)))
    except (OSError, SyntaxError, TypeError):
        return True
    if not isinstance(kind, type):  # a generator: it has to let the exception through
        return any(isinstance(node, ast.Try) and node.handlers for node in ast.walk(tree))
    returned = (node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value)
    return any(not (isinstance(value, ast.Constant) and not value.value) for value in returned)


def try_(walk: Specializer, statement: Try, env: Env) -> None:
    """A `try`: its targets are those of the arm that completed, and which one that was."""
    with walk.at(statement.origin):
        body = control.arm(walk, statement.body, env)
        main, handed = body, Phis(walk, frozenset(bound(body.body)), ([],))
        if statement.orelse is not None:
            for param, atom in zip(statement.orelse.params, body.results):
                env[param] = handed.merge((atom,), param.name)
            main = control.arm(walk, statement.orelse, env)
        handlers = [handler(walk, each, env) for each in statement.handlers]
        arms = [main, *(arm for _, arm in handlers)]
        inner = frozenset(var for arm in (body, *arms) for var in bound(arm.body))
        phis = Phis(walk, inner | frozenset(handed.targets), tuple([] for _ in arms))
        count = len(main.results)
        for index, target in enumerate(statement.targets[:count]):
            env[target] = phis.merge(tuple(arm.results[index] for arm in arms), target.name)
        if any(arm.slots[cell] is not held for arm in (body, *arms) for cell, held in walk.slots.items()):
            walk.refuse(UnsupportedSyntax, "a variable that functions share is assigned in a 'try'", "")
        which = numbered(walk, phis) if len(arms) > 1 and statement.which is None else None
        if statement.which is not None:
            which = env[statement.which]  # type: ignore[assignment]
        last, leaving = finally_(walk, statement, count, env)
        blocks = [Block((), tuple(arm.body), tuple(found)) for arm, found in zip(arms, phis.results)]
        first = blocks[0]
        orelse = None
        if statement.orelse is not None:
            orelse = replace(first, params=tuple(handed.targets))
            first = Block((), tuple(body.body), tuple(handed.results[0]))
        made = tuple(
            Handler(each.types, name, block)
            for each, (name, _), block in zip(statement.handlers, handlers, blocks[1:])
        )
        targets = (*phis.targets, *leaving)
        walk.body.append(
            Try(targets, first, made, orelse, last, walk.origin, which if isinstance(which, Var) else None)
        )


def numbered(walk: Specializer, phis: Phis) -> Var:
    """The target that says which arm completed."""
    which = Var("arm")
    walk.specs[which] = sp.INT
    phis.targets.append(which)
    for number, results in enumerate(phis.results):
        results.append(Const(number))
    return which


def handler(walk: Specializer, given: Handler, env: Env) -> tuple[Var | None, Arm]:
    name = Var(given.name.name) if given.name is not None else None
    if given.name is not None and name is not None:
        env[given.name] = name
    return name, control.arm(walk, given.block, env)


def finally_(walk: Specializer, statement: Try, count: int, env: Env) -> tuple[Block | None, tuple[Var, ...]]:
    """The block that always runs, and the targets of what it binds."""
    if statement.finalbody is None:
        return None, ()
    arm = control.arm(walk, statement.finalbody, env)
    phis = Phis(walk, frozenset(bound(arm.body)), ([],))
    for target, atom in zip(statement.targets[count:], arm.results):
        env[target] = phis.merge((atom,), target.name)
    block = Block((), tuple(arm.body), tuple(phis.results[0]))
    return block, tuple(phis.targets)
