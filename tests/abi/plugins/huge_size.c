// SPDX-License-Identifier: BSD-3-Clause
// Says that its table has a gigabyte, as if it knew a million slots more. The host copies no more than it knows, and loads it.
#include "plugin.h"
static const rtb_backend table = {
  .size = 1u << 30, .major = RTB_MAJOR, .minor = RTB_MINOR, .minor_needed = RTB_MINOR, .build = RTB_BUILD, .op_bytes = sizeof(rtb_op),
  .view_bytes = sizeof(rtb_view), .caps = RTB_CAP_HOST_MEMORY, .name = "huge_size", .vendor = "tests",
  .version = "0", .resolve = refuse_all,
};
HOSTILE_ENTRY(table)
