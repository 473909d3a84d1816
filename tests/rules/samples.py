"""Sample arguments for every function of the registry: what the matrix of the rules runs on.

A sample is the operands of one call. Arrays of floats and floats are varied by finite differences where
the rule differentiates them; the rest is configuration.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from astgrad import runtime, runtime_lists, runtime_products, runtime_python

RNG = np.random.default_rng(7)


@dataclass(frozen=True)
class Sample:
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)


def s(*args: Any, **kwargs: Any) -> Sample:
    return Sample(args, kwargs)


def each(functions: tuple[Any, ...], samples: list[Sample]) -> dict[Any, list[Sample]]:
    """The same samples for several functions."""
    return dict.fromkeys(functions, samples)


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def between(low: float, high: float, *shape: int) -> np.ndarray:
    return RNG.uniform(low, high, size=shape)


def complexes(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape) + 1j * RNG.normal(size=shape)


def unary(low: float, high: float, *, with_complex: bool = False) -> list[Sample]:
    """One operand of each kind between two bounds."""
    found = [s(between(low, high, *shape)) for shape in ((4,), (2, 3), (1,), (2, 1), (0,), ())]
    found += [s(float(between(low, high))), s(np.float64(between(low, high)))]
    if with_complex:
        found += [s(complexes(3)), s(complex(0.3, 0.4))]
    return found


SHAPES = [
    *(((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((2, 1), (3,)), ((4, 1, 3), (2, 1))),
    *(((), (3,)), ((2, 0), (1,)), ((1,), (3,)), ((), ())),
]


def binary(
    low: float, high: float, *, low2: float | None = None, high2: float | None = None, **more: bool
) -> list[Sample]:
    """Two operands between bounds that broadcast in every way, with Python numbers among them."""
    low2, high2 = low if low2 is None else low2, high if high2 is None else high2
    found = [s(between(low, high, *a), between(low2, high2, *b)) for a, b in SHAPES]
    one, two = float(between(low, high)), float(between(low2, high2))
    found += [s(one, between(low2, high2, 3)), s(between(low, high, 2, 2), two), s(one, two)]
    if more.get("with_complex"):
        found += [
            s(complexes(3), complexes(3)),
            s(between(low, high, 3), complexes(2, 3)),
            s(complexes(2, 1), between(low2, high2, 3)),
        ]
    return found


def matrices(*shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> list[Sample]:
    """Factors of these shapes, real, complex and mixed."""
    found = [s(normal(*a), normal(*b)) for a, b in shapes]
    found += [s(complexes(*a), complexes(*b)) for a, b in shapes]
    return found + [s(normal(*a), complexes(*b)) for a, b in shapes]


def reductions(*, with_complex: bool = True) -> list[Sample]:
    a = normal(2, 3, 4)
    found = [
        s(a),
        s(a, 0),
        s(a, axis=-1),
        s(a, axis=(0, 2)),
        s(a, axis=1, keepdims=True),
        s(a, keepdims=True),
    ]
    found += [s(normal(3)), s(normal(3, 1), 1), s(normal(1)), s(np.float64(1.5)), s(np.array(1.5))]
    return [*found, s(complexes(2, 3)), s(complexes(2, 3), 0)] if with_complex else found


INTS = np.array([2, 0, 2])
MASK = np.array([True, False, True])
M34, V3, V4 = normal(3, 4), normal(3), normal(4)
WITH_NAN = np.array([[1.0, np.nan, 2.0], [0.5, 1.5, np.nan]])
PAIRS = [s(1.5, V3), s(V3, 1.5), s(1.5, 2.5), s(np.array(1.5), V3), s(normal(2, 2), np.array(1.5))]
PAIRS += [s(np.array(1.5), np.array(2.5)), s(normal(1), normal(1)), s(np.float64(1.5), complexes(2))]

SAMPLES: dict[Any, list[Sample]] = {
    # --- elementwise
    **each((np.add, np.subtract, np.multiply), binary(-2, 2, with_complex=True)),
    np.divide: binary(-2, 2, low2=0.5, high2=2, with_complex=True),
    **each((np.negative, np.positive, np.square, np.exp, np.expm1), unary(-2, 2, with_complex=True)),
    **each((np.sin, np.cos, np.sinh, np.cosh, np.tanh, np.arcsinh), unary(-1, 1, with_complex=True)),
    **each((np.reciprocal, np.log, np.log2, np.log10, np.log1p, np.sqrt), unary(0.3, 2, with_complex=True)),
    **each((np.tan, np.arcsin, np.arccos, np.arctan, np.arctanh), unary(-0.8, 0.8, with_complex=True)),
    np.arccosh: unary(1.2, 3, with_complex=True),
    np.cbrt: unary(0.3, 2),
    np.exp2: unary(-1, 1),
    **each((np.degrees, np.rad2deg, np.radians, np.deg2rad), unary(-2, 2)),
    np.sinc: [*unary(0.2, 2), s(np.array([0.0, 0.7]))],
    **each((np.remainder, np.fmod), binary(2.1, 2.9, low2=0.8, high2=0.9)),
    **each(
        (np.power, np.float_power),
        [
            *binary(0.3, 2, with_complex=True),
            *(s(normal(3), n) for n in (0, 1, 2, 3, -1, np.array([0, 1, 2]))),
            *(s(1.5, n) for n in (0, 2, -1, 0.5)),
            s(np.array([0.0, 1.0]), 0),
            s(2, normal(3)),
            s(np.array([0.0, 1.0]), 2.5),
        ],
    ),
    **each((np.logaddexp, np.logaddexp2, np.arctan2, np.hypot), binary(0.2, 2)),
    **each((np.maximum, np.minimum, np.fmax, np.fmin), binary(-2, 2)),
    np.absolute: unary(0.2, 2, with_complex=True) + unary(-2, -0.2),
    np.fabs: unary(0.2, 2),
    np.sign: [s(between(0.2, 2, 3)), s(complexes(3)), s(np.complex128(1 + 2j))],
    np.nan_to_num: [s(normal(3)), s(1.5)],
    np.conjugate: unary(-2, 2, with_complex=True),
    np.real: [s(normal(3)), s(complexes(2, 3)), s(1.5), s(np.complex128(1 + 2j))],
    np.imag: [s(normal(3)), s(complexes(2, 3)), s(np.complex128(1 + 2j))],
    np.angle: [s(complexes(3)), s(between(0.2, 2, 3)), s(np.complex128(1 + 2j))],
    # --- reductions
    **each((np.sum, np.mean, np.prod), [*reductions(), s(1.5)]),
    **each((np.max, np.min), reductions(with_complex=False)),
    **each(
        (np.var, np.std),
        [
            *(
                sample
                for sample in reductions()
                if np.size(sample.args[0]) > 1 and np.shape(sample.args[0]) != (3, 1)
            ),
            s(normal(4), ddof=1),
            s(normal(2, 3), 1, ddof=1),
        ],
    ),
    np.linalg.norm: [
        s(V3),
        s(M34),
        s(M34, axis=0),
        s(M34, axis=1, keepdims=True),
        s(complexes(3)),
        s(normal(2, 2, 2), axis=(0, 2)),
        *(s(V4, ord) for ord in (1, 2, 3, 0, 1.5, np.inf, -np.inf, -1, None)),
        *(s(M34, 1, axis=0), s(M34, np.inf, 1), s(M34, -np.inf, 0, True), s(M34, 3, axis=1, keepdims=True)),
        *(
            s(M34, "fro"),
            s(complexes(4), 3),
            s(complexes(4), 1),
            s(complexes(3), np.inf),
            s(complexes(2, 3), 1, 1),
        ),
        *(s(1.5), s(normal(2, 2, 2), "fro", (0, 2)), s(np.array([0.0, 1.0, -2.0]), 3), s(M34, 2, axis=0)),
    ],
    **each(
        (np.cumsum, np.cumprod),
        [s(V3), s(M34), s(M34, 0), s(M34, axis=-1), s(complexes(2, 2), 1), s(normal(0)), s(1.5)]
        + [s(np.array([2.0, 0.0, 3.0, 0.0])), s(normal(2, 3, 2), 1), s(complexes(2, 2))],
    ),
    np.diff: [
        *(
            s(V3),
            s(M34),
            s(M34, axis=0),
            s(V4, 2),
            s(M34, 2, 0),
            s(V4, n=3),
            s(V3, 0),
            s(normal(0)),
            s(normal(1)),
        ),
        *(s(V3, prepend=1.5), s(V3, append=V4), s(M34, axis=0, prepend=0.5, append=normal(2, 4))),
        *(s(M34, 2, prepend=1.5, append=normal(3, 1)), s(complexes(4)), s(normal(2, 3, 2), axis=1)),
        *(s(normal(0), prepend=1.5), s(V3, prepend=2)),
    ],
    np.ptp: [sample for sample in reductions(with_complex=False) if np.size(sample.args[0]) > 1],
    np.median: [
        *(sample for sample in reductions(with_complex=False) if sample.kwargs.get("axis") != (0, 2)),
        s(V4),
        s(M34, 1),
        s(M34, 0, keepdims=True),
    ],
    np.average: [
        *(s(V3), s(M34, 0), s(M34, axis=1, keepdims=True), s(V3, weights=between(1, 2, 3)), s(1.5)),
        *(s(M34, weights=between(1, 2, 3, 4)), s(M34, 1, weights=between(1, 2, 3, 4))),
        *(s(M34, 1, between(1, 2, 4)), s(M34, axis=0, weights=between(1, 2, 3), keepdims=True)),
        *(
            s(normal(2, 3, 4), 1, between(1, 2, 3)),
            s(normal(2, 3), (0, 1), weights=between(1, 2, 2, 3)),
        ),
        *(s(complexes(3), weights=between(1, 2, 3)), s(complexes(3), weights=complexes(3))),
        s(M34, -1, [1.0, 2.0, 3.0, 4.0]),
    ],
    **each((np.nansum, np.nanmean), [*reductions(), s(np.array([1.0, np.nan, 2.0])), s(WITH_NAN, 1), s(1.5)]),
    np.trace: [s(normal(3, 3)), s(M34), s(complexes(2, 2)), s(normal(2, 3, 2))],
    # --- products
    np.matmul: matrices(
        *(
            ((3,), (3,)),
            ((2, 3), (3,)),
            ((3,), (3, 2)),
            ((2, 3), (3, 4)),
            ((2, 3, 4), (4,)),
            ((4,), (2, 4, 3)),
        ),
        *(((2, 3, 4), (4, 5)), ((5, 2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)), ((2, 3, 4), (2, 4, 5))),
        *(((1, 3, 4), (2, 4, 5)), ((5, 1, 3, 4), (2, 4, 2)), ((2, 1), (1, 3)), ((2, 0), (0, 3))),
    ),
    np.dot: [
        *matrices(
            ((3,), (3,)),
            ((2, 3), (3,)),
            ((3,), (3, 2)),
            ((2, 3), (3, 4)),
            ((2, 3, 4), (4,)),
            ((4,), (2, 4, 3)),
        ),
        *matrices(((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)), ((2, 3, 4), (5, 4, 2))),
        *PAIRS,
    ],
    np.vdot: [
        *matrices(((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (6,)), ((2, 3), (3, 2))),
        *(s(1.5, 2.5), s(np.array(1.5), np.float64(2.5)), s(1.5, normal(1)), s(normal(1, 1), 2.5)),
    ],
    np.inner: [
        *matrices(((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 3), (4, 3)), ((2, 3, 4), (5, 4))),
        *matrices(((2, 3, 4), (4,)), ((4,), (2, 3, 4)), ((2, 1), (3, 1)), ((1, 3), (2, 3))),
        *PAIRS,
    ],
    np.cross: [
        *matrices(((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((1, 3), (2, 3))),
        s(normal(3, 2), normal(3, 2), axis=0),
    ],
    np.einsum: [
        *(s(text, normal(2, 3)) for text in ("ij->ji", "ij->i", "ij->", "ij", "ji", "...j->...", "ij->j")),
        *(s(text, normal(3, 3)) for text in ("ii->", "ii->i", "ii", "ij->ij")),
        *(s("iij->j", normal(2, 2, 3)), s("iji->ij", complexes(2, 3, 2)), s(" i j -> j i ", complexes(2, 3))),
        *(s(text, normal(2, 3), normal(3, 4)) for text in ("ij,jk->ik", "ij,jk", "ij,jk->", "ij,kl->ik")),
        *(
            s(text, complexes(3), complexes(3))
            for text in ("i,i->", "i,i", "i,j->ij", "i,i->i", "i,j->i", ",".join("ij"))
        ),
        *(s("ij,ij->i", normal(2, 3), complexes(2, 3)), s("bij,bj->bi", normal(2, 3, 4), normal(2, 4))),
        *(s("...ij,...jk->...ik", normal(5, 2, 3), normal(3, 4)), s("...ij,jk", normal(2, 3), normal(3, 2))),
        *(s("ij,jk->ik", normal(2, 1), normal(3, 4)), s("ij,jk->ik", normal(2, 3), normal(1, 4))),
        *(s("ii,ij->j", normal(3, 3), normal(3, 2)), s("i,->i", V3, 1.5), s("i,i,i->i", V3, V3 + 1, V3 - 1)),
        *(s("ij,jk,k->i", normal(2, 3), normal(3, 4), V4), s("i,ij,j->", normal(2), complexes(2, 3), V3)),
        *(s("i,ij,j", normal(2), normal(2, 3), V3), s("ij,jj,k->i", normal(2, 3), normal(3, 3), V4)),
        s("...i,...i->...", normal(2, 3), V3),
    ],
    np.tensordot: [
        *(s(normal(2, 3), normal(3, 4), 1), s(normal(2, 3, 4), normal(3, 4, 2)), s(V3, V3, 1), s(V3, V4, 0)),
        *(s(complexes(2, 3), normal(3, 2), axes=1), s(normal(2, 3), normal(2, 3), 2)),
        *(
            s(normal(2, 3, 4), normal(4, 2, 5), ((0, 2), (1, 0))),
            s(complexes(2, 3), complexes(4, 3), (1, -1)),
        ),
    ],
    np.outer: [*matrices(((3,), (2,)), ((2, 3), (4,)), ((1,), (1,)), ((2, 3), (2, 1))), *PAIRS],
    # --- shaping
    np.reshape: [
        s(M34, (4, 3)),
        s(M34, -1),
        s(M34, (2, -1)),
        s(V3, (3, 1)),
        s(complexes(4), (2, 2)),
        s(normal(2, 3, 4), (-1, 4)),
    ],
    np.ravel: [s(M34), s(V3), s(np.float64(1.5)), s(np.asfortranarray(M34))],
    np.ndarray.flatten: [s(M34), s(V3)],
    np.squeeze: [s(normal(3, 1)), s(normal(3, 1), 1), s(normal(1, 3, 1), axis=(0, 2)), s(V3)],
    np.expand_dims: [s(V3, 0), s(M34, -1), s(V3, (0, 2))],
    **each((np.atleast_1d, np.atleast_2d, np.atleast_3d), [s(1.5), s(V3), s(M34), s(normal(2, 2, 2))]),
    np.transpose: [
        s(M34),
        s(normal(2, 3, 4), (2, 0, 1)),
        s(V3),
        s(complexes(2, 3)),
        s(normal(2, 3, 4), axes=(0, 2, 1)),
    ],
    np.matrix_transpose: [s(M34), s(normal(2, 3, 4))],
    np.swapaxes: [s(normal(2, 3, 4), 0, -1), s(M34, 0, 1)],
    np.moveaxis: [s(normal(2, 3, 4), 0, -1), s(normal(2, 3, 4), (0, 1), (2, 0))],
    np.flip: [s(M34), s(M34, 0), s(M34, axis=(0, 1))],
    **each((np.fliplr, np.flipud), [s(M34)]),
    np.roll: [s(V3, 1), s(M34, 2, 1), s(M34, (1, 2), (0, 1)), s(M34, -1, axis=0)],
    **each((np.tril, np.triu), [s(M34), s(M34, 1), s(M34, k=-1), s(normal(2, 3, 3))]),
    np.diag: [s(V3), s(V3, 1), s(V3, -2), s(M34), s(M34, 1), s(M34, -1), s(normal(3, 3))],
    np.diagonal: [s(M34), s(M34, 1), s(normal(3, 3, 2)), s(normal(3, 3), -1)],
    np.broadcast_to: [s(V3, (2, 3)), s(normal(2, 1), (2, 3)), s(1.5, (3,)), s(normal(2, 1), (4, 2, 3))],
    np.repeat: [s(V3, 2), s(M34, 2), s(M34, 3, 1), s(M34, 2, axis=0), s(V3, np.array([1, 0, 2]))],
    np.tile: [s(V3, 2), s(M34, (2, 1)), s(V3, (2, 2))],
    np.concatenate: [
        *(s((V3, V4)), s([M34, normal(2, 4)]), s((M34, normal(3, 1)), axis=1), s((M34, V3), axis=None)),
        *(s((V3,)), s((M34, M34), -1), s([complexes(2), V3])),
    ],
    np.stack: [
        s((V3, V3)),
        s([M34, normal(3, 4)], 1),
        s((V3, normal(3)), axis=-1),
        s([np.float64(1.5), np.float64(2.5)]),
    ],
    np.vstack: [s((V3, V3)), s([M34, V4]), s((normal(2, 2), normal(1, 2)))],
    np.hstack: [s((V3, V4)), s([M34, normal(3, 1)]), s((V3,)), s([1.5, V3])],
    np.dstack: [s((V3, V3)), s([M34, M34]), s((normal(2, 2, 1), normal(2, 2)))],
    np.column_stack: [s((V3, V3)), s([M34, V3])],
    np.append: [s(V3, V4), s(V3, 1.5), s(M34, normal(2, 4), axis=0), s(M34, V3)],
    np.array: [
        s([1.5, 2.5]),
        s([[1.5, 2.5], [3.5, 4.5]]),
        s([V3, V3]),
        s((1.5, np.float64(2.5))),
        s(V3),
        s(1.5),
        s([V3[0], 2]),
    ],
    np.asarray: [s(V3), s([1.5, 2.5]), s(1.5)],
    np.ascontiguousarray: [s(V3), s(M34.T), s(1.5)],
    np.copy: [s(V3), s([1.5, 2.5]), s(1.5)],
    np.ndarray.astype: [s(V3, np.float64), s(M34, float), s(V3, complex), s(V3, np.dtype("f8"))],
    **each((np.float64, np.complex128), [s(1.5), s(V3), s(np.array(1.5))]),
    np.float32: [],
    np.full: [s(3, 1.5), s((2, 3), np.float64(1.5)), s((2, 3), V3), s(3, normal(1)), s((2, 3), normal(2, 1))]
    + [s(3, 1.5, complex), s(3, fill_value=np.array(1.5)), s((), 1.5), s((2, 0), 1.5), s(2, 1j)],
    np.full_like: [
        s(M34, 1.5),
        s(M34, V4),
        s(V3, 1.5, dtype=complex),
        s(M34, normal(1), shape=(2, 2)),
        s(1.5, 2.5),
    ],
    np.linspace: [
        *(s(0.5, 1.5, 5), s(0.5, 2.0), s(1.5, 0.5, num=3), s(1, 2.5, 4), s(0.5, 2, 4, endpoint=False)),
        *(s(V3, V3 + 1, 4), s(V3, 2.5, 4), s(0.5, normal(2, 3), 3), s(0.5, 1.5, 1), s(0.5, 1.5, 0)),
        *(s(np.float64(0.5), np.array(1.5), 4), s(0.5, 1.5 + 1j, 3)),
    ],
    np.arange: [s(0.5, 3.2), s(0.5, 3.2, 0.5), s(3.5), s(0, 3.2, np.float64(0.7)), s(0.5, 3, dtype=float)],
    **each(
        (np.split, np.array_split), [s(V4, 2), s(M34, 3), s(M34, 2, 1), s(M34, [1, 3], axis=1), s(V4, [1, 2])]
    ),
    np.hsplit: [s(V4, 2), s(M34, 2), s(M34, [1])],
    np.vsplit: [s(M34, 3), s(M34, (1, 2))],
    # --- indexing
    operator.getitem: [
        *(s(V4, 1), s(V4, -1), s(M34, 1), s(M34, (1, 2)), s(M34, (slice(None), 1)), s(V4, slice(1, -1))),
        *(
            s(V4, slice(None, None, -1)),
            s(V4, slice(0, 3, 2)),
            s(M34, (..., 0)),
            s(V4, (..., 0)),
            s(M34, (None, slice(1, None))),
        ),
        *(
            s(V4, INTS),
            s(M34, INTS),
            s(M34, (slice(None), INTS)),
            s(M34, (INTS, INTS)),
            s(M34, (INTS[:, None], INTS)),
        ),
        *(
            s(V3, MASK),
            s(M34, MASK),
            s(M34, M34 > 0),
            s(M34, (MASK, 1)),
            s(M34, ([0, 2], 1)),
            s(V4, [0, 0, 1]),
        ),
        *(
            s(normal(2, 3, 4), (0, slice(None), INTS)),
            s(normal(2, 3, 4), (INTS % 2, 1)),
            s(V4, slice(1, 3)),
            s(V4, slice(None, 1)),
        ),
        *(
            s(V4, np.int64(2)),
            s(M34, np.array(1)),
            s(V4, np.array(1)),
            s(complexes(4), INTS),
            s(V4, ()),
            s(V4, None),
        ),
        *(
            s(M34, (INTS, slice(1, None))),
            s(V4, slice(-2, None)),
            s(V4, slice(10, None)),
            s(normal(2, 3, 4), (slice(None), 0, INTS)),
        ),
    ],
    np.take: [
        s(V4, INTS),
        s(M34, INTS, 0),
        s(M34, INTS, axis=-1),
        s(V4, 2),
        s(M34, INTS),
        s(M34, INTS[:, None], 1),
    ],
    np.take_along_axis: [
        s(M34, np.argsort(M34, axis=1), 1),
        s(M34, np.array([[0], [1], [1]]), axis=1),
        s(V4, INTS, 0),
        s(M34, INTS, None),
    ],
    # --- selecting
    np.where: [
        *(s(MASK, V3, normal(3)), s(M34 > 0, M34, 0.0), s(MASK, 1.5, V3), s(MASK[:, None], normal(3, 1), V4)),
        *(s(True, V3, 2.5), s(MASK, complexes(3), V3), s(True, 1.5, 2.5), s(V3, normal(3), 2.5)),
    ],
    np.clip: [
        s(normal(6), -0.5, 0.5),
        s(normal(6), -0.5, None),
        s(normal(6), None, 0.5),
        s(normal(6), min=-0.5, max=0.5),
        s(normal(2, 3), normal(3) - 1, 1.0),
        s(1.5, 0.0, 1.0),
    ],
    np.sort: [s(V4), s(M34), s(M34, 0), s(M34, axis=None)],
    # --- python
    float: [s(np.array(1.5)), s(np.float64(1.5)), s(1.5)],
    np.ndarray.item: [
        *(
            s(np.array(1.5)),
            s(np.array([[1.5]])),
            s(V3, 1),
            s(M34, 5),
            s(M34, -1),
            s(M34, 1, 2),
            s(M34, (2, 0)),
        ),
        *(s(V3, -1), s(V3, (1,)), s(complexes(2, 2), 1, 0), s(V3, np.int64(2))),
    ],
    math.fsum: [s([1.5, 2.5, 3.5]), s((1.5, np.float64(2.5))), s(V3)],
    math.prod: [s([1.5, 2.5, 3.5]), s([0.0, 2.5, 3.5]), s((1.5, np.float64(2.5)))],
    complex: [s(1.5), s(1.5 + 2j), s(1.5, 0.5)],
    **each((tuple, list), [s(V3), s(M34)]),
    sum: [s([1.5, 2.5, 3.5]), s((V3, M34[:, :3])), s(V3), s(M34)],
    **each((max, min), [s([1.5, 2.5, 0.5]), s(1.5, 0.5), s(np.float64(1.5), 2.5), s(V3)]),
    **{
        function: [s(value), s(np.float64(value))]
        for function, value in {
            **each((math.sqrt, math.exp, math.expm1, math.log, math.log2, math.log10, math.log1p), 0.7),
            **each(
                (math.sin, math.cos, math.tan, math.asin, math.acos, math.atan, math.sinh, math.cosh), 0.3
            ),
            **each((math.tanh, math.asinh, math.atanh, math.degrees, math.radians, math.erf, math.erfc), 0.3),
            **{math.acosh: 1.7, math.fabs: -0.4},
        }.items()
    },
    **{math.copysign: [s(1.7, -0.6), s(-0.5, -2.5)], math.remainder: [s(1.7, 0.6), s(0.5, 2.2)]},
    math.ldexp: [s(1.7, 3), s(-0.5, -2)],
    **({math.cbrt: [s(1.7), s(-0.3)], math.exp2: [s(1.7)]} if hasattr(math, "cbrt") else {}),
    **each((math.atan2, math.hypot, math.pow, math.fmod), [s(1.7, 0.6), s(0.5, 2.5), s(1.5, 2)]),
    # --- the runtime's own
    runtime.unbroadcast: [
        s(M34, V4),
        s(M34, normal(3, 1)),
        s(M34, 1.5),
        s(M34, np.float64(1.5)),
        s(V3, V3),
        s(complexes(3), V3),
    ],
    runtime.spread: [s(V4, M34), s(1.5, V3), s(normal(3, 1), M34)],
    runtime.unreduce: [
        s(1.5, M34),
        s(V4, M34, 0),
        s(V3, M34, axis=1),
        s(normal(3, 1), M34, 1, True),
        s(1.5, normal(2, 2, 2), (0, 1, 2)),
    ],
    runtime.scatter: [
        s(V3, INTS, V4),
        s(1.5, 1, V4),
        s(V4, 0, M34),
        s(V3, slice(0, 3), V4),
        s(V3, (slice(None), 1), M34),
    ],
    runtime.scatter_take: [s(V3, INTS, V4), s(normal(3, 4), INTS, M34, 0), s(V3, INTS, M34)],
    runtime.scatter_along: [s(M34, np.argsort(M34, axis=1), M34, 1)],
    runtime_python.appended: [s([1.5, 2.5], 3.5)],
    runtime_lists.popped: [s([1.5, 2.5])],
    runtime_lists.joined: [s([1.5], [2.5, 3.5])],
    runtime_lists.copied: [s([1.5, 2.5])],
    runtime_lists.front: [s([1.5, 2.5, 3.5], [1.0, 2.0])],
    runtime_lists.back: [s([1.5, 2.5, 3.5], [1.0, 2.0])],
    runtime_lists.taken: [s([1.5, 2.5, 3.5], [2, 0, 1])],
    runtime_lists.put_back: [s([1.5, 2.5, 3.5], [2, 0, 1], [0.5, 1.0, 2.0])],
    runtime_python.norm: [s([1.5, 2.5, -3.5]), s((1.5, np.float64(0.5)))],
    runtime.split_like: [s(normal(7), [V3, V4]), s(M34, [V4, V4, V4], 0), s(normal(15), (M34, V3), None)],
    runtime.join_like: [s([V3, V4], normal(7)), s([V4, V4, V4], M34, 0)],
    runtime.tree_like: [
        s(V3, [1.5, 2.5, 3.5]),
        s(normal(2, 2), [[1.5, 2.5], (1.5, 2.5)]),
        s(M34, [V4, V4, V4]),
    ],
    runtime.fill: [s([1.5, 2.5, 3.5], V3), s([V4, V4, V4], M34)],
    runtime.unpack: [s(V3, 3), s(M34, 3)],
    runtime.pack: [s([1.5, 2.5, 3.5], V3), s((V4, V4, V4), M34)],
    runtime_python.each: [s(1.5, [1.5, 2.5]), s(M34, [V4, M34])],
    runtime.accumulate: [s(V3, V3), s(1.5, 2.5)],
    runtime.scalar: [s(1.5), s(np.float64(1.5))],
    runtime.immutable: [s(1.5)],
    runtime.value: [s(V3), s(1.5)],
    runtime.owned: [s(V3), s(1.5)],
    runtime.like: [s(V3, V3), s(1.5, 2.5)],
    runtime_python.picked: [s([1.5, 3.5], 2.5, [0.5, 2.5])],
    runtime_python.pick: [s(1.5, 2.5, [0.5, 2.5]), s(1.5, V3.max(), V3)],
    runtime_products.others: [
        s(V3),
        s(M34, 1),
        s(normal(2, 2, 2), (0, 2)),
        s(complexes(3)),
        s(np.array([0.0, 0.0, 2.0])),
    ],
    **each((runtime.field, runtime.scatter_field), []),  # of namedtuples: test_edges
    runtime.lowered: [s(2.5), s(V3)],
    runtime.unraising: [s(1.5, 0.5), s(V3, 2)],
    runtime.masked: [s(V3, MASK, True, 1.0), s(V3, MASK, False, 1.0)],
    runtime_products.recurrence: [
        s(V4, normal(4), 0),
        s(M34, normal(3, 4), 1),
        s(complexes(3, 2), normal(3, 2), 0),
    ],
}

INT_ARRAY = np.array([[3, 1], [0, 2]])

CONSTANTS: dict[Any, list[Sample]] = {
    **each(
        (np.floor, np.ceil, np.rint, np.trunc, np.isnan, np.isfinite, np.isinf, np.signbit, np.spacing),
        [s(M34), s(1.5), s(np.float32(1.5))],
    ),
    **each((np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal), binary(-1, 1)),
    **each((np.logical_and, np.logical_or, np.logical_xor, np.floor_divide, np.heaviside), binary(0.5, 2)),
    np.logical_not: [s(M34), s(1.5)],
    **each((np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.gcd, np.lcm), [s(INT_ARRAY, 2), s(3, 5)]),
    **each((np.left_shift, np.right_shift), [s(INT_ARRAY, 2), s(3, 2)]),
    np.invert: [s(INT_ARRAY), s(3), s(MASK)],
    **each((np.round,), [s(M34), s(M34, 1), s(1.5)]),
    np.fix: [s(M34), s(1.5)],
    np.isclose: [s(M34, V4), s(1.0, 1.5)],
    **each((np.allclose, np.array_equal), [s(V3, V3)]),
    **each((np.shape, np.ndim, np.size), [s(M34), s(1.5), s(V3)]),
    np.result_type: [s(M34), s(np.float32(1))],
    np.iscomplexobj: [s(M34), s(complexes(2)), s(1.5)],
    **each((np.zeros, np.ones, np.empty), [s(3), s((2, 3)), s((2, 3), np.float32), s(3, dtype=int), s(())]),
    **each(
        (np.zeros_like, np.ones_like, np.empty_like),
        [s(M34), s(1.5), s(V3, dtype=int), s(INT_ARRAY), s(np.float32(1))],
    ),
    np.full: [s((2, 3), 2), s(3, np.float32(1)), s(3, 1.5, int)],
    np.full_like: [s(INT_ARRAY, 1.5), s(V3, 1, dtype=int)],
    np.arange: [s(5), s(1, 5), s(1, 9, 2), s(0, 5, dtype=float), s(5, 0, -1)],
    np.linspace: [s(0, 1, 5), s(0, 1, num=3)],
    np.eye: [s(3), s(2, 3), s(3, k=1), s(2, dtype=int)],
    np.identity: [s(3), s(3, int)],
    np.tri: [s(3), s(2, 3)],
    **each((np.argmax, np.argmin, np.all, np.any), [s(M34), s(M34, 0), s(M34, axis=1, keepdims=True)]),
    np.argsort: [s(M34), s(M34, 0), s(V3, axis=-1, kind="stable"), s(M34, axis=None)],
    np.count_nonzero: [s(M34), s(M34, 0), s(M34, axis=1)],
    runtime.zeros: [s(V3), s(1.5), s(np.float32(1))],
    runtime.count: [s(M34), s(M34, 1), s(M34, (0, 1))],
    runtime.stop_gradient: [s(V3), s(1.5)],
    runtime_products.coinciding: [s("ii", normal(2, 2)), s("...ij", M34), s("iij", normal(2, 2, 3))],
    **each((math.floor, math.ceil, math.trunc), [s(1.5), s(np.float64(1.5))]),
    **each((runtime_python.exponent, runtime_python.whole_part), [s(1.5), s(np.float64(-2.5))]),
}
