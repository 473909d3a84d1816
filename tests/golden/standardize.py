"""Rows made to have mean 0 and variance 1, with keepdims."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def loss(X, gain):
    centered = X - np.mean(X, axis=1, keepdims=True)
    variance = np.mean(centered**2, axis=1, keepdims=True)
    z = centered / np.sqrt(variance + 1e-5)
    return np.sum(gain * z**3)


GRADIENT = grad(loss, wrt=("X", "gain"))
ARGUMENTS = (normal(3, 4), normal(4))


# --- generated: python -m tests.test_golden --write


def loss_grad(X, gain):
    """Gradient of loss (standardize.py:9) with respect to X, gain.

    X: float64 (2-d), gain: float64 (1-d)
    """
    centered = X - np.mean(X, axis=1, keepdims=True)  # 10
    variance = np.mean(centered**2, axis=1, keepdims=True)  # 11
    sqrt_sum_variance = np.sqrt(variance + 1e-05)  # 12
    z = centered / sqrt_sum_variance  # 12
    # backward
    bgain = np.sum(z**3, axis=0)  # 13: gain * z**3
    bz = 3 * gain * z**2  # 13: sum(gain * z**3)
    bcentered = bz / sqrt_sum_variance  # 12: centered / sqrt(variance + 1e-5)
    ratio_bz = (
        0.5
        * np.sum(bz * (z / sqrt_sum_variance), axis=1, keepdims=True)
        / sqrt_sum_variance
    )  # 12: centered / sqrt(variance + 1e-5)
    X_shape_1 = X.shape[1]  # 11: mean(centered**2, axis=1, keepdims=True)
    bcentered -= 2 * (ratio_bz / X_shape_1) * centered  # 11: mean(centered**2, axis=...
    bX = bcentered - np.sum(bcentered, axis=1, keepdims=True) / X_shape_1  # 10
    return bX, bgain
