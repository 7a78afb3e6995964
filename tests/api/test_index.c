// SPDX-License-Identifier: BSD-3-Clause
// Operations by index values, and those that find indices: values that can be checked by hand, the order in which updates fall, and what
// a bad index leaves alone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>
#include <trivet/rt.h>

#define SHAPE(...) (int64_t[]){__VA_ARGS__}
#define VALUES(...) (double[]){__VA_ARGS__}

static rt_ctx *ctx;

static int open_context(void **state) {
  (void)state;
  return rt_ctx_create(NULL, &ctx) == RT_OK ? 0 : -1;
}
static int close_context(void **state) {
  (void)state;
  return rt_ctx_close(ctx) == RT_OK ? 0 : -1; // says so when a tensor is left
}

static rt_tensor *make(rt_dtype dtype, int32_t rank, const int64_t *shape, const double *values) {
  rt_tensor *wide = NULL, *t = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F64, rank, shape, values, &wide), RT_OK);
  assert_int_equal(rt_cast(wide, dtype, &t), RT_OK);
  rt_release(wide);
  return t;
}

/// Checks every element of t, signs of zero included.
static void see(const rt_tensor *t, rt_dtype dtype, int n, const double *want) {
  double got[32];
  rt_tensor *wide = NULL;
  assert_int_equal(rt_tensor_dtype(t), dtype);
  assert_int_equal(rt_tensor_numel(t), n);
  assert_int_equal(rt_cast(t, RT_F64, &wide), RT_OK);
  assert_int_equal(rt_read(wide, got, (size_t)n * sizeof *got), RT_OK);
  for (int i = 0; i < n; i++)
    if (memcmp(&got[i], &want[i], sizeof *got) && !(isnan(got[i]) && isnan(want[i]))) fail_msg("element %d is %g, not %g", i, got[i], want[i]);
  rt_release(wide);
}
static void expect(rt_tensor *t, rt_dtype dtype, int n, const double *want) {
  see(t, dtype, n, want);
  rt_release(t);
}

// ---- scatter -------------------------------------------------------------------------------------------------------------------------------

static void updates_fall_in_the_order_of_their_indices(void **state) {
  (void)state;
  rt_tensor *x = make(RT_F32, 1, SHAPE(3), VALUES(1, 2, 3)), *y = NULL;
  rt_tensor *index = make(RT_I32, 1, SHAPE(4), VALUES(0, -1, 0, 2)), *updates = make(RT_F32, 1, SHAPE(4), VALUES(10, 20, 30, 40));
  const struct { rt_scatter_mode mode; double want[3]; } rows[] = {
      {RT_SCATTER_SET, {30, 2, 40}}, {RT_SCATTER_ADD, {41, 2, 63}}, {RT_SCATTER_MUL, {300, 2, 2400}}, {RT_SCATTER_MIN, {1, 2, 3}}, {RT_SCATTER_MAX, {30, 2, 40}}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(rt_scatter(x, index, updates, 0, rows[i].mode, &y), RT_OK);
    expect(y, RT_F32, 3, rows[i].want);
  }
  // Sums are rounded at every step, so their order can be seen: 2^24 + 1 is 2^24 in f32.
  rt_tensor *large = make(RT_F32, 1, SHAPE(1), VALUES(0)), *here = make(RT_I8, 1, SHAPE(3), VALUES(0, 0, 0));
  rt_tensor *up = make(RT_F32, 1, SHAPE(3), VALUES(16777216, 1, 1)), *down = NULL;
  assert_int_equal(rt_scatter(large, here, up, 0, RT_SCATTER_ADD, &y), RT_OK);
  expect(y, RT_F32, 1, VALUES(16777216));
  assert_int_equal(rt_flip(up, NULL, &down), RT_OK);
  assert_int_equal(rt_scatter(large, here, down, 0, RT_SCATTER_ADD, &y), RT_OK);
  expect(y, RT_F32, 1, VALUES(16777218));
  rt_tensor *all[] = {x, index, updates, large, here, up, down};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) rt_release(all[i]);
}

static void a_scalar_updates_in_the_dtype_of_x(void **state) {
  (void)state;
  rt_tensor *x = make(RT_F16, 2, SHAPE(2, 2), VALUES(1, 2, 3, 4)), *index = make(RT_I64, 2, SHAPE(2, 1), VALUES(1, 0)), *weak = NULL, *y = NULL;
  assert_int_equal(rt_scalar_tensor(ctx, rt_float(0.5), &weak), RT_OK);
  assert_int_equal(rt_scatter(x, index, weak, 1, RT_SCATTER_ADD, &y), RT_OK);
  expect(y, RT_F16, 4, VALUES(1, 2.5, 3.5, 4));
  rt_tensor *whole = make(RT_I16, 2, SHAPE(2, 2), VALUES(1, 2, 3, 4)); // its kind is higher: f32
  assert_int_equal(rt_scatter(whole, index, weak, 1, RT_SCATTER_SET, &y), RT_OK);
  expect(y, RT_F32, 4, VALUES(1, 0.5, 0.5, 4));
  rt_release(x), rt_release(index), rt_release(weak), rt_release(whole);
}

static void a_bad_index_leaves_the_output_alone(void **state) {
  (void)state;
  rt_tensor *x = make(RT_I32, 2, SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6)), *updates = make(RT_I32, 2, SHAPE(2, 2), VALUES(7, 7, 7, 7)), *y = x;
  rt_tensor *index = make(RT_I64, 2, SHAPE(2, 2), VALUES(0, 1, 2, -4)), *coordinates = make(RT_I64, 2, SHAPE(2, 2), VALUES(0, 0, 1, 3));
  assert_int_equal(rt_scatter(x, index, updates, 1, RT_SCATTER_SET, &y), RT_E_INDEX);
  assert_non_null(strstr(rt_last_error(), "scatter: index -4 at position 3 is out of range for axis 1 of size 3"));
  assert_null(y);
  assert_int_equal(rt_scatter_into(x, index, updates, 1, RT_SCATTER_SET, x), RT_E_INDEX);
  see(x, RT_I32, 6, VALUES(1, 2, 3, 4, 5, 6));
  rt_tensor *one = make(RT_I32, 0, NULL, VALUES(9));
  assert_int_equal(rt_scatter_nd_into(x, coordinates, one, RT_SCATTER_SET, x), RT_E_INDEX);
  assert_non_null(strstr(rt_last_error(), "scatter_nd: index 3 at position 3 is out of range for axis 1 of size 3"));
  see(x, RT_I32, 6, VALUES(1, 2, 3, 4, 5, 6));
  assert_int_equal(rt_gather_nd(x, coordinates, 0, &y), RT_E_INDEX);
  assert_non_null(strstr(rt_last_error(), "gather_nd: index 3 at position 3 is out of range for axis 1 of size 3"));
  rt_tensor *empty = make(RT_I32, 2, SHAPE(2, 0), NULL);
  assert_int_equal(rt_scatter(empty, index, updates, 1, RT_SCATTER_SET, &y), RT_E_INDEX);
  assert_non_null(strstr(rt_last_error(), "scatter: no index is in range for axis 1 of extent 0"));
  assert_int_equal(rt_gather_nd(empty, coordinates, 0, &y), RT_E_INDEX);
  assert_non_null(strstr(rt_last_error(), "gather_nd: no index is in range for axis 1 of extent 0"));
  rt_release(x), rt_release(updates), rt_release(index), rt_release(coordinates), rt_release(one), rt_release(empty);
}

/// In place no element moves that no update falls on: x is not copied, and a clone keeps what it had.
static void scatter_in_place(void **state) {
  (void)state;
  rt_tensor *x = make(RT_F64, 2, SHAPE(3, 2), VALUES(0, 1, 2, 3, 4, 5)), *clone = NULL, *index = make(RT_I64, 2, SHAPE(1, 1), VALUES(-1));
  rt_tensor *row = make(RT_F64, 2, SHAPE(1, 2), VALUES(8, 9));
  rt_report_reset(ctx);
  assert_int_equal(rt_scatter_nd_into(x, index, row, RT_SCATTER_SET, x), RT_OK);
  rt_report_row report;
  uint64_t n_runs = 0;
  for (int32_t i = 0; rt_report_get(ctx, i, &report) == RT_OK; i++) n_runs += report.kind == RT_REPORT_RUN ? report.count : 0;
  assert_int_equal(n_runs, 1);
  see(x, RT_F64, 6, VALUES(0, 1, 2, 3, 8, 9));
  assert_int_equal(rt_clone(x, &clone), RT_OK);
  assert_int_equal(rt_scatter_nd_into(x, index, row, RT_SCATTER_ADD, x), RT_OK);
  expect(x, RT_F64, 6, VALUES(0, 1, 2, 3, 16, 18));
  expect(clone, RT_F64, 6, VALUES(0, 1, 2, 3, 8, 9));
  rt_release(index), rt_release(row);
}

// ---- finding -------------------------------------------------------------------------------------------------------------------------------

static void nonzero_counts_and_fills(void **state) {
  (void)state;
  const double nan = (double)NAN;
  rt_tensor *x = make(RT_F32, 2, SHAPE(2, 3), VALUES(0.0, nan, -0.0, 1, 0, -2)), *y = NULL, *slices = NULL, *rows = NULL;
  assert_int_equal(rt_nonzero(x, &y), RT_OK);
  see(y, RT_I64, 6, VALUES(0, 1, 1, 1, 0, 2));
  assert_int_equal(rt_tensor_shape(y)[0], 2);
  assert_int_equal(rt_transpose(y, 0, 1, &rows), RT_OK); // coordinates as gather_nd wants them
  assert_int_equal(rt_gather_nd(x, rows, 0, &slices), RT_OK);
  expect(slices, RT_F32, 3, VALUES(nan, 1, -2));
  rt_release(y), rt_release(rows), rt_release(x);
  assert_int_equal(rt_scalar_tensor(ctx, rt_int(3), &x), RT_OK);
  assert_int_equal(rt_nonzero(x, &y), RT_OK);
  assert_int_equal(rt_tensor_shape(y)[0], 0);
  assert_int_equal(rt_tensor_shape(y)[1], 1);
  rt_release(x), rt_release(y);
}

static void topk_orders_as_sort_does(void **state) {
  (void)state;
  const double nan = (double)NAN;
  rt_tensor *x = make(RT_F32, 1, SHAPE(6), VALUES(3, nan, -0.0, 3, 0.0, nan)), *values = NULL, *indices = NULL;
  assert_int_equal(rt_topk(x, 4, 0, true, &values, &indices), RT_OK);
  expect(values, RT_F32, 4, VALUES(nan, nan, 3, 3));
  expect(indices, RT_I64, 4, VALUES(1, 5, 0, 3));
  assert_int_equal(rt_topk(x, 3, -1, false, &values, NULL), RT_OK);
  expect(values, RT_F32, 3, VALUES(-0.0, 0.0, 3));
  assert_int_equal(rt_topk(x, 3, -1, false, NULL, &indices), RT_OK);
  expect(indices, RT_I64, 3, VALUES(2, 4, 0));
  rt_release(x);
}

static void unique_by_hand(void **state) {
  (void)state;
  const double nan = (double)NAN;
  rt_tensor *x = make(RT_F32, 2, SHAPE(2, 4), VALUES(3, 0.0, nan, 1, -0.0, nan, 3, 3)), *values = NULL, *first = NULL, *inverse = NULL, *counts = NULL;
  assert_int_equal(rt_unique(x, NULL, true, &values, &first, &inverse, &counts), RT_OK);
  expect(values, RT_F32, 5, VALUES(0.0, 1, 3, nan, nan)); // each NaN is another one
  expect(first, RT_I64, 5, VALUES(1, 3, 0, 2, 5));
  assert_int_equal(rt_tensor_rank(inverse), 2);
  expect(inverse, RT_I64, 8, VALUES(2, 0, 3, 1, 0, 4, 2, 2));
  expect(counts, RT_I64, 5, VALUES(2, 1, 3, 1, 1));
  assert_int_equal(rt_unique(x, NULL, false, &values, NULL, &inverse, NULL), RT_OK);
  expect(values, RT_F32, 5, VALUES(3, 0.0, nan, 1, nan));
  expect(inverse, RT_I64, 8, VALUES(0, 1, 2, 3, 1, 4, 0, 0));
  rt_release(x);
  const int32_t axis = -1;
  x = make(RT_I16, 2, SHAPE(2, 4), VALUES(2, 1, 2, 1, 5, 6, 5, 4)); // columns (2,5) (1,6) (2,5) (1,4)
  assert_int_equal(rt_unique(x, &axis, true, &values, &first, &inverse, &counts), RT_OK);
  assert_int_equal(rt_tensor_shape(values)[1], 3);
  expect(values, RT_I16, 6, VALUES(1, 1, 2, 4, 6, 5));
  expect(first, RT_I64, 3, VALUES(3, 1, 0));
  expect(inverse, RT_I64, 4, VALUES(2, 1, 2, 0));
  expect(counts, RT_I64, 3, VALUES(1, 1, 2));
  rt_release(x);
  x = make(RT_I16, 2, SHAPE(3, 0), NULL); // three slices of nothing are equal
  assert_int_equal(rt_unique(x, &(int32_t){0}, true, NULL, NULL, &inverse, &counts), RT_OK);
  expect(inverse, RT_I64, 3, VALUES(0, 0, 0));
  expect(counts, RT_I64, 1, VALUES(3));
  assert_int_equal(rt_zeros(ctx, RT_F32, 3, SHAPE(0, INT64_C(1) << 30, 3), &values), RT_OK); // not a sort for each column of no rows
  assert_int_equal(rt_unique(values, &(int32_t){0}, true, NULL, NULL, NULL, &counts), RT_OK);
  expect(counts, RT_I64, 0, NULL);
  rt_release(values);
  rt_release(x);
}

static void take_counts_through_the_axes(void **state) {
  (void)state;
  rt_tensor *x = make(RT_I32, 2, SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6)), *turned = NULL, *index = make(RT_I8, 1, SHAPE(3), VALUES(0, 1, -1)), *y = NULL;
  rt_tensor *mask = make(RT_BOOL, 2, SHAPE(2, 1), VALUES(0, 1));
  assert_int_equal(rt_transpose(x, 0, 1, &turned), RT_OK);
  assert_int_equal(rt_take(turned, index, &y), RT_OK);
  expect(y, RT_I32, 3, VALUES(1, 4, 6));
  assert_int_equal(rt_masked_select(x, mask, &y), RT_OK);
  expect(y, RT_I32, 3, VALUES(4, 5, 6));
  rt_tensor *far = make(RT_I8, 1, SHAPE(2), VALUES(0, 6));
  assert_int_equal(rt_take(x, far, &y), RT_E_INDEX);
  assert_non_null(strstr(rt_last_error(), "take: gather: index 6 at position 1 is out of range"));
  rt_release(x), rt_release(turned), rt_release(index), rt_release(mask), rt_release(far);
}

static void counting_by_hand(void **state) {
  (void)state;
  const double nan = (double)NAN, inf = (double)INFINITY;
  rt_tensor *x = make(RT_F32, 1, SHAPE(9), VALUES(0, 0.5, 1, 2, -0.0, nan, inf, -1, 1.999)), *y = NULL;
  assert_int_equal(rt_histogram(x, 2, 0, 2, &y), RT_OK); // [0, 1), [1, 2]
  expect(y, RT_I64, 2, VALUES(3, 3));
  rt_release(x);
  x = make(RT_U8, 2, SHAPE(2, 2), VALUES(3, 1, 1, 0));
  rt_tensor *weights = make(RT_F16, 2, SHAPE(2, 2), VALUES(0.5, 1, 2, 4));
  assert_int_equal(rt_bincount(x, NULL, 6, &y), RT_OK);
  expect(y, RT_I64, 6, VALUES(1, 2, 0, 1, 0, 0));
  assert_int_equal(rt_bincount(x, weights, 0, &y), RT_OK);
  expect(y, RT_F16, 4, VALUES(4, 3, 0, 0.5));
  assert_int_equal(rt_count_nonzero(x, &(rt_axes){1, {0}}, false, &y), RT_OK);
  expect(y, RT_I64, 2, VALUES(2, 1));
  rt_release(x), rt_release(weights);
  x = make(RT_I32, 1, SHAPE(2), VALUES(4, -3));
  assert_int_equal(rt_bincount(x, NULL, 0, &y), RT_E_INDEX);
  assert_non_null(strstr(rt_last_error(), "bincount: x has -3, below 0"));
  rt_release(x);
  const uint64_t huge = UINT64_MAX;
  assert_int_equal(rt_from_data(ctx, RT_U64, 0, NULL, &huge, &x), RT_OK);
  assert_int_equal(rt_bincount(x, NULL, 0, &y), RT_E_SHAPE);
  assert_non_null(strstr(rt_last_error(), "bincount: x has 18446744073709551615, which makes too many bins"));
  rt_release(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(updates_fall_in_the_order_of_their_indices),
      cmocka_unit_test(a_scalar_updates_in_the_dtype_of_x),
      cmocka_unit_test(a_bad_index_leaves_the_output_alone),
      cmocka_unit_test(scatter_in_place),
      cmocka_unit_test(nonzero_counts_and_fills),
      cmocka_unit_test(topk_orders_as_sort_does),
      cmocka_unit_test(unique_by_hand),
      cmocka_unit_test(take_counts_through_the_axes),
      cmocka_unit_test(counting_by_hand),
  };
  return cmocka_run_group_tests_name("index", tests, open_context, close_context);
}
