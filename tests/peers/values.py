# SPDX-License-Identifier: BSD-3-Clause
"""Numbers to compute with: the same ones on every run."""

import zlib

import numpy as np
from judge import FLOATS
from trivet import STORED, from_bf16, to_bf16

SIGNED = ("i8", "i16", "i32", "i64")
UNSIGNED = ("u8", "u16", "u32", "u64")
INTEGERS = SIGNED + UNSIGNED
SPECIALS = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -1.5, -2.5]


def generator(*seed):
    return np.random.default_rng(zlib.crc32(repr(seed).encode()))


def rounded(x, dtype):
    """What the dtype keeps of x, as float64 (floats) or in the dtype."""
    if dtype == "bf16":
        return from_bf16(to_bf16(x)).astype(np.float64)
    x = np.asarray(x).astype(STORED[dtype])
    return x.astype(np.float64) if dtype in FLOATS else x


def floats(dtype, shape, low, high, seed):
    return rounded(generator(dtype, shape, low, high, seed).uniform(low, high, shape), dtype)


def integers(dtype, shape, seed, low=None, high=None):
    if dtype == "bool":
        return generator(dtype, shape, seed).integers(0, 2, shape).astype(np.bool_)
    info = np.iinfo(STORED[dtype])
    low, high = info.min if low is None else max(low, info.min), info.max if high is None else min(high, info.max)
    return generator(dtype, shape, seed).integers(low, high, shape, dtype=STORED[dtype], endpoint=True)


def numbers(dtype, shape, seed, low=-4, high=4):
    return floats(dtype, shape, low, high, seed) if dtype in FLOATS else integers(dtype, shape, seed)
