# SPDX-License-Identifier: BSD-3-Clause
"""Operations along axes: reductions, softmax, running sums, sorting and searching."""

import numpy as np
from judge import FLOATS, equal, summed, ulps, unit, within, ulp
from values import INTEGERS, floats, integers, numbers

ALL = ("bool",) + INTEGERS + FLOATS
TORCH = ("bool", "i8", "i16", "i32", "i64", "u8") + FLOATS
SHAPES = [((3, 4, 5), None), ((3, 4, 5), (1,)), ((3, 4, 5), (0, 2)), ((2000,), (0,)), ((), None), ((2, 3, 300), (-1,))]


def numpy_axes(axes):
    return axes if axes is None else tuple(axes)


def terms(shape, axes):
    return int(np.prod([shape[a] for a in (range(len(shape)) if axes is None else axes)])) if shape else 1


def sums(s):
    for shape, axes in SHAPES:
        n = terms(shape, axes)
        for keep in (False, True):
            for dtype in FLOATS:
                x = floats(dtype, shape, -3, 5, "sum")
                t, k = s.rt.tensor(x, dtype), dict(x=x, a=numpy_axes(axes), k=keep)
                size = np.abs(x).sum(axis=numpy_axes(axes), keepdims=keep)
                ours = {"sum": s.rt.sum(t, axes, keep, None).numpy(), "mean": s.rt.mean(t, axes, keep).numpy()}
                for peer, text in (
                    ("numpy", "np.{}(x, axis=a, keepdims=k)"),
                    ("torch", "t.{}(x, dim=a, keepdim=k) if k or a is not None else t.{}(x)"),
                ):
                    if peer == "torch" and axes is None and keep:
                        continue
                    s.check(
                        "sum",
                        dtype,
                        peer,
                        (shape, axes, keep),
                        ours["sum"],
                        lambda: s.ask(peer, text.replace("{}", "sum"), **k),
                        lambda o, e: summed(o, e, dtype, n, size),
                    )
                    s.check(
                        "mean",
                        dtype,
                        peer,
                        (shape, axes, keep),
                        ours["mean"],
                        lambda: s.ask(peer, text.replace("{}", "mean"), **k),
                        lambda o, e: summed(o, e, dtype, n, size / n),
                    )
                near_one = floats(dtype, shape, 0.95, 1.05, "prod")
                s.check(
                    "prod",
                    dtype,
                    "numpy",
                    (shape, axes, keep),
                    s.rt.prod(s.rt.tensor(near_one, dtype), axes, keep, None).numpy(),
                    lambda: s.ask("numpy", "np.prod(x, axis=a, keepdims=k)", x=near_one, a=numpy_axes(axes), k=keep),
                    lambda o, e: within(o, e, dtype, 2 * n * unit(dtype) * np.abs(e) + ulp(e, dtype)),
                )
            for dtype in ("bool",) + INTEGERS:
                x = integers(dtype, shape, "sum")
                wide = np.uint64 if dtype[0] == "u" else np.int64
                for op in ("sum", "prod"):
                    ours = getattr(s.rt, op)(s.rt.tensor(x, dtype), axes, keep, None).numpy()
                    s.check(
                        op,
                        dtype,
                        "numpy",
                        (shape, axes, keep),
                        ours,
                        lambda: s.ask("numpy", f"np.{op}(x, axis=a, keepdims=k, dtype=d)", x=x, a=numpy_axes(axes), k=keep, d=wide),
                        equal,
                    )


def picks(s):
    texts = {"numpy": "np.{}(x, axis=a, keepdims=k)", "torch": "t.{}(x, dim=a, keepdim=k)"}
    torch_names = {"max": "amax", "min": "amin"}
    for shape, axes in SHAPES:
        for dtype in ALL:
            x = numbers(dtype, shape, "max")
            if dtype in FLOATS:
                x = np.round(x)  # ties
            if dtype in FLOATS and x.size > 9:
                x.flat[[3, x.size // 2]] = np.nan
            t, k = s.rt.tensor(x, dtype), dict(x=x, a=numpy_axes(axes), k=False)
            for op in ("max", "min", "any", "all"):
                ours = getattr(s.rt, op)(t, axes, False).numpy()
                s.check(op, dtype, "numpy", (shape, axes), ours, lambda: s.ask("numpy", texts["numpy"].replace("{}", op), **k), equal)
                if axes is not None and dtype in TORCH and (op in ("max", "min") or len(axes) == 1):
                    one = dict(k, a=axes) if op in ("max", "min") else dict(k, a=axes[0])
                    s.check(
                        op,
                        dtype,
                        "torch",
                        (shape, axes),
                        ours,
                        lambda: s.ask("torch", texts["torch"].replace("{}", torch_names.get(op, op)), **one),
                        equal,
                    )
            if axes is not None and len(axes) > 1:
                continue
            one = dict(k, a=None if axes is None else axes[0])
            for op in ("argmax", "argmin"):
                ours = getattr(s.rt, op)(t, axes, False).numpy()
                s.check(op, dtype, "numpy", (shape, axes), ours, lambda: s.ask("numpy", texts["numpy"].replace("{}", op), **one), equal)
                if dtype in FLOATS:  # PyTorch does not say which of equal elements it picks
                    distinct = floats(dtype, (5, 31), -900, 900, "argmax")
                    picked = getattr(s.rt, op)(s.rt.tensor(distinct, dtype), (1,), False).numpy()
                    s.check(
                        op,
                        dtype,
                        "torch",
                        "distinct",
                        np.take_along_axis(distinct, picked[:, None], 1),
                        lambda: np.take_along_axis(distinct, s.ask("torch", f"t.{op}(x, dim=1)", x=distinct)[:, None], 1),
                        equal,
                    )


def spreads(s):
    for shape, axes in SHAPES:
        n = terms(shape, axes)
        for dtype in FLOATS:
            for shift in (0, 100):
                x = floats(dtype, shape, shift - 3, shift + 5, "var")
                t, a = s.rt.tensor(x, dtype), numpy_axes(axes)
                for correction in (0, 1):
                    if n <= correction:
                        continue
                    exact = s.ask("numpy", "np.var(x, axis=a, ddof=c)", x=x, a=a, c=correction)
                    # Rounding the mean costs the square of its error; half precision rounds x - mean once more.
                    slack = 8 * (n + 4) * unit(dtype) * exact + (4 * unit(dtype) * (shift + 5)) ** 2 + 1.5 * ulp(exact, dtype)
                    for peer, text in (("numpy", "np.{}(x, axis=a, ddof=c)"), ("torch", "t.{}(x, dim=a, correction=c)")):
                        s.check(
                            "var",
                            dtype,
                            peer,
                            (shape, axes, shift),
                            s.rt.var(t, axes, False, correction).numpy(),
                            lambda: s.ask(peer, text.replace("{}", "var"), x=x, a=a, c=correction),
                            lambda o, e: within(o, e, dtype, slack),
                        )
                        s.check(
                            "std",
                            dtype,
                            peer,
                            (shape, axes, shift),
                            s.rt.std(t, axes, False, correction).numpy(),
                            lambda: s.ask(peer, text.replace("{}", "std"), x=x, a=a, c=correction),
                            lambda o, e: within(o, e, dtype, slack / np.maximum(e, np.sqrt(slack)) + 1.5 * ulp(e, dtype)),
                        )
            x = floats(dtype, shape, -9, 9, "norm")
            t, a = s.rt.tensor(x, dtype), numpy_axes(axes)
            for peer, text in (
                ("scipy", "sp.logsumexp(x, axis=a)"),
                ("torch", "t.logsumexp(x, dim=a if a is not None else tuple(range(x.dim())))"),
            ):
                if shape or peer == "scipy":
                    s.check(
                        "logsumexp",
                        dtype,
                        peer,
                        (shape, axes),
                        s.rt.logsumexp(t, axes, False).numpy(),
                        lambda: s.ask(peer, text, x=x, a=a),
                        lambda o, e: within(o, e, dtype, (n + 8) * unit(dtype) + 2.5 * ulp(np.maximum(np.abs(e), 1), dtype)),
                    )
            for p in (1.0, 2.0, np.inf):
                for peer, text in (("numpy", "np.linalg.norm(x.reshape(-1), p)"), ("torch", "t.linalg.vector_norm(x, p, dim=a)")):
                    if peer == "torch" or (axes is None and shape):
                        s.check(
                            "norm",
                            dtype,
                            peer,
                            (shape, axes, p),
                            s.rt.norm(t, p, axes, False).numpy(),
                            lambda: s.ask(peer, text, x=x, a=a, p=p),
                            lambda o, e: within(o, e, dtype, 0 if p == np.inf else 2 * (n + 2) * unit(dtype) * e + 1.5 * ulp(e, dtype)),
                        )


def rows(s):
    for shape, axis in (((3, 4, 5), 1), ((2, 1000), -1), ((7,), 0), ((3, 4, 5), 0)):
        n = shape[axis]
        for dtype in FLOATS:
            x = floats(dtype, shape, -9, 9, "softmax")
            t, limit = s.rt.tensor(x, dtype), 8 + np.log2(n)
            for peer, module in (("scipy", "sp.{}(x, axis=a)"), ("torch", "t.{}(x, dim=a)")):
                s.check(
                    "softmax",
                    dtype,
                    peer,
                    (shape, axis),
                    s.rt.softmax(t, axis).numpy(),
                    lambda: s.ask(peer, module.replace("{}", "softmax"), x=x, a=axis),
                    lambda o, e: ulps(o, e, dtype, limit),
                )
                s.check(
                    "log_softmax",
                    dtype,
                    peer,
                    (shape, axis),
                    s.rt.log_softmax(t, axis).numpy(),
                    lambda: s.ask(peer, module.replace("{}", "log_softmax"), x=x, a=axis),
                    lambda o, e: ulps(o, e, dtype, limit, np.maximum(np.abs(e), 1)),
                )
            size = np.abs(x).cumsum(axis=axis)
            for peer, text in (("numpy", "np.cumsum(x, axis=a)"), ("torch", "t.cumsum(x, dim=a)")):
                s.check(
                    "cumsum",
                    dtype,
                    peer,
                    (shape, axis),
                    s.rt.cumsum(t, axis, None).numpy(),
                    lambda: s.ask(peer, text, x=x, a=axis),
                    lambda o, e: summed(o, e, dtype, n, size),
                )
            near_one = floats(dtype, shape, 0.95, 1.05, "cumprod")
            for peer, text in (("numpy", "np.cumprod(x, axis=a)"), ("torch", "t.cumprod(x, dim=a)")):
                s.check(
                    "cumprod",
                    dtype,
                    peer,
                    (shape, axis),
                    s.rt.cumprod(s.rt.tensor(near_one, dtype), axis, None).numpy(),
                    lambda: s.ask(peer, text, x=near_one, a=axis),
                    lambda o, e: within(o, e, dtype, 2 * n * unit(dtype) * np.abs(e) + ulp(e, dtype)),
                )
        for dtype in ("bool",) + INTEGERS:
            x, wide = integers(dtype, shape, "cumsum"), np.uint64 if dtype[0] == "u" else np.int64
            for op in ("cumsum", "cumprod"):
                s.check(
                    op,
                    dtype,
                    "numpy",
                    (shape, axis),
                    getattr(s.rt, op)(s.rt.tensor(x, dtype), axis, None).numpy(),
                    lambda: s.ask("numpy", f"np.{op}(x, axis=a, dtype=d)", x=x, a=axis, d=wide),
                    equal,
                )


def orders(s):
    for shape, axis in (((3, 40), 1), ((40, 3), 0), ((1,), 0), ((2, 0), 1)):
        for dtype in ALL:
            x = numbers(dtype, shape, "sort")
            if dtype in FLOATS:
                x = np.round(x)
                x.flat[: x.size // 9] = np.nan
            t = s.rt.tensor(x, dtype)
            s.check(
                "sort",
                dtype,
                "numpy",
                (shape, axis),
                s.rt.sort(t, axis, False).numpy(),
                lambda: s.ask("numpy", "np.sort(x, axis=a)", x=x, a=axis),
                equal,
            )
            s.check(
                "argsort",
                dtype,
                "numpy",
                (shape, axis),
                s.rt.argsort(t, axis, False).numpy(),
                lambda: s.ask("numpy", "np.argsort(x, axis=a, kind='stable')", x=x, a=axis),
                equal,
            )
            if dtype in TORCH:
                for descending in (False, True):
                    k = dict(x=x, a=axis, d=descending)
                    s.check(
                        "sort",
                        dtype,
                        "torch",
                        (shape, axis, descending),
                        s.rt.sort(t, axis, descending).numpy(),
                        lambda: s.ask("torch", "t.sort(x, dim=a, descending=d, stable=True)[0]", **k),
                        equal,
                    )
                    s.check(
                        "argsort",
                        dtype,
                        "torch",
                        (shape, axis, descending),
                        s.rt.argsort(t, axis, descending).numpy(),
                        lambda: s.ask("torch", "t.sort(x, dim=a, descending=d, stable=True)[1]", **k),
                        equal,
                    )
    for dtype in INTEGERS + FLOATS:
        line, wanted = np.sort(np.round(numbers(dtype, (50,), "line"))), np.round(numbers(dtype, (4, 9), "wanted"))
        for right in (False, True):
            ours = s.rt.searchsorted(s.rt.tensor(line, dtype), s.rt.tensor(wanted, dtype), right).numpy()
            for peer, text in (
                ("numpy", "np.searchsorted(x, v, side='right' if r else 'left')"),
                ("torch", "t.searchsorted(x, v, right=r)"),
            ):
                if peer == "numpy" or dtype in TORCH:
                    s.check("searchsorted", dtype, peer, right, ours, lambda: s.ask(peer, text, x=line, v=wanted, r=right), equal)


GROUPS = (sums, picks, spreads, rows, orders)
