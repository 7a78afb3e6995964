// SPDX-License-Identifier: BSD-3-Clause
// Element types: codes, sizes, names and promotion.
#ifndef TRIVET_DTYPE_H
#define TRIVET_DTYPE_H

#include <trivet/status.h>

RT_BEGIN

/// Element type codes; the rows of dtypes.def. RT_DTYPE_NONE means "as the operation decides" where a function says so.
typedef enum rt_dtype {
  RT_DTYPE_NONE = 0,
#define RT_DTYPE(code, NAME, name, bytes, kind, doc) RT_##NAME = code,
#include <trivet/dtypes.def>
} rt_dtype;

typedef enum rt_dtype_kind {
  RT_KIND_NONE = 0,
  RT_KIND_BOOLEAN,
  RT_KIND_SIGNED,
  RT_KIND_UNSIGNED,
  RT_KIND_FLOAT,
  RT_KIND_COMPLEX
} rt_dtype_kind;

/// Bytes of one element, 0 for a code that is no dtype.
RT_API size_t rt_dtype_bytes(rt_dtype dtype);
/// "f32"; "?" for a code that is no dtype. Never NULL.
RT_API const char *rt_dtype_name(rt_dtype dtype);
/// RT_KIND_NONE for a code that is no dtype.
RT_API rt_dtype_kind rt_dtype_kind_of(rt_dtype dtype);
/// The dtype of that name ("f32", "bool"); RT_DTYPE_NONE when there is none. NULL is allowed.
RT_API rt_dtype rt_dtype_from_name(const char *name);

/// The dtype in which two operands meet: the Array API table; an integer with a float takes the float; f16 with bf16 gives f32;
/// bool takes the other; c64 with f64 gives c128, otherwise a complex dtype takes in every other.
/// Errors   RT_E_DTYPE for u64 with a signed integer (no dtype holds both: cast one) and for unknown codes
RT_API RT_NODISCARD rt_status rt_promote(rt_dtype a, rt_dtype b, rt_dtype *out_dtype);

RT_END
#endif
