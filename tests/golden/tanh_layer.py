"""One hidden layer with tanh: the derivative reads the result h."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def loss(V, W, x, y):
    h = np.tanh(W @ x)
    return np.sum((y - V @ h) ** 2)


GRADIENT = grad(loss, wrt=("V", "W"))
ARGUMENTS = (normal(3, 5), normal(5, 4), normal(4), normal(3))


# --- generated: python -m tests.test_golden --write


def loss_grad(V, W, x, y):
    """Gradient of loss (tanh_layer.py:9) with respect to V, W.

    V: float64 (2-d), W: float64 (2-d), x: float64 (1-d), y: float64 (1-d)
    """
    h = np.tanh(W @ x)  # 10
    # backward
    bVh = -2 * (y - V @ h)  # 11: (y - V @ h) ** 2
    bV = np.outer(bVh, h)  # 11: V @ h
    bh = V.T @ bVh  # 11: V @ h
    bW = np.outer(bh * (1 - h**2), x)  # 10: tanh(W @ x)
    return bV, bW
