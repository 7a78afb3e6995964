// SPDX-License-Identifier: BSD-3-Clause
// The conformance grid on cpu_simd, once for each instruction set that this machine runs; the others are named and skipped. With arguments
// (instruction set, filter) it judges those cells alone and says which backend ran them, and for which operations and dtypes others had to. The
// filter `sample` is for emulated processors, which are 10 to 60 times slower.
#include "grid.h"

#include <stdlib.h>

// What depends on the instruction set: every kernel on dense data, with tails and unaligned, of floats and of some integers; no cell over all halves.
static const char sample[] = "/f*/contiguous,/bf16/contiguous,/f*/tail,/bf16/tail,/f*/offset,/f*/inplace/,/i32/contiguous,/u8/contiguous,/i64/tail,-/every";
// Under Bochs 2.7, which is slow, less: without layouts whose code others share, and without what it was seen to compute wrongly (docs/instruction-sets.md).
static const char small_sample[] = "/f32/contiguous,/f64/contiguous/uniform,/bf16/contiguous/uniform,/f32/tail,/i32/contiguous/uniform,/u8/contiguous/uniform,"
                                   "-/every,-f16,-/integers,-/cancelling,-/wide";

// Operations without kernels in cpu_simd: products of 8-bit integers, which want instructions of their own, and what is not worth vectors.
static const char *const left_to_the_reference[] = {"resize", "matmul_integer", "conv_integer"};

typedef struct gap { char what[48], ran_by[40]; uint32_t n; } gap;
typedef struct gaps { grid_log log; gap at[4096]; uint32_t n; } gaps;

/// Counts the cells of an operation and a dtype that cpu_simd ran no part of.
static void count_gap(void *user, const rt_conformance_cell *cell) {
  gaps *g = user;
  print_failure(&g->log, cell);
  if (!cell->ran_by[0] || strstr(cell->ran_by, "cpu_simd")) return;
  char what[48];
  snprintf(what, sizeof what, "%s/%s", cell->op, rt_dtype_name(cell->dtype));
  uint32_t i = 0;
  while (i < g->n && strcmp(g->at[i].what, what) != 0) i++;
  if (i == 4096) return;
  if (i == g->n) {
    g->n++;
    memcpy(g->at[i].what, what, sizeof what);
    snprintf(g->at[i].ran_by, sizeof g->at[i].ran_by, "%s", cell->ran_by);
  }
  g->at[i].n++;
}

static void grid_on(const char *isa, const char *filter, const char *suite, rt_conformance_summary *out) {
  memset(out, 0, sizeof *out);
  setenv("RT_CPU_SIMD_ISA", isa, 1);
  rt_ctx_options options = {.size = sizeof options, .backends = "cpu_simd"};
  rt_ctx *ctx = NULL;
  rt_status status = rt_ctx_create(&options, &ctx);
  if (status == RT_E_UNSUPPORTED) {
    print_message("%s\n", rt_last_error());
    if (filter) exit(77); // no test of cmocka's, but a program
    skip();
  }
  if (status != RT_OK) print_error("%s\n", rt_last_error());
  assert_int_equal(status, RT_OK);
  static gaps g;
  g.n = 0, g.log = (grid_log){.all = filter != NULL};
  rt_conformance_options how = {.size = sizeof how, .filter = filter, .on_cell = count_gap, .user = &g};
  if (filter) assert_int_equal(rt_conformance_run(ctx, RT_HOST, &how, out), RT_OK);
  else *out = run_whole_grid(ctx, RT_HOST, "cpu_simd", suite);
  int n_gaps = 0;
  for (uint32_t i = 0; i < g.n; i++) {
    printf("%-28s %4u cells by %s\n", g.at[i].what, (unsigned)g.at[i].n, g.at[i].ran_by);
    bool is_left = false;
    for (size_t k = 0; k < sizeof left_to_the_reference / sizeof *left_to_the_reference; k++) {
      const size_t length = strlen(left_to_the_reference[k]);
      is_left = is_left || (!strncmp(g.at[i].what, left_to_the_reference[k], length) && g.at[i].what[length] == '/');
    }
    n_gaps += !is_left;
  }
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
  if (n_gaps) fail_msg("%d of the pairs of operation and dtype above have kernels of cpu_simd's own, but cells that these did not run", n_gaps);
}

static void passes(const char *isa) {
  rt_conformance_summary sum;
  char suite[32];
  snprintf(suite, sizeof suite, "grid_simd_%s", isa);
  grid_on(isa, NULL, suite, &sum);
  assert_int_equal(sum.n_failed, 0);
}

static void scalar_passes_every_cell(void **state) { (void)state; passes("scalar"); }
static void avx2_passes_every_cell(void **state) { (void)state; passes("avx2"); }
static void avx512_passes_every_cell(void **state) { (void)state; passes("avx512"); }
static void neon_passes_every_cell(void **state) { (void)state; passes("neon"); }

int main(int argc, char **argv) {
  if (argc > 2) {
    rt_conformance_summary sum;
    const char *filter = strcmp(argv[2], "sample") != 0 ? argv[2] : getenv("TRIVET_EMULATOR") ? small_sample : sample;
    grid_on(argv[1], filter, NULL, &sum);
    printf("%u cells, %u failed, %u by cpu_simd\n", (unsigned)sum.n_cells, (unsigned)sum.n_failed, (unsigned)cells_of(&sum, "cpu_simd"));
    return sum.n_failed != 0;
  }
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(scalar_passes_every_cell),
    cmocka_unit_test(avx2_passes_every_cell),
    cmocka_unit_test(avx512_passes_every_cell),
    cmocka_unit_test(neon_passes_every_cell),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
