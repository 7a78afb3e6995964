// SPDX-License-Identifier: BSD-3-Clause
// exp and what is made of it alone. x = n ln2 + r with |r| <= ln2 / 2; e^r is 1 + (r + r^2 q(r)), so that the last sum alone rounds at the
// size of the result. 2^n is made of two factors where n is wider than the exponents of a number.
#ifndef CPU_SIMD_VMATH_EXP_H
#define CPU_SIMD_VMATH_EXP_H

#include "base.h"
#ifdef V_LOOKUP
#include "tables.h"
#endif

// ln2 = LN2_HIGH + LN2_LOW; the high part has so few bits that its product with any n below is exact.
#if NUM_BITS == 32
#define LN2_HIGH 0x1.62e4p-1f
#define LN2_LOW 0x1.7f7d1cp-20f
#define LOG2_E 0x1.715476p+0f
#define EXP_HIGH 89                       // above, e^x overflows; below EXP_LOW it is 0
#define EXP_LOW (-104)
// "exp f32": [-0.3468, 0.3467], error 2^-28.2 of e^r
static const num exp_q[] = {NUM(0.500000000), NUM(0.166665182), NUM(0.0416664369), NUM(0.00836895965), NUM(0.00139374135)};
#else
#define LN2_HIGH 0x1.62e42fefa3p-1
#define LN2_LOW 0x1.3de6af278ece6p-42
#define LOG2_E 0x1.71547652b82fep+0
#define EXP_HIGH 710
#define EXP_LOW (-746)
// "exp f64": [-0.3468, 0.3467], error 2^-57.9 of e^r
static const num exp_q[] = {NUM(0.50000000000000133), NUM(0.16666666666666688), NUM(0.041666666666511414), NUM(0.0083333333333141021),
  NUM(0.0013888888947929442), NUM(0.00019841269902590766), NUM(2.4801489078277174e-5), NUM(2.7557229538120906e-6), NUM(2.7631569374695947e-7),
  NUM(2.5113640688735685e-8)};
#endif

/// n = round(x / ln2); r such that x = n ln2 + r. The low bits of the vector returned hold n + add.
V_INLINE ivec exp_split(vec x, inum add, vec *n, vec *r) {
  const vec magic = v_set(ROUND_MAGIC + (num)add), at = v_mad(x, v_set(LOG2_E), magic);
  *n = at - magic;
  *r = v_mad(*n, v_set(-LN2_LOW), v_mad(*n, v_set(-LN2_HIGH), x));
  return v_bits(at);
}
/// e^r - 1 for |r| <= ln2 / 2
V_INLINE vec exp_rest(vec r) { return v_mad(r * r, POLY(r, exp_q), r); }

/// e^x 2^(add - BIAS) = scale (1 + *rest); scale is normal.
V_INLINE vec exp_parts(vec x, inum add, vec *rest) {
#ifdef V_LOOKUP // the same with x = n ln2 / 32 + r; exp_power holds what 2^(n % 32 / 32) adds to the bits of n
  const vec magic = v_set(ROUND_MAGIC + 32 * (num)add), at = v_mad(x, v_set(32 * LOG2_E), magic), n = at - magic;
  const vec r = v_mad(n, v_set(-LN2_LOW / 32), v_mad(n, v_set(-LN2_HIGH / 32), x));
  *rest = v_mad(r * r, POLY(r, exp_rest_p), r);
  return v_from_bits(v_ilookup(exp_power, v_bits(at)) + (v_bits(at) << (MANTISSA - 5)));
#else
  vec n, r;
  const ivec at = exp_split(x, add, &n, &r);
  *rest = exp_rest(r);
  return v_from_bits(at << MANTISSA);
#endif
}

/// p 2^n, where the low bits of at hold n + 2 BIAS: the one rounding is that of a subnormal result.
V_INLINE vec exp_scale(vec p, ivec at) {
  const ivec half = (ivec)((uvec)at >> 1);
  return (p * v_from_bits(half << MANTISSA)) * v_from_bits((at - half) << MANTISSA);
}

/// 2^SCALED e^(x + low) for x in [SCALED_LOW, 0] and a low that is small beside it: far below the smallest number e^x still has all its bits.
#if NUM_BITS == 32
#define SCALED 40
#define SCALED_LOW (-114)
#define SCALE_DOWN 0x1p-40f
#else
#define SCALED 100
#define SCALED_LOW (-760)
#define SCALE_DOWN 0x1p-100
#endif
typedef struct scaled_exp { vec rest, scale, whole; } scaled_exp; // whole = (1 + rest) scale; where a product follows, rest saves a rounding
V_INLINE scaled_exp exp_scaled(vec x, vec low) {
  vec n, r;
  const ivec at = exp_split(x, BIAS + SCALED, &n, &r);
  const vec rest = exp_rest(r + low), scale = v_from_bits(at << MANTISSA);
  return (scaled_exp){rest, scale, (rest + NUM(1.0)) * scale};
}
/// 2^SCALED e^x for x <= 0. Far below 0 it stays at a number that is none any more when it is scaled back.
V_INLINE vec exp_below_zero(vec x) {
  vec rest;
  const vec scale = exp_parts(v_high(v_set(SCALED_LOW), x), BIAS + SCALED, &rest);
  return v_mad(scale, rest, scale);
}
/// Of -size, held above SCALED_LOW.
V_INLINE scaled_exp exp_below(vec size) { return exp_scaled(v_high(v_set(SCALED_LOW), v_neg(size)), v_zero()); }
/// (x + low) e
V_INLINE vec times_exp_two(vec x, vec low, scaled_exp e) { return (x + v_mad(x, e.rest, v_mad(low, e.rest, low))) * e.scale; }
V_INLINE vec times_exp(vec x, scaled_exp e) { return v_mad(x, e.rest, x) * e.scale; }

V_INLINE vec m_exp(vec x) {
  vec n, r;
  x = v_low(v_set(EXP_HIGH), v_high(v_set(EXP_LOW), x));
  const ivec at = exp_split(x, 2 * BIAS, &n, &r);
  return exp_scale(exp_rest(r) + NUM(1.0), at);
}

#if NUM_BITS == 32 && defined V_FAST_FMA
/// p 2^n, where the low bits of at hold n, for numbers p and normal results.
V_INLINE vec exp_scale_near(vec p, ivec at) { return v_from_bits(v_bits(p) + (at << MANTISSA)); }
#define FAR_exp(x) beyond(87, x)
V_INLINE vec m_exp_near(vec x) {
#ifdef V_LOOKUP
  vec rest;
  const vec scale = exp_parts(x, BIAS, &rest);
  return v_mad(scale, rest, scale);
#else
  vec n, r;
  const ivec at = exp_split(x, 0, &n, &r);
  return exp_scale_near(exp_rest(r) + 1.0f, at);
#endif
}
#endif

/// 2^x: x = n + f is exact, and r = f ln2 needs its rounding error back only where f64 counts on it.
V_INLINE vec m_exp2(vec x) {
  x = v_low(v_set(BIAS + 2), v_high(v_set(-(BIAS + MANTISSA + 2)), x));
  const vec magic = v_set(ROUND_MAGIC + 2 * BIAS), at = x + magic, f = x - (at - magic);
  return exp_scale(exp_rest(f * NUM(0.69314718055994530942)) + NUM(1.0), v_bits(at));
}

/// 2^n (1 + r + r^2 q) - 1 = ((2^n - 1) + 2^n r_high) + 2^n (r_low + r^2 q): r is kept in two parts, because 2^n - 1 may cancel most of its
/// leading one.
V_INLINE vec expm1_parts(vec x, vec *low) { // *low: what the last sum has lost
  const vec held = v_low(v_set(EXP_HIGH), v_high(v_set(NUM_BITS == 32 ? -20 : -40), x));
  const vec magic = v_set(ROUND_MAGIC + BIAS - 1), at = v_mad(held, v_set(LOG2_E), magic), n = at - magic;
  const vec high = v_mad(n, v_set(-LN2_HIGH), held), r = v_mad(n, v_set(-LN2_LOW), high), rest = v_mad(n, v_set(-LN2_LOW), high - r);
  const vec half = v_from_bits(v_bits(at) << MANTISSA); // 2^(n - 1), so that 2^n may overflow in the last step alone
  const vec tail = half * v_mad(r * r, POLY(r, exp_q), rest), main = v_mad(half, r, half - NUM(0.5)), sum = main + tail;
  *low = NUM(2.0) * (tail - (sum - main));
  return NUM(2.0) * sum;
}
V_INLINE vec m_expm1(vec x) {
  vec low;
  return v_select(v_lt(v_abs(x), v_set(NUM_BITS == 32 ? (num)0x1p-26 : (num)0x1p-55)), x, expm1_parts(x, &low));
}

#endif
