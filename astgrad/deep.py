"""Deep: recursion over expressions that are nested deeper than Python's limit allows (S30)."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

DEPTH = 100_000  # the recursion limit of the second try
STACK = 256 << 20  # bytes of stack for it


def deeper(call: Callable[[], T]) -> T:
    """The result of a call, with a raised recursion limit and a large stack (S30)."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((call(), None))
        except BaseException as error:
            outcome.append((None, error))

    limit, size = sys.getrecursionlimit(), threading.stack_size()
    sys.setrecursionlimit(max(limit, DEPTH))
    threading.stack_size(STACK)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
    result, error = outcome[0]
    if error is not None:
        raise error
    return result
