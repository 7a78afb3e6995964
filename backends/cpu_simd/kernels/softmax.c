// SPDX-License-Identifier: BSD-3-Clause
// Softmax of lines and its logarithm: the largest element, then exp(x - largest) and its sum, both times 2^SCALED so that none of them is
// subnormal, then the results. The exponentials wait in the output, or of halves in a buffer; a line of halves that is too long for it has them
// computed twice. A NaN, or an infinity that is subtracted from itself, makes the sum NaN and with it the whole line.
#include "../lines.h"
#include "extreme.h"
#include "total.h"
#include "../vmath/vocab.h"

enum { IS_HALF = sizeof(lane) != sizeof(num), BUFFERED = 4096 };

V_INLINE num highest_of(const lane *x, int64_t n) {
  vec a[4];
  V_UNROLL for (int k = 0; k < 4; k++) a[k] = v_set(-(num)INFINITY);
  int64_t i = 0;
  for (; i + 4 * V_LANES <= n; i += 4 * V_LANES)
    V_UNROLL for (int k = 0; k < 4; k++) a[k] = v_high(v_load(x + i + k * V_LANES), a[k]);
  for (; i + V_LANES <= n; i += V_LANES) a[0] = v_high(v_load(x + i), a[0]);
  if (i < n) a[1] = v_high(load_or(x + i, n - i, v_set(-(num)INFINITY)), a[1]);
  return highest_number(v_high(v_high(a[0], a[1]), v_high(a[2], a[3])));
}

/// 2^SCALED exp(x - top) for x up to top
V_INLINE vec exp_from(vec x, vec top) { return exp_below_zero(v_sub(x, top)); }

/// The sum of 2^SCALED exp(x - highest); they are kept in e unless that is NULL.
V_INLINE num sum_of_exp(const lane *x, int64_t n, num highest, num *e) {
  enum { CHAINS = 4 };
  total t = {0};
  const vec top = v_set(highest);
  for (int64_t i = 0; i < n;) {
    const int64_t end = n - i < BLOCK ? n : i + BLOCK;
    vec a[CHAINS];
    V_UNROLL for (int k = 0; k < CHAINS; k++) a[k] = v_zero();
    for (; i + CHAINS * V_LANES <= end; i += CHAINS * V_LANES) {
      vec y[CHAINS];
      V_UNROLL for (int k = 0; k < CHAINS; k++) y[k] = exp_from(v_load(x + i + k * V_LANES), top);
      V_UNROLL for (int k = 0; k < CHAINS; k++) {
        a[k] = v_add(a[k], y[k]);
        if (e) put(e + i + k * V_LANES, y[k]);
      }
    }
    for (; i + V_LANES <= end; i += V_LANES) {
      const vec y = exp_from(v_load(x + i), top);
      a[1] = v_add(a[1], y);
      if (e) put(e + i, y);
    }
    if (i < end) {
      const int64_t rest = end - i;
      const vec y = exp_from(v_load_n(x + i, rest), top);
      a[2] = v_add(a[2], v_select(first_lanes(rest), y, v_zero()));
      if (e) memcpy(e + i, &y, (size_t)rest * sizeof(num));
    }
    i = end;
    total_add(&t, v_sum(v_add(v_add(a[0], a[1]), v_add(a[2], a[3]))));
  }
  return (num)total_value(&t);
}

V_INLINE void store(lane *p, vec y, int64_t rest) {
  if (rest < V_LANES) v_store_n(p, y, rest);
  else v_store(p, y);
}

static void softmax_rows(int64_t m, int64_t n, const simd_lines *lines) {
  num buffer[IS_HALF ? BUFFERED + V_LANES : 1];
  for (int64_t j = 0; j < m; j++) {
    const lane *x = (const lane *)lines->at[LINE_X] + j * lines->step[LINE_X];
    lane *out = (lane *)lines->at[LINE_OUT] + j * lines->step[LINE_OUT];
    const num highest = highest_of(x, n);
    num *e = !IS_HALF ? (num *)(void *)out : n <= BUFFERED ? buffer : NULL;
    const vec top = v_set(highest), scale = v_set(1 / (e ? sum_of_exp(x, n, highest, e) : sum_of_exp(x, n, highest, NULL)));
    int64_t i = 0;
    for (; !IS_HALF && i + 4 * V_LANES <= n; i += 4 * V_LANES)
      V_UNROLL for (int k = 0; k < 4; k++) put(e + i + k * V_LANES, v_mul(get(e + i + k * V_LANES), scale));
    for (; i < n; i += V_LANES) {
      const int64_t rest = n - i;
      vec y;
      if (!IS_HALF) y = load_columns((const lane *)(void *)(e + i), rest);
      else y = e ? get(e + i) : exp_from(load_columns(x + i, rest), top);
      store(out + i, v_mul(y, scale), rest);
    }
  }
}

static void log_softmax_rows(int64_t m, int64_t n, const simd_lines *lines) {
  for (int64_t j = 0; j < m; j++) {
    const lane *x = (const lane *)lines->at[LINE_X] + j * lines->step[LINE_X];
    lane *out = (lane *)lines->at[LINE_OUT] + j * lines->step[LINE_OUT];
    const num highest = highest_of(x, n);
    const vec top = v_set(highest), log_sum = m_log(v_set(sum_of_exp(x, n, highest, NULL) * (num)SCALE_DOWN));
    for (int64_t i = 0; i < n; i += V_LANES) store(out + i, v_sub(v_sub(load_columns(x + i, n - i), top), log_sum), n - i);
  }
}

const simd_line_row KERNEL(softmax)[] = {
  {RTB_OP_SOFTMAX, 10, softmax_rows},
  {RTB_OP_LOG_SOFTMAX, 10, log_softmax_rows},
  {0},
};
