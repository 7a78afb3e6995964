// SPDX-License-Identifier: BSD-3-Clause
// Streams of asynchronous devices: numbering and submitting ops, keeping their memory until they have passed, waiting, and failure.
// A failed stream is retired: its device gets a new one, and what it had written from the failed op on stays unreadable.
#include <string.h>

#include "objects.h"

typedef struct in_flight { uint64_t seq; rti_buffer *buffer; } in_flight;

struct rti_stream {
  atomic_int refs;
  rti_device *device;
  void *impl;
  rti_mutex lock;              // held while fn runs: one thread at a time
  uint64_t next_seq;           // counts every try
  uint64_t last_seq;           // the last one that was taken: what may be waited for
  atomic_ullong done, failed_seq;
  rt_status failed_status;     // set before failed_seq
  char failed_text[256];
  atomic_uintptr_t inside;     // the thread that is in fn, 0: none
  uint64_t capacity, head, count; // ring of memory in use, by rising seq
  in_flight *ring;
};

static bool forked(const rt_ctx *ctx) { return ctx->fork_count != rti_os_fork_count(); }

static rt_status refuse_forked(const rti_device *device) {
  return rti_fail(RT_E_FORKED, "device %s does not survive fork; open a new context in the child", device->desc.name);
}

static rt_status stream_create(rti_device *device, rti_stream **out) {
  rt_ctx *ctx = device->own->ctx;
  rti_stream *stream = rti_pool_alloc_zeroed(ctx->pool, sizeof *stream);
  if (!stream) return RT_E_NO_MEMORY;
  atomic_init(&stream->refs, 1);
  stream->device = device;
  if (rti_mutex_init(&stream->lock)) {
    rti_pool_free(ctx->pool, stream, sizeof *stream);
    return rti_fail(RT_E_NO_MEMORY, "device %s: no mutex for a stream", device->desc.name);
  }
  int32_t code = device->own->table.stream_create(device->own->dev, &stream->impl);
  if (code != RTB_OK) {
    rti_mutex_deinit(&stream->lock);
    rti_pool_free(ctx->pool, stream, sizeof *stream);
    return code == RTB_E_NO_MEMORY ? rti_fail(RT_E_NO_MEMORY, "device %s: no memory for a stream", device->desc.name)
                                   : rti_fail(RT_E_BACKEND, "device %s: no stream (code %d)", device->desc.name, code);
  }
  *out = stream;
  return RT_OK;
}

rt_status rti_stream_get(rti_device *device, rti_stream **out) {
  *out = NULL;
  if (forked(device->own->ctx)) return refuse_forked(device);
  if (atomic_load(&device->lost)) return rti_fail(RT_E_DEVICE_LOST, "device %s is lost", device->desc.name);
  rt_status status = RT_OK;
  rti_mutex_lock(&device->lock);
  if (!device->stream) status = stream_create(device, &device->stream);
  if (status == RT_OK) {
    atomic_fetch_add(&device->stream->refs, 1);
    *out = device->stream;
  }
  rti_mutex_unlock(&device->lock);
  return status;
}

// Takes entries that have passed out of the ring; releases them outside the lock. A release may drop the last reference to the stream, so
// callers hold one.
static void drain(rti_stream *stream, uint64_t done) {
  for (;;) {
    rti_buffer *dead[32];
    int n = 0;
    rti_mutex_lock(&stream->lock);
    while (n < 32 && stream->count && stream->ring[stream->head].seq <= done) {
      dead[n++] = stream->ring[stream->head].buffer;
      stream->head = (stream->head + 1) % stream->capacity;
      stream->count--;
    }
    rti_mutex_unlock(&stream->lock);
    for (int i = 0; i < n; i++) rti_buffer_release(dead[i]);
    if (n < 32) return;
  }
}

void rti_stream_retain(rti_stream *stream) { atomic_fetch_add_explicit(&stream->refs, 1, memory_order_relaxed); }

bool rti_stream_is_inside(rti_device *device) {
  rti_mutex_lock(&device->lock);
  // The sentence has another address in each thread.
  bool is_inside = device->stream && atomic_load(&device->stream->inside) == (uintptr_t)rt_last_error();
  rti_mutex_unlock(&device->lock);
  return is_inside;
}

void rti_stream_release(rti_stream *stream) {
  if (!stream || atomic_fetch_sub_explicit(&stream->refs, 1, memory_order_acq_rel) != 1) return;
  rti_instance *own = stream->device->own;
  rt_ctx *ctx = own->ctx;
  if (!forked(ctx)) own->table.stream_destroy(own->dev, stream->impl);
  rti_mutex_deinit(&stream->lock);
  if (stream->ring) rti_pool_free(ctx->pool, stream->ring, stream->capacity * sizeof *stream->ring);
  rti_pool_free(ctx->pool, stream, sizeof *stream);
}

static void fail_with(rti_stream *stream, uint64_t failed_seq, const rtb_error *error) {
  rti_device *device = stream->device;
  rti_instance *own = device->own;
  bool is_lost = error->code == RTB_E_DEVICE_LOST;
  rti_mutex_lock(&stream->lock);
  bool is_first = !atomic_load(&stream->failed_seq);
  if (is_first) {
    const char *op = error->op && error->op < RTI_OP_COUNT && rti_ops[error->op].name ? rti_ops[error->op].name : "an operation";
    stream->failed_status = error->code > 0 && error->code <= RTB_E_INTERNAL ? (rt_status)error->code : RT_E_BACKEND;
    rti_text text = {{0}};
    rti_append(&text, "%s on device %s failed later: %.160s", op, device->desc.name, error->text[0] ? error->text : "no reason given");
    memcpy(stream->failed_text, text.at, sizeof text.at);
    atomic_store(&stream->failed_seq, failed_seq);
  }
  uint64_t last = stream->last_seq;
  rti_mutex_unlock(&stream->lock);
  if (!is_first) return;
  rti_log(own->ctx, RT_LOG_WARN, "%s", stream->failed_text);
  // Retire: the next op opens a new stream. `done` goes on after a fault, so the memory that is still in flight comes free now.
  rti_mutex_lock(&device->lock);
  bool was_current = device->stream == stream;
  if (was_current) device->stream = NULL;
  if (device->unseen == RT_OK) {
    device->unseen = stream->failed_status;
    device->unseen_of = stream;
    memcpy(device->unseen_text, stream->failed_text, sizeof device->unseen_text);
  }
  if (is_lost) {
    atomic_store(&device->lost, true);
    atomic_fetch_add(&device->epoch, 1);
  }
  rti_mutex_unlock(&device->lock);
  rtb_error ignored = {.size = sizeof ignored};
  if (last) own->table.wait_host(own->dev, stream->impl, last, UINT64_MAX, &ignored);
  atomic_store(&stream->done, last);
  atomic_fetch_add(&stream->refs, 1);
  drain(stream, last);
  rti_stream_release(stream);
  if (was_current) rti_stream_release(stream);
}

void rti_stream_poll(rti_stream *stream) {
  rti_instance *own = stream->device->own;
  if (forked(own->ctx)) return;
  uint64_t failed = 0, done = own->table.done(own->dev, stream->impl, &failed);
  unsigned long long seen = atomic_load(&stream->done); // the type of the atomic, which clang compares exactly
  // A failure is recorded before `done` is published, so that nobody who sees a seq pass misses that it failed.
  if (failed && !atomic_load(&stream->failed_seq)) {
    rtb_error error = {.size = sizeof error};
    own->table.wait_host(own->dev, stream->impl, failed, UINT64_MAX, &error);
    fail_with(stream, failed, &error);
  } else {
    while (done > seen && !atomic_compare_exchange_weak(&stream->done, &seen, done)) {}
    drain(stream, done);
  }
}

bool rti_stream_passed(rti_stream *stream, uint64_t seq) {
  return atomic_load_explicit(&stream->done, memory_order_acquire) >= seq;
}

rt_status rti_stream_error(rti_stream *stream, uint64_t seq) {
  uint64_t failed = atomic_load_explicit(&stream->failed_seq, memory_order_acquire);
  return failed && seq >= failed ? rti_fail(stream->failed_status, "%s", stream->failed_text) : RT_OK;
}

rt_status rti_stream_wait(rti_stream *stream, uint64_t seq, uint16_t op, const char *why) {
  rti_instance *own = stream->device->own;
  if (forked(own->ctx)) return refuse_forked(stream->device);
  if (!rti_stream_passed(stream, seq)) {
    rtb_error error = {.size = sizeof error};
    rti_note(own->ctx, RT_REPORT_WAIT, op, stream->device->desc.name, why, 0);
    int32_t code = own->table.wait_host(own->dev, stream->impl, seq, UINT64_MAX, &error);
    atomic_fetch_add(&stream->refs, 1);
    rti_stream_poll(stream);
    rti_stream_release(stream);
    if (code != RTB_OK && !atomic_load(&stream->failed_seq)) { // the wait itself failed
      if (!error.code) error.code = code;
      fail_with(stream, error.seq ? error.seq : seq, &error);
    }
  }
  return rti_stream_error(stream, seq);
}

void rti_stream_seen(const rti_stream *stream) {
  rti_device *device = stream->device;
  rti_mutex_lock(&device->lock);
  if (device->unseen_of == stream) device->unseen = RT_OK;
  rti_mutex_unlock(&device->lock);
}

rt_status rti_device_unseen(rti_device *device) {
  if (!device->own || forked(device->own->ctx)) return RT_OK;
  char text[sizeof device->unseen_text];
  rti_mutex_lock(&device->lock);
  rt_status status = device->unseen;
  memcpy(text, device->unseen_text, sizeof text);
  device->unseen = RT_OK;
  rti_mutex_unlock(&device->lock);
  return status == RT_OK ? RT_OK : rti_fail(status, "%s", text);
}

static rt_status reserve(rti_stream *stream, uint64_t more) {
  if (stream->count + more <= stream->capacity) return RT_OK;
  rt_ctx *ctx = stream->device->own->ctx;
  uint64_t capacity = stream->capacity ? 2 * stream->capacity : 64;
  while (capacity < stream->count + more) capacity *= 2;
  in_flight *ring = rti_pool_alloc(ctx->pool, capacity * sizeof *ring);
  if (!ring) return RT_E_NO_MEMORY;
  for (uint64_t i = 0; i < stream->count; i++) ring[i] = stream->ring[(stream->head + i) % stream->capacity];
  if (stream->ring) rti_pool_free(ctx->pool, stream->ring, stream->capacity * sizeof *ring);
  stream->ring = ring, stream->capacity = capacity, stream->head = 0;
  return RT_OK;
}

rt_status rti_stream_submit(rti_stream *stream, rti_kernel *kernel, rtb_op *op, int32_t n_buffers, rti_buffer *const *buffers, uint32_t writes) {
  rti_device *device = stream->device;
  if (forked(device->own->ctx)) return refuse_forked(device);
  rti_mutex_lock(&stream->lock);
  // What is submitted after a failure would be poisoned by it, though it has nothing to do with it.
  rt_status status = atomic_load(&stream->failed_seq) ? RTI_RETIRED : reserve(stream, (uint64_t)n_buffers);
  if (status != RT_OK) {
    rti_mutex_unlock(&stream->lock);
    if (status == RTI_RETIRED) rti_os_yield();
    return status;
  }
  uint64_t seq = ++stream->next_seq; // used up even when fn fails
  op->seq = seq;
  uint32_t before = rti_error_count();
  atomic_store(&stream->inside, (uintptr_t)rt_last_error());
  int32_t code = kernel->fn(kernel->fn_ctx, stream->impl, op);
  atomic_store(&stream->inside, 0);
  struct { rti_stream *stream; uint64_t seq; } earlier[RTB_MAX_ARGS + 1];
  int32_t n_earlier = 0;
  if (code == RTB_OK) {
    stream->last_seq = seq;
    for (int32_t i = 0; i < n_buffers; i++) {
      rti_buffer *buffer = buffers[i];
      rti_buffer_retain(buffer);
      stream->ring[(stream->head + stream->count++) % stream->capacity] = (in_flight){seq, buffer};
      rti_spin_lock(&buffer->lock);
      if (buffer->stream != stream) {
        earlier[n_earlier].seq = buffer->write_seq > buffer->read_seq ? buffer->write_seq : buffer->read_seq;
        if ((earlier[n_earlier].stream = buffer->stream)) n_earlier++;
        rti_stream_retain(stream);
        buffer->stream = stream;
        buffer->read_seq = 0;
        // What an earlier stream wrote was checked before this op; keep 0 unless this op writes, so that it cannot poison it.
        buffer->write_seq = 0;
      }
      if (writes >> i & 1) {
        buffer->write_seq = seq;
        buffer->epoch = buffer->space ? atomic_load(&device->epoch) : 0;
      } else {
        buffer->read_seq = seq;
      }
      rti_spin_unlock(&buffer->lock);
    }
  } else {
    status = rti_kernel_failed(kernel, code, before);
  }
  bool should_poll = stream->count > 256 && seq % 64 == 0;
  rti_mutex_unlock(&stream->lock);
  for (int32_t i = 0; i < n_earlier; i++) { // a buffer remembers one stream: what another one still does with it ends now
    rt_status ignored = RT_OK;
    if (earlier[i].seq) ignored = rti_stream_wait(earlier[i].stream, earlier[i].seq, op->op, "two devices use the same memory");
    (void)ignored; // a failed reader no longer touches the memory; failed writes were looked for before
    rti_stream_release(earlier[i].stream);
  }
  if (should_poll) { // a backend may hold ops back until it is asked; their memory should come free meanwhile
    device->own->table.flush(device->own->dev, stream->impl);
    rti_stream_poll(stream);
  }
  return status;
}

/// In a forked child: the work stayed with the parent, so what it holds is let go. There is one thread, and locks may be stuck.
static void abandon(rti_stream *stream) {
  for (; stream && stream->count; stream->count--) {
    rti_buffer *buffer = stream->ring[stream->head].buffer;
    stream->head = (stream->head + 1) % stream->capacity;
    rti_buffer_release(buffer);
  }
}

rt_status rti_device_sync(rti_device *device) {
  if (!device->own || !device->is_async) return RT_OK;
  if (forked(device->own->ctx)) {
    abandon(device->stream);
    return RT_OK;
  }
  rti_mutex_lock(&device->lock);
  rti_stream *stream = device->stream;
  if (stream) atomic_fetch_add(&stream->refs, 1);
  rti_mutex_unlock(&device->lock);
  if (!stream) return RT_OK;
  rti_mutex_lock(&stream->lock);
  uint64_t last = stream->last_seq;
  rti_mutex_unlock(&stream->lock);
  rt_status status = last ? rti_stream_wait(stream, last, 0, "everything is waited for") : RT_OK;
  rti_stream_poll(stream);
  rti_stream_release(stream);
  return status;
}
