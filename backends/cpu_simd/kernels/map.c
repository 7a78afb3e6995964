// SPDX-License-Identifier: BSD-3-Clause
// The elementwise rows of ops.def for a float lane: each row's formula over vectors, in one loop. An input that is one element is loaded from
// a small buffer full of it, so that each row needs one loop only.
#include "kernel.h"
#include "../vmath/vocab.h"

#define BLOCK (4 * V_LANES)
#define T(v) v_set((num)(v))

// Rows whose bound says that they are exact or rounded are a few instructions: four vectors at a time hide their latency. Functions take two.
#define STEP(cpu) ((cpu) <= 0.5 ? 4 : 2)
// Tenths of a nanosecond per element, measured with AVX2 at 3.5 GHz: what loads and stores cost, and a usual function.
#define COST(cpu) ((cpu) <= 0.5 ? 2 : 10)

typedef struct source { const lane *at; int64_t keep; } source; // element i is at[i & keep]

V_INLINE source source_of(const void *in, bool is_still, lane *buffer) {
  if (!is_still) return (source){in, -1};
  const lane value = *(const lane *)in;
  for (int i = 0; i < BLOCK; i++) buffer[i] = value;
  return (source){buffer, 0};
}
V_INLINE vec take(source s, int64_t i, int64_t u) { return v_load(s.at + (i & s.keep) + u); }
V_INLINE vec take_n(source s, int64_t i, int64_t n) { return s.keep ? v_load_n(s.at + i, n) : v_load(s.at); }

// What a row gives, and how it is stored.
#define OUT_SAME lane
#define PUT_SAME(p, v) v_store(p, v)
#define PUT_N_SAME(p, v, n) v_store_n(p, v, n)
#define OUT_REAL lane
#define PUT_REAL PUT_SAME
#define PUT_N_REAL PUT_N_SAME
#define OUT_BOOL uint8_t
#define PUT_BOOL(p, v) v_store_mask(p, v)
#define PUT_N_BOOL(p, v, n) v_store_mask_n(p, v, n)

#define IF_ANY(...) __VA_ARGS__
#define IF_ANY_C IF_ANY
#define IF_NUMERIC IF_ANY
#define IF_NUMERIC_C IF_ANY
#define IF_FLOAT IF_ANY
#define IF_FLOAT_C IF_ANY
#define IF_BITS(...)
#define IF_INTEGER(...)
// A pair of floats made one complex number is movement, not arithmetic.
#define IF_RESULT_SAME(...) __VA_ARGS__
#define IF_RESULT_REAL(...) __VA_ARGS__
#define IF_RESULT_BOOL(...) __VA_ARGS__
#define IF_RESULT_COMPLEX(...)

#define LOOP(result, step, load, load_n, formula)                                                                                           \
  OUT_##result *py = out;                                                                                                                  \
  int64_t i = 0;                                                                                                                           \
  for (; i + (step) * V_LANES <= n; i += (step) * V_LANES) {                                                                               \
    V_UNROLL for (int64_t u = 0; u < (step) * V_LANES; u += V_LANES) { load PUT_##result(py + i + u, formula); }            \
  }                                                                                                                                        \
  for (int64_t rest; (rest = n - i) > 0; i += V_LANES) {                                                                                   \
    if (rest > V_LANES) rest = V_LANES;                                                                                                    \
    load_n PUT_N_##result(py + i, formula, rest);                                                                                          \
  }

#define RT_UNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc)                                                                   \
  IF_##dtypes(static void map_##name(int64_t n, const void *const *in, void *out, uint32_t still) {                                        \
    lane bx[BLOCK];                                                                                                                        \
    const source sx = source_of(in[0], still & 1, bx);                                                                                     \
    LOOP(result, STEP(cpu), const vec x = take(sx, i, u);, const vec x = take_n(sx, i, rest);, formula)                                    \
  })
#define RT_PARAM(id, NAME, name, dtypes, result, cpu, gpu, param, value, formula, doc)                                                     \
  IF_##dtypes(static void map_##name(int64_t n, const void *const *in, void *out, uint32_t still) {                                        \
    lane bx[BLOCK];                                                                                                                        \
    const source sx = source_of(in[0], still & 1, bx);                                                                                     \
    const vec p = v_set((num)*(const double *)in[1]);                                                                                      \
    LOOP(result, STEP(cpu), const vec x = take(sx, i, u);, const vec x = take_n(sx, i, rest);, formula)                                    \
  })
#define RT_BINARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc)                                                                  \
  IF_RESULT_##result(IF_##dtypes(static void map_##name(int64_t n, const void *const *in, void *out, uint32_t still) {                     \
    lane ba[BLOCK], bb[BLOCK];                                                                                                             \
    const source sa = source_of(in[0], still & 1, ba), sb = source_of(in[1], still & 2, bb);                                               \
    LOOP(result, STEP(cpu), const vec a = take(sa, i, u); const vec b = take(sb, i, u);,                                                   \
         const vec a = take_n(sa, i, rest); const vec b = take_n(sb, i, rest);, formula)                                                   \
  }))
#define RT_TERNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc)                                                                 \
  IF_##dtypes(static void map_##name(int64_t n, const void *const *in, void *out, uint32_t still) {                                        \
    lane ba[BLOCK], bb[BLOCK], bc[BLOCK];                                                                                                  \
    const source sa = source_of(in[0], still & 1, ba), sb = source_of(in[1], still & 2, bb), sc = source_of(in[2], still & 4, bc);         \
    LOOP(result, STEP(cpu), const vec a = take(sa, i, u); const vec b = take(sb, i, u); const vec c = take(sc, i, u);,                     \
         const vec a = take_n(sa, i, rest); const vec b = take_n(sb, i, rest); const vec c = take_n(sc, i, rest);, formula)                \
  })
#define RT_REDUCE NO_ROW
#define RT_ARG NO_ROW
#define RT_OP NO_ROW
#define RT_COMPOSITE NO_ROW
#include <trivet/ops.def>

#define RT_UNARY(id, NAME, name, dtypes, result, cpu, gpu, ...) IF_##dtypes(IF_RESULT_##result({id, COST(cpu), map_##name}, ))
#define RT_PARAM RT_UNARY
#define RT_BINARY RT_UNARY
#define RT_TERNARY RT_UNARY
#define RT_REDUCE NO_ROW
#define RT_ARG NO_ROW
#define RT_OP NO_ROW
#define RT_COMPOSITE NO_ROW
const simd_map_row KERNEL(map)[] = {
#include <trivet/ops.def>
  {0}
};
