"""A dict of parameters: the gradient is a dict with the same keys."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def loss(parameters, x, y):
    h = np.tanh(parameters["W"] @ x + parameters["b"])
    return np.sum((parameters["V"] @ h - y) ** 2)


GRADIENT = grad(loss)
ARGUMENTS = (
    {"W": normal(4, 3), "b": normal(4), "V": normal(2, 4)},
    normal(3),
    normal(2),
)


# --- generated: python -m tests.test_golden --write


def loss_grad(parameters, x, y):
    """Gradient of loss (parameters_dict.py:9) with respect to parameters.

    parameters: {'W': float64 (2-d), 'b': float64 (1-d), 'V': float64 (2-d)}, x: float64
    (1-d), y: float64 (1-d)
    """
    W = parameters["W"]
    b = parameters["b"]
    V = parameters["V"]
    h = np.tanh(W @ x + b)  # 10
    # backward
    bVh_minus_y = 2 * (V @ h - y)  # 11: (parameters["V"] @ h - y) ** 2
    bV = np.outer(bVh_minus_y, h)  # 11: parameters["V"] @ h
    bh = V.T @ bVh_minus_y  # 11: parameters["V"] @ h
    bb = bh * (1 - h**2)  # 10: tanh(parameters["W"] @ x + parameters["b"])
    bW = np.outer(bb, x)  # 10: parameters["W"] @ x
    return {"W": bW, "b": bb, "V": bV}
