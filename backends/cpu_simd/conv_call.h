// SPDX-License-Identifier: BSD-3-Clause
// One call of convolution, and how it is cut into units of work: what conv_cut.c decides and conv.c runs.
#ifndef CPU_SIMD_CONV_CALL_H
#define CPU_SIMD_CONV_CALL_H

#include "conv.h"
#include "gemm/gemm.h"

#define MOST_SUMS 8192 // numbers of a box that products across channels add up in

typedef enum form { WINDOWS, FLAT, DEPTHWISE } form;

typedef struct conv {
  const simd_device *dev;
  const simd_conv *kernels, *product;     // of elements, of numbers
  const simd_gemm_kernels *gemm;
  const rtb_view *x, *weight, *bias, *out;
  char *out_data;                         // the first element that is written
  simd_window window;
  form form;
  bool is_across;                         // a product across channels; else along lines
  bool is_plain;                          // the copy has one phase, its elements as in x: across channels, and where taps side by side are seen 1 or 2 apart
  int64_t x_bytes;                        // of an element
  int64_t groups, channels, rows, depth;  // rows: output channels of a group; depth: channels of a group times taps
  bool reads_x;                           // x is not packed; across channels: not even copied
  // Weights and bias as numbers: the tensors themselves, or copies in the workspace.
  const void *numbers, *bias_numbers;
  int64_t numbers_row;
  bool widens, widens_bias;
  bool is_transposed;
  int64_t first_tap[3], tap_step[3];      // of a transposed one: which of its taps are left, from the last to the first
  // Boxes are lines x columns; there are so many of them along the output, of blocks of rows, and of the depth.
  int64_t box_lines, box_columns, boxes_down, boxes_across, n_boxes, block_rows, n_blocks, block_depth;
  int64_t unit_groups; // of so many groups at once: DEPTHWISE, small boxes
  // The copy under a box: rows of so many phases of pitch elements, and how many rows an output line moves on.
  int64_t n_phases, pitch, line_rows, n_rows, channel;
  const int64_t *offset, *position;       // of taps; across channels: of a block of the depth, and of the positions of a box
  const void *packed;                     // weights, across channels
  bool aside;                             // results are not numbers, or not where a product can put them
  uint64_t copy_bytes, panel_bytes, aside_bytes, sum_bytes;
} conv;

conv simd_conv_of(const simd_device *dev, const rtb_op *op);
/// Decides everything that follows from extents and strides.
void simd_conv_cut(conv *v);
bool simd_conv_sees_padding(const simd_window *w);
/// A transposed convolution as ordinary ones: the one for remainder number `index` of all.
conv simd_conv_remainder(const conv *whole, int64_t index);

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t held(int64_t n, int64_t low, int64_t high) { return most(low, least(n, high)); }
static inline int64_t parts(int64_t n, int64_t size) { return (n + size - 1) / size; }
static inline int64_t round_up(int64_t n, int64_t unit) { return parts(n, unit) * unit; }
static inline int64_t even_part(int64_t n, int64_t size, int64_t unit) { return n > 0 ? round_up(parts(n, parts(n, size)), unit) : unit; }
static inline char *at(const void *data, int64_t elements, int64_t bytes) { return (char *)data + elements * bytes; }

#endif
