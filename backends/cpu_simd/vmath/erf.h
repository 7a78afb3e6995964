// SPDX-License-Identifier: BSD-3-Clause
// erf, erfc and gelu. q(a) = erfc(a / sqrt 2) / 2 = e^(-a^2/2) p(w) / (a + 3) with w = (a - 3) / (a + 3) = 2 t - 1, t = a / (a + 3): a^2 is needed to twice its precision.
#ifndef CPU_SIMD_VMATH_ERF_H
#define CPU_SIMD_VMATH_ERF_H

#include "exp.h"

#if NUM_BITS == 32
// "erf f32": erf(x) = x + x p(x^2); |x| <= 0.92, error 2^-25.9
static const num erf_p[] = {NUM(0.128379151), NUM(-0.376125038), NUM(0.112819113), NUM(-0.0267697461), NUM(0.00499737682), NUM(-0.000601056498)};
// "erf g f32": erf(a) = 1 - e^-g(a); [0.9, 4], error 2^-28.9
static const num erf_g[] = {NUM(0.000175899899), NUM(1.12775660), NUM(0.637047231), NUM(0.104048856), NUM(-0.0222828202), NUM(0.00305708521), NUM(-0.000197338028)};
// "gelu f32": a in [0, 15], error 2^-24.5
static const num gelu_p[] = {NUM(0.729083657), NUM(-0.509332240), NUM(0.230019867), NUM(-0.0472569130), NUM(-0.0104835359), NUM(0.00692642899),
  NUM(0.00108376390), NUM(-0.000904595538), NUM(-0.000271035620)};
#define GELU_LIMIT 15

V_INLINE vec m_erf(vec x) {
  const vec a = v_low(v_set(4.0f), v_abs(x)), z = a * a;
  vec n, r;
  const ivec at = exp_split(v_neg(POLY(a, erf_g)), BIAS, &n, &r);
  const vec big = 1.0f - (exp_rest(r) + 1.0f) * v_from_bits(at << MANTISSA), small = v_mad(a, POLY(z, erf_p), a);
  return v_copysign(v_select(v_lt(a, v_set(0.91f)), small, big), x);
}
#endif

/// x (1 - q(x)), and -|x| q(|x|) below 0.
V_INLINE vec m_gelu(vec x) {
  const vec a = v_low(v_set(GELU_LIMIT), v_abs(x));
  vec low;
  const vec square = two_mul(a, a, &low), e = exp_scaled(square * NUM(-0.5), low * NUM(-0.5));
  const vec t = a / (a + NUM(3.0)), q = (e * POLY(v_mad(t, v_set(NUM(2.0)), v_set(NUM(-1.0))), gelu_p)) * t * v_set(SCALE_DOWN);
  return v_copysign(v_high(x, v_zero()) - q, x);
}

#endif
