// SPDX-License-Identifier: BSD-3-Clause
// Built for another major version of the interface.
#include "plugin.h"
static const rtb_backend table = {
  .size = sizeof(rtb_backend), .major = 7, .minor = 0, .minor_needed = 0, .build = RTB_BUILD, .op_bytes = sizeof(rtb_op),
  .view_bytes = sizeof(rtb_view), .caps = RTB_CAP_HOST_MEMORY, .name = "wrong_major", .vendor = "tests",
  .version = "0", .resolve = refuse_all,
};
HOSTILE_ENTRY(table)
