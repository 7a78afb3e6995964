// SPDX-License-Identifier: BSD-3-Clause
// layer_norm and rms_norm of lines: the mean, which is taken out before anything is squared, then the mean of the squares, then the results;
// batch_norm, where mean and variance are given.
#include "../lines.h"
#include "extreme.h"
#include "total.h"

// A row waits for its sums, so several are taken side by side where they, their results and the next ones fit in the first cache. How a row is
// added up depends on its length alone, so that its bits do not depend on the rows beside it.
enum { ROWS = 4, TOGETHER = 16384 / sizeof(lane) / ROWS };
#define EACH_ROW V_UNROLL for (int r = 0; r < rows; r++)

V_INLINE vec grown(bool is_square, vec sum, vec x, num centre) {
  const vec apart = v_sub(x, v_set(centre));
  return is_square ? v_mad(apart, apart, sum) : v_add(sum, apart);
}

/// Row r's sums in one.
V_INLINE vec joined(int rows, int chains, const vec *a, int r) {
  if (chains == WIDE) return sum8(a);
  const vec first = v_add(a[r], a[r + rows]);
  return chains == 2 ? first : v_add(first, v_add(a[r + 2 * rows], a[r + 3 * rows]));
}

/// The sums of x - centre of each row, or of its square; chains: vectors of a row that are added up side by side. What lies `ahead` elements on is
/// fetched meanwhile, unless that is 0.
V_INLINE void sums_of(bool is_square, int rows, int chains, const lane *const *x, int64_t n, int64_t ahead, const num *centre, double *sum) {
  total t[ROWS] = {0};
  for (int64_t i = 0; i < n;) {
    const int64_t end = n - i < BLOCK ? n : i + BLOCK;
    vec a[WIDE];
    V_UNROLL for (int k = 0; k < WIDE; k++) a[k] = v_zero();
    for (; i + chains * V_LANES <= end; i += chains * V_LANES)
      V_UNROLL for (int k = 0; k < rows * chains; k++) {
        const lane *from = x[k % rows] + i + k / rows * V_LANES;
        if (ahead) __builtin_prefetch(from + ahead);
        a[k] = grown(is_square, a[k], v_load(from), centre[k % rows]);
      }
    for (; i + V_LANES <= end; i += V_LANES) EACH_ROW a[r] = grown(is_square, a[r], v_load(x[r] + i), centre[r]);
    if (i < end) EACH_ROW a[r] = grown(is_square, a[r], load_or(x[r] + i, end - i, v_set(centre[r])), centre[r]);
    i = end;
    EACH_ROW total_add(t + r, v_sum(joined(rows, chains, a, r)));
  }
  EACH_ROW sum[r] = total_value(t + r);
}

/// (x - centre) scale weight + bias
V_INLINE void apply(int rows, int64_t n, const lane *const *x, const num *centre, const num *scale, const lane *weight, const lane *bias, lane *const *out) {
  int64_t i = 0;
  for (; i + V_LANES <= n; i += V_LANES) {
    const vec w = weight ? v_load(weight + i) : v_set(1), b = bias ? v_load(bias + i) : v_zero();
    EACH_ROW {
      const vec z = v_mul(v_sub(v_load(x[r] + i), v_set(centre[r])), v_set(scale[r]));
      v_store(out[r] + i, bias ? v_mad(z, w, b) : weight ? v_mul(z, w) : z);
    }
  }
  const int64_t rest = n - i;
  if (!rest) return;
  const vec w = weight ? v_load_n(weight + i, rest) : v_set(1), b = bias ? v_load_n(bias + i, rest) : v_zero();
  EACH_ROW {
    const vec z = v_mul(v_sub(v_load_n(x[r] + i, rest), v_set(centre[r])), v_set(scale[r]));
    v_store_n(out[r] + i, bias ? v_mad(z, w, b) : weight ? v_mul(z, w) : z, rest);
  }
}

V_INLINE const lane *line_at(const simd_lines *lines, int k, int64_t j) {
  return lines->at[k] ? (const lane *)lines->at[k] + j * lines->step[k] : NULL;
}

/// Rows from j on that have one weight and one bias.
V_INLINE void norm_of(bool is_rms, int rows, int chains, int64_t j, int64_t n, const simd_lines *lines) {
  const lane *x[ROWS], *weight = line_at(lines, LINE_WEIGHT, j), *bias = line_at(lines, LINE_BIAS, j);
  lane *out[ROWS];
  num mean[ROWS], scale[ROWS];
  double sum[ROWS];
  EACH_ROW x[r] = line_at(lines, LINE_X, j + r), out[r] = (lane *)lines->at[LINE_OUT] + (j + r) * lines->step[LINE_OUT], mean[r] = 0;
  if (!is_rms) {
    sums_of(false, rows, chains, x, n, 0, mean, sum);
    EACH_ROW mean[r] = (num)(sum[r] / (double)n);
  }
  sums_of(true, rows, chains, x, n, n <= TOGETHER ? rows * lines->step[LINE_X] : 0, mean, sum);
  EACH_ROW scale[r] = (num)(1 / sqrt(sum[r] / (double)n + (double)(num)lines->eps));
  if (weight && bias) apply(rows, n, x, mean, scale, weight, bias, out);
  else if (weight) apply(rows, n, x, mean, scale, weight, NULL, out);
  else if (bias) apply(rows, n, x, mean, scale, NULL, bias, out);
  else apply(rows, n, x, mean, scale, NULL, NULL, out);
}

V_INLINE void norm_rows(bool is_rms, int64_t m, int64_t n, const simd_lines *lines) {
  const bool is_shared = !(lines->at[LINE_WEIGHT] && lines->step[LINE_WEIGHT]) && !(lines->at[LINE_BIAS] && lines->step[LINE_BIAS]);
  int64_t j = 0;
  if (n > TOGETHER) {
    for (; j < m; j++) norm_of(is_rms, 1, WIDE, j, n, lines);
    return;
  }
  if (n > TOGETHER / 2) {
    for (; is_shared && j + ROWS / 2 <= m; j += ROWS / 2) norm_of(is_rms, ROWS / 2, WIDE / 2, j, n, lines);
    for (; j < m; j++) norm_of(is_rms, 1, WIDE / 2, j, n, lines);
    return;
  }
  for (; is_shared && j + ROWS <= m; j += ROWS) norm_of(is_rms, ROWS, WIDE / ROWS, j, n, lines);
  for (; j < m; j++) norm_of(is_rms, 1, WIDE / ROWS, j, n, lines);
}

static void layer_norm_rows(int64_t m, int64_t n, const simd_lines *lines) { norm_rows(false, m, n, lines); }
static void rms_norm_rows(int64_t m, int64_t n, const simd_lines *lines) { norm_rows(true, m, n, lines); }

// ---- batch_norm -------------------------------------------------------------------------------------------------------------------------------
V_INLINE void store(lane *p, vec y, int64_t rest) {
  if (rest < V_LANES) v_store_n(p, y, rest);
  else v_store(p, y);
}

typedef struct source { const lane *at; vec one; } source; // at NULL: `one` for every element
V_INLINE source source_of(const simd_lines *lines, int k, int64_t j, num absent) {
  const lane *line = line_at(lines, k, j);
  if (line && !(lines->still >> k & 1)) return (source){line, v_zero()};
  return (source){NULL, v_set(line ? v_load_n(line, 1)[0] : absent)};
}
V_INLINE vec take(bool is_still, source s, int64_t i, int64_t rest) { return is_still || !s.at ? s.one : load_columns(s.at + i, rest); }

V_INLINE void batch_line(bool is_still, int64_t n, const lane *x, source mean, source variance, source weight, source bias, num eps, lane *out) {
  const vec still_scale = v_div(v_set(1), v_sqrt(v_add(variance.one, v_set(eps))));
  for (int64_t i = 0; i < n; i += V_LANES) {
    const int64_t rest = n - i;
    const vec apart = v_sub(load_columns(x + i, rest), take(is_still, mean, i, rest));
    const vec z = is_still ? v_mul(apart, still_scale) : v_div(apart, v_sqrt(v_add(take(false, variance, i, rest), v_set(eps))));
    store(out + i, v_add(v_mul(z, take(is_still, weight, i, rest)), take(is_still, bias, i, rest)), rest);
  }
}

static void batch_norm_rows(int64_t m, int64_t n, const simd_lines *lines) {
  for (int64_t j = 0; j < m; j++) {
    const source mean = source_of(lines, LINE_MEAN, j, 0), variance = source_of(lines, LINE_VARIANCE, j, 1);
    const source weight = source_of(lines, LINE_WEIGHT, j, 1), bias = source_of(lines, LINE_BIAS, j, -(num)0); // x + -0 is x
    const lane *x = line_at(lines, LINE_X, j);
    lane *out = (lane *)lines->at[LINE_OUT] + j * lines->step[LINE_OUT];
    const bool is_still = !mean.at && !variance.at && !weight.at && !bias.at;
    if (is_still) batch_line(true, n, x, mean, variance, weight, bias, (num)lines->eps, out);
    else batch_line(false, n, x, mean, variance, weight, bias, (num)lines->eps, out);
  }
}

const simd_line_row KERNEL(norm)[] = {
  {RTB_OP_LAYER_NORM, 4, layer_norm_rows},
  {RTB_OP_RMS_NORM, 3, rms_norm_rows},
  {RTB_OP_BATCH_NORM, 2, batch_norm_rows},
  {0},
};
