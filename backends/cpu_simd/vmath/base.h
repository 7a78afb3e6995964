// SPDX-License-Identifier: BSD-3-Clause
// What all vector functions share: polynomials, exact products, the layout of a number. The functions use + - * / of C on vectors, which is
// what v_add .. v_div do. Coefficients come from scripts/minimax.py, which names them as the comments beside them do.
#ifndef CPU_SIMD_VMATH_BASE_H
#define CPU_SIMD_VMATH_BASE_H

#include <math.h>

#if NUM_BITS == 32
#define MANTISSA 23
#define BIAS 127
#define MIN_NORMAL 0x1p-126f
#define HEAD_BITS (~0xfff)                // a mask that leaves 12 bits of precision
#define ONE_BITS 0x3f800000
#define ROUND_MAGIC 0x1.8p23f             // x + magic has round(x) in its low bits
#else
#define MANTISSA 52
#define BIAS 1023
#define MIN_NORMAL 0x1p-1022
#define HEAD_BITS (~0x7ffffff)            // 26 bits
#define ONE_BITS 0x3ff0000000000000
#define ROUND_MAGIC 0x1.8p52
#endif
#define V_INF v_set((num)INFINITY)

/// c[0] + c[1] x + ... by Horner's rule
V_INLINE vec horner(vec x, const num *c, int n) {
  vec y = v_set(c[n - 1]);
  for (int i = n - 2; i >= 0; i--) y = v_mad(y, x, v_set(c[i]));
  return y;
}
/// Its even and odd powers side by side where that is shorter to wait for.
V_INLINE vec poly_of(vec x, const num *c, int n) {
  if (n < 6) return horner(x, c, n);
  const vec z = x * x;
  vec even = v_set(c[(n - 1) & ~1]), odd = v_set(c[(n - 2) | 1]);
  for (int i = ((n - 1) & ~1) - 2; i >= 0; i -= 2) even = v_mad(even, z, v_set(c[i]));
  for (int i = ((n - 2) | 1) - 2; i >= 0; i -= 2) odd = v_mad(odd, z, v_set(c[i]));
  return v_mad(odd, x, even);
}
#define HORNER(x, c) horner(x, c, sizeof(c) / sizeof *(c))
#define POLY(x, c) poly_of(x, c, sizeof(c) / sizeof *(c))

/// The leading half of x's bits: its square is exact.
V_INLINE vec head_of(vec x) { return v_from_bits(v_bits(x) & v_iset(HEAD_BITS)); }

/// a b = result + *low, to about twice the precision, while nothing overflows or underflows.
V_INLINE vec two_mul(vec a, vec b, vec *low) {
  const vec product = a * b;
#ifdef V_FAST_FMA
  *low = v_fma(a, b, v_neg(product));
#else
  const vec ah = head_of(a), al = a - ah, bh = head_of(b), bl = b - bh;
  *low = ((ah * bh - product) + (ah * bl + al * bh)) + al * bl;
#endif
  return product;
}

/// a b + c where c is near -a b: the product is not rounded before they cancel.
V_INLINE vec mad_close(vec a, vec b, vec c) {
#ifdef V_FAST_FMA
  return v_fma(a, b, c);
#else
  vec low;
  const vec product = two_mul(a, b, &low);
  return (product + c) + low;
#endif
}

/// a + b = result + *low exactly.
V_INLINE vec two_sum(vec a, vec b, vec *low) {
  const vec sum = a + b, b_part = sum - a;
  *low = (a - (sum - b_part)) + (b - b_part);
  return sum;
}
/// The same for |a| >= |b|, or a = 0.
V_INLINE vec quick_sum(vec a, vec b, vec *low) {
  const vec sum = a + b;
  *low = b - (sum - a);
  return sum;
}

#endif
