"""Back propagation, seen by a parent that collects from its children (the lecture's version 1).

    df/dx_N = 1
    for i = N - 1, N - 2, ..., 1:   df/dx_i <- sum over j with i in Pa(j) of df/dx_j * dg_j/dx_i

The other version, in which a child hands shares to its parents, computes the same sums in pieces: zero, plus
the first share, plus the second. Where there are no loops, putting the pieces together gives one statement
for each value, with one summand for each child. That is what the optimizer does.
"""

import numpy as np

from astgrad import grad


def f(x):
    a = np.sin(x)  # x has three children: a, b and c
    b = np.exp(x)
    c = x * a  # a has two children: c and the result
    return a * b + c


def children_by_hand(x):
    """The sums, written down from the graph."""
    a, b = np.sin(x), np.exp(x)
    df_dc = 1.0
    df_db = a
    df_da = b + df_dc * x
    return df_da * np.cos(x) + df_db * np.exp(x) + df_dc * a


def main():
    at = 0.7
    accumulating, summing = grad(f, optimize=False), grad(f)
    results = {
        "accumulated": accumulating(at),
        "summed": summing(at),
        "by_hand": float(children_by_hand(at)),
    }
    print("share by share\n")
    print(accumulating.source)
    print("one sum for each value\n")
    print(summing.source)
    for name, value in results.items():
        print(f"{name:<12}{value:.12f}")
    return {"accumulating": accumulating.source, "summing": summing.source, **results}


if __name__ == "__main__":
    main()
