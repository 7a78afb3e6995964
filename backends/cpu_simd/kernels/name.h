// SPDX-License-Identifier: BSD-3-Clause
// Names that carry the lane and the instruction set that a file of kernels is compiled for.
#ifndef CPU_SIMD_NAME_H
#define CPU_SIMD_NAME_H

#define KERNEL3(name, lane, isa) simd_##name##_##lane##_##isa
#define KERNEL2(name, lane, isa) KERNEL3(name, lane, isa)
#define KERNEL(name) KERNEL2(name, SIMD_LANE, SIMD_ISA)

#endif
