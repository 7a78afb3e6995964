// SPDX-License-Identifier: BSD-3-Clause
// Elementwise operations: finds the kernel of a row of ops.def, or of a movement, and runs it over dense arguments, split over the host's
// threads. Arguments of any strides are map_walk.c's.
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

static __attribute__((noinline)) int32_t run_parallel(const map_kernel *kernel, int64_t n, const void *const *in, void *out) {
  dense_job job = {.kernel = kernel, .out = out, .still = kernel->still};
  for (int32_t k = 0; k < kernel->n_in; k++) job.in[k] = in[k];
  if (n * kernel->bytes[kernel->n_in] > MAP_STREAM_BYTES && !kernel->is_in_place) job.still |= SIMD_STREAM;
  return kernel->dev->host->parallel_for(kernel->dev->host, n, kernel->grain, dense_body, &job);
}

static int32_t map_dense(void *kctx, void *stream, const rtb_op *op) {
  (void)stream;
  const map_kernel *kernel = kctx;
  const rtb_view *out = op->args[kernel->n_in];
  const void *in[MAP_INPUTS];
  for (int32_t k = 0; k < kernel->n_in; k++) in[k] = op->args[k]->data;
  if (out->numel > kernel->grain) return run_parallel(kernel, out->numel, in, out->data);
  kernel->fn(out->numel, in, out->data, kernel->still);
  return RTB_OK;
}

// ---- resolve --------------------------------------------------------------------------------------------------------------------------------
static int32_t do_nothing(void *kctx, void *stream, const rtb_op *op) { return (void)kctx, (void)stream, (void)op, RTB_OK; }

int32_t map_resolve_with(simd_device *dev, const rtb_sig *sig, simd_map fn, uint32_t cost, rtb_kernel *out) {
  const char *name = simd_op_name(dev, sig->op);
  bool dense = true;
  uint32_t still = 0;
  for (int32_t k = 0; k <= sig->nin; k++) {
    const uint8_t layout = sig->arg[k].layout;
    if (layout == RTB_NONE && k < sig->nin) { // an input that is 0; the family gives it a view
      still |= 1u << k;
      continue;
    }
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
  for (int32_t k = 0; k <= sig->nin; k++) kernel->bytes[k] = sig->arg[k].layout == RTB_NONE ? 1 : (uint8_t)rtb_dtype_bytes(sig->arg[k].dtype);
  out->fn = kernel->is_copy && sig->alias ? do_nothing : dense ? map_dense : map_strided;
  return RTB_OK;
}

static bool is_complex(uint16_t dtype) { return dtype == RTB_C64 || dtype == RTB_C128; }
static const simd_complex *complex_of(uint16_t dtype) { return &simd_complexes[dtype - RTB_C64]; }

int32_t simd_resolve_map(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const uint16_t dtype = sig->arg[0].dtype, result = sig->arg[sig->nin].dtype;
  if (sig->op == RTB_OP_COMPLEX && simd_is_float(dtype) && is_complex(result) && complex_of(result)->pair[dtype])
    return map_resolve_with(dev, sig, complex_of(result)->pair[dtype], 10, out);
  const simd_map_row *row = is_complex(dtype) ? complex_of(dtype)->map : dtype < SIMD_DTYPES ? dev->isa->map[dtype] : NULL;
  while (row && row->op && row->op != sig->op) row++;
  if (!row || !row->op) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s of %s has no vector kernel", simd_op_name(dev, sig->op), simd_dtype_name(dev, dtype));
  const int32_t status = map_resolve_with(dev, sig, row->fn, row->cost, out);
  if (status == RTB_OK) ((map_kernel *)out->kctx)->takes_gaps = row->takes_gaps;
  return status;
}

/// COPY, FILL and WHERE move elements of one size; the cost is per byte.
int32_t simd_resolve_move(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const uint32_t bytes = rtb_dtype_bytes(sig->arg[sig->nin].dtype);
  if (!bytes) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s of dtype code %d", simd_op_name(dev, sig->op), sig->arg[sig->nin].dtype);
  const simd_moves *moves = simd_moves_of(dev, bytes);
  return map_resolve_with(dev, sig, sig->op == RTB_OP_WHERE ? moves->where : moves->copy, bytes < 4 ? 1 : bytes / 4, out);
}

static const simd_casts *casts_of(const simd_device *dev, uint16_t dtype) {
  return is_complex(dtype) ? complex_of(dtype)->casts : dtype < SIMD_DTYPES ? dev->isa->casts[dtype] : NULL;
}

bool simd_cast_of(const simd_device *dev, uint16_t from, uint16_t to, simd_map *out) {
  const simd_casts *giver = casts_of(dev, from), *taker = casts_of(dev, to); // halves and complex numbers know the others, not the other way round
  *out = NULL;
  if (!giver || !taker || from == to) return giver && taker;
  *out = giver->from[to] ? giver->from[to] : taker->to[from];
  return *out != NULL;
}

int32_t simd_resolve_cast(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const uint16_t from = sig->arg[0].dtype, to = sig->arg[1].dtype;
  simd_map fn;
  if (!simd_cast_of(dev, from, to, &fn)) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "no vector kernel casts %s to %s", simd_dtype_name(dev, from), simd_dtype_name(dev, to));
  return fn ? map_resolve_with(dev, sig, fn, 3, out) : simd_resolve_move(dev, sig, out);
}

/// An absent zero point is one that is 0.
static int32_t run_quant(void *kctx, const rtb_op *op, rtb_fn run) {
  static const int64_t nothing = 0;
  const rtb_view none = {.data = (void *)(uintptr_t)&nothing, .numel = 1, .layout = RTB_IMM};
  const rtb_view *const args[4] = {op->args[0], op->args[1], op->args[2] ? op->args[2] : &none, op->args[3]};
  rtb_op whole = *op;
  whole.args = args;
  return run(kctx, NULL, &whole);
}
static int32_t quant_dense(void *kctx, void *stream, const rtb_op *op) { return (void)stream, run_quant(kctx, op, map_dense); }
static int32_t quant_strided(void *kctx, void *stream, const rtb_op *op) { return (void)stream, run_quant(kctx, op, map_strided); }

int32_t simd_resolve_quant(simd_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  const bool to_integer = sig->op == RTB_OP_QUANTIZE;
  const uint16_t real = sig->arg[1].dtype, integer = sig->arg[to_integer ? 3 : 0].dtype;
  const simd_quants *quants = real < SIMD_DTYPES ? dev->isa->quants[real] : NULL;
  const simd_map fn = !quants || integer >= SIMD_DTYPES ? NULL : to_integer ? quants->quantize[integer] : quants->dequantize[integer];
  if (!fn) return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "%s: no vector kernel for %s and %s", simd_op_name(dev, sig->op), simd_dtype_name(dev, real), simd_dtype_name(dev, integer));
  const int32_t status = map_resolve_with(dev, sig, fn, 6, out);
  if (status == RTB_OK && sig->arg[2].layout == RTB_NONE) out->fn = out->fn == map_dense ? quant_dense : quant_strided;
  return status;
}
