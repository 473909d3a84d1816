"""Medians of paired ratios: in each round every contestant runs once, so all of them meet the same noise.

In comes a table of (function, arguments), out go for each one the seconds a call of every round: seconds
of this process on a processor, which do not count the time that other processes take from it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from itertools import repeat
from random import Random
from statistics import median
from time import process_time
from typing import Any

Timed = tuple[Callable[..., Any], tuple[Any, ...]]

SLICE = 0.003  # seconds that a contestant runs in one round


def seconds_per_call(function: Callable[..., Any], args: tuple[Any, ...], number: int) -> float:
    """An untimed call comes first: it pays for what the contestant before left in the caches."""
    function(*args)
    start = process_time()
    for _ in repeat(None, number):
        function(*args)
    return (process_time() - start) / number


def calls_per_slice(function: Callable[..., Any], args: tuple[Any, ...]) -> int:
    """How many calls fill a slice; the calls that find out also warm up caches and signatures."""
    number = 1
    while True:
        seconds = seconds_per_call(function, args, number) * number
        if seconds >= SLICE / 3:
            return max(1, round(number * SLICE / seconds))
        number *= 3


def interleaved(contestants: dict[str, Timed], rounds: int) -> dict[str, list[float]]:
    """Seconds a call in each round; each round has another order, the same in every run.

    What lives so far is taken from the garbage collector, so that who leaves cycles behind pays for those
    and not for the size of what others have imported.
    """
    numbers = {name: calls_per_slice(*timed) for name, timed in contestants.items()}
    gc.collect()
    gc.freeze()
    times: dict[str, list[float]] = {name: [] for name in contestants}
    names, shuffle = list(contestants), Random(0).shuffle
    for _ in range(rounds):
        for name in names:
            times[name].append(seconds_per_call(*contestants[name], numbers[name]))
        shuffle(names)
    return times


def paired_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """The median over the rounds of one time ÷ the other of the same round."""
    return median(a / b for a, b in zip(numerators, denominators))
