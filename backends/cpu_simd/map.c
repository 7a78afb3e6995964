// SPDX-License-Identifier: BSD-3-Clause
// Elementwise operations: finds the kernel of a row of ops.def, walks arguments of any strides in pieces that the kernel sees as dense, and
// splits the work over the host's threads.
#include <string.h>

#include "simd.h"

typedef struct map_kernel {
  simd_device *dev;
  simd_map fn;
  int64_t grain;
  uint32_t still;                        // inputs that are immediates
  int32_t n_in;
  uint8_t bytes[SIMD_MAX_INPUTS + 1];    // per element of each argument, the output's last
} map_kernel;

// ---- dense ----------------------------------------------------------------------------------------------------------------------------------
typedef struct dense_job { const map_kernel *kernel; const void *in[SIMD_MAX_INPUTS]; void *out; } dense_job;

static int32_t dense_body(void *arg, int64_t begin, int64_t end) {
  const dense_job *job = arg;
  const map_kernel *kernel = job->kernel;
  const void *in[SIMD_MAX_INPUTS];
  for (int32_t k = 0; k < kernel->n_in; k++)
    in[k] = kernel->still >> k & 1 ? job->in[k] : (const char *)job->in[k] + begin * kernel->bytes[k];
  kernel->fn(end - begin, in, (char *)job->out + begin * kernel->bytes[kernel->n_in], kernel->still);
  return RTB_OK;
}

static int32_t map_dense(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const map_kernel *kernel = kctx;
  dense_job job = {.kernel = kernel, .out = op->args[kernel->n_in]->data};
  for (int32_t k = 0; k < kernel->n_in; k++) job.in[k] = op->args[k]->data;
  const int64_t n = op->args[kernel->n_in]->numel;
  if (n <= kernel->grain) {
    kernel->fn(n, job.in, job.out, kernel->still);
    return RTB_OK;
  }
  return kernel->dev->host->parallel_for(kernel->dev->host, n, kernel->grain, dense_body, &job);
}

// ---- any strides ----------------------------------------------------------------------------------------------------------------------------
// A row is the innermost dimension. A piece of it goes to the kernel as it is where its step is 1, as one element where it is 0, and
// through a buffer otherwise.
#define PIECE 1024

static void gather(int64_t n, const char *from, int64_t step_bytes, char *to, int32_t bytes) {
#define GATHER(type) for (int64_t i = 0; i < n; i++) memcpy(to + i * (int64_t)sizeof(type), from + i * step_bytes, sizeof(type))
  if (bytes == 8) GATHER(uint64_t);
  else if (bytes == 4) GATHER(uint32_t);
  else if (bytes == 2) GATHER(uint16_t);
  else GATHER(uint8_t);
}

static void scatter(int64_t n, const char *from, char *to, int64_t step_bytes, int32_t bytes) {
#define SCATTER(type) for (int64_t i = 0; i < n; i++) memcpy(to + i * step_bytes, from + i * (int64_t)sizeof(type), sizeof(type))
  if (bytes == 8) SCATTER(uint64_t);
  else if (bytes == 4) SCATTER(uint32_t);
  else if (bytes == 2) SCATTER(uint16_t);
  else SCATTER(uint8_t);
}

typedef struct rows_job { const map_kernel *kernel; const rtb_op *op; int64_t n; } rows_job;

static void run_row(const rows_job *job, char *const *at, const int64_t *step_bytes) {
  const map_kernel *kernel = job->kernel;
  const int32_t n_in = kernel->n_in;
  _Alignas(64) char buffer[SIMD_MAX_INPUTS + 1][PIECE * 8];
  for (int64_t i = 0; i < job->n; i += PIECE) {
    const int64_t n = job->n - i < PIECE ? job->n - i : PIECE;
    const void *in[SIMD_MAX_INPUTS];
    uint32_t still = kernel->still;
    for (int32_t k = 0; k < n_in; k++) {
      const char *from = at[k] + i * step_bytes[k];
      in[k] = from;
      if (step_bytes[k] == 0) still |= 1u << k;
      else if (step_bytes[k] != kernel->bytes[k]) gather(n, from, step_bytes[k], buffer[k], kernel->bytes[k]), in[k] = buffer[k];
    }
    char *out = at[n_in] + i * step_bytes[n_in];
    const bool direct = step_bytes[n_in] == kernel->bytes[n_in] || n == 1;
    kernel->fn(n, in, direct ? out : buffer[n_in], still);
    if (!direct) scatter(n, buffer[n_in], out, step_bytes[n_in], kernel->bytes[n_in]);
  }
}

static int32_t rows_body(void *arg, int64_t begin, int64_t end) {
  const rows_job *job = arg;
  const map_kernel *kernel = job->kernel;
  const rtb_op *op = job->op;
  const rtb_view *out = op->args[kernel->n_in];
  const int32_t inner = out->ndim - 1;
  int64_t index[RTB_MAX_RANK] = {0}, step[SIMD_MAX_INPUTS + 1] = {0};
  char *at[SIMD_MAX_INPUTS + 1];
  for (int32_t k = 0; k <= kernel->n_in; k++) {
    const rtb_view *view = op->args[k];
    at[k] = view->data;
    if (view->ndim) step[k] = view->stride[inner] * kernel->bytes[k];
  }
  int64_t rest = begin;
  for (int32_t d = inner - 1; d >= 0; d--) {
    index[d] = rest % out->shape[d], rest /= out->shape[d];
    for (int32_t k = 0; k <= kernel->n_in; k++)
      if (op->args[k]->ndim) at[k] += index[d] * op->args[k]->stride[d] * kernel->bytes[k];
  }
  for (int64_t row = begin; row < end; row++) {
    run_row(job, at, step);
    for (int32_t d = inner - 1; d >= 0; d--) {
      const int64_t move = ++index[d] < out->shape[d] ? 1 : 1 - out->shape[d];
      for (int32_t k = 0; k <= kernel->n_in; k++)
        if (op->args[k]->ndim) at[k] += move * op->args[k]->stride[d] * kernel->bytes[k];
      if (move == 1) break;
      index[d] = 0;
    }
  }
  return RTB_OK;
}

static int32_t map_rows(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const map_kernel *kernel = kctx;
  const rtb_view *out = op->args[kernel->n_in];
  if (out->ndim == 0) return map_dense(kctx, NULL, op);
  const rows_job job = {kernel, op, out->shape[out->ndim - 1]};
  const int64_t rows = out->numel / job.n, grain = kernel->grain / job.n;
  return simd_parallel(kernel->dev, rows, grain < 1 ? 1 : grain, rows_body, (void *)&job);
}

// ---- resolve --------------------------------------------------------------------------------------------------------------------------------
int32_t simd_resolve_map(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const uint16_t dtype = sig->arg[0].dtype;
  const char *name = simd_op_name(dev, sig->op);
  const simd_map_row *row = dtype < SIMD_DTYPES ? dev->isa->map[dtype] : NULL;
  while (row && row->op && row->op != sig->op) row++;
  if (!row || !row->op) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s of %s has no vector kernel", name, simd_dtype_name(dev, dtype));
  bool dense = true;
  uint32_t still = 0;
  for (int32_t k = 0; k < sig->nin + 1; k++) {
    const uint8_t layout = sig->arg[k].layout;
    if (layout > RTB_IMM || (layout == RTB_IMM && k == sig->nin)) return rtb_refuse(out, RTB_UNSUPPORTED_LAYOUT, "%s: argument %d must be a strided view", name, k);
    if (layout == RTB_IMM) still |= 1u << k;
    else dense = dense && layout == RTB_DENSE;
  }
  for (int32_t k = 0; k < sig->nin; k++)
    if ((sig->alias >> k & 1) && rtb_dtype_bytes(sig->arg[k].dtype) != rtb_dtype_bytes(sig->arg[sig->nin].dtype))
      return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "%s: output and input have elements of different size", name);
  map_kernel *kernel = simd_context(dev, sizeof *kernel, out);
  if (!kernel) return RTB_E_NO_MEMORY;
  kernel->fn = row->fn, kernel->grain = simd_grain(row->cost), kernel->still = still, kernel->n_in = sig->nin;
  for (int32_t k = 0; k <= sig->nin; k++) kernel->bytes[k] = (uint8_t)rtb_dtype_bytes(sig->arg[k].dtype);
  out->fn = dense ? map_dense : map_rows;
  return RTB_OK;
}
