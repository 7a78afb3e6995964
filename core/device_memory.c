// SPDX-License-Identifier: BSD-3-Clause
// Memory of devices: asks the backend, and keeps what is freed for the next request of the same size class. Running out drains the stream
// and gives the kept memory back, once, before it is an error.
#include "objects.h"

typedef struct kept { uint64_t handle, bytes; struct kept *next; } kept;
struct rti_device_cache { kept *list; };

// Classes of four steps per doubling, at least 256 bytes.
static uint64_t size_class(uint64_t bytes) {
  if (bytes <= 256) return 256;
  uint64_t step = 64;
  while (step < UINT64_MAX / 16 && bytes > step * 8) step *= 2;
  return bytes > UINT64_MAX - step ? bytes : (bytes + step - 1) / step * step;
}

static bool take_kept(rti_device *device, uint64_t bytes, uint64_t *out_handle) {
  kept *found = NULL;
  rti_mutex_lock(&device->lock);
  for (kept **at = device->cache ? &device->cache->list : NULL; at && *at; at = &(*at)->next) {
    if ((*at)->bytes != bytes) continue;
    found = *at;
    *at = found->next;
    break;
  }
  rti_mutex_unlock(&device->lock);
  if (!found) return false;
  *out_handle = found->handle;
  rti_pool_free(device->own->ctx->pool, found, sizeof *found);
  return true;
}

static int32_t ask_backend(rti_device *device, uint64_t bytes, uint64_t *out_handle) {
  rtb_event event = {.size = sizeof event, .kind = RTB_EVENT_ALLOC, .bytes = bytes, .name = device->desc.name, .text = "device memory", .count = 1};
  rti_layers_event(device->own->ctx, &event);
  int32_t code = rti_layers_alloc(device->own, bytes);
  return code != RTB_OK ? code : device->own->table.mem_alloc(device->own->dev, bytes, out_handle);
}

rt_status rti_device_alloc(rti_device *device, uint64_t bytes, uint64_t *out_handle) {
  rt_ctx *ctx = device->own->ctx;
  *out_handle = 0;
  if (ctx->fork_count != rti_os_fork_count())
    return rti_fail(RT_E_FORKED, "device %s does not survive fork; open a new context in the child", device->desc.name);
  if (atomic_load(&device->lost)) return rti_fail(RT_E_DEVICE_LOST, "device %s is lost", device->desc.name);
  uint64_t want = size_class(bytes);
  if (!(device->own->table.caps & RTB_CAP_POOLS) && take_kept(device, want, out_handle)) return RT_OK;
  int32_t code = ask_backend(device, want, out_handle);
  if (code == RTB_OK) return RT_OK;
  rt_status drained = rti_device_sync(device); // a failure found here belongs to whoever reads that data
  (void)drained;
  rti_device_trim(device);
  uint32_t errors = rti_error_count();
  code = ask_backend(device, want, out_handle);
  if (code == RTB_OK) return RT_OK;
  rt_status status = code == RTB_E_DEVICE_LOST ? RT_E_DEVICE_LOST : RT_E_NO_MEMORY;
  if (rti_error_count() != errors) return rti_fail_in(status, "device %s refused %llu bytes of its memory", device->desc.name, (unsigned long long)want);
  return rti_fail(status, "device %s refused %llu bytes of its memory (code %d)", device->desc.name, (unsigned long long)want, code);
}

void rti_device_free(rti_device *device, uint64_t handle, uint64_t bytes) {
  rt_ctx *ctx = device->own->ctx;
  if (ctx->fork_count != rti_os_fork_count()) return; // the parent's to free
  kept *entry = device->own->table.caps & RTB_CAP_POOLS ? NULL : rti_pool_alloc(ctx->pool, sizeof *entry);
  if (!entry) {
    device->own->table.mem_free(device->own->dev, handle);
    return;
  }
  *entry = (kept){.handle = handle, .bytes = size_class(bytes)};
  rti_mutex_lock(&device->lock);
  if (!device->cache) device->cache = rti_pool_alloc_zeroed(ctx->pool, sizeof *device->cache);
  bool is_kept = device->cache;
  if (is_kept) {
    entry->next = device->cache->list;
    device->cache->list = entry;
  }
  rti_mutex_unlock(&device->lock);
  if (is_kept) return;
  rti_pool_free(ctx->pool, entry, sizeof *entry);
  device->own->table.mem_free(device->own->dev, handle);
}

void rti_device_trim(rti_device *device) {
  if (!device->own || device->own->ctx->fork_count != rti_os_fork_count()) return;
  rti_mutex_lock(&device->lock);
  kept *list = device->cache ? device->cache->list : NULL;
  if (device->cache) device->cache->list = NULL;
  rti_mutex_unlock(&device->lock);
  for (kept *next; list; list = next) {
    next = list->next;
    device->own->table.mem_free(device->own->dev, list->handle);
    rti_pool_free(device->own->ctx->pool, list, sizeof *list);
  }
}

void rti_device_deinit(rti_device *device) {
  rti_device_trim(device);
  if (device->cache) rti_pool_free(device->own->ctx->pool, device->cache, sizeof *device->cache);
  device->cache = NULL;
}
