"""Rules: importing this package registers all of them; none is parsed before it is needed."""

from astgrad.frontend import source
from astgrad.rules import (
    constants,
    elementwise,
    indexing,
    lists,
    names,
    primitives,
    products,
    python,
    reductions,
    registry,
    selecting,
    shaping,
)

FAMILIES = (
    *(constants, elementwise, indexing, lists, primitives, products, python, reductions, selecting, shaping),
    *(names, registry),
)
source.own_files(*(family.__file__ for family in FAMILIES))
