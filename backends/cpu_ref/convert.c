// SPDX-License-Identifier: BSD-3-Clause
// Rows of any dtype to the wide type that holds them exactly, and from each wide type to any dtype with the meaning of cast: floats round
// once to nearest even; float to integer truncates, saturates and turns NaN into 0; integers wrap; anything but 0 is true;
// a real number becomes a complex one without imaginary part.
#include "ref.h"

#include <math.h>

#include "small_float.h"

ref_wide rti_ref_wide_of(uint16_t dtype) { return dtype >= RTB_C64 ? REF_C128 : dtype >= RTB_F16 ? REF_F64 : dtype >= RTB_U8 ? REF_U64 : REF_I64; }

// ---- to wide ----------------------------------------------------------------------------------------------------------------------------
#define GET(dtype, stored, wide, value)                                                                                                    \
  static void get_##dtype(int64_t n, const void *x, int64_t step, void *row) {                                                             \
    const stored *from = x;                                                                                                                \
    wide *to = row;                                                                                                                        \
    for (int64_t i = 0; i < n; i++) { const stored s = from[i * step]; to[i] = value; }                                                    \
  }
GET(bool, uint8_t, int64_t, s != 0)
GET(i8, int8_t, int64_t, s)
GET(i16, int16_t, int64_t, s)
GET(i32, int32_t, int64_t, s)
GET(i64, int64_t, int64_t, s)
GET(u8, uint8_t, uint64_t, s)
GET(u16, uint16_t, uint64_t, s)
GET(u32, uint32_t, uint64_t, s)
GET(u64, uint64_t, uint64_t, s)
GET(f16, uint16_t, double, ref_f16_to(s))
GET(bf16, uint16_t, double, ref_bf16_to(s))
GET(f32, float, double, s)
GET(f64, double, double, s)
GET(c64, float _Complex, double _Complex, s)
GET(c128, double _Complex, double _Complex, s)

ref_get rti_ref_get_of(uint16_t dtype) {
  static const ref_get get[REF_DTYPES] = {
#define RT_DTYPE(code, NAME, name, bytes, kind, doc) [code] = get_##name,
#include <trivet/dtypes.def>
  };
  return get[dtype];
}

// ---- from wide --------------------------------------------------------------------------------------------------------------------------
// limit is 2^bits of the positive range, exact in double; high is what everything from there on becomes.
static inline int64_t to_signed(double x, double limit, int64_t low, int64_t high) {
  return x != x ? 0 : x >= limit ? high : x < -limit ? low : (int64_t)x;
}
static inline uint64_t to_unsigned(double x, double limit, uint64_t high) {
  return !(x > -1) ? 0 : x >= limit ? high : x < 0 ? 0 : (uint64_t)x; // NaN is not above -1 either
}

// A 64-bit integer in double, rounded to odd where 53 bits do not hold it: a second rounding, to fewer bits, is then as good as one.
static inline double odd_u64(uint64_t x) { return (double)(x >> 53 ? (x >> 11 | ((x & 2047) != 0)) << 11 : x); }
static inline double odd_i64(int64_t x) { return x < 0 ? -odd_u64(-(uint64_t)x) : odd_u64((uint64_t)x); }

#define PUT(name, stored, wide, value)                                                                                                     \
  static void name(int64_t n, const void *row, void *out, int64_t step) {                                                                  \
    const wide *w = row;                                                                                                                   \
    stored *to = out;                                                                                                                      \
    for (int64_t i = 0; i < n; i++) { const wide v = w[i]; to[i * step] = (stored)(value); }                                               \
  }
#define PUT_3(dtype, stored, of_i64, of_u64, of_f64)                                                                                       \
  PUT(put_##dtype##_i64, stored, int64_t, of_i64)                                                                                          \
  PUT(put_##dtype##_u64, stored, uint64_t, of_u64)                                                                                         \
  PUT(put_##dtype##_f64, stored, double, of_f64)
PUT_3(bool, uint8_t, v != 0, v != 0, v != 0)
PUT_3(i8, int8_t, v, v, to_signed(v, 0x1p7, INT8_MIN, INT8_MAX))
PUT_3(i16, int16_t, v, v, to_signed(v, 0x1p15, INT16_MIN, INT16_MAX))
PUT_3(i32, int32_t, v, v, to_signed(v, 0x1p31, INT32_MIN, INT32_MAX))
PUT_3(i64, int64_t, v, v, to_signed(v, 0x1p63, INT64_MIN, INT64_MAX))
PUT_3(u8, uint8_t, v, v, to_unsigned(v, 0x1p8, UINT8_MAX))
PUT_3(u16, uint16_t, v, v, to_unsigned(v, 0x1p16, UINT16_MAX))
PUT_3(u32, uint32_t, v, v, to_unsigned(v, 0x1p32, UINT32_MAX))
PUT_3(u64, uint64_t, v, v, to_unsigned(v, 0x1p64, UINT64_MAX))
PUT_3(f16, uint16_t, ref_f16_from(odd_i64(v)), ref_f16_from(odd_u64(v)), ref_f16_from(v))
PUT_3(bf16, uint16_t, ref_bf16_from(odd_i64(v)), ref_bf16_from(odd_u64(v)), ref_bf16_from(v))
PUT_3(f32, float, odd_i64(v), odd_u64(v), v)
PUT_3(f64, double, v, v, v)
PUT_3(c64, float _Complex, (float)odd_i64(v), (float)odd_u64(v), (float)v)
PUT_3(c128, double _Complex, (double)v, (double)v, v)
PUT(put_bool_c128, uint8_t, double _Complex, v != 0)
PUT(put_c64_c128, float _Complex, double _Complex, v)
PUT(put_c128_c128, double _Complex, double _Complex, v)

ref_put rti_ref_put_of(uint16_t dtype, ref_wide from) {
#define FROM_BOOLEAN(name) put_bool_c128
#define FROM_COMPLEX(name) put_##name##_c128
#define FROM_SIGNED(name) NULL
#define FROM_UNSIGNED(name) NULL
#define FROM_FLOAT(name) NULL
  static const ref_put put[REF_DTYPES][4] = {
#define RT_DTYPE(code, NAME, name, bytes, kind, doc) [code] = {put_##name##_i64, put_##name##_u64, put_##name##_f64, FROM_##kind(name)},
#include <trivet/dtypes.def>
  };
  return put[dtype][from];
}
