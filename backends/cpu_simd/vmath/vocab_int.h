// SPDX-License-Identifier: BSD-3-Clause
// The vocabulary of the formulas in ops.def over vectors of integers and bool. What has no instruction is computed lane by lane, as the
// reference computes it.
#ifndef CPU_SIMD_VOCAB_INT_H
#define CPU_SIMD_VOCAB_INT_H

#define VOCAB_PASTE2(name, class) name##_##class
#define VOCAB_PASTE(name, class) VOCAB_PASTE2(name, class)
#define CLASS ref
#define INT lane
#define UINT unum
#define BITS NUM_BITS
#define LOW NUM_LOW
#define HIGH NUM_HIGH
#if V_LANE == V_IS_boolean
#define NOT(x) !(x)
#endif
#include "../../cpu_ref/vocab_int.h"

#define m_add(a, b) v_add(a, b)
#define m_sub(a, b) v_sub(a, b)
#define m_mul(a, b) v_mul(a, b)
#define m_neg(x) v_sub(v_zero(), x)
#define m_min(a, b) v_min(a, b)
#define m_max(a, b) v_max(a, b)
#define m_eq(a, b) v_eq(a, b)
#define m_ne(a, b) v_ne(a, b)
#define m_lt(a, b) v_lt(a, b)
#define m_le(a, b) v_le(a, b)
#define m_and(a, b) v_and(a, b)
#define m_or(a, b) v_or(a, b)
#define m_xor(a, b) v_xor(a, b)
#define m_floor(x) (x)
#define m_ceil(x) (x)
#define m_round(x) (x)
#define m_trunc(x) (x)
#define m_is_nan(x) ((void)(x), v_none())
#define m_is_inf(x) ((void)(x), v_none())
#define m_is_finite(x) ((void)(x), v_not(v_none()))
#define m_sign_bit(x) v_lt(x, v_zero())
#define m_bit_and(a, b) ((a) & (b))
#define m_bit_or(a, b) ((a) | (b))
#define m_bit_xor(a, b) ((a) ^ (b))
#if V_LANE == V_IS_boolean
#define m_bit_not(x) ((x) ^ 1)
#else
#define m_bit_not(x) (~(x))
#endif

V_INLINE vec m_abs(vec x) { return v_select(v_lt(x, v_zero()), v_sub(v_zero(), x), x); }
V_INLINE vec m_sign(vec x) { return (vec)((ivec)(x < 0) - (ivec)(x > 0)); }

#define V_BY_LANE2(name)                                \
  V_INLINE vec m_##name(vec a, vec b) {                 \
    V_EACH a[i_] = name##_ref(a[i_], b[i_]);            \
    return a;                                           \
  }
V_BY_LANE2(floor_div) V_BY_LANE2(remainder) V_BY_LANE2(fmod) V_BY_LANE2(pow)
#if NUM_BITS >= 32 // a count beyond the width, or below 0, is large as an unsigned number
V_INLINE vec m_shl(vec a, vec b) { return v_select((vmask)((uvec)b < NUM_BITS), (vec)((uvec)a << ((uvec)b & (NUM_BITS - 1))), v_zero()); }
V_INLINE vec m_shr(vec a, vec b) { // of what has a sign that many bits leave the sign alone, of the others nothing
  const vmask small = (vmask)((uvec)b < NUM_BITS);
  return v_select(small, a >> (b & (NUM_BITS - 1)), a >> (NUM_BITS - 1) >> (NUM_LOW ? 0 : 1));
}
#else
V_BY_LANE2(shl) V_BY_LANE2(shr)
#endif

#endif
