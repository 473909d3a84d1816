"""Rows of an embedding, picked by an index that may repeat: contributions add."""

import numpy as np

from astgrad import grad
from tests.samples import integers, normal


def loss(E, words, w):
    e = E[words]
    return np.sum(np.tanh(e @ w)) + np.sum(E**2)


GRADIENT = grad(loss, wrt=("E", "w"))
ARGUMENTS = (normal(5, 3), integers(5, 7), normal(3))


# --- generated: python -m tests.test_golden --write


def loss_grad(E, words, w):
    """Gradient of loss (fancy_index.py:9) with respect to E, w.

    E: float64 (2-d), words: int64 (1-d), w: float64 (1-d)
    """
    e = E[words]  # 10
    # backward
    bE = 2 * E  # 11: E**2
    bew = 1 - np.tanh(e @ w) ** 2  # 11: tanh(e @ w)
    be = np.outer(bew, w)  # 11: e @ w
    bw = e.T @ bew  # 11: e @ w
    np.add.at(bE, words, be)  # 10: E[words]
    return bE, bw
