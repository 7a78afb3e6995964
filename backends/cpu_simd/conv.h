// SPDX-License-Identifier: BSD-3-Clause
// What the driver of convolution hands to its kernels. A part of x that some lines of the output see is copied once, with its padding, as
// numbers: element q of phase b of a row is column q * stride + b. So what neighbouring output positions see through a tap is side by
// side for every stride, dilation and dtype; it lies `offset` of the tap after what they see through the first one.
#ifndef CPU_SIMD_CONV_H
#define CPU_SIMD_CONV_H

#include "window.h"

/// What to copy: n_channels x n_planes x n_rows rows of x, and where to. All counts and strides in elements.
typedef struct simd_conv_part {
  const void *x;                          ///< element (0, 0, 0) of the first channel
  int64_t n_channels, channel;            ///< stride
  int64_t n_planes, plane, z, dz, in_z;   ///< planes z, z + dz ... of those that are there
  int64_t n_rows, row, y, sy, line, in_y; ///< rows y to y + line - 1, then y + sy to y + sy + line - 1 ...
  int64_t step, at, stride, in_x;         ///< stride from column to column; the column of element 0 of phase 0; from element to element
  int64_t n_phases, pitch;                ///< of a copied row
  int64_t to_channel, to_plane;           ///< strides of the copy
} simd_conv_part;

/// Lines of the output, n positions each, over the copy that starts at `from`.
#define SIMD_CONV_SLACK 192 // bytes that kernels may touch past the end of a copy or panel
typedef struct simd_conv_lines {
  const void *from;
  const int64_t *offset;          ///< of the taps of a channel
  int64_t n_taps, channel, line;  ///< from channel to channel, from line to line in the copy
  int64_t n_lines, n;
} simd_conv_lines;

/// Convolutions of single channels, one after the other.
#define SIMD_CONV_APART 49 // taps at most where neighbours see what is 2 apart
typedef struct simd_conv_maps {
  simd_conv_lines lines;          ///< of the first one; its channel leads to the next
  int64_t n, taps, apart;         ///< taps in a row of the window; elements between what neighbours see: 1, or 2 where taps lie side by side
  const void *weight, *bias;      ///< numbers; bias may be NULL
  void *out;
  int64_t to_weight, to_bias, to_out, out_line, out_step; ///< from map to map; from line to line, from element to element
} simd_conv_maps;

/// Output positions and a block of the depth, for a product whose vectors lie across output channels: position i sees x[position[i] + offset[k]] at
/// depth k. Numbers, f32 or f64.
#define SIMD_CONV_ACROSS 3 // vectors at most
typedef struct simd_conv_spots {
  const void *x;
  const int64_t *position, *offset;
  int64_t n, depth;
  const void *weights; ///< rows of vecs vectors, one for each depth
  const void *start;   ///< a row that sums start from; NULL: they go on
  void *sums;          ///< n rows of vecs vectors
  void *out;           ///< NULL, or where finished sums go instead: n numbers for each lane, out_row apart
  int64_t out_row;
  int32_t vecs;
} simd_conv_spots;

/// The kernels of one dtype. Numbers are f32 for f32 and halves, f64 for f64.
typedef struct simd_conv {
  int32_t num_bytes, lanes; ///< of a number; numbers of a vector
  void (*copy)(const simd_conv_part *part, void *to);
  void (*widen)(int64_t n, const void *x, int64_t step, void *to); ///< elements to numbers
  void (*store)(int64_t n, const void *from, void *out, int64_t step); ///< numbers to elements
  bool (*is_finite)(int64_t n, const void *numbers);
  /// Packs columns [first, first + n) of all lines for the depth [k0, k0 + kc) (channels by taps) as a panel of `width` columns.
  void (*panel)(const simd_conv_lines *lines, int64_t first, int64_t n, int64_t k0, int64_t kc, int64_t width, void *panel);
  /// out = bias + the sum over taps of weight times what is seen through it.
  void (*depthwise)(const simd_conv_maps *maps);
  /// sums = start or += the products; NULL for halves, whose numbers are f32.
  void (*across)(const simd_conv_spots *spots);
  /// sum[j] += weight x[j * step], numbers but for x.
  void (*add)(int64_t n, const void *weight, const void *x, int64_t step, void *sum);
} simd_conv;

#endif
