"""Log-sum-exp where derivatives also flow through the largest element, and cancel."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def log_sum_exp(f):
    m = np.max(f)
    return m + np.log(np.sum(np.exp(f - m)))


GRADIENT = grad(log_sum_exp)
ARGUMENTS = (normal(5),)


# --- generated: python -m tests.test_golden --write


def log_sum_exp_grad(f):
    """Gradient of log_sum_exp (shifted_active.py:9) with respect to f.

    f: float64 (1-d)
    """
    m = np.max(f)  # 10
    exp_f_minus_m = np.exp(f - m)  # 11
    # backward
    bf = exp_f_minus_m / np.sum(exp_f_minus_m)  # 11: log(sum(exp(f - m)))
    bm = 1.0 - np.sum(bf)  # 11: f - m
    f_eq_m = f == m  # 10: max(f)
    bf += f_eq_m * (bm / np.sum(f_eq_m))  # 10: max(f)
    return bf
