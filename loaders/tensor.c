// SPDX-License-Identifier: BSD-3-Clause
// Tensors that loaders fill: the bytes go from the file straight to where the tensor keeps them.
#include "io_internal.h"

rt_status rti_io_tensor(rt_ctx *ctx, rt_dtype dtype, int32_t rank, const int64_t *shape, rti_io_fill fill, void *user, rt_tensor **out) {
  rt_tensor *t = NULL;
  void *at = NULL;
  rt_status status = rt_empty(ctx, dtype, rank, shape, &t);
  if (status == RT_OK && rt_tensor_numel(t) > 0 && (status = rt_map(t, RT_MAP_WRITE, &at)) == RT_OK) {
    status = fill(user, at, (size_t)rt_tensor_numel(t) * rt_dtype_bytes(dtype));
    const rt_status unmapped = rt_unmap(t);
    if (status == RT_OK) status = unmapped;
  }
  if (status != RT_OK) {
    rt_release(t);
    return status;
  }
  *out = t;
  return RT_OK;
}

void rti_io_make_bools(void *data, uint64_t n_elements) {
  uint8_t *at = data;
  for (uint64_t i = 0; i < n_elements; i++) at[i] = at[i] != 0;
}
