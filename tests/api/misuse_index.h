// SPDX-License-Identifier: BSD-3-Clause
// Misuse rows of the operations by index values and of those that find indices. test_index.c has the rows about their own parameters.
#ifndef TRIVET_TEST_MISUSE_INDEX_H
#define TRIVET_TEST_MISUSE_INDEX_H

#include <math.h>

#include "misuse_families.h"

/// As ALONG_ROWS, for two tensors before the other parameters.
#define INDEX_ROWS(name, ...)                                                                                                     \
  MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name(NULL, __VA_ARGS__, OUT));                                          \
  MISUSE(ARGUMENT, #name ": out is NULL", rt_##name(w->f.x, __VA_ARGS__, NO_OUT));                                                 \
  MISUSE(STATE, #name ": the tensors belong to two contexts", rt_##name(w->f.foreign, __VA_ARGS__, OUT));                          \
  MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name##_into(NULL, __VA_ARGS__, w->f.out));                              \
  MISUSE(ARGUMENT, #name ": out is NULL", rt_##name##_into(w->f.x, __VA_ARGS__, NO_TENSOR));                                       \
  MISUSE(STATE, #name ": the tensors belong to two contexts", rt_##name##_into(w->f.x, __VA_ARGS__, w->f.foreign))
#define SCATTER_ROWS(name, ...)                                                                                                   \
  INDEX_ROWS(name, w->l.x, w->f.y, __VA_ARGS__);                                                                                   \
  MISUSE(ARGUMENT, #name ": the second input is NULL", rt_##name(w->f.x, NULL, w->f.y, __VA_ARGS__, OUT));                         \
  MISUSE(ARGUMENT, #name ": the third input is NULL", rt_##name(w->f.x, w->l.x, NULL, __VA_ARGS__, OUT));                          \
  MISUSE(STATE, #name ": the tensors belong to two contexts", rt_##name(w->f.x, w->l.foreign, w->f.y, __VA_ARGS__, OUT));          \
  MISUSE(STATE, #name ": the tensors belong to two contexts", rt_##name(w->f.x, w->l.x, w->f.foreign, __VA_ARGS__, OUT));          \
  MISUSE(DTYPE, #name ": indices have dtype f32, not an integer", rt_##name(w->f.x, w->f.x, w->f.y, __VA_ARGS__, OUT));            \
  MISUSE(DTYPE, #name ": indices have dtype bool, not an integer", rt_##name(w->f.x, w->b.x, w->f.y, __VA_ARGS__, OUT));           \
  MISUSE(DTYPE, #name ": promote: no dtype holds the values of both u64 and i64", rt_##name(w->u.x, w->l.x, w->l.x, __VA_ARGS__, OUT))
#define MODE_ROWS(name, ...)                                                                                                      \
  MISUSE(ARGUMENT, #name ": 5 is no mode", rt_##name(w->f.x, w->l.x, w->f.y, __VA_ARGS__ (rt_scatter_mode)5, OUT));                \
  MISUSE(ARGUMENT, #name ": -1 is no mode", rt_##name(w->f.x, w->l.x, w->f.y, __VA_ARGS__ (rt_scatter_mode)-1, OUT));              \
  MISUSE(DTYPE, #name ": add is not defined for bool", rt_##name(w->b.x, w->l.x, w->b.y, __VA_ARGS__ RT_SCATTER_ADD, OUT));        \
  MISUSE(DTYPE, #name ": mul is not defined for bool", rt_##name(w->b.x, w->l.x, w->b.y, __VA_ARGS__ RT_SCATTER_MUL, OUT))

static void misuse_index(world *w) {
  SCATTER_ROWS(scatter, 0, RT_SCATTER_SET);
  MODE_ROWS(scatter, 0, );
  MISUSE(ARGUMENT, "scatter: axis 2 is not in -2 to 1", rt_scatter(w->f.x, w->l.x, w->f.y, 2, RT_SCATTER_SET, OUT));
  MISUSE(ARGUMENT, "scatter: axis -3", rt_scatter(w->f.x, w->l.x, w->f.y, -3, RT_SCATTER_SET, OUT));
  MISUSE(ARGUMENT, "scatter: axis -2147483648", rt_scatter(w->f.x, w->l.x, w->f.y, INT32_MIN, RT_SCATTER_SET, OUT));
  MISUSE(ARGUMENT, "scatter: axis 0, but the tensor has rank 0", rt_scatter(w->f.scalar, w->l.scalar, w->f.scalar, 0, RT_SCATTER_SET, OUT));
  MISUSE(SHAPE, "scatter: indices [4,5] do not fit to x [3,4] along axis 0", rt_scatter(w->f.x, w->l.wider, w->f.wider, 0, RT_SCATTER_SET, OUT));
  MISUSE(SHAPE, "scatter: indices [12] do not fit to x [3,4]", rt_scatter(w->f.x, w->l.flat, w->f.flat, 0, RT_SCATTER_SET, OUT));
  MISUSE(SHAPE, "scatter: updates [4,5] do not broadcast to [3,4]", rt_scatter(w->f.x, w->l.x, w->f.wider, 0, RT_SCATTER_SET, OUT));
  MISUSE(SHAPE, "scatter: out has shape [4,5], but the result is [3,4]", rt_scatter_into(w->f.x, w->l.x, w->f.y, 0, RT_SCATTER_SET, w->f.wider));
  MISUSE(DTYPE, "scatter: out has dtype f16, but the result is f32", rt_scatter_into(w->f.x, w->l.x, w->f.y, 0, RT_SCATTER_SET, w->h.out));
  SCATTER_ROWS(scatter_nd, RT_SCATTER_SET);
  MODE_ROWS(scatter_nd, );
  MISUSE(SHAPE, "scatter_nd: indices [3,4] do not fit to x [3,4]", rt_scatter_nd(w->f.x, w->l.x, w->f.y, RT_SCATTER_SET, OUT));
  MISUSE(SHAPE, "scatter_nd: indices [] do not fit to x [3,4]", rt_scatter_nd(w->f.x, w->l.scalar, w->f.y, RT_SCATTER_SET, OUT));
  MISUSE(SHAPE, "scatter_nd: indices [12] do not fit to x []", rt_scatter_nd(w->f.scalar, w->l.flat, w->f.y, RT_SCATTER_SET, OUT));
  INDEX_ROWS(gather_nd, w->l.x, 0);
  MISUSE(ARGUMENT, "gather_nd: the second input is NULL", rt_gather_nd(w->f.x, NULL, 0, OUT));
  MISUSE(DTYPE, "gather_nd: indices have dtype f32, not an integer", rt_gather_nd(w->f.x, w->f.x, 0, OUT));
  MISUSE(ARGUMENT, "gather_nd: -1 batch axes", rt_gather_nd(w->f.x, w->l.x, -1, OUT));
  MISUSE(ARGUMENT, "gather_nd: -2147483648 batch axes", rt_gather_nd(w->f.x, w->l.x, INT32_MIN, OUT));
  MISUSE(SHAPE, "gather_nd: indices [3,4] do not fit to x [3,4] with 2147483647 batch axes", rt_gather_nd(w->f.x, w->l.x, INT32_MAX, OUT));
  MISUSE(SHAPE, "gather_nd: indices [3,4] do not fit to x [3,4]", rt_gather_nd(w->f.x, w->l.x, 0, OUT));
  MISUSE(ARGUMENT, "nonzero: the first input is NULL", rt_nonzero(NULL, OUT));
  MISUSE(ARGUMENT, "nonzero: out is NULL", rt_nonzero(w->f.x, NO_OUT));
  MISUSE(ARGUMENT, "nonzero: the first input is NULL", rt_nonzero_into(NULL, w->l.out));
  MISUSE(ARGUMENT, "nonzero: out is NULL", rt_nonzero_into(w->f.x, NO_TENSOR));
  MISUSE(DTYPE, "nonzero: out has dtype f32, but the result is i64", rt_nonzero_into(w->f.x, w->f.out));
  MISUSE(SHAPE, "nonzero: out has shape [3,4], but the result is [2,", rt_nonzero_into(w->f.x, w->l.out));
  INDEX_ROWS(take, w->l.x);
  MISUSE(ARGUMENT, "take: the second input is NULL", rt_take(w->f.x, NULL, OUT));
  MISUSE(DTYPE, "take: indices have dtype f32, not an integer", rt_take(w->f.x, w->f.x, OUT));
  MISUSE(DTYPE, "take: indices have dtype bool, not an integer", rt_take(w->f.x, w->b.x, OUT));
  MISUSE(INDEX, "take: no index is in range for a tensor without elements", rt_take(w->none, w->l.x, OUT));
  MISUSE(SHAPE, "take: out has shape [4,5], but the result is [3,4]", rt_take_into(w->f.x, w->l.x, w->f.wider));
  MISUSE(DTYPE, "take: out has dtype f16, but the result is f32", rt_take_into(w->f.x, w->l.x, w->h.out));
  INDEX_ROWS(masked_select, w->b.x);
  MISUSE(ARGUMENT, "masked_select: the second input is NULL", rt_masked_select(w->f.x, NULL, OUT));
  MISUSE(DTYPE, "masked_select: the mask has dtype f32, not bool", rt_masked_select(w->f.x, w->f.x, OUT));
  MISUSE(DTYPE, "masked_select: the mask has dtype i64, not bool", rt_masked_select(w->f.x, w->l.x, OUT));
  MISUSE(SHAPE, "masked_select: shapes [4,5] and [3,4] do not broadcast", rt_masked_select(w->f.wider, w->b.x, OUT));
  MISUSE(SHAPE, "masked_select: out has shape [3,4], but the result is [", rt_masked_select_into(w->f.x, w->b.x, w->f.out));
  MISUSE(DTYPE, "masked_select: out has dtype f16, but the result is f32", rt_masked_select_into(w->f.x, w->b.x, w->h.out));
  MISUSE(ARGUMENT, "count_nonzero: the first input is NULL", rt_count_nonzero(NULL, NULL, false, OUT));
  MISUSE(ARGUMENT, "count_nonzero: out is NULL", rt_count_nonzero(w->f.x, NULL, false, NO_OUT));
  MISUSE(ARGUMENT, "count_nonzero: axis 2 is not in -2 to 1", rt_count_nonzero(w->f.x, AXES(2), false, OUT));
  MISUSE(ARGUMENT, "count_nonzero: axis", rt_count_nonzero(w->f.x, AXES(0, 0), false, OUT));
  MISUSE(ARGUMENT, "count_nonzero: the first input is NULL", rt_count_nonzero_into(NULL, NULL, false, w->l.out));
  MISUSE(ARGUMENT, "count_nonzero: out is NULL", rt_count_nonzero_into(w->f.x, NULL, false, NO_TENSOR));
  MISUSE(DTYPE, "count_nonzero: out has dtype f32, but the result is i64", rt_count_nonzero_into(w->f.x, AXES(0), true, w->f.out));
  MISUSE(SHAPE, "count_nonzero: out has shape [3,4], but the result is []", rt_count_nonzero_into(w->f.x, NULL, false, w->l.out));
  MISUSE(ARGUMENT, "bincount: the first input is NULL", rt_bincount(NULL, NULL, 0, OUT));
  MISUSE(ARGUMENT, "bincount: out is NULL", rt_bincount(w->l.x, NULL, 0, NO_OUT));
  MISUSE(STATE, "bincount: the tensors belong to two contexts", rt_bincount(w->l.x, w->f.foreign, 0, OUT));
  MISUSE(DTYPE, "bincount: x has dtype f32, not an integer", rt_bincount(w->f.x, NULL, 0, OUT));
  MISUSE(DTYPE, "bincount: x has dtype bool, not an integer", rt_bincount(w->b.x, NULL, 0, OUT));
  MISUSE(DTYPE, "bincount: weights have dtype bool, not a number", rt_bincount(w->l.x, w->b.x, 0, OUT));
  MISUSE(SHAPE, "bincount: weights have shape [4,5], but x [3,4]", rt_bincount(w->l.x, w->f.wider, 0, OUT));
  MISUSE(ARGUMENT, "bincount: a length of -1", rt_bincount(w->l.x, NULL, -1, OUT));
  MISUSE(ARGUMENT, "bincount: a length of -9223372036854775808", rt_bincount(w->l.x, NULL, INT64_MIN, OUT));
  MISUSE(SHAPE, "more than 2^63-1 bytes", rt_bincount(w->l.x, NULL, INT64_MAX, OUT));
  MISUSE(ARGUMENT, "bincount: the first input is NULL", rt_bincount_into(NULL, NULL, 0, w->l.out));
  MISUSE(ARGUMENT, "bincount: out is NULL", rt_bincount_into(w->l.x, NULL, 0, NO_TENSOR));
  MISUSE(SHAPE, "bincount: out has shape [3,4], but the result is [", rt_bincount_into(w->l.x, NULL, 0, w->l.out));
  MISUSE(DTYPE, "bincount: out has dtype i64, but the result is f32", rt_bincount_into(w->l.x, w->f.x, 0, w->l.out));
  MISUSE(ARGUMENT, "histogram: the first input is NULL", rt_histogram(NULL, 4, 0, 1, OUT));
  MISUSE(ARGUMENT, "histogram: out is NULL", rt_histogram(w->f.x, 4, 0, 1, NO_OUT));
  MISUSE(ARGUMENT, "histogram: 0 bins", rt_histogram(w->f.x, 0, 0, 1, OUT));
  MISUSE(ARGUMENT, "histogram: -9223372036854775808 bins", rt_histogram(w->f.x, INT64_MIN, 0, 1, OUT));
  MISUSE(ARGUMENT, "histogram: 9223372036854775807 bins", rt_histogram(w->f.x, INT64_MAX, 0, 1, OUT));
  MISUSE(ARGUMENT, "histogram: from 1 to 1", rt_histogram(w->f.x, 4, 1, 1, OUT));
  MISUSE(ARGUMENT, "histogram: from nan to 1", rt_histogram(w->f.x, 4, (double)NAN, 1, OUT));
  MISUSE(ARGUMENT, "histogram: from -inf to 1", rt_histogram(w->f.x, 4, -(double)INFINITY, 1, OUT));
  MISUSE(ARGUMENT, "histogram: the first input is NULL", rt_histogram_into(NULL, 4, 0, 1, w->l.out));
  MISUSE(ARGUMENT, "histogram: out is NULL", rt_histogram_into(w->f.x, 4, 0, 1, NO_TENSOR));
  MISUSE(DTYPE, "histogram: out has dtype f32, but the result is i64", rt_histogram_into(w->f.x, 4, 0, 1, w->f.out));
  MISUSE(SHAPE, "histogram: out has shape [3,4], but the result is [4]", rt_histogram_into(w->f.x, 4, 0, 1, w->l.out));
  static const int32_t out_of_range = 2, far_out = INT32_MIN;
  MISUSE(ARGUMENT, "unique: all outputs are NULL", rt_unique(w->f.x, NULL, true, NO_OUT, NO_OUT, NO_OUT, NO_OUT));
  MISUSE(ARGUMENT, "unique: the first input is NULL", rt_unique(NULL, NULL, true, OUT, NO_OUT, NO_OUT, NO_OUT));
  MISUSE(ARGUMENT, "unique: the first input is NULL", rt_unique(NULL, NULL, true, NO_OUT, NO_OUT, NO_OUT, OUT));
  MISUSE(ARGUMENT, "unique: axis 2 is not in -2 to 1", rt_unique(w->f.x, &out_of_range, true, OUT, NO_OUT, NO_OUT, NO_OUT));
  MISUSE(ARGUMENT, "unique: axis -2147483648", rt_unique(w->f.x, &far_out, false, NO_OUT, OUT, NO_OUT, NO_OUT));
  MISUSE(ARGUMENT, "unique: axis*but the tensor has rank 0", rt_unique(w->f.scalar, &out_of_range, false, NO_OUT, NO_OUT, OUT, NO_OUT));
  MISUSE(ARGUMENT, "topk: both outputs are NULL", rt_topk(w->f.x, 1, 0, true, NO_OUT, NO_OUT));
  MISUSE(ARGUMENT, "topk: the first input is NULL", rt_topk(NULL, 1, 0, true, OUT, NO_OUT));
  MISUSE(ARGUMENT, "topk: axis 2 is not in -2 to 1", rt_topk(w->f.x, 1, 2, true, OUT, NO_OUT));
  MISUSE(ARGUMENT, "topk: axis 0, but the tensor has rank 0", rt_topk(w->f.scalar, 1, 0, true, NO_OUT, OUT));
  MISUSE(ARGUMENT, "topk: k is 4, but axis 0 has extent 3", rt_topk(w->f.x, 4, 0, true, OUT, NO_OUT));
  MISUSE(ARGUMENT, "topk: k is -1, but", rt_topk(w->f.x, -1, 0, true, OUT, NO_OUT));
  MISUSE(ARGUMENT, "topk: k is -9223372036854775808, but", rt_topk(w->f.x, INT64_MIN, 0, true, OUT, NO_OUT));
}

#endif
