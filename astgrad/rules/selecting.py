"""Selecting: masks, never a product with zero (S25), and ties as section 5 of the design says."""

from __future__ import annotations

import numpy as np

from astgrad.rules.kinds import adjoint, elementwise, linear
from astgrad.rules.results import computing, indexing
from astgrad.runtime import scatter_along, unbroadcast

linear(
    np.where,
    lambda by, condition, x, y: (
        unbroadcast(np.where(condition, by, 0), x),
        unbroadcast(np.where(condition, 0, by), y),
    ),
    wrt=("x", "y"),
    shape_only=["condition"],  # whether it is zero does not change
    spec=computing.np_where,
)
# 1 inside and at the bound; a bound has the derivative where it holds `a` back
elementwise(
    np.clip,
    lambda y, a, a_min=None, a_max=None, *, min=None, max=None: (
        y == a,
        (y == a_min) & (y != a),
        (y == a_max) & (y != a) & (y != a_min),
        (y == min) & (y != a),
        (y == max) & (y != a) & (y != min),
    ),
    spec=computing.clip,
)
# equal elements keep the order that np.sort gives them
adjoint(
    np.sort,
    lambda by, y, a, axis=-1: scatter_along(by, np.argsort(a, axis=axis, kind="stable"), a, axis),
    spec=indexing.sorted_like,
)
