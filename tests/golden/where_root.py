"""A root in the branch not taken gives 0, not NaN."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def total(x):
    return np.sum(np.where(x > 0, np.sqrt(x), 0.0))


GRADIENT = grad(total)
ARGUMENTS = (normal(6),)


# --- generated: python -m tests.test_golden --write


def total_grad(x):
    """Gradient of total (where_root.py:9) with respect to x.

    x: float64 (1-d)
    """
    x_gt_0 = x > 0  # 10
    # backward
    bx = 0.5 * np.where(x_gt_0, 1.0, 0) / np.where(x_gt_0, np.sqrt(x), 1)  # 10: sqrt(x)
    return bx
