"""Functions whose derivative is zero wherever it exists, and those that are not differentiated."""

from __future__ import annotations

import operator

import numpy as np

from astgrad.analyses.specs import BOOL
from astgrad.rules.kinds import alias, constant, constants, unsupported
from astgrad.rules.results import computing, making

# --- element by element

constants(np.floor, np.ceil, np.rint, np.trunc, np.floor_divide, np.spacing, np.heaviside)
constants(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
constants(np.logical_and, np.logical_or, np.logical_xor, np.logical_not)
constants(np.isnan, np.isinf, np.isfinite, np.signbit)
constants(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift)
constants(np.gcd, np.lcm)
alias(np.equal, operator.eq)
alias(np.not_equal, operator.ne)
alias(np.less, operator.lt)
alias(np.less_equal, operator.le)
alias(np.greater, operator.gt)
alias(np.greater_equal, operator.ge)
alias(np.floor_divide, operator.floordiv)
alias(np.bitwise_and, operator.and_)
alias(np.bitwise_or, operator.or_)
alias(np.bitwise_xor, operator.xor)
alias(np.invert, operator.invert)
alias(np.left_shift, operator.lshift)
alias(np.right_shift, operator.rshift)
constants(
    operator.is_,
    operator.is_not,
    operator.not_,
    operator.contains,
    operator.truth,
    operator.index,
)

constant(np.round, spec=lambda a, decimals=0: making.rounded(a), aliases=[np.around])
constant(np.fix, spec=lambda x: computing.ufunc(np.trunc, x))
constant(np.isclose, spec=lambda a, b, rtol=0.0, atol=0.0: computing.ufunc(np.equal, a, b))
constant(np.allclose, spec=lambda a, b, rtol=0.0, atol=0.0: BOOL)
constant(np.array_equal, spec=lambda a1, a2: BOOL)

# --- shapes, dtypes and kinds

constant(np.shape, spec=making.shape)
constant(np.ndim, spec=making.ndim)
constant(np.size, spec=making.size)
constant(np.result_type, spec=making.dtype_of_one)
constant(np.dtype)
constant(np.finfo)
constant(np.iscomplexobj, spec=making.is_complex)
constant(np.isrealobj)
constant(np.isscalar)

# --- new arrays

constant(np.zeros, spec=making.filled)
constant(np.ones, spec=making.filled)
constant(np.empty, spec=making.filled)
constant(np.zeros_like, spec=making.filled_like)
constant(np.ones_like, spec=making.filled_like)
constant(np.empty_like, spec=making.filled_like)
constant(np.eye, spec=making.eye)
constant(np.identity, spec=lambda n, dtype=float: making.eye(n, dtype=dtype))
constant(np.tri, spec=making.eye)

# --- positions

constant(np.argmax, spec=making.index_reduction)
constant(np.argmin, spec=making.index_reduction)
constant(np.argsort, spec=making.sorting)
constant(np.all, spec=making.bool_reduction)
constant(np.any, spec=making.bool_reduction)
constant(np.count_nonzero, spec=making.count_nonzero)
constants(np.nonzero, np.flatnonzero, np.argwhere, np.searchsorted, np.digitize)
constants(np.isin, np.tril_indices, np.triu_indices, np.diag_indices, np.indices, np.unravel_index)

# --- not differentiated

unsupported(np.bincount, "it has no rule for its weights yet; stop_gradient(...) makes them constants")
unsupported(np.partition, "the order of its result is not defined; use np.sort")
unsupported(np.percentile, "it has no rule yet; sort with np.sort and interpolate")
unsupported(np.quantile, "it has no rule yet; sort with np.sort and interpolate")
unsupported(np.select, "it has no rule yet; write it with np.where")
unsupported(np.piecewise, "it hides the functions that it calls; write it with np.where")
unsupported(np.unique, "it merges elements; stop_gradient(...) makes its argument a constant")
unsupported(np.vectorize, "it hides the function that it calls; write that with arrays")
unsupported(np.frompyfunc, "it hides the function that it calls; write that with arrays")
unsupported(np.apply_along_axis, "it hides the function that it calls; write that with arrays")
