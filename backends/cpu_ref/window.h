// SPDX-License-Identifier: BSD-3-Clause
// The geometry that convolution and pooling share: windows over 1 to 3 spatial dimensions, always treated as 3 (missing ones in front have
// extent 1), and a row of output positions seen through one tap of the window.
#ifndef CPU_REF_WINDOW_H
#define CPU_REF_WINDOW_H

#include "ref.h"

typedef struct ref_window {
  int64_t in[3], out[3], taps[3];            // extents of x, of the output, of the window
  int64_t stride[3], dilation[3], pad_lo[3], pad_hi[3];
  int64_t x_stride[3], out_stride[3];        // of the views, in elements
  int64_t n_pixels, n_taps;                  // products of out and taps
} ref_window;

/// shape_of_taps: the attribute's window, or the last extents of a weight.
static inline ref_window ref_window_of(const rtb_attr_window *attr, const rtb_view *x, const rtb_view *out, const int64_t *weight_shape) {
  ref_window w = {.n_pixels = 1, .n_taps = 1};
  for (int32_t i = 0; i < 3; i++) {
    const int32_t s = i - (3 - (int32_t)attr->spatial), d = 2 + s; // index in the attribute; dimension of the views
    const bool is_there = s >= 0;
    w.in[i] = is_there ? x->shape[d] : 1;
    w.out[i] = is_there ? out->shape[d] : 1;
    w.taps[i] = !is_there ? 1 : weight_shape ? weight_shape[d] : attr->window[s];
    w.stride[i] = is_there ? attr->stride[s] : 1;
    w.dilation[i] = is_there ? attr->dilation[s] : 1;
    w.pad_lo[i] = is_there ? attr->pad_lo[s] : 0;
    w.pad_hi[i] = is_there ? attr->pad_hi[s] : 0;
    w.x_stride[i] = is_there ? x->stride[d] : 0;
    w.out_stride[i] = is_there ? out->stride[d] : 0;
    w.n_pixels *= w.out[i];
    w.n_taps *= w.taps[i];
  }
  return w;
}

static inline int64_t ref_floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); } // b > 0
static inline int64_t ref_clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

/// The part of a row of output positions that lies in one line of the output: positions [first, first + n) begin with n of the line.
typedef struct ref_line {
  int64_t at[3], n;
} ref_line;
static inline ref_line ref_line_at(const ref_window *w, int64_t first, int64_t n) {
  ref_line line = {.at = {first / (w->out[1] * w->out[2]), first / w->out[2] % w->out[1], first % w->out[2]}};
  line.n = n < w->out[2] - line.at[2] ? n : w->out[2] - line.at[2];
  return line;
}

/// What output positions [first, first + n) see through tap `tap`: widened values of x (one channel) into row, 0 in the padding; is_inside
/// says which are values.
static inline void ref_window_row(const ref_window *w, ref_get get, const char *x, int64_t x_bytes, int64_t tap, int64_t first, int64_t n,
                                  void *wide_row, uint8_t *is_inside) {
  char *row = wide_row; // elements of a wide type have 8 bytes
  const int64_t t[3] = {tap / (w->taps[1] * w->taps[2]), tap / w->taps[2] % w->taps[1], tap % w->taps[2]};
  while (n > 0) {
    const ref_line line = ref_line_at(w, first, n);
    const int64_t i0 = line.at[0] * w->stride[0] + t[0] * w->dilation[0] - w->pad_lo[0];
    const int64_t i1 = line.at[1] * w->stride[1] + t[1] * w->dilation[1] - w->pad_lo[1];
    const int64_t shift = t[2] * w->dilation[2] - w->pad_lo[2]; // position j of the line sees column (at + j) * stride + shift
    int64_t from = 0, to = 0;
    if (i0 >= 0 && i0 < w->in[0] && i1 >= 0 && i1 < w->in[1]) {
      from = ref_clamp(-ref_floor_div(shift, w->stride[2]) - line.at[2], 0, line.n);
      to = ref_clamp(ref_floor_div(w->in[2] - 1 - shift, w->stride[2]) + 1 - line.at[2], from, line.n);
    }
    memset(row, 0, (size_t)line.n * 8);
    memset(is_inside, 0, (size_t)line.n);
    if (to > from) {
      const int64_t i2 = (line.at[2] + from) * w->stride[2] + shift;
      const int64_t at = i0 * w->x_stride[0] + i1 * w->x_stride[1] + i2 * w->x_stride[2];
      get(to - from, x + at * x_bytes, w->stride[2] * w->x_stride[2], row + from * 8);
      memset(is_inside + from, 1, (size_t)(to - from));
    }
    row += line.n * 8, is_inside += line.n, first += line.n, n -= line.n;
  }
}

/// The same for a transposed convolution: through tap t, output position p sees the element i of x for which i stride + t dilation - pad_lo
/// is p, if there is one.
static inline void ref_transposed_row(const ref_window *w, ref_get get, const char *x, int64_t x_bytes, int64_t tap, int64_t first, int64_t n,
                                      void *wide_row, uint8_t *is_inside) {
  char *row = wide_row;
  const int64_t t[3] = {tap / (w->taps[1] * w->taps[2]), tap / w->taps[2] % w->taps[1], tap % w->taps[2]};
  while (n > 0) {
    const ref_line line = ref_line_at(w, first, n);
    bool is_there = true;
    int64_t at = 0;
    for (int32_t d = 0; d < 2; d++) {
      const int64_t place = line.at[d] + w->pad_lo[d] - t[d] * w->dilation[d];
      is_there = is_there && place >= 0 && place % w->stride[d] == 0 && place / w->stride[d] < w->in[d];
      at += place / w->stride[d] * w->x_stride[d];
    }
    memset(row, 0, (size_t)line.n * 8);
    memset(is_inside, 0, (size_t)line.n);
    const int64_t place = line.at[2] + w->pad_lo[2] - t[2] * w->dilation[2];
    int64_t i = place <= 0 ? 0 : (place - 1) / w->stride[2] + 1; // the first element at or after the line's first position
    for (; is_there && i < w->in[2] && i * w->stride[2] - place < line.n; i++) {
      const int64_t j = i * w->stride[2] - place;
      get(1, x + (at + i * w->x_stride[2]) * x_bytes, 1, row + j * 8);
      is_inside[j] = 1;
    }
    row += line.n * 8, is_inside += line.n, first += line.n, n -= line.n;
  }
}

/// Output positions [first, first + n) of one channel, from wide values.
static inline void ref_window_store(const ref_window *w, ref_put put, char *out, int64_t out_bytes, int64_t first, int64_t n,
                                    const void *wide_row) {
  const char *row = wide_row;
  while (n > 0) {
    const ref_line line = ref_line_at(w, first, n);
    const int64_t at = line.at[0] * w->out_stride[0] + line.at[1] * w->out_stride[1] + line.at[2] * w->out_stride[2];
    put(line.n, row, out + at * out_bytes, w->out_stride[2]);
    row += line.n * 8, first += line.n, n -= line.n;
  }
}

#endif
