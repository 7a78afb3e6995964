// SPDX-License-Identifier: BSD-3-Clause
// Operations along one axis: running sums and products, sorting, searching. Sorting compares keys: unsigned numbers in the order of the
// elements, in which -0 equals +0 and NaN is the largest.
#include "ref.h"

static int32_t axis_of(uint32_t axes) {
  int32_t axis = 0;
  while (!(axes >> axis & 1)) axis++;
  return axis;
}

/// Starts a walk over the first elements of all lines along an axis.
static void start_lines(rtb_walk *w, const rtb_op *op, int32_t axis, int64_t extents[RTB_MAX_RANK]) {
  const rtb_view *x = op->args[0];
  for (int32_t d = 0; d < x->ndim; d++) extents[d] = d == axis ? 1 : x->shape[d];
  rtb_walk_start(w, extents, x->ndim, op->args, 2);
}

// ---- cumsum, cumprod --------------------------------------------------------------------------------------------------------------------
int32_t rti_ref_scan(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const rtb_view *x = op->args[0], *out = op->args[1];
  const bool is_product = op->op == RTB_OP_CUMPROD;
  const ref_wide wide = rti_ref_wide_of(x->dtype);
  const ref_get get = rti_ref_get_of(x->dtype);
  const ref_put put = rti_ref_put_of(out->dtype, wide);
  const int32_t axis = axis_of(((const rtb_attr_axes *)op->attr)->axes);
  const int64_t n = x->shape[axis], x_step = x->stride[axis], out_step = out->stride[axis];
  int64_t extents[RTB_MAX_RANK];
  ref_wide_row row;
  rtb_walk w;
  for (start_lines(&w, op, axis, extents); !w.done; rtb_walk_next(&w)) {
    long double real = is_product;
    long double _Complex both = is_product;
    uint64_t whole = is_product; // wrapping makes i64 and u64 one
    for (int64_t i = 0; i < n; i += REF_CHUNK) {
      const int64_t count = n - i < REF_CHUNK ? n - i : REF_CHUNK;
      get(count, ref_at(x, w.at[0] + i * x_step), x_step, &row);
      for (int64_t k = 0; k < count; k++) {
        if (wide == REF_C128) {
          both = is_product ? both * row.c128[k] : both + row.c128[k];
          row.c128[k] = (double _Complex)both;
        } else if (wide == REF_F64) {
          real = is_product ? real * row.f64[k] : real + row.f64[k];
          row.f64[k] = (double)real;
        } else {
          whole = is_product ? whole * row.u64[k] : whole + row.u64[k];
          row.u64[k] = whole;
        }
      }
      put(count, &row, ref_at(out, w.at[1] + i * out_step), out_step);
    }
  }
  return RTB_OK;
}

// ---- sort, argsort ----------------------------------------------------------------------------------------------------------------------
static uint64_t key_at(ref_get get, ref_wide wide, const void *element) {
  const uint64_t sign = (uint64_t)1 << 63;
  ref_wide_row value;
  get(1, element, 1, &value);
  if (wide == REF_U64) return value.u64[0];
  if (wide == REF_I64) return value.u64[0] ^ sign;
  if (value.f64[0] != value.f64[0]) return UINT64_MAX;
  if (value.f64[0] == 0) return sign;
  return value.u64[0] & sign ? ~value.u64[0] : value.u64[0] | sign;
}

typedef struct entry {
  uint64_t key;
  int64_t index;
} entry;

/// Merges sorted runs of growing length, from one half of the workspace to the other; answers which half holds the result.
static const entry *merge_sort(entry *from, entry *to, int64_t n) {
  for (int64_t run = 1; run < n; run *= 2) {
    for (int64_t first = 0; first < n; first += 2 * run) {
      const int64_t middle = first + run < n ? first + run : n, last = middle + run < n ? middle + run : n;
      int64_t a = first, b = middle;
      for (int64_t i = first; i < last; i++) {
        const bool takes_a = a < middle && (b == last || from[a].key <= from[b].key); // of equal ones the earlier: stable
        to[i] = from[takes_a ? a++ : b++];
      }
    }
    entry *other = from;
    from = to, to = other;
  }
  return from;
}

int32_t rti_ref_sort_accept(void *host, const rtb_op *op, uint64_t *out_workspace_bytes) {
  (void)host;
  *out_workspace_bytes = (uint64_t)op->args[0]->shape[axis_of(((const rtb_attr_sort *)op->attr)->axes)] * 2 * sizeof(entry);
  return RTB_OK;
}

int32_t rti_ref_sort(void *host, void *stream, const rtb_op *op) {
  (void)stream;
  const rtb_view *x = op->args[0], *out = op->args[1];
  const rtb_attr_sort *attr = op->attr;
  const ref_get get = rti_ref_get_of(x->dtype);
  const ref_wide wide = rti_ref_wide_of(x->dtype);
  const int32_t axis = axis_of(attr->axes);
  const int64_t n = x->shape[axis], x_step = x->stride[axis], out_step = out->stride[axis];
  const uint64_t flip = attr->flags & RTB_SORT_DESCENDING ? UINT64_MAX : 0;
  const uint32_t bytes = rtb_dtype_bytes(x->dtype);
  if (!op->workspace) return rtb_failf(host, RTB_E_NO_MEMORY, "sort: no workspace for %lld elements", (long long)n);
  entry *const entries = op->workspace->data;
  int64_t extents[RTB_MAX_RANK];
  rtb_walk w;
  for (start_lines(&w, op, axis, extents); !w.done; rtb_walk_next(&w)) {
    for (int64_t i = 0; i < n; i++) entries[i] = (entry){key_at(get, wide, ref_at(x, w.at[0] + i * x_step)) ^ flip, i};
    const entry *sorted = merge_sort(entries, entries + n, n);
    for (int64_t i = 0; i < n; i++) {
      char *const to = ref_at(out, w.at[1] + i * out_step);
      if (op->op == RTB_OP_ARGSORT) memcpy(to, &sorted[i].index, sizeof sorted[i].index);
      else memcpy(to, ref_at(x, w.at[0] + sorted[i].index * x_step), bytes);
    }
  }
  return RTB_OK;
}

// ---- searchsorted -----------------------------------------------------------------------------------------------------------------------
int32_t rti_ref_searchsorted(void *host, void *stream, const rtb_op *op) {
  (void)host, (void)stream;
  const rtb_view *sorted = op->args[0], *values = op->args[1], *out = op->args[2];
  const bool right = ((const rtb_attr_sort *)op->attr)->flags & RTB_SORT_RIGHT;
  const ref_get get = rti_ref_get_of(values->dtype);
  const ref_wide wide = rti_ref_wide_of(values->dtype);
  const rtb_view *const walked[] = {values, out};
  rtb_walk w;
  for (rtb_walk_start(&w, values->shape, values->ndim, walked, 2); !w.done; rtb_walk_next(&w)) {
    const uint64_t key = key_at(get, wide, ref_at(values, w.at[0]));
    int64_t low = 0, high = sorted->shape[0]; // elements before low belong to the count, those from high on do not
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      const uint64_t at = key_at(get, wide, ref_at(sorted, middle * sorted->stride[0]));
      if (right ? at <= key : at < key) low = middle + 1;
      else high = middle;
    }
    memcpy(ref_at(out, w.at[1]), &low, sizeof low);
  }
  return RTB_OK;
}
