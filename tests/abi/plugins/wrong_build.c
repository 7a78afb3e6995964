// SPDX-License-Identifier: BSD-3-Clause
// Says that it was built for another byte order.
#include "plugin.h"
static const rtb_backend table = {
  .size = sizeof(rtb_backend), .major = RTB_MAJOR, .minor = RTB_MINOR, .minor_needed = RTB_MINOR, .build = RTB_BUILD ^ RTB_BUILD_BIG_ENDIAN,
  .op_bytes = sizeof(rtb_op), .view_bytes = sizeof(rtb_view), .caps = RTB_CAP_HOST_MEMORY, .name = "wrong_build", .vendor = "tests",
  .version = "0", .resolve = refuse_all,
};
HOSTILE_ENTRY(table)
