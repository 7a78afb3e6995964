// SPDX-License-Identifier: BSD-3-Clause
// Operations by index values: gather, take_along, gather_nd, scatter, scatter_nd; and nonzero, which finds such indices. Every index is looked
// at before anything is written, and nothing is read or written outside of the arguments because of one.
#include "ref.h"

static int32_t axis_of(uint32_t axes) {
  int32_t axis = 0;
  while (!(axes >> axis & 1)) axis++;
  return axis;
}

// ---- gather -----------------------------------------------------------------------------------------------------------------------------
/// One index in [0, n), or -1. *out_text is the index as given, for the sentence.
static int64_t index_at(const rtb_view *indices, int64_t element, int64_t n, char out_text[24]) {
  const void *at = ref_at(indices, element);
  if (rti_ref_wide_of(indices->dtype) == REF_U64) {
    uint64_t index;
    rti_ref_get_of(indices->dtype)(1, at, 1, &index);
    if (index < (uint64_t)n) return (int64_t)index;
    if (out_text) snprintf(out_text, 24, "%llu", (unsigned long long)index);
    return -1;
  }
  int64_t index;
  rti_ref_get_of(indices->dtype)(1, at, 1, &index);
  if (index >= -n && index < n) return index < 0 ? index + n : index;
  if (out_text) snprintf(out_text, 24, "%lld", (long long)index);
  return -1;
}

/// Looks at every index, before anything is written: a bad one leaves the output alone. The indices are rows of `n_axes` coordinates (or single
/// ones) for the axes of x from `axis` on.
static int32_t check_indices(void *host, const char *name, const rtb_view *indices, const rtb_view *x, int32_t axis, int64_t n_axes) {
  const rtb_view *const index_only[] = {indices};
  rtb_walk w;
  int64_t position = 0;
  char text[24];
  for (rtb_walk_start(&w, indices->shape, indices->ndim, index_only, 1); !w.done; rtb_walk_next(&w), position++) {
    const int32_t at = axis + (int32_t)(position % n_axes);
    if (index_at(indices, w.at[0], x->shape[at], text) >= 0) continue;
    return rtb_failf(host, RTB_E_INDEX, "%s: index %s at position %lld is out of range for axis %d of size %lld", name, text,
                     (long long)position, at, (long long)x->shape[at]);
  }
  return RTB_OK;
}

int32_t rti_ref_gather(void *host, void *stream, const rtb_op *op) {
  (void)stream;
  const rtb_view *x = op->args[0], *indices = op->args[1], *out = op->args[2];
  const int32_t axis = axis_of(((const rtb_attr_axes *)op->attr)->axes);
  const int64_t n = x->shape[axis];

  const int32_t code = check_indices(host, "gather", indices, x, axis, 1);
  if (code != RTB_OK) return code;

  // Each index is one copy: of x without the axis, to out without the dimensions of the indices.
  int64_t shape[RTB_MAX_RANK], from_stride[RTB_MAX_RANK], to_stride[RTB_MAX_RANK];
  int32_t rank = 0;
  int64_t numel = 1;
  for (int32_t d = 0; d < x->ndim; d++) {
    if (d == axis) continue;
    shape[rank] = x->shape[d], from_stride[rank] = x->stride[d];
    to_stride[rank++] = out->stride[d < axis ? d : d - 1 + indices->ndim];
    numel *= x->shape[d];
  }
  rtb_view from = {.numel = numel, .dtype = x->dtype, .ndim = (uint8_t)rank, .layout = RTB_STRIDED, .shape = shape, .stride = from_stride};
  rtb_view to = {.numel = numel, .dtype = x->dtype, .ndim = (uint8_t)rank, .layout = RTB_STRIDED, .shape = shape, .stride = to_stride};
  const rtb_view *const copy_args[] = {&from, &to};
  const rtb_op copy = {.op = RTB_OP_COPY, .nin = 1, .nout = 1, .args = copy_args};
  rtb_view place = {.ndim = indices->ndim, .stride = out->stride + axis}; // out over the dimensions of the indices
  const rtb_view *const both[] = {indices, &place};
  rtb_walk w;
  for (rtb_walk_start(&w, indices->shape, indices->ndim, both, 2); !w.done; rtb_walk_next(&w)) {
    const int64_t index = index_at(indices, w.at[0], n, NULL);
    from.data = ref_at(x, index * x->stride[axis]);
    to.data = ref_at(out, w.at[1]);
    rti_ref_copy(host, stream, &copy);
  }
  return RTB_OK;
}

// ---- take_along -------------------------------------------------------------------------------------------------------------------------
int32_t rti_ref_take_along(void *host, void *stream, const rtb_op *op) {
  (void)stream;
  const rtb_view *x = op->args[0], *indices = op->args[1], *out = op->args[2];
  const int32_t axis = axis_of(((const rtb_attr_axes *)op->attr)->axes);
  const int64_t n = x->shape[axis];
  const int32_t code = check_indices(host, "take_along", indices, x, axis, 1);
  if (code != RTB_OK) return code;
  int64_t stride[RTB_MAX_RANK];
  for (int32_t d = 0; d < x->ndim; d++) stride[d] = d == axis ? 0 : x->stride[d];
  rtb_view lines = *x; // x at the position of the output, but always first along the axis
  lines.stride = stride;
  const rtb_view *const all[] = {&lines, indices, out};
  const uint32_t bytes = rtb_dtype_bytes(x->dtype);
  rtb_walk w;
  for (rtb_walk_start(&w, out->shape, out->ndim, all, 3); !w.done; rtb_walk_next(&w)) {
    const int64_t index = index_at(indices, w.at[1], n, NULL);
    memcpy(ref_at(out, w.at[2]), ref_at(x, w.at[0] + index * x->stride[axis]), bytes);
  }
  return RTB_OK;
}

// ---- gather_nd --------------------------------------------------------------------------------------------------------------------------
/// The dimensions of a view from `first` on, as a view that starts nowhere yet.
static rtb_view slice_of(const rtb_view *view, int32_t first) {
  rtb_view slice = {.numel = 1, .dtype = view->dtype, .ndim = (uint8_t)(view->ndim - first), .layout = RTB_STRIDED, .shape = view->shape + first,
                    .stride = view->stride + first};
  for (int32_t d = 0; d < slice.ndim; d++) slice.numel *= slice.shape[d];
  return slice;
}

/// The element of x that k coordinates from `element` of indices on, for its axes from `axis` on, point to.
static int64_t target_of(const rtb_view *x, int32_t axis, const rtb_view *indices, int64_t element, int64_t k) {
  int64_t at = 0;
  for (int32_t i = 0; i < k; i++)
    at += index_at(indices, element + i * indices->stride[indices->ndim - 1], x->shape[axis + i], NULL) * x->stride[axis + i];
  return at;
}

int32_t rti_ref_gather_nd(void *host, void *stream, const rtb_op *op) {
  const rtb_view *x = op->args[0], *indices = op->args[1], *out = op->args[2];
  const int32_t last = indices->ndim - 1;
  const int64_t k = indices->shape[last];
  int32_t batch = 0;
  while (((const rtb_attr_index *)op->attr)->axes >> batch & 1) batch++;
  const int32_t code = check_indices(host, "gather_nd", indices, x, batch, k);
  if (code != RTB_OK) return code;
  rtb_view from = slice_of(x, batch + (int32_t)k), to = slice_of(out, last);
  const rtb_view *const copy_args[] = {&from, &to};
  const rtb_op copy = {.op = RTB_OP_COPY, .nin = 1, .nout = 1, .args = copy_args};
  int64_t stride[RTB_MAX_RANK] = {0};
  for (int32_t d = 0; d < batch; d++) stride[d] = x->stride[d];
  const rtb_view batches = {.ndim = (uint8_t)last, .stride = stride}; // x over the leading dimensions of the indices
  const rtb_view *const all[] = {&batches, indices, out};
  rtb_walk w;
  for (rtb_walk_start(&w, indices->shape, last, all, 3); !w.done; rtb_walk_next(&w)) {
    from.data = ref_at(x, w.at[0] + target_of(x, batch, indices, w.at[1], k));
    to.data = ref_at(out, w.at[2]);
    rti_ref_copy(host, stream, &copy);
  }
  return RTB_OK;
}

// ---- scatter, scatter_nd ----------------------------------------------------------------------------------------------------------------
/// The row of ops.def that combines an element with its update; NULL where the update replaces it, or the dtype has none.
static ref_map combine_of(uint16_t dtype, uint32_t mode) {
  static const uint16_t rows[] = {[RTB_SCATTER_ADD] = RTB_OP_ADD, [RTB_SCATTER_MUL] = RTB_OP_MUL, [RTB_SCATTER_MIN] = RTB_OP_MINIMUM,
                                  [RTB_SCATTER_MAX] = RTB_OP_MAXIMUM};
  return mode == RTB_SCATTER_SET ? NULL : rti_ref_rows_of(dtype)[rows[mode]].map;
}

bool rti_ref_can_scatter(const rtb_attr_index *attr, uint16_t dtype) {
  return attr && (attr->mode == RTB_SCATTER_SET || (attr->mode <= RTB_SCATTER_MAX && combine_of(dtype, attr->mode)));
}

/// The result starts as x, unless it is x.
static void copy_x(void *host, void *stream, const rtb_op *op) {
  const rtb_view *const copy_args[] = {op->args[0], op->args[3]};
  const rtb_op copy = {.op = RTB_OP_COPY, .nin = 1, .nout = 1, .args = copy_args};
  if (op->args[0]->data != op->args[3]->data) rti_ref_copy(host, stream, &copy);
}

int32_t rti_ref_scatter(void *host, void *stream, const rtb_op *op) {
  const rtb_view *indices = op->args[1], *updates = op->args[2], *out = op->args[3];
  const rtb_attr_index *attr = op->attr;
  const int32_t axis = axis_of(attr->axes);
  const int32_t code = check_indices(host, "scatter", indices, out, axis, 1);
  if (code != RTB_OK) return code;
  copy_x(host, stream, op);
  const ref_map combine = combine_of(out->dtype, attr->mode);
  const uint32_t bytes = rtb_dtype_bytes(out->dtype);
  const int64_t one[] = {1, 1, 1};
  int64_t stride[RTB_MAX_RANK];
  for (int32_t d = 0; d < out->ndim; d++) stride[d] = d == axis ? 0 : out->stride[d];
  rtb_view lines = *out; // the position of the update, but always first along the axis
  lines.stride = stride;
  const rtb_view *const all[] = {&lines, indices, updates};
  rtb_walk w;
  for (rtb_walk_start(&w, indices->shape, indices->ndim, all, 3); !w.done; rtb_walk_next(&w)) {
    const int64_t index = index_at(indices, w.at[1], out->shape[axis], NULL);
    void *const update = ref_at(updates, w.at[2]), *const target = ref_at(out, w.at[0] + index * out->stride[axis]);
    void *const at[] = {target, update, target};
    if (combine) combine(1, at, one);
    else memcpy(target, update, bytes);
  }
  return RTB_OK;
}

int32_t rti_ref_scatter_nd(void *host, void *stream, const rtb_op *op) {
  const rtb_view *indices = op->args[1], *updates = op->args[2], *out = op->args[3];
  const int32_t last = indices->ndim - 1;
  const int64_t k = indices->shape[last];
  const int32_t code = check_indices(host, "scatter_nd", indices, out, 0, k);
  if (code != RTB_OK) return code;
  copy_x(host, stream, op);
  const ref_map combine = combine_of(out->dtype, ((const rtb_attr_index *)op->attr)->mode);
  rtb_view update = slice_of(updates, last), target = slice_of(out, (int32_t)k);
  const rtb_view *const args[] = {&target, &update, &target};
  const rtb_op put = {.op = RTB_OP_COPY, .nin = combine ? 2 : 1, .nout = 1, .args = combine ? args : args + 1};
  const rtb_view *const all[] = {indices, updates};
  rtb_walk w;
  for (rtb_walk_start(&w, indices->shape, last, all, 2); !w.done; rtb_walk_next(&w)) {
    update.data = ref_at(updates, w.at[1]);
    target.data = ref_at(out, target_of(out, 0, indices, w.at[0], k));
    if (!combine) rti_ref_copy(host, stream, &put);
    else for (ref_walk row = rti_ref_walk_start(&put); !row.done; rti_ref_walk_next(&row)) combine(row.n, row.at, row.step);
  }
  return RTB_OK;
}

// ---- nonzero ----------------------------------------------------------------------------------------------------------------------------
int32_t rti_ref_nonzero(void *host, void *stream, const rtb_op *op) {
  (void)stream;
  const rtb_view *x = op->args[0], *out = op->args[1];
  const ref_get get = rti_ref_get_of(x->dtype);
  const ref_wide wide = rti_ref_wide_of(x->dtype);
  const int64_t count = out->shape[1];
  int64_t found = 0;
  ref_wide_row value;
  rtb_walk w;
  for (rtb_walk_start(&w, x->shape, x->ndim, op->args, 1); !w.done; rtb_walk_next(&w)) {
    get(1, ref_at(x, w.at[0]), 1, &value);
    if (wide == REF_C128 ? value.c128[0] == 0 : wide == REF_F64 ? value.f64[0] == 0 : value.u64[0] == 0) continue;
    for (int32_t d = 0; d < x->ndim && found < count; d++) memcpy(ref_at(out, d * out->stride[0] + found * out->stride[1]), &w.index[d], sizeof w.index[d]);
    found++;
  }
  if (found == count) return RTB_OK;
  return rtb_failf(host, RTB_E_STATE, "nonzero: %lld elements are not zero, but there is room for %lld", (long long)found, (long long)count);
}
