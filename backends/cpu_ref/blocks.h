// SPDX-License-Identifier: BSD-3-Clause
// What matmul and conv compute with: blocks of both operands widened onto the stack, an accumulator, and the inner product of panel.h for each
// kind of accumulator.
#ifndef CPU_REF_BLOCKS_H
#define CPU_REF_BLOCKS_H

#include <stdint.h>

#define PANEL panel_narrow
#define ELEMENT double
#define ACC double
#include "panel.h"
#define PANEL panel_f64
#define ELEMENT double
#define ACC long double
#include "panel.h"
#define PANEL panel_integer
#define ELEMENT uint64_t
#define ACC uint64_t
#include "panel.h"

typedef union block_a {
  double f64[PANEL_ROWS][PANEL_DEPTH];
  uint64_t u64[PANEL_ROWS][PANEL_DEPTH];
} block_a;
typedef union block_b {
  double f64[PANEL_DEPTH][PANEL_COLUMNS];
  uint64_t u64[PANEL_DEPTH][PANEL_COLUMNS];
} block_b;
typedef union block_acc {
  double narrow[PANEL_ROWS][PANEL_COLUMNS];
  long double f64[PANEL_ROWS][PANEL_COLUMNS];
  uint64_t integer[PANEL_ROWS][PANEL_COLUMNS];
} block_acc;

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

#endif
