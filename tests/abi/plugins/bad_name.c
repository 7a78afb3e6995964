// SPDX-License-Identifier: BSD-3-Clause
// A name that cannot be part of a variable RT_<NAME>_<KEY> or of a list of names.
#include "plugin.h"
static const rtb_backend table = {
  RTB_BACKEND_HEADER, .caps = RTB_CAP_HOST_MEMORY, .name = "Bad,Name/../x", .vendor = "tests", .version = "0", .resolve = refuse_all,
};
HOSTILE_ENTRY(table)
