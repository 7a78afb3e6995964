// SPDX-License-Identifier: BSD-3-Clause
// Says that it queues work, but has no streams to wait for.
#include "plugin.h"
static const rtb_backend table = {
  RTB_BACKEND_HEADER, .caps = RTB_CAP_ASYNC, .name = "async_without_streams", .vendor = "tests", .version = "0", .resolve = refuse_all,
};
HOSTILE_ENTRY(table)
