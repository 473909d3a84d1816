"""The lecture's network, in the general form: nothing is known of the arguments."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def loss(W, b, V, c, x, y):
    h = np.tanh(b + W @ x)
    f = c + V @ h
    return -f[y] + np.log(np.sum(np.exp(f)))


GRADIENT = grad(loss, wrt=("W", "b", "V", "c"))
GENERAL = True
ARGUMENTS = (normal(4, 3), normal(4), normal(5, 4), normal(5), normal(3), 2)


# --- generated: python -m tests.test_golden --write


def loss_grad(W, b, V, c, x, y):
    """Gradient of loss (network_general.py:9) with respect to W, b, V, c.

    The general form, for arguments of any kind; source_for(*args) shows the one for
    yours.
    """
    Wx = W @ x  # 10
    b_plus_Wx = b + Wx  # 10
    h = np.tanh(b_plus_Wx)  # 10
    Vh = V @ h  # 11
    f = c + Vh  # 11
    f_y = f[y]  # 12
    neg_f_y = -f_y  # 12
    exp_f = np.exp(f)  # 12
    sum_exp_f = np.sum(exp_f)  # 12
    log_sum_exp_f = np.log(sum_exp_f)  # 12
    scalar_sum_neg_f_y = scalar(neg_f_y + log_sum_exp_f)  # 12
    # backward
    prod_f = unbroadcast(1.0, log_sum_exp_f) * np.conjugate(
        np.divide(1, sum_exp_f)
    )  # 12: -f[y] + log(sum(exp(f)))
    unreduce_prod_f = unreduce(unbroadcast(prod_f, sum_exp_f), exp_f)  # 12: sum(exp(f))
    prod_f = unbroadcast(unreduce_prod_f, exp_f) * np.conjugate(exp_f)  # 12: exp(f)
    bf = unbroadcast(prod_f, f)  # 12: exp(f)
    bf_y = unbroadcast(unbroadcast(1.0, neg_f_y) * -1, f_y)  # 12: -f[y]
    bf = accumulate(bf, scatter(bf_y, y, f))  # 12: f[y]
    bc = unbroadcast(bf, c)  # 11: c + V @ h
    matmul_bf = matmul(unbroadcast(bf, Vh), V, h)  # 11: c + V @ h
    bV = unbroadcast(matmul_bf[0], V)  # 11: V @ h
    bh = unbroadcast(matmul_bf[1], h)  # 11: V @ h
    bb_plus_Wx = unbroadcast(bh * np.conjugate(1 - h**2), b_plus_Wx)  # 10: tanh(b +...
    bb = unbroadcast(bb_plus_Wx, b)  # 10: b + W @ x
    matmul_Wx_0 = matmul(unbroadcast(bb_plus_Wx, Wx), W, x)[0]  # 10: b + W @ x
    bW = unbroadcast(matmul_Wx_0, W)  # 10: W @ x
    return like(bW, W), like(bb, b), like(bV, V), like(bc, c)
