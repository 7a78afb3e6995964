// SPDX-License-Identifier: BSD-3-Clause
// The count layer (layers/count), and one that keeps its counts until a report is read (tests/abi/plugins/layer_tally.c): both count what runs
// on the backend they wrap, on the host and on an asynchronous device, and add up between two readings of the report.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <trivet/rt.h>

static uint64_t counted(rt_ctx *ctx, const char *layer, const char *op) {
  uint64_t n = 0;
  for (int32_t i = 0; i < rt_report_count(ctx); i++) {
    rt_report_row row;
    assert_int_equal(rt_report_get(ctx, i, &row), RT_OK);
    if (row.kind == RT_REPORT_LAYER && !strcmp(row.backend, layer) && !strcmp(row.op, op)) n += row.count;
  }
  return n;
}

static rt_ctx *open_with(const char *backends, const char *layers) {
  rt_ctx_options options = {.size = sizeof options, .backends = backends, .backend_path = TRIVET_BUILD_DIR "/examples:" TRIVET_BUILD_DIR "/tests/plugins", .layers = layers};
  rt_ctx *ctx = NULL;
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
  return ctx;
}

static void run_and_count(const char *backends, const char *layers, const char *layer, uint64_t n_layers) {
  rt_ctx *ctx = open_with(backends, layers);
  rt_tensor *x = NULL, *y = NULL;
  assert_int_equal(rt_full(ctx, RT_F32, 1, (int64_t[]){100}, rt_float(2), &x), RT_OK);
  assert_int_equal(rt_full(ctx, RT_F32, 1, (int64_t[]){100}, rt_float(3), &y), RT_OK);
  assert_int_equal(counted(ctx, layer, "add"), 0);
  for (int i = 0; i < 5; i++) assert_int_equal(rt_add_into(x, y, y), RT_OK);
  assert_int_equal(counted(ctx, layer, "add"), 5 * n_layers);
  for (int i = 0; i < 3; i++) assert_int_equal(rt_add_into(x, y, y), RT_OK);
  assert_int_equal(counted(ctx, layer, "add"), 8 * n_layers);
  assert_int_equal(rt_report_reset(ctx), RT_OK);
  assert_int_equal(counted(ctx, layer, "add"), 0);
  float values[100];
  assert_int_equal(rt_read(y, values, sizeof values), RT_OK);
  assert_true(values[0] == 19 && values[99] == 19);
  rt_release(x), rt_release(y);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void counts_on_the_host(void **state) {
  (void)state;
  run_and_count(NULL, "count", "count", 1);
  run_and_count(NULL, "tally", "tally", 1);
}

static void counts_on_a_device(void **state) {
  (void)state;
  run_and_count("toy", "count", "count", 1);
  run_and_count("toy", "tally,count", "tally", 1);
}

static void two_of_them_count_twice(void **state) {
  (void)state;
  run_and_count(NULL, "count,count", "count", 2);
}

static void without_it_nothing_is_counted(void **state) {
  (void)state;
  run_and_count(NULL, "", "count", 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(counts_on_the_host),
    cmocka_unit_test(counts_on_a_device),
    cmocka_unit_test(two_of_them_count_twice),
    cmocka_unit_test(without_it_nothing_is_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
