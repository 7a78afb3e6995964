// SPDX-License-Identifier: BSD-3-Clause
// Elements that do not lie side by side, to memory where they do.
#ifndef CPU_SIMD_STRIDES_H
#define CPU_SIMD_STRIDES_H

#include "simd.h"

/// m elements `step` apart, n rows of them `row_step` apart: to n rows of m without gaps.
static inline void simd_gather(int64_t n, int64_t m, const char *from, int64_t row_step, int64_t step, char *to, int32_t bytes) {
#define GATHER(type)                                                                                                                       \
  for (int64_t i = 0; i < n; i++)                                                                                                          \
    for (int64_t j = 0; j < m; j++) memcpy(to + (i * m + j) * (int64_t)sizeof(type), from + (i * row_step + j * step) * (int64_t)sizeof(type), sizeof(type))
  if (bytes == 8) GATHER(uint64_t);
  else if (bytes == 4) GATHER(uint32_t);
  else if (bytes == 2) GATHER(uint16_t);
  else GATHER(uint8_t);
#undef GATHER
}

#endif
