// SPDX-License-Identifier: BSD-3-Clause
// Cells of resize. The oracle evaluates the definition in tensor.h directly: for each element the product of its neighbours' weights over
// all axes at once, in 113-bit reals. Only the place of an element is f64, as the definition says.
#include "internal.h"

#include <math.h>

typedef struct resize_how {
  const char *name;
  int32_t rank;
  int64_t x[5];
  rt_resampling how;
  cf_layout in;
  cf_form form;
  cf_layout out;
} resize_how;
#define AXIS(...) {sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t), {__VA_ARGS__}}
#define ALL_MODES 3
static const resize_how hows[] = { // each in every mode
  {"up", 3, {2, 3, 5}, {.axes = AXIS(2), .size = {8}}, CF_DENSE, CF_NEW, 0},
  {"down", 3, {2, 3, 11}, {.axes = AXIS(2), .size = {4}}, CF_DENSE, CF_NEW, 0},
  {"up-2d", 4, {1, 2, 4, 3}, {.axes = AXIS(2, 3), .size = {7, 9}}, CF_DENSE, CF_NEW, 0},
  {"down-2d", 4, {1, 2, 9, 8}, {.axes = AXIS(2, 3), .size = {4, 5}}, CF_DENSE, CF_NEW, 0},
  {"3d", 5, {1, 2, 3, 4, 5}, {.axes = AXIS(2, 3, 4), .size = {4, 3, 7}}, CF_DENSE, CF_NEW, 0},
  {"first-axis", 2, {5, 7}, {.axes = AXIS(-2), .size = {9}}, CF_DENSE, CF_NEW, 0},
  {"rank-1", 1, {30}, {.axes = AXIS(0), .size = {70}}, CF_DENSE, CF_NEW, 0},
  {"scales", 4, {1, 2, 4, 5}, {.axes = AXIS(2, 3), .scale = {2.3, 0.6}}, CF_DENSE, CF_NEW, 0},
  {"scale-and-size", 3, {1, 2, 5}, {.axes = AXIS(2), .scale = {1.7}, .size = {10}}, CF_DENSE, CF_NEW, 0},
  {"symmetric", 3, {1, 2, 9}, {.axes = AXIS(2), .scale = {0.6}, .grid = RT_GRID_HALF_PIXEL_SYMMETRIC}, CF_DENSE, CF_NEW, 0},
  {"pytorch", 4, {1, 2, 6, 5}, {.axes = AXIS(2, 3), .size = {1, 8}, .grid = RT_GRID_PYTORCH_HALF_PIXEL}, CF_DENSE, CF_NEW, 0},
  {"corners", 4, {1, 2, 6, 5}, {.axes = AXIS(2, 3), .size = {9, 3}, .grid = RT_GRID_ALIGN_CORNERS}, CF_DENSE, CF_NEW, 0},
  {"corners-to-one", 4, {1, 2, 6, 1}, {.axes = AXIS(2, 3), .size = {1, 4}, .grid = RT_GRID_ALIGN_CORNERS}, CF_DENSE, CF_NEW, 0},
  {"corners-scales", 3, {1, 2, 6}, {.axes = AXIS(2), .scale = {1.6}, .grid = RT_GRID_ALIGN_CORNERS}, CF_DENSE, CF_NEW, 0},
  {"asymmetric", 4, {1, 2, 6, 5}, {.axes = AXIS(2, 3), .size = {10, 3}, .grid = RT_GRID_ASYMMETRIC}, CF_DENSE, CF_NEW, 0},
  {"tf", 3, {1, 2, 6}, {.axes = AXIS(2), .size = {4}, .grid = RT_GRID_TF_HALF_PIXEL}, CF_DENSE, CF_NEW, 0},
  {"tf-same", 3, {1, 2, 6}, {.axes = AXIS(2), .size = {6}, .grid = RT_GRID_TF_HALF_PIXEL, .round = RT_ROUND_PREFER_CEIL}, CF_DENSE, CF_NEW, 0},
  {"crop", 4, {1, 2, 6, 5}, {.axes = AXIS(2, 3), .size = {5, 1}, .grid = RT_GRID_CROP, .crop_lo = {0.25, 0.5}, .crop_hi = {0.75, 1}}, CF_DENSE, CF_NEW, 0},
  {"crop-beyond", 3, {1, 2, 6}, {.axes = AXIS(2), .size = {7}, .grid = RT_GRID_CROP, .crop_lo = {-0.5}, .crop_hi = {1.5}, .outside = 10}, CF_DENSE, CF_NEW, 0},
  {"crop-backwards", 3, {1, 2, 6}, {.axes = AXIS(2), .size = {6}, .grid = RT_GRID_CROP, .crop_lo = {1}, .crop_hi = {0}}, CF_DENSE, CF_NEW, 0},
  {"prefer-ceil", 3, {1, 2, 8}, {.axes = AXIS(2), .size = {4}, .round = RT_ROUND_PREFER_CEIL}, CF_DENSE, CF_NEW, 0}, // every place is a tie
  {"ties", 3, {1, 2, 8}, {.axes = AXIS(2), .size = {4}}, CF_DENSE, CF_NEW, 0},
  {"floor", 3, {1, 2, 8}, {.axes = AXIS(2), .size = {5}, .round = RT_ROUND_FLOOR}, CF_DENSE, CF_NEW, 0},
  {"ceil", 3, {1, 2, 8}, {.axes = AXIS(2), .size = {13}, .round = RT_ROUND_CEIL}, CF_DENSE, CF_NEW, 0},
  {"half", 3, {1, 2, 8}, {.axes = AXIS(2), .size = {13}, .cubic = -0.5}, CF_DENSE, CF_NEW, 0},
  {"exclude", 4, {1, 2, 4, 5}, {.axes = AXIS(2, 3), .size = {7, 3}, .exclude_outside = true}, CF_DENSE, CF_NEW, 0},
  {"exclude-all", 3, {1, 2, 4}, {.axes = AXIS(2), .size = {12}, .scale = {1}, .grid = RT_GRID_ASYMMETRIC, .exclude_outside = true}, CF_DENSE, CF_NEW, 0},
  {"antialias", 4, {1, 2, 11, 9}, {.axes = AXIS(2, 3), .size = {4, 5}, .antialias = true}, CF_DENSE, CF_NEW, 0},
  {"antialias-exclude", 3, {1, 2, 23}, {.axes = AXIS(2), .size = {4}, .antialias = true, .exclude_outside = true}, CF_DENSE, CF_NEW, 0},
  {"antialias-up", 3, {1, 2, 5}, {.axes = AXIS(2), .size = {9}, .antialias = true}, CF_DENSE, CF_NEW, 0},
  {"antialias-to-one", 3, {1, 2, 12}, {.axes = AXIS(2), .size = {1}, .antialias = true}, CF_DENSE, CF_NEW, 0},
  {"same", 2, {4, 5}, {.axes = AXIS(0, 1), .size = {4, 5}}, CF_DENSE, CF_NEW, 0},
  {"no-axes", 2, {4, 5}, {.axes = {0}}, CF_DENSE, CF_NEW, 0},
  {"empty", 3, {0, 3, 5}, {.axes = AXIS(2), .size = {8}}, CF_DENSE, CF_NEW, 0},
  {"to-nothing", 3, {2, 3, 5}, {.axes = AXIS(2), .size = {0}}, CF_DENSE, CF_NEW, 0},
  {"nothing-to-nothing", 3, {2, 3, 0}, {.axes = AXIS(2), .size = {0}}, CF_DENSE, CF_NEW, 0},
  {"scale-to-nothing", 3, {2, 3, 5}, {.axes = AXIS(2), .scale = {0.1}}, CF_DENSE, CF_NEW, 0},
  {"offset", 3, {2, 3, 5}, {.axes = AXIS(1, 2), .size = {4, 8}}, CF_OFFSET, CF_NEW, 0},
  {"transposed", 3, {2, 3, 5}, {.axes = AXIS(1, 2), .size = {4, 8}}, CF_TRANSPOSED, CF_NEW, 0},
  {"stepped", 3, {2, 3, 5}, {.axes = AXIS(1, 2), .size = {4, 8}}, CF_STEPPED, CF_NEW, 0},
  {"negative", 3, {2, 3, 5}, {.axes = AXIS(1, 2), .size = {4, 8}}, CF_NEGATIVE, CF_NEW, 0},
  {"expanded", 3, {2, 3, 5}, {.axes = AXIS(0, 2), .size = {3, 8}}, CF_EXPANDED, CF_NEW, 0},
  {"into", 3, {2, 3, 5}, {.axes = AXIS(1, 2), .size = {4, 8}}, CF_DENSE, CF_INTO, CF_OFFSET},
  {"into-stepped", 3, {2, 3, 5}, {.axes = AXIS(2), .size = {8}}, CF_ROWS, CF_INTO, CF_STEPPED},
  {"into-same", 2, {4, 5}, {.axes = AXIS(0), .size = {4}}, CF_DENSE, CF_INTO, CF_STEPPED},
  {"inplace", 3, {1, 2, 6}, {.axes = AXIS(2), .size = {6}, .scale = {1.5}}, CF_DENSE, CF_IN_PLACE, 0},
  {"overlap", 3, {1, 2, 6}, {.axes = AXIS(1, 2), .size = {2, 6}, .scale = {0.75, 1.5}}, CF_OFFSET, CF_OVERLAP, 0},
};

static const struct refused { const char *name; rt_resampling how; rt_status status; } refused[] = {
  {"refused-axis", {.axes = AXIS(3), .size = {4}}, RT_E_ARGUMENT},
  {"refused-twice", {.axes = AXIS(1, -2), .size = {4, 4}}, RT_E_ARGUMENT},
  {"refused-size", {.axes = AXIS(1), .size = {-1}}, RT_E_SHAPE},
  {"refused-scale", {.axes = AXIS(1), .scale = {-2}}, RT_E_ARGUMENT},
  {"refused-nothing", {.axes = AXIS(2), .size = {4}}, RT_E_SHAPE},
};

// ---- the oracle -------------------------------------------------------------------------------------------------------------------------
/// What one axis does: its extents and scale (0: none given); the weight of element k in output element i, and what adds up to it in magnitude.
typedef struct axis {
  int32_t at;
  int64_t n, m;
  double scale;
  const rt_resampling *how;
  int32_t entry;
  cf_real *weight, *size; // [i n + k]
} axis;

static double place(const axis *a, int64_t i) {
  const rt_resampling *how = a->how;
  double x = (double)i, n = (double)a->n, m = (double)a->m, lo = how->crop_lo[a->entry], hi = how->crop_hi[a->entry];
  double scaled = a->scale != 0 ? x / a->scale : x * n / m, half = a->scale != 0 ? (x + 0.5) / a->scale : (x + 0.5) * n / m;
  double length = a->scale != 0 ? a->scale * n : m;
  switch (how->grid) {
    case RT_GRID_HALF_PIXEL: return half - 0.5;
    case RT_GRID_HALF_PIXEL_SYMMETRIC: return half + (n / 2 * (1 - m / length) - 0.5);
    case RT_GRID_PYTORCH_HALF_PIXEL: return a->m > 1 ? half - 0.5 : 0;
    case RT_GRID_ALIGN_CORNERS: return length == 1 ? 0 : x * (n - 1) / (length - 1);
    case RT_GRID_ASYMMETRIC: return scaled;
    case RT_GRID_TF_HALF_PIXEL: return half;
    default: return a->m > 1 ? x * ((hi - lo) * (n - 1)) / (m - 1) + lo * (n - 1) : 0.5 * (lo + hi) * (n - 1);
  }
}

static cf_real weigh(const rt_resampling *how, cf_real u) {
  cf_real a = how->cubic != 0 ? (cf_real)how->cubic : (cf_real)-0.75;
  u = cf_abs(u);
  if (how->mode == RT_RESIZE_LINEAR) return u < 1 ? 1 - u : 0;
  if (u <= 1) return (a + 2) * u * u * u - (a + 3) * u * u + 1;
  return u < 2 ? a * u * u * u - 5 * a * u * u + 8 * a * u - 4 * a : 0;
}

static cf_real weight_of(const axis *a, int64_t i, int64_t k, cf_real *out_size) {
  const rt_resampling *how = a->how;
  double t = place(a, i), ratio = a->scale != 0 ? a->scale : (double)a->m / (double)a->n;
  *out_size = 0;
  if (how->mode == RT_RESIZE_NEAREST) {
    double r = how->round == RT_ROUND_FLOOR ? floor(t) : how->round == RT_ROUND_CEIL ? ceil(t) : how->round == RT_ROUND_PREFER_CEIL ? floor(t + 0.5) : ceil(t - 0.5);
    int64_t held = r < 0 ? 0 : r > (double)(a->n - 1) ? a->n - 1 : (int64_t)r;
    return *out_size = held == k;
  }
  cf_real shrink = how->antialias && ratio < 1 ? (cf_real)ratio : 1, sum = 0, mine = 0;
  for (int64_t tap = -3 * a->n - 20; tap <= 4 * a->n + 20; tap++) { // far more than any radius here
    bool is_outside = tap < 0 || tap >= a->n;
    cf_real w = weigh(how, ((cf_real)t - (cf_real)tap) * shrink);
    if (is_outside && how->exclude_outside) continue;
    sum += w;
    if ((tap < 0 ? 0 : tap >= a->n ? a->n - 1 : tap) == k) mine += w, *out_size += cf_abs(w);
  }
  if (sum == 0) return *out_size = k == (t < 0 ? 0 : a->n - 1); // all of them outside: the edge
  *out_size /= cf_abs(sum);
  return mine / sum; // the sum is 1 but for antialias and exclude_outside
}

static void make_weights(cf_case *c, axis *a) {
  a->weight = cf_alloc(c, a->n * a->m * (int64_t)sizeof *a->weight);
  a->size = cf_alloc(c, a->n * a->m * (int64_t)sizeof *a->size);
  for (int64_t i = 0; i < a->m; i++)
    for (int64_t k = 0; k < a->n; k++) a->weight[i * a->n + k] = weight_of(a, i, k, &a->size[i * a->n + k]);
}

static void want(cf_case *c, rt_dtype compute, const axis *axes, int32_t n) {
  const cf_array *x = &c->in[0].x, *y = &c->out.x;
  const rt_resampling *how = n ? axes[0].how : NULL;
  for (int64_t i = 0; i < y->numel; i++) {
    int64_t at[RT_MAX_RANK], from[RT_MAX_RANK];
    bool is_outside = false;
    cf_coordinates(y, i, at);
    for (int32_t k = 0; k < n && how->grid == RT_GRID_CROP; k++) {
      double t = place(&axes[k], at[axes[k].at]);
      is_outside = is_outside || !(t >= 0 && t <= (double)(axes[k].n - 1));
    }
    cf_terms t = {0};
    int64_t n_terms = 0;
    cf_real extra = 0;
    uint64_t copied = 0;
    for (int64_t j = 0; j < x->numel && !is_outside; j++) { // every element of x that agrees outside of the axes
      cf_real w = 1, size = 1;
      cf_coordinates(x, j, from);
      bool agrees = true;
      for (int32_t d = 0; d < x->rank; d++) {
        bool is_resized = false;
        for (int32_t k = 0; k < n; k++) is_resized = is_resized || axes[k].at == d;
        agrees = agrees && (is_resized || from[d] == at[d]);
      }
      for (int32_t k = 0; k < n && agrees && size != 0; k++) {
        int64_t entry = at[axes[k].at] * axes[k].n + from[axes[k].at];
        w *= axes[k].weight[entry];
        size *= axes[k].size[entry];
      }
      if (!agrees || size == 0 || w == 0) continue;
      copied = cf_bits(x, j);
      cf_real v = cf_decode(compute, cf_cast(x->dtype, cf_bits(x, j), compute));
      cf_add_term(&t, w * v);
      extra += size * cf_abs(v);
      n_terms++;
    }
    if (is_outside) cf_want_bits(c, i, cf_cast(RT_F64, cf_encode(RT_F64, (cf_real)how->outside, 0), y->dtype));
    else if (!n || how->mode == RT_RESIZE_NEAREST) cf_want_bits(c, i, x->dtype == y->dtype ? copied : cf_cast(x->dtype, copied, y->dtype));
    else cf_want_sum(c, i, t.sum, (cf_real)(n_terms + 8 * n) * cf_unit(compute) * extra + (cf_real)(n_terms + n) * cf_ulp(compute == RT_F64 ? RT_F64 : RT_F32, 0));
  }
}

// ---- cells ------------------------------------------------------------------------------------------------------------------------------
static rt_status call_resize(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  return into ? rt_resize_into(in[0], c->user, into) : rt_resize(in[0], c->user, out);
}

void cf_cases_resize(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(RESIZE));
  static const char *const modes[ALL_MODES] = {"nearest", "linear", "cubic"};
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    for (size_t h = 0; h < CF_COUNT(hows) * ALL_MODES; h++) {
      const resize_how *row = &hows[h / ALL_MODES];
      const cf_class *classes = cf_classes_of(dtype);
      int mode = (int)(h % ALL_MODES);
      rt_dtype compute = mode == RT_RESIZE_NEAREST || cf_is_float(dtype) ? dtype : RT_F32;
      bool is_shared = row->form != CF_NEW && row->form != CF_INTO;
      if (dtype != compute && (is_shared || h / ALL_MODES > 3)) continue;
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if ((v > 0 && h / ALL_MODES > 3 && dtype != RT_F32) || (classes[v] == CF_SPECIALS && mode != RT_RESIZE_NEAREST)) continue;
        cf_case *c = cf_open(g, op, dtype, "%s-%s/%s", modes[mode], row->name, cf_class_name[classes[v]]);
        if (!c) continue;
        rt_resampling *how = cf_alloc(c, (int64_t)sizeof *how);
        *how = row->how;
        how->mode = (rt_resize_mode)mode;
        c->call = call_resize, c->user = how, c->form = row->form, c->out_layout = row->out;
        cf_input(c, 0, dtype, row->rank, row->x);
        cf_fill(c, 0, classes[v]);
        cf_place(c, 0, row->in);
        int64_t shape[5] = {0};
        axis axes[5];
        for (int32_t d = 0; d < row->rank; d++) shape[d] = row->x[d];
        for (int32_t k = 0; k < how->axes.count; k++) {
          int32_t d = how->axes.axis[k] < 0 ? how->axes.axis[k] + row->rank : how->axes.axis[k];
          shape[d] = how->scale[k] != 0 && how->size[k] == 0 ? (int64_t)floor(how->scale[k] * (double)row->x[d]) : how->size[k];
          axes[k] = (axis){d, row->x[d], shape[d], how->scale[k], how, k, NULL, NULL};
          make_weights(c, &axes[k]);
        }
        cf_result(c, compute, row->rank, shape);
        want(c, compute, axes, how->axes.count);
        cf_close(c);
      }
    }
    for (size_t r = 0; r < CF_COUNT(refused); r++) {
      cf_case *c = cf_open(g, op, dtype, "%s", refused[r].name);
      if (!c) continue;
      rt_resampling *how = cf_alloc(c, (int64_t)sizeof *how);
      *how = refused[r].how;
      c->call = call_resize, c->user = how, c->fails = refused[r].status;
      cf_input(c, 0, dtype, 3, (int64_t[]){2, 3, 0});
      cf_place(c, 0, CF_DENSE);
      cf_close(c);
    }
  }
}
