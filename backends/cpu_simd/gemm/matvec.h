// SPDX-License-Identifier: BSD-3-Clause
// A vector times a matrix, for both layouts of the matrix: it is read once, as it lies there. Included once, by micro_gemm.c.
#ifndef CPU_SIMD_GEMM_MATVEC_H
#define CPU_SIMD_GEMM_MATVEC_H

#include "gemm.h"
#include "lanes.h"

// ---- rows of the matrix, added up ----------------------------------------------------------------------------------------------------------

#define MIX_ROWS 8                          // at a time: so many loads of the matrix for one load and store of y
#define MIX_MOST (VEC_BYTES < 64 ? 8 : 16)  // of long rows, where there are registers for their factors
#define MIX_LONG (4096 / (int64_t)sizeof(lane))

INLINE void mix_rows(int64_t n, const int rows, const lane *x, const lane *b, int64_t row, lane *y, bool add) {
  vec factor[MIX_MOST];
  UNROLL for (int r = 0; r < rows; r++) factor[r] = v_set1(x[r]);
  int64_t j = 0;
  for (; j + VEC_LANES <= n; j += VEC_LANES) {
    vec sum = add ? v_load(y + j) : (vec){0};
    UNROLL for (int r = 0; r < rows; r++) sum = v_fma(factor[r], v_load(b + r * row + j), sum);
    v_store(y + j, sum);
  }
  if (j == n) return;
  vec sum = add ? v_load_n(y + j, n - j) : (vec){0};
  UNROLL for (int r = 0; r < rows; r++) sum = v_fma(factor[r], v_load_n(b + r * row + j, n - j), sum);
  v_store_n(y + j, sum, n - j);
}

static void mix(int64_t n, int64_t depth, const void *x, const void *b, int64_t row, void *y, bool add) {
  const lane *factors = x, *from = b;
  int64_t k = 0;
  const bool is_spread = row * (int64_t)sizeof(lane) % 4096 != 0; // else so many rows push each other out of the first cache
  for (; n >= MIX_LONG && is_spread && k + MIX_MOST <= depth; k += MIX_MOST, add = true) mix_rows(n, MIX_MOST, factors + k, from + k * row, row, y, add);
  for (; k + MIX_ROWS <= depth; k += MIX_ROWS, add = true) mix_rows(n, MIX_ROWS, factors + k, from + k * row, row, y, add);
  for (; k < depth; k++, add = true) mix_rows(n, 1, factors + k, from + k * row, row, y, add);
}

static void total(int64_t n, int64_t k, const void *rows, void *y) {
  const lane *from = rows;
  lane *to = y;
  for (int64_t j = 0; j < n; j += VEC_LANES) {
    const int64_t few = n - j < VEC_LANES ? n - j : 0;
    vec sum = {0};
    for (int64_t i = 0; i < k; i++) sum += few ? v_load_n(from + i * n + j, few) : v_load(from + i * n + j);
    if (few) v_store_n(to + j, sum, few);
    else v_store(to + j, sum);
  }
}

// ---- dot products ---------------------------------------------------------------------------------------------------------------------------

#define DOT_LINES 4
#define DOT_SUMS 2 // of a line at a time

// The lanes of a vector are added in halves: lane i to lane i + half, until one is left.
#if LANE_FLOAT != 4
INLINE lane v_sum(vec v) {
  lane at[VEC_BYTES / sizeof(lane)];
  memcpy(at, &v, sizeof v);
  for (int64_t half = VEC_LANES / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; i++) at[i] = (lane)(at[i] + at[i + half]);
  return at[0];
}
#else
typedef lane quarter __attribute__((vector_size(16)));
INLINE quarter v_part(const vec *v, int64_t first) {
  quarter q;
  memcpy(&q, (const lane *)v + first, sizeof q);
  return q;
}
INLINE quarter v_sum_to_4(vec v) {
#if VEC_BYTES == 64
  return (v_part(&v, 0) + v_part(&v, 8)) + (v_part(&v, 4) + v_part(&v, 12));
#elif VEC_BYTES == 32
  return v_part(&v, 0) + v_part(&v, 4);
#else
  return v;
#endif
}
/// The sum of each of four vectors.
INLINE quarter v_sum_4(vec v0, vec v1, vec v2, vec v3) {
  const quarter a = v_sum_to_4(v0), b = v_sum_to_4(v1), c = v_sum_to_4(v2), d = v_sum_to_4(v3);
  const quarter ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const quarter cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);
  return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}
#endif

/// Every line adds its products in the same order, however many are computed side by side.
INLINE void dot_lines(int64_t depth, const int lines, const lane *x, const lane *b, int64_t line, lane *y, int64_t y_step) {
  vec sum[DOT_LINES][DOT_SUMS];
  UNROLL for (int l = 0; l < lines; l++) UNROLL for (int s = 0; s < DOT_SUMS; s++) sum[l][s] = (vec){0};
  int64_t k = 0;
  for (; k + DOT_SUMS * VEC_LANES <= depth; k += DOT_SUMS * VEC_LANES) {
    UNROLL for (int s = 0; s < DOT_SUMS; s++) {
      const vec factor = v_load(x + k + s * VEC_LANES);
      UNROLL for (int l = 0; l < lines; l++) sum[l][s] = v_fma(factor, v_load(b + l * line + k + s * VEC_LANES), sum[l][s]);
    }
  }
  for (; k < depth; k += VEC_LANES) {
    const int64_t n = depth - k;
    const vec factor = n < VEC_LANES ? v_load_n(x + k, n) : v_load(x + k);
    UNROLL for (int l = 0; l < lines; l++)
      sum[l][0] = v_fma(factor, n < VEC_LANES ? v_load_n(b + l * line + k, n) : v_load(b + l * line + k), sum[l][0]);
  }
#if LANE_FLOAT == 4
  const vec none = {0};
  const quarter y4 = lines == 4 ? v_sum_4(sum[0][0] + sum[0][1], sum[1][0] + sum[1][1], sum[2][0] + sum[2][1], sum[3][0] + sum[3][1])
                                : v_sum_4(sum[0][0] + sum[0][1], none, none, none);
  if (lines == 4 && y_step == 1) memcpy(y, &y4, sizeof y4);
  else UNROLL for (int l = 0; l < lines; l++) y[l * y_step] = y4[l];
#else
  UNROLL for (int l = 0; l < lines; l++) y[l * y_step] = v_sum(sum[l][0] + sum[l][1]);
#endif
}

static void dots(int64_t n, int64_t depth, const void *x, const void *b, int64_t line, void *y, int64_t y_step) {
  const lane *from = b;
  lane *to = y;
  int64_t j = 0;
  for (; j + DOT_LINES <= n; j += DOT_LINES) dot_lines(depth, DOT_LINES, x, from + j * line, line, to + j * y_step, y_step);
  for (; j < n; j++) dot_lines(depth, 1, x, from + j * line, line, to + j * y_step, y_step);
}

#endif
