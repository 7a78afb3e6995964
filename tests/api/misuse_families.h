// SPDX-License-Identifier: BSD-3-Clause
// The misuse rows that are the same for every operation of a family, expanded from ops.def: a new operation gets its rows with its row.
#ifndef TRIVET_TEST_MISUSE_FAMILIES_H
#define TRIVET_TEST_MISUSE_FAMILIES_H

#include "misuse_world.h"

// Inputs of a dtype that the class takes, and outputs of the dtype that the result then has. `S`: of rank 0 beside a scalar tensor.
#define IN_NUMERIC w->f
#define IN_FLOAT w->f
#define IN_ANY w->f
#define IN_BITS w->i
#define IN_INTEGER w->i
#define IN_NUMERIC_C w->f
#define IN_FLOAT_C w->f
#define IN_ANY_C w->f
#define SAME_NUMERIC_C w->f
#define SAME_FLOAT_C w->f
#define SAME_ANY_C w->f
#define SAME_NUMERIC w->f
#define SAME_FLOAT w->f
#define SAME_ANY w->f
#define SAME_BITS w->i
#define SAME_INTEGER w->i
#define RESULT_SAME(dtypes) SAME_##dtypes
#define RESULT_BOOL(dtypes) w->b
#define RESULT_SUM(dtypes) w->f
#define RESULT_I64(dtypes) w->l
#define RESULT_REAL(dtypes) SAME_##dtypes
#define RESULT_COMPLEX(dtypes) w->z
#define S_IN_NUMERIC_C w->d.scalar
#define S_IN_FLOAT_C w->d.scalar
#define S_IN_ANY_C w->d.scalar
#define S_SAME_NUMERIC_C w->weak_f
#define S_SAME_FLOAT_C w->weak_f
#define S_SAME_ANY_C w->weak_f
#define S_IN_NUMERIC w->d.scalar
#define S_IN_FLOAT w->d.scalar
#define S_IN_ANY w->d.scalar
#define S_IN_BITS w->l.scalar
#define S_IN_INTEGER w->l.scalar
#define S_SAME_NUMERIC w->weak_f
#define S_SAME_FLOAT w->weak_f
#define S_SAME_ANY w->weak_f
#define S_SAME_BITS w->weak_l
#define S_SAME_INTEGER w->weak_l
#define S_RESULT_SAME(dtypes) S_SAME_##dtypes
#define S_RESULT_BOOL(dtypes) w->weak_b
#define S_RESULT_SUM(dtypes) w->weak_f
#define S_RESULT_I64(dtypes) w->weak_l
#define S_RESULT_REAL(dtypes) S_SAME_##dtypes
#define S_RESULT_COMPLEX(dtypes) w->weak_z

// A dtype that the class does not take, in every input.
#define ONE(t) t
#define TWO(t) t, t
#define THREE(t) t, t, t
#define REFUSED(dtype, t, fn, ARGS) MISUSE(DTYPE, "not defined for " dtype, fn(ARGS(t), OUT))
#define REFUSED_COMPLEX(fn, ARGS) REFUSED("c64, a complex dtype; take rt_real, rt_imag or rt_abs first", w->z.x, fn, ARGS)
#define REFUSED_NUMERIC(fn, ARGS) (REFUSED("bool", w->b.x, fn, ARGS), REFUSED_COMPLEX(fn, ARGS))
#define REFUSED_FLOAT(fn, ARGS) REFUSED_COMPLEX(fn, ARGS)
#define REFUSED_ANY(fn, ARGS) REFUSED_COMPLEX(fn, ARGS)
#define REFUSED_BITS(fn, ARGS) (REFUSED("f32", w->f.x, fn, ARGS), REFUSED_COMPLEX(fn, ARGS))
#define REFUSED_INTEGER(fn, ARGS) (REFUSED("f32", w->f.x, fn, ARGS), REFUSED_COMPLEX(fn, ARGS))
#define REFUSED_NUMERIC_C(fn, ARGS) REFUSED("bool", w->b.x, fn, ARGS)
#define REFUSED_FLOAT_C(fn, ARGS) (void)0
#define REFUSED_ANY_C(fn, ARGS) (void)0
// Keeps a row where the class takes real dtypes only.
#define REAL_ANY(...) __VA_ARGS__
#define REAL_FLOAT(...) __VA_ARGS__
#define REAL_ANY_C(...)
#define REAL_FLOAT_C(...)

/// The outputs that no operation writes, after inputs whose result has shape [3,4] and the dtype of kit k.
#define WRONG_OUTPUTS(name, k, fn, ...)                                                                                    \
  MISUSE(ARGUMENT, #name ": out is NULL", fn(__VA_ARGS__, NO_TENSOR));                                                     \
  MISUSE(STATE, #name ": the tensors belong to two contexts", fn(__VA_ARGS__, (k).foreign));                               \
  MISUSE(SHAPE, #name ": out has shape [4,5], but the result is [3,4]", fn(__VA_ARGS__, (k).wider));                       \
  MISUSE(SHAPE, #name ": out has shape [12], but the result is [3,4]", fn(__VA_ARGS__, (k).flat));                         \
  MISUSE(SHAPE, #name ": out has shape [], but the result is [3,4]", fn(__VA_ARGS__, (k).scalar));                         \
  UNWRITABLE(name, k, fn, __VA_ARGS__)
#define UNWRITABLE(name, k, fn, ...)                                                                                       \
  MISUSE(ARGUMENT, #name ":*several elements of out", fn(__VA_ARGS__, (k).spread));                                        \
  MISUSE(STATE, #name ":*the output is read-only", fn(__VA_ARGS__, (k).fixed));                                            \
  MISUSE(STATE, #name ":*the output is mapped", fn(__VA_ARGS__, (k).mapped))
#define WRONG_DTYPES(name, fn, ...)                                                                                        \
  MISUSE(DTYPE, #name ": out has dtype f16", fn(__VA_ARGS__, w->h.out));                                                   \
  MISUSE(DTYPE, #name ": out has dtype u64", fn(__VA_ARGS__, w->u.out))

/// Twice, so that what follows meets the short way of dispatch.
#define WARM(...) do { for (int i_ = 0; i_ < 2; i_++) need((__VA_ARGS__), NULL); } while (0)
#define WARM_NEW(...) do { for (int i_ = 0; i_ < 2; i_++) { need((__VA_ARGS__), NULL); rt_release(w->out); } } while (0)

// ---- one function per operation ---------------------------------------------------------------------------------------------------------

#define RT_UNARY(id, NAME, name, dtypes, result, ...)                                                                      \
  static void misuse_##name(world *w) {                                                                                    \
    WARM(rt_##name##_into(IN_##dtypes.x, RESULT_##result(dtypes).scratch));                                                \
    WARM_NEW(rt_##name(IN_##dtypes.x, &w->out));                                                                           \
    MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name(NULL, OUT));                                             \
    MISUSE(ARGUMENT, #name ": out is NULL", rt_##name(IN_##dtypes.x, NO_OUT));                                             \
    MISUSE(ARGUMENT, #name ": out is NULL", rt_##name(NULL, NO_OUT));                                                      \
    REFUSED_##dtypes(rt_##name, ONE);                                                                                      \
    MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name##_into(NULL, RESULT_##result(dtypes).out));              \
    MISUSE(ARGUMENT, #name ": out is a scalar tensor", rt_##name##_into(S_IN_##dtypes, S_RESULT_##result(dtypes)));        \
    WRONG_OUTPUTS(name, RESULT_##result(dtypes), rt_##name##_into, IN_##dtypes.x);                                         \
    WRONG_DTYPES(name, rt_##name##_into, IN_##dtypes.x);                                                                   \
  }

#define RT_PARAM(id, NAME, name, dtypes, result, ...)                                                                      \
  static void misuse_##name(world *w) {                                                                                    \
    WARM(rt_##name##_into(IN_##dtypes.x, 0.5, RESULT_##result(dtypes).scratch));                                           \
    MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name(NULL, 0.5, OUT));                                        \
    MISUSE(ARGUMENT, #name ": out is NULL", rt_##name(IN_##dtypes.x, 0.5, NO_OUT));                                        \
    MISUSE(DTYPE, #name ": not defined for c64", rt_##name(w->z.x, 0.5, OUT));                                             \
    MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name##_into(NULL, 0.5, RESULT_##result(dtypes).out));         \
    MISUSE(ARGUMENT, #name ": out is a scalar tensor", rt_##name##_into(S_IN_##dtypes, 0.5, S_RESULT_##result(dtypes)));   \
    WRONG_OUTPUTS(name, RESULT_##result(dtypes), rt_##name##_into, IN_##dtypes.x, 0.5);                                    \
    WRONG_DTYPES(name, rt_##name##_into, IN_##dtypes.x, 0.5);                                                              \
  }

#define RT_BINARY(id, NAME, name, dtypes, result, ...)                                                                     \
  static void misuse_##name(world *w) {                                                                                    \
    WARM(rt_##name##_into(IN_##dtypes.x, IN_##dtypes.y, RESULT_##result(dtypes).scratch));                                 \
    WARM_NEW(rt_##name(IN_##dtypes.x, IN_##dtypes.y, &w->out));                                                            \
    MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name(NULL, IN_##dtypes.x, OUT));                              \
    MISUSE(ARGUMENT, #name ": the second input is NULL", rt_##name(IN_##dtypes.x, NULL, OUT));                             \
    MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name(NULL, NULL, OUT));                                       \
    MISUSE(ARGUMENT, #name ": out is NULL", rt_##name(IN_##dtypes.x, IN_##dtypes.y, NO_OUT));                              \
    MISUSE(STATE, #name ": the tensors belong to two contexts", rt_##name(IN_##dtypes.x, IN_##dtypes.foreign, OUT));       \
    MISUSE(STATE, #name ": the tensors belong to two contexts", rt_##name(IN_##dtypes.foreign, IN_##dtypes.x, OUT));       \
    MISUSE(SHAPE, #name ": shapes [3,4] and [4,5] do not broadcast", rt_##name(IN_##dtypes.x, IN_##dtypes.wider, OUT));    \
    MISUSE(SHAPE, #name ": shapes [4,5] and [12] do not broadcast", rt_##name(IN_##dtypes.wider, IN_##dtypes.flat, OUT));  \
    MISUSE(DTYPE, #name ": promote: no dtype holds the values of both u64 and i64", rt_##name(w->u.x, w->l.x, OUT));       \
    REFUSED_##dtypes(rt_##name, TWO);                                                                                      \
    MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name##_into(NULL, IN_##dtypes.x, RESULT_##result(dtypes).out));   \
    MISUSE(ARGUMENT, #name ": the second input is NULL", rt_##name##_into(IN_##dtypes.x, NULL, RESULT_##result(dtypes).out));  \
    MISUSE(STATE, #name ": the tensors belong to two contexts",                                                            \
           rt_##name##_into(IN_##dtypes.x, IN_##dtypes.foreign, RESULT_##result(dtypes).out));                             \
    MISUSE(SHAPE, #name ": shapes [3,4] and [12] do not broadcast",                                                        \
           rt_##name##_into(IN_##dtypes.x, IN_##dtypes.flat, RESULT_##result(dtypes).out));                                \
    MISUSE(ARGUMENT, #name ": out is a scalar tensor",                                                                     \
           rt_##name##_into(S_IN_##dtypes, S_IN_##dtypes, S_RESULT_##result(dtypes)));                                     \
    WRONG_OUTPUTS(name, RESULT_##result(dtypes), rt_##name##_into, IN_##dtypes.x, IN_##dtypes.y);                          \
    WRONG_DTYPES(name, rt_##name##_into, IN_##dtypes.x, IN_##dtypes.y);                                                    \
    MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name##_scalar(NULL, rt_int(1), OUT));                         \
    MISUSE(ARGUMENT, #name ": out is NULL", rt_##name##_scalar(IN_##dtypes.x, rt_int(1), NO_OUT));                         \
    MISUSE(ARGUMENT, #name ": 0 is no kind of scalar", rt_##name##_scalar(IN_##dtypes.x, NO_KIND(0), OUT));                \
    MISUSE(ARGUMENT, #name ": 99 is no kind of scalar", rt_##name##_scalar(IN_##dtypes.x, NO_KIND(99), OUT));              \
    MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name##_scalar_into(NULL, rt_int(1), RESULT_##result(dtypes).out));         \
    MISUSE(ARGUMENT, #name ": 99 is no kind of scalar", rt_##name##_scalar_into(IN_##dtypes.x, NO_KIND(99), RESULT_##result(dtypes).out)); \
    WRONG_OUTPUTS(name, RESULT_##result(dtypes), rt_##name##_scalar_into, IN_##dtypes.x, rt_int(1));                       \
    WRONG_DTYPES(name, rt_##name##_scalar_into, IN_##dtypes.x, rt_int(1));                                                 \
  }

#define RT_TERNARY(id, NAME, name, dtypes, result, ...)                                                                    \
  static void misuse_##name(world *w) {                                                                                    \
    WARM(rt_##name##_into(IN_##dtypes.x, IN_##dtypes.y, IN_##dtypes.x, RESULT_##result(dtypes).scratch));                  \
    MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name(NULL, IN_##dtypes.x, IN_##dtypes.x, OUT));               \
    MISUSE(ARGUMENT, #name ": the second input is NULL", rt_##name(IN_##dtypes.x, NULL, IN_##dtypes.x, OUT));              \
    MISUSE(ARGUMENT, #name ": the third input is NULL", rt_##name(IN_##dtypes.x, IN_##dtypes.x, NULL, OUT));               \
    MISUSE(ARGUMENT, #name ": out is NULL", rt_##name(IN_##dtypes.x, IN_##dtypes.y, IN_##dtypes.x, NO_OUT));               \
    MISUSE(STATE, #name ": the tensors belong to two contexts", rt_##name(IN_##dtypes.x, IN_##dtypes.foreign, IN_##dtypes.x, OUT)); \
    MISUSE(STATE, #name ": the tensors belong to two contexts", rt_##name(IN_##dtypes.x, IN_##dtypes.x, IN_##dtypes.foreign, OUT)); \
    MISUSE(SHAPE, #name ": shapes [3,4] and [4,5] do not broadcast", rt_##name(IN_##dtypes.x, IN_##dtypes.x, IN_##dtypes.wider, OUT)); \
    MISUSE(DTYPE, #name ": promote: no dtype holds the values of both u64 and i32", rt_##name(w->u.x, w->u.x, w->i.x, OUT)); \
    REFUSED_##dtypes(rt_##name, THREE);                                                                                    \
    MISUSE(ARGUMENT, #name ": the third input is NULL",                                                                    \
           rt_##name##_into(IN_##dtypes.x, IN_##dtypes.x, NULL, RESULT_##result(dtypes).out));                             \
    MISUSE(ARGUMENT, #name ": out is a scalar tensor",                                                                     \
           rt_##name##_into(S_IN_##dtypes, S_IN_##dtypes, S_IN_##dtypes, S_RESULT_##result(dtypes)));                      \
    WRONG_OUTPUTS(name, RESULT_##result(dtypes), rt_##name##_into, IN_##dtypes.x, IN_##dtypes.y, IN_##dtypes.x);           \
    WRONG_DTYPES(name, rt_##name##_into, IN_##dtypes.x, IN_##dtypes.y, IN_##dtypes.x);                                     \
  }

// Reductions: lists of axes, and outputs beside a result of shape [3,4] (over no axis).
#define REDUCTION_ROWS(name, dtypes, result, ...) /* after axes: what stands before out */                                \
    MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name(NULL, NULL, false, __VA_ARGS__ OUT));                    \
    MISUSE(ARGUMENT, #name ": out is NULL", rt_##name(IN_##dtypes.x, NULL, false, __VA_ARGS__ NO_OUT));                    \
    REAL_##dtypes(MISUSE(DTYPE, #name ": not defined for c64", rt_##name(w->z.x, NULL, false, __VA_ARGS__ OUT)));          \
    MISUSE(ARGUMENT, #name ": axis 2 is not in -2 to 1", rt_##name(IN_##dtypes.x, AXES(2), false, __VA_ARGS__ OUT));       \
    MISUSE(ARGUMENT, #name ": axis -3 is not in -2 to 1", rt_##name(IN_##dtypes.x, AXES(0, -3), true, __VA_ARGS__ OUT));   \
    MISUSE(ARGUMENT, #name ": axis -2147483648", rt_##name(IN_##dtypes.x, AXES(INT32_MIN), false, __VA_ARGS__ OUT));       \
    MISUSE(ARGUMENT, #name ": axis 2147483647", rt_##name(IN_##dtypes.x, AXES(INT32_MAX), false, __VA_ARGS__ OUT));        \
    MISUSE(ARGUMENT, #name ": axis 1 is given twice", rt_##name(IN_##dtypes.x, AXES(1, -1), false, __VA_ARGS__ OUT));      \
    MISUSE(ARGUMENT, #name ": axis 0, but the tensor has rank 0", rt_##name(IN_##dtypes.scalar, AXES(0), false, __VA_ARGS__ OUT)); \
    MISUSE(ARGUMENT, #name ": a list of -1 axes", rt_##name(IN_##dtypes.x, &(rt_axes){.count = -1}, false, __VA_ARGS__ OUT)); \
    MISUSE(ARGUMENT, #name ": a list of 17 axes", rt_##name(IN_##dtypes.x, &(rt_axes){.count = 17}, false, __VA_ARGS__ OUT)); \
    MISUSE(ARGUMENT, #name ": a list of 2147483647 axes",                                                                  \
           rt_##name(IN_##dtypes.x, &(rt_axes){.count = INT32_MAX}, false, __VA_ARGS__ OUT));                              \
    MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name##_into(NULL, NULL, false, RESULT_##result(dtypes).scalar)); \
    MISUSE(ARGUMENT, #name ": axis 2 is not in -2 to 1", rt_##name##_into(IN_##dtypes.x, AXES(2), false, RESULT_##result(dtypes).scalar)); \
    MISUSE(SHAPE, #name ": out has shape [3,4], but the result is []",                                                     \
           rt_##name##_into(IN_##dtypes.x, NULL, false, RESULT_##result(dtypes).out));                                     \
    MISUSE(SHAPE, #name ": out has shape [], but the result is [1,1]",                                                     \
           rt_##name##_into(IN_##dtypes.x, NULL, true, RESULT_##result(dtypes).scalar));                                   \
    MISUSE(ARGUMENT, #name ": out is a scalar tensor", rt_##name##_into(S_IN_##dtypes, NULL, false, S_RESULT_##result(dtypes))); \
    WRONG_OUTPUTS(name, RESULT_##result(dtypes), rt_##name##_into, IN_##dtypes.x, AXES_NONE, false)
#define AXES_NONE (&(rt_axes){.count = 0})

#define OVER_NOTHING(name)                                                                                                 \
  MISUSE(SHAPE, #name ": not defined over no elements (shape [0,4])", rt_##name(w->none, NULL, false, OUT));               \
  MISUSE(SHAPE, #name ": not defined over no elements (shape [0,4])", rt_##name(w->none, AXES(0), true, OUT));             \
  MISUSE(SHAPE, #name ": not defined over no elements", rt_##name##_into(w->none, AXES(0), false, w->one_d))
#define DTYPES_OF_SUM(name)                                                                                                \
  MISUSE(ARGUMENT, #name ": 16 is no dtype", rt_##name(w->f.x, NULL, false, NO_DTYPE(16), OUT));                           \
  MISUSE(ARGUMENT, #name ": -1 is no dtype", rt_##name(w->f.x, NULL, false, NO_DTYPE(-1), OUT));                           \
  MISUSE(ARGUMENT, #name ": 255 is no dtype", rt_##name(w->f.x, NULL, false, NO_DTYPE(255), OUT));                         \
  MISUSE(ARGUMENT, #name ": 65536 is no dtype", rt_##name(w->f.x, NULL, false, NO_DTYPE(65536), OUT))
#define REDUCE_ROWS_SUM(name, dtypes, result, empty)                                                                       \
  REDUCTION_ROWS(name, dtypes, result, RT_DTYPE_NONE, );                                                                   \
  DTYPES_OF_SUM(name)
#define REDUCE_ROWS_SAME(name, dtypes, result, empty)                                                                      \
  REDUCTION_ROWS(name, dtypes, result, );                                                                                  \
  if (!(empty)) { OVER_NOTHING(name); }                                                                                         \
  WRONG_DTYPES(name, rt_##name##_into, IN_##dtypes.x, AXES_NONE, false)
#define REDUCE_ROWS_BOOL REDUCE_ROWS_SAME
#define RT_REDUCE(id, NAME, name, dtypes, result, empty, ...)                                                              \
  static void misuse_##name(world *w) { REDUCE_ROWS_##result(name, dtypes, result, empty); }
#define RT_ARG(id, NAME, name, dtypes, result, ...)                                                                        \
  static void misuse_##name(world *w) { REDUCE_ROWS_SAME(name, dtypes, result, false); }
#define RT_OP(...)
#define RT_COMPOSITE(...)
#include <trivet/ops.def>

static void operations_of_the_table(void **state) {
#define RT_UNARY(id, NAME, name, ...) misuse_##name(*state);
#define RT_PARAM RT_UNARY
#define RT_BINARY RT_UNARY
#define RT_TERNARY RT_UNARY
#define RT_REDUCE RT_UNARY
#define RT_ARG RT_UNARY
#define RT_OP(...)
#define RT_COMPOSITE(...)
#include <trivet/ops.def>
  judge();
}

#endif
