"""Least squares with K outputs: B is (N, K)."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def loss(B, x, y):
    f = B.T @ x
    return np.sum((y - f) ** 2)


GRADIENT = grad(loss)
ARGUMENTS = (normal(3, 4), normal(3), normal(4))


# --- generated: python -m tests.test_golden --write


def loss_grad(B, x, y):
    """Gradient of loss (least_squares_outputs.py:9) with respect to B.

    B: float64 (2-d), x: float64 (1-d), y: float64 (1-d)
    """
    f = B.T @ x  # 10
    # backward
    bf = -2 * (y - f)  # 11: (y - f) ** 2
    bB = np.outer(x, bf)  # 10: B.T @ x
    return bB
