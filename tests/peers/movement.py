# SPDX-License-Identifier: BSD-3-Clause
"""Views, movement and making tensors: nothing is computed, so everything must be equal."""

import numpy as np
from judge import FLOATS, equal, ulps
from values import INTEGERS, numbers, rounded

DTYPES = ("bool",) + INTEGERS + FLOATS
TORCH = ("bool", "i8", "i16", "i32", "i64", "u8") + FLOATS
SHAPE = (3, 4, 5)
# operation, its arguments after x, what NumPy and PyTorch call it
VIEWS = [
    ("permute", ((2, 0, 1),), "np.transpose(x, (2, 0, 1))", "x.permute(2, 0, 1)"),
    ("permute", (None,), "x.T", "x.permute(2, 1, 0)"),
    ("transpose", (0, -1), "np.swapaxes(x, 0, -1)", "x.transpose(0, -1)"),
    ("reshape", (2, (10, -1)), "x.reshape(10, -1)", "x.reshape(10, -1)"),
    ("flatten", (1, 2), "x.reshape(3, 20)", "x.flatten(1, 2)"),
    ("slice", (1, 1, 4, 2), "x[:, 1:4:2]", "x[:, 1:4:2]"),
    ("slice", (2, -1, -6, -1), "x[..., ::-1]", "x.flip(2)"),
    ("slice", (0, 2, 1, 1), "x[2:1]", "x[2:1]"),
    ("select", (1, -1), "x[:, -1]", "x[:, -1]"),
    ("flip", ((0, 2),), "np.flip(x, (0, 2))", "x.flip(0, 2)"),
    ("unsqueeze", (1,), "np.expand_dims(x, 1)", "x.unsqueeze(1)"),
    ("diagonal", (1, 1, 2), "np.diagonal(x, 1, 1, 2)", "x.diagonal(1, 1, 2)"),
    ("diagonal", (-2, 0, 2), "np.diagonal(x, -2, 0, 2)", "x.diagonal(-2, 0, 2)"),
    ("windows", (2, 3, 1, 1), "np.lib.stride_tricks.sliding_window_view(x, 3, 2)", "x.unfold(2, 3, 1)"),
    ("windows", (2, 2, 3, 1), "np.lib.stride_tricks.sliding_window_view(x, 2, 2)[:, :, ::3]", "x.unfold(2, 2, 3)"),
    (
        "as_strided",
        (2, (4, 3), (1, 5), 2),
        "np.lib.stride_tricks.as_strided(x.reshape(-1)[2:], (4, 3), (x.itemsize, 5 * x.itemsize))",
        "x.as_strided((4, 3), (1, 5), 2)",
    ),
    ("copy", (), "x.copy()", "x.clone()"),
    ("tile", ((2, 1, 3),), "np.tile(x, (2, 1, 3))", "x.tile(2, 1, 3)"),
    ("repeat", (3, 1), "np.repeat(x, 3, 1)", "x.repeat_interleave(3, 1)"),
    ("roll", (2, 1), "np.roll(x, 2, 1)", "x.roll(2, 1)"),
    ("roll", (-7, 2), "np.roll(x, -7, 2)", "x.roll(-7, 2)"),
]
PADS = [
    (0, "np.pad(x, ((0, 0), (1, 2), (0, 3)), constant_values=1)", "F.pad(x, (0, 3, 1, 2), value=1)"),
    (1, "np.pad(x, ((0, 0), (1, 2), (0, 3)), 'edge')", None),
    (2, "np.pad(x, ((0, 0), (1, 2), (0, 3)), 'reflect')", None),
    (3, "np.pad(x, ((0, 0), (1, 2), (0, 3)), 'wrap')", None),
]


def views(s):
    for dtype in DTYPES:
        x = numbers(dtype, SHAPE, "view")
        t = s.rt.tensor(x, dtype)
        for op, arguments, numpy_text, torch_text in VIEWS:
            ours = getattr(s.rt, op)(t, *arguments).numpy()
            s.check(op, dtype, "numpy", arguments, ours, lambda: s.ask("numpy", numpy_text, x=x), equal)
            if dtype in TORCH:
                s.check(op, dtype, "torch", arguments, ours, lambda: s.ask("torch", torch_text, x=x), equal)
        row = s.rt.slice(t, 0, 0, 1, 1)
        s.check("expand", dtype, "numpy", "", s.rt.expand(row, 3, (6, -1, 5)).numpy(), lambda: np.broadcast_to(x[:1], (6, 4, 5)), equal)
        s.check("squeeze", dtype, "numpy", "", s.rt.squeeze(row, None).numpy(), lambda: x[0], equal)
        for mode, numpy_text, torch_text in PADS:
            ours = s.rt.pad(t, (0, 1, 0), (0, 2, 3), mode, 1).numpy()
            s.check("pad", dtype, "numpy", mode, ours, lambda: s.ask("numpy", numpy_text, x=x), equal)
            if dtype in TORCH and torch_text:
                s.check("pad", dtype, "torch", mode, ours, lambda: s.ask("torch", torch_text, x=x), equal)


def joins(s):
    for dtype in DTYPES:
        a, b = numbers(dtype, SHAPE, "a"), numbers(dtype, (3, 2, 5), "b")
        x, y = s.rt.tensor(a, dtype), s.rt.tensor(b, dtype)
        index, along = np.array([[0, -1, 2], [3, 3, -4]]), np.array([[[1, 0, -1, 3, 2]], [[0, 0, 0, 0, 0]], [[3, 2, 1, 0, -4]]])
        cases = [
            ("concat", s.rt.concat(2, [x, y], 1), "np.concatenate([a, b], 1)", "t.cat([a, b], 1)"),
            ("stack", s.rt.stack(2, [x, x], 1), "np.stack([a, a], 1)", "t.stack([a, a], 1)"),
            ("gather", s.rt.gather(x, s.rt.tensor(index, "i64"), 1), "np.take(a, i, 1)", "a[:, i]"),
            (
                "take_along",
                s.rt.take_along(x, s.rt.tensor(along, "i64"), 1),
                "np.take_along_axis(a, k, 1)",
                "t.take_along_dim(a, k % 4, 1)",
            ),
        ]
        for op, ours, numpy_text, torch_text in cases:
            s.check(op, dtype, "numpy", "", ours.numpy(), lambda: s.ask("numpy", numpy_text, a=a, b=b, i=index, k=along), equal)
            if dtype in TORCH:
                s.check(op, dtype, "torch", "", ours.numpy(), lambda: s.ask("torch", torch_text, a=a, b=b, i=index, k=along), equal)


def makes(s):
    for dtype in INTEGERS + FLOATS:
        cases = [
            ("arange", s.rt.arange(dtype, 3, 40, 4), "np.arange(3, 40, 4)"),
            ("eye", s.rt.eye(dtype, 4, 6, 1), "np.eye(4, 6, 1)"),
            ("full", s.rt.full(dtype, 2, (2, 3), 7), "np.full((2, 3), 7)"),
            ("zeros", s.rt.zeros(dtype, 2, (2, 3)), "np.zeros((2, 3))"),
            ("ones", s.rt.ones(dtype, 1, (3,)), "np.ones((3,))"),
        ]
        for op, ours, text in cases:
            s.check(op, dtype, "numpy", "", ours.numpy(), lambda: rounded(s.ask("numpy", text), dtype), equal)
    for dtype in FLOATS:
        s.check(
            "linspace",
            dtype,
            "numpy",
            "",
            s.rt.linspace(dtype, -1.5, 4.0, 23).numpy(),
            lambda: s.ask("numpy", "np.linspace(-1.5, 4.0, 23)"),
            lambda o, e: ulps(o, e, dtype, 0.5),
        )


def casts(s):
    """Every pair of dtypes, values that both hold; what happens beyond is in conventions.py."""
    x = np.array([0, 1, 2, 3, 100, 127])
    for source in DTYPES:
        for target in DTYPES:
            t = s.rt.tensor(x, source)
            s.check("cast", source, "numpy", target, s.rt.cast(t, target).numpy(), lambda: rounded(rounded(x, source), target), equal)
    fractions = np.array([0.5, -0.5, 1.5, 2.5, -2.5, 99.99, -99.99, 1e-7])
    for source in FLOATS:
        for target in ("i8", "i16", "i32", "i64") + FLOATS:
            kept = rounded(fractions, source)
            s.check(
                "cast",
                source,
                "numpy",
                target,
                s.rt.cast(s.rt.tensor(fractions, source), target).numpy(),
                lambda: rounded(kept, target),
                equal,
            )
    big = numbers("i64", (50,), "cast")
    for target in INTEGERS:
        s.check("cast", "i64", "numpy", target, s.rt.cast(s.rt.tensor(big, "i64"), target).numpy(), lambda: rounded(big, target), equal)
    for target in ("f32", "f64"):
        s.check("cast", "i64", "numpy", target, s.rt.cast(s.rt.tensor(big, "i64"), target).numpy(), lambda: rounded(big, target), equal)


GROUPS = (views, joins, makes, casts)
