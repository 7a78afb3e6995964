// SPDX-License-Identifier: BSD-3-Clause
// ONNX operations that move elements: joining, cutting, picking, padding, repeating. Parameters are attributes in old opsets and inputs in
// newer ones; both ways end in one function.
#include <string.h>

#include "ops.h"

static void run_concat(rti_onnx_call *call) {
  const int32_t n = call->node->n_in;
  if (call->opset >= 4 && !rti_call_attr(call, "axis")) rti_call_fail(call, RT_E_FORMAT, "the attribute axis is missing");
  const rt_tensor **parts = rti_call_buffer(call, (uint64_t)n, sizeof *parts);
  for (int32_t i = 0; parts && i < n; i++) {
    parts[i] = rti_call_in(call, i);
    rti_call_same_dtype(call, parts[0], parts[i]);
  }
  const int32_t axis = rti_call_axis(call, rti_call_i(call, "axis", 1), rt_tensor_rank(rti_call_in(call, 0)));
  STEP(y, rt_concat, n, parts, axis);
  rti_call_out(call, 0, y);
}

// ---- Split -----------------------------------------------------------------------------------------------------------------------------------

static void run_split(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int32_t axis = rti_call_axis(call, rti_call_i(call, "axis", 0), rt_tensor_rank(x)), n = call->node->n_out;
  int64_t n_sizes = 0;
  const int64_t *sizes = rti_call_has(call, 1) ? rti_call_ints(call, 1, &n_sizes) : rti_call_list(call, "split", &n_sizes);
  const int64_t n_asked = rti_call_i(call, "num_outputs", n);
  if (call->status != RT_OK) return;
  const int64_t extent = rt_tensor_shape(x)[axis];
  if (sizes && n_sizes != n) rti_call_fail(call, RT_E_SHAPE, "%lld sizes for %d outputs", (long long)n_sizes, n);
  if (n_asked != n) rti_call_fail(call, RT_E_FORMAT, "num_outputs is %lld, the node has %d", (long long)n_asked, n);
  // Equal parts; from opset 18 on the last one may be smaller.
  const int64_t part = extent / n + (extent % n != 0);
  if (!sizes && extent % n != 0 && call->opset < 18) rti_call_fail(call, RT_E_SHAPE, "an extent of %lld has no %d equal parts", (long long)extent, n);
  int64_t start = 0;
  for (int32_t i = 0; i < n && call->status == RT_OK; i++) {
    int64_t size = sizes ? sizes[i] : part < extent - start ? part : extent - start;
    if (size < 0 || size > extent - start) rti_call_fail(call, RT_E_SHAPE, "part %d of %lld does not fit an extent of %lld", i, (long long)size, (long long)extent);
    STEP(y, rt_slice, x, axis, start, start + size, 1);
    rti_call_out(call, i, y);
    start += size;
  }
  if (start != extent) rti_call_fail(call, RT_E_SHAPE, "the parts are %lld long together, not %lld", (long long)start, (long long)extent);
}

// ---- Slice -----------------------------------------------------------------------------------------------------------------------------------

// The C API reads INT64_MIN as "left out"; ONNX means "as far down as it goes".
static int64_t bound(int64_t value) { return value == INT64_MIN ? INT64_MIN + 1 : value; }

static void slice(rti_onnx_call *call, const int64_t *starts, const int64_t *ends, int64_t n, const int64_t *axes, int64_t n_axes, const int64_t *steps,
                  int64_t n_steps) {
  const rt_tensor *y = rti_call_in(call, 0);
  const int32_t rank = rt_tensor_rank(y);
  if (n > rank || (axes && n_axes != n) || (steps && n_steps != n)) rti_call_fail(call, RT_E_SHAPE, "starts, ends, axes and steps do not fit each other");
  static const int64_t all[RT_MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  if (call->status != RT_OK) return;
  const rt_axes list = rti_call_axes(call, axes ? axes : all, n, rank);
  for (int32_t i = 0; i < list.count && call->status == RT_OK; i++) {
    const int64_t step = steps ? steps[i] : 1;
    if (step == 0) rti_call_fail(call, RT_E_ARGUMENT, "a step of 0");
    STEP_TO(y, rt_slice, y, list.axis[i], bound(starts[i]), bound(ends[i]), step);
  }
  rti_call_out(call, 0, y);
}

static void run_slice_1(rti_onnx_call *call) {
  int64_t n, n_ends, n_axes;
  const int64_t *starts = rti_call_list(call, "starts", &n), *ends = rti_call_list(call, "ends", &n_ends), *axes = rti_call_list(call, "axes", &n_axes);
  if (!starts || !ends || n_ends != n) rti_call_fail(call, RT_E_FORMAT, "starts and ends are missing or differ in length");
  slice(call, starts, ends, n, axes, n_axes, NULL, 0);
}

static void run_slice(rti_onnx_call *call) {
  int64_t n, n_ends, n_axes, n_steps;
  const int64_t *starts = rti_call_ints(call, 1, &n), *ends = rti_call_ints(call, 2, &n_ends), *axes = rti_call_ints(call, 3, &n_axes),
                *steps = rti_call_ints(call, 4, &n_steps);
  if (n_ends != n) rti_call_fail(call, RT_E_SHAPE, "%lld starts and %lld ends", (long long)n, (long long)n_ends);
  slice(call, starts, ends, n, axes, n_axes, steps, n_steps);
}

static void run_gather(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0), *indices = rti_call_in(call, 1);
  const int32_t axis = rti_call_axis(call, rti_call_i(call, "axis", 0), rt_tensor_rank(x));
  STEP(y, rt_gather, x, indices, axis);
  rti_call_out(call, 0, y);
}

// ---- Pad -------------------------------------------------------------------------------------------------------------------------------------

// pads: all the low ends, then all the high ends, of `axes` or of all axes.
static void pad(rti_onnx_call *call, const int64_t *pads, int64_t n_pads, const int64_t *axes, int64_t n_axes, rt_scalar value) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int32_t rank = rt_tensor_rank(x);
  static const char *const names[] = {[RT_PAD_CONSTANT] = "constant", [RT_PAD_EDGE] = "edge", [RT_PAD_REFLECT] = "reflect", [RT_PAD_WRAP] = "wrap"};
  const char *wanted = rti_call_s(call, "mode", "constant");
  size_t mode = 0;
  while (mode < RTI_IO_COUNT(names) && strcmp(names[mode], wanted) != 0) mode++;
  if (mode == RTI_IO_COUNT(names) || (mode == RT_PAD_WRAP && call->opset < 19))
    rti_call_fail(call, RT_E_UNSUPPORTED, "mode '%.40s' is not known (opset %lld)", wanted, (long long)call->opset);
  const int64_t n = axes ? n_axes : rank;
  if (n_pads != 2 * n) rti_call_fail(call, RT_E_SHAPE, "%lld pads for %lld axes", (long long)n_pads, (long long)n);
  if (call->status != RT_OK) return;
  rt_axes list = {0};
  if (axes) list = rti_call_axes(call, axes, n, rank);
  int64_t low[RT_MAX_RANK] = {0}, high[RT_MAX_RANK] = {0};
  for (int64_t i = 0; i < n && call->status == RT_OK; i++) {
    const int32_t axis = axes ? list.axis[i] : (int32_t)i;
    low[axis] = pads[i];
    high[axis] = pads[i + n];
  }
  STEP(y, rt_pad, x, low, high, (rt_pad_mode)mode, value);
  rti_call_out(call, 0, y);
}

static void run_pad_1(rti_onnx_call *call) {
  int64_t n;
  const int64_t *pads = rti_call_list(call, call->opset < 2 ? "paddings" : "pads", &n);
  if (!pads) rti_call_fail(call, RT_E_FORMAT, "the pads are missing");
  pad(call, pads, n, NULL, 0, rt_float(rti_call_f(call, "value", 0)));
}

static void run_pad(rti_onnx_call *call) {
  int64_t n, n_axes;
  const int64_t *pads = rti_call_ints(call, 1, &n), *axes = rti_call_ints(call, 3, &n_axes);
  rti_call_same_dtype(call, rti_call_in(call, 0), rti_call_in(call, 2));
  const rt_scalar value = rti_call_has(call, 2) ? rti_call_scalar(call, 2) : rt_int(0);
  pad(call, pads, n, axes, n_axes, value);
}

// ---- repeating and rearranging -----------------------------------------------------------------------------------------------------------------

static void run_tile(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  int64_t n;
  const int64_t *repeats = rti_call_ints(call, 1, &n);
  const int32_t rank = rt_tensor_rank(x);
  if (n != rank) rti_call_fail(call, RT_E_SHAPE, "%lld repeats for %d dimensions", (long long)n, rank);
  STEP(y, rt_tile, x, repeats);
  rti_call_out(call, 0, y);
}

// Both move blocks between the channels of [N,C,H,W] and its two spatial axes: a reshape to six axes, a permutation, a reshape.
static void rearrange(rti_onnx_call *call, const int64_t six[6], const int32_t order[6], const int64_t four[4]) {
  rt_axes axes = {.count = 6};
  memcpy(axes.axis, order, 6 * sizeof *order);
  STEP(split, rt_reshape, rti_call_in(call, 0), 6, six);
  STEP(moved, rt_permute, split, &axes);
  STEP(y, rt_reshape, moved, 4, four);
  rti_call_out(call, 0, y);
}

// The block size, checked to be positive and small enough to be squared; 1 after a failure.
static int64_t block_size(rti_onnx_call *call) {
  const int64_t block = rti_call_i(call, "blocksize", 0);
  if (rt_tensor_rank(rti_call_in(call, 0)) != 4) rti_call_fail(call, RT_E_SHAPE, "the input must have 4 dimensions, not %d", rt_tensor_rank(rti_call_in(call, 0)));
  if (block < 1 || block > 65536) rti_call_fail(call, RT_E_ARGUMENT, "blocksize is %lld", (long long)block);
  return call->status == RT_OK ? block : 1;
}

static void run_depth_to_space(rti_onnx_call *call) {
  const int64_t b = block_size(call);
  const char *mode = rti_call_s(call, "mode", "DCR");
  const bool crd = !strcmp(mode, "CRD");
  if (!crd && strcmp(mode, "DCR") != 0) rti_call_fail(call, RT_E_UNSUPPORTED, "mode '%.40s' is neither DCR nor CRD", mode);
  if (call->status != RT_OK) return;
  const int64_t *s = rt_tensor_shape(rti_call_in(call, 0));
  const int64_t c = s[1] / (b * b), h = s[2], w = s[3];
  if (s[1] % (b * b) != 0) rti_call_fail(call, RT_E_SHAPE, "%lld channels are no multiple of %lld", (long long)s[1], (long long)(b * b));
  int64_t four[4] = {s[0], c, 0, 0};
  if (__builtin_mul_overflow(h, b, &four[2]) || __builtin_mul_overflow(w, b, &four[3])) rti_call_fail(call, RT_E_SHAPE, "an extent above 2^63-1");
  const int64_t six[2][6] = {{s[0], b, b, c, h, w}, {s[0], c, b, b, h, w}};
  static const int32_t order[2][6] = {{0, 3, 4, 1, 5, 2}, {0, 1, 4, 2, 5, 3}};
  rearrange(call, six[crd], order[crd], four);
}

static void run_space_to_depth(rti_onnx_call *call) {
  const int64_t b = block_size(call);
  if (call->status != RT_OK) return;
  const int64_t *s = rt_tensor_shape(rti_call_in(call, 0));
  int64_t four[4] = {s[0], 0, s[2] / b, s[3] / b};
  if (s[2] % b != 0 || s[3] % b != 0) rti_call_fail(call, RT_E_SHAPE, "[%lld,%lld] is no multiple of %lld", (long long)s[2], (long long)s[3], (long long)b);
  if (__builtin_mul_overflow(s[1], b * b, &four[1])) rti_call_fail(call, RT_E_SHAPE, "an extent above 2^63-1");
  const int64_t six[6] = {s[0], s[1], four[2], b, four[3], b};
  static const int32_t order[6] = {0, 3, 5, 1, 2, 4};
  rearrange(call, six, order, four);
}

static const rti_onnx_op rows[] = {
    // name        since in    out attributes                  run
    {"Concat",        1, 1, RTI_ANY_NUMBER, 1, "axis:i",      run_concat, NULL, NULL},
    {"Split",         1, 1, 2, RTI_ANY_NUMBER, "axis:i split:I", run_split, NULL, NULL},
    {"Split",         2, 1, 1, RTI_ANY_NUMBER, "axis:i split:I", run_split, NULL, NULL},
    {"Split",        13, 1, 2, RTI_ANY_NUMBER, "axis:i",      run_split, NULL, NULL},
    {"Split",        18, 1, 2, RTI_ANY_NUMBER, "axis:i num_outputs:i", run_split, NULL, NULL},
    {"Slice",         1, 1, 1, 1, "axes:I ends:I starts:I",   run_slice_1, NULL, NULL},
    {"Slice",        10, 3, 5, 1, "",                         run_slice, NULL, NULL},
    {"Gather",        1, 2, 2, 1, "axis:i",                   run_gather, NULL, NULL},
    {"Pad",           1, 1, 1, 1, "mode:s paddings:I value:f", run_pad_1, NULL, NULL},
    {"Pad",           2, 1, 1, 1, "mode:s pads:I value:f",    run_pad_1, NULL, NULL},
    {"Pad",          11, 2, 3, 1, "mode:s",                   run_pad, NULL, NULL},
    {"Pad",          18, 2, 4, 1, "mode:s",                   run_pad, NULL, NULL},
    {"Tile",          6, 2, 2, 1, "",                         run_tile, NULL, NULL},
    {"DepthToSpace",  1, 1, 1, 1, "blocksize:i",              run_depth_to_space, NULL, NULL},
    {"DepthToSpace", 11, 1, 1, 1, "blocksize:i mode:s",       run_depth_to_space, NULL, NULL},
    {"SpaceToDepth",  1, 1, 1, 1, "blocksize:i",              run_space_to_depth, NULL, NULL},
};

const rti_onnx_ops rti_onnx_move_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
