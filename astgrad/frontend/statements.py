"""From statements to IR: assignments, unpacking, branches, and the value that a list of statements returns.

In come statements without jumps (see `jumps.py`) and the names that are live behind them; the statements of
the IR are appended to the block that is being written, and the names of the scope are rebound.
"""

from __future__ import annotations

import operator
from typing import Any

from astgrad.errors import UnsupportedSyntax, UntrackedMutation, refuse
from astgrad.frontend import calls, fence
from astgrad.frontend.arms import FALSE, TRUE, shown
from astgrad.frontend.desugar import Branch, Flag, appending, kind, leaves, written
from astgrad.frontend.expressions import BINARY, GETATTR, GETITEM, NONE, Expressions
from astgrad.frontend.jumps import Jumps
from astgrad.frontend.names import Liveness
from astgrad.frontend.names import Names as Live
from astgrad.frontend.resolve import Scope
from astgrad.frontend.source import Source
from astgrad.ir import UNDEFINED, Atom, Const, Effects, Tree
from astgrad.runtime import unpack
from astgrad.runtime_python import appended, rethrow, throw, throw_from

APPENDED, GROWS = Const(appended), Effects((0,), (), False, "fresh")
AUGMENTED = {name: Const(getattr(operator, f"i{text.rstrip('_')}")) for name, text in BINARY.items()}
SETATTR = Const(setattr)
NOTHING: Live = frozenset()


class Statements(Expressions):
    """The statements of one function. A handler takes the node and what is live behind it."""

    statement_handlers: Any  # kind -> handler

    def __init__(self, found: Source, scope: Scope, rule: bool) -> None:
        super().__init__(found, scope, rule)
        self.liveness = Liveness(found.scope)

    def block(self, nodes: list[Any]) -> Atom:
        """The body of a function as it is written; the value that it returns."""
        return self.statements(Jumps().function(nodes), NOTHING) or NONE

    def statements(self, nodes: list[Any], live: Live) -> Atom | None:
        """Lower statements; the value returned, if they return."""
        behind = self.liveness.behind(nodes, live)
        for node, after in zip(nodes, behind):
            found = kind(node)
            if written(node) in self.refused or found not in self.statement_handlers:
                self.refuse(node)
            if found == "Return":
                return self.expression(node.value) if node.value else NONE
            if isinstance(node, Branch) and "Return" in leaves(node):
                return self.returning(node)
            self.statement_handlers[found](self, node, after)
            if self.dead:
                break
        return None

    # --- assignments

    def assign(self, node: Any, _: Live) -> None:
        value = node.value
        first = node.targets[0]
        if len(node.targets) == 1 and self.paired(first, value):
            for target, atom in self.pairs(first, value):
                self.bind(target, atom, value)
            return
        atom = self.expression(value, self.hint(first))
        for target in node.targets:
            self.bind(target, atom, value)

    def hint(self, target: Any) -> str:
        """The name that a call gets whose value goes to this target."""
        return self.mangled(target.id) if kind(target) == "Name" else ""

    def paired(self, target: Any, value: Any) -> bool:
        """Whether a display is unpacked into as many targets, so that no container is made."""
        if kind(target) not in ("Tuple", "List") or kind(value) not in ("Tuple", "List"):
            return False
        starred = any(kind(item) == "Starred" for item in (*target.elts, *value.elts))
        return len(target.elts) == len(value.elts) and not starred

    def pairs(self, target: Any, value: Any) -> list[tuple[Any, Atom]]:
        """Each target with the atom that it gets; every value is evaluated before any target is bound."""
        if not self.paired(target, value):
            return [(target, self.expression(value, self.hint(target)))]
        pairs = zip(target.elts, value.elts)
        return [pair for inner, item in pairs for pair in self.pairs(inner, item)]

    def bind(self, target: Any, atom: Atom, value: Any) -> None:
        """Bind a target to the value that the node `value` has."""
        found = kind(target)
        if found == "Starred":
            self.bind(target.value, atom, value)
        elif found == "Name":
            self.store(target, self.local(target.id), atom)
        elif found in ("Tuple", "List"):
            for inner, item in zip(target.elts, self.unpacked(target, atom, value)):
                self.bind(inner, item, value)
        elif found == "Attribute":
            self.write(target, self.expression(target.value), atom)
        else:
            fence.store(found, self.origin(target))

    def write(self, target: Any, owner: Atom, value: Atom) -> None:
        """owner.name = value: what that means is known once the owner is."""
        self.call(target, SETATTR, (owner, Const(self.mangled(target.attr)), value))

    def unpacked(self, target: Any, atom: Atom, value: Any) -> list[Atom]:
        """The elements of a value, as many as there are targets, or the error that Python raises."""
        if any(kind(item) == "Starred" for item in target.elts):
            return calls.targets(self, target, atom, value)
        count = len(target.elts)
        if isinstance(atom, Tree) and atom.kind is tuple and len(atom.items) == count:
            return list(atom.items)
        whole = self.call(value, Const(unpack), (atom, Const(count)))
        names = [self.hint(item) for item in target.elts]
        return [self.call(value, GETITEM, (whole, Const(i)), name=name) for i, name in enumerate(names)]

    def augmented(self, node: Any, _: Live) -> None:
        if kind(node.target) == "Attribute":
            self.augmented_attribute(node, node.target)
            return
        if kind(node.target) != "Name":
            fence.store(kind(node.target), self.origin(node.target))
        name = self.mangled(node.target.id)
        before = self.name(node.target)
        if before in self.lists.own:
            refuse(UntrackedMutation, self.origin(node), *fence.EXTENDED)
        value = self.expression(node.value)
        self.store(node, name, self.call(node, AUGMENTED[kind(node.op)], (before, value), name=name))

    def augmented_attribute(self, node: Any, target: Any) -> None:
        owner, attribute = self.expression(target.value), Const(self.mangled(target.attr))
        before = self.call(target, GETATTR, (owner, attribute))
        value = self.expression(node.value)
        self.write(target, owner, self.call(node, AUGMENTED[kind(node.op)], (before, value)))

    def annotated(self, node: Any, _: Live) -> None:
        if node.value is not None:
            self.bind(node.target, self.expression(node.value, self.hint(node.target)), node.value)

    def nested(self, node: Any, _: Live) -> None:
        self.store(node, self.mangled(node.name), self.closure(node))

    def nonlocal_(self, node: Any, _: Live) -> None:
        """Its names are cells of an enclosing function; those of the live function's own are not written."""
        if any(self.scope.owner(self.mangled(name)) is None for name in node.names):
            refuse(UnsupportedSyntax, self.origin(node), *fence.NONLOCAL)

    def expressed(self, node: Any, _: Live) -> None:
        receiver = appending(node.value)
        if receiver and self.append(node.value, self.mangled(receiver.id)):
            return
        if kind(node.value) != "Constant":
            self.expression(node.value)

    def append(self, node: Any, name: str) -> bool:
        """`xs.append(value)` of a list that this function made: its names stand for the new list."""
        before = self.scope.env.get(name, UNDEFINED) if name in self.scope.bound else UNDEFINED
        if before not in self.lists.own:
            return False
        value = self.expression(node.args[0])
        if not self.lists.may_grow(before):
            refuse(UntrackedMutation, self.origin(node), *fence.SHARED)
        grown = self.call(node, APPENDED, (before, value), name=shown(name), effects=GROWS)
        self.lists.made(grown)
        self.lists.replace(self.scope.env, before, grown)
        return True

    def mark(self, node: Any, _: Live) -> None:
        self.scope.assign(node.name, TRUE if node.value else FALSE)

    def keep(self, node: Any, _: Live) -> None:
        self.scope.assign(node.name, self.expression(node.value) if node.value else NONE)

    # --- errors

    def raise_(self, node: Any, _: Live) -> None:
        """A call that raises; without an exception it raises the one that is being handled."""
        given = [self.expression(each) for each in (node.exc, node.cause) if each]
        self.throw(node, *given)

    def throw(self, node: Any, *given: Atom) -> None:
        self.call(node, Const((rethrow, throw, throw_from)[len(given)]), given)
        self.dead = True

    def assert_(self, node: Any, _: Live) -> None:
        """An If of which an arm raises; nothing under `python -O`."""
        if not __debug__:
            return
        test = self.expression(node.test)

        def fail() -> Atom:
            given = (self.expression(node.msg),) if node.msg else ()
            self.throw(node, self.call(node, Const(AssertionError), given))
            return NONE

        self.fork(node, test, lambda: NONE, fail)

    # --- branches

    def if_(self, node: Branch, live: Live) -> None:
        """An If whose phis are the live names that its arms bind differently."""
        test = self.expression(node.test)
        if isinstance(node.test, Flag) and isinstance(test, Const):
            self.statements(node.body if test.value else node.orelse, live)
            return
        self.fork(node, test, lambda: self.arms(node.body, live), lambda: self.arms(node.orelse, live), live)

    def arms(self, nodes: list[Any], live: Live) -> Atom:
        return self.statements(nodes, live) or NONE

    def returning(self, node: Branch) -> Atom:
        """A branch in last place of which an arm returns: its value is what the function returns."""
        test = self.expression(node.test)
        if isinstance(node.test, Flag) and isinstance(test, Const):
            return self.arms(node.body if test.value else node.orelse, NOTHING)
        arms = (lambda: self.arms(node.body, NOTHING)), (lambda: self.arms(node.orelse, NOTHING))
        return self.fork(node, test, *arms, NOTHING)
