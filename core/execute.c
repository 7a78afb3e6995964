// SPDX-License-Identifier: BSD-3-Clause
// Running one call on a device: the backends of its chain are asked in order; refused layouts and immediates are put into a form that is
// accepted; data is brought, the kernel is called, the write is recorded. Shapes and dtypes were settled before (dispatch.c).
#include <stdlib.h>
#include <string.h>

#include "objects.h"

typedef struct run {
  const rti_call *call;
  bool is_changed;             // not what was called: no plan is kept of it
  rt_ctx *ctx;
  rti_device *device;
  rt_tensor *out;
  uint32_t alias;              // inputs that are exactly the output
  uint32_t alias_here;         // of these, the ones whose memory the output's will be, where the current backend computes
  uint64_t converted_for;      // instances that have had their arguments converted: no second time
  int n;                       // arguments
  rti_canon canon;
  uint64_t words[RTB_MAX_ARGS];
  uint8_t layout[RTB_MAX_ARGS];
} run;

static const rt_tensor *argument(const run *r, int i) { return i < r->call->nin ? r->call->in[i].tensor : r->out; }
static bool is_absent(const run *r, int i) { return i < r->call->nin && !r->call->in[i].tensor && !r->call->in[i].is_imm; }
static bool is_imm(const run *r, int i) { return i < r->call->nin && r->call->in[i].is_imm; }

/// Extents and strides of every argument, in the form its op's collapse class says.
static void canonicalise(run *r) {
  const rti_op_info *info = &rti_ops[r->call->op];
  rti_canon *c = &r->canon;
  c->n = r->n;
  c->axes = r->call->axes;
  bool is_joint = info->collapse == RTI_JOINT || info->collapse == RTI_ORDERED;
  c->rank = info->collapse == RTI_AXES ? r->call->in[0].tensor->view.ndim : r->out->view.ndim;
  for (int k = 0; k < r->n; k++) {
    const rt_tensor *t = argument(r, k);
    if (!t) {
      c->ranks[k] = 0;
      continue;
    }
    const rtb_view *view = &t->view;
    if (info->collapse == RTI_AXES && k == r->n - 1 && view->ndim != c->rank) {
      // A reduced output without the reduced axes: kernels see them with extent 1.
      c->ranks[k] = c->rank;
      for (int32_t d = 0, from = 0; d < c->rank; d++) {
        bool is_reduced = r->call->axes >> d & 1;
        c->shape[k][d] = is_reduced ? 1 : view->shape[from];
        c->stride[k][d] = is_reduced ? 0 : view->stride[from];
        from += !is_reduced;
      }
      continue;
    }
    const bool is_spread = k < r->call->nin && r->call->in[k].is_spread;
    if (!is_joint && !is_spread) {
      c->ranks[k] = view->ndim;
      memcpy(c->shape[k], view->shape, view->ndim * sizeof(int64_t));
      memcpy(c->stride[k], view->stride, view->ndim * sizeof(int64_t));
      continue;
    }
    const int64_t *extent = is_spread ? c->shape[0] : r->out->view.shape;
    c->ranks[k] = c->rank ? c->rank : 0;
    int32_t grow = c->rank - view->ndim;
    for (int32_t d = 0; d < c->rank; d++) {
      c->shape[k][d] = extent[d];
      c->stride[k][d] = d < grow || (view->shape[d - grow] == 1 && extent[d] != 1) ? 0 : view->stride[d - grow];
    }
  }
  rti_canonicalise(c, (rti_collapse)info->collapse);
}

static void sign(run *r, const rti_instance *instance) {
  uint8_t space = instance->device ? RTB_SPACE_MINE : RTB_SPACE_HOST;
  for (int k = 0; k < r->n; k++) {
    if (is_absent(r, k)) {
      r->layout[k] = RTB_NONE;
      r->words[k] = rti_pack_arg(0, RTB_NONE, 0, RTB_SPACE_HOST);
    } else if (is_imm(r, k)) {
      r->layout[k] = RTB_IMM;
      r->words[k] = rti_pack_arg(r->call->in[k].dtype, RTB_IMM, 0, RTB_SPACE_HOST);
    } else {
      r->layout[k] = rti_layout(r->canon.ranks[k], r->canon.shape[k], r->canon.stride[k]);
      r->words[k] = rti_pack_arg(argument(r, k)->view.dtype, r->layout[k], (uint8_t)r->canon.ranks[k], space);
    }
  }
}

/// Attributes as the canonical form has them: the axes may have been rewritten.
static const void *attributes(const run *r, rtb_attr_axes *axes, uint32_t *bytes) {
  if (rti_ops[r->call->op].collapse != RTI_AXES) {
    *bytes = r->call->attr_bytes;
    return r->call->attr;
  }
  *axes = (rtb_attr_axes){.size = sizeof *axes, .axes = r->canon.axes};
  *bytes = sizeof *axes;
  return axes;
}

typedef struct views {
  rtb_view view[RTB_MAX_ARGS];
  const rtb_view *args[RTB_MAX_ARGS];
} views;

static void fill_views(const run *r, views *v) {
  static const int64_t nothing[1] = {0};
  for (int k = 0; k < r->n; k++) {
    v->args[k] = &v->view[k];
    if (is_absent(r, k)) {
      v->args[k] = NULL;
    } else if (is_imm(r, k)) {
      v->view[k] = (rtb_view){.data = (void *)(uintptr_t)r->call->in[k].bits, .numel = 1, .dtype = r->call->in[k].dtype, .layout = RTB_IMM,
                              .shape = nothing, .stride = nothing};
    } else {
      const rt_tensor *t = argument(r, k);
      int64_t numel = 1;
      for (int32_t d = 0; d < r->canon.ranks[k]; d++) numel *= r->canon.shape[k][d];
      v->view[k] = (rtb_view){.offset = t->view.offset, .numel = numel, .dtype = t->view.dtype, .ndim = (uint8_t)r->canon.ranks[k],
                              .layout = r->layout[k], .shape = r->canon.shape[k], .stride = r->canon.stride[k]};
    }
  }
}

static void place_view(rtb_view *view, const rti_buffer *buffer) {
  view->data = buffer->host ? (char *)buffer->host + view->offset : NULL;
  view->buf = buffer->handle;
}

static bool is_aligned(const rti_kernel *kernel, const run *r, const views *v) {
  if (!kernel->align_mask) return true;
  if (kernel->align_mask >= (kernel->instance->device ? 256 : 64)) return false; // no memory is sure to start there
  for (int k = 0; k < r->n; k++) {
    const rtb_view *view = v->args[k];
    if (!view || view->layout == RTB_IMM) continue;
    // Buffers start at 64 bytes on the host and 256 on devices; imported memory starts anywhere.
    rti_storage *storage = argument(r, k)->storage;
    rti_spin_lock(&storage->lock);
    const rti_buffer *home = storage->place[0].buffer;
    uintptr_t base = home && home->memory == RTI_MEMORY_IMPORT ? (uintptr_t)home->host : 0;
    rti_spin_unlock(&storage->lock);
    if ((base + view->offset) & kernel->align_mask) return false;
  }
  return true;
}

typedef struct memory {
  rti_buffer *buffer[RTB_MAX_ARGS + 1]; // arguments, then workspace; retained
  int n;
} memory;

static void let_go(memory *m) {
  for (int i = 0; i < m->n; i++) rti_buffer_release(m->buffer[i]);
}

static rt_status bring_arguments(run *r, const rti_instance *instance, const char *why, views *v, memory *m) {
  int32_t space = instance->device;
  const rti_call *call = r->call;
  for (int k = 0; k < call->nin; k++) {
    if (!call->in[k].tensor) continue;
    rti_buffer *buffer;
    rti_storage *storage = call->in[k].tensor->storage;
    rt_status status = rti_bring(storage, space, storage != r->out->storage, call->op, why, &buffer);
    if (status != RT_OK) return status;
    m->buffer[m->n++] = buffer;
    place_view(&v->view[k], buffer);
  }
  rti_storage *storage = r->out->storage;
  bool keep = (uint64_t)r->out->view.numel * r->out->element_bytes != storage->bytes;
  rti_buffer *buffer;
  rt_status status = rti_prepare_write(storage, space, keep, call->op, &buffer);
  if (status != RT_OK) return status;
  m->buffer[m->n++] = buffer;
  place_view(&v->view[call->nin], buffer);
  // A detach moved the output away from inputs that share its storage and were not announced as aliases: they keep the old memory, alive in m.
  return RT_OK;
}

static rt_status submit(run *r, rti_instance *instance, rti_kernel *kernel, rtb_op *op, memory *m, int out_at) {
  rti_count(kernel, &kernel->runs);
  if (instance->device && r->device->is_async) {
    uint32_t writes = 1u << out_at | (m->n > out_at + 1 ? 1u << (out_at + 1) : 0);
    rt_status status;
    do {
      rti_stream *stream;
      if ((status = rti_stream_get(r->device, &stream)) != RT_OK) return status;
      status = rti_stream_submit(stream, kernel, op, m->n, m->buffer, writes);
      rti_stream_release(stream);
    } while (status == RTI_RETIRED);
    return status;
  }
  return rti_kernel_call(kernel, op);
}

/// Records that the output was written.
static rt_status written(const run *r, int32_t space, rti_buffer *buffer) {
  const rtb_view *view = &r->out->view;
  int64_t low = 0, high = 0, element = r->out->element_bytes;
  rti_reach(view->ndim, view->shape, view->stride, &low, &high);
  return rti_written(r->out->storage, space, buffer, view->offset + (uint64_t)(low * element), view->offset + (uint64_t)((high + 1) * element),
                     r->call->op);
}

/// The kernel is chosen and welcomes this call: bring, run, record.
static rt_status run_kernel(run *r, rti_instance *instance, rti_kernel *kernel, const void *attr, views *v, uint64_t workspace_bytes, const char *why) {
  memory m = {.n = 0};
  rt_status status = bring_arguments(r, instance, why, v, &m);
  int out_at = m.n - 1;
  rtb_view workspace = {0};
  int64_t extent = (int64_t)workspace_bytes;
  static const int64_t one = 1;
  if (status == RT_OK && workspace_bytes) {
    rti_buffer *scratch;
    if ((status = rti_buffer_create(r->ctx, instance->device, workspace_bytes, &scratch)) == RT_OK) {
      m.buffer[m.n++] = scratch;
      workspace = (rtb_view){.numel = extent, .dtype = RTB_U8, .ndim = 1, .layout = RTB_DENSE, .shape = &extent, .stride = &one};
      place_view(&workspace, scratch);
    }
  }
  if (status == RT_OK) {
    rtb_op op = {.op = r->call->op, .nin = r->call->nin, .nout = 1, .math = r->ctx->math, .args = v->args, .attr = attr,
                 .workspace = workspace_bytes ? &workspace : NULL};
    status = submit(r, instance, kernel, &op, &m, out_at);
  }
  if (status == RT_OK) status = written(r, instance->device, m.buffer[out_at]);
  let_go(&m);
  return status;
}

/// A dense kernel for strided host arguments: called once per innermost run. Returns RT_E_UNSUPPORTED when the innermost runs are not dense.
static rt_status run_rows(run *r, rti_instance *instance, bool *was_run) {
  *was_run = false;
  const rti_canon *c = &r->canon;
  if (instance->device || rti_ops[r->call->op].collapse != RTI_JOINT || c->rank < 2) return RT_OK;
  uint64_t words[RTB_MAX_ARGS];
  int last = c->rank - 1;
  for (int k = 0; k < r->n; k++) {
    words[k] = r->words[k];
    if (r->layout[k] == RTB_IMM || r->layout[k] == RTB_NONE) continue;
    if (c->stride[k][last] != 1) return RT_OK;
    words[k] = rti_pack_arg((uint16_t)r->words[k], RTB_DENSE, 1, RTB_SPACE_HOST);
  }
  rti_kernel *kernel;
  bool uncached;
  rt_status status = rti_resolve(instance, r->call->op, r->call->nin, 1, words, r->alias_here, r->call->attr, r->call->attr_bytes, &kernel, &uncached);
  if (status != RT_OK) return status;
  views v;
  memory m = {.n = 0};
  fill_views(r, &v);
  if (kernel->fn && !kernel->inner.accept && !kernel->inner.workspace_bytes && !kernel->align_mask) {
    *was_run = true;
    status = bring_arguments(r, instance, "an op runs on the host", &v, &m);
    int64_t index[RT_MAX_RANK] = {0};
    for (int k = 0; k < r->n; k++)
      if (r->layout[k] < RTB_IMM) v.view[k].ndim = 1, v.view[k].numel = c->shape[k][last], v.view[k].layout = RTB_DENSE, v.view[k].shape += last, v.view[k].stride += last;
    rtb_op op = {.op = r->call->op, .nin = r->call->nin, .nout = 1, .math = r->ctx->math, .args = v.args, .attr = r->call->attr};
    uint64_t n_runs = 0;
    for (bool more = true; status == RT_OK && more; n_runs++) {
      status = rti_kernel_call(kernel, &op);
      more = false;
      for (int32_t d = last - 1; d >= 0 && !more; d--) { // the next row
        int64_t extent = c->shape[r->n - 1][d];
        more = ++index[d] < extent;
        for (int k = 0; k < r->n; k++) {
          if (r->layout[k] >= RTB_IMM) continue;
          int64_t step = c->stride[k][d] * (more ? 1 : 1 - extent) * argument(r, k)->element_bytes;
          v.view[k].data = (char *)v.view[k].data + step;
          v.view[k].offset += (uint64_t)step;
        }
        if (!more) index[d] = 0;
      }
    }
    rti_count(kernel, &kernel->runs);
    if (status == RT_OK) {
      rti_note(r->ctx, RT_REPORT_FALLBACK, r->call->op, instance->name, "layout refused: the dense kernel is called once per row", 0);
      status = written(r, 0, m.buffer[m.n - 1]);
    }
    let_go(&m);
  }
  if (uncached) rti_kernel_free(kernel);
  return status;
}

static rt_status execute(run *r);

/// Dense strides in the order in which `like` lies in memory, so that arguments made for it are dense beside it.
static const int64_t *dense_strides_like(const rtb_view *like, int64_t *out_strides) {
  int32_t order[RT_MAX_RANK];
  for (int32_t d = 0; d < like->ndim; d++) {
    int32_t at = d;
    for (; at > 0 && llabs(like->stride[order[at - 1]]) < llabs(like->stride[d]); at--) order[at] = order[at - 1];
    order[at] = d;
  }
  int64_t step = 1;
  for (int32_t i = like->ndim - 1; i >= 0; i--) {
    out_strides[order[i]] = step;
    step *= like->shape[order[i]];
  }
  return out_strides;
}

/// Re-runs the call with arguments that the refusing kernel asked for: immediates as 0-d tensors, dense copies made where the kernel runs.
static rt_status run_converted(run *r, rti_instance *instance, const rti_kernel *refusal, bool *was_run) {
  *was_run = false;
  if (r->call->op == RTB_OP_COPY || r->call->op == RTB_OP_FILL) return RT_OK; // these are what conversion is made of
  rti_call converted = *r->call;
  rt_tensor *made[RTB_MAX_ARGS] = {NULL}, *dense_out = NULL;
  rt_status status = RT_OK;
  bool is_joint = rti_ops[r->call->op].collapse == RTI_JOINT;
  uint32_t replaced = 0;
  int64_t strides[RT_MAX_RANK];
  const int64_t *as_output = is_joint ? dense_strides_like(&r->out->view, strides) : NULL; // else C order
  for (int k = 0; k < r->call->nin && status == RT_OK; k++) {
    uint8_t want = refusal->inner.want_layout[k];
    if (r->layout[k] == RTB_NONE || r->layout[k] <= want) continue;
    if (r->layout[k] == RTB_IMM) {
      if ((status = rti_tensor_create(r->ctx, 0, (rt_dtype)r->call->in[k].dtype, 0, NULL, NULL, &made[k])) != RT_OK) break;
      memcpy(made[k]->view.data, r->call->in[k].bits, made[k]->element_bytes);
      converted.in[k].is_imm = false;
    } else {
      rti_call copy;
      rti_call_init(&copy, r->ctx, RTB_OP_COPY);
      rti_call_tensor(&copy, r->call->in[k].tensor);
      copy.device = instance->device;
      rt_dtype dtype = (rt_dtype)r->call->in[k].tensor->view.dtype;
      const rtb_view *shape_of = is_joint ? &r->out->view : &r->call->in[r->call->in[k].is_spread ? 0 : k].tensor->view;
      converted.in[k].is_spread = false;
      status = rti_tensor_create(r->ctx, instance->device, dtype, shape_of->ndim, shape_of->shape, as_output, &made[k]);
      if (status == RT_OK) status = rti_run(&copy, made[k], NULL);
      rti_note(r->ctx, RT_REPORT_COPY, r->call->op, instance->name, "layout refused: copied to a dense tensor first", (uint64_t)shape_of->numel * r->call->in[k].tensor->element_bytes);
    }
    converted.in[k].tensor = made[k];
    replaced |= 1u << k;
  }
  int o = r->call->nin;
  if (status == RT_OK && r->layout[o] > refusal->inner.want_layout[o]) {
    status = rti_tensor_create(r->ctx, r->device->index, (rt_dtype)r->out->view.dtype, r->out->view.ndim, r->out->view.shape, as_output, &dense_out);
  }
  if (status == RT_OK && (replaced || dense_out)) {
    run again = *r;
    again.call = &converted;
    again.is_changed = true;
    again.converted_for |= UINT64_C(1) << (instance - r->ctx->instance);
    again.alias = dense_out ? 0 : r->alias & ~replaced;
    if (dense_out) again.out = dense_out;
    *was_run = true;
    status = execute(&again);
    if (status == RT_OK && dense_out) {
      rti_call copy;
      rti_call_init(&copy, r->ctx, RTB_OP_COPY);
      rti_call_tensor(&copy, dense_out);
      copy.device = instance->device;
      status = rti_run(&copy, r->out, NULL);
    }
  }
  for (int k = 0; k < RTB_MAX_ARGS; k++) rt_release(made[k]);
  rt_release(dense_out);
  return status;
}

static void pass_on(run *r, rti_kernel *refusal, int32_t reason, const char *why) {
  if (!refusal->fn) {
    if (r->ctx->fallback == RT_FALLBACK_REPORT && !atomic_load_explicit(&refusal->passes, memory_order_relaxed)) // each reason once
      rti_log(r->ctx, RT_LOG_INFO, "fallback: %s %s: %s", rti_ops[r->call->op].name, refusal->instance->name, refusal->inner.why);
    rti_count(refusal, &refusal->passes);
    rtb_event event = {.size = sizeof event, .kind = RTB_EVENT_FALLBACK, .op = r->call->op, .name = refusal->instance->name, .text = refusal->inner.why};
    rti_layers_event(r->ctx, &event);
    return;
  }
  rti_note(r->ctx, RT_REPORT_FALLBACK, r->call->op, refusal->instance->name, why ? why : rti_reason_name(reason), 0);
}

/// Memory that is shared with a clone is left to the clone by the write: then the output is no input there.
static uint32_t alias_in(const run *r, int32_t space) {
  rti_storage *storage = r->out->storage;
  if (!r->alias) return 0;
  rti_spin_lock(&storage->lock);
  const rti_place *place = rti_storage_place(storage, space);
  bool is_shared = place && place->valid && place->buffer && (place->buffer->imported || atomic_load_explicit(&place->buffer->owners, memory_order_acquire) > 1);
  rti_spin_unlock(&storage->lock);
  return is_shared ? 0 : r->alias;
}

/// Tries one backend. *was_run: it (or a conversion for it) took the call; otherwise `refused` says why not.
static rt_status try_instance(run *r, rti_instance *instance, bool is_fallback, bool *was_run, rti_text *refused) {
  *was_run = false;
  sign(r, instance);
  rtb_attr_axes axes;
  uint32_t attr_bytes;
  const void *attr = attributes(r, &axes, &attr_bytes);
  uint32_t alias = r->alias_here = alias_in(r, instance->device);
  rti_kernel *kernel;
  bool uncached;
  rt_status status = rti_resolve(instance, r->call->op, r->call->nin, 1, r->words, alias, attr, attr_bytes, &kernel, &uncached);
  if (status != RT_OK) return status;
  refused->at[0] = 0;
  if (!kernel->fn && r->call->is_offer) {
    status = RTI_NOT_TAKEN;
  } else if (!kernel->fn) {
    bool was_converted = r->converted_for >> (instance - r->ctx->instance) & 1;
    if (kernel->inner.reason == RTB_UNSUPPORTED_LAYOUT && !was_converted) {
      status = run_rows(r, instance, was_run);
      if (status == RT_OK && !*was_run) status = run_converted(r, instance, kernel, was_run);
    } else if (kernel->inner.reason == RTB_UNSUPPORTED_ALIAS && alias) {
      rt_tensor *temporary = NULL; // compute beside, then copy
      status = rti_tensor_create(r->ctx, r->device->index, (rt_dtype)r->out->view.dtype, r->out->view.ndim, r->out->view.shape, NULL, &temporary);
      if (status == RT_OK) {
        run again = *r;
        again.out = temporary, again.alias = 0, again.is_changed = true;
        status = execute(&again);
        *was_run = true;
        rti_call copy;
        rti_call_init(&copy, r->ctx, RTB_OP_COPY);
        rti_call_tensor(&copy, temporary);
        if (status == RT_OK) status = rti_run(&copy, r->out, NULL);
        rt_release(temporary);
      }
    }
    if (status == RT_OK && !*was_run) {
      pass_on(r, kernel, kernel->inner.reason, NULL);
      rti_append(refused, "%s: %s", instance->name, kernel->inner.why);
    }
  }
  if (!kernel->fn) {
    if (uncached) rti_kernel_free(kernel);
    return status;
  }
  views v;
  fill_views(r, &v);
  uint64_t workspace_bytes = kernel->inner.workspace_bytes;
  int32_t reason = RTB_OK;
  if (kernel->inner.accept) {
    rtb_op op = {.op = r->call->op, .nin = r->call->nin, .nout = 1, .math = r->ctx->math, .args = v.args, .attr = attr};
    reason = kernel->inner.accept(kernel->inner.kctx, &op, &workspace_bytes);
  }
  if (reason == RTB_OK && !is_aligned(kernel, r, &v)) reason = RTB_UNSUPPORTED_ALIGN;
  if (reason != RTB_OK && r->call->is_offer) {
    status = RTI_NOT_TAKEN;
  } else if (reason != RTB_OK) {
    rti_text why = {{0}};
    rti_append(&why, "refused by %s for this call", rti_reason_name(reason));
    pass_on(r, kernel, reason, why.at);
    rti_append(refused, "%s: %s", instance->name, why.at);
  } else {
    *was_run = true;
    const rti_plan_key *key = r->is_changed ? NULL : r->call->key;
    if (key && alias == key->alias && !instance->device && !uncached) status = rti_plan_keep(r->call, kernel, &r->canon, v.args, r->out);
    if (status == RT_OK) status = run_kernel(r, instance, kernel, attr, &v, workspace_bytes, is_fallback ? "an op falls back to the host" : "an op needs it");
  }
  if (uncached) rti_kernel_free(kernel);
  return status;
}

static rt_status execute(run *r) {
  rti_text first_refusal = {{0}}, refused;
  canonicalise(r);
  if (r->call->is_offer) {
    bool was_run;
    return try_instance(r, r->device->chain[0], false, &was_run, &refused);
  }
  for (int i = 0; i < r->device->n_chain; i++) {
    rti_instance *instance = r->device->chain[i];
    if (instance->device && atomic_load(&r->device->lost)) continue; // what the host still has can be computed on
    if (r->call->user && r->ctx->fallback == RT_FALLBACK_ERROR && !instance->is_first_named) {
      if (!first_refusal.at[0]) rti_append(&first_refusal, "the first backend: the tensors live on device %s", r->device->desc.name);
      break;
    }
    bool was_run;
    rt_status status = try_instance(r, instance, instance->device != r->device->index, &was_run, &refused);
    if (status != RT_OK || was_run) return status;
    if (!first_refusal.at[0]) first_refusal = refused;
  }
  const char *name = rti_ops[r->call->op].name;
  if (r->ctx->fallback == RT_FALLBACK_ERROR && first_refusal.at[0])
    return rti_fail(RT_E_UNSUPPORTED, "%s: not run by %s, and fallback is an error", name, first_refusal.at);
  return rti_fail(RT_E_UNSUPPORTED, "%s: no backend runs it for %s (%s)", name, rt_dtype_name((rt_dtype)r->out->view.dtype), first_refusal.at[0] ? first_refusal.at : "none is open");
}

rt_status rti_execute(const rti_call *call, int32_t device, rt_tensor *out, uint32_t alias) {
  run r;
  r.call = call;
  r.is_changed = false;
  r.ctx = out->ctx;
  r.device = &out->ctx->device[device];
  r.out = out;
  r.alias = alias;
  r.alias_here = 0;
  r.converted_for = 0;
  r.n = call->nin + 1;
  return execute(&r);
}
