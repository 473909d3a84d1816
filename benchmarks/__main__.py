"""`python -m benchmarks`: every measurement in a process of its own, then the tables.

In comes nothing but options, out go a Markdown table on standard output and, where asked for, a JSON file
and a Markdown file. `--strict` exits with 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.table import markdown, missed
from benchmarks.workloads import WORKLOADS

ROOT = Path(__file__).resolve().parent.parent
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
ONCE_PROCESSES = 11


def in_fresh_process(module: str, *args: str, **environment: str) -> Any:
    """What `python -m benchmarks.<module>` prints, parsed; the environment has one BLAS thread."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *args]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **ONE_THREAD, **environment}, stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout)


def milliseconds(what: str) -> float:
    """The median of fresh processes that find bytecode, as they do after an installation."""
    with TemporaryDirectory() as bytecode:
        found = {"PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
        in_fresh_process("once", what, **found)  # compiles
        return 1e3 * median(in_fresh_process("once", what, **found) for _ in range(ONCE_PROCESSES))


def once(rounds: int) -> dict[str, float]:
    """What is paid once a process, in milliseconds, and the dispatch, in calls of a ufunc."""
    print("once a process ...", file=sys.stderr, flush=True)
    dispatch = in_fresh_process("measure", "dispatch", str(rounds))
    return {
        "import astgrad on top of NumPy, ms": milliseconds("import"),
        "first gradient of 20 straight lines, ms": milliseconds("first_gradient"),
        **{f"dispatch of {case}, np.add on 10 elements": calls for case, calls in dispatch.items()},
    }


def run(only: str, rounds: int) -> dict[str, Any]:
    """All measurements whose name contains `only`."""
    results = []
    for name in (name for name in WORKLOADS if only in name):
        print(f"{name} ...", file=sys.stderr, flush=True)
        results.append(in_fresh_process("measure", name, str(rounds)))
    return {
        "versions": in_fresh_process("measure", "versions", "0"),
        "workloads": results,
        "once": {} if only else once(rounds),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="workloads whose name contains TEXT")
    parser.add_argument("--rounds", type=int, default=100, help="interleaved rounds a workload (100)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers to FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables to FILE")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where a goal is missed")
    options = parser.parse_args()
    report = run(options.only, options.rounds)
    text = markdown(report)
    print(text)
    for sentence in missed(report):
        print(f"missed: {sentence}")
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")
    return 1 if options.strict and missed(report) else 0


if __name__ == "__main__":
    sys.exit(main())
