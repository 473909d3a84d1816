"""Python floats stay Python floats: the gradient calls math, not NumPy."""

import math

from astgrad import grad


def price(rate, years):
    growth = (1 + rate) ** years
    return 100.0 * growth * math.exp(-rate)


GRADIENT = grad(price, wrt=("rate", "years"))
ARGUMENTS = (0.05, 3.0)


# --- generated: python -m tests.test_golden --write


def price_grad(rate, years):
    """Gradient of price (python_floats.py:8) with respect to rate, years.

    rate: float, years: float
    """
    one_plus_rate = 1 + rate  # 9
    growth = one_plus_rate**years  # 9
    exp_neg_rate = math.exp(-rate)  # 10
    # backward
    bgrowth = 100.0 * exp_neg_rate  # 10: 100.0 * growth
    bone_plus_rate = bgrowth * (
        years * np.float64(one_plus_rate) ** lowered(years)
    )  # 9: (1 + rate) ** years
    byears = bgrowth * (
        growth * np.log(np.where(one_plus_rate == 0, 1.0, one_plus_rate))
    )  # 9: (1 + rate) ** years
    brate = bone_plus_rate - 100.0 * growth * exp_neg_rate  # 9: 1 + rate
    return float(brate), float(byears)
