// SPDX-License-Identifier: BSD-3-Clause
// What the files of operations that are made of other operations share.
#ifndef TRIVET_COMPOSITE_H
#define TRIVET_COMPOSITE_H

#include "dispatch.h"

/// Does a given output (or NULL) have the dtype and shape of the result?
rt_status rti_composite_check(const char *op, const rt_tensor *given, rt_dtype dtype, int32_t rank, const int64_t *shape);
/// The last step: the result goes to *out, or into `given` and away. Computing beside the output and copying at the end is what keeps
/// `given` correct when it overlaps an input.
rt_status rti_composite_deliver(const char *op, rt_status status, rt_tensor *result, rt_tensor *given, rt_tensor **out);

#endif
