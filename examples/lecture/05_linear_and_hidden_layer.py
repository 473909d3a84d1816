"""Two linear layers are one linear layer; a nonlinear function between them makes the difference.

f(x) = V W x is the function f(x) = B x with B = V W, so their gradients must agree by the chain rule:

    dL/dV = dL/dB W'        dL/dW = V' dL/dB

With a function sigma of each component in between, f(x) = V sigma(W x), there is no such B:

    sigmoid   sigma(s) = 1 / (1 + exp(-s))
    tanh      sigma(s) = tanh(s)
    ReLU      sigma(s) = max(0, s)
"""

import numpy as np

from astgrad import grad


def squared_error(y, f):
    return np.sum((y - f) ** 2)


@grad(wrt="B")
def one_layer(B, x, y):
    return squared_error(y, B @ x)


@grad(wrt=("V", "W"))
def two_linear_layers(V, W, x, y):
    return squared_error(y, V @ (W @ x))


def sigmoid(s):
    return 1 / (1 + np.exp(-s))


def relu(s):
    return np.maximum(0, s)


def hidden_layer(sigma):
    """The gradient of the loss of V sigma(W x)."""

    @grad(wrt=("V", "W"))
    def loss(V, W, x, y):
        h = sigma(W @ x)
        return squared_error(y, V @ h)

    return loss


# sigma'(s), to compare with: dL/dW = (sigma'(W x) * V' dL/df) x'
DERIVATIVES = {
    sigmoid: lambda s: sigmoid(s) * (1 - sigmoid(s)),
    np.tanh: lambda s: 1 - np.tanh(s) ** 2,
    relu: lambda s: np.where(s > 0, 1.0, 0.0),
}


def analytic_hidden_layer(sigma, V, W, x, y):
    s = W @ x
    dL_df = -2 * (y - V @ sigma(s))
    return np.outer(dL_df, sigma(s)), np.outer(DERIVATIVES[sigma](s) * (V.T @ dL_df), x)


def main():
    rng = np.random.default_rng(0)
    V, W, x, y = (rng.normal(size=shape) for shape in ((3, 5), (5, 4), 4, 3))
    bV, bW = two_linear_layers(V, W, x, y)
    bB = one_layer(V @ W, x, y)
    linear = (bV, bB @ W.T), (bW, V.T @ bB)
    print(two_linear_layers.source)
    for name, (got, expected) in zip(("dL/dV and dL/dB W'", "dL/dW and V' dL/dB"), linear):
        print(f"{name}: largest difference {np.max(np.abs(got - expected)):.1e}")

    hidden = {}
    for sigma in DERIVATIVES:
        loss = hidden_layer(sigma)
        pairs = tuple(zip(loss(V, W, x, y), analytic_hidden_layer(sigma, V, W, x, y)))
        hidden[sigma.__name__] = pairs
        print(f"\n{loss.source}")
        worst = max(np.max(np.abs(got - expected)) for got, expected in pairs)
        print(f"{sigma.__name__}: largest difference from the analytic gradient {worst:.1e}")
    return {"linear": linear, "hidden": hidden}


if __name__ == "__main__":
    main()
