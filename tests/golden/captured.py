"""Captured data: a global is read under its own name, a closure cell too."""

import numpy as np

from astgrad import grad
from tests.samples import normal

DECAY = 0.5
TARGET = normal(3)


def make(power):
    def loss(w):
        return np.sum((w - TARGET) ** 2) + DECAY * np.sum(np.abs(w) ** power)

    return loss


GRADIENT = grad(make(3))
ARGUMENTS = (normal(3, seed=1),)


# --- generated: python -m tests.test_golden --write


def loss_grad(w):
    """Gradient of loss (captured.py:13) with respect to w.

    w: float64 (1-d)
    """
    bw = DECAY * (power * np.abs(w) ** lowered(power)) * np.sign(w)  # 14: abs(w)
    bw += 2 * (w - TARGET)  # 14: (w - TARGET) ** 2
    return bw
