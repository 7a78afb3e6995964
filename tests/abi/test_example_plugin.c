// SPDX-License-Identifier: BSD-3-Clause
// The one-op example (examples/plugin), which takes dense arguments only: every other layout is made dense for it, whatever order the input
// and a given output lie in.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <trivet/rt.h>

enum { PLAIN, TRANSPOSED, STEPPED, FLIPPED, N_LAYOUTS };

// A 6x8 view of the wanted layout, filled with (10 row + column) - 30.
static rt_tensor *make(rt_ctx *ctx, int layout) {
  rt_tensor *base = NULL, *view = NULL;
  int64_t shape[N_LAYOUTS][2] = {{6, 8}, {8, 6}, {6, 16}, {6, 8}};
  assert_int_equal(rt_empty(ctx, RT_F32, 2, shape[layout], &base), RT_OK);
  rt_status status = layout == TRANSPOSED ? rt_transpose(base, 0, 1, &view)
                     : layout == STEPPED ? rt_slice(base, 1, 1, RT_SLICE_DEFAULT, 2, &view)
                     : layout == FLIPPED ? rt_flip(base, NULL, &view) : rt_slice(base, 0, 0, RT_SLICE_DEFAULT, 1, &view);
  assert_int_equal(status, RT_OK);
  float values[48];
  for (int i = 0; i < 48; i++) values[i] = (float)(10 * (i / 8) + i % 8 - 30);
  assert_int_equal(rt_write(view, values, sizeof values), RT_OK);
  rt_release(base);
  return view;
}

static uint64_t runs_of(rt_ctx *ctx, const char *backend) {
  uint64_t n = 0;
  for (int32_t i = 0; i < rt_report_count(ctx); i++) {
    rt_report_row row;
    assert_int_equal(rt_report_get(ctx, i, &row), RT_OK);
    if (row.kind == RT_REPORT_RUN && !strcmp(row.op, "relu") && !strcmp(row.backend, backend)) n += row.count;
  }
  return n;
}

static void every_layout_in_and_out(void **state) {
  (void)state;
  rt_ctx_options options = {.size = sizeof options, .backends = "tiny", .backend_path = TRIVET_BUILD_DIR "/examples"};
  rt_ctx *ctx = NULL;
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
  uint64_t before = 0;
  for (int in = 0; in < N_LAYOUTS; in++)
    for (int out = 0; out < N_LAYOUTS; out++) {
      rt_tensor *x = make(ctx, in), *y = make(ctx, out);
      float values[48];
      assert_int_equal(rt_relu_into(x, y), RT_OK);
      assert_int_equal(rt_read(y, values, sizeof values), RT_OK);
      for (int i = 0; i < 48; i++) {
        float v = (float)(10 * (i / 8) + i % 8 - 30);
        assert_true(values[i] == (v > 0 ? v : 0));
      }
      rt_release(x), rt_release(y);
      uint64_t now = runs_of(ctx, "tiny");
      assert_true(now > before); // tiny ran it, nobody else
      before = now;
    }
  assert_int_equal(runs_of(ctx, "builtin"), 0);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_layout_in_and_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
