"""Medians of paired ratios: in each round every contestant runs once, so all of them meet the same noise.

In comes a table of (function, arguments), out go for each one the seconds a call of every round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from statistics import median
from time import perf_counter
from typing import Any

Timed = tuple[Callable[..., Any], tuple[Any, ...]]

SLICE = 0.003  # seconds that a contestant runs in one round


def seconds_per_call(function: Callable[..., Any], args: tuple[Any, ...], number: int) -> float:
    start = perf_counter()
    for _ in repeat(None, number):
        function(*args)
    return (perf_counter() - start) / number


def calls_per_slice(function: Callable[..., Any], args: tuple[Any, ...]) -> int:
    """How many calls fill a slice; the calls that find out also warm up caches and signatures."""
    number = 1
    while True:
        seconds = seconds_per_call(function, args, number) * number
        if seconds >= SLICE / 3:
            return max(1, round(number * SLICE / seconds))
        number *= 3


def interleaved(contestants: dict[str, Timed], rounds: int) -> dict[str, list[float]]:
    """Seconds a call in each round; the order turns around from round to round."""
    numbers = {name: calls_per_slice(*timed) for name, timed in contestants.items()}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    for _ in range(rounds):
        for name in names:
            times[name].append(seconds_per_call(*contestants[name], numbers[name]))
        names.reverse()
    return times


def paired_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """The median over the rounds of one time ÷ the other of the same round."""
    return median(a / b for a, b in zip(numerators, denominators))
