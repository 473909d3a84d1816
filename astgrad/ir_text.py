"""The text form of the IR: what `print(function)` shows, one statement a line.

It knows statements by the names of their classes, so that `ir.py` can stand below it.
"""

from __future__ import annotations

from types import CellType
from typing import Any

from astgrad.records import fresh, state


def kind(value: Any) -> str:
    return type(value).__name__


def targets(statement: Any) -> tuple[Any, ...]:
    """The Vars that a statement binds."""
    if kind(statement) == "Call":
        return (statement.target,) if statement.target else ()
    return tuple(statement.targets)


@state
class _Names:
    """Unique printed names: the user's where there is one, `t1`, `t2`, ... for the rest."""

    names: dict[Any, str] = fresh(factory=dict)
    taken: set[str] = fresh(factory=set)
    count: int = 0

    def __call__(self, var: Any) -> str:
        if var not in self.names:
            self.names[var] = self.fresh(var.name)
            self.taken.add(self.names[var])
        return self.names[var]

    def fresh(self, name: str) -> str:
        if not name:
            self.count += 1
            return self.fresh(f"t{self.count}") if f"t{self.count}" in self.taken else f"t{self.count}"
        suffix = 2
        unique = name
        while unique in self.taken:
            unique, suffix = f"{name}_{suffix}", suffix + 1
        return unique


def constant_text(const: Any) -> str:
    """A constant as the text form shows it: literals by repr, objects by their own name."""
    value = const.value
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, type(...))):
        return "..." if value is ... else repr(value)
    return str(const.text or getattr(value, "__name__", None) or repr(value))


def tree_text(tree: Any, show: Any) -> str:
    """A container as Python spells it."""
    shown = [show(item) for item in tree.items]
    if tree.kind is slice:
        start, stop, step = ("" if shown[i] == "None" else shown[i] for i in range(3))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    if tree.kind is tuple:
        return f"({shown[0]},)" if len(shown) == 1 else f"({', '.join(shown)})"
    if tree.kind is list:
        return f"[{', '.join(shown)}]"
    if tree.kind is dict:
        return "{" + ", ".join(f"{key!r}: {item}" for key, item in zip(tree.keys, shown)) + "}"
    named = ", ".join(f"{key}={item}" for key, item in zip(tree.keys, shown))
    return f"{tree.kind.__name__}({named})"


def text(function: Any) -> str:
    """The whole function, one statement a line, with the primal's line behind it."""
    return "\n".join(_Printer().function(function)) + "\n"


class _Printer:
    def __init__(self) -> None:
        self.names = _Names()

    def atom(self, atom: Any) -> str:
        if kind(atom) == "Var":
            return self.names(atom)
        if kind(atom) == "Tree":
            return tree_text(atom, self.atom)
        if kind(atom) == "Closure":
            cells = ", ".join(f"{inner.name}={self.atom(outer)}" for inner, outer in atom.cells)
            return f"<{atom.function.name} {cells}>" if cells else f"<{atom.function.name}>"
        return constant_text(atom)

    def many(self, atoms: tuple[Any, ...]) -> str:
        return ", ".join(self.atom(atom) for atom in atoms)

    def function(self, function: Any) -> list[str]:
        params = ", ".join(
            self.names(p.var) + (f"={self.atom(p.default)}" if p.default else "") for p in function.params
        )
        lines = [f"{function.name}({params}):"]
        for var, capture in function.captures:
            where = "cell" if isinstance(capture.holder, CellType) else "global"
            lines.append(f"  {self.names(var)} = {where} {capture.name}")
        return [*lines, *self.block(function.body, "  ", "return")]

    def block(self, block: Any, indent: str, last: str) -> list[str]:
        lines = []
        for statement in block.body:
            lines += [indent + line for line in self.statement(statement)]
        if block.results or last == "return":
            lines.append(f"{indent}{last} {self.many(block.results) or 'None'}")
        return lines or [f"{indent}pass"]

    def statement(self, statement: Any) -> list[str]:
        bound = self.many(targets(statement))
        left = f"{bound} = " if bound else ""
        where = f"  # {statement.origin.line}" if statement.origin.line else ""
        if kind(statement) == "Call":
            return [left + self.call(statement) + where]
        if kind(statement) == "If":
            head = f"{left}if {self.atom(statement.test)}:{where}"
            arms = (
                self.block(statement.then, "  ", "yield"),
                self.block(statement.orelse, "  ", "yield"),
            )
            return [head, *arms[0], "else:", *arms[1]]
        if kind(statement) == "Loop":
            return self.loop(statement, left, where)
        if kind(statement) == "With":
            named = f" as {self.names(statement.name)}" if statement.name else ""
            head = f"{left}with {self.atom(statement.context)}{named}:{where}"
            return [head, *self.block(statement.block, "  ", "yield")]
        return self.try_(statement, left, where)

    def call(self, call: Any) -> str:
        shown = [self.atom(arg) for arg in call.args]
        shown += [f"{name}={self.atom(value)}" for name, value in call.kwargs]
        if kind(call.op) == "Const" and kind(call.op.value) == "Method":
            return f"{shown[0]}.{call.op.value.name}({', '.join(shown[1:])})"
        if kind(call.op) == "Const":
            name = call.op.text or getattr(call.op.value, "__name__", "")
            return f"{name.rpartition('.')[2] or repr(call.op)}({', '.join(shown)})"
        return f"{self.atom(call.op)}({', '.join(shown)})"

    def loop(self, loop: Any, left: str, where: str) -> list[str]:
        carried = ", ".join(f"{self.names(p)}={self.atom(i)}" for p, i in zip(loop.params, loop.initial))
        zipped = f" for {self.many(loop.items)} in {self.many(loop.iters)}" if loop.iters else ""
        lines = [f"{left}loop {carried}{zipped}:{where}"]
        if loop.test:
            lines += ["  while:", *self.block(loop.test, "    ", "yield")]
        lines += self.block(loop.body, "  ", "yield")
        if loop.stop:
            lines.append(f"  stop {self.atom(loop.stop)}")
        for tape in loop.tapes:
            verb = "read" if tape.reads else "record"
            lines.append(f"  {verb} {self.names(tape.list)}: {self.many(tape.atoms)}")
        return lines

    def try_(self, statement: Any, left: str, where: str) -> list[str]:
        lines = [f"{left}try:{where}", *self.block(statement.body, "  ", "yield")]
        for handler in statement.handlers:
            types = f" {self.atom(handler.types)}" if handler.types else ""
            named = f" as {self.names(handler.name)}" if handler.name else ""
            lines += [f"except{types}{named}:", *self.block(handler.block, "  ", "yield")]
        if statement.orelse:
            head = f"else {self.many(statement.orelse.params)}:"
            lines += [head, *self.block(statement.orelse, "  ", "yield")]
        if statement.finalbody:
            lines += ["finally:", *self.block(statement.finalbody, "  ", "yield")]
        return lines
