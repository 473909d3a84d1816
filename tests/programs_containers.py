"""Containers: tuples, lists, dicts, namedtuples and dataclasses; built, taken apart, carried through loops.

The form is that of tests/corpus.py. A list grows by append; every other write into a container is refused.
"""

from __future__ import annotations

import dataclasses
import math
import operator
from collections import namedtuple
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from tests.corpus import Chapter
from tests.programs import Layer, Pair, Params, case
from tests.samples import normal, positive

CHAPTER = Chapter("containers")

State = namedtuple("State", "x v t", defaults=(0.0,))


class Gate(NamedTuple):
    """With a default and a method."""

    w: Any
    b: Any = 0.5

    def apply(self, x):
        return self.w * x + self.b


@dataclass
class Body:
    """Nested, with defaults, a method, a property and a field that is no number."""

    position: Any
    mass: float = 1.0
    parts: list[Any] = field(default_factory=list)
    label: str = "body"

    @property
    def weight(self):
        return self.mass * 9.81

    def moved(self, by):
        return replace(self, position=self.position + by)


@dataclass(frozen=True)
class System:
    """Bodies by name."""

    bodies: dict[str, Body]
    damping: float


# --- building lists

program = CHAPTER.section("building lists")


@program(normal(4))
def append_in_a_loop(x):
    squares = []
    for v in x:
        squares.append(v * v)
    return sum(squares) * squares[0] + squares[-1]


@program(normal(4))
def append_then_array(x):
    values = []
    for i, v in enumerate(x):
        values.append(v**2 + i * x[0])
    y = np.array(values)
    return np.sum(np.sin(y) * y)


@program(normal(3), 4, wrt="x", also=(case(normal(3), 1),))
def append_then_stack(x, n):
    rows = []
    for i in range(n):
        x = np.tanh(x + i)
        rows.append(x)
    trajectory = np.stack(rows)
    return np.sum(trajectory**2) + np.sum(np.concatenate(rows) ** 3)


@program(normal(4))
def append_in_branches(x):
    low, high = [], [x[0]]
    for v in x:
        if v < 0:
            low.append(v * v)
        else:
            high.append(v**3)
    return sum(low) * sum(high) + len(low) * x[1]


@program(normal(5))
def append_reads_the_last_item(x):
    sums = [x[0]]
    for v in x[1:]:
        sums.append(sums[-1] * 0.5 + v * v)
    return sums[-1] * sums[2] + sums[1]


@program(1.3, 8, wrt="x")
def fibonacci_in_a_list(x, n):
    f = [1.0, x]
    for i in range(2, n):
        f.append(f[i - 1] * 0.5 + f[i - 2] * x)
    return f[-1] * f[3]


@program(normal(3, 2))
def lists_of_lists(a):
    rows = []
    for row in a:
        items = []
        for v in row:
            items.append(v * v)
        rows.append(items)
    m = np.array(rows)
    return np.sum(m * a) + rows[1][0] * rows[2][1]


@program(1.3)
def append_in_while(x):
    path = [x]
    while path[-1] < 20:
        path.append(path[-1] * 1.8 + 0.1 * x)
    return path[-1] * path[1] * len(path)


@program(normal(4), flat=True)
def append_in_a_helper(x):
    def collect(values, limit):
        found = []
        for v in values:
            if v > limit:
                found.append(v * v)
        return found

    positive_ones = collect(x, 0.0)
    everything = collect(x, -9.0)
    return sum(positive_ones) * everything[0] + len(positive_ones) * everything[1]


@program(1.3, 0.7, wrt=(0, 1))
def append_through_an_alias(x, y):
    a = [x]
    b = a
    b.append(y * x)
    a.append(y)
    return a[1] * b[2] + len(a) * b[0] ** 2


@program(normal(3))
def append_of_tuples_and_dicts(x):
    records = []
    for i, v in enumerate(x):
        records.append({"value": v * v, "pair": (v, i)})
    return sum(r["value"] * r["pair"][0] for r in records) + records[1]["pair"][0] * records[2]["value"]


@program(normal(3), rules="S7")
def append_in_a_closure(x):
    seen = []

    def note(v):
        seen.append(v * v)
        return v * 2

    y = sum(note(v) for v in x)
    return y * seen[0] + seen[2] * seen[1]


@program(normal(4), 3, wrt="x")
def list_rebound_by_concatenation(x, n):
    values = [x[0]]
    for i in range(n):
        values = values + [values[-1] * x[i + 1], x[i]]
    return sum(values) * values[3]


@program(normal(3), normal(3, 3, seed=1), wrt=(0, 1))
def stack_of_states(h, w):
    states = [h]
    for k in range(3):
        states.append(np.tanh(w @ states[k]))
    late = states[-2:]
    return np.sum(np.stack(states, axis=1) ** 2) + np.sum(late[0] * late[1])


@program(1.2, 0.7, wrt=(0, 1))
def ascontiguous_rows(x, y):
    m = np.array([[x * i + y * j for j in range(3)] for i in range(2)])
    return np.sum(m**3)


# --- taking apart

program = CHAPTER.section("unpacking")


@program((1.2, 0.7, -0.4, 0.3))
def starred_targets(p):
    first, *middle, last = p
    head, *nothing = (first,)
    return first * last * middle[0] + middle[1] ** 2 * len(p[1:]) + head * len(nothing)


@program([1.2, (0.7, [-0.4, 0.3])])
def nested_targets(p):
    a, (b, (c, d)) = p
    [e, *_] = [a * b, c]
    return a * b * c + d * d * e


@program([1.2, 0.7, -0.4])
def starred_displays(p):
    longer = [0.5, *p, p[0] * p[1], *(p[2], 2.0)]
    pair = (*p, *p[:1])
    return sum(v * v * (i + 1) for i, v in enumerate(longer)) * pair[3] + pair[1]


@program([(1.2, 0.7), (-0.4, 0.3), (0.9, 1.1)])
def unpacking_in_for(pairs):
    s = 1.0
    for a, b in pairs:
        s = s * a + b
    for (a, *rest), k in zip(pairs, range(3)):
        s += a * rest[0] * (k + 1)
    return s


@program(normal(2, 3))
def unpacking_arrays(a):
    first, second = a
    x, *others = first
    (p, q, _), _ = a
    return x * np.sum(second**2) + others[0] * others[1] + p * q * x


@program([(1.2, 0.7), (-0.4, 0.3), (0.9, 1.1)])
def transposed_by_zip(pairs):
    lefts, rights = zip(*pairs)
    products = [a * b for a, b in zip(lefts, rights)]
    return sum(products) * lefts[0] + rights[-1] ** 2


@program(1.2, 0.7, wrt=(0, 1))
def swaps_in_a_loop(x, y):
    a, b, c = x, y, x * y
    for i in range(5):
        a, b, c = b, c, a * 0.5 + b * i
    return a * b + c


# --- slices, concatenation, len, in, sorted

program = CHAPTER.section("sequences")


@program([1.2, 0.7, -0.4, 0.3, 0.9])
def slices_of_lists(p):
    s = 0.0
    for a, b in zip(p[1:], p[:-1]):
        s += a * b * b
    return s * p[::-1][0] + sum(p[1:4:2]) * p[-2:][0] + len(p[5:])


@program((1.2, 0.7), [0.5, 1.5], wrt=(0, 1))
def concatenation(p, q):
    t = p + (p[0] * q[0],) + tuple(q)
    r = q + list(p) + [t[2]]
    return t[-1] * r[-1] + sum(r) * t[1] + sum(r * 2) * p[0]


@program([1.2, 0.7], 3, wrt=0, rules="S3")
def repetition(p, n):
    rows = [p[0]] * n + 2 * [p[1] * p[0]]
    return sum(rows) * rows[-1] + len((0.0,) * n) * rows[0]


@program(1.2, ["a", "b"], {"a": 1}, wrt="x")
def membership(x, names, table):
    y = x
    for key in ("a", "c", "b"):
        if key in table:
            y = y * x
        elif key not in names:
            y = y + x * x
        else:
            y = y * 2
    return y * (3 in (1, 2, 3))


@program([1.2, 0.7, -0.4, 0.3], rules="S26")
def sorted_values(p):
    s = sorted(p)
    t = sorted(p, key=lambda v: v * v, reverse=True)
    return s[0] * s[1] ** 2 + s[3] * t[0] * 3 + t[-1] * s[2] ** 3


@program([("b", 1.2), ("a", 0.7), ("c", -0.4)], rules="S26")
def sorted_by_name(pairs):
    ordered = sorted(pairs, key=lambda pair: pair[0])
    s = 1.0
    for _, v in ordered:
        s = s * v + v
    return s * ordered[0][1]


@program(np.array([0.7, -0.4, 1.2]), rules="S26")
def sorted_array(x):
    low, middle, high = sorted(x)
    i = sorted(range(3), key=lambda k: x[k])
    return low * middle**2 + high * x[i[0]] + x[i[2]] ** 3


@program([0.5, 1.5, 2.5], rules="S26", expected=[0.0, 0.0, 5.0], second=False, flat=True)
def largest_and_its_index(p):
    i = max(range(len(p)), key=lambda k: p[k])
    return p[i] * p[p.index(max(p))]


@program([1.2, 0.7], [0.5], wrt=(0, 1))
def lists_compared(p, q):
    s = p[0] * p[1]
    if len(p) > len(q) and q != [] and p is not q:
        s = s * q[0]
    return s + (p == [1.0]) * 5 + bool(q) * q[0] ** 2


@program([1.2, 0.7, -0.4], wrt=0)
def copies_of_lists(p):
    q = list(p)
    r = p.copy()
    t = p[:]
    q.append(q[0] * r[1])
    return q[3] * t[2] + sum(reversed(r)) * len(q)


@program(1.2, (3, 4), wrt="x")
def shapes_in_loops(x, shape):
    s = np.full(shape, x)
    total = 0.0
    for n in s.shape + (2,):
        total = total + np.sum(s[:n] ** 2) / n
    return total


@program([(2, 1.2), (1, 0.7), (3, -0.4)], rules="S26 S27")
def sorted_by_a_getter(pairs):
    s = 1.0
    for n, v in sorted(pairs, key=operator.itemgetter(0), reverse=True):
        s = s * v + n * v
    return s


# --- dicts

program = CHAPTER.section("dicts")


@program({"a": 1.2, "b": 0.7}, {"b": 0.3, "c": 2.0}, wrt=(0, 1))
def merged_dicts(p, q):
    r = {**p, **q}
    t = p | q | {"a": p["b"] * 2}
    return r["a"] * r["b"] * r["c"] + t["a"] * t["c"]


@program({"a": 1.2, "b": 0.7})
def dicts_rebuilt_in_a_loop(p):
    for i in range(3):
        p = {"a": p["b"] * p["a"], "b": p["a"] + i}
    return p["a"] * p["b"]


@program({"w": normal(2, 3), "b": normal(2)}, normal(3), 0.1, wrt=0)
def sgd_on_a_dict(params, x, rate):
    for _ in range(2):
        error = np.tanh(params["w"] @ x + params["b"])
        grads = {"w": np.outer(error, x), "b": error}
        params = {k: params[k] - rate * g for k, g in grads.items()}
    return np.sum(params["w"] ** 2) + np.sum(params["b"] ** 3)


@program({"a": 1.2, "b": 0.7})
def dict_queries(p):
    d = dict(p, c=p["a"] * p["b"])
    total = d.get("c", 0.0) * d.get("zz", 2.0)
    for k, v in sorted(d.items()):
        total += v * v if k in p else v
    return total * len(d) + max(d.values())


@program({"x": {"y": {"z": 1.2}}, "k": [0.5, {"m": 0.7}]})
def nested_dicts(p):
    inner = p["x"]["y"]
    return inner["z"] ** 2 * p["k"][1]["m"] + p["k"][0] * inner["z"]


@program({0: 1.2, 1: 0.7, (2, "a"): -0.4})
def other_keys(p):
    return p[0] * p[1] ** 2 + p[2, "a"] * p[True]


@program(normal(3))
def dict_of_zip(x):
    d = dict(zip("abc", x))
    e = {k: d[k] * d["a"] for k in "ab"}
    return e["b"] * d["c"] + sum(e.values()) ** 2


@program([{"w": 1.2, "b": 0.7}, {"w": -0.4, "b": 0.3}], 0.8, wrt=(0, 1))
def list_of_dicts(layers, x):
    for layer in layers:
        x = math.tanh(layer["w"] * x + layer["b"])
    return x * x


# --- namedtuples and dataclasses

program = CHAPTER.section("records")


@program(State(1.2, 0.7, 0.1))
def namedtuple_carried(state):
    for _ in range(3):
        state = State(state.x + 0.1 * state.v, state.v - 0.1 * math.sin(state.x), state.t + 0.1)
    return state.x * state.v + state.t**2


@program(State(normal(3), normal(3, seed=1)), 0.3, wrt=(0, 1), flat=True)
def verlet(state, h):
    force = lambda x: -x / (1 + x @ x)
    for _ in range(3):
        half = state.v + h / 2 * force(state.x)
        x = state.x + h * half
        state = state._replace(x=x, v=half + h / 2 * force(x))
    return state.x @ state.v + np.sum(state.x**2)


@program(Gate(1.2), 0.7, wrt=(0, 1))
def namedtuple_methods(gate, x):
    other = Gate(gate.b * x)
    return gate.apply(other.apply(x)) * other.b + sum(gate) * gate[0]


@program(Body(normal(2), 1.5, [0.5, normal(2, seed=1)]), 0.3, wrt=(0, 1))
def dataclass_methods(body, h):
    for _ in range(2):
        body = body.moved(h * body.position)
    return np.sum(body.position**2) * body.weight + body.parts[0] * np.sum(body.parts[1] ** 2)


@program(Body(normal(2), 1.5), wrt=0)
def replaced(body):
    twin = dataclasses.replace(body, mass=body.mass * 2, parts=[body.position])
    return np.sum(twin.parts[0] ** 2) * twin.mass + body.mass**2 * len(twin.label)


@program(System({"sun": Body(normal(2), 2.0), "earth": Body(normal(2, seed=1), 0.5)}, 0.9), rules="S27")
def nested_records(system):
    energy = 0.0
    for name, body in system.bodies.items():
        if name != "sun":
            d = body.position - system.bodies["sun"].position
            energy -= body.mass * system.bodies["sun"].mass / np.sqrt(d @ d + 1)
    return energy * system.damping


@program(normal(2), 0.7, wrt=(0, 1))
def records_made_in_a_loop(x, m):
    bodies = [Body(x * i, mass=m + i) for i in range(1, 4)]
    center = sum(b.position * b.mass for b in bodies) / sum(b.mass for b in bodies)
    return center @ center + bodies[1].weight * bodies[0].mass


@program(Params(1.2, Pair(0.7, [normal(2), {"k": 0.3}])))
def mixed_nesting(p):
    (a, (b, (c, d))) = (p.scale, p.shift)
    return a * b * np.sum(c**2) + d["k"] ** 2 * a


@program([Layer(normal(3, 2), normal(3)), Layer(normal(2, 3), normal(2))], normal(4, 2), normal(4, 2), wrt=0)
def network_of_namedtuples(layers, xs, ys):
    loss = 0.0
    for x, y in zip(xs, ys):
        for layer in layers[:-1]:
            x = np.maximum(layer.w @ x + layer.b, 0.01 * (layer.w @ x + layer.b))
        out = layers[-1].w @ x + layers[-1].b
        loss += np.sum((out - y) ** 2)
    return loss / len(xs)


@program(
    [(normal(4, 3), normal(4)), (normal(4, 4), normal(4)), (normal(2, 4), normal(2))],
    normal(5, 3),
    wrt=(0, 1),
)
def multilayer_perceptron(layers, x):
    *hidden, (w, b) = layers
    for v, c in hidden:
        x = np.tanh(x @ v.T + c)
    return np.mean((x @ w.T + b) ** 2)


# --- results of helpers and carried containers

program = CHAPTER.section("carried containers")


def moments(values):
    return {"n": len(values), "mean": sum(values) / len(values), "square": sum(v * v for v in values)}


@program([1.2, 0.7, -0.4])
def results_in_dicts(values):
    m = moments(values)
    n = moments([m["mean"], m["square"], *values[:1]])
    return m["mean"] * n["square"] + n["mean"] * m["n"]


@program((0.3, 0.5), wrt=0)
def tuple_carried(point):
    for _ in range(4):
        x, y = point
        point = (x * x - y * y + 0.1, 2 * x * y + 0.2)
    return point[0] ** 2 + point[1]


@program([0.3, 0.5, 0.7], wrt=0)
def list_carried(values):
    for _ in range(3):
        values = [a * b + 0.1 for a, b in zip(values, values[1:] + values[:1])]
    return values[0] + values[1] * values[2]


@program((normal(3), (normal(3, seed=1), 0.5)))
def nested_tuple_carried(carry):
    for k in range(3):
        a, (b, c) = carry
        carry = (b * c, (np.sin(a), c * 0.9 + k * a[0]))
    return np.sum(carry[0] * carry[1][0]) * carry[1][1]


@program(1.3, 0.7, True, wrt=(0, 1), also=(case(1.3, 0.7, False),))
def containers_joined_by_a_branch(x, y, flag):
    if flag:
        p = {"a": x * y, "b": [x]}
    else:
        p = {"a": y, "b": [x * x]}
    q = (x, y) if flag else (y * y, x)
    return p["a"] * p["b"][0] * q[0] + q[1]


@program(1.3, 0.7, 2, wrt=(0, 1), rules="S14", also=(case(1.3, 0.7, 0), case(1.3, 0.7, 5)))
def lists_of_other_lengths_joined(x, y, n):
    if n > 1:
        values = [x, y, x * y]
    else:
        values = [y]
    for i in range(n):
        values = [*values, values[i] * x]
    return sum(v * v for v in values)


@program(positive(4), rules="S27", also=(case(positive(2)),))
def softmax_with_lists(x):
    exps = [math.exp(v) for v in x]
    total = sum(exps)
    shares = [e / total for e in exps]
    return -sum(p * math.log(p) for p in shares) + shares[0] * x[1]


@program(0.9, 0.6, wrt=(0, 1))
def best_of_a_beam(x, y):
    beam = [(0.0, x)]
    for k in range(3):
        grown = []
        for score, state in beam:
            grown.append((score + state * y, state * 0.8 + 0.3 * k))
            grown.append((score + state * state, state * 0.5 + y))
        beam = sorted(grown, key=lambda pair: pair[0], reverse=True)[:2]
    score, state = beam[0]
    return score * state + beam[1][0]


@program([0.9, 0.2, 0.6], [0.5, 0.7, 0.4], wrt=(0, 1), flat=True)
def knapsack(values, costs):
    best = [0.0] * 4
    for v, w in zip(values, costs):
        previous = best
        best = [previous[0]]
        for room in range(1, 4):
            take = previous[room - 1] + v * v / w
            best.append(take if take > previous[room] else previous[room])
    return best[2] * best[1]


@program(normal(3), rules="S27")
def tuple_of_everything(x):
    mixed = (x, None, "name", [x[0], 3, True], {"f": np.sin})
    y = mixed[4]["f"](mixed[0]) * mixed[3][1]
    return np.sum(y * x) * (mixed[1] is None) + mixed[3][0] ** 2 * len(mixed[2])


@program({"w": 1.2, "n": 3, "name": "x", "flags": [True, None]}, rules="S27")
def bystanders_in_loops(p):
    s = 1.0
    for i in range(p["n"]):
        if p["flags"][0] and p["name"] == "x":
            s = s * p["w"] + i
    return s


@program([1.402])
def list_kept_in_a_list(w):
    kept = []
    if all(w):
        kept.append(w)
    return np.sum(kept[0])
