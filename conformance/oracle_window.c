// SPDX-License-Identifier: BSD-3-Clause
// Matrix products, convolution and pooling from their definitions: one loop per axis, nothing shared, nothing blocked.
#include "internal.h"

#include <math.h>
#include <string.h>

static cf_real value(const cf_array *a, int64_t i, rt_dtype compute) {
  return cf_decode(compute, (uint64_t)cf_cast(a->dtype, cf_bits(a, i), compute));
}

static cf_int integer(const cf_array *a, int64_t i, rt_dtype compute) {
  return cf_decode_int(compute, cf_cast(a->dtype, cf_bits(a, i), compute));
}

static void want_terms(cf_case *c, int64_t i, const cf_terms *t, rt_dtype compute) {
  cf_want_sum(c, i, t->sum, cf_terms_error(t, compute));
  rt_dtype lane = cf_is_half(compute) ? RT_F32 : cf_part(compute);
  if (!cf_is_inf(t->sum) && !cf_is_nan(t->sum) && cf_is_inf(cf_decode(lane, cf_encode(lane, t->size, 0)))) c->want[i].kind = CF_ANYTHING; // a part may overflow
}

// ---- matmul: inputs of rank 2 at least, as the case describes them; c->out has the result's shape with both matrix axes ---------------
void cf_matmul(cf_case *c, rt_dtype compute) {
  const cf_array *a = &c->in[0].x, *b = &c->in[1].x, *y = &c->out.x;
  bool is_row = a->rank == 1, is_column = b->rank == 1; // their axis is missing in the result
  int64_t m = is_row ? 1 : a->shape[a->rank - 2], depth = a->shape[a->rank - 1], n = is_column ? 1 : b->shape[b->rank - 1];
  int32_t batch_rank = y->rank - !is_row - !is_column;
  cf_array a_batch = *a, b_batch = *b; // batch axes alone
  a_batch.rank = is_row ? 0 : a->rank - 2;
  b_batch.rank = is_column ? 0 : b->rank - 2;
  for (int64_t i = 0; i < y->numel; i++) {
    int64_t batch = i / (m * n), row = i / n % m, column = i % n;
    int64_t a_first = cf_broadcast_index(&a_batch, batch_rank, y->shape, batch) * m * depth + row * depth;
    int64_t b_first = cf_broadcast_index(&b_batch, batch_rank, y->shape, batch) * depth * n + column;
    cf_terms t = {0}, imaginary = {0};
    uint64_t wrapped = 0;
    for (int64_t k = 0; k < depth; k++) {
      if (cf_is_complex(compute)) { // each part is a sum of 2 K real products
        cf_pair u = cf_decode_pair(compute, cf_cast(a->dtype, cf_bits(a, a_first + k), compute));
        cf_pair v = cf_decode_pair(compute, cf_cast(b->dtype, cf_bits(b, b_first + k * n), compute));
        cf_add_term(&t, u.re * v.re);
        cf_add_term(&t, -u.im * v.im);
        cf_add_term(&imaginary, u.re * v.im);
        cf_add_term(&imaginary, u.im * v.re);
      } else if (cf_is_float(compute)) cf_add_term(&t, value(a, a_first + k, compute) * value(b, b_first + k * n, compute));
      else wrapped += (uint64_t)integer(a, a_first + k, compute) * (uint64_t)integer(b, b_first + k * n, compute);
    }
    if (cf_is_complex(compute)) want_terms(c, 2 * i, &t, compute), want_terms(c, 2 * i + 1, &imaginary, compute);
    else if (cf_is_float(compute)) want_terms(c, i, &t, compute);
    else cf_want_bits(c, i, cf_encode_int(y->dtype, (cf_int)wrapped));
  }
}

// ---- windows --------------------------------------------------------------------------------------------------------------------------
typedef struct walk { // every tap of one window
  int32_t spatial;
  int64_t size[3], stride[3], dilation[3], pad[3];
} walk;

static walk window_of(const cf_case *c, int32_t spatial, const int64_t *size) {
  walk w = {.spatial = spatial};
  for (int32_t d = 0; d < spatial; d++) {
    w.size[d] = size ? size[d] : c->window.size[d];
    w.stride[d] = c->window.stride[d] ? c->window.stride[d] : 1;
    w.dilation[d] = c->window.dilation[d] ? c->window.dilation[d] : 1;
    w.pad[d] = c->window.pad_lo[d];
  }
  return w;
}

/// Where tap number `tap` of the window at `at` reads in a plane of these extents; -1: in the padding. *out_counts: would avg_pool with
/// count_pad count it (is it inside the padded plane)?
static int64_t tap_index(const cf_case *c, const walk *w, const int64_t *extent, const int64_t *at, int64_t tap, bool *out_counts) {
  int64_t index = 0, step[3];
  bool inside = true;
  *out_counts = true;
  for (int32_t d = w->spatial - 1; d >= 0; d--) step[d] = tap % w->size[d], tap /= w->size[d];
  for (int32_t d = 0; d < w->spatial; d++) {
    int64_t p = at[d] * w->stride[d] + step[d] * w->dilation[d] - w->pad[d];
    if (p >= extent[d] + c->window.pad_hi[d]) *out_counts = false;
    if (p < 0 || p >= extent[d]) inside = false;
    index = index * extent[d] + p;
  }
  return inside ? index : -1;
}

static int64_t product(int32_t n, const int64_t *v) {
  int64_t p = 1;
  for (int32_t d = 0; d < n; d++) p *= v[d];
  return p;
}

static void place_of(const cf_array *y, int64_t i, int64_t *out_plane, int64_t *at) { // number of (batch, channel), position in the plane
  for (int32_t d = y->rank - 1; d >= 2; d--) at[d - 2] = i % y->shape[d], i /= y->shape[d];
  *out_plane = i;
}

void cf_conv(cf_case *c, rt_dtype compute) {
  const cf_array *x = &c->in[0].x, *weight = &c->in[1].x, *bias = c->n_in > 2 ? &c->in[2].x : NULL, *y = &c->out.x;
  int32_t spatial = x->rank - 2;
  walk w = window_of(c, spatial, weight->shape + 2);
  int64_t groups = c->window.groups ? c->window.groups : 1, channels = weight->shape[1], maps = y->shape[1];
  int64_t plane = product(spatial, x->shape + 2), taps = product(spatial, w.size);
  for (int64_t i = 0; i < y->numel; i++) {
    int64_t at[3], number;
    place_of(y, i, &number, at);
    int64_t map = number % maps, batch = number / maps, group = map / (maps / groups);
    cf_terms t = {0};
    for (int64_t channel = 0; channel < channels; channel++) {
      int64_t x_plane = batch * x->shape[1] + group * channels + channel;
      for (int64_t tap = 0; tap < taps; tap++) {
        bool counts;
        int64_t from = tap_index(c, &w, x->shape + 2, at, tap, &counts);
        if (from < 0) continue;
        cf_add_term(&t, value(x, x_plane * plane + from, compute) * value(weight, (map * channels + channel) * taps + tap, compute));
      }
    }
    if (bias) cf_add_term(&t, value(bias, map, compute));
    want_terms(c, i, &t, compute);
  }
}

/// As it is said: each element of x adds itself times the weight to the output, tap by tap.
void cf_conv_transpose(cf_case *c, rt_dtype compute) {
  const cf_array *x = &c->in[0].x, *weight = &c->in[1].x, *bias = c->n_in > 2 ? &c->in[2].x : NULL, *y = &c->out.x;
  int32_t spatial = x->rank - 2;
  walk w = window_of(c, spatial, weight->shape + 2);
  int64_t groups = c->window.groups ? c->window.groups : 1, maps = weight->shape[1], channels = x->shape[1] / groups, taps = product(spatial, w.size);
  int64_t y_plane = product(spatial, y->shape + 2);
  cf_terms *terms = cf_alloc(c, y->numel * (int64_t)sizeof *terms);
  for (int64_t i = 0; i < x->numel; i++) {
    int64_t at[3], number;
    place_of(x, i, &number, at);
    int64_t channel = number % x->shape[1], batch = number / x->shape[1], group = channel / channels;
    for (int64_t map = 0; map < maps; map++) {
      for (int64_t tap = 0; tap < taps; tap++) {
        int64_t rest = tap, place = 0, step[3];
        bool is_inside = true;
        for (int32_t d = spatial - 1; d >= 0; d--) step[d] = rest % w.size[d], rest /= w.size[d];
        for (int32_t d = 0; d < spatial; d++) {
          int64_t p = at[d] * w.stride[d] + step[d] * w.dilation[d] - w.pad[d];
          is_inside = is_inside && p >= 0 && p < y->shape[2 + d];
          place = place * y->shape[2 + d] + p;
        }
        if (!is_inside) continue;
        int64_t to = (batch * y->shape[1] + group * maps + map) * y_plane + place;
        cf_add_term(&terms[to], value(x, i, compute) * value(weight, (channel * maps + map) * taps + tap, compute));
      }
    }
  }
  for (int64_t i = 0; i < y->numel; i++) {
    if (bias) cf_add_term(&terms[i], value(bias, i / y_plane % y->shape[1], compute));
    want_terms(c, i, &terms[i], compute);
  }
}

void cf_conv_integer(cf_case *c) {
  const cf_array *x = &c->in[0].x, *weight = &c->in[1].x, *y = &c->out.x;
  const cf_array *x_zero = c->zeros & 1 ? &c->in[2].x : NULL, *weight_zero = c->zeros & 2 ? &c->in[c->n_in - 1].x : NULL;
  int32_t spatial = x->rank - 2;
  walk w = window_of(c, spatial, weight->shape + 2);
  int64_t groups = c->window.groups ? c->window.groups : 1, channels = weight->shape[1], maps = y->shape[1];
  int64_t plane = product(spatial, x->shape + 2), taps = product(spatial, w.size);
  for (int64_t i = 0; i < y->numel; i++) {
    int64_t at[3], number;
    place_of(y, i, &number, at);
    int64_t map = number % maps, first = number / maps * x->shape[1] + map / (maps / groups) * channels;
    cf_int sum = 0, zero_x = x_zero ? integer(x_zero, 0, x->dtype) : 0;
    cf_int zero_w = weight_zero ? integer(weight_zero, weight_zero->numel == 1 ? 0 : map, weight->dtype) : 0;
    for (int64_t channel = 0; channel < channels; channel++) {
      for (int64_t tap = 0; tap < taps; tap++) {
        bool counts;
        int64_t from = tap_index(c, &w, x->shape + 2, at, tap, &counts);
        if (from < 0) continue;
        sum += (integer(x, (first + channel) * plane + from, x->dtype) - zero_x) * (integer(weight, (map * channels + channel) * taps + tap, weight->dtype) - zero_w);
      }
    }
    cf_want_bits(c, i, cf_encode_int(y->dtype, sum));
  }
}

/// The root of n powers.
static void want_norm(cf_case *c, int64_t i, const cf_terms *t, int64_t n) {
  cf_real y = t->sum;
  if (c->param == 2) y = cf_sqrt(t->sum);
  if (c->param == 3 && t->sum > 0 && !cf_is_inf(t->sum)) {
    y = (cf_real)cbrtl((long double)t->sum);
    y -= (y * y * y - t->sum) / (3 * y * y); // one step of Newton's method
  }
  rt_dtype compute = c->out.x.dtype;
  cf_want_sum(c, i, y, (cf_real)(n + 8) * cf_unit(compute) * cf_abs(y) + cf_ulp(compute == RT_F64 ? RT_F64 : RT_F32, 0));
}

void cf_pool(cf_case *c, rt_dtype compute) {
  const cf_array *x = &c->in[0].x, *y = &c->out.x;
  int32_t spatial = x->rank - 2;
  walk w = window_of(c, spatial, NULL);
  int64_t plane = product(spatial, x->shape + 2), taps = product(spatial, w.size);
  bool wants_max = c->op->id == CF_ID(MAX_POOL);
  for (int64_t i = 0; i < y->numel; i++) {
    int64_t at[3], number, divisor = 0, n = 0;
    place_of(y, i, &number, at);
    cf_terms t = {0};
    cf_real best = 0;
    cf_int best_integer = 0;
    int64_t best_index = -1;
    for (int64_t tap = 0; tap < taps; tap++) {
      bool counts;
      int64_t from = tap_index(c, &w, x->shape + 2, at, tap, &counts);
      if (from >= 0 || (counts && c->window.count_pad)) divisor++;
      if (from < 0) continue;
      if (cf_is_float(compute)) {
        cf_real v = value(x, number * plane + from, compute);
        cf_add_term(&t, c->op->id != CF_ID(LP_POOL) ? v : c->param == 1 ? cf_abs(v) : c->param == 2 ? v * v : cf_abs(v * v * v));
        bool is_better = v > best || (v == best && v == 0 && !cf_is_negative(v));
        is_better = is_better && (v != best || cf_is_negative(best));
        if (n == 0 || (!cf_is_nan(best) && (cf_is_nan(v) || is_better))) best = v, best_index = from;
      } else {
        cf_int v = integer(x, number * plane + from, compute);
        if (n == 0 || v > best_integer) best_integer = v, best_index = from;
      }
      n++;
    }
    if (c->op->id == CF_ID(LP_POOL)) {
      want_norm(c, i, &t, n);
      continue;
    }
    if (n == 0) { // nothing but padding: the lowest value there is
      best = -(cf_real)HUGE_VALL;
      best_integer = cf_is_float(compute) ? 0 : cf_int_min(compute);
    }
    if (c->op->id == CF_ID(MAX_POOL_INDICES)) cf_want_bits(c, i, (uint64_t)best_index);
    else if (wants_max && !cf_is_float(compute)) cf_want_bits(c, i, cf_encode_int(y->dtype, best_integer));
    else if (wants_max) cf_want_bits(c, i, cf_encode(y->dtype, best, 0));
    else cf_want_sum(c, i, t.sum / (cf_real)divisor, (cf_terms_error(&t, compute) + cf_unit(compute) * cf_abs(t.sum)) / (cf_real)divisor);
  }
}
