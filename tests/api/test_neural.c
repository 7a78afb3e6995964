// SPDX-License-Identifier: BSD-3-Clause
// What neural networks are made of: values that can be checked by hand, and the corners that the conformance grid leaves to words.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <trivet/rt.h>

#define SHAPE(...) (int64_t[]){__VA_ARGS__}
#define AXES(...) (&(rt_axes){sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t), {__VA_ARGS__}})
#define VALUES(...) (const double[]){__VA_ARGS__}
#define INF ((double)INFINITY)
#define NO_NUMBER ((double)NAN)

static rt_ctx *ctx;

static int open_context(void **state) {
  (void)state;
  return rt_ctx_create(NULL, &ctx) == RT_OK ? 0 : -1;
}
static int close_context(void **state) {
  (void)state;
  return rt_ctx_close(ctx) == RT_OK ? 0 : -1; // says so when a tensor is left
}

static void works(rt_status status) {
  if (status != RT_OK) fail_msg("%s: %s", rt_status_name(status), rt_last_error());
}

static rt_tensor *tensor(rt_dtype dtype, int32_t rank, const int64_t *shape, const double *values) {
  rt_tensor *wide = NULL, *t = NULL;
  works(rt_from_data(ctx, RT_F64, rank, shape, values, &wide));
  works(rt_cast(wide, dtype, &t));
  rt_release(wide);
  return t;
}

/// Releases t.
static void expect(int line, rt_tensor *t, rt_dtype dtype, double tolerance, int n, const double *want) {
  double got[64];
  rt_tensor *wide = NULL;
  assert_int_equal(rt_tensor_dtype(t), dtype);
  assert_int_equal(rt_tensor_numel(t), n);
  works(rt_cast(t, RT_F64, &wide));
  works(rt_read(wide, got, (size_t)n * sizeof *got));
  for (int i = 0; i < n; i++) {
    bool is_same = isnan(want[i]) ? isnan(got[i]) : isinf(want[i]) ? got[i] == want[i] : fabs(got[i] - want[i]) <= tolerance;
    if (!is_same) fail_msg("line %d: element %d is %.9g, not %.9g", line, i, got[i], want[i]);
  }
  rt_release(wide);
  rt_release(t);
}
#define EXPECT(t, dtype, tolerance, ...) expect(__LINE__, t, dtype, tolerance, (int)(sizeof(VALUES(__VA_ARGS__)) / sizeof(double)), VALUES(__VA_ARGS__))

// ---- normalisation -------------------------------------------------------------------------------------------------------------------------

static void a_row_becomes_mean_0_and_variance_1(void **state) {
  (void)state;
  rt_tensor *x = tensor(RT_F32, 2, SHAPE(2, 4), VALUES(1, 3, 1, 3, 10, 20, 20, 10)), *two = tensor(RT_F32, 0, NULL, VALUES(2)), *y = NULL;
  works(rt_layer_norm(x, AXES(1), NULL, NULL, 0, &y));
  EXPECT(y, RT_F32, 0, -1, 1, -1, 1, -1, 1, 1, -1);
  works(rt_layer_norm(x, AXES(1), two, two, 3, &y)); // variance 1 + 3 and 25 + 3
  EXPECT(y, RT_F32, 1e-6, 1, 3, 1, 3, 2 - 10 / sqrt(28), 2 + 10 / sqrt(28), 2 + 10 / sqrt(28), 2 - 10 / sqrt(28));
  works(rt_rms_norm(x, AXES(1), two, 4, &y)); // mean squares 5 and 250
  EXPECT(y, RT_F32, 1e-6, 2 / 3.0, 2, 2 / 3.0, 2, 20 / sqrt(254), 40 / sqrt(254), 40 / sqrt(254), 20 / sqrt(254));
  works(rt_batch_norm(x, NULL, NULL, NULL, NULL, 0, 0, &y)); // a channel per row: as the layer_norm above
  EXPECT(y, RT_F32, 0, -1, 1, -1, 1, -1, 1, 1, -1);
  works(rt_group_norm(x, 2, NULL, NULL, 0, &y)); // pairs
  EXPECT(y, RT_F32, 0, -1, 1, -1, 1, -1, 1, 1, -1);
  rt_release(x);
  rt_release(two);
}

static void a_constant_row_needs_an_eps(void **state) {
  (void)state;
  rt_tensor *x = tensor(RT_F32, 2, SHAPE(2, 2), VALUES(3, 3, 0, 0)), *y = NULL;
  works(rt_layer_norm(x, AXES(1), NULL, NULL, 0, &y)); // 0 / 0
  EXPECT(y, RT_F32, 0, NO_NUMBER, NO_NUMBER, NO_NUMBER, NO_NUMBER);
  works(rt_layer_norm(x, AXES(1), NULL, NULL, 1e-5, &y));
  EXPECT(y, RT_F32, 0, 0, 0, 0, 0);
  works(rt_rms_norm(x, AXES(1), NULL, 0, &y));
  EXPECT(y, RT_F32, 0, 1, 1, NO_NUMBER, NO_NUMBER);
  works(rt_layer_norm(x, &(rt_axes){0}, NULL, NULL, 1, &y)); // over no axes: each element by itself
  EXPECT(y, RT_F32, 0, 0, 0, 0, 0);
  rt_release(x);
}

static void what_one_infinity_does(void **state) {
  (void)state;
  rt_tensor *x = tensor(RT_F64, 1, SHAPE(3), VALUES(1, INF, 2)), *y = NULL;
  works(rt_layer_norm(x, NULL, NULL, NULL, 0, &y));
  EXPECT(y, RT_F64, 0, NO_NUMBER, NO_NUMBER, NO_NUMBER);
  works(rt_rms_norm(x, NULL, NULL, 0, &y));
  EXPECT(y, RT_F64, 0, 0, NO_NUMBER, 0);
  rt_release(x);
}

static void a_large_mean_is_not_lost_in_the_squares(void **state) {
  (void)state;
  rt_tensor *x = tensor(RT_F32, 1, SHAPE(4), VALUES(16777208, 16777210, 16777208, 16777210)), *y = NULL;
  works(rt_layer_norm(x, NULL, NULL, NULL, 0, &y));
  EXPECT(y, RT_F32, 0, -1, 1, -1, 1);
  works(rt_batch_norm(x, NULL, NULL, NULL, NULL, 0, 1, &y)); // four channels of one element each
  EXPECT(y, RT_F32, 0, 0, 0, 0, 0);
  rt_release(x);
}

static void mixed_dtypes_promote(void **state) {
  (void)state;
  rt_tensor *x = tensor(RT_F16, 2, SHAPE(1, 2), VALUES(1, 3)), *w = tensor(RT_F32, 1, SHAPE(2), VALUES(1, 2)), *n = tensor(RT_I32, 2, SHAPE(1, 2), VALUES(1, 3)), *y = NULL;
  works(rt_layer_norm(x, AXES(1), NULL, NULL, 0, &y));
  EXPECT(y, RT_F16, 0, -1, 1);
  works(rt_layer_norm(x, AXES(1), w, NULL, 0, &y));
  EXPECT(y, RT_F32, 0, -1, 2);
  works(rt_layer_norm(n, AXES(1), NULL, NULL, 0, &y));
  EXPECT(y, RT_F32, 0, -1, 1);
  works(rt_group_norm(n, 1, NULL, NULL, 0, &y));
  EXPECT(y, RT_F32, 0, -1, 1);
  works(rt_batch_norm(x, w, w, NULL, NULL, 1, 0, &y));
  EXPECT(y, RT_F32, 1e-6, 0, 1 / sqrt(2));
  rt_release(x);
  rt_release(w);
  rt_release(n);
}

// ---- embedding -----------------------------------------------------------------------------------------------------------------------------

static void padding_gives_rows_of_zero(void **state) {
  (void)state;
  rt_tensor *table = tensor(RT_F32, 2, SHAPE(3, 2), VALUES(1, 2, 3, 4, 5, 6)), *index = tensor(RT_I64, 1, SHAPE(4), VALUES(2, 1, -1, 7)), *y = NULL;
  works(rt_embedding(table, index, 7, &y));
  EXPECT(y, RT_F32, 0, 5, 6, 3, 4, 5, 6, 0, 0);
  assert_int_equal(rt_embedding(table, index, 1, &y), RT_E_INDEX); // 7 is no padding now
  assert_null(y);
  rt_release(index);
  index = tensor(RT_U8, 1, SHAPE(2), VALUES(1, 255));
  assert_int_equal(rt_embedding(table, index, -1, &y), RT_E_INDEX); // a u8 is never -1
  works(rt_embedding(table, index, 255, &y));
  EXPECT(y, RT_F32, 0, 3, 4, 0, 0);
  rt_release(index);
  rt_release(table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_row_becomes_mean_0_and_variance_1),
      cmocka_unit_test(a_constant_row_needs_an_eps),
      cmocka_unit_test(what_one_infinity_does),
      cmocka_unit_test(a_large_mean_is_not_lost_in_the_squares),
      cmocka_unit_test(mixed_dtypes_promote),
      cmocka_unit_test(padding_gives_rows_of_zero),
  };
  return cmocka_run_group_tests_name("neural", tests, open_context, close_context);
}
