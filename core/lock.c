// SPDX-License-Identifier: BSD-3-Clause
// The waiting side of the short lock (internal.h): spins, then lets others run; takes over what a thread of a forked parent held.
#include "internal.h"

void rti_spin_wait(rti_spin *spin, uint32_t mine) {
  for (uint32_t spins = 0;; spins++) {
    uint32_t holder = atomic_load_explicit(&spin->holder, memory_order_relaxed);
    if (holder != mine && atomic_compare_exchange_weak_explicit(&spin->holder, &holder, mine, memory_order_acquire, memory_order_relaxed)) return;
    if (spins < 64) rti_os_pause();
    else rti_os_yield();
  }
}
