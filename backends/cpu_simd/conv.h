// SPDX-License-Identifier: BSD-3-Clause
// What the driver of convolution hands to its kernels. A part of x that some lines of the output see is copied once, with its padding, as
// numbers: element q of phase b of a row is column q * stride + b. So what neighbouring output positions see through a tap is side by
// side for every stride, dilation and dtype; it lies `offset` of the tap after what they see through the first one.
#ifndef CPU_SIMD_CONV_H
#define CPU_SIMD_CONV_H

#include "window.h"

/// A row of x. All counts and strides in elements.
typedef struct simd_conv_row {
  const void *x;                  ///< column 0; NULL: all padding
  int64_t step, in;               ///< from column to column, and how many
  int64_t at, stride;             ///< the column of element 0 of phase 0, may be outside
  int64_t n_phases, pitch;        ///< of the copy: element q of phase b is at b * pitch + q
} simd_conv_row;

/// Lines of the output, n_lines x n positions, over the copy that starts at `from`.
typedef struct simd_conv_lines {
  const void *from;
  const int64_t *offset;          ///< of the taps of a channel
  int64_t n_taps, channel, line;  ///< from channel to channel, from line to line in the copy
  int64_t n;                      ///< positions of a line
} simd_conv_lines;

/// The kernels of one dtype. Numbers are f32 for f32 and halves, f64 for f64. They may read up to a vector past what they use of a copy.
typedef struct simd_conv {
  int32_t num_bytes;
  void (*copy)(const simd_conv_row *row, void *to);
  void (*widen)(int64_t n, const void *x, int64_t step, void *to); ///< elements to numbers
  void (*store)(int64_t n, const void *from, void *out, int64_t step); ///< numbers to elements
  bool (*is_finite)(int64_t n, const void *numbers);
  /// Packs columns [first, first + n) of all lines for the depth [k0, k0 + kc) (channels by taps) as a panel of `width` columns. The panel has
  /// room for a vector more.
  void (*panel)(const simd_conv_lines *lines, int64_t first, int64_t n, int64_t k0, int64_t kc, int64_t width, void *panel);
  /// One line of one channel: out = bias + the sum over taps of weight times what is seen through it.
  void (*depthwise)(const simd_conv_lines *lines, int64_t line, const void *weight, const void *bias, void *out, int64_t step);
  /// sum[j] += weight x[j * step], numbers but for x.
  void (*add)(int64_t n, const void *weight, const void *x, int64_t step, void *sum);
} simd_conv;

#endif
