// SPDX-License-Identifier: BSD-3-Clause
// A synchronous device with memory of its own (tests/abi/plugins/unified.c), mapped by the host or not: every kind of answer that resolve and
// accept can give is turned into the same right result, and the report names the reason.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <trivet/rt.h>

#define PLUGIN TRIVET_BUILD_DIR "/tests/plugins/trivet_unified.so"
#define N 240

static rt_ctx *open_unified(bool maps) {
  rt_ctx_options options = {.size = sizeof options, .plugins = (const char *const[]){PLUGIN, NULL}, .config = maps ? "unified.map=1\n" : "unified.map=0\n"};
  rt_ctx *ctx = NULL;
  if (rt_ctx_create(&options, &ctx) != RT_OK) fail_msg("%s", rt_last_error());
  return ctx;
}

static rt_tensor *numbers(rt_ctx *ctx, int64_t rows, int64_t columns) {
  float values[N];
  for (int i = 0; i < N; i++) values[i] = (float)(i % 13) / 4 - 1.5f;
  rt_tensor *t = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F32, 2, (int64_t[]){rows, columns}, values, &t), RT_OK);
  return t;
}

static uint64_t reported(rt_ctx *ctx, rt_report_kind kind, const char *op, const char *backend, const char *reason) {
  rt_report_row row;
  uint64_t n = 0;
  for (int32_t i = 0; rt_report_get(ctx, i, &row) == RT_OK; i++)
    if (row.kind == kind && !strcmp(row.op, op) && !strcmp(row.backend, backend) && strstr(row.reason, reason)) n += row.count;
  return n;
}

static void expect(const rt_tensor *t, float (*f)(float), int n) {
  float got[N];
  assert_int_equal(rt_read(t, got, (size_t)n * sizeof *got), RT_OK);
  for (int i = 0; i < n; i++)
    if (fabsf(got[i] - f((float)(i % 13) / 4 - 1.5f)) > 1e-5f) fail_msg("element %d is %g", i, got[i]);
}

static float relu(float x) { return x > 0 ? x : 0; }
static float neg(float x) { return -x; }
static float square(float x) { return x * x; }
static float twice(float x) { return x + x; }

static void each_answer_gives_the_right_result(rt_ctx *ctx) {
  rt_tensor *x = numbers(ctx, 12, 20), *y = NULL, *small = NULL, *tail = NULL;
  assert_int_equal(rt_tensor_device(x), 1);
  // plain, never kept, with workspace
  assert_int_equal(rt_relu(x, &y), RT_OK);
  assert_int_equal(rt_tensor_device(y), 1);
  expect(y, relu, N);
  rt_release(y);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(rt_neg(x, &y), RT_OK);
    expect(y, neg, N);
    rt_release(y);
  }
  assert_int_equal(rt_abs(x, &y), RT_OK);
  expect(y, fabsf, N);
  rt_release(y);
  assert_int_equal(reported(ctx, RT_REPORT_RUN, "relu", "unified", ""), 1);
  assert_int_equal(reported(ctx, RT_REPORT_RUN, "neg", "unified", ""), 3);
  assert_int_equal(reported(ctx, RT_REPORT_RUN, "abs", "unified", ""), 1);
  // alignment: a view that starts one element in
  assert_int_equal(rt_flatten(x, 0, 1, &small), RT_OK);
  assert_int_equal(rt_slice(small, 0, 1, RT_SLICE_DEFAULT, 1, &tail), RT_OK);
  assert_int_equal(rt_relu(tail, &y), RT_OK);
  assert_int_equal(reported(ctx, RT_REPORT_FALLBACK, "relu", "unified", "alignment"), 1);
  float got[N];
  assert_int_equal(rt_read(y, got, (N - 1) * sizeof *got), RT_OK);
  for (int i = 0; i < N - 1; i++) assert_true(got[i] == relu((float)((i + 1) % 13) / 4 - 1.5f));
  rt_release(y), rt_release(tail), rt_release(small);
  // accept: too small falls back, large runs
  assert_int_equal(rt_slice(x, 0, 0, 4, 1, &small), RT_OK); // 80 elements
  assert_int_equal(rt_exp(small, &y), RT_OK);
  expect(y, expf, 80);
  rt_release(y), rt_release(small);
  assert_int_equal(reported(ctx, RT_REPORT_FALLBACK, "exp", "unified", "size"), 1);
  assert_int_equal(rt_exp(x, &y), RT_OK);
  expect(y, expf, N);
  rt_release(y);
  assert_int_equal(reported(ctx, RT_REPORT_RUN, "exp", "unified", ""), 1);
  // aliasing refused: beside, then copied
  assert_int_equal(rt_copy(x, &y), RT_OK);
  assert_int_equal(rt_square_into(y, y), RT_OK);
  expect(y, square, N);
  rt_release(y);
  assert_true(reported(ctx, RT_REPORT_RUN, "square", "unified", "") == 1);
  // a layout refused, and no strided copy on the device either: the host does it
  rt_tensor *turned = NULL, *back = NULL;
  assert_int_equal(rt_transpose(x, 0, 1, &turned), RT_OK);
  rt_tensor *wide = NULL;
  assert_int_equal(rt_copy(turned, &wide), RT_OK);
  assert_int_equal(rt_add(turned, wide, &back), RT_OK);
  assert_int_equal(rt_transpose(back, 0, 1, &y), RT_OK);
  expect(y, twice, N);
  rt_release(y), rt_release(back), rt_release(turned), rt_release(wide);
  // an op that it does not know; a partial write that comes home
  assert_int_equal(rt_tanh(x, &y), RT_OK);
  expect(y, tanhf, N);
  rt_release(y);
  assert_int_equal(rt_select(x, 0, 3, &small), RT_OK);
  float row[20] = {0};
  assert_int_equal(rt_write(small, row, sizeof row), RT_OK);
  assert_int_equal(rt_relu(x, &y), RT_OK);
  assert_int_equal(rt_read(y, got, sizeof got), RT_OK);
  for (int i = 0; i < N; i++) assert_true(got[i] == (i / 20 == 3 ? 0 : relu((float)(i % 13) / 4 - 1.5f)));
  rt_release(y), rt_release(small);
  // a weight that is spread over rows: it wants dense arguments, so it gets whole ones, before it says that it does not know the op
  rt_tensor *weight = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F32, 1, (int64_t[]){20}, (float[20]){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}, &weight), RT_OK);
  assert_int_equal(rt_read(x, got, sizeof got), RT_OK);
  float normed[N];
  assert_int_equal(rt_layer_norm(x, &(rt_axes){.count = 1, .axis = {1}}, weight, weight, 0.5, &y), RT_OK);
  assert_int_equal(rt_read(y, normed, sizeof normed), RT_OK);
  for (int r = 0; r < N / 20; r++) {
    double mean = 0, variance = 0;
    for (int i = 0; i < 20; i++) mean += (double)got[r * 20 + i] / 20;
    for (int i = 0; i < 20; i++) variance += ((double)got[r * 20 + i] - mean) * ((double)got[r * 20 + i] - mean) / 20;
    for (int i = 0; i < 20; i++) {
      const double want = ((double)got[r * 20 + i] - mean) / sqrt(variance + 0.5) * (i + 1) + (i + 1);
      if (!(fabs((double)normed[r * 20 + i] - want) < 1e-4)) fail_msg("layer_norm: element %d of row %d is %g, not %g", i, r, (double)normed[r * 20 + i], want);
    }
  }
  rt_release(y), rt_release(weight);
  // a composite that it has a kernel for, and one that is composed of copies
  for (int32_t axis = 0; axis < 2; axis++) {
    assert_int_equal(rt_concat(2, (const rt_tensor *[]){x, x}, axis, &y), RT_OK);
    assert_int_equal(rt_tensor_device(y), 1);
    float both[2 * N];
    assert_int_equal(rt_read(y, both, sizeof both), RT_OK);
    assert_int_equal(rt_read(x, got, sizeof got), RT_OK);
    for (int i = 0; i < 2 * N; i++) assert_true(both[i] == got[axis ? i / 40 * 20 + i % 20 : i % N]);
    assert_int_equal(reported(ctx, RT_REPORT_RUN, "concat", "unified", ""), 1);
    assert_int_equal(reported(ctx, RT_REPORT_FALLBACK, "concat", "unified", ""), 0);
    rt_release(y);
  }
  rt_release(x);
}

static void memory_that_the_host_maps(void **state) {
  (void)state;
  rt_ctx *ctx = open_unified(true);
  each_answer_gives_the_right_result(ctx);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void memory_that_the_host_cannot_map(void **state) {
  (void)state;
  rt_ctx *ctx = open_unified(false);
  each_answer_gives_the_right_result(ctx);
  assert_true(reported(ctx, RT_REPORT_COPY, "relu", "host->unified:0", "") > 0);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(memory_that_the_host_maps),
      cmocka_unit_test(memory_that_the_host_cannot_map),
  };
  return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
