// SPDX-License-Identifier: BSD-3-Clause
// Products of matrices as matmul.c computes them, for matmul.c and matmul_made.c.
#ifndef CPU_SIMD_MATMUL_H
#define CPU_SIMD_MATMUL_H

#include "gemm/gemm.h"
#include "simd.h"

/// One product, seen in its best orientation, and how far the next one of the batch is (in dimensions 0 to n_batch - 1 of the call).
typedef struct simd_product {
  const simd_gemm_kernels *gemm;
  const rtb_host *host;
  const rtb_view *view[3]; // a, b, out as they are now called
  int32_t n_batch, bytes;  // of an element
  int64_t batch; // products
  int64_t m, n, k;
  simd_gemm_matrix a, b; // lines of A are rows, lines of B are columns
  simd_gemm_out out;
} simd_product;

simd_product simd_product_of(const simd_device *dev, const rtb_op *op, const simd_gemm_kernels *gemm);
/// The product at this place of the batch.
simd_product simd_product_at(const simd_product *first, int64_t index);
/// All of the batch, of elements that gemm multiplies.
int32_t simd_product_run(const simd_product *p);

/// f16, bf16 and complex numbers: a kernel (kctx: the device).
int32_t simd_matmul_made(void *dev, void *stream, const rtb_op *op);

#endif
