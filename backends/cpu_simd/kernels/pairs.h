// SPDX-License-Identifier: BSD-3-Clause
// Every other element of two vectors of floats that follow one another: what windows see that are 2 elements apart. Included after vec.h.
#ifndef CPU_SIMD_PAIRS_H
#define CPU_SIMD_PAIRS_H

#if V_LANES == 16
#define PAIRS_EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define PAIRS_ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#elif V_LANES == 8
#define PAIRS_EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define PAIRS_ODD 1, 3, 5, 7, 9, 11, 13, 15
#elif V_LANES == 4
#define PAIRS_EVEN 0, 2, 4, 6
#define PAIRS_ODD 1, 3, 5, 7
#else
#define PAIRS_EVEN 0, 2
#define PAIRS_ODD 1, 3
#endif

V_INLINE vec v_even(vec a, vec b) { return __builtin_shufflevector(a, b, PAIRS_EVEN); }
V_INLINE vec v_odd(vec a, vec b) { return __builtin_shufflevector(a, b, PAIRS_ODD); }

#endif
