// SPDX-License-Identifier: BSD-3-Clause
// Where the largest or smallest element of a float lane is. Rows are searched for its value first, at the speed of a maximum, and then the one
// block that it is in for its place; columns keep the place of the best beside it.
#include "extreme.h"

typedef struct place {
  num best;
  int64_t at; // -1: nothing seen yet
} place;

V_INLINE bool is_better(bool is_max, num x, num best) { return x != x ? best == best : is_max ? x > best : x < best; }
V_INLINE void offer(bool is_max, place *p, num x, int64_t at) {
  if (p->at < 0 || is_better(is_max, x, p->best)) *p = (place){x, at};
}

V_INLINE vmask is_wanted(bool is_nan, vec x, vec wanted) { return is_nan ? v_is_nan(x) : v_eq(x, wanted); }

/// The first of x that is `value`, which is there; a NaN is any NaN.
V_INLINE int64_t find(bool is_nan, const lane *x, int64_t n, num value) {
  enum { STRIDE = 4 * V_LANES };
  const vec wanted = v_set(value);
  int64_t i = 0;
  for (; i + STRIDE < n; i += STRIDE) {
    const vmask a = is_wanted(is_nan, v_load(x + i), wanted), b = is_wanted(is_nan, v_load(x + i + V_LANES), wanted);
    const vmask c = is_wanted(is_nan, v_load(x + i + 2 * V_LANES), wanted), d = is_wanted(is_nan, v_load(x + i + 3 * V_LANES), wanted);
    if (v_any(v_or(v_or(a, b), v_or(c, d)))) break;
  }
  for (;; i += V_LANES) {
    const vmask here = is_wanted(is_nan, load_columns(x + i, n - i), wanted);
    if (!v_any(here) && i + V_LANES < n) continue;
    uint8_t found[V_LANES];
    v_store_mask(found, here);
    int k = 0;
    while (k < V_LANES - 1 && !found[k]) k++;
    return i + k;
  }
}

enum { BLOCK = 4096 };

V_INLINE void place_rows(bool is_max, int64_t m, int64_t n, const lane *x, int64_t step, int64_t first, place *p) {
  for (int64_t j = 0; j < m; j++) {
    const lane *row = x + j * step;
    int64_t block = -1;
    for (int64_t i = 0; i < n && p[j].best == p[j].best; i += BLOCK) {
      const num value = row_extreme(is_max, row + i, n - i < BLOCK ? n - i : BLOCK);
      if (p[j].at < 0 || is_better(is_max, value, p[j].best)) p[j] = (place){value, first + i}, block = i;
    }
    if (block < 0) continue;
    const int64_t rest = n - block < BLOCK ? n - block : BLOCK;
    p[j].at += p[j].best == p[j].best ? find(false, row + block, rest, p[j].best) : find(true, row + block, rest, p[j].best);
  }
}

// The numbers of rows are counted in lanes: AT_ONCE of them fit.
#define AT_ONCE (1 << 30)
V_INLINE void place_columns(bool is_max, int64_t m, int64_t n, const lane *x, int64_t step, int64_t first, place *p) {
  num best[SIMD_FOLD_RESULTS + V_LANES];
  inum at[SIMD_FOLD_RESULTS + V_LANES];
  for (int64_t begin = 0; begin < n; begin += AT_ONCE) {
    const int64_t end = n - begin < AT_ONCE ? n : begin + AT_ONCE;
    const lane *row = x + begin * step;
    for (int64_t j = 0; j < m; j += V_LANES) put(best + j, load_columns(row + j, m - j));
    memset(at, 0, sizeof at);
    for (int64_t i = begin + 1; i < end; i++) {
      row += step;
      for (int64_t j = 0; j < m; j += V_LANES) {
        const vec v = load_columns(row + j, m - j), old = get(best + j);
        ivec old_at;
        memcpy(&old_at, at + j, sizeof old_at);
        const vmask not_better = v_or(is_max ? v_le(v, old) : v_le(old, v), v_is_nan(old));
        const ivec new_at = v_iselect(not_better, old_at, v_iset((inum)(i - begin)));
        put(best + j, v_select(not_better, old, v));
        memcpy(at + j, &new_at, sizeof new_at);
      }
    }
    for (int64_t j = 0; j < m; j++) offer(is_max, &p[j], best[j], first + begin + (int64_t)at[j]);
  }
}

static void place_start(int64_t m, void *state) {
  for (int64_t j = 0; j < m; j++) ((place *)state)[j] = (place){0, -1};
}

static void place_finish(int64_t m, const void *state, int64_t n, void *out, int64_t out_step) {
  (void)n;
  for (int64_t j = 0; j < m; j++) ((int64_t *)out)[j * out_step] = ((const place *)state)[j].at;
}

#define PLACE(name, is_max)                                                                                                                \
  static void name##_rows(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {                                 \
    place_rows(is_max, m, n, x, step, first, state);                                                                                       \
  }                                                                                                                                        \
  static void name##_columns(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {                              \
    place_columns(is_max, m, n, x, step, first, state);                                                                                    \
  }                                                                                                                                        \
  static void name##_join(int64_t m, const void *later, void *state) {                                                                     \
    const place *more = later;                                                                                                             \
    for (int64_t j = 0; j < m; j++) offer(is_max, (place *)state + j, more[j].best, more[j].at);                                           \
  }
PLACE(argmax, true)
PLACE(argmin, false)

const simd_fold KERNEL(arg)[] = {
  {RTB_OP_ARGMAX, 2, sizeof(place), place_start, argmax_rows, argmax_columns, argmax_join, place_finish},
  {RTB_OP_ARGMIN, 2, sizeof(place), place_start, argmin_rows, argmin_columns, argmin_join, place_finish},
  {0},
};
