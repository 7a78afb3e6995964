// SPDX-License-Identifier: BSD-3-Clause
// The elementwise functions of f32 that are computed in f64: the vectors are those of f64, what is loaded and stored is f32.
#undef SIMD_LANE
#define SIMD_LANE f64
#define SIMD_WIDE
#include "map.c"
