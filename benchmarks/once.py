"""What is paid once a process: `import astgrad` on top of NumPy, and the first gradient.

Run as `python -m benchmarks.once import` or `first_gradient`: prints the seconds that it took in this fresh
process. gast and astor are imported before the clock of the first gradient starts.
"""

from __future__ import annotations

import sys
import warnings
from time import process_time

import numpy as np


def import_seconds() -> float:
    start = process_time()
    import astgrad  # noqa: F401

    return process_time() - start


def first_gradient_seconds() -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import astor  # noqa: F401
        import gast  # noqa: F401

    from astgrad import grad
    from benchmarks.straight_lines import straight_lines

    args = tuple(np.random.default_rng(0).normal(size=(3, 10)))
    start = process_time()
    grad(straight_lines, wrt=("a", "b", "c"))(*args)
    return process_time() - start


if __name__ == "__main__":
    print({"import": import_seconds, "first_gradient": first_gradient_seconds}[sys.argv[1]]())
