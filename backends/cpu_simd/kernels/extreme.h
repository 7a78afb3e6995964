// SPDX-License-Identifier: BSD-3-Clause
// What kernels that fold many elements to one share: columns that may end within a vector, and the largest or smallest of a row. That compares
// numbers at full speed, and keeps beside that whether there was a NaN; which sign a zero has is found again.
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
V_INLINE vec better(bool is_max, vec x, vec best) { return is_max ? v_high(x, best) : v_low(x, best); }
V_INLINE ivec joint_bits(bool is_max, ivec a, ivec b) { return is_max ? a & b : a | b; }
V_JOIN(lowest_number, v_low)
V_JOIN(highest_number, v_high)

/// The sign of a zero that is the largest (smallest) of a row: found again, because few rows need it.
static __attribute__((noinline, unused)) num row_zero(bool is_max, const lane *x, int64_t n) {
  ivec all = v_iset(is_max ? -1 : 0);
  for (int64_t i = 0; i < n; i += V_LANES) { // the lanes that a row ends before are a copy of its first one
    const int64_t rest = n - i;
    all = joint_bits(is_max, all, v_bits(rest < V_LANES ? load_or(x + i, rest, v_set(v_load_n(x, 1)[0])) : v_load(x + i)));
  }
  return (is_max ? v_all(v_mask(all)) : v_any(v_mask(all))) ? -(num)0 : 0;
}

V_INLINE num row_extreme(bool is_max, const lane *x, int64_t n) {
  vec best[4];
  vmask nan[2] = {v_ne(v_zero(), v_zero()), v_ne(v_zero(), v_zero())};
  V_UNROLL for (int k = 0; k < 4; k++) best[k] = v_set(is_max ? -(num)INFINITY : (num)INFINITY);
  int64_t i = 0;
  for (; i + 4 * V_LANES <= n; i += 4 * V_LANES) {
    vec v[4];
    V_UNROLL for (int k = 0; k < 4; k++) v[k] = v_load(x + i + k * V_LANES), best[k] = better(is_max, v[k], best[k]);
    nan[0] = v_or(nan[0], v_unordered(v[0], v[1])), nan[1] = v_or(nan[1], v_unordered(v[2], v[3]));
  }
  for (; i < n; i += V_LANES) { // the last vector may have some terms a second time
    const int64_t rest = n - i;
    const vec v = rest >= V_LANES ? v_load(x + i) : n >= V_LANES ? v_load(x + n - V_LANES) : load_or(x, n, v_set(v_load_n(x, 1)[0]));
    best[0] = better(is_max, v, best[0]), nan[0] = v_or(nan[0], v_is_nan(v));
  }
  if (v_any(v_or(nan[0], nan[1]))) return (num)NAN;
  const vec all = better(is_max, better(is_max, best[0], best[1]), better(is_max, best[2], best[3]));
  const num number = is_max ? highest_number(all) : lowest_number(all);
  return number == 0 ? row_zero(is_max, x, n) : number;
}

#endif
