// SPDX-License-Identifier: BSD-3-Clause
// The host's access to the elements of tensors: read, write, item, map, clone, moving between devices, waiting, raw pointers.
#include <string.h>

#include "objects.h"

rt_status rti_copy_host(rt_ctx *ctx, bool below_layers, rt_dtype dtype, int32_t rank, const int64_t *shape, const int64_t *src_strides, const void *src, const int64_t *dst_strides, void *dst) {
  rti_canon canon = {.n = 2, .rank = rank, .ranks = {rank, rank}};
  for (int32_t d = 0; d < rank; d++) {
    canon.shape[0][d] = canon.shape[1][d] = shape[d];
    canon.stride[0][d] = src_strides[d], canon.stride[1][d] = dst_strides[d];
  }
  rti_canonicalise(&canon, RTI_JOINT);
  rtb_view view[2];
  uint64_t words[2];
  int64_t numel = 1;
  for (int32_t d = 0; d < canon.rank; d++) numel *= canon.shape[0][d];
  if (numel == 0) return RT_OK;
  for (int k = 0; k < 2; k++) {
    view[k] = (rtb_view){.data = k ? dst : (void *)(uintptr_t)src, .numel = numel, .dtype = (uint16_t)dtype, .ndim = (uint8_t)canon.rank,
                         .layout = rti_layout(canon.rank, canon.shape[k], canon.stride[k]), .shape = canon.shape[k], .stride = canon.stride[k]};
    words[k] = rti_pack_arg((uint16_t)dtype, view[k].layout, (uint8_t)canon.rank, RTB_SPACE_HOST);
  }
  const rtb_view *args[2] = {&view[0], &view[1]};
  rtb_op op = {.op = RTB_OP_COPY, .nin = 1, .nout = 1, .math = ctx->math, .args = args};
  for (int i = 0; i < ctx->device[0].n_chain; i++) {
    rti_kernel *kernel;
    bool uncached;
    rt_status status = rti_resolve(ctx->device[0].chain[i], RTB_OP_COPY, 1, 1, words, 0, NULL, 0, &kernel, &uncached);
    if (status != RT_OK) return status;
    bool usable = kernel->fn && !kernel->inner.accept && !kernel->inner.workspace_bytes &&
                  !(((uintptr_t)src | (uintptr_t)dst) & kernel->align_mask);
    int32_t code = RTB_OK;
    if (usable) {
      uint32_t before = rti_error_count();
      code = below_layers ? kernel->inner.fn(kernel->inner.kctx, NULL, &op) : kernel->fn(kernel->fn_ctx, NULL, &op);
      rti_count(kernel, &kernel->runs);
      if (code != RTB_OK) status = rti_kernel_failed(kernel, code, before);
    }
    if (uncached) rti_kernel_free(kernel);
    if (usable) return status;
  }
  return rti_fail(RT_E_INTERNAL, "copy: no backend copies %s on the host", rt_dtype_name(dtype));
}

#define COPY_SHARED 262144 // bytes from which a second thread is worth it

rt_status rti_copy_dense(rt_ctx *ctx, size_t bytes, const void *src, void *dst) {
  if (bytes >= COPY_SHARED && rti_threads_count(ctx->threads) > 1 && !atomic_load_explicit(&ctx->cancelled, memory_order_relaxed)) {
    const int64_t n = (int64_t)bytes, one = 1;
    return rti_copy_host(ctx, false, RT_U8, 1, &n, &one, src, &one, dst);
  }
  memcpy(dst, src, bytes);
  return RT_OK;
}

static rt_status check_bytes(const char *who, const rt_tensor *t, const void *memory, size_t bytes) {
  rt_status status = rti_check_tensor(who, "t", t);
  if (status != RT_OK) return status;
  uint64_t want = (uint64_t)t->view.numel * t->element_bytes;
  if (bytes != want) return rti_fail(RT_E_ARGUMENT, "%s: %zu bytes are given, but the tensor has %lld elements of %u bytes", who, bytes, (long long)t->view.numel, t->element_bytes);
  if (!memory && bytes) return rti_fail(RT_E_ARGUMENT, "%s: the memory is NULL", who);
  return RT_OK;
}

static char *element_zero(const rt_tensor *t, const rti_buffer *buffer) { return (char *)buffer->host + t->view.offset; }

rt_status rt_read(const rt_tensor *t, void *dst, size_t bytes) {
  rt_status status = check_bytes("read", t, dst, bytes);
  if (status != RT_OK || bytes == 0) return status;
  rti_buffer *buffer;
  if ((status = rti_bring(t->storage, 0, false, 0, "the host reads it", &buffer)) != RT_OK) return rti_fail_in(status, "read");
  int64_t dense[RT_MAX_RANK];
  rti_dense_strides(t->view.ndim, t->view.shape, dense);
  if (t->view.layout == RTB_DENSE) status = rti_copy_dense(t->ctx, bytes, element_zero(t, buffer), dst);
  else status = rti_copy_host(t->ctx, false, (rt_dtype)t->view.dtype, t->view.ndim, t->view.shape, t->view.stride, element_zero(t, buffer), dense, dst);
  rti_buffer_release(buffer);
  return status;
}

static bool covers_storage(const rt_tensor *t) { return (uint64_t)t->view.numel * t->element_bytes == t->storage->bytes; }

static rt_status host_written(rt_tensor *t, rti_buffer *buffer) {
  int64_t low, high;
  rti_reach(t->view.ndim, t->view.shape, t->view.stride, &low, &high);
  rt_status status = rti_written(t->storage, 0, buffer, t->view.offset + (uint64_t)(low * (int64_t)t->element_bytes),
                                 t->view.offset + (uint64_t)((high + 1) * (int64_t)t->element_bytes), RTB_OP_COPY);
  rti_tensor_refresh(t);
  return status;
}

static rt_status check_writable(const char *who, const rt_tensor *t) {
  rti_text text;
  if (rti_self_overlaps(t->view.ndim, t->view.shape, t->view.stride))
    return rti_fail(RT_E_ARGUMENT, "%s: several elements of the tensor (shape %s) may share memory", who, rti_shape_text(&text, t->view.ndim, t->view.shape));
  return RT_OK;
}

rt_status rt_write(rt_tensor *t, const void *src, size_t bytes) {
  rt_status status = check_bytes("write", t, src, bytes);
  if (status == RT_OK) status = check_writable("write", t);
  if (status != RT_OK || bytes == 0) return status;
  rti_buffer *buffer;
  if ((status = rti_prepare_write(t->storage, 0, !covers_storage(t), 0, &buffer)) != RT_OK) return status;
  int64_t dense[RT_MAX_RANK];
  rti_dense_strides(t->view.ndim, t->view.shape, dense);
  if (t->view.layout == RTB_DENSE) status = rti_copy_dense(t->ctx, bytes, src, element_zero(t, buffer));
  else status = rti_copy_host(t->ctx, false, (rt_dtype)t->view.dtype, t->view.ndim, t->view.shape, dense, src, t->view.stride, element_zero(t, buffer));
  if (status == RT_OK) status = host_written(t, buffer);
  rti_buffer_release(buffer);
  return status;
}

rt_status rt_item(const rt_tensor *t, rt_scalar *out_value) {
  if (!out_value) return rti_fail(RT_E_ARGUMENT, "item: out_value is NULL");
  *out_value = (rt_scalar){RT_KIND_NONE, {.u = 0}};
  rt_status status = rti_check_tensor("item", "t", t);
  rti_text text;
  if (status != RT_OK) return status;
  if (t->view.numel != 1) return rti_fail(RT_E_SHAPE, "item: shape %s does not have exactly one element", rti_shape_text(&text, t->view.ndim, t->view.shape));
  uint64_t element[2] = {0};
  if ((status = rt_read(t, element, t->element_bytes)) == RT_OK) *out_value = rti_scalar_load((rt_dtype)t->view.dtype, element);
  return status;
}

// ---- map ---------------------------------------------------------------------------------------------------------------------------------

rt_status rt_map(rt_tensor *t, uint32_t flags, void **out_ptr) {
  if (!out_ptr) return rti_fail(RT_E_ARGUMENT, "map: out_ptr is NULL");
  *out_ptr = NULL;
  rt_status status = rti_check_tensor("map", "t", t);
  if (status != RT_OK) return status;
  if (!flags || flags & ~(RT_MAP_READ | RT_MAP_WRITE)) return rti_fail(RT_E_ARGUMENT, "map: flags 0x%x", flags);
  rti_storage *storage = t->storage;
  bool for_writing = flags & RT_MAP_WRITE;
  if (for_writing && (status = check_writable("map", t)) != RT_OK) return status;
  rti_buffer *buffer = NULL;
  rti_spin_lock(&storage->lock);
  bool is_written = storage->n_writes_mapped > 0;
  rti_spin_unlock(&storage->lock);
  if (is_written) return rti_fail(RT_E_STATE, "map: the storage is mapped for writing already");
  if (t->view.numel > 0) {
    if (for_writing) status = rti_prepare_write(storage, 0, (flags & RT_MAP_READ) || !covers_storage(t), 0, &buffer);
    else status = rti_bring(storage, 0, false, 0, "the host maps it", &buffer);
    // Other places are stale from here on. Nothing goes home yet: the device would read while the user writes.
    if (status == RT_OK && for_writing) status = rti_written(storage, 0, buffer, 0, storage->bytes, RTB_OP_COPY);
    if (status == RT_OK && for_writing) rti_tensor_refresh(t);
    if (status != RT_OK) {
      rti_buffer_release(buffer);
      return rti_fail_in(status, "map");
    }
    *out_ptr = element_zero(t, buffer);
  }
  rti_spin_lock(&storage->lock);
  if (for_writing) storage->n_writes_mapped++;
  else storage->n_reads_mapped++;
  rti_storage_update_fast(storage);
  rti_spin_unlock(&storage->lock);
  rti_buffer_release(buffer); // the storage keeps it: nothing may write while a map is open
  return RT_OK;
}

rt_status rt_unmap(rt_tensor *t) {
  rt_status status = rti_check_tensor("unmap", "t", t);
  if (status != RT_OK) return status;
  rti_storage *storage = t->storage;
  rti_buffer *buffer = NULL;
  rti_spin_lock(&storage->lock);
  bool was_writing = storage->n_writes_mapped > 0, was_mapped = was_writing || storage->n_reads_mapped > 0;
  if (was_writing) storage->n_writes_mapped--;
  else if (was_mapped) storage->n_reads_mapped--;
  rti_place *host = rti_storage_place(storage, 0);
  if (was_writing && host && host->buffer) rti_buffer_retain(buffer = host->buffer);
  rti_storage_update_fast(storage);
  rti_spin_unlock(&storage->lock);
  if (!was_mapped) return rti_fail(RT_E_STATE, "unmap: the tensor is not mapped");
  if (buffer && t->view.numel > 0) {
    // Map made the host the only valid place of a storage at home elsewhere; a partial write has to reach that home again.
    bool lives_elsewhere = storage->place[0].space != 0 && !covers_storage(t) && storage->place[0].buffer;
    status = host_written(t, buffer);
    if (status == RT_OK && lives_elsewhere) {
      rti_buffer *home;
      status = rti_bring(storage, storage->place[0].space, false, 0, "a partial write goes home", &home);
      if (status == RT_OK) rti_buffer_release(home);
    }
  }
  rti_buffer_release(buffer);
  return status;
}

rt_status rti_tensor_escape(rt_tensor *t, void **out_ptr) {
  *out_ptr = NULL;
  rt_status status = rti_check_tensor("export", "t", t);
  if (status != RT_OK) return status;
  if (t->device != 0) return rti_fail(RT_E_UNSUPPORTED, "export: the tensor lives on device %s; move it to the host with rt_to", t->ctx->device[t->device].desc.name);
  if (t->view.numel == 0) return RT_OK;
  rti_storage *storage = t->storage;
  rti_buffer *buffer;
  if (storage->read_only) {
    if ((status = rti_bring(storage, 0, false, 0, "a raw pointer is taken", &buffer)) != RT_OK) return status;
  } else {
    if ((status = rti_prepare_write(storage, 0, true, 0, &buffer)) != RT_OK) return status;
    uint64_t version = atomic_load(&storage->version);
    status = rti_written(storage, 0, buffer, 0, storage->bytes, 0); // other places are stale as soon as somebody writes through the pointer
    atomic_store(&storage->version, version);
  }
  rti_spin_lock(&storage->lock);
  storage->escaped = true;
  rti_storage_update_fast(storage);
  rti_spin_unlock(&storage->lock);
  *out_ptr = element_zero(t, buffer);
  rti_buffer_release(buffer);
  rti_tensor_refresh(t);
  return status;
}

// ---- clone, to, wait -----------------------------------------------------------------------------------------------------------------------

/// A tensor like t on a storage of its own that shares t's buffers. `home`: logical device of the new one.
static rt_status share(const rt_tensor *t, int32_t home, rt_tensor **out) {
  static const int64_t nothing[1] = {0};
  rt_tensor *mine = NULL, *view = NULL;
  rt_status status = rti_tensor_create(t->ctx, home, (rt_dtype)t->view.dtype, 1, nothing, NULL, &mine);
  if (status != RT_OK) return status;
  rti_storage *from = t->storage, *to = mine->storage;
  rti_buffer *buffer[RTI_MAX_DEVICES];
  int32_t space[RTI_MAX_DEVICES], n = 0;
  rti_spin_lock(&from->lock);
  to->bytes = from->bytes;
  for (rti_place *place = &from->place[0]; place; place = place == &from->place[0] ? &from->place[1] : place->next) {
    if (!place->valid || !place->buffer || n == RTI_MAX_DEVICES) continue;
    rti_buffer_own(place->buffer);
    buffer[n] = place->buffer;
    space[n++] = place->space;
  }
  rti_spin_unlock(&from->lock);
  for (int32_t i = 0; i < n; i++) {
    rti_buffer *old;
    rti_spin_lock(&to->lock);
    rt_status installed = status == RT_OK ? rti_storage_install(to, space[i], buffer[i], true, &old) : status;
    rti_spin_unlock(&to->lock);
    if (installed != RT_OK) rti_buffer_disown(buffer[i]);
    status = installed;
  }
  rti_spin_lock(&from->lock);
  rti_storage_update_fast(from);
  rti_spin_unlock(&from->lock);
  if (status == RT_OK) status = rti_tensor_view(mine, t->view.ndim, t->view.shape, t->view.stride, rti_element_offset(t), &view);
  rt_release(mine);
  *out = view;
  return status;
}

rt_status rt_clone(const rt_tensor *t, rt_tensor **out) {
  if (!out) return rti_fail(RT_E_ARGUMENT, "clone: out is NULL");
  *out = NULL;
  rt_status status = rti_check_tensor("clone", "t", t);
  if (status != RT_OK) return status;
  // Memory that others may write, and data small enough to live in the handle, are copied at once.
  bool small_on_host = t->device == 0 && t->storage->bytes <= RT_INLINE_BYTES;
  bool is_written = t->storage->escaped || t->storage->n_writes_mapped > 0;
  if (is_written || small_on_host || t->view.numel == 0 || (t->flags & RTI_TENSOR_WEAK)) return rt_copy(t, out);
  return share(t, t->device, out);
}

rt_status rt_to(const rt_tensor *t, rt_device device, rt_tensor **out) {
  if (!out) return rti_fail(RT_E_ARGUMENT, "to: out is NULL");
  *out = NULL;
  rt_status status = rti_check_tensor("to", "t", t);
  if (status != RT_OK) return status;
  if (device == RT_DEFAULT_DEVICE) device = t->ctx->default_device;
  if (device < 0 || device >= t->ctx->n_devices) return rti_fail(RT_E_ARGUMENT, "to: device %d is not in 0 to %d", device, t->ctx->n_devices - 1);
  if (device == t->device) return rt_clone(t, out);
  // Between two devices whole storages are shared until the second one asks for the bytes: they may be able to go there directly.
  bool is_whole = t->view.layout == RTB_DENSE && (uint64_t)t->view.numel * t->element_bytes == t->storage->bytes && t->view.numel > 0;
  if (t->device && device && is_whole && !t->storage->escaped && !t->storage->n_writes_mapped) return share(t, device, out);
  rt_tensor *moved;
  if ((status = rti_tensor_create(t->ctx, device, (rt_dtype)t->view.dtype, t->view.ndim, t->view.shape, NULL, &moved)) != RT_OK) return status;
  if (t->view.numel > 0) {
    // Through the host; the device gets the bytes when it first needs them.
    rti_buffer *from = NULL, *into = NULL;
    status = rti_bring(t->storage, 0, false, 0, "it moves to another device", &from);
    if (status == RT_OK) status = rti_prepare_write(moved->storage, 0, false, RTB_OP_COPY, &into);
    if (status == RT_OK)
      status = rti_copy_host(t->ctx, false, (rt_dtype)t->view.dtype, t->view.ndim, t->view.shape, t->view.stride, element_zero(t, from), moved->view.stride, into->host);
    if (status == RT_OK) status = host_written(moved, into);
    rti_buffer_release(from);
    rti_buffer_release(into);
  }
  if (status != RT_OK) {
    rt_release(moved);
    return status;
  }
  *out = moved;
  return RT_OK;
}

rt_status rt_wait(const rt_tensor *t) {
  rt_status status = rti_check_tensor("wait", "t", t);
  if (status != RT_OK) return status;
  rti_storage *storage = t->storage;
  rti_buffer *buffer[RTI_MAX_DEVICES];
  int n = 0;
  rti_spin_lock(&storage->lock);
  for (rti_place *place = &storage->place[0]; place; place = place == &storage->place[0] ? &storage->place[1] : place->next)
    if (place->valid && place->buffer && n < RTI_MAX_DEVICES) rti_buffer_retain(buffer[n++] = place->buffer);
  rti_spin_unlock(&storage->lock);
  // One good place is enough: a failed replica does not spoil the data.
  rt_status first = RT_OK;
  bool is_readable = n == 0;
  for (int i = 0; i < n; i++) {
    status = rti_buffer_check(buffer[i]);
    if (status == RT_OK) status = rti_buffer_quiet(buffer[i], true);
    if (status == RT_OK) is_readable = true;
    else if (first == RT_OK) first = status;
    rti_buffer_release(buffer[i]);
  }
  return is_readable ? RT_OK : first;
}
