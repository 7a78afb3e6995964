// SPDX-License-Identifier: BSD-3-Clause
// One float class of the vocabulary. Values and + - * / sqrt are REAL (math functions PLAIN(name)); whatever is not correctly rounded by
// nature is computed in WIDE with MATH(name) and rounded to REAL at the end. FMA(a, b, c) rounds once.
#define F(name) static inline REAL VOCAB_PASTE(name, CLASS)
#define TRUTH(name) static inline int VOCAB_PASTE(name, CLASS)
#define CALL(name) VOCAB_PASTE(name, CLASS)

F(add)(REAL a, REAL b) { return a + b; }
F(sub)(REAL a, REAL b) { return a - b; }
F(mul)(REAL a, REAL b) { return a * b; }
F(div)(REAL a, REAL b) { return a / b; }
F(fma)(REAL a, REAL b, REAL c) { return FMA(a, b, c); }
F(neg)(REAL x) { return -x; }
F(abs)(REAL x) { return PLAIN(fabs)(x); }
F(copysign)(REAL a, REAL b) { return PLAIN(copysign)(a, b); }
F(sign)(REAL x) { return x > 0 ? 1 : x < 0 ? -1 : x; } // zeros and NaN are themselves
F(floor)(REAL x) { return PLAIN(floor)(x); }
F(ceil)(REAL x) { return PLAIN(ceil)(x); }
F(round)(REAL x) { return PLAIN(nearbyint)(x); } // to even in the default rounding mode; unlike rint it raises nothing
F(trunc)(REAL x) { return PLAIN(trunc)(x); }

// NaN wins; of two zeros the sign decides.
F(min)(REAL a, REAL b) { return a != a ? a : b != b ? b : a == b ? (signbit(a) ? a : b) : a < b ? a : b; }
F(max)(REAL a, REAL b) { return a != a ? a : b != b ? b : a == b ? (signbit(a) ? b : a) : a > b ? a : b; }
F(lowest)(void) { return -(REAL)INFINITY; }
F(highest)(void) { return (REAL)INFINITY; }
TRUTH(arg_gt)(REAL x, REAL best) { return x > best || (x != x && best == best); }
TRUTH(arg_lt)(REAL x, REAL best) { return x < best || (x != x && best == best); }
TRUTH(sign_bit)(REAL x) { return !!signbit(x); }
TRUTH(is_nan)(REAL x) { return x != x; }
TRUTH(is_inf)(REAL x) { return !!isinf(x); }
TRUTH(is_finite)(REAL x) { return !!isfinite(x); }

F(fmod)(REAL a, REAL b) { return PLAIN(fmod)(a, b); } // exact
F(remainder)(REAL a, REAL b) { // exact but for the one rounding of rest + b
  const REAL rest = PLAIN(fmod)(a, b);
  if (rest == 0) return PLAIN(copysign)(rest, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}
// The floor of the exact quotient, rounded once. a / b is the nearest number to it; the sign of a - q * b, which fma gives exactly, says
// on which side of the quotient q lies.
F(floor_div)(REAL a, REAL b) {
  const REAL q = a / b;
  if (!isfinite(a) || !isfinite(q)) return q;
  if (isinf(b)) return a != 0 && (a < 0) != (b < 0) ? -1 : q; // just below 0, as in Python
  if (PLAIN(fabs)(q) < (REAL)0x1p53) {
    const REAL floored = PLAIN(floor)(q), rest = PLAIN(fma)(-floored, b, a);
    return rest != 0 && (rest < 0) != (b < 0) ? floored - 1 : floored; // a / b was rounded up to an integer
  }
  // Beyond 2^53 q is an integer and the floor of the quotient lies less than 1 below it; that only matters half way to the number below.
  const REAL rest = PLAIN(fma)(-q, b, a), under = PLAIN(nextafter)(q, -(REAL)INFINITY), half = (q - under) / 2;
  if (rest == 0 || (rest < 0) == (b < 0) || half >= (REAL)0x1p53) return q;
  const REAL over = PLAIN(fma)(half - 1, b, rest); // (quotient - (q - half)) * b - b
  if (half >= 1 && (over == 0 || (over < 0) == (b < 0))) return q;
  return half < 1 || PLAIN(fmod)(q / (2 * half), 2) != 0 ? under : q; // a tie goes to the even one
}

// Of a complex number without imaginary part.
F(real)(REAL x) { return x; }
F(imag)(REAL x) { return (void)x, 0; }
F(conj)(REAL x) { return x; }
F(angle)(REAL x) { return x != x ? x : signbit(x) ? (REAL)3.14159265358979323846264338327950288L : 0; }

F(sqrt)(REAL x) { return PLAIN(sqrt)(x); }
F(rsqrt)(REAL x) { return (REAL)(1 / MATH(sqrt)(x)); }
F(cbrt)(REAL x) { return (REAL)MATH(cbrt)(x); }
F(exp)(REAL x) { return (REAL)MATH(exp)(x); }
F(exp2)(REAL x) { return (REAL)MATH(exp2)(x); }
F(expm1)(REAL x) { return (REAL)MATH(expm1)(x); }
F(log)(REAL x) { return (REAL)MATH(log)(x); }
F(log2)(REAL x) { return (REAL)MATH(log2)(x); }
F(log10)(REAL x) { return (REAL)MATH(log10)(x); }
F(log1p)(REAL x) { return (REAL)MATH(log1p)(x); }
F(sin)(REAL x) { return (REAL)MATH(sin)(x); }
F(cos)(REAL x) { return (REAL)MATH(cos)(x); }
F(tan)(REAL x) { return (REAL)MATH(tan)(x); }
F(asin)(REAL x) { return (REAL)MATH(asin)(x); }
F(acos)(REAL x) { return (REAL)MATH(acos)(x); }
F(atan)(REAL x) { return (REAL)MATH(atan)(x); }
F(sinh)(REAL x) { return (REAL)MATH(sinh)(x); }
F(cosh)(REAL x) { return (REAL)MATH(cosh)(x); }
F(tanh)(REAL x) { return (REAL)MATH(tanh)(x); }
F(asinh)(REAL x) { return (REAL)MATH(asinh)(x); }
F(acosh)(REAL x) { return (REAL)MATH(acosh)(x); }
F(atanh)(REAL x) { return (REAL)MATH(atanh)(x); }
F(erf)(REAL x) { return (REAL)MATH(erf)(x); }
F(erfc)(REAL x) { return (REAL)MATH(erfc)(x); }
F(pow)(REAL a, REAL b) { return (REAL)MATH(pow)(a, b); }
F(atan2)(REAL a, REAL b) { return (REAL)MATH(atan2)(a, b); }
F(hypot)(REAL a, REAL b) { return (REAL)MATH(hypot)(a, b); }

// x / (1 + exp(-z)), with the exponential of a negative number only, so nothing overflows and no bit is lost on either side. For z of
// -infinity the limit, a zero with the sign of x.
static inline WIDE CALL(logistic)(WIDE x, WIDE z) {
  if (z >= 0) return x / (1 + MATH(exp)(-z));
  const WIDE e = MATH(exp)(z);
  return e == 0 ? MATH(copysign)(0, x) : x * (e / (1 + e));
}
F(sigmoid)(REAL x) { return (REAL)CALL(logistic)(1, x); }
F(silu)(REAL x) { return (REAL)CALL(logistic)(x, x); }
F(gelu_tanh)(REAL x) { // x/2 (1 + tanh(u)) is x times the logistic function of 2u; 2 sqrt(2/pi) = 1.59...
  const WIDE v = x;
  return (REAL)CALL(logistic)(v, (WIDE)1.59576912160573071175978423973752747L * (v + (WIDE)0.044715L * v * v * v));
}
F(gelu)(REAL x) { // erfc keeps every bit where 1 + erf would cancel
  const WIDE v = x, upper = MATH(erfc)(-v * (WIDE)0.707106781186547524400844362104849039L);
  return (REAL)(upper == 0 ? MATH(copysign)(0, v) : v * upper / 2);
}
F(softplus)(REAL x) {
  const WIDE v = x;
  return (REAL)((v > 0 ? v : v != v ? v : 0) + MATH(log1p)(MATH(exp)(-MATH(fabs)(v))));
}

F(logaddexp)(REAL a, REAL b) { // equal ones aside, so that infinities of one sign do not become NaN
  const WIDE high = a > b ? a : b, low = a > b ? b : a;
  if (a != a || b != b) return a + b;
  return (REAL)(high + (high == low ? (WIDE)0.693147180559945309417232121458176568L : MATH(log1p)(MATH(exp)(low - high))));
}

// tanh(log(1 + e)) with e = exp(x) is n / (n + 2) with n = e (e + 2): for x above 0, in powers of 1 / e.
F(mish)(REAL x) {
  const WIDE v = x, e = MATH(exp)(-MATH(fabs)(v));
  if (v > 0) return (REAL)(v * ((1 + 2 * e) / (1 + 2 * e + 2 * e * e)));
  const WIDE n = e * (e + 2);
  return (REAL)(n == 0 ? MATH(copysign)(0, v) : v * (n / (n + 2)));
}
F(softsign)(REAL x) {
  const WIDE v = x;
  return isinf(x) ? PLAIN(copysign)(1, x) : (REAL)(v / (1 + MATH(fabs)(v)));
}
F(hardswish)(REAL x) { // near -3 the sum is exact, where x / 6 + 1 / 2 would cancel
  const WIDE v = x, moved = v + 3;
  return moved <= 0 ? PLAIN(copysign)(0, x) : moved >= 6 ? x : (REAL)(v * moved / 6);
}
F(selu)(REAL x) {
  const WIDE v = x, scale = (WIDE)1.0507009873554804934193349852946L, alpha = (WIDE)1.6732632423543772848170429916717L;
  return (REAL)(scale * (v < 0 ? alpha * MATH(expm1)(v) : v));
}
F(celu)(REAL x, REAL alpha) { return (REAL)(alpha * MATH(expm1)((WIDE)x / alpha)); }

#undef F
#undef TRUTH
#undef CALL
#undef CLASS
#undef REAL
#undef WIDE
#undef MATH
#undef PLAIN
#undef FMA
