"""Least squares with K outputs, a mini-batch, and weight decay."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def loss(B, X, Y, decay):
    residual = Y - X @ B
    return np.mean(np.sum(residual**2, axis=1)) + decay * np.sum(B**2)


GRADIENT = grad(loss)
ARGUMENTS = (normal(3, 4), normal(6, 3), normal(6, 4), 0.1)


# --- generated: python -m tests.test_golden --write


def loss_grad(B, X, Y, decay):
    """Gradient of loss (least_squares_batch.py:9) with respect to B.

    B: float64 (2-d), X: float64 (2-d), Y: float64 (2-d), decay: float
    """
    residual = Y - X @ B  # 10
    # backward
    bB = 2 * decay * B  # 11: sum(B**2)
    bresidual = 2 / len(Y) * residual  # 11: mean(sum(residual**2, axis=1))
    bB -= X.T @ bresidual  # 10: Y - X @ B
    return bB
