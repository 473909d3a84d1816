"""Reading by index: the adjoint is scattered back, and where an index repeats its contributions add."""

from __future__ import annotations

import operator

import numpy as np

from astgrad.rules.kinds import linear
from astgrad.rules.results import indexing
from astgrad.runtime import scatter, scatter_along, scatter_take

linear(operator.getitem, lambda by, a, b: scatter(by, b, a), spec=indexing.getitem, result="view")
linear(
    np.take,
    lambda by, a, indices, axis=None: scatter_take(by, indices, a, axis),
    spec=indexing.take,
)
linear(
    np.take_along_axis,
    lambda by, arr, indices, axis: scatter_along(by, indices, arr, axis),
    spec=indexing.take_along_axis,
)
