// SPDX-License-Identifier: BSD-3-Clause
// erf, erfc and gelu. erfc is e^(-x^2), which needs x^2 to twice its precision, times a function that falls slowly: a polynomial in a variable
// that takes all positive numbers to [-1, 1).
#ifndef CPU_SIMD_VMATH_ERF_H
#define CPU_SIMD_VMATH_ERF_H

#include "exp.h"

#if NUM_BITS == 32
// "erf f32": erf(x) = x + x p(x^2); |x| <= 0.92, error 2^-25.9
static const num erf_p[] = {NUM(0.128379151), NUM(-0.376125038), NUM(0.112819113), NUM(-0.0267697461), NUM(0.00499737682), NUM(-0.000601056498)};
// "erf g f32": erf(a) = 1 - e^-g(a); [0.9, 4], error 2^-28.9
static const num erf_g[] = {NUM(0.000175899899), NUM(1.12775660), NUM(0.637047231), NUM(0.104048856), NUM(-0.0222828202), NUM(0.00305708521), NUM(-0.000197338028)};
// "gelu f32": erfc(a / sqrt 2) / 2 = e^(-a^2/2) p(w) / (a + 4.25), w = (a - 4.25) / (a + 4.25) = 2 t - 1, t = a / (a + 4.25); [0, 15], error 2^-27.7
static const num gelu_p[] = {NUM(0.759554207), NUM(-0.625129819), NUM(0.418227613), NUM(-0.220514774), NUM(0.0852714106), NUM(-0.0193695761),
  NUM(-0.000749453786), NUM(0.00218961574), NUM(-0.000364227104), NUM(-0.000235904343)};
#define GELU_LIMIT 15
// "gelu near": e^(-a^2/2) p(t - 0.4140625) / (a + 4), t = a / (a + 4); [0, 5], error 2^-24.5
static const num gelu_near_p[] = {NUM(0.872204602), NUM(-1.51752341), NUM(1.97738469), NUM(-1.83885539), NUM(1.04258037), NUM(-0.0966428816), NUM(-0.383974195)};

V_INLINE vec m_erf(vec x) {
  const vec a = v_low(v_set(4.0f), v_abs(x)), z = a * a;
  vec n, r;
  const ivec at = exp_split(v_neg(POLY(a, erf_g)), BIAS, &n, &r);
  const vec big = 1.0f - (exp_rest(r) + 1.0f) * v_from_bits(at << MANTISSA), small = v_mad(a, POLY(z, erf_p), a);
  return v_copysign(v_select(v_lt(a, v_set(0.91f)), small, big), x);
}

#else
#define ERFC_CENTRE 2.1213203435596424 // 3 / sqrt 2
#define ERFC_OFFSET 0.5625             // makes p nearly constant, so that its terms do not cancel
#ifdef SIMD_WIDE
// "erfc wide": erfc(x) = e^(-x^2) p(w) / (x + 0.5625), w = (x - 3 / sqrt 2) / (x + 3 / sqrt 2); [0, 11], error 2^-37
static const num erfc_p[] = {0.65224321324894341, -0.076815015521043764, -0.058876940141623285, 0.077236948013663514, -0.033918323541657393, 0.00080112303910887146,
  0.0045421116446320298, -0.00040135188506135259, -0.00077175979784309401, 4.1948410527020958e-6, 0.00014703892345739163,
  2.8509288957546239e-5, -1.9850066419324804e-5, -1.0186781956859316e-5, -1.2692688117924452e-6};
#define ERFC_LIMIT 11
#else
// "erfc f64": [0, 28], error 2^-55
static const num erfc_p[] = {0.65224321324582701, -0.076815015452757818, -0.058876939597156230, 0.077236944299565596, -0.033918340153801872, 0.00080117758893475679,
  0.0045423122935570178, -0.00040166148033684933, -0.00077295384542614147, 4.8041129556967074e-6, 0.00015073209337793878,
  2.9101369076735711e-5, -2.5398717234724733e-5, -1.3897271388767622e-5, 1.4558958551619209e-6, 3.9142426460920459e-6,
  1.1097942216814508e-6, -5.4456087342612533e-7, -4.2975939807049246e-7, -6.1417634827120655e-8, -3.8561635075491551e-8,
  1.0765533231039801e-8, 1.1272017640227810e-7, 4.0507596482890080e-8, -5.3624503186792029e-8, -2.6828988741400882e-8,
  9.9912642938982921e-9, 5.9007960462329770e-9};
#define ERFC_LIMIT 27.5
#endif
#define GELU_LIMIT 38.9
// "erf f64": |x| <= 0.92, error 2^-56
static const num erf_p[] = {0.12837916709551259, -0.37612638903184092, 0.11283791670973022, -0.026866170648928708, 0.0052239776675552596,
  -0.00085483297953883387, 0.00012055449043702690, -1.4928855931926605e-5, 1.6521242475345517e-6, -1.7086368221128922e-7, 2.0368526784726818e-8,
  -3.6827377284928497e-9, 5.5643935547217508e-10};

/// e^(a^2) erfc(a), and what the quotient loses by rounding.
V_INLINE vec erfc_scaled(vec a, vec *low) {
  const vec w = v_mad(a / (a + ERFC_CENTRE), v_set(2.0), v_set(-1.0));
  const vec p = v_mad(poly_of(w, erfc_p + 1, sizeof erfc_p / sizeof *erfc_p - 1), w, v_set(erfc_p[0])); // the largest term last
#ifdef SIMD_WIDE
  *low = v_zero();
  return p / (a + ERFC_OFFSET);
#else
  vec under_low, product_low;
  const vec under = two_sum(a, v_set(ERFC_OFFSET), &under_low), q = p / under, product = two_mul(q, under, &product_low);
  *low = ((p - product) - (product_low + q * under_low)) / under;
  return q;
#endif
}
/// erfc(a) of a >= 0
V_INLINE vec erfc_above(vec a) {
  vec square_low, low;
  const vec square = two_mul(a, a, &square_low), y = erfc_scaled(a, &low);
  return times_exp_two(y, low, exp_scaled(v_neg(square), v_neg(square_low))) * SCALE_DOWN;
}
V_INLINE vec m_erfc(vec x) {
  const vec y = erfc_above(v_low(v_set(ERFC_LIMIT), v_abs(x)));
  return v_select(v_sign_bit(x), 2.0 - y, y);
}
V_INLINE vec m_erf(vec x) {
  const vec a = v_low(v_set(ERFC_LIMIT), v_abs(x));
  return v_copysign(v_select(v_lt(a, v_set(0.92)), v_mad(a, POLY(a * a, erf_p), a), 1.0 - erfc_above(a)), x);
}
#endif

/// 2^SCALED a erfc(a / sqrt 2) / 2 for a in [0, GELU_LIMIT]
V_INLINE vec gelu_tail(vec a) {
#if NUM_BITS == 32
  // -a^2/2 = n ln2 + r. a^2 counts to twice its precision, so its product is made where the multiple of ln2 is taken from it.
  const vec half = a * 0.5f, magic = v_set(ROUND_MAGIC + BIAS + SCALED), at = v_mad(half * a, v_set(-LOG2_E), magic), n = at - magic;
  const vec r = v_mad(n, v_set(-LN2_LOW), v_neg(mad_close(half, a, n * LN2_HIGH))), scale = v_from_bits(v_bits(at) << MANTISSA);
  const vec under = a + 4.25f, lost = a - (under - 4.25f), t = a / under, p = POLY(v_mad(t, v_set(2.0f), v_set(-1.0f)), gelu_p), share = p * t;
  const vec one_less = 1.0f - t, rest = v_mad(lost * one_less * one_less * one_less, v_set(-0.235f), exp_rest(r)); // what the sum lost
  return (v_mad(share, rest, mad_close(p, t, v_neg(share))) + share) * scale;
#else
  vec square_low, low;
  const vec square = two_mul(a, a, &square_low), half = a * 0.5, share = half * erfc_scaled(a * 0.70710678118654752440, &low);
  return times_exp_two(share, low * half, exp_scaled(square * -0.5, square_low * -0.5));
#endif
}
/// x (1 - q(x)), and -|x| q(|x|) below 0, with q(a) = erfc(a / sqrt 2) / 2.
V_INLINE vec m_gelu(vec x) {
  return v_copysign(v_mad(gelu_tail(v_low(v_set(GELU_LIMIT), v_abs(x))), v_set(-SCALE_DOWN), v_high(x, v_zero())), x);
}

#if NUM_BITS == 32 && defined V_FAST_FMA && !defined V_LOOKUP
/// The same with fewer instructions for numbers that are not far below 0: two roundings of a^2 and ln2 are enough for n of two digits.
#define FAR_gelu(x) beyond(8.125f, x - 3.875f) // [-4.25, 12]: above 5, what is taken from x counts less and less
V_INLINE vec m_gelu_near(vec x) {
  const vec a = v_abs(x), square = a * a, square_low = mad_close(a, a, v_neg(square)), magic = v_set(ROUND_MAGIC);
  const vec at = v_mad(square, v_set(-0.5f * LOG2_E), magic), n = at - magic;
  const vec r = (mad_close(n, v_set(2 * 0x1.62e43p-1f), square) + square_low) * -0.5f;
  const vec under = a + 4.0f, lost = a - (under - 4.0f), t = a / under, p = HORNER(t - 0.4140625f, gelu_near_p), share = p * t;
  const vec rest = v_mad(lost, v_set(-0.2f), exp_rest(r)); // what the sum lost, about a fifth of it in the quotient
  return v_high(v_set(-0.0f), x) - exp_scale_near(v_mad(share, rest, mad_close(p, t, v_neg(share))) + share, v_bits(at)); // n is 0 where share may be 0
}
#endif

#endif
