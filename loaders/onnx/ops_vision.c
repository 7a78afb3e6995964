// SPDX-License-Identifier: BSD-3-Clause
// ONNX operations on images and boxes: sampling at any position, regions of interest, non-maximum suppression. Positions and weights are
// computed here or by operations; elements are picked by gather.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops.h"

// ---- GridSample ------------------------------------------------------------------------------------------------------------------------------------

typedef enum border { BORDER_ZEROS, BORDER_CLAMP, BORDER_REFLECT } border;
typedef struct sampler { const rt_tensor *flat; int64_t h, w; border padding; bool align; int n_taps; } sampler; // flat: [N,C,H*W]

// Reflects positions between the centres of the outer pixels, or their edges.
static const rt_tensor *reflect(rti_onnx_call *call, const rt_tensor *x, int64_t n, bool align) {
  const double low = align ? 0 : -0.5, span = align ? (double)(n - 1) : (double)n;
  if (span <= 0) {
    STEP(zero, rt_mul_scalar, x, rt_float(0));
    return zero;
  }
  STEP(moved, rt_sub_scalar, x, rt_float(low));
  STEP(there, rt_remainder_scalar, moved, rt_float(2 * span));
  STEP(turned, rt_neg, there);
  STEP(back, rt_add_scalar, turned, rt_float(2 * span));
  STEP(inside, rt_minimum, there, back);
  STEP(y, rt_add_scalar, inside, rt_float(low));
  return y;
}

static const rt_tensor *hold(rti_onnx_call *call, const rt_tensor *x, int64_t n) {
  STEP(low, rt_maximum_scalar, x, rt_float(0));
  STEP(y, rt_minimum_scalar, low, rt_float((double)(n - 1)));
  return y;
}

static const rt_tensor *pad_position(rti_onnx_call *call, const sampler *s, const rt_tensor *x, int64_t n) {
  if (s->padding == BORDER_ZEROS) return x;
  if (s->padding == BORDER_REFLECT) x = reflect(call, x, n, s->align);
  return hold(call, x, n);
}

// Coordinate `index` of the grid, from [-1, 1] to pixels.
static const rt_tensor *pixel_position(rti_onnx_call *call, const sampler *s, const rt_tensor *grid, int32_t index, int64_t n) {
  STEP(part, rt_select, grid, -1, index);
  STEP(raised, rt_add_scalar, part, rt_float(1));
  STEP(scaled, rt_mul_scalar, raised, rt_float((s->align ? (double)(n - 1) : (double)n) / 2));
  if (s->align) return scaled;
  STEP(y, rt_sub_scalar, scaled, rt_float(0.5));
  return y;
}

// 1 where 0 <= x <= n-1
static const rt_tensor *is_inside(rti_onnx_call *call, const rt_tensor *x, int64_t n) {
  STEP(low, rt_ge_scalar, x, rt_float(0));
  STEP(high, rt_le_scalar, x, rt_float((double)(n - 1)));
  STEP(y, rt_logical_and, low, high);
  return y;
}

// The pixels at whole positions x, y of [N,Ho,Wo], as [N,C,Ho*Wo]; zeros outside.
static const rt_tensor *pick(rti_onnx_call *call, const sampler *s, const rt_tensor *x, const rt_tensor *y) {
  if (s->n_taps == 4) x = pad_position(call, s, x, s->w), y = pad_position(call, s, y, s->h); // the others were moved before they were rounded
  const rt_tensor *in_x = is_inside(call, x, s->w), *in_y = is_inside(call, y, s->h), *near_x = hold(call, x, s->w), *near_y = hold(call, y, s->h);
  STEP(column, rt_cast, near_x, RT_I64);
  STEP(line, rt_cast, near_y, RT_I64);
  STEP(start, rt_mul_scalar, line, rt_int(s->w));
  STEP(index, rt_add, start, column);
  STEP(inside, rt_logical_and, in_x, in_y);
  if (call->status != RT_OK) return NULL;
  const int64_t *shape = rt_tensor_shape(index), n = shape[0], c = rt_tensor_shape(s->flat)[1];
  const int64_t row[3] = {n, 1, rti_call_product(call, shape, 1, 3)}, all[3] = {n, c, row[2]};
  STEP(flat_index, rt_reshape, index, 3, row);
  STEP(flat_inside, rt_reshape, inside, 3, row);
  STEP(everywhere, rt_expand, flat_index, 3, all);
  STEP(values, rt_take_along, s->flat, everywhere, 2);
  STEP(zero, rt_full, call->ctx, rt_tensor_dtype(s->flat), 0, NULL, rt_int(0));
  STEP(y_values, rt_where, flat_inside, values, zero);
  return y_values;
}

// Weights of the taps around a fraction t in [0, 1), as [N,1,Ho*Wo].
static void weigh(rti_onnx_call *call, int n_taps, const rt_tensor *t, rt_dtype dtype, const rt_tensor **out) {
  if (call->status != RT_OK) return;
  const int64_t row[3] = {rt_tensor_shape(t)[0], 1, rti_call_product(call, rt_tensor_shape(t), 1, 3)};
  for (int k = 0; k < n_taps; k++) {
    const rt_tensor *w = NULL;
    if (n_taps == 2) { // 1-t, t
      STEP_TO(w, rt_mul_scalar, t, rt_float(k ? 1 : -1));
      STEP_TO(w, rt_add_scalar, w, rt_float(k ? 0 : 1));
    } else { // the cubic at the distance d = |t - (k-1)|, as a polynomial of d by Horner
      static const double a = -0.75, near[4] = {1.25, -2.25, 0, 1}; // a+2, -(a+3), 0, 1
      const double far[4] = {a, -5 * a, 8 * a, -4 * a}, *p = k == 1 || k == 2 ? near : far;
      STEP(offset, rt_sub_scalar, t, rt_float(k - 1));
      STEP(d, rt_abs, offset);
      STEP_TO(w, rt_mul_scalar, d, rt_float(p[0]));
      for (int i = 1; i < 4; i++) {
        STEP_TO(w, rt_add_scalar, w, rt_float(p[i]));
        if (i < 3) STEP_TO(w, rt_mul, w, d);
      }
    }
    STEP(typed, rt_cast, w, dtype);
    STEP_TO(out[k], rt_reshape, typed, 3, row);
  }
}

static const rt_tensor *sample(rti_onnx_call *call, const sampler *s, const rt_tensor *x, const rt_tensor *y) {
  if (s->n_taps != 4) x = pad_position(call, s, x, s->w), y = pad_position(call, s, y, s->h);
  if (s->n_taps == 1) {
    STEP(column, rt_round, x);
    STEP(line, rt_round, y);
    return pick(call, s, column, line);
  }
  STEP(base_x, rt_floor, x);
  STEP(base_y, rt_floor, y);
  STEP(t_x, rt_sub, x, base_x);
  STEP(t_y, rt_sub, y, base_y);
  const rt_tensor *w_x[4] = {0}, *w_y[4] = {0}, *sum = NULL;
  weigh(call, s->n_taps, t_x, rt_tensor_dtype(s->flat), w_x);
  weigh(call, s->n_taps, t_y, rt_tensor_dtype(s->flat), w_y);
  for (int k = 0; k < s->n_taps * s->n_taps; k++) {
    const int tap_x = k % s->n_taps, tap_y = k / s->n_taps, first = s->n_taps == 4 ? -1 : 0;
    STEP(at_x, rt_add_scalar, base_x, rt_float(tap_x + first));
    STEP(at_y, rt_add_scalar, base_y, rt_float(tap_y + first));
    const rt_tensor *values = pick(call, s, at_x, at_y);
    STEP(weight, rt_mul, w_x[tap_x], w_y[tap_y]);
    STEP(part, rt_mul, values, weight);
    if (sum) STEP_TO(sum, rt_add, sum, part);
    else sum = part;
  }
  return sum;
}

static void run_grid_sample(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *grid = rti_call_in(call, 1);
  const char *mode = rti_call_s(call, "mode", call->opset < 20 ? "bilinear" : "linear"), *padding = rti_call_s(call, "padding_mode", "zeros");
  sampler s = {.align = rti_call_i(call, "align_corners", 0) != 0};
  s.n_taps = !strcmp(mode, "nearest") ? 1 : !strcmp(mode, "bilinear") || !strcmp(mode, "linear") ? 2 : !strcmp(mode, "bicubic") || !strcmp(mode, "cubic") ? 4 : 0;
  s.padding = !strcmp(padding, "border") ? BORDER_CLAMP : !strcmp(padding, "reflection") ? BORDER_REFLECT : BORDER_ZEROS;
  if (!s.n_taps || (s.padding == BORDER_ZEROS && strcmp(padding, "zeros") != 0)) rti_call_fail(call, RT_E_UNSUPPORTED, "mode '%.40s' or padding_mode '%.40s' is not known", mode, padding);
  if (rt_tensor_rank(x) != 4) rti_call_fail(call, rt_tensor_rank(x) > 4 ? RT_E_UNSUPPORTED : RT_E_SHAPE, "an input of %d dimensions instead of 4", rt_tensor_rank(x));
  if (rt_tensor_rank(grid) != 4 || (call->status == RT_OK && (rt_tensor_shape(grid)[3] != 2 || rt_tensor_shape(grid)[0] != rt_tensor_shape(x)[0])))
    rti_call_fail(call, RT_E_SHAPE, "the grid must hold two coordinates for each of %lld images", (long long)(call->status == RT_OK ? rt_tensor_shape(x)[0] : 0));
  if (call->status != RT_OK) return;
  const int64_t *shape = rt_tensor_shape(x), *out = rt_tensor_shape(grid);
  s.h = shape[2];
  s.w = shape[3];
  const int64_t flat[3] = {shape[0], shape[1], rti_call_product(call, shape, 2, 4)}, whole[4] = {shape[0], shape[1], out[1], out[2]};
  if (flat[2] < 1) rti_call_fail(call, RT_E_SHAPE, "an image without pixels");
  STEP_TO(s.flat, rt_reshape, x, 3, flat);
  const rt_tensor *at_x = pixel_position(call, &s, grid, 0, s.w), *at_y = pixel_position(call, &s, grid, 1, s.h), *values = sample(call, &s, at_x, at_y);
  STEP(y, rt_reshape, values, 4, whole);
  rti_call_out(call, 0, y);
}

// ---- numbers on the host -----------------------------------------------------------------------------------------------------------------------------

// All elements of an input as doubles; NULL after a failure.
static const double *host_doubles(rti_onnx_call *call, int32_t index, int64_t *out_n) {
  enum { LIMIT = 1 << 24 };
  const rt_tensor *t = rti_call_in(call, index);
  *out_n = t ? rt_tensor_numel(t) : 0;
  if (*out_n > LIMIT) rti_call_fail(call, RT_E_SHAPE, "input %d holds %lld numbers, more than %d", index, (long long)*out_n, LIMIT);
  STEP(wide, rt_cast, t, RT_F64);
  double *values = rti_call_buffer(call, (uint64_t)*out_n, sizeof *values);
  if (values) call->status = rt_read(wide, values, (size_t)*out_n * sizeof *values);
  return call->status == RT_OK ? values : NULL;
}

// ---- RoiAlign ----------------------------------------------------------------------------------------------------------------------------------------

typedef struct roi_plan { int64_t out_h, out_w, ratio, h, w; double scale, offset; bool is_max; } roi_plan;

// Positions and weights of the four pixels round each sample: [tap][sample].
typedef struct taps { int64_t *index; float *weight; int64_t n; } taps;

static void add_sample(const roi_plan *p, taps *t, int64_t i, double x, double y) {
  const bool outside = !(y >= -1 && y <= (double)p->h && x >= -1 && x <= (double)p->w);
  x = x > 0 ? x : 0;
  y = y > 0 ? y : 0;
  int64_t low_x = outside ? 0 : (int64_t)x, low_y = outside ? 0 : (int64_t)y, high_x = low_x + 1, high_y = low_y + 1;
  if (low_x >= p->w - 1) high_x = low_x = p->w - 1, x = (double)low_x;
  if (low_y >= p->h - 1) high_y = low_y = p->h - 1, y = (double)low_y;
  const double dx = x - (double)low_x, dy = y - (double)low_y, w[4] = {(1 - dy) * (1 - dx), (1 - dy) * dx, dy * (1 - dx), dy * dx};
  const int64_t at[4] = {low_y * p->w + low_x, low_y * p->w + high_x, high_y * p->w + low_x, high_y * p->w + high_x};
  for (int k = 0; k < 4; k++) {
    t->index[k * t->n + i] = at[k];
    t->weight[k * t->n + i] = outside ? 0 : (float)w[k];
  }
}

// One region [x1,y1,x2,y2] of one image [C,H*W]: [C,out_h*out_w].
static const rt_tensor *align_roi(rti_onnx_call *call, const roi_plan *p, const rt_tensor *image, const double *roi) {
  const double x = roi[0] * p->scale - p->offset, y = roi[1] * p->scale - p->offset;
  double w = roi[2] * p->scale - p->offset - x, h = roi[3] * p->scale - p->offset - y;
  if (p->offset == 0) w = w > 1 ? w : 1, h = h > 1 ? h : 1;
  const double bin_h = h / (double)p->out_h, bin_w = w / (double)p->out_w;
  const double rows = p->ratio > 0 ? (double)p->ratio : ceil(bin_h), columns = p->ratio > 0 ? (double)p->ratio : ceil(bin_w);
  const int64_t n_out = p->out_h * p->out_w;
  if (!(rows * columns * (double)n_out <= RTI_ONNX_HOST_LIMIT)) rti_call_fail(call, RT_E_SHAPE, "a region of %g by %g takes too many samples", h, w);
  if (call->status != RT_OK) return NULL;
  const int64_t grid_h = rows > 0 ? (int64_t)rows : 0, grid_w = columns > 0 ? (int64_t)columns : 0, n_samples = grid_h * grid_w;
  const int64_t n_channels = rt_tensor_shape(image)[0], flat[2] = {n_channels, n_out}, split[3] = {n_channels, n_out, n_samples};
  if (n_samples == 0) {
    STEP(nothing, rt_zeros, call->ctx, rt_tensor_dtype(image), 2, flat);
    return nothing;
  }
  taps t = {.n = n_out * n_samples};
  t.index = calloc((size_t)t.n * 4, sizeof *t.index);
  t.weight = calloc((size_t)t.n * 4, sizeof *t.weight);
  if (!t.index || !t.weight) rti_call_fail(call, RT_E_NO_MEMORY, "no memory for %lld samples", (long long)t.n);
  for (int64_t i = 0; i < t.n && call->status == RT_OK; i++) {
    const int64_t bin = i / n_samples, k = i % n_samples;
    add_sample(p, &t, i, x + ((double)(bin % p->out_w) + ((double)(k % grid_w) + 0.5) / (double)grid_w) * bin_w,
               y + ((double)(bin / p->out_w) + ((double)(k / grid_w) + 0.5) / (double)grid_h) * bin_h);
  }
  const rt_tensor *all = NULL;
  for (int k = 0; k < 4; k++) {
    STEP(index, rt_from_data, call->ctx, RT_I64, 1, &t.n, t.index + k * t.n);
    STEP(weight, rt_from_data, call->ctx, RT_F32, 1, &t.n, t.weight + k * t.n);
    STEP(typed, rt_cast, weight, rt_tensor_dtype(image));
    STEP(values, rt_gather, image, index, 1);
    STEP(part, rt_mul, values, typed);
    if (all) STEP_TO(all, p->is_max ? rt_maximum : rt_add, all, part);
    else all = part;
  }
  free(t.index);
  free(t.weight);
  const rt_axes last = {1, {2}};
  STEP(apart, rt_reshape, all, 3, split);
  STEP(result, p->is_max ? rt_max : rt_mean, apart, &last, false);
  return result;
}

static void run_roi_align(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const char *mode = rti_call_s(call, "mode", "avg"), *transform = rti_call_s(call, "coordinate_transformation_mode", call->opset < 16 ? "output_half_pixel" : "half_pixel");
  roi_plan p = {.out_h = rti_call_i(call, "output_height", 1), .out_w = rti_call_i(call, "output_width", 1), .ratio = rti_call_i(call, "sampling_ratio", 0),
                .scale = rti_call_f(call, "spatial_scale", 1), .offset = !strcmp(transform, "half_pixel") ? 0.5 : 0, .is_max = !strcmp(mode, "max")};
  if ((!p.is_max && strcmp(mode, "avg") != 0) || (p.offset == 0 && strcmp(transform, "output_half_pixel") != 0))
    rti_call_fail(call, RT_E_UNSUPPORTED, "mode '%.40s' or coordinate_transformation_mode '%.40s' is not known", mode, transform);
  if (p.out_h < 1 || p.out_w < 1 || p.out_h > 65536 || p.out_w > 65536 || p.ratio < 0 || p.ratio > 65536) rti_call_fail(call, RT_E_ARGUMENT, "output_height, output_width or sampling_ratio is out of range");
  int64_t n, n_rois;
  const double *rois = host_doubles(call, 1, &n);
  const int64_t *images = rti_call_ints(call, 2, &n_rois);
  if (call->status == RT_OK && (rt_tensor_rank(x) != 4 || rt_tensor_rank(rti_call_in(call, 1)) != 2 || n != 4 * n_rois || n_rois < 1))
    rti_call_fail(call, RT_E_SHAPE, "an input of %d dimensions, %lld numbers for %lld regions", rt_tensor_rank(x), (long long)n, (long long)n_rois);
  if (call->status != RT_OK) return;
  const int64_t *shape = rt_tensor_shape(x);
  p.h = shape[2];
  p.w = shape[3];
  const int64_t flat[3] = {shape[0], shape[1], rti_call_product(call, shape, 2, 4)}, whole[4] = {n_rois, shape[1], p.out_h, p.out_w};
  if (flat[2] < 1) rti_call_fail(call, RT_E_SHAPE, "an image without pixels");
  STEP(pixels, rt_reshape, x, 3, flat);
  rt_tensor **parts = rti_call_buffer(call, (uint64_t)n_rois, sizeof *parts);
  const int32_t mark = call->n_owned;
  for (int64_t i = 0; i < n_rois && rti_call_goes_on(call); i++) {
    if (images[i] < 0 || images[i] >= shape[0]) rti_call_fail(call, RT_E_INDEX, "image %lld of %lld", (long long)images[i], (long long)shape[0]);
    STEP(image, rt_select, pixels, 0, images[i]);
    parts[i] = rt_retain(align_roi(call, &p, image, rois + 4 * i));
    rti_call_drop(call, mark, NULL, 0);
  }
  STEP(all, rt_stack, (int32_t)n_rois, (const rt_tensor *const *)parts, 0);
  STEP(y, rt_reshape, all, 4, whole);
  rti_call_out(call, 0, y);
  for (int64_t i = 0; parts && i < n_rois; i++) rt_release(parts[i]);
}

// ---- NonMaxSuppression ---------------------------------------------------------------------------------------------------------------------------------

typedef struct box { double x1, y1, x2, y2; } box;

static box read_box(const double *b, bool centred) {
  box r = centred ? (box){b[0] - b[2] / 2, b[1] - b[3] / 2, b[0] + b[2] / 2, b[1] + b[3] / 2} : (box){b[1], b[0], b[3], b[2]};
  return (box){fmin(r.x1, r.x2), fmin(r.y1, r.y2), fmax(r.x1, r.x2), fmax(r.y1, r.y2)};
}

// Intersection over union.
static double overlap(box a, box b) {
  const double w = fmin(a.x2, b.x2) - fmax(a.x1, b.x1), h = fmin(a.y2, b.y2) - fmax(a.y1, b.y1);
  if (!(w > 0 && h > 0)) return 0;
  const double both = w * h, all = (a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - both;
  return all > 0 ? both / all : 0;
}

typedef struct candidate { double score; int64_t index; } candidate;

// The best first; of equal ones the lower index.
static int by_score(const void *a, const void *b) {
  const candidate *x = a, *y = b;
  if (x->score != y->score) return x->score < y->score ? 1 : -1;
  return x->index < y->index ? -1 : x->index > y->index;
}

typedef struct suppression { const double *boxes, *scores; int64_t n, most; double iou, threshold; bool centred, has_threshold; } suppression;

// The boxes of one class of one image that stay: their numbers in *chosen, the count is returned.
static int64_t suppress(rti_onnx_call *call, const suppression *s, const double *boxes, const double *scores, candidate *list, int64_t *chosen) {
  int64_t n = 0, n_chosen = 0;
  for (int64_t i = 0; i < s->n; i++)
    if (!s->has_threshold || scores[i] > s->threshold) list[n++] = (candidate){scores[i], i};
  qsort(list, (size_t)n, sizeof *list, by_score);
  for (int64_t i = 0; i < n && n_chosen < s->most && rti_call_goes_on(call); i++) {
    const box own = read_box(boxes + 4 * list[i].index, s->centred);
    bool stays = true;
    for (int64_t k = 0; k < n_chosen && stays; k++) stays = overlap(own, read_box(boxes + 4 * chosen[k], s->centred)) <= s->iou;
    if (stays) chosen[n_chosen++] = list[i].index;
  }
  return n_chosen;
}

static double optional_number(rti_onnx_call *call, int32_t index, double fallback) {
  if (!rti_call_has(call, index)) return fallback;
  const rt_scalar s = rti_call_scalar(call, index);
  return s.kind == RT_KIND_FLOAT ? s.as.f : (double)s.as.i;
}

static void run_suppression(rti_onnx_call *call) {
  int64_t n_boxes, n_scores;
  suppression s = {.boxes = host_doubles(call, 0, &n_boxes), .scores = host_doubles(call, 1, &n_scores), .centred = rti_call_i(call, "center_point_box", 0) != 0,
                   .most = rti_call_has(call, 2) ? rti_call_integer(call, 2) : 0, .iou = optional_number(call, 3, 0), .has_threshold = rti_call_has(call, 4),
                   .threshold = optional_number(call, 4, 0)};
  if (call->status != RT_OK) return;
  const rt_tensor *boxes = rti_call_in(call, 0), *scores = rti_call_in(call, 1);
  const int64_t *b = rt_tensor_shape(boxes), *c = rt_tensor_shape(scores);
  if (rt_tensor_rank(boxes) != 3 || rt_tensor_rank(scores) != 3 || b[2] != 4 || b[0] != c[0] || b[1] != c[2]) {
    rti_call_fail(call, RT_E_SHAPE, "boxes and scores do not fit each other");
    return;
  }
  s.n = b[1];
  if (s.most > s.n) s.most = s.n;
  candidate *list = rti_call_buffer(call, (uint64_t)s.n, sizeof *list);
  int64_t *chosen = rti_call_buffer(call, (uint64_t)s.n, sizeof *chosen), *found = NULL, n_found = 0, room = 0;
  for (int64_t k = 0; k < c[0] * c[1] && s.n > 0 && call->status == RT_OK; k++) {
    const int64_t n = suppress(call, &s, s.boxes + k / c[1] * s.n * 4, s.scores + k * s.n, list, chosen);
    if (n_found + n > room) { // not more than there are scores
      room = (n_found + n) * 2;
      int64_t *grown = realloc(found, (size_t)room * 3 * sizeof *grown);
      if (!grown) rti_call_fail(call, RT_E_NO_MEMORY, "no memory for %lld boxes", (long long)room);
      if (!grown) break;
      found = grown;
    }
    for (int64_t i = 0; i < n; i++, n_found++) {
      found[3 * n_found] = k / c[1];
      found[3 * n_found + 1] = k % c[1];
      found[3 * n_found + 2] = chosen[i];
    }
  }
  const int64_t shape[2] = {n_found, 3};
  STEP(y, rt_from_data, call->ctx, RT_I64, 2, shape, found);
  rti_call_out(call, 0, y);
  free(found);
}

// ---- Det ---------------------------------------------------------------------------------------------------------------------------------------------

// By elimination with the largest pivot, in double.
static double determinant(double *m, int64_t n) {
  double det = 1;
  for (int64_t k = 0; k < n; k++) {
    int64_t pivot = k;
    for (int64_t i = k + 1; i < n; i++)
      if (fabs(m[i * n + k]) > fabs(m[pivot * n + k])) pivot = i;
    if (m[pivot * n + k] == 0) return 0;
    for (int64_t j = 0; j < n && pivot != k; j++) {
      const double swap = m[k * n + j];
      m[k * n + j] = m[pivot * n + j];
      m[pivot * n + j] = swap;
    }
    det *= pivot != k ? -m[k * n + k] : m[k * n + k];
    for (int64_t i = k + 1; i < n; i++) {
      const double factor = m[i * n + k] / m[k * n + k];
      for (int64_t j = k + 1; j < n; j++) m[i * n + j] -= factor * m[k * n + j];
    }
  }
  return det;
}

static void run_det(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int32_t rank = rt_tensor_rank(x);
  const int64_t *shape = rt_tensor_shape(x);
  if (call->status == RT_OK && (rank < 2 || shape[rank - 1] != shape[rank - 2] || shape[rank - 1] > 1024)) rti_call_fail(call, RT_E_SHAPE, "the last two axes are no square of at most 1024");
  int64_t n;
  double *values = (double *)host_doubles(call, 0, &n); // a copy of ours
  if (call->status != RT_OK) return;
  const int64_t side = shape[rank - 1], count = rti_call_product(call, shape, 0, rank - 2);
  double *dets = count > RTI_ONNX_HOST_LIMIT ? NULL : rti_call_buffer(call, (uint64_t)count, sizeof *dets);
  if (!dets) rti_call_fail(call, RT_E_SHAPE, "%lld matrices", (long long)count);
  for (int64_t i = 0; i < count && rti_call_goes_on(call); i++) dets[i] = determinant(values + i * side * side, side);
  STEP(exact, rt_from_data, call->ctx, RT_F64, rank - 2, shape, dets);
  STEP(y, rt_cast, exact, rt_tensor_dtype(x));
  rti_call_out(call, 0, y);
}

static const rti_onnx_op rows[] = {
    // name             since in    out attributes run
    {"GridSample",        16, 2, 2, 1, "align_corners:i mode:s padding_mode:s", run_grid_sample, NULL, NULL},
    {"RoiAlign",          10, 3, 3, 1, "mode:s output_height:i output_width:i sampling_ratio:i spatial_scale:f", run_roi_align, NULL, NULL},
    {"RoiAlign",          16, 3, 3, 1, "coordinate_transformation_mode:s mode:s output_height:i output_width:i sampling_ratio:i spatial_scale:f", run_roi_align, NULL, NULL},
    {"NonMaxSuppression", 10, 2, 5, 1, "center_point_box:i", run_suppression, NULL, NULL},
    {"Det",               11, 1, 1, 1, "", run_det, NULL, NULL},
};

const rti_onnx_ops rti_onnx_vision_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
