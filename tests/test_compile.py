"""Generated text is a real function: live globals, cells, source, line numbers; nothing of ours leaks."""

from __future__ import annotations

import gc
import inspect
import linecache
import traceback

import numpy as np

from astgrad.compile import build
from astgrad.emit.emit import Emitted

TEXT = '''def f_grad(x, n=2, *, flag=...):
    """What it does."""
    y = helper(x) * SCALE  # 1
    return y + free / n
'''


def emitted(cell, helper=lambda x: x + 1):
    return Emitted(TEXT, "f_grad", {"helper": helper}, {"free": cell}, {})


def make_cell(value):
    return (lambda: value).__closure__[0]


def primal(x, n=3, *, flag="yes"):
    return x


def test_globals_and_cells_are_read_live_and_nothing_leaks():
    globals = {"SCALE": 2.0, "__name__": "demo"}
    cell = make_cell(10.0)
    function = build(emitted(cell), globals)
    assert function(1.0) == 9.0
    globals["SCALE"], cell.cell_contents = 3.0, 20.0
    assert function(1.0) == 16.0
    assert function.__globals__ is globals and set(globals) <= {"SCALE", "__name__", "__builtins__"}
    assert set(function.__code__.co_freevars) == {"helper", "free"}


def test_defaults_are_the_primals_own():
    function = build(emitted(make_cell(0.0)), {"SCALE": 1.0}, primal)
    assert function.__defaults__ == (3,) and function.__kwdefaults__ == {"flag": "yes"}
    assert function.__module__ == primal.__module__
    plain = build(emitted(make_cell(0.0)), {"SCALE": 1.0})
    assert plain.__defaults__ == (2,) and plain.__kwdefaults__ == {"flag": ...}


def test_name_docstring_source_and_lines():
    function = build(emitted(make_cell(0.0), helper=lambda x: x / 0), {"SCALE": 1.0})
    linecache.checkcache()
    assert inspect.getsource(function) == TEXT
    assert (function.__name__, function.__qualname__, function.__doc__) == (
        "f_grad",
        "f_grad",
        "What it does.",
    )
    try:
        function(1)
    except ZeroDivisionError as error:
        frame = traceback.extract_tb(error.__traceback__)[1]
        assert (frame.lineno, frame.line) == (3, "y = helper(x) * SCALE  # 1")
    else:
        raise AssertionError


def test_the_text_goes_with_the_function():
    function = build(emitted(make_cell(0.0)), {"SCALE": 1.0})
    other = build(emitted(make_cell(0.0)), {"SCALE": 1.0})
    name = function.__code__.co_filename
    assert name.startswith("<astgrad:f_grad:") and name != other.__code__.co_filename
    assert name in linecache.cache
    del function
    gc.collect()
    assert name not in linecache.cache and other.__code__.co_filename in linecache.cache


def test_a_text_without_free_names():
    function = build(Emitted("def g(x):\n    return np.sin(x)\n", "g", {}, {}, {}), {"np": np})
    assert function(0.5) == np.sin(0.5) and function.__closure__ is None
