// SPDX-License-Identifier: BSD-3-Clause
// The head of every file of kernels: names that carry the lane and the instruction set they are compiled for, and the rows of ops.def that
// a lane has.
#ifndef CPU_SIMD_KERNEL_H
#define CPU_SIMD_KERNEL_H

#include "../simd.h"
#include "../vec/vec.h"

#define KERNEL3(name, lane, isa) simd_##name##_##lane##_##isa
#define KERNEL2(name, lane, isa) KERNEL3(name, lane, isa)
#define KERNEL(name) KERNEL2(name, SIMD_LANE, SIMD_ISA)

#define NO_ROW(...)

#endif
