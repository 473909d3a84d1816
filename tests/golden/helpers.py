"""Helper functions are inlined; their own names stay where they do not clash."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def affine(x, W, b):
    return W @ x + b


def norm2(v, weight=1.0):
    square = v**2
    return weight * np.sum(square)


def loss(W, b, x):
    h = affine(x, W, b)
    z = affine(h, W, b)
    return norm2(z) + norm2(W, weight=0.01)


GRADIENT = grad(loss, wrt=("W", "b"))
ARGUMENTS = (normal(3, 3), normal(3), normal(3, seed=1))


# --- generated: python -m tests.test_golden --write


def loss_grad(W, b, x):
    """Gradient of loss (helpers.py:18) with respect to W, b.

    W: float64 (2-d), b: float64 (1-d), x: float64 (1-d)
    """
    Wx_plus_b = W @ x + b  # affine 10
    # backward
    bW = 0.02 * W  # norm2 14: v**2
    bb = 2 * (W @ Wx_plus_b + b)  # norm2 14: v**2
    bWx_plus_b = W.T @ bb  # affine 10: W @ x
    bW += np.outer(bb, Wx_plus_b)  # affine 10: W @ x
    bb += bWx_plus_b  # affine 10: W @ x + b
    bW += np.outer(bWx_plus_b, x)  # affine 10: W @ x
    return bW, bb
