// SPDX-License-Identifier: BSD-3-Clause
// Resize and Upsample, one axis at a time: each output element is a weighted sum of 1, 2 or 4 input elements, whose positions and weights
// are computed here and applied by gather, mul and add.
#include <math.h>
#include <string.h>

#include "ops.h"

#define MAX_TAPS 4

// How one node resizes.
typedef struct plan {
  const char *transform, *rounding; // coordinate_transformation_mode, nearest_mode
  int n_taps;                       // 1 nearest, 2 linear, 4 cubic
  double cubic, outside;            // coefficient a; value outside of the crop
  bool exclude_outside, is_crop;
} plan;

// One axis of it.
typedef struct axis_plan { int64_t in, out; double scale, start, end; } axis_plan;

// Where output element i lies on the input axis.
static double position(const plan *p, const axis_plan *a, int64_t i) {
  const double x = (double)i, half = (x + 0.5) / a->scale - 0.5, last = (double)a->in - 1;
  if (!strcmp(p->transform, "asymmetric")) return x / a->scale;
  // The length here is the one before it was rounded down, as in the recorded answers of the ONNX project.
  if (!strcmp(p->transform, "align_corners")) return i == 0 ? 0 : x * last / (a->scale * (double)a->in - 1);
  if (!strcmp(p->transform, "pytorch_half_pixel")) return a->out > 1 ? half : 0;
  if (!strcmp(p->transform, "tf_half_pixel_for_nn")) return (x + 0.5) / a->scale;
  if (!strcmp(p->transform, "half_pixel_symmetric")) return (double)a->in / 2 * (1 - (double)a->out / (a->scale * (double)a->in)) + half;
  if (p->is_crop) return a->out > 1 ? a->start * last + x * (a->end - a->start) * last / (double)(a->out - 1) : 0.5 * (a->start + a->end) * last;
  return half;
}

static double nearest(const plan *p, double x) {
  if (!strcmp(p->rounding, "floor")) return floor(x);
  if (!strcmp(p->rounding, "ceil")) return ceil(x);
  return !strcmp(p->rounding, "round_prefer_ceil") ? floor(x + 0.5) : ceil(x - 0.5);
}

// Weights of the taps around a fraction t in [0, 1).
static void weigh(const plan *p, double t, double *w) {
  const double a = p->cubic, u = 1 - t;
  w[0] = 1;
  if (p->n_taps == 2) w[0] = u, w[1] = t;
  if (p->n_taps != 4) return;
  w[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
  w[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
  w[2] = ((a + 2) * u - (a + 3)) * u * u + 1;
  w[3] = ((a * (u + 1) - 5 * a) * (u + 1) + 8 * a) * (u + 1) - 4 * a;
}

// Fills the positions [tap][out] and weights [tap][out] of an axis; `inside` says which outputs lie in the crop.
static void fill_taps(const plan *p, const axis_plan *a, int64_t *index, float *weight, uint8_t *inside) {
  for (int64_t i = 0; i < a->out; i++) {
    const double x = position(p, a, i), base = p->n_taps == 1 ? nearest(p, x) : floor(x);
    double w[MAX_TAPS], sum = 0;
    inside[i] = !p->is_crop || (x >= 0 && x <= (double)a->in - 1);
    weigh(p, x - base, w);
    for (int k = 0; k < p->n_taps; k++) {
      const double at = base + k - (p->n_taps == 4);
      const bool is_in = at >= 0 && at <= (double)a->in - 1;
      if (p->exclude_outside && !is_in) w[k] = 0;
      sum += w[k];
      index[k * a->out + i] = is_in ? (int64_t)at : at < 0 ? 0 : a->in - 1; // NaN, from a scale that makes no sense, too
    }
    for (int k = 0; k < p->n_taps; k++) weight[k * a->out + i] = (float)(p->exclude_outside ? w[k] / sum : w[k]);
  }
}

static const rt_tensor *resize_axis(rti_onnx_call *call, const plan *p, const axis_plan *a, const rt_tensor *x, int32_t axis) {
  const rt_dtype dtype = rt_tensor_dtype(x);
  if (a->in == 0 || a->out > RTI_ONNX_HOST_LIMIT) {
    rti_call_fail(call, RT_E_SHAPE, "an extent of %lld cannot become %lld", (long long)a->in, (long long)a->out);
    return NULL;
  }
  int64_t *index = rti_call_buffer(call, (uint64_t)a->out * MAX_TAPS, sizeof *index);
  float *weight = rti_call_buffer(call, (uint64_t)a->out * MAX_TAPS, sizeof *weight);
  uint8_t *inside = rti_call_buffer(call, (uint64_t)a->out, 1);
  if (call->status != RT_OK) return NULL;
  fill_taps(p, a, index, weight, inside);
  int64_t shape[RT_MAX_RANK]; // of what broadcasts along the axis
  const int32_t rank = rt_tensor_rank(x) - axis;
  for (int32_t i = 0; i < rank; i++) shape[i] = i == 0 ? a->out : 1;
  const rt_tensor *y = NULL;
  for (int k = 0; k < p->n_taps; k++) {
    STEP(positions, rt_from_data, call->ctx, RT_I64, 1, &a->out, index + k * a->out);
    STEP(taken, rt_gather, x, positions, axis);
    const rt_tensor *part = taken;
    if (p->n_taps > 1) {
      STEP(weights, rt_from_data, call->ctx, RT_F32, rank, shape, weight + k * a->out);
      STEP(rounded, rt_cast, weights, dtype);
      STEP_TO(part, rt_mul, taken, rounded);
    }
    if (k > 0) STEP_TO(y, rt_add, y, part);
    else y = part;
  }
  if (p->is_crop) {
    STEP(mask, rt_from_data, call->ctx, RT_BOOL, rank, shape, inside);
    STEP(outside, rt_full, call->ctx, dtype, 0, NULL, rt_float(p->outside));
    STEP_TO(y, rt_where, mask, y, outside);
  }
  return y;
}

// ---- what a node says ----------------------------------------------------------------------------------------------------------------------------

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

static plan get_plan(rti_onnx_call *call, const char *transform, const char *rounding) {
  plan p = {.transform = rti_call_s(call, "coordinate_transformation_mode", transform), .rounding = rti_call_s(call, "nearest_mode", rounding)};
  static const char *const transforms[] = {"half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "tf_half_pixel_for_nn", "tf_crop_and_resize", "half_pixel_symmetric"};
  static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
  const char *mode = rti_call_s(call, "mode", "nearest");
  bool known = false, rounds = false;
  for (size_t i = 0; i < RTI_IO_COUNT(transforms); i++) known |= !strcmp(transforms[i], p.transform);
  for (size_t i = 0; i < RTI_IO_COUNT(roundings); i++) rounds |= !strcmp(roundings[i], p.rounding);
  p.n_taps = !strcmp(mode, "nearest") ? 1 : !strcmp(mode, "linear") || !strcmp(mode, "bilinear") ? 2 : !strcmp(mode, "cubic") ? 4 : 0;
  if (!known || !rounds || !p.n_taps)
    rti_call_fail(call, RT_E_UNSUPPORTED, "mode '%.40s', nearest_mode '%.40s' or coordinate_transformation_mode '%.40s' is not known", mode, p.rounding, p.transform);
  if (rti_call_i(call, "antialias", 0)) rti_call_fail(call, RT_E_UNSUPPORTED, "antialias is not supported");
  const char *policy = rti_call_s(call, "keep_aspect_ratio_policy", "stretch");
  if (strcmp(policy, "stretch") != 0) rti_call_fail(call, RT_E_UNSUPPORTED, "keep_aspect_ratio_policy '%.40s' is not supported", policy);
  p.cubic = rti_call_f(call, "cubic_coeff_a", -0.75);
  p.outside = rti_call_f(call, "extrapolation_value", 0);
  p.exclude_outside = rti_call_i(call, "exclude_outside", 0) != 0;
  p.is_crop = !strcmp(p.transform, "tf_crop_and_resize");
  return p;
}

// scales or sizes: the one that is not NULL has `n` numbers, one per axis of `list`, or of all axes when that is empty.
static void resize(rti_onnx_call *call, const plan *p, const double *scales, const int64_t *sizes, int64_t n, const double *roi, int64_t n_roi) {
  const rt_tensor *y = rti_call_in(call, 0);
  const int32_t rank = rt_tensor_rank(y);
  int64_t n_axes;
  const int64_t *axes = rti_call_list(call, "axes", &n_axes);
  const rt_axes list = rti_call_axes(call, axes, n_axes, rank);
  if (!axes) n_axes = rank;
  if ((!scales && !sizes) || n != n_axes) rti_call_fail(call, RT_E_SHAPE, "scales or sizes must hold %lld numbers, not %lld", (long long)n_axes, (long long)n);
  if (p->is_crop && n_roi != 2 * n_axes) rti_call_fail(call, RT_E_SHAPE, "roi must hold %lld numbers, not %lld", (long long)(2 * n_axes), (long long)n_roi);
  for (int32_t i = 0; i < n_axes && call->status == RT_OK; i++) {
    const int32_t axis = axes ? list.axis[i] : i;
    axis_plan a = {.in = rt_tensor_shape(y)[axis]};
    const double wanted = scales ? floor((double)a.in * scales[i]) : (double)sizes[i];
    if (!(wanted >= 0 && wanted <= INT32_MAX)) rti_call_fail(call, RT_E_SHAPE, "axis %d cannot become %g", axis, wanted);
    if (call->status != RT_OK) break;
    a.out = (int64_t)wanted;
    a.scale = scales ? scales[i] : (double)a.out / (double)a.in;
    if (p->is_crop) a.start = roi[i], a.end = roi[i + n_axes];
    if (a.scale == 1 && a.in == a.out && (!p->is_crop || (a.start == 0 && a.end == 1))) continue;
    y = resize_axis(call, p, &a, y, axis);
  }
  rti_call_out(call, 0, y);
}

static void run_resize(rti_onnx_call *call) {
  int64_t n_scales, n_sizes, n_roi;
  const plan p = get_plan(call, "half_pixel", "round_prefer_floor");
  const double *roi = p.is_crop ? get_floats(call, 1, &n_roi) : (n_roi = 0, NULL);
  const double *scales = get_floats(call, 2, &n_scales);
  const int64_t *sizes = scales ? (n_sizes = 0, NULL) : rti_call_ints(call, 3, &n_sizes);
  resize(call, &p, scales, sizes, scales ? n_scales : n_sizes, roi, n_roi);
}

// Resize in opset 10, and Upsample.
static void run_resize_10(rti_onnx_call *call) {
  int64_t n;
  const plan p = get_plan(call, "asymmetric", "floor");
  const double *scales = get_floats(call, 1, &n);
  resize(call, &p, scales, NULL, n, NULL, 0);
}

static void run_upsample_7(rti_onnx_call *call) {
  const rti_onnx_attr *attr = rti_call_attr(call, "scales");
  const plan p = get_plan(call, "asymmetric", "floor");
  const int64_t n = attr ? attr->n : 0;
  double *scales = rti_call_buffer(call, (uint64_t)n, sizeof *scales);
  for (int64_t i = 0; scales && i < n; i++) scales[i] = (double)attr->floats[i];
  resize(call, &p, scales, NULL, n, NULL, 0);
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

const rti_onnx_ops rti_onnx_resize_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
