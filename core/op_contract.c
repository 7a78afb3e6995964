// SPDX-License-Identifier: BSD-3-Clause
// Matrix products. As op_api.c, in a file of their own because their shapes take more words.
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

rt_status rti_run_zero(rti_call *call, rti_target to) {
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
    return rti_fail(RT_E_SHAPE, "%s: shapes %s and %s: the inner extents %lld and %lld differ", rti_ops[call->op].name, rti_shape_text(&text_a, rank_a, a->view.shape),
                    rti_shape_text(&text_b, rank_b, b->view.shape), (long long)inner, (long long)b->view.shape[rank_b - 2]);
  if (!rti_broadcast(&rank, batch, rank_a - 2, a->view.shape) || !rti_broadcast(&rank, batch, rank_b - 2, b->view.shape))
    return rti_fail(RT_E_SHAPE, "%s: the batch axes of %s and %s do not broadcast", rti_ops[call->op].name, rti_shape_text(&text_a, rank_a, a->view.shape),
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
  return rti_fail(RT_E_SHAPE, "%s: out has shape %s, but the result is %s", rti_ops[call->op].name, rti_shape_text(&text, out->view.ndim, out->view.shape),
                  rti_shape_text(&text_want, rank, want));
}

/// The zero point of an operand as a view: of the output's rank, with extent 1 along the axis that is summed over (`inner`). It holds one
/// element, one per row of a (or column of b), or broadcasts to that shape.
static rt_status zero_view(const rti_call *call, const char *which, const rt_tensor *zero, int32_t inner, rt_tensor **out) {
  int64_t shape[RT_MAX_RANK];
  memcpy(shape, call->out_shape, sizeof(int64_t) * (size_t)call->out_rank);
  shape[inner] = 1;
  rt_tensor *turned = NULL;
  rt_status status = zero->view.numel == 1 ? rt_reshape(zero, 0, NULL, &turned)
                     : zero->view.ndim == 1 && inner == call->out_rank - 1 ? rt_unsqueeze(zero, -1, &turned) : RT_OK;
  if (status == RT_OK) status = rt_expand(turned ? turned : zero, call->out_rank, shape, out);
  rt_release(turned);
  rti_text have, want;
  if (status != RT_E_SHAPE) return status;
  return rti_fail(RT_E_SHAPE, "%s: %s has shape %s, which is no single element and does not broadcast to %s", rti_ops[call->op].name, which,
                  rti_shape_text(&have, zero->view.ndim, zero->view.shape), rti_shape_text(&want, call->out_rank, shape));
}

/// zero: zero points of a and b, or NULL; read by MATMUL_INTEGER.
static rt_status matmul_2d(rti_call *call, const rt_tensor *a, const rt_tensor *b, const rt_tensor *const *zero, rti_target to) {
  rt_tensor *wide[2] = {NULL}, *zeros[2] = {NULL};
  rt_status status = RT_OK;
  static const char *const names[2] = {"a_zero", "b_zero"};
  for (int k = 0; k < 2 && status == RT_OK; k++)
    if (zero[k]) status = zero_view(call, names[k], zero[k], call->out_rank - 1 - k, &zeros[k]);
  bool is_empty = a->view.shape[a->view.ndim - 1] == 0;
  if (status == RT_OK && is_empty) status = rti_run_zero(call, to);
  if (status == RT_OK && !is_empty) {
    if (call->out_rank > 2) {
      status = batch_view(a, call->out_rank, call->out_shape, &wide[0]);
      if (status == RT_OK) status = batch_view(b, call->out_rank, call->out_shape, &wide[1]);
    }
    if (status == RT_OK) {
      rti_call_tensor(call, wide[0] ? wide[0] : a);
      rti_call_tensor(call, wide[1] ? wide[1] : b);
      for (int k = 0; k < 2 && call->op == RTB_OP_MATMUL_INTEGER; k++) rti_call_tensor(call, zeros[k]); // NULL: absent
      status = rti_run_op(call, to);
    }
  }
  for (int k = 0; k < 2; k++) {
    rt_release(wide[k]);
    rt_release(zeros[k]);
  }
  return status;
}

/// a and b in the dtype that they are multiplied in, which is the output's; or as they are, for the integer product.
static rt_status settle_dtypes(rti_call *call, const rt_tensor **a, const rt_tensor **b, const rt_tensor **zero, rt_tensor **made) {
  rt_status status;
  if (call->op == RTB_OP_MATMUL_INTEGER) {
    call->out_dtype = RT_I32;
    status = rti_check_quantized(call->op, "a", *a, &zero[0], &made[0]);
    return status == RT_OK ? rti_check_quantized(call->op, "b", *b, &zero[1], &made[1]) : status;
  }
  const rt_tensor *in[2] = {*a, *b};
  status = rti_infer_compute(call->op, 2, in, NULL, &call->out_dtype);
  if (status == RT_OK) status = rti_to_dtype(a, call->out_dtype, &made[0]);
  return status == RT_OK ? rti_to_dtype(b, call->out_dtype, &made[1]) : status;
}

static rt_status matmul(uint16_t op, const rt_tensor *a, const rt_tensor *b, const rt_tensor *a_zero, const rt_tensor *b_zero, rti_target to) {
  const rt_tensor *in[4] = {a, b}, *zero[2] = {a_zero, b_zero};
  int n = 2;
  for (int k = 0; k < 2; k++)
    if (zero[k]) in[n++] = zero[k];
  rt_status status = rti_check_inputs(op, n, in, to);
  if (status != RT_OK) return status;
  if (a->view.ndim == 0 || b->view.ndim == 0)
    return rti_fail(RT_E_SHAPE, "%s: the %s operand has rank 0", rti_ops[op].name, a->view.ndim == 0 ? "first" : "second");
  rti_call call;
  rti_call_init(&call, a->ctx, op);
  rt_tensor *made[2] = {NULL}, *row = NULL, *column = NULL, *flat = NULL;
  status = settle_dtypes(&call, &a, &b, zero, made);
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
  if (status == RT_OK && n_lost == 0) status = matmul_2d(&call, a, b, zero, to);
  else if (status == RT_OK && to.given) {
    rt_tensor *grown = NULL, *next = NULL;
    status = rt_unsqueeze(to.given, n_lost == 2 || lost[0] == -1 ? -1 : to.given->view.ndim ? -2 : 0, &grown);
    if (status == RT_OK && n_lost == 2) {
      status = rt_unsqueeze(grown, -2, &next);
      rt_release(grown);
      grown = next;
    }
    if (status == RT_OK) status = matmul_2d(&call, a, b, zero, (rti_target){grown, NULL});
    rt_release(grown);
  } else if (status == RT_OK && (status = matmul_2d(&call, a, b, zero, (rti_target){NULL, &flat})) == RT_OK) {
    rt_axes axes = {.count = n_lost, .axis = {lost[0], n_lost > 1 ? lost[1] : 0}};
    status = rt_squeeze(flat, &axes, to.out);
  }
  rt_release(flat);
  rt_release(row);
  rt_release(column);
  rt_release(made[0]);
  rt_release(made[1]);
  return status;
}

rt_status rt_matmul(const rt_tensor *a, const rt_tensor *b, rt_tensor **out) {
  return out ? matmul(RTB_OP_MATMUL, a, b, NULL, NULL, (rti_target){NULL, out}) : rti_no_out(RTB_OP_MATMUL);
}
rt_status rt_matmul_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out) {
  return matmul(RTB_OP_MATMUL, a, b, NULL, NULL, (rti_target){out, NULL});
}
rt_status rt_matmul_integer(const rt_tensor *a, const rt_tensor *b, const rt_tensor *a_zero, const rt_tensor *b_zero, rt_tensor **out) {
  return out ? matmul(RTB_OP_MATMUL_INTEGER, a, b, a_zero, b_zero, (rti_target){NULL, out}) : rti_no_out(RTB_OP_MATMUL_INTEGER);
}
rt_status rt_matmul_integer_into(const rt_tensor *a, const rt_tensor *b, const rt_tensor *a_zero, const rt_tensor *b_zero, rt_tensor *out) {
  return matmul(RTB_OP_MATMUL_INTEGER, a, b, a_zero, b_zero, (rti_target){out, NULL});
}
