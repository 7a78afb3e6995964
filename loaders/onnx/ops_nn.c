// SPDX-License-Identifier: BSD-3-Clause
// ONNX layers: convolution, pooling, matrix products, normalisation. Windows are checked here because the C API counts them in 32 bits.
#include <string.h>

#include "ops.h"

// ---- windows -----------------------------------------------------------------------------------------------------------------------------------

// Copies a list of one number per spatial axis into `out`; `fallback` where there is none.
static void window_list(rti_onnx_call *call, const char *name, int32_t n_spatial, int64_t low, int64_t fallback, int64_t *out) {
  int64_t n;
  const int64_t *list = rti_call_list(call, name, &n);
  if (list && n != n_spatial) rti_call_fail(call, RT_E_SHAPE, "%s has %lld numbers for %d spatial axes", name, (long long)n, n_spatial);
  for (int32_t i = 0; i < n_spatial; i++) {
    out[i] = call->status == RT_OK && list ? list[i] : fallback;
    if (out[i] < low || out[i] > INT32_MAX) rti_call_fail(call, RT_E_ARGUMENT, "%s: %lld is out of range", name, (long long)out[i]);
  }
}

typedef struct window { int64_t size[3], stride[3], dilation[3], low[3], high[3]; } window;

// pads, or what auto_pad makes of the extents.
static void window_pads(rti_onnx_call *call, const int64_t *extents, int32_t n_spatial, window *w) {
  const char *mode = rti_call_s(call, "auto_pad", "NOTSET");
  const bool upper = !strcmp(mode, "SAME_UPPER"), lower = !strcmp(mode, "SAME_LOWER");
  int64_t n;
  const int64_t *pads = rti_call_list(call, "pads", &n);
  if (!upper && !lower && strcmp(mode, "VALID") != 0 && strcmp(mode, "NOTSET") != 0 && mode[0])
    rti_call_fail(call, RT_E_UNSUPPORTED, "auto_pad '%.40s' is not known", mode);
  if (!strcmp(mode, "VALID")) pads = NULL;
  if (pads && n != 2 * n_spatial) rti_call_fail(call, RT_E_SHAPE, "pads has %lld numbers for %d spatial axes", (long long)n, n_spatial);
  if (call->status != RT_OK) return;
  for (int32_t i = 0; i < n_spatial; i++) {
    w->low[i] = pads ? pads[i] : 0;
    w->high[i] = pads ? pads[i + n_spatial] : 0;
    if (upper || lower) { // the output has ceil(extent / stride) elements; no term passes 2^63 because size and dilation fit 31 bits
      const int64_t extent = extents[i], outputs = extent / w->stride[i] + (extent % w->stride[i] != 0);
      const int64_t reach = (w->size[i] - 1) * w->dilation[i] + 1;
      int64_t total = outputs > 0 ? (outputs - 1) * w->stride[i] - extent + reach : 0;
      if (total < 0) total = 0;
      w->low[i] = upper ? total / 2 : total - total / 2;
      w->high[i] = total - w->low[i];
    }
    if (w->low[i] < 0 || w->high[i] < 0 || w->low[i] > INT32_MAX || w->high[i] > INT32_MAX)
      rti_call_fail(call, RT_E_ARGUMENT, "pads %lld and %lld are out of range", (long long)w->low[i], (long long)w->high[i]);
  }
}

static int32_t spatial_rank(rti_onnx_call *call, const rt_tensor *x) {
  const int32_t n = rt_tensor_rank(x) - 2;
  if (n < 1 || n > 3) rti_call_fail(call, n > 3 ? RT_E_UNSUPPORTED : RT_E_SHAPE, "%d spatial axes, not 1 to 3", n);
  return call->status == RT_OK ? n : 0;
}

static rt_window public_window(const window *w, int32_t n_spatial, bool with_size) {
  rt_window out = {0};
  for (int32_t i = 0; i < n_spatial; i++) {
    if (with_size) out.size[i] = (int32_t)w->size[i];
    out.stride[i] = (int32_t)w->stride[i];
    out.dilation[i] = (int32_t)w->dilation[i];
    out.pad_lo[i] = (int32_t)w->low[i];
    out.pad_hi[i] = (int32_t)w->high[i];
  }
  return out;
}

// ---- convolution -------------------------------------------------------------------------------------------------------------------------------

// Reads the window of a convolution whose weight has `n` spatial axes. False after a failure.
static bool conv_window(rti_onnx_call *call, const rt_tensor *x, const rt_tensor *weight, int32_t n, window *w) {
  if (rt_tensor_rank(weight) != n + 2) rti_call_fail(call, RT_E_SHAPE, "a weight of %d dimensions for an input of %d", rt_tensor_rank(weight), n + 2);
  if (call->status != RT_OK) return false;
  window_list(call, "strides", n, 1, 1, w->stride);
  window_list(call, "dilations", n, 1, 1, w->dilation);
  int64_t stated[3];
  window_list(call, "kernel_shape", n, 1, 1, stated);
  for (int32_t i = 0; i < n && call->status == RT_OK; i++) {
    w->size[i] = rt_tensor_shape(weight)[i + 2];
    if (w->size[i] < 1 || w->size[i] > INT32_MAX) rti_call_fail(call, RT_E_SHAPE, "a weight with an extent of %lld", (long long)w->size[i]);
    if (rti_call_attr(call, "kernel_shape") && stated[i] != w->size[i])
      rti_call_fail(call, RT_E_SHAPE, "kernel_shape says %lld where the weight has %lld", (long long)stated[i], (long long)w->size[i]);
  }
  if (call->status == RT_OK) window_pads(call, rt_tensor_shape(x) + 2, n, w);
  return call->status == RT_OK;
}

static int32_t get_groups(rti_onnx_call *call) {
  const int64_t groups = rti_call_i(call, "group", 1);
  if (groups < 1 || groups > INT32_MAX) rti_call_fail(call, RT_E_ARGUMENT, "group is %lld", (long long)groups);
  return call->status == RT_OK ? (int32_t)groups : 1;
}

static void run_conv(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *weight = rti_call_in(call, 1), *bias = rti_call_in(call, 2);
  rti_call_same_dtype(call, x, weight);
  rti_call_same_dtype(call, x, bias);
  const int32_t n = spatial_rank(call, x);
  window w = {0};
  if (!conv_window(call, x, weight, n, &w)) return;
  rt_window public = public_window(&w, n, false);
  public.groups = get_groups(call);
  STEP(y, rt_conv, x, weight, bias, &public);
  rti_call_out(call, 0, y);
}

// Spreads an axis out: stride-1 zeros between its elements.
static const rt_tensor *spread(rti_onnx_call *call, const rt_tensor *x, int32_t axis, int64_t stride) {
  if (stride == 1 || call->status != RT_OK || rt_tensor_shape(x)[axis] < 2) return x;
  const int32_t rank = rt_tensor_rank(x);
  int64_t shape[RT_MAX_RANK], low[RT_MAX_RANK] = {0}, high[RT_MAX_RANK] = {0};
  memcpy(shape, rt_tensor_shape(x), (size_t)rank * sizeof *shape);
  const int64_t extent = shape[axis];
  if (__builtin_mul_overflow(extent, stride, &shape[axis])) rti_call_fail(call, RT_E_SHAPE, "an extent above 2^63-1");
  high[axis + 1] = stride - 1;
  STEP(apart, rt_unsqueeze, x, axis + 1);
  STEP(padded, rt_pad, apart, low, high, RT_PAD_CONSTANT, rt_float(0));
  STEP(merged, rt_reshape, padded, rank, shape);
  STEP(y, rt_slice, merged, axis, 0, (extent - 1) * stride + 1, 1);
  return y;
}

// [C, M/g, ...] of a transposed convolution as the weight [M, C/g, ...] of a plain one, spatial axes reversed.
static const rt_tensor *turn_weight(rti_onnx_call *call, const rt_tensor *weight, int32_t n, int32_t groups) {
  const int64_t *s = rt_tensor_shape(weight);
  int64_t split[6] = {groups, s[0] / groups, s[1]}, merged[5] = {0, s[0] / groups};
  if (s[0] % groups != 0) rti_call_fail(call, RT_E_SHAPE, "%lld channels do not make %d groups", (long long)s[0], groups);
  if (__builtin_mul_overflow(s[1], (int64_t)groups, &merged[0])) rti_call_fail(call, RT_E_SHAPE, "an extent above 2^63-1");
  rt_axes spatial = {.count = n};
  for (int32_t i = 0; i < n; i++) {
    split[i + 3] = merged[i + 2] = s[i + 2];
    spatial.axis[i] = i + 2;
  }
  STEP(apart, rt_reshape, weight, n + 3, split);
  STEP(swapped, rt_transpose, apart, 1, 2);
  STEP(joined, rt_reshape, swapped, n + 2, merged);
  STEP(turned, rt_flip, joined, &spatial);
  return turned;
}

// Where the output's shape is stated, or auto_pad asks for stride times the input, the pads follow from it.
static void transposed_pads(rti_onnx_call *call, const rt_tensor *x, int32_t n, const int64_t *extra, window *w) {
  const char *mode = rti_call_s(call, "auto_pad", "NOTSET");
  const bool same = strncmp(mode, "SAME", 4) == 0, stated = rti_call_attr(call, "output_shape") != NULL;
  int64_t shape[3];
  window_list(call, "output_shape", n, 0, 0, shape);
  if (call->status != RT_OK || (!same && !stated)) return;
  for (int32_t i = 0; i < n; i++) {
    const int64_t extent = rt_tensor_shape(x)[i + 2];
    if (extent < 1 || extent > INT32_MAX) rti_call_fail(call, RT_E_SHAPE, "an input extent of %lld", (long long)extent);
    if (call->status != RT_OK) return;
    const int64_t whole = (extent - 1) * w->stride[i] + extra[i] + (w->size[i] - 1) * w->dilation[i] + 1;
    const int64_t total = whole - (stated ? shape[i] : extent * w->stride[i]);
    const int64_t half = total > 0 ? total / 2 : total; // what the windows do not reach is added at the end
    w->high[i] = total > 0 && strcmp(mode, "SAME_UPPER") == 0 ? total - half : half;
    w->low[i] = total - w->high[i];
  }
}

// A plain convolution over the input with zeros between its elements. Negative pads of that convolution cut the input instead.
static void run_conv_transpose(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *weight = rti_call_in(call, 1), *bias = rti_call_in(call, 2);
  rti_call_same_dtype(call, x, weight);
  rti_call_same_dtype(call, x, bias);
  const int32_t n = spatial_rank(call, x), groups = get_groups(call);
  window w = {0};
  if (!conv_window(call, x, weight, n, &w)) return;
  int64_t extra[3], low[RT_MAX_RANK] = {0}, high[RT_MAX_RANK] = {0};
  window_list(call, "output_padding", n, 0, 0, extra);
  transposed_pads(call, x, n, extra, &w);
  rt_window plain = {.groups = groups};
  for (int32_t i = 0; i < n && call->status == RT_OK; i++) {
    const int64_t reach = (w.size[i] - 1) * w.dilation[i];
    low[i + 2] = reach - w.low[i];
    high[i + 2] = reach - w.high[i] + extra[i];
    plain.dilation[i] = (int32_t)w.dilation[i];
    x = spread(call, x, i + 2, w.stride[i]);
  }
  STEP(padded, rt_pad, x, low, high, RT_PAD_CONSTANT, rt_float(0));
  const rt_tensor *turned = call->status == RT_OK ? turn_weight(call, weight, n, groups) : NULL;
  STEP(y, rt_conv, padded, turned, bias, &plain);
  rti_call_out(call, 0, y);
}

// ---- pooling -----------------------------------------------------------------------------------------------------------------------------------

static void run_pool(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int32_t n = spatial_rank(call, x);
  window w = {0};
  if (!rti_call_attr(call, "kernel_shape")) rti_call_fail(call, RT_E_FORMAT, "kernel_shape is missing");
  window_list(call, "kernel_shape", n, 1, 1, w.size);
  window_list(call, "strides", n, 1, 1, w.stride);
  window_list(call, "dilations", n, 1, 1, w.dilation);
  if (call->status == RT_OK) window_pads(call, rt_tensor_shape(x) + 2, n, &w);
  rt_window public = public_window(&w, n, true);
  public.ceil_mode = rti_call_i(call, "ceil_mode", 0) != 0;
  public.count_pad = rti_call_i(call, "count_include_pad", 0) != 0;
  const bool is_max = !strcmp(call->node->op, "MaxPool");
  STEP(y, is_max ? rt_max_pool : rt_avg_pool, x, &public);
  rti_call_out(call, 0, y);
}

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

#define POOL_1 "auto_pad:s kernel_shape:I pads:I strides:I"

static const rti_onnx_op rows[] = {
    // name                  since in    out attributes run
    {"Conv",                    1, 2, 3, 1, "auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I", run_conv, NULL, NULL},
    {"ConvTranspose",           1, 2, 3, 1, "auto_pad:s dilations:I group:i kernel_shape:I output_padding:I output_shape:I pads:I strides:I", run_conv_transpose, NULL, NULL},
    {"MaxPool",                 1, 1, 1, 1, POOL_1, run_pool, NULL, NULL},
    {"MaxPool",                 8, 1, 1, 1, POOL_1 " storage_order:-", run_pool, NULL, NULL}, // the order only concerns the second output
    {"MaxPool",                10, 1, 1, 1, POOL_1 " storage_order:- ceil_mode:i dilations:I", run_pool, NULL, NULL},
    {"AveragePool",             1, 1, 1, 1, POOL_1, run_pool, NULL, NULL},
    {"AveragePool",             7, 1, 1, 1, POOL_1 " count_include_pad:i", run_pool, NULL, NULL},
    {"AveragePool",            10, 1, 1, 1, POOL_1 " count_include_pad:i ceil_mode:i", run_pool, NULL, NULL},
    {"AveragePool",            19, 1, 1, 1, POOL_1 " count_include_pad:i ceil_mode:i dilations:I", run_pool, NULL, NULL},
    {"GlobalAveragePool",       1, 1, 1, 1, "", run_global_pool, NULL, NULL},
    {"GlobalMaxPool",           1, 1, 1, 1, "", run_global_pool, NULL, NULL},
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

const rti_onnx_ops rti_onnx_nn_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
