// SPDX-License-Identifier: BSD-3-Clause
// Convolution: copying a part of x with its padding, packing what output positions see of it into the panels of a matrix product, and
// convolutions of single channels without one.
#include "../conv.h"
#include "kernel.h"

V_INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
V_INLINE int64_t held(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }
V_INLINE vec take(const num *p) { // numbers at any place
  vec x;
  memcpy(&x, p, sizeof x);
  return x;
}
V_INLINE void put(num *p, vec x) { memcpy(p, &x, sizeof x); }

#if V_LANE == V_IS_f32 || V_LANE == V_IS_f64
V_INLINE void put_n(num *p, vec x, int64_t n) { v_store_n(p, x, n); }
#else
V_INLINE void put_n(num *p, vec x, int64_t n) { memcpy(p, &x, (size_t)n * sizeof(num)); }
#endif

// ---- elements to numbers and back --------------------------------------------------------------------------------------------------------------
V_INLINE void widen_by(int64_t n, const lane *x, const int64_t step, num *to) {
#if V_LANE == V_IS_f32 || V_LANE == V_IS_f64
  for (int64_t i = 0; i < n; i++) to[i] = x[i * step];
#else
  for (int64_t i = 0; i < n; i += V_LANES) {
    const int64_t lanes = least(V_LANES, n - i);
    lane part[V_LANES] = {0};
    for (int64_t k = 0; k < lanes; k++) part[k] = x[(i + k) * step];
    put_n(to + i, v_load(part), lanes);
  }
#endif
}
V_INLINE void widen_dense(int64_t n, const lane *x, num *to) {
  int64_t i = 0;
  for (; i + V_LANES <= n; i += V_LANES) put(to + i, v_load(x + i));
  if (i < n) put_n(to + i, v_load_n(x + i, n - i), n - i);
}
static void widen(int64_t n, const void *x, int64_t step, void *to) {
  if (step == 1) widen_dense(n, x, to);
  else if (step == 2) widen_by(n, x, 2, to);
  else widen_by(n, x, step, to);
}

static void store(int64_t n, const void *from, void *out, int64_t step) {
  const num *x = from;
  lane *y = out;
  for (int64_t i = 0; i < n; i += V_LANES) {
    const int64_t lanes = least(V_LANES, n - i);
    lane part[V_LANES];
    if (step == 1 && lanes == V_LANES) {
      v_store(y + i, take(x + i));
    } else {
      vec some = v_zero();
      memcpy(&some, x + i, (size_t)lanes * sizeof(num));
      v_store(part, some);
      for (int64_t k = 0; k < lanes; k++) y[(i + k) * step] = part[k];
    }
  }
}

static bool is_finite(int64_t n, const void *numbers) {
  const num *x = numbers;
  vec all = v_zero(); // x * 0 is 0 for finite numbers, NaN for the others
  int64_t i = 0;
  for (; i + V_LANES <= n; i += V_LANES) all = v_add(all, v_mul(take(x + i), v_zero()));
  num rest = 0;
  for (; i < n; i++) rest += x[i] * 0;
  return !v_any(v_is_nan(all)) && rest == rest;
}

static void copy(const simd_conv_row *row, void *copied) {
  for (int64_t b = 0; b < row->n_phases; b++) {
    const int64_t at = row->at + b, stride = row->stride;
    num *to = (num *)copied + b * row->pitch;
    int64_t low = row->pitch, high = row->pitch; // elements [low, high) are inside
    if (row->x) {
      low = held(at < 0 ? (-at + stride - 1) / stride : 0, 0, row->pitch);
      high = held(at < row->in ? (row->in - 1 - at) / stride + 1 : 0, low, row->pitch);
    }
    for (int64_t q = 0; q < low; q++) to[q] = 0;
    if (low < high) widen(high - low, (const lane *)row->x + (at + low * stride) * row->step, stride * row->step, to + low);
    for (int64_t q = high; q < row->pitch; q++) to[q] = 0;
  }
}

// ---- panels ------------------------------------------------------------------------------------------------------------------------------------
/// Columns of a panel that lie in one line.
typedef struct segment { int64_t at, column, n; } segment;

/// One row of a panel after the other; a segment may write past its end what the next segment or row writes over.
V_INLINE void pack_rows(const simd_conv_lines *lines, int64_t k0, int64_t kc, int64_t width, num *to, const segment *segments, int64_t n_segments, const int vecs) {
  int64_t channel = k0 / lines->n_taps, tap = k0 % lines->n_taps;
  const num *from = (const num *)lines->from + channel * lines->channel;
  for (int64_t k = 0; k < kc; k++, to += width) {
    const num *seen = from + lines->offset[tap];
    if (vecs) {
      const num *x = seen + segments->at;
      V_UNROLL for (int v = 0; v < vecs; v++) put(to + v * V_LANES, take(x + v * V_LANES));
    } else {
      for (int64_t s = 0; s < n_segments; s++) {
        const num *x = seen + segments[s].at;
        for (int64_t i = 0; i < segments[s].n; i += V_LANES) put(to + segments[s].column + i, take(x + i));
      }
    }
    if (++tap == lines->n_taps) tap = 0, from += lines->channel;
  }
}

static void panel(const simd_conv_lines *lines, int64_t first, int64_t n, int64_t k0, int64_t kc, int64_t width, void *panel) {
  segment segments[64]; // width is less
  int64_t n_segments = 0;
  for (int64_t column = 0; column < n; n_segments++) {
    const int64_t j = first + column, x = j % lines->n;
    segments[n_segments] = (segment){j / lines->n * lines->line + x, column, least(n - column, lines->n - x)};
    column += segments[n_segments].n;
  }
  if (n_segments == 1 && width == 2 * V_LANES) pack_rows(lines, k0, kc, width, panel, segments, 1, 2);
  else if (n_segments == 1 && width == 3 * V_LANES) pack_rows(lines, k0, kc, width, panel, segments, 1, 3);
  else pack_rows(lines, k0, kc, width, panel, segments, n_segments, 0);
}

// ---- one channel ---------------------------------------------------------------------------------------------------------------------------------
#define VECS 4

V_INLINE void depthwise_vecs(const num *from, const int64_t *offset, const int64_t n_taps, const num *weight, vec bias, vec *sum, const int vecs) {
  V_UNROLL for (int v = 0; v < vecs; v++) sum[v] = bias;
  for (int64_t t = 0; t < n_taps; t++) {
    const num *x = from + offset[t];
    const vec w = v_set(weight[t]);
    V_UNROLL for (int v = 0; v < vecs; v++) sum[v] = v_mad(w, take(x + v * V_LANES), sum[v]);
  }
}

V_INLINE void depthwise_line(const num *from, const int64_t *offset, const int64_t n_taps, const num *weight, num bias, int64_t n, lane *out) {
  const vec start = v_set(bias);
  vec sum[VECS];
  int64_t j = 0;
  for (; j + VECS * V_LANES <= n; j += VECS * V_LANES) {
    depthwise_vecs(from + j, offset, n_taps, weight, start, sum, VECS);
    V_UNROLL for (int v = 0; v < VECS; v++) v_store(out + j + v * V_LANES, sum[v]);
  }
  for (; j < n; j += V_LANES) {
    depthwise_vecs(from + j, offset, n_taps, weight, start, sum, 1);
    if (n - j >= V_LANES) v_store(out + j, sum[0]);
    else v_store_n(out + j, sum[0], n - j);
  }
}

#define PIECE 256
static void depthwise(const simd_conv_lines *lines, int64_t line, const void *weight, const void *bias, void *out, int64_t step) {
  const num *from = (const num *)lines->from + line * lines->line;
  const num start = bias ? *(const num *)bias : 0;
  if (step == 1) {
    if (lines->n_taps == 9) depthwise_line(from, lines->offset, 9, weight, start, lines->n, out);
    else depthwise_line(from, lines->offset, lines->n_taps, weight, start, lines->n, out);
    return;
  }
  lane part[PIECE];
  for (int64_t j = 0; j < lines->n; j += PIECE) {
    const int64_t n = least(PIECE, lines->n - j);
    depthwise_line(from + j, lines->offset, lines->n_taps, weight, start, n, part);
    for (int64_t i = 0; i < n; i++) ((lane *)out)[(j + i) * step] = part[i];
  }
}

static void add(int64_t n, const void *weight, const void *x, int64_t step, void *sum) {
  const num w = *(const num *)weight;
  num part[PIECE], *to = sum;
  for (int64_t j = 0; j < n; j += PIECE) {
    const int64_t some = least(PIECE, n - j);
    widen(some, (const lane *)x + j * step, step, part);
    for (int64_t i = 0; i < some; i++) to[j + i] += w * part[i];
  }
}

extern const simd_conv KERNEL(conv);
const simd_conv KERNEL(conv) = {
  .num_bytes = sizeof(num), .copy = copy, .widen = widen, .store = store, .is_finite = is_finite, .panel = panel, .depthwise = depthwise, .add = add,
};
