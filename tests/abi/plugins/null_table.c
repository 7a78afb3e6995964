// SPDX-License-Identifier: BSD-3-Clause
// Refuses without a word: the loader has to find words itself.
#include "plugin.h"
RTB_EXPORT const rtb_backend *RTB_BACKEND_ENTRY(const rtb_host *host) {
  (void)host;
  return NULL;
}
