// SPDX-License-Identifier: BSD-3-Clause
// Reductions of complex numbers, which are pairs of reals: everything is computed in double, sums part by part.
#include <complex.h>
#include <string.h>

#include "../simd.h"
#include "name.h"

#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2(a, b)
typedef float part_c64;
typedef double part_c128;
typedef float _Complex number_c64;
typedef double _Complex number_c128;
typedef PASTE(part_, SIMD_LANE) part; // x, out and states are pairs of parts
typedef PASTE(number_, SIMD_LANE) number;

enum { CHAINS = 8 }; // numbers that are added up side by side

static void sum_start(int64_t m, void *state) { memset(state, 0, (size_t)m * 2 * sizeof(double)); }

static void sum_columns(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {
  (void)first;
  double *restrict sum = state;
  const part *row = x;
  for (int64_t i = 0; i < n; i++, row += 2 * step)
    for (int64_t k = 0; k < 2 * m; k++) sum[k] += (double)row[k];
}

static void sum_rows(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {
  const int64_t whole = n / CHAINS;
  for (int64_t j = 0; j < m; j++) { // a row is a narrow matrix and some terms more
    const part *row = (const part *)x + 2 * j * step;
    double chain[2 * CHAINS] = {0}, *sum = (double *)state + 2 * j;
    sum_columns(CHAINS, whole, row, CHAINS, first, chain);
    sum_columns(n - whole * CHAINS, 1, row + 2 * whole * CHAINS, 0, first, chain);
    for (int k = 0; k < 2 * CHAINS; k++) sum[k & 1] += chain[k];
  }
}

static void sum_join(int64_t m, const void *later, void *state) {
  for (int64_t k = 0; k < 2 * m; k++) ((double *)state)[k] += ((const double *)later)[k];
}

static void sum_finish(int64_t m, const void *state, int64_t n, void *out, int64_t out_step) {
  (void)n;
  for (int64_t k = 0; k < 2 * m; k++) ((part *)out)[k / 2 * 2 * out_step + (k & 1)] = (part)((const double *)state)[k];
}
static void mean_finish(int64_t m, const void *state, int64_t n, void *out, int64_t out_step) {
  for (int64_t k = 0; k < 2 * m; k++) ((part *)out)[k / 2 * 2 * out_step + (k & 1)] = (part)(((const double *)state)[k] / (double)n);
}

static void prod_start(int64_t m, void *state) {
  for (int64_t j = 0; j < m; j++) ((double _Complex *)state)[j] = 1;
}

static void prod_rows(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {
  (void)first;
  for (int64_t j = 0; j < m; j++)
    for (int64_t i = 0; i < n; i++) ((double _Complex *)state)[j] *= (double _Complex)((const number *)x)[j * step + i];
}
static void prod_columns(int64_t m, int64_t n, const void *x, int64_t step, int64_t first, void *state) {
  for (int64_t i = 0; i < n; i++) prod_rows(m, 1, (const number *)x + i * step, 1, first, state);
}
static void prod_join(int64_t m, const void *later, void *state) {
  for (int64_t j = 0; j < m; j++) ((double _Complex *)state)[j] *= ((const double _Complex *)later)[j];
}

// ---- any and all: has one been found that is not 0, or one that is? -----------------------------------------------------------------------------
static inline uint8_t is_found(bool is_any, const part *x) { return (x[0] != 0 || x[1] != 0) == is_any; }

static inline void find(bool is_any, int64_t m, int64_t n, const part *x, int64_t m_step, int64_t n_step, uint8_t *found) {
  for (int64_t j = 0; j < m; j++)
    for (int64_t i = 0; i < n && !found[j]; i++) found[j] = is_found(is_any, x + 2 * (j * m_step + i * n_step));
}
static inline void find_rows(bool is_any, int64_t m, int64_t n, const part *x, int64_t step, uint8_t *found) { find(is_any, m, n, x, step, 1, found); }
static inline void find_columns(bool is_any, int64_t m, int64_t n, const part *x, int64_t step, uint8_t *found) { find(is_any, m, n, x, 1, step, found); }
#include "find.h"

const simd_fold KERNEL(reduce)[] = {
  {RTB_OP_SUM, 3, 16, sum_start, sum_rows, sum_columns, sum_join, sum_finish},
  {RTB_OP_MEAN, 3, 16, sum_start, sum_rows, sum_columns, sum_join, mean_finish},
  {RTB_OP_PROD, 30, 16, prod_start, prod_rows, prod_columns, prod_join, sum_finish},
  {RTB_OP_ANY, 5, 1, find_start, any_rows, any_columns, find_join, any_finish},
  {RTB_OP_ALL, 5, 1, find_start, all_rows, all_columns, find_join, all_finish},
  {0},
};
