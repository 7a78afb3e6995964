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

/// Steps of a composite: the first failure stays and turns every later step into nothing; intermediate tensors go at the end.
typedef struct rti_chain {
  rt_status status;
  int n;
  rt_tensor *owned[16];
} rti_chain;
/// Takes over a reference (NULL is allowed) until the end. At most 16.
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
