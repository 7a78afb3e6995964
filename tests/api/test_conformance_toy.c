// SPDX-License-Identifier: BSD-3-Clause
// The conformance grid on the asynchronous example: memory that the host cannot touch, a queue, and refusals of many kinds, so that every
// cell crosses copies and fallback, and at least a thousand are computed by the example's own kernels.
#include "grid.h"

static rt_ctx *open_toy(rt_fallback fallback, rt_device *out_device) {
  const char *plugins[] = {TRIVET_BUILD_DIR "/examples/trivet_toy.so", NULL};
  rt_ctx_options options = {.size = sizeof options, .plugins = plugins, .backends = "toy", .fallback = fallback};
  rt_ctx *ctx = NULL;
  rt_status status = rt_ctx_create(&options, &ctx);
  if (status != RT_OK) print_error("%s\n", rt_last_error());
  assert_int_equal(status, RT_OK);
  assert_int_equal(rt_device_find(ctx, "toy", out_device), RT_OK);
  return ctx;
}

static void example_passes_every_cell(void **state) {
  (void)state;
  rt_device device;
  rt_ctx *ctx = open_toy(RT_FALLBACK_SILENT, &device);
  rt_conformance_summary sum = run_whole_grid(ctx, device, "toy", "grid_toy");
  assert_int_equal(sum.n_failed, 0);
  assert_int_equal(sum.n_skipped, 0);
  assert_true(sum.n_cells >= 8000);
  assert_true(cells_of(&sum, "toy") >= 1000);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void look_for_a_reason(void *user, const rt_conformance_cell *cell) {
  uint32_t *n_without = user;
  if (cell->status == RT_CONFORMANCE_SKIP && !strstr(cell->text, "toy")) ++*n_without;
  if (cell->status == RT_CONFORMANCE_FAIL) print_message("%s: %s\n", cell->name, cell->text);
}

// Where nothing may fall back, what the example does not offer is skipped with the example's own reason, and the rest still passes.
static void what_is_not_offered_is_skipped_with_a_reason(void **state) {
  (void)state;
  rt_device device;
  rt_ctx *ctx = open_toy(RT_FALLBACK_ERROR, &device);
  uint32_t n_without = 0;
  rt_conformance_options options = {.size = sizeof options, .filter = "^add/f32/,^exp/f32/",
                                    .on_cell = look_for_a_reason, .user = &n_without};
  rt_conformance_summary sum;
  assert_int_equal(rt_conformance_run(ctx, device, &options, &sum), RT_OK);
  assert_int_equal(sum.n_failed, 0);
  assert_int_equal(n_without, 0);
  assert_true(sum.n_skipped > 50);
  assert_true(sum.n_passed > 50 && cells_of(&sum, "toy") > 50);
  assert_int_equal(cells_of(&sum, "builtin"), 0);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(example_passes_every_cell),
    cmocka_unit_test(what_is_not_offered_is_skipped_with_a_reason),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
