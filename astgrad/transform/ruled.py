"""Ruled: calls that stay calls, by the registry's word or for want of it.

In comes a call whose callee the registry knows, out comes the statement, with ranks decided by value and
lists of numbers made arrays; what depends on a differentiated leaf is noted. What nobody knows is appended
as it is where nothing differentiated and no array meets it, and refused elsewhere (S22).
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from astgrad import ir
from astgrad.analyses import specs as sp
from astgrad.analyses.specs import UNKNOWN
from astgrad.errors import AstgradError, MissingRule, UnsupportedSyntax, UntrackedMutation
from astgrad.ir import Atom, Closure, Const, Effects, Method, Tree, Var
from astgrad.rules import registry
from astgrad.transform.leaves import Leaves

RANK_DECIDING = frozenset(
    (
        *("axis", "axes", "axis1", "axis2", "source", "destination", "ord"),
        *("indices_or_sections", "subscripts", "endpoint"),
    )
)
PYTHONS = ("_operator", "builtins")  # modules of functions that make no array of a list
INDICES = (slice, type(...), type(None))  # beside numbers and arrays
DECIDING = ((np.diff, "n"),)  # of one function alone
# keywords that make a function write, with the values for which it does not
WRITING: dict[Any, tuple[Any, ...]] = {
    "out": (None,),
    "overwrite_input": (None, False),
    ("nan_to_num", "copy"): (True,),
}
SEVERAL_ARRAYS = frozenset(("arrays", "seq", "tup", "arys"))
LIST_PARAMETERS = frozenset(("arrays", "object", "seq", "tup", "arys", "operands", "shape", "newshape"))


class Ruled(Leaves):
    """Statements for calls of primitives and of foreign functions."""

    in_rule: bool = False

    def ruled(self, op: Const, args: Any, kwargs: Any, name: str) -> Atom:
        """A call of a function that the registry knows."""
        rule: Any = registry.lookup(op.value)
        self.check_writes(op, kwargs)
        try:
            bound = registry.bind(rule, args, dict(kwargs))
        except (TypeError, KeyError, AstgradError, registry.UnknownKeyword):
            bound = {}
        args, kwargs = self.operands(op, rule, bound, args, kwargs)
        if self.in_rule and not isinstance(op.value, Method):
            args, kwargs = registry.without_defaults(rule, args, kwargs)
        if rule.kind != "constant" and self.is_varied(*args):
            self.check_kinds(op, tuple(bound[each] for each in rule.wrt if each in bound) or args)
        result = self.emit(op, args, kwargs, name)
        if isinstance(result, Var) and self.depends(rule, bound, args, kwargs, result):
            self.varied.add(result)
        return result

    def check_writes(self, op: Const, kwargs: Any) -> None:
        """Refuse keywords that make a function write into its operands."""
        for key, value in kwargs:
            harmless = WRITING.get((getattr(op.value, "__name__", ""), key), WRITING.get(key))
            if harmless is None or (isinstance(value, Const) and value.value in harmless):
                continue
            self.refuse(
                UntrackedMutation, f"{key!r} writes into an array", "assign the result to a name instead"
            )

    def check_kinds(self, op: Const, operands: tuple[Atom, ...]) -> None:
        """Refuse what has no rules beside a differentiated value (S3): foreign arrays, users' objects."""
        for var in (var for operand in operands for var in ir.variables(operand)):
            spec, path = self.spec(var), self.paths.get(var)
            kind = str(spec.dtype) if isinstance(spec, sp.Array) and spec.dtype.kind not in "biufc" else ""
            if spec is UNKNOWN and path is not None and self.facts.known(path):
                found = type(self.facts.value(path))
                if found in INDICES or (op.value is operator.getitem and found in (list, tuple, dict)):
                    continue  # a container with too many leaves to follow each
                kind = f"{found.__module__}.{found.__qualname__}".replace("builtins.", "")
            if kind:
                self.refuse(
                    MissingRule,
                    f"a differentiated value meets one of type {kind}, which has no derivative rules",
                    "convert it with np.asarray(..., float), or write a rule for the operation",
                )

    def operands(
        self, op: Const, rule: Any, bound: dict[str, Any], args: Any, kwargs: Any
    ) -> tuple[Any, Any]:
        """Operands with ranks decided by value, and lists of numbers made arrays (S2, S3)."""
        replaced: dict[int, Atom] = {}
        for name, atom in bound.items():
            if name in RANK_DECIDING or (rule.function, name) in DECIDING:
                replaced[id(atom)] = self.force(atom)
            elif (
                name in rule.wrt and name not in LIST_PARAMETERS and self.is_list_of_numbers(op, bound, atom)
            ):
                replaced[id(atom)] = self.array_of(atom)
            elif name in SEVERAL_ARRAYS and isinstance(atom, Tree):
                items = (self.array_of(i) if isinstance(i, Tree) else i for i in atom.items)
                replaced[id(atom)] = Tree(atom.kind, tuple(items), atom.keys)
        if not replaced:
            return args, kwargs
        args = tuple(replaced.get(id(arg), arg) for arg in args)
        return args, tuple((key, replaced.get(id(value), value)) for key, value in kwargs)

    def is_list_of_numbers(self, op: Const, bound: dict[str, Any], atom: Atom) -> bool:
        """Whether NumPy makes an array of a list or tuple here: an operator does so beside an array alone."""
        if not isinstance(atom, Tree) or getattr(op.value, "__module__", "") not in PYTHONS:
            return isinstance(atom, Tree)
        others = (self.spec(other) for other in bound.values() if other is not atom)
        scalars = op.value is not operator.mul  # which repeats a list, for NumPy's scalars too
        return any(isinstance(spec, sp.Array) or (scalars and sp.is_numpys(spec)) for spec in others)

    def array_of(self, tree: Tree) -> Atom:
        return self.ruled(Const(np.array), (tree,), (), "")

    def depends(self, rule: Any, bound: dict[str, Any], args: Any, kwargs: Any, result: Var) -> bool:
        """Whether a result depends on a differentiated leaf."""
        spec = self.specs[result]
        dtype = sp.dtype_of(spec)
        if (dtype is not None and dtype.kind not in "fc") or isinstance(spec, sp.Known):
            return False
        operands = (*args, *(value for _, value in kwargs))
        if rule.kind == "constant":
            operands = tuple(bound[name] for name in rule.but if name in bound)
        else:
            shapes = rule.shape_only - frozenset(rule.wrt)
            if bound:
                operands = tuple(atom for name, atom in bound.items() if name not in shapes)
        return self.is_varied(*operands)

    def foreign(self, op: Const, args: Any, kwargs: Any, name: str) -> Atom:
        """A call that the registry does not know and that has no source (S22)."""
        operands = (*args, *(value for _, value in kwargs))
        if self.in_rule and (is_numpy(op.value) or isinstance(op.value, (np.ufunc, Method))):
            return self.append(op, args, kwargs, UNKNOWN, Effects(None, (), False, "unknown"), name)
        shown = op.text or getattr(op.value, "__name__", repr(op.value))
        if isinstance(op.value, Method):
            shown = f".{op.value.name}()"
        if self.is_varied(*operands):
            self.refuse(
                MissingRule,
                f"{shown} has no derivative rule",
                "write one (docs/adding_a_rule.md), or wrap the argument in stop_gradient(...)",
            )
        pure = isinstance(op.value, np.ufunc)
        if not pure and (any(map(is_mutable, operands)) or self.holds_arrays(operands)):
            self.refuse(
                UntrackedMutation,
                f"{shown} may write into what it is given",
                "pass a copy of what it needs outside the function, or declare it (docs/adding_a_rule.md)",
            )
        if any(isinstance(operand, Closure) for operand in operands):
            self.refuse(
                UnsupportedSyntax, f"a nested function is passed to {shown}, which cannot be entered", ""
            )
        effects = ir.PURE if pure else Effects(None, (), True, "unknown")
        return self.append(op, args, kwargs, UNKNOWN, effects, name)

    def holds_arrays(self, operands: tuple[Atom, ...]) -> bool:
        return any(isinstance(self.spec(v), sp.Array) for operand in operands for v in ir.variables(operand))

    def foreign_method(self, method: Method, args: Any, name: str) -> None:
        self.refuse(
            MissingRule,
            f"the array method .{method.name}() has no derivative rule",
            "write it with a NumPy function that has one (docs/rules.md)",
        )


def is_mutable(atom: Atom) -> bool:
    """Whether a container can be written, or holds one that can."""
    return isinstance(atom, Tree) and (atom.kind not in (tuple, slice) or any(map(is_mutable, atom.items)))


def is_numpy(function: Any) -> bool:
    return (getattr(function, "__module__", "") or "").partition(".")[0] == "numpy"
