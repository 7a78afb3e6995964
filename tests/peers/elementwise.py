# SPDX-License-Identifier: BSD-3-Clause
"""Operations on single elements, beside NumPy, SciPy and PyTorch. Up to f32 the other library computes in f64, so that what is judged is
our error alone; in f64 it gets a few units in the last place for its own."""

import numpy as np
from judge import FLOATS, equal, ulps
from values import INTEGERS, SPECIALS, floats, integers, rounded

# name: domain, bound in ulp, {peer: function over float64}. A function is an expression over x (and p) in which np, sp (scipy.special), t
# (torch) and F (torch.nn.functional) are known.
UNARY = {
    "neg": ((-9, 9), 0, {"numpy": "np.negative(x)", "torch": "t.neg(x)"}),
    "abs": ((-9, 9), 0, {"numpy": "np.abs(x)", "torch": "t.abs(x)"}),
    "sign": ((-9, 9), 0, {"numpy": "np.sign(x)", "torch": "t.sign(x)"}),
    "floor": ((-9, 9), 0, {"numpy": "np.floor(x)", "torch": "t.floor(x)"}),
    "ceil": ((-9, 9), 0, {"numpy": "np.ceil(x)", "torch": "t.ceil(x)"}),
    "round": ((-9, 9), 0, {"numpy": "np.rint(x)", "torch": "t.round(x)"}),
    "trunc": ((-9, 9), 0, {"numpy": "np.trunc(x)", "torch": "t.trunc(x)"}),
    "square": ((-9, 9), 0.5, {"numpy": "np.square(x)", "torch": "t.square(x)"}),
    "sqrt": ((0, 99), 0.5, {"numpy": "np.sqrt(x)", "torch": "t.sqrt(x)"}),
    "rsqrt": ((0.01, 99), 1.5, {"numpy": "1 / np.sqrt(x)", "torch": "t.rsqrt(x)"}),
    "reciprocal": ((-9, 9), 0.5, {"numpy": "1 / x", "torch": "t.reciprocal(x)"}),
    "exp": ((-20, 20), 1.5, {"numpy": "np.exp(x)", "torch": "t.exp(x)"}),
    "exp2": ((-20, 20), 1.5, {"numpy": "np.exp2(x)", "torch": "t.exp2(x)", "scipy": "sp.exp2(x)"}),
    "expm1": ((-2, 2), 1.5, {"numpy": "np.expm1(x)", "torch": "t.expm1(x)", "scipy": "sp.expm1(x)"}),
    "log": ((0, 99), 1.5, {"numpy": "np.log(x)", "torch": "t.log(x)"}),
    "log2": ((0, 99), 1.5, {"numpy": "np.log2(x)", "torch": "t.log2(x)"}),
    "log10": ((0, 99), 1.5, {"numpy": "np.log10(x)", "torch": "t.log10(x)"}),
    "log1p": ((-0.9, 9), 1.5, {"numpy": "np.log1p(x)", "torch": "t.log1p(x)", "scipy": "sp.log1p(x)"}),
    "sin": ((-99, 99), 1.5, {"numpy": "np.sin(x)", "torch": "t.sin(x)"}),
    "cos": ((-99, 99), 1.5, {"numpy": "np.cos(x)", "torch": "t.cos(x)"}),
    "tan": ((-9, 9), 2.5, {"numpy": "np.tan(x)", "torch": "t.tan(x)"}),
    "asin": ((-1, 1), 2.5, {"numpy": "np.arcsin(x)", "torch": "t.asin(x)"}),
    "acos": ((-1, 1), 2.5, {"numpy": "np.arccos(x)", "torch": "t.acos(x)"}),
    "atan": ((-9, 9), 2.5, {"numpy": "np.arctan(x)", "torch": "t.atan(x)"}),
    "sinh": ((-9, 9), 2.5, {"numpy": "np.sinh(x)", "torch": "t.sinh(x)"}),
    "cosh": ((-9, 9), 2.5, {"numpy": "np.cosh(x)", "torch": "t.cosh(x)"}),
    "tanh": ((-9, 9), 1.5, {"numpy": "np.tanh(x)", "torch": "t.tanh(x)"}),
    "asinh": ((-9, 9), 2.5, {"numpy": "np.arcsinh(x)", "torch": "t.asinh(x)"}),
    "acosh": ((1, 99), 2.5, {"numpy": "np.arccosh(x)", "torch": "t.acosh(x)"}),
    "atanh": ((-1, 1), 2.5, {"numpy": "np.arctanh(x)", "torch": "t.atanh(x)"}),
    "cbrt": ((-99, 99), 2.5, {"numpy": "np.cbrt(x)", "scipy": "sp.cbrt(x)"}),
    "erf": ((-4, 4), 1.5, {"scipy": "sp.erf(x)", "torch": "t.erf(x)"}),
    "erfc": ((-2, 9), 2.5, {"scipy": "sp.erfc(x)", "torch": "t.erfc(x)"}),
    "sigmoid": ((-20, 20), 2.5, {"scipy": "sp.expit(x)", "torch": "t.sigmoid(x)"}),
    "relu": ((-9, 9), 0, {"numpy": "np.where(x < 0, 0.0, x) + 0.0", "torch": "t.relu(x)"}),
    "gelu": ((-3, 9), 4, {"scipy": "x * sp.ndtr(x)", "torch": "F.gelu(x)"}),
    "gelu_tanh": ((-3, 9), 4, {"torch": "F.gelu(x, approximate='tanh')"}),
    "silu": ((-9, 9), 2.5, {"scipy": "x * sp.expit(x)", "torch": "F.silu(x)"}),
    "softplus": ((-20, 19), 2.5, {"scipy": "-sp.log_expit(-x)", "numpy": "np.logaddexp(x, 0)", "torch": "F.softplus(x)"}),
    "mish": ((-9, 9), 2.5, {"scipy": "x * np.tanh(-sp.log_expit(-x))", "torch": "F.mish(x)"}),
    "softsign": ((-9, 9), 2.5, {"numpy": "x / (1 + np.abs(x))", "torch": "F.softsign(x)"}),
    "selu": ((-9, 9), 2.5, {"torch": "F.selu(x)"}),
    "hardsigmoid": ((-5, 5), 2.5, {"numpy": "np.clip(x + 3, 0, 6) / 6", "torch": "F.hardsigmoid(x)"}),
    "hardswish": ((-5, 5), 2.5, {"numpy": "x * (np.clip(x + 3, 0, 6) / 6)", "torch": "F.hardswish(x)"}),
    "isnan": ((-9, 9), 0, {"numpy": "np.isnan(x)", "torch": "t.isnan(x)"}),
    "isinf": ((-9, 9), 0, {"numpy": "np.isinf(x)", "torch": "t.isinf(x)"}),
    "isfinite": ((-9, 9), 0, {"numpy": "np.isfinite(x)", "torch": "t.isfinite(x)"}),
    "signbit": ((-9, 9), 0, {"numpy": "np.signbit(x)", "torch": "t.signbit(x)"}),
    "logical_not": ((-9, 9), 0, {"numpy": "np.logical_not(x)", "torch": "t.logical_not(x)"}),
}
PARAMETERS = {  # with the second argument
    "leaky_relu": (0.125, 0.5, {"torch": "F.leaky_relu(x, p)", "numpy": "np.where(x < 0, x * p, x)"}),
    "elu": (0.75, 2.5, {"torch": "F.elu(x, p)", "numpy": "np.where(x < 0, p * np.expm1(x), x)"}),
    "celu": (0.75, 2.5, {"torch": "F.celu(x, p)"}),
}
# Where the other library's own formula is more than PEER_ULP off in f64: it cancels for negative x (gelu), or is off for large x (SciPy's
# erfc: PyTorch's agrees with ours there).
NOT_IN_F64 = {("gelu", "torch"), ("gelu", "scipy"), ("gelu_tanh", "torch"), ("erfc", "scipy")}
# Special values on which conventions differ, left out here; conventions.py says why and asserts both sides.
SPECIALS_DIFFER = {
    (op, peer): values
    for op, values in {
        "gelu": [-np.inf],
        "gelu_tanh": [-np.inf],
        "silu": [-np.inf],
        "mish": [-np.inf],
        "hardswish": [-np.inf],
        "softsign": [-np.inf, np.inf],
    }.items()
    for peer in ("numpy", "scipy", "torch")
}
SPECIALS_DIFFER[("sign", "torch")] = [np.nan]

BINARY = {
    "add": (0.5, {"numpy": "np.add(a, b)", "torch": "t.add(a, b)"}),
    "sub": (0.5, {"numpy": "np.subtract(a, b)", "torch": "t.sub(a, b)"}),
    "mul": (0.5, {"numpy": "np.multiply(a, b)", "torch": "t.mul(a, b)"}),
    "div": (0.5, {"numpy": "np.divide(a, b)", "torch": "t.div(a, b)"}),
    "floor_div": (0, {"numpy": "np.floor_divide(a, b)", "torch": "t.floor_divide(a, b)"}),
    "remainder": (0.5, {"numpy": "np.remainder(a, b)", "torch": "t.remainder(a, b)"}),
    "fmod": (0, {"numpy": "np.fmod(a, b)", "torch": "t.fmod(a, b)"}),
    "minimum": (0, {"numpy": "np.minimum(a, b)", "torch": "t.minimum(a, b)"}),
    "maximum": (0, {"numpy": "np.maximum(a, b)", "torch": "t.maximum(a, b)"}),
    "copysign": (0, {"numpy": "np.copysign(a, b)", "torch": "t.copysign(a, b)"}),
    "pow": (2.5, {"numpy": "np.power(a, b)", "torch": "t.pow(a, b)"}),
    "atan2": (2.5, {"numpy": "np.arctan2(a, b)", "torch": "t.atan2(a, b)"}),
    "hypot": (2.5, {"numpy": "np.hypot(a, b)", "torch": "t.hypot(a, b)"}),
    "logaddexp": (2.5, {"numpy": "np.logaddexp(a, b)", "torch": "t.logaddexp(a, b)"}),
    "eq": (0, {"numpy": "np.equal(a, b)", "torch": "t.eq(a, b)"}),
    "ne": (0, {"numpy": "np.not_equal(a, b)", "torch": "t.ne(a, b)"}),
    "lt": (0, {"numpy": "np.less(a, b)", "torch": "t.lt(a, b)"}),
    "le": (0, {"numpy": "np.less_equal(a, b)", "torch": "t.le(a, b)"}),
    "gt": (0, {"numpy": "np.greater(a, b)", "torch": "t.gt(a, b)"}),
    "ge": (0, {"numpy": "np.greater_equal(a, b)", "torch": "t.ge(a, b)"}),
    "logical_and": (0, {"numpy": "np.logical_and(a, b)", "torch": "t.logical_and(a, b)"}),
    "logical_or": (0, {"numpy": "np.logical_or(a, b)", "torch": "t.logical_or(a, b)"}),
    "logical_xor": (0, {"numpy": "np.logical_xor(a, b)", "torch": "t.logical_xor(a, b)"}),
}
BITS = {
    "bitwise_and": {"numpy": "np.bitwise_and(a, b)", "torch": "t.bitwise_and(a, b)"},
    "bitwise_or": {"numpy": "np.bitwise_or(a, b)", "torch": "t.bitwise_or(a, b)"},
    "bitwise_xor": {"numpy": "np.bitwise_xor(a, b)", "torch": "t.bitwise_xor(a, b)"},
}
SHIFTS = {
    "shift_left": {"numpy": "np.left_shift(a, b)", "torch": "t.bitwise_left_shift(a, b)"},
    "shift_right": {"numpy": "np.right_shift(a, b)", "torch": "t.bitwise_right_shift(a, b)"},
}
FLOAT_ONLY = {"div", "copysign", "atan2", "hypot", "logaddexp"}
TORCH_INTEGERS = ("i8", "i16", "i32", "i64", "u8")
SHAPES = [((37,), (37,)), ((3, 1, 5), (4, 1)), ((), (2, 3)), ((0, 3), (1, 3))]


def unary(s):
    for op, (domain, bound, peers) in UNARY.items():
        for dtype in FLOATS:
            x, special = floats(dtype, (7, 33), *domain, op), rounded(SPECIALS, dtype)
            ours, ours_special = (getattr(s.rt, op)(s.rt.tensor(v, dtype)).numpy() for v in (x, special))
            for peer, text in peers.items():
                judge = (
                    (lambda o, e: equal(o, rounded(e, dtype) if e.dtype != bool else e))
                    if bound == 0
                    else (lambda o, e: ulps(o, e, dtype, bound))
                )
                if dtype == "f64" and (op, peer) in NOT_IN_F64:
                    continue
                s.check(op, dtype, peer, "values", ours, lambda: s.ask(peer, text, x=x), judge)
                same = ~np.isin(special, SPECIALS_DIFFER.get((op, peer), [])) & ~(np.isnan(special) & ((op, peer) == ("sign", "torch")))
                s.check(op, dtype, peer, "specials", ours_special[same], lambda: s.ask(peer, text, x=special[same]), judge)
    for op, (p, bound, peers) in PARAMETERS.items():
        for dtype in FLOATS:
            x = floats(dtype, (7, 33), -9, 9, op)
            ours = getattr(s.rt, op)(s.rt.tensor(x, dtype), p).numpy()
            for peer, text in peers.items():
                if dtype != "f64" or (op, peer) not in NOT_IN_F64:
                    s.check(op, dtype, peer, "values", ours, lambda: s.ask(peer, text, x=x, p=p), lambda o, e: ulps(o, e, dtype, bound))
    for op in ("neg", "abs", "sign", "square", "logical_not", "bitwise_not"):
        for dtype in INTEGERS:
            x = integers(dtype, (7, 33), op)
            ours = getattr(s.rt, op)(s.rt.tensor(x, dtype)).numpy()
            names = {"neg": "negative", "bitwise_not": "invert"}
            s.check(op, dtype, "numpy", "integers", ours, lambda: s.ask("numpy", f"np.{names.get(op, op)}(x)", x=x), equal)
            if dtype in TORCH_INTEGERS:
                s.check(op, dtype, "torch", "integers", ours, lambda: s.ask("torch", f"t.{op}(x)", x=x), equal)


def binary(s):
    for op, (bound, peers) in BINARY.items():
        for dtype in FLOATS:
            for shapes in SHAPES:
                low = 0.1 if op == "pow" else -9
                a, b = floats(dtype, shapes[0], low, 9, (op, "a")), floats(dtype, shapes[1], -3, 3, (op, "b"))
                if bound == 0:  # ties matter here
                    a, b = rounded(np.round(a), dtype), rounded(np.round(b), dtype)
                if op in ("floor_div", "fmod"):
                    b = rounded(np.where(b == 0, 1, b), dtype)
                ours = getattr(s.rt, op)(s.rt.tensor(a, dtype), s.rt.tensor(b, dtype)).numpy()
                for peer, text in peers.items():
                    judge = (
                        (lambda o, e: equal(o, rounded(e, dtype) if e.dtype != bool else e))
                        if bound == 0
                        else (lambda o, e: ulps(o, e, dtype, bound))
                    )
                    if op == "logaddexp":  # near 0 the bound is in ulp of the larger operand
                        judge = lambda o, e: ulps(o, e, dtype, bound, np.maximum(np.abs(e), np.maximum(a, b)))
                    s.check(op, dtype, peer, str(shapes), ours, lambda: s.ask(peer, text, a=a, b=b), judge)
        if op in FLOAT_ONLY:
            continue
        for dtype in INTEGERS:
            a, b = integers(dtype, (3, 1, 50), (op, "a")), integers(dtype, (4, 1), (op, "b"))
            if op == "pow":
                b = integers(dtype, (4, 1), (op, "b"), 0, 5)
            if op in ("floor_div", "remainder", "fmod"):
                b = np.where(b == 0, 3, b).astype(b.dtype)
                b = (
                    np.where(b == -1, 7, b).astype(b.dtype) if b.dtype.kind == "i" else b
                )  # the smallest number / -1 traps in some libraries
            ours = getattr(s.rt, op)(s.rt.tensor(a, dtype), s.rt.tensor(b, dtype)).numpy()
            for peer, text in peers.items():
                if peer == "numpy" or dtype in TORCH_INTEGERS:
                    s.check(op, dtype, peer, "integers", ours, lambda: s.ask(peer, text, a=a, b=b), equal)
    for table in (BITS, SHIFTS):
        for op, peers in table.items():
            for dtype in INTEGERS + (("bool",) if table is BITS else ()):
                a, b = integers(dtype, (3, 1, 50), (op, "a")), integers(dtype, (4, 1), (op, "b"))
                if table is SHIFTS:
                    b = integers(dtype, (4, 1), (op, "b"), 0, 8 * a.dtype.itemsize - 1)
                ours = getattr(s.rt, op)(s.rt.tensor(a, dtype), s.rt.tensor(b, dtype)).numpy()
                for peer, text in peers.items():
                    if peer == "numpy" or dtype in TORCH_INTEGERS + ("bool",):
                        s.check(op, dtype, peer, "integers", ours, lambda: s.ask(peer, text, a=a, b=b), equal)


def ternary(s):
    for dtype in FLOATS:
        x, low, high = floats(dtype, (5, 21), -9, 9, "x"), floats(dtype, (21,), -5, 0, "low"), floats(dtype, (5, 1), 0, 5, "high")
        tensors = [s.rt.tensor(v, dtype) for v in (x, low, high)]
        ours, condition = s.rt.clamp(*tensors).numpy(), x > 0
        s.check("clamp", dtype, "numpy", "values", ours, lambda: s.ask("numpy", "np.clip(x, a, b)", x=x, a=low, b=high), equal)
        s.check("clamp", dtype, "torch", "values", ours, lambda: s.ask("torch", "t.clamp(x, a, b)", x=x, a=low, b=high), equal)
        chosen = s.rt.where(s.rt.tensor(condition, "bool"), tensors[1], tensors[2]).numpy()
        s.check("where", dtype, "numpy", "values", chosen, lambda: s.ask("numpy", "np.where(x, a, b)", x=condition, a=low, b=high), equal)
        s.check("where", dtype, "torch", "values", chosen, lambda: s.ask("torch", "t.where(x, a, b)", x=condition, a=low, b=high), equal)
        if dtype in ("f16", "bf16", "f32"):  # the product is exact in f64
            fused = s.rt.fma(*tensors).numpy()
            s.check(
                "fma",
                dtype,
                "numpy",
                "values",
                fused,
                lambda: s.ask("numpy", "x * a + b", x=x, a=low, b=high),
                lambda o, e: ulps(o, e, dtype, 0.5),
            )
    for dtype in ("f32", "f64"):
        a, b = floats(dtype, (50,), -2, 2, "a"), floats(dtype, (50,), -2, 2, "b")
        native = np.float32 if dtype == "f32" else np.float64
        ours = s.rt.nextafter(s.rt.tensor(a, dtype), s.rt.tensor(b, dtype)).numpy()
        for peer, text in (("numpy", "np.nextafter(a, b)"), ("torch", "t.nextafter(a, b)")):
            s.check("nextafter", dtype, peer, "values", ours, lambda: s.ask(peer, text, a=a.astype(native), b=b.astype(native)), equal)


GROUPS = (unary, binary, ternary)
