// SPDX-License-Identifier: BSD-3-Clause
// What the core offers to plugins: the host table of a context, and the smaller one that entry functions see while negotiating.
#include <string.h>

#include "objects.h"

static void *host_alloc(const rtb_host *host, uint64_t bytes, uint64_t align) {
  rt_ctx *ctx = rti_ctx_of(host);
  if (align > 64) { // free is not told the alignment, so all of it comes from the pool, whose blocks start at 64
    rti_fail(RT_E_UNSUPPORTED, "host memory: an alignment of %llu was asked for, 64 is the most", (unsigned long long)align);
    return NULL;
  }
  return rti_pool_alloc(ctx->pool, bytes);
}

static void host_free(const rtb_host *host, void *ptr, uint64_t bytes) {
  if (ptr) rti_pool_free(rti_ctx_of(host)->pool, ptr, bytes);
}

static void host_log(const rtb_host *host, int32_t level, const char *text) {
  rti_log(rti_ctx_of(host), level >= RTB_LOG_ERROR && level <= RTB_LOG_DEBUG ? (rt_log_level)level : RT_LOG_INFO, "%s", text ? text : "");
}

static int32_t host_fail(const rtb_host *host, int32_t code, const char *text) {
  (void)host;
  rti_error_set(text ? text : "");
  return code;
}

static int32_t host_parallel_for(const rtb_host *host, int64_t n, int64_t grain, rtb_body body, void *arg) {
  return rti_parallel_for(rti_ctx_of(host)->threads, n, grain, body, arg);
}

static uint32_t host_n_threads(const rtb_host *host) { return (uint32_t)rti_threads_count(rti_ctx_of(host)->threads); }
static int32_t host_is_cancelled(const rtb_host *host) { return atomic_load_explicit(&rti_ctx_of(host)->cancelled, memory_order_relaxed); }

static uint64_t host_now_ns(const rtb_host *host) {
  (void)host;
  return rti_os_now_ns();
}

static const char *host_op_name(const rtb_host *host, uint16_t op) {
  (void)host;
  return op < RTI_OP_COUNT && rti_ops[op].name ? rti_ops[op].name : "?";
}

static const char *host_dtype_name(const rtb_host *host, uint16_t dtype) {
  (void)host;
  return rt_dtype_name((rt_dtype)dtype);
}

static int32_t host_resolve_reference(const rtb_host *host, const rtb_sig *sig, rtb_kernel *out) {
  rti_instance *builtin = rti_ctx_of(host)->builtin;
  return builtin->table.resolve(builtin->dev, sig, out);
}

/// The instance that a layer's `self` is attached to.
static rti_instance *instance_of(rt_ctx *ctx, const void *self) {
  for (int32_t i = 0; i < ctx->n_instances; i++)
    for (int32_t l = 0; l < ctx->instance[i].n_layers; l++)
      if (ctx->instance[i].layer[l].self == self) return &ctx->instance[i];
  return NULL;
}

/// By the backends' own kernels: a layer that reads what each call gives would otherwise see its own reading as a call.
static int32_t host_read(const rtb_host *host, void *self, const rtb_view *view, void *dst, uint64_t bytes) {
  rt_ctx *ctx = rti_ctx_of(host);
  if (!view || !rti_is_dtype(view->dtype) || bytes != (uint64_t)view->numel * rti_dtype_size[view->dtype])
    return rti_fail(RT_E_ARGUMENT, "read: a view of no dtype, or a wrong number of bytes");
  if (view->numel == 0) return RTB_OK;
  int64_t dense[RT_MAX_RANK], low, high;
  rti_dense_strides(view->ndim, view->shape, dense);
  if (view->data) return rti_copy_host(ctx, true, (rt_dtype)view->dtype, view->ndim, view->shape, view->stride, view->data, dense, dst);
  rti_instance *instance = instance_of(ctx, self);
  if (!instance || !instance->device) return rti_fail(RT_E_ARGUMENT, "read: the view is device memory, but the layer is attached to no device");
  // The bytes that the view reaches come to the host as they lie; from there its strides pick the elements.
  rti_reach(view->ndim, view->shape, view->stride, &low, &high);
  int64_t element = rti_dtype_size[view->dtype];
  uint64_t first = view->offset + (uint64_t)(low * element), last = view->offset + (uint64_t)((high + 1) * element);
  if (rti_stream_is_inside(&ctx->device[instance->device]))
    return rti_fail(RT_E_STATE, "read: the memory of device %s cannot be read while a call is being submitted to it",
                    ctx->device[instance->device].desc.name);
  rti_buffer *device_side = rti_small_alloc(ctx, sizeof *device_side), *landing = NULL; // the stream may let go of it later
  rt_status status = device_side ? rti_buffer_create(ctx, 0, last, &landing) : RT_E_NO_MEMORY;
  if (status != RT_OK) {
    if (device_side) rti_small_free(ctx, device_side, sizeof *device_side);
    return status;
  }
  rti_buffer_init(device_side, ctx, RTI_MEMORY_INLINE, instance->device, last); // the memory is not its own
  device_side->handle = view->buf;
  status = rti_copy_bytes(ctx, true, device_side, landing, first, last, RTB_OP_COPY, "a layer reads it");
  rti_buffer_release(device_side);
  if (status == RT_OK)
    status = rti_copy_host(ctx, true, (rt_dtype)view->dtype, view->ndim, view->shape, view->stride, (char *)landing->host + view->offset, dense, dst);
  rti_buffer_release(landing);
  return status;
}

static void host_event(const rtb_host *host, const rtb_event *event) {
  if (event) rti_note_event(rti_ctx_of(host), event);
}

void rti_host_init(rt_ctx *ctx) {
  ctx->host = (rtb_host){
      .size = sizeof(rtb_host), .major = RTB_MAJOR, .minor = RTB_MINOR, .build = RTB_BUILD,
      .alloc = host_alloc, .free = host_free, .log = host_log, .fail = host_fail, .parallel_for = host_parallel_for, .n_threads = host_n_threads,
      .is_cancelled = host_is_cancelled, .now_ns = host_now_ns, .op_name = host_op_name, .dtype_name = host_dtype_name,
      .resolve_reference = host_resolve_reference, .read = host_read, .event = host_event,
  };
}

static void no_log(const rtb_host *host, int32_t level, const char *text) { (void)host, (void)level, (void)text; }

const rtb_host rti_negotiation_host = {
    .size = sizeof(rtb_host), .major = RTB_MAJOR, .minor = RTB_MINOR, .build = RTB_BUILD,
    .log = no_log, .fail = host_fail, .now_ns = host_now_ns, .op_name = host_op_name, .dtype_name = host_dtype_name,
};
