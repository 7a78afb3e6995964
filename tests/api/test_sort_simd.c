// SPDX-License-Identifier: BSD-3-Clause
// Sorting and indexing on cpu_simd beyond the sizes of the grid: lengths around the thresholds between its methods, ties, NaN and zeros of
// both signs, against a stable insertion sort in plain C; the same bits and the same sentence for any number of threads.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <trivet/rt.h>

static rt_ctx *open_context(int32_t threads) {
  rt_ctx_options options = {.size = sizeof options, .backends = "cpu_simd", .n_threads = threads};
  rt_ctx *ctx = NULL;
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
  return ctx;
}

static uint64_t seed;
static uint32_t next(void) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(seed >> 33);
}

// Values of every dtype are made and compared as doubles; small integers, so that there are ties and every dtype holds them.
static double make_value(rt_dtype dtype) {
  const bool is_float = dtype == RT_F16 || dtype == RT_BF16 || dtype == RT_F32 || dtype == RT_F64;
  const uint32_t r = next();
  if (is_float && r % 17 == 0) return NAN;
  if (is_float && r % 5 == 0) return r % 10 ? -0.0 : 0.0;
  if (is_float && r % 37 == 1) return r % 2 ? INFINITY : -INFINITY;
  if (dtype == RT_BOOL) return r & 1;
  return (double)(r / 64 % 100) - (dtype == RT_U8 || dtype == RT_U16 || dtype == RT_U32 || dtype == RT_U64 ? 0 : 50);
}
/// Does b come before a?
static bool is_before(double b, double a, bool descending) {
  if (descending) { double t = a; a = b, b = t; }
  return a != a ? b == b : b < a;
}

static void sorts_like_plain_c(void **state) {
  (void)state;
  static const rt_dtype dtypes[] = {RT_BOOL, RT_I8, RT_U8, RT_I16, RT_U16, RT_I32, RT_U32, RT_I64, RT_U64, RT_F16, RT_BF16, RT_F32, RT_F64};
  static const int64_t lengths[] = {1, 2, 3, 23, 24, 25, 48, 49, 100, 511, 512, 513, 3000};
  rt_ctx *ctx = open_context(2);
  for (size_t t = 0; t < sizeof dtypes / sizeof *dtypes; t++) {
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
      for (int descending = 0; descending < 2; descending++) {
        const int64_t n = lengths[l];
        double *x = malloc((size_t)n * sizeof *x), *y = malloc((size_t)n * sizeof *y);
        int64_t *want = malloc((size_t)n * sizeof *want), *got = malloc((size_t)n * sizeof *got);
        rt_tensor *wide, *in, *sorted, *back, *places;
        seed = (uint64_t)(1000 * t + 10 * l) + 7;
        for (int64_t i = 0; i < n; i++) {
          x[i] = make_value(dtypes[t]);
          int64_t j = i;
          for (; j > 0 && is_before(x[i], x[want[j - 1]], descending); j--) want[j] = want[j - 1];
          want[j] = i;
        }
        assert_int_equal(rt_from_data(ctx, RT_F64, 1, &n, x, &wide), RT_OK);
        assert_int_equal(rt_cast(wide, dtypes[t], &in), RT_OK);
        assert_int_equal(rt_argsort(in, 0, descending, &places), RT_OK);
        assert_int_equal(rt_sort(in, 0, descending, &sorted), RT_OK);
        assert_int_equal(rt_cast(sorted, RT_F64, &back), RT_OK);
        assert_int_equal(rt_read(places, got, (size_t)n * sizeof *got), RT_OK);
        assert_int_equal(rt_read(back, y, (size_t)n * sizeof *y), RT_OK);
        for (int64_t i = 0; i < n; i++) {
          const double expected = x[want[i]];
          if (got[i] != want[i]) fail_msg("argsort/%s/%lld: place %lld is %lld, not %lld", rt_dtype_name(dtypes[t]), (long long)n, (long long)i, (long long)got[i], (long long)want[i]);
          if (expected == expected ? memcmp(&expected, &y[i], sizeof expected) != 0 : y[i] == y[i])
            fail_msg("sort/%s/%lld: element %lld is %g, not %g", rt_dtype_name(dtypes[t]), (long long)n, (long long)i, y[i], expected);
        }
        rt_tensor *all[] = {wide, in, sorted, back, places};
        for (size_t i = 0; i < 5; i++) rt_release(all[i]);
        free(x), free(y), free(want), free(got);
      }
    }
  }
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void every_number_of_threads_gives_the_same(void **state) {
  (void)state;
  static const int32_t threads[] = {1, 2, 3, 7};
  enum { ROWS = 300, COLUMNS = 257, N = ROWS * COLUMNS };
  const int64_t shape[] = {ROWS, COLUMNS}, index_shape[] = {5000};
  float *x = malloc(N * sizeof *x), *first[4] = {NULL};
  int64_t index[5000];
  char sentence[256] = "";
  seed = 99;
  for (int i = 0; i < N; i++) x[i] = (float)next() / 1e6f;
  for (int i = 0; i < 5000; i++) index[i] = next() % ROWS;
  index[4321] = index[1234] = 0; // these two become bad ones below
  for (size_t t = 0; t < 4; t++) {
    rt_ctx *ctx = open_context(threads[t]);
    rt_tensor *in, *indices, *out[4];
    assert_int_equal(rt_from_data(ctx, RT_F32, 2, shape, x, &in), RT_OK);
    assert_int_equal(rt_from_data(ctx, RT_I64, 1, index_shape, index, &indices), RT_OK);
    assert_int_equal(rt_sort(in, 1, false, &out[0]), RT_OK);
    assert_int_equal(rt_cumsum(in, 0, RT_DTYPE_NONE, &out[1]), RT_OK);
    assert_int_equal(rt_cumsum(in, 1, RT_DTYPE_NONE, &out[2]), RT_OK);
    assert_int_equal(rt_gather(in, indices, 0, &out[3]), RT_OK);
    for (int k = 0; k < 4; k++) {
      const size_t bytes = (k == 3 ? 5000 * COLUMNS : N) * sizeof(float);
      float *got = malloc(bytes);
      assert_int_equal(rt_read(out[k], got, bytes), RT_OK);
      if (t == 0) first[k] = got;
      else {
        if (memcmp(first[k], got, bytes)) fail_msg("result %d differs with %d threads", k, (int)threads[t]);
        free(got);
      }
      rt_release(out[k]);
    }
    rt_release(indices);
    index[4321] = ROWS, index[1234] = -ROWS - 1; // the first bad one in C order is named
    assert_int_equal(rt_from_data(ctx, RT_I64, 1, index_shape, index, &indices), RT_OK);
    assert_int_equal(rt_gather(in, indices, 0, &out[0]), RT_E_INDEX);
    if (t == 0) snprintf(sentence, sizeof sentence, "%s", rt_last_error());
    assert_string_equal(rt_last_error(), sentence);
    assert_non_null(strstr(sentence, "index -301 at position 1234 is out of range for axis 0 of size 300"));
    index[4321] = index[1234] = 0;
    rt_release(indices);
    rt_release(in);
    assert_int_equal(rt_ctx_close(ctx), RT_OK);
  }
  for (int k = 0; k < 4; k++) free(first[k]);
  free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sorts_like_plain_c),
    cmocka_unit_test(every_number_of_threads_gives_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
