"""Train a network with one hidden layer on handwritten digits, with a gradient that you can read.

    python examples/digits_network.py [--seed 0] [--epochs 40] [--output output/digits_network]

The network is f = c + V tanh(b + W x), and its loss is -f_y + log sum_k exp f_k. The loss below is plain
NumPy; `@value_and_grad` turns it into a function that also returns the gradient, as ordinary Python. The
script prints that Python, checks it, trains with it, and saves two pictures.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from tqdm import tqdm

from astgrad import value_and_grad

HIDDEN = 64
HELD_OUT = 360  # of 1797 digits
BATCH = 32
LEARNING_RATE, MOMENTUM = 0.1, 0.9
NOISE = 0.2  # standard deviation of what is added to the pixels (0 to 1) of each mini-batch
SPLIT_SEED = 0  # the split stays the same whatever --seed is


@value_and_grad(wrt=("W", "b", "V", "c"))
def loss(W, b, V, c, X, y):
    """W: (M, p)   b: (M,)   V: (K, M)   c: (K,)   X: (n, p)   y: (n,) of classes"""
    h = np.tanh(b + X @ W.T)
    f = c + h @ V.T
    return np.mean(-f[np.arange(len(y)), y] + np.log(np.sum(np.exp(f), axis=1)))


# --- data and parameters


@dataclass(frozen=True)
class Digits:
    """Pixels between 0 and 1, one row an image, and their classes; shuffled and split."""

    X: np.ndarray
    y: np.ndarray
    X_held_out: np.ndarray
    y_held_out: np.ndarray


def read_digits() -> Digits:
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(y))
    X, y = X[order] / 16, y[order]
    return Digits(X[HELD_OUT:], y[HELD_OUT:], X[:HELD_OUT], y[:HELD_OUT])


def initial_parameters(p: int, K: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    W = rng.normal(size=(HIDDEN, p)) / np.sqrt(p)
    V = rng.normal(size=(K, HIDDEN)) / np.sqrt(HIDDEN)
    return W, np.zeros(HIDDEN), V, np.zeros(K)


def accuracy(parameters, X, y) -> float:
    W, b, V, c = parameters
    f = c + np.tanh(b + X @ W.T) @ V.T
    return float(np.mean(np.argmax(f, axis=1) == y))


# --- checks of the gradient


def analytic_gradient(W, b, V, c, X, y):
    """The lecture's result for one example at a time, averaged over the examples."""
    total = [np.zeros_like(parameter) for parameter in (W, b, V, c)]
    for x, label in zip(X, y):
        h = np.tanh(b + W @ x)
        f = c + V @ h
        dL_df = np.exp(f) / np.sum(np.exp(f)) - np.eye(len(c))[label]  # -e_y + softmax(f)
        dL_db = (1 - h**2) * (V.T @ dL_df)
        for mean, part in zip(total, (np.outer(dL_db, x), dL_db, np.outer(dL_df, h), dL_df)):
            mean += part / len(y)
    return tuple(total)


def deviation_from_analytic(args) -> float:
    """The largest difference, as a share of the largest entry of the same gradient."""
    pairs = zip(loss(*args)[1], analytic_gradient(*args))
    return max(float(np.max(np.abs(got - expected)) / np.max(np.abs(expected))) for got, expected in pairs)


def deviation_from_finite_differences(args, step: float = 1e-5) -> float:
    """The same along a random direction of each parameter, against central differences of the loss."""
    rng = np.random.default_rng(2)
    worst = 0.0
    for position, gradient in enumerate(loss(*args)[1]):
        direction = rng.normal(size=gradient.shape)
        moved = [list(args), list(args)]
        for arguments, signed in zip(moved, (step, -step)):
            arguments[position] = args[position] + signed * direction
        slope = (loss.function(*moved[0]) - loss.function(*moved[1])) / (2 * step)
        worst = max(worst, abs(float(np.sum(gradient * direction) / slope) - 1))
    return worst


def time_ratio(args, rounds: int = 50, calls: int = 10) -> float:
    """Time of value and gradient ÷ time of the loss alone: the median over rounds that time both."""

    def seconds(function) -> float:
        start = perf_counter()
        for _ in range(calls):
            function(*args)
        return perf_counter() - start

    return median(seconds(loss) / seconds(loss.function) for _ in range(rounds))


# --- training


@dataclass(frozen=True)
class Training:
    """The parameters at the end, and after each epoch the loss of its batches and the accuracy."""

    parameters: tuple[np.ndarray, ...]
    losses: list[float]
    accuracies: list[float]


def train(digits: Digits, seed: int, epochs: int) -> Training:
    """Gradient descent with momentum on noisy mini-batches; the step shrinks to zero over the epochs."""
    rng = np.random.default_rng(seed)
    parameters = initial_parameters(digits.X.shape[1], 10, rng)
    velocities = [np.zeros_like(parameter) for parameter in parameters]
    losses, accuracies = [], []
    progress = tqdm(range(epochs), unit="epoch", disable=None)  # None: silent without a terminal
    for epoch in progress:
        step = LEARNING_RATE * (1 - epoch / epochs)
        values = []
        for batch in np.array_split(rng.permutation(len(digits.y)), len(digits.y) // BATCH):
            X = digits.X[batch]
            value, gradients = loss(*parameters, X + NOISE * rng.normal(size=X.shape), digits.y[batch])
            for parameter, velocity, gradient in zip(parameters, velocities, gradients):
                velocity *= MOMENTUM
                velocity -= step * gradient
                parameter += velocity
            values.append(value)
        losses.append(float(np.mean(values)))
        accuracies.append(accuracy(parameters, digits.X_held_out, digits.y_held_out))
        progress.set_postfix(loss=f"{losses[-1]:.3f}", held_out=f"{accuracies[-1]:.3f}")
    return Training(parameters, losses, accuracies)


# --- pictures


def save_learning_curve(training: Training, path: Path) -> None:
    figure = Figure(figsize=(7, 4), layout="constrained")
    left = figure.subplots()
    right = left.twinx()
    epochs = range(1, len(training.losses) + 1)
    left.semilogy(epochs, training.losses, color="tab:blue")
    left.set_xlabel("epoch")
    left.set_ylabel("training loss", color="tab:blue")
    right.plot(epochs, [100 * share for share in training.accuracies], color="tab:orange")
    right.set_ylabel("held-out accuracy, %", color="tab:orange")
    figure.savefig(path, dpi=120)


def save_first_layer(W: np.ndarray, path: Path) -> None:
    """Each row of W as the picture it responds to: red pixels raise the unit, blue ones lower it."""
    figure = Figure(figsize=(7, 7), layout="constrained")
    limit = np.max(np.abs(W))
    for axes, weights in zip(figure.subplots(8, 8).flat, W):
        axes.imshow(weights.reshape(8, 8), cmap="RdBu_r", vmin=-limit, vmax=limit)
        axes.set_axis_off()
    figure.savefig(path, dpi=120)


# --- the script


@dataclass(frozen=True)
class Summary:
    """What the script found out."""

    source: str
    deviation_from_analytic: float
    deviation_from_finite_differences: float
    accuracy: float
    time_ratio: float


def main(arguments: list[str] | None = None) -> Summary:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="of weights, batches and noise (0)")
    parser.add_argument("--epochs", type=int, default=40, help="passes over the training digits (40)")
    parser.add_argument("--output", type=Path, default=Path("output/digits_network"), help="for the pictures")
    options = parser.parse_args(arguments)

    digits = read_digits()
    args = (*initial_parameters(64, 10, np.random.default_rng(1)), digits.X[:BATCH], digits.y[:BATCH])

    loss(*args)
    print(loss.source)
    deviation = deviation_from_analytic(args)
    print(f"largest relative deviation from the analytic gradient: {deviation:.1e}")
    deviation_of_differences = deviation_from_finite_differences(args)
    print(f"largest relative deviation from finite differences: {deviation_of_differences:.1e}")

    training = train(digits, options.seed, options.epochs)
    print(f"loss {training.losses[-1]:.4f} after {options.epochs} epochs on {len(digits.y)} digits")
    print(f"accuracy on {HELD_OUT} held-out digits: {100 * training.accuracies[-1]:.2f} %")
    ratio = time_ratio(args)
    print(f"gradient time / loss time: {ratio:.2f}")

    options.output.mkdir(parents=True, exist_ok=True)
    save_learning_curve(training, options.output / "learning_curve.png")
    save_first_layer(training.parameters[0], options.output / "first_layer_weights.png")
    print(f"pictures saved in {options.output}")
    return Summary(loss.source, deviation, deviation_of_differences, training.accuracies[-1], ratio)


if __name__ == "__main__":
    main()
