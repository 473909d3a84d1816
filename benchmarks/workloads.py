"""What is timed: losses in plain NumPy, and their gradients as a careful person writes them by hand.

In comes nothing, out goes `WORKLOADS`, a table by name. Each holds a loss, the hand-written gradient with
respect to `wrt`, the arguments, and the goals that its ratios are held to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

# --- the lecture's network, f = c + V tanh(b + W x) with loss -f_y + log sum_k exp f_k


def network(W, b, V, c, x, y):
    h = np.tanh(b + W @ x)
    f = c + V @ h
    return -f[y] + np.log(np.sum(np.exp(f)))


def network_by_hand(W, b, V, c, x, y):
    h = np.tanh(b + W @ x)
    f = c + V @ h
    exp_f = np.exp(f)
    bf = exp_f / np.sum(exp_f)
    bf[y] -= 1.0
    bb = (1 - h**2) * (V.T @ bf)
    return np.outer(bb, x), bb, np.outer(bf, h), bf


def network_batch(W, b, V, c, X, y):
    h = np.tanh(b + X @ W.T)
    f = c + h @ V.T
    return np.mean(-f[np.arange(len(y)), y] + np.log(np.sum(np.exp(f), axis=1)))


def network_batch_by_hand(W, b, V, c, X, y):
    n = len(y)
    h = np.tanh(b + X @ W.T)
    f = c + h @ V.T
    exp_f = np.exp(f)
    bf = exp_f / np.sum(exp_f, axis=1, keepdims=True)
    bf[np.arange(n), y] -= 1.0
    bf /= n
    ba = (1 - h**2) * (bf @ V)
    return ba.T @ X, np.sum(ba, axis=0), bf.T @ h, np.sum(bf, axis=0)


def network_arguments(p: int, M: int, K: int, batch: int | None) -> tuple[Any, ...]:
    """W: (M, p)   b: (M,)   V: (K, M)   c: (K,)   and an example (x, y), or `batch` of them (X, y)."""
    rng = np.random.default_rng(0)
    W = rng.normal(size=(M, p)) / np.sqrt(p)
    V = rng.normal(size=(K, M)) / np.sqrt(M)
    b, c = 0.1 * rng.normal(size=M), 0.1 * rng.normal(size=K)
    if batch is None:
        return W, b, V, c, rng.normal(size=p), int(rng.integers(K))
    return W, b, V, c, rng.normal(size=(batch, p)), rng.integers(K, size=batch)


# --- least squares, f = B'x with loss (y - f)^2


def least_squares(B, X, y):
    return np.sum((y - X @ B) ** 2) / y.shape[0]


def least_squares_by_hand(B, X, y):
    r = y - X @ B
    return X.T @ (-2 / len(y) * r)


def least_squares_arguments(n: int, p: int, K: int | None) -> tuple[Any, ...]:
    """B: (p,) or (p, K)   X: (n, p)   y: (n,) or (n, K)"""
    rng = np.random.default_rng(0)
    outputs = () if K is None else (K,)
    B, X = rng.normal(size=(p, *outputs)), rng.normal(size=(n, p))
    return B, X, X @ B + 0.1 * rng.normal(size=(n, *outputs))


# --- the table


@dataclass(frozen=True)
class Goals:
    """The largest astgrad / by hand, and the smallest peer / astgrad."""

    by_hand: float = 1.15
    autograd: float = 1.0
    advect: float = 1.0
    staged: float = 1.0


@dataclass(frozen=True)
class Workload:
    """A loss, its hand-written gradient with respect to the arguments named `wrt`, and example arguments."""

    name: str
    loss: Callable[..., Any]
    by_hand: Callable[..., Any]
    wrt: str | tuple[str, ...]
    arguments: Callable[[], tuple[Any, ...]]
    goals: Goals = Goals()

    @property
    def positions(self) -> int | tuple[int, ...]:
        """`wrt` as the peers want it: every workload differentiates its leading arguments."""
        return 0 if isinstance(self.wrt, str) else tuple(range(len(self.wrt)))


SINGLE_GOALS = {
    (10, 10, 5): Goals(by_hand=1.5, autograd=10.0, advect=10.0, staged=5.0),
    (100, 100, 10): Goals(by_hand=1.5, autograd=7.0),
}


def network_workload(size: tuple[int, int, int], batch: int | None) -> Workload:
    loss, by_hand = (network, network_by_hand) if batch is None else (network_batch, network_batch_by_hand)
    goals = SINGLE_GOALS.get(size, Goals()) if batch is None else Goals()
    name = f"network {size}, {'single' if batch is None else f'batch {batch}'}"
    arguments = partial(network_arguments, *size, batch)
    return Workload(name, loss, by_hand, ("W", "b", "V", "c"), arguments, goals)


def least_squares_workload(n: int, p: int, K: int | None) -> Workload:
    name = f"least squares ({n}, {p}), {'one output' if K is None else f'{K} outputs'}"
    arguments = partial(least_squares_arguments, n, p, K)
    return Workload(name, least_squares, least_squares_by_hand, "B", arguments)


SIZES = ((10, 10, 5), (100, 100, 10), (784, 256, 10))

WORKLOADS = {
    workload.name: workload
    for workload in (
        *(network_workload(size, batch) for batch in (None, 128) for size in SIZES),
        least_squares_workload(1000, 100, None),
        least_squares_workload(1000, 100, 10),
    )
}
