# SPDX-License-Identifier: BSD-3-Clause
"""How far a result may be from another library's: the bounds of docs/numerics.md, per element. A judge gives None or what is wrong."""

import numpy as np

FLOATS = ("f16", "bf16", "f32", "f64")
# digits of the significand, exponent of the smallest normal number, the largest number
FORMAT = {
    "f16": (11, -14, 65504.0),
    "bf16": (8, -126, float.fromhex("0x1.fep127")),
    "f32": (24, -126, float.fromhex("0x1.fffffep127")),
    "f64": (53, -1022, float.fromhex("0x1.fffffffffffffp1023")),
}
PEER_ULP = 4  # what the other library may be off itself where it computes in the same f64 as we do


def ulp(y, dtype):
    digits, least, _ = FORMAT[dtype]
    exponent = np.frexp(np.abs(y))[1] - 1
    return np.ldexp(1.0, np.maximum(exponent, least) - (digits - 1))


def unit(dtype):
    """The rounding unit in which sums of this dtype are added: f32 for the narrower ones."""
    return 2.0**-53 if dtype == "f64" else 2.0**-24


def shapes_differ(ours, theirs):
    return None if ours.shape == theirs.shape else f"shape {ours.shape}, theirs {theirs.shape}"


def first(bad, ours, theirs, text):
    at = tuple(int(i) for i in np.argwhere(bad)[0]) if bad.ndim else ()
    return f"{int(bad.sum())} of {bad.size} elements, first at {at}: {ours[at]!r}, theirs {theirs[at]!r}{text}"


def equal(ours, theirs, signs=False):
    """The same numbers; with `signs` also the same signs of zero. NaN equals NaN."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if shapes_differ(ours, theirs):
        return shapes_differ(ours, theirs)
    bad = ours != theirs
    if ours.dtype.kind == "f":
        bad &= ~(np.isnan(ours) & np.isnan(theirs.astype(np.float64)))
        if signs:
            bad |= (np.signbit(ours) != np.signbit(theirs)) & (ours == 0)
    return first(bad, ours, theirs, "") if bad.any() else None


def within(ours, exact, dtype, bound):
    """|ours - exact| <= bound, element by element; infinities and NaN must be where they belong, after rounding to the dtype."""
    ours, exact = np.asarray(ours, np.float64), np.asarray(exact, np.float64)
    if shapes_differ(ours, exact):
        return shapes_differ(ours, exact)
    digits, _, largest = FORMAT[dtype]
    bound = np.broadcast_to(np.asarray(bound, np.float64), exact.shape)
    with np.errstate(all="ignore"):
        overflows = np.abs(exact) + bound >= largest * (1 + 2.0**-digits)
        good = np.abs(ours - exact) <= bound
        good |= overflows & np.isinf(ours) & (np.sign(ours) == np.sign(exact))
        good |= np.isnan(ours) & np.isnan(exact)
        good |= ours == exact
    return first(~good, ours, exact, f", allowed {float(bound[~good].flat[0]):.3g} apart") if not good.all() else None


def ulps(ours, exact, dtype, n, size=None):
    """n units in the last place of the result, or of `size`. Half precision is computed in f32 and rounded once more."""
    exact = np.asarray(exact, np.float64)
    if dtype in ("f16", "bf16"):
        n = 0.5 + n * 2.0 ** (FORMAT[dtype][0] - 24) if n else 0
    elif dtype == "f64":
        n += PEER_ULP
    with np.errstate(all="ignore"):
        return within(ours, exact, dtype, (n + 1e-6) * ulp(np.nan_to_num(exact if size is None else size), dtype))


def summed(ours, exact, dtype, terms, magnitude, extra=1):
    """`terms` products or numbers added in any order, whose magnitudes add up to `magnitude`, then rounded."""
    with np.errstate(all="ignore"):
        slack = 2 if dtype == "f64" else 1  # the other library's sum has the same bound
        return within(
            ours,
            exact,
            dtype,
            slack * (terms + 2) * unit(dtype) * magnitude + extra * ulp(np.nan_to_num(np.asarray(exact, np.float64)), dtype),
        )
