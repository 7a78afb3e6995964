// SPDX-License-Identifier: BSD-3-Clause
// Complex numbers through the public API: the values that C's Annex G names at zeros, infinities, NaN and on both sides of each branch cut,
// which the conformance grid leaves out; scalars, immediates of 16 bytes, and memory that is aligned to the parts alone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>
#include <trivet/rt.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SHAPE(...) (int64_t[]){__VA_ARGS__}
#define OK(...) do { if ((__VA_ARGS__) != RT_OK) fail_msg("line %d: %s", __LINE__, rt_last_error()); } while (0)

static rt_ctx *ctx;
static const rt_dtype complexes[] = {RT_C64, RT_C128};

static int open_context(void **state) {
  (void)state;
  return rt_ctx_create(&(rt_ctx_options){.size = sizeof(rt_ctx_options), .backends = "cpu_ref"}, &ctx) == RT_OK ? 0 : -1;
}
static int close_context(void **state) { (void)state; return rt_ctx_close(ctx) == RT_OK ? 0 : -1; } // says so when a tensor is left

typedef struct pair { double re, im; } pair;

static rt_tensor *one(rt_dtype dtype, pair z) {
  rt_tensor *t = NULL;
  OK(rt_full(ctx, dtype, 0, NULL, rt_complex_number(z.re, z.im), &t));
  return t;
}

static pair value_of(rt_tensor *t) { // released
  rt_scalar s;
  OK(rt_item(t, &s));
  rt_release(t);
  if (s.kind == RT_KIND_FLOAT) return (pair){s.as.f, 0};
  assert_int_equal(s.kind, RT_KIND_COMPLEX);
  return (pair){s.as.c.re, s.as.c.im};
}

/// Equal with the sign of zero, NaN for NaN, or within a few units of the dtype.
static bool is_near(double got, double want, double unit) {
  if (isnan(want)) return isnan(got);
  if (isinf(want) || want == 0) return got == want && signbit(got) == signbit(want);
  return fabs(got - want) <= 4 * unit * fabs(want);
}

// ---- functions -----------------------------------------------------------------------------------------------------------------------------

#define PI 3.14159265358979323846
#define SOME 12345.0 // any value: Annex G leaves it open
#define HALF_ROOT 0.70710678118654752440
#define AREA_2 1.31695789692481670863 // acosh(2)
#define AREA_3 0.54930614433405484570 // atanh(1/2)

typedef rt_status (*unary)(const rt_tensor *x, rt_tensor **out);
static const struct { const char *name; unary f; double a, b, re, im; } values[] = {
    {"sqrt", rt_sqrt, -4, 0.0, 0, 2},           {"sqrt", rt_sqrt, -4, -0.0, 0, -2},          {"sqrt", rt_sqrt, -0.0, 0, 0, 0},
    {"sqrt", rt_sqrt, 1, INFINITY, INFINITY, INFINITY}, {"sqrt", rt_sqrt, NAN, INFINITY, INFINITY, INFINITY},
    {"sqrt", rt_sqrt, -INFINITY, 1, 0, INFINITY}, {"sqrt", rt_sqrt, INFINITY, -1, INFINITY, -0.0}, {"sqrt", rt_sqrt, 3, 4, 2, 1},
    {"exp", rt_exp, 0, 0, 1, 0},                {"exp", rt_exp, -INFINITY, 1, 0, 0},         {"exp", rt_exp, INFINITY, 0, INFINITY, 0},
    {"exp", rt_exp, NAN, 0, NAN, 0},            {"exp", rt_exp, 1, INFINITY, NAN, NAN},      {"exp", rt_exp, INFINITY, INFINITY, SOME, NAN},
    {"expm1", rt_expm1, 0, -0.0, 0, -0.0},      {"expm1", rt_expm1, -INFINITY, 1, -1, 0},    {"expm1", rt_expm1, INFINITY, 0, INFINITY, 0},
    {"expm1", rt_expm1, 0x1p-80, 0x1p-80, 0x1p-80, 0x1p-80},
    {"log", rt_log, -0.0, 0, -INFINITY, PI},    {"log", rt_log, 0, 0, -INFINITY, 0},         {"log", rt_log, -1, 0, 0, PI},
    {"log", rt_log, -1, -0.0, 0, -PI},          {"log", rt_log, INFINITY, INFINITY, INFINITY, PI / 4}, {"log", rt_log, NAN, INFINITY, INFINITY, NAN},
    {"log", rt_log, -INFINITY, 1, INFINITY, PI}, {"log1p", rt_log1p, -1, 0, -INFINITY, 0},    {"log1p", rt_log1p, 0, -0.0, 0, -0.0},
    {"log1p", rt_log1p, -2, -0.0, 0, -PI},      {"log1p", rt_log1p, 0x1p-80, 0x1p-80, 0x1p-80, 0x1p-80},
    {"log2", rt_log2, 8, 0, 3, 0},              {"log10", rt_log10, 1000, 0, 3, 0},
    {"sinh", rt_sinh, INFINITY, 0, INFINITY, 0}, {"sinh", rt_sinh, 0, INFINITY, 0, NAN},      {"cosh", rt_cosh, INFINITY, 0, INFINITY, 0},
    {"cosh", rt_cosh, 0, 0, 1, 0},              {"tanh", rt_tanh, INFINITY, 1, 1, 0},        {"tanh", rt_tanh, -0.0, 0, -0.0, 0},
    {"sin", rt_sin, 0, INFINITY, 0, INFINITY},  {"cos", rt_cos, 0, INFINITY, INFINITY, -0.0}, {"tan", rt_tan, 0, INFINITY, 0, 1},
    {"tan", rt_tan, 1, -400, SOME, -1},
    {"asin", rt_asin, 2, 0, PI / 2, AREA_2},    {"asin", rt_asin, 2, -0.0, PI / 2, -AREA_2}, {"asin", rt_asin, -0.0, 0, -0.0, 0},
    {"acos", rt_acos, 2, 0, 0, -AREA_2},        {"acos", rt_acos, 2, -0.0, 0, AREA_2},       {"acos", rt_acos, -2, 0, PI, -AREA_2},
    {"atan", rt_atan, 0, 2, PI / 2, AREA_3},    {"atan", rt_atan, -0.0, 2, -PI / 2, AREA_3}, {"atan", rt_atan, INFINITY, 1, PI / 2, 0},
    {"asinh", rt_asinh, 0, 2, AREA_2, PI / 2},  {"asinh", rt_asinh, -0.0, 2, -AREA_2, PI / 2}, {"asinh", rt_asinh, INFINITY, 1, INFINITY, 0},
    {"acosh", rt_acosh, -2, 0, AREA_2, PI},     {"acosh", rt_acosh, -2, -0.0, AREA_2, -PI},  {"acosh", rt_acosh, 0, 0, 0, PI / 2},
    {"atanh", rt_atanh, 2, 0, AREA_3, PI / 2},  {"atanh", rt_atanh, 2, -0.0, AREA_3, -PI / 2}, {"atanh", rt_atanh, 1, 0, INFINITY, 0},
    {"sign", rt_sign, 3, -4, 0.6, -0.8},        {"sign", rt_sign, 0, -0.0, 0, -0.0},         {"sign", rt_sign, NAN, 1, NAN, NAN},
    {"sign", rt_sign, INFINITY, -3, 1, -0.0},   {"sign", rt_sign, -INFINITY, INFINITY, -HALF_ROOT, HALF_ROOT},
    {"reciprocal", rt_reciprocal, INFINITY, 0, 0, SOME}, {"reciprocal", rt_reciprocal, 0, 0, INFINITY, SOME}, {"reciprocal", rt_reciprocal, 0, 2, 0, -0.5},
    {"square", rt_square, INFINITY, INFINITY, SOME, INFINITY}, {"neg", rt_neg, 0, -0.0, -0.0, 0}, {"conj", rt_conj, 1, NAN, 1, NAN},
    {"conj", rt_conj, 0, 0, 0, -0.0},           {"abs", rt_abs, NAN, -INFINITY, INFINITY, 0}, {"abs", rt_abs, 3, -4, 5, 0},
    {"abs", rt_abs, NAN, 1, NAN, 0},            {"angle", rt_angle, -0.0, 0, PI, 0},         {"angle", rt_angle, -0.0, -0.0, -PI, 0},
    {"angle", rt_angle, INFINITY, INFINITY, PI / 4, 0}, {"real", rt_real, -0.0, NAN, -0.0, 0}, {"imag", rt_imag, NAN, -0.0, -0.0, 0},
};

static void functions_at_special_values(void **state) {
  (void)state;
  for (size_t d = 0; d < COUNT(complexes); d++) {
    double unit = complexes[d] == RT_C64 ? 0x1p-24 : 0x1p-53;
    for (size_t i = 0; i < COUNT(values); i++) {
      rt_tensor *x = one(complexes[d], (pair){values[i].a, values[i].b}), *y = NULL;
      OK(values[i].f(x, &y));
      pair got = value_of(y);
      rt_release(x);
      bool is_right = (values[i].re == SOME || is_near(got.re, values[i].re, unit)) && (values[i].im == SOME || is_near(got.im, values[i].im, unit));
      if (!is_right)
        fail_msg("%s of %g%+gi in %s is %.17g%+.17gi, not %.17g%+.17gi", values[i].name, values[i].a, values[i].b, rt_dtype_name(complexes[d]), got.re, got.im,
                 values[i].re, values[i].im);
    }
  }
}

typedef rt_status (*binary)(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
static const struct { const char *name; binary f; pair a, b, want; } pairs[] = {
    {"mul", rt_mul, {1, 2}, {3, -1}, {5, 5}},
    {"mul", rt_mul, {INFINITY, NAN}, {INFINITY, NAN}, {INFINITY, SOME}}, // not NaN + NaN i
    {"mul", rt_mul, {INFINITY, INFINITY}, {1, 1}, {SOME, INFINITY}},
    {"mul", rt_mul, {INFINITY, 0}, {0, 0}, {NAN, NAN}},
    {"div", rt_div, {5, 5}, {3, -1}, {1, 2}},
    {"div", rt_div, {1, 1}, {0, 0}, {INFINITY, INFINITY}},
    {"div", rt_div, {0, 0}, {0, 0}, {NAN, NAN}},
    {"div", rt_div, {INFINITY, 3}, {2, 0}, {INFINITY, 1.5}}, // part by part
    {"div", rt_div, {NAN, 3}, {2, -0.0}, {NAN, 1.5}},
    {"div", rt_div, {1, 1}, {INFINITY, 1}, {0, SOME}},
    {"div", rt_div, {INFINITY, INFINITY}, {1, 1}, {INFINITY, SOME}},
    {"pow", rt_pow, {0, 0}, {0, 0}, {1, 0}},
    {"pow", rt_pow, {NAN, 1}, {0, 0}, {1, 0}},
    {"pow", rt_pow, {0, 0}, {2, 1}, {0, 0}},
    {"pow", rt_pow, {0, 0}, {-1, 0}, {NAN, NAN}},
    {"pow", rt_pow, {-8, 0}, {1.0 / 3, 0}, {1, 1.73205080756887729353}},
};

static void operations_at_special_values(void **state) {
  (void)state;
  for (size_t d = 0; d < COUNT(complexes); d++) {
    double unit = complexes[d] == RT_C64 ? 0x1p-23 : 0x1p-52;
    for (size_t i = 0; i < COUNT(pairs); i++) {
      rt_tensor *a = one(complexes[d], pairs[i].a), *b = one(complexes[d], pairs[i].b), *y = NULL;
      OK(pairs[i].f(a, b, &y));
      pair got = value_of(y), want = pairs[i].want;
      rt_release(a);
      rt_release(b);
      bool is_right = (want.re == SOME || is_near(got.re, want.re, unit)) && (want.im == SOME || is_near(got.im, want.im, unit));
      if (!is_right) fail_msg("row %zu, %s in %s: %.17g%+.17gi, not %.17g%+.17gi", i, pairs[i].name, rt_dtype_name(complexes[d]), got.re, got.im, want.re, want.im);
    }
  }
}

// The squares of these parts overflow or vanish; the results do not.
static void nothing_overflows_on_the_way(void **state) {
  (void)state;
  static const struct { rt_dtype dtype; double large; } ranges[] = {{RT_C64, 0x1p126}, {RT_C128, 0x1p1022}, {RT_C64, 0x1p-140}, {RT_C128, 0x1p-1060}};
  for (size_t i = 0; i < COUNT(ranges); i++) {
    double v = ranges[i].large;
    rt_tensor *x = one(ranges[i].dtype, (pair){v, v}), *y = NULL;
    OK(rt_div(x, x, &y));
    pair ratio = value_of(y);
    assert_true(ratio.re == 1 && ratio.im == 0);
    if (v > 1) {
      OK(rt_abs(x, &y));
      assert_true(fabs(value_of(y).re / v - 1.41421356237309504880) < 1e-6);
    }
    rt_release(x);
  }
}

// ---- scalars and dtypes --------------------------------------------------------------------------------------------------------------------

static void scalars_lift_the_dtype(void **state) {
  (void)state;
  static const struct { rt_dtype with, result; } cases[] = {{RT_BOOL, RT_DTYPE_NONE}, {RT_I32, RT_C64}, {RT_U64, RT_C64}, {RT_F16, RT_C64}, {RT_F32, RT_C64},
                                                           {RT_F64, RT_C128},       {RT_C64, RT_C64}, {RT_C128, RT_C128}};
  rt_tensor *weak = NULL;
  OK(rt_scalar_tensor(ctx, rt_complex_number(1.5, -2), &weak));
  assert_true(rt_tensor_is_weak(weak));
  assert_int_equal(rt_tensor_dtype(weak), RT_C128);
  for (size_t i = 1; i < COUNT(cases); i++) {
    rt_tensor *x = NULL, *y = NULL;
    OK(rt_full(ctx, cases[i].with, 2, SHAPE(3, 4), rt_int(2), &x));
    for (int form = 0; form < 3; form++) {
      OK(form == 0 ? rt_add_scalar(x, rt_complex_number(1.5, -2), &y) : form == 1 ? rt_sub(weak, x, &y) : rt_mul(x, weak, &y));
      assert_int_equal(rt_tensor_dtype(y), cases[i].result);
      rt_tensor *last = NULL;
      OK(rt_slice(y, 0, 2, 3, 1, &last));
      rt_release(y);
      OK(rt_slice(last, 1, 3, 4, 1, &y));
      rt_release(last);
      pair got = value_of(y), want[] = {{3.5, -2}, {-0.5, -2}, {3, -4}};
      assert_true(got.re == want[form].re && got.im == want[form].im);
    }
    rt_release(x);
  }
  rt_tensor *y = NULL;
  OK(rt_square(weak, &y)); // nothing but weak ones: c64, as f32 for a real number
  assert_int_equal(rt_tensor_dtype(y), RT_C64);
  pair square = value_of(y);
  assert_true(square.re == 1.5 * 1.5 - 4 && square.im == -6);
  rt_release(weak);
}

// A c128 value has 16 bytes: it must reach every kernel whole, dense and strided, as input and as what is filled with.
static void immediates_keep_both_parts(void **state) {
  (void)state;
  for (int64_t n = 1; n <= 40; n += 13) {
    rt_tensor *t = NULL, *odd = NULL, *mask = NULL, *weak = NULL, *y = NULL;
    OK(rt_zeros(ctx, RT_C128, 1, SHAPE(2 * n), &t));
    OK(rt_slice(t, 0, 1, 2 * n, 2, &odd));
    OK(rt_full_into(rt_complex_number(0.1, -7e200), odd));
    OK(rt_isfinite(t, &mask));
    OK(rt_scalar_tensor(ctx, rt_complex_number(3, 0.3), &weak));
    OK(rt_add(odd, weak, &y));
    OK(rt_add_into(y, weak, odd));
    rt_release(y);
    OK(rt_where(mask, t, weak, &y));
    pair *data = malloc((size_t)(2 * n) * sizeof *data);
    assert_non_null(data);
    OK(rt_read(y, data, (size_t)(2 * n) * sizeof *data));
    for (int64_t i = 0; i < 2 * n; i++) {
      pair want = i % 2 ? (pair){0.1 + 3 + 3, -7e200} : (pair){0, 0};
      assert_true(data[i].re == want.re && data[i].im == want.im);
    }
    free(data);
    rt_tensor *all[] = {t, odd, mask, weak, y};
    for (size_t k = 0; k < COUNT(all); k++) rt_release(all[k]);
  }
}

// Up to 128 bytes lie in the handle: 8 numbers of c128, 16 of c64.
static void small_tensors_clone_and_change_in_place(void **state) {
  (void)state;
  for (size_t d = 0; d < COUNT(complexes); d++) {
    for (int64_t n = 7; n <= 17; n++) {
      rt_tensor *x = NULL, *copy = NULL, *size = NULL;
      OK(rt_full(ctx, complexes[d], 1, SHAPE(n), rt_complex_number(3, 4), &x));
      OK(rt_clone(x, &copy));
      OK(rt_conj_into(x, x));
      OK(rt_mul_into(x, copy, x)); // 25
      OK(rt_abs(copy, &size));
      assert_int_equal(rt_tensor_dtype(size), complexes[d] == RT_C64 ? RT_F32 : RT_F64);
      for (int64_t i = 0; i < n; i += n - 1) {
        rt_tensor *at = NULL;
        OK(rt_select(x, 0, i, &at));
        pair squared = value_of(at);
        OK(rt_select(copy, 0, i, &at));
        pair kept = value_of(at);
        OK(rt_select(size, 0, i, &at));
        assert_true(squared.re == 25 && squared.im == 0 && kept.re == 3 && kept.im == 4 && value_of(at).re == 5);
      }
      rt_release(x);
      rt_release(copy);
      rt_release(size);
    }
  }
}

// An array of complex numbers starts at a multiple of 8 in most other libraries.
static void imported_memory_is_aligned_to_its_parts(void **state) {
  (void)state;
  static double memory[2 * 20 + 1];
  for (int shift = 0; shift < 2; shift++) {
    rt_tensor *x = NULL, *y = NULL, *sum = NULL, *product = NULL;
    for (int i = 0; i < 20; i++) memory[shift + 2 * i] = i, memory[shift + 2 * i + 1] = -1;
    OK(rt_import(ctx, RT_C128, 2, SHAPE(4, 5), NULL, memory + shift, false, NULL, NULL, &x));
    OK(rt_permute(x, NULL, &y));
    OK(rt_sum(x, NULL, false, RT_DTYPE_NONE, &sum));
    pair total = value_of(sum);
    assert_true(total.re == 190 && total.im == -20);
    OK(rt_matmul(x, y, &product));
    OK(rt_sum(product, NULL, false, RT_DTYPE_NONE, &sum));
    OK(rt_neg_into(x, x));
    assert_true(memory[shift + 38] == -19 && memory[shift + 39] == 1);
    rt_tensor *all[] = {x, y, sum, product};
    for (size_t k = 0; k < COUNT(all); k++) rt_release(all[k]);
  }
}

static void matmul_by_hand(void **state) {
  (void)state;
  static const float a[] = {1, 1, 2, 0, 0, 0, 0, 1}, b[] = {1, 0, 0, 1}; // [[1+i, 2], [0, i]] times [1, i]
  rt_tensor *ta = NULL, *tb = NULL, *y = NULL;
  OK(rt_from_data(ctx, RT_C64, 2, SHAPE(2, 2), a, &ta));
  OK(rt_from_data(ctx, RT_C64, 1, SHAPE(2), b, &tb));
  OK(rt_matmul(ta, tb, &y));
  float got[4];
  OK(rt_read(y, got, sizeof got));
  assert_true(got[0] == 1 && got[1] == 3 && got[2] == -1 && got[3] == 0);
  rt_release(ta);
  rt_release(tb);
  rt_release(y);
}

static void spaces_between_complex_numbers(void **state) {
  (void)state;
  for (size_t d = 0; d < COUNT(complexes); d++) {
    rt_tensor *t = NULL, *at = NULL;
    OK(rt_linspace(ctx, complexes[d], rt_complex_number(1, -1), rt_float(3), 5, &t));
    for (int64_t i = 0; i < 5; i++) {
      OK(rt_select(t, 0, i, &at));
      pair z = value_of(at);
      assert_true(z.re == 1 + (double)i / 2 && z.im == -1 + (double)i / 4);
    }
    OK(rt_linspace_into(rt_int(0), rt_complex_number(0, 8), 5, t));
    OK(rt_select(t, 0, 3, &at));
    pair z = value_of(at);
    assert_true(z.re == 0 && z.im == 6);
    rt_release(t);
  }
}

static void backends_are_asked_about_complex_dtypes(void **state) {
  (void)state;
  static const struct { uint16_t op; rt_status status; } cases[] = {{50, RT_OK}, {2, RT_OK}, {240, RT_OK}, {128, RT_OK}, {122, RT_OK}, {123, RT_OK}, {134, RT_OK},
                                                                    {63, RT_E_DTYPE}, {103, RT_E_DTYPE}, {137, RT_E_DTYPE}, {132, RT_E_DTYPE}, {245, RT_E_DTYPE}};
  for (size_t d = 0; d < COUNT(complexes); d++)
    for (size_t i = 0; i < COUNT(cases); i++) assert_int_equal(rt_backend_supports(ctx, 0, cases[i].op, (int)complexes[d], 2), cases[i].status);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(functions_at_special_values),
      cmocka_unit_test(operations_at_special_values),
      cmocka_unit_test(nothing_overflows_on_the_way),
      cmocka_unit_test(scalars_lift_the_dtype),
      cmocka_unit_test(immediates_keep_both_parts),
      cmocka_unit_test(small_tensors_clone_and_change_in_place),
      cmocka_unit_test(imported_memory_is_aligned_to_its_parts),
      cmocka_unit_test(matmul_by_hand),
      cmocka_unit_test(spaces_between_complex_numbers),
      cmocka_unit_test(backends_are_asked_about_complex_dtypes),
  };
  return cmocka_run_group_tests(tests, open_context, close_context);
}
