"""Example arguments of the test programs: small, deterministic, away from ties and domain edges.

normal(3, 4)             standard normal, float64, always the same array for the same shape and seed
positive(5)              between 0.5 and 2
unit(5)                  between 0.1 and 0.9
integers(4, 10)          ten integers below 4
mask(5)                  booleans, at least one of each where there is room for both
"""

from __future__ import annotations

from typing import Any

import numpy as np


def _draws(shape: tuple[int, ...], seed: int, kind: int) -> np.random.Generator:
    return np.random.default_rng([kind, seed, *shape])


def normal(*shape: int, seed: int = 0, dtype: Any = np.float64) -> np.ndarray:
    """Standard normal draws."""
    return np.asarray(_draws(shape, seed, 1).standard_normal(shape)).astype(dtype)


def positive(*shape: int, seed: int = 0, dtype: Any = np.float64) -> np.ndarray:
    """Uniform draws from [0.5, 2]."""
    return np.asarray(_draws(shape, seed, 2).uniform(0.5, 2.0, shape)).astype(dtype)


def unit(*shape: int, seed: int = 0, dtype: Any = np.float64) -> np.ndarray:
    """Uniform draws from [0.1, 0.9]."""
    return np.asarray(_draws(shape, seed, 3).uniform(0.1, 0.9, shape)).astype(dtype)


def integers(high: int, *shape: int, seed: int = 0) -> np.ndarray:
    """Integers in [0, high)."""
    return np.asarray(_draws(shape, seed, 4).integers(0, high, shape))


def mask(*shape: int, seed: int = 0) -> np.ndarray:
    """Booleans; the first is True and the last False."""
    values = np.asarray(_draws(shape, seed, 5).uniform(size=shape) < 0.5)
    values.flat[-1] = False
    values.flat[0] = True
    return values


def complex_normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Standard normal real and imaginary parts."""
    return normal(*shape, seed=seed) + 1j * normal(*shape, seed=seed + 1000)
