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

/// Near 0 a polynomial, elsewhere 1 - 2 / (e^2a + 1), in which the rounding of the quotient is small beside the result.
V_INLINE vec m_tanh(vec x) {
  const vec a = v_low(v_set(NUM_BITS == 32 ? NUM(9.25) : NUM(19.25)), v_abs(x)), z = a * a;
  vec n, r;
  const ivec at = exp_split(a + a, BIAS, &n, &r);
  const vec e = (exp_rest(r) + NUM(1.0)) * v_from_bits(at << MANTISSA);
  const vec big = NUM(1.0) - NUM(2.0) / (e + NUM(1.0)), small = v_mad(a * z, POLY(z, tanh_p), a);
  return v_copysign(v_select(v_lt(a, v_set(NUM(0.85))), small, big), x);
}

/// x / (1 + e^-z) where `below` says z < 0, given e = 2^SCALED e^-|z|. What 1 + e loses by rounding is taken out of e where that is a factor, too.
V_INLINE vec logistic(vec x, scaled_exp e, vmask below) {
  const vec one = v_set(NUM(1.0)), down = v_set(SCALE_DOWN), under = v_mad(e.whole, down, one), lost = v_mad(e.whole, down, one - under);
  e.rest = e.rest - v_mad(lost, e.rest, lost);
  return v_select(below, times_exp(x, e), x) / under * v_select(below, down, one);
}
V_INLINE vec m_sigmoid(vec x) { return logistic(v_set(NUM(1.0)), exp_below(v_abs(x)), v_sign_bit(x)); }
V_INLINE vec m_silu(vec x) { // -infinity times e, which is not 0, would not be
  return logistic(v_high(v_set(SCALED_LOW), x), exp_below(v_abs(x)), v_sign_bit(x));
}

/// x times the logistic function of 2 sqrt(2/pi) (x + 0.044715 x^3) = x (C1 + C3 x^2), which must be known to many more bits than it has.
V_INLINE vec m_gelu_tanh(vec x) {
#if NUM_BITS == 32
  const num limit = 11.25f, c1 = 0x1.988454p+0f, c1_low = -0x1.857936p-25f, c3 = 0x1.2444f2p-4f, c3_low = 0x1.49b16ap-29f;
#else
  const num limit = 22, c1 = 0x1.9884533d43651p+0, c1_low = -0x1.cbc0d30ebfd15p-54, c3 = 0x1.2444f2a4d8b4bp-4, c3_low = -0x1.6c843a29d1c70p-61;
#endif
  const vec a = v_low(v_set(limit), v_abs(x));
  vec square_low, cubic_low, factor_low, z_low;
  const vec square = two_mul(a, a, &square_low), cubic = two_mul(square, v_set(c3), &cubic_low);
  const vec factor = two_sum(cubic, v_set(c1), &factor_low), z = two_mul(a, factor, &z_low);
  const vec lost = factor_low + (v_mad(square, v_set(c3_low), v_mad(square_low, v_set(c3), cubic_low)) + c1_low);
  const scaled_exp e = exp_scaled(v_high(v_set(SCALED_LOW), v_neg(z)), v_neg(v_mad(a, lost, z_low)));
  return logistic(v_high(v_set(-limit), x), e, v_sign_bit(x));
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
