"""One hidden layer with the sigmoid, a helper function."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def sigmoid(s):
    return 1 / (1 + np.exp(-s))


def loss(V, W, x, y):
    h = sigmoid(W @ x)
    return np.sum((y - V @ h) ** 2)


GRADIENT = grad(loss, wrt=("V", "W"))
ARGUMENTS = (normal(3, 5), normal(5, 4), normal(4), normal(3))


# --- generated: python -m tests.test_golden --write


def loss_grad(V, W, x, y):
    """Gradient of loss (sigmoid_layer.py:13) with respect to V, W.

    V: float64 (2-d), W: float64 (2-d), x: float64 (1-d), y: float64 (1-d)
    """
    exp_neg_Wx = np.exp(-(W @ x))  # sigmoid 10
    one_plus_exp_neg_Wx = 1 + exp_neg_Wx  # sigmoid 10
    h = 1 / one_plus_exp_neg_Wx  # sigmoid 10
    # backward
    bVh = -2 * (y - V @ h)  # 15: (y - V @ h) ** 2
    bV = np.outer(bVh, h)  # 15: V @ h
    bh = V.T @ bVh  # 15: V @ h
    bW = np.outer(bh * (h / one_plus_exp_neg_Wx) * exp_neg_Wx, x)  # 14: W @ x
    return bV, bW
