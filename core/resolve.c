// SPDX-License-Identifier: BSD-3-Clause
// Asking backends for kernels, once per signature. The table here owns every answer, refusals included, until the context closes; the
// front cache of dispatch.c only points into it. Reading takes no lock; resolve is called with none held.
#include <stdio.h>
#include <string.h>

#include "objects.h"

static uint32_t hash_words(uint32_t hash, const void *data, size_t bytes) { // FNV-1a over bytes
  const unsigned char *p = data;
  for (size_t i = 0; i < bytes; i++) hash = (hash ^ p[i]) * 16777619u;
  return hash;
}

static size_t kernel_bytes(int n_args, uint32_t attr_bytes) {
  return sizeof(rti_kernel) + (size_t)n_args * sizeof(uint64_t) + ((size_t)attr_bytes + 7) / 8 * 8;
}

static int arg_count(const rti_kernel *kernel) { return (int)(kernel->op_alias >> 16 & 15) + (int)(kernel->op_alias >> 20 & 15); }

static uint32_t pack_op(uint16_t op, int nin, int nout) { return op | (uint32_t)nin << 16 | (uint32_t)nout << 20; }

static bool matches(const rti_kernel *kernel, const rti_instance *instance, uint32_t op_word, uint32_t alias, uint32_t hash, int n,
                    const uint64_t *args, const void *attr, uint32_t attr_bytes) {
  return kernel->hash == hash && kernel->instance == instance && (kernel->op_alias & 0xffffff) == op_word && kernel->alias == alias &&
         kernel->attr_bytes == attr_bytes && !memcmp(kernel->arg, args, (size_t)n * sizeof *args) &&
         (!attr_bytes || !memcmp(kernel->attr, attr, attr_bytes));
}

static rti_kernel *find(rti_kernel *from, const rti_instance *instance, uint32_t op_word, uint32_t alias, uint32_t hash, int n,
                        const uint64_t *args, const void *attr, uint32_t attr_bytes) {
  for (rti_kernel *kernel = from; kernel; kernel = kernel->next)
    if (matches(kernel, instance, op_word, alias, hash, n, args, attr, attr_bytes)) return kernel;
  return NULL;
}

/// RTB_OK when there is an answer, a refusal included; else the error that kept the backend from answering.
static int32_t ask(rti_kernel *kernel, int nin, int nout, uint32_t alias) {
  rti_instance *instance = kernel->instance;
  rtb_sig_arg sig_args[RTB_MAX_ARGS];
  memset(sig_args, 0, sizeof sig_args);
  for (int i = 0; i < nin + nout; i++) {
    uint64_t packed = kernel->arg[i];
    sig_args[i].dtype = (uint16_t)packed;
    sig_args[i].layout = (uint8_t)(packed >> 16);
    sig_args[i].rank = (uint8_t)(packed >> 24);
    sig_args[i].space = (uint8_t)(packed >> 32);
  }
  rtb_sig sig = {.size = sizeof sig, .op = (uint16_t)kernel->op_alias, .nin = (uint8_t)nin, .nout = (uint8_t)nout, .math = kernel->math,
                 .alias = alias, .arg = sig_args, .attr = kernel->attr_bytes ? kernel->attr : NULL, .attr_bytes = kernel->attr_bytes};
  rtb_kernel *inner = &kernel->inner;
  inner->size = sizeof *inner;
  inner->kctx = instance->dev;
  int32_t code = instance->table.resolve(instance->dev, &sig, inner);
  inner->why[RTB_WHY_BYTES - 1] = 0;
  if (code == RTB_OK && inner->fn) {
    kernel->fn = inner->fn;
    kernel->fn_ctx = inner->kctx;
    kernel->align_mask = inner->align > 1 && !(inner->align & (inner->align - 1)) ? inner->align - 1 : 0;
    return rti_layers_wrap(kernel, &sig);
  }
  inner->fn = NULL;
  inner->free = NULL;
  inner->reason = code == RTB_OK ? RTB_UNSUPPORTED_OP : code;
  if (code == RTB_OK) snprintf(inner->why, sizeof inner->why, "resolve answered yes without a function");
  else if (code < RTB_UNSUPPORTED_OP || code > RTB_UNSUPPORTED_LAST)
    snprintf(inner->why, sizeof inner->why, "resolve answered %d, which is no reason", code);
  else if (!inner->why[0]) snprintf(inner->why, sizeof inner->why, "refused by %s", rti_reason_name(code));
  return code > 0 && code <= RTB_E_INTERNAL ? code : RTB_OK;
}

rt_status rti_resolve(rti_instance *instance, uint16_t op, int nin, int nout, const uint64_t *args, uint32_t alias, const void *attr,
                      uint32_t attr_bytes, rti_kernel **out, bool *uncached) {
  rt_ctx *ctx = instance->ctx;
  int n = nin + nout;
  uint32_t op_word = pack_op(op, nin, nout);
  uint32_t hash = hash_words(hash_words(2166136261u ^ op_word ^ alias << 8, args, (size_t)n * sizeof *args), attr, attr_bytes);
  hash ^= (uint32_t)((uintptr_t)instance >> 6);
  *uncached = false;
  _Atomic(rti_kernel *) *bucket = &ctx->bucket[hash % RTI_KERNEL_BUCKETS];
  if ((*out = find(atomic_load_explicit(bucket, memory_order_acquire), instance, op_word, alias, hash, n, args, attr, attr_bytes))) return RT_OK;
  rti_kernel *kernel = rti_pool_alloc_zeroed(ctx->pool, kernel_bytes(n, attr_bytes));
  if (!kernel) return RT_E_NO_MEMORY;
  kernel->instance = instance;
  kernel->op_alias = op_word | (alias & 0xff) << 24;
  kernel->alias = alias;
  kernel->hash = hash;
  kernel->math = ctx->math;
  kernel->attr_bytes = attr_bytes;
  kernel->arg = (uint64_t *)(kernel + 1);
  kernel->attr = kernel->arg + n;
  memcpy(kernel->arg, args, (size_t)n * sizeof *args);
  if (attr_bytes) memcpy(kernel->attr, attr, attr_bytes);
  for (int i = 0; i < n && i < 4; i++) kernel->args[i] = args[i];
  uint32_t errors = rti_error_count();
  int32_t error = ask(kernel, nin, nout, alias);
  if (error != RTB_OK) { // nothing is kept: the next call asks again
    rt_status status = rti_kernel_failed(kernel, error, errors);
    rti_kernel_free(kernel);
    return status;
  }
  if (kernel->inner.flags & RTB_KERNEL_NOT_CACHEABLE) {
    *uncached = kernel->is_uncached = true;
    *out = kernel;
    return RT_OK;
  }
  rti_spin_lock(&ctx->lock);
  rti_kernel *first = atomic_load_explicit(bucket, memory_order_relaxed);
  rti_kernel *winner = find(first, instance, op_word, alias, hash, n, args, attr, attr_bytes);
  if (!winner) {
    kernel->next = first;
    atomic_store_explicit(bucket, kernel, memory_order_release);
  }
  rti_spin_unlock(&ctx->lock);
  if (winner) rti_kernel_free(kernel);
  *out = winner ? winner : kernel;
  return RT_OK;
}

void rti_kernel_free(rti_kernel *kernel) {
  rt_ctx *ctx = kernel->instance->ctx;
  rti_device *device = &ctx->device[kernel->instance->device];
  if (kernel->is_uncached && device->is_async && atomic_load(&kernel->runs)) { // its call may still be queued
    rt_status ignored = rti_device_sync(device); // what failed belongs to the tensors that read it
    (void)ignored;
  }
  rti_layers_unwrap(kernel);
  if (kernel->inner.free) kernel->inner.free(kernel->inner.kctx);
  rti_pool_free(ctx->pool, kernel, kernel_bytes(arg_count(kernel), kernel->attr_bytes));
}

void rti_kernels_deinit(rt_ctx *ctx) {
  rti_plans_drop(ctx);
  for (int i = 0; i < RTI_FRONT_SLOTS; i++) atomic_store(&ctx->front[i], NULL);
  for (int i = 0; i < RTI_KERNEL_BUCKETS; i++) {
    rti_kernel *kernel = atomic_exchange(&ctx->bucket[i], NULL), *next;
    for (; kernel; kernel = next) {
      next = kernel->next;
      rti_kernel_free(kernel);
    }
  }
}

const char *rti_reason_name(int32_t reason) {
  static const char *const names[] = {"op", "dtype", "layout", "rank", "shape", "attribute", "math", "alignment", "alias", "memory space", "size"};
  int32_t i = reason - RTB_UNSUPPORTED_OP;
  return i >= 0 && i < (int32_t)RTI_COUNT(names) ? names[i] : "an unknown reason";
}

rt_status rti_kernel_failed(const rti_kernel *kernel, int32_t code, uint32_t errors_before) {
  const char *op = rti_ops[kernel->op_alias & 0xffff].name;
  rt_status status = code > 0 && code <= RTB_E_INTERNAL ? (rt_status)code : RT_E_BACKEND;
  if (rti_error_count() != errors_before) { // it left a sentence; put the op in front unless it is there
    size_t length = op ? strlen(op) : 0;
    return !op || !strncmp(rt_last_error(), op, length) ? status : rti_fail_in(status, "%s", op);
  }
  return rti_fail(status, "%s: backend %s failed with code %d", op ? op : "?", kernel->instance->name, code);
}
