"""One measurement in this process, printed as JSON: `python -m benchmarks.measure NAME ROUNDS`.

NAME is a workload's, "dispatch" or "versions". The caller has set the number of BLAS threads in the
environment, since NumPy reads it when it is imported.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from statistics import median
from typing import Any

import astgrad
from benchmarks.contestants import PEERS, contestants
from benchmarks.dispatch import dispatch_in_ufunc_calls
from benchmarks.timing import interleaved, paired_ratio
from benchmarks.workloads import WORKLOADS


def measure(name: str, rounds: int) -> dict[str, Any]:
    """Median seconds of all that take part, and the paired ratios of the table."""
    workload = WORKLOADS[name]
    taking_part, absent = contestants(workload)
    times = interleaved(taking_part, rounds)
    ratios = {
        "by hand": paired_ratio(times["astgrad"], times["by hand"]),
        "no dispatch": paired_ratio(times["astgrad, no dispatch"], times["by hand"]),
        "primal": paired_ratio(times["astgrad"], times["primal"]),
    }
    ratios |= {peer: paired_ratio(times[peer], times["astgrad"]) for peer in PEERS if peer in times}
    return {
        "workload": name,
        "by_hand_microseconds": 1e6 * median(times["by hand"]),
        "microseconds": {who: 1e6 * median(seconds) for who, seconds in times.items()},
        "ratios": ratios,
        "goals": asdict(workload.goals),
        "absent": absent,
    }


def versions() -> dict[str, str]:
    """Python, astgrad, and the packages that are installed."""
    found = {"Python": python_version(), "astgrad": astgrad.__version__}
    for name in ("numpy", "autograd", "advect"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    what, rounds = sys.argv[1], int(sys.argv[2])
    special = {"dispatch": lambda: dispatch_in_ufunc_calls(rounds), "versions": versions}
    print(json.dumps(special[what]() if what in special else measure(what, rounds)))
