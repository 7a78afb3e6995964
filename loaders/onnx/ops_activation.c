// SPDX-License-Identifier: BSD-3-Clause
// ONNX activations and softmax. What Trivet has no row for is made of rows that it has.
#include <string.h>

#include "ops.h"

static void run_unary(rti_onnx_call *call) {
  STEP(y, call->node->row->unary, rti_call_in(call, 0));
  rti_call_out(call, 0, y);
}

static void run_relu(rti_onnx_call *call) {
  rt_tensor *x = rti_call_take(call, 0);
  if (!x) {
    run_unary(call);
    return;
  }
  call->status = rt_relu_into(x, x);
  rti_call_out(call, 0, x);
}

static void run_leaky_relu(rti_onnx_call *call) {
  STEP(y, rt_leaky_relu, rti_call_in(call, 0), rti_call_f(call, "alpha", 0.01f));
  rti_call_out(call, 0, y);
}

static void run_elu(rti_onnx_call *call) {
  STEP(y, rt_elu, rti_call_in(call, 0), rti_call_f(call, "alpha", 1));
  rti_call_out(call, 0, y);
}

static void run_selu(rti_onnx_call *call) {
  const bool old = call->opset < 6;
  STEP(y, rt_elu, rti_call_in(call, 0), rti_call_f(call, "alpha", old ? 1.6732f : 1.67326319217681884765625f));
  STEP(scaled, rt_mul_scalar, y, rt_float(rti_call_f(call, "gamma", old ? 1.0507f : 1.05070102214813232421875f)));
  rti_call_out(call, 0, scaled);
}

static void run_celu(rti_onnx_call *call) {
  STEP(y, rt_celu, rti_call_in(call, 0), rti_call_f(call, "alpha", 1));
  rti_call_out(call, 0, y);
}

static void run_gelu(rti_onnx_call *call) {
  const char *how = rti_call_s(call, "approximate", "none");
  const bool tanh = !strcmp(how, "tanh");
  if (!tanh && strcmp(how, "none") != 0) rti_call_fail(call, RT_E_UNSUPPORTED, "approximate '%.40s' is neither none nor tanh", how);
  STEP(y, tanh ? rt_gelu_tanh : rt_gelu, rti_call_in(call, 0));
  rti_call_out(call, 0, y);
}

static void run_prelu(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *slope = rti_call_in(call, 1);
  rti_call_same_dtype(call, x, slope);
  // Before opset 7 a slope of one axis belongs to the channels.
  if (call->opset < 7 && rt_tensor_rank(slope) == 1 && rt_tensor_numel(slope) != 1 && rt_tensor_rank(x) > 2) {
    int64_t shape[RT_MAX_RANK];
    const int32_t rank = rt_tensor_rank(x) - 1;
    for (int32_t i = 0; i < rank; i++) shape[i] = i == 0 ? rt_tensor_numel(slope) : 1;
    STEP_TO(slope, rt_reshape, slope, rank, shape);
  }
  STEP(scaled, rt_mul, x, slope);
  STEP(is_low, rt_lt_scalar, x, rt_int(0));
  STEP(y, rt_where, is_low, scaled, x);
  rti_call_out(call, 0, y);
}

static void run_hard_sigmoid(rti_onnx_call *call) { // max(0, min(1, alpha x + beta)); the row rt_hardsigmoid has numbers of its own
  STEP(scaled, rt_mul_scalar, rti_call_in(call, 0), rt_float(rti_call_f(call, "alpha", 0.2f)));
  STEP(moved, rt_add_scalar, scaled, rt_float(rti_call_f(call, "beta", 0.5)));
  STEP(low, rt_minimum_scalar, moved, rt_float(1));
  STEP(y, rt_maximum_scalar, low, rt_float(0));
  rti_call_out(call, 0, y);
}

static void run_thresholded_relu(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  STEP(is_above, rt_gt_scalar, x, rt_float(rti_call_f(call, "alpha", 1)));
  STEP(zero, rt_full, call->ctx, rt_tensor_dtype(x), 0, NULL, rt_float(0));
  STEP(y, rt_where, is_above, x, zero);
  rti_call_out(call, 0, y);
}

static void run_swish(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  STEP(scaled, rt_mul_scalar, x, rt_float(rti_call_f(call, "alpha", 1)));
  STEP(gate, rt_sigmoid, scaled);
  STEP(y, rt_mul, x, gate);
  rti_call_out(call, 0, y);
}

static void run_shrink(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const double bias = rti_call_f(call, "bias", 0), edge = rti_call_f(call, "lambd", 0.5);
  STEP(zero, rt_full, call->ctx, rt_tensor_dtype(x), 0, NULL, rt_float(0));
  STEP(is_low, rt_lt_scalar, x, rt_float(-edge));
  STEP(is_high, rt_gt_scalar, x, rt_float(edge));
  STEP(raised, rt_add_scalar, x, rt_float(bias));
  STEP(lowered, rt_sub_scalar, x, rt_float(bias));
  STEP(rest, rt_where, is_high, lowered, zero);
  STEP(y, rt_where, is_low, raised, rest);
  rti_call_out(call, 0, y);
}

// ---- softmax -------------------------------------------------------------------------------------------------------------------------------

static rt_status softmax_of(const rti_onnx_call *call, const rt_tensor *x, int32_t axis, rt_tensor **out) {
  return strcmp(call->node->op, "Softmax") == 0 ? rt_softmax(x, axis, out) : rt_log_softmax(x, axis, out);
}

static void run_softmax(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int32_t axis = rti_call_axis(call, rti_call_i(call, "axis", -1), rt_tensor_rank(x));
  STEP(y, softmax_of, call, x, axis);
  rti_call_out(call, 0, y);
}

// Before opset 13 everything from `axis` on is one row.
static void run_softmax_1(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int32_t rank = rt_tensor_rank(x);
  const int64_t *shape = rt_tensor_shape(x);
  const int32_t axis = rti_call_axis(call, rti_call_i(call, "axis", 1), rank);
  if (call->status != RT_OK) return;
  const int64_t flat_shape[2] = {rti_call_product(call, shape, 0, axis), rti_call_product(call, shape, axis, rank)};
  STEP(flat, rt_reshape, x, 2, flat_shape);
  STEP(flat_y, softmax_of, call, flat, 1);
  STEP(y, rt_reshape, flat_y, rank, shape);
  rti_call_out(call, 0, y);
}

static const rti_onnx_op rows[] = {
    // name           since in    out attributes                  run               shared function
    {"Relu",             1, 1, 1, 1, "consumed_inputs:-",         run_relu,         rt_relu, NULL},
    {"Sigmoid",          1, 1, 1, 1, "consumed_inputs:-",         run_unary,        rt_sigmoid, NULL},
    {"Tanh",             1, 1, 1, 1, "consumed_inputs:-",         run_unary,        rt_tanh, NULL},
    {"Softplus",         1, 1, 1, 1, "",                          run_unary,        rt_softplus, NULL},
    {"Softsign",         1, 1, 1, 1, "",                          run_unary,        rt_softsign, NULL},
    {"LeakyRelu",        1, 1, 1, 1, "alpha:f consumed_inputs:-", run_leaky_relu,   NULL, NULL},
    {"Elu",              1, 1, 1, 1, "alpha:f consumed_inputs:-", run_elu,          NULL, NULL},
    {"Selu",             1, 1, 1, 1, "alpha:f gamma:f consumed_inputs:-", run_selu, NULL, NULL},
    {"Celu",            12, 1, 1, 1, "alpha:f",                   run_celu,         NULL, NULL},
    {"Gelu",            20, 1, 1, 1, "approximate:s",             run_gelu,         NULL, NULL},
    {"PRelu",            1, 2, 2, 1, "consumed_inputs:-",         run_prelu,        NULL, NULL},
    {"HardSigmoid",      1, 1, 1, 1, "alpha:f beta:f consumed_inputs:-", run_hard_sigmoid, NULL, NULL},
    {"HardSwish",       14, 1, 1, 1, "",                          run_unary,        rt_hardswish, NULL},
    {"ThresholdedRelu", 10, 1, 1, 1, "alpha:f",                   run_thresholded_relu, NULL, NULL},
    {"Mish",            18, 1, 1, 1, "",                          run_unary,        rt_mish, NULL},
    {"Swish",           24, 1, 1, 1, "alpha:f",                   run_swish,        NULL, NULL},
    {"Shrink",           9, 1, 1, 1, "bias:f lambd:f",            run_shrink,       NULL, NULL},
    {"Softmax",          1, 1, 1, 1, "axis:i",                    run_softmax_1,    NULL, NULL},
    {"Softmax",         13, 1, 1, 1, "axis:i",                    run_softmax,      NULL, NULL},
    {"LogSoftmax",       1, 1, 1, 1, "axis:i",                    run_softmax_1,    NULL, NULL},
    {"LogSoftmax",      13, 1, 1, 1, "axis:i",                    run_softmax,      NULL, NULL},
};

const rti_onnx_ops rti_onnx_activation_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
