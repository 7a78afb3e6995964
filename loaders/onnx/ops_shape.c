// SPDX-License-Identifier: BSD-3-Clause
// ONNX operations on shapes, and those that make tensors: Reshape and its relatives are views, Shape and Constant make small tensors.
#include "ops.h"

// ---- new tensors ---------------------------------------------------------------------------------------------------------------------------

static void run_constant(rti_onnx_call *call) {
  if (call->node->n_attrs != 1) rti_call_fail(call, RT_E_FORMAT, "exactly one attribute must hold the value, not %d", call->node->n_attrs);
  if (call->status != RT_OK) return;
  const rti_onnx_attr *attr = &call->node->attrs[0];
  const rt_tensor *y = attr->tensor;
  const float f = (float)attr->f;
  if (attr->kind == RTI_ATTR_FLOAT) STEP_TO(y, rt_from_data, call->ctx, RT_F32, 0, NULL, &f);
  if (attr->kind == RTI_ATTR_INT) STEP_TO(y, rt_from_data, call->ctx, RT_I64, 0, NULL, &attr->i);
  if (attr->kind == RTI_ATTR_FLOATS) STEP_TO(y, rt_from_data, call->ctx, RT_F32, 1, &attr->n, attr->floats);
  if (attr->kind == RTI_ATTR_INTS) STEP_TO(y, rt_from_data, call->ctx, RT_I64, 1, &attr->n, attr->ints);
  rti_call_out(call, 0, y);
}

static void run_constant_of_shape(rti_onnx_call *call) {
  int64_t rank;
  const int64_t *shape = rti_call_ints(call, 0, &rank);
  const rti_onnx_attr *attr = rti_call_attr(call, "value");
  rt_dtype dtype = RT_F32;
  rt_scalar value = rt_float(0);
  if (rank > RT_MAX_RANK) rti_call_fail(call, RT_E_SHAPE, "%lld dimensions are more than %d", (long long)rank, RT_MAX_RANK);
  if (attr && call->status == RT_OK) {
    dtype = rt_tensor_dtype(attr->tensor);
    if (rt_tensor_numel(attr->tensor) != 1) rti_call_fail(call, RT_E_FORMAT, "the value must be one element");
    else call->status = rt_item(attr->tensor, &value);
  }
  STEP(y, rt_full, call->ctx, dtype, (int32_t)rank, shape, value);
  rti_call_out(call, 0, y);
}

static void run_range(rti_onnx_call *call) {
  const rt_dtype dtype = rt_tensor_dtype(rti_call_in(call, 0));
  rti_call_same_dtype(call, rti_call_in(call, 0), rti_call_in(call, 1));
  rti_call_same_dtype(call, rti_call_in(call, 0), rti_call_in(call, 2));
  const rt_scalar start = rti_call_scalar(call, 0), stop = rti_call_scalar(call, 1), step = rti_call_scalar(call, 2);
  STEP(y, rt_arange, call->ctx, dtype, start, stop, step);
  rti_call_out(call, 0, y);
}

static void run_shape(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int32_t rank = rt_tensor_rank(x);
  // Bounds count from the end when negative, and are clamped.
  int64_t start = rti_call_i(call, "start", 0), end = rti_call_i(call, "end", rank);
  if (start < 0) start += rank;
  if (end < 0) end += rank;
  start = start < 0 ? 0 : start > rank ? rank : start;
  end = end < start ? start : end > rank ? rank : end;
  const int64_t n = end - start;
  STEP(y, rt_from_data, call->ctx, RT_I64, 1, &n, rt_tensor_shape(x) + start);
  rti_call_out(call, 0, y);
}

static void run_size(rti_onnx_call *call) {
  const int64_t numel = rt_tensor_numel(rti_call_in(call, 0));
  STEP(y, rt_from_data, call->ctx, RT_I64, 0, NULL, &numel);
  rti_call_out(call, 0, y);
}

// ---- pass through --------------------------------------------------------------------------------------------------------------------------

// In inference nothing is dropped. The mask, where it is asked for, says so.
static void drop_nothing(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  rti_call_out(call, 0, x);
  if (!rti_call_wants(call, 1)) return;
  STEP(mask, rt_ones, call->ctx, call->opset < 10 ? rt_tensor_dtype(x) : RT_BOOL, rt_tensor_rank(x), rt_tensor_shape(x));
  rti_call_out(call, 1, mask);
}

static void run_dropout_1(rti_onnx_call *call) {
  if (!rti_call_i(call, "is_test", 0)) rti_call_fail(call, RT_E_UNSUPPORTED, "training mode (is_test=0) is not supported");
  drop_nothing(call);
}

static void run_dropout(rti_onnx_call *call) {
  if (rti_call_has(call, 2)) {
    const rt_scalar training = rti_call_scalar(call, 2), ratio = rti_call_has(call, 1) ? rti_call_scalar(call, 1) : rt_float(0.5);
    if (training.as.b && ratio.as.f != 0) rti_call_fail(call, RT_E_UNSUPPORTED, "training mode is not supported");
  }
  drop_nothing(call);
}

// ---- the same elements in another shape ------------------------------------------------------------------------------------------------------

static void run_flatten(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int32_t rank = rt_tensor_rank(x);
  int64_t axis = rti_call_i(call, "axis", 1);
  if (axis < -rank || axis > rank) rti_call_fail(call, RT_E_SHAPE, "axis %lld is not in [%d, %d]", (long long)axis, -rank, rank);
  if (call->status != RT_OK) return;
  if (axis < 0) axis += rank;
  const int64_t shape[2] = {rti_call_product(call, rt_tensor_shape(x), 0, (int32_t)axis), rti_call_product(call, rt_tensor_shape(x), (int32_t)axis, rank)};
  STEP(y, rt_reshape, x, 2, shape);
  rti_call_out(call, 0, y);
}

static void reshape_to(rti_onnx_call *call, const int64_t *wanted, int64_t rank, bool zero_is_zero) {
  const rt_tensor *x = rti_call_in(call, 0);
  int64_t shape[RT_MAX_RANK];
  if (rank > RT_MAX_RANK) rti_call_fail(call, RT_E_SHAPE, "%lld dimensions are more than %d", (long long)rank, RT_MAX_RANK);
  for (int64_t i = 0; i < rank && call->status == RT_OK; i++) {
    shape[i] = wanted[i];
    if (wanted[i] != 0 || zero_is_zero) continue;
    if (i >= rt_tensor_rank(x)) rti_call_fail(call, RT_E_SHAPE, "extent %lld is copied from an input of %d dimensions", (long long)i, rt_tensor_rank(x));
    else shape[i] = rt_tensor_shape(x)[i];
  }
  STEP(y, rt_reshape, x, (int32_t)rank, shape);
  rti_call_out(call, 0, y);
}

static void run_reshape_1(rti_onnx_call *call) {
  int64_t rank;
  const int64_t *shape = rti_call_list(call, "shape", &rank);
  if (!shape) rti_call_fail(call, RT_E_FORMAT, "the attribute shape is missing");
  reshape_to(call, shape, rank, false);
}

static void run_reshape(rti_onnx_call *call) {
  int64_t rank;
  const int64_t *shape = rti_call_ints(call, 1, &rank);
  reshape_to(call, shape, rank, rti_call_i(call, "allowzero", 0) != 0);
}

static void run_transpose(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  int64_t n;
  const int64_t *perm = rti_call_list(call, "perm", &n);
  const rt_axes axes = rti_call_axes(call, perm, n, rt_tensor_rank(x));
  STEP(y, rt_permute, x, perm ? &axes : NULL);
  rti_call_out(call, 0, y);
}

// Axes are an attribute before opset 13 and an input from then on. false when none are given.
static bool get_axes(rti_onnx_call *call, int32_t rank, rt_axes *out_axes) {
  int64_t n;
  const int64_t *list = call->opset < 13 ? rti_call_list(call, "axes", &n) : rti_call_ints(call, 1, &n);
  *out_axes = rti_call_axes(call, list, n, rank);
  return list != NULL;
}

static void run_squeeze(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  rt_axes axes;
  const bool given = get_axes(call, rt_tensor_rank(x), &axes);
  STEP(y, rt_squeeze, x, given ? &axes : NULL);
  rti_call_out(call, 0, y);
}

static void run_unsqueeze(rti_onnx_call *call) {
  const rt_tensor *y = rti_call_in(call, 0);
  int64_t n;
  const int64_t *list = call->opset < 13 ? rti_call_list(call, "axes", &n) : rti_call_ints(call, 1, &n);
  if (!list) rti_call_fail(call, RT_E_FORMAT, "axes are missing");
  const int64_t rank = rt_tensor_rank(y) + n; // axes count in the result
  if (rank > RT_MAX_RANK) rti_call_fail(call, RT_E_SHAPE, "%lld dimensions are more than %d", (long long)rank, RT_MAX_RANK);
  if (call->status != RT_OK) return;
  const rt_axes axes = rti_call_axes(call, list, n, (int32_t)rank);
  uint32_t wanted = 0;
  for (int32_t i = 0; i < axes.count; i++) wanted |= 1u << axes.axis[i];
  for (int32_t axis = 0; axis < rank; axis++)
    if (wanted >> axis & 1) STEP_TO(y, rt_unsqueeze, y, axis);
  rti_call_out(call, 0, y);
}

static void run_expand(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  int64_t n;
  const int64_t *wanted = rti_call_ints(call, 1, &n);
  if (n > RT_MAX_RANK) rti_call_fail(call, RT_E_SHAPE, "%lld dimensions are more than %d", (long long)n, RT_MAX_RANK);
  if (call->status != RT_OK) return;
  // Both broadcast: an extent of 1 on either side takes the other's.
  const int32_t rank_x = rt_tensor_rank(x), rank = n > rank_x ? (int32_t)n : rank_x;
  int64_t shape[RT_MAX_RANK];
  for (int32_t i = 0; i < rank; i++) {
    const int64_t have = i < rank - rank_x ? 1 : rt_tensor_shape(x)[i - (rank - rank_x)];
    const int64_t want = i < rank - n ? 1 : wanted[i - (rank - n)];
    if (want < 0) rti_call_fail(call, RT_E_SHAPE, "an extent of %lld", (long long)want);
    shape[i] = want == 1 ? have : want;
  }
  STEP(y, rt_expand, x, rank, shape);
  rti_call_out(call, 0, y);
}

static const rti_onnx_op rows[] = {
    // name            since in    out attributes         run
    {"Constant",          1, 0, 0, 1, "value:t",          run_constant, NULL, NULL},
    {"Constant",         12, 0, 0, 1, "value:t value_float:f value_floats:F value_int:i value_ints:I", run_constant, NULL, NULL},
    {"ConstantOfShape",   9, 1, 1, 1, "value:t",          run_constant_of_shape, NULL, NULL},
    {"Range",            11, 3, 3, 1, "",                 run_range, NULL, NULL},
    {"Shape",             1, 1, 1, 1, "",                 run_shape, NULL, NULL},
    {"Shape",            15, 1, 1, 1, "end:i start:i",    run_shape, NULL, NULL},
    {"Size",              1, 1, 1, 1, "",                 run_size, NULL, NULL},
    {"Dropout",           1, 1, 1, 2, "consumed_inputs:- is_test:i ratio:-", run_dropout_1, NULL, NULL},
    {"Dropout",           7, 1, 1, 2, "ratio:-",          run_dropout, NULL, NULL},
    {"Dropout",          12, 1, 3, 2, "seed:-",           run_dropout, NULL, NULL},
    {"Flatten",           1, 1, 1, 1, "axis:i",           run_flatten, NULL, NULL},
    {"Reshape",           1, 1, 1, 1, "consumed_inputs:- shape:I", run_reshape_1, NULL, NULL},
    {"Reshape",           5, 2, 2, 1, "",                 run_reshape, NULL, NULL},
    {"Reshape",          14, 2, 2, 1, "allowzero:i",      run_reshape, NULL, NULL},
    {"Transpose",         1, 1, 1, 1, "perm:I",           run_transpose, NULL, NULL},
    {"Squeeze",           1, 1, 1, 1, "axes:I",           run_squeeze, NULL, NULL},
    {"Squeeze",          13, 1, 2, 1, "",                 run_squeeze, NULL, NULL},
    {"Unsqueeze",         1, 1, 1, 1, "axes:I",           run_unsqueeze, NULL, NULL},
    {"Unsqueeze",        13, 2, 2, 1, "",                 run_unsqueeze, NULL, NULL},
    {"Expand",            8, 2, 2, 1, "",                 run_expand, NULL, NULL},
};

const rti_onnx_ops rti_onnx_shape_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
