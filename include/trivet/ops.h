// SPDX-License-Identifier: BSD-3-Clause
// One function per operation. Written by tools/opgen.c from ops.def: edit the table and build the `generate` target.
//
// The rules that hold for all of them
//   New output     rt_add(a, b, &out) makes a tensor: *out is a new reference, yours to release, and NULL on failure. It lies in C
//                  order, or as the inputs do when all share one dense permutation, on the logical device where the operation runs.
//   Given output   rt_add_into(a, b, out) writes the elements of `out`, whatever its strides; you keep it. Its shape must be exactly
//                  the result's (RT_E_SHAPE) and its dtype too (RT_E_DTYPE), except where the comment says that `out` decides. No two
//                  elements of `out` may be the same memory (RT_E_ARGUMENT).
//   In place       is a given output that is also an input. An `out` that overlaps an input otherwise gives the result that it would
//                  give if the inputs had been copied first.
//   Scalars        rt_add_scalar(a, rt_float(2.5), &out): the number takes the dtype of a unless its own kind is higher (2.5 with i32
//                  computes in f32, a complex number in c64). For a scalar on the left use rt_scalar_tensor, which promotes in the same way.
//   Dtypes         inputs of several dtypes are promoted to one first (rt_promote).
//   Errors         common to all: RT_E_ARGUMENT (NULL, tensors on two accelerators), RT_E_STATE (tensors of two contexts),
//                  RT_E_NO_MEMORY, RT_E_UNSUPPORTED (with RT_FALLBACK=error), RT_E_CANCELLED, and what a device reports:
//                  RT_E_BACKEND, RT_E_DEVICE_LOST. rt_last_error() has the sentence. Every check comes before the first write: only a
//                  failure of a device or RT_E_CANCELLED leaves the elements of a given output undefined.
//   Threads        any; different tensors at once, one tensor read by many; writing is yours to order.
//   Formulas       m_... is the vocabulary of docs/numerics.md; T(v) is a constant in the type the operation computes in.
#ifndef TRIVET_OPS_H
#define TRIVET_OPS_H

#include <trivet/tensor.h>

RT_BEGIN

// ---- Elementwise, one input ------------------------------------------------------------------------------------------------------------

/// Negative; unsigned integers and the smallest integer wrap.
/// Formula  m_neg(x)
/// Shapes   x: any; out: as x
/// Dtypes   integers, floats and complex dtypes; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_neg(const rt_tensor *x, rt_tensor **out);
/// rt_neg into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_neg and the rules above.
RT_API RT_NODISCARD rt_status rt_neg_into(const rt_tensor *x, rt_tensor *out);

/// Absolute value, of a complex number without overflow on the way; the smallest integer wraps to itself.
/// Formula  m_abs(x)
/// Shapes   x: any; out: as x
/// Dtypes   integers, floats and complex dtypes; out: the dtype of the parts of a complex one, else as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_abs(const rt_tensor *x, rt_tensor **out);
/// rt_abs into a given output, which stays yours: a float, as the result. Errors as rt_abs and the rules above.
RT_API RT_NODISCARD rt_status rt_abs_into(const rt_tensor *x, rt_tensor *out);

/// -1, 0 or 1; NaN gives NaN, a signed zero itself; of a complex number x / |x|.
/// Formula  m_sign(x)
/// Shapes   x: any; out: as x
/// Dtypes   integers, floats and complex dtypes; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_sign(const rt_tensor *x, rt_tensor **out);
/// rt_sign into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_sign and the rules above.
RT_API RT_NODISCARD rt_status rt_sign_into(const rt_tensor *x, rt_tensor *out);

/// Largest integral value that is not above x.
/// Formula  m_floor(x)
/// Shapes   x: any; out: as x
/// Dtypes   integers and floats; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool and complex dtypes
RT_API RT_NODISCARD rt_status rt_floor(const rt_tensor *x, rt_tensor **out);
/// rt_floor into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_floor and the rules above.
RT_API RT_NODISCARD rt_status rt_floor_into(const rt_tensor *x, rt_tensor *out);

/// Smallest integral value that is not below x.
/// Formula  m_ceil(x)
/// Shapes   x: any; out: as x
/// Dtypes   integers and floats; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool and complex dtypes
RT_API RT_NODISCARD rt_status rt_ceil(const rt_tensor *x, rt_tensor **out);
/// rt_ceil into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_ceil and the rules above.
RT_API RT_NODISCARD rt_status rt_ceil_into(const rt_tensor *x, rt_tensor *out);

/// Nearest integral value, ties to even.
/// Formula  m_round(x)
/// Shapes   x: any; out: as x
/// Dtypes   integers and floats; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool and complex dtypes
RT_API RT_NODISCARD rt_status rt_round(const rt_tensor *x, rt_tensor **out);
/// rt_round into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_round and the rules above.
RT_API RT_NODISCARD rt_status rt_round_into(const rt_tensor *x, rt_tensor *out);

/// Integral part, towards zero.
/// Formula  m_trunc(x)
/// Shapes   x: any; out: as x
/// Dtypes   integers and floats; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool and complex dtypes
RT_API RT_NODISCARD rt_status rt_trunc(const rt_tensor *x, rt_tensor **out);
/// rt_trunc into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_trunc and the rules above.
RT_API RT_NODISCARD rt_status rt_trunc_into(const rt_tensor *x, rt_tensor *out);

/// x times x; integers wrap.
/// Formula  m_mul(x, x)
/// Shapes   x: any; out: as x
/// Dtypes   integers, floats and complex dtypes; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_square(const rt_tensor *x, rt_tensor **out);
/// rt_square into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_square and the rules above.
RT_API RT_NODISCARD rt_status rt_square_into(const rt_tensor *x, rt_tensor *out);

/// Square root; negative gives NaN, -0 gives -0.
/// Formula  m_sqrt(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_sqrt(const rt_tensor *x, rt_tensor **out);
/// rt_sqrt into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_sqrt and the rules above.
RT_API RT_NODISCARD rt_status rt_sqrt_into(const rt_tensor *x, rt_tensor *out);

/// 1 / sqrt(x); 0 gives infinity of its sign.
/// Formula  m_rsqrt(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_rsqrt(const rt_tensor *x, rt_tensor **out);
/// rt_rsqrt into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_rsqrt and the rules above.
RT_API RT_NODISCARD rt_status rt_rsqrt_into(const rt_tensor *x, rt_tensor *out);

/// 1 / x.
/// Formula  m_div(T(1), x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_reciprocal(const rt_tensor *x, rt_tensor **out);
/// rt_reciprocal into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_reciprocal and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_reciprocal_into(const rt_tensor *x, rt_tensor *out);

/// e to the x.
/// Formula  m_exp(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_exp(const rt_tensor *x, rt_tensor **out);
/// rt_exp into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_exp and the rules above.
RT_API RT_NODISCARD rt_status rt_exp_into(const rt_tensor *x, rt_tensor *out);

/// exp(x) - 1 without cancellation near 0.
/// Formula  m_expm1(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_expm1(const rt_tensor *x, rt_tensor **out);
/// rt_expm1 into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_expm1 and the rules above.
RT_API RT_NODISCARD rt_status rt_expm1_into(const rt_tensor *x, rt_tensor *out);

/// Natural logarithm; 0 gives -infinity, negative gives NaN.
/// Formula  m_log(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_log(const rt_tensor *x, rt_tensor **out);
/// rt_log into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_log and the rules above.
RT_API RT_NODISCARD rt_status rt_log_into(const rt_tensor *x, rt_tensor *out);

/// log(1 + x) without cancellation near 0.
/// Formula  m_log1p(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_log1p(const rt_tensor *x, rt_tensor **out);
/// rt_log1p into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_log1p and the rules above.
RT_API RT_NODISCARD rt_status rt_log1p_into(const rt_tensor *x, rt_tensor *out);

/// Sine of x in radians, for every finite x.
/// Formula  m_sin(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_sin(const rt_tensor *x, rt_tensor **out);
/// rt_sin into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_sin and the rules above.
RT_API RT_NODISCARD rt_status rt_sin_into(const rt_tensor *x, rt_tensor *out);

/// Cosine of x in radians, for every finite x.
/// Formula  m_cos(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_cos(const rt_tensor *x, rt_tensor **out);
/// rt_cos into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_cos and the rules above.
RT_API RT_NODISCARD rt_status rt_cos_into(const rt_tensor *x, rt_tensor *out);

/// Hyperbolic tangent.
/// Formula  m_tanh(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_tanh(const rt_tensor *x, rt_tensor **out);
/// rt_tanh into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_tanh and the rules above.
RT_API RT_NODISCARD rt_status rt_tanh_into(const rt_tensor *x, rt_tensor *out);

/// Error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x.
/// Formula  m_erf(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_erf(const rt_tensor *x, rt_tensor **out);
/// rt_erf into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_erf and the rules above.
RT_API RT_NODISCARD rt_status rt_erf_into(const rt_tensor *x, rt_tensor *out);

/// 1 / (1 + exp(-x)).
/// Formula  m_sigmoid(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_sigmoid(const rt_tensor *x, rt_tensor **out);
/// rt_sigmoid into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_sigmoid and the rules above.
RT_API RT_NODISCARD rt_status rt_sigmoid_into(const rt_tensor *x, rt_tensor *out);

/// max(x, 0); NaN stays, -0 gives +0.
/// Formula  m_max(x, T(0))
/// Shapes   x: any; out: as x
/// Dtypes   integers and floats; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool and complex dtypes
RT_API RT_NODISCARD rt_status rt_relu(const rt_tensor *x, rt_tensor **out);
/// rt_relu into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_relu and the rules above.
RT_API RT_NODISCARD rt_status rt_relu_into(const rt_tensor *x, rt_tensor *out);

/// x times the normal distribution function: x/2 (1 + erf(x/sqrt 2)), exact for negative x too.
/// Formula  m_gelu(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_gelu(const rt_tensor *x, rt_tensor **out);
/// rt_gelu into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_gelu and the rules above.
RT_API RT_NODISCARD rt_status rt_gelu_into(const rt_tensor *x, rt_tensor *out);

/// x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
/// Formula  m_gelu_tanh(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_gelu_tanh(const rt_tensor *x, rt_tensor **out);
/// rt_gelu_tanh into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_gelu_tanh and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_gelu_tanh_into(const rt_tensor *x, rt_tensor *out);

/// x times sigmoid(x).
/// Formula  m_silu(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_silu(const rt_tensor *x, rt_tensor **out);
/// rt_silu into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_silu and the rules above.
RT_API RT_NODISCARD rt_status rt_silu_into(const rt_tensor *x, rt_tensor *out);

/// log(1 + exp(x)).
/// Formula  m_softplus(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_softplus(const rt_tensor *x, rt_tensor **out);
/// rt_softplus into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_softplus and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_softplus_into(const rt_tensor *x, rt_tensor *out);

/// Is x not a number?
/// Formula  m_is_nan(x)
/// Shapes   x: any; out: as x
/// Dtypes   integers, floats and complex dtypes; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_isnan(const rt_tensor *x, rt_tensor **out);
/// rt_isnan into a given output, which stays yours: it is bool. Errors as rt_isnan and the rules above.
RT_API RT_NODISCARD rt_status rt_isnan_into(const rt_tensor *x, rt_tensor *out);

/// Is x an infinity of either sign?
/// Formula  m_is_inf(x)
/// Shapes   x: any; out: as x
/// Dtypes   integers, floats and complex dtypes; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_isinf(const rt_tensor *x, rt_tensor **out);
/// rt_isinf into a given output, which stays yours: it is bool. Errors as rt_isinf and the rules above.
RT_API RT_NODISCARD rt_status rt_isinf_into(const rt_tensor *x, rt_tensor *out);

/// Is x neither infinite nor NaN?
/// Formula  m_is_finite(x)
/// Shapes   x: any; out: as x
/// Dtypes   integers, floats and complex dtypes; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_isfinite(const rt_tensor *x, rt_tensor **out);
/// rt_isfinite into a given output, which stays yours: it is bool. Errors as rt_isfinite and the rules above.
RT_API RT_NODISCARD rt_status rt_isfinite_into(const rt_tensor *x, rt_tensor *out);

/// Is x zero? (NaN is not).
/// Formula  m_eq(x, T(0))
/// Shapes   x: any; out: as x
/// Dtypes   any; out: bool
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_logical_not(const rt_tensor *x, rt_tensor **out);
/// rt_logical_not into a given output, which stays yours: it is bool. Errors as rt_logical_not and the rules above.
RT_API RT_NODISCARD rt_status rt_logical_not_into(const rt_tensor *x, rt_tensor *out);

/// All bits inverted; for bool, not.
/// Formula  m_bit_not(x)
/// Shapes   x: any; out: as x
/// Dtypes   integers and bool; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for floats and complex dtypes
RT_API RT_NODISCARD rt_status rt_bitwise_not(const rt_tensor *x, rt_tensor **out);
/// rt_bitwise_not into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_bitwise_not and the
/// rules above.
RT_API RT_NODISCARD rt_status rt_bitwise_not_into(const rt_tensor *x, rt_tensor *out);

/// Cube root, of negative numbers too.
/// Formula  m_cbrt(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_cbrt(const rt_tensor *x, rt_tensor **out);
/// rt_cbrt into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_cbrt and the rules above.
RT_API RT_NODISCARD rt_status rt_cbrt_into(const rt_tensor *x, rt_tensor *out);

/// 2 to the x.
/// Formula  m_exp2(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_exp2(const rt_tensor *x, rt_tensor **out);
/// rt_exp2 into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_exp2 and the rules above.
RT_API RT_NODISCARD rt_status rt_exp2_into(const rt_tensor *x, rt_tensor *out);

/// Logarithm to base 2; 0 gives -infinity, negative gives NaN.
/// Formula  m_log2(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_log2(const rt_tensor *x, rt_tensor **out);
/// rt_log2 into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_log2 and the rules above.
RT_API RT_NODISCARD rt_status rt_log2_into(const rt_tensor *x, rt_tensor *out);

/// Logarithm to base 10; 0 gives -infinity, negative gives NaN.
/// Formula  m_log10(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_log10(const rt_tensor *x, rt_tensor **out);
/// rt_log10 into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_log10 and the rules above.
RT_API RT_NODISCARD rt_status rt_log10_into(const rt_tensor *x, rt_tensor *out);

/// Tangent of x in radians, for every finite x.
/// Formula  m_tan(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_tan(const rt_tensor *x, rt_tensor **out);
/// rt_tan into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_tan and the rules above.
RT_API RT_NODISCARD rt_status rt_tan_into(const rt_tensor *x, rt_tensor *out);

/// Angle in [-pi/2, pi/2] whose sine is x; NaN outside of [-1, 1].
/// Formula  m_asin(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_asin(const rt_tensor *x, rt_tensor **out);
/// rt_asin into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_asin and the rules above.
RT_API RT_NODISCARD rt_status rt_asin_into(const rt_tensor *x, rt_tensor *out);

/// Angle in [0, pi] whose cosine is x; NaN outside of [-1, 1].
/// Formula  m_acos(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_acos(const rt_tensor *x, rt_tensor **out);
/// rt_acos into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_acos and the rules above.
RT_API RT_NODISCARD rt_status rt_acos_into(const rt_tensor *x, rt_tensor *out);

/// Angle in [-pi/2, pi/2] whose tangent is x.
/// Formula  m_atan(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_atan(const rt_tensor *x, rt_tensor **out);
/// rt_atan into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_atan and the rules above.
RT_API RT_NODISCARD rt_status rt_atan_into(const rt_tensor *x, rt_tensor *out);

/// Is the sign bit set? (of -0 and NaN too; integers: x < 0).
/// Formula  m_sign_bit(x)
/// Shapes   x: any; out: as x
/// Dtypes   integers and floats; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool and complex dtypes
RT_API RT_NODISCARD rt_status rt_signbit(const rt_tensor *x, rt_tensor **out);
/// rt_signbit into a given output, which stays yours: it is bool. Errors as rt_signbit and the rules above.
RT_API RT_NODISCARD rt_status rt_signbit_into(const rt_tensor *x, rt_tensor *out);

/// Hyperbolic sine.
/// Formula  m_sinh(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_sinh(const rt_tensor *x, rt_tensor **out);
/// rt_sinh into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_sinh and the rules above.
RT_API RT_NODISCARD rt_status rt_sinh_into(const rt_tensor *x, rt_tensor *out);

/// Hyperbolic cosine.
/// Formula  m_cosh(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_cosh(const rt_tensor *x, rt_tensor **out);
/// rt_cosh into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_cosh and the rules above.
RT_API RT_NODISCARD rt_status rt_cosh_into(const rt_tensor *x, rt_tensor *out);

/// Inverse of sinh.
/// Formula  m_asinh(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_asinh(const rt_tensor *x, rt_tensor **out);
/// rt_asinh into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_asinh and the rules above.
RT_API RT_NODISCARD rt_status rt_asinh_into(const rt_tensor *x, rt_tensor *out);

/// Inverse of cosh, 0 or above; NaN below 1.
/// Formula  m_acosh(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_acosh(const rt_tensor *x, rt_tensor **out);
/// rt_acosh into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_acosh and the rules above.
RT_API RT_NODISCARD rt_status rt_acosh_into(const rt_tensor *x, rt_tensor *out);

/// Inverse of tanh; 1 and -1 give infinities, NaN beyond.
/// Formula  m_atanh(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_atanh(const rt_tensor *x, rt_tensor **out);
/// rt_atanh into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_atanh and the rules above.
RT_API RT_NODISCARD rt_status rt_atanh_into(const rt_tensor *x, rt_tensor *out);

/// 1 - erf(x) without cancellation for large x.
/// Formula  m_erfc(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_erfc(const rt_tensor *x, rt_tensor **out);
/// rt_erfc into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_erfc and the rules above.
RT_API RT_NODISCARD rt_status rt_erfc_into(const rt_tensor *x, rt_tensor *out);

/// x times tanh(softplus(x)).
/// Formula  m_mish(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_mish(const rt_tensor *x, rt_tensor **out);
/// rt_mish into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_mish and the rules above.
RT_API RT_NODISCARD rt_status rt_mish_into(const rt_tensor *x, rt_tensor *out);

/// x / (1 + |x|); infinities give 1 and -1.
/// Formula  m_softsign(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_softsign(const rt_tensor *x, rt_tensor **out);
/// rt_softsign into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_softsign and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_softsign_into(const rt_tensor *x, rt_tensor *out);

/// scale times x, or scale times alpha (exp(x) - 1) where x < 0; scale 1.0507009873554805, alpha 1.6732632423543773.
/// Formula  m_selu(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_selu(const rt_tensor *x, rt_tensor **out);
/// rt_selu into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_selu and the rules above.
RT_API RT_NODISCARD rt_status rt_selu_into(const rt_tensor *x, rt_tensor *out);

/// x/6 + 1/2 held between 0 and 1, as in PyTorch (ONNX's HardSigmoid takes alpha and beta, usually 0.2 and 0.5).
/// Formula  m_div(m_min(m_max(m_add(x, T(3)), T(0)), T(6)), T(6))
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_hardsigmoid(const rt_tensor *x, rt_tensor **out);
/// rt_hardsigmoid into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_hardsigmoid and the
/// rules above.
RT_API RT_NODISCARD rt_status rt_hardsigmoid_into(const rt_tensor *x, rt_tensor *out);

/// x times hardsigmoid(x).
/// Formula  m_hardswish(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_hardswish(const rt_tensor *x, rt_tensor **out);
/// rt_hardswish into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_hardswish and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_hardswish_into(const rt_tensor *x, rt_tensor *out);

/// Real part; a float is its own.
/// Formula  m_real(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: the dtype of the parts of a complex one, else as x
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_real(const rt_tensor *x, rt_tensor **out);
/// rt_real into a given output, which stays yours: a float, as the result. Errors as rt_real and the rules above.
RT_API RT_NODISCARD rt_status rt_real_into(const rt_tensor *x, rt_tensor *out);

/// Imaginary part; 0 of a float.
/// Formula  m_imag(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: the dtype of the parts of a complex one, else as x
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_imag(const rt_tensor *x, rt_tensor **out);
/// rt_imag into a given output, which stays yours: a float, as the result. Errors as rt_imag and the rules above.
RT_API RT_NODISCARD rt_status rt_imag_into(const rt_tensor *x, rt_tensor *out);

/// Complex conjugate: the imaginary part changes its sign; a float is its own.
/// Formula  m_conj(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_conj(const rt_tensor *x, rt_tensor **out);
/// rt_conj into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_conj and the rules above.
RT_API RT_NODISCARD rt_status rt_conj_into(const rt_tensor *x, rt_tensor *out);

/// Angle in [-pi, pi] of a complex number, signs of zeros included; pi of a float with the sign bit, else 0, and NaN stays.
/// Formula  m_angle(x)
/// Shapes   x: any; out: as x
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: the dtype of the parts of a complex one, else as x
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_angle(const rt_tensor *x, rt_tensor **out);
/// rt_angle into a given output, which stays yours: a float, as the result. Errors as rt_angle and the rules above.
RT_API RT_NODISCARD rt_status rt_angle_into(const rt_tensor *x, rt_tensor *out);

// ---- Elementwise, one input and a parameter --------------------------------------------------------------------------------------------

/// x, or slope times x where x < 0.
/// Formula  m_select(m_lt(x, T(0)), m_mul(x, p), x), with p = slope rounded to that dtype (usually 0.01)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_leaky_relu(const rt_tensor *x, double slope, rt_tensor **out);
/// rt_leaky_relu into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_leaky_relu and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_leaky_relu_into(const rt_tensor *x, double slope, rt_tensor *out);

/// x, or alpha (exp(x) - 1) where x < 0.
/// Formula  m_select(m_lt(x, T(0)), m_mul(p, m_expm1(x)), x), with p = alpha rounded to that dtype (usually 1.0)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_elu(const rt_tensor *x, double alpha, rt_tensor **out);
/// rt_elu into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_elu and the rules above.
RT_API RT_NODISCARD rt_status rt_elu_into(const rt_tensor *x, double alpha, rt_tensor *out);

/// x, or alpha (exp(x / alpha) - 1) where x < 0.
/// Formula  m_select(m_lt(x, T(0)), m_celu(x, p), x), with p = alpha rounded to that dtype (usually 1.0)
/// Shapes   x: any; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_celu(const rt_tensor *x, double alpha, rt_tensor **out);
/// rt_celu into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_celu and the rules above.
RT_API RT_NODISCARD rt_status rt_celu_into(const rt_tensor *x, double alpha, rt_tensor *out);

// ---- Elementwise, two inputs -----------------------------------------------------------------------------------------------------------

/// a + b; integers wrap.
/// Formula  m_add(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   integers, floats and complex dtypes, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_add(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_add into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_add and the rules above.
RT_API RT_NODISCARD rt_status rt_add_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_add with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_add_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_add_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_add_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// a - b; integers wrap.
/// Formula  m_sub(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   integers, floats and complex dtypes, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_sub(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_sub into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_sub and the rules above.
RT_API RT_NODISCARD rt_status rt_sub_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_sub with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_sub_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_sub_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_sub_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// a times b; integers wrap.
/// Formula  m_mul(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   integers, floats and complex dtypes, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_mul(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_mul into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_mul and the rules above.
RT_API RT_NODISCARD rt_status rt_mul_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_mul with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_mul_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_mul_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_mul_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// a / b; integers are divided as f32.
/// Formula  m_div(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32), promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer
RT_API RT_NODISCARD rt_status rt_div(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_div into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_div and the rules above.
RT_API RT_NODISCARD rt_status rt_div_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_div with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_div_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_div_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_div_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// Quotient rounded towards minus infinity, exactly; integers: x/0 gives 0, smallest / -1 wraps.
/// Formula  m_floor_div(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   integers and floats, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for bool and complex dtypes
RT_API RT_NODISCARD rt_status rt_floor_div(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_floor_div into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_floor_div and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_floor_div_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_floor_div with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for bool and complex dtypes
RT_API RT_NODISCARD rt_status rt_floor_div_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_floor_div_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_floor_div_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// a - b floor(a/b), exactly: the sign of b (Python's %); integers: x % 0 gives x.
/// Formula  m_remainder(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   integers and floats, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for bool and complex dtypes
RT_API RT_NODISCARD rt_status rt_remainder(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_remainder into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_remainder and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_remainder_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_remainder with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for bool and complex dtypes
RT_API RT_NODISCARD rt_status rt_remainder_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_remainder_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_remainder_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// a - b trunc(a/b), exactly: the sign of a (C's fmod); integers: x % 0 gives x.
/// Formula  m_fmod(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   integers and floats, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for bool and complex dtypes
RT_API RT_NODISCARD rt_status rt_fmod(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_fmod into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_fmod and the rules above.
RT_API RT_NODISCARD rt_status rt_fmod_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_fmod with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for bool and complex dtypes
RT_API RT_NODISCARD rt_status rt_fmod_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_fmod_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_fmod_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// a to the b; integers wrap, a negative exponent gives 0 (1 and -1 aside).
/// Formula  m_pow(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   integers, floats and complex dtypes, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_pow(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_pow into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_pow and the rules above.
RT_API RT_NODISCARD rt_status rt_pow_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_pow with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for bool
RT_API RT_NODISCARD rt_status rt_pow_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_pow_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_pow_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// The smaller; NaN if either is, -0 below +0.
/// Formula  m_min(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   any real dtype, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_minimum(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_minimum into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_minimum and the rules above.
RT_API RT_NODISCARD rt_status rt_minimum_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_minimum with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_minimum_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_minimum_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_minimum_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// The larger; NaN if either is, +0 above -0.
/// Formula  m_max(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   any real dtype, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_maximum(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_maximum into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_maximum and the rules above.
RT_API RT_NODISCARD rt_status rt_maximum_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_maximum with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_maximum_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_maximum_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_maximum_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// The magnitude of a with the sign bit of b.
/// Formula  m_copysign(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   floats (bool and integers are converted to f32), promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_copysign(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_copysign into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_copysign and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_copysign_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_copysign with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_copysign_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_copysign_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_copysign_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// a == b.
/// Formula  m_eq(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   any, promoted to one dtype; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer
RT_API RT_NODISCARD rt_status rt_eq(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_eq into a given output, which stays yours: it is bool. Errors as rt_eq and the rules above.
RT_API RT_NODISCARD rt_status rt_eq_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_eq with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_eq_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_eq_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_eq_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// a != b (true for NaN).
/// Formula  m_ne(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   any, promoted to one dtype; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer
RT_API RT_NODISCARD rt_status rt_ne(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_ne into a given output, which stays yours: it is bool. Errors as rt_ne and the rules above.
RT_API RT_NODISCARD rt_status rt_ne_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_ne with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_ne_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_ne_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_ne_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// a < b.
/// Formula  m_lt(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   any real dtype, promoted to one dtype; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_lt(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_lt into a given output, which stays yours: it is bool. Errors as rt_lt and the rules above.
RT_API RT_NODISCARD rt_status rt_lt_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_lt with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_lt_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_lt_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_lt_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// a <= b.
/// Formula  m_le(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   any real dtype, promoted to one dtype; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_le(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_le into a given output, which stays yours: it is bool. Errors as rt_le and the rules above.
RT_API RT_NODISCARD rt_status rt_le_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_le with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_le_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_le_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_le_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// a > b.
/// Formula  m_lt(b, a)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   any real dtype, promoted to one dtype; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_gt(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_gt into a given output, which stays yours: it is bool. Errors as rt_gt and the rules above.
RT_API RT_NODISCARD rt_status rt_gt_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_gt with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_gt_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_gt_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_gt_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// a >= b.
/// Formula  m_le(b, a)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   any real dtype, promoted to one dtype; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_ge(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_ge into a given output, which stays yours: it is bool. Errors as rt_ge and the rules above.
RT_API RT_NODISCARD rt_status rt_ge_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_ge with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_ge_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_ge_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_ge_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// Are both non-zero?
/// Formula  m_and(m_ne(a, T(0)), m_ne(b, T(0)))
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   any, promoted to one dtype; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer
RT_API RT_NODISCARD rt_status rt_logical_and(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_logical_and into a given output, which stays yours: it is bool. Errors as rt_logical_and and the rules above.
RT_API RT_NODISCARD rt_status rt_logical_and_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_logical_and with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_logical_and_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_logical_and_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_logical_and_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// Is either non-zero?
/// Formula  m_or(m_ne(a, T(0)), m_ne(b, T(0)))
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   any, promoted to one dtype; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer
RT_API RT_NODISCARD rt_status rt_logical_or(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_logical_or into a given output, which stays yours: it is bool. Errors as rt_logical_or and the rules above.
RT_API RT_NODISCARD rt_status rt_logical_or_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_logical_or with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_logical_or_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_logical_or_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_logical_or_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// Is exactly one non-zero?
/// Formula  m_xor(m_ne(a, T(0)), m_ne(b, T(0)))
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   any, promoted to one dtype; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer
RT_API RT_NODISCARD rt_status rt_logical_xor(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_logical_xor into a given output, which stays yours: it is bool. Errors as rt_logical_xor and the rules above.
RT_API RT_NODISCARD rt_status rt_logical_xor_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_logical_xor with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_logical_xor_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_logical_xor_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_logical_xor_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// Bits set in both.
/// Formula  m_bit_and(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   integers and bool, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for floats and complex
///          dtypes
RT_API RT_NODISCARD rt_status rt_bitwise_and(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_bitwise_and into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_bitwise_and and the
/// rules above.
RT_API RT_NODISCARD rt_status rt_bitwise_and_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_bitwise_and with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for floats and complex dtypes
RT_API RT_NODISCARD rt_status rt_bitwise_and_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_bitwise_and_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_bitwise_and_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// Bits set in either.
/// Formula  m_bit_or(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   integers and bool, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for floats and complex
///          dtypes
RT_API RT_NODISCARD rt_status rt_bitwise_or(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_bitwise_or into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_bitwise_or and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_bitwise_or_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_bitwise_or with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for floats and complex dtypes
RT_API RT_NODISCARD rt_status rt_bitwise_or_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_bitwise_or_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_bitwise_or_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// Bits set in exactly one.
/// Formula  m_bit_xor(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   integers and bool, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for floats and complex
///          dtypes
RT_API RT_NODISCARD rt_status rt_bitwise_xor(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_bitwise_xor into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_bitwise_xor and the
/// rules above.
RT_API RT_NODISCARD rt_status rt_bitwise_xor_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_bitwise_xor with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for floats and complex dtypes
RT_API RT_NODISCARD rt_status rt_bitwise_xor_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_bitwise_xor_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_bitwise_xor_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// a shifted left by b bits; 0 when b is negative or at least the width.
/// Formula  m_shl(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   integers, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for bool, floats and
///          complex dtypes
RT_API RT_NODISCARD rt_status rt_shift_left(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_shift_left into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_shift_left and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_shift_left_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_shift_left with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for bool, floats and complex dtypes
RT_API RT_NODISCARD rt_status rt_shift_left_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_shift_left_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_shift_left_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// a shifted right by b bits, filled with the sign; all sign when b is negative or at least the width.
/// Formula  m_shr(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   integers, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for bool, floats and
///          complex dtypes
RT_API RT_NODISCARD rt_status rt_shift_right(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_shift_right into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_shift_right and the
/// rules above.
RT_API RT_NODISCARD rt_status rt_shift_right_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_shift_right with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for bool, floats and complex dtypes
RT_API RT_NODISCARD rt_status rt_shift_right_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_shift_right_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_shift_right_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// Angle in [-pi, pi] of the point (b, a): atan(a / b) in the right quadrant, signs of zeros included.
/// Formula  m_atan2(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   floats (bool and integers are converted to f32), promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_atan2(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_atan2 into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_atan2 and the rules above.
RT_API RT_NODISCARD rt_status rt_atan2_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_atan2 with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_atan2_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_atan2_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_atan2_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// sqrt(a^2 + b^2) without overflow on the way; an infinity wins over NaN.
/// Formula  m_hypot(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   floats (bool and integers are converted to f32), promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_hypot(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_hypot into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_hypot and the rules above.
RT_API RT_NODISCARD rt_status rt_hypot_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_hypot with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_hypot_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_hypot_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_hypot_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// The number of the dtype next to a on the way to b; b when they are equal.
/// Formula  m_nextafter(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   floats (bool and integers are converted to f32), promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_nextafter(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_nextafter into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_nextafter and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_nextafter_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_nextafter with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_nextafter_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_nextafter_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_nextafter_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// log(exp(a) + exp(b)) without overflow; close to 0 the bound is in ulp of max(a, b).
/// Formula  m_logaddexp(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   floats (bool and integers are converted to f32), promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_logaddexp(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_logaddexp into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_logaddexp and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_logaddexp_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_logaddexp with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_logaddexp_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_logaddexp_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_logaddexp_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

/// The complex number of real part a and imaginary part b.
/// Formula  m_complex(a, b)
/// Shapes   a, b: any that broadcast; out: the broadcast shape
/// Dtypes   floats (bool and integers are converted to f32), promoted to one dtype; out: c128 for f64, else c64
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_complex(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_complex into a given output, which stays yours: it is c128 for f64, else c64. Errors as rt_complex and the rules above.
RT_API RT_NODISCARD rt_status rt_complex_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);
/// rt_complex with a number for b, which takes the dtype of a unless its kind is higher; out: the shape of a, a new reference.
/// Errors   RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_complex_scalar(const rt_tensor *a, rt_scalar b, rt_tensor **out);
/// rt_complex_scalar into a given output, which stays yours.
RT_API RT_NODISCARD rt_status rt_complex_scalar_into(const rt_tensor *a, rt_scalar b, rt_tensor *out);

// ---- Elementwise, three inputs ---------------------------------------------------------------------------------------------------------

/// a held between b and c: min(max(a, b), c); NaN if any is.
/// Formula  m_min(m_max(a, b), c)
/// Shapes   a, b, c: any that broadcast; out: the broadcast shape
/// Dtypes   integers and floats, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for bool and complex dtypes
RT_API RT_NODISCARD rt_status rt_clamp(const rt_tensor *a, const rt_tensor *b, const rt_tensor *c, rt_tensor **out);
/// rt_clamp into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_clamp and the rules above.
RT_API RT_NODISCARD rt_status rt_clamp_into(const rt_tensor *a, const rt_tensor *b, const rt_tensor *c, rt_tensor *out);

/// a times b plus c, rounded once.
/// Formula  m_fma(a, b, c)
/// Shapes   a, b, c: any that broadcast; out: the broadcast shape
/// Dtypes   floats (bool and integers are converted to f32), promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_fma(const rt_tensor *a, const rt_tensor *b, const rt_tensor *c, rt_tensor **out);
/// rt_fma into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_fma and the rules above.
RT_API RT_NODISCARD rt_status rt_fma_into(const rt_tensor *a, const rt_tensor *b, const rt_tensor *c, rt_tensor *out);

/// a (1 - c) + c b: a where c is 0, b where it is 1, for finite numbers; close to 0 the bound is in ulp of the larger of the two terms.
/// Formula  m_fma(c, b, m_fma(m_neg(c), a, a))
/// Shapes   a, b, c: any that broadcast; out: the broadcast shape
/// Dtypes   floats (bool and integers are converted to f32), promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for u64 with a signed integer; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_lerp(const rt_tensor *a, const rt_tensor *b, const rt_tensor *c, rt_tensor **out);
/// rt_lerp into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_lerp and the rules above.
RT_API RT_NODISCARD rt_status rt_lerp_into(const rt_tensor *a, const rt_tensor *b, const rt_tensor *c, rt_tensor *out);

// ---- Reductions ------------------------------------------------------------------------------------------------------------------------

/// Sum; integers wrap; the sum over nothing is 0.
/// Formula  acc = T(0); for each x: acc = m_add(acc, x); out = acc
/// Shapes   x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes
/// Dtypes   any; out: `dtype`; with RT_DTYPE_NONE i64 for bool and signed integers, u64 for unsigned ones, the same for floats and
///          complex dtypes
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a repeated or out-of-range axis; RT_E_ARGUMENT for a `dtype` that is none
RT_API RT_NODISCARD rt_status rt_sum(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_dtype dtype, rt_tensor **out);
/// rt_sum into a given output, which stays yours: its dtype is the one asked for. Errors as rt_sum and the rules above.
RT_API RT_NODISCARD rt_status rt_sum_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor *out);

/// Product; integers wrap; the product over nothing is 1.
/// Formula  acc = T(1); for each x: acc = m_mul(acc, x); out = acc
/// Shapes   x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes
/// Dtypes   any; out: `dtype`; with RT_DTYPE_NONE i64 for bool and signed integers, u64 for unsigned ones, the same for floats and
///          complex dtypes
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a repeated or out-of-range axis; RT_E_ARGUMENT for a `dtype` that is none
RT_API RT_NODISCARD rt_status rt_prod(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_dtype dtype, rt_tensor **out);
/// rt_prod into a given output, which stays yours: its dtype is the one asked for. Errors as rt_prod and the rules above.
RT_API RT_NODISCARD rt_status rt_prod_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor *out);

/// Arithmetic mean; the mean over nothing is NaN.
/// Formula  acc = T(0); for each x: acc = m_add(acc, x); out = m_div(acc, T(n))
/// Shapes   x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a repeated or out-of-range axis
RT_API RT_NODISCARD rt_status rt_mean(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor **out);
/// rt_mean into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_mean and the rules above.
RT_API RT_NODISCARD rt_status rt_mean_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor *out);

/// Largest element; NaN if any is.
/// Formula  acc = m_lowest(); for each x: acc = m_max(acc, x); out = acc
/// Shapes   x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes
/// Dtypes   any real dtype; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a repeated or out-of-range axis; RT_E_SHAPE over no elements; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_max(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor **out);
/// rt_max into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_max and the rules above.
RT_API RT_NODISCARD rt_status rt_max_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor *out);

/// Smallest element; NaN if any is.
/// Formula  acc = m_highest(); for each x: acc = m_min(acc, x); out = acc
/// Shapes   x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes
/// Dtypes   any real dtype; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a repeated or out-of-range axis; RT_E_SHAPE over no elements; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_min(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor **out);
/// rt_min into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_min and the rules above.
RT_API RT_NODISCARD rt_status rt_min_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor *out);

/// Is any element non-zero? false over nothing.
/// Formula  acc = T(0); for each x: acc = m_or(acc, m_ne(x, T(0))); out = acc
/// Shapes   x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes
/// Dtypes   any; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a repeated or out-of-range axis
RT_API RT_NODISCARD rt_status rt_any(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor **out);
/// rt_any into a given output, which stays yours: it is bool. Errors as rt_any and the rules above.
RT_API RT_NODISCARD rt_status rt_any_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor *out);

/// Are all elements non-zero? true over nothing.
/// Formula  acc = T(1); for each x: acc = m_and(acc, m_ne(x, T(0))); out = acc
/// Shapes   x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes
/// Dtypes   any; out: bool
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a repeated or out-of-range axis
RT_API RT_NODISCARD rt_status rt_all(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor **out);
/// rt_all into a given output, which stays yours: it is bool. Errors as rt_all and the rules above.
RT_API RT_NODISCARD rt_status rt_all_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor *out);

// ---- Index of an extreme element -------------------------------------------------------------------------------------------------------

/// Index of the largest element; the lowest index wins a tie, the first NaN wins over all.
/// Formula  x replaces best where m_arg_gt(x, best)
/// Shapes   x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes
/// Dtypes   any real dtype; out: i64
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a repeated or out-of-range axis; RT_E_SHAPE over no elements; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_argmax(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor **out);
/// rt_argmax into a given output, which stays yours: it is i64. Errors as rt_argmax and the rules above.
RT_API RT_NODISCARD rt_status rt_argmax_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor *out);

/// Index of the smallest element; the lowest index wins a tie, the first NaN wins over all.
/// Formula  x replaces best where m_arg_lt(x, best)
/// Shapes   x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes
/// Dtypes   any real dtype; out: i64
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a repeated or out-of-range axis; RT_E_SHAPE over no elements; RT_E_DTYPE for complex dtypes
RT_API RT_NODISCARD rt_status rt_argmin(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor **out);
/// rt_argmin into a given output, which stays yours: it is i64. Errors as rt_argmin and the rules above.
RT_API RT_NODISCARD rt_status rt_argmin_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor *out);

// ---- Operations with a shape rule of their own -----------------------------------------------------------------------------------------

/// The same values in storage of their own, in C order.
/// Shapes   x: any; out: as x
/// Dtypes   any; out: as x
/// Owner    *out is a new reference; release it
/// Errors   the common ones
RT_API RT_NODISCARD rt_status rt_copy(const rt_tensor *x, rt_tensor **out);
/// rt_copy into a given output, which stays yours: x is broadcast to its shape and converted to its dtype. Errors as rt_copy and the
/// rules above.
RT_API RT_NODISCARD rt_status rt_copy_into(const rt_tensor *x, rt_tensor *out);

/// The values in another dtype: floats round to nearest even; float to integer truncates, saturates and NaN gives 0; integer to integer
/// wraps; anything but 0 is true; complex to real is an error (rt_real, rt_imag and rt_abs say which).
/// Shapes   x: any; out: as x
/// Dtypes   x: any; out: `dtype`
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a `dtype` that is none; RT_E_DTYPE from complex to real
RT_API RT_NODISCARD rt_status rt_cast(const rt_tensor *x, rt_dtype dtype, rt_tensor **out);
/// rt_cast into a given output, which stays yours: x is broadcast to its shape and converted to its dtype. Errors as rt_cast and the
/// rules above.
RT_API RT_NODISCARD rt_status rt_cast_into(const rt_tensor *x, rt_tensor *out);

/// A tensor filled with one value (converted as cast converts).
/// Shapes   out: `shape`, `rank` extents >= 0
/// Dtypes   any; out: `dtype`
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a `dtype` that is none; RT_E_SHAPE for a negative extent or too many bytes
RT_API RT_NODISCARD rt_status rt_full(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_scalar value, rt_tensor **out);
/// rt_full into a given output, which stays yours: its dtype is the one asked for. Errors as rt_full and the rules above.
RT_API RT_NODISCARD rt_status rt_full_into(rt_scalar value, rt_tensor *out);

/// 1-d: start + i step (real numbers) for each i in [0, ceil((stop - start) / step)); computed in i64 (u64) for integers, as fma in f64
/// for floats, then rounded once.
/// Shapes   out: [ceil((stop - start) / step)], 0 when that is negative
/// Dtypes   integers, floats and complex dtypes; out: `dtype`
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a `dtype` that is none; RT_E_DTYPE for bool; RT_E_ARGUMENT for a step of 0 or bounds that are not finite;
///          RT_E_DTYPE for a float bound with an integer dtype
RT_API RT_NODISCARD rt_status rt_arange(rt_ctx *ctx, rt_dtype dtype, rt_scalar start, rt_scalar stop, rt_scalar step, rt_tensor **out);
/// rt_arange into a given output, which stays yours: it has one axis, whose extent says how many. Errors as rt_arange and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_arange_into(rt_scalar start, rt_scalar step, rt_tensor *out);

/// Uniform numbers from low to high, from Philox 4x32-10: element i depends on (seed, stream, i) alone.
/// Shapes   out: `shape`, `rank` extents >= 0
/// Dtypes   `dtype`: a float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a `dtype` that is none; RT_E_DTYPE for one that is no float; RT_E_SHAPE for a negative extent or too many
///          bytes; RT_E_ARGUMENT when low > high or one is not finite
RT_API RT_NODISCARD rt_status rt_random_uniform(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, uint64_t seed,
    uint64_t stream, double low, double high, rt_tensor **out);
/// rt_random_uniform into a given output, which stays yours: its dtype is the one asked for. Errors as rt_random_uniform and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_random_uniform_into(uint64_t seed, uint64_t stream, double low, double high, rt_tensor *out);

/// Normal numbers by Box and Muller from Philox 4x32-10: element i depends on (seed, stream, i) alone.
/// Shapes   out: `shape`, `rank` extents >= 0
/// Dtypes   `dtype`: a float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a `dtype` that is none; RT_E_DTYPE for one that is no float; RT_E_SHAPE for a negative extent or too many
///          bytes; RT_E_ARGUMENT when std < 0 or one is not finite
RT_API RT_NODISCARD rt_status rt_random_normal(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, uint64_t seed,
    uint64_t stream, double mean, double std, rt_tensor **out);
/// rt_random_normal into a given output, which stays yours: its dtype is the one asked for. Errors as rt_random_normal and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_random_normal_into(uint64_t seed, uint64_t stream, double mean, double std, rt_tensor *out);

/// a where condition (bool) is true, else b; all three broadcast.
/// Shapes   inputs: any that broadcast; out: the broadcast shape
/// Dtypes   condition: bool; a and b: any, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE when condition is not bool
RT_API RT_NODISCARD rt_status rt_where(const rt_tensor *condition, const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_where into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_where and the rules above.
RT_API RT_NODISCARD rt_status rt_where_into(const rt_tensor *condition, const rt_tensor *a, const rt_tensor *b, rt_tensor *out);

/// Slices of x along axis, chosen by integer indices in [-n, n): shape x[:axis] + indices + x[axis+1:].
/// Shapes   x: rank >= 1; indices: any; out: x[:axis] + indices + x[axis+1:]
/// Dtypes   x: any; indices: any integer; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for an axis that is out of range; RT_E_DTYPE for indices that are no integers; RT_E_INDEX names the first index
///          that is out of range (an asynchronous device reports it when it gets there)
RT_API RT_NODISCARD rt_status rt_gather(const rt_tensor *x, const rt_tensor *indices, int32_t axis, rt_tensor **out);
/// rt_gather into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_gather and the rules above.
RT_API RT_NODISCARD rt_status rt_gather_into(const rt_tensor *x, const rt_tensor *indices, int32_t axis, rt_tensor *out);

/// Matrix product over the last two axes, batch axes broadcast; a 1-d operand is a row (a) or a column (b) whose axis goes away.
/// Shapes   a: [..., M, K] or [K]; b: [..., K, N] or [K]; out: [..., M, N] without the axis of a 1-d operand
/// Dtypes   integers, floats and complex dtypes, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool; RT_E_SHAPE for rank 0, for K that differs, for batch axes that do not broadcast
RT_API RT_NODISCARD rt_status rt_matmul(const rt_tensor *a, const rt_tensor *b, rt_tensor **out);
/// rt_matmul into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_matmul and the rules above.
RT_API RT_NODISCARD rt_status rt_matmul_into(const rt_tensor *a, const rt_tensor *b, rt_tensor *out);

/// Convolution (cross-correlation) of x [N,C,...] with weight [M,C/groups,...] over 1 to 3 spatial axes, plus bias [M] when not NULL.
/// Shapes   x: [N, C, 1 to 3 spatial axes]; weight: [M, C/groups, window]; bias: [M] or NULL; out: [N, M, floor((extent + pads - dilation
///          (window - 1) - 1) / stride) + 1 each]
/// Dtypes   floats (bool and integers are converted to f32), promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes; RT_E_SHAPE when these do not fit each other or the window is larger than the padded input;
///          RT_E_ARGUMENT for negative numbers in window
RT_API RT_NODISCARD rt_status rt_conv(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *bias, const rt_window *window,
    rt_tensor **out);
/// rt_conv into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_conv and the rules above.
RT_API RT_NODISCARD rt_status rt_conv_into(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *bias, const rt_window *window,
    rt_tensor *out);

/// Largest element of each window of x [N,C,...] over 1 to 3 spatial axes; padding never wins; NaN if any is.
/// Shapes   x: [N, C, 1 to 3 spatial axes]; out: [N, C, floor((extent + pads - dilation (window - 1) - 1) / stride) + 1 each], ceil with
///          ceil_mode
/// Dtypes   integers and floats; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool and complex dtypes; RT_E_SHAPE when a window is larger than the padded input; RT_E_ARGUMENT for window
///          (NULL, a size of 0, negative numbers, a pad that a whole window fits into)
RT_API RT_NODISCARD rt_status rt_max_pool(const rt_tensor *x, const rt_window *window, rt_tensor **out);
/// rt_max_pool into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_max_pool and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_max_pool_into(const rt_tensor *x, const rt_window *window, rt_tensor *out);

/// Mean of each window of x [N,C,...] over 1 to 3 spatial axes.
/// Shapes   as rt_max_pool
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes; as rt_max_pool
RT_API RT_NODISCARD rt_status rt_avg_pool(const rt_tensor *x, const rt_window *window, rt_tensor **out);
/// rt_avg_pool into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_avg_pool and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_avg_pool_into(const rt_tensor *x, const rt_window *window, rt_tensor *out);

/// exp(x - max) / sum of exp(x - max) along one axis; a row of -infinity gives NaN.
/// Shapes   x: rank >= 1; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes; RT_E_ARGUMENT for an axis that is out of range
RT_API RT_NODISCARD rt_status rt_softmax(const rt_tensor *x, int32_t axis, rt_tensor **out);
/// rt_softmax into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_softmax and the rules above.
RT_API RT_NODISCARD rt_status rt_softmax_into(const rt_tensor *x, int32_t axis, rt_tensor *out);

/// x - max - log(sum of exp(x - max)) along one axis.
/// Shapes   x: rank >= 1; out: as x
/// Dtypes   floats (bool and integers are converted to f32); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes; RT_E_ARGUMENT for an axis that is out of range
RT_API RT_NODISCARD rt_status rt_log_softmax(const rt_tensor *x, int32_t axis, rt_tensor **out);
/// rt_log_softmax into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_log_softmax and the
/// rules above.
RT_API RT_NODISCARD rt_status rt_log_softmax_into(const rt_tensor *x, int32_t axis, rt_tensor *out);

/// Running sums along one axis: element i is the sum of x up to and with i; integers wrap.
/// Shapes   x: rank >= 1; out: as x
/// Dtypes   any; out: `dtype`; with RT_DTYPE_NONE i64 for bool and signed integers, u64 for unsigned ones, the same for floats and
///          complex dtypes
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a `dtype` that is none; RT_E_ARGUMENT for an axis that is out of range
RT_API RT_NODISCARD rt_status rt_cumsum(const rt_tensor *x, int32_t axis, rt_dtype dtype, rt_tensor **out);
/// rt_cumsum into a given output, which stays yours: its dtype is the one asked for. Errors as rt_cumsum and the rules above.
RT_API RT_NODISCARD rt_status rt_cumsum_into(const rt_tensor *x, int32_t axis, rt_tensor *out);

/// Running products along one axis: element i is the product of x up to and with i; integers wrap.
/// Shapes   x: rank >= 1; out: as x
/// Dtypes   any; out: `dtype`; with RT_DTYPE_NONE i64 for bool and signed integers, u64 for unsigned ones, the same for floats and
///          complex dtypes
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a `dtype` that is none; RT_E_ARGUMENT for an axis that is out of range
RT_API RT_NODISCARD rt_status rt_cumprod(const rt_tensor *x, int32_t axis, rt_dtype dtype, rt_tensor **out);
/// rt_cumprod into a given output, which stays yours: its dtype is the one asked for. Errors as rt_cumprod and the rules above.
RT_API RT_NODISCARD rt_status rt_cumprod_into(const rt_tensor *x, int32_t axis, rt_tensor *out);

/// Elements of x: each takes its position from the output, but along axis from indices, in [-n, n).
/// Shapes   x: rank >= 1; indices: of that rank, no longer than x except along axis; out: as indices
/// Dtypes   x: any; indices: any integer; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for an axis that is out of range; RT_E_SHAPE when indices do not fit to x; RT_E_DTYPE for indices that are no
///          integers; RT_E_INDEX names the first index that is out of range (an asynchronous device reports it when it gets there)
RT_API RT_NODISCARD rt_status rt_take_along(const rt_tensor *x, const rt_tensor *indices, int32_t axis, rt_tensor **out);
/// rt_take_along into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_take_along and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_take_along_into(const rt_tensor *x, const rt_tensor *indices, int32_t axis, rt_tensor *out);

/// The elements along one axis in order; equal ones (-0 and +0 too) stay in the order they have; NaN counts as the largest.
/// Shapes   x: rank >= 1; out: as x
/// Dtypes   any real dtype; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes; RT_E_ARGUMENT for an axis that is out of range
RT_API RT_NODISCARD rt_status rt_sort(const rt_tensor *x, int32_t axis, bool descending, rt_tensor **out);
/// rt_sort into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_sort and the rules above.
RT_API RT_NODISCARD rt_status rt_sort_into(const rt_tensor *x, int32_t axis, bool descending, rt_tensor *out);

/// Where the elements of rt_sort come from: indices along the axis.
/// Shapes   x: rank >= 1; out: as x
/// Dtypes   any real dtype; out: i64
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes; RT_E_ARGUMENT for an axis that is out of range
RT_API RT_NODISCARD rt_status rt_argsort(const rt_tensor *x, int32_t axis, bool descending, rt_tensor **out);
/// rt_argsort into a given output, which stays yours: it is i64. Errors as rt_argsort and the rules above.
RT_API RT_NODISCARD rt_status rt_argsort_into(const rt_tensor *x, int32_t axis, bool descending, rt_tensor *out);

/// How many elements of sorted (1-d, in the ascending order of rt_sort) are below each value; with right: not above it.
/// Shapes   sorted: 1-d; values: any; out: as values
/// Dtypes   any real dtype, promoted to one dtype; out: i64
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes; RT_E_SHAPE when sorted is not 1-d
RT_API RT_NODISCARD rt_status rt_searchsorted(const rt_tensor *sorted, const rt_tensor *values, bool right, rt_tensor **out);
/// rt_searchsorted into a given output, which stays yours: it is i64. Errors as rt_searchsorted and the rules above.
RT_API RT_NODISCARD rt_status rt_searchsorted_into(const rt_tensor *sorted, const rt_tensor *values, bool right, rt_tensor *out);

/// x with elements replaced by updates, or combined with them: each update takes its position from indices' own, but along axis from its
/// value, in [-n, n); in C order of indices, so that of several with one target the last replaces; a sum is rounded at every step.
/// Shapes   x: rank >= 1; indices: of that rank, no longer than x except along axis; updates: broadcasts to indices; out: as x
/// Dtypes   x and updates: any, promoted to one dtype (no bool with ADD and MUL); indices: any integer; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for an axis that is out of range and a mode that is none; RT_E_SHAPE when these do not fit; RT_E_DTYPE for
///          indices that are no integers; RT_E_INDEX names the first index that is out of range, before anything is written (an
///          asynchronous device reports it when it gets there)
RT_API RT_NODISCARD rt_status rt_scatter(const rt_tensor *x, const rt_tensor *indices, const rt_tensor *updates, int32_t axis,
    rt_scatter_mode mode, rt_tensor **out);
/// rt_scatter into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_scatter and the rules above.
RT_API RT_NODISCARD rt_status rt_scatter_into(const rt_tensor *x, const rt_tensor *indices, const rt_tensor *updates, int32_t axis,
    rt_scatter_mode mode, rt_tensor *out);

/// x with slices replaced by those of updates, or combined with them: the last axis of indices holds the first k coordinates of a slice,
/// each in [-n, n); in C order of indices.
/// Shapes   x: any; indices: [..., k], 1 <= k <= rank of x; updates: broadcasts to indices.shape[:-1] + x.shape[k:]; out: as x
/// Dtypes   x and updates: any, promoted to one dtype (no bool with ADD and MUL); indices: any integer; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   as rt_scatter
RT_API RT_NODISCARD rt_status rt_scatter_nd(const rt_tensor *x, const rt_tensor *indices, const rt_tensor *updates, rt_scatter_mode mode,
    rt_tensor **out);
/// rt_scatter_nd into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_scatter_nd and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_scatter_nd_into(const rt_tensor *x, const rt_tensor *indices, const rt_tensor *updates,
    rt_scatter_mode mode, rt_tensor *out);

/// Slices of x: the last axis of indices holds k coordinates, each in [-n, n), for the k axes after the first batch_axes, which both have
/// in common.
/// Shapes   x: any; indices: [..., k], 1 <= k <= rank of x - batch_axes, the first batch_axes extents equal; out: indices.shape[:-1] +
///          x.shape[batch_axes+k:]
/// Dtypes   x: any; indices: any integer; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when these do not fit; RT_E_ARGUMENT for a negative batch_axes; RT_E_DTYPE and RT_E_INDEX as rt_gather
RT_API RT_NODISCARD rt_status rt_gather_nd(const rt_tensor *x, const rt_tensor *indices, int32_t batch_axes, rt_tensor **out);
/// rt_gather_nd into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_gather_nd and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_gather_nd_into(const rt_tensor *x, const rt_tensor *indices, int32_t batch_axes, rt_tensor *out);

/// Where x is not zero (NaN is not): the coordinates of those elements in C order, one row per axis of x and one column per element.
/// Waits for x, to count them.
/// Shapes   x: any; out: [rank of x, elements that are not zero]
/// Dtypes   any; out: i64
/// Owner    *out is a new reference; release it
/// Errors   what computing x failed with
RT_API RT_NODISCARD rt_status rt_nonzero(const rt_tensor *x, rt_tensor **out);
/// rt_nonzero into a given output, which stays yours: it is i64. Errors as rt_nonzero and the rules above.
RT_API RT_NODISCARD rt_status rt_nonzero_into(const rt_tensor *x, rt_tensor *out);

/// Transposed convolution over 1 to 3 spatial axes: element i of x [N,C,...] adds itself times weight [C,M/groups,...] to the output from
/// i stride - pad_lo on, a tap every dilation; plus bias [M] when not NULL.
/// Shapes   x: [N, C, 1 to 3 spatial axes]; weight: [C, M/groups, window]; bias: [M] or NULL; out: [N, M, (extent - 1) stride + dilation
///          (window - 1) + 1 + output_pad - pad_lo - pad_hi each]
/// Dtypes   floats (bool and integers are converted to f32), promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes; RT_E_SHAPE when these do not fit each other or the pads take more than there is; RT_E_ARGUMENT
///          for negative numbers in window
RT_API RT_NODISCARD rt_status rt_conv_transpose(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *bias, const rt_window *window,
    rt_tensor **out);
/// rt_conv_transpose into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_conv_transpose and
/// the rules above.
RT_API RT_NODISCARD rt_status rt_conv_transpose_into(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *bias,
    const rt_window *window, rt_tensor *out);

/// Where rt_max_pool finds its elements: index in C order within the spatial axes of x; the lowest of equal ones, the first NaN; -1 for a
/// window that sees only padding.
/// Shapes   as rt_max_pool
/// Dtypes   x: integers and floats; out: i64
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool and complex dtypes; as rt_max_pool
RT_API RT_NODISCARD rt_status rt_max_pool_indices(const rt_tensor *x, const rt_window *window, rt_tensor **out);
/// rt_max_pool_indices into a given output, which stays yours: it is i64. Errors as rt_max_pool_indices and the rules above.
RT_API RT_NODISCARD rt_status rt_max_pool_indices_into(const rt_tensor *x, const rt_window *window, rt_tensor *out);

/// (x - mean) / sqrt(variance + eps) over any axes, times weight, plus bias (NULL: without); the variance is that of a population.
/// Shapes   x: any; weight, bias: any that broadcasts to x; out: as x; NULL axes means all of them
/// Dtypes   floats (bool and integers are converted to f32), promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes; RT_E_ARGUMENT for a repeated or out-of-range axis, and an eps that is negative or not finite;
///          RT_E_SHAPE when weight or bias does not broadcast to x
RT_API RT_NODISCARD rt_status rt_layer_norm(const rt_tensor *x, const rt_axes *axes, const rt_tensor *weight, const rt_tensor *bias,
    double eps, rt_tensor **out);
/// rt_layer_norm into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_layer_norm and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_layer_norm_into(const rt_tensor *x, const rt_axes *axes, const rt_tensor *weight, const rt_tensor *bias,
    double eps, rt_tensor *out);

/// x / sqrt(mean of x^2 + eps) over any axes, times weight (NULL: without).
/// Shapes   x: any; weight: any that broadcasts to x; out: as x; NULL axes means all of them
/// Dtypes   floats (bool and integers are converted to f32), promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes; as rt_layer_norm
RT_API RT_NODISCARD rt_status rt_rms_norm(const rt_tensor *x, const rt_axes *axes, const rt_tensor *weight, double eps, rt_tensor **out);
/// rt_rms_norm into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_rms_norm and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_rms_norm_into(const rt_tensor *x, const rt_axes *axes, const rt_tensor *weight, double eps,
    rt_tensor *out);

/// (x - mean) / sqrt(variance + eps), times weight, plus bias (NULL: without), with one number each per channel along axis; mean and
/// variance NULL: those of x over all other axes, as in training.
/// Shapes   x: rank >= 1; the others: [x.shape[axis]]; out: as x
/// Dtypes   floats (bool and integers are converted to f32), promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for complex dtypes; RT_E_ARGUMENT for an axis that is out of range,
///          an eps that is negative or not finite, and one of mean and variance without the other; RT_E_SHAPE for another number of
///          channels
RT_API RT_NODISCARD rt_status rt_batch_norm(const rt_tensor *x, const rt_tensor *mean, const rt_tensor *variance, const rt_tensor *weight,
    const rt_tensor *bias, int32_t axis, double eps, rt_tensor **out);
/// rt_batch_norm into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_batch_norm and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_batch_norm_into(const rt_tensor *x, const rt_tensor *mean, const rt_tensor *variance,
    const rt_tensor *weight, const rt_tensor *bias, int32_t axis, double eps, rt_tensor *out);

/// x / scale rounded to its dtype (halves: to f32), then to the nearest integer with ties to even, plus zero_point when not NULL,
/// saturated; NaN gives 0.
/// Shapes   x: any; scale and zero_point: one element, or 1-d with one per position of axis, or any shape that broadcasts to x (axis is
///          read only for 1-d); out: as x
/// Dtypes   x and scale: floats, promoted to one dtype (integers are converted to f32); zero_point: the dtype of out; out: `to`, an
///          integer of at most 32 bits; with RT_DTYPE_NONE that of zero_point, u8 without one
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for complex dtypes; RT_E_ARGUMENT for an axis that is out of range;
///          RT_E_DTYPE for any other `to` or zero_point
RT_API RT_NODISCARD rt_status rt_quantize(const rt_tensor *x, const rt_tensor *scale, const rt_tensor *zero_point, int32_t axis,
    rt_dtype to, rt_tensor **out);
/// rt_quantize into a given output, which stays yours: it has the shape of the result, and its dtype stands for `to`. Errors as
/// rt_quantize and the rules above.
RT_API RT_NODISCARD rt_status rt_quantize_into(const rt_tensor *x, const rt_tensor *scale, const rt_tensor *zero_point, int32_t axis,
    rt_tensor *out);

/// (x - zero_point) times scale, rounded once; zero_point is 0 when NULL.
/// Shapes   x: any; scale and zero_point: one element, or 1-d with one per position of axis, or any shape that broadcasts to x (axis is
///          read only for 1-d); out: as x
/// Dtypes   x: an integer of at most 32 bits; zero_point: as x; scale: a float; out: as scale
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_DTYPE for bool, floats and complex dtypes; RT_E_ARGUMENT for an axis that
///          is out of range; RT_E_DTYPE for any other x, scale or zero_point
RT_API RT_NODISCARD rt_status rt_dequantize(const rt_tensor *x, const rt_tensor *scale, const rt_tensor *zero_point, int32_t axis,
    rt_tensor **out);
/// rt_dequantize into a given output, which stays yours: it has the shape of x and the dtype of scale. Errors as rt_dequantize and the
/// rules above.
RT_API RT_NODISCARD rt_status rt_dequantize_into(const rt_tensor *x, const rt_tensor *scale, const rt_tensor *zero_point, int32_t axis,
    rt_tensor *out);

/// Matrix product of (a - a_zero) and (b - b_zero) in i32, which wraps; as rt_matmul for the rest; a zero point that is NULL is 0.
/// Shapes   a, b and out: as rt_matmul; a_zero: one element, [M], or what broadcasts to [..., M, 1]; b_zero: one element, [N], or what
///          broadcasts to [..., 1, N]
/// Dtypes   a, b: i8 or u8 each; a_zero: as a; b_zero: as b; out: i32
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool, floats and complex dtypes; RT_E_SHAPE as rt_matmul, and for zero points of another shape; RT_E_DTYPE for
///          any other dtype
RT_API RT_NODISCARD rt_status rt_matmul_integer(const rt_tensor *a, const rt_tensor *b, const rt_tensor *a_zero, const rt_tensor *b_zero,
    rt_tensor **out);
/// rt_matmul_integer into a given output, which stays yours: it has the shape of the result and is i32. Errors as rt_matmul_integer and
/// the rules above.
RT_API RT_NODISCARD rt_status rt_matmul_integer_into(const rt_tensor *a, const rt_tensor *b, const rt_tensor *a_zero,
    const rt_tensor *b_zero, rt_tensor *out);

/// Convolution of (x - x_zero) with (weight - weight_zero) in i32, which wraps; as rt_conv for the rest; a zero point that is NULL is 0.
/// Shapes   x, weight and out: as rt_conv; x_zero: one element; weight_zero: one element or [M]
/// Dtypes   x, weight: i8 or u8 each; x_zero: as x; weight_zero: as weight; out: i32
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for bool, floats and complex dtypes; RT_E_SHAPE and RT_E_ARGUMENT as rt_conv, and RT_E_SHAPE for zero points of
///          another shape; RT_E_DTYPE for any other dtype
RT_API RT_NODISCARD rt_status rt_conv_integer(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *x_zero,
    const rt_tensor *weight_zero, const rt_window *window, rt_tensor **out);
/// rt_conv_integer into a given output, which stays yours: it has the shape of the result and is i32. Errors as rt_conv_integer and the
/// rules above.
RT_API RT_NODISCARD rt_status rt_conv_integer_into(const rt_tensor *x, const rt_tensor *weight, const rt_tensor *x_zero,
    const rt_tensor *weight_zero, const rt_window *window, rt_tensor *out);

/// x with other extents along some axes: each element is the nearest one, or a weighted mean of neighbours, at its place in x.
/// Shapes   x: any; out: as x, with the extents that `how` gives along its axes
/// Dtypes   nearest: any but complex; linear and cubic: floats (bool and integers are converted to f32); out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes; RT_E_ARGUMENT for a repeated or out-of-range axis, and for numbers in `how` that are not
///          finite or not in their enum; RT_E_SHAPE for an extent that cannot be; RT_E_DTYPE for complex numbers
RT_API RT_NODISCARD rt_status rt_resize(const rt_tensor *x, const rt_resampling *how, rt_tensor **out);
/// rt_resize into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_resize and the rules above.
RT_API RT_NODISCARD rt_status rt_resize_into(const rt_tensor *x, const rt_resampling *how, rt_tensor *out);

/// The p-norm of each window of x [N,C,...] over 1 to 3 spatial axes: (sum of |x|^p)^(1/p), without overflow in f32 and halves; padding
/// counts as 0.
/// Shapes   as rt_max_pool
/// Dtypes   floats (bool and integers are converted to f32), promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex dtypes; as rt_max_pool, and RT_E_ARGUMENT for a p that is not finite and above 0
RT_API RT_NODISCARD rt_status rt_lp_pool(const rt_tensor *x, double p, const rt_window *window, rt_tensor **out);
/// rt_lp_pool into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_lp_pool and the rules above.
RT_API RT_NODISCARD rt_status rt_lp_pool_into(const rt_tensor *x, double p, const rt_window *window, rt_tensor *out);

// ---- Operations made of other operations -----------------------------------------------------------------------------------------------

/// Tensors joined along an axis; all other extents are equal; dtypes promote.
/// Shapes   tensors: n >= 1 of one rank >= 1, extents equal outside of axis; out: their sum along axis
/// Dtypes   any, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for n < 1 or an axis that is out of range; RT_E_SHAPE when the tensors do not fit each other
RT_API RT_NODISCARD rt_status rt_concat(int32_t n, const rt_tensor *const *tensors, int32_t axis, rt_tensor **out);
/// rt_concat into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_concat and the rules above.
RT_API RT_NODISCARD rt_status rt_concat_into(int32_t n, const rt_tensor *const *tensors, int32_t axis, rt_tensor *out);

/// x with elements added (or, negative, removed) before and after each axis: a constant, the edge, a reflection without the edge, or
/// wrapped around; pad_lo and pad_hi hold one number per axis.
/// Shapes   x: any; out: each extent + pad_lo + pad_hi
/// Dtypes   any; value: converted as cast converts; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for a complex value beside a real x; RT_E_SHAPE for an extent below 0, or a pad that finds no element to take
RT_API RT_NODISCARD rt_status rt_pad(const rt_tensor *x, const int64_t *pad_lo, const int64_t *pad_hi, rt_pad_mode mode, rt_scalar value,
    rt_tensor **out);
/// rt_pad into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_pad and the rules above.
RT_API RT_NODISCARD rt_status rt_pad_into(const rt_tensor *x, const int64_t *pad_lo, const int64_t *pad_hi, rt_pad_mode mode,
    rt_scalar value, rt_tensor *out);

/// 1-d: count numbers in equal steps from start to stop, both included; computed in f64, then rounded.
/// Shapes   out: [count]
/// Dtypes   `dtype`: a float or complex
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a `dtype` that is none; RT_E_ARGUMENT for a bound that is not finite; RT_E_DTYPE for any other `dtype` and
///          for complex bounds of a float; RT_E_SHAPE for a negative count
RT_API RT_NODISCARD rt_status rt_linspace(rt_ctx *ctx, rt_dtype dtype, rt_scalar start, rt_scalar stop, int64_t count, rt_tensor **out);
/// rt_linspace into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_linspace and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_linspace_into(rt_scalar start, rt_scalar stop, int64_t count, rt_tensor *out);

/// 2-d, n rows and m columns: 1 where the column is the row plus k, else 0.
/// Shapes   out: [n, m]
/// Dtypes   out: `dtype`
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a `dtype` that is none; RT_E_SHAPE for a negative extent
RT_API RT_NODISCARD rt_status rt_eye(rt_ctx *ctx, rt_dtype dtype, int64_t n, int64_t m, int64_t k, rt_tensor **out);
/// rt_eye into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_eye and the rules above.
RT_API RT_NODISCARD rt_status rt_eye_into(int64_t n, int64_t m, int64_t k, rt_tensor *out);

/// x repeated as a whole along each axis; repeats holds one number per axis.
/// Shapes   x: any; out: each extent times its number of repeats
/// Dtypes   any; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE for a negative number of repeats
RT_API RT_NODISCARD rt_status rt_tile(const rt_tensor *x, const int64_t *repeats, rt_tensor **out);
/// rt_tile into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_tile and the rules above.
RT_API RT_NODISCARD rt_status rt_tile_into(const rt_tensor *x, const int64_t *repeats, rt_tensor *out);

/// Each element of x n times in a row along an axis.
/// Shapes   x: rank >= 1; out: as x, n times as long along axis
/// Dtypes   any; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for an axis that is out of range; RT_E_SHAPE for a negative n
RT_API RT_NODISCARD rt_status rt_repeat(const rt_tensor *x, int64_t n, int32_t axis, rt_tensor **out);
/// rt_repeat into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_repeat and the rules above.
RT_API RT_NODISCARD rt_status rt_repeat_into(const rt_tensor *x, int64_t n, int32_t axis, rt_tensor *out);

/// x moved by shift along an axis; what leaves at one end comes in at the other.
/// Shapes   x: rank >= 1; out: as x
/// Dtypes   any; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for an axis that is out of range
RT_API RT_NODISCARD rt_status rt_roll(const rt_tensor *x, int64_t shift, int32_t axis, rt_tensor **out);
/// rt_roll into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_roll and the rules above.
RT_API RT_NODISCARD rt_status rt_roll_into(const rt_tensor *x, int64_t shift, int32_t axis, rt_tensor *out);

/// Tensors of one shape joined along a new axis; dtypes promote.
/// Shapes   tensors: n >= 1 of one shape; out: with a new axis of extent n before `axis` of the result
/// Dtypes   any, promoted to one dtype; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for n < 1 or an axis that is out of range; RT_E_SHAPE when the shapes differ
RT_API RT_NODISCARD rt_status rt_stack(int32_t n, const rt_tensor *const *tensors, int32_t axis, rt_tensor **out);
/// rt_stack into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_stack and the rules above.
RT_API RT_NODISCARD rt_status rt_stack_into(int32_t n, const rt_tensor *const *tensors, int32_t axis, rt_tensor *out);

/// Variance: the squares of x - mean, summed and divided by max(elements - correction, 0) (correction 0: of a population, 1: of a
/// sample).
/// Shapes   x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes
/// Dtypes   floats (bool and integers are converted to f32; complex numbers are RT_E_DTYPE); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a repeated or out-of-range axis, and a correction that is not finite
RT_API RT_NODISCARD rt_status rt_var(const rt_tensor *x, const rt_axes *axes, bool keep_dims, double correction, rt_tensor **out);
/// rt_var into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_var and the rules above.
RT_API RT_NODISCARD rt_status rt_var_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, double correction, rt_tensor *out);

/// Standard deviation: the square root of rt_var.
/// Shapes   x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes
/// Dtypes   floats (bool and integers are converted to f32; complex numbers are RT_E_DTYPE); out: that float
/// Owner    *out is a new reference; release it
/// Errors   as rt_var
RT_API RT_NODISCARD rt_status rt_std(const rt_tensor *x, const rt_axes *axes, bool keep_dims, double correction, rt_tensor **out);
/// rt_std into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_std and the rules above.
RT_API RT_NODISCARD rt_status rt_std_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, double correction, rt_tensor *out);

/// log(sum of exp(x)) without overflow; nothing, or nothing but -infinity, gives -infinity.
/// Shapes   x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes
/// Dtypes   floats (bool and integers are converted to f32; complex numbers are RT_E_DTYPE); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a repeated or out-of-range axis
RT_API RT_NODISCARD rt_status rt_logsumexp(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor **out);
/// rt_logsumexp into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_logsumexp and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_logsumexp_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor *out);

/// p 1: sum of the magnitudes (those of complex numbers, too); 2: square root of the sum of the squares, without overflow; infinity:
/// largest magnitude; 0 over nothing.
/// Shapes   x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes
/// Dtypes   floats and complex dtypes (bool and integers are converted to f32); out: the float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a repeated or out-of-range axis, and any other p
RT_API RT_NODISCARD rt_status rt_norm(const rt_tensor *x, double p, const rt_axes *axes, bool keep_dims, rt_tensor **out);
/// rt_norm into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_norm and the rules above.
RT_API RT_NODISCARD rt_status rt_norm_into(const rt_tensor *x, double p, const rt_axes *axes, bool keep_dims, rt_tensor *out);

/// The first k of rt_sort along an axis, descending with largest, and where they come from: equal elements by lower index, NaN counts as
/// the largest. An output that is NULL is not made.
/// Shapes   x: rank >= 1; both outputs: as x, of extent k along axis
/// Dtypes   x: any but complex; values: as x; indices: i64
/// Owner    each output is a new reference; release it
/// Errors   RT_E_DTYPE for complex numbers; RT_E_ARGUMENT for an axis that is out of range, a k that is not in 0 to the extent there, and
///          when both outputs are NULL
RT_API RT_NODISCARD rt_status rt_topk(const rt_tensor *x, int64_t k, int32_t axis, bool largest, rt_tensor **out_values,
    rt_tensor **out_indices);

/// The elements of x (axis NULL) or its slices along *axis, each once: in the order of rt_sort, slices by the first element that differs,
/// or, not sorted, as they first come. Then the index of the first one of each; for each of x which one it is; how many there are of
/// each. -0 equals +0; NaN equals nothing, so each one counts. Waits for x; along an axis it sorts once per element of a slice. An output
/// that is NULL is not made.
/// Shapes   x: any; values: [count], or as x of extent count along *axis; first, counts: [count]; inverse: as x, or [extent along *axis]
/// Dtypes   x: any but complex; values: as x; the others: i64
/// Owner    each output is a new reference; release it
/// Errors   RT_E_DTYPE for complex numbers; RT_E_ARGUMENT for an axis that is out of range, and when all outputs are NULL
RT_API RT_NODISCARD rt_status rt_unique(const rt_tensor *x, const int32_t *axis, bool sorted, rt_tensor **out_values, rt_tensor **out_first,
    rt_tensor **out_inverse, rt_tensor **out_counts);

/// Elements of x, counted in C order, chosen by integer indices in [-n, n).
/// Shapes   x: any; indices: any; out: as indices
/// Dtypes   x: any; indices: any integer; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE and RT_E_INDEX as rt_gather
RT_API RT_NODISCARD rt_status rt_take(const rt_tensor *x, const rt_tensor *indices, rt_tensor **out);
/// rt_take into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_take and the rules above.
RT_API RT_NODISCARD rt_status rt_take_into(const rt_tensor *x, const rt_tensor *indices, rt_tensor *out);

/// 1-d: the elements of x where mask (bool) is true, in C order; the two broadcast. Waits for mask, to count them.
/// Shapes   x, mask: any that broadcast; out: [elements of mask that are true]
/// Dtypes   x: any; mask: bool; out: as x
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE when mask is not bool; RT_E_SHAPE when the shapes do not broadcast
RT_API RT_NODISCARD rt_status rt_masked_select(const rt_tensor *x, const rt_tensor *mask, rt_tensor **out);
/// rt_masked_select into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_masked_select and the
/// rules above.
RT_API RT_NODISCARD rt_status rt_masked_select_into(const rt_tensor *x, const rt_tensor *mask, rt_tensor *out);

/// How many elements are not zero (NaN is not).
/// Shapes   x: any rank; out: x without `axes` (of extent 1 there with keep_dims); NULL means all axes
/// Dtypes   any; out: i64
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT for a repeated or out-of-range axis
RT_API RT_NODISCARD rt_status rt_count_nonzero(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor **out);
/// rt_count_nonzero into a given output, which stays yours: it is i64. Errors as rt_count_nonzero and the rules above.
RT_API RT_NODISCARD rt_status rt_count_nonzero_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor *out);

/// 1-d: how often each of 0, 1, 2 ... is in x, or the sum of their weights when not NULL (as scatter adds); as many as the largest needs,
/// at least min_length. Waits for x.
/// Shapes   x: any; weights: as x, or NULL; out: [max(largest of x + 1, min_length)]
/// Dtypes   x: any integer; weights: any number; out: as weights, else i64
/// Owner    *out is a new reference; release it
/// Errors   RT_E_INDEX for an element below 0; RT_E_DTYPE for bool and floats in x and for bool weights; RT_E_SHAPE when weights do not
///          have the shape of x; RT_E_ARGUMENT for a negative min_length
RT_API RT_NODISCARD rt_status rt_bincount(const rt_tensor *x, const rt_tensor *weights, int64_t min_length, rt_tensor **out);
/// rt_bincount into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_bincount and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_bincount_into(const rt_tensor *x, const rt_tensor *weights, int64_t min_length, rt_tensor *out);

/// 1-d: how many elements of x are in each of n_bins bins from low to high, their edges those of rt_linspace in f32 (f64 for f64 and
/// integers); each without its upper edge but the last; others and NaN are not counted.
/// Shapes   x: any; out: [n_bins]
/// Dtypes   any but complex; out: i64
/// Owner    *out is a new reference; release it
/// Errors   RT_E_DTYPE for complex numbers; RT_E_ARGUMENT for no bins, a bound that is not finite, and low >= high
RT_API RT_NODISCARD rt_status rt_histogram(const rt_tensor *x, int64_t n_bins, double low, double high, rt_tensor **out);
/// rt_histogram into a given output, which stays yours: it is i64. Errors as rt_histogram and the rules above.
RT_API RT_NODISCARD rt_status rt_histogram_into(const rt_tensor *x, int64_t n_bins, double low, double high, rt_tensor *out);

/// x [N,C,...] with its channels in equal groups: rt_layer_norm of each image and group, then times weight, plus bias, one number each
/// per channel (NULL: without); groups C is instance_norm.
/// Shapes   x: [N, C, ...] of rank 2 to 15; weight, bias: [C]; out: as x
/// Dtypes   floats (bool and integers are converted to f32; complex numbers are RT_E_DTYPE); out: that float
/// Owner    *out is a new reference; release it
/// Errors   RT_E_ARGUMENT when groups does not divide C, and for an eps that is negative or not finite; RT_E_SHAPE for another number of
///          channels
RT_API RT_NODISCARD rt_status rt_group_norm(const rt_tensor *x, int32_t groups, const rt_tensor *weight, const rt_tensor *bias, double eps,
    rt_tensor **out);
/// rt_group_norm into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_group_norm and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_group_norm_into(const rt_tensor *x, int32_t groups, const rt_tensor *weight, const rt_tensor *bias,
    double eps, rt_tensor *out);

/// Rows of table [n,d] chosen by integer indices in [-n, n): shape of indices + [d]; an index that is padding_index (which may lie
/// outside; RT_NO_INDEX: none) gives a row of 0.
/// Shapes   table: [n, d]; indices: any; out: the shape of indices + [d]
/// Dtypes   table: any; indices: any integer; out: as table
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when table is not of rank 2; RT_E_DTYPE for indices that are no integers; RT_E_INDEX as rt_gather
RT_API RT_NODISCARD rt_status rt_embedding(const rt_tensor *table, const rt_tensor *indices, int64_t padding_index, rt_tensor **out);
/// rt_embedding into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_embedding and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_embedding_into(const rt_tensor *table, const rt_tensor *indices, int64_t padding_index, rt_tensor *out);

/// softmax(q k^T scale + mask) v over the last two axes; scale 0 means 1 / sqrt(extent of the last axis of q); mask (NULL: none) is bool,
/// true for what is seen, or a float to be added; causal: row i sees columns 0 to i; a row that a mask leaves nothing to see gives 0; k
/// and v may have fewer heads (axis -3), each of which serves as many heads of q, one after the other.
/// Shapes   q: [..., H, L, E]; k: [..., H or a divisor of it, S, E]; v: as k, but [..., S, F]; the axes before broadcast; mask:
///          broadcasts to [..., H, L, S]; out: [..., H, L, F]
/// Dtypes   q, k, v: floats (bool and integers are converted to f32; complex numbers are RT_E_DTYPE), promoted to one dtype; mask: bool
///          or a float; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when these do not fit each other; RT_E_DTYPE for a mask of integers; RT_E_ARGUMENT for a scale that is not finite
RT_API RT_NODISCARD rt_status rt_attention(const rt_tensor *q, const rt_tensor *k, const rt_tensor *v, const rt_tensor *mask, double scale,
    bool causal, rt_tensor **out);
/// rt_attention into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_attention and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_attention_into(const rt_tensor *q, const rt_tensor *k, const rt_tensor *v, const rt_tensor *mask,
    double scale, bool causal, rt_tensor *out);

/// (input - target)^2, its mean or its sum.
/// Shapes   inputs: any that broadcast; out: the broadcast shape with RT_LOSS_NONE, else []
/// Dtypes   floats (bool and integers are converted to f32; complex numbers are RT_E_DTYPE), promoted to one dtype; halves compute in
///          f32; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_ARGUMENT for another reduction
RT_API RT_NODISCARD rt_status rt_mse_loss(const rt_tensor *input, const rt_tensor *target, rt_loss_reduction reduction, rt_tensor **out);
/// rt_mse_loss into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_mse_loss and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_mse_loss_into(const rt_tensor *input, const rt_tensor *target, rt_loss_reduction reduction,
    rt_tensor *out);

/// |input - target|, its mean or its sum.
/// Shapes   inputs: any that broadcast; out: the broadcast shape with RT_LOSS_NONE, else []
/// Dtypes   floats (bool and integers are converted to f32; complex numbers are RT_E_DTYPE), promoted to one dtype; halves compute in
///          f32; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_ARGUMENT for another reduction
RT_API RT_NODISCARD rt_status rt_l1_loss(const rt_tensor *input, const rt_tensor *target, rt_loss_reduction reduction, rt_tensor **out);
/// rt_l1_loss into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_l1_loss and the rules above.
RT_API RT_NODISCARD rt_status rt_l1_loss_into(const rt_tensor *input, const rt_tensor *target, rt_loss_reduction reduction, rt_tensor *out);

/// With d = |input - target|: d^2 / (2 beta) where d < beta, else d - beta / 2; their mean or sum.
/// Shapes   inputs: any that broadcast; out: the broadcast shape with RT_LOSS_NONE, else []
/// Dtypes   floats (bool and integers are converted to f32; complex numbers are RT_E_DTYPE), promoted to one dtype; halves compute in
///          f32; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_ARGUMENT for another reduction, and a beta that is negative or not finite
RT_API RT_NODISCARD rt_status rt_smooth_l1_loss(const rt_tensor *input, const rt_tensor *target, double beta, rt_loss_reduction reduction,
    rt_tensor **out);
/// rt_smooth_l1_loss into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_smooth_l1_loss and
/// the rules above.
RT_API RT_NODISCARD rt_status rt_smooth_l1_loss_into(const rt_tensor *input, const rt_tensor *target, double beta,
    rt_loss_reduction reduction, rt_tensor *out);

/// -weight (target log(input) + (1 - target) log(1 - input)) with no logarithm below -100, for probabilities; weight NULL: 1; their mean
/// (by the number of elements) or sum.
/// Shapes   inputs: any that broadcast; out: the broadcast shape with RT_LOSS_NONE, else []
/// Dtypes   floats (bool and integers are converted to f32; complex numbers are RT_E_DTYPE), promoted to one dtype; halves compute in
///          f32; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_ARGUMENT for another reduction
RT_API RT_NODISCARD rt_status rt_bce_loss(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight,
    rt_loss_reduction reduction, rt_tensor **out);
/// rt_bce_loss into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_bce_loss and the rules
/// above.
RT_API RT_NODISCARD rt_status rt_bce_loss_into(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight,
    rt_loss_reduction reduction, rt_tensor *out);

/// rt_bce_loss of sigmoid(input) without its overflow: weight (pos_weight target softplus(-input) + (1 - target) softplus(input)); NULL:
/// 1; their mean (by the number of elements) or sum.
/// Shapes   inputs: any that broadcast; out: the broadcast shape with RT_LOSS_NONE, else []
/// Dtypes   floats (bool and integers are converted to f32; complex numbers are RT_E_DTYPE), promoted to one dtype; halves compute in
///          f32; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when the shapes do not broadcast; RT_E_ARGUMENT for another reduction
RT_API RT_NODISCARD rt_status rt_bce_with_logits(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight,
    const rt_tensor *pos_weight, rt_loss_reduction reduction, rt_tensor **out);
/// rt_bce_with_logits into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_bce_with_logits and
/// the rules above.
RT_API RT_NODISCARD rt_status rt_bce_with_logits_into(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight,
    const rt_tensor *pos_weight, rt_loss_reduction reduction, rt_tensor *out);

/// -weight[target] log_softmax(input)[target] over the classes (axis 1; 0 of a 1-d input); a target that is ignore_index (RT_NO_INDEX:
/// none) gives 0; with label_smoothing s: (1 - s) of that plus s times the mean over the classes of -weight log_softmax(input). The mean
/// divides by the weights of the targets that count, so of none at all it is NaN.
/// Shapes   input: [N, C, ...] or [C]; target: [N, ...] or []; weight: [C] or NULL; out: as target with RT_LOSS_NONE, else []
/// Dtypes   input, weight: floats (bool and integers are converted to f32; complex numbers are RT_E_DTYPE), promoted to one dtype;
///          target: any integer; out: that dtype
/// Owner    *out is a new reference; release it
/// Errors   RT_E_SHAPE when these do not fit each other; RT_E_DTYPE for a target of floats; RT_E_INDEX names the first target that is no
///          class (a negative one as u64); RT_E_ARGUMENT for another reduction, and a label_smoothing outside of 0 to 1
RT_API RT_NODISCARD rt_status rt_cross_entropy(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight,
    int64_t ignore_index, double label_smoothing, rt_loss_reduction reduction, rt_tensor **out);
/// rt_cross_entropy into a given output, which stays yours: it has the shape and dtype of the result. Errors as rt_cross_entropy and the
/// rules above.
RT_API RT_NODISCARD rt_status rt_cross_entropy_into(const rt_tensor *input, const rt_tensor *target, const rt_tensor *weight,
    int64_t ignore_index, double label_smoothing, rt_loss_reduction reduction, rt_tensor *out);

// ---- Changes in place, made of other operations ----------------------------------------------------------------------------------------

/// One step of gradient descent: g = grad + weight_decay param; param -= rate g.
/// Shapes   all as param
/// Dtypes   floats, each tensor its own; f64 computes in f64, the others in f32 (a state in f32 beside a half param keeps its bits)
/// Owner    all tensors stay yours
/// Errors   RT_E_SHAPE when the shapes differ; RT_E_DTYPE for what is no float; RT_E_STATE for a tensor that may not be written;
///          RT_E_ARGUMENT for two written tensors that may share memory (grad may be any of them), numbers that are not finite or
///          negative (rate may be)
RT_API RT_NODISCARD rt_status rt_sgd(rt_tensor *param, const rt_tensor *grad, double rate, double weight_decay);

/// One step with momentum: g = grad + weight_decay param; velocity = momentum velocity + g; param -= rate velocity, with nesterov rate (g
/// + momentum velocity). The first velocity is 0 (Polyak 1964, Sutskever et al. 2013).
/// Shapes   all as param
/// Dtypes   floats, each tensor its own; f64 computes in f64, the others in f32 (a state in f32 beside a half param keeps its bits)
/// Owner    all tensors stay yours
/// Errors   RT_E_SHAPE when the shapes differ; RT_E_DTYPE for what is no float; RT_E_STATE for a tensor that may not be written;
///          RT_E_ARGUMENT for two written tensors that may share memory (grad may be any of them), numbers that are not finite or
///          negative (rate may be)
RT_API RT_NODISCARD rt_status rt_momentum(rt_tensor *param, const rt_tensor *grad, rt_tensor *velocity, double rate, double momentum,
    bool nesterov, double weight_decay);

/// One step of Adam (Kingma and Ba 2015), the step-th from 1: g = grad + weight_decay param; average = beta1 average + (1 - beta1) g;
/// square_average = beta2 square_average + (1 - beta2) g^2; param -= rate (average / (1 - beta1^step)) / (sqrt(square_average / (1 -
/// beta2^step)) + eps). The first averages are 0.
/// Shapes   all as param
/// Dtypes   floats, each tensor its own; f64 computes in f64, the others in f32 (a state in f32 beside a half param keeps its bits)
/// Owner    all tensors stay yours
/// Errors   RT_E_SHAPE when the shapes differ; RT_E_DTYPE for what is no float; RT_E_STATE for a tensor that may not be written;
///          RT_E_ARGUMENT for two written tensors that may share memory (grad may be any of them), numbers that are not finite or
///          negative (rate may be), a step below 1 or a beta outside of [0, 1)
RT_API RT_NODISCARD rt_status rt_adam(rt_tensor *param, const rt_tensor *grad, rt_tensor *average, rt_tensor *square_average, int64_t step,
    double rate, double beta1, double beta2, double eps, double weight_decay);

/// rt_adam with decoupled weight decay (Loshchilov and Hutter 2019): g = grad, and param is multiplied by 1 - rate weight_decay first.
/// Shapes   all as param
/// Dtypes   floats, each tensor its own; f64 computes in f64, the others in f32 (a state in f32 beside a half param keeps its bits)
/// Owner    all tensors stay yours
/// Errors   RT_E_SHAPE when the shapes differ; RT_E_DTYPE for what is no float; RT_E_STATE for a tensor that may not be written;
///          RT_E_ARGUMENT for two written tensors that may share memory (grad may be any of them), numbers that are not finite or
///          negative (rate may be), a step below 1 or a beta outside of [0, 1)
RT_API RT_NODISCARD rt_status rt_adamw(rt_tensor *param, const rt_tensor *grad, rt_tensor *average, rt_tensor *square_average, int64_t step,
    double rate, double beta1, double beta2, double eps, double weight_decay);

RT_END
#endif
