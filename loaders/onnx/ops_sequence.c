// SPDX-License-Identifier: BSD-3-Clause
// ONNX operations on sequences and optionals, and Identity, which takes anything. A sequence is a list of tensors that is never changed: inserting and erasing make a new list.
#include <string.h>

#include "ops.h"

static const rti_onnx_list *list_in(rti_onnx_call *call, int32_t index) {
  const rti_onnx_datum datum = rti_call_datum(call, index);
  if (datum.kind != RTI_LIST && call->status == RT_OK) rti_call_fail(call, RT_E_DTYPE, "input %d is %s, not a sequence", index, rti_datum_name(datum));
  return datum.kind == RTI_LIST && call->status == RT_OK ? datum.list : NULL;
}

static rti_onnx_list *new_list(rti_onnx_call *call, int64_t n) {
  if (call->status != RT_OK) return NULL;
  rti_onnx_list *list = rti_list_new(n);
  if (!list) rti_call_fail(call, RT_E_NO_MEMORY, "no memory for a sequence of %lld", (long long)n);
  return list;
}

// Makes a list the first output, and gives up the reference to it.
static void out_list(rti_onnx_call *call, rti_onnx_list *list) {
  rti_call_out_datum(call, 0, (rti_onnx_datum){.kind = RTI_LIST, .list = list});
  rti_list_release(list);
}

static void expect_dtype(rti_onnx_call *call, const rti_onnx_list *list, const rt_tensor *tensor) {
  if (list && list->n > 0) rti_call_same_dtype(call, list->items[0], tensor);
}

// A position in [-n, n) made non-negative; at_end: n itself, too.
static int64_t position(rti_onnx_call *call, int32_t index, int64_t n, bool at_end) {
  const int64_t at = rti_call_integer(call, index);
  if (call->status == RT_OK && (at < -n || at > n - !at_end)) rti_call_fail(call, RT_E_INDEX, "position %lld of a sequence of %lld", (long long)at, (long long)n);
  return call->status != RT_OK ? 0 : at < 0 ? at + n : at;
}

static void run_empty(rti_onnx_call *call) {
  const char *name;
  const int64_t code = rti_call_i(call, "dtype", 1);
  if (rti_onnx_dtype(code, &name) == RT_DTYPE_NONE) rti_call_fail(call, RT_E_UNSUPPORTED, "element type %lld (%s) is not supported", (long long)code, name);
  out_list(call, new_list(call, 0));
}

static void run_construct(rti_onnx_call *call) {
  rti_onnx_list *list = new_list(call, call->node->n_in);
  for (int32_t i = 0; list && i < call->node->n_in; i++) {
    list->items[i] = rt_retain(rti_call_in(call, i));
    rti_call_same_dtype(call, list->items[0], list->items[i]);
  }
  out_list(call, list);
}

static void run_insert(rti_onnx_call *call) {
  const rti_onnx_list *x = list_in(call, 0);
  const rt_tensor *tensor = rti_call_in(call, 1);
  const int64_t n = x ? x->n : 0, at = rti_call_has(call, 2) ? position(call, 2, n, true) : n;
  expect_dtype(call, x, tensor);
  rti_onnx_list *list = new_list(call, n + 1);
  for (int64_t i = 0; list && i <= n; i++) list->items[i] = rt_retain(i == at ? tensor : x->items[i < at ? i : i - 1]);
  out_list(call, list);
}

static void run_erase(rti_onnx_call *call) {
  const rti_onnx_list *x = list_in(call, 0);
  const int64_t n = x ? x->n : 0;
  if (n == 0) rti_call_fail(call, RT_E_INDEX, "nothing can be erased from an empty sequence");
  const int64_t at = rti_call_has(call, 1) ? position(call, 1, n, false) : n - 1;
  rti_onnx_list *list = new_list(call, n - 1);
  for (int64_t i = 0; list && i < n - 1; i++) list->items[i] = rt_retain(x->items[i < at ? i : i + 1]);
  out_list(call, list);
}

static void run_at(rti_onnx_call *call) {
  const rti_onnx_list *x = list_in(call, 0);
  const int64_t at = position(call, 1, x ? x->n : 0, false);
  if (call->status == RT_OK) rti_call_out(call, 0, x->items[at]);
}

static void run_length(rti_onnx_call *call) {
  const rti_onnx_list *x = list_in(call, 0);
  const int64_t n = x ? x->n : 0;
  STEP(y, rt_from_data, call->ctx, RT_I64, 0, NULL, &n);
  rti_call_out(call, 0, y);
}

static void run_concat(rti_onnx_call *call) {
  const rti_onnx_list *x = list_in(call, 0);
  if (!x) return;
  const bool new_axis = rti_call_i(call, "new_axis", 0) != 0;
  if (!rti_call_attr(call, "axis")) rti_call_fail(call, RT_E_FORMAT, "the attribute axis is missing");
  if (x->n == 0 || x->n > INT32_MAX) rti_call_fail(call, RT_E_SHAPE, "a sequence of %lld cannot be joined", (long long)x->n);
  if (call->status != RT_OK) return;
  const int32_t axis = rti_call_axis(call, rti_call_i(call, "axis", 0), rt_tensor_rank(x->items[0]) + new_axis);
  for (int64_t i = 1; i < x->n; i++) rti_call_same_dtype(call, x->items[0], x->items[i]);
  STEP(y, new_axis ? rt_stack : rt_concat, (int32_t)x->n, (const rt_tensor *const *)x->items, axis);
  rti_call_out(call, 0, y);
}

// `split` is left out (parts of 1), one number (parts of that size, the last may be smaller), or one size per part.
static void run_split(rti_onnx_call *call) {
  const rt_tensor *x = rti_call_in(call, 0);
  const int32_t axis = rti_call_axis(call, rti_call_i(call, "axis", 0), rt_tensor_rank(x));
  const bool given = rti_call_has(call, 1), keep = given || rti_call_i(call, "keepdims", 1) != 0;
  int64_t n_sizes = 0;
  const int64_t *sizes = given ? rti_call_ints(call, 1, &n_sizes) : NULL;
  if (call->status != RT_OK) return;
  const int64_t extent = rt_tensor_shape(x)[axis];
  const bool equal = !given || rt_tensor_rank(rti_call_in(call, 1)) == 0;
  const int64_t size = given && equal ? sizes[0] : 1;
  if (equal && size < 1) rti_call_fail(call, RT_E_SHAPE, "parts of %lld", (long long)size);
  if (call->status != RT_OK) return;
  const int64_t n = equal ? extent / size + (extent % size != 0) : n_sizes;
  if (n > RTI_ONNX_HOST_LIMIT) rti_call_fail(call, RT_E_SHAPE, "%lld parts are more than %d", (long long)n, RTI_ONNX_HOST_LIMIT);
  rti_onnx_list *list = new_list(call, n);
  int64_t start = 0;
  for (int64_t i = 0; list && i < n && call->status == RT_OK; i++) {
    const int64_t rest = extent - start, part = !equal ? sizes[i] : size < rest ? size : rest;
    if (part < 0 || part > rest) rti_call_fail(call, RT_E_SHAPE, "part %lld of %lld does not fit an extent of %lld", (long long)i, (long long)part, (long long)extent);
    if (call->status == RT_OK) call->status = keep ? rt_slice(x, axis, start, start + part, 1, &list->items[i]) : rt_select(x, axis, start, &list->items[i]);
    start += part;
  }
  if (call->status == RT_OK && start != extent) rti_call_fail(call, RT_E_SHAPE, "the parts are %lld long together, not %lld", (long long)start, (long long)extent);
  out_list(call, list);
}

// ---- optionals -----------------------------------------------------------------------------------------------------------------------------------

static void run_optional(rti_onnx_call *call) {
  const rti_onnx_datum x = rti_call_datum(call, 0);
  rti_call_out_datum(call, 0, x.kind == RTI_UNSET ? (rti_onnx_datum){.kind = RTI_NONE} : x);
}

static void run_has_element(rti_onnx_call *call) {
  const rti_onnx_datum x = rti_call_datum(call, 0);
  const bool has = x.kind == RTI_TENSOR || x.kind == RTI_LIST;
  STEP(y, rt_from_data, call->ctx, RT_BOOL, 0, NULL, &has);
  rti_call_out(call, 0, y);
}

static void run_get_element(rti_onnx_call *call) {
  const rti_onnx_datum x = rti_call_datum(call, 0);
  if (x.kind == RTI_NONE) rti_call_fail(call, RT_E_INDEX, "the optional is empty");
  rti_call_out_datum(call, 0, x);
}

static void run_identity(rti_onnx_call *call) { rti_call_out_datum(call, 0, rti_call_datum(call, 0)); }

static const rti_onnx_op rows[] = {
    // name                 since in    out attributes              run
    {"Identity",                1, 1, 1, 1, "",                     run_identity, NULL, NULL},
    {"SequenceEmpty",          11, 0, 0, 1, "dtype:i",              run_empty, NULL, NULL},
    {"SequenceConstruct",      11, 1, RTI_ANY_NUMBER, 1, "",        run_construct, NULL, NULL},
    {"SequenceInsert",         11, 2, 3, 1, "",                     run_insert, NULL, NULL},
    {"SequenceErase",          11, 1, 2, 1, "",                     run_erase, NULL, NULL},
    {"SequenceAt",             11, 2, 2, 1, "",                     run_at, NULL, NULL},
    {"SequenceLength",         11, 1, 1, 1, "",                     run_length, NULL, NULL},
    {"ConcatFromSequence",     11, 1, 1, 1, "axis:i new_axis:i",    run_concat, NULL, NULL},
    {"SplitToSequence",        11, 1, 2, 1, "axis:i keepdims:i",    run_split, NULL, NULL},
    {"Optional",               15, 0, 1, 1, "type:-",               run_optional, NULL, NULL},
    {"OptionalHasElement",     15, 1, 1, 1, "",                     run_has_element, NULL, NULL},
    {"OptionalHasElement",     18, 0, 1, 1, "",                     run_has_element, NULL, NULL},
    {"OptionalGetElement",     15, 1, 1, 1, "",                     run_get_element, NULL, NULL},
};

const rti_onnx_ops rti_onnx_sequence_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), true};
