// SPDX-License-Identifier: BSD-3-Clause
// The vocabulary of the formulas in ops.def: m_add(a, b) becomes add_<class>(a, b), where VOCAB names the class. A class is a type to
// compute in; vocab_int.h and vocab_float.h define one each time they are included,
// vocab_complex.h the complex ones.
//   b           bool
//   i8 ... u64  the integer itself; everything wraps, nothing traps
//   narrow      f16, bf16 and f32, in double; the result is rounded once, when it is stored
//   f64         f64; functions of the math library go through long double
//   long        accumulators of f64, in long double
//   c           c64 and c128, in double _Complex; what is not exact by nature goes through long double _Complex
//   cl          their accumulators, in long double _Complex
#ifndef CPU_REF_VOCAB_H
#define CPU_REF_VOCAB_H

#include <float.h>
#include <math.h>
#include <stdint.h>

#include "small_float.h"

_Static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 16, "double must be double: on x86, compile with -mfpmath=sse");
_Static_assert(DBL_MANT_DIG == 53, "double must be binary64");

#define VOCAB_PASTE2(name, class) name##_##class
#define VOCAB_PASTE(name, class) VOCAB_PASTE2(name, class)

#define CLASS b
#define INT uint8_t
#define UINT uint8_t
#define BITS 1
#define LOW 0
#define HIGH 1
#define NOT(x) !(x)
#include "vocab_int.h"

#define CLASS u8
#define INT uint8_t
#define UINT uint8_t
#define BITS 8
#define LOW 0
#define HIGH UINT8_MAX
#include "vocab_int.h"

#define CLASS u16
#define INT uint16_t
#define UINT uint16_t
#define BITS 16
#define LOW 0
#define HIGH UINT16_MAX
#include "vocab_int.h"

#define CLASS u32
#define INT uint32_t
#define UINT uint32_t
#define BITS 32
#define LOW 0
#define HIGH UINT32_MAX
#include "vocab_int.h"

#define CLASS u64
#define INT uint64_t
#define UINT uint64_t
#define BITS 64
#define LOW 0
#define HIGH UINT64_MAX
#include "vocab_int.h"

#define CLASS i8
#define INT int8_t
#define UINT uint8_t
#define BITS 8
#define LOW INT8_MIN
#define HIGH INT8_MAX
#include "vocab_int.h"

#define CLASS i16
#define INT int16_t
#define UINT uint16_t
#define BITS 16
#define LOW INT16_MIN
#define HIGH INT16_MAX
#include "vocab_int.h"

#define CLASS i32
#define INT int32_t
#define UINT uint32_t
#define BITS 32
#define LOW INT32_MIN
#define HIGH INT32_MAX
#include "vocab_int.h"

#define CLASS i64
#define INT int64_t
#define UINT uint64_t
#define BITS 64
#define LOW INT64_MIN
#define HIGH INT64_MAX
#include "vocab_int.h"

// a * b + c for values of at most 24 bits: the product is exact in double; the sum is rounded to odd (when inexact, to the neighbour whose
// last bit is 1), so that rounding it again, to 24 bits or fewer, gives what one rounding of the exact sum gives.
static inline double ref_fma_odd(double a, double b, double c) {
  const double product = a * b, sum = product + c;
  if (!isfinite(sum)) return sum;
  const double c_part = sum - product, lost = (product - (sum - c_part)) + (c - c_part);
  const uint64_t bits = ref_bits(sum);
  if (lost == 0 || (bits & 1)) return sum;
  return ref_from_bits((lost > 0) == (sum > 0) ? bits + 1 : bits - 1);
}

#define CLASS narrow
#define REAL double
#define WIDE double
#define MATH(name) name
#define PLAIN(name) name
#define FMA ref_fma_odd
#include "vocab_float.h"

#define CLASS f64
#define REAL double
#define WIDE long double
#define MATH(name) name##l
#define PLAIN(name) name
#define FMA fma
#include "vocab_float.h"

#define CLASS long
#define REAL long double
#define WIDE long double
#define MATH(name) name##l
#define PLAIN(name) name##l
#define FMA fmal
#include "vocab_float.h"

#include "vocab_complex.h"

// ---- the names that formulas use --------------------------------------------------------------------------------------------------------
#define M(name) VOCAB_PASTE(name, VOCAB)
// Truth values are int 0 or 1, whatever was compared.
#define m_eq(a, b) ((a) == (b))
#define m_ne(a, b) ((a) != (b))
#define m_lt(a, b) ((a) < (b))
#define m_le(a, b) ((a) <= (b))
#define m_and(a, b) (((a) != 0) & ((b) != 0))
#define m_or(a, b) (((a) != 0) | ((b) != 0))
#define m_xor(a, b) (((a) != 0) ^ ((b) != 0))
#define m_select(condition, a, b) ((condition) ? (a) : (b))
#define m_add(a, b) M(add)(a, b)
#define m_sub(a, b) M(sub)(a, b)
#define m_mul(a, b) M(mul)(a, b)
#define m_div(a, b) M(div)(a, b)
#define m_fma(a, b, c) M(fma)(a, b, c)
#define m_floor_div(a, b) M(floor_div)(a, b)
#define m_remainder(a, b) M(remainder)(a, b)
#define m_fmod(a, b) M(fmod)(a, b)
#define m_pow(a, b) M(pow)(a, b)
#define m_atan2(a, b) M(atan2)(a, b)
#define m_hypot(a, b) M(hypot)(a, b)
#define m_logaddexp(a, b) M(logaddexp)(a, b)
#define m_nextafter(a, b) NEXTAFTER(a, b) // the one word that asks for the dtype (rows.c), not for the class
#define m_min(a, b) M(min)(a, b)
#define m_max(a, b) M(max)(a, b)
#define m_lowest() M(lowest)()
#define m_highest() M(highest)()
#define m_arg_gt(x, best) M(arg_gt)(x, best)
#define m_arg_lt(x, best) M(arg_lt)(x, best)
#define m_copysign(a, b) M(copysign)(a, b)
#define m_neg(x) M(neg)(x)
#define m_abs(x) M(abs)(x)
#define m_sign(x) M(sign)(x)
#define m_real(x) M(real)(x)
#define m_imag(x) M(imag)(x)
#define m_conj(x) M(conj)(x)
#define m_angle(x) M(angle)(x)
#define m_complex(a, b) ref_complex(a, b)
#define m_sign_bit(x) M(sign_bit)(x)
#define m_floor(x) M(floor)(x)
#define m_ceil(x) M(ceil)(x)
#define m_round(x) M(round)(x)
#define m_trunc(x) M(trunc)(x)
#define m_sqrt(x) M(sqrt)(x)
#define m_rsqrt(x) M(rsqrt)(x)
#define m_cbrt(x) M(cbrt)(x)
#define m_exp(x) M(exp)(x)
#define m_exp2(x) M(exp2)(x)
#define m_expm1(x) M(expm1)(x)
#define m_log(x) M(log)(x)
#define m_log2(x) M(log2)(x)
#define m_log10(x) M(log10)(x)
#define m_log1p(x) M(log1p)(x)
#define m_sin(x) M(sin)(x)
#define m_cos(x) M(cos)(x)
#define m_tan(x) M(tan)(x)
#define m_asin(x) M(asin)(x)
#define m_acos(x) M(acos)(x)
#define m_atan(x) M(atan)(x)
#define m_sinh(x) M(sinh)(x)
#define m_cosh(x) M(cosh)(x)
#define m_tanh(x) M(tanh)(x)
#define m_asinh(x) M(asinh)(x)
#define m_acosh(x) M(acosh)(x)
#define m_atanh(x) M(atanh)(x)
#define m_erf(x) M(erf)(x)
#define m_erfc(x) M(erfc)(x)
#define m_sigmoid(x) M(sigmoid)(x)
#define m_silu(x) M(silu)(x)
#define m_softplus(x) M(softplus)(x)
#define m_gelu(x) M(gelu)(x)
#define m_gelu_tanh(x) M(gelu_tanh)(x)
#define m_mish(x) M(mish)(x)
#define m_softsign(x) M(softsign)(x)
#define m_hardswish(x) M(hardswish)(x)
#define m_selu(x) M(selu)(x)
#define m_celu(x, alpha) M(celu)(x, alpha)
#define m_is_nan(x) M(is_nan)(x)
#define m_is_inf(x) M(is_inf)(x)
#define m_is_finite(x) M(is_finite)(x)
#define m_bit_not(x) M(bit_not)(x)
#define m_bit_and(a, b) M(bit_and)(a, b)
#define m_bit_or(a, b) M(bit_or)(a, b)
#define m_bit_xor(a, b) M(bit_xor)(a, b)
#define m_shl(a, b) M(shl)(a, b)
#define m_shr(a, b) M(shr)(a, b)

#endif
