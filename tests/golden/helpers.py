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
    h = W @ x + b  # affine 10
    z = W @ h + b  # affine 10
    # backward
    bW = 0.02 * W  # norm2 14: v**2
    bz = 2 * z  # norm2 14: v**2
    bh = W.T @ bz  # affine 10: W @ x
    bW += np.outer(bz, h)  # affine 10: W @ x
    bb = bz + bh  # affine 10: W @ x + b
    bW += np.outer(bh, x)  # affine 10: W @ x
    return bW, bb
