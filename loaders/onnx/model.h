// SPDX-License-Identifier: BSD-3-Clause
// A parsed ONNX model: plain arrays of nodes, values and ports. Everything here is copied out of the file, which may be closed. Private to
// loaders/onnx.
#ifndef TRIVET_ONNX_MODEL_H
#define TRIVET_ONNX_MODEL_H

#include "wire.h"

#define RTI_ONNX_OPSET_MAX 25 ///< newest opset of the default domain that the table of operations was compared with

/// AttributeProto.AttributeType.
typedef enum rti_onnx_attr_kind {
  RTI_ATTR_FLOAT = 1, RTI_ATTR_INT = 2, RTI_ATTR_STRING = 3, RTI_ATTR_TENSOR = 4, RTI_ATTR_GRAPH = 5,
  RTI_ATTR_FLOATS = 6, RTI_ATTR_INTS = 7, RTI_ATTR_STRINGS = 8, RTI_ATTR_TENSORS = 9, RTI_ATTR_GRAPHS = 10,
  RTI_ATTR_SPARSE_TENSOR = 11, RTI_ATTR_SPARSE_TENSORS = 12, RTI_ATTR_TYPE = 13, RTI_ATTR_TYPES = 14
} rti_onnx_attr_kind;

typedef struct rti_onnx_attr {
  const char *name;
  rti_onnx_attr_kind kind;
  double f;
  int64_t i;
  const char *s;        ///< STRING: escaped as rti_io_quote does
  int64_t n;            ///< FLOATS, INTS
  const float *floats;
  const int64_t *ints;
  rt_tensor *tensor;    ///< TENSOR; the attribute's
} rti_onnx_attr;

typedef struct rti_onnx_op rti_onnx_op;

typedef struct rti_onnx_node {
  const char *name, *op, *domain;
  const rti_onnx_op *row;
  int32_t n_in, n_out, n_attrs;
  const int32_t *in, *out; ///< numbers of values; -1: left out
  rti_onnx_attr *attrs;
  bool is_constant;       ///< ran when the model was opened
} rti_onnx_node;

/// Anything with a name: a weight, an input, the output of a node.
typedef struct rti_onnx_value {
  rt_tensor *constant;    ///< a weight, or the result of a Constant node; the value's
  rt_tensor *current;     ///< during a run
  const int64_t *ints;    ///< host copy of a small constant of i64 or i32
  int64_t n_ints;
  int32_t last_use;       ///< number of the last node that reads it; -1: none; n_nodes: it is an output
} rti_onnx_value;

typedef struct rti_onnx_port { rt_model_port facts; int32_t value; } rti_onnx_port;
typedef struct rti_onnx_opset { const char *domain; int64_t version; } rti_onnx_opset;
typedef struct rti_onnx_text { const char *key, *value; } rti_onnx_text;

struct rt_model {
  rt_ctx *ctx;
  const char *name;       ///< of the file, printable
  const char *producer, *graph;
  int64_t ir_version;
  rti_arena arena;
  rti_names names;
  rti_onnx_opset *opsets;
  rti_onnx_text *metadata;
  rti_onnx_node *nodes;
  rti_onnx_value *values; ///< by number of name
  rti_onnx_port *inputs, *outputs;
  int32_t n_opsets, n_metadata, n_nodes, n_values, n_inputs, n_outputs, n_weights;
  int32_t node_capacity, input_capacity; ///< while reading: how many were counted
  uint64_t weight_bytes;
  rt_model_step_fn watch; ///< NULL: nobody
  void *watcher;
};

// ---- model.c ---------------------------------------------------------------------------------------------------------------------------
/// Makes `tensor`, which becomes the value's, a constant. Errors: RT_E_NO_MEMORY, what reading it back reports.
rt_status rti_onnx_set_constant(rt_model *model, int32_t value, rt_tensor *tensor);

// ---- tensor.c --------------------------------------------------------------------------------------------------------------------------
/// What a TensorProto holds. Pointers are into the file.
typedef struct rti_onnx_tensor {
  rti_wire_field name;    ///< number 0: none
  rt_dtype dtype;
  int32_t rank;
  int64_t shape[RT_MAX_RANK];
  uint64_t numel, bytes;
} rti_onnx_tensor;
/// Reads a TensorProto into a new tensor on the default device. `what` begins sentences: "initializer 'w'"; NULL: "initializer" and its name.
rt_status rti_onnx_read_tensor(rt_ctx *ctx, const rti_wire *message, const char *what, rti_onnx_tensor *out_facts, rt_tensor **out);
/// The dtype of a TensorProto.DataType; RT_DTYPE_NONE when there is none here. *out_name names it, also then.
rt_dtype rti_onnx_dtype(int64_t code, const char **out_name);

// ---- attr.c ----------------------------------------------------------------------------------------------------------------------------
/// Reads an AttributeProto of `node`, whose place in sentences is `where`.
rt_status rti_onnx_read_attr(rt_model *model, const rti_wire *message, const char *where, rti_onnx_attr *out);

// ---- metadata.c ------------------------------------------------------------------------------------------------------------------------
/// Reads a StringStringEntryProto into model->metadata, which has room for it.
rt_status rti_onnx_read_metadata(rt_model *model, const rti_wire *message);

// ---- port.c ----------------------------------------------------------------------------------------------------------------------------
/// Reads a ValueInfoProto.
rt_status rti_onnx_read_port(rt_model *model, const rti_wire *message, const char *what, rti_onnx_port *out);

// ---- ops.c -----------------------------------------------------------------------------------------------------------------------------
/// The opset of a domain; 0 when the model imports none.
int64_t rti_onnx_opset_of(const rt_model *model, const char *domain);
/// Finds the node's row in the table of operations and checks counts and attributes against it.
rt_status rti_onnx_bind(const rt_model *model, rti_onnx_node *node, const char *where);
/// Runs a bound node: reads `current` of its inputs, sets `current` of its outputs.
rt_status rti_onnx_run_node(rt_model *model, int32_t index);
/// "node 'conv7' (3 of 12)"
const char *rti_onnx_where(rti_io_text *out, const rt_model *model, int32_t index);

// ---- watch.c ---------------------------------------------------------------------------------------------------------------------------
/// rti_onnx_run_node as part of a run: tells the watcher, when there is one.
rt_status rti_onnx_step(rt_model *model, int32_t index);

// ---- run.c -----------------------------------------------------------------------------------------------------------------------------
/// Runs the Constant nodes once and finds out when each value is last used.
rt_status rti_onnx_prepare(rt_model *model);

#endif
