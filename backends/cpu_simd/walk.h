// SPDX-License-Identifier: BSD-3-Clause
// A walk over the positions of some dimensions in C order, from any of them on, with an offset for each of up to four arrays.
#ifndef CPU_SIMD_WALK_H
#define CPU_SIMD_WALK_H

#include "simd.h"

#define SIMD_WALK_ARRAYS 4

/// Fill shape and stride with simd_walk_dim, then start. Offsets and strides are in whatever unit the strides were given in.
typedef struct simd_walk {
  int32_t rank;
  int64_t numel;
  int64_t shape[2 * RTB_MAX_RANK], stride[2 * RTB_MAX_RANK][SIMD_WALK_ARRAYS];
  int64_t index[2 * RTB_MAX_RANK], at[SIMD_WALK_ARRAYS];
} simd_walk;

static inline void simd_walk_init(simd_walk *w) { w->rank = 0, w->numel = 1; }

static inline void simd_walk_dim(simd_walk *w, int64_t extent, int64_t s0, int64_t s1, int64_t s2, int64_t s3) {
  const int64_t s[SIMD_WALK_ARRAYS] = {s0, s1, s2, s3};
  if (extent == 1) return;
  w->numel *= extent;
  if (w->rank > 0) { // merged with the dimension outside it where every array goes on
    int64_t *outer = w->stride[w->rank - 1];
    bool merges = true;
    for (int k = 0; k < SIMD_WALK_ARRAYS; k++) merges = merges && outer[k] == s[k] * extent;
    if (merges) {
      w->shape[w->rank - 1] *= extent;
      memcpy(outer, s, sizeof s);
      return;
    }
  }
  w->shape[w->rank] = extent;
  memcpy(w->stride[w->rank++], s, sizeof s);
}

/// To the position that is `begin` in C order.
static inline void simd_walk_start(simd_walk *w, int64_t begin) {
  for (int k = 0; k < SIMD_WALK_ARRAYS; k++) w->at[k] = 0;
  for (int32_t d = w->rank - 1; d >= 0; d--) {
    w->index[d] = begin % w->shape[d], begin /= w->shape[d];
    for (int k = 0; k < SIMD_WALK_ARRAYS; k++) w->at[k] += w->index[d] * w->stride[d][k];
  }
}

/// `n` positions on, no further than the end of the innermost dimension.
static inline void simd_walk_next(simd_walk *w, int64_t n) {
  for (int32_t d = w->rank - 1; d >= 0; d--, n = 1) {
    w->index[d] += n;
    if (w->index[d] < w->shape[d]) {
      for (int k = 0; k < SIMD_WALK_ARRAYS; k++) w->at[k] += n * w->stride[d][k];
      return;
    }
    for (int k = 0; k < SIMD_WALK_ARRAYS; k++) w->at[k] -= (w->index[d] - n) * w->stride[d][k];
    w->index[d] = 0;
  }
}

/// Positions that are left in the innermost dimension, and its step for array k (0 when there is no dimension).
static inline int64_t simd_walk_run(const simd_walk *w) { return w->rank ? w->shape[w->rank - 1] - w->index[w->rank - 1] : 1; }
static inline int64_t simd_walk_step(const simd_walk *w, int k) { return w->rank ? w->stride[w->rank - 1][k] : 0; }

static inline int32_t simd_axis_of(uint32_t axes) {
  int32_t axis = 0;
  while (!(axes >> axis & 1)) axis++;
  return axis;
}

#endif
