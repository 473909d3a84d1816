"""Reading by index: the adjoint is scattered back, and where an index repeats its contributions add."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from astgrad.rules.kinds import linear
from astgrad.rules.results import indexing
from astgrad.runtime import scatter, scatter_along, scatter_take

linear(operator.getitem, lambda by, a, b: scatter(by, b, a), spec=indexing.getitem, result="view")


def take(by: Any, a: Any, indices: Any, axis: Any = None) -> Any:
    """As a[indices], along an axis."""
    if np.ndim(a) == 1 or axis == 0:
        ba = scatter(by, indices, a)
    else:
        ba = scatter_take(by, indices, a, axis)
    return ba


linear(np.take, take, spec=indexing.take)
linear(
    np.take_along_axis,
    lambda by, arr, indices, axis: scatter_along(by, indices, arr, axis),
    spec=indexing.take_along_axis,
)
