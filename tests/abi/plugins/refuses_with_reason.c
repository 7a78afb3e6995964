// SPDX-License-Identifier: BSD-3-Clause
// Refuses politely; its sentence must reach the user.
#include "plugin.h"
RTB_EXPORT const rtb_backend *RTB_BACKEND_ENTRY(const rtb_host *host) {
  host->fail(host, RTB_E_NOT_FOUND, "this machine has no flux capacitor");
  return NULL;
}
