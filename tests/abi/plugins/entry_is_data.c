// SPDX-License-Identifier: BSD-3-Clause
// The symbol is there, but it is a number: calling it would jump into data.
#include "plugin.h"
RTB_EXPORT extern const uint64_t RTB_BACKEND_ENTRY;
const uint64_t RTB_BACKEND_ENTRY = 42;
