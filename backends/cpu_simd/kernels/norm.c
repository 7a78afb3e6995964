// SPDX-License-Identifier: BSD-3-Clause
// layer_norm and rms_norm of lines: the mean, which is taken out before anything is squared, then the mean of the squares, then the results;
// batch_norm, where mean and variance are given.
#include "../lines.h"
#include "extreme.h"
#include "total.h"

V_INLINE vec deviation(bool is_square, vec x, vec centre) {
  const vec apart = v_sub(x, centre);
  return is_square ? v_mul(apart, apart) : apart;
}

/// The sum of x - centre, or of its square.
V_INLINE double sum_of(bool is_square, const lane *x, int64_t n, num centre) {
  total t = {0};
  const vec c = v_set(centre);
  for (int64_t i = 0; i < n;) {
    const int64_t end = n - i < BLOCK ? n : i + BLOCK;
    vec a[WIDE];
    V_UNROLL for (int k = 0; k < WIDE; k++) a[k] = v_zero();
    for (; i + WIDE * V_LANES <= end; i += WIDE * V_LANES)
      V_UNROLL for (int k = 0; k < WIDE; k++) a[k] = v_add(a[k], deviation(is_square, v_load(x + i + k * V_LANES), c));
    for (; i + V_LANES <= end; i += V_LANES) a[0] = v_add(a[0], deviation(is_square, v_load(x + i), c));
    if (i < end) a[1] = v_add(a[1], deviation(is_square, load_or(x + i, end - i, c), c));
    i = end;
    total_add(&t, v_sum(sum8(a)));
  }
  return total_value(&t);
}

V_INLINE void store(lane *p, vec y, int64_t rest) {
  if (rest < V_LANES) v_store_n(p, y, rest);
  else v_store(p, y);
}

/// (x - centre) scale weight + bias
V_INLINE void apply(int64_t n, const lane *x, num centre, num scale, const lane *weight, const lane *bias, lane *out) {
  const vec c = v_set(centre), s = v_set(scale);
  for (int64_t i = 0; i < n; i += V_LANES) {
    const int64_t rest = n - i;
    vec y = v_mul(v_sub(load_columns(x + i, rest), c), s);
    if (weight) y = v_mul(y, load_columns(weight + i, rest));
    if (bias) y = v_add(y, load_columns(bias + i, rest));
    store(out + i, y, rest);
  }
}

V_INLINE const lane *line_at(const simd_lines *lines, int k, int64_t j) {
  return lines->at[k] ? (const lane *)lines->at[k] + j * lines->step[k] : NULL;
}

V_INLINE void norm_rows(bool is_rms, int64_t m, int64_t n, const simd_lines *lines) {
  const num eps = (num)lines->eps;
  for (int64_t j = 0; j < m; j++) {
    const lane *x = line_at(lines, LINE_X, j), *weight = line_at(lines, LINE_WEIGHT, j), *bias = line_at(lines, LINE_BIAS, j);
    lane *out = (lane *)lines->at[LINE_OUT] + j * lines->step[LINE_OUT];
    const num mean = is_rms ? 0 : (num)(sum_of(false, x, n, 0) / (double)n);
    const num scale = (num)(1 / sqrt(sum_of(true, x, n, mean) / (double)n + (double)eps));
    if (weight && bias) apply(n, x, mean, scale, weight, bias, out);
    else if (weight) apply(n, x, mean, scale, weight, NULL, out);
    else if (bias) apply(n, x, mean, scale, NULL, bias, out);
    else apply(n, x, mean, scale, NULL, NULL, out);
  }
}

static void layer_norm_rows(int64_t m, int64_t n, const simd_lines *lines) { norm_rows(false, m, n, lines); }
static void rms_norm_rows(int64_t m, int64_t n, const simd_lines *lines) { norm_rows(true, m, n, lines); }

// ---- batch_norm -------------------------------------------------------------------------------------------------------------------------------
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
