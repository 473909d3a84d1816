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
    layers00 = layers[0][0]
    layers01 = layers[0][1]
    layers10 = layers[1][0]
    layers11 = layers[1][1]
    h = np.tanh(X @ layers00 + layers01)  # 11
    # backward
    bsum_h = 2 * (h @ layers10 + layers11)  # 12: (h @ W2 + b2) ** 2
    blayers11 = np.sum(bsum_h, axis=0)  # 12: h @ W2 + b2
    bh = bsum_h @ layers10.T  # 12: h @ W2
    blayers10 = h.T @ bsum_h  # 12: h @ W2
    bsum_X = bh * (1 - h**2)  # 11: tanh(X @ W1 + b1)
    blayers01 = np.sum(bsum_X, axis=0)  # 11: X @ W1 + b1
    blayers00 = X.T @ bsum_X  # 11: X @ W1
    return (blayers00, blayers01), (blayers10, blayers11)
