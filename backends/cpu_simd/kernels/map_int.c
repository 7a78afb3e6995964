// SPDX-License-Identifier: BSD-3-Clause
// The elementwise rows of ops.def for an integer lane or bool. A row is a loop over whole vectors and nothing else; one function for all rows
// makes vectors of what is left at the end, and of an input that is one element.
#include "kernel.h"
#include "../vmath/vocab_int.h"

#define T(v) v_set((num)(v))
// Tenths of a nanosecond per element: what loads and stores cost; divisions are made one by one.
#define COST(id) ((id) == RTB_OP_FLOOR_DIV || (id) == RTB_OP_REMAINDER || (id) == RTB_OP_FMOD || (id) == RTB_OP_POW ? 30 : sizeof(lane) < 4 ? 1 : sizeof(lane) / 2)

/// n vectors; from one to the next each input goes on by its step, in elements.
typedef void (*row_loop)(int64_t n, const lane *const *in, const int64_t *step, void *out);

static __attribute__((noinline)) void run(row_loop loop, int64_t n, const void *const *in, void *out, uint32_t still, int32_t n_in, int64_t out_bytes) {
  lane part[3][V_LANES], last[V_LANES];
  const lane *at[3];
  int64_t step[3];
  const int64_t whole = n / V_LANES, rest = n % V_LANES;
  for (int32_t k = 0; k < n_in; k++) {
    at[k] = in[k], step[k] = V_LANES;
    if (still >> k & 1) {
      for (int i = 0; i < V_LANES; i++) part[k][i] = *at[k];
      at[k] = part[k], step[k] = 0;
    }
  }
  if (whole) loop(whole, at, step, out);
  if (!rest) return;
  for (int32_t k = 0; k < n_in; k++) {
    if (!step[k]) continue;
    memset(part[k], 0, sizeof part[k]);
    memcpy(part[k], at[k] + whole * V_LANES, (size_t)rest * sizeof(lane));
    at[k] = part[k];
  }
  loop(1, at, step, last);
  memcpy((char *)out + whole * V_LANES * out_bytes, last, (size_t)(rest * out_bytes));
}

#define OUT_SAME lane
#define PUT_SAME(p, v) v_store(p, v)
#define OUT_REAL lane
#define PUT_REAL PUT_SAME
#define OUT_BOOL uint8_t
#define PUT_BOOL(p, v) v_store_mask(p, v)

#define KEEP(...) __VA_ARGS__
#define IF_ANY KEEP
#define IF_ANY_C KEEP
#define IF_BITS KEEP
#if V_LANE == V_IS_boolean
#define IF_NUMERIC NO_ROW
#define IF_INTEGER NO_ROW
#else
#define IF_NUMERIC KEEP
#define IF_INTEGER KEEP
#endif
#define IF_NUMERIC_C IF_NUMERIC
#define IF_FLOAT NO_ROW
#define IF_FLOAT_C NO_ROW

// An input is a pointer that walks; loads name the value that formulas know.
#define INPUT(x, k) const lane *p##x = in[k]; const int64_t s##x = step[k];
#define LOAD(x) const vec x = v_load(p##x); p##x += s##x;
#define ROW(name, n_in, result, inputs, loads, formula)                                                                                    \
  static void loop_##name(int64_t n, const lane *const *in, const int64_t *step, void *out) {                                             \
    inputs OUT_##result *y = out;                                                                                                          \
    for (int64_t i = 0; i < n; i++, y += V_LANES) { loads PUT_##result(y, formula); }                                                      \
  }                                                                                                                                        \
  static void map_##name(int64_t n, const void *const *in, void *out, uint32_t still) {                                                    \
    run(loop_##name, n, in, out, still, n_in, sizeof(OUT_##result));                                                                       \
  }

#define RT_UNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc) IF_##dtypes(ROW(name, 1, result, INPUT(x, 0), LOAD(x), formula))
#define RT_BINARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc)                                                                  \
  IF_##dtypes(ROW(name, 2, result, INPUT(a, 0) INPUT(b, 1), LOAD(a) LOAD(b), formula))
#define RT_TERNARY(id, NAME, name, dtypes, result, cpu, gpu, formula, doc)                                                                 \
  IF_##dtypes(ROW(name, 3, result, INPUT(a, 0) INPUT(b, 1) INPUT(c, 2), LOAD(a) LOAD(b) LOAD(c), formula))
#define RT_PARAM NO_ROW // floats alone have some
#define RT_REDUCE NO_ROW
#define RT_ARG NO_ROW
#define RT_OP NO_ROW
#define RT_COMPOSITE NO_ROW
#include <trivet/ops.def>

#define RT_UNARY(id, NAME, name, dtypes, result, cpu, gpu, ...) IF_##dtypes({id, COST(id), map_##name, false},)
#define RT_BINARY RT_UNARY
#define RT_TERNARY RT_UNARY
#define RT_PARAM NO_ROW
#define RT_REDUCE NO_ROW
#define RT_ARG NO_ROW
#define RT_OP NO_ROW
#define RT_COMPOSITE NO_ROW
const simd_map_row KERNEL(map)[] = {
#include <trivet/ops.def>
  {0}
};
