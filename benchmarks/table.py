"""Results → a Markdown table and the list of goals that were missed.

In comes what the processes reported, out goes text. `1.08 (≤ 1.15)` is a ratio and its goal.
"""

from __future__ import annotations

from typing import Any

HEAD = (
    ("workload", ":--"),
    ("by hand, µs", "--:"),
    ("astgrad ÷ by hand", "--:"),
    ("without dispatch", "--:"),
    ("astgrad ÷ primal", "--:"),
    ("autograd ÷ astgrad", "--:"),
    ("advect ÷ astgrad", "--:"),
    ("staged ÷ astgrad", "--:"),
)

ONCE_GOALS = {
    "import astgrad on top of NumPy, ms": 30.0,
    "first gradient of 20 straight lines, ms": 20.0,
    "dispatch of five arguments, np.add on 10 elements": 2.5,
    "dispatch of three and two captured, np.add on 10 elements": 2.5,
}


def number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def at_most(value: float, goal: float) -> str:
    return f"{number(value)} (≤ {goal:g})"


def peer(result: dict[str, Any], name: str, goal: str) -> str:
    """The ratio with its goal, or in a word why there is none."""
    if name in result["absent"]:
        return result["absent"][name].partition(":")[0]
    return f"{number(result['ratios'][name])} (≥ {result['goals'][goal]:g})"


def row(result: dict[str, Any]) -> tuple[str, ...]:
    ratios, goals = result["ratios"], result["goals"]
    return (
        result["workload"],
        number(result["by_hand_microseconds"]),
        at_most(ratios["by hand"], goals["by_hand"]),
        number(ratios["no dispatch"]),
        number(ratios["primal"]),
        peer(result, "autograd", "autograd"),
        peer(result, "advect", "advect"),
        peer(result, "advect staged", "staged"),
    )


def markdown(report: dict[str, Any]) -> str:
    """Both tables, headed by what they were measured with."""
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    lines = [f"Measured with {versions}; one BLAS thread; goals in brackets.", ""]
    rows = [tuple(name for name, _ in HEAD), tuple(rule for _, rule in HEAD)]
    rows += [row(result) for result in report["workloads"]]
    lines += [f"| {' | '.join(cells)} |" for cells in rows]
    if report["once"]:
        lines += ["", "| once a process, or once a call | measured |", "|:--|--:|"]
        lines += [f"| {name} | {at_most(report['once'][name], goal)} |" for name, goal in ONCE_GOALS.items()]
    return "\n".join(lines) + "\n"


def missed(report: dict[str, Any]) -> list[str]:
    """One sentence for each goal that was not reached."""
    sentences = []
    for result in report["workloads"]:
        ratios, goals, name = result["ratios"], result["goals"], result["workload"]
        if ratios["by hand"] > goals["by_hand"]:
            sentences.append(f"{name}: astgrad ÷ by hand is {at_most(ratios['by hand'], goals['by_hand'])}")
        for other, goal in (("autograd", "autograd"), ("advect", "advect"), ("advect staged", "staged")):
            if other in ratios and ratios[other] < goals[goal]:
                sentences.append(f"{name}: {other} ÷ astgrad is {peer(result, other, goal)}")
    for name, most in ONCE_GOALS.items():
        if report["once"] and report["once"][name] > most:
            sentences.append(f"{name}: {at_most(report['once'][name], most)}")
    return sentences
