// SPDX-License-Identifier: BSD-3-Clause
// Says what each element of a result must be, and compares. Rows bounded by 0 or 0.5 ulp are compared bit by bit with the exact value
// rounded once; others within their bound in ulp; sums of many terms within a bound that knows how large the terms were.
#include "internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double cf_bound(const cf_case *c) {
  double factor = c->grid->options.ulp_factor > 0 ? c->grid->options.ulp_factor : 1;
  double bound = c->grid->options.flags & RT_CONFORMANCE_GPU ? c->op->gpu : c->op->cpu;
  return bound <= 0.5 ? bound : bound * factor;
}

void cf_want_bits(cf_case *c, int64_t i, uint64_t bits) {
  c->want[i].kind = CF_BITS;
  c->want[i].bits = bits;
}

static bool is_exact_special(cf_real x) { return cf_is_nan(x) || cf_is_inf(x); }

void cf_want_ulp(cf_case *c, int64_t i, cf_real hi, cf_real lo) {
  rt_dtype dtype = c->out.x.dtype;
  double bound = cf_bound(c);
  cf_want *w = &c->want[i];
  if (bound <= 0.5 || is_exact_special(hi)) {
    cf_want_bits(c, i, cf_encode(dtype, hi, lo));
    return;
  }
  w->kind = CF_NEAR;
  w->value = hi;
  // Halves are computed in f32 within the bound and rounded once.
  w->tol = cf_is_half(dtype) ? cf_ulp(dtype, hi) / 2 + bound * cf_ulp(RT_F32, hi) : bound * cf_ulp(dtype, hi);
  // The oracle's own error: its functions are good to a few units of a 64-bit significand.
  if (dtype == RT_F64) w->tol += cf_abs(hi) * cf_power2(-60);
  // The contract of these two holds down to the smallest normal number; below it the error is bounded absolutely.
  if ((c->op->id == CF_ID(GELU) || c->op->id == CF_ID(GELU_TANH)) && cf_abs(hi) < cf_min_normal(dtype)) w->tol += cf_min_normal(dtype);
}

void cf_want_ulp_of(cf_case *c, int64_t i, cf_real value, cf_real size) {
  cf_want_ulp(c, i, value, 0);
  cf_want *w = &c->want[i];
  if (w->kind != CF_NEAR || size <= cf_abs(value)) return;
  rt_dtype dtype = c->out.x.dtype, lane = cf_is_half(dtype) ? RT_F32 : dtype;
  w->tol += cf_bound(c) * (cf_ulp(lane, size) - cf_ulp(lane, value));
  if (dtype == RT_F64) w->tol += size * cf_power2(-60);
}

cf_real cf_unit(rt_dtype dtype) { return dtype == RT_F64 ? cf_power2(-53) : cf_power2(-24); }

void cf_want_sum(cf_case *c, int64_t i, cf_real value, cf_real error) {
  rt_dtype dtype = c->out.x.dtype;
  if (is_exact_special(value)) {
    cf_want_bits(c, i, cf_encode(dtype, value, 0));
    return;
  }
  double factor = c->grid->options.ulp_factor > 0 ? c->grid->options.ulp_factor : 1;
  if (c->grid->options.flags & RT_CONFORMANCE_GPU) factor *= 2;
  c->want[i].kind = CF_LOOSE;
  c->want[i].value = value;
  c->want[i].tol = factor * error + cf_ulp(dtype, value) / 2;
  if (error == 0) c->want[i].tol = cf_abs(cf_decode(dtype, cf_encode(dtype, value, 0)) - value);
}

void cf_add_term(cf_terms *t, cf_real term) {
  t->sum += term;
  t->size += cf_abs(term);
  t->n++;
  if (!(cf_abs(term) < cf_power2(60)) || (cf_real)(int64_t)term != term) t->has_fractions = true;
}

cf_real cf_terms_error(const cf_terms *t, rt_dtype dtype) {
  cf_real unit = cf_unit(dtype);
  if (!t->has_fractions && t->size * unit <= 1) return 0;
  return (cf_real)t->n * (unit * t->size + cf_ulp(dtype == RT_F64 ? RT_F64 : RT_F32, 0));
}

// ---- comparing ------------------------------------------------------------------------------------------------------------------------
typedef struct verdict { cf_case *c; const unsigned char *got; int64_t n_wrong, first; uint64_t first_bits; } verdict;

static bool is_flushed(const cf_case *c, rt_dtype dtype, cf_real expected, cf_real y) {
  return (c->grid->options.flags & RT_CONFORMANCE_FLUSH) && y == 0 && cf_abs(expected) < cf_min_normal(dtype);
}

static bool is_right(const cf_case *c, const cf_want *w, uint64_t bits) {
  rt_dtype dtype = c->out.x.dtype;
  if (w->kind == CF_BITS) {
    if (bits == w->bits) return true;
    if (!cf_is_float(dtype)) return false;
    cf_real want = cf_decode(dtype, w->bits), y = cf_decode(dtype, bits);
    bool is_arithmetic = c->op->cpu != 0;
    return (cf_is_nan(want) && cf_is_nan(y)) || (is_arithmetic && want != 0 && is_flushed(c, dtype, want, y));
  }
  cf_real y = cf_decode(dtype, bits);
  if (cf_is_nan(y)) return false;
  if (cf_is_inf(y)) { // right if a value within the tolerance rounds to it
    cf_real edge = cf_is_negative(y) ? w->value - w->tol : w->value + w->tol;
    return cf_encode(dtype, edge, 0) == bits;
  }
  if (w->kind == CF_NEAR && w->value == 0) return y == 0 && cf_is_negative(y) == cf_is_negative(w->value);
  if (w->kind == CF_NEAR && y == 0 && cf_is_negative(y) != cf_is_negative(w->value)) return false; // what vanishes keeps its sign
  return cf_abs(y - w->value) <= w->tol || is_flushed(c, dtype, w->value, y);
}

static void compare(void *user, int64_t i, int64_t at) {
  verdict *v = user;
  uint64_t bits = cf_load(v->c->out.x.dtype, v->got + at * cf_bytes(v->c->out.x.dtype));
  if (is_right(v->c, &v->c->want[i], bits)) return;
  if (v->n_wrong++ == 0) v->first = i, v->first_bits = bits;
}

/// "-1.5 (0xbe00)"
static void print_element(char *text, size_t bytes, rt_dtype dtype, uint64_t bits) {
  int digits = (int)(2 * cf_bytes(dtype));
  if (cf_is_float(dtype)) snprintf(text, bytes, "%.17g (0x%0*llx)", (double)cf_decode(dtype, bits), digits, (unsigned long long)bits);
  else if (dtype == RT_U64) snprintf(text, bytes, "%llu", (unsigned long long)bits);
  else snprintf(text, bytes, "%lld", (long long)cf_decode_int(dtype, bits));
}

void cf_judge(cf_case *c, const unsigned char *got, int64_t offset, const int64_t *stride) {
  const cf_array *x = &c->out.x;
  verdict v = {.c = c, .got = got};
  cf_walk(x->rank, x->shape, stride, offset, compare, &v);
  if (v.n_wrong == 0) return;
  const cf_want *w = &c->want[v.first];
  char index[96] = "", expected[64], element[64], error[64] = "";
  int64_t rest = v.first, at[RT_MAX_RANK] = {0};
  for (int32_t d = x->rank - 1; d >= 0; d--) at[d] = rest % x->shape[d], rest /= x->shape[d];
  for (int32_t d = 0; d < x->rank; d++) {
    size_t used = strlen(index);
    snprintf(index + used, sizeof index - used, "%s%lld", d ? "," : "", (long long)at[d]);
  }
  print_element(element, sizeof element, x->dtype, v.first_bits);
  cf_real exact = w->kind == CF_BITS ? cf_decode(x->dtype, w->bits) : w->value, y = cf_decode(x->dtype, v.first_bits);
  if (w->kind == CF_BITS) print_element(expected, sizeof expected, x->dtype, w->bits);
  else snprintf(expected, sizeof expected, "%.17g", (double)exact);
  if (cf_is_float(x->dtype) && !is_exact_special(exact) && !is_exact_special(y)) {
    cf_real ulp = cf_ulp(x->dtype, exact);
    snprintf(error, sizeof error, ", off by %.3g ulp where %.3g are allowed", (double)(cf_abs(y - exact) / ulp),
             w->kind == CF_BITS ? 0.0 : (double)(w->tol / ulp));
  }
  cf_fail(c, "element [%s]: expected %s, got %s%s (%lld of %lld wrong)", index, expected, element, error, (long long)v.n_wrong,
          (long long)x->numel);
}
