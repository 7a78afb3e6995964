// SPDX-License-Identifier: BSD-3-Clause
// Functions of f32 where a vector looks up 32 numbers in one instruction (V_LOOKUP): short polynomials whose coefficients are those of an interval.
#ifndef CPU_SIMD_VMATH_TABLE_H
#define CPU_SIMD_VMATH_TABLE_H

#include "tables.h"

/// Interval i's polynomial of x.
#define LOOKED_UP_4(name, i, x) v_mad(v_mad(v_mad(v_mad(AT(name, 4, i), x, AT(name, 3, i)), x, AT(name, 2, i)), x, AT(name, 1, i)), x, AT(name, 0, i))
#define LOOKED_UP_6(name, i, x) v_mad(v_mad(v_mad(v_mad(v_mad(v_mad(AT(name, 6, i), x, AT(name, 5, i)), x, AT(name, 4, i)), x, AT(name, 3, i)), x, \
                                                  AT(name, 2, i)), x, AT(name, 1, i)), x, AT(name, 0, i))
#define AT(name, k, i) v_lookup(name##_c##k, i)

/// The intervals are those of the exponent and three bits of a + 0.625.
V_INLINE vec m_tanh(vec x) {
  const vec a = v_low(v_set(9.25f), v_abs(x));
  const ivec i = v_bits(a + 0.625f) >> (MANTISSA - 3);
  const vec d = a - v_lookup(tanh_centre, i);
  return v_from_bits(v_bits(LOOKED_UP_4(tanh, i, d)) | (v_bits(x) & V_SIGN));
}

/// x - p(x), and -p(|x|) below 0, with p(a) = a erfc(a / sqrt 2) / 2 around the nearest quarter; from 5.875 on p is 0.
#define FAR_gelu(x) (v_bits(x) & ~(v_bits(x) - v_bits(v_set(-5.125f)))) // from -5.125 downwards
V_INLINE vec m_gelu_near(vec x) {
  const vec a = v_low(v_set(6.0f), v_abs(x)), magic = v_set(0x1.8p21f), at = a + magic, d = a - (at - magic);
  const ivec i = v_bits(at);
  return v_high(v_set(-0.0f), x) - LOOKED_UP_6(gelu, i, d);
}

/// x = 2^k m with m in [1, 2); log m = value + log(1 + r), r = m inverse - 1. Zeros, infinities and subnormal numbers need no more than that.
V_INLINE vec m_log(vec x) {
  const vec m = v_mantissa(x);
  const ivec i = v_bits(m) >> (MANTISSA - 5);
  const vec r = v_mad(m, v_lookup(log_inverse, i), v_set(-1.0f));
  return v_mad(v_exponent(x), v_set(0x1.62e430p-1f), v_lookup(log_value, i)) + v_mad(r * r, POLY(r, log_rest_p), r);
}

#endif
