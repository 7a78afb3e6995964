// SPDX-License-Identifier: BSD-3-Clause
// Operations along an axis (scans, sorting, picking) and those made of others: values that can be checked by hand, and what each refuses,
// with its sentence and without leaving anything behind.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>
#include <trivet/rt.h>

#define SHAPE(...) (int64_t[]){__VA_ARGS__}
#define AXES(...) (&(rt_axes){sizeof(int32_t[]){__VA_ARGS__} / sizeof(int32_t), {__VA_ARGS__}})
#define LIST(...) (const rt_tensor *const[]){__VA_ARGS__}

static rt_ctx *ctx, *other;
static rt_tensor *x, *flat, *scalar, *index_tensor, *far, *bools, *deep, *empty, *foreign, *weak; // x: f32 [3,4], 11 down to 0

static rt_tensor *made(rt_ctx *where, int32_t rank, const int64_t *shape, double start, double step) {
  rt_tensor *line = NULL, *t = NULL;
  int64_t n = 1;
  for (int32_t d = 0; d < rank; d++) n *= shape[d];
  assert_int_equal(rt_empty(where, RT_F32, 1, &n, &line), RT_OK);
  assert_int_equal(rt_arange_into(rt_float(start), rt_float(step), line), RT_OK);
  assert_int_equal(rt_reshape(line, rank, shape, &t), RT_OK);
  rt_release(line);
  return t;
}

static int open_contexts(void **state) {
  (void)state;
  if (rt_ctx_create(NULL, &ctx) != RT_OK || rt_ctx_create(NULL, &other) != RT_OK) return -1;
  x = made(ctx, 2, SHAPE(3, 4), 11, -1);
  flat = made(ctx, 1, SHAPE(5), 0, 1);
  scalar = made(ctx, 0, NULL, 2, 1);
  if (rt_zeros(ctx, RT_I64, 2, SHAPE(3, 2), &index_tensor) != RT_OK) return -1;
  if (rt_from_data(ctx, RT_I64, 2, SHAPE(3, 2), SHAPE(3, 4, 0, -5, 0, 0), &far) != RT_OK) return -1;
  empty = made(ctx, 2, SHAPE(3, 0), 0, 1);
  deep = made(ctx, 16, SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2), 0, 1);
  foreign = made(other, 2, SHAPE(3, 4), 0, 1);
  return rt_zeros(ctx, RT_BOOL, 2, SHAPE(3, 4), &bools) == RT_OK && rt_scalar_tensor(ctx, rt_float(2), &weak) == RT_OK ? 0 : -1;
}

static int close_contexts(void **state) {
  (void)state;
  rt_tensor *all[] = {x, flat, scalar, index_tensor, far, bools, deep, empty, foreign, weak};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) rt_release(all[i]);
  return rt_ctx_close(other) == RT_OK && rt_ctx_close(ctx) == RT_OK ? 0 : -1; // says so when a tensor is left
}

// ---- refusals ------------------------------------------------------------------------------------------------------------------------------

static void refused(int line, rt_status want, const char *words, rt_status status, const rt_tensor *out) {
  if (status != want || !strstr(rt_last_error(), words))
    fail_msg("line %d: %s (%s) instead of %s with '%s'", line, rt_status_name(status), status ? rt_last_error() : "", rt_status_name(want), words);
  if (out) fail_msg("line %d: a tensor was left in *out", line);
}
#define MISUSE(code, words, ...) (out = x, got = (__VA_ARGS__), refused(__LINE__, RT_E_##code, words, got, out))
#define MISUSE_INTO(code, words, ...) refused(__LINE__, RT_E_##code, words, (__VA_ARGS__), NULL)

static void wrong_arguments_of_operations_along_an_axis(void **state) {
  (void)state;
  rt_tensor *out;
  rt_status got;
  MISUSE(ARGUMENT, "cumsum: the first input is NULL", rt_cumsum(NULL, 0, RT_DTYPE_NONE, &out));
  MISUSE(ARGUMENT, "cumsum: axis 2 is not in -2 to 1", rt_cumsum(x, 2, RT_DTYPE_NONE, &out));
  MISUSE(ARGUMENT, "cumsum: axis 0, but the tensor has rank 0", rt_cumsum(scalar, 0, RT_DTYPE_NONE, &out));
  MISUSE(ARGUMENT, "cumsum: 99 is no dtype", rt_cumsum(x, 0, (rt_dtype)99, &out));
  MISUSE(ARGUMENT, "cumprod: axis -3", rt_cumprod(x, -3, RT_DTYPE_NONE, &out));
  MISUSE(ARGUMENT, "take_along: the second input is NULL", rt_take_along(x, NULL, 0, &out));
  MISUSE(STATE, "take_along: the tensors belong to two contexts", rt_take_along(foreign, index_tensor, 1, &out));
  MISUSE(DTYPE, "take_along: indices have dtype f32, not an integer", rt_take_along(x, x, 1, &out));
  MISUSE(DTYPE, "take_along: indices have dtype bool, not an integer", rt_take_along(x, bools, 1, &out));
  MISUSE(SHAPE, "take_along: indices [3,2] do not fit to x [5]", rt_take_along(flat, index_tensor, 0, &out));
  MISUSE(INDEX, "take_along: index 4 at position 1 is out of range for axis 1 of size 4", rt_take_along(x, far, 1, &out));
  MISUSE(INDEX, "take_along: no index is in range for axis 1 of extent 0", rt_take_along(empty, index_tensor, 1, &out));
  MISUSE(ARGUMENT, "sort: axis 2", rt_sort(x, 2, false, &out));
  MISUSE(ARGUMENT, "argsort: the first input is NULL", rt_argsort(NULL, 0, true, &out));
  MISUSE(SHAPE, "searchsorted: sorted has shape [3,4], not one axis", rt_searchsorted(x, flat, false, &out));
  MISUSE(STATE, "searchsorted: the tensors belong to two contexts", rt_searchsorted(flat, foreign, false, &out));
  MISUSE_INTO(ARGUMENT, "sort: out is NULL", rt_sort(x, 0, false, NULL));
  MISUSE_INTO(ARGUMENT, "cumsum: out is NULL", rt_cumsum_into(x, 0, NULL));
  MISUSE_INTO(SHAPE, "sort: out has shape [5], but the result is [3,4]", rt_sort_into(x, 0, false, flat));
  MISUSE_INTO(DTYPE, "argsort: out has dtype f32, but the result is i64", rt_argsort_into(flat, 0, false, flat));
  MISUSE_INTO(STATE, "take_along: the tensors belong to two contexts", rt_take_along_into(x, index_tensor, 1, foreign));
  MISUSE_INTO(SHAPE, "take_along: out has shape [3,4], but the result is [3,2]", rt_take_along_into(x, index_tensor, 1, x));
}

static void wrong_arguments_of_composites(void **state) {
  (void)state;
  rt_tensor *out;
  rt_status got;
  const double nan = (double)NAN;
  MISUSE(ARGUMENT, "linspace: ctx is NULL", rt_linspace(NULL, RT_F32, rt_int(0), rt_int(1), 3, &out));
  MISUSE(ARGUMENT, "linspace: 99 is no dtype", rt_linspace(ctx, (rt_dtype)99, rt_int(0), rt_int(1), 3, &out));
  MISUSE(DTYPE, "linspace: not defined for i32", rt_linspace(ctx, RT_I32, rt_int(0), rt_int(1), 3, &out));
  MISUSE(ARGUMENT, "linspace: from 0 to nan", rt_linspace(ctx, RT_F32, rt_int(0), rt_float(nan), 3, &out));
  MISUSE(ARGUMENT, "linspace: 0 is no kind of scalar", rt_linspace(ctx, RT_F32, (rt_scalar){0}, rt_int(1), 3, &out));
  MISUSE(SHAPE, "linspace: ", rt_linspace(ctx, RT_F32, rt_int(0), rt_int(1), -1, &out));
  MISUSE(SHAPE, "linspace: ", rt_linspace(ctx, RT_F32, rt_int(0), rt_int(1), INT64_MAX, &out));
  MISUSE(SHAPE, "eye: ", rt_eye(ctx, RT_F32, 3, -1, 0, &out));
  MISUSE(ARGUMENT, "tile: repeats is NULL", rt_tile(x, NULL, &out));
  MISUSE(SHAPE, "tile: -1 repeats of axis 1", rt_tile(x, SHAPE(1, -1), &out));
  MISUSE(SHAPE, "tile: ", rt_tile(x, SHAPE(INT64_MAX, 1), &out));
  MISUSE(SHAPE, "repeat: -1 times along axis 0", rt_repeat(x, -1, 0, &out));
  MISUSE(ARGUMENT, "repeat: axis 2", rt_repeat(x, 1, 2, &out));
  MISUSE(ARGUMENT, "roll: axis 0, but the tensor has rank 0", rt_roll(scalar, 1, 0, &out));
  MISUSE(ARGUMENT, "stack: 0 tensors", rt_stack(0, LIST(x), 0, &out));
  MISUSE(ARGUMENT, "stack: tensor 1 is NULL", rt_stack(2, LIST(x, NULL), 0, &out));
  MISUSE(STATE, "stack: the tensors belong to two contexts", rt_stack(2, LIST(x, foreign), 0, &out));
  MISUSE(SHAPE, "stack: tensor 1 has shape [5], the first one [3,4]", rt_stack(2, LIST(x, flat), 0, &out));
  MISUSE(SHAPE, "stack: the result would have rank 17, more than 16", rt_stack(1, LIST(deep), 0, &out));
  MISUSE(ARGUMENT, "stack: axis 3 is not in -3 to 2", rt_stack(2, LIST(x, x), 3, &out));
  MISUSE(ARGUMENT, "var: correction nan", rt_var(x, NULL, false, nan, &out));
  MISUSE(ARGUMENT, "std: ", rt_std(x, AXES(0, 0), false, 0, &out));
  MISUSE(ARGUMENT, "logsumexp: ", rt_logsumexp(x, AXES(2), false, &out));
  MISUSE(ARGUMENT, "norm: p is 3, not 1, 2 or infinity", rt_norm(x, 3, NULL, false, &out));
  MISUSE(ARGUMENT, "norm: p is -inf", rt_norm(x, -(double)INFINITY, NULL, false, &out));
  MISUSE_INTO(ARGUMENT, "norm: out is NULL", rt_norm(x, 2, NULL, false, NULL));
  MISUSE_INTO(ARGUMENT, "eye: out is NULL", rt_eye_into(2, 2, 0, NULL));
  MISUSE_INTO(SHAPE, "eye: out has shape [3,4], but the result is [3,3]", rt_eye_into(3, 3, 0, x));
  MISUSE_INTO(SHAPE, "linspace: out has shape [5], but the result is [4]", rt_linspace_into(rt_int(0), rt_int(1), 4, flat));
  MISUSE_INTO(SHAPE, "tile: out has shape [3,4], but the result is [6,4]", rt_tile_into(x, SHAPE(2, 1), x));
  MISUSE_INTO(DTYPE, "roll: out has dtype bool, but the result is f32", rt_roll_into(x, 1, 0, bools));
  MISUSE_INTO(SHAPE, "stack: out has shape [3,4], but the result is [1,3,4]", rt_stack_into(1, LIST(x), 0, x));
  MISUSE_INTO(SHAPE, "var: out has shape [5], but the result is []", rt_var_into(x, NULL, false, 0, flat));
  MISUSE_INTO(STATE, "logsumexp: the tensors belong to two contexts", rt_logsumexp_into(x, NULL, false, foreign));
}

// ---- values --------------------------------------------------------------------------------------------------------------------------------

static void expect(rt_tensor *t, rt_dtype dtype, int n, const double *want) {
  double got[16];
  rt_tensor *wide = NULL;
  assert_int_equal(rt_tensor_dtype(t), dtype);
  assert_int_equal(rt_tensor_numel(t), n);
  assert_int_equal(rt_cast(t, RT_F64, &wide), RT_OK);
  assert_int_equal(rt_read(wide, got, (size_t)n * sizeof *got), RT_OK);
  for (int i = 0; i < n; i++)
    if (memcmp(&got[i], &want[i], sizeof *got) && !(isnan(got[i]) && isnan(want[i]))) fail_msg("element %d is %g, not %g", i, got[i], want[i]);
  rt_release(wide);
  rt_release(t);
}

static void sorting_keeps_equal_elements_in_order(void **state) {
  (void)state;
  const double nan = (double)NAN, values[7] = {0.0, nan, 1, -0.0, -1, 0.0, nan};
  rt_tensor *t = NULL, *y = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F64, 1, SHAPE(7), values, &t), RT_OK);
  assert_int_equal(rt_sort(t, 0, false, &y), RT_OK);
  expect(y, RT_F64, 7, (double[]){-1, 0.0, -0.0, 0.0, 1, nan, nan});
  assert_int_equal(rt_argsort(t, 0, false, &y), RT_OK);
  expect(y, RT_I64, 7, (double[]){4, 0, 3, 5, 2, 1, 6});
  assert_int_equal(rt_argsort(t, -1, true, &y), RT_OK);
  expect(y, RT_I64, 7, (double[]){1, 6, 2, 0, 3, 5, 4});
  rt_release(t);
  assert_int_equal(rt_searchsorted(flat, scalar, false, &y), RT_OK);
  expect(y, RT_I64, 1, (double[]){2});
  assert_int_equal(rt_searchsorted(flat, weak, true, &y), RT_OK);
  expect(y, RT_I64, 1, (double[]){3});
}

static void values_known_by_hand(void **state) {
  (void)state;
  rt_tensor *y = NULL, *large = NULL;
  assert_int_equal(rt_cumsum(bools, 0, RT_DTYPE_NONE, &y), RT_OK);
  expect(y, RT_I64, 12, (double[12]){0});
  assert_int_equal(rt_cumprod(flat, 0, RT_U8, &y), RT_OK);
  expect(y, RT_U8, 5, (double[5]){0});
  assert_int_equal(rt_var(flat, NULL, false, 1, &y), RT_OK);
  expect(y, RT_F32, 1, (double[]){2.5});
  assert_int_equal(rt_std(scalar, NULL, false, 1, &y), RT_OK);
  expect(y, RT_F32, 1, (double[]){(double)NAN});
  assert_int_equal(rt_logsumexp(empty, AXES(1), false, &y), RT_OK);
  expect(y, RT_F32, 3, (double[]){-(double)INFINITY, -(double)INFINITY, -(double)INFINITY});
  assert_int_equal(rt_norm(empty, 2, NULL, true, &y), RT_OK);
  expect(y, RT_F32, 1, (double[]){0});
  const float huge[2] = {3e38f, -3e38f};
  assert_int_equal(rt_from_data(ctx, RT_F32, 1, SHAPE(2), huge, &large), RT_OK);
  assert_int_equal(rt_norm(large, (double)INFINITY, NULL, false, &y), RT_OK);
  expect(y, RT_F32, 1, (double[]){(double)3e38f});
  assert_int_equal(rt_logsumexp(large, NULL, false, &y), RT_OK);
  expect(y, RT_F32, 1, (double[]){(double)3e38f});
  rt_release(large);
  const double far_apart[2] = {3e300, 4e300};
  assert_int_equal(rt_from_data(ctx, RT_F64, 1, SHAPE(2), far_apart, &large), RT_OK);
  assert_int_equal(rt_norm(large, 2, NULL, false, &y), RT_OK);
  expect(y, RT_F64, 1, (double[]){5e300});
  rt_release(large);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wrong_arguments_of_operations_along_an_axis),
      cmocka_unit_test(wrong_arguments_of_composites),
      cmocka_unit_test(sorting_keeps_equal_elements_in_order),
      cmocka_unit_test(values_known_by_hand),
  };
  return cmocka_run_group_tests_name("along_axes", tests, open_contexts, close_contexts);
}
