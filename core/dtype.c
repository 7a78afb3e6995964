// SPDX-License-Identifier: BSD-3-Clause
// Facts about element types from dtypes.def, the promotion table, and the conversion of single values. Arrays of data are the backends' work.
#include <math.h>
#include <string.h>

#include "internal.h"

const uint8_t rti_dtype_size[RTI_DTYPE_COUNT] = {
#define RT_DTYPE(code, NAME, name, bytes, kind, doc) [code] = bytes,
#include <trivet/dtypes.def>
};

const uint8_t rti_dtype_kinds[RTI_DTYPE_COUNT] = {
#define RT_DTYPE(code, NAME, name, bytes, kind, doc) [code] = RT_KIND_##kind,
#include <trivet/dtypes.def>
};

static const char *const dtype_names[RTI_DTYPE_COUNT] = {
#define RT_DTYPE(code, NAME, name, bytes, kind, doc) [code] = #name,
#include <trivet/dtypes.def>
};

size_t rt_dtype_bytes(rt_dtype dtype) { return rti_is_dtype((int)dtype) ? rti_dtype_size[dtype] : 0; }
const char *rt_dtype_name(rt_dtype dtype) { return rti_is_dtype((int)dtype) ? dtype_names[dtype] : "?"; }
rt_dtype_kind rt_dtype_kind_of(rt_dtype dtype) { return rti_is_dtype((int)dtype) ? (rt_dtype_kind)rti_dtype_kinds[dtype] : RT_KIND_NONE; }

rt_dtype rt_dtype_from_name(const char *name) {
  for (int code = 1; name && code < RTI_DTYPE_COUNT; code++)
    if (strcmp(name, dtype_names[code]) == 0) return (rt_dtype)code;
  return RT_DTYPE_NONE;
}

// ---- promotion -------------------------------------------------------------------------------------------------------------------------

#define NO RT_DTYPE_NONE
#define B RT_BOOL
#define H RT_F16
#define BF RT_BF16
#define F RT_F32
#define D RT_F64
#define C RT_C64
#define Z RT_C128
#define I(bits) RT_I##bits
#define U(bits) RT_U##bits
static const uint8_t promotion[RTI_DTYPE_COUNT][RTI_DTYPE_COUNT] = {
    //              none   bool   i8     i16    i32    i64    u8     u16    u32    u64   f16 bf16 f32 f64 c64 c128
    [RT_BOOL] = {NO, B,     I(8),  I(16), I(32), I(64), U(8),  U(16), U(32), U(64), H, BF, F, D, C, Z},
    [RT_I8]   = {NO, I(8),  I(8),  I(16), I(32), I(64), I(16), I(32), I(64), NO,    H, BF, F, D, C, Z},
    [RT_I16]  = {NO, I(16), I(16), I(16), I(32), I(64), I(16), I(32), I(64), NO,    H, BF, F, D, C, Z},
    [RT_I32]  = {NO, I(32), I(32), I(32), I(32), I(64), I(32), I(32), I(64), NO,    H, BF, F, D, C, Z},
    [RT_I64]  = {NO, I(64), I(64), I(64), I(64), I(64), I(64), I(64), I(64), NO,    H, BF, F, D, C, Z},
    [RT_U8]   = {NO, U(8),  I(16), I(16), I(32), I(64), U(8),  U(16), U(32), U(64), H, BF, F, D, C, Z},
    [RT_U16]  = {NO, U(16), I(32), I(32), I(32), I(64), U(16), U(16), U(32), U(64), H, BF, F, D, C, Z},
    [RT_U32]  = {NO, U(32), I(64), I(64), I(64), I(64), U(32), U(32), U(32), U(64), H, BF, F, D, C, Z},
    [RT_U64]  = {NO, U(64), NO,    NO,    NO,    NO,    U(64), U(64), U(64), U(64), H, BF, F, D, C, Z},
    [RT_F16]  = {NO, H,     H,     H,     H,     H,     H,     H,     H,     H,     H, F,  F, D, C, Z},
    [RT_BF16] = {NO, BF,    BF,    BF,    BF,    BF,    BF,    BF,    BF,    BF,    F, BF, F, D, C, Z},
    [RT_F32]  = {NO, F,     F,     F,     F,     F,     F,     F,     F,     F,     F, F,  F, D, C, Z},
    [RT_F64]  = {NO, D,     D,     D,     D,     D,     D,     D,     D,     D,     D, D,  D, D, Z, Z},
    [RT_C64]  = {NO, C,     C,     C,     C,     C,     C,     C,     C,     C,     C, C,  C, Z, C, Z},
    [RT_C128] = {NO, Z,     Z,     Z,     Z,     Z,     Z,     Z,     Z,     Z,     Z, Z,  Z, Z, Z, Z},
};
#undef NO
#undef B
#undef H
#undef BF
#undef F
#undef D
#undef C
#undef Z
#undef I
#undef U

rt_status rt_promote(rt_dtype a, rt_dtype b, rt_dtype *out_dtype) {
  if (!out_dtype) return rti_fail(RT_E_ARGUMENT, "promote: out_dtype is NULL");
  *out_dtype = RT_DTYPE_NONE;
  if (!rti_is_dtype((int)a) || !rti_is_dtype((int)b)) return rti_fail(RT_E_DTYPE, "promote: %d is not a dtype", rti_is_dtype((int)a) ? (int)b : (int)a);
  *out_dtype = (rt_dtype)promotion[a][b];
  if (*out_dtype == RT_DTYPE_NONE)
    return rti_fail(RT_E_DTYPE, "promote: no dtype holds the values of both %s and %s; cast one of them", rt_dtype_name(a), rt_dtype_name(b));
  return RT_OK;
}

rt_dtype rti_scalar_dtype(rt_dtype dtype, rt_scalar value) {
  rt_dtype_kind kind = rt_dtype_kind_of(dtype);
  if (value.kind == RT_KIND_COMPLEX) return rti_complex_of(dtype);
  if (value.kind == RT_KIND_FLOAT && kind < RT_KIND_FLOAT) return RT_F32;
  if ((value.kind == RT_KIND_SIGNED || value.kind == RT_KIND_UNSIGNED) && kind == RT_KIND_BOOLEAN) return RT_I64;
  return dtype;
}

// ---- half precision --------------------------------------------------------------------------------------------------------------------

#define F64_FRACTION_BITS 52

/// Rounds a double once, to nearest even, to a 16-bit float with that many fraction bits and that exponent bias.
static uint16_t narrow(double value, int fraction_bits, int bias) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint16_t sign = (uint16_t)(bits >> 63 << 15);
  uint64_t fraction = bits & ((UINT64_C(1) << F64_FRACTION_BITS) - 1);
  int exponent = (int)(bits >> F64_FRACTION_BITS & 0x7ff);
  uint64_t infinity = (uint64_t)(2 * bias + 1) << fraction_bits;
  int shift = F64_FRACTION_BITS - fraction_bits;
  if (exponent == 0x7ff && fraction != 0) // the quiet bit keeps a NaN whose payload is cut off from becoming an infinity
    return (uint16_t)(sign | infinity | UINT64_C(1) << (fraction_bits - 1) | fraction >> shift);
  if (exponent == 0x7ff) return (uint16_t)(sign | infinity);

  int to = exponent - 1023 + bias; // biased exponent of the result, if it is normal
  if (exponent == 0 || to < -fraction_bits) return sign; // below half of the smallest subnormal
  uint64_t mantissa = fraction | UINT64_C(1) << F64_FRACTION_BITS;
  if (to <= 0) {
    shift += 1 - to;
    to = 1;
  }
  uint64_t kept = mantissa >> shift, rest = mantissa & ((UINT64_C(1) << shift) - 1), half = UINT64_C(1) << (shift - 1);
  kept += rest > half || (rest == half && (kept & 1));
  uint64_t result = ((uint64_t)(to - 1) << fraction_bits) + kept; // the implicit bit adds one to the exponent, and so does a carry
  return (uint16_t)(sign | (result < infinity ? result : infinity));
}

uint16_t rti_f16_from_f64(double value) { return narrow(value, 10, 15); }
uint16_t rti_bf16_from_f64(double value) { return narrow(value, 7, 127); }

double rti_f16_to_f64(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double magnitude;
  if (exponent == 31) magnitude = fraction ? (double)NAN : (double)INFINITY;
  else magnitude = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
  return copysign(magnitude, bits >> 15 ? -1.0 : 1.0);
}

double rti_bf16_to_f64(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return (double)value;
}

// ---- single values ----------------------------------------------------------------------------------------------------------------------

/// The double of an integer, rounded to odd instead of nearest: a second rounding to a narrower float then rounds as if it were the first.
static double f64_to_odd(uint64_t magnitude, bool negative) {
  if (magnitude >> 53) {
    uint64_t lost = magnitude & 2047;
    magnitude = (magnitude & ~UINT64_C(2047)) | (lost ? UINT64_C(2048) : 0);
  }
  double value = (double)magnitude;
  return negative ? -value : value;
}

/// A double as an integer of 64 bits: towards zero, saturated at the limits of the dtype, NaN as 0.
static uint64_t integer_from_f64(double value, rt_dtype dtype) {
  int bits = rti_dtype_size[dtype] * 8;
  if (isnan(value)) return 0;
  if (rti_dtype_kinds[dtype] == RT_KIND_UNSIGNED) {
    if (value <= 0) return 0;
    return value >= ldexp(1, bits) ? UINT64_MAX >> (64 - bits) : (uint64_t)value;
  }
  double limit = ldexp(1, bits - 1);
  if (value >= limit) return (uint64_t)(INT64_MAX >> (64 - bits));
  return value <= -limit ? (uint64_t)(INT64_MIN >> (64 - bits)) : (uint64_t)(int64_t)value;
}

static bool scalar_is_true(rt_scalar value) {
  switch (value.kind) {
    case RT_KIND_BOOLEAN: return value.as.b;
    case RT_KIND_SIGNED: return value.as.i != 0;
    case RT_KIND_UNSIGNED: return value.as.u != 0;
    case RT_KIND_COMPLEX: return value.as.c.re != 0 || value.as.c.im != 0;
    default: return value.as.f != 0; // NaN is true
  }
}

static void store_float(rt_scalar value, rt_dtype dtype, void *out_element) {
  bool is_float = value.kind == RT_KIND_FLOAT, negative = value.kind == RT_KIND_SIGNED && value.as.i < 0;
  uint64_t magnitude = value.kind == RT_KIND_BOOLEAN ? (uint64_t)value.as.b : negative ? UINT64_C(0) - (uint64_t)value.as.i : value.as.u;
  double odd = is_float ? value.as.f : f64_to_odd(magnitude, negative);
  if (dtype == RT_F64) {
    double f64 = is_float ? value.as.f : negative ? -(double)magnitude : (double)magnitude;
    memcpy(out_element, &f64, sizeof f64);
  } else if (dtype == RT_F32) {
    float f32 = (float)odd;
    memcpy(out_element, &f32, sizeof f32);
  } else {
    uint16_t f16 = dtype == RT_F16 ? rti_f16_from_f64(odd) : rti_bf16_from_f64(odd);
    memcpy(out_element, &f16, sizeof f16);
  }
}

rt_status rti_scalar_check(const char *who, rt_scalar value, rt_dtype dtype) {
  if (value.kind < RT_KIND_BOOLEAN || value.kind > RT_KIND_COMPLEX) return rti_fail(RT_E_ARGUMENT, "%s: %d is no kind of scalar", who, (int)value.kind);
  if (value.kind != RT_KIND_COMPLEX || rti_is_complex((int)dtype) || dtype == RT_BOOL) return RT_OK;
  return rti_fail(RT_E_DTYPE, "%s: the complex number %g%+gi has no value in %s", who, value.as.c.re, value.as.c.im, rt_dtype_name(dtype));
}

void rti_scalar_store(rt_scalar value, rt_dtype dtype, void *out_element) {
  uint64_t bits;
  if (rti_is_complex((int)dtype)) { // part by part; a real number has no imaginary part
    bool is_complex = value.kind == RT_KIND_COMPLEX;
    rt_dtype part = rti_real_of(dtype);
    store_float(is_complex ? rt_float(value.as.c.re) : value, part, out_element);
    store_float(rt_float(is_complex ? value.as.c.im : 0), part, (char *)out_element + rti_dtype_size[part]);
    return;
  }
  if (rti_dtype_kinds[dtype] == RT_KIND_FLOAT) {
    store_float(value, dtype, out_element);
    return;
  }
  if (dtype == RT_BOOL) bits = scalar_is_true(value);
  else if (value.kind == RT_KIND_FLOAT) bits = integer_from_f64(value.as.f, dtype);
  else bits = value.kind == RT_KIND_BOOLEAN ? (uint64_t)value.as.b : value.as.u; // integers wrap
  uint8_t u8 = (uint8_t)bits;
  uint16_t u16 = (uint16_t)bits;
  uint32_t u32 = (uint32_t)bits;
  switch (rti_dtype_size[dtype]) {
    case 1: memcpy(out_element, &u8, 1); break;
    case 2: memcpy(out_element, &u16, 2); break;
    case 4: memcpy(out_element, &u32, 4); break;
    default: memcpy(out_element, &bits, 8); break;
  }
}

rt_scalar rti_scalar_load(rt_dtype dtype, const void *element) {
  uint8_t u8 = 0;
  uint16_t u16 = 0;
  uint32_t u32 = 0;
  uint64_t u64 = 0;
  float f32;
  double f64;
  if (rti_is_complex((int)dtype)) {
    rt_dtype part = rti_real_of(dtype);
    rt_scalar re = rti_scalar_load(part, element), im = rti_scalar_load(part, (const char *)element + rti_dtype_size[part]);
    return rt_complex_number(re.as.f, im.as.f);
  }
  switch (rti_dtype_size[dtype]) {
    case 1: memcpy(&u8, element, 1); break;
    case 2: memcpy(&u16, element, 2); break;
    case 4: memcpy(&u32, element, 4); break;
    default: memcpy(&u64, element, 8); break;
  }
  switch (dtype) {
    case RT_BOOL: return rt_bool(u8 != 0);
    case RT_I8: return rt_int((int8_t)u8);
    case RT_I16: return rt_int((int16_t)u16);
    case RT_I32: return rt_int((int32_t)u32);
    case RT_I64: return rt_int((int64_t)u64);
    case RT_U8: return rt_uint(u8);
    case RT_U16: return rt_uint(u16);
    case RT_U32: return rt_uint(u32);
    case RT_U64: return rt_uint(u64);
    case RT_F16: return rt_float(rti_f16_to_f64(u16));
    case RT_BF16: return rt_float(rti_bf16_to_f64(u16));
    case RT_F32: memcpy(&f32, &u32, sizeof f32); return rt_float((double)f32);
    default: memcpy(&f64, &u64, sizeof f64); return rt_float(f64);
  }
}
