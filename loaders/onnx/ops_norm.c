// SPDX-License-Identifier: BSD-3-Clause
// ONNX normalisation: layers, channels, groups, images; of batches in inference and in training.
#include <string.h>

#include "ops.h"

static double epsilon(const rti_onnx_call *call) { return rti_call_f(call, "epsilon", 1e-5f); }

static void expect_stash(rti_onnx_call *call) {
  const int64_t stash = rti_call_i(call, "stash_type", 1); // f32, or what is wider: that is how the operations compute
  if (stash != 1) rti_call_fail(call, RT_E_UNSUPPORTED, "stash_type %lld is not supported", (long long)stash);
}

// The result in the dtype of x: parameters and statistics may be wider.
static void out_as(rti_onnx_call *call, const rt_tensor *y, rt_dtype dtype) {
  if (y && rt_tensor_dtype(y) != dtype) STEP_TO(y, rt_cast, y, dtype);
  rti_call_out(call, 0, y);
}

// All axes from the one that the node names.
static rt_axes last_axes(rti_onnx_call *call, const rt_tensor *x) {
  const int32_t rank = rt_tensor_rank(x), first = rti_call_axis(call, rti_call_i(call, "axis", -1), rank);
  rt_axes axes = {0};
  for (int32_t i = first; i < rank; i++) axes.axis[axes.count++] = i;
  return axes;
}

static void run_layer_norm(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *scale = rti_call_in(call, 1), *bias = rti_call_in(call, 2);
  const rt_dtype dtype = rt_tensor_dtype(x);
  const rt_axes axes = last_axes(call, x);
  expect_stash(call);
  STEP(y, rt_layer_norm, x, &axes, scale, bias, epsilon(call));
  out_as(call, y, dtype);
  if (!rti_call_wants(call, 1) && !rti_call_wants(call, 2)) return;
  if (dtype == RT_F16 || dtype == RT_BF16) STEP_TO(x, rt_cast, x, RT_F32);
  STEP(mean, rt_mean, x, &axes, true);
  STEP(variance, rt_var, x, &axes, true, 0);
  STEP(raised, rt_add_scalar, variance, rt_float(epsilon(call)));
  STEP(inverse, rt_rsqrt, raised);
  rti_call_out(call, 1, mean);
  rti_call_out(call, 2, inverse);
}

static void run_rms_norm(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *scale = rti_call_in(call, 1);
  const rt_axes axes = last_axes(call, x);
  expect_stash(call);
  STEP(y, rt_rms_norm, x, &axes, scale, epsilon(call));
  out_as(call, y, rt_tensor_dtype(x));
}

// The number of channels of an input with axes besides; 0 after a failure.
static int32_t channels(rti_onnx_call *call, const rt_tensor *x) {
  const int32_t rank = rt_tensor_rank(x);
  if (call->status == RT_OK && rank < 3) rti_call_fail(call, RT_E_SHAPE, "an input of %d dimensions has no spatial axes", rank);
  if (call->status == RT_OK && rt_tensor_shape(x)[1] > INT32_MAX) rti_call_fail(call, RT_E_SHAPE, "%lld channels", (long long)rt_tensor_shape(x)[1]);
  return call->status == RT_OK ? (int32_t)rt_tensor_shape(x)[1] : 0;
}

static void run_instance_norm(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  STEP(y, rt_group_norm, x, channels(call, x), rti_call_in(call, 1), rti_call_in(call, 2), epsilon(call));
  rti_call_out(call, 0, y);
}

// One number per group as one per channel: before opset 21 scale and bias belong to groups.
static const rt_tensor *per_channel(rti_onnx_call *call, const rt_tensor *t, int64_t groups, int64_t n_channels) {
  if (call->opset >= 21 || call->status != RT_OK) return t;
  if (rt_tensor_rank(t) != 1 || rt_tensor_numel(t) != groups || n_channels % groups != 0) {
    rti_call_fail(call, RT_E_SHAPE, "scale and bias must hold one number for each of %lld groups", (long long)groups);
    return NULL;
  }
  const int64_t pair[2] = {groups, n_channels / groups};
  STEP(column, rt_unsqueeze, t, 1);
  STEP(wide, rt_expand, column, 2, pair);
  STEP(y, rt_reshape, wide, 1, &n_channels);
  return y;
}

static void run_group_norm(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int64_t groups = rti_call_i(call, "num_groups", 0);
  if (groups < 1 || groups > INT32_MAX) rti_call_fail(call, RT_E_ARGUMENT, "num_groups is %lld", (long long)groups);
  expect_stash(call);
  const int32_t n_channels = channels(call, x);
  const rt_tensor *scale = per_channel(call, rti_call_in(call, 1), groups, n_channels), *bias = per_channel(call, rti_call_in(call, 2), groups, n_channels);
  STEP(y, rt_group_norm, x, (int32_t)groups, scale, bias, epsilon(call));
  out_as(call, y, rt_tensor_dtype(x));
}

// ---- batches -------------------------------------------------------------------------------------------------------------------------------------

// old * momentum + new * (1 - momentum)
static const rt_tensor *move_average(rti_onnx_call *call, const rt_tensor *old, const rt_tensor *fresh) {
  const double momentum = rti_call_f(call, "momentum", 0.9f);
  STEP(kept, rt_mul_scalar, old, rt_float(momentum));
  STEP(added, rt_mul_scalar, fresh, rt_float(1 - momentum));
  STEP(sum, rt_add, kept, added);
  STEP(y, rt_cast, sum, rt_tensor_dtype(old));
  return y;
}

static void train_batch_norm(rti_onnx_call *call, const rt_tensor *x) {
  rt_axes others = {0};
  for (int32_t i = 0; i < rt_tensor_rank(x); i++)
    if (i != 1) others.axis[others.count++] = i;
  STEP(y, rt_batch_norm, x, NULL, NULL, rti_call_in(call, 1), rti_call_in(call, 2), 1, epsilon(call));
  STEP(mean, rt_mean, x, &others, false);
  STEP(variance, rt_var, x, &others, false, 0);
  out_as(call, y, rt_tensor_dtype(x));
  rti_call_out(call, 1, move_average(call, rti_call_in(call, 3), mean));
  rti_call_out(call, 2, move_average(call, rti_call_in(call, 4), variance));
}

static void run_batch_norm(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  if (rt_tensor_rank(x) < 2) rti_call_fail(call, RT_E_SHAPE, "an input of %d dimensions has no channels", rt_tensor_rank(x));
  // Before opset 7 inference has to be asked for; from 14 on training has.
  if (call->opset < 7 && !rti_call_i(call, "is_test", 0)) rti_call_fail(call, RT_E_UNSUPPORTED, "training mode (is_test=0) is not supported");
  if (!rti_call_i(call, "spatial", 1)) rti_call_fail(call, RT_E_UNSUPPORTED, "spatial=0 is not supported");
  if (rti_call_i(call, "training_mode", 0)) {
    train_batch_norm(call, x);
    return;
  }
  if (rti_call_wants(call, 1) || rti_call_wants(call, 2)) rti_call_fail(call, RT_E_FORMAT, "only training mode has more than one output");
  STEP(y, rt_batch_norm, x, rti_call_in(call, 3), rti_call_in(call, 4), rti_call_in(call, 1), rti_call_in(call, 2), 1, epsilon(call));
  out_as(call, y, rt_tensor_dtype(x));
}

static const rti_onnx_op rows[] = {
    // name                  since in    out attributes run
    {"BatchNormalization",      1, 5, 5, 1, "consumed_inputs:- epsilon:f is_test:i momentum:- spatial:i", run_batch_norm, NULL, NULL},
    {"BatchNormalization",      7, 5, 5, 1, "epsilon:f momentum:- spatial:i", run_batch_norm, NULL, NULL},
    {"BatchNormalization",      9, 5, 5, 1, "epsilon:f momentum:-", run_batch_norm, NULL, NULL},
    {"BatchNormalization",     14, 5, 5, 3, "epsilon:f momentum:f training_mode:i", run_batch_norm, NULL, NULL},
    {"InstanceNormalization",   1, 3, 3, 1, "consumed_inputs:- epsilon:f", run_instance_norm, NULL, NULL},
    {"GroupNormalization",     18, 3, 3, 1, "epsilon:f num_groups:i", run_group_norm, NULL, NULL},
    {"GroupNormalization",     21, 3, 3, 1, "epsilon:f num_groups:i stash_type:i", run_group_norm, NULL, NULL},
    {"LayerNormalization",     17, 2, 3, 3, "axis:i epsilon:f stash_type:i", run_layer_norm, NULL, NULL},
    {"RMSNormalization",       23, 2, 2, 1, "axis:i epsilon:f stash_type:i", run_rms_norm, NULL, NULL},
};

const rti_onnx_ops rti_onnx_norm_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
