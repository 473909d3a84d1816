"""Control flow: branches, loops, conditions, regions, and the algorithms that are made of them.

The form is that of tests/corpus.py. No program writes into an array; a list grows by append alone.
"""

# ruff: noqa: B007, SIM113
from __future__ import annotations

import contextlib
import math
import threading
from typing import Any

import numpy as np

from tests.corpus import Chapter
from tests.oracle import define
from tests.programs import case
from tests.samples import integers, normal, positive, unit

CHAPTER = Chapter("control")


# --- branches

program = CHAPTER.section("branches")


@program(1.3, also=(case(-0.8),))
def one_branch(x):
    y = x * x
    if x > 0:
        y = y * x + 1
    return y * math.sin(x)


@program(normal(3), also=(case(-normal(3)),))
def two_branches(x):
    if np.sum(x) > 0:
        y = x**2
    else:
        y = np.exp(x) * 2
    return np.sum(y * x)


@program(0.5, also=(case(1.5), case(2.5), case(-1.0)))
def chain_of_branches(x):
    if x < 0:
        return x * x * x
    elif x < 1:
        y = math.sin(x)
    elif x < 2:
        y = math.exp(x) * x
    else:
        y = 1 / x
    return y * y + x


@program(1.2, 0.7, wrt=(0, 1), also=(case(0.7, 1.2), case(-1.2, 0.7), case(-0.7, -1.2)))
def nested_branches(x, y):
    if x > 0:
        if x > y:
            z = x * y
        else:
            z = x / y
        w = z + x
    else:
        w = y * y
        if y < 0:
            w = w * x
    return w * w + x * y


@program(normal(4), True, wrt="x", also=(case(normal(4), False),))
def branch_on_a_flag(x, squared):
    if squared:
        x = x**2
    return np.sum(np.sin(x))


@program(normal(3), "tanh", wrt="x", also=(case(normal(3), "sin"), case(normal(3), "other")))
def branch_on_a_string(x, activation):
    if activation == "tanh":
        y = np.tanh(x)
    elif activation in ("sin", "cos"):
        y = np.sin(x) * 2
    else:
        y = x**3
    return np.sum(y * x)


@program(normal(3), None, wrt="x", also=(case(normal(3), 2.0), case(normal(3), normal(3, seed=1))))
def branch_on_none(x, weight):
    if weight is None:
        weight = 0.5
    return np.sum(weight * x**2)


@program(
    normal(3), 1.5, wrt=(0, 1), also=(case(normal(2, 3), 1.5), case(0.7, 1.5), case(normal(3), normal(3)))
)
def branch_on_kinds(x, y):
    if isinstance(y, float):
        y = y * 2
    if np.ndim(x) == 2:
        x = np.sum(x, axis=0)
    elif not np.shape(x):
        x = x * np.ones(3)
    return np.sum(x * x * y)


@program(1.3, also=(case(-1.3),))
def branches_assign_several_names(x):
    a, b, c = x, x * x, 1.0
    if a > 0:
        a, b = b, a
        c = a * b
    else:
        b = -a
    return a * 3 + b * c


@program(1.4, 0.6, wrt=(0, 1), also=(case(0.6, 1.4),))
def branch_leaves_one_name_alone(x, y):
    small, large = x, y
    if small > large:
        small, large = large, small
    return small**2 + 3 * large * small


@program(0.4, also=(case(1.4),))
def branch_on_an_intermediate(x):
    t = math.sin(x) * 2
    if t * t > 1:
        u = t * x
    else:
        u = t - x * x
    return u * u + t


@program(1.1)
def branch_never_taken(x):
    y = x * x
    if y < 0:
        y = y * math.inf
    return y * x


@program(1.1, also=(case(-1.1),))
def pass_in_a_branch(x):
    if x > 0:
        pass
    else:
        x = x * x
    return x * math.cos(x)


@program(normal(3), also=(case(-normal(3)),))
def branch_changes_the_shape(x):
    y = x * 2
    if x[0] > 0:
        y = np.outer(x, x)
    return np.sum(y**2)


@program(1.2, 3, wrt="x", also=(case(1.2, 4), case(1.2, 0)))
def branch_on_parity(x, n):
    if n % 2:
        y = x**n
    elif n:
        y = x * x + n
    else:
        y = math.exp(x)
    return y * x


# --- conditional expressions

program = CHAPTER.section("conditional expressions")


@program(1.3, also=(case(-0.6),))
def conditional(x):
    return x * x if x > 0 else math.exp(x)


@program(0.5, also=(case(1.5), case(2.5)))
def conditional_chain(x):
    y = x if x < 1 else x * x if x < 2 else x**3
    return y * math.sin(x)


@program(normal(3), also=(case(-normal(3)),))
def conditional_in_arguments(x):
    return np.sum(np.exp(-x if x[0] > 0 else x * x)) + np.sum(x * (2.0 if np.sum(x) > 0 else x))


@program(1.2, 0.4, wrt=(0, 1), also=(case(0.4, 1.2),))
def conditional_of_callables(x, y):
    return (math.sin if x > y else math.exp)(x * y) + (lambda z: z * z if z > 0 else -z)(x - y)


@program(0.8, -0.3, wrt=(0, 1), also=(case(-0.8, -0.3),))
def conditional_evaluates_one_arm(x, y):
    return math.sqrt(x) * y if x > 0 else x / y


@program((1.2, 0.7), True, wrt="p", also=(case((1.2, 0.7), False),))
def conditional_of_containers(p, swap):
    a, b = p if not swap else (p[1], p[0] * 2)
    return a * a * b + b


# --- for over ranges

program = CHAPTER.section("for over ranges")


@program(1.1, 5, wrt="x", also=(case(1.1, 0), case(1.1, 1)), rules="S14")
def sum_of_powers(x, n):
    s = 0.0
    for i in range(n):
        s += x**i * (i + 1)
    return s + x


@program(normal(5), rules="S14", also=(case(normal(1)), case(normal(0))))
def dot_by_index(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i] * (i + 1)
    return s


@program(normal(6))
def range_with_a_step(x):
    s = 0.0
    for i in range(1, 6, 2):
        s = s * x[i] + x[i - 1]
    return s * np.sum(x)


@program(normal(6))
def range_backwards(x):
    s = 1.0
    for i in range(5, 0, -2):
        s = s * x[i] + x[i - 1] ** 2
    return s * np.sum(x)


@program(1.2, 3, 9, 2, wrt="x", also=(case(1.2, 9, 3, -2), case(1.2, 3, 3, 1), case(1.2, 3, 9, -1)))
def range_of_arguments(x, start, stop, step):
    y = x
    for i in range(start, stop, step):
        y = math.sin(y) + x * i
    return y * y


@program(0.8, 4, wrt="x", also=(case(0.8, 0),))
def nested_ranges(x, n):
    s = x
    for i in range(n):
        for j in range(i):
            s = s + x * math.cos(s) * (i - j)
        s = s * 0.5
    return s


@program(normal(3, 4))
def matrix_by_index(a):
    s = 0.0
    for i in range(a.shape[0]):
        row = 0.0
        for j in range(a.shape[1]):
            row = row + a[i, j] * (1 + i + 3 * j)
        s = s + row * row
    return s


@program(1.3)
def range_of_fixed_length(x):
    for _ in range(3):
        x = x * x - 0.5
    return x


@program(normal(4), 6, wrt="x")
def array_carried(x, steps):
    y = x
    for i in range(steps):
        y = np.tanh(y + x * 0.1 * i)
    return np.sum(y**2)


@program(0.7, 0.4, wrt=(0, 1))
def several_carried(x, y):
    for i in range(4):
        x, y = y * 0.9, x * y + 0.1 * i
    return x + y * y


@program(1.2)
def range_kept_in_a_name(x):
    r = range(1, 4)
    s = 0.0
    for i in r:
        s += x**i
    for i in r:
        s *= x + i
    return s * len(r)


@program(1.1, 3, wrt="x")
def bound_changes_in_the_loop(x, n):
    s = 0.0
    for i in range(n):
        n = n + 5
        s += x ** (i + 1) * n
    return s


@program(1.1)
def target_rebound_in_the_loop(x):
    s = x
    for i in range(4):
        i = i * i
        s = s * 0.5 + x**i
    return s * i


@program(0.9, 40, wrt="x", also=(case(0.9, 200, second=False),))
def many_iterations(x, n):
    y = x
    for i in range(n):
        y = y + 0.01 * math.sin(y) / (1 + i)
    return y * y


@program(1.3, 2.7, wrt="x", rules="S28")
def trip_count_from_a_float(x, y):
    s = x
    for i in range(int(x * y)):
        s = s * math.sin(x + i)
    return s


@program(normal(4), 0.5, wrt=(0, 1))
def range_sliced_and_joined(x, y):
    s = y
    for i in [*range(4)[::-1], *range(2)]:
        s = s * 0.6 + x[i] ** 2 * y
    for i in range(len(x))[1:]:
        s = s * x[i] + x[i - 1]
    return s


# --- for over arrays

program = CHAPTER.section("for over arrays")


@program(normal(4))
def over_a_vector(x):
    s = 0.0
    for v in x:
        s = s * v + v * v
    return s + x[0]


@program(normal(3, 4))
def over_rows(a):
    s = 0.0
    for row in a:
        s += np.sum(row**2) * np.sum(row)
    return s


@program(normal(3, 4), normal(4), wrt=(0, 1), rules="S10")
def recurrence_over_rows(a, h):
    for row in a:
        h = np.tanh(0.5 * h + row * h)
    return np.sum(h * h)


@program(normal(2, 3, 2))
def over_rows_of_rows(a):
    s = 1.0
    for m in a:
        for row in m:
            for v in row:
                s = s + v * np.sin(s)
    return s * s


@program(normal(3, 4))
def over_columns(a):
    s = 0.0
    for column in a.T:
        s += column @ column * column[0]
    return s


@program(normal(5), rules="S10")
def over_an_expression(x):
    s = 0.0
    for v in x[1:] * x[:-1]:
        s = s + np.exp(v) * x[0]
    return s


@program(normal(4), integers(4, 6), wrt="x")
def over_integer_array(x, indices):
    s = 0.0
    for i in indices:
        s = s * 0.5 + x[i] ** 2 + np.sum(x)
    return s


@program(normal(3), normal(5, 3, seed=1), wrt="w")
def over_constant_rows(w, data):
    s = 0.0
    for row in data:
        s += np.tanh(w @ row) ** 2
    return s


@program(normal(4), rules="S10")
def iterated_name_rebound(x):
    s = 0.0
    for v in x:
        x = x * v
        s += v * np.sum(x)
    return s


@program(0.7)
def over_linspace(x):
    s = 0.0
    for t in np.linspace(0.0, 1.0, 6):
        s += np.exp(-t * x) * t
    return s


# --- for over sequences

program = CHAPTER.section("for over sequences")


@program([1.2, 0.7, -0.4], also=(case([0.5]), case([1.2, 0.7, -0.4, 0.3, 0.9])))
def over_a_list(values):
    s = 1.0
    for v in values:
        s = s * v + math.sin(v)
    return s


@program((normal(3), normal(3, seed=1)))
def over_a_tuple(p):
    s = 0.0
    for v in p:
        s += v @ v * v[0]
    return s


@program(1.3, 0.4, wrt=(0, 1))
def over_a_display(x, y):
    s = 0.0
    for v in (x, y, x * y):
        for k in [1, 2]:
            s = s * 0.5 + v**k * (1 + s)
    return s


@program(normal(4), normal(4, seed=1), wrt=(0, 1))
def over_zip(x, y):
    s = 1.0
    for a, b in zip(x, y):
        s = s * a + b * b
    return s


@program(normal(3), [0.5, 1.5, 2.5, 3.5], wrt=(0, 1), flat=True)
def over_zip_of_unequal_lengths(x, weights):
    s = 0.0
    for i, v, w in zip(range(9), x, weights):
        s += v * v * w + i * w * w
    return s


@program(normal(4))
def over_enumerate(x):
    s = 0.0
    for i, v in enumerate(x):
        s += v ** (i + 1)
    return s


@program([0.5, 1.5], 2, wrt=0)
def over_enumerate_from(values, start):
    s = 0.0
    for i, v in enumerate(values, start=start):
        s += i * v**i
    return s


@program(normal(3), normal(3, seed=1), wrt=(0, 1))
def over_enumerate_of_zip(x, y):
    s = 1.0
    for i, (a, b) in enumerate(zip(x, y), 1):
        s = s * a * i + b * np.sin(s)
    return s


@program(normal(4))
def over_reversed(x):
    s = 0.0
    for v in reversed(x):
        s = s * x[0] + v * v
    return s


@program([0.5, 1.5, 0.8])
def over_reversed_lists_and_ranges(values):
    s = 0.0
    for v in reversed(values):
        s = s * v + 1
    for i in reversed(range(3)):
        s = s * values[i] + i
    return s


@program({"a": 1.2, "b": 0.7, "c": -0.4})
def over_a_dict(p):
    s = 0.0
    for key in p:
        s = s * p[key] + 1 + p["a"]
    return s


@program({"a": normal(2), "b": normal(2, seed=1)})
def over_dict_items(p):
    s = 0.0
    for name, v in p.items():
        s += np.sum(v**2) * (2.0 if name == "a" else 3.0) + v[0]
    return s


@program({"w": normal(2, 2), "b": normal(2)})
def over_dict_values(p):
    s = 1.0
    for v in p.values():
        s = s * np.sum(np.sin(v)) + np.sum(v)
    return s


@program({"a": 1.2, "b": 0.7}, wrt=0)
def over_dict_keys_sorted(p):
    s = 0.0
    for key in sorted(p.keys(), reverse=True):
        s = s * p[key] + p[key] ** 2
    return s


@program(1.2, "xyxz", wrt="x")
def over_a_string(x, letters):
    s = 0.0
    for letter in letters:
        s = s * 0.5 + (x if letter == "x" else x * x)
    return s


@program([(normal(3, 2), normal(3)), (normal(2, 3), normal(2))], normal(2), wrt=(0, 1))
def over_layers(layers, h):
    for w, b in layers:
        h = np.tanh(w @ h + b)
    return np.sum(h**2)


@program([[0.5, 1.5], [0.8], []], flat=False)
def over_ragged_lists(rows):
    s = 1.0
    for row in rows:
        for v in row:
            s = s * v + v * v
        s = s * 1.5
    return s


@program([0.5, 1.5, 0.8], [2.0, 3.0, 4.0], wrt=(0, 1))
def over_mixed_iterators(p, q):
    s = 0.0
    for i, v in enumerate(reversed(p)):
        s = s * v + i * v
    for (i, a), b in zip(enumerate(p, 1), reversed(q), strict=True):
        s += a * b * b / i
    for a, b, c in zip(p, p[1:] + p[:1], q):
        s = s * 0.5 + a * b * c
    return s


# --- while

program = CHAPTER.section("while")


@program(2.0, also=(case(3.5),))
def newton_square_root(a):
    x = a
    while abs(x * x - a) > 1e-13:
        x = 0.5 * (x + a / x)
    return x * a


@program(1.3, 50.0, wrt="x", rules="S10 S28", also=(case(1.3, 1.0), case(2.9, 50.0)))
def doubled_until_large(x, limit):
    y = x
    while y < limit:
        y = y * y + x
    return y + x


@program(1.2, 4, wrt="x", also=(case(1.2, 0),))
def while_counts_down(x, n):
    s = x
    while n:
        s = s * 0.5 + x**n
        n -= 1
    return s


@program(1.4)
def while_true_with_break(x):
    s, term, k = 0.0, 1.0, 1
    while True:
        s += term
        term *= x / k
        if abs(term) < 1e-12:
            break
        k += 1
    return s * x


@program(27, 1.1, wrt="x")
def collatz(n, x):
    steps = 0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
            x = x * 1.01
        else:
            n = 3 * n + 1
            x = x - 0.005
        steps += 1
    return x * steps


@program(normal(4))
def while_over_an_index(x):
    i, s = 0, 0.0
    while i < len(x) and s < 100:
        s = s + x[i] ** 2 * (i + 1)
        i += 1
    return s


@program(0.9, 1.1, wrt=(0, 1))
def two_whiles(x, y):
    while x < 5:
        x = x * 1.7 + y
    while y < x:
        y = y * 2 + 0.1 * x
    return x * y


@program(0.3)
def while_of_a_condition_with_a_call(x):
    far = lambda z: z * z > 0.01
    n = 0
    while far(x):
        x = math.sin(x) * 0.7
        n += 1
    return x * n + x * x


# --- break and continue

program = CHAPTER.section("break and continue")


@program(normal(6), also=(case(normal(6) * 0.1), case(normal(0))))
def break_of_for(x):
    s = 0.5
    for v in x:
        if s > 2.5:
            break
        s = s + v * v
    return s * s + np.sum(x**3)


@program(normal(6))
def continue_of_for(x):
    s = 1.0
    for v in x:
        if v < 0:
            continue
        s = s * (1 + v)
    return s + np.sum(x * x)


@program(normal(8, seed=2))
def break_and_continue(x):
    s, n = 0.0, 0
    for i, v in enumerate(x):
        if i == 2:
            continue
        if i == 6:
            break
        s += v * v * (i + 1)
        n += 1
    return s / n + np.sum(x**3)


@program(normal(4, 4))
def break_of_the_inner_loop(a):
    s = 0.0
    for i in range(4):
        t = 1.0
        for j in range(4):
            if j > i:
                break
            t = t * a[i, j]
        s += t + a[i, 0] * np.sum(a**2)
    return s


@program(normal(3, 4))
def continue_in_both_loops(a):
    s = 0.0
    for i in range(3):
        if i == 1:
            continue
        for j in range(4):
            if (i + j) % 2:
                continue
            s = s * 0.5 + a[i, j] ** 2
        s += a[i, 0]
    return s + np.sum(a**3)


@program(1.3)
def break_of_while(x):
    n, y = 0, x
    while n < 100:
        n += 1
        if n % 3 == 0:
            continue
        y = y * 1.1 + 0.1 * x
        if y > 10:
            break
    return y * y / n


@program(0.6, 5, wrt="x")
def break_in_a_branch_of_a_branch(x, n):
    y = x
    for i in range(10):
        if i >= 2:
            if i == n:
                y = y * 3
                break
            elif i == 3:
                y = y + x
                continue
            y = math.sin(y)
        y = y + x * x
    return y * x


@program(normal(5))
def statements_behind_a_branch_that_continues(x):
    s = 0.0
    for v in x:
        if v > 0.5:
            s += np.exp(v)
            continue
        w = v * v
        if w > 1:
            s += w * x[0]
        s += w * 0.3
    return s


# --- early returns

program = CHAPTER.section("early returns")


@program(1.3, also=(case(-1.3),))
def guard(x):
    if x < 0:
        return -x * x * x
    return x * math.sin(x)


@program(normal(5), 1.0, wrt="x", also=(case(normal(5), 100.0), case(normal(5), -1.0)), flat=True)
def return_from_for(x, limit):
    s = 0.0
    for v in x:
        s += v * v
        if s > limit:
            return s * v
    return s * np.sum(x)


@program(1.1, also=(case(0.2),))
def return_from_while(x):
    y = x
    while y < 10:
        if y < 0.5:
            return y * y + x
        y = y * y + 0.8 * x
    return y


@program(normal(3, 3))
def return_from_nested_loops(a):
    s = 1.0
    for i in range(3):
        for j in range(3):
            s = s + a[i, j] ** 2
            if i * j == 2:
                return s * a[i, j] + np.sum(a**3)
    return s


@program(0.4, also=(case(1.4), case(2.4), case(3.4)))
def returns_in_every_branch(x):
    if x < 1:
        return x**2
    elif x < 2:
        return math.exp(x)
    else:
        if x > 3:
            return x * math.log(x)
        return 1 / x


@program(1.2)
def code_behind_a_return(x):
    return x * x * x
    x = x * 2
    return x


@program(normal(4))
def return_through_a_helper(x):
    def first_above(limit):
        for i, v in enumerate(x):
            if v > limit:
                return v * (i + 1)
        return np.sum(x**2)

    return first_above(0.0) ** 2 + first_above(1e9) * x[0]


# --- else of loops

program = CHAPTER.section("else of loops")


@program(normal(4), 100.0, wrt="x", also=(case(normal(4), 0.3),))
def for_else(x, limit):
    s = 0.0
    for v in x:
        s += v * v
        if s > limit:
            break
    else:
        s = s * x[0]
    return s * s + x[-1]


@program(1.3, 3, wrt="x", also=(case(1.3, 30),))
def while_else(x, n):
    y = x
    while y < 20:
        y = y * 1.5
        n -= 1
        if n == 0:
            y = y * x
            break
    else:
        y = math.sqrt(y) * x
    return y


@program(0.7, 10, wrt="x")
def else_of_nested_loops(x, n):
    s = x
    for i in range(2, n):
        for j in range(2, i):
            if i % j == 0:
                break
        else:
            s = s + x**i
            continue
        s = s * 0.9
    return s


@program(1.2)
def else_of_a_loop_without_trips(x):
    for _ in range(0):
        x = x * 5
    else:
        x = x * x
    while False:
        x = 0.0
    else:
        x = x + 1
    return x * x


# --- loop variables after the loop

program = CHAPTER.section("loop variables after the loop")


@program(normal(4), flat=True)
def last_item(x):
    for v in x:
        pass
    return v * v * x[0]


@program(normal(4), 0.5, wrt="x")
def index_after_break(x, limit):
    s = 0.0
    for i in range(len(x)):
        s += x[i] ** 2
        if s > limit:
            break
    return s * x[i] + i * np.sum(x**3)


@program(normal(3), 1.5, wrt=(0, 1), also=(case(normal(0), 1.5),), flat=True)
def loop_variable_defined_before(x, v):
    for v in x:
        pass
    return v * v + np.sum(np.sin(x)) + v


@program(normal(3), flat=True)
def body_variable_after_the_loop(x):
    for v in x:
        w = v * v
        z = w * x[0]
    return w + z * v


# --- conditions

program = CHAPTER.section("conditions")


@program(1.2, 0.5, wrt=(0, 1), also=(case(-1.2, 0.5), case(1.2, -0.5)))
def boolean_operators(x, y):
    s = x * y
    if x > 0 and y > 0:
        s = s * x
    if x < 0 or y < 0:
        s = s + y * y
    if not (x > 0) or not y > 0:
        s = s - x
    return s * s + x


@program(1.2, also=(case(0.2), case(2.6)))
def chained_comparisons(x):
    y = x
    if 0.5 < x < 2:
        y = y * x
    if 0 < y <= 3 < x + 2 != 100:
        y = y + math.sin(x)
    return y * y


@program(1.2, 0.0, wrt="x", also=(case(1.2, 3.0), case(1.2, 0.5)))
def operators_on_values(x, y):
    a = y or x * 2
    b = x and x * x
    c = y and x
    d = None or x**3
    return a * b + c + d * (not y)


@program([1.2, 0.7], None, wrt=0, also=(case([1.2, 0.7], [2.0]), case([1.2, 0.7], [])))
def operators_on_containers(values, more):
    total = 1.0
    for v in more or values:
        total = total * v + values[0]
    for v in values and values[1:]:
        total += v * v
    return total * values[1]


@program(1.3, 2, wrt="x")
def short_circuit(x, n):
    ok = n > 0 and x / n > 0.1
    bad = n == 0 or x / n < 0.1
    y = x * x if ok else x
    return y * 3 if not bad else y


@program(normal(3), also=(case(normal(3) * 0.1),))
def any_and_all_of_arrays(x):
    y = x * x
    if np.any(x > 0.5):
        y = y + np.exp(x)
    if np.all(y < 30) and (x < 50).all():
        y = y * x
    return np.sum(y)


@program(1.2, True, False, wrt="x")
def comparisons_as_numbers(x, p, q):
    return x * (x > 1) + x * x * (p is not q) + x**3 * (p == q) + x**4 * (not q)


@program(1.4, also=(case(0.4),))
def condition_kept_in_a_name(x):
    large = x > 1
    y = x * x if large else x
    if large:
        y = y + x
    return y * y * (2 - large)


# --- walrus

program = CHAPTER.section("walrus")


@program(1.3)
def walrus_in_an_expression(x):
    return (y := x * x) * math.sin(y) + y


@program(1.3, also=(case(0.3),))
def walrus_in_a_condition(x):
    if (y := x * x) > 1:
        return y * x
    elif (z := y + 1) > 5:
        return z
    return y + z * x


@program(1.2)
def walrus_in_while(x):
    y = x
    while (z := y * y) < 30:
        y = z + 0.2 * x
    return y * z


@program(normal(4))
def walrus_in_a_comprehension(x):
    total = x[0]
    sums = [total := total * 0.5 + v * v for v in x]
    return total * sums[1] + sums[2]


@program(1.2, 0.4, wrt=(0, 1))
def walrus_in_arguments(x, y):
    z = max((a := x * y), 0.1) + math.hypot(a, b := y + 1)
    return z * a * b


# --- match

program = CHAPTER.section("match")


@program(1.3, "double", wrt="x", also=(case(1.3, "square"), case(1.3, "other"), case(1.3, "cube")))
def match_a_string(x, command):
    match command:
        case "double":
            y = 2 * x
        case "square" | "cube" as power:
            y = x**2 if power == "square" else x**3
        case _:
            y = math.sin(x)
    return y * y


@program((1.2, 0.7), also=(case((1.2,)), case((1.2, 0.7, 0.4, 0.3))))
def match_sequences(p):
    match p:
        case (a,):
            return a**3
        case (a, b):
            return a * b * b
        case (a, *rest):
            return a * rest[0] + rest[-1] ** 2 + rest[1]


@program({"kind": "circle", "r": 1.2}, also=(case({"kind": "box", "w": 1.2, "h": 0.7}),))
def match_mappings(shape):
    match shape:
        case {"kind": "circle", "r": r}:
            return math.pi * r**2
        case {"kind": "box", "w": w, "h": h}:
            return w * w * h
    return 0.0


@program(1.2, 3, wrt="x", also=(case(1.2, -3), case(1.2, 0)))
def match_with_guards(x, n):
    match n:
        case 0:
            return x * x
        case k if k > 0:
            return x**k
        case _:
            pass
    return math.exp(-x)


class Circle:
    """A shape with a radius."""

    __match_args__ = ("radius",)

    def __init__(self, radius: float) -> None:
        self.radius = radius


@program(1.2, Circle(2.0), wrt="x", also=(case(1.2, 3), case(1.2, 2.5), case(1.2, "none")))
def match_classes(x, shape):
    match shape:
        case Circle(r):
            return x**2 * r
        case int(n):
            return x**n
        case float():
            return x * shape * x
    return math.sin(x)


# --- assert

program = CHAPTER.section("assert")


@program(normal(3))
def asserts(x):
    assert x.shape == (3,), f"three numbers, not {x.shape}"
    y = np.exp(x)
    assert np.all(y > 0) and np.isfinite(y).all()
    return np.sum(y * x)


@program(1.2)
def assert_in_a_loop(x):
    y = x
    for i in range(3):
        y = math.sin(y) + x
        assert y > 0, ("negative", i, y)
    return y * y


@program(1.2)
def raise_not_reached(x):
    if x < 0:
        raise ValueError(f"{x} is negative")
    for i in range(3):
        if i > 5:
            raise RuntimeError from None
        x = x * x * 0.9
    return x


# --- with

program = CHAPTER.section("with")
LOCK = threading.Lock()


class Doubled:
    """A context manager that gives a value and counts its uses."""

    depth = 0

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __enter__(self) -> float:
        return self.factor * 2

    def __exit__(self, *error: Any) -> None:
        return None


class Quiet:
    """Swallows ZeroDivisionError."""

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        return kind is not None and issubclass(kind, ZeroDivisionError)


@program(normal(3), rules="S11")
def under_errstate(x):
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        y = np.exp(x) / (1 + x**2)
    return np.sum(y * x)


@program(positive(3), rules="S11 S12")
def adjoints_under_errstate(x):
    with np.errstate(divide="ignore"):
        y = np.where(x > 10, 1 / (x - x), x)
    return np.sum(y**2)


@program(1.3, rules="S11")
def under_a_lock(x):
    y = x * x
    with LOCK:
        y = y * math.sin(x)
        x = x + y
    return x * y


@program(1.3, rules="S11")
def user_context_manager(x):
    with Doubled(1.5) as k, Doubled(k) as m:
        y = k * x * x
        z = y * m
    return z * y


@program(normal(4), rules="S11")
def return_inside_with(x):
    s = 0.0
    for v in x:
        with np.errstate(all="ignore"):
            if v > 1e3:
                return s
            s = s + np.exp(v) * x[0]
            if v < -1e3:
                continue
    with LOCK:
        return s * s


@program(1.3, 0.0, wrt="x", rules="S11", also=(case(1.3, 2.0),))
def suppressed_error(x, y):
    z = x * x
    with contextlib.suppress(ZeroDivisionError):
        z = z * (1 / y)
    return z * x


@program(1.3, 0, wrt="x", rules="S11", also=(case(1.3, 2),))
def swallowed_error(x, n):
    z = x
    with Quiet():
        w = 6 // n
        z = x**w
    return z * z + x


@contextlib.contextmanager
def temporarily(value):
    """A context manager made of a generator; it stays outside."""
    yield value * 2


@program(1.3, rules="S11")
def context_manager_of_a_generator(x):
    y = x
    for k in range(1, 3):
        with temporarily(k) as twice, contextlib.nullcontext((3.0, "name")) as (number, name):
            y = y * math.sin(x * twice) + number * x * len(name)
    return y * y


# --- try

program = CHAPTER.section("try")


class NotReady(Exception):
    """Raised by the programs of this section."""


def reciprocal(x, limit):
    if abs(x) < limit:
        raise NotReady(f"{x} is small")
    return 1 / x


@program(1.3, 0.5, wrt="x", rules="S11", also=(case(1.3, 5.0),))
def try_except(x, limit):
    try:
        y = reciprocal(x, limit)
    except NotReady:
        y = x * x
    return y * x + y


@program(1.3, 0.5, wrt="x", rules="S11", also=(case(1.3, 5.0),))
def try_except_else_finally(x, limit):
    count = 0
    try:
        y = reciprocal(x, limit)
    except (NotReady, KeyError) as error:
        y = x * len(error.args) * x
    else:
        y = math.sin(y) * x
    finally:
        count += 1
    return y * y * count


@program(normal(3), 1.0, wrt="x", rules="S11")
def try_in_a_loop(x, limit):
    s = 1.0
    for v in x:
        try:
            s = s * 0.5 + reciprocal(v, limit)
        except NotReady:
            s = s + v * v
    return s * s


@program(normal(4), rules="S11")
def loop_in_a_try(x):
    s = x[0] * 2
    try:
        n = 0
        for v in x:
            n += 1
            if n == 3:
                raise NotReady(n)
            _ = v * v
    except NotReady as error:
        s = s * s + error.args[0] * x[1]
    return s * np.sum(x**2)


@program(1.3, "4", wrt="x", rules="S11", also=(case(1.3, "four"), case(1.3, None)))
def several_handlers(x, text):
    try:
        n = int(text)
    except ValueError:
        n = 2
    except TypeError:
        return x * x * x * 5
    return x**n


@program(1.3, {"a": 2.0}, wrt="x", rules="S11", also=(case(1.3, {"b": 2.0}),))
def key_error(x, options):
    try:
        k = options["a"]
    except KeyError:
        k = 0.5
    return k * x**2 + x


@program(1.3, 0, wrt="x", rules="S11", also=(case(1.3, 2),))
def division_by_zero(x, n):
    try:
        share = 1 / n
    except ZeroDivisionError:
        share = x
    return share * x * x


@program(1.3, rules="S11")
def return_in_try_and_finally(x):
    log = []
    try:
        return x * x * math.sin(x)
    finally:
        log.append("done")


@program(1.3, rules="S11")
def nested_try(x):
    try:
        try:
            y = reciprocal(x, 9.0)
        except KeyError:
            y = 0.0
        finally:
            n = 3
    except NotReady:
        y = n * x * x
    return y * n + x


@program(1.3, 0.5, wrt="x", rules="S11", also=(case(1.3, 5.0),))
def raised_again(x, limit):
    def careful(z):
        try:
            return reciprocal(z, limit)
        except NotReady as error:
            raise ValueError("no") from error

    try:
        y = careful(x)
    except ValueError:
        y = x * x
    return y * x * x


@program(1.3, rules="S11")
def assertion_caught(x):
    try:
        assert x > 5, "small"
        y = x
    except AssertionError:
        y = x * x
    return y * y


@program([1.2, 0.7], rules="S11")
def retried(values):
    y = 0.0
    for attempt in range(5):
        try:
            y = values[-1] ** 2 + reciprocal(attempt, 2.5) * values[0]
        except NotReady:
            continue
        break
    return y * y


@program(normal(3, 3), normal(3), wrt=(0, 1), rules="S11")
def cholesky_with_jitter(a, y):
    k = a @ a.T - 0.4 * np.eye(3)
    jitter = 0.05
    while True:
        try:
            root = np.linalg.cholesky(k + jitter * np.eye(3))
            break
        except np.linalg.LinAlgError:
            jitter = jitter * 10
    z = np.linalg.solve(root, y)
    return z @ z + 2 * np.sum(np.log(np.diag(root)))


@program(normal(3, 3), normal(3), wrt=(0, 1), rules="S11", also=(case(normal(3, 3) * 0.2, normal(3)),))
def cholesky_with_fallback(a, y):
    k = a @ a.T
    try:
        root = np.linalg.cholesky(k - 0.1 * np.eye(3))
    except np.linalg.LinAlgError:
        root = np.linalg.cholesky(k + np.eye(3))
    return np.sum(np.linalg.solve(root, y) ** 2)


@program(1.3, 3, wrt="x", rules="S11", also=(case(1.3, 0),))
def finally_at_a_break(x, n):
    y, count = x, 0
    for i in range(5):
        try:
            if i == n:
                break
            if i % 2:
                continue
            y = y * 1.2 + x * i
        finally:
            count += 1
    else:
        y = y * y
    return y * count


# --- joins

program = CHAPTER.section("joins")


@program(1.3, 1, wrt="x", rules="S13", also=(case(1.3, 2),))
def undefined_on_the_other_path(x, n):
    if n == 1:
        y = x * x
    else:
        z = x * 3
    return y * x if n == 1 else z * z


@program(normal(3), rules="S13")
def defined_in_the_loop_only(x):
    started = False
    for v in x:
        if not started:
            s = v * v
            started = True
        else:
            s = s * v + x[0]
    return s


@program(1.3, 3, wrt="x", rules="S14", also=(case(1.3, 0), case(1.3, 1)))
def int_becomes_float(x, n):
    s = 0
    for i in range(n):
        s = s + x * x * (i + 1)
    return s


@program(normal(3), rules="S14", also=(case(normal(1)), case(normal(4))))
def number_becomes_array(x):
    s = 0
    for i in range(len(x)):
        s = s + x[i] * x
    return np.sum(s * x)


@program(normal(3), 2, wrt="x", rules="S14", also=(case(normal(3), 1), case(normal(3), 0)))
def none_becomes_array(x, n):
    best = None
    for i in range(n):
        y = np.sin(x * (i + 1))
        if best is None or np.sum(y) > np.sum(best):
            best = y
    return np.sum(x * x) if best is None else np.sum(best * x)


@program(normal(3), 3, wrt="x", rules="S14")
def shape_changes_in_the_loop(x, n):
    y = x
    for _ in range(n):
        y = np.concatenate([y[1:], y * x[0]])
    return np.sum(y**2)


@program(1.3, 0.7, wrt=(0, 1), rules="S14", also=(case(-1.3, 0.7),))
def kinds_differ_at_a_join(x, y):
    if x > 0:
        z = 1
    else:
        z = y * np.ones(2)
    return np.sum(z * x * y)


@program(1.3, rules="S14", also=(case(np.float64(1.3)),))
def scalar_kinds_in_a_loop(x):
    s = 1.0
    for i in range(3):
        s = s * x if i % 2 else np.exp(s * 0.3) * x
    return s * 2


# --- algorithms

program = CHAPTER.section("algorithms")


@program([0.5, -1.0, 0.25, 2.0], 1.3, wrt=(0, 1))
def horner(coefficients, x):
    y = 0.0
    for c in reversed(coefficients):
        y = y * x + c
    return y * y


@program(0.4, 3.2, 12, wrt=(0, 1))
def logistic_map(x, r, n):
    for _ in range(n):
        x = r * x * (1 - x)
    return x


@program(1.1, 0.2, wrt=("y", "k"))
def runge_kutta(y, k, h=0.1, steps=5):
    def slope(t, y):
        return -k * y + math.sin(t) * y * y

    t = 0.0
    for _ in range(steps):
        k1 = slope(t, y)
        k2 = slope(t + h / 2, y + h / 2 * k1)
        k3 = slope(t + h / 2, y + h / 2 * k2)
        k4 = slope(t + h, y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        t += h
    return y


@program(normal(3, seed=3), 1.3, 0.5, wrt=(0, 1, 2))
def lotka_volterra_of_three(u, a, b):
    dt = 0.05
    for _ in range(6):
        x, y, z = u
        u = u + dt * np.array([a * x - b * x * y, x * y - y * z, y * z - b * z])
    return np.sum(u**2)


@program(normal(3, 3), normal(3), wrt=(0, 1))
def power_iteration(a, v):
    m = a @ a.T
    for _ in range(4):
        v = m @ v
        v = v / np.linalg.norm(v)
    return v @ m @ v


@program(
    {"wx": normal(3, 2), "wh": normal(3, 3), "b": normal(3)}, normal(4, 2, seed=1), normal(3), wrt=(0, 1, 2)
)
def recurrent_network(p, xs, h):
    loss = 0.0
    for x in xs:
        h = np.tanh(p["wx"] @ x + p["wh"] @ h + p["b"])
        loss += np.sum(h**2)
    return loss / len(xs)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@program(normal(8, 4) * 0.5, normal(3, 2), wrt=(0, 1))
def lstm(w, xs):
    h, c = np.zeros(2), np.zeros(2)
    for x in xs:
        z = w @ np.concatenate([x, h])
        i, f, o, g = sigmoid(z[:2]), sigmoid(z[2:4] + 1), sigmoid(z[4:6]), np.tanh(z[6:])
        c = f * c + i * g
        h = o * np.tanh(c)
    return np.sum(h * h) + np.sum(c)


@program(unit(2), unit(2, 2), unit(2, 3), np.array([0, 2, 1, 1]), wrt=(0, 1, 2))
def hidden_markov_forward(initial, transition, emission, observed):
    alpha = initial * emission[:, observed[0]]
    loglik = 0.0
    for o in observed[1:]:
        total = np.sum(alpha)
        loglik += np.log(total)
        alpha = (alpha / total) @ transition * emission[:, o]
    return loglik + np.log(np.sum(alpha))


@program(normal(3), normal(5, 3, seed=1), normal(5, seed=2), 0.1, wrt=(0, 1, 2, 3))
def gradient_descent(w, a, y, rate):
    for _ in range(3):
        residual = a @ w - y
        w = w - rate * (a.T @ residual) / len(y)
    return np.mean((a @ w - y) ** 2)


@program(2.5)
def newton_with_a_derivative(a):
    x = 1.0
    for _ in range(20):
        step = (x**3 - a) / (3 * x**2)
        x = x - step
        if abs(step) < 1e-14:
            break
    return x * x


@program(2.5, 1.2, wrt=(0, 1))
def bisection_then_newton(a, b):
    low, high = 0.0, 4.0
    for _ in range(20):
        middle = (low + high) / 2
        if middle**2 * b < a:
            low = middle
        else:
            high = middle
    x = middle
    x = x - (x * x * b - a) / (2 * b * x)
    x = x - (x * x * b - a) / (2 * b * x)
    return x * b


@program(np.array([0.4, -0.2]), normal(2, 2), positive(3), wrt=(0, 1, 2))
def kalman_filter(m, f, ys):
    p = np.eye(2)
    h = np.array([1.0, 0.5])
    loss = 0.0
    for y in ys:
        m = f @ m
        p = f @ p @ f.T + 0.1 * np.eye(2)
        s = h @ p @ h + 0.5
        gain = p @ h / s
        innovation = y - h @ m
        m = m + gain * innovation
        p = p - np.outer(gain, h) @ p
        loss += innovation**2 / s + np.log(s)
    return loss


@program(normal(4), normal(5, seed=1), wrt=(0, 1))
def edit_distance_soft(a, b):
    row = [float(j) for j in range(len(b) + 1)]
    for i in range(1, len(a) + 1):
        new = [float(i)]
        for j in range(1, len(b) + 1):
            cost = (a[i - 1] - b[j - 1]) ** 2
            best = -np.log(np.exp(-row[j] - 1) + np.exp(-new[j - 1] - 1) + np.exp(-row[j - 1] - cost))
            new.append(best)
        row = new
    return row[-1]


@program(normal(5), also=(case(-normal(5)),), flat=True)
def largest_sum_of_a_slice(x):
    best = current = x[0]
    for v in x[1:]:
        current = current + v if current > 0 else v
        best = current if current > best else best
    return best * best


@program([0.31, -0.52, 0.83, 0.24, -0.15])
def insertion_sort_of_a_list(values):
    ordered = []
    for v in values:
        k = 0
        while k < len(ordered) and ordered[k] < v:
            k += 1
        ordered = ordered[:k] + [v] + ordered[k:]
    s = 0.0
    for i, v in enumerate(ordered):
        s += (i + 1) * v * v
    return s


@program(normal(4, 2), normal(4, seed=1), wrt=(0, 1))
def pairwise_forces(x, m):
    energy = 0.0
    for i in range(len(x)):
        for j in range(i):
            d = x[i] - x[j]
            energy -= m[i] * m[j] / np.sqrt(d @ d + 0.1)
    return energy


@program(0.3, 0.8, wrt=(0, 1), rules="S28")
def adaptive_step(x, rate):
    t, h, n = 0.0, 0.4, 0
    while t < 1.0:
        step = min(h, 1.0 - t)
        change = step * math.sin(rate * x + t)
        if abs(change) > 0.25:
            h = h / 2
            continue
        x, t = x + change, t + step
        n += 1
    return x * x * n


@program(1.2, 0.3, wrt=(0, 1))
def continued_fraction(x, y):
    value = x
    for k in range(6, 0, -1):
        value = k + y / value if k % 2 else x + k / value
    return value * x


@program(normal(3), normal(4, 3, seed=1), normal(4, 3, seed=2), wrt=(0, 1, 2))
def attention_of_one_query(q, keys, values):
    scores = [q @ k / math.sqrt(3) for k in keys]
    top = max(scores)
    weights = [np.exp(s - top) for s in scores]
    total = sum(weights)
    out = sum(w / total * v for w, v in zip(weights, values))
    return np.sum(out**2)


@program(1.3, rules="S8")
def draws_keep_their_order(x):
    rng = np.random.default_rng(3)
    s = x
    for i in range(4):
        if i % 2:
            s = s * rng.normal() + x
        else:
            s = s + x * rng.uniform()
    return s * s


@program(normal(4), rules="S25")
def masks_in_a_loop(x):
    s = 0.0
    for k in range(1, 3):
        s = s + np.sum(np.where(x > 0, np.sqrt(np.where(x > 0, x, 1.0)) * k, x**3 * k))
    return s * s


@program(np.array([-1.0, 0.5, 2.0]), rules="S25", flat=True)
def mask_guards_in_a_loop(x):
    s = 0.0
    for k in (1.0, 2.0):
        s = s + np.sum(np.where(x > 0, np.log(x) * k, 0.0))
    return s * s


# --- size

program = CHAPTER.section("size")


def nest(levels: int) -> Any:
    """Loops within loops, each of which runs once, and the innermost twice."""
    lines = ["def nested_twenty_deep(x):", "    y = x"]
    for i in range(levels):
        trips = 2 if i == levels - 1 else 1
        lines.append("    " * (i + 1) + (f"for i{i} in range({trips}):" if i % 2 else f"if y < {i + 90}:"))
    lines.append("    " * (levels + 1) + "y = math.sin(y) * 2 + x")
    return define("\n".join([*lines, "    return y * y"]) + "\n", "nested_twenty_deep", {"math": math})


program(0.7, rules="S30")(nest(20))


def guards(count: int) -> Any:
    """Many early returns in a row."""
    lines = ["def thirty_guards(x, n):", "    y = x * x"]
    for i in range(count):
        lines += [f"    if n == {i}:", f"        return y * x + {i} * x"]
    return define("\n".join([*lines, "    return y"]) + "\n", "thirty_guards", {})


program(0.7, 17, wrt="x", rules="S30", also=(case(0.7, 99), case(0.7, 0)))(guards(30))


def ladder(count: int) -> Any:
    """A chain of as many elif, each of which assigns."""
    lines = ["def long_elif(x, n):", "    if n == 0:", "        y = x"]
    for i in range(1, count):
        lines += [f"    elif n == {i}:", f"        y = x ** 2 * {i}"]
    return define("\n".join([*lines, "    return y * y"]) + "\n", "long_elif", {})


program(0.7, 25, wrt="x", rules="S30", also=(case(0.7, 0),))(ladder(40))


@program(0.7, rules="S30")
def long_sum_in_a_loop(x):
    s = 0.0
    for i in range(2):
        s = s + x + x * 2 + x * 3 + x * i + x * x + x * x * i + x - x * 7 + x * x * x + x * 9 - x / 3 + x**2
        s = s * (-2.0) ** 2 - (-1.5) * -s + (-0.5) ** 3
    return s
