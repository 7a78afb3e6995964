// SPDX-License-Identifier: BSD-3-Clause
// Number formats, written from their definitions: decoding to a 113-bit real or a 128-bit integer (both exact for every dtype), and
// rounding back once. Nothing here calls the library or a conversion of the compiler that rounds to a format under test.
#include "internal.h"

#include <math.h>
#include <string.h>

__extension__ typedef unsigned __int128 cf_uint;

typedef struct format { int precision, min_exponent, max_exponent, bits; } format; // exponents of 1.xxx times 2^e
static const format formats[CF_DTYPES] = {
  [RT_F16] = {11, -14, 15, 16}, [RT_BF16] = {8, -126, 127, 16}, [RT_F32] = {24, -126, 127, 32}, [RT_F64] = {53, -1022, 1023, 64}};

static const uint8_t sizes[CF_ALL_DTYPES] = {0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8, 8, 16};
uint32_t cf_bytes(rt_dtype dtype) { return (unsigned)dtype < CF_ALL_DTYPES ? sizes[dtype] : 0; }
bool cf_is_signed(rt_dtype dtype) { return dtype >= RT_I8 && dtype <= RT_I64; }
int cf_precision(rt_dtype dtype) { return formats[dtype].precision; }

static cf_uint raw(cf_real x) {
  cf_uint u;
  memcpy(&u, &x, sizeof u);
  return u;
}

static cf_real from_raw(cf_uint u) {
  cf_real x;
  memcpy(&x, &u, sizeof x);
  return x;
}

bool cf_is_negative(cf_real x) { return raw(x) >> 127 != 0; }

cf_real cf_power2(int exponent) { // exponents of normal reals only
  return from_raw((cf_uint)(unsigned)(exponent + 16383) << 112);
}

static int exponent_of(cf_real x) { return (int)(raw(x) >> 112 & 0x7fff) - 16383; }

// ---- elements -------------------------------------------------------------------------------------------------------------------------
cf_word cf_join(rt_dtype dtype, uint64_t re, uint64_t im) { return (cf_word)im << 8 * cf_bytes(cf_part(dtype)) | re; }

uint64_t cf_part_of(rt_dtype dtype, cf_word bits, int part) {
  if (!cf_is_complex(dtype)) return part ? 0 : (uint64_t)bits;
  uint32_t width = 8 * cf_bytes(cf_part(dtype));
  return (uint64_t)(bits >> (part ? width : 0)) & UINT64_MAX >> (64 - width);
}

cf_word cf_load(rt_dtype dtype, const void *element) {
  const unsigned char *byte = element;
  if (cf_is_complex(dtype)) {
    rt_dtype part = cf_part(dtype);
    return cf_join(dtype, (uint64_t)cf_load(part, byte), (uint64_t)cf_load(part, byte + cf_bytes(part)));
  }
  uint16_t u16;
  uint32_t u32;
  uint64_t u64;
  switch (cf_bytes(dtype)) {
    case 1: return byte[0];
    case 2: memcpy(&u16, byte, 2); return u16;
    case 4: memcpy(&u32, byte, 4); return u32;
    default: memcpy(&u64, byte, 8); return u64;
  }
}

void cf_store(rt_dtype dtype, void *element, cf_word bits) {
  uint8_t u8 = (uint8_t)bits;
  uint16_t u16 = (uint16_t)bits;
  uint32_t u32 = (uint32_t)bits;
  uint64_t u64 = (uint64_t)bits;
  if (cf_is_complex(dtype)) {
    rt_dtype part = cf_part(dtype);
    for (int p = 0; p < 2; p++) cf_store(part, (unsigned char *)element + p * (int)cf_bytes(part), cf_part_of(dtype, bits, p));
    return;
  }
  switch (cf_bytes(dtype)) {
    case 1: memcpy(element, &u8, 1); return;
    case 2: memcpy(element, &u16, 2); return;
    case 4: memcpy(element, &u32, 4); return;
    default: memcpy(element, &u64, 8); return;
  }
}

cf_int cf_decode_int(rt_dtype dtype, uint64_t bits) {
  switch (dtype) {
    case RT_I8: return (int8_t)bits;
    case RT_I16: return (int16_t)bits;
    case RT_I32: return (int32_t)bits;
    case RT_I64: return (int64_t)bits;
    default: return (cf_int)bits;
  }
}

cf_real cf_decode(rt_dtype dtype, uint64_t bits) {
  if (!cf_is_float(dtype)) return (cf_real)cf_decode_int(dtype, bits);
  const format *f = &formats[dtype];
  int fraction_bits = f->precision - 1, exponent_bits = f->bits - f->precision;
  bool negative = bits >> (f->bits - 1) & 1;
  int exponent = (int)(bits >> fraction_bits & ((1u << exponent_bits) - 1));
  uint64_t fraction = bits & (((uint64_t)1 << fraction_bits) - 1);
  cf_real x;
  if (exponent == (1 << exponent_bits) - 1) x = fraction ? from_raw((cf_uint)0x7fff8 << 108) : from_raw((cf_uint)0x7fff << 112);
  else if (exponent == 0) x = (cf_real)fraction * cf_power2(f->min_exponent - fraction_bits);
  else x = (cf_real)(fraction | (uint64_t)1 << fraction_bits) * cf_power2(exponent + f->min_exponent - 1 - fraction_bits);
  return negative ? -x : x;
}

cf_pair cf_decode_pair(rt_dtype dtype, cf_word bits) {
  return (cf_pair){cf_decode(cf_part(dtype), cf_part_of(dtype, bits, 0)), cf_is_complex(dtype) ? cf_decode(cf_part(dtype), cf_part_of(dtype, bits, 1)) : 0};
}

// ---- rounding -------------------------------------------------------------------------------------------------------------------------
uint64_t cf_encode(rt_dtype dtype, cf_real hi, cf_real lo) {
  const format *f = &formats[dtype];
  int fraction_bits = f->precision - 1;
  uint64_t sign = (uint64_t)cf_is_negative(hi) << (f->bits - 1);
  uint64_t infinity = (((uint64_t)1 << (f->bits - f->precision)) - 1) << fraction_bits;
  if (cf_is_nan(hi)) return sign | infinity | (uint64_t)1 << (fraction_bits - 1);
  if (cf_is_inf(hi)) return sign | infinity;
  int exponent = exponent_of(hi);
  cf_uint kept = raw(hi) & (((cf_uint)1 << 112) - 1);
  if (exponent == -16383) return sign; // zero, or far below every format
  kept |= (cf_uint)1 << 112;
  int lowest = exponent < f->min_exponent ? f->min_exponent : exponent; // exponent of the leading bit's place
  int shift = 112 - fraction_bits + (lowest - exponent);
  if (shift > 126) return sign;
  cf_uint rest = kept & (((cf_uint)1 << shift) - 1), half = (cf_uint)1 << (shift - 1);
  kept >>= shift;
  int tail = lo == 0 ? 0 : cf_is_negative(lo) == cf_is_negative(hi) ? 1 : -1; // what lies beyond hi, away from zero
  if (rest > half || (rest == half && (tail > 0 || (tail == 0 && (kept & 1))))) kept++;
  if (lowest > f->max_exponent) return sign | infinity;
  // The leading bit adds the 1 of a normal exponent field; a carry goes on into it, up to infinity.
  return sign | ((uint64_t)kept + ((uint64_t)(lowest - f->min_exponent) << fraction_bits));
}

uint64_t cf_encode_int(rt_dtype dtype, cf_int value) {
  if (dtype == RT_BOOL) return value != 0;
  uint32_t bits = 8 * cf_bytes(dtype);
  return bits == 64 ? (uint64_t)value : (uint64_t)value & (((uint64_t)1 << bits) - 1);
}

cf_int cf_int_min(rt_dtype dtype) { return cf_is_signed(dtype) ? -((cf_int)1 << (8 * cf_bytes(dtype) - 1)) : 0; }
cf_int cf_int_max(rt_dtype dtype) {
  if (dtype == RT_BOOL) return 1;
  return ((cf_int)1 << (8 * cf_bytes(dtype) - (cf_is_signed(dtype) ? 1 : 0))) - 1;
}

cf_word cf_cast(rt_dtype from, cf_word word, rt_dtype to) {
  uint64_t bits = (uint64_t)word;
  if (cf_is_complex(to))
    return cf_join(to, (uint64_t)cf_cast(cf_part(from), cf_part_of(from, word, 0), cf_part(to)),
                   cf_is_complex(from) ? (uint64_t)cf_cast(cf_part(from), cf_part_of(from, word, 1), cf_part(to)) : 0);
  if (cf_is_complex(from)) { // to bool; nothing else is allowed
    cf_pair x = cf_decode_pair(from, word);
    return x.re != 0 || x.im != 0;
  }
  if (!cf_is_float(from)) {
    cf_int value = cf_decode_int(from, bits);
    return cf_is_float(to) ? cf_encode(to, (cf_real)value, 0) : cf_encode_int(to, value);
  }
  cf_real value = cf_decode(from, bits);
  if (cf_is_float(to)) return cf_encode(to, value, 0);
  if (to == RT_BOOL) return value != 0; // true for NaN
  if (cf_is_nan(value)) return 0;
  if (value <= (cf_real)cf_int_min(to)) return cf_encode_int(to, cf_int_min(to));
  if (value >= (cf_real)cf_int_max(to)) return cf_encode_int(to, cf_int_max(to));
  return cf_encode_int(to, (cf_int)value);
}

cf_real cf_ulp(rt_dtype dtype, cf_real x) {
  const format *f = &formats[dtype];
  int exponent = x == 0 || x != x ? f->min_exponent : exponent_of(x);
  if (exponent < f->min_exponent) exponent = f->min_exponent;
  if (exponent > f->max_exponent) exponent = f->max_exponent;
  return cf_power2(exponent - f->precision + 1);
}

cf_real cf_min_normal(rt_dtype dtype) { return cf_power2(formats[dtype].min_exponent); }
cf_real cf_max_finite(rt_dtype dtype) {
  const format *f = &formats[dtype];
  return (2 - cf_power2(1 - f->precision)) * cf_power2(f->max_exponent);
}

rt_dtype cf_promote(rt_dtype a, rt_dtype b) {
  if (a == b || b == RT_BOOL) return a;
  if (a == RT_BOOL) return b;
  if (cf_is_complex(a) || cf_is_complex(b)) return cf_part(a) == RT_F64 || cf_part(b) == RT_F64 ? RT_C128 : RT_C64;
  if (cf_is_float(a) && cf_is_float(b)) return cf_is_half(a) && cf_is_half(b) ? RT_F32 : a > b ? a : b;
  if (cf_is_float(a)) return a;
  if (cf_is_float(b)) return b;
  if (cf_is_signed(a) == cf_is_signed(b)) return cf_bytes(a) > cf_bytes(b) ? a : b;
  rt_dtype with_sign = cf_is_signed(a) ? a : b, without = cf_is_signed(a) ? b : a;
  if (cf_bytes(with_sign) > cf_bytes(without)) return with_sign;
  switch (without) { // the next wider signed one
    case RT_U8: return RT_I16;
    case RT_U16: return RT_I32;
    case RT_U32: return RT_I64;
    default: return RT_DTYPE_NONE;
  }
}
