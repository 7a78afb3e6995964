// SPDX-License-Identifier: BSD-3-Clause
// Resizing: checks, the place of each output element in x as four numbers per axis, and one call per axis that changes. Halves pass from axis
// to axis in f32.
#include <math.h>
#include <string.h>

#include "dispatch.h"
#include "infer.h"

/// One axis: ((i + p) a) / b + q is where output element i lies.
typedef struct plan {
  int32_t axis;
  int64_t in, out;
  double p, a, b, q, shrink;
} plan;

static const char *const name = "resize";

static bool is_finite(double x) { return x - x == 0; }

/// The extents of axis i, and its scale or 0.
static rt_status read_axis(const rt_tensor *x, const rt_resampling *how, int32_t i, plan *out, double *out_scale) {
  rt_status status = rti_axis(name, how->axes.axis[i], x->view.ndim, &out->axis);
  if (status != RT_OK) return status;
  double scale = how->scale[i], extent;
  out->in = x->view.shape[out->axis];
  if (!is_finite(scale) || scale < 0) return rti_fail(RT_E_ARGUMENT, "resize: axis %d has scale %g", out->axis, scale);
  extent = scale != 0 && how->size[i] == 0 ? floor(scale * (double)out->in) : (double)how->size[i];
  if (!(extent >= 0) || extent > (double)INT64_MAX / 4) return rti_fail(RT_E_SHAPE, "resize: axis %d of extent %lld cannot become %g", out->axis, (long long)out->in, extent);
  out->out = scale != 0 && how->size[i] == 0 ? (int64_t)extent : how->size[i];
  if (out->in == 0 && out->out > 0) return rti_fail(RT_E_SHAPE, "resize: axis %d of extent 0 cannot become %lld", out->axis, (long long)out->out);
  *out_scale = scale;
  return RT_OK;
}

static void place_axis(const rt_resampling *how, int32_t i, double scale, plan *out) {
  const double n = (double)out->in, m = (double)out->out, last = n - 1, length = scale != 0 ? scale * n : m; // before it was rounded down
  out->p = 0, out->q = 0;
  out->a = scale != 0 ? 1 : n, out->b = scale != 0 ? scale : m;
  switch (how->grid) {
    case RT_GRID_HALF_PIXEL: out->p = 0.5, out->q = -0.5; break;
    case RT_GRID_HALF_PIXEL_SYMMETRIC: out->p = 0.5, out->q = n / 2 * (1 - m / length) - 0.5; break;
    case RT_GRID_PYTORCH_HALF_PIXEL:
      if (out->out > 1) out->p = 0.5, out->q = -0.5;
      else out->a = 0;
      break;
    case RT_GRID_ALIGN_CORNERS: out->a = length == 1 ? 0 : last, out->b = length == 1 ? 1 : length - 1; break;
    case RT_GRID_ASYMMETRIC: break;
    case RT_GRID_TF_HALF_PIXEL: out->p = 0.5; break;
    case RT_GRID_CROP:
      out->a = out->out > 1 ? (how->crop_hi[i] - how->crop_lo[i]) * last : 0;
      out->b = out->out > 1 ? m - 1 : 1;
      out->q = out->out > 1 ? how->crop_lo[i] * last : 0.5 * (how->crop_lo[i] + how->crop_hi[i]) * last;
      break;
  }
}

static rt_status check_numbers(const rt_resampling *how) {
  if (how->mode < RT_RESIZE_NEAREST || how->mode > RT_RESIZE_CUBIC) return rti_fail(RT_E_ARGUMENT, "resize: %d is no mode", (int)how->mode);
  if (how->grid < RT_GRID_HALF_PIXEL || how->grid > RT_GRID_CROP) return rti_fail(RT_E_ARGUMENT, "resize: %d is no grid", (int)how->grid);
  if (how->round < RT_ROUND_PREFER_FLOOR || how->round > RT_ROUND_CEIL) return rti_fail(RT_E_ARGUMENT, "resize: %d is no rounding", (int)how->round);
  if (!is_finite(how->cubic)) return rti_fail(RT_E_ARGUMENT, "resize: coefficient %g", how->cubic);
  for (int32_t i = 0; how->grid == RT_GRID_CROP && i < how->axes.count; i++)
    if (!is_finite(how->crop_lo[i]) || !is_finite(how->crop_hi[i])) return rti_fail(RT_E_ARGUMENT, "resize: a crop from %g to %g", how->crop_lo[i], how->crop_hi[i]);
  return RT_OK;
}

/// Fills the plans of the axes that change (how many: *out_n) and the shape of the result.
static rt_status make_plans(const rt_tensor *x, const rt_resampling *how, plan *plans, int32_t *out_n, int64_t *shape) {
  uint32_t bits;
  rt_status status = rti_axes(name, &how->axes, x->view.ndim, &bits);
  if (status == RT_OK) status = check_numbers(how);
  *out_n = 0;
  for (int32_t i = 0; i < how->axes.count && status == RT_OK; i++) {
    plan *p = &plans[*out_n];
    double scale = 0;
    if ((status = read_axis(x, how, i, p, &scale)) != RT_OK) return status;
    shape[p->axis] = p->out;
    place_axis(how, i, scale, p);
    double ratio = scale != 0 ? scale : p->in ? (double)p->out / (double)p->in : 1;
    bool widens = how->antialias && how->mode != RT_RESIZE_NEAREST && ratio < 1;
    p->shrink = widens ? ratio : 1;
    if (widens && p->out > 0 && ratio * (double)p->in < 1)
      return rti_fail(RT_E_ARGUMENT, "resize: antialias with scale %g on axis %d of extent %lld: an element would be wider than x", ratio, p->axis, (long long)p->in);
    bool is_same = p->in == p->out && (scale == 0 || scale == 1) && how->grid != RT_GRID_TF_HALF_PIXEL &&
                   (how->grid != RT_GRID_CROP || (how->crop_lo[i] == 0 && how->crop_hi[i] == 1));
    *out_n += !is_same;
  }
  return status;
}

/// x along one axis, into `to`.
static rt_status run_axis(const rt_tensor *x, const rt_resampling *how, const plan *p, rti_target to) {
  rti_call call;
  rti_call_init(&call, x->ctx, RTB_OP_RESIZE);
  static const uint32_t rounds[] = {RTB_RESIZE_PREFER_FLOOR, RTB_RESIZE_PREFER_CEIL, RTB_RESIZE_FLOOR, RTB_RESIZE_CEIL};
  bool is_nearest = how->mode == RT_RESIZE_NEAREST;
  rtb_attr_resize attr = {.size = sizeof attr, .axes = 1u << p->axis, .mode = (uint32_t)how->mode, .round = is_nearest ? rounds[how->round] : 0,
                          .flags = (how->exclude_outside && !is_nearest ? RTB_RESIZE_EXCLUDE : 0) | (how->grid == RT_GRID_CROP ? RTB_RESIZE_CROP : 0)};
  call.attr = &attr;
  call.attr_bytes = sizeof attr;
  call.out_dtype = (rt_dtype)x->view.dtype;
  call.out_rank = x->view.ndim;
  memcpy(call.out_shape, x->view.shape, sizeof(int64_t) * (size_t)call.out_rank);
  call.out_shape[p->axis] = p->out;
  rti_call_tensor(&call, x);
  const double values[] = {p->p, p->a, p->b, p->q, how->cubic != 0 ? how->cubic : -0.75, p->shrink, how->outside};
  for (size_t k = 0; k < RTI_COUNT(values); k++) rti_call_imm(&call, RT_F64, rt_float(values[k]));
  return rti_run_op(&call, to);
}

static rt_status resize(const rt_tensor *x, const rt_resampling *how, rti_target to) {
  rt_status status = rti_check_inputs(RTB_OP_RESIZE, 1, &x, to);
  if (status != RT_OK) return status;
  if (!how) return rti_fail(RT_E_ARGUMENT, "resize: how is NULL");
  if (!rti_accepts_dtype(RTB_OP_RESIZE, (rt_dtype)x->view.dtype)) return rti_refuse_complex(name, (rt_dtype)x->view.dtype);
  plan plans[RT_MAX_RANK + 1]; // the axis after the last that changes is scratch
  int32_t n;
  int64_t shape[RT_MAX_RANK];
  memcpy(shape, x->view.shape, sizeof(int64_t) * (size_t)x->view.ndim);
  if ((status = make_plans(x, how, plans, &n, shape)) != RT_OK) return status;
  rt_dtype dtype = (rt_dtype)x->view.dtype;
  if (how->mode != RT_RESIZE_NEAREST && rti_dtype_kinds[dtype] != RT_KIND_FLOAT) dtype = RT_F32;
  rti_call result; // stands for the whole: a given output is checked before anything runs
  rti_call_init(&result, x->ctx, n > 0 ? RTB_OP_RESIZE : RTB_OP_COPY);
  result.out_dtype = dtype;
  result.out_rank = x->view.ndim;
  memcpy(result.out_shape, shape, sizeof shape);
  if (to.given && (status = rti_check_given(&result, name, to.given)) != RT_OK) return status;
  bool is_half = rti_dtype_size[dtype] == 2 && rti_dtype_kinds[dtype] == RT_KIND_FLOAT, goes_wide = is_half && n > 1 && how->mode != RT_RESIZE_NEAREST;
  rt_tensor *made, *now = NULL, *next = NULL;
  status = rti_to_dtype(&x, goes_wide ? RT_F32 : dtype, &made);
  for (int32_t i = 0; i < n && status == RT_OK; i++) {
    bool is_last = i == n - 1 && !goes_wide;
    next = NULL;
    status = run_axis(now ? now : x, how, &plans[i], is_last ? to : (rti_target){NULL, &next});
    rt_release(now);
    now = next;
  }
  if (status == RT_OK && (n == 0 || goes_wide)) {
    const rt_tensor *from = now ? now : x;
    status = goes_wide ? (to.given ? rt_cast_into(from, to.given) : rt_cast(from, dtype, to.out)) : to.given ? rt_copy_into(from, to.given) : rt_copy(from, to.out);
  }
  rt_release(now);
  rt_release(made);
  return status;
}

rt_status rt_resize(const rt_tensor *x, const rt_resampling *how, rt_tensor **out) { return out ? resize(x, how, (rti_target){NULL, out}) : rti_no_out(RTB_OP_RESIZE); }
rt_status rt_resize_into(const rt_tensor *x, const rt_resampling *how, rt_tensor *out) { return resize(x, how, (rti_target){out, NULL}); }
