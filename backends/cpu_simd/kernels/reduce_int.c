// SPDX-License-Identifier: BSD-3-Clause
// Reductions of integers and bool: plain loops that the compiler makes vectors of. Sums of narrow integers are added up in 32 bits for as
// many terms as fit, and those in 64, where everything wraps.
#include <string.h>

#include "../simd.h"
#include "name.h"

#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
typedef uint8_t type_boolean;
typedef int8_t type_i8;
typedef int16_t type_i16;
typedef int32_t type_i32;
typedef int64_t type_i64;
typedef uint8_t type_u8;
typedef uint16_t type_u16;
typedef uint32_t type_u32;
typedef uint64_t type_u64;
#define IS_BOOL_boolean 1
#define IS_BOOL PASTE(IS_BOOL_, SIMD_LANE) // 0 for the preprocessor for all others
typedef PASTE(type_, SIMD_LANE) lane;
#define IS_SIGNED ((lane)-1 < 1)
#define LOWEST ((lane)(IS_SIGNED ? (uint64_t)1 << (8 * sizeof(lane) - 1) : 0))
#define HIGHEST ((lane)~LOWEST)
#define INLINE static inline __attribute__((always_inline))

#if IS_BOOL
#define VALUE(x) ((lane)((x) != 0))
#else
#define VALUE(x) (x)
#endif

// ---- sums and products ------------------------------------------------------------------------------------------------------------------------
enum { FITS = 32768 }; // terms of 16 bits in a part

INLINE uint64_t row_sum(const lane *x, int64_t n) {
  uint64_t sum = 0;
  if (sizeof(lane) > 2) {
    for (int64_t i = 0; i < n; i++) sum += (uint64_t)x[i];
    return sum;
  }
  for (int64_t i = 0; i < n;) {
    const int64_t end = n - i < FITS ? n : i + FITS;
    uint32_t part = 0;
    for (; i < end; i++) part += (uint32_t)VALUE(x[i]);
    sum += IS_SIGNED ? (uint64_t)(int64_t)(int32_t)part : part;
  }
  return sum;
}

static void sum_start(int64_t m, void *state) { memset(state, 0, (size_t)m * sizeof(uint64_t)); }

static void sum_rows(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {
  (void)first;
  for (int64_t j = 0; j < m; j++) ((uint64_t *)state)[j] += row_sum((const lane *)x + j * step, n);
}

INLINE void add_rows64(int64_t m, int64_t n, const lane *x, int64_t step, uint64_t *restrict sum) {
  for (int64_t i = 0; i < n; i++, x += step)
    for (int64_t j = 0; j < m; j++) sum[j] += (uint64_t)x[j];
}

INLINE void add_rows32(int64_t m, int64_t n, const lane *x, int64_t step, uint64_t *restrict sum) {
  uint32_t part[SIMD_FOLD_RESULTS];
  for (int64_t i = 0; i < n;) {
    const int64_t end = n - i < FITS ? n : i + FITS;
    memset(part, 0, (size_t)m * sizeof *part);
    for (; i + 4 <= end; i += 4, x += 4 * step)
      for (int64_t j = 0; j < m; j++)
        part[j] += (uint32_t)VALUE(x[j]) + (uint32_t)VALUE(x[step + j]) + (uint32_t)VALUE(x[2 * step + j]) + (uint32_t)VALUE(x[3 * step + j]);
    for (; i < end; i++, x += step)
      for (int64_t j = 0; j < m; j++) part[j] += (uint32_t)VALUE(x[j]);
    for (int64_t j = 0; j < m; j++) sum[j] += IS_SIGNED ? (uint64_t)(int64_t)(int32_t)part[j] : part[j];
  }
}

static void sum_columns(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {
  (void)first;
  if (sizeof(lane) > 2) add_rows64(m, n, x, step, state);
  else add_rows32(m, n, x, step, state);
}

static void sum_join(int64_t m, const void *later, void *state) {
  for (int64_t j = 0; j < m; j++) ((uint64_t *)state)[j] += ((const uint64_t *)later)[j];
}

static void prod_start(int64_t m, void *state) {
  for (int64_t j = 0; j < m; j++) ((uint64_t *)state)[j] = 1;
}

static void prod_columns(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {
  (void)first;
  uint64_t *restrict product = state;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < m; j++) product[j] *= (uint64_t)VALUE(((const lane *)x)[i * step + j]);
}

static void prod_rows(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {
  (void)first;
  for (int64_t j = 0; j < m; j++)
    for (int64_t i = 0; i < n; i++) ((uint64_t *)state)[j] *= (uint64_t)VALUE(((const lane *)x)[j * step + i]);
}

static void prod_join(int64_t m, const void *later, void *state) {
  for (int64_t j = 0; j < m; j++) ((uint64_t *)state)[j] *= ((const uint64_t *)later)[j];
}

static void wide_finish(int64_t m, const void *state, int64_t n, void *out, int64_t out_step) {
  (void)n;
  for (int64_t j = 0; j < m; j++) ((uint64_t *)out)[j * out_step] = ((const uint64_t *)state)[j];
}

// ---- largest and smallest, and where they are ---------------------------------------------------------------------------------------------------
INLINE bool is_better(bool is_max, lane x, lane best) { return is_max ? x > best : x < best; }
INLINE lane better(bool is_max, lane x, lane best) { return is_better(is_max, x, best) ? x : best; }

INLINE lane row_extreme(bool is_max, const lane *x, int64_t n) {
  lane best = VALUE(x[0]);
  for (int64_t i = 0; i < n; i++) best = better(is_max, VALUE(x[i]), best);
  return best;
}

static void max_start(int64_t m, void *state) {
  for (int64_t j = 0; j < m; j++) ((lane *)state)[j] = LOWEST;
}
static void min_start(int64_t m, void *state) {
  for (int64_t j = 0; j < m; j++) ((lane *)state)[j] = HIGHEST;
}

INLINE void extreme_rows(bool is_max, int64_t m, int64_t n, const lane *x, int64_t step, lane *best) {
  for (int64_t j = 0; j < m; j++) best[j] = better(is_max, row_extreme(is_max, x + j * step, n), best[j]);
}
INLINE void extreme_columns(bool is_max, int64_t m, int64_t n, const lane *x, int64_t step, lane *restrict best) {
  for (int64_t i = 0; i < n; i++, x += step)
    for (int64_t j = 0; j < m; j++) best[j] = better(is_max, VALUE(x[j]), best[j]);
}
static void extreme_finish(int64_t m, const void *state, int64_t n, void *out, int64_t out_step) {
  (void)n;
  for (int64_t j = 0; j < m; j++) ((lane *)out)[j * out_step] = ((const lane *)state)[j];
}

typedef struct place {
  lane best;
  int64_t at; // -1: nothing seen yet
} place;

static void place_start(int64_t m, void *state) {
  for (int64_t j = 0; j < m; j++) ((place *)state)[j] = (place){0, -1};
}
INLINE void offer(bool is_max, place *p, lane x, int64_t at) {
  if (p->at < 0 || is_better(is_max, x, p->best)) *p = (place){x, at};
}

/// The first of x that is `value`, which is there.
INLINE int64_t find(const lane *x, int64_t n, lane value) {
  enum { AT_ONCE = 128 };
  int64_t i = 0;
  for (; i + AT_ONCE < n; i += AT_ONCE) {
    lane found = 0;
    for (int k = 0; k < AT_ONCE; k++) found |= VALUE(x[i + k]) == value;
    if (found) break;
  }
  while (VALUE(x[i]) != value) i++;
  return i;
}

enum { PLACE_BLOCK = 4096 };
INLINE void place_rows(bool is_max, int64_t m, int64_t n, const lane *x, int64_t step, int64_t first, place *p) {
  for (int64_t j = 0; j < m; j++) {
    const lane *row = x + j * step;
    int64_t block = -1;
    for (int64_t i = 0; i < n; i += PLACE_BLOCK) {
      const lane value = row_extreme(is_max, row + i, n - i < PLACE_BLOCK ? n - i : PLACE_BLOCK);
      if (p[j].at < 0 || is_better(is_max, value, p[j].best)) p[j] = (place){value, first + i}, block = i;
    }
    if (block >= 0) p[j].at += find(row + block, n - block, p[j].best);
  }
}

/// As many rows at a time as an integer of the lane's width counts.
INLINE void place_columns(bool is_max, int64_t m, int64_t n, const lane *x, int64_t step, int64_t first, place *p) {
  enum { AT_ONCE = sizeof(lane) == 1 ? 100 : 30000 };
  lane best[SIMD_FOLD_RESULTS], at[SIMD_FOLD_RESULTS];
  for (int64_t begin = 0; begin < n; begin += AT_ONCE) {
    const int64_t end = n - begin < AT_ONCE ? n : begin + AT_ONCE;
    for (int64_t j = 0; j < m; j++) best[j] = VALUE(x[begin * step + j]);
    memset(at, 0, sizeof at);
    for (int64_t i = begin + 1; i < end; i++) {
      const lane row = (lane)(i - begin);
      for (int64_t j = 0; j < m; j++) {
        const lane v = VALUE(x[i * step + j]), old = best[j];
        at[j] = is_better(is_max, v, old) ? row : at[j];
        best[j] = better(is_max, v, old);
      }
    }
    for (int64_t j = 0; j < m; j++) offer(is_max, &p[j], best[j], first + begin + (int64_t)at[j]);
  }
}
static void place_finish(int64_t m, const void *state, int64_t n, void *out, int64_t out_step) {
  (void)n;
  for (int64_t j = 0; j < m; j++) ((int64_t *)out)[j * out_step] = ((const place *)state)[j].at;
}

#define SIDE(name, is_max)                                                                                                                 \
  static void name##_rows(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {                                 \
    (void)first;                                                                                                                           \
    extreme_rows(is_max, m, n, x, step, state);                                                                                            \
  }                                                                                                                                        \
  static void name##_columns(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {                              \
    (void)first;                                                                                                                           \
    extreme_columns(is_max, m, n, x, step, state);                                                                                         \
  }                                                                                                                                        \
  static void name##_join(int64_t m, const void *later, void *state) { extreme_columns(is_max, m, 1, later, 0, state); }                   \
  static void arg##name##_rows(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {                            \
    place_rows(is_max, m, n, x, step, first, state);                                                                                       \
  }                                                                                                                                        \
  static void arg##name##_columns(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {                         \
    place_columns(is_max, m, n, x, step, first, state);                                                                                    \
  }                                                                                                                                        \
  static void arg##name##_join(int64_t m, const void *later, void *state) {                                                                \
    const place *more = later;                                                                                                             \
    for (int64_t j = 0; j < m; j++) offer(is_max, (place *)state + j, more[j].best, more[j].at);                                           \
  }
SIDE(max, true)
SIDE(min, false)

// ---- any and all: has one been found that is not 0, or one that is? -----------------------------------------------------------------------------
INLINE uint8_t is_found(bool is_any, lane x) { return is_any ? x != 0 : x == 0; }

INLINE void find_rows(bool is_any, int64_t m, int64_t n, const lane *x, int64_t step, uint8_t *found) {
  enum { AT_ONCE = 512 };
  for (int64_t j = 0; j < m; j++) {
    const lane *row = x + j * step;
    for (int64_t i = 0; i < n && !found[j]; i += AT_ONCE) {
      const int64_t end = n - i < AT_ONCE ? n - i : AT_ONCE;
      uint8_t here = 0;
      for (int64_t k = 0; k < end; k++) here |= is_found(is_any, row[i + k]);
      found[j] = here;
    }
  }
}
INLINE void find_columns(bool is_any, int64_t m, int64_t n, const lane *x, int64_t step, uint8_t *restrict found) {
  for (int64_t i = 0; i < n; i++, x += step)
    for (int64_t j = 0; j < m; j++) found[j] |= is_found(is_any, x[j]);
}
#include "find.h"

const simd_fold KERNEL(reduce)[] = {
  {RTB_OP_SUM, 1, 8, sum_start, sum_rows, sum_columns, sum_join, wide_finish},
  {RTB_OP_PROD, 4, 8, prod_start, prod_rows, prod_columns, prod_join, wide_finish},
  {RTB_OP_MAX, 1, sizeof(lane), max_start, max_rows, max_columns, max_join, extreme_finish},
  {RTB_OP_MIN, 1, sizeof(lane), min_start, min_rows, min_columns, min_join, extreme_finish},
  {RTB_OP_ANY, 1, 1, find_start, any_rows, any_columns, find_join, any_finish},
  {RTB_OP_ALL, 1, 1, find_start, all_rows, all_columns, find_join, all_finish},
  {RTB_OP_ARGMAX, 2, sizeof(place), place_start, argmax_rows, argmax_columns, argmax_join, place_finish},
  {RTB_OP_ARGMIN, 2, sizeof(place), place_start, argmin_rows, argmin_columns, argmin_join, place_finish},
  {0},
};
