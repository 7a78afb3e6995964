// SPDX-License-Identifier: BSD-3-Clause
// The complex classes of the vocabulary. Sums are taken part by part in double; products, quotients and functions in long double, whose range
// holds every square of a double, and are rounded to double at the end. Infinities follow Annex G of C: a number with an infinite part is an
// infinity whatever its other part, and a product or quotient of infinities keeps being one.
#ifndef CPU_REF_VOCAB_COMPLEX_H
#define CPU_REF_VOCAB_COMPLEX_H

#include <complex.h>
#undef complex // a macro of that header, but here also the name of an operation
#undef I

typedef double _Complex ref_c;
typedef long double _Complex ref_cl;

static inline ref_c ref_complex(double re, double im) { // not re + im * I, which loses zeros and infinities; C11 6.2.5 gives the layout
  union { double part[2]; ref_c z; } u = {{re, im}};
  return u.z;
}
static inline ref_cl ref_complex_l(long double re, long double im) {
  union { long double part[2]; ref_cl z; } u = {{re, im}};
  return u.z;
}

#define C(name) static inline ref_c name##_c
#define PART(name) static inline double name##_c
#define TRUTH(name) static inline int name##_c

C(add)(ref_c a, ref_c b) { return a + b; }
C(sub)(ref_c a, ref_c b) { return a - b; }
C(neg)(ref_c x) { return -x; }
C(conj)(ref_c x) { return ref_complex(creal(x), -cimag(x)); }
PART(real)(ref_c x) { return creal(x); }
PART(imag)(ref_c x) { return cimag(x); }
PART(abs)(ref_c x) { return (double)hypotl(creal(x), cimag(x)); }
PART(angle)(ref_c x) { return (double)atan2l(cimag(x), creal(x)); }
TRUTH(is_nan)(ref_c x) { return isnan(creal(x)) || isnan(cimag(x)); }
TRUTH(is_inf)(ref_c x) { return isinf(creal(x)) || isinf(cimag(x)); }
TRUTH(is_finite)(ref_c x) { return isfinite(creal(x)) && isfinite(cimag(x)); }

// * and / of the compiler are those of Annex G. A divisor without imaginary part divides each part, so that the other one survives an
// infinity or NaN.
C(mul)(ref_c a, ref_c b) { return (ref_c)((ref_cl)a * (ref_cl)b); }
C(div)(ref_c a, ref_c b) {
  if (cimag(b) == 0) return ref_complex(creal(a) / creal(b), cimag(a) / creal(b));
  return (ref_c)((ref_cl)a / (ref_cl)b);
}
C(sign)(ref_c x) { // x / |x|; an infinity points along its infinite parts
  double re = creal(x), im = cimag(x);
  if (re == 0 && im == 0) return x;
  if (is_nan_c(x)) return ref_complex(NAN, NAN);
  if (is_inf_c(x)) re = copysign(isinf(re) ? 1 : 0, re), im = copysign(isinf(im) ? 1 : 0, im);
  const long double size = hypotl(re, im);
  return ref_complex((double)(re / size), (double)(im / size));
}

C(sqrt)(ref_c x) { return (ref_c)csqrtl(x); }
C(exp)(ref_c x) { return (ref_c)cexpl(x); }
C(expm1)(ref_c x) { // the real part of exp(x) - 1 is expm1(a) cos b + (cos b - 1), and cos b - 1 is -2 sin(b / 2)^2
  const long double a = creal(x), b = cimag(x), half = sinl(b / 2);
  if (!isfinite(a) || !isfinite(b)) return (ref_c)(cexpl(x) - 1);
  return ref_complex((double)(expm1l(a) * cosl(b) - 2 * half * half), (double)(expl(a) * sinl(b)));
}
C(log)(ref_c x) { return (ref_c)clogl(x); }
C(log1p)(ref_c x) { // |1 + x|^2 is 1 + (2 a + a^2 + b^2)
  const long double a = creal(x), b = cimag(x);
  if (!(fabsl(a) < 0.5L && fabsl(b) < 0.5L)) return (ref_c)clogl(ref_complex_l(1 + a, b));
  return ref_complex((double)(log1pl(a * (2 + a) + b * b) / 2), (double)atan2l(b, 1 + a));
}
static inline ref_c log_times_c(ref_c x, long double factor) {
  const ref_cl y = clogl(x);
  return ref_complex((double)(creall(y) * factor), (double)(cimagl(y) * factor));
}
C(log2)(ref_c x) { return log_times_c(x, 1.44269504088896340735992468100189213743L); }
C(log10)(ref_c x) { return log_times_c(x, 0.434294481903251827651128918916605082294L); }
C(sin)(ref_c x) { return (ref_c)csinl(x); }
C(cos)(ref_c x) { return (ref_c)ccosl(x); }
C(tan)(ref_c x) { return (ref_c)ctanl(x); }
C(asin)(ref_c x) { return (ref_c)casinl(x); }
C(acos)(ref_c x) { return (ref_c)cacosl(x); }
C(atan)(ref_c x) { return (ref_c)catanl(x); }
C(sinh)(ref_c x) { return (ref_c)csinhl(x); }
C(cosh)(ref_c x) { return (ref_c)ccoshl(x); }
C(tanh)(ref_c x) { return (ref_c)ctanhl(x); }
C(asinh)(ref_c x) { return (ref_c)casinhl(x); }
C(acosh)(ref_c x) { return (ref_c)cacoshl(x); }
C(atanh)(ref_c x) { return (ref_c)catanhl(x); }
C(pow)(ref_c a, ref_c b) { // exp(b log a); where log a is none, what a real power would be
  if (b == 0) return 1;
  if (a == 0) return creal(b) > 0 ? 0 : ref_complex(NAN, NAN);
  return (ref_c)cpowl(a, b);
}

static inline ref_cl add_cl(ref_cl a, ref_cl b) { return a + b; }
static inline ref_cl mul_cl(ref_cl a, ref_cl b) { return a * b; }
static inline ref_cl div_cl(ref_cl a, ref_cl n) { return ref_complex_l(creall(a) / creall(n), cimagl(a) / creall(n)); } // by a number of elements

#undef C
#undef PART
#undef TRUTH
#endif
