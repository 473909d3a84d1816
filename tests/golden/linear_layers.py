"""Two linear layers, V W x: the gradient is that of B = V W, by the chain rule."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def loss(V, W, x, y):
    f = V @ (W @ x)
    return np.sum((y - f) ** 2)


GRADIENT = grad(loss, wrt=("V", "W"))
ARGUMENTS = (normal(3, 5), normal(5, 4), normal(4), normal(3))


# --- generated: python -m tests.test_golden --write


def loss_grad(V, W, x, y):
    """Gradient of loss (linear_layers.py:9) with respect to V, W.

    V: float64 (2-d), W: float64 (2-d), x: float64 (1-d), y: float64 (1-d)
    """
    Wx = W @ x  # 10
    f = V @ Wx  # 10
    # backward
    bf = -2 * (y - f)  # 11: (y - f) ** 2
    bV = np.outer(bf, Wx)  # 10: V @ (W @ x)
    bW = np.outer(V.T @ bf, x)  # 10: V @ (W @ x)
    return bV, bW
