// SPDX-License-Identifier: BSD-3-Clause
// The geometry that convolution and pooling share: windows over 1 to 3 spatial dimensions, always treated as 3 (missing ones in front have
// extent 1). A line is the output along the innermost of them.
#ifndef CPU_SIMD_WINDOW_H
#define CPU_SIMD_WINDOW_H

#include "simd.h"

typedef struct simd_window {
  int64_t in[3], out[3], taps[3]; // extents of x, of the output, of the window
  int64_t stride[3], dilation[3], pad_lo[3], pad_hi[3];
  int64_t x_stride[3], out_stride[3]; // of the views, in elements
  int64_t n_taps;
} simd_window;

/// weight_shape: NULL for the attribute's window, else the window is its last extents.
static inline simd_window simd_window_of(const rtb_attr_window *attr, const rtb_view *x, const rtb_view *out, const int64_t *weight_shape) {
  simd_window w = {.n_taps = 1};
  const int32_t missing = 3 - (int32_t)attr->spatial;
  for (int32_t i = 0; i < 3; i++) {
    const int32_t s = i - missing, d = 2 + s; // index in the attribute; dimension of the views
    w.in[i] = w.out[i] = w.taps[i] = w.stride[i] = w.dilation[i] = 1;
    if (s < 0) continue;
    w.in[i] = x->shape[d], w.x_stride[i] = x->stride[d];
    w.out[i] = out->shape[d], w.out_stride[i] = out->stride[d];
    w.taps[i] = weight_shape ? weight_shape[d] : attr->window[s];
    w.stride[i] = attr->stride[s], w.dilation[i] = attr->dilation[s];
    w.pad_lo[i] = attr->pad_lo[s], w.pad_hi[i] = attr->pad_hi[s];
    w.n_taps *= w.taps[i];
  }
  return w;
}

/// The taps [first, end) that fall into [low, high) along one dimension, for the window whose first tap is at `at`.
typedef struct simd_taps { int64_t first, end; } simd_taps;
static inline simd_taps simd_taps_in(int64_t at, int64_t taps, int64_t dilation, int64_t low, int64_t high) {
  simd_taps in = {0, taps};
  if (at < low) in.first = (low - at + dilation - 1) / dilation;
  if (at + (taps - 1) * dilation >= high) in.end = high > at ? (high - at + dilation - 1) / dilation : 0;
  if (in.first > in.end) in.first = in.end;
  return in;
}

#endif
