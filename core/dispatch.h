// SPDX-License-Identifier: BSD-3-Clause
// The short way of dispatch.c, for op_api.c.
#ifndef TRIVET_DISPATCH_H
#define TRIVET_DISPATCH_H

#include "objects.h"

#define RTI_FAST_MISS ((rt_status)-1)
/// Elementwise ops on dense host tensors of one shape and dtype. RTI_FAST_MISS: nothing was done, go the long way.
rt_status rti_fast_into(uint16_t op, int nin, const rt_tensor *const *in, rt_tensor *out);
rt_status rti_fast_new(uint16_t op, int nin, const rt_tensor *const *in, rt_tensor **out);
/// After the long way made `out`: lets the next call of this kind be short.
void rti_fast_learn(uint16_t op, int nin, const rt_tensor *const *in, const rt_tensor *out);

#endif
