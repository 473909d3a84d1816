"""Rules: importing this package registers all of them; none is parsed before it is needed."""

from astgrad.rules import (  # noqa: F401
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
