// SPDX-License-Identifier: BSD-3-Clause
// Composites are offered as one operation to the backend of their device (tests/abi/plugins/whole.c) and composed when it declines: the same
// results either way, one run in the report when it was taken, and no fallback when it was not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <trivet/rt.h>

#define PLUGINS TRIVET_BUILD_DIR "/tests/plugins/trivet_"
#define MOST 4096

static rt_ctx *open_with(const char *plugin, rt_fallback fallback) {
  rt_ctx_options options = {.size = sizeof options, .fallback = fallback, .plugins = plugin ? (const char *const[]){plugin, NULL} : NULL};
  if (!plugin) options.backends = "cpu_ref";
  rt_ctx *ctx = NULL;
  if (rt_ctx_create(&options, &ctx) != RT_OK) fail_msg("%s", rt_last_error());
  return ctx;
}

static uint64_t reported(rt_ctx *ctx, rt_report_kind kind, const char *op, const char *backend) {
  rt_report_row row;
  uint64_t n = 0;
  for (int32_t i = 0; rt_report_get(ctx, i, &row) == RT_OK; i++)
    if (row.kind == kind && !strcmp(row.op, op) && (!backend || !strcmp(row.backend, backend))) n += row.count;
  return n;
}

static rt_tensor *numbers(rt_ctx *ctx, int64_t rows, int64_t columns, int from) {
  float values[MOST];
  rt_tensor *t = NULL;
  for (int64_t i = 0; i < rows * columns; i++) values[i] = (float)((i + from) * 7 % 23) / 4 - 2;
  assert_int_equal(rt_from_data(ctx, RT_F32, 2, (int64_t[]){rows, columns}, values, &t), RT_OK);
  return t;
}

// ---- the table: each makes one result from x [6,9] and z [6,4] ----------------------------------------------------------------------------

// classes: [6] i64; four: [4]; heads: [2,3,9]; square: [6,6]
typedef struct world { rt_ctx *ctx; rt_tensor *x, *z, *turned, *longs, *classes, *four, *heads, *square; } world;
static const int64_t lo[2] = {1, 2}, hi[2] = {0, 3}, cut[2] = {-1, 2}, twice[2] = {2, 3};
static const rt_axes last = {.count = 1, .axis = {1}}, first = {.count = 1, .axis = {0}};

#define CASE(name, call) static rt_status name(const world *w, rt_tensor **y) { return call; }
CASE(concat_last, rt_concat(3, (const rt_tensor *[]){w->x, w->z, w->x}, 1, y))
CASE(concat_first, rt_concat(2, (const rt_tensor *[]){w->x, w->x}, 0, y))
CASE(concat_strided, rt_concat(2, (const rt_tensor *[]){w->turned, w->turned}, 1, y))
CASE(concat_mixed, rt_concat(2, (const rt_tensor *[]){w->x, w->longs}, 0, y))
CASE(concat_many, rt_concat(16, (const rt_tensor *[]){w->x, w->z, w->x, w->x, w->x, w->x, w->x, w->x, w->x, w->z, w->x, w->x, w->x, w->x, w->x, w->x}, 1, y))
CASE(stack_middle, rt_stack(2, (const rt_tensor *[]){w->x, w->x}, 1, y))
CASE(pad_constant, rt_pad(w->x, lo, hi, RT_PAD_CONSTANT, rt_float(1.5), y))
CASE(pad_cut, rt_pad(w->turned, cut, hi, RT_PAD_CONSTANT, rt_int(-3), y))
CASE(pad_edge, rt_pad(w->x, lo, hi, RT_PAD_EDGE, rt_float(0), y))
CASE(linspace, rt_linspace(w->ctx, RT_F32, rt_float(-1), rt_float(4), 11, y))
CASE(linspace_f64, rt_linspace(w->ctx, RT_F64, rt_float(-1), rt_float(4), 11, y))
CASE(eye, rt_eye(w->ctx, RT_F32, 5, 7, 2, y))
CASE(tile, rt_tile(w->x, twice, y))
CASE(repeat, rt_repeat(w->turned, 3, 0, y))
CASE(roll, rt_roll(w->x, -4, 1, y))
CASE(var_last, rt_var(w->x, &last, false, 1, y))
CASE(var_turned, rt_var(w->turned, &last, true, 0, y))
CASE(std_all, rt_std(w->x, NULL, false, 0, y))
CASE(logsumexp_first, rt_logsumexp(w->x, &first, false, y))
CASE(norm_one, rt_norm(w->x, 1, &last, true, y))
CASE(norm_of_longs, rt_norm(w->longs, 2, &first, false, y))

CASE(group_norm_plain, rt_group_norm(w->x, 3, NULL, NULL, 1e-3, y))
CASE(group_norm_weights, rt_group_norm(w->z, 2, w->four, w->four, 0.5, y))
CASE(embedding_rows, rt_embedding(w->z, w->classes, RT_NO_INDEX, y))
CASE(embedding_padding, rt_embedding(w->turned, w->classes, 3, y))
CASE(attention_plain, rt_attention(w->x, w->x, w->z, NULL, 0, false, y))
CASE(attention_causal_mask, rt_attention(w->z, w->z, w->x, w->square, 0.5, true, y))
CASE(attention_heads, rt_attention(w->heads, w->heads, w->heads, NULL, 0, false, y))
CASE(mse_none, rt_mse_loss(w->x, w->longs, RT_LOSS_NONE, y))
CASE(mse_mean, rt_mse_loss(w->turned, w->turned, RT_LOSS_MEAN, y))
CASE(entropy_none, rt_cross_entropy(w->z, w->classes, NULL, RT_NO_INDEX, 0, RT_LOSS_NONE, y))
CASE(entropy_mean, rt_cross_entropy(w->z, w->classes, w->four, 2, 0, RT_LOSS_MEAN, y))

static const struct { const char *op; rt_status (*make)(const world *w, rt_tensor **y); bool is_taken; } cases[] = {
    {"concat", concat_last, true}, {"concat", concat_first, true}, {"concat", concat_strided, false}, {"concat", concat_mixed, false},
    {"concat", concat_many, false}, {"stack", stack_middle, true}, {"pad", pad_constant, true}, {"pad", pad_cut, true}, {"pad", pad_edge, false},
    {"linspace", linspace, true}, {"linspace", linspace_f64, false}, {"eye", eye, true}, {"tile", tile, true}, {"repeat", repeat, true},
    {"roll", roll, true}, {"var", var_last, true}, {"var", var_turned, true}, {"std", std_all, true}, {"logsumexp", logsumexp_first, true},
    {"norm", norm_one, true}, {"norm", norm_of_longs, true},
    {"group_norm", group_norm_plain, true}, {"group_norm", group_norm_weights, true}, {"embedding", embedding_rows, true},
    {"embedding", embedding_padding, true}, {"attention", attention_plain, true}, {"attention", attention_causal_mask, true},
    {"attention", attention_heads, false}, {"mse_loss", mse_none, true}, {"mse_loss", mse_mean, true}, {"cross_entropy", entropy_none, true},
    {"cross_entropy", entropy_mean, true},
};

static void build(world *w, const char *plugin) {
  w->ctx = open_with(plugin, RT_FALLBACK_SILENT);
  w->x = numbers(w->ctx, 6, 9, 0);
  w->z = numbers(w->ctx, 6, 4, 5);
  assert_int_equal(rt_transpose(w->x, 0, 1, &w->turned), RT_OK);
  assert_int_equal(rt_cast(w->x, RT_I16, &w->longs), RT_OK);
  assert_int_equal(rt_from_data(w->ctx, RT_I64, 1, (int64_t[]){6}, (int64_t[]){0, 3, 2, 1, 2, 3}, &w->classes), RT_OK);
  assert_int_equal(rt_from_data(w->ctx, RT_F32, 1, (int64_t[]){4}, (float[]){1, 2, 0.5f, 3}, &w->four), RT_OK);
  assert_int_equal(rt_reshape(w->x, 3, (int64_t[]){2, 3, 9}, &w->heads), RT_OK);
  w->square = numbers(w->ctx, 6, 6, 2);
}
static void tear_down(world *w) {
  rt_tensor *all[] = {w->x, w->z, w->turned, w->longs, w->classes, w->four, w->heads, w->square};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) rt_release(all[i]);
  assert_int_equal(rt_ctx_close(w->ctx), RT_OK);
}

static void compare(const char *name, const rt_tensor *got, const rt_tensor *want) {
  assert_int_equal(rt_tensor_numel(got), rt_tensor_numel(want));
  assert_int_equal(rt_tensor_rank(got), rt_tensor_rank(want));
  assert_int_equal(rt_tensor_dtype(got), rt_tensor_dtype(want));
  for (int32_t d = 0; d < rt_tensor_rank(got); d++) assert_int_equal(rt_tensor_shape(got)[d], rt_tensor_shape(want)[d]);
  double a[MOST], b[MOST];
  rt_tensor *wide[2] = {NULL};
  assert_int_equal(rt_cast(got, RT_F64, &wide[0]), RT_OK);
  assert_int_equal(rt_cast(want, RT_F64, &wide[1]), RT_OK);
  assert_int_equal(rt_read(wide[0], a, sizeof(double) * (size_t)rt_tensor_numel(got)), RT_OK);
  assert_int_equal(rt_read(wide[1], b, sizeof(double) * (size_t)rt_tensor_numel(got)), RT_OK);
  for (int64_t i = 0; i < rt_tensor_numel(got); i++)
    if (!(fabs(a[i] - b[i]) <= 1e-5 * (1 + fabs(b[i])))) fail_msg("%s: element %lld is %.9g, composed %.9g", name, (long long)i, a[i], b[i]);
  rt_release(wide[0]), rt_release(wide[1]);
}

static void taken_and_composed_agree(void **state) {
  (void)state;
  world plain, own;
  build(&plain, NULL);
  build(&own, PLUGINS "whole.so");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    rt_tensor *got = NULL, *want = NULL;
    rt_report_reset(own.ctx);
    if (cases[i].make(&own, &got) != RT_OK) fail_msg("%s (case %zu): %s", cases[i].op, i, rt_last_error());
    if (cases[i].make(&plain, &want) != RT_OK) fail_msg("%s (case %zu): %s", cases[i].op, i, rt_last_error());
    uint64_t runs = reported(own.ctx, RT_REPORT_RUN, cases[i].op, "whole"), composed = reported(own.ctx, RT_REPORT_FALLBACK, cases[i].op, NULL);
    if (runs != cases[i].is_taken || composed) fail_msg("%s (case %zu): %llu runs by whole, %llu fallbacks", cases[i].op, i, (unsigned long long)runs, (unsigned long long)composed);
    compare(cases[i].op, got, want);
    rt_release(got), rt_release(want);
  }
  tear_down(&plain), tear_down(&own);
}

// A given output of any layout, one that is an input, and accept's refusal.
static void given_outputs(void **state) {
  (void)state;
  world w;
  build(&w, PLUGINS "whole.so");
  rt_tensor *want = NULL, *out = numbers(w.ctx, 9, 6, 3), *turned = NULL;
  assert_int_equal(rt_transpose(out, 0, 1, &turned), RT_OK);
  assert_int_equal(rt_roll(w.x, 4, 1, &want), RT_OK);
  assert_int_equal(rt_roll_into(w.x, 4, 1, turned), RT_OK);
  compare("roll", turned, want);
  assert_int_equal(rt_roll_into(w.x, 4, 1, w.x), RT_OK); // as if x had been copied first
  compare("roll in place", w.x, want);
  assert_int_equal(reported(w.ctx, RT_REPORT_RUN, "roll", "whole"), 3);
  rt_tensor *few = NULL, *moved = NULL;
  assert_int_equal(rt_slice(w.x, 0, 0, 1, 1, &few), RT_OK); // 9 elements
  assert_int_equal(rt_roll(few, 1, 1, &moved), RT_OK);
  assert_int_equal(reported(w.ctx, RT_REPORT_RUN, "roll", "whole"), 3);
  assert_int_equal(reported(w.ctx, RT_REPORT_FALLBACK, "roll", NULL), 0);
  // Nothing that an offer is made of may leave traces in what fails.
  rt_tensor *none = NULL;
  assert_int_equal(rt_roll_into(w.x, 4, 1, few), RT_E_SHAPE);
  assert_int_equal(rt_var(w.x, NULL, false, (double)INFINITY, &none), RT_E_ARGUMENT);
  assert_null(none);
  rt_release(few), rt_release(moved), rt_release(turned), rt_release(out), rt_release(want);
  tear_down(&w);
}

static void empty_inputs_are_never_offered(void **state) {
  (void)state;
  rt_ctx *ctx = open_with(PLUGINS "whole.so", RT_FALLBACK_SILENT);
  rt_tensor *none = NULL, *y = NULL;
  const int64_t shape[2] = {0, 3}, more[2] = {2, 0};
  assert_int_equal(rt_zeros(ctx, RT_F32, 2, shape, &none), RT_OK);
  assert_int_equal(rt_pad(none, more, more, RT_PAD_CONSTANT, rt_float(7), &y), RT_OK);
  float got[12];
  assert_int_equal(rt_read(y, got, sizeof got), RT_OK);
  for (int i = 0; i < 12; i++) assert_true(got[i] == 7);
  rt_release(y);
  assert_int_equal(rt_norm(none, 2, NULL, false, &y), RT_OK);
  assert_int_equal(rt_read(y, got, sizeof *got), RT_OK);
  assert_true(got[0] == 0);
  assert_int_equal(reported(ctx, RT_REPORT_RUN, "pad", NULL) + reported(ctx, RT_REPORT_RUN, "norm", NULL), 0);
  rt_release(y), rt_release(none);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

// Where a fallback is an error, a composite that was taken is none; one that is composed of what the backend lacks is.
static void with_fallback_as_an_error(void **state) {
  (void)state;
  rt_ctx *ctx = open_with(PLUGINS "whole.so", RT_FALLBACK_ERROR);
  rt_tensor *y = NULL;
  assert_int_equal(rt_eye(ctx, RT_F32, 40, 40, 0, &y), RT_OK);
  rt_release(y);
  assert_int_equal(rt_eye(ctx, RT_F64, 40, 40, 0, &y), RT_E_UNSUPPORTED);
  assert_null(y);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(taken_and_composed_agree),
      cmocka_unit_test(given_outputs),
      cmocka_unit_test(empty_inputs_are_never_offered),
      cmocka_unit_test(with_fallback_as_an_error),
  };
  return cmocka_run_group_tests_name("composites", tests, NULL, NULL);
}
