// SPDX-License-Identifier: BSD-3-Clause
// The head of every file of kernels over vec.h.
#ifndef CPU_SIMD_KERNEL_H
#define CPU_SIMD_KERNEL_H

#include "../simd.h"
#include "../vec/vec.h"
#include "name.h"

#define NO_ROW(...)

#endif
