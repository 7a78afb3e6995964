// SPDX-License-Identifier: BSD-3-Clause
// labels: slow
// Every allocation of every scenario fails: the k-th alone, and all from the k-th on, for k = 0, 1, 2 ... until the scenario gets through.
// Each time the status is RT_E_NO_MEMORY with a sentence, nothing leaks, the tensors involved keep their values, and the same scenario
// succeeds with the same bytes once there is memory again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trivet/io.h>
#include <trivet/rt.h>

#include "../results.h"

static FILE *results;

// ---- an allocator that runs dry ------------------------------------------------------------------------------------------------------------------

typedef struct dry {
  atomic_long left;       // allocations until it fails; negative: never
  atomic_bool for_good;
  atomic_long n_failed, n_live;
} dry;

static void *dry_alloc(void *user, size_t bytes, size_t align) {
  dry *d = user;
  long left = atomic_load(&d->left);
  if (left >= 0) {
    if (left == 0) {
      atomic_fetch_add(&d->n_failed, 1);
      if (!atomic_load(&d->for_good)) atomic_store(&d->left, -1);
      return NULL;
    }
    atomic_fetch_sub(&d->left, 1);
  }
  void *ptr = NULL;
  if (posix_memalign(&ptr, align < sizeof(void *) ? sizeof(void *) : align, bytes)) return NULL;
  atomic_fetch_add(&d->n_live, 1);
  return ptr;
}

static void dry_free(void *user, void *ptr, size_t bytes, size_t align) {
  (void)bytes, (void)align;
  atomic_fetch_sub(&((dry *)user)->n_live, 1);
  free(ptr);
}

// ---- scenarios -----------------------------------------------------------------------------------------------------------------------------------

typedef struct world {
  rt_ctx *ctx;
  rt_tensor *x, *y, *v, *turned, *index; // [8,6] f32, [6,5] f32, [6] f32, x transposed, [3] i64
  rt_tensor *made[8];                    // what the scenario leaves
} world;

#define SHAPE(...) (int64_t[]){__VA_ARGS__}
#define AXES(...) (&(rt_axes){sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t), {__VA_ARGS__}})
#define MADE(i) (&w->made[i])

static rt_status s_empty(world *w) {
  static const float zeros[40 * 50];
  rt_status s = rt_empty(w->ctx, RT_F32, 2, SHAPE(40, 50), MADE(0));
  return s ? s : rt_write(w->made[0], zeros, sizeof zeros); // what an empty tensor holds is not known
}
static rt_status s_from_data(world *w) { return rt_from_data(w->ctx, RT_I32, 1, SHAPE(3), (int32_t[]){1, 2, 3}, MADE(0)); }
static rt_status s_high_rank(world *w) { return rt_ones(w->ctx, RT_F32, 7, SHAPE(1, 2, 1, 2, 1, 2, 3), MADE(0)); }
static rt_status s_scalar_tensor(world *w) { return rt_scalar_tensor(w->ctx, rt_float(2), MADE(0)); }
static rt_status s_add(world *w) { return rt_add(w->x, w->x, MADE(0)); }
static rt_status s_add_into(world *w) {
  rt_status s = rt_empty(w->ctx, RT_F32, 2, SHAPE(8, 6), MADE(0));
  return s ? s : rt_add_into(w->x, w->x, w->made[0]);
}
static rt_status s_broadcast(world *w) { return rt_mul(w->x, w->v, MADE(0)); }
static rt_status s_transposed(world *w) { return rt_sub(w->turned, w->turned, MADE(0)); }
static rt_status s_promote(world *w) { return rt_add(w->x, w->index, MADE(0)) == RT_E_SHAPE ? rt_cast(w->x, RT_F64, MADE(0)) : RT_E_INTERNAL; }
static rt_status s_mixed(world *w) {
  rt_status s = rt_cast(w->v, RT_I32, MADE(0));
  return s ? s : rt_add(w->x, w->made[0], MADE(1));
}
static rt_status s_scalar(world *w) { return rt_mul_scalar(w->x, rt_float(2), MADE(0)); }
static rt_status s_compare(world *w) { return rt_lt(w->x, w->v, MADE(0)); }
static rt_status s_clamp(world *w) { return rt_clamp(w->x, w->v, w->x, MADE(0)); }
static rt_status s_where(world *w) {
  rt_status s = rt_lt_scalar(w->x, rt_float(3), MADE(0));
  return s ? s : rt_where(w->made[0], w->x, w->v, MADE(1));
}
static rt_status s_leaky(world *w) { return rt_leaky_relu(w->x, 0.1, MADE(0)); }
static rt_status s_overlap(world *w) { // the output overlaps the input: a temporary
  rt_status s = rt_copy(w->x, MADE(0));
  if (!s) s = rt_slice(w->made[0], 0, 0, 7, 1, MADE(1));
  if (!s) s = rt_slice(w->made[0], 0, 1, 8, 1, MADE(2));
  return s ? s : rt_neg_into(w->made[1], w->made[2]);
}
static rt_status s_views(world *w) {
  rt_status s = rt_slice(w->x, 0, 1, 7, 2, MADE(0));
  if (!s) s = rt_flip(w->made[0], NULL, MADE(1));
  if (!s) s = rt_unsqueeze(w->made[1], 0, MADE(2));
  if (!s) s = rt_expand(w->made[2], 3, SHAPE(4, -1, -1), MADE(3));
  if (!s) s = rt_windows(w->x, 0, 3, 2, 1, MADE(4));
  return s ? s : rt_diagonal(w->x, 0, 0, 1, MADE(5));
}
static rt_status s_reshape_copies(world *w) { return rt_reshape(w->turned, 1, SHAPE(48), MADE(0)); }
static rt_status s_sum(world *w) { return rt_sum(w->x, AXES(0), false, RT_DTYPE_NONE, MADE(0)); }
static rt_status s_sum_dtype(world *w) { return rt_sum(w->index, NULL, false, RT_I8, MADE(0)); }
static rt_status s_mean_of_nothing(world *w) {
  rt_status s = rt_slice(w->x, 1, 0, 0, 1, MADE(0));
  return s ? s : rt_mean(w->made[0], AXES(1), false, MADE(1));
}
static rt_status s_argmax(world *w) { return rt_argmax(w->x, AXES(1), true, MADE(0)); }
static rt_status s_softmax(world *w) { return rt_softmax(w->turned, 0, MADE(0)); }
static rt_status s_matmul(world *w) { return rt_matmul(w->x, w->y, MADE(0)); }
static rt_status s_matvec(world *w) { return rt_matmul(w->x, w->v, MADE(0)); }
static rt_status s_batched(world *w) {
  rt_status s = rt_reshape(w->x, 3, SHAPE(2, 4, 6), MADE(0));
  return s ? s : rt_matmul(w->made[0], w->y, MADE(1));
}
static rt_status s_conv(world *w) {
  rt_status s = rt_reshape(w->x, 4, SHAPE(1, 1, 8, 6), MADE(0));
  if (!s) s = rt_ones(w->ctx, RT_F32, 4, SHAPE(2, 1, 3, 3), MADE(1));
  return s ? s : rt_conv(w->made[0], w->made[1], NULL, &(rt_window){.pad_lo = {1, 1}, .pad_hi = {1, 1}}, MADE(2));
}
static rt_status s_pool(world *w) {
  rt_status s = rt_reshape(w->x, 4, SHAPE(1, 1, 8, 6), MADE(0));
  if (!s) s = rt_max_pool(w->made[0], &(rt_window){.size = {2, 2}}, MADE(1));
  return s ? s : rt_avg_pool(w->made[0], &(rt_window){.size = {2, 2}}, MADE(2));
}
static rt_status s_transposed_conv(world *w) {
  rt_status s = rt_reshape(w->x, 4, SHAPE(1, 2, 4, 6), MADE(0));
  if (!s) s = rt_ones(w->ctx, RT_F32, 4, SHAPE(2, 1, 3, 3), MADE(1));
  if (!s) s = rt_conv_transpose(w->made[0], w->made[1], NULL, &(rt_window){.stride = {2, 2}}, MADE(2));
  if (!s) s = rt_lp_pool(w->made[2], 2, &(rt_window){.size = {2, 2}}, MADE(4));
  return s ? s : rt_max_pool_indices(w->made[2], &(rt_window){.size = {2, 2}}, MADE(3));
}
static rt_status s_resized(world *w) {
  rt_status s = rt_cast(w->x, RT_F16, MADE(0));
  if (!s) s = rt_resize(w->made[0], &(rt_resampling){.axes = {2, {0, 1}}, .size = {5, 9}, .mode = RT_RESIZE_CUBIC}, MADE(1));
  return s ? s : rt_resize(w->turned, &(rt_resampling){.axes = {1, {0}}, .size = {4}}, MADE(2));
}
static rt_status s_quantized(world *w) {
  rt_status s = rt_quantize(w->x, w->v, NULL, 1, RT_U8, MADE(0));
  if (!s) s = rt_dequantize(w->made[0], w->v, NULL, 1, MADE(1));
  if (!s) s = rt_select(w->made[0], 1, 0, MADE(2));
  if (!s) s = rt_transpose(w->made[0], 0, 1, MADE(3));
  if (!s) s = rt_matmul_integer(w->made[0], w->made[3], w->made[2], NULL, MADE(4));
  if (!s) s = rt_reshape(w->made[0], 4, SHAPE(1, 1, 8, 6), MADE(5));
  if (!s) s = rt_slice(w->made[5], 2, 0, 2, 1, MADE(6));
  return s ? s : rt_conv_integer(w->made[5], w->made[6], NULL, NULL, NULL, MADE(7));
}
static rt_status s_gather(world *w) { return rt_gather(w->x, w->index, 0, MADE(0)); }
static rt_status s_along(world *w) {
  rt_status s = rt_cumsum(w->x, 0, RT_I32, MADE(0));
  if (!s) s = rt_argsort(w->turned, 0, true, MADE(1));
  if (!s) s = rt_take_along(w->turned, w->made[1], 0, MADE(2));
  return s ? s : rt_searchsorted(w->v, w->x, true, MADE(3));
}
static rt_status s_scatter(world *w) { // in place: a scatter, and one that replaces rows
  rt_tensor *rows = NULL;
  rt_status s = rt_copy(w->turned, MADE(0));
  if (!s) s = rt_argsort(w->turned, 0, true, MADE(1));
  if (!s) s = rt_scatter_into(w->made[0], w->made[1], w->turned, 0, RT_SCATTER_ADD, w->made[0]);
  if (!s) s = rt_unsqueeze(w->index, 1, MADE(2));
  if (!s) s = rt_scalar_tensor(w->ctx, rt_float(2), &rows);
  if (!s) s = rt_scatter_nd(w->x, w->made[2], rows, RT_SCATTER_MAX, MADE(3));
  rt_release(rows);
  return s ? s : rt_gather_nd(w->x, w->made[2], 0, MADE(4));
}
static rt_status s_find(world *w) {
  rt_status s = rt_nonzero(w->turned, MADE(0));
  if (!s) s = rt_topk(w->x, 3, 0, true, MADE(1), MADE(2));
  if (!s) s = rt_gt_scalar(w->v, rt_int(0), MADE(3));
  if (!s) s = rt_masked_select(w->x, w->made[3], MADE(4));
  return s ? s : rt_take(w->turned, w->index, MADE(5));
}
static rt_status s_unique(world *w) {
  rt_status s = rt_unique(w->turned, NULL, false, MADE(0), MADE(1), MADE(2), MADE(3));
  return s ? s : rt_unique(w->y, &(int32_t){1}, true, MADE(4), MADE(5), MADE(6), MADE(7));
}
static rt_status s_count(world *w) {
  rt_status s = rt_count_nonzero(w->turned, AXES(0), false, MADE(0));
  if (!s) s = rt_histogram(w->turned, 40, -4, 6, MADE(1));
  return s ? s : rt_bincount(w->made[1], NULL, 30, MADE(2));
}
static rt_status s_split(world *w) { return rt_split(w->x, 1, 3, SHAPE(1, 2, 3), MADE(0)); }
static rt_status s_made(world *w) {
  rt_status s = rt_linspace(w->ctx, RT_F32, rt_int(0), rt_int(1), 60, MADE(0));
  if (!s) s = rt_eye(w->ctx, RT_F32, 8, 8, 1, MADE(1));
  if (!s) s = rt_tile(w->x, SHAPE(3, 2), MADE(2));
  if (!s) s = rt_repeat(w->turned, 3, 1, MADE(3));
  if (!s) s = rt_roll(w->x, 3, 0, MADE(4));
  return s ? s : rt_stack(2, (const rt_tensor *const[]){w->x, w->x}, 1, MADE(5));
}
static rt_status s_spread(world *w) {
  rt_status s = rt_std(w->x, AXES(1), false, 1, MADE(0));
  if (!s) s = rt_logsumexp(w->turned, AXES(0), true, MADE(1));
  return s ? s : rt_norm(w->x, 2, NULL, false, MADE(2));
}
static rt_status s_norms(world *w) {
  rt_status s = rt_layer_norm(w->x, AXES(1), w->v, w->v, 1e-5, MADE(0));
  if (!s) s = rt_rms_norm(w->turned, AXES(0), NULL, 0, MADE(1));
  if (!s) s = rt_batch_norm(w->x, w->v, w->v, w->v, NULL, 1, 1e-5, MADE(2));
  if (!s) s = rt_batch_norm(w->x, NULL, NULL, NULL, w->v, 1, 1e-5, MADE(3));
  return s ? s : rt_group_norm(w->x, 3, w->v, w->v, 1e-5, MADE(4));
}
static rt_status s_embedding(world *w) {
  rt_status s = rt_embedding(w->x, w->index, RT_NO_INDEX, MADE(0));
  return s ? s : rt_embedding(w->x, w->index, -1, MADE(1));
}
static rt_status s_attention(world *w) {
  rt_status s = rt_ones(w->ctx, RT_BOOL, 2, SHAPE(8, 8), MADE(0));
  if (!s) s = rt_zeros(w->ctx, RT_F32, 2, SHAPE(8, 1), MADE(1));
  if (!s) s = rt_attention(w->x, w->x, w->x, w->made[0], 0, true, MADE(2));
  return s ? s : rt_attention(w->x, w->x, w->x, w->made[1], 1, false, MADE(3));
}
static rt_status s_losses(world *w) {
  rt_status s = rt_smooth_l1_loss(w->x, w->v, 1, RT_LOSS_NONE, MADE(0));
  if (!s) s = rt_bce_with_logits(w->x, w->v, w->v, NULL, RT_LOSS_MEAN, MADE(1));
  if (!s) s = rt_slice(w->x, 0, 0, 3, 1, MADE(2));
  return s ? s : rt_cross_entropy(w->made[2], w->index, w->v, -1, 0.1, RT_LOSS_MEAN, MADE(3));
}
static rt_status s_adam(world *w) { // clones: each tensor needs memory of its own before the first is written
  rt_status s = rt_clone(w->x, MADE(0));
  if (!s) s = rt_clone(w->x, MADE(1));
  if (!s) s = rt_square(w->x, MADE(2));
  if (!s) s = rt_clone(w->made[2], MADE(3));
  if (!s) s = rt_adam(w->made[0], w->x, w->made[1], w->made[3], 1, 0.1, 0.9, 0.999, 1e-8, 0.1);
  return s;
}
static rt_status s_concat(world *w) { return rt_concat(2, (const rt_tensor *const[]){w->x, w->x}, 1, MADE(0)); }
static rt_status s_pad(world *w) { return rt_pad(w->x, SHAPE(1, 2), SHAPE(2, 1), RT_PAD_REFLECT, rt_int(0), MADE(0)); }
static rt_status s_pad_constant(world *w) { return rt_pad(w->x, SHAPE(1, -1), SHAPE(0, 1), RT_PAD_CONSTANT, rt_float(1), MADE(0)); }
static rt_status s_complex(world *w) {
  rt_status s = rt_complex(w->x, w->x, MADE(0));
  if (s == RT_OK) s = rt_mul(w->made[0], w->x, MADE(1)); // x becomes complex on the way
  return s == RT_OK ? rt_norm(w->made[1], 2, NULL, false, MADE(2)) : s;
}
static rt_status s_complex_line(world *w) { return rt_linspace(w->ctx, RT_C64, rt_int(0), rt_complex_number(1, 1), 100, MADE(0)); }
static rt_status s_arange(world *w) { return rt_arange(w->ctx, RT_F64, rt_int(0), rt_int(100), rt_int(1), MADE(0)); }
static rt_status s_random(world *w) { return rt_random_normal(w->ctx, RT_F32, 1, SHAPE(100), 1, 2, 0, 1, MADE(0)); }
static rt_status s_clone_and_write(world *w) {
  float one = 1;
  rt_status s = rt_clone(w->x, MADE(0));
  if (!s) s = rt_select(w->made[0], 0, 0, MADE(1));
  if (!s) s = rt_select(w->made[1], 0, 0, MADE(2));
  return s ? s : rt_write(w->made[2], &one, sizeof one);
}
static rt_status s_map(world *w) {
  void *ptr;
  rt_status s = rt_clone(w->x, MADE(0));
  if (!s) s = rt_map(w->made[0], RT_MAP_WRITE, &ptr);
  if (s) return s;
  for (int i = 0; i < 48; i++) ((float *)ptr)[i] = (float)i; // all of it: what a mapping for writing holds is not known
  return rt_unmap(w->made[0]);
}
static rt_status s_read_strided(world *w) {
  float out[48];
  return rt_read(w->turned, out, sizeof out);
}
static rt_status s_to(world *w) {
  rt_status s = rt_to(w->x, rt_device_count(w->ctx) - 1, MADE(0));
  if (!s) s = rt_neg(w->made[0], MADE(1));
  return s ? s : rt_to(w->made[1], RT_HOST, MADE(2));
}
static rt_status s_dlpack(world *w) {
  rt_dl_managed_versioned *managed = NULL;
  rt_status s = rt_to(w->x, RT_HOST, MADE(1));
  if (!s) s = rt_to_dlpack(w->made[1], &managed);
  if (s) return s;
  s = rt_from_dlpack(w->ctx, managed, MADE(0));
  if (s) managed->deleter(managed);
  return s;
}
static rt_status s_report(world *w) {
  rt_report_row row;
  rt_status s = rt_add(w->x, w->v, MADE(0));
  if (!s && rt_report_count(w->ctx) == 0) s = RT_E_NO_MEMORY;
  return s ? s : rt_report_get(w->ctx, 0, &row);
}
static void nothing(void *user) { (void)user; }
static rt_status s_import(world *w) {
  static float data[6];
  rt_status s = rt_import(w->ctx, RT_F32, 1, SHAPE(6), NULL, data, true, nothing, NULL, MADE(0));
  return s ? s : rt_add(w->x, w->made[0], MADE(1));
}

// Chains of several steps: what the first made must go when a later one fails.
static rt_status s_empty_on(world *w) {
  float zero[12] = {0};
  rt_status s = rt_empty_on(w->ctx, rt_device_count(w->ctx) - 1, RT_F32, 2, SHAPE(3, 4), MADE(0));
  return s ? s : rt_write(w->made[0], zero, sizeof zero);
}
static rt_status s_from_data_on(world *w) {
  float values[60] = {1, 2, 3};
  return rt_from_data_on(w->ctx, rt_device_count(w->ctx) - 1, RT_F32, 1, SHAPE(60), values, MADE(0));
}
static rt_status s_in_place(world *w) {
  rt_status s = rt_copy(w->x, MADE(0));
  if (!s) s = rt_mul_into(w->made[0], w->v, w->made[0]);
  return s ? s : rt_exp_into(w->made[0], w->made[0]);
}
static rt_status s_in_place_of_a_clone(world *w) {
  rt_status s = rt_clone(w->x, MADE(0));
  return s ? s : rt_neg_into(w->made[0], w->made[0]);
}
static rt_status s_write_strided(world *w) {
  float values[24] = {5};
  rt_status s = rt_copy(w->x, MADE(0));
  if (!s) s = rt_slice(w->made[0], 0, 0, 8, 2, MADE(1));
  return s ? s : rt_write(w->made[1], values, sizeof values);
}
static rt_status s_write_turned(world *w) {
  float values[48] = {7};
  rt_status s = rt_clone(w->turned, MADE(0));
  return s ? s : rt_write(w->made[0], values, sizeof values);
}
static rt_status s_into_strided(world *w) {
  rt_status s = rt_zeros(w->ctx, RT_F32, 2, SHAPE(16, 6), MADE(0));
  if (!s) s = rt_slice(w->made[0], 0, 0, 16, 2, MADE(1));
  return s ? s : rt_add_into(w->x, w->v, w->made[1]);
}
static rt_status s_small_floats(world *w) {
  rt_status s = rt_cast(w->x, RT_F16, MADE(0));
  if (!s) s = rt_exp(w->made[0], MADE(1));
  if (!s) s = rt_cast(w->turned, RT_BF16, MADE(2));
  return s ? s : rt_sum(w->made[2], AXES(1), true, RT_DTYPE_NONE, MADE(3));
}
static rt_status s_promoted_view(world *w) { // the view must be cast as well
  rt_status s = rt_cast(w->turned, RT_F64, MADE(0));
  return s ? s : rt_add(w->made[0], w->turned, MADE(1));
}
static rt_status s_ints(world *w) {
  rt_status s = rt_floor_div_scalar(w->index, rt_int(2), MADE(0));
  if (!s) s = rt_shift_left_scalar(w->index, rt_int(3), MADE(1));
  return s ? s : rt_bitwise_xor(w->made[0], w->made[1], MADE(2));
}
static rt_status s_three_inputs(world *w) { return rt_fma(w->turned, w->turned, w->turned, MADE(0)); }
static rt_status s_any_of_a_test(world *w) {
  rt_status s = rt_isnan(w->turned, MADE(0));
  return s ? s : rt_any(w->made[0], NULL, false, MADE(1));
}
static rt_status s_max_of_axes(world *w) {
  rt_status s = rt_reshape(w->turned, 3, SHAPE(2, 3, 8), MADE(0));
  return s ? s : rt_max(w->made[0], AXES(0, 2), false, MADE(1));
}
static rt_status s_product(world *w) { return rt_prod(w->index, NULL, true, RT_F64, MADE(0)); }
static rt_status s_log_softmax(world *w) { return rt_log_softmax(w->x, -1, MADE(0)); }
static rt_status s_matmul_turned(world *w) { return rt_matmul(w->turned, w->x, MADE(0)); }
static rt_status s_dot(world *w) { return rt_matmul(w->v, w->v, MADE(0)); }
static rt_status s_matmul_batches(world *w) {
  rt_status s = rt_reshape(w->x, 4, SHAPE(2, 1, 4, 6), MADE(0));
  if (!s) s = rt_expand(w->y, 3, SHAPE(3, 6, 5), MADE(1));
  return s ? s : rt_matmul(w->made[0], w->made[1], MADE(2));
}
static rt_status s_matmul_ints(world *w) {
  rt_status s = rt_cast(w->x, RT_I32, MADE(0));
  if (!s) s = rt_cast(w->y, RT_I32, MADE(1));
  return s ? s : rt_matmul(w->made[0], w->made[1], MADE(2));
}
static rt_status s_conv_line(world *w) { // one dimension, two groups, bias
  rt_status s = rt_reshape(w->x, 3, SHAPE(1, 4, 12), MADE(0));
  if (!s) s = rt_ones(w->ctx, RT_F32, 3, SHAPE(2, 2, 3), MADE(1));
  if (!s) s = rt_ones(w->ctx, RT_F32, 1, SHAPE(2), MADE(2));
  return s ? s : rt_conv(w->made[0], w->made[1], w->made[2], &(rt_window){.groups = 2, .stride = {2}, .dilation = {2}}, MADE(3));
}
static rt_status s_sorted(world *w) {
  rt_status s = rt_sort(w->turned, 0, false, MADE(0));
  return s ? s : rt_cumprod(w->turned, 1, RT_F64, MADE(1));
}
static rt_status s_gather_of_view(world *w) {
  rt_status s = rt_flip(w->index, NULL, MADE(0));
  return s ? s : rt_gather(w->turned, w->made[0], 1, MADE(1));
}
static rt_status s_item(world *w) {
  rt_scalar value;
  rt_status s = rt_sum(w->turned, NULL, false, RT_DTYPE_NONE, MADE(0));
  return s ? s : rt_item(w->made[0], &value);
}
static rt_status s_shapes(world *w) {
  rt_status s = rt_flatten(w->x, 0, -1, MADE(0));
  if (!s) s = rt_as_strided(w->made[0], 2, SHAPE(5, 4), SHAPE(7, 2), 1, MADE(1));
  if (!s) s = rt_unsqueeze(w->made[1], 1, MADE(2));
  if (!s) s = rt_squeeze(w->made[2], AXES(1), MADE(3));
  return s ? s : rt_view(w->made[0], 2, SHAPE(6, 8), MADE(4));
}
static rt_status s_dlpack_legacy(world *w) {
  rt_dl_managed *managed = NULL;
  rt_status s = rt_to(w->x, RT_HOST, MADE(1));
  if (!s) s = rt_to_dlpack_legacy(w->made[1], &managed);
  if (s) return s;
  s = rt_from_dlpack_legacy(w->ctx, managed, MADE(0));
  if (s) managed->deleter(managed);
  return s;
}
static rt_status s_random_bits(world *w) {
  rt_status s = rt_random_uniform(w->ctx, RT_F64, 2, SHAPE(9, 9), 1, 2, 0, 1, MADE(0));
  return s ? s : rt_random_normal(w->ctx, RT_F16, 1, SHAPE(70), 3, 0, 0, 1, MADE(1));
}
static rt_status s_deep_chain(world *w) { // the variance of the rows of a product, by hand
  rt_status s = rt_matmul(w->x, w->y, MADE(0));
  if (!s) s = rt_mean(w->made[0], AXES(1), true, MADE(1));
  if (!s) s = rt_sub(w->made[0], w->made[1], MADE(2));
  if (!s) s = rt_square(w->made[2], MADE(3));
  if (!s) s = rt_sum(w->made[3], AXES(1), false, RT_DTYPE_NONE, MADE(4));
  return s ? s : rt_sqrt(w->made[4], MADE(5));
}
static rt_status s_trim_between(world *w) {
  rt_status s = rt_to(w->x, rt_device_count(w->ctx) - 1, MADE(0));
  if (!s) s = rt_exp(w->made[0], MADE(1));
  if (!s) s = rt_ctx_trim(w->ctx);
  return s ? s : rt_add(w->made[1], w->x, MADE(2));
}

static const struct scenario { const char *name; rt_status (*run)(world *); } scenarios[] = {
#define S(name) {#name, s_##name}
    S(empty), S(from_data), S(high_rank), S(scalar_tensor), S(add), S(add_into), S(broadcast), S(transposed), S(promote), S(mixed), S(scalar), S(compare),
    S(clamp), S(where), S(leaky), S(overlap), S(views), S(reshape_copies), S(sum), S(sum_dtype), S(mean_of_nothing), S(argmax), S(softmax), S(matmul),
    S(matvec), S(batched), S(conv), S(pool), S(gather), S(along), S(scatter), S(find), S(made), S(spread), S(norms), S(embedding), S(concat), S(pad),
    S(unique), S(split), S(transposed_conv), S(quantized), S(pad_constant), S(arange), S(random), S(clone_and_write), S(map), S(complex),
    S(complex_line), S(count), S(attention), S(losses), S(adam), S(resized),
    S(read_strided), S(to), S(dlpack), S(report), S(import),
    S(empty_on), S(from_data_on), S(in_place), S(in_place_of_a_clone), S(write_strided), S(write_turned), S(into_strided), S(small_floats),
    S(promoted_view), S(ints), S(three_inputs), S(any_of_a_test), S(max_of_axes), S(product), S(log_softmax), S(matmul_turned), S(dot),
    S(matmul_batches), S(matmul_ints), S(conv_line), S(sorted), S(gather_of_view), S(item), S(shapes), S(dlpack_legacy), S(random_bits),
    S(deep_chain), S(trim_between),
};
#define N_SCENARIOS ((int)(sizeof scenarios / sizeof *scenarios))

// ---- the loop --------------------------------------------------------------------------------------------------------------------------------------

static rt_status create(dry *d, const char *backends, const char *layers, rt_ctx **out) {
  rt_allocator allocator = {dry_alloc, dry_free, d};
  rt_ctx_options options = {.size = sizeof options, .n_threads = 2, .backends = backends, .layers = layers, .allocator = &allocator,
                            .backend_path = TRIVET_BUILD_DIR "/examples:" TRIVET_BUILD_DIR "/tests/plugins", .no_pool = true, .config = "toy.delay_us=0\n"};
  if (strcmp(backends, "toy")) options.config = NULL;
  return rt_ctx_create(&options, out);
}

static void release_made(world *w) {
  for (int i = 0; i < 8; i++) {
    rt_release(w->made[i]);
    w->made[i] = NULL;
  }
}

static void make_world(world *w, dry *d, const char *backends) {
  memset(w, 0, sizeof *w);
  assert_int_equal(create(d, backends, "", &w->ctx), RT_OK);
  float values[48];
  for (int i = 0; i < 48; i++) values[i] = (float)(i % 11) - 4;
  assert_int_equal(rt_from_data(w->ctx, RT_F32, 2, SHAPE(8, 6), values, &w->x), RT_OK);
  assert_int_equal(rt_from_data(w->ctx, RT_F32, 2, SHAPE(6, 5), values, &w->y), RT_OK);
  assert_int_equal(rt_from_data(w->ctx, RT_F32, 1, SHAPE(6), values, &w->v), RT_OK);
  assert_int_equal(rt_from_data(w->ctx, RT_I64, 1, SHAPE(3), (int64_t[]){2, 0, -1}, &w->index), RT_OK);
  assert_int_equal(rt_transpose(w->x, 0, 1, &w->turned), RT_OK);
}

static void drop_world(world *w) {
  release_made(w);
  rt_release(w->x), rt_release(w->y), rt_release(w->v), rt_release(w->turned), rt_release(w->index);
  rt_status status = rt_ctx_close(w->ctx);
  if (status != RT_OK) fail_msg("close: %s", rt_last_error());
}

/// A number that tells what the scenario made: every byte of every tensor.
static uint64_t digest(const world *w) {
  uint64_t sum = UINT64_C(14695981039346656037);
  static unsigned char bytes[40 * 50 * 8];
  for (int i = 0; i < 8; i++) {
    size_t n = w->made[i] ? (size_t)rt_tensor_numel(w->made[i]) * rt_dtype_bytes(rt_tensor_dtype(w->made[i])) : 0;
    assert_true(n <= sizeof bytes);
    if (w->made[i]) assert_int_equal(rt_read(w->made[i], bytes, n), RT_OK);
    for (size_t k = 0; k < n; k++) sum = (sum ^ bytes[k]) * UINT64_C(1099511628211);
    sum = (sum ^ n) * UINT64_C(1099511628211);
  }
  return sum;
}

static long run_scenario(const struct scenario *s, const char *backends, bool for_good) {
  long points = 0;
  dry d = {.left = -1};
  world w;
  make_world(&w, &d, backends);
  assert_int_equal(s->run(&w), RT_OK);
  const uint64_t expected = digest(&w);
  drop_world(&w);
  for (long k = 0;; k++) {
    assert_true(k < 2000);
    d = (dry){.left = -1};
    make_world(&w, &d, backends);
    atomic_store(&d.for_good, for_good);
    atomic_store(&d.left, k);
    rt_status status = s->run(&w);
    bool has_failed = atomic_load(&d.n_failed) > 0;
    atomic_store(&d.left, -1);
    if (!has_failed) { // it got through: every allocation has had its turn
      assert_int_equal(status, RT_OK);
      assert_true(digest(&w) == expected);
      drop_world(&w);
      assert_int_equal(atomic_load(&d.n_live), 0);
      return points;
    }
    points++;
    if (status != RT_OK && status != RT_E_NO_MEMORY) fail_msg("%s on %s, allocation %ld: %s: %s", s->name, backends, k, rt_status_name(status), rt_last_error());
    if (status != RT_OK && !rt_last_error()[0]) fail_msg("%s, allocation %ld: no sentence", s->name, k);
    if (status == RT_OK && digest(&w) != expected) fail_msg("%s on %s, allocation %ld: succeeded with another result", s->name, backends, k);
    float after[48];
    assert_int_equal(rt_read(w.x, after, sizeof after), RT_OK);
    for (int i = 0; i < 48; i++)
      if (after[i] != (float)(i % 11) - 4) fail_msg("%s, allocation %ld: input element %d became %g", s->name, k, i, after[i]);
    release_made(&w);
    status = s->run(&w);
    if (status != RT_OK) fail_msg("%s, after allocation %ld failed: %s", s->name, k, rt_last_error());
    if (digest(&w) != expected) fail_msg("%s on %s, after allocation %ld failed: another result", s->name, backends, k);
    drop_world(&w);
    if (atomic_load(&d.n_live)) fail_msg("%s, allocation %ld: %ld allocations leak", s->name, k, atomic_load(&d.n_live));
  }
}

static void run_all(const char *backends) {
  long points = 0;
  rt_ctx *keeper = NULL; // keeps the plugins in memory between scenarios: the address sanitizer never gives back what it notes of a library's globals
  const rt_ctx_options options = {.size = sizeof options, .backends = backends, .backend_path = TRIVET_BUILD_DIR "/examples"};
  assert_int_equal(rt_ctx_create(&options, &keeper), RT_OK);
  for (int i = 0; i < N_SCENARIOS; i++) points += run_scenario(&scenarios[i], backends, false) + run_scenario(&scenarios[i], backends, true);
  print_message("%d scenarios on %s, %ld failures injected\n", N_SCENARIOS, backends, points);
  assert_true(points > 4 * N_SCENARIOS);
  assert_int_equal(rt_ctx_close(keeper), RT_OK);
  RESULT(results, "scenarios on %s\t%d\t0\n", backends, N_SCENARIOS);
}

static void every_allocation_fails_on_the_host(void **state) {
  (void)state;
  run_all("cpu_ref");
}

static void every_allocation_fails_with_a_device(void **state) {
  (void)state;
  rt_ctx_options options = {.size = sizeof options, .backends = "toy", .backend_path = TRIVET_BUILD_DIR "/examples"};
  rt_ctx *ctx = NULL;
  if (rt_ctx_create(&options, &ctx) != RT_OK) {
    print_error("SKIPPED: %s\n", rt_last_error());
    skip();
  }
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
  run_all("toy");
}

static void creating_a_context_fails(void **state) {
  (void)state;
  long points = 0;
  // The last with a layer: what it is attached to when that fails is closed before its library goes ("unified" may be unmapped).
  const char *const lists[] = {"cpu_ref", "toy", "toy,cpu_ref", "unified"};
  for (int l = 0; l < 4; l++)
    for (int for_good = 0; for_good < 2; for_good++)
      for (long k = 0;; k++) {
        dry d = {.left = k, .for_good = for_good};
        rt_ctx *ctx = NULL;
        rt_status status = create(&d, lists[l], l == 3 ? "count" : "", &ctx);
        if (atomic_load(&d.n_failed)) points++;
        if (status == RT_OK) assert_int_equal(rt_ctx_close(ctx), RT_OK);
        else assert_int_equal(status, RT_E_NO_MEMORY);
        assert_int_equal(atomic_load(&d.n_live), 0);
        if (!atomic_load(&d.n_failed)) {
          assert_int_equal(status, RT_OK);
          break;
        }
      }
  print_message("creating contexts: %ld failures injected\n", points);
  assert_true(points > 10);
}

static void a_limit_is_kept(void **state) {
  (void)state;
  rt_ctx_options options = {.size = sizeof options, .backends = "cpu_ref", .memory_limit_bytes = 4 << 20};
  rt_ctx *ctx = NULL;
  rt_tensor *made[16] = {NULL};
  rt_memory_stats stats;
  assert_int_equal(rt_ctx_create(&options, &ctx), RT_OK);
  int n = 0;
  rt_status status = RT_OK;
  while (n < 16 && (status = rt_ones(ctx, RT_F32, 1, SHAPE(200000), &made[n])) == RT_OK) n++;
  assert_int_equal(status, RT_E_NO_MEMORY);
  assert_in_range(n, 2, 5); // of 800 kB each
  assert_null(made[n]);
  assert_non_null(strstr(rt_last_error(), "limit"));
  assert_int_equal(rt_ctx_memory(ctx, &stats), RT_OK);
  assert_true(stats.live_bytes + stats.pooled_bytes <= stats.limit_bytes && stats.peak_bytes <= stats.limit_bytes);
  assert_true(stats.n_failed > 0);
  rt_release(made[0]);
  assert_int_equal(rt_add(made[1], made[1], &made[0]), RT_OK); // usable again
  for (int i = 0; i < n; i++) rt_release(made[i]);
  assert_int_equal(rt_ctx_close(ctx), RT_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(creating_a_context_fails),
      cmocka_unit_test(every_allocation_fails_on_the_host),
      cmocka_unit_test(every_allocation_fails_with_a_device),
      cmocka_unit_test(a_limit_is_kept),
  };
  results = results_open("no_memory");
  const int failed = cmocka_run_group_tests_name("no_memory", tests, NULL, NULL);
  results_close(results);
  return failed;
}
