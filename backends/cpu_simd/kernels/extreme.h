// SPDX-License-Identifier: BSD-3-Clause
// What kernels that fold many elements to one share: columns that may end within a vector, and the largest or smallest of a row. That compares
// numbers at full speed, and keeps beside that whether there was a NaN and which sign a zero would have.
#ifndef CPU_SIMD_EXTREME_H
#define CPU_SIMD_EXTREME_H

#include "kernel.h"

#include <math.h>

V_INLINE vec get(const num *p) {
  vec x;
  memcpy(&x, p, sizeof x);
  return x;
}
V_INLINE void put(num *p, vec x) { memcpy(p, &x, sizeof x); }

/// The first n lanes.
V_INLINE vmask first_lanes(int64_t n) {
  ivec lane_number;
  V_EACH lane_number[i_] = i_;
  return v_mask(lane_number - v_iset((inum)n));
}
V_INLINE vec load_or(const lane *p, int64_t n, vec otherwise) { return v_select(first_lanes(n), v_load_n(p, n), otherwise); }
V_INLINE vec load_columns(const lane *p, int64_t n) { return n < V_LANES ? v_load_n(p, n) : v_load(p); }

// ---- largest and smallest -------------------------------------------------------------------------------------------------------------------
// If the largest of some numbers is a zero, none is above it: then a sign bit that is not set belongs to a +0, and `and` of all sign bits is
// the result's sign. For the smallest it is `or`.
typedef struct extreme {
  vec best;
  ivec bits;
  vmask nan;
} extreme;

V_INLINE extreme extreme_none(bool is_max) {
  return (extreme){v_set(is_max ? -(num)INFINITY : (num)INFINITY), v_iset(is_max ? -1 : 0), v_ne(v_zero(), v_zero())};
}
V_INLINE vec better(bool is_max, vec x, vec best) { return is_max ? v_high(x, best) : v_low(x, best); }
V_INLINE ivec joint_bits(bool is_max, ivec a, ivec b) { return is_max ? a & b : a | b; }
V_INLINE void extreme_take(bool is_max, extreme *e, vec x) {
  e->best = better(is_max, x, e->best), e->bits = joint_bits(is_max, e->bits, v_bits(x)), e->nan = v_or(e->nan, v_is_nan(x));
}
V_INLINE void extreme_take2(bool is_max, extreme *e, vec x, vec y) {
  e->best = better(is_max, x, better(is_max, y, e->best));
  e->bits = joint_bits(is_max, e->bits, joint_bits(is_max, v_bits(x), v_bits(y)));
  e->nan = v_or(e->nan, v_unordered(x, y));
}
V_INLINE void extreme_join(bool is_max, extreme *e, const extreme *more) {
  e->best = better(is_max, more->best, e->best), e->bits = joint_bits(is_max, e->bits, more->bits), e->nan = v_or(e->nan, more->nan);
}
/// What a minimum or maximum that minds NaN and signs would have found, lane by lane.
V_INLINE vec extreme_lanes(const extreme *e) {
  const vec number = v_select(v_eq(e->best, v_zero()), v_from_bits(e->bits & V_SIGN), e->best);
  return v_select(e->nan, v_set((num)NAN), number);
}
V_JOIN(lowest_number, v_low)
V_JOIN(highest_number, v_high)
V_INLINE num extreme_number(bool is_max, const extreme *e) { // of all lanes
  if (v_any(e->nan)) return (num)NAN;
  const num number = is_max ? highest_number(e->best) : lowest_number(e->best);
  if (number != 0) return number;
  return (is_max ? v_all(v_mask(e->bits)) : v_any(v_mask(e->bits))) ? -(num)0 : 0;
}

V_INLINE num row_extreme(bool is_max, const lane *x, int64_t n) {
  enum { CHAINS = 4 };
  extreme e[CHAINS];
  V_UNROLL for (int k = 0; k < CHAINS; k++) e[k] = extreme_none(is_max);
  int64_t i = 0;
  for (; i + 2 * CHAINS * V_LANES <= n; i += 2 * CHAINS * V_LANES)
    V_UNROLL for (int k = 0; k < CHAINS; k++) extreme_take2(is_max, &e[k], v_load(x + i + 2 * k * V_LANES), v_load(x + i + (2 * k + 1) * V_LANES));
  for (; i + V_LANES <= n; i += V_LANES) extreme_take(is_max, &e[0], v_load(x + i));
  if (i < n) extreme_take(is_max, &e[1], n < V_LANES ? load_or(x, n, v_set(v_load_n(x, 1)[0])) : v_load(x + n - V_LANES)); // some terms twice
  extreme_join(is_max, &e[0], &e[1]), extreme_join(is_max, &e[2], &e[3]), extreme_join(is_max, &e[0], &e[2]);
  return extreme_number(is_max, &e[0]);
}

#endif
