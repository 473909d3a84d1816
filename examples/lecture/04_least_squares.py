"""Least squares: f(x) = B'x with loss (y - f)^2, for one output and for K outputs.

    one output    B in R^N      dL/dB = -2 (y - f) x
    K outputs     B in R^NxK    dL/dB = -2 x (y - f)'

The second half fits B to noisy data by following the gradient downhill, and compares with the exact answer.
"""

import numpy as np

from astgrad import grad


@grad(wrt="B")
def one_output(B, x, y):
    f = B @ x
    return (y - f) ** 2


@grad(wrt="B")
def many_outputs(B, x, y):
    f = B.T @ x
    return np.sum((y - f) ** 2)


@grad(wrt="B")
def over_all_examples(B, X, Y):
    """X: (n, N)   Y: (n, K)"""
    return np.sum((Y - X @ B) ** 2) / len(Y)


def fit(X, Y, steps=300, rate=0.2):
    B = np.zeros((X.shape[1], Y.shape[1]))
    for _ in range(steps):
        B = B - rate * over_all_examples(B, X, Y)
    return B


def main():
    rng = np.random.default_rng(0)
    N, K = 4, 3
    x, y, b = rng.normal(size=N), 0.5, rng.normal(size=N)
    one = one_output(b, x, y), -2 * (y - b @ x) * x
    print(one_output.source)
    print(f"one output: generated {one[0]}\n             analytic {one[1]}\n")

    ys, B = rng.normal(size=K), rng.normal(size=(N, K))
    many = many_outputs(B, x, ys), -2 * np.outer(x, ys - B.T @ x)
    print(many_outputs.source)
    print(f"K outputs: largest difference from -2 x (y - f)': {np.max(np.abs(many[0] - many[1])):.1e}")

    X = rng.normal(size=(200, N))
    Y = X @ B + 0.1 * rng.normal(size=(200, K))
    fitted = fit(X, Y), np.linalg.lstsq(X, Y, rcond=None)[0]
    print(f"fitted B: largest difference from np.linalg.lstsq: {np.max(np.abs(fitted[0] - fitted[1])):.1e}")
    return {"one": one, "many": many, "fitted": fitted}


if __name__ == "__main__":
    main()
