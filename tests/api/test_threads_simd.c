// SPDX-License-Identifier: BSD-3-Clause
// cpu_simd gives the same bits for 1, 2, 3 and 7 threads, on sizes of several chunks; and sums of very many numbers stay as close to the exact
// sum as one block of them does. Other families add rows to `cases`.
// labels: threads
#include <setjmp.h>
#include <stdarg.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <trivet/rt.h>

static rt_ctx *open_context(int32_t n_threads) {
  rt_ctx_options options = {.size = sizeof options, .backends = "cpu_simd", .n_threads = n_threads, .fallback = RT_FALLBACK_ERROR};
  rt_ctx *ctx = NULL;
  const rt_status status = rt_ctx_create(&options, &ctx);
  if (status != RT_OK) print_error("%s\n", rt_last_error());
  assert_int_equal(status, RT_OK);
  return ctx;
}

static void ok(rt_status status) {
  if (status != RT_OK) print_error("%s\n", rt_last_error());
  assert_int_equal(status, RT_OK);
}

// ---- the same bits ------------------------------------------------------------------------------------------------------------------------------
typedef struct how { int32_t n_axes, axis[2]; } how; // n_axes 0: all
typedef rt_status (*call)(const rt_tensor *x, const rt_axes *axes, rt_tensor **out);

static rt_status sum(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_sum(x, axes, false, RT_DTYPE_NONE, out); }
static rt_status prod(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_prod(x, axes, false, RT_DTYPE_NONE, out); }
static rt_status mean(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_mean(x, axes, false, out); }
static rt_status max(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_max(x, axes, false, out); }
static rt_status min(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_min(x, axes, false, out); }
static rt_status any(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_any(x, axes, false, out); }
static rt_status all(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_all(x, axes, false, out); }
static rt_status argmax(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_argmax(x, axes, false, out); }
static rt_status argmin(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_argmin(x, axes, false, out); }
static rt_status softmax(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_softmax(x, axes ? axes->axis[0] : 0, out); }
static rt_status log_softmax(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_log_softmax(x, axes ? axes->axis[0] : 0, out); }
static rt_status layer_norm(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_layer_norm(x, axes, NULL, NULL, 1e-5, out); }
static rt_status rms_norm(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) { return rt_rms_norm(x, axes, NULL, 1e-5, out); }
static rt_status batch_norm(const rt_tensor *x, const rt_axes *axes, rt_tensor **out) {
  return rt_batch_norm(x, NULL, NULL, NULL, NULL, axes ? axes->axis[0] : 0, 1e-5, out);
}

enum { FLOATS = 1, ALL = 2 };
static const struct { const char *name; call call; int dtypes; } cases[] = {
  {"sum", sum, ALL}, {"prod", prod, ALL}, {"mean", mean, FLOATS}, {"max", max, ALL}, {"min", min, ALL}, {"any", any, ALL}, {"all", all, ALL},
  {"argmax", argmax, ALL}, {"argmin", argmin, ALL}, {"softmax", softmax, FLOATS}, {"log_softmax", log_softmax, FLOATS},
  {"layer_norm", layer_norm, FLOATS}, {"rms_norm", rms_norm, FLOATS}, {"batch_norm", batch_norm, FLOATS},
};
static const int64_t shapes[][3] = {{1, 1, 300001}, {1, 701, 577}, {3, 300, 401}, {120, 3, 777}, {1, 100003, 3}};
static const how hows[] = {{0, {0}}, {1, {1}}, {1, {2}}, {2, {0, 2}}, {2, {0, 1}}};
#define COUNT(array) (sizeof(array) / sizeof *(array))

/// Numbers of many magnitudes, so that every order of adding them gives other bits.
static rt_tensor *make_input(rt_ctx *ctx, rt_dtype dtype, const int64_t *shape, bool transposed) {
  const size_t n = (size_t)(shape[0] * shape[1] * shape[2]);
  float *values = malloc(n * sizeof *values);
  uint64_t state = 88172645463325252u;
  assert_non_null(values);
  for (size_t i = 0; i < n; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    values[i] = (float)((double)(int64_t)state * 0x1p-63) * (float)(1 << (state >> 8 & 7));
  }
  rt_tensor *x, *y;
  const int64_t turned[3] = {shape[0], shape[2], shape[1]};
  ok(rt_from_data(ctx, RT_F32, 3, transposed ? turned : shape, values, &x));
  free(values);
  ok(rt_cast(x, dtype, &y));
  rt_release(x);
  if (!transposed) return y;
  ok(rt_transpose(y, 1, 2, &x));
  rt_release(y);
  return x;
}

static void threads_do_not_change_bits(void **state) {
  (void)state;
  static const int32_t counts[] = {1, 2, 3, 7};
  static const rt_dtype dtypes[] = {RT_F32, RT_F64, RT_F16, RT_I32, RT_U8};
  rt_ctx *ctx[COUNT(counts)];
  for (size_t t = 0; t < COUNT(counts); t++) ctx[t] = open_context(counts[t]);
  for (size_t s = 0; s < COUNT(shapes); s++) {
    for (size_t d = 0; d < (s == 1 ? COUNT(dtypes) : 1); d++) { // every shape in f32, every dtype once
      for (int transposed = 0; transposed < 2; transposed++) {
        rt_tensor *x[COUNT(counts)];
        for (size_t t = 0; t < COUNT(counts); t++) x[t] = make_input(ctx[t], dtypes[d], shapes[s], transposed);
        for (size_t c = 0; c < COUNT(cases); c++) {
          if (cases[c].dtypes == FLOATS && d > 2) continue;
          for (size_t h = 0; h < COUNT(hows); h++) {
            if (hows[h].n_axes != 1 && (cases[c].call == softmax || cases[c].call == log_softmax || cases[c].call == batch_norm)) continue;
            rt_axes axes = {.count = hows[h].n_axes, .axis = {hows[h].axis[0], hows[h].axis[1]}};
            void *want = NULL;
            for (size_t t = 0; t < COUNT(counts); t++) {
              rt_tensor *y;
              ok(cases[c].call(x[t], axes.count ? &axes : NULL, &y));
              const size_t bytes = (size_t)rt_tensor_numel(y) * rt_dtype_bytes(rt_tensor_dtype(y));
              void *got = malloc(bytes);
              assert_non_null(got);
              ok(rt_read(y, got, bytes));
              if (want && memcmp(want, got, bytes) != 0)
                fail_msg("%s of %s, shape %zu%s, axes %zu: %d threads give other bits than 1", cases[c].name, rt_dtype_name(dtypes[d]), s,
                         transposed ? " transposed" : "", h, (int)counts[t]);
              if (want) free(got);
              else want = got;
              rt_release(y);
            }
            free(want);
          }
        }
        for (size_t t = 0; t < COUNT(counts); t++) rt_release(x[t]);
      }
    }
  }
  for (size_t t = 0; t < COUNT(counts); t++) assert_int_equal(rt_ctx_close(ctx[t]), RT_OK);
}

// ---- the error of long sums -----------------------------------------------------------------------------------------------------------------------
/// Largest error of a sum along one axis of [rows, columns], in units of the sum of |x|.
static double worst_error(rt_ctx *ctx, rt_dtype dtype, int64_t rows, int64_t columns, int32_t axis) {
  const int64_t shape[2] = {rows, columns}, results = axis ? rows : columns, terms = axis ? columns : rows;
  const size_t n = (size_t)(rows * columns), bytes = rt_dtype_bytes(dtype);
  char *values = malloc(n * bytes);
  double *got = malloc((size_t)results * sizeof *got), worst = 0;
  assert_true(values && got);
  uint64_t state = 88172645463325252u;
  for (size_t i = 0; i < n; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    const double value = (double)(state >> 11) * 0x1p-53;
    if (dtype == RT_F32) ((float *)(void *)values)[i] = (float)value;
    else ((double *)(void *)values)[i] = value;
  }
  rt_tensor *x, *y, *wide;
  ok(rt_from_data(ctx, dtype, 2, shape, values, &x));
  ok(rt_sum(x, &(rt_axes){1, {axis}}, false, RT_DTYPE_NONE, &y));
  ok(rt_cast(y, RT_F64, &wide));
  ok(rt_read(wide, got, (size_t)results * sizeof *got));
  for (int64_t r = 0; r < results; r++) {
    long double exact = 0;
    for (int64_t i = 0; i < terms; i++) {
      const int64_t at = axis ? r * columns + i : i * columns + r;
      exact += dtype == RT_F32 ? (long double)((float *)(void *)values)[at] : (long double)((double *)(void *)values)[at];
    }
    const double error = (double)(fabsl((long double)got[r] - exact) / exact);
    if (error > worst) worst = error;
  }
  rt_release(x), rt_release(y), rt_release(wide);
  free(values), free(got);
  return worst;
}

/// 2^-24 is the error of rounding the exact sum to f32. The sums of all blocks together may cost as much again.
static void long_sums_are_close(void **state) {
  (void)state;
  rt_ctx *ctx = open_context(2);
  static const struct { rt_dtype dtype; int64_t rows, columns; int32_t axis; double bound; } sums[] = {
    {RT_F32, 1, 10000000, 1, 0x1.2p-24}, {RT_F32, 1000000, 3, 0, 0x1.2p-24}, {RT_F32, 9, 1000000, 1, 0x1.2p-24}, {RT_F32, 10000, 300, 0, 0x1.2p-24},
    {RT_F32, 3, 1000, 1, 0x1p-23}, {RT_F64, 1, 3000000, 1, 0x1.8p-53}, {RT_F64, 300000, 7, 0, 0x1.8p-53},
  };
  for (size_t k = 0; k < COUNT(sums); k++) {
    const double error = worst_error(ctx, sums[k].dtype, sums[k].rows, sums[k].columns, sums[k].axis);
    print_message("sum of %s, %lld x %lld along %d: error %.2e of the sum of |x|\n", rt_dtype_name(sums[k].dtype), (long long)sums[k].rows,
                  (long long)sums[k].columns, (int)sums[k].axis, error);
    assert_true(error <= sums[k].bound);
  }
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

/// The host writes and reads bytes from any address, few and many, whether or not the context is cancelled.
static void host_copies_are_whole(void **state) {
  (void)state;
  static const int64_t sizes[] = {1, 262143, 262144, 262145, 1000003, 17 << 20};
  uint8_t *from = malloc((17 << 20) + 1), *to = malloc((17 << 20) + 1);
  assert_non_null(from), assert_non_null(to);
  for (int64_t i = 0; i <= 17 << 20; i++) from[i] = (uint8_t)(i * 31 + (i >> 8));
  for (int n_threads = 1; n_threads <= 3; n_threads++) for (int cancelled = 0; cancelled <= 1; cancelled++) {
    rt_ctx *ctx = open_context(n_threads);
    ok(rt_ctx_cancel(ctx, cancelled));
    for (size_t k = 0; k < COUNT(sizes); k++) for (int shift = 0; shift <= 1; shift++) {
      const int64_t n = sizes[k];
      rt_tensor *made = NULL, *written = NULL;
      ok(rt_from_data(ctx, RT_U8, 1, &n, from + shift, &made));
      ok(rt_empty(ctx, RT_U8, 1, &n, &written));
      ok(rt_write(written, from + shift, (size_t)n));
      for (int w = 0; w <= 1; w++) {
        memset(to, 0, (size_t)n + 1);
        ok(rt_read(w ? written : made, to + 1 - shift, (size_t)n));
        if (memcmp(to + 1 - shift, from + shift, (size_t)n) != 0) fail_msg("%lld bytes %s on %d threads differ", (long long)n, w ? "written" : "of from_data", n_threads);
      }
      rt_release(made), rt_release(written);
    }
    ok(rt_ctx_close(ctx));
  }
  free(from), free(to);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(threads_do_not_change_bits),
    cmocka_unit_test(long_sums_are_close),
    cmocka_unit_test(host_copies_are_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
