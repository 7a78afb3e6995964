// SPDX-License-Identifier: BSD-3-Clause
// What the driver of pooling hands to its kernels: lines of the output, and the lines of x that the windows of the first one see.
#ifndef CPU_SIMD_POOL_H
#define CPU_SIMD_POOL_H

#include "window.h"

/// Strides in elements. All rows are inside of x; columns need not be. The next line of several sees as many rows, `next` elements on.
typedef struct simd_pool_line {
  const void *x;                        ///< column 0 of the first row
  int64_t n_planes, n_rows, plane, row; ///< the windows see n_planes x n_rows rows, so far apart
  int64_t step, in;                     ///< from column to column, and how many
  int64_t n;                            ///< output positions
  int64_t taps, stride, dilation, pad;  ///< position j sees the columns j stride + t dilation - pad
  void *out;
  int64_t out_step;
  int64_t count, low, high;             ///< means: rows that count, padded ones too where they do, and columns, [low, high)
  int64_t place, place_plane, place_row; ///< indices: that of x, and what a plane and a row add
  int64_t n_lines, next, next_out, next_place; ///< from line to line: in x, in the output, in indices
} simd_pool_line;

/// The kernels of one dtype. mean: floats only. index: out is i64.
typedef struct simd_pool {
  void (*max)(const simd_pool_line *lines);
  void (*mean)(const simd_pool_line *lines);
  void (*index)(const simd_pool_line *lines);
} simd_pool;

#endif
