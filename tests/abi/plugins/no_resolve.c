// SPDX-License-Identifier: BSD-3-Clause
// Lacks the one slot that every backend has.
#include "plugin.h"
static const rtb_backend table = {
  RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY, .name = "no_resolve", .vendor = "tests", .version = "0",
};
HOSTILE_ENTRY(table)
