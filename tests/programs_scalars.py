"""Scalars: math, builtins on numbers, steps that are constants (S28), constants that print safely (S29).

The form is that of tests/corpus.py. A Python float stays a Python float, and gets an exact float (S27).
"""

# ruff: noqa: RUF007
from __future__ import annotations

import math
from math import cos, exp, pi, sin

import numpy as np

from tests.corpus import Chapter
from tests.oracle import define
from tests.programs import F32, case
from tests.samples import normal, unit

CHAPTER = Chapter("scalars")


# --- math

program = CHAPTER.section("math")


@program(1.3, 0.7, wrt=(0, 1))
def exponentials_in_a_loop(x, y):
    s = 0.0
    for k in range(1, 4):
        s += math.exp(-k * x) * math.log(y + k) + math.sqrt(x * k) - math.expm1(y / k) * math.log1p(x)
    return s


@program(0.6, 0.3, wrt=(0, 1))
def trigonometry_in_branches(x, y):
    s = math.sin(x) * math.cos(y) + math.tan(x * y)
    if s > 0:
        s = s + math.asin(x) * math.acos(y) + math.atan(s)
    return s * math.atan2(x, y) + math.hypot(x, y)


@program(0.6, 1.3, wrt=(0, 1))
def hyperbolics(x, y):
    return math.sinh(x) * math.cosh(y) + math.tanh(x * y) + math.asinh(y) * math.acosh(y) + math.atanh(x)


@program(1.7, 0.6, wrt=(0, 1))
def logarithms_of_numbers(x, y):
    return math.log2(x) * math.log10(y) + math.log(x, 3) * math.pow(x, y) + math.pow(2.0, y)


@program(0.4, 1.2, wrt=(0, 1))
def error_functions(x, y):
    total = 0.0
    for k in (1, 2):
        total = total + math.erf(x * k) * y + math.erfc(y / k) * x
    return total * total


@program(1.3, -0.7, wrt=(0, 1))
def fabs_and_copysign(x, y):
    return math.fabs(y) * x + math.fabs(x) * x * math.copysign(1.0, -2.0) + abs(y) ** 3


@program(1.3, rules="S28")
def floor_and_ceil(x):
    return x * math.floor(x * 3.5) + x * x * math.ceil(x / 2) + math.trunc(x) * x


@program([1.3, 0.7, -0.4])
def sums_of_math(values):
    return math.fsum(values) * math.prod(values) + math.sqrt(math.fsum(v * v for v in values))


@program(0.6, 5, wrt="x")
def combinatorics(x, n):
    total = 0.0
    for k in range(n + 1):
        total += math.comb(n, k) * x**k * (1 - x) ** (n - k) * sin(k)
    return total / math.factorial(n // 2) * math.gcd(n, 10)


@program(1.2)
def imported_names(x):
    y = sin(x) * cos(2 * pi * x) + exp(-x)
    for _ in range(2):
        y = sin(y) + x
    return y


@program(1.3, math.inf, wrt="x", also=(case(1.3, 2.0), case(1.3, math.nan)))
def tests_of_floats(x, limit):
    if math.isnan(limit):
        return x**3
    if math.isinf(limit) or not math.isfinite(x):
        return x * x
    return x * limit if not math.isclose(x, limit) else math.exp(x)


@program(0.5)
def degrees(x):
    return math.sin(math.radians(60 * x)) * math.degrees(x) / 30


# --- builtins on numbers

program = CHAPTER.section("builtins")


@program(1.3, -0.7, wrt=(0, 1), rules="S26")
def extremes_of_numbers(x, y):
    s = max(x, y) * min(x, y, 0.5) + max([x * y, -x, y**2])
    for k in range(3):
        s = max(s * 0.5, x * k) + min(y, k - 1)
    return s * s


@program(1.0, 1.0, wrt=(0, 1), rules="S26", expected=(3.0, 2.0), second=False, differences=False)
def ties_follow_the_element(x, y):
    return max(x, y) + 2 * min(x, y) + 2 * max([y, x])


@program([1.3, 0.7, -0.4])
def sums_of_numbers(values):
    return sum(values) * sum(values[1:], values[0] ** 2) + sum([v * v for v in values], 0.5) + sum([])


@program(np.array([1.3, 0.7, -0.4]))
def builtins_on_arrays(x):
    return sum(x) * max(x) + min(x) ** 2 + sum(x * x) * len(x) + abs(x[2])


@program(1.3, 0.7, wrt=(0, 1))
def powers(x, y):
    return pow(x, 3) + pow(x, y) * pow(2, y) + x**-2 + (-2.0) ** 2 * x + pow(y, 2) ** 0.5


@program(2.3, 0.7, wrt=(0, 1), rules="S28")
def rounding(x, y):
    return round(x) * x * y + round(x, 1) * y**2 + round(y * 10) / 10 * x


@program(7.3, 1.7, wrt=(0, 1), rules="S28")
def divmods(x, y):
    q, r = divmod(x, y)
    a, b = divmod(17, 5)
    return q * y * y + r * r * x + a * x + b


@program(7.3, 1.7, wrt=(0, 1), rules="S28")
def floor_division_and_remainder(x, y):
    return (x // y) * x + (x % y) ** 2 + math.fmod(x, y) * y + x // 2 * y


@program(2.6, 0.4, wrt=(0, 1), rules="S28")
def ints(x, y):
    n = int(x * 3)
    total = float(n) * y
    for k in range(int(x)):
        total += x**k * y
    return total + int(True) * x * y + bool(x) * x**2


@program(np.float64(1.3), np.array(0.7), wrt=(0, 1), rules="S3 S27", also=(case(1.3, 0.7),))
def floats_of_scalars(x, y):
    a, b = float(x), float(y)
    if isinstance(a, float):
        a = a * a
    return a * b + x * y


@program(normal(3), rules="S28")
def indices_from_values(x):
    order = sorted(range(3), key=lambda i: x[i])
    k = int(np.argmax(x))
    return x[k] ** 2 * x[order[0]] + x[order[1]] * int(np.sum(x > 0))


@program(np.float32(1.3), 0.7, wrt=(0, 1), tolerance=F32, second=False)
def single_precision_in_a_loop(x, y):
    s = x
    for _ in range(3):
        s = s * np.float32(0.5) + x * y
    return s * x


@program(1.3, True, 2, wrt="x")
def bools_and_ints(x, flag, n):
    y = x * flag + (n > 1) * x**2 + (n & 1) * x**3 + (n ^ 3) * x + (n << 2) * x + ~n * x
    return y * (not flag or n) + abs(-n) * x


@program(1.2, 0.5, wrt=(0, 1))
def complex_numbers(x, y):
    z = complex(x, y)
    for _ in range(2):
        z = z * z + 0.1j * x
    return abs(z) + z.real * z.imag + (z * z.conjugate()).real


@program(1.2)
def float_methods(x):
    return x * (2.0).is_integer() + x**2 * x.is_integer() + math.sin(x) * x.real + 0 * x.imag


# --- augmented scalars

program = CHAPTER.section("augmented assignment")


@program(1.3, 0.7, wrt=(0, 1))
def augmented_in_loops(x, y):
    s = x
    for k in range(1, 4):
        s += y * k
        s *= x
        s -= math.sin(s)
        s /= k + y + 2
        s **= 2
    return s


@program(7.3, wrt="x", rules="S28")
def augmented_floor(x):
    y = x
    y //= 2
    z = x
    z %= 2.5
    return y * x + z * z


@program(normal(3))
def augmented_scalars_of_arrays(x):
    s = x[0]
    t = np.sum(x)
    for v in x:
        s += v * t
        t *= 1 + v * v
    return s * t


@program(1.3, 3, wrt="x")
def augmented_ints(x, n):
    k = 1
    for i in range(n):
        k *= i + 1
        k <<= 1
        k |= 1
        x += x / k
    return x * k


@program((1.3, 0.7), wrt=0)
def augmented_tuples(p):
    p += (p[0] * p[1],)
    s = "a"
    s += "b"
    return p[2] * p[1] * len(s) + p[0]


# --- constants

program = CHAPTER.section("constants")


@program(1.3, rules="S29")
def negative_constants_in_loops(x):
    s = x
    for k in (-2.0, -1, 0.5, -0.25):
        s = s * k - -k * x + (-k) ** 2 + k**2 * x
    return (-3.0) ** 2 * s - -2 * x


@program(1.3, rules="S29")
def infinite_constants(x):
    best, worst = -math.inf, float("inf")
    for k in range(3):
        y = math.sin(x * (k + 1))
        if y > best:
            best = y
        if y < worst:
            worst = y
    limit = min(x, 1e400)
    return best * worst * limit


@program(1.3, rules="S29")
def nan_is_replaced(x):
    last = math.nan
    for k in range(3):
        last = x * k if last != last else last * x + k
    return last * x


@program(1.3, rules="S29 S30")
def tiny_and_huge_constants(x):
    return (
        1e-300 * x * 1e300
        + 5e-324 * x
        + 1.7976931348623157e308 * (x * 1e-308)
        + 123456789012345678 * x * 1e-17
    )


def folded() -> object:
    text = "x" + "".join(f" * 1.0{i}" for i in range(1, 9)) + " + x" * 40 + " - (-2.0) ** 2 * x"
    return define(f"def deep_expression(x):\n    return ({text}) * x\n", "deep_expression", {})


program(0.7, rules="S30")(folded())


# --- scalar loops

program = CHAPTER.section("scalar loops")


@program(0.7, 5.0, 1e-3, wrt=(0, 1), rules="S28")
def series_until_small(x, scale, tolerance):
    total, term, n = 0.0, scale, 0
    while abs(term) > tolerance:
        total += term
        n += 1
        term = term * x * (2 * n - 1) / (2 * n)
    return total * x


@program(1.3, 0.4, wrt=(0, 1))
def agm(a, b):
    while abs(a - b) > 1e-13:
        a, b = (a + b) / 2, math.sqrt(a * b)
    return a * a + b


@program(3.7, 1.4, wrt=(0, 1), rules="S28")
def euclid(a, b):
    for _ in range(3):
        q = a // b
        a, b = b, a - q * b
    return a * a * 3 + b * b


@program(100.0, 0.05, 12, wrt=(0, 1))
def compound_interest(principal, rate, years):
    balance = principal / 100
    for year in range(years):
        interest = balance * rate
        if year % 3 == 2:
            interest += 0.01 * balance**2
        balance += interest
    return balance


@program(0.3, 0.9, 0.5, wrt=(0, 1, 2))
def damped_pendulum(angle, speed, damping):
    t, dt = 0.0, 0.05
    while t < 0.5:
        speed -= dt * (math.sin(angle) + damping * speed)
        angle += dt * speed
        t += dt
    return angle * speed


@program(0.6, 0.8, wrt=(0, 1))
def trapezoid(a, b):
    n = 8
    h = (b - a * 0.1) / n
    total = (math.exp(-a * a) + math.exp(-b * b)) / 2
    for i in range(1, n):
        total += math.exp(-((a * 0.1 + i * h) ** 2))
    return total * h


@program(1.5, 2.5, wrt=(0, 1))
def option_on_a_tree(up, strike):
    values = [max(up ** (3 - 2 * k) - strike / 2.5, 0.1 * up ** (3 - 2 * k)) for k in range(4)]
    while len(values) > 1:
        values = [0.55 * a + 0.42 * b for a, b in zip(values[:-1], values[1:])]
    return values[0] * strike


@program(unit(3), rules="S28")
def bins(x):
    edges = [0.0, 0.35, 0.65, 1.0]
    totals = [0.0, 0.0, 0.0]
    for v in x:
        k = int(v * 3)
        totals = [t + v * v if i == k else t for i, t in enumerate(totals)]
    return sum(t * t * (i + 1) for i, t in enumerate(totals)) + edges[1] * x[0] * x[1]


@program(0.8, 0.3, wrt=(0, 1))
def mandelbrot_distance(x, y):
    zx, zy, n = 0.0, 0.0, 0
    while zx * zx + zy * zy < 16.0 and n < 20:
        zx, zy = zx * zx - zy * zy + x, 2 * zx * zy + y
        n += 1
    return math.log(zx * zx + zy * zy) / n


@program(1.2, 1000, wrt="x", second=False)
def thousand_steps(x, n):
    y = 0.5
    for i in range(n):
        y = y + 0.001 * (x * y * (1 - y) + 0.1 * i / n)
    return y * x
