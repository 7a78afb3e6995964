// SPDX-License-Identifier: BSD-3-Clause
// Small ONNX models with graphs inside: loops, branches, functions, recurrent layers, sequences. Tests run them, the allocation test lets every
// allocation in them fail, and the fuzzer starts from them.
#ifndef TRIVET_TESTS_ONNX_MODELS_H
#define TRIVET_TESTS_ONNX_MODELS_H

#include "proto_write.h"

static inline void put_node(proto *graph, proto *node) { put_message(graph, 1, node); }

static inline void put_scalar_i64(proto *graph, const char *name, int64_t value) {
  proto t = tensor_raw(name, ONNX_I64, 0, NULL, &value, 8);
  put_message(graph, 5, &t);
}

static inline void put_floats(proto *graph, const char *name, int32_t rank, const int64_t *dims, const float *values) {
  int64_t n = 1;
  for (int32_t i = 0; i < rank; i++) n *= dims[i];
  proto t = tensor_raw(name, ONNX_F32, rank, dims, values, (size_t)n * 4);
  put_message(graph, 5, &t);
}

/// n, x [3] -> total, steps: from total = x on, n rounds of total += 2 x in the first two and total -= 2 x afterwards; steps is [n,3]. The bodies use x
/// and the weights of the graph around, from two levels further in.
static inline proto loop_model(void) {
  proto then_graph = {0}, else_graph = {0}, body = {0}, graph = {0};
  graph_node(&then_graph, "Add", "acc term", "more");
  graph_output(&then_graph, "more", ONNX_F32, NULL);
  graph_node(&else_graph, "Mul", "x two", "again");
  graph_node(&else_graph, "Sub", "acc again", "less");
  graph_output(&else_graph, "less", ONNX_F32, NULL);

  graph_node(&body, "Mul", "x two", "term");
  graph_node(&body, "Less", "i limit", "early");
  proto branch = node_head("If", "early", "next");
  attr_graph(&branch, "then_branch", &then_graph);
  attr_graph(&branch, "else_branch", &else_graph);
  put_node(&body, &branch);
  graph_node(&body, "Identity", "c", "c2");
  graph_node(&body, "Identity", "next", "shown");
  graph_input(&body, "i", ONNX_I64, "");
  graph_input(&body, "c", ONNX_BOOL, "");
  graph_input(&body, "acc", ONNX_F32, "3");
  graph_output(&body, "c2", ONNX_BOOL, "");
  graph_output(&body, "next", ONNX_F32, "3");
  graph_output(&body, "shown", ONNX_F32, "3");

  proto loop = node_head("Loop", "n - x", "total steps");
  put_s(&loop, 3, "loop");
  attr_graph(&loop, "body", &body);
  put_node(&graph, &loop);
  static const float two = 2;
  put_floats(&graph, "two", 0, NULL, &two);
  put_scalar_i64(&graph, "limit", 2);
  graph_input(&graph, "n", ONNX_I64, "");
  graph_input(&graph, "x", ONNX_F32, "3");
  graph_output(&graph, "total", ONNX_F32, "3");
  graph_output(&graph, "steps", ONNX_F32, "n 3");
  return model_of(&graph, 13);
}

/// x [3] -> y: a loop without a count whose condition never becomes false.
static inline proto endless_model(void) {
  proto body = {0}, graph = {0};
  graph_node(&body, "Identity", "c", "c2");
  graph_node(&body, "Neg", "acc", "next");
  graph_input(&body, "i", ONNX_I64, "");
  graph_input(&body, "c", ONNX_BOOL, "");
  graph_input(&body, "acc", ONNX_F32, "3");
  graph_output(&body, "c2", ONNX_BOOL, "");
  graph_output(&body, "next", ONNX_F32, "3");
  proto loop = node_head("Loop", "- - x", "y");
  attr_graph(&loop, "body", &body);
  put_node(&graph, &loop);
  graph_input(&graph, "x", ONNX_F32, "3");
  graph_output(&graph, "y", ONNX_F32, "3");
  return model_of(&graph, 13);
}

/// x [t,2] -> last, sums: a Scan over rows of x, read backwards; the sums are written as columns.
static inline proto scan_model(void) {
  proto body = {0}, graph = {0};
  graph_node(&body, "Add", "sum row", "next");
  graph_node(&body, "Identity", "next", "shown");
  graph_input(&body, "sum", ONNX_F32, "2");
  graph_input(&body, "row", ONNX_F32, "2");
  graph_output(&body, "next", ONNX_F32, "2");
  graph_output(&body, "shown", ONNX_F32, "2");
  proto scan = node_head("Scan", "zero x", "last sums");
  static const int64_t one = 1;
  attr_i(&scan, "num_scan_inputs", 1);
  attr_ints(&scan, "scan_input_directions", 1, &one);
  attr_ints(&scan, "scan_output_axes", 1, &one);
  attr_graph(&scan, "body", &body);
  put_node(&graph, &scan);
  static const int64_t dims[1] = {2};
  static const float zero[2] = {0, 0};
  put_floats(&graph, "zero", 1, dims, zero);
  graph_input(&graph, "x", ONNX_F32, "t 2");
  graph_output(&graph, "last", ONNX_F32, "2");
  graph_output(&graph, "sums", ONNX_F32, "2 t");
  return model_of(&graph, 13);
}

/// A reference to an attribute of the function that the node stands in.
static inline void attr_reference(proto *node, const char *name, const char *reference, int64_t type) {
  proto a = {0};
  put_s(&a, 1, name);
  put_s(&a, 21, reference);
  put_i(&a, 20, type);
  put_message(node, 5, &a);
}

static inline void put_import(proto *message, uint32_t field, const char *domain, int64_t version) {
  proto import = {0};
  put_s(&import, 1, domain);
  put_i(&import, 2, version);
  put_message(message, field, &import);
}

/// Appends a FunctionProto of the domain "mine"; its nodes are in `nodes` as field 7.
static inline void put_function(proto *model, const char *name, const char *inputs, const char *outputs, proto *nodes) {
  proto f = {0};
  put_s(&f, 1, name);
  put_words(&f, 4, inputs);
  put_words(&f, 5, outputs);
  put_raw(&f, nodes->at, nodes->n);
  proto_free(nodes);
  put_import(&f, 9, "", 15);
  put_import(&f, 9, "mine", 1);
  put_s(&f, 10, "mine");
  put_message(model, 25, &f);
}

static inline void function_node(proto *nodes, const char *domain, proto *node) {
  put_s(node, 7, domain);
  put_message(nodes, 7, node);
}

/// x [n] -> y, z. mine.Bend(x, w; slope = 0.5): leaky_relu(x; slope) + w, without w where it is left out. mine.Both(x): Bend(x; slope 0.25) of
/// Bend(x, x). y = Both(x), z = Bend(x).
static inline proto function_model(void) {
  proto graph = {0}, node = node_head("Both", "x", "y");
  put_s(&node, 7, "mine");
  put_node(&graph, &node);
  node = node_head("Bend", "x", "z");
  put_s(&node, 7, "mine");
  put_node(&graph, &node);
  graph_input(&graph, "x", ONNX_F32, "n");
  graph_output(&graph, "y", ONNX_F32, "n");
  graph_output(&graph, "z", ONNX_F32, "n");
  proto model = model_of(&graph, 13);
  put_import(&model, 8, "mine", 1);

  proto nodes = {0};
  node = node_head("LeakyRelu", "x", "bent");
  attr_reference(&node, "alpha", "slope", 1);
  function_node(&nodes, "", &node);
  // An optional of an optional input says whether it is there.
  node = node_head("Optional", "w", "maybe");
  function_node(&nodes, "", &node);
  node = node_head("OptionalHasElement", "maybe", "has");
  function_node(&nodes, "", &node);
  proto with = {0}, without = {0};
  graph_node(&with, "OptionalGetElement", "maybe", "value");
  graph_node(&with, "Add", "bent value", "sum");
  graph_output(&with, "sum", ONNX_F32, NULL);
  graph_node(&without, "Identity", "bent", "same");
  graph_output(&without, "same", ONNX_F32, NULL);
  node = node_head("If", "has", "y");
  attr_graph(&node, "then_branch", &with);
  attr_graph(&node, "else_branch", &without);
  function_node(&nodes, "", &node);
  proto slope = {0};
  put_s(&slope, 1, "slope");
  put_f(&slope, 2, 0.5f);
  put_i(&slope, 20, 1);
  put_message(&nodes, 11, &slope); // attribute_proto: the default
  put_function(&model, "Bend", "x w", "y", &nodes);

  node = node_head("Bend", "x x", "inner");
  function_node(&nodes, "mine", &node);
  node = node_head("Bend", "inner", "y");
  attr_f(&node, "slope", 0.25f);
  function_node(&nodes, "mine", &node);
  put_function(&model, "Both", "x", "y", &nodes);
  return model;
}

/// x [n] -> seq, joined: x split into items, each squared by a SequenceMap, the first one erased, and all joined again.
static inline proto sequence_model(void) {
  proto graph = {0}, body = {0}, node = node_head("SplitToSequence", "x", "items");
  put_node(&graph, &node);
  graph_node(&body, "Mul", "item item", "square");
  graph_input(&body, "item", ONNX_F32, "1");
  graph_output(&body, "square", ONNX_F32, "1");
  node = node_head("SequenceMap", "items", "squares");
  attr_graph(&node, "body", &body);
  put_node(&graph, &node);
  put_scalar_i64(&graph, "zero", 0);
  graph_node(&graph, "SequenceErase", "squares zero", "seq");
  node = node_head("ConcatFromSequence", "seq", "joined");
  attr_i(&node, "axis", 0);
  put_node(&graph, &node);
  graph_input(&graph, "x", ONNX_F32, "n");
  proto info = {0}, tensor_type = {0}, element = {0}, sequence = {0}, type = {0};
  put_i(&tensor_type, 1, ONNX_F32);
  put_message(&element, 1, &tensor_type);
  put_message(&sequence, 1, &element);
  put_message(&type, 4, &sequence);
  put_s(&info, 1, "seq");
  put_message(&info, 2, &type);
  put_message(&graph, 12, &info);
  graph_output(&graph, "joined", ONNX_F32, NULL);
  return model_of(&graph, 17);
}

enum { STEPS = 3, BATCH = 2, INPUTS = 2, HIDDEN = 3 };
/// The weights of a recurrent layer: small numbers that differ.
static inline float recurrent_weight(int which, int64_t index) { return (float)((which * 31 + (int)index * 17) % 23 - 11) / 12; }

static inline void put_recurrent(proto *graph, const char *name, int which, int32_t rank, const int64_t *dims) {
  float values[2 * 8 * HIDDEN * HIDDEN];
  int64_t n = 1;
  for (int32_t i = 0; i < rank; i++) n *= dims[i];
  for (int64_t i = 0; i < n; i++) values[i] = recurrent_weight(which, i);
  put_floats(graph, name, rank, dims, values);
}

/// x [3,2,2] -> y, h (and c): an RNN, GRU or LSTM of 1, 3 or 4 gates in both directions, with bias, first states, lengths 3 and 2, and peepholes.
static inline proto recurrent_model(int gates, bool late_reset, float clip) {
  static const char *const ops[] = {"", "RNN", "", "GRU", "LSTM"};
  proto graph = {0}, node = node_head(ops[gates], gates == 4 ? "x w r b lengths h0 c0 p" : "x w r b lengths h0", gates == 4 ? "y h c" : "y h");
  attr_s(&node, "direction", "bidirectional");
  attr_i(&node, "hidden_size", HIDDEN);
  if (late_reset) attr_i(&node, "linear_before_reset", 1);
  if (clip > 0) attr_f(&node, "clip", clip);
  put_node(&graph, &node);
  put_recurrent(&graph, "w", 1, 3, (const int64_t[]){2, gates * HIDDEN, INPUTS});
  put_recurrent(&graph, "r", 2, 3, (const int64_t[]){2, gates * HIDDEN, HIDDEN});
  put_recurrent(&graph, "b", 3, 2, (const int64_t[]){2, 2 * gates * HIDDEN});
  put_recurrent(&graph, "h0", 4, 3, (const int64_t[]){2, BATCH, HIDDEN});
  if (gates == 4) put_recurrent(&graph, "c0", 5, 3, (const int64_t[]){2, BATCH, HIDDEN});
  if (gates == 4) put_recurrent(&graph, "p", 6, 2, (const int64_t[]){2, 3 * HIDDEN});
  const int32_t lengths[BATCH] = {3, 2};
  const int64_t batch = BATCH;
  proto t = tensor_raw("lengths", ONNX_I32, 1, &batch, lengths, sizeof lengths);
  put_message(&graph, 5, &t);
  graph_input(&graph, "x", ONNX_F32, "3 2 2");
  graph_output(&graph, "y", ONNX_F32, NULL);
  graph_output(&graph, "h", ONNX_F32, NULL);
  if (gates == 4) graph_output(&graph, "c", ONNX_F32, NULL);
  return model_of(&graph, 14);
}

#endif
