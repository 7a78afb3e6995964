// SPDX-License-Identifier: BSD-3-Clause
// Plans of calls: what one call leaves behind must serve the same call only. Each row makes a call in many variants that differ in a single
// thing (an axis, a stride, an immediate, an attribute, where the result goes), in every order of two, and compares with the variant alone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <trivet/rt.h>

#define SHAPE(...) (int64_t[]){__VA_ARGS__}
#define AXES(...) (&(rt_axes){.count = sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t), .axis = {__VA_ARGS__}})
#define MOST 4096

typedef struct answer {
  rt_dtype dtype;
  int32_t rank;
  int64_t shape[RT_MAX_RANK], strides[RT_MAX_RANK];
  size_t bytes;
  unsigned char data[MOST];
} answer;

/// What a variant works with: made anew for each call, so that nothing but the context remembers.
typedef struct world {
  rt_ctx *ctx;
  rt_tensor *x, *y, *turned, *row, *half, *image, *filter, *parts;
} world;

static rt_tensor *numbers(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, float first) {
  float values[256];
  rt_tensor *t = NULL, *cast = NULL;
  for (int i = 0; i < 256; i++) values[i] = first + (float)(i * 7 % 31) * 0.25f;
  assert_int_equal(rt_from_data(ctx, RT_F32, rank, shape, values, &t), RT_OK);
  if (dtype == RT_F32) return t;
  assert_int_equal(rt_cast(t, dtype, &cast), RT_OK);
  rt_release(t);
  return cast;
}

static world begin(rt_ctx *ctx) {
  world w = {.ctx = ctx};
  w.x = numbers(ctx, RT_F32, 2, SHAPE(6, 6), -3);
  w.y = numbers(ctx, RT_F32, 2, SHAPE(6, 6), 1);
  w.row = numbers(ctx, RT_F32, 1, SHAPE(6), 2);
  w.half = numbers(ctx, RT_F16, 2, SHAPE(6, 6), -3);
  w.image = numbers(ctx, RT_F32, 4, SHAPE(1, 2, 6, 6), -1);
  w.filter = numbers(ctx, RT_F32, 4, SHAPE(2, 2, 3, 3), 0);
  w.parts = numbers(ctx, RT_F32, 2, SHAPE(12, 6), 0);
  assert_int_equal(rt_transpose(w.x, 0, 1, &w.turned), RT_OK);
  return w;
}

static void end(world *w) {
  rt_tensor *all[] = {w->x, w->y, w->turned, w->row, w->half, w->image, w->filter, w->parts};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) rt_release(all[i]);
}

// Ready-made targets.
static rt_status into_turned(world *w, rt_status (*op)(const rt_tensor *, const rt_tensor *, rt_tensor *), const rt_tensor *a, const rt_tensor *b, rt_tensor **out) {
  rt_tensor *target = numbers(w->ctx, RT_F32, 2, SHAPE(6, 6), 9);
  rt_status status = rt_transpose(target, 0, 1, out);
  rt_release(target);
  return status == RT_OK ? op(a, b, *out) : status;
}
static rt_status into_itself(const rt_tensor *x, rt_scalar s, rt_tensor **out) {
  *out = rt_retain(x);
  return rt_add_scalar_into(x, s, *out);
}
/// Both halves of one storage: apart, and overlapping by some rows.
static rt_status into_half(world *w, int64_t start, rt_tensor **out) {
  rt_tensor *low = NULL;
  rt_status status = rt_slice(w->parts, 0, 0, 6, 1, &low);
  if (status == RT_OK) status = rt_slice(w->parts, 0, start, start + 6, 1, out);
  if (status == RT_OK) status = rt_add_scalar_into(low, rt_float(1), *out);
  rt_release(low);
  return status;
}
static rt_status into_dtype(world *w, rt_dtype dtype, const rt_tensor *x, rt_tensor **out) {
  rt_status status = rt_empty(w->ctx, dtype, 2, SHAPE(6, 6), out);
  return status == RT_OK ? rt_cast_into(x, *out) : status;
}
static rt_status of_clone(world *w, rt_tensor **out) { // written while a clone shares its memory
  rt_tensor *clone = NULL;
  rt_status status = rt_clone(w->x, &clone);
  if (status == RT_OK) status = into_itself(w->x, rt_float(2), out);
  rt_release(*out);
  *out = clone;
  return status;
}

// Each row: name, and how its result is made from the world w.
#define VARIANTS(X) \
  X(sum_all, rt_sum(w->x, NULL, false, RT_DTYPE_NONE, out)) \
  X(sum_keep, rt_sum(w->x, NULL, true, RT_DTYPE_NONE, out)) \
  X(sum_0, rt_sum(w->x, AXES(0), false, RT_DTYPE_NONE, out)) \
  X(sum_1, rt_sum(w->x, AXES(1), false, RT_DTYPE_NONE, out)) \
  X(sum_1_keep, rt_sum(w->x, AXES(1), true, RT_DTYPE_NONE, out)) \
  X(sum_wide, rt_sum(w->x, AXES(1), false, RT_F64, out)) \
  X(sum_turned_1, rt_sum(w->turned, AXES(1), false, RT_DTYPE_NONE, out)) \
  X(sum_half, rt_sum(w->half, AXES(1), false, RT_DTYPE_NONE, out)) \
  X(mean_1, rt_mean(w->x, AXES(1), false, out)) \
  X(add_2, rt_add_scalar(w->x, rt_float(2), out)) \
  X(add_5, rt_add_scalar(w->x, rt_float(5), out)) \
  X(add_whole_2, rt_add_scalar(w->x, rt_int(2), out)) \
  X(add_2_half, rt_add_scalar(w->half, rt_float(2), out)) \
  X(add_2_turned, rt_add_scalar(w->turned, rt_float(2), out)) \
  X(less_2, rt_lt_scalar(w->x, rt_float(2), out)) \
  X(add_in_place, into_itself(w->x, rt_float(2), out)) \
  X(add_in_place_turned, into_itself(w->turned, rt_float(2), out)) \
  X(add_apart, into_half(w, 6, out)) \
  X(add_over, into_half(w, 3, out)) \
  X(add_same, into_half(w, 0, out)) \
  X(add_of_clone, of_clone(w, out)) \
  X(add_row, rt_add(w->x, w->row, out)) \
  X(add_row_turned, rt_add(w->turned, w->row, out)) \
  X(add_turned, rt_add(w->x, w->turned, out)) \
  X(add_both_turned, rt_add(w->turned, w->turned, out)) \
  X(add_into_turned, into_turned(w, rt_add_into, w->x, w->y, out)) \
  X(add_turned_into_turned, into_turned(w, rt_add_into, w->turned, w->y, out)) \
  X(copy_turned, rt_copy(w->turned, out)) \
  X(cast_same_turned, rt_cast(w->turned, RT_F32, out)) \
  X(neg_turned, rt_neg(w->turned, out)) \
  X(cast_f16, rt_cast(w->x, RT_F16, out)) \
  X(cast_i32, rt_cast(w->x, RT_I32, out)) \
  X(cast_into_f64, into_dtype(w, RT_F64, w->x, out)) \
  X(cast_into_i8, into_dtype(w, RT_I8, w->x, out)) \
  X(leaky_1, rt_leaky_relu(w->x, 0.1, out)) \
  X(leaky_5, rt_leaky_relu(w->x, 0.5, out)) \
  X(softmax_0, rt_softmax(w->x, 0, out)) \
  X(softmax_1, rt_softmax(w->x, 1, out)) \
  X(softmax_1_turned, rt_softmax(w->turned, 1, out)) \
  X(norm_plain, rt_layer_norm(w->x, AXES(1), NULL, NULL, 1e-5, out)) \
  X(norm_weight, rt_layer_norm(w->x, AXES(1), w->row, NULL, 1e-5, out)) \
  X(norm_both, rt_layer_norm(w->x, AXES(1), w->row, w->row, 1e-5, out)) \
  X(norm_eps, rt_layer_norm(w->x, AXES(1), w->row, w->row, 0.5, out)) \
  X(norm_0, rt_layer_norm(w->x, AXES(0), NULL, NULL, 1e-5, out)) \
  X(matmul, rt_matmul(w->x, w->y, out)) \
  X(matmul_turned, rt_matmul(w->turned, w->y, out)) \
  X(matmul_row, rt_matmul(w->row, w->y, out)) \
  X(matmul_into_turned, into_turned(w, rt_matmul_into, w->x, w->y, out)) \
  X(conv_plain, rt_conv(w->image, w->filter, NULL, NULL, out)) \
  X(conv_stride, rt_conv(w->image, w->filter, NULL, &(rt_window){.stride = {3, 3}}, out)) \
  X(conv_dilated, rt_conv(w->image, w->filter, NULL, &(rt_window){.dilation = {2, 2}}, out)) \
  X(conv_pad, rt_conv(w->image, w->filter, NULL, &(rt_window){.pad_lo = {1, 1}, .pad_hi = {1, 1}}, out)) \
  X(conv_pad_one_side, rt_conv(w->image, w->filter, NULL, &(rt_window){.pad_lo = {2, 2}}, out)) \
  X(pool_2, rt_max_pool(w->image, &(rt_window){.size = {2, 2}, .stride = {2, 2}}, out)) \
  X(pool_3, rt_max_pool(w->image, &(rt_window){.size = {3, 3}, .stride = {2, 2}, .ceil_mode = false}, out)) \
  X(full_2, rt_full(w->ctx, RT_F32, 2, SHAPE(3, 4), rt_float(2), out)) \
  X(full_3, rt_full(w->ctx, RT_F32, 2, SHAPE(3, 4), rt_float(3), out)) \
  X(full_i32, rt_full(w->ctx, RT_I32, 2, SHAPE(3, 4), rt_int(2), out)) \
  X(full_turned_shape, rt_full(w->ctx, RT_F32, 2, SHAPE(4, 3), rt_float(2), out)) \
  X(gather_0, rt_gather(w->x, w->parts, 0, out)) /* refused: indices of f32; nothing may be left behind */

#define FUNCTION(name, call) static rt_status do_##name(world *w, rt_tensor **out) { return call; }
VARIANTS(FUNCTION)
#define ROW(name, call) {#name, do_##name},
static const struct variant { const char *name; rt_status (*make)(world *w, rt_tensor **out); } variants[] = {VARIANTS(ROW)};
enum { N = sizeof variants / sizeof *variants };

static size_t size_of(rt_dtype dtype) {
  return dtype == RT_F64 || dtype == RT_I64 ? 8 : dtype == RT_F16 ? 2 : dtype == RT_BOOL || dtype == RT_I8 ? 1 : 4; // those that occur here
}

static rt_status ask(rt_ctx *ctx, const struct variant *v, answer *a) {
  world w = begin(ctx);
  rt_tensor *out = NULL;
  const rt_status status = v->make(&w, &out);
  memset(a, 0, sizeof *a);
  if (status == RT_OK) {
    a->dtype = rt_tensor_dtype(out);
    a->rank = rt_tensor_rank(out);
    memcpy(a->shape, rt_tensor_shape(out), (size_t)a->rank * sizeof *a->shape);
    memcpy(a->strides, rt_tensor_strides(out), (size_t)a->rank * sizeof *a->strides);
    a->bytes = (size_t)rt_tensor_numel(out) * size_of(a->dtype);
    assert_true(a->bytes <= MOST);
    assert_int_equal(rt_read(out, a->data, a->bytes), RT_OK);
  }
  rt_release(out);
  end(&w);
  return status;
}

static answer alone[N];
static rt_status alone_status[N];

static rt_ctx *open_ctx(const char *backends) {
  rt_ctx *ctx = NULL;
  assert_int_equal(rt_ctx_create(&(rt_ctx_options){.size = sizeof(rt_ctx_options), .backends = backends, .n_threads = 1}, &ctx), RT_OK);
  return ctx;
}

static void each_pair(const char *backends) {
  static answer now;
  for (int i = 0; i < N; i++) {
    rt_ctx *ctx = open_ctx(backends);
    alone_status[i] = ask(ctx, &variants[i], &alone[i]);
    assert_int_equal(rt_ctx_close(ctx), RT_OK);
  }
  for (int i = 0; i < N; i++) { // i is learned; then each other one, and i again
    rt_ctx *ctx = open_ctx(backends);
    for (int j = 0; j < N; j++) {
      const int order[] = {i, j, i};
      for (int k = 0; k < 3; k++) {
        const int v = order[k];
        const rt_status status = ask(ctx, &variants[v], &now);
        if (status != alone_status[v] || memcmp(&now, &alone[v], sizeof now))
          fail_msg("%s: %s after %s differs from %s alone (%s)", backends, variants[v].name, variants[k ? order[k - 1] : j ? j - 1 : i].name, variants[v].name, rt_status_name(status));
      }
      if (j % 16 == 7) assert_int_equal(rt_ctx_trim(ctx), RT_OK); // forgets the plans
    }
    assert_int_equal(rt_ctx_close(ctx), RT_OK);
  }
}

static void each_variant_after_each_on_cpu_ref(void **state) {
  (void)state;
  each_pair("cpu_ref");
  int n_ok = 0;
  for (int i = 0; i < N; i++) n_ok += alone_status[i] == RT_OK;
  assert_int_equal(n_ok, N - 1);
}
static void each_variant_after_each_on_the_default(void **state) {
  (void)state;
  each_pair(NULL);
}

// More forms than the table has room for: plans are replaced, and counted calls stay right.
static void more_forms_than_slots(void **state) {
  (void)state;
  rt_ctx *ctx = open_ctx(NULL);
  enum { FORMS = 5000 };
  for (int round = 0; round < 2; round++)
    for (int64_t n = 1; n <= FORMS; n++) {
      rt_tensor *x = NULL, *y = NULL;
      rt_scalar sum;
      assert_int_equal(rt_full(ctx, RT_I32, 1, &n, rt_int(3), &x), RT_OK);
      assert_int_equal(rt_sum(x, NULL, false, RT_DTYPE_NONE, &y), RT_OK);
      assert_int_equal(rt_item(y, &sum), RT_OK);
      assert_true(sum.as.i == 3 * n);
      rt_release(x), rt_release(y);
    }
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_variant_after_each_on_cpu_ref),
    cmocka_unit_test(each_variant_after_each_on_the_default),
    cmocka_unit_test(more_forms_than_slots),
  };
  return cmocka_run_group_tests_name("plans", tests, NULL, NULL);
}
