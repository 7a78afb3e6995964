// SPDX-License-Identifier: BSD-3-Clause
// ONNX operations about positions: triangles, one-hot vectors, identity matrices, elements picked by index tensors, what runs along one
// axis, and the losses that are made of picks.
#include <string.h>

#include "ops.h"

// 0, 1, ... n-1 as i64 with `after` axes of extent 1 behind, so that it broadcasts along one axis.
static const rt_tensor *count_up(rti_onnx_call *call, int64_t n, int32_t after) {
  int64_t shape[RT_MAX_RANK];
  if (after >= RT_MAX_RANK) rti_call_fail(call, RT_E_UNSUPPORTED, "more than %d dimensions", RT_MAX_RANK);
  if (call->status != RT_OK) return NULL;
  for (int32_t i = 0; i <= after; i++) shape[i] = i == 0 ? n : 1;
  STEP(line, rt_arange, call->ctx, RT_I64, rt_int(0), rt_int(n), rt_int(1));
  STEP(y, rt_reshape, line, after + 1, shape);
  return y;
}

// Column minus row of the last two axes of x.
static const rt_tensor *diagonals(rti_onnx_call *call, const rt_tensor *x) {
  const int32_t rank = rt_tensor_rank(x);
  if (rank < 2) rti_call_fail(call, RT_E_SHAPE, "the input must have 2 dimensions or more, not %d", rank);
  if (call->status != RT_OK) return NULL;
  const rt_tensor *columns = count_up(call, rt_tensor_shape(x)[rank - 1], 0), *lines = count_up(call, rt_tensor_shape(x)[rank - 2], 1);
  STEP(y, rt_sub, columns, lines);
  return y;
}

static void run_trilu(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *distance = diagonals(call, x);
  const rt_scalar k = rti_call_has(call, 1) ? rti_call_scalar(call, 1) : rt_int(0);
  const bool upper = rti_call_i(call, "upper", 1) != 0;
  STEP(mask, (upper ? rt_ge_scalar : rt_le_scalar), distance, k);
  STEP(zero, rt_full, call->ctx, rt_tensor_dtype(x), 0, NULL, rt_int(0));
  STEP(y, rt_where, mask, x, zero);
  rti_call_out(call, 0, y);
}

static void run_eye_like(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const char *name;
  const int64_t code = rti_call_i(call, "dtype", 0);
  const rt_dtype dtype = code ? rti_onnx_dtype(code, &name) : rt_tensor_dtype(x);
  if (dtype == RT_DTYPE_NONE) rti_call_fail(call, RT_E_UNSUPPORTED, "element type %lld (%s) is not supported", (long long)code, name);
  if (rt_tensor_rank(x) != 2) rti_call_fail(call, RT_E_SHAPE, "the input must have 2 dimensions, not %d", rt_tensor_rank(x));
  const rt_tensor *distance = diagonals(call, x);
  STEP(mask, rt_eq_scalar, distance, rt_int(rti_call_i(call, "k", 0)));
  STEP(y, rt_cast, mask, dtype);
  rti_call_out(call, 0, y);
}

// 1 at the first largest element along the axis (before opset 13: of everything from the axis on), else 0.
static void run_hardmax(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int32_t rank = rt_tensor_rank(x);
  const int64_t *shape = rt_tensor_shape(x);
  const bool flat = call->opset < 13;
  int32_t axis = rti_call_axis(call, rti_call_i(call, "axis", flat ? 1 : -1), rank);
  if (call->status != RT_OK) return;
  const rt_tensor *rows = x;
  if (flat) {
    const int64_t two[2] = {rti_call_product(call, shape, 0, axis), rti_call_product(call, shape, axis, rank)};
    STEP_TO(rows, rt_reshape, x, 2, two);
    axis = 1;
  }
  if (call->status != RT_OK) return;
  const rt_axes axes = {1, {axis}};
  STEP(best, rt_argmax, rows, &axes, true);
  const rt_tensor *positions = count_up(call, rt_tensor_shape(rows)[axis], rt_tensor_rank(rows) - 1 - axis);
  STEP(mask, rt_eq, best, positions);
  STEP(values, rt_cast, mask, rt_tensor_dtype(x));
  STEP(y, rt_reshape, values, rank, shape);
  rti_call_out(call, 0, y);
}

// Indices in [-n, n) count from the end when negative; others match nothing.
static void run_one_hot(rti_onnx_call *call) {
  const rt_tensor *indices = rti_call_in(call, 0), *values = rti_call_in(call, 2);
  const rt_scalar n_scalar = rti_call_scalar(call, 1);
  const int64_t n = n_scalar.kind == RT_KIND_FLOAT ? (n_scalar.as.f >= 0 && n_scalar.as.f < 1e9 ? (int64_t)n_scalar.as.f : -1) : n_scalar.as.i;
  const int32_t rank = rt_tensor_rank(indices), axis = rti_call_axis(call, rti_call_i(call, "axis", -1), rank + 1);
  if (n < 0) rti_call_fail(call, RT_E_ARGUMENT, "the depth is out of range");
  if (rt_tensor_numel(values) != 2) rti_call_fail(call, RT_E_SHAPE, "values must hold two elements, not %lld", (long long)rt_tensor_numel(values));
  STEP(whole, rt_cast, indices, RT_I64);
  STEP(is_negative, rt_lt_scalar, whole, rt_int(0));
  STEP(raised, rt_add_scalar, whole, rt_int(n));
  STEP(wrapped, rt_where, is_negative, raised, whole);
  STEP(apart, rt_unsqueeze, wrapped, axis);
  const rt_tensor *positions = count_up(call, n, rank - axis);
  STEP(mask, rt_eq, apart, positions);
  STEP(off, rt_select, values, 0, 0);
  STEP(on, rt_select, values, 0, 1);
  STEP(y, rt_where, mask, on, off);
  rti_call_out(call, 0, y);
}

static void run_gather_elements(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *indices = rti_call_in(call, 1);
  const int32_t rank = rt_tensor_rank(x), axis = rti_call_axis(call, rti_call_i(call, "axis", 0), rank);
  if (rt_tensor_rank(indices) != rank) rti_call_fail(call, RT_E_SHAPE, "indices of %d dimensions for an input of %d", rt_tensor_rank(indices), rank);
  STEP(y, rt_take_along, x, indices, axis);
  rti_call_out(call, 0, y);
}

// ---- along one axis ------------------------------------------------------------------------------------------------------------------------

static void run_cum_sum(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *y = x;
  const int32_t rank = rt_tensor_rank(x), axis = rti_call_axis(call, rti_call_integer(call, 1), rank);
  const rt_axes along = {1, {axis}};
  const bool backwards = rti_call_i(call, "reverse", 0) != 0;
  if (backwards) STEP_TO(y, rt_flip, y, &along);
  if (rti_call_i(call, "exclusive", 0) && call->status == RT_OK) { // a zero goes in front, and the last element away
    int64_t low[RT_MAX_RANK] = {0}, high[RT_MAX_RANK] = {0};
    if (rt_tensor_shape(x)[axis] > 0) low[axis] = 1, high[axis] = -1;
    STEP_TO(y, rt_pad, y, low, high, RT_PAD_CONSTANT, rt_int(0));
  }
  STEP_TO(y, rt_cumsum, y, axis, rt_tensor_dtype(x));
  if (backwards) STEP_TO(y, rt_flip, y, &along);
  rti_call_out(call, 0, y);
}

static void run_top_k(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int32_t axis = rti_call_axis(call, rti_call_i(call, "axis", -1), rt_tensor_rank(x));
  const int64_t k = call->opset < 10 ? rti_call_i(call, "k", -1) : rti_call_integer(call, 1);
  if (call->status != RT_OK) return;
  if (k < 0 || k > rt_tensor_shape(x)[axis]) rti_call_fail(call, RT_E_SHAPE, "k is %lld for an axis of extent %lld", (long long)k, (long long)rt_tensor_shape(x)[axis]);
  rt_tensor *values = NULL, *positions = NULL;
  if (call->status == RT_OK) call->status = rt_topk(x, k, axis, rti_call_i(call, "largest", 1) != 0, &values, rti_call_wants(call, 1) ? &positions : NULL);
  rti_call_out(call, 0, rti_call_own(call, values));
  rti_call_out(call, 1, rti_call_own(call, positions));
}

// The slices of one axis in the other order: of each sequence of the batch, its first `length` elements.
static void run_reverse_sequence(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int64_t time_axis = rti_call_i(call, "time_axis", 0), batch_axis = rti_call_i(call, "batch_axis", 1);
  if ((time_axis | batch_axis) != 1 || (time_axis & batch_axis) != 0 || rt_tensor_rank(x) < 2)
    rti_call_fail(call, RT_E_ARGUMENT, "time_axis %lld and batch_axis %lld must be 0 and 1, or 1 and 0", (long long)time_axis, (long long)batch_axis);
  int64_t n;
  const int64_t *lengths = rti_call_ints(call, 1, &n);
  if (call->status != RT_OK) return;
  const int64_t steps = rt_tensor_shape(x)[time_axis], batch = rt_tensor_shape(x)[batch_axis];
  if (n != batch) rti_call_fail(call, RT_E_SHAPE, "%lld lengths for a batch of %lld", (long long)n, (long long)batch);
  for (int64_t i = 0; i < n && call->status == RT_OK; i++)
    if (lengths[i] < 0 || lengths[i] > steps) rti_call_fail(call, RT_E_SHAPE, "a sequence of %lld of %lld steps", (long long)lengths[i], (long long)steps);
  // Position t of a sequence takes from length-1-t, or stays where it is past the end.
  int64_t shape[2] = {1, 1};
  shape[batch_axis] = batch;
  STEP(length, rt_from_data, call->ctx, RT_I64, 2, shape, lengths);
  const rt_tensor *t = count_up(call, steps, time_axis == 0 ? 1 : 0);
  STEP(last, rt_sub_scalar, length, rt_int(1));
  STEP(turned, rt_sub, last, t);
  STEP(is_inside, rt_lt, t, length);
  STEP(positions, rt_where, is_inside, turned, t);
  const rt_tensor *y = positions; // with as many axes as x, of extent 1
  for (int32_t axis = 2; axis < rt_tensor_rank(x); axis++) STEP_TO(y, rt_unsqueeze, y, -1);
  STEP(everywhere, rt_expand, y, rt_tensor_rank(x), rt_tensor_shape(x));
  STEP(taken, rt_take_along, x, everywhere, (int32_t)time_axis);
  rti_call_out(call, 0, taken);
}

// ---- scatter, coordinates ----------------------------------------------------------------------------------------------------------------------------

static rt_scatter_mode scatter_mode(rti_onnx_call *call) {
  static const struct { const char *name; rt_scatter_mode mode; int64_t since; } modes[] = {
      {"none", RT_SCATTER_SET, 1}, {"add", RT_SCATTER_ADD, 16}, {"mul", RT_SCATTER_MUL, 16}, {"min", RT_SCATTER_MIN, 18}, {"max", RT_SCATTER_MAX, 18}};
  const char *wanted = rti_call_s(call, "reduction", "none");
  for (size_t i = 0; i < RTI_IO_COUNT(modes); i++)
    if (!strcmp(modes[i].name, wanted) && call->opset >= modes[i].since) return modes[i].mode;
  rti_call_fail(call, RT_E_UNSUPPORTED, "reduction '%.40s' is not known", wanted);
  return RT_SCATTER_SET;
}

static void run_scatter_elements(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *indices = rti_call_in(call, 1), *updates = rti_call_in(call, 2);
  rti_call_same_dtype(call, x, updates);
  const int32_t axis = rti_call_axis(call, rti_call_i(call, "axis", 0), rt_tensor_rank(x));
  const rt_scatter_mode mode = scatter_mode(call);
  STEP(y, rt_scatter, x, indices, updates, axis, mode);
  rti_call_out(call, 0, y);
}

static void run_scatter_nd(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *indices = rti_call_in(call, 1), *updates = rti_call_in(call, 2);
  rti_call_same_dtype(call, x, updates);
  const rt_scatter_mode mode = scatter_mode(call);
  STEP(y, rt_scatter_nd, x, indices, updates, mode);
  rti_call_out(call, 0, y);
}

static void run_gather_nd(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *indices = rti_call_in(call, 1);
  const int64_t batch = rti_call_i(call, "batch_dims", 0);
  if (batch < 0 || batch >= RT_MAX_RANK) rti_call_fail(call, RT_E_ARGUMENT, "batch_dims is %lld", (long long)batch);
  STEP(y, rt_gather_nd, x, indices, (int32_t)batch);
  rti_call_out(call, 0, y);
}

static void run_nonzero(rti_onnx_call *call) {
  STEP(y, rt_nonzero, rti_call_in(call, 0));
  rti_call_out(call, 0, y);
}

static void run_unique(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const rti_onnx_attr *attr = rti_call_attr(call, "axis");
  const int32_t axis = attr ? rti_call_axis(call, attr->i, rt_tensor_rank(x)) : 0;
  const bool sorted = rti_call_i(call, "sorted", 1) != 0;
  rt_tensor *out[4] = {0}, **wanted[4];
  for (int32_t i = 0; i < 4; i++) wanted[i] = i == 0 || rti_call_wants(call, i) ? &out[i] : NULL;
  if (call->status == RT_OK) call->status = rt_unique(x, attr ? &axis : NULL, sorted, wanted[0], wanted[1], wanted[2], wanted[3]);
  for (int32_t i = 0; i < 4; i++) {
    const rt_tensor *y = rti_call_own(call, out[i]);
    const int64_t all = -1;
    if (i == 2 && y) STEP_TO(y, rt_reshape, y, 1, &all); // which one each element is, in one row
    rti_call_out(call, i, y);
  }
}

// The slices along an axis (of the flattened input without one) for which the condition holds; it may be shorter than the axis.
static void run_compress(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *condition = rti_call_in(call, 1);
  const rti_onnx_attr *attr = rti_call_attr(call, "axis");
  if (rt_tensor_rank(condition) != 1 || rt_tensor_dtype(condition) != RT_BOOL) rti_call_fail(call, RT_E_SHAPE, "the condition must be bool with one axis");
  const int64_t all = -1;
  if (!attr) STEP_TO(x, rt_reshape, x, 1, &all);
  const int32_t axis = attr ? rti_call_axis(call, attr->i, rt_tensor_rank(x)) : 0;
  STEP(where, rt_nonzero, condition);
  STEP(positions, rt_select, where, 0, 0);
  STEP(y, rt_gather, x, positions, axis);
  rti_call_out(call, 0, y);
}

// ---- losses: one class index per position picks along axis 1 ---------------------------------------------------------------------------------------

// The sum over axis 1 of `values` where the class is the target's: what the target picks.
static const rt_tensor *pick(rti_onnx_call *call, const rt_tensor *is_class, const rt_tensor *values) {
  const rt_axes axes = {1, {1}};
  STEP(zero, rt_full, call->ctx, rt_tensor_dtype(values), 0, NULL, rt_float(0));
  STEP(chosen, rt_where, is_class, values, zero);
  STEP(y, rt_sum, chosen, &axes, false, RT_DTYPE_NONE);
  return y;
}

// Targets outside of [0, n) are an error unless they are to be ignored.
static void check_targets(rti_onnx_call *call, const rt_tensor *target, const rt_tensor *ignored, int64_t n) {
  STEP(low, rt_lt_scalar, target, rt_int(0));
  STEP(high, rt_ge_scalar, target, rt_int(n));
  STEP(outside, rt_logical_or, low, high);
  STEP(counts, rt_logical_not, ignored);
  STEP(bad, rt_logical_and, outside, counts);
  STEP(any, rt_any, bad, NULL, false);
  rt_scalar is_bad = rt_bool(false);
  if (call->status == RT_OK) call->status = rt_item(any, &is_bad);
  if (is_bad.as.b) rti_call_fail(call, RT_E_INDEX, "a target is outside of [0, %lld)", (long long)n);
}

// -weight[target] * logs[target], reduced as the node says. logs: [N,C,...], target: [N,...].
static void likelihood_loss(rti_onnx_call *call, const rt_tensor *logs) {
  const rt_tensor *target = rti_call_in(call, 1), *weight = rti_call_in(call, 2);
  const char *reduction = rti_call_s(call, "reduction", "mean");
  const bool mean = !strcmp(reduction, "mean");
  const int32_t rank = rt_tensor_rank(logs);
  if (!mean && strcmp(reduction, "sum") != 0 && strcmp(reduction, "none") != 0) rti_call_fail(call, RT_E_UNSUPPORTED, "reduction '%.40s' is not known", reduction);
  if (rank < 2 || rt_tensor_rank(target) != rank - 1) rti_call_fail(call, RT_E_SHAPE, "targets of %d dimensions for scores of %d", rt_tensor_rank(target), rank);
  if (call->status != RT_OK) return;
  const int64_t n_classes = rt_tensor_shape(logs)[1];
  if (weight && rt_tensor_numel(weight) != n_classes) rti_call_fail(call, RT_E_SHAPE, "%lld weights for %lld classes", (long long)rt_tensor_numel(weight), (long long)n_classes);
  STEP(whole, rt_cast, target, RT_I64);
  const rti_onnx_attr *ignore = rti_call_attr(call, "ignore_index");
  STEP(never, rt_full, call->ctx, RT_BOOL, 0, NULL, rt_bool(false));
  const rt_tensor *ignored = never;
  if (ignore) STEP_TO(ignored, rt_eq_scalar, whole, rt_int(ignore->i));
  check_targets(call, whole, ignored, n_classes);
  STEP(apart, rt_unsqueeze, whole, 1);
  const rt_tensor *classes = count_up(call, n_classes, rank - 2);
  STEP(is_class, rt_eq, apart, classes);
  STEP(one, rt_full, call->ctx, rt_tensor_dtype(logs), 0, NULL, rt_float(1));
  const rt_tensor *factor = one;
  if (weight && call->status == RT_OK) {
    int64_t shape[RT_MAX_RANK];
    for (int32_t i = 0; i < rank - 1; i++) shape[i] = i == 0 ? n_classes : 1;
    STEP(per_class, rt_reshape, weight, rank - 1, shape);
    factor = pick(call, is_class, per_class);
  }
  STEP(zero, rt_full, call->ctx, rt_tensor_dtype(logs), 0, NULL, rt_float(0));
  STEP(picked_factor, rt_where, ignored, zero, factor);
  const rt_tensor *picked = pick(call, is_class, logs);
  STEP(product, rt_mul, picked, picked_factor);
  STEP(loss, rt_neg, product);
  const rt_tensor *y = loss;
  if (strcmp(reduction, "none") != 0) STEP_TO(y, rt_sum, loss, NULL, false, RT_DTYPE_NONE);
  if (mean && call->status == RT_OK) {
    STEP(everywhere, rt_expand, picked_factor, rank - 1, rt_tensor_shape(target));
    STEP(total, rt_sum, everywhere, NULL, false, RT_DTYPE_NONE);
    STEP_TO(y, rt_div, y, total);
  }
  rti_call_out(call, 0, y);
}

static void run_likelihood_loss(rti_onnx_call *call) { likelihood_loss(call, rti_call_in(call, 0)); }

static void run_cross_entropy_loss(rti_onnx_call *call) {
  STEP(logs, rt_log_softmax, rti_call_in(call, 0), 1);
  likelihood_loss(call, logs);
  rti_call_out(call, 1, logs);
}

static const rti_onnx_op rows[] = {
    // name          since in    out attributes      run
    {"Trilu",           14, 1, 2, 1, "upper:i",      run_trilu, NULL, NULL},
    {"EyeLike",          9, 1, 1, 1, "dtype:i k:i",  run_eye_like, NULL, NULL},
    {"Hardmax",          1, 1, 1, 1, "axis:i",       run_hardmax, NULL, NULL},
    {"OneHot",           9, 3, 3, 1, "axis:i",       run_one_hot, NULL, NULL},
    {"GatherElements",  11, 2, 2, 1, "axis:i",       run_gather_elements, NULL, NULL},
    {"CumSum",          11, 2, 2, 1, "exclusive:i reverse:i", run_cum_sum, NULL, NULL},
    {"TopK",             1, 1, 1, 2, "axis:i k:i",   run_top_k, NULL, NULL},
    {"TopK",            10, 2, 2, 2, "axis:i",       run_top_k, NULL, NULL},
    {"TopK",            11, 2, 2, 2, "axis:i largest:i sorted:i", run_top_k, NULL, NULL},
    {"ReverseSequence", 10, 2, 2, 1, "batch_axis:i time_axis:i", run_reverse_sequence, NULL, NULL},
    {"Scatter",          9, 3, 3, 1, "axis:i",       run_scatter_elements, NULL, NULL},
    {"Scatter",         11, 0, 0, 0, "",             NULL, NULL, NULL}, // replaced by ScatterElements
    {"ScatterElements", 11, 3, 3, 1, "axis:i",       run_scatter_elements, NULL, NULL},
    {"ScatterElements", 16, 3, 3, 1, "axis:i reduction:s", run_scatter_elements, NULL, NULL},
    {"ScatterND",       11, 3, 3, 1, "",             run_scatter_nd, NULL, NULL},
    {"ScatterND",       16, 3, 3, 1, "reduction:s",  run_scatter_nd, NULL, NULL},
    {"GatherND",        11, 2, 2, 1, "",             run_gather_nd, NULL, NULL},
    {"GatherND",        12, 2, 2, 1, "batch_dims:i", run_gather_nd, NULL, NULL},
    {"NonZero",          9, 1, 1, 1, "",             run_nonzero, NULL, NULL},
    {"Unique",          11, 1, 1, 4, "axis:i sorted:i", run_unique, NULL, NULL},
    {"Compress",         9, 2, 2, 1, "axis:i",       run_compress, NULL, NULL},
    {"NegativeLogLikelihoodLoss", 12, 2, 3, 1, "ignore_index:i reduction:s", run_likelihood_loss, NULL, NULL},
    {"SoftmaxCrossEntropyLoss",   12, 2, 3, 2, "ignore_index:i reduction:s", run_cross_entropy_loss, NULL, NULL},
};

const rti_onnx_ops rti_onnx_index_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
