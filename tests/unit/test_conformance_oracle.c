// SPDX-License-Identifier: BSD-3-Clause
// The oracle of the conformance grid, judged by others: its number formats by their defining properties and the compiler's conversions, its
// functions by MPFR with 160 bits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "../../conformance/internal.h"

static uint64_t random_state = 1;
static uint64_t random_bits(void) {
  uint64_t z = random_state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static double as_double(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static void halves_round_to_the_nearest_neighbour(void **state) {
  (void)state;
  const rt_dtype dtypes[] = {RT_F16, RT_BF16};
  for (int k = 0; k < 2; k++) {
    rt_dtype dtype = dtypes[k];
    for (uint32_t bits = 0; bits < 0x7fff; bits++) { // positive finite ones, and their upper neighbour
      cf_real x = cf_decode(dtype, bits), y = cf_decode(dtype, bits + 1);
      if (cf_is_nan(x) || cf_is_inf(x)) break;
      assert_true(cf_encode(dtype, x, 0) == bits && cf_encode(dtype, -x, 0) == (bits | 0x8000));
      if (cf_is_inf(y)) y = cf_max_finite(dtype) + cf_ulp(dtype, cf_max_finite(dtype));
      assert_true(y - x == cf_ulp(dtype, x) && y > x);
      cf_real middle = (x + y) / 2, tiny = (y - x) * cf_power2(-100);
      uint32_t even = bits & 1 ? bits + 1 : bits;
      assert_true(cf_encode(dtype, middle, 0) == even);
      assert_true(cf_encode(dtype, middle, tiny) == bits + 1 && cf_encode(dtype, middle, -tiny) == bits);
      assert_true(cf_encode(dtype, -middle, -tiny) == ((bits + 1) | 0x8000) && cf_encode(dtype, -middle, tiny) == (bits | 0x8000));
    }
  }
}

static void f32_and_f64_agree_with_the_compiler(void **state) {
  (void)state;
  for (int i = 0; i < 200000; i++) {
    double x = as_double(random_bits());
    uint64_t exponent = 1023 - 150 + random_bits() % 290, fraction = (random_bits() >> 12 & ~(uint64_t)0x1fffffff) | 0x10000000;
    if (i % 2) x = as_double(fraction | exponent << 52); // ties of f32
    if (x != x) continue;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    assert_true(cf_decode(RT_F64, bits) == (cf_real)x && cf_encode(RT_F64, (cf_real)x, 0) == bits);
    float narrow = (float)x;
    uint32_t narrow_bits;
    memcpy(&narrow_bits, &narrow, sizeof narrow_bits);
    assert_true(cf_encode(RT_F32, (cf_real)x, 0) == narrow_bits && cf_decode(RT_F32, narrow_bits) == (cf_real)narrow);
  }
}

static void casts_saturate_and_wrap(void **state) {
  (void)state;
  const struct { rt_dtype from; double x; rt_dtype to; int64_t y; } floats[] = {
    {RT_F64, 127.9, RT_I8, 127}, {RT_F64, 128, RT_I8, 127}, {RT_F64, -128.9, RT_I8, -128}, {RT_F64, -1e300, RT_I8, -128},
    {RT_F64, -0.9, RT_U8, 0},
    {RT_F64, -5, RT_U8, 0}, {RT_F64, 255.9, RT_U8, 255}, {RT_F64, 1e10, RT_I32, 2147483647}, {RT_F64, 9.3e18, RT_I64, INT64_MAX},
    {RT_F64, 1e30, RT_U64, -1}, {RT_F64, NAN, RT_I32, 0}, {RT_F64, NAN, RT_BOOL, 1}, {RT_F64, -0.0, RT_BOOL, 0}, {RT_F64, 0.1, RT_BOOL, 1}};
  for (size_t i = 0; i < CF_COUNT(floats); i++) {
    uint64_t bits;
    memcpy(&bits, &floats[i].x, sizeof bits);
    assert_true((int64_t)cf_decode_int(floats[i].to, cf_cast(floats[i].from, bits, floats[i].to)) == floats[i].y);
  }
  assert_true(cf_cast(RT_I32, 300, RT_U8) == 44);
  assert_true(cf_decode_int(RT_I8, cf_cast(RT_U16, 200, RT_I8)) == -56);
  assert_true(cf_cast(RT_I64, UINT64_MAX, RT_F16) == 0xbc00);
  assert_true(cf_cast(RT_U32, 256, RT_BOOL) == 1);
}

static void exact_operations(void **state) {
  (void)state;
  for (int i = 0; i < 200000; i++) {
    cf_answer y;
    double a = as_double((random_bits() & ~(uint64_t)0x7ff0000000000000) | (1000 + random_bits() % 60) << 52);
    double b = as_double((random_bits() & ~(uint64_t)0x7ff0000000000000) | (1000 + random_bits() % 60) << 52), got;
    cf_real x[3] = {(cf_real)a, (cf_real)b, (cf_real)(-a * b)};
    const struct { int op; double y; } wanted[] = {{CF_ID(ADD), a + b}, {CF_ID(SUB), a - b}, {CF_ID(MUL), a * b}, {CF_ID(DIV), a / b},
      {CF_ID(FMA), fma(a, b, -a * b)}, {CF_ID(FMOD), fmod(a, b)}, {CF_ID(SQRT), sqrt(a)},
      {CF_ID(ROUND), nearbyint(a)}, {CF_ID(FLOOR), floor(a)}};
    for (size_t k = 0; k < CF_COUNT(wanted); k++) {
      assert_true(cf_map_float(wanted[k].op, RT_F64, x, 0, &y));
      got = as_double(cf_encode(RT_F64, y.hi, y.lo));
      assert_true(got == wanted[k].y || (got != got && wanted[k].y != wanted[k].y));
    }
    cf_answer q, r; // a = b q + r, the sign of b
    cf_map_float(CF_ID(FLOOR_DIV), RT_F64, x, 0, &q);
    cf_map_float(CF_ID(REMAINDER), RT_F64, x, 0, &r);
    assert_true(cf_abs((cf_real)a - (cf_real)b * q.hi - r.hi) <= cf_abs((cf_real)b) * cf_power2(-40));
    assert_true(r.hi == 0 || (r.hi < 0) == (b < 0));
  }
}

#ifdef HAVE_MPFR
#include <mpfr.h>

typedef int (*mpfr_function)(mpfr_t, const mpfr_t, mpfr_rnd_t);

/// The composed functions, in 400 bits, where nothing cancels that matters.
static int composed(int op, mpfr_t y, const mpfr_t x) {
  mpfr_t t, u;
  mpfr_init2(t, 400), mpfr_init2(u, 400);
  switch (op) {
    case CF_ID(GELU): // x erfc(-x / sqrt 2) / 2
      mpfr_set_ui(t, 2, MPFR_RNDN), mpfr_sqrt(t, t, MPFR_RNDN), mpfr_div(t, x, t, MPFR_RNDN), mpfr_neg(t, t, MPFR_RNDN);
      mpfr_erfc(t, t, MPFR_RNDN), mpfr_mul(t, t, x, MPFR_RNDN), mpfr_div_ui(y, t, 2, MPFR_RNDN);
      break;
    case CF_ID(GELU_TANH): // x / (1 + exp(-2 sqrt(2/pi) (x + 0.044715 x^3)))
      mpfr_pow_ui(t, x, 3, MPFR_RNDN), mpfr_mul_ui(t, t, 44715, MPFR_RNDN);
      mpfr_div_ui(t, t, 1000000, MPFR_RNDN), mpfr_add(t, t, x, MPFR_RNDN);
      mpfr_const_pi(u, MPFR_RNDN), mpfr_ui_div(u, 8, u, MPFR_RNDN), mpfr_sqrt(u, u, MPFR_RNDN);
      mpfr_mul(t, t, u, MPFR_RNDN), mpfr_neg(t, t, MPFR_RNDN);
      mpfr_exp(t, t, MPFR_RNDN), mpfr_add_ui(t, t, 1, MPFR_RNDN), mpfr_div(y, x, t, MPFR_RNDN);
      break;
    case CF_ID(SIGMOID): case CF_ID(SILU):
      mpfr_neg(t, x, MPFR_RNDN), mpfr_exp(t, t, MPFR_RNDN), mpfr_add_ui(t, t, 1, MPFR_RNDN);
      if (op == CF_ID(SIGMOID)) mpfr_ui_div(y, 1, t, MPFR_RNDN);
      else mpfr_div(y, x, t, MPFR_RNDN);
      break;
    default: mpfr_exp(t, x, MPFR_RNDN), mpfr_log1p(y, t, MPFR_RNDN); break; // SOFTPLUS
  }
  mpfr_clears(t, u, (mpfr_ptr)NULL);
  return 0;
}

static void functions_agree_with_mpfr(void **state) {
  (void)state;
  const struct { int op; mpfr_function f; double range; } functions[] = {
    {CF_ID(EXP), mpfr_exp, 700}, {CF_ID(EXPM1), mpfr_expm1, 700}, {CF_ID(LOG), mpfr_log, 0}, {CF_ID(LOG1P), mpfr_log1p, 0},
    {CF_ID(SIN), mpfr_sin, 1e6}, {CF_ID(COS), mpfr_cos, 1e6}, {CF_ID(TANH), mpfr_tanh, 30}, {CF_ID(ERF), mpfr_erf, 6},
    {CF_ID(RSQRT), mpfr_rec_sqrt, 0}, {CF_ID(GELU), NULL, 37},
    {CF_ID(GELU_TANH), NULL, 21}, {CF_ID(SIGMOID), NULL, 700}, {CF_ID(SILU), NULL, 700}, {CF_ID(SOFTPLUS), NULL, 700}};
  mpfr_t x, y, got, part;
  mpfr_init2(x, 53), mpfr_init2(y, 400), mpfr_init2(got, 160), mpfr_init2(part, 64);
  for (size_t k = 0; k < CF_COUNT(functions); k++) {
    double worst = 0;
    for (int i = 0; i < 3000; i++) {
      double unit = (double)(random_bits() >> 11) * 0x1p-53, v = (2 * unit - 1) * (functions[k].range ? functions[k].range : 1);
      if (i % 3 == 0) v = ldexp(v, -(int)(random_bits() % 60));
      if (functions[k].op == CF_ID(LOG1P)) v = i % 2 ? fabs(v) * 1e9 : v / 2;
      else if (functions[k].range == 0) v = ldexp(1 + unit, (int)(random_bits() % 200) - 100);
      cf_real in[CF_MAX_IN] = {(cf_real)v};
      cf_answer answer;
      assert_true(cf_map_float(functions[k].op, RT_F64, in, 0, &answer));
      mpfr_set_d(x, v, MPFR_RNDN);
      if (functions[k].f) functions[k].f(y, x, MPFR_RNDN);
      else composed(functions[k].op, y, x);
      long double head = (long double)answer.hi;
      mpfr_set_ld(got, head, MPFR_RNDN);
      mpfr_set_ld(part, (long double)(answer.hi - (cf_real)head), MPFR_RNDN), mpfr_add(got, got, part, MPFR_RNDN);
      mpfr_sub(got, got, y, MPFR_RNDN), mpfr_div(got, got, y, MPFR_RNDN);
      double error = fabs(mpfr_get_d(got, MPFR_RNDN));
      if (mpfr_cmp_d(y, 0) != 0 && error > worst) worst = error;
    }
    if (!(worst < 0x1p-60)) fail_msg("%s: relative error 2^%.1f", cf_op_of(functions[k].op)->name, log2(worst));
  }
  mpfr_clears(x, y, got, part, (mpfr_ptr)NULL);
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(halves_round_to_the_nearest_neighbour),
    cmocka_unit_test(f32_and_f64_agree_with_the_compiler),
    cmocka_unit_test(casts_saturate_and_wrap),
    cmocka_unit_test(exact_operations),
#ifdef HAVE_MPFR
    cmocka_unit_test(functions_agree_with_mpfr),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
