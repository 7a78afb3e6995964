// SPDX-License-Identifier: BSD-3-Clause
// Cells of convolution and pooling: strides, pads, dilation, groups and ceil mode over one to three spatial axes, in several layouts.
#include "internal.h"

#include <string.h>

static int64_t out_extent(int64_t extent, int64_t size, int64_t stride, int64_t dilation, int64_t lo, int64_t hi, bool ceil_mode) {
  int64_t room = extent + lo + hi - dilation * (size - 1) - 1;
  int64_t n = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  return ceil_mode && (n - 1) * stride >= extent + lo ? n - 1 : n; // a window starts inside the input or its low pad
}

static int32_t or_one(int32_t v) { return v ? v : 1; }

// ---- convolution ----------------------------------------------------------------------------------------------------------------------
typedef struct conv_how {
  const char *name;
  int32_t rank;
  int64_t x[5], weight[5];
  rt_window window;
  bool has_bias;
  cf_layout in[2];
  cf_form form;
  cf_layout out;
} conv_how;
static const conv_how convs[] = {
  {"1d", 3, {2, 3, 11}, {4, 3, 3}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"2d", 4, {2, 3, 7, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"3d", 5, {1, 2, 4, 5, 6}, {3, 2, 2, 3, 2}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"2d-no-bias", 4, {2, 3, 7, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, false, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"1x1", 4, {2, 5, 4, 4}, {7, 5, 1, 1}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"strides", 4, {1, 3, 9, 8}, {4, 3, 3, 2}, {{0}, {2, 3}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"pads", 4, {1, 3, 5, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"uneven-pads", 4, {1, 3, 5, 6}, {4, 3, 3, 4}, {{0}, {2, 1}, {0}, {0, 3}, {2, 1}, 0, 0, 0, {0}}, false, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  // Windows of padding only.
  {"wide-pads", 3, {1, 2, 3}, {2, 2, 2}, {{0}, {0}, {0}, {4}, {5}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"dilation", 4, {1, 2, 9, 9}, {3, 2, 3, 3}, {{0}, {0}, {2, 3}, {1, 2}, {1, 2}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"groups", 4, {2, 4, 5, 5}, {6, 2, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 2, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"depthwise", 4, {2, 4, 5, 5}, {4, 1, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 4, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"depthwise-multiplied", 3, {2, 3, 8}, {6, 1, 3}, {{0}, {2}, {0}, {1}, {0}, 3, 0, 0, {0}}, false, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"whole-window", 4, {2, 3, 4, 5}, {4, 3, 4, 5}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"empty", 4, {0, 3, 4, 5}, {4, 3, 2, 2}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"offset", 4, {1, 3, 5, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_OFFSET, CF_OFFSET}, CF_NEW, 0},
  {"transposed", 4, {2, 3, 5, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0},
  {"stepped", 4, {2, 3, 5, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_STEPPED, CF_STEPPED}, CF_NEW, 0},
  {"negative", 4, {2, 3, 5, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0},
  {"expanded", 4, {2, 3, 5, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_EXPANDED, CF_EXPANDED}, CF_NEW, 0},
  {"into", 4, {1, 3, 5, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_INTO, CF_OFFSET},
  {"into-stepped", 4, {1, 3, 5, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_ROWS, CF_DENSE}, CF_INTO, CF_STEPPED},
  {"into-transposed", 4, {1, 3, 5, 6}, {4, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_INTO,
   CF_TRANSPOSED},
  {"inplace", 4, {1, 3, 5, 6}, {3, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0},
  {"overlap", 4, {1, 3, 5, 6}, {3, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_OFFSET, CF_DENSE}, CF_OVERLAP, 0},
};

// weight: [C, M/groups, ...]
static const conv_how transposed[] = {
  {"1d", 3, {2, 3, 7}, {3, 4, 3}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"2d", 4, {2, 3, 4, 5}, {3, 4, 3, 2}, {{0}, {2, 2}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"3d", 5, {1, 2, 2, 3, 4}, {2, 3, 2, 3, 2}, {{0}, {1, 2, 3}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"2d-no-bias", 4, {2, 3, 4, 5}, {3, 4, 3, 3}, {{0}, {2, 1}, {0}, {0}, {0}, 0, 0, 0, {0}}, false, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"1x1", 4, {2, 5, 4, 4}, {5, 7, 1, 1}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  // Between the windows there is nothing but bias.
  {"wide-strides", 4, {1, 2, 3, 4}, {2, 3, 2, 1}, {{0}, {5, 3}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"pads", 4, {1, 3, 5, 4}, {3, 2, 3, 3}, {{0}, {2, 2}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"uneven-pads", 4, {1, 3, 5, 4}, {3, 2, 4, 3}, {{0}, {3, 2}, {0}, {0, 2}, {3, 1}, 0, 0, 0, {0}}, false, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"output-pad", 4, {1, 3, 5, 4}, {3, 2, 3, 3}, {{0}, {2, 3}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {1, 2}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"far-output-pad", 3, {1, 2, 3}, {2, 2, 2}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {70}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"all-padded-away", 3, {1, 2, 2}, {2, 3, 2}, {{0}, {0}, {0}, {1}, {2}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"pads-beyond-the-window", 3, {1, 2, 9}, {2, 3, 2}, {{0}, {0}, {0}, {4}, {3}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"dilation", 4, {1, 2, 4, 5}, {2, 3, 3, 2}, {{0}, {2, 1}, {2, 3}, {1, 2}, {1, 0}, 0, 0, 0, {1, 0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"groups", 4, {2, 4, 5, 3}, {4, 3, 3, 3}, {{0}, {2, 2}, {0}, {1, 1}, {1, 1}, 2, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"depthwise", 4, {2, 4, 3, 5}, {4, 1, 3, 3}, {{0}, {2, 2}, {0}, {1, 1}, {1, 1}, 4, 0, 0, {1, 1}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"many-channels", 3, {1, 40, 35}, {40, 37, 3}, {{0}, {2}, {0}, {1}, {0}, 0, 0, 0, {0}}, false, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"empty", 4, {0, 3, 4, 5}, {3, 4, 2, 2}, {{0}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_NEW, 0},
  {"offset", 4, {1, 3, 4, 5}, {3, 2, 3, 3}, {{0}, {2, 2}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_OFFSET, CF_OFFSET}, CF_NEW, 0},
  {"transposed", 4, {2, 3, 4, 5}, {3, 2, 3, 3}, {{0}, {2, 2}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_TRANSPOSED, CF_TRANSPOSED}, CF_NEW, 0},
  {"stepped", 4, {2, 3, 4, 5}, {3, 2, 3, 3}, {{0}, {2, 2}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_STEPPED, CF_STEPPED}, CF_NEW, 0},
  {"negative", 4, {2, 3, 4, 5}, {3, 2, 3, 3}, {{0}, {2, 2}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_NEGATIVE, CF_NEGATIVE}, CF_NEW, 0},
  {"expanded", 4, {2, 3, 4, 5}, {3, 2, 3, 3}, {{0}, {2, 2}, {0}, {0}, {0}, 0, 0, 0, {0}}, true, {CF_EXPANDED, CF_EXPANDED}, CF_NEW, 0},
  {"into", 4, {1, 3, 4, 5}, {3, 2, 3, 3}, {{0}, {2, 2}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_INTO, CF_OFFSET},
  {"into-stepped", 4, {1, 3, 4, 5}, {3, 2, 3, 3}, {{0}, {2, 2}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_ROWS, CF_DENSE}, CF_INTO, CF_STEPPED},
  {"into-transposed", 4, {1, 3, 4, 5}, {3, 2, 3, 3}, {{0}, {2, 2}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_INTO,
   CF_TRANSPOSED},
  {"inplace", 4, {1, 3, 5, 6}, {3, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_DENSE, CF_DENSE}, CF_IN_PLACE, 0},
  {"overlap", 4, {1, 3, 5, 6}, {3, 3, 3, 3}, {{0}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, true, {CF_OFFSET, CF_DENSE}, CF_OVERLAP, 0},
};

static rt_status call_conv(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  const rt_tensor *bias = c->n_in > 2 ? in[2] : NULL;
  if (c->op->id == CF_ID(CONV_TRANSPOSE))
    return into ? rt_conv_transpose_into(in[0], in[1], bias, &c->window, into) : rt_conv_transpose(in[0], in[1], bias, &c->window, out);
  return into ? rt_conv_into(in[0], in[1], bias, &c->window, into) : rt_conv(in[0], in[1], bias, &c->window, out);
}

static void conv_shape(const conv_how *how, bool is_transposed, int64_t *shape) {
  const rt_window *w = &how->window;
  shape[0] = how->x[0];
  shape[1] = is_transposed ? how->weight[1] * or_one(w->groups) : how->weight[0];
  for (int32_t d = 0; d < how->rank - 2; d++) {
    int64_t extent = how->x[2 + d], size = how->weight[2 + d], stride = or_one(w->stride[d]), dilation = or_one(w->dilation[d]);
    if (is_transposed) shape[2 + d] = (extent - 1) * stride + (size - 1) * dilation + 1 + w->output_pad[d] - w->pad_lo[d] - w->pad_hi[d];
    else shape[2 + d] = out_extent(extent, size, stride, dilation, w->pad_lo[d], w->pad_hi[d], false);
  }
}

static void conv_refused(cf_grid *g, const cf_op *op, rt_dtype dtype, const char *name, const int64_t *x, const int64_t *weight, rt_window window, rt_status status) {
  cf_case *c = cf_open(g, op, dtype, "%s", name);
  if (!c) return;
  c->call = call_conv, c->fails = status, c->window = window;
  cf_input(c, 0, dtype, 3, x);
  cf_input(c, 1, dtype, 3, weight);
  for (int k = 0; k < 2; k++) cf_fill(c, k, CF_SMALL), cf_place(c, k, CF_DENSE);
  cf_close(c);
}

void cf_cases_conv(cf_grid *g, const cf_op *op) {
  bool is_transposed = op->id == CF_ID(CONV_TRANSPOSE);
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code, compute = cf_compute_dtype(op->accepts, dtype);
    for (size_t h = 0; h < (is_transposed ? CF_COUNT(transposed) : CF_COUNT(convs)); h++) {
      const conv_how *how = is_transposed ? &transposed[h] : &convs[h];
      const cf_class *classes = cf_classes_of(dtype);
      if (dtype != compute && h > 2) continue;
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        bool is_exact = classes[v] == CF_INTEGERS || classes[v] == CF_SMALL;
        if (!is_exact && v > 0 && h > 1 && dtype != RT_F32) continue;
        cf_case *c = cf_open(g, op, dtype, "%s/%s", how->name, cf_class_name[classes[v]]);
        if (!c) continue;
        int64_t shape[5];
        conv_shape(how, is_transposed, shape);
        c->window = how->window, c->call = call_conv, c->form = how->form, c->out_layout = how->out;
        cf_input(c, 0, dtype, how->rank, how->x);
        cf_input(c, 1, dtype, how->rank, how->weight);
        if (how->has_bias) cf_input(c, 2, dtype, 1, &shape[1]);
        for (int k = 0; k < c->n_in; k++) {
          cf_fill(c, k, classes[v]);
          cf_place(c, k, k < 2 ? how->in[k] : CF_OFFSET);
        }
        cf_result(c, compute, how->rank, shape);
        if (is_transposed) cf_conv_transpose(c, compute);
        else cf_conv(c, compute);
        cf_close(c);
      }
    }
    if (is_transposed) {
      conv_refused(g, op, dtype, "refused-channels", (int64_t[]){1, 2, 3}, (int64_t[]){3, 2, 2}, (rt_window){0}, RT_E_SHAPE);
      conv_refused(g, op, dtype, "refused-groups", (int64_t[]){1, 3, 3}, (int64_t[]){3, 2, 2}, (rt_window){.groups = 2}, RT_E_SHAPE);
      conv_refused(g, op, dtype, "refused-pads", (int64_t[]){1, 2, 3}, (int64_t[]){2, 2, 2}, (rt_window){.pad_lo = {5}}, RT_E_SHAPE);
      conv_refused(g, op, dtype, "refused-negative-pads", (int64_t[]){1, 2, 3}, (int64_t[]){2, 2, 2}, (rt_window){.pad_lo = {-1}}, RT_E_ARGUMENT);
      conv_refused(g, op, dtype, "refused-output-pad", (int64_t[]){1, 2, 3}, (int64_t[]){2, 2, 2}, (rt_window){.output_pad = {-1}}, RT_E_ARGUMENT);
    } else {
      conv_refused(g, op, dtype, "refused-window", (int64_t[]){1, 2, 3}, (int64_t[]){1, 2, 5}, (rt_window){0}, RT_E_SHAPE);
    }
  }
}

// ---- pooling --------------------------------------------------------------------------------------------------------------------------
typedef struct pool_how {
  const char *name;
  int32_t rank;
  int64_t x[5];
  rt_window window;
  cf_layout in;
  cf_form form;
  cf_layout out;
} pool_how;
static const pool_how pools[] = {
  {"1d", 3, {2, 3, 11}, {{3}, {2}, {0}, {0}, {0}, 0, 0, 0, {0}}, CF_DENSE, CF_NEW, 0},
  {"2d", 4, {2, 3, 6, 7}, {{2, 2}, {2, 2}, {0}, {0}, {0}, 0, 0, 0, {0}}, CF_DENSE, CF_NEW, 0},
  {"3d", 5, {1, 2, 4, 5, 6}, {{2, 3, 2}, {1, 2, 2}, {0}, {0}, {0}, 0, 0, 0, {0}}, CF_DENSE, CF_NEW, 0},
  {"stride-1", 4, {1, 3, 6, 7}, {{3, 2}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, CF_DENSE, CF_NEW, 0},
  {"pads", 4, {1, 3, 6, 7}, {{3, 3}, {2, 2}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, CF_DENSE, CF_NEW, 0},
  {"pads-counted", 4, {1, 3, 6, 7}, {{3, 3}, {2, 2}, {0}, {1, 1}, {1, 1}, 0, 0, 1, {0}}, CF_DENSE, CF_NEW, 0},
  {"uneven-pads", 4, {1, 3, 6, 7}, {{3, 4}, {2, 3}, {0}, {2, 0}, {0, 3}, 0, 0, 0, {0}}, CF_DENSE, CF_NEW, 0},
  {"ceil", 4, {1, 3, 6, 8}, {{3, 3}, {2, 3}, {0}, {0}, {0}, 0, 1, 0, {0}}, CF_DENSE, CF_NEW, 0},
  {"ceil-pads", 4, {1, 3, 6, 8}, {{3, 2}, {2, 3}, {0}, {1, 1}, {1, 1}, 0, 1, 0, {0}}, CF_DENSE, CF_NEW, 0},
  {"ceil-pads-counted", 4, {1, 3, 6, 8}, {{3, 3}, {2, 3}, {0}, {1, 1}, {1, 1}, 0, 1, 1, {0}}, CF_DENSE, CF_NEW, 0},
  {"dilation", 4, {1, 2, 9, 9}, {{3, 2}, {1, 2}, {2, 3}, {0}, {0}, 0, 0, 0, {0}}, CF_DENSE, CF_NEW, 0},
  {"whole-window", 4, {2, 3, 4, 5}, {{4, 5}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, CF_DENSE, CF_NEW, 0},
  // The second and third windows see only padding.
  {"only-padding", 3, {2, 2, 1}, {{2}, {0}, {3}, {3}, {3}, 0, 0, 0, {0}}, CF_DENSE, CF_NEW, 0},
  {"long", 3, {1, 2, 150}, {{4}, {2}, {0}, {1}, {2}, 0, 0, 0, {0}}, CF_DENSE, CF_NEW, 0},
  {"empty", 4, {0, 3, 4, 5}, {{2, 2}, {0}, {0}, {0}, {0}, 0, 0, 0, {0}}, CF_DENSE, CF_NEW, 0},
  {"offset", 4, {1, 3, 6, 7}, {{2, 2}, {2, 2}, {0}, {0}, {0}, 0, 0, 0, {0}}, CF_OFFSET, CF_NEW, 0},
  {"transposed", 4, {2, 3, 6, 7}, {{2, 2}, {2, 2}, {0}, {0}, {0}, 0, 0, 0, {0}}, CF_TRANSPOSED, CF_NEW, 0},
  {"stepped", 4, {2, 3, 6, 7}, {{3, 3}, {2, 2}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, CF_STEPPED, CF_NEW, 0},
  {"negative", 4, {2, 3, 6, 7}, {{2, 3}, {2, 2}, {0}, {0}, {0}, 0, 0, 0, {0}}, CF_NEGATIVE, CF_NEW, 0},
  {"expanded", 4, {2, 3, 6, 7}, {{2, 3}, {2, 2}, {0}, {0}, {0}, 0, 0, 0, {0}}, CF_EXPANDED, CF_NEW, 0},
  {"into", 4, {1, 3, 6, 7}, {{2, 2}, {2, 2}, {0}, {0}, {0}, 0, 0, 0, {0}}, CF_DENSE, CF_INTO, CF_OFFSET},
  {"into-stepped", 4, {1, 3, 6, 7}, {{2, 2}, {2, 2}, {0}, {0}, {0}, 0, 0, 0, {0}}, CF_ROWS, CF_INTO, CF_STEPPED},
  {"into-transposed", 4, {1, 3, 6, 7}, {{2, 2}, {2, 2}, {0}, {0}, {0}, 0, 0, 0, {0}}, CF_DENSE, CF_INTO, CF_TRANSPOSED},
  {"inplace", 4, {1, 3, 6, 7}, {{3, 3}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, CF_DENSE, CF_IN_PLACE, 0},
  {"overlap", 4, {1, 3, 6, 7}, {{3, 3}, {0}, {0}, {1, 1}, {1, 1}, 0, 0, 0, {0}}, CF_OFFSET, CF_OVERLAP, 0},
};

static rt_status call_pool(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  if (c->op->id == CF_ID(LP_POOL)) return into ? rt_lp_pool_into(in[0], c->param, &c->window, into) : rt_lp_pool(in[0], c->param, &c->window, out);
  if (c->op->id == CF_ID(MAX_POOL_INDICES))
    return into ? rt_max_pool_indices_into(in[0], &c->window, into) : rt_max_pool_indices(in[0], &c->window, out);
  if (c->op->id == CF_ID(MAX_POOL)) return into ? rt_max_pool_into(in[0], &c->window, into) : rt_max_pool(in[0], &c->window, out);
  return into ? rt_avg_pool_into(in[0], &c->window, into) : rt_avg_pool(in[0], &c->window, out);
}

static void refused_pool(cf_grid *g, const cf_op *op, rt_dtype dtype, const char *name, rt_window window, rt_status status) {
  cf_case *c = cf_open(g, op, dtype, "%s", name);
  if (!c) return;
  c->call = call_pool, c->fails = status, c->window = window, c->param = 2;
  cf_input(c, 0, dtype, 3, (int64_t[]){1, 2, 3});
  cf_fill(c, 0, CF_SMALL);
  cf_place(c, 0, CF_DENSE);
  cf_close(c);
}

void cf_cases_pool(cf_grid *g, const cf_op *op) {
  for (int code = RT_BOOL; code < CF_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code, compute = cf_compute_dtype(op->accepts, dtype);
    if (compute == RT_DTYPE_NONE) {
      refused_pool(g, op, dtype, "refused", (rt_window){.size = {2}}, RT_E_DTYPE);
      continue;
    }
    refused_pool(g, op, dtype, "refused-window", (rt_window){.size = {5}}, RT_E_SHAPE);
    refused_pool(g, op, dtype, "refused-size", (rt_window){.size = {0}}, RT_E_ARGUMENT);
    refused_pool(g, op, dtype, "refused-negative-pad", (rt_window){.size = {2}, .pad_hi = {-1}}, RT_E_ARGUMENT);
    refused_pool(g, op, dtype, "refused-pad", (rt_window){.size = {2}, .pad_lo = {2}}, RT_E_ARGUMENT);
    for (size_t h = 0; h < CF_COUNT(pools); h++) {
      const pool_how *how = &pools[h];
      const cf_class *classes = cf_classes_of(dtype);
      rt_dtype result = op->gives == CF_GIVES_I64 ? RT_I64 : compute;
      bool is_shared = how->form != CF_NEW && how->form != CF_INTO;
      if ((dtype != compute && (h > 2 || how->form != CF_NEW)) || (is_shared && dtype != result)) continue;
      for (int v = 0; classes[v] != CF_CLASSES; v++) {
        if (v > 0 && h > 1 && dtype != RT_F32) continue;
        cf_case *c = cf_open(g, op, dtype, "%s/%s", how->name, cf_class_name[classes[v]]);
        if (!c) continue;
        static const double powers[] = {2, 1, 3}; // lp_pool
        c->param = powers[h % CF_COUNT(powers)];
        c->window = how->window, c->call = call_pool, c->form = how->form, c->out_layout = how->out;
        cf_input(c, 0, dtype, how->rank, how->x);
        cf_fill(c, 0, classes[v]);
        cf_place(c, 0, how->in);
        int64_t shape[5] = {how->x[0], how->x[1]};
        for (int32_t d = 0; d < how->rank - 2; d++)
          shape[2 + d] = out_extent(how->x[2 + d], how->window.size[d], or_one(how->window.stride[d]), or_one(how->window.dilation[d]),
                                    how->window.pad_lo[d], how->window.pad_hi[d], how->window.ceil_mode);
        cf_result(c, result, how->rank, shape);
        cf_pool(c, compute);
        cf_close(c);
      }
    }
  }
}
