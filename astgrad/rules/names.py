"""Which function a method or an attribute of an array stands for."""

from __future__ import annotations

import numpy as np

from astgrad.rules.registry import ATTRIBUTES, METHODS

METHODS.update(
    {
        name: getattr(np, name)
        for name in (
            *(
                "all",
                "any",
                "argmax",
                "argmin",
                "argsort",
                "clip",
                "conj",
                "conjugate",
                "copy",
                "cumsum",
                "diagonal",
            ),
            *(
                "dot",
                "max",
                "mean",
                "min",
                "nonzero",
                "prod",
                "ravel",
                "repeat",
                "reshape",
                "round",
                "searchsorted",
            ),
            *("squeeze", "std", "sum", "swapaxes", "take", "trace", "transpose", "var"),
        )
    }
)
METHODS.update({"astype": np.ndarray.astype, "flatten": np.ndarray.flatten, "item": np.ndarray.item})

ATTRIBUTES.update(
    {
        **{"T": np.transpose, "mT": np.matrix_transpose, "real": np.real, "imag": np.imag},
        **{"shape": np.shape, "ndim": np.ndim, "size": np.size, "dtype": np.result_type},
    }
)
