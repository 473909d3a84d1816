"""Forward propagation: a function is a list of statements, evaluated from the first to the last.

Number the inputs x_1 ... x_n. Every later value is made from earlier ones, its parents:

    for i = n + 1, n + 2, ..., N:   x_i <- g_i(x_Pa(i))
    return x_N

`grad(f).ssa` prints a function in this form: one elementary operation a line, every name bound once, and
behind each line the line of the source that it comes from. Evaluating it means walking down that list.
"""

import numpy as np

from astgrad import grad
from astgrad.interpret import interpret


def f(x1, x2):
    x3 = x1 * x2
    x4 = np.sin(x1)
    return np.exp(x3 + x4)


def main():
    at = (0.5, 2.0)
    gradient = grad(f)
    print("the list of statements")
    print(gradient.ssa)

    values = []
    primal = gradient.compiled_for(*at).primal_ir
    result = interpret(primal, *at, trace=lambda statement, bound: values.extend(bound))

    print(f"the same list, evaluated at x1, x2 = {at}")
    for line, value in zip(gradient.ssa.splitlines()[1:], values):
        print(f"{line.partition('#')[0]:<28}{value:.6f}")
    print(f"returned {result:.6f}, and f itself returns {f(*at):.6f}")
    return {"ssa": gradient.ssa, "values": values, "result": result}


if __name__ == "__main__":
    main()
