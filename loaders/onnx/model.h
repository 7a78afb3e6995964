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

typedef struct rti_onnx_graph rti_onnx_graph;
typedef struct rti_onnx_op rti_onnx_op;

typedef struct rti_onnx_attr {
  const char *name;
  rti_onnx_attr_kind kind;
  double f;
  int64_t i;
  const char *s;        ///< STRING: escaped as rti_io_quote does
  int64_t n;            ///< FLOATS, INTS, STRINGS
  const float *floats;
  const int64_t *ints;
  const char **strings; ///< escaped, too
  rt_tensor *tensor;    ///< TENSOR; the attribute's
  rti_onnx_graph *graph; ///< GRAPH
} rti_onnx_attr;

typedef struct rti_onnx_node {
  const char *name, *op, *domain, *overload;
  const char *problem;    ///< why it cannot run, in a model that was opened to be looked at; NULL: it can
  const rti_onnx_op *row;
  rti_onnx_graph *graph;  ///< that it belongs to
  rti_onnx_graph *function; ///< body of the model's function that it calls, made for this call; else NULL
  int64_t opset;          ///< of its domain, where it stands
  int32_t index, number;  ///< in its graph; among all nodes of the model
  int32_t n_in, n_out, n_attrs;
  const int32_t *in, *out; ///< numbers of values; -1: left out
  rti_onnx_attr *attrs;
  bool is_constant;       ///< ran when the model was opened
  bool takes_any;         ///< its inputs may be sequences and optionals
} rti_onnx_node;

/// Tensors in an order. Never changed once it is a value; counted because the same list may be in several values.
typedef struct rti_onnx_list { int32_t references; int64_t n; rt_tensor *items[]; } rti_onnx_list;

/// What a value holds during a run.
typedef enum rti_onnx_kind { RTI_UNSET = 0, RTI_TENSOR, RTI_LIST, RTI_NONE } rti_onnx_kind; ///< NONE: an optional that holds nothing
typedef struct rti_onnx_datum { rti_onnx_kind kind; rt_tensor *tensor; rti_onnx_list *list; } rti_onnx_datum;

#define RTI_NO_ALIAS (-1)
#define RTI_LEFT_OUT (-2)
/// Anything with a name: a weight, an input, the output of a node.
typedef struct rti_onnx_value {
  rt_tensor *constant;    ///< a weight, or the result of a Constant node; the value's
  rti_onnx_datum current; ///< during a run
  const int64_t *ints;    ///< host copy of a small constant of i64 or i32
  int64_t n_ints;
  int32_t last_use;       ///< number of the last node that reads it; -1: none; n_nodes: it is an output
  int32_t alias;          ///< number of the value of the parent graph that this one is; RTI_NO_ALIAS; RTI_LEFT_OUT: an input that the caller left out
} rti_onnx_value;

typedef struct rti_onnx_port { rt_model_port facts; int32_t value; } rti_onnx_port;
typedef struct rti_onnx_opset { const char *domain; int64_t version; } rti_onnx_opset;
typedef struct rti_onnx_opsets { rti_onnx_opset *at; int32_t n; } rti_onnx_opsets;
typedef struct rti_onnx_text { const char *key, *value; } rti_onnx_text;

/// A function that the model defines. Its nodes are read anew for each call (that is what inlining means here).
typedef struct rti_onnx_function {
  const char *name, *domain, *overload;
  rti_wire body;          ///< the FunctionProto; its bytes end with rt_model_parse
  rti_onnx_opsets opsets;
  int32_t n_in, n_out;
} rti_onnx_function;

/// A graph: the model's, the body of an operation, or the body of a function for one call. A body may use the names of the graph around it
/// (its parent): such a name becomes a value that is an alias. So do the inputs of a function.
struct rti_onnx_graph {
  rti_onnx_graph *parent; ///< holds the node whose body this is; NULL for the model's graph
  rti_onnx_graph *next;   ///< of all graphs of the model
  const rti_onnx_node *owner;   ///< that node
  const rti_onnx_function *function; ///< that this is the body of, or lies in; NULL: of none
  const rti_onnx_node *call;    ///< of that function; its attributes replace references
  rti_onnx_opsets opsets;
  const char *name;
  const char *where;      ///< stands before the nodes of a body in sentences: "node 'loop' (3 of 7), body, "
  rti_names names;
  rti_onnx_node *nodes;
  rti_onnx_value *values; ///< by number of name
  rti_onnx_port *inputs, *outputs;
  int32_t depth, n_nodes, n_inputs, n_outputs, n_problems;
  int32_t node_capacity, input_capacity, value_capacity;
  bool sees_parent;       ///< the parent's names
};

/// Where tensors come from and go to.
typedef struct rti_onnx_source {
  rt_ctx *ctx;
  const char *folder;     ///< of the model's file, for data in other files; NULL: they are refused
} rti_onnx_source;

struct rt_model {
  rti_onnx_source source;
  const char *name;       ///< of the file, printable
  const char *producer;
  const char *problem;    ///< the first thing that cannot run, in a model that was opened to be looked at
  int64_t ir_version;
  rti_arena arena;
  rti_onnx_opsets opsets;
  rti_onnx_function *functions;
  rti_onnx_graph *graph, *graphs; ///< the model's; all, by `next`
  const rti_onnx_node **listing;  ///< all nodes in the order of the file, bodies after their node
  int64_t n_all_nodes;
  uint64_t inline_bytes;  ///< that functions may still take up
  int64_t loop_limit, loop_left; ///< rounds of loops: in one run, and what is left of them in this one
  uint64_t n_draws;       ///< of random numbers, since the model was opened
  rti_onnx_text *metadata;
  int32_t n_functions, n_metadata, n_weights;
  bool to_look;           ///< keep what cannot run
  bool has_parts;         ///< may run on some items of the batch at a time
  uint64_t largest_bytes; ///< of a value of the part that runs first
  uint64_t weight_bytes;
  rt_model_step_fn watch; ///< NULL: nobody
  void *watcher;
};

// ---- model.c ---------------------------------------------------------------------------------------------------------------------------
rt_status rti_onnx_no_memory(const rt_model *model);
rt_status rti_onnx_too_many(const rt_model *model, const char *what, int64_t limit);
/// Calls `read` for each message of that field number.
typedef rt_status (*rti_onnx_reader)(rt_model *model, void *user, const rti_wire *message);
rt_status rti_onnx_each_message(rt_model *model, rti_wire parent, uint32_t number, rti_onnx_reader read, void *user);
/// Reads one OperatorSetIdProto into *opsets, which has room for RTI_ONNX_OPSET_LIMIT.
#define RTI_ONNX_OPSET_LIMIT 64
rt_status rti_onnx_read_opset(rt_model *model, void *opsets, const rti_wire *message);
/// In a model that is opened to be looked at: keeps the sentence of the failure that has just happened, as *out_problem (NULL allowed), and
/// returns RT_OK. Else returns status. Only RT_E_UNSUPPORTED can be kept.
rt_status rti_onnx_forgive(rt_model *model, rt_status status, const char **out_problem);

// ---- graph.c ---------------------------------------------------------------------------------------------------------------------------
#define RTI_ONNX_GRAPH_DEPTH 24 ///< bodies inside bodies, calls of functions included
/// Makes an empty graph, the model's to free. owner: the node whose body it is, or NULL; where: see rti_onnx_graph.
rt_status rti_onnx_new_graph(rt_model *model, const rti_onnx_node *owner, const char *where, rti_onnx_graph **out);
/// Reads a GraphProto into a graph that rti_onnx_new_graph has made.
rt_status rti_onnx_read_graph(rt_model *model, rti_onnx_graph *graph, const rti_wire *message);
/// Reads all NodeProtos, field `number` of the message.
rt_status rti_onnx_read_nodes(rt_model *model, rti_onnx_graph *graph, const rti_wire *message, uint32_t number);
rt_status rti_onnx_new_value(rt_model *model, rti_onnx_graph *graph, const char *name, const char *where, int32_t *out_value);
/// The value of that name, from the graphs around too; -1 when there is none.
rt_status rti_onnx_find_value(rt_model *model, rti_onnx_graph *graph, const char *name, int32_t *out_value);
/// Makes `tensor`, which becomes the value's, a constant. Errors: RT_E_NO_MEMORY, what reading it back reports.
rt_status rti_onnx_set_constant(rt_model *model, rti_onnx_value *value, rt_tensor *tensor);
void rti_onnx_free_graphs(rt_model *model);

// ---- function.c ------------------------------------------------------------------------------------------------------------------------
/// Notes a FunctionProto (user: NULL).
rt_status rti_onnx_read_function(rt_model *model, void *user, const rti_wire *message);
const rti_onnx_function *rti_onnx_find_function(const rt_model *model, const rti_onnx_node *node);
/// Makes the body of the function for this node, whose inputs and attributes are read.
rt_status rti_onnx_inline(rt_model *model, const rti_onnx_function *function, rti_onnx_node *node, const char *where);
/// What a reference to an attribute of the function stands for in this graph: the call's attribute, or the default, read anew into *out.
/// *out_found is false when neither is there: then the attribute with the reference is left out.
rt_status rti_onnx_resolve_reference(rt_model *model, rti_onnx_node *node, const char *name, const char *where, rti_onnx_attr *out, bool *out_found);

// ---- datum.c ---------------------------------------------------------------------------------------------------------------------------
rti_onnx_datum rti_datum_retain(rti_onnx_datum datum);
void rti_datum_release(rti_onnx_datum *datum); ///< and makes it unset
const char *rti_datum_name(rti_onnx_datum datum); ///< "a sequence"
/// A list with one reference and room for n items, all NULL. NULL when there is no memory.
rti_onnx_list *rti_list_new(int64_t n);
void rti_list_release(rti_onnx_list *list);

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
rt_status rti_onnx_read_tensor(const rti_onnx_source *source, const rti_wire *message, const char *what, rti_onnx_tensor *out_facts, rt_tensor **out);
/// The dtype of a TensorProto.DataType; RT_DTYPE_NONE when there is none here. *out_name names it, also then.
rt_dtype rti_onnx_dtype(int64_t code, const char **out_name);

// ---- external.c ------------------------------------------------------------------------------------------------------------------------
/// What external_data says. Pointers are into the file.
typedef struct rti_onnx_external { rti_wire_field location; uint64_t offset, length; bool has_length; } rti_onnx_external;
/// Reads one StringStringEntryProto of external_data.
rt_status rti_onnx_read_external(const rti_wire *message, const char *what, rti_onnx_external *out);
/// Copies `bytes` bytes of the file beside the model to `data`. The path must be relative, stay below the folder, and name nothing that is
/// a symbolic link; the file must hold the bytes.
rt_status rti_onnx_load_external(const rti_onnx_source *source, const char *file, const char *what, const rti_onnx_external *external, void *data, uint64_t bytes);
/// Checks all that without reading, so that memory is only asked for when the bytes are there.
rt_status rti_onnx_check_external(const rti_onnx_source *source, const char *file, const char *what, const rti_onnx_external *external, uint64_t bytes);

// ---- attr.c ----------------------------------------------------------------------------------------------------------------------------
/// Reads an AttributeProto of `node`, whose place in sentences is `where`. *out_found is false for a reference to an attribute that the call
/// of the function left out.
rt_status rti_onnx_read_attr(rt_model *model, rti_onnx_node *node, const rti_wire *message, const char *where, rti_onnx_attr *out, bool *out_found);

// ---- metadata.c ------------------------------------------------------------------------------------------------------------------------
/// Reads a StringStringEntryProto into model->metadata, which has room for it.
rt_status rti_onnx_read_metadata(rt_model *model, void *user, const rti_wire *message);

// ---- port.c ----------------------------------------------------------------------------------------------------------------------------
/// Reads a ValueInfoProto.
rt_status rti_onnx_read_port(rt_model *model, const rti_wire *message, const char *what, rti_onnx_port *out);

// ---- ops.c -----------------------------------------------------------------------------------------------------------------------------
/// The opset of a domain; 0 when none is imported.
int64_t rti_onnx_opset_of(const rti_onnx_opsets *opsets, const char *domain);
/// Finds the node's row in the table of operations and checks counts and attributes against it.
rt_status rti_onnx_bind(const rt_model *model, rti_onnx_node *node, const char *where);
/// Runs a bound node: reads its inputs, sets `current` of its outputs.
rt_status rti_onnx_run_node(rt_model *model, rti_onnx_node *node);
/// "node 'conv7' (3 of 12)"
typedef struct rti_onnx_where { char at[360]; } rti_onnx_where;
const char *rti_onnx_where_in_graph(rti_onnx_where *out, const rti_onnx_node *node);
/// The same after the place of the graph, for nodes of bodies.
const char *rti_onnx_where_in_model(rti_onnx_where *out, const rti_onnx_node *node);

// ---- watch.c ---------------------------------------------------------------------------------------------------------------------------
/// rti_onnx_run_node as part of a run: tells the watcher, when there is one, of nodes of the model's graph.
rt_status rti_onnx_step(rt_model *model, rti_onnx_node *node);

// ---- parts.c ---------------------------------------------------------------------------------------------------------------------------
/// Sets has_parts. Errors: RT_E_NO_MEMORY.
rt_status rti_onnx_find_parts(rt_model *model);
/// Runs on checked inputs and sets the outputs, if it can be done in parts and that goes well. False: nothing is set; it must run whole, which also
/// finds the sentence for what went wrong.
bool rti_onnx_run_parts(rt_model *model, const rt_model_value *in, rt_model_value *out);

// ---- run.c -----------------------------------------------------------------------------------------------------------------------------
/// Runs the Constant nodes once and finds out when each value is last used, in this graph and all bodies in it.
rt_status rti_onnx_prepare(rt_model *model, rti_onnx_graph *graph);
/// The value itself, or the one that it is an alias of.
rti_onnx_value *rti_onnx_value_at(rti_onnx_graph *graph, int32_t number);
/// What the value holds now; borrowed.
rti_onnx_datum rti_onnx_peek(rti_onnx_graph *graph, int32_t number);
/// Runs the nodes of a graph whose inputs are set. Its outputs are then there to be looked at until rti_onnx_clear.
rt_status rti_onnx_run_graph(rt_model *model, rti_onnx_graph *graph);
void rti_onnx_clear(rti_onnx_graph *graph);

#endif
