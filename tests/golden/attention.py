"""One head of attention: a batched matrix product and a softmax."""

import numpy as np

from astgrad import grad
from tests.samples import normal


def softmax(s):
    e = np.exp(s - np.max(s, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def loss(q, k, v):
    a = softmax(q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1]))
    return np.sum((a @ v) ** 2)


GRADIENT = grad(loss, wrt=("q", "k", "v"))
ARGUMENTS = (normal(2, 3, 4), normal(2, 5, 4), normal(2, 5, 2))


# --- generated: python -m tests.test_golden --write


def loss_grad(q, k, v):
    """Gradient of loss (attention.py:14) with respect to q, k, v.

    q: float64 (3-d), k: float64 (3-d), v: float64 (3-d)
    """
    swapaxes_k = np.swapaxes(k, -1, -2)  # 15
    q_shape = q.shape  # 15
    sqrt_q_shape_2 = np.sqrt(q_shape[2])  # 15
    ratio_q = q @ swapaxes_k / sqrt_q_shape_2  # 15
    max_ratio_q = np.max(ratio_q, axis=-1, keepdims=True)  # softmax 10
    e = np.exp(ratio_q - max_ratio_q)  # softmax 10
    sum_e = np.sum(e, axis=-1, keepdims=True)  # softmax 11
    e_over_sum_e = e / sum_e  # softmax 11
    # backward
    be_over_sum_e_v = 2 * (e_over_sum_e @ v)  # 16: (a @ v) ** 2
    be_over_sum_e = be_over_sum_e_v @ v.mT  # 16: a @ v
    bv = e_over_sum_e.mT @ be_over_sum_e_v  # 16: a @ v
    be = be_over_sum_e / sum_e  # softmax 11: e / sum(e, axis=-1, keepdims=True)
    k_shape_1 = k.shape[1]  # softmax 11: sum(e, axis=-1, keepdims=True)
    be += np.sum(
        -(be_over_sum_e * (e_over_sum_e / sum_e)), axis=2, keepdims=True
    )  # softmax 11: e / sum(e, axis=-1, keepdims=True)
    bdiff_ratio_q = be * e  # softmax 10: exp(s - max(s, axis=-1, keepdims=True))
    bmax_ratio_q = np.sum(-bdiff_ratio_q, axis=2, keepdims=True)  # softmax 10
    broadcast_q = np.broadcast_to(
        max_ratio_q, (len(q), q_shape[1], k_shape_1)
    )  # softmax 10: max(s, axis=-1, keepdims=True)
    mask_ratio_q = ratio_q == broadcast_q  # softmax 10: max(s, axis=-1, keepdims=True)
    bdiff_ratio_q += mask_ratio_q * (
        bmax_ratio_q / np.sum(mask_ratio_q, axis=-1, keepdims=True)
    )  # softmax 10: max(s, axis=-1, keepdims=True)
    bq_swapaxes_k = bdiff_ratio_q / sqrt_q_shape_2  # 15: q @ swapaxes(k, -1, -2) / s...
    bq = bq_swapaxes_k @ swapaxes_k.mT  # 15: q @ swapaxes(k, -1, -2)
    bk = np.swapaxes(q.mT @ bq_swapaxes_k, -1, -2)  # 15: q @ swapaxes(k, -1, -2)
    return bq, bk, bv
