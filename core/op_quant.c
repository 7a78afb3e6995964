// SPDX-License-Identifier: BSD-3-Clause
// Quantisation. Scales and zero points become views that broadcast to x, so that kernels see an elementwise operation whether there is one
// scale, one per channel, or one per block.
#include <string.h>

#include "dispatch.h"
#include "infer.h"

/// The integers that x may be quantized to.
static bool is_quantized(rt_dtype dtype) {
  rt_dtype_kind kind = (rt_dtype_kind)rti_dtype_kinds[dtype];
  return (kind == RT_KIND_SIGNED || kind == RT_KIND_UNSIGNED) && rti_dtype_size[dtype] <= 4;
}

/// `t` (one element; one per position of axis; or anything that broadcasts to x) in this dtype as a view that broadcasts to x.
static rt_status beside(const char *name, const char *which, const rt_tensor *t, rt_dtype dtype, const rt_tensor *x, int32_t axis, rt_tensor **out) {
  const rtb_view *view = &x->view;
  int64_t shape[RT_MAX_RANK], extent = t->view.ndim == 1 ? t->view.shape[0] : 1;
  rt_tensor *made;
  rt_status status = rti_to_dtype(&t, dtype, &made);
  if (status == RT_OK && t->view.numel == 1) {
    status = rt_reshape(t, 0, NULL, out);
  } else if (status == RT_OK && t->view.ndim == 1) {
    status = rti_axis(name, axis, view->ndim, &axis);
    for (int32_t d = 0; d < view->ndim; d++) shape[d] = d == axis ? extent : 1;
    if (status == RT_OK && extent == view->shape[axis]) status = rt_reshape(t, view->ndim, shape, out);
    else if (status == RT_OK) status = rti_fail(RT_E_SHAPE, "%s: %s has %lld elements for axis %d of extent %lld", name, which, (long long)extent, axis, (long long)view->shape[axis]);
  } else if (status == RT_OK) {
    int32_t rank = view->ndim;
    rti_text have, want;
    memcpy(shape, view->shape, sizeof(int64_t) * (size_t)rank);
    if (!rti_broadcast(&rank, shape, t->view.ndim, t->view.shape) || rank != view->ndim || memcmp(shape, view->shape, sizeof(int64_t) * (size_t)rank))
      status = rti_fail(RT_E_SHAPE, "%s: %s of shape %s does not broadcast to x %s", name, which, rti_shape_text(&have, t->view.ndim, t->view.shape),
                        rti_shape_text(&want, view->ndim, view->shape));
    else *out = rt_retain(t);
  }
  rt_release(made);
  return status;
}

/// scale and zero_point beside x, and the call; releases what it made.
static rt_status run(rti_call *call, const rt_tensor *x, const rt_tensor *scale, rt_dtype scale_dtype, const rt_tensor *zero, rt_dtype zero_dtype, int32_t axis,
                     rti_target to) {
  const char *name = rti_ops[call->op].name;
  rt_tensor *views[2] = {NULL};
  rt_status status = beside(name, "scale", scale, scale_dtype, x, axis, &views[0]);
  if (status == RT_OK && zero) status = beside(name, "zero_point", zero, zero_dtype, x, axis, &views[1]);
  call->out_rank = x->view.ndim;
  memcpy(call->out_shape, x->view.shape, sizeof(int64_t) * (size_t)call->out_rank);
  if (status == RT_OK) {
    rti_call_tensor(call, x);
    for (int k = 0; k < 2; k++) rti_call_tensor(call, views[k]); // NULL: absent
    status = rti_run_op(call, to);
  }
  rt_release(views[0]);
  rt_release(views[1]);
  return status;
}

static rt_status check(uint16_t op, const rt_tensor *x, const rt_tensor *scale, const rt_tensor *zero, rti_target to) {
  const rt_tensor *in[3] = {x, scale, zero};
  return rti_check_inputs(op, zero ? 3 : 2, in, to);
}

// ---- quantize --------------------------------------------------------------------------------------------------------------------------------

/// The dtype of the result: the one asked for, that of the zero point, or u8; these may not differ.
static rt_status quantized_dtype(const rt_tensor *zero, rt_dtype dtype, rt_dtype *out) {
  bool says = zero && !(zero->flags & RTI_TENSOR_WEAK);
  *out = dtype != RT_DTYPE_NONE ? dtype : says ? (rt_dtype)zero->view.dtype : RT_U8;
  if (!rti_is_dtype((int)*out)) return rti_fail(RT_E_ARGUMENT, "quantize: %d is no dtype", (int)*out);
  if (!is_quantized(*out)) return rti_fail(RT_E_DTYPE, "quantize: to %s, which is no integer of at most 32 bits", rt_dtype_name(*out));
  if (says && (rt_dtype)zero->view.dtype != *out)
    return rti_fail(RT_E_DTYPE, "quantize: zero_point is %s, but the result %s", rt_dtype_name((rt_dtype)zero->view.dtype), rt_dtype_name(*out));
  return RT_OK;
}

static rt_status quantize(const rt_tensor *x, const rt_tensor *scale, const rt_tensor *zero, int32_t axis, rt_dtype dtype, rti_target to) {
  rt_status status = check(RTB_OP_QUANTIZE, x, scale, zero, to);
  if (status != RT_OK) return status;
  rti_call call;
  rti_call_init(&call, x->ctx, RTB_OP_QUANTIZE);
  rt_dtype compute;
  const rt_tensor *in[2] = {x, scale};
  status = rti_infer_compute(call.op, 2, in, NULL, &compute);
  if (status == RT_OK) status = quantized_dtype(zero, to.given ? (rt_dtype)to.given->view.dtype : dtype, &call.out_dtype);
  rt_tensor *made = NULL;
  if (status == RT_OK) status = rti_to_dtype(&x, compute, &made);
  if (status == RT_OK) status = run(&call, x, scale, compute, zero, call.out_dtype, axis, to);
  rt_release(made);
  return status;
}

rt_status rt_quantize(const rt_tensor *x, const rt_tensor *scale, const rt_tensor *zero_point, int32_t axis, rt_dtype to, rt_tensor **out) {
  return out ? quantize(x, scale, zero_point, axis, to, (rti_target){NULL, out}) : rti_no_out(RTB_OP_QUANTIZE);
}
rt_status rt_quantize_into(const rt_tensor *x, const rt_tensor *scale, const rt_tensor *zero_point, int32_t axis, rt_tensor *out) {
  return quantize(x, scale, zero_point, axis, RT_DTYPE_NONE, (rti_target){out, NULL});
}

// ---- dequantize ------------------------------------------------------------------------------------------------------------------------------

static rt_status dequantize(const rt_tensor *x, const rt_tensor *scale, const rt_tensor *zero, int32_t axis, rti_target to) {
  rt_status status = check(RTB_OP_DEQUANTIZE, x, scale, zero, to);
  if (status != RT_OK) return status;
  rt_dtype dtype = (rt_dtype)x->view.dtype;
  if (!is_quantized(dtype) || (x->flags & RTI_TENSOR_WEAK))
    return rti_fail(RT_E_DTYPE, "dequantize: x is %s, which is no integer of at most 32 bits", rt_dtype_name(dtype));
  if (zero && (rt_dtype)zero->view.dtype != dtype && !(zero->flags & RTI_TENSOR_WEAK))
    return rti_fail(RT_E_DTYPE, "dequantize: zero_point is %s, but x %s", rt_dtype_name((rt_dtype)zero->view.dtype), rt_dtype_name(dtype));
  if (rti_dtype_kinds[scale->view.dtype] != RT_KIND_FLOAT) return rti_fail(RT_E_DTYPE, "dequantize: scale is %s, no float", rt_dtype_name((rt_dtype)scale->view.dtype));
  rti_call call;
  rti_call_init(&call, x->ctx, RTB_OP_DEQUANTIZE);
  call.out_dtype = scale->flags & RTI_TENSOR_WEAK ? RT_F32 : (rt_dtype)scale->view.dtype;
  return run(&call, x, scale, call.out_dtype, zero, dtype, axis, to);
}

rt_status rt_dequantize(const rt_tensor *x, const rt_tensor *scale, const rt_tensor *zero_point, int32_t axis, rt_tensor **out) {
  return out ? dequantize(x, scale, zero_point, axis, (rti_target){NULL, out}) : rti_no_out(RTB_OP_DEQUANTIZE);
}
rt_status rt_dequantize_into(const rt_tensor *x, const rt_tensor *scale, const rt_tensor *zero_point, int32_t axis, rt_tensor *out) {
  return dequantize(x, scale, zero_point, axis, (rti_target){out, NULL});
}

// ---- integer products ------------------------------------------------------------------------------------------------------------------------

rt_status rti_check_quantized(uint16_t op, const char *which, const rt_tensor *t, const rt_tensor **zero, rt_tensor **made) {
  rt_dtype dtype = (rt_dtype)t->view.dtype;
  if (dtype != RT_I8 && dtype != RT_U8) return rti_fail(RT_E_DTYPE, "%s: %s is %s, not i8 or u8", rti_ops[op].name, which, rt_dtype_name(dtype));
  if (!*zero) return RT_OK;
  if ((rt_dtype)(*zero)->view.dtype != dtype && !((*zero)->flags & RTI_TENSOR_WEAK))
    return rti_fail(RT_E_DTYPE, "%s: %s_zero is %s, but %s is %s", rti_ops[op].name, which, rt_dtype_name((rt_dtype)(*zero)->view.dtype), which, rt_dtype_name(dtype));
  return rti_to_dtype(zero, dtype, made);
}
