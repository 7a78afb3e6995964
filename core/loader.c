// SPDX-License-Identifier: BSD-3-Clause
// Negotiation with a plugin: the version rule, and turning its table into one of ours with every slot filled. Opening files is registry.c's.
#include <stdio.h>
#include <string.h>

#include "objects.h"

bool rti_abi_accepts(rti_abi plugin, uint16_t host_major, uint16_t host_minor, char *why, size_t why_bytes) {
  if (plugin.major != host_major) {
    snprintf(why, why_bytes, "is built for interface %u.%u, this is %u.%u", plugin.major, plugin.minor, host_major, host_minor);
    return false;
  }
  if (host_major == 0 && plugin.minor != host_minor) {
    snprintf(why, why_bytes, "is built for interface 0.%u, this is 0.%u (before 1.0 they must be equal: rebuild it)", plugin.minor, host_minor);
    return false;
  }
  if (plugin.needed > host_minor) {
    snprintf(why, why_bytes, "needs interface %u.%u, this is %u.%u", plugin.major, plugin.needed, host_major, host_minor);
    return false;
  }
  return true;
}

static bool check_build(uint32_t theirs, char *why, size_t why_bytes) {
  if ((theirs ^ RTB_BUILD) & (RTB_BUILD_POINTER_64 | RTB_BUILD_BIG_ENDIAN)) {
    snprintf(why, why_bytes, "is built for another pointer size or byte order");
    return false;
  }
  uint32_t sanitizers = RTB_BUILD_ASAN | RTB_BUILD_TSAN | RTB_BUILD_MSAN, extra = theirs & ~RTB_BUILD & sanitizers;
  if (extra) {
    snprintf(why, why_bytes, "is built with %s, this library is not", extra & RTB_BUILD_ASAN ? "AddressSanitizer" : extra & RTB_BUILD_TSAN ? "ThreadSanitizer" : "MemorySanitizer");
    return false;
  }
  return true;
}

// ---- defaults for slots that a plugin leaves out --------------------------------------------------------------------------------------------

static int32_t default_probe(const rtb_host *host, uint32_t index, rtb_device_info *out) {
  (void)host;
  if (index > 0) return RTB_E_NOT_FOUND;
  out->kind = RTB_DEVICE_CPU;
  snprintf(out->name, sizeof out->name, "cpu");
  return RTB_OK;
}
static int32_t default_open(const rtb_host *host, uint32_t index, const char *config, void **out_dev) {
  (void)index, (void)config;
  *out_dev = (void *)(uintptr_t)host;
  return RTB_OK;
}
static void default_close(void *dev) { (void)dev; }
static int32_t default_mem_alloc(void *dev, uint64_t bytes, uint64_t *out_buf) {
  (void)dev, (void)bytes;
  *out_buf = 0;
  return RTB_E_UNSUPPORTED;
}
static void default_mem_free(void *dev, uint64_t buf) { (void)dev, (void)buf; }
static int32_t default_mem_map(void *dev, uint64_t buf, void **out_ptr) {
  (void)dev, (void)buf;
  *out_ptr = NULL;
  return RTB_E_UNSUPPORTED;
}
static int32_t default_mem_import(void *dev, void *ptr, uint64_t bytes, uint64_t *out_buf) {
  (void)ptr;
  return default_mem_alloc(dev, bytes, out_buf);
}
static int32_t default_stream_create(void *dev, void **out_stream) {
  (void)dev;
  *out_stream = NULL;
  return RTB_OK;
}
static void default_stream_destroy(void *dev, void *stream) { (void)dev, (void)stream; }
static int32_t default_flush(void *dev, void *stream) {
  (void)dev, (void)stream;
  return RTB_OK;
}
static uint64_t default_done(void *dev, void *stream, uint64_t *out_failed_seq) {
  (void)dev, (void)stream, (void)out_failed_seq;
  return UINT64_MAX;
}
static int32_t default_wait_host(void *dev, void *stream, uint64_t seq, uint64_t timeout_ns, rtb_error *out_error) {
  (void)dev, (void)stream, (void)seq, (void)timeout_ns, (void)out_error;
  return RTB_OK;
}
static const void *default_extension(const char *name, uint32_t minor) {
  (void)name, (void)minor;
  return NULL;
}
static int32_t default_quiesce(void *dev) {
  (void)dev;
  return RTB_OK;
}
static void default_shutdown(void) {}

static bool check_name(const char *name, char *why, size_t why_bytes) {
  size_t n = 0;
  for (; name && n < 33 && name[n]; n++)
    if (!((name[n] >= 'a' && name[n] <= 'z') || (name[n] >= '0' && name[n] <= '9') || name[n] == '_')) {
      snprintf(why, why_bytes, "its name has a character outside a-z, 0-9 and _");
      return false;
    }
  if (n >= 1 && n <= 32) return true;
  snprintf(why, why_bytes, n ? "its name is longer than 32 characters" : "it has no name");
  return false;
}

#define MERGE(theirs, out) memcpy(out, theirs, (theirs)->size < sizeof *(out) ? (theirs)->size : sizeof *(out))
#define DEFAULT(slot) if (!out->slot) out->slot = default_##slot

bool rti_merge_backend(const rtb_backend *theirs, rtb_backend *out, char *why, size_t why_bytes) {
  memset(out, 0, sizeof *out);
  if (theirs->size < offsetof(rtb_backend, resolve) + sizeof theirs->resolve || theirs->size > 65536) {
    snprintf(why, why_bytes, "its table says it has %u bytes", theirs->size);
    return false;
  }
  if (!rti_abi_accepts((rti_abi){theirs->major, theirs->minor, theirs->minor_needed}, RTB_MAJOR, RTB_MINOR, why, why_bytes)) return false;
  if (!check_build(theirs->build, why, why_bytes)) return false;
  if (theirs->op_bytes != sizeof(rtb_op) || theirs->view_bytes != sizeof(rtb_view)) {
    snprintf(why, why_bytes, "its ops have %u bytes and its views %u, ours have %zu and %zu", theirs->op_bytes, theirs->view_bytes, sizeof(rtb_op), sizeof(rtb_view));
    return false;
  }
  if (!check_name(theirs->name, why, why_bytes)) return false;
  MERGE(theirs, out);
  out->size = sizeof *out;
  bool own_memory = out->mem_alloc && out->mem_free, has_streams = out->stream_create && out->stream_destroy && out->done && out->wait_host;
  const char *lack = !out->resolve ? "resolve is missing"
                     : !(out->caps & RTB_CAP_HOST_MEMORY) && !own_memory ? "it has memory of its own, but mem_alloc or mem_free is missing"
                     : out->caps & RTB_CAP_ASYNC && !has_streams ? "it is asynchronous, but a stream slot is missing"
                     : out->caps & RTB_CAP_ASYNC && out->caps & RTB_CAP_HOST_MEMORY ? "it is asynchronous, but computes on host memory" : NULL;
  if (lack) {
    snprintf(why, why_bytes, "%s", lack);
    return false;
  }
  DEFAULT(probe);
  DEFAULT(open);
  DEFAULT(close);
  DEFAULT(mem_alloc);
  DEFAULT(mem_free);
  DEFAULT(mem_map);
  DEFAULT(mem_import);
  DEFAULT(stream_create);
  DEFAULT(stream_destroy);
  DEFAULT(flush);
  DEFAULT(done);
  DEFAULT(wait_host);
  DEFAULT(extension);
  DEFAULT(quiesce);
  DEFAULT(shutdown);
  if (!out->vendor) out->vendor = "";
  if (!out->version) out->version = "";
  return true;
}

static void default_detach(void *self) { (void)self; }
static void default_unwrap(void *self, void *ctx) { (void)self, (void)ctx; }
static int32_t default_attach(const rtb_host *host, const rtb_backend *below, void *dev, void **out_self) {
  (void)below, (void)dev;
  *out_self = (void *)(uintptr_t)host;
  return RTB_OK;
}
static int32_t default_wrap(void *self, const rtb_sig *sig, const rtb_kernel *inner, rtb_fn *fn, void **ctx) {
  (void)self, (void)sig, (void)inner, (void)fn, (void)ctx;
  return RTB_OK;
}

bool rti_merge_layer(const rtb_layer *theirs, rtb_layer *out, char *why, size_t why_bytes) {
  memset(out, 0, sizeof *out);
  if (theirs->size < offsetof(rtb_layer, attach) || theirs->size > 65536) {
    snprintf(why, why_bytes, "its table says it has %u bytes", theirs->size);
    return false;
  }
  if (!rti_abi_accepts((rti_abi){theirs->major, theirs->minor, theirs->minor_needed}, RTB_MAJOR, RTB_MINOR, why, why_bytes)) return false;
  if (!check_build(theirs->build, why, why_bytes) || !check_name(theirs->name, why, why_bytes)) return false;
  if (theirs->op_bytes != sizeof(rtb_op) || theirs->view_bytes != sizeof(rtb_view)) {
    snprintf(why, why_bytes, "its ops have %u bytes and its views %u, ours have %zu and %zu", theirs->op_bytes, theirs->view_bytes, sizeof(rtb_op), sizeof(rtb_view));
    return false;
  }
  MERGE(theirs, out);
  out->size = sizeof *out;
  DEFAULT(attach);
  DEFAULT(detach);
  DEFAULT(wrap);
  DEFAULT(unwrap);
  if (!out->version) out->version = "";
  return true;
}
