// SPDX-License-Identifier: BSD-3-Clause
// DLPack in and out, versioned and legacy. What arrives is checked as hostile input: every field that contradicts another or reaches outside
// the address space is refused before anything is read through it. Nothing is copied in either direction.

#include "objects.h"

_Static_assert(sizeof(void *) != 8 || (sizeof(rt_dl_tensor) == 48 && offsetof(rt_dl_tensor, shape) == 24), "the layout of DLTensor");
_Static_assert(sizeof(void *) != 8 || (sizeof(rt_dl_managed) == 64 && offsetof(rt_dl_managed, deleter) == 56), "the layout of DLManagedTensor");
_Static_assert(sizeof(void *) != 8 || (sizeof(rt_dl_managed_versioned) == 80 && offsetof(rt_dl_managed_versioned, dl_tensor) == 32),
               "the layout of DLManagedTensorVersioned");

#define DL_CPU 1
#define DL_CUDA_HOST 3 // pinned, but host memory all the same
#define DL_ROCM_HOST 11

typedef enum dl_code { DL_INT = 0, DL_UINT = 1, DL_FLOAT = 2, DL_BFLOAT = 4, DL_COMPLEX = 5, DL_BOOL = 6 } dl_code;

static const uint8_t dl_codes[RTI_DTYPE_COUNT] = {
    [RT_BOOL] = DL_BOOL, [RT_I8] = DL_INT,  [RT_I16] = DL_INT,  [RT_I32] = DL_INT,   [RT_I64] = DL_INT,    [RT_U8] = DL_UINT,   [RT_U16] = DL_UINT,
    [RT_U32] = DL_UINT,  [RT_U64] = DL_UINT, [RT_F16] = DL_FLOAT, [RT_BF16] = DL_BFLOAT, [RT_F32] = DL_FLOAT, [RT_F64] = DL_FLOAT,
    [RT_C64] = DL_COMPLEX, [RT_C128] = DL_COMPLEX,
};

// ---- out -----------------------------------------------------------------------------------------------------------------------------------

typedef struct dl_export {
  union {
    rt_dl_managed_versioned versioned;
    rt_dl_managed legacy;
  } managed; // first: the deleter gets its address
  rt_tensor *tensor;
  int64_t dims[2 * RT_MAX_RANK];
} dl_export;

static void drop_export(dl_export *e) {
  rt_tensor *tensor = e->tensor;
  rti_pool_free(tensor->ctx->pool, e, sizeof *e); // before the tensor, which may be what keeps the context
  rt_release(tensor);
}
static void delete_versioned(rt_dl_managed_versioned *self) { if (self) drop_export(self->manager_ctx); }
static void delete_legacy(rt_dl_managed *self) { if (self) drop_export(self->manager_ctx); }

static rt_status export_tensor(rt_tensor *t, dl_export **out_export, rt_dl_tensor *out_dl) {
  void *data = NULL;
  rt_status status = rti_tensor_escape(t, &data);
  if (status != RT_OK) return rti_fail_in(status, "to_dlpack");
  dl_export *e = rti_pool_alloc_zeroed(t->ctx->pool, sizeof *e);
  if (!e) return rti_fail_in(RT_E_NO_MEMORY, "to_dlpack");
  int32_t rank = rt_tensor_rank(t);
  rt_dtype dtype = rt_tensor_dtype(t);
  e->tensor = rt_retain(t);
  for (int32_t d = 0; d < rank; d++) e->dims[d] = rt_tensor_shape(t)[d], e->dims[RT_MAX_RANK + d] = rt_tensor_strides(t)[d];
  *out_dl = (rt_dl_tensor){.data = data, .device = {DL_CPU, 0}, .ndim = rank, .shape = e->dims, .strides = e->dims + RT_MAX_RANK,
                           .dtype = {dl_codes[dtype], (uint8_t)(8 * rt_dtype_bytes(dtype)), 1}};
  *out_export = e;
  return RT_OK;
}

rt_status rt_to_dlpack(rt_tensor *t, rt_dl_managed_versioned **out) {
  if (!out) return rti_fail(RT_E_ARGUMENT, "to_dlpack: out is NULL");
  *out = NULL;
  dl_export *e;
  rt_dl_tensor dl;
  rt_status status = export_tensor(t, &e, &dl);
  if (status != RT_OK) return status;
  e->managed.versioned = (rt_dl_managed_versioned){.version = {RT_DLPACK_MAJOR, RT_DLPACK_MINOR}, .manager_ctx = e, .deleter = delete_versioned,
                                                   .flags = t->storage->read_only ? RT_DL_READ_ONLY : 0, .dl_tensor = dl};
  *out = &e->managed.versioned;
  return RT_OK;
}

rt_status rt_to_dlpack_legacy(rt_tensor *t, rt_dl_managed **out) {
  if (!out) return rti_fail(RT_E_ARGUMENT, "to_dlpack: out is NULL");
  *out = NULL;
  if (t && t->storage->read_only) return rti_fail(RT_E_UNSUPPORTED, "to_dlpack: the memory is read-only, which the legacy struct cannot say; use rt_to_dlpack");
  dl_export *e;
  rt_dl_tensor dl;
  rt_status status = export_tensor(t, &e, &dl);
  if (status != RT_OK) return status;
  e->managed.legacy = (rt_dl_managed){.dl_tensor = dl, .manager_ctx = e, .deleter = delete_legacy};
  *out = &e->managed.legacy;
  return RT_OK;
}

// ---- in ------------------------------------------------------------------------------------------------------------------------------------

/// Checks everything that needs no memory access beyond the shape and strides arrays, which are read once. *out_data: element (0,0,...).
static rt_status check_import(const rt_dl_tensor *dl, rt_dtype *out_dtype, int64_t *out_shape, int64_t *out_strides, void **out_data) {
  if (dl->device.device_type != DL_CPU && dl->device.device_type != DL_CUDA_HOST && dl->device.device_type != DL_ROCM_HOST)
    return rti_fail(RT_E_UNSUPPORTED, "from_dlpack: the data is on a device of type %d, not in host memory", (int)dl->device.device_type);
  if (dl->dtype.lanes != 1) return rti_fail(RT_E_UNSUPPORTED, "from_dlpack: elements of %u lanes, only 1 is known", (unsigned)dl->dtype.lanes);
  rt_dtype dtype = RT_DTYPE_NONE;
  for (int code = 1; code < RTI_DTYPE_COUNT; code++)
    if (dl_codes[code] == dl->dtype.code && 8 * rti_dtype_size[code] == dl->dtype.bits) dtype = (rt_dtype)code;
  if (dtype == RT_DTYPE_NONE)
    return rti_fail(RT_E_DTYPE, "from_dlpack: no dtype has the DLPack code %u with %u bits", (unsigned)dl->dtype.code, (unsigned)dl->dtype.bits);
  if (dl->ndim < 0) return rti_fail(RT_E_FORMAT, "from_dlpack: ndim is %d", (int)dl->ndim);
  if (dl->ndim > RT_MAX_RANK) return rti_fail(RT_E_SHAPE, "from_dlpack: rank %d, at most %d", (int)dl->ndim, RT_MAX_RANK);
  if (dl->ndim > 0 && !dl->shape) return rti_fail(RT_E_FORMAT, "from_dlpack: shape is NULL, but ndim is %d", (int)dl->ndim);
  int64_t numel, low, high, element = rti_dtype_size[dtype];
  uint64_t bytes;
  for (int32_t d = 0; d < dl->ndim; d++) out_shape[d] = dl->shape[d];
  rt_status status = rti_check_shape("from_dlpack", dtype, dl->ndim, out_shape, &numel, &bytes);
  if (status != RT_OK) return status;

  rti_dense_strides(dl->ndim, out_shape, out_strides); // stays in force where no step is ever taken
  for (int32_t d = 0; d < dl->ndim && dl->strides && numel > 0; d++)
    if (out_shape[d] > 1) out_strides[d] = dl->strides[d];
  *out_dtype = dtype;
  *out_data = NULL;
  if (numel == 0) return RT_OK;

  const uint64_t top = sizeof(void *) == 8 ? INT64_MAX : UINTPTR_MAX; // no 64-bit system has user memory above
  uint64_t address;
  if (!dl->data) return rti_fail(RT_E_FORMAT, "from_dlpack: data is NULL, but there are %lld elements", (long long)numel);
  if (!rti_add_u64((uint64_t)(uintptr_t)dl->data, dl->byte_offset, &address) || address > top)
    return rti_fail(RT_E_FORMAT, "from_dlpack: byte_offset %llu leaves the address space", (unsigned long long)dl->byte_offset);
  if (address % rti_dtype_align(dtype) != 0)
    return rti_fail(RT_E_FORMAT, "from_dlpack: data is not aligned to the %zu bytes of %s", rti_dtype_align(dtype), rt_dtype_name(dtype));
  bool fits = rti_reach(dl->ndim, out_shape, out_strides, &low, &high) && rti_add_i64(high, 1, &high) && rti_mul_i64(low, element, &low) &&
              rti_mul_i64(high, element, &high);
  uint64_t below = fits ? UINT64_C(0) - (uint64_t)low : 0; // low is not positive
  if (!fits || below > address || (uint64_t)high > top - address)
    return rti_fail(RT_E_FORMAT, "from_dlpack: the strides leave the address space");
  *out_data = (void *)(uintptr_t)address;
  return RT_OK;
}

static rt_status import_tensor(rt_ctx *ctx, const rt_dl_tensor *theirs, bool read_only, void (*release)(void *user), void *user, rt_tensor **out) {
  const rt_dl_tensor dl = *theirs;
  rt_dtype dtype = RT_DTYPE_NONE;
  int64_t shape[RT_MAX_RANK] = {0}, strides[RT_MAX_RANK] = {0};
  void *data;
  rt_status status = check_import(&dl, &dtype, shape, strides, &data);
  if (status != RT_OK) return status;
  status = rt_import(ctx, dtype, dl.ndim, shape, strides, data, read_only, release, user, out);
  return status == RT_OK ? RT_OK : rti_fail_in(status, "from_dlpack");
}

static void release_versioned(void *user) {
  rt_dl_managed_versioned *managed = user;
  if (managed->deleter) managed->deleter(managed); // NULL is allowed: somebody else keeps the data
}
static void release_legacy(void *user) {
  rt_dl_managed *managed = user;
  if (managed->deleter) managed->deleter(managed);
}

rt_status rt_from_dlpack(rt_ctx *ctx, rt_dl_managed_versioned *managed, rt_tensor **out) {
  if (!out) return rti_fail(RT_E_ARGUMENT, "from_dlpack: out is NULL");
  *out = NULL;
  if (!ctx || !managed) return rti_fail(RT_E_ARGUMENT, "from_dlpack: %s is NULL", ctx ? "managed" : "ctx");
  if (managed->version.major != RT_DLPACK_MAJOR) { // only the version and the deleter have their place in every version
    unsigned major = managed->version.major, minor = managed->version.minor;
    release_versioned(managed);
    return rti_fail(RT_E_UNSUPPORTED, "from_dlpack: the struct has version %u.%u, known is %d.x", major, minor, RT_DLPACK_MAJOR);
  }
  return import_tensor(ctx, &managed->dl_tensor, managed->flags & RT_DL_READ_ONLY, release_versioned, managed, out);
}

rt_status rt_from_dlpack_legacy(rt_ctx *ctx, rt_dl_managed *managed, rt_tensor **out) {
  if (!out) return rti_fail(RT_E_ARGUMENT, "from_dlpack: out is NULL");
  *out = NULL;
  if (!ctx || !managed) return rti_fail(RT_E_ARGUMENT, "from_dlpack: %s is NULL", ctx ? "managed" : "ctx");
  return import_tensor(ctx, &managed->dl_tensor, false, release_legacy, managed, out);
}
