"""A tuple of (W, b) pairs, unpacked."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def loss(layers, X):
    (W1, b1), (W2, b2) = layers
    h = np.tanh(X @ W1 + b1)
    return np.sum((h @ W2 + b2) ** 2)


GRADIENT = grad(loss)
ARGUMENTS = (((normal(3, 4), normal(4)), (normal(4, 2), normal(2))), normal(6, 3))


# --- generated: python -m tests.test_golden --write


def loss_grad(layers, X):
    """Gradient of loss (layers_tuple.py:9) with respect to layers.

    layers: ((float64 (2-d), float64 (1-d)), (float64 (2-d), float64 (1-d))), X: float64
    (2-d)
    """
    W1 = layers[0][0]
    b1 = layers[0][1]
    W2 = layers[1][0]
    b2 = layers[1][1]
    h = np.tanh(X @ W1 + b1)  # 11
    # backward
    bhW2_plus_b2 = 2 * (h @ W2 + b2)  # 12: (h @ W2 + b2) ** 2
    bb2 = np.sum(bhW2_plus_b2, axis=0)  # 12: h @ W2 + b2
    bh = bhW2_plus_b2 @ W2.T  # 12: h @ W2
    bW2 = h.T @ bhW2_plus_b2  # 12: h @ W2
    bXW1_plus_b1 = bh * (1 - h**2)  # 11: tanh(X @ W1 + b1)
    bb1 = np.sum(bXW1_plus_b1, axis=0)  # 11: X @ W1 + b1
    bW1 = X.T @ bXW1_plus_b1  # 11: X @ W1
    return (bW1, bb1), (bW2, bb2)
