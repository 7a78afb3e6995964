// SPDX-License-Identifier: BSD-3-Clause
// The oracle of the conformance grid, judged by others: its number formats by their defining properties and the compiler's conversions, its
// functions by MPFR with 400 bits. So are the f32 results of the reference: the bounds of ops.def hold without the oracle as well.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "../../conformance/internal.h"
#include "../results.h"

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

static void neighbours_are_those_of_c(void **state) {
  (void)state;
  const double specials[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 1, -2, 0x1p-1074, -0x1p-1074, 0x1p-1022, 0x1.fffffffffffffp1023,
                             0x1p-149, 0x1p-126, 0x1.fffffep127};
  const int n = CF_COUNT(specials);
  for (int i = 0; i < 100000; i++) {
    double a = as_double(random_bits()), b = i % 2 ? as_double(random_bits()) : a + (double)(i % 3 - 1);
    if (i < n * n) a = specials[i / n], b = specials[i % n];
    cf_answer y;
    assert_true(cf_map_float(CF_ID(NEXTAFTER), RT_F64, (cf_real[]){(cf_real)a, (cf_real)b, 0}, 0, &y));
    double wide = as_double(cf_encode(RT_F64, y.hi, 0)), want = nextafter(a, b);
    assert_true(a != a || b != b ? wide != wide : memcmp(&wide, &want, sizeof wide) == 0);
    float fa = (float)a, fb = (float)b, narrow, narrow_want = nextafterf(fa, fb);
    cf_map_float(CF_ID(NEXTAFTER), RT_F32, (cf_real[]){(cf_real)fa, (cf_real)fb, 0}, 0, &y);
    uint32_t bits = (uint32_t)cf_encode(RT_F32, y.hi, 0);
    memcpy(&narrow, &bits, sizeof narrow);
    assert_true(fa != fa || fb != fb ? narrow != narrow : memcmp(&narrow, &narrow_want, sizeof narrow) == 0);
  }
  for (uint32_t bits = 0; bits < 0x7c00; bits++) { // halves are ordered like their bits
    cf_answer up, down;
    const cf_real x = cf_decode(RT_F16, bits), above = cf_decode(RT_F16, bits + 1);
    cf_map_float(CF_ID(NEXTAFTER), RT_F16, (cf_real[]){x, (cf_real)INFINITY, 0}, 0, &up);
    cf_map_float(CF_ID(NEXTAFTER), RT_F16, (cf_real[]){above, 0, 0}, 0, &down);
    assert_true(cf_encode(RT_F16, up.hi, 0) == bits + 1 && cf_encode(RT_F16, down.hi, 0) == bits);
  }
}

#ifdef HAVE_MPFR
#include <mpfr.h>

typedef int (*mpfr_function)(mpfr_t, const mpfr_t, mpfr_rnd_t);

/// scale times x, or scale times alpha times expm1(x), with the two from their definition (Klambauer et al., "Self-normalizing neural
/// networks"): a layer keeps mean 0 and variance 1.
static void selu(mpfr_t y, const mpfr_t x) {
  static mpfr_t alpha, scale;
  static bool is_made;
  if (!is_made) {
    mpfr_t pi, e, p, q;
    mpfr_inits2(400, pi, e, p, q, alpha, scale, (mpfr_ptr)NULL);
    mpfr_const_pi(pi, MPFR_RNDN), mpfr_set_ui(e, 1, MPFR_RNDN), mpfr_exp(e, e, MPFR_RNDN), mpfr_sqrt(q, e, MPFR_RNDN);
    mpfr_set_ui(p, 2, MPFR_RNDN), mpfr_rec_sqrt(p, p, MPFR_RNDN), mpfr_erfc(p, p, MPFR_RNDN), mpfr_mul(p, p, q, MPFR_RNDN);
    mpfr_ui_div(alpha, 2, pi, MPFR_RNDN), mpfr_sqrt(alpha, alpha, MPFR_RNDN), mpfr_ui_sub(q, 1, p, MPFR_RNDN);
    mpfr_div(alpha, alpha, q, MPFR_RNDN); // sqrt(2 / pi) / (1 - p), p = erfc(1 / sqrt 2) sqrt e
    mpfr_sqrt_ui(scale, 2, MPFR_RNDN), mpfr_erfc(scale, scale, MPFR_RNDN), mpfr_mul(scale, scale, e, MPFR_RNDN);
    mpfr_mul(scale, scale, e, MPFR_RNDN), mpfr_mul_ui(scale, scale, 2, MPFR_RNDN), mpfr_add(scale, scale, pi, MPFR_RNDN);
    mpfr_add_ui(scale, scale, 2, MPFR_RNDN);
    mpfr_mul(e, p, p, MPFR_RNDN), mpfr_mul(e, e, pi, MPFR_RNDN), mpfr_add(scale, scale, e, MPFR_RNDN);
    mpfr_add_ui(e, pi, 2, MPFR_RNDN), mpfr_mul(e, e, p, MPFR_RNDN), mpfr_mul_ui(e, e, 2, MPFR_RNDN), mpfr_sub(scale, scale, e, MPFR_RNDN);
    mpfr_rec_sqrt(scale, scale, MPFR_RNDN), mpfr_mul(scale, scale, q, MPFR_RNDN);
    mpfr_mul_ui(pi, pi, 2, MPFR_RNDN), mpfr_sqrt(pi, pi, MPFR_RNDN);
    mpfr_mul(scale, scale, pi, MPFR_RNDN); // (1 - p) sqrt(2 pi) / sqrt(2 erfc(sqrt 2) e^2 + pi p^2 - 2 (2 + pi) p + pi + 2)
    mpfr_clears(pi, e, p, q, (mpfr_ptr)NULL);
    is_made = true;
  }
  if (mpfr_sgn(x) < 0) mpfr_expm1(y, x, MPFR_RNDN), mpfr_mul(y, y, alpha, MPFR_RNDN), mpfr_mul(y, y, scale, MPFR_RNDN);
  else mpfr_mul(y, x, scale, MPFR_RNDN);
}

#define ALPHA 1.5 // of celu
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
    case CF_ID(MISH):
      mpfr_exp(t, x, MPFR_RNDN), mpfr_log1p(t, t, MPFR_RNDN), mpfr_tanh(t, t, MPFR_RNDN), mpfr_mul(y, t, x, MPFR_RNDN);
      break;
    case CF_ID(SOFTSIGN): mpfr_abs(t, x, MPFR_RNDN), mpfr_add_ui(t, t, 1, MPFR_RNDN), mpfr_div(y, x, t, MPFR_RNDN); break;
    case CF_ID(HARDSIGMOID): case CF_ID(HARDSWISH): // min(max(x / 6 + 1 / 2, 0), 1)
      mpfr_div_ui(t, x, 6, MPFR_RNDN), mpfr_add_d(t, t, 0.5, MPFR_RNDN);
      if (mpfr_cmp_ui(t, 0) < 0) mpfr_set_ui(t, 0, MPFR_RNDN);
      if (mpfr_cmp_ui(t, 1) > 0) mpfr_set_ui(t, 1, MPFR_RNDN);
      mpfr_set(y, t, MPFR_RNDN);
      if (op == CF_ID(HARDSWISH)) mpfr_mul(y, y, x, MPFR_RNDN);
      break;
    case CF_ID(SELU): selu(y, x); break;
    case CF_ID(CELU):
      mpfr_div_d(t, x, ALPHA, MPFR_RNDN), mpfr_expm1(t, t, MPFR_RNDN), mpfr_mul_d(y, t, ALPHA, MPFR_RNDN);
      if (mpfr_sgn(x) > 0) mpfr_set(y, x, MPFR_RNDN);
      break;
    default: mpfr_exp(t, x, MPFR_RNDN), mpfr_log1p(y, t, MPFR_RNDN); break; // SOFTPLUS
  }
  mpfr_clears(t, u, (mpfr_ptr)NULL);
  return 0;
}

/// How far the oracle's answer lies from y, relative to y or to the terms that cancelled in it.
static double distance(const cf_answer *answer, const mpfr_t y) {
  mpfr_t got, part;
  mpfr_init2(got, 160), mpfr_init2(part, 64);
  long double head = (long double)answer->hi, size = (long double)answer->size;
  mpfr_set_ld(got, head, MPFR_RNDN);
  mpfr_set_ld(part, (long double)(answer->hi - (cf_real)head), MPFR_RNDN), mpfr_add(got, got, part, MPFR_RNDN);
  mpfr_sub(got, got, y, MPFR_RNDN), mpfr_set_ld(part, size, MPFR_RNDN);
  if (mpfr_cmpabs(y, part) > 0) mpfr_set(part, y, MPFR_RNDN);
  if (!mpfr_zero_p(got)) mpfr_div(got, got, part, MPFR_RNDN);
  double error = fabs(mpfr_get_d(got, MPFR_RNDN));
  mpfr_clears(got, part, (mpfr_ptr)NULL);
  return error;
}

// range: of arguments; 0: positive ones of all sizes
static const struct { int op; mpfr_function f; double range; } functions[] = {
  {CF_ID(EXP), mpfr_exp, 700}, {CF_ID(EXPM1), mpfr_expm1, 700}, {CF_ID(LOG), mpfr_log, 0}, {CF_ID(LOG1P), mpfr_log1p, 0},
  {CF_ID(SIN), mpfr_sin, 1e6}, {CF_ID(COS), mpfr_cos, 1e6}, {CF_ID(TANH), mpfr_tanh, 30}, {CF_ID(ERF), mpfr_erf, 6},
  {CF_ID(RSQRT), mpfr_rec_sqrt, 0}, {CF_ID(GELU), NULL, 37},
  {CF_ID(GELU_TANH), NULL, 21}, {CF_ID(SIGMOID), NULL, 700}, {CF_ID(SILU), NULL, 700}, {CF_ID(SOFTPLUS), NULL, 700},
  {CF_ID(CBRT), mpfr_cbrt, 0}, {CF_ID(EXP2), mpfr_exp2, 1000}, {CF_ID(LOG2), mpfr_log2, 0}, {CF_ID(LOG10), mpfr_log10, 0},
  {CF_ID(TAN), mpfr_tan, 1e6}, {CF_ID(ASIN), mpfr_asin, 1}, {CF_ID(ACOS), mpfr_acos, 1}, {CF_ID(ATAN), mpfr_atan, 1e3},
  {CF_ID(SINH), mpfr_sinh, 700}, {CF_ID(COSH), mpfr_cosh, 700}, {CF_ID(ASINH), mpfr_asinh, 1e6}, {CF_ID(ACOSH), mpfr_acosh, 0},
  {CF_ID(ATANH), mpfr_atanh, 1}, {CF_ID(ERFC), mpfr_erfc, 26}, {CF_ID(MISH), NULL, 700}, {CF_ID(SOFTSIGN), NULL, 1e3},
  {CF_ID(HARDSIGMOID), NULL, 4}, {CF_ID(HARDSWISH), NULL, 4}, {CF_ID(SELU), NULL, 40}, {CF_ID(CELU), NULL, 40}};

static void functions_agree_with_mpfr(void **state) {
  (void)state;
  mpfr_t x, y;
  mpfr_init2(x, 53), mpfr_init2(y, 400);
  for (size_t k = 0; k < CF_COUNT(functions); k++) {
    double worst = 0;
    for (int i = 0; i < 3000; i++) {
      double unit = (double)(random_bits() >> 11) * 0x1p-53, v = (2 * unit - 1) * (functions[k].range ? functions[k].range : 1);
      if (i % 3 == 0) v = ldexp(v, -(int)(random_bits() % 60));
      if (functions[k].op == CF_ID(LOG1P)) v = i % 2 ? fabs(v) * 1e9 : v / 2;
      else if (functions[k].op == CF_ID(ACOSH)) v = 1 + ldexp(unit, (int)(random_bits() % 150) - 50);
      else if (functions[k].range == 0) v = ldexp(1 + unit, (int)(random_bits() % 200) - 100);
      cf_real in[CF_MAX_IN] = {(cf_real)v};
      cf_answer answer;
      assert_true(cf_map_float(functions[k].op, RT_F64, in, (cf_real)ALPHA, &answer));
      mpfr_set_d(x, v, MPFR_RNDN);
      if (functions[k].f) functions[k].f(y, x, MPFR_RNDN);
      else composed(functions[k].op, y, x);
      double error = distance(&answer, y);
      if (error > worst) worst = error;
    }
    if (!(worst < 0x1p-60)) fail_msg("%s: relative error 2^%.1f", cf_op_of(functions[k].op)->name, log2(worst));
  }
  mpfr_clears(x, y, (mpfr_ptr)NULL);
}

/// log(exp(a) + exp(b)); exponents of MPFR have room for both.
static int log_add_exp(mpfr_t y, const mpfr_t a, const mpfr_t b, mpfr_rnd_t rounding) {
  mpfr_t p, q;
  mpfr_inits2(2500, p, q, (mpfr_ptr)NULL);
  mpfr_exp(p, a, rounding), mpfr_exp(q, b, rounding), mpfr_add(p, p, q, rounding), mpfr_log(y, p, rounding);
  mpfr_clears(p, q, (mpfr_ptr)NULL);
  return 0;
}

static void functions_of_two_agree_with_mpfr(void **state) {
  (void)state;
  const struct { int op; int (*f)(mpfr_t, const mpfr_t, const mpfr_t, mpfr_rnd_t); double range; int n; } functions[] = {
    {CF_ID(ATAN2), mpfr_atan2, 100, 3000}, {CF_ID(HYPOT), mpfr_hypot, 0x1p1000, 3000}, {CF_ID(LOGADDEXP), log_add_exp, 700, 300},
    {CF_ID(LOGADDEXP), log_add_exp, 2, 300}};
  mpfr_t a, b, y;
  mpfr_init2(a, 53), mpfr_init2(b, 53), mpfr_init2(y, 400);
  for (size_t k = 0; k < CF_COUNT(functions); k++) {
    double worst = 0;
    for (int i = 0; i < functions[k].n; i++) {
      double v[2];
      for (int j = 0; j < 2; j++) v[j] = ((double)(random_bits() >> 11) * 0x1p-52 - 1) * functions[k].range;
      if (i % 3 == 0) v[1] = ldexp(v[0], (int)(random_bits() % 100) - 100);
      if (i % 10 == 0) v[1] = v[0];
      cf_answer answer;
      assert_true(cf_map_float(functions[k].op, RT_F64, (cf_real[]){(cf_real)v[0], (cf_real)v[1], 0}, 0, &answer));
      mpfr_set_d(a, v[0], MPFR_RNDN), mpfr_set_d(b, v[1], MPFR_RNDN);
      functions[k].f(y, a, b, MPFR_RNDN);
      double error = distance(&answer, y);
      if (error > worst) worst = error;
    }
    if (!(worst < 0x1p-60)) fail_msg("%s: relative error 2^%.1f", cf_op_of(functions[k].op)->name, log2(worst));
  }
  mpfr_clears(a, b, y, (mpfr_ptr)NULL);
}
// ---- the reference itself: f32, every elementwise row with one argument, arguments of all bit patterns --------------------------------------

#define N_PATTERNS 4096 // spread over all of them: each sign and exponent, subnormals, infinities, NaN
#define N_CLOSE 2048    // where the function bends: [-range, range]
static void argument(int i, double range, float *out) {
  uint32_t bits = (uint32_t)i * (uint32_t)(0x100000000u / N_PATTERNS) + (uint32_t)(random_bits() % (0x100000000u / N_PATTERNS));
  static const uint32_t specials[] = {0, 0x80000000, 1, 0x80000001, 0x7fffff, 0x807fffff, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000};
  if (i < (int)CF_COUNT(specials)) bits = specials[i];
  memcpy(out, &bits, sizeof *out);
  if (i < N_PATTERNS) return;
  if (range == 0) range = 4;
  *out = (float)((2 * ((double)(random_bits() >> 11) * 0x1p-53) - 1) * (range > 50 ? 50 : range));
  if (i % 4 == 0) *out = rintf(*out * 2) / 2; // ties of round, edges of pieces
}

/// The value of the row for x in y, or false where MPFR has no formula for it here.
static bool exact_value(int op, mpfr_t y, const mpfr_t x) {
  for (size_t k = 0; k < CF_COUNT(functions); k++) {
    if (functions[k].op != op) continue;
    if (functions[k].f && !(op == CF_ID(RSQRT) && mpfr_zero_p(x))) functions[k].f(y, x, MPFR_RNDN);
    else if (op == CF_ID(RSQRT) && mpfr_zero_p(x)) mpfr_set_inf(y, mpfr_signbit(x) ? -1 : 1); // as IEEE 754; MPFR says +infinity
    else if (op == CF_ID(SOFTPLUS) && mpfr_cmp_d(x, 1e6) > 0) mpfr_set(y, x, MPFR_RNDN); // exp(x) passes the exponents of MPFR
    else composed(op, y, x);
    return true;
  }
  switch (op) {
    case CF_ID(NEG): mpfr_neg(y, x, MPFR_RNDN); return true;
    case CF_ID(ABS): mpfr_abs(y, x, MPFR_RNDN); return true;
    case CF_ID(SQUARE): mpfr_sqr(y, x, MPFR_RNDN); return true;
    case CF_ID(SQRT): mpfr_sqrt(y, x, MPFR_RNDN); return true;
    case CF_ID(RECIPROCAL): mpfr_ui_div(y, 1, x, MPFR_RNDN); return true;
    case CF_ID(FLOOR): mpfr_floor(y, x); return true;
    case CF_ID(CEIL): mpfr_ceil(y, x); return true;
    case CF_ID(TRUNC): mpfr_trunc(y, x); return true;
    case CF_ID(ROUND): mpfr_rint(y, x, MPFR_RNDN); return true; // ties to even
    case CF_ID(SIGN): if (mpfr_zero_p(x) || mpfr_nan_p(x)) mpfr_set(y, x, MPFR_RNDN); else mpfr_set_si(y, mpfr_sgn(x), MPFR_RNDN); return true;
    case CF_ID(RELU): if (mpfr_nan_p(x) || mpfr_sgn(x) > 0) mpfr_set(y, x, MPFR_RNDN); else mpfr_set_zero(y, 1); return true;
    case CF_ID(ELU): case CF_ID(LEAKY_RELU):
      if (op == CF_ID(ELU)) mpfr_expm1(y, x, MPFR_RNDN), mpfr_mul_d(y, y, ALPHA, MPFR_RNDN);
      else mpfr_mul_d(y, x, ALPHA, MPFR_RNDN);
      if (mpfr_sgn(x) > 0) mpfr_set(y, x, MPFR_RNDN);
      return true;
    default: return false;
  }
}

/// The error in ulp of f32, 0 for a right infinity, NaN or zero; infinite where the kind or the sign is wrong.
static double error_of(const cf_op *op, float y, const mpfr_t exact) {
  const float rounded = mpfr_get_flt(exact, MPFR_RNDN);
  if (mpfr_nan_p(exact)) return y != y ? 0 : INFINITY;
  if (y == rounded && signbit(y) == signbit(rounded)) return 0; // or less than half an ulp off: as good as it gets
  if (y != y || (y == 0 && signbit(y) != signbit(rounded))) return INFINITY;
  if (isinf(rounded) || isinf(y)) return fabsf(isinf(y) ? rounded : y) == 0x1.fffffep127f ? 1 : INFINITY; // on the other side of the edge
  mpfr_t error;
  mpfr_init2(error, 400);
  mpfr_ui_sub(error, 0, exact, MPFR_RNDN), mpfr_add_d(error, error, (double)y, MPFR_RNDN);
  double off = fabs(mpfr_get_d(error, MPFR_RNDN));
  long exponent = mpfr_zero_p(exact) ? -149 : mpfr_get_exp(exact) - 24;
  mpfr_clear(error);
  if (exponent < -149) exponent = -149;
  // The contract of these two is absolute below the smallest normal number.
  if ((op->id == CF_ID(GELU) || op->id == CF_ID(GELU_TANH)) && fabsf(rounded) < 0x1p-126f && off <= 0x1p-126) return 0;
  return off / ldexp(1, (int)exponent);
}

static void the_reference_agrees_with_mpfr(void **state) {
  (void)state;
  static float x[N_PATTERNS + N_CLOSE], y[N_PATTERNS + N_CLOSE];
  const int64_t n = N_PATTERNS + N_CLOSE;
  rt_ctx *ctx = NULL;
  int n_rows = 0;
  FILE *results = results_open("mpfr");
  RESULT(results, "#\t%s\n", mpfr_get_version());
  mpfr_t wide, exact;
  mpfr_init2(wide, 24), mpfr_init2(exact, 400);
  assert_int_equal(rt_ctx_create(NULL, &ctx), RT_OK);
  for (int o = 0; o < cf_n_ops; o++) {
    const cf_op *op = &cf_ops[o];
    if ((op->family != CF_UNARY && op->family != CF_PARAM) || op->gives == CF_GIVES_BOOL || cf_compute_dtype(op->accepts, RT_F32) != RT_F32) continue;
    mpfr_set_ui(wide, 1, MPFR_RNDN);
    if (!exact_value(op->id, exact, wide)) {
      print_message("%-14s no formula for MPFR in this test\n", op->name);
      continue;
    }
    double range = 4, worst = 0;
    float worst_x = 0;
    for (size_t k = 0; k < CF_COUNT(functions); k++)
      if (functions[k].op == op->id) range = functions[k].range;
    for (int i = 0; i < n; i++) argument(i, range, &x[i]);
    rt_tensor *in = NULL, *out = NULL;
    cf_case c = {.op = op, .param = ALPHA};
    assert_int_equal(rt_from_data(ctx, RT_F32, 1, &n, x, &in), RT_OK);
    assert_int_equal(op->call(&c, &in, NULL, &out), RT_OK);
    assert_int_equal(rt_read(out, y, sizeof y), RT_OK);
    rt_release(in), rt_release(out);
    for (int i = 0; i < n; i++) {
      const bool is_formula_open = (isinf(x[i]) || x[i] != x[i]); // infinity times 0 in the composed ones; the grid has the specials
      mpfr_set_flt(wide, x[i], MPFR_RNDN);
      exact_value(op->id, exact, wide);
      if (is_formula_open && mpfr_nan_p(exact) && y[i] == y[i]) continue;
      const double error = error_of(op, y[i], exact);
      if (error > worst) worst = error, worst_x = x[i];
    }
    n_rows++;
    RESULT(results, "%s\t%.3f\t%g\n", op->name, worst, op->cpu);
    const double allowed = op->cpu <= 0.5 ? 0 : op->cpu; // correctly rounded ones count as 0
    print_message("%-14s %.3f ulp where it is not the nearest f32, of %.3g\n", op->name, worst, op->cpu);
    if (!(worst <= allowed)) fail_msg("%s: %g ulp at %a where %g are allowed", op->name, worst, (double)worst_x, op->cpu);
  }
  assert_true(n_rows >= 40);
  results_close(results);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
  mpfr_clears(wide, exact, (mpfr_ptr)NULL);
}

// A check that nothing fails proves nothing: a result that is off by one unit in the last place, or has lost its sign, counts.
static void errors_are_seen(void **state) {
  (void)state;
  mpfr_t exact;
  mpfr_init2(exact, 400);
  const cf_op *op = cf_op_of(CF_ID(EXP));
  mpfr_set_d(exact, 0x1.0000008p0, MPFR_RNDN); // a quarter of an ulp above 1
  assert_true(error_of(op, 1.0f, exact) == 0);
  assert_true(error_of(op, 0x1.000002p0f, exact) == 0.75);
  assert_true(error_of(op, 0x1.000004p0f, exact) == 1.75);
  assert_true(error_of(op, NAN, exact) == INFINITY && error_of(op, INFINITY, exact) == INFINITY);
  mpfr_set_d(exact, -0x1p-160, MPFR_RNDN);
  assert_true(error_of(op, -0.0f, exact) == 0 && error_of(op, 0.0f, exact) == INFINITY && error_of(op, -0x1p-149f, exact) > 0.99);
  mpfr_set_d(exact, 0x1p128, MPFR_RNDN);
  assert_true(error_of(op, INFINITY, exact) == 0 && error_of(op, 0x1.fffffep127f, exact) == 1 && error_of(op, -INFINITY, exact) == INFINITY);
  mpfr_set_nan(exact);
  assert_true(error_of(op, NAN, exact) == 0 && error_of(op, 0, exact) == INFINITY);
  mpfr_clear(exact);
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(halves_round_to_the_nearest_neighbour),
    cmocka_unit_test(f32_and_f64_agree_with_the_compiler),
    cmocka_unit_test(casts_saturate_and_wrap),
    cmocka_unit_test(exact_operations),
    cmocka_unit_test(neighbours_are_those_of_c),
#ifdef HAVE_MPFR
    cmocka_unit_test(functions_agree_with_mpfr),
    cmocka_unit_test(functions_of_two_agree_with_mpfr),
    cmocka_unit_test(errors_are_seen),
    cmocka_unit_test(the_reference_agrees_with_mpfr),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
