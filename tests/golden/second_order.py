"""The second derivative of x sin x: 2 cos x - x sin x."""

import numpy as np

from astgrad import grad


def f(x):
    return x * np.sin(x)


GRADIENT = grad(grad(f))
ARGUMENTS = (0.75,)


# --- generated: python -m tests.test_golden --write


def f_grad(x):
    """Gradient of the gradient of f (second_order.py:8) with respect to x.

    x: float
    """
    bx = 2 * np.cos(x) - x * np.sin(x)  # 9: sin(x)
    return float(bx)
