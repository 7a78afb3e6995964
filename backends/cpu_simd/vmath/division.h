// SPDX-License-Identifier: BSD-3-Clause
// What is left over by division, in f64, exactly. Where the quotient is too large for that, or a number special, the C library computes the lane.
#ifndef CPU_SIMD_VMATH_DIVISION_H
#define CPU_SIMD_VMATH_DIVISION_H

#include "base.h"

/// a - q b for the integer q, exactly: |q| < 2^52 is near a / b, and nothing underflows.
V_INLINE vec rest_of(vec a, vec q, vec b) {
  vec low;
  const vec product = two_mul(q, b, &low);
  return (a - product) - low;
}
/// Lanes for which rest_of is not exact.
V_INLINE vmask rest_is_rare(vec a, vec q, vec b) {
  const vmask usual = v_and(v_lt(v_abs(q), v_set(0x1p52)), v_lt(v_set(0x1p-900), v_abs(b)));
  return v_not(v_and(usual, v_and(v_lt(v_abs(b), v_set(0x1p1000)), v_lt(v_abs(a), v_set(0x1p1000)))));
}

__attribute__((noinline)) static vec fmod_lanes(vec a, vec b, vmask rare, vec y) {
  const ivec chosen = v_imask(rare);
  V_EACH if (chosen[i_]) y[i_] = fmod(a[i_], b[i_]);
  return y;
}
V_INLINE vec m_fmod(vec a, vec b) {
  const vec q = v_trunc(a / b), rest = rest_of(a, q, b), size = v_abs(b);
  // a / b may have been rounded up to an integer: then the rest has the other sign.
  const vmask over = v_and(v_ne(rest, v_zero()), v_xor(v_sign_bit(rest), v_sign_bit(a)));
  const vec y = v_copysign(v_select(over, size - v_abs(rest), rest), a);
  const vmask rare = rest_is_rare(a, q, b);
  return v_any(rare) ? fmod_lanes(a, b, rare, y) : y;
}
V_INLINE vec m_remainder(vec a, vec b) {
  const vec rest = m_fmod(a, b);
  const vmask other = v_xor(v_lt(rest, v_zero()), v_lt(b, v_zero()));
  return v_select(v_eq(rest, v_zero()), v_copysign(rest, b), v_select(other, rest + b, rest));
}

/// Exact, as remainder is; the quotient of two f32 is never so close below an integer that f64 would round it there.
#ifdef SIMD_WIDE
V_INLINE vec m_floor_div(vec a, vec b) {
  const vec q = a / b;
  const vmask below = v_and(v_ne(a, v_zero()), v_xor(v_lt(a, v_zero()), v_lt(b, v_zero())));
  const vmask just_below = v_and(v_eq(v_abs(b), V_INF), v_and(below, v_lt(v_abs(a), V_INF))); // 0, as in Python
  return v_select(just_below, v_set(-1), v_floor(q));
}
#else
__attribute__((noinline)) static vec floor_div_lanes(vec a, vec b, vmask rare, vec y) {
  const ivec chosen = v_imask(rare);
  V_EACH if (chosen[i_]) y[i_] = floor_div_ref(a[i_], b[i_]);
  return y;
}
V_INLINE vec m_floor_div(vec a, vec b) {
  const vec q = a / b, floored = v_floor(q), rest = rest_of(a, floored, b);
  const vmask over = v_and(v_ne(rest, v_zero()), v_xor(v_lt(rest, v_zero()), v_lt(b, v_zero()))), rare = rest_is_rare(a, q, b);
  const vec y = v_select(over, floored - 1.0, floored);
  return v_any(rare) ? floor_div_lanes(a, b, rare, y) : y;
}
#endif

#endif
