// SPDX-License-Identifier: BSD-3-Clause
// What neural networks are made of: values that can be checked by hand, and the corners that the conformance grid leaves to words.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <trivet/rt.h>

#define SHAPE(...) (int64_t[]){__VA_ARGS__}
#define AXES(...) (&(rt_axes){sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t), {__VA_ARGS__}})
#define VALUES(...) (const double[]){__VA_ARGS__}
#define INF ((double)INFINITY)
#define NO_NUMBER ((double)NAN)

static rt_ctx *ctx;

static int open_context(void **state) {
  (void)state;
  return rt_ctx_create(NULL, &ctx) == RT_OK ? 0 : -1;
}
static int close_context(void **state) {
  (void)state;
  return rt_ctx_close(ctx) == RT_OK ? 0 : -1; // says so when a tensor is left
}

static void works(rt_status status) {
  if (status != RT_OK) fail_msg("%s: %s", rt_status_name(status), rt_last_error());
}

static rt_tensor *tensor(rt_dtype dtype, int32_t rank, const int64_t *shape, const double *values) {
  rt_tensor *wide = NULL, *t = NULL;
  works(rt_from_data(ctx, RT_F64, rank, shape, values, &wide));
  works(rt_cast(wide, dtype, &t));
  rt_release(wide);
  return t;
}

/// Releases t.
static void expect(int line, rt_tensor *t, rt_dtype dtype, double tolerance, int n, const double *want) {
  double got[64];
  rt_tensor *wide = NULL;
  assert_int_equal(rt_tensor_dtype(t), dtype);
  assert_int_equal(rt_tensor_numel(t), n);
  works(rt_cast(t, RT_F64, &wide));
  works(rt_read(wide, got, (size_t)n * sizeof *got));
  for (int i = 0; i < n; i++) {
    bool is_same = isnan(want[i]) ? isnan(got[i]) : isinf(want[i]) ? got[i] == want[i] : fabs(got[i] - want[i]) <= tolerance;
    if (!is_same) fail_msg("line %d: element %d is %.9g, not %.9g", line, i, got[i], want[i]);
  }
  rt_release(wide);
  rt_release(t);
}
#define EXPECT(t, dtype, tolerance, ...) \
  expect(__LINE__, t, dtype, tolerance, (int)(sizeof(VALUES(__VA_ARGS__)) / sizeof(double)), VALUES(__VA_ARGS__))

// ---- normalisation ----------------------------------------------------------------------------------------------------------------------

static void a_row_becomes_mean_0_and_variance_1(void **state) {
  (void)state;
  rt_tensor *x = tensor(RT_F32, 2, SHAPE(2, 4), VALUES(1, 3, 1, 3, 10, 20, 20, 10)), *two = tensor(RT_F32, 0, NULL, VALUES(2)), *y = NULL;
  works(rt_layer_norm(x, AXES(1), NULL, NULL, 0, &y));
  EXPECT(y, RT_F32, 0, -1, 1, -1, 1, -1, 1, 1, -1);
  works(rt_layer_norm(x, AXES(1), two, two, 3, &y)); // variance 1 + 3 and 25 + 3
  EXPECT(y, RT_F32, 1e-6, 1, 3, 1, 3, 2 - 10 / sqrt(28), 2 + 10 / sqrt(28), 2 + 10 / sqrt(28), 2 - 10 / sqrt(28));
  works(rt_rms_norm(x, AXES(1), two, 4, &y)); // mean squares 5 and 250
  EXPECT(y, RT_F32, 1e-6, 2 / 3.0, 2, 2 / 3.0, 2, 20 / sqrt(254), 40 / sqrt(254), 40 / sqrt(254), 20 / sqrt(254));
  works(rt_batch_norm(x, NULL, NULL, NULL, NULL, 0, 0, &y)); // a channel per row: as the layer_norm above
  EXPECT(y, RT_F32, 0, -1, 1, -1, 1, -1, 1, 1, -1);
  works(rt_group_norm(x, 2, NULL, NULL, 0, &y)); // pairs
  EXPECT(y, RT_F32, 0, -1, 1, -1, 1, -1, 1, 1, -1);
  rt_release(x);
  rt_release(two);
}

static void a_constant_row_needs_an_eps(void **state) {
  (void)state;
  rt_tensor *x = tensor(RT_F32, 2, SHAPE(2, 2), VALUES(3, 3, 0, 0)), *y = NULL;
  works(rt_layer_norm(x, AXES(1), NULL, NULL, 0, &y)); // 0 / 0
  EXPECT(y, RT_F32, 0, NO_NUMBER, NO_NUMBER, NO_NUMBER, NO_NUMBER);
  works(rt_layer_norm(x, AXES(1), NULL, NULL, 1e-5, &y));
  EXPECT(y, RT_F32, 0, 0, 0, 0, 0);
  works(rt_rms_norm(x, AXES(1), NULL, 0, &y));
  EXPECT(y, RT_F32, 0, 1, 1, NO_NUMBER, NO_NUMBER);
  works(rt_layer_norm(x, &(rt_axes){0}, NULL, NULL, 1, &y)); // over no axes: each element by itself
  EXPECT(y, RT_F32, 0, 0, 0, 0, 0);
  rt_release(x);
}

static void what_one_infinity_does(void **state) {
  (void)state;
  rt_tensor *x = tensor(RT_F64, 1, SHAPE(3), VALUES(1, INF, 2)), *y = NULL;
  works(rt_layer_norm(x, NULL, NULL, NULL, 0, &y));
  EXPECT(y, RT_F64, 0, NO_NUMBER, NO_NUMBER, NO_NUMBER);
  works(rt_rms_norm(x, NULL, NULL, 0, &y));
  EXPECT(y, RT_F64, 0, 0, NO_NUMBER, 0);
  rt_release(x);
}

static void a_large_mean_is_not_lost_in_the_squares(void **state) {
  (void)state;
  rt_tensor *x = tensor(RT_F32, 1, SHAPE(4), VALUES(16777208, 16777210, 16777208, 16777210)), *y = NULL;
  works(rt_layer_norm(x, NULL, NULL, NULL, 0, &y));
  EXPECT(y, RT_F32, 0, -1, 1, -1, 1);
  works(rt_batch_norm(x, NULL, NULL, NULL, NULL, 0, 1, &y)); // four channels of one element each
  EXPECT(y, RT_F32, 0, 0, 0, 0, 0);
  rt_release(x);
}

static void mixed_dtypes_promote(void **state) {
  (void)state;
  rt_tensor *x = tensor(RT_F16, 2, SHAPE(1, 2), VALUES(1, 3)), *w = tensor(RT_F32, 1, SHAPE(2), VALUES(1, 2)),
      *n = tensor(RT_I32, 2, SHAPE(1, 2), VALUES(1, 3)), *y = NULL;
  works(rt_layer_norm(x, AXES(1), NULL, NULL, 0, &y));
  EXPECT(y, RT_F16, 0, -1, 1);
  works(rt_layer_norm(x, AXES(1), w, NULL, 0, &y));
  EXPECT(y, RT_F32, 0, -1, 2);
  works(rt_layer_norm(n, AXES(1), NULL, NULL, 0, &y));
  EXPECT(y, RT_F32, 0, -1, 1);
  works(rt_group_norm(n, 1, NULL, NULL, 0, &y));
  EXPECT(y, RT_F32, 0, -1, 1);
  works(rt_batch_norm(x, w, w, NULL, NULL, 1, 0, &y));
  EXPECT(y, RT_F32, 1e-6, 0, 1 / sqrt(2));
  rt_release(x);
  rt_release(w);
  rt_release(n);
}

// ---- embedding --------------------------------------------------------------------------------------------------------------------------

static void padding_gives_rows_of_zero(void **state) {
  (void)state;
  rt_tensor *table = tensor(RT_F32, 2, SHAPE(3, 2), VALUES(1, 2, 3, 4, 5, 6)), *index = tensor(RT_I64, 1, SHAPE(4), VALUES(2, 1, -1, 7)),
      *y = NULL;
  works(rt_embedding(table, index, 7, &y));
  EXPECT(y, RT_F32, 0, 5, 6, 3, 4, 5, 6, 0, 0);
  assert_int_equal(rt_embedding(table, index, 1, &y), RT_E_INDEX); // 7 is no padding now
  assert_null(y);
  rt_release(index);
  index = tensor(RT_U8, 1, SHAPE(2), VALUES(1, 255));
  assert_int_equal(rt_embedding(table, index, -1, &y), RT_E_INDEX); // a u8 is never -1
  works(rt_embedding(table, index, 255, &y));
  EXPECT(y, RT_F32, 0, 3, 4, 0, 0);
  rt_release(index);
  rt_release(table);
}

// ---- attention --------------------------------------------------------------------------------------------------------------------------

static void attention_mixes_what_it_sees(void **state) {
  (void)state;
  // Scores of 0 and log 3 (with scale 1): weights of 1/4 and 3/4.
  rt_tensor *q = tensor(RT_F32, 2, SHAPE(2, 1), VALUES(1, 0)), *k = tensor(RT_F32, 2, SHAPE(2, 1), VALUES(0, log(3))),
      *v = tensor(RT_F32, 2, SHAPE(2, 2), VALUES(4, 8, 0, 4)), *y = NULL;
  works(rt_attention(q, k, v, NULL, 1, false, &y));
  EXPECT(y, RT_F32, 1e-6, 1, 5, 2, 6);
  works(rt_attention(q, k, v, NULL, 1, true, &y)); // the first row sees itself alone
  EXPECT(y, RT_F32, 1e-6, 4, 8, 2, 6);
  rt_tensor *mask = tensor(RT_BOOL, 2, SHAPE(2, 2), VALUES(0, 0, 0, 1)), *lower = tensor(RT_F32, 2, SHAPE(2, 1), VALUES(-INF, 2));
  works(rt_attention(q, k, v, mask, 1, false, &y)); // the first row sees nothing
  EXPECT(y, RT_F32, 0, 0, 0, 0, 4);
  works(rt_attention(q, k, v, lower, 1, false, &y));
  EXPECT(y, RT_F32, 1e-6, 0, 0, 2, 6);
  rt_release(mask);
  mask = tensor(RT_F32, 0, NULL, VALUES(NO_NUMBER));
  works(rt_attention(q, k, v, mask, 1, false, &y)); // NaN is no mask
  EXPECT(y, RT_F32, 0, NO_NUMBER, NO_NUMBER, NO_NUMBER, NO_NUMBER);
  rt_release(q), rt_release(k), rt_release(v), rt_release(mask), rt_release(lower);
}

static void large_scores_do_not_overflow(void **state) {
  (void)state;
  rt_tensor *q = tensor(RT_F16, 2, SHAPE(1, 2), VALUES(60000, 0)), *k = tensor(RT_F16, 2, SHAPE(2, 2), VALUES(60000, 0, 1, 0)),
      *v = tensor(RT_F16, 2, SHAPE(2, 1), VALUES(3, 5)), *y = NULL;
  works(rt_attention(q, k, v, NULL, 0, false, &y)); // 3.6e9 and 6e4 in f32
  EXPECT(y, RT_F16, 0, 3);
  rt_release(q), rt_release(k), rt_release(v);
}

static void heads_of_k_serve_neighbours_of_q(void **state) {
  (void)state;
  rt_tensor *q = tensor(RT_F32, 3, SHAPE(4, 1, 1), VALUES(1, 2, 3, 4)), *k = tensor(RT_F32, 3, SHAPE(2, 1, 1), VALUES(1, 1)),
      *v = tensor(RT_F32, 3, SHAPE(2, 1, 1), VALUES(10, 20)), *y = NULL;
  works(rt_attention(q, k, v, NULL, 0, false, &y));
  EXPECT(y, RT_F32, 0, 10, 10, 20, 20);
  rt_release(q), rt_release(k), rt_release(v);
}

// ---- losses -----------------------------------------------------------------------------------------------------------------------------

static void losses_known_by_hand(void **state) {
  (void)state;
  rt_tensor *x = tensor(RT_F32, 1, SHAPE(4), VALUES(0, 1, 2, -3)), *t = tensor(RT_F32, 1, SHAPE(4), VALUES(0, 0.5, 0, 1)), *y = NULL;
  works(rt_mse_loss(x, t, RT_LOSS_NONE, &y));
  EXPECT(y, RT_F32, 0, 0, 0.25, 4, 16);
  works(rt_mse_loss(x, t, RT_LOSS_MEAN, &y));
  EXPECT(y, RT_F32, 0, 20.25 / 4);
  works(rt_l1_loss(x, t, RT_LOSS_SUM, &y));
  EXPECT(y, RT_F32, 0, 6.5);
  works(rt_smooth_l1_loss(x, t, 1, RT_LOSS_NONE, &y));
  EXPECT(y, RT_F32, 0, 0, 0.125, 1.5, 3.5);
  works(rt_smooth_l1_loss(x, t, 1e-60, RT_LOSS_NONE, &y)); // a beta below every f32
  EXPECT(y, RT_F32, 0, 0, 0.5, 2, 4);
  rt_tensor *p = tensor(RT_F64, 1, SHAPE(4), VALUES(0.5, 0, 1, 2)), *z = tensor(RT_F64, 1, SHAPE(4), VALUES(1, 1, 1, 1));
  works(rt_bce_loss(p, z, NULL, RT_LOSS_NONE, &y)); // log 0 counts as -100; 2 is no probability
  EXPECT(y, RT_F64, 1e-15, log(2), 100, 0, NO_NUMBER);
  rt_tensor *far = tensor(RT_F64, 1, SHAPE(4), VALUES(800, -800, 800, -800)), *said = tensor(RT_F64, 1, SHAPE(4), VALUES(1, 1, 0, 0)),
      *three = tensor(RT_F64, 0, NULL, VALUES(3));
  works(rt_bce_with_logits(far, said, NULL, NULL, RT_LOSS_NONE, &y));
  EXPECT(y, RT_F64, 0, 0, 800, 800, 0);
  works(rt_bce_with_logits(far, said, said, three, RT_LOSS_MEAN, &y)); // the mean divides by all four, whatever they weigh
  EXPECT(y, RT_F64, 0, 600);
  rt_tensor *nothing = tensor(RT_F32, 1, SHAPE(0), VALUES(0));
  works(rt_l1_loss(nothing, nothing, RT_LOSS_MEAN, &y));
  EXPECT(y, RT_F32, 0, NO_NUMBER);
  works(rt_l1_loss(nothing, nothing, RT_LOSS_SUM, &y));
  EXPECT(y, RT_F32, 0, 0);
  rt_tensor *all[] = {x, t, p, z, far, said, three, nothing};
  for (size_t k = 0; k < sizeof all / sizeof *all; k++) rt_release(all[k]);
}

static void cross_entropy_of_what_counts(void **state) {
  (void)state;
  rt_tensor *x = tensor(RT_F64, 2, SHAPE(3, 2), VALUES(0, 0, 1000, 0, 0, log(3))), *t = tensor(RT_I8, 1, SHAPE(3), VALUES(0, 1, 1)),
      *w = tensor(RT_F64, 1, SHAPE(2), VALUES(1, 3)), *y = NULL;
  const double each[3] = {log(2), 1000, log(4.0 / 3)};
  works(rt_cross_entropy(x, t, NULL, RT_NO_INDEX, 0, RT_LOSS_NONE, &y));
  EXPECT(y, RT_F64, 1e-13, each[0], each[1], each[2]);
  works(rt_cross_entropy(x, t, w, RT_NO_INDEX, 0, RT_LOSS_MEAN, &y)); // divided by 1 + 3 + 3
  EXPECT(y, RT_F64, 1e-12, (each[0] + 3 * each[1] + 3 * each[2]) / 7);
  works(rt_cross_entropy(x, t, w, 1, 0, RT_LOSS_MEAN, &y));
  EXPECT(y, RT_F64, 1e-15, each[0]);
  works(rt_cross_entropy(x, t, NULL, RT_NO_INDEX, 0.5, RT_LOSS_NONE, &y)); // half of it, and half of the mean over both classes
  EXPECT(y, RT_F64, 1e-12, each[0], 500 + 250, each[2] / 2 + (log(4) + each[2]) / 4);
  rt_release(t);
  t = tensor(RT_I64, 1, SHAPE(3), VALUES(-100, -100, -100));
  works(rt_cross_entropy(x, t, NULL, -100, 0, RT_LOSS_MEAN, &y)); // nothing counts: 0 / 0
  EXPECT(y, RT_F64, 0, NO_NUMBER);
  works(rt_cross_entropy(x, t, NULL, -100, 0, RT_LOSS_SUM, &y));
  EXPECT(y, RT_F64, 0, 0);
  rt_release(x), rt_release(t), rt_release(w);
}

// ---- steps of optimizers ----------------------------------------------------------------------------------------------------------------

/// Compares and keeps t.
#define HOLDS(t, tolerance, ...) \
  do { rt_tensor *kept_ = rt_retain(t); EXPECT(kept_, rt_tensor_dtype(t), tolerance, __VA_ARGS__); } while (0)

static void steps_known_by_hand(void **state) {
  (void)state;
  rt_tensor *p = tensor(RT_F32, 1, SHAPE(2), VALUES(1, -2)), *g = tensor(RT_F32, 1, SHAPE(2), VALUES(0.5, 4)),
      *v = tensor(RT_F32, 1, SHAPE(2), VALUES(0, 0)), *s = tensor(RT_F32, 1, SHAPE(2), VALUES(0, 0));
  works(rt_sgd(p, g, 0.5, 0));
  HOLDS(p, 0, 0.75, -4);
  works(rt_sgd(p, g, 0.25, 0.5)); // the gradient with decay is 0.875 and 2
  HOLDS(p, 0, 0.75 - 0.21875, -4.5);
  works(rt_momentum(p, g, v, 1, 0.5, false, 0));
  works(rt_momentum(p, g, v, 1, 0.5, false, 0));
  HOLDS(v, 0, 0.75, 6);
  HOLDS(p, 0, 0.53125 - 1.25, -14.5);
  works(rt_momentum(p, g, v, 1, 0.5, true, 0)); // velocity 0.875 and 7, ahead of it 0.9375 and 7.5
  HOLDS(p, 0, -0.71875 - 0.9375, -22);
  rt_release(v);
  v = tensor(RT_F32, 1, SHAPE(2), VALUES(0, 0));
  // The first step of Adam goes by the rate, whatever the size of the gradient.
  works(rt_adam(p, g, v, s, 1, 0.25, 0.9, 0.999, 0, 0));
  HOLDS(p, 2e-6, -1.65625 - 0.25, -22.25);
  HOLDS(v, 1e-6, 0.05, 0.4);
  HOLDS(s, 1e-8, 0.00025, 0.016);
  works(rt_adamw(p, g, v, s, 2, 0.25, 0.9, 0.999, 0, 1)); // the same gradient again: the same way, after the decay by 1 - 0.25
  HOLDS(p, 1e-5, -1.90625 * 0.75 - 0.25, -22.25 * 0.75 - 0.25);
  rt_release(p), rt_release(g), rt_release(v), rt_release(s);
}

static void halves_with_a_state_in_f32(void **state) {
  (void)state;
  rt_tensor *p = tensor(RT_BF16, 1, SHAPE(1), VALUES(1)), *g = tensor(RT_BF16, 1, SHAPE(1), VALUES(0x1p-9)),
      *v = tensor(RT_F32, 1, SHAPE(1), VALUES(1));
  works(rt_momentum(p, g, v, 1, 1, false, 0));
  HOLDS(v, 0, 1 + 0x1p-9); // which a bf16 does not hold
  HOLDS(p, 0x1p-8, 0);
  rt_release(p), rt_release(g), rt_release(v);
}

static void a_clone_keeps_what_a_step_changes(void **state) {
  (void)state;
  rt_tensor *p = tensor(RT_F32, 1, SHAPE(2), VALUES(1, 2)), *g = tensor(RT_F32, 1, SHAPE(2), VALUES(1, 1)), *before = NULL, *part = NULL;
  works(rt_clone(p, &before));
  works(rt_slice(p, 0, 1, 2, 1, &part));
  works(rt_sgd(p, p, 0.5, 0)); // the gradient may be the parameter
  HOLDS(p, 0, 0.5, 1);
  HOLDS(before, 0, 1, 2);
  HOLDS(part, 0, 1);
  assert_int_equal(rt_momentum(p, g, p, 1, 0.5, false, 0), RT_E_ARGUMENT);
  HOLDS(p, 0, 0.5, 1);
  rt_release(p), rt_release(g), rt_release(before), rt_release(part);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_row_becomes_mean_0_and_variance_1),
      cmocka_unit_test(a_constant_row_needs_an_eps),
      cmocka_unit_test(what_one_infinity_does),
      cmocka_unit_test(a_large_mean_is_not_lost_in_the_squares),
      cmocka_unit_test(mixed_dtypes_promote),
      cmocka_unit_test(padding_gives_rows_of_zero),
      cmocka_unit_test(attention_mixes_what_it_sees),
      cmocka_unit_test(large_scores_do_not_overflow),
      cmocka_unit_test(heads_of_k_serve_neighbours_of_q),
      cmocka_unit_test(losses_known_by_hand),
      cmocka_unit_test(cross_entropy_of_what_counts),
      cmocka_unit_test(steps_known_by_hand),
      cmocka_unit_test(halves_with_a_state_in_f32),
      cmocka_unit_test(a_clone_keeps_what_a_step_changes),
  };
  return cmocka_run_group_tests_name("neural", tests, open_context, close_context);
}
