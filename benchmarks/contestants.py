"""Who takes part in a workload: the gradient by hand, the primal, astgrad, and the peers that are installed.

In comes a workload, out go its contestants, each validated against the gradient by hand, and for each one
that cannot take part the reason ("not installed", "cannot stage").
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from types import FunctionType
from typing import Any

import numpy as np

from astgrad import grad
from benchmarks.timing import Timed
from benchmarks.workloads import Workload


class CannotTakePart(Exception):
    """A contestant that is not installed, or that does not know how to do this workload."""


def through_autograd(workload: Workload, args: tuple[Any, ...]) -> Timed:
    """The same code with autograd's wrapped NumPy as its `np`."""
    if find_spec("autograd") is None:
        raise CannotTakePart("not installed")
    import autograd
    import autograd.numpy

    code = workload.loss.__code__
    wrapped = FunctionType(code, {**workload.loss.__globals__, "np": autograd.numpy})
    return autograd.grad(wrapped, workload.positions), args


def through_advect(workload: Workload, args: tuple[Any, ...]) -> Timed:
    return advect().grad(workload.loss, workload.positions), args


def through_staged_advect(workload: Workload, args: tuple[Any, ...]) -> Timed:
    """One program for these shapes; a Python int can be staged as a static argument only."""
    package = advect()
    examples = (package.StaticSpec(arg) if isinstance(arg, int) else arg for arg in args)
    try:
        return package.grad(package.stage(workload.loss, *examples), workload.positions), args
    except Exception as error:  # which one depends on the operation that it does not stage
        raise CannotTakePart(f"cannot stage: {error}") from error


def advect() -> Any:
    if sys.version_info < (3, 12) or find_spec("advect") is None:
        raise CannotTakePart("not installed")
    import advect

    return advect


PEERS: dict[str, Callable[[Workload, tuple[Any, ...]], Timed]] = {
    "autograd": through_autograd,
    "advect": through_advect,
    "advect staged": through_staged_advect,
}


def contestants(workload: Workload) -> tuple[dict[str, Timed], dict[str, str]]:
    """Those that take part, and why the others do not."""
    args = workload.arguments()
    gradient = grad(workload.loss, wrt=workload.wrt)
    taking_part: dict[str, Timed] = {
        "by hand": (workload.by_hand, args),
        "astgrad": (gradient, args),
        "astgrad, no dispatch": (gradient.specialize(*args), args),
    }
    absent = {}
    for name, make in PEERS.items():
        try:
            taking_part[name] = make(workload, args)
        except CannotTakePart as reason:
            absent[name] = str(reason)
    for name, (function, its_args) in taking_part.items():
        validate(f"{workload.name}, {name}", function(*its_args), workload.by_hand(*args))
    return {**taking_part, "primal": (workload.loss, args)}, absent


def validate(name: str, got: Any, expected: Any) -> None:
    """Raises AssertionError where a contestant computes something else than the gradient by hand."""
    got, expected = (value if isinstance(value, tuple) else (value,) for value in (got, expected))
    for g, e in zip(got, expected, strict=True):
        assert np.shape(g) == np.shape(e), f"{name}: shape {np.shape(g)}, by hand {np.shape(e)}"
        np.testing.assert_allclose(g, e, rtol=1e-9, atol=1e-12, err_msg=name)
