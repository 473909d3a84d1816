"""Twenty straight lines: the function whose first gradient is timed in a fresh process."""

import numpy as np


def straight_lines(a, b, c):
    x1 = a * b + c
    x2 = np.sin(x1)
    x3 = np.exp(-x2)
    x4 = x3 + a / 2
    x5 = np.tanh(x4 - b)
    x6 = x5**2 + 1.0
    x7 = np.sqrt(x6)
    x8 = np.log(x7 + 1.0)
    x9 = x8 * x2
    x10 = np.cos(x9) - c
    x11 = x10 / x6
    x12 = np.maximum(x11, x4)
    x13 = x12 - x1
    x14 = np.where(x13 > 0, x13, 0.1 * x13)
    x15 = x14 @ x5
    x16 = x15 * x14
    x17 = np.mean(x16) + x16
    x18 = x17[1:] - x17[:-1]
    x19 = np.abs(x18)
    return np.sum(x19 * x18)
