// SPDX-License-Identifier: BSD-3-Clause
// Reductions of a float lane, along rows and along columns: sums by blocks (total.h), products, largest and smallest (extreme.h), any and all.
#include "extreme.h"
#include "total.h"

enum { GROUP = 8, GROUPS = 16, FEW = 4 }; // of columns: rows of a sum at a time, and how often before their totals are due; rows of a maximum

// ---- sums ---------------------------------------------------------------------------------------------------------------------------------
V_INLINE void store_number(lane *out, num value) {
#if V_LANE == V_IS_f32 || V_LANE == V_IS_f64
  *out = value;
#else
  v_store_n(out, v_set(value), 1);
#endif
}

/// Calls step(..., j, lanes) for the columns j of m, by vectors and then what is left.
#define EACH_COLUMN(m, step, ...)                                                                                                          \
  do {                                                                                                                                     \
    int64_t j = 0;                                                                                                                         \
    for (; j + V_LANES <= (m); j += V_LANES) step(__VA_ARGS__, j, V_LANES);                                                                \
    if (j < (m)) step(__VA_ARGS__, j, (m) - j);                                                                                            \
  } while (0)

V_INLINE num block_sum(const lane *x, int64_t n) {
  vec a[WIDE];
  int64_t i = 0;
  if (n >= WIDE * V_LANES) {
    V_UNROLL for (int k = 0; k < WIDE; k++) a[k] = v_load(x + k * V_LANES);
    i = WIDE * V_LANES;
  } else {
    V_UNROLL for (int k = 0; k < WIDE; k++) a[k] = v_zero();
  }
  for (; i + WIDE * V_LANES <= n; i += WIDE * V_LANES)
    V_UNROLL for (int k = 0; k < WIDE; k++) a[k] = v_add(a[k], v_load(x + i + k * V_LANES));
  if (n - i >= 4 * V_LANES) {
    V_UNROLL for (int k = 0; k < 4; k++) a[k] = v_add(a[k], v_load(x + i + k * V_LANES));
    i += 4 * V_LANES;
  }
  for (int64_t rest; (rest = n - i) > 0; i += V_LANES) a[4] = v_add(a[4], load_columns(x + i, rest));
  return v_sum(sum8(a));
}

static void sum_start(int64_t m, void *state) { memset(state, 0, (size_t)m * sizeof(total)); }

static void sum_rows(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {
  (void)first;
  total *t = state;
  for (int64_t j = 0; j < m; j++) {
    const lane *row = (const lane *)x + j * step;
    for (int64_t i = 0; i < n; i += BLOCK) total_add(&t[j], block_sum(row + i, n - i < BLOCK ? n - i : BLOCK));
  }
}

/// Adds `rows` rows of a vector of columns to part.
V_INLINE void add_rows(int rows, const lane *x, int64_t step, num *part, int64_t j, int64_t lanes) {
  vec a[GROUP];
  V_UNROLL for (int r = 0; r < rows; r++) a[r] = load_columns(x + r * step + j, lanes);
  V_UNROLL for (int apart = 1; apart < rows; apart *= 2)
    V_UNROLL for (int r = 0; r + apart < rows; r += 2 * apart) a[r] = v_add(a[r], a[r + apart]);
  put(part + j, v_add(get(part + j), a[0]));
}

static void sum_columns(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {
  (void)first;
  total *t = state;
  num part[SIMD_FOLD_RESULTS + V_LANES];
  for (int64_t i = 0; i < n;) {
    const int64_t end = n - i < GROUP * GROUPS ? n : i + GROUP * GROUPS;
    const lane *px = (const lane *)x + i * step;
    memset(part, 0, ((size_t)m + V_LANES) * sizeof *part);
    for (; i + GROUP <= end; i += GROUP, px += GROUP * step) EACH_COLUMN(m, add_rows, GROUP, px, step, part);
    for (; i < end; i++, px += step) EACH_COLUMN(m, add_rows, 1, px, step, part);
    for (int64_t j = 0; j < m; j++) total_add(&t[j], part[j]);
  }
}

static void sum_join(int64_t m, const void *later, void *state) {
  const total *more = later;
  total *t = state;
  for (int64_t j = 0; j < m; j++) total_join(&t[j], &more[j]);
}

static void sum_finish(int64_t m, const void *state, int64_t n, void *out, int64_t out_step) {
  (void)n;
  for (int64_t j = 0; j < m; j++) store_number((lane *)out + j * out_step, (num)total_value((const total *)state + j));
}

static void mean_finish(int64_t m, const void *state, int64_t n, void *out, int64_t out_step) {
  for (int64_t j = 0; j < m; j++) store_number((lane *)out + j * out_step, (num)(total_value((const total *)state + j) / (double)n));
}

// ---- products: in double, so that a partial product of floats hardly ever leaves the range that the whole stays in --------------------------
static void prod_start(int64_t m, void *state) {
  for (int64_t j = 0; j < m; j++) ((double *)state)[j] = 1;
}

static void prod_columns(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {
  (void)first;
  double *product = state;
  for (int64_t i = 0; i < n; i++) {
    const lane *row = (const lane *)x + i * step;
    for (int64_t j = 0; j < m; j += V_LANES) {
      const vec v = load_columns(row + j, m - j);
      const int64_t end = m - j < V_LANES ? m - j : V_LANES;
      for (int64_t k = 0; k < end; k++) product[j + k] *= (double)v[k];
    }
  }
}

static void prod_rows(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {
  for (int64_t j = 0; j < m; j++) {
    const lane *row = (const lane *)x + j * step;
    const int64_t whole = n / (2 * V_LANES);
    double part[2 * V_LANES], *product = (double *)state + j; // a row is a narrow matrix and some terms more
    prod_start(2 * V_LANES, part);
    prod_columns(2 * V_LANES, whole, row, 2 * V_LANES, first, part);
    prod_columns(n - whole * 2 * V_LANES, 1, row + whole * 2 * V_LANES, 0, first, part);
    for (int k = 0; k < 2 * V_LANES; k++) *product *= part[k];
  }
}

static void prod_join(int64_t m, const void *later, void *state) {
  for (int64_t j = 0; j < m; j++) ((double *)state)[j] *= ((const double *)later)[j];
}

static void prod_finish(int64_t m, const void *state, int64_t n, void *out, int64_t out_step) {
  (void)n;
  for (int64_t j = 0; j < m; j++) store_number((lane *)out + j * out_step, (num)((const double *)state)[j]);
}

// ---- largest and smallest -------------------------------------------------------------------------------------------------------------------
V_INLINE num better_number(bool is_max, num a, num b) {
  if (a != a || b != b) return a + b;
  if (a == b) return signbit(a) == is_max ? b : a;
  return (a > b) == is_max ? a : b;
}

V_INLINE void extreme_start(bool is_max, int64_t m, num *best) {
  for (int64_t j = 0; j < m; j++) best[j] = is_max ? -(num)INFINITY : (num)INFINITY;
}

V_INLINE void extremes_join(bool is_max, int64_t m, const num *later, num *best) {
  int64_t j = 0;
  for (; j + V_LANES <= m; j += V_LANES) put(best + j, is_max ? v_max(get(best + j), get(later + j)) : v_min(get(best + j), get(later + j)));
  for (; j < m; j++) best[j] = better_number(is_max, best[j], later[j]);
}

V_INLINE void extreme_rows(bool is_max, int64_t m, int64_t n, const lane *x, int64_t step, num *best) {
  num value[SIMD_FOLD_RESULTS];
  for (int64_t j = 0; j < m; j++) value[j] = row_extreme(is_max, x + j * step, n);
  extremes_join(is_max, m, value, best);
}

/// Rows of a vector of columns. Among NaNs and numbers a NaN in `best` stays (v_high); one in x is put there after every group.
V_INLINE void extreme_of_rows(bool is_max, int rows, const lane *x, int64_t step, num *best, int64_t j, int64_t lanes) {
  vec b = get(best + j);
  vmask nan = v_ne(v_zero(), v_zero());
  if (rows == 1) {
    const vec v = load_columns(x + j, lanes);
    b = better(is_max, v, b), nan = v_is_nan(v);
  }
  V_UNROLL for (int r = 0; r + 1 < rows; r += 2) {
    const vec v = load_columns(x + r * step + j, lanes), w = load_columns(x + (r + 1) * step + j, lanes);
    b = better(is_max, w, better(is_max, v, b)), nan = v_or(nan, v_unordered(v, w));
  }
  put(best + j, v_select(nan, v_set((num)NAN), b));
}

/// The signs of zeros that are the largest (smallest) of columns: found again, because few columns need it.
V_INLINE void zeros_of_rows(bool is_max, int64_t n, const lane *x, int64_t step, num *best, int64_t j, int64_t lanes) {
  const vec b = get(best + j);
  const vmask is_zero = v_and(v_eq(b, v_zero()), first_lanes(lanes));
  if (!v_any(is_zero)) return;
  ivec all = v_iset(is_max ? -1 : 0);
  for (int64_t i = 0; i < n; i++) all = joint_bits(is_max, all, v_bits(load_columns(x + i * step + j, lanes)));
  put(best + j, v_select(is_zero, v_from_bits(all & V_SIGN), b));
}

V_INLINE void extreme_columns(bool is_max, int64_t m, int64_t n, const lane *x, int64_t step, num *best) {
  num part[SIMD_FOLD_RESULTS + V_LANES];
  for (int64_t j = 0; j < m; j += V_LANES) put(part + j, v_set(is_max ? -(num)INFINITY : (num)INFINITY));
  int64_t i = 0;
  for (; i + FEW <= n; i += FEW) EACH_COLUMN(m, extreme_of_rows, is_max, FEW, x + i * step, step, part);
  for (; i < n; i++) EACH_COLUMN(m, extreme_of_rows, is_max, 1, x + i * step, step, part);
  EACH_COLUMN(m, zeros_of_rows, is_max, n, x, step, part);
  extremes_join(is_max, m, part, best);
}

static void extreme_finish(int64_t m, const void *state, int64_t n, void *out, int64_t out_step) {
  (void)n;
  const num *best = state;
  for (int64_t j = 0; j < m; j++) store_number((lane *)out + j * out_step, best[j]);
}

#define EXTREME(name, is_max)                                                                                                              \
  static void name##_start(int64_t m, void *state) { extreme_start(is_max, m, state); }                                                    \
  static void name##_rows(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {                                 \
    (void)first;                                                                                                                           \
    extreme_rows(is_max, m, n, x, step, state);                                                                                            \
  }                                                                                                                                        \
  static void name##_columns(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {                              \
    (void)first;                                                                                                                           \
    extreme_columns(is_max, m, n, x, step, state);                                                                                         \
  }                                                                                                                                        \
  static void name##_join(int64_t m, const void *later, void *state) { extremes_join(is_max, m, later, state); }
EXTREME(max, true)
EXTREME(min, false)

// ---- any and all: has one been found that is not 0, or one that is? ------------------------------------------------------------------------
V_INLINE vmask is_found(bool is_any, vec x) { return is_any ? v_ne(x, v_zero()) : v_eq(x, v_zero()); }

V_INLINE bool find_in_row(bool is_any, const lane *x, int64_t n) {
  int64_t i = 0;
  for (; i + WIDE * V_LANES <= n; i += WIDE * V_LANES) {
    vmask found = is_found(is_any, v_load(x + i));
    V_UNROLL for (int k = 1; k < WIDE; k++) found = v_or(found, is_found(is_any, v_load(x + i + k * V_LANES)));
    if (v_any(found)) return true;
  }
  for (; i + V_LANES <= n; i += V_LANES)
    if (v_any(is_found(is_any, v_load(x + i)))) return true;
  return i < n && v_any(is_found(is_any, load_or(x + i, n - i, is_any ? v_zero() : v_set(1))));
}

V_INLINE void find_rows(bool is_any, int64_t m, int64_t n, const lane *x, int64_t step, uint8_t *found) {
  for (int64_t j = 0; j < m; j++) found[j] = found[j] || find_in_row(is_any, x + j * step, n);
}

V_INLINE void find_of_rows(bool is_any, int rows, const lane *x, int64_t step, uint8_t *found, int64_t j, int64_t lanes) {
  vmask here = is_found(is_any, load_columns(x + j, lanes));
  V_UNROLL for (int r = 1; r < rows; r++) here = v_or(here, is_found(is_any, load_columns(x + r * step + j, lanes)));
  uint8_t bytes[V_LANES];
  v_store_mask(bytes, here);
  for (int64_t k = 0; k < lanes; k++) found[j + k] |= bytes[k];
}

V_INLINE void find_columns(bool is_any, int64_t m, int64_t n, const lane *x, int64_t step, uint8_t *found) {
  int64_t i = 0;
  for (; i + GROUP <= n; i += GROUP) EACH_COLUMN(m, find_of_rows, is_any, GROUP, x + i * step, step, found);
  for (; i < n; i++) EACH_COLUMN(m, find_of_rows, is_any, 1, x + i * step, step, found);
}
#include "find.h"

const simd_fold KERNEL(reduce)[] = {
  {RTB_OP_SUM, 1, sizeof(total), sum_start, sum_rows, sum_columns, sum_join, sum_finish},
  {RTB_OP_MEAN, 1, sizeof(total), sum_start, sum_rows, sum_columns, sum_join, mean_finish},
  {RTB_OP_PROD, 4, sizeof(double), prod_start, prod_rows, prod_columns, prod_join, prod_finish},
  {RTB_OP_MAX, 1, sizeof(num), max_start, max_rows, max_columns, max_join, extreme_finish},
  {RTB_OP_MIN, 1, sizeof(num), min_start, min_rows, min_columns, min_join, extreme_finish},
  {RTB_OP_ANY, 1, 1, find_start, any_rows, any_columns, find_join, any_finish},
  {RTB_OP_ALL, 1, 1, find_start, all_rows, all_columns, find_join, all_finish},
  {0},
};
