// SPDX-License-Identifier: BSD-3-Clause
// Quantize and dequantize for one float lane and each integer dtype of at most four bytes. A scale and a zero point for all elements make a loop that
// becomes vectors; others are read element by element.
#include "kernel.h"
#include "saturate.h"
#include "../../cpu_ref/small_float.h"

#include <math.h>

#if V_LANE == V_IS_f64
#define NEAREST(x) rint(x)
#define OF_REAL(name) name##_of_f64
#else
#define NEAREST(x) rintf(x)
#define OF_REAL(name) name##_of_f32
#endif
#if V_LANE == V_IS_f16
#define REAL(x) ((num)ref_f16_to(x))
#elif V_LANE == V_IS_bf16
#define REAL(x) ((num)ref_bf16_to(x))
#else
#define REAL(x) (x)
#endif

// A quotient and a zero point make an integer: in the float they have where that is exact up to the ends of the range, else in double.
#define WITH_ZERO_i8(q, zero) OF_REAL(i8)(q + (num)(zero))
#define WITH_ZERO_i16(q, zero) OF_REAL(i16)(q + (num)(zero))
#define WITH_ZERO_i32(q, zero) i32_of_f64((double)q + (double)(zero))
#define WITH_ZERO_u8(q, zero) OF_REAL(u8)(q + (num)(zero))
#define WITH_ZERO_u16(q, zero) OF_REAL(u16)(q + (num)(zero))
#define WITH_ZERO_u32(q, zero) u32_of_f64((double)q + (double)(zero))

// A difference of integers times the scale, rounded once: 17 bits and 24 fit a double, 33 and 24 do not.
#if V_LANE == V_IS_f64
#define TIMES_NARROW(difference, scale) ((double)(difference) * (scale))
#define TIMES_WIDE TIMES_NARROW
#elif V_LANE == V_IS_f32
#define TIMES_NARROW(difference, scale) ((float)(difference) * (scale))
#define TIMES_WIDE(difference, scale) ((float)((long double)(difference) * (long double)(scale)))
#elif V_LANE == V_IS_f16
#define TIMES_NARROW(difference, scale) ref_f16_from((double)(difference) * (double)(scale))
#define TIMES_WIDE TIMES_NARROW
#else
#define TIMES_NARROW(difference, scale) ref_bf16_from((double)(difference) * (double)(scale))
#define TIMES_WIDE TIMES_NARROW
#endif
#define TIMES_i8 TIMES_NARROW
#define TIMES_i16 TIMES_NARROW
#define TIMES_i32 TIMES_WIDE
#define TIMES_u8 TIMES_NARROW
#define TIMES_u16 TIMES_NARROW
#define TIMES_u32 TIMES_WIDE

#define EACH_INTEGER(X) X(i8, I8, int8_t, int32_t) X(i16, I16, int16_t, int32_t) X(i32, I32, int32_t, int64_t) \
  X(u8, U8, uint8_t, int32_t) X(u16, U16, uint16_t, int32_t) X(u32, U32, uint32_t, int64_t)

#define QUANTIZE(name, NAME, type, wide)                                                                                                   \
  static void quantize_##name(int64_t n, const void *const *in, void *out, uint32_t still) {                                              \
    const lane *px = in[0], *ps = in[1];                                                                                                   \
    const type *pz = in[2];                                                                                                                \
    type *y = out;                                                                                                                         \
    if ((still & 7) == 6) {                                                                                                                \
      const num scale = REAL(*ps);                                                                                                         \
      const type zero = *pz;                                                                                                               \
      for (int64_t i = 0; i < n; i++) { const num q = NEAREST(REAL(px[i]) / scale); y[i] = WITH_ZERO_##name(q, zero); }                   \
      return;                                                                                                                              \
    }                                                                                                                                      \
    const int64_t sx = !(still & 1), ss = !(still & 2), sz = !(still & 4);                                                                 \
    for (int64_t i = 0; i < n; i++) {                                                                                                      \
      const num q = NEAREST(REAL(px[i * sx]) / REAL(ps[i * ss]));                                                                          \
      y[i] = WITH_ZERO_##name(q, pz[i * sz]);                                                                                              \
    }                                                                                                                                      \
  }
#define DEQUANTIZE(name, NAME, type, wide)                                                                                                 \
  static void dequantize_##name(int64_t n, const void *const *in, void *out, uint32_t still) {                                            \
    const type *px = in[0], *pz = in[2];                                                                                                   \
    const lane *ps = in[1];                                                                                                                \
    lane *y = out;                                                                                                                         \
    if ((still & 7) == 6) {                                                                                                                \
      const num scale = REAL(*ps);                                                                                                         \
      const wide zero = *pz;                                                                                                               \
      for (int64_t i = 0; i < n; i++) y[i] = TIMES_##name((wide)px[i] - zero, scale);                                                      \
      return;                                                                                                                              \
    }                                                                                                                                      \
    const int64_t sx = !(still & 1), ss = !(still & 2), sz = !(still & 4);                                                                 \
    for (int64_t i = 0; i < n; i++) y[i] = TIMES_##name((wide)px[i * sx] - (wide)pz[i * sz], REAL(ps[i * ss]));                            \
  }
EACH_INTEGER(QUANTIZE)
EACH_INTEGER(DEQUANTIZE)

#define QUANTIZE_ROW(name, NAME, type, wide) [RTB_##NAME] = quantize_##name,
#define DEQUANTIZE_ROW(name, NAME, type, wide) [RTB_##NAME] = dequantize_##name,
const simd_quants KERNEL(quant) = {.quantize = {EACH_INTEGER(QUANTIZE_ROW)}, .dequantize = {EACH_INTEGER(DEQUANTIZE_ROW)}};
