"""The cheap gradient principle: a gradient takes about as long as a few evaluations of the function.

Each statement x_j = g_j(x_Pa(j)) adds one multiplication and one addition for each parent to the backward
sweep, whatever the function is and however many inputs it has. So the gradient of a program of n statements
is a program of at most a constant times n statements. Both are counted here, for programs of up to 3000
lines, and the times are measured beside them.

(The programs step a pendulum along: their values stay bounded and their gradients do not vanish.)
"""

import linecache
from statistics import median
from time import perf_counter

import numpy as np

from astgrad import grad
from astgrad.ir import Call, statements

LENGTHS = (10, 30, 100, 300, 1000, 3000)


def one_output(B, X, y):
    return np.mean((y - X @ B) ** 2)


def many_outputs(B, X, Y):
    return np.sum((Y - X @ B) ** 2) / len(Y)


def single(W, b, V, c, x, y):
    h = np.tanh(b + W @ x)
    f = c + V @ h
    return -f[y] + np.log(np.sum(np.exp(f)))


def batch(W, b, V, c, X, y):
    h = np.tanh(b + X @ W.T)
    f = c + h @ V.T
    return np.mean(-f[np.arange(len(y)), y] + np.log(np.sum(np.exp(f), axis=1)))


def functions_of_the_lecture():
    """(function, arguments, wrt)"""
    rng = np.random.default_rng(0)
    p, M, K, n = 100, 100, 10, 128
    X, y = rng.normal(size=(n, p)), rng.integers(K, size=n)
    Y, B = rng.normal(size=(n, K)), rng.normal(size=(p, K))
    network = tuple(0.1 * rng.normal(size=shape) for shape in ((M, p), M, (K, M), K))
    yield one_output, (B[:, 0], X, Y[:, 0]), "B"
    yield many_outputs, (B, X, Y), "B"
    yield single, (*network, X[0], int(y[0])), ("W", "b", "V", "c")
    yield batch, (*network, X, y), ("W", "b", "V", "c")


def straight_chain(n):
    """A function of n statements, n even: n / 2 steps of a pendulum with angle q and momentum p."""
    lines = ["def pendulum(q0, p0):"]
    for i in range(n // 2 - 1):
        lines.append(f"    p{i + 1} = p{i} - 0.1 * np.sin(q{i})")
        lines.append(f"    q{i + 1} = q{i} + 0.1 * p{i + 1}")
    lines.append(f"    energy = p{i + 1}**2 / 2 - np.cos(q{i + 1})")
    lines.append("    return np.sum(energy)")
    source, file = "\n".join(lines) + "\n", f"<pendulum of {n} statements>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    namespace = {"np": np}
    exec(compile(source, file, "exec"), namespace)
    return namespace["pendulum"]


def number_of_calls(function):
    return sum(isinstance(statement, Call) for statement in statements(function.body))


def time_ratio(gradient, function, args, rounds=15):
    """The median over rounds of the gradient's time ÷ the function's."""

    def seconds(call, repeat):
        start = perf_counter()
        for _ in range(repeat):
            call(*args)
        return perf_counter() - start

    repeat = 1 + int(0.002 / seconds(function, 1))
    return median(seconds(gradient, repeat) / seconds(function, repeat) for _ in range(rounds))


def measure(function, args, wrt):
    """Elementary operations of the function and of its gradient, and the ratio of their times."""
    gradient = grad(function, wrt=wrt)
    compiled = gradient.compiled_for(*args)
    counts = number_of_calls(compiled.primal_ir), number_of_calls(compiled.gradient_ir)
    gradient(*args)
    return counts, time_ratio(gradient, function, args)


def main(lengths=LENGTHS):
    print(f"{'function':<24}{'operations':>12}{'in gradient':>13}{'ratio':>8}{'time ratio':>12}")

    def report(name, counts, ratio):
        of_function, of_gradient = counts
        shares = f"{of_gradient / of_function:>8.2f}{ratio:>12.2f}"
        print(f"{name:<24}{of_function:>12}{of_gradient:>13}{shares}")

    lecture, chains = {}, {}
    for function, args, wrt in functions_of_the_lecture():
        lecture[function.__name__], ratio = measure(function, args, wrt)
        report(function.__name__, lecture[function.__name__], ratio)
    args = tuple(np.random.default_rng(0).normal(size=(2, 100)))
    for n in lengths:
        chains[n], ratio = measure(straight_chain(n), args, ("q0", "p0"))
        report(f"chain of {n}", chains[n], ratio)
    return {"lecture": lecture, "chains": chains}


if __name__ == "__main__":
    main()
