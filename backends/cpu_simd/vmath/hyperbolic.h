// SPDX-License-Identifier: BSD-3-Clause
// sinh, cosh and the inverses of hyperbolic functions, in f64: from exp and log1p in forms that neither cancel nor overflow.
#ifndef CPU_SIMD_VMATH_HYPERBOLIC_H
#define CPU_SIMD_VMATH_HYPERBOLIC_H

#include "log.h"

// "sinh f64": sinh(x) = x + x z p(z), z = x^2; |x| <= 1, error 2^-61
static const num sinh_p[] = {0.16666666666666669, 0.0083333333333329221, 0.00019841269841581970, 2.7557319111210643e-6, 2.5052130206479001e-8,
  1.6056724883007648e-10, 7.7745378634890028e-13};

/// e^a / 2 for a >= 0: infinite only where cosh(a) is.
V_INLINE vec exp_half(vec a) {
  vec n, r;
  const ivec at = exp_split(v_low(v_set(EXP_HIGH + 1), a), 2 * BIAS - 1, &n, &r);
  return exp_scale(exp_rest(r) + 1.0, at);
}
V_INLINE vec m_sinh(vec x) {
  const vec a = v_abs(x), z = a * a, e = exp_half(a);
  return v_copysign(v_select(v_lt(a, v_set(1.0)), v_mad(a * z, POLY(z, sinh_p), a), e - 0.25 / e), x);
}
V_INLINE vec m_cosh(vec x) {
  const vec e = exp_half(v_abs(x));
  return e + 0.25 / e;
}

// asinh(a) = log1p(a + a^2 / (1 + sqrt(a^2 + 1))), acosh(x) = log1p(t + sqrt(t (t + 2))) with t = x - 1; from 2^28 on both are log(2 x).
#define HUGE_ARGUMENT 0x1p28
V_INLINE vec log_twice(vec x, vec near) {
  vec f;
  const vec k = log_split(x, &f);
  return v_select(v_lt(v_set(HUGE_ARGUMENT), x), log_special(x, log_join(k + 1.0, f)), near);
}
V_INLINE vec m_asinh(vec x) {
  const vec a = v_abs(x), held = v_low(v_set(HUGE_ARGUMENT), a), square = held * held;
  vec low;
  const vec more = square / (1.0 + v_sqrt(square + 1.0)), sum = quick_sum(held, more, &low);
  return v_copysign(v_select(v_lt(a, v_set(0x1p-28)), a, log_twice(a, log1p_two(sum, low))), x);
}
V_INLINE vec m_acosh(vec x) {
  const vec t = v_low(v_set(HUGE_ARGUMENT), x) - 1.0;
  vec low;
  const vec root = v_sqrt(t * (t + 2.0)), sum = two_sum(t, root, &low);
  return v_select(v_lt(x, v_set(1.0)), v_set((num)NAN), log_twice(x, log1p_two(sum, low)));
}

/// Half of log1p(2 a / (1 - a)), the quotient to twice its precision; up to 0.2 the series that log has.
V_INLINE vec m_atanh(vec x) {
  const vec a = v_abs(x), z = a * a, twice = a + a;
  vec under_low, product_low;
  const vec under = two_sum(v_set(1.0), v_neg(a), &under_low), q = twice / under, product = two_mul(q, under, &product_low);
  const vec low = (((twice - product) - product_low) - q * under_low) / under;
  const vec far = v_select(v_eq(a, v_set(1.0)), V_INF, 0.5 * log1p_two(q, low)); // 1: 0 / 0 on the way
  const vec near = v_mad(a * z * 0.5, POLY(z, log_p), a);
  return v_copysign(v_select(v_lt(v_set(1.0), a), v_set((num)NAN), v_select(v_lt(a, v_set(0.2)), near, far)), x);
}

#endif
