// SPDX-License-Identifier: BSD-3-Clause
// Functions of long double by MPFR instead of the C library, which computes them with FYL2X and FPATAN on x86: Bochs 2.7 has the logarithm with about
// 50 good bits and forgets the quadrant of atan2 where |y| = |x|. Loaded before the C library in the emulated machine, so that the oracle of the
// conformance grid is right there; scripts/run-avx512.sh does it.
#include <mpfr.h>

enum { PRECISION = 64 }; // of a long double

#define OF_ONE(name, function)               \
  long double name(long double x);           \
  long double name(long double x) {          \
    mpfr_t y;                                \
    mpfr_init2(y, PRECISION);                \
    mpfr_set_ld(y, x, MPFR_RNDN);            \
    function(y, y, MPFR_RNDN);               \
    const long double result = mpfr_get_ld(y, MPFR_RNDN); \
    mpfr_clear(y);                           \
    return result;                           \
  }
#define OF_TWO(name, function)                                \
  long double name(long double x, long double y);             \
  long double name(long double x, long double y) {            \
    mpfr_t a, b;                                              \
    mpfr_inits2(PRECISION, a, b, (mpfr_ptr)NULL);             \
    mpfr_set_ld(a, x, MPFR_RNDN);                             \
    mpfr_set_ld(b, y, MPFR_RNDN);                             \
    function(a, a, b, MPFR_RNDN);                             \
    const long double result = mpfr_get_ld(a, MPFR_RNDN);     \
    mpfr_clears(a, b, (mpfr_ptr)NULL);                        \
    return result;                                            \
  }

OF_ONE(logl, mpfr_log)
OF_ONE(log1pl, mpfr_log1p)
OF_ONE(log2l, mpfr_log2)
OF_ONE(log10l, mpfr_log10)
OF_ONE(atanl, mpfr_atan)
OF_ONE(acosl, mpfr_acos)
OF_ONE(asinhl, mpfr_asinh)
OF_ONE(acoshl, mpfr_acosh)
OF_ONE(atanhl, mpfr_atanh)
OF_TWO(atan2l, mpfr_atan2)
OF_TWO(powl, mpfr_pow)
