// SPDX-License-Identifier: BSD-3-Clause
// Operations that count: count_nonzero is a sum; bincount and histogram scatter ones (or weights) into a line of sums.
#include <math.h>
#include <string.h>

#include "composite.h"
#include "infer.h"

// ---- count_nonzero -------------------------------------------------------------------------------------------------------------------------

static rt_status count_nonzero(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rti_target to) {
  rti_chain c = {.status = rti_check_inputs(RTB_OP_COUNT_NONZERO, 1, &x, to)};
  uint32_t bits = 0;
  int32_t rank;
  int64_t shape[RT_MAX_RANK];
  if (c.status != RT_OK || (c.status = rti_axes("count_nonzero", axes, x->view.ndim, &bits)) != RT_OK) return c.status;
  rti_infer_reduce(x, bits, keep_dims, &rank, shape);
  rti_call call;
  rti_composite_call(&call, x->ctx, RTB_OP_COUNT_NONZERO, RT_I64, rank, shape);
  rti_call_tensor(&call, x);
  call.axes = bits;
  if ((c.status = rti_composite_check(&call, to)) != RT_OK || (c.status = rti_composite_offer(&call, to)) != RTI_NOT_TAKEN) return c.status;
  c.status = RT_OK;
  const rt_tensor *flags = x;
  if (x->view.dtype != RT_BOOL) {
    STEP(&c, is_some, rt_ne_scalar, x, rt_bool(false));
    flags = is_some;
  }
  if (to.given) STEP_INTO(&c, rt_sum_into, flags, axes, keep_dims, to.given);
  else STEP_INTO(&c, rt_sum, flags, axes, keep_dims, RT_DTYPE_NONE, to.out);
  if (c.status != RT_OK) rti_fail_in(c.status, "count_nonzero");
  return rti_chain_end(&c);
}

rt_status rt_count_nonzero(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor **out) {
  return out ? count_nonzero(x, axes, keep_dims, (rti_target){NULL, out}) : rti_no_out(RTB_OP_COUNT_NONZERO);
}
rt_status rt_count_nonzero_into(const rt_tensor *x, const rt_axes *axes, bool keep_dims, rt_tensor *out) {
  return count_nonzero(x, axes, keep_dims, (rti_target){out, NULL});
}

// ---- bincount, histogram -------------------------------------------------------------------------------------------------------------------

/// A line of n zeros where the call runs.
static rt_tensor *zeros(rti_chain *c, const rti_call *call, rt_dtype dtype, int64_t n) {
  rt_tensor *line = NULL;
  if (c->status == RT_OK) c->status = rti_tensor_create(call->ctx, call->device, dtype, 1, &n, NULL, &line);
  rti_chain_keep(c, line);
  STEP_INTO(c, rt_full_into, rt_int(0), line);
  return line;
}

/// Checks a call, settles its device and offers it.
static rt_status start(rti_call *call, rti_target to) {
  rt_status status = rti_composite_check(call, to);
  if (status == RT_OK) status = rti_vote(call, to.given, &call->device);
  return status == RT_OK ? rti_composite_offer(call, to) : status;
}

/// One more than the largest value of x, at least `least`. Waits for x.
static rt_status count_bins(const rt_tensor *x, int64_t least, int64_t *out_count) {
  *out_count = least;
  if (x->view.numel == 0) return RT_OK;
  rti_chain c = {.status = RT_OK};
  rt_scalar low = {0}, high = {0};
  STEP(&c, smallest, rt_min, x, NULL, false);
  STEP(&c, largest, rt_max, x, NULL, false);
  STEP_INTO(&c, rt_item, smallest, &low);
  STEP_INTO(&c, rt_item, largest, &high);
  if (c.status != RT_OK) rti_fail_in(c.status, "bincount");
  else if (low.kind == RT_KIND_SIGNED && low.as.i < 0) c.status = rti_fail(RT_E_INDEX, "bincount: x has %lld, below 0", (long long)low.as.i);
  else if (high.as.u >= INT64_MAX) c.status = rti_fail(RT_E_SHAPE, "bincount: x has %llu, which makes too many bins", (unsigned long long)high.as.u);
  else if (high.as.i >= least) *out_count = high.as.i + 1;
  return rti_chain_end(&c);
}

static rt_status bincount(const rt_tensor *x, const rt_tensor *weights, int64_t min_length, rti_target to) {
  const rt_tensor *in[2] = {x, weights};
  rti_chain c = {.status = rti_check_inputs(RTB_OP_BINCOUNT, weights ? 2 : 1, in, to)};
  if (c.status != RT_OK) return c.status;
  rt_dtype_kind kind = (rt_dtype_kind)rti_dtype_kinds[x->view.dtype];
  rt_dtype dtype = weights ? (rt_dtype)weights->view.dtype : RT_I64;
  rti_text text, text_w;
  if (kind != RT_KIND_SIGNED && kind != RT_KIND_UNSIGNED)
    return rti_fail(RT_E_DTYPE, "bincount: x has dtype %s, not an integer", rt_dtype_name((rt_dtype)x->view.dtype));
  if (dtype == RT_BOOL) return rti_fail(RT_E_DTYPE, "bincount: weights have dtype bool, not a number; cast first");
  if (weights && (weights->view.ndim != x->view.ndim || memcmp(weights->view.shape, x->view.shape, sizeof(int64_t) * (size_t)x->view.ndim)))
    return rti_fail(RT_E_SHAPE, "bincount: weights have shape %s, but x %s", rti_shape_text(&text_w, weights->view.ndim, weights->view.shape),
                    rti_shape_text(&text, x->view.ndim, x->view.shape));
  if (min_length < 0) return rti_fail(RT_E_ARGUMENT, "bincount: a length of %lld", (long long)min_length);
  int64_t count;
  if ((c.status = count_bins(x, min_length, &count)) != RT_OK) return c.status;
  rti_call call;
  rti_composite_call(&call, x->ctx, RTB_OP_BINCOUNT, dtype, 1, &count);
  rti_call_tensor(&call, x);
  if (weights) rti_call_tensor(&call, weights);
  else call.in[call.nin++] = (rti_arg){0};
  if ((c.status = start(&call, to)) != RTI_NOT_TAKEN) return c.status;
  c.status = RT_OK;
  const rt_tensor *updates = weights;
  STEP(&c, flat, rt_reshape, x, 1, &x->view.numel);
  if (weights) {
    STEP(&c, line, rt_reshape, weights, 1, &x->view.numel);
    updates = line;
  } else {
    STEP(&c, one, rt_scalar_tensor, x->ctx, rt_int(1));
    updates = one;
  }
  rt_tensor *line = zeros(&c, &call, dtype, count);
  if (to.given) STEP_INTO(&c, rt_scatter_into, line, flat, updates, 0, RT_SCATTER_ADD, to.given);
  else STEP_INTO(&c, rt_scatter, line, flat, updates, 0, RT_SCATTER_ADD, to.out);
  if (c.status != RT_OK) rti_fail_in(c.status, "bincount");
  return rti_chain_end(&c);
}

rt_status rt_bincount(const rt_tensor *x, const rt_tensor *weights, int64_t min_length, rt_tensor **out) {
  return out ? bincount(x, weights, min_length, (rti_target){NULL, out}) : rti_no_out(RTB_OP_BINCOUNT);
}
rt_status rt_bincount_into(const rt_tensor *x, const rt_tensor *weights, int64_t min_length, rt_tensor *out) {
  return bincount(x, weights, min_length, (rti_target){out, NULL});
}

static rt_status histogram(const rt_tensor *x, int64_t n_bins, double low, double high, rti_target to) {
  rti_chain c = {.status = rti_check_inputs(RTB_OP_HISTOGRAM, 1, &x, to)};
  if (c.status != RT_OK) return c.status;
  if (!isfinite(low) || !isfinite(high) || low >= high) return rti_fail(RT_E_ARGUMENT, "histogram: from %g to %g", low, high);
  if (n_bins < 1 || n_bins > INT64_MAX / 16) return rti_fail(RT_E_ARGUMENT, "histogram: %lld bins", (long long)n_bins);
  rt_dtype own = (rt_dtype)x->view.dtype, work = own == RT_F16 || own == RT_BF16 || own == RT_F32 ? RT_F32 : RT_F64;
  rti_call call;
  rti_composite_call(&call, x->ctx, RTB_OP_HISTOGRAM, RT_I64, 1, &n_bins);
  rti_call_tensor(&call, x);
  rti_call_imm(&call, RT_F64, rt_float(low));
  rti_call_imm(&call, RT_F64, rt_float(high));
  if ((c.status = start(&call, to)) != RTI_NOT_TAKEN) return c.status;
  c.status = RT_OK;
  rt_tensor *made = NULL;
  c.status = rti_to_dtype(&x, work, &made);
  rti_chain_keep(&c, made);
  rt_tensor *edges = zeros(&c, &call, work, n_bins + 1);
  STEP_INTO(&c, rt_linspace_into, rt_float(low), rt_float(high), n_bins + 1, edges);
  STEP(&c, flat, rt_reshape, x, 1, &x->view.numel);
  // How many edges are not above an element: with 0 it lies before the first bin, with n_bins + 1 behind the last, which has its upper edge.
  STEP(&c, found, rt_searchsorted, edges, flat, true);
  STEP(&c, last_edge, rt_select, edges, 0, -1);
  STEP(&c, is_last, rt_eq, flat, last_edge);
  STEP(&c, last_bin, rt_scalar_tensor, x->ctx, rt_int(n_bins));
  STEP(&c, bins, rt_where, is_last, last_bin, found);
  STEP(&c, one, rt_scalar_tensor, x->ctx, rt_int(1));
  rt_tensor *sums = zeros(&c, &call, RT_I64, n_bins + 2);
  STEP_INTO(&c, rt_scatter_into, sums, bins, one, 0, RT_SCATTER_ADD, sums);
  STEP(&c, inside, rt_slice, sums, 0, 1, n_bins + 1, 1);
  if (to.given) STEP_INTO(&c, rt_copy_into, inside, to.given);
  else STEP_INTO(&c, rt_copy, inside, to.out);
  if (c.status != RT_OK) rti_fail_in(c.status, "histogram");
  return rti_chain_end(&c);
}

rt_status rt_histogram(const rt_tensor *x, int64_t n_bins, double low, double high, rt_tensor **out) {
  return out ? histogram(x, n_bins, low, high, (rti_target){NULL, out}) : rti_no_out(RTB_OP_HISTOGRAM);
}
rt_status rt_histogram_into(const rt_tensor *x, int64_t n_bins, double low, double high, rt_tensor *out) {
  return histogram(x, n_bins, low, high, (rti_target){out, NULL});
}
