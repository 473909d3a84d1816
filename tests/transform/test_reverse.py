"""Reverse: a function before, and the adjoint that follows its statements, in the accumulate form."""

from __future__ import annotations

import numpy as np
import pytest

from astgrad.errors import MissingRule
from astgrad.interpret import interpret
from tests.transform.written import adjoint, arguments, block, body, function_of

ADJOINTS = {
    "every parent gets its share": (
        "s * t",
        """
        t2 = value(1.0)
        bs = value(0.0)
        bt = value(0.0)
        t3 = mul(t2, t)
        bs_2 = add(bs, t3)
        t4 = mul(t2, s)
        bt_2 = add(bt, t4)
        return (bs_2, bt_2)
        """,
    ),
    "one parent twice: its partials are summed first": (
        "s * s",
        """
        t2 = value(1.0)
        bs = value(0.0)
        t3 = add(s, s)
        t4 = mul(t2, t3)
        bs_2 = add(bs, t4)
        return bs_2
        """,
    ),
    "two children: the contributions add": (
        """
        def f(s):
            a = np.sin(s)
            return a * s
        """,
        """
        t2 = value(1.0)
        ba = value(0.0)
        bs = value(0.0)
        t3 = mul(t2, s)
        ba_2 = add(ba, t3)
        t4 = mul(t2, a)
        bs_2 = add(bs, t4)
        t5 = cos(s)
        t6 = mul(ba_2, t5)
        bs_3 = add(bs_2, t6)
        t7 = float(bs_3)
        return t7
        """,
    ),
    "what the output does not read has no adjoint": (
        """
        def f(s, t):
            a = s * t
            b = np.sin(s)
            return a
        """,
        """
        ba = value(1.0)
        bs = value(0.0)
        bt = value(0.0)
        t1 = mul(ba, t)
        bs_2 = add(bs, t1)
        t2 = mul(ba, s)
        bt_2 = add(bt, t2)
        return (bs_2, bt_2)
        """,
    ),
    "linear: the transpose": (
        "np.sum(A @ x)",
        """
        t3 = value(1.0)
        t4 = zeros_like(t1)
        bA = zeros_like(A)
        bx = zeros_like(x)
        t5 = getattr(t1, 'shape')
        t6 = broadcast_to(t3, t5)
        t7 = add(t4, t6)
        t8 = outer(t7, x)
        t9 = getattr(A, 'T')
        t10 = matmul(t9, t7)
        bA_2 = add(bA, t8)
        bx_2 = add(bx, t10)
        return (bA_2, bx_2)
        """,
    ),
    "broadcasting is summed": (
        "np.sum(A + x)",
        """
        t3 = value(1.0)
        t4 = zeros_like(t1)
        bA = zeros_like(A)
        bx = zeros_like(x)
        t5 = getattr(t1, 'shape')
        t6 = broadcast_to(t3, t5)
        t7 = add(t4, t6)
        bA_2 = add(bA, t7)
        t8 = sum(t7, axis=0)
        bx_2 = add(bx, t8)
        return (bA_2, bx_2)
        """,
    ),
    "each in its own precision": (
        "w @ x",
        """
        t2 = value(1.0)
        bw = zeros_like(w)
        bx = zeros_like(x)
        t3 = mul(t2, x)
        t4 = mul(t2, w)
        t5 = t3.astype(float32)
        bw_2 = add(bw, t5)
        t6 = t4.astype(float64)
        bx_2 = add(bx, t6)
        return (bw_2, bx_2)
        """,
    ),
    "a masked arm (S25)": (
        "np.sum(np.where(x > 0, np.sqrt(x), 1.0))",
        """
        t5 = value(1.0)
        t6 = zeros_like(t3)
        t7 = zeros_like(t2)
        bx = zeros_like(x)
        t8 = getattr(t3, 'shape')
        t9 = broadcast_to(t5, t8)
        t10 = add(t6, t9)
        t11 = where(t1, t10, 0)
        t12 = where(t1, 0, t10)
        t13 = sum(t12)
        t14 = add(t7, t11)
        t15 = where(t1, x, 1)
        t16 = where(t1, t2, 1)
        t17 = truediv(0.5, t16)
        t18 = mul(t14, t17)
        bx_2 = add(bx, t18)
        return bx_2
        """,
    ),
    "containers, item by item": (
        "max(s, t)",
        """
        t2 = value(1.0)
        bs = value(0.0)
        bt = value(0.0)
        t3 = pick(t2, t1, (s, t))
        t4 = getitem(t3, 0)
        bs_2 = add(bs, t4)
        t5 = getitem(t3, 1)
        bt_2 = add(bt, t5)
        return (bs_2, bt_2)
        """,
    ),
    "complex partials are conjugated": (
        "abs(z[0])",
        """
        t3 = value(1.0)
        t4 = value(0j)
        bz = zeros_like(z)
        t5 = sign(t1)
        t6 = conj(t5)
        t7 = conjugate(t6)
        t8 = mul(t3, t7)
        t9 = add(t4, t8)
        t10 = scatter(t9, 0, z)
        bz_2 = add(bz, t10)
        return bz_2
        """,
    ),
    "nothing is known": (
        "np.sum(unknown * 2)",
        """
        t3 = scalar(t2)
        t4 = zeros(t2)
        t5 = zeros(t1)
        bunknown = zeros(unknown)
        t6 = accumulate(t4, 1.0)
        t7 = unreduce(t6, t1)
        t8 = unbroadcast(t7, t1)
        t9 = accumulate(t5, t8)
        t10 = mul(t9, 2)
        t11 = unbroadcast(t10, unknown)
        bunknown_2 = accumulate(bunknown, t11)
        t12 = like(bunknown_2, unknown)
        return t12
        """,
    ),
    "the output is the argument": ("s", "bs = value(1.0)\nreturn bs"),
}


def behind_the_primal(text):
    """The statements that reverse appended."""
    function = adjoint(text).function
    lines = body(function).splitlines()
    primal = [s for s in function.body.body if not s.origin.backward and s.op.value.__name__ != "scalar"]
    return "\n".join(lines[len(primal) :])


@pytest.mark.parametrize("before, after", ADJOINTS.values(), ids=ADJOINTS)
def test_adjoints(before, after):
    assert behind_the_primal(before) == block(after)


@pytest.mark.parametrize("before", [before for before, _ in ADJOINTS.values() if "unknown" not in before])
def test_the_right_sides_of_the_table_are_the_derivatives(before):
    """Along a random direction, against finite differences, run by the interpreter."""
    f = function_of(before)
    values = arguments(f)
    rng, step = np.random.default_rng(0), 1e-6
    grads = interpret(adjoint(before).function, *values.values())
    grads = grads if isinstance(grads, tuple) else (grads,)
    for name, grad in zip(values, grads):
        x = np.asarray(values[name], complex if name == "z" else float)
        d = rng.standard_normal(x.shape) + (1j * rng.standard_normal(x.shape) if name == "z" else 0)
        keep = type(values[name]) is float
        ahead, behind = (f(**{**values, name: v.item() if keep else v}) for v in (x + step * d, x - step * d))
        assert np.isclose(
            np.sum(np.real(np.conj(grad) * d)), (ahead - behind) / (2 * step), atol=1e-7, rtol=1e-5
        )
        assert np.asarray(grad).dtype == np.asarray(values[name]).dtype


def test_a_leaf_that_the_output_ignores_gets_zeros():
    lines = behind_the_primal("def f(s, x):\n    return s * 2\n").splitlines()
    assert "bx = zeros_like(x)" in lines and lines[-1] == "return (bs_2, bx)"


def test_a_mask_stays_only_while_every_contribution_has_it():
    text = "def f(x):\n    y = np.sqrt(x)\n    return np.sum(np.where(x > 0, y, 1.0)) + np.sum(y)\n"
    assert [line for line in behind_the_primal(text).splitlines() if "where(t1, y" in line] == []
    text = "np.sum(np.where(x > 0, np.where(x < 3, np.sqrt(x), 1.0), 2.0))"
    wheres = [line for line in behind_the_primal(text).splitlines() if ", x, 1)" in line or ", 1)" in line]
    assert len([line for line in wheres if "where" in line]) == 4  # both conditions, for x and for y


@pytest.mark.parametrize(
    "expression, wrt, message",
    [
        ("np.partition(x, 1)[0]", "x", "np.partition"),
        ("np.sum(np.lexsort(x))", "x", "lexsort"),
        ("np.random.normal(s)", "s", "normal"),
    ],
)
def test_refused_where_there_is_no_rule(expression, wrt, message):
    with pytest.raises(MissingRule, match=message) as caught:
        adjoint(expression, wrt)
    assert "^" in str(caught.value)


def test_origins_are_those_of_the_statements_they_differentiate():
    made = adjoint("def f(x):\n    a = np.sin(x)\n    b = a * 2\n    return np.sum(b)\n")
    lines = [(s.op.value.__name__, s.origin.line) for s in made.function.body.body if s.origin.backward]
    assert ("cos", 2) in lines and ("broadcast_to", 4) in lines
    primal = {s.target for s in made.function.body.body if not s.origin.backward}
    assert {made.adjoint_of[var].name for var in made.adjoint_of if made.adjoint_of[var].name} == {
        "x",
        "a",
        "b",
    }
    assert all(var not in primal for var in made.adjoint_of)
