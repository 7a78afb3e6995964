// SPDX-License-Identifier: BSD-3-Clause
// Four exact values at once, for the scan of all floats: the vector functions of glibc's libmvec on doubles (at most 4 ulp of a double, which is 2^-27
// ulp of an f32) and formulas of them. What they say is no verdict. They pick out the results that may be the worst so far or wrong, by MARGIN and more,
// and the slow oracle judges those; a part of the rest is shown to it, too (test_ulp.c). Without libmvec or AVX2 there is none, and all goes the slow way.
#ifndef FAST_ORACLE_H
#define FAST_ORACLE_H

// In ulp of an f32; 8192 ulp of a double. Formulas below are off by less than a sixteenth of it: the worst are gelu and gelu_tanh, where the exponent t
// of a result e^-t reaches 104 and is itself off by up to 3 ulp of a double, so that the result is off by 2 * 104 * 3 * 2^-53 = 2^-43.7 of itself, 2^-19.7 ulp.
#define MARGIN 0x1p-16

#if defined(__x86_64__) && defined(__linux__)
#include <dlfcn.h>
#include <immintrin.h>

typedef __m256d v4;
#define AVX2 static __attribute__((target("avx2,fma"), unused))
#define AVX2_INLINE static inline __attribute__((target("avx2,fma"), always_inline))

#define MVEC1(X) \
  X(exp) X(exp2) X(expm1) X(log) X(log1p) X(log2) X(log10) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh) X(cosh) X(tanh) X(asinh) X(acosh) X(atanh) \
  X(erf) X(erfc) X(cbrt)
#define MVEC2(X) X(pow) X(atan2) X(hypot)
#define POINTER1(name) v4 (*name)(v4);
#define POINTER2(name) v4 (*name)(v4, v4);
static struct { MVEC1(POINTER1) MVEC2(POINTER2) } mvec;

AVX2_INLINE v4 k(double x) { return _mm256_set1_pd(x); }
AVX2_INLINE v4 magnitude(v4 x) { return _mm256_andnot_pd(k(-0.0), x); }
AVX2_INLINE v4 choose(v4 condition, v4 a, v4 b) { return _mm256_blendv_pd(b, a, condition); }
AVX2_INLINE v4 below(v4 a, v4 b) { return _mm256_cmp_pd(a, b, _CMP_LT_OQ); }
AVX2_INLINE v4 six_held(v4 x) { return _mm256_min_pd(k(6), _mm256_max_pd(k(0), x + k(3))); } // of a NaN: the second operand, which is one

#define CALL1(name) AVX2 v4 fast_##name(v4 x, v4 p) { return (void)p, mvec.name(x); }
#define CALL2(name) AVX2 v4 fast_##name(v4 a, v4 b) { return mvec.name(a, b); }
MVEC1(CALL1)
MVEC2(CALL2)
// At infinities some of these are NaN, which the slow oracle settles.
#define FAST(name, expression) AVX2 v4 fast_##name(v4 x, v4 p) { return (void)p, expression; }
AVX2_INLINE v4 logistic(v4 x) {
  const v4 e = mvec.exp(-magnitude(x));
  return choose(below(x, k(0)), e, k(1)) / (k(1) + e);
}
AVX2_INLINE v4 tanh_of_softplus(v4 x) {
  const v4 e = mvec.exp(-magnitude(x)), n = e * (e + k(2)), u = k(1) + k(2) * e;
  return choose(below(x, k(0)), n / (n + k(2)), u / (u + k(2) * e * e));
}
FAST(square, x * x)
FAST(sqrt, _mm256_sqrt_pd(x))
FAST(rsqrt, k(1) / _mm256_sqrt_pd(x))
FAST(reciprocal, k(1) / x)
FAST(sigmoid, choose(_mm256_cmp_pd(x, x, _CMP_UNORD_Q), x, logistic(x)))
FAST(silu, x * logistic(x))
FAST(gelu_tanh, x * logistic(k(1.59576912160573071) * (x + k(0.044715) * x * x * x)))
FAST(gelu, x * k(0.5) * mvec.erfc(-x * k(0.70710678118654752)))
FAST(softplus, _mm256_max_pd(k(0), x) + mvec.log1p(mvec.exp(-magnitude(x))))
FAST(mish, x * tanh_of_softplus(x))
FAST(softsign, x / (k(1) + magnitude(x)))
FAST(selu, k(1.05070098735548049) * choose(below(x, k(0)), k(1.67326324235437728) * mvec.expm1(x), x))
FAST(hardsigmoid, six_held(x) / k(6))
FAST(hardswish, x * six_held(x) / k(6))
FAST(angle, choose(_mm256_cmp_pd(x, x, _CMP_UNORD_Q), x, choose(x, k(3.14159265358979324), k(0))))
FAST(leaky_relu, choose(below(x, k(0)), x * p, x))
FAST(elu, choose(below(x, k(0)), p * mvec.expm1(x), x))
FAST(celu, choose(below(x, k(0)), p * mvec.expm1(x / p), x))
FAST(logaddexp, _mm256_max_pd(x, p) + mvec.log1p(mvec.exp(-magnitude(x - p))))

typedef v4 (*fast_oracle)(v4, v4);
#define FORMULAS(X) \
  X(square) X(sqrt) X(rsqrt) X(reciprocal) X(sigmoid) X(silu) X(gelu_tanh) X(gelu) X(softplus) X(mish) X(softsign) X(selu) X(hardsigmoid) X(hardswish) X(angle) \
  X(leaky_relu) X(elu) X(celu) X(logaddexp)

/// NULL: there is none here.
static fast_oracle find_fast_oracle(const char *name) {
#define ORACLE(f) {#f, fast_##f},
  static const struct { const char *name; fast_oracle oracle; } oracles[] = {MVEC1(ORACLE) MVEC2(ORACLE) FORMULAS(ORACLE)};
  if (!mvec.exp) {
    __builtin_cpu_init();
    void *library = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? dlopen("libmvec.so.1", RTLD_NOW) : NULL;
    bool is_whole = library != NULL;
#define LOAD1(f) if (is_whole) *(void **)&mvec.f = dlsym(library, "_ZGVdN4v_" #f), is_whole = mvec.f != NULL;
#define LOAD2(f) if (is_whole) *(void **)&mvec.f = dlsym(library, "_ZGVdN4vv_" #f), is_whole = mvec.f != NULL;
    MVEC1(LOAD1)
    MVEC2(LOAD2)
    if (!is_whole) return mvec.exp = NULL, (fast_oracle)NULL; // before glibc 2.35 most functions are missing
  }
  for (size_t i = 0; i < sizeof oracles / sizeof *oracles; i++)
    if (strcmp(name, oracles[i].name) == 0) return oracles[i].oracle;
  return NULL;
}

AVX2_INLINE v4 load4(const float *x) { return _mm256_cvtps_pd(_mm_loadu_ps(x)); }
/// ulp of an f32: from the power of two at or below x.
AVX2_INLINE v4 unit4(v4 x) {
  return _mm256_max_pd(_mm256_and_pd(x, _mm256_castsi256_pd(_mm256_set1_epi64x(0x7ff0000000000000))), k(0x1p-126)) * k(0x1p-23);
}

/// Writes the places of results that are off by more than `most` ulp, that may be no answer at all, or whose sign differs; returns how many they are. n is a
/// multiple of 4. `is_sum`: an ulp is that of the larger argument where that is more (logaddexp).
AVX2 int find_suspects(fast_oracle oracle, bool is_sum, double most, int n, const float *x, const float *second, const float *y, int *out_places) {
  int n_found = 0;
  for (int i = 0; i < n; i += 4) {
    const v4 a = load4(x + i), b = load4(second + i), got = load4(y + i), exact = oracle(a, b), off = magnitude(got - exact);
    v4 unit = unit4(exact);
    if (is_sum) unit = _mm256_max_pd(unit, unit4(_mm256_max_pd(a, b)));
    const v4 is_close = _mm256_cmp_pd(off, k(most) * unit, _CMP_LE_OQ), both_nan = _mm256_and_pd(_mm256_cmp_pd(exact, exact, _CMP_UNORD_Q), _mm256_cmp_pd(got, got, _CMP_UNORD_Q));
    const v4 both_infinite = _mm256_and_pd(_mm256_cmp_pd(magnitude(got), k(INFINITY), _CMP_EQ_OQ), _mm256_cmp_pd(magnitude(exact), k(0x1p128), _CMP_GE_OQ));
    const int fine = _mm256_movemask_pd(_mm256_or_pd(both_nan, _mm256_andnot_pd(_mm256_xor_pd(exact, got), _mm256_or_pd(is_close, both_infinite))));
    // of a NaN the sign does not matter: where both are NaN the first operand has all bits set
    for (int lane = 0; fine != 15 && lane < 4; lane++)
      if (!(fine >> lane & 1)) out_places[n_found++] = i + lane;
  }
  return n_found;
}
AVX2 void compute_four(fast_oracle oracle, const float *x, const float *second, double *out_exact) { _mm256_storeu_pd(out_exact, oracle(load4(x), load4(second))); }
#else
typedef void *fast_oracle;
static fast_oracle find_fast_oracle(const char *name) { return (void)name, NULL; }
static int find_suspects(fast_oracle oracle, bool is_sum, double most, int n, const float *x, const float *second, const float *y, int *out_places) {
  return (void)oracle, (void)is_sum, (void)most, (void)x, (void)second, (void)y, (void)out_places, n;
}
static void compute_four(fast_oracle oracle, const float *x, const float *second, double *out_exact) { (void)oracle, (void)x, (void)second, (void)out_exact; }
#endif
#endif
