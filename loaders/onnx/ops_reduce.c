// SPDX-License-Identifier: BSD-3-Clause
// ONNX reductions. Axes are an attribute at first and an input later: from opset 13 for ReduceSum, 18 for the others; `keepdims` is 1 unless said.
#include <math.h>
#include <string.h>

#include "ops.h"

typedef struct reduction {
  const rt_tensor *x;
  rt_axes axes;
  bool all;      // no axes are given: reduce over all
  bool nothing;  // no axes are given, and that means no axis at all
  bool keep;
} reduction;

static const rt_axes *axes_of(const reduction *r) { return r->all ? NULL : &r->axes; }

static reduction get_reduction(rti_onnx_call *call) {
  reduction r = {.x = rti_call_in(call, 0), .keep = rti_call_i(call, "keepdims", 1) != 0};
  int64_t n;
  const int64_t *list = call->node->row->max_in == 2 ? rti_call_ints(call, 1, &n) : rti_call_list(call, "axes", &n);
  r.axes = rti_call_axes(call, list, n, rt_tensor_rank(r.x));
  r.nothing = n == 0 && rti_call_i(call, "noop_with_empty_axes", 0) != 0;
  r.all = n == 0 && !r.nothing;
  if (r.nothing) r.keep = true;
  return r;
}

// Sums and products keep the dtype of the input in ONNX.
static const rt_tensor *sum_of(rti_onnx_call *call, const reduction *r, const rt_tensor *x) {
  STEP(y, rt_sum, x, axes_of(r), r->keep, rt_tensor_dtype(x));
  return y;
}

static void run_sum(rti_onnx_call *call) {
  const reduction r = get_reduction(call);
  rti_call_out(call, 0, sum_of(call, &r, r.x));
}

static void run_prod(rti_onnx_call *call) {
  const reduction r = get_reduction(call);
  STEP(y, rt_prod, r.x, axes_of(&r), r.keep, rt_tensor_dtype(r.x));
  rti_call_out(call, 0, y);
}

static void run_mean(rti_onnx_call *call) {
  const reduction r = get_reduction(call);
  const rt_dtype dtype = rt_tensor_dtype(r.x);
  STEP(mean, rt_mean, r.x, axes_of(&r), r.keep);
  const rt_tensor *y = mean;
  if (y && rt_tensor_dtype(y) != dtype) STEP_TO(y, rt_cast, y, dtype);
  rti_call_out(call, 0, y);
}

// Over no elements the largest is the smallest number there is (from opset 20; before, it was not defined).
static const rt_tensor *extreme(rti_onnx_call *call, const reduction *r, const rt_tensor *x, bool largest) {
  STEP(y, largest ? rt_max : rt_min, x, axes_of(r), r->keep);
  return y;
}

static void run_max(rti_onnx_call *call) {
  const reduction r = get_reduction(call);
  rti_call_out(call, 0, extreme(call, &r, r.x, true));
}

static void run_min(rti_onnx_call *call) {
  const reduction r = get_reduction(call);
  rti_call_out(call, 0, extreme(call, &r, r.x, false));
}

static void run_sum_square(rti_onnx_call *call) {
  const reduction r = get_reduction(call);
  STEP(squares, rt_square, r.x);
  rti_call_out(call, 0, sum_of(call, &r, squares));
}

static void run_l1(rti_onnx_call *call) {
  const reduction r = get_reduction(call);
  STEP(sizes, rt_abs, r.x);
  rti_call_out(call, 0, sum_of(call, &r, sizes));
}

// Applies a float function to a sum, and comes back to the dtype of the input.
static void out_of_sum(rti_onnx_call *call, const rt_tensor *sum, rt_status (*function)(const rt_tensor *x, rt_tensor **out), rt_dtype dtype) {
  STEP(y, function, sum);
  const rt_tensor *result = y;
  if (y && rt_tensor_dtype(y) != dtype) STEP_TO(result, rt_cast, y, dtype);
  rti_call_out(call, 0, result);
}

static void run_l2(rti_onnx_call *call) {
  const reduction r = get_reduction(call);
  STEP(squares, rt_square, r.x);
  out_of_sum(call, sum_of(call, &r, squares), rt_sqrt, rt_tensor_dtype(r.x));
}

static void run_log_sum(rti_onnx_call *call) {
  const reduction r = get_reduction(call);
  out_of_sum(call, sum_of(call, &r, r.x), rt_log, rt_tensor_dtype(r.x));
}

// log(sum(exp(x))) with the largest element taken out first, so that exp does not overflow. Where that is infinite, 0 is taken out.
static void run_log_sum_exp(rti_onnx_call *call) {
  reduction r = get_reduction(call);
  const rt_dtype dtype = rt_tensor_dtype(r.x);
  const rt_tensor *x = r.x;
  if (rt_dtype_kind_of(dtype) != RT_KIND_FLOAT) STEP_TO(x, rt_cast, x, RT_F32);
  reduction inner = r;
  inner.keep = true;
  const rt_tensor *top = extreme(call, &inner, x, true);
  STEP(is_finite, rt_isfinite, top);
  STEP(zero, rt_full, call->ctx, rt_tensor_dtype(x), 0, NULL, rt_float(0));
  STEP(shift, rt_where, is_finite, top, zero);
  STEP(moved, rt_sub, x, shift);
  STEP(powers, rt_exp, moved);
  const rt_tensor *sum = sum_of(call, &r, powers);
  STEP(log, rt_log, sum);
  const rt_tensor *back = shift;
  if (sum && shift && rt_tensor_rank(sum) != rt_tensor_rank(shift)) STEP_TO(back, rt_reshape, shift, rt_tensor_rank(sum), rt_tensor_shape(sum));
  STEP(y, rt_add, log, back);
  const rt_tensor *result = y;
  if (y && rt_tensor_dtype(y) != dtype) STEP_TO(result, rt_cast, y, dtype);
  rti_call_out(call, 0, result);
}

// ---- ArgMax, ArgMin --------------------------------------------------------------------------------------------------------------------------

static void run_arg(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const bool largest = strcmp(call->node->op, "ArgMax") == 0, keep = rti_call_i(call, "keepdims", 1) != 0;
  const int32_t axis = rti_call_axis(call, rti_call_i(call, "axis", 0), rt_tensor_rank(x));
  const rt_axes axes = {1, {axis}};
  const bool last = rti_call_i(call, "select_last_index", 0) != 0; // the last of equals is the first when read backwards
  if (last) STEP_TO(x, rt_flip, x, &axes);
  STEP(index, largest ? rt_argmax : rt_argmin, x, &axes, keep);
  const rt_tensor *y = index;
  if (last && call->status == RT_OK) {
    STEP_TO(y, rt_neg, y);
    STEP_TO(y, rt_add_scalar, y, rt_int(rt_tensor_shape(x)[axis] - 1));
  }
  rti_call_out(call, 0, y);
}

// One meaning in three spellings: axes as an attribute, then as an input.
#define ATTRIBUTE "axes:I keepdims:i"
#define INPUT "keepdims:i noop_with_empty_axes:i"

static const rti_onnx_op rows[] = {
    // name             since in    out attributes run
    {"ReduceSum",          1, 1, 1, 1, ATTRIBUTE, run_sum, NULL, NULL},
    {"ReduceSum",         13, 1, 2, 1, INPUT,     run_sum, NULL, NULL},
    {"ReduceProd",         1, 1, 1, 1, ATTRIBUTE, run_prod, NULL, NULL},
    {"ReduceProd",        18, 1, 2, 1, INPUT,     run_prod, NULL, NULL},
    {"ReduceMean",         1, 1, 1, 1, ATTRIBUTE, run_mean, NULL, NULL},
    {"ReduceMean",        18, 1, 2, 1, INPUT,     run_mean, NULL, NULL},
    {"ReduceMax",          1, 1, 1, 1, ATTRIBUTE, run_max, NULL, NULL},
    {"ReduceMax",         18, 1, 2, 1, INPUT,     run_max, NULL, NULL},
    {"ReduceMin",          1, 1, 1, 1, ATTRIBUTE, run_min, NULL, NULL},
    {"ReduceMin",         18, 1, 2, 1, INPUT,     run_min, NULL, NULL},
    {"ReduceSumSquare",    1, 1, 1, 1, ATTRIBUTE, run_sum_square, NULL, NULL},
    {"ReduceSumSquare",   18, 1, 2, 1, INPUT,     run_sum_square, NULL, NULL},
    {"ReduceL1",           1, 1, 1, 1, ATTRIBUTE, run_l1, NULL, NULL},
    {"ReduceL1",          18, 1, 2, 1, INPUT,     run_l1, NULL, NULL},
    {"ReduceL2",           1, 1, 1, 1, ATTRIBUTE, run_l2, NULL, NULL},
    {"ReduceL2",          18, 1, 2, 1, INPUT,     run_l2, NULL, NULL},
    {"ReduceLogSum",       1, 1, 1, 1, ATTRIBUTE, run_log_sum, NULL, NULL},
    {"ReduceLogSum",      18, 1, 2, 1, INPUT,     run_log_sum, NULL, NULL},
    {"ReduceLogSumExp",    1, 1, 1, 1, ATTRIBUTE, run_log_sum_exp, NULL, NULL},
    {"ReduceLogSumExp",   18, 1, 2, 1, INPUT,     run_log_sum_exp, NULL, NULL},
    {"ArgMax",             1, 1, 1, 1, "axis:i keepdims:i", run_arg, NULL, NULL},
    {"ArgMax",            12, 1, 1, 1, "axis:i keepdims:i select_last_index:i", run_arg, NULL, NULL},
    {"ArgMin",             1, 1, 1, 1, "axis:i keepdims:i", run_arg, NULL, NULL},
    {"ArgMin",            12, 1, 1, 1, "axis:i keepdims:i select_last_index:i", run_arg, NULL, NULL},
};

const rti_onnx_ops rti_onnx_reduce_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
