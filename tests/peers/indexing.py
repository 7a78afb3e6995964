"""Normalisation beside NumPy, transposed convolution, quantisation, scattering and picking by index or by condition."""
"""Normalisation, transposed convolution, quantisation, scattering and picking by index or by condition."""

import numpy as np
from judge import FLOATS, equal, summed, ulp, unit, within
from trivet import window
from values import INTEGERS, floats, integers, numbers, rounded

DTYPES = ("bool",) + INTEGERS + FLOATS
TORCH = ("bool", "i8", "i16", "i32", "i64", "u8") + FLOATS
EPS = 1e-3
NO_INDEX = -(2**63)


def normed(ours, exact, dtype, x, m, v, terms, weight, bias):
    """The bound of docs/numerics.md for (x - m) / sqrt(v + eps) * weight + bias. terms 0: m and v were given; m None: there is no mean."""
    u = unit(dtype)
    centre = 0.0 if m is None else m
    off_m = 0.0 if m is None or terms == 0 else terms * u * np.abs(x).max() + u * np.abs(m)
    off_v = 0.0 if terms == 0 else (terms + 8) * u * (v + off_m**2) + off_m**2
    z = (x - centre) / np.sqrt(v + EPS)
    slack = np.abs(weight) * (1.25 * (off_m + 2 * u * np.abs(x - centre)) / np.sqrt(v + EPS) + np.abs(z) * (off_v / (v + EPS) + 5 * u))
    slack = slack + 4 * u * (np.abs(z * weight) + np.abs(bias))
    return within(ours, exact, dtype, (2 if dtype == "f64" else 1) * slack.reshape(exact.shape) + 0.5 * ulp(exact, dtype))


def norms(s):
    for dtype in FLOATS:
        x, w, b = floats(dtype, (4, 6, 5, 7), -3, 5, "x"), floats(dtype, (6,), 0.5, 2, "w"), floats(dtype, (6,), -1, 1, "b")
        last, shift = floats(dtype, (5, 7), 0.5, 2, "last"), floats(dtype, (5, 7), -1, 1, "shift")
        mean, variance = floats(dtype, (6,), -1, 1, "mean"), floats(dtype, (6,), 0.5, 4, "variance")
        t = {k: s.rt.tensor(v, dtype) for k, v in dict(x=x, w=w, b=b, last=last, shift=shift, mean=mean, variance=variance).items()}
        k = dict(x=x, w=w, b=b, last=last, shift=shift, mean=mean, variance=variance, e=EPS)
        rms = "x / np.sqrt((x * x).mean(axis=(2, 3), keepdims=True) + e) * last"
        layer = "(x - x.mean(axis=(2, 3), keepdims=True)) / np.sqrt(x.var(axis=(2, 3), keepdims=True) + e) * last + shift"
        batch = "(x - mean[:, None, None]) / np.sqrt(variance[:, None, None] + e) * w[:, None, None] + b[:, None, None]"
        per_channel = lambda v: v[:, None, None]
        rows, grouped = dict(axis=(2, 3), keepdims=True), x.reshape(4, 3, 2, 5, 7)
        of_group = dict(axis=(2, 3, 4), keepdims=True)
        cases = [  # operation, ours, NumPy's and PyTorch's expression, then what the bound needs: x, mean, variance, terms, weight, bias
            (
                "layer_norm",
                s.rt.layer_norm(t["x"], (2, 3), t["last"], t["shift"], EPS),
                layer,
                "F.layer_norm(x, (5, 7), last, shift, e)",
                (x, x.mean(**rows), x.var(**rows), 35, last, shift),
            ),
            ("rms_norm", s.rt.rms_norm(t["x"], (2, 3), t["last"], EPS), rms, None, (x, None, (x * x).mean(**rows), 35, last, 0.0)),
            (
                "batch_norm",
                s.rt.batch_norm(t["x"], t["mean"], t["variance"], t["w"], t["b"], 1, EPS),
                batch,
                "F.batch_norm(x, mean, variance, w, b, False, 0.1, e)",
                (x, per_channel(mean), per_channel(variance), 0, per_channel(w), per_channel(b)),
            ),
            (
                "batch_norm",
                s.rt.batch_norm(t["x"], None, None, t["w"], t["b"], 1, EPS),
                None,
                "F.batch_norm(x, None, None, w, b, True, 0.1, e)",
                (x, x.mean(axis=(0, 2, 3), keepdims=True), x.var(axis=(0, 2, 3), keepdims=True), 140, per_channel(w), per_channel(b)),
            ),
            (
                "group_norm",
                s.rt.group_norm(t["x"], 3, t["w"], t["b"], EPS),
                None,
                "F.group_norm(x, 3, w, b, e)",
                (grouped, grouped.mean(**of_group), grouped.var(**of_group), 70, w.reshape(3, 2, 1, 1), b.reshape(3, 2, 1, 1)),
            ),
        ]
        for op, ours, numpy_text, torch_text, facts in cases:
            for peer, text in (("numpy", numpy_text), ("torch", torch_text)):
                if text:
                    s.check(op, dtype, peer, text, ours.numpy(), lambda: s.ask(peer, text, **k), lambda o, e: normed(o, e, dtype, *facts))


# x, weight [C, M/groups, ...], stride, dilation, pad, output pad, groups
TRANSPOSED = [
    ((1, 3, 5, 6), (3, 4, 3, 3), (1, 1), (1, 1), (0, 0), (0, 0), 1),
    ((2, 4, 5, 6), (4, 2, 3, 2), (2, 3), (1, 1), (1, 0), (1, 2), 2),
    ((1, 2, 9), (2, 3, 4), (2,), (2,), (1,), (0,), 1),
    ((1, 2, 3, 4, 2), (2, 2, 2, 3, 2), (1, 2, 1), (1, 1, 2), (0, 1, 1), (0, 1, 0), 1),
]


def transposed(s):
    if not s.has("torch"):
        return
    for x_shape, w_shape, stride, dilation, pad, extra, groups in TRANSPOSED:
        rank, three = len(stride), lambda v: tuple(v) + (0,) * (3 - len(v))
        w = window(
            stride=three(stride), dilation=three(dilation), pad_lo=three(pad), pad_hi=three(pad), output_pad=three(extra), groups=groups
        )
        text, k = f"F.conv_transpose{rank}d(x, w, b, stride, pad, extra, groups, dilation)", dict(
            stride=stride, pad=pad, extra=extra, groups=groups, dilation=dilation
        )
        for dtype in FLOATS:
            x, weight, bias = (
                floats(dtype, x_shape, -2, 2, "x"),
                floats(dtype, w_shape, -2, 2, "w"),
                floats(dtype, (w_shape[1] * groups,), -2, 2, "b"),
            )
            ours = s.rt.conv_transpose(s.rt.tensor(x, dtype), s.rt.tensor(weight, dtype), s.rt.tensor(bias, dtype), w).numpy()
            size = s.ask("torch", text, x=np.abs(x), w=np.abs(weight), b=np.abs(bias), **k)
            s.check(
                "conv_transpose",
                dtype,
                "torch",
                (x_shape, w_shape),
                ours,
                lambda: s.ask("torch", text, x=x, w=weight, b=bias, **k),
                lambda o, e: summed(o, e, dtype, int(np.prod(w_shape)), size),
            )
    for dtype in FLOATS:
        plane = (
            np.random.default_rng(3).permutation(63).reshape(1, 1, 9, 7).astype(np.float64)
        )  # no ties: PyTorch does not say which it takes
        x, w = np.concatenate([plane, 63 - plane], 1), window(size=(3, 2, 0), stride=(2, 1, 0), pad_lo=(1, 1, 0), pad_hi=(1, 1, 0))
        text = "F.max_pool2d(x, (3, 2), (2, 1), (1, 1), return_indices=True)[1]"
        s.check(
            "max_pool_indices",
            dtype,
            "torch",
            "",
            s.rt.max_pool_indices(s.rt.tensor(x, dtype), w).numpy(),
            lambda: s.ask("torch", text, x=x),
            equal,
        )


def quantised(s):
    for dtype, target, info in (("f32", "i8", np.iinfo(np.int8)), ("f32", "u8", np.iinfo(np.uint8)), ("f64", "i16", np.iinfo(np.int16))):
        x, scale = floats(dtype, (40, 30), -9, 9, "q"), np.array(0.0625)
        zero = np.array(3)
        q = s.rt.quantize(s.rt.tensor(x, dtype), s.rt.tensor(scale, dtype), s.rt.tensor(zero, target), 0, target)
        s.check(
            "quantize",
            dtype,
            "numpy",
            target,
            q.numpy(),
            lambda: np.clip(np.rint(x / scale) + 3, info.min, info.max).astype(info.dtype),
            equal,
        )
        if target != "i16":
            text = f"t.quantize_per_tensor(x, 0.0625, 3, t.q{target.replace('i', 'int').replace('u8', 'uint8')}).int_repr()"
            s.check("quantize", dtype, "torch", target, q.numpy(), lambda: s.ask("torch", text, x=x.astype(np.float32)), equal)
        back = s.rt.dequantize(q, s.rt.tensor(scale, dtype), s.rt.tensor(zero, target), 0).numpy()
        s.check("dequantize", dtype, "numpy", target, back, lambda: (q.numpy().astype(np.float64) - 3) * scale, equal)
    for left, right in (("u8", "i8"), ("i8", "i8"), ("u8", "u8")):
        a, b = integers(left, (5, 40), "a"), integers(right, (40, 7), "b")
        ours = s.rt.matmul_integer(s.rt.tensor(a, left), s.rt.tensor(b, right), s.rt.tensor(np.array(9), left), None).numpy()
        s.check("matmul_integer", left, "numpy", right, ours, lambda: (a.astype(np.int32) - 9) @ b.astype(np.int32), equal)
        x, w = integers(left, (1, 3, 6, 6), "x"), integers(right, (2, 3, 3, 3), "w")
        ours = s.rt.conv_integer(
            s.rt.tensor(x, left), s.rt.tensor(w, right), None, None, window(pad_lo=(1, 1, 0), pad_hi=(1, 1, 0))
        ).numpy()
        s.check(
            "conv_integer",
            left,
            "torch",
            right,
            ours,
            lambda: s.ask("torch", "F.conv2d(x, w, padding=1)", x=x.astype(np.float64), w=w.astype(np.float64)).astype(np.int32),
            equal,
        )


def indexed(s):
    position = np.array([[0, 2, -1, 2], [3, 0, 1, -4], [2, 2, 2, 2]])
    coordinates, pairs = np.array([[0, 1], [2, -1], [1, 1]]), np.array([[0, 0], [2, 1], [-1, 3]])
    for dtype in DTYPES:
        x, updates = numbers(dtype, (4, 4), "x"), numbers(dtype, (3, 4), "u")
        t, i, u = s.rt.tensor(x, dtype), s.rt.tensor(position, "i64"), s.rt.tensor(updates, dtype)
        if dtype in TORCH and dtype not in ("f16", "bf16"):  # PyTorch adds halves in f32, we round at every step
            for mode, name in ((1, "sum"), (2, "prod"), (3, "amin"), (4, "amax")):
                if dtype == "bool" or (mode == 2 and dtype not in FLOATS):
                    continue
                ours = s.rt.scatter(t, i, u, 0, mode).numpy()
                native = dict(x=x.astype(ours.dtype), u=updates.astype(ours.dtype), i=position % 4)
                s.check(
                    "scatter",
                    dtype,
                    "torch",
                    name,
                    ours,
                    lambda: s.ask("torch", f"x.scatter_reduce(0, i, u, '{name}')", **native),
                    (
                        equal
                        if mode > 2 or dtype not in FLOATS
                        else lambda o, e: within(o, e, dtype, 8 * ulp(np.maximum(np.abs(e), 4), dtype))
                    ),
                )
        spread = s.rt.scatter_nd(t, s.rt.tensor(pairs[:2], "i64"), s.rt.tensor(updates[0, :2], dtype), 0).numpy()
        replaced = x.copy()
        replaced[tuple(pairs[:2].T)] = updates[0, :2]
        s.check("scatter_nd", dtype, "numpy", "", spread, lambda: replaced, equal)
        s.check("gather_nd", dtype, "numpy", "", s.rt.gather_nd(t, s.rt.tensor(pairs, "i64"), 0).numpy(), lambda: x[tuple(pairs.T)], equal)
        s.check("take", dtype, "numpy", "", s.rt.take(t, s.rt.tensor(coordinates, "i64")).numpy(), lambda: np.take(x, coordinates), equal)
        s.check(
            "embedding",
            dtype,
            "numpy",
            "",
            s.rt.embedding(t, s.rt.tensor(coordinates, "i64"), NO_INDEX).numpy(),
            lambda: x[coordinates],
            equal,
        )
        holes = np.where(position[[0, 1, 2, 0]] == 2, x, x.dtype.type(0))
        sparse, mask = s.rt.tensor(holes, dtype), position[[0, 1, 2, 0]] > 0
        s.check("nonzero", dtype, "numpy", "", s.rt.nonzero(sparse).numpy(), lambda: np.stack(np.nonzero(holes)), equal)
        s.check(
            "count_nonzero",
            dtype,
            "numpy",
            "",
            s.rt.count_nonzero(sparse, (1,), False).numpy(),
            lambda: np.count_nonzero(holes, axis=1),
            equal,
        )
        s.check("masked_select", dtype, "numpy", "", s.rt.masked_select(t, s.rt.tensor(mask, "bool")).numpy(), lambda: x[mask], equal)
        line = np.round(numbers(dtype, (60,), "unique")) if dtype in FLOATS else numbers(dtype, (60,), "unique")
        for which, (ours, theirs) in enumerate(
            zip(
                s.rt.unique(s.rt.tensor(line, dtype), None, True),
                np.unique(line, return_index=True, return_inverse=True, return_counts=True),
            )
        ):
            s.check(
                "unique",
                dtype,
                "numpy",
                ("values", "first", "inverse", "counts")[which],
                ours.numpy(),
                lambda: theirs.reshape(ours.shape),
                equal,
            )
        if dtype in TORCH and dtype != "bool":
            for largest in (True, False):
                ours = s.rt.topk(t, 3, 1, largest)[0].numpy()
                s.check("topk", dtype, "torch", largest, ours, lambda: s.ask("torch", "t.topk(x, 3, 1, g)[0]", x=x, g=largest), equal)


GROUPS = (norms, transposed, quantised, indexed)
