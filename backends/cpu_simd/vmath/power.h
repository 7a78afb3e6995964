// SPDX-License-Identifier: BSD-3-Clause
// Powers, roots and functions of two numbers, in f64.
#ifndef CPU_SIMD_VMATH_POWER_H
#define CPU_SIMD_VMATH_POWER_H

#include "activation.h"

// "cbrt": [1, 8], error 2^-10.4
static const num cbrt_p[] = {0.58784829106319758, 0.52480613495497053, -0.13367809233947273, 0.023947125787503788, -0.0022787535626192187, 8.6770083995713648e-5};

/// |x| = m 8^q with m in [1, 8); two steps of Halley's method triple the right bits of the polynomial's 10.
V_INLINE vec m_cbrt(vec x) {
  const vec a = v_abs(x);
  const vmask tiny = v_lt(a, v_set(MIN_NORMAL));
  const ivec bits = v_bits(v_select(tiny, a * 0x1p54, a));
  // Of the biased exponent e + 1023 = 3 (q + 341) + s; 54 is divisible by 3.
  const vec exponent = v_from_bits((ivec)((uvec)bits >> MANTISSA) | v_iset(0x4330000000000000)) - 0x1p52, q = v_floor((exponent + 0.5) * (1.0 / 3));
  const ivec q_bits = v_bits(q + ROUND_MAGIC), thrice = q_bits + q_bits + q_bits;
  const vec m = v_from_bits(bits - ((thrice - v_iset(1023)) << MANTISSA));
  vec y = POLY(m, cbrt_p);
  for (int step = 0; step < 2; step++) {
    const vec cube = y * y * y;
    y = y - y * (cube - m) / (cube + cube + m);
  }
  const vec scale = v_from_bits((q_bits + v_iset(1023 - 341)) << MANTISSA), root = y * scale * v_select(tiny, v_set(0x1p-18), v_set(1.0));
  return v_copysign(v_select(v_and(v_lt(v_zero(), a), v_lt(a, V_INF)), root, a), x);
}

#ifdef SIMD_WIDE
/// |a|^b = exp(b log |a|): of f32 the product has enough bits. Its sign and what is special follow IEEE 754.
V_INLINE vec m_pow(vec a, vec b) {
  const vec size = v_abs(a), one = v_set(1.0), half = b * 0.5;
  const vmask is_integer = v_eq(v_trunc(b), b), is_odd = v_and(is_integer, v_ne(v_trunc(half), half));
  vec y = m_exp(b * m_log(size));
  y = v_select(v_and(v_eq(size, one), v_not(v_is_nan(b))), one, y);
  y = v_select(v_and(v_lt(a, v_zero()), v_and(v_not(is_integer), v_lt(size, V_INF))), v_set((num)NAN), y); // -infinity has powers
  y = v_select(v_and(v_sign_bit(a), is_odd), v_neg(y), y);
  return v_select(v_or(v_eq(b, v_zero()), v_eq(a, one)), one, y);
}
#else
/// log(a) would have to be known to 64 bits and more: by the C library.
__attribute__((noinline, unused)) static vec m_pow(vec a, vec b) {
  V_EACH a[i_] = (num)powl(a[i_], b[i_]);
  return a;
}
#endif

V_INLINE vec m_hypot(vec a, vec b) {
  const vec x = v_abs(a), y = v_abs(b), most = v_high(x, y);
  const vmask large = v_lt(v_set(0x1p500), most), small = v_lt(most, v_set(0x1p-450));
  const vec down = v_select(large, v_set(0x1p-600), v_select(small, v_set(0x1p600), v_set(1.0)));
  const vec up = v_select(large, v_set(0x1p600), v_select(small, v_set(0x1p-600), v_set(1.0)));
  const vec u = x * down, v = y * down, root = v_sqrt(v_mad(u, u, v * v)) * up;
  return v_select(v_or(v_eq(x, V_INF), v_eq(y, V_INF)), V_INF, root); // an infinity wins over NaN
}

V_INLINE vec m_logaddexp(vec a, vec b) {
  const vmask unordered = v_or(v_is_nan(a), v_is_nan(b));
  const vec high = v_high(a, b), low = v_low(a, b);
  vec lost;
  const vec apart = two_sum(low, v_neg(high), &lost);
  const vmask same = v_eq(high, low), usual = v_lt(v_set(SCALED_LOW), apart); // else a difference of infinities, or a sum that does not matter
  const scaled_exp e = exp_scaled(v_select(same, v_zero(), v_select(usual, apart, v_set(SCALED_LOW))), v_select(usual, lost, v_zero()));
  // log(1 + e) in parts, because it may cancel high.
  vec e_low, f, half, first_low, second_low;
  const vec one_more = quick_sum(v_set(1.0), e.rest, &e_low), size = one_more * e.scale * SCALE_DOWN;
  const vmask large = v_lt(v_set(1.0 / 3), size);
  f = v_select(large, (size - 1.0) * 0.5, size);
  const vec k = v_select(large, v_set(1.0), v_zero()), rest = v_mad(e_low * e.scale, SCALE_DOWN / (size + 1.0), log_rest(f, &half));
  const vec first = two_sum(high, k * LN2_HIGH, &first_low), second = two_sum(first, f, &second_low);
  const vec y = second + ((first_low + second_low) - (half - v_mad(k, v_set(LN2_LOW), rest)));
  return v_select(unordered, a + b, v_select(v_eq(v_abs(high), V_INF), high, y));
}

#ifndef SIMD_WIDE
__attribute__((noinline)) static vec celu_lanes(vec x, vec alpha, vmask rare, vec y) {
  const ivec chosen = v_imask(rare);
  V_EACH if (chosen[i_]) y[i_] = celu_ref(x[i_], alpha[i_]);
  return y;
}
#endif
/// alpha (e^z - 1) with z = x / alpha, whose rounding error counts where z is large.
V_INLINE vec m_celu(vec x, vec alpha) {
  vec low;
  const vec z = x / alpha, size = v_abs(z), product = two_mul(z, alpha, &low), lost = ((x - product) - low) / alpha, y = expm1_parts(z, &low);
  const vmask counts = v_and(v_lt(v_set(0x1p-20), size), v_lt(size, v_set(0x1p10))); // elsewhere the product may underflow or be infinite
  const vec more = v_select(v_and(counts, v_lt(v_abs(lost), v_set(1.0))), v_mad(y + 1.0, lost, low), low);
  vec result = v_select(v_lt(v_abs(y), V_INF), v_mad(alpha, y, alpha * more), alpha * y);
  result = v_select(v_lt(size, v_set(0x1p-54)), x, result); // z may have lost bits below the normal numbers
#ifndef SIMD_WIDE // with a negative alpha e^z may overflow where the product does not
  const vmask rare = v_lt(v_set(700.0), z);
  if (v_any(rare)) result = celu_lanes(x, alpha, rare, result);
#endif
  return result;
}

#endif
