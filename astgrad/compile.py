"""Compile: generated text becomes a function that reads the globals of the primal, live.

In comes what `emit` made, out comes a real function: `inspect.getsource`, a debugger and a traceback show
the text. Names that the globals do not hold are closure cells, so that nothing of ours is put into them:

    def factory(unbroadcast):            the text alone stands in linecache; the factory around it
        def loss_grad(x): ...            exists only as a tree
"""

from __future__ import annotations

import ast
import copy
import inspect
import itertools
import linecache
import weakref
from collections.abc import Callable
from types import CellType, CodeType, FunctionType
from typing import Any

from astgrad.emit.emit import Emitted
from astgrad.emit.python import parsed
from astgrad.errors import InternalError

_numbers = itertools.count(1)


def build(
    emitted: Emitted, globals: dict[str, Any], primal: Callable[..., Any] | None = None
) -> FunctionType:
    """The function; `globals` becomes its `__globals__` and is not changed.

    Parameters with a default in the text get the primal's default of that name, the object itself.
    """
    filename = f"<astgrad:{emitted.name}:{next(_numbers)}>"
    definition = parsed(emitted.text).body[0]
    parsed.cache_clear()
    assert isinstance(definition, ast.FunctionDef)
    defaults, kwdefaults = _defaults(definition.args, primal)
    code = _code(definition, emitted, filename)
    cells = tuple(_cell(emitted, name) for name in code.co_freevars)
    function = FunctionType(code, globals, emitted.name, defaults or None, cells or None)
    function.__kwdefaults__ = kwdefaults or None
    function.__doc__ = ast.get_docstring(definition)
    function.__module__ = getattr(primal, "__module__", None) or str(globals.get("__name__", ""))
    function.__qualname__ = emitted.name
    _register(function, filename, emitted.text)
    return function


def _defaults(
    arguments: ast.arguments, primal: Callable[..., Any] | None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The values behind the defaults in the text."""
    positional = [*arguments.posonlyargs, *arguments.args]
    positional = positional[len(positional) - len(arguments.defaults) :]
    pairs = list(zip(positional, arguments.defaults))
    keywords = [(arg, node) for arg, node in zip(arguments.kwonlyargs, arguments.kw_defaults) if node]
    known = _known_defaults(primal) if pairs or keywords else {}
    values = tuple(_value(arg.arg, node, known) for arg, node in pairs)
    return values, {arg.arg: _value(arg.arg, node, known) for arg, node in keywords}


def _known_defaults(primal: Callable[..., Any] | None) -> dict[str, Any]:
    try:
        parameters = inspect.signature(primal).parameters if primal else {}
    except (TypeError, ValueError):
        return {}
    return {name: p.default for name, p in parameters.items() if p.default is not inspect.Parameter.empty}


def _value(name: str, node: ast.expr, known: dict[str, Any]) -> Any:
    if name in known:
        return known[name]
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise InternalError(f"the default of {name} is not known") from None


def _code(definition: ast.FunctionDef, emitted: Emitted, filename: str) -> CodeType:
    """The code object of the function, compiled inside a factory whose parameters are the free names."""
    inner = copy.copy(definition)
    inner.args = copy.copy(definition.args)
    inner.args.defaults, inner.args.kw_defaults = [], [None for _ in inner.args.kwonlyargs]
    free = [ast.copy_location(ast.arg(arg=name), inner) for name in (*emitted.namespace, *emitted.cells)]
    arguments = ast.arguments(posonlyargs=[], args=free, kwonlyargs=[], kw_defaults=[], defaults=[])
    factory = ast.parse("def factory(): pass").body[0]
    assert isinstance(factory, ast.FunctionDef)
    factory.args, factory.body = arguments, [inner]
    ast.copy_location(factory, inner)
    tree = ast.Module(body=[factory], type_ignores=[])
    outer = _nested(compile(tree, filename, "exec", dont_inherit=True), "factory")
    return _nested(outer, emitted.name)


def _nested(code: CodeType, name: str) -> CodeType:
    for constant in code.co_consts:
        if isinstance(constant, CodeType) and constant.co_name == name:
            return constant
    raise InternalError(f"{name} was not compiled")


def _cell(emitted: Emitted, name: str) -> CellType:
    if name in emitted.cells:
        return emitted.cells[name]
    return CellType(emitted.namespace[name])


def _register(function: FunctionType, filename: str, text: str) -> None:
    """Make the text known to `linecache` as long as the function lives; `checkcache` keeps such entries."""
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    weakref.finalize(function, linecache.cache.pop, filename, None).atexit = False
