// SPDX-License-Identifier: BSD-3-Clause
// Element types: the table, promotion against its rules, every half both ways, and single values stored in every dtype.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "internal.h"

static void facts_agree_with_names(void **state) {
  static const struct { rt_dtype dtype; const char *name; size_t bytes; rt_dtype_kind kind; } cases[] = {
      {RT_BOOL, "bool", 1, RT_KIND_BOOLEAN}, {RT_I8, "i8", 1, RT_KIND_SIGNED}, {RT_I16, "i16", 2, RT_KIND_SIGNED}, {RT_I32, "i32", 4, RT_KIND_SIGNED},
      {RT_I64, "i64", 8, RT_KIND_SIGNED}, {RT_U8, "u8", 1, RT_KIND_UNSIGNED}, {RT_U16, "u16", 2, RT_KIND_UNSIGNED}, {RT_U32, "u32", 4, RT_KIND_UNSIGNED},
      {RT_U64, "u64", 8, RT_KIND_UNSIGNED}, {RT_F16, "f16", 2, RT_KIND_FLOAT}, {RT_BF16, "bf16", 2, RT_KIND_FLOAT}, {RT_F32, "f32", 4, RT_KIND_FLOAT},
      {RT_F64, "f64", 8, RT_KIND_FLOAT}, {RT_C64, "c64", 8, RT_KIND_COMPLEX}, {RT_C128, "c128", 16, RT_KIND_COMPLEX},
  };
  (void)state;
  assert_int_equal(RTI_COUNT(cases), RTI_DTYPE_COUNT - 1);
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    assert_string_equal(rt_dtype_name(cases[i].dtype), cases[i].name);
    assert_int_equal(rt_dtype_bytes(cases[i].dtype), cases[i].bytes);
    assert_int_equal(rt_dtype_kind_of(cases[i].dtype), cases[i].kind);
    assert_int_equal(rt_dtype_from_name(cases[i].name), cases[i].dtype);
  }
}

static void no_dtype_is_answered_calmly(void **state) {
  static const int codes[] = {0, -1, 16, 17, 255, INT32_MAX, INT32_MIN};
  static const char *const names[] = {"", "F32", "f3", "f322", "float", "?", "none"};
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(codes); i++) {
    assert_string_equal(rt_dtype_name((rt_dtype)codes[i]), "?");
    assert_int_equal(rt_dtype_bytes((rt_dtype)codes[i]), 0);
    assert_int_equal(rt_dtype_kind_of((rt_dtype)codes[i]), RT_KIND_NONE);
    rt_dtype out = RT_F32;
    assert_int_equal(rt_promote((rt_dtype)codes[i], RT_F32, &out), RT_E_DTYPE);
    assert_int_equal(out, RT_DTYPE_NONE);
    assert_int_equal(rt_promote(RT_F32, (rt_dtype)codes[i], &out), RT_E_DTYPE);
  }
  for (size_t i = 0; i < RTI_COUNT(names); i++) assert_int_equal(rt_dtype_from_name(names[i]), RT_DTYPE_NONE);
  assert_int_equal(rt_dtype_from_name(NULL), RT_DTYPE_NONE);
  assert_int_equal(rt_promote(RT_F32, RT_F32, NULL), RT_E_ARGUMENT);
}

// ---- promotion -------------------------------------------------------------------------------------------------------------------------

static rt_dtype integer_of(bool is_signed, size_t bytes) {
  for (int code = 1; code < RTI_DTYPE_COUNT; code++)
    if (rti_dtype_kinds[code] == (is_signed ? RT_KIND_SIGNED : RT_KIND_UNSIGNED) && rti_dtype_size[code] == bytes) return (rt_dtype)code;
  return RT_DTYPE_NONE;
}

/// The rules of the header, as rules instead of a table.
static rt_dtype expected_promotion(rt_dtype a, rt_dtype b) {
  rt_dtype_kind ka = rt_dtype_kind_of(a), kb = rt_dtype_kind_of(b);
  size_t na = rt_dtype_bytes(a), nb = rt_dtype_bytes(b);
  if (a == b || kb == RT_KIND_BOOLEAN) return a;
  if (ka == RT_KIND_BOOLEAN) return b;
  if (ka == RT_KIND_COMPLEX || kb == RT_KIND_COMPLEX) { // the wider of the two precisions
    size_t parts_a = ka == RT_KIND_COMPLEX ? na / 2 : na, parts_b = kb == RT_KIND_COMPLEX ? nb / 2 : nb;
    bool wide_a = parts_a == 8 && ka >= RT_KIND_FLOAT, wide_b = parts_b == 8 && kb >= RT_KIND_FLOAT;
    return wide_a || wide_b ? RT_C128 : RT_C64;
  }
  if (ka == RT_KIND_FLOAT && kb == RT_KIND_FLOAT) return na == nb ? RT_F32 : na > nb ? a : b;
  if (ka == RT_KIND_FLOAT) return a;
  if (kb == RT_KIND_FLOAT) return b;
  if (ka == kb) return na > nb ? a : b;
  size_t is = ka == RT_KIND_SIGNED ? na : nb, us = ka == RT_KIND_SIGNED ? nb : na;
  return integer_of(true, is > us ? is : 2 * us); // none for u64
}

static void promotion_follows_the_rules(void **state) {
  (void)state;
  int refused = 0;
  for (int a = 1; a < RTI_DTYPE_COUNT; a++) {
    for (int b = 1; b < RTI_DTYPE_COUNT; b++) {
      rt_dtype out = RT_BOOL, expected = expected_promotion((rt_dtype)a, (rt_dtype)b);
      rt_status status = rt_promote((rt_dtype)a, (rt_dtype)b, &out);
      if (out != expected) fail_msg("%s with %s gave %s, not %s", rt_dtype_name(a), rt_dtype_name(b), rt_dtype_name(out), rt_dtype_name(expected));
      assert_int_equal(status, expected ? RT_OK : RT_E_DTYPE);
      if (expected) continue;
      refused++;
      assert_non_null(strstr(rt_last_error(), "u64"));
      assert_non_null(strstr(rt_last_error(), "cast"));
    }
  }
  assert_int_equal(refused, 8); // u64 with i8 to i64, both ways
}

static void scalars_promote_by_kind(void **state) {
  static const struct { rt_dtype dtype; const char *with_bool, *with_int, *with_uint, *with_float, *with_complex; } cases[] = {
      {RT_BOOL, "bool", "i64", "i64", "f32", "c64"}, {RT_I8, "i8", "i8", "i8", "f32", "c64"},     {RT_I64, "i64", "i64", "i64", "f32", "c64"}, {RT_U8, "u8", "u8", "u8", "f32", "c64"},
      {RT_U64, "u64", "u64", "u64", "f32", "c64"},   {RT_F16, "f16", "f16", "f16", "f16", "c64"}, {RT_BF16, "bf16", "bf16", "bf16", "bf16", "c64"}, {RT_F32, "f32", "f32", "f32", "f32", "c64"},
      {RT_F64, "f64", "f64", "f64", "f64", "c128"},
      {RT_C64, "c64", "c64", "c64", "c64", "c64"}, {RT_C128, "c128", "c128", "c128", "c128", "c128"},
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    assert_string_equal(rt_dtype_name(rti_scalar_dtype(cases[i].dtype, rt_bool(true))), cases[i].with_bool);
    assert_string_equal(rt_dtype_name(rti_scalar_dtype(cases[i].dtype, rt_int(-1))), cases[i].with_int);
    assert_string_equal(rt_dtype_name(rti_scalar_dtype(cases[i].dtype, rt_uint(1))), cases[i].with_uint);
    assert_string_equal(rt_dtype_name(rti_scalar_dtype(cases[i].dtype, rt_float(2.5))), cases[i].with_float);
    assert_string_equal(rt_dtype_name(rti_scalar_dtype(cases[i].dtype, rt_complex_number(0, 1))), cases[i].with_complex);
  }
}

// ---- halves ----------------------------------------------------------------------------------------------------------------------------

typedef struct half { const char *name; uint16_t (*from)(double); double (*to)(uint16_t); uint16_t infinity, max; double unit; } half;
static const half halves[] = {
    {"f16", rti_f16_from_f64, rti_f16_to_f64, 0x7c00, 0x7bff, 0x1p-24},
    {"bf16", rti_bf16_from_f64, rti_bf16_to_f64, 0x7f80, 0x7f7f, 0x1p-133},
};

static void every_half_survives_a_round_trip(void **state) {
  (void)state;
  for (size_t h = 0; h < RTI_COUNT(halves); h++) {
    for (uint32_t bits = 0; bits < 65536; bits++) {
      double value = halves[h].to((uint16_t)bits);
      uint16_t back = halves[h].from(value);
      bool is_nan = (bits & 0x7fff) > halves[h].infinity;
      assert_int_equal(isnan(value) != 0, is_nan);
      if (is_nan) assert_true((back & 0x7fff) > halves[h].infinity && (back & 0x8000) == (bits & 0x8000));
      else assert_int_equal(back, bits);
    }
  }
}

static void halves_have_the_right_values(void **state) {
  static const struct { int half; uint16_t bits; double value; } cases[] = {
      {0, 0x0000, 0.0}, {0, 0x3c00, 1.0}, {0, 0xc000, -2.0}, {0, 0x7bff, 65504}, {0, 0x0400, 0x1p-14}, {0, 0x0001, 0x1p-24}, {0, 0x03ff, 0x3ffp-24}, {0, 0x3555, 0x555p-12},
      {1, 0x3f80, 1.0}, {1, 0xc000, -2.0}, {1, 0x7f7f, 0x1.fep127}, {1, 0x0080, 0x1p-126}, {1, 0x0001, 0x1p-133}, {1, 0x4049, 3.140625},
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    assert_true(halves[cases[i].half].to(cases[i].bits) == cases[i].value);
    assert_int_equal(halves[cases[i].half].from(cases[i].value), cases[i].bits);
  }
  assert_true(signbit(rti_f16_to_f64(0x8000)) && signbit(rti_bf16_to_f64(0x8000)));
}

/// Between every two neighbours: the middle goes to the even one, and a double next to the middle to its own side.
static void rounding_is_once_and_to_even(void **state) {
  (void)state;
  for (size_t h = 0; h < RTI_COUNT(halves); h++) {
    for (uint32_t bits = 0; bits < halves[h].infinity; bits++) {
      double low = halves[h].to((uint16_t)bits);
      double high = bits == halves[h].max ? low + (low - halves[h].to((uint16_t)(bits - 1))) : halves[h].to((uint16_t)(bits + 1)); // where infinity begins
      double middle = low + (high - low) / 2;
      uint16_t even = (uint16_t)(bits & 1 ? bits + 1 : bits);
      for (int sign = 0; sign < 2; sign++) {
        double s = sign ? -1.0 : 1.0;
        uint16_t mark = sign ? 0x8000 : 0;
        if (halves[h].from(s * middle) != (even | mark)) fail_msg("%s: %a is not a tie to even", halves[h].name, s * middle);
        if (halves[h].from(s * nextafter(middle, 0)) != (bits | mark)) fail_msg("%s: below %a", halves[h].name, s * middle);
        if (halves[h].from(s * nextafter(middle, INFINITY)) != ((bits + 1) | mark)) fail_msg("%s: above %a", halves[h].name, s * middle);
      }
    }
    assert_int_equal(halves[h].from(INFINITY), halves[h].infinity);
    assert_int_equal(halves[h].from(-INFINITY), halves[h].infinity | 0x8000);
    assert_int_equal(halves[h].from(1e308), halves[h].infinity);
    assert_int_equal(halves[h].from(-halves[h].unit / 2), 0x8000);
    assert_int_equal(halves[h].from(5e-324), 0);
    assert_int_equal(halves[h].from(-5e-324), 0x8000);
  }
}

static void nan_payloads_never_become_infinity(void **state) {
  (void)state;
  for (int i = 0; i < 52; i++) {
    uint64_t bits = UINT64_C(0x7ff) << 52 | UINT64_C(1) << i;
    double value;
    memcpy(&value, &bits, sizeof value);
    for (size_t h = 0; h < RTI_COUNT(halves); h++) assert_true((halves[h].from(value) & 0x7fff) > halves[h].infinity);
  }
}

// ---- single values -----------------------------------------------------------------------------------------------------------------------

#define N rt_float(NAN)
static void values_convert_as_cast_does(void **state) {
  const struct { rt_scalar value; rt_dtype dtype; rt_scalar result; } cases[] = {
      {rt_int(300), RT_U8, rt_uint(44)}, {rt_int(-1), RT_U8, rt_uint(255)}, {rt_int(-1), RT_U64, rt_uint(UINT64_MAX)}, {rt_int(200), RT_I8, rt_int(-56)},
      {rt_uint(UINT64_MAX), RT_I32, rt_int(-1)}, {rt_uint(UINT64_MAX), RT_U16, rt_uint(65535)}, {rt_int(INT64_MIN), RT_I64, rt_int(INT64_MIN)},
      {rt_bool(true), RT_I16, rt_int(1)}, {rt_bool(false), RT_U32, rt_uint(0)}, {rt_bool(true), RT_F16, rt_float(1)}, {rt_bool(true), RT_F64, rt_float(1)},
      {rt_int(0), RT_BOOL, rt_bool(false)}, {rt_int(256), RT_BOOL, rt_bool(true)}, {rt_uint(UINT64_C(1) << 63), RT_BOOL, rt_bool(true)},
      {rt_float(-0.0), RT_BOOL, rt_bool(false)}, {rt_float(0.25), RT_BOOL, rt_bool(true)}, {N, RT_BOOL, rt_bool(true)},
      {rt_float(2.9), RT_I32, rt_int(2)}, {rt_float(-2.9), RT_I32, rt_int(-2)}, {rt_float(-0.9), RT_U8, rt_uint(0)}, {rt_float(-5), RT_U8, rt_uint(0)},
      {rt_float(255.9), RT_U8, rt_uint(255)}, {rt_float(256), RT_U8, rt_uint(255)}, {rt_float(127.9), RT_I8, rt_int(127)}, {rt_float(128), RT_I8, rt_int(127)},
      {rt_float(-128.9), RT_I8, rt_int(-128)}, {rt_float(-1e9), RT_I8, rt_int(-128)}, {rt_float(1e30), RT_I64, rt_int(INT64_MAX)},
      {rt_float(-1e30), RT_I64, rt_int(INT64_MIN)}, {rt_float(1e30), RT_U64, rt_uint(UINT64_MAX)}, {rt_float(0x1p63), RT_U64, rt_uint(UINT64_C(1) << 63)},
      {rt_float(INFINITY), RT_I16, rt_int(32767)}, {rt_float(-INFINITY), RT_U16, rt_uint(0)}, {N, RT_I8, rt_int(0)}, {N, RT_U64, rt_uint(0)},
      {rt_float(3e9), RT_I32, rt_int(INT32_MAX)}, {rt_float(3e9), RT_U32, rt_uint(3000000000u)}, {rt_float(1e300), RT_F32, rt_float(INFINITY)},
      {rt_float(0.1), RT_F32, rt_float((double)0.1f)}, {rt_float(1e5), RT_F16, rt_float(INFINITY)}, {rt_float(65519.999), RT_F16, rt_float(65504)},
      {rt_int(16777217), RT_F32, rt_float(16777216)}, {rt_int(-2049), RT_F16, rt_float(-2048)}, {rt_int(2051), RT_F16, rt_float(2052)},
      {rt_int(INT64_MIN), RT_F64, rt_float(-0x1p63)}, {rt_uint(UINT64_MAX), RT_F64, rt_float(0x1p64)}, {rt_uint(UINT64_MAX), RT_BF16, rt_float(0x1p64)},
      // just above a tie of the narrow type, which a first rounding to double would hit exactly
      {rt_int((INT64_C(1) << 62) + (INT64_C(1) << 54) + 1), RT_BF16, rt_float(0x1.02p62)},
      {rt_int(-(INT64_C(1) << 62) - (INT64_C(1) << 54) - 1), RT_BF16, rt_float(-0x1.02p62)},
      {rt_int((INT64_C(1) << 62) + (INT64_C(1) << 54)), RT_BF16, rt_float(0x1p62)},
      {rt_int((INT64_C(1) << 62) + (INT64_C(1) << 38) + 1), RT_F32, rt_float(0x1.000002p62)},
      {rt_int((INT64_C(1) << 62) + (INT64_C(1) << 38)), RT_F32, rt_float(0x1p62)},
      {rt_complex_number(0.1, -2), RT_C64, rt_complex_number((double)0.1f, -2)}, {rt_complex_number(0.1, 1e300), RT_C128, rt_complex_number(0.1, 1e300)},
      {rt_float(2.5), RT_C64, rt_complex_number(2.5, 0)}, {rt_int((INT64_C(1) << 62) + (INT64_C(1) << 38) + 1), RT_C64, rt_complex_number(0x1.000002p62, 0)},
      {rt_uint(UINT64_MAX), RT_C128, rt_complex_number(0x1p64, 0)}, {rt_bool(true), RT_C64, rt_complex_number(1, 0)},
      {rt_complex_number(0, -0.0), RT_BOOL, rt_bool(false)}, {rt_complex_number(0, 1e-300), RT_BOOL, rt_bool(true)}, {rt_complex_number(NAN, 0), RT_BOOL, rt_bool(true)},
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    unsigned char element[18];
    memset(element, 0xa5, sizeof element);
    rti_scalar_store(cases[i].value, cases[i].dtype, element + 1); // at an odd address
    rt_scalar back = rti_scalar_load(cases[i].dtype, element + 1);
    assert_int_equal(element[0], 0xa5);
    assert_int_equal(element[1 + rt_dtype_bytes(cases[i].dtype)], 0xa5);
    assert_int_equal(back.kind, cases[i].result.kind);
    bool same = back.kind == RT_KIND_COMPLEX ? back.as.c.re == cases[i].result.as.c.re && back.as.c.im == cases[i].result.as.c.im :
                back.kind == RT_KIND_BOOLEAN ? back.as.b == cases[i].result.as.b : back.kind == RT_KIND_FLOAT ? back.as.f == cases[i].result.as.f : back.as.u == cases[i].result.as.u;
    if (!same) fail_msg("case %zu: stored as %s and read back: %lld or %g", i, rt_dtype_name(cases[i].dtype), (long long)back.as.i, back.as.f);
  }
}

static void nan_and_signed_zero_are_kept(void **state) {
  static const rt_dtype floats[] = {RT_F16, RT_BF16, RT_F32, RT_F64};
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(floats); i++) {
    double element;
    rti_scalar_store(rt_float(NAN), floats[i], &element);
    assert_true(isnan(rti_scalar_load(floats[i], &element).as.f));
    rti_scalar_store(rt_float(-0.0), floats[i], &element);
    assert_true(signbit(rti_scalar_load(floats[i], &element).as.f) && rti_scalar_load(floats[i], &element).as.f == 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(facts_agree_with_names),
      cmocka_unit_test(no_dtype_is_answered_calmly),
      cmocka_unit_test(promotion_follows_the_rules),
      cmocka_unit_test(scalars_promote_by_kind),
      cmocka_unit_test(every_half_survives_a_round_trip),
      cmocka_unit_test(halves_have_the_right_values),
      cmocka_unit_test(rounding_is_once_and_to_even),
      cmocka_unit_test(nan_payloads_never_become_infinity),
      cmocka_unit_test(values_convert_as_cast_does),
      cmocka_unit_test(nan_and_signed_zero_are_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
