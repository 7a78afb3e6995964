// SPDX-License-Identifier: BSD-3-Clause
// Calls at the edge of what an operation takes, each of which once crashed, read memory that nobody wrote, or gave a wrong result.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <trivet/backend.h>
#include <trivet/rt.h>

#define SHAPE(...) (int64_t[]){__VA_ARGS__}

static rt_ctx *ctx;
static int open_context(void **state) { return (void)state, rt_ctx_create(NULL, &ctx) == RT_OK ? 0 : -1; }
static int close_context(void **state) { return (void)state, rt_ctx_close(ctx) == RT_OK ? 0 : -1; }

static rt_tensor *numbers(int32_t rank, const int64_t *shape) {
  float values[64];
  for (int i = 0; i < 64; i++) values[i] = (float)(i + 1);
  rt_tensor *t = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F32, rank, shape, values, &t), RT_OK);
  return t;
}

static void expect(const rt_tensor *t, int n, const float *want) {
  float got[64];
  assert_int_equal(rt_tensor_numel(t), n);
  assert_int_equal(rt_read(t, got, (size_t)n * sizeof *got), RT_OK);
  for (int i = 0; i < n; i++)
    if (got[i] != want[i]) fail_msg("element %d is %g, not %g", i, got[i], want[i]);
}

// A view of a scalar tensor is weak too, and has axes.
static void softmax_of_a_view_of_a_scalar(void **state) {
  (void)state;
  rt_tensor *scalar = NULL, *view = NULL, *wide = NULL, *y = NULL;
  assert_int_equal(rt_scalar_tensor(ctx, rt_float(1.5), &scalar), RT_OK);
  assert_int_equal(rt_reshape(scalar, 1, SHAPE(1), &view), RT_OK);
  assert_int_equal(rt_expand(view, 1, SHAPE(4), &wide), RT_OK);
  assert_int_equal(rt_softmax(view, 0, &y), RT_OK);
  assert_int_equal(rt_tensor_dtype(y), RT_F32);
  expect(y, 1, (float[]){1});
  rt_release(y);
  assert_int_equal(rt_softmax(wide, 0, &y), RT_OK);
  expect(y, 4, (float[]){0.25f, 0.25f, 0.25f, 0.25f});
  rt_release(y), rt_release(wide), rt_release(view), rt_release(scalar);
}

// A border is made of what a negative pad leaves, which may be too little.
static void pads_that_cut_and_grow(void **state) {
  (void)state;
  rt_tensor *x = numbers(1, SHAPE(5)), *y = NULL;
  assert_int_equal(rt_pad(x, SHAPE(-3), SHAPE(4), RT_PAD_REFLECT, rt_int(0), &y), RT_E_SHAPE);
  assert_int_equal(rt_pad(x, SHAPE(-3), SHAPE(3), RT_PAD_WRAP, rt_int(0), &y), RT_E_SHAPE);
  assert_int_equal(rt_pad(x, SHAPE(-5), SHAPE(2), RT_PAD_EDGE, rt_int(0), &y), RT_E_SHAPE);
  assert_null(y);
  assert_int_equal(rt_pad(x, SHAPE(-3), SHAPE(1), RT_PAD_REFLECT, rt_int(0), &y), RT_OK);
  expect(y, 3, (float[]){4, 5, 4});
  rt_release(y);
  assert_int_equal(rt_pad(x, SHAPE(-3), SHAPE(2), RT_PAD_WRAP, rt_int(0), &y), RT_OK);
  expect(y, 4, (float[]){4, 5, 4, 5});
  rt_release(y);
  assert_int_equal(rt_pad(x, SHAPE(-4), SHAPE(2), RT_PAD_EDGE, rt_int(0), &y), RT_OK);
  expect(y, 3, (float[]){5, 5, 5});
  rt_release(y);
  assert_int_equal(rt_pad(x, SHAPE(-5), SHAPE(2), RT_PAD_CONSTANT, rt_int(7), &y), RT_OK);
  expect(y, 2, (float[]){7, 7});
  rt_release(y), rt_release(x);
}

// Over no channels a convolution is its bias, also when that lies under the output.
static void convolution_of_nothing_over_its_bias(void **state) {
  (void)state;
  rt_tensor *bias = numbers(1, SHAPE(2)), *out = NULL, *x = NULL, *weight = NULL;
  assert_int_equal(rt_reshape(bias, 3, SHAPE(1, 2, 1), &out), RT_OK);
  assert_int_equal(rt_empty(ctx, RT_F32, 3, SHAPE(1, 0, 1), &x), RT_OK);
  assert_int_equal(rt_empty(ctx, RT_F32, 3, SHAPE(2, 0, 1), &weight), RT_OK);
  assert_int_equal(rt_conv_into(x, weight, bias, NULL, out), RT_OK);
  expect(out, 2, (float[]){1, 2});
  rt_release(x), rt_release(weight), rt_release(out), rt_release(bias);
}

// What is written through a map after the clone was made is not the clone's.
static void a_clone_made_while_the_tensor_is_mapped(void **state) {
  (void)state;
  rt_tensor *x = numbers(1, SHAPE(50)), *clone = NULL;
  float *map = NULL, got[50];
  assert_int_equal(rt_map(x, RT_MAP_READ | RT_MAP_WRITE, (void **)&map), RT_OK);
  assert_int_equal(rt_clone(x, &clone), RT_OK);
  map[3] = 99;
  assert_int_equal(rt_unmap(x), RT_OK);
  assert_int_equal(rt_read(clone, got, sizeof got), RT_OK);
  assert_true(got[3] == 4);
  assert_int_equal(rt_read(x, got, sizeof got), RT_OK);
  assert_true(got[3] == 99);
  rt_release(clone), rt_release(x);
}

static void scalars_without_a_kind(void **state) {
  (void)state;
  rt_scalar none;
  memset(&none, 7, sizeof none);
  none.kind = RT_KIND_NONE;
  rt_tensor *y = NULL, *x = numbers(1, SHAPE(4));
  for (int float_dtype = 0; float_dtype < 2; float_dtype++) {
    rt_dtype dtype = float_dtype ? RT_F32 : RT_I32;
    assert_int_equal(rt_arange(ctx, dtype, none, rt_int(5), rt_int(1), &y), RT_E_ARGUMENT);
    assert_int_equal(rt_arange(ctx, dtype, rt_int(0), none, rt_int(1), &y), RT_E_ARGUMENT);
    assert_int_equal(rt_arange(ctx, dtype, rt_int(0), rt_int(5), none, &y), RT_E_ARGUMENT);
  }
  assert_int_equal(rt_arange_into(rt_int(1), none, x), RT_E_ARGUMENT);
  assert_int_equal(rt_full_into(none, x), RT_E_ARGUMENT);
  expect(x, 4, (float[]){1, 2, 3, 4});
  assert_null(y);
  rt_release(x);
}

// Backends trust what they are asked: no window of 14 axes, no axis of a tensor of rank 0.
static void questions_about_any_rank(void **state) {
  (void)state;
  int32_t builtin = rt_backend_count(ctx) - 1;
  static const uint16_t windows[] = {RTB_OP_CONV, RTB_OP_MAX_POOL, RTB_OP_AVG_POOL};
  for (int i = 0; i < 3; i++) {
    for (int32_t rank = 0; rank <= RT_MAX_RANK; rank++)
      assert_int_equal(rt_backend_supports(ctx, builtin, windows[i], RT_F32, rank), rank <= 5 ? RT_OK : RT_E_SHAPE);
  }
  assert_int_equal(rt_backend_supports(ctx, builtin, RTB_OP_SOFTMAX, RT_F32, 0), RT_OK);
  assert_int_equal(rt_backend_supports(ctx, builtin, RTB_OP_GATHER, RT_F32, 0), RT_OK);
}

// Places so far outside of x that a double does not know the next one end at the edge, or outside, at once.
static void resize_from_far_away(void **state) {
  (void)state;
  rt_tensor *x = NULL, *y = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F32, 1, SHAPE(4), (float[]){1, 2, 3, 4}, &x), RT_OK);
  for (int mode = RT_RESIZE_NEAREST; mode <= RT_RESIZE_CUBIC; mode++) {
    rt_resampling how = {.axes = {.count = 1}, .size = {4}, .scale = {1e-300}, .mode = (rt_resize_mode)mode, .grid = RT_GRID_ASYMMETRIC};
    assert_int_equal(rt_resize(x, &how, &y), RT_OK);
    expect(y, 4, (float[]){1, 4, 4, 4});
    rt_release(y);
    static const double far[][2] = {{3.1e15, 1e16}, {-1e16, -3.1e15}, {1e300, 1e301}};
    for (int i = 0; i < 3; i++) {
      how = (rt_resampling){.axes = {.count = 1}, .size = {2}, .mode = (rt_resize_mode)mode, .grid = RT_GRID_CROP, .crop_lo = {far[i][0]}, .crop_hi = {far[i][1]}, .outside = 7};
      assert_int_equal(rt_resize(x, &how, &y), RT_OK);
      expect(y, 2, (float[]){7, 7});
      rt_release(y);
    }
  }
  rt_release(x);
}

// High powers are taken of what is left after the largest element of a window is divided out.
static void norms_of_windows_do_not_overflow(void **state) {
  (void)state;
  rt_tensor *x = NULL, *y = NULL;
  const float values[4] = {1e30f, 2, 1e-30f, 4};
  assert_int_equal(rt_from_data(ctx, RT_F32, 3, SHAPE(1, 1, 4), values, &x), RT_OK);
  const double powers[] = {1, 2, 3, 50, 200, 51200};
  for (int i = 0; i < 6; i++) {
    assert_int_equal(rt_lp_pool(x, powers[i], &(rt_window){.size = {1}}, &y), RT_OK);
    expect(y, 4, values);
    rt_release(y);
  }
  rt_release(x);
}

// An index that is too large for i64 is out of range, not the padding or the ignored class that it would be as a negative number.
static void unsigned_indices_are_not_negative(void **state) {
  (void)state;
  rt_tensor *table = NULL, *index = NULL, *y = NULL;
  assert_int_equal(rt_from_data(ctx, RT_F32, 2, SHAPE(2, 2), (float[]){1, 2, 3, 4}, &table), RT_OK);
  assert_int_equal(rt_from_data(ctx, RT_U64, 1, SHAPE(2), (uint64_t[]){0, UINT64_MAX}, &index), RT_OK);
  assert_int_equal(rt_embedding(table, index, -1, &y), RT_E_INDEX);
  assert_int_equal(rt_cross_entropy(table, index, NULL, -1, 0, RT_LOSS_NONE, &y), RT_E_INDEX);
  rt_release(index);
  assert_int_equal(rt_from_data(ctx, RT_U64, 1, SHAPE(2), (uint64_t[]){1, 9}, &index), RT_OK);
  assert_int_equal(rt_embedding(table, index, 9, &y), RT_OK);
  expect(y, 4, (float[]){3, 4, 0, 0});
  rt_release(y), rt_release(table), rt_release(index);
}

// The scores of halves are computed in f32, and so is what a mask adds to them.
static void a_mask_is_as_wide_as_the_scores(void **state) {
  (void)state;
  rt_tensor *q = NULL, *k = NULL, *mask = NULL, *y = NULL, *wide = NULL;
  assert_int_equal(rt_full(ctx, RT_F16, 2, SHAPE(1, 2), rt_float(1), &q), RT_OK);
  assert_int_equal(rt_full(ctx, RT_F16, 2, SHAPE(2, 2), rt_float(2), &k), RT_OK);
  assert_int_equal(rt_from_data(ctx, RT_F32, 2, SHAPE(1, 2), (float[]){-1e5f, -1e5f}, &mask), RT_OK);
  assert_int_equal(rt_attention(q, k, k, mask, 0, false, &y), RT_OK);
  assert_int_equal(rt_cast(y, RT_F32, &wide), RT_OK);
  expect(wide, 2, (float[]){2, 2});
  rt_release(q), rt_release(k), rt_release(mask), rt_release(y), rt_release(wide);
}

// ---- a backend that listens ---------------------------------------------------------------------------------------------------------------

static int n_asked, n_asked_wrongly;

static int32_t listen(void *dev, const rtb_sig *sig, rtb_kernel *out) {
  (void)dev, (void)out;
  n_asked += sig->op == RTB_OP_EXP;
  n_asked_wrongly += sig->op == RTB_OP_EXP && (sig->arg[0].dtype != RTB_F32 || sig->arg[1].dtype != RTB_F32);
  return RTB_UNSUPPORTED_OP;
}

static const void *listener(const void *host) {
  static const rtb_backend table = {RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY, .name = "listener", .resolve = listen};
  (void)host;
  return &table;
}

// exp of an integer is computed in f32, and no backend is ever asked about anything else.
static void backends_see_the_dtype_that_is_computed_in(void **state) {
  (void)state;
  assert_int_equal(rt_backend_register(listener), RT_OK);
  rt_ctx_options options = {.size = sizeof options, .backends = "listener"};
  rt_ctx *own = NULL;
  rt_tensor *x = NULL, *y = NULL;
  assert_int_equal(rt_ctx_create(&options, &own), RT_OK);
  assert_int_equal(rt_from_data(own, RT_I32, 1, SHAPE(3), (int32_t[]){0, 0, 0}, &x), RT_OK);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(rt_exp(x, &y), RT_OK);
    expect(y, 3, (float[]){1, 1, 1});
    rt_release(y);
  }
  assert_true(n_asked > 0);
  assert_int_equal(n_asked_wrongly, 0);
  rt_release(x);
  assert_int_equal(rt_ctx_close(own), RT_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(softmax_of_a_view_of_a_scalar),
      cmocka_unit_test(pads_that_cut_and_grow),
      cmocka_unit_test(convolution_of_nothing_over_its_bias),
      cmocka_unit_test(a_clone_made_while_the_tensor_is_mapped),
      cmocka_unit_test(scalars_without_a_kind),
      cmocka_unit_test(questions_about_any_rank),
      cmocka_unit_test(resize_from_far_away),
      cmocka_unit_test(norms_of_windows_do_not_overflow),
      cmocka_unit_test(unsigned_indices_are_not_negative),
      cmocka_unit_test(a_mask_is_as_wide_as_the_scores),
      cmocka_unit_test(backends_see_the_dtype_that_is_computed_in),
  };
  return cmocka_run_group_tests_name("corners", tests, open_context, close_context);
}
