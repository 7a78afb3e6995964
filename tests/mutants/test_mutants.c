// SPDX-License-Identifier: BSD-3-Clause
// Each seeded mistake must make a cell of the grid fail whose name tells why, and the backend without a mistake must pass: the proof that
// the grid sees.
#include "../api/grid.h"

typedef struct mistake {
  const char *bug, *filter; // the cells to run
  const char *name;         // a failing cell's name contains this
  const char *text;         // and its text this
  const char *passes;       // cells that the mistake does not touch: they must pass
} mistake;

static const mistake mistakes[] = {
  {"tail", "^add/f32/", "^add/f32/tail/", "wrong)", "^add/f32/contiguous/"},
  {"offset", "^add/f32/", "^add/f32/offset/", "wrong)", "^add/f32/contiguous/"},
  {"stride", "^add/f32/", "^add/f32/stepped/", "wrong)", "^add/f32/contiguous/"},
  {"broadcast", "^add/f32/", "^add/f32/broadcast/", "wrong)", "^add/f32/contiguous/"},
  {"gap", "^add/f32/", "^add/f32/into-stepped/", "outside of the output", "^add/f32/contiguous/"},
  {"input", "^neg/f32/", "^neg/f32/contiguous/", "input 0: memory", "^add/f64/"},
  {"nan_lost", "^maximum/f32/", "^maximum/f32/contiguous/specials", "nan", "^maximum/f32/*/uniform"},
  {"zero_sign", "^neg/f32/", "^neg/f32/contiguous/specials", "-0", "^neg/f32/*/uniform"},
  {"round_tie", "^round/f32/", "^round/f32/contiguous/ties", "wrong)", "^round/f32/*/uniform"},
  {"argmax_tie", "^argmax/f32/", "^argmax/f32/contiguous-last/ties", "wrong)", "^argmax/f32/*/uniform,-expanded,-windows"},
  {"cast_truncates", "^cast/f32/", "^cast/f32/contiguous-to-bf16/edges", "wrong)", "^cast/f32/contiguous-to-f16/"},
  {"fma_twice", "^fma/f32/", "^fma/f32/contiguous/cancelling", "wrong)", "^fma/f32/*/integers"},
  {"sum_narrow", "^sum/f32/", "^sum/f32/contiguous-all/uniform", "ulp", "^sum/f32/*/integers"},
  {"shift_wraps", "^shift_left/i32/", "^shift_left/i32/contiguous/small", "wrong)", "^shift_left/i64/"},
  {"depth_tail", "^matmul/f32/", "^matmul/f32/5x5x5/integers", "wrong)", "^matmul/f32/4x4x4/"},
  {"tile_edge", "^matmul/f32/11x*x17/integers", "^matmul/f32/11x13x17/integers", "(1 of 187 wrong)", "^matmul/f32/10x,^matmul/f32/11x13x16"},
  {"half_entry", "^neg/f16/", "^neg/f16/contiguous/every", "(1 of 65536 wrong)", "^neg/f32/,^neg/f16/contiguous/uniform"},
  {"vanished_sign", "^silu/f32/", "^silu/f32/contiguous/wide", "expected -", "^silu/f32/*/uniform"},
};

typedef struct catch { const mistake *m; uint32_t n_named; char first[600]; } catch;

static bool is_named(const char *name, const char *pattern) { // patterns here are beginnings: "^add/f32/tail/"
  return strncmp(name, pattern + 1, strlen(pattern + 1)) == 0;
}

static void look(void *user, const rt_conformance_cell *cell) {
  catch *seen = user;
  if (cell->status != RT_CONFORMANCE_FAIL || !is_named(cell->name, seen->m->name) || !strstr(cell->text, seen->m->text)) return;
  if (seen->n_named++ == 0) snprintf(seen->first, sizeof seen->first, "%s: %s", cell->name, cell->text);
}

static rt_ctx *open_mutant(const char *bug) {
  const char *plugins[] = {TRIVET_BUILD_DIR "/tests/plugins/trivet_mutant.so", NULL};
  char config[64];
  snprintf(config, sizeof config, "mutant.bug=%s\n", bug);
  rt_ctx_options options = {.size = sizeof options, .plugins = plugins, .backends = "mutant", .config = config};
  rt_ctx *ctx = NULL;
  rt_status status = rt_ctx_create(&options, &ctx);
  if (status != RT_OK) print_error("%s\n", rt_last_error());
  assert_int_equal(status, RT_OK);
  return ctx;
}

static void every_mistake_is_caught(void **state) {
  (void)state;
  uint32_t n_missed = 0;
  FILE *results = results_open("mutants");
  for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
    const mistake *m = &mistakes[i];
    catch seen = {.m = m};
    rt_ctx *ctx = open_mutant(m->bug);
    rt_conformance_options options = {.size = sizeof options, .filter = m->filter, .on_cell = look, .user = &seen};
    rt_conformance_summary sum;
    assert_int_equal(rt_conformance_run(ctx, RT_HOST, &options, &sum), RT_OK);
    print_message("%-14s %u of %u cells fail; %s\n", m->bug, sum.n_failed, sum.n_cells, seen.first);
    RESULT(results, "%s\t%u\t%.*s\n", m->bug, sum.n_failed, (int)strcspn(seen.first, ":"), seen.first);
    if (seen.n_named == 0) n_missed++, print_error("%s: no cell %s fails with '%s'\n", m->bug, m->name, m->text);
    rt_conformance_summary untouched = run_grid(ctx, RT_HOST, m->passes);
    if (untouched.n_failed || untouched.n_cells == 0) n_missed++, print_error("%s: cells %s must pass\n", m->bug, m->passes);
    assert_int_equal(rt_ctx_close(ctx), RT_OK);
  }
  results_close(results);
  assert_int_equal(n_missed, 0);
}

static void without_a_mistake_all_pass(void **state) {
  (void)state;
  rt_ctx *ctx = open_mutant("none");
  rt_conformance_summary sum = run_grid(ctx, RT_HOST, "^add/f32,^neg/f32,^round/f32,^fma/f32,^maximum/f32,"
    "^shift_left/i32,^cast/f32,^sum/f32,^argmax/f32,^matmul/f32,^neg/f16,^silu/f32");
  assert_int_equal(sum.n_failed, 0);
  assert_true(cells_of(&sum, "mutant") > 500);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(without_a_mistake_all_pass), cmocka_unit_test(every_mistake_is_caught)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
