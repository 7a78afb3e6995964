// SPDX-License-Identifier: BSD-3-Clause
// f16 and bf16 as bits: to double exactly, from double with one rounding to nearest even. No float in between, so nothing rounds twice.
#ifndef CPU_REF_SMALL_FLOAT_H
#define CPU_REF_SMALL_FLOAT_H

#include <stdint.h>
#include <string.h>

static inline uint64_t ref_bits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline double ref_from_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/// A 16-bit float with `mantissa` stored bits. NaN keeps its sign and upper payload and becomes quiet.
static inline uint16_t ref_narrow(double x, int mantissa) {
  const int bias = (1 << (14 - mantissa)) - 1;
  const uint64_t bits = ref_bits(x), fraction = bits & 0xfffffffffffffu;
  const uint16_t sign = (uint16_t)(bits >> 48 & 0x8000u);
  const uint16_t infinity = (uint16_t)(0x7fffu >> mantissa << mantissa);
  const int exponent = (int)(bits >> 52 & 0x7ff) - 1023;
  if (exponent == 1024) {
    if (fraction == 0) return (uint16_t)(sign | infinity);
    return (uint16_t)(sign | infinity | 1u << (mantissa - 1) | fraction >> (52 - mantissa));
  }
  if (exponent > bias) return (uint16_t)(sign | infinity);
  const int below = 1 - bias - exponent; // how far under the smallest normal
  const int shift = 52 - mantissa + (below > 0 ? below : 0);
  if (shift > 53) return sign; // under half of the smallest subnormal, and every subnormal double
  const uint64_t whole = fraction | (uint64_t)1 << 52, rest = whole & (((uint64_t)1 << shift) - 1), half = (uint64_t)1 << (shift - 1);
  uint32_t y = (uint32_t)(whole >> shift);
  y += rest > half || (rest == half && (y & 1));
  if (below <= 0) y += (uint32_t)(exponent + bias - 1) << mantissa; // the hidden bit adds the missing 1; a carry moves to the next exponent
  return (uint16_t)(sign | (y > infinity ? infinity : y));
}

static inline double ref_widen(uint16_t half, int mantissa) {
  const int bias = (1 << (14 - mantissa)) - 1;
  const uint64_t sign = (uint64_t)(half & 0x8000u) << 48, fraction = half & ((1u << mantissa) - 1);
  const int exponent = (half & 0x7fff) >> mantissa;
  if (exponent == 2 * bias + 1) return ref_from_bits(sign | (uint64_t)0x7ff << 52 | fraction << (52 - mantissa));
  if (exponent) return ref_from_bits(sign | (uint64_t)(exponent - bias + 1023) << 52 | fraction << (52 - mantissa));
  // fraction times the smallest subnormal, 2^(1 - bias - mantissa): exact
  const double tiny = (double)fraction * ref_from_bits((uint64_t)(1023 + 1 - bias - mantissa) << 52);
  return sign ? -tiny : tiny;
}

static inline uint16_t ref_f16_from(double x) { return ref_narrow(x, 10); }
static inline double ref_f16_to(uint16_t x) { return ref_widen(x, 10); }
static inline uint16_t ref_bf16_from(double x) { return ref_narrow(x, 7); }
static inline double ref_bf16_to(uint16_t x) { return ref_widen(x, 7); }

/// The next one up or down: magnitudes are ordered like their bits, infinity after the largest number.
static inline uint16_t ref_neighbour(uint16_t half, int up) {
  if ((half & 0x7fffu) == 0) return up ? 0x0001u : 0x8001u;
  return (uint16_t)(up == !(half >> 15) ? half + 1 : half - 1);
}
static inline double ref_f16_nextafter(double a, double b) {
  return a != a || b != b ? a + b : a == b ? b : ref_f16_to(ref_neighbour(ref_f16_from(a), a < b));
}
static inline double ref_bf16_nextafter(double a, double b) {
  return a != a || b != b ? a + b : a == b ? b : ref_bf16_to(ref_neighbour(ref_bf16_from(a), a < b));
}

#endif
