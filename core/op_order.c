// SPDX-License-Identifier: BSD-3-Clause
// Operations along one axis that scan, pick, sort or search. As op_api.c: each checks its arguments, states dtype and shape of the
// result, and hands a call to dispatch.c.
#include <string.h>

#include "dispatch.h"
#include "infer.h"

static void shape_as(rti_call *call, const rt_tensor *t) {
  call->out_rank = t->view.ndim;
  memcpy(call->out_shape, t->view.shape, sizeof(int64_t) * (size_t)t->view.ndim);
}

// ---- cumsum, cumprod -----------------------------------------------------------------------------------------------------------------------

static rt_status scan(uint16_t op, const rt_tensor *x, int32_t axis, rt_dtype dtype, rti_target to) {
  rt_status status = rti_check_inputs(op, 1, &x, to);
  const char *name = rti_ops[op].name;
  if (status != RT_OK || (status = rti_axis(name, axis, x->view.ndim, &axis)) != RT_OK) return status;
  rti_call call;
  rti_call_init(&call, x->ctx, op);
  call.axes = 1u << axis;
  rt_dtype compute;
  if ((status = rti_infer_compute(op, 1, &x, NULL, &compute)) != RT_OK) return status;
  if (to.given) dtype = (rt_dtype)to.given->view.dtype;
  if (dtype != RT_DTYPE_NONE && !rti_is_dtype((int)dtype)) return rti_fail(RT_E_ARGUMENT, "%s: %d is no dtype", name, (int)dtype);
  call.out_dtype = rti_infer_result(op, compute);
  bool convert_result = false;
  if (dtype != RT_DTYPE_NONE && dtype != call.out_dtype) { // as if x had been cast first
    compute = dtype;
    call.out_dtype = rti_infer_result(op, compute);
    convert_result = call.out_dtype != dtype;
  }
  shape_as(&call, x);
  rt_tensor *made, *wide = NULL;
  status = rti_to_dtype(&x, compute, &made);
  if (status == RT_OK) rti_call_tensor(&call, x);
  if (status == RT_OK && !convert_result) status = rti_run_op(&call, to);
  else if (status == RT_OK && (status = rti_run_op(&call, (rti_target){NULL, &wide})) == RT_OK)
    status = to.given ? rt_cast_into(wide, to.given) : rt_cast(wide, dtype, to.out);
  rt_release(made);
  rt_release(wide);
  return status;
}

rt_status rt_cumsum(const rt_tensor *x, int32_t axis, rt_dtype dtype, rt_tensor **out) {
  return out ? scan(RTB_OP_CUMSUM, x, axis, dtype, (rti_target){NULL, out}) : rti_no_out(RTB_OP_CUMSUM);
}
rt_status rt_cumsum_into(const rt_tensor *x, int32_t axis, rt_tensor *out) { return scan(RTB_OP_CUMSUM, x, axis, RT_DTYPE_NONE, (rti_target){out, NULL}); }
rt_status rt_cumprod(const rt_tensor *x, int32_t axis, rt_dtype dtype, rt_tensor **out) {
  return out ? scan(RTB_OP_CUMPROD, x, axis, dtype, (rti_target){NULL, out}) : rti_no_out(RTB_OP_CUMPROD);
}
rt_status rt_cumprod_into(const rt_tensor *x, int32_t axis, rt_tensor *out) { return scan(RTB_OP_CUMPROD, x, axis, RT_DTYPE_NONE, (rti_target){out, NULL}); }

// ---- take_along ----------------------------------------------------------------------------------------------------------------------------

static rt_status take_along(const rt_tensor *x, const rt_tensor *indices, int32_t axis, rti_target to) {
  const rt_tensor *in[2] = {x, indices};
  rt_status status = rti_check_inputs(RTB_OP_TAKE_ALONG, 2, in, to);
  if (status != RT_OK || (status = rti_axis("take_along", axis, x->view.ndim, &axis)) != RT_OK) return status;
  rt_dtype_kind kind = (rt_dtype_kind)rti_dtype_kinds[indices->view.dtype];
  if (kind != RT_KIND_SIGNED && kind != RT_KIND_UNSIGNED)
    return rti_fail(RT_E_DTYPE, "take_along: indices have dtype %s, not an integer", rt_dtype_name((rt_dtype)indices->view.dtype));
  bool fits = indices->view.ndim == x->view.ndim;
  for (int32_t d = 0; d < x->view.ndim && fits; d++) fits = d == axis || indices->view.shape[d] <= x->view.shape[d];
  rti_text text_x, text_i;
  if (!fits)
    return rti_fail(RT_E_SHAPE, "take_along: indices %s do not fit to x %s along axis %d", rti_shape_text(&text_i, indices->view.ndim, indices->view.shape),
                    rti_shape_text(&text_x, x->view.ndim, x->view.shape), axis);
  if (indices->view.numel > 0 && x->view.shape[axis] == 0) return rti_fail(RT_E_INDEX, "take_along: no index is in range for axis %d of extent 0", axis);
  rti_call call;
  rti_call_init(&call, x->ctx, RTB_OP_TAKE_ALONG);
  rtb_attr_axes attr = {.size = sizeof attr, .axes = 1u << axis};
  call.attr = &attr;
  call.attr_bytes = sizeof attr;
  call.out_dtype = (rt_dtype)x->view.dtype;
  shape_as(&call, indices);
  rt_tensor *strong_x, *strong_indices = NULL;
  status = rti_to_dtype(&x, call.out_dtype, &strong_x);
  if (status == RT_OK) status = rti_to_dtype(&indices, (rt_dtype)indices->view.dtype, &strong_indices);
  rti_call_tensor(&call, x);
  rti_call_tensor(&call, indices);
  if (status == RT_OK) status = rti_run_op(&call, to);
  rt_release(strong_x);
  rt_release(strong_indices);
  return status;
}

rt_status rt_take_along(const rt_tensor *x, const rt_tensor *indices, int32_t axis, rt_tensor **out) {
  return out ? take_along(x, indices, axis, (rti_target){NULL, out}) : rti_no_out(RTB_OP_TAKE_ALONG);
}
rt_status rt_take_along_into(const rt_tensor *x, const rt_tensor *indices, int32_t axis, rt_tensor *out) {
  return take_along(x, indices, axis, (rti_target){out, NULL});
}

// ---- sort, argsort, searchsorted -----------------------------------------------------------------------------------------------------------

static rt_status sort(uint16_t op, const rt_tensor *x, int32_t axis, bool descending, rti_target to) {
  rt_status status = rti_check_inputs(op, 1, &x, to);
  if (status != RT_OK || (status = rti_axis(rti_ops[op].name, axis, x->view.ndim, &axis)) != RT_OK) return status;
  rti_call call;
  rti_call_init(&call, x->ctx, op);
  rtb_attr_sort attr = {.size = sizeof attr, .axes = 1u << axis, .flags = descending ? RTB_SORT_DESCENDING : 0};
  call.attr = &attr;
  call.attr_bytes = sizeof attr;
  rt_dtype compute;
  if ((status = rti_infer_compute(op, 1, &x, NULL, &compute)) != RT_OK) return status;
  call.out_dtype = rti_infer_result(op, compute);
  shape_as(&call, x);
  rt_tensor *strong;
  status = rti_to_dtype(&x, compute, &strong);
  rti_call_tensor(&call, x);
  if (status == RT_OK) status = rti_run_op(&call, to);
  rt_release(strong);
  return status;
}

rt_status rt_sort(const rt_tensor *x, int32_t axis, bool descending, rt_tensor **out) {
  return out ? sort(RTB_OP_SORT, x, axis, descending, (rti_target){NULL, out}) : rti_no_out(RTB_OP_SORT);
}
rt_status rt_sort_into(const rt_tensor *x, int32_t axis, bool descending, rt_tensor *out) { return sort(RTB_OP_SORT, x, axis, descending, (rti_target){out, NULL}); }
rt_status rt_argsort(const rt_tensor *x, int32_t axis, bool descending, rt_tensor **out) {
  return out ? sort(RTB_OP_ARGSORT, x, axis, descending, (rti_target){NULL, out}) : rti_no_out(RTB_OP_ARGSORT);
}
rt_status rt_argsort_into(const rt_tensor *x, int32_t axis, bool descending, rt_tensor *out) {
  return sort(RTB_OP_ARGSORT, x, axis, descending, (rti_target){out, NULL});
}

static rt_status searchsorted(const rt_tensor *sorted, const rt_tensor *values, bool right, rti_target to) {
  const rt_tensor *in[2] = {sorted, values};
  rt_status status = rti_check_inputs(RTB_OP_SEARCHSORTED, 2, in, to);
  rt_dtype compute;
  if (status != RT_OK || (status = rti_infer_compute(RTB_OP_SEARCHSORTED, 2, in, NULL, &compute)) != RT_OK) return status;
  rti_text text;
  if (sorted->view.ndim != 1) return rti_fail(RT_E_SHAPE, "searchsorted: sorted has shape %s, not one axis", rti_shape_text(&text, sorted->view.ndim, sorted->view.shape));
  rti_call call;
  rti_call_init(&call, sorted->ctx, RTB_OP_SEARCHSORTED);
  rtb_attr_sort attr = {.size = sizeof attr, .axes = 1, .flags = right ? RTB_SORT_RIGHT : 0};
  call.out_dtype = RT_I64;
  shape_as(&call, values);
  rt_tensor *made[2] = {NULL};
  if (sorted->view.numel == 0) {
    call.op = RTB_OP_FILL;
    call.device = to.given ? to.given->device : values->device;
    rti_call_imm(&call, RT_I64, rt_int(0));
  } else {
    call.attr = &attr;
    call.attr_bytes = sizeof attr;
    for (int k = 0; k < 2 && status == RT_OK; k++) {
      status = rti_to_dtype(&in[k], compute, &made[k]);
      rti_call_tensor(&call, in[k]);
    }
  }
  if (status == RT_OK) status = rti_run_op(&call, to);
  rt_release(made[0]);
  rt_release(made[1]);
  return status;
}

rt_status rt_searchsorted(const rt_tensor *sorted, const rt_tensor *values, bool right, rt_tensor **out) {
  return out ? searchsorted(sorted, values, right, (rti_target){NULL, out}) : rti_no_out(RTB_OP_SEARCHSORTED);
}
rt_status rt_searchsorted_into(const rt_tensor *sorted, const rt_tensor *values, bool right, rt_tensor *out) {
  return searchsorted(sorted, values, right, (rti_target){out, NULL});
}
