// SPDX-License-Identifier: BSD-3-Clause
// What operations on complex numbers mean, from their definitions over the reals: parts in 113 bits, functions of one real number in long
// double, and none of C's complex arithmetic or functions. Infinite and NaN arguments of functions are left to tests/api/test_complex.c.
#include "internal.h"

#include <math.h>

static cf_pair pair(cf_real re, cf_real im) { return (cf_pair){re, im}; }
static cf_pair conjugate(cf_pair x) { return pair(x.re, -x.im); }
static cf_pair times_i(cf_pair x) { return pair(-x.im, x.re); }
static cf_pair over_i(cf_pair x) { return pair(x.im, -x.re); }
cf_pair cf_times(cf_pair a, cf_pair b) { return pair(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re); }
static cf_real modulus(cf_pair x) { return cf_sqrt(x.re * x.re + x.im * x.im); } // exponents of a real have room for the squares of doubles
static cf_real with_sign(cf_real magnitude, cf_real sign) { return cf_is_negative(magnitude) == cf_is_negative(sign) ? magnitude : -magnitude; }
static bool has_nan(cf_pair x) { return cf_is_nan(x.re) || cf_is_nan(x.im); }
static bool has_inf(cf_pair x) { return cf_is_inf(x.re) || cf_is_inf(x.im); }
static bool is_zero(cf_pair x) { return x.re == 0 && x.im == 0; }
static bool is_finite(cf_pair x) { return !has_nan(x) && !has_inf(x); }

// ---- functions of one number ----------------------------------------------------------------------------------------------------------
#define R(name, x) ((cf_real)name##l((long double)(x)))

/// The limit 0 where one factor vanishes and the other overflowed on the way.
static cf_real product(cf_real a, cf_real b) { return a == 0 || b == 0 ? 0 : a * b; }

static cf_pair square_root(cf_pair x) {
  if (is_zero(x)) return pair(0, x.im);
  cf_real size = modulus(x), t = cf_sqrt((size + cf_abs(x.re)) / 2);
  return cf_is_negative(x.re) && x.re != 0 ? pair(cf_abs(x.im) / (2 * t), with_sign(t, x.im)) : pair(t, x.im / (2 * t));
}

static cf_pair exponential(cf_pair x) {
  cf_real e = cf_exp(x.re);
  return pair(product(e, R(cos, x.im)), product(e, R(sin, x.im)));
}

static cf_pair exponential_less_1(cf_pair x) { // cos b - 1 is -2 sin(b / 2)^2
  cf_real half = R(sin, x.im / 2);
  return pair(product(R(expm1, x.re), R(cos, x.im)) - 2 * half * half, product(cf_exp(x.re), R(sin, x.im)));
}

static cf_pair logarithm(cf_pair x) {
  cf_real a = cf_abs(x.re), b = cf_abs(x.im), large = a > b ? a : b, small = a > b ? b : a, size = large * large + small * small;
  bool is_near_1 = size > (cf_real)0.5 && size < 2;
  cf_real re = is_near_1 ? R(log1p, (large - 1) * (large + 1) + small * small) / 2
                         : R(log, large) + (large == 0 ? 0 : R(log1p, small / large * (small / large)) / 2);
  return pair(re, (cf_real)atan2l((long double)x.im, (long double)x.re));
}

static cf_pair logarithm_plus_1(cf_pair x) {
  cf_real above = 2 * x.re + x.re * x.re + x.im * x.im; // |1 + x|^2 - 1
  if (!(above > -(cf_real)0.5)) return logarithm(pair(1 + x.re, x.im));
  return pair(R(log1p, above) / 2, (cf_real)atan2l((long double)x.im, (long double)(1 + x.re)));
}

static cf_pair sine(cf_pair x) { return pair(product(R(sin, x.re), R(cosh, x.im)), product(R(cos, x.re), R(sinh, x.im))); }
static cf_pair cosine(cf_pair x) { return pair(product(R(cos, x.re), R(cosh, x.im)), -product(R(sin, x.re), R(sinh, x.im))); }
static cf_pair tangent(cf_pair x) {
  cf_real s = R(sin, x.re), c = R(cos, x.re);
  if (cf_abs(x.im) > 50) return pair(4 * s * c * cf_exp(-2 * cf_abs(x.im)), with_sign(1, x.im));
  cf_real sh = R(sinh, x.im), below = c * c + sh * sh;
  return pair(s * c / below, sh * R(cosh, x.im) / below);
}

// The inverses by Kahan's formulas (Branch Cuts for Complex Elementary Functions, 1987), which keep the signs of zeros on the cuts.
static cf_pair arc_sine(cf_pair x) {
  cf_pair below = square_root(pair(1 - x.re, -x.im)), above = square_root(pair(1 + x.re, x.im));
  return pair((cf_real)atan2l((long double)x.re, (long double)cf_times(below, above).re), R(asinh, cf_times(conjugate(below), above).im));
}
static cf_pair arc_cosine(cf_pair x) {
  cf_pair below = square_root(pair(1 - x.re, -x.im)), above = square_root(pair(1 + x.re, x.im));
  return pair(2 * (cf_real)atan2l((long double)below.re, (long double)above.re), R(asinh, cf_times(conjugate(above), below).im));
}
static cf_pair area_cosine(cf_pair x) {
  cf_pair below = square_root(pair(x.re - 1, x.im)), above = square_root(pair(x.re + 1, x.im));
  return pair(R(asinh, cf_times(conjugate(below), above).re), 2 * (cf_real)atan2l((long double)below.im, (long double)above.re));
}
static cf_pair area_tangent(cf_pair x) {
  if (cf_is_negative(x.re)) { // it is odd
    cf_pair y = area_tangent(pair(-x.re, -x.im));
    return pair(-y.re, -y.im);
  }
  cf_real re = R(log1p, 4 * x.re / ((1 - x.re) * (1 - x.re) + x.im * x.im)) / 4;
  return pair(re, (cf_real)atan2l((long double)(2 * x.im), (long double)((1 - x.re) * (1 + x.re) - x.im * x.im)) / 2);
}

// ---- one element ----------------------------------------------------------------------------------------------------------------------
typedef struct answer {
  cf_kind kind; // CF_MODULUS, or what is known of z
  cf_pair z;
  cf_real more; // as of cf_want_modulus
} answer;

/// Annex G: infinities stay infinities, whatever their other part is.
static void multiply(cf_pair a, cf_pair b, answer *out) {
  out->z = cf_times(a, b);
  if (has_inf(a) || has_inf(b)) out->kind = is_zero(a) || is_zero(b) ? CF_UNDEFINED : has_nan(a) || has_nan(b) ? CF_ANYTHING : CF_INFINITE;
  else if (has_nan(a) || has_nan(b)) out->kind = CF_UNDEFINED;
}

static void divide(cf_pair a, cf_pair b, answer *out) {
  cf_real below = b.re * b.re + b.im * b.im;
  cf_pair top = cf_times(a, conjugate(b));
  if (has_nan(a) || has_nan(b)) out->kind = has_inf(a) || has_inf(b) || is_zero(b) ? CF_ANYTHING : CF_UNDEFINED;
  else if (has_inf(a)) out->kind = has_inf(b) ? CF_UNDEFINED : CF_INFINITE;
  else if (has_inf(b)) out->z = pair(0, 0);
  else if (is_zero(b)) out->kind = is_zero(a) ? CF_UNDEFINED : CF_INFINITE;
  else out->z = pair(top.re / below, top.im / below);
}

static void power(rt_dtype dtype, cf_pair a, cf_pair b, answer *out) {
  if (is_zero(b)) out->z = pair(1, 0);
  else if (is_zero(a) && b.re > 0) out->z = pair(0, 0);
  else if (is_zero(a)) out->kind = CF_UNDEFINED;
  else { // what is wrong in b log a is wrong, relatively, in the result
    cf_pair exponent = cf_times(b, logarithm(a));
    out->z = exponential(exponent);
    cf_real size = modulus(out->z);
    out->more = cf_ulp(cf_part(dtype), size) * modulus(b) * modulus(logarithm(a));
    if (modulus(exponent) > 20000) out->kind = CF_ANYTHING; // over- or underflow, or an angle without a digit
  }
}

static bool map_pair(int op, rt_dtype dtype, cf_pair x, cf_pair b, answer *out) {
  *out = (answer){.kind = CF_MODULUS};
  switch (op) {
    case CF_ID(MUL): multiply(x, b, out); return true;
    case CF_ID(SQUARE): multiply(x, x, out); return true;
    case CF_ID(DIV): divide(x, b, out); return true;
    case CF_ID(RECIPROCAL): divide(pair(1, 0), x, out); return true;
    default: break;
  }
  if (!is_finite(x) || !is_finite(b)) out->kind = CF_ANYTHING;
  if (!is_finite(x) || !is_finite(b)) x = b = pair(0, 0);
  cf_real ln2 = (cf_real)logl(2), ln10 = (cf_real)logl(10);
  switch (op) {
    case CF_ID(SIGN): out->z = is_zero(x) ? x : pair(x.re / modulus(x), x.im / modulus(x)); break;
    case CF_ID(SQRT): out->z = square_root(x); break;
    case CF_ID(EXP): out->z = exponential(x); break;
    case CF_ID(EXPM1): out->z = exponential_less_1(x); break;
    case CF_ID(LOG): out->z = logarithm(x); break;
    case CF_ID(LOG2): out->z = logarithm(x), out->z = pair(out->z.re / ln2, out->z.im / ln2); break;
    case CF_ID(LOG10): out->z = logarithm(x), out->z = pair(out->z.re / ln10, out->z.im / ln10); break;
    case CF_ID(LOG1P): out->z = logarithm_plus_1(x); break;
    case CF_ID(SIN): out->z = sine(x); break;
    case CF_ID(COS): out->z = cosine(x); break;
    case CF_ID(TAN): out->z = tangent(x); break;
    case CF_ID(SINH): out->z = over_i(sine(times_i(x))); break;
    case CF_ID(COSH): out->z = cosine(times_i(x)); break;
    case CF_ID(TANH): out->z = over_i(tangent(times_i(x))); break;
    case CF_ID(ASIN): out->z = arc_sine(x); break;
    case CF_ID(ACOS): out->z = arc_cosine(x); break;
    case CF_ID(ATAN): out->z = over_i(area_tangent(times_i(x))); break;
    case CF_ID(ASINH): out->z = over_i(arc_sine(times_i(x))); break;
    case CF_ID(ACOSH): out->z = area_cosine(x); break;
    case CF_ID(ATANH): out->z = area_tangent(x); break;
    case CF_ID(POW): power(dtype, x, b, out); break;
    default: return false;
  }
  return true;
}

/// Rows whose result is real, or computed part by part.
static bool map_parts(cf_case *c, int64_t i, rt_dtype compute, cf_pair x, cf_pair b) {
  rt_dtype part = cf_part(compute);
  cf_answer y;
  bool known = true;
  switch (c->op->id) {
    case CF_ID(ADD): case CF_ID(SUB): case CF_ID(NEG):
      for (int p = 0; p < 2; p++) {
        cf_map_float(c->op->id, part, (cf_real[]){p ? x.im : x.re, p ? b.im : b.re, 0}, 0, &y);
        cf_want_ulp(c, 2 * i + p, y.hi, y.lo);
      }
      break;
    case CF_ID(CONJ): cf_want_bits(c, i, cf_join(compute, cf_encode(part, x.re, 0), cf_encode(part, -x.im, 0))); break;
    case CF_ID(REAL): cf_want_bits(c, i, cf_encode(part, x.re, 0)); break;
    case CF_ID(IMAG): cf_want_bits(c, i, cf_encode(part, x.im, 0)); break;
    case CF_ID(ANGLE): cf_want_ulp(c, i, (cf_real)atan2l((long double)x.im, (long double)x.re), 0); break;
    case CF_ID(ABS):
      if (!is_finite(x)) cf_want_bits(c, i, cf_encode(part, has_inf(x) ? (cf_real)HUGE_VAL : x.re + x.im, 0));
      else c->want[i].kind = CF_NEAR, c->want[i].value = modulus(x), c->want[i].tol = cf_complex_bound(c) * cf_ulp(part, modulus(x));
      break;
    case CF_ID(EQ): cf_want_bits(c, i, x.re == b.re && x.im == b.im); break;
    case CF_ID(NE): cf_want_bits(c, i, !(x.re == b.re && x.im == b.im)); break;
    case CF_ID(ISNAN): cf_want_bits(c, i, has_nan(x)); break;
    case CF_ID(ISINF): cf_want_bits(c, i, has_inf(x)); break;
    case CF_ID(ISFINITE): cf_want_bits(c, i, is_finite(x)); break;
    case CF_ID(LOGICAL_NOT): cf_want_bits(c, i, is_zero(x)); break;
    case CF_ID(LOGICAL_AND): cf_want_bits(c, i, !is_zero(x) && !is_zero(b)); break;
    case CF_ID(LOGICAL_OR): cf_want_bits(c, i, !is_zero(x) || !is_zero(b)); break;
    case CF_ID(LOGICAL_XOR): cf_want_bits(c, i, is_zero(x) != is_zero(b)); break;
    default: known = false;
  }
  return known;
}

void cf_map_complex(cf_case *c, rt_dtype compute) {
  const cf_array *y = &c->out.x;
  for (int64_t i = 0; i < y->numel; i++) {
    cf_pair x[CF_MAX_IN] = {{0, 0}};
    for (int k = 0; k < c->n_in; k++) {
      const cf_array *a = &c->in[k].x;
      x[k] = cf_decode_pair(compute, cf_cast(a->dtype, cf_bits(a, cf_broadcast_index(a, y->rank, y->shape, i)), compute));
    }
    answer found;
    if (map_parts(c, i, compute, x[0], x[1])) continue;
    if (!map_pair(c->op->id, compute, x[0], x[1], &found)) {
      cf_fail(c, "the oracle has no formula for this row of complex numbers");
      return;
    }
    if (found.kind == CF_MODULUS) cf_want_modulus(c, i, found.z, found.more);
    else cf_want_kind(c, i, found.kind);
  }
}

// ---- sums and products ----------------------------------------------------------------------------------------------------------------
void cf_want_product(cf_case *c, int64_t element, rt_dtype compute, cf_pair value, int64_t n) {
  if (is_finite(value)) cf_want_modulus(c, element, value, (cf_real)n * cf_unit(compute) * modulus(value));
  else cf_want_kind(c, element, CF_ANYTHING); // which infinity, depends on the order
}

typedef struct bucket { // what has been seen of one element of the result
  cf_terms re, im;
  cf_pair product;
  int64_t n;
  bool any, has_zero;
} bucket;

void cf_reduce_complex(cf_case *c, rt_dtype compute, const bool *is_reduced) {
  const cf_array *x = &c->in[0].x;
  bucket *buckets = cf_alloc(c, c->out.x.numel * (int64_t)sizeof *buckets);
  for (int64_t i = 0; i < x->numel; i++) {
    bucket *b = &buckets[cf_bucket_of(x, is_reduced, i)];
    cf_pair v = cf_decode_pair(compute, cf_cast(x->dtype, cf_bits(x, i), compute));
    cf_add_term(&b->re, v.re);
    cf_add_term(&b->im, v.im);
    b->product = b->n++ ? cf_times(b->product, v) : v;
    b->any = b->any || !is_zero(v);
    b->has_zero = b->has_zero || is_zero(v);
  }
  for (int64_t i = 0; i < c->out.x.numel; i++) {
    bucket *b = &buckets[i];
    cf_real n = (cf_real)b->n, unit = cf_unit(compute);
    for (int p = 0; p < 2; p++) {
      const cf_terms *t = p ? &b->im : &b->re;
      if (c->op->id == CF_ID(SUM)) cf_want_sum(c, 2 * i + p, t->sum, cf_terms_error(t, compute));
      if (c->op->id == CF_ID(MEAN)) cf_want_sum(c, 2 * i + p, t->sum / n, (cf_terms_error(t, compute) + unit * cf_abs(t->sum)) / n);
    }
    if (c->op->id == CF_ID(PROD)) cf_want_product(c, i, compute, b->n ? b->product : pair(1, 0), b->n);
    if (c->op->id == CF_ID(ANY)) cf_want_bits(c, i, b->any);
    if (c->op->id == CF_ID(ALL)) cf_want_bits(c, i, !b->has_zero);
  }
}
