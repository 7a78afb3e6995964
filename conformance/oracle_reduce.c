// SPDX-License-Identifier: BSD-3-Clause
// What reductions and softmax give: terms are added in 113 bits (or 128-bit integers), and the bound of each sum knows how large its
// terms were, so that neither cancellation nor a large term hides a wrong element.
#include "internal.h"

#include <math.h>

typedef struct bucket { // what has been seen of one element of the result
  cf_terms terms;
  cf_real product, best;
  cf_int integer, best_integer;
  uint64_t wrapped_product;
  int64_t n, best_index;
  bool any, all, has_nan;
} bucket;

static void take(bucket *b, const cf_case *c, rt_dtype compute, cf_word word) {
  uint64_t bits = (uint64_t)word;
  int op = c->op->id;
  bool wants_max = op == CF_ID(MAX) || op == CF_ID(ARGMAX);
  if (cf_is_float(compute)) {
    cf_real x = cf_decode(compute, bits);
    cf_add_term(&b->terms, x);
    b->product = b->n ? b->product * x : x;
    b->any = b->any || x != 0;
    b->all = b->all && x != 0;
    bool is_better = b->n == 0 || (wants_max ? x > b->best : x < b->best);
    if (x == b->best && x == 0) { // zeros are ordered by their sign for the value, but tie for the index
      if (op == CF_ID(MAX) && !cf_is_negative(x)) b->best = x;
      if (op == CF_ID(MIN) && cf_is_negative(x)) b->best = x;
    }
    if (!b->has_nan && (is_better || cf_is_nan(x))) b->best = x, b->best_index = b->n, b->has_nan = cf_is_nan(x);
  } else {
    cf_int x = cf_decode_int(compute, bits);
    b->integer += x;
    b->wrapped_product = b->n ? b->wrapped_product * (uint64_t)x : (uint64_t)x;
    b->any = b->any || x != 0;
    b->all = b->all && x != 0;
    if (b->n == 0 || (wants_max ? x > b->best_integer : x < b->best_integer)) b->best_integer = x, b->best_index = b->n;
  }
  b->n++;
}

static void finish(cf_case *c, rt_dtype compute, int64_t i, const bucket *b) {
  rt_dtype dtype = c->out.x.dtype;
  bool is_float = cf_is_float(compute);
  cf_real unit = cf_unit(compute), n = (cf_real)b->n;
  switch (c->op->id) {
    case CF_ID(SUM):
      if (!is_float) cf_want_bits(c, i, cf_encode_int(dtype, b->integer));
      else cf_want_sum(c, i, b->terms.sum, cf_terms_error(&b->terms, compute));
      break;
    case CF_ID(PROD):
      if (!is_float) cf_want_bits(c, i, cf_encode_int(dtype, b->n ? (cf_int)b->wrapped_product : 1));
      else cf_want_sum(c, i, b->n ? b->product : 1, b->n ? n * unit * cf_abs(b->product) : 0);
      break;
    case CF_ID(MEAN): cf_want_sum(c, i, b->terms.sum / n, (cf_terms_error(&b->terms, compute) + unit * cf_abs(b->terms.sum)) / n); break;
    case CF_ID(MAX): case CF_ID(MIN):
      cf_want_bits(c, i, is_float ? cf_encode(dtype, b->best, 0) : cf_encode_int(dtype, b->best_integer));
      break;
    case CF_ID(ANY): cf_want_bits(c, i, b->any); break;
    case CF_ID(ALL): cf_want_bits(c, i, b->all); break;
    case CF_ID(ARGMAX): case CF_ID(ARGMIN): cf_want_bits(c, i, (uint64_t)b->best_index); break;
    default: cf_fail(c, "the oracle has no formula for this row"); break;
  }
}

int64_t cf_bucket_of(const cf_array *x, const bool *is_reduced, int64_t i) {
  int64_t at = 0, next = 1;
  for (int32_t d = x->rank - 1; d >= 0; d--) {
    int64_t index = i % x->shape[d];
    i /= x->shape[d];
    if (is_reduced[d]) continue;
    at += index * next;
    next *= x->shape[d];
  }
  return at;
}

void cf_reduce(cf_case *c, rt_dtype compute, const bool *is_reduced) {
  const cf_array *x = &c->in[0].x;
  if (cf_is_complex(compute)) {
    cf_reduce_complex(c, compute, is_reduced);
    return;
  }
  bucket *buckets = cf_alloc(c, c->out.x.numel * (int64_t)sizeof *buckets);
  for (int64_t i = 0; i < c->out.x.numel; i++) buckets[i].all = true;
  for (int64_t i = 0; i < x->numel; i++) {
    take(&buckets[cf_bucket_of(x, is_reduced, i)], c, compute, cf_cast(x->dtype, cf_bits(x, i), compute));
  }
  for (int64_t i = 0; i < c->out.x.numel; i++) finish(c, compute, i, &buckets[i]);
}

// ---- var, std, logsumexp, norm --------------------------------------------------------------------------------------------------------
typedef struct spread {
  cf_terms terms;                  // of x
  cf_real highest, largest;        // of x, of |x|
  cf_real squares, exps, absolute; // around the mean; below the highest; of x
  int64_t n;
  bool has_nan, has_inf;
} spread;

/// Bounds: each term carries a few roundings, adding them n more; the mean that is taken out is off by what its own sum may lose.
static void finish_passes(cf_case *c, rt_dtype compute, int64_t i, const spread *b) {
  cf_real unit = cf_unit(compute), n = (cf_real)b->n, nan = (cf_real)HUGE_VALL - (cf_real)HUGE_VALL, tiny = cf_ulp(compute == RT_F64 ? RT_F64 : RT_F32, 0);
  bool is_std = c->op->id == CF_ID(STD);
  if (c->op->id == CF_ID(LOGSUMEXP)) {
    if (b->n == 0 || b->has_nan || cf_is_inf(b->highest)) {
      cf_want_sum(c, i, b->has_nan ? nan : b->n ? b->highest : -(cf_real)HUGE_VALL, 0);
      return;
    }
    cf_real log_sum = (cf_real)logl((long double)b->exps);
    cf_want_sum(c, i, b->highest + log_sum, (n + 8) * unit * (1 + cf_abs(log_sum)) + 2 * unit * cf_abs(b->highest));
  } else if (c->op->id == CF_ID(NORM)) {
    cf_real result = c->param == 1 ? b->terms.size : c->param == 2 ? cf_sqrt(b->absolute) : b->largest;
    cf_real apart = cf_is_complex(c->in[0].x.dtype) ? cf_complex_bound(c) * cf_ulp(compute, result) : 0; // as the magnitudes of complex numbers may be
    if (c->param == 1) cf_want_sum(c, i, b->has_nan ? nan : b->terms.size, cf_terms_error(&b->terms, compute) + 2 * apart);
    else if (c->param != 2 && apart > 0) cf_want_sum(c, i, b->has_nan ? nan : b->largest, apart);
    else if (c->param != 2) cf_want_bits(c, i, cf_encode(compute, b->has_nan ? nan : b->largest, 0));
    else if (b->has_nan || b->has_inf || b->largest == 0) cf_want_sum(c, i, b->has_nan ? nan : b->largest, 0);
    else cf_want_sum(c, i, cf_sqrt(b->absolute), (n + 8) * unit * cf_sqrt(b->absolute) + tiny + 2 * apart);
  } else {
    cf_real divisor = n - (cf_real)c->param, off = cf_terms_error(&b->terms, compute) / (n > 0 ? n : 1) + unit * cf_abs(b->terms.sum) / (n > 0 ? n : 1);
    if (b->n == 0 || b->has_nan || b->has_inf) {
      cf_want_sum(c, i, nan, 0);
      return;
    }
    bool overflows = b->squares > cf_max_finite(compute == RT_F64 ? RT_F64 : RT_F32); // the sum of the squares, before it is divided
    cf_real value = (overflows ? (cf_real)HUGE_VALL : b->squares) / (divisor > 0 ? divisor : 0), moved = n * off * off;
    cf_real error = divisor > 0 ? ((n + 8) * unit * (b->squares + moved) + moved) / divisor + tiny : 0;
    if (divisor > 0 && is_std && !overflows) {
      cf_real root = cf_sqrt(value);
      error = 2 * unit * root + (error < value ? error / root : cf_sqrt(error));
      value = root;
    }
    cf_want_sum(c, i, value, error);
  }
}

void cf_reduce_in_passes(cf_case *c, rt_dtype compute, const bool *is_reduced) {
  const cf_array *x = &c->in[0].x;
  spread *all = cf_alloc(c, c->out.x.numel * (int64_t)sizeof *all);
  for (int pass = 0; pass < 2; pass++) {
    for (int64_t i = 0; i < x->numel; i++) {
      spread *b = &all[cf_bucket_of(x, is_reduced, i)];
      cf_real v;
      if (cf_is_complex(x->dtype)) { // norm: of the magnitudes, rounded to their dtype
        cf_pair z = cf_decode_pair(x->dtype, cf_bits(x, i));
        bool is_inf = cf_is_inf(z.re) || cf_is_inf(z.im);
        v = is_inf ? (cf_real)HUGE_VAL : cf_decode(compute, cf_encode(compute, cf_sqrt(z.re * z.re + z.im * z.im), 0));
      } else {
        v = cf_decode(compute, (uint64_t)cf_cast(x->dtype, cf_bits(x, i), compute));
      }
      if (pass == 0) {
        if (cf_is_nan(v)) b->has_nan = true;
        if (cf_is_inf(v)) b->has_inf = true;
        if (b->n == 0 || v > b->highest) b->highest = v;
        if (cf_abs(v) > b->largest) b->largest = cf_abs(v);
        cf_add_term(&b->terms, v);
        b->n++;
      } else if (!b->has_nan && !b->has_inf) {
        cf_real apart = v - b->terms.sum / (cf_real)b->n;
        b->squares += apart * apart;
        b->absolute += v * v;
        b->exps += cf_exp(v - b->highest);
      } else if (!b->has_nan && !cf_is_inf(b->highest)) {
        b->exps += cf_is_inf(v) ? 0 : cf_exp(v - b->highest);
      }
    }
  }
  for (int64_t i = 0; i < c->out.x.numel; i++) finish_passes(c, compute, i, &all[i]);
}

// ---- softmax --------------------------------------------------------------------------------------------------------------------------
void cf_softmax(cf_case *c, rt_dtype compute) {
  const cf_array *x = &c->in[0].x;
  int64_t extent = x->shape[c->axis], inner = 1;
  bool is_log = c->op->id == CF_ID(LOG_SOFTMAX);
  for (int32_t d = c->axis + 1; d < x->rank; d++) inner *= x->shape[d];
  cf_real unit = cf_unit(compute), steps = 8;
  for (int64_t n = extent; n > 1; n /= 2) steps += 1;
  for (int64_t row = 0; row * extent < x->numel; row++) {
    int64_t first = row / inner * inner * extent + row % inner;
    cf_real max = -(cf_real)HUGE_VALL, sum = 0;
    for (int64_t k = 0; k < extent; k++) {
      cf_real v = cf_decode(compute, (uint64_t)cf_cast(x->dtype, cf_bits(x, first + k * inner), compute));
      if (!(v <= max)) max = v; // a NaN stays the last one seen, and the sum is NaN anyway
    }
    for (int64_t k = 0; k < extent; k++)
      sum += cf_exp(cf_decode(compute, (uint64_t)cf_cast(x->dtype, cf_bits(x, first + k * inner), compute)) - max);
    for (int64_t k = 0; k < extent; k++) {
      int64_t i = first + k * inner;
      cf_real shifted = cf_decode(compute, (uint64_t)cf_cast(x->dtype, cf_bits(x, i), compute)) - max;
      if (is_log) {
        cf_real log_sum = (cf_real)logl((long double)sum);
        cf_want_sum(c, i, shifted - log_sum, steps * unit * (cf_abs(shifted) + cf_abs(log_sum) + 1));
      } else {
        cf_real y = cf_exp(shifted) / sum; // x - max rounds, and exp stretches that by its argument
        cf_want_sum(c, i, y, steps * cf_ulp(cf_is_half(compute) ? RT_F32 : compute, y) + (y > 0 ? cf_abs(shifted) * unit * y : 0));
      }
    }
  }
}
