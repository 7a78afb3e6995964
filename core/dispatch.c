// SPDX-License-Identifier: BSD-3-Clause
// From a call to a kernel. The short way: dense host tensors of one shape whose kernel is known go straight to it. The long way (rti_run):
// vote for a device, check or create the output, settle overlap, then execute.c, or a plan of an earlier call (plan.c). Shapes and dtypes of
// calls were inferred before (op_api.c).
#include <string.h>

#include "dispatch.h"

// ---- building calls ----------------------------------------------------------------------------------------------------------------------

void rti_call_init(rti_call *call, rt_ctx *ctx, uint16_t op) {
  call->ctx = ctx;
  call->op = op;
  call->c_order = false;
  call->nin = 0;
  call->user = false;
  call->is_offer = false;
  call->device = -1;
  call->axes = 0;
  call->attr = NULL;
  call->attr_bytes = 0;
  call->key = NULL;
  call->out_dtype = RT_DTYPE_NONE;
  call->out_rank = 0;
}

void rti_call_tensor(rti_call *call, const rt_tensor *t) { call->in[call->nin++] = (rti_arg){.tensor = t}; }

void rti_call_imm(rti_call *call, rt_dtype dtype, rt_scalar value) {
  rti_arg *arg = &call->in[call->nin++];
  *arg = (rti_arg){.is_imm = true, .dtype = (uint16_t)dtype};
  rti_scalar_store(value, dtype, arg->bits);
}

// ---- the long way --------------------------------------------------------------------------------------------------------------------------

static bool votes(const rt_tensor *t) {
  return t && !(t->flags & RTI_TENSOR_WEAK) && (uint64_t)t->view.numel * t->element_bytes > RT_INLINE_BYTES;
}

rt_status rti_vote(const rti_call *call, const rt_tensor *given, int32_t *out_device) {
  const rt_tensor *first = NULL;
  rt_ctx *ctx = call->ctx;
  int32_t winner = -1, accelerator = -1, other = -1; // other: a second accelerator
  for (int k = 0; k <= call->nin; k++) {
    const rt_tensor *t = k < call->nin ? call->in[k].tensor : given;
    if (!t) continue;
    if (!first && !(t->flags & RTI_TENSOR_WEAK)) first = t;
    if (!votes(t)) continue;
    if (t->device > 0 && accelerator < 0) accelerator = t->device;
    if (t->device > 0 && t->device != accelerator) other = t->device;
    if (winner < 0 || ctx->device[t->device].order < ctx->device[winner].order) winner = t->device;
  }
  if (other >= 0)
    return rti_fail(RT_E_ARGUMENT, "%s: arguments live on two devices, %s and %s; move one with rt_to", rti_ops[call->op].name,
                    ctx->device[accelerator].desc.name, ctx->device[other].desc.name);
  if (winner < 0) winner = given ? given->device : first ? first->device : ctx->default_device;
  *out_device = winner;
  return RT_OK;
}

rt_status rti_check_given(const rti_call *call, const char *name, const rt_tensor *out) {
  rti_text want, have;
  if ((rt_dtype)out->view.dtype != call->out_dtype)
    return rti_fail(RT_E_DTYPE, "%s: out has dtype %s, but the result is %s", name, rt_dtype_name((rt_dtype)out->view.dtype), rt_dtype_name(call->out_dtype));
  if (out->view.ndim != call->out_rank || memcmp(out->view.shape, call->out_shape, sizeof(int64_t) * (size_t)call->out_rank))
    return rti_fail(RT_E_SHAPE, "%s: out has shape %s, but the result is %s", name, rti_shape_text(&have, out->view.ndim, out->view.shape),
                    rti_shape_text(&want, call->out_rank, call->out_shape));
  if (out->flags & RTI_TENSOR_WEAK) return rti_fail(RT_E_ARGUMENT, "%s: out is a scalar tensor, which is read-only", name);
  if (rti_self_overlaps(out->view.ndim, out->view.shape, out->view.stride))
    return rti_fail(RT_E_ARGUMENT, "%s: several elements of out (shape %s) may share memory", name, rti_shape_text(&have, out->view.ndim, out->view.shape));
  return RT_OK;
}

bool rti_is_same_view(const rt_tensor *a, const rt_tensor *b) {
  if (a->view.offset != b->view.offset || a->view.dtype != b->view.dtype || a->view.ndim != b->view.ndim) return false;
  for (int32_t d = 0; d < a->view.ndim; d++) {
    if (a->view.shape[d] != b->view.shape[d]) return false;
    if (a->view.shape[d] > 1 && a->view.stride[d] != b->view.stride[d]) return false;
  }
  return true;
}

static void byte_range(const rt_tensor *t, int64_t *low, int64_t *high) {
  rti_reach(t->view.ndim, t->view.shape, t->view.stride, low, high);
  *low = (int64_t)t->view.offset + *low * t->element_bytes;
  *high = (int64_t)t->view.offset + (*high + 1) * t->element_bytes;
}

bool rti_ranges_overlap(const rt_tensor *a, const rt_tensor *b) {
  int64_t a_low, a_high, b_low, b_high;
  if (!a->view.numel || !b->view.numel) return false;
  byte_range(a, &a_low, &a_high);
  byte_range(b, &b_low, &b_high);
  return a_low < b_high && b_low < a_high;
}

bool rti_may_alias(uint16_t op, int k) {
  return rti_ops[op].collapse == RTI_JOINT || (k == 0 && (op == RTB_OP_SCATTER || op == RTB_OP_SCATTER_ND)); // in place, the rest of x is not moved
}

/// Which inputs are exactly the output (*out_alias), and whether any other overlap calls for a temporary.
static bool needs_temporary(const rti_call *call, const rt_tensor *out, uint32_t *out_alias) {
  *out_alias = 0;
  bool needs = false;
  for (int k = 0; k < call->nin; k++) {
    const rt_tensor *t = call->in[k].tensor;
    if (!t || t->storage != out->storage || !rti_ranges_overlap(t, out)) continue;
    // Memory with a raw pointer outside has a private copy on each device.
    bool is_shared = !out->storage->escaped || (out->storage->place[0].space == 0 && out->ctx->n_devices == 1);
    if (is_shared && rti_may_alias(call->op, k) && rti_is_same_view(t, out)) *out_alias |= 1u << k;
    else needs = true;
  }
  return needs;
}

/// Strides of a new output: those of the inputs when all that have its shape share one dense permutation, else C order.
static const int64_t *output_strides(const rti_call *call) {
  if (rti_ops[call->op].collapse != RTI_JOINT || call->c_order) return NULL;
  const rt_tensor *model = NULL;
  for (int k = 0; k < call->nin; k++) {
    const rt_tensor *t = call->in[k].tensor;
    if (!t || t->view.ndim != call->out_rank || memcmp(t->view.shape, call->out_shape, sizeof(int64_t) * (size_t)call->out_rank)) continue;
    if (t->view.layout == RTB_DENSE) return NULL;
    if (model && memcmp(model->view.stride, t->view.stride, sizeof(int64_t) * (size_t)call->out_rank)) return NULL;
    if (!model) model = t;
  }
  if (!model || model->view.layout == RTB_NEGATIVE || rti_self_overlaps(model->view.ndim, model->view.shape, model->view.stride)) return NULL;
  int64_t low, high;
  for (int32_t d = 0; d < model->view.ndim; d++)
    if (model->view.shape[d] == 1 && model->view.stride[d] < 0) return NULL;
  if (!rti_reach(model->view.ndim, model->view.shape, model->view.stride, &low, &high) || high + 1 != model->view.numel) return NULL;
  return model->view.stride;
}

static rt_status run_new(rti_call *call, rt_ctx *ctx, int32_t device, rt_tensor **out) {
  int64_t numel;
  uint64_t bytes;
  rt_status status = rti_check_shape(rti_ops[call->op].name, call->out_dtype, call->out_rank, call->out_shape, &numel, &bytes);
  if (status != RT_OK) return status;
  rt_tensor *t;
  if ((status = rti_tensor_create(ctx, device, call->out_dtype, call->out_rank, call->out_shape, output_strides(call), &t)) != RT_OK) return status;
  if (numel > 0 && (status = rti_execute(call, device, t, 0)) != RT_OK) {
    rt_release(t);
    return status;
  }
  *out = t;
  return RT_OK;
}

static rt_status run_long(rti_call *call, rt_tensor *given, rt_tensor **out) {
  rt_ctx *ctx = call->ctx;
  int32_t device = call->device;
  rt_status status = given ? rti_check_given(call, rti_ops[call->op].name, given) : RT_OK;
  if (status == RT_OK && device < 0) status = rti_vote(call, given, &device);
  if (status != RT_OK) return status;
  if (!given) return run_new(call, ctx, device, out);
  if (given->view.numel == 0) return RT_OK;
  uint32_t alias;
  if (!needs_temporary(call, given, &alias)) {
    status = rti_execute(call, device, given, alias);
  } else { // as if the inputs had been copied first
    call->key = NULL; // it says that there is a given output
    rt_tensor *temporary;
    if ((status = run_new(call, ctx, device, &temporary)) != RT_OK) return status;
    rti_call copy;
    rti_call_init(&copy, ctx, RTB_OP_COPY);
    rti_call_tensor(&copy, temporary);
    copy.device = device;
    status = rti_run(&copy, given, NULL);
    rt_release(temporary);
  }
  if (given->device == 0 && !rti_is_readable(given)) rti_tensor_refresh(given); // a clone was detached: this handle follows at once
  return status;
}

rt_status rti_run(rti_call *call, rt_tensor *given, rt_tensor **out) {
  if (call->op == RTB_OP_COPY && given) { // the core's own copies leave the shape to the output
    call->out_dtype = (rt_dtype)given->view.dtype;
    call->out_rank = given->view.ndim;
    memcpy(call->out_shape, given->view.shape, sizeof(int64_t) * (size_t)given->view.ndim);
  }
  rti_plan_key key;
  call->key = rti_plan_words(call, given, &key) ? &key : NULL;
  rt_status status = call->key ? rti_plan_run(call, &key, given, out) : RTI_FAST_MISS;
  return status == RTI_FAST_MISS ? run_long(call, given, out) : status;
}

// ---- the short way -------------------------------------------------------------------------------------------------------------------------

static uint32_t front_slot(uint32_t op, const uint64_t *in, int nin) {
  uint64_t hash = op * 0x9e3779b97f4a7c15ull;
  for (int k = 0; k < nin; k++) hash = (hash ^ in[k]) * 0xff51afd7ed558ccdull;
  return (uint32_t)(hash >> 40) % RTI_FRONT_SLOTS;
}

/// Finds (or resolves, once) the kernel for dense host arguments of one shape; NULL when the call must go the long way.
static rti_kernel *front_fill(rt_ctx *ctx, uint16_t op, const uint64_t *words, int nin, uint32_t alias) {
  rti_kernel *refuser = NULL;
  rti_device *host = &ctx->device[0];
  for (int i = 0; i < host->n_chain; i++) {
    rti_instance *instance = host->chain[i];
    if (ctx->fallback == RT_FALLBACK_ERROR && !instance->is_first_named) return NULL;
    rti_kernel *kernel;
    bool uncached;
    if (rti_resolve(instance, op, nin, 1, words, alias, NULL, 0, &kernel, &uncached) != RT_OK) return NULL;
    if (uncached) {
      rti_kernel_free(kernel);
      return NULL;
    }
    if (!kernel->fn) {
      if (kernel->inner.reason == RTB_UNSUPPORTED_ALIAS) return NULL;
      if (!refuser) refuser = kernel;
      continue;
    }
    if (kernel->inner.accept || kernel->inner.workspace_bytes) return NULL;
    rti_spin_lock(&ctx->lock);
    kernel->refuser = refuser;
    rti_spin_unlock(&ctx->lock);
    return kernel;
  }
  return NULL;
}


static inline bool same_extents(const rtb_view *a, const rtb_view *b) {
  for (int32_t d = 0; d < b->ndim; d++)
    if (a->shape[d] != b->shape[d]) return false;
  return true;
}

/// Dense host memory of the extents and dtype of `like`, readable as it is.
static inline bool is_fast_input(const rt_tensor *t, const rt_tensor *like) {
  return t->sig && t->sig == like->sig && t->ctx == like->ctx && (t == like || same_extents(&t->view, &like->view)) && rti_is_readable(t);
}

static inline uint32_t front_word(uint16_t op, int nin, uint32_t alias) { return op | (uint32_t)nin << 16 | 1u << 20 | alias << 24; }

static inline rti_kernel *front_lookup(rt_ctx *ctx, uint16_t op, const uint64_t *words, int nin, uint32_t alias, bool has_out) {
  uint32_t op_word = front_word(op, nin, alias);
  rti_kernel *kernel = atomic_load_explicit(&ctx->front[front_slot(op_word, words, nin)], memory_order_acquire);
  bool is_hit = kernel && kernel->op_alias == op_word;
  for (int k = 0; k < nin + has_out && is_hit; k++) is_hit = kernel->args[k] == words[k];
  return RTI_LIKELY(is_hit) ? kernel : NULL;
}

static inline rt_status call_kernel(rt_ctx *ctx, rti_kernel *kernel, uint16_t op, int nin, const rtb_view *const *views) {
  rtb_op call;
  call.op = op, call.nin = (uint8_t)nin, call.nout = 1, call.math = ctx->math;
  call.args = views, call.attr = NULL, call.workspace = NULL, call.seq = 0;
  rti_count(kernel, &kernel->fast_runs);
  return rti_kernel_call(kernel, &call);
}

static inline bool misaligned(const rti_kernel *kernel, const rtb_view *const *views, int n) {
  uintptr_t bits = 0;
  for (int k = 0; k < n; k++) bits |= (uintptr_t)views[k]->data;
  return bits & kernel->align_mask;
}

// The next two are expanded for one, two and three inputs, so that their loops vanish.
static inline __attribute__((always_inline)) rt_status fast_into(uint16_t op, int nin, const rt_tensor *const *in, rt_tensor *out) {
  const rt_tensor *like = in[0];
  if (!like || !out || !out->sig || out->view.ndim != like->view.ndim || !same_extents(&out->view, &like->view)) return RTI_FAST_MISS;
  rti_storage *storage = out->storage;
  if (out->ctx != like->ctx || !rti_is_ours(out)) return RTI_FAST_MISS;
  const rtb_view *views[4];
  uint64_t words[4];
  uint32_t alias = 0;
  for (int k = 0; k < nin; k++) {
    if (!in[k] || !is_fast_input(in[k], like)) return RTI_FAST_MISS;
    if (in[k]->storage == storage) {
      if (in[k]->view.data != out->view.data || in[k]->sig != out->sig) return RTI_FAST_MISS; // disjoint, or partial overlap
      alias |= 1u << k;
    }
    views[k] = &in[k]->view;
    words[k] = in[k]->sig;
  }
  views[nin] = &out->view;
  words[nin] = out->sig;
  rti_kernel *kernel = front_lookup(out->ctx, op, words, nin, alias, true);
  if (!kernel || misaligned(kernel, views, nin + 1)) return RTI_FAST_MISS;
  rt_status status = call_kernel(out->ctx, kernel, op, nin, views);
  rti_count_write(storage);
  return status;
}

static inline __attribute__((always_inline)) rt_status fast_new(uint16_t op, int nin, const rt_tensor *const *in, rt_tensor **out) {
  const rt_tensor *like = in[0];
  if (!like) return RTI_FAST_MISS;
  const rtb_view *views[4];
  uint64_t words[4];
  for (int k = 0; k < nin; k++) {
    if (!in[k] || !is_fast_input(in[k], like)) return RTI_FAST_MISS;
    views[k] = &in[k]->view;
    words[k] = in[k]->sig;
  }
  rti_kernel *kernel = front_lookup(like->ctx, op, words, nin, 0, false);
  if (!kernel) return RTI_FAST_MISS;
  rt_tensor *t;
  rt_status status = rti_tensor_create_as(like->ctx, &like->view, (rt_dtype)(kernel->args[nin] & 0xffff), kernel->args[nin], &t);
  if (RTI_UNLIKELY(status != RT_OK)) {
    *out = NULL;
    return status;
  }
  views[nin] = &t->view;
  status = misaligned(kernel, views, nin + 1) ? RTI_FAST_MISS : call_kernel(like->ctx, kernel, op, nin, views);
  if (RTI_UNLIKELY(status != RT_OK)) {
    rt_release(t);
    t = NULL;
  }
  *out = t;
  return status;
}

rt_status rti_fast_into(uint16_t op, int nin, const rt_tensor *const *in, rt_tensor *out) {
  return nin == 2 ? fast_into(op, 2, in, out) : nin == 1 ? fast_into(op, 1, in, out) : fast_into(op, 3, in, out);
}

rt_status rti_fast_new(uint16_t op, int nin, const rt_tensor *const *in, rt_tensor **out) {
  return nin == 2 ? fast_new(op, 2, in, out) : nin == 1 ? fast_new(op, 1, in, out) : fast_new(op, 3, in, out);
}

static void learn(rt_ctx *ctx, uint16_t op, int nin, const uint64_t *words, uint32_t alias) {
  if (front_lookup(ctx, op, words, nin, alias, true)) return;
  rti_kernel *kernel = front_fill(ctx, op, words, nin, alias);
  if (kernel) atomic_store_explicit(&ctx->front[front_slot(front_word(op, nin, alias), words, nin)], kernel, memory_order_release);
}

void rti_fast_learn(uint16_t op, int nin, const rt_tensor *const *in, const rt_tensor *out) {
  uint64_t words[4];
  uint32_t alias = 0;
  if (!out->sig || out->device != 0) return;
  for (int k = 0; k < nin; k++) {
    if (!in[k] || !in[k]->sig || !is_fast_input(in[k], in[0])) return;
    words[k] = in[k]->sig;
    if (in[k]->view.data == out->view.data && in[k]->sig == out->sig) alias |= 1u << k;
  }
  words[nin] = out->sig;
  learn(out->ctx, op, nin, words, alias);
}
