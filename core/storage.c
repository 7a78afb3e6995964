// SPDX-License-Identifier: BSD-3-Clause
// Blocks, buffers and storages: their memory, their reference counts, and which places of a storage are valid. Moving bytes is
// transfer.c's; this file never calls a kernel.
#include <string.h>

#include "objects.h"

// ---- blocks ---------------------------------------------------------------------------------------------------------------------------

// Free blocks are kept in a list of the context, so that making and dropping a small tensor costs two short locks.
rt_block *rti_block_create(rt_ctx *ctx) {
  rti_spin_lock(&ctx->blocks_lock);
  rt_block *block = ctx->free_blocks;
  if (block) ctx->free_blocks = block->next_free;
  ctx->n_live++;
  rti_spin_unlock(&ctx->blocks_lock);
  if (block) return block;
  if ((block = rti_pool_alloc(ctx->pool, sizeof *block))) return block;
  rti_spin_lock(&ctx->blocks_lock);
  ctx->n_live--;
  rti_spin_unlock(&ctx->blocks_lock);
  return NULL;
}

static void block_free(rt_ctx *ctx, rt_block *block) {
#if defined(__SANITIZE_ADDRESS__)
  bool is_kept = false; // the pool poisons it, so that a released handle that is used again is caught
#else
  bool is_kept = !ctx->no_pool;
#endif
  if (!is_kept) {
    rti_pool_free(ctx->pool, block, sizeof *block);
    block = NULL;
  }
  rti_spin_lock(&ctx->blocks_lock);
  if (block) {
    block->next_free = ctx->free_blocks;
    ctx->free_blocks = block;
  }
  ctx->n_live--;
  rti_spin_unlock(&ctx->blocks_lock);
}

void rti_block_free_whole(rt_block *block) {
  rt_ctx *ctx = block->storage.ctx;
  if (block->buffer.memory == RTI_MEMORY_POOL) rti_pool_free(ctx->pool, block->buffer.host, block->buffer.bytes);
  block_free(ctx, block);
}

bool rti_block_is_ours(const rt_block *block) {
  const rti_storage *storage = &block->storage;
  const rti_buffer *buffer = &block->buffer;
  return block->buffer_used && atomic_load_explicit(&block->parts, memory_order_acquire) == 3 && atomic_load_explicit(&storage->refs, memory_order_acquire) == 1 &&
         storage->place[0].buffer == buffer && !storage->place[1].buffer && !storage->place[1].next && !buffer->stream &&
         buffer->memory <= RTI_MEMORY_INLINE && atomic_load_explicit(&buffer->refs, memory_order_acquire) == 1;
}

void rti_block_drop(rt_block *block) {
  if (atomic_load_explicit(&block->parts, memory_order_acquire) == 1 ||
      atomic_fetch_sub_explicit(&block->parts, 1, memory_order_acq_rel) == 1)
    block_free(block->storage.ctx, block);
}

void *rti_small_alloc(rt_ctx *ctx, size_t bytes) {
  void *ptr = rti_pool_alloc_zeroed(ctx->pool, bytes);
  if (!ptr) return NULL;
  rti_spin_lock(&ctx->blocks_lock);
  ctx->n_live++;
  rti_spin_unlock(&ctx->blocks_lock);
  return ptr;
}

void rti_small_free(rt_ctx *ctx, void *ptr, size_t bytes) {
  rti_pool_free(ctx->pool, ptr, bytes);
  rti_spin_lock(&ctx->blocks_lock);
  ctx->n_live--;
  rti_spin_unlock(&ctx->blocks_lock);
}

// ---- buffers --------------------------------------------------------------------------------------------------------------------------

void rti_buffer_init(rti_buffer *buffer, rt_ctx *ctx, rti_memory memory, int32_t space, uint64_t bytes) {
  atomic_init(&buffer->refs, 1);
  atomic_init(&buffer->owners, 1);
  buffer->memory = memory;
  buffer->space = space;
  buffer->host = NULL;
  buffer->handle = 0;
  buffer->bytes = bytes;
  buffer->epoch = space ? atomic_load(&ctx->device[space].epoch) : 0;
  rti_spin_init(&buffer->lock);
  buffer->stream = NULL;
  buffer->write_seq = buffer->read_seq = 0;
  buffer->release = NULL;
  buffer->user = NULL;
  buffer->imported = NULL;
  buffer->block = NULL;
  buffer->ctx = ctx;
}

static rt_status buffer_memory(rti_buffer *buffer) {
  if (buffer->memory == RTI_MEMORY_DEVICE) {
    rti_instance *own = buffer->ctx->device[buffer->space].own;
    rt_status status = rti_device_alloc(&buffer->ctx->device[buffer->space], buffer->bytes, &buffer->handle);
    // Memory that the host can reach is copied by the host itself; a backend that does not offer this leaves NULL.
    if (status == RT_OK && own->table.mem_map(own->dev, buffer->handle, &buffer->host) != RTB_OK) buffer->host = NULL;
    return status;
  }
  return (buffer->host = rti_pool_alloc(buffer->ctx->pool, buffer->bytes)) ? RT_OK : RT_E_NO_MEMORY;
}

rt_status rti_buffer_create(rt_ctx *ctx, int32_t space, uint64_t bytes, rti_buffer **out) {
  *out = NULL;
  rti_buffer *buffer = rti_small_alloc(ctx, sizeof *buffer);
  if (!buffer) return RT_E_NO_MEMORY;
  rti_buffer_init(buffer, ctx, space ? RTI_MEMORY_DEVICE : RTI_MEMORY_POOL, space, bytes);
  rt_status status = buffer_memory(buffer);
  if (status != RT_OK) {
    rti_small_free(ctx, buffer, sizeof *buffer);
    return status;
  }
  *out = buffer;
  return RT_OK;
}

bool rti_buffer_import(rti_buffer *host, int32_t space, rti_buffer **out) {
  rt_ctx *ctx = host->ctx;
  const rti_device *device = &ctx->device[space];
  if (host->memory != RTI_MEMORY_POOL || ctx->fork_count != rti_os_fork_count() || atomic_load(&device->lost)) return false;
  uint64_t handle = 0;
  if (device->own->table.mem_import(device->own->dev, host->host, host->bytes, &handle) != RTB_OK) return false;
  rti_buffer *buffer = rti_small_alloc(ctx, sizeof *buffer);
  if (!buffer) {
    device->own->table.mem_free(device->own->dev, handle);
    return false;
  }
  rti_buffer_init(buffer, ctx, RTI_MEMORY_SHARED, space, host->bytes);
  buffer->handle = handle;
  buffer->host = host->host;
  rti_buffer_own(buffer->imported = host);
  *out = buffer;
  return true;
}

void rti_buffer_retain(rti_buffer *buffer) { atomic_fetch_add_explicit(&buffer->refs, 1, memory_order_relaxed); }

static void buffer_die(rti_buffer *buffer) {
  rt_ctx *ctx = buffer->ctx;
  // Work in flight holds references of its own, so nothing touches the memory any more.
  switch (buffer->memory) {
    case RTI_MEMORY_POOL: rti_pool_free(ctx->pool, buffer->host, buffer->bytes); break;
    case RTI_MEMORY_DEVICE: rti_device_free(&ctx->device[buffer->space], buffer->handle, buffer->bytes); break;
    case RTI_MEMORY_IMPORT: if (buffer->release) buffer->release(buffer->user); break;
    case RTI_MEMORY_SHARED:
      if (ctx->fork_count == rti_os_fork_count()) ctx->device[buffer->space].own->table.mem_free(ctx->device[buffer->space].own->dev, buffer->handle);
      rti_buffer_disown(buffer->imported);
      break;
    case RTI_MEMORY_INLINE: break;
  }
  if (buffer->stream) rti_stream_release(buffer->stream);
  if (buffer->block) rti_block_drop(buffer->block);
  else rti_small_free(ctx, buffer, sizeof *buffer);
}

void rti_buffer_release(rti_buffer *buffer) {
  if (!buffer) return;
  if (atomic_load_explicit(&buffer->refs, memory_order_acquire) == 1 ||
      atomic_fetch_sub_explicit(&buffer->refs, 1, memory_order_acq_rel) == 1)
    buffer_die(buffer);
}

void rti_buffer_own(rti_buffer *buffer) {
  rti_buffer_retain(buffer);
  atomic_fetch_add_explicit(&buffer->owners, 1, memory_order_acq_rel);
}

void rti_buffer_disown(rti_buffer *buffer) {
  if (!buffer) return;
  atomic_fetch_sub_explicit(&buffer->owners, 1, memory_order_acq_rel);
  rti_buffer_release(buffer);
}

/// The stream that used the buffer last, retained (another thread's work may take its place), and what to wait for before touching it.
static rti_stream *last_use(rti_buffer *buffer, bool reading, uint64_t *out_seq) {
  rti_spin_lock(&buffer->lock);
  rti_stream *stream = buffer->stream;
  if (stream) rti_stream_retain(stream);
  *out_seq = reading || buffer->write_seq > buffer->read_seq ? buffer->write_seq : buffer->read_seq;
  rti_spin_unlock(&buffer->lock);
  return stream;
}

rt_status rti_buffer_check(rti_buffer *buffer) {
  rti_device *device = &buffer->ctx->device[buffer->space];
  if (buffer->space && (atomic_load(&device->lost) || buffer->epoch != atomic_load(&device->epoch)))
    return rti_fail(RT_E_DEVICE_LOST, "the data was in the memory of device %s, which is lost", device->desc.name);
  uint64_t seq;
  rti_stream *stream = last_use(buffer, true, &seq);
  rt_status status = stream && seq ? rti_stream_error(stream, seq) : RT_OK;
  if (status != RT_OK) rti_stream_seen(stream);
  rti_stream_release(stream);
  return status;
}

rt_status rti_buffer_quiet(rti_buffer *buffer, bool reading) {
  uint64_t seq;
  rti_stream *stream = last_use(buffer, reading, &seq);
  rt_status status = RT_OK;
  const char *why = reading ? "the host reads what the device computes" : "the host writes what the device uses";
  if (stream && seq) status = rti_stream_passed(stream, seq) ? rti_stream_error(stream, seq) : rti_stream_wait(stream, seq, 0, why);
  if (status != RT_OK && reading) rti_stream_seen(stream);
  rti_stream_release(stream);
  return reading ? status : RT_OK; // a failed reader no longer touches the memory
}

// ---- storages -------------------------------------------------------------------------------------------------------------------------

void rti_storage_init(rti_storage *storage, rt_ctx *ctx, int32_t home, uint64_t bytes) {
  atomic_init(&storage->refs, 1);
  atomic_init(&storage->fast, 0);
  atomic_init(&storage->base, 0);
  rti_spin_init(&storage->lock);
  storage->read_only = storage->escaped = false;
  storage->n_reads_mapped = storage->n_writes_mapped = 0;
  storage->bytes = bytes;
  atomic_init(&storage->version, 0);
  storage->place[0] = (rti_place){.space = home};
  storage->place[1] = (rti_place){.space = -1};
  storage->block = NULL;
  storage->ctx = ctx;
}

rt_status rti_storage_create(rt_ctx *ctx, int32_t home, uint64_t bytes, rti_storage **out) {
  *out = rti_small_alloc(ctx, sizeof **out);
  if (!*out) return RT_E_NO_MEMORY;
  rti_storage_init(*out, ctx, home, bytes);
  return RT_OK;
}

static void storage_die(rti_storage *storage) {
  rt_ctx *ctx = storage->ctx;
  for (int i = 0; i < 2; i++) rti_buffer_disown(storage->place[i].buffer);
  for (rti_place *place = storage->place[1].next, *next; place; place = next) {
    next = place->next;
    rti_buffer_disown(place->buffer);
    rti_small_free(ctx, place, sizeof *place);
  }
  if (storage->block) rti_block_drop(storage->block);
  else rti_small_free(ctx, storage, sizeof *storage);
}

void rti_storage_release(rti_storage *storage) {
  if (atomic_load_explicit(&storage->refs, memory_order_acquire) == 1 ||
      atomic_fetch_sub_explicit(&storage->refs, 1, memory_order_acq_rel) == 1)
    storage_die(storage);
}

rti_place *rti_storage_place(rti_storage *storage, int32_t space) {
  for (rti_place *place = &storage->place[0]; place; place = place == &storage->place[0] ? &storage->place[1] : place->next)
    if (place->space == space) return place;
  return NULL;
}

static bool has_stream(rti_buffer *buffer) {
  rti_spin_lock(&buffer->lock); // a clone's thread may just submit work on it
  bool has = buffer->stream;
  rti_spin_unlock(&buffer->lock);
  return has;
}

void rti_storage_update_fast(rti_storage *storage) {
  rti_place *home = &storage->place[0];
  unsigned fast = 0;
  if (home->space == 0 && home->valid && home->buffer && !has_stream(home->buffer) && !storage->n_writes_mapped) {
    fast = RTI_FAST_READ;
    bool is_alone = !storage->place[1].valid;
    for (rti_place *place = storage->place[1].next; place; place = place->next) is_alone &= !place->valid;
    if (is_alone && !storage->read_only && !storage->n_reads_mapped && !storage->escaped) fast |= RTI_FAST_WRITE;
  }
  atomic_store_explicit(&storage->base, fast ? (uintptr_t)home->buffer->host : 0, memory_order_release);
  atomic_store_explicit(&storage->fast, fast, memory_order_release);
}

rt_status rti_storage_buffer(rti_storage *storage, int32_t space, rti_buffer **out) {
  rt_block *block = storage->block;
  *out = NULL;
  bool is_free = false;
  if (block) { // two threads that read a tensor without memory both come here
    rti_spin_lock(&storage->lock);
    is_free = !block->buffer_used;
    block->buffer_used = true;
    rti_spin_unlock(&storage->lock);
  }
  if (!is_free) return rti_buffer_create(storage->ctx, space, storage->bytes, out);
  rti_buffer *buffer = &block->buffer;
  bool is_inline = space == 0 && storage->bytes <= RT_INLINE_BYTES;
  rti_buffer_init(buffer, storage->ctx, is_inline ? RTI_MEMORY_INLINE : space ? RTI_MEMORY_DEVICE : RTI_MEMORY_POOL, space, storage->bytes);
  if (is_inline) buffer->host = block->data;
  else {
    rt_status status = buffer_memory(buffer);
    if (status != RT_OK) {
      rti_spin_lock(&storage->lock);
      block->buffer_used = false;
      rti_spin_unlock(&storage->lock);
      return status;
    }
  }
  buffer->block = block;
  atomic_fetch_add_explicit(&block->parts, 1, memory_order_relaxed);
  *out = buffer;
  return RT_OK;
}

rt_status rti_storage_install(rti_storage *storage, int32_t space, rti_buffer *buffer, bool valid, rti_buffer **out_old) {
  *out_old = NULL;
  rti_place *place = rti_storage_place(storage, space);
  if (!place && storage->place[1].space == -1) {
    place = &storage->place[1];
    place->space = space;
  }
  if (!place) {
    if (!(place = rti_small_alloc(storage->ctx, sizeof *place))) return RT_E_NO_MEMORY;
    place->space = space;
    place->next = storage->place[1].next;
    storage->place[1].next = place;
  }
  *out_old = place->buffer;
  place->buffer = buffer;
  place->valid = valid;
  rti_storage_update_fast(storage);
  return RT_OK;
}

rt_status rti_storage_host_memory(rti_storage *storage) {
  rti_buffer *buffer, *old;
  rt_status status = rti_storage_buffer(storage, 0, &buffer);
  if (status != RT_OK) return status;
  rti_spin_lock(&storage->lock);
  status = rti_storage_install(storage, 0, buffer, true, &old);
  rti_spin_unlock(&storage->lock);
  rti_assert(status == RT_OK && !old); // the first of the two places
  return status;
}
