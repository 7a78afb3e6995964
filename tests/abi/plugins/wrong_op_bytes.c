// SPDX-License-Identifier: BSD-3-Clause
// Built with a different struct for calls, which nothing can bridge.
#include "plugin.h"
static const rtb_backend table = {
  .size = sizeof(rtb_backend), .major = RTB_MAJOR, .minor = RTB_MINOR, .minor_needed = RTB_MINOR, .build = RTB_BUILD,
  .op_bytes = sizeof(rtb_op) + 8, .view_bytes = sizeof(rtb_view), .caps = RTB_CAP_HOST_MEMORY, .name = "wrong_op_bytes",
  .vendor = "tests", .version = "0", .resolve = refuse_all,
};
HOSTILE_ENTRY(table)
