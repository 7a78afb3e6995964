// SPDX-License-Identifier: BSD-3-Clause
// Rules for dtypes and shapes of results, one function per rule, for op_api.c and composite.c.
#ifndef TRIVET_INFER_H
#define TRIVET_INFER_H

#include "objects.h"

/// Does a row of this class compute in this dtype?
bool rti_accepts_dtype(uint16_t op, rt_dtype dtype);
/// RT_E_DTYPE with the sentence that an operation on real numbers has for a complex dtype.
rt_status rti_refuse_complex(const char *name, rt_dtype dtype);
/// The dtype that the op computes in: tensors promote, weak ones and the scalar follow; then the op's class decides.
rt_status rti_infer_compute(uint16_t op, int n, const rt_tensor *const *in, const rt_scalar *scalar, rt_dtype *out_dtype);
/// The dtype of a new result of an op that computes in `compute`.
rt_dtype rti_infer_result(uint16_t op, rt_dtype compute);
rt_status rti_infer_broadcast(uint16_t op, int n, const rt_tensor *const *in, int32_t *out_rank, int64_t *out_shape);
/// x without `axes`, or with extent 1 there.
void rti_infer_reduce(const rt_tensor *x, uint32_t axes, bool keep_dims, int32_t *out_rank, int64_t *out_shape);
/// Checks a window against x and fills the attributes; *out_extent per spatial axis. weight: convolution, else NULL.
rt_status rti_infer_window(uint16_t op, const rt_tensor *x, const rt_tensor *weight, const rt_window *window, rtb_attr_window *out_attr, int64_t *out_extent);
/// The same for a transposed convolution, whose output channels *out_channels depend on the groups.
rt_status rti_infer_transposed(const rt_tensor *x, const rt_tensor *weight, const rt_window *window, rtb_attr_window *out_attr, int64_t *out_channels, int64_t *out_extent);

#endif
