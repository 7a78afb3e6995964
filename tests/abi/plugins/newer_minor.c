// SPDX-License-Identifier: BSD-3-Clause
// Needs a newer minor version than the host has.
#include "plugin.h"
static const rtb_backend table = {
  .size = sizeof(rtb_backend), .major = RTB_MAJOR, .minor = RTB_MINOR + 1, .minor_needed = RTB_MINOR + 1, .build = RTB_BUILD,
  .op_bytes = sizeof(rtb_op), .view_bytes = sizeof(rtb_view), .caps = RTB_CAP_HOST_MEMORY, .name = "newer_minor", .vendor = "tests",
  .version = "0", .resolve = refuse_all,
};
HOSTILE_ENTRY(table)
