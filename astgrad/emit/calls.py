"""Calls: what kind of call one is, and in which order its operands are evaluated."""

from __future__ import annotations

import operator
from types import BuiltinFunctionType, FunctionType

from astgrad import ir
from astgrad.analyses.liveness import IN_PLACE
from astgrad.ir import Atom, Call, Const


def operator_of(call: Call) -> object:
    """The function of module `operator` that is called, None for all other calls."""
    value = call.op.value if isinstance(call.op, Const) else None
    return value if type(value) is BuiltinFunctionType and value.__module__ == "_operator" else None


def runtime_name(call: Call) -> str:
    """The name of the runtime function that is called, "" for all other calls."""
    value = call.op.value if isinstance(call.op, Const) else None
    if type(value) is not FunctionType or not str(value.__module__).startswith("astgrad.runtime"):
        return ""
    return value.__name__


def writes_first(call: Call) -> bool:
    """Whether the first operand is printed as what is written to: it needs a name."""
    op = operator_of(call)
    if op is not None:
        return op is operator.setitem or op in IN_PLACE
    return runtime_name(call) in ("iadd_at", "add_at")


def is_append(statement: ir.Statement) -> bool:
    """Whether a statement makes a list with one more item."""
    return isinstance(statement, Call) and runtime_name(statement) == "appended" and len(statement.args) == 2


def is_alias(call: Call) -> bool:
    """Whether a call gives its argument, which raises where that is undefined (S13)."""
    return runtime_name(call) == "bound" and isinstance(call.args[0], ir.Var)


def in_order(call: Call) -> tuple[Atom, ...]:
    """The operands in the order in which Python evaluates the printed text."""
    atoms = ir.operands(call)
    if operator_of(call) is operator.setitem:
        return (atoms[0], *atoms[3:], *atoms[1:3])
    if operator_of(call) is operator.contains:
        return (atoms[0], *reversed(atoms[1:]))
    return atoms
