"""What choosing the signature costs: a call of the gradient less a call of the bare generated function.

The unit is one `np.add` on 10 elements, timed in the same rounds. Five arrays are looked at in each case:
all of them arguments, or two of them captured data.
"""

from __future__ import annotations

from statistics import median

import numpy as np

from astgrad import grad
from benchmarks.timing import Timed, interleaved

A, B, C, D, E = np.random.default_rng(0).normal(size=(5, 10))


def five_arguments(a, b, c, d, e):
    return np.sum(a * b + c * d + e)


def two_captured(a, b, c):
    return np.sum(a * b + c * D + E)


CASES = {
    "five arguments": (five_arguments, (A, B, C, D, E)),
    "three and two captured": (two_captured, (A, B, C)),
}


def dispatch_in_ufunc_calls(rounds: int) -> dict[str, float]:
    """For each case the median over the rounds of (dispatching - bare) ÷ np.add."""
    timed: dict[str, Timed] = {"np.add": (np.add, (A, B))}
    for name, (function, args) in CASES.items():
        gradient = grad(function, wrt="a")
        timed[name] = (gradient, args)
        timed[f"bare {name}"] = (gradient.specialize(*args), args)
    times = interleaved(timed, rounds)
    return {
        name: median(
            (whole - bare) / add
            for whole, bare, add in zip(times[name], times[f"bare {name}"], times["np.add"])
        )
        for name in CASES
    }
