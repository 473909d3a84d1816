"""From a Python function object to the gast node it was compiled from (S5).

In comes a function object, out goes a `Source`: its `FunctionDef` or `Lambda` node, and the way from node
positions to `Origin` spans of the real file. The function is taken as it is and never unwrapped:
`functools.wraps` would show another function's text. Only the function's own lines are parsed; a candidate
counts when it compiles to the code object that runs, or when it is the only one in a file of astgrad's rules
that has not changed since it was imported. For the second lambda in the line

    pair = lambda x: x + 1, lambda x: x - 1

`find(pair[1]).text` is `lambda x: x - 1`.
"""

from __future__ import annotations

import ast
import linecache
import os
import re
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any, TypeVar

from astgrad.errors import Origin, SourceUnavailable
from astgrad.frontend.compiled import class_around, compiles_to
from astgrad.records import fresh, replace, state

CACHED = 512
BLOCKS = 50  # ends of a block to try before the whole file is parsed
LAMBDA_LINES = 300  # lines in which the end of a lambda is looked for

T = TypeVar("T")


@state
class Source:
    """Where a function's text stands. `shift` is what node lines lack to be lines of the file."""

    node: Any
    file: str
    name: str
    first_line: int
    shift: int = 0
    scope: str = ""  # the class whose private names are mangled
    lines: list[str] = fresh(factory=list)  # of the whole file

    @property
    def text(self) -> str:
        """The function as it is written, decorators left out."""
        return self.segment(self.origin(self.node))

    def inside(self, node: Any) -> Source:
        """The source of a function nested in this one."""
        return replace(self, node=node, name=_name(node) or "", first_line=node.lineno + self.shift)

    def mentions(self, text: str, node: Any) -> bool:
        """Whether a text, a comment or string perhaps, stands in the lines of a node."""
        return any(
            text in line for line in self.lines[node.lineno + self.shift - 1 : node.end_lineno + self.shift]
        )

    def origin(self, node: Any) -> Origin:
        """The span of a node, in characters of the real file."""
        line, end_line = node.lineno + self.shift, node.end_lineno + self.shift
        column = self._characters(line, node.col_offset)
        end_column = self._characters(end_line, node.end_col_offset)
        return Origin(self.file, line, column, end_line, end_column, self.name)

    def _characters(self, line: int, column: int) -> int:
        """A column counted in characters: gast counts UTF-8 bytes."""
        text = self.lines[line - 1]
        return column if text.isascii() else len(text.encode()[:column].decode(errors="ignore"))

    def segment(self, origin: Origin) -> str:
        """The text of a span of this file."""
        return cut(self.lines, origin)


def cut(lines: list[str], origin: Origin) -> str:
    """The text of a span of these lines."""
    own = lines[origin.line - 1 : origin.end_line]
    if not own:
        return ""
    own[-1] = own[-1][: origin.end_column]
    own[0] = own[0][origin.column :]
    return "".join(own)


def segment(origin: Origin) -> str:
    """The primal's text of a span, as it was when its function was found; "" where there is none."""
    return cut(_lines.get(origin.file) or linecache.getlines(origin.file), origin)


_sources: dict[tuple[str, CodeType], Source] = {}
_lines: dict[str, list[str]] = {}


def find(function: FunctionType) -> Source:
    """The source of a function, cached by its code object and the text of its file.

    A source that was found stays good when the file is edited later. Raises SourceUnavailable where there
    is none or where it is not the code that runs.
    """
    if not isinstance(function, FunctionType):
        raise SourceUnavailable(_built_in(function))
    code = function.__code__
    key = (code.co_filename, code)
    known = _sources.get(key)
    if known is not None and known.lines is _read(function):
        return known
    try:
        found = _find(function)
    except SourceUnavailable:
        if known is None:
            raise
        return known
    if len(_sources) >= CACHED:
        _sources.clear()
    _sources[key] = found
    return found


# --- finding the node


def _find(function: FunctionType) -> Source:
    code = function.__code__
    for again in (False, True):
        if again:
            linecache.checkcache(code.co_filename)
        lines = _read(function)
        for find in (_own_lines, _whole_file):
            for node, shift in find(lines, code):
                certain = _is_certain(code, lines)
                if certain or compiles_to(node, function, lines):
                    return _source(node, shift, lines, function, own=certain)
    raise SourceUnavailable(_edited(code) if _read(function) else _no_text(code))


def _read(function: FunctionType) -> list[str]:
    """The lines of the function's file, as linecache has them."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    from_code = getattr(linecache, "_getlines_from_code", None)  # Python 3.13: -c and the plain prompt
    if not lines and from_code and code.co_filename.startswith("<"):
        lines = from_code(code)
    return lines


def own_files(*files: str | None) -> None:
    """Say which files of ours have just been imported, so that what is found in them need not be compared."""
    _own_files.update((file, _state(file)) for file in files if file)


_own_files: dict[str, tuple[int, int] | None] = {}  # what they were like when they were imported


def _state(file: str) -> tuple[int, int] | None:
    """What changes with a file's text; None where there is no such file."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _is_certain(code: CodeType, lines: list[str]) -> bool:
    """Whether the one candidate in a line has to be the code's: ours, in a file as it was imported."""
    imported = _own_files.get(code.co_filename)
    if imported is None or imported != _state(code.co_filename):
        return False
    return code.co_name != "<lambda>" or lines[code.co_firstlineno - 1].count("lambda") == 1


def _source(node: Any, shift: int, lines: list[str], function: FunctionType, *, own: bool) -> Source:
    """The node as gast has it: of what our own rules hold, only parameters are different there."""
    import gast

    if own:
        for name in ("posonlyargs", "args", "kwonlyargs"):
            found = [gast.Name(each.arg, gast.Param(), None, None) for each in getattr(node.args, name)]
            setattr(node.args, name, found)
    else:
        node = gast.ast_to_gast(node)
    code = function.__code__
    file = _cell(code.co_filename)
    _lines[file] = lines
    first = node.lineno + shift
    return Source(node, file, code.co_name, first, shift, class_around(function), lines)


def _cell(file: str) -> str:
    """`In[3]` for the file of a notebook cell, known to linecache by that name too; else the file."""
    if "IPython" not in sys.modules:
        return file
    shell = sys.modules["IPython"].get_ipython()
    number = getattr(getattr(shell, "compile", None), "_filename_map", {}).get(file)
    if number is None:
        return file
    name = f"In[{number}]"
    if file in linecache.cache:
        linecache.cache[name] = linecache.cache[file]
    return name


def _own_lines(lines: list[str], code: CodeType) -> Iterator[tuple[ast.AST, int]]:
    """Candidates from the lines that the code object names, and what their line numbers lack."""
    if code.co_firstlineno > len(lines):
        return iter(())
    return _lambdas(lines, code) if code.co_name == "<lambda>" else _blocks(lines, code)


def _blocks(lines: list[str], code: CodeType) -> Iterator[tuple[ast.AST, int]]:
    """The `def` that starts at the code's first line: the shortest block that parses."""
    first = code.co_firstlineno - 1
    indent = _indent(lines[first])
    last = max((line for _, _, line in code.co_lines() if line), default=first + 1)
    ends = (end for end in range(last, len(lines) + 1) if _block_ends(lines, end, indent))
    for _, end in zip(range(BLOCKS), ends):
        text = "".join(lines[first:end])
        try:
            tree = ast.parse("if 1:\n" + text if indent else text)
        except SyntaxError:
            continue
        block = tree.body[0].body if indent else tree.body  # type: ignore[attr-defined]
        if len(block) == 1 and isinstance(block[0], (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield block[0], first - 1 if indent else first
        return


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _block_ends(lines: list[str], end: int, indent: int) -> bool:
    """Whether a block with this indentation may end before line `end` (counted from 0)."""
    if end == len(lines):
        return True
    text = lines[end].strip()
    return bool(text) and not text.startswith("#") and _indent(lines[end]) <= indent


TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    r"|#[^\n]*|\blambda\b|[(\[{)\]},:;\n]",
    re.DOTALL,
)


def _lambdas(lines: list[str], code: CodeType) -> Iterator[tuple[ast.AST, int]]:
    """The lambdas that start in the code's first line, from left to right."""
    first = code.co_firstlineno - 1
    line = lines[first]
    for found in re.finditer(r"\blambda\b", line):
        start = found.start()
        column = len(line[:start].encode())
        text = "".join(lines[first : first + LAMBDA_LINES])[start:]
        for end in _lambda_ends(text):
            try:
                tree = ast.parse(f"(\n{' ' * column}{text[:end]}\n)", mode="eval")
            except SyntaxError:
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.Lambda) and (node.lineno, node.col_offset) == (2, column):
                    yield node, first - 1
                    break


def _lambda_ends(text: str) -> Iterator[int]:
    """Where a lambda at the start of the text may end, the nearest first.

    A line ends it only outside of brackets, and what surrounds it is unknown: each line is a guess.
    """
    depth, heads = 0, 0
    for token in TOKEN.finditer(text):
        shown = token[0]
        if shown in "([{":
            depth += 1
        elif shown in ")]}":
            depth -= 1
            if depth < 0:
                break
        elif depth:
            continue
        elif shown == "lambda":
            heads += 1
        elif shown == ":" and heads:
            heads -= 1
        elif shown == "\n":
            yield token.start()
        elif shown in ",:;" and not heads:
            break
    else:
        yield len(text)
        return
    yield token.start()


def _whole_file(lines: list[str], code: CodeType) -> Iterator[tuple[ast.AST, int]]:
    """Every function of that name in the file, those that start in the code's first line first."""
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return
    found = [(node, 0) for node in ast.walk(tree) if _name(node) == code.co_name]
    yield from sorted(found, key=lambda pair: abs(_first(pair[0]) - code.co_firstlineno))


def _name(node: Any) -> str | None:
    """The name of a function's node, None for any other."""
    kind = type(node).__name__
    if kind in ("FunctionDef", "AsyncFunctionDef"):
        return str(node.name)
    return "<lambda>" if kind == "Lambda" else None


def _first(node: Any) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])


# --- messages


def _built_in(function: Any) -> str:
    name = getattr(function, "__name__", None) or repr(function)
    return (
        f"{name} has no Python source: it is a {type(function).__name__}, not a function written in Python\n"
        "call it inside a function of your own, and write a rule for it where it has none"
        " (docs/adding_a_rule.md)"
    )


def _no_text(code: CodeType) -> str:
    where = f"the source of {code.co_name} ({code.co_filename}, line {code.co_firstlineno}) cannot be found"
    if code.co_filename == "<stdin>":
        return (
            f"{where}\nthe prompt keeps no source: put the function into a file, or use IPython or a notebook"
        )
    if code.co_filename.startswith("<"):
        return (
            f"{where}\ncompile it under a name of its own and register its text:"
            " linecache.cache[name] = (len(text), None, text.splitlines(True), name)"
        )
    return f"{where}\nrun it where that file can be read"


def _edited(code: CodeType) -> str:
    return (
        f"{code.co_filename}:{code.co_firstlineno}: the source of {code.co_name} does not match"
        " the code that runs\n"
        "the file was edited after it was imported: reload the module or restart Python"
    )
