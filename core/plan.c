// SPDX-License-Identifier: BSD-3-Clause
// Plans: what the long way found out about a call on the host (kernel, canonical forms, form of the output), kept for the next call with the
// same forms. A call's words say everything that the outcome depends on, but the data. Only calls that the first backend of the host takes as
// they are get a plan; whatever is out of the ordinary (memory elsewhere, pending, shared or mapped) goes the long way each time.
#include <string.h>

#include "dispatch.h"

struct rti_plan {
  atomic_int refs;
  rti_kernel *kernel;
  uint64_t hash;
  int n_words;
  uint32_t bytes;            // of this block
  uint32_t own;              // bit k: the canonical view of argument k is that of its handle
  rtb_attr_axes axes;        // as the canonical form has them
  uint64_t out_sig;
  rtb_view out;              // the form of a new output, as its handle has it
  uint64_t *word;
  rtb_view view[];           // canonical, without data; then the words, and the extents and strides of all views
};

// ---- the words of a call -----------------------------------------------------------------------------------------------------------------

/// Dtype, rank and extents, and the strides of what is not dense; returns where the next word goes.
static inline uint64_t *add_form(uint64_t *at, const rt_tensor *t) {
  const rtb_view *view = &t->view;
  *at++ = view->dtype | (uint64_t)view->ndim << 16 | (uint64_t)(view->layout == RTB_DENSE) << 24 | 2ull << 32;
  for (int32_t d = 0; d < view->ndim; d++) *at++ = (uint64_t)view->shape[d];
  for (int32_t d = 0; view->layout != RTB_DENSE && d < view->ndim; d++) *at++ = (uint64_t)view->stride[d];
  return at;
}

/// The device is the host: said, or by the vote of tensors that all live there.
static bool is_on_host(const rti_call *call, const rt_tensor *given) {
  if (call->device >= 0) return call->device == 0;
  if (call->ctx->default_device == 0 || given) return true;
  for (int k = 0; k < call->nin; k++)
    if (call->in[k].tensor && !(call->in[k].tensor->flags & RTI_TENSOR_WEAK)) return true;
  return false;
}

/// Memory at hand in the form of the result; what else a given output may be is for the long way to say.
static bool fits(const rti_call *call, const rt_tensor *given) {
  if (!rti_is_ours(given) || (rt_dtype)given->view.dtype != call->out_dtype || given->view.ndim != call->out_rank) return false;
  for (int32_t d = 0; d < call->out_rank; d++)
    if (given->view.shape[d] != call->out_shape[d]) return false;
  return true;
}

/// How a given output may share its storage with an input: it is the input (a bit of *alias), or they are apart.
static bool may_share(const rti_call *call, int k, const rt_tensor *given, uint32_t *alias) {
  const rt_tensor *t = call->in[k].tensor;
  if (!rti_ranges_overlap(t, given)) return true;
  *alias |= 1u << k;
  return rti_may_alias(call->op, k) && rti_is_same_view(t, given);
}

bool rti_plan_words(const rti_call *call, const rt_tensor *given, rti_plan_key *key) {
  const uint32_t attr_words = (call->attr_bytes + 7) / 8;
  const uint64_t *end = key->word + RTI_PLAN_WORDS;
  uint64_t *at = key->word + 2;
  uint32_t alias = 0;
  if (2 * call->out_rank + attr_words > RTI_PLAN_WORDS - 3 || !is_on_host(call, given) || (given && !fits(call, given))) return false;
  if (given) at = add_form(at, given);
  else for (int32_t d = 0; d < call->out_rank; d++) *at++ = (uint64_t)call->out_shape[d];
  if (attr_words) {
    at[attr_words - 1] = 0;
    memcpy(at, call->attr, call->attr_bytes);
    at += attr_words;
  }
  for (int k = 0; k < call->nin; k++) {
    const rti_arg *arg = &call->in[k];
    const rt_tensor *t = arg->tensor;
    if (end - at < 1 + (t ? 2 * t->view.ndim : 0)) return false;
    if (!t) {
      *at++ = arg->is_imm ? arg->dtype | 1ull << 32 : 0;
      continue;
    }
    if (t->device || !t->view.data || !rti_is_readable(t) || (given && t->storage == given->storage && !may_share(call, k, given, &alias))) return false;
    at = add_form(at, t);
  }
  key->n = (int)(at - key->word);
  key->alias = alias;
  key->word[0] = call->op | (uint64_t)call->nin << 16 | (uint64_t)call->c_order << 24 | (uint64_t)(given != NULL) << 25 | (uint64_t)call->axes << 32;
  key->word[1] = alias | (uint64_t)call->out_dtype << 16 | (uint64_t)call->out_rank << 24 | (uint64_t)call->attr_bytes << 32;
  uint64_t hash = 0;
  for (const uint64_t *w = key->word; w < at; w++) hash = (hash ^ *w) * 0x9e3779b97f4a7c15u;
  key->hash = hash >> 32; // the lower bits have met the lower bits of the words only
  return true;
}

// ---- the table ---------------------------------------------------------------------------------------------------------------------------

static void let_go(rt_ctx *ctx, rti_plan *plan) {
  if (plan && atomic_fetch_sub_explicit(&plan->refs, 1, memory_order_acq_rel) == 1) rti_pool_free(ctx->pool, plan, plan->bytes);
}

static rti_plan_slot *slot_of(rt_ctx *ctx, const rti_plan_key *key) { return &ctx->plan[key->hash % RTI_PLAN_SLOTS]; }

/// Puts a plan (or NULL) into a slot, in place of what is there.
static void replace(rt_ctx *ctx, rti_plan_slot *slot, rti_plan *plan) {
  rti_spin_lock(&slot->lock);
  rti_plan *old = slot->plan;
  slot->plan = plan;
  rti_spin_unlock(&slot->lock);
  let_go(ctx, old);
}

static inline bool are_same(const rti_plan_key *key, int n, const uint64_t *word) {
  int i = 0;
  while (i < n && key->word[i] == word[i]) i++;
  return i == n && n == key->n;
}

static rti_plan *find(rt_ctx *ctx, const rti_plan_key *key) {
  rti_plan_slot *slot = slot_of(ctx, key);
  rti_spin_lock(&slot->lock);
  rti_plan *plan = slot->plan;
  if (plan && (plan->hash != key->hash || !are_same(key, plan->n_words, plan->word))) plan = NULL;
  if (plan) atomic_fetch_add_explicit(&plan->refs, 1, memory_order_relaxed);
  rti_spin_unlock(&slot->lock);
  return plan;
}

/// Does a handle already say what the kernel is to see?
static bool is_own(const rtb_view *canonical, const rt_tensor *t) {
  const size_t bytes = canonical ? canonical->ndim * sizeof(int64_t) : 0;
  return t && canonical->ndim == t->view.ndim && canonical->layout == t->view.layout && !memcmp(canonical->shape, t->view.shape, bytes) &&
         !memcmp(canonical->stride, t->view.stride, bytes);
}

rt_status rti_plan_keep(const rti_call *call, rti_kernel *kernel, const rti_canon *canon, const rtb_view *const *args, const rt_tensor *out) {
  rt_ctx *ctx = out->ctx;
  const rti_plan_key *key = call->key;
  const rti_instance *instance = kernel->instance;
  if (instance != ctx->device[0].chain[0] || (ctx->fallback == RT_FALLBACK_ERROR && !instance->is_first_named)) return RT_OK;
  size_t n_dims = 2 * out->view.ndim, n = (size_t)canon->n;
  for (size_t k = 0; k < n; k++) n_dims += args[k] ? 2 * args[k]->ndim : 0;
  size_t bytes = sizeof(rti_plan) + n * sizeof(rtb_view) + (size_t)key->n * sizeof(uint64_t) + n_dims * sizeof(int64_t);
  rti_plan *plan = rti_pool_alloc(ctx->pool, bytes);
  if (!plan) return RT_E_NO_MEMORY;
  atomic_init(&plan->refs, 1);
  plan->kernel = kernel;
  plan->hash = key->hash;
  plan->n_words = key->n;
  plan->bytes = (uint32_t)bytes;
  plan->axes = (rtb_attr_axes){.size = sizeof plan->axes, .axes = canon->axes};
  plan->word = (uint64_t *)(plan->view + n);
  memcpy(plan->word, key->word, (size_t)key->n * sizeof *key->word);
  int64_t *dims = (int64_t *)(plan->word + key->n);
  for (size_t k = 0; k <= n; k++) { // the last: the output as its handle has it
    rtb_view *view = k < n ? &plan->view[k] : &plan->out;
    const rtb_view *from = k < n ? args[k] : &out->view;
    *view = from ? *from : (rtb_view){.layout = RTB_NONE};
    view->data = NULL;
    if (!from || from->layout == RTB_IMM) continue; // the extents of an immediate outlive all calls
    const size_t rank = from->ndim;
    view->shape = memcpy(dims, from->shape, rank * sizeof *dims);
    view->stride = memcpy(dims + rank, from->stride, rank * sizeof *dims);
    dims += 2 * rank;
  }
  plan->own = 0;
  for (size_t k = 0; k < n; k++) plan->own |= (uint32_t)is_own(args[k], k + 1 < n ? call->in[k].tensor : out) << k;
  plan->out_sig = out->sig;
  replace(ctx, slot_of(ctx, key), plan);
  return RT_OK;
}

void rti_plans_drop(rt_ctx *ctx) {
  for (int i = 0; i < RTI_PLAN_SLOTS; i++) replace(ctx, &ctx->plan[i], NULL);
}

// ---- running one -------------------------------------------------------------------------------------------------------------------------

static rt_status call_with_scratch(rt_ctx *ctx, rti_kernel *kernel, rtb_op *op, uint64_t bytes) {
  static const int64_t one = 1;
  const int64_t extent = (int64_t)bytes;
  rtb_view scratch = {.data = rti_pool_alloc(ctx->pool, bytes), .numel = extent, .dtype = RTB_U8, .ndim = 1, .layout = RTB_DENSE, .shape = &extent, .stride = &one};
  if (!scratch.data) return RT_E_NO_MEMORY;
  op->workspace = &scratch;
  const rt_status status = rti_kernel_call(kernel, op);
  rti_pool_free(ctx->pool, scratch.data, bytes);
  return status;
}

/// The inputs are in args; a new output is made here, when everything else is settled.
static rt_status run(const rti_call *call, const rti_plan *plan, const rtb_view **args, rt_tensor *given, rt_tensor **out) {
  rti_kernel *kernel = plan->kernel;
  rt_ctx *ctx = call->ctx;
  const int o = call->nin;
  uint64_t scratch_bytes = kernel->inner.workspace_bytes;
  rtb_op op = {.op = call->op, .nin = call->nin, .nout = 1, .math = ctx->math, .args = args,
               .attr = rti_ops[call->op].collapse == RTI_AXES ? &plan->axes : call->attr};
  args[o] = &plan->view[o];
  if (kernel->inner.accept && kernel->inner.accept(kernel->inner.kctx, &op, &scratch_bytes) != RTB_OK) return RTI_FAST_MISS;
  rt_tensor *t = given;
  rt_status status = given ? RT_OK : rti_tensor_create_as(ctx, &plan->out, plan->out.dtype, plan->out_sig, &t);
  if (RTI_UNLIKELY(status != RT_OK)) return status;
  rtb_view own;
  args[o] = plan->own >> o & 1 ? &t->view : &own;
  if (args[o] == &own) own = plan->view[o], own.data = t->view.data, own.offset = t->view.offset;
  if (RTI_UNLIKELY((uintptr_t)t->view.data & kernel->align_mask)) status = RTI_FAST_MISS;
  if (status == RT_OK) {
    rti_count(kernel, &kernel->runs);
    status = scratch_bytes ? call_with_scratch(ctx, kernel, &op, scratch_bytes) : rti_kernel_call(kernel, &op);
  }
  if (given && status != RTI_FAST_MISS) rti_count_write(given->storage);
  if (!given && RTI_LIKELY(status == RT_OK)) *out = t;
  else if (!given) rt_release(t);
  return status;
}

rt_status rti_plan_run(const rti_call *call, const rti_plan_key *key, rt_tensor *given, rt_tensor **out) {
  rti_plan *plan = find(call->ctx, key);
  if (!plan) return RTI_FAST_MISS;
  rtb_view view[RTB_MAX_ARGS];
  const rtb_view *args[RTB_MAX_ARGS];
  uintptr_t bits = 0;
  for (int k = 0; k < call->nin; k++) {
    const rti_arg *arg = &call->in[k];
    args[k] = &view[k];
    if (arg->tensor) {
      bits |= (uintptr_t)arg->tensor->view.data;
      if (plan->own >> k & 1) args[k] = &arg->tensor->view;
      else view[k] = plan->view[k], view[k].data = arg->tensor->view.data, view[k].offset = arg->tensor->view.offset;
    } else if (arg->is_imm) {
      view[k] = plan->view[k];
      view[k].data = (void *)(uintptr_t)arg->bits;
    } else {
      args[k] = NULL;
    }
  }
  const rt_status status = RTI_UNLIKELY(bits & plan->kernel->align_mask) ? RTI_FAST_MISS : run(call, plan, args, given, out);
  let_go(call->ctx, plan);
  return status;
}
