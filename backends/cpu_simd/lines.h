// SPDX-License-Identifier: BSD-3-Clause
// Between the driver of softmax and the norms and their kernels.
#ifndef CPU_SIMD_LINES_H
#define CPU_SIMD_LINES_H

#include "simd.h"

enum { LINE_X, LINE_OUT, LINE_WEIGHT, LINE_BIAS, LINE_MEAN, LINE_VARIANCE, LINE_ARGS };

/// Lines of n elements side by side; weight and bias may be NULL, out may be x. `step`: elements from a line to the next. still: bit k: argument k
/// has one element for each line (batch_norm alone).
typedef struct simd_lines {
  void *at[LINE_ARGS];
  int64_t step[LINE_ARGS];
  double eps;
  uint32_t still;
} simd_lines;

typedef struct simd_line_row {
  uint16_t op, cost; // as of simd_map_row
  void (*rows)(int64_t m, int64_t n, const simd_lines *lines);
} simd_line_row; // a table ends with op 0

#endif
