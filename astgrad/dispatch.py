"""Dispatch: from the arguments of a call to the gradient compiled for them.

In come facts about arguments and captured data, out comes a small function, generated as text too, that
tests them and calls the gradient; what it misses goes to `miss`, never to an error (S1, S2).

    def loss(W, x):
        if type(W) is ndarray and W.dtype is f8 and len(s := W.shape) == 2 and 1 not in s and ...:
            return loss_grad(W, x)
        return miss(W, x)

Facts test only what the text depends on, so that a new batch size compiles nothing.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from types import CellType, ModuleType
from typing import Any

from astgrad.analyses.facts import Fact, Path
from astgrad.analyses.specs import Dim, Dimension
from astgrad.ir import Capture, Function, Guard, Var
from astgrad.records import fresh, state

FIXED = ("numpy", "math", "cmath", "builtins", "operator")  # modules whose functions nobody rebinds


@state
class Tests:
    """The conditions of one guard as text, and the objects that the text names."""

    function: Function
    asked: Mapping[Path, set[int]] = fresh(factory=dict)  # axes whose not being 1 matters
    names: dict[str, Any] = fresh(factory=dict)
    kept: dict[Path, str] = fresh(factory=dict)  # locals that hold what was read already
    classes: dict[str, list[str]] = fresh(factory=dict)  # dimensions, each to all that equal it
    conditions: dict[str, None] = fresh(factory=dict)  # in order, each once
    nested: bool = False  # reads items, attributes or captured names, which may be missing

    def name(self, value: Any, hint: str = "c") -> str:
        """A name for an object of the guard's text."""
        for known, other in self.names.items():
            if other is value:
                return known
        name = self.free(f"_{hint}{len(self.names)}")
        self.names[name] = value
        return name

    def free(self, name: str) -> str:
        """A name that no parameter has."""
        taken = {param.var.name for param in self.function.params}
        while name in taken:
            name = f"_{name}"
        return name

    def behind(self) -> Tests:
        """Conditions that are tested behind these, with the names and locals of these."""
        return Tests(self.function, names=self.names, kept=self.kept)

    def root(self, var: Var) -> str:
        for captured, capture in self.function.captures:
            if captured is var:
                return self.capture(capture)
        raise KeyError(var)

    def capture(self, capture: Capture) -> str:
        """An expression that reads a captured name, live."""
        self.nested = True
        if isinstance(capture.holder, CellType):
            return f"{self.name(capture.holder, 'cell')}.cell_contents"
        if capture.name in capture.holder:
            return f"{self.name(capture.holder, 'globals')}[{capture.name!r}]"
        return f"{self.name(capture.read, 'read')}()"

    def path(self, path: Path) -> str:
        """An expression for what is at a path: a parameter, or what is read once and kept in a local."""
        if any(param.var is path.root for param in self.function.params) and not path.steps:
            return path.root.name
        self.nested = True
        if path in self.kept:
            return self.kept[path]
        if not path.steps:
            text = self.root(path.root)
        else:
            kind, key = path.steps[-1]
            text = self.path(Path(path.root, path.steps[:-1]))
            if kind == "attr":
                text += f".{key}"
            else:
                text += f"[{key!r}]" if type(key) in (int, str) else f"[{self.name(key)}]"
        self.kept[path] = self.free(f"_kept{len(self.kept)}")
        return f"({self.kept[path]} := {text})"

    def add(self, condition: str) -> None:
        self.conditions[condition] = None

    def fact(self, fact: Fact) -> None:
        if fact.kind == "array":
            self.add(f"type({self.path(fact.path)}) is {self.name(fact.expected[0], 'type')}")
            self.array(self.path(fact.path), fact.expected, self.asked.get(fact.path, set()))
        else:
            FACTS[fact.kind.partition(":")[0].rstrip("0123456789")](self, self.path(fact.path), fact.expected)

    def array(self, text: str, expected: Any, asked: set[int]) -> None:
        """Dtype and rank; which axes are 1, as far as it matters."""
        _, dtype, units = expected
        name = self.name(dtype, "dtype")
        self.add(f"({text}.dtype is {name} or {text}.dtype == {name})")
        self.add(f"{text}.ndim == {len(units)}")
        if any(units):
            for axis, unit in enumerate(units):
                self.add(f"{text}.shape[{axis}] {'==' if unit else '!='} 1")
        elif asked == {0}:
            self.add(f"len({text}) != 1")
        elif len(asked) == len(units) > 1:
            self.add(f"1 not in {text}.shape")
        else:
            for axis in sorted(asked):
                self.add(f"{text}.shape[{axis}] != 1")

    def guard(self, guard: Guard) -> None:
        """A resolved name still is the object that it was."""
        text = self.capture(guard.capture)
        value = guard.capture.read()
        if isinstance(value, ModuleType) and value.__name__.partition(".")[0] in FIXED:
            self.add(f"{text} is {self.name(value, 'module')}")
            return
        text += "".join(f".{step}" for step in guard.path)
        self.add(f"{text} is {self.name(guard.value, 'f')}")
        if guard.code is not None:
            self.add(f"{text}.__code__ is {self.name(guard.code, 'code')}")
            if guard.value.__defaults__ is not None:
                self.add(f"{text}.__defaults__ is {self.name(guard.value.__defaults__, 'defaults')}")
            for key, value in (guard.value.__kwdefaults__ or {}).items():  # a dict that can be written
                self.add(f"{text}.__kwdefaults__[{key!r}] is {self.name(value, 'default')}")

    def equal(self, a: Dimension, b: Dimension, sources: Mapping[Var, Path]) -> None:
        """Two dimensions are equal; all that are found to be equal become one condition in the end."""
        first, second = self.dimension(a, sources), self.dimension(b, sources)
        joined = self.classes.get(first, [first])
        if second not in joined:
            joined += self.classes.get(second, [second])
            self.classes.update(dict.fromkeys(joined, joined))

    def chains(self, conditions: Iterable[str]) -> tuple[list[str], set[str]]:
        """`1 != len(x) == len(y)` for equal dimensions, and which of the conditions follow from it."""
        chains: list[str] = []
        implied: set[str] = set()
        for members in {id(members): members for members in self.classes.values()}.values():
            tested = {f"{member} != 1" for member in members} & set(conditions)
            chains.append(("1 != " if tested else "") + " == ".join(members))
            implied |= tested
        return chains, implied

    def dimension(self, dim: Dimension, sources: Mapping[Var, Path]) -> str:
        if not isinstance(dim, Dim):
            return str(dim)
        source = self.path(sources[dim.source])
        text = f"{source}.shape[{dim.axis}]" if dim.axis else f"len({source})"
        return f"max({text} - {dim.offset}, 0)" if dim.offset else text


def _value(tests: Tests, text: str, expected: Any) -> None:
    if expected is None or isinstance(expected, (bool, type(...))):
        tests.add(f"{text} is {expected!r}")
        return
    tests.add(f"type({text}) is {tests.name(type(expected), 'type')}")
    tests.add(f"{text} == {tests.name(expected)}")


def _keys(tests: Tests, text: str, expected: Any) -> None:
    tests.add(f"tuple({text}) == {tests.name(expected, 'keys')}")


FACTS: dict[str, Callable[[Tests, str, Any], None]] = {
    "value": _value,
    "keys": _keys,
    "type": lambda tests, text, expected: tests.add(f"type({text}) is {tests.name(expected, 'type')}"),
    "is": lambda tests, text, expected: tests.add(f"{text} is {tests.name(expected)}"),
    "axis": lambda tests, text, expected: tests.add(f"{text}.shape[{expected[0]}] == {expected[1]}"),
    "nonzero": lambda tests, text, axis: tests.add(f"{text}.shape[{axis}] != 0"),
    "has": lambda tests, text, expected: tests.add(
        f"hasattr({text}, {expected[0]!r})" if expected[1] else f"not hasattr({text}, {expected[0]!r})"
    ),
    "length": lambda tests, text, expected: tests.add(f"len({text}) == {expected}"),
}


def guards_test(function: Function) -> Callable[[], bool]:
    """Whether the names that a lowering resolved still lead to what they led to."""
    tests = Tests(function)
    for guard in function.guards:
        tests.guard(guard)
    code = compile(" and ".join(tests.conditions) or "True", "<astgrad:guard>", "eval")

    def holds() -> bool:
        try:
            return bool(eval(code, dict(tests.names)))
        except Exception:  # a name is gone
            return False

    return holds


def signature_text(function: Function) -> tuple[str, str]:
    """The parameters of a function as a `def` has them, without defaults, and as a call passes them."""
    parts: list[str] = []
    passed: list[str] = []
    kinds = [p.kind for p in function.params]
    for index, param in enumerate(function.params):
        if param.kind == "KEYWORD_ONLY" and "KEYWORD_ONLY" not in kinds[:index]:
            parts.append("*")
        parts.append(param.var.name)
        passed.append(
            f"{param.var.name}={param.var.name}" if param.kind == "KEYWORD_ONLY" else param.var.name
        )
        if param.kind == "POSITIONAL_ONLY" and "POSITIONAL_ONLY" not in kinds[index + 1 :]:
            parts.append("/")
    return ", ".join(parts), ", ".join(passed)


def guard_function(tests: Tests, more: Tests, primal: Any, gradient: Any, miss: Any) -> tuple[Any, Any]:
    """The entry that tests and calls, and the test alone; both take the primal's arguments."""
    parameters, passed = signature_text(tests.function)
    names = {**tests.names, **more.names}
    call, other, fits = (tests.free(name) for name in ("_gradient", "_miss", "_fits"))
    test = " and ".join(tests.conditions) or "True"
    chains, implied = more.chains(tests.conditions)
    kept = (condition for condition in tests.conditions if condition not in implied)
    whole = " and ".join((*kept, *more.conditions, *chains)) or "True"
    body, condition = "", whole
    if tests.nested or more.nested:
        body = f"    try:\n        {fits} = {whole}\n    except Exception:\n        {fits} = False\n"
        condition = fits
    text = (
        f"def entry({parameters}):\n{body}    if {condition}:\n        return {call}({passed})\n"
        f"    return {other}({passed})\ndef test({parameters}):\n    return {test}\n"
    )
    namespace = {**names, call: gradient, other: miss}
    exec(compile(text, "<astgrad:guard>", "exec"), namespace)
    entry = namespace["entry"]
    entry.__defaults__, entry.__kwdefaults__ = defaults_of(primal)
    entry.__name__ = getattr(primal, "__name__", "function")
    entry.__qualname__ = getattr(primal, "__qualname__", entry.__name__)
    return entry, namespace["test"]


def defaults_of(primal: Any) -> tuple[Any, Any]:
    return getattr(primal, "__defaults__", None), getattr(primal, "__kwdefaults__", None)


def bind(primal: Any, signature: inspect.Signature, args: Any, kwargs: Any) -> inspect.BoundArguments:
    """Arguments to parameters with defaults applied; the primal raises its own TypeError."""
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        primal(*args, **kwargs)
        raise
    bound.apply_defaults()
    return bound


def sizes_fit(built: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether the equalities of dimensions hold that dropped statements would have checked (S9)."""
    facts = built.facts
    names = [p.var for p in built.function.params]
    values = {**dict(zip(names, args)), **{v: kwargs[v.name] for v in names if v.name in kwargs}}
    values.update({var: capture.read() for var, capture in built.function.captures})

    def size(dim: Dimension) -> int | None:
        if not isinstance(dim, Dim):
            return dim
        path = facts.sources[dim.source]
        return max(path.read(values[path.root]).shape[dim.axis] - dim.offset, 0)

    return all(size(a) == size(b) for a, b in built.equalities)


def outside() -> int:
    """The `stacklevel` with which a warning of the caller names the first line that is not ours."""
    level, frame = 1, sys._getframe(1)
    own = __file__.removesuffix("dispatch.py"), "<astgrad:guard>"
    while frame.f_back is not None and frame.f_code.co_filename.startswith(own):
        level, frame = level + 1, frame.f_back
    return level
