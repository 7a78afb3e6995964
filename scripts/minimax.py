#!/usr/bin/env python3
"""Derives the polynomials of backends/cpu_simd/vmath in 60 digits: nearly minimax, coefficients rounded to the format one after the other, lowest
power first, each time fitting the others again. Prints range, largest error and coefficients in C of each. Needs mpmath (Debian:
python3-mpmath). Arguments: names of polynomials (none: all)."""
import sys
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


def derive(name, bits, f, weight, powers, low, high):
    low, high, powers, fixed = mpf(low), mpf(high), list(powers), []
    while powers:
        rest = lambda x: f(x) - sum(c * x ** p for p, c in fixed)
        c = fit(rest, weight, powers, low, high)
        fixed.append((powers.pop(0), rounded(c[0], bits)))
    error = max(abs(weight(x) * (sum(c * x ** p for p, c in fixed) - f(x))) for x in (low + (high - low) * (i + mpf(1) / 3) / 2000 for i in range(2000)))
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
if __name__ == "__main__":
    for row in ALL:
        if len(sys.argv) < 2 or any(row[0].startswith(a) for a in sys.argv[1:]):
            derive(*row)
