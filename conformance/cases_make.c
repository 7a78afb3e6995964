// SPDX-License-Identifier: BSD-3-Clause
// Cells of the operations that make tensors from nothing: full, arange and the random ones, the latter against a Philox 4x32-10 of the
// oracle's own. New outputs lie on the context's default device, given ones on the device under test.
#include "internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct make_how { const char *name; int32_t rank; int64_t shape[RT_MAX_RANK]; cf_form form; cf_layout out; } make_how;
static const make_how hows[] = {
  {"new", 2, {5, 37}, CF_NEW, 0},
  {"rank0", 0, {0}, CF_NEW, 0},
  {"empty", 2, {3, 0}, CF_NEW, 0},
  {"rank16", 16, {1, 2, 1, 2, 1, 1, 2, 1, 2, 1, 1, 1, 2, 1, 2, 3}, CF_NEW, 0},
  {"into", 2, {5, 37}, CF_INTO, CF_OFFSET},
  {"into-rows", 3, {3, 5, 7}, CF_INTO, CF_ROWS},
  {"into-stepped", 3, {3, 5, 7}, CF_INTO, CF_STEPPED},
  {"into-negative", 3, {3, 5, 7}, CF_INTO, CF_NEGATIVE},
  {"into-transposed", 3, {3, 5, 7}, CF_INTO, CF_TRANSPOSED},
  {"into-mixed", 3, {3, 5, 7}, CF_INTO, CF_MIXED},
};

// ---- full -----------------------------------------------------------------------------------------------------------------------------
static rt_status call_full(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  (void)in;
  return into ? rt_full_into(c->scalar, into) : rt_full(c->grid->ctx, c->dtype, c->out.x.rank, c->out.x.shape, c->scalar, out);
}

static cf_word scalar_as(rt_scalar s, rt_dtype dtype) {
  uint64_t bits = s.as.u;
  double parts[2] = {s.as.c.re, s.as.c.im};
  switch (s.kind) {
    case RT_KIND_COMPLEX: return cf_cast(RT_C128, cf_load(RT_C128, parts), dtype);
    case RT_KIND_FLOAT: memcpy(&bits, &s.as.f, sizeof bits); return cf_cast(RT_F64, bits, dtype);
    case RT_KIND_SIGNED: return cf_cast(RT_I64, bits, dtype);
    case RT_KIND_UNSIGNED: return cf_cast(RT_U64, bits, dtype);
    default: return cf_cast(RT_BOOL, s.as.b, dtype);
  }
}

static void full_cell(cf_grid *g, const cf_op *op, rt_dtype dtype, const make_how *how, const char *value_name, rt_scalar value) {
  cf_case *c = cf_open(g, op, dtype, "%s/%s", how->name, value_name);
  if (!c) return;
  c->call = call_full, c->scalar = value, c->form = how->form, c->out_layout = how->out;
  cf_result(c, dtype, how->rank, how->shape);
  if (value.kind == RT_KIND_COMPLEX && !cf_is_complex(dtype) && dtype != RT_BOOL) c->fails = RT_E_DTYPE;
  for (int64_t i = 0; i < c->out.x.numel && c->fails == RT_OK; i++) cf_want_bits(c, i, scalar_as(value, dtype));
  cf_close(c);
}

void cf_cases_full(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(FILL));
  const struct { const char *name; rt_scalar value; } values[] = {
    {"true", rt_bool(true)}, {"zero", rt_int(0)}, {"minus-3", rt_int(-3)}, {"300", rt_int(300)}, {"smallest-integer", rt_int(INT64_MIN)},
    {"largest-integer", rt_uint(UINT64_MAX)}, {"2.5", rt_float(2.5)}, {"minus-zero", rt_float(-0.0)}, {"nan", rt_float(NAN)},
    {"infinity", rt_float(INFINITY)}, {"1e300", rt_float(1e300)}, {"minus-1e10", rt_float(-1e10)}, {"tenth", rt_float(0.1)},
    {"half-tie", rt_float(2049)},
    {"complex", rt_complex_number(0.1, -2.5)}, {"imaginary", rt_complex_number(-0.0, INFINITY)}};
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    for (size_t v = 0; v < CF_COUNT(values); v++) full_cell(g, op, (rt_dtype)code, &hows[0], values[v].name, values[v].value);
    for (size_t h = 1; h < CF_COUNT(hows); h++) full_cell(g, op, (rt_dtype)code, &hows[h], "7", rt_int(7));
  }
}

// ---- arange ---------------------------------------------------------------------------------------------------------------------------
static rt_status call_arange(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  (void)in;
  return into ? rt_arange_into(c->scalar, c->scalar3, into) : rt_arange(c->grid->ctx, c->dtype, c->scalar, c->scalar2, c->scalar3, out);
}

static cf_int integer_of(rt_scalar s) { return s.kind == RT_KIND_UNSIGNED ? (cf_int)s.as.u : (cf_int)s.as.i; }
static double float_of(rt_scalar s) { return s.kind == RT_KIND_FLOAT ? s.as.f : (double)integer_of(s); }

static void want_arange(cf_case *c) {
  rt_dtype dtype = c->out.x.dtype;
  for (int64_t i = 0; i < c->out.x.numel; i++) {
    if (!cf_is_float(cf_part(dtype))) {
      cf_want_bits(c, i, cf_encode_int(dtype, integer_of(c->scalar) + i * integer_of(c->scalar3)));
      continue;
    }
    cf_answer sum;
    cf_real terms[3] = {(cf_real)i, (cf_real)float_of(c->scalar3), (cf_real)float_of(c->scalar)};
    cf_map_float(CF_ID(FMA), RT_F64, terms, 0, &sum);
    cf_want_bits(c, i, cf_cast(RT_F64, cf_encode(RT_F64, sum.hi, sum.lo), dtype));
  }
}

typedef struct arange_how { const char *name; bool floats, integers, with_sign; rt_scalar start, stop, step; int64_t n; } arange_how;

void cf_cases_arange(cf_grid *g) {
  const cf_op *op = cf_op_of(CF_ID(ARANGE));
  const arange_how ranges[] = {
    {"count", true, true, false, rt_int(0), rt_int(67), rt_int(1), 67},
    {"by-3", true, true, false, rt_int(2), rt_int(12), rt_int(3), 4},
    {"empty", true, true, false, rt_int(3), rt_int(3), rt_int(1), 0},
    {"backwards-empty", true, true, false, rt_int(5), rt_int(0), rt_int(1), 0},
    {"down", true, true, true, rt_int(5), rt_int(-6), rt_int(-3), 4},
    {"wraps", false, true, false, rt_int(100), rt_int(1000), rt_int(100), 9},
    {"quarters", true, false, false, rt_float(0), rt_float(1), rt_float(0.25), 4},
    {"tenths", true, false, false, rt_float(0), rt_float(1), rt_float(0.1), 10},
    {"thirds-down", true, false, false, rt_float(1), rt_float(-1), rt_float(-1.0 / 3), 6},
    {"cancelling", true, false, false, rt_float(-7.7), rt_float(0.5), rt_float(1.1), 8},
  };
  static const make_how forms[] = {{"into", 1, {13}, CF_INTO, CF_OFFSET}, {"into-stepped", 1, {13}, CF_INTO, CF_STEPPED},
                                   {"into-negative", 1, {13}, CF_INTO, CF_NEGATIVE}};
  for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
    rt_dtype dtype = (rt_dtype)code;
    if (dtype == RT_BOOL) {
      cf_case *c = cf_open(g, op, dtype, "refused");
      if (!c) continue;
      c->call = call_arange, c->scalar = rt_int(0), c->scalar2 = rt_int(3), c->scalar3 = rt_int(1), c->fails = RT_E_DTYPE;
      cf_close(c);
      continue;
    }
    for (size_t r = 0; r < CF_COUNT(ranges); r++) {
      const arange_how *how = &ranges[r];
      bool is_float = cf_is_float(cf_part(dtype));
      if (!(is_float ? how->floats : how->integers) || (how->with_sign && !is_float && !cf_is_signed(dtype))) continue;
      cf_case *c = cf_open(g, op, dtype, "new/%s", how->name);
      if (!c) continue;
      c->call = call_arange, c->scalar = how->start, c->scalar2 = how->stop, c->scalar3 = how->step;
      cf_result(c, dtype, 1, &how->n);
      want_arange(c);
      cf_close(c);
    }
    for (size_t h = 0; h < CF_COUNT(forms); h++) {
      cf_case *c = cf_open(g, op, dtype, "%s/by-3", forms[h].name);
      if (!c) continue;
      c->call = call_arange, c->scalar = rt_int(2), c->scalar3 = rt_int(3), c->form = forms[h].form, c->out_layout = forms[h].out;
      cf_result(c, dtype, 1, forms[h].shape);
      want_arange(c);
      cf_close(c);
    }
    cf_case *c = cf_open(g, op, dtype, "refused-step");
    if (!c) continue;
    c->call = call_arange, c->scalar = rt_int(0), c->scalar2 = rt_int(3), c->scalar3 = rt_int(0), c->fails = RT_E_ARGUMENT;
    cf_close(c);
  }
}

// ---- random numbers -------------------------------------------------------------------------------------------------------------------
/// Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011): the counter is the number of the block and the stream, the key the seed; all low
/// word first.
static void philox(uint64_t key, uint64_t stream, uint64_t block, uint32_t *word) {
  uint32_t k[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
  word[0] = (uint32_t)block, word[1] = (uint32_t)(block >> 32), word[2] = (uint32_t)stream, word[3] = (uint32_t)(stream >> 32);
  for (int round = 0; round < 10; round++) {
    uint64_t left = (uint64_t)0xd2511f53 * word[0], right = (uint64_t)0xcd9e8d57 * word[2];
    uint32_t next[4] = {(uint32_t)(right >> 32) ^ word[1] ^ k[0], (uint32_t)right, (uint32_t)(left >> 32) ^ word[3] ^ k[1], (uint32_t)left};
    memcpy(word, next, sizeof next);
    k[0] += 0x9e3779b9, k[1] += 0xbb67ae85;
  }
}

static uint64_t upper_53(const uint32_t *pair) { return ((uint64_t)pair[1] << 32 | pair[0]) >> 11; }
static cf_real as_f64(cf_real x) { return cf_decode(RT_F64, cf_encode(RT_F64, x, 0)); }

/// Cosine of a full turn times t, exact at the quarters.
static cf_real cos_turns(cf_real t) {
  int quarter = (int)(4 * t + (cf_real)0.5);
  long double rest = (long double)((4 * t - quarter) * cf_pi() / 2);
  switch (quarter % 4) {
    case 0: return (cf_real)cosl(rest);
    case 1: return -(cf_real)sinl(rest);
    case 2: return -(cf_real)cosl(rest);
    default: return (cf_real)sinl(rest);
  }
}

void cf_random_numbers(cf_case *c, bool is_normal, double a, double b) {
  rt_dtype dtype = c->out.x.dtype;
  uint32_t word[4];
  for (int64_t i = 0; i < c->out.x.numel; i++) {
    if (is_normal) { // a pair of uniform numbers each; f64 uses a whole block
      uint64_t per_block = dtype == RT_F64 ? 1 : 2;
      philox(c->key, c->stream, (uint64_t)i / per_block, word);
      const uint32_t *pair = word + 2 * ((uint64_t)i % per_block);
      cf_real u1 = dtype == RT_F64 ? (cf_real)(upper_53(word) + 1) * cf_power2(-53) : ((cf_real)pair[0] + 1) * cf_power2(-32);
      cf_real u2 = dtype == RT_F64 ? (cf_real)upper_53(word + 2) * cf_power2(-53) : (cf_real)pair[1] * cf_power2(-32);
      cf_want_ulp(c, i, (cf_real)a + (cf_real)b * cf_sqrt(-2 * (cf_real)logl((long double)u1)) * cos_turns(u2), 0);
      continue;
    }
    uint64_t per_block = dtype == RT_F64 ? 2 : 4;
    philox(c->key, c->stream, (uint64_t)i / per_block, word);
    uint32_t w = word[(uint64_t)i % 4];
    cf_real width = as_f64((cf_real)b - (cf_real)a), u;
    switch (dtype) { // as many random bits as the significand holds
      case RT_F64: u = (cf_real)upper_53(word + 2 * ((uint64_t)i % 2)) * cf_power2(-53); break;
      case RT_F32: u = (cf_real)(w >> 8) * cf_power2(-24); break;
      case RT_F16: u = (cf_real)(w >> 21) * cf_power2(-11); break;
      default: u = (cf_real)(w >> 24) * cf_power2(-8); break;
    }
    cf_answer sum;
    cf_real terms[3] = {u, width, (cf_real)a};
    cf_map_float(CF_ID(FMA), RT_F64, terms, 0, &sum);
    uint64_t bits = cf_encode(RT_F64, sum.hi, sum.lo); // f64: one rounding of low + u width
    if (dtype != RT_F64) bits = cf_encode(RT_F64, (cf_real)a + as_f64(u * width), 0);
    cf_want_bits(c, i, cf_cast(RT_F64, bits, dtype));
  }
}

static rt_status call_random(cf_case *c, rt_tensor *const *in, rt_tensor *into, rt_tensor **out) {
  (void)in;
  const cf_array *x = &c->out.x;
  double a = c->scalar.as.f, b = c->scalar2.as.f;
  if (c->op->id == CF_ID(RANDOM_NORMAL))
    return into ? rt_random_normal_into(c->key, c->stream, a, b, into)
                : rt_random_normal(c->grid->ctx, x->dtype, x->rank, x->shape, c->key, c->stream, a, b, out);
  return into ? rt_random_uniform_into(c->key, c->stream, a, b, into)
              : rt_random_uniform(c->grid->ctx, x->dtype, x->rank, x->shape, c->key, c->stream, a, b, out);
}

void cf_cases_random(cf_grid *g) {
  static const struct { const char *name; uint64_t key, stream; double a[2], b[2]; } kinds[] = { // low and high; mean and std
    {"standard", 0, 0, {0, 1}, {0, 1}},
    {"stretched", 0x123456789abcdef0, 3, {-1.5, 2.5}, {1, 2}},
    {"stream", 7, 0xfedcba9876543210, {0, 3}, {0, 0.1}}};
  for (int n = 0; n < 2; n++) {
    const cf_op *op = cf_op_of(n ? CF_ID(RANDOM_NORMAL) : CF_ID(RANDOM_UNIFORM));
    for (int code = RT_BOOL; code < CF_ALL_DTYPES; code++) {
      rt_dtype dtype = (rt_dtype)code;
      for (size_t h = 0; h < CF_COUNT(hows); h++) {
        for (size_t k = 0; k < CF_COUNT(kinds); k++) {
          bool is_refused = !cf_is_float(dtype);
          if ((h > 0 && k > 0) || (is_refused && h + k > 0)) continue;
          cf_case *c = is_refused ? cf_open(g, op, dtype, "refused") : cf_open(g, op, dtype, "%s/%s", hows[h].name, kinds[k].name);
          if (!c) continue;
          c->call = call_random, c->form = hows[h].form, c->out_layout = hows[h].out;
          c->key = kinds[k].key, c->stream = kinds[k].stream;
          c->scalar = rt_float(n ? kinds[k].b[0] : kinds[k].a[0]), c->scalar2 = rt_float(n ? kinds[k].b[1] : kinds[k].a[1]);
          cf_result(c, dtype, hows[h].rank, hows[h].shape);
          if (is_refused) c->fails = RT_E_DTYPE;
          else cf_random_numbers(c, n == 1, c->scalar.as.f, c->scalar2.as.f);
          cf_close(c);
        }
      }
    }
  }
}
