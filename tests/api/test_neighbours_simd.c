// SPDX-License-Identifier: BSD-3-Clause
// What an elementwise function makes of a number depends on that number alone: not on what lies beside it, nor on where in a tensor it lies. Vectors
// and blocks of them must not show; programs that cut their data otherwise would get other bits.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <trivet/rt.h>

enum { N = 4099, EACH = 7 }; // every seventh number is one from the list of odd neighbours

#define NOTHING(...)
#define SAME_ROW(...) __VA_ARGS__
#define OF_FLOAT SAME_ROW
#define OF_FLOAT_C SAME_ROW
#define OF_NUMERIC SAME_ROW
#define OF_NUMERIC_C SAME_ROW
#define OF_ANY_C NOTHING
#define OF_BITS NOTHING
#define MAKES_SAME SAME_ROW
#define MAKES_REAL NOTHING
#define MAKES_BOOL NOTHING
#define RT_UNARY(id, NAME, name, dtypes, result, ...) MAKES_##result(OF_##dtypes({#name, rt_##name}, ))
#define RT_PARAM NOTHING
#define RT_BINARY NOTHING
#define RT_TERNARY NOTHING
#define RT_REDUCE NOTHING
#define RT_ARG NOTHING
#define RT_OP NOTHING
#define RT_COMPOSITE NOTHING
static const struct { const char *name; rt_status (*run)(const rt_tensor *x, rt_tensor **out); } rows[] = {
#include <trivet/ops.def>
};

static const struct { const char *name; rt_dtype dtype; size_t bytes; } dtypes[] = {{"f32", RT_F32, 4}, {"f64", RT_F64, 8}, {"f16", RT_F16, 2}, {"bf16", RT_BF16, 2}};

static void ok(rt_status status) {
  if (status != RT_OK) fail_msg("%s", rt_last_error());
}

/// `row` of the numbers from `first` on, read as bytes.
static void answer(rt_ctx *ctx, size_t row, rt_dtype dtype, size_t bytes, const double *x, int64_t first, char *out) {
  rt_tensor *wide = NULL, *whole = NULL, *t = NULL, *y = NULL;
  ok(rt_from_data(ctx, RT_F64, 1, (const int64_t[]){N}, x, &wide));
  ok(rt_cast(wide, dtype, &whole));
  ok(rt_slice(whole, 0, first, N, 1, &t));
  ok(rows[row].run(t, &y));
  ok(rt_read(y, out, (size_t)(N - first) * bytes));
  rt_release(wide), rt_release(whole), rt_release(t), rt_release(y);
}

static void is_alone(const char *isa) {
  static const double odd[] = {100, -100, 1e30, -1e30, INFINITY, -INFINITY, NAN, 1e-40, 0};
  static double x[N], beside[N];
  static char alone[N * 8], among[N * 8], shifted[N * 8];
  char config[64];
  rt_ctx *ctx = NULL;
  snprintf(config, sizeof config, "cpu_simd.isa=%s\n", isa);
  const rt_ctx_options options = {.size = sizeof options, .backends = "cpu_simd", .config = config, .n_threads = 1};
  if (rt_ctx_create(&options, &ctx) == RT_E_UNSUPPORTED) {
    print_message("%s\n", rt_last_error());
    skip();
  }
  uint64_t state = 88172645463325252u;
  for (int i = 0; i < N; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    x[i] = (double)(int64_t)state * 0x1p-63 * 5;
    beside[i] = i % EACH ? x[i] : odd[i / EACH % (int)(sizeof odd / sizeof *odd)];
  }
  for (int i = 0; i < 600; i++) { // places where a function may change its form
    static const double ends[] = {0.5, 0.85, 1, 4, 4.25, 5, 6, 87, 88, 0.25};
    const int at = 8 + i * EACH / 2 * 2;
    if (at < N && at % EACH) x[at] = beside[at] = ends[i % 10] * (i & 16 ? -1 : 1);
  }
  int n_wrong = 0;
  for (size_t row = 0; row < sizeof rows / sizeof *rows; row++)
    for (size_t d = 0; d < sizeof dtypes / sizeof *dtypes; d++) {
      const size_t bytes = dtypes[d].bytes;
      const int64_t first = 3;
      answer(ctx, row, dtypes[d].dtype, bytes, x, 0, alone);
      answer(ctx, row, dtypes[d].dtype, bytes, beside, 0, among);
      answer(ctx, row, dtypes[d].dtype, bytes, x, first, shifted);
      int n_among = 0, n_shifted = 0;
      for (int64_t i = 0; i < N; i++) {
        n_among += i % EACH && memcmp(alone + (size_t)i * bytes, among + (size_t)i * bytes, bytes);
        n_shifted += i >= first && memcmp(alone + (size_t)i * bytes, shifted + (size_t)(i - first) * bytes, bytes);
      }
      if (n_among || n_shifted)
        print_error("%s of %s on %s: %d results differ with other neighbours, %d at another place\n", rows[row].name, dtypes[d].name, isa, n_among, n_shifted);
      n_wrong += n_among || n_shifted;
    }
  ok(rt_ctx_close(ctx));
  assert_int_equal(n_wrong, 0);
}
static void alone_on_scalar(void **state) { (void)state; is_alone("scalar"); }
static void alone_on_avx2(void **state) { (void)state; is_alone("avx2"); }
static void alone_on_avx512(void **state) { (void)state; is_alone("avx512"); }
static void alone_on_neon(void **state) { (void)state; is_alone("neon"); }

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(alone_on_scalar), cmocka_unit_test(alone_on_avx2), cmocka_unit_test(alone_on_avx512), cmocka_unit_test(alone_on_neon)};
  return cmocka_run_group_tests_name("neighbours", tests, NULL, NULL);
}
