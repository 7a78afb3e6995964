// SPDX-License-Identifier: BSD-3-Clause
// Shared by the hostile plugins: what is not wrong about them. Each file compiles to one plugin for the tests of the loader:
//   cc -shared -fPIC -fvisibility=hidden -I<include> -o trivet_<name>.so <name>.c
#ifndef HOSTILE_PLUGIN_H
#define HOSTILE_PLUGIN_H

#include <trivet/backend.h>

static inline int32_t refuse_all(void *dev, const rtb_sig *sig, rtb_kernel *out) {
  (void)dev, (void)sig;
  const char why[] = "this plugin is for tests of the loader";
  for (unsigned i = 0; i < sizeof why; i++) out->why[i] = why[i];
  return out->reason = RTB_UNSUPPORTED_OP;
}

// HOSTILE_ENTRY(table): an entry that returns &table.
#define HOSTILE_ENTRY(table) \
  RTB_EXPORT const rtb_backend *RTB_BACKEND_ENTRY(const rtb_host *host) { (void)host; return &(table); }

#endif
