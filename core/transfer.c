// SPDX-License-Identifier: BSD-3-Clause
// The only code that moves bytes between spaces. It decides which place of a storage is read, makes replicas, detaches storages that share
// memory before a write, and counts every copy with its reason.
#include <string.h>

#include "objects.h"

static uint8_t as_seen_by(const rti_device *device, int32_t space) {
  return space == 0 ? RTB_SPACE_HOST : space == device->index ? RTB_SPACE_MINE : RTB_SPACE_FOREIGN;
}

/// How this device copies from one space to another; fn is NULL when it declines.
static rt_status copy_kernel(const rti_device *device, int32_t from, int32_t to, rti_kernel **out, bool *uncached) {
  uint64_t args[2] = {rti_pack_arg(RTB_U8, RTB_DENSE, 1, as_seen_by(device, from)), rti_pack_arg(RTB_U8, RTB_DENSE, 1, as_seen_by(device, to))};
  return rti_resolve(device->own, RTB_OP_COPY, 1, 1, args, 0, NULL, 0, out, uncached);
}

static bool can_copy(const rti_device *device, int32_t from, int32_t to) {
  rti_kernel *kernel;
  bool uncached;
  if (copy_kernel(device, from, to, &kernel, &uncached) != RT_OK) return false;
  bool can = kernel->fn;
  if (uncached) rti_kernel_free(kernel);
  return can;
}

/// May bytes go from one device to another without the host? Only devices of one plugin know each other's handles, and both must agree.
static bool can_meet(const rt_ctx *ctx, int32_t from, int32_t to) {
  const rti_device *a = &ctx->device[from], *b = &ctx->device[to];
  return a->own->lib && a->own->lib == b->own->lib && can_copy(a, from, to) && can_copy(b, from, to);
}

static rtb_view bytes_view(const rti_buffer *buffer, uint64_t low, const int64_t *n, const int64_t *one) {
  return (rtb_view){.data = buffer->host ? (char *)buffer->host + low : NULL, .buf = buffer->handle, .offset = low, .numel = *n,
                    .dtype = RTB_U8, .ndim = 1, .layout = RTB_DENSE, .shape = n, .stride = one};
}

rt_status rti_copy_bytes(rt_ctx *ctx, bool below_layers, rti_buffer *src, rti_buffer *dst, uint64_t low, uint64_t high, uint16_t op, const char *why) {
  if (high <= low) return RT_OK;
  static const int64_t one = 1;
  int64_t n = (int64_t)(high - low);
  int32_t space = dst->space ? dst->space : src->space; // of two devices the destination's copies
  rt_status status;
  bool are_two = src->space && dst->space && src->space != dst->space;
  if (are_two && !can_meet(ctx, src->space, dst->space)) { // they meet on the host
    rti_buffer *between;
    if ((status = rti_buffer_create(ctx, 0, src->bytes, &between)) != RT_OK) return status;
    status = rti_copy_bytes(ctx, below_layers, src, between, low, high, op, why);
    if (status == RT_OK) status = rti_copy_bytes(ctx, below_layers, between, dst, low, high, op, why);
    rti_buffer_release(between);
    return status;
  }
  char route[100];
  rti_text text = {{0}};
  rti_append(&text, "%s->%s", ctx->device[src->space].desc.name, ctx->device[dst->space].desc.name);
  memcpy(route, text.at, sizeof route - 1);
  route[sizeof route - 1] = 0;
  rti_note(ctx, RT_REPORT_COPY, op, route, why, (uint64_t)n);
  if (src->host && dst->host) { // both within reach: once nothing else touches them, the host copies
    if ((status = rti_buffer_quiet(src, true)) == RT_OK) status = rti_buffer_quiet(dst, false);
    return status == RT_OK ? rti_copy_host(ctx, below_layers, RT_U8, 1, &n, &one, (char *)src->host + low, &one, (char *)dst->host + low) : status;
  }
  rti_device *device = &ctx->device[space];
  rti_kernel *kernel;
  bool uncached;
  if (are_two && (status = rti_buffer_quiet(src, true)) != RT_OK) return status;
  if ((status = copy_kernel(device, src->space, dst->space, &kernel, &uncached)) != RT_OK) return status;
  if (!kernel->fn) {
    status = rti_fail(RT_E_BACKEND, "backend %s cannot copy from %s to %s: %s", device->own->name, src->space ? "its memory" : "the host",
                      dst->space ? "its memory" : "the host", kernel->inner.why);
    if (uncached) rti_kernel_free(kernel);
    return status;
  }
  rtb_view from = bytes_view(src, low, &n, &one), to = bytes_view(dst, low, &n, &one);
  const rtb_view *args[2] = {&from, &to};
  rtb_op call = {.op = RTB_OP_COPY, .nin = 1, .nout = 1, .math = ctx->math, .args = args};
  rti_count(kernel, &kernel->runs);
  if (device->is_async) {
    // A source of another device stays with the stream that it has: it is alive and unchanged until the wait below has ended.
    rti_buffer *buffers[2] = {dst, src};
    int32_t n_buffers = are_two ? 1 : 2;
    bool must_wait = are_two || !dst->space;
    for (bool again = true; again;) {
      rti_stream *stream = NULL;
      status = rti_stream_get(device, &stream);
      if (status == RT_OK && !dst->space) status = rti_buffer_quiet(dst, false);
      if (status == RT_OK) status = rti_stream_submit(stream, kernel, &call, n_buffers, buffers, 1);
      bool is_waited = status == RT_OK && must_wait;
      if (is_waited) status = rti_stream_wait(stream, call.seq, op, why);
      bool has_failed = is_waited && status != RT_OK;
      // An earlier op may have failed and taken the queue with it; if the source is none of its results, the new queue makes the copy.
      again = status == RTI_RETIRED || (has_failed && rti_stream_error(stream, call.seq - 1) != RT_OK && rti_buffer_check(src) == RT_OK);
      if (has_failed && !again) rti_stream_seen(stream);
      rti_stream_release(stream);
    }
  } else {
    uint32_t before = rti_error_count();
    int32_t code = below_layers ? kernel->inner.fn(kernel->inner.kctx, NULL, &call) : kernel->fn(kernel->fn_ctx, NULL, &call);
    if (code != RTB_OK) status = rti_kernel_failed(kernel, code, before);
  }
  if (uncached) rti_kernel_free(kernel);
  return status;
}

/// A valid, readable place to copy from, retained; the host before devices. NULL without an error: the storage has no data yet.
static rt_status find_source(rti_storage *storage, int32_t except, rti_buffer **out) {
  rti_buffer *candidate[RTI_MAX_DEVICES];
  int n = 0;
  *out = NULL;
  rti_spin_lock(&storage->lock);
  for (rti_place *place = &storage->place[0]; place; place = place == &storage->place[0] ? &storage->place[1] : place->next) {
    if (!place->valid || !place->buffer || place->space == except || n == RTI_MAX_DEVICES) continue;
    rti_buffer_retain(place->buffer);
    candidate[n++] = place->buffer;
    if (place->space == 0) candidate[n - 1] = candidate[0], candidate[0] = place->buffer;
  }
  rti_spin_unlock(&storage->lock);
  rt_status status = RT_OK;
  for (int i = 0; i < n; i++) {
    if (!*out && (status = rti_buffer_check(candidate[i])) == RT_OK) *out = candidate[i];
    else rti_buffer_release(candidate[i]);
  }
  return *out ? RT_OK : status;
}

/// The valid buffer of a space, retained, after checking it; NULL when there is none.
static rti_buffer *valid_buffer(rti_storage *storage, int32_t space, rt_status *out_status) {
  rti_buffer *buffer = NULL;
  rti_spin_lock(&storage->lock);
  rti_place *place = rti_storage_place(storage, space);
  if (place && place->valid && place->buffer) rti_buffer_retain(buffer = place->buffer);
  rti_spin_unlock(&storage->lock);
  *out_status = buffer ? rti_buffer_check(buffer) : RT_OK;
  if (buffer && *out_status == RT_OK && space == 0) *out_status = rti_buffer_quiet(buffer, true);
  if (*out_status == RT_OK) return buffer;
  rti_buffer_release(buffer);
  return NULL;
}

rt_status rti_bring(rti_storage *storage, int32_t space, bool may_import, uint16_t op, const char *why, rti_buffer **out) {
  rt_status poisoned, status;
  if ((*out = valid_buffer(storage, space, &poisoned))) return RT_OK;
  rti_buffer *src, *dst = NULL, *old = NULL;
  if ((status = find_source(storage, space, &src)) != RT_OK) return status;
  if (!src && poisoned != RT_OK) return poisoned;
  if (src && src->space && space && !can_meet(storage->ctx, src->space, space)) { // two devices meet on the host
    rti_buffer_release(src);
    if ((status = rti_bring(storage, 0, false, op, why, &src)) != RT_OK) return status;
  }
  bool is_imported = may_import && src && space && !storage->escaped && rti_buffer_import(src, space, &dst);
  rti_spin_lock(&storage->lock);
  bool is_first = !src && !rti_storage_place(storage, space);
  rti_spin_unlock(&storage->lock);
  if (!is_imported) status = is_first || !src ? rti_storage_buffer(storage, space, &dst) : rti_buffer_create(storage->ctx, space, storage->bytes, &dst);
  if (status == RT_OK && src && !is_imported) {
    status = rti_copy_bytes(storage->ctx, false, src, dst, 0, storage->bytes, op, why);
    // Whoever knows the address may write as soon as the call returns, so the device must have read by then.
    if (status == RT_OK && storage->escaped && !src->space) status = rti_buffer_quiet(src, false);
    if (status != RT_OK) rti_buffer_disown(dst);
  }
  rti_buffer_release(src);
  if (status != RT_OK) return status;
  // Another thread may have been faster; memory whose address is known outside keeps no replicas.
  rti_spin_lock(&storage->lock);
  rti_place *place = rti_storage_place(storage, space);
  rti_buffer *winner = place && place->valid ? place->buffer : NULL;
  if (winner && rti_buffer_check(winner) != RT_OK) winner = NULL;
  if (winner) {
    rti_buffer_retain(winner);
    old = dst, dst = winner;
  } else if (storage->escaped && space) {
    winner = dst; // the caller's alone
  } else {
    rti_buffer_retain(dst);
    status = rti_storage_install(storage, space, dst, true, &old);
  }
  rti_spin_unlock(&storage->lock);
  rti_buffer_disown(old);
  if (status != RT_OK) {
    rti_buffer_release(dst);
    rti_buffer_disown(dst);
    return status;
  }
  *out = dst;
  return RT_OK;
}

/// Lets go of what devices know of this storage's host memory, which is about to be written. Where work in flight still reads it, it has two
/// owners, and the write goes elsewhere.
static void drop_imports(rti_storage *storage) {
  rti_buffer *dropped[RTI_MAX_DEVICES];
  int n = 0;
  rti_spin_lock(&storage->lock);
  for (rti_place *place = &storage->place[0]; place; place = place == &storage->place[0] ? &storage->place[1] : place->next) {
    if (!place->buffer || !place->buffer->imported) continue;
    dropped[n++] = place->buffer;
    place->buffer = NULL;
    place->valid = false;
  }
  rti_spin_unlock(&storage->lock);
  while (n > 0) rti_buffer_disown(dropped[--n]);
}

rt_status rti_prepare_write(rti_storage *storage, int32_t space, bool keep, uint16_t op, rti_buffer **out) {
  rt_ctx *ctx = storage->ctx;
  *out = NULL;
  const char *name = rti_ops[op].name ? rti_ops[op].name : "write";
  if (storage->read_only) return rti_fail(RT_E_STATE, "%s: the output is read-only memory", name);
  if (storage->n_writes_mapped || storage->n_reads_mapped)
    return rti_fail(RT_E_STATE, "%s: the output is mapped (%d for reading, %d for writing)", name, storage->n_reads_mapped, storage->n_writes_mapped);
  rti_buffer *buffer = NULL, *fresh, *old = NULL;
  rt_status status = RT_OK;
  bool is_private = storage->escaped && space; // memory made for this write alone, copied back by rti_written
  if (!space) drop_imports(storage);
  if (keep && (status = rti_bring(storage, space, false, op, "part of a tensor is written", &buffer)) != RT_OK) return status;
  if (!buffer && !is_private) {
    rti_spin_lock(&storage->lock);
    rti_place *place = rti_storage_place(storage, space);
    if (place && place->buffer) rti_buffer_retain(buffer = place->buffer);
    rti_spin_unlock(&storage->lock);
    // Memory of a lost device or an older epoch is not written again.
    if (buffer && space && (buffer->epoch != atomic_load(&ctx->device[space].epoch))) {
      rti_buffer_release(buffer);
      buffer = NULL;
    }
  }
  if (buffer && (is_private || (atomic_load_explicit(&buffer->owners, memory_order_acquire) == 1 && !buffer->imported))) {
    if (!space && (status = rti_buffer_quiet(buffer, false)) != RT_OK) {
      rti_buffer_release(buffer);
      return status;
    }
    *out = buffer;
    return RT_OK;
  }
  // No memory yet, or shared with a clone or the host: this storage gets its own.
  status = buffer ? rti_buffer_create(ctx, space, storage->bytes, &fresh) : rti_storage_buffer(storage, space, &fresh);
  if (status == RT_OK && buffer && keep && (status = rti_copy_bytes(ctx, false, buffer, fresh, 0, storage->bytes, op, buffer->imported ? "the device writes what it shares with the host" : "a clone is written (copy on write)")) != RT_OK)
    rti_buffer_disown(fresh);
  rti_buffer_release(buffer);
  if (status != RT_OK) return status;
  *out = fresh;
  if (is_private) return RT_OK;
  rti_buffer_retain(fresh);
  rti_spin_lock(&storage->lock);
  rti_place *place = rti_storage_place(storage, space);
  status = rti_storage_install(storage, space, fresh, place && place->valid && keep, &old);
  rti_spin_unlock(&storage->lock);
  rti_buffer_disown(old);
  if (status != RT_OK) {
    rti_buffer_release(fresh);
    rti_buffer_disown(fresh);
    *out = NULL;
    return status;
  }
  return RT_OK;
}

rt_status rti_written(rti_storage *storage, int32_t space, rti_buffer *buffer, uint64_t low, uint64_t high, uint16_t op) {
  int32_t home = storage->place[0].space;
  rti_spin_lock(&storage->lock);
  bool home_was_valid = storage->place[0].valid;
  for (rti_place *place = &storage->place[0]; place; place = place == &storage->place[0] ? &storage->place[1] : place->next)
    place->valid = place->buffer == buffer;
  rti_buffer *home_buffer = storage->place[0].buffer;
  if (home_buffer) rti_buffer_retain(home_buffer);
  atomic_fetch_add_explicit(&storage->version, 1, memory_order_relaxed);
  rti_storage_update_fast(storage);
  rti_spin_unlock(&storage->lock);
  rt_status status = RT_OK;
  bool is_partial = low != 0 || high != storage->bytes;
  bool home_is_lost = home && atomic_load(&storage->ctx->device[home].lost); // then what was written here is all there is
  if (space != home && home_buffer && !home_is_lost && (storage->escaped || (is_partial && home_was_valid))) {
    // The home may be shared with a clone that did not see this write.
    rti_buffer *target = home_buffer;
    if (!storage->escaped && atomic_load(&home_buffer->owners) > 1) target = NULL;
    if (target) {
      if (!home) status = rti_buffer_quiet(target, false);
      if (status == RT_OK) status = rti_copy_bytes(storage->ctx, false, buffer, target, low, high, op, storage->escaped ? "memory with a raw pointer outside is written" : "a partial write goes home");
      rti_spin_lock(&storage->lock);
      // Memory of the user's stays what this storage is, even when the write did not reach it.
      storage->place[0].valid = status == RT_OK || storage->escaped;
      rti_storage_update_fast(storage);
      rti_spin_unlock(&storage->lock);
    }
  }
  rti_buffer_release(home_buffer);
  return status;
}
