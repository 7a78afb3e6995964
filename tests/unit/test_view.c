// SPDX-License-Identifier: BSD-3-Clause
// Views: a table of calls with the extents, strides and offset they lead to, or the error. The values behind random views are test_sequences'
// business; here are the edges: bounds that clamp, extents of 0 and 1, ranks at the limit, what a reshape may express.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "objects.h"

#define ALL RT_SLICE_DEFAULT
#define MAX INT64_MAX

static rt_ctx *ctx;
static int open_context(void **state) { return (void)state, rt_ctx_create(NULL, &ctx) == RT_OK ? 0 : -1; }
static int close_context(void **state) { return (void)state, rt_ctx_close(ctx) == RT_OK ? 0 : -1; } // busy: something leaked

typedef enum call { SLICE, SELECT, RESHAPE, VIEW, FLATTEN, TRANSPOSE, EXPAND, SQUEEZE, UNSQUEEZE, DIAGONAL, WINDOWS, SPLIT } call;
typedef struct view_case {
  call call;
  int32_t rank;        // of the base, which is dense i32
  int64_t shape[4];
  int64_t a, b, c, d;  // arguments in the order of the call; lists in `list`
  int64_t list[5];
  rt_status status;
  int32_t want_rank;
  int64_t want_shape[5], want_strides[5], want_offset;
} view_case;

/// One of the parts; n - 1 others go.
static rt_status part(const rt_tensor *t, int32_t axis, int32_t n, const int64_t *extents, int64_t which, rt_tensor **out) {
  rt_tensor *parts[5] = {NULL};
  rt_status status = rt_split(t, axis, n, extents, parts);
  for (int64_t i = 0; i < 5; i++) {
    if (i == which) *out = parts[i];
    else rt_release(parts[i]);
  }
  return status;
}

static rt_status make(const view_case *k, const rt_tensor *t, rt_tensor **out) {
  switch (k->call) {
    case SLICE: return rt_slice(t, (int32_t)k->a, k->b, k->c, k->d, out);
    case SELECT: return rt_select(t, (int32_t)k->a, k->b, out);
    case RESHAPE: return rt_reshape(t, (int32_t)k->a, k->list, out);
    case VIEW: return rt_view(t, (int32_t)k->a, k->list, out);
    case FLATTEN: return rt_flatten(t, (int32_t)k->a, (int32_t)k->b, out);
    case TRANSPOSE: return rt_transpose(t, (int32_t)k->a, (int32_t)k->b, out);
    case EXPAND: return rt_expand(t, (int32_t)k->a, k->list, out);
    case SQUEEZE: return rt_squeeze(t, k->a < 0 ? NULL : &(rt_axes){1, {(int32_t)k->a}}, out);
    case UNSQUEEZE: return rt_unsqueeze(t, (int32_t)k->a, out);
    case SPLIT: return part(t, (int32_t)k->a, (int32_t)k->b, k->c ? k->list : NULL, k->d, out);
    case DIAGONAL: return rt_diagonal(t, k->a, (int32_t)k->b, (int32_t)k->c, out);
    default: return rt_windows(t, (int32_t)k->a, k->b, k->c, k->d, out);
  }
}

static const view_case cases[] = {
    // slice: axis, start, stop, step
    {SLICE, 1, {10}, 0, 2, 7, 2, {0}, RT_OK, 1, {3}, {2}, 2},
    {SLICE, 1, {10}, 0, ALL, ALL, 1, {0}, RT_OK, 1, {10}, {1}, 0},
    {SLICE, 1, {10}, 0, ALL, ALL, -1, {0}, RT_OK, 1, {10}, {-1}, 9},
    {SLICE, 1, {10}, 0, -3, -1, 1, {0}, RT_OK, 1, {2}, {1}, 7},
    {SLICE, 1, {10}, 0, -100, 100, 3, {0}, RT_OK, 1, {4}, {3}, 0},
    {SLICE, 1, {10}, 0, 100, -100, -3, {0}, RT_OK, 1, {4}, {-3}, 9},
    {SLICE, 1, {10}, 0, 7, 7, 1, {0}, RT_OK, 1, {0}, {1}, 0},
    {SLICE, 1, {10}, 0, 8, 2, 1, {0}, RT_OK, 1, {0}, {1}, 0},
    {SLICE, 1, {10}, 0, 9, ALL, MAX, {0}, RT_OK, 1, {1}, {1}, 9},
    {SLICE, 1, {10}, 0, 0, MAX, MAX, {0}, RT_OK, 1, {1}, {1}, 0},
    {SLICE, 1, {10}, 0, 3, ALL, -MAX, {0}, RT_OK, 1, {1}, {1}, 3},
    {SLICE, 1, {10}, 0, MAX, -MAX, -1, {0}, RT_OK, 1, {10}, {-1}, 9},
    {SLICE, 2, {4, 5}, -1, 1, 3, 1, {0}, RT_OK, 2, {4, 2}, {5, 1}, 1},
    {SLICE, 1, {0}, 0, ALL, ALL, -1, {0}, RT_OK, 1, {0}, {1}, 0},
    {SLICE, 1, {10}, 0, 0, 5, 0, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    {SLICE, 1, {10}, 0, 0, 5, INT64_MIN, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    {SLICE, 1, {10}, 1, 0, 5, 1, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    {SLICE, 0, {0}, 0, 0, 5, 1, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    // split: axis, number of parts, are there extents?, the part to look at
    {SPLIT, 2, {4, 6}, 1, 3, 0, 1, {0}, RT_OK, 2, {4, 2}, {6, 1}, 2},
    {SPLIT, 2, {4, 6}, -2, 2, 0, 1, {0}, RT_OK, 2, {2, 6}, {6, 1}, 12},
    {SPLIT, 2, {4, 6}, 1, 4, 1, 2, {1, 0, 3, 2}, RT_OK, 2, {4, 3}, {6, 1}, 1},
    {SPLIT, 2, {4, 6}, 1, 4, 1, 1, {1, 0, 3, 2}, RT_OK, 2, {4, 0}, {0, 1}, 0},
    {SPLIT, 1, {10}, 0, 1, 0, 0, {0}, RT_OK, 1, {10}, {1}, 0},
    {SPLIT, 1, {0}, 0, 3, 0, 2, {0}, RT_OK, 1, {0}, {1}, 0},
    {SPLIT, 1, {10}, 0, 3, 0, 0, {0}, RT_E_SHAPE, 0, {0}, {0}, 0},
    {SPLIT, 1, {10}, 0, 2, 1, 0, {4, 5}, RT_E_SHAPE, 0, {0}, {0}, 0},
    {SPLIT, 1, {10}, 0, 3, 1, 0, {4, 7, -1}, RT_E_SHAPE, 0, {0}, {0}, 0},
    {SPLIT, 1, {10}, 0, 3, 1, 0, {MAX, MAX, 12}, RT_E_SHAPE, 0, {0}, {0}, 0},
    {SPLIT, 1, {10}, 1, 2, 0, 0, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    {SPLIT, 0, {0}, 0, 1, 0, 0, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    // select: axis, index
    {SELECT, 2, {4, 5}, 0, 2, 0, 0, {0}, RT_OK, 1, {5}, {1}, 10},
    {SELECT, 2, {4, 5}, 1, -1, 0, 0, {0}, RT_OK, 1, {4}, {5}, 4},
    {SELECT, 2, {4, 5}, 1, 5, 0, 0, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    {SELECT, 2, {4, 5}, 1, -6, 0, 0, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    {SELECT, 2, {0, 5}, 0, 0, 0, 0, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    // reshape: rank, list
    {RESHAPE, 2, {4, 6}, 3, 0, 0, 0, {2, 2, 6}, RT_OK, 3, {2, 2, 6}, {12, 6, 1}, 0},
    {RESHAPE, 2, {4, 6}, 1, 0, 0, 0, {-1}, RT_OK, 1, {24}, {1}, 0},
    {RESHAPE, 2, {4, 6}, 3, 0, 0, 0, {3, -1, 2}, RT_OK, 3, {3, 4, 2}, {8, 2, 1}, 0},
    {RESHAPE, 0, {0}, 2, 0, 0, 0, {1, -1}, RT_OK, 2, {1, 1}, {1, 1}, 0},
    {RESHAPE, 2, {1, 1}, 0, 0, 0, 0, {0}, RT_OK, 0, {0}, {0}, 0},
    {RESHAPE, 2, {0, 6}, 2, 0, 0, 0, {3, 0}, RT_OK, 2, {3, 0}, {1, 1}, 0},
    {RESHAPE, 2, {0, 6}, 2, 0, 0, 0, {-1, 6}, RT_OK, 2, {0, 6}, {6, 1}, 0},
    {RESHAPE, 2, {0, 6}, 2, 0, 0, 0, {-1, 0}, RT_E_SHAPE, 0, {0}, {0}, 0},   // any extent would do
    {RESHAPE, 2, {4, 6}, 2, 0, 0, 0, {-1, -1}, RT_E_SHAPE, 0, {0}, {0}, 0},
    {RESHAPE, 2, {4, 6}, 2, 0, 0, 0, {-1, 7}, RT_E_SHAPE, 0, {0}, {0}, 0},
    {RESHAPE, 2, {4, 6}, 2, 0, 0, 0, {5, 5}, RT_E_SHAPE, 0, {0}, {0}, 0},
    {RESHAPE, 2, {4, 6}, 3, 0, 0, 0, {MAX, MAX, -1}, RT_E_SHAPE, 0, {0}, {0}, 0},
    {RESHAPE, 2, {4, 6}, 17, 0, 0, 0, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    {RESHAPE, 2, {4, 6}, -1, 0, 0, 0, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    // flatten: first, last
    {FLATTEN, 3, {2, 3, 4}, 0, -1, 0, 0, {0}, RT_OK, 1, {24}, {1}, 0},
    {FLATTEN, 3, {2, 3, 4}, 1, 2, 0, 0, {0}, RT_OK, 2, {2, 12}, {12, 1}, 0},
    {FLATTEN, 3, {2, 3, 4}, 1, 1, 0, 0, {0}, RT_OK, 3, {2, 3, 4}, {12, 4, 1}, 0},
    {FLATTEN, 0, {0}, 0, -1, 0, 0, {0}, RT_OK, 1, {1}, {1}, 0},
    {FLATTEN, 3, {2, 3, 4}, 2, 1, 0, 0, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    {FLATTEN, 3, {2, 3, 4}, 0, 3, 0, 0, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    // transpose: axes
    {TRANSPOSE, 3, {2, 3, 4}, 0, -1, 0, 0, {0}, RT_OK, 3, {4, 3, 2}, {1, 4, 12}, 0},
    {TRANSPOSE, 3, {2, 3, 4}, 0, 3, 0, 0, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    // expand: rank, list
    {EXPAND, 2, {3, 1}, 3, 0, 0, 0, {2, 3, 4}, RT_OK, 3, {2, 3, 4}, {0, 1, 0}, 0},
    {EXPAND, 2, {3, 1}, 2, 0, 0, 0, {-1, 5}, RT_OK, 2, {3, 5}, {1, 0}, 0},
    {EXPAND, 1, {1}, 1, 0, 0, 0, {0}, RT_OK, 1, {0}, {0}, 0},
    {EXPAND, 2, {3, 1}, 2, 0, 0, 0, {4, 1}, RT_E_SHAPE, 0, {0}, {0}, 0},
    {EXPAND, 2, {3, 1}, 1, 0, 0, 0, {3}, RT_E_SHAPE, 0, {0}, {0}, 0},
    {EXPAND, 1, {3}, 2, 0, 0, 0, {-1, 3}, RT_E_SHAPE, 0, {0}, {0}, 0},       // there is no extent to keep
    {EXPAND, 2, {1, 1}, 2, 0, 0, 0, {MAX, 2}, RT_E_SHAPE, 0, {0}, {0}, 0},   // not even strides of 0 count past 2^63
    // squeeze: axis, or -1 for all; unsqueeze: axis
    {SQUEEZE, 4, {1, 3, 1, 2}, -1, 0, 0, 0, {0}, RT_OK, 2, {3, 2}, {2, 1}, 0},
    {SQUEEZE, 3, {1, 3, 1}, 2, 0, 0, 0, {0}, RT_OK, 2, {1, 3}, {3, 1}, 0},
    {SQUEEZE, 3, {1, 3, 1}, 1, 0, 0, 0, {0}, RT_E_SHAPE, 0, {0}, {0}, 0},
    {UNSQUEEZE, 2, {3, 2}, 2, 0, 0, 0, {0}, RT_OK, 3, {3, 2, 1}, {2, 1, 1}, 0},
    {UNSQUEEZE, 2, {3, 2}, -3, 0, 0, 0, {0}, RT_OK, 3, {1, 3, 2}, {1, 2, 1}, 0},
    {UNSQUEEZE, 2, {3, 2}, 3, 0, 0, 0, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    // diagonal: offset, axes
    {DIAGONAL, 2, {3, 4}, 0, 0, 1, 0, {0}, RT_OK, 1, {3}, {5}, 0},
    {DIAGONAL, 2, {3, 4}, 2, 0, 1, 0, {0}, RT_OK, 1, {2}, {5}, 2},
    {DIAGONAL, 2, {3, 4}, -2, 0, 1, 0, {0}, RT_OK, 1, {1}, {1}, 8},
    {DIAGONAL, 2, {3, 4}, 2, 1, 0, 0, {0}, RT_OK, 1, {1}, {1}, 8},           // above, seen from the other side
    {DIAGONAL, 3, {2, 3, 2}, 0, 0, 2, 0, {0}, RT_OK, 2, {3, 2}, {2, 7}, 0},
    {DIAGONAL, 2, {3, 4}, MAX, 0, 1, 0, {0}, RT_OK, 1, {0}, {1}, 0},
    {DIAGONAL, 2, {3, 4}, INT64_MIN, 0, 1, 0, {0}, RT_OK, 1, {0}, {1}, 0},
    {DIAGONAL, 2, {3, 4}, 0, 1, -1, 0, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    {DIAGONAL, 1, {3}, 0, 0, 1, 0, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    // windows: axis, size, step, dilation
    {WINDOWS, 1, {10}, 0, 3, 2, 1, {0}, RT_OK, 2, {4, 3}, {2, 1}, 0},
    {WINDOWS, 1, {10}, 0, 3, 1, 4, {0}, RT_OK, 2, {2, 3}, {1, 4}, 0},
    {WINDOWS, 2, {4, 5}, 0, 2, 2, 1, {0}, RT_OK, 3, {2, 5, 2}, {10, 1, 5}, 0},
    {WINDOWS, 1, {10}, 0, 10, 1, 1, {0}, RT_OK, 2, {1, 10}, {1, 1}, 0},
    {WINDOWS, 1, {10}, 0, 1, MAX, 1, {0}, RT_OK, 2, {1, 1}, {1, 1}, 0},
    {WINDOWS, 1, {10}, 0, 11, 1, 1, {0}, RT_E_SHAPE, 0, {0}, {0}, 0},
    {WINDOWS, 1, {10}, 0, 3, 1, MAX, {0}, RT_E_SHAPE, 0, {0}, {0}, 0},
    {WINDOWS, 1, {0}, 0, 1, 1, 1, {0}, RT_E_SHAPE, 0, {0}, {0}, 0},
    {WINDOWS, 1, {10}, 0, 0, 1, 1, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    {WINDOWS, 1, {10}, 0, 3, 0, 1, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
    {WINDOWS, 1, {10}, 0, 3, 1, -1, {0}, RT_E_ARGUMENT, 0, {0}, {0}, 0},
};

static void every_case(void **state) {
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(cases); i++) {
    const view_case *k = &cases[i];
    rt_tensor *base = NULL, *view = (rt_tensor *)&ctx; // not NULL
    assert_int_equal(rt_zeros(ctx, RT_I32, k->rank, k->shape, &base), RT_OK);
    rt_status status = make(k, base, &view);
    if (status != k->status) fail_msg("case %zu: %s (%s)", i, rt_status_name(status), status ? rt_last_error() : "");
    if (status != RT_OK && view) fail_msg("case %zu: an output after an error", i);
    if (status == RT_OK) {
      bool is_right = rt_tensor_rank(view) == k->want_rank && rt_tensor_offset(view) == k->want_offset && rt_tensor_shares_storage(base, view);
      for (int32_t d = 0; d < k->want_rank && is_right; d++) {
        is_right = rt_tensor_shape(view)[d] == k->want_shape[d];
        // Strides that no step is ever taken along are free.
        if (k->want_shape[d] > 1 && rt_tensor_numel(view) > 0) is_right &= rt_tensor_strides(view)[d] == k->want_strides[d];
      }
      if (!is_right) fail_msg("case %zu: rank %d, offset %lld", i, rt_tensor_rank(view), (long long)rt_tensor_offset(view));
      rt_release(view);
    }
    rt_release(base);
  }
}

/// Reshapes of tensors that are not dense: a view where strides exist, a copy or an error where they do not.
static void reshapes_of_strided_tensors(void **state) {
  static const struct { int32_t rank; int64_t shape[3], strides[3]; int32_t want; int64_t want_shape[4]; bool fits; int64_t want_strides[4]; } reshapes[] = {
      {2, {4, 6}, {8, 1}, 3, {4, 2, 3}, true, {8, 3, 1}},
      {2, {4, 6}, {8, 1}, 3, {2, 2, 6}, true, {16, 8, 1}},
      {2, {4, 6}, {8, 1}, 1, {24}, false, {0}},
      {2, {4, 6}, {1, 4}, 1, {24}, false, {0}},
      {2, {4, 6}, {1, 4}, 3, {2, 2, 6}, true, {2, 1, 4}},
      {3, {2, 3, 4}, {12, -4, 1}, 2, {6, 4}, false, {0}},
      {1, {24}, {-1}, 2, {4, 6}, true, {-6, -1}},
      {1, {24}, {0}, 2, {4, 6}, true, {0, 0}},
      {2, {4, 6}, {0, 0}, 1, {24}, true, {0}},
      {3, {4, 1, 6}, {8, 99, 1}, 2, {4, 6}, true, {8, 1}},
      {2, {2, 12}, {12, 2}, 3, {2, 3, 4}, true, {12, 8, 2}},
  };
  (void)state;
  for (size_t i = 0; i < RTI_COUNT(reshapes); i++) {
    rt_tensor *base = NULL, *t = NULL, *view = NULL, *copy = NULL;
    assert_int_equal(rt_zeros(ctx, RT_I32, 1, (int64_t[]){200}, &base), RT_OK);
    assert_int_equal(rt_as_strided(base, reshapes[i].rank, reshapes[i].shape, reshapes[i].strides, 100, &t), RT_OK);
    rt_status status = rt_view(t, reshapes[i].want, reshapes[i].want_shape, &view);
    if (status != (reshapes[i].fits ? RT_OK : RT_E_SHAPE)) fail_msg("case %zu: %s", i, rt_status_name(status));
    for (int32_t d = 0; view && d < reshapes[i].want; d++)
      if (rt_tensor_strides(view)[d] != reshapes[i].want_strides[d]) fail_msg("case %zu: stride %d is %lld", i, d, (long long)rt_tensor_strides(view)[d]);
    assert_int_equal(rt_reshape(t, reshapes[i].want, reshapes[i].want_shape, &copy), RT_OK);
    assert_int_equal(rt_tensor_shares_storage(t, copy), reshapes[i].fits);
    rt_release(base), rt_release(t), rt_release(view), rt_release(copy);
  }
}

static void as_strided_stays_inside(void **state) {
  static const struct { int32_t rank; int64_t shape[2], strides[2], offset; rt_status status; } strided[] = {
      {1, {10}, {1}, 0, RT_OK}, {1, {10}, {1}, 1, RT_E_SHAPE}, {1, {10}, {-1}, 9, RT_OK}, {1, {10}, {-1}, 8, RT_E_SHAPE},
      {0, {0}, {0}, 9, RT_OK}, {0, {0}, {0}, 10, RT_E_SHAPE}, {0, {0}, {0}, -1, RT_E_SHAPE}, {2, {2, 5}, {5, 1}, 0, RT_OK},
      {2, {MAX, 1}, {0, 1}, 3, RT_OK}, {2, {MAX, 2}, {0, 1}, 3, RT_E_SHAPE}, {1, {2}, {MAX}, 0, RT_E_SHAPE}, {1, {2}, {INT64_MIN}, 0, RT_E_ARGUMENT},
      {1, {1}, {MAX}, 0, RT_OK}, {1, {0}, {1}, MAX, RT_OK}, {1, {2}, {1}, MAX, RT_E_SHAPE}, {1, {-1}, {1}, 0, RT_E_SHAPE},
  };
  (void)state;
  rt_tensor *base = NULL, *view;
  assert_int_equal(rt_zeros(ctx, RT_I8, 1, (int64_t[]){10}, &base), RT_OK);
  for (size_t i = 0; i < RTI_COUNT(strided); i++) {
    rt_status status = rt_as_strided(base, strided[i].rank, strided[i].shape, strided[i].strides, strided[i].offset, &view);
    if (status != strided[i].status) fail_msg("case %zu: %s", i, rt_status_name(status));
    rt_release(view);
  }
  assert_int_equal(rt_as_strided(base, 1, (int64_t[]){2}, NULL, 0, &view), RT_E_ARGUMENT);
  rt_release(base);
}

static void a_rank_of_16_is_the_end(void **state) {
  (void)state;
  int64_t ones[RT_MAX_RANK];
  for (int d = 0; d < RT_MAX_RANK; d++) ones[d] = 1;
  rt_tensor *t = NULL, *view;
  assert_int_equal(rt_zeros(ctx, RT_I32, RT_MAX_RANK, ones, &t), RT_OK);
  assert_int_equal(rt_unsqueeze(t, 0, &view), RT_E_SHAPE);
  assert_int_equal(rt_windows(t, 0, 1, 1, 1, &view), RT_E_SHAPE);
  assert_int_equal(rt_permute(t, NULL, &view), RT_OK);
  rt_release(view);
  assert_int_equal(rt_permute(t, &(rt_axes){2, {0, 1}}, &view), RT_E_ARGUMENT);
  rt_release(t);
}

static void nothing_is_answered_calmly(void **state) {
  (void)state;
  rt_tensor *t = NULL, *view = (rt_tensor *)&ctx;
  assert_int_equal(rt_flip(NULL, NULL, &view), RT_E_ARGUMENT);
  assert_null(view);
  assert_int_equal(rt_zeros(ctx, RT_I32, 1, (int64_t[]){3}, &t), RT_OK);
  assert_int_equal(rt_flip(t, NULL, NULL), RT_E_ARGUMENT);
  assert_int_equal(rt_reshape(t, 1, NULL, &view), RT_E_ARGUMENT);
  assert_int_equal(rt_expand(t, 1, NULL, &view), RT_E_ARGUMENT);
  rt_release(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_case),
      cmocka_unit_test(reshapes_of_strided_tensors),
      cmocka_unit_test(as_strided_stays_inside),
      cmocka_unit_test(a_rank_of_16_is_the_end),
      cmocka_unit_test(nothing_is_answered_calmly),
  };
  return cmocka_run_group_tests(tests, open_context, close_context);
}
