// SPDX-License-Identifier: BSD-3-Clause
// The vector layer: what a kernel may assume about `vec`. A file of kernels is compiled once per instruction set and lane (see
// cmake/kernels.cmake), which defines SIMD_ISA and SIMD_LANE; inside it
//   lane    the element in memory           float, double; uint16_t for f16 and bf16
//   num     the number it is computed in    float (f32, f16, bf16) or double (f64); integers and bool (uint8_t): the lane itself, see int.h
//   vec     V_LANES numbers; locals and arguments only, never in memory structures; + - * / of C are v_add v_sub v_mul v_div
//   ivec    V_LANES signed integers as wide as num; + - * & | ^ ~ << >> and comparisons of C apply lane by lane (it wraps: kernels are
//           compiled with -fwrapv; shifts right are arithmetic)
//   vmask   a truth value per lane; only the functions below look inside
//
// Functions. Everything is correctly rounded unless said otherwise, keeps subnormals, and treats NaN and signed zeros as IEEE 754 does;
// bits of a NaN are not settled.
//   v_load v_store (p)         any alignment; halves widen exactly and are rounded once, to nearest even, when stored
//   v_load_n v_store_n (p, n)  the first n lanes, 0 < n <= V_LANES, touching no other memory; the other lanes loaded are 0
//   v_load_even(p)             f32 and f64: elements 0, 2, 4 ... of p, V_LANES of them, touching nothing after the last one
//   v_set(x) v_zero() v_iset(i)
//   v_add v_sub v_mul v_div v_sqrt
//   v_fma(a, b, c)             a b + c rounded once, on every instruction set (slow where there is no instruction: V_FAST_FMA is not defined)
//   v_mad(a, b, c)             a b + c, rounded once or twice, whichever is faster: for polynomials
//   v_neg v_abs v_copysign(a, b)   bits, of NaN too
//   v_floor v_ceil v_trunc v_round   round: ties to even; the sign of zero stays
//   v_min v_max                NaN from either side wins; -0 is below +0
//   v_low v_high (a, b)        minimum and maximum for numbers: with zeros of two signs, either argument; a NaN in b wins, one in a may be lost
//   v_lt v_le v_eq v_ne v_is_nan   vmask; v_ne is true for NaN, the others but v_is_nan false
//   v_unordered(a, b)          vmask: is either a NaN?
//   v_sign_bit(x)              vmask: is the sign bit set, of NaN too?
//   v_select(m, a, b)          a where m, else b, bit by bit;  v_iselect the same for ivec
//   v_and v_or v_xor v_not (masks), v_any(m), v_all(m), v_mask(i) (vmask from the sign bits of an ivec), v_imask(m) (ivec: -1 where m, else 0)
//   v_bits(x) v_from_bits(i)   the same bits as the other type
//   v_to_int(x)                ivec, to nearest even; defined for |x| < 2^31 (f64: < 2^51)
//   v_saturate(x)              ivec, towards zero; from 2^31 (2^63) on the largest integer, below its range the smallest, 0 for NaN
//   v_from_int(i)              exact for |i| < 2^24 (f64: < 2^51)
//   v_exponent(x) v_mantissa(x)   |x| = m 2^k with m in [1, 2): k, -infinity for 0; m, NaN below 0. Infinities have k infinite and m 1, -0 has m 1 or -1
//   v_lookup(t, i) v_ilookup(t, i)   32-bit lanes: t[i % 32] of a table of 32 nums or inums; one instruction where V_LOOKUP is defined
//   v_store_mask(p, m), v_store_mask_n(p, m, n)   bool, one byte per lane
//   v_sum(x) v_lowest_of(x) v_highest_of(x)   of all lanes, to a num: halves are joined (lane i with lane i + V_LANES / 2) until one is left; as v_add, v_min, v_max
// NUM(x) is a constant of type num.
#ifndef CPU_SIMD_VEC_H
#define CPU_SIMD_VEC_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define V_INLINE static inline __attribute__((always_inline, unused))
#if defined(__clang__)
#define V_UNROLL _Pragma("unroll")
#define V_APART
#else
#define V_APART _Pragma("GCC ivdep") // before a loop: what iteration i writes no other one reads
#define V_UNROLL _Pragma("GCC unroll 8") // the whole loop: they are shorter
#endif
#define V_PASTE2(a, b) a##b
#define V_PASTE(a, b) V_PASTE2(a, b)

// SIMD_ISA and SIMD_LANE are names; these make them comparable.
#define V_IS_scalar 1
#define V_IS_avx2 2
#define V_IS_avx512 3
#define V_IS_neon 4
#define V_IS_f32 1
#define V_IS_f64 2
#define V_IS_f16 3
#define V_IS_bf16 4
#define V_IS_boolean 20
#define V_IS_i8 21
#define V_IS_i16 22
#define V_IS_i32 23
#define V_IS_i64 24
#define V_IS_u8 25
#define V_IS_u16 26
#define V_IS_u32 27
#define V_IS_u64 28
#define V_IS_bytes1 40 // elements that are moved as they are: bits.h
#define V_IS_bytes2 41
#define V_IS_bytes4 42
#define V_IS_bytes8 43
#define V_IS_bytes16 44
#define V_IS_c64 50 // numbers, not vectors
#define V_IS_c128 51
#define V_ISA V_PASTE(V_IS_, SIMD_ISA)
#define V_LANE V_PASTE(V_IS_, SIMD_LANE)

#if V_ISA == V_IS_avx512
#define V_BYTES 64
#elif V_ISA == V_IS_avx2
#define V_BYTES 32
#else
#define V_BYTES 16
#endif

#if V_LANE >= V_IS_c64
#elif V_LANE >= V_IS_bytes1
#include "bits.h"
#else

#if V_LANE >= V_IS_boolean
#if V_LANE == V_IS_boolean
#define NUM_BITS 8
#elif V_LANE >= V_IS_u8
#define NUM_BITS (8 << (V_LANE - V_IS_u8))
#else
#define NUM_BITS (8 << (V_LANE - V_IS_i8))
#endif
#if NUM_BITS == 8
typedef int8_t inum;
typedef uint8_t unum;
#define NUM_MAX INT8_MAX
#elif NUM_BITS == 16
typedef int16_t inum;
typedef uint16_t unum;
#define NUM_MAX INT16_MAX
#elif NUM_BITS == 32
typedef int32_t inum;
typedef uint32_t unum;
#define NUM_MAX INT32_MAX
#else
typedef int64_t inum;
typedef uint64_t unum;
#define NUM_MAX INT64_MAX
#endif
#if V_LANE >= V_IS_i8 && V_LANE <= V_IS_i64
typedef inum num;
#define NUM_LOW (-NUM_MAX - 1)
#define NUM_HIGH NUM_MAX
#else
typedef unum num;
#define NUM_LOW 0
#define NUM_HIGH ((num)-1)
#endif
typedef num lane;
#elif V_LANE == V_IS_f64
#define NUM_BITS 64
#define NUM(x) x
typedef double num;
typedef int64_t inum;
typedef uint64_t unum;
#else
#define NUM_BITS 32
#define NUM(x) x##f
typedef float num;
typedef int32_t inum;
typedef uint32_t unum;
#endif
#if V_LANE == V_IS_f16 || V_LANE == V_IS_bf16
typedef uint16_t lane;
#elif V_LANE < V_IS_boolean
typedef num lane;
#endif

#define V_LANES (V_BYTES / (NUM_BITS / 8))

typedef num vec __attribute__((vector_size(V_BYTES)));
typedef inum ivec __attribute__((vector_size(V_BYTES)));
typedef unum uvec __attribute__((vector_size(V_BYTES)));

// An instruction set's file defines what it does better than gnu.h and says so with a macro of the same name.
#if V_LANE >= V_IS_boolean
#include "int.h"
#else
#if V_ISA == V_IS_avx2
#include "avx2.h"
#elif V_ISA == V_IS_avx512
#include "avx512.h"
#elif V_ISA == V_IS_neon
#include "neon.h"
#endif
#include "gnu.h"
#endif
#endif

#endif
