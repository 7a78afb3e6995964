# SPDX-License-Identifier: BSD-3-Clause
"""Where we differ from another library on purpose. Each row asserts both sides, so the list stays true; compare.py --conventions prints it.
The dtype that two operands meet in is compared for all pairs, and each pair that differs must fall under a rule below."""

import itertools
import math
import warnings

import numpy as np
from trivet import DTYPES, Failure, STORED

INF, NAN = math.inf, math.nan
# What creates, reads or moves tensors rather than computing, and what only we have (counter-based random numbers).
NOT_OPERATIONS = {
    "clone",
    "empty",
    "empty_on",
    "from_data",
    "from_data_on",
    "item",
    "map",
    "promote",
    "random_normal",
    "random_uniform",
    "read",
    "scalar_tensor",
    "to",
    "view",
    "wait",
    "write",
}
RAISES = "raises"

# operation, dtype, arguments (lists become tensors), our answer, peer, its expression over x and y, its answer, the reason
ROWS = [
    ("gelu", "f64", ([-INF],), [-0.0], "scipy", "x * sp.ndtr(x)", [NAN], "the limit, not the product of infinity and 0"),
    ("gelu", "f32", ([-INF],), [-0.0], "torch", "F.gelu(x)", [NAN], "the limit, not the product of infinity and 0"),
    (
        "gelu_tanh",
        "f32",
        ([-INF],),
        [-0.0],
        "torch",
        "F.gelu(x, approximate='tanh')",
        [NAN],
        "the limit, not the product of infinity and 0",
    ),
    ("silu", "f32", ([-INF],), [-0.0], "torch", "F.silu(x)", [NAN], "the limit, not the product of infinity and 0"),
    ("mish", "f32", ([-INF],), [-0.0], "torch", "F.mish(x)", [NAN], "the limit, not the product of infinity and 0"),
    ("hardswish", "f32", ([-INF],), [-0.0], "torch", "F.hardswish(x)", [NAN], "the limit, not the product of infinity and 0"),
    ("softsign", "f32", ([INF, -INF],), [1, -1], "torch", "F.softsign(x)", [NAN, NAN], "the limit, not the quotient of infinities"),
    ("sign", "f32", ([NAN, -0.0],), [NAN, -0.0], "torch", "t.sign(x)", [0, 0], "NaN stays NaN and a zero keeps its sign"),
    ("sign", "f32", ([-0.0],), [-0.0], "numpy", "np.sign(x)", [0.0], "a zero keeps its sign"),
    ("floor_div", "i32", ([7, -7], [0, 0]), [0, 0], "torch", "t.floor_divide(x, y)", RAISES, "no division traps; NumPy gives 0 too"),
    (
        "remainder",
        "i32",
        ([7, -7], [0, 0]),
        [7, -7],
        "numpy",
        "np.remainder(x, y)",
        [0, 0],
        "a = b * floor_div(a, b) + remainder(a, b) holds for b = 0 too",
    ),
    ("fmod", "i32", ([7, -7], [0, 0]), [7, -7], "numpy", "np.fmod(x, y)", [0, 0], "a = b * trunc(a / b) + fmod(a, b) holds for b = 0 too"),
    (
        "pow",
        "i32",
        ([2, 1, -1], [-1, -1, -1]),
        [0, 1, -1],
        "numpy",
        "np.power(x, y)",
        RAISES,
        "an integer power that is no integer is 0; PyTorch has the same",
    ),
    (
        "div",
        "i32",
        ([1, 7], [2, 2]),
        [0.5, 3.5],
        "numpy",
        "np.divide(x, y).dtype.itemsize == 8",
        True,
        "integers are divided as f32, as PyTorch does; NumPy takes f64",
    ),
    ("mean", "i32", ([1, 2], None, False), 1.5, "torch", "t.mean(x)", RAISES, "integers are averaged as f32"),
    (
        "mean",
        "i32",
        ([1, 2], None, False),
        1.5,
        "numpy",
        "np.mean(x).dtype.itemsize == 8",
        True,
        "integers are averaged as f32; NumPy takes f64",
    ),
    (
        "sum",
        "u8",
        ([200, 100], None, False, None),
        300,
        "torch",
        "t.sum(x).dtype == t.int64",
        True,
        "unsigned integers are summed in u64; PyTorch sums u8 in i64",
    ),
]
# Casts are compared here because their peers leave them open: source dtype, value, target dtype, our answer, the reason.
CASTS = [
    ("f32", 1e10, "i32", 2**31 - 1, "saturates"),
    ("f32", -1e10, "i32", -(2**31), "saturates"),
    ("f32", NAN, "i32", 0, "NaN gives 0"),
    ("f64", -1.0, "u8", 0, "saturates"),
    ("f32", 300.0, "u8", 255, "saturates"),
    ("i32", 300, "u8", 44, "integers wrap, as in NumPy and PyTorch"),
    ("f32", 1e6, "f16", INF, "beyond the largest: infinity"),
]


def same(ours, theirs):
    if isinstance(ours, str) or isinstance(theirs, str):
        return isinstance(ours, str) and isinstance(theirs, str) and ours == theirs
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    return (
        ours.shape == theirs.shape
        and np.array_equal(ours, theirs, equal_nan=True)
        and np.array_equal(np.signbit(ours[~np.isnan(ours)]), np.signbit(theirs[~np.isnan(theirs)]))
    )


def rows(s):
    for op, dtype, arguments, ours_wanted, peer, text, theirs_wanted, reason in ROWS:
        try:
            ours = getattr(s.rt, op)(
                *[s.rt.tensor(np.array(a, np.float64), dtype) if isinstance(a, list) else a for a in arguments]
            ).numpy()
        except Failure:
            ours = RAISES
        s.check(
            op,
            dtype,
            peer,
            "convention",
            ours,
            lambda: ours_wanted,
            lambda o, w: None if same(o, w) else f"the row says {w}, we give {o} ({reason})",
        )
        if not s.has(peer):
            continue
        lists = [np.array(a, STORED[dtype]) for a in arguments if isinstance(a, list)]
        try:
            theirs = s.ask(peer, text, **dict(zip("xy", lists)))
        except (RuntimeError, ValueError, ZeroDivisionError):
            theirs = RAISES
        if not same(theirs, theirs_wanted) and not (
            isinstance(theirs, np.ndarray) and np.array_equal(theirs, theirs_wanted, equal_nan=True)
        ):
            s.fail(
                f"convention {op} {dtype}: the row says {peer} gives {theirs_wanted}, it gives {theirs}: is the row out of date? ({reason})"
            )
    for source, value, target, wanted, reason in CASTS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ours = s.rt.cast(s.rt.tensor(np.array(value), source), target).numpy()
        s.check(
            "cast",
            source,
            "numpy",
            target,
            ours,
            lambda: wanted,
            lambda o, w: None if same(o, w) else f"the row says {w}, we give {o} ({reason})",
        )


# ---- promotion ------------------------------------------------------------------------------------------------------------------------
def kind(dtype):
    return "b" if dtype == "bool" else dtype[0] if dtype[0] in "iu" else "f"


def numpy_rule(a, b, ours):
    """Why NumPy's answer may be another one, provided that ours is what the rule says."""
    kinds = {kind(a), kind(b)}
    if "bf16" in (a, b):
        return "NumPy has no bf16"
    if "f" in kinds and kinds & {"i", "u"} and ours in (a, b) and kind(ours) == "f":
        return "an integer with a float takes the float, as in PyTorch; NumPy takes one that holds every value of both"
    if "u64" in (a, b) and "i" in kinds and ours == RAISES:
        return "u64 with a signed integer is an error that says to cast; NumPy takes f64"
    return None


def torch_rule(a, b, ours):
    if {a, b} & {"u16", "u32", "u64"} and a != b and not {a, b} & {"f16", "bf16", "f32", "f64"}:
        return "PyTorch promotes u16, u32 and u64 with floats only; NumPy has what we have"
    return None


def promotion(s):
    torch = s.modules.get("t")
    names = {
        "bool": "bool",
        "i8": "int8",
        "i16": "int16",
        "i32": "int32",
        "i64": "int64",
        "u8": "uint8",
        "u16": "uint16",
        "u32": "uint32",
        "u64": "uint64",
        "f16": "float16",
        "bf16": "bfloat16",
        "f32": "float32",
        "f64": "float64",
        "c64": "complex64",
        "c128": "complex128",
    }
    for a, b in itertools.product(DTYPES, repeat=2):
        try:
            ours = s.rt.promote(a, b)
        except Failure:
            ours = RAISES
        if not numpy_rule(a, b, ours):
            theirs = next((k for k in DTYPES if k != "bf16" and STORED[k] == np.result_type(STORED[a], STORED[b])), RAISES)
            s.check("promote", a, "numpy", b, ours, lambda: theirs, lambda o, w: None if o == w else f"{o}, theirs {w}")
        if not all(hasattr(torch, names[k]) for k in (a, b)) or torch_rule(a, b, ours):  # old ones know no u16
            continue
        try:
            theirs = str(torch.promote_types(getattr(torch, names[a]), getattr(torch, names[b]))).replace("torch.", "")
        except RuntimeError:
            theirs = RAISES
        s.check("promote", a, "torch", b, ours, lambda: theirs, lambda o, w: None if names.get(o, o) == w else f"{o}, theirs {w}")


GROUPS = (rows, promotion)


def show():
    for op, dtype, arguments, ours, peer, text, theirs, reason in ROWS:
        print(f"{op:11s} {dtype:4s} {str(arguments):28s} ours {str(ours):12s} {text} gives {theirs}: {reason}")
    for source, value, target, ours, reason in CASTS:
        print(f"cast        {source:4s} {value!s:28s} to {target}: {ours}: {reason}")
    for rule in (
        numpy_rule("bf16", "f32", "f32"),
        numpy_rule("i8", "f32", "f32"),
        numpy_rule("u64", "i8", RAISES),
        torch_rule("u16", "i8", "i32"),
    ):
        print(f"promotion   {rule}")
