// SPDX-License-Identifier: BSD-3-Clause
// No mistake in this one: a synchronous device whose memory the host can map, with one kernel for each kind of answer that the other plugins
// do not give. relu wants 64-byte alignment; exp is too small below 100 elements; neg is never kept; abs needs workspace; square refuses
// aliasing; concat, a composite, is taken along the first axis; everything wants dense arguments; copies to and from the host are refused while memory is mapped.
// It reads host memory in place and has a second device that exchanges with the first, when the configuration says so.
#include "plugin.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct device { const rtb_host *host; int maps, imports; } device;

static int32_t probe(const rtb_host *host, uint32_t index, rtb_device_info *out) {
  (void)host, (void)out;
  return index < 2 ? RTB_OK : RTB_E_NOT_FOUND;
}
static int32_t open_device(const rtb_host *host, uint32_t index, const char *config, void **out_dev) {
  if (index > 0 && !strstr(config, "devices=2")) return RTB_E_NOT_FOUND;
  device *d = host->alloc(host, sizeof *d, 8);
  if (!d) return RTB_E_NO_MEMORY;
  d->host = host;
  d->maps = !strstr(config, "map=0");
  d->imports = strstr(config, "import=1") != NULL;
  *out_dev = d;
  return RTB_OK;
}
static void close_device(void *dev) {
  device *d = dev;
  d->host->free(d->host, d, sizeof *d);
}
static int32_t mem_alloc(void *dev, uint64_t bytes, uint64_t *out_buf) {
  (void)dev;
  void *ptr = aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (ptr) memset(ptr, 0xa5, bytes);
  *out_buf = (uint64_t)(uintptr_t)ptr;
  return ptr ? RTB_OK : RTB_E_NO_MEMORY;
}
#define IMPORTED 1u // set in a handle that is host memory: never written
static void mem_free(void *dev, uint64_t buf) {
  (void)dev;
  if (!(buf & IMPORTED)) free((void *)(uintptr_t)buf);
}
static int32_t mem_import(void *dev, void *ptr, uint64_t bytes, uint64_t *out_buf) {
  (void)bytes;
  const device *d = dev;
  *out_buf = (uint64_t)(uintptr_t)ptr | IMPORTED;
  return d->imports ? RTB_OK : RTB_E_UNSUPPORTED;
}
static int32_t mem_map(void *dev, uint64_t buf, void **out_ptr) {
  const device *d = dev;
  *out_ptr = d->maps ? (void *)(uintptr_t)buf : NULL;
  return d->maps ? RTB_OK : RTB_E_UNSUPPORTED;
}

static char *address(const rtb_view *view) { return view->buf ? (char *)(uintptr_t)(view->buf & ~(uint64_t)IMPORTED) + view->offset : view->data; }

static int32_t run(void *kctx, void *stream, const rtb_op *op) {
  const device *d = kctx;
  if (stream) return d->host->fail(d->host, RTB_E_INTERNAL, "unified: a synchronous device got a stream");
  const rtb_view *x = op->args[0], *y = op->args[op->nin];
  const float *from = (const float *)(void *)address(x);
  float *to = (float *)(void *)address(y);
  if (y->buf & IMPORTED) return d->host->fail(d->host, RTB_E_INTERNAL, "unified: an output in host memory that it only reads");
  if (op->op == RTB_OP_ABS) {
    if (!op->workspace || op->workspace->numel < 4 * x->numel || !address(op->workspace)) return d->host->fail(d->host, RTB_E_INTERNAL, "unified: abs has no workspace");
    memset(address(op->workspace), 1, (size_t)op->workspace->numel);
  }
  if (op->op == RTB_OP_COPY) {
    static const uint8_t bytes[] = {0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8};
    memmove(to, from, (size_t)x->numel * bytes[x->dtype]);
    return RTB_OK;
  }
  if (op->op == RTB_OP_CONCAT) {
    for (int k = 0; k < op->nin; k++) to = (float *)(void *)((char *)memcpy(to, address(op->args[k]), 4 * (size_t)op->args[k]->numel) + 4 * (size_t)op->args[k]->numel);
    return RTB_OK;
  }
  for (int64_t i = 0; i < y->numel; i++) switch (op->op) {
      case RTB_OP_RELU: to[i] = from[i] > 0 ? from[i] : 0; break;
      case RTB_OP_EXP: to[i] = expf(from[i]); break;
      case RTB_OP_NEG: to[i] = -from[i]; break;
      case RTB_OP_ABS: to[i] = fabsf(from[i]); break;
      case RTB_OP_SQUARE: to[i] = from[i] * from[i]; break;
      case RTB_OP_ADD: to[i] = from[i] + ((const float *)(void *)address(op->args[1]))[i]; break;
      default: return d->host->fail(d->host, RTB_E_INTERNAL, "unified: an op that it never offered");
    }
  return RTB_OK;
}

static int32_t accept_exp(void *kctx, const rtb_op *op, uint64_t *out_workspace_bytes) {
  (void)kctx, (void)out_workspace_bytes;
  return op->args[0]->numel < 100 ? RTB_UNSUPPORTED_SIZE : RTB_OK;
}
static int32_t accept_abs(void *kctx, const rtb_op *op, uint64_t *out_workspace_bytes) {
  (void)kctx;
  *out_workspace_bytes = 4 * (uint64_t)op->args[0]->numel;
  return RTB_OK;
}

static int32_t no(rtb_kernel *out, int32_t reason, const char *why) {
  snprintf(out->why, sizeof out->why, "%s", why);
  return reason;
}

static int32_t resolve(void *dev, const rtb_sig *sig, rtb_kernel *out) {
  const device *d = dev;
  int n = sig->nin + sig->nout;
  for (int i = 0; i < n; i++)
    if (sig->arg[i].space == RTB_SPACE_HOST && sig->arg[i].layout != RTB_IMM && (sig->op != RTB_OP_COPY || d->maps)) return no(out, RTB_UNSUPPORTED_SPACE, "unified maps its memory");
  for (int i = 0; i < n; i++)
    if (sig->arg[i].layout != RTB_DENSE) return no(out, RTB_UNSUPPORTED_LAYOUT, "unified wants dense arguments");
  if (sig->op == RTB_OP_COPY) {
    out->fn = run;
    return RTB_OK;
  }
  if (sig->arg[0].dtype != RTB_F32) return no(out, RTB_UNSUPPORTED_DTYPE, "unified knows f32");
  switch (sig->op) {
    case RTB_OP_RELU: out->align = 64; break;
    case RTB_OP_EXP: out->accept = accept_exp; break;
    case RTB_OP_NEG: out->flags = RTB_KERNEL_NOT_CACHEABLE; break;
    case RTB_OP_ABS: out->accept = accept_abs; break;
    case RTB_OP_SQUARE:
      if (sig->alias) return no(out, RTB_UNSUPPORTED_ALIAS, "unified does not square in place");
      break;
    case RTB_OP_ADD: break;
    case RTB_OP_CONCAT:
      if (((const rtb_attr_axes *)sig->attr)->axes != 1) return no(out, RTB_UNSUPPORTED_ATTR, "unified joins along the first axis");
      break;
    default: return no(out, RTB_UNSUPPORTED_OP, "unified does not know it");
  }
  out->fn = run;
  return RTB_OK;
}

static const rtb_config_key keys[] = {{"map", "1", "may the host map the memory? 0 or 1"}, {"import", "0", "is host memory read in place? 0 or 1"},
                                      {"devices", "1", "1 or 2"}, {0}};
static const rtb_backend table = {
  RTB_BACKEND_HEADER, .caps = RTB_CAP_POOLS | RTB_CAP_UNLOADABLE, .name = "unified", .vendor = "tests", .version = "0", .config_keys = keys,
  .probe = probe, .open = open_device, .close = close_device, .resolve = resolve, .mem_alloc = mem_alloc, .mem_free = mem_free, .mem_map = mem_map, .mem_import = mem_import,
};
HOSTILE_ENTRY(table)
