"""Raising: under which equalities of dimensions a call cannot raise (S9).

In come a callable and the specs of its operands; out come the pairs of dimensions that have to be equal,
[] where it never raises, None where it may raise for another reason or is not known well enough.

    x + y with f8[x0] and f8[y0]   ->   [(x0, y0)]
    np.sum(a, axis=0) with f8[a0, a1]   ->   []
    a / b with two Python floats   ->   None

Dead code asks before it drops a forward statement. What NumPy only warns about (a division by zero)
does not count.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from astgrad import runtime
from astgrad.analyses import specs as sp
from astgrad.analyses.specs import UNKNOWN, Array, Dimension, Known, Number, Spec, Struct
from astgrad.ir import Method
from astgrad.rules import registry

Pairs = list[tuple[Dimension, Dimension]]


def constraints(op: Any, args: tuple[Spec, ...], kwargs: Mapping[str, Spec]) -> Pairs | None:
    """The equalities of dimensions under which op(*args, **kwargs) cannot raise, or None."""
    if registry.result_spec(op, args, kwargs) == UNKNOWN:
        return None  # a result that is known implies operands that are known well enough to be checked
    if isinstance(op, Method):
        op = registry.METHODS.get(op.name, op)
    rule = registry.lookup(op)
    if not registry.hashable(op):
        return None
    if op in CHECKS:
        return CHECKS[op](*args, **kwargs)
    if op in SAFE or (rule is not None and rule.function in SAFE):
        return []
    if rule is not None and rule.function in CHECKS:
        return CHECKS[rule.function](*args, **kwargs)
    if rule is not None and isinstance(rule.function, np.ufunc) and not kwargs:
        return _elementwise(rule.function, op, args)
    return None


def equal(a: Dimension, b: Dimension) -> Pairs | None:
    """The pair, unless the two are known to be equal; None where they cannot be compared."""
    if sp.same(a, b):
        return []
    if a is None or b is None or (isinstance(a, int) and isinstance(b, int)):
        return None
    if any(isinstance(dim, sp.Dim) and dim.found for dim in (a, b)):
        return None  # nothing that can be tested at entry
    return [(a, b)]


def together(parts: Sequence[Pairs | None]) -> Pairs | None:
    """All of them, each once."""
    found: Pairs = []
    for part in parts:
        if part is None:
            return None
        found += [pair for pair in part if pair not in found]
    return found


def broadcast(shapes: Sequence[Sequence[Dimension] | None]) -> Pairs | None:
    """What makes shapes broadcast: at each axis everything that is not 1 is equal."""
    if any(shape is None for shape in shapes):
        return None
    known = [tuple(shape) for shape in shapes if shape is not None]
    parts: list[Pairs | None] = []
    for axis in range(1, max(map(len, known), default=0) + 1):
        dims = [shape[-axis] for shape in known if len(shape) >= axis and shape[-axis] != 1]
        parts += [_stretched(dims[0], dim) for dim in dims[1:]]
    return together(parts)


def _stretched(a: Dimension, b: Dimension) -> Pairs | None:
    """Equal, or one of them may turn out to be 1: then the pair says nothing."""
    both = sp.not_unit(a) and sp.not_unit(b)
    return equal(a, b) if both or sp.same(a, b) else None


# --- element by element


def _elementwise(ufunc: Any, op: Any, args: tuple[Spec, ...]) -> Pairs | None:
    numbers = all(isinstance(arg, (Number, Known)) for arg in args)
    python = all(not isinstance(arg, Number) or arg.type in sp.NUMBERS for arg in args)
    if numbers and python and not isinstance(op, np.ufunc):
        return [] if op in PYTHON_SAFE else None  # 1 / 0, 0.0 ** -1, 10.0 ** 400
    dtypes = [sp.dtype_of(arg) for arg in args if isinstance(arg, (Array, Number))]
    integers = all(dtype is not None and dtype.kind in "iub" for dtype in dtypes)
    if integers and ufunc is np.power:
        return None  # integers to negative powers
    if not all(isinstance(arg, (Array, Number, Known)) for arg in args):
        return None
    return broadcast([sp.shape_of(arg) if isinstance(arg, (Array, Number)) else () for arg in args])


PYTHON_SAFE = frozenset(
    {
        *(operator.add, operator.sub, operator.mul, operator.neg, operator.pos, operator.abs, abs),
        *(operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge),
        *(operator.and_, operator.or_, operator.xor),
    }
)


# --- the rest


def _shapes(*args: Spec) -> list[Sequence[Dimension] | None]:
    return [sp.shape_of(arg) for arg in args]


def _broadcasting(*args: Spec, **kwargs: Spec) -> Pairs | None:
    operands = [arg for arg in (*args, *kwargs.values()) if not isinstance(arg, Known)]
    return broadcast(_shapes(*operands))


def _matmul(x1: Spec, x2: Spec) -> Pairs | None:
    a, b = _shapes(x1, x2)
    if not a or not b:
        return None
    contracted = equal(a[-1], b[-2] if len(b) > 1 else b[0])
    return together([contracted, broadcast([a[:-2], b[:-2]])])


def _dot(a: Spec, b: Spec) -> Pairs | None:
    m, n = _shapes(a, b)
    if m is None or n is None:
        return None
    return [] if not m or not n else equal(m[-1], n[-2] if len(n) > 1 else n[0])


def _inner(a: Spec, b: Spec) -> Pairs | None:
    m, n = _shapes(a, b)
    if m is None or n is None:
        return None
    return [] if not m or not n else equal(m[-1], n[-1])


def _vdot(a: Spec, b: Spec) -> Pairs | None:
    m, n = _shapes(a, b)
    return equal(m[0], n[0]) if m and n and len(m) == len(n) == 1 else None


def _reduction(a: Spec, *args: Spec, **kwargs: Spec) -> Pairs | None:
    """The axes are in range, or the result would be unknown."""
    return [] if isinstance(a, (Array, Number)) else None


def _nonempty(a: Spec, *args: Spec, **kwargs: Spec) -> Pairs | None:
    """max, argmax and their like raise where there is nothing to choose from."""
    dims = sp.shape_of(a)
    if dims is None or not all(isinstance(dim, int) and dim > 0 for dim in dims):
        return None
    return []


def _getitem(a: Spec, b: Spec) -> Pairs | None:
    """Slices and new axes never raise, a number may be out of range, index arrays too."""
    if isinstance(a, Struct):
        return []
    parts = b.items if isinstance(b, Struct) and b.kind is tuple else (b,)
    dims = iter(sp.shape_of(a) or ())
    if Known(...) in parts:
        return [] if all(_is_slice(part) or part == Known(...) for part in parts) else None
    for part in parts:
        if part == Known(None):
            continue
        dim = next(dims, None)
        if not (_is_slice(part) or _in_range(part, dim)):
            return None
    return []


def _is_slice(part: Spec) -> bool:
    if part == Known(None):
        return True
    if not (isinstance(part, Struct) and part.kind is slice):
        return False
    step = part.items[2]
    return step == Known(None) or (
        isinstance(step, Number) and isinstance(step.value, int) and step.value != 0
    )


def _in_range(part: Spec, dim: Dimension) -> bool:
    if not (isinstance(part, Number) and isinstance(part.value, int) and isinstance(dim, int)):
        return False
    return -dim <= part.value < dim


def _same_but(arrays: Spec, axis: Any = None, *, skip: bool) -> Pairs | None:
    """Arrays side by side: all dimensions but the joined one are equal."""
    if not isinstance(arrays, Struct) or not (axis is None or isinstance(axis, Number)):
        return None
    shapes = [sp.shape_of(item) for item in arrays.items]
    if not shapes or any(shape is None for shape in shapes):
        return None
    first = shapes[0] or ()
    joined = 0 if axis is None else sp.static(axis)
    if any(len(shape or ()) != len(first) for shape in shapes):
        return None
    kept = [i for i in range(len(first)) if not skip or i != joined % len(first)]
    return together([equal(first[i], (shape or ())[i]) for shape in shapes[1:] for i in kept])


def _concatenate(arrays: Spec, axis: Any = None) -> Pairs | None:
    return None if isinstance(axis, Known) else _same_but(arrays, axis, skip=True)


def _stack(arrays: Spec, axis: Any = None) -> Pairs | None:
    return _same_but(arrays, None, skip=False)


def _array(object: Spec, *args: Spec, **kwargs: Spec) -> Pairs | None:
    if isinstance(object, Struct):
        return _same_but(object, None, skip=False) if _flat(object) else None
    return []


def _flat(tree: Struct) -> bool:
    return all(isinstance(item, (Number, Array)) for item in tree.items)


def _reshape(a: Spec, *shape: Spec, **kwargs: Spec) -> Pairs | None:
    """Ravelling; another shape has to have as many elements."""
    wanted = shape[0] if len(shape) == 1 else None
    return [] if isinstance(wanted, Number) and wanted.value == -1 and sp.rank(a) == 1 else None


def _getattr(a: Spec, name: Spec) -> Pairs | None:
    return [] if isinstance(a, (Array, Number)) else None


def _squeeze(a: Spec, axis: Any = None) -> Pairs | None:
    dims = sp.shape_of(a)
    if axis is None or dims is None:
        return [] if axis is None and dims is not None else None
    axes = sp.static(axis)
    return [] if all(dims[i] == 1 for i in (axes if isinstance(axes, tuple) else (axes,))) else None


def _full(shape: Spec, fill_value: Spec, *args: Spec, **kwargs: Spec) -> Pairs | None:
    """What fills an array has to broadcast to it: a number does."""
    return _filled(shape) if sp.rank(fill_value) == 0 else None


def _full_like(a: Spec, fill_value: Spec, *args: Spec, **kwargs: Spec) -> Pairs | None:
    return [] if sp.rank(fill_value) == 0 and not kwargs else None


def _norm(x: Spec, *args: Spec, **kwargs: Spec) -> Pairs | None:
    """The Euclidean norm never raises, other orders do for some ranks and for what is empty."""
    return _reduction(x) if not args and not kwargs.keys() - {"axis", "keepdims"} else None


def _diff(a: Spec, *args: Spec, **kwargs: Spec) -> Pairs | None:
    """Where nothing is put before or behind; a negative n would be unknown."""
    return [] if len(args) <= 2 and not kwargs.keys() - {"n", "axis"} else None


def _filled(shape: Spec, *args: Spec, **kwargs: Spec) -> Pairs | None:
    """A negative length raises, and n - 1 may be one."""
    lengths = shape.items if isinstance(shape, Struct) else (shape,)
    fine = all(
        isinstance(n, Number)
        and (
            (isinstance(n.value, int) and n.value >= 0)
            or (isinstance(n.value, sp.Dim) and n.value.offset <= 0)
        )
        for n in lengths
    )
    return [] if fine else None


def _arange(*args: Spec, **kwargs: Spec) -> Pairs | None:
    """A step may be zero."""
    return [] if len(args) <= 2 and not kwargs else None


def _number(x: Spec) -> Pairs | None:
    """float(x) and its like: of an array with several elements it raises."""
    return (
        []
        if isinstance(x, Number) and x.type is not complex and not issubclass(x.type, np.complexfloating)
        else None
    )


REDUCTIONS = (np.sum, np.mean, np.prod, np.var, np.std, np.cumsum, np.cumprod, np.nansum, np.nanmean)

CHECKS: dict[Any, Callable[..., Pairs | None]] = {
    np.matmul: _matmul,
    np.dot: _dot,
    np.inner: _inner,
    np.vdot: _vdot,
    **dict.fromkeys((np.where, np.clip), _broadcasting),
    **dict.fromkeys((*REDUCTIONS, np.all, np.any), _reduction),
    **dict.fromkeys((np.max, np.min, np.argmax, np.argmin), _nonempty),
    np.arange: _arange,
    operator.getitem: _getitem,
    getattr: _getattr,
    np.concatenate: _concatenate,
    np.stack: _stack,
    np.array: _array,
    np.reshape: _reshape,
    np.squeeze: _squeeze,
    **dict.fromkeys((np.zeros, np.ones, np.empty), _filled),
    np.full: _full,
    np.full_like: _full_like,
    np.linalg.norm: _norm,
    np.diff: _diff,
    **dict.fromkeys((float, bool), _number),
}

# never raise on operands for which `result_spec` knows the result
SAFE = frozenset(
    {
        *(
            np.outer,
            np.ravel,
            np.transpose,
            np.matrix_transpose,
            np.swapaxes,
            np.moveaxis,
            np.expand_dims,
            np.flip,
        ),
        *(
            np.tril,
            np.triu,
            np.copy,
            np.asarray,
            np.atleast_1d,
            np.atleast_2d,
            np.atleast_3d,
            np.sinc,
            np.nan_to_num,
        ),
        *(
            np.real,
            np.imag,
            np.conjugate,
            np.angle,
            np.sort,
            np.argsort,
            np.ndarray.astype,
            np.ndarray.flatten,
        ),
        *(np.float64, np.float32, np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like),
        *(np.iscomplexobj, np.isrealobj, np.result_type, np.trace, np.sign),
        *(len, isinstance, type, tuple, list, slice, range, operator.is_, operator.is_not, operator.not_),
        *(runtime.unbroadcast, runtime.spread, runtime.unreduce, runtime.zeros, runtime.stop_gradient),
        *(runtime.accumulate, runtime.lowered),
    }
)
