// SPDX-License-Identifier: BSD-3-Clause
// Operations that contract or slide: matmul, convolution, pooling. As op_api.c, in a file of their own because their shapes take more words.
#include <string.h>

#include "dispatch.h"
#include "infer.h"

rt_status rti_to_dtype(const rt_tensor **t, rt_dtype dtype, rt_tensor **made) {
  *made = NULL;
  if ((rt_dtype)(*t)->view.dtype == dtype && !((*t)->flags & RTI_TENSOR_WEAK)) return RT_OK;
  rt_status status = rt_cast(*t, dtype, made);
  if (status == RT_OK) *t = *made;
  return status;
}

/// A contraction over nothing: all zero.
static rt_status run_zero(rti_call *call, rti_target to) {
  const char *name = rti_ops[call->op].name;
  call->op = RTB_OP_FILL;
  call->nin = 0;
  call->axes = 0;
  call->attr = NULL;
  call->attr_bytes = 0;
  rti_call_imm(call, call->out_dtype, rt_int(0));
  rt_status status = rti_run_op(call, to);
  return status == RT_OK ? RT_OK : rti_fail_in(status, "%s", name);
}

// ---- matmul ------------------------------------------------------------------------------------------------------------------------------

/// The view of t with exactly `rank` axes: missing batch axes have extent 1, and all batch axes are expanded to `batch`.
static rt_status batch_view(const rt_tensor *t, int32_t rank, const int64_t *batch, rt_tensor **out) {
  int64_t shape[RT_MAX_RANK];
  memcpy(shape, batch, sizeof(int64_t) * (size_t)(rank - 2));
  shape[rank - 2] = t->view.shape[t->view.ndim - 2];
  shape[rank - 1] = t->view.shape[t->view.ndim - 1];
  return rt_expand(t, rank, shape, out);
}

/// The shape of the product of a [..., M, K] and b [..., K, N], both of rank >= 2, in call->out_shape.
static rt_status matmul_shape(rti_call *call, const rt_tensor *a, const rt_tensor *b) {
  int32_t rank_a = a->view.ndim, rank_b = b->view.ndim, rank = 0;
  int64_t *batch = call->out_shape, inner = a->view.shape[rank_a - 1];
  rti_text text_a, text_b;
  if (inner != b->view.shape[rank_b - 2])
    return rti_fail(RT_E_SHAPE, "matmul: shapes %s and %s: the inner extents %lld and %lld differ", rti_shape_text(&text_a, rank_a, a->view.shape),
                    rti_shape_text(&text_b, rank_b, b->view.shape), (long long)inner, (long long)b->view.shape[rank_b - 2]);
  if (!rti_broadcast(&rank, batch, rank_a - 2, a->view.shape) || !rti_broadcast(&rank, batch, rank_b - 2, b->view.shape))
    return rti_fail(RT_E_SHAPE, "matmul: the batch axes of %s and %s do not broadcast", rti_shape_text(&text_a, rank_a, a->view.shape),
                    rti_shape_text(&text_b, rank_b, b->view.shape));
  call->out_shape[rank] = a->view.shape[rank_a - 2];
  call->out_shape[rank + 1] = b->view.shape[rank_b - 1];
  call->out_rank = rank + 2;
  return RT_OK;
}

/// A given output without the axes that 1-d operands lose; said here, because what follows sees it with them.
static rt_status check_narrow(const rti_call *call, bool loses_row, bool loses_column, const rt_tensor *out) {
  int64_t want[RT_MAX_RANK];
  int32_t rank = 0;
  rti_text text, text_want;
  for (int32_t d = 0; d < call->out_rank; d++)
    if (!(loses_row && d == call->out_rank - 2) && !(loses_column && d == call->out_rank - 1)) want[rank++] = call->out_shape[d];
  if (out->view.ndim == rank && !memcmp(out->view.shape, want, sizeof(int64_t) * (size_t)rank)) return RT_OK;
  return rti_fail(RT_E_SHAPE, "matmul: out has shape %s, but the result is %s", rti_shape_text(&text, out->view.ndim, out->view.shape),
                  rti_shape_text(&text_want, rank, want));
}

static rt_status matmul_2d(rti_call *call, const rt_tensor *a, const rt_tensor *b, rti_target to) {
  if (a->view.shape[a->view.ndim - 1] == 0) return run_zero(call, to);
  rt_tensor *wide_a = NULL, *wide_b = NULL;
  rt_status status = RT_OK;
  if (call->out_rank > 2) {
    status = batch_view(a, call->out_rank, call->out_shape, &wide_a);
    if (status == RT_OK) status = batch_view(b, call->out_rank, call->out_shape, &wide_b);
  }
  if (status == RT_OK) {
    rti_call_tensor(call, wide_a ? wide_a : a);
    rti_call_tensor(call, wide_b ? wide_b : b);
    status = rti_run_op(call, to);
  }
  rt_release(wide_a);
  rt_release(wide_b);
  return status;
}

static rt_status matmul(const rt_tensor *a, const rt_tensor *b, rti_target to) {
  const rt_tensor *in[2] = {a, b};
  rt_status status = rti_check_inputs(RTB_OP_MATMUL, 2, in, to);
  if (status != RT_OK) return status;
  if (a->view.ndim == 0 || b->view.ndim == 0) return rti_fail(RT_E_SHAPE, "matmul: the %s operand has rank 0", a->view.ndim == 0 ? "first" : "second");
  rti_call call;
  rti_call_init(&call, a->ctx, RTB_OP_MATMUL);
  if ((status = rti_infer_compute(RTB_OP_MATMUL, 2, in, NULL, &call.out_dtype)) != RT_OK) return status;
  rt_tensor *made_a, *made_b = NULL, *row = NULL, *column = NULL, *flat = NULL;
  status = rti_to_dtype(&a, call.out_dtype, &made_a);
  if (status == RT_OK) status = rti_to_dtype(&b, call.out_dtype, &made_b);
  // 1-d operands become a row or a column; the result loses that axis again.
  int32_t lost[2], n_lost = 0;
  if (status == RT_OK && a->view.ndim == 1) {
    lost[n_lost++] = -2;
    if ((status = rt_unsqueeze(a, 0, &row)) == RT_OK) a = row;
  }
  if (status == RT_OK && b->view.ndim == 1) {
    lost[n_lost++] = -1;
    if ((status = rt_unsqueeze(b, -1, &column)) == RT_OK) b = column;
  }
  if (status == RT_OK) status = matmul_shape(&call, a, b);
  if (status == RT_OK && to.given && n_lost) status = check_narrow(&call, lost[0] == -2, lost[n_lost - 1] == -1, to.given);
  if (status == RT_OK && n_lost == 0) status = matmul_2d(&call, a, b, to);
  else if (status == RT_OK && to.given) {
    rt_tensor *grown = NULL, *next = NULL;
    status = rt_unsqueeze(to.given, n_lost == 2 || lost[0] == -1 ? -1 : to.given->view.ndim ? -2 : 0, &grown);
    if (status == RT_OK && n_lost == 2) {
      status = rt_unsqueeze(grown, -2, &next);
      rt_release(grown);
      grown = next;
    }
    if (status == RT_OK) status = matmul_2d(&call, a, b, (rti_target){grown, NULL});
    rt_release(grown);
  } else if (status == RT_OK && (status = matmul_2d(&call, a, b, (rti_target){NULL, &flat})) == RT_OK) {
    rt_axes axes = {.count = n_lost, .axis = {lost[0], n_lost > 1 ? lost[1] : 0}};
    status = rt_squeeze(flat, &axes, to.out);
  }
  rt_release(flat);
  rt_release(row);
  rt_release(column);
  rt_release(made_a);
  rt_release(made_b);
  return status;
}

rt_status rt_matmul(const rt_tensor *a, const rt_tensor *b, rt_tensor **out) { return out ? matmul(a, b, (rti_target){NULL, out}) : rti_no_out(RTB_OP_MATMUL); }
rt_status rt_matmul_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out) { return matmul(a, b, (rti_target){out, NULL}); }

// ---- convolution and pooling ---------------------------------------------------------------------------------------------------------------

/// No channels to sum over: the bias, or zero.
static rt_status conv_of_nothing(rti_call *call, const rt_tensor *bias, rti_target to) {
  rt_tensor *fresh = NULL, *spread = NULL, *own = NULL;
  rt_status status = RT_OK;
  if (bias && to.given && rt_tensor_shares_storage(bias, to.given)) { // the zeros must not reach it
    status = rt_copy(bias, &own);
    bias = own;
  }
  if (status == RT_OK) status = run_zero(call, to.given ? to : (rti_target){NULL, &fresh});
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

static rt_status conv(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *bias, const rt_window *window, rti_target to) {
  const rt_tensor *in[3] = {x, weight, bias};
  int n = bias ? 3 : 2;
  rt_status status = rti_check_inputs(RTB_OP_CONV, n, in, to);
  if (status != RT_OK) return status;
  rti_call call;
  rti_call_init(&call, x->ctx, RTB_OP_CONV);
  rtb_attr_window attr;
  call.attr = &attr;
  call.attr_bytes = sizeof attr;
  if ((status = rti_infer_compute(RTB_OP_CONV, n, in, NULL, &call.out_dtype)) != RT_OK) return status;
  if ((status = rti_infer_window(RTB_OP_CONV, x, weight, window, &attr, call.out_shape + 2)) != RT_OK) return status;
  rti_text text;
  if (bias && (bias->view.ndim != 1 || bias->view.shape[0] != weight->view.shape[0]))
    return rti_fail(RT_E_SHAPE, "conv: bias has shape %s, not [%lld]", rti_shape_text(&text, bias->view.ndim, bias->view.shape), (long long)weight->view.shape[0]);
  call.out_rank = x->view.ndim;
  call.out_shape[0] = x->view.shape[0];
  call.out_shape[1] = weight->view.shape[0];
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
  return out ? conv(x, weight, bias, window, (rti_target){NULL, out}) : rti_no_out(RTB_OP_CONV);
}
rt_status rt_conv_into(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *bias, const rt_window *window, rt_tensor *out) {
  return conv(x, weight, bias, window, (rti_target){out, NULL});
}

static rt_status pool(uint16_t op, const rt_tensor *x, const rt_window *window, rti_target to) {
  rt_status status = rti_check_inputs(op, 1, &x, to);
  if (status != RT_OK) return status;
  rti_call call;
  rti_call_init(&call, x->ctx, op);
  rtb_attr_window attr;
  call.attr = &attr;
  call.attr_bytes = sizeof attr;
  if ((status = rti_infer_compute(op, 1, &x, NULL, &call.out_dtype)) != RT_OK) return status;
  if ((status = rti_infer_window(op, x, NULL, window, &attr, call.out_shape + 2)) != RT_OK) return status;
  call.out_rank = x->view.ndim;
  call.out_shape[0] = x->view.shape[0];
  call.out_shape[1] = x->view.shape[1];
  rti_text text;
  if (x->view.numel == 0 && x->view.shape[0] && x->view.shape[1])
    return rti_fail(RT_E_SHAPE, "%s: x of shape %s has no elements to pool", rti_ops[op].name, rti_shape_text(&text, x->view.ndim, x->view.shape));
  rt_tensor *made;
  status = rti_to_dtype(&x, call.out_dtype, &made);
  rti_call_tensor(&call, x);
  if (status == RT_OK) status = rti_run_op(&call, to);
  rt_release(made);
  return status;
}

rt_status rt_max_pool(const rt_tensor *x, const rt_window *window, rt_tensor **out) { return out ? pool(RTB_OP_MAX_POOL, x, window, (rti_target){NULL, out}) : rti_no_out(RTB_OP_MAX_POOL); }
rt_status rt_max_pool_into(const rt_tensor *x, const rt_window *window, rt_tensor *out) { return pool(RTB_OP_MAX_POOL, x, window, (rti_target){out, NULL}); }
rt_status rt_avg_pool(const rt_tensor *x, const rt_window *window, rt_tensor **out) { return out ? pool(RTB_OP_AVG_POOL, x, window, (rti_target){NULL, out}) : rti_no_out(RTB_OP_AVG_POOL); }
rt_status rt_avg_pool_into(const rt_tensor *x, const rt_window *window, rt_tensor *out) { return pool(RTB_OP_AVG_POOL, x, window, (rti_target){out, NULL}); }
