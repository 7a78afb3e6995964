// SPDX-License-Identifier: BSD-3-Clause
// Canonical forms: the fewest dimensions that describe all arguments of a call at once, so that most strided calls become dense 1-d ones.
//   JOINT    all arguments have the output's extents; dimensions may be reordered (by the output's strides) and merged
//   ORDERED  merged but never reordered: C order carries meaning
//   AXES     as ORDERED, and only dimensions of one kind (in the axes, or not) merge; the axes are rewritten
//   NONE     left alone
#include <string.h>

#include "objects.h"

static void drop(rti_canon *c, int32_t at) {
  for (int32_t k = 0; k < c->n; k++)
    for (int32_t d = at; d + 1 < c->rank; d++) c->shape[k][d] = c->shape[k][d + 1], c->stride[k][d] = c->stride[k][d + 1];
  uint32_t below = (1u << at) - 1;
  c->axes = (c->axes & below) | (c->axes >> 1 & ~below);
  c->rank--;
}

/// Extent 1 in every argument (a reduced output's 1 beside the input's extent does not count).
static bool is_one(const rti_canon *c, int32_t d) {
  for (int32_t k = 0; k < c->n; k++)
    if (c->ranks[k] && c->shape[k][d] != 1) return false;
  return true;
}

/// Does dimension d continue into d+1 in every argument?
static bool can_merge(const rti_canon *c, int32_t d) {
  if ((c->axes >> d & 1) != (c->axes >> (d + 1) & 1)) return false;
  for (int32_t k = 0; k < c->n; k++) {
    if (!c->ranks[k]) continue;
    int64_t inner = c->shape[k][d + 1], want;
    if (c->shape[k][d] == 1 && inner == 1) continue; // reduced away in this argument
    if (!rti_mul_i64(c->stride[k][d + 1], inner, &want) || c->stride[k][d] != want) return false;
  }
  return true;
}

static int64_t magnitude(int64_t x) { return x < 0 ? -x : x; }

/// Larger output strides first; the first input breaks ties (outputs broadcast nothing, inputs may).
static void order(rti_canon *c) {
  const int64_t *key = c->stride[c->n - 1], *second = c->ranks[0] ? c->stride[0] : key; // an immediate has no strides
  for (int32_t i = 1; i < c->rank; i++)
    for (int32_t j = i; j > 0; j--) {
      int64_t a = magnitude(key[j - 1]), b = magnitude(key[j]);
      if (a > b || (a == b && magnitude(second[j - 1]) >= magnitude(second[j]))) break;
      for (int32_t k = 0; k < c->n; k++) {
        int64_t s = c->stride[k][j], e = c->shape[k][j];
        c->stride[k][j] = c->stride[k][j - 1], c->shape[k][j] = c->shape[k][j - 1];
        c->stride[k][j - 1] = s, c->shape[k][j - 1] = e;
      }
    }
}

void rti_canonicalise(rti_canon *c, rti_collapse collapse) {
  if (collapse == RTI_NONE) return;
  for (int32_t d = c->rank - 1; d >= 0; d--) {
    bool is_last_axis = collapse == RTI_AXES && c->axes == 1u << d; // a softmax keeps its axis even when that has extent 1
    if (is_one(c, d) && !is_last_axis) drop(c, d);
  }
  if (collapse == RTI_JOINT) order(c);
  for (int32_t d = c->rank - 2; d >= 0; d--) {
    if (!can_merge(c, d)) continue;
    for (int32_t k = 0; k < c->n; k++) {
      if (!c->ranks[k]) continue; // absent or an immediate: it has no extents
      int64_t extent = c->shape[k][d], inner_stride = c->stride[k][d + 1];
      c->shape[k][d + 1] *= extent; // together at most numel
      c->stride[k][d + 1] = inner_stride;
    }
    drop(c, d);
  }
  for (int32_t k = 0; k < c->n; k++)
    if (c->ranks[k]) c->ranks[k] = c->rank;
}
