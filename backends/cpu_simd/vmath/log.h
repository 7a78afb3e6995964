// SPDX-License-Identifier: BSD-3-Clause
// Logarithms. x = 2^k (1 + f) with 1 + f in [2/3, 4/3); log(1 + f) is f - f^2/2 and a rest.
#ifndef CPU_SIMD_VMATH_LOG_H
#define CPU_SIMD_VMATH_LOG_H

#include <float.h>

#include "exp.h"

#if NUM_BITS == 32
#define TWO_THIRDS_BITS 0x3f2aaaab
// "log f32": log(1 + f) = f - f^2/2 + f^3 p(f); [-1/3, 1/3], error 2^-27.5 of log(1 + f) / f
static const num log_p[] = {NUM(0.333332121), NUM(-0.249997348), NUM(0.200105861), NUM(-0.166834816), NUM(0.140033185), NUM(-0.121412210),
  NUM(0.139956743), NUM(-0.130828962)};
#else
#define TWO_THIRDS_BITS 0x3fe5555555555555
// "log f64": 2 atanh(s) = 2 s + s z p(z), z = s^2; [0, 0.0401], error 2^-61
static const num log_p[] = {NUM(0.66666666666666596), NUM(0.40000000000056729), NUM(0.28571428555808759), NUM(0.22222224299210747),
  NUM(0.18181665688361451), NUM(0.15391118563044504), NUM(0.13173483521372212), NUM(0.13843832986812687)};
#endif

/// k and f for a positive x, subnormals included; anything for the others.
V_INLINE vec log_split(vec x, vec *f) {
  const vmask tiny = v_lt(x, v_set(MIN_NORMAL));
  const vec grown = v_select(tiny, x * v_set(NUM_BITS == 32 ? (num)0x1p24 : (num)0x1p54), x);
  const ivec at = v_bits(grown) - v_iset(TWO_THIRDS_BITS);
#if NUM_BITS == 32
  const vec k = v_from_int(at >> MANTISSA);
#else // 64-bit shifts are logical on x86: made positive first
  const vec k = v_from_bits((ivec)((uvec)(at + v_iset((inum)1 << 62)) >> MANTISSA) | v_iset(0x4330000000000000)) - v_set(0x1p52 + 1024);
#endif
  *f = v_from_bits((at & v_iset(((inum)1 << MANTISSA) - 1)) + v_iset(TWO_THIRDS_BITS)) - NUM(1.0);
  return k - v_select(tiny, v_set(MANTISSA == 23 ? 24 : 54), v_zero());
}
/// log(1 + f) = f - (half - rest), where half is f^2/2 rounded
V_INLINE vec log_rest(vec f, vec *half) {
#if NUM_BITS == 32
  const vec square = f * f;
  *half = square * NUM(0.5);
  return square * f * POLY(f, log_p);
#else
  const vec s = f / (f + NUM(2.0)), z = s * s;
  *half = f * f * NUM(0.5);
  return s * (*half + z * POLY(z, log_p));
#endif
}
/// y where x is positive and finite; else what a logarithm gives there.
V_INLINE vec log_special(vec x, vec y) {
  const vec special = v_select(v_lt(x, v_zero()), v_set((num)NAN), v_select(v_eq(x, v_zero()), v_neg(V_INF), x));
  return v_select(v_and(v_lt(v_zero(), x), v_lt(x, V_INF)), y, special);
}

/// k ln2 + log(1 + f)
V_INLINE vec log_join(vec k, vec f) {
  vec half;
  const vec rest = log_rest(f, &half);
  return v_mad(k, v_set(LN2_HIGH), f - (half - v_mad(k, v_set(LN2_LOW), rest)));
}
#ifndef V_LOOKUP
V_INLINE vec m_log(vec x) {
  vec f;
  const vec k = log_split(x, &f);
  return log_special(x, log_join(k, f));
}
#endif

#if NUM_BITS == 32 && defined V_FAST_FMA && !defined V_LOOKUP
// "log near": log(1 + f) = f + f^2 p(f); [-1/3, 1/3], error 2^-25 of f
static const num log_near_p[] = {NUM(-0.499999344), NUM(0.333331347), NUM(-0.250079125), NUM(0.200146556), NUM(-0.164144486), NUM(0.139418110),
  NUM(-0.153957546), NUM(0.142765194)};
/// A sign bit for each lane that is no positive normal number.
V_INLINE ivec far_from_log(vec x) { return (v_bits(x) - v_bits(v_set(MIN_NORMAL))) | (v_bits(v_set(FLT_MAX)) - v_bits(x)); }
#define FAR_log(x) far_from_log(x)
/// As log_join of log_split. The exponent stays where it is in the bits: k counts 2^23.
V_INLINE vec m_log_near(vec x) {
  const ivec exponent = (v_bits(x) - v_iset(TWO_THIRDS_BITS)) & v_iset(-(1 << MANTISSA));
  const vec k = v_from_int(exponent), f = v_from_bits(v_bits(x) - exponent) - 1.0f;
  return v_mad(k, v_set(LN2_HIGH * 0x1p-23f), f + v_mad(f * f, POLY(f, log_near_p), k * v_set(LN2_LOW * 0x1p-23f)));
}
#endif

#if NUM_BITS == 64
/// log(x + low) for a low that is small beside x, x at least 1/2 where low is not 0. Where x is infinite the result is not.
V_INLINE vec log_two(vec x, vec low) {
  vec f, half;
  const vec k = log_split(x, &f), rest = log_rest(f, &half), lost = low / x;
  return v_mad(k, v_set(LN2_HIGH), f - (half - (v_mad(k, v_set(LN2_LOW), lost) + rest)));
}
V_INLINE vec m_log1p(vec x) {
  vec low;
  const vec u = two_sum(x, v_set(1.0), &low);
  return v_select(v_eq(x, v_zero()), x, log_special(u, log_two(u, low)));
}
/// log(1 + x + low) for x of 0 and more, below infinity.
V_INLINE vec log1p_two(vec x, vec low) {
  vec lost;
  const vec u = two_sum(x, v_set(1.0), &lost);
  return log_two(u, lost + low);
}

/// k two + log(1 + f) inverse, where two and inverse are sums of two numbers whose first ones have exact products with k and with half of a number.
V_INLINE vec log_based(vec x, num two, num two_low, num inverse, num inverse_low) {
  vec f, half, low;
  const vec k = log_split(x, &f), rest = log_rest(f, &half), head = head_of(f - half), tail = ((f - head) - half) + rest;
  const vec sum = two_sum(k * v_set(two), head * v_set(inverse), &low);
  return sum + (low + v_mad(tail, v_set(inverse), v_mad(head + tail, v_set(inverse_low), k * v_set(two_low))));
}
V_INLINE vec m_log2(vec x) { return log_special(x, log_based(x, 1, 0, 0x1.715476p+0, 0x1.4ae0bf85ddf44p-26)); }
V_INLINE vec m_log10(vec x) { return log_special(x, log_based(x, 0x1.34413509f6p-2, 0x1.9fef311f12b36p-42, 0x1.bcb7b1p-2, 0x1.49b9438ca9aaep-28)); }
#endif

/// log(1 + e) for e in [0, 1]: above 1/3 it is ln2 + log((1 + e) / 2).
V_INLINE vec log1p_unit(vec e) {
  const vmask large = v_lt(v_set((num)(1.0 / 3)), e);
  return log_join(v_select(large, v_set(NUM(1.0)), v_zero()), v_select(large, (e - NUM(1.0)) * NUM(0.5), e));
}

#endif
