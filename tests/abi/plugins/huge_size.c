// SPDX-License-Identifier: BSD-3-Clause
// Says that its table has a gigabyte, which no table will ever have: somebody wrote over it. The host must not try to copy that much.
#include "plugin.h"
static const rtb_backend table = {
  .size = 1u << 30, .major = RTB_MAJOR, .minor = RTB_MINOR, .minor_needed = RTB_MINOR, .build = RTB_BUILD, .op_bytes = sizeof(rtb_op),
  .view_bytes = sizeof(rtb_view), .caps = RTB_CAP_HOST_MEMORY, .name = "huge_size", .vendor = "tests",
  .version = "0", .resolve = refuse_all,
};
HOSTILE_ENTRY(table)
