"""Least squares with one output: f = B'x, L = (y - f)^2."""

from astgrad import grad
from tests.samples import normal


def loss(B, x, y):
    f = B.T @ x
    return (y - f) ** 2


GRADIENT = grad(loss)
ARGUMENTS = (normal(3), normal(3, seed=1), 0.5)


# --- generated: python -m tests.test_golden --write


def loss_grad(B, x, y):
    """Gradient of loss (least_squares.py:7) with respect to B.

    B: float64 (1-d), x: float64 (1-d), y: float
    """
    f = B.T @ x  # 8
    # backward
    bf = -2 * (y - f)  # 9: (y - f) ** 2
    bB = bf * x  # 8: B.T @ x
    return bB
