// SPDX-License-Identifier: BSD-3-Clause
// Extents, strides, broadcasting and layout classes. Pure functions over small arrays: nothing here knows tensors or memory.
#include "objects.h"

rt_status rti_check_shape(const char *who, rt_dtype dtype, int32_t rank, const int64_t *shape, int64_t *out_numel, uint64_t *out_bytes) {
  *out_numel = 0, *out_bytes = 0;
  if (!rti_is_dtype((int)dtype)) return rti_fail(RT_E_ARGUMENT, "%s: %d is no dtype", who, (int)dtype);
  if (rank < 0 || rank > RT_MAX_RANK) return rti_fail(RT_E_ARGUMENT, "%s: rank %d is not in 0 to %d", who, rank, RT_MAX_RANK);
  if (rank > 0 && !shape) return rti_fail(RT_E_ARGUMENT, "%s: shape is NULL", who);
  // Zero extents do not excuse the others: their product must fit too, or strides would overflow.
  int64_t numel = 1, stride_span = 1;
  for (int32_t d = 0; d < rank; d++) {
    rti_text text;
    if (shape[d] < 0) return rti_fail(RT_E_SHAPE, "%s: shape %s has a negative extent", who, rti_shape_text(&text, rank, shape));
    if (!rti_mul_i64(stride_span, shape[d] ? shape[d] : 1, &stride_span))
      return rti_fail(RT_E_SHAPE, "%s: shape %s has more than 2^63-1 elements", who, rti_shape_text(&text, rank, shape));
    numel *= shape[d] ? (numel ? shape[d] : 1) : 0;
  }
  int64_t bytes;
  if (!rti_mul_i64(stride_span, rti_dtype_size[dtype], &bytes)) {
    rti_text text;
    return rti_fail(RT_E_SHAPE, "%s: shape %s of %s has more than 2^63-1 bytes", who, rti_shape_text(&text, rank, shape), rt_dtype_name(dtype));
  }
  *out_numel = numel;
  *out_bytes = numel ? (uint64_t)bytes : 0;
  return RT_OK;
}

void rti_dense_strides(int32_t rank, const int64_t *shape, int64_t *out_strides) {
  int64_t step = 1;
  for (int32_t d = rank - 1; d >= 0; d--) {
    out_strides[d] = step;
    step *= shape[d] > 0 ? shape[d] : 1;
  }
}

uint8_t rti_layout(int32_t rank, const int64_t *shape, const int64_t *strides) {
  bool is_dense = true, is_rows = true, has_zero = false;
  int64_t step = 1;
  bool innermost = true;
  for (int32_t d = rank - 1; d >= 0; d--) {
    if (shape[d] == 1) continue; // the stride of a single element means nothing
    if (strides[d] < 0) return RTB_NEGATIVE;
    has_zero |= strides[d] == 0;
    is_dense &= strides[d] == step;
    if (innermost) is_rows = strides[d] == 1;
    innermost = false;
    step *= shape[d];
  }
  if (is_dense) return RTB_DENSE;
  if (has_zero) return RTB_BCAST;
  return is_rows ? RTB_ROWS : RTB_STRIDED;
}

bool rti_reach(int32_t rank, const int64_t *shape, const int64_t *strides, int64_t *out_low, int64_t *out_high) {
  int64_t low = 0, high = 0;
  for (int32_t d = 0; d < rank; d++) {
    int64_t span;
    if (shape[d] <= 1) continue;
    if (!rti_mul_i64(shape[d] - 1, strides[d], &span)) return false;
    if (!(span < 0 ? rti_add_i64(low, span, &low) : rti_add_i64(high, span, &high))) return false;
  }
  *out_low = low, *out_high = high;
  return true;
}

bool rti_self_overlaps(int32_t rank, const int64_t *shape, const int64_t *strides) {
  // With dimensions in order of |stride|, no overlap is certain when each stride steps over all that the smaller ones reach.
  int64_t stride[RT_MAX_RANK], extent[RT_MAX_RANK];
  int32_t n = 0;
  for (int32_t d = 0; d < rank; d++) {
    if (shape[d] == 0) return false;
    if (shape[d] == 1) continue;
    int64_t s = strides[d] < 0 ? -strides[d] : strides[d];
    int32_t at = n++;
    for (; at > 0 && stride[at - 1] > s; at--) stride[at] = stride[at - 1], extent[at] = extent[at - 1];
    stride[at] = s, extent[at] = shape[d];
  }
  int64_t reach = 0;
  for (int32_t d = 0; d < n; d++) {
    if (stride[d] <= reach) return true;
    int64_t span;
    if (!rti_mul_i64(stride[d], extent[d] - 1, &span) || !rti_add_i64(reach, span, &reach)) return true;
  }
  return false;
}

bool rti_broadcast(int32_t *rank, int64_t *shape, int32_t other_rank, const int64_t *other) {
  int32_t grow = other_rank - *rank;
  if (grow > 0) {
    for (int32_t d = *rank - 1; d >= 0; d--) shape[d + grow] = shape[d];
    for (int32_t d = 0; d < grow; d++) shape[d] = 1;
    *rank = other_rank;
  }
  for (int32_t d = 0; d < other_rank; d++) {
    int64_t *mine = &shape[*rank - other_rank + d];
    if (*mine == 1) *mine = other[d];
    else if (other[d] != 1 && other[d] != *mine) return false;
  }
  return true;
}

rt_status rti_axis(const char *op, int64_t axis, int32_t rank, int32_t *out_axis) {
  if (axis < -(int64_t)rank || axis >= rank) {
    if (rank == 0) return rti_fail(RT_E_ARGUMENT, "%s: axis %lld, but the tensor has rank 0", op, (long long)axis);
    return rti_fail(RT_E_ARGUMENT, "%s: axis %lld is not in %d to %d", op, (long long)axis, -rank, rank - 1);
  }
  *out_axis = (int32_t)(axis < 0 ? axis + rank : axis);
  return RT_OK;
}

rt_status rti_axes(const char *op, const rt_axes *axes, int32_t rank, uint32_t *out_bits) {
  *out_bits = 0;
  if (!axes) {
    *out_bits = (uint32_t)((1ull << rank) - 1);
    return RT_OK;
  }
  if (axes->count < 0 || axes->count > RT_MAX_RANK)
    return rti_fail(RT_E_ARGUMENT, "%s: a list of %d axes (0 to %d are possible)", op, axes->count, RT_MAX_RANK);
  for (int32_t i = 0; i < axes->count; i++) {
    int32_t axis = 0;
    rt_status status = rti_axis(op, axes->axis[i], rank, &axis);
    if (status != RT_OK) return status;
    if (*out_bits >> axis & 1) return rti_fail(RT_E_ARGUMENT, "%s: axis %d is given twice", op, axis);
    *out_bits |= 1u << axis;
  }
  return RT_OK;
}
