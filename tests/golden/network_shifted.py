"""Softmax cross-entropy of a mini-batch, shifted so that exp cannot overflow."""

import numpy as np

from astgrad import grad, stop_gradient
from tests.samples import integers, normal


def loss(f, y):
    shifted = f - stop_gradient(np.max(f, axis=1, keepdims=True))
    log_sum = np.log(np.sum(np.exp(shifted), axis=1))
    return np.mean(log_sum - shifted[np.arange(len(y)), y])


GRADIENT = grad(loss)
ARGUMENTS = (normal(6, 5), integers(5, 6))


# --- generated: python -m tests.test_golden --write


def loss_grad(f, y):
    """Gradient of loss (network_shifted.py:9) with respect to f.

    f: float64 (2-d), y: int64 (1-d)
    """
    shifted = f - stop_gradient(np.max(f, axis=1, keepdims=True))  # 10
    exp_shifted = np.exp(shifted)  # 11
    # backward
    ratio_shifted = exp_shifted / (len(f) * np.sum(exp_shifted, axis=1)[:, None])  # 11
    ratio_shifted[np.arange(len(y)), y] -= 1.0 / len(f)  # 11: exp(shifted)
    return ratio_shifted
