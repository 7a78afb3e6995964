// SPDX-License-Identifier: BSD-3-Clause
// Sums of many terms: blocks of them are added in vectors, and the blocks in a total that loses nothing to speak of. So the error of the whole
// is that of one block, however many there are.
#ifndef CPU_SIMD_TOTAL_H
#define CPU_SIMD_TOTAL_H

enum { WIDE = 8, BLOCK = 16 * WIDE * V_LANES }; // vectors at a time; terms of a block

#if NUM_BITS == 64
typedef struct total { double sum, lost; } total;
V_INLINE void total_add(total *t, double x) { // what rounding takes from the sum is exactly this (Knuth, TAOCP 4.2.2)
  const double sum = t->sum + x, part = sum - t->sum;
  t->lost += (t->sum - (sum - part)) + (x - part);
  t->sum = sum;
}
V_INLINE void total_join(total *t, const total *more) { total_add(t, more->sum), t->lost += more->lost; }
V_INLINE double total_value(const total *t) { return t->lost - t->lost == 0 ? t->sum + t->lost : t->sum; } // infinities lose NaN
#else
typedef struct total { double sum; } total;
V_INLINE void total_add(total *t, float x) { t->sum += (double)x; }
V_INLINE void total_join(total *t, const total *more) { t->sum += more->sum; }
V_INLINE double total_value(const total *t) { return t->sum; }
#endif

V_INLINE vec sum8(const vec *a) { return v_add(v_add(v_add(a[0], a[1]), v_add(a[2], a[3])), v_add(v_add(a[4], a[5]), v_add(a[6], a[7]))); }

#endif
