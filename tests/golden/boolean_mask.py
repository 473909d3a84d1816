"""The mean square of what a boolean mask picks."""

import numpy as np

from astgrad import grad
from tests.samples import mask, normal


def loss(x, known):
    seen = x[known]
    return np.mean(seen**2)


GRADIENT = grad(loss)
ARGUMENTS = (normal(6), mask(6))


# --- generated: python -m tests.test_golden --write


def loss_grad(x, known):
    """Gradient of loss (boolean_mask.py:9) with respect to x.

    x: float64 (1-d), known: bool (1-d)
    """
    seen = x[known]  # 10
    seen_squared = seen**2  # 11
    # backward
    bseen = np.zeros_like(seen)  # 10: x[known]
    ratio_squared = np.divide(1.0, seen_squared.size)  # 11: mean(seen**2)
    broadcast_squared = np.broadcast_to(ratio_squared, seen_squared.shape)  # 11
    unbroadcast_squared = unbroadcast(
        2 * (np.zeros_like(seen_squared) + broadcast_squared) * seen, seen
    )  # 11: mean(seen**2)
    bseen = bseen + unbroadcast_squared  # 11: seen**2
    bx = np.zeros_like(x)  # 10: x[known]
    bx[known] += bseen  # 10: x[known]
    return bx
