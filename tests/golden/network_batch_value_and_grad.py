"""The lecture's network, a mini-batch, with the value."""

import numpy as np

from astgrad import value_and_grad
from tests.samples import integers, normal


def loss(W, b, V, c, X, y):
    h = np.tanh(b + X @ W.T)
    f = c + h @ V.T
    return np.mean(-f[np.arange(len(y)), y] + np.log(np.sum(np.exp(f), axis=1)))


GRADIENT = value_and_grad(loss, wrt=("W", "b", "V", "c"))
ARGUMENTS = (
    normal(4, 3),
    normal(4),
    normal(5, 4),
    normal(5),
    normal(6, 3),
    integers(5, 6),
)


# --- generated: python -m tests.test_golden --write


def loss_value_and_grad(W, b, V, c, X, y):
    """Value and gradient of loss (network_batch_value_and_grad.py:9) with respect to W,
    b, V, c.

    W: float64 (2-d), b: float64 (1-d), V: float64 (2-d), c: float64 (1-d), X: float64
    (2-d), y: int64 (1-d)
    """
    h = np.tanh(b + X @ W.T)  # 10
    f = c + h @ V.T  # 11
    exp_f = np.exp(f)  # 12
    sum_exp_f = np.sum(exp_f, axis=1)  # 12
    mean_sum_f = np.mean(-f[np.arange(len(y)), y] + np.log(sum_exp_f))  # 12
    # backward
    bf = exp_f / (len(y) * sum_exp_f[:, None])  # 12: mean(-f[arange(len(y)), y] + lo...
    bf[np.arange(len(y)), y] -= 1.0 / len(y)  # 12: f[arange(len(y)), y]
    bc = np.sum(bf, axis=0)  # 11: c + h @ V.T
    bh = bf @ V  # 11: h @ V.T
    bV = bf.T @ h  # 11: h @ V.T
    bb_plus_XW = bh * (1 - h**2)  # 10: tanh(b + X @ W.T)
    bb = np.sum(bb_plus_XW, axis=0)  # 10: b + X @ W.T
    bW = bb_plus_XW.T @ X  # 10: X @ W.T
    return mean_sum_f, (bW, bb, bV, bc)
