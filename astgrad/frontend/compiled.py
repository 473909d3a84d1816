"""Whether a node compiles to the code object that runs: how a candidate is told from its neighbours (S5).

In comes the `ast` node of a function and the function object; code objects are compared recursively, without
positions. Of the two lambdas in `lambda x: x + 1, lambda x: x - 1` one compiles to the code of each function.
The node is compiled alone, but surrounded by what its code depends on: the cells that it reads, the class
whose private names are mangled, the imports of the file. Asserts that pytest has rewritten are left out.
"""

from __future__ import annotations
import __future__

import ast
import copy
import re
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

FUTURE = 0
for _feature in __future__.all_feature_names:
    FUTURE |= getattr(__future__, _feature).compiler_flag


def class_around(function: FunctionType) -> str:
    """The innermost class around the function, by its qualified name; "" where there is none."""
    code = function.__code__
    parts = getattr(code, "co_qualname", function.__qualname__).split(".")
    if parts[-1] != code.co_name:
        return ""
    for name, after in zip(parts[-2::-1], parts[:0:-1]):
        if name.isidentifier() and after != "<locals>":
            return str(name)
    return ""


def compiles_to(node: Any, function: FunctionType, lines: list[str]) -> bool:
    """Whether the node, surrounded as the function is, compiles to the function's code."""
    code = function.__code__
    changed, scope = _rewritten(code), class_around(function)
    same = _same_but_asserts if changed else _same
    for imported in _imported(function, lines):
        module = _surrounded(node, code, scope, imported)
        try:
            compiled = compile(
                module,
                "<candidate>",
                "exec",
                flags=code.co_flags & FUTURE,
                dont_inherit=True,
                optimize=1 if changed else -1,
            )
        except (SyntaxError, ValueError):
            return False
        if any(same(code, inner) for inner in _surrounded_code(compiled, scope)):
            return True
    return False


def _cells(code: CodeType) -> tuple[str, ...]:
    return code.co_cellvars + code.co_freevars


IMPORT = re.compile(r"^(?:from[ \t]+[\w.]+[ \t]+)?import[ \t]+(\([^)]*\)|[^\n;]*)", re.MULTILINE)


def _imported(function: FunctionType, lines: list[str]) -> Iterator[list[str]]:
    """Guesses of the names that the module imports, the cheapest first; the last one is exact.

    Python 3.11 and later call `np.tanh(x)` with other instructions where the module imports `np`, even if
    that name is a local of the function.
    """
    codes = (function.__code__, *_codes(function.__code__))
    names = {name for code in codes for name in (*code.co_names, *code.co_varnames, *_cells(code))}
    guess = names & _import_names(lines)
    yield sorted(guess)
    exact = names & _all_imports(lines)
    if exact != guess:
        yield sorted(exact)


def _import_names(lines: list[str]) -> set[str]:
    """The names that the import statements at the margin bind, as far as a pattern finds them."""
    for known, names in _looked_at:
        if known is lines:
            return names
    listed = (re.sub(r"#[^\n]*|[()]", "", found[1]) for found in IMPORT.finditer("".join(lines)))
    names = {_bound_by(part.strip()) for text in listed for part in text.split(",")}
    names = {name for name in names if name.isidentifier()}
    _looked_at[:] = [(lines, names)]
    return names


_looked_at: list[tuple[list[str], set[str]]] = []  # the lines looked at last, and what their imports bind


def _all_imports(lines: list[str]) -> set[str]:
    """The names that the module itself imports, under `if` and `try` too."""
    try:
        todo: list[Any] = [ast.parse("".join(lines))]
    except (SyntaxError, ValueError):
        return set()
    names: set[str] = set()
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            todo += ast.iter_child_nodes(node)
    return names - {"*"}


def _bound_by(part: str) -> str:
    """The name that `a.b as c` or `a.b` binds."""
    before, _, after = part.partition(" as ")
    return after.strip() or before.partition(".")[0]


_parsed = lru_cache(maxsize=64)(ast.parse)  # the trees are compiled, not changed
AROUND = "_function_around_the_candidate"
OWN = ("__class__", "__classdict__", ".type_params")  # cells that a class or a type parameter makes itself


def _surrounded(node: Any, code: CodeType, scope: str, imported: list[str]) -> ast.Module:
    """A module that holds only the node, in the scopes that its code was compiled in."""
    statement: Any = _bare(node)
    cells = [name for name in code.co_freevars if name not in OWN]
    before = _parsed(f"import {', '.join(imported)}").body if imported else []
    if scope:
        statement = _around(f"class {scope}: pass", statement)
    if cells:
        known = f"global {scope}; " if scope and scope not in cells else ""  # the class's own name is no cell
        statement = _around(f"def {AROUND}({', '.join(cells)}): {known}pass", statement)
    return ast.Module([*before, statement], [])


def _bare(node: Any) -> Any:
    """The function as a statement, without what is evaluated at its definition and not part of its code."""
    alone = copy.copy(node)
    alone.args = copy.copy(node.args)
    alone.args.defaults, alone.args.kw_defaults = [], [None] * len(node.args.kwonlyargs)
    if isinstance(alone, ast.Lambda):
        return ast.copy_location(ast.Expr(alone), node)
    alone.decorator_list = []
    return alone


def _around(text: str, statement: Any) -> Any:
    outer: Any = ast.parse(text).body[0]
    outer.body[-1] = statement
    return outer


def _inner(code: CodeType) -> Iterator[CodeType]:
    """The code objects directly inside."""
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def _surrounded_code(compiled: CodeType, scope: str) -> Iterator[CodeType]:
    """The code inside the scopes that `_surrounded` has put around it."""
    for code in _inner(compiled):
        if code.co_name in (AROUND, scope) or code.co_name.startswith("<generic parameters"):
            yield from _surrounded_code(code, scope if code.co_name == AROUND else "")
        else:
            yield code


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code objects inside, at any depth."""
    for inner in _inner(code):
        yield inner
        yield from _codes(inner)


COMPARED = (
    "co_name",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_code",
)


def _same(a: CodeType, b: CodeType) -> bool:
    """Whether two code objects do the same, positions left out."""
    return all(getattr(a, name) == getattr(b, name) for name in COMPARED) and (
        len(a.co_consts) == len(b.co_consts) and all(map(_same_constant, a.co_consts, b.co_consts))
    )


def _same_constant(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, CodeType):
        return _same(a, b)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(_same_constant, a, b))
    if isinstance(a, (float, complex)):
        return repr(a) == repr(b)
    if isinstance(a, str) and ".<locals>." in a:  # Python 3.10: the qualified names of nested functions
        return a.rpartition(".<locals>.")[2] == b.rpartition(".<locals>.")[2]
    return bool(a == b)


def _rewritten(code: CodeType) -> bool:
    """Whether pytest has rewritten the asserts of this function."""
    own = any(name.startswith("@py") for name in (*code.co_names, *code.co_varnames))
    return own or any(map(_rewritten, _codes(code)))


def _same_but_asserts(a: CodeType, b: CodeType) -> bool:
    """Whether code `a`, its asserts rewritten, holds all that `b` has, compiled without asserts."""
    count = b.co_argcount + b.co_kwonlyargcount
    inside = [constant for constant in a.co_consts if not isinstance(constant, CodeType)]
    plain = [constant for constant in b.co_consts if not isinstance(constant, CodeType)]
    return (
        (a.co_name, a.co_argcount, a.co_kwonlyargcount) == (b.co_name, b.co_argcount, b.co_kwonlyargcount)
        and a.co_varnames[:count] == b.co_varnames[:count]
        and set(b.co_names) <= set(a.co_names)
        and {*b.co_varnames, *_cells(b)} <= {*a.co_varnames, *_cells(a)}
        and all(any(_same_constant(have, want) for have in inside) for want in plain)
    )
