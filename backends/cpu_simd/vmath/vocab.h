// SPDX-License-Identifier: BSD-3-Clause
// The vocabulary of the formulas in ops.def over vectors. Words that have no vector form yet are computed lane by lane as the reference
// computes them.
#ifndef CPU_SIMD_VOCAB_H
#define CPU_SIMD_VOCAB_H

#include <float.h>
#include <math.h>

#include "activation.h"
#include "erf.h"
#ifdef V_LOOKUP
#include "table.h"
#endif
#include "../../cpu_ref/small_float.h"
#if NUM_BITS == 64
#define VOCAB_PASTE2(name, class) name##_##class
#define VOCAB_PASTE(name, class) VOCAB_PASTE2(name, class)
#define CLASS ref
#define REAL double
#define WIDE long double
#define MATH(name) name##l
#define PLAIN(name) name
#define FMA fma
#include "../../cpu_ref/vocab_float.h"
#include "division.h"
#include "hyperbolic.h"
#include "power.h"
#include "trig.h"
#endif

// ---- exact words ------------------------------------------------------------------------------------------------------------------------------
#define m_add(a, b) v_add(a, b)
#define m_sub(a, b) v_sub(a, b)
#define m_mul(a, b) v_mul(a, b)
#define m_div(a, b) v_div(a, b)
#define m_neg(x) v_neg(x)
#define m_abs(x) v_abs(x)
#define m_copysign(a, b) v_copysign(a, b)
#define m_floor(x) v_floor(x)
#define m_ceil(x) v_ceil(x)
#define m_round(x) v_round(x)
#define m_trunc(x) v_trunc(x)
#define m_min(a, b) v_min(a, b)
#define m_max(a, b) v_max(a, b)
#define m_sqrt(x) v_sqrt(x)
#define m_eq(a, b) v_eq(a, b)
#define m_ne(a, b) v_ne(a, b)
#define m_lt(a, b) v_lt(a, b)
#define m_le(a, b) v_le(a, b)
#define m_and(a, b) v_and(a, b)
#define m_or(a, b) v_or(a, b)
#define m_xor(a, b) v_xor(a, b)
#define m_select(c, a, b) v_select(c, a, b)
#define m_is_nan(x) v_is_nan(x)
#define m_is_inf(x) v_eq(v_abs(x), v_set((num)INFINITY))
#define m_is_finite(x) v_lt(v_abs(x), v_set((num)INFINITY))
#define m_sign_bit(x) v_sign_bit(x)
#define m_real(x) (x)
#define m_imag(x) ((void)(x), v_zero())
#define m_conj(x) (x)
#if V_LANE == V_IS_f16 || V_LANE == V_IS_bf16
/// a b + c, rounded to odd in float, so that rounding it once more, to a half, gives what one rounding of the exact value does. The product is exact in
/// double; the sum is rounded to odd there (when inexact, to the neighbour whose last bit is 1), and again on the way to float.
V_INLINE float fma_to_odd(double a, double b, double c) {
  const double product = a * b, sum = product + c, c_part = sum - product, lost = (product - (sum - c_part)) + (c - c_part);
  uint64_t bits = ref_bits(sum);
  if (lost != 0 && lost == lost && !(bits & 1)) bits = (lost > 0) == (sum > 0) ? bits + 1 : bits - 1;
  const double odd = ref_from_bits(bits);
  float y = (float)odd;
  if (y == odd || y != y || odd - odd != 0) return y;
  uint32_t word;
  memcpy(&word, &y, sizeof word);
  if (fabs((double)y) > fabs(odd)) word--; // towards zero; the last bit says that there was more
  word |= 1;
  memcpy(&y, &word, sizeof y);
  return y;
}
V_INLINE vec m_fma(vec a, vec b, vec c) {
  V_EACH a[i_] = fma_to_odd(a[i_], b[i_], c[i_]);
  return a;
}
#else
#define m_fma(a, b, c) v_fma(a, b, c)
#endif
V_INLINE vec m_sign(vec x) { // zeros and NaN are themselves
  const vec one = v_copysign(v_set(1), x);
  return v_select(v_lt(v_zero(), v_abs(x)), one, x);
}
V_INLINE vec m_angle(vec x) {
  return v_select(v_is_nan(x), x, v_select(v_sign_bit(x), v_set((num)3.14159265358979323846), v_zero()));
}

/// Steps of one in the bits of a number, or of a half's last bit in those of a float; halves below 2^-14 are multiples of 2^-24.
V_INLINE vec m_nextafter(vec a, vec b) {
#if V_LANE == V_IS_f16
  const ivec step = v_iset(1 << 13);
#elif V_LANE == V_IS_bf16
  const ivec step = v_iset(1 << 16);
#else
  const ivec step = v_iset(1);
#endif
  const vmask inward = v_xor(v_lt(a, b), v_lt(v_zero(), a));
  vec y = v_from_bits(v_iselect(inward, v_bits(a) - step, v_bits(a) + step));
#if V_LANE == V_IS_f16
  y = v_select(v_eq(v_abs(a), V_INF), v_copysign(v_set(65504), a), y);
  const vec near = a + v_select(v_lt(a, b), v_set(0x1p-24f), v_set(-0x1p-24f));
  y = v_select(v_le(v_abs(a), v_set(0x1p-14f)), v_copysign(near, a), y);
  const vec from_zero = v_set(0x1p-24f);
#else
  const vec from_zero = v_from_bits(step);
#endif
  y = v_select(v_eq(a, v_zero()), v_copysign(from_zero, b), y);
  return v_select(v_or(v_is_nan(a), v_is_nan(b)), a + b, v_select(v_eq(a, b), b, y));
}
#define m_rsqrt(x) v_div(v_set(1), v_sqrt(x))

#endif
