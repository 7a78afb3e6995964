// SPDX-License-Identifier: BSD-3-Clause
// Ends the process while it is being loaded. Only a child process that loads it can be spared.
#include "plugin.h"
#include <unistd.h>
__attribute__((constructor)) static void leave(void) { _exit(3); }
static const rtb_backend table = {
  RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY, .name = "ctor_exits", .vendor = "tests", .version = "0", .resolve = refuse_all,
};
HOSTILE_ENTRY(table)
