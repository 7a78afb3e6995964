// SPDX-License-Identifier: BSD-3-Clause
// Canonical forms: what collapses to what, and, for thousands of random calls, that the collapsed form visits exactly the elements of the
// original together (JOINT), in the same order (ORDERED), or the same elements under the same kept index (AXES).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "objects.h"

#define MAX_VISITS 1024

static void known_forms(void **state) {
  static const struct { rti_collapse how; int32_t rank; int64_t shape[4], in[4], out[4]; int32_t want; int64_t want_shape[4], want_in[4]; } cases[] = {
      {RTI_JOINT, 3, {2, 3, 4}, {12, 4, 1}, {12, 4, 1}, 1, {24}, {1}},
      {RTI_JOINT, 3, {2, 3, 4}, {1, 2, 6}, {1, 2, 6}, 1, {24}, {1}},                // a shared permutation is dense
      {RTI_JOINT, 2, {3, 4}, {1, 3}, {4, 1}, 2, {3, 4}, {1, 3}},                    // transposed into C order: nothing merges
      {RTI_JOINT, 2, {3, 4}, {4, 1}, {1, 3}, 2, {4, 3}, {1, 4}},                    // ordered by the output's strides
      {RTI_JOINT, 4, {1, 3, 1, 4}, {99, 4, -7, 1}, {0, 4, 5, 1}, 1, {12}, {1}},     // extents of 1 go, whatever their strides
      {RTI_JOINT, 3, {2, 3, 4}, {0, 4, 1}, {12, 4, 1}, 2, {2, 12}, {0, 1}},
      {RTI_JOINT, 3, {2, 3, 4}, {0, 0, 1}, {12, 4, 1}, 2, {6, 4}, {0, 1}},
      {RTI_JOINT, 2, {3, 4}, {4, 1}, {8, 1}, 2, {3, 4}, {4, 1}},
      {RTI_JOINT, 0, {0}, {0}, {0}, 0, {0}, {0}},
      {RTI_JOINT, 2, {1, 1}, {5, 5}, {1, 1}, 0, {0}, {0}},
      {RTI_ORDERED, 2, {3, 4}, {1, 3}, {1, 3}, 2, {3, 4}, {1, 3}},                  // never reordered
      {RTI_ORDERED, 3, {3, 1, 4}, {4, 9, 1}, {4, 4, 1}, 1, {12}, {1}},
      {RTI_NONE, 3, {3, 1, 4}, {4, 9, 1}, {4, 4, 1}, 3, {3, 1, 4}, {4, 9, 1}},
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    rti_canon c = {.n = 2, .rank = cases[i].rank, .ranks = {cases[i].rank, cases[i].rank}};
    for (int k = 0; k < 2; k++) {
      memcpy(c.shape[k], cases[i].shape, sizeof cases[i].shape);
      memcpy(c.stride[k], k ? cases[i].out : cases[i].in, sizeof cases[i].in);
    }
    rti_canonicalise(&c, cases[i].how);
    if (c.rank != cases[i].want || (cases[i].rank && c.ranks[0] != c.rank)) fail_msg("case %zu: rank %d", i, c.rank);
    for (int32_t d = 0; d < c.rank; d++)
      if (c.shape[0][d] != cases[i].want_shape[d] || c.stride[0][d] != cases[i].want_in[d]) fail_msg("case %zu, dimension %d", i, d);
  }
}

static void axes_are_rewritten(void **state) {
  static const struct { int32_t rank; int64_t shape[4]; uint32_t axes; int32_t want; int64_t want_shape[4]; uint32_t want_axes; } cases[] = {
      {3, {2, 3, 4}, 4, 2, {6, 4}, 2},       // sum over the last
      {3, {2, 3, 4}, 1, 2, {2, 12}, 1},      // over the first
      {3, {2, 3, 4}, 2, 3, {2, 3, 4}, 2},    // over the middle
      {3, {2, 3, 4}, 6, 2, {2, 12}, 2},
      {3, {2, 3, 4}, 7, 1, {24}, 1},
      {3, {2, 3, 4}, 0, 1, {24}, 0},
      {4, {2, 1, 3, 4}, 8, 2, {6, 4}, 2},    // a 1 among the kept goes
      {4, {2, 3, 1, 4}, 12, 2, {6, 4}, 2},   // and among the others
      {2, {3, 1}, 2, 2, {3, 1}, 2},          // but not the only one: a softmax keeps its axis
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    rti_canon c = {.n = 2, .rank = cases[i].rank, .axes = cases[i].axes, .ranks = {cases[i].rank, cases[i].rank}};
    int64_t out[4];
    for (int32_t d = 0; d < c.rank; d++) out[d] = cases[i].axes >> d & 1 ? 1 : cases[i].shape[d];
    memcpy(c.shape[0], cases[i].shape, sizeof out);
    memcpy(c.shape[1], out, sizeof out);
    rti_dense_strides(c.rank, cases[i].shape, c.stride[0]);
    rti_dense_strides(c.rank, out, c.stride[1]);
    for (int32_t d = 0; d < c.rank; d++)
      if (cases[i].axes >> d & 1) c.stride[1][d] = 0;
    rti_canonicalise(&c, RTI_AXES);
    if (c.rank != cases[i].want || c.axes != cases[i].want_axes) fail_msg("case %zu: rank %d, axes %x", i, c.rank, c.axes);
    for (int32_t d = 0; d < c.rank; d++)
      if (c.shape[0][d] != cases[i].want_shape[d]) fail_msg("case %zu, dimension %d", i, d);
  }
}

// ---- random calls --------------------------------------------------------------------------------------------------------------------------

typedef struct visit { int64_t at[3]; } visit;

static int by_places(const void *a, const void *b) { return memcmp(a, b, sizeof(visit)); }

/// Where each index leads in every argument, in C order of the extents of argument `whole`.
static int64_t visits(const rti_canon *c, int whole, visit *out) {
  int64_t n = 1;
  for (int32_t d = 0; d < c->rank; d++) n *= c->shape[whole][d];
  assert_true(n <= MAX_VISITS);
  for (int64_t i = 0; i < n; i++) {
    out[i] = (visit){{0}};
    int64_t rest = i;
    for (int32_t d = c->rank - 1; d >= 0; d--) {
      int64_t index = rest % c->shape[whole][d];
      rest /= c->shape[whole][d];
      for (int32_t k = 0; k < c->n; k++)
        if (c->ranks[k] && c->shape[k][d] != 1) out[i].at[k] += index * c->stride[k][d];
    }
  }
  return n;
}

static uint64_t bits = 88172645463325252u;
static int64_t below(int64_t n) {
  bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
  return (int64_t)(bits % (uint64_t)n);
}

static void no_element_is_lost(void **state) {
  static const rti_collapse kinds[] = {RTI_JOINT, RTI_ORDERED, RTI_AXES};
  static visit before[MAX_VISITS], after[MAX_VISITS];
  (void)state;
  int n_merged = 0;
  for (int round = 0; round < 30000; round++) {
    rti_collapse how = kinds[round % 3];
    rti_canon c = {.n = how == RTI_AXES ? 2 : 3, .rank = (int32_t)below(5)};
    for (int32_t d = 0; d < c.rank; d++) {
      int64_t extent = below(4) ? 1 + below(4) : 1;
      if (how == RTI_AXES && !below(2)) c.axes |= 1u << d;
      for (int k = 0; k < c.n; k++) c.shape[k][d] = how == RTI_AXES && k == 1 && c.axes >> d & 1 ? 1 : extent;
    }
    int absent = how == RTI_AXES || below(4) ? -1 : (int)below(2); // an immediate, or an optional input that is not there
    for (int k = 0; k < c.n; k++) {
      c.ranks[k] = k == absent ? 0 : c.rank;
      // Dense in a permuted order of dimensions, with gaps, reversals and broadcasts among them.
      int32_t order[5] = {0, 1, 2, 3, 4};
      for (int32_t d = c.rank - 1; d > 0 && !below(3); d--) {
        int32_t other = (int32_t)below(d + 1), mine = order[d];
        order[d] = order[other], order[other] = mine;
      }
      int64_t step = 1;
      for (int32_t d = c.rank - 1; d >= 0; d--) {
        int32_t at = order[d];
        c.stride[k][at] = k < c.n - 1 && !below(6) ? 0 : below(6) ? step : -step;
        step *= c.shape[k][at] + (below(6) ? 0 : 1);
      }
    }
    rti_canon was = c;
    int whole = how == RTI_AXES ? 0 : c.n - 1; // an absent argument has no extents
    int64_t n = visits(&was, whole, before);
    rti_canonicalise(&c, how);
    assert_true(c.rank <= was.rank);
    n_merged += c.rank < was.rank;
    assert_int_equal(visits(&c, whole, after), n);
    if (how == RTI_JOINT) { // any order
      qsort(before, (size_t)n, sizeof *before, by_places);
      qsort(after, (size_t)n, sizeof *after, by_places);
      for (int32_t d = 0; d + 1 < c.rank; d++) // outermost first, by the output's strides
        assert_true(llabs(c.stride[c.n - 1][d]) >= llabs(c.stride[c.n - 1][d + 1]));
    }
    if (memcmp(before, after, (size_t)n * sizeof *before)) fail_msg("round %d", round);
    for (int32_t d = 0; d < c.rank && how == RTI_AXES; d++) // the output has extent 1 in the axes, and there alone
      assert_int_equal(c.shape[1][d], c.axes >> d & 1 ? 1 : c.shape[0][d]);
  }
  assert_true(n_merged > 10000);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(known_forms), cmocka_unit_test(axes_are_rewritten), cmocka_unit_test(no_element_is_lost)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
