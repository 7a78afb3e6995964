// SPDX-License-Identifier: BSD-3-Clause
// What the toy offers: the table, its devices, and resolve with all its ways to say no. Every refusal is a normal answer: the core copies,
// makes dense, uses a temporary or goes elsewhere, and counts it with the sentence given here.
#include <string.h>

#include "toy.h"

static int32_t probe(const rtb_host *host, uint32_t index, rtb_device_info *out) {
  if (index >= TOY_MAX_DEVICES) return rtb_failf(host, RTB_E_NOT_FOUND, "toy: there are at most %d devices", TOY_MAX_DEVICES);
  out->kind = RTB_DEVICE_OTHER;
  out->memory_bytes = 0; // not known before the configuration is
  snprintf(out->name, sizeof out->name, "toy %u", index);
  snprintf(out->text, sizeof out->text, "a worker thread that pretends to be an accelerator with memory of its own");
  return RTB_OK;
}

// ---- resolve ---------------------------------------------------------------------------------------------------------------------------

static const char *op_name(const toy_device *dev, const rtb_sig *sig) { return dev->host->op_name(dev->host, sig->op); }

// Finds the function and checks dtypes. Inputs of one op share a dtype: the core promotes first.
static int32_t choose(const toy_device *dev, const rtb_sig *sig, toy_kernel *kernel, rtb_kernel *out) {
  uint16_t dtype = sig->arg[0].dtype, result = dtype;
  bool is_offered;
  switch (sig->op) {
    case RTB_OP_SUM:
      kernel->run = toy_run_sum, kernel->attr_bytes = sizeof(rtb_attr_axes);
      is_offered = dtype == RTB_F32 || dtype == RTB_I32;
      if (dtype == RTB_I32) result = RTB_I64;
      break;
    case RTB_OP_MATMUL:
      kernel->run = toy_run_matmul;
      is_offered = dtype == RTB_F32;
      break;
    case RTB_OP_MAX_POOL:
      kernel->run = toy_run_max_pool, kernel->attr_bytes = sizeof(rtb_attr_window);
      is_offered = dtype == RTB_F32;
      break;
    default:
      kernel->run = toy_run_map;
      kernel->loop = toy_find_loop(sig->op, dtype, &result);
      is_offered = kernel->loop != NULL;
      uint16_t ignored;
      if (!is_offered && !toy_find_loop(sig->op, RTB_F32, &ignored)) {
        return rtb_refuse(out, RTB_UNSUPPORTED_OP, "toy has no %s", op_name(dev, sig));
      }
  }
  for (int32_t k = 0; k < sig->nin; k++) is_offered &= sig->arg[k].dtype == dtype;
  if (is_offered && sig->arg[sig->nin].dtype == result) return RTB_OK;
  return rtb_refuse(out, RTB_UNSUPPORTED_DTYPE, "toy has no %s from %s to %s", op_name(dev, sig), dev->host->dtype_name(dev->host, dtype),
                    dev->host->dtype_name(dev->host, sig->arg[sig->nin].dtype));
}

// Everything computes in the device's own memory; a copy has at least one end there. Immediates have no place.
static int32_t check_spaces(const toy_device *dev, const rtb_sig *sig, rtb_kernel *out) {
  bool is_copy = sig->op == RTB_OP_COPY, any_mine = false;
  for (int32_t k = 0; k < sig->nin + sig->nout; k++) {
    any_mine |= sig->arg[k].space == RTB_SPACE_MINE;
    if (sig->arg[k].layout == RTB_IMM || sig->arg[k].space == RTB_SPACE_MINE) continue;
    if (is_copy && sig->arg[k].space == RTB_SPACE_HOST) continue;
    return rtb_refuse(out, RTB_UNSUPPORTED_SPACE, "toy %s: argument %d is not in the device's memory", op_name(dev, sig), k);
  }
  return any_mine ? RTB_OK : rtb_refuse(out, RTB_UNSUPPORTED_SPACE, "toy does not copy from host to host");
}

// Not for copies and fills, which take any strides and ranks. The others take rank 4 (dense elementwise arguments of any rank are one long
// row), no negative strides, and immediates only in plain arithmetic, to show both answers.
static int32_t check_layouts(const toy_device *dev, const rtb_sig *sig, bool is_map, rtb_kernel *out) {
  bool takes_imm = sig->op == RTB_OP_ADD || sig->op == RTB_OP_SUB || sig->op == RTB_OP_MUL;
  bool all_dense = is_map, is_refused = false;
  for (int32_t k = 0; k < sig->nin + sig->nout; k++) {
    uint8_t layout = sig->arg[k].layout;
    all_dense &= layout == RTB_DENSE || layout == RTB_IMM;
    out->want_layout[k] = RTB_STRIDED;
    is_refused |= layout > RTB_STRIDED && !(layout == RTB_IMM && takes_imm && k < sig->nin);
  }
  if (is_refused) return rtb_refuse(out, RTB_UNSUPPORTED_LAYOUT, "toy %s: no negative strides, %s", op_name(dev, sig),
                                    takes_imm ? "immediates as inputs only" : "no immediates");
  for (int32_t k = 0; !all_dense && k < sig->nin + sig->nout; k++) {
    if (sig->arg[k].layout == RTB_IMM || sig->arg[k].rank <= TOY_MAX_RANK) continue;
    return rtb_refuse(out, RTB_UNSUPPORTED_RANK, "toy %s: rank %d, at most %d", op_name(dev, sig), sig->arg[k].rank, TOY_MAX_RANK);
  }
  return RTB_OK;
}

static int32_t check_attr(const rtb_sig *sig, rtb_kernel *out) {
  if (sig->op != RTB_OP_MAX_POOL) return RTB_OK;
  const rtb_attr_window *w = sig->attr;
  if (w->spatial != 2) return rtb_refuse(out, RTB_UNSUPPORTED_ATTR, "toy max_pool: %u spatial dimensions, only 2", w->spatial);
  if (w->dilation[0] == 1 && w->dilation[1] == 1) return RTB_OK;
  return rtb_refuse(out, RTB_UNSUPPORTED_ATTR, "toy max_pool: dilation %d,%d, only 1", w->dilation[0], w->dilation[1]);
}

// Sees the shapes of one call: K decides, and each call needs a row of double sums.
static int32_t accept_matmul(void *kctx, const rtb_op *op, uint64_t *out_workspace_bytes) {
  (void)kctx;
  const rtb_view *a = op->args[0], *y = op->args[2];
  if (a->shape[a->ndim - 1] > TOY_MAX_MATMUL_K) return RTB_UNSUPPORTED_SHAPE;
  *out_workspace_bytes = (uint64_t)y->shape[y->ndim - 1] * sizeof(double);
  return RTB_OK;
}

static void free_kernel(void *kctx) {
  toy_kernel *kernel = kctx;
  kernel->dev->host->free(kernel->dev->host, kernel, sizeof *kernel);
}

static int32_t resolve(void *dev_ptr, const rtb_sig *sig, rtb_kernel *out) {
  toy_device *dev = dev_ptr;
  toy_kernel chosen = {.dev = dev};
  int32_t reason;
  if (sig->prog || sig->nin < 1 || sig->nout != 1 || sig->nin + sig->nout > TOY_MAX_ARGS) {
    return rtb_refuse(out, RTB_UNSUPPORTED_OP, "toy runs ops with one to three inputs and one output");
  }
  if ((reason = choose(dev, sig, &chosen, out))) return reason;
  if ((reason = check_spaces(dev, sig, out))) return reason;
  bool is_map = chosen.run == toy_run_map, is_move = sig->op == RTB_OP_COPY || sig->op == RTB_OP_FILL;
  if (!is_move && (reason = check_layouts(dev, sig, is_map, out))) return reason;
  if (sig->alias && !is_map) return rtb_refuse(out, RTB_UNSUPPORTED_ALIAS, "toy %s needs an output of its own", op_name(dev, sig));
  if (sig->op == RTB_OP_MATMUL && (sig->arg[0].rank < 2 || sig->arg[1].rank < 2)) {
    return rtb_refuse(out, RTB_UNSUPPORTED_RANK, "toy matmul takes matrices, not vectors");
  }
  if ((reason = check_attr(sig, out))) return reason;
  toy_kernel *kernel = dev->host->alloc(dev->host, sizeof *kernel, _Alignof(toy_kernel));
  if (!kernel) return rtb_failf(dev->host, RTB_E_NO_MEMORY, "toy: no memory for a kernel");
  *kernel = chosen;
  out->fn = toy_submit;
  out->kctx = kernel;
  out->free = free_kernel;
  if (sig->op == RTB_OP_MATMUL) out->accept = accept_matmul;
  return RTB_OK;
}

// ---- the table -------------------------------------------------------------------------------------------------------------------------

static void shutdown(void) {} // nothing is kept outside of devices, so nothing is left when they are closed

static const rtb_backend table = {
  RTB_BACKEND_HEADER, .caps = RTB_CAP_ASYNC | RTB_CAP_UNLOADABLE,
  .name = "toy", .vendor = "an example", .version = "0.1.0", .config_keys = toy_config_keys,
  .probe = probe, .open = toy_open, .close = toy_close, .resolve = resolve,
  .mem_alloc = toy_mem_alloc, .mem_free = toy_mem_free, // no mem_map: the host cannot touch it
  .stream_create = toy_stream_create, .stream_destroy = toy_stream_destroy,
  .flush = toy_flush, .done = toy_done, .wait_host = toy_wait_host,
  .quiesce = toy_quiesce, .shutdown = shutdown,
};

RTB_EXPORT const rtb_backend *RTB_BACKEND_ENTRY(const rtb_host *host) {
  (void)host;
  return &table;
}
