"""The lecture's network, for one example and for a mini-batch, and a loss that cannot overflow.

    f = c + V tanh(b + W x)        L = -f_y + log sum_k exp f_k

    dL/df = -e_y + softmax(f)      dL/dc = dL/df      dL/dV = dL/df h'
    dL/db = (1 - h^2) * V' dL/df                      dL/dW = dL/db x'

exp overflows beyond 709. Since log sum_k exp f_k = m + log sum_k exp(f_k - m) for every m, the largest f_k
can be taken out first. The value does not depend on m, so no derivative needs to flow through m.
"""

import numpy as np

from astgrad import grad, stop_gradient, value_and_grad

PARAMETERS = ("W", "b", "V", "c")


@grad(wrt=PARAMETERS)
def single(W, b, V, c, x, y):
    h = np.tanh(b + W @ x)
    f = c + V @ h
    return -f[y] + np.log(np.sum(np.exp(f)))


@grad(wrt=PARAMETERS)
def batch(W, b, V, c, X, y):
    h = np.tanh(b + X @ W.T)
    f = c + h @ V.T
    return np.mean(-f[np.arange(len(y)), y] + np.log(np.sum(np.exp(f), axis=1)))


@value_and_grad
def plain_loss(f, y):
    return -f[y] + np.log(np.sum(np.exp(f)))


@value_and_grad
def shifted_loss(f, y):
    m = stop_gradient(np.max(f))
    return -f[y] + (m + np.log(np.sum(np.exp(f - m))))


def analytic(W, b, V, c, x, y):
    h = np.tanh(b + W @ x)
    f = c + V @ h
    dL_df = np.exp(f) / np.sum(np.exp(f))
    dL_df[y] -= 1
    dL_db = (1 - h**2) * (V.T @ dL_df)
    return np.outer(dL_db, x), dL_db, np.outer(dL_df, h), dL_df


def largest_difference(got, expected):
    return max(float(np.max(np.abs(g - e))) for g, e in zip(got, expected))


def main():
    rng = np.random.default_rng(0)
    p, M, K, n = 6, 5, 4, 8
    parameters = tuple(rng.normal(size=shape) for shape in ((M, p), M, (K, M), K))
    X, y = rng.normal(size=(n, p)), rng.integers(K, size=n)
    one_by_one = [analytic(*parameters, x, label) for x, label in zip(X, y)]

    differences = {
        "single": largest_difference(single(*parameters, X[0], int(y[0])), one_by_one[0]),
        "batch": largest_difference(
            batch(*parameters, X, y), [np.mean(parts, axis=0) for parts in zip(*one_by_one)]
        ),
    }
    print(single.source)
    print(batch.source)
    for name, difference in differences.items():
        print(f"{name}: largest difference from the analytic gradient {difference:.1e}")

    f = rng.normal(size=K)
    large = np.array([1000.0, 999.0, -5.0, 0.0])
    with np.errstate(over="ignore", invalid="ignore"):
        overflown = plain_loss(large, 1)
    losses = {"plain": plain_loss(f, 1), "shifted": shifted_loss(f, 1)}
    losses |= {"plain, large f": overflown, "shifted, large f": shifted_loss(large, 1)}
    print(f"\n{shifted_loss.source}")
    for name, (value, gradient) in losses.items():
        print(f"{name:<18}{value:.6f}  {np.round(gradient, 6)}")
    return {"differences": differences, "losses": losses}


if __name__ == "__main__":
    main()
