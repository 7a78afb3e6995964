// SPDX-License-Identifier: BSD-3-Clause
// Pooling, 64 output positions of a channel at a time: each tap of the window contributes one row. Averages add up in long double. The index
// of a maximum moves with the maximum itself.
#include "ref.h"

#include <math.h>

#include "window.h"

// ---- max --------------------------------------------------------------------------------------------------------------------------------
static void start_max(ref_wide wide, uint32_t bytes, ref_wide_row *best) { // the lowest value of the dtype
  for (int64_t i = 0; i < REF_CHUNK; i++) {
    if (wide == REF_I64) best->i64[i] = INT64_MIN >> (64 - 8 * bytes);
    else if (wide == REF_U64) best->u64[i] = 0;
    else best->f64[i] = -(double)INFINITY;
  }
}

static bool is_larger(double a, double b) { return a != a ? b == b : a > b || (a == b && signbit(b) && !signbit(a)); } // NaN wins, +0 over -0

/// Takes from row what is larger than `best` (or first), and from `place` where it is.
static void add_max(ref_wide wide, int64_t n, const ref_wide_row *row, const uint8_t *is_inside, const int64_t *place, ref_wide_row *best, int64_t *index) {
  for (int64_t i = 0; i < n; i++) {
    const bool wins = wide == REF_I64   ? row->i64[i] > best->i64[i]
                      : wide == REF_U64 ? row->u64[i] > best->u64[i]
                                        : is_larger(row->f64[i], best->f64[i]);
    if (!is_inside[i] || !(wins || index[i] < 0)) continue;
    best->u64[i] = row->u64[i]; // the bits, whatever they are
    index[i] = place[i];
  }
}

/// Where positions [first, first + n) look through a tap: index in C order within the spatial axes of x, whether or not that is inside.
static void place_row(const ref_window *w, int64_t tap, int64_t first, int64_t n, int64_t *place) {
  const int64_t t[3] = {tap / (w->taps[1] * w->taps[2]), tap / w->taps[2] % w->taps[1], tap % w->taps[2]};
  for (int64_t i = 0; i < n; i++) {
    const ref_line line = ref_line_at(w, first + i, 1);
    place[i] = 0;
    for (int32_t d = 0; d < 3; d++) place[i] = place[i] * w->in[d] + line.at[d] * w->stride[d] + t[d] * w->dilation[d] - w->pad_lo[d];
  }
}

int32_t rti_ref_max_pool(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const rtb_view *x = op->args[0], *out = op->args[1];
  const ref_window w = ref_window_of(op->attr, x, out, NULL);
  const ref_wide wide = rti_ref_wide_of(x->dtype);
  const bool wants_index = op->op == RTB_OP_MAX_POOL_INDICES;
  const ref_put put = rti_ref_put_of(out->dtype, wants_index ? REF_I64 : wide);
  for (int64_t n = 0; n < out->shape[0]; n++) for (int64_t c = 0; c < out->shape[1]; c++) {
    const char *from = ref_at(x, n * x->stride[0] + c * x->stride[1]);
    char *to = ref_at(out, n * out->stride[0] + c * out->stride[1]);
    for (int64_t p = 0; p < w.n_pixels; p += REF_CHUNK) {
      const int64_t count = w.n_pixels - p < REF_CHUNK ? w.n_pixels - p : REF_CHUNK;
      ref_wide_row row, best;
      int64_t place[REF_CHUNK] = {0}, index[REF_CHUNK];
      uint8_t is_inside[REF_CHUNK];
      start_max(wide, rtb_dtype_bytes(x->dtype), &best);
      for (int64_t i = 0; i < count; i++) index[i] = -1;
      for (int64_t tap = 0; tap < w.n_taps; tap++) {
        ref_window_row(&w, rti_ref_get_of(x->dtype), from, rtb_dtype_bytes(x->dtype), tap, p, count, &row, is_inside);
        if (wants_index) place_row(&w, tap, p, count, place);
        add_max(wide, count, &row, is_inside, place, &best, index);
      }
      ref_window_store(&w, put, to, rtb_dtype_bytes(out->dtype), p, count, wants_index ? (const void *)index : &best);
    }
  }
  return RTB_OK;
}

// ---- average ----------------------------------------------------------------------------------------------------------------------------
/// How many taps of the window at `position` of dimension d lie in [low, high)?
static int64_t taps_inside(const ref_window *w, int32_t d, int64_t position, int64_t low, int64_t high) {
  int64_t count = 0;
  for (int64_t t = 0; t < w->taps[d]; t++) {
    const int64_t at = position * w->stride[d] + t * w->dilation[d] - w->pad_lo[d];
    count += at >= low && at < high;
  }
  return count;
}

static int64_t divisor_at(const ref_window *w, int64_t pixel, bool count_pad) {
  const ref_line line = ref_line_at(w, pixel, 1);
  int64_t count = 1;
  for (int32_t d = 0; d < 3; d++) {
    count *= taps_inside(w, d, line.at[d], count_pad ? -w->pad_lo[d] : 0, w->in[d] + (count_pad ? w->pad_hi[d] : 0));
  }
  return count;
}

int32_t rti_ref_avg_pool(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const rtb_view *x = op->args[0], *out = op->args[1];
  const ref_window w = ref_window_of(op->attr, x, out, NULL);
  const bool count_pad = ((const rtb_attr_window *)op->attr)->flags & RTB_WINDOW_COUNT_PAD;
  for (int64_t p = 0; p < w.n_pixels; p += REF_CHUNK) {
    const int64_t count = w.n_pixels - p < REF_CHUNK ? w.n_pixels - p : REF_CHUNK;
    int64_t divisor[REF_CHUNK];
    for (int64_t i = 0; i < count; i++) divisor[i] = divisor_at(&w, p + i, count_pad);
    for (int64_t n = 0; n < out->shape[0]; n++) for (int64_t c = 0; c < out->shape[1]; c++) {
      const char *from = ref_at(x, n * x->stride[0] + c * x->stride[1]);
      ref_wide_row row;
      long double sum[REF_CHUNK] = {0};
      uint8_t is_inside[REF_CHUNK];
      for (int64_t tap = 0; tap < w.n_taps; tap++) {
        ref_window_row(&w, rti_ref_get_of(x->dtype), from, rtb_dtype_bytes(x->dtype), tap, p, count, &row, is_inside);
        for (int64_t i = 0; i < count; i++) sum[i] += row.f64[i]; // 0 outside
      }
      for (int64_t i = 0; i < count; i++) row.f64[i] = (double)(sum[i] / (long double)divisor[i]);
      char *to = ref_at(out, n * out->stride[0] + c * out->stride[1]);
      ref_window_store(&w, rti_ref_put_of(out->dtype, REF_F64), to, rtb_dtype_bytes(out->dtype), p, count, &row);
    }
  }
  return RTB_OK;
}

// ---- norm -------------------------------------------------------------------------------------------------------------------------------
int32_t rti_ref_lp_pool(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const rtb_view *x = op->args[0], *out = op->args[2];
  const long double p = *(const double *)op->args[1]->data;
  const ref_window w = ref_window_of(op->attr, x, out, NULL);
  for (int64_t n = 0; n < out->shape[0]; n++) for (int64_t c = 0; c < out->shape[1]; c++) {
    const char *from = ref_at(x, n * x->stride[0] + c * x->stride[1]);
    char *to = ref_at(out, n * out->stride[0] + c * out->stride[1]);
    for (int64_t first = 0; first < w.n_pixels; first += REF_CHUNK) {
      const int64_t count = w.n_pixels - first < REF_CHUNK ? w.n_pixels - first : REF_CHUNK;
      ref_wide_row row;
      long double sum[REF_CHUNK] = {0}, largest[REF_CHUNK] = {0};
      uint8_t is_inside[REF_CHUNK];
      // Squares fit a long double; other powers are taken of what is left after the largest element of the window is divided out.
      for (int pass = p == 1 || p == 2; pass < 2; pass++) {
        for (int64_t tap = 0; tap < w.n_taps; tap++) {
          ref_window_row(&w, rti_ref_get_of(x->dtype), from, rtb_dtype_bytes(x->dtype), tap, first, count, &row, is_inside);
          for (int64_t i = 0; i < count; i++) {
            const long double size = fabsl((long double)row.f64[i]); // 0 outside
            if (pass == 0) largest[i] = fmaxl(largest[i], size);
            else sum[i] += p == 1 ? size : p == 2 ? size * size : size == largest[i] ? size > 0 : powl(size / largest[i], p);
          }
        }
      }
      for (int64_t i = 0; i < count; i++) row.f64[i] = (double)(p == 1 ? sum[i] : p == 2 ? sqrtl(sum[i]) : largest[i] > 0 ? largest[i] * powl(sum[i], 1 / p) : sum[i]);
      ref_window_store(&w, rti_ref_put_of(out->dtype, REF_F64), to, rtb_dtype_bytes(out->dtype), first, count, &row);
    }
  }
  return RTB_OK;
}
