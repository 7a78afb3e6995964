// SPDX-License-Identifier: BSD-3-Clause
// What reading and writing by index values share.
#ifndef CPU_SIMD_INDEX_H
#define CPU_SIMD_INDEX_H

#include <string.h>

#include "simd.h"
#include "walk.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

bool simd_is_index(uint16_t dtype);

/// Checks every index and writes, densely in C order, where in x each points to (elements from its first). n_axes: the last dimension of the
/// indices holds so many coordinates, for the axes of x from `axis` on; SIMD_SINGLE: each is one for `axis`. RTB_E_INDEX names the first bad one.
#define SIMD_SINGLE (-1)
int32_t simd_offsets(const simd_device *dev, const char *name, const rtb_view *indices, const rtb_view *x, int32_t axis, int64_t n_axes, int64_t *offset);
/// Room for the offsets.
int32_t simd_index_accept(void *kctx, const rtb_op *op, uint64_t *out_workspace_bytes);

static inline char *simd_at(const rtb_view *view, int64_t element) { return (char *)view->data + element * (int64_t)rtb_dtype_bytes(view->dtype); }

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
