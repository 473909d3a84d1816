"""Each function on operands of every kind: the result's spec is never wrong, and known where it can be.

The samples say which operands a call has; the differentiated ones become, in every combination, numbers
of Python and NumPy, arrays of rank 0 to 3, with and without unit axes, of both precisions.
"""

from __future__ import annotations

import itertools
import operator
import warnings
from typing import Any

import numpy as np
import pytest

from astgrad import runtime, runtime_products
from astgrad.analyses.specs import UNKNOWN
from astgrad.rules import registry
from tests.rules.samples import CONSTANTS, SAMPLES, Sample, between
from tests.rules.test_matrix import WITHOUT_SPEC, check_spec, is_float, name_of, spec_and_value

KINDS: list[Any] = [
    *(0.7, np.float64(0.7), np.float32(0.7), np.array(0.7), between(0.3, 0.9, 3).astype(np.float32)),
    *(between(0.3, 0.9, *shape) for shape in ((1,), (3,), (1, 3), (3, 3), (3, 1), (2, 3, 3))),
]
# their operands belong together: an adjoint and what it is the adjoint of
PAIRED = {runtime.tree_like, runtime.fill, runtime.pack, runtime.masked, runtime_products.recurrence}
FUNCTIONS = [f for f in (*SAMPLES, *CONSTANTS) if f not in WITHOUT_SPEC | PAIRED]


def varied(function: Any, sample: Sample) -> list[int]:
    """The places of the operands that take every kind: two at most."""
    rule = registry.RULES[function]
    names = list(rule.parameters or ())
    places = [
        i
        for i, value in enumerate(sample.args)
        if is_float(value) and not isinstance(value, (list, tuple)) and (not rule.wrt or names[i] in rule.wrt)
    ]
    return places[:2]


def calls(function: Any) -> list[Sample]:
    """The calls that NumPy accepts, each once."""
    found = {}
    for sample in (*SAMPLES.get(function, ()), *CONSTANTS.get(function, ())):
        places = varied(function, sample) if len(sample.args) <= len(parameters(function)) else []
        for kinds in itertools.product(range(len(KINDS)), repeat=len(places)):
            args: list[Any] = list(sample.args)
            for place, kind in zip(places, kinds):
                args[place] = KINDS[kind]
            rest = [repr(value) for i, value in enumerate(args) if i not in places]
            found[kinds, (*rest, repr(sample.kwargs))] = Sample(tuple(args), sample.kwargs)
    return list(found.values())


def parameters(function: Any) -> tuple[str, ...]:
    return tuple(registry.RULES[function].parameters or ("x1", "x2"))


@pytest.mark.parametrize("function", [pytest.param(f, id=name_of(f)) for f in FUNCTIONS])
def test_the_spec_of_operands_of_every_kind(function: Any) -> None:
    unknown = 0
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for sample in calls(function):
            try:
                spec, value, roots = spec_and_value(function, sample)
            except Exception:  # NumPy refuses these operands
                continue
            if spec != UNKNOWN:
                check_spec(spec, value, roots)
            else:
                unknown += 1
    assert unknown <= UNDECIDED.get(function, 0)


# numbers where arrays are meant, and lengths that depend on values
UNDECIDED = {
    **{np.diff: 4, np.arange: 60, np.result_type: 1, operator.getitem: 4},
}
