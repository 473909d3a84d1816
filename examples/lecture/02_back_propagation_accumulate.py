"""Back propagation, seen by a child that hands a share to each of its parents (the lecture's version 2).

    df/dx_N <- 1,  all other df/dx_i <- 0
    for j = N, N - 1, ..., n + 1:
        for all i in Pa(j):   df/dx_i <- df/dx_i + df/dx_j * dg_j/dx_i

Below this loop is written for one graph by hand. `grad(f, optimize=False)` writes the same steps down as
code, one statement for each, nothing left out: all adjoints start at zero, and every parent is added to.
"""

import numpy as np

from astgrad import grad


def f(x1, x2):
    x3 = x1 * x2
    x4 = np.sin(x1)
    x5 = x3 + x4
    x6 = np.exp(x5)
    return x6


# j: its parents Pa(j), g_j, and dg_j/dx_i for each parent
GRAPH = {
    3: ((1, 2), lambda x1, x2: x1 * x2, (lambda x1, x2: x2, lambda x1, x2: x1)),
    4: ((1,), lambda x1: np.sin(x1), (lambda x1: np.cos(x1),)),
    5: ((3, 4), lambda x3, x4: x3 + x4, (lambda x3, x4: 1.0, lambda x3, x4: 1.0)),
    6: ((5,), lambda x5: np.exp(x5), (lambda x5: np.exp(x5),)),
}


def forward_propagation(x1, x2):
    x = {1: x1, 2: x2}
    for j, (parents, g, _) in GRAPH.items():
        x[j] = g(*(x[i] for i in parents))
    return x


def back_propagation(x):
    """df/dx_i for every i, and how often one was added to."""
    adjoint = dict.fromkeys(x, 0.0)
    adjoint[6] = 1.0
    additions = 0
    for j, (parents, _, partials) in sorted(GRAPH.items(), reverse=True):
        for i, partial in zip(parents, partials):
            adjoint[i] += adjoint[j] * partial(*(x[k] for k in parents))
            additions += 1
            print(f"  x{j} hands to x{i}: df/dx{i} = {adjoint[i]:.6f}")
    return adjoint, additions


def main():
    at = (0.5, 2.0)
    print("the loop over the graph, by hand")
    adjoint, additions = back_propagation(forward_propagation(*at))

    gradient = grad(f, wrt=("x1", "x2"), optimize=False)
    result = gradient(*at)
    print("\nthe same steps as code")
    print(gradient.source)
    print(f"by hand   {adjoint[1]:.6f}, {adjoint[2]:.6f}")
    print(f"generated {result[0]:.6f}, {result[1]:.6f}")
    return {
        "source": gradient.source,
        "additions": additions,
        "by_hand": (adjoint[1], adjoint[2]),
        "generated": result,
    }


if __name__ == "__main__":
    main()
