// SPDX-License-Identifier: BSD-3-Clause
// Checked integer arithmetic: the only place where sizes, extents and strides that come from outside are added or multiplied.
// Each function returns true when the result fits and has been stored.
#ifndef TRIVET_CHECKED_H
#define TRIVET_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

static inline bool rti_add_i64(int64_t a, int64_t b, int64_t *out) { return !__builtin_add_overflow(a, b, out); }
static inline bool rti_sub_i64(int64_t a, int64_t b, int64_t *out) { return !__builtin_sub_overflow(a, b, out); }
static inline bool rti_mul_i64(int64_t a, int64_t b, int64_t *out) { return !__builtin_mul_overflow(a, b, out); }
static inline bool rti_add_u64(uint64_t a, uint64_t b, uint64_t *out) { return !__builtin_add_overflow(a, b, out); }

/// x rounded up to a multiple of align (a power of two).
static inline bool rti_align_u64(uint64_t x, uint64_t align, uint64_t *out) {
  if (!rti_add_u64(x, align - 1, out)) return false;
  *out &= ~(align - 1);
  return true;
}

#endif
