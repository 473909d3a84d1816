"""The lecture's network, one example, with the value."""

import numpy as np

from astgrad import value_and_grad
from tests.samples import normal


def loss(W, b, V, c, x, y):
    h = np.tanh(b + W @ x)
    f = c + V @ h
    return -f[y] + np.log(np.sum(np.exp(f)))


GRADIENT = value_and_grad(loss, wrt=("W", "b", "V", "c"))
ARGUMENTS = (normal(4, 3), normal(4), normal(5, 4), normal(5), normal(3), 2)


# --- generated: python -m tests.test_golden --write


def loss_value_and_grad(W, b, V, c, x, y):
    """Value and gradient of loss (network_value_and_grad.py:9) with respect to W, b, V,
    c.

    W: float64 (2-d), b: float64 (1-d), V: float64 (2-d), c: float64 (1-d), x: float64
    (1-d), y: int
    """
    h = np.tanh(b + W @ x)  # 10
    f = c + V @ h  # 11
    exp_f = np.exp(f)  # 12
    sum_exp_f = np.sum(exp_f)  # 12
    sum_f = -f[y] + np.log(sum_exp_f)  # 12
    # backward
    bf = exp_f / sum_exp_f  # 12: log(sum(exp(f)))
    bf[y] -= 1.0  # 12: f[y]
    bV = np.outer(bf, h)  # 11: V @ h
    bh = V.T @ bf  # 11: V @ h
    bb = bh * (1 - h**2)  # 10: tanh(b + W @ x)
    bW = np.outer(bb, x)  # 10: W @ x
    return sum_f, (bW, bb, bV, bf)
