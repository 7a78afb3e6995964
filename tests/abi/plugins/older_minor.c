// SPDX-License-Identifier: BSD-3-Clause
// As an older header would have built it: a table without the last slot, in memory that really ends there. Version 0 demands the same
// minor and refuses it; from 1.0 on it loads, and the slot it lacks is filled by the host.
#include "plugin.h"
#include <stdlib.h>
#include <string.h>

static const rtb_backend table = {
  .size = offsetof(rtb_backend, shutdown), .major = RTB_MAJOR, .minor = RTB_MINOR - 1, .minor_needed = RTB_MINOR - 1, .build = RTB_BUILD,
  .op_bytes = sizeof(rtb_op), .view_bytes = sizeof(rtb_view), .caps = RTB_CAP_HOST_MEMORY, .name = "older_minor", .vendor = "tests",
  .version = "0", .resolve = refuse_all,
};

// The table is cut to its size on the heap, so that a sanitizer notices a host that reads past it.
static void *cut;
__attribute__((constructor)) static void make(void) {
  if ((cut = malloc(offsetof(rtb_backend, shutdown)))) memcpy(cut, &table, offsetof(rtb_backend, shutdown));
}
__attribute__((destructor)) static void drop(void) { free(cut); }
RTB_EXPORT const rtb_backend *RTB_BACKEND_ENTRY(const rtb_host *host) {
  (void)host;
  return cut;
}
