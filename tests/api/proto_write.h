// SPDX-License-Identifier: BSD-3-Clause
// Writes small ONNX models in memory, for tests and for the seeds of the fuzzer. It knows the protobuf wire format and nothing of the reader.
#ifndef TRIVET_TESTS_PROTO_WRITE_H
#define TRIVET_TESTS_PROTO_WRITE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// A message that grows. Zero bytes are an empty one. A test that runs out of memory ends.
typedef struct proto { uint8_t *at; size_t n, capacity; } proto;

static inline void proto_free(proto *p) {
  free(p->at);
  *p = (proto){0};
}

static inline void put_raw(proto *p, const void *data, size_t n) {
  if (n > p->capacity - p->n) {
    p->capacity = (p->n + n) * 2 + 64;
    uint8_t *at = realloc(p->at, p->capacity);
    if (!at) exit(99);
    p->at = at;
  }
  if (n) memcpy(p->at + p->n, data, n);
  p->n += n;
}

static inline void put_varint(proto *p, uint64_t value) {
  do {
    uint8_t byte = (uint8_t)(value & 0x7f);
    value >>= 7;
    if (value) byte |= 0x80;
    put_raw(p, &byte, 1);
  } while (value);
}

static inline void put_tag(proto *p, uint32_t field, uint32_t type) { put_varint(p, (uint64_t)field << 3 | type); }

static inline void put_i(proto *p, uint32_t field, int64_t value) {
  put_tag(p, field, 0);
  put_varint(p, (uint64_t)value);
}

static inline void put_f(proto *p, uint32_t field, float value) {
  put_tag(p, field, 5);
  put_raw(p, &value, 4);
}

static inline void put_bytes(proto *p, uint32_t field, const void *data, size_t n) {
  put_tag(p, field, 2);
  put_varint(p, n);
  put_raw(p, data, n);
}

static inline void put_s(proto *p, uint32_t field, const char *text) { put_bytes(p, field, text, strlen(text)); }

/// Appends `child` as a field and frees it.
static inline void put_message(proto *p, uint32_t field, proto *child) {
  put_bytes(p, field, child->at, child->n);
  proto_free(child);
}

/// Each word of a text as one string field. "-" stands for the empty string.
static inline void put_words(proto *p, uint32_t field, const char *words) {
  while (*words) {
    const size_t n = strcspn(words, " ");
    put_bytes(p, field, words, n == 1 && *words == '-' ? 0 : n);
    words += n;
    words += strspn(words, " ");
  }
}

// ---- TensorProto -----------------------------------------------------------------------------------------------------------------------------
enum { ONNX_F32 = 1, ONNX_U8 = 2, ONNX_I8 = 3, ONNX_U16 = 4, ONNX_I16 = 5, ONNX_I32 = 6, ONNX_I64 = 7, ONNX_STRING = 8, ONNX_BOOL = 9, ONNX_F16 = 10, ONNX_F64 = 11,
       ONNX_U32 = 12, ONNX_U64 = 13, ONNX_C64 = 14, ONNX_C128 = 15, ONNX_BF16 = 16 };

static inline proto tensor_head(const char *name, int64_t type, int32_t rank, const int64_t *dims) {
  proto t = {0};
  for (int32_t i = 0; i < rank; i++) put_i(&t, 1, dims[i]);
  put_i(&t, 2, type);
  if (name) put_s(&t, 8, name);
  return t;
}

static inline proto tensor_raw(const char *name, int64_t type, int32_t rank, const int64_t *dims, const void *data, size_t bytes) {
  proto t = tensor_head(name, type, rank, dims);
  put_bytes(&t, 9, data, bytes);
  return t;
}

static inline proto tensor_i64s(const char *name, int64_t n, const int64_t *values) { return tensor_raw(name, ONNX_I64, 1, &n, values, (size_t)n * 8); }

// ---- NodeProto, attributes ---------------------------------------------------------------------------------------------------------------------

static inline proto node_head(const char *op, const char *inputs, const char *outputs) {
  proto n = {0};
  put_words(&n, 1, inputs);
  put_words(&n, 2, outputs);
  put_s(&n, 4, op);
  return n;
}

static inline void attr_i(proto *node, const char *name, int64_t value) {
  proto a = {0};
  put_s(&a, 1, name);
  put_i(&a, 3, value);
  put_i(&a, 20, 2);
  put_message(node, 5, &a);
}

static inline void attr_f(proto *node, const char *name, float value) {
  proto a = {0};
  put_s(&a, 1, name);
  put_f(&a, 2, value);
  put_i(&a, 20, 1);
  put_message(node, 5, &a);
}

static inline void attr_s(proto *node, const char *name, const char *value) {
  proto a = {0};
  put_s(&a, 1, name);
  put_s(&a, 4, value);
  put_i(&a, 20, 3);
  put_message(node, 5, &a);
}

static inline void attr_ints(proto *node, const char *name, int32_t n, const int64_t *values) {
  proto a = {0};
  put_s(&a, 1, name);
  for (int32_t i = 0; i < n; i++) put_i(&a, 8, values[i]);
  put_i(&a, 20, 7);
  put_message(node, 5, &a);
}

static inline void attr_tensor(proto *node, const char *name, proto *tensor) {
  proto a = {0};
  put_s(&a, 1, name);
  put_message(&a, 5, tensor);
  put_i(&a, 20, 4);
  put_message(node, 5, &a);
}

// ---- GraphProto, ModelProto --------------------------------------------------------------------------------------------------------------------

/// An input or output. dims: words, numbers or symbols ("batch 3 4"); NULL: no shape is stated.
static inline proto value_info(const char *name, int64_t type, const char *dims) {
  proto info = {0}, tensor = {0}, type_proto = {0};
  put_s(&info, 1, name);
  put_i(&tensor, 1, type);
  if (dims) {
    proto shape = {0};
    while (*dims) {
      proto dim = {0};
      const size_t n = strcspn(dims, " ");
      if ((*dims >= '0' && *dims <= '9') || *dims == '-') put_i(&dim, 1, strtoll(dims, NULL, 10));
      else put_bytes(&dim, 2, dims, n);
      put_message(&shape, 1, &dim);
      dims += n;
      dims += strspn(dims, " ");
    }
    put_message(&tensor, 2, &shape);
  }
  put_message(&type_proto, 1, &tensor);
  put_message(&info, 2, &type_proto);
  return info;
}

static inline void graph_input(proto *graph, const char *name, int64_t type, const char *dims) {
  proto info = value_info(name, type, dims);
  put_message(graph, 11, &info);
}

static inline void graph_output(proto *graph, const char *name, int64_t type, const char *dims) {
  proto info = value_info(name, type, dims);
  put_message(graph, 12, &info);
}

static inline void graph_node(proto *graph, const char *op, const char *inputs, const char *outputs) {
  proto node = node_head(op, inputs, outputs);
  put_message(graph, 1, &node);
}

/// Wraps a graph, and frees it. opset 0: none is stated.
static inline proto model_of(proto *graph, int64_t opset) {
  proto model = {0};
  put_i(&model, 1, 7);
  put_s(&model, 2, "trivet tests");
  put_message(&model, 7, graph);
  if (opset) {
    proto import = {0};
    put_s(&import, 1, "");
    put_i(&import, 2, opset);
    put_message(&model, 8, &import);
  }
  return model;
}

/// A small network with a bit of everything: x [batch,4] -> Gemm, Relu, Reshape, MatMul, Softmax -> y [batch,3]. Raw and typed weights.
static inline proto small_network(void) {
  static const float w1[6][4] = {{1, 0, -1, 2}, {0.5f, 0.25f, 0, 1}, {-1, 1, 0, 0}, {2, 0, 0, -1}, {0, 0, 1, 1}, {1, 1, 1, 1}}, b1[6] = {0, 1, 0, -1, 0.5f, 0};
  static const int64_t w1_dims[2] = {6, 4}, b1_dims[1] = {6}, w2_dims[2] = {6, 3}, shape[2] = {-1, 6};
  proto graph = {0};
  proto w = tensor_raw("w1", ONNX_F32, 2, w1_dims, w1, sizeof w1), b = tensor_head("b1", ONNX_F32, 1, b1_dims), w2 = tensor_head("w2", ONNX_F32, 2, w2_dims);
  for (int i = 0; i < 6; i++) put_f(&b, 4, b1[i]); // one by one
  proto packed = {0};
  for (int i = 0; i < 18; i++) {
    const float value = (float)((i * 7) % 5) - 2;
    put_raw(&packed, &value, 4);
  }
  put_message(&w2, 4, &packed); // packed
  proto node = node_head("Gemm", "x w1 b1", "h");
  put_s(&node, 3, "first layer");
  attr_i(&node, "transB", 1);
  attr_f(&node, "alpha", 1);
  put_message(&graph, 1, &node);
  graph_node(&graph, "Relu", "h", "r");
  proto constant = node_head("Constant", "", "shape"), value = tensor_i64s("", 2, shape);
  attr_tensor(&constant, "value", &value);
  put_message(&graph, 1, &constant);
  graph_node(&graph, "Reshape", "r shape", "flat");
  graph_node(&graph, "MatMul", "flat w2", "logits");
  node = node_head("Softmax", "logits", "y");
  attr_i(&node, "axis", -1);
  put_message(&graph, 1, &node);
  put_s(&graph, 2, "small");
  put_message(&graph, 5, &w);
  put_message(&graph, 5, &b);
  put_message(&graph, 5, &w2);
  graph_input(&graph, "x", ONNX_F32, "batch 4");
  graph_output(&graph, "y", ONNX_F32, "batch 3");
  return model_of(&graph, 13);
}

#endif
