"""Operations that the walk resolves itself: attributes, items, unpacking, augmented assignment, shapes.

In come the operands of one call, out comes the atom of its value, or NOT_HERE where the call is one like
any other.

    x.shape of f8[x0]  ->  t1: tuple(int x0)      a, b = f8[2]  ->  a[0], a[1]
    s += y of a float  ->  add(s, y)              s += y of an array  ->  refused
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from astgrad import runtime, runtime_python
from astgrad.analyses import specs as sp
from astgrad.analyses.facts import Fact
from astgrad.analyses.specs import UNKNOWN
from astgrad.errors import MissingRule, UnsupportedSyntax, UntrackedMutation
from astgrad.ir import Atom, Call, Const, Effects, Tree, Var
from astgrad.rules import registry
from astgrad.transform import broadcasting, callables, classes, containers, lists
from astgrad.transform.builder import atom_of
from astgrad.transform.containers import NOT_HERE

if TYPE_CHECKING:
    from astgrad.transform.specialize import Specializer

SCALARS = frozenset(runtime.KINDS - {*runtime.ARRAYS})
STATIC_ATTRIBUTES = ("shape", "ndim", "size", "dtype", "itemsize", "nbytes")
AUGMENTED = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
    operator.ifloordiv: operator.floordiv,
    operator.imod: operator.mod,
    operator.ipow: operator.pow,
    operator.imatmul: operator.matmul,
    operator.iand: operator.and_,
    operator.ior: operator.or_,
    operator.ixor: operator.xor,
    operator.ilshift: operator.lshift,
    operator.irshift: operator.rshift,
}


def _getattr(walk: Specializer, args: Any, name: str) -> Any:
    value, attribute = args[0], args[1].value
    if isinstance(value, Tree):
        return classes.attribute(walk, value, attribute)
    spec = walk.spec(value)
    if walk.in_rule and attribute == "T" and sp.rank(spec) == 0:
        return value  # an adjoint may be a number of Python
    if isinstance(spec, (sp.Array, sp.Number)) or (isinstance(value, Var) and not walk.facts.roots):
        if isinstance(spec, sp.Array) and not hasattr(np.ndarray, attribute):
            raise AttributeError(f"'numpy.ndarray' object has no attribute {attribute!r}")
        if attribute in registry.METHODS and attribute not in registry.ATTRIBUTES and spec is not UNKNOWN:
            return callables.bound_method(attribute, value)
        if attribute not in (*registry.ATTRIBUTES, *STATIC_ATTRIBUTES) and spec is not UNKNOWN:
            walk.refuse(MissingRule, f"the array attribute .{attribute} has no derivative rule", "")
        result = walk.emit(Const(getattr), args, (), name)
        if isinstance(result, Var) and attribute not in STATIC_ATTRIBUTES and walk.is_varied(value):
            walk.varied.add(result)
        return result
    found = classes.find(walk, value, attribute)
    if found is NOT_HERE and walk.is_varied(value):
        if attribute not in (*registry.ATTRIBUTES, *STATIC_ATTRIBUTES):
            walk.refuse(
                MissingRule, f"the attribute .{attribute} of what is computed here has no derivative rule", ""
            )
        result = walk.emit(Const(getattr), args, (), name)
        if isinstance(result, Var) and attribute not in STATIC_ATTRIBUTES:
            walk.varied.add(result)
        return result
    if found is NOT_HERE:
        return walk.append(Const(getattr), args, (), UNKNOWN, Effects(None, (), True, "unknown"), name)
    return found


def _getitem(walk: Specializer, args: Any, name: str) -> Any:
    value, index = args
    if not isinstance(value, Tree):
        spec = walk.spec(value)
        if isinstance(spec, sp.Struct):
            return _getitem(walk, (walk.as_tree(value), index), name)
        return NOT_HERE
    index = _key(walk, index) if value.kind is dict else walk.force(index)
    try:
        key = index.value if isinstance(index, Const) else sp.static(walk.spec(index))
        return containers.getitem(value, key)
    except sp.Undecided:
        walk.refuse(
            UnsupportedSyntax,
            f"the index of a {value.kind.__name__} is not known before the call",
            "use an array, or a constant index",
        )
    except containers.Indexing as error:
        raise error.args[0] from None


def _key(walk: Specializer, index: Atom) -> Atom:
    """A key by value: an argument, or a scalar that is made of a literal, as np.int64(3) is."""
    if isinstance(index, Tree):
        return Tree(index.kind, tuple(_key(walk, item) for item in index.items), index.keys)
    call, path = walk.defs.get(index), walk.paths.get(index)  # type: ignore[arg-type]
    if path is not None and walk.facts.may_force(path) and registry.hashable(walk.facts.value(path)):
        key = walk.facts.value(path)
        walk.facts.use(Fact(path, "value", key))
        return Const(key)
    literal = call is not None and len(call.args) == 1 and isinstance(call.args[0], Const) and not call.kwargs
    if literal and isinstance(call.op, Const) and call.op.value in SCALARS:  # type: ignore[union-attr]
        return Const(call.op.value(call.args[0].value))  # type: ignore[union-attr]
    return index


def _unpack(walk: Specializer, args: Any, name: str) -> Any:
    value, number = args[0], walk.spec(args[1])
    count = number.value if isinstance(number, sp.Number) else None
    if not isinstance(count, int):
        return NOT_HERE
    items = containers.elements(value)
    spec = walk.spec(value)
    length = len(items) if items is not None else len(spec.items) if isinstance(spec, sp.Struct) else None
    if length is None and isinstance(spec, sp.Array) and spec.shape:
        length = walk.exact_length(spec.shape[0])
        if length == count:
            rows = (walk.ruled(Const(operator.getitem), (value, Const(i)), (), "") for i in range(count))
            return Tree(tuple, tuple(rows))
    if isinstance(spec, sp.Listing):
        effects = Effects(None, (), True, "unknown")  # it raises where the length is another
        walk.body.append(Call(None, Const(runtime.unpack), args, (), effects, walk.origin))
        return Tree(tuple, tuple(lists.element(walk, value, Const(i), spec.state, "") for i in range(count)))
    if length is None:
        return NOT_HERE
    if length != count:
        few = f"not enough values to unpack (expected {count}, got {length})"
        raise ValueError(few if length < count else f"too many values to unpack (expected {count})")
    return Tree(tuple, items) if items is not None else value


def _augmented(plain: Any) -> Callable[..., Any]:
    def augmented(walk: Specializer, args: Any, name: str) -> Any:
        target, value = args
        spec = walk.spec(target)
        if isinstance(spec, sp.Array) or (isinstance(target, Tree) and target.kind in (list, dict)):
            walk.refuse(
                UntrackedMutation,
                "an augmented assignment writes into an array or list",
                "write 'x = x + y', which makes a new one",
            )
        if isinstance(spec, sp.Unknown):
            target = walk.ruled(Const(runtime.immutable), (target,), (), "")
        return walk.apply(Const(plain), (target, value), (), name)

    return augmented


def _isinstance(walk: Specializer, args: Any, name: str) -> Any:
    value, types = args
    if not isinstance(types, (Const, Tree)):
        return NOT_HERE
    kinds = types.value if isinstance(types, Const) else sp.static(walk.spec(types))
    spec = walk.spec(value)
    if isinstance(value, Tree):
        return Const(issubclass(value.kind, kinds))
    if isinstance(spec, sp.Array):
        return Const(issubclass(np.ndarray, kinds))
    if isinstance(spec, sp.Number):
        return Const(issubclass(spec.type, kinds))
    return Const(isinstance(spec.value, kinds)) if isinstance(spec, sp.Known) else NOT_HERE


def _unbroadcast(walk: Specializer, args: Any, name: str) -> Any:
    value, x = args
    return broadcasting.unbroadcast(walk, value, x) if walk.in_rule else NOT_HERE


def _unreduce(walk: Specializer, args: Any, name: str) -> Any:
    by, a, axis, keepdims = (*args, Const(None), Const(False))[:4]
    try:
        options = (sp.static(walk.spec(axis)), sp.static(walk.spec(keepdims)))
    except sp.Undecided:
        return NOT_HERE
    spread = broadcasting.unreduce(walk, by, a, *options) if walk.in_rule else None
    return NOT_HERE if spread is None else spread


def _conjugate(walk: Specializer, args: Any, name: str) -> Any:
    dtype = sp.dtype_of(walk.spec(args[0]))
    return args[0] if walk.in_rule and dtype is not None and dtype.kind != "c" else NOT_HERE


def _tree_like(walk: Specializer, args: Any, name: str) -> Any:
    """The adjoint of an array of static lists, item by item."""
    by, tree = args
    if not isinstance(tree, Tree) or not isinstance(walk.spec(by), sp.Array):
        return NOT_HERE

    def item(atom: Atom, place: tuple[int, ...]) -> Atom:
        if isinstance(atom, Tree):
            return Tree(
                atom.kind, tuple(item(each, (*place, i)) for i, each in enumerate(atom.items)), atom.keys
            )
        if not walk.is_varied(atom):
            return Const(None)
        piece = walk.call(operator.getitem, by, place if len(place) > 1 else place[0])
        return broadcasting.cast(walk, piece, atom)

    return item(tree, ())


def _stop_gradient(walk: Specializer, args: Any, name: str) -> Any:
    """Leaf by leaf in a container."""
    if not isinstance(args[0], Tree):
        return NOT_HERE
    items = (walk.apply(Const(runtime.stop_gradient), (item,), ()) for item in args[0].items)
    return Tree(args[0].kind, tuple(items), args[0].keys)


def _refused(walk: Specializer, args: Any, name: str) -> Any:
    """A case that a rule does not have, at the line of the call."""
    advice = "write it with other functions, or wrap the argument in stop_gradient(...)"
    walk.refuse(MissingRule, args[0].value, advice)


def _reshape(walk: Specializer, args: Any, name: str) -> Any:
    """Nothing, where a rule brings back a shape that an array has already."""
    if not walk.in_rule or len(args) != 2 or not isinstance(walk.spec(args[0]), sp.Array):
        return NOT_HERE
    have, want = sp.shape_of(walk.spec(args[0])), walk.spec(args[1])
    if have is None or not isinstance(want, sp.Struct) or len(have) != len(want.items):
        return NOT_HERE
    dims = [item.dimension if isinstance(item, sp.Number) else None for item in want.items]
    if len(dims) == 1:  # another length would raise
        return args[0]
    return args[0] if all(sp.same(a, b) for a, b in zip(have, dims)) else NOT_HERE


def _unraising(walk: Specializer, args: Any, name: str) -> Any:
    specs = [walk.spec(arg) for arg in args]
    if any(spec is UNKNOWN for spec in specs):
        return NOT_HERE
    return walk.call(np.float64, args[0]) if _floats(specs) else args[0]


def _inverse(walk: Specializer, args: Any, name: str) -> Any:
    x, y = (walk.spec(arg) for arg in args)
    nonzero = isinstance(x, sp.Number) and isinstance(x.value, (int, float)) and x.value != 0
    safe = nonzero or sp.is_numpys(x) or (isinstance(y, sp.Number) and y.type in sp.NUMBERS)
    return walk.call(operator.truediv if safe else np.divide, Const(1), args[0])


def _floats(specs: list[sp.Spec]) -> bool:
    return all(isinstance(spec, sp.Number) and spec.type is float for spec in specs)


def _shape(walk: Specializer, args: Any, name: str) -> Any:
    """x.shape, where a rule asks for the shape of what is an array."""
    if not walk.in_rule or not isinstance(walk.spec(args[0]), sp.Array):
        return NOT_HERE
    return walk.call(getattr, args[0], "shape")


def _slice(walk: Specializer, args: Any, name: str) -> Any:
    """A slice that a rule makes, as a display."""
    parts = (Const(None), args[0]) if len(args) == 1 else args
    return Tree(slice, (*parts, Const(None), Const(None))[:3]) if walk.in_rule else NOT_HERE


def _argsort(walk: Specializer, args: Any, name: str) -> Any:
    """The inverse of a permutation that is known."""
    if not walk.in_rule or not isinstance(args[0], Tree):
        return NOT_HERE
    try:
        return atom_of(tuple(int(i) for i in np.argsort(sp.static(walk.spec(args[0])))))
    except sp.Undecided:
        return NOT_HERE


def _each(walk: Specializer, args: Any, name: str) -> Any:
    """The adjoint of a sum of items that are known one by one."""
    by, items = args
    if not walk.in_rule or not isinstance(items, Tree):
        return NOT_HERE
    return Tree(list, tuple(broadcasting.unbroadcast(walk, by, item) for item in items.items))


def _split_like(walk: Specializer, args: Any, name: str) -> Any:
    """What was put side by side, each piece by its index."""
    by, arrays, axis = (*args, Const(0))[:3]
    rank, at = sp.rank(walk.spec(by)), getattr(axis, "value", None)
    if not walk.in_rule or not isinstance(arrays, Tree) or not rank or type(at) is not int:
        return NOT_HERE
    ranks = [sp.rank(walk.spec(array)) for array in arrays.items]
    if any(each not in (rank, rank - 1) for each in ranks):
        return NOT_HERE
    before = (slice(None),) * (at % rank)
    start: Atom = Const(0)
    pieces: list[Atom] = []
    for array, each in zip(arrays.items, ranks):
        if each == rank - 1:
            stop = walk.call(operator.add, start, 1)
            place: Any = start
        else:
            length = walk.call(operator.getitem, walk.call(getattr, array, "shape"), at % rank)
            first = isinstance(start, Const) and start.value == 0
            stop = length if first else walk.call(operator.add, start, length)
            last = array is arrays.items[-1] and len(pieces) == len(ranks) - 1
            bounds = (Const(None) if first else start, Const(None) if last else stop, Const(None))
            place = Tree(slice, bounds)
        index = Tree(tuple, (*map(atom_of, before), place)) if before else place
        pieces.append(walk.call(operator.getitem, by, index))
        start = stop
    return Tree(list, tuple(pieces))


def _count(walk: Specializer, args: Any, name: str) -> Any:
    a, axis = (*args, Const(None))[:2]
    if isinstance(a, Tree) or not walk.in_rule:
        return NOT_HERE
    try:
        found = broadcasting.size(walk, a, sp.static(walk.spec(axis)))
    except sp.Undecided:
        return NOT_HERE
    return NOT_HERE if found is None else found


OPERATIONS: dict[Any, Callable[..., Any]] = {
    runtime.unbroadcast: _unbroadcast,
    runtime.unreduce: _unreduce,
    np.conjugate: _conjugate,
    runtime.count: _count,
    runtime.unraising: _unraising,
    runtime.inverse: _inverse,
    runtime.refused: _refused,
    np.reshape: _reshape,
    np.shape: _shape,
    np.argsort: _argsort,
    slice: _slice,
    runtime_python.each: _each,
    runtime.split_like: _split_like,
    runtime.stop_gradient: _stop_gradient,
    runtime.tree_like: _tree_like,
    np.size: _count,
    getattr: _getattr,
    operator.getitem: _getitem,
    runtime.unpack: _unpack,
    isinstance: _isinstance,
    **{inplace: _augmented(plain) for inplace, plain in AUGMENTED.items()},
}
