"""The node of a function is found by its code object (S5)."""

from __future__ import annotations

import functools
import importlib.util
import linecache
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from astgrad.errors import Origin, SourceUnavailable, located
from astgrad.frontend import source
from astgrad.frontend.lower import lower
from astgrad.frontend.source import find, segment
from astgrad.rules import registry
from tests.frontend.written import namespace, register, written

PLACE = Origin("demo.py", 1, 0, 1, 5)


def text_of(function):
    return find(function).text


# --- this file is a real one: ordinary functions, as users write them


def plain(x):
    return np.tanh(x) + 1


def with_assert(x):
    y = np.tanh(x)
    assert y is not None, "pytest rewrites this"
    return y * 2.0


def decorate(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


@decorate
@decorate
def decorated(x):
    return x


class Model:
    def loss(self, x):
        return self.__weight * x

    @staticmethod
    @functools.lru_cache
    def scale(x):
        return x * 2

    @property
    def twice(self):
        return super().__init__


class Inner(Model):
    def outer(self):
        def inner(x):
            return self.__private + x

        return inner


pair = lambda x: x + 1, lambda x: x - 1
table = {
    "first": lambda x: x,
    "second": (lambda x, y=(1, 2): x + y[0]),
    "nested": lambda x: lambda y, z=1: x + y,
    "long": lambda x: np.sum(
        x,  # a comment, with a comma
        axis=0,
    ),
    "text": lambda x: x["a, b: c"] + x[")"],
}
powers = [lambda x: x**k for k in (2, 3)]  # noqa: B023


@pytest.mark.parametrize(
    "function, text",
    [
        (pair[0], "lambda x: x + 1"),
        (pair[1], "lambda x: x - 1"),
        (table["first"], "lambda x: x"),
        (table["second"], "lambda x, y=(1, 2): x + y[0]"),
        (table["nested"], "lambda x: lambda y, z=1: x + y"),
        (table["nested"](1), "lambda y, z=1: x + y"),
        (table["text"], 'lambda x: x["a, b: c"] + x[")"]'),
        (powers[1], "lambda x: x**k"),
        (Model.loss, "def loss(self, x):\n        return self.__weight * x"),
        (Model.scale.__wrapped__, "def scale(x):\n        return x * 2"),
        (Model.twice.fget, "def twice(self):\n        return super().__init__"),
        (Inner().outer(), "def inner(x):\n            return self.__private + x"),
    ],
)
def test_text(function, text):
    assert text_of(function) == text


def test_lambda_over_lines():
    assert text_of(table["long"]).startswith("lambda x: np.sum(\n")
    assert text_of(table["long"]).endswith("axis=0,\n    )")


def test_s5_never_unwraps():
    assert text_of(decorated) == "def wrapper(*args):\n        return function(*args)"
    assert find(decorated).name == "wrapper"


def test_s5_private_names_are_mangled():
    assert find(Model.loss).scope == "Model"
    assert "_Model__weight" in str(lower(Model.loss))
    assert "_Inner__private" in str(lower(Inner().outer()))


def test_s5_asserts_rewritten_by_pytest():
    assert "@pytest_ar" in with_assert.__code__.co_names
    assert 'assert y is not None, "pytest rewrites this"' in text_of(with_assert)


def test_first_line_and_span():
    source = find(plain)
    assert source.first_line == plain.__code__.co_firstlineno
    assert source.file == plain.__code__.co_filename
    statement = source.node.body[0]
    assert source.segment(source.origin(statement.value)) == "np.tanh(x) + 1"
    assert segment(source.origin(statement)) == "return np.tanh(x) + 1"


def test_cached_by_code():
    assert find(powers[0]) is find(powers[1])


def test_equal_code_from_another_text():
    first = namespace("def f(x):\n    return x + 2\n")["f"]
    assert text_of(first).endswith("return x + 2")
    second = namespace("def f(x):\n    return x + (1 + 1)\n")["f"]
    assert second.__code__.co_code == first.__code__.co_code
    assert text_of(second).endswith("return x + (1 + 1)")


# --- other ways to make a function


def test_columns_are_characters():
    function = written("def f(x):\n    ä = 'é'; return x['ü'] + ä\n")
    call = lower(function).body.body[-1]
    assert (call.origin.column, call.origin.end_column) == (20, 30)
    assert segment(call.origin) == "x['ü'] + ä"


def test_columns_of_a_lambda_behind_wide_characters():
    made = namespace("é = 'ü', lambda x: x + 'ö'\n")["é"][1]
    assert text_of(made) == "lambda x: x + 'ö'"


def test_strings_that_look_like_code():
    text = """
        def f(x):
            '''Doc
        def g(x): lambda
            '''
            return x

        def g(x):
            return 1
    """
    assert "return x" in text_of(written(text))
    assert "return 1" not in text_of(written(text))


def test_header_over_lines():
    text = "def f(\n    x,\n    y=(1,\n2),\n):\n    return (\n    x\n)\n\n\n# end\nz = 1\n"
    assert text_of(namespace(text)["f"]) == text[: text.index("\n\n\n")]


def test_tabs_and_comments_inside():
    text = "if True:\n\tdef f(x):\n\t\ty = x\n# not indented\n\t\treturn y\n"
    assert text_of(namespace(text)["f"]).endswith("return y")


def test_future_annotations():
    text = """
        from __future__ import annotations

        def f(x):
            def g(y: undefined) -> undefined:
                return y
            return g(x)
    """
    assert text_of(written(text)).startswith("def f(x)")


def test_nested_function_that_names_its_class():
    text = """
        class A:
            def make(c):
                def g(x):
                    return A, x * c
                return g
        f = A
    """
    assert find(written(text).make(2)).scope == "A"


def test_class_in_a_function_that_names_itself():
    text = """
        def f(c):
            class A:
                def m(self, x):
                    return A, x * c
            return A
    """
    assert find(written(text)(2).m).scope == "A"


def test_class_made_in_a_function():
    text = """
        def f(c):
            class A:
                def m(self, x):
                    return self.__w * x * c
            return A
    """
    assert find(written(text)(2).m).scope == "A"


@pytest.mark.parametrize(
    "imports", ["import numpy as np", "import numpy as np, math", "from math import (\n pi,\n)"]
)
def test_imports_change_the_code(imports):
    text = imports + "\ndef f(x):\n    return np.tanh(x) + math.exp(pi)\n"
    assert text_of(namespace(text, pi=3)["f"]).startswith("def f(x)")


def test_a_local_with_the_name_of_an_import():
    text = "from numpy import array\ndef f(x):\n    array = x\n    return array.sum()\n"
    assert text_of(namespace(text)["f"]).startswith("def f(x)")


def test_a_cell_that_imports_nothing():
    assert text_of(namespace("def f(x):\n    return np.tanh(x.sum())\n")["f"]).startswith("def f(x)")


def test_exec_with_registered_source():
    assert text_of(namespace("f = lambda x: x\n", name="<generated 1>")["f"]) == "lambda x: x"


def test_notebook_cell(monkeypatch):
    file = "/tmp/ipykernel_1/2.py"
    shell = SimpleNamespace(compile=SimpleNamespace(_filename_map={file: 3}))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    function = namespace("\ndef f(x):\n    return x + 1\n", name=file)["f"]
    origin = lower(function).body.body[0].origin
    assert located(origin, "no rule") == "Cell In[3], line 3: no rule\n    return x + 1\n           ^^^^^"


def test_no_shell_in_ipython(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    assert find(namespace("def f(x):\n    return x\n", name="plain.py")["f"]).file == "plain.py"


# --- files that change


def module(path, text):
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def edit(path, text):
    path.write_text(text)
    os.utime(path, (1, 1))


def test_s5_edited_after_import(tmp_path):
    path = tmp_path / "edited.py"
    made = module(path, "def f(x):\n    return x + 1\n")
    edit(path, "def f(x):\n    return x + 2\n")
    with pytest.raises(SourceUnavailable) as caught:
        find(made.f)
    assert str(caught.value) == (
        f"{path}:1: the source of f does not match the code that runs\n"
        "the file was edited after it was imported: reload the module or restart Python"
    )


def test_moved_after_import(tmp_path):
    path = tmp_path / "moved.py"
    made = module(path, "def f(x):\n    return x + 1\n")
    edit(path, "import math\n\n\ndef g(x):\n    return x\n\n\ndef f(x):\n    return x + 1\n")
    assert find(made.f).first_line == 8
    assert find(made.f).text == "def f(x):\n    return x + 1"


def test_read_before_the_edit(tmp_path):
    path = tmp_path / "read.py"
    made = module(path, "def f(x):\n    return x + 1\n")
    linecache.getlines(str(path))
    edit(path, "def f(x):\n    return x + 2\n")
    assert find(made.f).text.endswith("x + 1")


def test_found_before_the_edit(tmp_path):
    path = tmp_path / "found.py"
    made = module(path, "def f(x):\n    return x + 1\n")
    source = find(made.f)
    edit(path, "def f(x):\n    return x + 2\n")
    linecache.checkcache(str(path))
    assert find(made.f) is source


def test_file_that_is_broken_now(tmp_path):
    path = tmp_path / "broken.py"
    made = module(path, "def f(x):\n    return x + 1\n")
    edit(path, "def f(x:\n")
    with pytest.raises(SourceUnavailable, match="does not match the code that runs"):
        find(made.f)


def test_file_that_is_gone(tmp_path):
    path = tmp_path / "gone.py"
    made = module(path, "def f(x):\n    return x + 1\n")
    path.unlink()
    linecache.checkcache(str(path))
    with pytest.raises(SourceUnavailable) as caught:
        find(made.f)
    assert str(caught.value).endswith("cannot be found\nrun it where that file can be read")


# --- functions without a source


@pytest.mark.parametrize(
    "name, advice",
    [
        ("<stdin>", "the prompt keeps no source: put the function into a file, or use IPython or a notebook"),
        (
            "<made>",
            "compile it under a name of its own and register its text:"
            " linecache.cache[name] = (len(text), None, text.splitlines(True), name)",
        ),
    ],
)
def test_no_source(name, advice):
    known = {}
    exec(compile("\ndef f(x):\n    return x\n", name, "exec"), known)
    with pytest.raises(SourceUnavailable) as caught:
        find(known["f"])
    assert str(caught.value) == f"the source of f ({name}, line 2) cannot be found\n{advice}"


@pytest.mark.parametrize("function, kind", [(np.sin, "ufunc"), (len, "builtin_function_or_method")])
def test_built_in(function, kind):
    with pytest.raises(SourceUnavailable) as caught:
        find(function)
    assert str(caught.value).startswith(
        f"{function.__name__} has no Python source: it is a {kind}, not a function written in Python\n"
    )


def test_code_that_was_made_by_hand():
    register("demo.py", "def f(x):\n    return x\n")
    made = written("def f(x):\n    return x\n")
    made.__code__ = made.__code__.replace(co_consts=(*made.__code__.co_consts, 1.5))
    with pytest.raises(SourceUnavailable, match="does not match"):
        find(made)


# --- import


def test_gast_is_imported_on_first_use():
    text = "import sys, astgrad.frontend.lower; assert 'gast' not in sys.modules"
    subprocess.run([sys.executable, "-c", text], check=True)


# --- our own rules: what is found in a file as it was imported needs no comparison


def compared(monkeypatch, function):
    """Whether finding the function's source compiles a candidate."""
    calls = []
    original = source.compiles_to
    monkeypatch.setattr(source, "compiles_to", lambda *args: calls.append(args) or original(*args))
    monkeypatch.setattr(source, "_sources", {})
    found = find(function)
    return bool(calls), found.text


def test_a_rule_in_a_file_as_it_was_imported_is_not_compared(monkeypatch):
    rule = registry.lookup(np.tanh).backward
    assert compared(monkeypatch, rule) == (False, "lambda y, x: 1 - y**2")


def test_a_rule_in_a_file_that_was_written_since_is_compared(monkeypatch):
    rule = registry.lookup(np.tanh).backward
    monkeypatch.setitem(source._own_files, rule.__code__.co_filename, (0, 0))
    assert compared(monkeypatch, rule) == (True, "lambda y, x: 1 - y**2")


def test_one_of_two_lambdas_in_a_line_is_compared(monkeypatch):
    rule = registry.lookup(np.conjugate).backward
    assert compared(monkeypatch, rule) == (True, "lambda by, x: np.conj(by)")


def test_a_users_function_is_compared(monkeypatch):
    assert compared(monkeypatch, text_of)[0]
