// SPDX-License-Identifier: BSD-3-Clause
// The handle and its lifetime: creating tensors and views of storages, retaining, releasing, and the facts a handle states.
// Data access is data.c's; views that users ask for are view.c's.
#include <string.h>

#include "objects.h"

// Shape and strides of ranks above RTI_HANDLE_DIMS live in a block of their own.
static rt_status set_dims(rt_tensor *t, int32_t rank, const int64_t *shape, const int64_t *strides) {
  int64_t *dims = t->dims, *at_strides = t->dims + RTI_HANDLE_DIMS;
  if (rank > RTI_HANDLE_DIMS) {
    if (!(dims = rti_pool_alloc(t->ctx->pool, 2 * RT_MAX_RANK * sizeof *dims))) return RT_E_NO_MEMORY;
    at_strides = dims + RT_MAX_RANK;
  }
  for (int32_t d = 0; d < rank; d++) dims[d] = shape[d], at_strides[d] = strides[d];
  t->view.shape = dims;
  t->view.stride = at_strides;
  t->view.ndim = (uint8_t)rank;
  return RT_OK;
}

static void free_dims(rt_tensor *t) {
  if (RTI_UNLIKELY(t->view.shape != t->dims)) rti_pool_free(t->ctx->pool, (void *)(uintptr_t)t->view.shape, 2 * RT_MAX_RANK * sizeof(int64_t));
}

static void init_handle(rt_tensor *t, rt_ctx *ctx, int32_t device, rt_dtype dtype, int64_t numel, rti_storage *storage, rt_block *block) {
  t->view.data = NULL;
  t->view.buf = 0;
  t->view.offset = 0;
  t->view.numel = numel;
  t->view.dtype = (uint16_t)dtype;
  t->view.flags = 0;
  t->sig = 0;
  t->storage = storage;
  t->ctx = ctx;
  atomic_init(&t->refs, 1);
  t->device = device;
  t->flags = 0;
  t->element_bytes = rti_dtype_size[dtype];
  t->block = block;
}

void rti_tensor_refresh(rt_tensor *t) {
  // Not the place itself, which another thread that reads the tensor may just replace.
  uintptr_t base = atomic_load_explicit(&t->storage->base, memory_order_acquire);
  if (t->flags & RTI_TENSOR_WEAK) base = (uintptr_t)t->storage->place[0].buffer->host; // always read through the handle, never replaced
  t->view.layout = rti_layout(t->view.ndim, t->view.shape, t->view.stride);
  t->view.data = base ? (void *)(base + t->view.offset) : NULL;
  bool is_fast = t->device == 0 && t->view.data && t->view.layout == RTB_DENSE && t->view.numel > 0 && !(t->flags & RTI_TENSOR_WEAK);
  t->sig = is_fast ? rti_pack_arg(t->view.dtype, RTB_DENSE, t->view.ndim, RTB_SPACE_HOST) : 0;
}

rt_status rti_tensor_create(rt_ctx *ctx, int32_t device, rt_dtype dtype, int32_t rank, const int64_t *shape, const int64_t *strides, rt_tensor **out) {
  *out = NULL;
  int64_t numel = 1, dense[RT_MAX_RANK];
  for (int32_t d = 0; d < rank; d++) numel *= shape[d];
  if (!strides) rti_dense_strides(rank, shape, dense);
  rt_block *block = rti_block_create(ctx);
  if (!block) return RT_E_NO_MEMORY;
  rt_tensor *t = &block->tensor;
  rti_storage *storage = &block->storage;
  atomic_init(&block->parts, 1);
  block->buffer_used = false;
  rti_storage_init(storage, ctx, device, (uint64_t)numel * rti_dtype_size[dtype]);
  init_handle(t, ctx, device, dtype, numel, storage, block);
  rt_status status = set_dims(t, rank, shape, strides ? strides : dense);
  if (status != RT_OK) {
    rti_block_drop(block);
    return status;
  }
  storage->block = block;
  atomic_init(&block->parts, 2);
  // The host's own tensors get their memory now, so that the fast path finds it; other devices' where they are first written.
  if (device == 0 && numel > 0 && (status = rti_storage_host_memory(storage)) != RT_OK) {
    rt_release(t);
    return status;
  }
  rti_tensor_refresh(t);
  *out = t;
  return RT_OK;
}

rt_status rti_tensor_create_as(rt_ctx *ctx, const rtb_view *form, rt_dtype dtype, uint64_t sig, rt_tensor **out) {
  if (RTI_UNLIKELY(form->ndim > RTI_HANDLE_DIMS)) return rti_tensor_create(ctx, 0, dtype, form->ndim, form->shape, form->stride, out);
  rt_block *block = rti_block_create(ctx);
  if (RTI_UNLIKELY(!block)) return RT_E_NO_MEMORY;
  // What rti_tensor_create, rti_storage_host_memory and rti_tensor_refresh would come to, in one go.
  rt_tensor *t = &block->tensor;
  rti_storage *storage = &block->storage;
  rti_buffer *buffer = &block->buffer;
  init_handle(t, ctx, 0, dtype, form->numel, storage, block);
  uint64_t bytes = (uint64_t)form->numel * t->element_bytes;
  bool is_inline = bytes <= RT_INLINE_BYTES;
  rti_buffer_init(buffer, ctx, is_inline ? RTI_MEMORY_INLINE : RTI_MEMORY_POOL, 0, bytes);
  rti_storage_init(storage, ctx, 0, bytes);
  buffer->host = is_inline ? block->data : rti_pool_alloc(ctx->pool, bytes);
  if (RTI_UNLIKELY(!buffer->host)) {
    atomic_init(&block->parts, 1);
    rti_block_drop(block);
    return RT_E_NO_MEMORY;
  }
  buffer->block = block;
  block->buffer_used = true;
  atomic_init(&block->parts, 3);
  storage->block = block;
  storage->place[0].buffer = buffer;
  storage->place[0].valid = true;
  atomic_init(&storage->fast, RTI_FAST_READ | RTI_FAST_WRITE);
  atomic_init(&storage->base, (uintptr_t)buffer->host);
  for (int32_t d = 0; d < form->ndim; d++) t->dims[d] = form->shape[d], t->dims[RTI_HANDLE_DIMS + d] = form->stride[d];
  t->view.shape = t->dims;
  t->view.stride = t->dims + RTI_HANDLE_DIMS;
  t->view.ndim = form->ndim;
  t->view.layout = form->layout;
  t->view.data = buffer->host;
  t->sig = sig;
  *out = t;
  return RT_OK;
}

rt_status rti_tensor_view(const rt_tensor *base, int32_t rank, const int64_t *shape, const int64_t *strides, int64_t offset, rt_tensor **out) {
  *out = NULL;
  int64_t numel = 1, low, high;
  for (int32_t d = 0; d < rank; d++) numel *= shape[d];
  if (numel > 0) { // our own callers compute these from a checked tensor; as_strided brings anything
    int64_t end = (int64_t)(base->storage->bytes / base->element_bytes);
    if (!rti_reach(rank, shape, strides, &low, &high) || !rti_add_i64(low, offset, &low) || !rti_add_i64(high, offset, &high) || low < 0 || high >= end)
      return rti_fail(RT_E_SHAPE, "as_strided: offset %lld and strides reach outside a storage of %lld elements", (long long)offset, (long long)end);
  } else {
    offset = 0;
  }
  rt_tensor *t = rti_small_alloc(base->ctx, sizeof *t);
  if (!t) return RT_E_NO_MEMORY;
  init_handle(t, base->ctx, base->device, (rt_dtype)base->view.dtype, numel, base->storage, NULL);
  t->view.offset = (uint64_t)offset * base->element_bytes;
  t->flags = base->flags;
  rt_status status = set_dims(t, rank, shape, strides);
  if (status != RT_OK) {
    rti_small_free(base->ctx, t, sizeof *t);
    return status;
  }
  atomic_fetch_add_explicit(&base->storage->refs, 1, memory_order_relaxed);
  rti_tensor_refresh(t);
  *out = t;
  return RT_OK;
}

rt_tensor *rt_retain(const rt_tensor *t) {
  rt_tensor *mine = (rt_tensor *)(uintptr_t)t;
  if (mine) atomic_fetch_add_explicit(&mine->refs, 1, memory_order_relaxed);
  return mine;
}

void rt_release(rt_tensor *t) {
  if (!t) return;
  if (atomic_load_explicit(&t->refs, memory_order_acquire) != 1 &&
      atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
    return;
  rt_block *block = t->block;
  free_dims(t);
  if (RTI_LIKELY(block && rti_block_is_ours(block))) {
    rti_block_free_whole(block);
  } else if (block) {
    rti_storage_release(t->storage);
    rti_block_drop(block);
  } else {
    rti_storage *storage = t->storage;
    rti_small_free(t->ctx, t, sizeof *t);
    rti_storage_release(storage);
  }
}

rt_status rti_check_tensor(const char *op, const char *what, const rt_tensor *t) {
  return t ? RT_OK : rti_fail(RT_E_ARGUMENT, "%s: %s is NULL", op, what);
}

// ---- creation --------------------------------------------------------------------------------------------------------------------------

static rt_status check_create(const char *who, rt_ctx *ctx, rt_device *device, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out) {
  if (!out) return rti_fail(RT_E_ARGUMENT, "%s: out is NULL", who);
  *out = NULL;
  if (!ctx) return rti_fail(RT_E_ARGUMENT, "%s: ctx is NULL", who);
  int64_t numel;
  uint64_t bytes;
  rt_status status = rti_check_shape(who, dtype, rank, shape, &numel, &bytes);
  if (status != RT_OK) return status;
  if (*device == RT_DEFAULT_DEVICE) *device = ctx->default_device;
  if (*device < 0 || *device >= ctx->n_devices) return rti_fail(RT_E_ARGUMENT, "%s: device %d is not in 0 to %d", who, *device, ctx->n_devices - 1);
  return RT_OK;
}

rt_status rt_empty_on(rt_ctx *ctx, rt_device device, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out) {
  rt_status status = check_create("empty", ctx, &device, dtype, rank, shape, out);
  return status == RT_OK ? rti_tensor_create(ctx, device, dtype, rank, shape, NULL, out) : status;
}

rt_status rt_empty(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rt_tensor **out) {
  return rt_empty_on(ctx, RT_DEFAULT_DEVICE, dtype, rank, shape, out);
}

rt_status rt_from_data_on(rt_ctx *ctx, rt_device device, rt_dtype dtype, int32_t rank, const int64_t *shape, const void *data, rt_tensor **out) {
  rt_status status = check_create("from_data", ctx, &device, dtype, rank, shape, out);
  if (status != RT_OK) return status;
  status = rti_tensor_create(ctx, device, dtype, rank, shape, NULL, out);
  if (status != RT_OK || (*out)->view.numel == 0) return status;
  rt_tensor *t = *out;
  if (!data) status = rti_fail(RT_E_ARGUMENT, "from_data: data is NULL, but the tensor has %lld elements", (long long)t->view.numel);
  if (status == RT_OK && device != 0) status = rti_storage_host_memory(t->storage); // the device gets it when it first needs it
  if (status == RT_OK) status = rti_copy_dense(ctx, t->storage->bytes, data, rti_storage_place(t->storage, 0)->buffer->host);
  if (status != RT_OK) {
    rt_release(t);
    *out = NULL;
  }
  return status;
}

rt_status rt_from_data(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, const void *data, rt_tensor **out) {
  return rt_from_data_on(ctx, RT_DEFAULT_DEVICE, dtype, rank, shape, data, out);
}

rt_status rt_import(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, const int64_t *strides, void *data, bool read_only, void (*release)(void *user), void *user, rt_tensor **out) {
  rt_device device = RT_HOST;
  rt_status status = check_create("import", ctx, &device, dtype, rank, shape, out);
  if (status != RT_OK) return status;
  int64_t dense[RT_MAX_RANK], low = 0, high = 0, numel = 1, span;
  for (int32_t d = 0; d < rank; d++) numel *= shape[d];
  if (!strides || numel == 0) { // where nothing is reached any strides are right, but views would compute with them
    rti_dense_strides(rank, shape, dense);
    strides = dense;
  }
  size_t element = rti_dtype_size[dtype], align = rti_dtype_align(dtype);
  if (numel > 0 && !data) return rti_fail(RT_E_ARGUMENT, "import: data is NULL, but the tensor has %lld elements", (long long)numel);
  if (numel > 0 && (uintptr_t)data % align) return rti_fail(RT_E_ARGUMENT, "import: data is not aligned to the %zu bytes of %s", align, rt_dtype_name(dtype));
  if (numel > 0 && (!rti_reach(rank, shape, strides, &low, &high) || !rti_sub_i64(high, low, &span) || !rti_add_i64(span, 1, &span) ||
                    !rti_mul_i64(span, (int64_t)element, &span)))
    return rti_fail(RT_E_SHAPE, "import: the strides reach over more than 2^63-1 bytes");
  if (numel > 0 && ((uint64_t)-low > (uintptr_t)data / element || (uint64_t)high >= (UINTPTR_MAX - (uintptr_t)data) / element))
    return rti_fail(RT_E_SHAPE, "import: the strides leave the address space");
  // The handle is created without data; then its storage becomes the imported bytes from the lowest element to the highest.
  static const int64_t nothing[1] = {0};
  rt_tensor *t = NULL;
  if ((status = rti_tensor_create(ctx, 0, dtype, 1, nothing, NULL, &t)) != RT_OK) return status;
  if ((status = set_dims(t, rank, shape, strides)) != RT_OK) {
    rt_release(t);
    return status;
  }
  rt_block *block = t->block;
  rti_storage *storage = t->storage;
  t->view.numel = numel;
  t->view.offset = numel ? (uint64_t)-low * element : 0;
  storage->bytes = numel ? (uint64_t)(high - low + 1) * element : 0;
  storage->read_only = read_only;
  storage->escaped = true; // the owner of the memory may read and write it at any time
  rti_buffer *buffer = &block->buffer;
  rti_buffer_init(buffer, ctx, RTI_MEMORY_IMPORT, 0, storage->bytes);
  buffer->host = numel ? (char *)data + low * (int64_t)element : data;
  buffer->release = release;
  buffer->user = user;
  buffer->block = block;
  block->buffer_used = true;
  atomic_fetch_add(&block->parts, 1);
  storage->place[0].buffer = buffer;
  storage->place[0].valid = true;
  rti_storage_update_fast(storage);
  rti_tensor_refresh(t);
  *out = t;
  return RT_OK;
}

rt_status rt_scalar_tensor(rt_ctx *ctx, rt_scalar value, rt_tensor **out) {
  rt_device device = RT_HOST;
  static const uint8_t of_kind[] = {RT_F64, RT_BOOL, RT_I64, RT_U64, RT_F64, RT_C128};
  rt_dtype dtype = (rt_dtype)of_kind[value.kind >= RT_KIND_BOOLEAN && value.kind <= RT_KIND_COMPLEX ? value.kind : RT_KIND_NONE];
  rt_status status = check_create("scalar_tensor", ctx, &device, dtype, 0, NULL, out);
  if (status != RT_OK) return status;
  if ((status = rti_scalar_check("scalar_tensor", value, dtype)) != RT_OK) return status;
  if ((status = rti_tensor_create(ctx, 0, dtype, 0, NULL, NULL, out)) != RT_OK) return status;
  rti_scalar_store(value, dtype, (*out)->view.data);
  (*out)->flags |= RTI_TENSOR_WEAK;
  (*out)->storage->read_only = true;
  rti_storage_update_fast((*out)->storage);
  rti_tensor_refresh(*out);
  return RT_OK;
}

// ---- facts -----------------------------------------------------------------------------------------------------------------------------

int32_t rt_tensor_rank(const rt_tensor *t) { return t ? t->view.ndim : 0; }
const int64_t *rt_tensor_shape(const rt_tensor *t) { return t ? t->view.shape : NULL; }
const int64_t *rt_tensor_strides(const rt_tensor *t) { return t ? t->view.stride : NULL; }
int64_t rt_tensor_offset(const rt_tensor *t) { return t ? rti_element_offset(t) : 0; }
int64_t rt_tensor_numel(const rt_tensor *t) { return t ? t->view.numel : 0; }
rt_dtype rt_tensor_dtype(const rt_tensor *t) { return t ? (rt_dtype)t->view.dtype : RT_DTYPE_NONE; }
rt_device rt_tensor_device(const rt_tensor *t) { return t ? t->device : 0; }
rt_ctx *rt_tensor_ctx(const rt_tensor *t) { return t ? t->ctx : NULL; }
bool rt_tensor_is_contiguous(const rt_tensor *t) { return t && (t->view.layout == RTB_DENSE || t->view.numel == 0); }
bool rt_tensor_is_weak(const rt_tensor *t) { return t && (t->flags & RTI_TENSOR_WEAK); }
uint64_t rt_tensor_version(const rt_tensor *t) { return t ? atomic_load(&t->storage->version) : 0; }
bool rt_tensor_shares_storage(const rt_tensor *a, const rt_tensor *b) { return a && b && a->storage == b->storage; }

bool rt_tensor_is_exclusive(const rt_tensor *t) {
  if (!t || atomic_load_explicit(&t->refs, memory_order_acquire) != 1) return false;
  rti_storage *storage = t->storage;
  rti_spin_lock(&storage->lock);
  bool is_alone = atomic_load_explicit(&storage->refs, memory_order_acquire) == 1 && !storage->read_only && !storage->escaped &&
                  !storage->n_reads_mapped && !storage->n_writes_mapped;
  for (const rti_place *place = &storage->place[0]; place; place = place == &storage->place[0] ? &storage->place[1] : place->next)
    if (place->buffer && atomic_load_explicit(&place->buffer->owners, memory_order_acquire) != 1) is_alone = false;
  rti_spin_unlock(&storage->lock);
  return is_alone;
}
