// SPDX-License-Identifier: BSD-3-Clause
// Matrix products of one dtype: C = A B, or C += A B, with A [m, k] and B [k, n]. Private to this backend; matmul and conv call it. Both
// operands are packed into panels first, block by block, through a callback: so any strides cost the same, and conv packs its windows
// where matmul packs a matrix. Every element of C adds its products in the order of k, in blocks whose length depends on k alone: its
// bits depend neither on threads nor on where it lies in a tile.
#ifndef CPU_SIMD_GEMM_H
#define CPU_SIMD_GEMM_H

#include <stdbool.h>
#include <stdint.h>
#include <trivet/backend.h>

// ---- panels ---------------------------------------------------------------------------------------------------------------------------
// A panel holds W lines (rows of A, or columns of B) of one block of the depth, element by element along the depth: line w at depth k is
// at panel[k * W + w]. W is `mr` for A and `nr` for B. The panels of a block follow one another: kc * W elements each. In a panel that is
// not full the missing lines of B are 0 (they are computed with); those of A may be anything (they are not).

/// Writes the panels of the lines [first, first + n) over the depth [k0, k0 + kc) to `panels`. first is a multiple of W.
typedef void (*simd_gemm_pack)(const void *source, int64_t first, int64_t n, int64_t k0, int64_t kc, void *panels);

/// The source of the packers below: element (line, k) is at data + line * line_stride + k * depth_stride elements, any strides.
typedef struct simd_gemm_matrix {
  const void *data;
  int64_t line_stride, depth_stride;
} simd_gemm_matrix;

/// Where results go: element (i, j) at data + i * row + j * column elements.
typedef struct simd_gemm_out {
  void *data;
  int64_t row, column;
  const void *bias; ///< NULL, or one element for each row, added once
  bool add;         ///< to what is there
} simd_gemm_out;

// ---- kernels: one table for each instruction set and dtype, the only thing its object file exports ----------------------------------------
typedef struct simd_gemm_kernels {
  int32_t lane_bytes, mr, nr, vector; ///< rows and columns of a tile, lanes of a vector
  int32_t kc, mc, nc; ///< the largest block of depth, rows and columns
  simd_gemm_pack pack_a, pack_b; ///< of a simd_gemm_matrix
  /// out = or += the product of packed panels: m rows, n columns, kc deep.
  void (*block)(int64_t m, int64_t n, int64_t kc, const void *a, const void *b, const simd_gemm_out *out);
  /// The same without packing A, and without packing B if b_panels is false: then its rows (columns side by side) are b_row elements apart.
  void (*direct)(int64_t m, int64_t n, int64_t k, const simd_gemm_matrix *a, const void *b, int64_t b_row, bool b_panels, const simd_gemm_out *out);
  /// y = or += the sum of the rows k of b, each times x[k]: n columns, side by side, rows `row` elements apart. x and y dense.
  void (*mix)(int64_t n, int64_t k, const void *x, const void *b, int64_t row, void *y, bool add);
  /// y = the sum of k rows: n columns, everything dense.
  void (*total)(int64_t n, int64_t k, const void *rows, void *y);
  /// y[j * y_step] = the dot product of x with line j of b: n lines `line` elements apart, each dense and k long.
  void (*dots)(int64_t n, int64_t k, const void *x, const void *b, int64_t line, void *y, int64_t y_step);
} simd_gemm_kernels;

// ---- the driver -------------------------------------------------------------------------------------------------------------------------
typedef struct simd_gemm_side {
  simd_gemm_pack pack;
  const void *source;
} simd_gemm_side;

typedef struct simd_gemm_call {
  const simd_gemm_kernels *kernels;
  int64_t m, n, k;
  simd_gemm_side a, b;
  simd_gemm_out out;
} simd_gemm_call;

/// Scratch memory that simd_gemm_run needs for these extents, to be aligned to 64 bytes.
uint64_t simd_gemm_workspace(const simd_gemm_kernels *kernels, int64_t m, int64_t n, int64_t k);
/// Runs on the host's threads; inside a body of parallel_for alone, over the same chunks. host NULL: on this thread.
int32_t simd_gemm_run(const rtb_host *host, const simd_gemm_call *call, void *workspace);

#endif
