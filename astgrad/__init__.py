"""astgrad: the gradient of a plain NumPy function, as Python you can read, step through, time and ship.

from astgrad import grad

def loss(w, x, y):
    return np.mean((x @ w - y) ** 2)

loss_grad = grad(loss)
loss_grad(w, x, y)
print(loss_grad.source)
"""

from astgrad._version import __version__
from astgrad.api import grad, value_and_grad
from astgrad.check import check_grads
from astgrad.errors import (
    AstgradError,
    InternalError,
    MissingRule,
    NotDifferentiable,
    SourceUnavailable,
    UnsupportedSyntax,
    UntrackedMutation,
)
from astgrad.gradient import Gradient
from astgrad.pullback import vjp
from astgrad.rules.registry import adjoint, constant, elementwise, linear, multilinear, unsupported
from astgrad.runtime import stop_gradient

__all__ = [
    "AstgradError",
    "Gradient",
    "InternalError",
    "MissingRule",
    "NotDifferentiable",
    "SourceUnavailable",
    "UnsupportedSyntax",
    "UntrackedMutation",
    "__version__",
    "adjoint",
    "check_grads",
    "constant",
    "elementwise",
    "grad",
    "linear",
    "multilinear",
    "stop_gradient",
    "unsupported",
    "value_and_grad",
    "vjp",
]
