"""Gradient: the callable that `grad` returns, one generated function for each signature.

In comes a function and what to differentiate it with respect to; at the first call with a new signature
its gradient is generated, compiled and kept, and every call goes through the guard of the one used last.

    loss_grad = grad(loss, wrt=("W", "b"))
    loss_grad(W, b, x, y)     # (bW, bb)
    print(loss_grad.source)   # the Python that ran
"""

from __future__ import annotations

import contextlib
import copy
import functools
import operator
import sys
import threading
import time
import warnings
import weakref
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from astgrad import ir, pipeline, runtime
from astgrad.analyses.facts import Facts, Path
from astgrad.compile import build as compile_text
from astgrad.dispatch import Tests, bind, defaults_of, guard_function, guards_test, outside, sizes_fit
from astgrad.emit.emit import Emitted
from astgrad.errors import AstgradError, InternalError, NotDifferentiable
from astgrad.ir import Atom, Const, Function
from astgrad.pickling import reduced
from astgrad.records import record, replace
from astgrad.rules import registry
from astgrad.rules.rule import CHANGED
from astgrad.signature import in_words, resolve_wrt, signature_of
from astgrad.transform import nested
from astgrad.transform.binding import bind as bind_arguments
from astgrad.transform.gradient_ir import gradient as gradient_of
from astgrad.transform.primitive import one_call, primitive
from astgrad.transform.specialize import Specialized, Specializer, specialize

GRADIENTS: weakref.WeakSet[Gradient] = weakref.WeakSet()  # all that live
SIGNATURES = 64  # beyond these: the general form
FORCED_VALUES = 8  # of one int that decides a rank


@record
class Compiled:
    """The gradient for one signature."""

    built: pipeline.Built
    emitted: Emitted
    function: Any  # the bare generated FunctionType, which mypy would take for a method
    signature: str  # in words
    test: Callable[..., bool] | None = None  # whether arguments have this signature
    entry: Callable[..., Any] | None = None  # tests and calls

    @property
    def primal_ir(self) -> Function:
        return self.built.primal

    @property
    def gradient_ir(self) -> Function:
        return self.built.function

    @property
    def repeatable(self) -> bool:
        """Whether a call can be tried: nothing that it does, such as printing, would be done twice."""
        calls = [s for s in ir.statements(self.built.function.body) if isinstance(s, ir.Call)]
        harmless = (runtime.scalar, getattr)
        return not any(c.effects.impure and getattr(c.op, "value", None) not in harmless for c in calls)


class Gradient:
    """The gradient of a function: call it with the function's own arguments.

    Returns what `wrt` asks for, in the structure, shapes and dtypes of those arguments: for a tuple a
    tuple, else one gradient; after the value, as `(value, gradient)`, where it is a `value_and_grad`.
    Raises AstgradError where the function cannot be differentiated correctly, and the function's own
    errors where it raises any.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        wrt: int | str | tuple[int | str, ...],
        *,
        value: bool,
        optimize: bool,
    ) -> None:
        self.function = function
        self._options = (wrt, value, optimize)
        self._self: tuple[Any, ...] = ()
        base: Any = function
        method = vars(type(function)).get("__call__")
        if isinstance(function, MethodType):
            base, self._self = function.__func__, (function.__self__,)
        elif isinstance(method, FunctionType) and not isinstance(function, Gradient):
            base, self._self = method, (function,)
        self._base = base
        self._signature = signature_of(function)
        self._names, self._single = resolve_wrt(function, self._signature, wrt)
        self._lock = threading.RLock()
        self._compiled: list[Compiled] = []
        self._general: Compiled | None = None
        self._general_holds: Callable[[], bool] = lambda: False
        self._last: Compiled | None = None
        self._sibling: Gradient | None = None
        self._forced: dict[Any, set[int]] = {}
        self._full = False
        self._defaults: tuple[Any, Any] = (None, None)  # of the function, as the entry has them
        self._enter = self._bound(self._miss)
        GRADIENTS.add(self)
        name: str = getattr(function, "__name__", "function")
        self.__name__ = name
        suffix = "value_and_grad" if value else "grad"
        self._generated_name = f"{name if name.isidentifier() else 'lambda'}_{suffix}"
        self.__qualname__ = getattr(function, "__qualname__", name)
        self.__module__ = getattr(function, "__module__", None) or __name__
        self.__doc__ = f"Gradient of {name} with respect to {', '.join(self._names)}."
        self.__signature__ = self._signature

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._enter(*args, **kwargs) if kwargs else self._enter(*args)
        except TypeError:  # of a missing argument, say, that has a default by now
            if all(map(operator.is_, defaults_of(self._base), self._defaults)):
                raise
        return self._miss(*self._self, *args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        wrt = ", ".join(self._names)
        kind = "value_and_grad" if self._options[1] else "grad"
        return f"<{kind} of {self.__module__}.{self.__qualname__} with respect to {wrt}>"

    def __reduce__(self) -> Any:
        return reduced(self, Gradient, self._options)

    def __copy__(self) -> Gradient:
        return self

    def __deepcopy__(self, memo: Any) -> Gradient:
        if not self._self:
            return self
        wrt, value, optimize = self._options
        return Gradient(copy.deepcopy(self.function, memo), wrt, value=value, optimize=optimize)

    # --- what can be looked at

    @property
    def value_and_grad(self) -> Gradient:
        """The same gradient, returned behind the value: (value, gradient)."""
        wrt, value, optimize = self._options
        if value:
            return self
        self._sibling = self._sibling or Gradient(self.function, wrt, value=True, optimize=optimize)
        return self._sibling

    @property
    def source(self) -> str:
        """The generated source for the signature used last; the general form before any call."""
        return (self._last or self._general_form()).emitted.text

    @property
    def sources(self) -> dict[str, str]:
        """The generated source of every signature so far."""
        return {compiled.signature: compiled.emitted.text for compiled in self._compiled}

    def source_for(self, /, *args: Any, **kwargs: Any) -> str:
        """The generated source for the signature of these arguments; nothing is called."""
        return self.compiled_for(*args, **kwargs).emitted.text

    def specialize(self, /, *args: Any, **kwargs: Any) -> FunctionType:
        """The bare generated function for these arguments: it tests nothing, and steps in a debugger."""
        return self.compiled_for(*args, **kwargs).function

    @property
    def ssa(self) -> str:
        """The function's own SSA, one statement a line: the list x_i <- g_i(x_Pa(i)) of the lecture."""
        return str(self._lowered())

    def compiled_for(self, /, *args: Any, **kwargs: Any) -> Compiled:
        """The compiled gradient for these arguments, with its IR."""
        bound = bind(self._base, signature_of(self._base), (*self._self, *args), kwargs)
        return self._find(bound.args, bound.kwargs)[0]

    # --- finding and making the one for a call

    def _miss(self, /, *args: Any, **kwargs: Any) -> Any:
        """A call whose arguments the guard of the last one did not know."""
        bound = bind(self._base, signature_of(self._base), args, kwargs)
        compiled, fits = self._find(bound.args, bound.kwargs)
        if not fits:
            self._base(*bound.args, **bound.kwargs)
            raise InternalError("the sizes of the arguments do not fit, but the function did not raise")
        if compiled is self._general and compiled.repeatable:
            try:
                return compiled.function(*bound.args, **bound.kwargs)
            except Exception:  # a list where arrays are meant, say (S3); the function's own is raised again
                compiled = self._instead(bound.args, bound.kwargs)
        return compiled.function(*bound.args, **bound.kwargs)

    def _find(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Compiled, bool]:
        """The compiled gradient for these arguments, and whether sizes fit where nothing else checks it."""
        with self._lock:
            found = next((c for c in self._compiled if self._has(c, args, kwargs)), None)
            if found is None:
                full = self._full or len(self._compiled) >= SIGNATURES
                found = self._beyond(args, kwargs) if full else self._new(args, kwargs)
            self._last = found
            if found.entry is not None:
                self._enter = self._bound(self._with_defaults(found.entry))
            return found, sizes_fit(found.built, args, kwargs)

    def _bound(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of the parameters that a call of this gradient fills: without the receiver."""
        return functools.partial(function, *self._self) if self._self else function

    def _with_defaults(self, entry: Callable[..., Any]) -> Callable[..., Any]:
        """The entry, unless the function's defaults are others by now."""
        base, given = self._base, defaults_of(self._base)
        self._defaults = given
        entry.__defaults__, entry.__kwdefaults__ = given  # type: ignore[attr-defined]
        if given == (None, None):
            return entry

        def checked(*args: Any, **kwargs: Any) -> Any:
            if base.__defaults__ is given[0] and base.__kwdefaults__ is given[1]:
                return entry(*args, **kwargs)
            return self._miss(*args, **kwargs)

        return checked

    def _has(self, compiled: Compiled, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        try:
            return compiled.test is not None and compiled.test(*args, **kwargs)
        except Exception:
            return False

    def _beyond(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Compiled:
        """The general form; where that is refused, or has nothing to differentiate, one for this call."""
        named = self._named(args, kwargs)
        if all(runtime.has_float(named[name]) for name in self._names if name in named):
            with contextlib.suppress(AstgradError):
                return self._general_form()
        return self._instead(args, kwargs)

    def _instead(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Compiled:
        """A new signature for which the oldest one makes room."""
        with self._lock:
            compiled = self._guarded(self._compile(Facts(self._named(args, kwargs)), "not in general"))
            del self._compiled[: len(self._compiled) + 1 - SIGNATURES]
            self._compiled.append(compiled)
            self._last = compiled
            return compiled

    def _named(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        return {**dict(zip(signature_of(self._base).parameters, args)), **kwargs}

    def _new(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Compiled:
        unforceable = frozenset(path for path, seen in self._forced.items() if len(seen) > FORCED_VALUES)
        facts = Facts(self._named(args, kwargs), unforceable)
        try:
            compiled = self._guarded(self._compile(facts, "new signature"))
        except AstgradError:
            if not facts.unforceable:
                raise
            self._full = True  # one that needs an int by value which has had too many (S2)
            return self._beyond(args, kwargs)
        for fact in facts.used.values():
            if fact.kind == "value" and type(fact.expected) is int:
                key = (fact.path.root.name, *fact.path.steps)
                self._forced.setdefault(key, set()).add(fact.expected)
        self._compiled.append(compiled)
        if len(self._compiled) == SIGNATURES:
            warnings.warn(
                f"{self.__name__}: {SIGNATURES} signatures are compiled; further ones use the general form, "
                "which is slower",
                RuntimeWarning,
                stacklevel=outside(),
            )
        return compiled

    def _forget(self) -> None:
        """Compile anew at the next call."""
        with self._lock:
            self._compiled.clear()
            self._general = self._last = None
            self._enter = self._bound(self._miss)

    def _guarded(self, compiled: Compiled) -> Compiled:
        facts = compiled.built.facts
        function = compiled.built.function
        asked: dict[Path, set[int]] = {}
        for source, axis in facts.asked:
            asked.setdefault(facts.sources[source], set()).add(axis)
        tests = Tests(function, asked)
        for guard in function.guards:
            tests.guard(guard)
        for fact in facts.used.values():
            tests.fact(fact)
        sizes = tests.behind()
        for a, b in compiled.built.equalities:
            sizes.equal(a, b, facts.sources)
        entry, test = guard_function(tests, sizes, self._base, compiled.function, self._miss)
        return replace(compiled, entry=entry, test=test)

    def _general_form(self) -> Compiled:
        with self._lock:
            if self._general is None or not self._general_holds():
                self._general = self._compile(Facts(), "the general form")
                self._general_holds = guards_test(self._general.built.function)
            return self._general

    def _compile(self, facts: Facts, why: str) -> Compiled:
        start = time.perf_counter()
        _, value, optimize = self._options
        primal = self._specialized(facts)
        options = {"single": self._single, "value": value, "optimize": optimize}
        built = pipeline.build(primal, self._names, **options, name=self._generated_name)
        signature = in_words(primal.arguments, built.specs, facts)
        globals_ = getattr(self._base, "__globals__", {"np": np})
        emitted = pipeline.printed(built, self._doc(signature, facts), globals_, plain=not optimize)
        function = compile_text(emitted, globals_, self._base)
        logging = sys.modules.get("logging")  # where nobody has imported it, nobody listens
        if logging is not None:
            made = (self._generated_name, signature, 1e3 * (time.perf_counter() - start), why)
            logging.getLogger("astgrad").info("%s for %s in %.1f ms: %s", *made)
        return Compiled(built, emitted, function, signature)

    def _specialized(self, facts: Facts) -> Specialized:
        return specialize(self._lowered(), facts, self._names, self)

    def _lowered(self) -> Function:
        ruled = isinstance(self._base, FunctionType) and registry.lookup(self._base) is not None
        if ruled or isinstance(self._base, (Gradient, functools.partial)):
            return one_call(self._base, signature_of(self._base), self._generated_name)
        if isinstance(self._base, FunctionType):
            return pipeline.lowered(self._base)
        return primitive(self._base)

    def _doc(self, signature: str, facts: Facts) -> str:
        where, base, name = "", self._base, self.__name__
        while isinstance(base, Gradient):
            base, name = base._base, f"the gradient of {name}"
        code = getattr(base, "__code__", None)
        if code is not None:
            where = f" ({code.co_filename.rpartition('/')[2]}:{code.co_firstlineno})"
        what = "Value and gradient" if self._options[1] else "Gradient"
        first = f"{what} of {name}{where} with respect to {', '.join(self._names)}."
        general = "The general form, for arguments of any kind; source_for(*args) shows the one for yours."
        return f"{first}\n\n{signature if facts.values is not None else general}"

    # --- being differentiated

    def __astgrad_gradient__(self, walk: Specializer, args: tuple[Atom, ...], kwargs: Any) -> Atom:
        """Enter this gradient inside a function that is differentiated: its pure IR, for these specs."""
        if any(other is not None and other._base is self._base for other in walk.gradients):
            walk.refuse(
                NotDifferentiable,
                f"{self.__name__} calls its own gradient",
                f"keep the function under its own name: {self.__name__}_grad = grad({self.__name__})",
            )
        walk.gradients.append(self)
        try:
            return self._entered(walk, args, kwargs)
        finally:
            walk.gradients.pop()

    def _entered(self, walk: Specializer, args: tuple[Atom, ...], kwargs: Any) -> Atom:
        function = self._lowered()
        bound = bind_arguments(walk, function, (*map(Const, self._self), *args), kwargs, {})
        inner, outer_of = walk.inside()
        env = {p.var: nested.fresh(inner, walk, bound[p.var], p.var.name, outer_of) for p in function.params}
        arguments = {p.var.name: env[p.var] for p in function.params}
        for name in self._names:
            inner.vary(arguments[name])
        with inner.at(walk.origin):
            result = inner.run(function, dict(env))
        primal = Specialized(
            inner.finish(function, (), result), inner.specs, walk.facts, inner.varied, arguments, inner
        )
        adjoint = gradient_of(primal, self._names, self._single, self._options[1], self._generated_name)
        built = pipeline.improved(primal.function, adjoint, walk.facts, optimize=True, check=False)
        return nested.again(walk, built.pure, outer_of)


def forget() -> None:
    """A rule was registered: what was compiled before it is not used any more."""
    for gradient in tuple(GRADIENTS):
        gradient._forget()


CHANGED.append(forget)
