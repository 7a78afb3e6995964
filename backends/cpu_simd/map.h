// SPDX-License-Identifier: BSD-3-Clause
// What the elementwise families share: a kernel with what it costs, made into one that takes arguments of any layout.
#ifndef CPU_SIMD_MAP_H
#define CPU_SIMD_MAP_H

#include "simd.h"

#define MAP_INPUTS 3
#define MAP_ARGS (MAP_INPUTS + 1)

typedef struct map_kernel {
  simd_device *dev;
  simd_map fn;
  int64_t grain;
  uint32_t still;                // inputs that are immediates
  int32_t n_in;
  bool is_copy, is_in_place;     // fn gives its only input: elements may go straight to their place; the output is an input
  bool takes_gaps;               // as simd_map_row
  uint8_t bytes[MAP_ARGS];       // per element of each argument, the output's last
} map_kernel;

int32_t map_resolve_with(simd_device *dev, const rtb_sig *sig, simd_map fn, uint32_t cost, rtb_kernel *out);

/// map_kernel for arguments of any strides (map_walk.c).
int32_t map_strided(void *kctx, void *stream, const rtb_op *op);

/// Outputs beyond this many bytes go past the caches: they would be gone from there before anyone reads them.
#define MAP_STREAM_BYTES (16 << 20)

#endif
