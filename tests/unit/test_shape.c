// SPDX-License-Identifier: BSD-3-Clause
// Extents and strides: tables of cases for each function of core/shape.c, and small views counted element by element as a second opinion.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "objects.h"

#define MAX INT64_MAX

static void shapes_are_checked(void **state) {
  static const struct { rt_dtype dtype; int32_t rank; int64_t shape[4]; rt_status status; int64_t numel; uint64_t bytes; } cases[] = {
      {RT_F32, 0, {0}, RT_OK, 1, 4},
      {RT_F64, 2, {3, 5}, RT_OK, 15, 120},
      {RT_BOOL, 3, {3, 0, 5}, RT_OK, 0, 0},
      {RT_F32, 2, {0, 0}, RT_OK, 0, 0},
      {RT_I8, 1, {MAX}, RT_OK, MAX, MAX},
      {RT_I16, 1, {MAX}, RT_E_SHAPE, 0, 0},                          // elements fit, bytes do not
      {RT_I16, 1, {MAX / 2}, RT_OK, MAX / 2, (uint64_t)(MAX / 2) * 2},
      {RT_I8, 2, {MAX, 2}, RT_E_SHAPE, 0, 0},
      {RT_I8, 3, {0, MAX, 2}, RT_E_SHAPE, 0, 0},                     // an extent of 0 does not excuse the others
      {RT_I8, 3, {MAX, 2, 0}, RT_E_SHAPE, 0, 0},
      {RT_I8, 2, {2, -1}, RT_E_SHAPE, 0, 0},
      {RT_I8, 2, {0, INT64_MIN}, RT_E_SHAPE, 0, 0},
      {RT_DTYPE_NONE, 1, {2}, RT_E_ARGUMENT, 0, 0},
      {(rt_dtype)99, 1, {2}, RT_E_ARGUMENT, 0, 0},
      {RT_F32, -1, {2}, RT_E_ARGUMENT, 0, 0},
      {RT_F32, RT_MAX_RANK + 1, {2}, RT_E_ARGUMENT, 0, 0},
  };
  (void)state;
  int64_t numel;
  uint64_t bytes;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    numel = 77, bytes = 77;
    assert_int_equal(rti_check_shape("test", cases[i].dtype, cases[i].rank, cases[i].shape, &numel, &bytes), cases[i].status);
    assert_int_equal(numel, cases[i].numel);
    assert_int_equal(bytes, cases[i].bytes);
  }
  assert_int_equal(rti_check_shape("test", RT_F32, 1, NULL, &numel, &bytes), RT_E_ARGUMENT);
  assert_int_equal(rti_check_shape("test", RT_F32, 0, NULL, &numel, &bytes), RT_OK);
  int64_t ones[RT_MAX_RANK];
  for (int d = 0; d < RT_MAX_RANK; d++) ones[d] = 1;
  assert_int_equal(rti_check_shape("test", RT_F32, RT_MAX_RANK, ones, &numel, &bytes), RT_OK);
  assert_int_equal(numel, 1);
}

static void dense_strides_are_c_order(void **state) {
  static const struct { int32_t rank; int64_t shape[4], strides[4]; } cases[] = {
      {1, {7}, {1}}, {3, {2, 3, 4}, {12, 4, 1}}, {3, {2, 1, 4}, {4, 4, 1}}, {3, {2, 0, 4}, {4, 4, 1}}, {2, {0, 5}, {5, 1}},
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    int64_t got[4] = {0};
    rti_dense_strides(cases[i].rank, cases[i].shape, got);
    assert_memory_equal(got, cases[i].strides, sizeof(int64_t) * (size_t)cases[i].rank);
  }
}

static void layouts_are_named(void **state) {
  static const struct { int32_t rank; int64_t shape[4], strides[4]; uint8_t layout; } cases[] = {
      {0, {0}, {0}, RTB_DENSE},
      {1, {5}, {1}, RTB_DENSE},
      {2, {3, 4}, {4, 1}, RTB_DENSE},
      {2, {3, 4}, {5, 1}, RTB_ROWS},
      {2, {3, 4}, {2, 1}, RTB_ROWS},         // rows that overlap are rows all the same
      {2, {3, 4}, {1, 3}, RTB_STRIDED},
      {1, {5}, {2}, RTB_STRIDED},
      {1, {5}, {0}, RTB_BCAST},
      {2, {3, 4}, {0, 1}, RTB_BCAST},
      {2, {3, 4}, {1, 0}, RTB_BCAST},
      {1, {5}, {-1}, RTB_NEGATIVE},
      {2, {3, 4}, {0, -1}, RTB_NEGATIVE},
      {2, {3, 4}, {-4, 1}, RTB_NEGATIVE},
      {1, {1}, {-9}, RTB_DENSE},             // the stride of a single element means nothing
      {1, {1}, {0}, RTB_DENSE},
      {3, {2, 1, 3}, {3, 77, 1}, RTB_DENSE},
      {3, {2, 3, 1}, {5, 1, 0}, RTB_ROWS},
      {3, {2, 2, 3}, {12, 6, 1}, RTB_ROWS},
      {3, {2, 2, 3}, {12, 0, 1}, RTB_BCAST},
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    if (rti_layout(cases[i].rank, cases[i].shape, cases[i].strides) != cases[i].layout) fail_msg("case %zu", i);
  }
}

static void reach_is_exact_or_refused(void **state) {
  static const struct { int32_t rank; int64_t shape[3], strides[3]; bool ok; int64_t low, high; } cases[] = {
      {0, {0}, {0}, true, 0, 0},
      {2, {3, 4}, {4, 1}, true, 0, 11},
      {2, {3, 4}, {-4, 1}, true, -8, 3},
      {2, {3, 4}, {0, -2}, true, -6, 0},
      {1, {1}, {INT64_MIN}, true, 0, 0},     // never stepped
      {1, {2}, {INT64_MIN}, true, INT64_MIN, 0},
      {1, {3}, {MAX}, false, 0, 0},
      {1, {3}, {INT64_MIN}, false, 0, 0},
      {2, {2, 2}, {MAX, 1}, false, 0, 0},
      {2, {2, 2}, {MAX, -1}, true, -1, MAX},
      {2, {2, 2}, {INT64_MIN, -1}, false, 0, 0},
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    int64_t low = 77, high = 77;
    if (rti_reach(cases[i].rank, cases[i].shape, cases[i].strides, &low, &high) != cases[i].ok) fail_msg("case %zu", i);
    if (cases[i].ok && (low != cases[i].low || high != cases[i].high)) fail_msg("case %zu: %lld to %lld", i, (long long)low, (long long)high);
  }
}

/// Do two elements share a place? Counted.
static bool truly_overlaps(const int64_t *shape, const int64_t *strides) {
  bool seen[400] = {false};
  for (int64_t i = 0; i < shape[0]; i++)
    for (int64_t j = 0; j < shape[1]; j++)
      for (int64_t k = 0; k < shape[2]; k++) {
        bool *place = &seen[200 + i * strides[0] + j * strides[1] + k * strides[2]];
        if (*place) return true;
        *place = true;
      }
  return false;
}

static void an_overlap_is_never_missed(void **state) {
  (void)state;
  int n_cautious = 0, n_clear = 0;
  for (int64_t code = 0; code < 4 * 4 * 4; code++)
    for (int64_t steps = 0; steps < 15 * 15 * 15; steps++) {
      int64_t shape[] = {code % 4, code / 4 % 4, code / 16}, strides[] = {steps % 15 - 7, steps / 15 % 15 - 7, steps / 225 - 7};
      bool says = rti_self_overlaps(3, shape, strides), overlaps = truly_overlaps(shape, strides);
      if (overlaps && !says) fail_msg("missed: shape %lld, strides %lld", (long long)code, (long long)steps);
      n_cautious += says && !overlaps;
      n_clear += !says;
    }
  assert_true(n_clear > 10 * n_cautious); // and caution is rare
  assert_false(rti_self_overlaps(3, (int64_t[]){2, 3, 4}, (int64_t[]){12, 4, 1}));
  assert_false(rti_self_overlaps(3, (int64_t[]){4, 3, 2}, (int64_t[]){1, -4, 12})); // any order, any sign
  assert_true(rti_self_overlaps(2, (int64_t[]){MAX, MAX}, (int64_t[]){MAX, 1}));   // no room: certainly not certain
}

static void shapes_broadcast(void **state) {
  static const struct { int32_t rank; int64_t shape[4]; int32_t other_rank; int64_t other[4]; int32_t want_rank; int64_t want[4]; } cases[] = {
      {0, {0}, 0, {0}, 0, {0}},
      {0, {0}, 2, {2, 3}, 2, {2, 3}},
      {2, {2, 3}, 0, {0}, 2, {2, 3}},
      {2, {2, 3}, 1, {3}, 2, {2, 3}},
      {1, {3}, 2, {2, 3}, 2, {2, 3}},
      {2, {2, 1}, 2, {1, 3}, 2, {2, 3}},
      {1, {1}, 1, {0}, 1, {0}},
      {1, {0}, 1, {1}, 1, {0}},
      {3, {4, 1, 3}, 2, {2, 1}, 3, {4, 2, 3}},
      {2, {2, 3}, 1, {2}, -1, {0}},
      {1, {2}, 1, {3}, -1, {0}},
      {1, {0}, 1, {2}, -1, {0}},
      {1, {2}, 1, {0}, -1, {0}},
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    int32_t rank = cases[i].rank;
    int64_t shape[RT_MAX_RANK];
    memcpy(shape, cases[i].shape, sizeof cases[i].shape);
    bool fits = rti_broadcast(&rank, shape, cases[i].other_rank, cases[i].other);
    if (fits != (cases[i].want_rank >= 0)) fail_msg("case %zu", i);
    if (!fits) continue;
    assert_int_equal(rank, cases[i].want_rank);
    if (rank) assert_memory_equal(shape, cases[i].want, sizeof(int64_t) * (size_t)rank);
  }
}

static void axes_count_from_both_ends(void **state) {
  static const struct { int64_t axis; int32_t rank; rt_status status; int32_t want; } cases[] = {
      {0, 3, RT_OK, 0}, {2, 3, RT_OK, 2}, {-1, 3, RT_OK, 2}, {-3, 3, RT_OK, 0}, {3, 3, RT_E_ARGUMENT, 0}, {-4, 3, RT_E_ARGUMENT, 0}, {0, 0, RT_E_ARGUMENT, 0},
      {-1, 0, RT_E_ARGUMENT, 0}, {MAX, 16, RT_E_ARGUMENT, 0}, {INT64_MIN, 16, RT_E_ARGUMENT, 0}, {(int64_t)1 << 32, 3, RT_E_ARGUMENT, 0},
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    int32_t axis = -77;
    assert_int_equal(rti_axis("test", cases[i].axis, cases[i].rank, &axis), cases[i].status);
    if (cases[i].status == RT_OK) assert_int_equal(axis, cases[i].want);
  }
}

static void lists_of_axes_become_bits(void **state) {
  static const struct { rt_axes axes; int32_t rank; rt_status status; uint32_t bits; } cases[] = {
      {{0, {0}}, 3, RT_OK, 0},
      {{2, {0, 2}}, 3, RT_OK, 5},
      {{2, {-1, 0}}, 3, RT_OK, 5},
      {{2, {1, -2}}, 3, RT_E_ARGUMENT, 0},  // twice the same
      {{1, {3}}, 3, RT_E_ARGUMENT, 0},
      {{-1, {0}}, 3, RT_E_ARGUMENT, 0},
      {{RT_MAX_RANK + 1, {0}}, 3, RT_E_ARGUMENT, 0},
      {{0, {0}}, 0, RT_OK, 0},
      {{1, {0}}, 0, RT_E_ARGUMENT, 0},
  };
  (void)state;
  uint32_t bits;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    assert_int_equal(rti_axes("test", &cases[i].axes, cases[i].rank, &bits), cases[i].status);
    if (cases[i].status == RT_OK) assert_int_equal(bits, cases[i].bits);
  }
  assert_int_equal(rti_axes("test", NULL, 0, &bits), RT_OK);
  assert_int_equal(bits, 0);
  assert_int_equal(rti_axes("test", NULL, RT_MAX_RANK, &bits), RT_OK);
  assert_int_equal(bits, 0xffff);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shapes_are_checked),        cmocka_unit_test(dense_strides_are_c_order), cmocka_unit_test(layouts_are_named),
      cmocka_unit_test(reach_is_exact_or_refused), cmocka_unit_test(an_overlap_is_never_missed), cmocka_unit_test(shapes_broadcast),
      cmocka_unit_test(axes_count_from_both_ends), cmocka_unit_test(lists_of_axes_become_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
