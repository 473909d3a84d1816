"""Shrinks a program while it stays interesting: first lines are deleted and dedented, then expressions.

    def f(x, y):
        a = np.sin(x)                 def f(x):
        b = np.sum(a * y)       ->        return np.partition(x, 1)[0]
        return np.partition(x, 1)[0] + b

`interesting(source)` says whether a candidate still shows the failure; it may get nonsense and has to
answer False then. Lines first, since most go that way; then each expression is replaced by one of its own
parts or by a number, list items and arguments are dropped, as long as anything still shrinks.
"""

from __future__ import annotations

import ast
import copy
import time
from collections.abc import Callable, Iterator
from typing import Any

Interesting = Callable[[str], bool]


def reduce(source: str, interesting: Interesting, seconds: float = 60.0) -> str:
    """The smallest program found within the time. `source` itself must be interesting."""
    budget = _Budget(interesting, time.monotonic() + seconds)
    before = ""
    while before != source and not budget.spent():
        before = source
        source = fixpoint(source, line_candidates, budget)
        source = fixpoint(tidy(source, budget), tree_candidates, budget)
    return source


class _Budget:
    """Asks, remembers what it asked, and says no when the time is spent."""

    def __init__(self, interesting: Interesting, end: float) -> None:
        self.interesting, self.end = interesting, end
        self.known: dict[str, bool] = {}

    def spent(self) -> bool:
        return time.monotonic() > self.end

    def __call__(self, source: str) -> bool:
        if source not in self.known:
            self.known[source] = not self.spent() and parses(source) and self.interesting(source)
        return self.known[source]


def parses(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def fixpoint(source: str, candidates: Callable[[str], Iterator[str]], budget: _Budget) -> str:
    """Take the first smaller candidate that is interesting, again and again."""
    progress = True
    while progress and not budget.spent():
        progress = False
        for candidate in candidates(source):
            if len(candidate) < len(source) and budget(candidate):
                source, progress = candidate, True
                break
    return source


def tidy(source: str, budget: _Budget) -> str:
    """The program as ast prints it, if it stays interesting: trees compare by their text."""
    try:
        printed = ast.unparse(ast.parse(source)) + "\n"
    except (SyntaxError, RecursionError):
        return source
    return printed if budget(printed) else source


# --- lines


def line_candidates(source: str) -> Iterator[str]:
    """Large chunks of lines go, then smaller ones, then blocks, then headers with their block dedented."""
    lines = source.split("\n")
    size = len(lines) // 2
    while size:
        for start in range(0, len(lines), size):
            yield "\n".join(lines[:start] + lines[start + size :])
        size //= 2
    for start, line in enumerate(lines):
        if line.rstrip().endswith(":"):
            end = block_end(lines, start)
            yield "\n".join(lines[:start] + lines[end:])
            inside = [one[4:] for one in lines[start + 1 : end]]
            yield "\n".join(lines[:start] + inside + lines[end:])


def block_end(lines: list[str], start: int) -> int:
    """The line behind the block that a header opens."""
    indent = len(lines[start]) - len(lines[start].lstrip())
    end = start + 1
    while end < len(lines) and (
        not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > indent
    ):
        end += 1
    return end


# --- trees


def tree_candidates(source: str) -> Iterator[str]:
    """One edit of the tree each: arguments or statements go, expressions become one of their parts."""
    tree = ast.parse(source)
    for edit in (
        drop_parameters,
        drop_statements,
        inline_names,
        inline_calls,
        simplify_expressions,
        shorten_lists,
    ):
        for edited in edit(tree):
            try:
                yield ast.unparse(ast.fix_missing_locations(edited)) + "\n"
            except (ValueError, AttributeError, RecursionError):
                continue


def changed(tree: ast.Module, index: int, change: Callable[[ast.AST], Any]) -> ast.Module | None:
    """A copy of the tree in which `change` was applied to the node of this number."""
    twin = copy.deepcopy(tree)
    node = list(ast.walk(twin))[index]
    return twin if change(node) is not False else None


def drop_statements(tree: ast.Module) -> Iterator[ast.Module]:
    for index, node in enumerate(ast.walk(tree)):
        body = getattr(node, "body", None)
        for i in range(len(body)) if isinstance(body, list) and len(body) > 1 else ():
            yield changed(tree, index, lambda twin, i=i: twin.body.pop(i))  # type: ignore[misc]


class _Replace(ast.NodeTransformer):
    """Names become expressions."""

    def __init__(self, names: dict[str, ast.expr]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load) and node.id in self.names:
            return copy.deepcopy(self.names[node.id])
        return node


def inline_names(tree: ast.Module) -> Iterator[ast.Module]:
    """An assignment goes, and its expression stands where the name was."""
    for index, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.FunctionDef):
            for i, statement in enumerate(node.body):
                if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):

                    def inline(twin: Any, i: int = i) -> None:
                        gone = twin.body.pop(i)
                        replace = _Replace({gone.targets[0].id: gone.value})
                        twin.body[i:] = [replace.visit(one) for one in twin.body[i:]]

                    yield changed(tree, index, inline)  # type: ignore[misc]


def inline_calls(tree: ast.Module) -> Iterator[ast.Module]:
    """A function that only returns goes, and its expression stands where it was called."""
    for function in ast.walk(tree):
        if (
            isinstance(function, ast.FunctionDef)
            and isinstance(function.body[0], ast.Return)
            and function.name != "f"
        ):
            twin = copy.deepcopy(tree)
            yield _InlineCalls(function).visit(twin)


class _InlineCalls(ast.NodeTransformer):
    def __init__(self, function: ast.FunctionDef) -> None:
        self.function = function

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef | None:
        self.generic_visit(node)
        return None if node.name == self.function.name else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        returned = self.function.body[0]
        if (
            isinstance(node.func, ast.Name)
            and node.func.id == self.function.name
            and isinstance(returned, ast.Return)
        ):
            names = [one.arg for one in self.function.args.args]
            given = {
                **dict(zip(names, node.args)),
                **{one.arg: one.value for one in node.keywords if one.arg},
            }
            return _Replace(given).visit(copy.deepcopy(returned.value))  # type: ignore
        return node


def drop_parameters(tree: ast.Module) -> Iterator[ast.Module]:
    """A parameter goes, with the argument of each call; that of f with its entry in args and wrt."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for i in range(len(node.args.args)):
                twin = copy.deepcopy(tree)
                if drop_parameter(twin, node.name, i):
                    yield twin


def drop_parameter(tree: ast.Module, function: str, i: int) -> bool:
    """Drop parameter i of a function and what calls give for it; False where that is not simple."""
    name = ""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            parameters = node.args
            name = parameters.args.pop(i).arg
            first = len(parameters.args) + 1 - len(parameters.defaults)
            if parameters.defaults and i >= first:
                parameters.defaults.pop(i - first)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
            if i < len(node.args):
                node.args.pop(i)
            node.keywords = [one for one in node.keywords if one.arg != name]
    if function == "f":
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                drop_from_call(node, node.targets[0].id, name, i)
    return True


def drop_from_call(node: ast.Assign, target: str, name: str, i: int) -> None:
    """Keep `args`, `more` and `wrt` in step with the parameters of f."""
    if target in ("args", "more") and isinstance(node.value, (ast.Tuple, ast.List)):
        node.value.elts.pop(i)
    if target == "wrt":
        wrt = ast.literal_eval(node.value)
        several = [wrt] if not isinstance(wrt, tuple) else [one for one in wrt if one not in (name, i)]
        moved = [one - 1 if isinstance(one, int) and one > i else one for one in several]
        node.value = ast.parse(repr(tuple(moved) if isinstance(wrt, tuple) else moved[0]), mode="eval").body


def simplify_expressions(tree: ast.Module) -> Iterator[ast.Module]:
    """Every expression becomes one of its parts, or the number 2.0; a one-element wrt becomes its element."""
    for index, node in enumerate(ast.walk(tree)):
        for name, value in ast.iter_fields(node):
            slots = enumerate(value) if isinstance(value, list) else [(None, value)]
            for at, child in slots:
                if not isinstance(child, ast.expr) or isinstance(child, (ast.Name, ast.Constant)):
                    continue
                parts: list[ast.expr] = [
                    one for one in ast.walk(child) if isinstance(one, ast.expr) and one is not child
                ]
                for part in [*sorted(parts, key=weight, reverse=True), ast.Constant(2.0)]:
                    if not isinstance(part, (ast.Slice, ast.Starred)) or name == "slice":
                        yield changed(tree, index, lambda twin, n=name, at=at, p=part: put(twin, n, at, p))  # type: ignore[misc]


def weight(node: ast.AST) -> int:
    return sum(1 for _ in ast.walk(node))


def put(node: Any, name: str, at: int | None, part: ast.expr) -> None:
    part = copy.deepcopy(part)
    if at is None:
        setattr(node, name, part)
    else:
        getattr(node, name)[at] = part


def shorten_lists(tree: ast.Module) -> Iterator[ast.Module]:
    """Items of lists, tuples and dicts, keywords of calls, and dimensions of literal arrays are dropped."""
    for index, node in enumerate(ast.walk(tree)):
        if isinstance(node, (ast.List, ast.Tuple)) and node.elts:
            for i in range(len(node.elts)):
                yield changed(tree, index, lambda twin, i=i: twin.elts.pop(i))  # type: ignore[misc]
        elif isinstance(node, ast.Dict):
            for i in range(len(node.keys)):
                yield changed(tree, index, lambda twin, i=i: (twin.keys.pop(i), twin.values.pop(i)))  # type: ignore[misc]
        elif isinstance(node, ast.Call) and node.keywords:
            for i in range(len(node.keywords)):
                yield changed(tree, index, lambda twin, i=i: twin.keywords.pop(i))  # type: ignore[misc]
