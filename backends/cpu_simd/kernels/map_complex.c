// SPDX-License-Identifier: BSD-3-Clause
// The elementwise rows of ops.def for complex lanes, number by number as the reference computes them, and their casts. Compiled once: nothing
// here is made of vectors.
#include "kernel.h"
#include "../../cpu_ref/vocab.h"

#if V_LANE == V_IS_c64
typedef float part;
typedef float _Complex stored;
#else
typedef double part;
typedef double _Complex stored;
#endif

#define VOCAB c
#define T(v) ((double _Complex)(v))
#define OUT_SAME stored
#define OUT_REAL part
#define OUT_BOOL uint8_t
#define PUT_SAME(v) ((stored)(v))
#define PUT_REAL(v) ((part)(v))
#define PUT_BOOL(v) ((uint8_t)((v) != 0))

#define KEEP(...) __VA_ARGS__
#define IF_ANY NO_ROW
#define IF_ANY_C KEEP
#define IF_NUMERIC NO_ROW
#define IF_NUMERIC_C KEEP
#define IF_FLOAT NO_ROW
#define IF_FLOAT_C KEEP
#define IF_BITS NO_ROW
#define IF_INTEGER NO_ROW
#define IF_RESULT_SAME KEEP
#define IF_RESULT_REAL KEEP
#define IF_RESULT_BOOL KEEP
#define IF_RESULT_COMPLEX NO_ROW // its inputs are floats

// Tenths of a nanosecond: exact rows, arithmetic, functions in long double.
#define COST(cpu) ((cpu) == 0 ? 10 : (cpu) <= 0.5 ? 50 : 2000)

#define RT_UNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc)                                                                   \
  IF_##dtypes(static void map_##name(int64_t n, const void *const *in, void *out, uint32_t still) {                                        \
    const stored *px = in[0];                                                                                                              \
    OUT_##result *y = out;                                                                                                                 \
    const int64_t sx = !(still & 1);                                                                                                       \
    for (int64_t i = 0; i < n; i++) { const double _Complex x = px[i * sx]; y[i] = PUT_##result(formula); }                                \
  })
#define RT_BINARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc)                                                                  \
  IF_RESULT_##result(IF_##dtypes(static void map_##name(int64_t n, const void *const *in, void *out, uint32_t still) {                     \
    const stored *pa = in[0], *pb = in[1];                                                                                                 \
    OUT_##result *y = out;                                                                                                                 \
    const int64_t sa = !(still & 1), sb = !(still & 2);                                                                                    \
    for (int64_t i = 0; i < n; i++) { const double _Complex a = pa[i * sa], b = pb[i * sb]; y[i] = PUT_##result(formula); }                \
  }))
#define RT_PARAM NO_ROW
#define RT_TERNARY NO_ROW
#define RT_REDUCE NO_ROW
#define RT_ARG NO_ROW
#define RT_OP NO_ROW
#define RT_COMPOSITE NO_ROW
#include <trivet/ops.def>

#define RT_UNARY(id, NAME, name, dtypes, result, cpu, ...) IF_##dtypes({id, COST(cpu), map_##name, false},)
#define RT_BINARY(id, NAME, name, dtypes, result, cpu, ...) IF_RESULT_##result(IF_##dtypes({id, COST(cpu), map_##name, false},))
#define RT_PARAM NO_ROW
#define RT_TERNARY NO_ROW
#define RT_REDUCE NO_ROW
#define RT_ARG NO_ROW
#define RT_OP NO_ROW
#define RT_COMPOSITE NO_ROW
const simd_map_row KERNEL(map)[] = {
#include <trivet/ops.def>
  {0}
};

// ---- casts ------------------------------------------------------------------------------------------------------------------------------------
// Real numbers become the real part, rounded once; the imaginary one is +0.
#define PLAIN(x) ((part)(x))
#define EACH_REAL(X)                                                                                                                       \
  X(bool, BOOL, uint8_t, (part)((x) != 0)) X(i8, I8, int8_t, PLAIN(x)) X(i16, I16, int16_t, PLAIN(x)) X(i32, I32, int32_t, PLAIN(x))       \
  X(i64, I64, int64_t, PLAIN(x)) X(u8, U8, uint8_t, PLAIN(x)) X(u16, U16, uint16_t, PLAIN(x)) X(u32, U32, uint32_t, PLAIN(x))              \
  X(u64, U64, uint64_t, PLAIN(x)) X(f16, F16, uint16_t, (part)ref_f16_to(x)) X(bf16, BF16, uint16_t, (part)ref_bf16_to(x))                 \
  X(f32, F32, float, PLAIN(x)) X(f64, F64, double, PLAIN(x))
#define FROM_REAL(name, NAME, type, value)                                                                                                 \
  static void from_##name(int64_t n, const void *const *in, void *out, uint32_t still) {                                                  \
    const type *px = in[0];                                                                                                                \
    part *y = out;                                                                                                                         \
    const int64_t step = !(still & 1);                                                                                                     \
    for (int64_t i = 0; i < n; i++) { const type x = px[i * step]; y[2 * i] = value, y[2 * i + 1] = 0; }                                   \
  }
EACH_REAL(FROM_REAL)

static void to_bool(int64_t n, const void *const *in, void *out, uint32_t still) {
  const stored *px = in[0];
  uint8_t *y = out;
  const int64_t step = !(still & 1);
  for (int64_t i = 0; i < n; i++) y[i] = px[i * step] != 0;
}

/// Between the two complex dtypes, part by part.
static void to_other(int64_t n, const void *const *in, void *out, uint32_t still) {
#if V_LANE == V_IS_c64
  double *y = out;
#else
  float *y = out;
#endif
  const part *px = in[0];
  const int64_t step = still & 1 ? 0 : 2;
  for (int64_t i = 0; i < n; i++) {
    const part re = px[i * step], im = px[i * step + 1];
    y[2 * i] = re, y[2 * i + 1] = im;
  }
}

#define TO_ROW(name, NAME, type, value) [RTB_##NAME] = from_##name,
const simd_casts KERNEL(cast) = {.from = {[RTB_BOOL] = to_bool, [V_LANE == V_IS_c64 ? RTB_C128 : RTB_C64] = to_other}, .to = {EACH_REAL(TO_ROW)}};

// ---- complex numbers made of two floats ---------------------------------------------------------------------------------------------------------
#define MAKE(name, type, value)                                                                                                             \
  static void make_##name(int64_t n, const void *const *in, void *out, uint32_t still) {                                                  \
    const type *pa = in[0], *pb = in[1];                                                                                                   \
    part *y = out;                                                                                                                         \
    const int64_t sa = !(still & 1), sb = !(still & 2);                                                                                    \
    for (int64_t i = 0; i < n; i++) {                                                                                                      \
      const type a = pa[i * sa], b = pb[i * sb];                                                                                           \
      y[2 * i] = (part)value(a), y[2 * i + 1] = (part)value(b);                                                                            \
    }                                                                                                                                      \
  }
#if V_LANE == V_IS_c64
MAKE(f16, uint16_t, ref_f16_to)
MAKE(bf16, uint16_t, ref_bf16_to)
MAKE(f32, float, )
const simd_map KERNEL(pair)[SIMD_DTYPES] = {[RTB_F16] = make_f16, [RTB_BF16] = make_bf16, [RTB_F32] = make_f32};
#else
MAKE(f64, double, )
const simd_map KERNEL(pair)[SIMD_DTYPES] = {[RTB_F64] = make_f64};
#endif
