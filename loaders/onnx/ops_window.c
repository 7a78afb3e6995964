// SPDX-License-Identifier: BSD-3-Clause
// ONNX operations with a sliding window: convolutions and pooling. Windows are checked here because the C API counts them in 32 bits.
#include <string.h>

#include "window.h"

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

rt_window rti_onnx_conv_window(rti_onnx_call *call, const rt_tensor *x, const rt_tensor *weight) {
  const int32_t n = spatial_rank(call, x);
  window w = {0};
  rt_window public = {0};
  if (conv_window(call, x, weight, n, &w)) public = public_window(&w, n, false);
  public.groups = get_groups(call);
  return public;
}

static void run_conv(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *weight = rti_call_in(call, 1), *bias = rti_call_in(call, 2);
  rti_call_same_dtype(call, x, weight);
  rti_call_same_dtype(call, x, bias);
  const rt_window public = rti_onnx_conv_window(call, x, weight);
  STEP(y, rt_conv, x, weight, bias, &public);
  rti_call_out(call, 0, y);
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

static void run_conv_transpose(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *weight = rti_call_in(call, 1), *bias = rti_call_in(call, 2);
  rti_call_same_dtype(call, x, weight);
  rti_call_same_dtype(call, x, bias);
  const int32_t n = spatial_rank(call, x);
  window w = {0};
  if (!conv_window(call, x, weight, n, &w)) return;
  int64_t extra[3];
  window_list(call, "output_padding", n, 0, 0, extra);
  transposed_pads(call, x, n, extra, &w);
  for (int32_t i = 0; i < n && call->status == RT_OK; i++) {
    if (w.high[i] < 0) extra[i] -= w.high[i], w.high[i] = 0;
    if (w.low[i] > INT32_MAX || w.high[i] > INT32_MAX || extra[i] > INT32_MAX) rti_call_fail(call, RT_E_SHAPE, "pads or output_shape are out of range");
  }
  rt_window public = public_window(&w, n, false);
  public.groups = get_groups(call);
  for (int32_t i = 0; i < n && call->status == RT_OK; i++) public.output_pad[i] = (int32_t)extra[i];
  STEP(y, rt_conv_transpose, x, weight, bias, &public);
  rti_call_out(call, 0, y);
}

// ---- pooling -----------------------------------------------------------------------------------------------------------------------------------

// The window of a pooling node for x of `n` spatial axes.
static window pool_window(rti_onnx_call *call, int32_t n) {
  window w = {0};
  if (!rti_call_attr(call, "kernel_shape")) rti_call_fail(call, RT_E_FORMAT, "kernel_shape is missing");
  window_list(call, "kernel_shape", n, 1, 1, w.size);
  window_list(call, "strides", n, 1, 1, w.stride);
  window_list(call, "dilations", n, 1, 1, w.dilation);
  return w;
}

// Indices within the spatial axes of x, as the C API has them, to indices within all of x, whose spatial axes may be counted in column order.
static const rt_tensor *whole_indices(rti_onnx_call *call, const rt_tensor *x, const rt_tensor *index, bool by_columns) {
  if (call->status != RT_OK) return NULL;
  const int32_t rank = rt_tensor_rank(x);
  const int64_t *shape = rt_tensor_shape(x), planes = rti_call_product(call, shape, 0, 2), plane = rti_call_product(call, shape, 2, rank);
  if (by_columns) {
    const rt_tensor *rest = index, *turned = NULL;
    for (int32_t d = rank - 1; d >= 2; d--) {
      STEP(coordinate, rt_remainder_scalar, rest, rt_int(shape[d]));
      STEP(scaled, rt_mul_scalar, coordinate, rt_int(rti_call_product(call, shape, 2, d)));
      if (turned) STEP_TO(turned, rt_add, turned, scaled);
      else turned = scaled;
      STEP_TO(rest, rt_floor_div_scalar, rest, rt_int(shape[d]));
    }
    index = turned;
  }
  int64_t per_plane[RT_MAX_RANK] = {shape[0], shape[1]};
  for (int32_t d = 2; d < rank; d++) per_plane[d] = 1;
  STEP(numbers, rt_arange, call->ctx, RT_I64, rt_int(0), rt_int(planes), rt_int(1));
  STEP(firsts, rt_mul_scalar, numbers, rt_int(plane));
  STEP(spread, rt_reshape, firsts, rank, per_plane);
  STEP(y, rt_add, index, spread);
  return y;
}

static void run_pool(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int32_t n = spatial_rank(call, x);
  window w = pool_window(call, n);
  if (call->status == RT_OK) window_pads(call, rt_tensor_shape(x) + 2, n, &w);
  rt_window public = public_window(&w, n, true);
  public.ceil_mode = rti_call_i(call, "ceil_mode", 0) != 0;
  public.count_pad = rti_call_i(call, "count_include_pad", 0) != 0;
  const bool is_max = !strcmp(call->node->op, "MaxPool");
  const bool is_norm = !strcmp(call->node->op, "LpPool");
  const rt_tensor *y = NULL;
  if (is_norm) STEP_TO(y, rt_lp_pool, x, (double)rti_call_i(call, "p", 2), &public);
  else STEP_TO(y, is_max ? rt_max_pool : rt_avg_pool, x, &public);
  rti_call_out(call, 0, y);
  if (!rti_call_wants(call, 1)) return;
  STEP(index, rt_max_pool_indices, x, &public);
  rti_call_out(call, 1, whole_indices(call, x, index, rti_call_i(call, "storage_order", 0) != 0));
}

// Elements of x go where the indices say, within a tensor of the extents that pooling would have come from; more extents are zeros at the ends.
static void run_max_unpool(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *index = rti_call_in(call, 1);
  const int32_t n = spatial_rank(call, x);
  window w = pool_window(call, n);
  if (call->status == RT_OK) window_pads(call, rt_tensor_shape(x) + 2, n, &w);
  if (call->status != RT_OK) return;
  int64_t shape[RT_MAX_RANK], low[RT_MAX_RANK] = {0}, high[RT_MAX_RANK] = {0}, n_sizes;
  const int64_t *sizes = rti_call_ints(call, 2, &n_sizes), count = rt_tensor_numel(x);
  memcpy(shape, rt_tensor_shape(x), (size_t)(n + 2) * sizeof *shape);
  if (sizes && n_sizes != n + 2) rti_call_fail(call, RT_E_SHAPE, "output_shape has %lld numbers for %d dimensions", (long long)n_sizes, n + 2);
  for (int32_t i = 0; i < n && call->status == RT_OK; i++) {
    int64_t *extent = &shape[i + 2];
    if (*extent < 1 || *extent > INT32_MAX) rti_call_fail(call, RT_E_SHAPE, "an input extent of %lld", (long long)*extent);
    *extent = (*extent - 1) * w.stride[i] + w.size[i] - w.low[i] - w.high[i];
    high[i + 2] = sizes ? sizes[i + 2] - *extent : 0;
    if (*extent < 1 || high[i + 2] < 0) rti_call_fail(call, RT_E_SHAPE, "an output extent of %lld instead of %lld", (long long)(sizes ? sizes[i + 2] : 0), (long long)*extent);
  }
  const int64_t numel = rti_call_product(call, shape, 0, n + 2);
  STEP(values, rt_reshape, x, 1, &count);
  STEP(places, rt_reshape, index, 1, &count);
  STEP(nothing, rt_zeros, call->ctx, rt_tensor_dtype(x), 1, &numel);
  STEP(flat, rt_scatter, nothing, places, values, 0, RT_SCATTER_SET);
  STEP(whole, rt_reshape, flat, n + 2, shape);
  STEP(y, rt_pad, whole, low, high, RT_PAD_CONSTANT, rt_int(0));
  rti_call_out(call, 0, y);
}

#define POOL_1 "auto_pad:s kernel_shape:I pads:I strides:I"

static const rti_onnx_op rows[] = {
    // name         since in    out attributes run
    {"Conv",           1, 2, 3, 1, "auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I", run_conv, NULL, NULL},
    {"ConvTranspose",  1, 2, 3, 1, "auto_pad:s dilations:I group:i kernel_shape:I output_padding:I output_shape:I pads:I strides:I", run_conv_transpose, NULL, NULL},
    {"MaxPool",        1, 1, 1, 1, POOL_1, run_pool, NULL, NULL},
    {"MaxPool",        8, 1, 1, 2, POOL_1 " storage_order:i", run_pool, NULL, NULL},
    {"MaxPool",       10, 1, 1, 2, POOL_1 " storage_order:i ceil_mode:i dilations:I", run_pool, NULL, NULL},
    {"MaxUnpool",      9, 2, 3, 1, "kernel_shape:I pads:I strides:I", run_max_unpool, NULL, NULL},
    {"LpPool",         2, 1, 1, 1, POOL_1 " p:i", run_pool, NULL, NULL},
    {"LpPool",        18, 1, 1, 1, POOL_1 " p:i ceil_mode:i dilations:I", run_pool, NULL, NULL},
    {"AveragePool",    1, 1, 1, 1, POOL_1, run_pool, NULL, NULL},
    {"AveragePool",    7, 1, 1, 1, POOL_1 " count_include_pad:i", run_pool, NULL, NULL},
    {"AveragePool",   10, 1, 1, 1, POOL_1 " count_include_pad:i ceil_mode:i", run_pool, NULL, NULL},
    {"AveragePool",   19, 1, 1, 1, POOL_1 " count_include_pad:i ceil_mode:i dilations:I", run_pool, NULL, NULL},
};

const rti_onnx_ops rti_onnx_window_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows)};
