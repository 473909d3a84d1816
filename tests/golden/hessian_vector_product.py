"""The Hessian of a loss times v, as the gradient of <v, gradient>."""

import numpy as np

from astgrad import grad
from tests.samples import integers, normal


def loss(w, X, y):
    return np.sum(np.log(1 + np.exp(X @ w)) - y * (X @ w))


loss_grad = grad(loss)


def directional(w, v, X, y):
    return np.sum(v * loss_grad(w, X, y))


GRADIENT = grad(directional)
ARGUMENTS = (normal(3), normal(3, seed=1), normal(6, 3), integers(2, 6))


# --- generated: python -m tests.test_golden --write


def directional_grad(w, v, X, y):
    """Gradient of directional (hessian_vector_product.py:16) with respect to w.

    w: float64 (1-d), v: float64 (1-d), X: float64 (2-d), y: int64 (1-d)
    """
    exp_Xw = np.exp(X @ w)  # loss 10
    one_plus_exp_Xw = 1 + exp_Xw  # loss 10
    # backward
    bratio_exp_Xw = X @ v  # loss 10: X @ w
    bexp_Xw = bratio_exp_Xw / one_plus_exp_Xw  # loss 10: log(1 + exp(X @ w))
    bexp_Xw -= bratio_exp_Xw * (exp_Xw / one_plus_exp_Xw / one_plus_exp_Xw)  # loss 10
    bw = X.T @ (bexp_Xw * exp_Xw)  # loss 10: exp(X @ w)
    return bw
