// SPDX-License-Identifier: BSD-3-Clause
// Operations that slide a window: convolutions and pooling. As op_api.c: each checks its arguments, states dtype and shape of the result, and
// hands a call to dispatch.c.
#include <string.h>

#include "dispatch.h"
#include "infer.h"

// ---- convolution ----------------------------------------------------------------------------------------------------------------------------

/// No channels to sum over: the bias, or zero.
static rt_status conv_of_nothing(rti_call *call, const rt_tensor *bias, rti_target to) {
  rt_tensor *fresh = NULL, *spread = NULL, *own = NULL;
  rt_status status = RT_OK;
  if (bias && to.given && rt_tensor_shares_storage(bias, to.given)) { // the zeros must not reach it
    status = rt_copy(bias, &own);
    bias = own;
  }
  if (status == RT_OK) status = rti_run_zero(call, to.given ? to : (rti_target){NULL, &fresh});
  rt_tensor *result = to.given ? to.given : fresh;
  if (status == RT_OK && bias) {
    int64_t shape[RT_MAX_RANK] = {1, bias->view.shape[0], 1, 1, 1};
    status = rt_reshape(bias, call->out_rank, shape, &spread);
    if (status == RT_OK) status = rt_copy_into(spread, result);
  }
  rt_release(spread);
  rt_release(own);
  if (status == RT_OK && !to.given) *to.out = fresh;
  else rt_release(fresh);
  return status;
}

static rt_status conv(uint16_t op, const rt_tensor *x, const rt_tensor *weight, const rt_tensor *bias, const rt_window *window, rti_target to) {
  const rt_tensor *in[3] = {x, weight, bias};
  int n = bias ? 3 : 2;
  rt_status status = rti_check_inputs(op, n, in, to);
  if (status != RT_OK) return status;
  rti_call call;
  rti_call_init(&call, x->ctx, op);
  rtb_attr_window attr;
  call.attr = &attr;
  call.attr_bytes = sizeof attr;
  if ((status = rti_infer_compute(op, n, in, NULL, &call.out_dtype)) != RT_OK) return status;
  int64_t *channels = &call.out_shape[1];
  if (op == RTB_OP_CONV) {
    status = rti_infer_window(op, x, weight, window, &attr, call.out_shape + 2);
    if (status == RT_OK) *channels = weight->view.shape[0];
  } else {
    status = rti_infer_transposed(x, weight, window, &attr, channels, call.out_shape + 2);
  }
  if (status != RT_OK) return status;
  rti_text text;
  if (bias && (bias->view.ndim != 1 || bias->view.shape[0] != *channels))
    return rti_fail(RT_E_SHAPE, "%s: bias has shape %s, not [%lld]", rti_ops[op].name, rti_shape_text(&text, bias->view.ndim, bias->view.shape), (long long)*channels);
  call.out_rank = x->view.ndim;
  call.out_shape[0] = x->view.shape[0];
  rt_tensor *made[3] = {NULL};
  for (int k = 0; k < n && status == RT_OK; k++) {
    status = rti_to_dtype(&in[k], call.out_dtype, &made[k]);
    rti_call_tensor(&call, in[k]);
  }
  if (!bias) call.in[call.nin++] = (rti_arg){0};
  if (status == RT_OK) {
    bool is_empty = x->view.numel == 0 || weight->view.numel == 0;
    status = is_empty ? conv_of_nothing(&call, in[2], to) : rti_run_op(&call, to);
  }
  for (int k = 0; k < 3; k++) rt_release(made[k]);
  return status;
}

rt_status rt_conv(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *bias, const rt_window *window, rt_tensor **out) {
  return out ? conv(RTB_OP_CONV, x, weight, bias, window, (rti_target){NULL, out}) : rti_no_out(RTB_OP_CONV);
}
rt_status rt_conv_into(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *bias, const rt_window *window, rt_tensor *out) {
  return conv(RTB_OP_CONV, x, weight, bias, window, (rti_target){out, NULL});
}
rt_status rt_conv_transpose(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *bias, const rt_window *window, rt_tensor **out) {
  return out ? conv(RTB_OP_CONV_TRANSPOSE, x, weight, bias, window, (rti_target){NULL, out}) : rti_no_out(RTB_OP_CONV_TRANSPOSE);
}
rt_status rt_conv_transpose_into(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *bias, const rt_window *window, rt_tensor *out) {
  return conv(RTB_OP_CONV_TRANSPOSE, x, weight, bias, window, (rti_target){out, NULL});
}

// ---- integers --------------------------------------------------------------------------------------------------------------------------------

/// One element, or with `n` not 0 one per output channel: expanded to [n].
static rt_status zero_of(const char *which, const rt_tensor *zero, int64_t n, rt_tensor **out) {
  rti_text text;
  if (n && zero->view.ndim == 1 && zero->view.shape[0] == n) return rt_view(zero, 1, &n, out);
  if (zero->view.numel != 1)
    return rti_fail(RT_E_SHAPE, "conv_integer: %s has shape %s, not one element%s", which, rti_shape_text(&text, zero->view.ndim, zero->view.shape),
                    n ? " or one per output channel" : "");
  rt_tensor *flat;
  rt_status status = rt_reshape(zero, 0, NULL, &flat);
  if (status == RT_OK && n == 0) {
    *out = flat;
    return RT_OK;
  }
  if (status == RT_OK) status = rt_expand(flat, 1, &n, out);
  rt_release(flat);
  return status;
}

static rt_status conv_integer(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *x_zero, const rt_tensor *weight_zero, const rt_window *window, rti_target to) {
  const rt_tensor *in[4] = {x, weight}, *zero[2] = {x_zero, weight_zero};
  int n = 2;
  for (int k = 0; k < 2; k++)
    if (zero[k]) in[n++] = zero[k];
  rt_status status = rti_check_inputs(RTB_OP_CONV_INTEGER, n, in, to);
  rt_tensor *made[2] = {NULL}, *views[2] = {NULL};
  if (status != RT_OK) return status;
  rti_call call;
  rti_call_init(&call, x->ctx, RTB_OP_CONV_INTEGER);
  rtb_attr_window attr;
  call.attr = &attr;
  call.attr_bytes = sizeof attr;
  call.out_dtype = RT_I32;
  status = rti_infer_window(RTB_OP_CONV_INTEGER, x, weight, window, &attr, call.out_shape + 2);
  if (status == RT_OK) status = rti_check_quantized(call.op, "x", x, &zero[0], &made[0]);
  if (status == RT_OK) status = rti_check_quantized(call.op, "weight", weight, &zero[1], &made[1]);
  call.out_rank = x->view.ndim;
  call.out_shape[0] = x->view.shape[0];
  if (status == RT_OK) call.out_shape[1] = weight->view.shape[0];
  if (status == RT_OK && zero[0]) status = zero_of("x_zero", zero[0], 0, &views[0]);
  if (status == RT_OK && zero[1]) status = zero_of("weight_zero", zero[1], weight->view.shape[0], &views[1]);
  if (status == RT_OK && (x->view.numel == 0 || weight->view.numel == 0)) status = rti_run_zero(&call, to);
  else if (status == RT_OK) {
    rti_call_tensor(&call, x);
    rti_call_tensor(&call, weight);
    for (int k = 0; k < 2; k++) rti_call_tensor(&call, views[k]); // NULL: absent
    status = rti_run_op(&call, to);
  }
  for (int k = 0; k < 2; k++) {
    rt_release(made[k]);
    rt_release(views[k]);
  }
  return status;
}

rt_status rt_conv_integer(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *x_zero, const rt_tensor *weight_zero, const rt_window *window, rt_tensor **out) {
  return out ? conv_integer(x, weight, x_zero, weight_zero, window, (rti_target){NULL, out}) : rti_no_out(RTB_OP_CONV_INTEGER);
}
rt_status rt_conv_integer_into(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *x_zero, const rt_tensor *weight_zero, const rt_window *window, rt_tensor *out) {
  return conv_integer(x, weight, x_zero, weight_zero, window, (rti_target){out, NULL});
}

// ---- pooling ---------------------------------------------------------------------------------------------------------------------------------

/// param: of an operation that has one, else NULL.
static rt_status pool(uint16_t op, const rt_tensor *x, const double *param, const rt_window *window, rti_target to) {
  rt_status status = rti_check_inputs(op, 1, &x, to);
  if (status != RT_OK) return status;
  rti_call call;
  rti_call_init(&call, x->ctx, op);
  rtb_attr_window attr;
  call.attr = &attr;
  call.attr_bytes = sizeof attr;
  rt_dtype compute;
  if (param && !(*param > 0 && *param - *param == 0)) return rti_fail(RT_E_ARGUMENT, "%s: p is %g", rti_ops[op].name, *param);
  if ((status = rti_infer_compute(op, 1, &x, NULL, &compute)) != RT_OK) return status;
  if ((status = rti_infer_window(op, x, NULL, window, &attr, call.out_shape + 2)) != RT_OK) return status;
  call.out_dtype = rti_infer_result(op, compute);
  call.out_rank = x->view.ndim;
  call.out_shape[0] = x->view.shape[0];
  call.out_shape[1] = x->view.shape[1];
  rti_text text;
  if (x->view.numel == 0 && x->view.shape[0] && x->view.shape[1])
    return rti_fail(RT_E_SHAPE, "%s: x of shape %s has no elements to pool", rti_ops[op].name, rti_shape_text(&text, x->view.ndim, x->view.shape));
  rt_tensor *made;
  status = rti_to_dtype(&x, compute, &made);
  rti_call_tensor(&call, x);
  if (param) rti_call_imm(&call, RT_F64, rt_float(*param));
  if (status == RT_OK) status = rti_run_op(&call, to);
  rt_release(made);
  return status;
}

#define POOL(NAME, name)                                                                                                    \
  rt_status rt_##name(const rt_tensor *x, const rt_window *window, rt_tensor **out) {                                      \
    return out ? pool(RTB_OP_##NAME, x, NULL, window, (rti_target){NULL, out}) : rti_no_out(RTB_OP_##NAME);                      \
  }                                                                                                                        \
  rt_status rt_##name##_into(const rt_tensor *x, const rt_window *window, rt_tensor *out) { return pool(RTB_OP_##NAME, x, NULL, window, (rti_target){out, NULL}); }
POOL(MAX_POOL, max_pool)
POOL(MAX_POOL_INDICES, max_pool_indices)
POOL(AVG_POOL, avg_pool)

rt_status rt_lp_pool(const rt_tensor *x, double p, const rt_window *window, rt_tensor **out) {
  return out ? pool(RTB_OP_LP_POOL, x, &p, window, (rti_target){NULL, out}) : rti_no_out(RTB_OP_LP_POOL);
}
rt_status rt_lp_pool_into(const rt_tensor *x, double p, const rt_window *window, rt_tensor *out) { return pool(RTB_OP_LP_POOL, x, &p, window, (rti_target){out, NULL}); }
