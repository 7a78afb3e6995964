// SPDX-License-Identifier: BSD-3-Clause
// Operations that find and pick elements, made of sorting, gathering and scattering: take, masked_select, topk, unique. Those with several
// outputs make each that is asked for, or none after a failure.
#include <string.h>

#include "composite.h"
#include "infer.h"

// ---- take, masked_select -------------------------------------------------------------------------------------------------------------------

static rt_status take(const rt_tensor *x, const rt_tensor *indices, rti_target to) {
  const rt_tensor *in[2] = {x, indices};
  rti_chain c = {.status = rti_check_inputs(RTB_OP_TAKE, 2, in, to)};
  if (c.status != RT_OK) return c.status;
  rt_dtype_kind kind = (rt_dtype_kind)rti_dtype_kinds[indices->view.dtype];
  if (kind != RT_KIND_SIGNED && kind != RT_KIND_UNSIGNED)
    return rti_fail(RT_E_DTYPE, "take: indices have dtype %s, not an integer", rt_dtype_name((rt_dtype)indices->view.dtype));
  if (indices->view.numel > 0 && x->view.numel == 0) return rti_fail(RT_E_INDEX, "take: no index is in range for a tensor without elements");
  rti_call call;
  rti_composite_call(&call, x->ctx, RTB_OP_TAKE, (rt_dtype)x->view.dtype, indices->view.ndim, indices->view.shape);
  rti_call_tensor(&call, x);
  rti_call_tensor(&call, indices);
  if ((c.status = rti_composite_check(&call, to)) != RT_OK || (c.status = rti_composite_offer(&call, to)) != RTI_NOT_TAKEN) return c.status;
  c.status = RT_OK;
  STEP(&c, flat, rt_reshape, x, 1, &x->view.numel);
  if (to.given) STEP_INTO(&c, rt_gather_into, flat, indices, 0, to.given);
  else STEP_INTO(&c, rt_gather, flat, indices, 0, to.out);
  if (c.status != RT_OK) rti_fail_in(c.status, "take");
  return rti_chain_end(&c);
}

rt_status rt_take(const rt_tensor *x, const rt_tensor *indices, rt_tensor **out) {
  return out ? take(x, indices, (rti_target){NULL, out}) : rti_no_out(RTB_OP_TAKE);
}
rt_status rt_take_into(const rt_tensor *x, const rt_tensor *indices, rt_tensor *out) { return take(x, indices, (rti_target){out, NULL}); }

static rt_status masked_select(const rt_tensor *x, const rt_tensor *mask, rti_target to) {
  const rt_tensor *in[2] = {x, mask};
  rti_chain c = {.status = rti_check_inputs(RTB_OP_MASKED_SELECT, 2, in, to)};
  if (c.status != RT_OK) return c.status;
  if (mask->view.dtype != RT_BOOL)
    return rti_fail(RT_E_DTYPE, "masked_select: the mask has dtype %s, not bool", rt_dtype_name((rt_dtype)mask->view.dtype));
  int32_t rank;
  int64_t shape[RT_MAX_RANK] = {1}, count = 0;
  if ((c.status = rti_infer_broadcast(RTB_OP_MASKED_SELECT, 2, in, &rank, shape)) != RT_OK) return c.status;
  if (rank == 0) shape[rank++] = 1; // so that there is a coordinate
  STEP(&c, wide_mask, rt_expand, mask, rank, shape);
  STEP(&c, wide_x, rt_expand, x, rank, shape);
  STEP_INTO(&c, rti_count_nonzero, wide_mask, &count);
  if (c.status != RT_OK) {
    rti_fail_in(c.status, "masked_select");
    return rti_chain_end(&c);
  }
  rti_call call, ask;
  rti_composite_call(&call, x->ctx, RTB_OP_MASKED_SELECT, (rt_dtype)x->view.dtype, 1, &count);
  ask = call; // the device is settled by what was given, not by what it spreads to
  for (int k = 0; k < 2; k++) rti_call_tensor(&ask, in[k]);
  rti_call_tensor(&call, wide_x);
  rti_call_tensor(&call, wide_mask);
  if ((c.status = rti_composite_check(&call, to)) == RT_OK && (c.status = rti_vote(&ask, to.given, &call.device)) == RT_OK)
    c.status = rti_composite_offer(&call, to);
  if (c.status != RTI_NOT_TAKEN) return rti_chain_end(&c);
  rt_tensor *coordinates = NULL;
  c.status = rti_nonzero(wide_mask, count, (rti_target){NULL, &coordinates});
  rti_chain_keep(&c, coordinates);
  STEP(&c, rows, rt_transpose, coordinates, 0, 1);
  STEP_INTO(&c, rti_gather_nd, wide_x, rows, 0, call.device, to);
  if (c.status != RT_OK) rti_fail_in(c.status, "masked_select");
  return rti_chain_end(&c);
}

rt_status rt_masked_select(const rt_tensor *x, const rt_tensor *mask, rt_tensor **out) {
  return out ? masked_select(x, mask, (rti_target){NULL, out}) : rti_no_out(RTB_OP_MASKED_SELECT);
}
rt_status rt_masked_select_into(const rt_tensor *x, const rt_tensor *mask, rt_tensor *out) { return masked_select(x, mask, (rti_target){out, NULL}); }

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

// ---- unique --------------------------------------------------------------------------------------------------------------------------------

/// n rows of m elements, sorted: equal ones lie together, in the order in which they came.
typedef struct groups {
  const rt_tensor *x;
  int32_t axis;           // -1: rows are the elements of x
  int64_t n, m, n_groups;
  rt_tensor *rows;        // [n], along an axis [n, m]
  rt_tensor *order;       // [n]: where the sorted rows come from
  rt_tensor *sorted;      // as rows
  rt_tensor *is_start;    // [n]: does a group start here?
  rt_tensor *starts;      // [n_groups]
  rt_tensor *ranks;       // [n_groups]: the groups in the order of their first rows; NULL: as they are sorted
} groups;

/// x with its axis in front and the others together.
static void find_rows(rti_chain *c, groups *g) {
  int64_t shape[2] = {g->n, g->m};
  rt_axes axes = {.count = g->x->view.ndim, .axis = {g->axis}};
  for (int32_t d = 0, at = 1; d < g->x->view.ndim; d++)
    if (d != g->axis) axes.axis[at++] = d;
  if (g->axis < 0) {
    STEP(c, rows, rt_reshape, g->x, 1, shape);
    g->rows = rows;
  } else {
    STEP(c, turned, rt_permute, g->x, &axes);
    STEP(c, rows, rt_reshape, turned, 2, shape);
    g->rows = rows;
  }
}

/// Sorts by the last column, then by the one before it ...: each sort keeps the order of equal elements.
static rt_status sort_rows(const groups *g, rt_tensor **out_order) {
  if (g->axis < 0) return rt_argsort(g->rows, 0, false, out_order);
  rt_tensor *order = NULL;
  rt_status status = rti_tensor_create(g->x->ctx, g->x->device, RT_I64, 1, &g->n, NULL, &order);
  if (status == RT_OK) status = rt_arange_into(rt_int(0), rt_int(1), order);
  for (int64_t column = g->m - 1; column >= 0 && g->n > 1 && status == RT_OK; column--) {
    rti_chain c = {.status = RT_OK};
    STEP(&c, all, rt_select, g->rows, 1, column);
    STEP(&c, keys, rt_gather, all, order, 0);
    STEP(&c, step, rt_argsort, keys, 0, false);
    STEP(&c, next, rt_gather, order, step, 0);
    if (c.status == RT_OK) {
      rt_release(order);
      order = rt_retain(next);
    }
    status = rti_chain_end(&c);
  }
  if (status == RT_OK) *out_order = order;
  else rt_release(order);
  return status;
}

/// Marks the rows that differ from the one before them.
static rt_status mark_starts(const groups *g, rt_tensor **out_is_start) {
  rti_chain c = {.status = RT_OK};
  STEP(&c, later, rt_slice, g->sorted, 0, 1, g->n, 1);
  STEP(&c, earlier, rt_slice, g->sorted, 0, 0, g->n > 0 ? g->n - 1 : 0, 1);
  STEP(&c, differs, rt_ne, later, earlier);
  rt_tensor *row_differs = differs;
  if (g->axis >= 0) {
    const rt_axes within = {.count = 1, .axis = {1}};
    STEP(&c, any, rt_any, differs, &within, false);
    row_differs = any;
  }
  rt_tensor *made = NULL;
  if (c.status == RT_OK) c.status = rti_tensor_create(g->x->ctx, g->x->device, RT_BOOL, 1, &g->n, NULL, &made);
  rti_chain_keep(&c, made);
  STEP_INTO(&c, rt_full_into, rt_bool(true), made);
  STEP(&c, rest, rt_slice, made, 0, 1, g->n, 1);
  STEP_INTO(&c, rt_copy_into, row_differs, rest);
  if (c.status == RT_OK) *out_is_start = rt_retain(made);
  return rti_chain_end(&c);
}

/// Of each group one row of `of`, in the order asked for.
static rt_status pick(const groups *g, const rt_tensor *of, rt_tensor **out) {
  if (!g->ranks) return rt_gather(of, g->starts, 0, out);
  rti_chain c = {.status = RT_OK};
  STEP(&c, places, rt_gather, g->starts, g->ranks, 0);
  STEP_INTO(&c, rt_gather, of, places, 0, out);
  return rti_chain_end(&c);
}

static rt_status find_values(const groups *g, rt_tensor **out) {
  if (g->axis < 0) return pick(g, g->sorted, out);
  rti_chain c = {.status = RT_OK};
  const rtb_view *x = &g->x->view;
  int64_t shape[RT_MAX_RANK] = {g->n_groups};
  rt_axes back = {.count = x->ndim};
  for (int32_t d = 0, at = 1; d < x->ndim; d++) {
    back.axis[d] = d == g->axis ? 0 : at;
    if (d != g->axis) shape[at++] = x->shape[d];
  }
  STEP(&c, rows, pick, g, g->sorted);
  STEP(&c, slices, rt_reshape, rows, x->ndim, shape);
  STEP(&c, turned, rt_permute, slices, &back);
  STEP_INTO(&c, rt_copy, turned, out);
  return rti_chain_end(&c);
}

/// The number of its group for each row, brought back to where the row came from.
static rt_status find_inverse(const groups *g, rt_tensor **out) {
  rti_chain c = {.status = RT_OK};
  STEP(&c, numbers, rt_cumsum, g->is_start, 0, RT_DTYPE_NONE);
  STEP_INTO(&c, rt_sub_scalar_into, numbers, rt_int(1), numbers);
  if (g->ranks) { // a group's number is its place in ranks
    STEP(&c, places, rt_argsort, g->ranks, 0, false);
    STEP(&c, ranked, rt_gather, places, numbers, 0);
    numbers = ranked;
  }
  STEP(&c, inverse, rt_scatter, numbers, g->order, numbers, 0, RT_SCATTER_SET);
  if (g->axis < 0) STEP_INTO(&c, rt_reshape, inverse, g->x->view.ndim, g->x->view.shape, out);
  else if (c.status == RT_OK) *out = rt_retain(inverse);
  return rti_chain_end(&c);
}

/// From each start to the next.
static rt_status find_counts(const groups *g, rt_tensor **out) {
  rti_chain c = {.status = RT_OK};
  const int64_t n_bounds = g->n_groups + 1;
  rt_tensor *bounds = NULL;
  c.status = rti_tensor_create(g->x->ctx, g->x->device, RT_I64, 1, &n_bounds, NULL, &bounds);
  rti_chain_keep(&c, bounds);
  STEP_INTO(&c, rt_full_into, rt_int(g->n), bounds);
  STEP(&c, from, rt_slice, bounds, 0, 0, g->n_groups, 1);
  STEP(&c, to, rt_slice, bounds, 0, 1, n_bounds, 1);
  STEP_INTO(&c, rt_copy_into, g->starts, from);
  STEP(&c, counts, rt_sub, to, from);
  if (g->ranks) STEP_INTO(&c, rt_gather, counts, g->ranks, 0, out);
  else if (c.status == RT_OK) *out = rt_retain(counts);
  return rti_chain_end(&c);
}

static void find_groups(rti_chain *c, groups *g, bool sorted) {
  find_rows(c, g);
  STEP(c, order, sort_rows, g);
  g->order = order;
  STEP(c, in_order, rt_gather, g->rows, order, 0);
  g->sorted = in_order;
  STEP(c, is_start, mark_starts, g);
  g->is_start = is_start;
  STEP(c, places, rt_nonzero, is_start);
  STEP(c, starts, rt_select, places, 0, 0);
  g->starts = starts;
  if (c->status == RT_OK) g->n_groups = starts->view.numel;
  if (sorted) return;
  STEP(c, first, rt_gather, order, starts, 0);
  STEP(c, ranks, rt_argsort, first, 0, false);
  g->ranks = ranks;
}

rt_status rt_unique(const rt_tensor *x, const int32_t *axis, bool sorted, rt_tensor **out_values, rt_tensor **out_first, rt_tensor **out_inverse,
                    rt_tensor **out_counts) {
  rt_tensor **out[] = {out_values, out_first, out_inverse, out_counts}, *unused, *strong = NULL;
  int n_wanted = 0;
  for (size_t k = 0; k < RTI_COUNT(out); k++)
    if (out[k]) *out[k] = NULL, n_wanted++;
  if (n_wanted == 0) return rti_fail(RT_E_ARGUMENT, "unique: all outputs are NULL");
  rti_chain c = {.status = rti_check_inputs(RTB_OP_UNIQUE, 1, &x, (rti_target){NULL, &unused})};
  groups g = {.axis = -1};
  if (c.status != RT_OK || (axis && (c.status = rti_axis("unique", *axis, x->view.ndim, &g.axis)) != RT_OK)) return c.status;
  c.status = rti_to_dtype(&x, (rt_dtype)x->view.dtype, &strong);
  rti_chain_keep(&c, strong);
  g.x = x;
  g.n = axis ? x->view.shape[g.axis] : x->view.numel;
  g.m = 1;
  for (int32_t d = 0; d < x->view.ndim && axis; d++)
    if (d != g.axis) g.m *= x->view.shape[d]; // fits, as the strides of the whole do
  find_groups(&c, &g, sorted);
  if (out_values) STEP_INTO(&c, find_values, &g, out_values);
  if (out_first) STEP_INTO(&c, pick, &g, g.order, out_first);
  if (out_inverse) STEP_INTO(&c, find_inverse, &g, out_inverse);
  if (out_counts) STEP_INTO(&c, find_counts, &g, out_counts);
  if (c.status != RT_OK) {
    rti_fail_in(c.status, "unique");
    for (size_t k = 0; k < RTI_COUNT(out); k++) {
      if (!out[k]) continue;
      rt_release(*out[k]);
      *out[k] = NULL;
    }
  }
  return rti_chain_end(&c);
}
