// SPDX-License-Identifier: BSD-3-Clause
// Faults of the operating system on demand. shim.c stands in for the calls below in every program that it is linked into, so the libraries of
// that program reach it as well; it passes each call on until the switch tells it to fail one. Nothing is preloaded, so sanitizers do not mind.
#ifndef TRIVET_FAULTS_H
#define TRIVET_FAULTS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#define FAULT_SHORT (-1) ///< read, pread and write move one byte
#define FAULT_END (-2)   ///< read and pread say that the file ends here, as after somebody has cut it short
#define FAULT_EXIT 120   ///< the exit code of a program whose TRIVET_FAULT is no fault

/// One kind of fault: `error` is an errno, FAULT_SHORT or FAULT_END.
typedef struct fault { const char *call; int error; } fault;

/// The n-th call of that name fails from now on (n counts from 0): only it, or it and all that follow.
void faults_arm(fault which, int nth, bool for_good);
/// All calls pass again; returns how many have failed.
int faults_disarm(void);

// In a program of its own, the environment arms the switch: TRIVET_FAULT="read 5 0 once" (call, error, n, once or always), and the file named
// by TRIVET_FAULT_SEEN gets one byte for every call that has failed.

#endif
