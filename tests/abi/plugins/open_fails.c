// SPDX-License-Identifier: BSD-3-Clause
// Loads, but its device does not open; the sentence must reach the user.
#include "plugin.h"
static int32_t open_device(const rtb_host *host, uint32_t index, const char *config, void **out_dev) {
  (void)index, (void)config, (void)out_dev;
  return host->fail(host, RTB_E_BACKEND, "the device is asleep");
}
static const rtb_backend table = {
  RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY, .name = "open_fails", .vendor = "tests", .version = "0", .open = open_device,
  .resolve = refuse_all,
};
HOSTILE_ENTRY(table)
