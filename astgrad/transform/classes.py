"""Classes: objects that the function makes itself, and what Python looks up in the class of a container.

In comes a call of a class whose `__init__` has source, out comes a Tree with the attributes as keys: nobody
else holds the object, so its attributes are values. A name always leads to what the object holds now; it is
written where it was made, in no branch or loop, and as long as no branch or loop has taken it for a value.

    v = Vector(x, y)  ->  Vector(x=x, y=y)          v.scaled(2.0)  ->  the lines of Vector.scaled
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import sys
from collections.abc import Collection
from types import CellType, FunctionType, MemberDescriptorType
from typing import TYPE_CHECKING, Any

from astgrad import ir
from astgrad.analyses.regions import operands_of
from astgrad.errors import UnsupportedSyntax, UntrackedMutation, refuse
from astgrad.ir import Atom, Capture, Closure, Const, Function, Guard, Statement, Tree
from astgrad.records import fresh, state
from astgrad.transform import containers, objects
from astgrad.transform.containers import NOT_HERE

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

RETURN = "return the new value, and store it outside of the differentiated function"
PLAIN = ("__getattribute__", "__setattr__", "__delattr__")  # of object itself, in a class that is followed


@state
class Made:
    """The objects that a walk has made: what each holds now, and where it may be written."""

    holds: dict[object, Tree] = fresh(factory=dict)
    whose: dict[Tree, object] = fresh(factory=dict)  # what an object held at some time
    regions: dict[object, list[Statement]] = fresh(factory=dict)  # those that may be written

    def begin(self, kind: type, region: list[Statement]) -> Tree:
        """A new object without attributes."""
        me, empty = object(), Tree(kind, ())
        self.holds[me], self.whose[empty], self.regions[me] = empty, me, region
        return empty

    def now(self, atom: Atom) -> Atom:
        """The atom with what each object in it holds now."""
        if isinstance(atom, Closure):
            cells = tuple((inner, self.now(outer)) for inner, outer in atom.cells)
            defaults = tuple((name, self.now(value)) for name, value in atom.defaults)
            same = all(a[1] is b[1] for a, b in zip((*cells, *defaults), (*atom.cells, *atom.defaults)))
            return atom if same else Closure(atom.function, cells, defaults)
        if not isinstance(atom, Tree):
            return atom
        me = self.whose.get(atom)
        held = atom if me is None else self.holds[me]
        items = tuple(map(self.now, held.items))
        if all(a is b for a, b in zip(items, held.items)):
            return held
        changed = Tree(held.kind, items, held.keys)
        if me is not None:
            self.hold(me, changed)
        return changed

    def hold(self, me: object, tree: Tree) -> None:
        self.holds[me], self.whose[tree] = tree, me

    def freeze(self, *atoms: Atom) -> None:
        """A branch or loop takes these objects for values: writing them would not be seen there."""
        for atom in atoms:
            if isinstance(atom, Tree):
                self.regions.pop(self.whose.get(atom), None)
                self.freeze(*atom.items)
            elif isinstance(atom, Closure):
                self.freeze(*(outer for _, outer in atom.cells))


# --- construction


def is_followed(kind: Any) -> bool:
    """Whether an object of this class is nothing but its attributes."""
    return (
        isinstance(kind, type)
        and type(kind).__call__ is type.__call__
        and kind.__new__ is object.__new__
        and all(getattr(kind, name) is getattr(object, name) for name in _plain(kind))
        and not issubclass(kind, BaseException)
    )


def _plain(kind: type) -> tuple[str, ...]:
    """The methods that have to be those of object: to write a frozen dataclass is forbidden anyhow."""
    return PLAIN[:1] if is_frozen(kind) else PLAIN


def is_frozen(kind: type) -> bool:
    return dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


def construct(walk: Specializer, kind: type, args: Any, kwargs: Any) -> Atom | Any:
    """kind(*args, **kwargs), or NOT_HERE where the class is none that can be followed."""
    if kind.__module__.partition(".")[0] in sys.stdlib_module_names | {"numpy"}:
        return NOT_HERE
    start = getattr(kind, "__init__")  # noqa: B009
    if dataclasses.is_dataclass(kind) and containers.is_generated(start):
        return _dataclass(walk, kind, args, kwargs)
    if not is_followed(kind) or not isinstance(start, (FunctionType, type(object.__init__))):
        return NOT_HERE
    init = member(walk, kind, "__init__")
    made = walk.made.begin(kind, walk.body)
    if isinstance(init, FunctionType):
        result = walk.apply(Const(init), (made, *args), kwargs)
        if not isinstance(result, Const) or result.value is not None:
            raise TypeError(f"__init__() should return None, not '{_shown(result)}'")
    elif args or kwargs:
        raise TypeError(f"{kind.__name__}() takes no arguments")
    return walk.made.now(made)


def _shown(atom: Atom) -> str:
    return type(atom.value).__name__ if isinstance(atom, Const) else "a value"


def _dataclass(walk: Specializer, kind: type, args: Any, kwargs: Any) -> Atom | Any:
    """A dataclass by the constructor that was written for it, and its `__post_init__`."""
    if not is_followed(kind):
        return NOT_HERE
    member(walk, kind, "__init__")
    fields = dataclasses.fields(kind)
    signature = inspect.signature(getattr(kind, "__init__"))  # noqa: B009
    bound = signature.bind(None, *args, **dict(kwargs)).arguments
    if len(signature.parameters) != 1 + sum(f.init for f in fields):
        return NOT_HERE  # some are InitVars
    values = {f.name: _field(walk, f, bound) for f in fields}
    given = {name: value for name, value in values.items() if value is not None}
    if containers.is_plain_dataclass(kind):
        return Tree(kind, tuple(given.values()), tuple(given))
    made = walk.made.begin(kind, walk.body)
    for name, value in given.items():
        made = write(walk, made, name, value)
    post = member(walk, kind, "__post_init__")
    if post is not None:
        walk.apply(Const(post), (made,), ())
    return walk.made.now(made)


def _field(walk: Specializer, one: dataclasses.Field[Any], bound: dict[str, Any]) -> Atom | None:
    """The value of a field: given, its default, or what its factory makes."""
    if one.init and one.name in bound:
        return bound[one.name]  # type: ignore[no-any-return]
    if one.default_factory is not dataclasses.MISSING:
        return walk.apply(Const(one.default_factory), (), ())
    return None if one.default is dataclasses.MISSING else objects.captured_value(walk, one.default, one.name)


# --- attributes


def write(walk: Specializer, target: Atom, name: str, value: Atom) -> Tree:
    """target.name = value, on an object that was made here."""
    me = walk.made.whose.get(target) if isinstance(target, Tree) else None
    if me is None:
        walk.refuse(UntrackedMutation, "writing an attribute is not tracked", RETURN)
    if walk.made.regions.get(me) is not walk.body:
        walk.refuse(
            UntrackedMutation,
            f"the attribute {name!r} is written in a branch or loop, or behind one that has used the object",
            "make a new object instead",
        )
    walk.named(value, name.lstrip("_"))
    held = walk.made.holds[me]
    found = {**dict(zip(held.keys, held.items)), name: value}
    made = Tree(held.kind, tuple(found.values()), tuple(found))
    walk.made.hold(me, made)
    return made


def assign(walk: Specializer, args: Any, name: str) -> Atom:
    """setattr(object, name, value), as `object.name = value` is lowered."""
    target, attribute, value = args
    kind = target.kind if isinstance(target, Tree) else None
    found = inspect.getattr_static(kind, attribute.value, None) if kind else None
    if kind and is_frozen(kind):
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {attribute.value!r}")
    if isinstance(found, property) and isinstance(found.fset, FunctionType):
        member(walk, kind, attribute.value)
        walk.apply(Const(found.fset), (target, value), ())
    elif hasattr(type(found), "__set__") and not isinstance(found, MemberDescriptorType):
        walk.refuse(UntrackedMutation, f"{attribute.value!r} is written through a descriptor", RETURN)
    else:
        write(walk, target, attribute.value, value)
    return Const(None)


def assign_plainly(walk: Specializer, args: Any, name: str) -> Atom:
    """object.__setattr__(object, name, value), as frozen dataclasses write in `__post_init__`."""
    write(walk, args[0], args[1].value, args[2])
    return Const(None)


def find(walk: Specializer, receiver: Atom, name: str) -> Atom | Any:
    """receiver.name, of a container or object that was made here, or of what a path leads to."""
    if isinstance(receiver, Tree):
        return attribute(walk, receiver, name)
    kind = receiver.value if isinstance(receiver, Const) else None
    if isinstance(kind, type):
        static = inspect.getattr_static(kind, name, None)
        if isinstance(static, FunctionType):
            return Const(member(walk, kind, name))
        if isinstance(static, (classmethod, staticmethod)):
            return bound_member(walk, kind, kind, name, receiver)
    return objects.attribute(walk, receiver, name)


def attribute(walk: Specializer, tree: Tree, name: str) -> Atom | Any:
    """tree.name: a field, what its class has, or NOT_HERE."""
    if tree.kind in (*containers.SEQUENCES, dict, slice):
        return NOT_HERE
    if tree.kind is super:
        return _of_super(walk, tree, name)
    static = inspect.getattr_static(tree.kind, name, None)
    if name in tree.keys and not isinstance(static, property):
        return tree.items[tree.keys.index(name)]
    if static is None:
        return _missing(walk, tree, name)
    return bound_member(walk, tree.kind, tree.kind, name, tree)


def _missing(walk: Specializer, tree: Tree, name: str) -> Atom | Any:
    if isinstance(getattr(tree.kind, "__getattr__", None), FunctionType):
        return walk.apply(Const(member(walk, tree.kind, "__getattr__")), (tree, Const(name)), ())
    if name == "__class__":
        return Const(tree.kind)
    if name == "__dict__" and walk.made.whose.get(tree):
        walk.refuse(UnsupportedSyntax, "__dict__ of an object is not followed", "name its attributes")
    raise AttributeError(f"{tree.kind.__name__!r} object has no attribute {name!r}")


def bound_member(walk: Specializer, owner: type, kind: type, name: str, receiver: Atom) -> Atom | Any:
    """What `owner.name` is on an object of class `kind`: bound, computed, or as it is."""
    static = inspect.getattr_static(owner, name)
    if isinstance(static, FunctionType):
        return objects.bound(walk, member(walk, owner, name), receiver)
    if isinstance(static, (property, functools.cached_property)):
        getter = member(walk, owner, name)
        return NOT_HERE if getter is None else walk.apply(Const(getter), (receiver,), (), "")
    if isinstance(static, classmethod):
        function = member(walk, owner, name)
        return NOT_HERE if function is None else objects.bound(walk, function, Const(kind))
    if isinstance(static, staticmethod):
        found = member(walk, owner, name)
        return NOT_HERE if found is None else Const(found)
    if hasattr(type(static), "__get__"):
        return NOT_HERE
    return objects.constant_attribute(walk, Const(owner), name)


STEPS: dict[type, str] = {property: "fget", functools.cached_property: "func", classmethod: "__func__"}


def member(walk: Specializer, kind: Any, name: str) -> Any:
    """The function behind a method, getter, class or static method of a class, guarded: it can be patched."""
    static = inspect.getattr_static(kind, name, None)
    holder = Capture(kind.__name__, walk.cells.setdefault(id(kind), CellType(kind)))
    path: tuple[str, ...] = (name,)
    found = static
    if type(static) in STEPS:
        if not isinstance(static, classmethod):
            walk.guards.append(Guard(holder, path, static))
        found, path = getattr(static, STEPS[type(static)]), (name, STEPS[type(static)])
    elif isinstance(static, staticmethod):
        found = static.__func__
        if not isinstance(found, FunctionType):
            walk.guards.append(Guard(holder, path, found))
            return found
    if not isinstance(found, FunctionType):
        return None
    walk.guards.append(Guard(holder, path, found, found.__code__))
    return found


# --- super()


def make_super(walk: Specializer, args: Any, name: str) -> Atom | Any:
    """super(kind, object): looked up behind `kind` in the order of the object's class."""
    if len(args) != 2 or not isinstance(args[0], Const):
        return NOT_HERE
    return Tree(super, tuple(args), ("__thisclass__", "__self__"))


def _of_super(walk: Specializer, tree: Tree, name: str) -> Atom | Any:
    this, receiver = tree.items
    assert isinstance(this, Const)
    kind = objects.kind_of(walk, receiver)
    if kind is type or (kind is None and isinstance(receiver, Const)):
        kind = receiver.value if isinstance(receiver, Const) else None
    if kind is None or this.value not in kind.__mro__:
        return NOT_HERE
    behind = kind.__mro__[kind.__mro__.index(this.value) + 1 :]
    owner = next((each for each in behind if name in vars(each)), None)
    if owner is None:
        raise AttributeError(f"'super' object has no attribute {name!r}")
    if owner is object:
        return Const(getattr(object, name)) if name != "__init__" else Const(nothing)
    return bound_member(walk, owner, kind, name, receiver)


def nothing() -> None:
    """object.__init__()"""


# --- what has no spelling


def check_spelled(function: Function, choices: Collection[Atom]) -> None:
    """Refuse where an object of the walk is needed as a whole: generated code has no word for it."""
    for statement in ir.statements(function.body):
        for atom in operands_of(statement):
            kind = unspelled(atom)
            if any(var in choices for var in ir.variables(atom)):
                text, advice = (
                    "a function that a branch chooses is needed as a value",
                    "call it in the branch",
                )
                refuse(UnsupportedSyntax, statement.origin, text, advice)
            if kind is not None:
                refuse(
                    UnsupportedSyntax,
                    statement.origin,
                    f"an object of type {kind.__name__} that is made here is needed as a whole",
                    "pass what it holds",
                )


def unspelled(atom: Atom) -> type | None:
    """The class of a Tree in an atom that no text can make."""
    if not isinstance(atom, Tree):
        return None
    if not containers.is_spelled(atom.kind):
        return atom.kind
    return next((kind for kind in map(unspelled, atom.items) if kind is not None), None)
