"""Broadcasting: shapes (1, m), (n, 1) and a number meet a matrix."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def loss(row, column, scale, X):
    return np.sum(np.exp(scale * X + row) * column)


GRADIENT = grad(loss, wrt=("row", "column", "scale"))
ARGUMENTS = (normal(1, 4), normal(3, 1), 0.5, normal(3, 4))


# --- generated: python -m tests.test_golden --write


def loss_grad(row, column, scale, X):
    """Gradient of loss (broadcasting.py:9) with respect to row, column, scale.

    row: float64[1, :], column: float64[:, 1], scale: float, X: float64 (2-d)
    """
    exp_sum_scale = np.exp(scale * X + row)  # 10
    # backward
    bcolumn = np.sum(exp_sum_scale, axis=1, keepdims=True)  # 10: exp(scale * X + row...
    bsum_scale = column * exp_sum_scale  # 10: sum(exp(scale * X + row) * column)
    brow = np.sum(bsum_scale, axis=0, keepdims=True)  # 10: scale * X + row
    bscale = np.sum(bsum_scale * X)  # 10: scale * X
    return brow, bcolumn, float(bscale)
