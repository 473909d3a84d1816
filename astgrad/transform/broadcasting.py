"""Broadcasting by spec: what `runtime.unbroadcast` and `runtime.unreduce` do, in NumPy's own words.

In come an adjoint and the operand that it has to fit, out comes the adjoint in the operand's shape and
dtype; a runtime helper is left only where the specs do not say what broadcasting did.

    unbroadcast(by, b), b: f8[n], by: f8[m, n]  ->  sum(by, axis=0)
    unreduce(by, a, axis=1), a: f8[m, n]        ->  broadcast_to(by[:, None], a.shape)
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from astgrad import ir, runtime
from astgrad.analyses import specs as sp
from astgrad.ir import Atom, Const, Tree
from astgrad.transform.builder import Builder


def unbroadcast(b: Builder, value: Atom, x: Atom) -> Atom:
    """Sum what broadcasting stretched, in x's shape and dtype."""
    have, want = sp.shape_of(b.spec(value)), sp.shape_of(b.spec(x))
    if have is None or want is None:
        return helper(b, value, x)
    extra = len(have) - len(want)
    if extra < 0 and not have:
        return cast(b, b.call(np.broadcast_to, value, b.call(getattr, x, "shape")), x)
    if extra < 0:  # assigned to fewer axes
        axes = None if extra == -1 else (None,) * -extra
        return unbroadcast(b, b.call(operator.getitem, value, axes), x)
    units, stretched = [], []
    for axis, (dim, result) in enumerate(zip(want, have[extra:])):
        if dim == 1 and result != 1:
            units.append(axis)
        elif result == 1 and dim != 1:
            stretched.append(axis)
        elif not (sp.same(dim, result) or sp.not_unit(dim)):
            return helper(b, value, x)
    if extra and not want:
        value = b.call(np.sum, value)
    elif extra:
        value = b.call(np.sum, value, axis=0 if extra == 1 else tuple(range(extra)))
    if units:
        value = b.call(np.sum, value, axis=units[0] if len(units) == 1 else tuple(units), keepdims=True)
    if stretched:
        value = b.call(np.broadcast_to, value, b.call(getattr, x, "shape"))
    return cast(b, value, x)


def helper(b: Builder, value: Atom, x: Atom) -> Atom:
    """The runtime's: it looks at the values."""
    return b.call(runtime.unbroadcast, value, x)


def cast(b: Builder, value: Atom, x: Atom) -> Atom:
    """The real part for a real operand, and the operand's precision."""
    if isinstance(x, Tree):
        return value
    given, wanted = b.spec(value), b.spec(x)
    have, want = sp.dtype_of(given), sp.dtype_of(wanted)
    if want is None or have is None:
        return helper(b, value, x)
    if have.kind == "c" and want.kind != "c":
        value = b.call(np.real, value)
        given = b.spec(value)
        have = sp.dtype_of(given) or want
    if have == want or isinstance(given, sp.Number) or isinstance(wanted, sp.Number):
        return value
    return b.call(ir.Method("astype"), value, Const(want.type))


def unreduce(b: Builder, by: Atom, a: Atom, axis: Any, keepdims: Any) -> Atom | None:
    """The adjoint of a reduction over known axes, spread over a's shape; None where they are not known."""
    shape, given = sp.shape_of(b.spec(a)), sp.shape_of(b.spec(by))
    if shape is None or given is None:
        return None
    if not shape:
        return by
    if axis is not None and not keepdims:
        axes = {each % len(shape) for each in (axis if isinstance(axis, tuple) else (axis,))}
        index = new_axes(axes, len(shape))
        if index is not None:
            by = b.call(operator.getitem, by, index)
    elif not keepdims and given:
        return None
    return cast(b, b.call(np.broadcast_to, by, b.call(getattr, a, "shape")), a)


def new_axes(axes: set[int], rank: int) -> Any:
    """The index that puts axes of length 1 back; None where broadcasting does it."""
    full = slice(None)
    index = [None if axis in axes else full for axis in range(rank)]
    while index and index[0] is None:  # leading axes broadcast by themselves
        index.pop(0)
    return tuple(index) if None in index else None


def size(b: Builder, a: Atom, axis: Any) -> Atom | None:
    """How many elements a reduction over known axes puts together."""
    shape = sp.shape_of(b.spec(a))
    if shape is None:
        return None
    if not shape:
        return Const(1)
    if axis is None:
        return b.call(getattr, a, "size")
    total: Atom = Const(1)
    for each in axis if isinstance(axis, tuple) else (axis,):
        length = b.call(operator.getitem, b.call(getattr, a, "shape"), each % len(shape))
        total = (
            length if isinstance(total, Const) and total.value == 1 else b.call(operator.mul, total, length)
        )
    return total
