// SPDX-License-Identifier: BSD-3-Clause
// Views: slice, transpose, reshape, expand and the rest, as arithmetic on extents, strides and the offset. No data is touched; only a
// reshape that no strides can express copies, through the COPY operation.
#include <string.h>

#include "objects.h"

/// A view under construction: starts as the base, is edited, becomes a tensor.
typedef struct draft {
  int32_t rank;
  int64_t shape[RT_MAX_RANK + 1], stride[RT_MAX_RANK + 1], offset;
} draft;

static rt_status begin(const char *op, const rt_tensor *t, rt_tensor **out, draft *d) {
  if (!out) return rti_fail(RT_E_ARGUMENT, "%s: out is NULL", op);
  *out = NULL;
  rt_status status = rti_check_tensor(op, "t", t);
  if (status != RT_OK) return status;
  d->rank = t->view.ndim;
  memcpy(d->shape, t->view.shape, sizeof(int64_t) * (size_t)d->rank);
  memcpy(d->stride, t->view.stride, sizeof(int64_t) * (size_t)d->rank);
  d->offset = rti_element_offset(t);
  return RT_OK;
}

static rt_status finish(const rt_tensor *t, const draft *d, rt_tensor **out) {
  return rti_tensor_view(t, d->rank, d->shape, d->stride, d->offset, out);
}

static void remove_axis(draft *d, int32_t axis) {
  d->rank--;
  for (int32_t i = axis; i < d->rank; i++) d->shape[i] = d->shape[i + 1], d->stride[i] = d->stride[i + 1];
}

static rt_status insert_axis(const char *op, draft *d, int32_t axis, int64_t extent, int64_t stride) {
  if (d->rank == RT_MAX_RANK) return rti_fail(RT_E_SHAPE, "%s: the result would have rank %d, more than %d", op, d->rank + 1, RT_MAX_RANK);
  for (int32_t i = d->rank; i > axis; i--) d->shape[i] = d->shape[i - 1], d->stride[i] = d->stride[i - 1];
  d->shape[axis] = extent, d->stride[axis] = stride;
  d->rank++;
  return RT_OK;
}

/// Resolves one -1 and checks that the element counts agree.
static rt_status reshape_extents(const char *op, const rt_tensor *t, int32_t rank, const int64_t *shape, int64_t *out_shape) {
  if (rank < 0 || rank > RT_MAX_RANK) return rti_fail(RT_E_ARGUMENT, "%s: rank %d is not in 0 to %d", op, rank, RT_MAX_RANK);
  if (rank > 0 && !shape) return rti_fail(RT_E_ARGUMENT, "%s: shape is NULL", op);
  rti_text from, to;
  int32_t open = -1;
  int64_t numel = 1, span = 1;
  for (int32_t d = 0; d < rank; d++) {
    out_shape[d] = shape[d];
    if (shape[d] == -1 && open < 0) {
      open = d;
      continue;
    }
    if (shape[d] < 0) return rti_fail(RT_E_SHAPE, "%s: shape %s (one extent may be -1)", op, rti_shape_text(&to, rank, shape));
    if (!rti_mul_i64(span, shape[d] ? shape[d] : 1, &span)) return rti_fail(RT_E_SHAPE, "%s: shape %s has more than 2^63-1 elements", op, rti_shape_text(&to, rank, shape));
    numel = shape[d] == 0 || numel == 0 ? 0 : span;
  }
  if (open >= 0 && numel > 0 && t->view.numel % numel == 0) {
    out_shape[open] = t->view.numel / numel;
    numel = t->view.numel;
  } else if (open >= 0) {
    numel = -1; // no extent fits (or, with a 0 beside it, every one would)
  }
  if (numel != t->view.numel)
    return rti_fail(RT_E_SHAPE, "%s: %s has %lld elements and cannot become %s", op, rti_shape_text(&from, t->view.ndim, t->view.shape),
                    (long long)t->view.numel, rti_shape_text(&to, rank, shape));
  return RT_OK;
}

/// Strides of `shape` over the memory of t, or false when there are none.
static bool reshape_strides(const rt_tensor *t, int32_t rank, const int64_t *shape, int64_t *strides) {
  if (t->view.numel == 0 || t->view.layout == RTB_DENSE) {
    rti_dense_strides(rank, shape, strides);
    return true;
  }
  // Walk both shapes from the end in groups of equal products; inside a group the old dimensions must be one evenly spaced run.
  int32_t old = t->view.ndim - 1, now = rank - 1;
  const int64_t *from = t->view.shape, *step = t->view.stride;
  while (old >= 0 || now >= 0) {
    while (old >= 0 && from[old] == 1) old--;
    while (now >= 0 && shape[now] == 1) strides[now] = 1, now--;
    if (old < 0 || now < 0) break; // both are through: the products agree
    int64_t run = from[old], base = step[old];
    int64_t want = shape[now], next = base;
    strides[now--] = next;
    while (run != want) {
      if (run < want) { // take in one more old dimension: it must continue the run
        old--;
        while (old >= 0 && from[old] == 1) old--;
        if (old < 0 || step[old] != base * run) return false;
        run *= from[old];
      } else {
        while (now >= 0 && shape[now] == 1) strides[now] = 1, now--;
        if (now < 0) return false;
        next = base * want;
        strides[now] = next;
        want *= shape[now--];
      }
    }
    old--;
  }
  return true;
}

static rt_status reshape(const char *op, bool may_copy, const rt_tensor *t, int32_t rank, const int64_t *shape, rt_tensor **out) {
  draft d;
  rt_status status = begin(op, t, out, &d);
  if (status == RT_OK) status = reshape_extents(op, t, rank, shape, d.shape);
  if (status != RT_OK) return status;
  d.rank = rank;
  if (reshape_strides(t, rank, d.shape, d.stride)) return finish(t, &d, out);
  rti_text from, to;
  if (!may_copy)
    return rti_fail(RT_E_SHAPE, "%s: no strides turn this %s into %s without a copy", op, rti_shape_text(&from, t->view.ndim, t->view.shape),
                    rti_shape_text(&to, rank, d.shape));
  rt_tensor *copy;
  if ((status = rt_copy(t, &copy)) != RT_OK) return status;
  rti_dense_strides(rank, d.shape, d.stride);
  d.offset = 0;
  status = finish(copy, &d, out);
  rt_release(copy);
  return status;
}

rt_status rt_reshape(const rt_tensor *t, int32_t rank, const int64_t *shape, rt_tensor **out) { return reshape("reshape", true, t, rank, shape, out); }
rt_status rt_view(const rt_tensor *t, int32_t rank, const int64_t *shape, rt_tensor **out) { return reshape("view", false, t, rank, shape, out); }

rt_status rt_flatten(const rt_tensor *t, int32_t first, int32_t last, rt_tensor **out) {
  draft d;
  rt_status status = begin("flatten", t, out, &d);
  if (status != RT_OK) return status;
  static const int64_t one[1] = {1};
  if (d.rank == 0 && (first == 0 || first == -1) && (last == 0 || last == -1)) return rt_reshape(t, 1, one, out);
  if ((status = rti_axis("flatten", first, d.rank, &first)) != RT_OK || (status = rti_axis("flatten", last, d.rank, &last)) != RT_OK) return status;
  if (first > last) return rti_fail(RT_E_ARGUMENT, "flatten: axis %d comes after axis %d", first, last);
  for (int32_t i = first + 1; i <= last; i++) d.shape[first] *= d.shape[i]; // at most numel, or 0
  while (last > first) remove_axis(&d, last--);
  return rt_reshape(t, d.rank, d.shape, out);
}

rt_status rt_permute(const rt_tensor *t, const rt_axes *axes, rt_tensor **out) {
  draft d;
  rt_status status = begin("permute", t, out, &d);
  if (status != RT_OK) return status;
  uint32_t seen;
  if ((status = rti_axes("permute", axes, d.rank, &seen)) != RT_OK) return status;
  if (axes && axes->count != d.rank) return rti_fail(RT_E_ARGUMENT, "permute: %d axes for a tensor of rank %d", axes->count, d.rank);
  for (int32_t i = 0; i < d.rank; i++) {
    int32_t from = axes ? (axes->axis[i] < 0 ? axes->axis[i] + d.rank : axes->axis[i]) : d.rank - 1 - i;
    d.shape[i] = t->view.shape[from], d.stride[i] = t->view.stride[from];
  }
  return finish(t, &d, out);
}

rt_status rt_transpose(const rt_tensor *t, int32_t axis_a, int32_t axis_b, rt_tensor **out) {
  draft d;
  rt_status status = begin("transpose", t, out, &d);
  if (status != RT_OK) return status;
  if ((status = rti_axis("transpose", axis_a, d.rank, &axis_a)) != RT_OK || (status = rti_axis("transpose", axis_b, d.rank, &axis_b)) != RT_OK) return status;
  d.shape[axis_a] = t->view.shape[axis_b], d.stride[axis_a] = t->view.stride[axis_b];
  d.shape[axis_b] = t->view.shape[axis_a], d.stride[axis_b] = t->view.stride[axis_a];
  return finish(t, &d, out);
}

rt_status rt_slice(const rt_tensor *t, int32_t axis, int64_t start, int64_t stop, int64_t step, rt_tensor **out) {
  draft d;
  rt_status status = begin("slice", t, out, &d);
  if (status != RT_OK || (status = rti_axis("slice", axis, d.rank, &axis)) != RT_OK) return status;
  if (step == 0 || step == INT64_MIN) return rti_fail(RT_E_ARGUMENT, "slice: step %lld", (long long)step);
  int64_t n = d.shape[axis];
  // Python's rules: negative bounds count from the end, then everything is clamped to what the direction can reach.
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
  if (start == RT_SLICE_DEFAULT) start = step > 0 ? low : high;
  else {
    if (start < 0) start += n;
    start = start < low ? low : start > high ? high : start;
  }
  if (stop == RT_SLICE_DEFAULT) stop = step > 0 ? high : low;
  else {
    if (stop < 0) stop += n;
    stop = stop < low ? low : stop > high ? high : stop;
  }
  int64_t span = step > 0 ? stop - start : start - stop, stride = step > 0 ? step : -step;
  int64_t count = span > 0 ? (span - 1) / stride + 1 : 0;
  d.shape[axis] = count;
  if (count > 0) d.offset += start * d.stride[axis];
  if (count > 1) d.stride[axis] *= step; // count > 1 bounds |step| by the extent
  return finish(t, &d, out);
}

rt_status rt_split(const rt_tensor *t, int32_t axis, int32_t n, const int64_t *extents, rt_tensor **out_parts) {
  if (n < 1) return rti_fail(RT_E_ARGUMENT, "split: %d parts", n);
  if (!out_parts) return rti_fail(RT_E_ARGUMENT, "split: out_parts is NULL");
  for (int32_t k = 0; k < n; k++) out_parts[k] = NULL;
  rt_status status = rti_check_tensor("split", "t", t);
  if (status != RT_OK || (status = rti_axis("split", axis, t->view.ndim, &axis)) != RT_OK) return status;
  int64_t extent = t->view.shape[axis], total = 0;
  if (!extents && extent % n) return rti_fail(RT_E_SHAPE, "split: axis %d of extent %lld does not make %d equal parts", axis, (long long)extent, n);
  for (int32_t k = 0; k < n && extents; total += extents[k++])
    if (extents[k] < 0 || extents[k] > extent - total)
      return rti_fail(RT_E_SHAPE, "split: part %d of extent %lld does not fit into axis %d of extent %lld behind %lld", k, (long long)extents[k], axis,
                      (long long)extent, (long long)total);
  if (extents && total != extent) return rti_fail(RT_E_SHAPE, "split: the extents add up to %lld, but axis %d has %lld", (long long)total, axis, (long long)extent);
  int64_t at = 0;
  for (int32_t k = 0; k < n && status == RT_OK; k++) {
    int64_t next = at + (extents ? extents[k] : extent / n);
    status = rt_slice(t, axis, at, next, 1, &out_parts[k]);
    at = next;
  }
  for (int32_t k = 0; k < n && status != RT_OK; k++) {
    rt_release(out_parts[k]);
    out_parts[k] = NULL;
  }
  return status;
}

rt_status rt_select(const rt_tensor *t, int32_t axis, int64_t index, rt_tensor **out) {
  draft d;
  rt_status status = begin("select", t, out, &d);
  if (status != RT_OK || (status = rti_axis("select", axis, d.rank, &axis)) != RT_OK) return status;
  int64_t n = d.shape[axis];
  if (index < -n || index >= n) return rti_fail(RT_E_ARGUMENT, "select: index %lld is out of range for axis %d of extent %lld", (long long)index, axis, (long long)n);
  d.offset += (index < 0 ? index + n : index) * d.stride[axis];
  remove_axis(&d, axis);
  return finish(t, &d, out);
}

rt_status rt_expand(const rt_tensor *t, int32_t rank, const int64_t *shape, rt_tensor **out) {
  draft d;
  rt_status status = begin("expand", t, out, &d);
  if (status != RT_OK) return status;
  rti_text from, to;
  if (rank < 0 || rank > RT_MAX_RANK || (rank > 0 && !shape)) return rti_fail(RT_E_ARGUMENT, "expand: rank %d, shape %s", rank, shape ? "given" : "NULL");
  if (rank < d.rank) return rti_fail(RT_E_SHAPE, "expand: %s has more axes than %s", rti_shape_text(&from, d.rank, d.shape), rti_shape_text(&to, rank, shape));
  int32_t grow = rank - d.rank;
  for (int32_t i = rank - 1; i >= 0; i--) {
    int64_t have = i >= grow ? t->view.shape[i - grow] : 1, want = shape[i] == -1 && i >= grow ? have : shape[i];
    if (want < 0 || (have != 1 && have != want))
      return rti_fail(RT_E_SHAPE, "expand: %s does not broadcast to %s", rti_shape_text(&from, t->view.ndim, t->view.shape), rti_shape_text(&to, rank, shape));
    d.shape[i] = want;
    d.stride[i] = have == want && i >= grow ? t->view.stride[i - grow] : 0;
  }
  d.rank = rank;
  int64_t numel;
  uint64_t bytes;
  if ((status = rti_check_shape("expand", (rt_dtype)t->view.dtype, rank, d.shape, &numel, &bytes)) != RT_OK) return status;
  return finish(t, &d, out);
}

rt_status rt_squeeze(const rt_tensor *t, const rt_axes *axes, rt_tensor **out) {
  draft d;
  rt_status status = begin("squeeze", t, out, &d);
  uint32_t bits;
  if (status != RT_OK || (status = rti_axes("squeeze", axes, d.rank, &bits)) != RT_OK) return status;
  for (int32_t i = d.rank - 1; i >= 0; i--) {
    if (!(bits >> i & 1)) continue;
    if (d.shape[i] == 1) remove_axis(&d, i);
    else if (axes) return rti_fail(RT_E_SHAPE, "squeeze: axis %d has extent %lld, not 1", i, (long long)d.shape[i]);
  }
  return finish(t, &d, out);
}

rt_status rt_unsqueeze(const rt_tensor *t, int32_t axis, rt_tensor **out) {
  draft d;
  rt_status status = begin("unsqueeze", t, out, &d);
  if (status != RT_OK || (status = rti_axis("unsqueeze", axis, d.rank + 1, &axis)) != RT_OK) return status;
  if ((status = insert_axis("unsqueeze", &d, axis, 1, 1)) != RT_OK) return status;
  return finish(t, &d, out);
}

rt_status rt_flip(const rt_tensor *t, const rt_axes *axes, rt_tensor **out) {
  draft d;
  rt_status status = begin("flip", t, out, &d);
  uint32_t bits;
  if (status != RT_OK || (status = rti_axes("flip", axes, d.rank, &bits)) != RT_OK) return status;
  for (int32_t i = 0; i < d.rank; i++) {
    if (!(bits >> i & 1) || d.shape[i] <= 1) continue;
    if (t->view.numel > 0) d.offset += (d.shape[i] - 1) * d.stride[i];
    d.stride[i] = -d.stride[i];
  }
  return finish(t, &d, out);
}

rt_status rt_diagonal(const rt_tensor *t, int64_t offset, int32_t axis_a, int32_t axis_b, rt_tensor **out) {
  draft d;
  rt_status status = begin("diagonal", t, out, &d);
  if (status != RT_OK) return status;
  if ((status = rti_axis("diagonal", axis_a, d.rank, &axis_a)) != RT_OK || (status = rti_axis("diagonal", axis_b, d.rank, &axis_b)) != RT_OK) return status;
  if (axis_a == axis_b) return rti_fail(RT_E_ARGUMENT, "diagonal: axis %d is given twice", axis_a);
  int64_t rows = d.shape[axis_a], columns = d.shape[axis_b], extent;
  if (offset >= 0) extent = offset >= columns ? 0 : rows < columns - offset ? rows : columns - offset;
  else extent = offset <= -rows ? 0 : rows + offset < columns ? rows + offset : columns;
  int64_t stride = extent > 1 ? d.stride[axis_a] + d.stride[axis_b] : 1;
  if (extent > 0) d.offset += offset >= 0 ? offset * d.stride[axis_b] : -offset * d.stride[axis_a];
  remove_axis(&d, axis_a > axis_b ? axis_a : axis_b);
  remove_axis(&d, axis_a > axis_b ? axis_b : axis_a);
  if ((status = insert_axis("diagonal", &d, d.rank, extent, stride)) != RT_OK) return status;
  return finish(t, &d, out);
}

rt_status rt_windows(const rt_tensor *t, int32_t axis, int64_t size, int64_t step, int64_t dilation, rt_tensor **out) {
  draft d;
  rt_status status = begin("windows", t, out, &d);
  if (status != RT_OK || (status = rti_axis("windows", axis, d.rank, &axis)) != RT_OK) return status;
  if (size < 1 || step < 1 || dilation < 1)
    return rti_fail(RT_E_ARGUMENT, "windows: size %lld, step %lld and dilation %lld must be at least 1", (long long)size, (long long)step, (long long)dilation);
  int64_t n = d.shape[axis], reach;
  if (!rti_mul_i64(size - 1, dilation, &reach) || reach >= n)
    return rti_fail(RT_E_SHAPE, "windows: %lld elements, %lld apart, do not fit into axis %d of extent %lld", (long long)size, (long long)dilation, axis, (long long)n);
  int64_t stride = d.stride[axis], count = (n - reach - 1) / step + 1;
  d.shape[axis] = count;
  if (count > 1) d.stride[axis] = stride * step;
  if ((status = insert_axis("windows", &d, d.rank, size, size > 1 ? stride * dilation : 1)) != RT_OK) return status;
  int64_t numel;
  uint64_t bytes;
  if ((status = rti_check_shape("windows", (rt_dtype)t->view.dtype, d.rank, d.shape, &numel, &bytes)) != RT_OK) return status;
  return finish(t, &d, out);
}

rt_status rt_as_strided(const rt_tensor *t, int32_t rank, const int64_t *shape, const int64_t *strides, int64_t offset, rt_tensor **out) {
  draft d;
  rt_status status = begin("as_strided", t, out, &d);
  if (status != RT_OK) return status;
  int64_t numel;
  uint64_t bytes;
  if ((status = rti_check_shape("as_strided", (rt_dtype)t->view.dtype, rank, shape, &numel, &bytes)) != RT_OK) return status;
  if (rank > 0 && !strides) return rti_fail(RT_E_ARGUMENT, "as_strided: strides is NULL");
  for (int32_t i = 0; i < rank; i++)
    if (strides[i] == INT64_MIN) return rti_fail(RT_E_ARGUMENT, "as_strided: stride %lld", (long long)strides[i]);
  if (numel == 0) rti_dense_strides(rank, shape, d.stride); // nothing is reached, but views of the view compute with strides
  return rti_tensor_view(t, rank, shape, numel == 0 ? d.stride : strides, offset, out);
}
