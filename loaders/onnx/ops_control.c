// SPDX-License-Identifier: BSD-3-Clause
// ONNX operations with bodies: If, Loop, Scan and SequenceMap. A round sets the inputs of the body, runs it, and takes its outputs: values that
// are carried to the next round, and values that are collected over all rounds. Rounds are counted against the model's limit.
#include <stdlib.h>
#include <string.h>

#include "ops.h"

typedef struct collection { rt_tensor **items; int64_t n, capacity; } collection;

typedef struct rounds {
  rti_onnx_graph *body;
  rti_onnx_datum *carried;
  collection *collected;
  int32_t n_carried, n_collected;
} rounds;

static rti_onnx_graph *body_of(rti_onnx_call *call, const char *name) {
  const rti_onnx_attr *attr = rti_call_attr(call, name);
  if (!attr) rti_call_fail(call, RT_E_FORMAT, "the attribute %s is missing", name);
  return attr && call->status == RT_OK ? attr->graph : NULL;
}

static bool truth(rti_onnx_call *call, rti_onnx_datum datum, const char *what) {
  rt_scalar value = rt_bool(false);
  if (call->status != RT_OK) return false;
  if (datum.kind != RTI_TENSOR || rt_tensor_dtype(datum.tensor) != RT_BOOL || rt_tensor_numel(datum.tensor) != 1)
    rti_call_fail(call, RT_E_DTYPE, "%s must be one bool", what);
  else call->status = rt_item(datum.tensor, &value);
  return value.as.b;
}

// ---- rounds ----------------------------------------------------------------------------------------------------------------------------------

static rounds open_rounds(rti_onnx_call *call, rti_onnx_graph *body, int64_t n_carried, int64_t n_collected) {
  rounds r = {.body = body};
  if (call->status != RT_OK) return r;
  r.carried = rti_call_buffer(call, (uint64_t)n_carried, sizeof *r.carried);
  r.collected = rti_call_buffer(call, (uint64_t)n_collected, sizeof *r.collected);
  if (!r.carried || !r.collected) return r;
  r.n_carried = (int32_t)n_carried;
  r.n_collected = (int32_t)n_collected;
  return r;
}

static void close_rounds(rounds *r) {
  if (r->body) rti_onnx_clear(r->body);
  for (int32_t i = 0; i < r->n_carried; i++) rti_datum_release(&r->carried[i]);
  for (int32_t i = 0; i < r->n_collected; i++) {
    for (int64_t k = 0; k < r->collected[i].n; k++) rt_release(r->collected[i].items[k]);
    free(r->collected[i].items);
    r->collected[i] = (collection){0};
  }
}

static void carry(rounds *r, int32_t index, rti_onnx_datum datum) {
  rti_datum_retain(datum);
  rti_datum_release(&r->carried[index]);
  r->carried[index] = datum;
}

static void collect(rti_onnx_call *call, collection *c, rti_onnx_datum datum) {
  if (datum.kind != RTI_TENSOR) rti_call_fail(call, RT_E_DTYPE, "an output of the body that is collected is %s, not a tensor", rti_datum_name(datum));
  if (c->n > 0 && call->status == RT_OK) rti_call_same_dtype(call, c->items[0], datum.tensor);
  if (call->status != RT_OK) return;
  if (c->n == c->capacity) {
    const int64_t capacity = c->capacity ? c->capacity * 2 : 8; // bounded by the number of rounds
    rt_tensor **items = realloc(c->items, (size_t)capacity * sizeof(rt_tensor *));
    if (!items) {
      rti_call_fail(call, RT_E_NO_MEMORY, "no memory for %lld rounds", (long long)capacity);
      return;
    }
    c->items = items;
    c->capacity = capacity;
  }
  c->items[c->n++] = rt_retain(datum.tensor);
}

static void set_input(rounds *r, int32_t index, rti_onnx_datum datum) {
  rti_onnx_datum *current = &r->body->values[r->body->inputs[index].value].current;
  rti_datum_retain(datum);
  rti_datum_release(current);
  *current = datum;
}

static void set_tensor(rounds *r, int32_t index, const rt_tensor *tensor) {
  set_input(r, index, (rti_onnx_datum){.kind = RTI_TENSOR, .tensor = (rt_tensor *)tensor});
}

static rti_onnx_datum output(const rounds *r, int32_t index) { return rti_onnx_peek(r->body, r->body->outputs[index].value); }

// One run of the body, whose inputs before (and after) the carried ones are set. Its first output, where there is one before the carried ones, can
// be looked at afterwards; then rti_onnx_clear.
static void run_round(rti_onnx_call *call, rounds *r, int32_t first_in, int32_t first_out) {
  for (int32_t i = 0; i < r->n_carried; i++) set_input(r, first_in + i, r->carried[i]);
  call->status = rti_onnx_run_graph(call->model, r->body);
  for (int32_t i = 0; i < r->n_carried && call->status == RT_OK; i++) carry(r, i, output(r, first_out + i));
  for (int32_t i = 0; i < r->n_collected && call->status == RT_OK; i++) collect(call, &r->collected[i], output(r, first_out + r->n_carried + i));
}

static void expect_ports(rti_onnx_call *call, const rti_onnx_graph *body, int64_t n_in, int64_t n_out) {
  if (call->status == RT_OK && (body->n_inputs != n_in || body->n_outputs < n_out))
    rti_call_fail(call, RT_E_FORMAT, "the body has %d inputs and %d outputs, not %lld and %lld", body->n_inputs, body->n_outputs, (long long)n_in, (long long)n_out);
}

// What was collected in one tensor, along a new axis; backwards: the last round first. Without any round the body says what it would have been.
static const rt_tensor *stack(rti_onnx_call *call, const rounds *r, int32_t index, const rt_model_port *port, int64_t axis, bool backwards) {
  const collection *c = &r->collected[index];
  if (call->status != RT_OK) return NULL;
  if (c->n > INT32_MAX) rti_call_fail(call, RT_E_SHAPE, "%lld rounds", (long long)c->n);
  if (c->n == 0) {
    if (port->dtype == RT_DTYPE_NONE) rti_call_fail(call, RT_E_UNSUPPORTED, "no round was made, and the body does not state the dtype of '%.80s'", port->name);
    int64_t shape[RT_MAX_RANK] = {0};
    const int32_t rank = port->rank < 0 ? 0 : port->rank;
    if (rank >= RT_MAX_RANK) rti_call_fail(call, RT_E_UNSUPPORTED, "more than %d dimensions", RT_MAX_RANK);
    const int32_t at = rti_call_axis(call, axis, rank + 1);
    for (int32_t i = 0; i < rank && call->status == RT_OK; i++) shape[i + (i >= at)] = port->shape[i] < 0 ? 0 : port->shape[i];
    STEP(none, rt_zeros, call->ctx, port->dtype, rank + 1, shape);
    return none;
  }
  const int32_t at = rti_call_axis(call, axis, rt_tensor_rank(c->items[0]) + 1);
  for (int64_t i = 0, k = c->n - 1; backwards && i < k; i++, k--) {
    rt_tensor *swap = c->items[i];
    c->items[i] = c->items[k];
    c->items[k] = swap;
  }
  STEP(y, rt_stack, (int32_t)c->n, (const rt_tensor *const *)c->items, at);
  return y;
}

// ---- If ----------------------------------------------------------------------------------------------------------------------------------------

static void run_if(rti_onnx_call *call) {
  const bool chosen = truth(call, rti_call_datum(call, 0), "the condition");
  rti_onnx_graph *body = body_of(call, chosen ? "then_branch" : "else_branch");
  expect_ports(call, body, 0, call->node->n_out);
  if (call->status != RT_OK) return;
  call->status = rti_onnx_run_graph(call->model, body);
  for (int32_t i = 0; i < call->node->n_out && call->status == RT_OK; i++) rti_call_out_datum(call, i, rti_onnx_peek(body, body->outputs[i].value));
  rti_onnx_clear(body);
}

// ---- Loop --------------------------------------------------------------------------------------------------------------------------------------

// Inputs of the body: number of the round, condition, carried values; outputs: condition, carried values, collected values.
static void loop_rounds(rti_onnx_call *call, rounds *r, int64_t n_rounds, bool go_on) {
  for (int64_t i = 0; i < n_rounds && go_on && rti_call_round(call); i++) {
    const int32_t mark = call->n_owned;
    STEP(number, rt_from_data, call->ctx, RT_I64, 0, NULL, &i);
    STEP(condition, rt_from_data, call->ctx, RT_BOOL, 0, NULL, &go_on);
    if (call->status != RT_OK) return;
    set_tensor(r, 0, number);
    set_tensor(r, 1, condition);
    run_round(call, r, 2, 1);
    if (call->status == RT_OK) go_on = truth(call, output(r, 0), "the condition that the body gives");
    rti_onnx_clear(r->body);
    rti_call_drop(call, mark, NULL, 0);
  }
}

static void run_loop(rti_onnx_call *call) {
  rti_onnx_graph *body = body_of(call, "body");
  const int32_t n_carried = call->node->n_in > 2 ? call->node->n_in - 2 : 0;
  int64_t n_counts;
  const int64_t *count = rti_call_ints(call, 0, &n_counts), n_rounds = count && n_counts == 1 ? count[0] : INT64_MAX;
  if (count && n_counts != 1) rti_call_fail(call, RT_E_SHAPE, "the number of rounds must be one number, not %lld", (long long)n_counts);
  const bool go_on = !rti_call_has(call, 1) || truth(call, rti_call_datum(call, 1), "the condition");
  expect_ports(call, body, n_carried + 2, n_carried + 1);
  if (call->status != RT_OK) return;
  if (body->n_outputs - 1 < call->node->n_out) rti_call_fail(call, RT_E_FORMAT, "the body gives %d outputs, the node %d", body->n_outputs - 1, call->node->n_out);
  rounds r = open_rounds(call, body, n_carried, body->n_outputs - 1 - n_carried);
  for (int32_t i = 0; i < r.n_carried; i++) {
    const rti_onnx_datum first = rti_call_datum(call, 2 + i);
    if (first.kind == RTI_UNSET) rti_call_fail(call, RT_E_FORMAT, "input %d is left out", 2 + i);
    carry(&r, i, first);
  }
  loop_rounds(call, &r, n_rounds, go_on);
  for (int32_t i = 0; i < call->node->n_out && call->status == RT_OK; i++) {
    if (i < r.n_carried) rti_call_out_datum(call, i, r.carried[i]);
    else if (rti_call_wants(call, i)) rti_call_out(call, i, stack(call, &r, i - r.n_carried, &body->outputs[i + 1].facts, 0, false));
  }
  close_rounds(&r);
}

// ---- Scan --------------------------------------------------------------------------------------------------------------------------------------

typedef struct scan {
  int32_t n_in, n_out;      // that are scanned, that are collected
  const rt_tensor **x;
  const int64_t *in_axes, *in_backwards, *out_axes, *out_backwards; // NULL: zeros
} scan;

// An attribute with one number per scanned input or output; NULL when absent.
static const int64_t *scan_list(rti_onnx_call *call, const char *name, int32_t n) {
  int64_t count;
  const int64_t *list = rti_call_list(call, name, &count);
  if (list && count != n) rti_call_fail(call, RT_E_FORMAT, "%s has %lld numbers, not %d", name, (long long)count, n);
  return list;
}

static void scan_rounds(rti_onnx_call *call, const scan *s, rounds *r, int64_t length) {
  for (int64_t i = 0; i < length && rti_call_round(call); i++) {
    const int32_t mark = call->n_owned;
    for (int32_t k = 0; k < s->n_in && call->status == RT_OK; k++) {
      const int32_t axis = rti_call_axis(call, s->in_axes ? s->in_axes[k] : 0, rt_tensor_rank(s->x[k]));
      STEP(part, rt_select, s->x[k], axis, s->in_backwards && s->in_backwards[k] ? length - 1 - i : i);
      if (part) set_tensor(r, r->n_carried + k, part);
    }
    if (call->status == RT_OK) run_round(call, r, 0, 0);
    rti_onnx_clear(r->body);
    rti_call_drop(call, mark, NULL, 0);
  }
}

// The extent that all scanned inputs share along their axes.
static int64_t scan_length(rti_onnx_call *call, const scan *s) {
  int64_t length = -1;
  for (int32_t k = 0; k < s->n_in && call->status == RT_OK; k++) {
    const int32_t axis = rti_call_axis(call, s->in_axes ? s->in_axes[k] : 0, rt_tensor_rank(s->x[k]));
    const int64_t extent = call->status == RT_OK ? rt_tensor_shape(s->x[k])[axis] : 0;
    if (length >= 0 && extent != length) rti_call_fail(call, RT_E_SHAPE, "the inputs that are scanned are %lld and %lld long", (long long)length, (long long)extent);
    length = extent;
  }
  return length;
}

// How many inputs are scanned, of the n that there are.
static int32_t scan_inputs(rti_onnx_call *call, int32_t n) {
  const int64_t n_scanned = rti_call_i(call, "num_scan_inputs", 0);
  if (n_scanned < 1 || n_scanned > n) rti_call_fail(call, RT_E_FORMAT, "num_scan_inputs is %lld of %d inputs", (long long)n_scanned, n);
  return call->status == RT_OK ? (int32_t)n_scanned : 0;
}

static void run_scan(rti_onnx_call *call) {
  rti_onnx_graph *body = body_of(call, "body");
  const int32_t n = call->node->n_in;
  scan s = {.n_in = scan_inputs(call, n)};
  const int32_t n_carried = n - s.n_in;
  expect_ports(call, body, n, n_carried);
  if (call->status != RT_OK) return;
  s.n_out = body->n_outputs - n_carried;
  s.in_axes = scan_list(call, "scan_input_axes", s.n_in);
  s.in_backwards = scan_list(call, "scan_input_directions", s.n_in);
  s.out_axes = scan_list(call, "scan_output_axes", s.n_out);
  s.out_backwards = scan_list(call, "scan_output_directions", s.n_out);
  if (body->n_outputs < call->node->n_out) rti_call_fail(call, RT_E_FORMAT, "the body gives %d outputs, the node %d", body->n_outputs, call->node->n_out);
  s.x = rti_call_buffer(call, (uint64_t)s.n_in, sizeof *s.x);
  for (int32_t k = 0; k < s.n_in && call->status == RT_OK; k++) s.x[k] = rti_call_in(call, n_carried + k);
  const int64_t length = scan_length(call, &s);
  rounds r = open_rounds(call, body, n_carried, s.n_out);
  for (int32_t i = 0; i < r.n_carried; i++) carry(&r, i, rti_call_datum(call, i));
  scan_rounds(call, &s, &r, length);
  for (int32_t i = 0; i < call->node->n_out && call->status == RT_OK; i++) {
    const int32_t k = i - n_carried;
    if (k < 0) rti_call_out_datum(call, i, r.carried[i]);
    else if (rti_call_wants(call, i))
      rti_call_out(call, i, stack(call, &r, k, &body->outputs[i].facts, s.out_axes ? s.out_axes[k] : 0, s.out_backwards && s.out_backwards[k]));
  }
  close_rounds(&r);
}

// Opset 8: the first axis of everything is a batch, the second of what is scanned runs along the sequence, and the first input says how long each
// sequence of the batch is. Rounds are made for one after the other.
typedef struct batch { const int64_t *lengths; int64_t n; rt_tensor ***parts; } batch; // parts[output][sequence]

static void scan_sequence(rti_onnx_call *call, const scan *s, rti_onnx_graph *body, int32_t n_carried, int64_t index, int64_t longest, const batch *b) {
  rounds r = open_rounds(call, body, n_carried, s->n_out);
  scan own = *s;
  own.x = rti_call_buffer(call, (uint64_t)s->n_in, sizeof *own.x);
  for (int32_t i = 0; i < n_carried && call->status == RT_OK; i++) {
    STEP(part, rt_select, rti_call_in(call, 1 + i), 0, index);
    if (part) carry(&r, i, (rti_onnx_datum){.kind = RTI_TENSOR, .tensor = part});
  }
  for (int32_t k = 0; k < s->n_in && call->status == RT_OK; k++) {
    STEP(whole, rt_select, s->x[k], 0, index);
    STEP(part, rt_slice, whole, 0, 0, b->lengths ? b->lengths[index] : longest, 1);
    own.x[k] = part;
  }
  scan_rounds(call, &own, &r, b->lengths ? b->lengths[index] : longest);
  for (int32_t i = 0; i < call->node->n_out && call->status == RT_OK; i++) {
    if (i < n_carried) {
      if (r.carried[i].kind != RTI_TENSOR) rti_call_fail(call, RT_E_DTYPE, "output %d of the body is %s, not a tensor", i, rti_datum_name(r.carried[i]));
      b->parts[i][index] = rt_retain(r.carried[i].tensor);
      continue;
    }
    const rt_tensor *y = stack(call, &r, i - n_carried, &body->outputs[i].facts, 0, false);
    int64_t low[RT_MAX_RANK] = {0}, high[RT_MAX_RANK] = {0};
    if (y) high[0] = longest - rt_tensor_shape(y)[0];
    if (high[0] > 0) STEP_TO(y, rt_pad, y, low, high, RT_PAD_CONSTANT, rt_int(0));
    b->parts[i][index] = rt_retain(y);
  }
  close_rounds(&r);
}

static void run_scan_8(rti_onnx_call *call) {
  rti_onnx_graph *body = body_of(call, "body");
  const int32_t n = call->node->n_in - 1, n_out = call->node->n_out;
  scan s = {.n_in = scan_inputs(call, n)};
  const int32_t n_carried = n - s.n_in;
  for (int32_t i = 0; i < n; i++)
    if (!rti_call_has(call, 1 + i)) rti_call_fail(call, RT_E_FORMAT, "input %d is left out", 1 + i);
  expect_ports(call, body, n, n_out > n_carried ? n_out : n_carried);
  if (call->status != RT_OK) return;
  s.n_out = body->n_outputs - n_carried;
  s.in_backwards = scan_list(call, "directions", s.n_in);
  s.x = rti_call_buffer(call, (uint64_t)s.n_in, sizeof *s.x);
  batch b = {0};
  int64_t longest = -1, n_lengths;
  for (int32_t i = 0; i < n && call->status == RT_OK; i++) {
    const rt_tensor *x = rti_call_in(call, 1 + i);
    if (i >= n_carried && call->status == RT_OK) s.x[i - n_carried] = x;
    const int32_t needed = i < n_carried ? 1 : 2;
    if (rt_tensor_rank(x) < needed) rti_call_fail(call, RT_E_SHAPE, "input %d has %d dimensions, fewer than %d", 1 + i, rt_tensor_rank(x), needed);
    if (call->status != RT_OK) return;
    const int64_t *shape = rt_tensor_shape(x);
    if ((i > 0 && shape[0] != b.n) || (i > n_carried && shape[1] != longest)) rti_call_fail(call, RT_E_SHAPE, "input %d differs from those before in batch or length", 1 + i);
    b.n = shape[0];
    if (i >= n_carried) longest = shape[1];
  }
  if (rti_call_has(call, 0)) {
    b.lengths = rti_call_ints(call, 0, &n_lengths);
    if (b.lengths && n_lengths != b.n) rti_call_fail(call, RT_E_SHAPE, "%lld lengths for a batch of %lld", (long long)n_lengths, (long long)b.n);
    for (int64_t i = 0; i < b.n && call->status == RT_OK; i++)
      if (b.lengths[i] < 0 || b.lengths[i] > longest) rti_call_fail(call, RT_E_SHAPE, "a length of %lld of %lld", (long long)b.lengths[i], (long long)longest);
  }
  if (b.n < 1 || b.n > RTI_ONNX_HOST_LIMIT) rti_call_fail(call, RT_E_SHAPE, "a batch of %lld", (long long)b.n);
  b.parts = rti_call_buffer(call, (uint64_t)n_out, sizeof *b.parts);
  for (int32_t i = 0; i < n_out && call->status == RT_OK; i++) b.parts[i] = rti_call_buffer(call, (uint64_t)b.n, sizeof **b.parts);
  const int32_t mark = call->n_owned;
  for (int64_t k = 0; k < b.n && rti_call_goes_on(call); k++) {
    scan_sequence(call, &s, body, n_carried, k, longest, &b);
    rti_call_drop(call, mark, NULL, 0);
  }
  for (int32_t i = 0; i < n_out && b.parts && b.parts[i]; i++) {
    STEP(y, rt_stack, (int32_t)b.n, (const rt_tensor *const *)b.parts[i], 0);
    rti_call_out(call, i, y);
    for (int64_t k = 0; k < b.n; k++) rt_release(b.parts[i][k]);
  }
}

// ---- SequenceMap -------------------------------------------------------------------------------------------------------------------------------

// The body for each item; tensors among the inputs are the same in each round.
static void run_sequence_map(rti_onnx_call *call) {
  rti_onnx_graph *body = body_of(call, "body");
  const rti_onnx_datum first = rti_call_datum(call, 0);
  const int32_t n_in = call->node->n_in, n_out = call->node->n_out;
  if (first.kind != RTI_LIST) rti_call_fail(call, RT_E_DTYPE, "input 0 is %s, not a sequence", rti_datum_name(first));
  expect_ports(call, body, n_in, n_out);
  rounds r = open_rounds(call, body, 0, call->status == RT_OK ? body->n_outputs : 0);
  for (int64_t i = 0; call->status == RT_OK && i < first.list->n && rti_call_round(call); i++) {
    for (int32_t k = 0; k < n_in && call->status == RT_OK; k++) {
      const rti_onnx_datum x = rti_call_datum(call, k);
      if (x.kind == RTI_LIST && x.list->n != first.list->n) rti_call_fail(call, RT_E_SHAPE, "sequences of %lld and %lld items", (long long)first.list->n, (long long)x.list->n);
      else if (x.kind == RTI_LIST) set_tensor(&r, k, x.list->items[i]);
      else set_input(&r, k, x);
    }
    if (call->status == RT_OK) run_round(call, &r, 0, 0);
    rti_onnx_clear(body);
  }
  for (int32_t i = 0; i < n_out && call->status == RT_OK; i++) {
    rti_onnx_datum y = {.kind = RTI_LIST, .list = rti_list_new(r.collected[i].n)};
    if (!y.list) rti_call_fail(call, RT_E_NO_MEMORY, "no memory for a sequence of %lld", (long long)r.collected[i].n);
    for (int64_t k = 0; y.list && k < y.list->n; k++) y.list->items[k] = rt_retain(r.collected[i].items[k]);
    rti_call_out_datum(call, i, y);
    rti_list_release(y.list);
  }
  close_rounds(&r);
}

#define SCAN_9 "body:g num_scan_inputs:i scan_input_axes:I scan_input_directions:I scan_output_axes:I scan_output_directions:I"

static const rti_onnx_op rows[] = {
    // name       since in                 out             attributes                            run
    {"If",           1, 1, 1,              RTI_ANY_NUMBER, "else_branch:g then_branch:g",        run_if, NULL, NULL},
    {"Loop",         1, 0, RTI_ANY_NUMBER, RTI_ANY_NUMBER, "body:g",                             run_loop, NULL, NULL},
    {"Scan",         8, 0, RTI_ANY_NUMBER, RTI_ANY_NUMBER, "body:g directions:I num_scan_inputs:i", run_scan_8, NULL, NULL},
    {"Scan",         9, 1, RTI_ANY_NUMBER, RTI_ANY_NUMBER, SCAN_9,                               run_scan, NULL, NULL},
    {"SequenceMap", 17, 1, RTI_ANY_NUMBER, RTI_ANY_NUMBER, "body:g",                             run_sequence_map, NULL, NULL},
};

const rti_onnx_ops rti_onnx_control_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), true};
