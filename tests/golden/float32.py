"""float32 in, float32 out: constants do not widen it."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def loss(w, X, y):
    z = X @ w
    return np.mean(np.log1p(np.exp(-y * z))) + 0.01 * np.sum(w**2)


GRADIENT = grad(loss)
ARGUMENTS = (
    normal(3, dtype=np.float32),
    normal(6, 3, dtype=np.float32),
    normal(6, dtype=np.float32),
)


# --- generated: python -m tests.test_golden --write


def loss_grad(w, X, y):
    """Gradient of loss (float32.py:9) with respect to w.

    w: float32 (1-d), X: float32 (2-d), y: float32 (1-d)
    """
    z = X @ w  # 10
    exp_neg_y_times_z = np.exp(-y * z)  # 11
    # backward
    bw = 0.02 * w  # 11: sum(w**2)
    bw -= X.T @ (exp_neg_y_times_z / (len(y) * (1 + exp_neg_y_times_z)) * y)  # 10
    return bw
