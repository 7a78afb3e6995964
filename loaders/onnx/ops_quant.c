// SPDX-License-Identifier: BSD-3-Clause
// ONNX quantisation: to 8, 16 and 32-bit integers and back, and matrix products and convolutions of 8-bit integers. A QLinear operation is the
// integer product, scaled back to floats and quantized again.
#include <string.h>

#include "window.h"

// The axis of scales with one element per channel.
static int32_t channel_axis(rti_onnx_call *call, const rt_tensor *x, const rt_tensor *scale) {
  const bool is_read = call->status == RT_OK && rt_tensor_rank(scale) == 1 && rt_tensor_numel(scale) != 1;
  return is_read ? rti_call_axis(call, rti_call_i(call, "axis", 1), rt_tensor_rank(x)) : 0;
}

// A scale or zero point per block of an axis, repeated so that it has the extents of x.
static const rt_tensor *unblocked(rti_onnx_call *call, const rt_tensor *x, const rt_tensor *t) {
  const int64_t block = rti_call_i(call, "block_size", 0);
  if (block == 0 || !t || call->status != RT_OK) return t;
  const int32_t axis = rti_call_axis(call, rti_call_i(call, "axis", 1), rt_tensor_rank(x));
  if (rt_tensor_rank(t) != rt_tensor_rank(x)) rti_call_fail(call, RT_E_SHAPE, "blocks of %lld with a scale of %d dimensions", (long long)block, rt_tensor_rank(t));
  if (call->status != RT_OK) return NULL;
  const int64_t extent = rt_tensor_shape(x)[axis], blocks = rt_tensor_shape(t)[axis];
  if (block < 1 || blocks != extent / block + (extent % block != 0))
    rti_call_fail(call, RT_E_SHAPE, "%lld blocks of %lld for an extent of %lld", (long long)blocks, (long long)block, (long long)extent);
  STEP(repeated, rt_repeat, t, block, axis);
  STEP(y, rt_slice, repeated, axis, 0, extent, 1);
  return y;
}

// output_dtype says the result, or nothing.
static rt_dtype output_dtype(rti_onnx_call *call) {
  const int64_t code = rti_call_i(call, "output_dtype", 0);
  const char *name;
  const rt_dtype dtype = code ? rti_onnx_dtype(code, &name) : RT_DTYPE_NONE;
  if (code && dtype == RT_DTYPE_NONE) rti_call_fail(call, RT_E_UNSUPPORTED, "output_dtype %lld (%s) is not supported", (long long)code, name);
  return dtype;
}

static void run_quantize(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const rt_tensor *scale = unblocked(call, x, rti_call_in(call, 1)), *zero = unblocked(call, x, rti_call_in(call, 2));
  const int32_t axis = channel_axis(call, x, scale);
  const rt_dtype dtype = output_dtype(call);
  if (rti_call_i(call, "precision", 0)) rti_call_fail(call, RT_E_UNSUPPORTED, "precision %lld is not supported", (long long)rti_call_i(call, "precision", 0));
  STEP(y, rt_quantize, x, scale, zero, axis, dtype);
  rti_call_out(call, 0, y);
}

static void run_dequantize(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const rt_tensor *scale = unblocked(call, x, rti_call_in(call, 1)), *zero = unblocked(call, x, rti_call_in(call, 2)), *y = NULL;
  const int32_t axis = channel_axis(call, x, scale);
  const rt_dtype dtype = output_dtype(call);
  STEP_TO(y, rt_dequantize, x, scale, zero, axis);
  if (y && dtype != RT_DTYPE_NONE && rt_tensor_dtype(y) != dtype) STEP_TO(y, rt_cast, y, dtype);
  rti_call_out(call, 0, y);
}

// scale = (max(x, 0) - min(x, 0)) / 255, zero = round(-min(x, 0) / scale) held in u8.
static void run_dynamic_quantize(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  STEP(largest, rt_max, x, NULL, false);
  STEP(smallest, rt_min, x, NULL, false);
  STEP(high, rt_relu, largest);
  STEP(low, rt_minimum_scalar, smallest, rt_int(0));
  STEP(range, rt_sub, high, low);
  STEP(scale, rt_div_scalar, range, rt_int(255));
  STEP(below, rt_neg, low);
  STEP(zero, rt_quantize, below, scale, NULL, 0, RT_U8);
  STEP(y, rt_quantize, x, scale, zero, 0, RT_U8);
  rti_call_out(call, 0, y);
  rti_call_out(call, 1, scale);
  rti_call_out(call, 2, zero);
}

static void run_matmul_integer(rti_onnx_call *call) {
  STEP(y, rt_matmul_integer, rti_call_in(call, 0), rti_call_in(call, 1), rti_call_in(call, 2), rti_call_in(call, 3));
  rti_call_out(call, 0, y);
}

static void run_conv_integer(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *weight = rti_call_in(call, 1);
  const rt_window window = rti_onnx_conv_window(call, x, weight);
  STEP(y, rt_conv_integer, x, weight, rti_call_in(call, 2), rti_call_in(call, 3), &window);
  rti_call_out(call, 0, y);
}

// ---- QLinear -------------------------------------------------------------------------------------------------------------------------------------

// y = product times scale / y_scale, rounded, plus y_zero.
static void requantize(rti_onnx_call *call, const rt_tensor *product, const rt_tensor *scale, int32_t axis, int32_t y_at) {
  STEP(real, rt_dequantize, product, scale, NULL, axis);
  STEP(y, rt_quantize, real, rti_call_in(call, y_at), rti_call_in(call, y_at + 1), 0, RT_DTYPE_NONE);
  rti_call_out(call, 0, y);
}

// A scale per row as a column, so that it multiplies a scale per column.
static const rt_tensor *as_column(rti_onnx_call *call, const rt_tensor *scale) {
  if (call->status != RT_OK || rt_tensor_rank(scale) != 1 || rt_tensor_numel(scale) == 1) return scale;
  STEP(column, rt_unsqueeze, scale, -1);
  return column;
}

// Inputs: a, its scale and zero point, the same of b, scale and zero point of y.
static void run_qlinear_matmul(rti_onnx_call *call) {
  STEP(product, rt_matmul_integer, rti_call_in(call, 0), rti_call_in(call, 3), rti_call_in(call, 2), rti_call_in(call, 5));
  const rt_tensor *a_scale = as_column(call, rti_call_in(call, 1));
  STEP(scale, rt_mul, a_scale, rti_call_in(call, 4));
  requantize(call, product, scale, -1, 6);
}

// The same with a weight for b, and a bias in the product's own scale.
static void run_qlinear_conv(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *weight = rti_call_in(call, 3), *bias = rti_call_in(call, 8);
  const rt_window window = rti_onnx_conv_window(call, x, weight);
  STEP(product, rt_conv_integer, x, weight, rti_call_in(call, 2), rti_call_in(call, 5), &window);
  const rt_tensor *sum = product;
  if (bias && call->status == RT_OK) {
    int64_t shape[RT_MAX_RANK] = {rt_tensor_numel(bias), 1, 1, 1};
    if (rt_tensor_dtype(bias) != RT_I32) rti_call_fail(call, RT_E_DTYPE, "the bias is %s, not i32", rt_dtype_name(rt_tensor_dtype(bias)));
    STEP(spread, rt_reshape, bias, rt_tensor_rank(x) - 1, shape);
    STEP_TO(sum, rt_add, product, spread);
  }
  STEP(scale, rt_mul, rti_call_in(call, 1), rti_call_in(call, 4));
  requantize(call, sum, scale, 1, 6);
}

#define CONV "auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I"

static const rti_onnx_op rows[] = {
    // name                   since in    out attributes run
    {"QuantizeLinear",          10, 2, 3, 1, "", run_quantize, NULL, NULL},
    {"QuantizeLinear",          13, 2, 3, 1, "axis:i", run_quantize, NULL, NULL},
    {"QuantizeLinear",          19, 2, 3, 1, "axis:i saturate:-", run_quantize, NULL, NULL}, // of 8-bit floats only
    {"QuantizeLinear",          21, 2, 3, 1, "axis:i saturate:- block_size:i output_dtype:i", run_quantize, NULL, NULL},
    {"QuantizeLinear",          23, 2, 3, 1, "axis:i saturate:- block_size:i output_dtype:i precision:i", run_quantize, NULL, NULL},
    {"DequantizeLinear",        10, 2, 3, 1, "", run_dequantize, NULL, NULL},
    {"DequantizeLinear",        13, 2, 3, 1, "axis:i", run_dequantize, NULL, NULL},
    {"DequantizeLinear",        21, 2, 3, 1, "axis:i block_size:i", run_dequantize, NULL, NULL},
    {"DequantizeLinear",        23, 2, 3, 1, "axis:i block_size:i output_dtype:i", run_dequantize, NULL, NULL},
    {"DynamicQuantizeLinear",   11, 1, 1, 3, "", run_dynamic_quantize, NULL, NULL},
    {"MatMulInteger",           10, 2, 4, 1, "", run_matmul_integer, NULL, NULL},
    {"ConvInteger",             10, 2, 4, 1, CONV, run_conv_integer, NULL, NULL},
    {"QLinearMatMul",           10, 8, 8, 1, "", run_qlinear_matmul, NULL, NULL},
    {"QLinearConv",             10, 8, 9, 1, CONV, run_qlinear_conv, NULL, NULL},
};

const rti_onnx_ops rti_onnx_quant_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
