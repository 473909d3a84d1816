"""What is refused: constructs of Python and calls that cannot be lowered, each with its advice.

`SYNTAX` holds what the lowering has no handler for, `REGIONS` what it lowers outside of rules only, `LATER`
what it lowers and no pass behind it knows yet outside of rules. A refusal shows the place:

    demo.py:4:5: a 'for' loop is not differentiated yet
        for i in range(3):
        ^^^^^^^^^^^^^^^^^^
    say it with whole arrays: np.sum, np.cumsum, a matrix product, or an index array
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import re
from typing import NoReturn

import numpy as np

from astgrad.errors import AstgradError, Origin, UnsupportedSyntax, UntrackedMutation, refuse
from astgrad.frontend.source import segment
from astgrad.ir import Atom, Call, Const, Function, Statement
from astgrad.runtime_python import (
    appended,
    apply,
    cell,
    cell_get,
    cell_set,
    keywords,
    merged,
    rethrow,
    throw,
    throw_from,
    unpacked,
)

WHOLE_ARRAYS = "say it with whole arrays: np.sum, np.cumsum, a matrix product, or an index array"
OUTSIDE = "do it outside of the differentiated function and pass the result as an argument"
WHERE = "choose with np.where(condition, a, b), or choose outside of the differentiated function"
ASYNC = "compute the loss in a plain function, and await around it"

LATER: dict[str, tuple[str, str]] = {
    "If": ("'if' is not differentiated yet", WHERE),
    "IfExp": ("a conditional expression is not differentiated yet", WHERE),
    "BoolOp": ("'and' and 'or' are not differentiated yet", "use np.logical_and and np.logical_or"),
    "chained comparison": (
        "a chained comparison is not differentiated yet",
        "write np.logical_and(a < b, b < c)",
    ),
    "Raise": ("'raise' is not differentiated yet", "check the arguments before the call of the gradient"),
    "Assert": ("'assert' is not differentiated yet", "check the arguments before the call of the gradient"),
    "JoinedStr": ("an f-string is not differentiated yet", "format text outside of the function"),
    "Starred": ("'*' unpacking is not differentiated yet", "name each element, or take slices"),
    "cell": (
        "a variable is rebound after a nested function has captured it, which is not differentiated yet",
        "assign it before the function is defined, or pass the value as an argument",
    ),
    "spread": ("'*' and '**' in a call are not differentiated yet", "write the arguments out"),
    "merged": ("only a dict with constant keys, written out, is differentiated", "use literals as keys"),
}  # fmt: skip

REGIONS: dict[str, tuple[str, str]] = {
    "For": ("a 'for' loop is not differentiated yet", WHOLE_ARRAYS),
    "While": ("a 'while' loop is not differentiated yet", WHOLE_ARRAYS),
    "Break": ("'break' is not differentiated yet", WHOLE_ARRAYS),
    "Continue": ("'continue' is not differentiated yet", WHOLE_ARRAYS),
    "ListComp": ("a list comprehension is not differentiated yet", WHOLE_ARRAYS),
    "DictComp": ("a dict comprehension is not differentiated yet", WHOLE_ARRAYS),
    "With": ("a 'with' block is not differentiated yet", "enter the context around the call of the gradient"),
    "Try": ("'try' is not differentiated yet", "handle the error around the call of the gradient"),
    "Match": ("'match' is not differentiated yet", WHERE),
}  # fmt: skip

LATER |= REGIONS
LATER["append"] = (".append() writes into its object, which is not differentiated yet", WHOLE_ARRAYS)

SYNTAX: dict[str, tuple[str, str]] = {
    "TryStar": ("'try' is not differentiated yet", "handle the error around the call of the gradient"),
    "SetComp": ("a set comprehension is not differentiated yet", WHOLE_ARRAYS),
    "GeneratorExp": ("a generator expression is not differentiated", "build a list: [... for ... in ...]"),
    "Set": ("a set is not differentiated: its order is not defined", "use a tuple or a dict"),
    "Yield": ("a generator ('yield') cannot be differentiated", "return the values as a tuple"),
    "YieldFrom": ("a generator ('yield from') cannot be differentiated", "return the values as a tuple"),
    "Await": ("'await' cannot be differentiated", ASYNC),
    "AsyncFunctionDef": ("an 'async' function cannot be differentiated", ASYNC),
    "AsyncFor": ("'async for' cannot be differentiated", ASYNC),
    "AsyncWith": ("'async with' cannot be differentiated", ASYNC),
    "Global": ("'global' is not differentiated", "pass the value as an argument and return the new one"),
    "Delete": ("'del' is not differentiated", "leave it out: the name goes when the function returns"),
    "Import": ("an import inside of the function is not differentiated", "import at the top of the file"),
    "ImportFrom": ("an import inside of the function is not differentiated", "import at the top of the file"),
    "ClassDef": ("a class inside of the function is not differentiated", "define it outside of the function"),
    "TypeAlias": ("a type alias inside of the function is not differentiated", "define it at the top"),
    "TemplateStr": ("a t-string is not differentiated yet", "format text outside of the function"),
}  # fmt: skip

VARIADIC = {
    "VAR_POSITIONAL": (
        "'*{}' is not differentiated yet",
        "name the arguments, or take a tuple as one argument",
    ),
    "VAR_KEYWORD": ("'**{}' is not differentiated yet", "name the arguments, or take a dict as one argument"),
}
DICT = ("only a dict with constant keys, written out, is differentiated", "use literals as keys")
DECORATED = (
    "a decorated nested function is not differentiated",
    "define it outside of the function, or leave the decorator out",
)
DEEP = ("it is nested too deeply to be read", "split this expression")

ARRAY = (
    "writing into an array or container is not differentiated yet",
    "build the new array instead: np.where, np.concatenate, np.stack, arithmetic with a mask",
)
GENERATOR = (
    "a generator expression is not differentiated, unless a builtin such as sum, any or list takes it whole",
    "build a list: [... for ... in ...]",
)
UNSURE = (
    "is assigned in a 'try' that may raise before or behind it, which is not differentiated",
    "assign it in the last line of the 'try', or before it",
)
CAUGHT = (
    "an exception that is computed is not differentiated",
    "name the exceptions: except ValueError, or except (ValueError, KeyError)",
)
CAUGHT_CELL = (
    "an exception that a nested function captures is not differentiated",
    "give it as a default: lambda error=error: ...",
)
NONLOCAL = (
    "'nonlocal' of a function that is not differentiated with this one",
    "return the new value instead",
)
ALTERNATIVES = ("a pattern with '|' that binds names is not differentiated", "write a case for each")
REST = ("'**' in a pattern is not differentiated", "name the keys")
CLASS = ("a pattern of this class is not differentiated", "use isinstance, and read its attributes")
FINALLY = ("a jump out of 'finally' is not differentiated", "jump behind it")
EXTENDED = ("'op=' writes into an array or list, which is not differentiated yet", "write x = x + y")
SHARED = (
    ".append() writes into a list that something else may hold, which is not differentiated yet",
    "build it in a list of its own, and hand it on when it is complete",
)
ATTRIBUTE = (
    "writing an attribute is not tracked",
    "return the new value, and store it outside of the differentiated function",
)
STORES = {"Subscript": ARRAY, "Attribute": ATTRIBUTE}

CALLS: dict[int, tuple[type[AstgradError], str, str]] = {
    id(getattr(builtins, name)): (UnsupportedSyntax, f"{name}() cannot be differentiated", OUTSIDE)
    for name in ("exec", "eval", "compile", "locals", "globals", "vars", "dir", "__import__", "input", "open")
} | {
    id(contextlib.suppress): (
        UnsupportedSyntax,
        "contextlib.suppress() is not differentiated",
        "write try: ... except ...: pass",
    ),
    id(setattr): (UntrackedMutation, *ATTRIBUTE),
    id(delattr): (UntrackedMutation, *ATTRIBUTE),
}

LISTS = "append extend insert pop remove clear reverse update setdefault popitem add discard"
ARRAYS = "fill put sort partition resize itemset setflags byteswap setfield"
DUNDERS = "__setitem__ __delitem__ __setattr__ __delattr__ __iadd__ __isub__ __imul__ __itruediv__"
MUTATORS = frozenset(f"{LISTS} {ARRAYS} {DUNDERS}".split())


def syntax(kind: str, origin: Origin) -> NoReturn:
    """Refuse a construct by the name of its node's class."""
    message, advice = SYNTAX.get(kind) or LATER.get(kind) or (f"{kind} is not differentiated", OUTSIDE)
    refuse(UnsupportedSyntax, origin, message, advice)


def store(kind: str, origin: Origin) -> NoReturn:
    """Refuse an assignment to something that is no name."""
    if kind not in STORES:
        syntax(kind, origin)
    refuse(UntrackedMutation, origin, *STORES[kind])


def method(name: str, owner: Atom, origin: Origin) -> None:
    """Refuse a method that writes into its own object, and `np.add.at` and its like."""
    if isinstance(owner, Const) and owner.value is object:
        return  # object.__setattr__(self, ...), which says itself what it writes
    if name in MUTATORS:
        what = f".{name}() writes into its object, which is not differentiated yet"
        refuse(UntrackedMutation, origin, what, ARRAY[1])
    if name == "at" and isinstance(owner, Const) and isinstance(owner.value, np.ufunc):
        refuse(UntrackedMutation, origin, *ARRAY)


def call(function: object, origin: Origin) -> None:
    """Refuse the builtins that read or write what the lowering cannot see."""
    if id(function) in CALLS:
        refuse(CALLS[id(function)][0], origin, *CALLS[id(function)][1:])


def later(statement: Statement) -> None:
    """Refuse a statement of the IR that no pass behind the lowering knows yet, by what its text says."""
    if isinstance(statement, Call):
        found = _primitive(statement.op)
        if found and (found != "JoinedStr" or not segment(statement.origin).startswith("format")):
            syntax(found, statement.origin)
        return
    text = segment(statement.origin)
    word = (re.match(r"\w+", text) or [""])[0]
    found = (
        WORDS.get(word, "")
        or type(ast.parse(text if text[0] in "([" else f"({text})", mode="eval").body).__name__
    )
    syntax("chained comparison" if found == "Compare" else found, statement.origin)


def variadic(function: Function) -> None:
    """Refuse a function with `*args` or `**kwargs`, which no pass behind the lowering knows yet."""
    for param in function.params:
        if param.kind in VARIADIC:
            what, advice = VARIADIC[param.kind]
            refuse(UnsupportedSyntax, function.origin, what.format(param.var.name), advice)


def _primitive(op: Atom) -> str:
    """The construct for which the frontend makes such a call."""
    if not isinstance(op, Const) or type(op.value).__hash__ is None:
        return ""
    if isinstance(op.value, type) and issubclass(op.value, BaseException):
        return "Raise"
    return PRIMITIVES.get(op.value, "")


WORDS = {
    "if": "If",
    "elif": "If",
    "for": "For",
    "while": "While",
    "return": "If",
    "assert": "Assert",
    "with": "With",
    "try": "Try",
    "match": "Match",
}
PRIMITIVES: dict[object, str] = {
    **dict.fromkeys((throw, throw_from, rethrow), "Raise"),
    format: "JoinedStr",
    appended: "append",
    unpacked: "Starred",
    merged: "merged",
    **dict.fromkeys((apply, keywords), "spread"),
    **dict.fromkeys((cell, cell_get, cell_set), "cell"),
}
