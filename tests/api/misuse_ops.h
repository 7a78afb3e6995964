// SPDX-License-Identifier: BSD-3-Clause
// Misuse rows of the operations with parameters of their own: copies and casts, creation, where and gather, contractions, windows, softmax,
// concat and pad.
#ifndef TRIVET_TEST_MISUSE_OPS_H
#define TRIVET_TEST_MISUSE_OPS_H

#include <math.h>

#include "misuse_along.h"
#include "misuse_index.h"
#include "misuse_families.h"
#include "misuse_quant.h"

#define HUGE_EXTENT (INT64_C(1) << 40)

/// dtype, rank and shape of an operation or function that makes a tensor. CALL(ctx, dtype, rank, shape, out)
#define CREATION_ROWS(name, CALL)                                                                                          \
  MISUSE(ARGUMENT, name ": ctx is NULL", CALL(NULL, RT_F32, 1, SHAPE(3), OUT));                                            \
  MISUSE(ARGUMENT, name ": out is NULL", CALL(w->ctx, RT_F32, 1, SHAPE(3), NO_OUT));                                       \
  MISUSE(ARGUMENT, name ": out is NULL", CALL(NULL, RT_F32, 1, SHAPE(3), NO_OUT));                                         \
  MISUSE(ARGUMENT, name ": 0 is no dtype", CALL(w->ctx, NO_DTYPE(0), 1, SHAPE(3), OUT));                                   \
  MISUSE(ARGUMENT, name ": 16 is no dtype", CALL(w->ctx, NO_DTYPE(16), 1, SHAPE(3), OUT));                                 \
  MISUSE(ARGUMENT, name ": -1 is no dtype", CALL(w->ctx, NO_DTYPE(-1), 1, SHAPE(3), OUT));                                 \
  MISUSE(ARGUMENT, name ": 255 is no dtype", CALL(w->ctx, NO_DTYPE(255), 1, SHAPE(3), OUT));                               \
  MISUSE(ARGUMENT, name ": rank -1 is not in 0 to 16", CALL(w->ctx, RT_F32, -1, SHAPE(3), OUT));                           \
  MISUSE(ARGUMENT, name ": rank 17 is not in 0 to 16", CALL(w->ctx, RT_F32, 17, SHAPE(3), OUT));                           \
  MISUSE(ARGUMENT, name ": rank 2147483647", CALL(w->ctx, RT_F32, INT32_MAX, SHAPE(3), OUT));                              \
  MISUSE(ARGUMENT, name ": rank -2147483648", CALL(w->ctx, RT_F32, INT32_MIN, SHAPE(3), OUT));                             \
  MISUSE(ARGUMENT, name ": shape is NULL", CALL(w->ctx, RT_F32, 1, NULL, OUT));                                            \
  MISUSE(SHAPE, name ": shape [3,-1] has a negative extent", CALL(w->ctx, RT_F32, 2, SHAPE(3, -1), OUT));                  \
  MISUSE(SHAPE, name ": shape [0,-1] has a negative extent", CALL(w->ctx, RT_F32, 2, SHAPE(0, -1), OUT));                  \
  MISUSE(SHAPE, name ": shape [-9223372036854775808]", CALL(w->ctx, RT_F32, 1, SHAPE(INT64_MIN), OUT));                    \
  MISUSE(SHAPE, "more than 2^63-1 bytes", CALL(w->ctx, RT_F32, 1, SHAPE(INT64_MAX), OUT));                                 \
  MISUSE(SHAPE, "more than 2^63-1 bytes", CALL(w->ctx, RT_F32, 1, SHAPE(INT64_C(1) << 61), OUT));                          \
  MISUSE(SHAPE, "more than 2^63-1 elements", CALL(w->ctx, RT_F32, 2, SHAPE(INT64_C(1) << 32, INT64_C(1) << 31), OUT));     \
  MISUSE(SHAPE, "more than 2^63-1 elements", CALL(w->ctx, RT_F32, 2, SHAPE(INT64_MAX, INT64_MAX), OUT));                   \
  MISUSE(SHAPE, "more than 2^63-1 elements", CALL(w->ctx, RT_F32, 3, SHAPE(0, INT64_C(1) << 32, INT64_C(1) << 31), OUT));  \
  MISUSE(SHAPE, "more than 2^63-1 elements", CALL(w->ctx, RT_F32, 3, SHAPE(INT64_MAX, 2, 0), OUT))
#define TOO_LARGE_ROW(name, CALL) MISUSE(NO_MEMORY, "", CALL(w->ctx, RT_F32, 1, SHAPE(HUGE_EXTENT), OUT))

static void copy_and_cast(world *w) {
  MISUSE(ARGUMENT, "copy: the first input is NULL", rt_copy(NULL, OUT));
  MISUSE(ARGUMENT, "copy: out is NULL", rt_copy(w->f.x, NO_OUT));
  MISUSE(ARGUMENT, "copy: the first input is NULL", rt_copy_into(NULL, w->f.out));
  MISUSE(ARGUMENT, "copy: out is NULL", rt_copy_into(w->f.x, NULL));
  MISUSE(ARGUMENT, "copy: out is NULL", rt_copy_into(NULL, NULL));
  MISUSE(STATE, "copy: the tensors belong to two contexts", rt_copy_into(w->f.x, w->f.foreign));
  MISUSE(SHAPE, "copy: [3,4] does not broadcast to out [4,5]", rt_copy_into(w->f.x, w->f.wider));
  MISUSE(SHAPE, "copy: [3,4] does not broadcast to out [12]", rt_copy_into(w->f.x, w->f.flat));
  MISUSE(SHAPE, "copy: [3,4] does not broadcast to out []", rt_copy_into(w->f.x, w->f.scalar));
  MISUSE(SHAPE, "copy: [3,4] does not broadcast to out [0,4]", rt_copy_into(w->f.x, w->none));
  MISUSE(SHAPE, "copy: [0,4] does not broadcast to out [3,4]", rt_copy_into(w->none, w->f.out));
  MISUSE(ARGUMENT, "copy:*out is a scalar tensor", rt_copy_into(w->f.scalar, w->weak_f));
  UNWRITABLE(copy, w->f, rt_copy_into, w->f.x);
  UNWRITABLE(copy, w->f, rt_copy_into, w->weak_f);

  MISUSE(ARGUMENT, "cast: the first input is NULL", rt_cast(NULL, RT_F32, OUT));
  MISUSE(ARGUMENT, "cast: out is NULL", rt_cast(w->f.x, RT_I32, NO_OUT));
  MISUSE(ARGUMENT, "cast: 0 is no dtype", rt_cast(w->f.x, RT_DTYPE_NONE, OUT));
  MISUSE(ARGUMENT, "cast: 16 is no dtype", rt_cast(w->f.x, NO_DTYPE(16), OUT));
  MISUSE(ARGUMENT, "cast: -1 is no dtype", rt_cast(w->f.x, NO_DTYPE(-1), OUT));
  MISUSE(ARGUMENT, "cast: 255 is no dtype", rt_cast(w->f.x, NO_DTYPE(255), OUT));
  MISUSE(ARGUMENT, "cast: the first input is NULL", rt_cast_into(NULL, w->i.out));
  MISUSE(ARGUMENT, "cast: out is NULL", rt_cast_into(w->f.x, NULL));
  MISUSE(STATE, "cast: the tensors belong to two contexts", rt_cast_into(w->f.x, w->i.foreign));
  MISUSE(SHAPE, "cast: [3,4] does not broadcast to out [4,5]", rt_cast_into(w->f.x, w->i.wider));
  MISUSE(SHAPE, "cast: [3,4] does not broadcast to out []", rt_cast_into(w->f.x, w->i.scalar));
  MISUSE(ARGUMENT, "cast: out is a scalar tensor", rt_cast_into(w->f.scalar, w->weak_f));
  UNWRITABLE(cast, w->i, rt_cast_into, w->f.x);
  UNWRITABLE(cast, w->f, rt_cast_into, w->f.x);
}

static rt_status full_of_one(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out) {
  return rt_full(ctx, dtype, rank, shape, rt_int(1), out);
}
static rt_status uniform(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out) {
  return rt_random_uniform(ctx, dtype, rank, shape, 1, 2, 0, 1, out);
}
static rt_status normal(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out) {
  return rt_random_normal(ctx, dtype, rank, shape, 1, 2, 0, 1, out);
}

static void creation(world *w) {
  CREATION_ROWS("full", full_of_one);
  CREATION_ROWS("full", rt_zeros);
  CREATION_ROWS("full", rt_ones);
  CREATION_ROWS("random_uniform", uniform);
  CREATION_ROWS("random_normal", normal);
  TOO_LARGE_ROW("full", full_of_one);
  TOO_LARGE_ROW("full", rt_zeros);
  TOO_LARGE_ROW("full", rt_ones);
  TOO_LARGE_ROW("random_uniform", uniform);
  TOO_LARGE_ROW("random_normal", normal);

  MISUSE(ARGUMENT, "full: 0 is no kind of scalar", rt_full(w->ctx, RT_F32, 1, SHAPE(3), NO_KIND(0), OUT));
  MISUSE(ARGUMENT, "full: 99 is no kind of scalar", rt_full(w->ctx, RT_F32, 1, SHAPE(3), NO_KIND(99), OUT));
  MISUSE(ARGUMENT, "full: -1 is no kind of scalar", rt_full(w->ctx, RT_F32, 1, SHAPE(3), NO_KIND(-1), OUT));
  MISUSE(ARGUMENT, "full: out is NULL", rt_full_into(rt_int(1), NULL));
  MISUSE(ARGUMENT, "full: 0 is no kind of scalar", rt_full_into(NO_KIND(0), w->f.out));
  MISUSE(ARGUMENT, "full: 99 is no kind of scalar", rt_full_into(NO_KIND(99), w->f.out));
  MISUSE(ARGUMENT, "full: out is a scalar tensor", rt_full_into(rt_int(1), w->weak_l));
  UNWRITABLE(full, w->f, rt_full_into, rt_int(1));

  MISUSE(DTYPE, "random_uniform: not defined for i32", rt_random_uniform(w->ctx, RT_I32, 1, SHAPE(3), 1, 2, 0, 1, OUT));
  MISUSE(DTYPE, "random_uniform: not defined for bool", rt_random_uniform(w->ctx, RT_BOOL, 1, SHAPE(3), 1, 2, 0, 1, OUT));
  MISUSE(ARGUMENT, "random_uniform: from 1 to 0", rt_random_uniform(w->ctx, RT_F32, 1, SHAPE(3), 1, 2, 1, 0, OUT));
  MISUSE(ARGUMENT, "random_uniform: from nan to 1", rt_random_uniform(w->ctx, RT_F32, 1, SHAPE(3), 1, 2, (double)NAN, 1, OUT));
  MISUSE(ARGUMENT, "random_uniform: from 0 to nan", rt_random_uniform(w->ctx, RT_F32, 1, SHAPE(3), 1, 2, 0, (double)NAN, OUT));
  MISUSE(ARGUMENT, "random_uniform: from -inf to 1", rt_random_uniform(w->ctx, RT_F32, 1, SHAPE(3), 1, 2, -(double)INFINITY, 1, OUT));
  MISUSE(ARGUMENT, "random_uniform: from 0 to inf", rt_random_uniform(w->ctx, RT_F32, 1, SHAPE(3), 1, 2, 0, (double)INFINITY, OUT));
  MISUSE(ARGUMENT, "random_uniform: from inf to inf",
         rt_random_uniform(w->ctx, RT_F32, 1, SHAPE(3), 1, 2, (double)INFINITY, (double)INFINITY, OUT));
  MISUSE(ARGUMENT, "random_uniform: from -1.7", rt_random_uniform(w->ctx, RT_F32, 1, SHAPE(3), 1, 2, -1.7e308, 1.7e308, OUT));
  MISUSE(ARGUMENT, "random_uniform: from 1 to 0", rt_random_uniform_into(1, 2, 1, 0, w->f.out));
  MISUSE(ARGUMENT, "random_uniform: from 0 to nan", rt_random_uniform_into(1, 2, 0, (double)NAN, w->f.out));
  MISUSE(ARGUMENT, "random_uniform: out is NULL", rt_random_uniform_into(1, 2, 0, 1, NULL));
  MISUSE(DTYPE, "random_uniform: not defined for i32", rt_random_uniform_into(1, 2, 0, 1, w->i.out));
  MISUSE(ARGUMENT, "random_uniform: out is a scalar tensor", rt_random_uniform_into(1, 2, 0, 1, w->weak_f));
  UNWRITABLE(random_uniform, w->f, rt_random_uniform_into, 1, 2, 0, 1);

  MISUSE(DTYPE, "random_normal: not defined for u64", rt_random_normal(w->ctx, RT_U64, 1, SHAPE(3), 1, 2, 0, 1, OUT));
  MISUSE(ARGUMENT, "random_normal: mean 0, standard deviation -1", rt_random_normal(w->ctx, RT_F32, 1, SHAPE(3), 1, 2, 0, -1, OUT));
  MISUSE(ARGUMENT, "random_normal: mean 0, standard deviation nan",
         rt_random_normal(w->ctx, RT_F32, 1, SHAPE(3), 1, 2, 0, (double)NAN, OUT));
  MISUSE(ARGUMENT, "random_normal: mean 0, standard deviation inf",
         rt_random_normal(w->ctx, RT_F32, 1, SHAPE(3), 1, 2, 0, (double)INFINITY, OUT));
  MISUSE(ARGUMENT, "random_normal: mean nan", rt_random_normal(w->ctx, RT_F32, 1, SHAPE(3), 1, 2, (double)NAN, 1, OUT));
  MISUSE(ARGUMENT, "random_normal: mean -inf", rt_random_normal(w->ctx, RT_F32, 1, SHAPE(3), 1, 2, -(double)INFINITY, 1, OUT));
  MISUSE(ARGUMENT, "random_normal: mean 0, standard deviation -1", rt_random_normal_into(1, 2, 0, -1, w->f.out));
  MISUSE(ARGUMENT, "random_normal: out is NULL", rt_random_normal_into(1, 2, 0, 1, NULL));
  MISUSE(DTYPE, "random_normal: not defined for bool", rt_random_normal_into(1, 2, 0, 1, w->b.out));
  MISUSE(ARGUMENT, "random_normal: out is a scalar tensor", rt_random_normal_into(1, 2, 0, 1, w->weak_f));
  UNWRITABLE(random_normal, w->f, rt_random_normal_into, 1, 2, 0, 1);
}

static void arange(world *w) {
  const rt_scalar zero = rt_int(0), one = rt_int(1), ten = rt_int(10);
  const rt_scalar not_a_number = rt_float((double)NAN), infinite = rt_float((double)INFINITY);
  MISUSE(ARGUMENT, "arange: out is NULL", rt_arange(w->ctx, RT_F32, zero, ten, one, NO_OUT));
  MISUSE(ARGUMENT, "arange: ctx is NULL", rt_arange(NULL, RT_F32, zero, ten, one, OUT));
  MISUSE(ARGUMENT, "arange: 0 is no dtype", rt_arange(w->ctx, RT_DTYPE_NONE, zero, ten, one, OUT));
  MISUSE(ARGUMENT, "arange: 16 is no dtype", rt_arange(w->ctx, NO_DTYPE(16), zero, ten, one, OUT));
  MISUSE(ARGUMENT, "arange: -1 is no dtype", rt_arange(w->ctx, NO_DTYPE(-1), zero, ten, one, OUT));
  MISUSE(ARGUMENT, "arange: 255 is no dtype", rt_arange(w->ctx, NO_DTYPE(255), zero, ten, one, OUT));
  MISUSE(DTYPE, "arange: not defined for bool", rt_arange(w->ctx, RT_BOOL, zero, ten, one, OUT));
  MISUSE(ARGUMENT, "arange: 0 is no kind of scalar", rt_arange(w->ctx, RT_F32, NO_KIND(0), ten, one, OUT));
  MISUSE(ARGUMENT, "arange: 99 is no kind of scalar", rt_arange(w->ctx, RT_F32, zero, NO_KIND(99), one, OUT));
  MISUSE(ARGUMENT, "arange: -1 is no kind of scalar", rt_arange(w->ctx, RT_F32, zero, ten, NO_KIND(-1), OUT));
  MISUSE(ARGUMENT, "arange: 99 is no kind of scalar", rt_arange(w->ctx, RT_I32, NO_KIND(99), ten, one, OUT));
  MISUSE(ARGUMENT, "arange: 0 is no kind of scalar", rt_arange(w->ctx, RT_I32, zero, ten, NO_KIND(0), OUT));
  MISUSE(ARGUMENT, "arange: step 0", rt_arange(w->ctx, RT_I32, zero, ten, zero, OUT));
  MISUSE(ARGUMENT, "arange: step 0", rt_arange(w->ctx, RT_U64, zero, ten, rt_uint(0), OUT));
  MISUSE(ARGUMENT, "arange: from 0 to 10 by 0", rt_arange(w->ctx, RT_F32, zero, ten, zero, OUT));
  MISUSE(ARGUMENT, "arange: from 0 to 10 by -0", rt_arange(w->ctx, RT_F64, zero, ten, rt_float(-0.0), OUT));
  MISUSE(ARGUMENT, "arange: from 0 to 10 by nan", rt_arange(w->ctx, RT_F32, zero, ten, not_a_number, OUT));
  MISUSE(ARGUMENT, "arange: from nan to 10 by 1", rt_arange(w->ctx, RT_F32, not_a_number, ten, one, OUT));
  MISUSE(ARGUMENT, "arange: from 0 to nan by 1", rt_arange(w->ctx, RT_F32, zero, not_a_number, one, OUT));
  MISUSE(ARGUMENT, "arange: from 0 to inf by 1", rt_arange(w->ctx, RT_F32, zero, infinite, one, OUT));
  MISUSE(ARGUMENT, "arange: from inf to 10 by 1", rt_arange(w->ctx, RT_F32, infinite, ten, one, OUT));
  MISUSE(ARGUMENT, "arange: from 0 to 10 by inf", rt_arange(w->ctx, RT_F32, zero, ten, infinite, OUT));
  MISUSE(SHAPE, "arange: from 0 to 1e+300 by 1", rt_arange(w->ctx, RT_F32, zero, rt_float(1e300), one, OUT));
  MISUSE(SHAPE, "arange: from 0 to 10 by 4.94066e-324", rt_arange(w->ctx, RT_F64, zero, ten, rt_float(4.94065645841246544e-324), OUT));
  MISUSE(DTYPE, "arange: a float bound or step with dtype i32", rt_arange(w->ctx, RT_I32, rt_float(0), ten, one, OUT));
  MISUSE(DTYPE, "arange: a float bound or step with dtype u64", rt_arange(w->ctx, RT_U64, zero, not_a_number, one, OUT));
  MISUSE(DTYPE, "arange: a float bound or step with dtype i32", rt_arange(w->ctx, RT_I32, zero, ten, rt_float(1), OUT));
  MISUSE(SHAPE, "arange: more than 2^63-1 elements", rt_arange(w->ctx, RT_I64, rt_int(INT64_MIN), rt_int(INT64_MAX), one, OUT));
  MISUSE(SHAPE, "arange: more than 2^63-1 elements", rt_arange(w->ctx, RT_U64, zero, rt_uint(UINT64_MAX), one, OUT));
  MISUSE(SHAPE, "more than 2^63-1 bytes", rt_arange(w->ctx, RT_I64, zero, rt_int(INT64_MAX), one, OUT));
  MISUSE(NO_MEMORY, "", rt_arange(w->ctx, RT_F32, zero, rt_int(HUGE_EXTENT), one, OUT));

  MISUSE(ARGUMENT, "arange: out is NULL", rt_arange_into(zero, one, NULL));
  MISUSE(SHAPE, "arange: out has shape [3,4], not one axis", rt_arange_into(zero, one, w->f.out));
  MISUSE(SHAPE, "arange: out has shape [], not one axis", rt_arange_into(zero, one, w->f.scalar));
  MISUSE(DTYPE, "arange: not defined for bool", rt_arange_into(zero, one, w->b.flat));
  MISUSE(ARGUMENT, "arange: 0 is no kind of scalar", rt_arange_into(NO_KIND(0), one, w->f.flat));
  MISUSE(ARGUMENT, "arange: 99 is no kind of scalar", rt_arange_into(zero, NO_KIND(99), w->f.flat));
  MISUSE(ARGUMENT, "arange: 99 is no kind of scalar", rt_arange_into(NO_KIND(99), one, w->i.flat));
  MISUSE(DTYPE, "arange: a float bound or step with dtype i32", rt_arange_into(rt_float(0.5), one, w->i.flat));
  MISUSE(DTYPE, "arange: a float bound or step with dtype i64", rt_arange_into(zero, rt_float(1), w->l.flat));
  MISUSE(ARGUMENT, "arange: from 0 by nan", rt_arange_into(zero, not_a_number, w->f.flat));
  MISUSE(ARGUMENT, "arange: from inf by 1", rt_arange_into(infinite, one, w->f.flat));
  MISUSE(ARGUMENT, "arange: from 0 by 0", rt_arange_into(zero, zero, w->i.flat));
  MISUSE(ARGUMENT, "arange: from 0 by 0", rt_arange_into(zero, rt_float(0), w->f.flat));
}

static void where_and_gather(world *w) {
  MISUSE(ARGUMENT, "where: the first input is NULL", rt_where(NULL, w->f.x, w->f.y, OUT));
  MISUSE(ARGUMENT, "where: the second input is NULL", rt_where(w->b.x, NULL, w->f.y, OUT));
  MISUSE(ARGUMENT, "where: the third input is NULL", rt_where(w->b.x, w->f.x, NULL, OUT));
  MISUSE(ARGUMENT, "where: out is NULL", rt_where(w->b.x, w->f.x, w->f.y, NO_OUT));
  MISUSE(DTYPE, "where: the condition has dtype f32, not bool", rt_where(w->f.x, w->f.x, w->f.y, OUT));
  MISUSE(DTYPE, "where: the condition has dtype i32, not bool", rt_where(w->i.x, w->f.x, w->f.y, OUT));
  MISUSE(DTYPE, "where: the condition has dtype f64, not bool", rt_where(w->weak_f, w->f.x, w->f.y, OUT));
  MISUSE(DTYPE, "where: promote: no dtype holds", rt_where(w->b.x, w->u.x, w->i.y, OUT));
  MISUSE(STATE, "where: the tensors belong to two contexts", rt_where(w->b.foreign, w->f.x, w->f.y, OUT));
  MISUSE(STATE, "where: the tensors belong to two contexts", rt_where(w->b.x, w->f.x, w->f.foreign, OUT));
  MISUSE(SHAPE, "where: shapes [3,4] and [4,5] do not broadcast", rt_where(w->b.x, w->f.x, w->f.wider, OUT));
  MISUSE(SHAPE, "where: shapes [4,5] and [3,4] do not broadcast", rt_where(w->b.wider, w->f.x, w->f.y, OUT));
  MISUSE(ARGUMENT, "where: the first input is NULL", rt_where_into(NULL, w->f.x, w->f.y, w->f.out));
  MISUSE(DTYPE, "where: the condition has dtype i64, not bool", rt_where_into(w->l.x, w->f.x, w->f.y, w->f.out));
  MISUSE(ARGUMENT, "where: out is a scalar tensor", rt_where_into(w->b.scalar, w->d.scalar, w->d.scalar, w->weak_f));
  WRONG_OUTPUTS(where, w->f, rt_where_into, w->b.x, w->f.x, w->f.y);
  WRONG_DTYPES(where, rt_where_into, w->b.x, w->f.x, w->f.y);

  rt_tensor *rows = NULL, *beyond = NULL, *deep_rows = NULL;
  need(rt_from_data(w->ctx, RT_I64, 1, SHAPE(3), (int64_t[]){0, 2, -3}, &rows), NULL);
  need(rt_from_data(w->ctx, RT_I32, 1, SHAPE(2), (int32_t[]){0, 3}, &beyond), NULL);
  need(rt_reshape(rows, 16, SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3), &deep_rows), NULL);
  recount(w);
  MISUSE(ARGUMENT, "gather: the first input is NULL", rt_gather(NULL, rows, 0, OUT));
  MISUSE(ARGUMENT, "gather: the second input is NULL", rt_gather(w->f.x, NULL, 0, OUT));
  MISUSE(ARGUMENT, "gather: out is NULL", rt_gather(w->f.x, rows, 0, NO_OUT));
  MISUSE(STATE, "gather: the tensors belong to two contexts", rt_gather(w->f.foreign, rows, 0, OUT));
  MISUSE(STATE, "gather: the tensors belong to two contexts", rt_gather(w->f.x, w->l.foreign, 0, OUT));
  MISUSE(ARGUMENT, "gather: axis 2 is not in -2 to 1", rt_gather(w->f.x, rows, 2, OUT));
  MISUSE(ARGUMENT, "gather: axis -3 is not in -2 to 1", rt_gather(w->f.x, rows, -3, OUT));
  MISUSE(ARGUMENT, "gather: axis -2147483648", rt_gather(w->f.x, rows, INT32_MIN, OUT));
  MISUSE(ARGUMENT, "gather: axis 0, but the tensor has rank 0", rt_gather(w->f.scalar, rows, 0, OUT));
  MISUSE(DTYPE, "gather: indices have dtype f32, not an integer", rt_gather(w->f.x, w->f.flat, 0, OUT));
  MISUSE(DTYPE, "gather: indices have dtype bool, not an integer", rt_gather(w->f.x, w->b.flat, 0, OUT));
  MISUSE(DTYPE, "gather: indices have dtype f64, not an integer", rt_gather(w->f.x, w->weak_f, 0, OUT));
  MISUSE(SHAPE, "gather: the result would have rank 17, more than 16", rt_gather(w->f.x, deep_rows, 0, OUT));
  MISUSE(SHAPE, "gather: the result would have rank 31, more than 16", rt_gather(w->deep, deep_rows, 0, OUT));
  MISUSE(INDEX, "3", rt_gather(w->f.x, beyond, 0, OUT));
  MISUSE(INDEX, "gather: ", rt_gather(w->f.x, w->l.flat, 0, OUT));
  MISUSE(INDEX, "gather: no index is in range for axis 0 of extent 0", rt_gather(w->none, rows, 0, OUT));
  MISUSE(ARGUMENT, "gather: the second input is NULL", rt_gather_into(w->f.x, NULL, 0, w->f.out));
  MISUSE(ARGUMENT, "gather: axis 2 is not in -2 to 1", rt_gather_into(w->f.x, rows, 2, w->f.out));
  MISUSE(DTYPE, "gather: indices have dtype f32, not an integer", rt_gather_into(w->f.x, w->f.flat, 0, w->f.out));
  MISUSE(SHAPE, "gather: out has shape [3,4], but the result is [3,3]", rt_gather_into(w->f.x, rows, 1, w->f.out));
  WRONG_OUTPUTS(gather, w->f, rt_gather_into, w->f.x, rows, 0);
  WRONG_DTYPES(gather, rt_gather_into, w->f.x, rows, 0);
  rt_release(rows);
  rt_release(beyond);
  rt_release(deep_rows);
  recount(w);
}

static void matmul(world *w) {
  rt_tensor *turned = NULL, *square = NULL, *batches = NULL;
  need(rt_transpose(w->f.x, 0, 1, &turned), NULL);               // [4,3]
  need(rt_ones(w->ctx, RT_F32, 2, SHAPE(4, 4), &square), NULL);
  need(rt_ones(w->ctx, RT_F32, 3, SHAPE(2, 4, 4), &batches), NULL);
  rt_tensor *other_batches = NULL;
  need(rt_ones(w->ctx, RT_F32, 3, SHAPE(3, 4, 4), &other_batches), NULL);
  rt_tensor *doubles = NULL;
  need(rt_ones(w->ctx, RT_F64, 1, SHAPE(4), &doubles), NULL);
  rt_tensor *nothing = NULL;
  need(rt_transpose(w->none, 0, 1, &nothing), NULL);
  recount(w);
  MISUSE(ARGUMENT, "matmul: the first input is NULL", rt_matmul(NULL, turned, OUT));
  MISUSE(ARGUMENT, "matmul: the second input is NULL", rt_matmul(w->f.x, NULL, OUT));
  MISUSE(ARGUMENT, "matmul: out is NULL", rt_matmul(w->f.x, turned, NO_OUT));
  MISUSE(STATE, "matmul: the tensors belong to two contexts", rt_matmul(w->f.foreign, turned, OUT));
  MISUSE(STATE, "matmul: the tensors belong to two contexts", rt_matmul(square, w->f.foreign, OUT));
  MISUSE(SHAPE, "matmul: the first operand has rank 0", rt_matmul(w->f.scalar, turned, OUT));
  MISUSE(SHAPE, "matmul: the second operand has rank 0", rt_matmul(w->f.x, w->f.scalar, OUT));
  MISUSE(SHAPE, "matmul: the second operand has rank 0", rt_matmul(w->f.x, w->weak_f, OUT));
  MISUSE(SHAPE, "matmul: shapes [3,4] and [3,4]: the inner extents 4 and 3 differ", rt_matmul(w->f.x, w->f.y, OUT));
  MISUSE(SHAPE, "the inner extents 12 and 4 differ", rt_matmul(w->f.flat, square, OUT));
  MISUSE(SHAPE, "the inner extents 4 and 12 differ", rt_matmul(w->f.x, w->f.flat, OUT));
  MISUSE(SHAPE, "the inner extents 12 and 4 differ", rt_matmul(w->f.flat, w->one_d, OUT));
  MISUSE(SHAPE, "the inner extents 4 and 0 differ", rt_matmul(w->f.x, w->none, OUT));
  MISUSE(SHAPE, "matmul: the batch axes of [2,4,4] and [3,4,4] do not broadcast", rt_matmul(batches, other_batches, OUT));
  MISUSE(DTYPE, "matmul: not defined for bool", rt_matmul(w->b.x, w->b.x, OUT));
  MISUSE(DTYPE, "matmul: promote: no dtype holds", rt_matmul(w->u.x, w->l.x, OUT));
  MISUSE(ARGUMENT, "matmul: the first input is NULL", rt_matmul_into(NULL, square, w->f.out));
  MISUSE(ARGUMENT, "matmul: the second input is NULL", rt_matmul_into(w->f.x, NULL, w->f.out));
  MISUSE(SHAPE, "the inner extents 4 and 3 differ", rt_matmul_into(w->f.x, w->f.y, w->f.out));
  MISUSE(SHAPE, "matmul: out has shape [12], but the result is [4]", rt_matmul_into(w->one_d, square, w->f.flat));
  MISUSE(SHAPE, "matmul: out has shape [12], but the result is [3]", rt_matmul_into(w->f.x, w->one_d, w->f.flat));
  MISUSE(SHAPE, "matmul: out has shape [12], but the result is []", rt_matmul_into(w->one_d, w->one_d, w->f.flat));
  MISUSE(SHAPE, "matmul: out has shape [], but the result is [3]", rt_matmul_into(w->f.x, w->one_d, w->f.scalar));
  MISUSE(SHAPE, "matmul: out has shape [1,1,", rt_matmul_into(w->f.x, w->one_d, w->deep));
  MISUSE(SHAPE, "matmul: out has shape [1,1,", rt_matmul_into(w->one_d, w->one_d, w->deep));
  MISUSE(ARGUMENT, "matmul: out is a scalar tensor", rt_matmul_into(w->one_d, doubles, w->weak_f));
  MISUSE(SHAPE, "matmul:*out has shape [3,4], but the result is [4,4]", rt_matmul_into(nothing, w->none, w->f.out));
  WRONG_OUTPUTS(matmul, w->f, rt_matmul_into, w->f.x, square);
  WRONG_DTYPES(matmul, rt_matmul_into, w->f.x, square);
  rt_release(turned);
  rt_release(square);
  rt_release(batches);
  rt_release(other_batches);
  rt_release(doubles);
  rt_release(nothing);
  recount(w);
}

/// Numbers that no convolution or pooling takes. CALL(window)
#define WINDOW_ROWS(name, CALL, SIZE)                                                                                      \
  MISUSE(ARGUMENT, name ": spatial axis 0 has window 3, stride -1", CALL((rt_window){SIZE, .stride = {-1}}));              \
  MISUSE(ARGUMENT, name ": spatial axis 1 has window 3, stride -2147483648", CALL((rt_window){SIZE, .stride = {1, INT32_MIN}})); \
  MISUSE(ARGUMENT, "dilation -1", CALL((rt_window){SIZE, .dilation = {1, -1}}));                                           \
  MISUSE(ARGUMENT, "dilation -2147483648", CALL((rt_window){SIZE, .dilation = {INT32_MIN}}));                              \
  MISUSE(SHAPE, name ": a window that reaches over 4294967295 elements", CALL((rt_window){SIZE, .dilation = {INT32_MAX}})); \
  MISUSE(SHAPE, name ": a window that reaches over 7 elements does not fit", CALL((rt_window){SIZE, .dilation = {1, 3}})); \
  MISUSE(ARGUMENT, "pads -1 and 0", CALL((rt_window){SIZE, .pad_lo = {-1}}));                                              \
  MISUSE(ARGUMENT, "pads 0 and -2147483648", CALL((rt_window){SIZE, .pad_hi = {0, INT32_MIN}}))
#define GROUP_ROWS(name, CALL)                                                                                             \
  MISUSE(ARGUMENT, name ": groups -1", CALL((rt_window){.size = {3, 3}, .groups = -1}));                                   \
  MISUSE(ARGUMENT, name ": groups -2147483648", CALL((rt_window){.size = {3, 3}, .groups = INT32_MIN}))

#define CONV(...) rt_conv(w->image, w->kernel, w->bias, &__VA_ARGS__, OUT)
#define MAX_POOL(...) rt_max_pool(w->image, &__VA_ARGS__, OUT)
#define AVG_POOL(...) rt_avg_pool(w->image, &__VA_ARGS__, OUT)
#define MAX_POOL_INDICES(...) rt_max_pool_indices(w->image, &__VA_ARGS__, OUT)
#define TWO_GROUPS .groups = 2
#define WINDOW_OF_3 .size = {3, 3}

static void convolution(world *w) {
  const rt_window two_groups = {.groups = 2};
  rt_tensor *fixed = NULL, *spread = NULL, *conv_out = NULL, *half = NULL, *foreign = NULL;
  void *memory = calloc(64, sizeof(float));
  need(rt_import(w->ctx, RT_F32, 4, SHAPE(1, 4, 4, 4), NULL, memory, true, NULL, NULL, &fixed), NULL);
  need(rt_expand(w->bias, 4, SHAPE(1, 4, 4, 4), &spread), NULL);
  need(rt_zeros(w->ctx, RT_F32, 4, SHAPE(1, 4, 5, 4), &conv_out), NULL);
  need(rt_zeros(w->ctx, RT_F16, 4, SHAPE(1, 4, 4, 4), &half), NULL);
  need(rt_zeros(w->other, RT_F32, 4, SHAPE(1, 4, 4, 4), &foreign), NULL);
  recount(w);
  MISUSE(ARGUMENT, "conv: the first input is NULL", rt_conv(NULL, w->kernel, w->bias, &two_groups, OUT));
  MISUSE(ARGUMENT, "conv: the second input is NULL", rt_conv(w->image, NULL, w->bias, &two_groups, OUT));
  MISUSE(ARGUMENT, "conv: the second input is NULL", rt_conv(w->image, NULL, NULL, &two_groups, OUT));
  MISUSE(ARGUMENT, "conv: out is NULL", rt_conv(w->image, w->kernel, w->bias, &two_groups, NO_OUT));
  MISUSE(STATE, "conv: the tensors belong to two contexts", rt_conv(foreign, w->kernel, w->bias, &two_groups, OUT));
  MISUSE(STATE, "conv: the tensors belong to two contexts", rt_conv(w->image, w->kernel, w->f.foreign, &two_groups, OUT));
  MISUSE(SHAPE, "conv: x [1,4,6,6] and weight [4,2,3,3] do not fit with groups 1", rt_conv(w->image, w->kernel, w->bias, NULL, OUT));
  MISUSE(SHAPE, "conv: x of shape [3,4] is not [N,C,...]", rt_conv(w->f.x, w->kernel, NULL, &two_groups, OUT));
  MISUSE(SHAPE, "conv: x of shape [] is not [N,C,...]", rt_conv(w->f.scalar, w->kernel, NULL, &two_groups, OUT));
  MISUSE(SHAPE, "conv: x of shape [] is not [N,C,...]", rt_conv(w->weak_f, w->kernel, NULL, &two_groups, OUT));
  MISUSE(SHAPE, "is not [N,C,...]", rt_conv(w->deep, w->deep, NULL, &two_groups, OUT));
  MISUSE(SHAPE, "conv: weight [3,4] does not have the rank of x [1,4,6,6]", rt_conv(w->image, w->f.x, NULL, &two_groups, OUT));
  MISUSE(SHAPE, "conv: bias has shape [3,4], not [4]", rt_conv(w->image, w->kernel, w->f.x, &two_groups, OUT));
  MISUSE(SHAPE, "conv: bias has shape [12], not [4]", rt_conv(w->image, w->kernel, w->f.flat, &two_groups, OUT));
  MISUSE(SHAPE, "conv: bias has shape [], not [4]", rt_conv(w->image, w->kernel, w->weak_f, &two_groups, OUT));
  MISUSE(SHAPE, "do not fit with groups 3", CONV((rt_window){.groups = 3}));
  MISUSE(SHAPE, "do not fit with groups 4", CONV((rt_window){.groups = 4}));
  MISUSE(SHAPE, "do not fit with groups 2147483647", CONV((rt_window){.groups = INT32_MAX}));
  MISUSE(ARGUMENT, "conv: window size 2 of axis 0, but the weight's extent is 3", CONV((rt_window){.groups = 2, .size = {2, 3}}));
  MISUSE(ARGUMENT, "conv: window size -1 of axis 1", CONV((rt_window){.groups = 2, .size = {3, -1}}));
  WINDOW_ROWS("conv", CONV, TWO_GROUPS);
  GROUP_ROWS("conv", CONV);
  MISUSE(NO_MEMORY, "", CONV((rt_window){.groups = 2, .pad_lo = {INT32_MAX}, .pad_hi = {INT32_MAX}}));
  MISUSE(SHAPE, "conv: shape [1,4,4294967298,4294967298] ",
         CONV((rt_window){.groups = 2, .pad_lo = {INT32_MAX, INT32_MAX}, .pad_hi = {INT32_MAX, INT32_MAX}}));
  MISUSE(ARGUMENT, "conv: the first input is NULL", rt_conv_into(NULL, w->kernel, NULL, &two_groups, conv_out));
  MISUSE(ARGUMENT, "conv: out is NULL", rt_conv_into(w->image, w->kernel, NULL, &two_groups, NULL));
  MISUSE(SHAPE, "conv: out has shape [1,4,5,4], but the result is [1,4,4,4]",
         rt_conv_into(w->image, w->kernel, NULL, &two_groups, conv_out));
  MISUSE(SHAPE, "conv: out has shape [3,4], but the result is [1,4,4,4]", rt_conv_into(w->image, w->kernel, NULL, &two_groups, w->f.out));
  MISUSE(DTYPE, "conv: out has dtype f16, but the result is f32", rt_conv_into(w->image, w->kernel, NULL, &two_groups, half));
  MISUSE(STATE, "conv: the tensors belong to two contexts", rt_conv_into(w->image, w->kernel, NULL, &two_groups, foreign));
  MISUSE(ARGUMENT, "conv: several elements of out", rt_conv_into(w->image, w->kernel, NULL, &two_groups, spread));
  MISUSE(STATE, "conv: the output is read-only", rt_conv_into(w->image, w->kernel, NULL, &two_groups, fixed));
  MISUSE(SHAPE, "do not fit with groups 3", rt_conv_into(w->image, w->kernel, NULL, &(rt_window){.groups = 3}, conv_out));
  rt_tensor *all[] = {fixed, spread, conv_out, half, foreign};
  for (size_t k = 0; k < COUNT(all); k++) rt_release(all[k]);
  recount(w);
  free(memory);
}

#define POOL_ROWS(name, NAME, k)                                                                                              \
  MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name(NULL, &(rt_window){.size = {2, 2}}, OUT));                         \
  MISUSE(ARGUMENT, #name ": window is NULL", rt_##name(w->image, NULL, OUT));                                              \
  MISUSE(ARGUMENT, #name ": out is NULL", rt_##name(w->image, &(rt_window){.size = {2, 2}}, NO_OUT));                      \
  MISUSE(ARGUMENT, #name ": spatial axis 0 has window 0", NAME((rt_window){.size = {0, 2}}));                              \
  MISUSE(ARGUMENT, #name ": spatial axis 1 has window -1", NAME((rt_window){.size = {2, -1}}));                            \
  MISUSE(ARGUMENT, #name ": spatial axis 0 has window -2147483648", NAME((rt_window){.size = {INT32_MIN, 2}}));            \
  MISUSE(SHAPE, #name ": a window that reaches over 2147483647 elements", NAME((rt_window){.size = {INT32_MAX, 2}}));      \
  MISUSE(SHAPE, "reaches over 4611686011984936963 elements", NAME((rt_window){.size = {INT32_MAX, 2}, .dilation = {INT32_MAX}})); \
  WINDOW_ROWS(#name, NAME, WINDOW_OF_3);\
  GROUP_ROWS(#name, NAME);                                                                                \
  MISUSE(ARGUMENT, "pads 3 and 0, not below the window's reach of 3", NAME((rt_window){.size = {3, 3}, .pad_lo = {3}}));   \
  MISUSE(ARGUMENT, "pads 0 and 2147483647, not below", NAME((rt_window){.size = {3, 3}, .pad_hi = {INT32_MAX}}));          \
  MISUSE(SHAPE, #name ": x of shape [3,4] is not [N,C,...]", rt_##name(w->f.x, &(rt_window){.size = {2, 2}}, OUT));        \
  MISUSE(SHAPE, #name ": x of shape [1,1,1,1,1,1,1,2", rt_##name(w->deep, &(rt_window){.size = {1, 1, 1}}, OUT));          \
  MISUSE(ARGUMENT, #name ": window is NULL", rt_##name##_into(w->image, NULL, w->f.out));                                  \
  MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name##_into(NULL, &(rt_window){.size = {2, 2}}, w->f.out));             \
  MISUSE(ARGUMENT, #name ": out is NULL", rt_##name##_into(w->image, &(rt_window){.size = {2, 2}}, NULL));                 \
  MISUSE(STATE, #name ": the tensors belong to two", rt_##name##_into(w->image, &(rt_window){.size = {2, 2}}, w->f.foreign)); \
  MISUSE(DTYPE, #name ": out has dtype i32", rt_##name##_into(w->image, &(rt_window){.size = {2, 2}}, w->i.out));          \
  MISUSE(SHAPE, #name ": out has shape [3,4], but the result is [1,4,5,5]", \
         rt_##name##_into(w->image, &(rt_window){.size = {2, 2}}, (k).out))

static void pooling(world *w) {
  POOL_ROWS(max_pool, MAX_POOL, w->f);
  POOL_ROWS(avg_pool, AVG_POOL, w->f);
  POOL_ROWS(max_pool_indices, MAX_POOL_INDICES, w->l);
  rt_tensor *flags = NULL;
  need(rt_zeros(w->ctx, RT_BOOL, 4, SHAPE(1, 1, 4, 4), &flags), NULL);
  recount(w);
  MISUSE(DTYPE, "max_pool: not defined for bool", rt_max_pool(flags, &(rt_window){.size = {2, 2}}, OUT));
  rt_release(flags);
  recount(w);
}

#define SOFTMAX_ROWS(name)                                                                                                 \
  MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name(NULL, 0, OUT));                                            \
  MISUSE(ARGUMENT, #name ": out is NULL", rt_##name(w->f.x, 0, NO_OUT));                                                   \
  MISUSE(ARGUMENT, #name ": axis 2 is not in -2 to 1", rt_##name(w->f.x, 2, OUT));                                         \
  MISUSE(ARGUMENT, #name ": axis -3 is not in -2 to 1", rt_##name(w->f.x, -3, OUT));                                       \
  MISUSE(ARGUMENT, #name ": axis -2147483648", rt_##name(w->f.x, INT32_MIN, OUT));                                         \
  MISUSE(ARGUMENT, #name ": axis 2147483647", rt_##name(w->f.x, INT32_MAX, OUT));                                          \
  MISUSE(ARGUMENT, #name ": axis 0, but the tensor has rank 0", rt_##name(w->f.scalar, 0, OUT));                           \
  MISUSE(ARGUMENT, #name ": axis 0, but the tensor has rank 0", rt_##name(w->weak_f, 0, OUT));                             \
  MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name##_into(NULL, 0, w->f.out));                                \
  MISUSE(ARGUMENT, #name ": axis 2 is not in -2 to 1", rt_##name##_into(w->f.x, 2, w->f.out));                             \
  WRONG_OUTPUTS(name, w->f, rt_##name##_into, w->f.x, 1);                                                                  \
  WRONG_DTYPES(name, rt_##name##_into, w->f.x, 1)

#define LIST(...) (const rt_tensor *const[]){__VA_ARGS__}

static void concat(world *w) {
  rt_tensor *top = NULL;
  need(rt_slice(w->f.x, 0, 0, 1, 1, &top), NULL);
  rt_tensor *rest = NULL;
  need(rt_slice(w->f.x, 0, 1, 3, 1, &rest), NULL);
  recount(w);
  MISUSE(ARGUMENT, "concat: 0 tensors", rt_concat(0, LIST(w->f.x), 0, OUT));
  MISUSE(ARGUMENT, "concat: 0 tensors", rt_concat(0, NULL, 0, OUT));
  MISUSE(ARGUMENT, "concat: -1 tensors", rt_concat(-1, LIST(w->f.x), 0, OUT));
  MISUSE(ARGUMENT, "concat: -2147483648 tensors", rt_concat(INT32_MIN, LIST(w->f.x), 0, OUT));
  MISUSE(ARGUMENT, "concat: ", rt_concat(2, NULL, 0, OUT));
  MISUSE(ARGUMENT, "concat: tensor 0 is NULL", rt_concat(2, LIST(NULL, w->f.x), 0, OUT));
  MISUSE(ARGUMENT, "concat: tensor 1 is NULL", rt_concat(2, LIST(w->f.x, NULL), 0, OUT));
  MISUSE(ARGUMENT, "concat: out is NULL", rt_concat(2, LIST(w->f.x, w->f.y), 0, NO_OUT));
  MISUSE(STATE, "concat: the tensors belong to two contexts", rt_concat(2, LIST(w->f.x, w->f.foreign), 0, OUT));
  MISUSE(ARGUMENT, "concat: axis 2 is not in -2 to 1", rt_concat(2, LIST(w->f.x, w->f.y), 2, OUT));
  MISUSE(ARGUMENT, "concat: axis -2147483648", rt_concat(2, LIST(w->f.x, w->f.y), INT32_MIN, OUT));
  MISUSE(ARGUMENT, "concat: axis 0, but the tensor has rank 0", rt_concat(2, LIST(w->f.scalar, w->f.scalar), 0, OUT));
  MISUSE(SHAPE, "concat: tensor 1 of shape [4,5] does not fit to [3,4] along axis 0", rt_concat(2, LIST(w->f.x, w->f.wider), 0, OUT));
  MISUSE(SHAPE, "concat: tensor 1 of shape [12] does not fit to [3,4]", rt_concat(2, LIST(w->f.x, w->f.flat), 0, OUT));
  MISUSE(SHAPE, "concat: tensor 1 of shape [] does not fit to [3,4]", rt_concat(2, LIST(w->f.x, w->weak_f), 0, OUT));
  MISUSE(DTYPE, "concat: promote: no dtype holds", rt_concat(2, LIST(w->u.x, w->l.x), 0, OUT));
  MISUSE(ARGUMENT, "concat: 0 tensors", rt_concat_into(0, LIST(w->f.x), 0, w->f.out));
  MISUSE(ARGUMENT, "concat: tensor 1 is NULL", rt_concat_into(2, LIST(w->f.x, NULL), 0, w->f.out));
  WRONG_OUTPUTS(concat, w->f, rt_concat_into, 2, LIST(top, rest), 0);
  WRONG_DTYPES(concat, rt_concat_into, 2, LIST(top, rest), 0);
  rt_release(top);
  rt_release(rest);
  recount(w);
}

static void pad(world *w) {
  const int64_t *none = SHAPE(0, 0), *one = SHAPE(1, 1);
  const rt_scalar zero = rt_int(0);
  MISUSE(ARGUMENT, "pad: the first input is NULL", rt_pad(NULL, one, one, RT_PAD_CONSTANT, zero, OUT));
  MISUSE(ARGUMENT, "pad: pad_lo is NULL", rt_pad(w->f.x, NULL, one, RT_PAD_CONSTANT, zero, OUT));
  MISUSE(ARGUMENT, "pad: pad_hi is NULL", rt_pad(w->f.x, one, NULL, RT_PAD_CONSTANT, zero, OUT));
  MISUSE(ARGUMENT, "pad: out is NULL", rt_pad(w->f.x, one, one, RT_PAD_CONSTANT, zero, NO_OUT));
  MISUSE(ARGUMENT, "pad: 4 is no mode", rt_pad(w->f.x, one, one, (rt_pad_mode)4, zero, OUT));
  MISUSE(ARGUMENT, "pad: -1 is no mode", rt_pad(w->f.x, one, one, (rt_pad_mode)-1, zero, OUT));
  MISUSE(ARGUMENT, "pad: 0 is no kind of scalar", rt_pad(w->f.x, one, one, RT_PAD_CONSTANT, NO_KIND(0), OUT));
  MISUSE(ARGUMENT, "pad: 99 is no kind of scalar", rt_pad(w->f.x, one, one, RT_PAD_CONSTANT, NO_KIND(99), OUT));
  MISUSE(SHAPE, "pad: -4 and 0 on axis 0", rt_pad(w->f.x, SHAPE(-4, 0), none, RT_PAD_CONSTANT, zero, OUT));
  MISUSE(SHAPE, "pad: -2 and -2 on axis 0", rt_pad(w->f.x, SHAPE(-2, 0), SHAPE(-2, 0), RT_PAD_CONSTANT, zero, OUT));
  MISUSE(SHAPE, "pad: -4 and 9 on axis 0", rt_pad(w->f.x, SHAPE(-4, 0), SHAPE(9, 0), RT_PAD_CONSTANT, zero, OUT));
  MISUSE(SHAPE, "pad: -9223372036854775808 and 0 on axis 1", rt_pad(w->f.x, SHAPE(0, INT64_MIN), none, RT_PAD_CONSTANT, zero, OUT));
  MISUSE(SHAPE, "pad: 9223372036854775807 and 0", rt_pad(w->f.x, SHAPE(INT64_MAX, 0), none, RT_PAD_CONSTANT, zero, OUT));
  MISUSE(SHAPE, "pad: 9223372036854775807 and 9223372036854775807",
         rt_pad(w->f.x, SHAPE(INT64_MAX, 0), SHAPE(INT64_MAX, 0), RT_PAD_WRAP, zero, OUT));
  MISUSE(SHAPE, "more than 2^63-1", rt_pad(w->f.x, SHAPE(INT64_C(1) << 62, 0), none, RT_PAD_CONSTANT, zero, OUT));
  MISUSE(NO_MEMORY, "", rt_pad(w->f.x, SHAPE(HUGE_EXTENT, 0), none, RT_PAD_CONSTANT, zero, OUT));
  MISUSE(SHAPE, "this mode allows at most 2", rt_pad(w->f.x, SHAPE(3, 0), none, RT_PAD_REFLECT, zero, OUT));
  MISUSE(SHAPE, "this mode allows at most 3", rt_pad(w->f.x, none, SHAPE(0, 4), RT_PAD_REFLECT, zero, OUT));
  MISUSE(SHAPE, "this mode allows at most 3", rt_pad(w->f.x, SHAPE(4, 0), none, RT_PAD_WRAP, zero, OUT));
  MISUSE(SHAPE, "this mode allows at most 0", rt_pad(w->none, SHAPE(1, 0), none, RT_PAD_EDGE, zero, OUT));
  MISUSE(SHAPE, "this mode allows at most 0", rt_pad(w->none, SHAPE(1, 0), none, RT_PAD_WRAP, zero, OUT));
  MISUSE(SHAPE, "this mode allows at most", rt_pad(w->none, none, SHAPE(1, 0), RT_PAD_REFLECT, zero, OUT));
  MISUSE(SHAPE, "this mode allows at most 0", rt_pad(w->f.x, SHAPE(-3, 0), SHAPE(5, 0), RT_PAD_EDGE, zero, OUT));
  MISUSE(SHAPE, "this mode allows at most 0", rt_pad(w->f.x, SHAPE(-2, 0), SHAPE(2, 0), RT_PAD_REFLECT, zero, OUT));
  MISUSE(SHAPE, "this mode allows at most 1", rt_pad(w->f.x, SHAPE(-2, 0), SHAPE(2, 0), RT_PAD_WRAP, zero, OUT));
  MISUSE(ARGUMENT, "pad: the first input is NULL", rt_pad_into(NULL, none, none, RT_PAD_CONSTANT, zero, w->f.out));
  MISUSE(ARGUMENT, "pad: pad_lo is NULL", rt_pad_into(w->f.x, NULL, none, RT_PAD_CONSTANT, zero, w->f.out));
  MISUSE(ARGUMENT, "pad: 99 is no kind of scalar", rt_pad_into(w->f.x, none, none, RT_PAD_CONSTANT, NO_KIND(99), w->f.out));
  MISUSE(ARGUMENT, "pad: 9 is no mode", rt_pad_into(w->f.x, none, none, (rt_pad_mode)9, zero, w->f.out));
  MISUSE(ARGUMENT, "pad:*out is a scalar tensor", rt_pad_into(w->d.scalar, NULL, NULL, RT_PAD_CONSTANT, zero, w->weak_f));
  WRONG_OUTPUTS(pad, w->f, rt_pad_into, w->f.x, none, none, RT_PAD_EDGE, zero);
  WRONG_DTYPES(pad, rt_pad_into, w->f.x, none, none, RT_PAD_CONSTANT, zero);
}

static void operations_with_parameters(void **state) {
  world *w = *state;
  copy_and_cast(w);
  creation(w);
  arange(w);
  where_and_gather(w);
  matmul(w);
  convolution(w);
  pooling(w);
  transposed_convolution(w);
  quantisation(w);
  integer_products(w);
  SOFTMAX_ROWS(softmax);
  SOFTMAX_ROWS(log_softmax);
  misuse_along(w);
  misuse_index(w);
  misuse_neural(w);
  concat(w);
  pad(w);
  judge();
}

#endif
