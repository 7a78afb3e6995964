// SPDX-License-Identifier: BSD-3-Clause
// sin, cos, tan and their inverses, in f64. x = n pi/2 + r + low; where that needs more bits of pi than three numbers have, the C library
// computes the lane.
#ifndef CPU_SIMD_VMATH_TRIG_H
#define CPU_SIMD_VMATH_TRIG_H

#include "base.h"

// "sin f64": sin(x) = x + x z p(z), z = x^2; |x| <= pi/4, error 2^-63
static const num sin_p[] = {-0.16666666666666666, 0.0083333333333330453, -0.00019841269840967617, 2.7557319076726589e-6, -2.5052071595475714e-8,
  1.6054388456703796e-10, -7.3927676708539091e-13};
// "cos f64": cos(x) = 1 - z/2 + z^2 p(z); error 2^-64
static const num cos_p[] = {0.041666666666666602, -0.0013888888888874480, 2.4801587289676917e-5, -2.7557314402590274e-7, 2.0875729469250609e-9,
  -1.1359942139021572e-11};
// "atan f64": atan(x) = x + x z p(z); |x| <= tan(pi/8), error 2^-63
static const num atan_p[] = {-0.33333333333333326, 0.19999999999997234, -0.14285714285343970, 0.11111111085876779, -0.090909080731032238,
  0.076922813431161641, -0.066662081753128960, 0.058768582308785740, -0.052174492955775476, 0.044999999154133309, -0.033398444171615173, 0.015123748072238978};
// "asin f64": asin(x) = x + x z p(z); |x| <= 1/2, error 2^-59
static const num asin_p[] = {0.16666666666666763, 0.074999999999702138, 0.044642857175127254, 0.030381942684489162, 0.022372215614003536,
  0.017351601183380885, 0.013980946269171391, 0.011397912014618337, 0.010785718696398267, 0.0036862465060886192, 0.021755390828976574,
  -0.021065379943199122, 0.032669147364668950};
#define HALF_PI 0x1.921fb54442d18p+0
#define HALF_PI_LOW 0x1.1a62633145c07p-54

// ---- sin cos tan ----------------------------------------------------------------------------------------------------------------------------
#ifdef SIMD_WIDE
#define LANE_MATH(name) name
#else
#define LANE_MATH(name) (num)name##l
#endif
/// |x| from which a lane is too large.
#define TRIG_LIMIT 0x1p20

/// The low bits of the result are n. *rare: lanes whose r has lost too much, or that are too large.
V_INLINE ivec trig_split(vec x, vec *r, vec *low, vmask *rare) {
  const vec magic = v_set(ROUND_MAGIC), at = v_mad(x, v_set(0x1.45f306dc9c883p-1), magic), n = at - magic;
  const vec first = v_mad(n, v_set(-0x1.921fb544p+0), x); // exact, as the product of 33 and 20 bits is
#ifdef SIMD_WIDE
  *r = v_mad(n, v_set(-0x1.0b4611a626331p-34), first), *low = v_zero();
  *rare = v_not(v_lt(v_abs(x), v_set(TRIG_LIMIT)));
#else
  const vec second = n * v_set(-0x1.0b4611a6p-34), third = n * v_set(-0x1.3198a2e037073p-69);
  vec lost, rest;
  const vec sum = two_sum(first, second, &lost);
  *r = quick_sum(sum, lost + third, &rest), *low = rest;
  const vec size = v_abs(x);
  *rare = v_not(v_and(v_lt(size, v_set(TRIG_LIMIT)), v_or(v_lt(v_set(0x1p-30), v_abs(*r)), v_lt(size, v_set(0.5)))));
#endif
  return v_bits(at);
}
V_INLINE vec sin_of(vec r, vec low) {
  const vec z = r * r;
  return r + v_mad(r * z, POLY(z, sin_p), low);
}
V_INLINE vec cos_of(vec r, vec low) {
  const vec z = r * r, half = z * 0.5, top = 1.0 - half;
  return top + (((1.0 - top) - half) + v_mad(z * z, POLY(z, cos_p), v_neg(r * low)));
}

#define TRIG_LANES(name)                                                             \
  __attribute__((noinline)) static vec name##_lanes(vec x, vmask rare, vec y) {      \
    const ivec chosen = v_imask(rare);                                               \
    V_EACH if (chosen[i_]) y[i_] = LANE_MATH(name)(x[i_]);                           \
    return y;                                                                        \
  }
TRIG_LANES(sin) TRIG_LANES(cos) TRIG_LANES(tan)

/// sin(x + quarter pi/2)
V_INLINE vec sin_turned(vec x, ivec quarter, vmask *rare) {
  vec r, low;
  const ivec n = trig_split(x, &r, &low, rare) + quarter;
  const vec y = v_select(v_mask(n << 63), cos_of(r, low), sin_of(r, low));
  return v_from_bits(v_bits(y) ^ ((n & v_iset(2)) << 62));
}
V_INLINE vec m_sin(vec x) {
  vmask rare;
  const vec y = v_select(v_eq(x, v_zero()), x, sin_turned(x, v_iset(0), &rare));
  return v_any(rare) ? sin_lanes(x, rare, y) : y;
}
V_INLINE vec m_cos(vec x) {
  vmask rare;
  const vec y = sin_turned(x, v_iset(1), &rare);
  return v_any(rare) ? cos_lanes(x, rare, y) : y;
}
V_INLINE vec m_tan(vec x) {
  vec r, low;
  vmask rare;
  const vmask odd = v_mask(trig_split(x, &r, &low, &rare) << 63);
  const vec s = sin_of(r, low), c = cos_of(r, low);
  const vec y = v_select(v_eq(x, v_zero()), x, v_select(odd, v_neg(c), s) / v_select(odd, s, c));
  return v_any(rare) ? tan_lanes(x, rare, y) : y;
}

// ---- inverses -------------------------------------------------------------------------------------------------------------------------------
// Of a quotient t above tan(pi/8) = sqrt(2) - 1: pi/4 + atan((t - 1) / (t + 1)).
#define TAN_PI_8 0.41421356237309503
V_INLINE vec m_atan2(vec a, vec b) {
  const vec y = v_abs(a), x = v_abs(b), most = v_max(x, y), least = v_min(x, y);
  const vmask steep = v_lt(x, y), behind = v_sign_bit(b), endless = v_eq(most, V_INF);
  // Infinities become finite numbers of the same direction; sums of huge ones must not overflow, and 0 / 0 is 0.
  const vec scale = v_select(v_lt(v_set(0x1p1000), most), v_set(0x1p-2), v_set(1.0));
  const vec u = v_select(endless, v_select(v_eq(least, V_INF), v_set(1.0), v_zero()), least * scale);
  const vec v = v_select(v_or(endless, v_eq(most, v_zero())), v_set(1.0), most * scale);
  const vmask large = v_lt(v * TAN_PI_8, u);
  const vec t = v_select(large, u - v, u) / v_select(large, u + v, v), z = t * t, rest = t * z * POLY(z, atan_p);
  // The angle is base + sign (t + rest), base a multiple of pi/4.
  const vmask turned = v_xor(steep, behind);
  const vec quarters = v_select(large, v_set(1.0), v_zero());
  const vec from = v_select(steep, v_set(2.0), v_select(behind, v_set(4.0), v_zero()));
  const vec base = v_select(turned, from - quarters, from + quarters);
  const vec st = v_select(turned, v_neg(t), t), srest = v_select(turned, v_neg(rest), rest);
  const vec sum = base * (HALF_PI / 2) + (st + v_mad(base, v_set(HALF_PI_LOW / 2), srest));
  const vec angle = v_select(v_eq(base, v_zero()), t + rest, sum);
  return v_select(v_or(v_is_nan(a), v_is_nan(b)), a + b, v_copysign(angle, a));
}
V_INLINE vec m_atan(vec x) {
  const vec a = v_abs(x), one = v_set(1.0);
  const vmask steep = v_lt(v_set(2.4142135623730951), a), large = v_lt(v_set(TAN_PI_8), a);
  const vec t = v_select(steep, v_neg(one), v_select(large, a - one, a)) / v_select(steep, a, v_select(large, a + one, one));
  const vec z = t * t, rest = t * z * POLY(z, atan_p), quarters = v_select(steep, v_set(2.0), v_select(large, one, v_zero()));
  return v_copysign(quarters * (HALF_PI / 2) + (t + v_mad(quarters, v_set(HALF_PI_LOW / 2), rest)), x);
}

/// asin(a) of 0 <= a <= 1/2, and of sqrt((1 - a) / 2) above: asin(a) = pi/2 - 2 asin(sqrt((1 - a) / 2))
V_INLINE vec asin_reduced(vec a, vmask *large) {
  *large = v_lt(v_set(0.5), a);
  const vec z = v_select(*large, (1.0 - a) * 0.5, a * a), s = v_select(*large, v_sqrt(z), a);
  return v_mad(s * z, POLY(z, asin_p), s);
}
V_INLINE vec m_asin(vec x) {
  vmask large;
  const vec y = asin_reduced(v_abs(x), &large);
  return v_copysign(v_select(large, HALF_PI - (y + y - HALF_PI_LOW), y), x);
}
V_INLINE vec m_acos(vec x) {
  vmask large;
  const vec y = asin_reduced(v_abs(x), &large), twice = y + y;
  const vmask below = v_sign_bit(x);
  const vec near = HALF_PI - (v_select(below, v_neg(y), y) - HALF_PI_LOW);
  return v_select(large, v_select(below, 2 * HALF_PI - (twice - 2 * HALF_PI_LOW), twice), near);
}

#endif
