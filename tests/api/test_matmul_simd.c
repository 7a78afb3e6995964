// SPDX-License-Identifier: BSD-3-Clause
// labels: threads
// Products of matrices on cpu_simd that are larger than the grid's: extents around the edges of its blocks, every way to compute one, any
// strides of operands and results. Integer values, so that every element must be exact; and the same bits for any number of threads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trivet/rt.h>

static const char *const isas[] = {"scalar", "avx2", "avx512", "neon"};

static void works(rt_status status) {
  if (status != RT_OK) fail_msg("%s: %s", rt_status_name(status), rt_last_error());
}

/// NULL: this machine or this build does not have that instruction set.
static rt_ctx *open_context(const char *isa, int n_threads) {
  char config[32];
  snprintf(config, sizeof config, "cpu_simd.isa=%s\n", isa);
  rt_ctx_options options = {.size = sizeof options, .n_threads = n_threads, .backends = "cpu_simd", .config = config};
  rt_ctx *ctx = NULL;
  rt_status status = rt_ctx_create(&options, &ctx);
  if (status == RT_E_UNSUPPORTED) return NULL;
  works(status);
  return ctx;
}

typedef enum layout { DENSE, TURNED, STEPPED, NEGATIVE, N_LAYOUTS } layout;
static const char *const layout_names[N_LAYOUTS] = {"dense", "turned", "stepped", "negative"};

/// Strides of a rows x columns matrix and where its element (0, 0) is; returns the elements that this needs.
static int64_t place(layout how, int64_t rows, int64_t columns, int64_t *stride, int64_t *offset) {
  *offset = 0;
  stride[0] = columns, stride[1] = 1;
  if (how == TURNED) stride[0] = 1, stride[1] = rows;
  if (how == STEPPED) stride[0] = 2 * columns + 3, stride[1] = 2;
  if (how == NEGATIVE) stride[0] = -columns, stride[1] = -1, *offset = rows * columns - 1;
  return how == STEPPED ? rows * (2 * columns + 3) : rows * columns;
}

static int64_t value_at(int64_t i, int64_t j, uint32_t seed) {
  uint32_t x = (uint32_t)i * 2654435761u + (uint32_t)j * 40503u + seed * 97u;
  x ^= x >> 15, x *= 2246822519u, x ^= x >> 13;
  return (int64_t)(x % 17) - 8;
}

static rt_tensor *view_of(rt_ctx *ctx, rt_dtype dtype, layout how, int64_t rows, int64_t columns, rt_tensor **out_base) {
  int64_t stride[2], offset;
  const int64_t n = place(how, rows, columns, stride, &offset);
  rt_tensor *view = NULL;
  works(rt_zeros(ctx, dtype, 1, &n, out_base));
  works(rt_as_strided(*out_base, 2, (int64_t[]){rows, columns}, stride, offset, &view));
  return view;
}

static rt_tensor *matrix(rt_ctx *ctx, rt_dtype dtype, layout how, int64_t rows, int64_t columns, uint32_t seed) {
  double *values = malloc((size_t)(rows * columns) * sizeof *values);
  assert_non_null(values);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) values[i * columns + j] = (double)value_at(i, j, seed);
  rt_tensor *wide = NULL, *base = NULL, *view = view_of(ctx, dtype, how, rows, columns, &base);
  works(rt_from_data(ctx, RT_F64, 2, (int64_t[]){rows, columns}, values, &wide));
  works(rt_cast_into(wide, view));
  rt_release(wide);
  rt_release(base);
  free(values);
  return view;
}

/// The product of the same values, in int64.
static void expect_product(const rt_tensor *c, int64_t m, int64_t n, int64_t k, const char *what) {
  int32_t *a = malloc((size_t)(m * k) * sizeof *a), *b = malloc((size_t)(n * k) * sizeof *b);
  double *got = malloc((size_t)(m * n) * sizeof *got);
  assert_true(a && b && got);
  for (int64_t i = 0; i < m; i++) for (int64_t e = 0; e < k; e++) a[i * k + e] = (int32_t)value_at(i, e, 1);
  for (int64_t j = 0; j < n; j++) for (int64_t e = 0; e < k; e++) b[j * k + e] = (int32_t)value_at(e, j, 2);
  rt_tensor *wide = NULL;
  works(rt_cast(c, RT_F64, &wide));
  works(rt_read(wide, got, (size_t)(m * n) * sizeof *got));
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) {
      int32_t sum = 0;
      for (int64_t e = 0; e < k; e++) sum += a[i * k + e] * b[j * k + e];
      if (got[i * n + j] != sum) fail_msg("%s: element (%lld, %lld) of %lldx%lldx%lld is %g, not %d", what, (long long)i, (long long)j, (long long)m,
                                          (long long)k, (long long)n, got[i * n + j], (int)sum);
    }
  }
  rt_release(wide);
  free(a), free(b), free(got);
}

// m, n, k. Blocks have 256 of depth, some hundred rows and 2048 columns; 32 blocks of rows are packed together.
static const int64_t shapes[][3] = {
  {1, 3001, 70}, {1, 5, 3001}, {3001, 1, 259}, {1, 1, 20011}, {1, 40, 700}, {1, 600, 1100}, {1, 70, 9000}, {2, 35, 513}, {7, 2100, 130}, {2100, 7, 130}, {24, 40, 1030}, {25, 33, 257},
  {90, 70, 255}, {97, 101, 256}, {301, 301, 301}, {145, 2065, 100}, {320, 300, 290}, {4700, 310, 20}, {310, 2500, 40}, {289, 50, 2000},
};
#define N_SHAPES (sizeof shapes / sizeof *shapes)

/// No product ran elsewhere.
static void expect_no_other_backend(rt_ctx *ctx) {
  for (int32_t i = 0; i < rt_report_count(ctx); i++) {
    rt_report_row row;
    works(rt_report_get(ctx, i, &row));
    if (row.kind == RT_REPORT_RUN && strcmp(row.op, "matmul") == 0) assert_string_equal(row.backend, "cpu_simd");
  }
}

static void is_exact(const char *isa) {
  rt_ctx *ctx = open_context(isa, 2);
  if (!ctx) return;
  static const rt_dtype dtypes[] = {RT_F32, RT_F64, RT_I32, RT_I64};
  for (size_t s = 0; s < N_SHAPES; s++) {
    const int64_t m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
    for (uint32_t how = 0; how < N_LAYOUTS * N_LAYOUTS; how++) {
      // each shape with every pair of layouts of a and b in f32; one pair in the others. The output takes its turn.
      const layout of_a = how / N_LAYOUTS, of_b = how % N_LAYOUTS, of_c = (how + (uint32_t)s) % N_LAYOUTS;
      for (size_t d = 0; d < 4; d++) {
        if (d > 0 && how != (s + d) % 16) continue;
        rt_tensor *a = matrix(ctx, dtypes[d], of_a, m, k, 1), *b = matrix(ctx, dtypes[d], of_b, k, n, 2), *base = NULL;
        rt_tensor *c = view_of(ctx, dtypes[d], of_c, m, n, &base);
        char what[96];
        snprintf(what, sizeof what, "%s %s, %s times %s into %s", isa, rt_dtype_name(dtypes[d]), layout_names[of_a], layout_names[of_b], layout_names[of_c]);
        works(rt_matmul_into(a, b, c));
        if (how % 3 == 0 || d > 0) expect_product(c, m, n, k, what); // the oracle is slow
        rt_release(a), rt_release(b), rt_release(c), rt_release(base);
      }
    }
  }
  expect_no_other_backend(ctx);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

static void blocks_and_layouts_are_exact(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) is_exact(isas[i]);
}

static void batches_are_products(void **state) {
  (void)state;
  // rank and extents of a and b; the oracle is one product after the other
  static const struct { int32_t rank_a, rank_b; int64_t a[4], b[4]; } rows[] = {
    {3, 3, {200, 7, 9}, {200, 9, 20}}, {3, 2, {33, 40, 64}, {64, 50}}, {3, 3, {1, 40, 64}, {9, 64, 50}}, {4, 3, {3, 1, 60, 70}, {5, 70, 90}},
    {3, 3, {4, 310, 100}, {4, 100, 350}}, {4, 4, {2, 3, 1, 500}, {2, 3, 500, 300}}, {4, 4, {3, 2, 5, 500}, {1, 2, 500, 1}},
  };
  for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
    rt_ctx *ctx = open_context(isas[i], 3);
    if (!ctx) continue;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
      rt_tensor *a = NULL, *b = NULL, *c = NULL, *wide[2] = {NULL};
      works(rt_random_normal(ctx, RT_F64, rows[r].rank_a, rows[r].a, 7, 0, 0, 1, &a));
      works(rt_random_normal(ctx, RT_F64, rows[r].rank_b, rows[r].b, 8, 0, 0, 1, &b));
      works(rt_matmul(a, b, &c));
      int64_t shape[4];
      const int32_t rank = rt_tensor_rank(c);
      memcpy(shape, rt_tensor_shape(c), sizeof(int64_t) * (size_t)rank);
      const int64_t m = shape[rank - 2], n = shape[rank - 1], k = rows[r].a[rows[r].rank_a - 1], batch = rt_tensor_numel(c) / (m * n);
      double *x = malloc((size_t)(batch * m * k) * 8), *y = malloc((size_t)(batch * k * n) * 8), *z = malloc((size_t)(batch * m * n) * 8);
      assert_true(x && y && z);
      shape[rank - 1] = k;
      works(rt_expand(a, rank, shape, &wide[0]));
      shape[rank - 2] = k, shape[rank - 1] = n;
      works(rt_expand(b, rank, shape, &wide[1]));
      works(rt_read(wide[0], x, (size_t)(batch * m * k) * 8));
      works(rt_read(wide[1], y, (size_t)(batch * k * n) * 8));
      works(rt_read(c, z, (size_t)(batch * m * n) * 8));
      for (int64_t p = 0; p < batch; p++) {
        for (int64_t e = 0; e < m; e++) {
          for (int64_t f = 0; f < n; f++) {
            double sum = 0, weight = 0;
            for (int64_t g = 0; g < k; g++) {
              const double term = x[(p * m + e) * k + g] * y[(p * k + g) * n + f];
              sum += term, weight += term < 0 ? -term : term;
            }
            const double off = sum - z[(p * m + e) * n + f];
            if (!(off <= weight * (double)k * 0x1p-52 && -off <= weight * (double)k * 0x1p-52)) fail_msg("%s, row %zu: product %lld is off by %g at (%lld, %lld)",
              isas[i], r, (long long)p, off, (long long)e, (long long)f);
          }
        }
      }
      free(x), free(y), free(z);
      rt_release(a), rt_release(b), rt_release(c), rt_release(wide[0]), rt_release(wide[1]);
    }
    assert_int_equal(rt_ctx_close(ctx), RT_OK);
  }
}

static void threads_do_not_change_bits(void **state) {
  (void)state;
  static const int counts[] = {1, 2, 3, 7};
  static const rt_dtype dtypes[] = {RT_F32, RT_F64};
  for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
    for (size_t s = 0; s < N_SHAPES; s++) {
      const int64_t m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
      const rt_dtype dtype = dtypes[s % 2];
      const size_t bytes = (size_t)(m * n) * rt_dtype_bytes(dtype);
      char *first = malloc(bytes), *other = malloc(bytes);
      assert_true(first && other);
      for (size_t t = 0; t < 4; t++) {
        rt_ctx *ctx = open_context(isas[i], counts[t]);
        if (!ctx) break;
        rt_tensor *a = NULL, *b = NULL, *c = NULL;
        works(rt_random_normal(ctx, dtype, 2, (int64_t[]){m, k}, 3, 0, 0, 1, &a));
        works(rt_random_normal(ctx, dtype, 2, (int64_t[]){k, n}, 4, 0, 0, 1, &b));
        works(rt_matmul(a, b, &c));
        works(rt_read(c, t == 0 ? first : other, bytes));
        if (t > 0 && memcmp(first, other, bytes) != 0)
          fail_msg("%s, %lldx%lldx%lld: %d threads give other bits than 1", isas[i], (long long)m, (long long)k, (long long)n, counts[t]);
        rt_release(a), rt_release(b), rt_release(c);
        assert_int_equal(rt_ctx_close(ctx), RT_OK);
      }
      free(first), free(other);
    }
  }
}

static void infinities_meet_zeros(void **state) {
  (void)state;
  const float inf = 1.0f / 0.0f;
  for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
    rt_ctx *ctx = open_context(isas[i], 1);
    if (!ctx) continue;
    for (size_t s = 0; s < N_SHAPES; s++) {
      const int64_t m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
      rt_tensor *a = NULL, *b = NULL, *c = NULL, *sum = NULL, *nan = NULL;
      works(rt_zeros(ctx, RT_F32, 2, (int64_t[]){m, k}, &a));
      works(rt_full(ctx, RT_F32, 2, (int64_t[]){k, n}, rt_float(inf), &b));
      works(rt_matmul(a, b, &c)); // 0 times infinity, everywhere
      works(rt_isnan(c, &nan));
      works(rt_all(nan, NULL, false, &sum));
      rt_scalar all;
      works(rt_item(sum, &all));
      if (!all.as.b) fail_msg("%s, %lldx%lldx%lld: zeros hide infinities", isas[i], (long long)m, (long long)k, (long long)n);
      rt_release(a), rt_release(b), rt_release(c), rt_release(nan), rt_release(sum);
    }
    assert_int_equal(rt_ctx_close(ctx), RT_OK);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(blocks_and_layouts_are_exact),
    cmocka_unit_test(batches_are_products),
    cmocka_unit_test(threads_do_not_change_bits),
    cmocka_unit_test(infinities_meet_zeros),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
