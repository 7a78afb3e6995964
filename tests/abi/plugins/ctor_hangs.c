// SPDX-License-Identifier: BSD-3-Clause
// Never finishes loading.
#include "plugin.h"
#include <unistd.h>
__attribute__((constructor)) static void hang(void) { for (;;) pause(); }
static const rtb_backend table = {
  RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY, .name = "ctor_hangs", .vendor = "tests", .version = "0", .resolve = refuse_all,
};
HOSTILE_ENTRY(table)
