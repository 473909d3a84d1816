"""The lecture's network in the accumulate form: zeros, then one addition per parent."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def loss(W, b, V, c, x, y):
    h = np.tanh(b + W @ x)
    f = c + V @ h
    return -f[y] + np.log(np.sum(np.exp(f)))


GRADIENT = grad(loss, wrt=("W", "b", "V", "c"), optimize=False)
ARGUMENTS = (normal(4, 3), normal(4), normal(5, 4), normal(5), normal(3), 2)


# --- generated: python -m tests.test_golden --write


def loss_grad(W, b, V, c, x, y):
    """Gradient of loss (network_accumulate.py:9) with respect to W, b, V, c.

    W: float64 (2-d), b: float64 (1-d), V: float64 (2-d), c: float64 (1-d), x: float64
    (1-d), y: int
    """
    Wx = W @ x  # 10
    b_plus_Wx = b + Wx  # 10
    h = np.tanh(b_plus_Wx)  # 10
    Vh = V @ h  # 11
    f = c + Vh  # 11
    exp_f = np.exp(f)  # 12
    sum_exp_f = np.sum(exp_f)  # 12
    sum_f = -f[y] + np.log(sum_exp_f)  # 12
    # backward
    bsum_f = 1.0
    blog_sum_exp_f = 0.0  # 12: log(sum(exp(f)))
    bsum_exp_f = 0.0  # 12: sum(exp(f))
    bexp_f = np.zeros_like(exp_f)  # 12: exp(f)
    bf_y = 0.0  # 12: f[y]
    bf = np.zeros_like(f)  # 11: c + V @ h
    bVh = np.zeros_like(Vh)  # 11: V @ h
    bh = np.zeros_like(h)  # 10: tanh(b + W @ x)
    bb_plus_Wx = np.zeros_like(b_plus_Wx)  # 10: b + W @ x
    bWx = np.zeros_like(Wx)  # 10: W @ x
    bW = np.zeros_like(W)
    bb = np.zeros_like(b)
    bV = np.zeros_like(V)
    bc = np.zeros_like(c)
    blog_sum_exp_f += bsum_f  # 12: -f[y] + log(sum(exp(f)))
    bsum_exp_f += blog_sum_exp_f * (1 / sum_exp_f)  # 12: log(sum(exp(f)))
    bexp_f += np.broadcast_to(bsum_exp_f, exp_f.shape)  # 12: sum(exp(f))
    bf += bexp_f * exp_f  # 12: exp(f)
    bf_y -= 1.0  # 12: -f[y]
    bf[y] += bf_y  # 12: f[y]
    bc += bf  # 11: c + V @ h
    bVh += bf  # 11: c + V @ h
    bV += np.outer(bVh, h)  # 11: V @ h
    bh += V.T @ bVh  # 11: V @ h
    bb_plus_Wx += bh * (1 - h**2)  # 10: tanh(b + W @ x)
    bb += bb_plus_Wx  # 10: b + W @ x
    bWx += bb_plus_Wx  # 10: b + W @ x
    bW += np.outer(bWx, x)  # 10: W @ x
    return bW, bb, bV, bc
