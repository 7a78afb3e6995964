// SPDX-License-Identifier: BSD-3-Clause
// Misuse rows of the operations along an axis and of those made of others. test_along_axes.c has the rows about their own parameters.
#ifndef TRIVET_TEST_MISUSE_ALONG_H
#define TRIVET_TEST_MISUSE_ALONG_H

#include "misuse_families.h"

#define ALONG_ROWS(name, ...) /* after the first input */                                                         \
  MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name(NULL, __VA_ARGS__, OUT));                          \
  MISUSE(ARGUMENT, #name ": out is NULL", rt_##name(w->f.x, __VA_ARGS__, NO_OUT))
#define ALONG_INTO_ROWS(name, ...)                                                                                \
  MISUSE(ARGUMENT, #name ": the first input is NULL", rt_##name##_into(NULL, __VA_ARGS__, w->f.out));              \
  MISUSE(ARGUMENT, #name ": out is NULL", rt_##name##_into(w->f.x, __VA_ARGS__, NO_TENSOR))

static void misuse_along(world *w) {
  const rt_tensor *const list[1] = {w->f.x};
  static const int64_t once[2] = {1, 1};
  ALONG_ROWS(cumsum, 0, RT_DTYPE_NONE);
  ALONG_INTO_ROWS(cumsum, 0);
  ALONG_ROWS(cumprod, 0, RT_DTYPE_NONE);
  ALONG_INTO_ROWS(cumprod, 0);
#define BOTH(name, ...) ALONG_ROWS(name, __VA_ARGS__); ALONG_INTO_ROWS(name, __VA_ARGS__)
  BOTH(take_along, w->l.x, 0);
  BOTH(sort, 0, false);
  BOTH(argsort, 0, false);
  BOTH(searchsorted, w->f.x, false);
  BOTH(tile, once);
  BOTH(repeat, 1, 0);
  BOTH(roll, 1, 0);
  BOTH(var, NULL, false, 0);
  BOTH(std, NULL, false, 0);
  BOTH(logsumexp, NULL, false);
  BOTH(norm, 2, NULL, false);
#undef BOTH
  MISUSE(ARGUMENT, "stack: out is NULL", rt_stack(1, list, 0, NO_OUT));
  MISUSE(ARGUMENT, "stack: 0 tensors", rt_stack_into(0, list, 0, w->f.out));
  MISUSE(ARGUMENT, "linspace: ctx is NULL", rt_linspace(NULL, RT_F32, rt_int(0), rt_int(1), 3, OUT));
  MISUSE(ARGUMENT, "linspace: out is NULL", rt_linspace_into(rt_int(0), rt_int(1), 3, NO_TENSOR));
  MISUSE(ARGUMENT, "eye: ctx is NULL", rt_eye(NULL, RT_F32, 3, 3, 0, OUT));
  MISUSE(ARGUMENT, "eye: out is NULL", rt_eye_into(3, 3, 0, NO_TENSOR));
}

#endif
