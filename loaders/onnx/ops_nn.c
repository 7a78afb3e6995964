// SPDX-License-Identifier: BSD-3-Clause
// ONNX layers: global pooling, matrix products, normalisation.
#include <string.h>

#include "ops.h"

// ---- global pooling ----------------------------------------------------------------------------------------------------------------------------

// All axes but the first two.
static rt_axes spatial_axes(const rt_tensor *x) {
  rt_axes axes = {0};
  for (int32_t i = 2; i < rt_tensor_rank(x); i++) axes.axis[axes.count++] = i;
  return axes;
}

static void run_global_pool(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const rt_axes axes = spatial_axes(x);
  if (axes.count == 0) rti_call_fail(call, RT_E_SHAPE, "an input of %d dimensions has no spatial axes", rt_tensor_rank(x));
  const bool is_max = !strcmp(call->node->op, "GlobalMaxPool");
  STEP(y, is_max ? rt_max : rt_mean, x, &axes, true);
  rti_call_out(call, 0, y);
}

static void run_global_lp_pool(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const rt_axes axes = spatial_axes(x);
  const int64_t p = rti_call_i(call, "p", 2);
  if (axes.count == 0) rti_call_fail(call, RT_E_SHAPE, "an input of %d dimensions has no spatial axes", rt_tensor_rank(x));
  if (p != 1 && p != 2) rti_call_fail(call, RT_E_UNSUPPORTED, "p %lld is not supported", (long long)p);
  STEP(y, rt_norm, x, (double)p, &axes, true);
  rti_call_out(call, 0, y);
}

// ---- matrix products ---------------------------------------------------------------------------------------------------------------------------

static void run_matmul(rti_onnx_call *call) {
  const rt_tensor *a = rti_call_in(call, 0), *b = rti_call_in(call, 1);
  rti_call_same_dtype(call, a, b);
  STEP(y, rt_matmul, a, b);
  rti_call_out(call, 0, y);
}

// alpha A B + beta C, where A and B may be turned and C broadcasts to the product.
static void run_gemm(rti_onnx_call *call) {
  const rt_tensor *a = rti_call_in(call, 0), *b = rti_call_in(call, 1), *c = rti_call_in(call, 2);
  const double alpha = rti_call_f(call, "alpha", 1), beta = rti_call_f(call, "beta", 1);
  rti_call_same_dtype(call, a, b);
  rti_call_same_dtype(call, a, c);
  if (rt_tensor_rank(a) != 2 || rt_tensor_rank(b) != 2)
    rti_call_fail(call, RT_E_SHAPE, "matrices of %d and %d dimensions, not 2", rt_tensor_rank(a), rt_tensor_rank(b));
  const rt_dtype dtype = rt_tensor_dtype(a);
  if (rti_call_i(call, "transA", 0)) STEP_TO(a, rt_transpose, a, 0, 1);
  if (rti_call_i(call, "transB", 0)) STEP_TO(b, rt_transpose, b, 0, 1);
  STEP(product, rt_matmul, a, b);
  const rt_tensor *y = product;
  if (alpha != 1) STEP_TO(y, rt_mul_scalar, y, rt_float(alpha));
  if (c && beta != 0 && call->status == RT_OK) {
    if (call->opset < 7 && !rti_call_i(call, "broadcast", 0) && (rt_tensor_rank(c) != 2 || memcmp(rt_tensor_shape(c), rt_tensor_shape(y), 2 * sizeof(int64_t)) != 0))
      rti_call_fail(call, RT_E_SHAPE, "C has another shape than the product, and broadcast is not set");
    STEP(expanded, rt_expand, c, 2, rt_tensor_shape(y)); // C must not enlarge the product
    c = expanded;
    if (beta != 1) STEP_TO(c, rt_mul_scalar, c, rt_float(beta));
    STEP_TO(y, rt_add, y, c);
  }
  if (y && rt_tensor_dtype(y) != dtype) STEP_TO(y, rt_cast, y, dtype); // integers times a fraction
  rti_call_out(call, 0, y);
}

// ---- normalisation -----------------------------------------------------------------------------------------------------------------------------

// A vector of C elements as [C,1,1...], so that it broadcasts along the channels of x.
static const rt_tensor *per_channel(rti_onnx_call *call, const rt_tensor *x, int32_t index) {
  const rt_tensor *vector = rti_call_in(call, index);
  const int32_t rank = rt_tensor_rank(x);
  if (rank < 2 || rt_tensor_rank(vector) != 1 || rt_tensor_numel(vector) != rt_tensor_shape(x)[1]) {
    rti_call_fail(call, RT_E_SHAPE, "input %d must hold one number per channel", index);
    return NULL;
  }
  int64_t shape[RT_MAX_RANK];
  for (int32_t i = 0; i < rank - 1; i++) shape[i] = i == 0 ? rt_tensor_numel(vector) : 1;
  STEP(y, rt_reshape, vector, rank - 1, shape);
  return y;
}

// (x - mean) scale / sqrt(variance + epsilon) + bias. The factor is made first: it is small.
static const rt_tensor *normalise(rti_onnx_call *call, const rt_tensor *centred, const rt_tensor *variance, const rt_tensor *scale, const rt_tensor *bias) {
  STEP(raised, rt_add_scalar, variance, rt_float(rti_call_f(call, "epsilon", 1e-5f)));
  STEP(deviation, rt_sqrt, raised);
  STEP(factor, rt_div, scale, deviation);
  STEP(scaled, rt_mul, centred, factor);
  STEP(y, rt_add, scaled, bias);
  return y;
}

static void run_batch_norm(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  // Before opset 7 inference has to be asked for; from 14 on training has.
  if ((call->opset < 7 && !rti_call_i(call, "is_test", 0)) || rti_call_i(call, "training_mode", 0)) rti_call_fail(call, RT_E_UNSUPPORTED, "training mode is not supported");
  if (!rti_call_i(call, "spatial", 1)) rti_call_fail(call, RT_E_UNSUPPORTED, "spatial=0 is not supported");
  if (call->status != RT_OK) return;
  const rt_tensor *scale = per_channel(call, x, 1), *bias = per_channel(call, x, 2), *mean = per_channel(call, x, 3), *variance = per_channel(call, x, 4);
  const rt_dtype dtype = rt_tensor_dtype(x);
  STEP(centred, rt_sub, x, mean);
  const rt_tensor *y = normalise(call, centred, variance, scale, bias);
  if (y && rt_tensor_dtype(y) != dtype) STEP_TO(y, rt_cast, y, dtype); // statistics may be wider than x
  rti_call_out(call, 0, y);
}

static void run_instance_norm(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const rt_axes axes = spatial_axes(x);
  if (axes.count == 0) rti_call_fail(call, RT_E_SHAPE, "an input of %d dimensions has no spatial axes", rt_tensor_rank(x));
  const rt_tensor *scale = per_channel(call, x, 1), *bias = per_channel(call, x, 2);
  STEP(mean, rt_mean, x, &axes, true);
  STEP(centred, rt_sub, x, mean);
  STEP(squares, rt_square, centred);
  STEP(variance, rt_mean, squares, &axes, true);
  rti_call_out(call, 0, normalise(call, centred, variance, scale, bias));
}

static void run_layer_norm(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *scale = rti_call_in(call, 1), *bias = rti_call_in(call, 2);
  const rt_dtype dtype = rt_tensor_dtype(x);
  const int32_t rank = rt_tensor_rank(x), first = rti_call_axis(call, rti_call_i(call, "axis", -1), rank);
  rt_axes axes = {0};
  for (int32_t i = first; i < rank; i++) axes.axis[axes.count++] = i;
  if (rti_call_i(call, "stash_type", 1) != 1) rti_call_fail(call, RT_E_UNSUPPORTED, "stash_type %lld is not supported", (long long)rti_call_i(call, "stash_type", 1));
  // stash_type 1: narrow floats are normalised in f32, and come back before the scale.
  const bool narrow = dtype == RT_F16 || dtype == RT_BF16;
  if (narrow) STEP_TO(x, rt_cast, x, RT_F32);
  STEP(mean, rt_mean, x, &axes, true);
  STEP(centred, rt_sub, x, mean);
  STEP(squares, rt_square, centred);
  STEP(variance, rt_mean, squares, &axes, true);
  STEP(raised, rt_add_scalar, variance, rt_float(rti_call_f(call, "epsilon", 1e-5f)));
  STEP(inverse, rt_rsqrt, raised);
  STEP(normal, rt_mul, centred, inverse);
  const rt_tensor *y = normal;
  if (narrow) STEP_TO(y, rt_cast, y, dtype);
  STEP_TO(y, rt_mul, y, scale);
  if (bias) STEP_TO(y, rt_add, y, bias);
  rti_call_out(call, 0, y);
  rti_call_out(call, 1, mean);
  rti_call_out(call, 2, inverse);
}

// x / (bias + alpha / size * sum of squares over `size` neighbouring channels) ^ beta
static void run_lrn(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int64_t size = rti_call_i(call, "size", 0);
  const int32_t rank = rt_tensor_rank(x);
  if (rank < 2 || size < 1 || size > INT32_MAX) rti_call_fail(call, RT_E_ARGUMENT, "size %lld over %d dimensions", (long long)size, rank);
  if (call->status != RT_OK) return;
  int64_t low[RT_MAX_RANK] = {0}, high[RT_MAX_RANK] = {0};
  low[1] = (size - 1) / 2;
  high[1] = size - 1 - low[1];
  const rt_axes last = {1, {rank}};
  STEP(squares, rt_square, x);
  STEP(padded, rt_pad, squares, low, high, RT_PAD_CONSTANT, rt_int(0));
  STEP(windows, rt_windows, padded, 1, size, 1, 1);
  STEP(sum, rt_sum, windows, &last, false, RT_DTYPE_NONE);
  STEP(scaled, rt_mul_scalar, sum, rt_float(rti_call_f(call, "alpha", 1e-4f) / (double)size));
  STEP(raised, rt_add_scalar, scaled, rt_float(rti_call_f(call, "bias", 1)));
  STEP(divisor, rt_pow_scalar, raised, rt_float(rti_call_f(call, "beta", 0.75)));
  STEP(y, rt_div, x, divisor);
  rti_call_out(call, 0, y);
}

static void run_mean_variance(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  static const int64_t usual[3] = {0, 2, 3};
  int64_t n;
  const int64_t *list = rti_call_list(call, "axes", &n);
  const rt_axes axes = rti_call_axes(call, list ? list : usual, list ? n : 3, rt_tensor_rank(x));
  STEP(mean, rt_mean, x, &axes, true);
  STEP(centred, rt_sub, x, mean);
  STEP(squares, rt_square, centred);
  STEP(variance, rt_mean, squares, &axes, true);
  STEP(deviation, rt_sqrt, variance);
  STEP(divisor, rt_add_scalar, deviation, rt_float(1e-9));
  STEP(y, rt_div, centred, divisor);
  rti_call_out(call, 0, y);
}

static const rti_onnx_op rows[] = {
    // name                  since in    out attributes run
    {"GlobalAveragePool",       1, 1, 1, 1, "", run_global_pool, NULL, NULL},
    {"GlobalMaxPool",           1, 1, 1, 1, "", run_global_pool, NULL, NULL},
    {"GlobalLpPool",            2, 1, 1, 1, "p:i", run_global_lp_pool, NULL, NULL},
    {"MatMul",                  1, 2, 2, 1, "", run_matmul, NULL, NULL},
    {"Gemm",                    1, 3, 3, 1, "alpha:f beta:f broadcast:i transA:i transB:i", run_gemm, NULL, NULL},
    {"Gemm",                    7, 3, 3, 1, "alpha:f beta:f transA:i transB:i", run_gemm, NULL, NULL},
    {"Gemm",                   11, 2, 3, 1, "alpha:f beta:f transA:i transB:i", run_gemm, NULL, NULL},
    {"BatchNormalization",      1, 5, 5, 1, "consumed_inputs:- epsilon:f is_test:i momentum:- spatial:i", run_batch_norm, NULL, NULL},
    {"BatchNormalization",      7, 5, 5, 1, "epsilon:f momentum:- spatial:i", run_batch_norm, NULL, NULL},
    {"BatchNormalization",      9, 5, 5, 1, "epsilon:f momentum:-", run_batch_norm, NULL, NULL},
    {"BatchNormalization",     14, 5, 5, 1, "epsilon:f momentum:- training_mode:i", run_batch_norm, NULL, NULL},
    {"InstanceNormalization",   1, 3, 3, 1, "consumed_inputs:- epsilon:f", run_instance_norm, NULL, NULL},
    {"LRN",                     1, 1, 1, 1, "alpha:f beta:f bias:f size:i", run_lrn, NULL, NULL},
    {"MeanVarianceNormalization", 9, 1, 1, 1, "axes:I", run_mean_variance, NULL, NULL},
    {"LayerNormalization",     17, 2, 3, 3, "axis:i epsilon:f stash_type:i", run_layer_norm, NULL, NULL},
};

const rti_onnx_ops rti_onnx_nn_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows)};
