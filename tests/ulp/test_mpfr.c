// SPDX-License-Identifier: BSD-3-Clause
// The functions of f64 beside MPFR, on each instruction set that this machine runs: samples that meet every exponent, the range in which a function
// changes, and the places where it starts to overflow or vanish. No value of ours or of libm is involved, and the bounds are those of ops.def.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <trivet/rt.h>

#ifdef HAVE_MPFR
#include <mpfr.h>

#define BITS 200
#define SAMPLES 6000

typedef int (*function)(mpfr_t, const mpfr_t, mpfr_rnd_t);
typedef int (*function2)(mpfr_t, const mpfr_t, const mpfr_t, mpfr_rnd_t);
typedef rt_status (*row)(const rt_tensor *, rt_tensor *);
typedef rt_status (*row2)(const rt_tensor *, const rt_tensor *, rt_tensor *);

// ---- functions that MPFR has not ----------------------------------------------------------------------------------------------------------
static int sigmoid(mpfr_t y, const mpfr_t x, mpfr_rnd_t r) {
  mpfr_neg(y, x, r), mpfr_exp(y, y, r), mpfr_add_ui(y, y, 1, r);
  return mpfr_ui_div(y, 1, y, r);
}
static int silu(mpfr_t y, const mpfr_t x, mpfr_rnd_t r) { return sigmoid(y, x, r), mpfr_mul(y, y, x, r); }
static int softplus(mpfr_t y, const mpfr_t x, mpfr_rnd_t r) { // log(e^x + e^0): the larger exponent and what the other adds to it
  mpfr_abs(y, x, r), mpfr_neg(y, y, r), mpfr_exp(y, y, r), mpfr_log1p(y, y, r);
  return mpfr_sgn(x) > 0 ? mpfr_add(y, y, x, r) : 0;
}
static int mish(mpfr_t y, const mpfr_t x, mpfr_rnd_t r) { return softplus(y, x, r), mpfr_tanh(y, y, r), mpfr_mul(y, y, x, r); }
static int gelu(mpfr_t y, const mpfr_t x, mpfr_rnd_t r) { // x / 2 erfc(-x / sqrt 2)
  mpfr_sqrt_ui(y, 2, r), mpfr_div(y, x, y, r), mpfr_neg(y, y, r), mpfr_erfc(y, y, r), mpfr_mul(y, y, x, r);
  return mpfr_div_ui(y, y, 2, r);
}
static int log_add_exp(mpfr_t y, const mpfr_t a, const mpfr_t b, mpfr_rnd_t r) { // the larger and what the other adds to it
  const bool a_leads = mpfr_cmp(a, b) > 0;
  mpfr_sub(y, a_leads ? b : a, a_leads ? a : b, r), mpfr_exp(y, y, r), mpfr_log1p(y, y, r);
  return mpfr_add(y, y, a_leads ? a : b, r);
}

// ---- rows ---------------------------------------------------------------------------------------------------------------------------------
// range: half of the samples are uniform in it; 0: all have random exponents. positive: of the samples with random exponents.
#define UNARY(X) \
  X(exp, mpfr_exp, 750) X(exp2, mpfr_exp2, 1080) X(expm1, mpfr_expm1, 715) X(log, mpfr_log, 0) X(log2, mpfr_log2, 0) X(log10, mpfr_log10, 0) \
  X(log1p, mpfr_log1p, 2) X(sin, mpfr_sin, 1e5) X(cos, mpfr_cos, 1e5) X(tan, mpfr_tan, 1e5) X(asin, mpfr_asin, 1) X(acos, mpfr_acos, 1) \
  X(atan, mpfr_atan, 30) X(sinh, mpfr_sinh, 712) X(cosh, mpfr_cosh, 712) X(tanh, mpfr_tanh, 25) X(asinh, mpfr_asinh, 10) X(acosh, mpfr_acosh, 40) \
  X(atanh, mpfr_atanh, 1) X(erf, mpfr_erf, 6.5) X(erfc, mpfr_erfc, 28) X(sqrt, mpfr_sqrt, 0) X(rsqrt, mpfr_rec_sqrt, 0) X(cbrt, mpfr_cbrt, 0) \
  X(sigmoid, sigmoid, 760) X(silu, silu, 760) X(softplus, softplus, 760) X(mish, mish, 760) X(gelu, gelu, 39)
#define BINARY(X) \
  X(atan2, mpfr_atan2, 5) X(hypot, mpfr_hypot, 100) X(pow, mpfr_pow, 40) X(logaddexp, log_add_exp, 700)

enum { // bounds of ops.def, in hundredths of an ulp
#define NOTHING(...)
#define RT_UNARY(id, NAME, name, dtypes, result, cpu, ...) BOUND_##name = (int)((cpu) * 100),
#define RT_BINARY(id, NAME, name, dtypes, result, cpu, ...) BOUND_##name = (int)((cpu) * 100),
#define RT_PARAM NOTHING
#define RT_TERNARY NOTHING
#define RT_REDUCE NOTHING
#define RT_ARG NOTHING
#define RT_OP NOTHING
#define RT_COMPOSITE NOTHING
#include <trivet/ops.def>
};

static const struct { const char *name; row run; row2 run2; function exact; function2 exact2; double range, bound; } rows[] = {
#define ROW(name, f, range) {#name, rt_##name##_into, NULL, f, NULL, range, BOUND_##name / 100.0},
#define ROW2(name, f, range) {#name, NULL, rt_##name##_into, NULL, f, range, BOUND_##name / 100.0},
  UNARY(ROW) BINARY(ROW2)
};
enum { N_ROWS = sizeof rows / sizeof *rows };

// ---- samples ------------------------------------------------------------------------------------------------------------------------------
static uint64_t state = 88172645463325252u;
static uint64_t random64(void) { return state ^= state << 13, state ^= state >> 7, state ^= state << 17; }
static double sample(double range) {
  const uint64_t bits = random64(), kind = random64() >> 61;
  double x;
  if (range && kind < 4) return (double)(int64_t)bits * 0x1p-63 * range;
  if (range && kind < 6) return ldexp((double)(int64_t)bits * 0x1p-63 * range, -(int)(random64() % 60)); // towards zero
  memcpy(&x, &bits, sizeof x);
  return isfinite(x) ? x : 1;
}

static double in[N_ROWS][2][SAMPLES];
static double high[N_ROWS][SAMPLES], low[N_ROWS][SAMPLES]; // the exact value is the sum: twice the digits of an f64 are enough to judge one

static int compute_exact(void **unused) {
  (void)unused;
  mpfr_t x, second, y, rest;
  mpfr_inits2(53, x, second, (mpfr_ptr)NULL);
  mpfr_inits2(BITS, y, rest, (mpfr_ptr)NULL);
  mpfr_set_emin(-5000), mpfr_set_emax(5000); // what overflows or vanishes in an f64 by far does so here too, at once
  for (int k = 0; k < N_ROWS; k++)
    for (int i = 0; i < SAMPLES; i++) {
      in[k][0][i] = sample(rows[k].range);
      in[k][1][i] = sample(rows[k].range);
      mpfr_set_d(x, in[k][0][i], MPFR_RNDN), mpfr_set_d(second, in[k][1][i], MPFR_RNDN);
      if (rows[k].exact) rows[k].exact(y, x, MPFR_RNDN);
      else rows[k].exact2(y, x, second, MPFR_RNDN);
      high[k][i] = mpfr_get_d(y, MPFR_RNDN);
      mpfr_sub_d(rest, y, isfinite(high[k][i]) ? high[k][i] : 0, MPFR_RNDN);
      low[k][i] = mpfr_get_d(rest, MPFR_RNDN);
    }
  mpfr_clears(x, second, y, rest, (mpfr_ptr)NULL);
  mpfr_free_cache();
  return 0;
}

// ---- judging ------------------------------------------------------------------------------------------------------------------------------
static double ulp_of(double x) {
  int exponent;
  frexp(x, &exponent);
  return ldexp(1, x == 0 || exponent < -1021 ? -1074 : exponent - 53);
}

/// In ulp; infinity when the result is no answer at all.
static double error_of(int k, int i, double got) {
  const double exact = high[k][i], x = in[k][0][i], second = in[k][1][i];
  if (isnan(exact) || isnan(got)) return isnan(exact) && isnan(got) ? 0 : INFINITY;
  if (isinf(exact)) return got == exact || fabs(got) == 0x1.fffffffffffffp1023 ? 0 : INFINITY;
  if (isinf(got)) return fabs(exact) > 0x1.ffffffffffff0p1023 ? 0 : INFINITY;
  double unit = ulp_of(exact);
  if (!strcmp(rows[k].name, "logaddexp")) unit = fmax(unit, ulp_of(fmax(x, second))); // docs/numerics.md
  return fabs((got - exact) - low[k][i]) / unit;
}

static void is_within_bounds(const char *isa) {
  char config[64];
  rt_ctx *ctx = NULL;
  snprintf(config, sizeof config, "cpu_simd.isa=%s\n", isa);
  const rt_ctx_options options = {.size = sizeof options, .backends = "cpu_simd", .config = config, .fallback = RT_FALLBACK_ERROR};
  const rt_status status = rt_ctx_create(&options, &ctx);
  if (status == RT_E_UNSUPPORTED) {
    print_message("%s\n", rt_last_error());
    skip();
  }
  assert_int_equal(status, RT_OK);
  static double got[SAMPLES];
  const int64_t shape = SAMPLES;
  int n_failed = 0;
  for (int k = 0; k < N_ROWS; k++) {
    rt_tensor *a = NULL, *b = NULL, *y = NULL;
    assert_int_equal(rt_from_data(ctx, RT_F64, 1, &shape, in[k][0], &a), RT_OK);
    assert_int_equal(rt_from_data(ctx, RT_F64, 1, &shape, in[k][1], &b), RT_OK);
    assert_int_equal(rt_empty(ctx, RT_F64, 1, &shape, &y), RT_OK);
    if ((rows[k].run ? rows[k].run(a, y) : rows[k].run2(a, b, y)) != RT_OK || rt_read(y, got, sizeof got) != RT_OK) fail_msg("%s", rt_last_error());
    double worst = 0;
    int at = 0;
    for (int i = 0; i < SAMPLES; i++) {
      const double error = error_of(k, i, got[i]);
      if (error > worst) worst = error, at = i;
    }
    if (worst > rows[k].bound) {
      n_failed++;
      print_error("%s on %s: %.3f ulp (bound %g): of %a, %a it makes %a, the exact value is %a\n", rows[k].name, isa, worst, rows[k].bound, in[k][0][at],
                  in[k][1][at], got[at], high[k][at]);
    }
    rt_release(a), rt_release(b), rt_release(y);
  }
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
  if (n_failed) fail_msg("%d of %d functions of f64", n_failed, N_ROWS);
}
static void scalar_is_within_bounds(void **unused) { (void)unused; is_within_bounds("scalar"); }
static void avx2_is_within_bounds(void **unused) { (void)unused; is_within_bounds("avx2"); }
static void avx512_is_within_bounds(void **unused) { (void)unused; is_within_bounds("avx512"); }
static void neon_is_within_bounds(void **unused) { (void)unused; is_within_bounds("neon"); }

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(scalar_is_within_bounds),
    cmocka_unit_test(avx2_is_within_bounds),
    cmocka_unit_test(avx512_is_within_bounds),
    cmocka_unit_test(neon_is_within_bounds),
  };
  return cmocka_run_group_tests_name("f64 beside MPFR", tests, compute_exact, NULL);
}
#else
int main(void) {
  puts("MPFR is missing (apt install libmpfr-dev): the functions of f64 are not compared with it");
  return 77;
}
#endif
