// SPDX-License-Identifier: BSD-3-Clause
// The conformance grid on the asynchronous example: memory that the host cannot touch, a queue, and refusals of many kinds, so that every
// cell crosses copies and fallback, and at least a thousand are computed by the example's own kernels.
#include "grid.h"

static void example_passes_every_cell(void **state) {
  (void)state;
  const char *plugins[] = {TRIVET_BUILD_DIR "/examples/trivet_toy.so", NULL};
  rt_ctx_options options = {.size = sizeof options, .plugins = plugins, .backends = "toy"};
  rt_ctx *ctx = NULL;
  rt_status status = rt_ctx_create(&options, &ctx);
  if (status != RT_OK) print_error("%s\n", rt_last_error());
  assert_int_equal(status, RT_OK);
  rt_device device;
  assert_int_equal(rt_device_find(ctx, "toy", &device), RT_OK);
  rt_conformance_summary sum = run_grid(ctx, device, NULL);
  assert_int_equal(sum.n_failed, 0);
  assert_int_equal(sum.n_skipped, 0);
  assert_true(sum.n_cells >= 8000);
  assert_true(cells_of(&sum, "toy") >= 1000);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(example_passes_every_cell)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
