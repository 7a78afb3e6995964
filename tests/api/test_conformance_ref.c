// SPDX-License-Identifier: BSD-3-Clause
// The conformance grid on the reference, as the plugin file and as the copy that is linked into libtrivet, and the grid's own promises:
// names are unique, nothing is left out, filters choose, the same seed gives the same values.
#include "grid.h"

#include <stdlib.h>

static rt_ctx *open_context(const char *backends) {
  rt_ctx_options options = {.size = sizeof options, .backends = backends};
  rt_ctx *ctx = NULL;
  rt_status status = rt_ctx_create(&options, &ctx);
  if (status != RT_OK) print_error("%s\n", rt_last_error());
  assert_int_equal(status, RT_OK);
  return ctx;
}

static void reference_passes_every_cell(void **state) {
  (void)state;
  rt_ctx *ctx = open_context("cpu_ref");
  rt_conformance_summary sum = run_whole_grid(ctx, RT_HOST, "cpu_ref", "grid_cpu_ref");
  assert_int_equal(sum.n_failed, 0);
  assert_int_equal(sum.n_skipped, 0);
  assert_true(sum.n_cells >= 91000); // 91,638 when this was written: fewer means that cells were lost
  assert_true(cells_of(&sum, "cpu_ref") > sum.n_cells * 9 / 10);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void another_seed_passes_too(void **state) {
  (void)state;
  rt_ctx *ctx = open_context("cpu_ref");
  for (uint64_t seed = 1; seed <= 3; seed++) {
    grid_log log = {0};
    rt_conformance_options options = {.size = sizeof options, .seed = seed, .filter = "/f32/,/f16/,/f64/,-/every$", // those have one set of values
                                      .on_cell = print_failure, .user = &log};
    rt_conformance_summary sum;
    assert_int_equal(rt_conformance_run(ctx, RT_HOST, &options, &sum), RT_OK);
    assert_int_equal(sum.n_failed, 0);
  }
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

// ---- the grid itself ------------------------------------------------------------------------------------------------------------------
typedef struct names { char (*at)[160]; uint32_t n, room; } names;
static void collect(void *user, const char *name) {
  names *list = user;
  assert_true(list->n < list->room);
  snprintf(list->at[list->n++], sizeof list->at[0], "%s", name);
}
static int by_name(const void *a, const void *b) { return strcmp(a, b); }

static void names_are_unique(void **state) {
  (void)state;
  uint32_t n = 0;
  assert_int_equal(rt_conformance_list(NULL, NULL, NULL, &n), RT_OK);
  names list = {calloc(n, sizeof *list.at), 0, n};
  assert_non_null(list.at);
  assert_int_equal(rt_conformance_list(NULL, collect, &list, NULL), RT_OK);
  assert_int_equal(list.n, n);
  qsort(list.at, n, sizeof *list.at, by_name);
  for (uint32_t i = 1; i < n; i++) {
    if (strcmp(list.at[i - 1], list.at[i]) == 0) fail_msg("two cells are named %s", list.at[i]);
  }
  free(list.at);
}

static void print_gap(void *user, const char *op, rt_dtype dtype, const char *reason) {
  (void)user;
  print_message("gap: %s %s: %s\n", op, rt_dtype_name(dtype), reason);
}

static void no_pair_of_operation_and_dtype_is_left_out(void **state) {
  (void)state;
  uint32_t n = 1;
  assert_int_equal(rt_conformance_gaps(print_gap, NULL, &n), RT_OK);
  assert_int_equal(n, 0);
}

static uint32_t count(const char *filter) {
  uint32_t n = 0;
  rt_conformance_options options = {.size = sizeof options, .filter = filter};
  assert_int_equal(rt_conformance_list(&options, NULL, NULL, &n), RT_OK);
  return n;
}

static void filters_choose(void **state) {
  (void)state;
  uint32_t all = count(NULL), add = count("^add/"), sub = count("^sub/");
  assert_true(add > 100 && sub > 100);
  assert_int_equal(count(""), all);
  assert_int_equal(count("^add/,^sub/"), add + sub);
  assert_int_equal(count("-^add/"), all - add);
  assert_int_equal(count("^add/,-/f32/"), add - count("^add/f32/"));
  assert_int_equal(count("^add/*/uniform$"), count("^add/") - count("^add/,-/uniform$"));
  assert_int_equal(count("^add/f32/transposed+scalar/specials$"), 1);
  assert_int_equal(count("no such cell"), 0);
}

static void wrong_arguments_are_refused(void **state) {
  (void)state;
  rt_ctx *ctx = open_context("cpu_ref");
  rt_conformance_summary sum;
  rt_conformance_options small = {.size = 4};
  assert_int_equal(rt_conformance_run(NULL, RT_HOST, NULL, &sum), RT_E_ARGUMENT);
  assert_int_equal(rt_conformance_run(ctx, RT_HOST, NULL, NULL), RT_E_ARGUMENT);
  assert_int_equal(rt_conformance_run(ctx, 99, NULL, &sum), RT_E_ARGUMENT);
  assert_int_equal(rt_conformance_run(ctx, RT_HOST, &small, &sum), RT_E_ARGUMENT);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

// The generator of the grid's oracle and the library's agree with the published answer for counter 0 and key 0, not only with each other.
static void philox_has_its_known_answer(void **state) {
  (void)state;
  rt_ctx *ctx = open_context("cpu_ref");
  rt_tensor *t = NULL;
  float got[4];
  const uint32_t words[4] = {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u};
  assert_int_equal(rt_random_uniform(ctx, RT_F32, 1, (int64_t[]){4}, 0, 0, 0, 1, &t), RT_OK);
  assert_int_equal(rt_read(t, got, sizeof got), RT_OK);
  for (int i = 0; i < 4; i++) assert_true(got[i] == (float)(words[i] >> 8) * 0x1p-24f);
  rt_release(t);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(names_are_unique),
    cmocka_unit_test(no_pair_of_operation_and_dtype_is_left_out),
    cmocka_unit_test(filters_choose),
    cmocka_unit_test(wrong_arguments_are_refused),
    cmocka_unit_test(philox_has_its_known_answer),
    cmocka_unit_test(reference_passes_every_cell),
    cmocka_unit_test(another_seed_passes_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
