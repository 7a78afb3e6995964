#!/usr/bin/env python3
"""Derives the polynomials of backends/cpu_simd/vmath in 60 digits: nearly minimax, coefficients rounded to the format one after the other, lowest
power first, each time fitting the others again. Prints range, largest error and coefficients in C of each. Needs mpmath (Debian:
python3-mpmath). Arguments: names of polynomials (none: all). With --tables alone it prints vmath/tables.h: one polynomial for each of 32 intervals."""
import struct, sys
from mpmath import mp, mpf, matrix, lu_solve, exp, expm1, fsum, log, log1p, tanh, sinh, erf, erfc, sqrt, pi, cos, sin, atan, asin, cbrt, ldexp, frexp, nint

mp.dps = 60


def rounded(x, bits):
    if x == 0:
        return x
    m, e = frexp(x)
    return ldexp(nint(ldexp(m, bits)), int(e) - bits)


def fit(f, weight, powers, low, high):
    """Coefficients of sum c_k x^powers[k] by least squares of weight (p - f) at Chebyshev's nodes, reweighted with the errors: nearly minimax."""
    n, m = len(powers), 5 * len(powers) + 10
    nodes = [(low + high) / 2 - (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * m)) for i in range(m)]
    rows = [[weight(x) * x ** p for p in powers] for x in nodes]
    goals, shares = [weight(x) * f(x) for x in nodes], [mpf(1)] * m
    for _ in range(4):
        a = matrix(n, n)
        b = matrix(n, 1)
        for j in range(n):
            b[j] = fsum(s * r[j] * g for s, r, g in zip(shares, rows, goals))
            for k in range(j, n):
                a[j, k] = a[k, j] = fsum(s * r[j] * r[k] for s, r in zip(shares, rows))
        c = lu_solve(a, b)
        errors = [abs(fsum(c[k] * r[k] for k in range(n)) - g) for r, g in zip(rows, goals)]
        mean = fsum(s * e for s, e in zip(shares, errors)) / fsum(shares)
        shares = [s * (e / mean + mpf("0.1")) for s, e in zip(shares, errors)] if mean else shares
    return c


def fit_rounded(bits, f, weight, powers, low, high, n_tried=2000):
    """(power, coefficient) of each, and the largest error."""
    low, high, powers, fixed = mpf(low), mpf(high), list(powers), []
    while powers:
        rest = lambda x: f(x) - sum(c * x ** p for p, c in fixed)
        c = fit(rest, weight, powers, low, high)
        fixed.append((powers.pop(0), rounded(c[0], bits)))
    tried = (low + (high - low) * (i + mpf(1) / 3) / n_tried for i in range(n_tried))
    return fixed, max(abs(weight(x) * (sum(c * x ** p for p, c in fixed) - f(x))) for x in tried)


def derive(name, bits, f, weight, powers, low, high):
    low, high = mpf(low), mpf(high)
    fixed, error = fit_rounded(bits, f, weight, powers, low, high)
    text = ", ".join(c_text(c, bits) for _, c in fixed)
    print(f"{name}: [{mp.nstr(low, 6)}, {mp.nstr(high, 6)}], error 2^{mp.nstr(log(error, 2), 4)}\n  {text}", flush=True)


def c_text(c, bits):
    return f"NUM({mp.nstr(c, 17 if bits == 53 else 9, strip_zeros=False)})"


def root2(x):
    return x / sqrt(mpf(2))


def tail(a):  # erfc(a / sqrt 2) / 2 * exp(a^2 / 2)
    return erfc(root2(a)) / 2 * exp(a * a / 2)


def of_w(k, g):  # as a function of w = (a - k) / (a + k)
    return lambda w: g(k * (1 + w) / (1 - w))


def gelu_part(a, k=mpf("4.25")):
    return tail(a) * (a + k)


def of_t(k, middle):  # the same as a function of v = a / (a + k) - middle
    return lambda v: gelu_part(k * (v + middle) / (1 - middle - v), k)


K, NEAR, K_ERFC = mpf("4.25"), mpf("0.4140625"), 3 / sqrt(mpf(2))
HALF, THIRD, small = ("-0.3468", "0.3467"), ("-0.33334", "0.33335"), "1e-12"


def odd(g, first=0):  # g(x) / x - first as a function of z = x^2, for odd g; divided by z where first is 1 for good
    return lambda z: (g(sqrt(z)) / sqrt(z) - 1) / (z if first else 1)


def erfc_part(a):
    return erfc(a) * exp(a * a) * (a + mpf("0.5625"))


ALL = [
    # name, bits, function, weight of the error, powers, range
    ("exp f32", 24, lambda x: (expm1(x) - x) / x**2, lambda x: x**2, range(5), *HALF),
    ("exp f64", 53, lambda x: (expm1(x) - x) / x**2, lambda x: x**2, range(10), *HALF),
    ("log f32", 24, lambda x: (log1p(x) - x + x * x / 2) / x**3, lambda x: x**2, range(8), *THIRD),
    ("log near", 24, lambda x: (log1p(x) - x) / x**2, lambda x: x, range(8), *THIRD),
    ("log f64", 53, odd(lambda s: log((1 + s) / (1 - s)) - s, 1), lambda z: z, range(8), small, "0.0401"),
    ("tanh f32", 24, odd(tanh, 1), lambda z: z, range(6), small, "0.724"),
    ("tanh f64", 53, odd(tanh, 1), lambda z: z, range(14), small, "0.724"),
    ("erf f32", 24, odd(erf), lambda z: 1, range(6), small, "0.85"),
    ("erf f64", 53, odd(erf), lambda z: 1, range(13), small, "0.85"),
    ("erf g f32", 24, lambda a: -log(erfc(a)), lambda a: erfc(a), range(7), "0.9", 4),
    ("gelu f32", 24, of_w(K, gelu_part), lambda w: 1 / of_w(K, gelu_part)(w), range(10), -1, (15 - K) / (15 + K)),
    ("gelu near", 24, of_t(4, NEAR), lambda v: 1 / of_t(4, NEAR)(v), range(7), -NEAR, mpf(5) / 9 - NEAR),
    ("erfc f64", 53, of_w(K_ERFC, erfc_part), lambda w: 1, range(28), -1, (28 - K_ERFC) / (28 + K_ERFC)),
    ("erfc wide", 53, of_w(K_ERFC, erfc_part), lambda w: 1, range(15), -1, (11 - K_ERFC) / (11 + K_ERFC)),
    ("sin f64", 53, odd(sin, 1), lambda z: z, range(7), small, "0.6169"),
    ("cos f64", 53, lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2, lambda z: z * z, range(6), "1e-9", "0.6169"),
    ("atan f64", 53, odd(atan, 1), lambda z: z, range(12), small, "0.1716"),
    ("asin f64", 53, odd(asin, 1), lambda z: z, range(13), small, "0.25"),
    ("sinh f64", 53, odd(sinh, 1), lambda z: z, range(7), small, 1),
    ("cbrt", 53, cbrt, lambda x: 1 / cbrt(x), range(6), 1, 8),
]


# ---- tables: a polynomial for each of 32 intervals -------------------------------------------------------------------------------------
def f32_bits(x):
    return struct.unpack("<I", struct.pack("<f", float(x)))[0]


def f32_of(bits):
    return mpf(struct.unpack("<f", struct.pack("<I", bits))[0])


def nearly_exact(f, start, n_tried):
    """The f32 x among n_tried around start for which f(x) is closest to an f32, and how close in ulp."""
    def distance(bits):
        y = f(f32_of(bits))
        return abs(y - rounded(y, 24)) / abs(ldexp(mpf(1), int(frexp(y)[1]) - 24))
    first = f32_bits(start) - n_tried // 2
    mp.dps = 25
    best = min(range(first, first + n_tried), key=distance)
    mp.dps = 60
    return f32_of(best), distance(best)


def print_table(kind, name, values):
    lines = [", ".join(f"{f32_text(v)}" if kind == "float" else f"{v}" for v in values[i : i + 8]) for i in range(0, 32, 8)]
    print(f"static const {kind} {name}[32] = {{\n  " + ",\n  ".join(lines) + "};")


def f32_text(x):
    text = mp.nstr(x, 9, strip_zeros=True, min_fixed=-3, max_fixed=8)
    return (text if "." in text or "e" in text else text + ".0") + "f"


def print_polynomials(name, error, rows, ends):
    print(f"\n// {error}: {ends}")
    for power in range(len(rows[0])):
        print_table("float", f"{name}_c{power}", [row[power] for row in rows])


def tanh_tables():
    """By exponent and the first three bits of the mantissa of a + 0.625, from 0 to 9.375. Sums around a centre whose tanh is nearly an f32, so that
    the first coefficient is not rounded."""
    centres, rows, worst = [mpf(0)] * 32, [[mpf(0)] * 5 for _ in range(32)], mpf(0)
    begin = f32_bits(0.625) >> 20
    for i in range(begin, begin + 32):
        low, high = f32_of(i << 20) - mpf("0.625"), f32_of((i + 1) << 20) - mpf("0.625")
        c, first, powers = mpf(0), [mpf(0), mpf(1)], [2, 3, 4]
        if i > begin:
            c, _ = nearly_exact(tanh, (low + high) / 2, 300)
            first, powers = [rounded(tanh(c), 24)], [1, 2, 3, 4]
        f = lambda d: tanh(c + d) - sum(k * d ** p for p, k in enumerate(first))
        fixed, error = fit_rounded(24, f, lambda d: 1 / tanh(c + d), powers, max(low - c, mpf("1e-9") - c), high - c, 200)
        centres[i % 32], rows[i % 32], worst = c, first + [k for _, k in fixed], max(worst, error)
    print_table("float", "tanh_centre", centres)
    print_polynomials("tanh", f"error 2^{mp.nstr(log(worst, 2), 4)} of tanh", rows, "[0, 9.375]")


def gelu_tables():
    """a erfc(a / sqrt 2) / 2 around each quarter up to 5.75; nothing from there on."""
    rows, worst, worst_end = [[mpf(0)] * 7 for _ in range(32)], mpf(0), mpf(0)
    f = lambda a: a * erfc(root2(a)) / 2
    for i in range(24):
        c = mpf(i) / 4
        first, low = ([mpf(0)], mpf("1e-9")) if i == 0 else ([], mpf(-1) / 8)
        fixed, error = fit_rounded(24, lambda d: f(c + d), lambda d: 1 / f(c + d), range(len(first), 7), low, mpf(1) / 8, 200)
        rows[i] = first + [k for _, k in fixed]
        worst, worst_end = (max(worst, error), worst_end) if i <= 16 else (worst, max(worst_end, error) if i <= 20 else worst_end)
    print_polynomials("gelu", f"error 2^{mp.nstr(log(worst, 2), 4)} of the result up to 4.125, 2^{mp.nstr(log(worst_end, 2), 4)} up to 5.125", rows, "[0, 5.875]")


def log_tables():
    """log(m) is log_value + log(1 + r), r = m log_inverse - 1, by the first five bits of m's mantissa; plus the exponent times LN2, as f32. Where m is
    near 2 the exponent is -1 for numbers near 1: log_value is LN2 there, and nearly exact elsewhere."""
    ln2 = rounded(log(mpf(2)), 24)
    inverse, value = [mpf(1)] * 32, [mpf(0)] * 32
    for i in range(1, 31):
        middle = 1 + (mpf(i) + mpf("0.5")) / 32
        of = (lambda v: ln2 - log(2 * v)) if i >= 16 else (lambda v: -log(v))
        inverse[i], _ = nearly_exact(of, 1 / middle, 6000)
        value[i] = rounded(of(inverse[i]), 24)
    inverse[31], value[31] = mpf("0.5"), ln2
    print()
    print_table("float", "log_inverse", inverse)
    print_table("float", "log_value", value)
    fixed, error = fit_rounded(24, lambda r: (log1p(r) - r) / r**2, lambda r: r, range(3), "-0.01563", "0.03126")
    print(f"// log(1 + r) = r + r^2 p(r), error 2^{mp.nstr(log(error, 2), 4)} of r\nstatic const float log_rest_p[] = {{{', '.join(f32_text(c) for _, c in fixed)}}};")


def exp_tables():
    """The bits of 2^(i/32), less what i << 18 and the exponent of 1 add to them."""
    values = [f32_bits(rounded(mpf(2) ** (mpf(i) / 32), 24)) - (i << 18) - (127 << 23) for i in range(32)]
    print()
    print_table("int32_t", "exp_power", values)
    fixed, error = fit_rounded(24, lambda r: (expm1(r) - r) / r**2, lambda r: r**2, range(2), "-0.01084", "0.01084")
    print(f"// e^r = 1 + r + r^2 p(r), error 2^{mp.nstr(log(error, 2), 4)}\nstatic const float exp_rest_p[] = {{{', '.join(f32_text(c) for _, c in fixed)}}};")


TABLES_HEAD = """// SPDX-License-Identifier: BSD-3-Clause
// Made by scripts/minimax.py --tables. What functions of f32 look up where a vector does that in one instruction: table.h says how.
#ifndef CPU_SIMD_VMATH_TABLES_H
#define CPU_SIMD_VMATH_TABLES_H

#include <stdint.h>
"""
if __name__ == "__main__" and sys.argv[1:] == ["--tables"]:
    print(TABLES_HEAD)
    for tables in (tanh_tables, gelu_tables, log_tables, exp_tables):
        tables()
    print("\n#endif")
elif __name__ == "__main__":
    for row in ALL:
        if len(sys.argv) < 2 or any(row[0].startswith(a) for a in sys.argv[1:]):
            derive(*row)
