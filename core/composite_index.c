// SPDX-License-Identifier: BSD-3-Clause
// Operations that find and pick elements, made of sorting, gathering and scattering: topk. Those with several outputs make each that is asked
// for, or none after a failure.
#include <string.h>

#include "composite.h"
#include "infer.h"

// ---- topk ----------------------------------------------------------------------------------------------------------------------------------

rt_status rt_topk(const rt_tensor *x, int64_t k, int32_t axis, bool largest, rt_tensor **out_values, rt_tensor **out_indices) {
  rt_tensor *unused;
  if (out_values) *out_values = NULL;
  if (out_indices) *out_indices = NULL;
  if (!out_values && !out_indices) return rti_fail(RT_E_ARGUMENT, "topk: both outputs are NULL");
  rti_chain c = {.status = rti_check_inputs(RTB_OP_TOPK, 1, &x, (rti_target){NULL, &unused})};
  if (c.status != RT_OK || (c.status = rti_axis("topk", axis, x->view.ndim, &axis)) != RT_OK) return c.status;
  int64_t n = x->view.shape[axis];
  if (k < 0 || k > n) return rti_fail(RT_E_ARGUMENT, "topk: k is %lld, but axis %d has extent %lld", (long long)k, axis, (long long)n);
  STEP(&c, order, rt_argsort, x, axis, largest);
  STEP(&c, best, rt_slice, order, axis, 0, k, 1);
  STEP(&c, indices, rt_copy, best); // so that the whole order can go
  if (out_values) STEP_INTO(&c, rt_take_along, x, indices, axis, out_values);
  if (c.status != RT_OK) rti_fail_in(c.status, "topk");
  else if (out_indices) *out_indices = rt_retain(indices);
  return rti_chain_end(&c);
}
