"""The whole program on one page: the ordered list of passes from a function to its gradient's text."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from astgrad.analyses.facts import Facts
from astgrad.analyses.specs import Spec
from astgrad.emit.emit import Emitted, emit
from astgrad.frontend.lower import lower
from astgrad.ir import Function, Var
from astgrad.optimize.algebra import algebra
from astgrad.optimize.dead_code import Equality, dead_code
from astgrad.optimize.in_place import in_place
from astgrad.optimize.ownership import own
from astgrad.optimize.rows import rows
from astgrad.record import recording
from astgrad.records import record
from astgrad.transform.gradient_ir import Adjoint, gradient
from astgrad.transform.specialize import Specialized, specialize

# The passes over the gradient, in order; each is Function -> Function. `optimize=False` leaves those out
# that are not marked: what stays is the accumulate form of the lecture.
#
#   lower       source -> SSA                                  frontend/lower.py
#   specialize  specs, inlining, static folding                transform/specialize.py
#   reverse     the adjoint, statement by statement            transform/reverse.py
#   algebra     the first contribution assigns, signs, shapes  optimize/algebra.py      (optimize only)
#   dead_code   what no result needs                           optimize/dead_code.py
#   record      tapes: what the backward regions need         record/recording.py
#   own         returned gradients own their memory            optimize/ownership.py
#   in_place    accumulations write into their buffers         optimize/in_place.py
#   rows        loops over positions step through elements     optimize/rows.py
#   emit        fold, name, print                              emit/emit.py


@record
class Built:
    """A gradient on its way from IR to text."""

    function: Function  # what is printed: optimized, with its writes
    pure: Function  # what can be differentiated again
    primal: Function
    specs: dict[Var, Spec]
    adjoint_of: dict[Var, Var]
    facts: Facts
    equalities: tuple[Equality, ...]  # of dimensions, to be tested at entry (S9)


def lowered(function: Callable[..., Any]) -> Function:
    """source -> SSA."""
    return checked("lower", lower(function))  # type: ignore[arg-type]


def build(
    primal: Specialized, wrt: tuple[str, ...], *, single: bool, value: bool, optimize: bool, name: str
) -> Built:
    """SSA -> the gradient's SSA, through every pass."""
    original = checked("specialize", primal.function)
    adjoint = gradient(primal, wrt, single, value, name)
    return improved(original, adjoint, primal.facts, optimize=optimize)


def improved(
    primal: Function, adjoint: Adjoint, facts: Facts, *, optimize: bool, check: bool = True
) -> Built:
    """The passes over the gradient, in their order; one inside another function is not checked alone."""
    verified = checked if check else lambda name, function: function
    function, specs, adjoint_of = adjoint.function, adjoint.specs, adjoint.adjoint_of
    if optimize:
        function = algebra(function, specs, adjoint_of, facts)
    function, equalities = dead_code(function, specs, primal=optimize and check)
    function = verified("record", recording.record(function, specs, adjoint_of))
    function, more = dead_code(function, specs, primal=optimize and check)
    pure = verified("dead_code", function)
    function = verified("own", own(function, specs, adjoint_of, adjoint.value))
    function = verified("in_place", in_place(function, specs, adjoint_of))
    function, _ = dead_code(function, specs, primal=False)
    verified("dead_code", function)
    return Built(function, pure, primal, specs, adjoint_of, facts, (*equalities, *more))


def printed(built: Built, doc: str, globals_: dict[str, Any], *, plain: bool = False) -> Emitted:
    """The gradient's SSA -> text."""
    return emit(
        rows(built.function), built.specs, doc=doc, globals=globals_, adjoint_of=built.adjoint_of, plain=plain
    )


def checked(name: str, function: Function) -> Function:
    """Verify after each pass under ASTGRAD_CHECK=1, and name the guilty one."""
    if os.environ.get("ASTGRAD_CHECK") == "1":
        from astgrad.verify import verify

        verify(function, after=name)
    return function


__all__ = ["Built", "build", "improved", "lowered", "printed", "specialize"]
