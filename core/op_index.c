// SPDX-License-Identifier: BSD-3-Clause
// Operations by index values: scatter, scatter_nd, gather_nd; and nonzero, which finds such indices. As op_api.c: each checks its arguments,
// states dtype and shape of the result, and hands a call to dispatch.c. The index values are data: kernels check them, not the core.
#include <string.h>

#include "composite.h"
#include "infer.h"

static void shape_as(rti_call *call, const rt_tensor *t) {
  call->out_rank = t->view.ndim;
  memcpy(call->out_shape, t->view.shape, sizeof(int64_t) * (size_t)t->view.ndim);
}

static void give_attr(rti_call *call, const rtb_attr_index *attr) {
  call->attr = attr;
  call->attr_bytes = sizeof *attr;
}

static rt_status check_index_dtype(uint16_t op, const rt_tensor *indices) {
  rt_dtype_kind kind = (rt_dtype_kind)rti_dtype_kinds[indices->view.dtype];
  if (kind == RT_KIND_SIGNED || kind == RT_KIND_UNSIGNED) return RT_OK;
  return rti_fail(RT_E_DTYPE, "%s: indices have dtype %s, not an integer", rti_ops[op].name, rt_dtype_name((rt_dtype)indices->view.dtype));
}

// ---- scatter, scatter_nd -------------------------------------------------------------------------------------------------------------------

/// What both have in common.
typedef struct scattering {
  uint16_t op;
  const rt_tensor *x, *indices, *updates;
  rtb_attr_index attr;
  rt_dtype dtype;                    // computed in, and of the result
  int32_t rank;                      // of the updates, which broadcast to
  int64_t shape[RT_MAX_RANK];
} scattering;

static rt_status start_scatter(scattering *s, rt_scatter_mode mode, rti_target to) {
  const char *name = rti_ops[s->op].name;
  const rt_tensor *in[3] = {s->x, s->indices, s->updates}, *values[2] = {s->x, s->updates};
  rt_status status = rti_check_inputs(s->op, 3, in, to);
  if (status != RT_OK) return status;
  if ((int)mode < RT_SCATTER_SET || mode > RT_SCATTER_MAX) return rti_fail(RT_E_ARGUMENT, "%s: %d is no mode", name, (int)mode);
  if ((status = check_index_dtype(s->op, s->indices)) != RT_OK || (status = rti_infer_compute(s->op, 2, values, NULL, &s->dtype)) != RT_OK) return status;
  if (s->dtype == RT_BOOL && (mode == RT_SCATTER_ADD || mode == RT_SCATTER_MUL))
    return rti_fail(RT_E_DTYPE, "%s: %s is not defined for bool; cast first", name, mode == RT_SCATTER_ADD ? "add" : "mul");
  if (rti_is_complex((int)s->dtype) && (mode == RT_SCATTER_MIN || mode == RT_SCATTER_MAX)) return rti_refuse_complex(name, s->dtype);
  s->attr = (rtb_attr_index){.size = sizeof s->attr, .mode = (uint32_t)mode};
  return RT_OK;
}

/// No updates: x itself, in the dtype of the result.
static rt_status scatter_nothing(const scattering *s, const rt_tensor *x, rti_target to) {
  rti_call call;
  rti_call_init(&call, x->ctx, RTB_OP_COPY);
  call.c_order = true;
  call.out_dtype = s->dtype;
  shape_as(&call, x);
  rti_call_tensor(&call, x);
  rt_status status = rti_run_op(&call, to);
  return status == RT_OK ? RT_OK : rti_fail_in(status, "%s", rti_ops[s->op].name);
}

static rt_status finish_scatter(const scattering *s, rti_target to) {
  const char *name = rti_ops[s->op].name;
  const rt_tensor *in[3] = {s->x, s->indices, s->updates};
  rt_tensor *made[3] = {NULL}, *spread = NULL;
  int32_t rank = s->rank;
  int64_t shape[RT_MAX_RANK], numel = 1;
  memcpy(shape, s->shape, sizeof shape);
  bool fits = rti_broadcast(&rank, shape, s->updates->view.ndim, s->updates->view.shape) && rank == s->rank && !memcmp(shape, s->shape, sizeof(int64_t) * (size_t)rank);
  rti_text have, want;
  if (!fits)
    return rti_fail(RT_E_SHAPE, "%s: updates %s do not broadcast to %s", name, rti_shape_text(&have, s->updates->view.ndim, s->updates->view.shape),
                    rti_shape_text(&want, s->rank, s->shape));
  rti_call call;
  rti_call_init(&call, s->x->ctx, s->op);
  give_attr(&call, &s->attr);
  call.out_dtype = s->dtype;
  shape_as(&call, s->x);
  rti_call ask = call; // the device is settled by what was given: neither a scalar's cast nor a spread update has a say
  for (int k = 0; k < 3; k++) rti_call_tensor(&ask, in[k]);
  rt_status status = rti_composite_check(&call, to);
  if (status == RT_OK) status = rti_vote(&ask, to.given, &call.device);
  for (int k = 0; k < 3 && status == RT_OK; k++) status = rti_to_dtype(&in[k], k == 1 ? (rt_dtype)in[k]->view.dtype : s->dtype, &made[k]);
  for (int32_t d = 0; d < s->rank; d++) numel *= shape[d];
  if (status == RT_OK && (numel == 0 || s->x->view.numel == 0)) status = scatter_nothing(s, in[0], to);
  else if (status == RT_OK && (status = rt_expand(in[2], s->rank, s->shape, &spread)) == RT_OK) {
    rti_call_tensor(&call, in[0]);
    rti_call_tensor(&call, in[1]);
    rti_call_tensor(&call, spread);
    status = rti_run_op(&call, to);
  }
  rt_release(spread);
  for (int k = 0; k < 3; k++) rt_release(made[k]);
  return status;
}

static rt_status scatter(const rt_tensor *x, const rt_tensor *indices, const rt_tensor *updates, int32_t axis, rt_scatter_mode mode, rti_target to) {
  scattering s = {.op = RTB_OP_SCATTER, .x = x, .indices = indices, .updates = updates};
  rt_status status = start_scatter(&s, mode, to);
  if (status != RT_OK || (status = rti_axis("scatter", axis, x->view.ndim, &axis)) != RT_OK) return status;
  s.attr.axes = 1u << axis;
  s.rank = indices->view.ndim;
  memcpy(s.shape, indices->view.shape, sizeof(int64_t) * (size_t)s.rank);
  bool fits = s.rank == x->view.ndim;
  for (int32_t d = 0; d < s.rank && fits; d++) fits = d == axis || s.shape[d] <= x->view.shape[d];
  rti_text text_x, text_i;
  if (!fits)
    return rti_fail(RT_E_SHAPE, "scatter: indices %s do not fit to x %s along axis %d", rti_shape_text(&text_i, s.rank, s.shape),
                    rti_shape_text(&text_x, x->view.ndim, x->view.shape), axis);
  if (indices->view.numel > 0 && x->view.shape[axis] == 0) return rti_fail(RT_E_INDEX, "scatter: no index is in range for axis %d of extent 0", axis);
  return finish_scatter(&s, to);
}

rt_status rt_scatter(const rt_tensor *x, const rt_tensor *indices, const rt_tensor *updates, int32_t axis, rt_scatter_mode mode, rt_tensor **out) {
  return out ? scatter(x, indices, updates, axis, mode, (rti_target){NULL, out}) : rti_no_out(RTB_OP_SCATTER);
}
rt_status rt_scatter_into(const rt_tensor *x, const rt_tensor *indices, const rt_tensor *updates, int32_t axis, rt_scatter_mode mode, rt_tensor *out) {
  return scatter(x, indices, updates, axis, mode, (rti_target){out, NULL});
}

/// How many coordinates the last axis of `indices` holds, and the shape that slices by them have: indices.shape[:-1] + x.shape[skip+k:].
static rt_status slices_shape(uint16_t op, const rt_tensor *x, const rt_tensor *indices, int32_t skip, int32_t *out_k, int32_t *out_rank, int64_t *out_shape) {
  const char *name = rti_ops[op].name;
  rti_text text_x, text_i;
  int32_t last = indices->view.ndim - 1;
  int64_t k = last < 0 ? 0 : indices->view.shape[last];
  bool fits = last >= skip && k >= 1 && k <= x->view.ndim - skip;
  for (int32_t d = 0; d < skip && fits; d++) fits = x->view.shape[d] == indices->view.shape[d];
  if (!fits)
    return rti_fail(RT_E_SHAPE, skip ? "%s: indices %s do not fit to x %s with %d batch axes" : "%s: indices %s do not fit to x %s", name,
                    rti_shape_text(&text_i, indices->view.ndim, indices->view.shape), rti_shape_text(&text_x, x->view.ndim, x->view.shape), skip);
  int32_t rank = last + x->view.ndim - skip - (int32_t)k;
  if (rank > RT_MAX_RANK) return rti_fail(RT_E_SHAPE, "%s: the slices of x would have rank %d together, more than %d", name, rank, RT_MAX_RANK);
  for (int32_t d = 0; d < last; d++) out_shape[d] = indices->view.shape[d];
  for (int32_t d = last; d < rank; d++) out_shape[d] = x->view.shape[skip + (int32_t)k + d - last];
  *out_k = (int32_t)k;
  *out_rank = rank;
  int64_t numel;
  uint64_t bytes;
  return rti_check_shape(name, (rt_dtype)x->view.dtype, rank, out_shape, &numel, &bytes);
}

/// Is there an axis without any place to point to, though there are indices?
static rt_status check_extents(uint16_t op, const rt_tensor *x, const rt_tensor *indices, int32_t skip, int32_t k) {
  for (int32_t d = skip; d < skip + k && indices->view.numel > 0; d++)
    if (x->view.shape[d] == 0) return rti_fail(RT_E_INDEX, "%s: no index is in range for axis %d of extent 0", rti_ops[op].name, d);
  return RT_OK;
}

static rt_status scatter_nd(const rt_tensor *x, const rt_tensor *indices, const rt_tensor *updates, rt_scatter_mode mode, rti_target to) {
  scattering s = {.op = RTB_OP_SCATTER_ND, .x = x, .indices = indices, .updates = updates};
  int32_t k = 0;
  rt_status status = start_scatter(&s, mode, to);
  if (status == RT_OK) status = slices_shape(s.op, x, indices, 0, &k, &s.rank, s.shape);
  if (status == RT_OK) status = check_extents(s.op, x, indices, 0, k);
  return status == RT_OK ? finish_scatter(&s, to) : status;
}

rt_status rt_scatter_nd(const rt_tensor *x, const rt_tensor *indices, const rt_tensor *updates, rt_scatter_mode mode, rt_tensor **out) {
  return out ? scatter_nd(x, indices, updates, mode, (rti_target){NULL, out}) : rti_no_out(RTB_OP_SCATTER_ND);
}
rt_status rt_scatter_nd_into(const rt_tensor *x, const rt_tensor *indices, const rt_tensor *updates, rt_scatter_mode mode, rt_tensor *out) {
  return scatter_nd(x, indices, updates, mode, (rti_target){out, NULL});
}

// ---- gather_nd -----------------------------------------------------------------------------------------------------------------------------

rt_status rti_gather_nd(const rt_tensor *x, const rt_tensor *indices, int32_t batch_axes, int32_t device, rti_target to) {
  const rt_tensor *in[2] = {x, indices};
  rt_status status = rti_check_inputs(RTB_OP_GATHER_ND, 2, in, to);
  if (status != RT_OK || (status = check_index_dtype(RTB_OP_GATHER_ND, indices)) != RT_OK) return status;
  if (batch_axes < 0) return rti_fail(RT_E_ARGUMENT, "gather_nd: %d batch axes", batch_axes);
  rti_call call;
  rti_call_init(&call, x->ctx, RTB_OP_GATHER_ND);
  call.device = device;
  int32_t k = 0;
  if ((status = slices_shape(RTB_OP_GATHER_ND, x, indices, batch_axes, &k, &call.out_rank, call.out_shape)) != RT_OK) return status;
  if ((status = check_extents(RTB_OP_GATHER_ND, x, indices, batch_axes, k)) != RT_OK) return status;
  rtb_attr_index attr = {.size = sizeof attr, .axes = (1u << batch_axes) - 1};
  give_attr(&call, &attr);
  call.out_dtype = (rt_dtype)x->view.dtype;
  rt_tensor *made[2] = {NULL};
  for (int i = 0; i < 2 && status == RT_OK; i++) {
    status = rti_to_dtype(&in[i], (rt_dtype)in[i]->view.dtype, &made[i]);
    rti_call_tensor(&call, in[i]);
  }
  if (status == RT_OK) status = rti_run_op(&call, to);
  rt_release(made[0]);
  rt_release(made[1]);
  return status;
}

rt_status rt_gather_nd(const rt_tensor *x, const rt_tensor *indices, int32_t batch_axes, rt_tensor **out) {
  return out ? rti_gather_nd(x, indices, batch_axes, -1, (rti_target){NULL, out}) : rti_no_out(RTB_OP_GATHER_ND);
}
rt_status rt_gather_nd_into(const rt_tensor *x, const rt_tensor *indices, int32_t batch_axes, rt_tensor *out) {
  return rti_gather_nd(x, indices, batch_axes, -1, (rti_target){out, NULL});
}

// ---- nonzero -------------------------------------------------------------------------------------------------------------------------------

rt_status rti_count_nonzero(const rt_tensor *x, int64_t *out_count) {
  rt_tensor *total = NULL;
  rt_scalar count = {0};
  rt_status status = rt_count_nonzero(x, NULL, false, &total);
  if (status == RT_OK) status = rt_item(total, &count);
  rt_release(total);
  *out_count = count.as.i;
  return status;
}

rt_status rti_nonzero(const rt_tensor *x, int64_t count, rti_target to) {
  rti_call call;
  rti_call_init(&call, x->ctx, RTB_OP_NONZERO);
  call.out_dtype = RT_I64;
  call.out_rank = 2;
  call.out_shape[0] = x->view.ndim;
  call.out_shape[1] = count;
  rt_tensor *strong = NULL;
  rt_status status = rti_to_dtype(&x, (rt_dtype)x->view.dtype, &strong);
  if (status == RT_OK) {
    rti_call_tensor(&call, x);
    status = rti_run_op(&call, to);
  }
  rt_release(strong);
  return status;
}

static rt_status nonzero(const rt_tensor *x, rti_target to) {
  int64_t count;
  rt_status status = rti_check_inputs(RTB_OP_NONZERO, 1, &x, to);
  if (status == RT_OK && (status = rti_count_nonzero(x, &count)) != RT_OK) rti_fail_in(status, "nonzero");
  return status == RT_OK ? rti_nonzero(x, count, to) : status;
}

rt_status rt_nonzero(const rt_tensor *x, rt_tensor **out) { return out ? nonzero(x, (rti_target){NULL, out}) : rti_no_out(RTB_OP_NONZERO); }
rt_status rt_nonzero_into(const rt_tensor *x, rt_tensor *out) { return nonzero(x, (rti_target){out, NULL}); }
