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
    sqrt_q_shape_2 = np.sqrt(q.shape[2])  # 15
    ratio_q = q @ swapaxes_k / sqrt_q_shape_2  # 15
    max_ratio_q = np.max(ratio_q, axis=-1, keepdims=True)  # softmax 10
    e = np.exp(ratio_q - max_ratio_q)  # softmax 10
    sum_e = np.sum(e, axis=-1, keepdims=True)  # softmax 11
    a = e / sum_e  # softmax 11
    # backward
    bav = 2 * (a @ v)  # 16: (a @ v) ** 2
    ba = bav @ v.mT  # 16: a @ v
    bv = a.mT @ bav  # 16: a @ v
    be = ba / sum_e  # softmax 11: e / sum(e, axis=-1, keepdims=True)
    be -= np.sum(ba * (a / sum_e), axis=2, keepdims=True)  # softmax 11: e / sum(e, a...
    bdiff_ratio_q = be * e  # softmax 10: exp(s - max(s, axis=-1, keepdims=True))
    mask_ratio_q = ratio_q == max_ratio_q  # softmax 10: max(s, axis=-1, keepdims=True)
    sum_mask_ratio_q = np.sum(mask_ratio_q, axis=-1, keepdims=True)  # softmax 10
    bdiff_ratio_q -= mask_ratio_q * (
        np.sum(bdiff_ratio_q, axis=2, keepdims=True) / sum_mask_ratio_q
    )  # softmax 10: s - max(s, axis=-1, keepdims=True)
    bq_swapaxes_k = bdiff_ratio_q / sqrt_q_shape_2  # 15: q @ swapaxes(k, -1, -2) / s...
    bq = bq_swapaxes_k @ swapaxes_k.mT  # 15: q @ swapaxes(k, -1, -2)
    bk = np.swapaxes(q.mT @ bq_swapaxes_k, -1, -2)  # 15: q @ swapaxes(k, -1, -2)
    return bq, bk, bv
