#!/usr/bin/env python3
"""Derives the polynomials of backends/cpu_simd/vmath: minimax by Remez' exchange algorithm in 60 digits, coefficients rounded to the format one
after the other, lowest power first, each time fitting the others again. Prints one line of C per polynomial with the largest error found.
Needs mpmath. Arguments: names of polynomials (none: all)."""
import sys
from mpmath import mp, mpf, matrix, lu_solve, exp, expm1, fsum, log, log1p, tanh, erf, erfc, sqrt, pi, cos, sin, atan, asin, cbrt, ldexp, frexp, nint

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


ln2 = log(mpf(2))
K = 3
small = "1e-12"
ALL = [
    # name, bits, function, weight of the error, powers, range
    ("exp f32", 24, lambda x: (expm1(x) - x) / x**2, lambda x: x**2, range(5), "-0.3468", "0.3467"),
    ("exp f64", 53, lambda x: (expm1(x) - x) / x**2, lambda x: x**2, range(10), "-0.3468", "0.3467"),
    ("log f32", 24, lambda x: (log1p(x) - x + x * x / 2) / x**3, lambda x: x**2, range(8), "-0.33334", "0.33335"),
    ("log f64", 53, lambda z: (log((1 + sqrt(z)) / (1 - sqrt(z))) / sqrt(z) - 2) / z, lambda z: z, range(8), small, "0.0401"),
    ("log1p_unit f32", 24, lambda x: (log1p(x) - x) / x**2, lambda x: x, range(9), small, 1),
    ("log1p_unit f64", 53, lambda x: (log1p(x) - x) / x**2, lambda x: x, range(20), small, 1),
    ("tanh f32", 24, lambda z: (tanh(sqrt(z)) / sqrt(z) - 1) / z, lambda z: z, range(6), small, "0.724"),
    ("tanh f64", 53, lambda z: (tanh(sqrt(z)) / sqrt(z) - 1) / z, lambda z: z, range(12), small, "0.724"),
    ("erf f32", 24, lambda z: erf(sqrt(z)) / sqrt(z) - 1, lambda z: 1, range(6), small, "0.85"),
    ("erf g f32", 24, lambda a: -log(erfc(a)), lambda a: erfc(a), range(7), "0.9", 4),
    ("gelu f32", 24, of_w(K, lambda a: tail(a) * (a + K)), lambda w: 1, range(9), -1, mpf(15 - K) / (15 + K)),
    ("gelu f64", 53, of_w(K, lambda a: tail(a) * (a + K)), lambda w: 1, range(22), -1, mpf(39 - K) / (39 + K)),
]
if __name__ == "__main__":
    for row in ALL:
        if len(sys.argv) < 2 or any(row[0].startswith(a) for a in sys.argv[1:]):
            derive(*row)
