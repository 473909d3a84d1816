"""Huber's loss: the branch is picked element by element."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def huber(r):
    size = np.abs(r)
    return np.sum(np.where(size < 1, 0.5 * r**2, size - 0.5))


GRADIENT = grad(huber)
ARGUMENTS = (2 * normal(6),)


# --- generated: python -m tests.test_golden --write


def huber_grad(r):
    """Gradient of huber (where.py:9) with respect to r.

    r: float64 (1-d)
    """
    size = np.abs(r)  # 10
    size_lt_1 = size < 1  # 11
    # backward
    bsize = np.where(size_lt_1, 0, 1.0)  # 11: sum(where(size < 1, 0.5 * r**2, size -...
    br = np.where(size_lt_1, 1.0, 0) * np.where(size_lt_1, r, 1)  # 11: 0.5 * r**2
    br += bsize * np.sign(r)  # 10: abs(r)
    return br
