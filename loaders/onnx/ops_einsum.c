// SPDX-License-Identifier: BSD-3-Clause
// Einsum: operands are joined two by two. Of the labels that two operands share, those that are still needed become batches of a matrix product and
// the others are summed by it; so no product is larger than its result.
#include <ctype.h>
#include <string.h>

#include "ops.h"

#define MAX_OPERANDS 32
#define N_LABELS 160         // 'A' to 'z', and from 128 on the axes of "...", numbered so that the last one is 128 + RT_MAX_RANK - 1
#define FIRST_DOTS 128

typedef struct operand { const rt_tensor *t; int32_t rank; uint8_t label[RT_MAX_RANK]; } operand;

typedef struct labels { int32_t n; uint8_t at[RT_MAX_RANK]; } labels;

static void add_label(rti_onnx_call *call, labels *l, int label) {
  if (l->n == RT_MAX_RANK) rti_call_fail(call, RT_E_UNSUPPORTED, "more than %d dimensions", RT_MAX_RANK);
  else l->at[l->n++] = (uint8_t)label;
}

// Reads the labels of one term; n_dots: how many axes "..." stands for, -1 when it is the rank that is left. Stops at ',', '-' and the end.
static const char *read_term(rti_onnx_call *call, const char *at, int32_t rank, int32_t n_dots, labels *out) {
  int32_t n_letters = 0;
  bool has_dots = false;
  for (const char *c = at; *c && *c != ',' && *c != '-'; c++) n_letters += isalpha((unsigned char)*c) != 0;
  for (; *at && *at != ',' && *at != '-' && call->status == RT_OK; at++) {
    if (isalpha((unsigned char)*at)) {
      add_label(call, out, *at);
    } else if (!strncmp(at, "...", 3) && !has_dots) {
      const int32_t n = n_dots >= 0 ? n_dots : rank - n_letters;
      for (int32_t i = n; i > 0; i--) add_label(call, out, FIRST_DOTS + RT_MAX_RANK - i);
      has_dots = true;
      at += 2;
    } else if (*at != ' ') {
      rti_call_fail(call, RT_E_FORMAT, "the equation has '%c' where a label belongs", *at);
    }
  }
  return at;
}

static int32_t find(const operand *o, int label) {
  for (int32_t i = 0; i < o->rank; i++)
    if (o->label[i] == label) return i;
  return -1;
}

static void remove_axis(operand *o, int32_t axis) {
  memmove(o->label + axis, o->label + axis + 1, (size_t)(o->rank - axis - 1));
  o->rank--;
}

// A label that is there twice stands for the diagonal.
static void take_diagonals(rti_onnx_call *call, operand *o) {
  for (int32_t i = 0; i < o->rank && call->status == RT_OK; i++)
    for (int32_t k = i + 1; k < o->rank && call->status == RT_OK; k++) {
      if (o->label[i] != o->label[k]) continue;
      if (rt_tensor_shape(o->t)[i] != rt_tensor_shape(o->t)[k]) rti_call_fail(call, RT_E_SHAPE, "label '%c' has two extents", o->label[i]);
      const uint8_t label = o->label[i];
      STEP_TO(o->t, rt_diagonal, o->t, 0, i, k);
      remove_axis(o, k);
      remove_axis(o, i);
      o->label[o->rank++] = label;
      i = -1; // from the start: axes have moved
      break;
    }
}

// Sums over the labels that nobody needs.
static void sum_out(rti_onnx_call *call, operand *o, const uint8_t *needed) {
  rt_axes axes = {0};
  int32_t kept = 0;
  for (int32_t i = 0; i < o->rank; i++) {
    if (needed[o->label[i]]) o->label[kept++] = o->label[i];
    else axes.axis[axes.count++] = i;
  }
  if (axes.count == 0) return;
  o->rank = kept;
  STEP_TO(o->t, rt_sum, o->t, &axes, false, rt_tensor_dtype(o->t));
}

// The axes of o in the order of the labels.
static const rt_tensor *arrange(rti_onnx_call *call, const operand *o, const labels *order) {
  rt_axes axes = {.count = order->n};
  for (int32_t i = 0; i < order->n; i++) axes.axis[i] = find(o, order->at[i]);
  STEP(y, rt_permute, o->t, &axes);
  return y;
}

// Extents of 1 grow to those of the other operand.
static void match_extents(rti_onnx_call *call, operand *a, operand *b) {
  int64_t shape_a[RT_MAX_RANK], shape_b[RT_MAX_RANK];
  if (call->status != RT_OK) return;
  memcpy(shape_a, rt_tensor_shape(a->t), (size_t)a->rank * sizeof *shape_a);
  memcpy(shape_b, rt_tensor_shape(b->t), (size_t)b->rank * sizeof *shape_b);
  for (int32_t i = 0; i < a->rank; i++) {
    const int32_t k = find(b, a->label[i]);
    if (k < 0 || shape_a[i] == shape_b[k]) continue;
    if (shape_a[i] == 1) shape_a[i] = shape_b[k];
    else if (shape_b[k] == 1) shape_b[k] = shape_a[i];
    else rti_call_fail(call, RT_E_SHAPE, "a label has the extents %lld and %lld", (long long)shape_a[i], (long long)shape_b[k]);
  }
  STEP_TO(a->t, rt_expand, a->t, a->rank, shape_a);
  STEP_TO(b->t, rt_expand, b->t, b->rank, shape_b);
}

static void append(rti_onnx_call *call, labels *to, const labels *from) {
  for (int32_t i = 0; i < from->n; i++) add_label(call, to, from->at[i]);
}

static int64_t extent_of(rti_onnx_call *call, const operand *o, const labels *l) {
  int64_t product = 1;
  for (int32_t i = 0; i < l->n && call->status == RT_OK; i++)
    if (__builtin_mul_overflow(product, rt_tensor_shape(o->t)[find(o, l->at[i])], &product)) rti_call_fail(call, RT_E_SHAPE, "an extent above 2^63-1");
  return product;
}

static operand join(rti_onnx_call *call, operand a, operand b, const uint8_t *needed) {
  labels batch = {0}, contracted = {0}, only_a = {0}, only_b = {0};
  match_extents(call, &a, &b);
  for (int32_t i = 0; i < a.rank; i++) {
    const int label = a.label[i];
    add_label(call, find(&b, label) < 0 ? &only_a : needed[label] ? &batch : &contracted, label);
  }
  for (int32_t i = 0; i < b.rank; i++)
    if (find(&a, b.label[i]) < 0) add_label(call, &only_b, b.label[i]);
  labels order_a = batch, order_b = batch, result = batch;
  append(call, &order_a, &only_a);
  append(call, &order_a, &contracted);
  append(call, &order_b, &contracted);
  append(call, &order_b, &only_b);
  append(call, &result, &only_a);
  append(call, &result, &only_b);
  operand y = {0};
  if (call->status != RT_OK) return y;
  const int64_t n = extent_of(call, &a, &batch), rows = extent_of(call, &a, &only_a), inner = extent_of(call, &a, &contracted), columns = extent_of(call, &b, &only_b);
  const rt_tensor *left = arrange(call, &a, &order_a), *right = arrange(call, &b, &order_b);
  STEP(flat_a, rt_reshape, left, 3, (const int64_t[]){n, rows, inner});
  STEP(flat_b, rt_reshape, right, 3, (const int64_t[]){n, inner, columns});
  STEP(product, rt_matmul, flat_a, flat_b);
  if (call->status != RT_OK) return y;
  int64_t shape[RT_MAX_RANK];
  for (int32_t i = 0; i < result.n; i++) {
    const int32_t in_a = find(&a, result.at[i]);
    shape[i] = in_a >= 0 ? rt_tensor_shape(a.t)[in_a] : rt_tensor_shape(b.t)[find(&b, result.at[i])];
    y.label[i] = result.at[i];
  }
  y.rank = result.n;
  STEP_TO(y.t, rt_reshape, product, result.n, shape);
  return y;
}

// Without "->": the axes of "...", then the labels that are there once, in order.
static void imply_result(rti_onnx_call *call, const operand *operands, int32_t n, int32_t n_dots, labels *out) {
  int counts[N_LABELS] = {0};
  for (int32_t i = 0; i < n; i++)
    for (int32_t k = 0; k < operands[i].rank; k++) counts[operands[i].label[k]]++;
  for (int32_t i = n_dots; i > 0; i--) add_label(call, out, FIRST_DOTS + RT_MAX_RANK - i);
  for (int label = 'A'; label <= 'z'; label++)
    if (counts[label] == 1) add_label(call, out, label);
}

static void run_einsum(rti_onnx_call *call) {
  const char *at = rti_call_s(call, "equation", "");
  const int32_t n = call->node->n_in;
  operand operands[MAX_OPERANDS];
  int32_t n_dots = 0;
  if (n > MAX_OPERANDS) rti_call_fail(call, RT_E_UNSUPPORTED, "%d operands are more than %d", n, MAX_OPERANDS);
  for (int32_t i = 0; i < n && call->status == RT_OK; i++) {
    operand *o = &operands[i];
    labels term = {0};
    *o = (operand){.t = rti_call_in(call, i)};
    rti_call_same_dtype(call, rti_call_in(call, 0), o->t);
    at = read_term(call, at, rt_tensor_rank(o->t), -1, &term);
    if (term.n != rt_tensor_rank(o->t)) rti_call_fail(call, RT_E_SHAPE, "term %d has %d labels for %d dimensions", i, term.n, rt_tensor_rank(o->t));
    if ((*at == ',') != (i < n - 1)) rti_call_fail(call, RT_E_FORMAT, "the equation has another number of terms than %d", n);
    at += *at == ',';
    memcpy(o->label, term.at, sizeof term.at);
    o->rank = term.n;
    int32_t dots = 0;
    for (int32_t k = 0; k < term.n; k++) dots += term.at[k] >= FIRST_DOTS;
    if (dots > n_dots) n_dots = dots;
    take_diagonals(call, o);
  }
  if (call->status != RT_OK) return;
  labels result = {0};
  if (!strncmp(at, "->", 2)) {
    at = read_term(call, at + 2, 0, n_dots, &result);
    if (*at) rti_call_fail(call, RT_E_FORMAT, "the equation goes on after its result");
  } else {
    if (*at) rti_call_fail(call, RT_E_FORMAT, "the equation has '%c' where '->' belongs", *at);
    imply_result(call, operands, n, n_dots, &result);
  }
  for (int32_t i = 0; i < n && call->status == RT_OK; i++) { // operands[0] collects all before i
    uint8_t needed[N_LABELS] = {0};
    for (int32_t k = 0; k < result.n; k++) needed[result.at[k]] = 1;
    for (int32_t later = i + 1; later < n; later++)
      for (int32_t k = 0; k < operands[later].rank; k++) needed[operands[later].label[k]] = 1;
    if (i > 0) {
      uint8_t kept[N_LABELS];
      memcpy(kept, needed, sizeof kept);
      for (int32_t k = 0; k < operands[0].rank; k++) kept[operands[0].label[k]] = 1;
      sum_out(call, &operands[i], kept);
      operands[0] = join(call, operands[0], operands[i], needed);
    } else {
      sum_out(call, &operands[0], needed);
    }
  }
  if (call->status == RT_OK && operands[0].rank != result.n) rti_call_fail(call, RT_E_FORMAT, "the result has %d labels, the terms leave %d", result.n, operands[0].rank);
  for (int32_t i = 0; i < result.n && call->status == RT_OK; i++)
    if (find(&operands[0], result.at[i]) < 0) rti_call_fail(call, RT_E_FORMAT, "the result has a label that no term has");
  if (call->status == RT_OK) rti_call_out(call, 0, arrange(call, &operands[0], &result));
}

static const rti_onnx_op rows[] = {
    // name   since in                 out attributes  run
    {"Einsum",  12, 1, RTI_ANY_NUMBER, 1, "equation:s", run_einsum, NULL, NULL},
};

const rti_onnx_ops rti_onnx_einsum_ops = {"", rows, (int32_t)RTI_IO_COUNT(rows), false};
