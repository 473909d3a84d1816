"""The benchmarks' contestants compute the same, and the tables say what was measured and missed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from astgrad import check_grads
from benchmarks.contestants import contestants, validate
from benchmarks.dispatch import dispatch_in_ufunc_calls
from benchmarks.table import ONCE_GOALS, markdown, missed
from benchmarks.timing import interleaved, paired_ratio
from benchmarks.workloads import WORKLOADS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", WORKLOADS)
def test_all_contestants_agree(name):
    taking_part, absent = contestants(WORKLOADS[name])
    assert {"by hand", "astgrad", "astgrad, no dispatch", "primal"} <= set(taking_part)
    assert all(reason.startswith(("not installed", "cannot stage")) for reason in absent.values())


@pytest.mark.parametrize("name", ["network (10, 10, 5), single", "network (10, 10, 5), batch 128"])
def test_the_gradient_by_hand_is_one(name):
    check_grads(WORKLOADS[name].loss, WORKLOADS[name].arguments())


def test_a_wrong_contestant_is_told():
    with pytest.raises(AssertionError, match="shape"):
        validate("a peer", 1.0, [1.0, 2.0])
    with pytest.raises(AssertionError, match="a peer"):
        validate("a peer", [1.0, 2.1], [1.0, 2.0])


def test_paired_ratios_are_of_the_same_round():
    assert paired_ratio([2.0, 20.0, 200.0], [1.0, 10.0, 100.0]) == 2.0
    times = interleaved({"one": (sum, ([1, 2],)), "other": (max, (1, 2))}, rounds=3)
    assert {name: len(seconds) for name, seconds in times.items()} == {"one": 3, "other": 3}


def test_dispatch_is_counted_in_calls():
    assert all(calls > 0 for calls in dispatch_in_ufunc_calls(rounds=5).values())


def test_tables_and_missed_goals():
    result = {
        "workload": "w",
        "by_hand_microseconds": 12.34,
        "ratios": {"by hand": 1.2, "no dispatch": 1.0, "primal": 2.0, "autograd": 0.5},
        "goals": {"by_hand": 1.15, "autograd": 1.0, "advect": 1.0, "staged": 1.0},
        "absent": {"advect": "not installed", "advect staged": "cannot stage: len()"},
    }
    once = {name: goal / 2 for name, goal in ONCE_GOALS.items()}
    report = {"versions": {"Python": "3"}, "workloads": [result], "once": once}
    row = "| w | 12.3 | 1.20 (≤ 1.15) | 1.00 | 2.00 | 0.50 (≥ 1) | not installed | cannot stage |"
    assert row in markdown(report)
    assert [sentence.split(":")[1].split()[0] for sentence in missed(report)] == ["astgrad", "autograd"]


def test_one_command_writes_both_files(tmp_path):
    files = tmp_path / "numbers.json", tmp_path / "table.md"
    command = [sys.executable, "-m", "benchmarks", "--only", "(10, 10, 5), single", "--rounds", "3"]
    command += ["--json", str(files[0]), "--markdown", str(files[1])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    report = json.loads(files[0].read_text())
    assert report["workloads"][0]["ratios"]["by hand"] > 0
    assert files[1].read_text() in done.stdout
