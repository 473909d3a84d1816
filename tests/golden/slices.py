"""Differences of neighbours: basic slices of the same array."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def roughness(u):
    d = u[1:] - u[:-1]
    return np.sum(d**2)


GRADIENT = grad(roughness)
ARGUMENTS = (normal(6),)


# --- generated: python -m tests.test_golden --write


def roughness_grad(u):
    """Gradient of roughness (slices.py:9) with respect to u.

    u: float64 (1-d)
    """
    d = u[1:] - u[:-1]  # 10
    # backward
    bd = 2 * d  # 11: d**2
    bu = np.zeros_like(u)  # 10: u[1:]
    bu[:-1] += -2 * d  # 10: u[1:] - u[:-1]
    bu[1:] += bd  # 10: u[1:]
    return bu
