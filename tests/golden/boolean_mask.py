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
    # backward
    bseen = np.divide(2, len(seen)) * seen  # 11: mean(seen**2)
    bx = np.zeros_like(x)  # 10: x[known]
    bx[known] += bseen  # 10: x[known]
    return bx
