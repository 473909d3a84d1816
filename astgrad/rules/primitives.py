"""The runtime's own functions, differentiated like any other: the gradient of a gradient calls them."""

from __future__ import annotations

from typing import Any

import numpy as np

from astgrad import ir, runtime, runtime_products
from astgrad.analyses.specs import INT, UNKNOWN, Known
from astgrad.rules.kinds import adjoint, constant, constants, elementwise, linear, unsupported
from astgrad.rules.registry import RULES, Rule
from astgrad.rules.results import computing, making
from astgrad.runtime import (
    fill,
    join_like,
    pack,
    scatter,
    scatter_along,
    scatter_take,
    split_like,
    spread,
    tree_like,
    unbroadcast,
    unpack,
    unreduce,
)
from astgrad.runtime_python import each, pick, picked

linear(
    unbroadcast,
    lambda bz, by, x: spread(bz, by),
    shape_only=["x"],
    spec=lambda by, x: making.runtime_like(x),
    result="view",
)
linear(
    spread,
    lambda by, value, x: unbroadcast(by, value),
    shape_only=["x"],
    spec=lambda value, x: making.runtime_like(x),
)
linear(
    unreduce,
    lambda bz, by, a, axis=None, keepdims=False: unbroadcast(np.sum(bz, axis=axis, keepdims=keepdims), by),
    shape_only=["a"],
    spec=lambda by, a, axis=None, keepdims=False: making.runtime_like(a),
)
linear(
    scatter,
    lambda bz, by, index, x: bz[index] if isinstance(bz, np.ndarray) else np.asarray(bz)[index],
    shape_only=["x"],
    spec=lambda by, index, x: making.runtime_like(x),
)
linear(
    scatter_take,
    lambda bz, by, indices, a, axis=None: np.take(bz, indices, axis),
    shape_only=["a"],
    spec=lambda by, indices, a, axis=None: making.runtime_like(a),
)
linear(
    scatter_along,
    lambda bz, by, indices, x, axis: np.take_along_axis(bz, indices, axis),
    shape_only=["x"],
    spec=lambda by, indices, x, axis: making.runtime_like(x),
)
linear(
    split_like,
    lambda bz, by, arrays, axis=0: join_like(bz, by, axis),
    shape_only=["arrays"],
    spec=lambda by, arrays, axis=0: making.tree_of(arrays),
    result="view",
)
linear(
    join_like,
    lambda bz, seq, by, axis=0: split_like(bz, seq, axis),
    shape_only=["by"],
    spec=lambda seq, by, axis=0: making.runtime_like(by),
)
linear(
    tree_like,
    lambda bz, by, tree: fill(bz, by),
    shape_only=["tree"],
    spec=lambda by, tree: making.tree_of(tree),
    result="view",
)
linear(
    fill,
    lambda bz, object, by: tree_like(bz, object),
    shape_only=["by"],
    spec=lambda object, by: making.runtime_like(by),
)
linear(unpack, lambda by, value, n: pack(by, value), result="view")
linear(
    pack,
    lambda bz, seq, value: unpack(bz, len(seq)),
    shape_only=["value"],
    spec=lambda seq, value: making.runtime_like(value),
)
linear(
    each,
    lambda bz, by, items: unbroadcast(sum(bz), by),
    shape_only=["items"],
    spec=lambda by, items: making.tree_of(items),
)
linear(runtime.accumulate, lambda by, a, b: (by, by), wrt=("a", "b"), result="view", spec=making.accumulated)
linear(
    runtime.masked,
    lambda by, value, condition, holds, safe: runtime.masked(by, condition, holds, 0),
    spec=lambda value, condition, holds, safe: value,
)
linear(
    runtime.unraising,
    lambda by, base, exponent: by,
    shape_only=["exponent"],
    spec=making.unraising,
    result="view",
)
linear(runtime.value, lambda by, x: by, spec=lambda x: x, result="view")
linear(runtime.scalar, lambda by, y: by, spec=lambda y: y, result="view")
linear(runtime.field, lambda by, x, name: runtime.scatter_field(by, name, x), result="view")
linear(runtime.scatter_field, lambda bz, by, name, x: getattr(bz, name), shape_only=["x"])
linear(runtime.owned, lambda by, x: by, spec=lambda x: x)
linear(
    runtime.like,
    lambda by, bx, x: unbroadcast(by, bx),
    shape_only=["x"],
    spec=lambda bx, x: making.runtime_like(x),
)
linear(runtime.immutable, lambda by, x: by, result="view", spec=lambda x: x)
elementwise(runtime.lowered, lambda y, exponent: 1, spec=making.lowered)
constant(runtime.zeros, spec=lambda x: making.runtime_like(x))
constants(
    runtime_products.subscripts_back,
    runtime_products.coincides,
    runtime_products.distinct,
    runtime_products.misplaced,
    runtime.refused,
)
constant(runtime_products.coinciding, spec=lambda subscripts, x: making.runtime_like(x))
constant(runtime.count, spec=lambda a, axis=None: INT)
constant(runtime.stop_gradient, spec=lambda x: x, result="view")
adjoint(
    runtime_products.others,
    lambda by, y, a, axis=None: runtime_products.others_transpose(by, a, axis),
    spec=lambda a, axis=None: making.runtime_like(a),
)


def recurrence(by: Any, y: Any, b: Any, a: Any, axis: Any) -> Any:
    """bb[j] = by[j] + conj(a[j + 1]) bb[j + 1], the recurrence backwards; ba[j] = bb[j] conj(y[j - 1])."""
    turned = np.flip(np.roll(np.conj(a), -1, axis), axis)
    bb = np.flip(runtime_products.recurrence(np.flip(by, axis), turned, axis), axis)
    before = np.swapaxes(np.roll(y, 1, axis), 0, axis)
    before = np.swapaxes(np.concatenate((np.zeros_like(before[:1]), before[1:])), 0, axis)
    return bb, bb * np.conj(before)


adjoint(
    runtime_products.recurrence,
    recurrence,
    wrt=("b", "a"),
    spec=lambda b, a, axis: computing.ufunc(np.multiply, b, a),
)
unsupported(runtime_products.others_transpose, "np.prod is differentiated twice at most")
linear(
    pick,
    lambda bz, by, y, items: picked(bz, y, items),
    shape_only=["y", "items"],  # which item it is does not change
    spec=lambda by, y, items: making.tree_of(items),
)
linear(
    picked,
    lambda by, seq, y, items: pick(by, y, items),
    shape_only=["y", "items"],
    spec=lambda seq, y, items: making.one_of(seq),
)

# writes: made by the last passes, never differentiated
for _write in (runtime.iadd_at, runtime.add_at):
    RULES[_write] = Rule(
        kind="unsupported",
        function=_write,
        reason="it writes",
        effects=ir.Effects(reads=None, writes=(0,), impure=False, result="fresh"),
        parameters={"buffer": None, "index": None, "value": None},
        positional=3,
        spec=lambda buffer=UNKNOWN, index=UNKNOWN, value=UNKNOWN: Known(None),
    )
