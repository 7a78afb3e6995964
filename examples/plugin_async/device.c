// SPDX-License-Identifier: BSD-3-Clause
// One opened device: its configuration and its memory. Memory is known to the host by handles (a slot and a generation) and never by
// address, so whatever tries to compute on it outside of the worker thread cannot.
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <unistd.h>

#include "toy.h"

// Shown by `trivet env`; each may also be set as RT_TOY_<KEY>.
const rtb_config_key toy_config_keys[] = {
  {"batch", "16", "operations that are held back until there are this many, or a flush or wait (1 to 4096)"},
  {"delay_us", "0", "the worker sleeps this long before each operation"},
  {"fail_at", "0", "the operation with this number, counted from 1 for each device, fails when it runs; 0: none"},
  {"fail_code", "backend", "what that failure is: backend, memory or lost (the device is gone)"},
  {"memory_mb", "0", "allocations beyond this many megabytes fail; 0: no limit"},
  {"devices", "1", "how many devices may be opened (1 to 4)"},
  {NULL, NULL, NULL},
};

// ---- configuration ---------------------------------------------------------------------------------------------------------------------

// The text after "key=" in lines of key=value, up to the end of its line; bytes tells how long it is. NULL when the key is not there.
static const char *find_value(const char *config, const char *key, size_t *bytes) {
  size_t key_bytes = strlen(key);
  for (const char *line = config; line && *line;) {
    const char *end = strchr(line, '\n');
    if (!end) end = line + strlen(line);
    if ((size_t)(end - line) > key_bytes && memcmp(line, key, key_bytes) == 0 && line[key_bytes] == '=') {
      *bytes = (size_t)(end - line) - key_bytes - 1;
      return line + key_bytes + 1;
    }
    line = *end ? end + 1 : end;
  }
  return NULL;
}

static int32_t read_number(const rtb_host *host, const char *config, const char *key, uint64_t low, uint64_t high, uint64_t *value) {
  size_t bytes = 0;
  const char *text = find_value(config, key, &bytes);
  if (!text) return RTB_OK; // the caller's value stays
  uint64_t n = 0;
  bool is_good = bytes > 0 && bytes < 16;
  for (size_t i = 0; is_good && i < bytes; i++) {
    is_good = text[i] >= '0' && text[i] <= '9';
    n = n * 10 + (uint64_t)(text[i] - '0');
  }
  if (!is_good || n < low || n > high) {
    return rtb_failf(host, RTB_E_ARGUMENT, "toy: %s=%.*s is not a number from %llu to %llu", key, (int)bytes, text,
                     (unsigned long long)low, (unsigned long long)high);
  }
  *value = n;
  return RTB_OK;
}

static int32_t read_fail_code(const rtb_host *host, const char *config, int32_t *code) {
  static const struct { const char *name; int32_t code; } choices[] = {
    {"backend", RTB_E_BACKEND}, {"memory", RTB_E_NO_MEMORY}, {"lost", RTB_E_DEVICE_LOST},
  };
  size_t bytes = 0;
  const char *text = find_value(config, "fail_code", &bytes);
  if (!text) return RTB_OK;
  for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
    if (strlen(choices[i].name) == bytes && memcmp(choices[i].name, text, bytes) == 0) { *code = choices[i].code; return RTB_OK; }
  }
  return rtb_failf(host, RTB_E_ARGUMENT, "toy: fail_code=%.*s is none of backend, memory, lost", (int)bytes, text);
}

static int32_t read_config(const rtb_host *host, const char *config, toy_device *dev) {
  uint64_t n_devices = 1, memory_mb = 0;
  int32_t status;
  dev->batch = 16, dev->fail_code = RTB_E_BACKEND;
  if ((status = read_number(host, config, "batch", 1, 4096, &dev->batch))) return status;
  if ((status = read_number(host, config, "delay_us", 0, 10000000, &dev->delay_us))) return status;
  if ((status = read_number(host, config, "fail_at", 0, INT64_MAX, &dev->fail_at))) return status;
  if ((status = read_number(host, config, "memory_mb", 0, 1u << 20, &memory_mb))) return status;
  if ((status = read_number(host, config, "devices", 1, TOY_MAX_DEVICES, &n_devices))) return status;
  if ((status = read_fail_code(host, config, &dev->fail_code))) return status;
  dev->memory_bytes = memory_mb << 20;
  if (dev->index < n_devices) return RTB_OK;
  return rtb_failf(host, RTB_E_NOT_FOUND, "toy: there is no device %u (devices=%llu)", dev->index, (unsigned long long)n_devices);
}

// ---- open and close --------------------------------------------------------------------------------------------------------------------

int32_t toy_open(const rtb_host *host, uint32_t index, const char *config, void **out_dev) {
  *out_dev = NULL;
  toy_device *dev = host->alloc(host, sizeof *dev, _Alignof(toy_device));
  if (!dev) return rtb_failf(host, RTB_E_NO_MEMORY, "toy: no memory for a device");
  memset(dev, 0, sizeof *dev);
  dev->host = host, dev->index = index, dev->pid = getpid();
  atomic_init(&dev->n_ops, 0);
  atomic_init(&dev->is_lost, false);
  int32_t status = read_config(host, config, dev);
  if (status == RTB_OK && pthread_mutex_init(&dev->lock, NULL) != 0) status = rtb_failf(host, RTB_E_BACKEND, "toy: no lock for a device");
  if (status != RTB_OK) { host->free(host, dev, sizeof *dev); return status; }
  *out_dev = dev;
  return RTB_OK;
}

// The core has destroyed the streams and freed the buffers. In a forked child the lock may be held for ever by a thread that is not
// there: leave everything alone.
void toy_close(void *dev_ptr) {
  toy_device *dev = dev_ptr;
  if (dev->pid != getpid()) return;
  for (uint32_t i = 0; i < dev->n_buffers; i++) free(dev->buffers[i].data);
  if (dev->buffers) dev->host->free(dev->host, dev->buffers, dev->n_buffers * sizeof *dev->buffers);
  pthread_mutex_destroy(&dev->lock);
  dev->host->free(dev->host, dev, sizeof *dev);
}

int32_t toy_check_alive(const toy_device *dev) {
  if (dev->pid != getpid()) {
    return rtb_failf(dev->host, RTB_E_FORKED, "toy: device %u was opened before fork; open a new context", dev->index);
  }
  if (atomic_load(&dev->is_lost)) return rtb_failf(dev->host, RTB_E_DEVICE_LOST, "toy: device %u is lost", dev->index);
  return RTB_OK;
}

// ---- memory ----------------------------------------------------------------------------------------------------------------------------

static uint64_t handle_of(uint32_t slot, uint32_t generation) { return (uint64_t)generation << 32 | (slot + 1); } // never 0

// The buffer of a handle, or NULL when it has been freed or never was. The lock is held.
static toy_buffer *find_buffer(const toy_device *dev, uint64_t buf) {
  uint32_t slot = (uint32_t)buf - 1; // 0 wraps to a number that is too large
  if (slot >= dev->n_buffers || dev->buffers[slot].generation != buf >> 32 || !dev->buffers[slot].data) return NULL;
  return &dev->buffers[slot];
}

// A free slot, after making the table larger where needed; NULL when there is no memory for that. The lock is held.
static toy_buffer *free_slot(toy_device *dev) {
  for (uint32_t i = 0; i < dev->n_buffers; i++) if (!dev->buffers[i].data) return &dev->buffers[i];
  uint32_t n = dev->n_buffers ? 2 * dev->n_buffers : 64;
  toy_buffer *larger = dev->host->alloc(dev->host, n * sizeof *larger, _Alignof(toy_buffer));
  if (!larger) return NULL;
  memset(larger, 0, n * sizeof *larger);
  if (dev->buffers) {
    memcpy(larger, dev->buffers, dev->n_buffers * sizeof *larger);
    dev->host->free(dev->host, dev->buffers, dev->n_buffers * sizeof *larger);
  }
  toy_buffer *slot = &larger[dev->n_buffers];
  dev->buffers = larger, dev->n_buffers = n;
  return slot;
}

int32_t toy_mem_alloc(void *dev_ptr, uint64_t bytes, uint64_t *out_buf) {
  toy_device *dev = dev_ptr;
  *out_buf = 0;
  int32_t status = toy_check_alive(dev);
  if (status != RTB_OK) return status;
  pthread_mutex_lock(&dev->lock);
  uint64_t limit = dev->memory_bytes ? dev->memory_bytes : INT64_MAX;
  bool fits = bytes <= limit && dev->used_bytes <= limit - bytes;
  toy_buffer *slot = fits ? free_slot(dev) : NULL;
  void *data = slot ? aligned_alloc(256, (bytes + 255) / 256 * 256) : NULL; // a real device would ask its driver
  if (data) {
    *slot = (toy_buffer){data, bytes, slot->generation + 1};
    dev->used_bytes += bytes;
    *out_buf = handle_of((uint32_t)(slot - dev->buffers), slot->generation);
  }
  uint64_t used = dev->used_bytes;
  pthread_mutex_unlock(&dev->lock);
  if (data) return RTB_OK;
  return rtb_failf(dev->host, RTB_E_NO_MEMORY, "toy: device %u has no room for %llu bytes (%llu in use%s)", dev->index,
                   (unsigned long long)bytes, (unsigned long long)used, dev->memory_bytes ? ", memory_mb is set" : "");
}

void toy_mem_free(void *dev_ptr, uint64_t buf) {
  toy_device *dev = dev_ptr;
  if (dev->pid != getpid()) return;
  pthread_mutex_lock(&dev->lock);
  toy_buffer *buffer = find_buffer(dev, buf);
  void *data = NULL;
  if (buffer) data = buffer->data, dev->used_bytes -= buffer->bytes, buffer->data = NULL;
  pthread_mutex_unlock(&dev->lock);
  free(data);
}

char *toy_address(toy_device *dev, uint64_t buf, uint64_t offset, uint64_t bytes) {
  pthread_mutex_lock(&dev->lock);
  const toy_buffer *buffer = find_buffer(dev, buf);
  char *address = buffer && offset <= buffer->bytes && bytes <= buffer->bytes - offset ? (char *)buffer->data + offset : NULL;
  pthread_mutex_unlock(&dev->lock);
  return address;
}
