// SPDX-License-Identifier: BSD-3-Clause
// Kinds of value. Every array is filled from a generator that is seeded with the name of its cell, so a cell always sees the same values.
#include "internal.h"

#include <math.h>

const char *const cf_class_name[CF_CLASSES] = {"uniform", "wide", "specials", "ties", "cancelling", "integers", "small", "extremes", "every"};

const cf_class *cf_classes_of(rt_dtype dtype) {
  static const cf_class floats[] = {CF_UNIFORM, CF_WIDE, CF_SPECIALS, CF_TIES, CF_CANCELLING, CF_INTEGERS, CF_CLASSES};
  static const cf_class integers[] = {CF_SMALL, CF_EXTREMES, CF_UNIFORM, CF_CLASSES};
  static const cf_class booleans[] = {CF_SMALL, CF_CLASSES};
  static const cf_class complexes[] = {CF_UNIFORM, CF_WIDE, CF_SPECIALS, CF_CANCELLING, CF_INTEGERS, CF_CLASSES};
  if (cf_is_complex(dtype)) return complexes;
  return cf_is_float(dtype) ? floats : dtype == RT_BOOL ? booleans : integers;
}

uint64_t cf_random(cf_case *c) { // splitmix64
  uint64_t z = c->random += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

int64_t cf_random_below(cf_case *c, int64_t n) { return (int64_t)(cf_random(c) % (uint64_t)n); }

/// A number of [0, 1) with 53 random bits.
static cf_real fraction(cf_case *c) { return (cf_real)(cf_random(c) >> 11) * cf_power2(-53); }

// ---- floats ---------------------------------------------------------------------------------------------------------------------------
#define N_SPECIALS 16
static uint64_t special(rt_dtype dtype, int64_t k) {
  cf_real inf = (cf_real)HUGE_VALL, tiny = cf_ulp(dtype, 0), normal = cf_min_normal(dtype), max = cf_max_finite(dtype);
  switch (k % N_SPECIALS) {
    case 0: return cf_encode(dtype, cf_abs(inf - inf), 0); // NaN with a clear sign
    case 1: return cf_encode(dtype, 0, 0);
    case 2: return cf_encode(dtype, -(cf_real)0, 0);
    case 3: return cf_encode(dtype, inf, 0);
    case 4: return cf_encode(dtype, -inf, 0);
    case 5: return cf_encode(dtype, tiny, 0);
    case 6: return cf_encode(dtype, tiny - normal, 0); // largest subnormal, negative
    case 7: return cf_encode(dtype, normal, 0);
    case 8: return cf_encode(dtype, max, 0);
    case 9: return cf_encode(dtype, -max, 0);
    case 10: return cf_encode(dtype, 1, 0);
    case 11: return cf_encode(dtype, -1, 0);
    case 12: return cf_encode(dtype, 0.5, 0);
    case 13: return cf_encode(dtype, -3, 0);
    case 14: return cf_encode(dtype, -tiny * 3, 0);
    default: return cf_encode(dtype, 1 + cf_power2(1 - cf_precision(dtype)), 0);
  }
}

/// Does the row ask for arguments above 0 most of the time?
static bool wants_positive(const cf_case *c, int which) {
  switch (c->op->id) {
    case CF_ID(SQRT): case CF_ID(RSQRT): case CF_ID(LOG): case CF_ID(LOG2): case CF_ID(LOG10): case CF_ID(ACOSH): return true;
    case CF_ID(POW): return which == 0;
    case CF_ID(BATCH_NORM): return which == 2; // the variance
    default: return false;
  }
}

/// Sums and products of specials must not depend on the order of the terms, so they leave out what overflows or vanishes half way.
static bool is_accumulating(const cf_case *c) {
  switch (c->op->id) {
    case CF_ID(SUM): case CF_ID(PROD): case CF_ID(MEAN): case CF_ID(MATMUL): case CF_ID(CONV): case CF_ID(CONV_TRANSPOSE): case CF_ID(AVG_POOL):
    case CF_ID(SOFTMAX): case CF_ID(LOG_SOFTMAX): case CF_ID(CUMSUM): case CF_ID(CUMPROD): case CF_ID(VAR): case CF_ID(STD):
    case CF_ID(LOGSUMEXP): case CF_ID(LAYER_NORM): case CF_ID(RMS_NORM): case CF_ID(BATCH_NORM): case CF_ID(GROUP_NORM): return true;
    default: return false;
  }
}

/// Takes out the mean first: it must not be lost in the squares when it is large beside what is left.
static bool is_centring(const cf_case *c) {
  switch (c->op->id) {
    case CF_ID(VAR): case CF_ID(STD): case CF_ID(LAYER_NORM): case CF_ID(BATCH_NORM): case CF_ID(GROUP_NORM): return true;
    default: return false;
  }
}

static bool is_product(const cf_case *c) { return c->op->id == CF_ID(PROD) || c->op->id == CF_ID(CUMPROD); }

static uint64_t float_value(cf_case *c, int which, cf_class values, rt_dtype dtype, int64_t i) {
  int precision = cf_precision(dtype);
  cf_real x = 0;
  bool sign = cf_random(c) & 1;
  switch (values) {
    case CF_WIDE: {
      int low = dtype == RT_F64 ? -1060 : dtype == RT_F16 ? -20 : -140, high = dtype == RT_F64 ? 1020 : dtype == RT_F16 ? 15 : 126;
      if (is_accumulating(c)) low /= 4, high /= 4; // so that no product or sum overflows
      if (is_product(c)) low = -1, high = 1;
      x = (1 + fraction(c)) * cf_power2(low + (int)cf_random_below(c, high - low));
      if (wants_positive(c, which) && i % 8) sign = false;
      break;
    }
    case CF_SPECIALS: {
      static const int accumulating[] = {0, 1, 2, 3, 4, 10, 11, 13};
      // All pairs meet where the array is long enough; a few plain numbers stand between, so that results are not all NaN.
      int64_t k = which == 0 ? i / N_SPECIALS : which == 1 ? i : i * 7 + i / N_SPECIALS;
      if (c->n_in == 1) k = i;
      if (is_accumulating(c)) {
        if (cf_random_below(c, 12)) return cf_encode(dtype, sign ? -1.5 : 2, 0);
        k = accumulating[cf_random_below(c, CF_COUNT(accumulating))];
      }
      return special(dtype, k);
    }
    case CF_TIES: // halves (round, casts), equal values (order), half ulps (add)
      switch (cf_random_below(c, 4)) {
        case 0: x = (cf_real)cf_random_below(c, 6) + 0.5; break;
        case 1: x = 1 + (cf_real)cf_random_below(c, 4) * cf_power2(1 - precision); break;
        case 2: x = (cf_real)(2 * cf_random_below(c, 8) + 1) * cf_power2(-precision); break; // odd halves of an ulp of 1
        default: x = cf_power2(precision - 2) - (cf_real)cf_random_below(c, 4) / 2; break;
      }
      if (is_accumulating(c)) x = (cf_real)(cf_random_below(c, 5) + 1) / 2;
      break;
    case CF_CANCELLING:
      if (which == 1) { // close to minus the first argument
        cf_real a = c->in[0].x.numel && !cf_is_complex(c->in[0].x.dtype) ? cf_at(&c->in[0].x, i % c->in[0].x.numel) : 1;
        return cf_encode(dtype, -a * (1 + (cf_real)(cf_random_below(c, 9) - 4) * cf_power2(1 - precision)), 0);
      }
      if (which == 2) { // close to minus the product of the first two
        cf_real a = c->in[0].x.numel ? cf_at(&c->in[0].x, i % c->in[0].x.numel) : 1;
        cf_real b = c->in[1].x.numel ? cf_at(&c->in[1].x, i % c->in[1].x.numel) : 1;
        return cf_encode(dtype, -a * b, 0);
      }
      // For one argument: near 0, 1 and -1, where differences lose their digits.
      x = cf_power2(-(int)cf_random_below(c, precision)) * (1 + fraction(c));
      if (cf_random(c) & 1) x = 1 + (sign ? -x : x) / 16, sign = (cf_random(c) & 3) == 0;
      if (is_accumulating(c)) x = i % 2 ? -(cf_real)(i / 2 % 5 + 1) : (cf_real)(i / 2 % 5 + 1) + cf_power2(3 - precision), sign = false;
      if (is_centring(c) && which == 0) x = cf_power2(precision / 2) + (cf_real)cf_random_below(c, 16), sign = false;
      if (wants_positive(c, which)) sign = false;
      break;
    case CF_INTEGERS:
      x = (cf_real)cf_random_below(c, 9);
      if (is_product(c)) x = cf_random_below(c, 5) ? 1 : 2;
      break;
    default: // CF_UNIFORM
      x = fraction(c) * 4;
      if (is_product(c)) x = 0.75 + fraction(c) / 2;
      if (wants_positive(c, which) && i % 16) sign = false;
      break;
  }
  return cf_encode(dtype, sign ? -x : x, 0);
}

// ---- integers -------------------------------------------------------------------------------------------------------------------------
static uint64_t integer_value(cf_case *c, int which, cf_class values, rt_dtype dtype, int64_t i) {
  if (dtype == RT_BOOL) return cf_random(c) >> 7 & 1;
  int op = c->op->id;
  bool is_shift_count = which == 1 && (op == CF_ID(SHIFT_LEFT) || op == CF_ID(SHIFT_RIGHT));
  bool is_exponent = which == 1 && op == CF_ID(POW);
  cf_int min = cf_int_min(dtype), max = cf_int_max(dtype), x;
  if (values == CF_EXTREMES) {
    const cf_int edge[] = {min, min + 1, max, max - 1, 0, 1, cf_is_signed(dtype) ? -1 : 2, max / 2 + 1};
    int64_t n = CF_COUNT(edge), k = c->n_in == 1 ? i : which == 0 ? i / n : which == 1 ? i : i * 5 + i / n;
    x = edge[k % n];
  } else if (values == CF_UNIFORM && !is_shift_count && !is_exponent) {
    return cf_encode_int(dtype, (cf_int)cf_random(c));
  } else if (is_shift_count) {
    x = cf_random_below(c, 8 * cf_bytes(dtype) + 3) - (cf_is_signed(dtype) ? 1 : 0);
  } else if (is_exponent) {
    x = cf_random_below(c, 12) - (cf_is_signed(dtype) ? 2 : 0);
  } else {
    x = cf_random_below(c, 15) - (cf_is_signed(dtype) ? 7 : 0);
    if (is_product(c)) x = 1 + cf_random_below(c, 2);
  }
  return cf_encode_int(dtype, x);
}

// ---- complex numbers ------------------------------------------------------------------------------------------------------------------
/// Both parts as floats of that kind. Among the specials all pairs meet where the array is long enough; cancelling ones lie close to the
/// first argument or its inverse, and close to what functions cancel at: 0, 1, -1, i and -i.
static cf_word complex_value(cf_case *c, int which, cf_class values, rt_dtype dtype, int64_t i) {
  rt_dtype part = cf_part(dtype);
  uint64_t bits[2];
  if (values == CF_CANCELLING && which == 1 && c->in[0].x.numel && cf_is_complex(c->in[0].x.dtype)) {
    cf_pair a = cf_decode_pair(c->in[0].x.dtype, cf_bits(&c->in[0].x, i % c->in[0].x.numel));
    cf_real small = 1 + (cf_real)(cf_random_below(c, 9) - 4) * cf_power2(1 - cf_precision(part)), turn = cf_random(c) & 1 ? -1 : 1;
    if (cf_random(c) & 1) return cf_join(dtype, cf_encode(part, a.im * small, 0), cf_encode(part, a.re * turn, 0));
    return cf_join(dtype, cf_encode(part, -a.re * small, 0), cf_encode(part, a.im * turn, 0));
  }
  for (int p = 0; p < 2; p++) {
    bits[p] = float_value(c, which, values, part, i);
    if (values == CF_SPECIALS && !is_accumulating(c)) bits[p] = special(part, which == 0 ? (p ? i / N_SPECIALS : i) : (int64_t)(cf_random(c) >> 40));
    if (values == CF_CANCELLING && (i + p) % 3 == 0) bits[p] = cf_encode(part, cf_decode(part, bits[p]) * cf_power2(-cf_precision(part) / 2), 0);
  }
  return cf_join(dtype, bits[0], bits[1]);
}

void cf_fill(cf_case *c, int which, cf_class values) {
  cf_array *a = &c->in[which].x;
  bool is_float = cf_is_float(a->dtype);
  if (values == CF_EVERY) { // all that 16 bits can say
    for (int64_t i = 0; i < a->numel; i++) cf_set(a, i, (uint64_t)i & 0xffff);
    return;
  }
  if (cf_is_complex(a->dtype)) {
    if (values == CF_SMALL || values == CF_EXTREMES || values == CF_TIES) values = values == CF_EXTREMES ? CF_SPECIALS : CF_INTEGERS;
    for (int64_t i = 0; i < a->numel; i++) cf_set(a, i, complex_value(c, which, values, a->dtype, i));
    return;
  }
  if (is_float && (values == CF_SMALL || values == CF_EXTREMES)) values = values == CF_SMALL ? CF_INTEGERS : CF_SPECIALS;
  for (int64_t i = 0; i < a->numel; i++)
    cf_set(a, i, is_float ? float_value(c, which, values, a->dtype, i) : integer_value(c, which, values, a->dtype, i));
}
