// SPDX-License-Identifier: BSD-3-Clause
// Convolution (cross-correlation) over 1 to 3 spatial dimensions with groups, dilation and padding. Per image, group and 64 output
// positions it is a matrix product: output channels by (input channel, tap), in that order. Padding contributes nothing, even where a
// weight is infinite or NaN. f16, bf16 and f32 add up in double, f64 in long double; the bias comes last.
#include "ref.h"

#include <math.h>

#include "window.h"

#define PANEL panel_narrow
#define ELEMENT double
#define ACC double
#include "panel.h"
#define PANEL panel_f64
#define ELEMENT double
#define ACC long double
#include "panel.h"

typedef union block_acc {
  double narrow[PANEL_ROWS][PANEL_COLUMNS];
  long double f64[PANEL_ROWS][PANEL_COLUMNS];
} block_acc;

typedef struct conv {
  ref_window window;
  const rtb_view *x, *weight, *bias, *out;
  ref_get get;
  int64_t bytes;             // of an element
  int64_t channels, depth;   // input channels of a group; channels times taps
  int64_t rows;              // output channels of a group
  bool is_f64, weight_dense; // weight_dense: the last `depth` elements of a weight row are contiguous
} conv;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static bool inner_is_dense(const rtb_view *view) {
  int64_t expected = 1;
  for (int32_t d = view->ndim - 1; d >= 1; d--) {
    if (view->shape[d] != 1 && view->stride[d] != expected) return false;
    expected *= view->shape[d];
  }
  return true;
}

/// Weights [k0, k0 + deep) of output channel m, widened. Are all of them finite?
static bool load_weights(const conv *v, int64_t m, int64_t k0, int64_t deep, double *row) {
  const int64_t first = m * v->weight->stride[0];
  if (v->weight_dense) {
    v->get(deep, ref_at(v->weight, first + k0), 1, row);
  } else {
    for (int64_t k = 0; k < deep; k++) {
      int64_t rest = k0 + k, at = first;
      for (int32_t d = v->weight->ndim - 1; d >= 1; d--) {
        at += rest % v->weight->shape[d] * v->weight->stride[d];
        rest /= v->weight->shape[d];
      }
      v->get(1, ref_at(v->weight, at), 1, row + k);
    }
  }
  bool finite = true;
  for (int64_t k = 0; k < deep; k++) finite = finite && isfinite(row[k]);
  return finite;
}

/// The same sums one by one, leaving padding out.
static void add_inside(const conv *v, int64_t rows, int64_t columns, int64_t deep, double a[PANEL_ROWS][PANEL_DEPTH],
                       double b[PANEL_DEPTH][PANEL_COLUMNS], uint8_t is_inside[PANEL_DEPTH][PANEL_COLUMNS], block_acc *acc) {
  for (int64_t r = 0; r < rows; r++) for (int64_t k = 0; k < deep; k++) for (int64_t c = 0; c < columns; c++) {
    if (!is_inside[k][c]) continue;
    if (v->is_f64) acc->f64[r][c] += (long double)a[r][k] * b[k][c];
    else acc->narrow[r][c] += a[r][k] * b[k][c];
  }
}

static void store(const conv *v, block_acc *acc, int64_t image, int64_t m0, int64_t rows, int64_t p0, int64_t columns) {
  const rtb_view *out = v->out;
  for (int64_t r = 0; r < rows; r++) {
    double bias = 0;
    if (v->bias) v->get(1, ref_at(v->bias, (m0 + r) * v->bias->stride[0]), 1, &bias);
    ref_wide_row row;
    for (int64_t c = 0; c < columns; c++) row.f64[c] = v->is_f64 ? (double)(acc->f64[r][c] + bias) : acc->narrow[r][c] + bias;
    char *to = ref_at(out, image * out->stride[0] + (m0 + r) * out->stride[1]);
    ref_window_store(&v->window, rti_ref_put_of(out->dtype, REF_F64), to, v->bytes, p0, columns, &row);
  }
}

/// Output channels [m0, m0 + rows) of group g at positions [p0, p0 + columns).
static void tile(const conv *v, int64_t image, int64_t g, int64_t m0, int64_t rows, int64_t p0, int64_t columns) {
  const rtb_view *x = v->x;
  double a[PANEL_ROWS][PANEL_DEPTH];
  double b[PANEL_DEPTH][PANEL_COLUMNS];
  uint8_t is_inside[PANEL_DEPTH][PANEL_COLUMNS];
  block_acc acc;
  const int64_t even_rows = (rows + 1) & ~(int64_t)1;
  for (int64_t r = 0; r < even_rows; r++) {
    for (int64_t c = 0; c < PANEL_COLUMNS; c++) {
      if (v->is_f64) acc.f64[r][c] = 0;
      else acc.narrow[r][c] = 0;
    }
  }
  memset(a[even_rows - 1], 0, sizeof a[0]); // an odd last row has a partner that is computed and never used
  for (int64_t k0 = 0; k0 < v->depth; k0 += PANEL_DEPTH) {
    const int64_t deep = least(PANEL_DEPTH, v->depth - k0);
    bool finite = true;
    for (int64_t r = 0; r < rows; r++) finite = load_weights(v, m0 + r, k0, deep, a[r]) && finite;
    for (int64_t k = 0; k < deep; k++) {
      const int64_t channel = g * v->channels + (k0 + k) / v->window.n_taps, tap = (k0 + k) % v->window.n_taps;
      const char *from = ref_at(x, image * x->stride[0] + channel * x->stride[1]);
      ref_window_row(&v->window, v->get, from, v->bytes, tap, p0, columns, b[k], is_inside[k]);
      for (int64_t c = columns; c < ((columns + 3) & ~(int64_t)3); c++) b[k][c] = 0;
    }
    if (!finite) add_inside(v, rows, columns, deep, a, b, is_inside, &acc);
    else if (v->is_f64) panel_f64(rows, columns, deep, a, b, acc.f64);
    else panel_narrow(rows, columns, deep, a, b, acc.narrow);
  }
  store(v, &acc, image, m0, rows, p0, columns);
}

int32_t rti_ref_conv(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const rtb_attr_window *attr = op->attr;
  conv v = {.x = op->args[0], .weight = op->args[1], .bias = op->args[2], .out = op->args[3]};
  v.window = ref_window_of(attr, v.x, v.out, v.weight->shape);
  v.get = rti_ref_get_of(v.x->dtype), v.bytes = rtb_dtype_bytes(v.x->dtype), v.is_f64 = v.x->dtype == RTB_F64;
  v.channels = v.weight->shape[1], v.depth = v.channels * v.window.n_taps;
  v.rows = v.weight->shape[0] / (int64_t)attr->groups;
  v.weight_dense = inner_is_dense(v.weight);
  for (int64_t image = 0; image < v.out->shape[0]; image++) for (int64_t g = 0; g < (int64_t)attr->groups; g++) {
    for (int64_t m = 0; m < v.rows; m += PANEL_ROWS) for (int64_t p = 0; p < v.window.n_pixels; p += PANEL_COLUMNS) {
      tile(&v, image, g, g * v.rows + m, least(PANEL_ROWS, v.rows - m), p, least(PANEL_COLUMNS, v.window.n_pixels - p));
    }
  }
  return RTB_OK;
}
