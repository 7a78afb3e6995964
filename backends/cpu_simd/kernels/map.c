// SPDX-License-Identifier: BSD-3-Clause
// The elementwise rows of ops.def for a float lane. A plain row is one loop of its formula over vectors; an input that is one element is loaded
// from a small buffer full of it. A function is a loop over whole blocks that all go through in_blocks, which copies what is left over to
// a block of its own, so that each function is compiled once. functions.h says where f32 and halves compute theirs.
#include "kernel.h"
#include "../vec/stream.h"
#include "../vmath/vocab.h"
#include "functions.h"

#define T(v) v_set((num)(v))
#define ARGUMENTS int64_t n, const void *const *in, void *out, uint32_t still
#define F32(name) KERNEL2(name, f32, SIMD_ISA)

// ---- elements -------------------------------------------------------------------------------------------------------------------------------
#ifdef SIMD_WIDE
typedef float item;
typedef float narrow_vec __attribute__((vector_size(V_BYTES / 2)));
V_INLINE vec load(const item *p) {
  narrow_vec x;
  memcpy(&x, p, sizeof x);
  return __builtin_convertvector(x, vec);
}
V_INLINE void store(item *p, vec x) {
  const narrow_vec y = __builtin_convertvector(x, narrow_vec);
  memcpy(p, &y, sizeof y);
}
#else
typedef lane item;
V_INLINE vec load(const item *p) { return v_load(p); }
V_INLINE void store(item *p, vec x) { v_store(p, x); }
#endif
V_INLINE vec parameter(const void *p) { return v_set((num)(V_LANE == V_IS_f64 && sizeof(item) == 8 ? *(const double *)p : (float)*(const double *)p)); }

// ---- plain rows: 128 bytes at a time, which hides their latency -----------------------------------------------------------------------------
#define PLAIN_BLOCK ((V_BYTES == 64 ? 2 : 4) * V_LANES)

typedef struct source { const lane *at; int64_t keep; bool gapped; } source; // element i is at[i & keep], or at[2 i]

V_INLINE source source_of(const void *in, bool is_still, bool is_gapped, lane *buffer) {
  if (!is_still) return (source){in, -1, is_gapped};
  const lane value = *(const lane *)in;
  for (int i = 0; i < PLAIN_BLOCK; i++) buffer[i] = value;
  return (source){buffer, 0, false};
}
V_INLINE vec take(source s, int64_t i, int64_t u) { return v_load(s.at + (i & s.keep) + u); }
#if V_LANE == V_IS_f32 || V_LANE == V_IS_f64
#define GAPS_PLAIN true
V_INLINE vec take_any(source s, int64_t i) { return s.gapped ? v_load_even(s.at + 2 * i) : take(s, i, 0); }
#else
#define GAPS_PLAIN false
V_INLINE vec take_any(source s, int64_t i) { return take(s, i, 0); }
#endif
V_INLINE vec take_n(source s, int64_t n) {
  if (!GAPS_PLAIN || !s.gapped) return s.keep ? v_load_n(s.at, n) : v_load(s.at);
  lane few[V_LANES];
  for (int64_t i = 0; i < n; i++) few[i] = s.at[2 * i];
  return v_load_n(few, n);
}

// What a row gives, and how it is stored; vectors as wide as memory takes them may go past the caches.
#if V_LANE == V_IS_f32 || V_LANE == V_IS_f64
V_INLINE bool may_stream(const lane *out, uint32_t still) { return (still & SIMD_STREAM) && (uintptr_t)out % V_BYTES == 0; }
V_INLINE void stream(lane *p, vec v) { b_stream(p, (bits)v); }
#else
V_INLINE bool may_stream(const lane *out, uint32_t still) { return (void)out, (void)still, false; }
V_INLINE void stream(lane *p, vec v) { v_store(p, v); }
#endif
/// Elements until stores of a whole cache line no longer cross into the next one, where vectors are that long and n makes it worth while.
V_INLINE int64_t to_line(const void *out, size_t size, int64_t n) {
  const uintptr_t past = (uintptr_t)out % V_BYTES;
  return V_BYTES < 64 || size * V_LANES != V_BYTES || past % size || !past || n < 8 * V_LANES ? 0 : (int64_t)((V_BYTES - past) / size);
}

#define OUT_SAME lane
#define MADE_SAME vec
#define MAY_STREAM_SAME may_stream
#define STREAM_SAME stream
#define PUT_SAME(p, v) v_store(p, v)
#define PUT_N_SAME(p, v, n) v_store_n(p, v, n)
#define OUT_REAL lane
#define MADE_REAL vec
#define MAY_STREAM_REAL may_stream
#define STREAM_REAL stream
#define PUT_REAL PUT_SAME
#define PUT_N_REAL PUT_N_SAME
#define OUT_BOOL uint8_t
#define MADE_BOOL vmask
#define MAY_STREAM_BOOL(p, still) false
#define STREAM_BOOL PUT_BOOL
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

// First what comes before a cache line; then a block at a time; single vectors where an input has gaps and for what is left. The last one, which
// may share elements with the one before it, is computed before the output, which may be an input, is written.
#define LOOP(result, with, formula)                                                                                                         \
  OUT_##result *py = out;                                                                                                                  \
  if (n < V_LANES) {                                                                                                                       \
    if (n > 0) { with(take_n, n) PUT_N_##result(py, formula, n); }                                                                         \
    return;                                                                                                                                \
  }                                                                                                                                        \
  MADE_##result last;                                                                                                                      \
  { with(take_any, n - V_LANES) last = formula; }                                                                                          \
  const bool past = MAY_STREAM_##result(py, still);                                                                                        \
  int64_t i = to_line(py, sizeof *py, n);                                                                                                  \
  if (i) { with(take_n, i) PUT_N_##result(py, formula, i); }                                                                               \
  for (; i + PLAIN_BLOCK <= n && !(still & SIMD_GAPS); i += PLAIN_BLOCK) {                                                                 \
    MADE_##result y[PLAIN_BLOCK / V_LANES];                                                                                                  \
    V_UNROLL for (int64_t u = 0; u < PLAIN_BLOCK; u += V_LANES) { with(take, i, u) y[u / V_LANES] = formula; }                             \
    if (past) V_UNROLL for (int64_t u = 0; u < PLAIN_BLOCK; u += V_LANES) STREAM_##result(py + i + u, y[u / V_LANES]);                     \
    else V_UNROLL for (int64_t u = 0; u < PLAIN_BLOCK; u += V_LANES) PUT_##result(py + i + u, y[u / V_LANES]);                             \
  }                                                                                                                                        \
  if (past) b_stream_end();                                                                                                                \
  for (; i + V_LANES < n; i += V_LANES) { with(take_any, i) PUT_##result(py + i, formula); }                                               \
  PUT_##result(py + n - V_LANES, last);
#define SOURCE(k) lane b##k[PLAIN_BLOCK]; const source s##k = source_of(in[k], still >> k & 1, still & SIMD_GAP(k), b##k);
#define WITH_X(take, ...) const vec x = take(s0, __VA_ARGS__);
#define WITH_AB(take, ...) const vec a = take(s0, __VA_ARGS__), b = take(s1, __VA_ARGS__);
#define WITH_ABC(take, ...) WITH_AB(take, __VA_ARGS__) const vec c = take(s2, __VA_ARGS__);
#define PLAIN_1(name, result, x, formula) static void map_##name(ARGUMENTS) { SOURCE(0) LOOP(result, WITH_X, formula) }
#define PLAIN_P(name, result, x, formula) \
  static void map_##name(ARGUMENTS) { SOURCE(0) const vec p = parameter(in[1]); LOOP(result, WITH_X, formula) }
#define PLAIN_2(name, result, a, formula) static void map_##name(ARGUMENTS) { SOURCE(0) SOURCE(1) LOOP(result, WITH_AB, formula) }
#define PLAIN_3(name, result, a, formula) static void map_##name(ARGUMENTS) { SOURCE(0) SOURCE(1) SOURCE(2) LOOP(result, WITH_ABC, formula) }

// ---- functions ------------------------------------------------------------------------------------------------------------------------------
#define FUNCTION_STEP (NUM_BITS == 32 ? 2 : 1) // vectors at a time
#define BLOCK (FUNCTION_STEP * V_LANES)
typedef struct block_in { const item *at[2]; int64_t keep[2]; const void *parameter; } block_in; // element i of k is at[k][i & keep[k]]
typedef void (*block_fn)(int64_t n, const block_in *in, item *out);                              // n: a multiple of BLOCK

__attribute__((noinline, unused)) static void in_blocks(block_fn fn, int n_in, bool has_parameter, ARGUMENTS) {
  item buffer[3][BLOCK];
  block_in from = {.parameter = has_parameter ? in[n_in] : NULL};
  for (int k = 0; k < n_in; k++) {
    const item *x = in[k];
    const bool is_still = still >> k & 1;
    from.at[k] = is_still ? buffer[k] : x, from.keep[k] = is_still ? 0 : -1;
    for (int i = 0; is_still && i < BLOCK; i++) buffer[k][i] = *x;
  }
  const int64_t whole = n / BLOCK * BLOCK, rest = n - whole;
  item *y = out;
  if (whole) fn(whole, &from, y);
  if (!rest) return;
  for (int k = 0; k < n_in; k++) {
    if (!from.keep[k]) continue;
    for (int64_t i = 0; i < BLOCK; i++) buffer[k][i] = from.at[k][whole + (i < rest ? i : rest - 1)];
    from.at[k] = buffer[k];
  }
  fn(BLOCK, &from, buffer[2]);
  for (int64_t i = 0; i < rest; i++) y[whole + i] = buffer[2][i];
}

// All inputs of a block are loaded before a result is stored, so that the compiler may take the vectors' instructions in turns.
#define EACH_BLOCK(formula, load_all, use)                                                                                                  \
  for (int64_t i = 0; i < n; i += BLOCK) {                                                                                                 \
    vec y[FUNCTION_STEP];                                                                                                                  \
    load_all                                                                                                                               \
    V_UNROLL for (int k = 0; k < FUNCTION_STEP; k++) { use y[k] = formula; }                                                               \
    V_UNROLL for (int k = 0; k < FUNCTION_STEP; k++) store(out + i + k * V_LANES, y[k]);                                                   \
  }
#define GET(k) vec x##k[FUNCTION_STEP]; V_UNROLL for (int j = 0; j < FUNCTION_STEP; j++) x##k[j] = load(at##k + (i & keep##k) + j * V_LANES);
#define FROM(k) const item *const at##k = in->at[k]; const int64_t keep##k = in->keep[k];
#define BLOCKS_1(name, x, formula)                                                                                                          \
  static void blocks_##name(int64_t n, const block_in *in, item *out) { FROM(0) EACH_BLOCK(formula, GET(0), const vec x = x0[k];) }
#define BLOCKS_P(name, x, formula)                                                                                                          \
  static void blocks_##name(int64_t n, const block_in *in, item *out) {                                                                    \
    FROM(0) const vec p = parameter(in->parameter);                                                                                        \
    EACH_BLOCK(formula, GET(0), const vec x = x0[k];)                                                                                      \
  }
#define BLOCKS_2(name, a, formula)                                                                                                          \
  static void blocks_##name(int64_t n, const block_in *in, item *out) {                                                                    \
    FROM(0) FROM(1) EACH_BLOCK(formula, GET(0) GET(1), const vec a = x0[k]; const vec b = x1[k];)                                          \
  }

#if V_LANE == V_IS_f32 && defined V_FAST_FMA
/// A sign bit for each lane that is no number up to the limit.
V_INLINE ivec beyond(float limit, vec x) { return v_bits(v_set(limit)) - v_bits(v_abs(x)); }
#endif
// The blocks are two functions, so that the constants of the usual one stay in registers. It gives the index of the first block that is not for it. A
// number gets the same form in both, so that its result does not depend on what lies beside it.
#define BLOCKS_NEAR(name, x, formula)                                                                                                       \
  __attribute__((noinline)) static void far_##name(int64_t i, const block_in *in, item *out) {                                             \
    FROM(0) GET(0)                                                                                                                         \
    for (int k = 0; k < FUNCTION_STEP; k++) {                                                                                              \
      const vec x = x0[k];                                                                                                                 \
      const vmask far = v_mask(FAR_##name(x));                                                                                             \
      vec y = m_##name##_near(x);                                                                                                          \
      if (v_any(far)) y = v_select(far, formula, y);                                                                                       \
      store(out + i + k * V_LANES, y);                                                                                                     \
    }                                                                                                                                      \
  }                                                                                                                                        \
  __attribute__((noinline)) static int64_t near_##name(int64_t i, int64_t n, const block_in *in, item *out) {                              \
    FROM(0)                                                                                                                                \
    for (; i < n; i += BLOCK) {                                                                                                            \
      GET(0) vec y[FUNCTION_STEP];                                                                                                         \
      ivec far = v_iset(0);                                                                                                                \
      V_UNROLL for (int k = 0; k < FUNCTION_STEP; k++) far |= FAR_##name(x0[k]);                                                           \
      if (v_any(v_mask(far))) break;                                                                                                       \
      V_UNROLL for (int k = 0; k < FUNCTION_STEP; k++) y[k] = m_##name##_near(x0[k]);                                                      \
      V_UNROLL for (int k = 0; k < FUNCTION_STEP; k++) store(out + i + k * V_LANES, y[k]);                                                 \
    }                                                                                                                                      \
    return i;                                                                                                                              \
  }                                                                                                                                        \
  static void blocks_##name(int64_t n, const block_in *in, item *out) {                                                                    \
    for (int64_t i = 0; (i = near_##name(i, n, in, out)) < n; i += BLOCK) far_##name(i, in, out);                                          \
  }
#define INPUTS_1 1, false
#define INPUTS_P 1, true
#define INPUTS_2 2, false

#define DECLARED(form, name, result, x, formula) void F32(name)(ARGUMENTS);
#define EXPORTED(form, name, result, x, formula)                                                                                                    \
  BLOCKS_##form(name, x, formula) void F32(name)(ARGUMENTS);                                                                               \
  void F32(name)(ARGUMENTS) { in_blocks(blocks_##name, INPUTS_##form, n, in, out, still); }
#define EXPORTED_NEAR(form, name, result, x, formula)                                                                                       \
  BLOCKS_NEAR(name, x, formula) void F32(name)(ARGUMENTS);                                                                                 \
  void F32(name)(ARGUMENTS) { in_blocks(blocks_##name, INPUTS_##form, n, in, out, still); }
#define PRIVATE(form, name, result, x, formula)                                                                                                     \
  BLOCKS_##form(name, x, formula) static void map_##name(ARGUMENTS) { in_blocks(blocks_##name, INPUTS_##form, n, in, out, still); }
#define THROUGH_F32(form, name, result, x, formula)                                                                                                 \
  void F32(name)(ARGUMENTS);                                                                                                               \
  static void map_##name(ARGUMENTS) { through_f32(F32(name), INPUTS_##form, n, in, out, still); }

#if V_LANE == V_IS_f16 || V_LANE == V_IS_bf16
#define PIECE 256
/// A function of halves is that of f32 in pieces, rounded once more.
static void through_f32(simd_map fn, int n_in, bool has_parameter, ARGUMENTS) {
  _Alignas(64) float wide[3][PIECE];
  const void *from[3] = {wide[0], wide[1], wide[2]};
  if (has_parameter) from[n_in] = in[n_in];
  for (int k = 0; k < n_in; k++)
    if (still >> k & 1) {
      const vec value = v_load_n(in[k], 1);
      memcpy(wide[k], &value, sizeof(float));
    }
  for (int64_t i = 0; i < n; i += PIECE) {
    const int64_t m = n - i < PIECE ? n - i : PIECE;
    for (int k = 0; k < n_in; k++) {
      if (still >> k & 1) continue;
      for (int64_t j = 0; j < m; j += V_LANES) {
        const lane *x = (const lane *)in[k] + i + j;
        const vec value = m - j < V_LANES ? v_load_n(x, m - j) : v_load(x);
        memcpy(wide[k] + j, &value, sizeof value);
      }
    }
    fn(m, from, wide[2], still);
    for (int64_t j = 0; j < m; j += V_LANES) {
      lane *y = (lane *)out + i + j;
      vec value;
      memcpy(&value, wide[2] + j, sizeof value);
      if (m - j < V_LANES) v_store_n(y, value, m - j);
      else v_store(y, value);
    }
  }
}
#endif

#define NOTHING(...)

#ifdef SIMD_WIDE
#define ROW_PLAIN NOTHING
#define ROW_OWN NOTHING
#define ROW_NEAR NOTHING
#define ROW_WIDE EXPORTED
#else
#define ROW_PLAIN(form, name, result, x, formula) PLAIN_##form(name, result, x, formula)
#define NAME_PLAIN(name) map_##name
#if V_LANE == V_IS_f64
#define ROW_OWN PRIVATE
#define ROW_NEAR PRIVATE
#define ROW_WIDE PRIVATE
#define NAME_OWN(name) map_##name
#define NAME_NEAR(name) map_##name
#define NAME_WIDE(name) map_##name
#elif V_LANE == V_IS_f32
#define ROW_OWN EXPORTED
#ifdef V_FAST_FMA
#define ROW_NEAR EXPORTED_NEAR
#else
#define ROW_NEAR EXPORTED
#endif
#define ROW_WIDE DECLARED
#define NAME_OWN(name) F32(name)
#define NAME_NEAR(name) F32(name)
#define NAME_WIDE(name) F32(name)
#else
#define ROW_OWN THROUGH_F32
#define ROW_NEAR THROUGH_F32
#define ROW_WIDE THROUGH_F32
#define NAME_OWN(name) map_##name
#define NAME_NEAR(name) map_##name
#define NAME_WIDE(name) map_##name
#endif
#endif

#define ROW(form, name, result, x, formula) V_PASTE(ROW_, KIND(name))(form, name, result, x, formula)
#define RT_UNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) IF_##dtypes(ROW(1, name, result, x, formula))
#define RT_PARAM(id, NAME, name, dtypes, result, cpu, gpu, param, value, formula, doc) IF_##dtypes(ROW(P, name, result, x, formula))
#define RT_BINARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) IF_RESULT_##result(IF_##dtypes(ROW(2, name, result, a, formula)))
#define RT_TERNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) IF_##dtypes(ROW(3, name, result, a, formula))
#define RT_REDUCE NO_ROW
#define RT_ARG NO_ROW
#define RT_OP NO_ROW
#define RT_COMPOSITE NO_ROW
#include <trivet/ops.def>

#ifndef SIMD_WIDE
// Vectors of half the length, or of f64, take twice as long; halves are converted.
#define COST(name) (COST_F32(name) * (NUM_BITS / 32) * (V_BYTES >= 32 ? 1 : 2) + (sizeof(lane) == 2))
#define NAME(name) V_PASTE(NAME_, KIND(name))(name)
#define GAPS_OWN false
#define GAPS_NEAR false
#define GAPS_WIDE false
#define RT_UNARY(id, NAME_, name, dtypes, result, cpu, gpu, ...) IF_##dtypes(IF_RESULT_##result({id, COST(name), NAME(name), V_PASTE(GAPS_, KIND(name))}, ))
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
#endif
