// SPDX-License-Identifier: BSD-3-Clause
// Claims a million devices, with names that do not end.
#include "plugin.h"
#include <string.h>
static int32_t probe(const rtb_host *host, uint32_t index, rtb_device_info *out) {
  if (index >= 1000000) return host->fail(host, RTB_E_NOT_FOUND, "no more than a million");
  out->kind = RTB_DEVICE_OTHER;
  out->memory_bytes = UINT64_MAX;
  memset(out->name, 'x', sizeof out->name);
  memset(out->text, 'y', sizeof out->text);
  return RTB_OK;
}
static int32_t open_device(const rtb_host *host, uint32_t index, const char *config, void **out_dev) {
  (void)index, (void)config;
  *out_dev = (void *)(uintptr_t)host;
  return RTB_OK;
}
static const rtb_backend table = {
  RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY, .name = "probe_lies", .vendor = "tests", .version = "0", .probe = probe,
  .open = open_device, .resolve = refuse_all,
};
HOSTILE_ENTRY(table)
