// SPDX-License-Identifier: BSD-3-Clause
// DLPack: what goes out describes the tensor exactly and keeps it alive, what comes in is used in place and given back once, and no hostile
// struct gets further than an error.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <trivet/rt.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OK(call) assert_int_equal((call), RT_OK)

static rt_ctx *ctx;

static int open_context(void **state) { return (void)state, rt_ctx_create(NULL, &ctx) == RT_OK ? 0 : -1; }
static int close_context(void **state) { return (void)state, rt_ctx_close(ctx) == RT_OK ? 0 : -1; } // busy: something leaked

static rt_tensor *arange(rt_dtype dtype, int32_t rank, const int64_t *shape) {
  static int32_t numbers[4096];
  rt_tensor *i32 = NULL, *t = NULL;
  for (int i = 0; i < 4096; i++) numbers[i] = i;
  OK(rt_from_data(ctx, RT_I32, rank, shape, numbers, &i32));
  OK(rt_cast(i32, dtype, &t));
  rt_release(i32);
  return t;
}

// ---- out ---------------------------------------------------------------------------------------------------------------------------------

static void every_dtype_goes_out(void **state) {
  static const struct { rt_dtype dtype; uint8_t code, bits; } cases[] = {
      {RT_BOOL, 6, 8}, {RT_I8, 0, 8}, {RT_I16, 0, 16}, {RT_I32, 0, 32}, {RT_I64, 0, 64}, {RT_U8, 1, 8}, {RT_U16, 1, 16}, {RT_U32, 1, 32}, {RT_U64, 1, 64},
      {RT_F16, 2, 16}, {RT_BF16, 4, 16}, {RT_F32, 2, 32}, {RT_F64, 2, 64}, {RT_C64, 5, 64}, {RT_C128, 5, 128},
  };
  static const int64_t shape[] = {2, 3};
  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    rt_tensor *t = arange(cases[i].dtype, 2, shape), *back = NULL;
    rt_dl_managed_versioned *m = NULL;
    OK(rt_to_dlpack(t, &m));
    assert_int_equal(m->version.major, 1);
    assert_int_equal(m->flags, 0);
    assert_int_equal(m->dl_tensor.device.device_type, 1);
    assert_int_equal(m->dl_tensor.dtype.code, cases[i].code);
    assert_int_equal(m->dl_tensor.dtype.bits, cases[i].bits);
    assert_int_equal(m->dl_tensor.dtype.lanes, 1);
    assert_int_equal(m->dl_tensor.ndim, 2);
    assert_int_equal(m->dl_tensor.shape[0], 2);
    assert_int_equal(m->dl_tensor.shape[1], 3);
    assert_int_equal(m->dl_tensor.strides[0], 3);
    assert_int_equal(m->dl_tensor.strides[1], 1);
    unsigned char expected[96];
    size_t bytes = 6 * rt_dtype_bytes(cases[i].dtype);
    OK(rt_read(t, expected, bytes));
    assert_memory_equal((char *)m->dl_tensor.data + m->dl_tensor.byte_offset, expected, bytes);
    rt_release(t); // the struct keeps the data
    assert_memory_equal((char *)m->dl_tensor.data + m->dl_tensor.byte_offset, expected, bytes);
    OK(rt_from_dlpack(ctx, m, &back));
    assert_int_equal(rt_tensor_dtype(back), cases[i].dtype);
    unsigned char values[96];
    OK(rt_read(back, values, bytes));
    assert_memory_equal(values, expected, bytes);
    rt_release(back);
  }
}

static int32_t at(const rt_dl_tensor *dl, int64_t i, int64_t j) {
  return ((const int32_t *)((const char *)dl->data + dl->byte_offset))[i * dl->strides[0] + j * dl->strides[1]];
}

static void views_go_out_as_they_are(void **state) {
  static const int64_t shape[] = {40, 50}, wide[] = {6, 50};
  rt_tensor *base = arange(RT_I32, 2, shape), *view[5] = {NULL}, *row = NULL;
  (void)state;
  OK(rt_permute(base, NULL, &view[0]));
  OK(rt_slice(base, 1, 7, RT_SLICE_DEFAULT, 3, &view[1]));
  OK(rt_slice(base, 0, RT_SLICE_DEFAULT, RT_SLICE_DEFAULT, -2, &view[2]));
  OK(rt_slice(base, 0, 3, 4, 1, &row));
  OK(rt_expand(row, 2, wide, &view[3]));
  OK(rt_slice(base, 0, 5, 5, 1, &view[4])); // empty
  for (size_t v = 0; v < COUNT(view); v++) {
    rt_dl_managed_versioned *m = NULL;
    OK(rt_to_dlpack(view[v], &m));
    const rt_dl_tensor *dl = &m->dl_tensor;
    int64_t numel = rt_tensor_numel(view[v]);
    int32_t *values = malloc((size_t)(numel ? numel : 1) * sizeof *values);
    OK(rt_read(view[v], values, (size_t)numel * sizeof *values));
    for (int64_t i = 0; i < dl->shape[0]; i++)
      for (int64_t j = 0; j < dl->shape[1]; j++) assert_int_equal(at(dl, i, j), values[i * dl->shape[1] + j]);
    assert_int_equal(dl->shape[0] * dl->shape[1], numel);
    free(values);
    m->deleter(m);
    rt_release(view[v]);
  }
  rt_release(row);
  rt_release(base);
}

static void scalars_and_large_ranks_go_out(void **state) {
  static const int64_t shape[16] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1};
  (void)state;
  for (int32_t rank = 0; rank <= 16; rank += 4) {
    rt_tensor *t = arange(RT_F32, rank, shape), *back = NULL;
    rt_dl_managed_versioned *m = NULL;
    OK(rt_to_dlpack(t, &m));
    assert_int_equal(m->dl_tensor.ndim, rank);
    assert_true(((float *)m->dl_tensor.data)[0] == 0);
    OK(rt_from_dlpack(ctx, m, &back));
    assert_int_equal(rt_tensor_rank(back), rank);
    assert_int_equal(rt_tensor_numel(back), rt_tensor_numel(t));
    rt_release(back);
    rt_release(t);
  }
}

static void a_clone_is_parted_first(void **state) {
  static const int64_t shapes[] = {6, 1000}; // inside the handle, and not
  (void)state;
  for (size_t i = 0; i < COUNT(shapes); i++) {
    rt_tensor *t = arange(RT_I32, 1, &shapes[i]), *clone = NULL, *late = NULL, *view = NULL;
    int32_t values[1000];
    rt_dl_managed_versioned *m = NULL;
    OK(rt_clone(t, &clone));
    OK(rt_slice(t, 0, 1, 3, 1, &view));
    OK(rt_to_dlpack(t, &m));
    ((int32_t *)m->dl_tensor.data)[1] = 777;
    OK(rt_read(t, values, (size_t)shapes[i] * 4));
    assert_int_equal(values[1], 777);
    OK(rt_read(view, values, 8));
    assert_int_equal(values[0], 777);
    OK(rt_read(clone, values, (size_t)shapes[i] * 4));
    assert_int_equal(values[1], 1);
    OK(rt_clone(t, &late)); // the pointer is outside by now: writes through it are not the clone's
    ((int32_t *)m->dl_tensor.data)[2] = 888;
    OK(rt_read(late, values, (size_t)shapes[i] * 4));
    assert_int_equal(values[1], 777);
    assert_int_equal(values[2], 2);
    OK(rt_read(t, values, (size_t)shapes[i] * 4));
    assert_int_equal(values[2], 888);
    m->deleter(m);
    rt_release(t), rt_release(clone), rt_release(late), rt_release(view);
  }
}

static void writes_through_the_tensor_are_seen_outside(void **state) {
  static const int64_t shape[] = {200};
  rt_tensor *t = arange(RT_F32, 1, shape), *clone = NULL;
  rt_dl_managed_versioned *m = NULL;
  float values[200];
  (void)state;
  OK(rt_to_dlpack(t, &m));
  OK(rt_clone(t, &clone));
  for (int i = 0; i < 200; i++) values[i] = (float)-i;
  OK(rt_write(t, values, sizeof values));
  assert_memory_equal(m->dl_tensor.data, values, sizeof values);
  OK(rt_add_into(t, t, t));
  assert_true(((float *)m->dl_tensor.data)[7] == -14);
  OK(rt_read(clone, values, sizeof values));
  assert_true(values[7] == 7);
  m->deleter(m);
  rt_release(t), rt_release(clone);
}

static void legacy_goes_out_and_in(void **state) {
  static const int64_t shape[] = {3, 4};
  rt_tensor *t = arange(RT_I32, 2, shape), *turned = NULL, *back = NULL;
  rt_dl_managed *m = NULL;
  int32_t values[12], expected[12];
  (void)state;
  OK(rt_permute(t, NULL, &turned));
  OK(rt_to_dlpack_legacy(turned, &m));
  assert_int_equal(at(&m->dl_tensor, 3, 2), 11);
  OK(rt_read(turned, expected, sizeof expected));
  rt_release(t), rt_release(turned);
  OK(rt_from_dlpack_legacy(ctx, m, &back));
  OK(rt_read(back, values, sizeof values));
  assert_memory_equal(values, expected, sizeof values);
  rt_release(back);
  back = NULL;
}

// ---- in ----------------------------------------------------------------------------------------------------------------------------------

/// A foreign library's tensor: counts the calls of its deleter.
typedef struct foreign {
  rt_dl_managed_versioned versioned;
  rt_dl_managed legacy;
  int deleted;
  int64_t shape[20], strides[20];
  _Alignas(64) float data[64];
} foreign;

static void delete_foreign(rt_dl_managed_versioned *self) { ((foreign *)self->manager_ctx)->deleted++; }
static void delete_foreign_legacy(rt_dl_managed *self) { ((foreign *)self->manager_ctx)->deleted++; }

static void fill(foreign *f) {
  *f = (foreign){.shape = {2, 3}, .strides = {3, 1}};
  for (int i = 0; i < 64; i++) f->data[i] = (float)i;
  rt_dl_tensor dl = {.data = f->data, .device = {1, 0}, .ndim = 2, .dtype = {2, 32, 1}, .shape = f->shape, .strides = f->strides};
  f->versioned = (rt_dl_managed_versioned){.version = {1, 0}, .manager_ctx = f, .deleter = delete_foreign, .dl_tensor = dl};
  f->legacy = (rt_dl_managed){.dl_tensor = dl, .manager_ctx = f, .deleter = delete_foreign_legacy};
}

static void memory_is_used_in_place_and_given_back_once(void **state) {
  (void)state;
  for (int legacy = 0; legacy < 2; legacy++) {
    foreign f;
    rt_tensor *t = NULL, *view = NULL, *sum = NULL;
    float values[6];
    fill(&f);
    if (legacy) OK(rt_from_dlpack_legacy(ctx, &f.legacy, &t));
    else OK(rt_from_dlpack(ctx, &f.versioned, &t));
    OK(rt_read(t, values, sizeof values));
    for (int i = 0; i < 6; i++) assert_true(values[i] == (float)i);
    f.data[4] = 100;
    OK(rt_read(t, values, sizeof values));
    assert_true(values[4] == 100);
    OK(rt_add(t, t, &sum));
    OK(rt_read(sum, values, sizeof values));
    assert_true(values[4] == 200 && values[5] == 10);
    for (int i = 0; i < 6; i++) values[i] = (float)-i;
    OK(rt_write(t, values, sizeof values));
    assert_true(f.data[5] == -5 && f.data[6] == 6);
    OK(rt_select(t, 0, 1, &view));
    rt_release(t);
    assert_int_equal(f.deleted, 0); // the view still needs it
    OK(rt_read(view, values, 12));
    assert_true(values[2] == -5);
    rt_release(view);
    assert_int_equal(f.deleted, 1);
    rt_release(sum);
    assert_int_equal(f.deleted, 1);
  }
}

static void unusual_but_valid_structs_come_in(void **state) {
  static const struct { const char *name; int ndim; int64_t shape[4], strides[4]; bool no_strides, no_data; uint64_t byte_offset; size_t first; float expected[6]; } cases[] = {
      {"no strides", 2, {2, 3}, {0}, true, false, 0, 0, {0, 1, 2, 3, 4, 5}},
      {"transposed", 2, {2, 3}, {1, 2}, false, false, 0, 0, {0, 2, 4, 1, 3, 5}},
      {"negative", 1, {6}, {-2}, false, false, 0, 20, {20, 18, 16, 14, 12, 10}},
      {"repeated", 2, {2, 3}, {0, 1}, false, false, 0, 0, {0, 1, 2, 0, 1, 2}},
      {"byte offset", 2, {2, 3}, {3, 1}, false, false, 40, 0, {10, 11, 12, 13, 14, 15}},
      {"rank 0", 0, {0}, {0}, false, false, 8, 0, {2}},
      {"any stride of an extent of 1", 3, {1, 6, 1}, {INT64_MIN, 1, INT64_MAX}, false, false, 0, 0, {0, 1, 2, 3, 4, 5}},
      {"empty without data", 2, {0, 3}, {INT64_MAX, INT64_MIN}, false, true, 0, 0, {0}},
      {"empty with a wild offset", 1, {0}, {1}, false, true, UINT64_MAX, 0, {0}},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    foreign f;
    rt_tensor *t = NULL;
    float values[6] = {0};
    fill(&f);
    rt_dl_tensor *dl = &f.versioned.dl_tensor;
    dl->ndim = cases[i].ndim;
    memcpy(f.shape, cases[i].shape, sizeof cases[i].shape);
    memcpy(f.strides, cases[i].strides, sizeof cases[i].strides);
    if (cases[i].no_strides) dl->strides = NULL;
    if (cases[i].ndim == 0) dl->shape = dl->strides = NULL;
    dl->data = cases[i].no_data ? NULL : f.data + cases[i].first;
    dl->byte_offset = cases[i].byte_offset;
    if (rt_from_dlpack(ctx, &f.versioned, &t) != RT_OK) fail_msg("%s: %s", cases[i].name, rt_last_error());
    OK(rt_read(t, values, (size_t)rt_tensor_numel(t) * 4));
    for (int k = 0; k < 6; k++)
      if (values[k] != cases[i].expected[k]) fail_msg("%s: element %d is %g", cases[i].name, k, (double)values[k]);
    assert_int_equal(f.deleted, 0);
    rt_release(t);
    assert_int_equal(f.deleted, 1);
  }
}

static void nobody_has_to_be_told(void **state) {
  foreign f;
  rt_tensor *t = NULL;
  (void)state;
  fill(&f);
  f.versioned.deleter = NULL;
  OK(rt_from_dlpack(ctx, &f.versioned, &t));
  rt_release(t);
  f.legacy.deleter = NULL;
  OK(rt_from_dlpack_legacy(ctx, &f.legacy, &t));
  rt_release(t);
}

static void read_only_memory_is_not_written(void **state) {
  foreign f;
  rt_tensor *t = NULL, *sum = NULL, *clone = NULL;
  rt_dl_managed_versioned *m = NULL;
  rt_dl_managed *legacy = (rt_dl_managed *)&f;
  float values[6] = {9, 9, 9, 9, 9, 9};
  void *ptr;
  (void)state;
  fill(&f);
  f.versioned.flags = RT_DL_READ_ONLY;
  OK(rt_from_dlpack(ctx, &f.versioned, &t));
  assert_true(rt_write(t, values, sizeof values) != RT_OK);
  assert_true(rt_map(t, RT_MAP_WRITE, &ptr) != RT_OK);
  assert_true(rt_add_into(t, t, t) != RT_OK);
  assert_true(f.data[1] == 1);
  OK(rt_add(t, t, &sum));
  OK(rt_to_dlpack(t, &m));
  assert_int_equal(m->flags & RT_DL_READ_ONLY, RT_DL_READ_ONLY);
  assert_ptr_equal((char *)m->dl_tensor.data + m->dl_tensor.byte_offset, f.data);
  m->deleter(m);
  assert_int_equal(rt_to_dlpack_legacy(t, &legacy), RT_E_UNSUPPORTED);
  assert_null(legacy);
  OK(rt_clone(t, &clone)); // a clone is the caller's own
  OK(rt_write(clone, values, sizeof values));
  assert_true(f.data[1] == 1);
  rt_release(t), rt_release(sum), rt_release(clone);
  assert_int_equal(f.deleted, 1);
}

// ---- hostile -----------------------------------------------------------------------------------------------------------------------------

typedef struct change { const char *name; void (*make)(foreign *f, rt_dl_tensor *dl); rt_status status; const char *word; } change;
#define CHANGE(name, code) static void name(foreign *f, rt_dl_tensor *dl) { (void)f, (void)dl; code; }
CHANGE(null_data, dl->data = NULL)
CHANGE(null_data_offset, (dl->data = NULL, dl->byte_offset = 4096))
CHANGE(null_shape, dl->shape = NULL)
CHANGE(ndim_minus_one, dl->ndim = -1)
CHANGE(ndim_lowest, dl->ndim = INT32_MIN)
CHANGE(ndim_17, dl->ndim = 17)
CHANGE(ndim_highest, dl->ndim = INT32_MAX)
CHANGE(negative_extent, f->shape[1] = -1)
CHANGE(lowest_extent, f->shape[0] = INT64_MIN)
CHANGE(too_many, (f->shape[0] = INT64_MAX, dl->strides = NULL))
CHANGE(too_many_repeated, (f->shape[0] = INT64_MAX, f->strides[0] = 0))
CHANGE(product_overflows, (f->shape[0] = INT64_C(1) << 33, f->shape[1] = INT64_C(1) << 33))
CHANGE(product_wraps_to_zero, (f->shape[0] = INT64_C(1) << 32, f->shape[1] = INT64_C(1) << 32))
CHANGE(huge_but_empty, (f->shape[0] = INT64_MAX, f->shape[1] = INT64_MAX, f->shape[2] = 0, dl->ndim = 3))
CHANGE(huge_stride, f->strides[0] = INT64_MAX)
CHANGE(lowest_stride, f->strides[0] = INT64_MIN)
CHANGE(strides_wrap, (f->shape[0] = 3, f->strides[0] = INT64_MAX / 2 + 1))
CHANGE(above_memory, f->strides[0] = INT64_MAX / 4 - 8)
CHANGE(below_memory, f->strides[0] = -(INT64_C(1) << 60))
CHANGE(below_zero, f->strides[0] = -((intptr_t)f->data / 4 + 1))
CHANGE(offset_wraps, dl->byte_offset = UINT64_MAX - 3)
CHANGE(offset_wraps_on, dl->byte_offset = UINT64_MAX - (uintptr_t)f->data + 1)
CHANGE(offset_at_the_end, dl->byte_offset = (UINT64_MAX - (uintptr_t)f->data) & ~UINT64_C(7))
CHANGE(misaligned, dl->data = (char *)f->data + 1)
CHANGE(misaligned_offset, dl->byte_offset = 2)
CHANGE(two_lanes, dl->dtype.lanes = 2)
CHANGE(no_lanes, dl->dtype.lanes = 0)
CHANGE(most_lanes, dl->dtype.lanes = 65535)
CHANGE(complex_code, (dl->dtype.code = 5, dl->dtype.bits = 32))
CHANGE(opaque_code, dl->dtype.code = 3)
CHANGE(unknown_code, dl->dtype.code = 200)
CHANGE(zero_bits, dl->dtype.bits = 0)
CHANGE(odd_bits, dl->dtype.bits = 31)
CHANGE(float8, dl->dtype.bits = 8)
CHANGE(bool1, (dl->dtype.code = 6, dl->dtype.bits = 1))
CHANGE(bfloat32, dl->dtype.code = 4)
CHANGE(int4, (dl->dtype.code = 0, dl->dtype.bits = 4))
CHANGE(int128, (dl->dtype.code = 0, dl->dtype.bits = 128))
CHANGE(cuda, dl->device.device_type = 2)
CHANGE(cuda_managed, dl->device.device_type = 13)
CHANGE(device_zero, dl->device.device_type = 0)
CHANGE(device_negative, dl->device.device_type = -1)

static const change changes[] = {
    {"null_data", null_data, RT_E_FORMAT, "data is NULL"}, {"null_data_offset", null_data_offset, RT_E_FORMAT, "data is NULL"},
    {"null_shape", null_shape, RT_E_FORMAT, "shape is NULL"}, {"ndim_minus_one", ndim_minus_one, RT_E_FORMAT, "ndim is -1"},
    {"ndim_lowest", ndim_lowest, RT_E_FORMAT, "ndim"}, {"ndim_17", ndim_17, RT_E_SHAPE, "17"}, {"ndim_highest", ndim_highest, RT_E_SHAPE, "rank"},
    {"negative_extent", negative_extent, RT_E_SHAPE, "negative"}, {"lowest_extent", lowest_extent, RT_E_SHAPE, "negative"},
    {"too_many", too_many, RT_E_SHAPE, "2^63"}, {"too_many_repeated", too_many_repeated, RT_E_SHAPE, "2^63"},
    {"product_overflows", product_overflows, RT_E_SHAPE, "2^63"}, {"product_wraps_to_zero", product_wraps_to_zero, RT_E_SHAPE, "2^63"},
    {"huge_but_empty", huge_but_empty, RT_E_SHAPE, "2^63"}, {"huge_stride", huge_stride, RT_E_FORMAT, "address space"},
    {"lowest_stride", lowest_stride, RT_E_FORMAT, "address space"}, {"strides_wrap", strides_wrap, RT_E_FORMAT, "address space"},
    {"above_memory", above_memory, RT_E_FORMAT, "address space"}, {"below_memory", below_memory, RT_E_FORMAT, "address space"},
    {"below_zero", below_zero, RT_E_FORMAT, "address space"}, {"offset_wraps", offset_wraps, RT_E_FORMAT, "byte_offset"},
    {"offset_wraps_on", offset_wraps_on, RT_E_FORMAT, "byte_offset"}, {"offset_at_the_end", offset_at_the_end, RT_E_FORMAT, "byte_offset"},
    {"misaligned", misaligned, RT_E_FORMAT, "aligned"}, {"misaligned_offset", misaligned_offset, RT_E_FORMAT, "aligned"},
    {"two_lanes", two_lanes, RT_E_UNSUPPORTED, "lanes"}, {"no_lanes", no_lanes, RT_E_UNSUPPORTED, "lanes"}, {"most_lanes", most_lanes, RT_E_UNSUPPORTED, "65535"},
    {"complex_code", complex_code, RT_E_DTYPE, "code 5"}, {"opaque_code", opaque_code, RT_E_DTYPE, "code 3"}, {"unknown_code", unknown_code, RT_E_DTYPE, "200"},
    {"zero_bits", zero_bits, RT_E_DTYPE, "0 bits"}, {"odd_bits", odd_bits, RT_E_DTYPE, "31"}, {"float8", float8, RT_E_DTYPE, "8 bits"},
    {"bool1", bool1, RT_E_DTYPE, "code 6"}, {"bfloat32", bfloat32, RT_E_DTYPE, "code 4"}, {"int4", int4, RT_E_DTYPE, "4 bits"}, {"int128", int128, RT_E_DTYPE, "128"},
    {"cuda", cuda, RT_E_UNSUPPORTED, "type 2"}, {"cuda_managed", cuda_managed, RT_E_UNSUPPORTED, "type 13"}, {"device_zero", device_zero, RT_E_UNSUPPORTED, "type 0"},
    {"device_negative", device_negative, RT_E_UNSUPPORTED, "type -1"},
};

static void hostile_structs_are_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(changes); i++) {
    for (int legacy = 0; legacy < 2; legacy++) {
      foreign f;
      fill(&f);
      changes[i].make(&f, legacy ? &f.legacy.dl_tensor : &f.versioned.dl_tensor);
      rt_tensor *t = (rt_tensor *)&f;
      rt_status status = legacy ? rt_from_dlpack_legacy(ctx, &f.legacy, &t) : rt_from_dlpack(ctx, &f.versioned, &t);
      if (status != changes[i].status) fail_msg("%s: %s (%s)", changes[i].name, rt_status_name(status), rt_last_error());
      if (!strstr(rt_last_error(), changes[i].word)) fail_msg("%s: \"%s\" lacks \"%s\"", changes[i].name, rt_last_error(), changes[i].word);
      assert_null(t);
      assert_int_equal(f.deleted, 0); // on failure it stays the caller's
    }
  }
}

static void another_version_is_deleted_unread(void **state) {
  static const uint32_t majors[] = {0, 2, UINT32_MAX};
  (void)state;
  for (size_t i = 0; i < COUNT(majors); i++) {
    foreign f;
    rt_tensor *t = (rt_tensor *)&f;
    fill(&f);
    memset(&f.versioned.dl_tensor, 0x5a, sizeof f.versioned.dl_tensor);
    f.versioned.version.major = majors[i];
    assert_int_equal(rt_from_dlpack(ctx, &f.versioned, &t), RT_E_UNSUPPORTED);
    assert_non_null(strstr(rt_last_error(), "version"));
    assert_null(t);
    assert_int_equal(f.deleted, 1);
  }
  foreign f;
  rt_tensor *t = NULL;
  fill(&f);
  f.versioned.version.minor = 999; // a newer minor only adds
  f.versioned.flags = ~(uint64_t)RT_DL_READ_ONLY;
  OK(rt_from_dlpack(ctx, &f.versioned, &t));
  rt_release(t);
  assert_int_equal(f.deleted, 1);
}

static void null_arguments_are_errors(void **state) {
  foreign f;
  rt_tensor *t = NULL;
  rt_dl_managed_versioned *m = NULL;
  rt_dl_managed *legacy = NULL;
  static const int64_t shape[] = {2};
  (void)state;
  fill(&f);
  assert_int_equal(rt_from_dlpack(NULL, &f.versioned, &t), RT_E_ARGUMENT);
  assert_int_equal(rt_from_dlpack(ctx, NULL, &t), RT_E_ARGUMENT);
  assert_int_equal(rt_from_dlpack(ctx, &f.versioned, NULL), RT_E_ARGUMENT);
  assert_int_equal(rt_from_dlpack_legacy(NULL, &f.legacy, &t), RT_E_ARGUMENT);
  assert_int_equal(rt_from_dlpack_legacy(ctx, NULL, &t), RT_E_ARGUMENT);
  assert_int_equal(rt_from_dlpack_legacy(ctx, &f.legacy, NULL), RT_E_ARGUMENT);
  assert_int_equal(rt_to_dlpack(NULL, &m), RT_E_ARGUMENT);
  assert_int_equal(rt_to_dlpack_legacy(NULL, &legacy), RT_E_ARGUMENT);
  assert_int_equal(f.deleted, 0);
  t = arange(RT_F32, 1, shape);
  assert_int_equal(rt_to_dlpack(t, NULL), RT_E_ARGUMENT);
  assert_int_equal(rt_to_dlpack_legacy(t, NULL), RT_E_ARGUMENT);
  rt_release(t);
}

static void a_tensor_travels_between_contexts(void **state) {
  static const int64_t shape[] = {300};
  rt_ctx *other = NULL;
  rt_tensor *t = arange(RT_F32, 1, shape), *there = NULL;
  rt_dl_managed_versioned *m = NULL;
  float values[300];
  (void)state;
  OK(rt_ctx_create(NULL, &other));
  OK(rt_to_dlpack(t, &m));
  void *data = m->dl_tensor.data;
  OK(rt_from_dlpack(other, m, &there));
  rt_release(t);
  assert_ptr_equal(rt_tensor_ctx(there), other);
  OK(rt_read(there, values, sizeof values));
  assert_true(values[299] == 299);
  assert_int_equal(rt_ctx_close(ctx), RT_E_BUSY); // its tensor lives on in the other context
  OK(rt_to_dlpack(there, &m)); // and back out: still the same memory
  assert_ptr_equal((char *)m->dl_tensor.data + m->dl_tensor.byte_offset, data);
  m->deleter(m);
  rt_release(there);
  OK(rt_ctx_close(other));
}

// ---- memory failing ------------------------------------------------------------------------------------------------------------------------

static int fail_now;
static void *failing_alloc(void *user, size_t bytes, size_t align) {
  void *ptr = NULL;
  (void)user;
  if (fail_now) return NULL;
  return posix_memalign(&ptr, align < sizeof(void *) ? sizeof(void *) : align, bytes) == 0 ? ptr : NULL;
}
static void failing_free(void *user, void *ptr, size_t bytes, size_t align) {
  (void)user, (void)bytes, (void)align;
  free(ptr);
}

static void no_memory_leaves_the_struct_with_its_owner(void **state) {
  rt_allocator allocator = {failing_alloc, failing_free, NULL};
  rt_ctx_options options = {.size = sizeof options, .allocator = &allocator};
  rt_ctx *poor = NULL;
  static foreign f[500];
  static rt_tensor *t[500];
  int n = 0, refused = 0;
  (void)state;
  OK(rt_ctx_create(&options, &poor));
  fail_now = 1;
  for (; n < 500 && !refused; n++) { // until what the pool has is used up
    fill(&f[n]);
    rt_status status = rt_from_dlpack(poor, &f[n].versioned, &t[n]);
    refused = status != RT_OK;
    if (!refused) continue;
    assert_int_equal(status, RT_E_NO_MEMORY);
    assert_null(t[n]);
    assert_int_equal(f[n].deleted, 0);
  }
  assert_true(refused);
  rt_dl_managed_versioned *m = (rt_dl_managed_versioned *)&f;
  if (n > 1) { // one that came in cannot go out without memory either, and stays as it was
    rt_status status = RT_OK;
    for (int i = 0; i < 500 && status == RT_OK; i++) {
      status = rt_to_dlpack(t[0], &m);
      if (status == RT_OK) m->deleter(m);
    }
    float values[6];
    OK(rt_read(t[0], values, sizeof values));
    assert_true(values[5] == 5);
  }
  fail_now = 0;
  OK(rt_from_dlpack(poor, &f[n - 1].versioned, &t[n - 1]));
  for (int i = 0; i < n; i++) {
    assert_int_equal(f[i].deleted, 0);
    rt_release(t[i]);
    assert_int_equal(f[i].deleted, 1);
  }
  OK(rt_ctx_close(poor));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_dtype_goes_out),
      cmocka_unit_test(views_go_out_as_they_are),
      cmocka_unit_test(scalars_and_large_ranks_go_out),
      cmocka_unit_test(a_clone_is_parted_first),
      cmocka_unit_test(writes_through_the_tensor_are_seen_outside),
      cmocka_unit_test(legacy_goes_out_and_in),
      cmocka_unit_test(memory_is_used_in_place_and_given_back_once),
      cmocka_unit_test(unusual_but_valid_structs_come_in),
      cmocka_unit_test(nobody_has_to_be_told),
      cmocka_unit_test(read_only_memory_is_not_written),
      cmocka_unit_test(hostile_structs_are_refused),
      cmocka_unit_test(another_version_is_deleted_unread),
      cmocka_unit_test(null_arguments_are_errors),
      cmocka_unit_test(a_tensor_travels_between_contexts),
      cmocka_unit_test(no_memory_leaves_the_struct_with_its_owner),
  };
  return cmocka_run_group_tests(tests, open_context, close_context);
}
