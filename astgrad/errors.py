"""Every error class of astgrad, and the caret under the construct that an error is about."""

from __future__ import annotations

import linecache
from typing import NoReturn

from astgrad.records import value


@value
class Origin:
    """A span of the primal's source; columns count characters from 0, lines from 1 as the file does."""

    file: str = ""
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    function: str = ""
    backward: bool = False  # the statement belongs to the backward sweep of this span

    def behind(self) -> Origin:
        """This span in the backward sweep."""
        place = (self.file, self.line, self.column, self.end_line, self.end_column, self.function)
        return Origin(*place, backward=True)


NOWHERE = Origin()


class AstgradError(Exception):
    """A function that astgrad cannot differentiate correctly, or a gradient asked for wrongly.

    The message says what, where (file, line, caret), and what to do next.
    """


class UnsupportedSyntax(AstgradError):
    """The function uses a construct of Python that is not differentiated."""


class MissingRule(AstgradError, NotImplementedError):
    """An active value meets an operation, a keyword or a type that has no derivative rule."""


class UntrackedMutation(AstgradError):
    """The function writes to memory in a way that is not tracked."""


class NotDifferentiable(AstgradError, TypeError):
    """There is no such derivative: an integer argument, an output that is not a scalar, ..."""


class SourceUnavailable(AstgradError):
    """The source of a function cannot be found, or does not match the code that runs."""


class InternalError(AstgradError):
    """This is a bug in astgrad: please report it with the program that shows it."""


def located(origin: Origin, message: str, advice: str = "") -> str:
    """The message with file:line:column, the line, a caret, and the advice.

    demo.py:7:9: np.partition has no derivative rule
        y = np.partition(x, 3)
            ^^^^^^^^^^^^^^^^^^
    write one (docs/adding_a_rule.md), or wrap the argument in stop_gradient(...)
    """
    if not origin.line:
        return "\n".join(filter(None, (message, advice)))
    where = f"Cell {origin.file}, line {origin.line}" if origin.file.startswith("In[") else ""
    head = where or f"{origin.file}:{origin.line}:{origin.column + 1}"
    return "\n".join(filter(None, (f"{head}: {message}", caret(origin), advice)))


def caret(origin: Origin) -> str:
    """The primal's line with a caret under the span, "" where the source is not to be had."""
    line = linecache.getline(origin.file, origin.line).rstrip("\n")
    if not line.strip():
        return ""
    indent = len(line) - len(line.lstrip())
    end = origin.end_column if origin.end_line == origin.line else len(line)
    start = max(origin.column, indent)
    marks = "^" * max(end - start, 1)
    return f"    {line.strip()}\n    {' ' * (start - indent)}{marks}"


def refuse(kind: type[AstgradError], origin: Origin, message: str, advice: str = "") -> NoReturn:
    """Raise the error, located."""
    raise kind(located(origin or NOWHERE, message, advice)) from None
