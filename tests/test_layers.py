"""The layout: a module imports from layers above its own alone, and no module is long."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import astgrad

PACKAGE = Path(astgrad.__path__[0])

LAYERS = """
    _version deep records errors runtime runtime_products runtime_control runtime_python
    runtime_lists ir_text ir analyses.specs analyses.joining verify interpret
    frontend rules analyses transform optimize record emit compile dispatch cache pipeline signature
    pickling gradient pullback check api explain draw report export interop
""".split()  # noqa: SIM905
ROOT = ("__init__", "__main__")  # what a user enters by: they see everything, nothing imports them

LINES = 400


def modules() -> dict[str, Path]:
    """Every module under its name inside the package: "ir", "emit.python", "rules" for a folder's own."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def layer(module: str) -> int:
    """The position of the longest entry of LAYERS that the module is, or lies in."""
    entries = [entry for entry in LAYERS if module == entry or module.startswith(entry + ".")]
    assert entries, f"astgrad/{module} is in no layer: give it a place in LAYERS and in docs/architecture.md"
    return LAYERS.index(max(entries, key=len))


def imports(module: str, *, lazy: bool = True) -> set[str]:
    """The modules of astgrad that a module imports: at its top, and with `lazy` inside functions too."""
    found = set()
    for node in walk(ast.parse(MODULES[module].read_text("utf-8")), lazy):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"astgrad/{module} has a relative import in line {node.lineno}"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {known(name) for name in found if name.split(".")[0] == "astgrad"}


def walk(node: ast.AST, lazy: bool) -> Iterator[ast.AST]:
    """The nodes of a tree, those of function bodies only with `lazy`."""
    yield node
    if not lazy and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    for child in ast.iter_child_nodes(node):
        if lazy or not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from walk(child, lazy)


def known(name: str) -> str:
    """The module that a dotted name is, or stands in; "__init__" for the package itself."""
    inside = name.split(".")[1:]
    while inside and ".".join(inside) not in MODULES:
        inside.pop()
    return ".".join(inside) or "__init__"


@pytest.mark.parametrize("module", sorted(MODULES.keys() - set(ROOT)))
def test_a_module_imports_from_the_layers_above_it(module):
    for imported in imports(module):
        assert imported not in ROOT, f"astgrad/{module} imports the package itself"
        assert layer(imported) <= layer(module), f"astgrad/{module} imports {imported}, which is below it"
        if layer(imported) == layer(module):
            folder = LAYERS[layer(module)]
            assert (PACKAGE / folder.replace(".", "/")).is_dir() or imported == module


def test_no_module_is_imported_while_it_imports():
    graph = {module: imports(module, lazy=False) - {module} for module in MODULES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module not in done:
            for imported in graph[module]:
                visit(imported, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def users(library: str) -> set[str]:
    """The modules that import a library."""
    found = set()
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found.update(module for name in names if name.split(".")[0] == library)
    return found


def test_gast_is_known_to_the_frontend_alone():
    assert users("gast")
    assert {module.split(".")[0] for module in users("gast")} == {"frontend"}


def test_astor_is_known_to_one_file_alone():
    assert users("astor") == {"emit.python"}


def test_to_import_astgrad_is_cheap():
    program = (
        "import sys, astgrad; print(sorted({'gast', 'astor', 'scipy', 'matplotlib'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_module_is_long(module):
    count = len(MODULES[module].read_text("utf-8").splitlines())
    assert count <= LINES, f"astgrad/{module} has {count} lines: look for a seam"
