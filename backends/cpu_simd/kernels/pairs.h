// SPDX-License-Identifier: BSD-3-Clause
// Every other element of two vectors of floats that follow one another: what windows see that are 2 elements apart. Vectors of x86 are cheap to
// shuffle in parts of 16 bytes alone: that gives the mixed order, in which lanes can be computed with before they are put into order once.
// Included after vec.h.
#ifndef CPU_SIMD_PAIRS_H
#define CPU_SIMD_PAIRS_H

#if NUM_BITS == 64
#if V_LANES == 8
#define PAIRS_MIXED 0, 8, 2, 10, 4, 12, 6, 14
#define PAIRS_MIXED_ODD 1, 9, 3, 11, 5, 13, 7, 15
#define PAIRS_ORDER 0, 2, 4, 6, 1, 3, 5, 7
#elif V_LANES == 4
#define PAIRS_MIXED 0, 4, 2, 6
#define PAIRS_MIXED_ODD 1, 5, 3, 7
#define PAIRS_ORDER 0, 2, 1, 3
#else
#define PAIRS_MIXED 0, 2
#define PAIRS_MIXED_ODD 1, 3
#define PAIRS_ORDER 0, 1
#endif
#elif V_LANES == 16
#define PAIRS_MIXED 0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30
#define PAIRS_MIXED_ODD 1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31
#define PAIRS_ORDER 0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15
#elif V_LANES == 8
#define PAIRS_MIXED 0, 2, 8, 10, 4, 6, 12, 14
#define PAIRS_MIXED_ODD 1, 3, 9, 11, 5, 7, 13, 15
#define PAIRS_ORDER 0, 1, 4, 5, 2, 3, 6, 7
#else
#define PAIRS_MIXED 0, 2, 4, 6
#define PAIRS_MIXED_ODD 1, 3, 5, 7
#define PAIRS_ORDER 0, 1, 2, 3
#endif

V_INLINE vec v_even_mixed(vec a, vec b) { return __builtin_shufflevector(a, b, PAIRS_MIXED); }
V_INLINE vec v_odd_mixed(vec a, vec b) { return __builtin_shufflevector(a, b, PAIRS_MIXED_ODD); }
V_INLINE vec v_unmix(vec x) { return __builtin_shufflevector(x, x, PAIRS_ORDER); }
V_INLINE vec v_even(vec a, vec b) { return v_unmix(v_even_mixed(a, b)); }

#endif
