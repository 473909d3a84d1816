"""A dataclass of parameters: the gradient is an object of the same class."""

from dataclasses import dataclass

import numpy as np

from astgrad import grad
from tests.samples import normal


@dataclass
class Line:
    slope: np.ndarray
    offset: float


def loss(line, X, y):
    f = X @ line.slope + line.offset
    return np.mean((f - y) ** 2)


GRADIENT = grad(loss)
ARGUMENTS = (Line(normal(3), 0.5), normal(6, 3), normal(6))


# --- generated: python -m tests.test_golden --write


def loss_grad(line, X, y):
    """Gradient of loss (parameters_dataclass.py:17) with respect to line.

    line: Line(float64 (1-d), float), X: float64 (2-d), y: float64 (1-d)
    """
    slope = line.slope
    offset = line.offset
    f = X @ slope + offset  # 18
    # backward
    bf = 2 / len(X) * (f - y)  # 19: mean((f - y) ** 2)
    boffset = np.sum(bf)  # 18: X @ line.slope + line.offset
    bslope = X.T @ bf  # 18: X @ line.slope
    return Line(slope=bslope, offset=float(boffset))
