// SPDX-License-Identifier: BSD-3-Clause
// From the bytes of an .onnx file to a model that can run: ModelProto, GraphProto, NodeProto. Weights are copied once, into tensors on the
// default device; every name is checked and copied; nothing points into the file afterwards. Nothing is executed here.
#include <stdlib.h>
#include <string.h>

#include "model.h"

// Far above any real network, low enough that the arrays below stay small next to the file that would announce more.
#define NODE_LIMIT 200000
#define PORT_LIMIT 10000
#define WEIGHT_LIMIT 500000
#define ATTR_LIMIT 100
#define VALUE_LIMIT (1 << 22)
#define OPSET_LIMIT 64
#define METADATA_LIMIT 10000
#define FILE_LIMIT ((uint64_t)INT32_MAX) // protobuf's own

enum { IR_VERSION = 1, PRODUCER = 2, GRAPH = 7, OPSET_IMPORT = 8, METADATA = 14 };                        // ModelProto
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12, GRAPH_SPARSE = 15 }; // GraphProto
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTR = 5, NODE_DOMAIN = 7 };     // NodeProto

static rt_status no_memory(const rt_model *model) { return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for the model", model->name); }

static rt_status too_many(const rt_model *model, const char *what, int64_t limit) {
  return rti_io_fail(RT_E_FORMAT, "%s: more than %lld %s", model->name, (long long)limit, what);
}

// ---- values ------------------------------------------------------------------------------------------------------------------------------

// The values array follows the names; it is sized before, by read_graph.
static rt_status new_value(rt_model *model, const char *name, const char *where, int32_t *out_value) {
  if (rti_names_find(&model->names, name) >= 0) return rti_io_fail(RT_E_FORMAT, "%s: %s: '%.120s' is defined twice", model->name, where, name);
  if (model->names.count >= model->n_values) return rti_io_fail(RT_E_INTERNAL, "%s: more values than were counted", model->name);
  rt_status status = rti_names_add(&model->names, name, out_value);
  if (status != RT_OK) return rti_io_fail_in(status, "%s", model->name);
  model->values[*out_value].last_use = -1;
  return RT_OK;
}

// Small integer weights say how other operations work (shapes, axes, pads): a host copy saves reading them back from a device in each run.
static rt_status keep_ints(rt_model *model, rti_onnx_value *value) {
  enum { SMALL = 256 };
  const rt_dtype dtype = rt_tensor_dtype(value->constant);
  const int64_t n = rt_tensor_numel(value->constant);
  if ((dtype != RT_I64 && dtype != RT_I32) || rt_tensor_rank(value->constant) > 1 || n > SMALL) return RT_OK;
  int64_t *ints = rti_arena_new(&model->arena, (uint64_t)n, sizeof *ints);
  if (!ints) return no_memory(model);
  if (dtype == RT_I64) {
    rt_status status = rt_read(value->constant, ints, (size_t)n * sizeof *ints);
    if (status != RT_OK) return status;
  } else {
    int32_t narrow[SMALL];
    rt_status status = rt_read(value->constant, narrow, (size_t)n * sizeof *narrow);
    if (status != RT_OK) return status;
    for (int64_t i = 0; i < n; i++) ints[i] = narrow[i];
  }
  value->ints = ints;
  value->n_ints = n;
  return RT_OK;
}

rt_status rti_onnx_set_constant(rt_model *model, int32_t number, rt_tensor *tensor) {
  rti_onnx_value *value = &model->values[number];
  value->constant = tensor;
  return keep_ints(model, value);
}

static rt_status read_weight(rt_model *model, const rti_wire *message) {
  rti_onnx_tensor facts;
  rt_tensor *tensor = NULL;
  rt_status status = rti_onnx_read_tensor(model->ctx, message, NULL, &facts, &tensor);
  if (status != RT_OK) return status;
  int32_t value = -1;
  const char *name = facts.name.number ? rti_arena_text(&model->arena, message, &facts.name, "initializer name", &status) : "";
  if (name && !name[0]) status = rti_io_fail(RT_E_FORMAT, "%s: an initializer without a name", model->name);
  if (status == RT_OK) status = new_value(model, name, "initializer", &value);
  if (status != RT_OK) {
    rt_release(tensor);
    return status;
  }
  model->n_weights++;
  model->weight_bytes += facts.bytes; // bounded by the file
  return rti_onnx_set_constant(model, value, tensor);
}

static rt_status read_input(rt_model *model, const rti_wire *message) {
  rti_onnx_port port = {0};
  rt_status status = rti_onnx_read_port(model, message, "input", &port);
  if (status != RT_OK) return status;
  // Up to IR version 3 every weight is listed as an input too.
  const int32_t known = rti_names_find(&model->names, port.facts.name);
  if (known >= 0 && model->values[known].constant) return RT_OK;
  if ((status = new_value(model, port.facts.name, "input", &port.value)) != RT_OK) return status;
  if (model->n_inputs == model->input_capacity) return too_many(model, "inputs that are no weights", PORT_LIMIT);
  model->inputs[model->n_inputs++] = port;
  return RT_OK;
}

static rt_status read_output(rt_model *model, const rti_wire *message) {
  rti_onnx_port port = {0};
  rt_status status = rti_onnx_read_port(model, message, "output", &port);
  if (status != RT_OK) return status;
  for (int32_t i = 0; i < model->n_outputs; i++)
    if (!strcmp(model->outputs[i].facts.name, port.facts.name)) return rti_io_fail(RT_E_FORMAT, "%s: output '%.120s' is listed twice", model->name, port.facts.name);
  port.value = rti_names_find(&model->names, port.facts.name);
  if (port.value < 0) return rti_io_fail(RT_E_FORMAT, "%s: nothing computes the output '%.120s'", model->name, port.facts.name);
  model->outputs[model->n_outputs++] = port;
  return RT_OK;
}

// ---- nodes -------------------------------------------------------------------------------------------------------------------------------

typedef struct node_arrays { int32_t *in, *out; } node_arrays;

// Names, counts and arrays of a node; its edges and attributes come in a second walk, when sentences can name it.
static rt_status survey_node(rt_model *model, rti_wire message, rti_onnx_node *node, node_arrays *arrays) {
  rti_wire_field field;
  bool more;
  rt_status status;
  int32_t n_in = 0, n_out = 0, n_attrs = 0;
  node->name = node->op = node->domain = "";
  while ((status = rti_wire_next(&message, &field, &more)) == RT_OK && more) {
    const char **text = field.number == NODE_NAME ? &node->name : field.number == NODE_OP ? &node->op : field.number == NODE_DOMAIN ? &node->domain : NULL;
    if (text && !(*text = rti_arena_text(&model->arena, &message, &field, field.number == NODE_NAME ? "node name" : field.number == NODE_OP ? "operation" : "domain", &status)))
      return status;
    n_in += field.number == NODE_INPUT; // each takes two bytes of a file below 2 GiB: no overflow
    n_out += field.number == NODE_OUTPUT;
    n_attrs += field.number == NODE_ATTR;
  }
  if (status != RT_OK) return status;
  if (!strcmp(node->domain, "ai.onnx")) node->domain = "";
  if (n_attrs > ATTR_LIMIT) return too_many(model, "attributes at one node", ATTR_LIMIT);
  node->in = arrays->in = rti_arena_new(&model->arena, (uint64_t)n_in, sizeof *arrays->in);
  node->out = arrays->out = rti_arena_new(&model->arena, (uint64_t)n_out, sizeof *arrays->out);
  node->attrs = rti_arena_new(&model->arena, (uint64_t)n_attrs, sizeof *node->attrs);
  return arrays->in && arrays->out && node->attrs ? RT_OK : no_memory(model);
}

static rt_status read_edge(rt_model *model, const rti_wire *message, const rti_wire_field *field, const char *where, bool is_input, int32_t *out_value) {
  rt_status status;
  const char *name = rti_arena_text(&model->arena, message, field, "value name", &status);
  *out_value = -1;
  if (!name || !name[0]) return status; // "": this optional input or output is left out
  if (!is_input) return new_value(model, name, where, out_value);
  *out_value = rti_names_find(&model->names, name);
  if (*out_value >= 0) return RT_OK;
  return rti_io_fail(RT_E_FORMAT, "%s: %s: input '%.120s' is defined by nothing before this node", model->name, where, name);
}

static rt_status read_attr(rt_model *model, const rti_wire *message, const char *where, rti_onnx_node *node) {
  rti_onnx_attr *attr = &node->attrs[node->n_attrs++]; // counted at once: closing the model then frees its tensor, also after a failure
  rt_status status = rti_onnx_read_attr(model, message, where, attr);
  for (int32_t i = 0; status == RT_OK && i < node->n_attrs - 1; i++)
    if (!strcmp(node->attrs[i].name, attr->name)) status = rti_io_fail(RT_E_FORMAT, "%s: %s: attribute '%.80s' is given twice", model->name, where, attr->name);
  return status;
}

static rt_status read_node(rt_model *model, const rti_wire *message) {
  const int32_t index = model->n_nodes++;
  rti_onnx_node *node = &model->nodes[index];
  node_arrays arrays = {0};
  rt_status status = survey_node(model, *message, node, &arrays);
  if (status != RT_OK) return status;
  rti_io_text where_text;
  const char *where = rti_onnx_where(&where_text, model, index);
  if (!node->op[0]) return rti_io_fail(RT_E_FORMAT, "%s: %s: no operation is given", model->name, where);
  rti_wire walk = *message, part;
  rti_wire_field field;
  bool more;
  // Inputs before outputs, whatever their order in the file: a node cannot read what it computes.
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    if (field.number == NODE_INPUT) status = read_edge(model, &walk, &field, where, true, &arrays.in[node->n_in++]);
    else if (field.number == NODE_ATTR && (status = rti_wire_message(&walk, &field, &part)) == RT_OK) status = read_attr(model, &part, where, node);
    if (status != RT_OK) return status;
  }
  for (walk = *message; (status = rti_wire_next(&walk, &field, &more)) == RT_OK && more;)
    if (field.number == NODE_OUTPUT && (status = read_edge(model, &walk, &field, where, false, &arrays.out[node->n_out++])) != RT_OK) return status;
  return status == RT_OK ? rti_onnx_bind(model, node, where) : status;
}

// ---- graph -------------------------------------------------------------------------------------------------------------------------------

static rt_status each_message(rt_model *model, rti_wire graph, uint32_t number, rt_status (*read)(rt_model *model, const rti_wire *message)) {
  rti_wire part;
  rti_wire_field field;
  bool more;
  rt_status status;
  while ((status = rti_wire_next(&graph, &field, &more)) == RT_OK && more)
    if (field.number == number && ((status = rti_wire_message(&graph, &field, &part)) != RT_OK || (status = read(model, &part)) != RT_OK)) return status;
  return status;
}

static rt_status count_outputs(const rti_wire *graph, const rti_wire_field *node_field, uint64_t *n_values) {
  rti_wire node;
  rti_wire_field field;
  bool more;
  rt_status status = rti_wire_message(graph, node_field, &node);
  while (status == RT_OK && (status = rti_wire_next(&node, &field, &more)) == RT_OK && more) *n_values += field.number == NODE_OUTPUT;
  return status;
}

static rt_status allocate_graph(rt_model *model, rti_wire graph) {
  rti_wire_field field;
  bool more;
  rt_status status;
  uint64_t n_nodes = 0, n_weights = 0, n_inputs = 0, n_outputs = 0, n_values = 0;
  while ((status = rti_wire_next(&graph, &field, &more)) == RT_OK && more) {
    switch (field.number) {
    case GRAPH_NODE:
      n_nodes++;
      status = count_outputs(&graph, &field, &n_values);
      break;
    case GRAPH_INITIALIZER: n_weights++; break;
    case GRAPH_INPUT: n_inputs++; break;
    case GRAPH_OUTPUT: n_outputs++; break;
    case GRAPH_SPARSE: return rti_io_fail(RT_E_UNSUPPORTED, "%s: sparse initializers are not supported", model->name);
    case GRAPH_NAME: model->graph = rti_arena_text(&model->arena, &graph, &field, "graph name", &status); break;
    default: break;
    }
    if (status != RT_OK) return status;
  }
  if (status != RT_OK) return status;
  if (n_nodes > NODE_LIMIT) return too_many(model, "nodes", NODE_LIMIT);
  if (n_weights > WEIGHT_LIMIT) return too_many(model, "initializers", WEIGHT_LIMIT);
  if (n_outputs > PORT_LIMIT) return too_many(model, "outputs", PORT_LIMIT);
  // Old files list their weights among the inputs.
  if (n_inputs > n_weights + PORT_LIMIT) return too_many(model, "inputs that are no weights", PORT_LIMIT);
  n_values += n_weights + n_inputs;
  if (n_values > VALUE_LIMIT) return too_many(model, "values", VALUE_LIMIT);
  const uint64_t n_real_inputs = n_inputs < PORT_LIMIT ? n_inputs : PORT_LIMIT;
  model->nodes = rti_arena_new(&model->arena, n_nodes, sizeof *model->nodes);
  model->values = rti_arena_new(&model->arena, n_values, sizeof *model->values);
  model->inputs = rti_arena_new(&model->arena, n_real_inputs, sizeof *model->inputs);
  model->outputs = rti_arena_new(&model->arena, n_outputs, sizeof *model->outputs);
  model->n_values = (int32_t)n_values;
  model->node_capacity = (int32_t)n_nodes;
  model->input_capacity = (int32_t)n_real_inputs;
  return model->nodes && model->values && model->inputs && model->outputs ? RT_OK : no_memory(model);
}

static rt_status read_graph(rt_model *model, const rti_wire *graph) {
  rt_status status = allocate_graph(model, *graph);
  if (status == RT_OK) status = each_message(model, *graph, GRAPH_INITIALIZER, read_weight);
  if (status == RT_OK) status = each_message(model, *graph, GRAPH_INPUT, read_input);
  if (status == RT_OK) status = each_message(model, *graph, GRAPH_NODE, read_node);
  if (status == RT_OK) status = each_message(model, *graph, GRAPH_OUTPUT, read_output);
  if (status == RT_OK && model->n_outputs == 0) status = rti_io_fail(RT_E_FORMAT, "%s: the graph has no outputs", model->name);
  return status;
}

// ---- model -------------------------------------------------------------------------------------------------------------------------------

static rt_status read_opset(rt_model *model, const rti_wire *message) {
  enum { DOMAIN = 1, VERSION = 2 };
  rti_wire walk = *message;
  rti_wire_field field;
  bool more;
  rt_status status;
  rti_onnx_opset opset = {"", 0};
  if (model->n_opsets == OPSET_LIMIT) return too_many(model, "opset imports", OPSET_LIMIT);
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    if (field.number == DOMAIN && !(opset.domain = rti_arena_text(&model->arena, &walk, &field, "domain", &status))) return status;
    if (field.number == VERSION && (status = rti_wire_i64(&walk, &field, &opset.version)) != RT_OK) return status;
  }
  if (status != RT_OK) return status;
  if (!strcmp(opset.domain, "ai.onnx")) opset.domain = "";
  if (opset.version < 1) return rti_io_fail(RT_E_FORMAT, "%s: opset %lld of domain '%.80s' is not valid", model->name, (long long)opset.version, opset.domain);
  for (int32_t i = 0; i < model->n_opsets; i++)
    if (!strcmp(model->opsets[i].domain, opset.domain)) return rti_io_fail(RT_E_FORMAT, "%s: two opsets for domain '%.80s'", model->name, opset.domain);
  if (!opset.domain[0] && opset.version > RTI_ONNX_OPSET_MAX)
    return rti_io_fail(RT_E_UNSUPPORTED, "%s: opset %lld is newer than %d, the newest that this version knows", model->name, (long long)opset.version, RTI_ONNX_OPSET_MAX);
  model->opsets[model->n_opsets++] = opset;
  return RT_OK;
}

static rt_status read_model(rt_model *model, const rti_wire *file) {
  rti_wire walk = *file, graph = {0};
  rti_wire_field field;
  bool more;
  rt_status status;
  uint64_t n_metadata = 0;
  if (!(model->opsets = rti_arena_new(&model->arena, OPSET_LIMIT, sizeof *model->opsets))) return no_memory(model);
  while ((status = rti_wire_next(&walk, &field, &more)) == RT_OK && more) {
    if (field.number == IR_VERSION) status = rti_wire_i64(&walk, &field, &model->ir_version);
    else if (field.number == PRODUCER) model->producer = rti_arena_text(&model->arena, &walk, &field, "producer name", &status);
    else if (field.number == GRAPH && graph.at) status = rti_io_fail(RT_E_FORMAT, "%s: two graphs", model->name);
    else if (field.number == GRAPH) status = rti_wire_message(&walk, &field, &graph);
    else if (field.number == METADATA) n_metadata++;
    if (status != RT_OK) return status;
  }
  if (status != RT_OK) return status;
  if (!graph.at) return rti_io_fail(RT_E_FORMAT, "%s: not an ONNX model (there is no graph in it)", model->name);
  if (model->ir_version < 1) return rti_io_fail(RT_E_FORMAT, "%s: not an ONNX model (IR version %lld)", model->name, (long long)model->ir_version);
  if (n_metadata > METADATA_LIMIT) return too_many(model, "metadata texts", METADATA_LIMIT);
  if (!(model->metadata = rti_arena_new(&model->arena, n_metadata, sizeof *model->metadata))) return no_memory(model);
  if ((status = each_message(model, *file, METADATA, rti_onnx_read_metadata)) != RT_OK) return status;
  if ((status = each_message(model, *file, OPSET_IMPORT, read_opset)) != RT_OK) return status;
  if (model->n_opsets == 0) { // IR versions 1 and 2 know only this one
    if (model->ir_version >= 3) return rti_io_fail(RT_E_FORMAT, "%s: states no opset", model->name);
    model->opsets[model->n_opsets++] = (rti_onnx_opset){"", 1};
  }
  return read_graph(model, &graph);
}

// A malformed model and a file that never was one need different words. Writers begin a model with its version: field 1, a number.
static rt_status say_what_it_is(const char *name, const void *data, size_t bytes) {
  const rt_archive_format format = rt_archive_sniff(data, bytes);
  if (format != RT_ARCHIVE_NONE) return rti_io_fail(RT_E_FORMAT, "%s: not an ONNX model but a %s file", name, rt_archive_format_name(format));
  if (bytes > 0 && *(const uint8_t *)data != 0x08) return rti_io_fail_in(RT_E_FORMAT, "%s: not an ONNX model", name);
  return RT_E_FORMAT;
}

// `name` is printable.
static rt_status parse(rt_ctx *ctx, const char *name, const void *data, size_t bytes, rt_model **out_model) {
  if (bytes > FILE_LIMIT) return rti_io_fail(RT_E_FORMAT, "%s: %zu bytes are more than a model may have", name, bytes);
  rt_model *model = calloc(1, sizeof *model);
  char *own_name = model ? rti_arena_new(&model->arena, strlen(name) + 1, 1) : NULL;
  if (!own_name) {
    free(model);
    return rti_io_fail(RT_E_NO_MEMORY, "%s: no memory for the model", name);
  }
  model->ctx = ctx;
  model->name = strcpy(own_name, name);
  model->producer = model->graph = "";
  const rti_wire file = rti_wire_open(model->name, data, bytes);
  rt_status status = read_model(model, &file);
  if (status == RT_OK) status = rti_onnx_prepare(model);
  if (status != RT_OK) {
    rt_model_close(model);
    return status == RT_E_FORMAT ? say_what_it_is(name, data, bytes) : status;
  }
  *out_model = model;
  return RT_OK;
}

rt_status rt_model_parse(rt_ctx *ctx, const char *name, const void *data, size_t bytes, rt_model **out_model) {
  if (!out_model) return rti_io_fail(RT_E_ARGUMENT, "model_parse: out_model is NULL");
  *out_model = NULL;
  if (!ctx || !name || (!data && bytes)) return rti_io_fail(RT_E_ARGUMENT, "model_parse: %s is NULL", !ctx ? "ctx" : !name ? "name" : "data");
  rti_io_text printable;
  return parse(ctx, rti_io_quote(&printable, name, strlen(name)), data, bytes, out_model);
}

rt_status rt_model_open(rt_ctx *ctx, const char *path, rt_model **out_model) {
  if (!out_model) return rti_io_fail(RT_E_ARGUMENT, "model_open: out_model is NULL");
  *out_model = NULL;
  if (!ctx || !path) return rti_io_fail(RT_E_ARGUMENT, "model_open: %s is NULL", ctx ? "path" : "ctx");
  rti_io_file file;
  rt_status status = rti_io_read_file(path, FILE_LIMIT, &file);
  if (status != RT_OK) return status;
  rti_io_text printable;
  status = parse(ctx, rti_io_quote(&printable, path, strlen(path)), file.at, file.bytes, out_model);
  rti_io_file_free(&file);
  return status;
}

void rt_model_close(rt_model *model) {
  if (!model) return;
  for (int32_t i = 0; i < model->names.count; i++) {
    rt_release(model->values[i].constant);
    rt_release(model->values[i].current);
  }
  for (int32_t i = 0; i < model->n_nodes; i++)
    for (int32_t k = 0; k < model->nodes[i].n_attrs; k++) rt_release(model->nodes[i].attrs[k].tensor);
  rti_names_free(&model->names);
  rti_arena_free(&model->arena);
  free(model);
}

// ---- facts -------------------------------------------------------------------------------------------------------------------------------

int32_t rt_model_input_count(const rt_model *model) { return model ? model->n_inputs : 0; }
int32_t rt_model_output_count(const rt_model *model) { return model ? model->n_outputs : 0; }

static rt_status get_port(const rt_model *model, const char *what, const rti_onnx_port *ports, int32_t n, int32_t index, rt_model_port *out) {
  if (index < 0 || index >= n) return rti_io_fail(RT_E_ARGUMENT, "%s: %s %d of %d does not exist", model->name, what, index, n);
  *out = ports[index].facts;
  return RT_OK;
}

rt_status rt_model_input(const rt_model *model, int32_t index, rt_model_port *out_port) {
  if (!model || !out_port) return rti_io_fail(RT_E_ARGUMENT, "model_input: %s is NULL", model ? "out_port" : "model");
  *out_port = (rt_model_port){0};
  return get_port(model, "input", model->inputs, model->n_inputs, index, out_port);
}

rt_status rt_model_output(const rt_model *model, int32_t index, rt_model_port *out_port) {
  if (!model || !out_port) return rti_io_fail(RT_E_ARGUMENT, "model_output: %s is NULL", model ? "out_port" : "model");
  *out_port = (rt_model_port){0};
  return get_port(model, "output", model->outputs, model->n_outputs, index, out_port);
}

rt_status rt_model_describe(const rt_model *model, rt_model_info *out_info) {
  if (!model || !out_info) return rti_io_fail(RT_E_ARGUMENT, "model_describe: %s is NULL", model ? "out_info" : "model");
  *out_info = (rt_model_info){model->producer, model->graph, model->ir_version, rti_onnx_opset_of(model, ""), model->n_nodes, model->n_weights, model->weight_bytes};
  return RT_OK;
}

rt_status rt_model_node_at(const rt_model *model, int32_t index, rt_model_node *out_node) {
  if (!model || !out_node) return rti_io_fail(RT_E_ARGUMENT, "model_node_at: %s is NULL", model ? "out_node" : "model");
  *out_node = (rt_model_node){0};
  if (index < 0 || index >= model->n_nodes) return rti_io_fail(RT_E_ARGUMENT, "%s: node %d of %d does not exist", model->name, index, model->n_nodes);
  const rti_onnx_node *node = &model->nodes[index];
  *out_node = (rt_model_node){node->name, node->op, node->domain, node->n_in, node->n_out};
  return RT_OK;
}
