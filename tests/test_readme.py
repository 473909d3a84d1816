"""Every Python block of README.md and docs/*.md runs, and what it shows is what happens.

The blocks of a page run in order, in one namespace. A block that begins with `# name.py` is that file. A
`text` block holds what the Python block before it prints. A Python block behind `<!-- generated: ... -->`
is generated code: the text of that expression, written anew with

    python -m tests.test_readme --write
"""

from __future__ import annotations

import contextlib
import io
import linecache
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from astgrad.rules.registry import RULES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(
    r"(?:<!-- generated: (?P<shown>.+?) -->\n+)?^```(?P<kind>python|text)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    kind: str  # "python", "text" or "generated"
    text: str
    line: int
    span: tuple[int, int]  # of the text in the page
    shown: str = ""  # the expression of which the generated text is the value


def blocks(page: Path) -> Iterator[Block]:
    content = page.read_text("utf-8")
    for match in FENCE.finditer(content):
        kind = "generated" if match["shown"] else match["kind"]
        line = content.count("\n", 0, match.start("text")) + 1
        yield Block(kind, match["text"], line, match.span("text"), match["shown"] or "")


def outcomes(page: Path) -> Iterator[tuple[Block, str]]:
    """Each block that shows something, with what should stand there."""
    namespace: dict[str, Any] = {"__name__": page.stem}
    printed = ""
    for block in blocks(page):
        if block.kind == "generated":
            yield block, eval(block.shown, namespace)
        elif block.kind == "text":
            yield block, printed
        else:
            named = re.match(r"# (\w+\.py)\n", block.text)
            file = named.group(1) if named else f"{page.name}, block at line {block.line}"
            linecache.cache[file] = (len(block.text), None, block.text.splitlines(True), file)
            stream = io.StringIO()
            with contextlib.redirect_stdout(stream):
                exec(compile(block.text, file, "exec"), namespace)
            printed = stream.getvalue()


@pytest.fixture(autouse=True)
def rules() -> Iterator[None]:
    """Pages register rules; they are gone afterwards."""
    before = dict(RULES)
    yield
    RULES.clear()
    RULES.update(before)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_runs_and_shows_what_happens(page: Path) -> None:
    for block, wanted in outcomes(page):
        assert block.text == wanted, f"{page.name}:{block.line}: python -m tests.test_readme --write"


def test_the_readme_shows_a_gradient_on_its_first_screen() -> None:
    first = (ROOT / "README.md").read_text("utf-8").splitlines()[:60]
    for needed in ("@grad", "loss_grad = grad(loss", "def loss_grad(", "def loss("):
        assert any(needed in line for line in first), needed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_place_on_a_machine(page: Path) -> None:
    assert not re.search(r"/(home|Users|root|work|tmp)/|[A-Z]:\\", page.read_text("utf-8"))


def write() -> None:
    for page in PAGES:
        content = page.read_text("utf-8")
        for block, wanted in reversed(list(outcomes(page))):
            content = content[: block.span[0]] + wanted + content[block.span[1] :]
        page.write_text(content, "utf-8")


if __name__ == "__main__":
    sys.exit(write() if sys.argv[1:] == ["--write"] else __doc__)
