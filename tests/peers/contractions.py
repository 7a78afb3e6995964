# SPDX-License-Identifier: BSD-3-Clause
"""Matrix products, convolutions and pooling. The bound of a sum of products is its number of terms times the rounding unit times the sum of
their magnitudes, which the other library computes as well."""

import numpy as np
from judge import FLOATS, equal, summed
from trivet import window
from values import INTEGERS, floats, integers

TORCH_INTEGERS = ("i8", "i16", "i32", "i64", "u8")
PRODUCTS = [
    ((3, 4), (4, 5)),
    ((1, 1), (1, 1)),
    ((17, 300), (300, 9)),
    ((4,), (4,)),
    ((3, 4), (4,)),
    ((4,), (4, 2)),
    ((2, 3, 4), (4, 5)),
    ((2, 1, 3, 4), (5, 4, 2)),
    ((0, 4), (4, 3)),
    ((3, 0), (0, 2)),
]


def products(s):
    for left, right in PRODUCTS:
        terms = left[-1]
        for dtype in FLOATS:
            a, b = floats(dtype, left, -2, 2, "a"), floats(dtype, right, -2, 2, "b")
            ours, size = s.rt.matmul(s.rt.tensor(a, dtype), s.rt.tensor(b, dtype)).numpy(), np.matmul(np.abs(a), np.abs(b))
            for peer, text in (("numpy", "np.matmul(a, b)"), ("torch", "t.matmul(a, b)")):
                s.check(
                    "matmul",
                    dtype,
                    peer,
                    (left, right),
                    ours,
                    lambda: s.ask(peer, text, a=a, b=b),
                    lambda o, e: summed(o, e, dtype, terms, size),
                )
            whole_a, whole_b = np.round(4 * a), np.round(4 * b)  # exact in f32: 300 products of at most 64
            if dtype in ("f32", "f64"):
                ours = s.rt.matmul(s.rt.tensor(whole_a, dtype), s.rt.tensor(whole_b, dtype)).numpy()
                s.check(
                    "matmul",
                    dtype,
                    "numpy",
                    (left, right, "whole"),
                    ours,
                    lambda: s.ask("numpy", "np.matmul(a, b)", a=whole_a, b=whole_b),
                    equal,
                )
        for dtype in INTEGERS:
            a, b = integers(dtype, left, "a"), integers(dtype, right, "b")
            ours = s.rt.matmul(s.rt.tensor(a, dtype), s.rt.tensor(b, dtype)).numpy()
            for peer, text in (("numpy", "np.matmul(a, b)"), ("torch", "t.matmul(a, b)")):
                if peer == "numpy" or dtype in TORCH_INTEGERS:
                    s.check("matmul", dtype, peer, (left, right), ours, lambda: s.ask(peer, text, a=a, b=b), equal)


# x, weight, stride, dilation, low pad, groups; the high pad is the low one, as PyTorch has it
CONVOLUTIONS = [
    ((1, 3, 9, 8), (4, 3, 3, 3), (1, 1), (1, 1), (0, 0), 1),
    ((2, 3, 9, 8), (4, 3, 3, 2), (2, 1), (1, 1), (1, 1), 1),
    ((1, 4, 9, 9), (6, 2, 3, 3), (1, 2), (2, 1), (2, 0), 2),
    ((1, 6, 7, 7), (6, 1, 5, 5), (1, 1), (1, 1), (2, 2), 6),
    ((1, 3, 5, 5), (7, 3, 1, 1), (1, 1), (1, 1), (0, 0), 1),
    ((2, 3, 20), (5, 3, 4), (3,), (2,), (1,), 1),
    ((1, 4, 20), (4, 1, 3), (1,), (1,), (2,), 4),
    ((1, 2, 5, 6, 4), (3, 2, 2, 3, 2), (1, 2, 1), (1, 1, 2), (0, 1, 1), 1),
    ((1, 130, 6, 6), (4, 130, 3, 3), (1, 1), (1, 1), (1, 1), 1),
]


def convolutions(s):
    for x_shape, w_shape, stride, dilation, pad, groups in CONVOLUTIONS:
        rank, terms = len(stride), int(np.prod(w_shape[1:])) + 1
        w = window(
            stride=stride + (0,) * (3 - rank),
            dilation=dilation + (0,) * (3 - rank),
            pad_lo=pad + (0,) * (3 - rank),
            pad_hi=pad + (0,) * (3 - rank),
            groups=groups,
        )
        text = f"F.conv{rank}d(x, w, b, stride, pad, dilation, groups)"
        for dtype in FLOATS:
            x, weight, bias = floats(dtype, x_shape, -2, 2, "x"), floats(dtype, w_shape, -2, 2, "w"), floats(dtype, w_shape[:1], -2, 2, "b")
            for b in (bias, None):
                ours = s.rt.conv(s.rt.tensor(x, dtype), s.rt.tensor(weight, dtype), None if b is None else s.rt.tensor(b, dtype), w).numpy()
                k = dict(stride=stride, pad=pad, dilation=dilation, groups=groups)
                if s.has("torch"):
                    size = s.ask("torch", text, x=np.abs(x), w=np.abs(weight), b=None if b is None else np.abs(b), **k)
                    s.check(
                        "conv",
                        dtype,
                        "torch",
                        (x_shape, w_shape, stride, dilation, pad, groups),
                        ours,
                        lambda: s.ask("torch", text, x=x, w=weight, b=b, **k),
                        lambda o, e: summed(o, e, dtype, terms, size),
                    )
                if s.has("scipy") and groups == 1 and set(stride + dilation) == {1} and not any(pad) and b is None:
                    several = "np.stack([[sum(signal.correlate(x[n, c], w[m, c], 'valid') for c in range(x.shape[1])) for m in range(w.shape[0])] for n in range(x.shape[0])])"
                    s.check(
                        "conv",
                        dtype,
                        "scipy",
                        (x_shape, w_shape),
                        ours,
                        lambda: s.ask("scipy", several, x=x, w=weight),
                        lambda o, e: summed(o, e, dtype, terms, s.ask("scipy", several, x=np.abs(x), w=np.abs(weight))),
                    )


# x, size, stride, dilation (max_pool), pad, ceil_mode
POOLS = [
    ((1, 2, 8, 8), (2, 2), (2, 2), (1, 1), (0, 0), False),
    ((2, 3, 9, 7), (3, 2), (2, 1), (1, 1), (1, 1), False),
    ((1, 2, 10, 10), (3, 3), (2, 2), (1, 1), (1, 1), True),
    ((1, 1, 9, 9), (3, 3), (1, 2), (2, 2), (1, 0), False),
    ((2, 3, 20), (4,), (3,), (1,), (2,), True),
    ((1, 2, 5, 6, 4), (2, 3, 2), (1, 2, 2), (1, 1, 1), (1, 1, 0), False),
]


def pools(s):
    if not s.has("torch"):
        return
    for shape, size, stride, dilation, pad, ceil_mode in POOLS:
        rank, three = len(size), lambda v: tuple(v) + (0,) * (3 - len(v))
        for dtype in FLOATS:
            x = floats(dtype, shape, -5, 5, "pool")
            t, label = s.rt.tensor(x, dtype), (shape, size, stride, dilation, pad, ceil_mode)
            w = window(
                size=three(size), stride=three(stride), dilation=three(dilation), pad_lo=three(pad), pad_hi=three(pad), ceil_mode=ceil_mode
            )
            s.check(
                "max_pool",
                dtype,
                "torch",
                label,
                s.rt.max_pool(t, w).numpy(),
                lambda: s.ask(
                    "torch",
                    f"F.max_pool{rank}d(x, size, stride, pad, dilation, ceil)",
                    x=x,
                    size=size,
                    stride=stride,
                    pad=pad,
                    dilation=dilation,
                    ceil=ceil_mode,
                ),
                equal,
            )
            if set(dilation) != {1}:
                continue
            for count_pad in (False, True):
                w.count_pad = count_pad
                text, k = f"F.avg_pool{rank}d(x, size, stride, pad, ceil, count)", dict(
                    size=size, stride=stride, pad=pad, ceil=ceil_mode, count=count_pad
                )
                magnitude = s.ask("torch", text, x=np.abs(x), **k)
                s.check(
                    "avg_pool",
                    dtype,
                    "torch",
                    label + (count_pad,),
                    s.rt.avg_pool(t, w).numpy(),
                    lambda: s.ask("torch", text, x=x, **k),
                    lambda o, e: summed(o, e, dtype, int(np.prod(size)), magnitude),
                )


GROUPS = (products, convolutions, pools)
