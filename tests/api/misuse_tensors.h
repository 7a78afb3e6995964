// SPDX-License-Identifier: BSD-3-Clause
// Misuse rows of tensor.h: creating and importing, facts about NULL, access to elements, views.
#ifndef TRIVET_TEST_MISUSE_TENSORS_H
#define TRIVET_TEST_MISUSE_TENSORS_H

#include "misuse_ops.h"

// ---- creating ---------------------------------------------------------------------------------------------------------------------------

static const float some_data[16];

static rt_status empty_on_host(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out) {
  return rt_empty_on(ctx, RT_HOST, dtype, rank, shape, out);
}
static rt_status of_data(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out) {
  return rt_from_data(ctx, dtype, rank, shape, some_data, out);
}
static rt_status of_data_on_host(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out) {
  return rt_from_data_on(ctx, RT_HOST, dtype, rank, shape, some_data, out);
}

static int n_released;
static void count_release(void *user) {
  (void)user;
  n_released++;
}
static float imported[16];
static rt_status import_dense(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out) {
  return rt_import(ctx, dtype, rank, shape, NULL, imported, false, count_release, NULL, out);
}
#define IMPORT(shape, strides, data) rt_import(w->ctx, RT_F32, 2, shape, strides, data, false, count_release, NULL, OUT)

/// Tensors without elements may come with any strides; views of them never compute with those.
static void strides_of_nothing(world *w) {
  rt_tensor *t = NULL, *v = NULL, *s = NULL;
  need(rt_import(w->ctx, RT_F32, 3, SHAPE(0, 5, 5), SHAPE(INT64_MIN, INT64_MAX, INT64_MIN), imported, false, NULL, NULL, &t), NULL);
  need(rt_as_strided(w->f.x, 3, SHAPE(0, 5, 5), SHAPE(INT64_MAX, INT64_MIN + 1, INT64_MAX), INT64_MAX, &s), NULL);
  const rt_tensor *both[] = {t, s};
  for (size_t k = 0; k < COUNT(both); k++) {
    need(rt_flip(both[k], NULL, &v), NULL), rt_release(v);
    need(rt_slice(both[k], 1, 3, 5, 1, &v), NULL), rt_release(v);
    need(rt_slice(both[k], 2, 4, 0, -2, &v), NULL), rt_release(v);
    need(rt_select(both[k], 1, 4, &v), NULL), rt_release(v);
    need(rt_diagonal(both[k], 1, 1, 2, &v), NULL), rt_release(v);
    need(rt_diagonal(both[k], -2, 1, 2, &v), NULL), rt_release(v);
    need(rt_windows(both[k], 1, 2, 2, 2, &v), NULL), rt_release(v);
    need(rt_reshape(both[k], 2, SHAPE(0, 25), &v), NULL), rt_release(v);
    need(rt_neg(both[k], &v), NULL), rt_release(v);
    need(rt_clone(both[k], &v), NULL), rt_release(v);
  }
  rt_release(t);
  rt_release(s);
}

static void creating_tensors(void **state) {
  world *w = *state;
  CREATION_ROWS("empty", rt_empty);
  CREATION_ROWS("empty", empty_on_host);
  CREATION_ROWS("from_data", of_data);
  CREATION_ROWS("from_data", of_data_on_host);
  CREATION_ROWS("import", import_dense);
  TOO_LARGE_ROW("empty", rt_empty);
  TOO_LARGE_ROW("empty", empty_on_host);
  MISUSE(ARGUMENT, "empty: ctx is NULL", rt_empty_on(NULL, RT_HOST, RT_F32, 0, NULL, OUT));
  MISUSE(ARGUMENT, "empty: device -2 is not in 0 to 0", rt_empty_on(w->ctx, -2, RT_F32, 1, SHAPE(3), OUT));
  MISUSE(ARGUMENT, "empty: device 99 is not in 0 to 0", rt_empty_on(w->ctx, 99, RT_F32, 1, SHAPE(3), OUT));
  MISUSE(ARGUMENT, "empty: device 1 is not in 0 to 0", rt_empty_on(w->ctx, 1, RT_F32, 1, SHAPE(3), OUT));
  MISUSE(ARGUMENT, "empty: device -2147483648", rt_empty_on(w->ctx, INT32_MIN, RT_F32, 1, SHAPE(3), OUT));
  MISUSE(ARGUMENT, "from_data: device -2", rt_from_data_on(w->ctx, -2, RT_F32, 1, SHAPE(3), some_data, OUT));
  MISUSE(ARGUMENT, "from_data: device 99", rt_from_data_on(w->ctx, 99, RT_F32, 1, SHAPE(3), some_data, OUT));
  MISUSE(ARGUMENT, "from_data: data is NULL, but the tensor has 3 elements", rt_from_data(w->ctx, RT_F32, 1, SHAPE(3), NULL, OUT));
  MISUSE(ARGUMENT, "from_data: data is NULL, but the tensor has 1 elements", rt_from_data_on(w->ctx, RT_HOST, RT_F32, 0, NULL, NULL, OUT));

  MISUSE(ARGUMENT, "import: out is NULL", rt_import(w->ctx, RT_F32, 0, NULL, NULL, imported, false, count_release, NULL, NO_OUT));
  MISUSE(ARGUMENT, "import: data is NULL, but the tensor has 1 elements",
         rt_import(w->ctx, RT_F32, 0, NULL, NULL, NULL, false, count_release, NULL, OUT));
  MISUSE(ARGUMENT, "import: data is NULL, but the tensor has 6 elements", IMPORT(SHAPE(2, 3), NULL, NULL));
  MISUSE(ARGUMENT, "import: data is not aligned to the 4 bytes of f32", IMPORT(SHAPE(2, 3), NULL, (char *)imported + 2));
  MISUSE(ARGUMENT, "import: data is not aligned to the 4 bytes of f32", IMPORT(SHAPE(2, 3), NULL, (char *)imported + 1));
  MISUSE(SHAPE, "import: the strides", IMPORT(SHAPE(2, 3), SHAPE(INT64_MAX, 1), imported));
  MISUSE(SHAPE, "import: the strides", IMPORT(SHAPE(2, 3), SHAPE(INT64_MIN, 1), imported));
  MISUSE(SHAPE, "import: the strides", IMPORT(SHAPE(2, 3), SHAPE(INT64_MIN, INT64_MAX), imported));
  MISUSE(SHAPE, "import: the strides", IMPORT(SHAPE(2, 3), SHAPE(1, INT64_MIN / 2), imported));
  MISUSE(SHAPE, "import: the strides", IMPORT(SHAPE(3, 2), SHAPE(INT64_MAX / 2, INT64_MAX / 2), imported));
  MISUSE(SHAPE, "import: the strides", IMPORT(SHAPE(2, 3), SHAPE(INT64_MAX / 4, 1), imported));
  MISUSE(SHAPE, "import: the strides", IMPORT(SHAPE(2, 3), SHAPE(INT64_MIN / 4, 1), imported));
  MISUSE(SHAPE, "import: the strides", IMPORT(SHAPE(2, 3), SHAPE(-(INT64_C(1) << 58), 1), imported));
  assert_int_equal(n_released, 0); // a failed import leaves the memory to its owner

  MISUSE(ARGUMENT, "scalar_tensor: ctx is NULL", rt_scalar_tensor(NULL, rt_int(1), OUT));
  MISUSE(ARGUMENT, "scalar_tensor: out is NULL", rt_scalar_tensor(w->ctx, rt_int(1), NO_OUT));
  MISUSE(ARGUMENT, "scalar_tensor: 0 is no kind of scalar", rt_scalar_tensor(w->ctx, NO_KIND(0), OUT));
  MISUSE(ARGUMENT, "scalar_tensor: 99 is no kind of scalar", rt_scalar_tensor(w->ctx, NO_KIND(99), OUT));
  MISUSE(ARGUMENT, "scalar_tensor: -1 is no kind of scalar", rt_scalar_tensor(w->ctx, NO_KIND(-1), OUT));
  strides_of_nothing(w);
  judge();
}

static void facts_about_nothing(void **state) {
  world *w = *state;
  ANSWER(NULL, rt_retain(NULL));
  HARMLESS(rt_release(NULL));
  ANSWER(0, rt_tensor_rank(NULL));
  ANSWER(NULL, rt_tensor_shape(NULL));
  ANSWER(NULL, rt_tensor_strides(NULL));
  ANSWER(0, rt_tensor_offset(NULL));
  ANSWER(0, rt_tensor_numel(NULL));
  ANSWER(RT_DTYPE_NONE, rt_tensor_dtype(NULL));
  ANSWER(0, rt_tensor_device(NULL));
  ANSWER(NULL, rt_tensor_ctx(NULL));
  ANSWER(false, rt_tensor_is_contiguous(NULL));
  ANSWER(false, rt_tensor_is_weak(NULL));
  ANSWER(0, rt_tensor_version(NULL));
  ANSWER(false, rt_tensor_shares_storage(NULL, NULL));
  ANSWER(false, rt_tensor_shares_storage(w->f.x, NULL));
  ANSWER(false, rt_tensor_shares_storage(NULL, w->f.x));
  ANSWER(false, rt_tensor_is_exclusive(NULL));
  judge();
}

// ---- elements ---------------------------------------------------------------------------------------------------------------------------

static void elements_of_tensors(void **state) {
  world *w = *state;
  float buffer[12] = {0};
  rt_scalar item;
  void *address = w;
  MISUSE(ARGUMENT, "read: t is NULL", rt_read(NULL, buffer, sizeof buffer));
  MISUSE(ARGUMENT, "read: the memory is NULL", rt_read(w->f.x, NULL, 48));
  MISUSE(ARGUMENT, "read: 47 bytes are given, but the tensor has 12 elements of 4 bytes", rt_read(w->f.x, buffer, 47));
  MISUSE(ARGUMENT, "read: 49 bytes are given", rt_read(w->f.x, buffer, 49));
  MISUSE(ARGUMENT, "read: 0 bytes are given", rt_read(w->f.x, buffer, 0));
  MISUSE(ARGUMENT, "read: 18446744073709551615 bytes are given", rt_read(w->f.x, buffer, SIZE_MAX));
  MISUSE(ARGUMENT, "read: 48 bytes are given, but the tensor has 0 elements", rt_read(w->none, buffer, 48));
  MISUSE(ARGUMENT, "write: t is NULL", rt_write(NULL, buffer, sizeof buffer));
  MISUSE(ARGUMENT, "write: the memory is NULL", rt_write(w->f.x, NULL, 48));
  MISUSE(ARGUMENT, "write: 44 bytes are given", rt_write(w->f.x, buffer, 44));
  MISUSE(ARGUMENT, "write: 96 bytes are given", rt_write(w->f.x, buffer, 96));
  MISUSE(ARGUMENT, "write: 18446744073709551615 bytes are given", rt_write(w->f.x, buffer, SIZE_MAX));
  MISUSE(ARGUMENT, "write: several elements of the tensor", rt_write(w->f.spread, buffer, 48));
  MISUSE(STATE, "write: the output is read-only", rt_write(w->f.fixed, buffer, 48));
  MISUSE(STATE, "write: the output is mapped", rt_write(w->f.mapped, buffer, 48));
  MISUSE(STATE, "write: the output is read-only", rt_write(w->weak_f, buffer, 8));
  MISUSE(ARGUMENT, "item: t is NULL", rt_item(NULL, &item));
  MISUSE(ARGUMENT, "item: out_value is NULL", rt_item(w->f.scalar, NULL));
  MISUSE(SHAPE, "item: shape [3,4] does not have exactly one element", rt_item(w->f.x, &item));
  ANSWER(RT_KIND_NONE, item.kind);
  MISUSE(SHAPE, "item: shape [0,4] does not have exactly one element", rt_item(w->none, &item));

  MISUSE(ARGUMENT, "map: t is NULL", rt_map(NULL, RT_MAP_READ, &address));
  ANSWER(NULL, address);
  MISUSE(ARGUMENT, "map: out_ptr is NULL", rt_map(w->f.x, RT_MAP_READ, NULL));
  MISUSE(ARGUMENT, "map: flags 0x0", rt_map(w->f.x, 0, &address));
  MISUSE(ARGUMENT, "map: flags 0x4", rt_map(w->f.x, 4, &address));
  MISUSE(ARGUMENT, "map: flags 0x7", rt_map(w->f.x, 7, &address));
  MISUSE(ARGUMENT, "map: flags 0x80000001", rt_map(w->f.x, 0x80000001u, &address));
  MISUSE(ARGUMENT, "map: flags 0xffffffff", rt_map(w->f.x, UINT32_MAX, &address));
  MISUSE(ARGUMENT, "map: several elements of the tensor", rt_map(w->f.spread, RT_MAP_WRITE, &address));
  MISUSE(STATE, "read-only", rt_map(w->f.fixed, RT_MAP_WRITE, &address));
  MISUSE(STATE, "read-only", rt_map(w->f.fixed, RT_MAP_READ | RT_MAP_WRITE, &address));
  MISUSE(STATE, "read-only", rt_map(w->weak_f, RT_MAP_WRITE, &address));
  MISUSE(STATE, "mapped", rt_map(w->f.mapped, RT_MAP_WRITE, &address));
  ANSWER(NULL, address);
  MISUSE(ARGUMENT, "unmap: t is NULL", rt_unmap(NULL));
  MISUSE(STATE, "unmap: the tensor is not mapped", rt_unmap(w->f.x));
  need(rt_map(w->f.scratch, RT_MAP_WRITE, &address), NULL);
  MISUSE(STATE, "map: the storage is mapped for writing already", rt_map(w->f.scratch, RT_MAP_WRITE, &address));
  MISUSE(STATE, "map: the storage is mapped for writing already", rt_map(w->f.scratch, RT_MAP_READ, &address));
  MISUSE(STATE, "write: the output is mapped", rt_write(w->f.scratch, buffer, 48));
  MISUSE(STATE, "neg: the output is mapped", rt_neg_into(w->f.x, w->f.scratch));
  need(rt_unmap(w->f.scratch), NULL);
  MISUSE(STATE, "unmap: the tensor is not mapped", rt_unmap(w->f.scratch));

  MISUSE(ARGUMENT, "to: t is NULL", rt_to(NULL, RT_HOST, OUT));
  MISUSE(ARGUMENT, "to: out is NULL", rt_to(w->f.x, RT_HOST, NO_OUT));
  MISUSE(ARGUMENT, "to: device -2 is not in 0 to 0", rt_to(w->f.x, -2, OUT));
  MISUSE(ARGUMENT, "to: device 99 is not in 0 to 0", rt_to(w->f.x, 99, OUT));
  MISUSE(ARGUMENT, "to: device 2147483647", rt_to(w->f.x, INT32_MAX, OUT));
  MISUSE(ARGUMENT, "clone: t is NULL", rt_clone(NULL, OUT));
  MISUSE(ARGUMENT, "clone: out is NULL", rt_clone(w->f.x, NO_OUT));
  MISUSE(ARGUMENT, "wait: t is NULL", rt_wait(NULL));
  judge();
}

// ---- views ------------------------------------------------------------------------------------------------------------------------------

/// A view of NULL, into NULL. CALL(t, out)
#define VIEW_ROWS(name, CALL)                                                                                              \
  MISUSE(ARGUMENT, name ": t is NULL", CALL(NULL, OUT));                                                                   \
  MISUSE(ARGUMENT, name ": out is NULL", CALL(w->f.x, NO_OUT));                                                            \
  MISUSE(ARGUMENT, name ": out is NULL", CALL(NULL, NO_OUT))
/// One axis of a tensor of rank 2. CALL(t, axis, out)
#define AXIS_ROWS(name, CALL)                                                                                              \
  MISUSE(ARGUMENT, name ": axis 2 is not in -2 to 1", CALL(w->f.x, 2, OUT));                                               \
  MISUSE(ARGUMENT, name ": axis -3 is not in -2 to 1", CALL(w->f.x, -3, OUT));                                             \
  MISUSE(ARGUMENT, name ": axis -2147483648 is not in -2 to 1", CALL(w->f.x, INT32_MIN, OUT));                             \
  MISUSE(ARGUMENT, name ": axis 2147483647 is not in -2 to 1", CALL(w->f.x, INT32_MAX, OUT));                              \
  MISUSE(ARGUMENT, name ": axis*but the tensor has rank 0", CALL(w->f.scalar, 1, OUT))
/// A list of axes. CALL(t, axes, out)
#define AXES_ROWS(name, CALL)                                                                                              \
  MISUSE(ARGUMENT, name ": axis 2 is not in -2 to 1", CALL(w->f.x, AXES(0, 2), OUT));                                      \
  MISUSE(ARGUMENT, name ": axis -2147483648", CALL(w->f.x, AXES(INT32_MIN, 1), OUT));                                      \
  MISUSE(ARGUMENT, name ": axis 1 is given twice", CALL(w->f.x, AXES(1, 1), OUT));                                         \
  MISUSE(ARGUMENT, name ": axis 0 is given twice", CALL(w->f.x, AXES(0, -2), OUT));                                        \
  MISUSE(ARGUMENT, name ": a list of -1 axes", CALL(w->f.x, &(rt_axes){.count = -1}, OUT));                                \
  MISUSE(ARGUMENT, name ": a list of 17 axes", CALL(w->f.x, &(rt_axes){.count = 17}, OUT));                                \
  MISUSE(ARGUMENT, name ": a list of -2147483648 axes", CALL(w->f.x, &(rt_axes){.count = INT32_MIN}, OUT));                \
  MISUSE(ARGUMENT, name ": axis 0, but the tensor has rank 0", CALL(w->f.scalar, AXES(0), OUT))
/// A new shape. CALL(t, rank, shape, out)
#define RESHAPE_ROWS(name, CALL)                                                                                           \
  MISUSE(ARGUMENT, name ": rank -1", CALL(w->f.x, -1, SHAPE(12), OUT));                                                    \
  MISUSE(ARGUMENT, name ": rank 17", CALL(w->f.x, 17, SHAPE(12), OUT));                                                    \
  MISUSE(ARGUMENT, name ": rank 2147483647", CALL(w->f.x, INT32_MAX, SHAPE(12), OUT));                                     \
  MISUSE(ARGUMENT, "NULL", CALL(w->f.x, 1, NULL, OUT));                                                                    \
  MISUSE(SHAPE, name ": ", CALL(w->f.x, 2, SHAPE(3, -2), OUT));                                                            \
  MISUSE(SHAPE, name ": ", CALL(w->f.x, 2, SHAPE(INT64_MIN, 4), OUT));                                                     \
  MISUSE(SHAPE, name ": ", CALL(w->f.x, 2, SHAPE(5, 4), OUT));                                                             \
  MISUSE(SHAPE, name ": ", CALL(w->f.x, 0, NULL, OUT));                                                                    \
  MISUSE(SHAPE, name ": ", CALL(w->f.x, 2, SHAPE(0, 4), OUT))

#define REINTERPRET_ROWS(name, CALL)                                                                                       \
  MISUSE(SHAPE, name ": shape [-1,-1] (one extent may be -1)", CALL(w->f.x, 2, SHAPE(-1, -1), OUT));                       \
  MISUSE(SHAPE, name ": [3,4] has 12 elements and cannot become [5,-1]", CALL(w->f.x, 2, SHAPE(5, -1), OUT));              \
  MISUSE(SHAPE, name ": [3,4] has 12 elements and cannot become [0,-1]", CALL(w->f.x, 2, SHAPE(0, -1), OUT));              \
  MISUSE(SHAPE, name ": [0,4] has 0 elements and cannot become [0,-1]", CALL(w->none, 2, SHAPE(0, -1), OUT));              \
  MISUSE(SHAPE, name ": [0,4] has 0 elements and cannot become []", CALL(w->none, 0, NULL, OUT));                          \
  MISUSE(SHAPE, "more than 2^63-1 elements", CALL(w->f.x, 3, SHAPE(INT64_C(1) << 32, INT64_C(1) << 31, 12), OUT));         \
  MISUSE(SHAPE, "more than 2^63-1 elements", CALL(w->none, 3, SHAPE(0, INT64_C(1) << 32, INT64_C(1) << 31), OUT));         \
  MISUSE(SHAPE, "more than 2^63-1 elements", CALL(w->none, 3, SHAPE(INT64_MAX, INT64_MAX, 0), OUT))

#define SLICE(t, out) rt_slice(t, 0, 0, 2, 1, out)
#define SLICE_AXIS(t, axis, out) rt_slice(t, axis, 0, 2, 1, out)
#define SPLIT_AXIS(t, axis, out) rt_split(t, axis, 1, NULL, out)
#define SELECT(t, out) rt_select(t, 0, 0, out)
#define SELECT_AXIS(t, axis, out) rt_select(t, axis, 0, out)
#define TRANSPOSE(t, out) rt_transpose(t, 0, 1, out)
#define TRANSPOSE_A(t, axis, out) rt_transpose(t, axis, 0, out)
#define TRANSPOSE_B(t, axis, out) rt_transpose(t, 0, axis, out)
#define FLATTEN(t, out) rt_flatten(t, 0, 1, out)
#define FLATTEN_LAST(t, axis, out) rt_flatten(t, 0, axis, out)
#define RESHAPE(t, out) rt_reshape(t, 1, SHAPE(12), out)
#define VIEW(t, out) rt_view(t, 1, SHAPE(12), out)
#define EXPAND(t, out) rt_expand(t, 3, SHAPE(2, 3, 4), out)
#define PERMUTE(t, out) rt_permute(t, NULL, out)
#define SQUEEZE(t, out) rt_squeeze(t, NULL, out)
#define UNSQUEEZE(t, out) rt_unsqueeze(t, 0, out)
#define FLIP(t, out) rt_flip(t, NULL, out)
#define DIAGONAL(t, out) rt_diagonal(t, 0, 0, 1, out)
#define DIAGONAL_A(t, axis, out) rt_diagonal(t, 0, axis, 0, out)
#define DIAGONAL_B(t, axis, out) rt_diagonal(t, 0, 0, axis, out)
#define WINDOWS(t, out) rt_windows(t, 0, 2, 1, 1, out)
#define WINDOWS_AXIS(t, axis, out) rt_windows(t, axis, 2, 1, 1, out)
#define AS_STRIDED(t, out) rt_as_strided(t, 1, SHAPE(3), SHAPE(1), 0, out)
#define STRIDED(rank, shape, strides, offset) rt_as_strided(w->f.x, rank, shape, strides, offset, OUT)

static void reshaped_views(world *w) {
  VIEW_ROWS("reshape", RESHAPE);
  VIEW_ROWS("view", VIEW);
  VIEW_ROWS("expand", EXPAND);
  VIEW_ROWS("flatten", FLATTEN);
  RESHAPE_ROWS("reshape", rt_reshape);
  RESHAPE_ROWS("view", rt_view);
  RESHAPE_ROWS("expand", rt_expand);
  REINTERPRET_ROWS("reshape", rt_reshape);
  REINTERPRET_ROWS("view", rt_view);
  rt_tensor *turned = NULL;
  need(rt_transpose(w->f.x, 0, 1, &turned), NULL);
  recount(w);
  MISUSE(SHAPE, "view: no strides turn this [4,3] into [12] without a copy", rt_view(turned, 1, SHAPE(12), OUT));
  rt_release(turned);
  recount(w);
  MISUSE(SHAPE, "expand: [3,4] does not broadcast to [3,8]", rt_expand(w->f.x, 2, SHAPE(3, 8), OUT));
  MISUSE(SHAPE, "expand: [3,4] does not broadcast to [-1,3,4]", rt_expand(w->f.x, 3, SHAPE(-1, 3, 4), OUT));
  MISUSE(SHAPE, "more than 2^63-1", rt_expand(w->f.x, 3, SHAPE(INT64_MAX, 3, 4), OUT));
  MISUSE(SHAPE, "more than 2^63-1", rt_expand(w->none, 3, SHAPE(INT64_MAX, 0, 4), OUT));
  MISUSE(SHAPE, "more than 2^63-1", rt_expand(w->weak_f, 2, SHAPE(INT64_C(1) << 32, INT64_C(1) << 32), OUT));
  MISUSE(SHAPE, "more than 2^63-1 bytes", rt_expand(w->weak_f, 1, SHAPE(INT64_C(1) << 60), OUT));
  AXIS_ROWS("flatten", FLATTEN_LAST);
  MISUSE(ARGUMENT, "flatten: axis 2 is not in -2 to 1", rt_flatten(w->f.x, 2, 1, OUT));
  MISUSE(ARGUMENT, "flatten: axis -2147483648", rt_flatten(w->f.x, INT32_MIN, 1, OUT));
  MISUSE(ARGUMENT, "flatten: axis 1 comes after axis 0", rt_flatten(w->f.x, 1, 0, OUT));
  MISUSE(ARGUMENT, "flatten: axis 1", rt_flatten(w->f.scalar, 1, 1, OUT));
}

static void moved_views(world *w) {
  VIEW_ROWS("permute", PERMUTE);
  VIEW_ROWS("transpose", TRANSPOSE);
  VIEW_ROWS("squeeze", SQUEEZE);
  VIEW_ROWS("unsqueeze", UNSQUEEZE);
  VIEW_ROWS("flip", FLIP);
  AXES_ROWS("permute", rt_permute);
  AXES_ROWS("squeeze", rt_squeeze);
  AXES_ROWS("flip", rt_flip);
  AXIS_ROWS("transpose", TRANSPOSE_A);
  AXIS_ROWS("transpose", TRANSPOSE_B);
  MISUSE(ARGUMENT, "transpose: axis 2 is not in -2 to 1", rt_transpose(w->f.x, 2, 2, OUT));
  MISUSE(ARGUMENT, "permute: 1 axes for a tensor of rank 2", rt_permute(w->f.x, AXES(0), OUT));
  MISUSE(ARGUMENT, "permute: 0 axes for a tensor of rank 2", rt_permute(w->f.x, &(rt_axes){.count = 0}, OUT));
  MISUSE(ARGUMENT, "permute: axis 2", rt_permute(w->f.x, AXES(0, 1, 2), OUT));
  MISUSE(SHAPE, "squeeze: axis 0 has extent 3, not 1", rt_squeeze(w->f.x, AXES(0), OUT));
  MISUSE(SHAPE, "squeeze: axis 0 has extent 0, not 1", rt_squeeze(w->none, AXES(-2), OUT));
  MISUSE(ARGUMENT, "unsqueeze: axis 3 is not in -3 to 2", rt_unsqueeze(w->f.x, 3, OUT));
  MISUSE(ARGUMENT, "unsqueeze: axis -4 is not in -3 to 2", rt_unsqueeze(w->f.x, -4, OUT));
  MISUSE(ARGUMENT, "unsqueeze: axis -2147483648", rt_unsqueeze(w->f.x, INT32_MIN, OUT));
  MISUSE(ARGUMENT, "unsqueeze: axis 2147483647", rt_unsqueeze(w->f.x, INT32_MAX, OUT));
  MISUSE(SHAPE, "unsqueeze: the result would have rank 17, more than 16", rt_unsqueeze(w->deep, 0, OUT));
}

static void cut_views(world *w) {
  VIEW_ROWS("slice", SLICE);
  VIEW_ROWS("select", SELECT);
  VIEW_ROWS("diagonal", DIAGONAL);
  VIEW_ROWS("windows", WINDOWS);
  AXIS_ROWS("slice", SLICE_AXIS);
  AXIS_ROWS("split", SPLIT_AXIS);
  rt_tensor *parts[1] = {NULL}; // no parts: nothing to set
  MISUSE(ARGUMENT, "split: t is NULL", rt_split(NULL, 0, 1, NULL, OUT));
  MISUSE(ARGUMENT, "split: out_parts is NULL", rt_split(w->f.x, 0, 1, NULL, NO_OUT));
  MISUSE(ARGUMENT, "split: 0 parts", rt_split(w->f.x, 0, 0, NULL, parts));
  MISUSE(ARGUMENT, "split: -2147483648 parts", rt_split(w->f.x, 0, INT32_MIN, NULL, parts));
  MISUSE(SHAPE, "split: part 0 of extent 4 does not fit into axis 0 of extent 3 behind 0", rt_split(w->f.x, 0, 1, SHAPE(4), OUT));
  MISUSE(SHAPE, "split: part 0 of extent -1 does not fit", rt_split(w->f.x, 0, 1, SHAPE(-1), OUT));
  MISUSE(SHAPE, "split: part 0 of extent -9223372036854775808 does not fit", rt_split(w->f.x, 0, 1, SHAPE(INT64_MIN), OUT));
  MISUSE(SHAPE, "split: the extents add up to 2, but axis 0 has 3", rt_split(w->f.x, 0, 1, SHAPE(2), OUT));
  AXIS_ROWS("select", SELECT_AXIS);
  AXIS_ROWS("diagonal", DIAGONAL_A);
  AXIS_ROWS("windows", WINDOWS_AXIS);
  MISUSE(ARGUMENT, "slice: step 0", rt_slice(w->f.x, 0, 0, 2, 0, OUT));
  MISUSE(ARGUMENT, "slice: step -9223372036854775808", rt_slice(w->f.x, 0, 2, 0, INT64_MIN, OUT));
  MISUSE(ARGUMENT, "slice: step 0", rt_slice(w->none, 0, 0, 0, 0, OUT));
  MISUSE(ARGUMENT, "select: index 3 is out of range for axis 0 of extent 3", rt_select(w->f.x, 0, 3, OUT));
  MISUSE(ARGUMENT, "select: index -4 is out of range", rt_select(w->f.x, 0, -4, OUT));
  MISUSE(ARGUMENT, "select: index -9223372036854775808 is out of range", rt_select(w->f.x, 1, INT64_MIN, OUT));
  MISUSE(ARGUMENT, "select: index 9223372036854775807 is out of range", rt_select(w->f.x, 1, INT64_MAX, OUT));
  MISUSE(ARGUMENT, "select: index 0 is out of range for axis 0 of extent 0", rt_select(w->none, 0, 0, OUT));
  MISUSE(ARGUMENT, "diagonal: axis 0 is given twice", rt_diagonal(w->f.x, 0, 0, 0, OUT));
  MISUSE(ARGUMENT, "diagonal: axis 1 is given twice", rt_diagonal(w->f.x, 0, 1, -1, OUT));
  MISUSE(ARGUMENT, "diagonal: axis 2 is not in -2 to 1", DIAGONAL_B(w->f.x, 2, OUT));
  MISUSE(ARGUMENT, "diagonal: axis -2147483648", DIAGONAL_B(w->f.x, INT32_MIN, OUT));
  MISUSE(ARGUMENT, "diagonal: axis 1 is not in -1 to 0", rt_diagonal(w->f.flat, 0, 1, 0, OUT));
  MISUSE(ARGUMENT, "windows: size 0, step 1 and dilation 1", rt_windows(w->f.x, 0, 0, 1, 1, OUT));
  MISUSE(ARGUMENT, "windows: size -1, step 1", rt_windows(w->f.x, 0, -1, 1, 1, OUT));
  MISUSE(ARGUMENT, "windows: size -9223372036854775808", rt_windows(w->f.x, 0, INT64_MIN, 1, 1, OUT));
  MISUSE(ARGUMENT, "windows: size 2, step 0", rt_windows(w->f.x, 0, 2, 0, 1, OUT));
  MISUSE(ARGUMENT, "windows: size 2, step -9223372036854775808", rt_windows(w->f.x, 0, 2, INT64_MIN, 1, OUT));
  MISUSE(ARGUMENT, "windows: size 2, step 1 and dilation 0", rt_windows(w->f.x, 0, 2, 1, 0, OUT));
  MISUSE(ARGUMENT, "windows: size 2, step 1 and dilation -1", rt_windows(w->f.x, 0, 2, 1, -1, OUT));
  MISUSE(SHAPE, "windows: 4 elements, 1 apart, do not fit into axis 0 of extent 3", rt_windows(w->f.x, 0, 4, 1, 1, OUT));
  MISUSE(SHAPE, "windows: 9223372036854775807 elements", rt_windows(w->f.x, 0, INT64_MAX, 1, 1, OUT));
  MISUSE(SHAPE, "windows: 2 elements, 9223372036854775807 apart", rt_windows(w->f.x, 0, 2, 1, INT64_MAX, OUT));
  MISUSE(SHAPE, "windows: 9223372036854775807 elements", rt_windows(w->f.x, 0, INT64_MAX, INT64_MAX, INT64_MAX, OUT));
  MISUSE(SHAPE, "windows: 1 elements, 1 apart, do not fit into axis 0 of extent 0", rt_windows(w->none, 0, 1, 1, 1, OUT));
  MISUSE(SHAPE, "windows: the result would have rank 17", rt_windows(w->deep, 0, 1, 1, 1, OUT));
}

static void strided_views(world *w) {
  VIEW_ROWS("as_strided", AS_STRIDED);
  MISUSE(ARGUMENT, "as_strided: rank -1 is not in 0 to 16", STRIDED(-1, SHAPE(3), SHAPE(1), 0));
  MISUSE(ARGUMENT, "as_strided: rank 17 is not in 0 to 16", STRIDED(17, SHAPE(3), SHAPE(1), 0));
  MISUSE(ARGUMENT, "as_strided: shape is NULL", STRIDED(1, NULL, SHAPE(1), 0));
  MISUSE(SHAPE, "as_strided: shape [-1] has a negative extent", STRIDED(1, SHAPE(-1), SHAPE(1), 0));
  MISUSE(SHAPE, "as_strided: shape [-9223372036854775808]", STRIDED(1, SHAPE(INT64_MIN), SHAPE(0), 0));
  MISUSE(SHAPE, "more than 2^63-1 bytes", STRIDED(1, SHAPE(INT64_MAX), SHAPE(0), 0));
  MISUSE(SHAPE, "more than 2^63-1 elements", STRIDED(3, SHAPE(0, INT64_MAX, INT64_MAX), SHAPE(0, 0, 0), 0));
  MISUSE(ARGUMENT, "as_strided: shape is NULL", rt_as_strided(w->none, 1, NULL, NULL, 0, OUT));
  MISUSE(ARGUMENT, "as_strided: strides is NULL", STRIDED(1, SHAPE(3), NULL, 0));
  MISUSE(ARGUMENT, "as_strided: stride -9223372036854775808", STRIDED(1, SHAPE(3), SHAPE(INT64_MIN), 0));
  MISUSE(SHAPE, "outside a storage of 12 elements", STRIDED(1, SHAPE(3), SHAPE(INT64_MAX), 0));
  MISUSE(SHAPE, "outside a storage of 12 elements", STRIDED(1, SHAPE(3), SHAPE(INT64_MIN + 1), 0));
  MISUSE(SHAPE, "outside a storage of 12 elements", STRIDED(2, SHAPE(2, 2), SHAPE(INT64_MAX, INT64_MAX), 0));
  MISUSE(SHAPE, "outside a storage of 12 elements", STRIDED(2, SHAPE(2, 2), SHAPE(INT64_MAX, -INT64_MAX), 5));
  MISUSE(SHAPE, "as_strided: offset 10 and strides reach outside a storage of 12 elements", STRIDED(1, SHAPE(3), SHAPE(1), 10));
  MISUSE(SHAPE, "as_strided: offset -1 and strides", STRIDED(1, SHAPE(3), SHAPE(1), -1));
  MISUSE(SHAPE, "as_strided: offset -9223372036854775808", STRIDED(1, SHAPE(3), SHAPE(1), INT64_MIN));
  MISUSE(SHAPE, "as_strided: offset 9223372036854775807", STRIDED(1, SHAPE(3), SHAPE(1), INT64_MAX));
  MISUSE(SHAPE, "as_strided: offset 1 and strides", STRIDED(1, SHAPE(3), SHAPE(-1), 1));
  MISUSE(SHAPE, "as_strided: offset 12 and strides", STRIDED(0, NULL, NULL, 12));
  MISUSE(SHAPE, "as_strided: offset 0 and strides", STRIDED(2, SHAPE(3, 5), SHAPE(5, 1), 0));
}

static void views_of_tensors(void **state) {
  world *w = *state;
  reshaped_views(w);
  moved_views(w);
  cut_views(w);
  strided_views(w);
  judge();
}

#endif
