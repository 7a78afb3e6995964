// SPDX-License-Identifier: BSD-3-Clause
// tanh, the logistic function and the activations made of it. All take the exponential of a negative number only, scaled up, so that the
// last multiplication alone rounds to a subnormal number.
#ifndef CPU_SIMD_VMATH_ACTIVATION_H
#define CPU_SIMD_VMATH_ACTIVATION_H

#include "log.h"

#if NUM_BITS == 32
// "tanh f32": tanh(x) = x + x z p(z), z = x^2; |x| <= 0.85, error 2^-27
static const num tanh_p[] = {NUM(-0.333332688), NUM(0.133315369), NUM(-0.0538000390), NUM(0.0211307686), NUM(-0.00715468405), NUM(0.00144557247)};
#else
// "tanh f64": error 2^-58.4
static const num tanh_p[] = {NUM(-0.33333333333333254), NUM(0.13333333333323183), NUM(-0.053968253963713748), NUM(0.021869488433339059),
  NUM(-0.0088632341460950486), NUM(0.0035921159411288549), NUM(-0.0014557619222202627), NUM(0.00058971966590698672), NUM(-0.00023818350599055904),
  NUM(9.4792484863987268e-5), NUM(-3.5789772512239832e-5), NUM(1.1743673881771097e-5), NUM(-2.8425018583479663e-6), NUM(3.6160173094615056e-7)};
#endif

#ifndef V_LOOKUP
/// Near 0 a polynomial, elsewhere 1 - 2 / (e^2a + 1), in which the rounding of the quotient is small beside the result.
V_INLINE vec m_tanh(vec x) {
  const vec a = v_low(v_set(NUM_BITS == 32 ? NUM(9.25) : NUM(19.25)), v_abs(x)), z = a * a;
  vec n, r;
  const ivec at = exp_split(a + a, BIAS, &n, &r);
  const vec e = (exp_rest(r) + NUM(1.0)) * v_from_bits(at << MANTISSA);
  const vec big = NUM(1.0) - NUM(2.0) / (e + NUM(1.0)), small = v_mad(a * z, POLY(z, tanh_p), a);
  return v_copysign(v_select(v_lt(a, v_set(NUM(0.85))), small, big), x);
}
#endif

/// 2^-SCALED + scale (1 + rest), where the scale is that of an exponential times 2^-SCALED. So far below 0 nothing overflows, and from LOGISTIC_ONE
/// on the sum is 2^-SCALED itself.
#define LOGISTIC_ONE 40
V_INLINE vec logistic_under(vec scale, vec rest) { // in this order: scale + 1 alone may round, too
  return v_mad(scale, rest, v_set(SCALE_DOWN)) + scale;
}
/// Of e^-x, x above SCALED_LOW
V_INLINE vec logistic_of(vec x) {
  vec rest;
  const vec scale = exp_parts(v_neg(v_low(v_set(LOGISTIC_ONE), x)), BIAS - SCALED, &rest);
  return logistic_under(scale, rest);
}
/// x / under, scaled down. Where the quotient overflows the result is x; it is never above x or 1, whichever is larger.
V_INLINE vec logistic_times(vec x, vec under) { return v_low(v_high(v_set(NUM(1.0)), x), x / under * v_set(SCALE_DOWN)); }

V_INLINE vec m_sigmoid(vec x) { return v_set(SCALE_DOWN) / logistic_of(v_high(v_set(SCALED_LOW), x)); }
V_INLINE vec m_silu(vec x) {
  const vec held = v_high(v_set(SCALED_LOW), x);
  return logistic_times(held, logistic_of(held));
}

// 2 sqrt(2/pi) (x + 0.044715 x^3) = C u, u = x (x^2 + K); ln2 / C = M. What of K is HIGH has so few bits that its difference from x^2 + K, rounded,
// is exact; that of M so that its product with any n is.
#if NUM_BITS == 32
#define GELU_C 0x1.2444f2p-4f
#define GELU_C_LOG2_E 0x1.a5a7dp-4f
#define K_HIGH 0x1.65d26p+4f
#define K_LOW -0x1.226128p-20f
#define M_HIGH 0x1.36d8p+3f
#define M_LOW 0x1.d56d78p-13f
#define GELU_TANH_LOW -10.9f
#define GELU_TANH_ONE 6
#else
#define GELU_C 0x1.2444f2a4d8b4bp-4
#define GELU_C_LOG2_E 0x1.a5a7cf7572a98p-4
#define K_HIGH 0x1.65d25edd9ed8p+4
#define K_LOW 0x1.fd4f2671c239cp-48
#define M_HIGH 0x1.36d9d56d78p+3
#define M_LOW -0x1.5b6f6379857f9p-38
#define GELU_TANH_LOW -21.7
#define GELU_TANH_ONE 8
#endif
/// x / (1 + e^-Cu). Of u many more bits count than it has: its last product is made where n M is taken from it.
V_INLINE vec m_gelu_tanh(vec x) {
  const vec held = v_high(v_set(GELU_TANH_LOW), x), a = v_low(v_set(GELU_TANH_ONE), held), k = v_set(K_HIGH);
  const vec factor = v_mad(a, a, k), factor_low = mad_close(a, a, k - factor) + v_set(K_LOW);
  const vec magic = v_set(ROUND_MAGIC + (num)(BIAS - SCALED)), at = v_mad(a * factor, v_set(-GELU_C_LOG2_E), magic), n = at - magic;
  const vec rest = v_mad(n, v_set(M_LOW), v_mad(a, factor_low, mad_close(a, factor, n * v_set(M_HIGH))));
  return logistic_times(held, logistic_under(v_from_bits(v_bits(at) << MANTISSA), exp_rest(rest * v_set(-GELU_C))));
}

V_INLINE vec m_softplus(vec x) { return v_high(v_zero(), x) + log1p_unit(exp_below(v_abs(x)).whole * v_set(SCALE_DOWN)); }

/// x tanh(log(1 + e^x)) is t - t g: below 0 with t = x e and g = (e^2 + e) / (e^2 + 2 e + 2), e = e^x; above with t = x and, in e = e^-x,
/// g = 2 e^2 / (1 + 2 e + 2 e^2). g is small where it matters.
V_INLINE vec m_mish(vec x) {
  const scaled_exp scaled = exp_below(v_abs(x));
  const vec one = v_set(NUM(1.0)), down = v_set(SCALE_DOWN), e = scaled.whole * down, square = e * e;
  const vmask below = v_sign_bit(x);
  const vec held = v_high(v_set(SCALED_LOW), x), t = v_select(below, times_exp(held, scaled), held);
  const vec g = (square + v_select(below, e, square)) / (v_select(below, square, square + square) + (e + e) + v_select(below, one + one, one));
  return v_copysign((t - v_low(v_set(-SCALED_LOW), t) * g) * v_select(below, down, one), x); // infinity times g = 0 would be NaN
}
V_INLINE vec m_softsign(vec x) { return v_select(v_eq(v_abs(x), V_INF), v_copysign(v_set(NUM(1.0)), x), x / (NUM(1.0) + v_abs(x))); }
V_INLINE vec m_hardswish(vec x) { // near -3 the sum is exact, where x / 6 + 1 / 2 would cancel
  const vec moved = x + NUM(3.0), y = v_select(v_le(v_set(NUM(6.0)), moved), x, x * moved / NUM(6.0));
  return v_select(v_le(moved, v_zero()), v_neg(v_zero()), y);
}
V_INLINE vec m_selu(vec x) {
  const vec scale = v_set(NUM(1.0507009873554804934193349852946)), both = v_set(NUM(1.7580993408473768599402175208123));
  vec low;
  const vec y = expm1_parts(x, &low), far = v_mad(both, y, both * low);
  const vec below = v_select(v_lt(v_abs(x), v_set(NUM_BITS == 32 ? (num)0x1p-26 : (num)0x1p-55)), both * x, far);
  return v_select(v_lt(x, v_zero()), below, scale * x);
}

#endif
