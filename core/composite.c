// SPDX-License-Identifier: BSD-3-Clause
// What operations made of other operations have in common, and the first two of them: concat and pad are copies into views of the output, so
// every backend that copies has them. Each is offered as one operation to the backend of its device before.
#include <string.h>

#include "composite.h"
#include "infer.h"

// ---- what every composite does ---------------------------------------------------------------------------------------------------------

void rti_composite_call(rti_call *call, rt_ctx *ctx, uint16_t op, rt_dtype dtype, int32_t rank, const int64_t *shape) {
  rti_call_init(call, ctx, op);
  call->is_offer = call->user = true;
  call->out_dtype = dtype;
  call->out_rank = rank;
  memcpy(call->out_shape, shape, sizeof(int64_t) * (size_t)rank);
}

rt_status rti_composite_check(const rti_call *call, rti_target to) {
  const char *op = rti_ops[call->op].name;
  const rt_tensor *given = to.given;
  rti_text want, have;
  int64_t numel;
  uint64_t bytes;
  rt_status status = rti_check_shape(op, call->out_dtype, call->out_rank, call->out_shape, &numel, &bytes);
  if (status != RT_OK || !given) return status;
  if ((rt_dtype)given->view.dtype != call->out_dtype)
    return rti_fail(RT_E_DTYPE, "%s: out has dtype %s, but the result is %s", op, rt_dtype_name((rt_dtype)given->view.dtype), rt_dtype_name(call->out_dtype));
  if (given->view.ndim != call->out_rank || memcmp(given->view.shape, call->out_shape, sizeof(int64_t) * (size_t)call->out_rank))
    return rti_fail(RT_E_SHAPE, "%s: out has shape %s, but the result is %s", op, rti_shape_text(&have, given->view.ndim, given->view.shape),
                    rti_shape_text(&want, call->out_rank, call->out_shape));
  return RT_OK;
}

rt_status rti_composite_offer(rti_call *call, rti_target to) {
  const rt_ctx *ctx = call->ctx;
  if (!call->is_offer || (ctx->n_devices == 1 && ctx->device[0].chain[0] == ctx->builtin)) return RTI_NOT_TAKEN;
  for (int k = 0; k < call->nin; k++) { // kernels see no empty inputs, and no scalar tensors but as immediates
    const rt_tensor *t = call->in[k].tensor;
    if (t && (t->view.numel == 0 || t->flags & RTI_TENSOR_WEAK)) return RTI_NOT_TAKEN;
  }
  rt_status status = call->device < 0 ? rti_vote(call, to.given, &call->device) : RT_OK;
  if (status != RT_OK) return status;
  const rti_device *device = &ctx->device[call->device];
  const rti_instance *first = device->chain[0];
  bool is_asked = first != ctx->builtin && !atomic_load(&device->lost) && (first->is_first_named || ctx->fallback != RT_FALLBACK_ERROR);
  return is_asked ? rti_run(call, to.given, to.out) : RTI_NOT_TAKEN;
}

rt_status rti_composite_begin(rti_call *call, rti_target to, rt_tensor **out_result) {
  *out_result = NULL;
  rt_status status = rti_composite_check(call, to);
  if (status == RT_OK) status = rti_composite_offer(call, to);
  if (status != RTI_NOT_TAKEN) return status;
  status = call->device < 0 ? rti_vote(call, to.given, &call->device) : RT_OK;
  return status == RT_OK ? rti_tensor_create(call->ctx, call->device, call->out_dtype, call->out_rank, call->out_shape, NULL, out_result) : status;
}

rt_status rti_composite_end(uint16_t op, rt_status status, rt_tensor *result, rti_target to) {
  if (!result) return status;
  if (status == RT_OK && to.given && (status = rt_copy_into(result, to.given)) != RT_OK) rti_fail_in(status, "%s", rti_ops[op].name);
  if (status == RT_OK && !to.given) *to.out = result;
  else rt_release(result);
  return status;
}

rt_tensor *rti_chain_keep(rti_chain *c, rt_tensor *t) {
  if (t) c->owned[c->n++] = t;
  return t;
}

rt_status rti_chain_end(rti_chain *c) {
  while (c->n > 0) rt_release(c->owned[--c->n]);
  return c->status;
}

// ---- concat ------------------------------------------------------------------------------------------------------------------------------

static rt_status concat_infer(int32_t n, const rt_tensor *const *in, int32_t *axis, rt_dtype *dtype, int32_t *rank, int64_t *shape) {
  if (n < 1 || !in) return rti_fail(RT_E_ARGUMENT, "concat: %d tensors", in ? n : 0);
  for (int32_t k = 0; k < n; k++) {
    if (!in[k]) return rti_fail(RT_E_ARGUMENT, "concat: tensor %d is NULL", k);
    if (in[k]->ctx != in[0]->ctx) return rti_fail(RT_E_STATE, "concat: the tensors belong to two contexts");
  }
  rt_status status = rti_axis("concat", *axis, in[0]->view.ndim, axis);
  *dtype = (rt_dtype)in[0]->view.dtype;
  *rank = in[0]->view.ndim;
  memcpy(shape, in[0]->view.shape, sizeof(int64_t) * (size_t)*rank);
  for (int32_t k = 1; k < n && status == RT_OK; k++) {
    const rtb_view *view = &in[k]->view;
    rti_text a, b;
    bool fits = view->ndim == *rank;
    for (int32_t d = 0; d < *rank && fits; d++) fits = d == *axis || view->shape[d] == shape[d];
    if (!fits || !rti_add_i64(shape[*axis], view->shape[*axis], &shape[*axis]))
      return rti_fail(RT_E_SHAPE, "concat: tensor %d of shape %s does not fit to %s along axis %d", k, rti_shape_text(&b, view->ndim, view->shape),
                      rti_shape_text(&a, *rank, in[0]->view.shape), *axis);
    status = rt_promote(*dtype, (rt_dtype)view->dtype, dtype);
    if (status != RT_OK) status = rti_fail_in(status, "concat");
  }
  return status;
}

static rt_status concat(int32_t n, const rt_tensor *const *in, int32_t axis, rti_target to) {
  int64_t shape[RT_MAX_RANK];
  int32_t rank = 0;
  rt_dtype dtype;
  if (to.out) *to.out = NULL;
  else if (!to.given) return rti_no_out(RTB_OP_CONCAT);
  rt_status status = concat_infer(n, in, &axis, &dtype, &rank, shape);
  if (status == RT_OK && to.given && to.given->ctx != in[0]->ctx) status = rti_fail(RT_E_STATE, "concat: the tensors belong to two contexts");
  if (status != RT_OK) return status;
  rti_call call;
  rtb_attr_axes attr = {.size = sizeof attr, .axes = 1u << axis};
  rti_composite_call(&call, in[0]->ctx, RTB_OP_CONCAT, dtype, rank, shape);
  call.attr = &attr, call.attr_bytes = sizeof attr;
  if ((status = rti_composite_check(&call, to)) != RT_OK) return status;
  // The same vote as for any operation, over all tensors, however many.
  rti_call vote = call;
  rti_call_tensor(&vote, in[0]);
  int32_t device = 0;
  for (int32_t k = 0; k < n && status == RT_OK; k++) {
    rti_call pair = vote;
    rti_call_tensor(&pair, in[k]);
    if ((status = rti_vote(&pair, to.given, &device)) == RT_OK && device == in[k]->device && device != vote.in[0].tensor->device) vote.in[0].tensor = in[k];
    call.is_offer &= n <= RTI_MAX_IN && (rt_dtype)in[k]->view.dtype == dtype;
    if (call.is_offer) rti_call_tensor(&call, in[k]);
  }
  if (status == RT_OK) status = rti_vote(&vote, to.given, &call.device);
  rt_tensor *result = NULL;
  if (status == RT_OK) status = rti_composite_begin(&call, to, &result);
  int64_t at = 0;
  for (int32_t k = 0; k < n && status == RT_OK && result; k++) {
    rt_tensor *part = NULL;
    int64_t extent = in[k]->view.shape[axis];
    status = rt_slice(result, axis, at, at + extent, 1, &part);
    if (status == RT_OK) status = rt_copy_into(in[k], part);
    rt_release(part);
    at += extent;
  }
  return rti_composite_end(RTB_OP_CONCAT, status, result, to);
}

rt_status rt_concat(int32_t n, const rt_tensor *const *tensors, int32_t axis, rt_tensor **out) {
  return concat(n, tensors, axis, (rti_target){NULL, out});
}
rt_status rt_concat_into(int32_t n, const rt_tensor *const *tensors, int32_t axis, rt_tensor *out) {
  return concat(n, tensors, axis, (rti_target){out, NULL});
}

// ---- pad ---------------------------------------------------------------------------------------------------------------------------------

static rt_status pad_infer(const rt_tensor *x, const int64_t *low, const int64_t *high, rt_pad_mode mode, int64_t *shape) {
  int32_t rank = x->view.ndim;
  if (rank > 0 && (!low || !high)) return rti_fail(RT_E_ARGUMENT, "pad: %s is NULL", low ? "pad_hi" : "pad_lo");
  if (mode < RT_PAD_CONSTANT || mode > RT_PAD_WRAP) return rti_fail(RT_E_ARGUMENT, "pad: %d is no mode", (int)mode);
  for (int32_t d = 0; d < rank; d++) {
    int64_t n = x->view.shape[d], total;
    rti_text text;
    if (!rti_add_i64(low[d], high[d], &total) || !rti_add_i64(total, n, &shape[d]) || shape[d] < 0 || low[d] < -n || high[d] < -n)
      return rti_fail(RT_E_SHAPE, "pad: %lld and %lld on axis %d of shape %s", (long long)low[d], (long long)high[d], d, rti_shape_text(&text, rank, x->view.shape));
    int64_t kept = n + (low[d] < 0 ? low[d] : 0) + (high[d] < 0 ? high[d] : 0); // what a border is made of
    int64_t most = mode == RT_PAD_REFLECT ? kept - 1 : mode == RT_PAD_WRAP ? kept : kept > 0 ? INT64_MAX : 0;
    if (mode != RT_PAD_CONSTANT && (low[d] > most || high[d] > most) && (low[d] > 0 || high[d] > 0))
      return rti_fail(RT_E_SHAPE, "pad: %lld and %lld on axis %d of extent %lld; this mode allows at most %lld", (long long)low[d], (long long)high[d], d,
                      (long long)n, (long long)(most > 0 ? most : 0));
  }
  return RT_OK;
}

/// Copies src[axis: from, from+step, ...] (count of them) to out[axis: to ...]; step 0 repeats one element.
static rt_status copy_run(const rt_tensor *src, rt_tensor *out, int32_t axis, int64_t from, int64_t step, int64_t to, int64_t count) {
  if (count <= 0) return RT_OK;
  rt_tensor *part = NULL, *into = NULL, *spread = NULL;
  int64_t stop = step > 0 ? from + count : step < 0 ? from - count : from + 1;
  rt_status status = rt_slice(src, axis, from, stop < 0 ? RT_SLICE_DEFAULT : stop, step ? step : 1, &part);
  if (status == RT_OK) status = rt_slice(out, axis, to, to + count, 1, &into);
  if (status == RT_OK && step == 0) {
    status = rt_expand(part, into->view.ndim, into->view.shape, &spread);
    rt_release(part);
    part = spread;
  }
  if (status == RT_OK) status = rt_copy_into(part, into);
  rt_release(part);
  rt_release(into);
  return status;
}

/// The middle of x in the middle of the result; then, axis by axis, the borders from what is already there, so that corners come out right.
static rt_status pad_fill(const rt_tensor *x, const int64_t *low, const int64_t *high, rt_pad_mode mode, rt_tensor *result) {
  int32_t rank = x->view.ndim;
  rt_tensor *src = rt_retain(x), *dst = rt_retain(result), *next;
  rt_status status = RT_OK;
  for (int32_t d = 0; d < rank && status == RT_OK; d++) {
    int64_t n = x->view.shape[d], cut_low = low[d] < 0 ? -low[d] : 0, cut_high = high[d] < 0 ? -high[d] : 0;
    int64_t start = low[d] > 0 ? low[d] : 0, kept = n - cut_low - cut_high;
    if (kept < 0) kept = 0; // only with the other pad positive; nothing of x remains
    if ((status = rt_slice(src, d, cut_low, cut_low + kept, 1, &next)) == RT_OK) {
      rt_release(src);
      src = next;
      if ((status = rt_slice(dst, d, start, start + kept, 1, &next)) == RT_OK) {
        rt_release(dst);
        dst = next;
      }
    }
  }
  if (status == RT_OK) status = rt_copy_into(src, dst);
  rt_release(src);
  rt_release(dst);
  // Border of axis d: all of the axes before it are final, those after it still have their borders open (filled later from here).
  for (int32_t d = 0; d < rank && status == RT_OK && mode != RT_PAD_CONSTANT; d++) {
    int64_t n = x->view.shape[d], lo = low[d] > 0 ? low[d] : 0, hi = high[d] > 0 ? high[d] : 0;
    int64_t kept = n + (low[d] < 0 ? low[d] : 0) + (high[d] < 0 ? high[d] : 0), end = lo + kept;
    if (kept <= 0) continue;
    if (mode == RT_PAD_EDGE) {
      status = copy_run(result, result, d, lo, 0, 0, lo);
      if (status == RT_OK) status = copy_run(result, result, d, end - 1, 0, end, hi);
    } else if (mode == RT_PAD_REFLECT) {
      status = copy_run(result, result, d, lo + lo, -1, 0, lo);
      if (status == RT_OK) status = copy_run(result, result, d, end - 2, -1, end, hi);
    } else {
      status = copy_run(result, result, d, end - lo, 1, 0, lo);
      if (status == RT_OK) status = copy_run(result, result, d, lo, 1, end, hi);
    }
  }
  return status;
}

static rt_status pad(const rt_tensor *x, const int64_t *low, const int64_t *high, rt_pad_mode mode, rt_scalar value, rti_target to) {
  rt_status status = rti_check_inputs(RTB_OP_PAD, 1, &x, to);
  if (status != RT_OK) return status;
  if (mode == RT_PAD_CONSTANT && (status = rti_scalar_check("pad", value, (rt_dtype)x->view.dtype)) != RT_OK) return status;
  int64_t shape[RT_MAX_RANK];
  if ((status = pad_infer(x, low, high, mode, shape)) != RT_OK) return status;
  rt_dtype dtype = (rt_dtype)x->view.dtype;
  rti_call call;
  rtb_attr_pad attr = {.size = sizeof attr, .mode = (uint32_t)mode};
  for (int32_t d = 0; d < x->view.ndim; d++) attr.pad_lo[d] = low[d], attr.pad_hi[d] = high[d];
  rti_composite_call(&call, x->ctx, RTB_OP_PAD, dtype, x->view.ndim, shape);
  rti_call_tensor(&call, x);
  rti_call_imm(&call, dtype, mode == RT_PAD_CONSTANT ? value : rt_int(0));
  call.attr = &attr, call.attr_bytes = sizeof attr;
  rt_tensor *result = NULL;
  status = rti_composite_begin(&call, to, &result);
  if (status == RT_OK && result && mode == RT_PAD_CONSTANT) status = rt_full_into(value, result);
  if (status == RT_OK && result && result->view.numel > 0) status = pad_fill(x, low, high, mode, result);
  return rti_composite_end(RTB_OP_PAD, status, result, to);
}

rt_status rt_pad(const rt_tensor *x, const int64_t *pad_lo, const int64_t *pad_hi, rt_pad_mode mode, rt_scalar value, rt_tensor **out) {
  return out ? pad(x, pad_lo, pad_hi, mode, value, (rti_target){NULL, out}) : rti_no_out(RTB_OP_PAD);
}
rt_status rt_pad_into(const rt_tensor *x, const int64_t *pad_lo, const int64_t *pad_hi, rt_pad_mode mode, rt_scalar value, rt_tensor *out) {
  return pad(x, pad_lo, pad_hi, mode, value, (rti_target){out, NULL});
}
