// SPDX-License-Identifier: BSD-3-Clause
// Products of matrices of f16, bf16 and complex numbers, made of one product of real ones in scratch memory. Halves are widened to f32, added
// up there, and rounded once. Complex matrices become real ones of twice the extents: with A = P + iQ and B = R + iS the product of
//   [P -Q]        [R]         [PR - QS]
//   [Q  P]   and  [S]   is    [QR + PS],   the real parts of C above its imaginary ones.
#include <string.h>

#include "matmul.h"

#define CHUNK_ELEMENTS 32768 // that one chunk of parallel work copies
#define PIECE 256            // elements that pass through a buffer on the stack

/// Lines of n elements between a matrix of the call and a real one. Places and steps are in bytes.
typedef struct copy {
  void (*line)(const struct copy *job, int64_t line);
  simd_map cast; // of halves
  int64_t n;
  char *call, *real, *lower; // element (line 0, 0); of the real matrix also where the lines of the lower half begin
  int64_t call_line, call_step, real_line;
} copy;

// ---- halves -----------------------------------------------------------------------------------------------------------------------------------

static void widen_line(const copy *job, int64_t line) {
  const char *from = job->call + line * job->call_line;
  float *to = (float *)(void *)(job->real + line * job->real_line);
  if (job->call_step == 2) {
    job->cast(job->n, &(const void *){from}, to, 0);
    return;
  }
  uint16_t piece[PIECE];
  for (int64_t i = 0; i < job->n; i += PIECE) {
    const int64_t n = job->n - i < PIECE ? job->n - i : PIECE;
    for (int64_t j = 0; j < n; j++) memcpy(&piece[j], from + (i + j) * job->call_step, 2);
    job->cast(n, &(const void *){piece}, to + i, 0);
  }
}

static void narrow_line(const copy *job, int64_t line) {
  char *to = job->call + line * job->call_line;
  const float *from = (const float *)(void *)(job->real + line * job->real_line);
  if (job->call_step == 2) {
    job->cast(job->n, &(const void *){from}, to, 0);
    return;
  }
  uint16_t piece[PIECE];
  for (int64_t i = 0; i < job->n; i += PIECE) {
    const int64_t n = job->n - i < PIECE ? job->n - i : PIECE;
    job->cast(n, &(const void *){from + i}, piece, 0);
    for (int64_t j = 0; j < n; j++) memcpy(to + (i + j) * job->call_step, &piece[j], 2);
  }
}

// ---- complex numbers ----------------------------------------------------------------------------------------------------------------------------

#define COMPLEX(type)                                                                                                      \
  static void split_a_##type(const copy *job, int64_t line) {                                                              \
    const char *from = job->call + line * job->call_line;                                                                  \
    type *upper = (type *)(void *)(job->real + line * job->real_line), *lower = (type *)(void *)(job->lower + line * job->real_line); \
    for (int64_t i = 0; i < job->n; i++) {                                                                                 \
      const type *z = (const type *)(const void *)(from + i * job->call_step);                                             \
      upper[i] = lower[job->n + i] = z[0], upper[job->n + i] = -z[1], lower[i] = z[1];                                     \
    }                                                                                                                      \
  }                                                                                                                        \
  static void split_b_##type(const copy *job, int64_t line) {                                                              \
    const char *from = job->call + line * job->call_line;                                                                  \
    type *upper = (type *)(void *)(job->real + line * job->real_line), *lower = (type *)(void *)(job->lower + line * job->real_line); \
    for (int64_t i = 0; i < job->n; i++) {                                                                                 \
      const type *z = (const type *)(const void *)(from + i * job->call_step);                                             \
      upper[i] = z[0], lower[i] = z[1];                                                                                    \
    }                                                                                                                      \
  }                                                                                                                        \
  static void join_##type(const copy *job, int64_t line) {                                                                 \
    char *to = job->call + line * job->call_line;                                                                          \
    const type *upper = (const type *)(void *)(job->real + line * job->real_line), *lower = (const type *)(void *)(job->lower + line * job->real_line); \
    for (int64_t i = 0; i < job->n; i++) {                                                                                 \
      type *z = (type *)(void *)(to + i * job->call_step);                                                                 \
      z[0] = upper[i], z[1] = lower[i];                                                                                    \
    }                                                                                                                      \
  }
COMPLEX(float)
COMPLEX(double)

// ---- the product ----------------------------------------------------------------------------------------------------------------------------------

static int32_t copy_body(void *arg, int64_t begin, int64_t end) {
  const copy *job = arg;
  for (int64_t line = begin; line < end; line++) job->line(job, line);
  return RTB_OK;
}

/// Halves of a matrix are copied along whichever direction lies closer in memory.
static simd_gemm_matrix widen(const simd_device *dev, const simd_gemm_matrix *from, int64_t lines, int64_t depth, simd_map cast, char *to, int32_t *status) {
  const int64_t along_line = from->line_stride < 0 ? -from->line_stride : from->line_stride, along_depth = from->depth_stride < 0 ? -from->depth_stride : from->depth_stride;
  const bool by_line = along_depth <= along_line;
  copy job = {.line = widen_line, .cast = cast, .n = by_line ? depth : lines, .call = (char *)(uintptr_t)from->data, .real = to};
  job.call_line = 2 * (by_line ? from->line_stride : from->depth_stride), job.call_step = 2 * (by_line ? from->depth_stride : from->line_stride);
  job.real_line = job.n * (int64_t)sizeof(float);
  if (*status == RTB_OK) *status = simd_parallel(dev, by_line ? lines : depth, 1 + CHUNK_ELEMENTS / job.n, copy_body, &job);
  return (simd_gemm_matrix){to, by_line ? depth : 1, by_line ? 1 : lines};
}

/// scratch: the real matrices A, B and C, one behind the other.
static int32_t half_product(const simd_device *dev, const simd_product *p, const simd_casts *casts, char *scratch) {
  simd_product real = *p;
  int32_t status = RTB_OK;
  char *b = scratch + p->m * p->k * 4, *c = b + p->k * p->n * 4;
  real.a = widen(dev, &p->a, p->m, p->k, casts->from[RTB_F32], scratch, &status);
  real.b = widen(dev, &p->b, p->n, p->k, casts->from[RTB_F32], b, &status);
  real.out = (simd_gemm_out){.data = c, .row = p->n, .column = 1};
  real.bytes = 4, real.batch = 1, real.n_batch = 0;
  if (status == RTB_OK) status = simd_product_run(&real);
  copy job = {.line = narrow_line, .cast = casts->to[RTB_F32], .n = p->n, .call = p->out.data, .call_line = 2 * p->out.row, .call_step = 2 * p->out.column,
              .real = c, .real_line = 4 * p->n};
  return status == RTB_OK ? simd_parallel(dev, p->m, 1 + CHUNK_ELEMENTS / p->n, copy_body, &job) : status;
}

static int32_t complex_product(const simd_device *dev, const simd_product *p, char *scratch) {
  const bool is_narrow = p->bytes == 8;
  const int64_t bytes = p->bytes / 2;
  char *b = scratch + 4 * p->m * p->k * bytes, *c = b + 2 * p->k * p->n * bytes;
  copy split_a = {.line = is_narrow ? split_a_float : split_a_double, .n = p->k, .call = (char *)(uintptr_t)p->a.data, .real = scratch,
                  .lower = scratch + 2 * p->m * p->k * bytes, .call_line = p->a.line_stride * p->bytes, .call_step = p->a.depth_stride * p->bytes,
                  .real_line = 2 * p->k * bytes};
  copy split_b = {.line = is_narrow ? split_b_float : split_b_double, .n = p->n, .call = (char *)(uintptr_t)p->b.data, .real = b, .lower = b + p->k * p->n * bytes,
                  .call_line = p->b.depth_stride * p->bytes, .call_step = p->b.line_stride * p->bytes, .real_line = p->n * bytes};
  copy join = {.line = is_narrow ? join_float : join_double, .n = p->n, .call = p->out.data, .real = c, .lower = c + p->m * p->n * bytes,
               .call_line = p->out.row * p->bytes, .call_step = p->out.column * p->bytes, .real_line = p->n * bytes};
  simd_product real = *p;
  real.m *= 2, real.k *= 2;
  real.a = (simd_gemm_matrix){scratch, real.k, 1}, real.b = (simd_gemm_matrix){b, 1, p->n};
  real.out = (simd_gemm_out){.data = c, .row = p->n, .column = 1};
  real.bytes = (int32_t)bytes, real.batch = 1, real.n_batch = 0;
  int32_t status = simd_parallel(dev, p->m, 1 + CHUNK_ELEMENTS / p->k, copy_body, &split_a);
  if (status == RTB_OK) status = simd_parallel(dev, p->k, 1 + CHUNK_ELEMENTS / p->n, copy_body, &split_b);
  if (status == RTB_OK) status = simd_product_run(&real);
  return status == RTB_OK ? simd_parallel(dev, p->m, 1 + CHUNK_ELEMENTS / p->n, copy_body, &join) : status;
}

int32_t simd_matmul_made(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const simd_device *dev = kctx;
  const uint16_t dtype = op->args[2]->dtype;
  const bool is_complex = dtype == RTB_C64 || dtype == RTB_C128;
  const simd_product all = simd_product_of(dev, op, dev->isa->gemm[dtype == RTB_C128 ? RTB_F64 : RTB_F32]);
  const int64_t halves = all.m * all.k + all.k * all.n + all.m * all.n;
  const uint64_t bytes = (uint64_t)(is_complex ? (halves + all.m * all.k) * all.bytes : halves * 4);
  char *scratch = dev->host->alloc(dev->host, bytes, 64);
  if (!scratch) return dev->host->fail(dev->host, RTB_E_NO_MEMORY, "matmul: no memory for real copies of its operands");
  int32_t status = RTB_OK;
  for (int64_t i = 0; i < all.batch && status == RTB_OK; i++) {
    const simd_product p = simd_product_at(&all, i);
    status = is_complex ? complex_product(dev, &p, scratch) : half_product(dev, &p, dev->isa->casts[dtype], scratch);
  }
  dev->host->free(dev->host, scratch, bytes);
  return status;
}
