"""Comments: which line, and which part of it, a statement differentiates.

In come the origins of what a statement holds, out comes "5" for a forward statement and "5: log(sum(exp(f)))"
for a backward one: the primal's text of the smallest span that covers them, without module prefixes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from astgrad.emit.lines import Comment
from astgrad.errors import Origin
from astgrad.frontend import source
from astgrad.records import fresh, replace, state

PREFIX = re.compile(r"(?<![\w.\"'])([A-Za-z_]\w*)\.(?:(?:linalg|fft|random)\.(?=[a-z]))?(?=[A-Za-z_])")
LONG, LINES = 2000, 50  # of a span that has more characters on one line, or more lines, nothing is shown
HEADERS = ("for ", "while ", "if ", "elif ", "with ", "try:")  # of what has more lines, only this is shown
WHOLE = ("def ", "async def ", "@", "class ")  # a span that says nothing


@state
class Comments:
    """The comments of one function; `primal` is the origin of its definition."""

    primal: Origin
    globals: dict[str, Any]
    texts: dict[Origin, str] = fresh(factory=dict)

    def __call__(self, own: Origin, origins: Iterable[Origin]) -> Comment:
        """The comment of a statement whose own origin is `own`, with those of what is folded into it."""
        if not own.line:
            own = next((o for o in origins if o.line), own)
        if not own.line:
            return Comment()
        if not own.backward:
            return Comment(self.where(own))
        if self.text(own).startswith(WHOLE):
            return Comment()
        span = cover(own, [o for o in origins if o.backward and o.line])
        return Comment(self.where(span), (self.text(span), self.text(own)))

    def where(self, origin: Origin) -> str:
        """The line, with the function's name where that is not the primal."""
        if not self.primal.function or origin.function in ("", self.primal.function):
            return str(origin.line)
        return f"{origin.function.rpartition('.')[2]} {origin.line}"

    def text(self, span: Origin) -> str:
        """The primal's text on one line, without prefixes."""
        if span not in self.texts:
            self.texts[span] = self.read(span)
        return self.texts[span]

    def read(self, span: Origin) -> str:
        if span.end_line - span.line > LINES or (
            span.line == span.end_line and span.end_column - span.column > LONG
        ):
            head = source.segment(replace(span, end_line=span.line, end_column=span.column + 80))
            return head if head.startswith(WHOLE) else ""
        text = source.segment(span)
        for _ in range(3):
            wider = balanced(span, text)
            if wider == span:
                break
            span, text = wider, source.segment(wider)
        if text.count("(") != text.count(")"):
            return ""
        if "#" in text:
            text = re.sub(r"\s*#[^\n]*\n", "\n", text)
        text = header(self.without_modules(" ".join(text.split())))
        for opening, closing in ("()", "[]", "{}"):
            text = text.replace(f"{opening} ", opening).replace(f" {closing}", closing)
        return text

    def without_modules(self, text: str) -> str:
        """np.linalg.norm(x) -> norm(x)."""

        def drop(match: re.Match[str]) -> str:
            return "" if isinstance(self.globals.get(match[1]), ModuleType) else match[0]

        return PREFIX.sub(drop, text)


def header(text: str) -> str:
    """for x in xs: s += x -> for x in xs"""
    if not text.startswith(HEADERS):
        return text
    depth = 0
    for position, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == ":" and not depth and text[position + 1 : position + 2] != "=":
            return text[:position]
    return text


def cover(own: Origin, origins: list[Origin]) -> Origin:
    """The smallest span that covers the origins that lie in the same function as `own`."""
    same = [o for o in origins if (o.file, o.function) == (own.file, own.function)]
    near = [own, *(o for o in same if o.line <= own.end_line and o.end_line >= own.line)]
    start = min((o.line, o.column) for o in near)
    end = max((o.end_line, o.end_column) for o in near)
    if (*start, *end) == (own.line, own.column, own.end_line, own.end_column):
        return own
    return replace(own, line=start[0], column=start[1], end_line=end[0], end_column=end[1])


def balanced(span: Origin, text: str) -> Origin:
    """The span, widened on its lines so that each of its brackets has its partner: `a + b) * c`."""
    before, after = _unmatched(text)
    if not before and not after:
        return span
    line = source.segment(replace(span, column=0))
    head = line[: span.column] if before else ""
    for position in range(len(head) - 1, -1, -1):
        before -= (head[position] in "([{") - (head[position] in ")]}")
        if not before:
            span = replace(span, column=position)
            break
    if not after:
        return span
    tail = source.segment(replace(span, line=span.end_line, column=span.end_column, end_column=10_000))
    for position, char in enumerate(tail):
        after -= (char in ")]}") - (char in "([{")
        if not after:
            return replace(span, end_column=span.end_column + position + 1)
    return span


def _unmatched(text: str) -> tuple[int, int]:
    """How many closing brackets have no partner before them, how many opening ones none behind."""
    before = depth = 0
    for char in text:
        if char in "([{":
            depth += 1
        elif char in ")]}":
            before, depth = (before, depth - 1) if depth else (before + 1, 0)
    return before, depth
