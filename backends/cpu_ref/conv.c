// SPDX-License-Identifier: BSD-3-Clause
// Convolution (cross-correlation) over 1 to 3 spatial dimensions with groups, dilation and padding; its transpose; and that of integers with
// zero points. Per image, group and 64 output positions each is a matrix product: output channels by (input channel, tap), in that order.
// Padding contributes nothing, even where a weight is infinite or NaN. f16, bf16 and f32 add up in double, f64 in long double, integers
// modulo 2^64; the bias comes last.
#include "ref.h"

#include <math.h>

#include "blocks.h"
#include "window.h"

typedef struct conv {
  ref_window window;
  const rtb_view *x, *weight, *bias, *out;
  const rtb_view *x_zero, *weight_zero; // integers only; NULL: 0
  ref_get get_x, get_weight;
  int64_t x_bytes;                      // of an element
  int64_t channels, depth;              // input channels of a group; channels times taps
  int64_t rows;                         // output channels of a group
  bool is_transposed, is_integer, is_f64;
  bool weight_dense;                    // the last `depth` elements of a weight row are contiguous
} conv;

static bool inner_is_dense(const rtb_view *view) {
  int64_t expected = 1;
  for (int32_t d = view->ndim - 1; d >= 1; d--) {
    if (view->shape[d] != 1 && view->stride[d] != expected) return false;
    expected *= view->shape[d];
  }
  return true;
}

/// Where the weight of output channel m for number k of (input channel of its group, tap) lies, in elements.
static int64_t weight_at(const conv *v, int64_t m, int64_t k) {
  const int64_t *stride = v->weight->stride, channel = k / v->window.n_taps;
  int64_t tap = k % v->window.n_taps;
  int64_t at = v->is_transposed ? (m / v->rows * v->channels + channel) * stride[0] + m % v->rows * stride[1] : m * stride[0] + channel * stride[1];
  for (int32_t d = v->weight->ndim - 1; d >= 2; d--) {
    at += tap % v->weight->shape[d] * stride[d];
    tap /= v->weight->shape[d];
  }
  return at;
}

static uint64_t zero_at(const rtb_view *zero, ref_get get, int64_t i) {
  uint64_t value = 0; // modulo 2^64, of either sign
  if (zero) get(1, ref_at(zero, zero->ndim ? i * zero->stride[0] : 0), 1, &value);
  return value;
}

/// Weights [k0, k0 + deep) of output channel m, widened and without their zero point. Are all of them finite?
static bool load_weights(const conv *v, int64_t m, int64_t k0, int64_t deep, void *row) {
  double *real = row;
  uint64_t *integer = row;
  if (v->weight_dense) v->get_weight(deep, ref_at(v->weight, weight_at(v, m, 0) + k0), 1, row);
  for (int64_t k = 0; k < deep && !v->weight_dense; k++) v->get_weight(1, ref_at(v->weight, weight_at(v, m, k0 + k)), 1, integer + k);
  if (v->is_integer) {
    const uint64_t zero = zero_at(v->weight_zero, v->get_weight, m);
    for (int64_t k = 0; k < deep; k++) integer[k] -= zero;
    return true;
  }
  bool finite = true;
  for (int64_t k = 0; k < deep; k++) finite = finite && isfinite(real[k]);
  return finite;
}

/// What positions [p0, p0 + columns) see of number k, widened and without its zero point; 0 in the padding and past the last column.
static void load_window(const conv *v, int64_t image, int64_t g, int64_t k, int64_t p0, int64_t columns, void *row, uint8_t *is_inside) {
  const int64_t channel = g * v->channels + k / v->window.n_taps, tap = k % v->window.n_taps;
  const char *from = ref_at(v->x, image * v->x->stride[0] + channel * v->x->stride[1]);
  (v->is_transposed ? ref_transposed_row : ref_window_row)(&v->window, v->get_x, from, v->x_bytes, tap, p0, columns, row, is_inside);
  uint64_t *integer = row;
  if (v->is_integer) {
    const uint64_t zero = zero_at(v->x_zero, v->get_x, 0);
    for (int64_t c = 0; c < columns; c++) integer[c] -= is_inside[c] ? zero : 0;
  }
  for (int64_t c = columns; c < ((columns + 3) & ~(int64_t)3); c++) integer[c] = 0; // the bits of 0.0, too
}

/// The same sums one by one, leaving padding out.
static void add_inside(const conv *v, int64_t rows, int64_t columns, int64_t deep, const block_a *a, const block_b *b,
                       uint8_t is_inside[PANEL_DEPTH][PANEL_COLUMNS], block_acc *acc) {
  for (int64_t r = 0; r < rows; r++) for (int64_t k = 0; k < deep; k++) for (int64_t c = 0; c < columns; c++) {
    if (!is_inside[k][c]) continue;
    if (v->is_f64) acc->f64[r][c] += (long double)a->f64[r][k] * b->f64[k][c];
    else acc->narrow[r][c] += a->f64[r][k] * b->f64[k][c];
  }
}

static void store(const conv *v, const block_acc *acc, int64_t image, int64_t m0, int64_t rows, int64_t p0, int64_t columns) {
  const rtb_view *out = v->out;
  const ref_put put = rti_ref_put_of(out->dtype, v->is_integer ? REF_U64 : REF_F64);
  for (int64_t r = 0; r < rows; r++) {
    double bias = 0;
    if (v->bias) v->get_x(1, ref_at(v->bias, (m0 + r) * v->bias->stride[0]), 1, &bias);
    ref_wide_row row;
    for (int64_t c = 0; c < columns; c++) {
      if (v->is_integer) row.u64[c] = acc->integer[r][c];
      else row.f64[c] = v->is_f64 ? (double)(acc->f64[r][c] + bias) : acc->narrow[r][c] + bias;
    }
    char *to = ref_at(out, image * out->stride[0] + (m0 + r) * out->stride[1]);
    ref_window_store(&v->window, put, to, rtb_dtype_bytes(out->dtype), p0, columns, &row);
  }
}

/// Output channels [m0, m0 + rows) of group g at positions [p0, p0 + columns).
static void tile(const conv *v, int64_t image, int64_t g, int64_t m0, int64_t rows, int64_t p0, int64_t columns) {
  block_a a;
  block_b b;
  uint8_t is_inside[PANEL_DEPTH][PANEL_COLUMNS];
  block_acc acc;
  const int64_t even_rows = (rows + 1) & ~(int64_t)1;
  for (int64_t r = 0; r < even_rows; r++) {
    for (int64_t c = 0; c < PANEL_COLUMNS; c++) {
      if (v->is_f64) acc.f64[r][c] = 0;
      else acc.integer[r][c] = 0; // the bits of 0.0, too
    }
  }
  memset(a.u64[even_rows - 1], 0, sizeof a.u64[0]); // an odd last row has a partner that is computed and never used
  for (int64_t k0 = 0; k0 < v->depth; k0 += PANEL_DEPTH) {
    const int64_t deep = least(PANEL_DEPTH, v->depth - k0);
    bool finite = true;
    for (int64_t r = 0; r < rows; r++) finite = load_weights(v, m0 + r, k0, deep, a.u64[r]) && finite;
    for (int64_t k = 0; k < deep; k++) load_window(v, image, g, k0 + k, p0, columns, b.u64[k], is_inside[k]);
    if (v->is_integer) panel_integer(rows, columns, deep, a.u64, b.u64, acc.integer);
    else if (!finite) add_inside(v, rows, columns, deep, &a, &b, is_inside, &acc);
    else if (v->is_f64) panel_f64(rows, columns, deep, a.f64, b.f64, acc.f64);
    else panel_narrow(rows, columns, deep, a.f64, b.f64, acc.narrow);
  }
  store(v, &acc, image, m0, rows, p0, columns);
}

int32_t rti_ref_conv(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const rtb_attr_window *attr = op->attr;
  const int64_t groups = (int64_t)attr->groups;
  conv v = {.x = op->args[0], .weight = op->args[1], .out = op->args[op->nin], .is_transposed = op->op == RTB_OP_CONV_TRANSPOSE,
            .is_integer = op->op == RTB_OP_CONV_INTEGER};
  if (v.is_integer) v.x_zero = op->args[2], v.weight_zero = op->args[3];
  else v.bias = op->args[2];
  v.window = ref_window_of(attr, v.x, v.out, v.weight->shape);
  v.get_x = rti_ref_get_of(v.x->dtype), v.x_bytes = rtb_dtype_bytes(v.x->dtype), v.is_f64 = v.x->dtype == RTB_F64;
  v.get_weight = rti_ref_get_of(v.weight->dtype);
  v.channels = v.x->shape[1] / groups, v.depth = v.channels * v.window.n_taps;
  v.rows = v.out->shape[1] / groups;
  v.weight_dense = !v.is_transposed && inner_is_dense(v.weight);
  for (int64_t image = 0; image < v.out->shape[0]; image++) for (int64_t g = 0; g < groups; g++) {
    for (int64_t m = 0; m < v.rows; m += PANEL_ROWS) for (int64_t p = 0; p < v.window.n_pixels; p += PANEL_COLUMNS) {
      tile(&v, image, g, g * v.rows + m, least(PANEL_ROWS, v.rows - m), p, least(PANEL_COLUMNS, v.window.n_pixels - p));
    }
  }
  return RTB_OK;
}
