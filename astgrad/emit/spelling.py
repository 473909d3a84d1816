"""Spelling: how constants, callables and captured data are written.

In comes a `Const` or a `Capture`, out comes an expression, and what it needs beside the primal's globals is
put into `namespace` (objects) or `cells` (the very cells of the primal).

    Const(np.tanh, "np.tanh") -> np.tanh    Const(-2.0) -> -2.0    Const(np.float32(0.5)) -> np.float32(0.5)
"""

from __future__ import annotations

import ast
import builtins
import cmath
import keyword
import sys
from types import CellType, ModuleType
from typing import Any

import numpy as np

from astgrad.ir import Atom, Capture, Const, Tree
from astgrad.records import fresh, state

MODULES = ("", "linalg", "fft", "random")


def name(text: str) -> ast.Name:
    return ast.Name(id=text, ctx=ast.Load())


def dotted(text: str) -> ast.expr:
    """The expression a.b.c."""
    root, *rest = text.split(".")
    node: ast.expr = name(root)
    for part in rest:
        node = ast.Attribute(value=node, attr=part, ctx=ast.Load())
    return node


def call(function: ast.expr, *args: ast.expr) -> ast.Call:
    return ast.Call(func=function, args=list(args), keywords=[])


def identifier(text: str) -> str:
    """The text as a name, "" where nothing of it can be one."""
    kept = "".join(c if c.isalnum() or c == "_" else "_" for c in text).strip("_")
    kept = f"n{kept}" if kept[:1].isdigit() else kept
    return f"{kept}_" if keyword.iskeyword(kept) else kept


@state
class Spelling:
    """The names that the text reads but does not bind."""

    globals: dict[str, Any]
    locals: frozenset[str]  # the user's names and the adjoints': not shadowed by any of ours
    namespace: dict[str, Any] = fresh(factory=dict)
    cells: dict[str, CellType] = fresh(factory=dict)
    used: set[str] = fresh(factory=set)  # globals and builtins that the text reads
    known: dict[int, str] = fresh(factory=dict)  # of objects that were spelled
    kept: list[Any] = fresh(factory=list)  # alive, so that their ids stay theirs

    # --- names

    def lookup(self, text: str) -> Any:
        """What a dotted name means to the primal; raises LookupError or AttributeError."""
        root, *rest = text.split(".")
        if root in self.locals or root in self.namespace or root in self.cells:
            raise LookupError(root)
        value = self.globals[root] if root in self.globals else vars(builtins)[root]
        for part in rest:
            value = getattr(value, part)
        return value

    def means(self, text: str, value: Any) -> bool:
        try:
            return bool(text) and self.lookup(text) is value
        except (LookupError, AttributeError):
            return False

    def free(self, base: str) -> str:
        """A name that nothing else has."""
        base = identifier(base) or "value"
        unique, number = base, 2
        taken = (self.locals, self.globals, self.namespace, self.cells, vars(builtins), self.used)
        while any(unique in names for names in taken):
            unique, number = f"{base}_{number}", number + 1
        return unique

    def object(self, value: Any, text: str = "") -> str:
        """The dotted name of an object."""
        found = self.known.get(id(value))
        if found is None:
            found = self.known[id(value)] = self.find(value, text)
            self.kept.append(value)
        return found

    def find(self, value: Any, text: str) -> str:
        if value is np:
            return self.numpy()
        own = getattr(value, "__name__", "")
        for candidate in (text, own if isinstance(own, str) else ""):
            if self.means(candidate, value):
                self.used.add(candidate.partition(".")[0])
                return candidate
        path = numpy_path(value)
        if path is not None:
            return f"{self.numpy()}.{path}"
        own = "function" if own == "<lambda>" else own if isinstance(own, str) else ""
        unique = self.free(text.rpartition(".")[2] or own or "value")
        self.namespace[unique] = value
        return unique

    def numpy(self) -> str:
        """The name of NumPy."""
        if id(np) not in self.known:
            for alias in ("np", "numpy"):
                if self.means(alias, np):
                    self.used.add(alias)
                    break
            else:
                alias = self.free("np")
                self.namespace[alias] = np
            self.known[id(np)] = alias
        return self.known[id(np)]

    # --- expressions

    def const(self, const: Const) -> ast.expr:
        """A constant (S29): literals by value, all else by name."""
        value = const.value
        literal = LITERALS.get(type(value))
        if literal is not None:
            return literal(self, value)
        if isinstance(value, np.dtype) and value.names is None and not value.metadata:
            return call(dotted(f"{self.numpy()}.dtype"), ast.Constant(value=value.str.lstrip("=|<")))
        if isinstance(value, np.generic) and type(value.item()) in LITERALS:
            return call(dotted(self.object(type(value))), self.const(Const(value.item())))
        return dotted(self.object(value, const.text))

    def number(self, value: float) -> ast.expr:
        if isinstance(value, float) and (value != value or value in (cmath.inf, -cmath.inf)):
            return self.not_finite(value)
        if value < 0 or (value == 0 and str(value)[0] == "-"):
            return ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=-value))
        return ast.Constant(value=value)

    def not_finite(self, value: float) -> ast.expr:
        if value != value:
            return dotted(f"{self.numpy()}.nan")
        inf = dotted(f"{self.numpy()}.inf")
        return inf if value > 0 else ast.UnaryOp(op=ast.USub(), operand=inf)

    def complex(self, value: complex) -> ast.expr:
        """1j, 2 + 1j; complex(a, b) where signs or infinities would be lost."""
        real, imag = value.real, value.imag
        if cmath.isfinite(value) and str(real) == "-0.0" and imag < 0:
            return ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=complex(0, -imag)))
        if not cmath.isfinite(value) or "-0.0" in (str(real), str(imag)):
            return call(name(self.builtin("complex")), self.number(real), self.number(imag))
        part = ast.Constant(value=complex(0, abs(imag)))
        if real == 0 and imag >= 0:
            return part
        if real == 0:
            return ast.BinOp(left=ast.Constant(value=0.0), op=ast.Sub(), right=part)
        return ast.BinOp(left=self.number(real), op=ast.Add() if imag >= 0 else ast.Sub(), right=part)

    def builtin(self, text: str) -> str:
        return self.object(vars(builtins)[text], text)

    def items(self, value: tuple[Any, ...]) -> ast.expr:
        return ast.Tuple(elts=[self.const(Const(item)) for item in value], ctx=ast.Load())

    def slice(self, value: slice) -> ast.expr:
        bounds = [self.const(Const(b)) for b in (value.start, value.stop, value.step)]
        return call(name(self.builtin("slice")), *bounds)

    def capture(self, capture: Capture) -> ast.expr:
        """Captured data are read live: by the primal's own name, its cell, or through their module (S1)."""
        holder = capture.holder
        if isinstance(holder, CellType):
            return name(self.cell(capture.name, holder))
        own = holder is self.globals or (capture.name not in holder and hasattr(builtins, capture.name))
        if own and not any(capture.name in names for names in (self.locals, self.namespace, self.cells)):
            self.used.add(capture.name)
            return name(capture.name)
        module = sys.modules.get(holder.get("__name__", ""))
        if isinstance(module, ModuleType) and vars(module) is holder:
            root = dotted(self.object(module, module.__name__.rpartition(".")[2]))
            return ast.Attribute(value=root, attr=capture.name, ctx=ast.Load())
        root = dotted(self.object(holder, "module_globals"))
        return ast.Subscript(value=root, slice=ast.Constant(value=capture.name), ctx=ast.Load())

    def cell(self, text: str, cell: CellType) -> str:
        if id(cell) not in self.known:
            plain = text not in self.locals | self.namespace.keys() | self.cells.keys() | self.used
            self.known[id(cell)] = unique = text if plain else self.free(text)
            self.cells[unique] = cell
        return self.known[id(cell)]


def numpy_path(value: Any) -> str | None:
    """Where NumPy's own objects are found below `numpy`: "tanh", "linalg.norm"; None for others."""
    own = getattr(value, "__name__", None)
    if not isinstance(own, str):
        return None
    for module in MODULES:
        holder = getattr(np, module) if module else np
        if vars(holder).get(own) is value:
            return f"{module}.{own}" if module else own
    return None


def _plain(spelling: Spelling, value: Any) -> ast.expr:
    return ast.Constant(value=value)


LITERALS: dict[type, Any] = {
    **dict.fromkeys((type(None), bool, str, bytes, type(...)), _plain),
    int: Spelling.number,
    float: Spelling.number,
    complex: Spelling.complex,
    tuple: Spelling.items,
    slice: Spelling.slice,
}


def is_literal(atom: Atom) -> bool:
    """Whether an atom is written as it is: a literal, or something that has a name."""
    if isinstance(atom, Tree):
        return all(map(is_literal, atom.items))
    return isinstance(atom, Const) and bool(atom.text or type(atom.value) in LITERALS)
