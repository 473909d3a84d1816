"""What generated code may call: NumPy only, exact kinds only, and each with a rule of its own.

Where the specs are known the optimizer replaces most of these by what NumPy says as shortly: with x of
shape (3,) and by of shape (5, 3)

    bx = unbroadcast(by, x)   becomes   bx = np.sum(by, axis=0)

Every function refuses what it does not know exactly (S3): a subclass of ndarray, a list where an array
is meant, an object of a user's class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from astgrad.errors import MissingRule, NotDifferentiable, UntrackedMutation

ARRAYS = (np.ndarray, np.memmap)
NUMBERS = (bool, int, float, complex)
KINDS = frozenset(
    {*ARRAYS, *NUMBERS, *(kind for kind in np.sctypeDict.values() if issubclass(kind, (np.number, np.bool_)))}
)


def check(*values: Any) -> None:
    """Refuse everything but arrays and numbers of exactly NumPy's and Python's own types (S3)."""
    for value in values:
        if type(value) not in KINDS:
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            raise MissingRule(
                f"a value of type {kind} has no derivative rules, only ndarray, NumPy scalars, int, float, "
                "complex and bool have; convert it with np.asarray(...)"
            )


def cast(value: Any, x: Any) -> Any:
    """The value in x's kind and dtype, its real part where x is real; the shape stays as it is."""
    if type(x) in (bool, int, float):
        return float(np.real(value))
    if type(x) is complex:
        return complex(value)
    dtype = x.dtype if x.dtype.kind in "fc" else np.dtype(float)  # an adjoint is never an integer
    if dtype.kind != "c" and np.iscomplexobj(value):
        value = np.real(value)
    if type(x) in ARRAYS:
        return np.asarray(value).astype(dtype, copy=False)
    return dtype.type(value)


def refused(message: str) -> Any:
    """Refuse a case that a rule does not have; where the specs decide it, at the line differentiated."""
    raise MissingRule(message)


# --- broadcasting and reductions


def unbroadcast(by: Any, x: Any) -> Any:
    """Sum `by` over what broadcasting x added, in x's shape, kind and dtype (the real part for a real x)."""
    check(by, x)
    shape, given = np.shape(x), np.shape(by)
    if given == shape:
        return cast(by, x)
    if len(given) < len(shape):  # a number, or what was assigned to fewer axes: its own first axes are 1
        by = np.reshape(by, (1,) * (len(shape) - len(given)) + given)
        given = by.shape
    extra = len(given) - len(shape)
    summed = np.sum(by, axis=(*range(extra), *(extra + i for i, n in enumerate(shape) if n == 1)))
    kept = tuple(1 if n == 1 else m for n, m in zip(shape, given[extra:]))
    return cast(summed.reshape(shape), x) if kept == shape else spread(summed.reshape(kept), x)


def spread(value: Any, x: Any) -> Any:
    """A new array: the value broadcast to x's shape, in x's dtype. The transpose of `unbroadcast`."""
    check(value, x)
    wide = np.broadcast_to(value, np.shape(x))
    return np.array(cast(wide, x)) if type(x) in ARRAYS else cast(wide[()], x)


def masked(value: Any, condition: Any, holds: bool, safe: float) -> Any:
    """The value, `safe` where the condition is not `holds`; as it is where the condition is larger."""
    check(value)
    shape = np.shape(value)
    if np.broadcast_shapes(shape, np.shape(condition)) != shape:
        return value
    if not shape:
        return value if bool(condition) is holds else safe
    return np.where(condition, value, safe) if holds else np.where(condition, safe, value)


def unreduce(by: Any, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Spread the adjoint of a reduction of `a` over the axes that it removed: a new array like `a`."""
    check(by, a)
    if axis is not None and not keepdims and np.ndim(a):
        by = np.expand_dims(by, axis)
    return spread(by, a)


def count(a: Any, axis: Any = None) -> int:
    """How many elements of `a` a reduction over `axis` (None, an int, a tuple of ints) puts together."""
    if axis is None or not np.ndim(a):
        return np.size(a)
    size = 1
    for each in axis if type(axis) is tuple else (axis,):
        size *= np.shape(a)[each]
    return size


def unraising(base: Any, exponent: Any) -> Any:
    """The base as NumPy's float: 0.0 ** -0.5 raises on Python floats where 0.0 ** 0.5 did not (S12)."""
    return np.float64(base) if type(base) is float and type(exponent) is float else base


def inverse(x: Any, y: Any) -> Any:
    """1 / x; as NumPy divides by zero, unless the value y is Python's own and would have raised (S12)."""
    return 1 / x if type(y) in NUMBERS else np.divide(1, x)


def lowered(exponent: Any) -> Any:
    """exponent - 1, but 0 where the exponent is 0, so that p * x**lowered(p) is 0 for x**0, at x = 0 too."""
    check(exponent)
    if type(exponent) in NUMBERS:
        return exponent - 1 if exponent else exponent
    return np.where(exponent == 0, exponent, exponent - 1)[()]


# --- reading by index


def may_repeat(index: Any) -> bool:
    """Whether an index can name one element twice: only integer arrays and lists can."""
    parts = index if type(index) is tuple else (index,)
    arrays = [np.asarray(part) for part in parts if type(part) in (list, *ARRAYS)]
    return any(array.dtype.kind in "iu" and array.size > 1 for array in arrays)


def scatter(by: Any, index: Any, x: Any) -> Any:
    """Zeros of x's shape and dtype with `by` added at `index`; where the index repeats, all are added.

    For a list, tuple, namedtuple or dict x: zeros in its structure with `by` at `index`.
    """
    if isinstance(x, (list, tuple, dict)) and _is_container(x):
        return _scattered(by, index, x)
    check(x)
    if type(x) not in ARRAYS:
        return cast(np.sum(by), x)  # a mask may choose nothing
    check(by)
    bx = zeros(x)
    (add_at if may_repeat(index) else iadd_at)(bx, index, cast(np.asarray(by), x))
    return bx


def _scattered(by: Any, index: Any, x: Any) -> Any:
    if type(index) is slice:
        by = dict(zip(range(*index.indices(len(x))), by))
        return _sequence(x, (by[i] if i in by else zeros(item) for i, item in enumerate(x)))
    if type(x) is dict:
        return _map(zeros, x) | {index: by}
    place = range(len(x))[index]
    return _sequence(x, (by if i == place else zeros(item) for i, item in enumerate(x)))


def field(x: Any, name: str) -> Any:
    """The field of a namedtuple or dataclass."""
    return getattr(x, name)


def scatter_field(by: Any, name: str, x: Any) -> Any:
    """Zeros in the structure of a namedtuple or dataclass x, with `by` as its field `name`."""
    if not _is_container(x) or isinstance(x, (list, dict)):
        raise MissingRule(f"the attribute .{name} of a {type(x).__name__} has no derivative rule")
    bx = zeros(x)
    values = {name: by}
    return bx._replace(**values) if hasattr(bx, "_replace") else dataclasses.replace(bx, **values)


def iadd_at(buffer: Any, index: Any, value: Any) -> None:
    """buffer[index] += value, for an index that names no element twice."""
    buffer[index] += value


def add_at(buffer: Any, index: Any, value: Any) -> None:
    """buffer[index] += value, and where the index names an element several times every value is added."""
    np.add.at(buffer, index, value)


def scatter_take(by: Any, indices: Any, a: Any, axis: Any = None) -> Any:
    """The transpose of np.take: zeros like a with `by` added where the indices point."""
    check(by, a)
    ba = spread(0.0, a)
    if type(a) not in ARRAYS:
        return cast(np.sum(by), a)
    if axis is None:
        np.add.at(ba.reshape(-1), indices, cast(np.asarray(by), a))
    else:
        np.add.at(ba, (slice(None),) * (axis % a.ndim) + (indices,), cast(np.asarray(by), a))
    return ba


def scatter_along(by: Any, indices: Any, x: Any, axis: Any) -> Any:
    """The transpose of np.take_along_axis: zeros like x with `by` added where the indices point."""
    if axis is None:
        return scatter_take(by, indices, x)
    grid = list(np.indices(np.shape(by), sparse=True))
    grid[axis] = indices
    bx = spread(0.0, x)
    np.add.at(bx, tuple(grid), by)
    return bx


# --- containers


def unpack(value: Any, n: int) -> tuple[Any, ...]:
    """The n items of an iterable; raises what Python's unpacking raises."""
    items = tuple(value)
    if len(items) != n:
        problem, got = ("not enough", f", got {len(items)}") if len(items) < n else ("too many", "")
        raise ValueError(f"{problem} values to unpack (expected {n}{got})")
    return items


def pack(seq: Any, value: Any) -> Any:
    """The transpose of `unpack`: the adjoints of the items in the form of `value`."""
    if isinstance(value, (list, tuple)) and _is_container(value):
        return _sequence(value, seq)
    check(value)
    return fill(seq, value)


def split_like(by: Any, arrays: Any, axis: Any = 0) -> Any:
    """The pieces of `by` that belong to the arrays concatenated (or stacked) along `axis`, a list."""
    check(by)
    if type(arrays) in ARRAYS:
        return np.stack(split_like(by, list(arrays), axis))
    places = _places(by, arrays, axis)
    return [cast(by[place].reshape(np.shape(x))[()], x) for place, x in zip(places, arrays)]


def join_like(seq: Any, by: Any, axis: Any = 0) -> Any:
    """The transpose of `split_like`: the pieces side by side in an array like `by`."""
    joined = zeros(by)
    for place, piece in zip(_places(by, seq, axis), seq):
        joined[place] = np.reshape(piece, joined[place].shape)
    return joined


def _places(by: Any, arrays: Any, axis: Any) -> Iterator[tuple[slice, ...]]:
    """The index of each array in what they were joined to."""
    stop = 0
    for array in arrays:
        # what np.stack, np.vstack and their like stretched to by's rank has length 1 along the axis
        whole = axis is not None and np.ndim(array) == by.ndim
        length = np.size(array) if axis is None else np.shape(array)[axis] if whole else 1
        start, stop = stop, stop + length
        yield (*(slice(None),) * ((axis or 0) % by.ndim), slice(start, stop))


def tree_like(by: Any, tree: Any) -> Any:
    """The adjoint of np.array(tree): `by` taken apart as the nested lists and tuples of `tree` are."""
    if type(tree) in (list, tuple):
        return [tree_like(by[i], item) for i, item in enumerate(tree)]
    check(tree)
    return cast(by, tree)


def fill(object: Any, by: Any) -> Any:
    """The transpose of `tree_like`: an array like `by` with the items of the tree (None: zero)."""
    if type(by) not in ARRAYS:
        return cast(object, by)
    filled = zeros(by)
    _fill(filled, (), object)
    return filled


def _fill(buffer: Any, place: tuple[int, ...], tree: Any) -> None:
    if type(tree) in (list, tuple):
        for i, item in enumerate(tree):
            _fill(buffer, (*place, i), item)
    elif tree is not None:
        buffer[place] = tree


# --- adjoints of any structure


def _is_container(x: Any) -> bool:
    named = isinstance(x, tuple) and hasattr(x, "_fields")
    return (
        type(x) in (list, tuple, dict) or named or (dataclasses.is_dataclass(x) and not isinstance(x, type))
    )


def _sequence(x: Any, items: Iterable[Any]) -> Any:
    """A list, tuple or namedtuple like x with other items."""
    return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)


def _map(function: Callable[..., Any], x: Any, *more: Any) -> Any:
    """The container x with function(item, items of the others) for each item."""
    if isinstance(x, dict):
        return {key: function(item, *(each[key] for each in more)) for key, item in x.items()}
    if isinstance(x, (list, tuple)):
        return _sequence(x, (function(*both) for both in zip(x, *more)))
    values = {
        field.name: function(getattr(x, field.name), *(getattr(each, field.name) for each in more))
        for field in dataclasses.fields(x)
    }
    return type(x)(**values)


def zeros(x: Any) -> Any:
    """The zero adjoint of x: its structure with zeros for float and complex leaves, None for the rest."""
    if type(x) in ARRAYS:
        return np.zeros_like(x, subok=False) if x.dtype.kind in "fc" else None
    if type(x) in KINDS:
        return type(x)(0) if isinstance(x, (float, complex, np.inexact)) else None
    return _map(zeros, x) if _is_container(x) else None


def has_float(x: Any) -> bool:
    """Whether x, or an item of the container x, can be differentiated."""
    if not _is_container(x):
        return zeros(x) is not None
    found: list[bool] = []
    _map(lambda item: found.append(has_float(item)), x)
    return any(found)


def accumulate(a: Any, b: Any) -> Any:
    """The sum of two adjoints, item by item in containers; None is no adjoint."""
    if a is None or b is None:
        return b if a is None else a
    if _is_container(a):
        return _map(accumulate, a, b)
    check(a, b)
    return a + b


def value(x: Any) -> Any:
    """x: how the accumulate form starts an adjoint, printed as x alone."""
    return x


def scalar(y: Any) -> Any:
    """y, the output of a differentiated function: refused where it is not one real float."""
    check(y)
    if np.ndim(y) or np.iscomplexobj(y) or np.asarray(y).dtype.kind != "f":
        what = f"an array of shape {np.shape(y)}" if np.ndim(y) else f"a value of type {type(y).__name__}"
        raise NotDifferentiable(
            f"the function returns {what}, not a float: sum the output, or use vjp(f, *args)"
        )
    return y


def stop_gradient(x: Any) -> Any:
    """x itself, as a constant: no derivative flows through it.

    loss(w) = error(w) + penalty(stop_gradient(w)) has the gradient of error alone.
    """
    return x


def owned(x: Any) -> Any:
    """x in memory of its own, deeply: what a gradient returns is nobody else's."""
    if type(x) in ARRAYS:
        return np.array(x)
    return _map(owned, x) if _is_container(x) else x


def like(bx: Any, x: Any) -> Any:
    """The gradient bx in x's kind and dtype and in memory of its own, item by item in containers (S27)."""
    if bx is None or _is_container(x):
        return None if bx is None else _map(lambda item, b: like(b, item), x, bx)
    return None if zeros(x) is None else spread(bx, x)


def immutable(x: Any) -> Any:
    """x, where an assignment like x += y makes a new value; refused where it would write into x."""
    if type(x) in KINDS - {*ARRAYS} | {str, bytes, tuple, frozenset, range, type(None)}:
        return x
    raise UntrackedMutation(
        f"an augmented assignment writes into a {type(x).__name__}; write 'x = x + y', which makes a new one"
    )
