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

static void want_part(cf_case *c, int64_t i, uint64_t bits) {
  c->want[i].kind = CF_BITS;
  c->want[i].bits = bits;
}

void cf_want_bits(cf_case *c, int64_t i, cf_word bits) {
  int n = cf_parts(c->out.x.dtype);
  for (int p = 0; p < n; p++) want_part(c, n * i + p, cf_part_of(c->out.x.dtype, bits, p));
}

static bool is_exact_special(cf_real x) { return cf_is_nan(x) || cf_is_inf(x); }

void cf_want_ulp(cf_case *c, int64_t i, cf_real hi, cf_real lo) {
  rt_dtype dtype = cf_part(c->out.x.dtype);
  double bound = cf_bound(c);
  cf_want *w = &c->want[i];
  if (bound <= 0.5 || is_exact_special(hi)) {
    want_part(c, i, cf_encode(dtype, hi, lo));
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
  if (is_exact_special(cf_decode(lane, cf_encode(lane, size, 0)))) { // a term beyond the range of what it is computed in
    w->kind = CF_ANYTHING;
    return;
  }
  w->kind = CF_LOOSE; // where terms cancel, nothing says which sign is left
  w->tol += cf_bound(c) * (cf_ulp(lane, size) - cf_ulp(lane, value));
  if (dtype == RT_F64) w->tol += size * cf_power2(-60);
}

void cf_want_kind(cf_case *c, int64_t element, cf_kind kind) { c->want[2 * element].kind = kind; }

cf_real cf_complex_bound(const cf_case *c) {
  double factor = c->grid->options.ulp_factor > 0 ? c->grid->options.ulp_factor : 1;
  return (cf_real)(c->grid->options.flags & RT_CONFORMANCE_GPU ? 16 : 4) * factor;
}

void cf_want_modulus(cf_case *c, int64_t element, cf_pair value, cf_real more) {
  rt_dtype part = cf_part(c->out.x.dtype);
  cf_want *w = &c->want[2 * element];
  cf_real size = cf_sqrt(value.re * value.re + value.im * value.im);
  for (int p = 0; p < 2; p++) {
    uint64_t bits = cf_encode(part, p ? value.im : value.re, 0);
    if (is_exact_special(cf_decode(part, bits))) { // beyond the range of the dtype
      w->kind = cf_is_nan(value.re) || cf_is_nan(value.im) ? CF_UNDEFINED : CF_INFINITE;
      return;
    }
  }
  w[0].kind = CF_MODULUS;
  w[0].value = value.re, w[1].value = value.im;
  w[0].tol = cf_complex_bound(c) * (cf_ulp(part, size) + more);
}

cf_real cf_unit(rt_dtype dtype) { return dtype == RT_F64 || dtype == RT_C128 ? cf_power2(-53) : cf_power2(-24); }

void cf_want_sum(cf_case *c, int64_t i, cf_real value, cf_real error) {
  rt_dtype dtype = cf_part(c->out.x.dtype);
  if (is_exact_special(value)) {
    want_part(c, i, cf_encode(dtype, value, 0));
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
  return (cf_real)t->n * (unit * t->size + cf_ulp(cf_part(dtype) == RT_F64 ? RT_F64 : RT_F32, 0));
}

// ---- comparing ------------------------------------------------------------------------------------------------------------------------
typedef struct verdict { cf_case *c; const unsigned char *got; int64_t n_wrong, first; cf_word first_bits; } verdict;

static bool is_flushed(const cf_case *c, rt_dtype dtype, cf_real expected, cf_real y) {
  return (c->grid->options.flags & RT_CONFORMANCE_FLUSH) && y == 0 && cf_abs(expected) < cf_min_normal(dtype);
}

static bool is_right(const cf_case *c, const cf_want *w, rt_dtype dtype, uint64_t bits) {
  if (w->kind == CF_BITS) {
    if (bits == w->bits) return true;
    if (!cf_is_float(dtype)) return false;
    cf_real want = cf_decode(dtype, w->bits), y = cf_decode(dtype, bits);
    bool is_arithmetic = c->op->cpu != 0;
    return (cf_is_nan(want) && cf_is_nan(y)) || (is_arithmetic && want != 0 && is_flushed(c, dtype, want, y));
  }
  if (w->kind == CF_ANYTHING) return true;
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

static bool is_right_pair(const cf_case *c, const cf_want *w, rt_dtype dtype, cf_word bits) {
  cf_pair y = cf_decode_pair(dtype, bits);
  bool is_nan = cf_is_nan(y.re) || cf_is_nan(y.im), is_inf = cf_is_inf(y.re) || cf_is_inf(y.im);
  switch (w->kind) {
    case CF_ANYTHING: return true;
    case CF_INFINITE: return is_inf;
    case CF_UNDEFINED: return is_nan;
    case CF_MODULUS: {
      cf_real re = y.re - w[0].value, im = y.im - w[1].value, tiny = c->grid->options.flags & RT_CONFORMANCE_FLUSH ? 2 * cf_min_normal(cf_part(dtype)) : 0;
      return !is_nan && !is_inf && cf_sqrt(re * re + im * im) <= w->tol + tiny;
    }
    default:
      return is_right(c, w, cf_part(dtype), cf_part_of(dtype, bits, 0)) && is_right(c, w + 1, cf_part(dtype), cf_part_of(dtype, bits, 1));
  }
}

static void compare(void *user, int64_t i, int64_t at) {
  verdict *v = user;
  rt_dtype dtype = v->c->out.x.dtype;
  cf_word bits = cf_load(dtype, v->got + at * cf_bytes(dtype));
  if (cf_is_complex(dtype) ? is_right_pair(v->c, &v->c->want[2 * i], dtype, bits) : is_right(v->c, &v->c->want[i], dtype, (uint64_t)bits)) return;
  if (v->n_wrong++ == 0) v->first = i, v->first_bits = bits;
}

/// "-1.5 (0xbe00)"
static void print_element(char *text, size_t bytes, rt_dtype dtype, cf_word word) {
  int digits = (int)(2 * cf_bytes(dtype));
  uint64_t bits = (uint64_t)word;
  cf_pair pair = cf_decode_pair(dtype, word);
  if (cf_is_complex(dtype)) snprintf(text, bytes, "%.17g%+.17gi", (double)pair.re, (double)pair.im);
  else if (cf_is_float(dtype)) snprintf(text, bytes, "%.17g (0x%0*llx)", (double)cf_decode(dtype, bits), digits, (unsigned long long)bits);
  else if (dtype == RT_U64) snprintf(text, bytes, "%llu", (unsigned long long)bits);
  else snprintf(text, bytes, "%lld", (long long)cf_decode_int(dtype, bits));
}

static void fail_complex(cf_case *c, const verdict *v, const char *index, const char *element) {
  const cf_want *w = &c->want[2 * v->first];
  static const char *const kinds[] = {[CF_INFINITE] = "an infinity", [CF_UNDEFINED] = "NaN", [CF_ANYTHING] = ""};
  rt_dtype part = cf_part(c->out.x.dtype);
  char expected[96];
  for (size_t p = 0, used = 0; p < 2; p++) {
    cf_real value = w[p].kind == CF_BITS && w->kind != CF_MODULUS ? cf_decode(part, w[p].bits) : w[p].value;
    used += (size_t)snprintf(expected + used, sizeof expected - used, p ? "%+.17gi" : "%.17g", (double)value);
  }
  if (w->kind > CF_MODULUS) snprintf(expected, sizeof expected, "%s", kinds[w->kind]);
  cf_fail(c, "element [%s]: expected %s, got %s, %s %.3g (%lld of %lld wrong)", index, expected, element,
          w->kind == CF_MODULUS ? "allowed in modulus" : "allowed of the parts", (double)w->tol, (long long)v->n_wrong, (long long)c->out.x.numel);
}

void cf_judge(cf_case *c, const unsigned char *got, int64_t offset, const int64_t *stride) {
  const cf_array *x = &c->out.x;
  verdict v = {.c = c, .got = got};
  cf_walk(x->rank, x->shape, stride, offset, compare, &v);
  if (v.n_wrong == 0) return;
  const cf_want *w = &c->want[v.first];
  char index[96] = "", expected[64], element[96], error[64] = "";
  int64_t rest = v.first, at[RT_MAX_RANK] = {0};
  for (int32_t d = x->rank - 1; d >= 0; d--) at[d] = rest % x->shape[d], rest /= x->shape[d];
  for (int32_t d = 0; d < x->rank; d++) {
    size_t used = strlen(index);
    snprintf(index + used, sizeof index - used, "%s%lld", d ? "," : "", (long long)at[d]);
  }
  print_element(element, sizeof element, x->dtype, v.first_bits);
  if (cf_is_complex(x->dtype)) {
    fail_complex(c, &v, index, element);
    return;
  }
  cf_real exact = w->kind == CF_BITS ? cf_decode(x->dtype, w->bits) : w->value, y = cf_decode(x->dtype, (uint64_t)v.first_bits);
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
