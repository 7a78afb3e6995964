// SPDX-License-Identifier: BSD-3-Clause
// What the bench suite's figures rest on: quartiles and outliers of known samples, and that the loops which measure the machine do all the work that they
// are counted for. A loop that left something out would make the limit too high and everything else look worse.
#define fail tool_fail // the name is cmocka's below
#include "suite.h"
#undef fail

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_figures(void **state) {
  (void)state;
  static const struct { int32_t n; double value[9]; figures expected; } rows[] = {
      {1, {7}, {.median = 7, .low = 7, .high = 7, .min = 7, .n = 1}},
      {2, {4, 2}, {.median = 3, .low = 2.5, .high = 3.5, .min = 2, .n = 2}},
      {5, {5, 1, 4, 2, 3}, {.median = 3, .low = 2, .high = 4, .min = 1, .n = 5}},
      {4, {8, 6, 2, 4}, {.median = 5, .low = 3.5, .high = 6.5, .min = 2, .n = 4}},
      {9, {10, 11, 12, 13, 14, 15, 16, 17, 100}, {.median = 14, .low = 12, .high = 16, .min = 10, .n = 9, .n_outliers = 1}},
      {9, {10, 11, 12, 13, 14, 15, 16, 17, 22}, {.median = 14, .low = 12, .high = 16, .min = 10, .n = 9}},           // exactly 1.5 quartile distances out
      {9, {-20, 11, 12, 13, 14, 15, 16, 17, 23}, {.median = 14, .low = 12, .high = 16, .min = -20, .n = 9, .n_outliers = 2}},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    double value[9];
    for (int k = 0; k < 9; k++) value[k] = rows[i].value[k];
    figures got = figures_of(value, rows[i].n);
    const figures *expected = &rows[i].expected;
    if (got.median != expected->median || got.low != expected->low || got.high != expected->high || got.min != expected->min || got.n != expected->n ||
        got.n_outliers != expected->n_outliers)
      fail_msg("row %zu: median %g, quartiles %g and %g, least %g, %d samples, %d outliers", i, got.median, got.low, got.high, got.min, got.n, got.n_outliers);
  }
  double powers[3] = {1, 8, 64};
  assert_true(geometric_mean(powers, 3) > 7.999999 && geometric_mean(powers, 3) < 8.000001);
  assert_true(geometric_mean(powers, 0) != geometric_mean(powers, 0));
}

enum { N = 64 * 7 };
static void streams_of(const probe_loops *loops) {
  float *x = aligned_alloc(64, (N + 64) * sizeof *x), *y = aligned_alloc(64, N * sizeof *y), *z = aligned_alloc(64, N * sizeof *z);
  for (int kind = READ; kind < TRAFFICS; kind++)
    for (int past = 0; past < 2; past++) {
      float (*run)(float *, const float *, const float *, size_t) = past ? loops->bypass[kind] : loops->stream[kind];
      for (int i = 0; i < N + 64; i++) x[i] = (float)(5 * i);
      for (int i = 0; i < N; i++) y[i] = kind == READ ? 1 : (float)i, z[i] = (float)(100 - i);
      if (!run) continue;
      float result = run(x, y, z, N);
      const double lanes = loops->flops_f32 / 24;
      if (kind == READ) assert_true(result == (float)(2 * N / lanes)); // the sums of two lanes
      for (int i = 0; i < N + 64; i++) {
        const double before = 5.0 * i, b = i < N ? y[i] : 0, c = i < N ? z[i] : 0;
        const double after[TRAFFICS] = {[READ] = before, [WRITE] = 2, [COPY] = b, [SCALE] = 2 * before, [ADD] = b + c, [UPDATE] = before + b};
        const char *where = past ? i < N ? "past caches, inside" : "past caches, behind" : i < N ? "inside" : "behind";
        if (x[i] != (float)(i < N ? after[kind] : before)) fail_msg("%s, %s: element %d is %g", loops->name, where, i, (double)x[i]);
      }
    }
  free(x), free(y), free(z);
}

// Twelve sums that begin at 0 to 11 go half of the way to 1 in each round.
static void peaks_of(const probe_loops *loops) {
  static const double expected[] = {66, 39, 25.5, 18.75};
  for (int n = 0; n < 4; n++) {
    assert_true(loops->fma_f32(n) == expected[n]);
    assert_true(loops->fma_f64(n) == expected[n]);
  }
  assert_true(loops->flops_f32 == 2 * loops->flops_f64);
}

static void test_loops(void **state) {
  (void)state;
  int n = 0;
  for (const probe_loops *loops; (loops = probe_loops_at(n)); n++) {
    print_message("%s\n", loops->name);
    streams_of(loops);
    peaks_of(loops);
  }
  assert_true(n > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_figures), cmocka_unit_test(test_loops)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
