"""One hidden layer with ReLU, a helper function."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def relu(s):
    return np.maximum(0, s)


def loss(V, W, x, y):
    h = relu(W @ x)
    return np.sum((y - V @ h) ** 2)


GRADIENT = grad(loss, wrt=("V", "W"))
ARGUMENTS = (normal(3, 5), normal(5, 4), normal(4), normal(3))


# --- generated: python -m tests.test_golden --write


def loss_grad(V, W, x, y):
    """Gradient of loss (relu_layer.py:13) with respect to V, W.

    V: float64 (2-d), W: float64 (2-d), x: float64 (1-d), y: float64 (1-d)
    """
    Wx = W @ x  # 14
    h = np.maximum(0, Wx)  # relu 10
    # backward
    bVh = -2 * (y - V @ h)  # 15: (y - V @ h) ** 2
    bV = np.outer(bVh, h)  # 15: V @ h
    bh = V.T @ bVh  # 15: V @ h
    bW = np.outer(bh * np.where(0 == Wx, 0.5, Wx > 0), x)  # 14: W @ x
    return bV, bW
