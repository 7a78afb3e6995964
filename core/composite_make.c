// SPDX-License-Identifier: BSD-3-Clause
// Operations made of copies and fills: tensors made from a rule (linspace, eye), and tensors rearranged or repeated (tile, repeat, roll,
// stack).
#include <math.h>
#include <string.h>

#include "composite.h"
#include "infer.h"

// ---- linspace, eye -------------------------------------------------------------------------------------------------------------------------

/// The call of a creation into to.given, or of this dtype on the default device.
static rt_status creation_call(rti_call *call, uint16_t op, rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rti_target to) {
  const char *name = rti_ops[op].name;
  if (to.out) *to.out = NULL;
  if (to.given) ctx = to.given->ctx, dtype = (rt_dtype)to.given->view.dtype;
  if (!ctx) return rti_fail(RT_E_ARGUMENT, "%s: ctx is NULL", name);
  if (!rti_is_dtype((int)dtype)) return rti_fail(RT_E_ARGUMENT, "%s: %d is no dtype", name, (int)dtype);
  if (op == RTB_OP_LINSPACE && rti_dtype_kinds[dtype] < RT_KIND_FLOAT) return rti_fail(RT_E_DTYPE, "%s: not defined for %s", name, rt_dtype_name(dtype));
  rti_composite_call(call, ctx, op, dtype, rank, shape);
  return RT_OK;
}

static rt_status as_double(rt_scalar value, double *out) {
  rt_status status = rti_scalar_check("linspace", value, RT_F64);
  if (status == RT_OK) rti_scalar_store(value, RT_F64, out);
  return status;
}

static rt_status linspace(rt_ctx *ctx, rt_dtype dtype, rt_scalar start, rt_scalar stop, int64_t count, rti_target to);

/// Between complex numbers: the two parts, each in equal steps.
static rt_status linspace_complex(rt_ctx *ctx, rt_dtype dtype, rt_scalar first, rt_scalar last, int64_t count, rti_target to) {
  rt_scalar bound[2][2]; // [part][first or last]
  rt_tensor *result = NULL, *parts[2] = {NULL, NULL};
  rt_dtype wanted = to.given ? (rt_dtype)to.given->view.dtype : dtype;
  for (int k = 0; k < 2; k++) {
    rt_scalar value = k ? last : first;
    rt_status status = rti_scalar_check("linspace", value, rti_is_dtype((int)wanted) && wanted != RT_BOOL ? wanted : RT_C128);
    if (status != RT_OK) return status;
    double part[2];
    rti_scalar_store(value, RT_C128, part);
    for (int p = 0; p < 2; p++) bound[p][k] = rt_float(part[p]);
  }
  rti_call call;
  rt_status status = creation_call(&call, RTB_OP_LINSPACE, ctx, dtype, 1, &count, to);
  if (status == RT_OK) {
    rti_call_imm(&call, RT_C128, first);
    rti_call_imm(&call, RT_C128, last);
    status = rti_composite_begin(&call, to, &result);
  }
  if (!result) return status;
  for (int p = 0; p < 2 && status == RT_OK; p++) {
    status = rti_tensor_create(result->ctx, result->device, rti_real_of((rt_dtype)result->view.dtype), 1, &count, NULL, &parts[p]);
    if (status == RT_OK) status = linspace(NULL, RT_DTYPE_NONE, bound[p][0], bound[p][1], count, (rti_target){parts[p], NULL});
  }
  if (status == RT_OK) status = rt_complex_into(parts[0], parts[1], result);
  rt_release(parts[0]);
  rt_release(parts[1]);
  return rti_composite_end(RTB_OP_LINSPACE, status, result, to);
}

static rt_status linspace(rt_ctx *ctx, rt_dtype dtype, rt_scalar start_scalar, rt_scalar stop_scalar, int64_t count, rti_target to) {
  double first = 0, last = 0;
  rt_tensor *result = NULL, *end = NULL;
  rti_call call;
  if (to.out) *to.out = NULL;
  if (start_scalar.kind == RT_KIND_COMPLEX || stop_scalar.kind == RT_KIND_COMPLEX) return linspace_complex(ctx, dtype, start_scalar, stop_scalar, count, to);
  rt_status status = as_double(start_scalar, &first);
  if (status == RT_OK) status = as_double(stop_scalar, &last);
  if (status == RT_OK && (!isfinite(first) || !isfinite(last))) status = rti_fail(RT_E_ARGUMENT, "linspace: from %g to %g", first, last);
  if (status == RT_OK) status = creation_call(&call, RTB_OP_LINSPACE, ctx, dtype, 1, &count, to);
  if (status == RT_OK) {
    rti_call_imm(&call, RT_F64, rt_float(first));
    rti_call_imm(&call, RT_F64, rt_float(last));
    status = rti_composite_begin(&call, to, &result);
  }
  if (!result) return status;
  // Divided before they are subtracted only where the difference would overflow.
  double parts = count > 1 ? (double)(count - 1) : 1, step = isfinite(last - first) ? (last - first) / parts : last / parts - first / parts;
  if (status == RT_OK && count > 0) status = step == 0 || count == 1 ? rt_full_into(rt_float(first), result) : rt_arange_into(rt_float(first), rt_float(step), result);
  if (status == RT_OK && count > 1) {
    status = rt_slice(result, 0, count - 1, count, 1, &end);
    if (status == RT_OK) status = rt_full_into(rt_float(last), end);
    rt_release(end);
  }
  return rti_composite_end(RTB_OP_LINSPACE, status, result, to);
}

rt_status rt_linspace(rt_ctx *ctx, rt_dtype dtype, rt_scalar start, rt_scalar stop, int64_t count, rt_tensor **out) {
  return out ? linspace(ctx, dtype, start, stop, count, (rti_target){NULL, out}) : rti_no_out(RTB_OP_LINSPACE);
}
rt_status rt_linspace_into(rt_scalar start, rt_scalar stop, int64_t count, rt_tensor *out) {
  return out ? linspace(NULL, RT_DTYPE_NONE, start, stop, count, (rti_target){out, NULL}) : rti_no_out(RTB_OP_LINSPACE);
}

static rt_status eye(rt_ctx *ctx, rt_dtype dtype, int64_t n, int64_t m, int64_t k, rti_target to) {
  const int64_t shape[2] = {n, m};
  rt_tensor *result = NULL, *line = NULL;
  rti_call call;
  rt_status status = creation_call(&call, RTB_OP_EYE, ctx, dtype, 2, shape, to);
  if (status == RT_OK) {
    rti_call_imm(&call, RT_I64, rt_int(k));
    status = rti_composite_begin(&call, to, &result);
  }
  if (!result) return status;
  if (status == RT_OK) status = rt_full_into(rt_int(0), result);
  if (status == RT_OK && k > -n && k < m) {
    status = rt_diagonal(result, k, 0, 1, &line);
    if (status == RT_OK) status = rt_full_into(rt_int(1), line);
    rt_release(line);
  }
  return rti_composite_end(RTB_OP_EYE, status, result, to);
}

rt_status rt_eye(rt_ctx *ctx, rt_dtype dtype, int64_t n, int64_t m, int64_t k, rt_tensor **out) {
  return out ? eye(ctx, dtype, n, m, k, (rti_target){NULL, out}) : rti_no_out(RTB_OP_EYE);
}
rt_status rt_eye_into(int64_t n, int64_t m, int64_t k, rt_tensor *out) {
  return out ? eye(NULL, RT_DTYPE_NONE, n, m, k, (rti_target){out, NULL}) : rti_no_out(RTB_OP_EYE);
}

// ---- tile, repeat --------------------------------------------------------------------------------------------------------------------------

/// Copies `count` elements along an axis of `from` to another place of the same tensor, or of another one.
static rt_status copy_part(const rt_tensor *from, int64_t at, rt_tensor *into, int64_t to, int64_t count, int32_t axis) {
  rt_tensor *source = NULL, *target = NULL;
  rt_status status = rt_slice(from, axis, at, at + count, 1, &source);
  if (status == RT_OK) status = rt_slice(into, axis, to, to + count, 1, &target);
  if (status == RT_OK) status = rt_copy_into(source, target);
  rt_release(source);
  rt_release(target);
  return status;
}

/// x in the first corner; then, from the last axis on, what is there is copied behind itself until the axis is full.
static rt_status tile_fill(const rt_tensor *x, rt_tensor *result) {
  rt_tensor *corner[RT_MAX_RANK + 1] = {rt_retain(result)}; // [d]: all of the axes from d on, of the earlier ones as much as x has
  rt_status status = RT_OK;
  int32_t rank = x->view.ndim, made = 0;
  for (; made < rank && status == RT_OK; made++) status = rt_slice(corner[made], made, 0, x->view.shape[made], 1, &corner[made + 1]);
  if (status == RT_OK) status = rt_copy_into(x, corner[rank]);
  for (int32_t d = rank - 1; d >= 0 && status == RT_OK; d--) {
    int64_t full = result->view.shape[d];
    for (int64_t have = x->view.shape[d]; have < full && status == RT_OK; have *= 2)
      status = copy_part(corner[d], 0, corner[d], have, full - have < have ? full - have : have, d);
  }
  for (int32_t d = 0; d <= rank; d++) rt_release(corner[d]);
  return status;
}

static rt_status tile(const rt_tensor *x, const int64_t *repeats, rti_target to) {
  rt_status status = rti_check_inputs(RTB_OP_TILE, 1, &x, to);
  if (status != RT_OK) return status;
  int64_t shape[RT_MAX_RANK];
  if (x->view.ndim > 0 && !repeats) return rti_fail(RT_E_ARGUMENT, "tile: repeats is NULL");
  for (int32_t d = 0; d < x->view.ndim; d++)
    if (repeats[d] < 0 || !rti_mul_i64(x->view.shape[d], repeats[d], &shape[d]))
      return rti_fail(RT_E_SHAPE, "tile: %lld repeats of axis %d of extent %lld", (long long)repeats[d], d, (long long)x->view.shape[d]);
  rt_tensor *result = NULL;
  rti_call call;
  rti_composite_call(&call, x->ctx, RTB_OP_TILE, (rt_dtype)x->view.dtype, x->view.ndim, shape);
  rti_call_tensor(&call, x);
  status = rti_composite_begin(&call, to, &result);
  if (result && result->view.numel > 0) status = tile_fill(x, result);
  return rti_composite_end(RTB_OP_TILE, status, result, to);
}

rt_status rt_tile(const rt_tensor *x, const int64_t *repeats, rt_tensor **out) {
  return out ? tile(x, repeats, (rti_target){NULL, out}) : rti_no_out(RTB_OP_TILE);
}
rt_status rt_tile_into(const rt_tensor *x, const int64_t *repeats, rt_tensor *out) { return tile(x, repeats, (rti_target){out, NULL}); }

/// x as [outer, extent, 1, inner], expanded n times over the third axis, is the result as [outer, extent, n, inner].
static rt_status repeat_fill(const rt_tensor *x, int64_t n, int32_t axis, rt_tensor *result) {
  int64_t shape[4] = {1, x->view.shape[axis], 1, 1};
  for (int32_t d = 0; d < axis; d++) shape[0] *= x->view.shape[d];
  for (int32_t d = axis + 1; d < x->view.ndim; d++) shape[3] *= x->view.shape[d];
  rt_tensor *once = NULL, *often = NULL, *target = NULL;
  rt_status status = rt_reshape(x, 4, shape, &once);
  shape[2] = n;
  if (status == RT_OK) status = rt_expand(once, 4, shape, &often);
  if (status == RT_OK) status = rt_view(result, 4, shape, &target);
  if (status == RT_OK) status = rt_copy_into(often, target);
  rt_release(once);
  rt_release(often);
  rt_release(target);
  return status;
}

static rt_status repeat(const rt_tensor *x, int64_t n, int32_t axis, rti_target to) {
  rt_status status = rti_check_inputs(RTB_OP_REPEAT, 1, &x, to);
  if (status != RT_OK || (status = rti_axis("repeat", axis, x->view.ndim, &axis)) != RT_OK) return status;
  int64_t shape[RT_MAX_RANK];
  memcpy(shape, x->view.shape, sizeof(int64_t) * (size_t)x->view.ndim);
  if (n < 0 || !rti_mul_i64(shape[axis], n, &shape[axis]))
    return rti_fail(RT_E_SHAPE, "repeat: %lld times along axis %d of extent %lld", (long long)n, axis, (long long)x->view.shape[axis]);
  rt_tensor *result = NULL;
  rti_call call;
  rtb_attr_axes attr = {.size = sizeof attr, .axes = 1u << axis};
  rti_composite_call(&call, x->ctx, RTB_OP_REPEAT, (rt_dtype)x->view.dtype, x->view.ndim, shape);
  rti_call_tensor(&call, x);
  call.attr = &attr, call.attr_bytes = sizeof attr;
  status = rti_composite_begin(&call, to, &result);
  if (result && result->view.numel > 0) status = repeat_fill(x, n, axis, result);
  return rti_composite_end(RTB_OP_REPEAT, status, result, to);
}

rt_status rt_repeat(const rt_tensor *x, int64_t n, int32_t axis, rt_tensor **out) {
  return out ? repeat(x, n, axis, (rti_target){NULL, out}) : rti_no_out(RTB_OP_REPEAT);
}
rt_status rt_repeat_into(const rt_tensor *x, int64_t n, int32_t axis, rt_tensor *out) { return repeat(x, n, axis, (rti_target){out, NULL}); }

// ---- roll, stack ---------------------------------------------------------------------------------------------------------------------------

static rt_status roll(const rt_tensor *x, int64_t shift, int32_t axis, rti_target to) {
  rt_status status = rti_check_inputs(RTB_OP_ROLL, 1, &x, to);
  if (status != RT_OK || (status = rti_axis("roll", axis, x->view.ndim, &axis)) != RT_OK) return status;
  rt_tensor *result = NULL;
  rti_call call;
  rtb_attr_axes attr = {.size = sizeof attr, .axes = 1u << axis};
  rti_composite_call(&call, x->ctx, RTB_OP_ROLL, (rt_dtype)x->view.dtype, x->view.ndim, x->view.shape);
  rti_call_tensor(&call, x);
  rti_call_imm(&call, RT_I64, rt_int(shift));
  call.attr = &attr, call.attr_bytes = sizeof attr;
  status = rti_composite_begin(&call, to, &result);
  int64_t n = x->view.shape[axis];
  if (result && result->view.numel > 0) {
    int64_t at = shift % n + (shift % n < 0 ? n : 0); // where element 0 goes
    status = copy_part(x, 0, result, at, n - at, axis);
    if (status == RT_OK) status = copy_part(x, n - at, result, 0, at, axis);
  }
  return rti_composite_end(RTB_OP_ROLL, status, result, to);
}

rt_status rt_roll(const rt_tensor *x, int64_t shift, int32_t axis, rt_tensor **out) {
  return out ? roll(x, shift, axis, (rti_target){NULL, out}) : rti_no_out(RTB_OP_ROLL);
}
rt_status rt_roll_into(const rt_tensor *x, int64_t shift, int32_t axis, rt_tensor *out) { return roll(x, shift, axis, (rti_target){out, NULL}); }

/// What concat would say of other tensors than the caller's is said here.
static rt_status stack_call(rti_call *call, int32_t n, const rt_tensor *const *in, int32_t *axis, rti_target to) {
  if (n < 1 || !in) return rti_fail(RT_E_ARGUMENT, "stack: %d tensors", in ? n : 0);
  int64_t shape[RT_MAX_RANK];
  rt_dtype dtype = RT_DTYPE_NONE;
  rti_text a, b;
  for (int32_t k = 0; k < n; k++) {
    if (!in[k]) return rti_fail(RT_E_ARGUMENT, "stack: tensor %d is NULL", k);
    if (in[k]->ctx != in[0]->ctx || (to.given && to.given->ctx != in[0]->ctx)) return rti_fail(RT_E_STATE, "stack: the tensors belong to two contexts");
    const rtb_view *first = &in[0]->view, *view = &in[k]->view;
    if (view->ndim != first->ndim || memcmp(view->shape, first->shape, sizeof(int64_t) * (size_t)first->ndim))
      return rti_fail(RT_E_SHAPE, "stack: tensor %d has shape %s, the first one %s", k, rti_shape_text(&a, view->ndim, view->shape),
                      rti_shape_text(&b, first->ndim, first->shape));
    rt_status status = k ? rt_promote(dtype, (rt_dtype)view->dtype, &dtype) : RT_OK;
    if (status != RT_OK) return rti_fail_in(status, "stack");
    if (k == 0) dtype = (rt_dtype)view->dtype;
  }
  int32_t rank = in[0]->view.ndim;
  if (rank == RT_MAX_RANK) return rti_fail(RT_E_SHAPE, "stack: the result would have rank %d, more than %d", rank + 1, RT_MAX_RANK);
  rt_status status = rti_axis("stack", *axis, rank + 1, axis);
  if (status != RT_OK) return status;
  for (int32_t d = 0; d <= rank; d++) shape[d] = d == *axis ? n : in[0]->view.shape[d - (d > *axis)];
  rti_composite_call(call, in[0]->ctx, RTB_OP_STACK, dtype, rank + 1, shape);
  call->is_offer = n <= RTI_MAX_IN;
  for (int32_t k = 0; k < n && call->is_offer; k++) {
    rti_call_tensor(call, in[k]);
    call->is_offer = (rt_dtype)in[k]->view.dtype == dtype;
  }
  return rti_composite_check(call, to);
}

static rt_status stack(int32_t n, const rt_tensor *const *in, int32_t axis, rti_target to) {
  if (to.out) *to.out = NULL;
  else if (!to.given) return rti_no_out(RTB_OP_STACK);
  rti_call call;
  rt_status status = stack_call(&call, n, in, &axis, to);
  if (status != RT_OK) return status;
  rtb_attr_axes attr = {.size = sizeof attr, .axes = 1u << axis};
  call.attr = &attr, call.attr_bytes = sizeof attr;
  if ((status = rti_composite_offer(&call, to)) != RTI_NOT_TAKEN) return status;
  status = RT_OK;
  rt_ctx *ctx = in[0]->ctx;
  rt_tensor **views = rti_pool_alloc_zeroed(ctx->pool, sizeof *views * (size_t)n);
  if (!views) return rti_fail(RT_E_NO_MEMORY, "stack: no memory for %d views", n);
  for (int32_t k = 0; k < n && status == RT_OK; k++) status = rt_unsqueeze(in[k], axis, &views[k]);
  const rt_tensor *const *list = (const rt_tensor *const *)views;
  if (status == RT_OK) status = to.given ? rt_concat_into(n, list, axis, to.given) : rt_concat(n, list, axis, to.out);
  if (status != RT_OK) rti_fail_in(status, "stack");
  for (int32_t k = 0; k < n; k++) rt_release(views[k]);
  rti_pool_free(ctx->pool, views, sizeof *views * (size_t)n);
  return status;
}

rt_status rt_stack(int32_t n, const rt_tensor *const *tensors, int32_t axis, rt_tensor **out) {
  return out ? stack(n, tensors, axis, (rti_target){NULL, out}) : rti_no_out(RTB_OP_STACK);
}
rt_status rt_stack_into(int32_t n, const rt_tensor *const *tensors, int32_t axis, rt_tensor *out) { return stack(n, tensors, axis, (rti_target){out, NULL}); }
