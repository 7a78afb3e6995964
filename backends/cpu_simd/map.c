// SPDX-License-Identifier: BSD-3-Clause
// Elementwise operations: finds the kernel of a row of ops.def, or of a movement, and runs it over dense arguments, split over the host's
// threads. Arguments of any strides are map_walk.c's.
#include <string.h>

#include "map.h"

// ---- dense ----------------------------------------------------------------------------------------------------------------------------------
typedef struct dense_job { const map_kernel *kernel; const void *in[MAP_INPUTS]; char *out; uint32_t still; } dense_job;

static int32_t dense_body(void *arg, int64_t begin, int64_t end) {
  const dense_job *job = arg;
  const map_kernel *kernel = job->kernel;
  const void *in[MAP_INPUTS];
  for (int32_t k = 0; k < kernel->n_in; k++)
    in[k] = kernel->still >> k & 1 ? job->in[k] : (const char *)job->in[k] + begin * kernel->bytes[k];
  kernel->fn(end - begin, in, job->out + begin * kernel->bytes[kernel->n_in], job->still);
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
  job.still = kernel->still;
  if (n * kernel->bytes[kernel->n_in] > MAP_STREAM_BYTES && !kernel->is_in_place) job.still |= SIMD_STREAM;
  return kernel->dev->host->parallel_for(kernel->dev->host, n, kernel->grain, dense_body, &job);
}

// ---- resolve --------------------------------------------------------------------------------------------------------------------------------
static int32_t do_nothing(void *kctx, void *stream, const rtb_op *op) { return (void)kctx, (void)stream, (void)op, RTB_OK; }

int32_t map_resolve_with(simd_device *dev, const rtb_sig *sig, simd_map fn, uint32_t cost, rtb_kernel *out) {
  const char *name = simd_op_name(dev, sig->op);
  bool dense = true;
  uint32_t still = 0;
  for (int32_t k = 0; k <= sig->nin; k++) {
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
  kernel->fn = fn, kernel->grain = simd_grain(cost), kernel->still = still, kernel->n_in = sig->nin;
  kernel->is_in_place = sig->alias != 0;
  kernel->is_copy = fn == simd_moves_of(dev, rtb_dtype_bytes(sig->arg[sig->nin].dtype))->copy;
  for (int32_t k = 0; k <= sig->nin; k++) kernel->bytes[k] = (uint8_t)rtb_dtype_bytes(sig->arg[k].dtype);
  out->fn = kernel->is_copy && sig->alias ? do_nothing : dense ? map_dense : map_strided;
  return RTB_OK;
}

int32_t simd_resolve_map(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const uint16_t dtype = sig->arg[0].dtype;
  const simd_map_row *row = dtype < SIMD_DTYPES ? dev->isa->map[dtype] : NULL;
  while (row && row->op && row->op != sig->op) row++;
  if (!row || !row->op) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s of %s has no vector kernel", simd_op_name(dev, sig->op), simd_dtype_name(dev, dtype));
  return map_resolve_with(dev, sig, row->fn, row->cost, out);
}

/// COPY, FILL and WHERE move elements of one size; the cost is per byte.
int32_t simd_resolve_move(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const uint32_t bytes = rtb_dtype_bytes(sig->arg[sig->nin].dtype);
  if (!bytes) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s of dtype code %d", simd_op_name(dev, sig->op), sig->arg[sig->nin].dtype);
  const simd_moves *moves = simd_moves_of(dev, bytes);
  return map_resolve_with(dev, sig, sig->op == RTB_OP_WHERE ? moves->where : moves->copy, bytes < 4 ? 1 : bytes / 4, out);
}

int32_t simd_resolve_cast(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const uint16_t from = sig->arg[0].dtype, to = sig->arg[1].dtype;
  const simd_casts *const *casts = dev->isa->casts;
  simd_map fn = NULL;
  if (from == to) return simd_resolve_move(dev, sig, out);
  if (from < SIMD_DTYPES && to < SIMD_DTYPES) { // halves know the others, not the other way round; and f16 knows bf16
    if (casts[from]) fn = casts[from]->from[to];
    if (!fn && casts[to]) fn = casts[to]->to[from];
  }
  if (!fn) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "no vector kernel casts %s to %s", simd_dtype_name(dev, from), simd_dtype_name(dev, to));
  return map_resolve_with(dev, sig, fn, 3, out);
}
