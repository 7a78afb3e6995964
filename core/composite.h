// SPDX-License-Identifier: BSD-3-Clause
// What the files of operations that are made of other operations share.
#ifndef TRIVET_COMPOSITE_H
#define TRIVET_COMPOSITE_H

#include "dispatch.h"

/// A call that stands for a whole composite; add the inputs as a backend is to see them, and attributes.
void rti_composite_call(rti_call *call, rt_ctx *ctx, uint16_t op, rt_dtype dtype, int32_t rank, const int64_t *shape);
/// Checks the shape of the result and a given output against the call.
rt_status rti_composite_check(const rti_call *call, rti_target to);
/// Offers a composite as one operation to the backend of its device (of the host: to the first in the list). RTI_NOT_TAKEN: compose it.
/// That is no fallback: what it is made of is dispatched op by op, each to the best place for it.
rt_status rti_composite_offer(rti_call *call, rti_target to);
/// All of these, then *out_result in C order, to be filled. NULL with RT_OK: a backend took it, nothing is left to do.
rt_status rti_composite_begin(rti_call *call, rti_target to, rt_tensor **out_result);
/// The last step: the result (NULL: none) goes to *to.out, or into to.given and away. Computing beside the output and copying at the end is
/// what keeps to.given correct when it overlaps an input.
rt_status rti_composite_end(uint16_t op, rt_status status, rt_tensor *result, rti_target to);

// ---- op_index.c --------------------------------------------------------------------------------------------------------------------
/// Elements of x that are not zero: waits for x.
rt_status rti_count_nonzero(const rt_tensor *x, int64_t *out_count);
/// rt_nonzero after the count is known.
rt_status rti_nonzero(const rt_tensor *x, int64_t count, rti_target to);
/// rt_gather_nd on a device; -1: by vote.
rt_status rti_gather_nd(const rt_tensor *x, const rt_tensor *indices, int32_t batch_axes, int32_t device, rti_target to);

/// Steps of a composite: the first failure stays and turns every later step into nothing; intermediate tensors go at the end.
typedef struct rti_chain {
  rt_status status;
  int n;
  rt_tensor *owned[32];
} rti_chain;
/// Takes over a reference (NULL is allowed) until the end. At most 32.
rt_tensor *rti_chain_keep(rti_chain *c, rt_tensor *t);
/// Releases all and returns the status.
rt_status rti_chain_end(rti_chain *c);

/// Declares `name`, the result of a function of the public interface whose last parameter is the output; NULL after a failure.
#define STEP(c, name, function, ...)                                                  \
  rt_tensor *name = NULL;                                                             \
  if ((c)->status == RT_OK) {                                                         \
    (c)->status = function(__VA_ARGS__, &name);                                       \
    rti_chain_keep(c, name);                                                          \
  }
/// In place: no second tensor of the size of x.
#define STEP_INTO(c, function, ...)                                                   \
  do {                                                                                \
    if ((c)->status == RT_OK) (c)->status = function(__VA_ARGS__);                    \
  } while (0)

#endif
