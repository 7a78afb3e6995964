// SPDX-License-Identifier: BSD-3-Clause
// Resize and Upsample: what a node says, as an rt_resampling.
#include <math.h>
#include <string.h>

#include "ops.h"

// A float input as doubles; NULL when left out or without elements.
static const double *get_floats(rti_onnx_call *call, int32_t index, int64_t *out_n) {
  const rt_tensor *tensor = rti_call_in(call, index);
  *out_n = tensor ? rt_tensor_numel(tensor) : 0;
  if (*out_n > 2 * RT_MAX_RANK) rti_call_fail(call, RT_E_SHAPE, "input %d holds %lld numbers, more than %d", index, (long long)*out_n, 2 * RT_MAX_RANK);
  if (*out_n == 0) return NULL;
  STEP(wide, rt_cast, tensor, RT_F64);
  double *values = rti_call_buffer(call, (uint64_t)*out_n, sizeof *values);
  if (values) call->status = rt_read(wide, values, (size_t)*out_n * sizeof *values);
  return call->status == RT_OK ? values : NULL;
}

// The position of text in a list; fails when it is not there.
static int find(rti_onnx_call *call, const char *attribute, const char *text, const char *const *list) {
  for (int i = 0; list[i]; i++)
    if (!strcmp(list[i], text)) return i;
  rti_call_fail(call, RT_E_UNSUPPORTED, "%s '%.40s' is not known", attribute, text);
  return 0;
}

static rt_resampling get_how(rti_onnx_call *call, const char *transform, const char *rounding) {
  static const char *const grids[] = {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn",
                                      "tf_crop_and_resize", NULL}; // in the order of rt_resize_grid
  static const char *const rounds[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", NULL};
  static const char *const modes[] = {"nearest", "linear", "cubic", "bilinear", NULL};
  const int mode = find(call, "mode", rti_call_s(call, "mode", "nearest"), modes);
  const double cubic = rti_call_f(call, "cubic_coeff_a", -0.75);
  if (cubic == 0) rti_call_fail(call, RT_E_UNSUPPORTED, "cubic_coeff_a 0 is not supported");
  return (rt_resampling){.mode = mode == 3 ? RT_RESIZE_LINEAR : (rt_resize_mode)mode,
                         .grid = (rt_resize_grid)find(call, "coordinate_transformation_mode", rti_call_s(call, "coordinate_transformation_mode", transform), grids),
                         .round = (rt_resize_round)find(call, "nearest_mode", rti_call_s(call, "nearest_mode", rounding), rounds),
                         .cubic = cubic,
                         .exclude_outside = rti_call_i(call, "exclude_outside", 0) != 0,
                         .antialias = rti_call_i(call, "antialias", 0) != 0,
                         .outside = rti_call_f(call, "extrapolation_value", 0)};
}

// not_larger and not_smaller: one scale for all axes, and extents rounded from it.
static void keep_aspect_ratio(rti_onnx_call *call, const rt_tensor *x, rt_resampling *how) {
  static const char *const policies[] = {"stretch", "not_larger", "not_smaller", NULL};
  const int policy = find(call, "keep_aspect_ratio_policy", rti_call_s(call, "keep_aspect_ratio_policy", "stretch"), policies);
  if (policy == 0 || how->axes.count == 0 || call->status != RT_OK) return;
  double scale = 0;
  for (int32_t i = 0; i < how->axes.count; i++) {
    const double ratio = (double)how->size[i] / (double)rt_tensor_shape(x)[how->axes.axis[i]];
    if (i == 0 || (policy == 1 ? ratio < scale : ratio > scale)) scale = ratio;
  }
  if (!(scale > 0 && scale <= INT32_MAX)) rti_call_fail(call, RT_E_SHAPE, "sizes give the scale %g", scale);
  for (int32_t i = 0; i < how->axes.count && call->status == RT_OK; i++) {
    how->scale[i] = scale;
    how->size[i] = (int64_t)(scale * (double)rt_tensor_shape(x)[how->axes.axis[i]] + 0.5);
  }
}

// scales or sizes: the one that is not NULL has `n` numbers, one per axis of `list`, or of all axes when that is empty.
static void resize(rti_onnx_call *call, rt_resampling *how, const double *scales, const int64_t *sizes, int64_t n, const double *roi, int64_t n_roi) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int32_t rank = rt_tensor_rank(x);
  int64_t n_axes;
  const int64_t *axes = rti_call_list(call, "axes", &n_axes);
  how->axes = rti_call_axes(call, axes, n_axes, rank);
  if (!axes) {
    for (n_axes = 0; n_axes < rank; n_axes++) how->axes.axis[n_axes] = (int32_t)n_axes;
    how->axes.count = rank;
  }
  const bool is_crop = how->grid == RT_GRID_CROP;
  if ((!scales && !sizes) || n != n_axes) rti_call_fail(call, RT_E_SHAPE, "scales or sizes must hold %lld numbers, not %lld", (long long)n_axes, (long long)n);
  if (is_crop && n_roi != 2 * n_axes) rti_call_fail(call, RT_E_SHAPE, "roi must hold %lld numbers, not %lld", (long long)(2 * n_axes), (long long)n_roi);
  for (int64_t i = 0; i < n_axes && call->status == RT_OK; i++) {
    const int64_t extent = rt_tensor_shape(x)[how->axes.axis[i]];
    const double wanted = scales ? floor((double)extent * scales[i]) : (double)sizes[i];
    if (!(wanted >= 0 && wanted <= INT32_MAX) || (scales && scales[i] == 0)) rti_call_fail(call, RT_E_SHAPE, "axis %d cannot become %g", how->axes.axis[i], wanted);
    if (scales) how->scale[i] = scales[i];
    else how->size[i] = sizes[i];
    if (is_crop) how->crop_lo[i] = roi[i], how->crop_hi[i] = roi[i + n_axes];
  }
  if (sizes) keep_aspect_ratio(call, x, how);
  const rt_dtype dtype = rt_tensor_dtype(x);
  STEP(resized, rt_resize, x, how);
  const rt_tensor *y = resized;
  if (y && rt_tensor_dtype(y) != dtype) STEP_TO(y, rt_cast, y, dtype); // integers were resized in f32
  rti_call_out(call, 0, y);
}

static void run_resize(rti_onnx_call *call) {
  int64_t n_scales, n_sizes, n_roi;
  rt_resampling how = get_how(call, "half_pixel", "round_prefer_floor");
  const double *roi = how.grid == RT_GRID_CROP ? get_floats(call, 1, &n_roi) : (n_roi = 0, NULL);
  const double *scales = get_floats(call, 2, &n_scales);
  const int64_t *sizes = scales ? (n_sizes = 0, NULL) : rti_call_ints(call, 3, &n_sizes);
  resize(call, &how, scales, sizes, scales ? n_scales : n_sizes, roi, n_roi);
}

// Resize in opset 10, and Upsample.
static void run_resize_10(rti_onnx_call *call) {
  int64_t n;
  rt_resampling how = get_how(call, "asymmetric", "floor");
  const double *scales = get_floats(call, 1, &n);
  resize(call, &how, scales, NULL, n, NULL, 0);
}

static void run_upsample_7(rti_onnx_call *call) {
  const rti_onnx_attr *attr = rti_call_attr(call, "scales");
  rt_resampling how = get_how(call, "asymmetric", "floor");
  const int64_t n = attr ? attr->n : 0;
  double *scales = rti_call_buffer(call, (uint64_t)n, sizeof *scales);
  for (int64_t i = 0; scales && i < n; i++) scales[i] = (double)attr->floats[i];
  resize(call, &how, scales, NULL, n, NULL, 0);
}

#define RESIZE_11 "coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i extrapolation_value:f mode:s nearest_mode:s"

static const rti_onnx_op rows[] = {
    // name    since in    out attributes        run
    {"Upsample",  7, 1, 1, 1, "mode:s scales:F", run_upsample_7, NULL, NULL},
    {"Upsample",  9, 2, 2, 1, "mode:s",          run_resize_10, NULL, NULL},
    {"Upsample", 10, 0, 0, 0, "",                NULL, NULL, NULL}, // replaced by Resize
    {"Resize",   10, 2, 2, 1, "mode:s",          run_resize_10, NULL, NULL},
    {"Resize",   11, 1, 4, 1, RESIZE_11,         run_resize, NULL, NULL},
    {"Resize",   18, 1, 4, 1, RESIZE_11 " antialias:i axes:I keep_aspect_ratio_policy:s", run_resize, NULL, NULL},
};

const rti_onnx_ops rti_onnx_resize_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows)};
