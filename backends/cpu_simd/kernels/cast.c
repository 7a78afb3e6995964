// SPDX-License-Identifier: BSD-3-Clause
// Casts from one lane to the other real dtypes, and for f16 and bf16 also back: plain loops that compilers turn into vectors where there are
// instructions. Halves pass through f32; what f32 may not hold exactly is rounded to odd on the way there, so that the second rounding is as
// good as one.
#include "kernel.h"
#include "saturate.h"

#include <math.h>

#define IS_HALF (V_LANE == V_IS_f16 || V_LANE == V_IS_bf16)
#define IS_FLOAT (V_LANE == V_IS_f32 || V_LANE == V_IS_f64)

// ---- one number -----------------------------------------------------------------------------------------------------------------------------
#define EACH_OTHER(X) X(boolean, BOOL, uint8_t) X(i8, I8, int8_t) X(i16, I16, int16_t) X(i64, I64, int64_t) X(u8, U8, uint8_t) \
  X(u16, U16, uint16_t) X(u32, U32, uint32_t) X(u64, U64, uint64_t) X(f64, F64, double)
#define EACH_PLAIN(X) EACH_OTHER(X) X(i32, I32, int32_t) X(f32, F32, float)

// The number of a lane as `to`.
#if IS_FLOAT || IS_HALF
#if V_LANE == V_IS_f64
#define TO_INTEGER(to) to##_of_f64
#else
#define TO_INTEGER(to) to##_of_f32
#endif
#define TO_boolean(x) ((x) != 0)
#define TO_i8(x) TO_INTEGER(i8)(x)
#define TO_i16(x) TO_INTEGER(i16)(x)
#define TO_i32(x) TO_INTEGER(i32)(x)
#define TO_i64(x) TO_INTEGER(i64)(x)
#define TO_u8(x) TO_INTEGER(u8)(x)
#define TO_u16(x) TO_INTEGER(u16)(x)
#define TO_u32(x) TO_INTEGER(u32)(x)
#define TO_u64(x) TO_INTEGER(u64)(x)
#define OWN(x) (x)
#else
#define TO_boolean(x) ((x) != 0)
#define TO_i8(x) ((int8_t)(x))
#define TO_i16(x) ((int16_t)(x))
#define TO_i32(x) ((int32_t)(x))
#define TO_i64(x) ((int64_t)(x))
#define TO_u8(x) ((uint8_t)(x))
#define TO_u16(x) ((uint16_t)(x))
#define TO_u32(x) ((uint32_t)(x))
#define TO_u64(x) ((uint64_t)(x))
#if V_LANE == V_IS_boolean
#define OWN(x) ((x) != 0)
#else
#define OWN(x) (x)
#endif
#endif
#define TO_f32(x) ((float)(x))
#define TO_f64(x) ((double)(x))

// ---- halves ---------------------------------------------------------------------------------------------------------------------------------
#if IS_HALF
#define PIECE 256 // numbers at a time, as f32 in a buffer

static void widen(int64_t n, const lane *x, float *out) {
  int64_t i = 0;
  for (; i + 4 * V_LANES <= n; i += 4 * V_LANES)
    V_UNROLL for (int u = 0; u < 4; u++) {
      const vec v = v_load(x + i + u * V_LANES);
      memcpy(out + i + u * V_LANES, &v, sizeof v);
    }
  for (; i + V_LANES <= n; i += V_LANES) {
    const vec v = v_load(x + i);
    memcpy(out + i, &v, sizeof v);
  }
  if (i == n) return;
  const vec v = v_load_n(x + i, n - i);
  memcpy(out + i, &v, (size_t)(n - i) * sizeof *out);
}

static void narrow(int64_t n, const float *x, lane *out) {
  int64_t i = 0;
  vec v;
  for (; i + 4 * V_LANES <= n; i += 4 * V_LANES)
    V_UNROLL for (int u = 0; u < 4; u++) memcpy(&v, x + i + u * V_LANES, sizeof v), v_store(out + i + u * V_LANES, v);
  for (; i + V_LANES <= n; i += V_LANES) memcpy(&v, x + i, sizeof v), v_store(out + i, v);
  if (i == n) return;
  v = v_zero();
  memcpy(&v, x + i, (size_t)(n - i) * sizeof *x);
  v_store_n(out + i, v, n - i);
}

/// A double as f32, rounded to odd: towards zero, the last bit telling that something was lost.
V_INLINE float odd_of_f64(double x) {
  const float near = (float)x;
  uint32_t bits;
  memcpy(&bits, &near, sizeof bits);
  const uint32_t inside = bits - (fabs((double)near) > fabs(x)), odd = (double)near == x || x != x ? bits : inside | 1;
  float y;
  memcpy(&y, &odd, sizeof y);
  return y;
}
V_INLINE double odd_of_u64(uint64_t x) { return (double)(x >> 53 ? (x >> 11 | ((x & 2047) != 0)) << 11 : x); }
#define ODD_boolean(x) ((x) != 0)
#define ODD_i8(x) (x)
#define ODD_i16(x) (x)
#define ODD_i32(x) odd_of_f64(x)
#define ODD_i64(x) odd_of_f64((x) < 0 ? -odd_of_u64(-(uint64_t)(x)) : odd_of_u64((uint64_t)(x)))
#define ODD_u8(x) (x)
#define ODD_u16(x) (x)
#define ODD_u32(x) odd_of_f64(x)
#define ODD_u64(x) odd_of_f64(odd_of_u64(x))
#define ODD_f32(x) (x)
#define ODD_f64(x) odd_of_f64(x)

#define FROM_HALF(to, NAME, stored)                                                                      \
  static void from_to_##to(int64_t n, const void *const *in, void *out, uint32_t still) {                \
    const lane *x = in[0];                                                                               \
    stored *y = out;                                                                                     \
    float piece[PIECE];                                                                                  \
    for (int64_t i = 0; i < n; i += PIECE) {                                                             \
      const int64_t m = n - i < PIECE ? n - i : PIECE;                                                   \
      if (!(still & 1)) widen(m, x + i, piece);                                                                \
      else if (i == 0) { for (int64_t j = 0; j < m; j++) widen(1, x, piece + j); }                       \
      for (int64_t j = 0; j < m; j++) y[i + j] = (stored)TO_##to(piece[j]);                              \
    }                                                                                                    \
  }
#define TO_HALF(from, NAME, stored)                                                                      \
  static void to_from_##from(int64_t n, const void *const *in, void *out, uint32_t still) {              \
    const stored *x = in[0];                                                                             \
    float piece[PIECE];                                                                                  \
    const int64_t step = still & 1 ? 0 : 1;                                                                  \
    for (int64_t i = 0; i < n; i += PIECE) {                                                             \
      const int64_t m = n - i < PIECE ? n - i : PIECE;                                                   \
      if (step) { for (int64_t j = 0; j < m; j++) piece[j] = (float)ODD_##from(x[i + j]); }              \
      else { for (int64_t j = 0; j < m; j++) piece[j] = (float)ODD_##from(x[0]); }                       \
      narrow(m, piece, (lane *)out + i);                                                                 \
    }                                                                                                    \
  }
EACH_OTHER(FROM_HALF)
EACH_OTHER(TO_HALF)
FROM_HALF(i32, I32, int32_t)
TO_HALF(i32, I32, int32_t)

// f32 needs no piece in between.
static void from_to_f32(int64_t n, const void *const *in, void *out, uint32_t still) {
  const int64_t given = still & 1 && n > 1 ? 1 : n;
  float *y = out;
  widen(given, in[0], y);
  for (int64_t i = given; i < n; i++) y[i] = y[0];
}
static void to_from_f32(int64_t n, const void *const *in, void *out, uint32_t still) {
  const int64_t given = still & 1 && n > 1 ? 1 : n;
  lane *y = out;
  narrow(given, in[0], y);
  for (int64_t i = given; i < n; i++) y[i] = y[0];
}
#if V_LANE == V_IS_f16 // the other half is the upper half of a float
V_INLINE uint16_t bf16_of_f32(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return (uint16_t)(x == x ? (bits + 0x7fff + (bits >> 16 & 1)) >> 16 : bits >> 16 | 0x40);
}
V_INLINE float f32_of_bf16(uint16_t half) {
  const uint32_t bits = (uint32_t)half << 16;
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
#define TO_bf16(x) bf16_of_f32(x)
#define ODD_bf16(x) f32_of_bf16(x)
FROM_HALF(bf16, BF16, uint16_t)
TO_HALF(bf16, BF16, uint16_t)
#endif

#define FROM_ROW(to, NAME, stored) [RTB_##NAME] = from_to_##to,
#define TO_ROW(from, NAME, stored) [RTB_##NAME] = to_from_##from,
const simd_casts KERNEL(cast) = {
  .from = {EACH_PLAIN(FROM_ROW)
#if V_LANE == V_IS_f16
           FROM_ROW(bf16, BF16, uint16_t)
#endif
  },
  .to = {EACH_PLAIN(TO_ROW)
#if V_LANE == V_IS_f16
         TO_ROW(bf16, BF16, uint16_t)
#endif
  },
};

// ---- the others -----------------------------------------------------------------------------------------------------------------------------
#else
#define FROM_PLAIN(to, NAME, stored)                                                                     \
  static void from_to_##to(int64_t n, const void *const *in, void *out, uint32_t still) {                \
    const lane *x = in[0];                                                                               \
    stored *y = out;                                                                                     \
    if (still & 1) {                                                                                     \
      const stored all = (stored)TO_##to(OWN(x[0]));                                                     \
      for (int64_t i = 0; i < n; i++) y[i] = all;                                                        \
    } else {                                                                                             \
      V_APART for (int64_t i = 0; i < n; i++) y[i] = (stored)TO_##to(OWN(x[i]));                         \
    }                                                                                                    \
  }
EACH_OTHER(FROM_PLAIN)
FROM_PLAIN(f32, F32, float)
#if V_LANE == V_IS_f32
/// What compilers make of i32_of_f32 has three times as many instructions.
static void from_to_i32(int64_t n, const void *const *in, void *out, uint32_t still) {
  const int64_t given = still & 1 && n > 1 ? 1 : n;
  const lane *x = in[0];
  int32_t *y = out;
  int64_t i = 0;
  for (; i + V_LANES <= given; i += V_LANES) {
    const ivec whole = v_saturate(v_load(x + i));
    memcpy(y + i, &whole, sizeof whole);
  }
  if (i < given) {
    const ivec whole = v_saturate(v_load_n(x + i, given - i));
    memcpy(y + i, &whole, (size_t)(given - i) * sizeof *y);
  }
  for (i = given; i < n; i++) y[i] = y[0];
}
#else
FROM_PLAIN(i32, I32, int32_t)
#endif
#define FROM_ROW(to, NAME, stored) [RTB_##NAME] = from_to_##to,
const simd_casts KERNEL(cast) = {.from = {EACH_PLAIN(FROM_ROW)}};
#endif
